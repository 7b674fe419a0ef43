//! Polling: what is on screen often, the rest slowly; never overlapping, slower when the server is.
//!
//! A poller owns its connection. It connects (again and again, if it must), then runs its lanes side by side:
//! what is visible, the list of streams, the consumers, the account, and what advisories announce. A lane never
//! overlaps with itself, and all of them share one limit of requests in flight.

mod fast;
mod lag;
mod lanes;
mod link;
mod listen;
mod pace;
mod peeks;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use futures_util::future::BoxFuture;
use tokio::sync::{mpsc, watch};
use tokio::task::JoinHandle;

use crate::model::{Consumer, Scope, Stream, Timestamp, Update};

use super::{Api, Client};

pub use pace::Pace;
use pace::{Outcome, Throttle};

/// Makes connections; the error is a sentence without secrets.
pub type Connector = Arc<dyn Fn() -> BoxFuture<'static, Result<Client, String>> + Send + Sync>;

/// A running poller. Dropping it ends everything that it started.
#[derive(Debug)]
pub struct Poller {
    task: JoinHandle<()>,
    kick: watch::Sender<u64>,
}

impl Poller {
    /// Connects and polls what the scope names; reports come through `out`, which pushes back when it is full.
    pub fn spawn(connector: Connector, pace: Pace, scope: watch::Receiver<Scope>, out: mpsc::Sender<Update>) -> Self {
        let (kick, kicked) = watch::channel(0);
        let task = tokio::spawn(link::run(connector, pace, scope, out, kicked));
        Self { task, kick }
    }

    /// Asks for everything now.
    pub fn refresh(&self) {
        self.kick.send_modify(|n| *n += 1);
    }
}

impl Drop for Poller {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// What the lanes of one connection share.
#[derive(Debug)]
struct Lane {
    api: Api,
    pace: Pace,
    scope: watch::Receiver<Scope>,
    out: mpsc::Sender<Update>,
    /// Counts requests for "everything now".
    kick: watch::Receiver<u64>,
    /// The connection is up.
    up: watch::Receiver<bool>,
    /// Changes when something is allowed that was refused.
    allowed: watch::Receiver<u64>,
    /// Changes when the server has recovered.
    woken: watch::Receiver<u64>,
    known: Arc<Mutex<Known>>,
    throttle: Arc<Throttle>,
}

impl Clone for Lane {
    fn clone(&self) -> Self {
        Self {
            api: self.api.clone(),
            pace: self.pace,
            scope: self.scope.clone(),
            out: self.out.clone(),
            kick: self.kick.clone(),
            up: self.up.clone(),
            allowed: self.allowed.clone(),
            woken: self.woken.clone(),
            known: Arc::clone(&self.known),
            throttle: Arc::clone(&self.throttle),
        }
    }
}

/// What was listed last: enough to know whom to ask.
#[derive(Debug, Default)]
struct Known {
    /// Number of consumers by stream.
    streams: BTreeMap<String, u64>,
    /// How long the last list of streams took; `None` before the first.
    list_took: Option<Duration>,
    /// Some list was answered, at least in part: who is not in it has not merely been asked for in vain.
    listed: bool,
    /// Streams whose servers did not answer for the last list. Only the next list asks for them: a question about
    /// one of them takes its whole time limit, and would hold up what can be answered.
    silent: BTreeSet<String>,
    /// What looking at a message of a stream costs.
    costs: BTreeMap<String, lag::Cost>,
    /// The newest answers of the consumers whose lag time is wanted.
    heads: BTreeMap<(String, String), (Arc<Consumer>, lag::Cost)>,
}

impl Known {
    /// Keeps what was told of those whose lag time is wanted.
    fn keep_heads(&mut self, scope: &Scope, update: &Update) {
        let (stream, told): (&str, &[Arc<Consumer>]) = match update {
            Update::Consumers(stream, listing) => (stream, &listing.items),
            Update::Consumer(consumer) => (&consumer.stream, std::slice::from_ref(consumer)),
            _ => return,
        };
        let wanted = |c: &Consumer| scope.lags.iter().any(|w| w.stream == c.stream && w.consumer == c.name);
        if !scope.lags.iter().any(|w| w.stream == stream) {
            return;
        }
        for consumer in told.iter().filter(|c| wanted(c)) {
            let cost = self.costs.get(&consumer.stream).copied().unwrap_or_default();
            self.heads.insert((consumer.stream.clone(), consumer.name.clone()), (Arc::clone(consumer), cost));
        }
        if self.heads.len() > scope.lags.len() {
            self.heads.retain(|_, (consumer, _)| wanted(consumer));
        }
    }
}

impl Lane {
    /// The present time by the server's clock.
    fn now(&self) -> Timestamp {
        self.api.now()
    }

    /// Reports; ends the lane when nobody listens any more.
    async fn tell(&self, update: Update) -> Result<(), Closed> {
        self.know(|k| k.keep_heads(&self.scope.borrow(), &update));
        self.out.send(update).await.map_err(|_| Closed)
    }

    fn know<T>(&self, f: impl FnOnce(&mut Known) -> T) -> T {
        // A lane that panicked while it held the lock has left whole values behind.
        f(&mut self.known.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn learn(&self, stream: &Stream) {
        self.know(|k| {
            k.silent.remove(&stream.name);
            k.costs.insert(stream.name.clone(), lag::Cost::of(stream));
            k.streams.insert(stream.name.clone(), stream.state.consumers);
        });
    }

    /// Waits until requests can be made.
    async fn when_up(&mut self) -> Result<(), Closed> {
        self.up.wait_for(|up| *up).await.map(|_| ()).map_err(|_| Closed)
    }

    /// Notes how a round went, so that all lanes slow down together.
    fn note(&self, outcome: Outcome) {
        self.throttle.note(outcome);
    }

    /// Of these streams, those that answered for the last list.
    fn answering(&self, mut streams: Vec<String>) -> Vec<String> {
        self.know(|k| streams.retain(|name| !k.silent.contains(name)));
        streams
    }
}

/// Nobody listens any more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Closed;
