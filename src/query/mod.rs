//! What a person types: the filter of lists, the command line, ranges of a stream, filters of messages.
//! May import model; names no clock, client or terminal.

pub mod cesql;
pub mod command;
#[cfg(any(test, fuzzing))]
pub mod exercise;
pub mod fields;
pub mod filter;
pub mod key;
pub mod mistake;
pub mod name;
pub mod narrow;
pub mod near;
pub mod needle;
mod pattern;
pub mod range;
#[cfg(test)]
mod sample;
pub mod seen;
pub mod suggest;
pub mod target;
mod words;

pub use cesql::{EvalError, Number, Step, Value};
pub use command::{Command, CommandError, Words, complete};
pub use fields::{Data, Fields, Needs, Part, by_name};
pub use filter::{Door, Filter, Verdict};
pub use key::{Key, attribute_key, data_key, header_key};
pub use mistake::Mistake;
pub use name::{Named, Unnamed, named};
pub use narrow::narrow;
pub use near::nearest;
pub use needle::{Fit, Needle};
pub use range::Range;
pub use seen::Seen;
pub use suggest::{Suggestion, suggest};
pub use target::{moment, target};
