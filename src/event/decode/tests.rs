//! Which rule fires, what is found, and what is left of what breaks.

use super::super::exercise::message;
use super::*;
use crate::model::Message;

const EVENT_BODY: &[u8] = br#"{"specversion":"1.0","id":"1","source":"/a","type":"t","data":{"x":1}}"#;
const STRUCTURED: (&str, &str) = ("content-type", "application/cloudevents+json");
const BATCHED: (&str, &str) = ("Content-Type", "application/CloudEvents-Batch+json; charset=utf-8");
const VERSION: (&str, &str) = ("Ce-Specversion", "1.0");

/// Mode, rule or reason, ids, findings: all that a table needs.
fn told(message: &Message) -> (String, Vec<String>, Vec<&'static str>) {
    let envelope = Envelope::new(message);
    let decoded = envelope.decode();
    let what = match (&decoded.content, decoded.mode()) {
        (Content::Plain(plain), _) => plain.name().to_owned(),
        (_, mode) => format!("{} by {}", mode.unwrap().name(), decoded.rule().unwrap().name()),
    };
    let ids = decoded.events().iter().map(|e| e.id().unwrap_or("-").to_owned()).collect();
    (what, ids, decoded.all_findings().map(Finding::name).collect())
}

fn check(headers: &[(&str, &str)], body: &[u8], what: &str, ids: &[&str], findings: &[&str]) {
    let (found_what, found_ids, found) = told(&message(headers, body));
    let shown = format!("{headers:?} {}", String::from_utf8_lossy(body));
    assert_eq!(found_what, what, "{shown}");
    assert_eq!(found_ids, ids, "{shown}");
    assert_eq!(found, findings, "{shown}");
}

#[test]
fn the_rules_in_their_order() {
    let batch = [b"[".as_slice(), EVENT_BODY, b",", EVENT_BODY, b"]"].concat();
    let binary = [VERSION, ("ce-id", "2"), ("ce-source", "/a"), ("ce-type", "t")];
    let with = |first: (&'static str, &'static str)| [&[first], binary.as_slice()].concat();
    check(&[BATCHED], &batch, "batch by content-type-batch", &["1", "1"], &[]);
    check(&with(BATCHED), &batch, "batch by content-type-batch", &["1", "1"], &["two-modes"]);
    check(&[BATCHED], b"[]", "batch by content-type-batch", &[], &[]);
    check(&[STRUCTURED], EVENT_BODY, "structured by content-type", &["1"], &[]);
    check(&with(STRUCTURED), EVENT_BODY, "structured by content-type", &["1"], &["two-modes"]);
    check(&[("CONTENT-TYPE", " application/cloudevents")], EVENT_BODY, "structured by content-type", &["1"], &[]);
    check(&binary, EVENT_BODY, "binary by specversion-header", &["2"], &[]);
    check(&[], EVENT_BODY, "structured by body-object", &["1"], &[]);
    check(&[("content-type", "application/json")], EVENT_BODY, "structured by body-object", &["1"], &[]);
    check(&[], &batch, "batch by body-array", &["1", "1"], &[]);
    check(
        &[("ce_SPECVERSION", "1.0"), ("ce_id", "3"), ("CE_source", "/a"), ("ce_type", "t")],
        b"",
        "binary by specversion-header",
        &["3"],
        &["kafka-headers"],
    );
}

#[test]
fn plain_messages_and_why() {
    check(&[], b"", "empty", &[], &[]);
    check(&[], b" \n", "empty", &[], &[]);
    check(&[], b"hello", "not-json", &[], &[]);
    check(&[], b"\xff\xfe", "not-json", &[], &[]);
    check(&[], b"17", "json-scalar", &[], &[]);
    check(&[], b"{\"a\":", "json-broken", &[], &[]);
    check(&[], b"{\"a\":1}", "no-specversion", &[], &[]);
    check(&[], b"{\"specversion\":null,\"id\":\"1\"}", "no-specversion", &[], &[]);
    check(&[], b"{\"specversion\":\"1.0\"}", "only-specversion", &[], &[]);
    check(&[], b"[1,2,3]", "array-of-other", &[], &[]);
    check(&[], b"[{\"id\":\"1\"}, broken", "array-of-other", &[], &[]);
    check(&[], b"[]", "array-of-other", &[], &[]);
    check(&[("ce-id", "1")], b"{}", "headers-without-specversion", &[], &[]);
    check(&[("content-type", "application/cloudevents+cbor")], b"..", "other-format", &[], &[]);
}

