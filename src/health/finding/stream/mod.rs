//! Rules about streams.

mod again;
mod cluster;
mod limits;
pub(super) mod owner;
mod readers;
mod upstream;

#[cfg(test)]
mod tests;

use super::entry::Entry;

/// All of them.
pub(super) const RULES: &[Entry] = &[
    again::RECREATED,
    cluster::MISSING,
    cluster::OFFLINE,
    cluster::NO_LEADER,
    limits::NEARLY_FULL,
    readers::NO_INTEREST,
    readers::NO_WORKERS,
    readers::NO_CONSUMERS,
    readers::GROWS_UNREAD,
    readers::UNTAKEN,
    upstream::FAILS,
    upstream::SILENT_RULE,
    upstream::BEHIND,
    cluster::REPLICA_OFFLINE,
    cluster::REPLICA_BEHIND,
    cluster::REPLICA_SILENT,
    cluster::PEERS,
    upstream::SOURCES,
    owner::FEW_MESSAGES,
    owner::SUBJECTS,
    readers::EPHEMERAL,
    limits::NO_LIMITS,
    limits::NO_AGE_LIMIT,
    limits::MEMORY,
    cluster::SINGLE_REPLICA,
    limits::DEDUPE_WINDOW,
    owner::METADATA,
];
