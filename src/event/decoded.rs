//! What a message turned out to be: an event, a batch of them, or a plain message and why.

use std::fmt;

use super::attribute::{Attribute, Core, Value};
use super::finding::{Finding, Severity};
use super::format::Format;
use super::time::Moment;
use crate::model::sanitise::clean_line;

/// How an event travelled (`CloudEvents` 1.0, "content modes").
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// Attributes as headers, data as the body.
    Binary,
    /// All in one JSON object.
    Structured,
    /// Several in one JSON array.
    Batch,
}

impl Mode {
    /// Its name in the specification.
    pub fn name(self) -> &'static str {
        match self {
            Self::Binary => "binary",
            Self::Structured => "structured",
            Self::Batch => "batch",
        }
    }
}

/// By which rule a message was taken for an event, in the order in which they are tried.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rule {
    /// 1: `Content-Type: application/cloudevents-batch…`
    BatchType,
    /// 2: `Content-Type: application/cloudevents…`
    EventType,
    /// 3: a `ce-specversion` header in any case, or Kafka's `ce_specversion`.
    Header,
    /// 4: the body is an object with `specversion` and `type`, `source` or `id`.
    BodyObject,
    /// 5: the body is an array of such.
    BodyArray,
}

impl Rule {
    /// A stable name, for `--json`.
    pub fn name(self) -> &'static str {
        match self {
            Self::BatchType => "content-type-batch",
            Self::EventType => "content-type",
            Self::Header => "specversion-header",
            Self::BodyObject => "body-object",
            Self::BodyArray => "body-array",
        }
    }

    /// What gave it away, for people.
    pub fn sentence(self) -> &'static str {
        match self {
            Self::BatchType => "its Content-Type is application/cloudevents-batch",
            Self::EventType => "its Content-Type is application/cloudevents",
            Self::Header => "it has a ce-specversion header",
            Self::BodyObject => "its body is a JSON object with specversion and type, source or id (no header says so)",
            Self::BodyArray => "its body is a JSON array of events (no header says so)",
        }
    }
}

/// Why a message is not an event. The sentence ([`fmt::Display`]) is safe to print.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Plain {
    /// No header says so, and there is no body.
    Empty,
    /// No header says so, and the body is not JSON.
    NotJson,
    /// No header says so, and the body is JSON, but neither an object nor an array.
    JsonScalar,
    /// No header says so, and the body starts like JSON but is broken; line and column from 1.
    JsonBroken(usize, usize),
    /// The body is a JSON object without `specversion`.
    NoSpecversion,
    /// The body is a JSON object with `specversion`, but without `type`, `source` and `id`.
    OnlySpecversion,
    /// The body is a JSON array, but not of events.
    ArrayOfOther,
    /// There are `ce-` headers, but no `ce-specversion`.
    HeadersWithoutSpecversion,
    /// A structured event in a format that is not read; the content type, raw.
    OtherFormat(Box<str>),
}

impl Plain {
    /// A stable name, for `--json`.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Empty => "empty",
            Self::NotJson => "not-json",
            Self::JsonScalar => "json-scalar",
            Self::JsonBroken(..) => "json-broken",
            Self::NoSpecversion => "no-specversion",
            Self::OnlySpecversion => "only-specversion",
            Self::ArrayOfOther => "array-of-other",
            Self::HeadersWithoutSpecversion => "headers-without-specversion",
            Self::OtherFormat(_) => "other-format",
        }
    }
}