#[test]
fn json_that_breaks_keeps_what_was_read() {
    let cut = br#"{"specversion":"1.0","id":"1","source":"/a","data":{"x":"#;
    check(&[STRUCTURED], cut, "structured by content-type", &["1"], &["json-truncated"]);
    check(&[], cut, "structured by body-object", &["1"], &["json-truncated"]);
    let message = message(&[STRUCTURED], b"{\"specversion\":\"1.0\",\n \"id\":oops}");
    let envelope = Envelope::new(&message);
    let decoded = envelope.decode();
    let sentences: Vec<String> = decoded.all_findings().map(ToString::to_string).collect();
    assert_eq!(sentences, ["The JSON is broken at line 2, column 7: expected value."]);
    assert_eq!(decoded.events().first().unwrap().text(Core::Specversion), Some("1.0"));
    let trailing = [EVENT_BODY, b" x"].concat();
    check(&[], &trailing, "structured by body-object", &["1"], &["json-syntax"]);
    check(&[STRUCTURED], b"\x93\x07garbage", "structured by content-type", &["-"], &["json-syntax"]);
    check(&[STRUCTURED], b"", "structured by content-type", &["-"], &["json-truncated"]);
    check(&[STRUCTURED], b"5", "structured by content-type", &["-"], &["not-an-object"]);
    let half_a_batch = [b"[".as_slice(), EVENT_BODY, b",", cut].concat();
    check(&[BATCHED], &half_a_batch, "batch by content-type-batch", &["1", "1"], &["json-truncated"]);
}

#[test]
fn what_breaks_keeps_its_source_and_the_place() {
    let event = r#"{"specversion":"1.0","id":"1","source":"/a","type":"t","data":"#;
    for (rest, at) in [
        (&b"{\"a\":NaN}}"[..], b"{\"a\":".len()),
        (b"{\"a\":\"J\xfcrg\"}}", b"{\"a\":\"J".len()),
        (b"{\"a\":\"x\ty\"}}", b"{\"a\":\"x".len()),
        (b"{ // none\n}}", b"{ ".len()),
        (b"{\"a\":\"he", b"{\"a\":\"he".len()),
        (b"{\n\n  \"a\": oops}}", b"{\n\n  \"a\": ".len()),
        (b"oops,\"x\":\"J\xfcrg\"}", 0),
        (b"[\n{\"a\":1}\n{\"b\":2}\n]}", b"[\n{\"a\":1}\n".len()),
    ] {
        let body = [event.as_bytes(), rest].concat();
        let sent = message(&[], &body);
        let envelope = Envelope::new(&sent);
        let decoded = envelope.decode();
        let broken = decoded.events()[0].broken.unwrap();
        assert_eq!((broken.source, broken.at), (&*body, event.len() + at), "{}", String::from_utf8_lossy(&body));
    }
}

/// The steps that a body costs do not grow faster than it does: the square of these would take many minutes.
#[test]
fn hostile_bodies_cost_their_length() {
    for piece in ["\n", "{\n", "}\n", "} {", " {}"] {
        let body = format!("{{{}", piece.repeat(1 << 19));
        assert_eq!(told(&message(&[], body.as_bytes())).0, "json-broken");
    }
}

#[test]
fn of_attributes_of_one_name_the_last_counts_at_every_depth() {
    for body in [
        r#"{"specversion":"1.0","type":"a","id":"1","source":"/","type":"b"}"#,
        r#"{"specversion":"1.0","type":"a","id":"1","source":"/","t\u0079pe":"b"}"#,
        r#"{"specversion":"1.0","type":"b","id":"1","source":"/","data":{"type":"c"}}"#,
    ] {
        let sent = message(&[], body.as_bytes());
        let envelope = Envelope::new(&sent);
        let read = envelope.decode_to(Depth::Only(&["type"]));
        assert_eq!(read.events()[0].ty(), Some("b"), "{body}");
    }
}

