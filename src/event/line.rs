//! JSON on one line that acts on no terminal: source text is copied as it is, and only what would act is written as an
//! escape, which says the same.

use std::io;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use memchr::{memchr, memchr3};
use serde::Serialize;

use super::body::compact_onto;
use crate::model::sanitise::{escape_json, is_harmless};

/// Bytes that are looked through together.
const BLOCK: usize = 256;

/// Writes a value as JSON.
pub fn push_json<T: Serialize + ?Sized>(out: &mut Vec<u8>, value: &T) -> io::Result<()> {
    Ok(serde_json::to_writer(out, value)?)
}

/// Writes bytes as a JSON string in Base64.
pub fn push_base64(out: &mut Vec<u8>, bytes: &[u8]) {
    let from = out.len() + 1;
    let end = from + bytes.len().div_ceil(3) * 4;
    out.push(b'"');
    out.resize(end, b'"');
    // There is room for all of it.
    let _ = out.get_mut(from..).map(|room| BASE64_STANDARD.encode_slice(bytes, room));
    out.push(b'"');
}

/// Copies JSON that stands on one line; `false` where it does not.
pub fn push_line(out: &mut Vec<u8>, source: &[u8]) -> bool {
    let copied = is_one_line(source) && std::str::from_utf8(source).is_ok();
    if copied {
        let from = out.len();
        out.extend_from_slice(source);
        escape(out, from);
    }
    copied
}

/// Copies the source text of a JSON value as it is; without the blanks between its tokens where it has several lines.
pub(super) fn push_source(out: &mut Vec<u8>, source: &str) {
    let source = source.trim_ascii().as_bytes();
    if is_one_line(source) {
        out.extend_from_slice(source);
    } else {
        compact_onto(out, source);
    }
}

/// Whether the source text of a JSON value is written as it is.
pub(super) fn is_as_written(source: &str) -> bool {
    let bytes = source.as_bytes();
    let trimmed = !source.starts_with(' ') && !source.ends_with(' ');
    trimmed && is_one_line(bytes) && (is_harmless_ascii(bytes) || !has_odd(bytes))
}

/// Whether JSON stands on one line, with no blanks but spaces.
fn is_one_line(source: &[u8]) -> bool {
    memchr3(b'\n', b'\r', b'\t', source).is_none()
}

/// Makes the JSON from here on harmless. Beyond ASCII all of JSON is inside of strings.
pub fn escape(out: &mut Vec<u8>, from: usize) {
    let text = out.get(from..).unwrap_or_default();
    if is_harmless_ascii(text) {
        return;
    }
    if has_odd(text) {
        // Whether a joiner may stay depends on what stands before it.
        let rest = out.split_off(from);
        out.extend_from_slice(escape_json(&String::from_utf8_lossy(&rest)).as_bytes());
    }
}

fn is_harmless_ascii(text: &[u8]) -> bool {
    text.is_ascii() && memchr(0x7f, text).is_none()
}

/// Whether there is a character that may not stay as it is wherever it stands, or bytes that are no text.
fn has_odd(bytes: &[u8]) -> bool {
    let Ok(text) = std::str::from_utf8(bytes) else { return true };
    let mut at = 0;
    while let Some(rest) = bytes.get(at..).filter(|rest| !rest.is_empty()) {
        let block = rest.get(..BLOCK).unwrap_or(rest);
        if block.is_ascii() && memchr(0x7f, block).is_none() {
            at += block.len();
            continue;
        }
        at += block.iter().position(|b| *b >= 0x7f).unwrap_or(0);
        match text.get(at..).and_then(|rest| rest.chars().next()) {
            Some(c) if is_harmless(c) => at += c.len_utf8(),
            _ => return true,
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::body::pretty;
    use super::super::exercise::json;
    use super::*;

    fn copied(source: &str) -> String {
        let mut out = b"before ".to_vec();
        push_source(&mut out, source);
        escape(&mut out, 7);
        String::from_utf8(out).unwrap().split_off(7)
    }

    #[test]
    fn what_acts_on_a_terminal_is_escaped_wherever_it_stands() {
        for before in [0, 1, 255, 256, 257, 511, 512] {
            let text = format!("\"{}é\u{9b}\u{7f}\u{e0001}ü\"", "x".repeat(before));
            let escaped = format!("\"{}é\\u009b\\u007f\\udb40\\udc01ü\"", "x".repeat(before));
            assert_eq!(copied(&text), escaped);
            assert_eq!(
                serde_json::from_str::<String>(&escaped).unwrap(),
                serde_json::from_str::<String>(&text).unwrap()
            );
        }
    }

    proptest! {
        #[test]
        fn the_same_value_on_one_line(value in json(), pad in 0_usize..300) {
            for source in [value.to_string(), pretty(&value.to_string()), format!("[\"{}\" , {value}]", " ,".repeat(pad))] {
                let line = copied(&source);
                prop_assert_eq!(serde_json::from_str::<serde_json::Value>(&line).unwrap(), serde_json::from_str::<serde_json::Value>(&source).unwrap());
                prop_assert!(line.chars().all(is_harmless), "{}", line);
                if !source.contains(['\n', '\t']) && source.chars().all(is_harmless) {
                    prop_assert_eq!(line, source);
                }
            }
        }
    }
}
