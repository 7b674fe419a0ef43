//! Rules about consumers.

mod ahead;
mod flags;
mod owner;
mod presence;
mod standing;

#[cfg(test)]
mod tests;

use super::entry::Entry;

/// All of them.
pub(super) const RULES: &[Entry] = &[
    standing::STOPPED,
    standing::STALLED,
    standing::BLOCKED,
    standing::NEVER_ACKED,
    standing::AHEAD,
    standing::BEHIND,
    standing::NO_READER,
    standing::REWOUND,
    standing::PAUSED,
    flags::DEAD,
    flags::LOST,
    flags::HOL,
    flags::RECREATED,
    ahead::LOSS_NEAR,
    ahead::FILTER,
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
