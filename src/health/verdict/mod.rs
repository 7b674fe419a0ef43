//! Is this consumer healthy? The verdict follows from how its numbers move; there is no threshold to tune.
//!
//! The rules restate those of `LinkedIn`'s Burrow for `JetStream`, with what `JetStream` adds. They look at a ring of
//! ten samples, `a` and `b` being two that follow each other:
//!
//! ```text
//! L          = pending (ack none) | pending + ack pending                       outstanding
//! acked(a,b) = ack none: more was delivered; else: the floor or its time moved, or less waits for acks
//!              though nothing was delivered; but not where a limit only dropped what was held, which the server
//!              counts the same
//! deliv(a,b) = the number of deliveries changed
//! interest   = in any sample a pull waits, or a push consumer is bound
//! zero       = in any sample L <= allowed
//! ```
//!
//! The state is the first that fits:
//!
//! ```text
//! newest older than 3 polls                                  UNKNOWN
//! paused                                                     PAUSED
//! L <= allowed                                               OK       idle, or caught up
//! the floor fell and has not come back                       REWOUND
//! (fewer than ten samples, and never zero                    UNKNOWN  3/10 samples)
//! no acked, no deliv, no interest, not zero                  STOPPED  no reader and no ack
//! not zero and no acked                                      STALLED  nobody acks, or nothing is delivered
//! not zero and L never falls                                 BEHIND
//! not zero, the slope is > 0 and the 2nd half above the 1st  BEHIND   one dip does not clear it
//! otherwise                                                  OK       catching up where the slope is < 0
//! ```
//!
//! Work in progress is no backlog. So a level that stands still, or goes up and down, is BEHIND only where something
//! waits to be delivered and more is outstanding than is delivered between two samples; one that rises, where either is
//! so. A fresh start is blind for one window, so that what needs the whole window is not said before.

mod flags;
mod look;
mod words;

use std::time::Duration;

use crate::model::ring::{Run, SLOTS};
use crate::model::{Catalog, Consumer, ConsumerEntry, Timestamp};

use super::Level;

pub use flags::{Flag, Flags};
use look::Look;

/// An answer that is older than so many polls says nothing of the present.
const STALE: u32 = 3;

/// What a verdict depends on besides the samples.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Terms {
    /// The present time.
    pub now: Timestamp,
    /// How long it takes until every consumer was asked for again.
    pub poll: Duration,
    /// So many outstanding are as good as none, of every consumer.
    pub allowed: u64,
}

impl Terms {
    /// For the consumers of a catalog, where nothing outstanding is as good as none.
    pub fn of(catalog: &Catalog, now: Timestamp) -> Self {
        Self { now, poll: catalog.poll(), allowed: 0 }
    }
}

/// How a consumer does. The order is "worst last", and so a stream's verdict is the greatest of its consumers'.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum State {
    /// Nothing is outstanding, or it does not get more.
    Ok,
    /// Somebody paused it.
    Paused,
    /// Too few samples, or too old ones.
    Unknown,
    /// The ack floor went back.
    Rewound,
    /// More comes in than is acked.
    Behind,
    /// Somebody reads, or did, and nothing is acked.
    Stalled,
    /// Nobody reads and nothing is acked.
    Stopped,
}

impl State {
    /// The word, which documents have too.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Ok => "OK",
            Self::Paused => "PAUSED",
            Self::Unknown => "UNKNOWN",
            Self::Rewound => "REWOUND",
            Self::Behind => "BEHIND",
            Self::Stalled => "STALLED",
            Self::Stopped => "STOPPED",
        }
    }

    /// How bad it is by itself.
    pub const fn level(self) -> Level {
        match self {
            Self::Ok => Level::Ok,
            Self::Paused => Level::Notice,
            Self::Unknown => Level::Unknown,
            Self::Rewound | Self::Behind => Level::Warning,
            Self::Stalled | Self::Stopped => Level::Critical,
        }
    }
}

/// Which of the rules it was.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Why {
    /// The window is not full.
    TooFew,
    /// Nothing was heard for more than three polls.
    Silent,
    /// It is paused.
    Paused,
    /// Nothing outstanding, and nothing acked in the window.
    Idle,
    /// Nothing outstanding, and something was acked.
    CaughtUp,
    /// No reader and no ack for the whole window.
    NoReader,
    /// The floor went from here to there.
    Rewound {
        /// The stream sequence before.
        from: u64,
        /// The stream sequence after.
        to: u64,
    },
    /// It delivers, and nobody acks.
    NobodyAcks,
    /// A reader waits, and nothing is delivered.
    NothingDelivered,
    /// What is outstanding never fell in the window.
    NeverFell,
    /// It fell at times, and grows all the same.
    Sawtooth,
    /// It falls.
    CatchingUp,
    /// It moves.
    Working,
}

