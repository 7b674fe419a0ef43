//! The servers that keep a consumer: silent, without a leader. Where its stream has the same trouble, that is told once.

use crate::health::Level;
use crate::health::finding::entry::{A_MOMENT, A_WHILE, Check, Entry, Hit, Story, offline, some};
use crate::health::finding::look::ConsumerLook;
use crate::model::shell::command_line;
use crate::model::units::count_exact;
use crate::model::{Availability, Cluster, Rule};

/// Nobody answers for it.
pub(super) const MISSING: Entry = Entry {
    rule: Rule::ConsumerMissing,
    levels: &[Level::Critical],
    finds: "The consumer exists, but none of the servers that keep it answers.",
    patience: A_WHILE,
    many: |n| some(n, "consumer", "is on servers that do not answer", "are on servers that do not answer"),
    check: Check::Consumer(
        |look| {
            let missing = look.entry.availability == Availability::Missing && is_stream_well(look);
            missing.then_some(Hit::plain(Level::Critical))
        },
        |look, _| {
            let known = look.entry.info.as_deref();
            Story::new("no answer", "The servers that keep it do not answer: nothing is delivered.")
                .with_some("outstanding then", known.map(|info| count_exact(info.outstanding())))
                .run("See which server is gone (as a user of the system account).", "nats server report jetstream")
        },
    ),
};

/// A server says that it cannot serve it.
pub(super) const OFFLINE: Entry = Entry {
    rule: Rule::ConsumerOffline,
    levels: &[Level::Critical],
    finds: "A server says that it cannot serve the consumer, and why.",
    patience: A_MOMENT,
    many: |n| some(n, "consumer", "is offline", "are offline"),
    check: Check::Consumer(
        |look| {
            let offline = matches!(look.entry.availability, Availability::Offline(_)) && is_stream_well(look);
            offline.then_some(Hit::plain(Level::Critical))
        },
        |look, _| {
            let Availability::Offline(reason) = &look.entry.availability else { return Story::default() };
            offline(reason)
        },
    ),
};

/// A group without a leader.
pub(super) const NO_LEADER: Entry = Entry {
    rule: Rule::ConsumerNoLeader,
    levels: &[Level::Critical],
    finds: "The consumer's group has no leader: nothing is delivered.",
    patience: A_MOMENT,
    many: |n| some(n, "consumer", "has no leader", "have no leader"),
    check: Check::Consumer(
        |look| {
            let leaderless = Cluster::is_leaderless(look.info()?.cluster.as_ref());
            (leaderless && is_stream_well(look)).then_some(Hit::plain(Level::Critical))
        },
        |look, _| {
            let cluster = look.info().and_then(|info| info.cluster.as_ref());
            let servers = cluster.map(Cluster::servers);
            Story::new("no leader", "Its group has no leader: nothing is delivered.").with_some("kept by", servers).run(
                "See whether its servers are up; a new election may help.",
                command_line("nats consumer cluster step-down", &[look.stream, look.name], ""),
            )
        },
    ),
};

/// Its stream answers and has a leader.
fn is_stream_well(look: &ConsumerLook<'_>) -> bool {
    look.of.is_none_or(|of| {
        let leaderless = Cluster::is_leaderless(of.info.as_deref().and_then(|info| info.cluster.as_ref()));
        of.availability == Availability::Present && !leaderless
    })
}
