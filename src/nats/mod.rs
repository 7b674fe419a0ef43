//! The client: the only room (beside the demo, which plays the applications) that names `async_nats`.
//!
//! May import model, event and config. What comes in is converted to [`crate::model`] at once;
//! nothing outside of this room sees the client's types.

pub mod client;

pub use client::{Client, ClientEvent};
