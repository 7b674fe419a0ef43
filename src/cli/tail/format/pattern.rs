//! `-o '{time} {type}'`: a line of text with fields in it.

use std::borrow::Cow;

use crate::event::{Body, Envelope, Event, View, clean_line};
use crate::query::near::{ATTRIBUTES, misspelt};
use crate::query::{Key, nearest};

/// The fields that only patterns have, and `data`, which is all of the data here whatever it is.
const OWN: [&str; 5] = ["stream", "seq", "stored", "size", "data"];

/// What the server knows of a message, as filters name it.
const NATS: [&str; 4] = ["nats.stream", "nats.subject", "nats.seq", "nats.time"];

/// A pattern, and which of its fields have ever had a value.
#[derive(Debug, PartialEq)]
pub(in crate::cli::tail) struct Pattern {
    pieces: Vec<Piece>,
    /// A terminal, which what is sent may act on.
    terminal: bool,
}

#[derive(Debug, PartialEq)]
enum Piece {
    Text(String),
    /// One of [`OWN`].
    Own(&'static str),
    /// What filters can read, its name, and whether anything printed had it.
    Key(Key, String, bool),
}

impl Pattern {
    /// Reads a pattern. `{{` and `}}` are braces, `\n`, `\t` and `\\` a line break, a tab and a backslash.
    pub(super) fn parse(pattern: &str, terminal: bool) -> Result<Self, String> {
        let mut pieces = Vec::new();
        let mut text = String::new();
        let mut rest = pattern;
        while let Some(c) = rest.chars().next() {
            let start = |two: &str| rest.starts_with(two);
            let (written, length) = match c {
                '{' if start("{{") => ('{', 2),
                '}' if start("}}") => ('}', 2),
                '\\' if start("\\n") => ('\n', 2),
                '\\' if start("\\t") => ('\t', 2),
                '\\' if start("\\\\") => ('\\', 2),
                '{' => {
                    let Some((name, behind)) = rest.get(1..).and_then(|after| after.split_once('}')) else {
                        return Err(format!("-o {}: a {{ has no }}; {{{{ is a brace", clean_line(pattern)));
                    };
                    if !text.is_empty() {
                        pieces.push(Piece::Text(std::mem::take(&mut text)));
                    }
                    pieces.push(field(name)?);
                    rest = behind;
                    continue;
                }
                c => (c, c.len_utf8()),
            };
            text.push(written);
            rest = rest.get(length..).unwrap_or_default();
        }
        if !text.is_empty() {
            pieces.push(Piece::Text(text));
        }
        Ok(Self { pieces, terminal })
    }

    /// Writes the line of an event, or of a message without any. A field that it does not have is empty.
    pub(super) fn write(&mut self, out: &mut Vec<u8>, envelope: &Envelope<'_>, event: Option<&Event<'_>>) {
        let message = envelope.message();
        let view = View::of(envelope, event);
        for piece in &mut self.pieces {
            let value: Cow<'_, str> = match piece {
                Piece::Text(text) => {
                    out.extend_from_slice(text.as_bytes());
                    continue;
                }
                Piece::Own("stream") => Cow::Borrowed(&message.stream),
                Piece::Own("seq") => message.seq.to_string().into(),
                Piece::Own("stored") => message.time.to_string().into(),
                Piece::Own("size") => message.size().to_string().into(),
                Piece::Own(_) if event.is_some_and(|event| event.broken.is_some()) => {
                    String::from_utf8_lossy(envelope.body()).into_owned().into()
                }
                Piece::Own(_) => {
                    let body = event.map_or_else(|| Body::of_plain(envelope), Body::of);
                    String::from_utf8_lossy(body.shown()).into_owned().into()
                }
                Piece::Key(key, _, had) => {
                    let value = key.text(&view);
                    *had |= value.is_some();
                    value.unwrap_or_default()
                }
            };
            let shown = if self.terminal { clean_line(&value) } else { one_line(&value) };
            out.extend_from_slice(shown.as_bytes());
        }
        out.push(b'\n');
    }

    /// The attribute that nothing printed had and that no specification names, as a sentence: it may be mistyped.
    pub(super) fn never_filled(&self) -> Option<String> {
        let name = self.pieces.iter().find_map(|piece| match piece {
            Piece::Key(key, name, false) if key.is_attribute() && !ATTRIBUTES.contains(&name.as_str()) => Some(name),
            _ => None,
        })?;
        let meant = misspelt(name).map(|known| format!("; did you mean {{{known}}}?")).unwrap_or_default();
        Some(format!("nothing that was printed has the attribute {}{meant}", clean_line(name)))
    }
}

/// The text as it is, but for breaks of lines: a line is an event.
fn one_line(text: &str) -> Cow<'_, str> {
    if !text.contains(['\n', '\r']) {
        return Cow::Borrowed(text);
    }
    text.replace('\n', "␊").replace('\r', "␍").into()
}

/// The field of this name, if there can be one.
fn field(name: &str) -> Result<Piece, String> {
    if let Some(own) = OWN.iter().find(|own| **own == name) {
        return Ok(Piece::Own(own));
    }
    if let Some(key) = Key::parse(name) {
        return Ok(Piece::Key(key, name.to_owned(), false));
    }
    let known = ATTRIBUTES.into_iter().chain(OWN).chain(NATS);
    let meant = nearest(name, known).filter(|_| !name.is_empty());
    let meant = meant.map(|known| format!("did you mean {{{known}}}? ")).unwrap_or_default();
    Err(format!(
        "-o: there is no field {{{}}}; {meant}There are attributes such as {{type}}, {{data.NAME}}, {{header.NAME}}, \
         {{{}}} and {{{}}}; {{{{ is a brace",
        clean_line(name),
        OWN.join("}, {"),
        NATS.join("}, {")
    ))
}
