//! The health of one stream: its own state, and the worst of its consumers.

use std::time::Duration;

use crate::model::catalog::Shelf;
use crate::model::units::{count, duration, percent};
use crate::model::{Availability, Discard, Retention, StreamEntry, Thresholds, Upstream};

use super::consumer::messages;
use super::{Health, Level, consumer_health};

/// A mirror hears of its upstream every few seconds; after this it is called silent.
const SILENT: Duration = Duration::from_secs(30);
/// Fewer messages than this are just on their way.
const FEW: u64 = 10;

/// How well a stream is. `shelf` holds its consumers, as far as they are known.
pub fn stream_health(entry: &StreamEntry, shelf: Option<&Shelf>, thresholds: &Thresholds) -> Health {
    match &entry.availability {
        Availability::Missing => {
            return Health::new(
                Level::Unknown,
                "no answer",
                "The servers that keep it do not answer; what is shown is the last that was known.",
            );
        }
        Availability::Offline(reason) => {
            return Health::new(Level::Unknown, "offline", format!("It is offline: {reason}"));
        }
        Availability::Present => {}
    }
    let Some(info) = &entry.info else {
        return Health::new(Level::Unknown, "not read yet", "Nothing was read of it yet.");
    };
    let mut health = match &info.mirror {
        // A mirror's first question is how far behind it is, also while it is well.
        Some(mirror) => Health::new(
            Level::Ok,
            format!("lag {}", count(mirror.lag)),
            format!("Nothing is wrong; it is {} behind {}.", messages(mirror.lag), mirror.name),
        ),
        None => Health::new(Level::Ok, "", "Nothing is wrong that can be seen from here."),
    };
    if let Some(cluster) = &info.cluster {
        if cluster.leader.is_none() {
            return Health::new(
                Level::Critical,
                "no leader",
                "Its group has no leader: nothing can be stored or read.",
            );
        }
        if let Some(peer) = cluster.replicas.iter().find(|p| p.offline) {
            let words = format!("The replica on {} is offline.", peer.name);
            health = health.or_worse(Health::new(Level::Warning, "replica offline", words));
        }
    }
    for upstream in info.mirror.iter().chain(&info.sources) {
        health = health.or_worse(replication(entry, upstream, info.mirror.is_some()));
    }
    if info.state.consumers == 0 {
        health = health.or_worse(no_consumers(entry, info.config.retention));
    }
    if let Some(full) = info.fullness() {
        let sentence = format!("{} of its {} is used.", percent(full.ratio), full.limit);
        if info.config.discard == Discard::New && full.ratio >= 1.0 {
            let sentence = format!("{sentence} New messages are refused.");
            health = health.or_worse(Health::new(Level::Critical, "full", sentence));
        } else if info.config.discard == Discard::New && full.ratio >= thresholds.limit_critical {
            let sentence = format!("{sentence} When it is full, new messages are refused.");
            health = health.or_worse(Health::new(Level::Critical, "nearly full", sentence));
        } else if info.config.discard == Discard::New && full.ratio >= thresholds.limit_warning {
            health = health.or_worse(Health::new(Level::Warning, "filling up", sentence));
        } else if full.ratio >= thresholds.limit_warning {
            let sentence = format!("{sentence} When it is full, the oldest messages are dropped.");
            health = health.or_worse(Health::new(Level::Notice, "at its limit", sentence));
        }
    }
    if let (Some(mirror), Level::Notice) = (&info.mirror, health.level) {
        // The column of fullness tells it too; nothing else on the row tells the lag.
        health.words = format!("lag {}", count(mirror.lag));
        health.sentence = format!("{} It is {} behind {}.", health.sentence, messages(mirror.lag), mirror.name);
    }
    for (name, consumer) in shelf.iter().flat_map(|s| s.entries.iter()) {
        let of = consumer_health(consumer);
        if matches!(of.level, Level::Warning | Level::Critical) {
            health = health.or_worse(Health::new(of.level, of.words, format!("Consumer {name}: {}", of.sentence)));
        }
    }
    health
}

/// A mirror or source that does not keep up, or does not hear of what it reads.
fn replication(entry: &StreamEntry, upstream: &Upstream, is_mirror: bool) -> Health {
    let (what, name) = (if is_mirror { "mirror" } else { "source" }, &upstream.name);
    if let Some(error) = &upstream.error {
        return Health::new(Level::Critical, format!("{what} fails"), format!("Reading {name} fails: {error}"));
    }
    match upstream.active {
        // It is this also in the first moments of a stream.
        None => return Health::new(Level::Warning, format!("{what} silent"), format!("It never heard of {name}.")),
        Some(ago) if ago > SILENT => {
            let sentence = format!("It last heard of {name} {} ago.", duration(ago));
            return Health::new(Level::Warning, format!("{what} silent"), sentence);
        }
        Some(_) => {}
    }
    let ten_seconds = entry.rate_in().map_or(f64::MAX, |rate| rate * 10.0);
    if upstream.lag >= FEW && upstream.lag as f64 > ten_seconds {
        let sentence =
            format!("It is {} behind {name}, more than ten seconds of what it takes.", messages(upstream.lag));
        return Health::new(Level::Warning, format!("lag {}", count(upstream.lag)), sentence);
    }
    Health::default()
}

/// No consumer at all: bad where there were some, and where the retention makes consumers matter.
fn no_consumers(entry: &StreamEntry, retention: Retention) -> Health {
    match retention {
        Retention::Interest => Health::new(
            Level::Critical,
            "no consumers",
            "It has no consumers: with interest retention every new message is dropped at once.",
        ),
        Retention::WorkQueue => {
            let waiting = entry.info.as_ref().map_or(0, |i| i.state.messages);
            Health::new(
                Level::Critical,
                "no consumers",
                match waiting {
                    0 => "It has no consumers: nothing would take a message.".to_owned(),
                    1 => "It has no consumers: 1 message waits and nothing takes it.".to_owned(),
                    n => format!("It has no consumers: {} wait and nothing takes them.", messages(n)),
                },
            )
        }
        Retention::Limits if entry.consumers_gone.is_some() => {
            Health::new(Level::Critical, "no consumers", "It had consumers when we began to look; now it has none.")
        }
        Retention::Limits => Health::new(Level::Ok, "", "Nothing consumes it."),
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
