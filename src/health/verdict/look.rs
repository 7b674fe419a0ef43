//! One look over the samples of a ring: everything that the rules ask of them.

use std::time::Duration;

use crate::model::ring::Edges;
use crate::model::{Consumer, ConsumerSample, Timestamp};

use super::Doubt;

/// The ack floor went back.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Fall {
    pub(super) from: u64,
    pub(super) to: u64,
    pub(super) at: Timestamp,
}

/// What the samples show together. `L` is what is outstanding.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Look {
    pub(super) samples: usize,
    /// Something was acked from one sample to the next.
    pub(super) acked: bool,
    /// The server counted as acked what a limit of the stream dropped, from one sample to the next.
    pub(super) dropped: bool,
    /// Something was delivered from one sample to the next.
    pub(super) delivered: bool,
    /// Somebody was there to read.
    pub(super) interest: bool,
    /// A pull was open.
    pub(super) pulled: bool,
    /// What was delivered last, and the end of the stream before that: it is ahead of its stream.
    pub(super) ahead: Option<(u64, u64)>,
    /// In a stream of last values: all that was stored when the window began was delivered.
    recent: bool,
    /// L was as good as none at some time.
    pub(super) zero: bool,
    /// L was as good as none all the time.
    pub(super) all_zero: bool,
    /// L fell from one sample to the next.
    pub(super) fell: bool,
    /// L is greater than at first.
    pub(super) grew: bool,
    /// Something waits to be delivered now.
    pub(super) waits: bool,
    /// Something is delivered and not acked now.
    pub(super) unacked: bool,
    /// The floor fell and has not come back.
    pub(super) rewound: Option<Fall>,
    /// The floor stands where it stood in the first sample.
    pub(super) floor_stands: bool,
    /// At most so many were dropped unread within the window.
    pub(super) lost: u64,
    /// Growth of L a second.
    pub(super) slope: Option<f64>,
    /// The mean of L was greater in the second half.
    pub(super) later_is_more: bool,
    /// L is more than what is delivered between two samples.
    pub(super) more_than_a_step: bool,
    /// The time from the first sample to the last.
    pub(super) span: Duration,
    /// The length of the window.
    pub(super) delay: Option<Duration>,
}

impl Look {
    /// `picky` says of a consumer that takes only some of the messages up to which sequence it has read all of its own.
    pub(super) fn at(samples: &[ConsumerSample], allowed: u64, picky: Option<u64>) -> Self {
        let mut look = Self { samples: samples.len(), ..Self::default() };
        let (Some(first), Some(last)) = (samples.first(), samples.last()) else { return look };
        look.zero = samples.iter().any(|s| s.outstanding() <= allowed);
        look.all_zero = samples.iter().all(|s| s.outstanding() <= allowed);
        look.interest = samples.iter().any(ConsumerSample::has_reader);
        look.pulled = samples.iter().any(|s| s.waiting > 0);
        look.ahead = ahead(samples);
        look.recent = first.edges.is_some_and(|edges| edges.replaces && last.delivered_stream_seq >= edges.last_seq);
        look.grew = last.outstanding() > first.outstanding();
        look.waits = last.pending > 0;
        look.unacked = !last.ack_none && last.ack_pending > 0;
        look.floor_stands = last.ack_floor_stream_seq == first.ack_floor_stream_seq;
        // The last time of an ack that was told: a server that was restarted tells none until the next.
        let mut told = first.last_acked;
        let mut earlier = None;
        for (a, b) in samples.iter().zip(&samples[1..]) {
            if acked(a, b, told) {
                let dropped = only_dropped(a, b);
                look.acked |= !dropped;
                look.dropped |= dropped;
            }
            told = b.last_acked.or(told);
            look.delivered |= b.delivered_consumer_seq != a.delivered_consumer_seq;
            look.fell |= b.outstanding() < a.outstanding();
            look.lost = look.lost.saturating_add(lost(earlier, a, b, picky));
            earlier = a.edges;
            let (before, after) = (a.ack_floor_stream_seq, b.ack_floor_stream_seq);
            look.rewound = match look.rewound {
                Some(fall) if after >= fall.from => None,
                None if after < before => Some(Fall { from: before, to: after, at: b.at }),
                Some(fall) if after < fall.to => Some(Fall { to: after, ..fall }),
                other => other,
            };
        }
        look.measure(samples);
        look
    }

    /// It rises in spite of its dips.
    pub(super) fn rises(&self) -> bool {
        self.slope.is_some_and(|slope| slope > 0.0) && self.later_is_more && self.is_backlog()
    }

