//! The servers that keep a stream: silent, without a leader, behind, too few.

use std::time::Duration;

use crate::health::Level;
use crate::health::finding::entry::{A_MOMENT, A_WHILE, AT_ONCE, Check, Entry, Hit, Story, offline, plural, some};
use crate::health::finding::look::StreamLook;
use crate::model::shell::command_line;
use crate::model::units::{ago, count_exact, duration};
use crate::model::{Availability, Cluster, Peer, Rule};

/// After so long without a word from a replica the leader no longer counts on it.
const HEARTBEATS: Duration = Duration::from_secs(10);

/// Nobody answers for it.
pub(super) const MISSING: Entry = Entry {
    rule: Rule::StreamMissing,
    levels: &[Level::Critical],
    finds: "The stream exists, but none of the servers that keep it answers.",
    patience: A_WHILE,
    many: |n| some(n, "stream", "is on servers that do not answer", "are on servers that do not answer"),
    check: Check::Stream(
        |look| (look.entry.availability == Availability::Missing).then_some(Hit::plain(Level::Critical)),
        |look, _| {
            let known = look.entry.info.as_deref();
            let servers = known.and_then(|info| info.cluster.as_ref()).map(Cluster::servers);
            Story::new(
                "no answer",
                "The servers that keep it do not answer: nothing can be stored in it or read from it.",
            )
            .with_some("kept by", servers)
            .with_some("messages then", known.map(|info| count_exact(info.state.messages)))
            .run("See which server is gone (as a user of the system account).", "nats server report jetstream")
        },
    ),
};

/// A server says that it cannot serve it.
pub(super) const OFFLINE: Entry = Entry {
    rule: Rule::StreamOffline,
    levels: &[Level::Critical],
    finds: "A server says that it cannot serve the stream, and why.",
    patience: A_MOMENT,
    many: |n| some(n, "stream", "is offline", "are offline"),
    check: Check::Stream(
        |look| matches!(look.entry.availability, Availability::Offline(_)).then_some(Hit::plain(Level::Critical)),
        |look, _| {
            let Availability::Offline(reason) = &look.entry.availability else { return Story::default() };
            offline(reason)
        },
    ),
};

/// A group without a leader.
pub(super) const NO_LEADER: Entry = Entry {
    rule: Rule::StreamNoLeader,
    levels: &[Level::Critical],
    finds: "The stream's group has no leader: nothing can be stored.",
    patience: A_MOMENT,
    many: |n| some(n, "stream", "has no leader", "have no leader"),
    check: Check::Stream(
        |look| Cluster::is_leaderless(look.info()?.cluster.as_ref()).then_some(Hit::plain(Level::Critical)),
        |look, _| {
            let cluster = look.info().and_then(|info| info.cluster.as_ref());
            Story::new("no leader", "Its group has no leader: nothing can be stored in it.")
                .with_some("kept by", cluster.map(Cluster::servers))
                .advise("More than half of its servers must be up and reach each other.")
                .run("See which are (as a user of the system account).", "nats server report jetstream")
        },
    ),
};

/// A copy on a server that is gone.
pub(super) const REPLICA_OFFLINE: Entry = Entry {
    rule: Rule::StreamReplicaOffline,
    levels: &[Level::Warning],
    finds: "A server that keeps a copy of the stream is offline.",
    patience: A_MOMENT,
    many: |n| some(n, "stream", "has a replica that is offline", "have replicas that are offline"),
    check: Check::Stream(
        |look| {
            let offline = peers(look, |peer| peer.offline);
            (!offline.is_empty()).then(|| Hit::of(Level::Warning, offline.len() as u64))
        },
        |look, _| {
            let offline = peers(look, |peer| peer.offline);
            let (first, many) = (names(&offline), offline.len() > 1);
            let sentence = if many {
                format!("The replicas on {first} are offline.")
            } else {
                format!("The replica on {first} is offline.")
            };
            with_peers(Story::new("replica offline", sentence), &offline)
                .run("Bring the server back, or give its copy to another one.", peer_remove(look))
        },
    ),
};

