//! An open connection: the client, the `JetStream` API prefix, and the client's events.

use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::broadcast;

use crate::model::ServerInfo;

/// What the client tells outside of any request. Permission errors come only this way: the request itself
/// just gets no answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ClientEvent {
    /// (Re)connected.
    Connected,
    /// The connection is gone; the client tries again by itself.
    Disconnected,
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
    /// The inbox that may not be subscribed. The client subscribes it once for all requests, so the server
    /// refuses it once; every later request would wait for an answer that cannot come.
    closed_inbox: Arc<Mutex<Option<String>>>,
}

impl Events {
    /// Keeps this many events for a reader that is slow.
    pub(super) fn new(room: usize) -> Self {
        Self { sender: broadcast::channel(room).0, closed_inbox: Arc::default() }
    }

    /// Tells an event to all who listen.
    pub(super) fn tell(&self, event: ClientEvent) {
        {
            let mut inbox = self.closed_inbox.lock().unwrap_or_else(PoisonError::into_inner);
            match &event {
                // Subscriptions are made anew, and are allowed or refused anew.
                ClientEvent::Connected => *inbox = None,
                ClientEvent::Denied { subject, publish: false } if is_inbox(subject) => *inbox = Some(subject.clone()),
                _ => {}
            }
        }
        // Nobody listening is fine.
        let _ = self.sender.send(event);
    }

    /// The inbox that may not be subscribed, if that is so.
    pub(super) fn closed_inbox(&self) -> Option<String> {
        self.closed_inbox.lock().unwrap_or_else(PoisonError::into_inner).clone()
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
}

impl Client {
    /// Wraps a connection. `prefix` is `$JS.API`, `$JS.<domain>.API` or an own one, without the last dot.
    pub(super) const fn new(nats: async_nats::Client, prefix: String, events: Events) -> Self {
        Self { nats, prefix, events }
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
