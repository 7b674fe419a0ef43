//! What data is: by its media type, and by looking where that says nothing or is wrong.

use std::borrow::Cow;

use serde_json::value::RawValue;

use super::super::charset::{self, Foreign};
use super::super::decoded::{Broken, Data, Event};
use super::super::format::Format;
use super::super::layout::fit;
use super::super::media;
use super::super::scan;
use super::Kind;
use crate::model::sanitise::clean_line;

/// Bytes and how they are shown.
pub(super) struct Chosen<'a> {
    pub(super) kind: Kind,
    pub(super) bytes: Cow<'a, [u8]>,
    /// What was sent, where the bytes are text that was made of it.
    pub(super) raw: Option<Cow<'a, [u8]>>,
    pub(super) note: Option<String>,
}

/// The data of an event.
pub(super) fn of<'a>(event: &Event<'a>) -> Chosen<'a> {
    if let Some(broken) = event.broken {
        return marked(broken);
    }
    let media_type = event.datacontenttype().filter(|t| !t.is_empty());
    match event.data {
        Data::None => Chosen { kind: Kind::Empty, bytes: Cow::Borrowed(&[]), raw: None, note: None },
        Data::Json(source) => json(source, media_type, event.dataschema()),
        Data::Base64(source) => match event.opened(source) {
            // That it is Base64 says that it need not be JSON: without a type, looking decides.
            Some(bytes) => sent(media_type, event.dataschema(), Cow::Owned(bytes)),
            None => Chosen {
                kind: Kind::Json,
                bytes: Cow::Borrowed(source.as_bytes()),
                raw: None,
                note: Some("data_base64 cannot be decoded; shown as it was sent".into()),
            },
        },
        Data::Bytes(bytes) => sent(media_type, event.dataschema(), Cow::Borrowed(bytes)),
    }
}

/// Stands where JSON breaks.
const BREAK: &str = "⟪breaks here⟫";

/// The most bytes of a line before its break that the break is still seen in.
const IN_SIGHT: usize = 4 << 10;

/// The source of an event whose JSON breaks, with a mark there.
fn marked(broken: Broken<'_>) -> Chosen<'static> {
    if let Some(format) = broken.format.filter(|format| !format.is_text()) {
        let note = format!("the {} of the event breaks at byte {}; these are its bytes", format.name(), broken.at);
        return Chosen { kind: Kind::Bytes, bytes: Cow::Owned(broken.source.to_vec()), raw: None, note: Some(note) };
    }
    let (before, behind) = broken.source.split_at(broken.at.min(broken.source.len()));
    let start = before.iter().rposition(|b| *b == b'\n').map_or(0, |at| at + 1);
    // Long lines are cut, and then the mark would not be seen.
    let apart: &[u8] = if before.len() - start > IN_SIGHT { b"\n" } else { b"" };
    let bytes = [before, apart, BREAK.as_bytes(), apart, behind].concat();
    let note = format!("the {} of the event breaks; this is its source", broken.format.map_or("JSON", Format::name));
    Chosen { kind: Kind::Text, bytes: Cow::Owned(bytes), raw: None, note: Some(note) }
}

/// `data` of a structured event. A string is the text itself, unless the type is JSON (which is so without a type).
fn json<'a>(source: &'a str, media_type: Option<&str>, schema: Option<&str>) -> Chosen<'a> {
    if let Some(other) = media_type.filter(|t| !media::is_json(t))
        && source.starts_with('"')
        && let Ok(text) = serde_json::from_str::<String>(source)
    {
        return by(Some(other), schema, Cow::Owned(text.into_bytes()));
    }
    Chosen { kind: Kind::Json, bytes: Cow::Borrowed(source.as_bytes()), raw: None, note: None }
}

/// Bytes that were sent, of which a media type may be known: in the charset that it names.
pub(super) fn sent<'a>(media_type: Option<&str>, schema: Option<&str>, bytes: Cow<'a, [u8]>) -> Chosen<'a> {
    if let Some(Foreign { text, charset }) = charset::decode(media_type, &bytes) {
        let note = format!("text in {}", fit(&clean_line(&charset), 40));
        let chosen = by(media_type, schema, Cow::Owned(text.into_bytes()));
        if !matches!(chosen.kind, Kind::Bytes | Kind::Empty) {
            let note = chosen.note.map_or_else(|| note.clone(), |other| format!("{note}; {other}"));
            return Chosen { raw: Some(bytes), note: Some(note), ..chosen };
        }
    }
    by(media_type, schema, bytes)
}

