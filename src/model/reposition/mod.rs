//! Moving the start of one consumer: what is wanted, what it would do, how far it is, and what came of it.

mod past;
mod words;

use std::fmt;

use serde::{Deserialize, Serialize};

use super::units::{messages, messages_were};
use super::{AckPolicy, DeliverPolicy, Timestamp};

pub use past::{Past, Proposal, State};
pub use words::RECREATE;

/// Where a consumer is to go on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Target {
    /// At this sequence.
    Seq(u64),
    /// At the first message stored at this time or later.
    Time(Timestamp),
    /// At so many matching messages before the end.
    Last(u64),
    /// At the first message that is stored.
    Start,
    /// Behind the last message that is stored.
    End,
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Seq(seq) => write!(f, "{seq}"),
            Self::Time(time) => write!(f, "{time}"),
            Self::Last(count) => write!(f, "last:{count}"),
            Self::Start => f.write_str("start"),
            Self::End => f.write_str("end"),
        }
    }
}

/// How a consumer is moved.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Method {
    /// The server moves it (since 2.14).
    Reset,
    /// It is deleted and made again.
    Recreate,
}

/// A sequence, and when its message was stored; no time where the message is gone.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Place {
    /// The sequence in the stream.
    pub seq: u64,
    /// When its message was stored.
    pub time: Option<Timestamp>,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.time {
            Some(time) => write!(f, "#{} of {}", self.seq, time.to_millis()),
            None => write!(f, "#{}", self.seq),
        }
    }
}

/// Matching messages between two places.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Span {
    /// How many; `None` where they were too many to be counted one by one.
    pub count: Option<u64>,
    /// The first of them.
    pub first: Option<Place>,
    /// The last of them.
    pub last: Option<Place>,
}

impl Span {
    /// None at all.
    pub const NONE: Self = Self { count: Some(0), first: None, last: None };

    /// There is none.
    pub fn is_empty(&self) -> bool {
        self.count == Some(0)
    }

    /// These, and those of another place behind them.
    #[must_use]
    pub fn and(self, behind: Self) -> Self {
        Self {
            count: self.count.zip(behind.count).map(|(a, b)| a.saturating_add(b)),
            first: self.first.or(behind.first),
            last: behind.last.or(self.last),
        }
    }
}

/// Where a consumer stands.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Before {
    /// Everything up to there is acked.
    pub ack_floor: Place,
    /// The last message that was delivered.
    pub delivered: Place,
    /// Not yet delivered.
    pub pending: u64,
    /// Delivered, not acked.
    pub ack_pending: u64,
    /// Open pull requests.
    pub waiting: u64,
    /// A push consumer has a subscriber.
    pub push_bound: bool,
    /// It is paused until then.
    pub paused_until: Option<Timestamp>,
}

/// Where it would stand.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct After {
    /// The sequence that it goes on at.
    pub seq: u64,
    /// The sequence that was asked for, where the stream begins behind it.
    pub asked: Option<u64>,
    /// The first message that it would receive; none where there is none yet.
    pub first: Option<Place>,
    /// Not yet delivered then; `None` where they were not counted.
    pub pending: Option<u64>,
}

/// What moving a consumer would do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Preview {
    /// When this was read, by our clock.
    pub taken: Timestamp,
    /// The server's version.
    pub server: String,
    /// The stream.
    pub stream: String,
    /// The consumer.
    pub consumer: String,
    /// When the stream was created.
    pub stream_created: Option<Timestamp>,
    /// When the consumer was created: another of the same name is another consumer.
    pub consumer_created: Option<Timestamp>,
    /// What was asked for.
    pub target: Target,
    /// The subjects that it receives; empty is all.
    pub filter_subjects: Vec<String>,
    /// `pull` or `push`.
    pub mode: &'static str,
    /// How it acknowledges.
    pub ack_policy: AckPolicy,
    /// Where it started.
    pub deliver_policy: DeliverPolicy,
    /// The first and the last sequence of the stream.
    pub stream_ends: (u64, u64),
    /// Where it stands.
    pub before: Before,
    /// Where it would stand.
    pub after: After,
    /// What was delivered before and would be again.
    pub redelivered: Span,
    /// What was never delivered and would not be.
    pub skipped: Span,
    /// What was never delivered, since the move that this takes back had passed over it, and would be delivered.
    pub restored: Span,
    /// How it would be done.
    pub method: Method,
    /// What is lost by that, in words.
    pub lost: Vec<String>,
    /// What should be known before.
    pub warnings: Vec<String>,
    /// Why it cannot be done.
    pub obstacles: Vec<String>,
    /// Nothing is in the way but that the server does not move it: it could be deleted and made again.
    pub recreatable: bool,
    /// The earlier one that this takes back.
    pub undoes: Option<String>,
}

