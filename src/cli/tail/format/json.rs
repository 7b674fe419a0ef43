//! `-o json`: a line an event, with all that is known of its message.

use std::collections::BTreeMap;
use std::io::{self, Write as _};

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use serde::Serialize;

use crate::event::{Decoded, Envelope, Event, Extent, Mode, escape, push_json, push_line};
use crate::model::Timestamp;

/// What is printed of a message before its event.
#[derive(Serialize)]
struct Head<'a> {
    stream: &'a str,
    seq: u64,
    time: Timestamp,
    subject: &'a str,
    headers: BTreeMap<&'a str, Vec<&'a str>>,
    mode: &'static str,
}

/// The lines of a message.
pub(super) struct Documents<'d, 'm, 'a> {
    envelope: &'d Envelope<'m>,
    decoded: &'d Decoded<'a>,
    /// How each line begins.
    head: Vec<u8>,
    /// There is no event in it.
    bare: bool,
}

impl<'d, 'm, 'a> Documents<'d, 'm, 'a> {
    pub(super) fn new(envelope: &'d Envelope<'m>, decoded: &'d Decoded<'a>) -> io::Result<Self> {
        let bare = decoded.events().iter().all(|event| event.extent == Extent::Nothing);
        let mut headers: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
        for header in envelope.headers() {
            headers.entry(&header.name).or_default().push(&header.value);
        }
        let message = envelope.message();
        let (stream, seq, time, subject) = (&*message.stream, message.seq, message.time, &*message.subject);
        let mode = decoded.mode().map_or("plain", Mode::name);
        let mut head = Vec::new();
        push_json(&mut head, &Head { stream, seq, time, subject, headers, mode })?;
        escape(&mut head, 0);
        // More members follow.
        head.pop();
        Ok(Self { envelope, decoded, head, bare })
    }

    /// Writes the line of an event, or of a message without any: `event`, all that is wrong as `error`, `size`, and of a
    /// message that is no event the body, unpacked, as `data`. Where these do not tell exactly which bytes were stored
    /// (they had several lines, or were packed), all of them follow as `body`. What is no text is in Base64.
    pub(super) fn write(&self, out: &mut Vec<u8>, event: Option<&Event<'_>>) -> io::Result<()> {
        out.extend_from_slice(&self.head);
        out.extend_from_slice(b",\"event\":");
        let from = out.len();
        let (body, stored) = (self.envelope.body(), &*self.envelope.message().body);
        let mut told = match event.filter(|event| event.extent != Extent::Nothing) {
            Some(event) if self.is_as_sent(event) && push_line(out, body) => out.get(from..) == Some(stored),
            Some(event) => {
                let exact = event.write_json(out);
                match self.decoded.mode() {
                    Some(Mode::Binary) => exact && (body == stored || event.sent.is_some()),
                    // Its others stand on lines of their own.
                    Some(Mode::Batch) => true,
                    _ => out.get(from..) == Some(stored),
                }
            }
            None => {
                out.extend_from_slice(b"null");
                true
            }
        };
        let from = out.len();
        out.extend_from_slice(b",\"error\":");
        push_json(out, &self.error(event))?;
        write!(out, ",\"size\":{}", self.envelope.message().size())?;
        if self.bare {
            push_bytes(out, "data", body)?;
            told = body == stored;
        }
        if !told {
            push_bytes(out, "body", stored)?;
        }
        escape(out, from);
        out.extend_from_slice(b"}\n");
        Ok(())
    }

    /// Whether the body is the event as it is to be printed.
    fn is_as_sent(&self, event: &Event<'_>) -> bool {
        self.decoded.mode() == Some(Mode::Structured)
            && self.decoded.format.is_none()
            && event.extent == Extent::Whole
            && event.findings.is_empty()
            && self.decoded.findings.is_empty()
    }

    /// Why it is no event, and all that is wrong with it.
    fn error(&self, event: Option<&Event<'_>>) -> Option<String> {
        let own = event.map(|event| event.findings.as_slice()).unwrap_or_default();
        let findings = self.decoded.findings.iter().chain(own).map(ToString::to_string);
        let mut sentences: Vec<String> = self.decoded.plain().map(ToString::to_string).into_iter().collect();
        sentences.extend(findings);
        (!sentences.is_empty()).then(|| sentences.join(" "))
    }
}

/// Writes a member of this name with the bytes as text; what is none, in Base64 and under its other name.
fn push_bytes(out: &mut Vec<u8>, name: &str, bytes: &[u8]) -> io::Result<()> {
    match std::str::from_utf8(bytes) {
        Ok(text) => {
            write!(out, ",\"{name}\":")?;
            push_json(out, text)
        }
        Err(_) => {
            write!(out, ",\"{name}_base64\":")?;
            push_json(out, &BASE64_STANDARD.encode(bytes))
        }
    }
}
