//! Publishing into a stream, in order and many at a time: one connection that is never taken up again, an own inbox
//! for the confirmations. It needs a [`Permit`].

pub mod fast;
#[cfg(test)]
pub(crate) mod tests;

use std::pin::pin;
use std::str::FromStr;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use async_nats::{HeaderMap, HeaderName, HeaderValue, StatusCode, Subject, Subscriber};
use bytes::Bytes;
use futures_util::{FutureExt, StreamExt};
use serde::Deserialize;
use tokio::sync::broadcast::Receiver;
use tokio::sync::broadcast::error::{RecvError, TryRecvError};
use tokio::time::timeout;

use crate::config::Connection;
use crate::event::clean_line;
use crate::model::{Header, Problem, ProblemKind};

use super::ask::denied_to;
use super::client::is_inbox;
use super::gate::Permit;
use super::note::Sent;
use super::wire::{self, ApiError};
use super::{Api, Client, ClientEvent, Question, connect};

/// A server that takes not a byte for so long, while thousands of messages wait for it, does not live any more. Nobody else
/// watches this connection.
const TAKEN: Duration = Duration::from_secs(5);
/// Confirmations that are taken together.
const TOGETHER: usize = 1_024;
/// How often is looked whether a connection that takes nothing now is still there.
const LOOK: Duration = Duration::from_millis(100);
/// So long it may take to say that it has taken all.
const SAID: Duration = Duration::from_secs(20);

/// Why a message was not stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// There is no room for it; the server's words.
    Full(String),
    /// The server cannot take it now; its words.
    Busy(String),
    /// Nobody takes messages of this subject: no stream, or one without a leader.
    NoResponders,
    /// The message before it is not the one that was expected.
    OutOfStep,
    /// It is in the stream already; of a batch, which is refused as a whole.
    Known,
    /// Parts of the batch are missing: the stream changed its leader, or was made again, before the last one came.
    Incomplete,
    /// The message is too large.
    TooLarge(String),
    /// Anything else; the server's words.
    Other(String),
}

/// What became of a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fate {
    /// It was stored.
    Stored {
        /// Its sequence there.
        seq: u64,
    },
    /// The stream had it already.
    Duplicate {
        /// The sequence that it has there.
        seq: u64,
    },
    /// It was not stored.
    Refused(Refusal),
}

/// What the server said of one message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ack {
    /// The number that it was published with.
    pub ticket: u64,
    /// What became of it.
    pub fate: Fate,
}

/// A message to be published.
#[derive(Clone, Debug)]
pub struct Outbound<'a> {
    /// To this subject.
    pub subject: &'a str,
    /// With these headers.
    pub headers: &'a [Header],
    /// And this message id.
    pub id: Option<&'a str>,
    /// And this body.
    pub body: Bytes,
}

/// What the destination must be for a message to be stored.
#[derive(Clone, Copy, Debug, Default)]
pub struct Expected<'a> {
    /// The stream.
    pub stream: &'a str,
    /// The message id of the last message in it.
    pub last_id: Option<&'a str>,
}

/// Where a message stands in a batch, which is stored as a whole or not at all (ADR-50).
#[derive(Clone, Copy, Debug)]
pub struct InBatch<'a> {
    /// The batch: up to 64 characters.
    pub id: &'a str,
    /// Counts its messages, from 1 to 1,000.
    pub nth: u64,
    /// It is the last one, and the batch is to be stored now.
    pub commit: bool,
}

#[derive(Deserialize)]
struct Reply {
    #[serde(default, deserialize_with = "wire::sequence")]
    seq: u64,
    #[serde(default)]
    duplicate: bool,
    error: Option<ApiError>,
}

/// A connection to publish on.
#[derive(Debug)]
pub struct Publisher {
    client: Client,
    /// The only connection that it ever has.
    nats: async_nats::Client,
    inbox: String,
    acks: Subscriber,
    events: Receiver<ClientEvent>,
    sent: Sent,
}

impl Publisher {
    /// Connects. The permit says that it may publish.
    pub async fn open(connection: &Connection, _permit: &Permit) -> Result<Self, Problem> {
        let client = connect::open_once(connection)
            .await
            .map_err(|error| Problem::new(ProblemKind::Disconnected, error.to_string()))?;
        let events = client.events();
        let nats = client.nats();
        let inbox = nats.new_inbox();
        let acks = nats.subscribe(format!("{inbox}.>")).await.map_err(|error| lost(&error))?;
        Ok(Self { client, nats, inbox, acks, events, sent: Sent::new() })
    }

    /// The connection.
    pub const fn client(&self) -> &Client {
        &self.client
    }

    /// The most bytes of headers and body that the server takes.
    pub fn max_payload(&self) -> usize {
        self.nats.max_payload()
    }

    /// Hands a message over. It waits only while too much is waiting to be sent.
    pub async fn publish(&self, ticket: u64, message: Outbound<'_>, expected: Expected<'_>) -> Result<(), Problem> {
        let mut map = header_map(&message)?;
        map.insert(EXPECTED_STREAM.clone(), value(expected.stream)?);
        if let Some(id) = expected.last_id {
            map.insert(EXPECTED_ID.clone(), value(id)?);
        }
        self.send(message, Some(self.ticket(ticket)), map).await
    }

