//! What is kept of each stream and consumer: the newest answer, its age, and a ring of samples.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use super::gone::Gone;
use super::missed::{Missed, is_picky};
use super::ring::{Ring, Run, SLOTS};
use super::{Consumer, ConsumerSample, Lag, Reading, Series, Stream, StreamSample, Thresholds, Timestamp};

/// Samples kept of each stream: enough for a sparkline and a rate.
const ROW_SAMPLES: usize = 40;
/// Samples kept of the consumer that is open: a chart of 15 minutes at one a second.
const DETAIL_SAMPLES: usize = 900;
/// A consumer that is made again within so many slots is the same one to whoever reads its row.
const REMEMBERED: u32 = 3 * SLOTS as u32;
/// So many of those that are gone are remembered of each stream.
const MOST_GONE: usize = 1_000;
/// The window of the in-rate.
pub const RATE_WINDOW: Duration = Duration::from_secs(10);

/// Whether the server that keeps a thing answers for it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Availability {
    /// It was listed with its data.
    #[default]
    Present,
    /// It exists, but the servers that keep it did not answer.
    Missing,
    /// It exists and is offline, for this reason.
    Offline(String),
}

/// A stream as far as it is known.
#[derive(Clone, Debug, PartialEq)]
pub struct StreamEntry {
    /// The last good answer; `None` when only the name is known.
    pub info: Option<Arc<Stream>>,
    /// Whether it answers now.
    pub availability: Availability,
    /// Samples, oldest first.
    pub series: Series<StreamSample>,
    /// It had durable consumers at some time since we look.
    pub had_consumers: bool,
    /// Since when it has no durable consumer, if it had one before.
    pub consumers_gone: Option<Timestamp>,
    /// When it was last heard of.
    pub seen: Timestamp,
    /// When it was seen to have been deleted and made again, and what was there before.
    pub recreated: Option<(Timestamp, Arc<Stream>)>,
    /// Consumers as the server counted them last, our own readers among them.
    counted: u64,
}

impl StreamEntry {
    pub(super) fn new(at: Timestamp) -> Self {
        Self {
            info: None,
            availability: Availability::Present,
            series: Series::new(ROW_SAMPLES),
            had_consumers: false,
            consumers_gone: None,
            seen: at,
            recreated: None,
            counted: 0,
        }
    }

    /// As it was at an earlier time.
    pub(super) fn of_past(
        info: Option<Arc<Stream>>,
        availability: Availability,
        samples: impl IntoIterator<Item = StreamSample>,
        had_consumers: bool,
        consumers_gone: Option<Timestamp>,
        seen: Timestamp,
    ) -> Self {
        let mut series = Series::new(ROW_SAMPLES);
        samples.into_iter().for_each(|sample| series.push(sample));
        let counted = info.as_ref().map_or(0, |info| info.state.consumers);
        Self { info, availability, series, had_consumers, consumers_gone, seen, recreated: None, counted }
    }

    /// Takes an answer in; `shelf` tells which of its consumers are our own.
    pub(super) fn put(&mut self, mut stream: Arc<Stream>, shelf: Option<&Shelf>) {
        if let Some(old) = &self.info {
            if stream.taken.is_late(old.taken) {
                return;
            }
            if old.created != stream.created {
                self.series.clear();
                self.had_consumers = false;
                self.was_another(Arc::clone(old), stream.taken);
            }
        }
        self.counted = stream.state.consumers;
        let others = others(self.counted, shelf);
        if others != self.counted {
            Arc::make_mut(&mut stream).state.consumers = others;
        }
        self.series.push(StreamSample::from(&*stream));
        self.seen = stream.taken;
        self.availability = Availability::Present;
        self.info = Some(stream);
        self.look_for_durables(shelf);
    }

    /// Another stream of this name was there before.
    pub(super) fn was_another(&mut self, before: Arc<Stream>, at: Timestamp) {
        self.recreated = Some((at, before));
    }

    /// More is known of its consumers: what was counted may have been our own readers.
    pub(super) fn recount(&mut self, shelf: &Shelf) {
        let Some(info) = &mut self.info else { return };
        let others = others(self.counted, Some(shelf));
        if others != info.state.consumers {
            Arc::make_mut(info).state.consumers = others;
        }
        self.look_for_durables(Some(shelf));
    }

    /// Only what outlives its client is a consumer whose absence is worth telling: one-off readers come and go.
    fn look_for_durables(&mut self, shelf: Option<&Shelf>) {
        let has = shelf.is_some_and(Shelf::has_durable);
        self.had_consumers |= has;
        self.consumers_gone = if self.had_consumers && !has { self.consumers_gone.or(Some(self.seen)) } else { None };
    }

    /// Messages stored per second over the last ten seconds; `None` on one sample.
    pub fn rate_in(&self) -> Option<f64> {
        self.series.rate(RATE_WINDOW, |s| s.last_seq)
    }
}

