//! What a filter may ask of a message, so that no more of it is decoded than the filter needs.

use std::borrow::Cow;
use std::ops::BitOr;

use super::cesql::Value;
use crate::model::Timestamp;

/// A message as filters see it. What an implementor finds out at a cost, it finds out when it is asked.
pub trait Fields {
    /// An attribute of the event, by its name as [`by_name`] finds it. Integers and booleans may keep their type;
    /// times and URIs are text, with what the sender wrote. An attribute that is null is none.
    fn attribute(&self, name: &str) -> Option<Value<'_>>;

    /// The event's data: of `data_base64`, what was encoded. For a message that is no event, the body.
    fn data(&self) -> Option<Data<'_>>;

    /// The first header of this name, in any case.
    fn header(&self, name: &str) -> Option<Cow<'_, str>>;

    /// The stream that it is stored in.
    fn stream(&self) -> Option<&str> {
        None
    }

    /// The subject on NATS.
    fn subject(&self) -> Option<&str> {
        None
    }

    /// The sequence in the stream.
    fn seq(&self) -> Option<u64> {
        None
    }

    /// When the stream stored it.
    fn time(&self) -> Option<Timestamp> {
        None
    }

    /// Shows the texts of a part one after the other until `found` says true; says whether it did.
    fn any_text(&self, part: Part, found: &mut dyn FnMut(&str) -> bool) -> bool;
}

/// What has this name exactly; else what has it in lower case, as the specification wants names to be; else what has
/// it in any case, where that is one alone.
pub fn by_name<'n, T>(wanted: &str, all: impl Iterator<Item = (&'n str, T)> + Clone) -> Option<T> {
    if let Some((_, exact)) = all.clone().find(|(name, _)| *name == wanted) {
        return Some(exact);
    }
    let mut alike = all.filter(|(name, _)| name.eq_ignore_ascii_case(wanted));
    let (name, first) = alike.next()?;
    let is_lower = |name: &str| !name.bytes().any(|b| b.is_ascii_uppercase());
    match alike.next() {
        None => Some(first),
        Some(_) if is_lower(name) => Some(first),
        Some((name, second)) if is_lower(name) => Some(second),
        Some(_) => alike.find(|(name, _)| is_lower(name)).map(|(_, lower)| lower),
    }
}

/// The data of an event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Data<'a> {
    /// The text of a JSON value; it may turn out to be none.
    Json(Cow<'a, str>),
    /// Text of another kind.
    Text(Cow<'a, str>),
}

/// What is searched for words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// The values of the event's attributes.
    Attributes,
    /// The values of the headers.
    Headers,
    /// The body, or where an attribute holds the data encoded, the data.
    Body,
}

/// What of a message a filter looks at. Subject, sequence and time are always there.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Needs {
    /// Attributes of the event: the envelope must be read.
    pub attributes: bool,
    /// Headers.
    pub headers: bool,
    /// The body or the event's data.
    pub body: bool,
}

impl Needs {
    /// Everything, as searching for words does.
    pub const ALL: Self = Self { attributes: true, headers: true, body: true };
}

impl BitOr for Needs {
    type Output = Self;

    fn bitor(self, other: Self) -> Self {
        Self {
            attributes: self.attributes || other.attributes,
            headers: self.headers || other.headers,
            body: self.body || other.body,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_found_exactly_or_where_there_is_no_doubt() {
        let find = |wanted: &str, names: &[&'static str]| by_name(wanted, names.iter().map(|name| (*name, *name)));
        assert_eq!(find("tenantId", &["tenantid", "tenantId", "TENANTID"]), Some("tenantId"));
        assert_eq!(find("TenantId", &["tenantId", "TENANTID", "tenantid"]), Some("tenantid"));
        assert_eq!(find("TenantId", &["tenantid", "TENANTID"]), Some("tenantid"));
        assert_eq!(find("tenantid", &["type", "tenantId"]), Some("tenantId"));
        assert_eq!(find("tenantid", &["tenantId", "TENANTID"]), None);
        assert_eq!(find("tenant", &["tenantid"]), None);
    }
}
