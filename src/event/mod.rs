//! From what was stored to what may be shown: a message becomes an event with all that is wrong with it, its data
//! becomes lines for a screen, and nothing hostile gets through. May import model and query; names no clock, client
//! or terminal.
//!
//! [`Envelope::new`] takes a message, [`Envelope::decode`] says what it is, [`Body`] lays out the data.

pub mod attribute;
pub mod body;
mod charset;
mod data;
mod decode;
pub mod decoded;
pub mod diff;
pub mod document;
mod doubled;
pub mod envelope;
#[cfg(any(test, fuzzing))]
pub mod exercise;
#[cfg(any(test, fuzzing))]
pub mod exercise_filter;
mod export;
pub mod fields;
pub mod finding;
pub mod format;
pub mod glance;
mod headers;
mod http;
pub mod inflate;
pub mod known;
pub mod layout;
mod line;
mod lint;
pub mod media;
mod members;
mod place;
pub mod reader;
pub mod save;
mod scan;
mod seen;
pub mod table;
#[cfg(test)]
mod tests;
pub mod time;
mod unanswered;
mod uri;
mod written;

pub use attribute::{Attribute, Core, Value};
pub use body::Body;
pub use decoded::{Broken, Content, Data, Decoded, Event, Extent, Mode, Plain, Rule};
pub use diff::{Change, DiffLine, diff};
pub use document::{Document, Field, Row, Shape};
pub use envelope::Envelope;
pub use export::{ExportError, harmless_json};
pub use fields::{View, matching, passes};
pub use finding::{Finding, Severity};
pub use format::Format;
pub use glance::{Glance, Identity, Relation, identity};
pub use http::{HttpRequest, HttpWeight, Misfit};
pub use line::{escape, push_base64, push_json, push_line};
pub use reader::Depth;
pub use time::Moment;
pub use unanswered::Unanswered;

pub use crate::model::sanitise::{clean, clean_line, is_harmless, is_harmless_text};
pub use crate::query::Seen;
