//! `jetscope tail` as scripts use it.

use std::io::{BufRead, BufReader};
use std::process::{Command, Output, Stdio};
use std::time::Duration;

use async_nats::HeaderMap;
use async_nats::jetstream;
use jetscope::demo::{Server, ServerSpec};
use serde_json::{Value, json};

use crate::common::every_kind::{publish, raw, stream};

const EVENTS: [(&str, &str); 4] = [
    ("orders.eu", r#"{"specversion":"1.0","id":"1","source":"/shop","type":"order.created","data":{"total":120}}"#),
    ("orders.us", r#"{"specversion":"1.0","id":"2","source":"/shop","type":"order.created","data":{"total":80}}"#),
    ("orders.eu", r#"{"specversion":"1.0","id":"","source":"/shop","type":"order.paid","data":{"total":120}}"#),
    ("orders.eu", "no event \u{1b}[31m at all"),
];

/// A server with four messages of each mode in `S`, five of them events.
async fn place() -> (Server, async_nats::Client) {
    let server = Server::start(&ServerSpec::default()).unwrap();
    let nats = async_nats::connect(server.url()).await.unwrap();
    stream(&nats, json!({"name": "S", "subjects": ["orders.*"]})).await;
    let js = jetstream::new(nats.clone());
    for (subject, body) in EVENTS {
        js.publish(subject, body.into()).await.unwrap().await.unwrap();
    }
    let mut headers = HeaderMap::new();
    for (name, value) in
        [("ce-specversion", "1.0"), ("ce-id", "5"), ("ce-source", "/shop"), ("ce-type", "order.shipped")]
    {
        headers.insert(name, value);
    }
    headers.insert("content-type", "application/json");
    js.publish_with_headers("orders.eu", headers, r#"{"total":7}"#.into()).await.unwrap().await.unwrap();
    (server, nats)
}

fn tail(server: &Server, args: &[&str]) -> Output {
    let home = tempfile::tempdir().unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_jetscope"));
    command.arg("tail").args(args).args(["--server", &server.url()]).env_clear().env("HOME", home.path());
    command.output().unwrap()
}

fn lines(server: &Server, args: &[&str]) -> Vec<String> {
    let out = tail(server, args);
    assert!(out.status.success(), "{args:?}: {}", String::from_utf8_lossy(&out.stderr));
    String::from_utf8(out.stdout).unwrap().lines().map(str::to_owned).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ranges_and_filters_choose_what_is_printed() {
    let (server, _nats) = place().await;
    let seqs = |more: &[&str]| lines(&server, &[&["S", "-o", "{seq}"], more].concat()).join(" ");
    assert_eq!(seqs(&[]), "1 2 3 4 5");
    assert_eq!(seqs(&["--last", "2"]), "4 5");
    assert_eq!(seqs(&["--range", "2..3"]), "2 3");
    assert_eq!(seqs(&["--since", "1h", "--limit", "1"]), "1");
    assert_eq!(seqs(&["--subject", "orders.us"]), "2");
    assert_eq!(seqs(&["--where", "type = 'order.created' AND data.total > 100"]), "1");
    assert_eq!(seqs(&["--where", "data.total = 7"]), "5");
    assert_eq!(seqs(&["--grep", "type:order.* 120"]), "1 3");
    // Nothing that matches is told by the exit code, a mistake is pointed at.
    assert_eq!(tail(&server, &["S", "--where", "type = 'none'"]).status.code(), Some(1));
    // So is what a filter has no answer for, also where nothing was printed.
    let said = |filter: &str| String::from_utf8(tail(&server, &["S", "--where", filter]).stderr).unwrap();
    let first = "jetscope: 5 events could not be judged, the first: #1 of S: '/shop' is no Integer\n";
    assert_eq!(said("source > 5"), first);
    assert!(said("data.total > 100").contains("1 event could not be judged: #4 of S: data.total is missing"));
    assert_eq!(said("NOT EXISTS type OR type = 'order.created'"), "");
    let wrong = tail(&server, &["S", "--where", "type ="]);
    assert_eq!(wrong.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&wrong.stderr).contains('^'));
    for args in [&["S", "--range", "yesterday"][..], &["S", "-o", "jsn"], &["none"], &["S", "--new"], &[]] {
        assert_eq!(tail(&server, args).status.code(), Some(2), "{args:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_format_says_what_it_should() {
    let (server, _nats) = place().await;
    let documents: Vec<Value> =
        lines(&server, &["S", "-o", "json"]).iter().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(documents.len(), 5);
    let first = &documents[0];
    let mut keys: Vec<_> = first.as_object().unwrap().keys().map(String::as_str).collect();
    keys.sort_unstable();
    assert_eq!(keys, ["error", "event", "headers", "mode", "seq", "size", "stream", "subject", "time"]);
    assert_eq!(
        (&first["mode"], &first["event"]["data"]["total"], &first["error"]),
        (&json!("structured"), &json!(120), &Value::Null)
    );
    assert!(documents[2]["error"].as_str().unwrap().contains("id"), "{}", documents[2]);
    assert_eq!((&documents[3]["mode"], &documents[3]["event"]), (&json!("plain"), &Value::Null));
    assert!(documents[3]["error"].as_str().unwrap().starts_with("Not a CloudEvent"));
    assert_eq!((&documents[4]["mode"], &documents[4]["event"]["type"]), (&json!("binary"), &json!("order.shipped")));
    assert_eq!(documents[4]["headers"]["ce-id"], json!(["5"]));

    let events = lines(&server, &["S", "-o", "ce"]);
    assert_eq!(events.len(), 4, "the plain message is left out");
    assert_eq!(serde_json::from_str::<Value>(&events[3]).unwrap()["data"]["total"], 7);

    assert_eq!(documents[3]["data"], EVENTS[3].1);
    let raw = tail(&server, &["S", "-o", "raw", "--range", "4..4"]);
    assert_eq!(raw.stdout, EVENTS[3].1.as_bytes());
    let two = tail(&server, &["S", "-o", "raw", "--range", "4..5"]);
    assert_eq!(two.stdout, format!("{}\n{}\n", EVENTS[3].1, r#"{"total":7}"#).as_bytes());

    // For people: nothing acts on the terminal, and what is wrong is said.
    let pretty = lines(&server, &["S"]).join("\n");
    assert!(!pretty.contains('\u{1b}') && pretty.contains("␛[31m"), "{pretty}");
    assert!(
        pretty.contains("order.shipped") && pretty.contains("Not a CloudEvent") && pretty.contains("  ! "),
        "{pretty}"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_a_batch_only_what_matches_is_printed_and_counted() {
    let server = Server::start(&ServerSpec::default()).unwrap();
    let nats = async_nats::connect(server.url()).await.unwrap();
    stream(&nats, json!({"name": "S", "subjects": ["s"]})).await;
    let event =
        |n: u32| json!({"specversion": "1.0", "id": n.to_string(), "source": "/a", "type": "t", "data": {"n": n}});
    let batch = json!([event(0), event(1), event(2), event(3)]).to_string();
    jetstream::new(nats).publish("s", batch.into()).await.unwrap().await.unwrap();
    let ids = |more: &[&str]| lines(&server, &[&["S", "-o", "{id}"], more].concat()).join(" ");
    assert_eq!(ids(&[]), "0 1 2 3");
    assert_eq!(ids(&["--where", "data.n=3"]), "3");
    assert_eq!(ids(&["--limit", "1"]), "0");
    assert_eq!(ids(&["--where", "data.n > 0", "--grep", "id:2"]), "2");
    let events = lines(&server, &["S", "-o", "ce", "--where", "data.n=3"]);
    assert_eq!(events.iter().map(|e| serde_json::from_str(e).unwrap()).collect::<Vec<Value>>(), [event(3)]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn several_streams_are_merged_and_following_goes_on() {
    let (server, nats) = place().await;
    stream(&nats, json!({"name": "T", "subjects": ["t"], "retention": "workqueue"})).await;
    publish(&nats, "t", 2).await;
    assert_eq!(lines(&server, &["T", "S", "-o", "{stream}{seq}"]).join(" "), "S1 S2 S3 S4 S5 T1 T2");
    let home = tempfile::tempdir().unwrap();
    let mut child = Command::new(env!("CARGO_BIN_EXE_jetscope"))
        .args(["tail", "S", "T", "-f", "-o", "{stream}{seq}", "--limit", "9", "--server", &server.url()])
        .env_clear()
        .env("HOME", home.path())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut out = BufReader::new(child.stdout.take().unwrap()).lines();
    let mut seen = Vec::new();
    for _ in 0..7 {
        seen.push(out.next().unwrap().unwrap());
    }
    publish(&nats, "orders.x", 1).await;
    seen.push(out.next().unwrap().unwrap());
    publish(&nats, "t", 1).await;
    seen.push(out.next().unwrap().unwrap());
    assert_eq!(seen.join(" "), "S1 S2 S3 S4 S5 T1 T2 S6 T3");
    assert!(child.wait().unwrap().success(), "it ends with its limit");
}

/// The program while it follows.
fn following(server: &Server, args: &[&str]) -> (std::process::Child, tempfile::TempDir) {
    let home = tempfile::tempdir().unwrap();
    let child = Command::new(env!("CARGO_BIN_EXE_jetscope"))
        .arg("tail")
        .args(args)
        .args(["--server", &server.url()])
        .env_clear()
        .env("HOME", home.path())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    (child, home)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ctrl_c_ends_it_well_and_its_consumer_too() {
    let (server, nats) = place().await;
    let (mut child, _home) = following(&server, &["S", "--follow", "-o", "{seq}"]);
    let mut out = BufReader::new(child.stdout.take().unwrap()).lines();
    for seq in 1..=5 {
        assert_eq!(out.next().unwrap().unwrap(), seq.to_string());
    }
    assert_eq!(raw(&nats, "CONSUMER.NAMES.S", &Value::Null).await["total"], 1);
    // It is no consumer that anybody asks about.
    let listed = Command::new(env!("CARGO_BIN_EXE_jetscope"))
        .args(["consumers", "S", "--json", "--server", &server.url()])
        .output()
        .unwrap();
    let listed: Value = serde_json::from_slice(&listed.stdout).unwrap();
    assert_eq!(listed["consumers"], json!([]));
    let interrupted = Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap();
    assert!(interrupted.success());
    assert_eq!(child.wait().unwrap().code(), Some(0));
    assert!(out.next().is_none());
    let mut said = String::new();
    std::io::Read::read_to_string(&mut child.stderr.take().unwrap(), &mut said).unwrap();
    assert_eq!(said, "");
    let gone = async {
        while raw(&nats, "CONSUMER.NAMES.S", &Value::Null).await["total"] != 0 {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    // Well before the server would see by itself that nobody reads.
    tokio::time::timeout(Duration::from_secs(10), gone).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_reader_that_leaves_is_no_error() {
    let (server, nats) = place().await;
    publish(&nats, "orders.eu", 5_000).await;
    let (mut child, _home) = following(&server, &["S", "-o", "json"]);
    let mut out = BufReader::new(child.stdout.take().unwrap());
    let mut line = String::new();
    out.read_line(&mut line).unwrap();
    drop(out);
    assert_eq!(child.wait().unwrap().code(), Some(0));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_printed_is_data_and_what_is_said_stands_beside_it() {
    let (server, _nats) = place().await;
    let wrong = tail(&server, &["SS"]);
    let said = String::from_utf8_lossy(&wrong.stderr).into_owned();
    assert_eq!((wrong.status.code(), wrong.stdout.len()), (Some(2), 0));
    assert!(said.contains("no stream is called SS; did you mean S?"), "{said}");
    // A mixed expression is read, and how is said; a message that is no event is left out, and that is said.
    let mixed = tail(&server, &["S", "-o", "ce", "--where", "TRUE AND EXISTS nothing OR TRUE"]);
    let said = String::from_utf8_lossy(&mixed.stderr).into_owned();
    assert!(said.contains("AND binds no closer"), "{said}");
    assert!(said.contains("are no CloudEvents, or only a part of one, and were left out"), "{said}");
    let text = String::from_utf8(mixed.stdout).unwrap();
    assert!(text.lines().all(|line| serde_json::from_str::<Value>(line).is_ok()), "{text}");
    // What was typed is quoted, and acts on nothing.
    for args in [["S", "--where", "type = \u{1b}[31m"], ["S", "--grep", "\"\u{1b}[31m"], ["S", "-o", "\u{1b}[31m"]] {
        let wrong = tail(&server, &args);
        assert_eq!(wrong.status.code(), Some(2), "{args:?}");
        assert!(!wrong.stderr.contains(&0x1b) && wrong.stdout.is_empty(), "{args:?}");
    }
    assert!(!tail(&server, &["\u{1b}[31m"]).stderr.contains(&0x1b));
    // None at all is nothing, and a limit counts what matches.
    assert_eq!(tail(&server, &["S", "--limit", "0"]).status.code(), Some(1));
    assert_eq!(lines(&server, &["S", "-o", "{id}", "--where", "EXISTS id", "--limit", "2"]).len(), 2);
    assert_eq!(tail(&server, &["S", "--range", "90..99"]).status.code(), Some(1));
}
