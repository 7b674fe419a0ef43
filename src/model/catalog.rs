//! Everything that has been read, kept with its age: the one place where updates become state.
//!
//! The console and `--watch` both feed a catalog, so that rates and "there were consumers before"
//! mean the same in both.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use super::consumer::OWN_PREFIX;
use super::gone::Gone;
use super::ring::SLOT;
use super::update::{Ask, Listing, SubjectCount};
use super::{
    Account, AccountSample, Advisory, AdvisoryKind, Consumer, Link, Problem, Reading, Series, ServerInfo, Stream,
    Thresholds, Timestamp, Traffic, Update,
};

pub use super::entry::{Availability, ConsumerEntry, GivenUp, RATE_WINDOW, Shelf, StreamEntry};

/// Samples kept of the stream that is open: a chart of 15 minutes at one a second.
const DETAIL_SAMPLES: usize = 900;

/// The subjects of one stream.
#[derive(Clone, Debug, PartialEq)]
pub struct Subjects {
    /// The subject filter that was asked with.
    pub filter: String,
    /// Counts, largest first.
    pub counts: Vec<SubjectCount>,
    /// How many there are in all.
    pub total: u64,
    /// Of how many of them the counts are the largest.
    pub read: u64,
}

impl Subjects {
    /// There are more than are kept.
    pub fn is_cut(&self) -> bool {
        self.total > self.counts.len() as u64
    }
}

/// Everything that has been read from one server and account.
#[derive(Clone, Debug, PartialEq)]
pub struct Catalog {
    /// How long a slot of the consumers' rings lasts.
    pub slot: Duration,
    /// What is configured; of it only how much of a consumer may be outstanding matters here.
    thresholds: Arc<Thresholds>,
    /// The connection.
    pub link: Link,
    /// Who answers.
    pub server: Option<ServerInfo>,
    /// The last PING.
    pub rtt: Option<Duration>,
    /// The account.
    pub account: Reading<Account>,
    /// Samples of the account, oldest first.
    pub account_series: Series<AccountSample>,
    /// Streams by name.
    pub streams: BTreeMap<String, StreamEntry>,
    /// How the last sweep over the streams went; the value is the total that the server named.
    pub listing: Reading<u64>,
    /// What was there and is gone.
    pub gone: Gone,
    /// Consumers by stream. Shared, so that freezing a picture of very many does not copy them all at once.
    pub consumers: BTreeMap<String, Arc<Shelf>>,
    /// How the last sweep over all consumers went; the value is how many streams failed.
    pub consumers_swept: Reading<usize>,
    /// How long after each other sweeps over all consumers begin; `None` before the first.
    pub sweep_every: Option<Duration>,
    /// Subjects of the stream that shows them.
    pub subjects: BTreeMap<String, Reading<Subjects>>,
    /// What was found with a filter of subjects last, and of which stream.
    pub found: Option<(String, Subjects)>,
    /// The raw JSON of the streams that were opened.
    pub stream_json: BTreeMap<String, (Arc<str>, Timestamp)>,
    /// The raw JSON of the consumer that was opened last.
    pub consumer_json: Option<(String, String, Arc<str>, Timestamp)>,
    /// Why no advisories arrive, if so.
    pub advisories: Option<Problem>,
    /// Failures of single questions, newest of each.
    pub failures: BTreeMap<AskKey, (Problem, Timestamp)>,
    /// So many nanoseconds the server's clock is ahead of ours. All times here are by the server's.
    pub ahead: i64,
    /// What our looking costs.
    pub traffic: Traffic,
    /// When anything good was last heard.
    pub heard: Option<Timestamp>,
    /// Grows with every change of streams or consumers, so that views know when to sort again.
    pub revision: u64,
}

/// Streams and consumers whose single questions can fail.
pub type AskKey = (String, Option<String>);

impl Default for Catalog {
    fn default() -> Self {
        Self::with_slot(SLOT)
    }
}

