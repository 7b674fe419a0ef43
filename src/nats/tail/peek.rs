//! One stored message after the other, by sequence: works on every stream, and nothing on the server notices.

use std::collections::VecDeque;
use std::ops::RangeInclusive;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use futures_util::{StreamExt, stream};
use serde::Deserialize;
use tokio::time::sleep;

use crate::model::{Message, Problem, ProblemKind, Timestamp};
use crate::nats::ask::{Api, read};
use crate::nats::question::Question;
use crate::nats::wire;
use crate::query::range::Range;

use super::plan::Plan;
use super::{Out, State, Stop, TOGETHER_BYTES, headers};

/// Sequences that are asked for side by side, where messages are not so large that fewer have to do.
const SIDE_BY_SIDE: u64 = 64;
/// And at first, before anything is known.
const FIRST_WIDTH: u64 = 8;
/// How often the end of the stream is looked at while following.
const LOOK: Duration = Duration::from_millis(250);
/// The pause after a question that failed in passing.
const PAUSE: Duration = Duration::from_millis(500);

#[derive(Deserialize)]
struct Reply {
    message: Stored,
}

#[derive(Deserialize)]
struct Stored {
    subject: String,
    #[serde(deserialize_with = "wire::sequence")]
    seq: u64,
    #[serde(default)]
    hdrs: String,
    #[serde(default)]
    data: String,
    time: String,
}

impl Api {
    /// The message of exactly this sequence; `None` where there is none (any more).
    pub(in crate::nats) async fn message(&self, stream: &str, seq: u64) -> Result<Option<Message>, Problem> {
        self.stored(stream, seq..=seq, format!("{{\"seq\":{seq}}}")).await
    }

    /// The first message from this sequence on whose subject matches; `None` at the end.
    pub(in crate::nats) async fn next_message(
        &self,
        stream: &str,
        seq: u64,
        subject: &str,
    ) -> Result<Option<Message>, Problem> {
        let subject = serde_json::Value::from(subject);
        self.stored(stream, seq..=wire::LAST_SEQUENCE, format!("{{\"seq\":{seq},\"next_by_subj\":{subject}}}")).await
    }

    /// A message of one of these sequences.
    async fn stored(&self, stream: &str, asked: RangeInclusive<u64>, body: String) -> Result<Option<Message>, Problem> {
        let question = Question::Message(stream);
        let reply = match self.ask(question, body).await {
            Err(problem) if problem.kind == ProblemKind::NotFound && !problem.sentence.contains("stream not found") => {
                return Ok(None);
            }
            reply => reply?,
        };
        let stored = read::<Reply>(&reply, &question)?.message;
        if !asked.contains(&stored.seq) {
            let sentence = format!("{question}: the answer is message {}, which was not asked for", stored.seq);
            return Err(Problem::new(ProblemKind::Unreadable, sentence));
        }
        let bytes = |text: &str| {
            STANDARD
                .decode(text)
                .map(Bytes::from)
                .map_err(|error| Problem::new(ProblemKind::Unreadable, format!("{question} {}: {error}", stored.seq)))
        };
        let block = bytes(&stored.hdrs)?;
        let decoded = if block.is_empty() { Some(Vec::new()) } else { headers::of_block(&block) };
        Ok(Some(Message {
            stream: stream.into(),
            seq: stored.seq,
            time: Timestamp::parse(&stored.time).unwrap_or_default(),
            subject: stored.subject.as_str().into(),
            undecodable: decoded.is_none().then_some(block),
            headers: decoded.unwrap_or_default(),
            body: bytes(&stored.data)?,
        }))
    }
}

/// Reads from where the plan stands to its end.
pub(super) async fn run(mut plan: Plan, out: &Out) -> Result<(), Stop> {
    let mut sources = Sources::new(&plan, FIRST_WIDTH);
    let mut caught_up = false;
    let mut told_waiting = false;
    while !plan.is_done() {
        let step = match sources.step(&mut plan, out).await? {
            Ok(step) => step,
            Err(problem) if passes(&problem) => {
                if !std::mem::replace(&mut told_waiting, true) {
                    out.state(State::Waiting(problem.sentence)).await?;
                }
                sleep(PAUSE).await;
                continue;
            }
            Err(problem) => return Err(problem.into()),
        };
        told_waiting = false;
        match step {
            Step::Took(_) => caught_up = false,
            Step::Over => return Ok(()),
            Step::AtEnd(read) => {
                caught_up &= read == 0;
                if !std::mem::replace(&mut caught_up, true) {
                    out.state(State::CaughtUp).await?;
                }
                tokio::select! {
                    () = sleep(LOOK) => {}
                    () = out.closed() => return Err(Stop::Closed),
                }
            }
        }
    }
    Ok(())
}

