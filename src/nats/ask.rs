//! One question and its answer: own time limits, and every way to fail told apart.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use async_nats::Request;
use async_nats::client::RequestErrorKind;
use bytes::Bytes;
use tokio::sync::broadcast::Receiver;
use tokio::sync::broadcast::error::RecvError;
use tokio::time::Instant;

use crate::event::clean_line;
use crate::model::{Problem, ProblemKind, Timestamp, units};

use super::client::is_inbox;
use super::wire::{ApiError, Failure, cut};
use super::{Client, ClientEvent, Question};

/// How long an answer may take.
const LIMIT: Duration = Duration::from_secs(2);
/// Lists are gathered from all servers of a cluster, and the server waits 4 s for one that is dead.
const LIST_LIMIT: Duration = Duration::from_secs(6);

/// The most bytes of one page of a list: 32 KiB for each of its 256 items.
const PAGE_BYTES: usize = 8 << 20;

/// The present time by our clock; [`Api::now`] is that of the server.
pub fn now() -> Timestamp {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Timestamp(i64::try_from(since.as_nanos()).unwrap_or(i64::MAX))
}

/// What is asked for, for the sentence of a failure.
pub(super) type Words<'a> = &'a (dyn fmt::Display + Sync);

/// What was asked so far.
#[derive(Debug, Default)]
pub(super) struct Counters {
    /// Requests.
    pub(super) requests: AtomicU64,
    /// Bytes of replies.
    pub(super) bytes: AtomicU64,
    /// The last one that ended was not answered in time.
    pub(super) silent: AtomicBool,
}

impl Counters {
    fn note(&self, problem: &Problem) {
        self.silent.store(problem.kind == ProblemKind::Timeout, Ordering::Relaxed);
    }
}

/// Asks questions on a connection. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Api {
    pub(super) client: Client,
    pub(super) counters: Arc<Counters>,
    /// Until when all of it is to be answered.
    deadline: Option<Instant>,
}

impl Api {
    /// Asks on this connection.
    pub fn new(client: Client) -> Self {
        Self { client, counters: Arc::default(), deadline: None }
    }

    /// The same, whose questions are all answered, or have failed, by then.
    #[must_use]
    pub fn until(self, deadline: Instant) -> Self {
        Self { deadline: Some(deadline), ..self }
    }

    /// Whether the time for all of it is up.
    pub fn is_late(&self) -> bool {
        self.deadline.is_some_and(|deadline| Instant::now() >= deadline)
    }

    /// The present time by the server's clock, as far as its answers have told it: ages are counted from it.
    pub fn now(&self) -> Timestamp {
        self.client.clock.at_server(now())
    }

    /// When something was asked and answered, by the server's clock, of which this answer tells.
    pub(super) fn times(&self, told: &str, asked: Timestamp) -> (Timestamp, Timestamp) {
        let (clock, taken) = (&self.client.clock, now());
        if let Some(told) = Timestamp::parse_server(told) {
            clock.note(told, asked, taken);
        }
        (clock.at_server(asked), clock.at_server(taken))
    }

    /// The connection.
    pub const fn client(&self) -> &Client {
        &self.client
    }

    /// Requests made and bytes of replies so far.
    pub fn cost(&self) -> (u64, u64) {
        let pulses = self.client.events.pulses.load(Ordering::Relaxed);
        (self.counters.requests.load(Ordering::Relaxed) + pulses, self.counters.bytes.load(Ordering::Relaxed))
    }

    /// Asks, and returns the reply's text if it is no error.
    pub(super) async fn ask(&self, question: Question<'_>, body: String) -> Result<Bytes, Problem> {
        let limit = match question {
            Question::StreamList | Question::StreamNames | Question::ConsumerList(_) | Question::ConsumerNames(_) => {
                LIST_LIMIT
            }
            _ => LIMIT,
        };
        if limit == LIST_LIMIT && self.counters.silent.load(Ordering::Relaxed) {
            // A list is waited for longest. After a silence a small question is asked first, so that the end of it is
            // not missed.
            let small = Question::Account;
            let answer = self.ask_raw(&question, small.subject(&self.client.prefix)?, String::new(), LIMIT).await;
            if let Err(problem) = answer
                && problem.kind == ProblemKind::Timeout
            {
                return Err(problem);
            }
        }
        let answer = self.ask_raw(&question, question.subject(&self.client.prefix)?, body, limit).await?;
        if limit == LIST_LIMIT && answer.len() > PAGE_BYTES {
            let sentence = format!("{question}: the answer is too large ({})", units::bytes(answer.len() as u64));
            return Err(Problem::new(ProblemKind::Unreadable, sentence));
        }
        Ok(answer)
    }

