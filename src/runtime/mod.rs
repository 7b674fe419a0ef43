//! The loop, the terminal, and the tasks that effects start. May import everything but cli.
//!
//! One loop owns the terminal and the state; tasks reach it through one bounded channel of messages.

pub mod clipboard;
mod console;
pub mod display;
pub mod event_loop;
mod files;
pub mod input;
mod replays;
mod repositions;
mod session;
mod tails;
pub mod terminal;

pub use console::console;
pub use display::Display;
pub use event_loop::{Clock, EffectRunner, Exit, run_loop};
