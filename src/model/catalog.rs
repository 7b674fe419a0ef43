//! Everything that has been read, kept with its age: the one place where updates become state.
//!
//! The console and `--watch` both feed a catalog, so that rates and "there were consumers before"
//! mean the same in both.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use super::update::{Ask, Listing, SubjectCount};
use super::{
    Account, Advisory, AdvisoryKind, Consumer, Link, Problem, Reading, ServerInfo, Stream, Timestamp, Traffic, Update,
};

pub use super::entry::{Availability, ConsumerEntry, GivenUp, RATE_WINDOW, Shelf, StreamEntry};

/// Samples kept of the stream or consumer that is open: a chart of 15 minutes at one a second.
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
}

/// Everything that has been read from one server and account.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Catalog {
    /// The connection.
    pub link: Link,
    /// Who answers.
    pub server: Option<ServerInfo>,
    /// The last PING.
    pub rtt: Option<Duration>,
    /// The account.
    pub account: Reading<Account>,
    /// Streams by name.
    pub streams: BTreeMap<String, StreamEntry>,
    /// How the last sweep over the streams went; the value is the total that the server named.
    pub listing: Reading<u64>,
    /// Consumers by stream. Shared, so that freezing a picture of very many does not copy them all at once.
    pub consumers: BTreeMap<String, Arc<Shelf>>,
    /// How the last sweep over all consumers went; the value is how many streams failed.
    pub consumers_swept: Reading<usize>,
    /// Subjects of the stream that shows them.
    pub subjects: BTreeMap<String, Reading<Subjects>>,
    /// The raw JSON of the streams that were opened.
    pub stream_json: BTreeMap<String, (Arc<str>, Timestamp)>,
    /// The raw JSON of the consumer that was opened last.
    pub consumer_json: Option<(String, String, Arc<str>, Timestamp)>,
    /// Why no advisories arrive, if so.
    pub advisories: Option<Problem>,
    /// Failures of single questions, newest of each.
    pub failures: BTreeMap<AskKey, (Problem, Timestamp)>,
    /// What our looking costs.
    pub traffic: Traffic,
    /// When anything good was last heard.
    pub heard: Option<Timestamp>,
    /// Grows with every change of streams or consumers, so that views know when to sort again.
    pub revision: u64,
}

/// Streams and consumers whose single questions can fail.
pub type AskKey = (String, Option<String>);

impl Catalog {
    /// Takes one report in.
    pub fn apply(&mut self, update: Update) {
        match update {
            Update::Link(link) => self.link = link,
            Update::Server(server) => self.server = Some(server),
            Update::Rtt(rtt) => self.rtt = Some(rtt),
            Update::Account(account, at) => {
                self.hear(at);
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
                self.forget_stream(&name);
            }
            Update::Consumers(stream, listing) => self.put_consumers(stream, listing),
            Update::ConsumersSwept { taken, failed } => {
                self.consumers_swept.set(failed.as_ref().map_or(0, |(n, _)| *n), taken);
                if let Some((_, problem)) = failed {
                    self.consumers_swept.fail(problem, taken);
                }
            }
            Update::Consumer(consumer) => self.put_consumer(consumer),
            Update::ConsumerJson { stream, consumer, json, taken } => {
                self.hear(taken);
                self.consumer_json = Some((stream, consumer, json, taken));
            }
            Update::ConsumerGone(stream, name, at) => {
                self.hear(at);
                self.failures.remove(&(stream.clone(), Some(name.clone())));
                if let Some(shelf) = self.consumers.get_mut(&stream) {
                    Arc::make_mut(shelf).entries.remove(&name);
                    self.revision += 1;
                }
            }
            Update::Subjects { stream, filter, counts, total, taken } => {
                self.hear(taken);
                self.subjects.entry(stream).or_default().set(Subjects { filter, counts, total }, taken);
            }
            Update::Advisory(advisory) => self.count_given_up(&advisory),
            Update::Failed(ask, problem, at) => self.fail(ask, problem, at),
            Update::Traffic(traffic) => self.traffic = traffic,
        }
    }

