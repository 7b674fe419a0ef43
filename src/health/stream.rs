//! The health of one stream: its own state, and the worst of its consumers.

use std::time::Duration;

use crate::model::entry::Shelf;
use crate::model::units::{count, duration, percent};
use crate::model::{Availability, ConsumerEntry, Discard, Fullness, Retention, StreamEntry, Thresholds, Upstream};

use super::{Health, Level, Terms, consumer_health, messages, worst_consumer};

/// A mirror hears of its upstream every few seconds; after this it is called silent.
const SILENT: Duration = Duration::from_secs(30);
/// Fewer messages than this are just on their way.
const FEW: u64 = 10;

/// Whose upstream it is.
#[derive(Clone, Copy, Debug)]
enum Of {
    Mirror,
    Source,
}

/// What is the matter with a stream, without its words.
#[derive(Clone, Copy, Debug)]
enum Finding<'a> {
    Missing,
    Offline(&'a str),
    Unread,
    NoLeader,
    /// The replica on this server.
    ReplicaOffline(&'a str),
    /// What it reads cannot be read, for this reason.
    UpstreamFails(Of, &'a Upstream, &'a str),
    /// Nothing was heard of what it reads.
    UpstreamSilent(Of, &'a Upstream),
    /// It does not keep up with what it reads.
    UpstreamAhead(&'a Upstream),
    NobodyInterested,
    /// So many messages wait.
    NobodyTakes(u64),
    ConsumersGone,
    /// The fullest limit, here and in what follows.
    Full(Fullness),
    NearlyFull(Fullness),
    FillingUp(Fullness),
    /// And what it mirrors.
    AtItsLimit(Fullness, Option<&'a Upstream>),
    /// The worst consumer.
    Consumer(&'a str, &'a ConsumerEntry, Level),
    /// Nothing; and what it mirrors.
    Fine(Option<&'a Upstream>),
}

/// How well a stream is. `shelf` holds its consumers, as far as they are known, which are judged by these terms.
pub fn stream_health(entry: &StreamEntry, shelf: Option<&Shelf>, thresholds: &Thresholds, terms: &Terms) -> Health {
    find(entry, shelf, thresholds, terms).health(terms)
}

/// The level alone of [`stream_health`].
pub fn stream_level(entry: &StreamEntry, shelf: Option<&Shelf>, thresholds: &Thresholds, terms: &Terms) -> Level {
    find(entry, shelf, thresholds, terms).level()
}

fn find<'a>(entry: &'a StreamEntry, shelf: Option<&'a Shelf>, thresholds: &Thresholds, terms: &Terms) -> Finding<'a> {
    match &entry.availability {
        Availability::Missing => return Finding::Missing,
        Availability::Offline(reason) => return Finding::Offline(reason),
        Availability::Present => {}
    }
    let Some(info) = &entry.info else { return Finding::Unread };
    let mut worst = Finding::Fine(info.mirror.as_ref());
    if let Some(cluster) = &info.cluster {
        if cluster.leader.is_none() {
            return Finding::NoLeader;
        }
        if let Some(peer) = cluster.replicas.iter().find(|p| p.offline) {
            worst = worst.or_worse(Finding::ReplicaOffline(&peer.name));
        }
    }
    let of = if info.mirror.is_some() { Of::Mirror } else { Of::Source };
    for upstream in info.mirror.iter().chain(&info.sources) {
        worst = replication(entry, upstream, of).map_or(worst, |found| worst.or_worse(found));
    }
    // No consumer at all: bad where there were some, and where the retention makes consumers matter.
    if info.state.consumers == 0 {
        let found = match info.config.retention {
            Retention::Interest => Some(Finding::NobodyInterested),
            Retention::WorkQueue => Some(Finding::NobodyTakes(info.state.messages)),
            Retention::Limits => entry.consumers_gone.map(|_| Finding::ConsumersGone),
        };
        worst = found.map_or(worst, |found| worst.or_worse(found));
    }
    if let Some(full) = info.fullness() {
        let refuses = info.config.discard == Discard::New;
        if refuses && full.ratio >= 1.0 {
            worst = worst.or_worse(Finding::Full(full));
        } else if refuses && full.ratio >= thresholds.limit_critical {
            worst = worst.or_worse(Finding::NearlyFull(full));
        } else if refuses && full.ratio >= thresholds.limit_warning {
            worst = worst.or_worse(Finding::FillingUp(full));
        } else if full.ratio >= thresholds.limit_warning {
            worst = worst.or_worse(Finding::AtItsLimit(full, info.mirror.as_ref()));
        }
    }
    if worst.level() != Level::Critical
        && let Some(of) = shelf.and_then(|shelf| worst_consumer(shelf, terms))
        && matches!(of.standing.level(), Level::Warning | Level::Critical)
    {
        worst = worst.or_worse(Finding::Consumer(of.name, of.entry, of.standing.level()));
    }
    worst
}

/// A mirror or source that does not keep up, or does not hear of what it reads.
fn replication<'a>(entry: &StreamEntry, upstream: &'a Upstream, of: Of) -> Option<Finding<'a>> {
    if let Some(error) = &upstream.error {
        return Some(Finding::UpstreamFails(of, upstream, error));
    }
    // It never heard of it also in the first moments of a stream.
    if upstream.active.is_none_or(|ago| ago > SILENT) {
        return Some(Finding::UpstreamSilent(of, upstream));
    }
    let ten_seconds = entry.rate_in().map_or(f64::MAX, |rate| rate * 10.0);
    (upstream.lag >= FEW && upstream.lag as f64 > ten_seconds).then_some(Finding::UpstreamAhead(upstream))
}

/// How far behind a mirror or source is, in a word or two.
fn lag(upstream: &Upstream) -> String {
    format!("lag {}", count(upstream.lag))
}

impl Finding<'_> {
    fn level(&self) -> Level {
        match self {
            Self::Missing | Self::Offline(_) | Self::Unread => Level::Unknown,
            Self::NoLeader
            | Self::UpstreamFails(..)
            | Self::NobodyInterested
            | Self::NobodyTakes(_)
            | Self::ConsumersGone
            | Self::Full(_)
            | Self::NearlyFull(_) => Level::Critical,
            Self::ReplicaOffline(_) | Self::UpstreamSilent(..) | Self::UpstreamAhead(_) | Self::FillingUp(_) => {
                Level::Warning
            }
            Self::AtItsLimit(..) => Level::Notice,
            Self::Consumer(_, _, level) => *level,
            Self::Fine(_) => Level::Ok,
        }
    }

    /// The worse of two; the first where both are the same.
    fn or_worse(self, other: Self) -> Self {
        if other.level() > self.level() { other } else { self }
    }

    fn health(self, terms: &Terms) -> Health {
        let used = |full: Fullness| format!("{} of its {} is used.", percent(full.ratio), full.limit);
        let of_kind = |of: Of, what: &str| match of {
            Of::Mirror => format!("mirror {what}"),
            Of::Source => format!("source {what}"),
        };
        let (words, sentence): (String, String) = match self {
            Self::Missing => (
                "no answer".into(),
                "The servers that keep it do not answer; what is shown is the last that was known.".into(),
            ),
            Self::Offline(reason) => ("offline".into(), format!("It is offline: {reason}")),
            Self::Unread => ("not read yet".into(), "Nothing was read of it yet.".into()),
            Self::NoLeader => ("no leader".into(), "Its group has no leader: nothing can be stored or read.".into()),
            Self::ReplicaOffline(server) => ("replica offline".into(), format!("The replica on {server} is offline.")),
            Self::UpstreamFails(of, up, error) => (of_kind(of, "fails"), format!("Reading {} fails: {error}", up.name)),
            Self::UpstreamSilent(of, up) => (
                of_kind(of, "silent"),
                up.active.map_or_else(
                    || format!("It never heard of {}.", up.name),
                    |ago| format!("It last heard of {} {} ago.", up.name, duration(ago)),
                ),
            ),
            Self::UpstreamAhead(up) => (
                lag(up),
                format!("It is {} behind {}, more than ten seconds of what it takes.", messages(up.lag), up.name),
            ),
            Self::NobodyInterested => (
                "no consumers".into(),
                "It has no consumers: with interest retention every new message is dropped at once.".into(),
            ),
            Self::NobodyTakes(waiting) => (
                "no consumers".into(),
                match waiting {
                    0 => "It has no consumers: nothing would take a message.".into(),
                    1 => "It has no consumers: 1 message waits and nothing takes it.".into(),
                    n => format!("It has no consumers: {} wait and nothing takes them.", messages(n)),
                },
            ),
            Self::ConsumersGone => {
                ("no consumers".into(), "It had consumers when we began to look; now it has none.".into())
            }
            Self::Full(full) => ("full".into(), format!("{} New messages are refused.", used(full))),
            Self::NearlyFull(full) => {
                ("nearly full".into(), format!("{} When it is full, new messages are refused.", used(full)))
            }
            Self::FillingUp(full) => ("filling up".into(), used(full)),
            Self::AtItsLimit(full, mirror) => {
                let sentence = format!("{} When it is full, the oldest messages are dropped.", used(full));
                match mirror {
                    // The column of fullness tells it too; nothing else on the row tells the lag.
                    Some(up) => (lag(up), format!("{sentence} It is {} behind {}.", messages(up.lag), up.name)),
                    None => ("at its limit".into(), sentence),
                }
            }
            Self::Consumer(name, entry, _) => {
                let of = consumer_health(entry, terms);
                return Health::new(of.level, of.words, format!("Consumer {name}: {}", of.sentence));
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

    use super::*;
    use crate::model::{Catalog, Stream, Timestamp, Update};

    fn judge(change: impl Fn(&mut Stream)) -> Health {
        let mut stream = Stream { name: "s".into(), taken: Timestamp::from_secs(1), ..Default::default() };
        change(&mut stream);
        let mut catalog = Catalog::default();
        catalog.apply(Update::Stream(Arc::new(stream)));
        let terms = Terms::of(&catalog, Timestamp::from_secs(1));
        stream_health(&catalog.streams["s"], None, &Thresholds::default(), &terms)
    }

    #[test]
    fn no_consumers_matters_by_retention() {
        assert_eq!(judge(|_| {}).level, Level::Ok);
        assert_eq!(judge(|s| s.config.retention = Retention::Interest).level, Level::Critical);
        assert_eq!(judge(|s| s.config.retention = Retention::WorkQueue).level, Level::Critical);
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