#[test]
fn several_events_in_one_body() {
    let body = |text: &str| text.replace('E', &String::from_utf8_lossy(EVENT_BODY));
    let lines = "batch by body-object";
    check(&[], body("E\nE\n").as_bytes(), lines, &["1", "1"], &["several-in-body"]);
    check(&[], body("E\r\n\r\nE").as_bytes(), lines, &["1", "1"], &["several-in-body"]);
    check(&[], body("EE").as_bytes(), lines, &["1", "1"], &["several-in-body"]);
    let announced = "batch by content-type";
    check(&[STRUCTURED], body("E\nE").as_bytes(), announced, &["1", "1"], &["several-in-body"]);
    let half = body("E\nE\n{\"specversion\":\"1.0\",\"id\":\"3\",");
    check(&[], half.as_bytes(), lines, &["1", "1", "3"], &["json-truncated", "several-in-body"]);
    // What follows is no event.
    check(&[], body("E\n{\"a\":1}").as_bytes(), "structured by body-object", &["1"], &["json-syntax"]);
    check(&[], b"{\"a\":1}\n{\"a\":2}", "json-broken", &[], &[]);
    // Whoever looks at little sees them all too.
    let sent = message(&[], body("E\nE").as_bytes());
    assert_eq!(Envelope::new(&sent).decode_to(Depth::Only(&["id"])).events().len(), 2);
    let pretty = b"{\n  \"specversion\": \"1.0\",\n  \"id\": \"1\", \"source\": \"/\", \"type\": \"t\",\n  \"data\": {\n    \"a\": {\n  }\n  }\n}";
    check(&[], pretty, "structured by body-object", &["1"], &[]);
}

#[test]
fn what_the_content_type_gets_wrong() {
    let bom = [b"\xef\xbb\xbf".as_slice(), EVENT_BODY].concat();
    check(&[], &bom, "structured by body-object", &["1"], &["byte-order-mark"]);
    let batch = [b"[".as_slice(), EVENT_BODY, b",7,[{}]]"].concat();
    check(
        &[STRUCTURED],
        &batch,
        "batch by content-type",
        &["1", "-", "-"],
        &["batch-as-event", "not-an-object", "not-an-object"],
    );
    check(&[BATCHED], EVENT_BODY, "structured by content-type-batch", &["1"], &["event-as-batch"]);
    check(&[BATCHED], b"7", "batch by content-type-batch", &[], &["not-an-object"]);
}

#[test]
fn headers_of_binary_events() {
    let told = |source, others: &[(&str, &str)]| {
        let headers = [
            VERSION,
            ("ce-id", "zo%C3%AB"),
            ("ce-source", source),
            ("ce-type", "\"a%20b\""),
            ("ce-id", "again"),
            ("Nats-Msg-Id", "7"),
        ];
        let message = message(&[&headers, others].concat(), b"hello");
        let envelope = Envelope::new(&message);
        let decoded = envelope.decode();
        let event = decoded.events().first().unwrap();
        assert!(matches!(event.data, Data::Bytes(b"hello")));
        let pairs = event.attributes.iter().map(|a| format!("{}={}", a.name, a.value.to_text())).collect::<Vec<_>>();
        (pairs.join(" "), event.findings.iter().map(Finding::name).collect::<Vec<_>>())
    };
    assert_eq!(
        told("/a%20b", &[("ce-datacontenttype", "text/plain")]),
        (
            "specversion=1.0 id=zoë source=/a b type=a b datacontenttype=text/plain".into(),
            vec!["duplicate-attribute", "source-uri"]
        )
    );
    assert_eq!(
        told("/a b", &[("ce-bytes", "[0 1 2]"), ("content-type", "text/plain")]),
        (
            "specversion=1.0 id=zo%C3%AB source=/a b type=\"a%20b\" bytes=[0 1 2] datacontenttype=text/plain".into(),
            vec![
                "header-two-readings",
                "header-not-encoded",
                "header-two-readings",
                "duplicate-attribute",
                "header-not-encoded",
                "source-uri"
            ]
        )
    );
}

