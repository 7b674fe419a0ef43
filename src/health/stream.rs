//! The health of one stream as a row shows it: the worst of what its rules find now, else the worst of its consumers.

use crate::model::entry::Shelf;
use crate::model::units::{count, percent};
use crate::model::{Availability, ConsumerEntry, Fullness, Stream, StreamEntry, Thresholds, Upstream};

use super::finding::{Found, found_of_consumer, found_of_stream};
use super::{Health, Level, Terms, consumer_health, messages, worst_consumer};

/// What is the matter with a stream, without its words.
#[derive(Debug)]
enum Standing<'a> {
    Missing,
    Offline(&'a str),
    Unread,
    /// What a rule finds.
    Found(Found),
    /// The worst consumer.
    Consumer(&'a str, &'a ConsumerEntry, Level),
    /// The fullest limit, and what it mirrors.
    AtItsLimit(Fullness, Option<&'a Upstream>),
    /// Nothing; and what it mirrors.
    Fine(Option<&'a Upstream>),
}

/// How well a stream is. `shelf` holds its consumers, as far as they are known, which are judged by these terms.
pub fn stream_health(entry: &StreamEntry, shelf: Option<&Shelf>, thresholds: &Thresholds, terms: &Terms) -> Health {
    find(entry, shelf, thresholds, terms).health(entry, shelf, thresholds, terms)
}

/// The level alone of [`stream_health`].
pub fn stream_level(entry: &StreamEntry, shelf: Option<&Shelf>, thresholds: &Thresholds, terms: &Terms) -> Level {
    find(entry, shelf, thresholds, terms).level()
}

fn find<'a>(entry: &'a StreamEntry, shelf: Option<&'a Shelf>, thresholds: &Thresholds, terms: &Terms) -> Standing<'a> {
    match &entry.availability {
        Availability::Missing => return Standing::Missing,
        Availability::Offline(reason) => return Standing::Offline(reason),
        Availability::Present => {}
    }
    let Some(info) = &entry.info else { return Standing::Unread };
    // What is only worth knowing stands among the findings; a row that is well says so.
    let found = found_of_stream(entry, shelf, thresholds, terms).filter(|found| found.level >= Level::Warning);
    let level = found.as_ref().map_or(Level::Ok, |found| found.level);
    if level != Level::Critical
        && let Some((name, of, worst)) = shelf.and_then(|shelf| consumer(info, entry, shelf, thresholds, terms))
        && worst > level
    {
        return Standing::Consumer(name, of, worst);
    }
    if let Some(found) = found {
        return Standing::Found(found);
    }
    match info.fullness().filter(|full| full.ratio >= thresholds.limit_warning) {
        Some(full) => Standing::AtItsLimit(full, info.mirror.as_ref()),
        None => Standing::Fine(info.mirror.as_ref()),
    }
}

/// The worst consumer that somebody should look at; those whose findings are silenced are passed over.
fn consumer<'a>(
    info: &Stream,
    of: &StreamEntry,
    shelf: &'a Shelf,
    thresholds: &Thresholds,
    terms: &Terms,
) -> Option<(&'a str, &'a ConsumerEntry, Level)> {
    let bad = |level| matches!(level, Level::Warning | Level::Critical);
    if thresholds.silences.is_empty() {
        let worst = worst_consumer(shelf, terms)?;
        let level = worst.standing.level();
        return bad(level).then_some((worst.name, worst.entry, level));
    }
    let told = shelf.entries.iter().filter_map(|(name, entry)| {
        let found = found_of_consumer(&info.name, of, name, entry, thresholds, terms)?;
        bad(found.level).then_some((name.as_str(), entry, found.level))
    });
    // The first of those that are equally bad.
    told.reduce(|a, b| if b.2 > a.2 { b } else { a })
}

/// How far behind a mirror is, in a word or two.
fn lag(upstream: &Upstream) -> String {
    format!("lag {}", count(upstream.lag))
}

impl Standing<'_> {
    const fn level(&self) -> Level {
        match self {
            Self::Missing | Self::Offline(_) | Self::Unread => Level::Unknown,
            Self::Found(found) => found.level,
            Self::Consumer(_, _, level) => *level,
            Self::AtItsLimit(..) => Level::Notice,
            Self::Fine(_) => Level::Ok,
        }
    }

    fn health(self, entry: &StreamEntry, shelf: Option<&Shelf>, thresholds: &Thresholds, terms: &Terms) -> Health {
        let (words, sentence): (String, String) = match &self {
            Self::Missing => (
                "no answer".into(),
                "The servers that keep it do not answer; what is shown is the last that was known.".into(),
            ),
            Self::Offline(reason) => ("offline".into(), format!("It is offline: {reason}")),
            Self::Unread => ("not read yet".into(), "Nothing was read of it yet.".into()),
            Self::Found(found) => {
                let story = found.story_of_stream(entry, shelf, thresholds, terms);
                (story.words, story.sentence)
            }
            Self::AtItsLimit(full, mirror) => {
                let sentence = format!(
                    "{} of its {} is used. When it is full, the oldest messages are dropped.",
                    percent(full.ratio),
                    full.limit
                );
                match mirror {
                    // The column of fullness tells it too; nothing else on the row tells the lag.
                    Some(up) => (lag(up), format!("{sentence} It is {} behind {}.", messages(up.lag), up.name)),
                    None => ("at its limit".into(), sentence),
                }
            }
            Self::Consumer(name, of, level) => {
                let of = consumer_health(of, terms);
                return Health::new(*level, of.words, format!("Consumer {name}: {}", of.sentence));
            }
            // A mirror's first question is how far behind it is, also while it is well.
            Self::Fine(Some(up)) => {
                (lag(up), format!("Nothing is wrong; it is {} behind {}.", messages(up.lag), up.name))
            }
            Self::Fine(None) => (String::new(), "Nothing is wrong that can be seen from here.".into()),
        };
        Health::new(self.level(), words, sentence)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::time::Duration;

    use super::*;
    use crate::model::thresholds::{Silence, Target};
    use crate::model::{Catalog, Discard, Retention, Rule, Stream, Timestamp, Update};

    fn judge(change: impl Fn(&mut Stream)) -> Health {
        judge_by(&Thresholds::default(), change)
    }

    fn judge_by(thresholds: &Thresholds, change: impl Fn(&mut Stream)) -> Health {
        let mut stream = Stream { name: "s".into(), taken: Timestamp::from_secs(1), ..Default::default() };
        stream.config.limits.max_age = Some(Duration::from_secs(3_600));
        change(&mut stream);
        let mut catalog = Catalog::default();
        catalog.apply(Update::Stream(Arc::new(stream)));
        let terms = Terms::of(&catalog, Timestamp::from_secs(1));
        stream_health(&catalog.streams["s"], None, thresholds, &terms)
    }

    #[test]
    fn no_consumers_matters_by_retention() {
        assert_eq!(judge(|_| {}).level, Level::Ok);
        assert_eq!(judge(|s| s.config.retention = Retention::Interest).level, Level::Critical);
        assert_eq!(judge(|s| s.config.retention = Retention::WorkQueue).level, Level::Warning);
    }

    #[test]
    fn no_limit_is_told_and_what_is_silenced_is_not() {
        let unlimited = |s: &mut Stream| s.config.limits.max_age = None;
        assert_eq!((judge(unlimited).level, judge(unlimited).words.as_str()), (Level::Warning, "no limit"));
        let silence = |stream: &str| Thresholds {
            silences: vec![Silence {
                rule: Some(Rule::StreamNoLimits),
                target: Target { stream: Some(stream.into()), consumer: None },
                reason: None,
            }],
            ..Default::default()
        };
        assert_eq!(judge_by(&silence("s"), unlimited).level, Level::Ok);
        assert_eq!(judge_by(&silence("other"), unlimited).level, Level::Warning);
        assert_eq!(judge(|s| s.config.storage = crate::model::Storage::Memory).level, Level::Ok, "worth knowing only");
    }

    #[test]
    fn a_full_stream_matters_by_what_it_does_then() {
        let full = |discard| {
            judge(|s| {
                s.state.messages = 97;
                s.config.limits.max_msgs = Some(100);
                s.config.discard = discard;
            })
        };
        let refusing = judge(|s| {
            (s.state.messages, s.config.limits.max_msgs, s.config.discard) = (100, Some(100), Discard::New);
        });
        assert_eq!((refusing.level, refusing.words.as_str()), (Level::Critical, "full"));
        assert_eq!(full(Discard::New).level, Level::Critical);
        assert_eq!(full(Discard::Old).level, Level::Notice);
    }

    #[test]
    fn a_mirror_says_how_far_behind_it_is() {
        let mirror = |lag, heard: Option<u64>| {
            judge(|s| {
                let active = heard.map(Duration::from_secs);
                s.mirror = Some(Upstream { name: "up".into(), lag, active, ..Default::default() });
            })
        };
        assert_eq!((mirror(5, Some(1)).level, mirror(5, Some(1)).words.as_str()), (Level::Ok, "lag 5"));
        assert_eq!(mirror(5, Some(60)).words, "mirror silent");
        assert_eq!(mirror(0, None).level, Level::Warning);
    }

    #[test]
    fn no_leader_is_critical_and_a_group_of_one_without_replicas_is_not() {
        use crate::model::Cluster;
        assert_eq!(judge(|s| s.cluster = Some(Cluster::default())).level, Level::Critical);
        assert_eq!(
            judge(|s| s.cluster = Some(Cluster { leader: Some("n1".into()), ..Default::default() })).level,
            Level::Ok
        );
    }
}
