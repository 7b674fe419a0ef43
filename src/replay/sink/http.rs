//! To an endpoint that receives `CloudEvents` (HTTP binding): one request after the other, so that order is kept. What was
//! accepted is written down before the next is sent, so that after a crash one event at most is uncertain.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use tokio::sync::mpsc;
use ureq::tls::{Certificate, RootCerts, TlsConfig};
use ureq::{Agent, Error};

use super::{Fate, Fault, Opened, Parcel, Settled, Sink, Verified};
use crate::config::Secret;
use crate::event::clean_line;
use crate::model::replay::Delivery;
use crate::nats::gate::Permit;
use crate::nats::publish::Refusal;
use crate::replay::Outgoing;

/// Requests that wait for the one before.
const WINDOW: usize = 16;
/// How long a request may take.
const LIMIT: Duration = Duration::from_secs(30);
/// The first and the longest pause before a request is made again.
const PAUSE: Duration = Duration::from_millis(250);
/// See [`PAUSE`].
const LONGEST: Duration = Duration::from_secs(30);
/// The longest pause that an endpoint may ask for.
const PATIENCE: Duration = Duration::from_secs(3_600);

/// An endpoint as the destination.
#[derive(Debug)]
pub struct HttpSink {
    url: String,
    /// Who we say we are.
    authorization: Option<Secret>,
    /// The journal's folder.
    dir: PathBuf,
    delivery: Delivery,
    _permit: Permit,
    worker: Option<Worker>,
    trouble: Option<String>,
}

#[derive(Debug)]
struct Worker {
    jobs: mpsc::Sender<(u64, Outgoing)>,
    answers: mpsc::Receiver<Answer>,
    stop: Arc<AtomicBool>,
}

impl Drop for Worker {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
    }
}

#[derive(Debug)]
enum Answer {
    Settled(Settled),
    Waiting(String),
    Failed(String),
}

impl HttpSink {
    /// This endpoint, which may want an `Authorization`; what was accepted is written down in `dir`.
    pub fn new(url: &str, authorization: Option<Secret>, dir: &Path, delivery: Delivery, permit: Permit) -> Self {
        let (url, dir) = (url.to_owned(), dir.to_owned());
        Self { url, authorization, dir, delivery, _permit: permit, worker: None, trouble: None }
    }

    fn accepted(&self) -> PathBuf {
        self.dir.join("accepted.log")
    }
}

/// What the log says: each position that was accepted; of one that was sent and has no answer, that.
fn read(path: &Path, delivery: Delivery) -> io::Result<Vec<(u64, Fate)>> {
    let text = match fs::read_to_string(path) {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(error),
    };
    let mut found: Vec<(u64, Fate)> = Vec::new();
    let mut sending = None;
    for line in text.split_inclusive('\n').filter(|line| line.ends_with('\n')) {
        match line.trim_end().split_once(' ').map(|(word, number)| (word, number.parse::<u64>())) {
            Some(("sending", Ok(position))) => sending = Some(position),
            Some(("accepted", Ok(position))) => {
                sending = None;
                found.push((position, Fate::Stored(0)));
            }
            _ => sending = None,
        }
    }
    if let (Some(position), Delivery::AtMostOnce) = (sending, delivery) {
        found.push((position, Fate::Uncertain));
    }
    found.sort_unstable_by_key(|(position, _)| *position);
    found.dedup_by_key(|(position, _)| *position);
    Ok(found)
}

impl Sink for HttpSink {
    async fn open(&mut self, _since: u64, _afresh: bool) -> Result<Opened, Fault> {
        self.worker = None;
        let path = self.accepted();
        let failed = |error: io::Error| Fault::Fatal(format!("{} cannot be used: {error}", path.display()));
        let found = read(&path, self.delivery).map_err(failed)?;
        let log = OpenOptions::new().create(true).append(true).open(&path).map_err(failed)?;
        let (jobs, work) = mpsc::channel(WINDOW);
        let (out, answers) = mpsc::channel(WINDOW);
        let stop = Arc::new(AtomicBool::new(false));
        let caller = Caller {
            agent: agent(),
            url: self.url.clone(),
            authorization: self.authorization.clone(),
            log,
            delivery: self.delivery,
            stop: Arc::clone(&stop),
            out,
        };
        thread::Builder::new().name("jetscope-http".into()).spawn(move || caller.work(work)).map_err(failed)?;
        self.worker = Some(Worker { jobs, answers, stop });
        self.trouble = None;
        Ok(Opened { found })
    }

