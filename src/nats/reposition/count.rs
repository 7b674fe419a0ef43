//! How many messages of a consumer lie between two places, and which are the first and the last of them.

use std::time::Duration;

use serde::Deserialize;
use serde_json::json;
use tokio::time::{Instant, timeout_at};

use crate::model::reposition::{Place, Span};
use crate::model::{Message, Problem, Retention, Stream};
use crate::nats::ask::read;
use crate::nats::question::token;
use crate::nats::tail::{Report, State, Tail, TailSpec};
use crate::nats::{Api, Question};
use crate::query::Range;
use crate::query::range::{End, Start};

/// Deleted sequences that are fetched to be counted; of more the server counts itself.
const MOST_DELETED: u64 = 100_000;
/// How many messages are counted one by one, and for how long.
const MOST: u64 = 5_000;
/// See [`MOST`].
const LONGEST: Duration = Duration::from_secs(3);
/// How long making a consumer may take; on a large stream the server counts what matches.
const CREATE_LIMIT: Duration = Duration::from_secs(5);

#[derive(Deserialize)]
struct Holes {
    state: HolesState,
}

#[derive(Deserialize)]
struct HolesState {
    deleted: Option<Vec<u64>>,
}

#[derive(Deserialize)]
struct Created {
    #[serde(default)]
    num_pending: u64,
}

/// Counts and finds the messages that a consumer receives.
#[derive(Clone, Copy)]
pub(super) struct Matching<'a> {
    pub(super) api: &'a Api,
    pub(super) stream: &'a Stream,
    pub(super) filters: &'a [String],
}

impl Matching<'_> {
    /// The messages between two sequences, both included.
    pub(super) async fn span(&self, from: u64, to: u64) -> Result<Span, Problem> {
        let (from, to) = (from.max(self.stream.state.first_seq).max(1), to.min(self.stream.state.last_seq));
        if from > to {
            return Ok(Span::NONE);
        }
        let Some(first) = self.first(from).await?.filter(|first| first.seq <= to) else { return Ok(Span::NONE) };
        let count = self.count(from, to).await?;
        let last = self.last(first, to).await?;
        Ok(Span { count, first: Some(first), last: Some(last) })
    }

    /// The first message from a sequence on.
    pub(super) async fn first(&self, from: u64) -> Result<Option<Place>, Problem> {
        let mut first: Option<Place> = None;
        let all = [">".to_owned()];
        for filter in if self.filters.is_empty() { &all } else { self.filters } {
            let found = self.api.next_message(&self.stream.name, from.max(1), filter).await?;
            if let Some(place) = found.as_ref().map(place)
                && first.is_none_or(|first| place.seq < first.seq)
            {
                first = Some(place);
            }
        }
        Ok(first)
    }

    /// The last message up to a sequence, where this one is known to match: back from the end in growing steps, then
    /// halves.
    async fn last(&self, known: Place, to: u64) -> Result<Place, Problem> {
        let mut low = known;
        // Nothing that matches lies between `high` and `to`.
        let mut high = to.saturating_add(1);
        let mut step = 1;
        while high > low.seq.saturating_add(1) {
            let from = high.saturating_sub(step).max(low.seq + 1).min(high - 1);
            match self.first(from).await?.filter(|found| found.seq < high) {
                Some(found) => {
                    low = found;
                    // What lies behind it is looked through in halves.
                    step = ((high - low.seq) / 2).max(1);
                }
                None => {
                    high = from;
                    step = step.saturating_mul(4);
                }
            }
        }
        Ok(low)
    }

    /// How many there are between two sequences of the stream; `None` where they are too many to be counted.
    async fn count(&self, from: u64, to: u64) -> Result<Option<u64>, Problem> {
        let deleted = self.stream.state.deleted;
        if self.filters.is_empty() && deleted <= MOST_DELETED {
            let holes = if deleted == 0 { 0 } else { self.holes(from, to).await? };
            return Ok(Some((to - from).saturating_add(1).saturating_sub(holes)));
        }
        if self.stream.config.retention == Retention::Limits
            && let (Ok(these), Ok(behind)) = (self.at_least(from).await, self.at_least(to.saturating_add(1)).await)
        {
            return Ok(Some(these.saturating_sub(behind)));
        }
        let range = Range { start: Start::Seq(from), end: End::Seq(to) };
        let mut reading = Reading::begin(self, range);
        let mut count = 0;
        while let Some(messages) = reading.next().await? {
            count += messages.len() as u64;
            if count > MOST {
                reading.close().await;
                return Ok(None);
            }
        }
        let whole = reading.is_whole();
        reading.close().await;
        Ok(whole.then_some(count))
    }

    async fn holes(&self, from: u64, to: u64) -> Result<u64, Problem> {
        let question = Question::Stream(&self.stream.name);
        let reply = self.api.ask(question, r#"{"deleted_details":true}"#.into()).await?;
        let holes: Holes = read(&reply, &question)?;
        Ok(holes.state.deleted.unwrap_or_default().iter().filter(|seq| (from..=to).contains(*seq)).count() as u64)
    }

    /// How many there are from a sequence on. The server counts when a consumer is made, so one is made and dropped.
    async fn at_least(&self, from: u64) -> Result<u64, Problem> {
        if from > self.stream.state.last_seq {
            return Ok(0);
        }
        let (client, stream) = (self.api.client(), token("stream", &self.stream.name)?);
        let words = format!("counting messages of stream {}", crate::event::clean_line(stream));
        let name = format!("jetscope-count-{}", client.nats().new_inbox().rsplit('.').next().unwrap_or("x"));
        let mut config = json!({
            "name": name,
            "description": "a count of jetscope; the server drops it within seconds",
            "deliver_policy": "by_start_sequence",
            "opt_start_seq": from.max(1),
            "ack_policy": "none",
            "replay_policy": "instant",
            "inactive_threshold": Duration::from_secs(5).as_nanos() as u64,
            "num_replicas": 1,
            "mem_storage": true,
            "metadata": {"io.jetscope": "count"},
        });
        match self.filters {
            [] => {}
            [one] => config["filter_subject"] = one.clone().into(),
            several => config["filter_subjects"] = several.into(),
        }
        let body = json!({"stream_name": stream, "config": config, "action": "create"});
        let subject = format!("{}.CONSUMER.CREATE.{stream}.{name}", client.prefix);
        let reply = self.api.ask_raw(&words, subject, body.to_string(), CREATE_LIMIT).await?;
        // Nobody waits for the answer; without it the server does it by itself.
        let delete = format!("{}.CONSUMER.DELETE.{stream}.{name}", client.prefix);
        client.note_sent(&delete, &bytes::Bytes::new());
        let _ = client.nats().publish(delete, "".into()).await;
        Ok(read::<Created>(&reply, &words)?.num_pending)
    }

    /// The first message of a range of what matches.
    pub(super) async fn first_of(&self, range: Range) -> Result<Option<Place>, Problem> {
        let mut reading = Reading::begin(self, range);
        reading.until = None;
        let found = reading.next().await;
        reading.close().await;
        Ok(found?.and_then(|messages| messages.first().map(place)))
    }
}