/// Messages that were delivered as often as they may be and not acked: they are not delivered again.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct GivenUp {
    /// How many since we look; the server keeps no count.
    pub messages: u64,
    /// Stream sequence of the newest.
    pub last_seq: u64,
}

/// A consumer as far as it is known.
#[derive(Clone, Debug, PartialEq)]
pub struct ConsumerEntry {
    /// The last good answer; `None` when only the name is known.
    pub info: Option<Arc<Consumer>>,
    /// Whether it answers now.
    pub availability: Availability,
    /// A sample of each of the last ten slots: what its verdict follows from.
    pub ring: Ring,
    /// Every sample of the last minutes, while it is open.
    long: Option<Box<Series<ConsumerSample>>>,
    /// So many outstanding are as good as none.
    pub allowed: u64,
    /// Since when there is something outstanding, or nothing.
    pub outstanding: Option<Run>,
    /// Since when it is paused, or not.
    pub paused: Option<Run>,
    /// When it was seen to have been deleted and made again.
    pub recreated: Option<Timestamp>,
    /// The oldest message that it has not acked, where it was looked at.
    pub lag: Option<Box<Reading<Lag>>>,
    /// What it gave up on.
    pub given_up: GivenUp,
    /// What was dropped before it had read it.
    pub missed: Missed,
    /// When a client last said that it still works on what it has. The server tells that as the time of a delivery that
    /// did not happen.
    pub progress: Option<Timestamp>,
    /// When a client was last heard to refuse a message (NAK).
    pub refused: Option<Timestamp>,
    /// When it was last heard of.
    pub seen: Timestamp,
}

impl ConsumerEntry {
    pub(super) fn new(at: Timestamp) -> Self {
        Self {
            info: None,
            availability: Availability::Present,
            ring: Ring::default(),
            long: None,
            allowed: 0,
            outstanding: None,
            paused: None,
            recreated: None,
            lag: None,
            given_up: GivenUp::default(),
            missed: Missed::default(),
            progress: None,
            refused: None,
            seen: at,
        }
    }

    /// When something was acked last, where that is known. What the log drops before it is acked the server counts as acked,
    /// too: where the log begins behind the ack floor, only an ack before the last delivery is sure to have been one.
    pub fn last_acked(&self) -> Option<Timestamp> {
        let info = self.info.as_deref()?;
        let begins = self.ring.samples().last().and_then(|sample| sample.edges).filter(|edges| !edges.acks_remove);
        let dropped = begins.is_some_and(|edges| info.ack_floor.stream_seq < edges.first_seq);
        let acked = info.ack_floor.last_active?;
        (!dropped || info.delivered.last_active.is_some_and(|at| acked <= at)).then_some(acked)
    }

    /// How many messages a second leave the beginning of its stream's log, as far back as there are samples.
    pub fn dropped_per_second(&self) -> Option<f64> {
        let begins = |sample: &ConsumerSample| sample.edges.map(|edges| (sample.at, edges.first_seq));
        let (from, to) =
            (self.ring.samples().iter().find_map(begins)?, self.ring.samples().iter().rev().find_map(begins)?);
        let seconds = to.0.seconds_since(from.0);
        (seconds > 0.0 && to.1 > from.1).then(|| (to.1 - from.1) as f64 / seconds)
    }

    /// It takes only some of the messages of its stream.
    pub fn is_picky(&self) -> bool {
        self.info.as_deref().is_some_and(is_picky)
    }

    fn put(&mut self, consumer: Arc<Consumer>, stream: Option<&Stream>, slot: Duration) {
        if let Some(old) = &self.info {
            if consumer.taken.is_late(old.taken) {
                return;
            }
            if old.created != consumer.created {
                self.ring = Ring::default();
                self.long = self.long.take().map(|_| Box::new(Series::new(DETAIL_SAMPLES)));
                (self.outstanding, self.paused, self.lag) = (None, None, None);
                (self.given_up, self.missed) = (GivenUp::default(), Missed::default());
                (self.progress, self.refused) = (None, None);
                self.recreated = Some(consumer.taken);
            }
            let (before, after) = (&old.delivered, &consumer.delivered);
            if before.consumer_seq == after.consumer_seq
                && before.last_active.is_some_and(|at| after.last_active > Some(at))
            {
                self.progress = Some(consumer.taken);
            }
        }
        let sample = ConsumerSample::new(&consumer, stream);
        self.outstanding = Some(Run::next(self.outstanding, sample.outstanding() > self.allowed, sample.at));
        if sample.outstanding() == 0 {
            self.lag = None;
        }
        self.paused = Some(Run::next(self.paused, sample.paused, sample.at));
        self.ring.push(sample, slot);
        if let Some(long) = &mut self.long {
            long.push(sample);
        }
        self.seen = consumer.taken;
        self.availability = Availability::Present;
        self.info = Some(consumer);
        self.missed.look(self.ring.samples(), self.is_picky());
    }

    /// Its stream was read, see [`Ring::settle`].
    fn settle(&mut self, stream: &Stream) {
        self.ring.settle(stream);
        self.missed.look(self.ring.samples(), self.is_picky());
    }

