//! Text in another charset than UTF-8. It is shown, searched and filtered as text; what leaves has the bytes that were sent.

use std::borrow::Cow;

use encoding_rs::{Encoding, UTF_8, UTF_16BE, UTF_16LE};

use super::media;

/// Text, and the charset that it came in, as it is written there.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Foreign<'t> {
    pub(super) text: String,
    pub(super) charset: Cow<'t, str>,
}

/// The text of data whose type names another charset than UTF-8, whose XML does, or that begins with the mark of UTF-16 or
/// UTF-32. `None` where it is none of these, is UTF-8 all the same, or is no text in that charset.
pub(super) fn decode<'t>(media_type: Option<&'t str>, bytes: &[u8]) -> Option<Foreign<'t>> {
    let media_type = media_type.unwrap_or_default();
    // Of most data this is all that is looked at.
    let (charset, text) = if let Some(charset) = media::charset(media_type) {
        if media::is_utf8(media_type) {
            return None;
        }
        (Cow::Borrowed(charset), by_name(charset, bytes)?)
    } else if bytes.starts_with(b"\xff\xfe\0\0") || bytes.starts_with(b"\0\0\xfe\xff") {
        (Cow::Borrowed("UTF-32"), by_name("utf-32", bytes)?)
    } else if bytes.starts_with(b"\xff\xfe") || bytes.starts_with(b"\xfe\xff") {
        (Cow::Borrowed("UTF-16"), by_name("utf-16", bytes)?)
    } else {
        let charset = declared(bytes).filter(|_| std::str::from_utf8(bytes).is_err())?;
        let text = by_name(&charset, bytes)?;
        (Cow::Owned(charset), text)
    };
    Some(Foreign { text, charset })
}

/// The charset that the declaration of XML names.
fn declared(bytes: &[u8]) -> Option<String> {
    let head = bytes.strip_prefix(b"<?xml")?;
    let head = head.get(..head.iter().take(200).position(|b| *b == b'>')?)?;
    let head = std::str::from_utf8(head).ok()?;
    let (_, value) = head.split_once("encoding")?.1.split_once('=')?;
    let value = value.trim_start();
    let quote = value.chars().next().filter(|c| matches!(c, '"' | '\''))?;
    value.split(quote).nth(1).map(str::to_owned)
}

fn by_name(charset: &str, bytes: &[u8]) -> Option<String> {
    let lower = charset.to_ascii_lowercase();
    match lower.as_str() {
        // Their byte order is that of their mark; without one, the big one counts (RFC 2781, section 4.3), unless every
        // other byte says otherwise.
        "utf-16" | "utf16" | "ucs-2" | "iso-10646-ucs-2" => {
            let little = bytes.starts_with(b"\xff\xfe")
                || (!bytes.starts_with(b"\xfe\xff") && matches!(bytes, [low, 0, ..] if *low != 0));
            by(if little { UTF_16LE } else { UTF_16BE }, bytes)
        }
        "utf-32" | "utf32" => {
            let little = bytes.starts_with(b"\xff\xfe\0\0") || matches!(bytes, [low, 0, 0, 0, ..] if *low != 0);
            utf_32(bytes, little)
        }
        "utf-32le" => utf_32(bytes, true),
        "utf-32be" => utf_32(bytes, false),
        _ => by(Encoding::for_label_no_replacement(charset.as_bytes()).filter(|known| *known != UTF_8)?, bytes),
    }
}

fn by(encoding: &'static Encoding, bytes: &[u8]) -> Option<String> {
    let mark: &[u8] = match encoding.name() {
        "UTF-16LE" => b"\xff\xfe",
        "UTF-16BE" => b"\xfe\xff",
        _ => b"",
    };
    let bytes = bytes.strip_prefix(mark).unwrap_or(bytes);
    encoding.decode_without_bom_handling_and_without_replacement(bytes).map(Cow::into_owned)
}

