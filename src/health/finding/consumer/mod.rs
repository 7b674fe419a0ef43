//! Rules about consumers.

mod owner;
mod presence;

use super::entry::Entry;

/// All of them.
pub(super) const RULES: &[Entry] = &[
    presence::MISSING,
    presence::OFFLINE,
    presence::NO_LEADER,
    owner::ACK_PENDING,
    owner::PENDING,
    owner::REDELIVERED,
    owner::WAITING,
    owner::LAST_DELIVERY,
    owner::LAST_ACK,
    owner::PINNED,
    owner::METADATA,
];
