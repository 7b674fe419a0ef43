//! The catalog of an earlier time, made from the samples until then: whoever draws or judges a catalog needs not know
//! that it is one.
//!
//! The numbers are those of then. What no sample has (configurations, subjects, limits) is as it is now; who kept a
//! stream, and how far its mirror was, is not known.

use std::sync::Arc;
use std::time::Duration;

use crate::model::entry::Shelf;
use crate::model::ring::{Ring, SLOTS};
use crate::model::{Availability, Catalog, ConsumerEntry, Link, Stream, StreamEntry, StreamSample, Timestamp};

use super::shape::{ConsumerThen, GONE, SILENT, StreamThen, micros, restored_account, time};
use super::tape::Run;
use super::track::Track;
use super::{History, MINUTE, OfConsumer, OfStream};

/// Slots of a verdict's window, and some more: the first may be half a slot.
const WINDOW: i64 = SLOTS as i64 + 2;
/// The window over which growth is measured, with some more.
const GROWTH: i64 = 65_000_000;
/// Samples that are looked at, at most.
const MOST: usize = 400;
/// Where every poll is kept no longer, a slot is a minute.
const OLD_SLOT: Duration = Duration::from_secs(60);

/// A sample as it is looked back on: when, how late the answer was, the values.
type Back<const N: usize> = (i64, u32, [u64; N]);

impl History {
    /// What was known at this time. `now` is the catalog of now.
    pub fn at(&self, at: Timestamp, now: &Catalog) -> Catalog {
        let then = micros(at);
        let old = at < self.polls_begin();
        let slot = if old { OLD_SLOT.max(now.slot) } else { now.slot };
        let mut out = now.empty(slot);
        out.sweep_every = now.sweep_every.filter(|_| !old);
        out.link = match self.gap(at) {
            Some((since, _)) => Link::Lost { attempt: 0, since, reason: None },
            None => Link::Connected { since: at },
        };
        out.server.clone_from(&now.server);
        out.rtt = now.rtt;
        out.traffic = now.traffic;
        out.subjects.clone_from(&now.subjects);
        out.stream_json.clone_from(&now.stream_json);
        out.consumer_json.clone_from(&now.consumer_json);
        self.account.back_from(then, |run| {
            if let Some(account) = &self.account_now {
                out.account.set(restored_account(run.values, account), time(run.to));
            }
            true
        });
        let mut heard = None;
        for (name, of) in &self.streams {
            let samples = of.looked_back(then, slot, old);
            let mut shelf = of.shelf(then, slot, old, &samples);
            for (consumer, entry) in &mut shelf.entries {
                entry.allowed = now.allowed(name, consumer);
            }
            if let Some(entry) = of.entry(&samples) {
                heard = heard.max(Some(entry.seen));
                out.streams.insert(name.clone(), entry);
            }
            if !shelf.entries.is_empty() {
                out.consumers.insert(name.clone(), Arc::new(shelf));
            }
        }
        out.heard = heard;
        if let Some(at) = heard {
            out.listing.set(out.streams.len() as u64, at);
            out.consumers_swept.set(0, at);
        }
        // Every time has a number of its own, none of which the present has.
        out.revision = u64::MAX - then.unsigned_abs();
        out
    }

    /// The time one poll before (or after) this one; a gap is one step.
    pub fn step(&self, at: Timestamp, back: bool, poll: Duration) -> Timestamp {
        let old = if back { at <= self.polls_begin() } else { at < self.polls_begin() };
        let by = if old { OLD_SLOT } else { poll };
        let next = if back { at.minus(by) } else { at.plus(by) };
        match self.gap(next) {
            Some((from, _)) if back => from,
            Some((_, Some(to))) => to,
            _ => next,
        }
    }
}

impl OfStream {
    fn looked_back(&self, then: i64, slot: Duration, old: bool) -> Vec<Back<12>> {
        let since = then - (slot.as_micros() as i64 * WINDOW).max(GROWTH);
        let mut out = look_back(&self.track, then, since, old, |values| {
            let then = StreamThen(*values);
            (then.is(GONE), then.created())
        });
        out.reverse();
        out
    }

    /// The stream as it was; `None` when it was not there.
    fn entry(&self, samples: &[Back<12>]) -> Option<StreamEntry> {
        let (at, late, values) = *samples.last()?;
        let then = StreamThen(values);
        if then.is(GONE) {
            return None;
        }
        let (availability, read) = heard(samples, |values| StreamThen(*values).is(SILENT));
        let info = self.info.as_deref().map(|info| Arc::new(then.restored(info, read.unwrap_or(at), late)));
        let series = samples.iter().filter(|(_, _, values)| !StreamThen(*values).is(SILENT)).map(|(at, _, values)| {
            let then = StreamThen(*values);
            let [last_seq, first_seq, _, bytes, ..] = *values;
            StreamSample {
                at: time(*at),
                messages: then.messages(),
                bytes,
                last_seq,
                first_seq,
                // Not kept: how far behind a mirror was is not judged afterwards.
                upstream_lag: 0,
            }
        });
        let (had, gone) = (then.had_consumers(), then.consumers_gone());
        Some(StreamEntry::of_past(info, availability, series, had, gone, time(at)))
    }