    /// Asks on this subject; for the few requests that are no [`Question`], since they make or drop a consumer
    /// of our own.
    pub(super) async fn ask_raw(
        &self,
        words: Words<'_>,
        subject: String,
        body: String,
        limit: Duration,
    ) -> Result<Bytes, Problem> {
        let left = self.deadline.map_or(limit, |deadline| deadline.saturating_duration_since(Instant::now()));
        if left.is_zero() {
            return Err(Problem::new(
                ProblemKind::Timeout,
                format!("{words}: not asked, the time for all questions was up"),
            ));
        }
        let limit = limit.min(left);
        if !self.client.is_connected() {
            return Err(self.disconnected(words));
        }
        // Before the request, so that no event is missed.
        let events = self.client.events();
        if let Some(inbox) = self.client.events.closed_inbox() {
            return Err(no_inbox(words, inbox));
        }
        if self.client.events.is_refused(&subject) {
            return Err(denied_to(words, subject));
        }
        self.counters.requests.fetch_add(1, Ordering::Relaxed);
        let body = Bytes::from(body);
        let asking = self.client.asking(&subject, &body);
        let answer = self.exchange(words, subject, body, limit, events).await;
        if let Some(asking) = asking {
            asking.end(answer.as_ref().map(Bytes::len));
        }
        answer
    }

    /// Sends a request and waits for its answer.
    async fn exchange(
        &self,
        words: Words<'_>,
        subject: String,
        body: Bytes,
        limit: Duration,
        mut events: Receiver<ClientEvent>,
    ) -> Result<Bytes, Problem> {
        let request = Request::new().payload(body).timeout(Some(limit));
        let nats = self.client.nats();
        let reply = nats.send_request(subject.clone(), request);
        tokio::pin!(reply);
        let message = loop {
            tokio::select! {
                biased;
                done = &mut reply => break done,
                event = events.recv() => match event {
                    Ok(ClientEvent::Denied { subject: denied, publish: true }) if denied == subject => {
                        return Err(denied_to(words, denied));
                    }
                    Ok(ClientEvent::Denied { subject: denied, publish: false }) if is_inbox(&denied) => {
                        return Err(no_inbox(words, denied));
                    }
                    // The server is gone: nobody will answer, however long we wait.
                    Ok(ClientEvent::Disconnected) => return Err(self.disconnected(words)),
                    Ok(_) | Err(RecvError::Lagged(_)) => {}
                    Err(RecvError::Closed) => break reply.await,
                },
            }
        };
        let message = message.map_err(|error| match error.kind() {
            RequestErrorKind::TimedOut => Problem::new(
                ProblemKind::Timeout,
                format!("{words}: no answer within {}; the server may be busy, or has no leader for it", units::duration(limit)),
            ),
            RequestErrorKind::NoResponders => Problem::new(
                ProblemKind::NoResponders,
                format!("{words}: nobody answers on {}; JetStream is not enabled here, or the domain or API prefix is wrong", clean_line(&subject)),
            ),
            _ if !self.client.is_connected() => self.disconnected(words),
            _ => Problem::new(ProblemKind::Disconnected, format!("{words}: {}", clean_line(&error.to_string()))),
        });
        let message = message.inspect_err(|problem| self.counters.note(problem))?;
        self.client.events.answered(&subject);
        self.counters.silent.store(false, Ordering::Relaxed);
        self.counters.bytes.fetch_add(message.payload.len() as u64, Ordering::Relaxed);
        refused(&message.payload, words)?;
        Ok(message.payload)
    }

    fn disconnected(&self, words: Words<'_>) -> Problem {
        Problem::new(ProblemKind::Disconnected, format!("{words}: {}", self.client.why()))
    }
}

pub(super) fn denied_to(words: Words<'_>, subject: String) -> Problem {
    let sentence = format!(
        "{words}: no permission to publish to {}; ask for it to be allowed for this user",
        clean_line(&subject)
    );
    Problem::new(ProblemKind::Denied { subject }, sentence)
}

fn no_inbox(words: Words<'_>, inbox: String) -> Problem {
    let sentence = format!(
        "{words}: no permission to subscribe to the inbox {}; set --inbox-prefix to one that this user may use",
        clean_line(&inbox)
    );
    Problem::new(ProblemKind::Denied { subject: inbox }, sentence)
}

