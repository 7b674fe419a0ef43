//! How a message is printed: for people, as JSON, as structured `CloudEvents`, as its bytes, or by a pattern.

mod json;
mod pattern;
mod pretty;
mod raw;

use std::io::{self, IsTerminal as _};

use crate::event::{Decoded, Depth, Envelope, Event, Extent, clean_line};
use crate::model::Message;

use pattern::Pattern;
use raw::Raw;

/// How messages are printed.
#[derive(Debug)]
pub(super) enum Format {
    /// For people.
    Pretty,
    /// One JSON document a line.
    Json,
    /// One structured `CloudEvent` a line.
    CloudEvent,
    /// The body as it is.
    Raw(Raw),
    /// Text with `{fields}`.
    Pattern(Pattern),
}

/// What became of a message.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Written {
    /// Events that were printed; a message without any counts as one.
    pub(super) printed: u64,
    /// What is no event, or of which only a part could be read, where only events are printed.
    pub(super) left_out: u64,
    /// Attributes that were left out of what was printed.
    pub(super) attributes: u64,
}

impl Format {
    /// Reads what `-o` says. `live` where each message is printed as it comes.
    pub(super) fn parse(text: &str, live: bool) -> Result<Self, String> {
        Ok(match text {
            "pretty" => Self::Pretty,
            "json" => Self::Json,
            "ce" => Self::CloudEvent,
            "raw" => Self::Raw(Raw::new(io::stdout().is_terminal(), live)),
            pattern if pattern.contains('{') => Self::Pattern(Pattern::parse(pattern, io::stdout().is_terminal())?),
            other => {
                return Err(format!(
                    "-o {}: it should be pretty, json, ce, raw or a pattern such as '{{time}} {{type}} {{id}}'",
                    clean_line(other)
                ));
            }
        })
    }

    /// Writes the events of a message that have these numbers (all of them, where there are no numbers), and no more
    /// than `most`.
    pub(super) fn write(
        &mut self,
        out: &mut Vec<u8>,
        message: &Message,
        which: Option<&[usize]>,
        most: u64,
    ) -> io::Result<Written> {
        let mut written = Written::default();
        if let Self::Raw(raw) = self {
            raw.write(out, message);
            written.printed = 1;
            return Ok(written);
        }
        let envelope = Envelope::new(message);
        let depth = if matches!(self, Self::CloudEvent) { Depth::Data } else { Depth::Full };
        let decoded = envelope.decode_to(depth);
        if let Self::Pretty = self {
            written.printed = pretty::write(out, &envelope, &decoded, which, most)?;
            return Ok(written);
        }
        let documents =
            if matches!(self, Self::Json) { Some(json::Documents::new(&envelope, &decoded)?) } else { None };
        for (_, event) in chosen(&decoded, which) {
            if written.printed >= most {
                break;
            }
            match (&mut *self, event) {
                (Self::CloudEvent, Some(event)) if event.extent == Extent::Whole && !event.packed => {
                    event.write_json(out);
                    out.push(b'\n');
                    written.attributes += event.lost_in_json() as u64;
                }
                (Self::CloudEvent, _) => {
                    written.left_out += 1;
                    continue;
                }
                (Self::Json, event) => {
                    if let Some(documents) = &documents {
                        documents.write(out, event)?;
                    }
                }
                // Where nothing could be read of an event that was announced, the body is what there is.
                (Self::Pattern(pattern), event) => {
                    let nothing = decoded.events().iter().all(|event| event.extent == Extent::Nothing);
                    pattern.write(out, &envelope, event.filter(|_| !nothing));
                }
                (Self::Pretty | Self::Raw(_), _) => {}
            }
            written.printed += 1;
        }
        Ok(written)
    }

    /// What stands behind the last message; and what is worth a note after all of them.
    pub(super) fn finish(&mut self, out: &mut Vec<u8>) -> Option<String> {
        match self {
            Self::Raw(raw) => raw.finish(out),
            Self::Pattern(pattern) => return pattern.never_filled(),
            _ => {}
        }
        None
    }
}

/// These events of a message with their numbers; once none for a message without any.
fn chosen<'d, 'a>(
    decoded: &'d Decoded<'a>,
    which: Option<&'d [usize]>,
) -> impl Iterator<Item = (usize, Option<&'d Event<'a>>)> {
    let none = decoded.events().is_empty().then_some(None);
    let all = decoded.events().iter().map(Some).chain(none).enumerate();
    all.filter(move |(number, _)| which.is_none_or(|which| which.binary_search(number).is_ok()))
}

#[cfg(test)]
mod tests;
