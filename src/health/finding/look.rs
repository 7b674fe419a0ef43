//! What rules look at: the account, one stream, one consumer; each with the thresholds that hold for it.

use std::collections::BTreeMap;

use crate::health::{Level, Standing, Terms, Verdict};
use crate::model::catalog::{Shelf, Subjects};
use crate::model::{
    Account, AccountSample, Availability, Catalog, Consumer, ConsumerEntry, Rule, Series, Stream, StreamEntry,
    Thresholds, Timestamp,
};

use super::monitor::{Monitor, Side};

/// Where a threshold comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum From {
    /// The metadata of the stream or consumer.
    Metadata,
    /// The configuration.
    Config,
}

/// What is set of a rule here.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Bound {
    /// From here on it is a warning.
    pub warning: Option<(f64, From)>,
    /// From here on it is critical.
    pub critical: Option<(f64, From)>,
}

impl Bound {
    /// Something is set.
    pub(super) const fn is_set(&self) -> bool {
        self.warning.is_some() || self.critical.is_some()
    }

    /// How bad a value is that should stay below.
    pub(super) fn at_least(&self, value: f64) -> Option<Level> {
        self.level(|bound| value >= bound)
    }

    /// How bad a value is that may reach what is set, and nothing more.
    pub(super) fn above(&self, value: f64) -> Option<Level> {
        self.level(|bound| value > bound)
    }

    /// How bad a value is that should stay above.
    pub(super) fn at_most(&self, value: f64) -> Option<Level> {
        self.level(|bound| value <= bound)
    }

    fn level(&self, reached: impl Fn(f64) -> bool) -> Option<Level> {
        let by = |of: Option<(f64, From)>| of.is_some_and(|(bound, _)| reached(bound));
        match (by(self.critical), by(self.warning)) {
            (true, _) => Some(Level::Critical),
            (false, true) => Some(Level::Warning),
            (false, false) => None,
        }
    }

    /// The bound that makes this level, and the name of what sets it.
    pub(super) fn of(&self, level: Level, rule: Rule) -> Option<(f64, String)> {
        let (of, side) = match level {
            Level::Critical => (self.critical, Side::Critical),
            _ => (self.warning, Side::Warning),
        };
        of.map(|(bound, from)| match from {
            From::Metadata => (bound, Monitor::key(rule, side)),
            From::Config => (bound, "the configuration".to_owned()),
        })
    }
}

/// The account and what is configured.
#[derive(Clone, Copy, Debug)]
pub(super) struct AccountLook<'a> {
    /// As it was read last.
    pub account: &'a Account,
    /// Its streams: some of its limits are limits of each.
    pub streams: &'a BTreeMap<String, StreamEntry>,
    /// As it was before.
    pub series: &'a Series<AccountSample>,
    /// What is configured.
    pub thresholds: &'a Thresholds,
}

impl<'a> AccountLook<'a> {
    /// `None` where nothing is known of it.
    pub(super) fn new(catalog: &'a Catalog, thresholds: &'a Thresholds) -> Option<Self> {
        Some(Self {
            account: catalog.account.value()?,
            streams: &catalog.streams,
            series: &catalog.account_series,
            thresholds,
        })
    }

    /// What is set of a rule.
    pub(super) fn bound(&self, rule: Rule) -> Bound {
        configured(self.thresholds, rule, None, None)
    }
}

/// A stream with what belongs to it.
#[derive(Debug)]
pub(super) struct StreamLook<'a> {
    /// Its name; raw.
    pub name: &'a str,
    /// What is known.
    pub entry: &'a StreamEntry,
    /// Its consumers.
    pub shelf: Option<&'a Shelf>,
    /// What is configured.
    pub thresholds: &'a Thresholds,
    /// What its consumers are judged by.
    pub terms: Terms,
    /// What its metadata says.
    pub monitor: Monitor,
    /// Its subjects, where they were read, and when.
    pub subjects: Option<(&'a Subjects, Timestamp)>,
}

impl<'a> StreamLook<'a> {
    /// A stream.
    pub(super) fn new(
        name: &'a str,
        entry: &'a StreamEntry,
        shelf: Option<&'a Shelf>,
        thresholds: &'a Thresholds,
        terms: Terms,
    ) -> Self {
        let metadata = entry.info.as_deref().map_or(&[][..], |info| &info.config.metadata);
        Self { name, entry, shelf, thresholds, terms, monitor: Monitor::of_stream(metadata), subjects: None }
    }

    /// The same with what else is known of it.
    pub(super) fn knowing(self, catalog: &'a Catalog) -> Self {
        Self { subjects: subjects(catalog, self.name), ..self }
    }

    /// Its last answer, where it answers now.
    pub(super) fn info(&self) -> Option<&'a Stream> {
        self.entry.info.as_deref().filter(|_| self.entry.availability == Availability::Present)
    }

    /// When it was read.
    pub(super) const fn now(&self) -> Timestamp {
        self.entry.seen
    }

    /// What is set of a rule.
    pub(super) fn bound(&self, rule: Rule) -> Bound {
        merged(&self.monitor, configured(self.thresholds, rule, Some(self.name), None), rule)
    }
}

/// A consumer with what belongs to it.
#[derive(Debug)]
pub(super) struct ConsumerLook<'a> {
    /// Its stream; raw.
    pub stream: &'a str,
    /// Its name; raw.
    pub name: &'a str,
    /// What is known.
    pub entry: &'a ConsumerEntry,
    /// What is known of its stream.
    pub of: Option<&'a StreamEntry>,
    /// The subjects of its stream, where they were read, and when.
    pub subjects: Option<(&'a Subjects, Timestamp)>,
    /// What it is judged by.
    pub terms: Terms,
    /// What its numbers say, where it answers and has a leader.
    pub verdict: Option<Verdict>,
    /// What is configured.
    pub thresholds: &'a Thresholds,
    /// What its metadata says.
    pub monitor: Monitor,
}