/// A copy that is not complete.
pub(super) const REPLICA_BEHIND: Entry = Entry {
    rule: Rule::StreamReplicaBehind,
    levels: &[Level::Warning, Level::Critical],
    finds: "A replica of the stream is not up to date, or further behind than is set.",
    patience: A_WHILE,
    many: |n| some(n, "stream", "has a replica that is behind", "have replicas that are behind"),
    check: Check::Stream(
        |look| {
            let bound = look.bound(Rule::StreamReplicaBehind);
            let level = |peer: &Peer| match (peer.offline, bound.is_set()) {
                (true, _) => None,
                (false, true) => bound.above(peer.lag.unwrap_or(0) as f64),
                // That nothing is heard of it says more.
                (false, false) => (!peer.current && silence(look, peer).is_none()).then_some(Level::Warning),
            };
            let behind = peers(look, |peer| level(peer).is_some());
            let worst = behind.iter().filter_map(|peer| level(peer)).max()?;
            Some(Hit::of(worst, behind.iter().filter_map(|peer| peer.lag).max().unwrap_or(0)))
        },
        |look, hit| {
            let bound = look.bound(Rule::StreamReplicaBehind);
            let behind = peers(look, |peer| {
                let over = bound.above(peer.lag.unwrap_or(0) as f64).is_some();
                !peer.offline && if bound.is_set() { over } else { !peer.current && silence(look, peer).is_none() }
            });
            let sentence = format!(
                "{} on {} not up to date{}: if its leader goes now, it takes longer until the stream goes on.",
                if behind.len() == 1 { "The replica" } else { "The replicas" },
                if behind.len() == 1 { format!("{} is", names(&behind)) } else { format!("{} are", names(&behind)) },
                if hit.amount > 0 { format!(" ({} behind)", plural(hit.amount, "operation")) } else { String::new() }
            );
            with_peers(Story::new("replica behind", sentence), &behind)
                .with_some(
                    "allowed",
                    bound.of(hit.level, Rule::StreamReplicaBehind).map(|(n, by)| format!("{n} ({by})")),
                )
                .run("See whether it catches up.", command_line("nats stream info", &[look.name], ""))
        },
    ),
};

/// A copy that nothing is heard of.
pub(super) const REPLICA_SILENT: Entry = Entry {
    rule: Rule::StreamReplicaSilent,
    levels: &[Level::Warning, Level::Critical],
    finds: "Nothing was heard of a replica of the stream for longer than is set; where nothing is set, for 10 seconds \
            (a server that died is called offline by the others only much later).",
    patience: A_MOMENT,
    many: |n| some(n, "stream", "has a replica that is silent", "have replicas that are silent"),
    check: Check::Stream(
        |look| {
            let worst = silent(look).into_iter().max_by_key(|(level, peer)| (*level, peer.active))?;
            Some(Hit::of(worst.0, worst.1.active.unwrap_or_default().as_secs()))
        },
        |look, hit| {
            let silent: Vec<&Peer> = silent(look).into_iter().map(|(_, peer)| peer).collect();
            let longest = silent.iter().filter_map(|peer| peer.active).max().unwrap_or_default();
            let sentence = format!("Nothing was heard of the replica on {} for {}.", names(&silent), duration(longest));
            with_peers(Story::new("replica silent", sentence), &silent)
                .with_some("allowed", allowed(look, Rule::StreamReplicaSilent, hit.level))
                .run("See whether its server is reachable.", "nats server report jetstream")
        },
    ),
};

/// Not as many servers as were expected.
pub(super) const PEERS: Entry = Entry {
    rule: Rule::StreamPeers,
    levels: &[Level::Critical],
    finds: "Another number of servers keeps the stream than `peer-expect` of its metadata says.",
    patience: A_MOMENT,
    many: |n| {
        some(n, "stream", "is not kept by as many servers as expected", "are not kept by as many servers as expected")
    },
    check: Check::Stream(
        |look| {
            let expected = expected(look)?;
            let cluster = look.info()?.cluster.as_ref();
            // Without a leader nobody knows the peers, and that is told already.
            if Cluster::is_leaderless(cluster) {
                return None;
            }
            (count(cluster) != expected).then(|| Hit::of(Level::Critical, expected.abs_diff(count(cluster))))
        },
        |look, _| {
            let cluster = look.info().and_then(|info| info.cluster.as_ref());
            let expected = expected(look).unwrap_or(0);
            let sentence =
                format!("{}, and {} expected.", some(count(cluster) as usize, "server", "keeps it", "keep it"), {
                    if expected == 1 { "1 is".to_owned() } else { format!("{expected} are") }
                });
            Story::new("servers", sentence)
                .with_some("kept by", cluster.map(Cluster::servers))
                .with("expected", format!("{expected} (io.nats.monitor.peer-expect)"))
                .run(
                    "Change the number of copies, or what is expected.",
                    command_line("nats stream edit", &[look.name], &format!("--replicas={expected}")),
                )
        },
    ),
};