impl Catalog {
    /// The same, where this is configured.
    #[must_use]
    pub fn knowing(self, thresholds: &Thresholds) -> Self {
        Self { thresholds: Arc::new(thresholds.clone()), ..self }
    }

    /// An empty one of the same connection, with slots of this length.
    pub(super) fn empty(&self, slot: Duration) -> Self {
        Self { thresholds: Arc::clone(&self.thresholds), ..Self::with_slot(slot) }
    }

    /// How many messages of a consumer may be outstanding.
    pub(super) fn allowed(&self, stream: &str, consumer: &str) -> u64 {
        self.thresholds.allowed(stream, consumer)
    }

    /// An empty one, whose consumers' rings have slots of this length.
    pub fn with_slot(slot: Duration) -> Self {
        Self {
            slot,
            thresholds: Arc::default(),
            link: Link::default(),
            server: None,
            rtt: None,
            account: Reading::default(),
            account_series: Series::default(),
            streams: BTreeMap::new(),
            listing: Reading::default(),
            gone: Gone::default(),
            consumers: BTreeMap::new(),
            consumers_swept: Reading::default(),
            sweep_every: None,
            subjects: BTreeMap::new(),
            found: None,
            stream_json: BTreeMap::new(),
            consumer_json: None,
            advisories: None,
            failures: BTreeMap::new(),
            ahead: 0,
            traffic: Traffic::default(),
            heard: None,
            revision: 0,
        }
    }

    /// How long it takes until every consumer was asked for again: a slot, or as long as a sweep over very many
    /// takes with its pause.
    pub fn poll(&self) -> Duration {
        self.sweep_every.map_or(self.slot, |every| every.max(self.slot))
    }

    /// Takes one report in.
    pub fn apply(&mut self, update: Update) {
        match update {
            Update::Link(link) => self.link = link,
            Update::Server(server) => self.server = Some(server),
            Update::Rtt(rtt) => self.rtt = Some(rtt),
            Update::Account(account, at) => {
                self.hear(at);
                self.account_series.push(AccountSample::new(&account, at));
                self.account.set(account, at);
            }
            Update::Streams(listing) => self.put_listing(listing),
            Update::Stream(stream) => self.put_stream(stream),
            Update::StreamJson { stream, json, taken } => {
                self.hear(taken);
                self.stream_json.insert(stream, (json, taken));
            }
            Update::StreamGone(name, at) => {
                self.hear(at);
                // It may have been made again meanwhile, and another lane has read it.
                if self.streams.get(&name).is_none_or(|entry| !at.is_late(entry.seen)) {
                    self.forget_stream(&name, at);
                }
            }
            Update::Consumers(stream, listing) => self.put_consumers(&stream, listing),
            Update::ConsumersSwept { taken, failed } => {
                self.consumers_swept.set(failed.as_ref().map_or(0, |(n, _)| *n), taken);
                if let Some((_, problem)) = failed {
                    self.consumers_swept.fail(problem, taken);
                }
            }
            Update::SweepEvery(every) => self.sweep_every = Some(every),
            Update::Consumer(consumer) => self.put_consumer(consumer),
            Update::ConsumerJson { stream, consumer, json, taken } => {
                self.hear(taken);
                self.consumer_json = Some((stream, consumer, json, taken));
            }
            Update::Lag(stream, name, lag) => {
                self.hear(lag.taken);
                if let Some(entry) = self.entry(&stream, &name) {
                    entry.lag.get_or_insert_default().set(lag, lag.taken);
                }
            }
            Update::ConsumerGone(stream, name, at) => {
                self.hear(at);
                self.failures.remove(&(stream.clone(), Some(name.clone())));
                if let Some(shelf) = self.consumers.get_mut(&stream)
                    && (shelf.ours.contains(&name)
                        || shelf.entries.get(&name).is_some_and(|entry| !at.is_late(entry.seen)))
                {
                    let shelf = Arc::make_mut(shelf);
                    shelf.retain(at, self.slot, &mut self.gone, |known, _| known != name);
                    shelf.ours.remove(&name);
                    self.revision += 1;
                }
            }
            Update::Subjects { stream, filter, counts, total, read, taken } => {
                self.hear(taken);
                let all = filter == ">";
                let subjects = Subjects { filter, counts, total, read };
                if all {
                    self.subjects.entry(stream).or_default().set(subjects, taken);
                } else {
                    self.found = Some((stream, subjects));
                }
            }
            Update::Advisory(advisory) => self.hear_advisory(&advisory),
            Update::Failed(ask, problem, at) => self.fail(ask, problem, at),
            Update::Traffic(traffic) => self.traffic = traffic,
            Update::Clock(ahead) => self.ahead = ahead,
            // Those who show them keep them.
            Update::AdvisoriesHeard(_)
            | Update::AdvisoriesLost(_)
            | Update::Requests(..)
            | Update::Stored { .. }
            | Update::HeadOfLine { .. } => {}
        }
    }