/// What consumers of one stream have in common.
#[derive(Clone, Copy, Debug)]
pub(super) struct Of<'a> {
    /// Its name; raw.
    stream: &'a str,
    entry: Option<&'a StreamEntry>,
    subjects: Option<(&'a Subjects, Timestamp)>,
    thresholds: &'a Thresholds,
    terms: Terms,
}

impl<'a> Of<'a> {
    /// The consumers of this stream.
    pub(super) fn new(stream: &'a str, catalog: &'a Catalog, thresholds: &'a Thresholds, now: Timestamp) -> Self {
        let terms = Terms::of(catalog, now);
        let (entry, subjects) = (catalog.streams.get(stream), subjects(catalog, stream));
        Self { stream, entry, subjects, thresholds, terms }
    }

    /// The same where nothing more is known of it.
    pub(super) const fn known(
        stream: &'a str,
        entry: &'a StreamEntry,
        thresholds: &'a Thresholds,
        terms: Terms,
    ) -> Self {
        Self { stream, entry: Some(entry), subjects: None, thresholds, terms }
    }
}

impl<'a> ConsumerLook<'a> {
    /// A consumer.
    pub(super) fn new(of: Of<'a>, name: &'a str, entry: &'a ConsumerEntry) -> Self {
        let metadata = entry.info.as_deref().map_or(&[][..], |info| &info.config.metadata);
        let Of { stream, entry: of, subjects, thresholds, terms } = of;
        let verdict = Standing::of(entry, &terms).verdict().copied();
        let monitor = Monitor::of_consumer(metadata);
        Self { stream, name, entry, of, subjects, terms, verdict, thresholds, monitor }
    }

    /// Its last answer, where it answers now.
    pub(super) fn info(&self) -> Option<&'a Consumer> {
        self.entry.info.as_deref().filter(|_| self.entry.availability == Availability::Present)
    }

    /// Its stream's last answer.
    pub(super) fn stream_info(&self) -> Option<&'a Stream> {
        self.of.and_then(|of| of.info.as_deref())
    }

    /// When it was read.
    pub(super) const fn now(&self) -> Timestamp {
        self.entry.seen
    }

    /// What is set of a rule.
    pub(super) fn bound(&self, rule: Rule) -> Bound {
        merged(&self.monitor, configured(self.thresholds, rule, Some(self.stream), Some(self.name)), rule)
    }
}

/// The subjects of a stream, where they were read.
fn subjects<'a>(catalog: &'a Catalog, stream: &str) -> Option<(&'a Subjects, Timestamp)> {
    catalog.subjects.get(stream).and_then(|reading| reading.value().zip(reading.taken()))
}

fn configured(thresholds: &Thresholds, rule: Rule, stream: Option<&str>, consumer: Option<&str>) -> Bound {
    thresholds.of(rule, stream, consumer).map_or_else(Bound::default, |t| Bound {
        warning: t.warning.map(|n| (n, From::Config)),
        critical: t.critical.map(|n| (n, From::Config)),
    })
}

/// What the metadata says comes first, each side for itself.
fn merged(monitor: &Monitor, config: Bound, rule: Rule) -> Bound {
    let own = |side| monitor.get(rule, side).map(|n| (n, From::Metadata));
    Bound { warning: own(Side::Warning).or(config.warning), critical: own(Side::Critical).or(config.critical) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::thresholds::{Target, Threshold};

    #[test]
    fn metadata_comes_first_and_each_side_for_itself() {
        let of = |rule, stream: &str, warning, critical| Threshold {
            rule,
            target: Target { stream: Some(stream.into()), consumer: None },
            warning,
            critical,
        };
        let thresholds = Thresholds {
            rules: vec![of(Rule::StreamFewMessages, "orders*", Some(50.0), Some(20.0))],
            ..Default::default()
        };
        let metadata = vec![("io.nats.monitor.msgs-critical".to_owned(), "5".to_owned())];
        let monitor = Monitor::of_stream(&metadata);
        let here = |stream| configured(&thresholds, Rule::StreamFewMessages, Some(stream), None);
        let bound = merged(&monitor, here("orders-eu"), Rule::StreamFewMessages);
        assert_eq!(bound.critical, Some((5.0, From::Metadata)));
        assert_eq!(bound.warning, Some((50.0, From::Config)));
        assert_eq!(bound.of(Level::Critical, Rule::StreamFewMessages).unwrap().1, "io.nats.monitor.msgs-critical");
        assert_eq!(bound.of(Level::Warning, Rule::StreamFewMessages).unwrap().1, "the configuration");
        let elsewhere = merged(&Monitor::default(), here("mail"), Rule::StreamFewMessages);
        assert!(!elsewhere.is_set());
    }

    #[test]
    fn bounds_say_how_bad_a_value_is() {
        let bound = Bound { warning: Some((10.0, From::Config)), critical: Some((20.0, From::Config)) };
        assert_eq!([9.0, 10.0, 20.0].map(|n| bound.at_least(n)), [None, Some(Level::Warning), Some(Level::Critical)]);
        assert_eq!([10.0, 11.0].map(|n| bound.above(n)), [None, Some(Level::Warning)]);
        let least = Bound { warning: Some((20.0, From::Config)), critical: Some((10.0, From::Config)) };
        assert_eq!([21.0, 20.0, 10.0].map(|n| least.at_most(n)), [None, Some(Level::Warning), Some(Level::Critical)]);
    }
}
