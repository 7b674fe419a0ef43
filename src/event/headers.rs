//! Attributes from the headers of a binary event. Names come in any case with the prefix `ce-`, with those of other
//! bindings (`ce_` of Kafka, `cloudEvents_` of AMQP) or, as with MQTT, without any; these are flagged. Values come in two
//! dialects: percent-encoded (1.0.3 draft of the NATS binding) or as they are (the Go SDK). Which one, a message says as a
//! whole: see [`Dialect`].

use std::borrow::Cow;

use bytes::Bytes;
use percent_encoding::percent_decode;

use super::attribute::{Attribute, Core, Value};
use super::decoded::Event;
use super::envelope::Envelope;
use super::finding::Finding;
use super::reader::{Depth, MOST_ATTRIBUTES};
use crate::model::Header;

/// In which headers the attributes of a binary event stand.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Style {
    /// `ce-id`, or Kafka's `ce_id`.
    #[default]
    Ce,
    /// `cloudEvents_id`, as the AMQP binding has it.
    Amqp,
    /// `id`, as the MQTT binding has it.
    Mqtt,
}

impl Style {
    /// The name of the attribute that a header is; `None` where it is none.
    pub(super) fn attribute(self, header: &str) -> Option<&str> {
        match self {
            Self::Ce => attribute_name(header).map(|(name, _)| name),
            Self::Amqp => of_amqp(header),
            Self::Mqtt => (!header.is_empty() && header.bytes().all(|b| b.is_ascii_alphanumeric())).then_some(header),
        }
    }
}

/// The name after `ce-` or `ce_`, and whether it was Kafka's.
pub(super) fn attribute_name(header: &str) -> Option<(&str, bool)> {
    match header.as_bytes() {
        [b'c' | b'C', b'e' | b'E', mark @ (b'-' | b'_'), _, ..] => Some((header.get(3..)?, *mark == b'_')),
        _ => None,
    }
}

/// The name after `cloudEvents_`.
pub(super) fn of_amqp(header: &str) -> Option<&str> {
    const PREFIX: &str = "cloudEvents_";
    let (start, name) = header.split_at_checked(PREFIX.len())?;
    (start.eq_ignore_ascii_case(PREFIX) && !name.is_empty()).then_some(name)
}

/// Whether a header is an attribute as the binding has it.
pub(super) fn is_attribute_header(header: &str) -> bool {
    attribute_name(header).is_some()
}

/// How the values of headers are to be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Dialect {
    /// Per cent signs stand for bytes.
    Encoded,
    /// The same, though nothing in the message says so but that the specification wants it.
    Presumed,
    /// Values are what they are.
    Literal,
}

impl Dialect {
    /// That of a message. A `Content-Type` without `ce-datacontenttype` is what the Go SDK writes, which encodes nothing;
    /// neither does whoever sends what no encoder leaves.
    fn of(envelope: &Envelope<'_>) -> Self {
        let style = envelope.style;
        let values = || envelope.headers().iter().filter(|header| style.attribute(&header.name).is_some());
        if values().all(|header| header.value.bytes().all(|b| b.is_ascii_graphic() && b != b'%' && b != b'"')) {
            return Self::Encoded;
        }
        let named =
            values().any(|h| style.attribute(&h.name).is_some_and(|n| n.eq_ignore_ascii_case("datacontenttype")));
        let has_type = envelope.content_type().is_some();
        if style != Style::Ce || (has_type && !named) || values().any(|header| is_raw(&header.value)) {
            Self::Literal
        } else if named {
            Self::Encoded
        } else {
            Self::Presumed
        }
    }
}

/// Whether an encoder of values would not have left it so.
fn is_raw(value: &str) -> bool {
    let value = value.trim_matches([' ', '\t']);
    let (text, quoted) = unquote(value);
    let (decoded, problems) = decode(&text, quoted);
    drop(decoded);
    problems.not_encoded || problems.percent || problems.not_utf8
}

