//! Notes of what is asked, into the ledger of the connection's settings. With a closed ledger nothing is timed, copied
//! or kept.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use bytes::Bytes;

use crate::config::Ledger;
use crate::model::request::{Act, Outcome};
use crate::model::{Problem, ProblemKind, Request};

use super::Client;
use super::ask::now;

/// Messages that are published are told together, once in so long.
const TOGETHER: Duration = Duration::from_secs(1);

/// A question that is on its way. Dropped before it was answered, it is noted as one that nobody waits for any more.
pub(super) struct Asking<'c> {
    ledger: &'c Ledger,
    request: Option<Request>,
    started: Instant,
}

impl Asking<'_> {
    /// The answer came, with so many bytes, or it failed.
    pub(super) fn end(mut self, answer: Result<usize, &Problem>) {
        let Some(mut request) = self.request.take() else { return };
        request.took = Some(self.started.elapsed());
        match answer {
            Ok(bytes) => request.reply = Some(bytes as u64),
            Err(problem) if problem.kind == ProblemKind::NotFound => {
                request.outcome = Outcome::Absent(problem.sentence.as_str().into());
            }
            Err(problem) => request.outcome = Outcome::Failed(problem.sentence.as_str().into()),
        }
        self.ledger.note(request);
    }
}

impl Drop for Asking<'_> {
    fn drop(&mut self) {
        if let Some(mut request) = self.request.take() {
            request.took = Some(self.started.elapsed());
            request.outcome = Outcome::Left;
            self.ledger.note(request);
        }
    }
}

impl Client {
    /// Begins to time a question; `None` where no notes are taken.
    pub(super) fn asking(&self, subject: &str, body: &Bytes) -> Option<Asking<'_>> {
        asking(&self.ledger, &self.prefix, subject, body)
    }

    /// A request went out whose answer nobody waits for.
    pub(super) fn note_sent(&self, subject: &str, body: &Bytes) {
        if self.ledger.is_open() {
            self.ledger.note(self.request(Act::Send, subject, body.clone()));
        }
    }

    /// Something was subscribed.
    pub(super) fn note_subscribed(&self, subject: &str) {
        if self.ledger.is_open() {
            self.ledger.note(self.request(Act::Subscribe, subject, Bytes::new()));
        }
    }

    fn request(&self, act: Act, subject: &str, body: Bytes) -> Request {
        request(&self.ledger, &self.prefix, act, subject, body)
    }
}

/// Begins to time a question of a connection with this ledger and this prefix of the API.
pub(super) fn asking<'l>(ledger: &'l Ledger, prefix: &str, subject: &str, body: &Bytes) -> Option<Asking<'l>> {
    ledger.is_open().then(|| Asking {
        ledger,
        request: Some(request(ledger, prefix, Act::Ask, subject, body.clone())),
        started: Instant::now(),
    })
}

fn request(ledger: &Ledger, prefix: &str, act: Act, subject: &str, body: Bytes) -> Request {
    let of_api = subject.strip_prefix(prefix).is_some_and(|rest| rest.starts_with('.'));
    Request {
        at: now(),
        act,
        subject: subject.into(),
        prefix: if of_api { prefix.len() } else { 0 },
        body,
        took: None,
        reply: None,
        outcome: Outcome::Done,
        context: ledger.context(),
    }
}

/// What a publisher has sent and not told yet. Of the messages themselves nothing is kept.
#[derive(Debug)]
pub(super) struct Sent {
    publisher: u64,
    tally: Mutex<Tally>,
}

#[derive(Debug)]
struct Tally {
    messages: u64,
    bytes: u64,
    /// The subject of the first of them.
    subject: String,
    since: Instant,
}

impl Sent {
    pub(super) fn new() -> Self {
        static PUBLISHERS: AtomicU64 = AtomicU64::new(0);
        let tally = Tally { messages: 0, bytes: 0, subject: String::new(), since: Instant::now() };
        Self { publisher: PUBLISHERS.fetch_add(1, Ordering::Relaxed), tally: Mutex::new(tally) }
    }

    /// One more.
    pub(super) fn add(&self, client: &Client, subject: &str, bytes: usize) {
        if !client.ledger.is_open() {
            return;
        }
        let mut tally = self.tally.lock().unwrap_or_else(PoisonError::into_inner);
        if tally.messages == 0 {
            subject.clone_into(&mut tally.subject);
            tally.since = Instant::now();
        }
        tally.messages += 1;
        tally.bytes += bytes as u64;
    }

    /// Tells what was sent, unless that was told a moment ago.
    pub(super) fn tell(&self, client: &Client, failed: Option<&Problem>) {
        if !client.ledger.is_open() {
            return;
        }
        let mut tally = self.tally.lock().unwrap_or_else(PoisonError::into_inner);
        if failed.is_none() && (tally.messages == 0 || tally.since.elapsed() < TOGETHER) {
            return;
        }
        self.note(client, &mut tally, failed);
    }

    /// Tells what is left to be told.
    pub(super) fn end(&self, client: &Client) {
        let mut tally = self.tally.lock().unwrap_or_else(PoisonError::into_inner);
        if client.ledger.is_open() && tally.messages > 0 {
            self.note(client, &mut tally, None);
        }
    }

    fn note(&self, client: &Client, tally: &mut Tally, failed: Option<&Problem>) {
        let act = Act::Publish { publisher: self.publisher, messages: tally.messages, bytes: tally.bytes };
        let mut request = client.request(act, &tally.subject, Bytes::new());
        if let Some(problem) = failed {
            request.outcome = Outcome::Failed(problem.sentence.as_str().into());
        }
        client.ledger.note(request);
        (tally.messages, tally.bytes) = (0, 0);
    }
}