/// What is said of a consumer, without words: lists of very many are sorted by it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Verdict {
    /// How it does.
    pub state: State,
    /// By which rule.
    pub why: Why,
    /// What else is the matter, whatever the state is.
    pub flags: Flags,
    /// Since when it does so, as far as that is known.
    pub since: Option<Timestamp>,
    /// It was so when we began to look, and may have been for long.
    pub or_longer: bool,
    /// Pending + ack pending now (pending alone where the ack policy is none).
    pub outstanding: u64,
    /// Some of it is not delivered yet.
    pub waits: bool,
    /// That is more than is delivered between two samples: no mere work in progress.
    pub backlog: bool,
    /// By how much that grows a second over the window; `None` on one sample.
    pub slope: Option<f64>,
    /// Samples that there are, ten at most.
    pub samples: usize,
    /// How long it may take until this verdict notices something: one window. `None` on one sample.
    pub delay: Option<Duration>,
    /// Nobody acks, but whoever has the messages may still take his time: the ack wait of none of them is over.
    pub in_time: bool,
    /// What leaves is what a limit of the stream drops, before it was acked.
    pub dropped: bool,
    /// The server's own numbers contradict each other.
    pub doubt: Option<Doubt>,
}

/// The server's count of what is pending cannot be right: some versions counted wrongly.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Doubt {
    /// So many are pending, it says.
    pub pending: u64,
    /// So many sequences lie between what was delivered and the end of the stream.
    pub behind: u64,
}

impl Verdict {
    /// How bad it is, flags included: what was lost or given up is at least a warning. Slow work is no standstill as
    /// long as it may be slow: it is worth a look only where more waits behind it.
    pub fn level(&self) -> Level {
        let level = match self.state {
            State::Stalled | State::Stopped if self.in_time && self.waits => Level::Warning,
            State::Stalled | State::Stopped if self.in_time => Level::Notice,
            state => state.level(),
        };
        level.max(self.flags.level())
    }

    /// What a list is sorted by, the worst greatest: level, state, how much is outstanding.
    pub fn rank(&self) -> (u8, u64) {
        ((self.level() as u8) << 4 | self.state as u8, self.outstanding)
    }

    /// [`Verdict::delay`] as it is shown: polls never come quite evenly, and what stands on a screen should not change
    /// with each of them.
    pub fn window(&self) -> Option<Duration> {
        self.delay.map(|delay| {
            let seconds = delay.as_secs_f64();
            let unit = if seconds < 10.0 {
                1.0
            } else if seconds < 100.0 {
                5.0
            } else {
                60.0
            };
            Duration::from_secs_f64((seconds / unit).round().max(1.0) * unit)
        })
    }

    /// Seconds until nothing is outstanding at the present slope; `None` where it does not fall, and where it is no more
    /// than the work that is being done, which goes up and down.
    pub fn eta(&self) -> Option<f64> {
        match (self.why, self.slope) {
            (Why::CatchingUp, Some(slope)) if slope < 0.0 && self.backlog => Some(self.outstanding as f64 / -slope),
            _ => None,
        }
    }
}

/// The verdict on a consumer; `None` when nothing was read of it yet. Allocates nothing.
pub fn judge(entry: &ConsumerEntry, terms: &Terms) -> Option<Verdict> {
    let info = entry.info.as_deref()?;
    let samples = entry.ring.samples();
    let newest = samples.last()?;
    let terms = &Terms { allowed: terms.allowed.max(entry.allowed), ..*terms };
    let look = Look::at(samples, terms.allowed);
    let why = rule(newest.at, newest.paused, newest.outstanding(), &look, terms);
    let state = match why {
        Why::TooFew | Why::Silent => State::Unknown,
        Why::Paused => State::Paused,
        Why::NoReader => State::Stopped,
        Why::Rewound { .. } => State::Rewound,
        Why::NobodyAcks | Why::NothingDelivered => State::Stalled,
        Why::NeverFell | Why::Sawtooth => State::Behind,
        Why::Idle | Why::CaughtUp | Why::CatchingUp | Why::Working => State::Ok,
    };
    let (since, or_longer) =
        since(entry, why, &look, terms.now).map_or((None, false), |(at, longer)| (Some(at), longer));
    Some(Verdict {
        state,
        why,
        flags: Flags::of(entry, info, &look),
        since,
        or_longer,
        outstanding: newest.outstanding(),
        waits: look.waits,
        backlog: look.more_than_a_step,
        slope: look.slope,
        samples: samples.len(),
        delay: look.delay,
        in_time: matches!(why, Why::NobodyAcks | Why::NoReader) && !look.dropped && is_in_time(info, terms.now),
        dropped: look.dropped && !look.acked,
        doubt: look::doubt(samples, info),
    })
}