/// Whether a reply begins as answers do: its type, and then something that is no error.
fn is_answer(head: &[u8]) -> bool {
    let Some(behind) = head.strip_prefix(b"{\"type\":\"") else { return false };
    let Some(end) = behind.iter().position(|b| *b == b'"') else { return false };
    behind[end + 1..].starts_with(b",\"") && !behind[end + 1..].starts_with(b",\"error\":")
}

/// An error reply as a problem.
pub(super) fn refused(payload: &[u8], words: Words<'_>) -> Result<(), Problem> {
    // An error stands at the beginning of a reply, behind its type; whole lists need not be searched for one.
    let head = &payload[..payload.len().min(400)];
    if is_answer(head) || !head.windows(8).any(|w| w == b"\"error\":") {
        return Ok(());
    }
    match serde_json::from_slice::<Failure>(payload) {
        Ok(Failure { error: Some(error) }) => Err(problem_of(&error, words)),
        _ => Ok(()),
    }
}

fn problem_of(error: &ApiError, words: Words<'_>) -> Problem {
    let said = error.said();
    match (error.err_code, error.code) {
        (10039, _) => Problem::new(
            ProblemKind::NotEnabled,
            format!("{words}: JetStream is not enabled for this account; choose another account, or have it enabled"),
        ),
        (10059 | 10014, _) | (_, 404) => Problem::new(ProblemKind::NotFound, format!("{words}: {said}")),
        (code @ (10008 | 10167), _) | (code, 429 | 503) => Problem::new(
            ProblemKind::Busy { code },
            format!(
                "{words}: the server cannot answer now ({said}, code {code}); it is asked again by itself, more slowly"
            ),
        ),
        (code, _) => Problem::new(ProblemKind::Server { code }, format!("{words}: {said} (code {code})")),
    }
}

/// Reads a reply.
pub(super) fn read<'a, T: serde::Deserialize<'a>>(payload: &'a [u8], words: Words<'_>) -> Result<T, Problem> {
    serde_json::from_slice(payload).map_err(|error| {
        Problem::new(
            ProblemKind::Unreadable,
            format!(
                "{words}: the answer could not be read ({}); is the server newer than this program knows?",
                cut(&error.to_string())
            ),
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kind(json: &str) -> Option<ProblemKind> {
        refused(json.as_bytes(), &"x").err().map(|p| p.kind)
    }

    #[test]
    fn error_replies_are_told_apart() {
        assert_eq!(kind(r#"{"type":"t","total":1}"#), None);
        assert_eq!(
            kind(r#"{"error":{"code":404,"err_code":10059,"description":"stream not found"}}"#),
            Some(ProblemKind::NotFound)
        );
        assert_eq!(kind(r#"{"error":{"code":503,"err_code":10039,"description":"d"}}"#), Some(ProblemKind::NotEnabled));
        assert_eq!(
            kind(r#"{"error":{"code":503,"err_code":10008,"description":"d"}}"#),
            Some(ProblemKind::Busy { code: 10008 })
        );
        assert_eq!(
            kind(r#"{"error":{"code":429,"err_code":0,"description":"d"}}"#),
            Some(ProblemKind::Busy { code: 0 })
        );
        assert_eq!(
            kind(r#"{"error":{"code":400,"err_code":10025,"description":"d"}}"#),
            Some(ProblemKind::Server { code: 10025 })
        );
    }

    #[test]
    fn descriptions_of_the_server_are_cut() {
        for long in ["S".repeat(1 << 20), "é".repeat(1 << 20)] {
            let json = format!(r#"{{"error":{{"code":400,"err_code":1,"description":"{long}"}}}}"#);
            let sentence = refused(json.as_bytes(), &"x").unwrap_err().sentence;
            assert!(sentence.chars().count() < 600 && sentence.contains('…'), "{}", sentence.len());
        }
        let error = read::<Vec<bool>>(format!("[\"{}\"]", "S".repeat(1 << 20)).as_bytes(), &"x").unwrap_err();
        assert!(error.sentence.chars().count() < 700, "{}", error.sentence.len());
    }

    #[test]
    fn descriptions_of_the_server_are_sanitised() {
        let problem = refused(br#"{"error":{"code":400,"err_code":1,"description":"a\u001b[31m"}}"#, &"x").unwrap_err();
        assert!(!problem.sentence.contains('\u{1b}'));
    }
}
