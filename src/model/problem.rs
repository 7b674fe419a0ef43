//! Why something is not known: the kinds are kept apart, since each has another next step.

use std::fmt;

use serde::Serialize;

/// What went wrong with a question to the server.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ProblemKind {
    /// No answer within our own time limit.
    Timeout,
    /// The user may not publish or subscribe to this subject.
    Denied {
        /// The subject as the server named it.
        subject: String,
    },
    /// Nobody serves the API subject: no `JetStream` here, or another domain.
    NoResponders,
    /// The account has no `JetStream` (server error 10039).
    NotEnabled,
    /// The server is up but cannot answer now: no meta leader (10008), too many requests (429, 10167), 503.
    Busy {
        /// The server's error code (`err_code`), 0 where it gave none.
        code: u32,
    },
    /// The thing does not exist (any more).
    NotFound,
    /// The connection is down.
    Disconnected,
    /// Any other error reply.
    Server {
        /// The server's error code (`err_code`).
        code: u32,
    },
    /// The answer could not be read.
    Unreadable,
    /// The list does not end, or is too long to be read whole: what was read is its beginning.
    TooLong,
}

/// A failed question: the kind, and one sentence that names the thing and the next step.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Problem {
    /// What kind of failure it is.
    pub kind: ProblemKind,
    /// One sentence for a person; sanitised, without secrets.
    pub sentence: String,
}

impl Problem {
    /// A problem of this kind, said in this sentence.
    pub fn new(kind: ProblemKind, sentence: impl Into<String>) -> Self {
        Self { kind, sentence: sentence.into() }
    }

    /// Whether the same question may be answered another time.
    pub const fn passes(&self) -> bool {
        matches!(
            self.kind,
            ProblemKind::Timeout | ProblemKind::Busy { .. } | ProblemKind::Disconnected | ProblemKind::NoResponders
        )
    }

    /// One or two words for a table cell or the header.
    pub fn short(&self) -> &'static str {
        match self.kind {
            ProblemKind::Timeout => "no answer",
            ProblemKind::Denied { .. } => "no permission",
            ProblemKind::NoResponders => "no JetStream",
            ProblemKind::NotEnabled => "not enabled",
            ProblemKind::Busy { .. } => "server busy",
            ProblemKind::NotFound => "not found",
            ProblemKind::Disconnected => "disconnected",
            ProblemKind::Server { .. } => "server error",
            ProblemKind::Unreadable => "unreadable",
            ProblemKind::TooLong => "too long",
        }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.sentence)
    }
}

impl std::error::Error for Problem {}
