//! An open connection: the client, the `JetStream` API prefix, and the client's events.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use tokio::sync::{broadcast, watch};

use crate::config::Ledger;
use crate::model::ServerInfo;

use super::connect::Island;
use super::pulse;
use super::refusals::Refusals;

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
}

impl Events {
    /// Keeps this many events for a reader that is slow.
    pub(super) fn new(room: usize) -> Self {
        Self { sender: broadcast::channel(room).0, refused: Arc::default(), allowed: watch::Sender::default() }
    }

    /// Tells an event to all who listen.
    pub(super) fn tell(&self, event: ClientEvent) {
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
        if matches!(&event, ClientEvent::Denied { subject, .. } if subject == pulse::WHO) {
            return;
        }
        // Nobody listening is fine.
        let _ = self.sender.send(event);
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

/// An open connection. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Client {
    pub(super) nats: async_nats::Client,
    pub(super) prefix: String,
    pub(super) events: Events,
    /// Where what is asked is noted.
    pub(super) ledger: Ledger,
    /// Held by all clones: the connection itself sees by it that nobody needs it any more.
    _held: Arc<()>,
    /// Where the tasks of the connection live, if that is not where we do.
    _island: Option<Arc<Island>>,
}

impl Client {
    /// Wraps a connection. `prefix` is `$JS.API`, `$JS.<domain>.API` or an own one, without the last dot.
    pub(super) fn new(nats: async_nats::Client, prefix: String, events: Events, held: Arc<()>) -> Self {
        Self { nats, prefix, events, ledger: Ledger::default(), _held: held, _island: None }
    }

    /// The same; what it asks is noted there.
    pub(super) fn noting(self, ledger: &Ledger) -> Self {
        Self { ledger: ledger.clone(), ..self }
    }

    /// The same; its tasks live there, and end with the last clone.
    pub(super) fn on(self, island: Arc<Island>) -> Self {
        Self { _island: Some(island), ..self }
    }

    /// The client's events from now on.
    pub fn events(&self) -> broadcast::Receiver<ClientEvent> {
        self.events.sender.subscribe()
    }

    /// Who answers.
    pub fn server(&self) -> ServerInfo {
        let info = self.nats.server_info();
        ServerInfo {
            name: info.server_name,
            version: info.version,
            cluster: info.cluster.filter(|c| !c.is_empty()),
            domain: info.domain.filter(|d| !d.is_empty()),
            jetstream: info.jetstream,
            max_payload: info.max_payload as u64,
        }
    }

    /// Whether requests can be made now.
    pub fn is_connected(&self) -> bool {
        self.nats.connection_state() == async_nats::connection::State::Connected
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
