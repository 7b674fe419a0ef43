//! An own ephemeral pull consumer that acks nothing: asked for batches, made anew behind the last message
//! whenever anything is in doubt.

use std::time::Duration;

use async_nats::{StatusCode, Subscriber};
use bytes::Bytes;
use futures_util::{FutureExt, StreamExt};
use serde_json::json;
use tokio::sync::broadcast::Receiver;
use tokio::sync::broadcast::error::RecvError;
use tokio::task::unconstrained;
use tokio::time::{Instant, sleep, timeout};

use crate::event::clean_line;
use crate::model::{Message, Problem, ProblemKind};
use crate::nats::ask::denied_to;
use crate::nats::{Client, ClientEvent, Pauses};

use super::consumer::{Created, create, delete};
use super::peek::passes;
use super::plan::{Plan, may_peek};
use super::vain::Vain;
use super::{Out, State, Stop, TOGETHER, TOGETHER_BYTES, delivered, headers};

/// After so many requests in a row that brought one message and then nothing, not even a sign of life, no more are made.
const SINGLES: u32 = 2;
/// What is said then.
const ONE_BY_ONE: &str = "of each request only one message arrives, so messages are read one by one, which is slower; where                           the JetStream API is imported, its export lacks response_type: stream";
/// The server drops the consumer when nobody has asked for so long.
const INACTIVE: Duration = Duration::from_secs(30);
/// How long one request for messages stands.
const EXPIRES: Duration = Duration::from_secs(10);
/// How often the server says that it still is there.
const HEARTBEAT: Duration = Duration::from_secs(1);
/// Silence that is taken for a consumer that is gone.
const SILENCE: Duration = Duration::from_millis(2_500);
/// A connection that is back so soon was not worth telling of.
const AT_ONCE: Duration = Duration::from_millis(700);
/// The pause after a failure that may pass.
const PAUSE: Duration = Duration::from_millis(250);
/// The longest of such pauses.
const LONGEST_PAUSE: Duration = Duration::from_secs(2);
/// How often the first consumer is asked for, where nobody answers.
const ATTEMPTS: u32 = 3;
/// A request that has ended so soon without a message was not waited for.
const HASTY: Duration = Duration::from_millis(500);
/// Such requests in a row before the consumer is left.
const HASTE: u32 = 4;
/// How often a replica that is behind is waited for.
const BEHIND: u32 = 40;

/// A consumer of ours, and the inbox that it delivers to.
pub(super) struct Reader {
    client: Client,
    /// The connection that the inbox is subscribed on.
    nats: async_nats::Client,
    stream: String,
    consumer: String,
    inbox: String,
    messages: Subscriber,
    /// Messages that were asked for and have neither come nor been given up.
    due: u64,
    /// The next message is larger than what may be asked for at once.
    oversized: bool,
    /// Deliveries so far.
    nth: u64,
    /// Matching messages that were not delivered yet.
    pending: u64,
    /// When was asked last, and how many requests in a row have ended at once without a message.
    asked: Instant,
    hasty: u32,
    /// What the server said of the consumer, when it is to be left.
    said: Option<String>,
}

/// Why a consumer is left.
enum Leave {
    /// The range is read.
    Done,
    /// It may be gone: another is made behind the last message.
    Doubt,
    /// It brings nothing although something was counted: another counts anew.
    Dry,
    /// It has nothing more, and the stream has: the server keeps the consumer where its replica of the stream is
    /// behind, or nobody answers what the stream has.
    Behind,
    /// The connection was lost.
    Lost,
}

impl Reader {
    /// Makes a consumer at the plan's next sequence.
    pub(super) async fn open(plan: &Plan) -> Result<Self, Problem> {
        let client = plan.api.client().clone();
        // Before the first request, so that what the server refuses is heard.
        let nats = client.nats();
        let inbox = nats.new_inbox();
        let subscribed = nats.subscribe(inbox.clone()).await;
        let messages =
            subscribed.map_err(|error| Problem::new(ProblemKind::Disconnected, clean_line(&error.to_string())))?;
        let Created { name: consumer, num_pending } = create(plan, plan.next, INACTIVE).await?;
        Ok(Self {
            client,
            nats,
            stream: plan.spec.stream.clone(),
            consumer,
            inbox,
            messages,
            due: 0,
            oversized: false,
            nth: 0,
            pending: num_pending,
            asked: Instant::now(),
            hasty: 0,
            said: None,
        })
    }

