//! What is kept of a stream, a consumer and an account at each poll, as rows of numbers that change little.
//!
//! Numbers that move together are kept as their difference, so that one of them tells of both.

use std::time::Duration;

use crate::model::consumer::{AckPolicy, Position};
use crate::model::entry::GivenUp;
use crate::model::lag::Stored;
use crate::model::missed::Missed;
use crate::model::ring::{Edges, Run as Since};
use crate::model::{
    Account, Consumer, ConsumerEntry, ConsumerSample, Lag, Reading, Retention, Stream, StreamEntry, Timestamp,
};

/// The values of a stream.
pub(super) type StreamRow = [u64; 12];
/// The values of a consumer; number [`WAITING`] is kept at its most.
pub(super) type ConsumerRow = [u64; 23];
/// The values of an account.
pub(super) type AccountRow = [u64; 4];

/// Where the open pull requests of a consumer stand: they read 0 between two pulls.
pub(super) const WAITING: usize = 7;
/// Nothing is kept at its most.
pub(super) const NONE: usize = usize::MAX;

/// The servers that keep it did not answer.
pub(super) const SILENT: u64 = 1;
/// It was deleted.
pub(super) const GONE: u64 = 1 << 1;
/// A stream that had consumers.
const HAD: u64 = 1 << 2;
const PUSH_BOUND: u64 = 1 << 2;
const PAUSED: u64 = 1 << 3;
const ACK_NONE: u64 = 1 << 4;
const OUTSTANDING: u64 = 1 << 5;
const OUTSTANDING_BEGUN: u64 = 1 << 6;
const PAUSED_BEGUN: u64 = 1 << 7;
const FLOOR: u64 = 1 << 8;

/// Where the flags stand.
pub(super) const STREAM_FLAGS: usize = 9;
/// Where the flags stand.
pub(super) const CONSUMER_FLAGS: usize = 10;

/// Microseconds since the epoch.
pub(super) const fn micros(at: Timestamp) -> i64 {
    at.0.div_euclid(1_000)
}

/// The time of so many microseconds.
pub(super) const fn time(micros: i64) -> Timestamp {
    Timestamp(micros.saturating_mul(1_000))
}

/// A time that may not be known: 0 is none.
fn packed(at: Option<Timestamp>) -> u64 {
    at.map_or(0, |at| u64::try_from(micros(at)).map_or(1, |n| n + 1))
}

fn unpacked(n: u64) -> Option<Timestamp> {
    n.checked_sub(1).and_then(|n| i64::try_from(n).ok()).map(time)
}

const fn flag(on: bool, flag: u64) -> u64 {
    if on { flag } else { 0 }
}

/// Of a stream.
pub(super) fn of_stream(entry: &StreamEntry, info: &Stream) -> StreamRow {
    let s = &info.state;
    let span = s.last_seq.wrapping_sub(s.first_seq).wrapping_add(1);
    let holes = span.wrapping_sub(s.messages);
    [
        s.last_seq,
        s.first_seq,
        holes,
        s.bytes,
        packed(s.last_time),
        packed(s.first_time),
        s.consumers,
        s.deleted.wrapping_sub(holes),
        s.subjects,
        flag(entry.had_consumers, HAD),
        packed(info.created),
        packed(entry.consumers_gone),
    ]
}

/// What a stream was, read from its row.
#[derive(Clone, Copy, Debug)]
pub(super) struct StreamThen(pub(super) StreamRow);

impl StreamThen {
    pub(super) const fn messages(&self) -> u64 {
        self.0[0].wrapping_sub(self.0[1]).wrapping_add(1).wrapping_sub(self.0[2])
    }

    pub(super) const fn is(&self, flag: u64) -> bool {
        self.0[STREAM_FLAGS] & flag != 0
    }

    pub(super) const fn created(&self) -> u64 {
        self.0[10]
    }

    pub(super) const fn had_consumers(&self) -> bool {
        self.is(HAD)
    }

    pub(super) fn consumers_gone(&self) -> Option<Timestamp> {
        unpacked(self.0[11])
    }

