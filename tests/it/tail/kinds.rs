//! Kinds of streams and of access to them, on both servers: direct reads allowed or not, mirrors, limits that
//! remove messages while they are read, consumers that may not be made.

use std::time::Duration;

use jetscope::config::Connection;
use jetscope::demo::server::{NEWEST, OLDEST};
use jetscope::demo::{Server, ServerSpec};
use jetscope::nats::open;
use jetscope::nats::tail::{Method, Report, State, Tail, TailSpec};
use jetscope::query::range::{End, Start};
use serde_json::{Value, json};
use tokio::time::timeout;

use super::{PATIENCE, read, rest, seqs, server, spec};
use crate::common::every_kind::{api, consumer, publish, raw, stream};

/// What allows or forbids direct reads changes nothing of what is read, nor do mirrors of either.
async fn direct(version: &str) {
    let (_server, nats, client) = server(version).await;
    for (n, (retention, allow)) in [
        ("limits", true),
        ("limits", false),
        ("workqueue", true),
        ("workqueue", false),
        ("interest", true),
        ("interest", false),
    ]
    .into_iter()
    .enumerate()
    {
        let (name, subject) = (format!("S{n}"), format!("s{n}.>"));
        stream(&nats, json!({"name": name, "subjects": [subject], "retention": retention, "allow_direct": allow}))
            .await;
        let durable = json!({"durable_name": "real", "ack_policy": "explicit"});
        consumer(&nats, &name, "real", durable).await;
        publish(&nats, &format!("s{n}.a"), 60).await;
        publish(&nats, &format!("s{n}.b"), 40).await;
        for seq in [1, 2, 50, 99, 100] {
            api(&nats, &format!("STREAM.MSG.DELETE.{name}"), json!({"seq": seq})).await;
        }
        let there: Vec<u64> = (3..=98).filter(|seq| *seq != 50).collect();
        let before = raw(&nats, &format!("CONSUMER.INFO.{name}.real"), &Value::Null).await;
        assert_eq!(seqs(&client, spec(&name, Start::First, End::Open)).await, there, "{name}");
        assert_eq!(seqs(&client, spec(&name, Start::Seq(50), End::Seq(52))).await, [51, 52], "{name}");
        assert_eq!(seqs(&client, spec(&name, Start::Last(3), End::Open)).await, [96, 97, 98], "{name}");
        let filtered = |last| TailSpec {
            subjects: vec![format!("s{n}.a"), format!("s{n}.c")],
            ..spec(&name, Start::Last(last), End::Open)
        };
        assert_eq!(seqs(&client, filtered(2)).await, [59, 60], "{name}");
        assert_eq!(seqs(&client, filtered(1_000)).await.len(), 57, "{name}");
        let mut after = raw(&nats, &format!("CONSUMER.INFO.{name}.real"), &Value::Null).await;
        after["ts"] = before["ts"].clone();
        assert_eq!(before, after, "{name}");
        if retention == "limits" {
            let copy = format!("M{n}");
            stream(&nats, json!({"name": copy, "mirror": {"name": name}, "mirror_direct": allow})).await;
            super::pressure::until(&nats, &format!("STREAM.INFO.{copy}"), |r| r["state"]["messages"] == 95).await;
            assert_eq!(seqs(&client, spec(&copy, Start::First, End::Open)).await, there, "{copy}");
            assert_eq!(seqs(&client, spec(&copy, Start::Last(2), End::Open)).await, [97, 98], "{copy}");
        }
    }
}

#[tokio::test]
async fn direct_reads_or_not_on_the_newest_server() {
    direct(NEWEST).await;
}

#[tokio::test]
async fn direct_reads_or_not_on_the_oldest_server() {
    direct(OLDEST).await;
}

/// Streams that limit what consumers may be, and that let no more be made.
async fn limited(version: &str) {
    let (_server, nats, client) = server(version).await;
    let limits = json!({"inactive_threshold": 5_000_000_000_u64, "max_ack_pending": 10});
    stream(&nats, json!({"name": "L", "subjects": ["l"], "consumer_limits": limits})).await;
    publish(&nats, "l", 120).await;
    let (method, messages) = read(&client, spec("L", Start::First, End::Open)).await;
    assert_eq!((method, messages.len()), (Method::Peek, 120));
}

