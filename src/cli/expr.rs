//! `jetscope expr`: what a filter makes of events, the way to try one before it is used on a stream.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::io::{self, BufRead as _, Write as _};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Serialize;
use serde_json::value::RawValue;

use crate::event::clean_line;
use crate::query::{Data, Fields, Filter, Part, Value, by_name};

use super::args::Expr;
use super::headless::Failure;
use super::output;

/// What is printed for an event.
#[derive(Serialize)]
struct Evaluated<'a> {
    value: Option<Value<'a>>,
    error: Option<String>,
}

/// Runs the command.
pub(super) fn run(wanted: &Expr) -> Result<(), Failure> {
    let text = &wanted.expression;
    let filter = if wanted.words { Filter::words(text) } else { Filter::expression(text) };
    let filter = filter.map_err(|mistake| Failure::Unknown(output::pointed(text, &mistake)))?;
    if let Some(caution) = filter.caution() {
        output::note(&clean_line(&caution));
    }
    let mut input = io::stdin().lock();
    let mut out = io::stdout().lock();
    let mut line = Vec::new();
    loop {
        line.clear();
        let unreadable = |e| Failure::Unknown(format!("the input cannot be read: {e}"));
        if input.read_until(b'\n', &mut line).map_err(unreadable)? == 0 {
            return Ok(());
        }
        if !line.trim_ascii().is_empty() {
            out.write_all(evaluated(&filter, line.trim_ascii())?.as_bytes())?;
        }
    }
}

/// The line that is printed for a line of input.
fn evaluated(filter: &Filter, line: &[u8]) -> io::Result<String> {
    let event = std::str::from_utf8(line)
        .map_err(|_| "the line is not UTF-8".to_owned())
        .and_then(|text| Event::read(text).map_err(|e| format!("the line is no JSON object: {e}")));
    match &event {
        Ok(event) => {
            let (value, error) = filter.evaluate(event);
            output::json(&Evaluated { value: Some(value), error: error.map(|e| e.to_string()) })
        }
        Err(error) => output::json(&Evaluated { value: None, error: Some(error.clone()) }),
    }
}

/// A `CloudEvent` in structured mode; its members are only read where the filter looks.
struct Event<'a> {
    text: &'a str,
    members: BTreeMap<String, &'a RawValue>,
}

impl<'a> Event<'a> {
    fn read(text: &'a str) -> serde_json::Result<Self> {
        Ok(Self { text, members: serde_json::from_str(text)? })
    }

    /// The data that is encoded, when it is text.
    fn decoded(&self) -> Option<String> {
        let encoded: String = serde_json::from_str(self.members.get("data_base64")?.get()).ok()?;
        String::from_utf8(STANDARD.decode(encoded).ok()?).ok()
    }
}

impl Fields for Event<'_> {
    fn attribute(&self, name: &str) -> Option<Value<'_>> {
        let members = self.members.iter().filter(|(name, _)| !matches!(name.as_str(), "data" | "data_base64"));
        let raw = by_name(name, members.map(|(name, raw)| (name.as_str(), raw)))?.get();
        match raw.as_bytes().first()? {
            b'n' => None,
            b't' | b'f' => Some(Value::Boolean(raw == "true")),
            b'"' => match raw.get(1..raw.len() - 1)? {
                plain if !plain.contains('\\') => Some(Value::text(plain)),
                _ => serde_json::from_str(raw).ok().map(Value::String),
            },
            // What is out of range is no Integer, and text is what CESQL has for everything else.
            _ => Some(raw.parse().map_or(Value::text(raw), Value::Integer)),
        }
    }

    fn data(&self) -> Option<Data<'_>> {
        if let Some(data) = self.members.get("data") {
            return Some(Data::Json(Cow::Borrowed(data.get())));
        }
        let text = self.decoded()?;
        // Some senders encode JSON; that it is not declared does not make it less of it.
        let json = text.trim_start().starts_with(['{', '[']);
        Some(if json { Data::Json(text.into()) } else { Data::Text(text.into()) })
    }

    fn header(&self, _: &str) -> Option<Cow<'_, str>> {
        None
    }

    fn any_text(&self, part: Part, found: &mut dyn FnMut(&str) -> bool) -> bool {
        match part {
            Part::Headers => false,
            Part::Body => found(self.text) || self.decoded().is_some_and(|text| found(&text)),
            // What is escaped in the text is not found there.
            Part::Attributes => self.members.keys().filter(|name| !name.starts_with("data")).any(|name| {
                let value = self.attribute(name);
                value.is_some_and(|value| found(&value.into_text()))
            }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(expression: &str, line: &str) -> String {
        evaluated(&Filter::expression(expression).unwrap(), line.as_bytes()).unwrap().trim_end().to_owned()
    }

    #[test]
    fn members_are_attributes_and_data() {
        let event = r#"{"specversion":"1.0","type":"a\u002eb","n":7,"wide":9007199254740993,"yes":true,"none":null,
            "dataschema":"s","data_base64":"eyJ4IjogWzEsIDJdfQ=="}"#;
        for (expression, expected) in [
            ("type = 'a.b'", r#"{"value":true,"error":null}"#),
            ("n + 1", r#"{"value":8,"error":null}"#),
            ("wide", r#"{"value":"9007199254740993","error":null}"#),
            ("yes", r#"{"value":true,"error":null}"#),
            ("EXISTS none", r#"{"value":false,"error":null}"#),
            ("dataschema", r#"{"value":"s","error":null}"#),
            ("data.x[1]", r#"{"value":2,"error":null}"#),
            ("nats.seq", r#"{"value":false,"error":"nats.seq is missing"}"#),
        ] {
            assert_eq!(line(expression, event), expected, "{expression}");
        }
        let text = r#"{"datacontenttype":"text/plain","data_base64":"aGVsbG8="}"#;
        assert_eq!(line("data", text), r#"{"value":"hello","error":null}"#);
        assert_eq!(line("data", r#"{"data":"hi"}"#), r#"{"value":"hi","error":null}"#);
        assert!(line("data", r#"{"data_base64":"%"}"#).contains("missing"));
    }

    #[test]
    fn the_place_of_a_mistake_is_marked() {
        let point = |text: &str| output::pointed(text, &Filter::expression(text).unwrap_err());
        assert_eq!(
            point("UPER(type) = 'A'"),
            "there is no function UPER; did you mean UPPER?\n  UPER(type) = 'A'\n  ^^^^"
        );
        assert_eq!(point("a ="), "the expression ends where a value should be\n  a =\n     ^");
        assert_eq!(point("'日本' ="), "the expression ends where a value should be\n  '日本' =\n          ^");
        assert!(!point("'\u{1b}[31m' \u{202e}").contains(['\u{1b}', '\u{202e}']));
    }
}
