//! Into a stream: pipelined, confirmed, in order; read again to find out what arrived when a confirmation is missing.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep, timeout_at};

use super::batch::Batches;
use super::chain::Chain;
use super::fast::Fast;
use super::{Fate, Fault, Opened, Parcel, Settled, Sink, Verified};
use crate::config::Connection;
use crate::event::clean_line;
use crate::model::replay::{Capture, Method, Plan, Selection};
use crate::model::{Problem, ProblemKind, Stream};
use crate::nats::gate::Permit;
use crate::nats::publish::{self, Expected, Publisher, Refusal};
use crate::nats::tail::{Report, State, Tail, TailSpec};
use crate::nats::{self, Api, Client};
use crate::query::range::{End, Range, Start};
use crate::replay::mark::{MSG_ID, of_msg_id};

/// What a process that was killed had sent may still be on its way: when no more of it comes for so long, none does.
const QUIET: Duration = Duration::from_millis(400);
/// How often it is asked whether the destination is still the same stream.
const LOOK: Duration = Duration::from_millis(500);
/// How long reading it back waits for a server that does not answer, before that is told.
const PATIENCE: Duration = Duration::from_secs(5);
/// Copies in flight at most.
pub(in crate::replay) const WINDOW: usize = 4_096;
/// Messages that are asked for at once when the destination is read.
const BATCH: usize = 5_000;

/// A stream as the destination.
#[derive(Debug)]
pub struct StreamSink {
    connection: Connection,
    permit: Permit,
    plan: Arc<Plan>,
    capture: Capture,
    publisher: Option<Publisher>,
    /// Reads; serves nothing else.
    reader: Option<Client>,
    chain: Chain,
    way: Way,
    /// Looks now and then whether it is still the stream of the plan.
    guard: Option<Guard>,
    /// The last sequence that it is known to have had: what is stored comes behind it.
    behind: u64,
    /// How often it was opened.
    sessions: u32,
    /// The positions of single messages, by stream and sequence: there may be very many of them.
    listed: Option<HashMap<String, HashMap<u64, u64>>>,
}

/// How copies go.
#[derive(Debug)]
enum Way {
    /// One by one, many of them in flight where that keeps the order.
    Single,
    /// Stored together, where the stream allows that.
    Batches(Batches),
    /// Numbered, where the stream allows that.
    Fast(Fast),
}

impl StreamSink {
    /// The stream that captures the copies of this plan, on this connection.
    pub fn new(connection: Connection, permit: Permit, plan: Arc<Plan>, capture: Capture) -> Self {
        let (publisher, reader, way) = (None, None, Way::Single);
        let chain = Chain::default();
        let listed = if let Selection::List(items) = &plan.selection { Some(positions(items)) } else { None };
        let (guard, behind) = (None, 0);
        Self { connection, permit, plan, capture, publisher, reader, chain, way, guard, behind, sessions: 0, listed }
    }

    /// Into a stream that ends here.
    fn way_behind(&self, last: u64) -> Way {
        // A batch of the session before must not be gone on with.
        let name = format!("{}-{}-{}", self.plan.id, std::process::id(), self.sessions);
        match self.capture.method() {
            Method::Batches => Way::Batches(Batches::new(name)),
            Method::Fast => Way::Fast(Fast::new(name, &self.capture.stream, last)),
            Method::Pipelined | Method::Chained | Method::OneByOne => Way::Single,
        }
    }

    async fn reader(&mut self) -> Result<Client, Fault> {
        if let Some(client) = &self.reader {
            return Ok(client.clone());
        }
        let client = nats::open(&self.connection).await.map_err(|error| Fault::Passing(error.to_string()))?;
        Ok(self.reader.insert(client).clone())
    }

