//! Names that an object within the data has more than once. Looking for them costs more than all else that is done to an
//! event, so it is done where one is shown whole.

use std::borrow::Cow;
use std::collections::HashSet;
use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error as _, MapAccess, SeqAccess, Visitor};

use super::body::{Body, Kind};
use super::decoded::Event;
use super::finding::Finding;
use crate::query::{Step, data_key};

impl Event<'_> {
    /// The first name that is given twice in one object of the data, if that is JSON (RFC 8259, section 4).
    pub fn doubled_key(&self) -> Option<Finding> {
        let body = Body::of(self);
        if body.kind() != Kind::Json {
            return None;
        }
        let mut found = None;
        let mut way = Vec::new();
        // What is nested deeper than the reader goes is not judged.
        let _ = Walk { way: &mut way, found: &mut found }
            .deserialize(&mut serde_json::Deserializer::from_slice(body.shown()));
        found.map(|way| Finding::DoubledKey(way.into()))
    }
}

/// A value on the way.
struct Walk<'w> {
    way: &'w mut Vec<Step>,
    found: &'w mut Option<String>,
}

impl<'de> DeserializeSeed<'de> for Walk<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Walk<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let mut names = HashSet::new();
        while let Some(name) = map.next_key::<Cow<'de, str>>()? {
            self.way.push(Step::Key((&*name).into()));
            if !names.insert(name) {
                *self.found = Some(data_key(self.way));
                return Err(A::Error::custom("found"));
            }
            map.next_value_seed(Walk { way: self.way, found: self.found })?;
            self.way.pop();
        }
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<(), A::Error> {
        for index in 0.. {
            self.way.push(Step::Index(index));
            let more = seq.next_element_seed(Walk { way: self.way, found: self.found })?;
            self.way.pop();
            if more.is_none() {
                break;
            }
        }
        Ok(())
    }

    fn visit_bool<E>(self, _: bool) -> Result<(), E> {
        Ok(())
    }

    fn visit_i64<E>(self, _: i64) -> Result<(), E> {
        Ok(())
    }

    fn visit_u64<E>(self, _: u64) -> Result<(), E> {
        Ok(())
    }

    fn visit_f64<E>(self, _: f64) -> Result<(), E> {
        Ok(())
    }

    fn visit_str<E>(self, _: &str) -> Result<(), E> {
        Ok(())
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::super::exercise::message;
    use super::super::{Document, Envelope, Shape};

    fn found(data: &str) -> Option<String> {
        let body = format!(r#"{{"specversion":"1.0","id":"1","source":"/a","type":"t","data":{data}}}"#);
        let sent = message(&[], body.as_bytes());
        let envelope = Envelope::new(&sent);
        let finding = envelope.decode().events()[0].doubled_key()?;
        Some(finding.to_string())
    }

    #[test]
    fn the_first_of_them_is_named_with_the_way_to_it() {
        let way = |data: &str| found(data).map(|sentence| sentence.split(' ').next().unwrap().to_owned());
        assert_eq!(way(r#"{"a":1,"a":2}"#).as_deref(), Some("data.a"));
        assert_eq!(way(r#"{"a":[0,{"b":{"c":1,"d":[],"\u0063":1.5e3}}]}"#).as_deref(), Some("data.a[1].b.c"));
        for none in [r#"{"a":{"a":1},"b":{"a":[{"a":1},{"a":1}]}}"#, "[1,1]", "\"text\"", "null", "1e999"] {
            assert_eq!(found(none), None, "{none}");
        }
        let deep = format!("{}{{\"a\":1,\"a\":1}}{}", "[".repeat(1_000), "]".repeat(1_000));
        assert_eq!(found(&deep), None, "what is too deep is not judged");
        assert_eq!(
            found(r#"{"a":1,"a":2}"#).unwrap(),
            "data.a is given more than once; here the last one counts, other readers may take another (RFC 8259, section 4)."
        );
    }

    #[test]
    fn binary_events_and_panels() {
        let headers = [("ce-specversion", "1.0"), ("ce-id", "1"), ("ce-source", "/"), ("ce-type", "t")];
        let sent = message(&[&headers[..], &[("content-type", "application/json")]].concat(), br#"{"x":1,"x":2}"#);
        let mut panel = Document::of(&sent, 0, Shape::Pretty, 120);
        let rows = panel.rows(0..3).into_iter().flat_map(|row| row.line).map(|span| span.text).collect::<String>();
        assert!(rows.contains("data.x is given more than once"), "{rows}");
        assert_eq!(Envelope::new(&sent).decode().all_findings().count(), 0, "elsewhere it is not looked for");
    }
}