    /// Keeps a long series of the stream that is open, and of its consumers a medium one.
    pub fn keep_long(&mut self, stream: &str, consumer: Option<&str>) {
        if let Some(entry) = self.streams.get_mut(stream) {
            entry.series.resize(DETAIL_SAMPLES);
        }
        if let (Some(name), Some(shelf)) = (consumer, self.consumers.get_mut(stream))
            && let Some(entry) = Arc::make_mut(shelf).entries.get_mut(name)
        {
            entry.series.resize(DETAIL_SAMPLES);
        }
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

    fn hear(&mut self, at: Timestamp) {
        self.heard = self.heard.max(Some(at));
    }

    fn put_listing(&mut self, listing: Listing<Stream>) {
        self.revision += 1;
        if !listing.items.is_empty() || listing.problem.is_none() {
            self.hear(listing.taken);
        }
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
            let gone: Vec<String> =
                self.streams.iter().filter(|(_, entry)| entry.seen < started).map(|(name, _)| name.clone()).collect();
            for name in gone {
                self.forget_stream(&name);
            }
            // An answer about consumers can arrive after the word that their stream is gone.
            self.consumers.retain(|name, shelf| {
                self.streams.contains_key(name) || shelf.entries.values().any(|entry| entry.seen >= started)
            });
            self.listing.set(total, taken);
        } else if let Some(problem) = problem {
            self.listing.fail(problem, taken);
        }
    }

    fn put_stream(&mut self, stream: Arc<Stream>) {
        self.revision += 1;
        self.hear(stream.taken);
        self.failures.remove(&(stream.name.clone(), None));
        if stream.state.consumers == 0
            && let Some(shelf) = self.consumers.get_mut(&stream.name)
        {
            // The stream's own count is the newer word: do not show consumers that are gone.
            Arc::make_mut(shelf).entries.retain(|_, entry| entry.seen > stream.taken);
        }
        match self.streams.get_mut(&stream.name) {
            Some(entry) => entry.put(stream),
            None => {
                let mut entry = StreamEntry::new(stream.taken);
                let name = stream.name.clone();
                entry.put(stream);
                self.streams.insert(name, entry);
            }
        }
    }

    fn put_consumers(&mut self, stream: String, listing: Listing<Consumer>) {
        self.revision += 1;
        let Listing { started, taken, items, missing, offline, problem, .. } = listing;
        if problem.is_none() {
            self.hear(taken);
        }
        let shelf = Arc::make_mut(self.consumers.entry(stream).or_default());
        for consumer in items {
            put_on(shelf, consumer);
        }
        for name in missing {
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
            shelf.listing.fail(problem, taken);
        } else {
            shelf.entries.retain(|_, entry| entry.seen >= started);
            shelf.listing.set((), taken);
        }
    }

    fn put_consumer(&mut self, consumer: Arc<Consumer>) {
        self.revision += 1;
        self.hear(consumer.taken);
        self.failures.remove(&(consumer.stream.clone(), Some(consumer.name.clone())));
        let shelf = Arc::make_mut(self.consumers.entry(consumer.stream.clone()).or_default());
        put_on(shelf, consumer);
    }

    /// Most of what an advisory announces is asked for at once; only what the server keeps nowhere is taken from it.
    fn count_given_up(&mut self, advisory: &Advisory) {
        if let (AdvisoryKind::MaxDeliveries { stream_seq, .. }, Some(name)) = (&advisory.kind, &advisory.consumer)
            && let Some(entry) =
                self.consumers.get_mut(&advisory.stream).and_then(|s| Arc::make_mut(s).entries.get_mut(name))
        {
            entry.given_up.messages += 1;
            entry.given_up.last_seq = *stream_seq;
            self.revision += 1;
        }
    }

    fn forget_stream(&mut self, name: &str) {
        self.revision += 1;
        self.streams.remove(name);
        self.consumers.remove(name);
        self.subjects.remove(name);
        self.stream_json.remove(name);
        self.failures.retain(|(stream, _), _| stream != name);
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
            Ask::Account => self.account.fail(problem, at),
            Ask::Subjects(stream) => self.subjects.entry(stream).or_default().fail(problem, at),
            Ask::Advisories => self.advisories = Some(problem),
        }
    }
}

