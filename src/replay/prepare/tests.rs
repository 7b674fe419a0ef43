//! What is weighed is what is prepared: for any message, destination, mode and source.

use std::path::PathBuf;

use proptest::prelude::*;

use super::*;
use crate::event::exercise::{from_input, message};
use crate::model::Timestamp;
use crate::model::replay::{Amounts, Capture, Pace};
use crate::replay::lines;
use crate::replay::mark::MARKS;

fn plan(destination: Destination, selection: Selection, http_mode: HttpMode) -> Plan {
    Plan {
        version: 1,
        id: "20261125t001409-7k2f".into(),
        made: Timestamp(0),
        context: None,
        servers: "here".into(),
        reason: None,
        selection,
        range: "all".into(),
        filter: None,
        words: None,
        source_created: None,
        list_created: vec![],
        include_marked: true,
        destination,
        capture: None,
        delivery: None,
        http_mode,
        http_query: vec![],
        pace: Pace::Max,
        window: None,
        watch: None,
        amounts: Amounts::default(),
        warnings: vec![],
        obstacles: vec![],
    }
}

/// Every destination and mode, of a stream and of a file; and with what leaves messages out.
fn preparers() -> Vec<Preparer> {
    let mut plans = Vec::new();
    for selection in [
        Selection::Range { stream: "orders".into(), first: 1, last: 9, subjects: vec![] },
        Selection::File { path: "a.ndjson".into(), last: 9 },
    ] {
        for (destination, mode) in [
            (Destination::Subject("to.{id}.{subject}.{1}".into()), HttpMode::Binary),
            (Destination::Original, HttpMode::Binary),
            (Destination::Context { name: "other".into(), subject: None }, HttpMode::Binary),
            (Destination::File(PathBuf::from("b.ndjson")), HttpMode::Binary),
            (Destination::Stdout, HttpMode::Binary),
            (Destination::Http("http://here/".into()), HttpMode::Binary),
            (Destination::Http("http://here/".into()), HttpMode::Structured),
        ] {
            let plan = plan(destination, selection.clone(), mode);
            let small = Capture { max_size: Some(300), ..Capture::default() };
            plans.push(Plan { filter: Some("id <> '2'".into()), include_marked: false, ..plan.clone() });
            plans.push(Plan { capture: Some(small), ..plan.clone() });
            plans.push(plan);
        }
    }
    plans.iter().map(|plan| Preparer::new(plan).unwrap()).collect()
}

/// Prepares and weighs; whether anything would leave.
fn agree(preparer: &Preparer, message: &Message) -> bool {
    let prepared = preparer.prepare(7, message, &mut Unanswered::default());
    let weighed = preparer.weigh(message, &mut Unanswered::default());
    let told = prepared.as_ref().map_err(|skip| *skip).map(|parcel| {
        let loads = parcel.all().map(|copy| Load { wire_size: copy.wire_size(), remarks: copy.remarks });
        (parcel.copy.subject.clone(), loads.collect::<Vec<_>>(), parcel.again)
    });
    let weight = weighed.as_ref().map_err(|skip| *skip);
    let weight = weight.map(|w| (w.subject.clone(), w.all().copied().collect::<Vec<_>>(), w.again));
    assert_eq!(weight, told, "{message:?}\n{:?}\n{:?}", preparer.form, prepared.map(|parcel| parcel.copy));
    if let Ok(weight) = &weighed {
        let envelope = Envelope::new(message);
        let decoded = envelope.decode_to(Depth::Only(&["type"]));
        let ty = decoded.events().first().and_then(|event| event.text(Core::Type));
        assert_eq!(weight.ty.as_deref(), ty, "{message:?}");
    }
    weighed.is_ok()
}

/// Text that is longer or shorter on its way: escaped, percent-encoded, or not at all.
fn text() -> impl Strategy<Value = String> {
    let odd = [
        "",
        "1",
        "a b",
        "100 %",
        "%41",
        "größe",
        "\"q\"",
        "a\\b",
        "a\nb",
        "\u{1b}[2J",
        "\u{202e}x",
        "\u{e0001}",
        "\u{200d}",
        "\u{2764}\u{fe0f}",
        "م\u{200d}",
        "\u{7f}",
        "🇩🇪",
        "2026-11-20T13:50:07Z",
    ];
    prop_oneof![3 => prop::sample::select(odd.to_vec()).prop_map(str::to_owned), 1 => any::<String>()]
}

