//! A message as filters see it: decoded no further than the filter looks.

use std::borrow::Cow;

use crate::model::{Message, Timestamp};
use crate::query::{self, Fields, Filter, Needs, Part, Verdict, by_name};

use super::attribute::{Core, Value};
use super::charset;
use super::decoded::{Data, Decoded, Event};
use super::envelope::Envelope;
use super::media;
use super::reader::Depth;
use super::unanswered::Unanswered;

/// Whether a filter lets a message through; of a batch, any of its events.
pub fn passes(filter: &Filter, message: &Message) -> bool {
    !matching(std::slice::from_ref(filter), message, &mut Unanswered::default()).is_empty()
}

/// The numbers of those events of a message, from 0, that all filters let through. A message without any event counts
/// as one. Those that a filter has no answer for are noted.
pub fn matching(filters: &[Filter], message: &Message, unanswered: &mut Unanswered) -> Vec<usize> {
    let envelope = Envelope::new(message);
    let needs = filters.iter().fold(Needs::default(), |needs, filter| needs | filter.needs());
    let names = named(filters);
    let decoded = envelope.decode_to(names.as_deref().map_or_else(|| depth(needs), Depth::Only));
    let mut passing = Vec::new();
    for (number, view) in View::all(&envelope, &decoded).enumerate() {
        let first =
            filters.iter().map(|filter| (filter, filter.judge(&view))).find(|(_, verdict)| *verdict != Verdict::Passes);
        match first {
            None => passing.push(number),
            Some((filter, Verdict::NoAnswer)) => {
                let why = || filter.evaluate(&view).1.map(|error| error.to_string()).unwrap_or_default();
                unanswered.note(message, why);
            }
            Some(_) => {}
        }
    }
    passing
}

/// The attributes that filters look at by name, where they look at nothing else of an event. Reading may end with the
/// last of them.
fn named(filters: &[Filter]) -> Option<Vec<&str>> {
    let mut names = Vec::new();
    for filter in filters {
        names.extend(filter.attributes()?.iter().map(|name| &**name));
    }
    Some(names)
}

fn depth(needs: Needs) -> Depth<'static> {
    match (needs.body, needs.attributes) {
        (true, _) => Depth::Data,
        (false, true) => Depth::Attributes,
        (false, false) => Depth::Only(&[]),
    }
}

/// One event of a message, or a message that is none.
#[derive(Debug)]
pub struct View<'v, 'm> {
    envelope: &'v Envelope<'m>,
    event: Option<&'v Event<'v>>,
}

impl<'v, 'm> View<'v, 'm> {
    /// The view of one event, or of a message without any.
    pub fn of(envelope: &'v Envelope<'m>, event: Option<&'v Event<'v>>) -> Self {
        Self { envelope, event }
    }

    /// The views of a message: one for each event, and one for a message without any.
    pub fn all(envelope: &'v Envelope<'m>, decoded: &'v Decoded<'v>) -> impl Iterator<Item = Self> {
        let none = decoded.events().is_empty().then_some(Self { envelope, event: None });
        decoded.events().iter().map(move |event| Self { envelope, event: Some(event) }).chain(none)
    }

    /// As it is laid out on screens: by its type, and by looking where that says neither.
    fn json_or_text(named: Option<&str>, text: Cow<'v, str>) -> query::Data<'v> {
        let named = named.unwrap_or_default();
        let is_text = || media::is_text(named) || media::is_xml(named) || media::schema_format(named).is_some();
        let json = media::is_json(named) || (looks_like_json(&text) && !is_text());
        if json { query::Data::Json(text) } else { query::Data::Text(text) }
    }

    /// The events of a body that is not JSON, as JSON: of what is no text, what can be searched.
    fn translated(&self) -> Option<&str> {
        self.envelope.translated().and_then(|translated| std::str::from_utf8(&translated.json).ok())
    }

    /// The type of its body.
    fn named(&self) -> Option<&'v str> {
        self.event.and_then(Event::datacontenttype).or_else(|| self.envelope.content_type())
    }

    fn encoded(&self) -> Option<String> {
        let event = self.event?;
        let Data::Base64(source) = event.data else { return None };
        let bytes = event.opened(source)?;
        match charset::decode(event.datacontenttype(), &bytes) {
            Some(foreign) => Some(foreign.text),
            None => String::from_utf8(bytes).ok(),
        }
    }
}

