//! What a replay will do, before it does anything: the plan, as it is shown, kept and read again.

use std::path::PathBuf;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::{Capture, Destination, Pace};
use crate::model::Timestamp;
use crate::model::units::count_exact;

/// The version of plans as they are written.
pub const PLAN_VERSION: u32 = 1;
/// Copies of copies of copies: beyond this an event is not replayed again.
pub const COUNT_LIMIT: u32 = 3;

/// Which messages. The end is frozen when the plan is made, so that a replay into its own stream ends.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Selection {
    /// A part of a stream.
    Range {
        /// The stream.
        stream: String,
        /// The first sequence.
        first: u64,
        /// The last sequence.
        last: u64,
        /// Subject filters; none is all subjects.
        subjects: Vec<String>,
    },
    /// These messages, in this order.
    List(Vec<(String, u64)>),
    /// The lines of a file of structured events.
    File {
        /// The file.
        path: PathBuf,
        /// The last line that counts, from 1.
        last: u64,
    },
}

impl Selection {
    /// What is read, in a few words; raw, sanitise before drawing.
    pub fn name(&self) -> String {
        match self {
            Self::Range { stream, .. } => stream.clone(),
            Self::List(items) => {
                let mut streams: Vec<&str> = items.iter().map(|(stream, _)| stream.as_str()).collect();
                streams.sort_unstable();
                streams.dedup();
                streams.join(",")
            }
            Self::File { path, .. } => path.display().to_string(),
        }
    }
}

/// What is done about events that may or may not have arrived when something broke, where the destination cannot be
/// read to find out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Delivery {
    /// They are sent again: some may arrive twice.
    AtLeastOnce,
    /// They are not sent again: some may be missing.
    AtMostOnce,
}

/// How an event is put into an HTTP request (`CloudEvents` HTTP binding).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum HttpMode {
    /// Attributes as headers, data as the body.
    #[default]
    Binary,
    /// All in one JSON object.
    Structured,
}

/// Reads what is watched: `CONSUMER=N` or `STREAM/CONSUMER=N`; the error says what is right.
pub fn parse_watch(text: &str) -> Result<(String, u64), String> {
    let parts = text.rsplit_once('=').map(|(name, most)| (name.trim(), most.trim().parse()));
    match parts {
        Some((name, Ok(most))) if !name.is_empty() => Ok((name.to_owned(), most)),
        _ => Err("it is written as CONSUMER=N or STREAM/CONSUMER=N".into()),
    }
}

/// Messages that are left out, by reason.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Skipped {
    /// The filter does not let them through.
    pub filtered: u64,
    /// They are copies of a replay, and such were not asked for.
    pub marked: u64,
    /// They are copies of copies, too many times.
    pub over_limit: u64,
    /// Their headers cannot be decoded, so that no faithful copy can be made.
    pub undecodable: u64,
    /// They are larger than what the destination takes.
    pub too_large: u64,
    /// They are no events, and the destination takes only events.
    pub no_event: u64,
    /// They are batches of events that cannot be taken apart, and the destination takes events one by one.
    pub batches: u64,
    /// Their subject cannot be made from the template.
    pub no_subject: u64,
}

impl Skipped {
    /// All of them.
    pub const fn total(&self) -> u64 {
        self.filtered
            + self.marked
            + self.over_limit
            + self.undecodable
            + self.too_large
            + self.no_event
            + self.batches
            + self.no_subject
    }

    /// Each reason that occurs, in words that follow the count: of one, or of several.
    pub fn words(&self) -> Vec<(u64, &'static str)> {
        let all = [
            (self.filtered, "does not pass the filter", "do not pass the filter"),
            (self.marked, "is a copy of a replay", "are copies of a replay"),
            (self.over_limit, "was replayed too often", "were replayed too often"),
            (self.undecodable, "has headers that cannot be decoded", "have headers that cannot be decoded"),
            (self.too_large, "is larger than the destination takes", "are larger than the destination takes"),
            (self.no_event, "is no CloudEvent, or a broken one", "are no CloudEvents, or broken ones"),
            (
                self.batches,
                "is a batch that cannot be taken apart as a whole",
                "are batches that cannot be taken apart as a whole",
            ),
            (
                self.no_subject,
                "has a subject that does not fit the template",
                "have a subject that does not fit the template",
            ),
        ];
        let words = |(count, one, several)| (count, if count == 1 { one } else { several });
        all.into_iter().map(words).filter(|(count, _)| *count > 0).collect()
    }