    /// Keeps a long series of the stream that is open, or of the consumer.
    pub fn keep_long(&mut self, stream: &str, consumer: Option<&str>) {
        if let Some(entry) = self.streams.get_mut(stream) {
            entry.series.resize(DETAIL_SAMPLES);
        }
        if let Some(name) = consumer
            && let Some(entry) = self.entry(stream, name)
        {
            entry.keep_long();
        }
    }

    /// What was found last of this stream's subjects with this filter.
    pub fn found_subjects(&self, stream: &str, filter: &str) -> Option<&Subjects> {
        let (of, found) = self.found.as_ref()?;
        (of == stream && found.filter == filter).then_some(found)
    }

    /// The consumers of a stream.
    pub fn shelf(&self, stream: &str) -> Option<&Shelf> {
        self.consumers.get(stream).map(|shelf| &**shelf)
    }

    /// One consumer.
    pub fn consumer(&self, stream: &str, name: &str) -> Option<&ConsumerEntry> {
        self.consumers.get(stream)?.entries.get(name)
    }

    /// The number of consumers that are known by name.
    pub fn consumer_count(&self) -> usize {
        self.consumers.values().map(|shelf| shelf.entries.len()).sum()
    }

    /// Why the last question about this stream (or one of its consumers) failed.
    pub fn failure(&self, stream: &str, consumer: Option<&str>) -> Option<&Problem> {
        self.failures.get(&(stream.to_owned(), consumer.map(str::to_owned))).map(|(p, _)| p)
    }

    fn entry(&mut self, stream: &str, name: &str) -> Option<&mut ConsumerEntry> {
        Arc::make_mut(self.consumers.get_mut(stream)?).entries.get_mut(name)
    }

    fn hear(&mut self, at: Timestamp) {
        if self.heard.is_none_or(|heard| !at.is_late(heard)) {
            self.heard = Some(at);
        }
    }

    fn put_listing(&mut self, listing: Listing<Stream>) {
        self.revision += 1;
        if !listing.items.is_empty() || listing.problem.is_none() {
            self.hear(listing.taken);
        }
        let beginning = listing.is_beginning();
        let Listing { started, taken, items, missing, offline, total, problem } = listing;
        let whole = problem.is_none();
        for stream in items {
            self.put_stream(stream);
        }
        for name in missing {
            let entry = self.streams.entry(name).or_insert_with(|| StreamEntry::new(taken));
            entry.availability = Availability::Missing;
            entry.seen = taken;
        }
        for (name, reason) in offline {
            let entry = self.streams.entry(name).or_insert_with(|| StreamEntry::new(taken));
            entry.availability = Availability::Offline(reason);
            entry.seen = taken;
        }
        if whole {
            let gone: Vec<String> = self
                .streams
                .iter()
                .filter(|(_, entry)| !is_since(entry.seen, started, taken))
                .map(|(name, _)| name.clone())
                .collect();
            for name in gone {
                self.forget_stream(&name, taken);
            }
            self.forget_strays(started, taken);
            self.listing.set(total, taken);
        } else if let Some(problem) = problem {
            if beginning {
                // Nobody knows what became of the others, and a list without an end brings others each time.
                self.streams.retain(|_, entry| is_since(entry.seen, started, taken));
                self.forget_strays(started, taken);
            }
            self.listing.fail(problem, taken);
        }
    }

