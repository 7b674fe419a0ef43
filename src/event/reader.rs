//! The reader of structured events and batches: one pass over the JSON, lenient, keeping what it has when the
//! JSON breaks. Values borrow from the body; data stays source text.

use std::borrow::Cow;
use std::fmt;

use memchr::memmem;
use serde::Deserialize as _;
use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};

use super::attribute::{Attribute, Core, Value};
use super::decoded::{Data, Event, Extent};
use super::finding::Finding;
use super::members::{Quick, Slow, Source};

/// How much of a message is read. Each further depth costs more time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Depth<'n> {
    /// These attributes, in any case, and the required ones; reading ends as soon as it has them exactly as they are
    /// written here. No data, no findings.
    Only(&'n [&'n str]),
    /// All attributes. No data, no findings.
    Attributes,
    /// Attributes and data, no findings.
    Data,
    /// Everything.
    Full,
}

impl Depth<'_> {
    pub(super) fn wants_data(self) -> bool {
        matches!(self, Self::Data | Self::Full)
    }

    /// Whether what is wanted is known where it is met: no name stands in the body twice, so that none comes again, and
    /// none is written with escapes. Of members of one name the last counts.
    fn is_known_at_once(self, body: &[u8]) -> bool {
        let Self::Only(names) = self else { return false };
        let mut quoted = String::with_capacity(32);
        let mut once = |name: &str| {
            quoted.clear();
            quoted.extend(["\"", name, "\""]);
            memmem::find_iter(body, &quoted).nth(1).is_none()
        };
        // Of letters and digits: `\u0030` to `\u007a`.
        let escaped = |at: usize| matches!(body.get(at + 4), Some(b'3'..=b'7'));
        names.iter().all(|name| once(name))
            && once(Core::Specversion.name())
            && !memmem::find_iter(body, br"\u00").any(escaped)
    }

    pub(super) fn lints(self) -> bool {
        matches!(self, Self::Full)
    }

    pub(super) fn wants(self, name: &str) -> bool {
        match self {
            Self::Only(names) => {
                names.iter().any(|wanted| wanted.eq_ignore_ascii_case(name))
                    || Core::of(name).is_some_and(|c| Core::REQUIRED.contains(&c))
            }
            _ => true,
        }
    }
}

/// The most attributes that an event keeps; what is beyond costs no memory.
pub const MOST_ATTRIBUTES: usize = 1_000;

/// The most events of a batch that are decoded.
pub const MOST_EVENTS: usize = 10_000;

/// The most attributes that all events of a batch keep together (some 10 MB).
const MOST_ATTRIBUTES_OF_ALL: usize = 100_000;

/// What the JSON is at its top.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Shape {
    /// `{…}`.
    Object,
    /// `[…]`.
    Array,
    /// `{…}`, one after the other.
    Lines,
    /// Anything else, or nothing that could be read.
    Other,
}

/// What was read, up to the end or up to where the JSON breaks.
pub(super) struct Document<'a> {
    /// What stands at the top.
    pub(super) shape: Shape,
    /// One event of an object; those of an array, capped.
    pub(super) events: Vec<Event<'a>>,
    /// How many elements of the array were left out.
    pub(super) dropped: usize,
    /// Where and why it breaks.
    pub(super) broken: Option<serde_json::Error>,
}

/// Reads a body. `announced` when a content type says what it is; without, an array is only read on if its first
/// element is an event.
pub(super) fn read<'a>(body: &'a [u8], depth: Depth<'_>, announced: bool) -> Document<'a> {
    quickly(body, depth).unwrap_or_else(|| slowly(body, depth, announced))
}

/// Reads a body that is one object, if there is nothing about it that needs a closer look.
fn quickly<'a>(body: &'a [u8], depth: Depth<'_>) -> Option<Document<'a>> {
    let mut top = Top::new(depth, true);
    let mut source = Quick::new(body)?;
    top.events.reserve_exact(1);
    let complete = top.members(&mut source, depth.is_known_at_once(body)).ok()?;
    // What is known early may be that of the first of several.
    let alone = if complete { source.has_ended() } else { !are_lines(body) };
    alone.then_some(Document { shape: Shape::Object, events: top.events, dropped: 0, broken: None })
}

