//! What is kept of a consumer at each poll, and the ring of ten time slots that its verdict follows from.

use std::time::Duration;

use super::consumer::AckPolicy;
use super::series::{Sample, rate, rates};
use super::{Consumer, Retention, Stream, Timestamp};

/// Slots of a ring: so far back a verdict looks.
pub const SLOTS: usize = 10;
/// How long a slot lasts, where nothing else is said. Polls that follow faster share one.
pub const SLOT: Duration = Duration::from_secs(2);

/// The ends of a stream's log, taken after a consumer's numbers: what is outstanding is overstated at worst.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Edges {
    /// The first sequence (last + 1 when it was emptied).
    pub first_seq: u64,
    /// The last sequence ever stored.
    pub last_seq: u64,
    /// Acknowledged messages are removed (interest and workqueue retention).
    pub acks_remove: bool,
    /// A newer message of a subject takes the place of an older one (`max_msgs_per_subject`).
    pub replaces: bool,
    /// A limit of age, count or size takes the oldest message now.
    pub full: bool,
    /// There are messages, and none is missing between first and last.
    pub whole: bool,
    /// They were asked for after the consumer's numbers had come. Until then they are the last that were known.
    pub settled: bool,
}

impl Edges {
    /// Of a stream whose answer was asked for at `stream.asked`, for numbers that came at `at`.
    pub fn of(stream: &Stream, at: Timestamp) -> Self {
        let state = &stream.state;
        Self {
            first_seq: state.first_seq,
            last_seq: state.last_seq,
            acks_remove: stream.config.retention != Retention::Limits,
            replaces: stream.config.limits.max_msgs_per_subject.is_some(),
            full: stream.config.drops_the_oldest(state.messages, state.bytes, state.reach(stream.taken)),
            whole: state.messages > 0 && state.deleted == 0 && state.spread() == state.messages,
            settled: stream.asked >= at,
        }
    }

    /// What goes at the beginning of the log is dropped by a limit, read or not. Where no limit is reached, it went
    /// because it was acked, or because a newer value took its place: neither is lost. `picky` is a consumer that takes
    /// only some of the messages; where acks remove them, those that others acked lie before its own.
    pub const fn drops(&self, picky: bool) -> bool {
        self.full || !(self.replaces || (self.acks_remove && picky))
    }
}

/// What is kept of a consumer at each poll. There are ten of each consumer, so it is small.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ConsumerSample {
    /// When.
    pub at: Timestamp,
    /// Not yet delivered.
    pub pending: u64,
    /// Deliveries so far.
    pub delivered_consumer_seq: u64,
    /// Last delivered stream sequence.
    pub delivered_stream_seq: u64,
    /// Ack floor in the stream.
    pub ack_floor_stream_seq: u64,
    /// When the floor or an ack last moved.
    pub last_acked: Option<Timestamp>,
    /// The ends of the stream's log; `None` where the stream was not read yet.
    pub edges: Option<Edges>,
    /// Delivered, not acked (4 billion at most).
    pub ack_pending: u32,
    /// Delivered more than once, not acked (4 billion at most).
    pub redelivered: u32,
    /// Open pull requests (4 billion at most).
    pub waiting: u32,
    /// A push subscriber is there.
    pub push_bound: bool,
    /// It is paused.
    pub paused: bool,
    /// Delivery is acknowledgement.
    pub ack_none: bool,
}

impl ConsumerSample {
    /// Of an answer, and of what is known of its stream.
    pub fn new(c: &Consumer, stream: Option<&Stream>) -> Self {
        let few = |n: u64| u32::try_from(n).unwrap_or(u32::MAX);
        Self {
            at: c.taken,
            pending: c.pending,
            delivered_consumer_seq: c.delivered.consumer_seq,
            delivered_stream_seq: c.delivered.stream_seq,
            ack_floor_stream_seq: c.ack_floor.stream_seq,
            last_acked: c.ack_floor.last_active,
            edges: stream.map(|s| Edges::of(s, c.taken)),
            ack_pending: few(c.ack_pending),
            redelivered: few(c.redelivered),
            waiting: few(c.waiting),
            push_bound: c.push_bound,
            paused: c.paused,
            ack_none: c.config.ack_policy == AckPolicy::None,
        }
    }

