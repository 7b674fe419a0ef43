//! Events in other formats than JSON. Each is read into the JSON format once, and goes on from there; the bytes that were sent
//! stay what copies are made of.

mod avro;
mod draft;
mod protobuf;
#[cfg(test)]
mod tests;
mod xml;

pub(super) use draft::Translated;

use super::decoded::{Broken, Content, Event, Extent, Rule};
use super::envelope::Envelope;
use super::finding::Finding;
use super::lint::lint;
use super::media;
use super::reader::{self, Depth};

/// An event format of the specification that is not JSON.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// `application/cloudevents+xml`
    Xml,
    /// `application/cloudevents+protobuf`
    Protobuf,
    /// `application/cloudevents+avro`
    Avro,
    /// `application/cloudevents+avro-compact`
    AvroCompact,
}

impl Format {
    /// By the `Content-Type` of an event or a batch.
    pub fn of(content_type: &str) -> Option<Self> {
        const EVENT: &str = "application/cloudevents";
        if !media::starts_with(content_type, EVENT) {
            return None;
        }
        let (batch, suffix) = media::essence(content_type).get(EVENT.len()..)?.split_once('+')?;
        let batch = match batch {
            "" => false,
            _ if batch.eq_ignore_ascii_case("-batch") => true,
            _ => return None,
        };
        // Those of Avro know no batches.
        let all = [Self::Xml, Self::Protobuf, Self::Avro, Self::AvroCompact];
        let suffixes = ["xml", "protobuf", "avro", "avro-compact"];
        let at = suffixes.iter().position(|known| suffix.eq_ignore_ascii_case(known))?;
        all.get(at).copied().filter(|format| !batch || matches!(format, Self::Xml | Self::Protobuf))
    }

    /// Its name, for people.
    pub fn name(self) -> &'static str {
        match self {
            Self::Xml => "XML",
            Self::Protobuf => "Protobuf",
            Self::Avro => "Avro",
            Self::AvroCompact => "compact Avro",
        }
    }

    /// Whether people can read its source.
    pub fn is_text(self) -> bool {
        self == Self::Xml
    }

    /// Reads a body.
    pub(super) fn translate(self, body: &[u8], batch: bool) -> Translated {
        match self {
            Self::Xml => xml::read(body),
            Self::Protobuf => protobuf::read(body, batch),
            Self::Avro => avro::read(body, false),
            Self::AvroCompact => avro::read(body, true),
        }
    }
}

/// What a message in another format is.
pub(super) fn content<'a>(
    envelope: &'a Envelope<'_>,
    translated: &'a Translated,
    format: Format,
    rule: Rule,
    depth: Depth<'_>,
    findings: &mut Vec<Finding>,
) -> Content<'a> {
    let mut document = reader::read(&translated.json, depth, true);
    for (event, note) in document.events.iter_mut().zip(&translated.notes) {
        event.more += note.lost;
        event.made_up = note.made_up;
        if depth.lints() {
            event.findings.extend(note.findings.iter().cloned());
            lint(event);
        }
    }
    let broken = translated.broken.as_ref();
    let finding = broken
        .filter(|_| depth.lints())
        .map(|broken| Finding::FormatBroken(format.name(), broken.at, broken.why.clone()));
    if let (Some(broken), Some(last)) = (broken, document.events.last_mut()) {
        last.extent = Extent::Part;
        // What comes after the break may hold them.
        last.findings.retain(|f| !matches!(f, Finding::Missing(_)));
        if depth.wants_data() {
            last.broken = Some(Broken { source: envelope.body(), at: broken.at, format: Some(format) });
        }
    }
    if translated.batch {
        if depth.lints() {
            findings.extend(finding);
            findings.extend((rule == Rule::EventType).then_some(Finding::BatchAsEvent));
            findings.extend((document.dropped > 0).then_some(Finding::BatchLong(document.dropped)));
        }
        return Content::Batch(rule, document.events);
    }
    let mut event = document.events.pop().unwrap_or_else(|| Event { extent: Extent::Nothing, ..Event::default() });
    event.findings.extend(finding);
    if rule == Rule::BatchType && depth.lints() {
        findings.push(Finding::EventAsBatch);
    }
    Content::Event(rule, event)
}
