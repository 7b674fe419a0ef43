//! Attributes of an event as they were read: names and values that borrow from the message.

use std::borrow::Cow;

/// The attributes that the specification itself names (`CloudEvents` 1.0, section "Context Attributes").
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Core {
    /// `specversion`, required.
    Specversion,
    /// `id`, required.
    Id,
    /// `source`, required.
    Source,
    /// `type`, required.
    Type,
    /// `subject`.
    Subject,
    /// `time`.
    Time,
    /// `datacontenttype`.
    Datacontenttype,
    /// `dataschema`.
    Dataschema,
}

impl Core {
    /// Those that an event must have.
    pub const REQUIRED: [Self; 4] = [Self::Specversion, Self::Id, Self::Source, Self::Type];

    /// All, the required ones first.
    pub const ALL: [Self; 8] = [
        Self::Specversion,
        Self::Id,
        Self::Source,
        Self::Type,
        Self::Subject,
        Self::Time,
        Self::Datacontenttype,
        Self::Dataschema,
    ];

    /// Its name in an event.
    pub fn name(self) -> &'static str {
        match self {
            Self::Specversion => "specversion",
            Self::Id => "id",
            Self::Source => "source",
            Self::Type => "type",
            Self::Subject => "subject",
            Self::Time => "time",
            Self::Datacontenttype => "datacontenttype",
            Self::Dataschema => "dataschema",
        }
    }

    /// The attribute of this name, exactly as written; `None` for an extension.
    pub fn of(name: &str) -> Option<Self> {
        Some(match name {
            "specversion" => Self::Specversion,
            "id" => Self::Id,
            "source" => Self::Source,
            "type" => Self::Type,
            "subject" => Self::Subject,
            "time" => Self::Time,
            "datacontenttype" => Self::Datacontenttype,
            "dataschema" => Self::Dataschema,
            _ => return None,
        })
    }

    /// The place of an attribute among the others where people read them.
    pub(super) fn rank(name: &str) -> u8 {
        match Self::of(name) {
            Some(Self::Type) => 0,
            Some(Self::Source) => 1,
            Some(Self::Subject) => 2,
            Some(Self::Id) => 3,
            Some(Self::Time) => 4,
            None => 5,
            Some(Self::Datacontenttype) => 6,
            Some(Self::Dataschema) => 7,
            Some(Self::Specversion) => 8,
        }
    }
}

/// What an attribute holds. In binary mode everything is text, since headers have no types.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value<'a> {
    /// Text; raw, sanitise before drawing.
    Text(Cow<'a, str>),
    /// A signed number of 32 bits, the only number that the type system knows.
    Integer(i32),
    /// `true` or `false`.
    Boolean(bool),
    /// What an attribute may not hold (a float, a bigger number, an object, an array) as its JSON source text.
    Json(&'a str),
}

impl Value<'_> {
    /// Its text form; for [`Value::Json`] the source text.
    pub fn to_text(&self) -> Cow<'_, str> {
        match self {
            Self::Text(text) => Cow::Borrowed(text),
            Self::Integer(number) => Cow::Owned(number.to_string()),
            Self::Boolean(true) => Cow::Borrowed("true"),
            Self::Boolean(false) => Cow::Borrowed("false"),
            Self::Json(source) => Cow::Borrowed(source),
        }
    }

    /// The text, if it is text.
    pub fn as_text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            _ => None,
        }
    }
}

/// One attribute, in the order of the wire.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attribute<'a> {
    /// Its name; raw, sanitise before drawing. Lower case where it came as a header.
    pub name: Cow<'a, str>,
    /// Its value.
    pub value: Value<'a>,
}

impl Attribute<'_> {
    /// Whether a member of this name would be the data of a structured event.
    pub(super) fn is_named_data(&self) -> bool {
        matches!(&*self.name, "data" | "data_base64")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn core_names_are_found_and_only_exactly() {
        for core in Core::ALL {
            assert_eq!(Core::of(core.name()), Some(core));
        }
        assert_eq!(Core::of("Id"), None);
        assert_eq!(Core::of("traceparent"), None);
    }

    #[test]
    fn values_as_text() {
        assert_eq!(Value::Integer(-3).to_text(), "-3");
        assert_eq!(Value::Boolean(true).to_text(), "true");
        assert_eq!(Value::Json("1.50").to_text(), "1.50");
        assert_eq!(Value::Json("1.50").as_text(), None);
    }
}
