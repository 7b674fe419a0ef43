//! An open connection: the client, the `JetStream` API prefix, and the client's events.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};
use std::time::{Duration, Instant};

use async_nats::connection::State;
use tokio::sync::{broadcast, watch};
use tokio::task::yield_now;
use tokio::time::timeout;

use crate::config::{Clock, Ledger};
use crate::model::ServerInfo;
use crate::model::request::WHO;

use super::island::{Island, Life};
use super::keep::{Lives, UNREAD};
use super::refusals::Refusals;

/// How often is looked whether the connection is back, beside what is heard of it.
const LOOK: Duration = Duration::from_millis(50);

/// What the client tells outside of any request. Permission errors come only this way: the request itself
/// just gets no answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ClientEvent {
    /// (Re)connected.
    Connected,
    /// The connection is gone; the client tries again by itself.
    Disconnected,
    /// Connected, but nothing has come for a while, though the server was asked.
    Silent,
    /// It was silent, and something came.
    Heard,
    /// The server said that it shuts down.
    LameDuck,
    /// The user may not publish to (or subscribe) this subject.
    Denied {
        /// The subject, as the server named it.
        subject: String,
        /// A publish; otherwise a subscription.
        publish: bool,
    },
    /// An attempt or the connection failed; a sentence without secrets.
    Failed(String),
    /// Messages of a subscription were dropped, because we read too slowly.
    SlowConsumer,
}

/// The client's events, and what of them holds as long as the connection does.
#[derive(Clone, Debug)]
pub(super) struct Events {
    sender: broadcast::Sender<ClientEvent>,
    refused: Arc<Mutex<Refusals>>,
    /// Counts how often something was answered that had been refused before.
    allowed: watch::Sender<u64>,
    /// What is told here is heard by nobody yet.
    closed: Arc<AtomicBool>,
    /// How often a connection was asked whether the server lives.
    pub(super) pulses: Arc<AtomicU64>,
}

impl Events {
    /// Keeps this many events for a reader that is slow.
    pub(super) fn new(room: usize) -> Self {
        Self {
            sender: broadcast::channel(room).0,
            refused: Arc::default(),
            allowed: watch::Sender::default(),
            closed: Arc::default(),
            pulses: Arc::default(),
        }
    }

    /// The same for another connection, of which nothing is to be heard before it is the one that is used.
    pub(super) fn closed(&self) -> Self {
        Self { closed: Arc::new(AtomicBool::new(true)), ..self.clone() }
    }

    /// What is told here is heard from now on.
    pub(super) fn open(&self) {
        self.closed.store(false, Ordering::SeqCst);
    }

    /// Tells an event to all who listen.
    pub(super) fn tell(&self, event: ClientEvent) {
        if self.closed.load(Ordering::SeqCst) {
            return;
        }
        {
            let mut refused = self.lock();
            match &event {
                // Everything is allowed or refused anew.
                ClientEvent::Connected => *refused = Refusals::default(),
                ClientEvent::Denied { subject, publish: false } if is_inbox(subject) => {
                    refused.inbox = Some(subject.clone());
                }
                ClientEvent::Denied { subject, publish: true } => refused.refuse(subject, Instant::now()),
                _ => {}
            }
        }
        // Nobody who asks is to take this for the answer to a question of its own.
        if matches!(&event, ClientEvent::Denied { subject, .. } if subject == WHO) {
            return;
        }
        // Nobody listening is fine.
        let _ = self.sender.send(event);
    }

    /// What is told from now on.
    pub(super) fn listen(&self) -> broadcast::Receiver<ClientEvent> {
        self.sender.subscribe()
    }

    /// The inbox that may not be subscribed, if that is so.
    pub(super) fn closed_inbox(&self) -> Option<String> {
        self.lock().inbox.clone()
    }

    /// Whether this subject was refused and is not to be tried now.
    pub(super) fn is_refused(&self, subject: &str) -> bool {
        self.lock().is_refused(subject, Instant::now())
    }

    /// The server answered on this subject. Where it had refused it, everything else may be tried again too.
    pub(super) fn answered(&self, subject: &str) {
        if self.lock().answer(subject) {
            self.allowed.send_modify(|n| *n += 1);
        }
    }

    /// Changes when something was answered that had been refused before.
    pub(super) fn allowed(&self) -> watch::Receiver<u64> {
        self.allowed.subscribe()
    }

    /// What was refused is tried again.
    pub(super) fn forget_refusals(&self) {
        self.lock().forget();
    }

    fn lock(&self) -> MutexGuard<'_, Refusals> {
        self.refused.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The inbox of all requests; nothing else that is subscribed ends like this.
pub(super) fn is_inbox(subject: &str) -> bool {
    subject.ends_with(".*")
}

/// A connection as the client library has it. In this order it is let go: the client first, so that its tasks can see
/// that nobody needs them any more.
#[derive(Debug)]
pub(super) struct Live {
    pub(super) nats: async_nats::Client,
    pub(super) life: Life,
    pub(super) island: Island,
    /// Goes with the connection: whoever watches it ends.
    pub(super) _used: Arc<()>,
}

/// What all clones of a client share: the present connection, which may be followed by another.
#[derive(Debug)]
pub(super) struct Wire {
    live: RwLock<Live>,
    /// Why the last one was lost, where that was no ordinary loss.
    why: Mutex<Option<String>>,
    lives: Lives,
}

impl Wire {
    pub(super) fn nats(&self) -> async_nats::Client {
        self.live.read().unwrap_or_else(PoisonError::into_inner).nats.clone()
    }

