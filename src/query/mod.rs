//! What a person types: the fuzzy filter of lists, and the command line. May import model; names no
//! clock, client or terminal.

pub mod command;
pub mod fuzzy;
pub mod near;

pub use command::{Command, CommandError, Words, complete};
pub use fuzzy::Fuzzy;
pub use near::nearest;
