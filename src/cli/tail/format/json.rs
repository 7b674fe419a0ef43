//! `-o json`: a line an event, with all that is known of its message.

use std::collections::BTreeMap;
use std::io;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use serde::Serialize;
use serde_json::value::RawValue;

use crate::cli::output;
use crate::event::{Decoded, Envelope, Event, Extent, Mode};
use crate::model::Timestamp;

/// What is printed for an event, or for a message that is none.
#[derive(Serialize)]
struct Document<'a> {
    stream: &'a str,
    seq: u64,
    time: Timestamp,
    subject: &'a str,
    headers: &'a BTreeMap<&'a str, Vec<&'a str>>,
    mode: &'static str,
    event: Option<Box<RawValue>>,
    error: Option<String>,
    size: usize,
    /// The body of a message that is no event, unpacked: as text, or where it is none, in Base64.
    #[serde(skip_serializing_if = "Option::is_none")]
    data: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    data_base64: Option<String>,
}

/// The lines of a message.
pub(super) struct Documents<'d, 'm, 'a> {
    envelope: &'d Envelope<'m>,
    decoded: &'d Decoded<'a>,
    headers: BTreeMap<&'d str, Vec<&'d str>>,
    /// There is no event in it.
    bare: bool,
}

impl<'d, 'm, 'a> Documents<'d, 'm, 'a> {
    pub(super) fn new(envelope: &'d Envelope<'m>, decoded: &'d Decoded<'a>) -> Self {
        let bare = decoded.events().iter().all(|event| event.extent == Extent::Nothing);
        let mut headers: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
        for header in envelope.headers() {
            headers.entry(&header.name).or_default().push(&header.value);
        }
        Self { envelope, decoded, headers, bare }
    }

    /// The line of an event, or of a message without any.
    pub(super) fn line(&self, event: Option<&Event<'_>>) -> io::Result<String> {
        let message = self.envelope.message();
        let body = self.envelope.body();
        let text = std::str::from_utf8(body).ok();
        output::json(&Document {
            stream: &message.stream,
            seq: message.seq,
            time: message.time,
            subject: &message.subject,
            headers: &self.headers,
            mode: self.decoded.mode().map_or("plain", Mode::name),
            event: event
                .filter(|event| event.extent != Extent::Nothing)
                .and_then(|event| RawValue::from_string(event.to_json_line()).ok()),
            error: self.error(event),
            size: message.size(),
            data: text.filter(|_| self.bare),
            data_base64: (self.bare && text.is_none()).then(|| BASE64_STANDARD.encode(body)),
        })
    }

    /// Why it is no event, and all that is wrong with it.
    fn error(&self, event: Option<&Event<'_>>) -> Option<String> {
        let own = event.map(|event| event.findings.as_slice()).unwrap_or_default();
        let findings = self.decoded.findings.iter().chain(own).map(ToString::to_string);
        let mut sentences: Vec<String> = self.decoded.plain().map(ToString::to_string).into_iter().collect();
        sentences.extend(findings);
        if sentences.is_empty() && event.is_none() {
            sentences.push("The batch is empty.".into());
        }
        (!sentences.is_empty()).then(|| sentences.join(" "))
    }
}
