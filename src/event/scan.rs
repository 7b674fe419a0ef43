//! JSON looked through at the speed at which it is read: where a value ends, and that it is one. What is accepted here is
//! exactly what the slower reader accepts, who alone says what is wrong; nothing is made of it, and no text is looked at
//! twice.

/// The deepest nesting that is followed; the slower reader knows no such limit.
const DEEPEST: u32 = 128;
/// A byte in all places of a word.
const EACH: u64 = 0x0101_0101_0101_0101;
/// The highest bit of each byte.
const HIGH: u64 = 0x8080_8080_8080_8080;

/// Behind the value that begins here; `None` where it is none, or is nested too deep to be followed. Whether its strings
/// are UTF-8 is not looked at.
pub(super) fn value(source: &[u8], mut at: usize) -> Option<usize> {
    // The brackets around, the innermost as the lowest bit: one for an object.
    let (mut around, mut depth) = (0_u128, 0);
    loop {
        at = match source.get(at)? {
            b'"' => string(source, at)?,
            open @ (b'{' | b'[') => {
                let object = *open == b'{';
                at = blanks(source, at + 1);
                let close = if object { b'}' } else { b']' };
                if source.get(at) == Some(&close) {
                    at + 1
                } else if depth == DEEPEST {
                    return None;
                } else {
                    (around, depth) = (around << 1 | u128::from(object), depth + 1);
                    if object {
                        at = name(source, at)?;
                    }
                    continue;
                }
            }
            b'-' | b'0'..=b'9' => number(source, at)?,
            b't' => literal(source, at, b"true")?,
            b'f' => literal(source, at, b"false")?,
            b'n' => literal(source, at, b"null")?,
            _ => return None,
        };
        loop {
            if depth == 0 {
                return Some(at);
            }
            at = blanks(source, at);
            let object = around & 1 == 1;
            match source.get(at)? {
                b',' => {
                    at = blanks(source, at + 1);
                    if object {
                        at = name(source, at)?;
                    }
                    break;
                }
                b'}' if object => at += 1,
                b']' if !object => at += 1,
                _ => return None,
            }
            (around, depth) = (around >> 1, depth - 1);
        }
    }
}

/// The one value that the source is, without the blanks around it; `None` where it is none, or that is left to the slower
/// reader.
pub(super) fn whole(source: &[u8]) -> Option<&str> {
    let from = blanks(source, 0);
    let end = value(source, from)?;
    if blanks(source, end) < source.len() {
        return None;
    }
    std::str::from_utf8(source.get(from..end)?).ok()
}

/// Behind the name of a member, its colon, and the blanks behind it.
pub(super) fn name(source: &[u8], at: usize) -> Option<usize> {
    let colon = blanks(source, string(source, at)?);
    (source.get(colon) == Some(&b':')).then(|| blanks(source, colon + 1))
}

/// Behind the blanks that stand here.
pub(super) fn blanks(source: &[u8], mut at: usize) -> usize {
    while let Some(b' ' | b'\n' | b'\r' | b'\t') = source.get(at) {
        at += 1;
    }
    at
}

/// Behind the string whose quote stands here.
#[inline]
fn string(source: &[u8], at: usize) -> Option<usize> {
    if source.get(at) != Some(&b'"') {
        return None;
    }
    let mut at = plain(source, at + 1);
    loop {
        match source.get(at)? {
            b'"' => return Some(at + 1),
            b'\\' => match source.get(at + 1)? {
                b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't' => at += 2,
                b'u' if source.get(at + 2..at + 6)?.iter().all(u8::is_ascii_hexdigit) => at += 6,
                _ => return None,
            },
            0x20.. => {}
            _ => return None,
        }
        at = plain(source, at);
    }
}

/// Behind what may stand in a string as it is: no quote, no backslash, no control character.
#[inline]
pub(super) fn plain(source: &[u8], mut at: usize) -> usize {
    // Most strings end within so many bytes: then nothing has to be guessed.
    while let Some(chunk) = source.get(at..).and_then(<[u8]>::first_chunk) {
        let both = u128::from_le_bytes(*chunk);
        let (low, high) = (marks(both as u64), marks((both >> 64) as u64));
        if low | high != 0 {
            let (from, marks) = if low == 0 { (at + 8, high) } else { (at, low) };
            return from + (marks.trailing_zeros() / 8) as usize;
        }
        at += 16;
    }
    while source.get(at).is_some_and(|byte| !matches!(byte, 0..0x20 | b'"' | b'\\')) {
        at += 1;
    }
    at
}

/// Marks the bytes of a word that are a quote, a backslash or a control character. The lowest mark is right; those above
/// it need not be.
#[inline]
fn marks(word: u64) -> u64 {
    let is = |byte: u8| {
        let odd = word ^ (EACH * u64::from(byte));
        odd.wrapping_sub(EACH) & !odd
    };
    let control = word.wrapping_sub(EACH * 0x20) & !word;
    (is(b'"') | is(b'\\') | control) & HIGH
}

fn literal(source: &[u8], at: usize, word: &[u8]) -> Option<usize> {
    (source.get(at..at + word.len())? == word).then_some(at + word.len())
}

