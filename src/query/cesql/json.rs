//! A value inside of JSON text, found without building the rest: what is not on the path is skipped over.
//!
//! The text is not checked: where it is no JSON, what was asked for is not found, or is what stands in its
//! place. Nothing here recurses, so nesting costs nothing.

use std::borrow::Cow;
use std::iter;

use super::ast::Step;
use super::value::{Number, Value};

/// The value at the end of the path. `null` is no value, arrays and objects are their text. Of members of one name
/// the last counts, as for parsers. Of several values (a path with [`Step::Each`]), their texts with commas between.
pub(super) fn value<'t>(text: &'t str, path: &[Step]) -> Option<Value<'t>> {
    let mut found = values(text, path);
    let first = found.next()?;
    let Some(second) = found.next() else {
        return Some(first);
    };
    let mut texts = first.into_text().into_owned();
    for value in iter::once(second).chain(found) {
        texts.push(',');
        texts.push_str(&value.into_text());
    }
    Some(Value::text(texts))
}

/// All values at the ends of the path, in their order.
pub(super) fn values<'t>(text: &'t str, path: &[Step]) -> impl Iterator<Item = Value<'t>> + use<'t> {
    let text = text.trim_ascii();
    let mut walk = Walk { text, path, at: 0, inside: Vec::new(), found: Vec::new() };
    if path.is_empty() {
        walk.found.push(0);
    } else {
        walk.meet(0);
        while walk.step().is_some() {}
    }
    walk.found.into_iter().filter_map(move |at| leaf(text.get(at..)?))
}

/// One walk over the text: only what the path leads through is entered, and all else is skipped over once.
struct Walk<'t, 'p> {
    text: &'t str,
    path: &'p [Step],
    at: usize,
    /// The arrays and objects that the path leads through, as many as steps were taken.
    inside: Vec<Frame>,
    /// Where what the path leads to begins.
    found: Vec<usize>,
}

/// An array or object that is walked through.
struct Frame {
    /// How much was found before it: what an earlier member of the same name led to is given up.
    before: usize,
    /// Elements that were passed.
    passed: usize,
}

impl Walk<'_, '_> {
    /// A value to which so many steps lead begins here: it is entered, noted, or skipped.
    fn meet(&mut self, steps: usize) -> Option<()> {
        let rest = self.text.get(self.at..)?;
        let open = match self.path.get(steps) {
            None => {
                self.found.push(self.at);
                None
            }
            Some(Step::Key(_)) => Some('{'),
            Some(Step::Index(_) | Step::Each) => Some('['),
        };
        if open.is_some_and(|open| rest.starts_with(open)) {
            self.inside.push(Frame { before: self.found.len(), passed: 0 });
            self.at += 1;
            return Some(());
        }
        self.at += end(rest)?;
        Some(())
    }

    /// Goes over a member, an element, a comma or a closing bracket; `None` at the end, or where the text breaks.
    fn step(&mut self) -> Option<()> {
        let taken = self.inside.len();
        let frame = self.inside.last_mut()?;
        let rest = self.text.get(self.at..)?;
        let start = rest.trim_ascii_start();
        self.at += rest.len() - start.len();
        match (start.bytes().next()?, self.path.get(taken - 1)?) {
            (b'}' | b']', _) => {
                self.at += 1;
                self.inside.pop();
                Some(())
            }
            (b',', _) => {
                self.at += 1;
                Some(())
            }
            (b'"', Step::Key(key)) => {
                let (name, after) = start.split_at(end(start)?);
                let from = after.trim_ascii_start().strip_prefix(':')?.trim_ascii_start();
                self.at = self.text.len() - from.len();
                // A name that is no text (half of a surrogate pair) is another one.
                if string(name).is_some_and(|name| name == **key) {
                    self.found.truncate(frame.before);
                    self.meet(taken)
                } else {
                    self.at += end(from)?;
                    Some(())
                }
            }
            (_, Step::Key(_)) => None,
            (_, step) => {
                let wanted = match step {
                    Step::Index(index) => *index == frame.passed,
                    _ => true,
                };
                frame.passed += 1;
                if wanted {
                    self.meet(taken)
                } else {
                    self.at += end(start)?;
                    Some(())
                }
            }
        }
    }
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
        let step = |s: &&str| match *s {
            "*" => Step::Each,
            s => s.parse().map_or_else(|_| Step::Key(s.into()), Step::Index),
        };
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
    fn of_members_of_one_name_the_last_counts() {
        for (text, steps, expected) in [
            (r#"{"a":1,"a":2}"#, &["a"][..], Some("2")),
            (r#"{"a":{"b":1},"x":0,"\u0061":{"b":2,"b":3}}"#, &["a", "b"], Some("3")),
            (r#"{"a":{"b":1},"a":{}}"#, &["a", "b"], None),
            (r#"{"a":{"b":1},"a":5}"#, &["a", "b"], None),
            (r#"{"a":1,"a":null}"#, &["a"], None),
            (r#"{"a":[1,2],"a":[3]}"#, &["a", "*"], Some("3")),
            (r#"[{"a":1},{"a":2}]"#, &["0", "a"], Some("1")),
            // Half of a surrogate pair is no name that anybody asks for.
            (r#"{"\ud800":1,"a":2}"#, &["a"], Some("2")),
            // What breaks off behind it does not take it away.
            (r#"{"a":1,"b"#, &["a"], Some("1")),
        ] {
            assert_eq!(value(text, &path(steps)).map(|v| v.to_string()).as_deref(), expected, "{text} {steps:?}");
        }
    }

    #[test]
    fn a_step_to_each_element_leads_to_many() {
        let text = r#"{"items":[{"sku":"A","n":[1,2]},{"n":[]},7,{"sku":"B","n":[3]}],"none":[]}"#;
        for (steps, expected) in [
            (&["items", "*", "sku"][..], "A,B"),
            (&["items", "*", "n", "*"], "1,2,3"),
            (&["items", "*", "n", "0"], "1,3"),
            (&["items", "2"], "7"),
            (&["none", "*"], ""),
            (&["items", "*", "x"], ""),
            (&["*"], ""),
        ] {
            let found: Vec<_> = values(text, &path(steps)).map(Value::into_text).collect();
            assert_eq!(found.join(","), expected, "{steps:?}");
        }
    }

    #[test]
    fn deep_text_costs_its_length() {
        let deep = r#"{"a":"#.repeat(200_000);
        let steps = vec![Step::Key("a".into()); 8_000];
        let started = std::time::Instant::now();
        assert_eq!(value(&deep, &steps), None);
        assert!(started.elapsed() < std::time::Duration::from_secs(5), "{:?}", started.elapsed());
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
            value(&text, &path(&["*", "a", "*"]));
        }
    }
}