    /// Keeps a long series from now on, for charts.
    pub(super) fn keep_long(&mut self) {
        if self.long.is_none() {
            let mut long = Series::new(DETAIL_SAMPLES);
            self.ring.samples().iter().for_each(|sample| long.push(*sample));
            self.long = Some(Box::new(long));
        }
    }

    /// It is, or was, open on a screen.
    pub(super) const fn is_open(&self) -> bool {
        self.long.is_some()
    }

    /// A value over time, oldest first: as far back as samples are kept.
    pub fn points(&self, value: impl Fn(&ConsumerSample) -> f64) -> Vec<(Timestamp, f64)> {
        let point = |s: &ConsumerSample| (s.at, value(s));
        match &self.long {
            Some(long) => long.iter().map(point).collect(),
            None => self.ring.samples().iter().map(point).collect(),
        }
    }

    /// Growth of a counter per second over the last ten seconds; `None` on one sample.
    pub fn rate(&self, counter: impl Fn(&ConsumerSample) -> u64) -> Option<f64> {
        match &self.long {
            Some(long) => long.rate(RATE_WINDOW, counter),
            None => self.ring.rate(RATE_WINDOW, counter),
        }
    }

    /// Growth of a counter per second between samples, see [`Series::rates`].
    pub fn rates(&self, counter: impl Fn(&ConsumerSample) -> u64) -> Vec<(Timestamp, f64)> {
        match &self.long {
            Some(long) => long.rates(counter),
            None => self.ring.rates(counter),
        }
    }
}

/// The consumers of one stream.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Shelf {
    /// By name.
    pub entries: BTreeMap<String, ConsumerEntry>,
    /// How the last listing went.
    pub listing: Reading<()>,
    /// The names of our own readers; they are no consumers that anybody asks about.
    pub(super) ours: BTreeSet<String>,
    /// Some newest samples wait for the ends of the stream's log.
    unsettled: bool,
    /// Consumers that were deleted lately: when they had been created, and when they went.
    gone: BTreeMap<String, (Option<Timestamp>, Timestamp)>,
}

impl Shelf {
    /// Takes an answer in.
    pub(super) fn put(
        &mut self,
        consumer: Arc<Consumer>,
        stream: Option<&Stream>,
        slot: Duration,
        thresholds: &Thresholds,
    ) {
        if consumer.is_ours() {
            self.ours.insert(consumer.name.clone());
            return;
        }
        self.unsettled = true;
        if let Some(entry) = self.entries.get_mut(&consumer.name) {
            entry.put(consumer, stream, slot);
            return;
        }
        let mut entry = ConsumerEntry::new(consumer.taken);
        if let Some((created, went)) = self.gone.remove(&consumer.name)
            && created != consumer.created
            && consumer.taken.since(went) < slot * REMEMBERED
        {
            entry.recreated = Some(consumer.taken);
        }
        let name = consumer.name.clone();
        entry.allowed = thresholds.allowed(&consumer.stream, &name);
        entry.put(consumer, stream, slot);
        self.entries.insert(name, entry);
    }

    /// The stream was read: samples that wait for it take its ends.
    pub(super) fn settle(&mut self, stream: &Stream) {
        for entry in self.entries.values_mut() {
            entry.settle(stream);
        }
        self.unsettled = self.entries.values().any(|entry| entry.info.as_ref().is_some_and(|i| i.taken > stream.asked));
    }

    /// Whether there is one that outlives its client.
    pub(super) fn has_durable(&self) -> bool {
        self.entries.values().any(|entry| entry.info.as_ref().is_some_and(|info| info.config.durable))
    }

    /// Whether [`Shelf::settle`] has anything to do.
    pub(super) const fn is_unsettled(&self) -> bool {
        self.unsettled
    }

    /// Forgets those that are not to be kept, but for a while that they were there: what is deleted and made again
    /// within that time is told.
    pub(super) fn retain(
        &mut self,
        at: Timestamp,
        slot: Duration,
        all: &mut Gone,
        keep: impl Fn(&str, &ConsumerEntry) -> bool,
    ) {
        let (gone, entries) = (&mut self.gone, &mut self.entries);
        entries.retain(|name, entry| {
            let keep = keep(name, entry);
            if !keep && let Some(info) = &entry.info {
                if gone.len() < MOST_GONE {
                    gone.insert(name.clone(), (info.created, at));
                }
                all.consumer(Arc::clone(info), at);
            }
            keep
        });
        gone.retain(|_, (_, went)| at.since(*went) < slot * REMEMBERED);
    }
}

/// Consumers that are not our own, of so many. Those that are known by name count in any case: who reads with
/// this program comes and goes between two answers.
fn others(counted: u64, shelf: Option<&Shelf>) -> u64 {
    let Some(shelf) = shelf else { return counted };
    counted.saturating_sub(shelf.ours.len() as u64).max(counted.min(shelf.entries.len() as u64))
}
