//! A value inside of JSON text, found without building the rest: what is not on the path is skipped over.
//!
//! The text is not checked: where it is no JSON, what was asked for is not found, or is what stands in its
//! place. Nothing here recurses, so nesting costs nothing.

use std::borrow::Cow;

use super::ast::Step;
use super::value::{Number, Value};

/// The value at the end of the path. `null` is no value, arrays and objects are their text.
pub(super) fn value<'t>(text: &'t str, path: &[Step]) -> Option<Value<'t>> {
    let mut at = text.trim_ascii();
    for step in path {
        at = match step {
            Step::Key(key) => member(at, key)?,
            Step::Index(index) => element(at, *index)?,
        };
    }
    leaf(at)
}

/// The text of a whole value as a value of expressions.
fn leaf(text: &str) -> Option<Value<'_>> {
    let (whole, rest) = text.split_at(end(text)?);
    // Behind the last value of a path comes the rest of what it is in.
    if !matches!(rest.trim_ascii_start().bytes().next(), None | Some(b',' | b'}' | b']')) {
        return None;
    }
    match whole.as_bytes().first()? {
        b'"' => Some(Value::String(string(whole)?)),
        b'{' | b'[' => Some(Value::text(whole)),
        b't' => (whole == "true").then_some(Value::Boolean(true)),
        b'f' => (whole == "false").then_some(Value::Boolean(false)),
        b'-' | b'0'..=b'9' => Some(Number::read(whole).map_or(Value::text(whole), Value::Number)),
        _ => None,
    }
}

/// The contents of a string with its quotes; borrowed where nothing is escaped.
fn string(quoted: &str) -> Option<Cow<'_, str>> {
    let inside = quoted.get(1..quoted.len().checked_sub(1)?)?;
    if inside.contains('\\') { serde_json::from_str(quoted).ok().map(Cow::Owned) } else { Some(Cow::Borrowed(inside)) }
}

/// The text from the value of this member on.
fn member<'t>(text: &'t str, key: &str) -> Option<&'t str> {
    let mut rest = text.strip_prefix('{')?.trim_ascii_start();
    while rest.starts_with('"') {
        let (name, after) = rest.split_at(end(rest)?);
        let from = after.trim_ascii_start().strip_prefix(':')?.trim_ascii_start();
        if string(name)? == key {
            return Some(from);
        }
        rest = from[end(from)?..].trim_ascii_start().strip_prefix(',')?.trim_ascii_start();
    }
    None
}

/// The text from this element on.
fn element(text: &str, index: usize) -> Option<&str> {
    let mut rest = text.strip_prefix('[')?.trim_ascii_start();
    for _ in 0..index {
        rest = rest[end(rest)?..].trim_ascii_start().strip_prefix(',')?.trim_ascii_start();
    }
    (!rest.starts_with(']')).then_some(rest)
}

/// Where the value at the start of the text ends. `None` when there is none or it is not closed.
fn end(text: &str) -> Option<usize> {
    let bytes = text.as_bytes();
    let mut depth = 0_usize;
    let mut at = 0;
    loop {
        match bytes.get(at)? {
            b'"' => at = string_end(bytes, at)?,
            b'{' | b'[' => {
                depth += 1;
                at += 1;
            }
            b'}' | b']' => {
                depth = depth.checked_sub(1)?;
                at += 1;
            }
            _ if depth == 0 => {
                let plain = |b: &u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'+' | b'.');
                let length = bytes[at..].iter().take_while(|b| plain(b)).count();
                return (length > 0).then_some(at + length);
            }
            _ => at += 1,
        }
        if depth == 0 {
            return Some(at);
        }
    }
}

/// The place after the string that begins here.
fn string_end(bytes: &[u8], start: usize) -> Option<usize> {
    let mut at = start + 1;
    loop {
        at += bytes.get(at..)?.iter().position(|b| matches!(b, b'"' | b'\\'))?;
        if bytes[at] == b'"' {
            return Some(at + 1);
        }
        at += 2;
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const TEXT: &str = r#" { "n": 12, "big": 12345678901234567890, "price": 12.50, "ok" : true, "none": null,
        "s": "a\"b\u00e9", "plain": "}]{[", "é": "e", "a": [10, [ ], {"x": "y", "z": [1, 2]}], "": 0, "k\n": 1 } "#;

    fn path(steps: &[&str]) -> Vec<Step> {
        let step = |s: &&str| s.parse().map_or_else(|_| Step::Key((*s).into()), Step::Index);
        steps.iter().map(step).collect()
    }

    fn at(steps: &[&str]) -> Option<String> {
        value(TEXT, &path(steps)).map(|v| v.to_string())
    }

    #[test]
    fn paths_lead_to_values() {
        for (steps, expected) in [
            (&["n"][..], Some("12")),
            (&["big"], Some("12345678901234567890")),
            (&["price"], Some("12.5")),
            (&["ok"], Some("true")),
            (&["none"], None),
            (&["missing"], None),
            (&["s"], Some("a\"bé")),
            (&["plain"], Some("}]{[")),
            (&["é"], Some("e")),
            (&[""], Some("0")),
            (&["k\n"], Some("1")),
            (&["a"], Some(r#"[10, [ ], {"x": "y", "z": [1, 2]}]"#)),
            (&["a", "0"], Some("10")),
            (&["a", "1"], Some("[ ]")),
            (&["a", "1", "0"], None),
            (&["a", "2", "x"], Some("y")),
            (&["a", "2", "z", "1"], Some("2")),
            (&["a", "2", "z", "2"], None),
            (&["a", "3"], None),
            (&["a", "x"], None),
            (&["n", "x"], None),
            (&["n", "0"], None),
        ] {
            assert_eq!(at(steps).as_deref(), expected, "{steps:?}");
        }
        assert_eq!(at(&[]).as_deref(), Some(TEXT.trim()));
    }

    #[test]
    fn what_is_no_json_has_no_values() {
        for text in [
            "",
            " ",
            "{",
            "{\"n\"",
            "{\"n\":",
            "{\"n\":}",
            "{\"n\":\"",
            "{\"n\":\"\\",
            "{\"n\":[1",
            "x",
            "]",
            "nul",
            "{n:1}",
        ] {
            assert_eq!(value(text, &path(&["n"])), None, "{text}");
        }
        assert_eq!(value("12 13", &[]), None);
    }

    proptest! {
        #[test]
        fn any_text_is_safe(text in "[\\[\\]{}\":,\\\\a1 .-]{0,30}|\\PC{0,20}") {
            value(&text, &path(&["a"]));
            value(&text, &path(&["a", "1", "a"]));
            value(&text, &path(&["1", "1"]));
        }
    }
}
