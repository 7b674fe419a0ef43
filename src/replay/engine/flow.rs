//! What waits to be sent and what is in flight, in order; pure.

use std::collections::{BTreeSet, VecDeque};
use std::time::Duration;

use crate::model::Timestamp;
use crate::model::replay::{Counters, Skipped};
use crate::nats::publish::Refusal;
use crate::replay::journal::Checkpoint;
use crate::replay::sink::{Fate, Parcel, Settled};

/// Bytes in flight at most, unless one copy alone is larger.
const FLYING_BYTES: usize = 16 << 20;
/// Bytes and copies that wait at most.
const WAITING_BYTES: usize = 16 << 20;
/// See [`WAITING_BYTES`].
const WAITING: usize = 8_192;

/// A copy on its way.
#[derive(Clone, Debug)]
pub(super) struct Item {
    pub(super) parcel: Parcel,
    size: usize,
    /// Left out between the copy before and this one, which is mostly nothing.
    before: Option<Box<Skipped>>,
    fate: Option<Fate>,
    refused: bool,
    sent: Duration,
}

/// Copies in order: settled up to some position, then in flight, then waiting.
#[derive(Debug, Default)]
pub(super) struct Flow {
    flying: VecDeque<Item>,
    waiting: VecDeque<Item>,
    flying_bytes: usize,
    waiting_bytes: usize,
    /// In flight, with a fate that is not known yet.
    open: usize,
    /// Left out since the last copy that was taken in.
    skipped: Skipped,
    /// Known of copies that were not taken in yet, by position.
    known: VecDeque<(u64, Fate)>,
    /// These were refused, and are passed over.
    pub(super) passed: BTreeSet<u64>,
    /// Everything up to here is settled.
    pub(super) position: u64,
    /// When the message of that position was stored.
    pub(super) time: Option<Timestamp>,
    /// The highest sequence at the destination up to there.
    pub(super) destination_seq: u64,
    /// What became of everything up to there.
    pub(super) counters: Counters,
}

impl From<&Checkpoint> for Flow {
    fn from(checkpoint: &Checkpoint) -> Self {
        Self {
            position: checkpoint.position,
            destination_seq: checkpoint.destination_seq,
            counters: checkpoint.counters,
            passed: checkpoint.passed.clone(),
            time: checkpoint.progress.source_time,
            ..Self::default()
        }
    }
}

impl Flow {
    /// There is room for more to wait.
    pub(super) fn has_room(&self) -> bool {
        self.waiting.len() < WAITING && self.waiting_bytes < WAITING_BYTES
    }

    /// A message is left out.
    pub(super) const fn skip(&mut self) -> &mut Skipped {
        &mut self.skipped
    }

    /// A copy is taken in; its position is behind all others. Up to `reserved` it may have been sent by an earlier
    /// run, and is not sent again.
    pub(super) fn take_in(&mut self, parcel: Parcel, reserved: u64) {
        while self.known.front().is_some_and(|(position, _)| *position < parcel.position) {
            self.known.pop_front();
        }
        let known = self.known.front().filter(|(position, _)| *position == parcel.position).map(|(_, fate)| *fate);
        let refused = self.passed.contains(&parcel.position).then_some(Fate::Failed);
        let fate = known.or(refused).or_else(|| (parcel.position <= reserved).then_some(Fate::Uncertain));
        let size = parcel.size();
        self.waiting_bytes += size;
        let skipped = std::mem::take(&mut self.skipped);
        let before = (skipped.total() > 0).then(|| Box::new(skipped));
        let item = Item { parcel, size, before, fate, refused: false, sent: Duration::ZERO };
        self.waiting.push_back(item);
    }

    /// The next copy to be sent; those whose fate is known already are passed.
    pub(super) fn next(&mut self) -> Option<&Parcel> {
        while self.waiting.front().is_some_and(|item| item.fate.is_some()) {
            self.depart(Duration::ZERO);
        }
        self.waiting.front().map(|item| &item.parcel)
    }

    /// Position and time of the copies that would fit into the window now, one after the other.
    pub(super) fn room(&self, window: usize) -> impl Iterator<Item = (u64, Timestamp)> {
        let (mut count, mut bytes) = (self.flying.len(), self.flying_bytes);
        self.waiting.iter().map_while(move |item| {
            let fits = count == 0 || (count < window && bytes < FLYING_BYTES);
            (count, bytes) = (count + 1, bytes + item.size);
            fits.then_some((item.parcel.position, item.parcel.time))
        })
    }

    /// Whether the next copy fits into the window.
    pub(super) fn fits(&self, window: usize) -> bool {
        self.flying.is_empty() || (self.flying.len() < window && self.flying_bytes < FLYING_BYTES)
    }