    /// It is no more than a window behind, however many wait.
    pub(super) const fn keeps_up(&self) -> bool {
        self.recent && self.delivered
    }

    /// It rises, or stands still, and never falls. Where one message is held it is never nothing: that a few more are on
    /// their way in the last sample is no growth.
    pub(super) const fn never_falls(&self) -> bool {
        !self.fell && self.more_than_a_step && (self.grew || self.waits)
    }

    /// It is more than the work that is being done: something waits, and more than what comes and goes with a sample.
    pub(super) const fn is_backlog(&self) -> bool {
        self.waits && self.more_than_a_step
    }

    /// The slope by least squares, and the halves.
    fn measure(&mut self, samples: &[ConsumerSample]) {
        let (Some(first), Some(last)) = (samples.first(), samples.last()) else { return };
        let n = samples.len() as f64;
        let seconds = last.at.seconds_since(first.at);
        if seconds <= 0.0 {
            return;
        }
        self.span = last.at.since(first.at);
        let steps = n - 1.0;
        self.delay = Some(last.at.since(first.at).mul_f64(n / steps));
        let deliveries = last.delivered_consumer_seq.saturating_sub(first.delivered_consumer_seq);
        self.more_than_a_step = last.outstanding() as f64 > deliveries as f64 / steps;
        let level = |s: &ConsumerSample| s.outstanding() as f64;
        let mean_t = samples.iter().map(|s| s.at.seconds_since(first.at)).sum::<f64>() / n;
        let mean = samples.iter().map(level).sum::<f64>() / n;
        let (mut over, mut under) = (0.0, 0.0);
        for s in samples {
            let t = s.at.seconds_since(first.at) - mean_t;
            over += t * (level(s) - mean);
            under += t * t;
        }
        self.slope = (under > 0.0).then(|| over / under);
        let (early, late) = samples.split_at(samples.len() / 2);
        let mean_of = |part: &[ConsumerSample]| part.iter().map(level).sum::<f64>() / part.len().max(1) as f64;
        self.later_is_more = mean_of(late) > mean_of(early);
    }
}

/// It was delivered more than its stream ever stored, in two samples: the stream was restored, or the consumer was moved
/// behind its end. The ends of the log were asked for after the consumer, so they are not older.
fn ahead(samples: &[ConsumerSample]) -> Option<(u64, u64)> {
    let [.., a, b] = settled(samples)? else { return None };
    let end = |s: &ConsumerSample| s.edges.filter(|edges| edges.settled).map(|edges| edges.last_seq);
    let (before, after) = (end(a)?, end(b)?);
    (a.delivered_stream_seq > before && b.delivered_stream_seq > after).then_some((b.delivered_stream_seq, after))
}

/// All but the newest, where its ends of the log have not come yet: they come a moment later.
fn settled(samples: &[ConsumerSample]) -> Option<&[ConsumerSample]> {
    let newest = samples.last()?;
    let waits = newest.edges.is_none_or(|edges| !edges.settled);
    samples.get(..samples.len() - usize::from(waits))
}

/// Whether what the server says is pending can be, by the sequences: it cannot be more than there are between the last
/// delivered and the end, nor nothing where all of them are its own.
pub(super) fn doubt(samples: &[ConsumerSample], info: &Consumer) -> Option<Doubt> {
    let [.., a, b] = settled(samples)? else { return None };
    let ends = |s: &ConsumerSample| s.edges.filter(|e| e.settled);
    let (before, after) = (ends(a)?, ends(b)?);
    // The log may have begun later meanwhile; what was dropped then was still counted.
    let read = b.delivered_stream_seq.max(before.first_seq.min(after.first_seq).saturating_sub(1));
    let behind = after.last_seq.saturating_sub(read);
    let doubt = Doubt { pending: b.pending, behind };
    if b.pending > behind {
        return Some(doubt);
    }
    // Nothing was stored between the two samples, so the end is the one that the consumer knew.
    let still = (before.first_seq, before.last_seq) == (after.first_seq, after.last_seq)
        && (a.pending, a.delivered_stream_seq) == (b.pending, b.delivered_stream_seq);
    // Who delivers as far apart as messages were stored holds the next one, which is not pending any more.
    let all = info.config.filter_subjects.is_empty() && after.whole && !info.config.replays;
    (b.pending == 0 && behind > 0 && still && all).then_some(doubt)
}