impl Fields for View<'_, '_> {
    fn attribute(&self, name: &str) -> Option<query::Value<'_>> {
        let attributes = self.event?.attributes.iter();
        Some(match by_name(name, attributes.map(|attribute| (&*attribute.name, &attribute.value)))? {
            Value::Text(text) => query::Value::text(text.as_ref()),
            Value::Integer(n) => query::Value::Integer(*n),
            Value::Boolean(b) => query::Value::Boolean(*b),
            Value::Json(source) => query::Value::text(*source),
        })
    }

    fn data(&self) -> Option<query::Data<'_>> {
        let bytes = match self.event.map(|e| e.data) {
            Some(Data::Json(source)) => return Some(query::Data::Json(Cow::Borrowed(source))),
            Some(Data::Base64(_)) => {
                let text = self.encoded()?;
                // Some senders encode JSON; that it is not declared does not make it less of it.
                if looks_like_json(&text) {
                    return Some(query::Data::Json(text.into()));
                }
                return Some(Self::json_or_text(self.event.and_then(Event::datacontenttype), text.into()));
            }
            Some(Data::Bytes(bytes)) => bytes,
            Some(Data::None) => return None,
            None => self.envelope.body(),
        };
        let named = self.named();
        if let Some(foreign) = charset::decode(named, bytes) {
            return Some(Self::json_or_text(named, foreign.text.into()));
        }
        let text = std::str::from_utf8(bytes).ok().filter(|t| !t.is_empty())?;
        Some(Self::json_or_text(named, Cow::Borrowed(text)))
    }

    fn header(&self, name: &str) -> Option<Cow<'_, str>> {
        let header = self.envelope.headers().iter().find(|h| h.name.eq_ignore_ascii_case(name))?;
        Some(Cow::Borrowed(&header.value))
    }

    fn stream(&self) -> Option<&str> {
        Some(&self.envelope.message().stream)
    }

    fn subject(&self) -> Option<&str> {
        Some(&self.envelope.message().subject)
    }

    fn seq(&self) -> Option<u64> {
        Some(self.envelope.message().seq)
    }

    fn time(&self) -> Option<Timestamp> {
        Some(self.envelope.message().time)
    }

    fn any_text(&self, part: Part, found: &mut dyn FnMut(&str) -> bool) -> bool {
        match part {
            Part::Attributes => self.event.is_some_and(|e| {
                e.attributes.iter().any(|a| a.name != Core::Specversion.name() && found(&a.value.to_text()))
            }),
            Part::Headers => self.envelope.headers().iter().any(|h| found(&h.value)),
            Part::Body => {
                std::str::from_utf8(self.envelope.body()).is_ok_and(&mut *found)
                    || self.translated().is_some_and(&mut *found)
                    || charset::decode(self.named(), self.envelope.body()).is_some_and(|foreign| found(&foreign.text))
                    || self.encoded().is_some_and(|text| found(&text))
            }
        }
    }
}

