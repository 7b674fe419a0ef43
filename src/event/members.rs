//! The members of a JSON object, one after the other, as source text: read quickly, or by the JSON library, which says what
//! is wrong.

use std::borrow::Cow;
use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, Visitor};
use serde_json::value::RawValue;

use super::scan;

/// Members of an object, one after the other.
pub(super) trait Source<'a> {
    /// Why they cannot be read on.
    type Error;

    /// The name of the next one; `None` behind the last.
    fn name(&mut self) -> Result<Option<Cow<'a, str>>, Self::Error>;

    /// Its value, as source text.
    fn value(&mut self) -> Result<&'a str, Self::Error>;

    /// Passes over its value.
    fn skip(&mut self) -> Result<(), Self::Error>;
}

/// Those that the JSON library reads.
pub(super) struct Slow<A>(pub(super) A);

impl<'a, A: MapAccess<'a>> Source<'a> for Slow<A> {
    type Error = A::Error;

    fn name(&mut self) -> Result<Option<Cow<'a, str>>, A::Error> {
        self.0.next_key_seed(Name)
    }

    fn value(&mut self) -> Result<&'a str, A::Error> {
        self.0.next_value::<&'a RawValue>().map(RawValue::get)
    }

    fn skip(&mut self) -> Result<(), A::Error> {
        self.0.next_value::<IgnoredAny>().map(drop)
    }
}

/// Something that is not read quickly: an error, a name with escapes, very deep nesting.
pub(super) struct Odd;

/// Those of an object that is looked through.
pub(super) struct Quick<'a> {
    source: &'a [u8],
    at: usize,
    /// None was read yet.
    first: bool,
}

impl<'a> Quick<'a> {
    /// Of the object that the source begins with; `None` where it does not.
    pub(super) fn new(source: &'a [u8]) -> Option<Self> {
        let open = scan::blanks(source, 0);
        (source.get(open) == Some(&b'{')).then_some(Self { source, at: open + 1, first: true })
    }

    /// Whether nothing follows behind it.
    pub(super) fn has_ended(&self) -> bool {
        scan::blanks(self.source, self.at) == self.source.len()
    }

    fn byte(&self) -> Option<u8> {
        self.source.get(self.at).copied()
    }

    fn text(&self, from: usize, end: usize) -> Result<&'a str, Odd> {
        self.source.get(from..end).and_then(|text| std::str::from_utf8(text).ok()).ok_or(Odd)
    }
}

impl<'a> Source<'a> for Quick<'a> {
    type Error = Odd;

    fn name(&mut self) -> Result<Option<Cow<'a, str>>, Odd> {
        self.at = scan::blanks(self.source, self.at);
        let first = std::mem::take(&mut self.first);
        match self.byte() {
            Some(b'}') => {
                self.at += 1;
                return Ok(None);
            }
            Some(b',') if !first => self.at = scan::blanks(self.source, self.at + 1),
            Some(b'"') if first => {}
            _ => return Err(Odd),
        }
        let from = self.at + 1;
        let end = scan::plain(self.source, from);
        if self.byte() != Some(b'"') || self.source.get(end) != Some(&b'"') {
            return Err(Odd);
        }
        self.at = scan::name(self.source, self.at).ok_or(Odd)?;
        self.text(from, end).map(|name| Some(Cow::Borrowed(name)))
    }

    fn value(&mut self) -> Result<&'a str, Odd> {
        let from = self.at;
        self.skip()?;
        self.text(from, self.at)
    }

    fn skip(&mut self) -> Result<(), Odd> {
        self.at = scan::value(self.source, self.at).ok_or(Odd)?;
        Ok(())
    }
}

/// A member's name, borrowed where it holds no escapes.
struct Name;

impl<'a> DeserializeSeed<'a> for Name {
    type Value = Cow<'a, str>;

    fn deserialize<D: Deserializer<'a>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl<'a> Visitor<'a> for Name {
    type Value = Cow<'a, str>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a name")
    }

    fn visit_borrowed_str<E>(self, name: &'a str) -> Result<Self::Value, E> {
        Ok(Cow::Borrowed(name))
    }

    fn visit_str<E>(self, name: &str) -> Result<Self::Value, E> {
        Ok(Cow::Owned(name.to_owned()))
    }
}
