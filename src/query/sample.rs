//! A message for tests of filters, made by hand.

use std::borrow::Cow;

use super::cesql::Value;
use super::fields::{Data, Fields, Part, by_name};
use crate::model::Timestamp;

/// A message of given parts.
#[derive(Default)]
pub(super) struct Sample {
    pub(super) attributes: Vec<(&'static str, Value<'static>)>,
    pub(super) headers: Vec<(&'static str, &'static str)>,
    pub(super) body: &'static str,
    pub(super) text: bool,
    pub(super) subject: &'static str,
    pub(super) seq: Option<u64>,
    pub(super) time: Option<&'static str>,
}

/// An order that was placed.
pub(super) fn order() -> Sample {
    let text = |name, value: &'static str| (name, Value::text(value));
    Sample {
        attributes: vec![
            text("specversion", "1.0"),
            text("id", "a-47"),
            text("source", "/shops/eu"),
            text("type", "com.acme.order.placed"),
            text("subject", "order/47"),
            text("time", "2026-11-20T15:50:07+02:00"),
            text("sequence", "12"),
            text("flag", "TRUE"),
            text("tenantId", "acme"),
            text("event_source", "syscall"),
            text("$schema", "https://x/y"),
            text("example-extension", "1"),
            text("o d", "1"),
            ("hops", Value::Integer(3)),
            ("urgent", Value::Boolean(true)),
        ],
        headers: vec![("Nats-Msg-Id", "a-47"), ("X Y", "spaced"), ("retries", "2")],
        body: r#"{"total": 129.90, "count": 3, "id": 9007199254740993, "paid": true, "note": null, "customer":
            {"name": "Zoë \"Z\"", "e-mail": "z@example.org"}, "items": [{"sku": "A-1", "n": 2}, {"sku": "B-2", "n": 1}]}"#,
        text: false,
        subject: "orders.eu.placed",
        seq: Some(4_000_000_000),
        time: Some("2026-11-20T13:50:08Z"),
    }
}

impl Fields for Sample {
    fn attribute(&self, name: &str) -> Option<Value<'_>> {
        by_name(name, self.attributes.iter().map(|(known, value)| (*known, value))).cloned()
    }

    fn data(&self) -> Option<Data<'_>> {
        let body = Cow::Borrowed(self.body);
        (!self.body.is_empty()).then_some(if self.text { Data::Text(body) } else { Data::Json(body) })
    }

    fn header(&self, name: &str) -> Option<Cow<'_, str>> {
        self.headers.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| Cow::Borrowed(*value))
    }

    fn subject(&self) -> Option<&str> {
        (!self.subject.is_empty()).then_some(self.subject)
    }

    fn seq(&self) -> Option<u64> {
        self.seq
    }

    fn time(&self) -> Option<Timestamp> {
        Timestamp::parse(self.time?)
    }

    fn any_text(&self, part: Part, found: &mut dyn FnMut(&str) -> bool) -> bool {
        match part {
            Part::Attributes => self.attributes.iter().any(|(_, value)| found(&value.clone().into_text())),
            Part::Headers => self.headers.iter().any(|(_, value)| found(value)),
            Part::Body => found(self.body),
        }
    }
}
