//! What must hold for every message, whatever is in it: used by the tests of this room and by the fuzzer.
//!
//! An input looks like a mail: lines of headers, an empty line, the body. Headers that are no such lines, or not
//! UTF-8, make a message whose headers the client refuses.

use bytes::Bytes;
use unicode_width::UnicodeWidthStr as _;

use super::body::Line;
use super::save::{self, Format};
use super::{
    Body, Content, Data, Decoded, Depth, Document, Envelope, Glance, Relation, Seen, Shape, diff, identity,
    is_harmless_text,
};
use crate::model::{Header, Message, Timestamp};

/// The most that bodies are unpacked to here.
const LIMIT: usize = 1 << 16;

/// A message with these headers and this body.
pub fn message(headers: &[(&str, &str)], body: &[u8]) -> Message {
    Message {
        stream: "orders".into(),
        seq: 1,
        time: Timestamp(0),
        subject: "orders.eu".into(),
        headers: headers.iter().map(|(name, value)| Header { name: (*name).into(), value: (*value).into() }).collect(),
        undecodable: None,
        body: Bytes::copy_from_slice(body),
    }
}

/// A message out of an input.
pub fn from_input(input: &[u8]) -> Message {
    let (head, body) = match input.windows(2).position(|pair| pair == b"\n\n") {
        Some(at) => (input.get(..at).unwrap_or_default(), input.get(at + 2..).unwrap_or_default()),
        None if input.first() == Some(&b'\n') => (Default::default(), input.get(1..).unwrap_or_default()),
        None => (Default::default(), input),
    };
    let pairs: Option<Vec<(&str, &str)>> =
        std::str::from_utf8(head).ok().and_then(|text| text.lines().map(|line| line.split_once(':')).collect());
    match pairs {
        Some(pairs) => message(&pairs, body),
        None => Message { undecodable: Some(Bytes::copy_from_slice(head)), ..message(&[], body) },
    }
}

/// Any JSON, no duplicate names in it.
#[cfg(test)]
pub fn json() -> impl proptest::strategy::Strategy<Value = serde_json::Value> {
    use proptest::prelude::*;
    use serde_json::Value;
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        any::<String>().prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 64, 6, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
            prop::collection::vec((any::<String>(), inner), 0..6)
                .prop_map(|members| Value::Object(members.into_iter().collect())),
        ]
    })
}

/// Does everything that can be done to a message, and checks what must hold.
///
/// # Panics
///
/// When it does not hold.
pub fn exercise(message: &Message) {
    let envelope = Envelope::with_limit(message, LIMIT);
    let full = envelope.decode();
    assert!(envelope.body().len() <= LIMIT.max(message.body.len()), "unpacked too much");
    for depth in [Depth::Only(&["subject", "acme"]), Depth::Attributes, Depth::Data] {
        let less = envelope.decode_to(depth);
        assert!(less.all_findings().next().is_none(), "findings without the full pass");
        agree(&less, &full, depth);
    }
    for finding in full.all_findings() {
        assert!(!finding.name().is_empty());
        harmless(&finding.to_string());
    }
    if let Content::Plain(plain) = &full.content {
        harmless(&plain.to_string());
    }
    for event in full.events().iter().take(20) {
        let line = event.to_json_line();
        harmless(&line);
        let (members, bytes) = event.weigh_json(|_| false);
        assert_eq!(line.len(), 2 + bytes + members.saturating_sub(1), "what it weighs is what is written: {line}");
        assert!(serde_json::from_str::<&serde_json::value::RawValue>(&line).is_ok(), "not JSON: {line}");
        if let Ok(sdk) = event.to_sdk() {
            assert_eq!(event.id(), Some(cloudevents::AttributesReader::id(&sdk)));
        }
        laid_out(Body::of(event));
        laid_out(Body::of(event).as_bytes());
    }
    laid_out(Body::of_plain(&envelope));
    glanced(message);
    documented(message);
    if message.body.len() < LIMIT {
        saved(message);
        let other = self::message(&[("ce-specversion", "1.0")], message.body.get(1..).unwrap_or_default());
        for line in diff(message, &other) {
            harmless(&line.text);
        }
    }
    let mut seen = Seen::default();
    seen.add(message);
    for (name, _) in seen.names() {
        harmless(name);
        seen.values(name).for_each(|(value, _)| harmless(value));
    }
}

