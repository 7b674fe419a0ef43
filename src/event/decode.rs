//! From a message to events: which rule fires, in the order of the binding and of what is really sent.

#[cfg(test)]
mod tests;

use super::attribute::Core;
use super::decoded::{Broken, Content, Data, Decoded, Event, Extent, Plain, Rule};
use super::envelope::Envelope;
use super::finding::Finding;
use super::lint::lint;
use super::media;
use super::place::Place;
use super::reader::{self, Depth, Document, Shape};
use super::{format, headers};

pub(super) const BATCH: &str = "application/cloudevents-batch";
const EVENT: &str = "application/cloudevents";

pub(super) fn decode<'a>(envelope: &'a Envelope<'_>, depth: Depth<'_>) -> Decoded<'a> {
    let mut findings = Vec::new();
    let content = content(envelope, depth, &mut findings);
    if depth.lints() {
        if envelope.message().undecodable.is_some() {
            findings.push(Finding::UndecodableHeaders);
        }
        findings.extend(envelope.encoding_findings().iter().cloned());
    }
    let format = envelope.format().filter(|_| !matches!(content, Content::Plain(_)));
    Decoded { content, format, findings }
}

fn content<'a>(envelope: &'a Envelope<'_>, depth: Depth<'_>, findings: &mut Vec<Finding>) -> Content<'a> {
    let content_type = envelope.content_type().unwrap_or_default();
    let announced = if media::starts_with(content_type, BATCH) {
        Some(Rule::BatchType)
    } else if media::starts_with(content_type, EVENT) {
        Some(Rule::EventType)
    } else {
        None
    };
    if announced.is_none() && envelope.binary {
        return Content::Event(Rule::Header, binary(envelope, depth));
    }
    if announced.is_some() && envelope.marked && depth.lints() {
        findings.push(Finding::TwoModes);
    }
    if let (Some(rule), Some(format), Some(translated)) = (announced, envelope.format(), envelope.translated()) {
        return format::content(envelope, translated, format, rule, depth, findings);
    }
    if announced.is_some() && other_format(content_type) {
        return Content::Plain(Plain::OtherFormat(content_type.into()));
    }
    structured(envelope, announced, depth, findings)
}

fn binary<'a>(envelope: &'a Envelope<'_>, depth: Depth<'_>) -> Event<'a> {
    let mut event = headers::read(envelope, depth);
    if depth.wants_data() && !envelope.body().is_empty() {
        event.data = Data::Bytes(envelope.body());
        event.packed = envelope.still_packed().is_some();
        if envelope.keeps_packed() {
            event.sent = Some(&envelope.message().body);
        } else if envelope.is_cut() {
            event.extent = Extent::Part;
        }
    }
    if depth.lints() {
        lint(&mut event);
    }
    event
}

/// Whether the event format is one that is not JSON; without a suffix it is taken for JSON.
fn other_format(content_type: &str) -> bool {
    let essence = media::essence(content_type);
    essence.contains('+') && !media::is_json(essence)
}

fn structured<'a>(
    envelope: &'a Envelope<'_>,
    announced: Option<Rule>,
    depth: Depth<'_>,
    findings: &mut Vec<Finding>,
) -> Content<'a> {
    let body = envelope.body();
    let json = body.strip_prefix(b"\xef\xbb\xbf").unwrap_or(body);
    if announced.is_none() && !matches!(json.trim_ascii_start().first(), Some(b'{' | b'[')) {
        return Content::Plain(scalar(envelope, json));
    }
    let mut document = reader::read(json, depth, announced.is_some());
    let rule = match (announced, document.shape) {
        (Some(rule), _) => rule,
        (None, Shape::Object | Shape::Lines) if document.events.first().is_some_and(Event::is_recognised) => {
            Rule::BodyObject
        }
        (None, Shape::Array) if document.events.first().is_some_and(Event::is_recognised) => Rule::BodyArray,
        (None, _) => return Content::Plain(not_recognised(envelope, &document)),
    };
    if depth.lints() {
        if json.len() < body.len() {
            findings.push(Finding::ByteOrderMark);
        }
        document.events.iter_mut().filter(|e| !e.findings.contains(&Finding::NotObject)).for_each(lint);
        if let (Some(last), Some(_)) = (document.events.last_mut(), &document.broken) {
            // What comes after the break may hold them.
            last.findings.retain(|f| !matches!(f, Finding::Missing(_)));
        }
    }
    let place = document.broken.as_ref().map(|error| Place::of(error, json));
    if let (Some(last), Some(place)) = (document.events.last_mut(), &place)
        && last.extent == Extent::Part
        && depth.wants_data()
    {
        last.broken = Some(Broken { source: body, at: place.offset + (body.len() - json.len()), format: None });
    }
    let broken =
        document.broken.as_ref().zip(place).filter(|_| depth.lints()).map(|(error, place)| place.finding(error));
    let batch = match document.shape {
        Shape::Array | Shape::Lines => true,
        Shape::Object => false,
        Shape::Other => rule == Rule::BatchType,
    };
    if batch {
        if depth.lints() {
            findings.extend(broken);
            match (document.shape, rule) {
                (Shape::Lines, _) => findings.push(Finding::SeveralInBody),
                (_, Rule::EventType) => findings.push(Finding::BatchAsEvent),
                _ => {}
            }
            if document.shape == Shape::Other && document.broken.is_none() {
                findings.push(Finding::NotObject);
            }
            if document.dropped > 0 {
                findings.push(Finding::BatchLong(document.dropped));
            }
        }
        return Content::Batch(rule, document.events);
    }
    // Where nothing could be read, that every attribute is missing would add nothing.
    let nothing = || Event { extent: Extent::Nothing, ..Event::default() };
    let mut event = document.events.pop().unwrap_or_else(nothing);
    if depth.lints() {
        match (document.shape, broken) {
            (Shape::Other, None) => event.findings.push(Finding::NotObject),
            (_, broken) => event.findings.extend(broken),
        }
        if rule == Rule::BatchType {
            findings.push(Finding::EventAsBatch);
        }
    }
    Content::Event(rule, event)
}

/// Why a body that is neither object nor array is no event.
fn scalar(envelope: &Envelope<'_>, json: &[u8]) -> Plain {
    if envelope.marked {
        Plain::HeadersWithoutSpecversion
    } else if json.trim_ascii().is_empty() {
        Plain::Empty
    } else if serde_json::from_slice::<serde::de::IgnoredAny>(json).is_ok() {
        Plain::JsonScalar
    } else {
        Plain::NotJson
    }
}

/// Why an object or an array is no event.
fn not_recognised(envelope: &Envelope<'_>, document: &Document<'_>) -> Plain {
    if envelope.marked {
        return Plain::HeadersWithoutSpecversion;
    }
    if let Some(error) = &document.broken {
        return Plain::JsonBroken(error.line(), error.column());
    }
    let has_version = || document.events.iter().any(|e| e.get(Core::Specversion.name()).is_some());
    match document.shape {
        Shape::Array => Plain::ArrayOfOther,
        _ if has_version() => Plain::OnlySpecversion,
        _ => Plain::NoSpecversion,
    }
}