/// The clients have had what is not acked for less time than they may take. What takes longer comes again before anything
/// new does: so nothing came again, and the last delivery is not that long ago. (A server that restarts forgets when
/// that was; what takes too long comes again then, and is told by that.)
fn is_in_time(info: &Consumer, now: Timestamp) -> bool {
    let last = info.delivered.last_active.map(|at| now.since(at));
    info.redelivered == 0
        && info.ack_pending > 0
        && info.config.ack_wait.is_some_and(|wait| last.is_none_or(|ago| ago < wait))
}

/// The first rule that fits.
fn rule(taken: Timestamp, paused: bool, outstanding: u64, look: &Look, terms: &Terms) -> Why {
    if terms.now.since(taken) > terms.poll.saturating_mul(STALE) {
        return Why::Silent;
    }
    if paused {
        return Why::Paused;
    }
    if outstanding <= terms.allowed {
        return if look.acked { Why::CaughtUp } else { Why::Idle };
    }
    // Of STOPPED it is demanded that nothing was rewound, so this may stand before it: it needs no whole window.
    if let Some(fall) = look.rewound {
        return Why::Rewound { from: fall.from, to: fall.to };
    }
    if !look.zero {
        if look.samples < SLOTS {
            return Why::TooFew;
        }
        if !look.acked {
            return if !look.delivered && !look.interest {
                Why::NoReader
            } else if look.delivered || look.unacked {
                Why::NobodyAcks
            } else {
                Why::NothingDelivered
            };
        }
        if look.never_falls() {
            return Why::NeverFell;
        }
        if look.fell && look.rises() {
            return Why::Sawtooth;
        }
    }
    if look.slope.is_some_and(|slope| slope < 0.0) { Why::CatchingUp } else { Why::Working }
}

/// Since when a rule holds: what was seen to begin, or the server's own word for when something last moved; and whether
/// it is merely since we look.
fn since(entry: &ConsumerEntry, why: Why, look: &Look, now: Timestamp) -> Option<(Timestamp, bool)> {
    let info = entry.info.as_deref()?;
    let outstanding = entry.outstanding?;
    // That a message was dropped is, to the server, when something was acked last.
    let acked = info.ack_floor.last_active.filter(|_| !look.dropped);
    let delivered = info.delivered.last_active;
    let begun = outstanding.begun.then_some(outstanding.from);
    let run = |run: Run| (run.from, !run.begun);
    let exactly = |at: Timestamp| (at, false);
    let (at, longer) = match why {
        Why::TooFew | Why::CatchingUp | Why::Working => return None,
        // Who works has a moment of nothing now and then, which says nothing.
        Why::CaughtUp if !look.all_zero => return None,
        Why::Silent => exactly(info.taken),
        Why::Paused => run(entry.paused?),
        Why::Idle => begun.or(acked).or(delivered).map_or(run(outstanding), exactly),
        Why::CaughtUp | Why::NeverFell | Why::Sawtooth => run(outstanding),
        Why::NoReader | Why::NothingDelivered => acked.max(delivered).max(begun).map_or(run(outstanding), exactly),
        Why::NobodyAcks => acked.max(begun).map_or(run(outstanding), exactly),
        Why::Rewound { .. } => exactly(look.rewound?.at),
    };
    // The server's clock may be ahead of ours.
    Some((at.min(now), longer))
}

#[cfg(test)]
mod any;
#[cfg(test)]
mod burrow;
#[cfg(test)]
mod cases;
#[cfg(test)]
mod tables;
#[cfg(test)]
mod traps;