/// Bytes in UTF-8, or no text, of which a media type may be known.
fn by<'a>(media_type: Option<&str>, schema: Option<&str>, bytes: Cow<'a, [u8]>) -> Chosen<'a> {
    if bytes.is_empty() {
        return Chosen { kind: Kind::Empty, bytes, raw: None, note: None };
    }
    let named = media_type.unwrap_or_default();
    if let Some(format) = media::schema_format(named).filter(|_| !media::is_json(named)) {
        let schema = schema.unwrap_or("no dataschema says which");
        let note = format!("{format}, schema: {}", fit(&clean_line(schema), 200));
        return Chosen { kind: Kind::Bytes, bytes, raw: None, note: Some(note) };
    }
    let (kind, note) = if media::is_json(named) {
        match json_problem(&bytes) {
            None => (Kind::Json, None),
            Some(problem) => (look(&bytes), Some(format!("its type is JSON, but it is not: {}", clean_line(&problem)))),
        }
    } else if media::is_xml(named) && is_text(&bytes) {
        (Kind::Xml, None)
    } else if media::is_text(named) && is_text(&bytes) {
        (Kind::Text, None)
    } else if media::is_xml(named) || media::is_text(named) {
        (Kind::Bytes, Some(not_text(named)))
    } else {
        (look(&bytes), None)
    };
    Chosen { kind, bytes, raw: None, note }
}

fn not_text(media_type: &str) -> String {
    match media::charset(media_type).filter(|_| !media::is_utf8(media_type)) {
        Some(charset) => {
            format!("its type is text in {}, but it cannot be read as that", fit(&clean_line(charset), 40))
        }
        None => "its type is text, but it is not UTF-8".to_owned(),
    }
}

/// What it looks like.
fn look(bytes: &[u8]) -> Kind {
    let start = bytes.trim_ascii_start();
    if matches!(start.first(), Some(b'{' | b'[')) && json_problem(bytes).is_none() {
        Kind::Json
    } else if !is_text(bytes) {
        Kind::Bytes
    } else if matches!(start, [b'<', next, ..] if next.is_ascii_alphabetic() || matches!(next, b'?' | b'!')) {
        Kind::Xml
    } else {
        Kind::Text
    }
}

/// Why it is not JSON.
fn json_problem(bytes: &[u8]) -> Option<String> {
    if scan::whole(bytes).is_some() {
        return None;
    }
    serde_json::from_slice::<&RawValue>(bytes).err().map(|e| e.to_string())
}