/// Names of attributes, ours and those that no attribute should have among them.
fn name() -> impl Strategy<Value = String> {
    let known = [
        "subject",
        "time",
        "datacontenttype",
        "dataschema",
        "acme",
        "tenantId",
        "my-ext",
        "größe",
        "traceparent",
        "datacontentencoding",
        "Data",
        "ReplayId",
    ];
    let known = [&known[..], &MARKS, &[lines::SUBJECT, lines::OTHER_SUBJECT]].concat();
    prop_oneof![9 => prop::sample::select(known).prop_map(str::to_owned), 1 => any::<String>()]
}

fn media_type() -> impl Strategy<Value = &'static str> {
    prop::sample::select(vec![
        "application/json",
        "application/vnd.x+json",
        "text/plain",
        "text/plain; charset=iso-8859-1",
        "application/xml",
        "application/octet-stream",
        "application/cloudevents+json",
        "json",
        "grö/ße",
        "",
    ])
}

/// A value in JSON as its source text, perhaps over several lines.
fn source() -> impl Strategy<Value = String> {
    let text = || text().prop_map(|text| serde_json::to_string(&text).unwrap());
    let odd = [
        "null",
        "1.50",
        "99999999999",
        "-0",
        "true",
        "{ \"a\" : [ ] }",
        "{\n\t\"a\":\"\\u001b\"}",
        "\"\\ud800\"",
        "[1 ,2]",
    ];
    prop_oneof![
        3 => text(),
        2 => prop::sample::select(odd.to_vec()).prop_map(str::to_owned),
        1 => crate::event::exercise::json().prop_map(|value| value.to_string()),
        1 => crate::event::exercise::json().prop_map(|value| serde_json::to_string_pretty(&value).unwrap()),
    ]
}

/// A member of a structured event as source text.
fn member() -> impl Strategy<Value = String> {
    let quoted = |text: &str| serde_json::to_string(text).unwrap();
    let base64 =
        ["\"AAE=\"", "\"AAE\"", "\"\\u0041A\\/A\"", "\"\"", "\"e30=\"", "null", "5", "\"QUJDREVGRw==\"", "\"A=AA\""];
    prop_oneof![
        6 => (name(), source()).prop_map(move |(name, value)| format!("{}:{value}", quoted(&name))),
        2 => media_type().prop_map(move |named| format!("\"datacontenttype\":{}", quoted(named))),
        3 => source().prop_map(|value| format!("\"data\" : {value}")),
        2 => prop::sample::select(base64.to_vec()).prop_map(|value| format!("\"data_base64\":{value}")),
        1 => Just("\"replay\\u0069d\":\"R0\"".to_owned()),
    ]
}

/// A structured event, with all that it needs or not.
fn object() -> impl Strategy<Value = String> {
    let required = prop_oneof![
        9 => Just("\"specversion\":\"1.0\",\"id\":\"1\",\"source\":\"/a\",\"type\":\"t\""),
        1 => Just("\"specversion\":\"1.0\",\"id\":\"2\",\"type\":\"größe\""),
    ];
    let between = prop::sample::select(vec![",", " , ", ",\n\t"]);
    (required, prop::collection::vec(member(), 0..6), between, any::<bool>()).prop_map(
        |(required, members, between, first)| {
            let members: Vec<&str> = members.iter().map(String::as_str).collect();
            let all = if first { [&[required], &members[..]].concat() } else { [&members[..], &[required]].concat() };
            format!("{{{}}}", all.join(between))
        },
    )
}

fn headers() -> impl Strategy<Value = Vec<(String, String)>> {
    let named =
        |prefix: &'static str| (name(), text()).prop_map(move |(name, value)| (format!("{prefix}{name}"), value));
    let other = [
        ("Nats-Msg-Id", "mine"),
        ("nats-msg-id", "replay:R0:S:1"),
        ("Nats-TTL", "1s"),
        ("Jetscope-Original-Msg-Id", "old"),
        ("Jetscope-Replay-Id", "R0"),
        ("Jetscope-Replay-Count", "3"),
        ("traceparent", "00-1-2-3"),
        ("X-Größe", "1"),
        ("Host", "x"),
        ("content-encoding", "gzip"),
        ("Content-Encoding", "br"),
        ("X-Odd", "größe"),
        ("Natsy", "kept"),
    ];
    let one = prop_oneof![
        4 => named("ce-"),
        1 => named("CE_"),
        1 => named("cloudEvents_"),
        2 => prop::sample::select(other.to_vec()).prop_map(|(name, value)| (name.to_owned(), value.to_owned())),
        1 => media_type().prop_map(|named| ("Content-Type".to_owned(), named.to_owned())),
        1 => (text(), text()),
    ];
    prop::collection::vec(one, 0..8)
}