    /// Hands a message of a batch over. Only of those with a ticket something is heard: of the last one always, of
    /// others when the batch is refused.
    pub async fn publish_in_batch(
        &self,
        ticket: Option<u64>,
        message: Outbound<'_>,
        batch: InBatch<'_>,
    ) -> Result<(), Problem> {
        let mut map = header_map(&message)?;
        map.insert(BATCH_ID.clone(), value(batch.id)?);
        map.insert(BATCH_SEQUENCE.clone(), batch.nth.to_string());
        if batch.commit {
            map.insert(BATCH_COMMIT.clone(), "1");
        }
        self.send(message, ticket.map(|ticket| self.ticket(ticket)), map).await
    }

    /// Hands a message over of which nothing is heard again; see [`Publisher::passed`].
    pub async fn publish_unheard(&self, message: Outbound<'_>) -> Result<(), Problem> {
        let map = header_map(&message)?;
        self.send(message, None, map).await
    }

    fn ticket(&self, ticket: u64) -> String {
        format!("{}.{ticket}", self.inbox)
    }

    async fn send(&self, message: Outbound<'_>, reply: Option<String>, map: HeaderMap) -> Result<(), Problem> {
        let Outbound { subject, body, .. } = message;
        let to = Subject::from(subject);
        self.sent.add(&self.client, subject, body.len());
        let sending = async {
            match reply {
                Some(reply) => self.nats.publish_with_reply_and_headers(to, Subject::from(reply), map, body).await,
                None => self.nats.publish_with_headers(to, map, body).await,
            }
        };
        self.while_taken(sending).await?.map_err(|error| lost(&error))
    }

    /// Waits for what the client's own task has to do. Once the connection is lost that task does nothing any more, and
    /// tells nobody who waits for it; and a server may take nothing any more without a word.
    async fn while_taken<T>(&self, doing: impl Future<Output = T>) -> Result<T, Problem> {
        let mut doing = pin!(doing);
        if let Some(done) = doing.as_mut().now_or_never() {
            return Ok(done);
        }
        let statistics = self.nats.statistics();
        let (mut taken, mut since) = (0, Instant::now());
        loop {
            if let Ok(done) = timeout(LOOK, &mut doing).await {
                return Ok(done);
            }
            if !self.client.is_connected() {
                return Err(disconnected());
            }
            let now = statistics.out_bytes.load(Ordering::Relaxed);
            if now != taken {
                (taken, since) = (now, Instant::now());
            } else if since.elapsed() >= TAKEN {
                let sentence = format!("publishing: the server has taken nothing for {} s", TAKEN.as_secs());
                return Err(Problem::new(ProblemKind::Timeout, sentence));
            }
        }
    }

    /// Waits until the server says something of messages that were published, and takes all that it said. An error
    /// means that nothing more comes: the connection is lost, or it may not publish.
    pub async fn acks(&mut self) -> Result<Vec<Ack>, Problem> {
        self.heard(Self::ack).await
    }

    async fn heard<T>(&mut self, read: Read<T>) -> Result<Vec<T>, Problem> {
        let heard = self.next_heard(read).await;
        self.sent.tell(&self.client, heard.as_ref().err());
        heard
    }

    async fn next_heard<T>(&mut self, read: Read<T>) -> Result<Vec<T>, Problem> {
        loop {
            let first = tokio::select! {
                biased;
                message = self.acks.next() => match message {
                    Some(message) => message,
                    None => return Err(disconnected()),
                },
                event = self.events.recv() => match event {
                    Ok(ClientEvent::Denied { subject, publish: true }) => {
                        return Err(denied_to(&"publishing", subject));
                    }
                    Ok(ClientEvent::Denied { subject, publish: false }) if is_inbox(&subject) => {
                        let sentence = format!(
                            "no permission to subscribe to {}, where the confirmations come; set --inbox-prefix to one \
                             that this user may use",
                            clean_line(&subject)
                        );
                        return Err(Problem::new(ProblemKind::Denied { subject }, sentence));
                    }
                    Ok(ClientEvent::Disconnected) | Err(RecvError::Closed) => return Err(disconnected()),
                    Ok(_) | Err(RecvError::Lagged(_)) => continue,
                },
            };
            let mut out = Vec::new();
            let mut next = Some(first);
            while let Some(message) = next {
                out.extend(read(self, &message));
                next = if out.len() < TOGETHER { self.acks.next().now_or_never().flatten() } else { None };
            }
            if !out.is_empty() {
                return Ok(out);
            }
        }
    }