/// Something was acked between two samples. The floor alone is no progress that can be relied on: one message that is
/// held keeps it, while its time moves with every ack.
fn acked(a: &ConsumerSample, b: &ConsumerSample, told: Option<Timestamp>) -> bool {
    if b.ack_none {
        return b.delivered_stream_seq > a.delivered_stream_seq;
    }
    let ack_time = match (a.last_acked, b.last_acked) {
        // A server that was restarted, or another leader, has forgotten the time: that is no ack.
        (_, None) => false,
        (Some(before), Some(after)) => after != before,
        (None, Some(after)) => told != Some(after),
    };
    ack_time
        || b.ack_floor_stream_seq > a.ack_floor_stream_seq
        || (b.ack_pending < a.ack_pending
            && b.delivered_stream_seq == a.delivered_stream_seq
            && b.delivered_consumer_seq == a.delivered_consumer_seq)
}

/// What the server counts as acked between two samples is what a limit took from the beginning of the log before it was
/// acked: the floor only follows where the log begins, and nothing behind it was acked. (Where acks remove messages the
/// log begins later by them, which says nothing.)
///
/// Until the ends of the log that belong to `b` are read, it goes on as it was at `a`.
fn only_dropped(a: &ConsumerSample, b: &ConsumerSample) -> bool {
    let floor_moved = b.ack_floor_stream_seq.saturating_sub(a.ack_floor_stream_seq);
    let Some(edges) = b.edges.filter(|edges| !edges.acks_remove && !b.ack_none && floor_moved > 0) else {
        return false;
    };
    let at_the_beginning = if edges.settled {
        b.ack_floor_stream_seq < edges.first_seq
    } else {
        a.edges.is_some_and(|edges| edges.settled && a.ack_floor_stream_seq < edges.first_seq)
    };
    let held = u64::from(a.ack_pending);
    // What came again was not acked before, and is no other message.
    let delivered = b
        .delivered_consumer_seq
        .saturating_sub(a.delivered_consumer_seq)
        .min(b.delivered_stream_seq.saturating_sub(a.delivered_stream_seq));
    let left = held.saturating_add(delivered).saturating_sub(u64::from(b.ack_pending));
    // Who acks what he has just taken loses what he has not taken: that is told as lost. Where more was dropped than was
    // held, nothing is held but what lies right behind the floor: an ack would have left a gap there.
    let without_gaps = held > 0
        && b.ack_pending > 0
        && b.delivered_stream_seq.saturating_sub(b.ack_floor_stream_seq) == u64::from(b.ack_pending);
    at_the_beginning && left <= floor_moved && (left <= held || without_gaps)
}

/// At most so many messages were dropped unread between two samples: the log begins behind what was read and behind
/// where it began, and no more than what was pending or has come since. `earlier` are the ends of the log before `a`.
///
/// Where acks remove messages, and where a short log turns over between two samples, it begins later also when
/// everything was read. So what was delivered meanwhile explains it, if it was as much. Acks that remove messages do so
/// also in the moment between a sample and the ends of the log that belong to it; those are looked at with the
/// deliveries after them.
fn lost(earlier: Option<Edges>, a: &ConsumerSample, b: &ConsumerSample, picky: Option<u64>) -> u64 {
    let Some(of_a) = a.edges.filter(|_| a.pending > 0) else { return 0 };
    let (before, after) = if of_a.acks_remove { (earlier, Some(of_a)) } else { (Some(of_a), b.edges) };
    let (Some(before), Some(after)) = (before, after.filter(|edges| edges.drops(picky.is_some()))) else { return 0 };
    let read = a.delivered_stream_seq.max(a.ack_floor_stream_seq).max(before.first_seq.saturating_sub(1));
    let read = read.max(picky.unwrap_or(0));
    let gap = after.first_seq.saturating_sub(1).saturating_sub(read);
    let came = after.last_seq.saturating_sub(before.last_seq);
    let most = gap.min(a.pending.saturating_add(came));
    if most == 0 || explained(a, b, of_a.acks_remove) { 0 } else { most }
}

fn explained(a: &ConsumerSample, b: &ConsumerSample, acks_remove: bool) -> bool {
    let moved = b.delivered_stream_seq.saturating_sub(a.delivered_stream_seq);
    let deliveries = b.delivered_consumer_seq.saturating_sub(a.delivered_consumer_seq);
    let delivered = moved.min(deliveries);
    let again = a.redelivered > 0 || b.redelivered > 0;
    delivered > 0
        && (delivered >= a.pending
            // Every sequence that it moved over was delivered.
            || (moved <= deliveries && (acks_remove || !again))
            || (acks_remove && a.pending.saturating_sub(b.pending) <= delivered))
}