    fn put_stream(&mut self, stream: Arc<Stream>) {
        self.revision += 1;
        self.hear(stream.taken);
        self.failures.remove(&(stream.name.clone(), None));
        let before = self.gone.streams.remove(&stream.name).filter(|lost| lost.was.created != stream.created);
        if stream.state.consumers == 0
            && let Some(shelf) = self.consumers.get_mut(&stream.name)
        {
            // The stream's own count is the newer word: do not show consumers that are gone.
            let shelf = Arc::make_mut(shelf);
            shelf.retain(stream.taken, self.slot, &mut self.gone, |_, entry| entry.seen > stream.taken);
            shelf.ours.clear();
        }
        if let Some(shelf) = self.consumers.get_mut(&stream.name)
            && shelf.is_unsettled()
        {
            Arc::make_mut(shelf).settle(&stream);
        }
        let shelf = self.consumers.get(&stream.name).map(|shelf| &**shelf);
        match self.streams.get_mut(&stream.name) {
            Some(entry) => entry.put(stream, shelf),
            None => {
                let mut entry = StreamEntry::new(stream.taken);
                let name = stream.name.clone();
                if let Some(lost) = before {
                    entry.was_another(lost.was, stream.taken);
                }
                entry.put(stream, shelf);
                self.streams.insert(name, entry);
            }
        }
    }

    fn put_consumers(&mut self, stream: &str, listing: Listing<Consumer>) {
        self.revision += 1;
        let beginning = listing.is_beginning();
        let Listing { started, taken, items, missing, offline, problem, .. } = listing;
        if problem.is_none() {
            self.hear(taken);
        }
        let of = self.streams.get(stream).and_then(|entry| entry.info.as_deref());
        let shelf = Arc::make_mut(self.consumers.entry(stream.to_owned()).or_default());
        if problem.is_none() {
            shelf.ours.clear();
        }
        for consumer in items {
            shelf.put(consumer, of, self.slot, &self.thresholds);
        }
        for name in missing.into_iter().filter(|name| !name.starts_with(OWN_PREFIX)) {
            let entry = shelf.entries.entry(name).or_insert_with(|| ConsumerEntry::new(taken));
            entry.availability = Availability::Missing;
            entry.seen = taken;
        }
        for (name, reason) in offline {
            let entry = shelf.entries.entry(name).or_insert_with(|| ConsumerEntry::new(taken));
            entry.availability = Availability::Offline(reason);
            entry.seen = taken;
        }
        if let Some(problem) = problem {
            if beginning {
                shelf.entries.retain(|_, entry| entry.is_open() || is_since(entry.seen, started, taken));
            }
            shelf.listing.fail(problem, taken);
        } else {
            shelf.retain(taken, self.slot, &mut self.gone, |_, entry| is_since(entry.seen, started, taken));
            shelf.listing.set((), taken);
            // What was said of a consumer that is gone is of no use any more.
            let known = &shelf.entries;
            self.failures.retain(|(of, name), (_, at)| {
                of != stream
                    || name.as_ref().is_none_or(|name| known.contains_key(name) || is_since(*at, started, taken))
            });
        }
        self.recount(stream);
    }

    fn recount(&mut self, stream: &str) {
        let shelf = self.consumers.get(stream);
        let is_back = |name: &str| shelf.is_some_and(|shelf| shelf.entries.contains_key(name));
        self.gone.consumers.retain(|(of, name), _| of != stream || !is_back(name));
        if let (Some(entry), Some(shelf)) = (self.streams.get_mut(stream), self.consumers.get(stream)) {
            entry.recount(shelf);
        }
    }