    pub(super) fn life(&self) -> Life {
        self.live.read().unwrap_or_else(PoisonError::into_inner).life.clone()
    }

    /// Ends the present connection, whatever it is about.
    pub(super) fn end(&self) {
        self.live.write().unwrap_or_else(PoisonError::into_inner).island.end();
    }

    /// Notes why there is no connection for now.
    pub(super) fn because(&self, why: &str) {
        *self.why.lock().unwrap_or_else(PoisonError::into_inner) = Some(why.to_owned());
    }

    /// From now on this connection is the one.
    pub(super) fn replace(&self, live: Live) {
        *self.live.write().unwrap_or_else(PoisonError::into_inner) = live;
        *self.why.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }
}

/// An open connection. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Client {
    wire: Arc<Wire>,
    pub(super) prefix: String,
    /// Where advisories come from, without the last dot.
    pub(super) event_prefix: Arc<str>,
    pub(super) events: Events,
    /// Where what is asked is noted.
    pub(super) ledger: Ledger,
    /// Which time it is at the server.
    pub(super) clock: Clock,
}

impl Client {
    /// Wraps a connection. `prefix` is `$JS.API`, `$JS.<domain>.API` or an own one, without the last dot.
    pub(super) fn new(live: Live, lives: Lives, prefix: String, events: Events) -> Self {
        let wire = Wire { live: RwLock::new(live), why: Mutex::default(), lives };
        let event_prefix = "$JS.EVENT".into();
        Self { wire: Arc::new(wire), prefix, event_prefix, events, ledger: Ledger::default(), clock: Clock::default() }
    }

    /// The same; the server's time is noted there.
    pub(super) fn timed_by(self, clock: &Clock) -> Self {
        Self { clock: clock.clone(), ..self }
    }

    /// What all clones share.
    pub(super) const fn wire(&self) -> &Arc<Wire> {
        &self.wire
    }

    /// The present connection.
    pub(super) fn nats(&self) -> async_nats::Client {
        self.wire.nats()
    }

    /// How many connections in a row were lost as soon as they were made.
    pub(super) fn lost_at_once(&self) -> u32 {
        self.wire.lives.short()
    }

    /// The connections that were lost do not count any more: what they were lost to is done with.
    pub(super) fn forgive(&self) {
        self.wire.lives.forgive();
    }

    /// Why there is no connection.
    pub(super) fn why(&self) -> String {
        let why = self.wire.why.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let unread = || format!("the connection is lost: {UNREAD}");
        why.or_else(|| self.wire.life().is_over().then(unread)).unwrap_or_else(|| "the connection is down".to_owned())
    }

    /// The same; advisories come from there.
    pub(super) fn hearing(self, event_prefix: &str) -> Self {
        Self { event_prefix: event_prefix.into(), ..self }
    }

    /// The same; what it asks is noted there.
    pub(super) fn noting(self, ledger: &Ledger) -> Self {
        Self { ledger: ledger.clone(), ..self }
    }

    /// The client's events from now on.
    pub fn events(&self) -> broadcast::Receiver<ClientEvent> {
        self.events.listen()
    }

    /// Who answers.
    pub fn server(&self) -> ServerInfo {
        let info = self.nats().server_info();
        ServerInfo {
            name: info.server_name,
            version: info.version,
            cluster: info.cluster.filter(|c| !c.is_empty()),
            domain: info.domain.filter(|d| !d.is_empty()),
            jetstream: info.jetstream,
            max_payload: info.max_payload as u64,
        }
    }

    /// Waits until all that has come so far was told: a task of the connection's own thread tells it.
    pub(super) async fn told(&self) {
        let telling = {
            let live = self.wire.live.read().unwrap_or_else(PoisonError::into_inner);
            // Whoever yields there is behind all that waits for its turn.
            live.island.spawn(async {
                yield_now().await;
                yield_now().await;
            })
        };
        if let Some(telling) = telling {
            // One that has ended tells nothing more.
            let _ = telling.await;
        }
    }

    /// Waits until requests can be made, at most so long.
    pub(super) async fn back(&self, limit: Duration) {
        let mut events = self.events();
        let connected = async {
            while !self.is_connected() {
                let _ = timeout(LOOK, events.recv()).await;
            }
        };
        let _ = timeout(limit, connected).await;
    }

    /// So many nanoseconds the server's clock is ahead of ours, as far as its answers have told it.
    pub fn ahead(&self) -> i64 {
        self.clock.ahead()
    }

    /// Whether requests can be made now.
    pub fn is_connected(&self) -> bool {
        let live = self.wire.live.read().unwrap_or_else(PoisonError::into_inner);
        live.nats.connection_state() == State::Connected && !live.life.is_over()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refused_subject_rests_until_somebody_asks_anew_or_the_connection_is_another() {
        let events = Events::new(4);
        let denied = || ClientEvent::Denied { subject: "$JS.API.INFO".into(), publish: true };
        events.tell(denied());
        assert!(events.is_refused("$JS.API.INFO") && !events.is_refused("$JS.API.STREAM.LIST"));
        events.forget_refusals();
        assert!(!events.is_refused("$JS.API.INFO"));
        events.tell(denied());
        events.tell(ClientEvent::Connected);
        assert!(!events.is_refused("$JS.API.INFO"));
    }
}
