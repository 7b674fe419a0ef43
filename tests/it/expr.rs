//! `jetscope expr`: events in, values out, and mistakes with their place.

use std::io::{BufRead, BufReader, Write};
use std::process::{Command, Output, Stdio};

fn jetscope(args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_jetscope"));
    command.arg("expr").args(args).env_clear();
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

fn run(args: &[&str], input: &[u8]) -> Output {
    let mut child = jetscope(args).spawn().unwrap();
    // A wrong expression ends the program before it reads.
    let _ = child.stdin.take().unwrap().write_all(input);
    child.wait_with_output().unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

const EVENTS: &str = r#"{"specversion":"1.0","id":"1","source":"/a","type":"com.acme.order","data":{"total":120}}

{"specversion":"1.0","id":"2","source":"/b","type":"com.acme.order","data":{"total":80},"note":"\u001b[31mred"}
{"specversion":"1.0","id":"3","source":"/c","type":"com.acme.ping"}
[1, 2]
no event
"#;

#[test]
fn every_event_has_its_value_and_error() {
    let out = run(&["type LIKE '%.order' AND data.total > 100"], EVENTS.as_bytes());
    assert!(out.status.success() && out.stderr.is_empty(), "{}", text(&out.stderr));
    let lines: Vec<String> = text(&out.stdout).lines().map(str::to_owned).collect();
    assert_eq!(
        lines[..3],
        [r#"{"value":true,"error":null}"#, r#"{"value":false,"error":null}"#, r#"{"value":false,"error":null}"#,]
    );
    assert_eq!(lines.len(), 5);
    for line in &lines[3..] {
        assert!(line.starts_with(r#"{"value":null,"error":"the line is no JSON object"#), "{line}");
    }
    let out = run(&["data.total"], EVENTS.as_bytes());
    assert!(text(&out.stdout).contains("{\"value\":120,\"error\":null}\n"));
    assert!(text(&out.stdout).contains("{\"value\":false,\"error\":\"data.total is missing\"}\n"));
}

#[test]
fn what_is_printed_is_harmless_and_any_bytes_are_read() {
    let out = run(&["note"], EVENTS.as_bytes());
    assert!(text(&out.stdout).contains(r#"{"value":"\u001b[31mred","error":null}"#), "{}", text(&out.stdout));
    let out = run(&["id"], b"\xff\xfe\n{\"id\":\"x\"}");
    assert_eq!(
        text(&out.stdout),
        "{\"value\":null,\"error\":\"the line is not UTF-8\"}\n{\"value\":\"x\",\"error\":null}\n"
    );
    assert!(run(&["id"], b"").stdout.is_empty());
}

#[test]
fn words_are_the_other_door() {
    for (words, expected) in
        [("order -/b", "true false false"), ("-order", "false false true"), ("type:*.ping", "false false true")]
    {
        for args in [[words, "--words"], ["--words", words]] {
            let out = run(&args, EVENTS.as_bytes());
            assert!(out.status.success(), "{}", text(&out.stderr));
            let value = |line: &str| line.split([':', ',']).nth(1).unwrap().to_owned();
            let values: Vec<String> = text(&out.stdout).lines().take(3).map(value).collect();
            assert_eq!(values.join(" "), expected, "{words}");
        }
    }
}

#[test]
fn a_mistake_is_shown_with_its_place() {
    let out = run(&["type LKIE 'a%'"], EVENTS.as_bytes());
    assert_eq!((out.status.code(), out.stdout.is_empty()), (Some(2), true));
    let note = text(&out.stderr);
    let lines: Vec<&str> = note.lines().collect();
    assert!(
        lines[0].starts_with("jetscope: an operator should be here") && lines[0].ends_with("did you mean LIKE?"),
        "{note}"
    );
    assert_eq!(lines[1..], ["  type LKIE 'a%'", "       ^^^^"], "{note}");
    assert_eq!(run(&["a \"b", "--words"], b"").status.code(), Some(2));
    assert_eq!(run(&[], b"").status.code(), Some(2));
}

#[test]
fn what_may_be_meant_otherwise_is_told() {
    let out = run(&["id = '1' AND source = '/x' OR true"], EVENTS.as_bytes());
    assert!(out.status.success());
    assert!(text(&out.stderr).contains("read as: id = '1' AND (source = '/x' OR TRUE)"), "{}", text(&out.stderr));
}

#[test]
fn answers_come_at_once_and_a_reader_may_leave() {
    let mut child = jetscope(&["id"]).spawn().unwrap();
    let mut input = child.stdin.take().unwrap();
    let mut output = BufReader::new(child.stdout.take().unwrap());
    input.write_all(b"{\"id\":\"x\"}\n").unwrap();
    let mut line = String::new();
    output.read_line(&mut line).unwrap();
    assert_eq!(line, "{\"value\":\"x\",\"error\":null}\n");
    drop(output);
    // It notices at the next line at the latest; then nobody reads what is written to it either.
    while input.write_all(b"{\"id\":\"x\"}\n").is_ok() {}
    assert!(child.wait().unwrap().success());
}
