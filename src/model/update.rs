//! What the poller reports. One `Update` is one answer (or one failure) with the time it was taken.

use std::sync::Arc;
use std::time::Duration;

use super::{
    Account, Advisory, Consumer, Lag, Link, Message, Problem, ProblemKind, Request, ServerInfo, Stream, Timestamp,
};

/// A whole list, as far as the server could give it.
#[derive(Clone, Debug, PartialEq)]
pub struct Listing<T> {
    /// When the first page was asked for, by our clock. What was made after this may be absent.
    pub started: Timestamp,
    /// When it was complete, by our clock.
    pub taken: Timestamp,
    /// What was listed, sorted by name.
    pub items: Vec<Arc<T>>,
    /// Names that exist but whose servers did not answer.
    pub missing: Vec<String>,
    /// Names that exist but are offline, with the server's reason.
    pub offline: Vec<(String, String)>,
    /// How many the server says there are.
    pub total: u64,
    /// Why the list is not whole (a page failed), if it is not. Then nothing may be taken for deleted.
    pub problem: Option<Problem>,
}

impl<T> Listing<T> {
    /// Whether every item was listed with its data.
    pub fn is_whole(&self) -> bool {
        self.problem.is_none() && self.missing.is_empty() && self.offline.is_empty()
    }

    /// Whether the list has more than can be kept: of it only what was listed last is known.
    pub fn is_beginning(&self) -> bool {
        self.problem.as_ref().is_some_and(|problem| problem.kind == ProblemKind::TooLong)
    }
}

/// The number of messages of one subject.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SubjectCount {
    /// The subject; raw, sanitise before drawing.
    pub subject: String,
    /// Messages of this subject.
    pub messages: u64,
}

/// What was asked, so that a failure can be shown where its data would stand.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Ask {
    /// The list of streams.
    Streams,
    /// One stream.
    Stream(String),
    /// The consumers of one stream.
    Consumers(String),
    /// One consumer.
    Consumer(String, String),
    /// The account.
    Account,
    /// The subjects of one stream.
    Subjects(String),
    /// The lag time of one consumer.
    Lag(String, String),
    /// The advisories; a failure means that creations appear only at the next sweep.
    Advisories,
}

/// What our looking costs.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Traffic {
    /// API requests per second, over the last 10 s.
    pub requests_per_second: f64,
    /// Requests made since the connection was opened.
    pub requests: u64,
    /// Bytes of API replies since the connection was opened.
    pub reply_bytes: u64,
    /// Set while polling is slowed because the server asked for it or slowed down: how much slower.
    pub back_off: Option<f64>,
}

/// One report of the poller.
#[derive(Clone, Debug, PartialEq)]
pub enum Update {
    /// The connection changed.
    Link(Link),
    /// Who answers (on each connect).
    Server(ServerInfo),
    /// Round-trip time of a PING.
    Rtt(Duration),
    /// The account, taken at this time.
    Account(Account, Timestamp),
    /// A sweep over all streams.
    Streams(Listing<Stream>),
    /// One stream.
    Stream(Arc<Stream>),
    /// The stream's whole configuration and state as the server's JSON text, pretty-printed.
    StreamJson {
        /// The stream.
        stream: String,
        /// The `STREAM.INFO` reply without its type, indented.
        json: Arc<str>,
        /// When it was taken.
        taken: Timestamp,
    },
    /// This stream does not exist (any more).
    StreamGone(String, Timestamp),
    /// All consumers of one stream.
    Consumers(String, Listing<Consumer>),
    /// A sweep over the consumers of all streams ended.
    ConsumersSwept {
        /// When it began.
        taken: Timestamp,
        /// How many streams could not be asked, and the first reason.
        failed: Option<(usize, Problem)>,
    },
    /// So long after it began the next sweep over the consumers begins.
    SweepEvery(Duration),
    /// One consumer.
    Consumer(Arc<Consumer>),
    /// The consumer's whole configuration and state as the server's JSON text, pretty-printed.
    ConsumerJson {
        /// The stream.
        stream: String,
        /// The consumer.
        consumer: String,
        /// The `CONSUMER.INFO` reply without its type, indented.
        json: Arc<str>,
        /// When it was taken.
        taken: Timestamp,
    },
    /// How far back one consumer stands: stream, consumer.
    Lag(String, String, Lag),
    /// This consumer does not exist (any more).
    ConsumerGone(String, String, Timestamp),
    /// The subjects of a stream, at most as many as were asked for.
    Subjects {
        /// The stream.
        stream: String,
        /// The subject filter that was asked with.
        filter: String,
        /// Counts, largest first.
        counts: Vec<SubjectCount>,
        /// How many subjects match the filter; more than `counts` when capped.
        total: u64,
        /// Of how many of them the counts are the largest: of very many not all are read.
        read: u64,
        /// When they were taken.
        taken: Timestamp,
    },
    /// An advisory.
    Advisory(Advisory),
    /// Since when advisories are heard; told again when they were not heard in between.
    AdvisoriesHeard(Timestamp),
    /// At least so many advisories were lost on the way: they came faster than they could be read.
    AdvisoriesLost(u64),
    /// What was asked since the last report, oldest first, and how many requests found no room in it.
    Requests(Vec<Request>, u64),
    /// A stored message that was asked for by its sequence; `None` where there is none (any more).
    Stored {
        /// The stream.
        stream: String,
        /// The sequence.
        seq: u64,
        /// The message, or why it could not be read.
        found: Result<Option<Arc<Message>>, Problem>,
    },
    /// The first message behind a consumer's ack floor, of those that it wants; `None` where there is none.
    HeadOfLine {
        /// The stream.
        stream: String,
        /// The consumer.
        consumer: String,
        /// The ack floor.
        floor: u64,
        /// The message, or why it could not be read.
        found: Result<Option<Arc<Message>>, Problem>,
    },
    /// So many nanoseconds the server's clock is ahead of ours.
    Clock(i64),
    /// A question failed.
    Failed(Ask, Problem, Timestamp),
    /// What our looking costs.
    Traffic(Traffic),
}