    /// The stream with the numbers of then. What is not kept of it is as it is now; who kept it is not known.
    pub(super) fn restored(&self, info: &Stream, at: i64, late: u32) -> Stream {
        let [last_seq, first_seq, holes, bytes, last_time, first_time, consumers, deleted, subjects, _, created, _] =
            self.0;
        let mut out = info.clone();
        let state = &mut out.state;
        (state.first_seq, state.last_seq, state.messages, state.bytes) = (first_seq, last_seq, self.messages(), bytes);
        (state.first_time, state.last_time) = (unpacked(first_time), unpacked(last_time));
        (state.consumers, state.subjects, state.deleted) = (consumers, subjects, deleted.wrapping_add(holes));
        out.created = unpacked(created);
        (out.cluster, out.mirror) = (None, None);
        out.sources.clear();
        out.taken = time(at);
        out.asked = time(at.saturating_sub(i64::from(late)));
        out
    }

    /// The ends of its log.
    pub(super) fn edges(&self, info: Option<&Stream>, read: i64, asked: i64, at: i64) -> Edges {
        let [last_seq, first_seq, holes, bytes, _, first_time, _, deleted, ..] = self.0;
        let messages = self.messages();
        let whole = messages > 0 && holes == 0 && deleted == 0;
        let reach = unpacked(first_time).filter(|_| messages > 0).map(|first| time(read).since(first));
        let config = info.map(|info| &info.config);
        Edges {
            first_seq,
            last_seq,
            acks_remove: config.is_some_and(|config| config.retention != Retention::Limits),
            replaces: config.is_some_and(|config| config.limits.max_msgs_per_subject.is_some()),
            full: config.is_some_and(|config| config.drops_the_oldest(messages, bytes, reach)),
            whole,
            settled: asked >= at,
        }
    }
}

/// Of a consumer.
pub(super) fn of_consumer(entry: &ConsumerEntry, info: &Consumer) -> ConsumerRow {
    let acked = packed(info.ack_floor.last_active);
    let since = |run: Option<Since>| run.map_or((0, false, false), |r| (packed(Some(r.from)), r.on, r.begun));
    let (outstanding_from, outstanding, outstanding_begun) = since(entry.outstanding);
    let (paused_from, _, paused_begun) = since(entry.paused);
    let lag = entry.lag.as_deref().filter(|lag| lag.problem().is_none()).and_then(Reading::value);
    let oldest = lag.and_then(|lag| lag.oldest);
    [
        info.delivered.consumer_seq,
        info.delivered.stream_seq.wrapping_sub(info.delivered.consumer_seq),
        info.delivered.stream_seq.wrapping_sub(info.ack_floor.stream_seq),
        acked,
        info.pending,
        packed(info.delivered.last_active).wrapping_sub(acked),
        info.ack_pending,
        info.waiting,
        outstanding_from,
        info.redelivered,
        flag(info.push_bound, PUSH_BOUND)
            | flag(info.paused, PAUSED)
            | flag(info.config.ack_policy == AckPolicy::None, ACK_NONE)
            | flag(outstanding, OUTSTANDING)
            | flag(outstanding_begun, OUTSTANDING_BEGUN)
            | flag(paused_begun, PAUSED_BEGUN)
            | flag(info.ack_floor.consumer_seq > 0, FLOOR),
        packed(info.created),
        paused_from,
        entry.given_up.messages,
        entry.given_up.last_seq,
        packed(entry.recreated),
        oldest.map_or(0, |m| m.seq),
        packed(oldest.map(|m| m.time)),
        packed(lag.map(|lag| lag.taken)),
        entry.missed.messages,
        entry.missed.read,
        packed(entry.progress),
        packed(entry.refused),
    ]
}

/// What a consumer was, read from its row.
#[derive(Clone, Copy, Debug)]
pub(super) struct ConsumerThen(pub(super) ConsumerRow);

impl ConsumerThen {
    pub(super) const fn is(&self, flag: u64) -> bool {
        self.0[CONSUMER_FLAGS] & flag != 0
    }

    pub(super) const fn created(&self) -> u64 {
        self.0[11]
    }

    const fn delivered(&self) -> u64 {
        self.0[0].wrapping_add(self.0[1])
    }

    const fn floor(&self) -> u64 {
        self.delivered().wrapping_sub(self.0[2])
    }