    /// Those that were asked for and cannot be sent: neither a filter nor a choice leaves them out.
    #[must_use]
    pub const fn unwilling(&self) -> Self {
        Self { filtered: 0, marked: 0, ..*self }
    }

    /// How many of so many that were asked for are not sent, and why; `None` when all are.
    pub fn not_sent(&self, sent: u64) -> Option<String> {
        let left = self.unwilling();
        let (count, all) = (left.total(), left.total() + sent);
        let why: Vec<String> = left.words().iter().map(|(n, why)| format!("{} {why}", count_exact(*n))).collect();
        let are = if count == 1 { "is" } else { "are" };
        (count > 0)
            .then(|| format!("{} of {} {are} not sent: {}", count_exact(count), count_exact(all), why.join("; ")))
    }

    /// Adds others.
    pub const fn add(&mut self, other: &Self) {
        self.filtered += other.filtered;
        self.marked += other.marked;
        self.over_limit += other.over_limit;
        self.undecodable += other.undecodable;
        self.too_large += other.too_large;
        self.no_event += other.no_event;
        self.batches += other.batches;
        self.no_subject += other.no_subject;
    }
}

/// Events that go to an endpoint in structured mode though binary mode was asked for, where they would arrive as others;
/// by reason.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Unfit {
    /// The name of an attribute is no name of a header, or loses its case in one.
    pub names: u64,
    /// The value of an attribute is none that a header can hold.
    pub values: u64,
    /// The type of the data is no `Content-Type`, or would announce an event.
    pub types: u64,
    /// The data is not the bytes of a body.
    pub data: u64,
}

impl Unfit {
    /// Each reason that occurs, with its count, in words that follow "go structured".
    pub fn words(&self) -> Vec<(u64, &'static str)> {
        let all = [
            (self.names, "attribute names that do not fit HTTP headers"),
            (self.values, "attribute values that do not fit HTTP headers"),
            (self.types, "a datacontenttype that cannot be the Content-Type"),
            (self.data, "data that is not the bytes of a body"),
        ];
        all.into_iter().filter(|(count, _)| *count > 0).collect()
    }
}

/// How many of a type.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TypeCount {
    /// The event's `type`; `None` for messages that are no events. Raw, sanitise before drawing.
    #[serde(rename = "type")]
    pub ty: Option<String>,
    /// How many.
    pub count: u64,
}

/// One bar of the histogram over time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Bar {
    /// From when.
    pub from: Timestamp,
    /// How many were stored from then until the next bar.
    pub count: u64,
}

/// What there is to be sent.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Amounts {
    /// Messages that will be sent.
    pub planned: u64,
    /// Their bytes: subjects, headers and bodies as they are stored.
    pub bytes: u64,
    /// The largest of them, in bytes.
    pub largest: u64,
    /// The first of them: sequence and time.
    pub first: Option<(u64, Timestamp)>,
    /// The last of them.
    pub last: Option<(u64, Timestamp)>,
    /// Left out, by reason.
    pub skipped: Skipped,
    /// Sequences of the range that are not in the stream any more. Unknown where subjects are filtered.
    pub gaps: Option<u64>,
    /// Over time.
    pub histogram: Vec<Bar>,
    /// By type, the most frequent first.
    pub types: Vec<TypeCount>,
    /// Of all types, those that are not listed.
    pub other_types: u64,
    /// Control headers that occur and are not copied, with how often. Raw names.
    pub stripped: Vec<(String, u64)>,
    /// How long it takes with the recorded spacing, gaps cut to [`super::SPACING_CAP`].
    pub recorded: Duration,
    /// How long reading all of it took when the plan was made: sending is hardly ever faster.
    pub reading: Duration,
    /// Different subjects among the copies, at most some thousand are counted.
    pub subjects: u64,
    /// Batches that are sent as their single events.
    pub batches: u64,
    /// How many events these are.
    pub batch_events: u64,
    /// Copies that go to the very subject that their message has.
    pub same_subject: u64,
    /// Of those that will be sent, copies of an earlier replay.
    pub replayed_before: u64,
    /// To an endpoint: those that go in structured mode, since binary mode would change them.
    pub unfit: Unfit,
    /// To an endpoint: those with attribute values that are percent-encoded.
    pub encoded: u64,
    /// Attributes that no copy has, since an event had more than are kept.
    pub attributes_lost: u64,
}

impl Amounts {
    /// See [`Skipped::not_sent`].
    pub fn not_sent(&self) -> Option<String> {
        self.skipped.not_sent(self.planned)
    }
}

