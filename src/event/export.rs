//! An event leaves the house: as one line of structured JSON that loses nothing, and as the SDK's typed event.

use std::borrow::Cow;

use cloudevents::event::{AttributesWriter as _, EventBuilder as _, ExtensionValue};
use cloudevents::{Data as SdkData, EventBuilderV10};
use serde_json::value::RawValue;
use thiserror::Error;

use super::attribute::{Core, Value};
use super::decoded::{Data, Event};
use super::line::escape;
use super::lint::decode_base64;
use super::written::{Members, Weighed, Written};
use super::{media, scan};

/// Why the SDK's event cannot hold this one.
#[derive(Debug, Error)]
pub enum ExportError {
    /// A required attribute is missing or no text, or the version is not 1.0.
    #[error("the attribute {0} is missing or not as the SDK needs it")]
    Required(&'static str),
    /// An attribute of a kind that the SDK does not know: a float, an object, an array.
    #[error("the attribute {0:?} is neither string, integer nor boolean")]
    Extension(String),
    /// A time or a URI that is none.
    #[error(transparent)]
    Build(#[from] cloudevents::event::EventBuilderError),
    /// A `dataschema` that is none.
    #[error("dataschema is no absolute URI: {0}")]
    Dataschema(#[from] url::ParseError),
    /// Data that cannot be taken apart.
    #[error("the data cannot be read: {0}")]
    Data(#[from] serde_json::Error),
    /// `data_base64` that is none.
    #[error("data_base64 cannot be decoded")]
    Base64,
}

/// Data in the terms of the JSON format.
pub(super) enum Payload<'a> {
    None,
    /// JSON source text, as it was sent.
    Json(&'a str),
    Text(Cow<'a, str>),
    Bytes(Cow<'a, [u8]>),
    /// `data_base64` as it was sent. Where it holds no escapes and can be decoded, there is no other way to write it.
    Base64(&'a str),
}

pub(super) fn payload<'a>(event: &Event<'a>) -> Payload<'a> {
    let named = event.datacontenttype();
    match event.data {
        Data::None => Payload::None,
        Data::Json(source) => Payload::Json(source),
        Data::Base64(source) if source.contains('\\') => {
            decode_base64(source).map_or(Payload::Base64(source), |bytes| Payload::Bytes(Cow::Owned(bytes)))
        }
        Data::Base64(source) => Payload::Base64(source),
        Data::Bytes(bytes) => {
            let bytes = event.sent.unwrap_or(bytes);
            // In the JSON format, data without a type is JSON.
            if named.is_none_or(media::is_json)
                && let Some(source) = event.json.or_else(|| source(bytes))
            {
                return Payload::Json(source);
            }
            match std::str::from_utf8(bytes) {
                Ok(text) if named.is_some_and(|n| (media::is_text(n) || media::is_xml(n)) && media::is_utf8(n)) => {
                    Payload::Text(Cow::Borrowed(text))
                }
                _ => Payload::Bytes(Cow::Borrowed(bytes)),
            }
        }
    }
}

/// The JSON that the bytes are, without the blanks around it.
fn source(bytes: &[u8]) -> Option<&str> {
    scan::whole(bytes).or_else(|| serde_json::from_slice::<&RawValue>(bytes).ok().map(RawValue::get))
}

impl Event<'_> {
    /// The event as one line of `application/cloudevents+json`, without a line break at its end.
    ///
    /// Everything that was read is in it, in its order, with its digits and offsets, also when the event is invalid; but
    /// for what [`Event::lost_in_json`] counts.
    /// Characters that act on a terminal are written as `\u` escapes, so the line is harmless and says the same.
    pub fn to_json_line(&self) -> String {
        let mut line = Vec::new();
        self.write_json(&mut line);
        // It was made of text.
        String::from_utf8(line).unwrap_or_default()
    }

    /// Writes the same behind what is there; source text is copied and not made anew. Whether the data of a binary event
    /// is in it so that its bytes can be told exactly.
    pub fn write_json(&self, out: &mut Vec<u8>) -> bool {
        let from = out.len();
        let mut written = Written::new(out);
        let data = self.tell(&mut written);
        written.end();
        escape(out, from);
        let sent = if let Data::Bytes(bytes) = self.data { bytes.len() } else { 0 };
        data.is_none_or(|data| {
            data.len() == sent && out.strip_suffix(b"}").is_some_and(|o| o.ends_with(data.as_bytes()))
        })
    }

    /// What [`Event::write_json`] would write between its braces, without the members of which this is true: how many
    /// members, and how many bytes without the commas between them.
    pub fn weigh_json(&self, without: impl Fn(&str) -> bool) -> (usize, usize) {
        let mut weighed = Weighed::new(without);
        self.tell(&mut weighed);
        (weighed.members, weighed.bytes)
    }

    /// Tells all members; the source text of the data where it is JSON.
    fn tell(&self, members: &mut impl Members) -> Option<&str> {
        let mut data = None;
        for attribute in self.attributes.iter().filter(|attribute| !attribute.is_named_data()) {
            members.name(&attribute.name);
            match &attribute.value {
                Value::Text(text) => members.text(text),
                other => members.source(&other.to_text()),
            }
        }
        match payload(self) {
            Payload::None => {}
            Payload::Json(source) => {
                members.name("data");
                members.source(source);
                data = Some(source);
            }
            Payload::Text(text) => {
                members.name("data");
                members.text(&text);
            }
            Payload::Bytes(bytes) => {
                members.name("data_base64");
                members.bytes(&bytes);
            }
            Payload::Base64(source) => {
                members.name("data_base64");
                members.source(source);
            }
        }
        if let Some(beside) = self.beside {
            members.name("data_base64");
            members.source(beside);
        }
        data
    }

    /// The event as the SDK has it: typed and strict. Offsets of times and digits of numbers are lost there.
    pub fn to_sdk(&self) -> Result<cloudevents::Event, ExportError> {
        let required = |core: Core| self.text(core).ok_or(ExportError::Required(core.name()));
        if required(Core::Specversion)? != "1.0" {
            return Err(ExportError::Required(Core::Specversion.name()));
        }
        let mut builder =
            EventBuilderV10::new().id(required(Core::Id)?).source(required(Core::Source)?).ty(required(Core::Type)?);
        if let Some(subject) = self.subject() {
            builder = builder.subject(subject);
        }
        if let Some(time) = self.text(Core::Time) {
            builder = builder.time(time);
        }
        for extension in self.extensions() {
            let value = match &extension.value {
                Value::Text(text) => ExtensionValue::String(text.to_string()),
                Value::Integer(number) => ExtensionValue::Integer(i64::from(*number)),
                Value::Boolean(truth) => ExtensionValue::Boolean(*truth),
                Value::Json(source) => {
                    let number = source.parse().map_err(|_| ExportError::Extension(extension.name.to_string()))?;
                    ExtensionValue::Integer(number)
                }
            };
            builder = builder.extension(&extension.name, value);
        }
        let mut event = builder.build()?;
        event.set_datacontenttype(self.datacontenttype());
        if let Some(schema) = self.dataschema() {
            event.set_dataschema(Some(url::Url::parse(schema)?));
        }
        match payload(self) {
            Payload::None => {}
            Payload::Json(source) => {
                let value = serde_json::from_str(source)?;
                let is_json = self.datacontenttype().is_none_or(media::is_json);
                event.set_data_unchecked(match value {
                    serde_json::Value::String(text) if !is_json => SdkData::String(text),
                    value => SdkData::Json(value),
                });
            }
            Payload::Text(text) => {
                event.set_data_unchecked(SdkData::String(text.into_owned()));
            }
            Payload::Bytes(bytes) => {
                event.set_data_unchecked(SdkData::Binary(bytes.into_owned()));
            }
            Payload::Base64(source) => {
                let bytes = decode_base64(source).ok_or(ExportError::Base64)?;
                event.set_data_unchecked(SdkData::Binary(bytes));
            }
        }
        Ok(event)
    }
}

/// JSON on one line, with what acts on a terminal written as escapes: it says the same, and does no harm on a screen.
pub fn harmless_json(line: String) -> String {
    let mut out = line.into_bytes();
    escape(&mut out, 0);
    // It was text before.
    String::from_utf8(out).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use cloudevents::AttributesReader as _;

    use super::super::Envelope;
    use super::super::body::compact;
    use super::super::exercise::message;
    use super::*;

    fn line(headers: &[(&str, &str)], body: &[u8]) -> String {
        let sent = message(headers, body);
        let envelope = Envelope::new(&sent);
        envelope.decode().events().first().unwrap().to_json_line()
    }

    const HEADERS: [(&str, &str); 4] =
        [("ce-specversion", "1.0"), ("ce-id", "zo%C3%AB"), ("ce-source", "/a"), ("ce-type", "t")];

    fn binary(content_type: &str, body: &[u8]) -> String {
        let mut headers = HEADERS.to_vec();
        if !content_type.is_empty() {
            headers.push(("content-type", content_type));
        }
        let line = line(&headers, body);
        line.split_once("\"t\"").unwrap().1.to_owned()
    }

    #[test]
    fn structured_events_lose_nothing() {
        let source = "{\"id\":\"1\",\"specversion\":\"1.0\",\n\"source\":\"/a\",\"type\":\"t\",\"time\":\"2026-11-20T15:50:07.50+02:00\",\
            \"ratio\":1.50,\"data\":{ \"b\" : 123456789012345678901234567890, \"a\":[\"x y\", 1.0] }}";
        // The data is copied as it is.
        let data = source.find("\"data\":").unwrap();
        let expected = compact(&source[..data]) + &source[data..];
        assert_eq!(line(&[], source.as_bytes()), expected);
        let lines = source.replace("{ \"b\"", "{\n\t\"b\"");
        assert_eq!(line(&[], lines.as_bytes()), compact(&lines));
        let base64 = r#"{"specversion":"1.0","id":"1","source":"/a","type":"t","data_base64":"AAE="}"#;
        assert_eq!(line(&[], base64.as_bytes()), base64);
        let both = r#"{"specversion":"1.0","id":"1","source":"/a","type":"t","data":null,"data_base64":"AAE="}"#;
        assert_eq!(line(&[], both.as_bytes()), both);
    }

    #[test]
    fn binary_events_by_what_their_data_is() {
        assert_eq!(
            binary("application/json", b"{ \"a\": 1.0 }"),
            r#","datacontenttype":"application/json","data":{ "a": 1.0 }}"#
        );
        assert_eq!(binary("", b"[1]"), r#","data":[1]}"#);
        assert_eq!(binary("", b""), "}");
        assert_eq!(binary("text/plain", b"a\nb"), r#","datacontenttype":"text/plain","data":"a\nb"}"#);
        assert_eq!(binary("text/plain", b"\xff"), r#","datacontenttype":"text/plain","data_base64":"/w=="}"#);
        assert_eq!(binary("application/json", b"{"), r#","datacontenttype":"application/json","data_base64":"ew=="}"#);
    }

    #[test]
    fn what_acts_on_a_terminal_is_escaped() {
        let line = line(
            &[],
            "{\"specversion\":\"1.0\",\"id\":\"\\u001b\u{202e}\",\"\u{9b}\":1,\"data\":\"\u{e0001}é\"}".as_bytes(),
        );
        assert_eq!(line, r#"{"specversion":"1.0","id":"\u001b\u202e","\u009b":1,"data":"\udb40\udc01é"}"#);
    }

    #[test]
    fn the_sdk_gets_the_same_event() {
        let source = br#"{"specversion":"1.0","id":"1","source":"/a","type":"t","subject":"s","time":"2026-11-20T15:50:07+02:00",
            "dataschema":"https://x/y","datacontenttype":"application/json","n":5,"big":99999999999,"f":true,"data":{"a":[1]}}"#;
        let sent = message(&[], source);
        let envelope = Envelope::new(&sent);
        let ours = envelope.decode().events().first().unwrap().to_sdk().unwrap();
        assert_eq!(ours, serde_json::from_slice::<cloudevents::Event>(source).unwrap());
        let sent = message(&[HEADERS.as_slice(), &[("ce-datacontenttype", "text/plain")]].concat(), b"hello");
        let envelope = Envelope::new(&sent);
        let ours = envelope.decode().events().first().unwrap().to_sdk().unwrap();
        assert_eq!(
            (ours.id(), ours.datacontenttype(), ours.data()),
            ("zoë", Some("text/plain"), Some(&SdkData::from("hello")))
        );
    }

    #[test]
    fn the_sdk_cannot_hold_everything() {
        for members in [
            r#""id":"1","n":1.5"#,
            r#""n":1"#,
            r#""id":"1","time":"x""#,
            r#""id":"1","dataschema":"x""#,
            r#""id":"1","data_base64":1"#,
        ] {
            let body = format!("{{\"specversion\":\"1.0\",\"type\":\"t\",\"source\":\"/a\",{members}}}");
            let sent = message(&[], body.as_bytes());
            let envelope = Envelope::new(&sent);
            let error = envelope.decode().events().first().unwrap().to_sdk().unwrap_err();
            assert!(!error.to_string().is_empty());
        }
    }
}