    /// Its sample, as it is kept for verdicts and charts.
    pub(super) fn sample(&self, at: i64, edges: Option<Edges>) -> ConsumerSample {
        let few = |n: u64| u32::try_from(n).unwrap_or(u32::MAX);
        ConsumerSample {
            at: time(at),
            pending: self.0[4],
            delivered_consumer_seq: self.0[0],
            delivered_stream_seq: self.delivered(),
            ack_floor_stream_seq: self.floor(),
            last_acked: unpacked(self.0[3]),
            edges,
            ack_pending: few(self.0[6]),
            redelivered: few(self.0[9]),
            waiting: few(self.0[WAITING]),
            push_bound: self.is(PUSH_BOUND),
            paused: self.is(PAUSED),
            ack_none: self.is(ACK_NONE),
        }
    }

    /// The consumer with the numbers of then. What is not kept of it is as it is now.
    pub(super) fn restored(&self, info: &Consumer, at: i64) -> Consumer {
        let mut out = info.clone();
        out.delivered = Position {
            consumer_seq: self.0[0],
            stream_seq: self.delivered(),
            last_active: unpacked(self.0[5].wrapping_add(self.0[3])),
        };
        // Only whether it ever moved is kept of the number of the delivery.
        out.ack_floor = Position {
            consumer_seq: u64::from(self.is(FLOOR)),
            stream_seq: self.floor(),
            last_active: unpacked(self.0[3]),
        };
        (out.pending, out.ack_pending, out.waiting, out.redelivered) =
            (self.0[4], self.0[6], self.0[WAITING], self.0[9]);
        (out.push_bound, out.paused, out.pause_remaining) = (self.is(PUSH_BOUND), self.is(PAUSED), None);
        if self.is(ACK_NONE) {
            out.config.ack_policy = AckPolicy::None;
        }
        out.created = unpacked(self.created());
        out.cluster = None;
        out.taken = time(at);
        out
    }

    /// Since when something is outstanding or not, and since when it is paused or not.
    pub(super) fn since(&self) -> (Option<Since>, Option<Since>) {
        let of = |from, on, begun| unpacked(from).map(|from| Since { on, from, begun });
        (
            of(self.0[8], self.is(OUTSTANDING), self.is(OUTSTANDING_BEGUN)),
            of(self.0[12], self.is(PAUSED), self.is(PAUSED_BEGUN)),
        )
    }

    pub(super) const fn given_up(&self) -> GivenUp {
        GivenUp { messages: self.0[13], last_seq: self.0[14] }
    }

    /// When a client said that it works on, and when one refused a message.
    pub(super) fn said(&self) -> (Option<Timestamp>, Option<Timestamp>) {
        (unpacked(self.0[21]), unpacked(self.0[22]))
    }

    /// What had been dropped before it was read.
    pub(super) const fn missed(&self) -> Missed {
        Missed::of_past(self.0[19], self.0[20], self.delivered())
    }

    /// The oldest message that was not acked, where it had been looked at.
    pub(super) fn lag(&self) -> Option<Box<Reading<Lag>>> {
        let taken = unpacked(self.0[18])?;
        let oldest = unpacked(self.0[17]).map(|time| Stored { seq: self.0[16], time });
        let mut lag = Box::<Reading<Lag>>::default();
        lag.set(Lag { oldest, delivered: None, taken }, taken);
        Some(lag)
    }

    pub(super) fn recreated(&self) -> Option<Timestamp> {
        unpacked(self.0[15])
    }
}

/// Of an account.
pub(super) const fn of_account(account: &Account) -> AccountRow {
    let whole = &account.whole;
    [whole.storage, whole.memory, whole.streams, whole.consumers]
}

/// The account with the numbers of then; its limits are those of now.
pub(super) fn restored_account(row: AccountRow, now: &Account) -> Account {
    let mut out = now.clone();
    let whole = &mut out.whole;
    [whole.storage, whole.memory, whole.streams, whole.consumers] = row;
    // What each tier used then is not kept.
    out.tiers.clear();
    out
}

/// How long an answer took, in microseconds: a minute at most, which is as good as not known.
pub(super) fn late(stream: &Stream) -> u32 {
    let took = stream.taken.since(stream.asked).min(Duration::from_secs(60));
    u32::try_from(took.as_micros()).unwrap_or(u32::MAX)
}