/// Behind the number that begins here.
fn number(source: &[u8], at: usize) -> Option<usize> {
    let whole = at + usize::from(source.get(at) == Some(&b'-'));
    let mut at = digits(source, whole)?;
    if source.get(whole) == Some(&b'0') && at > whole + 1 {
        return None;
    }
    if source.get(at) == Some(&b'.') {
        at = digits(source, at + 1)?;
    }
    if let Some(b'e' | b'E') = source.get(at) {
        let sign = usize::from(matches!(source.get(at + 1), Some(b'+' | b'-')));
        at = digits(source, at + 1 + sign)?;
    }
    Some(at)
}

/// Behind the digits that stand here, one at least.
fn digits(source: &[u8], from: usize) -> Option<usize> {
    let mut at = from;
    while source.get(at).is_some_and(u8::is_ascii_digit) {
        at += 1;
    }
    (at > from).then_some(at)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::value::RawValue;

    use super::super::body::pretty;
    use super::super::exercise::json;
    use super::*;

    /// The slower reader.
    fn slowly(source: &[u8]) -> Option<&str> {
        serde_json::from_slice::<&RawValue>(source).ok().map(RawValue::get)
    }

    #[test]
    fn it_accepts_what_the_slower_reader_accepts() {
        for source in [
            "",
            " ",
            "1",
            " 1 ",
            "-",
            "-0",
            "00",
            "01",
            "-01",
            "0.",
            "0.5",
            ".5",
            "1.5e",
            "1.5e+",
            "1e5",
            "1E-05",
            "1e+",
            "+1",
            "1 2",
            "true",
            "tru",
            "truex",
            "nul",
            "null",
            "false",
            "True",
            "\"",
            "\"a",
            "\"a\"",
            "\"\\\"",
            "\"\\\"\"",
            "\"\\u12\"",
            "\"\\u12g4\"",
            "\"\\ud800\"",
            "\"\\x\"",
            "\"\\/\\b\\f\\n\\r\\t\\\\\"",
            "\"a\tb\"",
            "\"a\u{1f}b\"",
            "\"a\u{7f}b\"",
            "\"aaaaaaa\"",
            "\"aaaaaaaa\"",
            "\"aaaaaaa\n\"",
            "\"größe und mehr davon\"",
            "[",
            "]",
            "[]",
            "[ ]",
            "[1",
            "[1,",
            "[1,]",
            "[,1]",
            "[1 2]",
            "[1}",
            "{",
            "}",
            "{}",
            "{ }",
            "{\"a\"}",
            "{\"a\":}",
            "{\"a\":1",
            "{\"a\":1,}",
            "{,}",
            "{\"a\":1]",
            "{\"a\" : [ { } , [ ] ] }\n",
            "{a:1}",
            "{1:1}",
            "{\"a\":1,\"a\":2}",
            "{\"a\":1}}",
            "\u{feff}1",
            "\u{a0}1",
            "[1]\u{c}",
            "[1, // none\n2]",
            "NaN",
            "{\"a\":1 \"b\":2}",
            "{\"a\"\n:\n1}",
        ] {
            assert_eq!(whole(source.as_bytes()), slowly(source.as_bytes()), "{source:?}");
        }
        for source in
            [&b"\"\xff\""[..], b"[\"\xc3\"]", b"\"aaaaaaaaaa\xe2\x82\"", b"\xff", b"[1]\xff", b"\"\xed\xa0\x80\""]
        {
            assert_eq!(whole(source), slowly(source), "{source:?}");
        }
    }

    #[test]
    fn what_is_very_deep_is_left_to_the_slower_reader() {
        let nested = |depth: usize| [vec![b'['; depth], vec![b']'; depth]].concat();
        let deepest = DEEPEST as usize + 1;
        assert_eq!(whole(&nested(deepest)), slowly(&nested(deepest)));
        assert_eq!(whole(&nested(deepest + 1)), None);
        let mixed = |depth: usize| ["{\"a\":[".repeat(depth), "]}".repeat(depth)].concat().into_bytes();
        assert_eq!(whole(&mixed(64)), slowly(&mixed(64)));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(512))]

        #[test]
        fn any_json_and_any_break_of_it(
            value in json(),
            spread in any::<bool>(),
            at in any::<prop::sample::Index>(),
            byte in prop_oneof![any::<u8>(), prop::sample::select(b"\"\\{}[],:0-.eu \n\x1f".to_vec())],
        ) {
            let source = if spread { pretty(&value.to_string()) } else { value.to_string() };
            prop_assert_eq!(whole(source.as_bytes()), Some(source.trim_ascii()));
            let mut broken = source.into_bytes();
            let at = at.index(broken.len());
            prop_assert_eq!(whole(&broken[..at]), slowly(&broken[..at]));
            broken[at] = byte;
            prop_assert_eq!(whole(&broken), slowly(&broken));
            broken.insert(at, byte);
            prop_assert_eq!(whole(&broken), slowly(&broken));
        }

        #[test]
        fn any_bytes(source in prop::collection::vec(prop_oneof![any::<u8>(), prop::sample::select(b"\"\\{}[],:0-.eu \ntfn".to_vec())], 0..40)) {
            prop_assert_eq!(whole(&source), slowly(&source));
        }
    }
}
