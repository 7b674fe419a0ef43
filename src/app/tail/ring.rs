//! What a tail keeps of what it has read: bounded in messages and in bytes, split by the filter.
//!
//! What the filter hides is given up first, so that a rare match is not driven out by what nobody looks at. Another
//! filter judges anew from the newest backwards, a part with each frame, so that a screen is right at once and a
//! full ring never holds up a key.

use std::collections::VecDeque;
use std::sync::Arc;

use crate::model::Message;

use super::cursor::Listed;

/// What a message costs beside its own bytes: its place here, its headers' boxes, its body's counters.
const OVERHEAD: usize = 200;
/// What each header costs beside its text.
const HEADER: usize = 48;

/// How much is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Messages.
    pub events: usize,
    /// Bytes, with what keeping them costs.
    pub bytes: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { events: 50_000, bytes: 64 << 20 }
    }
}

/// A message with its number: they are counted as they are read, from 0, and never again.
#[derive(Clone, Debug, PartialEq)]
pub struct Entry {
    /// Its number.
    pub at: u64,
    /// The message.
    pub message: Arc<Message>,
}

/// What was read.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Ring {
    limits: Limits,
    shown: VecDeque<Entry>,
    hidden: VecDeque<Entry>,
    /// Older than all others, and not yet judged by the present filter.
    unjudged: VecDeque<Entry>,
    bytes: usize,
    /// The number of the first message that was read.
    first: u64,
    /// The number that the next message gets.
    next: u64,
    dropped: u64,
}

impl Listed for Ring {
    fn count(&self) -> usize {
        self.shown.len()
    }

    fn place(&self, at: u64) -> usize {
        self.shown.partition_point(|entry| entry.at < at)
    }

    fn number(&self, index: usize) -> Option<u64> {
        self.shown.get(index).map(|entry| entry.at)
    }

    fn next(&self) -> u64 {
        self.next
    }
}

/// Bytes that keeping a message costs.
pub fn cost(message: &Message) -> usize {
    message.size() + message.headers.len() * HEADER + OVERHEAD
}

impl Ring {
    /// An empty ring.
    pub fn new(limits: Limits) -> Self {
        Self { limits, ..Self::default() }
    }

    /// An empty ring whose numbers go on from here.
    pub fn after(limits: Limits, next: u64) -> Self {
        Self { limits, next, first: next, ..Self::default() }
    }

    /// Takes a message in; `shown` is what the filter says of it. Makes room where it is needed and wanted.
    pub fn push(&mut self, message: Arc<Message>, shown: bool, make_room: bool) {
        self.bytes += cost(&message);
        let entry = Entry { at: self.next, message };
        self.next += 1;
        if shown {
            self.shown.push_back(entry);
        } else {
            self.hidden.push_back(entry);
        }
        if make_room {
            while self.is_over() && self.len() > 1 {
                self.drop_oldest();
            }
        }
    }

    /// Whether no more should be taken in without making room.
    pub fn is_full(&self) -> bool {
        self.len() >= self.limits.events || self.bytes >= self.limits.bytes
    }

    fn is_over(&self) -> bool {
        self.len() > self.limits.events || self.bytes > self.limits.bytes
    }

    /// Gives up the message that is missed least: the oldest hidden one, else the oldest.
    pub fn drop_oldest(&mut self) {
        // While something was not judged yet, nobody knows what of it would be hidden; it is the oldest of all.
        let gone = self.unjudged.pop_front().or_else(|| self.hidden.pop_front()).or_else(|| self.shown.pop_front());
        if let Some(entry) = gone {
            self.bytes = self.bytes.saturating_sub(cost(&entry.message));
            self.dropped += 1;
        }
    }

    /// Gives up the oldest hidden messages while it is full; whether it is not any more.
    pub fn drop_hidden(&mut self) -> bool {
        while self.is_full() && !self.hidden.is_empty() && self.unjudged.is_empty() {
            self.drop_oldest();
        }
        !self.is_full()
    }

    /// All are to be judged anew, by another filter.
    pub fn judge_anew(&mut self) {
        let mut all: Vec<Entry> = Vec::with_capacity(self.len());
        all.extend(self.unjudged.drain(..));
        all.extend(self.hidden.drain(..));
        all.extend(self.shown.drain(..));
        // Three runs that are in order each: nearly free.
        all.sort_by_key(|entry| entry.at);
        self.unjudged = all.into();
    }

    /// Judges the newest that were not yet, at most so many. Whether some are left.
    pub fn judge(&mut self, most: usize, mut passes: impl FnMut(&Message) -> bool) -> bool {
        for _ in 0..most {
            let Some(entry) = self.unjudged.pop_back() else { break };
            if passes(&entry.message) {
                self.shown.push_front(entry);
            } else {
                self.hidden.push_front(entry);
            }
        }
        !self.unjudged.is_empty()
    }

    /// What the filter shows, oldest first.
    pub fn shown(&self) -> &VecDeque<Entry> {
        &self.shown
    }

    /// All that is kept, in no order that matters.
    pub fn all(&self) -> impl Iterator<Item = &Entry> {
        self.unjudged.iter().chain(&self.hidden).chain(&self.shown)
    }

    /// All that is kept, the newest first.
    pub fn newest(&self) -> impl Iterator<Item = &Entry> {
        let (mut shown, mut hidden) = (self.shown.iter().rev().peekable(), self.hidden.iter().rev().peekable());
        let judged = std::iter::from_fn(move || match (shown.peek(), hidden.peek()) {
            (Some(a), Some(b)) if a.at < b.at => hidden.next(),
            (None, _) => hidden.next(),
            _ => shown.next(),
        });
        judged.chain(self.unjudged.iter().rev())
    }

