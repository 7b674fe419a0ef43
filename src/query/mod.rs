//! What a person types: the fuzzy filter of lists, the command line, ranges of a stream. May import model;
//! names no clock, client or terminal.

pub mod command;
pub mod fuzzy;
pub mod mistake;
pub mod near;
pub mod range;

pub use command::{Command, CommandError, Words, complete};
pub use fuzzy::Fuzzy;
pub use mistake::Mistake;
pub use near::nearest;
pub use range::Range;