/// Reads the attributes.
pub(super) fn read<'a>(envelope: &'a Envelope<'_>, depth: Depth<'_>) -> Event<'a> {
    let headers = envelope.headers();
    let dialect = Dialect::of(envelope);
    // In what was read of headers that the client refuses, bytes that are no UTF-8 are replaced.
    let salvaged = envelope.message().undecodable.is_some();
    let mut event = Event::default();
    event.attributes.reserve(headers.len().min(16));
    let mut kafka = false;
    for header in headers {
        let Some(name) = envelope.style.attribute(&header.name) else {
            continue;
        };
        kafka |= header.name.as_bytes().get(2) == Some(&b'_');
        let name = lower(name);
        if !depth.wants(&name) {
            continue;
        }
        if event.attributes.len() >= MOST_ATTRIBUTES && Core::of(&name).is_none() {
            event.more += 1;
        } else if event.get(&name).is_some() {
            if depth.lints() && event.findings.len() < MOST_ATTRIBUTES {
                event.findings.push(Finding::Duplicate((&*name).into()));
            }
        } else {
            let (value, mut problems) = value(&header.value, dialect);
            if salvaged && header.value.contains(char::REPLACEMENT_CHARACTER) {
                problems = Problems { not_utf8: true, not_encoded: false, ..problems };
            }
            if depth.lints() && envelope.style == Style::Ce {
                problems.tell(&name, &mut event.findings);
                if let Some(other) = other_reading(&header.value, &value, dialect) {
                    let decoded = dialect != Dialect::Literal;
                    let (name, read) = ((&*name).into(), (&*value).into());
                    event.findings.push(Finding::HeaderReadings { name, read, other, decoded });
                }
            }
            event.attributes.push(Attribute { name, value: Value::Text(value) });
        }
    }
    // The Go SDK uses that of the message for the data.
    data_content_type(&mut event, envelope.content_type(), depth);
    if depth.lints() {
        match envelope.style {
            Style::Ce if kafka => event.findings.push(Finding::KafkaHeaders),
            Style::Ce => {}
            Style::Amqp => event.findings.push(Finding::ForeignHeaders("cloudEvents_ headers, as with AMQP")),
            Style::Mqtt => event.findings.push(Finding::ForeignHeaders("headers without a prefix, as with MQTT")),
        }
        if event.more > 0 {
            event.findings.push(Finding::TooMany(event.more));
        }
    }
    event
}

/// A value in its dialect, and what is wrong with it for who follows the specification.
fn value(sent: &str, dialect: Dialect) -> (Cow<'_, str>, Problems) {
    let sent = sent.trim_matches([' ', '\t']);
    // Nearly all values are so; the check is a fraction of what follows.
    if sent.bytes().all(|b| b.is_ascii_graphic() && b != b'%' && b != b'"') {
        return (Cow::Borrowed(sent), Problems::default());
    }
    let (text, quoted) = unquote(sent);
    let (decoded, problems) = decode(&text, quoted);
    match (dialect, decoded) {
        (Dialect::Literal, _) => (Cow::Borrowed(sent), problems),
        (_, Some(decoded)) => (Cow::Owned(decoded), problems),
        (_, None) => (text, problems),
    }
}

