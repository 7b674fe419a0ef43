//! JSON laid out from its source text: order, digits and escapes stay as they were sent. No stack is kept, so depth
//! costs nothing: a bracket says itself what it closes, and a string is a key when a colon follows.

use memchr::memchr2;

use super::Place;
use super::line::{DEEPEST, Pen, Role};

/// Lays out one line; `false` at the end.
pub(super) fn line(source: &[u8], place: &mut Place, pen: &mut Pen) -> bool {
    let mut at = skip_blanks(source, place.offset);
    let Some(&first) = source.get(at) else {
        place.offset = at;
        return false;
    };
    if matches!(first, b'}' | b']') {
        place.depth = place.depth.saturating_sub(1);
    }
    pen.indent(place.depth);
    // The key in front of a value, if any.
    if first == b'"' {
        let end = token_end(source, at);
        let colon = skip_blanks(source, end);
        if source.get(colon) == Some(&b':') {
            pen.piece(Role::Key, part(source, at, end));
            pen.put(Role::Punctuation, ": ");
            at = skip_blanks(source, colon + 1);
        }
    }
    at = value(source, at, place, pen);
    let comma = skip_blanks(source, at);
    if source.get(comma) == Some(&b',') {
        pen.put(Role::Punctuation, ",");
        at = comma + 1;
    }
    place.offset = at;
    true
}

/// A scalar, or the bracket that opens or closes; returns where it ends.
fn value(source: &[u8], at: usize, place: &mut Place, pen: &mut Pen) -> usize {
    let Some(&first) = source.get(at) else {
        return at;
    };
    let end = token_end(source, at);
    match first {
        b'{' | b'[' => {
            let close = skip_blanks(source, end);
            if matches!(source.get(close), Some(b'}' | b']')) {
                pen.put(Role::Punctuation, if first == b'{' { "{}" } else { "[]" });
                return close + 1;
            }
            place.depth += 1;
            pen.piece(Role::Punctuation, part(source, at, end));
        }
        b'"' => pen.piece(Role::String, part(source, at, end)),
        b'-' | b'0'..=b'9' => pen.piece(Role::Number, part(source, at, end)),
        b'}' | b']' | b',' | b':' => pen.piece(Role::Punctuation, part(source, at, end)),
        _ => pen.piece(Role::Literal, part(source, at, end)),
    }
    end
}

/// The same JSON on one line, with no blanks between its tokens. Nothing else changes.
#[cfg(test)]
pub fn compact(source: &str) -> String {
    let mut out = Vec::new();
    compact_onto(&mut out, source.as_bytes());
    String::from_utf8(out).unwrap_or_default()
}

/// Writes JSON on one line, with no blanks between its tokens. Nothing else changes.
pub fn compact_onto(out: &mut Vec<u8>, source: &[u8]) {
    let (mut from, mut at) = (0, 0);
    while let Some(byte) = source.get(at) {
        match byte {
            b'"' => at = token_end(source, at),
            b' ' | b'\t' | b'\n' | b'\r' => {
                out.extend_from_slice(part(source, from, at));
                at = skip_blanks(source, at);
                from = at;
            }
            _ => at += 1,
        }
    }
    out.extend_from_slice(part(source, from, at));
}

/// Beyond this nothing is set in when it is made pretty: a few bytes could become very many.
const LARGE: usize = 4 << 20;

/// The same JSON over several lines, two blanks a level and a break at the end. Nothing is cut but the space in front,
/// and what is very deep stands on one line.
pub fn pretty(source: &str) -> String {
    let bytes = source.as_bytes();
    let mut out = String::with_capacity(source.len() + source.len() / 2);
    let mut depth = 0_usize;
    let mut at = skip_blanks(bytes, 0);
    let indent = |out: &mut String, depth: usize| {
        if depth <= DEEPEST {
            out.push('\n');
            let levels = if source.len() > LARGE { 0 } else { depth };
            out.extend(std::iter::repeat_n("  ", levels));
        }
    };
    while at < bytes.len() {
        let end = token_end(bytes, at);
        let next = skip_blanks(bytes, end);
        let first = bytes.get(at).copied();
        if matches!(first, Some(b'}' | b']')) {
            depth = depth.saturating_sub(1);
            indent(&mut out, depth);
        }
        out.push_str(source.get(at..end).unwrap_or_default());
        at = next;
        match first {
            Some(open @ (b'{' | b'[')) => {
                let close = if open == b'{' { b'}' } else { b']' };
                if bytes.get(next) == Some(&close) {
                    out.push(char::from(close));
                    at = skip_blanks(bytes, next + 1);
                } else {
                    depth += 1;
                    indent(&mut out, depth);
                }
            }
            Some(b',') => indent(&mut out, depth),
            Some(b':') => out.push(' '),
            _ => {}
        }
    }
    out.push('\n');
    out
}

fn part(source: &[u8], from: usize, to: usize) -> &[u8] {
    source.get(from..to).unwrap_or_default()
}

