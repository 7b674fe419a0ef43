//! An application outside of NATS: an HTTP endpoint that takes `CloudEvents`, and by which the clients of the demo's
//! consumers are stopped and started. Now and then it is busy, as such endpoints are.

use std::collections::BTreeSet;
use std::fmt;
use std::io::Read;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};

use tiny_http::{Header, Method, Request, Response, Server};
use tokio::sync::watch;

/// Events whose ids are kept.
const KEPT: usize = 10_000;
/// One in so many events is refused the first time.
const BUSY: u64 = 100;
/// The largest body that is taken, in bytes.
const LARGEST: u64 = 4 << 20;

/// What the endpoint has taken.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Taken {
    /// Events in all.
    pub events: u64,
    /// How often it said that it was busy.
    pub refused: u64,
    /// The `replayseq` of the last 10,000 events in the order in which they came; 0 where one had none.
    pub sequences: Vec<u64>,
}

/// A running endpoint; dropping it ends it.
pub struct Endpoint {
    port: u16,
    taken: Arc<Mutex<Taken>>,
    stopped: watch::Sender<BTreeSet<String>>,
    server: Arc<Server>,
    thread: Option<JoinHandle<()>>,
}

impl Endpoint {
    /// Listens on this port of the local machine, or on any that is free. The error is a sentence.
    pub(super) fn start(port: Option<u16>, consumers: BTreeSet<String>) -> Result<Self, String> {
        let server = Server::http(("127.0.0.1", port.unwrap_or(0))).map_err(|error| error.to_string())?;
        let port = server.server_addr().to_ip().map_or(0, |address| address.port());
        let server = Arc::new(server);
        let taken = Arc::<Mutex<Taken>>::default();
        let stopped = watch::Sender::new(BTreeSet::new());
        let thread = {
            let (server, taken, stopped) = (Arc::clone(&server), Arc::clone(&taken), stopped.clone());
            thread::Builder::new()
                .name("demo-http".into())
                .spawn(move || {
                    for request in server.incoming_requests() {
                        answer(request, &taken, &stopped, &consumers);
                    }
                })
                .map_err(|error| error.to_string())?
        };
        Ok(Self { port, taken, stopped, server, thread: Some(thread) })
    }

    /// `http://127.0.0.1:PORT`; events go to `/events`.
    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// What it has taken so far.
    pub fn taken(&self) -> Taken {
        lock(&self.taken).clone()
    }

    /// Ends the client of a consumer, which stays; or brings it back.
    pub fn set_stopped(&self, consumer: &str, stop: bool) {
        set(&self.stopped, consumer, stop);
    }

    /// The consumers without their clients.
    pub(super) fn stopped(&self) -> watch::Receiver<BTreeSet<String>> {
        self.stopped.subscribe()
    }
}

impl fmt::Debug for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Endpoint").field("port", &self.port).finish_non_exhaustive()
    }
}

impl Drop for Endpoint {
    fn drop(&mut self) {
        self.server.unblock();
        if let Some(thread) = self.thread.take() {
            // It has nothing to say.
            let _ = thread.join();
        }
    }
}

fn set(stopped: &watch::Sender<BTreeSet<String>>, consumer: &str, stop: bool) {
    stopped.send_if_modified(|names| if stop { names.insert(consumer.to_owned()) } else { names.remove(consumer) });
}

fn lock(taken: &Mutex<Taken>) -> MutexGuard<'_, Taken> {
    taken.lock().unwrap_or_else(PoisonError::into_inner)
}

fn answer(
    mut request: Request,
    taken: &Mutex<Taken>,
    stopped: &watch::Sender<BTreeSet<String>>,
    consumers: &BTreeSet<String>,
) {
    let path = request.url().to_owned();
    let (status, text) = match (request.method(), path.trim_matches('/').split_once('/')) {
        (Method::Post, None) if path.trim_matches('/') == "events" => take(&mut request, taken),
        (Method::Post, Some((what @ ("stop" | "start"), consumer))) if consumers.contains(consumer) => {
            set(stopped, consumer, what == "stop");
            (200, format!("{consumer}: {what}\n"))
        }
        (Method::Get, None) => (200, told(taken, stopped, consumers)),
        _ => (404, "there are POST /events, POST /stop/CONSUMER, POST /start/CONSUMER and GET /\n".into()),
    };
    let mut response = Response::from_string(text).with_status_code(status);
    if status == 503
        && let Ok(header) = Header::from_bytes("Retry-After", "0")
    {
        response.add_header(header);
    }
    // Whoever asked and left misses the answer.
    let _ = request.respond(response);
}

/// An event in binary or structured mode.
fn take(request: &mut Request, taken: &Mutex<Taken>) -> (u16, String) {
    let header = |name: &'static str| {
        request.headers().iter().find(|h| h.field.equiv(name)).map(|h| h.value.as_str().to_owned())
    };
    let structured = header("content-type").is_some_and(|kind| kind.starts_with("application/cloudevents+json"));
    let (id, in_header) = (header("ce-id"), header("ce-replayseq"));
    let mut body = Vec::new();
    if request.as_reader().take(LARGEST).read_to_end(&mut body).is_err() {
        return (400, "the body could not be read\n".into());
    }
    let (id, sequence) = if structured {
        let event: serde_json::Value = serde_json::from_slice(&body).unwrap_or_default();
        let text = |name: &str| event.get(name).and_then(|value| value.as_str()).map(str::to_owned);
        (text("id"), text("replayseq"))
    } else {
        (id, in_header)
    };
    if id.is_none() {
        return (400, "this is no CloudEvent: it has no id\n".into());
    }
    let mut taken = lock(taken);
    if (taken.events + 1).is_multiple_of(BUSY) && taken.refused < (taken.events + 1) / BUSY {
        taken.refused += 1;
        return (503, "busy; once more, please\n".into());
    }
    taken.events += 1;
    taken.sequences.push(sequence.and_then(|text| text.parse().ok()).unwrap_or(0));
    if taken.sequences.len() > KEPT {
        taken.sequences.remove(0);
    }
    (202, String::new())
}

fn told(taken: &Mutex<Taken>, stopped: &watch::Sender<BTreeSet<String>>, consumers: &BTreeSet<String>) -> String {
    let Taken { events, refused, .. } = &*lock(taken);
    let list = |names: &BTreeSet<String>| names.iter().map(String::as_str).collect::<Vec<_>>().join(" ");
    format!(
        "events taken: {events}; busy: {refused}\nstopped: {}\nconsumers: {}\n",
        list(&stopped.borrow()),
        list(consumers)
    )
}
