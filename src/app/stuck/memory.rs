//! What advisories said of single messages of consumers: the server tells it once and keeps it nowhere. Bounded.

use std::collections::{BTreeMap, HashMap};

use crate::model::{Advisory, AdvisoryKind, Timestamp};

/// Messages of a consumer that are remembered.
const MESSAGES: usize = 2_000;
/// Consumers of which any are.
const CONSUMERS: usize = 256;

/// What was said of a message.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Said {
    /// The consumer gave up on it.
    pub gave_up: bool,
    /// A client terminated it, with this reason where it gave one; sanitised.
    pub terminated: Option<Option<String>>,
    /// How often clients refused it.
    pub naks: u64,
    /// The most deliveries that were told; `None` where no number was.
    pub deliveries: Option<u64>,
    /// When something was said of it last.
    pub last: Timestamp,
}

impl Said {
    /// Whether it is over with this message: it is not delivered again.
    pub const fn is_over(&self) -> bool {
        self.gave_up || self.terminated.is_some()
    }
}

/// What was said of the messages of a consumer.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Remembered {
    /// By sequence.
    pub messages: BTreeMap<u64, Said>,
    /// How many the stream deleted before they were acked, and the newest of them.
    pub lost: (u64, u64),
    /// How many gave way to others.
    pub dropped: u64,
    touched: u64,
}

impl Remembered {
    /// Those that the consumer gave up on, by sequence.
    pub fn given_up(&self) -> impl Iterator<Item = u64> {
        self.messages.iter().filter(|(_, said)| said.gave_up).map(|(seq, _)| *seq)
    }
}

/// Of all consumers.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Memory {
    consumers: HashMap<String, HashMap<String, Remembered>>,
    count: usize,
    clock: u64,
}

impl Memory {
    /// What was said of the messages of a consumer.
    pub fn of(&self, stream: &str, consumer: &str) -> Option<&Remembered> {
        self.consumers.get(stream)?.get(consumer)
    }

    /// Takes an advisory in.
    pub(in crate::app) fn hear(&mut self, advisory: &Advisory) {
        let (said, seq) = match (&advisory.kind, &advisory.consumer) {
            (AdvisoryKind::StreamDeleted, _) => {
                self.count -= self.consumers.remove(&advisory.stream).map_or(0, |consumers| consumers.len());
                return;
            }
            // One of the same name is another consumer.
            (AdvisoryKind::ConsumerDeleted | AdvisoryKind::ConsumerCreated, Some(name)) => {
                self.forget(&advisory.stream, name);
                return;
            }
            (AdvisoryKind::MaxDeliveries { stream_seq, deliveries }, _) => {
                (Said { gave_up: true, deliveries: Some(*deliveries), ..Said::default() }, *stream_seq)
            }
            (AdvisoryKind::Terminated { stream_seq, deliveries, reason }, _) => {
                let terminated = Some(reason.clone());
                (Said { terminated, deliveries: Some(*deliveries), ..Said::default() }, *stream_seq)
            }
            (AdvisoryKind::Nak { stream_seq, deliveries }, _) => {
                (Said { naks: 1, deliveries: Some(*deliveries), ..Said::default() }, *stream_seq)
            }
            (AdvisoryKind::DeletedUnacked { stream_seq, .. }, Some(name)) => {
                self.clock += 1;
                let lost = &mut self.entry(&advisory.stream, name).lost;
                *lost = (lost.0 + 1, *stream_seq);
                return;
            }
            _ => return,
        };
        if let Some(name) = &advisory.consumer {
            self.clock += 1;
            let said = Said { last: advisory.time, deliveries: said.deliveries.filter(|n| *n > 0), ..said };
            self.remember(&advisory.stream, name, seq, said);
        }
    }

    fn remember(&mut self, stream: &str, consumer: &str, seq: u64, said: Said) {
        let of = self.entry(stream, consumer);
        match of.messages.get_mut(&seq) {
            Some(known) => {
                known.gave_up |= said.gave_up;
                known.terminated = said.terminated.or_else(|| known.terminated.take());
                known.naks += said.naks;
                known.deliveries = known.deliveries.max(said.deliveries);
                known.last = said.last;
            }
            None => {
                if of.messages.len() >= MESSAGES {
                    // What was refused may have been acked since; what is over stays as long as it can.
                    let first = of.messages.iter().find(|(_, said)| !said.is_over()).map(|(seq, _)| *seq);
                    let gone = first.or_else(|| of.messages.keys().next().copied());
                    of.dropped += u64::from(gone.and_then(|seq| of.messages.remove(&seq)).is_some());
                }
                of.messages.insert(seq, said);
            }
        }
    }