/// Any message: an event in each mode, and what is none.
fn messages() -> impl Strategy<Value = Message> {
    let required = ["ce-specversion", "ce-id", "ce-source", "ce-type"].map(|name| (name.to_owned(), "1.0".to_owned()));
    let of_type = |name: &str| vec![("Content-Type".to_owned(), name.to_owned())];
    let body = prop_oneof![
        3 => source().prop_map(String::into_bytes),
        1 => text().prop_map(String::into_bytes),
        1 => prop::collection::vec(any::<u8>(), 0..40),
        1 => Just(b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\x03\xabV*I-.Q\xb2R*IU\xaa\x05\x00\x7f\xc1\x0e\x97\x0f\x00\x00\x00".to_vec()),
    ];
    let binary = (headers(), body).prop_map(move |(headers, body)| ([&required[..], &headers].concat(), body));
    let structured = (object(), prop::sample::select(vec!["", " ", "\u{feff}", "\n"]), headers());
    let structured = structured.prop_map(move |(object, before, headers)| {
        ([of_type("application/cloudevents+json"), headers].concat(), format!("{before}{object}").into_bytes())
    });
    let several = prop::collection::vec(object(), 0..4).prop_map(move |objects| {
        (of_type("application/cloudevents-batch+json"), format!("[{}]", objects.join(",")).into_bytes())
    });
    let broken = (object(), any::<prop::sample::Index>()).prop_map(|(object, at)| {
        let at = at.index(object.len());
        (vec![], object.as_bytes()[..at].to_vec())
    });
    let any = prop_oneof![4 => binary, 4 => structured, 2 => several, 1 => broken];
    (any, prop::sample::select(vec![1, 9, 10, 99_999, u64::MAX]), text()).prop_map(|((headers, body), seq, subject)| {
        let headers: Vec<(&str, &str)> = headers.iter().map(|(name, value)| (&**name, &**value)).collect();
        Message { seq, subject: subject.into(), ..message(&headers, &body) }
    })
}

#[test]
fn what_is_weighed_is_what_leaves() {
    let preparers = preparers();
    let (mut left, mut stayed) = (0, 0);
    let mut runner = proptest::test_runner::TestRunner::new(ProptestConfig::with_cases(400));
    let counted = std::cell::RefCell::new((&mut left, &mut stayed));
    let ran = runner.run(&messages(), |message| {
        for preparer in &preparers {
            let (left, stayed) = &mut *counted.borrow_mut();
            if agree(preparer, &message) { **left += 1 } else { **stayed += 1 }
        }
        Ok(())
    });
    ran.unwrap();
    assert!(left > 1_000 && stayed > 1_000, "{left} copies left, {stayed} did not");
}

#[test]
fn what_is_weighed_is_what_leaves_of_the_corpus() {
    let preparers = preparers();
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus/decode");
    for entry in std::fs::read_dir(&folder).unwrap() {
        let message = from_input(&std::fs::read(entry.unwrap().path()).unwrap());
        for preparer in &preparers {
            agree(preparer, &message);
        }
    }
}

#[test]
fn marks_among_very_many_attributes_are_seen() {
    let many = (0..2_000).map(|n| format!("\"a{n}\":1,")).collect::<Vec<_>>().concat();
    let body =
        format!("{{\"specversion\":\"1.0\",\"id\":\"1\",\"source\":\"/a\",{many}\"replayid\":\"R0\",\"type\":\"t\"}}");
    let sent = message(&[], body.as_bytes());
    for preparer in preparers() {
        agree(&preparer, &sent);
        let again = preparer.weigh(&sent, &mut Unanswered::default()).map(|weight| weight.again);
        let expected = match (preparer.include_marked, preparer.max_size) {
            (false, _) => Err(Skip::Marked),
            (true, Some(_)) => Err(Skip::TooLarge),
            (true, None) => Ok(true),
        };
        assert_eq!(again, expected, "{:?}", preparer.form);
    }
}
