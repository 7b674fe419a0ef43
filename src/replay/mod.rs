//! The replay engine: what it would do (plan), and doing it so that nothing is lost, doubled or out of order, whatever
//! breaks meanwhile.
//!
//! May import model, event, query, nats and config; names no client library and no terminal.

pub mod clock;
mod envelope;
pub mod mark;
pub mod pacer;
pub mod template;

pub use clock::{Clock, SystemClock};
pub use mark::{Marker, Outgoing};
pub use pacer::Pacer;
pub use template::Template;
