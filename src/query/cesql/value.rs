//! Values of expressions: the three types of CESQL with their casts, and two that only come from a message's
//! data and from the server.
//!
//! CESQL knows integers of 32 bits and no fractions. Numbers of JSON data and sequences are both more often
//! than not, so they are a type of their own: a [`Number`] compares by value with everything that reads as a
//! number, and where an Integer is needed it is one if it fits.

use std::borrow::Cow;
use std::cmp::Ordering;
use std::fmt;

use serde::{Serialize, Serializer};

use crate::model::Timestamp;

/// A value.
#[derive(Clone, Debug, PartialEq)]
pub enum Value<'a> {
    /// CESQL: true or false.
    Boolean(bool),
    /// CESQL: 32 bits with a sign.
    Integer(i32),
    /// CESQL: text. Attributes of other types are text too.
    String(Cow<'a, str>),
    /// A number from data, or a sequence.
    Number(Number),
    /// When a message was stored.
    Time(Timestamp),
}

/// A number of any size.
#[derive(Clone, Copy, Debug)]
pub enum Number {
    /// Without a fraction, exactly.
    Whole(i128),
    /// Everything else; finite.
    Real(f64),
}

/// The types that values are cast to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Type {
    Boolean,
    Integer,
    String,
    Number,
    Time,
}

impl Type {
    /// As sentences name it.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Boolean => "Boolean",
            Self::Integer => "Integer",
            Self::String => "String",
            Self::Number => "number",
            Self::Time => "RFC 3339 time",
        }
    }

    /// What is returned instead of a value when something went wrong.
    pub(super) fn zero<'a>(self) -> Value<'a> {
        match self {
            Self::Integer | Self::Number => Value::Integer(0),
            Self::String => Value::text(""),
            Self::Boolean | Self::Time => Value::Boolean(false),
        }
    }
}

impl<'a> Value<'a> {
    /// Text.
    pub fn text(text: impl Into<Cow<'a, str>>) -> Self {
        Self::String(text.into())
    }

    /// Cast to Integer: digits with an optional sign, in range; true is 1.
    pub(super) fn to_integer(&self) -> Option<i32> {
        match self {
            Self::Boolean(b) => Some(i32::from(*b)),
            Self::Integer(n) => Some(*n),
            Self::String(text) => text.parse().ok(),
            Self::Number(Number::Whole(n)) => i32::try_from(*n).ok(),
            Self::Number(Number::Real(_)) | Self::Time(_) => None,
        }
    }

    /// Cast to Boolean: true or false in any case; every Integer but 0.
    pub(super) fn to_boolean(&self) -> Option<bool> {
        match self {
            Self::Boolean(b) => Some(*b),
            Self::Integer(n) => Some(*n != 0),
            Self::String(text) if text.eq_ignore_ascii_case("true") => Some(true),
            Self::String(text) if text.eq_ignore_ascii_case("false") => Some(false),
            Self::Number(n) => Some(n.compare(Number::Whole(0)).is_ne()),
            Self::String(_) | Self::Time(_) => None,
        }
    }