    /// The message of this number, shown or not.
    pub fn get(&self, at: u64) -> Option<&Arc<Message>> {
        [&self.shown, &self.hidden, &self.unjudged].into_iter().find_map(|part| {
            let entry = part.get(part.partition_point(|entry| entry.at < at))?;
            (entry.at == at).then_some(&entry.message)
        })
    }

    /// Messages that are kept.
    pub fn len(&self) -> usize {
        self.shown.len() + self.hidden.len() + self.unjudged.len()
    }

    /// Whether nothing is kept.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Bytes that are kept, with what keeping them costs.
    pub const fn bytes(&self) -> usize {
        self.bytes
    }

    /// Messages that were read.
    pub const fn read(&self) -> u64 {
        self.next - self.first
    }

    /// Messages that were given up for others.
    pub const fn dropped(&self) -> u64 {
        self.dropped
    }

    /// Messages that the filter hides.
    pub fn hidden(&self) -> usize {
        self.hidden.len()
    }

    /// Messages that were not judged by the present filter yet.
    pub fn unjudged(&self) -> usize {
        self.unjudged.len()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::model::Timestamp;

    fn message(seq: u64, size: usize) -> Arc<Message> {
        Arc::new(Message {
            stream: "S".into(),
            seq,
            time: Timestamp(seq as i64),
            subject: "s".into(),
            headers: vec![],
            undecodable: None,
            body: vec![0; size].into(),
        })
    }

    fn seqs(ring: &Ring) -> Vec<u64> {
        ring.shown().iter().map(|e| e.message.seq).collect()
    }

    #[test]
    fn what_is_hidden_goes_first_and_is_counted() {
        let mut ring = Ring::new(Limits { events: 4, bytes: 1 << 20 });
        for seq in 1..=8 {
            ring.push(message(seq, 10), seq % 4 == 0, true);
        }
        assert_eq!((seqs(&ring), ring.hidden(), ring.dropped(), ring.read()), (vec![4, 8], 2, 4, 8));
        for seq in 9..=12 {
            ring.push(message(seq, 10), true, true);
        }
        assert_eq!((seqs(&ring), ring.dropped()), (vec![9, 10, 11, 12], 8));
    }

    #[test]
    fn bytes_bound_it_too_but_one_message_always_stays() {
        let mut ring = Ring::new(Limits { events: 100, bytes: 1_000 });
        for seq in 1..=10 {
            ring.push(message(seq, 100), true, true);
        }
        assert!(ring.bytes() <= 1_000 && ring.len() == 3, "{}", ring.len());
        ring.push(message(11, 5_000), true, true);
        assert_eq!(seqs(&ring), [11]);
    }

    #[test]
    fn without_room_to_be_made_nothing_is_given_up() {
        let mut ring = Ring::new(Limits { events: 2, bytes: 1 << 20 });
        for seq in 1..=5 {
            ring.push(message(seq, 1), seq > 2, false);
        }
        assert!(ring.is_full() && ring.dropped() == 0);
        assert!(!ring.drop_hidden());
        assert_eq!((seqs(&ring), ring.hidden()), (vec![3, 4, 5], 0));
    }

    proptest! {
        #[test]
        fn numbers_stay_in_order_and_nothing_is_lost_uncounted(
            steps in prop::collection::vec((0_u8..5, 1_u64..7), 1..80)
        ) {
            let mut ring = Ring::new(Limits { events: 12, bytes: 1 << 20 });
            let mut modulus = 1;
            for (what, n) in steps {
                match what {
                    0 => { modulus = n; ring.judge_anew(); }
                    1 => { ring.judge(n as usize, |m| m.seq.is_multiple_of(modulus)); }
                    _ => for _ in 0..n {
                        let seq = ring.read() + 1;
                        ring.push(message(seq, 1), seq.is_multiple_of(modulus), what != 2);
                    },
                }
                let all = |ring: &Ring| ring.shown.iter().chain(&ring.hidden).map(|e| e.at).collect::<Vec<_>>();
                for part in [&ring.shown, &ring.hidden, &ring.unjudged] {
                    prop_assert!(part.iter().zip(part.iter().skip(1)).all(|(a, b)| a.at < b.at));
                }
                let oldest = all(&ring).into_iter().min().unwrap_or(u64::MAX);
                prop_assert!(ring.unjudged.back().is_none_or(|e| e.at < oldest), "the unjudged are the oldest");
                let mut newest: Vec<u64> = ring.newest().map(|e| e.at).collect();
                prop_assert!(newest.windows(2).all(|w| w[0] > w[1]));
                newest.reverse();
                let mut kept: Vec<u64> = ring.all().map(|e| e.at).collect();
                kept.sort_unstable();
                prop_assert_eq!(newest, kept);
                prop_assert_eq!(ring.len() as u64 + ring.dropped(), ring.read());
                prop_assert_eq!(ring.bytes(), ring.all().map(|e| cost(&e.message)).sum::<usize>());
            }
            while ring.judge(1, |m| m.seq.is_multiple_of(modulus)) {}
            prop_assert!(ring.shown.iter().all(|e| e.message.seq.is_multiple_of(modulus)));
            prop_assert!(ring.hidden.iter().all(|e| !e.message.seq.is_multiple_of(modulus)));
        }
    }
}
