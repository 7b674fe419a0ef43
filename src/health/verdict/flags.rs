//! What can be the matter with a consumer whatever its state is. Each flag is a finding of its own.

use std::fmt;
use std::time::Duration;

use crate::health::{Level, messages, messages_are};
use crate::model::ring::SLOTS;
use crate::model::units::{count_exact, rate};
use crate::model::{Consumer, ConsumerEntry};

use super::look::Look;

/// One flag, with its number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Flag {
    /// At least so many messages reached `max_deliver` without an ack.
    Dead(u64),
    /// Messages were dropped by the stream before they were read.
    Lost(Lost),
    /// So many are not acked, which is `max_ack_pending`, and so many wait to be delivered.
    Blocked {
        /// Delivered, not acked.
        unacked: u64,
        /// Not delivered.
        pending: u64,
    },
    /// Acks arrive, but the floor stands at this sequence: the next message after it is held.
    Hol {
        /// The ack floor.
        floor: u64,
    },
    /// It was deleted and made again.
    Recreated,
}

impl Flag {
    /// The word, which documents have too.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Dead(_) => "DEAD",
            Self::Lost(_) => "LOST",
            Self::Blocked { .. } => "BLOCKED",
            Self::Hol { .. } => "HOL",
            Self::Recreated => "RECREATED",
        }
    }

    /// How bad it is by itself. Being full to `max_ack_pending` is usual for who works off a backlog, and a held
    /// message is for who works on many at once.
    pub const fn level(self) -> Level {
        match self {
            Self::Dead(_) | Self::Lost(_) => Level::Warning,
            Self::Blocked { .. } | Self::Hol { .. } | Self::Recreated => Level::Notice,
        }
    }

    /// What it says, with its number.
    pub fn sentence(self) -> String {
        match self {
            Self::Dead(n) => format!("It gave up on at least {}: not delivered again.", messages(n)),
            Self::Lost(lost) => {
                format!("The stream dropped up to {} before it read them{}.", messages(lost.messages), lost.now())
            }
            Self::Blocked { unacked, pending } => format!(
                "Delivery waits for acks: {} not acked, which is its max_ack_pending; {} not delivered yet.",
                messages_are(unacked),
                messages_are(pending)
            ),
            Self::Hol { floor } => {
                format!("Acks arrive, but the floor stands at {}: the next message is held.", count_exact(floor))
            }
            Self::Recreated => "It was deleted and made again; what is said begins there.".into(),
        }
    }
}

impl fmt::Display for Flag {
    /// The word and, where there is one, the bound: `DEAD>=3`, `LOST<=12`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Dead(n) => write!(f, "{}>={n}", self.word()),
            Self::Lost(lost) => write!(f, "{}<={}", self.word(), lost.messages),
            Self::Blocked { .. } | Self::Hol { .. } | Self::Recreated => f.write_str(self.word()),
        }
    }
}

/// What a consumer lost to retention.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Lost {
    /// At most so many messages since the place where it stands; where it moves, within the window.
    pub messages: u64,
    /// Of these at most so many within the window.
    pub lately: u64,
    /// How long the window is.
    pub window: Duration,
}

impl Lost {
    /// Messages a second over the window; `None` where nothing was lost in it.
    pub fn rate(self) -> Option<f64> {
        (self.lately > 0 && !self.window.is_zero()).then(|| self.lately as f64 / self.window.as_secs_f64())
    }

    /// `, 98/s now`, where something is lost now.
    pub(in crate::health) fn now(self) -> String {
        self.rate().map_or_else(String::new, |per_second| format!(", {}/s now", rate(per_second)))
    }
}

/// The flags of a consumer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Flags {
    dead: u64,
    lost: Lost,
    blocked: bool,
    unacked: u64,
    pending: u64,
    held: bool,
    floor: u64,
    recreated: bool,
}

impl Flags {
    pub(super) fn of(entry: &ConsumerEntry, info: &Consumer, look: &Look) -> Self {
        let limited = info.config.max_deliver.is_some();
        let exhausted = if limited { info.redelivered.saturating_sub(info.ack_pending) } else { 0 };
        // In the first ring since then.
        let samples = entry.ring.samples();
        let recreated =
            entry.recreated.is_some_and(|at| samples.len() < SLOTS || samples.first().is_some_and(|s| s.at <= at));
        Self {
            // The server tells of each that is given up, but only to those who listen then.
            dead: exhausted.max(entry.given_up.messages),
            lost: Lost { messages: entry.missed.messages.max(look.lost), lately: look.lost, window: look.span },
            blocked: info.config.max_ack_pending.is_some_and(|max| info.ack_pending >= max) && info.pending > 0,
            unacked: info.ack_pending,
            pending: info.pending,
            held: look.samples == SLOTS && look.acked && look.floor_stands && look.unacked,
            floor: info.ack_floor.stream_seq,
            recreated,
        }
    }

    /// Those that are set, the weightiest first.
    pub fn iter(&self) -> impl Iterator<Item = Flag> {
        let blocked = Flag::Blocked { unacked: self.unacked, pending: self.pending };
        [
            (self.dead > 0).then_some(Flag::Dead(self.dead)),
            (self.lost.messages > 0).then_some(Flag::Lost(self.lost)),
            self.blocked.then_some(blocked),
            self.held.then_some(Flag::Hol { floor: self.floor }),
            self.recreated.then_some(Flag::Recreated),
        ]
        .into_iter()
        .flatten()
    }

    /// What it lost to retention.
    pub const fn lost(&self) -> Lost {
        self.lost
    }

    /// The worst of their levels.
    pub fn level(&self) -> Level {
        self.iter().map(Flag::level).max().unwrap_or_default()
    }

    /// Whether there is a flag of this word.
    pub fn has(&self, word: &str) -> bool {
        self.iter().any(|flag| flag.word() == word)
    }
}