pub(super) fn skip_blanks(source: &[u8], from: usize) -> usize {
    let rest = source.get(from..).unwrap_or_default();
    from + rest.iter().take_while(|b| matches!(b, b' ' | b'\t' | b'\n' | b'\r')).count()
}

/// Where the token that starts here ends; always beyond its start while there are bytes.
pub(super) fn token_end(source: &[u8], from: usize) -> usize {
    let rest = source.get(from..).unwrap_or_default();
    let len = match rest.first() {
        None => 0,
        Some(b'"') => string_len(rest),
        Some(b'{' | b'}' | b'[' | b']' | b',' | b':') => 1,
        Some(_) => {
            let word =
                |b: &&u8| !matches!(b, b'{' | b'}' | b'[' | b']' | b',' | b':' | b'"' | b' ' | b'\t' | b'\n' | b'\r');
            rest.iter().take_while(word).count()
        }
    };
    from + len
}

/// The length of a string with its quotes; to the end where it is cut off.
fn string_len(rest: &[u8]) -> usize {
    let mut at = 1;
    while let Some(found) = rest.get(at..).and_then(|rest| memchr2(b'"', b'\\', rest)) {
        at += found;
        if rest.get(at) == Some(&b'"') {
            return at + 1;
        }
        at += 2;
    }
    rest.len()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::super::exercise::json;
    use super::super::{Body, Kind, Line, plain_text};
    use super::*;

    fn laid_out(source: &str) -> Vec<Line> {
        Body::new(Kind::Json, source.as_bytes().into(), None).lines(0..usize::MAX)
    }

    #[test]
    fn order_digits_and_escapes_stay() {
        let source =
            r#"{"b":1.50,"a":123456789012345678901234567890,"c":["\u00e9\n",-0.0,true,null,{},[ ]],"d":{"e":{}}}"#;
        let expected = r#"{
  "b": 1.50,
  "a": 123456789012345678901234567890,
  "c": [
    "\u00e9\n",
    -0.0,
    true,
    null,
    {},
    []
  ],
  "d": {
    "e": {}
  }
}
"#;
        assert_eq!(plain_text(&laid_out(source)), expected);
    }

    #[test]
    fn roles() {
        let roles = |line: &Line| line.iter().map(|s| s.role).collect::<Vec<_>>();
        let lines = laid_out(r#"{"k" : "v", "n":1e5,"l":false}"#);
        assert_eq!(roles(&lines[0]), [Role::Punctuation]);
        assert_eq!(roles(&lines[1]), [Role::Text, Role::Key, Role::Punctuation, Role::String, Role::Punctuation]);
        assert_eq!(roles(&lines[2]), [Role::Text, Role::Key, Role::Punctuation, Role::Number, Role::Punctuation]);
        assert_eq!(roles(&lines[3]), [Role::Text, Role::Key, Role::Punctuation, Role::Literal]);
        assert_eq!(plain_text(&laid_out("\"only\"")), "\"only\"\n");
    }

    #[test]
    fn depth_costs_nothing() {
        let deep = "[".repeat(300_000) + &"]".repeat(300_000);
        let mut body = Body::new(Kind::Json, deep.as_bytes().into(), None);
        assert_eq!(body.total(), 599_999);
        assert!(body.lines(299_000..299_010).iter().all(|l| l.iter().map(|s| s.text.len()).sum::<usize>() < 100));
    }

    #[test]
    fn pretty_text_does_not_explode() {
        let deep = "[".repeat(100_000) + &"]".repeat(100_000);
        assert!(super::pretty(&deep).len() < deep.len() + 10_000);
    }

    #[test]
    fn compact_keeps_what_is_in_strings() {
        assert_eq!(compact("{ \"a b\" : [ 1 ,\n 2.0 ] }\n"), "{\"a b\":[1,2.0]}");
        assert_eq!(compact("\"a \\\" b\""), "\"a \\\" b\"");
    }

    proptest! {
        #[test]
        fn the_same_lines_as_serde_and_the_same_value(value in json()) {
            let source = serde_json::to_string(&value).unwrap();
            let pretty = serde_json::to_string_pretty(&value).unwrap();
            prop_assert_eq!(compact(&pretty), source.clone());
            prop_assert_eq!(super::pretty(&source), pretty.clone() + "\n");
            let lines = laid_out(&source);
            prop_assert_eq!(lines.len(), pretty.lines().count());
        }

        #[test]
        fn any_bytes_end(bytes in prop::collection::vec(prop_oneof![any::<u8>(), prop::sample::select(b"{}[],:\" 1t\\".to_vec())], 0..200)) {
            let mut body = Body::new(Kind::Json, bytes.as_slice().into(), None);
            let total = body.total();
            prop_assert!(total <= bytes.len());
            prop_assert_eq!(body.lines(0..usize::MAX).len(), total);
        }
    }
}
