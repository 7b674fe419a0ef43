//! What was known and when: every poll of the last 15 minutes and one sample a minute of the last 24 hours, of each
//! stream and each consumer, in bounded room.
//!
//! A history stands beside a [`Catalog`] and looks at it after each update ([`History::note`]). From it follow the
//! charts, and the catalog of an earlier time ([`History::at`]). What stays the same costs nothing; where more is wanted
//! than there is room for, this gives way, in this order:
//!
//! 1. what was deleted, the longest ago first;
//! 2. polls become one sample a minute earlier than after 15 minutes, but not before two;
//! 3. the oldest minutes, until 30 of them are left;
//! 4. everything but what is newest; and of what is new then nothing is kept.
//!
//! When there is room again, both reach as far back as before by and by.

mod file;
mod gaps;
mod past;
mod room;
mod shape;
mod tape;
mod track;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use super::{Account, Availability, Catalog, Consumer, ConsumerSample, Stream, StreamSample, Timestamp, Update};
use gaps::Gaps;
use shape::{CONSUMER_FLAGS, ConsumerThen, GONE, NONE, SILENT, STREAM_FLAGS, StreamThen, WAITING, micros, time};
use tape::Run;
use track::Track;

pub use file::Broken;
pub use room::Room;

/// A minute in microseconds.
const MINUTE: i64 = 60_000_000;
/// Samples further apart than this, or than four polls, have a gap between them.
const APART: Duration = Duration::from_secs(30);
/// A clock that is set back by less is none: the answers came in another order.
const LATE: i64 = 30_000_000;

type StreamTrack = Track<12, NONE>;
type ConsumerTrack = Track<23, WAITING>;
type AccountTrack = Track<4, NONE>;

/// What is kept of a stream.
#[derive(Clone, Debug, Default, PartialEq)]
struct OfStream {
    track: StreamTrack,
    /// The newest that is known of it, for what no sample has.
    info: Option<Arc<Stream>>,
    consumers: BTreeMap<String, OfConsumer>,
    /// Consumers that are there now.
    alive: usize,
}

/// What is kept of a consumer.
#[derive(Clone, Debug, Default, PartialEq)]
struct OfConsumer {
    track: ConsumerTrack,
    info: Option<Arc<Consumer>>,
}

/// Which part of a catalog an update changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    /// Nothing that is kept.
    Nothing,
    /// The connection.
    Link,
    /// The account.
    Account,
    /// All streams.
    Streams,
    /// One stream.
    Stream(String),
    /// All consumers of a stream.
    Consumers(String),
    /// One consumer.
    Consumer(String, String),
}

impl Change {
    /// What this update changes.
    pub fn of(update: &Update) -> Self {
        match update {
            Update::Link(_) => Self::Link,
            Update::Account(..) => Self::Account,
            Update::Streams(_) => Self::Streams,
            Update::Stream(stream) => Self::Stream(stream.name.clone()),
            Update::StreamGone(name, _) => Self::Stream(name.clone()),
            Update::Consumers(stream, _) => Self::Consumers(stream.clone()),
            Update::Consumer(consumer) => Self::Consumer(consumer.stream.clone(), consumer.name.clone()),
            Update::ConsumerGone(stream, name, _) => Self::Consumer(stream.clone(), name.clone()),
            _ => Self::Nothing,
        }
    }
}

/// The same sample, seen from a time to a time.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Seen<T> {
    /// When it was seen first.
    pub from: Timestamp,
    /// When it was seen last.
    pub to: Timestamp,
    /// What was seen.
    pub sample: T,
    /// Nothing is missing between this and what was seen before.
    pub joined: bool,
}

/// What was known of everything, and when.
#[derive(Clone, Debug, PartialEq)]
pub struct History {
    room: Room,
    streams: BTreeMap<String, OfStream>,
    /// Streams that are there now.
    alive: usize,
    account: AccountTrack,
    account_now: Option<Account>,
    gaps: Gaps,
    /// The newest sample of all, in microseconds.
    newest: i64,
    /// When it was tidied up last.
    tidied: i64,
    /// How far samples may lie apart, in microseconds.
    apart: i64,
}

impl Default for History {
    fn default() -> Self {
        Self::new(Room::default())
    }
}

impl History {
    /// An empty one with so much room.
    pub fn new(room: Room) -> Self {
        Self {
            room,
            streams: BTreeMap::new(),
            alive: 0,
            account: AccountTrack::default(),
            account_now: None,
            gaps: Gaps::default(),
            newest: 0,
            tidied: 0,
            apart: APART.as_micros() as i64,
        }
    }

    /// Nothing was seen yet.
    pub fn is_empty(&self) -> bool {
        self.streams.is_empty()
    }

    /// How much is kept, and how much may be.
    pub const fn room(&self) -> &Room {
        &self.room
    }

    /// When anything was seen last.
    pub const fn newest(&self) -> Timestamp {
        time(self.newest)
    }

