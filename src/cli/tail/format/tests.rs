//! What is printed of messages, in each format.

use serde_json::{Value, json};

use super::*;
use crate::event::exercise::message;

const BATCH: (&str, &str) = ("content-type", "application/cloudevents-batch+json");
const SINGLE: (&str, &str) = ("content-type", "application/cloudevents+json");

fn event(id: u32) -> String {
    format!(r#"{{"specversion":"1.0","id":"{id}","source":"/a","type":"t","data":{{"n":{id}}}}}"#)
}

fn printed(output: &str, message: &Message, which: Option<&[usize]>, most: u64) -> (String, Written) {
    let mut out = Vec::new();
    let written = Format::parse(output, false).unwrap().write(&mut out, message, which, most).unwrap();
    (String::from_utf8(out).unwrap(), written)
}

fn all(output: &str, message: &Message) -> (String, Written) {
    printed(output, message, None, u64::MAX)
}

fn documents(message: &Message) -> Vec<Value> {
    all("json", message).0.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[test]
fn of_a_batch_the_chosen_events_are_printed_and_counted() {
    let batch = message(&[BATCH], format!("[{},{},{},{}]", event(0), event(1), event(2), event(3)).as_bytes());
    for output in ["ce", "json", "{id}", "pretty"] {
        assert_eq!(all(output, &batch).1.printed, 4, "{output}");
        assert_eq!(printed(output, &batch, None, 1).1.printed, 1, "{output}");
        let (text, written) = printed(output, &batch, Some(&[1, 3]), u64::MAX);
        assert_eq!(written, Written { printed: 2, left_out: 0, attributes: 0 }, "{output}");
        assert!(text.contains('1') && text.contains('3') && !text.contains("\"2\""), "{text}");
    }
    assert_eq!(printed("ce", &batch, Some(&[3]), 9).0, format!("{}\n", event(3)));
    let pretty = printed("pretty", &batch, Some(&[1]), 9).0;
    assert!(pretty.contains("  event 2 of 4\n  type         t\n  source       /a\n  id           1\n"), "{pretty}");
}

#[test]
fn nothing_is_invented() {
    let broken = event(2).replace("\"n\":2}}", "");
    let batch = message(&[BATCH], format!("[{},3,{broken}", event(1)).as_bytes());
    assert_eq!(all("ce", &batch), (format!("{}\n", event(1)), Written { printed: 1, left_out: 2, attributes: 0 }));
    let lines = documents(&batch);
    assert_eq!((&lines[0]["event"]["id"], &lines[1]["event"]), (&json!("1"), &Value::Null));
    assert!(lines[1]["error"].as_str().unwrap().contains("is an object"), "{}", lines[1]);
    assert_eq!(lines[2]["event"]["id"], "2");
    assert!(lines[2]["error"].as_str().unwrap().contains("ends too early"), "{}", lines[2]);
    let garbage = documents(&message(&[SINGLE], b"garbage"));
    assert_eq!((&garbage[0]["event"], &garbage[0]["data"]), (&Value::Null, &json!("garbage")));
}

#[test]
fn headers_stand_by_name_with_all_their_values() {
    let odd = [("b", "1"), ("A", "2"), ("b", "\u{1b}\""), ("c", ""), ("B", "3")];
    let (line, _) = all("json", &message(&odd, b"x"));
    assert!(line.contains(r#""headers":{"A":["2"],"B":["3"],"b":["1","\u001b\""],"c":[""]},"mode":"plain""#), "{line}");
    assert!(all("json", &message(&[], b"x")).0.contains(r#""headers":{},"mode""#));
}

#[test]
fn documents_say_why_and_have_the_body() {
    let empty = &documents(&message(&[BATCH], b"[]"))[0];
    assert_eq!((&empty["event"], &empty["error"]), (&Value::Null, &Value::Null));
    let plain = &documents(&message(&[("content-encoding", "gzip")], b"hello"))[0];
    let error = plain["error"].as_str().unwrap();
    assert!(error.starts_with("Not a CloudEvent") && error.contains("cannot be unpacked"), "{error}");
    assert_eq!(plain["data"], "hello");
    let bytes = &documents(&message(&[], b"\x00\xff"))[0];
    assert_eq!((bytes.get("data"), &bytes["data_base64"]), (None, &json!("AP8=")));
    let fine = &documents(&message(&[], event(1).as_bytes()))[0];
    assert!(fine.get("data").is_none() && fine.get("data_base64").is_none());
}

#[test]
fn one_body_is_printed_to_a_limit() {
    let long = format!("{{\"a\":\"{}\"}}", "x".repeat(1 << 20));
    let lines = "x\n".repeat(300);
    let both = "y".repeat(1_000).replace('y', &format!("{}\n", "x".repeat(99)));
    for (body, note) in [
        (&long, "… 983,048 more bytes; -o raw"),
        (&lines, "… 100 more lines; -o raw"),
        (&both, "… 80,000 more bytes; -o"),
    ] {
        let (text, _) = all("pretty", &message(&[("x", &"v".repeat(9_000))], body.as_bytes()));
        assert!(text.contains(note) && text.contains("… 4,904 more bytes") && text.len() < 80_000, "{}", text.len());
        assert_eq!(text.matches("-o raw").count(), 1);
    }
}

#[test]
fn errors_stand_first_and_under_their_event() {
    let one = r#"{"specversion":"1.0","id":"","source":"/a","type":"t","1a":"x","b":1.5}"#;
    let (text, _) = all("pretty", &message(&[BATCH], format!("[{},{one}]", event(1)).as_bytes()));
    let (before, after) = text.split_once("event 2 of 2\n").unwrap();
    assert!(!before.contains('!'), "{text}");
    let told: Vec<&str> = after.lines().take(3).collect();
    assert!(told[0].contains("id is empty") && told[1].contains("no fractions"), "{text}");
    assert!(told[2].contains("should start with a letter"), "{text}");
}

#[test]
fn patterns_are_read_or_refused() {
    let sent = message(&[("X-Trace", "t\u{1b}")], event(7).as_bytes());
    let odd = r#"{"specversion":"1.0","type":"t","id":"1","tenantId":"acme","event_source":"s","$x":"x","my-ext":"m","a b":"b"}"#;
    for (pattern, line) in [
        ("{seq}\\t{type}!", "1\tt!\n"),
        ("{{{id}}} {data.n} {nats.subject} {header.x-trace}", "{7} 7 orders.eu t␛\n"),
        ("{data}\\n{stream}\\\\n", "{\"n\":7}\norders\\n\n"),
        ("{stored} {nope}{size}}", "1970-01-01T00:00:00Z 92}\n"),
    ] {
        let mut out = Vec::new();
        Format::Pattern(Pattern::parse(pattern, true).unwrap()).write(&mut out, &sent, None, 9).unwrap();
        assert_eq!(String::from_utf8(out).unwrap(), line, "{pattern}");
    }
    let pattern = "{TYPE} {tenantid} {tenantId} {event_source} {$x} {my-ext} {ce['a b']}";
    assert_eq!(all(pattern, &message(&[], odd.as_bytes())).0, "t acme acme s x m b\n");
    let mut out = Vec::new();
    let odd = message(&[("X-Trace", "t\u{1b}\u{202e}\u{200d}"), ("X-Lines", "a\r\nb")], b"");
    let pattern = "{header.x-trace} {header.x-lines}";
    Format::Pattern(Pattern::parse(pattern, false).unwrap()).write(&mut out, &odd, None, 9).unwrap();
    assert_eq!(out, "t\u{1b}\u{202e}\u{200d} a␍␊b\n".as_bytes(), "where no terminal is, it is what was sent");
    let refused = |pattern: &str| Format::parse(pattern, false).unwrap_err();
    assert!(refused("{seq").contains("has no }"));
    assert!(refused("jsn").contains("pretty, json, ce, raw"));
    for (pattern, meant) in [("{nats.sbject}", "{nats.subject}?"), ("{a b}", ""), ("{}", "")] {
        let refused = refused(pattern);
        assert!(refused.contains("there is no field") && refused.contains(meant), "{refused}");
    }
}

#[test]
fn a_field_that_nothing_had_is_told() {
    let sent = message(&[], event(7).as_bytes());
    let note = |pattern: &str| {
        let mut format = Format::parse(pattern, false).unwrap();
        format.write(&mut Vec::new(), &sent, None, 9).unwrap();
        format.finish(&mut Vec::new())
    };
    assert_eq!(note("{tpye}").unwrap(), "nothing that was printed has the attribute tpye; did you mean {type}?");
    assert_eq!(note("{tenant}").unwrap(), "nothing that was printed has the attribute tenant");
    assert_eq!((note("{id}"), note("{subject} {header.x} {data.y}")), (None, None));
}

#[test]
fn raw_is_the_bytes_and_several_end_their_lines() {
    let raw = |terminal: bool, live: bool, bodies: &[&[u8]]| {
        let (mut format, mut out) = (Format::Raw(Raw::new(terminal, live)), Vec::new());
        for body in bodies {
            format.write(&mut out, &message(&[], body), None, 1).unwrap();
        }
        format.finish(&mut out);
        out
    };
    assert_eq!(raw(false, false, &[b"a\x00"]), b"a\x00");
    assert_eq!(raw(false, false, &[b"a", b"b\n", b"c"]), b"a\nb\nc\n");
    assert_eq!(raw(false, true, &[b"a"]), b"a\n");
    assert_eq!(raw(true, false, &["größe\t\r\n".as_bytes(), b"\x1b[2J", b"\xff", b"b"]), "größe\t\r\nb\n".as_bytes());
}