/// What a value would be in the other dialect, where that matters and may have been meant.
fn other_reading(sent: &str, read: &str, dialect: Dialect) -> Option<Box<str>> {
    let other = match dialect {
        Dialect::Encoded => return None,
        Dialect::Presumed => Dialect::Literal,
        Dialect::Literal => Dialect::Encoded,
    };
    let (text, problems) = value(sent, other);
    (text != read && !problems.percent && !problems.not_utf8).then(|| text.into())
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

/// Decodes per cent signs once, where there are any; `quoted` where quotes of an RFC 7230 quoted string stood around it.
fn decode(text: &str, quoted: bool) -> (Option<String>, Problems) {
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
        return (None, problems);
    }
    let decoded: Vec<u8> = percent_decode(bytes).collect();
    match String::from_utf8(decoded) {
        Ok(text) => (Some(text), problems),
        Err(error) => {
            problems.not_utf8 = true;
            (Some(String::from_utf8_lossy(error.as_bytes()).into_owned()), problems)
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
        // As sent, percent-encoded, as it is, and what is wrong with it in either case.
        let cases: [(&str, &str, &str, &[&str]); 15] = [
            ("plain", "plain", "plain", &[]),
            ("  trimmed\t", "trimmed", "trimmed", &[]),
            ("zo%C3%AB%20100%25", "zoë 100%", "zo%C3%AB%20100%25", &[]),
            ("a b", "a b", "a b", &["header-not-encoded"]),
            ("zoë", "zoë", "zoë", &["header-not-encoded"]),
            ("[0 1 2 3]", "[0 1 2 3]", "[0 1 2 3]", &["header-not-encoded"]),
            ("\"a b\"", "a b", "\"a b\"", &[]),
            ("\"a \\\"b\\\\\"", "a \"b\\", "\"a \\\"b\\\\\"", &[]),
            ("100%", "100%", "100%", &["header-percent"]),
            ("%1B%zz", "\u{1b}%zz", "%1B%zz", &["header-percent"]),
            ("%ff%41", "\u{fffd}A", "%ff%41", &["header-not-utf8"]),
            ("%2541", "%41", "%2541", &[]),
            ("\"", "\"", "\"", &["header-not-encoded"]),
            ("ö%z", "ö%z", "ö%z", &["header-not-encoded", "header-percent"]),
            ("", "", "", &[]),
        ];
        for (sent, encoded, literal, expected) in cases {
            for (dialect, read) in [(Dialect::Encoded, encoded), (Dialect::Literal, literal)] {
                let (found, problems) = value(sent, dialect);
                let mut findings = Vec::new();
                problems.tell("x", &mut findings);
                assert_eq!(found, read, "{sent}");
                assert_eq!(findings.iter().map(Finding::name).collect::<Vec<_>>(), expected, "{sent}");
            }
        }
    }

    /// The source as it is read, and what is said about it.
    fn source(headers: &[(&str, &str)]) -> (String, Vec<String>) {
        let sent = super::super::exercise::message(headers, b"");
        let envelope = Envelope::new(&sent);
        let event = read(&envelope, Depth::Full);
        (event.source().unwrap().to_owned(), event.findings.iter().map(ToString::to_string).collect())
    }

    #[test]
    fn the_dialect_is_that_of_the_message() {
        const ONE: (&str, &str) = ("ce-source", "/logs/a%2Fb");
        let kind = ("content-type", "application/json");
        let prefixed = ("ce-datacontenttype", "application/json");
        let literal =
            "source is read as it was sent, \"/logs/a%2Fb\"; a receiver that percent-decodes it reads \"/logs/a/b\".";
        let decoded = "source is read as \"/logs/a/b\", per cent signs decoded; as it was sent it is \"/logs/a%2Fb\".";
        for (others, read, said) in [
            (&[][..], "/logs/a/b", &[decoded][..]),
            (&[prefixed][..], "/logs/a/b", &[]),
            (&[prefixed, kind][..], "/logs/a/b", &[]),
            (&[kind][..], "/logs/a%2Fb", &[literal]),
            (&[prefixed, ("ce-subject", "50%")][..], "/logs/a%2Fb", &[literal]),
        ] {
            let headers = [&[ONE], others].concat();
            let (found, mut findings) = source(&headers);
            findings.retain(|sentence| sentence.starts_with("source"));
            assert_eq!(
                (found.as_str(), findings),
                (read, said.iter().map(ToString::to_string).collect()),
                "{others:?}"
            );
        }
        for raw in ["a b", "größe", "say \"hi\"", "100%", "%zz", "%ff"] {
            assert_eq!(source(&[ONE, ("ce-subject", raw)]).0, "/logs/a%2Fb", "{raw}");
        }
        assert_eq!(source(&[ONE, ("ce-subject", "\"in quotes\"")]).0, "/logs/a/b");
    }

    #[test]
    fn names_of_other_bindings() {
        let event = |prefix: &str| {
            let names = ["specversion", "id", "source", "type", "acme"].map(|name| format!("{prefix}{name}"));
            let pairs: Vec<(&str, &str)> = names.iter().map(|name| (name.as_str(), "a%20b")).collect();
            let sent = super::super::exercise::message(&[&pairs[..], &[("X-Other", "1")]].concat(), b"");
            let envelope = Envelope::new(&sent);
            let decoded = envelope.decode();
            let event = &decoded.events()[0];
            let names: Vec<_> = event.attributes.iter().map(|a| format!("{}={}", a.name, a.value.to_text())).collect();
            let findings: Vec<_> = event.findings.iter().map(Finding::name).collect();
            (names.join(" "), findings.contains(&"foreign-headers"))
        };
        let all = "specversion=a%20b id=a%20b source=a%20b type=a%20b acme=a%20b";
        assert_eq!(event("cloudEvents_"), (all.to_owned(), true));
        assert_eq!(event(""), (all.to_owned(), true));
        // Without all four it is no event.
        let sent = super::super::exercise::message(&[("specversion", "1.0"), ("id", "1"), ("type", "t")], b"");
        assert_eq!(Envelope::new(&sent).decode().mode(), None);
    }

    #[test]
    fn a_refused_block_is_read_as_far_as_it_goes() {
        let block = Bytes::from_static(b"NATS/1.0\r\nce-id: 7\r\nno colon\r\nce-subject: gr\xf6\xdfe\r\na b:c\r\n\r\n");
        let headers = salvage(&block);
        let pairs: Vec<(&str, &str)> = headers.iter().map(|h| (&*h.name, &*h.value)).collect();
        assert_eq!(pairs, [("ce-id", "7"), ("ce-subject", "gr\u{fffd}\u{fffd}e"), ("a b", "c")]);
    }
}
