//! What is wrong with a message as a `CloudEvent`: each finding has a stable name and a sentence for people.

use std::fmt;

use super::attribute::Core;
use super::layout;
use crate::model::sanitise::clean_line;
use crate::model::units::count_exact;

/// How bad a finding is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// Accepted, though the sender should do otherwise.
    Warning,
    /// It makes the event invalid.
    Error,
}

/// Something about a message that is not as the specification demands. Names in it are raw; its sentence
/// ([`fmt::Display`]) is safe to print.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Finding {
    /// A required attribute is missing.
    Missing(Core),
    /// An attribute of the specification is there but empty.
    Empty(Core),
    /// An attribute of the specification is not text; as it was written.
    NotText(Core, Box<str>),
    /// A version that nobody has published, or an old one.
    Specversion(Box<str>),
    /// A name with characters outside of `a-z0-9`.
    NameCharacters(Box<str>),
    /// A name of more than 20 characters.
    NameLong(Box<str>),
    /// A name that starts with a digit.
    NameStart(Box<str>),
    /// An attribute called `data`.
    NamedData,
    /// A number outside of 32 bits; name and number.
    IntegerRange(Box<str>, Box<str>),
    /// A number with a fraction or an exponent; name and number.
    NotInteger(Box<str>, Box<str>),
    /// An attribute that holds an object or an array; its name.
    Nested(Box<str>),
    /// A time that is not RFC 3339; name and value.
    Time(Box<str>, Box<str>),
    /// A `source` that cannot be a URI reference.
    SourceUri(Box<str>),
    /// A `dataschema` that is no absolute URI.
    DataschemaUri(Box<str>),
    /// A `datacontenttype` that is no media type.
    DatacontenttypeForm(Box<str>),
    /// Text with characters that act instead of being read; its name.
    ControlCharacter(Box<str>),
    /// An attribute that came twice; its name.
    Duplicate(Box<str>),
    /// More attributes than are kept; how many were left out.
    TooMany(usize),
    /// `data` and `data_base64` in one event.
    DataTwice,
    /// `data_base64` that cannot be decoded.
    Base64,
    /// A string with an escape that stands for no character; its name.
    StringEscape(Box<str>),
    /// A header whose value should have been percent-encoded; its attribute.
    HeaderNotEncoded(Box<str>),
    /// A header with a per cent sign that is not followed by two hexadecimal digits; its attribute.
    HeaderPercent(Box<str>),
    /// A header that does not decode to UTF-8; its attribute.
    HeaderNotUtf8(Box<str>),
    /// A header that may or may not be meant to be percent-decoded: its attribute, as it is read, as it would be read
    /// otherwise, and which of them is decoded.
    #[expect(missing_docs, reason = "the sentence above says what each is")]
    HeaderReadings { name: Box<str>, read: Box<str>, other: Box<str>, decoded: bool },
    /// Attributes as `ce_…` headers, Kafka's way.
    KafkaHeaders,
    /// Attributes as headers of another binding; which.
    ForeignHeaders(&'static str),
    /// Headers of a binary event beside a `Content-Type` that says that the event is the body.
    TwoModes,
    /// Events one after the other in one body, without an array around them.
    SeveralInBody,
    /// Data that is not the JSON that its type says; line and column from 1, and what the reader says.
    DataNotJson(usize, usize, Box<str>),
    /// A name that an object within the data has more than once, with the way to it.
    DoubledKey(Box<str>),
    /// An extension that breaks a rule of the document that defines it; name, value, and the rule.
    Extension(Box<str>, Box<str>, &'static str),
    /// `Content-Type` and `ce-datacontenttype` say different things; both of them.
    ContentTypes(Box<str>, Box<str>),
    /// The header block could not be decoded by the client.
    UndecodableHeaders,
    /// JSON that ends too early; line and column, both from 1.
    JsonTruncated(usize, usize),
    /// JSON that is broken; line and column from 1, and what the reader says.
    JsonSyntax(usize, usize, Box<str>),
    /// A body that is broken in another format than JSON; the format, the byte before which it breaks, and why.
    FormatBroken(&'static str, usize, Box<str>),
    /// The body, or an element of a batch, is JSON but no object.
    NotObject,
    /// A byte order mark in front of the JSON.
    ByteOrderMark,
    /// An array of events whose `Content-Type` announces one event.
    BatchAsEvent,
    /// A single event whose `Content-Type` announces a batch.
    EventAsBatch,
    /// More events in a batch than are decoded; how many were left out at least.
    BatchLong(usize),
    /// A `Content-Encoding` that is not known.
    EncodingUnknown(Box<str>),
    /// A body that is not what its `Content-Encoding` says; the encoding and why.
    EncodingBroken(&'static str, Box<str>),
    /// A body that is packed though no `Content-Encoding` says so; the encoding.
    EncodingUndeclared(&'static str),
    /// A body that is bigger than may be unpacked; the limit in bytes.
    EncodingLimit(usize),
}

impl Finding {
    /// Its stable name, as `--json`, the configuration and the docs write it.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Missing(core) => match core {
                Core::Id => "missing-id",
                Core::Source => "missing-source",
                Core::Type => "missing-type",
                Core::Specversion => "missing-specversion",
                _ => "missing-attribute",
            },
            Self::Empty(core) => match core {
                Core::Id => "empty-id",
                Core::Source => "empty-source",
                Core::Type => "empty-type",
                Core::Specversion => "empty-specversion",
                _ => "empty-attribute",
            },
            Self::NotText(..) => "not-text",
            Self::Specversion(_) => "unknown-specversion",
            Self::NameCharacters(_) => "name-characters",
            Self::NameLong(_) => "name-long",
            Self::NameStart(_) => "name-start",
            Self::NamedData => "named-data",
            Self::IntegerRange(..) => "integer-range",
            Self::NotInteger(..) => "not-integer",
            Self::Nested(_) => "nested-value",
            Self::Time(..) => "time-format",
            Self::SourceUri(_) => "source-uri",
            Self::DataschemaUri(_) => "dataschema-uri",
            Self::DatacontenttypeForm(_) => "datacontenttype-form",
            Self::ControlCharacter(_) => "control-character",
            Self::Duplicate(_) => "duplicate-attribute",
            Self::TooMany(_) => "too-many-attributes",
            Self::DataTwice => "data-twice",
            Self::Base64 => "data-base64",
            Self::StringEscape(_) => "string-escape",
            Self::HeaderNotEncoded(_) => "header-not-encoded",
            Self::HeaderPercent(_) => "header-percent",
            Self::HeaderNotUtf8(_) => "header-not-utf8",
            Self::HeaderReadings { .. } => "header-two-readings",
            Self::KafkaHeaders => "kafka-headers",
            Self::ForeignHeaders(_) => "foreign-headers",
            Self::TwoModes => "two-modes",
            Self::SeveralInBody => "several-in-body",
            Self::DataNotJson(..) => "data-not-json",
            Self::DoubledKey(_) => "doubled-key",
            Self::Extension(..) => "extension-rule",
            Self::ContentTypes(..) => "content-types-differ",
            Self::UndecodableHeaders => "undecodable-headers",
            Self::JsonTruncated(..) => "json-truncated",
            Self::JsonSyntax(..) => "json-syntax",
            Self::FormatBroken(..) => "format-broken",
            Self::NotObject => "not-an-object",
            Self::ByteOrderMark => "byte-order-mark",
            Self::BatchAsEvent => "batch-as-event",
            Self::EventAsBatch => "event-as-batch",
            Self::BatchLong(_) => "batch-long",
            Self::EncodingUnknown(_) => "encoding-unknown",
            Self::EncodingBroken(..) => "encoding-broken",
            Self::EncodingUndeclared(_) => "encoding-undeclared",
            Self::EncodingLimit(_) => "encoding-limit",
        }
    }

    /// Whether it makes the event invalid.
    pub fn severity(&self) -> Severity {
        match self {
            Self::NameLong(_)
            | Self::NameStart(_)
            | Self::TooMany(_)
            | Self::DoubledKey(_)
            | Self::HeaderNotEncoded(_)
            | Self::HeaderReadings { .. }
            | Self::KafkaHeaders
            | Self::ForeignHeaders(_)
            | Self::TwoModes
            | Self::SeveralInBody
            | Self::ContentTypes(..)
            | Self::ByteOrderMark
            | Self::BatchAsEvent
            | Self::EventAsBatch
            | Self::BatchLong(_)
            | Self::EncodingUnknown(_)
            | Self::EncodingUndeclared(_)
            | Self::EncodingLimit(_) => Severity::Warning,
            _ => Severity::Error,
        }
    }

    /// The attribute that it is about; raw, sanitise before drawing.
    pub fn attribute(&self) -> Option<&str> {
        match self {
            Self::Missing(core) | Self::Empty(core) | Self::NotText(core, _) => Some(core.name()),
            Self::Specversion(_) => Some("specversion"),
            Self::SourceUri(_) => Some("source"),
            Self::DataschemaUri(_) => Some("dataschema"),
            Self::DatacontenttypeForm(_) | Self::ContentTypes(..) => Some("datacontenttype"),
            Self::NamedData => Some("data"),
            Self::NameCharacters(name)
            | Self::NameLong(name)
            | Self::NameStart(name)
            | Self::IntegerRange(name, _)
            | Self::NotInteger(name, _)
            | Self::Nested(name)
            | Self::Time(name, _)
            | Self::ControlCharacter(name)
            | Self::Duplicate(name)
            | Self::StringEscape(name)
            | Self::HeaderNotEncoded(name)
            | Self::HeaderPercent(name)
            | Self::HeaderNotUtf8(name)
            | Self::HeaderReadings { name, .. }
            | Self::Extension(name, ..) => Some(name),
            _ => None,
        }
    }
}

/// The most columns of a foreign text within a sentence.
const QUOTED: usize = 48;

/// A foreign text within a sentence: harmless, short and in quotes.
fn quoted(text: &str) -> String {
    // Cut by characters first: a text of megabytes is neither cleaned nor measured as a whole.
    let start: String = text.chars().take(QUOTED + 1).collect();
    format!("\"{}\"", layout::fit(&clean_line(&start), QUOTED))
}

/// An attribute's name within a sentence: bare as those of the specification, in quotes where it is odd.
fn named(name: &str) -> String {
    let plain = (1..=20).contains(&name.len()) && name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit());
    if plain { name.to_owned() } else { quoted(name) }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let q = |text: &str| quoted(text);
        let n = |name: &str| named(name);
        match self {
            Self::Missing(core) => write!(f, "The required attribute {} is missing.", core.name()),
            Self::Empty(core) if Core::REQUIRED.contains(core) => {
                write!(f, "The required attribute {} is empty; it must hold at least one character.", core.name())
            }
            Self::Empty(core) => write!(f, "{} is empty; leave it out where there is nothing to say.", core.name()),
            Self::NotText(core, found) => write!(f, "{} is {}, but must be a string.", core.name(), q(found)),
            Self::Specversion(found) => match &**found {
                "0.1" | "0.2" | "0.3" => {
                    write!(f, "specversion {} is a draft from before the release; it should be \"1.0\".", q(found))
                }
                _ => write!(f, "specversion {} is unknown; the only released one is \"1.0\".", q(found)),
            },
            Self::NameCharacters(name) => {
                write!(f, "The attribute name {} may hold only a-z and 0-9.", n(name))
            }
            Self::NameLong(name) => write!(f, "The attribute name {} should not exceed 20 characters.", n(name)),
            Self::NameStart(name) => write!(f, "The attribute name {} should start with a letter.", n(name)),
            Self::NamedData => write!(f, "No attribute may be called data, which is what an event carries."),
            Self::IntegerRange(name, found) => write!(
                f,
                "{} is {}, outside of the 32 bits of an Integer (-2147483648 to 2147483647); send it as a string.",
                n(name),
                q(found)
            ),
            Self::NotInteger(name, found) => {
                write!(f, "{} is {}, but attributes know no fractions; send it as a string.", n(name), q(found))
            }
            Self::Nested(name) => write!(
                f,
                "{} holds an object or an array, but an attribute is a string, an integer or a boolean; put it into data.",
                n(name)
            ),
            Self::Time(name, found) => {
                write!(f, "{} is {}, which is no RFC 3339 time such as 2026-11-20T13:50:07Z.", n(name), q(found))
            }
            Self::SourceUri(found) => write!(
                f,
                "source is {}, which is no URI reference (RFC 3986, section 4.1): a character is not allowed where it \
                 stands, such as a blank, a bracket or a second #.",
                q(found)
            ),
            Self::DataschemaUri(found) => {
                write!(
                    f,
                    "dataschema is {}, but must be an absolute URI with its scheme (RFC 3986, section 4.3).",
                    q(found)
                )
            }
            Self::DatacontenttypeForm(found) => {
                write!(
                    f,
                    "datacontenttype is {}, but must be a media type such as application/json (RFC 2046).",
                    q(found)
                )
            }
            Self::ControlCharacter(name) => {
                write!(f, "{} holds control characters or non-characters, which no attribute may.", n(name))
            }
            Self::Duplicate(name) => write!(f, "{} is given more than once; an attribute may appear once.", n(name)),
            Self::TooMany(more) => write!(f, "{more} more attributes were left out."),
            Self::DataTwice => write!(f, "data and data_base64 are both given, but exclude each other; data is shown."),
            Self::Base64 => write!(f, "data_base64 must be a string in Base64 (RFC 4648); it cannot be decoded."),
            Self::StringEscape(name) => write!(f, "{} has a \\u escape that stands for no character.", n(name)),
            Self::HeaderNotEncoded(name) => write!(
                f,
                "The header of {} is not percent-encoded; blanks, quotes and all beyond ASCII should be.",
                n(name)
            ),
            Self::HeaderPercent(name) => write!(
                f,
                "The header of {} has a % without two hexadecimal digits after it; a % itself is written %25.",
                n(name)
            ),
            Self::HeaderNotUtf8(name) => write!(f, "The header of {} is not UTF-8, as it is or decoded.", n(name)),
            Self::HeaderReadings { name, read, other, decoded: false } => write!(
                f,
                "{} is read as it was sent, {}; a receiver that percent-decodes it reads {}.",
                n(name),
                q(read),
                q(other)
            ),
            Self::HeaderReadings { name, read, other, decoded: true } => {
                write!(
                    f,
                    "{} is read as {}, per cent signs decoded; as it was sent it is {}.",
                    n(name),
                    q(read),
                    q(other)
                )
            }
            Self::ForeignHeaders(what) => {
                write!(f, "Attributes come in {what}; on NATS their prefix is ce-.")
            }
            Self::TwoModes => write!(
                f,
                "There are ce- headers beside a Content-Type that says that the event is the body; the body counts \
                 (HTTP binding, section 3)."
            ),
            Self::SeveralInBody => write!(
                f,
                "The body holds several events one after the other; several are sent as a JSON array, with the Content-Type \
                 application/cloudevents-batch+json (JSON format, section 4)."
            ),
            Self::DataNotJson(line, column, what) => write!(
                f,
                "datacontenttype says JSON, but the data is none: it breaks at line {line}, column {column}: {}.",
                clean_line(what)
            ),
            Self::DoubledKey(way) => {
                let start: String = way.chars().take(QUOTED + 1).collect();
                write!(
                    f,
                    "{} is given more than once; here the last one counts, other readers may take another (RFC 8259, \
                     section 4).",
                    layout::fit(&clean_line(&start), QUOTED)
                )
            }
            Self::Extension(name, found, rule) => write!(f, "{} is {}, but {rule}.", n(name), q(found)),
            Self::KafkaHeaders => {
                write!(f, "Attributes come in ce_ headers, as on Kafka; on NATS their prefix is ce- (with a hyphen).")
            }
            Self::ContentTypes(event, message) => {
                write!(f, "ce-datacontenttype is {}, but Content-Type is {}; the first counts.", q(event), q(message))
            }
            Self::UndecodableHeaders => write!(
                f,
                "The headers are not what NATS allows (not UTF-8, a blank in a name, or no colon); some clients stop here."
            ),
            Self::JsonTruncated(line, column) => {
                write!(f, "The JSON ends too early, at line {line}, column {column}.")
            }
            Self::JsonSyntax(line, column, what) => {
                write!(f, "The JSON is broken at line {line}, column {column}: {}.", clean_line(what))
            }
            Self::FormatBroken(format, at, why) => {
                write!(f, "The {format} is broken at byte {}: {}.", count_exact(*at as u64), clean_line(why))
            }
            Self::NotObject => write!(f, "A CloudEvent in JSON is an object; this is not one."),
            Self::ByteOrderMark => write!(f, "The JSON starts with a byte order mark, which it must not."),
            Self::BatchAsEvent => write!(
                f,
                "The body is an array of events, but its Content-Type announces one; that of a batch begins with application/cloudevents-batch."
            ),
            Self::EventAsBatch => write!(
                f,
                "The body is one event, but its Content-Type announces a batch; that of one event begins with application/cloudevents+."
            ),
            Self::BatchLong(more) => write!(f, "{more} more events of the batch were left out."),
            Self::EncodingUnknown(name) => {
                write!(
                    f,
                    "Content-Encoding is {}, which cannot be unpacked here (gzip, zstd, br, deflate, snappy and lz4 can); the body is shown as it was sent.",
                    q(name)
                )
            }
            Self::EncodingBroken(coding, why) => {
                write!(
                    f,
                    "The encoding is given as {coding}, but the data cannot be unpacked as that: {}.",
                    clean_line(why)
                )
            }
            Self::EncodingUndeclared(coding) => {
                write!(f, "The body is packed with {coding}, but no Content-Encoding says so; it is shown unpacked.")
            }
            Self::EncodingLimit(limit) => {
                write!(f, "The unpacked body is bigger than {} MiB; what follows is left out.", limit >> 20)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sentences_are_harmless_and_short_whatever_was_sent() {
        let long = "x\u{1b}[2J".repeat(100_000);
        for finding in [
            Finding::Specversion(long.as_str().into()),
            Finding::IntegerRange(long.as_str().into(), long.as_str().into()),
            Finding::ControlCharacter(long.as_str().into()),
        ] {
            let sentence = finding.to_string();
            assert!(sentence.len() < 400 && sentence.chars().all(|c| !c.is_control()), "{sentence}");
        }
    }

    #[test]
    fn sentences_say_what_would_be_right() {
        assert_eq!(Finding::Missing(Core::Id).to_string(), "The required attribute id is missing.");
        assert_eq!(
            Finding::Specversion("2.0".into()).to_string(),
            "specversion \"2.0\" is unknown; the only released one is \"1.0\"."
        );
        let times = |name: &str| Finding::Time(name.into(), "now".into()).to_string();
        assert!(times("expirytime").starts_with("expirytime is \"now\", which"), "names are bare, values in quotes");
        assert!(times("a b").starts_with("\"a b\" is"));
        assert_eq!(Finding::JsonTruncated(1, 154).to_string(), "The JSON ends too early, at line 1, column 154.");
    }

    #[test]
    fn all_of_them_are_documented() {
        let page = include_str!("../../docs/events.md");
        let own = include_str!("finding.rs");
        let names = own.split_once("pub fn name(").unwrap().1.split_once("pub fn severity(").unwrap().0;
        let names: Vec<&str> = names.split('"').skip(1).step_by(2).collect();
        assert!(names.len() > 50, "{names:?}");
        for name in names {
            assert!(page.contains(&format!("`{name}`")), "{name} is not in docs/events.md");
        }
    }

    #[test]
    fn names_and_severities() {
        assert_eq!(Finding::Missing(Core::Id).name(), "missing-id");
        assert_eq!(Finding::Empty(Core::Source).name(), "empty-source");
        assert_eq!(Finding::Empty(Core::Subject).attribute(), Some("subject"));
        assert_eq!(Finding::KafkaHeaders.severity(), Severity::Warning);
        assert!(Finding::Base64.severity() > Severity::Warning);
    }
}
