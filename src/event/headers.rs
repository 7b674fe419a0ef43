//! Attributes from the headers of a binary event, in both dialects: `ce-` names in any case, values percent-encoded
//! (1.0.3 draft of the NATS binding) or not (the Go SDK); and Kafka's `ce_`, which is flagged.

use std::borrow::Cow;

use bytes::Bytes;
use percent_encoding::percent_decode;

use super::attribute::{Attribute, Core, Value};
use super::decoded::Event;
use super::envelope::Envelope;
use super::finding::Finding;
use super::reader::{Depth, MOST_ATTRIBUTES};
use crate::model::Header;

/// The name after `ce-` or `ce_`, and whether it was Kafka's.
pub(super) fn attribute_name(header: &str) -> Option<(&str, bool)> {
    match header.as_bytes() {
        [b'c' | b'C', b'e' | b'E', mark @ (b'-' | b'_'), _, ..] => Some((header.get(3..)?, *mark == b'_')),
        _ => None,
    }
}

/// Whether a header of a binary event is an attribute.
pub fn is_attribute_header(header: &str) -> bool {
    attribute_name(header).is_some()
}

/// Reads the attributes.
pub(super) fn read<'a>(envelope: &'a Envelope<'_>, depth: Depth<'_>) -> Event<'a> {
    let headers = envelope.headers();
    // In what was read of headers that the client refuses, bytes that are no UTF-8 are replaced.
    let salvaged = envelope.message().undecodable.is_some();
    let mut event = Event::default();
    event.attributes.reserve(headers.len().min(16));
    let (mut kafka, mut more) = (false, 0);
    for header in headers {
        let Some((name, underscore)) = attribute_name(&header.name) else {
            continue;
        };
        kafka |= underscore;
        let name = lower(name);
        if !depth.wants(&name) {
            continue;
        }
        if event.attributes.len() >= MOST_ATTRIBUTES && Core::of(&name).is_none() {
            more += 1;
        } else if event.get(&name).is_some() {
            if depth.lints() && event.findings.len() < MOST_ATTRIBUTES {
                event.findings.push(Finding::Duplicate((&*name).into()));
            }
        } else {
            let (value, mut problems) = decode(&header.value);
            if salvaged && header.value.contains(char::REPLACEMENT_CHARACTER) {
                problems = Problems { not_utf8: true, not_encoded: false, ..problems };
            }
            if depth.lints() {
                problems.tell(&name, &mut event.findings);
            }
            event.attributes.push(Attribute { name, value: Value::Text(value) });
        }
    }
    // The Go SDK uses that of the message for the data.
    data_content_type(&mut event, envelope.content_type(), depth);
    if depth.lints() {
        if kafka {
            event.findings.push(Finding::KafkaHeaders);
        }
        if more > 0 {
            event.findings.push(Finding::TooMany(more));
        }
    }
    event
}

/// `ce-datacontenttype` counts before `Content-Type`.
fn data_content_type<'a>(event: &mut Event<'a>, content_type: Option<&'a str>, depth: Depth<'_>) {
    let name = Core::Datacontenttype.name();
    let Some(content_type) = content_type.filter(|_| depth.wants(name)) else {
        return;
    };
    match event.datacontenttype() {
        None => event
            .attributes
            .push(Attribute { name: Cow::Borrowed(name), value: Value::Text(Cow::Borrowed(content_type)) }),
        Some(own) if depth.lints() && !own.eq_ignore_ascii_case(content_type) => {
            let finding = Finding::ContentTypes(own.into(), content_type.into());
            event.findings.push(finding);
        }
        Some(_) => {}
    }
}

fn lower(name: &str) -> Cow<'_, str> {
    if name.bytes().any(|b| b.is_ascii_uppercase()) {
        Cow::Owned(name.to_ascii_lowercase())
    } else {
        Cow::Borrowed(name)
    }
}

/// What is wrong with a header's value.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Problems {
    not_encoded: bool,
    percent: bool,
    not_utf8: bool,
}

impl Problems {
    fn tell(self, name: &str, findings: &mut Vec<Finding>) {
        if self.not_encoded {
            findings.push(Finding::HeaderNotEncoded(name.into()));
        }
        if self.percent {
            findings.push(Finding::HeaderPercent(name.into()));
        }
        if self.not_utf8 {
            findings.push(Finding::HeaderNotUtf8(name.into()));
        }
    }
}