fn place(message: &Message) -> Place {
    Place { seq: message.seq, time: Some(message.time) }
}

/// A reading of what matches, for a while.
struct Reading {
    tail: Tail,
    reports: tokio::sync::mpsc::Receiver<Report>,
    until: Option<Instant>,
    in_time: bool,
}

impl Reading {
    fn begin(of: &Matching<'_>, range: Range) -> Self {
        let spec = TailSpec {
            stream: of.stream.name.clone(),
            subjects: of.filters.to_vec(),
            range,
            follow: false,
            batch: 500,
            keep: false,
        };
        let (tail, reports) = Tail::spawn(of.api.client().clone(), vec![spec]);
        Self { tail, reports, until: Some(Instant::now() + LONGEST), in_time: true }
    }

    /// The next messages; none at the end, or when it took too long.
    async fn next(&mut self) -> Result<Option<Vec<Message>>, Problem> {
        loop {
            let report = match self.until {
                None => self.reports.recv().await,
                Some(until) => timeout_at(until, self.reports.recv()).await.unwrap_or_else(|_| {
                    self.in_time = false;
                    None
                }),
            };
            match report {
                Some(Report::Messages(messages)) if messages.is_empty() => {}
                Some(Report::Messages(messages)) => return Ok(Some(messages)),
                Some(Report::Stream(_, State::Failed(problem))) => return Err(problem),
                Some(Report::Stream(_, State::End)) | None => return Ok(None),
                Some(Report::Stream(..)) => {}
            }
        }
    }

    /// The end was reached in time.
    const fn is_whole(&self) -> bool {
        self.in_time
    }

    async fn close(self) {
        self.tail.close().await;
    }
}