    /// That it is still the stream of the plan; whether everything is there that was stored since, and its last
    /// sequence.
    async fn look(&mut self, api: &Api) -> Result<(bool, u64), Fault> {
        let name = clean_line(&self.capture.stream).into_owned();
        let stream = api.stream(&self.capture.stream).await;
        if let Some(reason) = another(&self.capture, &stream) {
            return Err(Fault::Fatal(reason));
        }
        let stream = stream.map_err(|problem| fault(&problem))?;
        if stream.config.sealed {
            return Err(Fault::Fatal(format!("the destination stream {name} is sealed; nothing can be added to it")));
        }
        // It may have got some since the plan was made.
        self.capture.replicas = self.capture.replicas.max(stream.config.replicas);
        let whole = stream.state.first_seq <= self.capture.last_seq + 1 && stream.state.deleted == 0;
        Ok((whole, stream.state.last_seq))
    }

    /// Reads the messages behind `since` up to `last`, and hands the copies among them on.
    async fn scan(&mut self, since: u64, last: u64, found: &mut impl FnMut(u64, u64)) -> Result<(), Fault> {
        if since >= last {
            return Ok(());
        }
        let client = self.reader().await?;
        let range = Range { start: Start::Seq(since + 1), end: End::Seq(last) };
        let stream = self.capture.stream.clone();
        let spec = TailSpec { stream, subjects: vec![], range, follow: false, batch: BATCH, keep: false };
        let (tail, mut reports) = Tail::spawn(client, vec![spec]);
        let mut waits: Option<(Instant, String)> = None;
        let ended = loop {
            let report = match &waits {
                Some((until, reason)) => match timeout_at(*until, reports.recv()).await {
                    Ok(report) => report,
                    Err(_) => break Err(Fault::Passing(format!("the destination cannot be read back now: {reason}"))),
                },
                None => reports.recv().await,
            };
            match report {
                Some(Report::Messages(messages)) => {
                    waits = None;
                    for message in &messages {
                        let id = message.header(MSG_ID).and_then(|id| of_msg_id(id, &self.plan.id));
                        let position = id.and_then(|(stream, seq)| match &self.listed {
                            Some(listed) => listed.get(stream)?.get(&seq).copied(),
                            None => self.plan.position(stream, seq),
                        });
                        if let Some(position) = position {
                            found(position, message.seq);
                        }
                    }
                }
                Some(Report::Stream(_, State::End)) | None => break Ok(()),
                Some(Report::Stream(_, State::Failed(problem))) => break Err(fault(&problem)),
                Some(Report::Stream(_, State::Waiting(reason))) => {
                    waits.get_or_insert_with(|| (Instant::now() + PATIENCE, reason));
                }
                Some(Report::Stream(_, State::Opened { .. } | State::CaughtUp)) => waits = None,
                Some(Report::Stream(_, State::Noted(_))) => {}
            }
        };
        tail.close().await;
        ended
    }

    /// The copies behind `since` in a stream that ends at `last`, until no more of them come; and where it ends then.
    async fn arrived(&mut self, api: &Api, since: u64, mut last: u64) -> Result<(Vec<(u64, Fate)>, u64), Fault> {
        if last < since {
            return Err(Fault::Fatal(format!(
                "the destination stream {} ends before what was sent to it ({last} before {since}); it has lost messages",
                clean_line(&self.capture.stream)
            )));
        }
        let (mut from, mut found) = (since, Vec::new());
        let mut again = false;
        loop {
            let mut more = Vec::new();
            self.scan(from, last, &mut |position, seq| more.push((position, Fate::Stored(seq)))).await?;
            let quiet = more.is_empty();
            found.extend(more);
            if std::mem::replace(&mut again, true) && quiet {
                break;
            }
            from = last;
            sleep(QUIET).await;
            (_, last) = self.look(api).await?;
            if last == from {
                break;
            }
        }
        found.sort_unstable_by_key(|(position, _)| *position);
        found.dedup_by_key(|(position, _)| *position);
        Ok((found, last))
    }
}

