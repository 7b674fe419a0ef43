//! The health of one consumer.

use crate::model::entry::{GivenUp, RATE_WINDOW};
use crate::model::units::{count, count_exact};
use crate::model::{Availability, ConsumerEntry, ConsumerSample, Delivery};

use super::{Health, Level};

/// Samples that must exist before growth is called growth.
const ENOUGH: usize = 3;

/// What is the matter with a consumer, without its words: lists of very many are sorted by the level alone.
#[derive(Clone, Copy, Debug)]
pub(super) enum Finding<'a> {
    Missing,
    Offline(&'a str),
    Unread,
    NoLeader,
    Paused,
    CaughtUp,
    Idle,
    /// So many are not acked, so many not delivered.
    Blocked(u64, u64),
    /// So many are outstanding, here and in what follows.
    TooFew(u64),
    NobodyAsks(u64),
    /// The deliver subject.
    NobodySubscribes(u64, &'a str),
    StandsStill(u64),
    /// From so many to so many.
    FallingBehind(u64, u64),
    Working(u64),
    GaveUp(GivenUp),
}

/// How well a consumer is, from its newest answer and its ring of samples.
pub fn consumer_health(entry: &ConsumerEntry) -> Health {
    find(entry).health()
}

/// The level alone of [`consumer_health`].
pub fn consumer_level(entry: &ConsumerEntry) -> Level {
    find(entry).level()
}

pub(super) fn find(entry: &ConsumerEntry) -> Finding<'_> {
    let delivery = delivery(entry);
    let given_up = Finding::GaveUp(entry.given_up);
    if entry.given_up.messages > 0 && given_up.level() > delivery.level() { given_up } else { delivery }
}

/// How delivery goes.
fn delivery(entry: &ConsumerEntry) -> Finding<'_> {
    match &entry.availability {
        Availability::Missing => return Finding::Missing,
        Availability::Offline(reason) => return Finding::Offline(reason),
        Availability::Present => {}
    }
    let Some(info) = &entry.info else { return Finding::Unread };
    if info.cluster.as_ref().is_some_and(|c| c.leader.is_none()) {
        return Finding::NoLeader;
    }
    if info.paused {
        return Finding::Paused;
    }
    let outstanding = info.outstanding();
    if outstanding == 0 {
        return if moved(entry) { Finding::CaughtUp } else { Finding::Idle };
    }
    if info.config.max_ack_pending.is_some_and(|max| info.ack_pending >= max) && info.pending > 0 {
        return Finding::Blocked(info.ack_pending, info.pending);
    }
    let samples = || entry.series.iter();
    let (Some(first), Some(last)) = (samples().next(), entry.series.last()) else { return Finding::Unread };
    if entry.series.len() < ENOUGH {
        return Finding::TooFew(outstanding);
    }
    if !moved(entry) {
        return if samples().any(|s| s.waiting > 0 || s.push_bound) {
            Finding::StandsStill(outstanding)
        } else if let Delivery::Push { subject, .. } = &info.config.delivery {
            Finding::NobodySubscribes(outstanding, subject)
        } else {
            Finding::NobodyAsks(outstanding)
        };
    }
    // Who takes everything and acks in bulk is not behind while there is plenty of room for what is not acked.
    let in_bulk = info.pending == 0 && info.config.max_ack_pending.is_some_and(|max| info.ack_pending < max / 2);
    // One dip does not clear it: the second half of the window is compared with the first.
    if !in_bulk && last.outstanding > first.outstanding && samples().all(|s| s.outstanding > 0) {
        let half = entry.series.len() / 2;
        let sum = |part: &mut dyn Iterator<Item = &ConsumerSample>| part.map(|s| s.outstanding as f64).sum::<f64>();
        let before = sum(&mut samples().take(half)) / half as f64;
        let after = sum(&mut samples().skip(half)) / (entry.series.len() - half) as f64;
        // What is just being worked on comes and goes: growth is what one more second of work would not take away.
        let a_second = entry.series.rate(RATE_WINDOW, |s| s.delivered_consumer_seq).unwrap_or(0.0);
        if after - before > a_second {
            return Finding::FallingBehind(first.outstanding, last.outstanding);
        }
    }
    Finding::Working(outstanding)
}

/// Something was delivered or acked between the samples.
fn moved(entry: &ConsumerEntry) -> bool {
    entry.series.iter().zip(entry.series.iter().skip(1)).any(|(a, b)| {
        a.delivered_consumer_seq != b.delivered_consumer_seq
            || a.ack_floor_stream_seq != b.ack_floor_stream_seq
            || a.last_acked != b.last_acked
    })
}

/// `1 message`, `2 messages`.
pub(super) fn messages(n: u64) -> String {
    if n == 1 { "1 message".to_owned() } else { format!("{} messages", count_exact(n)) }
}

/// `1 message is`, `2 messages are`.
fn messages_are(n: u64) -> String {
    format!("{} {}", messages(n), if n == 1 { "is" } else { "are" })
}

