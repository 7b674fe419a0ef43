//! An open connection: the client, the `JetStream` API prefix, and the client's events.

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

/// An open connection. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Client {
    pub(super) nats: async_nats::Client,
    pub(super) prefix: String,
    pub(super) events: broadcast::Sender<ClientEvent>,
}

impl Client {
    /// Wraps a connection. `prefix` is `$JS.API`, `$JS.<domain>.API` or an own one, without the last dot.
    pub const fn new(nats: async_nats::Client, prefix: String, events: broadcast::Sender<ClientEvent>) -> Self {
        Self { nats, prefix, events }
    }

    /// The client's events from now on.
    pub fn events(&self) -> broadcast::Receiver<ClientEvent> {
        self.events.subscribe()
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