    fn ack(&self, message: &async_nats::Message) -> Option<Ack> {
        let ticket = message.subject.strip_prefix(&*self.inbox)?.strip_prefix('.')?.parse().ok()?;
        if message.status == Some(StatusCode::NO_RESPONDERS) {
            return Some(Ack { ticket, fate: Fate::Refused(Refusal::NoResponders) });
        }
        // The first message of a batch is answered with nothing.
        if message.payload.is_empty() {
            return None;
        }
        let fate = match serde_json::from_slice::<Reply>(&message.payload) {
            Ok(Reply { error: Some(error), .. }) => Fate::Refused(refusal(&error)),
            Ok(Reply { seq: 0, .. }) | Err(_) => {
                let said = start_of(&message.payload);
                Fate::Refused(Refusal::Other(format!("somebody who is no stream answered: {said}")))
            }
            Ok(Reply { seq, duplicate: true, .. }) => Fate::Duplicate { seq },
            Ok(Reply { seq, .. }) => Fate::Stored { seq },
        };
        Some(Ack { ticket, fate })
    }

    /// Waits until the server has taken everything that was published before. Whether anybody received it is
    /// not known.
    pub async fn passed(&mut self) -> Result<(), Problem> {
        self.while_taken(self.nats.flush()).await?.map_err(|error| lost(&error))?;
        // Commands of one connection are taken in order; this one is answered. A refusal of it is an answer too, but not
        // one that was heard before: it says nothing of what was published since.
        self.client.events.forget_refusals();
        let asked = Question::Account.subject(&self.client.prefix)?;
        let api = Api::new(self.client.clone());
        let answer = api.ask_raw(&Question::Account, asked.clone(), String::new(), SAID).await;
        if let Err(problem) = answer {
            match &problem.kind {
                ProblemKind::Disconnected | ProblemKind::Timeout => return Err(problem),
                // Where no answer can come, nobody can tell what was taken.
                ProblemKind::Denied { subject } if *subject != asked => return Err(problem),
                _ => {}
            }
        }
        self.client.told().await;
        loop {
            match self.events.try_recv() {
                Ok(ClientEvent::Denied { subject, publish: true }) if subject != asked => {
                    return Err(denied_to(&"publishing", subject));
                }
                Ok(ClientEvent::Disconnected) | Err(TryRecvError::Closed) => return Err(disconnected()),
                Ok(_) | Err(TryRecvError::Lagged(_)) => {}
                Err(TryRecvError::Empty) => return Ok(()),
            }
        }
    }
}

impl Drop for Publisher {
    fn drop(&mut self) {
        self.sent.end(&self.client);
    }
}

/// What a message on the inbox says.
type Read<T> = fn(&Publisher, &async_nats::Message) -> Option<T>;

/// The beginning of an answer that nobody expected.
fn start_of(payload: &[u8]) -> String {
    let said: String = String::from_utf8_lossy(payload).chars().take(80).collect();
    clean_line(&said).into_owned()
}

const EXPECTED_STREAM: HeaderName = HeaderName::from_static("Nats-Expected-Stream");
const EXPECTED_ID: HeaderName = HeaderName::from_static("Nats-Expected-Last-Msg-Id");
const BATCH_ID: HeaderName = HeaderName::from_static("Nats-Batch-Id");
const BATCH_SEQUENCE: HeaderName = HeaderName::from_static("Nats-Batch-Sequence");
const BATCH_COMMIT: HeaderName = HeaderName::from_static("Nats-Batch-Commit");
const MSG_ID: HeaderName = HeaderName::from_static("Nats-Msg-Id");

fn header_map(message: &Outbound<'_>) -> Result<HeaderMap, Problem> {
    let mut map = HeaderMap::new();
    if let Some(id) = message.id {
        map.insert(MSG_ID.clone(), value(id)?);
    }
    for header in message.headers {
        let name = HeaderName::from_str(&header.name).map_err(|_| {
            let sentence = format!("a header of the name {:?} cannot be sent", clean_line(&header.name));
            Problem::new(ProblemKind::Unreadable, sentence)
        })?;
        map.append(name, value(&header.value)?);
    }
    Ok(map)
}

fn value(text: &str) -> Result<HeaderValue, Problem> {
    HeaderValue::from_str(text).map_err(|_| {
        let sentence = format!("a header with the value {:?} cannot be sent", clean_line(text));
        Problem::new(ProblemKind::Unreadable, sentence)
    })
}

fn lost(error: &dyn std::error::Error) -> Problem {
    Problem::new(ProblemKind::Disconnected, format!("publishing: {}", clean_line(&error.to_string())))
}

fn disconnected() -> Problem {
    Problem::new(ProblemKind::Disconnected, "the connection to the destination is down")
}

/// The server's codes (`errors.json` of nats-server).
fn refusal(error: &ApiError) -> Refusal {
    let said = format!("{} (code {})", error.said(), error.err_code);
    match error.err_code {
        // Maximum messages, bytes or messages per subject exceeded; resource limits; insufficient storage.
        10077 | 10047 | 10023 | 10028 => Refusal::Full(said),
        // The last one: a message of this id was proposed and is not stored yet; a leader that was followed by another
        // may never store it.
        10008 | 10009 | 10167 | 10001 | 10158 => Refusal::Busy(said),
        10070 => Refusal::OutOfStep,
        10201 => Refusal::Known,
        10176 => Refusal::Incomplete,
        10054 => Refusal::TooLarge(said),
        _ if matches!(error.code, 429 | 503) => Refusal::Busy(said),
        _ => Refusal::Other(said),
    }
}
