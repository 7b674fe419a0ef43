//! A real server with traffic on it: for `jetscope demo`, and the servers of the tests.
//!
//! The demo plays the applications around the console. So it is a NATS user of its own, with its own
//! connection that writes; nothing of it is reachable from the console's data flow.
//!
//! [`server`] runs a nats-server. [`Demo`] puts a world on one: `scenario` says which streams and
//! consumers there are, `events` and `wire` make the messages, `traffic` publishes them and `workers`
//! plays the consumers' clients; `endpoint` is an application outside of NATS that takes events.

mod dice;
mod endpoint;
mod events;
mod play;
mod scenario;
pub mod server;
mod traffic;
mod wire;
mod workers;

pub use endpoint::{Endpoint, Taken};
pub use play::{Demo, DemoError, DemoSpec};
pub use server::{Server, ServerError, ServerSpec};
