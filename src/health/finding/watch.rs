//! The rules at work: after each report of the poller they look at what it was about, and at nothing else.

use std::time::Duration;

use crate::health::{Level, Terms};
use crate::model::entry::Shelf;
use crate::model::{AdvisoryKind, Catalog, ConsumerEntry, Rule, StreamEntry, Thresholds, Timestamp, Update};

use super::book;
use super::entry::{Check, Hit, Story};
use super::gone;
use super::look::{AccountLook, ConsumerLook, Of, StreamLook};
use super::place::At;
use super::tracker::Tracker;

/// What a report is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Touched {
    /// Nothing that rules look at.
    Nothing,
    /// The account.
    Account,
    /// All streams.
    Streams,
    /// One stream.
    Stream(String),
    /// The consumers of a stream.
    Consumers(String),
    /// One consumer.
    Consumer(String, String),
}

impl Touched {
    /// By this report.
    pub fn by(update: &Update) -> Self {
        match update {
            Update::Account(..) => Self::Account,
            Update::Streams(_) => Self::Streams,
            Update::Stream(stream) => Self::Stream(stream.name.clone()),
            Update::StreamGone(name, _) => Self::Stream(name.clone()),
            Update::Consumers(stream, _) | Update::Subjects { stream, .. } => Self::Consumers(stream.clone()),
            Update::Consumer(consumer) => Self::Consumer(consumer.stream.clone(), consumer.name.clone()),
            Update::ConsumerGone(stream, name, _) => Self::Consumer(stream.clone(), name.clone()),
            Update::Advisory(advisory) if advisory.kind == AdvisoryKind::StreamDeleted => {
                Self::Stream(advisory.stream.clone())
            }
            Update::Advisory(advisory) => match &advisory.consumer {
                Some(name) => Self::Consumer(advisory.stream.clone(), name.clone()),
                None => Self::Nothing,
            },
            _ => Self::Nothing,
        }
    }
}

/// All findings, kept up to date.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Watch {
    /// What is known of them.
    pub tracker: Tracker,
    /// Kept so that it need not be made anew for each place.
    hits: Vec<(Rule, Hit)>,
}

impl Watch {
    /// Whose rules wait no longer than this before they tell what could pass by itself.
    pub fn impatient(impatience: Duration) -> Self {
        Self { tracker: Tracker::impatient(impatience), hits: Vec::new() }
    }

    /// Looks at what a report was about, after the catalog took it in.
    pub fn look(&mut self, catalog: &Catalog, touched: &Touched, thresholds: &Thresholds, now: Timestamp) {
        match touched {
            Touched::Nothing => {}
            Touched::Account => {
                if let Some(look) = AccountLook::new(catalog, thresholds) {
                    self.put(At::Account, book::account(&look), thresholds, now);
                }
            }
            Touched::Streams => {
                for name in catalog.streams.keys() {
                    self.look_at_stream(catalog, name, thresholds, now);
                }
                self.look_at_gone_streams(catalog, |_| true, thresholds, now);
            }
            Touched::Stream(name) => {
                self.look_at_stream(catalog, name, thresholds, now);
                let consumers = catalog.shelf(name).map_or(0, |shelf| shelf.entries.len());
                if consumers == 0 {
                    self.look_at_gone_consumers(catalog, name, thresholds, now);
                }
            }
            Touched::Consumers(stream) => {
                let shelf = catalog.shelf(stream);
                let of = Of::new(stream, catalog, thresholds, now);
                for (name, entry) in shelf.into_iter().flat_map(|shelf| shelf.entries.iter()) {
                    let look = ConsumerLook::new(of, name, entry);
                    self.put(At::Consumer(stream, name), book::consumer(&look), thresholds, now);
                }
                self.look_at_gone_consumers(catalog, stream, thresholds, now);
                // Some of a stream's rules look at its consumers.
                self.look_at_stream(catalog, stream, thresholds, now);
            }
            Touched::Consumer(stream, name) => match catalog.consumer(stream, name) {
                Some(entry) => {
                    let look = ConsumerLook::new(Of::new(stream, catalog, thresholds, now), name, entry);
                    self.put(At::Consumer(stream, name), book::consumer(&look), thresholds, now);
                }
                None => self.look_at_gone_consumers(catalog, stream, thresholds, now),
            },
        }
    }

    /// What was found of streams that are gone went with them: it is not well. That they are gone is found instead.
    fn look_at_gone_streams(
        &mut self,
        catalog: &Catalog,
        wanted: impl Fn(&str) -> bool,
        thresholds: &Thresholds,
        now: Timestamp,
    ) {
        for name in catalog.gone.streams.keys().filter(|name| wanted(name)) {
            self.look_at_stream(catalog, name, thresholds, now);
        }
        let told = |name: &str| gone::of_stream(catalog, name, now).is_some();
        self.tracker.retain_streams(|name| catalog.streams.contains_key(name) || told(name));
    }

    /// The same of the consumers of a stream.
    fn look_at_gone_consumers(&mut self, catalog: &Catalog, stream: &str, thresholds: &Thresholds, now: Timestamp) {
        let shelf = catalog.shelf(stream);
        self.tracker.retain_consumers(stream, |name, rule| {
            rule == Rule::ConsumerGone || shelf.is_some_and(|shelf| shelf.entries.contains_key(name))
        });
        for (name, lost) in catalog.gone.consumers_of(stream) {
            self.put(At::Consumer(stream, name), gone::of_consumer(lost, now).into_iter(), thresholds, now);
        }
    }