fn put_on(shelf: &mut Shelf, consumer: Arc<Consumer>) {
    match shelf.entries.get_mut(&consumer.name) {
        Some(entry) => entry.put(consumer),
        None => {
            let mut entry = ConsumerEntry::new(consumer.taken);
            let name = consumer.name.clone();
            entry.put(consumer);
            shelf.entries.insert(name, entry);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::ProblemKind;

    fn stream(name: &str, at: i64, consumers: u64) -> Arc<Stream> {
        let mut s = Stream { name: name.into(), taken: Timestamp::from_secs(at), ..Default::default() };
        s.state.consumers = consumers;
        s.state.last_seq = at as u64 * 10;
        Arc::new(s)
    }

    fn listing(at: i64, names: &[&str]) -> Listing<Stream> {
        Listing {
            started: Timestamp::from_secs(at),
            taken: Timestamp::from_secs(at),
            items: names.iter().map(|n| stream(n, at, 1)).collect(),
            missing: vec![],
            offline: vec![],
            total: names.len() as u64,
            problem: None,
        }
    }

    #[test]
    fn a_whole_list_removes_what_is_gone_and_a_partial_one_does_not() {
        let mut c = Catalog::default();
        c.apply(Update::Streams(listing(1, &["a", "b"])));
        let mut partial = listing(2, &["a"]);
        partial.problem = Some(Problem::new(ProblemKind::Timeout, "page 2 did not come"));
        c.apply(Update::Streams(partial));
        assert!(c.streams.contains_key("b"));
        c.apply(Update::Streams(listing(3, &["a"])));
        assert!(!c.streams.contains_key("b"));
    }

    #[test]
    fn consumers_told_after_their_stream_was_deleted_do_not_stay() {
        let mut c = Catalog::default();
        let consumer =
            Consumer { stream: "b".into(), name: "late".into(), taken: Timestamp::from_secs(1), ..Default::default() };
        c.apply(Update::StreamGone("b".into(), Timestamp::from_secs(1)));
        c.apply(Update::Consumer(Arc::new(consumer)));
        c.apply(Update::Streams(listing(2, &["a"])));
        assert!(c.consumers.is_empty());
    }

    #[test]
    fn missing_is_not_gone_and_keeps_its_data() {
        let mut c = Catalog::default();
        c.apply(Update::Streams(listing(1, &["a", "b"])));
        let mut second = listing(2, &["a"]);
        second.missing = vec!["b".into(), "never-seen".into()];
        c.apply(Update::Streams(second));
        assert_eq!(c.streams["b"].availability, Availability::Missing);
        assert!(c.streams["b"].info.is_some());
        assert!(c.streams["never-seen"].info.is_none());
    }

    #[test]
    fn a_stream_made_during_a_sweep_stays() {
        let mut c = Catalog::default();
        c.apply(Update::Stream(stream("new", 5, 0)));
        let mut sweep = listing(4, &["a"]);
        sweep.taken = Timestamp::from_secs(6);
        c.apply(Update::Streams(sweep));
        assert!(c.streams.contains_key("new"));
    }

    #[test]
    fn zero_consumers_is_remembered_only_where_there_were_some() {
        let mut c = Catalog::default();
        c.apply(Update::Stream(stream("a", 1, 0)));
        assert_eq!(c.streams["a"].consumers_gone, None);
        c.apply(Update::Stream(stream("a", 2, 2)));
        c.apply(Update::Stream(stream("a", 3, 0)));
        c.apply(Update::Stream(stream("a", 4, 0)));
        assert_eq!(c.streams["a"].consumers_gone, Some(Timestamp::from_secs(3)));
        assert_eq!(c.streams["a"].rate_in(), Some(10.0));
    }

    #[test]
    fn a_late_answer_does_not_overwrite_a_newer_one() {
        let mut c = Catalog::default();
        c.apply(Update::Stream(stream("a", 5, 1)));
        c.apply(Update::Stream(stream("a", 4, 3)));
        assert_eq!(c.streams["a"].info.as_ref().unwrap().state.consumers, 1);
    }

    #[test]
    fn failures_are_cleared_by_the_next_answer() {
        let mut c = Catalog::default();
        let at = Timestamp::from_secs(1);
        c.apply(Update::Failed(Ask::Stream("a".into()), Problem::new(ProblemKind::Timeout, "x"), at));
        assert!(c.failure("a", None).is_some());
        c.apply(Update::Stream(stream("a", 2, 1)));
        assert!(c.failure("a", None).is_none());
    }
}