    /// What is remembered of a consumer, with room for one that is new.
    fn entry(&mut self, stream: &str, consumer: &str) -> &mut Remembered {
        if self.of(stream, consumer).is_none() {
            if self.count >= CONSUMERS {
                self.drop_oldest();
            }
            self.count += 1;
        }
        let clock = self.clock;
        let consumers = self.consumers.entry(stream.to_owned()).or_default();
        let of = consumers.entry(consumer.to_owned()).or_default();
        of.touched = clock;
        of
    }

    fn forget(&mut self, stream: &str, consumer: &str) {
        let Some(consumers) = self.consumers.get_mut(stream) else { return };
        self.count -= usize::from(consumers.remove(consumer).is_some());
        if consumers.is_empty() {
            self.consumers.remove(stream);
        }
    }

    /// The consumer that was not heard of for longest gives way.
    fn drop_oldest(&mut self) {
        let all = self.consumers.iter().flat_map(|(stream, consumers)| {
            consumers.iter().map(move |(name, remembered)| (remembered.touched, stream, name))
        });
        if let Some((_, stream, name)) = all.min() {
            let (stream, name) = (stream.clone(), name.clone());
            self.forget(&stream, &name);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(memory: &mut Memory, consumer: &str, kind: AdvisoryKind) {
        let time = Timestamp::from_secs(memory.clock as i64);
        memory.hear(&Advisory { time, stream: "S".into(), consumer: Some(consumer.into()), kind });
    }

    fn nak(stream_seq: u64, deliveries: u64) -> AdvisoryKind {
        AdvisoryKind::Nak { stream_seq, deliveries }
    }

    #[test]
    fn what_is_said_of_a_message_comes_together() {
        let mut memory = Memory::default();
        said(&mut memory, "c", nak(7, 1));
        said(&mut memory, "c", nak(7, 2));
        said(&mut memory, "c", AdvisoryKind::MaxDeliveries { stream_seq: 7, deliveries: 3 });
        said(&mut memory, "c", AdvisoryKind::Terminated { stream_seq: 9, deliveries: 1, reason: Some("bad".into()) });
        let of = memory.of("S", "c").unwrap();
        let seven = &of.messages[&7];
        assert_eq!((seven.gave_up, seven.naks, seven.deliveries, seven.is_over()), (true, 2, Some(3), true));
        assert_eq!(of.messages[&9].terminated, Some(Some("bad".into())));
        assert!(memory.of("S", "d").is_none());
        said(&mut memory, "c", AdvisoryKind::ConsumerDeleted);
        assert!(memory.of("S", "c").is_none() && memory.count == 0);
    }

    #[test]
    fn it_is_bounded_and_what_is_over_stays_longest() {
        let mut memory = Memory::default();
        said(&mut memory, "c", AdvisoryKind::MaxDeliveries { stream_seq: 1, deliveries: 3 });
        for seq in 2..=MESSAGES as u64 + 10 {
            said(&mut memory, "c", nak(seq, 1));
        }
        let of = memory.of("S", "c").unwrap();
        assert_eq!((of.messages.len(), of.dropped), (MESSAGES, 10));
        assert!(of.messages.contains_key(&1) && !of.messages.contains_key(&2));
        for n in 0..CONSUMERS + 5 {
            said(&mut memory, &format!("c{n}"), nak(1, 1));
        }
        assert_eq!((memory.count, memory.consumers["S"].len()), (CONSUMERS, CONSUMERS));
        assert!(memory.of("S", "c").is_none() && memory.of("S", "c5").is_some());
        memory.hear(&Advisory {
            time: Timestamp(0),
            stream: "S".into(),
            consumer: None,
            kind: AdvisoryKind::StreamDeleted,
        });
        assert_eq!(memory, Memory { clock: memory.clock, ..Memory::default() });
    }
}
