//! How far a replay is, who runs it, and what it can be told.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::{Destination, Pace, Plan, Skipped};
use crate::model::{Owner, Timestamp};

/// Where a replay stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum State {
    /// It was planned and not begun.
    #[default]
    Planned,
    /// It sends.
    Running,
    /// It stands still, because it was told so or for the reason that is given.
    Paused,
    /// It was told to end, and waits for what is in flight.
    Cancelling,
    /// It was ended before its end.
    Cancelled,
    /// Everything that was planned is at the destination, as far as can be read back.
    Completed,
    /// It could not go on, for the reason that is given; it can be resumed.
    Failed,
}

impl State {
    /// The word on screens and in documents.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Planned => "PLANNED",
            Self::Running => "RUNNING",
            Self::Paused => "PAUSED",
            Self::Cancelling => "CANCELLING",
            Self::Cancelled => "CANCELLED",
            Self::Completed => "COMPLETED",
            Self::Failed => "FAILED",
        }
    }

    /// Nothing more happens by itself. A failed one can be resumed, the others cannot.
    pub const fn is_over(self) -> bool {
        matches!(self, Self::Cancelled | Self::Completed | Self::Failed)
    }

    /// Whether it can be taken up again where nobody runs it.
    pub const fn can_resume(self) -> bool {
        matches!(self, Self::Running | Self::Paused | Self::Cancelling | Self::Failed)
    }
}

impl fmt::Display for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

/// What became of the events up to some position. All are counts of messages.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Counters {
    /// Stored at the destination, or accepted by it.
    pub sent: u64,
    /// Their bytes, of subject, headers and body.
    pub bytes: u64,
    /// The destination had them already, it said.
    pub duplicate: u64,
    /// Left out, by reason.
    pub skipped: Skipped,
    /// Planned and not in the source any more.
    pub gone: u64,
    /// May or may not have arrived and were not sent again (at most once).
    pub uncertain: u64,
    /// The destination refused them, and somebody said to go on behind them.
    pub failed: u64,
    /// Arrived after a later one, because a server lost or refused some of those in flight.
    pub reordered: u64,
}

/// How far a replay is.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Progress {
    /// The replay.
    pub id: String,
    /// Where it stands.
    pub state: State,
    /// Why it is paused or failed; one sanitised sentence.
    pub reason: Option<String>,
    /// It is paused and goes on by itself when the reason has passed.
    pub waits: bool,
    /// What was reached: everything up to this sequence of the source has arrived or was left out.
    pub source_seq: u64,
    /// When that message was stored in the source.
    pub source_time: Option<Timestamp>,
    /// Messages that are to be sent.
    pub planned: u64,
    /// What became of them.
    pub counters: Counters,
    /// Sent, and not yet confirmed.
    pub in_flight: u64,
    /// Confirmed per second, over the last seconds.
    pub rate: f64,
    /// Confirmed per second, since this run of it began.
    pub rate_average: f64,
    /// How fast it should go.
    pub pace: Pace,
    /// Seconds until its end at the present rate; unknown where it stands still.
    pub eta_seconds: Option<f64>,
    /// When the last checkpoint was written.
    pub checkpoint: Option<Timestamp>,
    /// What is outstanding of the consumer that is watched.
    pub outstanding: Option<u64>,
    /// The copies are read back.
    pub verifying: bool,
    /// The position that the destination refused, where that ended it.
    pub refused: Option<u64>,
    /// The last thing that went wrong, also if it has passed; one sanitised sentence.
    pub last_error: Option<String>,
    /// When this was so.
    pub at: Timestamp,
}

impl Progress {
    /// Whether all that was to be sent has arrived, of one that has completed. What was refused and passed over was given up
    /// by whoever said so.
    pub const fn is_complete(&self) -> bool {
        self.counters.uncertain == 0 && self.counters.gone == 0
    }

    /// Messages whose fate is known.
    pub const fn settled(&self) -> u64 {
        let c = &self.counters;
        c.sent + c.duplicate + c.gone + c.uncertain + c.failed
    }
}

/// What a running replay can be told.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Control {
    /// Stand still.
    Pause,
    /// Go on.
    Resume,
    /// Send one event, and stand still.
    Step,
    /// Go so fast from now on.
    Pace(Pace),
    /// The next faster pace.
    Faster,
    /// The next slower pace.
    Slower,
    /// End, when what is in flight is confirmed.
    Cancel,
}

/// A replay as it is listed.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Run {
    /// Its plan.
    pub plan: Plan,
    /// How far it is, as was last written.
    pub progress: Progress,
    /// Who ran it last.
    pub owner: Option<Owner>,
    /// It is not over and nobody runs it: it can be resumed or cancelled.
    pub orphaned: bool,
}

impl Run {
    /// Where it stands, in a word: also that nobody runs it.
    pub const fn word(&self) -> &'static str {
        if self.orphaned { "INTERRUPTED" } else { self.progress.state.word() }
    }

    /// Whether all that was asked for has arrived, of one that has completed.
    pub const fn is_whole(&self) -> bool {
        let c = &self.progress.counters;
        self.progress.is_complete() && c.failed == 0 && c.skipped.unwilling().total() == 0
    }

    /// Where it goes.
    pub const fn destination(&self) -> &Destination {
        &self.plan.destination
    }
}

/// A replay whose plan cannot be read any more: of the rest nothing is known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unreadable {
    /// Its id.
    pub id: String,
    /// Why, and what can be done; harmless.
    pub why: String,
}

impl Unreadable {
    /// As the list says where it stands.
    pub const WORD: &str = "BROKEN";

    /// When it was planned, which its id says.
    pub fn made(&self) -> Option<Timestamp> {
        let (day, time) = (self.id.get(0..8)?, self.id.get(9..15)?);
        let (year, month, date) = (&day[..4], &day[4..6], &day[6..]);
        Timestamp::parse(&format!("{year}-{month}-{date}T{}:{}:{}Z", &time[..2], &time[2..4], &time[4..]))
    }
}