#[tokio::test]
async fn limits_of_consumers_on_the_newest_server() {
    limited(NEWEST).await;
}

#[tokio::test]
async fn limits_of_consumers_on_the_oldest_server() {
    limited(OLDEST).await;
}

/// A stream whose old messages go while it is read: what is there is read once and in order.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn messages_that_go_while_they_are_read_are_passed_over() {
    let (_server, nats, client) = server(NEWEST).await;
    stream(&nats, json!({"name": "S", "subjects": ["s"], "storage": "memory", "max_msgs": 4_000})).await;
    publish(&nats, "s", 4_000).await;
    let (_tail, mut reports) = Tail::spawn(client.clone(), vec![spec("S", Start::First, End::Open)]);
    while !matches!(timeout(PATIENCE, reports.recv()).await.unwrap(), Some(Report::Messages(_))) {}
    publish(&nats, "s", 3_900).await;
    let (_, messages) = rest(&mut reports).await;
    assert!(messages.is_sorted_by(|a, b| a.seq < b.seq));
    assert!(messages.last().is_some_and(|m| m.seq <= 4_000), "to the end that it had at first");
}

/// A server on which `me` may publish to these subjects.
async fn as_user(allowed: &str) -> (Server, async_nats::Client, jetscope::nats::Client) {
    let config = format!(
        r#"authorization {{ users [
            {{ user: root, password: p }},
            {{ user: me, password: p, permissions {{ publish {{ allow: [{allowed}] }}, subscribe: ["_INBOX.>"] }} }} ] }}"#
    );
    let server = Server::start(&ServerSpec { config, ..Default::default() }).unwrap();
    let root = async_nats::ConnectOptions::with_user_and_password("root".into(), "p".into());
    let nats = root.connect(server.url()).await.unwrap();
    stream(&nats, json!({"name": "S", "subjects": ["s"]})).await;
    stream(&nats, json!({"name": "Q", "subjects": ["q"], "retention": "workqueue"})).await;
    for subject in ["s", "q"] {
        publish(&nats, subject, 150).await;
    }
    let client = open(&crate::common::live::user(&server.url(), "me", "p")).await.unwrap();
    (server, nats, client)
}

/// How it is said that a stream cannot be read.
async fn failure(client: &jetscope::nats::Client, spec: TailSpec) -> String {
    let (_tail, mut reports) = Tail::spawn(client.clone(), vec![spec]);
    loop {
        match timeout(PATIENCE, reports.recv()).await.unwrap() {
            Some(Report::Stream(_, State::Failed(problem))) => return problem.sentence,
            Some(Report::Stream(_, State::End)) | None => panic!("it was read"),
            Some(_) => {}
        }
    }
}

