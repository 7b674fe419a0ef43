//! Reading ranges of streams, and following them: every message once, in order, without a trace on the server.
//!
//! Two ways to read. Where a stream keeps its messages by limits, an own ephemeral pull consumer that acks
//! nothing (`pull`): fast, and dropped by the server half a minute after we are gone, however we went. Where a
//! consumer would hold messages back or is not allowed (interest, workqueue, no more consumers), one stored
//! message after the other (`peek`), which leaves no trace at all.
//!
//! What was read and not yet taken is bounded in reports and in bytes; then reading waits. Several streams are
//! read side by side and merged by the time at which their messages were stored (`merge`).

mod consumer;
pub(super) mod delivered;
pub(super) mod headers;
mod merge;
mod peek;
mod plan;
mod pull;
mod search;
mod vain;

use std::time::Duration;

use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tokio::time::timeout;

use crate::model::{Message, Problem};
use crate::query::range::Range;

use super::Client;

/// Reports that wait for a reader that is slow; then reading waits too.
const WAITING: usize = 8;
/// Messages of one report, and their bytes: a report ends with the message that reaches either.
const TOGETHER: usize = 512;
/// See [`TOGETHER`].
const TOGETHER_BYTES: usize = 1 << 20;
/// Bytes that are asked for at once, shared by the streams that are read together.
const ASKED_BYTES: usize = 8 << 20;
/// The least share of a stream.
const LEAST_BYTES: usize = 1 << 20;
/// How long an orderly end may take.
const CLOSING: Duration = Duration::from_millis(500);

/// What to read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TailSpec {
    /// The stream.
    pub stream: String,
    /// Subject filters; none is all subjects. They must not overlap.
    pub subjects: Vec<String>,
    /// From where to where.
    pub range: Range,
    /// Go on behind what is stored now, to the end of the range or for ever.
    pub follow: bool,
    /// Messages asked for at once: some hundred for a screen, thousands for bulk.
    pub batch: usize,
    /// The messages are kept: each owns its memory ([`Message::detached`]). Without, a body that is kept keeps
    /// the whole buffer that it was read into.
    pub keep: bool,
}

/// How a stream is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Method {
    /// By an own ephemeral consumer.
    Pull,
    /// One stored message after the other.
    Peek,
}

/// What a reading reports.
#[derive(Clone, Debug, PartialEq)]
pub enum Report {
    /// Messages, in order; of several streams by the time at which they were stored.
    Messages(Vec<Message>),
    /// How the reading of one stream stands: the position of its specification, from 0. It comes behind the
    /// messages of that stream that were read before.
    Stream(usize, State),
}

/// How the reading of one stream stands.
#[derive(Clone, Debug, PartialEq)]
pub enum State {
    /// It begins.
    Opened {
        /// How it is read.
        method: Method,
        /// The sequence that it begins at.
        from: u64,
        /// The last sequence of the stream at that time.
        last: u64,
    },
    /// Everything that was stored so far is read; told again when more has come since.
    CaughtUp,
    /// The reading stands still, for this reason; it goes on by itself.
    Waiting(String),
    /// It goes on, otherwise than was to be expected; told once.
    Noted(String),
    /// It cannot go on. Nothing more comes of this stream.
    Failed(Problem),
    /// The end of the range is reached. Nothing more comes of this stream.
    End,
}

/// A running reading. Dropping it ends it; [`Tail::close`] ends it in an orderly way.
#[derive(Debug)]
pub struct Tail {
    client: Client,
    tasks: Vec<JoinHandle<()>>,
}

impl Tail {
    /// Reads streams side by side, merged. The last report about each is `Failed` or `End`; after the last of all
    /// the channel closes. While following, a stream that has told all that it has does not hold the others back.
    ///
    /// The connection should serve nothing else: a message whose headers the client cannot decode breaks the
    /// connection that it comes on, and the screens must not suffer from that.
    pub fn spawn(client: Client, specs: Vec<TailSpec>) -> (Self, mpsc::Receiver<Report>) {
        let (merged, reports) = mpsc::channel(WAITING);
        let bytes = (ASKED_BYTES / specs.len().max(1)).max(LEAST_BYTES);
        let mut tasks = Vec::new();
        let mut parts = Vec::new();
        let alone = specs.len() == 1;
        for (stream, spec) in specs.into_iter().enumerate() {
            let sender = if alone {
                merged.clone()
            } else {
                let (sender, part) = mpsc::channel(1);
                parts.push(part);
                sender
            };
            tasks.push(tokio::spawn(one(client.clone(), spec, bytes, Out { stream, sender })));
        }
        if !alone {
            tasks.push(tokio::spawn(merge::run(parts, merged)));
        }
        (Self { client, tasks }, reports)
    }

    /// Ends it, and takes the consumers of the reading from the server before it returns; the server would need
    /// half a minute to see that they are not needed any more.
    pub async fn close(mut self) {
        let tasks = std::mem::take(&mut self.tasks);
        tasks.iter().for_each(JoinHandle::abort);
        let ended = async {
            for task in tasks {
                // It was told to end; how it did does not matter.
                let _ = task.await;
            }
            self.client.nats().flush().await
        };
        // Without a connection there is nothing to wait for: the server does it by itself.
        let _ = timeout(CLOSING, ended).await;
    }
}

impl Drop for Tail {
    fn drop(&mut self) {
        self.tasks.iter().for_each(JoinHandle::abort);
    }
}

async fn one(client: Client, spec: TailSpec, bytes: usize, out: Out) {
    let last = match plan::read(&client, spec, bytes, &out).await {
        Ok(()) => State::End,
        Err(Stop::Problem(problem)) => State::Failed(problem),
        Err(Stop::Closed) => return,
    };
    // Nobody listens any more: then nobody misses it.
    let _ = out.state(last).await;
}

/// Why a reading ends before its end.
#[derive(Clone, Debug, PartialEq)]
enum Stop {
    /// It cannot go on.
    Problem(Problem),
    /// Nobody listens any more.
    Closed,
}

impl From<Problem> for Stop {
    fn from(problem: Problem) -> Self {
        Self::Problem(problem)
    }
}

/// Where the reports about a stream go.
#[derive(Debug)]
struct Out {
    stream: usize,
    sender: mpsc::Sender<Report>,
}

impl Out {
    /// Waits until there is room: that is what holds reading up.
    async fn messages(&self, messages: Vec<Message>) -> Result<(), Stop> {
        self.sender.send(Report::Messages(messages)).await.map_err(|_| Stop::Closed)
    }

    async fn state(&self, state: State) -> Result<(), Stop> {
        self.sender.send(Report::Stream(self.stream, state)).await.map_err(|_| Stop::Closed)
    }

    /// Until nobody listens any more.
    async fn closed(&self) {
        self.sender.closed().await;
    }
}
