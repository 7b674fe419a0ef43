//! Actions and keys, both ways. The keys are data (`assets/keymap.toml`); footer, help and docs are
//! derived from it. May import model; names no clock, client or terminal.

pub mod action;
pub mod key;
pub mod map;

pub use action::Action;
pub use key::{Code, Key};
pub use map::{Binding, Keymap, KeymapError};