    async fn send(&mut self, parcel: &Parcel) -> Result<(), Fault> {
        let Some(worker) = &self.worker else { return Err(Fault::Passing("it is not open".into())) };
        let job = (parcel.position, parcel.copy.clone());
        worker.jobs.send(job).await.map_err(|_| Fault::Passing("requests ended".into()))
    }

    async fn flush(&mut self, _more: bool) -> Result<(), Fault> {
        Ok(())
    }

    async fn settled(&mut self) -> Result<Vec<Settled>, Fault> {
        let Some(worker) = &mut self.worker else { return Err(Fault::Passing("it is not open".into())) };
        match worker.answers.recv().await {
            Some(Answer::Settled(settled)) => {
                self.trouble = None;
                Ok(vec![settled])
            }
            Some(Answer::Waiting(reason)) => {
                self.trouble = Some(reason);
                Ok(Vec::new())
            }
            Some(Answer::Failed(reason)) => Err(Fault::Fatal(reason)),
            None => Err(Fault::Passing("requests ended".into())),
        }
    }

    fn rewind(&mut self, _out_of_step: bool) {}

    async fn verify(&mut self) -> Result<Option<Verified>, Fault> {
        Ok(None)
    }

    fn window(&self) -> usize {
        WINDOW
    }

    fn trouble(&self) -> Option<String> {
        self.trouble.clone()
    }

    fn unconfirmed(&self) -> Duration {
        PATIENCE * 48
    }

    async fn close(&mut self) {
        self.worker = None;
    }
}

/// Makes requests until it is told to stop.
struct Caller {
    agent: Agent,
    url: String,
    authorization: Option<Secret>,
    log: File,
    delivery: Delivery,
    stop: Arc<AtomicBool>,
    out: mpsc::Sender<Answer>,
}

/// What came of one request.
enum Outcome {
    Accepted,
    /// The endpoint does not want it.
    Refused(String),
    /// It was not accepted; after this long it may be.
    Later(String, Option<Duration>),
    /// Nobody knows.
    Unknown(String),
}

impl Caller {
    fn work(mut self, mut jobs: mpsc::Receiver<(u64, Outgoing)>) {
        let mut refused = false;
        while let Some((position, copy)) = jobs.blocking_recv() {
            // What follows one that was refused must not arrive before it.
            let answer = if refused {
                Answer::Settled(Settled { position, fate: Err(Refusal::OutOfStep) })
            } else {
                let Some(answer) = self.one(position, &copy) else { return };
                answer
            };
            refused |= matches!(answer, Answer::Settled(Settled { fate: Err(_), .. }));
            let failed = matches!(answer, Answer::Failed(_));
            if self.out.blocking_send(answer).is_err() || failed {
                return;
            }
        }
    }

    fn note(&mut self, word: &str, position: u64) -> io::Result<()> {
        self.log.write_all(format!("{word} {position}\n").as_bytes())
    }

