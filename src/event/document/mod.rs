//! A message laid out for a panel: what is wrong, what it is, its attributes, what NATS knows, its headers, its data.
//!
//! What stands above the data is made at once; the data is laid out where it is looked at, also when it has megabytes.

mod head;
#[cfg(test)]
mod tests;

use std::ops::Range;

use bytes::Bytes;

use super::attribute::Core;
use super::body::{Body, Kind, Leaf, Line, Role, leaf_at};
use super::decoded::{Data, Decoded, Event, Extent};
use super::envelope::Envelope;
use crate::model::Message;
use crate::query::{Step, attribute_key, data_key};
use head::Head;

/// The narrowest panel; in a narrower one rows are cut.
const NARROWEST: usize = 12;

/// How a message is shown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Shape {
    /// Everything, the data as what it is.
    #[default]
    Pretty,
    /// Everything, with the body as it was sent, in hex.
    Bytes,
    /// The event as structured JSON, however it was sent. A plain message as with [`Shape::Pretty`].
    Json,
}

/// A row of a panel.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// What is drawn; harmless, and not wider than the panel.
    pub line: Line,
    /// Whether a value begins here that conditions can be made of.
    pub field: bool,
}

/// A value and its name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Field {
    /// Its name as filters write it, such as `type`, `header.Nats-Msg-Id`, `data.items[0].price`, `nats.subject`; what
    /// filters do not know has a name too, and [`narrow`](fn@crate::query::narrow) says so. Raw, sanitise before drawing.
    pub key: String,
    /// Its text, of a string what it says; raw, sanitise before drawing.
    pub value: String,
}

/// What the rows of the body hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Holds {
    /// No values with names.
    Nothing,
    /// The data, as filters see it.
    Data,
    /// The whole event.
    Event,
}

/// One event of a message, or a message without any, laid out for a panel of a given width. Keeps what it needs; the
/// body it shares with the message.
#[derive(Clone, Debug)]
pub struct Document {
    head: Head,
    body: Body<'static>,
    /// What follows the data.
    foot: Head,
    holds: Holds,
    data: Bytes,
    events: usize,
}

impl Document {
    /// Lays out the event with this number, from 0; of a message without events, or with fewer, the message itself.
    pub fn of(message: &Message, event: usize, shape: Shape, width: usize) -> Self {
        let width = width.max(NARROWEST);
        let envelope = Envelope::new(message);
        let decoded = envelope.decode();
        let number = event;
        let event = decoded.events().get(number);
        let nothing = event.is_none_or(|event| event.extent == Extent::Nothing);
        let broken = event.and_then(|event| event.broken);
        let shape = if (nothing || broken.is_some()) && shape == Shape::Json { Shape::Pretty } else { shape };
        // Where nothing could be read of an event that was announced, the body is what there is.
        let read = event.filter(|_| !nothing || decoded.events().len() > 1);
        let data = read.map_or_else(|| Body::of_plain(&envelope), Body::of).into_shared(&message.body);
        let mut head = Head::new(width);
        let mut foot = Head::new(width);
        head.findings(&decoded, event);
        if shape != Shape::Json {
            if let Some(event) = event {
                head.attributes(event);
            }
            // The data is what most people look for: what is about its transport stands behind it.
            foot.headers(&envelope, &decoded);
            foot.facts(message);
        }
        head.mode(&decoded, number);
        let bytes = broken.map_or_else(|| data.shared(), |broken| Bytes::copy_from_slice(broken.source));
        let (body, holds) = match (shape, event) {
            (Shape::Bytes, _) => (Body::of_bytes(&message.body).into_shared(&message.body), Holds::Nothing),
            (Shape::Json, Some(event)) => (Body::of_json(event.to_json_line()), Holds::Event),
            _ => {
                let holds = if has_names(&data, event) { Holds::Data } else { Holds::Nothing };
                (data, holds)
            }
        };
        head.data(&body, shape, read);
        foot.apart();
        Self { head, body: body.folded(width), foot, holds, data: bytes, events: decoded.events().len() }
    }

    /// Events in the message: none in a plain message, several in a batch.
    pub fn events(&self) -> usize {
        self.events
    }

    /// Rows in all. Looks through all of the data when it is asked first.
    pub fn total(&mut self) -> usize {
        self.head.rows.len() + self.body.total() + self.foot.rows.len()
    }

    /// These rows, the end excluded; fewer where the document ends earlier.
    pub fn rows(&mut self, range: Range<usize>) -> Vec<Row> {
        let above = self.head.rows.len();
        let mut rows = self.head.shown(range.clone());
        if range.end > above {
            let below = range.start.saturating_sub(above)..range.end - above;
            let named = self.holds != Holds::Nothing;
            let lines = self.body.lines(below.clone()).into_iter();
            rows.extend(lines.map(|line| Row { field: named && begins_value(&line), line }));
            if rows.len() < range.len() {
                // The end of the body was just seen.
                let body = self.body.total();
                rows.extend(self.foot.shown(below.start.saturating_sub(body)..below.end.saturating_sub(body)));
            }
        }
        rows
    }

    /// What stands on this row; on each row of a value that has several. Walks through the data up to there.
    pub fn field(&mut self, row: usize) -> Option<Field> {
        let Some(below) = row.checked_sub(self.head.rows.len()) else { return self.head.field(row) };
        if self.body.lines(below..below + 1).is_empty() {
            return self.foot.field(below - self.body.total());
        }
        if self.holds == Holds::Nothing {
            return None;
        }
        let offset = self.body.offset(below)?;
        let leaf = leaf_at(self.body.shown(), offset)?;
        let key = if self.holds == Holds::Data { data_key(&leaf.steps) } else { member_key(&leaf)? };
        Some(Field { key, value: leaf.text })
    }

    /// The event's data, or the body of a message that is no event: decoded and unpacked. Raw.
    pub fn data(&self) -> &[u8] {
        &self.data
    }
}

/// Whether the values of the data are what filters find there.
fn has_names(data: &Body<'_>, event: Option<&Event<'_>>) -> bool {
    data.kind() == Kind::Json
        && match event.map(|event| event.data) {
            // Text within a JSON string is shorter than the string: filters see the string.
            Some(Data::Json(source)) => data.bytes().len() == source.len(),
            // What could not be decoded is shown as it was sent.
            Some(Data::Base64(source)) => data.bytes().len() != source.len(),
            _ => true,
        }
}

/// The name of a member of the whole event.
fn member_key(leaf: &Leaf) -> Option<String> {
    match leaf.steps.split_first()? {
        (Step::Key(name), rest) if **name == *"data" => Some(data_key(rest)),
        (Step::Key(name), []) if **name != *"data_base64" => Some(attribute_key(name)),
        _ => None,
    }
}

/// Whether a row of JSON holds the beginning of a value.
fn begins_value(line: &Line) -> bool {
    line.iter().any(|span| match span.role {
        Role::String => span.text.starts_with('"'),
        Role::Number => true,
        // Its beginning may be all of it that stands here.
        Role::Literal => span.text.starts_with(['t', 'f']),
        Role::Punctuation => matches!(&*span.text, "{}" | "[]"),
        _ => false,
    })
}
