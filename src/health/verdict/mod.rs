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
//! delivered up to behind the end of the stream               STALLED  ahead of its stream
//! L <= allowed                                               OK       idle, or caught up
//! the floor fell and has not come back                       REWOUND
//! (fewer than ten samples, and never zero                    UNKNOWN  3/10 samples)
//! no acked, no deliv, no interest, not zero                  STOPPED  no reader and no ack
//! not zero and no acked                                      STALLED  nobody acks, or nothing is delivered
//! (last values, and less than a window behind                OK)
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

pub use flags::{Flag, Flags, Lost};
use look::Look;
pub(in crate::health) use words::nobody;

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
    /// It is to go on at a sequence that its stream has not reached.
    Ahead {
        /// It was delivered up to here.
        delivered: u64,
        /// Its stream ends here.
        last: u64,
    },
    /// It delivers no faster than it is configured to.
    Paced,
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
    /// Why it stands still although nothing may be wrong.
    pub excuse: Option<Excuse>,
    /// It does not outlive its client: a reader that comes and goes.
    pub one_off: bool,
    /// What leaves is what a limit of the stream drops, before it was acked.
    pub dropped: bool,
    /// The server's own numbers contradict each other.
    pub doubt: Option<Doubt>,
}

/// Why a consumer may stand still although it does what it is told to. Where only the clients know, it is at least no
/// more than a warning.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Excuse {
    /// The ack wait of the last delivery is not over: whoever has the messages may take so long.
    SlowWork,
    /// A client said within the window that it still works on what it has.
    InProgress,
    /// What was not acked comes again by then at the latest: the longest wait of its backoff.
    Backoff(Timestamp),
    /// A reader waits, the ack wait is over, and nothing came again: a client put it off (NAK with a delay).
    PutOff,
    /// Messages come again and again, to a client that goes on reading: it refuses them.
    Refused,
    /// Its clients may ask for messages only when many wait.
    Overflow,
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
            State::Stalled | State::Stopped => self.standstill().unwrap_or(Level::Notice),
            state => state.level(),
        };
        let level = level.max(self.flags.level());
        if self.one_off && level > Level::Unknown { Level::Notice } else { level }
    }

    /// How bad it is that it stands still; `None` where all is delivered and it may be as it is meant to be.
    pub(in crate::health) const fn standstill(&self) -> Option<Level> {
        match self.excuse {
            None => Some(Level::Critical),
            Some(Excuse::Refused | Excuse::Overflow) => Some(Level::Warning),
            Some(_) if self.waits => Some(Level::Warning),
            Some(_) => None,
        }
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
    let look = Look::at(samples, terms.allowed, entry.is_picky().then_some(entry.missed.read));
    let why = match rule(newest.at, newest.paused, newest.outstanding(), &look, terms) {
        // As far apart as they were stored, or so many bits a second.
        Why::NothingDelivered if info.config.replays || info.config.rate_limit.is_some() => Why::Paced,
        Why::NeverFell | Why::Sawtooth if info.config.replays => Why::Paced,
        // It was told to begin there.
        Why::Ahead { delivered, .. } if info.config.start_seq == Some(delivered.saturating_add(1)) => Why::Idle,
        why => why,
    };
    let state = match why {
        Why::TooFew | Why::Silent => State::Unknown,
        Why::Paused => State::Paused,
        Why::NoReader => State::Stopped,
        Why::Rewound { .. } => State::Rewound,
        Why::NobodyAcks | Why::NothingDelivered | Why::Ahead { .. } => State::Stalled,
        Why::NeverFell | Why::Sawtooth => State::Behind,
        Why::Idle | Why::CaughtUp | Why::CatchingUp | Why::Working | Why::Paced => State::Ok,
    };
    let excuse = excuse(entry, info, why, &look, terms.now);
    // What is put off, and kept from nobody, does not stand still.
    let state = match excuse {
        Some(Excuse::InProgress) => State::Ok,
        Some(Excuse::Backoff(_) | Excuse::PutOff) if !look.waits => State::Ok,
        _ => state,
    };
    let since = since(entry, why, &look, terms.now).filter(|_| excuse.is_none() || state != State::Ok);
    let (since, or_longer) = since.map_or((None, false), |(at, longer)| (Some(at), longer));
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
        excuse,
        one_off: !info.config.durable,
        dropped: look.dropped && !look.acked,
        doubt: look::doubt(samples, info),
    })
}

/// Why nothing may be wrong although nothing is acked, or nothing delivered.
fn excuse(entry: &ConsumerEntry, info: &Consumer, why: Why, look: &Look, now: Timestamp) -> Option<Excuse> {
    match why {
        Why::NothingDelivered => return info.config.overflows.then_some(Excuse::Overflow),
        Why::NobodyAcks | Why::NoReader if info.ack_pending > 0 && !look.dropped => {}
        _ => return None,
    }
    let (last, wait) = (info.delivered.last_active, info.config.ack_wait?);
    let within = |at: Timestamp, span: Duration| now.since(at) < span;
    if entry.progress.is_some_and(|at| within(at, wait.max(look.span))) {
        return Some(Excuse::InProgress);
    }
    // What takes longer comes again before anything new does: so nothing came again, and the last delivery is not that
    // long ago. (A server that restarts forgets when that was; what takes too long comes again then.)
    if info.redelivered == 0 && last.is_none_or(|at| within(at, wait)) {
        return Some(Excuse::SlowWork);
    }
    if let (Some(at), Some(longest)) = (last, info.config.backoff.iter().max())
        && within(at, *longest)
    {
        return Some(Excuse::Backoff(at.plus(*longest)));
    }
    // To who waits the server delivers again what is overdue, at once.
    if look.pulled && last.is_some_and(|at| !within(at, wait.saturating_add(look.span))) {
        return Some(Excuse::PutOff);
    }
    let refused = entry.refused.is_some_and(|at| within(at, wait.max(look.span)));
    let again = info.redelivered > 0 && !look.waits && look.interest;
    (refused || again).then_some(Excuse::Refused)
}

/// The first rule that fits.
fn rule(taken: Timestamp, paused: bool, outstanding: u64, look: &Look, terms: &Terms) -> Why {
    if terms.now.since(taken) > terms.poll.saturating_mul(STALE) {
        return Why::Silent;
    }
    if paused {
        return Why::Paused;
    }
    if let Some((delivered, last)) = look.ahead {
        return Why::Ahead { delivered, last };
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
        // How many values wait says nothing where newer ones take their place.
        if look.keeps_up() {
            return Why::Working;
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
    let acked = entry.last_acked().filter(|_| !look.dropped);
    let delivered = info.delivered.last_active;
    let begun = outstanding.begun.then_some(outstanding.from);
    let run = |run: Run| (run.from, !run.begun);
    let exactly = |at: Timestamp| (at, false);
    let (at, longer) = match why {
        Why::TooFew | Why::CatchingUp | Why::Working | Why::Paced | Why::Ahead { .. } => return None,
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
mod configured;
#[cfg(test)]
mod losses;
#[cfg(test)]
mod tables;
#[cfg(test)]
mod traps;
