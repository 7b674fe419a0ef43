//! Members of the envelope of a structured event, put in and taken out without touching any other byte.

use std::ops::Range;

use memchr::memmem::Finder;

/// The source with these members (JSON source text, without a comma at its end) as the first of its object, and
/// without members of the names. `None` where it is no object.
pub(super) fn insert(source: &[u8], names: &Names, members: &str) -> Option<Vec<u8>> {
    let mut out = Vec::with_capacity(source.len() + members.len() + 1);
    for part in parts(source, names, members)? {
        out.extend_from_slice(part);
    }
    Some(out)
}

/// How long that is.
pub(super) fn inserted_len(source: &[u8], names: &Names, members: &str) -> Option<usize> {
    Some(parts(source, names, members)?.map(<[u8]>::len).sum())
}

/// What it consists of.
fn parts<'s>(source: &'s [u8], names: &Names, members: &'s str) -> Option<impl Iterator<Item = &'s [u8]>> {
    let (head, rest) = source.split_at(first_brace(source)? + 1);
    // Most events were never replayed: then there is nothing to be taken out.
    let old = if names.any_in(rest) { old_members(rest, &names.0)? } else { Vec::new() };
    let starts: Vec<usize> = std::iter::once(0).chain(old.iter().map(|range| range.end)).collect();
    let ends = old.into_iter().map(|range| range.start).chain([rest.len()]);
    let kept = starts.into_iter().zip(ends).map(|(from, end)| &rest[from..end]);
    let first = kept.clone().find_map(|part| part.trim_ascii_start().first());
    let comma = if first == Some(&b'}') { &b""[..] } else { b"," };
    Some([head, members.as_bytes(), comma].into_iter().chain(kept))
}

/// Names of members, ready to be searched for.
#[derive(Clone, Debug)]
pub(super) struct Names(Vec<&'static str>, Vec<Finder<'static>>);

