//! What messages hold, for completion of filters: attributes, headers, subjects, values near the top of JSON.

use std::borrow::Cow;

use super::attribute::Core;
use super::body::leaves;
use super::decoded::{Data, Event, Mode};
use super::envelope::Envelope;
use super::reader::Depth;
use crate::model::Message;
use crate::model::sanitise::is_harmless;
use crate::query::{Seen, Step, attribute_key, data_key, header_key};

/// The most events of a batch that are looked at.
const MOST_EVENTS: usize = 4;

/// The most bytes of data that are looked at.
const LOOKED_AT: usize = 8 << 10;

/// The most values of the data that are noted.
const MOST_LEAVES: usize = 40;

/// The deepest values of the data that are noted, in steps.
const DEEPEST: usize = 4;

/// The most that a body is unpacked to here.
const UNPACKED: usize = 64 << 10;

impl Seen {
    /// Notes what a message holds. What would act on a terminal is left out, since all of this is shown.
    ///
    /// It costs some microseconds; where messages come fast, some of them are enough.
    pub fn add(&mut self, message: &Message) {
        let envelope = Envelope::with_limit(message, UNPACKED);
        let decoded = envelope.decode_to(Depth::Data);
        self.note_harmless("nats.subject", &message.subject);
        let binary = decoded.mode() == Some(Mode::Binary);
        for header in envelope.headers().iter().take(MOST_LEAVES) {
            if !(binary && envelope.is_attribute(header)) {
                self.note_harmless(&header_key(&header.name), &header.value);
            }
        }
        for event in decoded.events().iter().take(MOST_EVENTS) {
            for attribute in event.attributes.iter().take(MOST_LEAVES) {
                if attribute.name != Core::Specversion.name() {
                    self.note_harmless(&attribute_key(&attribute.name), &attribute.value.to_text());
                }
            }
            self.note_data(&data(event));
        }
        if decoded.plain().is_some() {
            self.note_data(envelope.body());
        }
    }

    fn note_data(&mut self, data: &[u8]) {
        let start = data.trim_ascii_start();
        if !start.starts_with(b"{") && !start.starts_with(b"[") {
            return;
        }
        let looked_at = match start.get(..LOOKED_AT) {
            // What is cut through is not what was sent.
            Some(part) => part.get(..part.iter().rposition(|b| *b == b',').unwrap_or(0)).unwrap_or_default(),
            None => start,
        };
        for leaf in leaves(looked_at).take(MOST_LEAVES) {
            let first = leaf.steps.iter().all(|step| matches!(step, Step::Key(_) | Step::Index(0)));
            if first && leaf.steps.len() <= DEEPEST {
                self.note_harmless(&data_key(&leaf.steps), &leaf.text);
            }
        }
    }

    fn note_harmless(&mut self, name: &str, value: &str) {
        // Longer ones are not kept anyway.
        if name.len() + value.len() < 1 << 10 && name.chars().chain(value.chars()).all(is_harmless) {
            self.note(name, value);
        }
    }
}

/// The data of an event as far as it is worth being looked at.
fn data<'e>(event: &'e Event<'_>) -> Cow<'e, [u8]> {
    match event.data {
        Data::Json(source) => Cow::Borrowed(source.as_bytes()),
        Data::Bytes(bytes) => Cow::Borrowed(bytes),
        Data::Base64(source) if source.len() < 2 * LOOKED_AT => Cow::Owned(event.opened(source).unwrap_or_default()),
        Data::Base64(_) | Data::None => Cow::Borrowed(&[]),
    }
}

#[cfg(test)]
mod tests {
    use super::super::exercise::message;
    use super::*;

    fn values(seen: &Seen, name: &str) -> Vec<String> {
        let mut found: Vec<String> = seen.values(name).map(|(value, count)| format!("{value} {count}")).collect();
        found.sort();
        found
    }

    #[test]
    fn attributes_headers_and_data_are_noted() {
        let mut seen = Seen::default();
        let body = br#"{"total":9.5,"items":[{"sku":"A"},{"sku":"B"}],"e-mail":"x","bad":"\u001b[2J","none":null}"#;
        let binary = [("ce-specversion", "1.0"), ("ce-type", "t"), ("ce-acme", "%C3%A9"), ("X-Y", "z")];
        seen.add(&message(&binary, body));
        seen.add(&message(
            &[],
            br#"{"specversion":"1.0","type":"t","id":"1","Upper":"x","a b":"y","data":{"total":9.5}}"#,
        ));
        seen.add(&message(&[], b"hello"));
        for (name, expected) in [
            ("type", vec!["t 2"]),
            ("acme", vec!["é 1"]),
            ("header.X-Y", vec!["z 1"]),
            ("nats.subject", vec!["orders.eu 3"]),
            ("data.total", vec!["9.5 2"]),
            ("data.items[0].sku", vec!["A 1"]),
            ("data.items[1].sku", vec![]),
            ("data['e-mail']", vec!["x 1"]),
            ("data.bad", vec![]),
            ("header.ce-type", vec![]),
            ("specversion", vec![]),
            ("Upper", vec!["x 1"]),
            ("ce['a b']", vec!["y 1"]),
        ] {
            assert_eq!(values(&seen, name), expected, "{name}");
        }
    }

    #[test]
    fn only_the_start_of_much_is_looked_at() {
        let mut seen = Seen::default();
        let body = format!("{{\"a\":1,\"pad\":\"{}\",\"n\":{}}}", "x".repeat(LOOKED_AT - 30), "1".repeat(50));
        seen.add(&message(&[], body.as_bytes()));
        assert_eq!(seen.names().filter(|(name, _)| name.starts_with("data")).count(), 1);
        let many = format!("{{{}\"z\":1}}", (0..900).map(|n| format!("\"a{n}\":1,")).collect::<Vec<_>>().concat());
        seen.add(&message(&[], many.as_bytes()));
        assert!(seen.names().count() <= MOST_LEAVES + 2);
    }
}