    /// Its consumers as they were.
    fn shelf(&self, then: i64, slot: Duration, old: bool, log: &[Back<12>]) -> Shelf {
        let mut shelf = Shelf::default();
        let info = self.info.as_deref();
        for (name, kept) in &self.consumers {
            if let Some(entry) = kept.entry(then, slot, old, log, info) {
                shelf.entries.insert(name.clone(), entry);
            }
        }
        let read = shelf.entries.values().map(|entry| entry.seen).max();
        if let Some(at) = read.or_else(|| log.last().map(|(at, ..)| time(*at))) {
            shelf.listing.set((), at);
        }
        shelf
    }
}

impl OfConsumer {
    fn entry(
        &self,
        then: i64,
        slot: Duration,
        old: bool,
        log: &[Back<12>],
        stream: Option<&Stream>,
    ) -> Option<ConsumerEntry> {
        let since = then - slot.as_micros() as i64 * WINDOW;
        let mut samples = look_back(&self.track, then, since, old, |values| {
            let then = ConsumerThen(*values);
            (then.is(GONE), then.created())
        });
        samples.reverse();
        let (at, _, values) = *samples.last()?;
        let newest = ConsumerThen(values);
        if newest.is(GONE) {
            return None;
        }
        let (availability, read) = heard(&samples, |values| ConsumerThen(*values).is(SILENT));
        let mut entry = ConsumerEntry::new(time(at));
        entry.availability = availability;
        entry.info = self.info.as_deref().map(|info| Arc::new(newest.restored(info, read.unwrap_or(at))));
        (entry.outstanding, entry.paused) = newest.since();
        entry.recreated = newest.recreated();
        entry.given_up = newest.given_up();
        entry.lag = newest.lag();
        (entry.progress, entry.refused) = newest.said();
        entry.ring = ring(&samples, slot, log, stream);
        entry.missed = newest.missed();
        entry.missed.look(entry.ring.samples(), entry.is_picky());
        Some(entry)
    }
}

/// The ring of a consumer, as it came to be: its samples with the ends of the log that were known then, and those
/// that became known after them.
fn ring(samples: &[Back<23>], slot: Duration, log: &[Back<12>], stream: Option<&Stream>) -> Ring {
    let mut ring = Ring::default();
    let edges =
        |(at, late, values): &Back<12>, of: i64| StreamThen(*values).edges(stream, *at, at - i64::from(*late), of);
    let mut known = log.iter().peekable();
    let mut last = None;
    for (at, _, values) in samples {
        while let Some(read) = known.next_if(|read| read.0 <= *at) {
            ring.settle_with(|of| edges(read, micros(of)));
            last = Some(read);
        }
        let then = ConsumerThen(*values);
        if !then.is(SILENT) {
            ring.push(then.sample(*at, last.map(|read| edges(read, *at))), slot);
        }
    }
    for read in known {
        ring.settle_with(|of| edges(read, micros(of)));
    }
    ring
}

/// Whether the newest is an answer, and when the last answer came.
fn heard<const N: usize>(samples: &[Back<N>], silent: impl Fn(&[u64; N]) -> bool) -> (Availability, Option<i64>) {
    let answered = samples.iter().rev().find(|(_, _, values)| !silent(values)).map(|(at, ..)| *at);
    let now = samples.last().is_none_or(|(_, _, values)| !silent(values));
    (if now { Availability::Present } else { Availability::Missing }, answered)
}

/// The samples of a thing from this time back: all of a window, and ten at least where there are; the newest first.
/// What it was before it was deleted or made again does not belong to it.
fn look_back<const N: usize, const M: usize>(
    track: &Track<N, M>,
    then: i64,
    since: i64,
    old: bool,
    kind: impl Fn(&[u64; N]) -> (bool, u64),
) -> Vec<Back<N>> {
    let mut out: Vec<Back<N>> = Vec::new();
    let mut made = None;
    // Where a slot is a minute, the polls of a run need not be told apart.
    let close = if old { MINUTE / 2 } else { 0 };
    track.back_from(then, |run: Run<N>| {
        let (gone, created) = kind(&run.values);
        if out.is_empty() {
            made = Some(created);
        } else if gone || made != Some(created) {
            return true;
        }
        let mut before = None;
        for at in run.times() {
            if (at < since && out.len() >= SLOTS) || out.len() >= MOST {
                return true;
            }
            if before.is_none_or(|b| b - at >= close) {
                out.push((at, run.late, run.values));
                before = Some(at);
            }
        }
        gone
    });
    out
}
