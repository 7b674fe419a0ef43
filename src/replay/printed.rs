//! Lines of `jetscope tail -o json`, read back as the messages that they were printed of.

use std::borrow::Cow;

use base64::prelude::BASE64_STANDARD;
use base64::{DecodeError, Engine as _};
use bytes::Bytes;
use serde::Deserialize;
use serde::de::{Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

use crate::event::{Format, media};
use crate::model::{Header, Message, Timestamp};

/// What stands on a line.
#[derive(Deserialize)]
struct Line<'a> {
    stream: String,
    seq: u64,
    time: String,
    subject: String,
    #[serde(deserialize_with = "headers")]
    headers: Vec<Header>,
    mode: String,
    #[serde(borrow)]
    event: Option<&'a RawValue>,
    /// The whole body, where the rest does not say exactly what it was.
    body: Option<String>,
    body_base64: Option<String>,
    data: Option<String>,
    data_base64: Option<String>,
    /// Its headers cannot be decoded.
    #[serde(default)]
    undecodable: bool,
}

/// A message that was printed.
pub(super) struct Printed {
    pub(super) message: Message,
    /// It is of a batch, whose other events stand on the lines beside it; whether it is all of it, or one event.
    pub(super) of_batch: Option<Part>,
}

/// What a line has of a batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Part {
    /// An event.
    Event,
    /// An element that is no event.
    Other,
    /// All of it, as it was stored.
    All,
}

/// Reads a line; `None` where it is none of ours.
pub(super) fn read(line: &[u8]) -> Option<Printed> {
    let line: Line<'_> = serde_json::from_slice(line).ok()?;
    let whole = either(line.body, line.body_base64).ok()?;
    let bare = line.data.is_some() || line.data_base64.is_some();
    let of_batch = (line.mode == "batch" && !bare).then_some(match (&whole, line.event) {
        (Some(_), _) => Part::All,
        (None, Some(_)) => Part::Event,
        (None, None) => Part::Other,
    });
    let body = match (whole, line.event) {
        (Some(whole), _) => whole,
        (None, None) if of_batch.is_some() => Vec::new(),
        (None, None) => either(line.data, line.data_base64).ok()??,
        // Of an event whose JSON breaks, the source stands beside it.
        (None, Some(_)) if line.data.is_some() || line.data_base64.is_some() => {
            either(line.data, line.data_base64).ok()?.unwrap_or_default()
        }
        (None, Some(event)) if line.mode == "binary" => data(event)?,
        (None, Some(event)) => event.get().as_bytes().to_vec(),
    };
    let mut headers = line.headers;
    if of_batch.is_some_and(|part| part != Part::All) {
        // Its events are printed in JSON and unpacked, whatever they came in.
        headers.retain(|h| !h.name.eq_ignore_ascii_case("content-encoding"));
        for header in headers.iter_mut().filter(|h| h.name.eq_ignore_ascii_case("content-type")) {
            if Format::of(&header.value).is_some() || is_event(&header.value) {
                header.value = BATCH.into();
            }
        }
    }
    let message = Message {
        stream: line.stream.into(),
        seq: line.seq,
        time: Timestamp::parse(&line.time)?,
        subject: line.subject.into(),
        headers,
        undecodable: line.undecodable.then(Bytes::new),
        body: Bytes::from(body),
    };
    Some(Printed { message, of_batch })
}

/// The type of a batch in JSON.
const BATCH: &str = "application/cloudevents-batch+json";

/// Whether a type is that of one event.
fn is_event(named: &str) -> bool {
    let essence = media::essence(named);
    essence.eq_ignore_ascii_case("application/cloudevents")
        || essence.eq_ignore_ascii_case("application/cloudevents+json")
}

/// A body as text or in Base64; `None` where there is neither.
fn either(text: Option<String>, base64: Option<String>) -> Result<Option<Vec<u8>>, DecodeError> {
    match (text, base64) {
        (Some(text), _) => Ok(Some(text.into_bytes())),
        (None, Some(encoded)) => BASE64_STANDARD.decode(encoded).map(Some),
        (None, None) => Ok(None),
    }
}

/// The data of an event that came in binary mode.
#[derive(Deserialize)]
struct Event<'a> {
    #[serde(borrow)]
    datacontenttype: Option<Cow<'a, str>>,
    #[serde(borrow)]
    data: Option<&'a RawValue>,
    data_base64: Option<String>,
}

fn data(event: &RawValue) -> Option<Vec<u8>> {
    let event: Event<'_> = serde_json::from_str(event.get()).ok()?;
    Some(match (event.data, event.data_base64) {
        (Some(data), _) if event.datacontenttype.is_none_or(|named| media::is_json(&named)) => {
            data.get().as_bytes().to_vec()
        }
        (Some(data), _) => serde_json::from_str::<String>(data.get()).ok()?.into_bytes(),
        (None, Some(encoded)) => BASE64_STANDARD.decode(encoded).ok()?,
        (None, None) => Vec::new(),
    })
}

/// Names and their values, in the order of the line.
fn headers<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<Header>, D::Error> {
    struct Headers;
    impl<'de> Visitor<'de> for Headers {
        type Value = Vec<Header>;

        fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            f.write_str("headers with their values")
        }

        fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
            let mut headers = Vec::new();
            while let Some((name, values)) = map.next_entry::<String, Vec<String>>()? {
                headers.extend(values.into_iter().map(|v| Header { name: name.as_str().into(), value: v.into() }));
            }
            Ok(headers)
        }
    }
    deserializer.deserialize_map(Headers)
}
