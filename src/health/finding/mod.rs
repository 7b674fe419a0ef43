//! Findings: what is wrong, since when, and what to do. One rule is an [`Entry`]: its name, how it is checked, its words.
//!
//! To add one: its name in `model::rule`, its entry in the file of what it is about, that into the `RULES` beside it,
//! and a line in the table of the tests there. The list in `docs/findings.md` is made from the entries.

mod account;
mod book;
mod consumer;
#[cfg(test)]
mod docs;
mod entry;
mod gone;
mod look;
mod monitor;
mod place;
mod stream;
pub mod tracker;
mod watch;

pub use book::{entries, entry};
pub use entry::{Advice, Entry, Story};
pub use place::{At, Place};
pub use tracker::{Change, Counts, Phase, Tracked, Tracker, worst};
pub use watch::{Found, Touched, Watch, found_of_consumer, found_of_stream, story};