    /// Cast to String, which always works.
    pub fn into_text(self) -> Cow<'a, str> {
        match self {
            Self::String(text) => text,
            Self::Boolean(true) => "true".into(),
            Self::Boolean(false) => "false".into(),
            other => other.to_string().into(),
        }
    }

    /// The same without what it borrows.
    pub fn into_owned(self) -> Value<'static> {
        match self {
            Self::String(text) => Value::String(text.into_owned().into()),
            Self::Boolean(b) => Value::Boolean(b),
            Self::Integer(n) => Value::Integer(n),
            Self::Number(n) => Value::Number(n),
            Self::Time(at) => Value::Time(at),
        }
    }

    fn kind(&self) -> Type {
        match self {
            Self::Boolean(_) => Type::Boolean,
            Self::Integer(_) => Type::Integer,
            Self::String(_) => Type::String,
            Self::Number(_) => Type::Number,
            Self::Time(_) => Type::Time,
        }
    }

    fn to_number(&self) -> Option<Number> {
        match self {
            Self::Integer(n) => Some(Number::Whole(i128::from(*n))),
            Self::Number(n) => Some(*n),
            Self::String(text) => Number::read(text),
            Self::Boolean(_) | Self::Time(_) => None,
        }
    }

    fn to_time(&self) -> Option<Timestamp> {
        match self {
            Self::Time(at) => Some(*at),
            Self::String(text) => time(text),
            _ => None,
        }
    }

    /// `self = other`: `self` is cast to the type of `other`. The error is the type that `self` cannot have.
    pub(super) fn equals(&self, other: &Self) -> Result<bool, Type> {
        match (self, other) {
            // Times are the same however they are written.
            (Self::String(a), Self::String(b)) => Ok(a == b || time(a).is_some_and(|a| time(b) == Some(a))),
            (Self::Number(_) | Self::Time(_), _) | (_, Self::Number(_) | Self::Time(_)) => self.equals_beyond(other),
            (_, Self::String(b)) => Ok(self.clone().into_text() == *b),
            (_, Self::Integer(b)) => self.to_integer().map(|a| a == *b).ok_or(Type::Integer),
            (_, Self::Boolean(b)) => self.to_boolean().map(|a| a == *b).ok_or(Type::Boolean),
        }
    }

    /// `self = other` where one of them is a number or a time: by value, else as text.
    fn equals_beyond(&self, other: &Self) -> Result<bool, Type> {
        if let (Self::Boolean(a), b) | (b, Self::Boolean(a)) = (self, other) {
            return b.to_boolean().map(|b| *a == b).ok_or(Type::Boolean);
        }
        if let (Some(a), Some(b)) = (self.to_number(), other.to_number()) {
            return Ok(a.compare(b).is_eq());
        }
        if let (Some(a), Some(b)) = (self.to_time(), other.to_time()) {
            return Ok(a == b);
        }
        Ok(self.clone().into_text() == other.clone().into_text())
    }

    /// `self < other` and its kin. The error is the type that is needed, and whether `other` cannot have it.
    pub(super) fn order(&self, other: &Self) -> Result<Ordering, (Type, bool)> {
        let kind = match (self.kind(), other.kind()) {
            (Type::Time, _) | (_, Type::Time) => Type::Time,
            (Type::Number, _) | (_, Type::Number) => Type::Number,
            // No Integer reads as a time, so nothing that could be compared is compared otherwise.
            (Type::String, Type::String) if self.to_time().is_some() || other.to_time().is_some() => Type::Time,
            _ => Type::Integer,
        };
        let failed = |second| (kind, second);
        match kind {
            Type::Time => {
                let a = self.to_time().ok_or(failed(false))?;
                Ok(a.cmp(&other.to_time().ok_or(failed(true))?))
            }
            Type::Number => {
                let a = self.to_number().ok_or(failed(false))?;
                Ok(a.compare(other.to_number().ok_or(failed(true))?))
            }
            _ => {
                let a = self.to_integer().ok_or(failed(false))?;
                Ok(a.cmp(&other.to_integer().ok_or(failed(true))?))
            }
        }
    }
}

/// The time that a text says as RFC 3339 has it. Most texts are none, and cost nothing.
fn time(text: &str) -> Option<Timestamp> {
    matches!(text.as_bytes(), [_, _, _, _, b'-', _, _, b'-', _, _, _, _, _, b':', ..])
        .then(|| Timestamp::parse(text))?
}

impl Number {
    /// Reads a number as JSON writes it; also one with a plus or with zeros before it.
    pub(in crate::query) fn read(text: &str) -> Option<Self> {
        if let Ok(whole) = text.parse() {
            return Some(Self::Whole(whole));
        }
        // The standard library would also read infinities.
        let plain = |b: u8| b.is_ascii_digit() || matches!(b, b'+' | b'-' | b'.' | b'e' | b'E');
        let real: f64 = text.bytes().all(plain).then(|| text.parse().ok())??;
        real.is_finite().then_some(Self::Real(real))
    }

    fn real(self) -> f64 {
        match self {
            Self::Whole(n) => n as f64,
            Self::Real(n) => n,
        }
    }

    fn compare(self, other: Self) -> Ordering {
        match (self, other) {
            (Self::Whole(a), Self::Whole(b)) => a.cmp(&b),
            // Zero has one value, whatever its sign.
            (a, b) => (a.real() + 0.0).total_cmp(&(b.real() + 0.0)),
        }
    }
}

impl PartialEq for Number {
    fn eq(&self, other: &Self) -> bool {
        self.compare(*other).is_eq()
    }
}

impl fmt::Display for Value<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Boolean(b) => write!(f, "{b}"),
            Self::Integer(n) => write!(f, "{n}"),
            Self::String(text) => f.write_str(text),
            Self::Number(Number::Whole(n)) => write!(f, "{n}"),
            Self::Number(Number::Real(n)) => write!(f, "{n}"),
            Self::Time(at) => write!(f, "{at}"),
        }
    }
}

impl Serialize for Value<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Boolean(b) => serializer.serialize_bool(*b),
            Self::Integer(n) => serializer.serialize_i32(*n),
            Self::String(text) => serializer.serialize_str(text),
            Self::Number(Number::Whole(n)) => serializer.serialize_i128(*n),
            Self::Number(Number::Real(n)) => serializer.serialize_f64(*n),
            Self::Time(at) => serializer.collect_str(at),
        }
    }
}
