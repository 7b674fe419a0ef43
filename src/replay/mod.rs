//! The replay engine: what it would do (plan), and doing it so that nothing is lost, doubled or out of order, whatever
//! breaks meanwhile.
//!
//! May import model, event, query, nats and config; names no client library and no terminal.

pub mod audit;
pub mod clock;
pub mod engine;
mod envelope;
pub mod journal;
mod lines;
pub mod mark;
pub mod pacer;
pub mod plan;
pub mod prepare;
mod printed;
pub mod run;
pub mod sink;
pub mod source;
pub mod template;

pub use clock::{Clock, SystemClock};
pub use journal::{Journal, JournalError, Journals};
pub use mark::{Marker, Outgoing};
pub use pacer::Pacer;
pub use plan::{IN_DOUBT, PlanError, Reading, Request, Wanted, plan, plan_telling};
pub use prepare::Preparer;
pub use run::{Replays, Running, StartError};
pub use template::Template;