/// Reads any body, and tells where it breaks.
fn slowly<'a>(body: &'a [u8], depth: Depth<'_>, announced: bool) -> Document<'a> {
    let mut top = Top::new(depth, announced);
    let mut json = serde_json::Deserializer::from_slice(body);
    if are_lines(body) {
        let broken = top.lines(&mut json).err();
        return Document { shape: top.shape, events: top.events, dropped: top.dropped, broken };
    }
    let read = match body.trim_ascii_start().first() {
        Some(b'{') => {
            top.may_stop = depth.is_known_at_once(body);
            json.deserialize_map(&mut top)
        }
        Some(b'[') => json.deserialize_seq(&mut top),
        _ => IgnoredAny::deserialize(&mut json).map(|_| ()),
    };
    let broken = if top.stopped { None } else { read.and_then(|()| json.end()).err() };
    Document { shape: top.shape, events: top.events, dropped: top.dropped, broken }
}

/// Whether one object may follow another: within JSON no brace opens right behind one that closes, but for text in a
/// string, of which the reader knows. The blanks before each brace are looked at once.
fn are_lines(body: &[u8]) -> bool {
    let follows = |at: usize| body.get(..at).unwrap_or_default().trim_ascii_end().last() == Some(&b'}');
    body.trim_ascii_start().first() == Some(&b'{') && memchr::memchr_iter(b'{', body).any(follows)
}

/// The top of the body, and what has been collected.
struct Top<'a, 'n> {
    depth: Depth<'n>,
    announced: bool,
    /// Whether reading may end before the end of an object.
    may_stop: bool,
    /// Reading ended because everything is known, not because the JSON is broken.
    stopped: bool,
    shape: Shape,
    events: Vec<Event<'a>>,
    dropped: usize,
    /// Attributes that may still be kept.
    left: usize,
}

impl<'a, 'n> Top<'a, 'n> {
    fn new(depth: Depth<'n>, announced: bool) -> Self {
        Self {
            depth,
            announced,
            may_stop: false,
            stopped: false,
            shape: Shape::Other,
            events: Vec::new(),
            dropped: 0,
            left: MOST_ATTRIBUTES_OF_ALL,
        }
    }

    /// Reads objects one after the other; the shape tells whether there are several events. What follows an event and is
    /// none breaks it.
    fn lines<R: serde_json::de::Read<'a>>(
        &mut self,
        json: &mut serde_json::Deserializer<R>,
    ) -> Result<(), serde_json::Error> {
        self.shape = Shape::Object;
        json.deserialize_map(Object(self))?;
        if !self.events.first().is_some_and(Event::is_recognised) {
            return json.end();
        }
        while let Err(trailing) = json.end() {
            if self.events.len() >= MOST_EVENTS {
                IgnoredAny::deserialize(&mut *json)?;
                self.dropped += 1;
                continue;
            }
            let before = self.events.len();
            let read = json.deserialize_map(Object(self));
            if !self.events.get(before).is_some_and(Event::is_recognised) {
                self.events.truncate(before);
                return Err(trailing);
            }
            self.shape = Shape::Lines;
            read?;
        }
        Ok(())
    }

    /// Ends the reading early. The error is never seen.
    fn stop<E: serde::de::Error>(&mut self) -> E {
        self.stopped = true;
        E::custom("enough")
    }

    /// Reads the members of an object into the last event; `false` when it ended early with all that is wanted.
    fn members<S: Source<'a>>(&mut self, source: &mut S, may_stop: bool) -> Result<bool, S::Error> {
        let depth = self.depth;
        let mut event = Event::default();
        let most = self.left.min(MOST_ATTRIBUTES);
        let result = Members { depth, event: &mut event, most, may_stop }.read(source);
        self.left = self.left.saturating_sub(event.attributes.len());
        if result.is_err() {
            event.extent = Extent::Part;
        }
        self.events.push(event);
        result
    }
}

