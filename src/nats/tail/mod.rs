//! Reading a range of a stream, and following it: every message once, in order, without a trace on the server.
//!
//! Two ways to read. Where a stream keeps its messages by limits, an own ephemeral pull consumer that acks
//! nothing (`pull`): fast, and dropped by the server half a minute after we are gone, however we went. Where a
//! consumer would hold messages back or is not allowed (interest, workqueue, no more consumers), one stored
//! message after the other (`peek`), which leaves no trace at all.

mod delivered;
mod headers;
mod peek;
mod plan;
mod pull;

use tokio::sync::mpsc;
use tokio::task::JoinHandle;

use crate::model::{Message, Problem};
use crate::query::range::Range;

use super::Client;

/// Reports that wait for a reader that is slow; then reading waits too.
const WAITING: usize = 8;

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
    /// It begins.
    Opened {
        /// How it is read.
        method: Method,
        /// The sequence that it begins at.
        from: u64,
        /// The last sequence of the stream at that time.
        last: u64,
    },
    /// Messages, in order.
    Messages(Vec<Message>),
    /// Everything that was stored so far is read.
    CaughtUp,
    /// The reading stands still, for this reason; it goes on by itself.
    Waiting(String),
    /// It cannot go on.
    Failed(Problem),
    /// The end of the range is reached.
    End,
}

/// A running reading. Dropping it ends it.
#[derive(Debug)]
pub struct Tail {
    task: JoinHandle<()>,
}

impl Tail {
    /// Reads on a connection of its own: a message that cannot be decoded breaks the connection that it comes
    /// on, and the screens must not suffer from that. The last report is `Failed` or `End`.
    pub fn spawn(client: Client, spec: TailSpec) -> (Self, mpsc::Receiver<Report>) {
        let (out, reports) = mpsc::channel(WAITING);
        let task = tokio::spawn(async move {
            let last = match plan::read(&client, spec, &out).await {
                Ok(()) => Report::End,
                Err(Stop::Problem(problem)) => Report::Failed(problem),
                Err(Stop::Closed) => return,
            };
            // Nobody listens any more: then nobody misses it.
            let _ = out.send(last).await;
        });
        (Self { task }, reports)
    }
}

impl Drop for Tail {
    fn drop(&mut self) {
        self.task.abort();
    }
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

/// Where reports go.
type Out = mpsc::Sender<Report>;

async fn tell(out: &Out, report: Report) -> Result<(), Stop> {
    out.send(report).await.map_err(|_| Stop::Closed)
}
