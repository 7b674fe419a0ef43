//! Events of another format, written down in the JSON format: the reader of that, the rules, filters and all ways out then
//! see one kind of event.

use std::borrow::Cow;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use serde_json::value::RawValue;

use super::super::attribute::Core;
use super::super::finding::Finding;
use super::super::line::push_json;
use super::super::media;

/// Where and why a body breaks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in super::super) struct Break {
    /// The byte before which it does.
    pub(in super::super) at: usize,
    pub(in super::super) why: Box<str>,
}

impl Break {
    pub(super) fn new(at: usize, why: impl Into<Box<str>>) -> Self {
        Self { at, why: why.into() }
    }
}

/// What the JSON of an event does not say.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(in super::super) struct Note {
    pub(in super::super) findings: Vec<Finding>,
    /// Attributes that JSON has no room for.
    pub(in super::super) lost: usize,
    /// The data is our own way to write what has no JSON.
    pub(in super::super) made_up: bool,
}

/// Events as JSON: one object, or an array of them.
#[derive(Clone, Debug, Default)]
pub(in super::super) struct Translated {
    pub(in super::super) json: Vec<u8>,
    pub(in super::super) batch: bool,
    /// One for each event.
    pub(in super::super) notes: Vec<Note>,
    pub(in super::super) broken: Option<Break>,
}

impl Translated {
    pub(super) fn new(batch: bool) -> Self {
        Self { batch, ..Self::default() }
    }

    /// Adds an event.
    pub(super) fn push(&mut self, draft: Draft<'_>) {
        if self.batch {
            self.json.push(if self.notes.is_empty() { b'[' } else { b',' });
        }
        let note = draft.write(&mut self.json);
        self.notes.push(note);
    }

    /// The whole, once the body was read or breaks.
    pub(super) fn end(mut self, broken: Option<Break>) -> Self {
        if self.batch {
            self.json.extend_from_slice(if self.notes.is_empty() { b"[]" } else { b"]" });
        }
        self.broken = broken;
        self
    }
}

/// Data in the terms of the other formats.
#[derive(Debug, Default)]
pub(super) enum Data<'b> {
    #[default]
    None,
    Text(Cow<'b, str>),
    Bytes(&'b [u8]),
    /// What stands there as Base64, whether it is or not.
    Base64(String),
    /// A value of JSON.
    Json(Vec<u8>),
    /// A message of Protocol Buffers: its type and its bytes.
    Any(&'b str, &'b [u8]),
}

/// An event on its way to JSON.
#[derive(Debug, Default)]
pub(super) struct Draft<'b> {
    members: Vec<u8>,
    pub(super) data: Data<'b>,
    media_type: Option<String>,
    note: Note,
}

impl Draft<'_> {
    /// An attribute that is text.
    pub(super) fn text(&mut self, name: &str, value: &str) {
        if name == Core::Datacontenttype.name() {
            self.media_type = Some(value.to_owned());
        }
        if self.name(name) {
            put(&mut self.members, value);
        }
    }

    /// An attribute that is a number or a truth, as JSON writes it.
    pub(super) fn literal(&mut self, name: &str, source: &str) {
        if self.name(name) {
            self.members.extend_from_slice(source.as_bytes());
        }
    }

    /// An attribute that is bytes.
    pub(super) fn bytes(&mut self, name: &str, value: &[u8]) {
        self.text(name, &BASE64_STANDARD.encode(value));
    }

    /// An attribute that is an instant.
    pub(super) fn instant(&mut self, name: &str, seconds: i64, nanos: i32) {
        match jiff::Timestamp::new(seconds, nanos) {
            Ok(at) => self.text(name, &at.to_string()),
            Err(_) => self.text(name, &format!("{seconds} s and {nanos} ns since 1970")),
        }
    }

    /// Says that something is wrong.
    pub(super) fn finding(&mut self, finding: Finding) {
        self.note.findings.push(finding);
    }

    /// Writes the name of a member; `false` where there can be none of that name.
    fn name(&mut self, name: &str) -> bool {
        if matches!(name, "data" | "data_base64") {
            self.note.findings.push(Finding::NamedData);
            self.note.lost += 1;
            return false;
        }
        if !self.members.is_empty() {
            self.members.push(b',');
        }
        put(&mut self.members, name);
        self.members.push(b':');
        true
    }

    fn write(mut self, out: &mut Vec<u8>) -> Note {
        out.push(b'{');
        out.extend_from_slice(&self.members);
        let before = out.len();
        let between: &[u8] = if self.members.is_empty() { b"" } else { b"," };
        out.extend_from_slice(between);
        let named = self.media_type.as_deref().filter(|named| !named.is_empty());
        match std::mem::take(&mut self.data) {
            Data::None => out.truncate(before),
            Data::Json(source) => member(out, "data", |out| out.extend_from_slice(&source)),
            Data::Base64(text) => member(out, "data_base64", |out| put(out, &text)),
            Data::Text(text) => data(out, named, text.as_bytes(), true),
            Data::Bytes(bytes) => data(out, named, bytes, false),
            Data::Any(kind, bytes) => {
                self.note.made_up = true;
                member(out, "data", |out| {
                    out.extend_from_slice(b"{\"@type\":");
                    put(out, kind);
                    out.extend_from_slice(b",\"value\":");
                    put(out, &BASE64_STANDARD.encode(bytes));
                    out.push(b'}');
                });
            }
        }
        out.push(b'}');
        self.note
    }
}

/// Data by its type, as that of a binary event becomes JSON.
fn data(out: &mut Vec<u8>, named: Option<&str>, bytes: &[u8], is_text: bool) {
    if named.is_none_or(media::is_json)
        && let Ok(raw) = serde_json::from_slice::<&RawValue>(bytes)
    {
        return member(out, "data", |out| out.extend_from_slice(raw.get().as_bytes()));
    }
    let as_text = |named: &str| {
        !media::is_json(named) && (is_text || (media::is_text(named) || media::is_xml(named)) && media::is_utf8(named))
    };
    match std::str::from_utf8(bytes) {
        Ok(text) if named.is_some_and(as_text) => member(out, "data", |out| put(out, text)),
        _ => member(out, "data_base64", |out| put(out, &BASE64_STANDARD.encode(bytes))),
    }
}

fn member(out: &mut Vec<u8>, name: &str, value: impl FnOnce(&mut Vec<u8>)) {
    put(out, name);
    out.push(b':');
    value(out);
}

/// A JSON string with its quotes.
pub(super) fn put(out: &mut Vec<u8>, text: &str) {
    // Text can always be written, and to memory too.
    let _ = push_json(out, text);
}

/// A number that begins at this place: seven bits a byte, the lowest first, the highest bit of all bytes but the last set,
/// as Protobuf and Avro write them.
pub(super) fn varint(begin: usize, mut byte: impl FnMut() -> Result<u8, Break>) -> Result<u64, Break> {
    let mut number = 0_u64;
    for shift in (0..70).step_by(7) {
        let byte = byte()?;
        number |= u64::from(byte & 0x7f).checked_shl(shift).unwrap_or_default();
        if byte & 0x80 == 0 {
            return Ok(number);
        }
    }
    Err(Break::new(begin, "a number does not end"))
}