impl fmt::Display for Plain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Empty => f.write_str("Not a CloudEvent: no header says so, and the body is empty."),
            Self::NotJson => f.write_str("Not a CloudEvent: no header says so, and the body is not JSON."),
            Self::JsonScalar => {
                f.write_str("Not a CloudEvent: no header says so, and the body is JSON, but no object or array.")
            }
            Self::JsonBroken(line, column) => write!(
                f,
                "Not a CloudEvent: no header says so, and the JSON of the body breaks at line {line}, column {column}."
            ),
            Self::NoSpecversion => {
                f.write_str("Not a CloudEvent: no header says so, and the JSON of the body has no specversion.")
            }
            Self::OnlySpecversion => f.write_str(
                "Not a CloudEvent: no header says so, and the JSON of the body has specversion, but no type, source or id.",
            ),
            Self::ArrayOfOther => {
                f.write_str("Not a CloudEvent: no header says so, and the JSON array of the body does not hold events.")
            }
            Self::HeadersWithoutSpecversion => {
                f.write_str("Not a CloudEvent: there are ce- headers, but ce-specversion is not among them.")
            }
            Self::OtherFormat(content_type) => {
                let start: String = content_type.chars().take(60).collect();
                write!(f, "A CloudEvent in {}, which cannot be read here; JSON, XML, Protobuf and Avro can.", clean_line(&start))
            }
        }
    }
}

/// The data of an event, not yet looked into.
#[derive(Clone, Copy, Debug, Default)]
pub enum Data<'a> {
    /// There is none, or the pass did not read it.
    #[default]
    None,
    /// `data` of a structured event: its JSON source text. An explicit `null` is data.
    Json(&'a str),
    /// `data_base64` of a structured event: its JSON source text, still encoded.
    Base64(&'a str),
    /// The body of a binary event, unpacked.
    Bytes(&'a [u8]),
}

/// The source of an event that breaks.
#[derive(Clone, Copy, Debug)]
pub struct Broken<'a> {
    /// The whole body.
    pub source: &'a [u8],
    /// The byte before which it breaks.
    pub at: usize,
    /// The format that it is in, if that is not JSON.
    pub format: Option<Format>,
}

/// How much of an event could be read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Extent {
    /// All of it.
    #[default]
    Whole,
    /// What stands before the place where its JSON breaks, or where its unpacked body was cut.
    Part,
    /// Nothing: it is no JSON object, or breaks before its first member. It is no event.
    Nothing,
}

/// An event with everything that could be read of it, valid or not.
#[derive(Clone, Debug, Default)]
pub struct Event<'a> {
    /// Its attributes in the order of the wire; each name once.
    pub attributes: Vec<Attribute<'a>>,
    /// Its data.
    pub data: Data<'a>,
    /// `data_base64` that was sent beside `data`: its JSON source text. It is exported, but not looked into.
    pub beside: Option<&'a str>,
    /// The body of a binary event as it was sent, where it was unpacked though no header says so. Exports use these bytes.
    pub sent: Option<&'a [u8]>,
    /// Its data still is packed as the `Content-Encoding` of the message says: only what has that header, too, can have
    /// it.
    pub packed: bool,
    /// Its data is our own way to write what has no JSON: a message of Protocol Buffers.
    pub made_up: bool,
    /// The body of a binary event, where the full pass found it to be the JSON that its type says: its source text.
    pub(super) json: Option<&'a str>,
    /// Where its JSON breaks.
    pub broken: Option<Broken<'a>>,
    /// Attributes that are left out, since there are too many.
    pub more: usize,
    /// How much of it could be read. What is not whole is never exported as an event.
    pub extent: Extent,
    /// All that is wrong with it; empty unless the full pass was made.
    pub findings: Vec<Finding>,
}

