//! `-o json`: a line an event, with all that is known of its message.

use std::io::{self, Write as _};

use crate::event::{Decoded, Envelope, Event, Extent, Mode, escape, push_base64, push_json, push_line};
use crate::model::Header;

/// The lines of a message.
pub(super) struct Documents<'d, 'm, 'a> {
    envelope: &'d Envelope<'m>,
    decoded: &'d Decoded<'a>,
    /// How each line begins.
    head: Vec<u8>,
    /// There is no event in it.
    bare: bool,
    /// A batch that its events on their lines do not tell exactly: packed, in another format, or not whole.
    odd: bool,
}

impl<'d, 'm, 'a> Documents<'d, 'm, 'a> {
    pub(super) fn new(envelope: &'d Envelope<'m>, decoded: &'d Decoded<'a>) -> io::Result<Self> {
        let bare = decoded.events().iter().all(|event| event.extent == Extent::Nothing);
        let odd = decoded.mode() == Some(Mode::Batch)
            && (decoded.format.is_some()
                || !decoded.findings.is_empty()
                || envelope.body() != &*envelope.message().body
                || decoded.events().iter().any(|event| event.extent != Extent::Whole));
        let message = envelope.message();
        let mut head = Vec::with_capacity(512);
        head.extend_from_slice(b"{\"stream\":");
        push_json(&mut head, &*message.stream)?;
        write!(head, ",\"seq\":{},\"time\":", message.seq)?;
        push_json(&mut head, &message.time)?;
        head.extend_from_slice(b",\"subject\":");
        push_json(&mut head, &*message.subject)?;
        head.extend_from_slice(b",\"headers\":{");
        push_headers(&mut head, envelope.headers())?;
        write!(head, "}},\"mode\":\"{}\"", decoded.mode().map_or("plain", Mode::name))?;
        escape(&mut head, 0);
        Ok(Self { envelope, decoded, head, bare, odd })
    }

    /// Writes the line of an event, or of a message without any: `event`, all that is wrong as `error`, `size`, and of a
    /// message that is no event the body, unpacked, as `data`. Where these do not tell exactly which bytes were stored
    /// (they had several lines, or were packed), all of them follow as `body`, of a batch on the first of its lines. What is
    /// no text is in Base64.
    pub(super) fn write(&self, out: &mut Vec<u8>, event: Option<&Event<'_>>) -> io::Result<()> {
        out.extend_from_slice(&self.head);
        out.extend_from_slice(b",\"event\":");
        let from = out.len();
        let (body, stored) = (self.envelope.body(), &*self.envelope.message().body);
        // Blanks around it are not read back.
        let is_line = |line: Option<&[u8]>| line == Some(stored) && stored.trim_ascii() == stored;
        let mut told = match event.filter(|event| event.extent != Extent::Nothing) {
            Some(event) if self.is_as_sent(event) && push_line(out, body) => is_line(out.get(from..)),
            Some(event) => {
                let exact = event.write_json(out);
                match self.decoded.mode() {
                    Some(Mode::Binary) => exact && (body == stored || event.sent.is_some()),
                    // Its others stand on lines of their own.
                    Some(Mode::Batch) => !self.odd || !(self.is_first(event) || event.extent == Extent::Part),
                    _ => is_line(out.get(from..)),
                }
            }
            None => {
                out.extend_from_slice(b"null");
                !self.odd || !event.is_some_and(|event| self.is_first(event))
            }
        };
        let from = out.len();
        out.extend_from_slice(b",\"error\":");
        push_json(out, &self.error(event))?;
        write!(out, ",\"size\":{}", self.envelope.message().size())?;
        if self.envelope.message().undecodable.is_some() {
            out.extend_from_slice(b",\"undecodable\":true");
        }
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

    fn is_first(&self, event: &Event<'_>) -> bool {
        self.decoded.events().first().is_some_and(|first| std::ptr::eq(first, event))
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

/// Writes the names of headers in their order, each with its values in the order of the wire.
fn push_headers(out: &mut Vec<u8>, headers: &[Header]) -> io::Result<()> {
    let mut headers: Vec<&Header> = headers.iter().collect();
    headers.sort_by(|a, b| a.name.cmp(&b.name));
    let mut before: Option<&str> = None;
    for header in headers {
        match before.replace(&header.name) {
            Some(name) if *name == *header.name => out.push(b','),
            other => {
                out.extend_from_slice(if other.is_some() { b"]," } else { b"" });
                push_json(out, &*header.name)?;
                out.extend_from_slice(b":[");
            }
        }
        push_json(out, &*header.value)?;
    }
    out.extend_from_slice(if before.is_some() { b"]" } else { b"" });
    Ok(())
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
            push_base64(out, bytes);
            Ok(())
        }
    }
}
