//! Any message at all: nothing panics, nothing hostile gets through, and what the SDK accepts is read to the same.

use cloudevents::AttributesReader as _;
use proptest::prelude::*;

use super::exercise::{exercise, from_input, message};
use super::{Core, Envelope, Event, Finding};

/// Pieces that lead deep into the reader.
fn piece() -> impl Strategy<Value = Vec<u8>> {
    let words: Vec<&[u8]> = vec![
        b"{",
        b"}",
        b"[",
        b"]",
        b",",
        b":",
        b"\"",
        b"\\",
        b"\n",
        b"\"specversion\":\"1.0\",",
        b"\"id\":\"1\",",
        b"\"source\":\"/a\"",
        b"\"type\":",
        b"\"data\":",
        b"\"data_base64\":",
        b"\"AAA=\"",
        b"null",
        b"1.5",
        b"\\ud800",
        b"\x1b[2J",
        b"\xe2\x80\xae",
        b"<a>",
        b"</a>",
        b"<!--",
        b"%41",
        b"%zz",
        b"\xff",
        b"2026-11-20T13:50:07Z",
        // A joiner, letters and a sign that it joins, a selector.
        b"\xe2\x80\x8d",
        b"\xd9\x85",
        b"\xe2\x9d\xa4",
        b"\xef\xb8\x8f",
        b"}\n{",
    ];
    prop_oneof![
        4 => prop::sample::select(words).prop_map(<[u8]>::to_vec),
        1 => prop::collection::vec(any::<u8>(), 0..12),
    ]
}

fn header() -> impl Strategy<Value = (String, String)> {
    let names = [
        "ce-specversion",
        "CE-ID",
        "ce_type",
        "ce-source",
        "ce-x",
        "ce-datacontenttype",
        "content-type",
        "Content-Encoding",
        "ce-datacontentencoding",
        "ce-time",
        "cloudEvents_specversion",
    ];
    let values = [
        "1.0",
        "application/cloudevents+json",
        "application/cloudevents-batch",
        "gzip",
        "zstd",
        "br, deflate",
        "snappy",
        "lz4",
        "text/xml",
        "%ff%20",
        "\"q\\\"\"",
    ];
    let word = |words: &[&'static str]| prop::sample::select(words.to_vec()).prop_map(str::to_owned);
    (prop_oneof![3 => word(&names), 1 => any::<String>()], prop_oneof![3 => word(&values), 1 => any::<String>()])
}

proptest! {
    #[test]
    fn any_message(headers in prop::collection::vec(header(), 0..8), body in prop::collection::vec(piece(), 0..40)) {
        let headers: Vec<(&str, &str)> = headers.iter().map(|(n, v)| (n.as_str(), v.as_str())).collect();
        exercise(&message(&headers, &body.concat()));
    }

    #[test]
    fn any_bytes(input in prop::collection::vec(any::<u8>(), 0..600)) {
        exercise(&from_input(&input));
    }

    #[test]
    fn what_the_sdk_accepts_is_read_to_the_same(members in prop::collection::vec(member(), 0..10)) {
        let required = r#""specversion":"1.0","id":"1","source":"/a","type":"t""#;
        let body = format!("{{{}{required}}}", members.iter().map(|(n, v)| format!("\"{n}\":{v},")).collect::<Vec<_>>().concat());
        if let Ok(theirs) = serde_json::from_str::<cloudevents::Event>(&body) {
            let sent = message(&[], body.as_bytes());
            let envelope = Envelope::new(&sent);
            let decoded = envelope.decode();
            same(decoded.events().first().unwrap(), &theirs)?;
        }
    }
}

fn member() -> impl Strategy<Value = (&'static str, String)> {
    let text = any::<String>().prop_map(|text| serde_json::to_string(&text).unwrap());
    let word = |words: &[&'static str]| prop::sample::select(words.to_vec()).prop_map(str::to_owned);
    let extension =
        prop_oneof![text.clone(), any::<i64>().prop_map(|n| n.to_string()), word(&["true", "false", "null", "\"\""])];
    prop_oneof![
        (prop::sample::select(vec!["id", "source", "type", "subject"]), text),
        (prop::sample::select(vec!["acme", "n", "Odd-Name", "traceparent", "i\\u0064x"]), extension),
        (Just("time"), word(&["\"2026-11-20T13:50:07Z\"", "\"1969-12-31T23:59:59.123456789-11:30\"", "null", "\"x\""])),
        (Just("dataschema"), word(&["\"https://x/y\"", "\"urn:a:b\"", "null", "\"x\""])),
        (Just("datacontenttype"), word(&["\"application/json\"", "\"text/plain\"", "\"a/b+json\"", "null"])),
        (Just("data"), word(&["{\"a\":1}", "\"text\"", "null", "[1.5]"])),
        (Just("data_base64"), word(&["\"e30=\"", "\"AAE=\"", "null"])),
    ]
}

/// Attribute for attribute.
fn same(ours: &Event<'_>, theirs: &cloudevents::Event) -> Result<(), TestCaseError> {
    let mut count = 0;
    for (name, value) in theirs.iter() {
        count += 1;
        let found = ours.get(name).map(|v| v.to_text().into_owned());
        match Core::of(name) {
            Some(Core::Time) => {
                let instant = theirs.time().unwrap().timestamp_nanos_opt();
                prop_assert_eq!(ours.time().unwrap().at.map(|t| t.0), instant);
            }
            Some(Core::Dataschema) => {
                let schema = url::Url::parse(ours.dataschema().unwrap()).ok();
                prop_assert_eq!(schema.as_ref(), theirs.dataschema());
            }
            _ => prop_assert_eq!(found, Some(value.to_string()), "{}", name),
        }
    }
    prop_assert_eq!(ours.attributes.len(), count);
    prop_assert!(
        !ours.findings.iter().any(|f| matches!(f, Finding::Missing(_) | Finding::NotText(..) | Finding::Base64))
    );
    // And back: the line that we write is the same event to the SDK.
    let again: Option<cloudevents::Event> = serde_json::from_str(&ours.to_json_line()).ok();
    prop_assert_eq!(again.as_ref(), Some(theirs));
    Ok(())
}

/// The fuzzer's corpus: every input that was ever of interest.
#[test]
fn the_corpus() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus/decode");
    let mut count = 0;
    for entry in std::fs::read_dir(&folder).expect("the corpus is in fuzz/corpus/decode of the repository") {
        exercise(&from_input(&std::fs::read(entry.unwrap().path()).unwrap()));
        count += 1;
    }
    assert!(count >= 20, "{count}");
}

#[test]
fn hostile_sizes_stay_cheap() {
    let deep = "[".repeat(1 << 20);
    let opened = "{\"a\":".repeat(1 << 18);
    let commas = format!("[{}", "{},".repeat(1 << 18));
    let text = format!("\"{}", "\\u001b".repeat(1 << 17));
    let names = format!("{{{}", (0..100_000).map(|n| format!("\"a{n}\":1,")).collect::<Vec<_>>().concat());
    for body in [deep, opened, commas, text, names] {
        exercise(&message(&[], body.as_bytes()));
        exercise(&message(&[("content-type", "application/cloudevents-batch+json")], body.as_bytes()));
        exercise(&message(&[("ce-specversion", "1.0"), ("content-type", "text/xml")], body.as_bytes()));
    }
}