impl Preview {
    /// The consumer stands there already, with nothing in flight.
    pub fn changes_nothing(&self) -> bool {
        let next = self.before.delivered.seq.saturating_add(1);
        let same = self.after.seq == next || [self.redelivered, self.skipped, self.restored].iter().all(Span::is_empty);
        same && self.before.ack_pending == 0 && self.undoes.is_none()
    }
}

/// What is being done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// The old position is saved.
    Saving,
    /// The consumer is paused until then, unless that is taken back before.
    Pausing {
        /// By the server's clock.
        until: Timestamp,
    },
    /// So many messages are in flight; their acks are waited for.
    Draining {
        /// How many.
        left: u64,
        /// Until when, by our clock.
        until: Timestamp,
    },
    /// They were not acked in time: whether to go on all the same has to be said.
    Stuck {
        /// How many.
        left: u64,
    },
    /// It is moved.
    Moving,
    /// The pause is taken back.
    Resuming,
    /// Whether something is delivered is watched.
    Watching,
    /// Nothing more happens.
    Over,
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Saving => f.write_str("the old position is saved"),
            Self::Pausing { until } => write!(f, "the consumer is paused, until {} UTC at most", until.to_clock()),
            Self::Draining { left, until } => {
                let clock = until.to_clock();
                write!(f, "waiting for the acks of {} in flight, until {clock} UTC at most", messages(*left))
            }
            Self::Stuck { left } => write!(f, "{} not acked in time", messages_were(*left)),
            Self::Moving => f.write_str("the consumer is moved"),
            Self::Resuming => f.write_str("the consumer is resumed"),
            Self::Watching => f.write_str("waiting for the first delivery"),
            Self::Over => f.write_str("done"),
        }
    }
}

/// What a running one can be told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Control {
    /// To go on although messages are in flight.
    GoOn,
    /// To leave it. Once the consumer was moved, it is only resumed sooner.
    Cancel,
}

/// How one ended.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Stage {
    /// It began; where its process is gone, it was broken off.
    #[default]
    Begun,
    /// The consumer is deleted and has to be made again.
    Deleted,
    /// The consumer was moved.
    Completed,
    /// It could not be moved.
    Failed,
    /// It was left before the consumer was moved.
    Cancelled,
}

/// What came of it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Outcome {
    /// Its name in the state directory.
    pub id: String,
    /// The stream.
    pub stream: String,
    /// The consumer.
    pub consumer: String,
    /// How it was moved.
    pub method: Method,
    /// The sequence that undo goes back to.
    pub from: u64,
    /// The sequence that it goes on at.
    pub to: u64,
    /// What was read back is what was asked for.
    pub verified: bool,
    /// Not yet delivered, as read back.
    pub pending: u64,
    /// Somebody waited and was sent something; `None` where nobody waits, nothing is due, or it stays paused.
    pub advances: Option<bool>,
    /// It was paused before and stays so until then.
    pub paused_until: Option<Timestamp>,
    /// How long it took, and how long of that the consumer stood still.
    pub seconds: f64,
    /// See `seconds`.
    pub paused_seconds: f64,
    /// What should be known.
    pub notes: Vec<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_say_their_time_where_it_is_known() {
        let time = Timestamp::parse("2026-11-20T13:50:00Z");
        assert_eq!(Place { seq: 7, time }.to_string(), "#7 of 2026-11-20T13:50:00Z");
        assert_eq!(Place { seq: 7, time: None }.to_string(), "#7");
    }

    #[test]
    fn what_was_not_counted_is_not_empty() {
        assert!(Span::NONE.is_empty() && !Span::default().is_empty() && Span::NONE.and(Span::NONE).is_empty());
    }
}