    /// One event, as often as it takes; `None` when it was told to stop.
    fn one(&mut self, position: u64, copy: &Outgoing) -> Option<Answer> {
        let mut pause = PAUSE;
        loop {
            if self.stop.load(Ordering::Relaxed) {
                return None;
            }
            if let Err(error) = self.note("sending", position) {
                return Some(Answer::Failed(format!("what is sent cannot be written down: {error}")));
            }
            let (reason, asked) = match self.request(copy) {
                Outcome::Accepted => {
                    if let Err(error) = self.note("accepted", position) {
                        return Some(Answer::Failed(format!("what was accepted cannot be written down: {error}")));
                    }
                    return Some(Answer::Settled(Settled { position, fate: Ok(Fate::Stored(0)) }));
                }
                Outcome::Refused(reason) => {
                    // It was answered, so it is not uncertain.
                    let _ = self.note("refused", position);
                    return Some(Answer::Settled(Settled { position, fate: Err(Refusal::Other(reason)) }));
                }
                Outcome::Unknown(_) if self.delivery == Delivery::AtMostOnce => {
                    return Some(Answer::Settled(Settled { position, fate: Ok(Fate::Uncertain) }));
                }
                Outcome::Unknown(reason) => (reason, None),
                Outcome::Later(reason, asked) => {
                    let _ = self.note("refused", position);
                    (reason, asked)
                }
            };
            let rest = asked.unwrap_or(pause).min(PATIENCE);
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
        let mut request = self.agent.post(&self.url);
        for header in &copy.headers {
            request = request.header(&*header.name, &*header.value);
        }
        if let Some(value) = &self.authorization {
            request = request.header("authorization", value.reveal());
        }
        let response = match request.send(&copy.body[..]) {
            Ok(response) => response,
            Err(error) => return broken(&self.url, &error),
        };
        let (status, url) = (response.status(), clean_line(&self.url));
        if status.is_success() {
            return Outcome::Accepted;
        }
        let words = format!("{url} answers {status}");
        if status.as_u16() == 429 || status.is_server_error() || status.as_u16() == 408 {
            let header = response.headers().get("retry-after").and_then(|v| v.to_str().ok());
            return Outcome::Later(words, header.and_then(retry_after));
        }
        // Nothing says so better to who comes from a system where it is a flag.
        let hint = match (status.as_u16(), &self.authorization) {
            (401 | 403, None) => "; JETSCOPE_HTTP_AUTHORIZATION is what it is told in the header Authorization",
            (401 | 403, Some(_)) => " to what JETSCOPE_HTTP_AUTHORIZATION says",
            _ => "",
        };
        Outcome::Refused(format!("{words}{hint}"))
    }
}

fn broken(url: &str, error: &Error) -> Outcome {
    let words = format!("{}: {}", clean_line(url), clean_line(&error.to_string()));
    match error {
        Error::Io(io) if io.kind() == io::ErrorKind::ConnectionRefused => Outcome::Later(words, None),
        Error::HostNotFound
        | Error::ConnectionFailed
        | Error::Timeout(ureq::Timeout::Connect | ureq::Timeout::Resolve) => Outcome::Later(words, None),
        Error::Io(_) | Error::Timeout(_) | Error::Protocol(_) => Outcome::Unknown(words),
        _ => Outcome::Refused(words),
    }
}

/// Seconds, or a date (RFC 9110, section 10.2.3).
fn retry_after(value: &str) -> Option<Duration> {
    if let Ok(seconds) = value.trim().parse() {
        return Some(Duration::from_secs(seconds));
    }
    let at = jiff::fmt::rfc2822::parse(value.trim()).ok()?;
    let left = at.timestamp().as_second().saturating_sub(crate::nats::now().0 / 1_000_000_000);
    Some(Duration::from_secs(u64::try_from(left).unwrap_or(0)))
}

fn agent() -> Agent {
    let native = rustls_native_certs::load_native_certs();
    let certs: Vec<Certificate<'static>> =
        native.certs.iter().map(|cert| Certificate::from_der(cert.as_ref()).to_owned()).collect();
    let roots = if certs.is_empty() { RootCerts::WebPki } else { RootCerts::from(certs) };
    Agent::config_builder()
        .http_status_as_error(false)
        .max_redirects(0)
        .max_redirects_will_error(false)
        .timeout_global(Some(LIMIT))
        .user_agent(concat!("jetscope/", env!("CARGO_PKG_VERSION")))
        .tls_config(TlsConfig::builder().root_certs(roots).build())
        .build()
        .into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_log_says_what_was_accepted_and_what_is_uncertain() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("accepted.log");
        assert!(read(&path, Delivery::AtMostOnce).unwrap().is_empty());
        fs::write(&path, "sending 1\naccepted 1\nsending 2\nrefused 2\nsending 2\naccepted 2\nsending 5\naccep")
            .unwrap();
        let stored = vec![(1, Fate::Stored(0)), (2, Fate::Stored(0))];
        assert_eq!(read(&path, Delivery::AtLeastOnce).unwrap(), stored);
        assert_eq!(read(&path, Delivery::AtMostOnce).unwrap(), [stored, vec![(5, Fate::Uncertain)]].concat());
    }

    #[test]
    fn pauses_are_asked_for_in_seconds_or_as_a_date() {
        assert_eq!(retry_after("7"), Some(Duration::from_secs(7)));
        assert_eq!(retry_after("Wed, 21 Oct 2015 07:28:00 GMT"), Some(Duration::ZERO));
        assert_eq!(retry_after("soon"), None);
    }
}