    /// As [`Reader::open`]; tries again where nobody answers: the server that was to keep the consumer may be gone.
    pub(super) async fn first(plan: &Plan) -> Result<Self, Problem> {
        for _ in 1..ATTEMPTS {
            match Self::open(plan).await {
                Err(problem) if problem.kind == ProblemKind::Timeout => {}
                opened => return opened,
            }
        }
        Self::open(plan).await
    }

    /// Reads the plan to its end; makes another consumer as often as it must. Gives the rest of the plan back when
    /// no more consumer can be made, but stored messages may still be looked at.
    pub(super) async fn run(self, mut plan: Plan, out: &Out) -> Result<Option<Plan>, Stop> {
        let mut events = self.client.events();
        let client = self.client.clone();
        let mut caught_up = false;
        let (mut dry, mut nothing, mut behind, mut singles) = (false, false, 0, 0);
        let mut vain = Vain::default();
        let mut reader = self;
        loop {
            let (from, since) = (plan.next, Instant::now());
            let left = reader.read(&mut plan, &mut events, &mut caught_up, out).await?;
            let said = reader.said.take();
            // Before the next is made: the stream may not take two.
            drop(reader);
            let alone = matches!(left, Leave::Doubt) && plan.next == from + 1;
            singles = if alone { singles + 1 } else { 0 };
            if singles == SINGLES {
                // The API is imported in a way that lets one reply through for each request, whatever is asked for:
                // looking at messages one by one is much faster.
                out.state(State::Noted(ONE_BY_ONE.into())).await?;
                return Ok(Some(plan));
            }
            match left {
                Leave::Done => return Ok(None),
                // Twice at the same place: then the count is wrong.
                Leave::Dry if dry && plan.next == from => nothing = true,
                Leave::Dry => dry = true,
                Leave::Behind => {
                    behind = if plan.next == from { behind + 1 } else { 1 };
                    if behind > BEHIND {
                        let stream = clean_line(&plan.spec.stream).into_owned();
                        let sentence = format!("reading stream {stream}: the replica that is read does not catch up");
                        return Err(Problem::new(ProblemKind::Timeout, sentence).into());
                    }
                    sleep(PAUSE).await;
                }
                Leave::Doubt | Leave::Lost => {
                    dry = false;
                    // A message that the client cannot decode breaks the connection too; then it is back at once.
                    if timeout(AT_ONCE, until_connected(&client, &mut events)).await.is_err() {
                        out.state(State::Waiting(client.why())).await?;
                        until_connected(&client, &mut events).await?;
                    }
                    vain.left(plan.next > from, since.elapsed(), said);
                    if vain.pass(&mut plan, out).await? {
                        return Ok(None);
                    }
                }
            }
            reader = match again(&plan, &mut events, out).await? {
                Some(reader) => reader,
                None => return Ok(Some(plan)),
            };
            // Whoever was told that it waits is told when it does not any more.
            caught_up = false;
            if std::mem::take(&mut nothing) {
                reader.pending = 0;
            }
        }
    }

    async fn read(
        &mut self,
        plan: &mut Plan,
        events: &mut Receiver<ClientEvent>,
        caught_up: &mut bool,
        out: &Out,
    ) -> Result<Leave, Stop> {
        let mut lost = false;
        let mut heard = Instant::now();
        loop {
            if self.pending == 0 && self.nothing_left(plan, caught_up, out).await? {
                return Ok(if is_left(plan).await { Leave::Behind } else { Leave::Done });
            }
            let first = if lost {
                // What came before the loss is still there to be taken.
                match self.messages.next().now_or_never().flatten() {
                    Some(message) => message,
                    None => return Ok(Leave::Lost),
                }
            } else {
                self.ask(plan).await;
                tokio::select! {
                    biased;
                    message = self.messages.next() => match message {
                        Some(message) => message,
                        None => return Ok(Leave::Doubt),
                    },
                    event = events.recv() => match event {
                        Ok(ClientEvent::Disconnected) => {
                            lost = true;
                            continue;
                        }
                        // Lost and back before we looked: the server may have forgotten the consumer.
                        Ok(ClientEvent::Connected) => return Ok(Leave::Doubt),
                        Ok(ClientEvent::Denied { subject, publish: true }) if subject.contains(".MSG.NEXT.") => {
                            let words = format!("reading stream {}", clean_line(&plan.spec.stream));
                            return Err(denied_to(&words, subject).into());
                        }
                        Err(RecvError::Closed) => return Err(Stop::Closed),
                        Ok(_) | Err(RecvError::Lagged(_)) => continue,
                    },
                    () = sleep(SILENCE.saturating_sub(heard.elapsed())) => return Ok(Leave::Doubt),
                    () = out.closed() => return Err(Stop::Closed),
                }
            };
            let (found, end) = self.take_ready(plan, first);
            if !found.is_empty() {
                *caught_up = false;
                out.messages(found).await?;
            }
            // Not before the messages were taken: how long that lasts says nothing of the server.
            heard = Instant::now();
            match end {
                Some(leave) => return Ok(leave),
                None if plan.is_done() => return Ok(Leave::Done),
                None => {}
            }
        }
    }