/// The library has no UTF-32, which no browser reads.
fn utf_32(bytes: &[u8], little: bool) -> Option<String> {
    let (quads, rest) = bytes.as_chunks::<4>();
    let code = |quad: &[u8; 4]| if little { u32::from_le_bytes(*quad) } else { u32::from_be_bytes(*quad) };
    let codes = quads.iter().map(code).enumerate().filter(|(at, code)| *at > 0 || *code != 0xfeff);
    let text = codes.map(|(_, code)| char::from_u32(code)).collect::<Option<String>>();
    text.filter(|_| rest.is_empty())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Text that Python packed: `"…".encode(charset)`.
    #[test]
    fn text_as_other_libraries_encode_it() {
        let cases: [(&str, &[u8], &str); 18] = [
            ("ISO-8859-1", b"Z\xfcrich", "Zürich"),
            ("iso-8859-15", b"5 \xa4", "5 €"),
            ("windows-1252", b"\x80 \x93x\x94", "€ “x”"),
            ("windows-1251", b"\xcf\xf0\xe8\xe2\xe5\xf2", "Привет"),
            ("koi8-r", b"\xf0\xd2\xc9\xd7\xc5\xd4", "Привет"),
            ("Shift_JIS", b"\x93\xfa\x96{\x8c\xea", "日本語"),
            ("EUC-JP", b"\xc6\xfc\xcb\xdc\xb8\xec", "日本語"),
            ("GBK", b"\xd6\xd0\xce\xc4", "中文"),
            ("gb18030", b"\xd6\xd0\x94\x39\xda\x33", "中💩"),
            ("big5", b"\xa4\xa4\xa4\xe5", "中文"),
            ("euc-kr", b"\xc7\xd1\xb1\xdb", "한글"),
            ("utf-16", b"\xff\xfeZ\0\xfc\0", "Zü"),
            ("utf-16", b"\xfe\xff\0Z\0\xfc", "Zü"),
            ("utf-16", b"\0Z\0\xfc", "Zü"),
            ("utf-16", b"Z\0\xfc\0", "Zü"),
            ("utf-16le", b"=\xd8\xa9\xdc", "💩"),
            ("UTF-32", b"\xff\xfe\0\0Z\0\0\0\xa9\xf4\x01\0", "Z💩"),
            ("utf-32be", b"\0\0\0Z\0\x01\xf4\xa9", "Z💩"),
        ];
        for (charset, bytes, text) in cases {
            let named = format!("text/plain; charset=\"{charset}\"");
            let found = decode(Some(&named), bytes);
            assert_eq!(found, Some(Foreign { text: text.into(), charset: charset.into() }), "{charset}");
        }
    }

    #[test]
    fn marks_and_declarations_say_it_too() {
        let charset = |named: Option<&'static str>, bytes: &[u8]| decode(named, bytes).map(|f| (f.charset, f.text));
        assert_eq!(charset(None, b"\xff\xfea\0"), Some(("UTF-16".into(), "a".into())));
        assert_eq!(charset(Some("text/csv"), b"\0\0\xfe\xff\0\0\0a"), Some(("UTF-32".into(), "a".into())));
        let xml = b"<?xml version='1.0' encoding='iso-8859-1'?><a>\xfc</a>";
        let text = "<?xml version='1.0' encoding='iso-8859-1'?><a>ü</a>";
        assert_eq!(charset(Some("text/xml"), xml), Some(("iso-8859-1".into(), text.into())));
        for (named, bytes) in [
            (None, &b"plain"[..]),
            (Some("text/plain; charset=utf-8"), b"\xfc"),
            (Some("text/plain; charset=none-such"), b"\xfc"),
            (Some("text/plain; charset=utf-16"), b"abc"),
            (Some("text/plain; charset=utf-16be"), b"\xdc\0"),
            (Some("text/plain; charset=utf-32"), b"\0\x11\0\0"),
            (None, b"<?xml encoding='utf-8'?>\xfc"),
        ] {
            assert_eq!(charset(named, bytes), None, "{named:?}");
        }
    }

    proptest! {
        #[test]
        fn any_bytes_in_any_charset(charset in "[a-z0-9-]{1,12}|utf-16|utf-32|gbk|iso-2022-jp", bytes in prop::collection::vec(any::<u8>(), 0..60)) {
            decode(Some(&format!("text/plain;charset={charset}")), &bytes);
            decode(None, &bytes);
        }
    }
}