/// What will be done.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Plan {
    /// [`PLAN_VERSION`].
    pub version: u32,
    /// Names the replay: a token of a subject.
    pub id: String,
    /// When it was made.
    pub made: Timestamp,
    /// The saved connection, where one is used.
    pub context: Option<String>,
    /// The servers, without secrets.
    pub servers: String,
    /// Why, in the operator's words.
    pub reason: Option<String>,
    /// Which messages.
    pub selection: Selection,
    /// When the stream that is read was made: another one of the same name has other messages.
    #[serde(default)]
    pub source_created: Option<Timestamp>,
    /// The same of each stream of a list.
    #[serde(default)]
    pub list_created: Vec<(String, Timestamp)>,
    /// What was asked for, as it was typed.
    pub range: String,
    /// An expression that messages must fulfil.
    pub filter: Option<String>,
    /// Words that messages must have, as in a tail.
    #[serde(default)]
    pub words: Option<String>,
    /// Copies of replays are sent too.
    pub include_marked: bool,
    /// Where to.
    pub destination: Destination,
    /// The stream that captures the copies; `None` where there is none.
    pub capture: Option<Capture>,
    /// Set where the destination cannot be read again.
    pub delivery: Option<Delivery>,
    /// For HTTP.
    pub http_mode: HttpMode,
    /// Parameters that the endpoint is told beside those of its address, by name: their values stand in no plan.
    #[serde(default)]
    pub http_query: Vec<String>,
    /// How fast.
    pub pace: Pace,
    /// Copies in flight at most; the engine chooses within it.
    pub window: Option<u64>,
    /// It stands still while more than so many messages of this consumer of the destination (or of the source, as
    /// `STREAM/CONSUMER`) are outstanding.
    pub watch: Option<(String, u64)>,
    /// How much.
    pub amounts: Amounts,
    /// What is worth knowing, a sentence each; sanitised.
    pub warnings: Vec<String>,
    /// Why it cannot be run, a sentence each; sanitised.
    pub obstacles: Vec<String>,
}

impl Plan {
    /// Seconds that it will take at the pace; `None` where nobody can know.
    pub fn seconds(&self) -> Option<f64> {
        match self.pace {
            Pace::PerSecond(rate) => Some(self.amounts.planned as f64 / rate),
            Pace::Times(times) => Some(self.amounts.recorded.as_secs_f64() / times),
            Pace::Max | Pace::Step => None,
        }
    }

    /// From where to where, with full names; raw.
    pub fn route(&self) -> String {
        format!("from {} to {}", self.selection.name(), self.destination)
    }

    /// Whether copies go where their messages came from, so that everybody there receives them again.
    pub fn reaches_everybody(&self) -> bool {
        let same = self.amounts.same_subject > 0;
        match &self.destination {
            Destination::Original => true,
            Destination::Subject(_) => same,
            // It may be another name for the same place.
            Destination::Context { .. } => {
                let created = self.capture.as_ref().and_then(|c| c.created);
                same && created.is_some() && created == self.source_created
            }
            Destination::File(_) | Destination::Stdout | Destination::Http(_) => false,
        }
    }

    /// When each stream that is read was made, as far as that is known.
    pub fn sources(&self) -> Vec<(String, Timestamp)> {
        match (&self.selection, self.source_created) {
            (Selection::Range { stream, .. }, Some(made)) => vec![(stream.clone(), made)],
            _ => self.list_created.clone(),
        }
    }

    /// Whether nothing is lost or doubled whatever breaks.
    pub fn is_exact(&self) -> bool {
        match &self.destination {
            Destination::File(_) => true,
            Destination::Stdout | Destination::Http(_) => false,
            _ => self.capture.as_ref().is_some_and(|c| c.rereadable),
        }
    }

    /// The message of a position, in words; raw.
    pub fn place(&self, position: u64) -> String {
        let nth = usize::try_from(position).unwrap_or(usize::MAX).checked_sub(1);
        match &self.selection {
            Selection::Range { .. } => format!("#{position}"),
            Selection::File { .. } => format!("line {position}"),
            Selection::List(items) => nth
                .and_then(|nth| items.get(nth))
                .map_or_else(|| format!("number {position}"), |(stream, seq)| format!("#{seq} of {stream}")),
        }
    }

    /// The position of a message in the order of the plan, which grows from one to the next.
    pub fn position(&self, stream: &str, seq: u64) -> Option<u64> {
        match &self.selection {
            Selection::Range { stream: own, .. } => (own == stream).then_some(seq),
            Selection::List(items) => items.iter().position(|(s, n)| s == stream && *n == seq).map(|at| at as u64 + 1),
            Selection::File { .. } => Some(seq),
        }
    }
}