    /// Pending + ack pending; pending alone where the ack policy is none.
    pub const fn outstanding(&self) -> u64 {
        if self.ack_none { self.pending } else { self.pending.saturating_add(self.ack_pending as u64) }
    }

    /// Somebody is there to receive.
    pub const fn has_reader(&self) -> bool {
        self.waiting > 0 || self.push_bound
    }
}

impl Sample for ConsumerSample {
    fn at(&self) -> Timestamp {
        self.at
    }
}

/// The newest sample of each of the last ten slots, oldest first.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Ring {
    samples: Vec<ConsumerSample>,
    /// When the newest slot was begun.
    begun: Timestamp,
}

impl Ring {
    /// Adds a sample: to the newest slot while that lasts, whose sample it replaces, else to a new one.
    ///
    /// A sample takes the place of those that are not older, so that neither a late answer nor a clock that was
    /// set back puts time in disorder. Polls never come quite evenly: one that comes when three quarters of a
    /// slot have passed is the next slot's. What is waited with reads 0 between two pulls: a slot keeps the most.
    pub fn push(&mut self, mut sample: ConsumerSample, slot: Duration) {
        while self.samples.last().is_some_and(|last| last.at >= sample.at) {
            self.samples.pop();
            self.begun = self.samples.last().map_or(sample.at, |last| last.at);
        }
        if !self.samples.is_empty() && sample.at.since(self.begun) < slot * 3 / 4 {
            sample.waiting = self.samples.pop().map_or(0, |old| old.waiting).max(sample.waiting);
        } else {
            self.begun = sample.at;
        }
        if self.samples.len() >= SLOTS {
            self.samples.remove(0);
        }
        // Ten at most, and mostly ten: growing by doubling would keep room for sixteen.
        if self.samples.len() == self.samples.capacity() {
            self.samples.reserve_exact(if self.samples.len() < 2 { 1 } else { SLOTS - self.samples.len() });
        }
        self.samples.push(sample);
    }

    /// The stream was read: the newest sample takes its ends, where they were asked for after it, and those just before
    /// that no answer came for. (Consumers can be asked for more often than their streams.)
    pub fn settle(&mut self, stream: &Stream) {
        self.settle_with(|at| Edges::of(stream, at));
    }

    /// The same with what says the ends for numbers of a time.
    pub(super) fn settle_with(&mut self, edges: impl Fn(Timestamp) -> Edges) {
        let waits = |sample: &&mut ConsumerSample| sample.edges.is_none_or(|edges| !edges.settled);
        for sample in self.samples.iter_mut().rev().take_while(waits) {
            sample.edges = Some(edges(sample.at));
        }
    }

    /// Oldest to newest, ten at most.
    pub fn samples(&self) -> &[ConsumerSample] {
        &self.samples
    }

    /// Growth of a counter per second over the last `window`, see [`super::Series::rate`].
    pub fn rate(&self, window: Duration, counter: impl Fn(&ConsumerSample) -> u64) -> Option<f64> {
        rate(self.samples.iter().rev(), window, counter)
    }

    /// Rates between samples, see [`super::Series::rates`].
    pub fn rates(&self, counter: impl Fn(&ConsumerSample) -> u64) -> Vec<(Timestamp, f64)> {
        rates(self.samples.iter(), counter)
    }
}

/// Since when something is as it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Run {
    /// Whether it is so.
    pub on: bool,
    /// The first sample that said so.
    pub from: Timestamp,
    /// A sample before it said otherwise. If not, it may have begun long before.
    pub begun: bool,
}