impl<'a> Visitor<'a> for &mut Top<'a, '_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an event or an array of events")
    }

    fn visit_map<A: MapAccess<'a>>(self, map: A) -> Result<(), A::Error> {
        self.shape = Shape::Object;
        self.events.reserve_exact(1);
        let may_stop = self.may_stop;
        if self.members(&mut Slow(map), may_stop)? { Ok(()) } else { Err(self.stop()) }
    }

    fn visit_seq<A: SeqAccess<'a>>(self, mut seq: A) -> Result<(), A::Error> {
        self.shape = Shape::Array;
        loop {
            if self.events.len() >= MOST_EVENTS {
                while seq.next_element::<IgnoredAny>()?.is_some() {
                    self.dropped += 1;
                }
                return Ok(());
            }
            if seq.next_element_seed(Element(self))?.is_none() {
                return Ok(());
            }
            let first_is_other = self.events.len() == 1 && !self.events.iter().any(Event::is_recognised);
            if first_is_other && !self.announced {
                return Err(self.stop());
            }
        }
    }
}

/// One of several objects.
struct Object<'t, 'a, 'n>(&'t mut Top<'a, 'n>);

impl<'a> Visitor<'a> for Object<'_, 'a, '_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an event")
    }

    fn visit_map<A: MapAccess<'a>>(self, map: A) -> Result<(), A::Error> {
        self.0.members(&mut Slow(map), false).map(drop)
    }
}

/// One element of a batch.
struct Element<'t, 'a, 'n>(&'t mut Top<'a, 'n>);

impl Element<'_, '_, '_> {
    /// An element that is no object is an event of which nothing could be read.
    fn other(self) {
        let findings = if self.0.depth.lints() { vec![Finding::NotObject] } else { Vec::new() };
        self.0.events.push(Event { findings, extent: Extent::Nothing, ..Event::default() });
    }
}

impl<'a> DeserializeSeed<'a> for Element<'_, 'a, '_> {
    type Value = ();

    fn deserialize<D: Deserializer<'a>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'a> Visitor<'a> for Element<'_, 'a, '_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an event")
    }

    fn visit_map<A: MapAccess<'a>>(self, map: A) -> Result<(), A::Error> {
        self.0.members(&mut Slow(map), false).map(drop)
    }

    fn visit_seq<A: SeqAccess<'a>>(self, mut seq: A) -> Result<(), A::Error> {
        while seq.next_element::<IgnoredAny>()?.is_some() {}
        self.other();
        Ok(())
    }

    fn visit_bool<E>(self, _: bool) -> Result<(), E> {
        self.other();
        Ok(())
    }

    fn visit_i64<E>(self, _: i64) -> Result<(), E> {
        self.other();
        Ok(())
    }

    fn visit_u64<E>(self, _: u64) -> Result<(), E> {
        self.other();
        Ok(())
    }

    fn visit_f64<E>(self, _: f64) -> Result<(), E> {
        self.other();
        Ok(())
    }

    fn visit_str<E>(self, _: &str) -> Result<(), E> {
        self.other();
        Ok(())
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        self.other();
        Ok(())
    }
}

/// The members of one event.
struct Members<'e, 'a, 'n> {
    depth: Depth<'n>,
    event: &'e mut Event<'a>,
    /// How many attributes may be kept, those of the specification aside.
    most: usize,
    /// Whether nothing after this event is needed.
    may_stop: bool,
}

