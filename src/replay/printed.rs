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
}

/// A message that was printed.
pub(super) struct Printed {
    pub(super) message: Message,
    /// It is one event of a batch, whose others stand on the lines beside it.
    pub(super) of_batch: bool,
}

/// Reads a line; `None` where it is none of ours.
pub(super) fn read(line: &[u8]) -> Option<Printed> {
    let line: Line<'_> = serde_json::from_slice(line).ok()?;
    let whole = either(line.body, line.body_base64).ok()?;
    let of_batch = line.mode == "batch" && whole.is_none() && line.event.is_some();
    let body = match (whole, line.event) {
        (Some(whole), _) => whole,
        (None, None) => either(line.data, line.data_base64).ok()??,
        // Of an event whose JSON breaks, the source stands beside it.
        (None, Some(_)) if line.data.is_some() || line.data_base64.is_some() => {
            either(line.data, line.data_base64).ok()?.unwrap_or_default()
        }
        (None, Some(event)) if line.mode == "binary" => data(event)?,
        (None, Some(event)) => event.get().as_bytes().to_vec(),
    };
    let mut headers = line.headers;
    if of_batch {
        // Its events are printed in JSON, whatever they came in.
        for header in headers.iter_mut().filter(|h| h.name.eq_ignore_ascii_case("content-type")) {
            if Format::of(&header.value).is_some() {
                header.value = "application/cloudevents-batch+json".into();
            }
        }
    }
    let message = Message {
        stream: line.stream.into(),
        seq: line.seq,
        time: Timestamp::parse(&line.time)?,
        subject: line.subject.into(),
        headers,
        undecodable: None,
        body: Bytes::from(body),
    };
    Some(Printed { message, of_batch })
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
