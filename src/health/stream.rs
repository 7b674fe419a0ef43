//! The health of one stream: its own state, and the worst of its consumers.

use crate::model::catalog::Shelf;
use crate::model::units::{count_exact, percent};
use crate::model::{Availability, Discard, Fullness, Retention, StreamEntry, Thresholds};

use super::{Health, Level, consumer};

/// What is the matter with a stream, without its words.
#[derive(Clone, Copy, Debug)]
enum Finding<'a> {
    Missing,
    Offline(&'a str),
    Unread,
    NoLeader,
    /// The replica on this server.
    ReplicaOffline(&'a str),
    NobodyInterested,
    /// So many messages wait.
    NobodyTakes(u64),
    ConsumersGone,
    /// The fullest limit, here and in what follows.
    NearlyFull(Fullness),
    FillingUp(Fullness),
    AtItsLimit(Fullness),
    /// The worst consumer.
    Consumer(&'a str, consumer::Finding<'a>),
    Fine,
}

/// How well a stream is. `shelf` holds its consumers, as far as they are known.
pub fn stream_health(entry: &StreamEntry, shelf: Option<&Shelf>, thresholds: &Thresholds) -> Health {
    find(entry, shelf, thresholds).health()
}

/// The level alone of [`stream_health`].
pub fn stream_level(entry: &StreamEntry, shelf: Option<&Shelf>, thresholds: &Thresholds) -> Level {
    find(entry, shelf, thresholds).level()
}

fn find<'a>(entry: &'a StreamEntry, shelf: Option<&'a Shelf>, thresholds: &Thresholds) -> Finding<'a> {
    match &entry.availability {
        Availability::Missing => return Finding::Missing,
        Availability::Offline(reason) => return Finding::Offline(reason),
        Availability::Present => {}
    }
    let Some(info) = &entry.info else { return Finding::Unread };
    let mut worst = Finding::Fine;
    if let Some(cluster) = &info.cluster {
        if cluster.leader.is_none() {
            return Finding::NoLeader;
        }
        if let Some(peer) = cluster.replicas.iter().find(|p| p.offline) {
            worst = worst.or_worse(Finding::ReplicaOffline(&peer.name));
        }
    }
    // No consumer at all: bad where there were some, and where the retention makes consumers matter.
    if info.state.consumers == 0 {
        worst = worst.or_worse(match info.config.retention {
            Retention::Interest => Finding::NobodyInterested,
            Retention::WorkQueue => Finding::NobodyTakes(info.state.messages),
            Retention::Limits if entry.consumers_gone.is_some() => Finding::ConsumersGone,
            Retention::Limits => Finding::Fine,
        });
    }
    if let Some(full) = info.fullness() {
        let refuses = info.config.discard == Discard::New;
        if refuses && full.ratio >= thresholds.limit_critical {
            worst = worst.or_worse(Finding::NearlyFull(full));
        } else if refuses && full.ratio >= thresholds.limit_warning {
            worst = worst.or_worse(Finding::FillingUp(full));
        } else if full.ratio >= thresholds.limit_warning {
            worst = worst.or_worse(Finding::AtItsLimit(full));
        }
    }
    for (name, consumer) in shelf.iter().flat_map(|s| s.entries.iter()) {
        if worst.level() == Level::Critical {
            break;
        }
        let of = consumer::find(consumer);
        if matches!(of.level(), Level::Warning | Level::Critical) {
            worst = worst.or_worse(Finding::Consumer(name, of));
        }
    }
    worst
}

impl Finding<'_> {
    const fn level(self) -> Level {
        match self {
            Self::Missing | Self::Offline(_) | Self::Unread => Level::Unknown,
            Self::NoLeader
            | Self::NobodyInterested
            | Self::NobodyTakes(_)
            | Self::ConsumersGone
            | Self::NearlyFull(_) => Level::Critical,
            Self::ReplicaOffline(_) | Self::FillingUp(_) => Level::Warning,
            Self::AtItsLimit(_) => Level::Notice,
            Self::Consumer(_, of) => of.level(),
            Self::Fine => Level::Ok,
        }
    }

    /// The worse of two; the first where both are the same.
    fn or_worse(self, other: Self) -> Self {
        if other.level() > self.level() { other } else { self }
    }

    fn health(self) -> Health {
        let used = |full: Fullness| format!("{} of its {} is used.", percent(full.ratio), full.limit);
        let (words, sentence) = match self {
            Self::Missing => (
                "no answer",
                "The servers that keep it do not answer; what is shown is the last that was known.".into(),
            ),
            Self::Offline(reason) => ("offline", format!("It is offline: {reason}")),
            Self::Unread => ("not read yet", "Nothing was read of it yet.".into()),
            Self::NoLeader => ("no leader", "Its group has no leader: nothing can be stored or read.".into()),
            Self::ReplicaOffline(server) => ("replica offline", format!("The replica on {server} is offline.")),
            Self::NobodyInterested => (
                "no consumers",
                "It has no consumers: with interest retention every new message is dropped at once.".into(),
            ),
            Self::NobodyTakes(waiting) => (
                "no consumers",
                format!("It has no consumers: {} messages wait and nothing takes them.", count_exact(waiting)),
            ),
            Self::ConsumersGone => ("no consumers", "It had consumers when we began to look; now it has none.".into()),
            Self::NearlyFull(full) => {
                ("nearly full", format!("{} When it is full, new messages are refused.", used(full)))
            }
            Self::FillingUp(full) => ("filling up", used(full)),
            Self::AtItsLimit(full) => {
                ("at its limit", format!("{} When it is full, the oldest messages are dropped.", used(full)))
            }
            Self::Consumer(name, of) => {
                let of = of.health();
                return Health::new(of.level, of.words, format!("Consumer {name}: {}", of.sentence));
            }
            Self::Fine => ("", "Nothing is wrong that can be seen from here.".into()),
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
        stream_health(&catalog.streams["s"], None, &Thresholds::default())
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
        assert_eq!(full(Discard::New).level, Level::Critical);
        assert_eq!(full(Discard::Old).level, Level::Notice);
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