    /// The next copy goes.
    pub(super) fn depart(&mut self, now: Duration) {
        if let Some(mut item) = self.waiting.pop_front() {
            self.waiting_bytes -= item.size;
            self.flying_bytes += item.size;
            self.open += usize::from(item.fate.is_none());
            item.sent = now;
            item.refused = false;
            self.flying.push_back(item);
        }
    }

    /// Takes in what became of copies; returns the first refusal of all.
    pub(super) fn settle(&mut self, settled: Vec<Settled>) -> Option<Refusal> {
        let mut first: Option<(u64, Refusal)> = None;
        for Settled { position, fate } in settled {
            // Nearly always the next one in order.
            let at = match self.flying.front() {
                Some(front) if front.parcel.position == position => Ok(0),
                _ => self.flying.binary_search_by_key(&position, |item| item.parcel.position),
            };
            let Some(item) = at.ok().and_then(|at| self.flying.get_mut(at)) else { continue };
            if item.fate.is_some() || item.refused {
                continue;
            }
            self.open -= 1;
            match fate {
                Ok(fate) => item.fate = Some(fate),
                Err(refusal) => {
                    item.refused = true;
                    if first.as_ref().is_none_or(|(before, _)| position < *before) {
                        first = Some((position, refusal));
                    }
                }
            }
            self.land();
        }
        first.map(|(_, refusal)| refusal)
    }

    /// Counts what has arrived, as far as nothing before it is open.
    pub(super) fn land(&mut self) {
        while let Some(item) = self.flying.front() {
            let Some(fate) = item.fate else { return };
            let counters = &mut self.counters;
            if let Some(before) = &item.before {
                counters.skipped.add(before);
            }
            match fate {
                Fate::Stored(seq) => {
                    counters.sent += 1;
                    counters.bytes += item.size as u64;
                    self.destination_seq = self.destination_seq.max(seq);
                }
                Fate::Duplicate(seq) => {
                    counters.duplicate += 1;
                    self.destination_seq = self.destination_seq.max(seq);
                }
                Fate::Uncertain => counters.uncertain += 1,
                Fate::Failed => counters.failed += 1,
            }
            self.position = item.parcel.position;
            self.time = Some(item.parcel.time);
            self.flying_bytes -= item.size;
            self.flying.pop_front();
        }
    }

    /// Everything in flight whose arrival is not known will be sent again, before all that waits. With `uncertain`
    /// what was not refused may have arrived and is not.
    pub(super) fn recall(&mut self, uncertain: bool) {
        let last_stored = self.flying.iter().rposition(|item| matches!(item.fate, Some(Fate::Stored(_))));
        let missed = self.flying.iter().take(last_stored.unwrap_or(0)).filter(|item| item.fate.is_none()).count();
        self.counters.reordered += missed as u64;
        while let Some(mut item) = self.flying.pop_back() {
            if uncertain && item.fate.is_none() && !item.refused {
                item.fate = Some(Fate::Uncertain);
            }
            item.refused = false;
            self.waiting_bytes += item.size;
            self.waiting.push_front(item);
        }
        (self.flying_bytes, self.open) = (0, 0);
    }

    /// These copies were found at the destination.
    pub(super) fn found(&mut self, found: Vec<(u64, Fate)>) {
        let behind = found.into_iter().filter(|(position, _)| *position > self.position);
        let mut left = VecDeque::new();
        for (position, fate) in behind {
            let of = |item: &Item| item.parcel.position;
            let item = match self.flying.binary_search_by_key(&position, of) {
                Ok(at) => self.flying.get_mut(at),
                Err(_) => match self.waiting.binary_search_by_key(&position, of) {
                    Ok(at) => self.waiting.get_mut(at),
                    Err(_) => None,
                },
            };
            match item {
                Some(item) => item.fate = item.fate.or(Some(fate)),
                None => left.push_back((position, fate)),
            }
        }
        // What was found before and is still to come was found again, unless it was read in the meantime.
        if !left.is_empty() {
            self.known = left;
        }
    }

    /// Handed over, and not all up to them has arrived.
    pub(super) fn aloft(&self) -> usize {
        self.flying.len()
    }

    /// Copies whose fate is not known.
    pub(super) const fn open(&self) -> usize {
        self.open
    }

    /// How long the oldest of them is on its way.
    pub(super) fn oldest(&self, now: Duration) -> Duration {
        let oldest = self.flying.iter().find(|item| item.fate.is_none() && !item.refused);
        oldest.map_or(Duration::ZERO, |item| now.saturating_sub(item.sent))
    }

    /// Nothing waits and nothing is in flight.
    pub(super) fn is_empty(&self) -> bool {
        self.flying.is_empty() && self.waiting.is_empty()
    }