    fn put_consumer(&mut self, consumer: Arc<Consumer>) {
        self.revision += 1;
        self.hear(consumer.taken);
        self.failures.remove(&(consumer.stream.clone(), Some(consumer.name.clone())));
        let stream = consumer.stream.clone();
        let of = self.streams.get(&stream).and_then(|entry| entry.info.as_deref());
        Arc::make_mut(self.consumers.entry(stream.clone()).or_default()).put(consumer, of, self.slot, &self.thresholds);
        self.recount(&stream);
    }

    /// Most of what an advisory announces is asked for at once; only what the server keeps nowhere is taken from it.
    fn hear_advisory(&mut self, advisory: &Advisory) {
        if advisory.kind == AdvisoryKind::StreamDeleted {
            self.gone.was_deleted(&advisory.stream);
        }
        if let (AdvisoryKind::Nak { .. }, Some(name)) = (&advisory.kind, &advisory.consumer)
            && let Some(entry) = self.entry(&advisory.stream, name)
        {
            entry.refused = Some(advisory.time);
        }
        if let (AdvisoryKind::MaxDeliveries { stream_seq, .. }, Some(name)) = (&advisory.kind, &advisory.consumer)
            && let Some(entry) = self.entry(&advisory.stream, name)
        {
            entry.given_up.messages += 1;
            entry.given_up.last_seq = *stream_seq;
            self.revision += 1;
        }
    }

    fn forget_stream(&mut self, name: &str, at: Timestamp) {
        self.revision += 1;
        if let Some(info) = self.streams.remove(name).and_then(|entry| entry.info) {
            self.gone.stream(name, info, at);
        }
        self.consumers.remove(name);
        self.subjects.remove(name);
        self.stream_json.remove(name);
        self.failures.retain(|(stream, _), _| stream != name);
    }

    /// An answer about a stream can arrive after the word that the stream is gone; nothing else would remove it.
    fn forget_strays(&mut self, started: Timestamp, taken: Timestamp) {
        let known = &self.streams;
        self.consumers.retain(|name, shelf| {
            known.contains_key(name) || shelf.entries.values().any(|entry| is_since(entry.seen, started, taken))
        });
        self.subjects.retain(|name, _| known.contains_key(name));
        self.stream_json.retain(|name, (_, at)| known.contains_key(name) || is_since(*at, started, taken));
        self.failures.retain(|(name, _), (_, at)| known.contains_key(name) || is_since(*at, started, taken));
    }

    fn fail(&mut self, ask: Ask, problem: Problem, at: Timestamp) {
        match ask {
            Ask::Streams => self.listing.fail(problem, at),
            Ask::Stream(name) => {
                self.failures.insert((name, None), (problem, at));
            }
            Ask::Consumers(stream) => {
                Arc::make_mut(self.consumers.entry(stream).or_default()).listing.fail(problem, at);
            }
            Ask::Consumer(stream, name) => {
                self.failures.insert((stream, Some(name)), (problem, at));
            }
            Ask::Lag(stream, name) => {
                if let Some(entry) = self.entry(&stream, &name) {
                    entry.lag.get_or_insert_default().fail(problem, at);
                }
            }
            Ask::Account => self.account.fail(problem, at),
            Ask::Subjects(stream) => self.subjects.entry(stream).or_default().fail(problem, at),
            Ask::Advisories => self.advisories = Some(problem),
        }
    }
}

/// Whether this was heard of since a list was begun. What lies far ahead of the list is no news: the clock was
/// set back.
fn is_since(seen: Timestamp, started: Timestamp, taken: Timestamp) -> bool {
    seen >= started && (seen <= taken || taken.is_late(seen))
}

#[cfg(test)]
mod tests;
