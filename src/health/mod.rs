//! How well a stream or consumer is: pure rules over what was sampled. May import model; names no clock,
//! client or terminal.
//!
//! A consumer's verdict follows from its ring of samples ([`verdict`]); the others are plain levels for the colour of a
//! row. Each has a sentence that says why.

pub mod consumer;
pub mod finding;
pub mod level;
pub mod loss;
pub mod stream;
pub mod verdict;

use crate::model::units::count_exact;

pub use consumer::{Standing, Worst, consumer_health, consumer_level, worst_consumer};
pub use level::{Health, Level};
pub use loss::{Loss, time_to_loss};
pub use stream::{stream_health, stream_level};
pub use verdict::{Excuse, Flag, Flags, Lost, State, Terms, Verdict, judge};

/// `1 message`, `2 messages`.
fn messages(n: u64) -> String {
    if n == 1 { "1 message".to_owned() } else { format!("{} messages", count_exact(n)) }
}

/// `1 message is`, `2 messages are`.
fn messages_are(n: u64) -> String {
    format!("{} {}", messages(n), if n == 1 { "is" } else { "are" })
}
