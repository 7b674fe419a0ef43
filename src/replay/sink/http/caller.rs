//! Makes the requests, on a thread of its own: one after the other, each as often as it takes.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use tokio::sync::mpsc;
use ureq::tls::{Certificate, RootCerts, TlsConfig};
use ureq::unversioned::resolver::DefaultResolver;
use ureq::unversioned::transport::{Connector as _, DefaultConnector};
use ureq::{Agent, Error};

use super::log::{Begun, Log};
use super::witness::Witness;
use super::{Address, PATIENCE};
use crate::event::clean_line;
use crate::model::replay::Delivery;
use crate::nats::publish::Refusal;
use crate::replay::Outgoing;
use crate::replay::sink::{Fate, Settled};

/// How long a request may take.
const LIMIT: Duration = Duration::from_secs(30);
/// The first and the longest pause before a request is made again.
const PAUSE: Duration = Duration::from_millis(250);
/// See [`PAUSE`].
const LONGEST: Duration = Duration::from_secs(30);
/// The shortest pause that an endpoint may ask for.
const LEAST: Duration = Duration::from_secs(1);
/// So many events in a row that were sent and not answered end a replay that sends nothing twice: each of them may be lost.
const UNANSWERED: u32 = 3;

/// A message to be sent: its position, and its events.
pub(super) type Job = (u64, Vec<Outgoing>);

/// What the thread says.
#[derive(Debug)]
pub(super) enum Answer {
    Settled(Settled),
    Waiting(String),
    Failed(String),
}

/// Makes requests until it is told to stop.
pub(super) struct Caller {
    agent: Agent,
    witness: Witness,
    address: Address,
    log: Log,
    delivery: Delivery,
    stop: Arc<AtomicBool>,
    out: mpsc::Sender<Answer>,
    /// The message that was broken off in its middle.
    begun: Option<Begun>,
    /// The endpoint has not answered the request before, or nothing was sent yet.
    careful: bool,
    /// Events in a row that were sent and not answered.
    unanswered: u32,
}

/// What came of one request.
enum Outcome {
    Accepted,
    /// The endpoint does not want it.
    Refused(String),
    /// It was not accepted; after this long it may be.
    Later(String, Option<Duration>),
    /// It was sent, and nobody knows whether it arrived.
    Unknown(String),
    /// It was not sent, and none will be.
    Never(String),
}

/// What becomes of the events of a batch behind one that was refused: whoever goes on behind their message gives them up.
fn left_out(behind: usize) -> String {
    match behind {
        0 => String::new(),
        1 => "; the event behind it in this batch was not sent: going on behind the message leaves it out too".into(),
        n => {
            format!(
                "; the {n} events behind it in this batch were not sent: going on behind the message leaves them out too"
            )
        }
    }
}

/// What became of an event.
enum Sent {
    Fate(Fate),
    Refused(String),
    Failed(String),
}

impl Caller {
    pub(super) fn new(
        address: Address,
        log: (Log, Option<Begun>),
        delivery: Delivery,
        stop: Arc<AtomicBool>,
        out: mpsc::Sender<Answer>,
    ) -> Self {
        let witness = Witness::default();
        let (agent, (log, begun)) = (agent(witness.clone()), log);
        Self { agent, witness, address, log, delivery, stop, out, begun, careful: true, unanswered: 0 }
    }

    pub(super) fn work(mut self, mut jobs: mpsc::Receiver<Job>) {
        let mut refused = false;
        while let Some((position, copies)) = jobs.blocking_recv() {
            // What follows one that was refused must not arrive before it.
            let answer = if refused {
                Answer::Settled(Settled { position, fate: Err(Refusal::OutOfStep) })
            } else {
                let Some(answer) = self.message(position, &copies) else { return };
                answer
            };
            refused |= matches!(answer, Answer::Settled(Settled { fate: Err(_), .. }));
            let failed = matches!(answer, Answer::Failed(_));
            if self.out.blocking_send(answer).is_err() || failed {
                return;
            }
            if self.unanswered >= UNANSWERED {
                let _ = self.out.blocking_send(Answer::Failed(format!(
                    "{} took {UNANSWERED} events in a row and answered none; whether they arrived is not known, and \
                     they are not sent again. Resume it to go on behind them",
                    self.address.shown()
                )));
                return;
            }
        }
    }