    /// The oldest that is kept; `None` when nothing is.
    pub fn begin(&self) -> Option<Timestamp> {
        self.streams.values().filter_map(|of| of.track.begin()).min().map(time)
    }

    /// From here on every poll is kept; before that one sample a minute.
    pub fn polls_begin(&self) -> Timestamp {
        time(self.newest - self.room.recent)
    }

    /// Whether nothing was heard of the server then: the connection was lost, or nobody looked. Since when, and until
    /// when if it is over.
    pub fn gap(&self, at: Timestamp) -> Option<(Timestamp, Option<Timestamp>)> {
        self.gaps.at(micros(at)).map(|(from, to)| (time(from), to.map(time)))
    }

    /// Takes in what an update has changed in a catalog.
    pub fn note(&mut self, change: &Change, catalog: &Catalog, now: Timestamp) {
        self.apart = micros(Timestamp(0).plus(APART.max(catalog.poll() * 4)));
        match change {
            Change::Nothing => return,
            Change::Link => self.gaps.link(catalog.link.is_up(), self.newest.max(1), micros(now)),
            Change::Account => self.note_account(catalog),
            Change::Streams => {
                for (name, entry) in &catalog.streams {
                    self.note_stream(name, entry, catalog);
                }
                if self.alive != catalog.streams.len() {
                    let known: Vec<String> =
                        self.streams.keys().filter(|n| !catalog.streams.contains_key(*n)).cloned().collect();
                    for name in known {
                        self.stream_gone(&name, micros(now));
                    }
                }
            }
            Change::Stream(name) => match catalog.streams.get(name) {
                Some(entry) => self.note_stream(name, entry, catalog),
                None => self.stream_gone(name, micros(now)),
            },
            Change::Consumers(stream) => {
                if let Some(shelf) = catalog.shelf(stream) {
                    for (name, entry) in &shelf.entries {
                        self.note_consumer(stream, name, entry);
                    }
                }
                self.settle_consumers(stream, catalog, micros(now));
            }
            Change::Consumer(stream, name) => match catalog.consumer(stream, name) {
                Some(entry) => self.note_consumer(stream, name, entry),
                None => self.settle_consumers(stream, catalog, micros(now)),
            },
        }
        self.tidy();
    }

    fn note_account(&mut self, catalog: &Catalog) {
        if let (Some(account), Some(at)) = (catalog.account.value(), catalog.account.taken()) {
            let run = Run::one(micros(at), 0, shape::of_account(account));
            if self.account.last().is_some_and(|last| last >= run.from) {
                return;
            }
            self.room.change(&mut self.account, |track, thin| track.push(run, self.apart, thin));
            self.account_now = Some(account.clone());
        }
    }

    fn note_stream(&mut self, name: &str, entry: &super::StreamEntry, catalog: &Catalog) {
        let at = micros(entry.seen);
        let of = match self.streams.get_mut(name) {
            Some(of) => of,
            None if entry.info.is_none() || !self.room.take(name, size_of::<OfStream>()) => return,
            None => self.streams.entry(name.to_owned()).or_default(),
        };
        let newest = of.track.newest().copied();
        if newest.is_some_and(|run| run.to >= at && run.to - at < LATE) {
            return;
        }
        let silent = entry.availability != Availability::Present;
        let (mut row, late) = match (&entry.info, newest) {
            (_, Some(newest)) if silent => (newest.values, 0),
            (Some(info), _) => (shape::of_stream(entry, info), shape::late(info)),
            (None, _) => return,
        };
        if silent {
            row[STREAM_FLAGS] |= SILENT;
        }
        if newest.is_none_or(|run| StreamThen(run.values).is(GONE)) {
            self.alive += 1;
        }
        row[STREAM_FLAGS] &= !GONE;
        if !silent {
            row[STREAM_FLAGS] &= !SILENT;
            of.info.clone_from(&entry.info);
        }
        let apart = self.gaps.apart(self.apart, newest.map(|run| run.to), at);
        self.room.add(&mut of.track, Run::one(at, late, row), apart, at);
        self.newest = self.newest.max(at);
        // The stream itself says that it has none: its shelf is empty before a listing is.
        if entry.info.as_ref().is_some_and(|info| info.state.consumers == 0) && of.alive > 0 {
            self.settle_consumers(name, catalog, at);
        }
    }