#[test]
fn two_content_types_and_refused_headers() {
    let required = [VERSION, ("ce-id", "1"), ("ce-source", "/a"), ("ce-type", "t")];
    let differ = [&[("Content-Type", "text/plain"), ("ce-datacontenttype", "text/xml")], required.as_slice()].concat();
    check(&differ, b"", "binary by specversion-header", &["1"], &["content-types-differ"]);
    let same = [&[("Content-Type", "text/xml"), ("ce-datacontenttype", "text/xml")], required.as_slice()].concat();
    check(&same, b"", "binary by specversion-header", &["1"], &[]);
    let block = b"NATS/1.0\r\nce-specversion: 1.0\r\nce-id: 9\r\nce-source: /a\r\nce-type: \xff\r\n\r\n";
    let refused = Message { undecodable: Some(block.as_slice().into()), ..message(&[], b"") };
    let (what, ids, findings) = told(&refused);
    assert_eq!((what.as_str(), ids), ("binary by specversion-header", vec!["9".to_owned()]));
    assert_eq!(findings, ["undecodable-headers", "header-not-utf8"]);
    let bare = Message { undecodable: Some(b"\xff".as_slice().into()), ..message(&[], EVENT_BODY) };
    assert_eq!(told(&bare).2, ["undecodable-headers"]);
}