/// Clipboards, pagers and lines of JSON get nothing that acts on a terminal but breaks of lines.
fn saved(message: &Message) {
    for format in [Format::Ndjson, Format::Csv] {
        let mut out = Vec::new();
        let written = save::write(format, [message, message].into_iter(), &mut out);
        assert!(written.is_ok(), "{written:?}");
        let text = String::from_utf8(out);
        // JSON has escapes for what acts on a terminal; a table for programs says what was sent.
        assert!(text.is_ok_and(|text| format == Format::Csv || text.lines().all(is_harmless_text)));
    }
    save::event_text(message, 0).lines().for_each(harmless);
    harmless(&save::nats_command(message));
}

/// Panels of all shapes: rows are as many as are said, harmless, and no wider than the panel.
fn documented(message: &Message) {
    let panels = [(Shape::Pretty, 20), (Shape::Pretty, 101), (Shape::Bytes, 50), (Shape::Json, 80)];
    // One is enough of what is large.
    let most = if message.body.len() > LIMIT { 1 } else { panels.len() };
    for (shape, width) in panels.into_iter().take(most) {
        let mut document = Document::of(message, 0, shape, width);
        let first = document.rows(0..60);
        let total = document.total();
        assert_eq!(first.len(), total.min(60));
        for (number, row) in first.into_iter().chain(document.rows(total.saturating_sub(20)..total)).enumerate() {
            let text: String = row.line.iter().map(|span| &*span.text).collect();
            harmless(&text);
            assert!(text.width() <= width, "{text:?} in {width}");
            document.field(number);
        }
    }
}

/// What a row shows is harmless, and the same key is found again.
fn glanced(message: &Message) {
    let glance = Glance::of(message);
    let texts = [&glance.ty, &glance.source, &glance.subject, &glance.id, &glance.time, &glance.why];
    texts.into_iter().flatten().for_each(|text| harmless(text));
    let by_group = identity(message).relation();
    for relation in [Relation::Id, Relation::SourceSubject, Relation::Type].into_iter().chain(by_group) {
        if let Some(key) = relation.key(message) {
            assert!(relation.holds(&key, message), "{relation:?} {key}");
        }
    }
}

/// A pass that reads less sees the same, as long as the JSON is whole (what is skipped is not checked).
fn agree(less: &Decoded<'_>, full: &Decoded<'_>, depth: Depth<'_>) {
    if full.all_findings().any(|f| f.name().starts_with("json-") || f.name() == "format-broken")
        || full.plain().is_some()
    {
        return;
    }
    assert_eq!(less.rule(), full.rule(), "{depth:?}");
    assert_eq!(less.events().len(), full.events().len());
    for (less, full) in less.events().iter().zip(full.events()) {
        match depth {
            Depth::Only(_) => {
                for attribute in &less.attributes {
                    assert_eq!(full.get(&attribute.name), Some(&attribute.value));
                }
            }
            _ => assert_eq!(less.attributes, full.attributes),
        }
        let same_kind = std::mem::discriminant(&less.data) == std::mem::discriminant(&full.data);
        assert!(if depth == Depth::Data { same_kind } else { matches!(less.data, Data::None) });
    }
}

fn laid_out(mut body: Body<'_>) {
    let total = body.total();
    let first = body.lines(0..50);
    let last = body.lines(total.saturating_sub(50)..total);
    assert_eq!(first.len(), total.min(50));
    assert_eq!(last.len(), total.min(50));
    let check = |line: &Line| line.iter().for_each(|span| harmless(&span.text));
    first.iter().chain(&last).for_each(check);
    harmless(body.note().unwrap_or_default());
}

fn harmless(text: &str) {
    assert!(is_harmless_text(text), "not harmless: {text:?}");
}