const INFO: &str = r#""$JS.API.STREAM.INFO.>""#;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_the_right_to_make_consumers_stored_messages_are_looked_at() {
    let (_server, _nats, client) = as_user(&format!(r#"{INFO}, "$JS.API.STREAM.MSG.GET.>""#)).await;
    for name in ["S", "Q"] {
        for subjects in [vec![], vec![name.to_lowercase()]] {
            let wanted = TailSpec { subjects, ..spec(name, Start::Last(120), End::Open) };
            let (method, messages) = read(&client, wanted).await;
            assert_eq!((method, messages.len()), (Method::Peek, 120), "{name}");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_right_that_is_missing_is_named() {
    // Neither consumers nor messages.
    let (_server, _nats, client) = as_user(INFO).await;
    for name in ["S", "Q"] {
        let said = failure(&client, spec(name, Start::First, End::Open)).await;
        assert!(said.contains(&format!("no permission to publish to $JS.API.STREAM.MSG.GET.{name}")), "{said}");
    }
    // A consumer may be made, and then not be asked.
    let (_server, _nats, client) = as_user(&format!(r#"{INFO}, "$JS.API.CONSUMER.CREATE.>""#)).await;
    let said = failure(&client, spec("S", Start::First, End::Open)).await;
    assert!(said.contains("$JS.API.CONSUMER.MSG.NEXT.S") || said.contains("$JS.API.STREAM.MSG.GET.S"), "{said}");
    // Not even the stream.
    let (_server, _nats, client) = as_user(r#""none""#).await;
    let said = failure(&client, spec("S", Start::First, End::Open)).await;
    assert!(said.contains("$JS.API.STREAM.INFO.S"), "{said}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_right_to_read_by_consumer_alone_is_enough_where_it_can_be() {
    let consumers = r#""$JS.API.CONSUMER.CREATE.>", "$JS.API.CONSUMER.MSG.NEXT.>""#;
    let (_server, _nats, client) = as_user(&format!("{INFO}, {consumers}")).await;
    let (method, messages) = read(&client, spec("S", Start::Last(100), End::Open)).await;
    assert_eq!((method, messages.len()), (Method::Pull, 100));
    let (method, messages) =
        read(&client, TailSpec { subjects: vec!["s".into()], ..spec("S", Start::Last(100), End::Open) }).await;
    assert_eq!((method, messages.len()), (Method::Pull, 100));
    // By time it takes stored messages to find the beginning; that cannot be had.
    let said = failure(&client, spec("Q", Start::First, End::Open)).await;
    assert!(said.contains("$JS.API.STREAM.MSG.GET.Q"), "{said}");
}

#[tokio::test]
async fn a_stream_that_is_not_there_is_told_so() {
    let (server, _nats, _) = server(NEWEST).await;
    let client = open(&Connection::to(server.url())).await.unwrap();
    let said = failure(&client, spec("none", Start::First, End::Open)).await;
    assert!(said.contains("stream not found"), "{said}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_api_that_is_imported_for_single_replies_is_read_one_by_one() {
    let config = r#"accounts {
        JS: { jetstream: enabled, users: [{ user: js, password: pw }], exports: [{ service: "$JS.API.>" }] }
        APP: { users: [{ user: app, password: pw }],
               imports: [{ service: { account: JS, subject: "$JS.API.>" }, to: "JSAPP.API.>" }] }
    }"#;
    let server = Server::start(&ServerSpec { config: config.into(), ..Default::default() }).unwrap();
    let options = async_nats::ConnectOptions::with_user_and_password("js".into(), "pw".into());
    let nats = options.connect(server.url()).await.unwrap();
    stream(&nats, json!({"name": "S", "subjects": ["s.>"]})).await;
    publish(&nats, "s.x", 60).await;
    let connection = crate::common::live::user(&server.url(), "app", "pw");
    let client = open(&Connection { api_prefix: "JSAPP.API".into(), ..connection }).await.unwrap();
    let started = std::time::Instant::now();
    let (method, messages) = read(&client, spec("S", Start::First, End::Open)).await;
    let seqs: Vec<u64> = messages.iter().map(|message| message.seq).collect();
    assert_eq!((method, seqs), (Method::Peek, (1..=60).collect()));
    // Two requests that bring one message each are waited out; the rest takes no time.
    assert!(started.elapsed() < Duration::from_secs(15), "{:?}", started.elapsed());
    // Why it is slower is told, once.
    let home = tempfile::tempdir().unwrap();
    let out = std::process::Command::new(env!("CARGO_BIN_EXE_jetscope"))
        .args(["tail", "S", "-o", "{seq}", "--server", &server.url(), "--user", "app", "--password", "pw"])
        .args(["--js-api-prefix", "JSAPP.API"])
        .env_clear()
        .env("HOME", home.path())
        .output()
        .unwrap();
    let (seqs, said) = (String::from_utf8(out.stdout).unwrap(), String::from_utf8(out.stderr).unwrap());
    assert_eq!(seqs.lines().count(), 60, "{said}");
    assert_eq!(said.matches("one by one, which is slower").count(), 1, "{said}");
}
