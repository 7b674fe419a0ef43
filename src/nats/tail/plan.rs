//! Chooses how a stream is read, and where it begins.

use std::sync::Arc;

use crate::model::{Message, Problem, ProblemKind, Retention, Stream, Timestamp};
use crate::nats::{Api, Client};
use crate::query::range::{End, Start};

use super::{Method, Out, State, Stop, TailSpec, consumer, peek, pull};

/// How long after the end of a range a message of that time may still come, in nanoseconds: clocks differ, and
/// storing takes time.
const LATE: i64 = 2_000_000_000;

/// What a reading is about, with everything that was looked up.
#[derive(Debug)]
pub(super) struct Plan {
    pub(super) api: Api,
    pub(super) spec: TailSpec,
    /// The stream's name, as every message carries it.
    pub(super) name: Arc<str>,
    /// The next sequence to read: everything before it was read or is not wanted.
    pub(super) next: u64,
    /// Messages to pass over before the first: they match, and are not among the last so many.
    pub(super) skip: u64,
    /// The last sequence to read, where there is one.
    pub(super) until: Option<u64>,
    /// Bytes that may be asked for at once.
    pub(super) bytes: usize,
}

impl Plan {
    /// Nothing more is wanted.
    pub(super) fn is_done(&self) -> bool {
        self.until.is_some_and(|until| self.next > until)
    }

    /// Everything that was stored so far is read: whether that is the end, or more is waited for.
    pub(super) fn ends_here(&self) -> bool {
        let over = match self.spec.range.end {
            End::Time(until) => self.api.now() > Timestamp(until.0.saturating_add(LATE)),
            End::Open | End::Seq(_) => false,
        };
        !self.spec.follow || over
    }

    /// Whether a message of this time lies behind the range: then so do all that follow.
    pub(super) fn is_behind(&self, time: Timestamp) -> bool {
        matches!(self.spec.range.end, End::Time(until) if time > until)
    }

    /// Whether a message of this time comes before the range, which is so only while it lies in the future.
    pub(super) fn is_before(&self, time: Timestamp) -> bool {
        matches!(self.spec.range.start, Start::Time(from) if time < from)
    }

    /// Whether the next message is to be passed over.
    pub(super) fn skips(&mut self) -> bool {
        let skips = self.skip > 0;
        self.skip = self.skip.saturating_sub(1);
        skips
    }

    /// A message as it is handed on.
    pub(super) fn own(&self, message: Message) -> Message {
        if self.spec.keep { message.detached() } else { message }
    }
}

/// Reads what the specification says, asking for so many bytes at once.
pub(super) async fn read(client: &Client, spec: TailSpec, bytes: usize, out: &Out) -> Result<(), Stop> {
    let api = Api::new(client.clone());
    let stream = api.stream_to_read(&spec.stream).await?;
    let last = stream.state.last_seq;
    let until = match (spec.range.end, spec.follow) {
        (End::Open | End::Time(_), false) => Some(last),
        // A range that reaches beyond the end is no reason to wait.
        (End::Seq(seq), false) => Some(seq.min(last)),
        (End::Seq(seq), true) => Some(seq),
        (End::Open | End::Time(_), true) => None,
    };
    let name = Arc::from(spec.stream.as_str());
    let mut plan = Plan { api, spec, name, next: stream.state.first_seq.max(1), skip: 0, until, bytes };
    let mut method = if stream.config.retention == Retention::Limits { Method::Pull } else { Method::Peek };
    (plan.next, plan.skip) = match start(&plan, &stream, method).await {
        Err(problem) if method == Method::Pull && may_peek(&problem) => {
            method = Method::Peek;
            start(&plan, &stream, method).await?
        }
        started => started?,
    };
    let opened = |method, from| State::Opened { method, from, last: stream.state.last_seq };
    if plan.is_done() {
        return out.state(opened(method, plan.next)).await;
    }
    if method == Method::Pull {
        match pull::Reader::first(&plan).await {
            Ok(reader) => {
                out.state(opened(method, plan.next)).await?;
                match reader.run(plan, out).await? {
                    None => return Ok(()),
                    // From now on no consumer can be made.
                    Some(rest) => plan = rest,
                }
            }
            Err(problem) if may_peek(&problem) => {}
            Err(problem) => return Err(problem.into()),
        }
    }
    out.state(opened(Method::Peek, plan.next)).await?;
    peek::run(plan, out).await
}

/// No consumer can be made, but stored messages may still be read: too many consumers, not allowed, or not for as
/// long as ours stay.
pub(super) fn may_peek(problem: &Problem) -> bool {
    matches!(
        problem.kind,
        ProblemKind::Denied { .. } | ProblemKind::Server { code: 10026 | 10084 | 10099..=10101 | 10153 }
    )
}

/// The sequence to begin at, and how many messages to pass over there.
async fn start(plan: &Plan, stream: &Stream, method: Method) -> Result<(u64, u64), Problem> {
    let (first, last) = (stream.state.first_seq.max(1), stream.state.last_seq);
    let spec = &plan.spec;
    let from = match spec.range.start {
        Start::First => first,
        Start::Seq(seq) => seq.max(first),
        Start::Time(at) => peek::first_since(&plan.api, &spec.stream, first, last, at).await?,
        Start::New | Start::Last(0) => last + 1,
        Start::Last(n) if spec.subjects.is_empty() && stream.state.deleted == 0 => {
            last.saturating_sub(n - 1).max(first)
        }
        Start::Last(n) if n >= stream.state.messages => first,
        Start::Last(n) if method == Method::Pull => return consumer::nth_last(plan, first, last, n).await,
        Start::Last(n) => peek::nth_last(plan, first, last, n).await?,
    };
    Ok((from, 0))
}