    /// Nothing more is taken in: what was left out at the end counts too.
    pub(super) fn finish(&mut self) {
        let skipped = std::mem::take(&mut self.skipped);
        self.counters.skipped.add(&skipped);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::replay::Outgoing;

    fn parcel(position: u64) -> Parcel {
        let copy = Outgoing {
            subject: "s".into(),
            headers: vec![],
            id: None,
            body: vec![0; 9].into(),
            remarks: crate::replay::mark::Remarks::default(),
        };
        Parcel { position, time: Timestamp(0), copy, rest: vec![], again: false }
    }

    fn flow(positions: &[u64]) -> Flow {
        let mut flow = Flow::default();
        for position in positions {
            flow.take_in(parcel(*position), 0);
        }
        flow
    }

    fn send(flow: &mut Flow, window: usize) -> Vec<u64> {
        let mut sent = Vec::new();
        while let Some(parcel) = flow.next().map(|p| p.position) {
            if !flow.fits(window) {
                break;
            }
            flow.depart(Duration::ZERO);
            sent.push(parcel);
        }
        sent
    }

    fn stored(positions: &[u64]) -> Vec<Settled> {
        positions.iter().map(|p| Settled { position: *p, fate: Ok(Fate::Stored(100 + p)) }).collect()
    }

    #[test]
    fn it_lands_in_order_whatever_order_confirmations_come_in() {
        let mut flow = flow(&[2, 4, 6, 8]);
        assert_eq!(send(&mut flow, 3), [2, 4, 6]);
        assert_eq!(flow.settle(stored(&[4])), None);
        assert_eq!((flow.position, flow.open()), (0, 2));
        flow.settle(stored(&[2, 2, 77]));
        assert_eq!((flow.position, flow.destination_seq, flow.counters.sent), (4, 104, 2));
        assert_eq!(send(&mut flow, 3), [8]);
        flow.settle(stored(&[6, 8]));
        assert!(flow.is_empty());
        assert_eq!((flow.position, flow.counters.bytes), (8, 88));
    }

    #[test]
    fn what_was_refused_is_sent_again_and_nothing_else() {
        let mut flow = flow(&[1, 2, 3, 4, 5]);
        send(&mut flow, 4);
        let mut answers = stored(&[1, 4]);
        answers.push(Settled { position: 3, fate: Err(Refusal::OutOfStep) });
        answers.push(Settled { position: 2, fate: Err(Refusal::Full("full".into())) });
        assert_eq!(flow.settle(answers), Some(Refusal::Full("full".into())), "the first in order, not in time");
        assert_eq!((flow.position, flow.open()), (1, 0));
        flow.recall(false);
        assert_eq!(flow.counters.reordered, 2, "4 arrived before 2 and 3");
        assert_eq!(send(&mut flow, 9), [2, 3, 5]);
        flow.settle(stored(&[2, 3, 5]));
        assert_eq!((flow.position, flow.counters.sent), (5, 5));
    }

    #[test]
    fn what_is_found_is_not_sent_again() {
        let mut flow = flow(&[1, 2, 3, 4]);
        send(&mut flow, 3);
        flow.found(vec![(1, Fate::Stored(11)), (2, Fate::Stored(12)), (6, Fate::Stored(13))]);
        flow.recall(false);
        assert_eq!(send(&mut flow, 9), [3, 4]);
        flow.take_in(parcel(6), 0);
        flow.take_in(parcel(7), 0);
        assert_eq!(send(&mut flow, 9), [7]);
        flow.settle(stored(&[3, 4, 7]));
        assert_eq!((flow.counters.sent, flow.counters.reordered, flow.position), (6, 0, 7));
    }

    #[test]
    fn at_most_once_gives_up_what_may_have_arrived() {
        let mut flow = flow(&[1, 2]);
        send(&mut flow, 9);
        flow.settle(vec![Settled { position: 2, fate: Err(Refusal::NoResponders) }]);
        flow.recall(true);
        assert_eq!(send(&mut flow, 9), [2], "2 was refused, so it has not arrived");
        flow.settle(stored(&[2]));
        assert_eq!((flow.counters.uncertain, flow.counters.sent), (1, 1));
        flow.take_in(parcel(3), 3);
        flow.take_in(parcel(4), 3);
        assert_eq!(send(&mut flow, 9), [4], "3 was handed over by the run before");
    }

    #[test]
    fn what_was_left_out_counts_when_what_comes_behind_it_lands() {
        let mut flow = flow(&[1]);
        flow.skip().filtered += 2;
        flow.take_in(parcel(4), 0);
        flow.skip().marked += 1;
        send(&mut flow, 9);
        flow.settle(stored(&[1]));
        assert_eq!(flow.counters.skipped.total(), 0);
        flow.settle(stored(&[4]));
        assert_eq!(flow.counters.skipped.total(), 2);
        flow.finish();
        assert_eq!(flow.counters.skipped.total(), 3);
    }
}