/// Reads so many messages, or as many as there are: how many, and whether more is stored and wanted. An error is one of
/// the question; what was read before it is handed on.
pub(super) async fn some(plan: &mut Plan, most: u64, out: &Out) -> Result<(u64, Result<Step, Problem>), Stop> {
    let mut sources = Sources::new(plan, most.min(SIDE_BY_SIDE));
    let mut read = 0;
    while read < most && !plan.is_done() {
        match sources.step(plan, out).await? {
            Ok(Step::Took(n)) => read += n,
            Ok(Step::AtEnd(n)) => return Ok((read + n, Ok(Step::AtEnd(read + n)))),
            ended => return Ok((read, ended)),
        }
    }
    Ok((read, Ok(if plan.is_done() { Step::Over } else { Step::Took(read) })))
}

/// What a batch was.
pub(super) enum Step {
    /// So many messages.
    Took(u64),
    /// So many messages, and nothing more is stored; more may come.
    AtEnd(u64),
    /// Nothing more is wanted.
    Over,
}

/// It may be answered another time.
pub(super) fn passes(problem: &Problem) -> bool {
    matches!(
        problem.kind,
        ProblemKind::Timeout | ProblemKind::Busy { .. } | ProblemKind::Disconnected | ProblemKind::NoResponders
    )
}

struct Batch {
    messages: Vec<Message>,
    /// The sequence to go on at.
    next: u64,
    /// There was nothing more.
    at_end: bool,
}

/// Where the next messages come from: by sequence when all subjects are wanted, else each filter on its own.
struct Sources {
    /// Sequences that are asked for side by side: twice as many as were found in a row the last time. Where a stream has
    /// mostly holes, such as a work queue with what was given up, most would be asked for in vain.
    width: u64,
    /// The largest message of the last batch, in bytes: how many are asked for side by side depends on it.
    largest: usize,
    /// Of each filter the message that comes next, once it was looked up.
    filters: Vec<(String, Option<Message>)>,
}

impl Sources {
    fn new(plan: &Plan, width: u64) -> Self {
        Self { width, largest: 0, filters: plan.spec.subjects.iter().map(|s| (s.clone(), None)).collect() }
    }

    /// Asks for the next messages, and hands on what is wanted of them.
    async fn step(&mut self, plan: &mut Plan, out: &Out) -> Result<Result<Step, Problem>, Stop> {
        let Batch { mut messages, next, at_end } = match self.batch(plan).await {
            Ok(batch) => batch,
            Err(problem) => return Ok(Err(problem)),
        };
        let read = messages.len() as u64;
        plan.next = next;
        let mut over = at_end && plan.ends_here();
        if let Some(until) = plan.until {
            messages.retain(|m| m.seq <= until);
        }
        messages.retain(|m| !plan.is_before(m.time) && !plan.skips());
        if let Some(at) = messages.iter().position(|m| plan.is_behind(m.time)) {
            messages.truncate(at);
            over = true;
        }
        if !messages.is_empty() {
            out.messages(messages).await?;
        }
        Ok(Ok(match (over, at_end) {
            (true, _) => Step::Over,
            (false, true) => Step::AtEnd(read),
            (false, false) => Step::Took(read),
        }))
    }

    async fn batch(&mut self, plan: &Plan) -> Result<Batch, Problem> {
        let batch = if self.filters.is_empty() { self.window(plan).await? } else { self.merged(plan).await? };
        self.largest = batch.messages.iter().map(Message::size).max().unwrap_or(0);
        Ok(batch)
    }