impl Names {
    /// Of these names.
    pub(super) fn new(names: &[&'static str]) -> Self {
        Self(names.to_vec(), names.iter().map(|name| Finder::new(*name)).collect())
    }

    /// Whether this is one of them.
    pub(super) fn has(&self, name: &str) -> bool {
        self.0.contains(&name)
    }

    /// Whether any of them stands anywhere in the text, as a name or as something else. One that is written with
    /// escapes is not seen.
    fn any_in(&self, source: &[u8]) -> bool {
        self.1.iter().any(|finder| finder.find(source).is_some())
    }
}

/// Where the object begins, behind a byte order mark and blanks.
fn first_brace(source: &[u8]) -> Option<usize> {
    let bom = if source.starts_with(b"\xef\xbb\xbf") { 3 } else { 0 };
    let at = bom + source[bom..].iter().position(|b| !b.is_ascii_whitespace())?;
    (source[at] == b'{').then_some(at)
}

/// Where members of these names stand, each with one of the commas around it. `rest` begins behind the brace.
fn old_members(rest: &[u8], names: &[&str]) -> Option<Vec<Range<usize>>> {
    let mut found = Vec::new();
    let mut at = 0;
    // The comma before the member that is looked at, unless it was taken out with the one before.
    let mut comma: Option<usize> = None;
    loop {
        let start = skip_blanks(rest, at);
        if rest.get(start) == Some(&b'}') {
            return Some(found);
        }
        let key_end = end_of_string(rest, start)?;
        let colon = skip_blanks(rest, key_end);
        if rest.get(colon) != Some(&b':') {
            return None;
        }
        let value_end = end_of_value(rest, skip_blanks(rest, colon + 1))?;
        let key: String = serde_json::from_slice(&rest[start..key_end]).ok()?;
        let next = skip_blanks(rest, value_end);
        let more = rest.get(next) == Some(&b',');
        if names.contains(&key.as_str()) {
            match comma {
                Some(before) => found.push(before..value_end),
                None => found.push(start..if more { next + 1 } else { value_end }),
            }
        }
        if !more {
            return (rest.get(next) == Some(&b'}')).then_some(found);
        }
        // A first member that goes takes its comma along.
        let taken = found.last().is_some_and(|range| range.end == next + 1);
        comma = if taken { None } else { Some(next) };
        at = next + 1;
    }
}

fn skip_blanks(source: &[u8], mut at: usize) -> usize {
    while source.get(at).is_some_and(u8::is_ascii_whitespace) {
        at += 1;
    }
    at
}

/// Behind the string that begins here.
fn end_of_string(source: &[u8], start: usize) -> Option<usize> {
    if source.get(start) != Some(&b'"') {
        return None;
    }
    let mut at = start + 1;
    loop {
        match source.get(at)? {
            b'\\' => at += 2,
            b'"' => return Some(at + 1),
            _ => at += 1,
        }
    }
}

/// Behind the value that begins here.
fn end_of_value(source: &[u8], start: usize) -> Option<usize> {
    let mut depth = 0_usize;
    let mut at = start;
    loop {
        match source.get(at)? {
            b'"' => {
                at = end_of_string(source, at)?;
                if depth == 0 {
                    return Some(at);
                }
                continue;
            }
            b'{' | b'[' => depth += 1,
            b'}' | b']' | b',' if depth == 0 => return (at > start).then_some(at),
            b'}' | b']' => {
                depth -= 1;
                if depth == 0 {
                    return Some(at + 1);
                }
            }
            _ => {}
        }
        at += 1;
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const NAMES: [&str; 2] = ["ra", "rb"];

    fn inserted(source: &str) -> Option<String> {
        insert(source.as_bytes(), &Names::new(&NAMES), r#""ra":1"#).map(|out| String::from_utf8(out).unwrap())
    }

    #[test]
    fn members_are_put_in_and_nothing_else_changes() {
        for (source, out) in [
            (r#"{"a":1}"#, r#"{"ra":1,"a":1}"#),
            ("{}", r#"{"ra":1}"#),
            (" { \n\"a\" : [1, {\"ra\":2}] } \n", " {\"ra\":1, \n\"a\" : [1, {\"ra\":2}] } \n"),
            (r#"{"x":1.500,"y":"ra"}"#, r#"{"ra":1,"x":1.500,"y":"ra"}"#),
            (r#"{"ra":5,"x":1}"#, r#"{"ra":1,"x":1}"#),
            (r#"{"x":1,"ra":"q,}"}"#, r#"{"ra":1,"x":1}"#),
            (r#"{"x":1,"ra":{"b":[1,2]} , "y":2,"rb":null}"#, r#"{"ra":1,"x":1 , "y":2}"#),
            (r#"{"ra":1,"rb":2}"#, r#"{"ra":1}"#),
            (r#"{"ra":1,"rb":2,"z":3}"#, r#"{"ra":1,"z":3}"#),
            (r#"{"r\u0061":7,"z":"ra"}"#, r#"{"ra":1,"z":"ra"}"#),
            ("\u{feff}{\"a\":1}", "\u{feff}{\"ra\":1,\"a\":1}"),
        ] {
            assert_eq!(inserted(source).as_deref(), Some(out), "{source}");
        }
        assert_eq!(inserted("[1]"), None);
        assert_eq!(inserted(""), None);
        assert_eq!(inserted(r#"{"ra"#), None);
    }

    proptest! {
        #[test]
        fn any_object_keeps_the_rest(object in crate::event::exercise::json(), old in proptest::option::of(".*")) {
            let mut object = match object {
                serde_json::Value::Object(map) => map,
                other => serde_json::Map::from_iter([("v".to_owned(), other)]),
            };
            if let Some(old) = old {
                object.insert("rb".into(), old.into());
            }
            let source = serde_json::to_vec(&object).unwrap();
            let out = insert(&source, &Names::new(&NAMES), "\"ra\":1").unwrap();
            let mut back: serde_json::Map<String, serde_json::Value> = serde_json::from_slice(&out).unwrap();
            prop_assert_eq!(back.remove("ra"), Some(1.into()));
            // As it is read: not every number comes back as it was.
            let mut read: serde_json::Map<String, serde_json::Value> = serde_json::from_slice(&source).unwrap();
            read.remove("ra");
            read.remove("rb");
            prop_assert_eq!(back, read);
        }
    }
}
