//! The names by which filters call the parts of a message: `type`, `header.Nats-Msg-Id`, `data.items[0].price`. Both
//! doors read them as they are written here.

use std::borrow::Cow;

use super::cesql::ast::{Path, plain_name};
use super::cesql::{self, Step, Value};
use super::fields::Fields;

/// A name that filters know, to read what it calls.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Key(Path);

impl Key {
    /// Reads a name: `type`, `header.Nats-Msg-Id`, `data.items[0].price`, `nats.seq`. `None` where no filter knows it.
    pub fn parse(name: &str) -> Option<Self> {
        read_key(name).map(Self)
    }

    /// Whether it calls an attribute of the event.
    pub fn is_attribute(&self) -> bool {
        matches!(self.0, Path::Attribute(_))
    }

    /// What it calls, as text.
    pub fn text<'a, F: Fields + ?Sized>(&'a self, fields: &'a F) -> Option<Cow<'a, str>> {
        cesql::read(&self.0, fields).map(Value::into_text)
    }
}

/// The name of a value inside of the event's data; without steps, of all of it.
pub fn data_key(steps: &[Step]) -> String {
    Path::Data(steps.to_vec()).to_string()
}

/// The name of a header.
pub fn header_key(name: &str) -> String {
    Path::Header(name.into()).to_string()
}

/// The name of an attribute, whatever it is: with signs that the specification does not allow it is in quotes.
pub fn attribute_key(name: &str) -> String {
    Path::Attribute(name.into()).to_string()
}

/// Whether it can be the name of an attribute where nothing is computed, so that `-` is no minus.
pub(super) fn is_name(text: &str) -> bool {
    !text.is_empty() && text.chars().all(|c| plain_name(c) || c == '-')
}

/// What a name calls; `None` where it is a name that no filter knows.
pub(super) fn read_key(key: &str) -> Option<Path> {
    if let Some((path, length)) = cesql::path_at_start(key) {
        return (length == key.len()).then_some(path);
    }
    is_name(key).then(|| Path::attribute(key))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn names_with_other_signs_are_quoted() {
        let key = |name: &str| Step::Key(name.into());
        assert_eq!(data_key(&[]), "data");
        assert_eq!(data_key(&[key("items"), Step::Index(0), key("price")]), "data.items[0].price");
        assert_eq!(data_key(&[key("e-mail"), key(""), key("größe")]), "data['e-mail'][''].größe");
        assert_eq!(data_key(&[key(r"it's \")]), r"data['it\'s \\']");
        assert_eq!(header_key("Nats-Msg-Id"), "header.Nats-Msg-Id");
        assert_eq!(header_key("X Y"), "header['X Y']");
        for (name, key) in [
            ("tenantId", "tenantId"),
            ("event_source", "event_source"),
            ("$schema", "$schema"),
            ("example-extension", "ce.example-extension"),
            ("a b", "ce['a b']"),
            ("Type", "ce.Type"),
            ("data", "ce.data"),
            ("in", "ce.in"),
            ("12", "ce.12"),
            ("nats.seq", "ce['nats.seq']"),
            ("", "ce['']"),
        ] {
            assert_eq!(attribute_key(name), key);
        }
    }

    #[test]
    fn what_is_no_name() {
        for key in [
            "",
            "größe",
            "a b",
            "a.b",
            "data.",
            "data.a ",
            "nats.server",
            "nats.size",
            "data['a",
            "header.a.b",
            "ce.a.b",
        ] {
            assert_eq!(read_key(key), None, "{key}");
        }
        assert_eq!(read_key("nats.seq"), Some(Path::Seq));
        for name in ["tenantId", "event_source", "$schema", "example-extension"] {
            assert_eq!(read_key(name), Some(Path::Attribute(name.into())));
        }
        assert_eq!((read_key("TYPE"), read_key("Data")), (read_key("type"), Some(Path::Data(Vec::new()))));
    }

    proptest! {
        #[test]
        fn every_name_is_read_back(names in prop::collection::vec(prop_oneof![any::<String>(), r#"[a'"\\.\]\[:]{0,6}"#], 0..4), index in any::<usize>()) {
            let mut steps: Vec<Step> = names.iter().map(|name| Step::Key(name.as_str().into())).collect();
            steps.push(Step::Index(index));
            prop_assert_eq!(read_key(&data_key(&steps)), Some(Path::Data(steps)));
            if let Some(name) = names.first() {
                prop_assert_eq!(read_key(&header_key(name)), Some(Path::Header(name.as_str().into())));
                prop_assert_eq!(read_key(&attribute_key(name)), Some(Path::Attribute(name.as_str().into())));
            }
        }
    }
}
