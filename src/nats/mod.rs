//! The client: the only room (beside the demo, which plays the applications) that names `async_nats`.
//!
//! May import model, event and config. What comes in is converted to [`crate::model`] at once;
//! nothing outside of this room sees the client's types.

mod advisories;
pub mod api;
pub mod ask;
pub mod client;
pub mod connect;
mod convert;
#[cfg(any(test, fuzzing))]
pub mod exercise;
mod files;
pub mod gate;
mod inbox;
mod island;
mod keep;
mod lag;
mod login;
mod note;
mod pages;
mod pauses;
pub mod poll;
pub mod publish;
mod pulse;
pub mod question;
mod refusals;
pub mod reposition;
pub mod tail;
mod wire;

pub use ask::{Api, now};
pub use client::{Client, ClientEvent};
pub use connect::{ConnectError, open, open_once};
pub use island::serves_a_connection;
pub use pauses::Pauses;
pub use poll::{Connector, Pace, Poller};
pub use publish::Publisher;
pub use question::Question;