    /// The earliest of what each filter has next, again and again.
    async fn merged(&mut self, plan: &Plan) -> Result<Batch, Problem> {
        let mut batch = Batch { messages: Vec::new(), next: plan.next, at_end: false };
        let mut bytes = 0;
        while batch.messages.len() < plan.spec.batch.clamp(1, 64) && bytes < TOGETHER_BYTES {
            for (filter, ready) in &mut self.filters {
                // A message that was taken meanwhile is shown all the same: it was there when it was read.
                if ready.as_ref().is_none_or(|m| m.seq < batch.next) {
                    *ready = plan.api.next_message(&plan.spec.stream, batch.next, filter).await?;
                }
            }
            let earliest =
                self.filters.iter_mut().filter(|(_, m)| m.is_some()).min_by_key(|(_, m)| m.as_ref().map(|m| m.seq));
            let Some(message) = earliest.and_then(|(_, m)| m.take()) else {
                batch.at_end = true;
                break;
            };
            batch.next = message.seq + 1;
            bytes += message.size();
            batch.messages.push(message);
        }
        Ok(batch)
    }

    /// The next sequences side by side; where none of them is there any more, a leap to the next that is.
    async fn window(&mut self, plan: &Plan) -> Result<Batch, Problem> {
        let stream_name = &plan.spec.stream;
        let Some(first) = plan.api.next_message(stream_name, plan.next, ">").await? else {
            return Ok(Batch { messages: vec![], next: plan.next, at_end: true });
        };
        let size = first.size().max(self.largest).max(1);
        let side_by_side = ((plan.bytes / size) as u64).clamp(1, self.width);
        let mut next = first.seq + 1;
        let end =
            plan.until.map_or(u64::MAX, |until| until.saturating_add(1)).min(next.saturating_add(side_by_side - 1));
        let mut answers =
            stream::iter(next..end).map(|seq| plan.api.message(stream_name, seq)).buffered(SIDE_BY_SIDE as usize);
        let mut messages = vec![first];
        let mut holes = 0;
        while let Some(answer) = answers.next().await {
            match answer {
                Ok(Some(message)) => {
                    holes = 0;
                    next = message.seq + 1;
                    messages.push(message);
                }
                // A hole, or the end of the stream: the next round tells which.
                Ok(None) => holes += 1,
                // What was read so far is good; the rest is asked for again.
                Err(_) => break,
            }
            if holes > SIDE_BY_SIDE / 4 {
                break;
            }
        }
        self.width = (2 * messages.len() as u64).clamp(2, SIDE_BY_SIDE);
        Ok(Batch { messages, next, at_end: false })
    }
}

/// The first sequence whose message was stored at this time or later; after the last where there is none.
pub(super) async fn first_since(api: &Api, stream: &str, first: u64, last: u64, at: Timestamp) -> Result<u64, Problem> {
    let (mut low, mut high) = (first, last + 1);
    while low < high {
        let middle = low + (high - low) / 2;
        match api.next_message(stream, middle, ">").await? {
            Some(message) if message.time < at => low = message.seq + 1,
            // It, or a hole before it, may be the first.
            Some(_) | None => high = middle,
        }
    }
    Ok(low)
}

/// The sequence from which on at least so many messages match: back from the end in growing steps.
pub(super) async fn nth_last(plan: &Plan, first: u64, last: u64, n: u64) -> Result<u64, Problem> {
    let mut reach = n.saturating_mul(2).max(SIDE_BY_SIDE);
    loop {
        let from = last.saturating_sub(reach).max(first);
        let spec = super::TailSpec { range: Range::ALL, follow: false, ..plan.spec.clone() };
        let mut part = Plan {
            api: plan.api.clone(),
            spec,
            name: plan.name.clone(),
            next: from,
            skip: 0,
            until: Some(last),
            bytes: plan.bytes,
        };
        let mut sources = Sources::new(&part, FIRST_WIDTH);
        let mut seen: VecDeque<u64> = VecDeque::new();
        while !part.is_done() {
            let batch = sources.batch(&part).await?;
            part.next = batch.next;
            seen.extend(batch.messages.iter().map(|m| m.seq).filter(|seq| *seq <= last));
            while seen.len() as u64 > n {
                seen.pop_front();
            }
            if batch.at_end {
                break;
            }
        }
        if seen.len() as u64 >= n || from == first {
            return Ok(seen.front().copied().unwrap_or(last + 1));
        }
        reach = reach.saturating_mul(8);
    }
}
