//! How an event travels: binary, structured or batch mode, and now and then broken as in real life.

use async_nats::HeaderMap;
use bytes::Bytes;
use cloudevents::{Data, Event};
use serde_json::Value;

use super::dice::Dice;
use super::events::{Draft, EventError, Topic, draft};

const STRUCTURED: &str = "application/cloudevents+json";
const BATCH: &str = "application/cloudevents-batch+json";

/// A message to be published.
#[derive(Clone, Debug)]
pub(super) struct Wire {
    /// The NATS subject.
    pub(super) subject: String,
    /// Its headers; may be empty.
    pub(super) headers: HeaderMap,
    /// Its body.
    pub(super) payload: Bytes,
}

impl Wire {
    fn new(subject: String, content_type: Option<&str>, payload: Vec<u8>) -> Self {
        let mut headers = HeaderMap::new();
        if let Some(content_type) = content_type {
            headers.insert("content-type", content_type);
        }
        Self { subject, headers, payload: payload.into() }
    }
}

/// The next message of this application: of a thousand, ten are broken, five are batches, about
/// four hundred structured (some without the header that says so), the rest binary.
pub(super) fn next(topic: Topic, dice: &mut Dice, serial: u64) -> Result<Wire, EventError> {
    let made = draft(topic, dice, serial)?;
    match dice.below(1_000) {
        0..10 => broken(&made, dice),
        10..15 => batch(made, topic, dice, serial),
        15..100 => structured(&made, None),
        100..450 => structured(&made, Some(STRUCTURED)),
        _ => binary(&made),
    }
}

/// Attributes as headers, data as the body.
fn binary(made: &Draft) -> Result<Wire, EventError> {
    let payload = match made.event.data() {
        Some(Data::Json(value)) => serde_json::to_vec(value)?,
        Some(Data::String(text)) => text.as_bytes().to_vec(),
        Some(Data::Binary(bytes)) => bytes.clone(),
        None => Vec::new(),
    };
    let mut wire = Wire::new(made.subject.clone(), None, payload);
    for (name, value) in made.event.iter() {
        let value = encoded(&value.to_string());
        if name == "datacontenttype" {
            // With the prefix it says that values are encoded.
            wire.headers.insert("ce-datacontenttype", value.as_str());
            wire.headers.insert("content-type", value);
        } else {
            wire.headers.insert(format!("ce-{name}").as_str(), value);
        }
    }
    Ok(wire)
}

/// All in one JSON object.
fn structured(made: &Draft, content_type: Option<&str>) -> Result<Wire, EventError> {
    Ok(Wire::new(made.subject.clone(), content_type, serde_json::to_vec(&made.event)?))
}

/// A few events in one JSON array.
fn batch(first: Draft, topic: Topic, dice: &mut Dice, serial: u64) -> Result<Wire, EventError> {
    let mut events: Vec<Event> = vec![first.event];
    for _ in 0..2 + dice.below(3) {
        events.push(draft(topic, dice, serial)?.event);
    }
    Ok(Wire::new(first.subject, Some(BATCH), serde_json::to_vec(&events)?))
}

/// What producers get wrong.
fn broken(made: &Draft, dice: &mut Dice) -> Result<Wire, EventError> {
    let changed = |change: &dyn Fn(&mut serde_json::Map<String, Value>)| -> Result<Vec<u8>, EventError> {
        let mut value = serde_json::to_value(&made.event)?;
        if let Value::Object(fields) = &mut value {
            change(fields);
        }
        Ok(serde_json::to_vec(&value)?)
    };
    let json = Some(STRUCTURED);
    let subject = made.subject.clone();
    Ok(match dice.below(8) {
        0 => Wire::new(
            subject,
            json,
            changed(&|fields| {
                fields.shift_remove("id");
            })?,
        ),
        1 => Wire::new(
            subject,
            json,
            changed(&|fields| {
                fields.insert("source".into(), "".into());
            })?,
        ),
        2 => Wire::new(
            subject,
            json,
            changed(&|fields| {
                fields.insert("specversion".into(), "2.0".into());
            })?,
        ),
        3 => {
            let mut cut = serde_json::to_vec(&made.event)?;
            cut.truncate(cut.len() / 2);
            Wire::new(subject, json, cut)
        }
        4 => {
            let garbage = (0..24).flat_map(|_| dice.next().to_le_bytes()).collect();
            Wire::new(subject, json, garbage)
        }
        // A console that draws this as it is sets its own title, clears itself and writes backwards.
        5 => Wire::new(subject, None, "\u{1b}]0;owned\u{7}\u{1b}[2J\u{1b}[31mred \u{202e}drawkcab\r\n".into()),
        6 => {
            let mut wire = binary(made)?;
            wire.headers.insert("ce-id", "");
            wire.headers.insert("ce-specversion", "0.2");
            wire
        }
        _ => {
            let mut wire = binary(made)?;
            wire.headers.insert("ce-subject", "\u{1b}[5mblink\u{1b}[8m%1B%zz");
            wire
        }
    })
}

