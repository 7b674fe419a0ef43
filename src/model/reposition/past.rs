//! The repositions that were written down: done, taken back, broken off, or being done by some process.

use std::fmt;

use serde::Serialize;

use super::{Method, Outcome, Preview, Target};
use crate::model::{Owner, Timestamp};

/// What became of one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum State {
    /// A process is at it.
    Running,
    /// Its process is gone, and nobody knows how far it came.
    Interrupted,
    /// The consumer was moved.
    Completed,
    /// The consumer was moved, and moved back later.
    Undone,
    /// It could not be moved.
    Failed,
    /// It was left before the consumer was moved.
    Cancelled,
}

impl State {
    /// As it is written in lists.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Running => "RUNNING",
            Self::Interrupted => "INTERRUPTED",
            Self::Completed => "COMPLETED",
            Self::Undone => "UNDONE",
            Self::Failed => "FAILED",
            Self::Cancelled => "CANCELLED",
        }
    }
}

impl fmt::Display for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

/// One that was written down. Names are raw: sanitise before drawing.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Past {
    /// Its name in the state directory.
    pub id: String,
    /// When it began.
    pub made: Timestamp,
    /// What became of it.
    pub state: State,
    /// The context's name.
    pub context: Option<String>,
    /// The servers.
    pub servers: String,
    /// The stream.
    pub stream: String,
    /// The consumer.
    pub consumer: String,
    /// What was asked for.
    pub target: Target,
    /// How.
    pub method: Method,
    /// The sequence that undo goes back to.
    pub from: u64,
    /// The new position.
    pub to: u64,
    /// Messages in flight that were given up.
    pub given_up: u64,
    /// Who.
    pub owner: Owner,
    /// Undo of its consumer takes this one back.
    pub can_be_undone: bool,
    /// It was broken off, and nothing came after it.
    pub left_over: bool,
    /// It was broken off while the consumer was deleted.
    pub deleted: bool,
    /// Its pause ends then, should it not have been taken back.
    pub pause_ends: Option<Timestamp>,
    /// The one that this takes back.
    pub undoes: Option<String>,
    /// The one that took this back.
    pub undone_by: Option<String>,
    /// Why it failed.
    pub why: Option<String>,
    /// What came of it, where it was moved.
    pub outcome: Option<Outcome>,
}

impl Past {
    /// What is known of one that was broken off, without what is to be done about it; raw.
    pub fn broken_off(&self, now: Timestamp) -> Option<String> {
        if !self.left_over {
            return None;
        }
        let who = format!("process {} on {}", self.owner.pid, self.owner.host);
        let made = self.made.to_millis();
        let began = format!("moving consumer {} of {} from #{} to #{}", self.consumer, self.stream, self.from, self.to);
        if self.deleted {
            return Some(format!("{began} was broken off ({who}, {made}) while the consumer was deleted"));
        }
        let paused = match self.pause_ends {
            Some(until) if until > now => format!("it may still be paused, until {}", until.to_millis()),
            Some(_) => "its pause is over".into(),
            None => "it was not paused".into(),
        };
        Some(format!("{began} was broken off ({who}, {made}): {paused}, and whether it was moved is not known"))
    }
}

/// What would be done.
#[derive(Clone, Debug, PartialEq)]
pub enum Proposal {
    /// A consumer that is there is moved.
    Move(Box<Preview>),
    /// A consumer that is gone, since this was broken off, is made again where it stood.
    Remake(Box<Past>),
}

impl Proposal {
    /// The stream and the consumer; raw.
    pub fn consumer(&self) -> (&str, &str) {
        match self {
            Self::Move(preview) => (&preview.stream, &preview.consumer),
            Self::Remake(past) => (&past.stream, &past.consumer),
        }
    }

    /// The consumer and its stream with their full names; raw.
    pub fn whose(&self) -> String {
        let (stream, consumer) = self.consumer();
        format!("{consumer} of {stream}")
    }

    /// The sequence that it goes on at.
    pub fn to(&self) -> u64 {
        match self {
            Self::Move(preview) => preview.after.seq,
            Self::Remake(past) => past.from,
        }
    }

    /// The sequence that undo would go back to.
    pub fn from(&self) -> u64 {
        match self {
            Self::Move(preview) => preview.before.ack_floor.seq.saturating_add(1),
            Self::Remake(past) => past.from,
        }
    }

    /// A consumer is made, with all that is lost by that.
    pub fn makes_again(&self) -> bool {
        match self {
            Self::Move(preview) => preview.method == Method::Recreate,
            Self::Remake(_) => true,
        }
    }

    /// The one that this takes back.
    pub fn undoes(&self) -> Option<&str> {
        match self {
            Self::Move(preview) => preview.undoes.as_deref(),
            Self::Remake(past) => Some(&past.id),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn what_was_broken_off_says_what_is_known() {
        let at = Timestamp::from_secs(1_000);
        let mut past = Past {
            id: "x".into(),
            made: at,
            state: State::Interrupted,
            context: None,
            servers: "nats://a".into(),
            stream: "S".into(),
            consumer: "c".into(),
            target: Target::Start,
            method: Method::Reset,
            from: 8,
            to: 1,
            given_up: 0,
            owner: Owner { pid: 7, host: "h".into(), user: "u".into() },
            can_be_undone: true,
            left_over: true,
            deleted: false,
            pause_ends: Some(at.plus(Duration::from_secs(120))),
            undoes: None,
            undone_by: None,
            why: None,
            outcome: None,
        };
        let now = at.plus(Duration::from_secs(5));
        let said = past.broken_off(now).unwrap();
        assert!(said.starts_with("moving consumer c of S from #8 to #1 was broken off (process 7 on h"), "{said}");
        assert!(said.contains("may still be paused, until 1970-01-01T00:18:40Z"), "{said}");
        assert!(past.broken_off(now.plus(Duration::from_secs(600))).unwrap().contains("its pause is over"));
        past.deleted = true;
        assert!(past.broken_off(now).unwrap().ends_with("while the consumer was deleted"));
        past.left_over = false;
        assert_eq!(past.broken_off(now), None);
    }
}