/// One copy in a cluster.
pub(super) const SINGLE_REPLICA: Entry = Entry {
    rule: Rule::StreamSingleReplica,
    levels: &[Level::Notice],
    finds: "The stream is in a cluster and has one copy: it is away while its server is, and lost with it.",
    patience: AT_ONCE,
    many: |n| some(n, "stream", "has one copy in a cluster", "have one copy in a cluster"),
    check: Check::Stream(
        |look| {
            let info = look.info()?;
            let alone = info.config.replicas <= 1 && info.cluster.as_ref().is_some_and(|c| c.name.is_some());
            (alone && !info.name.starts_with('$')).then_some(Hit::plain(Level::Notice))
        },
        |look, _| {
            let leader = look.info().and_then(|info| info.leader()).unwrap_or("one server");
            Story::new(
                "one copy",
                format!("It has one copy, on {leader}: away while that server is, and lost with it."),
            )
            .with("kept by", leader)
            .run(
                "Three copies outlive the loss of a server.",
                command_line("nats stream edit", &[look.name], "--replicas=3"),
            )
        },
    ),
};

/// The replicas of a stream that has a leader, and of which this holds.
fn peers<'a>(look: &StreamLook<'a>, which: impl Fn(&Peer) -> bool) -> Vec<&'a Peer> {
    let cluster = look.info().and_then(|info| info.cluster.as_ref()).filter(|cluster| cluster.leader.is_some());
    cluster.map_or_else(Vec::new, |cluster| cluster.replicas.iter().filter(|peer| which(peer)).collect())
}

fn silent<'a>(look: &StreamLook<'a>) -> Vec<(Level, &'a Peer)> {
    let silent = peers(look, |peer| silence(look, peer).is_some());
    silent.into_iter().filter_map(|peer| Some((silence(look, peer)?, peer))).collect()
}

/// How bad it is that nothing is heard of this replica.
fn silence(look: &StreamLook<'_>, peer: &Peer) -> Option<Level> {
    let bound = look.bound(Rule::StreamReplicaSilent);
    let active = peer.active.filter(|_| !peer.offline)?;
    if bound.is_set() {
        return bound.above(active.as_secs_f64());
    }
    (!peer.current && active > HEARTBEATS).then_some(Level::Warning)
}

fn expected(look: &StreamLook<'_>) -> Option<u64> {
    look.monitor.get(Rule::StreamPeers, crate::health::finding::monitor::Side::Exactly).map(|n| n as u64)
}

fn count(cluster: Option<&Cluster>) -> u64 {
    cluster.map_or(1, |cluster| cluster.replicas.len() as u64 + 1)
}

pub(super) fn allowed(look: &StreamLook<'_>, rule: Rule, level: Level) -> Option<String> {
    let (seconds, by) = look.bound(rule).of(level, rule)?;
    Some(format!("{} ({by})", duration(Duration::from_secs_f64(seconds.max(0.0)))))
}

fn names(peers: &[&Peer]) -> String {
    peers.iter().map(|peer| peer.name.as_str()).collect::<Vec<_>>().join(", ")
}

fn peer_remove(look: &StreamLook<'_>) -> String {
    command_line("nats stream cluster peer-remove", &[look.name], "")
}

fn with_peers(mut story: Story, peers: &[&Peer]) -> Story {
    for peer in peers {
        let heard =
            peer.active.map_or_else(|| "not heard of yet".to_owned(), |heard| format!("heard of {}", ago(heard)));
        let lag =
            peer.lag.filter(|lag| *lag > 0).map(|lag| format!(", {} behind", count_exact(lag))).unwrap_or_default();
        story = story.with("replica", format!("{}: {heard}{lag}", peer.name));
    }
    story
}