/// Takes off the quotes of an RFC 7230 quoted string, then decodes per cent signs once.
fn decode(value: &str) -> (Cow<'_, str>, Problems) {
    let value = value.trim_matches([' ', '\t']);
    // Nearly all values are so; the check is a fraction of what follows.
    if value.bytes().all(|b| b.is_ascii_graphic() && b != b'%' && b != b'"') {
        return (Cow::Borrowed(value), Problems::default());
    }
    let (text, quoted) = unquote(value);
    let bytes = text.as_bytes();
    let mut problems = Problems::default();
    let mut encoded = false;
    for (at, &byte) in bytes.iter().enumerate() {
        match byte {
            b'%' if matches!(bytes.get(at + 1..at + 3), Some([a, b]) if a.is_ascii_hexdigit() && b.is_ascii_hexdigit()) =>
            {
                encoded = true;
            }
            b'%' => problems.percent = true,
            // Within quotes a blank is as it was meant to be in older versions of the bindings.
            b' ' | b'"' if quoted => {}
            b'"' => problems.not_encoded = true,
            byte if !byte.is_ascii_graphic() => problems.not_encoded = true,
            _ => {}
        }
    }
    if !encoded {
        return (text, problems);
    }
    let decoded: Vec<u8> = percent_decode(bytes).collect();
    match String::from_utf8(decoded) {
        Ok(text) => (Cow::Owned(text), problems),
        Err(error) => {
            problems.not_utf8 = true;
            (Cow::Owned(String::from_utf8_lossy(error.as_bytes()).into_owned()), problems)
        }
    }
}

/// The inside of `"…"` with its backslashes resolved; `true` when there were quotes.
fn unquote(value: &str) -> (Cow<'_, str>, bool) {
    let Some(inner) = value.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')) else {
        return (Cow::Borrowed(value), false);
    };
    if !inner.contains('\\') {
        return (Cow::Borrowed(inner), true);
    }
    let mut text = String::with_capacity(inner.len());
    let mut chars = inner.chars();
    while let Some(c) = chars.next() {
        text.push(if c == '\\' { chars.next().unwrap_or('\\') } else { c });
    }
    (Cow::Owned(text), true)
}

/// Headers out of a block that the client refuses: what can be read of it, bytes that are no UTF-8 replaced.
pub(super) fn salvage(block: &Bytes) -> Vec<Header> {
    block
        .split(|b| *b == b'\n')
        .filter_map(|line| {
            let at = line.iter().position(|b| *b == b':')?;
            let (name, value) = (line.get(..at)?, line.get(at + 1..)?);
            let text = |bytes: &[u8]| String::from_utf8_lossy(bytes.trim_ascii()).into_owned().into_boxed_str();
            Some(Header { name: text(name), value: text(value) })
        })
        .take(MOST_ATTRIBUTES)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_in_any_case_and_both_prefixes() {
        assert_eq!(attribute_name("ce-id"), Some(("id", false)));
        assert_eq!(attribute_name("CE-Type"), Some(("Type", false)));
        assert_eq!(attribute_name("Ce_source"), Some(("source", true)));
        for no in ["ce-", "ceid", "content-type", "c", "", "éé-id"] {
            assert_eq!(attribute_name(no), None, "{no}");
        }
    }

    #[test]
    fn values() {
        let cases: [(&str, &str, &[&str]); 15] = [
            ("plain", "plain", &[]),
            ("  trimmed\t", "trimmed", &[]),
            ("zo%C3%AB%20100%25", "zoë 100%", &[]),
            ("a b", "a b", &["header-not-encoded"]),
            ("zoë", "zoë", &["header-not-encoded"]),
            ("[0 1 2 3]", "[0 1 2 3]", &["header-not-encoded"]),
            ("\"a b\"", "a b", &[]),
            ("\"a \\\"b\\\\\"", "a \"b\\", &[]),
            ("100%", "100%", &["header-percent"]),
            ("%1B%zz", "\u{1b}%zz", &["header-percent"]),
            ("%ff%41", "\u{fffd}A", &["header-not-utf8"]),
            ("%2541", "%41", &[]),
            ("\"", "\"", &["header-not-encoded"]),
            ("ö%z", "ö%z", &["header-not-encoded", "header-percent"]),
            ("", "", &[]),
        ];
        for (sent, read, expected) in cases {
            let (found, problems) = decode(sent);
            let mut findings = Vec::new();
            problems.tell("x", &mut findings);
            assert_eq!(found, read, "{sent}");
            assert_eq!(findings.iter().map(Finding::name).collect::<Vec<_>>(), expected, "{sent}");
        }
    }

    #[test]
    fn a_refused_block_is_read_as_far_as_it_goes() {
        let block = Bytes::from_static(b"NATS/1.0\r\nce-id: 7\r\nno colon\r\nce-subject: gr\xf6\xdfe\r\na b:c\r\n\r\n");
        let headers = salvage(&block);
        let pairs: Vec<(&str, &str)> = headers.iter().map(|h| (&*h.name, &*h.value)).collect();
        assert_eq!(pairs, [("ce-id", "7"), ("ce-subject", "gr\u{fffd}\u{fffd}e"), ("a b", "c")]);
    }
}