impl<'a> Members<'_, 'a, '_> {
    /// `false` when it ended early with all that is wanted.
    fn read<S: Source<'a>>(&mut self, source: &mut S) -> Result<bool, S::Error> {
        self.event.attributes.reserve(10);
        let result = self.walk(source);
        if self.event.more > 0 && self.depth.lints() {
            self.event.findings.push(Finding::TooMany(self.event.more));
        }
        result
    }

    fn walk<S: Source<'a>>(&mut self, source: &mut S) -> Result<bool, S::Error> {
        let (mut data, mut base64) = (None, None);
        let mut complete = true;
        while let Some(name) = source.name()? {
            match &*name {
                "data" if self.depth.wants_data() => {
                    let value = source.value()?;
                    self.again(data.is_some(), "data");
                    data = Some(value);
                    self.event.data = Data::Json(value);
                }
                "data_base64" if self.depth.wants_data() => {
                    let value = source.value()?;
                    self.again(base64.is_some(), "data_base64");
                    // A null is absent, but not for `data`, where it is what was sent.
                    base64 = (value != "null").then_some(value);
                    if data.is_none() {
                        self.event.data = base64.map_or(Data::None, Data::Base64);
                    }
                }
                "data" | "data_base64" => {
                    source.skip()?;
                }
                // Not even looked for among those that are there: a flood of names must cost little.
                name if self.event.attributes.len() >= self.most && Core::of(name).is_none() => {
                    source.skip()?;
                    self.event.more += 1;
                }
                wanted if self.depth.wants(wanted) => {
                    let value = source.value()?;
                    self.attribute(name, value);
                    if self.has_enough() {
                        complete = false;
                        break;
                    }
                }
                _ => {
                    source.skip()?;
                }
            }
        }
        self.event.beside = base64.filter(|_| data.is_some());
        if self.event.beside.is_some() && self.depth.lints() {
            self.event.findings.push(Finding::DataTwice);
        }
        Ok(complete)
    }

    /// Notes a member that came before.
    fn again(&mut self, before: bool, name: &'static str) {
        if before && self.depth.lints() && self.event.findings.len() < MOST_ATTRIBUTES {
            self.event.findings.push(Finding::Duplicate(name.into()));
        }
    }

    /// Whether all that [`Depth::Only`] asks for has been read. An attribute that the event does not have is
    /// looked for to its end.
    fn has_enough(&self) -> bool {
        let Depth::Only(names) = self.depth else {
            return false;
        };
        self.may_stop && self.event.is_recognised() && names.iter().all(|name| self.event.get(name).is_some())
    }

    fn attribute(&mut self, name: Cow<'a, str>, source: &'a str) {
        let value = self.value(&name, source);
        if let Some(at) = self.event.attributes.iter().position(|a| a.name == name) {
            if self.depth.lints() && self.event.findings.len() < MOST_ATTRIBUTES {
                self.event.findings.push(Finding::Duplicate((&*name).into()));
            }
            // The last one counts, as for the SDK, also when it says that there is none.
            match (value, self.event.attributes.get_mut(at)) {
                (Some(value), Some(same)) => same.value = value,
                _ => drop(self.event.attributes.remove(at)),
            }
            return;
        }
        let Some(value) = value else {
            return;
        };
        self.event.attributes.push(Attribute { name, value });
    }

    /// A value from its source text; `None` for null, which is "absent".
    fn value(&mut self, name: &str, source: &'a str) -> Option<Value<'a>> {
        Some(match source.as_bytes().first() {
            Some(b'"') => {
                let inner = source.get(1..source.len() - 1).unwrap_or_default();
                if !inner.as_bytes().contains(&b'\\') {
                    Value::Text(Cow::Borrowed(inner))
                } else if let Ok(text) = serde_json::from_str::<String>(source) {
                    Value::Text(Cow::Owned(text))
                } else {
                    if self.depth.lints() && self.event.findings.len() < MOST_ATTRIBUTES {
                        self.event.findings.push(Finding::StringEscape(name.into()));
                    }
                    Value::Text(Cow::Borrowed(inner))
                }
            }
            Some(b'n') => return None,
            Some(b't') => Value::Boolean(true),
            Some(b'f') => Value::Boolean(false),
            _ => source.parse().map_or(Value::Json(source), Value::Integer),
        })
    }
}

#[cfg(test)]
mod tests;