    /// Takes this message and those that are there already; says when the consumer is to be left.
    fn take_ready(&mut self, plan: &mut Plan, first: async_nats::Message) -> (Vec<Message>, Option<Leave>) {
        let mut found = Vec::with_capacity(TOGETHER.min(batch(plan) as usize));
        let mut bytes = 0;
        let mut next = Some(first);
        while let Some(message) = next {
            let length = message.length;
            match self.take(plan, message, &mut found) {
                Taken::Message => bytes += length,
                Taken::Status => {}
                Taken::Doubt => return (found, Some(Leave::Doubt)),
                Taken::Dry => return (found, Some(Leave::Dry)),
                Taken::End => return (found, Some(Leave::Done)),
            }
            if found.len() >= TOGETHER || bytes >= TOGETHER_BYTES {
                break;
            }
            // Without regard to whose turn it is, or a report would end after a hundred messages or so.
            next = unconstrained(self.messages.next()).now_or_never().flatten();
        }
        (found, None)
    }

    /// Asks for more when less than half of a batch is due.
    async fn ask(&mut self, plan: &Plan) {
        let batch = batch(plan);
        if self.due > batch / 2 {
            return;
        }
        let mut body = json!({
            "batch": batch,
            "max_bytes": plan.bytes,
            "expires": EXPIRES.as_nanos() as u64,
            "idle_heartbeat": HEARTBEAT.as_nanos() as u64,
        });
        if self.oversized {
            body["batch"] = 1.into();
            body["max_bytes"] = 0.into();
        }
        let subject = format!("{}.CONSUMER.MSG.NEXT.{}.{}", self.client.prefix, plan.spec.stream, self.consumer);
        let body = Bytes::from(body.to_string());
        self.client.note_sent(&subject, &body);
        let asked = self.nats.publish_with_reply(subject, self.inbox.clone(), body).await;
        self.asked = Instant::now();
        // What is not sent is seen as silence.
        if asked.is_ok() {
            self.due += if self.oversized { 1 } else { batch };
        }
    }

    fn take(&mut self, plan: &mut Plan, message: async_nats::Message, found: &mut Vec<Message>) -> Taken {
        // Stored headers may begin as the server's own messages do, but only what is delivered says where it stands.
        let Some(at) = message.reply.as_deref().and_then(delivered::parse) else {
            return message.status.map_or(Taken::Status, |status| self.status(plan, status, &message));
        };
        if at.nth != self.nth + 1 || at.seq < plan.next {
            // One was lost on the way: all from there on are read again.
            return Taken::Doubt;
        }
        self.hasty = 0;
        self.nth = at.nth;
        self.pending = at.pending;
        self.due = self.due.saturating_sub(1);
        self.oversized = false;
        if plan.until.is_some_and(|until| at.seq > until) || plan.is_behind(at.time) {
            return Taken::End;
        }
        plan.next = at.seq.saturating_add(1);
        if plan.is_before(at.time) || plan.skips() {
            return Taken::Status;
        }
        found.push(plan.own(Message {
            stream: plan.name.clone(),
            seq: at.seq,
            time: at.time,
            subject: message.subject.as_str().into(),
            headers: message.headers.as_ref().map(headers::of_map).unwrap_or_default(),
            undecodable: None,
            body: message.payload,
        }));
        Taken::Message
    }

