//! A real server with traffic on it: for `jetscope demo`, and the servers of the tests.
//!
//! The demo plays the applications around the console. So it is a NATS user of its own, with its own
//! connection that writes; nothing of it is reachable from the console's data flow.

pub mod server;

pub use server::{Server, ServerError, ServerSpec};

/// What a demo should be like.
#[derive(Clone, Debug, Default)]
pub struct DemoSpec {
    /// The port of the server; a free one when `None`.
    pub port: Option<u16>,
    /// Events per second.
    pub rate: f64,
}

/// A running demo. Dropping it removes everything.
#[derive(Debug)]
pub struct Demo(Server);

impl Demo {
    /// Starts a server; the traffic follows.
    pub async fn start(spec: &DemoSpec) -> Result<Self, ServerError> {
        let spec = ServerSpec { port: spec.port, version: None, ..Default::default() };
        Server::start(&spec).map(Self)
    }

    /// Where it listens.
    pub fn url(&self) -> String {
        self.0.url()
    }
}
