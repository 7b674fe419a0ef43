//! A real server with traffic on it: for `jetscope demo`, and the servers of the tests.
//!
//! The demo plays the applications around the console. So it is a NATS user of its own, with its own
//! connection that writes; nothing of it is reachable from the console's data flow.

pub mod server;

pub use server::{Server, ServerError, ServerSpec};
