//! A receiver of events that follows the specification strictly and knows nothing of jetscope: structured JSON and batches
//! (JSON format 1.0.2), and HTTP requests in all modes (HTTP binding 1.0.2).

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use serde_json::value::RawValue;

/// Headers of a request, as they came.
pub(crate) type Headers = Vec<(String, String)>;

/// Data as whoever handles the event gets it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Payload {
    None,
    /// JSON, with its digits, no blanks between its tokens.
    Json(String),
    Bytes(Vec<u8>),
}

/// An event as it was received.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Received {
    /// Values in their canonical form of text (section "Type System").
    pub(crate) attributes: BTreeMap<String, String>,
    pub(crate) payload: Payload,
}

/// The events of a request.
pub(crate) fn http(headers: &Headers, body: &[u8]) -> Vec<Received> {
    let all = |wanted: &str| headers.iter().filter(|(name, _)| name.eq_ignore_ascii_case(wanted)).collect::<Vec<_>>();
    let kinds = all("content-type");
    assert!(kinds.len() <= 1, "two types: {headers:?}");
    let kind = kinds.first().map(|(_, value)| value.to_ascii_lowercase()).unwrap_or_default();
    if kind.starts_with("application/cloudevents-batch") {
        let events: Vec<&RawValue> = serde_json::from_slice(body).unwrap();
        return events.into_iter().map(|event| structured(event.get().as_bytes())).collect();
    }
    if kind.starts_with("application/cloudevents") {
        return vec![structured(body)];
    }
    let mut attributes = BTreeMap::new();
    for (name, value) in headers {
        let Some(name) = name.to_ascii_lowercase().strip_prefix("ce-").map(str::to_owned) else { continue };
        assert!(!name.is_empty() && name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit()), "{name}");
        assert_ne!(name, "datacontenttype", "it is the Content-Type (section 3.1.1)");
        let before = attributes.insert(name.clone(), percent_decoded(value));
        assert_eq!(before, None, "{name} came twice");
    }
    if let Some((_, kind)) = kinds.first() {
        attributes.insert("datacontenttype".into(), kind.clone());
    }
    for required in ["specversion", "id", "source", "type"] {
        assert!(attributes.get(required).is_some_and(|value| !value.is_empty()), "{required}: {headers:?}");
    }
    let payload = if body.is_empty() { Payload::None } else { Payload::Bytes(body.to_vec()) };
    vec![Received { attributes, payload }.normal()]
}

/// A value of a header (section 3.1.3.2).
fn percent_decoded(value: &str) -> String {
    assert!(value.bytes().all(|b| (0x21..0x7f).contains(&b) && b != b'"'), "{value:?} is not encoded");
    let mut bytes = Vec::new();
    let mut rest = value.as_bytes();
    while let Some((first, behind)) = rest.split_first() {
        rest = behind;
        if *first != b'%' {
            bytes.push(*first);
            continue;
        }
        let digits = std::str::from_utf8(&behind[..2]).unwrap();
        bytes.push(u8::from_str_radix(digits, 16).unwrap());
        rest = &behind[2..];
    }
    String::from_utf8(bytes).unwrap()
}

/// One event in JSON.
pub(crate) fn structured(json: &[u8]) -> Received {
    let members: BTreeMap<String, &RawValue> = serde_json::from_slice(json).unwrap();
    let mut attributes = BTreeMap::new();
    for (name, raw) in &members {
        if matches!(name.as_str(), "data" | "data_base64") || raw.get() == "null" {
            continue;
        }
        let value = serde_json::from_str::<String>(raw.get()).unwrap_or_else(|_| compact(raw.get()));
        attributes.insert(name.clone(), value);
    }
    let text = |raw: &RawValue| serde_json::from_str::<String>(raw.get()).unwrap();
    let base64 = members.get("data_base64").filter(|raw| raw.get() != "null");
    let payload = match (members.get("data"), base64) {
        (Some(data), Some(_)) if data.get() != "null" => {
            panic!("data and data_base64 in {}", String::from_utf8_lossy(json))
        }
        (_, Some(raw)) => Payload::Bytes(BASE64_STANDARD.decode(text(raw)).unwrap()),
        (None, None) => Payload::None,
        (Some(raw), None) if raw.get().starts_with('"') && attributes.contains_key("datacontentencoding") => {
            Payload::Bytes(BASE64_STANDARD.decode(text(raw)).unwrap())
        }
        (Some(raw), None) if raw.get().starts_with('"') && !is_json(attributes.get("datacontenttype")) => {
            Payload::Bytes(text(raw).into_bytes())
        }
        (Some(raw), None) => Payload::Json(compact(raw.get())),
    };
    Received { attributes, payload }.normal()
}

impl Received {
    /// The same, as all forms of it are: data without a type is JSON, where it is JSON at all.
    pub(crate) fn normal(mut self) -> Self {
        let kind = self.attributes.get("datacontenttype");
        if let (Payload::Bytes(bytes), true) = (&self.payload, is_json(kind))
            && let Ok(json) = serde_json::from_slice::<&RawValue>(bytes)
        {
            self.payload = Payload::Json(compact(json.get()));
        }
        if kind.is_some_and(|kind| kind == "application/json") && matches!(self.payload, Payload::Json(_)) {
            self.attributes.remove("datacontenttype");
        }
        self
    }
}

fn is_json(kind: Option<&String>) -> bool {
    kind.is_none_or(|kind| {
        let essence = kind.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
        essence.ends_with("/json") || essence.ends_with("+json")
    })
}

/// JSON without blanks between its tokens.
pub(crate) fn compact(json: &str) -> String {
    let (mut out, mut inside, mut escaped) = (String::new(), false, false);
    for c in json.chars() {
        if inside || !c.is_ascii_whitespace() {
            out.push(c);
        }
        if c == '"' && !escaped {
            inside = !inside;
        }
        escaped = c == '\\' && !escaped;
    }
    out
}

#[test]
fn it_reads_strictly() {
    let event = structured(br#"{"specversion":"1.0","id":"1","n":5,"data":{ "a" : 1.50, "b c":"\" x" }}"#);
    assert_eq!(event.payload, Payload::Json(r#"{"a":1.50,"b c":"\" x"}"#.into()));
    assert_eq!(event.attributes["n"], "5");
    assert_eq!(percent_decoded("a%20%C3%BC"), "a ü");
    assert!(std::panic::catch_unwind(|| percent_decoded("a b")).is_err());
}