    /// All events of a message; `None` when it was told to stop.
    fn message(&mut self, position: u64, copies: &[Outgoing]) -> Option<Answer> {
        let begun = self.begun.take().filter(|begun| begun.position == position).unwrap_or_default();
        let mut uncertain = begun.uncertain;
        let several = copies.len() > 1;
        for (copy, nth) in copies.iter().zip(1..).skip(begun.events) {
            match self.event((position, several.then_some(nth)), copy)? {
                Sent::Fate(fate) => uncertain |= fate == Fate::Uncertain,
                Sent::Refused(reason) => {
                    let of = if several { format!("event {nth} of {}: ", copies.len()) } else { String::new() };
                    let fate = Err(Refusal::Other(format!("{of}{reason}{}", left_out(copies.len() - nth))));
                    return Some(Answer::Settled(Settled { position, fate }));
                }
                Sent::Failed(reason) => return Some(Answer::Failed(reason)),
            }
        }
        let (fate, word) = if uncertain { (Fate::Uncertain, "uncertain") } else { (Fate::Stored(0), "accepted") };
        if several && let Err(error) = self.log.note(word, (position, None)) {
            return Some(Answer::Failed(unwritten(&error)));
        }
        Some(Answer::Settled(Settled { position, fate: Ok(fate) }))
    }

    /// One event, as often as it takes; `None` when it was told to stop.
    fn event(&mut self, which: (u64, Option<usize>), copy: &Outgoing) -> Option<Sent> {
        let mut pause = PAUSE;
        loop {
            if self.stop.load(Ordering::Relaxed) {
                return None;
            }
            if let Err(error) = self.log.sending(which) {
                return Some(Sent::Failed(unwritten(&error)));
            }
            self.witness.begin(self.careful);
            let outcome = self.request(copy);
            self.careful = matches!(outcome, Outcome::Unknown(_) | Outcome::Never(_));
            let given_up = matches!(outcome, Outcome::Unknown(_)) && self.delivery == Delivery::AtMostOnce;
            self.unanswered = if given_up { self.unanswered + 1 } else { 0 };
            // What was answered, or never sent, is not uncertain.
            let word = match &outcome {
                Outcome::Accepted => Some("accepted"),
                Outcome::Unknown(_) => given_up.then_some("uncertain"),
                Outcome::Refused(_) | Outcome::Later(..) | Outcome::Never(_) => Some("refused"),
            };
            if let Some(Err(error)) = word.map(|word| self.log.note(word, which)) {
                return Some(Sent::Failed(unwritten(&error)));
            }
            let (reason, asked) = match outcome {
                Outcome::Accepted => return Some(Sent::Fate(Fate::Stored(0))),
                Outcome::Unknown(_) if given_up => return Some(Sent::Fate(Fate::Uncertain)),
                Outcome::Refused(reason) => return Some(Sent::Refused(reason)),
                Outcome::Never(reason) => return Some(Sent::Failed(reason)),
                Outcome::Unknown(reason) => (reason, None),
                Outcome::Later(reason, asked) => (reason, asked),
            };
            let rest = rest(asked, pause);
            pause = (pause * 2).min(LONGEST);
            let words = format!("{reason}; it is tried again in {} s", rest.as_secs_f64());
            self.out.blocking_send(Answer::Waiting(words)).ok()?;
            let mut left = rest;
            while !left.is_zero() && !self.stop.load(Ordering::Relaxed) {
                let step = left.min(Duration::from_millis(50));
                thread::sleep(step);
                left -= step;
            }
        }
    }

    fn request(&self, copy: &Outgoing) -> Outcome {
        let mut request = self.agent.post(self.address.reveal());
        for header in &copy.headers {
            request = request.header(&*header.name, &*header.value);
        }
        if let Some(value) = &self.address.authorization {
            request = request.header("authorization", value.reveal());
        }
        let url = self.address.shown();
        let response = match request.send(&copy.body[..]) {
            Ok(response) => response,
            Err(error) => return broken(&url, &error, self.witness.has_sent()),
        };
        let status = response.status();
        if status.is_success() {
            return Outcome::Accepted;
        }
        let words = format!("{url} answers {status}");
        if status.as_u16() == 429 || status.is_server_error() || status.as_u16() == 408 {
            let header = response.headers().get("retry-after").and_then(|v| v.to_str().ok());
            return Outcome::Later(words, header.and_then(|value| retry_after(value, crate::nats::now().0)));
        }
        // Nothing says so better to who comes from a system where it is a flag.
        let hint = match (status.as_u16(), &self.address.authorization) {
            (401 | 403, None) => "; JETSCOPE_HTTP_AUTHORIZATION is what it is told in the header Authorization",
            (401 | 403, Some(_)) => " to what JETSCOPE_HTTP_AUTHORIZATION says",
            _ => "",
        };
        Outcome::Refused(format!("{words}{hint}"))
    }
}

fn unwritten(error: &io::Error) -> String {
    format!("what is sent cannot be written down: {error}")
}