impl Sink for StreamSink {
    async fn open(&mut self, since: u64, afresh: bool) -> Result<Opened, Fault> {
        // Its connection ends with it, and so does all that it has not sent.
        (self.publisher, self.guard) = (None, None);
        self.chain.begin();
        self.sessions += 1;
        let publisher = Publisher::open(&self.connection, &self.permit).await.map_err(|problem| fault(&problem))?;
        let api = Api::new(publisher.client().clone());
        let (_, mut last) = self.look(&api).await?;
        self.publisher = Some(publisher);
        let mut opened = Opened::default();
        if !afresh && self.capture.rereadable {
            (opened.found, last) = self.arrived(&api, since, last).await?;
        }
        self.behind = last;
        let api = Api::new(self.reader().await?);
        self.guard = Some(Guard::new(api, self.capture.clone()));
        self.way = self.way_behind(last);
        Ok(opened)
    }

    async fn send(&mut self, parcel: &Parcel) -> Result<(), Fault> {
        let Some(publisher) = &self.publisher else { return Err(Fault::Passing("it is not open".into())) };
        match &mut self.way {
            Way::Batches(batches) => return batches.add(publisher, parcel).await.map_err(|problem| fault(&problem)),
            Way::Fast(fast) => return fast.add(publisher, parcel).await.map_err(|problem| fault(&problem)),
            Way::Single => {}
        }
        let chained = self.capture.method() == Method::Chained;
        let last_id = self.chain.next(parcel.copy.id.as_deref().filter(|_| chained));
        let expected = Expected { stream: &self.capture.stream, last_id: last_id.as_deref() };
        publisher.publish(parcel.position, parcel.outbound(), expected).await.map_err(|problem| fault(&problem))
    }

    async fn flush(&mut self, more: bool) -> Result<(), Fault> {
        let Some(publisher) = &self.publisher else { return Ok(()) };
        let flushed = match &mut self.way {
            Way::Batches(batches) => batches.commit_next(publisher, more).await,
            Way::Fast(fast) => fast.flush(publisher, more).await,
            Way::Single => Ok(()),
        };
        flushed.map_err(|problem| fault(&problem))
    }

    async fn settled(&mut self) -> Result<Vec<Settled>, Fault> {
        let (Some(publisher), Some(guard)) = (&mut self.publisher, &mut self.guard) else {
            return Err(Fault::Passing("it is not open".into()));
        };
        let settled = tokio::select! {
            reason = guard.noticed() => return Err(Fault::Fatal(reason)),
            settled = confirmed(publisher, &mut self.way, &mut self.chain) => settled?,
        };
        // A stream never counts backwards: this is another one, or it has lost what it had. Which, is seen when it is opened.
        for Settled { fate, .. } in &settled {
            let Ok(Fate::Stored(seq)) = *fate else { continue };
            if seq < self.behind {
                let name = clean_line(&self.capture.stream);
                return Err(Fault::Passing(format!("the destination stream {name} counts from an earlier sequence")));
            }
            self.behind = seq;
        }
        Ok(settled)
    }

    fn rewind(&mut self, out_of_step: bool) {
        self.chain.rewind(out_of_step);
        if let Way::Fast(fast) = &mut self.way {
            fast.rewind();
        }
    }

    async fn verify(&mut self) -> Result<Option<Verified>, Fault> {
        if !self.capture.rereadable {
            return Ok(None);
        }
        let api = Api::new(self.reader().await?);
        let (whole, last) = self.look(&api).await?;
        let mut verified = Verified { cut: !whole, ..Verified::default() };
        let mut in_order: Vec<u64> = Vec::new();
        let mut late = HashSet::new();
        self.scan(self.capture.last_seq, last, &mut |position, _| {
            if in_order.last().is_none_or(|highest| position > *highest) {
                in_order.push(position);
            } else if in_order.binary_search(&position).is_ok() || !late.insert(position) {
                verified.doubled += 1;
            }
        })
        .await?;
        verified.reordered = late.len() as u64;
        verified.found = in_order.len() as u64 + verified.reordered;
        Ok(Some(verified))
    }