impl Finding<'_> {
    pub(super) const fn level(self) -> Level {
        match self {
            Self::Missing | Self::Offline(_) | Self::Unread => Level::Unknown,
            Self::NoLeader | Self::Blocked(..) | Self::NobodyAsks(_) | Self::NobodySubscribes(..) => Level::Critical,
            Self::StandsStill(_) | Self::FallingBehind(..) | Self::GaveUp(_) => Level::Warning,
            Self::Paused => Level::Notice,
            Self::CaughtUp | Self::Idle | Self::TooFew(_) | Self::Working(_) => Level::Ok,
        }
    }

    pub(super) fn health(self) -> Health {
        let (words, sentence) = match self {
            Self::Missing => ("no answer", "The servers that keep it do not answer.".into()),
            Self::Offline(reason) => ("offline", format!("It is offline: {reason}")),
            Self::Unread => ("not read yet", "Nothing was read of it yet.".into()),
            Self::NoLeader => ("no leader", "Its group has no leader: nothing is delivered.".into()),
            Self::Paused => ("paused", "It is paused: nothing is delivered.".into()),
            Self::CaughtUp => ("caught up", "Nothing is outstanding, and what comes in is taken.".into()),
            Self::Idle => ("idle", "Nothing is outstanding, and nothing came in lately.".into()),
            // It can move all the same: acks that come late, and messages that the stream drops, make room.
            Self::Blocked(unacked, pending) => (
                "blocked",
                format!(
                    "Delivery waits for acks: {} not acked, which is its max_ack_pending; {} not delivered yet.",
                    messages_are(unacked),
                    messages_are(pending)
                ),
            ),
            Self::TooFew(left) => {
                let sentence =
                    format!("{} outstanding; too few samples to say whether that grows.", messages_are(left));
                return Health::new(self.level(), format!("{} left", count(left)), sentence);
            }
            Self::NobodyAsks(left) => (
                "no reader",
                format!("{} outstanding and nobody asks for them: no open pull, no ack.", messages_are(left)),
            ),
            Self::NobodySubscribes(left, subject) => {
                ("no reader", format!("{} outstanding and nobody is subscribed to {subject}.", messages_are(left)))
            }
            Self::StandsStill(left) => (
                "stands still",
                format!("{} outstanding and nothing was delivered or acked lately.", messages_are(left)),
            ),
            Self::FallingBehind(from, to) => (
                "behind",
                format!("Outstanding grew from {} to {} while we looked.", count_exact(from), count_exact(to)),
            ),
            Self::Working(left) => ("working", format!("{} outstanding and it moves.", messages_are(left))),
            Self::GaveUp(given_up) => {
                let sentence = format!(
                    "{} reached max_deliver without an ack since we look, the last is seq {}: not delivered again.",
                    messages(given_up.messages),
                    count_exact(given_up.last_seq)
                );
                return Health::new(self.level(), format!("gave up on {}", count(given_up.messages)), sentence);
            }
        };
        Health::new(self.level(), words, sentence)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::model::update::Listing;
    use crate::model::{Catalog, Consumer, Timestamp, Update};

    /// Feeds samples (outstanding, delivered, waiting) through a catalog, one a second.
    fn judge(samples: &[(u64, u64, u64)]) -> Health {
        consumer_health(&entry(samples))
    }

    fn entry(samples: &[(u64, u64, u64)]) -> ConsumerEntry {
        let mut catalog = Catalog::default();
        for (t, &(pending, delivered, waiting)) in samples.iter().enumerate() {
            let at = Timestamp::from_secs(t as i64 + 1);
            let mut c =
                Consumer { stream: "s".into(), name: "c".into(), pending, waiting, taken: at, ..Default::default() };
            c.delivered.consumer_seq = delivered;
            catalog.apply(Update::Consumers(
                "s".into(),
                Listing {
                    started: at,
                    taken: at,
                    items: vec![Arc::new(c)],
                    missing: vec![],
                    offline: vec![],
                    total: 1,
                    problem: None,
                },
            ));
        }
        catalog.consumer("s", "c").unwrap().clone()
    }

    #[test]
    fn nothing_outstanding_is_well() {
        assert_eq!(judge(&[(0, 5, 0)]).level, Level::Ok);
    }

    #[test]
    fn growth_is_told_from_a_sawtooth_that_holds() {
        assert_eq!(judge(&[(1, 1, 1), (5, 2, 1), (9, 3, 1), (14, 4, 1)]).words, "behind");
        assert_eq!(judge(&[(9, 1, 1), (5, 2, 1), (9, 3, 1), (5, 4, 1)]).level, Level::Ok);
        assert_eq!(judge(&[(9, 1, 1), (5, 2, 1)]).level, Level::Ok, "too few samples");
    }

    #[test]
    fn what_was_given_up_on_is_told_until_something_worse_is() {
        let mut entry = entry(&[(0, 5, 1)]);
        entry.given_up = crate::model::catalog::GivenUp { messages: 1, last_seq: 7 };
        let health = consumer_health(&entry);
        assert_eq!((health.level, health.words.as_str()), (Level::Warning, "gave up on 1"));
        assert!(health.sentence.starts_with("1 message reached max_deliver"), "{}", health.sentence);
    }

    #[test]
    fn acks_in_bulk_are_no_growth_while_there_is_room() {
        let mut entry = entry(&[(1, 1, 1), (5, 2, 1), (9, 3, 1), (14, 4, 1)]);
        let mut info = Consumer::clone(entry.info.as_ref().unwrap());
        (info.pending, info.ack_pending, info.config.max_ack_pending) = (0, 14, Some(1_000));
        entry.info = Some(Arc::new(info.clone()));
        assert_eq!(consumer_health(&entry).words, "working");
        info.config.max_ack_pending = Some(20);
        entry.info = Some(Arc::new(info));
        assert_eq!(consumer_health(&entry).words, "behind");
    }

    #[test]
    fn nobody_there_is_critical_and_a_waiting_reader_is_not() {
        assert_eq!(judge(&[(9, 1, 0), (9, 1, 0), (9, 1, 0)]).words, "no reader");
        assert_eq!(judge(&[(9, 1, 0), (9, 1, 1), (9, 1, 0)]).words, "stands still");
    }
}