    /// Looks at everything that is known of these streams, and at the account where that is wanted.
    pub fn look_at_all(
        &mut self,
        catalog: &Catalog,
        wanted: impl Fn(&str) -> bool,
        account: bool,
        thresholds: &Thresholds,
        now: Timestamp,
    ) {
        if account {
            self.look(catalog, &Touched::Account, thresholds, now);
        }
        for name in catalog.streams.keys().filter(|name| wanted(name)) {
            self.look(catalog, &Touched::Consumers(name.clone()), thresholds, now);
        }
        self.look_at_gone_streams(catalog, wanted, thresholds, now);
    }

    /// Time passes.
    pub fn tick(&mut self, now: Timestamp) {
        self.tracker.tick(now, patience);
    }

    fn look_at_stream(&mut self, catalog: &Catalog, name: &str, thresholds: &Thresholds, now: Timestamp) {
        match catalog.streams.get(name) {
            Some(entry) => {
                let terms = Terms::of(catalog, now);
                let look = StreamLook::new(name, entry, catalog.shelf(name), thresholds, terms).knowing(catalog);
                self.put(At::Stream(name), book::stream(&look), thresholds, now);
            }
            None => {
                self.tracker.retain_consumers(name, |_, _| false);
                self.tracker.retain_of_stream(name, |rule| rule == Rule::StreamGone);
                if let Some(hit) = gone::of_stream(catalog, name, now) {
                    self.put(At::Stream(name), std::iter::once(hit), thresholds, now);
                }
            }
        }
    }

    fn put(&mut self, place: At<'_>, hits: impl Iterator<Item = (Rule, Hit)>, thresholds: &Thresholds, now: Timestamp) {
        self.hits.clear();
        self.hits.extend(hits);
        let silenced = |rule| thresholds.silence(rule, place.stream(), place.consumer()).is_some();
        self.tracker.put(place, &self.hits, now, patience, silenced);
    }
}

/// What a rule finds, now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Found {
    /// The rule.
    pub rule: Rule,
    /// How bad it is.
    pub level: Level,
    hit: Hit,
}

impl Found {
    /// The worst of these that is not silenced; of those that are equally bad the first.
    fn worst(hits: impl Iterator<Item = (Rule, Hit)>, silenced: impl Fn(Rule) -> bool) -> Option<Self> {
        let told = hits.filter(|(rule, _)| !silenced(*rule));
        let found = told.map(|(rule, hit)| Self { rule, level: hit.level, hit });
        found.reduce(|a, b| if b.level > a.level { b } else { a })
    }

    /// The same in words, where it is about this stream.
    pub fn story_of_stream(
        &self,
        entry: &StreamEntry,
        shelf: Option<&Shelf>,
        thresholds: &Thresholds,
        terms: &Terms,
    ) -> Story {
        let look = StreamLook::new(name_of(entry), entry, shelf, thresholds, *terms);
        match &book::entry(self.rule).check {
            Check::Stream(_, story) => story(&look, self.hit),
            _ => Story::default(),
        }
    }
}

/// The worst that rules find of a stream now, without its consumers and without what is silenced.
pub fn found_of_stream(
    entry: &StreamEntry,
    shelf: Option<&Shelf>,
    thresholds: &Thresholds,
    terms: &Terms,
) -> Option<Found> {
    let name = name_of(entry);
    let look = StreamLook::new(name, entry, shelf, thresholds, *terms);
    Found::worst(book::stream(&look), |rule| thresholds.silence(rule, Some(name), None).is_some())
}

/// The worst that rules find of a consumer now, without what is silenced.
pub fn found_of_consumer(
    stream: &str,
    of: &StreamEntry,
    name: &str,
    entry: &ConsumerEntry,
    thresholds: &Thresholds,
    terms: &Terms,
) -> Option<Found> {
    let look = ConsumerLook::new(Of::known(stream, of, thresholds, *terms), name, entry);
    Found::worst(book::consumer(&look), |rule| thresholds.silence(rule, Some(stream), Some(name)).is_some())
}

fn name_of(entry: &StreamEntry) -> &str {
    entry.info.as_deref().map_or("", |info| &info.name)
}

/// A finding in words; `None` where it does not hold any more.
pub fn story(catalog: &Catalog, place: At<'_>, rule: Rule, thresholds: &Thresholds, now: Timestamp) -> Option<Story> {
    match (&book::entry(rule).check, place) {
        (Check::Account(check, story), At::Account) => {
            let look = AccountLook::new(catalog, thresholds)?;
            Some(story(&look, check(&look)?))
        }
        (Check::Stream(check, story), At::Stream(name)) => {
            let terms = Terms::of(catalog, now);
            let entry = catalog.streams.get(name)?;
            let look = StreamLook::new(name, entry, catalog.shelf(name), thresholds, terms).knowing(catalog);
            Some(story(&look, check(&look)?))
        }
        (Check::Consumer(check, story), At::Consumer(stream, name)) => {
            let entry = catalog.consumer(stream, name)?;
            // As it was when it was read: a finding does not go because nothing more was heard.
            let look = ConsumerLook::new(Of::new(stream, catalog, thresholds, entry.seen.min(now)), name, entry);
            Some(story(&look, check(&look)?))
        }
        (Check::StreamGone(..) | Check::ConsumerGone(..), place) => gone::story(catalog, place),
        _ => None,
    }
}

fn patience(rule: Rule) -> Duration {
    book::entry(rule).patience
}