/// A request without an answer.
fn broken(url: &str, error: &Error, sent: bool) -> Outcome {
    let words = format!("{url}: {}", clean_line(&error.to_string()));
    match error {
        Error::Io(_) | Error::Timeout(_) | Error::Protocol(_) | Error::BodyStalled if sent => Outcome::Unknown(words),
        Error::LargeResponseHeader(..) => Outcome::Unknown(words),
        Error::Io(io) => match io.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>()) {
            Some(tls) => not_trusted(url, tls),
            None => Outcome::Later(words, None),
        },
        Error::Rustls(tls) => not_trusted(url, tls),
        Error::HostNotFound | Error::ConnectionFailed | Error::Timeout(_) => Outcome::Later(words, None),
        Error::Tls(_) | Error::BadUri(_) | Error::InvalidProxyUrl | Error::TlsRequired => Outcome::Never(words),
        _ => Outcome::Refused(words),
    }
}

/// TLS was not agreed on. What will not pass by itself ends it.
fn not_trusted(url: &str, error: &rustls::Error) -> Outcome {
    use rustls::Error as E;
    let said = error.to_string();
    let said = clean_line(&said);
    match error {
        E::InvalidCertificate(_) | E::NoCertificatesPresented => {
            Outcome::Never(format!("the certificate of {url} is not accepted: {said}"))
        }
        E::InvalidMessage(_) | E::PeerIncompatible(_) | E::PeerMisbehaved(_) => {
            Outcome::Never(format!("{url} does not speak TLS as it should: {said}"))
        }
        _ => Outcome::Later(format!("{url}: {said}"), None),
    }
}

/// How long to wait, when the endpoint may have asked for some time: no less than without it, and no less than a second,
/// however often it asks.
fn rest(asked: Option<Duration>, pause: Duration) -> Duration {
    asked.map_or(pause, |asked| asked.max(pause).max(LEAST)).min(PATIENCE)
}

/// Seconds, or a date (RFC 9110, section 10.2.3); `now` in nanoseconds. A date that has passed asks for nothing.
fn retry_after(value: &str, now: i64) -> Option<Duration> {
    let value = value.trim();
    if !value.is_empty() && value.bytes().all(|b| b.is_ascii_digit()) {
        // More digits than fit are more than anybody waits.
        return Some(Duration::from_secs(value.parse().unwrap_or(u64::MAX)));
    }
    let at = jiff::fmt::rfc2822::parse(value).ok()?;
    let left = at.timestamp().as_second().saturating_sub(now / 1_000_000_000);
    Some(Duration::from_secs(u64::try_from(left).unwrap_or(0)))
}

fn agent(witness: Witness) -> Agent {
    let native = rustls_native_certs::load_native_certs();
    let certs: Vec<Certificate<'static>> =
        native.certs.iter().map(|cert| Certificate::from_der(cert.as_ref()).to_owned()).collect();
    let roots = if certs.is_empty() { RootCerts::WebPki } else { RootCerts::from(certs) };
    let config = Agent::config_builder()
        .http_status_as_error(false)
        .max_redirects(0)
        .max_redirects_will_error(false)
        .timeout_global(Some(LIMIT))
        .user_agent(concat!("jetscope/", env!("CARGO_PKG_VERSION")))
        .tls_config(TlsConfig::builder().root_certs(roots).build())
        .build();
    Agent::with_parts(config, DefaultConnector::default().chain(witness), DefaultResolver::default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_are_asked_for_in_seconds_or_as_a_date() {
        let now = 1_445_412_480 * 1_000_000_000;
        let seconds = |value| retry_after(value, now).map(|asked| asked.as_secs());
        assert_eq!(seconds("7"), Some(7));
        assert_eq!(seconds("Wed, 21 Oct 2015 07:28:09 GMT"), Some(9));
        assert_eq!(seconds("Wed, 21 Oct 2009 07:28:00 GMT"), Some(0));
        assert_eq!(seconds("99999999999999999999999"), Some(u64::MAX));
        for nonsense in ["soon", "", "-1", "1.5", "0x10", "+3"] {
            assert_eq!(seconds(nonsense), None, "{nonsense}");
        }
    }

    #[test]
    fn whatever_an_endpoint_asks_for_it_is_not_asked_again_and_again() {
        let ms =
            |asked: Option<u64>, pause| rest(asked.map(Duration::from_secs), Duration::from_millis(pause)).as_millis();
        assert_eq!(ms(None, 250), 250);
        assert_eq!((ms(Some(0), 250), ms(Some(0), 2_000), ms(Some(0), 30_000)), (1_000, 2_000, 30_000));
        assert_eq!((ms(Some(7), 250), ms(Some(u64::MAX), 250)), (7_000, 3_600_000));
    }
}