#[test]
fn packed_bodies() {
    use std::io::Write as _;
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    gzip.write_all(EVENT_BODY).unwrap();
    let gzip = gzip.finish().unwrap();
    let zstd = ruzstd::encoding::compress_to_vec(EVENT_BODY, ruzstd::encoding::CompressionLevel::Fastest);
    check(&[("Content-Encoding", "GZIP")], &gzip, "structured by body-object", &["1"], &[]);
    check(&[STRUCTURED, ("content-encoding", "zstd")], &zstd, "structured by content-type", &["1"], &[]);
    check(&[("content-encoding", "identity")], EVENT_BODY, "structured by body-object", &["1"], &[]);
    check(&[], &gzip, "structured by body-object", &["1"], &["encoding-undeclared"]);
    check(&[STRUCTURED], &zstd, "structured by content-type", &["1"], &["encoding-undeclared"]);
    check(&[("content-type", "application/gzip")], &gzip, "not-json", &[], &[]);
    check(&[], &gzip[..20], "not-json", &[], &[]);
    let binary = [VERSION, ("ce-id", "2"), ("ce-source", "/a"), ("ce-type", "t")];
    let sent = message(&binary, &gzip);
    let envelope = Envelope::new(&sent);
    let decoded = envelope.decode();
    let event = decoded.events().first().unwrap();
    // It is shown unpacked, but leaves as it was sent.
    assert!(matches!(event.data, Data::Bytes(bytes) if bytes == EVENT_BODY) && event.extent == Extent::Whole);
    assert!(event.to_json_line().contains(r#""data_base64":"H4sI"#), "{}", event.to_json_line());
    assert_eq!(event.to_http().unwrap().body, gzip);
    let cut = message(&[&binary[..], &[("content-encoding", "gzip")]].concat(), &gzip);
    assert_eq!(Envelope::with_limit(&cut, 40).decode().events().first().unwrap().extent, Extent::Part);
    // What stays packed is no event without the header that says so.
    let json = [&binary[..], &[("content-encoding", "exi"), ("ce-datacontenttype", "application/json")]].concat();
    check(&json, &gzip, "binary by specversion-header", &["2"], &["encoding-unknown"]);
    let sent = message(&json, &gzip);
    assert!(Envelope::new(&sent).decode().events()[0].packed);
    // A file that is meant to be packed.
    let file = [&binary[..], &[("ce-datacontenttype", "application/gzip")]].concat();
    check(&file, &gzip, "binary by specversion-header", &["2"], &[]);
    let exi = [("content-encoding", "gzip, exi")];
    check(&exi, EVENT_BODY, "structured by body-object", &["1"], &["encoding-unknown"]);
    check(&[("content-encoding", "gzip")], EVENT_BODY, "structured by body-object", &["1"], &["encoding-broken"]);
    // An attribute says it, and goes along with what it speaks of.
    let by_attribute = [&binary[..], &[("ce-datacontentencoding", "x-gzip")]].concat();
    let sent = message(&by_attribute, &gzip);
    let envelope = Envelope::new(&sent);
    let decoded = envelope.decode();
    let event = decoded.events().first().unwrap();
    assert!(matches!(event.data, Data::Bytes(bytes) if bytes == EVENT_BODY) && event.findings.is_empty());
    assert!(event.to_json_line().contains(r#""data_base64":"H4sI"#), "{}", event.to_json_line());
    let packed = message(&[STRUCTURED, ("content-encoding", "gzip")], &gzip);
    let envelope = Envelope::with_limit(&packed, 40);
    assert_eq!(envelope.body().len(), 40);
    let names: Vec<_> = envelope.decode().all_findings().map(Finding::name).collect();
    assert_eq!(names, ["encoding-limit", "json-truncated"]);
}

#[test]
fn less_depth_reads_less() {
    let body =
        br#"{"specversion":"1.0","id":"1","type":"t","subject":"s","source":"/a","acme":"x","data":{"x":1}} broken"#;
    let sent = message(&[], body);
    let envelope = Envelope::new(&sent);
    let names = |depth| {
        let decoded = envelope.decode_to(depth);
        let event = decoded.events().first().unwrap().clone();
        (event.attributes.iter().map(|a| a.name.to_string()).collect::<Vec<_>>().join(" "), event.data)
    };
    assert_eq!(names(Depth::Only(&["type"])).0, "specversion id type");
    assert_eq!(names(Depth::Only(&["subject"])).0, "specversion id type subject");
    assert_eq!(names(Depth::Only(&["absent"])).0, "specversion id type source");
    let (all, data) = names(Depth::Attributes);
    assert_eq!(all, "specversion id type subject source acme");
    assert!(matches!(data, Data::None));
    assert!(matches!(names(Depth::Data).1, Data::Json("{\"x\":1}")));
}

#[test]
fn floods_are_capped() {
    let many = format!(
        "{{\"specversion\":\"1.0\",{}\"id\":\"1\",\"source\":\"/a\",\"type\":\"t\"}}",
        (0..5_000).map(|n| format!("\"A{n}\":1,")).collect::<Vec<_>>().concat()
    );
    let sent = message(&[], many.as_bytes());
    let envelope = Envelope::new(&sent);
    let decoded = envelope.decode();
    let event = decoded.events().first().unwrap();
    assert!(event.attributes.len() <= reader::MOST_ATTRIBUTES + 8 && event.findings.len() <= reader::MOST_ATTRIBUTES);
    assert_eq!((event.id(), event.ty()), (Some("1"), Some("t")));
    assert!(event.findings.contains(&Finding::TooMany(4_001)));
    let sent = message(&[BATCHED], format!("[{}{{}}]", "{},".repeat(20_000)).as_bytes());
    let envelope = Envelope::new(&sent);
    let decoded = envelope.decode_to(Depth::Full);
    assert_eq!(decoded.events().len(), reader::MOST_EVENTS);
    assert_eq!(decoded.findings, [Finding::BatchLong(20_001 - reader::MOST_EVENTS)]);
}

#[test]
fn a_batch_of_floods_is_capped_as_a_whole() {
    let event = format!("{{{}\"id\":\"1\"}},", (0..900).map(|n| format!("\"a{n}\":1,")).collect::<Vec<_>>().concat());
    let sent = message(&[BATCHED], format!("[{}{{\"id\":\"1\"}}]", event.repeat(300)).as_bytes());
    let envelope = Envelope::new(&sent);
    let decoded = envelope.decode();
    assert!(decoded.events().iter().all(|e| e.id() == Some("1")) && decoded.events().len() == 301);
    let kept: usize = decoded.events().iter().map(|e| e.attributes.len()).sum();
    assert!(kept < 101_000, "{kept}");
}