/// A header's value: blanks, quotes, per cent signs and all beyond printable ASCII are percent-encoded.
fn encoded(value: &str) -> String {
    use std::fmt::Write as _;
    let mut text = String::with_capacity(value.len());
    for byte in value.bytes() {
        if byte.is_ascii_graphic() && !matches!(byte, b'"' | b'%') {
            text.push(char::from(byte));
        } else {
            let _ = write!(text, "%{byte:02X}");
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::event::{Envelope, Finding, Plain};
    use crate::model::{Header, Message, Timestamp};

    #[test]
    fn header_values_are_encoded_as_the_binding_says() {
        assert_eq!(encoded("zoë 100%"), "zo%C3%AB%20100%25");
        assert_eq!(encoded("https://github.com/a"), "https://github.com/a");
    }

    #[test]
    fn a_thousand_messages_hold_every_mode_and_a_few_broken_ones() {
        let mut dice = Dice::new(3);
        let (mut binary, mut structured, mut bare, mut batches, mut unreadable) = (0, 0, 0, 0, 0);
        for serial in 0..4_000 {
            let wire = next(Topic::Github, &mut dice, serial).unwrap();
            assert!(wire.subject.starts_with("eventsource.github."));
            let content_type = wire.headers.get("content-type").map(|v| v.as_str().to_owned());
            match content_type.as_deref() {
                Some(BATCH) => {
                    batches += 1;
                    assert!(serde_json::from_slice::<Vec<Event>>(&wire.payload).unwrap().len() >= 3);
                }
                Some(STRUCTURED) => {
                    structured += 1;
                    unreadable += usize::from(serde_json::from_slice::<Event>(&wire.payload).is_err());
                }
                Some(_) => {
                    binary += 1;
                    assert_eq!(wire.headers.get("ce-type").unwrap().as_str().find("com.github."), Some(0));
                }
                None => bare += 1,
            }
        }
        assert!(binary > 1_800 && structured > 1_000 && bare > 200 && batches > 5, "{binary} {structured} {bare}");
        assert!((5..80).contains(&unreadable), "{unreadable}");
    }

    /// The message as it would be read back.
    fn stored(wire: &Wire) -> Message {
        let pairs = wire.headers.iter().flat_map(|(name, values)| values.iter().map(move |value| (name, value)));
        Message {
            stream: "demo".into(),
            seq: 1,
            time: Timestamp(0),
            subject: wire.subject.as_str().into(),
            headers: pairs.map(|(n, v)| Header { name: n.to_string().into(), value: v.as_str().into() }).collect(),
            undecodable: None,
            body: wire.payload.clone(),
        }
    }

    #[test]
    fn what_the_demo_sends_is_understood_and_what_is_broken_is_told() {
        let mut dice = Dice::new(5);
        let mut told = BTreeSet::new();
        let mut invalid = 0;
        for serial in 0..6_000 {
            let message = stored(&next(Topic::Shop, &mut dice, serial).unwrap());
            let envelope = Envelope::new(&message);
            let decoded = envelope.decode();
            invalid += usize::from(!decoded.is_valid());
            told.extend(decoded.plain().map(Plain::name));
            told.extend(decoded.all_findings().map(Finding::name));
        }
        assert!((30..120).contains(&invalid), "{invalid}");
        let expected = [
            "control-character",
            "empty-id",
            "empty-source",
            "header-not-encoded",
            "header-percent",
            "json-syntax",
            "json-truncated",
            "missing-id",
            "not-json",
            "unknown-specversion",
        ];
        assert_eq!(told.into_iter().collect::<Vec<_>>(), expected);
    }
}