fn looks_like_json(text: &str) -> bool {
    text.trim_start().starts_with(['{', '['])
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::model::Header;

    fn message(headers: &[(&str, &str)], body: &str) -> Message {
        Message {
            stream: Arc::from("S"),
            seq: 7,
            time: Timestamp::from_secs(1),
            subject: "orders.eu".into(),
            headers: headers.iter().map(|(n, v)| Header { name: (*n).into(), value: (*v).into() }).collect(),
            undecodable: None,
            body: body.to_owned().into(),
        }
    }

    fn passed(expression: &str, message: &Message) -> bool {
        passes(&Filter::expression(expression).unwrap(), message)
    }

    #[test]
    fn every_mode_is_looked_into() {
        let binary = message(
            &[
                ("ce-specversion", "1.0"),
                ("ce-type", "a.b"),
                ("ce-id", "1"),
                ("X-Trace", "t"),
                ("content-type", "application/json"),
            ],
            r#"{"total":120}"#,
        );
        let structured =
            message(&[], r#"{"specversion":"1.0","type":"a.b","id":"1","source":"s","data":{"total":120}}"#);
        let encoded = message(
            &[],
            r#"{"specversion":"1.0","type":"a.b","id":"1","source":"s","data_base64":"eyJ0b3RhbCI6MTIwfQ=="}"#,
        );
        for m in [&binary, &structured, &encoded] {
            for yes in [
                "type = 'a.b'",
                "data.total > 100",
                "nats.subject LIKE 'orders.%' AND nats.seq = 7",
                "nats.stream = 'S'",
                "EXISTS id",
            ] {
                assert!(passed(yes, m), "{yes}");
            }
            assert!(!passed("data.total > 200", m));
            assert!(passes(&Filter::words("120").unwrap(), m) && passes(&Filter::words("type:a.*").unwrap(), m));
        }
        let odd = message(
            &[],
            r#"{"specversion":"1.0","type":"a","id":"1","source":"s","event_source":"x","example-extension":"1","$schema":"y","tenantId":"acme"}"#,
        );
        let sent = message(&[("ce-specversion", "1.0"), ("ce-id", "1"), ("ce-tenantId", "acme")], "");
        for yes in ["event_source = 'x'", "$schema = 'y'", "ce['example-extension'] = '1'", "tenantId = 'acme'"] {
            assert!(passed(yes, &odd), "{yes}");
        }
        for yes in ["tenantid:acme", "TenantID:acme", "example-extension:1", "event_source:x -$schema:z"] {
            assert!(passes(&Filter::words(yes).unwrap(), &odd), "{yes}");
        }
        assert!(passed("tenantId = 'acme'", &sent) && passed("tenantid = 'acme'", &sent));
        assert!(passed("header.x-trace = 't'", &binary) && !passed("EXISTS header.x-trace", &structured));
    }

    #[test]
    fn events_that_a_filter_has_no_answer_for_are_counted() {
        let batch = message(
            &[],
            r#"[{"specversion":"1.0","type":"a","id":"1","data":{"n":1}},{"specversion":"1.0","type":"a","id":"2","data":{"n":"x"}},{"specversion":"1.0","type":"b","id":"3"}]"#,
        );
        let mut unanswered = Unanswered::default();
        let found = |text: &str, unanswered: &mut Unanswered| {
            matching(&[Filter::expression(text).unwrap(), Filter::words("a").unwrap()], &batch, unanswered)
        };
        assert_eq!((found("type = 'a'", &mut unanswered), unanswered.sentence()), (vec![0, 1], None));
        assert_eq!(found("data.n > 0", &mut unanswered), [0]);
        let first = "2 events could not be judged, the first: #7 of S: 'x' is no Integer";
        assert_eq!(unanswered.sentence().as_deref(), Some(first));
        let mut one = Unanswered::default();
        assert_eq!(found("type = 'a' OR data.n = 1", &mut one), [0, 1]);
        assert_eq!(one.sentence().unwrap(), "1 event could not be judged: #7 of S: data.n is missing");
    }

    #[test]
    fn of_a_batch_any_event_counts_and_a_plain_message_is_looked_into_too() {
        let batch = message(
            &[("content-type", "application/cloudevents-batch+json")],
            r#"[{"specversion":"1.0","type":"a","id":"1","source":"s"},{"specversion":"1.0","type":"b","id":"2","source":"s"}]"#,
        );
        assert!(passed("type = 'b'", &batch) && !passed("type = 'c'", &batch));
        let found = |filters: &[&str], message: &Message| {
            let filters: Vec<_> = filters.iter().map(|text| Filter::expression(text).unwrap()).collect();
            matching(&filters, message, &mut Unanswered::default())
        };
        assert_eq!(found(&["type = 'b'"], &batch), [1]);
        // Both of one event, not one of each.
        assert_eq!(found(&["type = 'b'", "id = '1'"], &batch), [0_usize; 0]);
        assert_eq!((found(&["EXISTS id"], &batch), found(&[], &batch)), (vec![0, 1], vec![0, 1]));
        let plain = message(&[], r#"{"total":120}"#);
        assert_eq!((found(&["data.total = 120"], &plain), found(&["EXISTS id"], &plain)), (vec![0], vec![]));
        assert!(passed("data.total = 120", &plain) && !passed("EXISTS type", &plain));
        assert!(passes(&Filter::words("orders").unwrap(), &message(&[], "")));
    }
}