    fn window(&self) -> usize {
        match &self.way {
            Way::Batches(_) => WINDOW,
            Way::Fast(fast) => fast.window(),
            Way::Single if self.capture.method() == Method::OneByOne => 1,
            Way::Single => self.chain.window(),
        }
    }

    /// A leader that is followed by another answers nothing of what it had. What has arrived all the same is found.
    fn unconfirmed(&self) -> Duration {
        Duration::from_secs(5)
    }

    fn first_window(&self) -> usize {
        // Several whole batches.
        if matches!(self.way, Way::Batches(_)) { WINDOW } else { 512 }
    }

    async fn close(&mut self) {
        (self.publisher, self.guard, self.reader) = (None, None, None);
    }
}

/// What the server says of copies.
async fn confirmed(publisher: &mut Publisher, way: &mut Way, chain: &mut Chain) -> Result<Vec<Settled>, Fault> {
    match way {
        Way::Batches(batches) => return batches.settled(publisher).await.map_err(|problem| fault(&problem)),
        Way::Fast(fast) => return fast.settled(publisher).await,
        Way::Single => {}
    }
    let acks = publisher.acks().await.map_err(|problem| fault(&problem))?;
    for ack in &acks {
        if matches!(ack.fate, publish::Fate::Stored { .. }) {
            chain.stored();
        }
    }
    let settled = acks.into_iter().map(|ack| Settled { position: ack.ticket, fate: known(ack.fate) });
    Ok(settled.collect())
}

/// Why this is not the stream of the plan any more.
fn another(capture: &Capture, asked: &Result<Stream, Problem>) -> Option<String> {
    let name = clean_line(&capture.stream);
    match asked {
        Ok(stream) if capture.created.is_some() && stream.created != capture.created => Some(format!(
            "the destination stream {name} was deleted and made again, so the copies in it are gone; make a new plan"
        )),
        Err(problem) if problem.kind == ProblemKind::NotFound => {
            Some(format!("the destination stream {name} is not there any more; make a new plan when there is another"))
        }
        _ => None,
    }
}

/// Asks now and then whether the destination is still the stream of the plan.
#[derive(Debug)]
struct Guard {
    news: watch::Receiver<Option<String>>,
    task: JoinHandle<()>,
}

impl Guard {
    fn new(api: Api, capture: Capture) -> Self {
        let (tell, news) = watch::channel(None);
        let task = tokio::spawn(async move {
            loop {
                sleep(LOOK).await;
                if let Some(reason) = another(&capture, &api.stream(&capture.stream).await) {
                    tell.send_replace(Some(reason));
                }
            }
        });
        Self { news, task }
    }

    /// Until it is not; and why.
    async fn noticed(&mut self) -> String {
        match self.news.wait_for(Option::is_some).await.ok().and_then(|reason| reason.clone()) {
            Some(reason) => reason,
            None => std::future::pending().await,
        }
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        self.task.abort();
    }
}

fn positions(items: &[(String, u64)]) -> HashMap<String, HashMap<u64, u64>> {
    let mut listed: HashMap<String, HashMap<u64, u64>> = HashMap::new();
    for ((stream, seq), position) in items.iter().zip(1..) {
        // The first one counts, should one stand there twice.
        listed.entry(stream.clone()).or_default().entry(*seq).or_insert(position);
    }
    listed
}

/// What the server said of a copy.
pub(super) fn known(fate: publish::Fate) -> Result<Fate, Refusal> {
    match fate {
        publish::Fate::Stored { seq } => Ok(Fate::Stored(seq)),
        publish::Fate::Duplicate { seq } => Ok(Fate::Duplicate(seq)),
        publish::Fate::Refused(refusal) => Err(refusal),
    }
}

/// A problem of a question or a publish, seen from the destination.
pub(super) fn fault(problem: &Problem) -> Fault {
    match problem.kind {
        _ if problem.passes() => Fault::Passing(problem.sentence.clone()),
        ProblemKind::Denied { .. } => Fault::Denied(problem.sentence.clone()),
        _ => Fault::Fatal(problem.sentence.clone()),
    }
}