impl Run {
    /// Takes in what the next sample says.
    pub const fn next(run: Option<Self>, on: bool, at: Timestamp) -> Self {
        match run {
            Some(run) if run.on == on => run,
            before => Self { on, from: at, begun: before.is_some() },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample(ms: i64) -> ConsumerSample {
        let c = Consumer { taken: Timestamp(ms * 1_000_000), pending: ms as u64, ..Default::default() };
        ConsumerSample::new(&c, None)
    }

    fn ring(times: impl IntoIterator<Item = i64>) -> Vec<i64> {
        let mut ring = Ring::default();
        for ms in times {
            ring.push(sample(ms), SLOT);
        }
        ring.samples().iter().map(|s| s.at.0 / 1_000_000).collect()
    }

    #[test]
    fn a_slot_keeps_its_newest_sample() {
        assert_eq!(ring([0, 1_000, 2_000, 3_000, 4_000]), [1_000, 3_000, 4_000]);
        // The polls of a slot's length come a little early and a little late.
        assert_eq!(ring([0, 1_950, 4_040, 5_980]), [0, 1_950, 4_040, 5_980]);
    }

    #[test]
    fn ten_slots_are_kept_in_no_more_room_than_they_need() {
        assert_eq!(ring((0..30).map(|n| n * 2_000)), (20..30).map(|n| n * 2_000).collect::<Vec<_>>());
        let mut r = Ring::default();
        for n in 0..30 {
            r.push(sample(n * 2_000), SLOT);
        }
        assert_eq!(r.samples.capacity(), SLOTS);
        assert!(size_of::<ConsumerSample>() <= 96, "{}", size_of::<ConsumerSample>());
    }

    #[test]
    fn a_clock_that_was_set_back_starts_anew() {
        assert_eq!(ring([100_000, 102_000, 50_000, 52_000]), [50_000, 52_000]);
        assert_eq!(ring([0, 2_000, 4_000, 4_000]), [0, 2_000, 4_000]);
    }

    #[test]
    fn edges_settle_once_with_what_was_asked_for_later() {
        let stream = |asked: i64, last_seq: u64| {
            let mut s = Stream { asked: Timestamp::from_secs(asked), ..Default::default() };
            (s.state.first_seq, s.state.last_seq, s.state.messages) = (1, last_seq, last_seq);
            s
        };
        let mut r = Ring::default();
        r.push(ConsumerSample::new(&Consumer { taken: Timestamp::from_secs(5), ..Default::default() }, None), SLOT);
        let last = |r: &Ring| r.samples()[0].edges.map(|e| (e.last_seq, e.settled, e.whole));
        assert_eq!(last(&r), None);
        r.settle(&stream(4, 10));
        assert_eq!(last(&r), Some((10, false, true)));
        r.settle(&stream(5, 11));
        r.settle(&stream(9, 99));
        assert_eq!(last(&r), Some((11, true, true)));
        // Two samples before the stream is asked again: what comes then is the first word after both.
        for second in [7, 9] {
            let c = Consumer { taken: Timestamp::from_secs(second), ..Default::default() };
            r.push(ConsumerSample::new(&c, Some(&stream(6, 12))), SLOT);
        }
        r.settle(&stream(8, 13));
        let all = |r: &Ring| r.samples().iter().map(|s| s.edges.map(|e| (e.last_seq, e.settled))).collect::<Vec<_>>();
        assert_eq!(all(&r), [Some((11, true)), Some((13, true)), Some((13, false))]);
        r.settle(&stream(10, 14));
        assert_eq!(all(&r), [Some((11, true)), Some((13, true)), Some((14, true))]);
    }

    #[test]
    fn a_run_knows_whether_its_beginning_was_seen() {
        let at = Timestamp::from_secs;
        let first = Run::next(None, true, at(1));
        assert_eq!(Run::next(Some(first), true, at(2)), Run { on: true, from: at(1), begun: false });
        assert_eq!(Run::next(Some(first), false, at(3)), Run { on: false, from: at(3), begun: true });
    }
}
