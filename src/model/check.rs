//! What `jetscope check --json` prints: field names are a promise to scripts.

use serde::Serialize;

use super::document::{Partial, Seconds, ServerDocument};
use super::rule::Subject;
use super::{Rule, Timestamp};

/// The whole document; `F` is a list of [`FindingDocument`].
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct CheckDocument<F> {
    /// When the last sample was taken, by our clock.
    pub taken: Timestamp,
    /// The context, where one is used.
    pub context: Option<String>,
    /// Who answered.
    pub server: ServerDocument,
    /// How long was looked, in seconds.
    pub window_seconds: Seconds,
    /// The streams that were looked at, as asked for; null is all.
    pub stream: Option<String>,
    /// What could not be looked at; null when nothing.
    pub partial: Option<Partial>,
    /// Nothing critical and no warning was found, and everything could be looked at.
    pub ok: bool,
    /// Streams that were looked at.
    pub streams: usize,
    /// Consumers that were looked at.
    pub consumers: usize,
    /// How many findings there are.
    pub counts: CountsDocument,
    /// The worst first, then by rule, stream and consumer; those that are silenced too.
    pub findings: F,
}

/// How many findings there are, by how bad they are; those that are silenced count apart.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct CountsDocument {
    /// Data is at risk, or nothing moves any more.
    pub critical: usize,
    /// Somebody should look.
    pub warning: usize,
    /// Worth knowing.
    pub notice: usize,
    /// The configuration silences them.
    pub silenced: usize,
}

/// One finding.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct FindingDocument {
    /// The rule's name.
    pub name: Rule,
    /// `critical`, `warning` or `notice`.
    pub severity: &'static str,
    /// `account`, `stream` or `consumer`.
    pub subject: Subject,
    /// The stream; null for the account.
    pub stream: Option<String>,
    /// The consumer; null for a stream and the account.
    pub consumer: Option<String>,
    /// What is wrong, with the numbers.
    pub sentence: String,
    /// Since when it is known to be so.
    pub since: Timestamp,
    /// It began then; if not, it was so already when it was first looked at.
    pub since_is_beginning: bool,
    /// The configuration silences it.
    pub silenced: bool,
    /// Why, where the configuration says so.
    pub silence_reason: Option<String>,
    /// The numbers that say so, in order; a name can occur more than once.
    pub evidence: Vec<EvidenceDocument>,
    /// What to do, in order.
    pub advice: Vec<AdviceDocument>,
}

/// A number of a finding.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct EvidenceDocument {
    /// What it is.
    pub name: &'static str,
    /// As it is shown.
    pub value: String,
}

/// Something to do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct AdviceDocument {
    /// A sentence.
    pub text: String,
    /// A command line that does it or shows more; null where there is none.
    pub command: Option<String>,
}