    fn note_consumer(&mut self, stream: &str, name: &str, entry: &super::ConsumerEntry) {
        let at = micros(entry.seen);
        let of = match self.streams.get_mut(stream) {
            Some(of) => of,
            None if !self.room.take(stream, size_of::<OfStream>()) => return,
            None => self.streams.entry(stream.to_owned()).or_default(),
        };
        let kept = match of.consumers.get_mut(name) {
            Some(kept) => kept,
            None if entry.info.is_none() || !self.room.take(name, size_of::<OfConsumer>()) => return,
            None => of.consumers.entry(name.to_owned()).or_default(),
        };
        let newest = kept.track.newest().copied();
        if newest.is_some_and(|run| run.to >= at && run.to - at < LATE) {
            return;
        }
        let silent = entry.availability != Availability::Present;
        let mut row = match (&entry.info, newest) {
            (_, Some(newest)) if silent => newest.values,
            (Some(info), _) => shape::of_consumer(entry, info),
            (None, _) => return,
        };
        if newest.is_none_or(|run| ConsumerThen(run.values).is(GONE)) {
            of.alive += 1;
        }
        row[CONSUMER_FLAGS] &= !(GONE | SILENT);
        if silent {
            row[CONSUMER_FLAGS] |= SILENT;
        } else {
            kept.info.clone_from(&entry.info);
        }
        let apart = self.gaps.apart(self.apart, newest.map(|run| run.to), at);
        self.room.add(&mut kept.track, Run::one(at, 0, row), apart, at);
        self.newest = self.newest.max(at);
    }

    /// Consumers that the catalog has no more are gone.
    fn settle_consumers(&mut self, stream: &str, catalog: &Catalog, at: i64) {
        let Some(of) = self.streams.get_mut(stream) else { return };
        let shelf = catalog.shelf(stream);
        if of.alive == shelf.map_or(0, |shelf| shelf.entries.len()) {
            return;
        }
        for (name, kept) in &mut of.consumers {
            if !shelf.is_some_and(|shelf| shelf.entries.contains_key(name)) && kept.end(&mut self.room, at) {
                of.alive = of.alive.saturating_sub(1);
            }
        }
    }

    fn stream_gone(&mut self, name: &str, at: i64) {
        let Some(of) = self.streams.get_mut(name) else { return };
        for kept in of.consumers.values_mut() {
            kept.end(&mut self.room, at);
        }
        of.alive = 0;
        let Some(newest) = of.track.newest().copied().filter(|run| !StreamThen(run.values).is(GONE)) else { return };
        let mut row = newest.values;
        row[STREAM_FLAGS] |= GONE;
        self.room.add(&mut of.track, Run::one(at.max(newest.to + 1), 0, row), 0, at);
        self.alive = self.alive.saturating_sub(1);
    }

    /// What a stream's numbers were in this span of time.
    pub fn stream(&self, name: &str, from: Timestamp, to: Timestamp) -> Vec<Seen<StreamSample>> {
        let Some(of) = self.streams.get(name) else { return vec![] };
        let sample = |run: &Run<12>| {
            let then = StreamThen(run.values);
            let [last_seq, first_seq, _, bytes, ..] = run.values;
            let (at, messages) = (time(run.to), then.messages());
            let sample = StreamSample { at, messages, bytes, last_seq, first_seq, upstream_lag: 0 };
            (!then.is(GONE | SILENT)).then_some((sample, then.created()))
        };
        self.seen(of.track.between(micros(from), micros(to)), sample)
    }

    /// What a consumer's numbers were in this span of time. Of a stream's log nothing is said.
    pub fn consumer(&self, stream: &str, name: &str, from: Timestamp, to: Timestamp) -> Vec<Seen<ConsumerSample>> {
        let Some(kept) = self.streams.get(stream).and_then(|of| of.consumers.get(name)) else { return vec![] };
        let sample = |run: &Run<23>| {
            let then = ConsumerThen(run.values);
            (!then.is(GONE | SILENT)).then(|| (then.sample(run.to, None), then.created()))
        };
        self.seen(kept.track.between(micros(from), micros(to)), sample)
    }

    fn seen<T, const N: usize>(&self, runs: Vec<Run<N>>, sample: impl Fn(&Run<N>) -> Option<(T, u64)>) -> Vec<Seen<T>> {
        let mut out = Vec::with_capacity(runs.len());
        let mut before: Option<(i64, u64)> = None;
        for run in runs {
            let Some((sample, created)) = sample(&run) else {
                before = None;
                continue;
            };
            let joined = before.is_some_and(|(at, of)| of == created && self.is_joined(at, run.from));
            before = Some((run.to, created));
            out.push(Seen { from: time(run.from), to: time(run.to), sample, joined });
        }
        out
    }

    /// Whether nothing is missing between two samples.
    fn is_joined(&self, a: i64, b: i64) -> bool {
        let old = a < self.newest - self.room.recent;
        let apart = if old { self.apart.max(2 * MINUTE) } else { self.apart };
        b - a <= apart && !self.gaps.between(a, b)
    }
}

impl OfConsumer {
    /// It is not there any more; true when it was until now.
    fn end(&mut self, room: &mut Room, at: i64) -> bool {
        let Some(newest) = self.track.newest().copied().filter(|run| !ConsumerThen(run.values).is(GONE)) else {
            return false;
        };
        let mut row = newest.values;
        row[CONSUMER_FLAGS] |= GONE;
        room.add(&mut self.track, Run::one(at.max(newest.to + 1), 0, row), 0, at);
        true
    }
}

#[cfg(test)]
mod tests;
