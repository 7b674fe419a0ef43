//! From what was stored to what may be shown. May import model; names no clock, client or terminal.

pub mod layout;
pub mod sanitise;

pub use sanitise::{clean, clean_line, is_harmless};