impl<'a> Event<'a> {
    /// An attribute by its name, exactly as written.
    pub fn get(&self, name: &str) -> Option<&Value<'a>> {
        self.attributes.iter().find(|a| a.name == name).map(|a| &a.value)
    }

    /// An attribute of the specification, if it is text.
    pub fn text(&self, core: Core) -> Option<&str> {
        self.get(core.name()).and_then(Value::as_text)
    }

    /// `id`.
    pub fn id(&self) -> Option<&str> {
        self.text(Core::Id)
    }

    /// `source`.
    pub fn source(&self) -> Option<&str> {
        self.text(Core::Source)
    }

    /// `type`.
    pub fn ty(&self) -> Option<&str> {
        self.text(Core::Type)
    }

    /// `subject`.
    pub fn subject(&self) -> Option<&str> {
        self.text(Core::Subject)
    }

    /// `datacontenttype`.
    pub fn datacontenttype(&self) -> Option<&str> {
        self.text(Core::Datacontenttype)
    }

    /// `dataschema`.
    pub fn dataschema(&self) -> Option<&str> {
        self.text(Core::Dataschema)
    }

    /// `time`, if it is one. Where there is none, the stream's own time is what one has.
    pub fn time(&self) -> Option<Moment<'_>> {
        self.text(Core::Time).and_then(Moment::parse)
    }

    /// Attributes that a structured event made of it does not have: those beyond what is kept, and those of binary mode
    /// whose names stand for the data there.
    pub fn lost_in_json(&self) -> usize {
        self.more + self.attributes.iter().filter(|a| a.is_named_data()).count()
    }

    /// What the specification does not name.
    pub fn extensions(&self) -> impl Iterator<Item = &Attribute<'a>> {
        self.attributes.iter().filter(|a| Core::of(&a.name).is_none())
    }

    /// Its attributes as people read them: what says most about the event first, what is its own in the order of the
    /// wire.
    pub fn in_order(&self) -> Vec<&Attribute<'a>> {
        let mut attributes: Vec<_> = self.attributes.iter().collect();
        attributes.sort_by_key(|attribute| Core::rank(&attribute.name));
        attributes
    }

    /// Whether it is a `CloudEvent` as the specification demands, as far as the pass that was made can tell.
    pub fn is_valid(&self) -> bool {
        self.findings.iter().all(|f| f.severity() != Severity::Error)
    }

    /// Whether it has what makes a JSON object an event (rule 4).
    pub(super) fn is_recognised(&self) -> bool {
        let has = |core: Core| self.get(core.name()).is_some();
        has(Core::Specversion) && (has(Core::Type) || has(Core::Source) || has(Core::Id))
    }
}

/// What a message is.
#[derive(Clone, Debug)]
pub enum Content<'a> {
    /// One event, and by which rule.
    Event(Rule, Event<'a>),
    /// Several events, and by which rule. May be empty.
    Batch(Rule, Vec<Event<'a>>),
    /// None.
    Plain(Plain),
}

/// A message, understood as far as possible.
#[derive(Clone, Debug)]
pub struct Decoded<'a> {
    /// What it is.
    pub content: Content<'a>,
    /// The format of its events, if that is not JSON.
    pub format: Option<Format>,
    /// What is wrong with the message as a whole: its headers, its encoding, a batch that breaks off. What is
    /// wrong with an event stands there.
    pub findings: Vec<Finding>,
}

impl<'a> Decoded<'a> {
    /// How the events travelled; `None` for a plain message.
    pub fn mode(&self) -> Option<Mode> {
        match &self.content {
            Content::Event(Rule::Header, _) => Some(Mode::Binary),
            Content::Event(..) => Some(Mode::Structured),
            Content::Batch(..) => Some(Mode::Batch),
            Content::Plain(_) => None,
        }
    }

    /// Which rule fired; `None` for a plain message.
    pub fn rule(&self) -> Option<Rule> {
        match &self.content {
            Content::Event(rule, _) | Content::Batch(rule, _) => Some(*rule),
            Content::Plain(_) => None,
        }
    }

    /// The events in it: one, several or none.
    pub fn events(&self) -> &[Event<'a>] {
        match &self.content {
            Content::Event(_, event) => std::slice::from_ref(event),
            Content::Batch(_, events) => events,
            Content::Plain(_) => &[],
        }
    }

    /// Why it is no event; `None` when it is one.
    pub fn plain(&self) -> Option<&Plain> {
        match &self.content {
            Content::Plain(plain) => Some(plain),
            _ => None,
        }
    }

    /// Everything that is wrong, the message's own findings first.
    pub fn all_findings(&self) -> impl Iterator<Item = &Finding> {
        self.findings.iter().chain(self.events().iter().flat_map(|e| &e.findings))
    }

    /// Whether it is made of events, and nothing in it is an error.
    pub fn is_valid(&self) -> bool {
        self.plain().is_none() && self.all_findings().all(|f| f.severity() != Severity::Error)
    }
}