    /// A message of the server about the request: it goes on, ends, or the consumer is gone.
    fn status(&mut self, plan: &Plan, status: StatusCode, message: &async_nats::Message) -> Taken {
        let given_up = message
            .headers
            .as_ref()
            .and_then(|h| h.get("Nats-Pending-Messages"))
            .and_then(|v| v.as_str().parse::<u64>().ok());
        let says = |words: &str| message.description.as_deref().is_some_and(|d| d.contains(words));
        match (status.as_u16(), given_up) {
            // They were deleted meanwhile.
            (100, _) if self.pending > 0 => Taken::Dry,
            (100, _) => Taken::Status,
            // The request has ended for want of room; alone for that where it had brought nothing.
            (409, Some(n)) if says("MaxBytes") && self.hasty < HASTE => {
                self.hasty += 1;
                self.due = self.due.saturating_sub(n);
                self.oversized = n == batch(plan);
                Taken::Status
            }
            // The request has brought all that it was made for; said only where bytes are counted too.
            (409, _) if says("Batch Completed") => Taken::Status,
            // The request has ended; the next one is made when it is due.
            (404 | 408, given_up) if self.hasty < HASTE => {
                self.hasty = if self.asked.elapsed() < HASTY { self.hasty + 1 } else { 0 };
                self.due = given_up.map_or(0, |n| self.due.saturating_sub(n));
                Taken::Status
            }
            // Deleted, another leader, shut down, no responders.
            (code, _) => {
                let words = message.description.as_deref().unwrap_or_default();
                self.said = Some(format!("{code} {}", clean_line(words)).trim_end().to_owned());
                Taken::Doubt
            }
        }
    }

    /// Everything that is stored was delivered: the end of a range, a pause when following.
    async fn nothing_left(&self, plan: &Plan, caught_up: &mut bool, out: &Out) -> Result<bool, Stop> {
        if plan.ends_here() {
            return Ok(true);
        }
        if !std::mem::replace(caught_up, true) {
            out.state(State::CaughtUp).await?;
        }
        Ok(false)
    }
}

impl Drop for Reader {
    /// Takes the consumer away, however reading ends. What is not sent at once is not sent: then the server does
    /// it half a minute later.
    fn drop(&mut self) {
        delete(&self.client, &self.stream, &self.consumer).now_or_never();
    }
}

/// Whether the stream has more of the range than the consumer knew of. Who may not ask believes the consumer.
async fn is_left(plan: &Plan) -> bool {
    let Some(until) = plan.until.filter(|_| !plan.is_done()) else { return false };
    let (next, unanswered) = next_stored(plan).await;
    unanswered || next.is_some_and(|m| m.seq <= until && !plan.is_behind(m.time))
}

/// Messages that are asked for at once.
fn batch(plan: &Plan) -> u64 {
    plan.spec.batch.max(1) as u64
}

enum Taken {
    Message,
    Status,
    Doubt,
    Dry,
    End,
}

/// Makes a consumer again, as often as it takes while the failure may pass; none where stored messages have to be
/// looked at from now on.
async fn again(plan: &Plan, events: &mut Receiver<ClientEvent>, out: &Out) -> Result<Option<Reader>, Stop> {
    let (mut told, mut pauses) = (false, Pauses::new(PAUSE, LONGEST_PAUSE));
    loop {
        // What was heard until now was of the consumer before.
        while events.try_recv().is_ok() {}
        match Reader::open(plan).await {
            Ok(reader) => return Ok(Some(reader)),
            Err(problem) if passes(&problem) => {
                if !std::mem::replace(&mut told, true) {
                    out.state(State::Waiting(problem.sentence)).await?;
                }
                sleep(pauses.take()).await;
            }
            Err(problem) if may_peek(&problem) => return Ok(None),
            Err(problem) => return Err(problem.into()),
        }
    }
}

async fn until_connected(client: &Client, events: &mut Receiver<ClientEvent>) -> Result<(), Stop> {
    while !client.is_connected() {
        if let Ok(Err(RecvError::Closed)) = timeout(PAUSE, events.recv()).await {
            return Err(Stop::Closed);
        }
    }
    Ok(())
}

/// The next message that the stream has of what is wanted, as far as anybody answered, and whether somebody may yet.
async fn next_stored(plan: &Plan) -> (Option<Message>, bool) {
    let any = [">".to_owned()];
    let filters = if plan.spec.subjects.is_empty() { &any[..] } else { &plan.spec.subjects };
    let (mut first, mut unanswered): (Option<Message>, bool) = (None, false);
    for filter in filters {
        match plan.api.next_message(&plan.spec.stream, plan.next, filter).await {
            Ok(Some(message)) if first.as_ref().is_none_or(|f| message.seq < f.seq) => first = Some(message),
            Ok(_) => {}
            Err(problem) => unanswered |= passes(&problem),
        }
    }
    (first, unanswered)
}
