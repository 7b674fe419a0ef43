//! How well a stream or consumer is: pure rules over what was sampled. May import model; names no clock,
//! client or terminal.
//!
//! These are plain levels for the colour of a row, each with the sentence that says why.

pub mod consumer;
pub mod finding;
pub mod level;
pub mod stream;

pub use consumer::{consumer_health, consumer_level};
pub use level::{Health, Level};
pub use stream::{stream_health, stream_level};