/// Whether it can be read: UTF-8, and of its start no more than a tenth controls (but for escapes, which are made
/// visible: coloured logs are text).
fn is_text(bytes: &[u8]) -> bool {
    let Ok(text) = std::str::from_utf8(bytes) else {
        return false;
    };
    let odd = |c: char| c.is_control() && !matches!(c, '\n' | '\r' | '\t' | '\u{1b}');
    let (mut all, mut controls) = (0_usize, 0_usize);
    for c in text.chars().take(1_000) {
        all += 1;
        controls += usize::from(odd(c));
    }
    controls * 10 <= all
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kind(media_type: &str, bytes: &[u8]) -> Kind {
        by(Some(media_type).filter(|t| !t.is_empty()), None, Cow::Borrowed(bytes)).kind
    }

    #[test]
    fn by_type_and_by_looking() {
        let cases: [(&str, &[u8], Kind); 18] = [
            ("application/json", b"{\"a\":1}", Kind::Json),
            ("application/vnd.x+JSON; charset=utf-8", b"5", Kind::Json),
            ("application/json", b"{\"a\":", Kind::Text),
            ("application/json", b"\x00\x01\x02", Kind::Bytes),
            ("", b" [1]", Kind::Json),
            ("", b"5", Kind::Text),
            ("application/octet-stream", b"{}", Kind::Json),
            ("text/xml", b"<a/>", Kind::Xml),
            ("", b"<a/>", Kind::Xml),
            ("", b"<?xml?>", Kind::Xml),
            ("", b"< 5", Kind::Text),
            ("text/plain", b"{\"a\":1}", Kind::Text),
            ("text/plain", b"gr\xf6\xdfe", Kind::Bytes),
            ("", b"\x1b[31mred", Kind::Text),
            ("", b"\xff\xfe", Kind::Bytes),
            ("", b"\x00\x00\x00\x01ab", Kind::Bytes),
            ("application/protobuf", b"text", Kind::Bytes),
            ("", b"", Kind::Empty),
        ];
        for (media_type, bytes, expected) in cases {
            assert_eq!(kind(media_type, bytes), expected, "{media_type} {:?}", String::from_utf8_lossy(bytes));
        }
    }

    #[test]
    fn text_in_another_charset() {
        let chosen = |named: &str, bytes: &'static [u8]| {
            let chosen = sent(Some(named), None, Cow::Borrowed(bytes));
            let raw = chosen.raw.map(Cow::into_owned);
            (chosen.kind, String::from_utf8_lossy(&chosen.bytes).into_owned(), raw, chosen.note.unwrap_or_default())
        };
        let latin = b"gr\xf6\xdfe";
        let expected = (Kind::Text, "größe".to_owned(), Some(latin.to_vec()), "text in ISO-8859-1".to_owned());
        assert_eq!(chosen("text/plain; charset=ISO-8859-1", latin), expected);
        let json = b"{\0\"\0a\0\"\0:\x001\0}\0";
        let expected = (Kind::Json, "{\"a\":1}".to_owned(), Some(json.to_vec()), "text in utf-16".to_owned());
        assert_eq!(chosen("application/json;charset=utf-16", json), expected);
        let (kind, _, raw, note) = chosen("text/plain; charset=utf-32", b"\xff\xff\xff\xff");
        assert_eq!(
            (kind, raw, note.as_str()),
            (Kind::Bytes, None, "its type is text in utf-32, but it cannot be read as that")
        );
        let (kind, _, raw, note) = chosen("image/png; charset=utf-16", b"\0\x01\0\x02\0\x03");
        assert_eq!((kind, raw, note.as_str()), (Kind::Bytes, None, ""));
    }

    #[test]
    fn packed_data_in_base64_is_shown_unpacked() {
        let members = r#""datacontenttype":"application/json","datacontentencoding":"deflate","data_base64":"eJyrVkpUsjKsBQAIKgIJ""#;
        let body = format!(r#"{{"specversion":"1.0","id":"1","source":"/","type":"t",{members}}}"#);
        let sent = super::super::super::exercise::message(&[], body.as_bytes());
        let envelope = super::super::super::Envelope::new(&sent);
        let decoded = envelope.decode();
        let event = &decoded.events()[0];
        let chosen = of(event);
        assert_eq!((chosen.kind, &*chosen.bytes), (Kind::Json, &br#"{"a":1}"#[..]));
        assert!(event.findings.is_empty(), "{:?}", event.findings);
        assert_eq!(event.to_json_line(), body, "it leaves as it was sent");
    }

    #[test]
    fn where_it_breaks_is_marked() {
        let text = |source: &[u8], at: usize| {
            String::from_utf8(marked(Broken { source, at, format: None }).bytes.into_owned()).unwrap()
        };
        assert_eq!(text(b"{\"a\":NaN}", 5), "{\"a\":⟪breaks here⟫NaN}");
        assert_eq!(text(b"{", 9), "{⟪breaks here⟫");
        let long = "x".repeat(IN_SIGHT + 1);
        assert_eq!(text(long.as_bytes(), long.len()), format!("{long}\n⟪breaks here⟫\n"));
    }

    #[test]
    fn notes_say_why() {
        let chosen = by(Some("application/json"), None, Cow::Borrowed(b"{\"a\":"));
        assert_eq!(
            chosen.note.as_deref(),
            Some("its type is JSON, but it is not: EOF while parsing a value at line 1 column 5")
        );
        let chosen = by(Some("application/x-protobuf"), Some("https://x/s\u{1b}"), Cow::Borrowed(b"\x01"));
        assert_eq!(chosen.note.as_deref(), Some("Protocol Buffers, schema: https://x/s␛"));
    }
}
