//! Reading ranges and following, on real servers: every message once, in order, and nothing on the server notices.

mod kinds;
mod pressure;
mod seam;

use std::time::Duration;

use jetscope::config::Connection;
use jetscope::demo::server::{NEWEST, OLDEST};
use jetscope::demo::{Server, ServerSpec};
use jetscope::model::{Message, Timestamp};
use jetscope::nats::tail::{Method, Report, State, Tail, TailSpec};
use jetscope::nats::{Client, open};
use jetscope::query::range::{End, Range, Start};
use serde_json::{Value, json};
use tokio::sync::mpsc::Receiver;
use tokio::time::timeout;

use crate::common::every_kind::{api, consumer, make, publish, raw, stream};
use crate::common::raw::publish_raw;

/// Longer than anything here takes, also on a busy machine.
const PATIENCE: Duration = Duration::from_secs(30);

async fn server(version: &str) -> (Server, async_nats::Client, Client) {
    let server = Server::start(&ServerSpec { version: Some(version.into()), ..Default::default() }).unwrap();
    let nats = async_nats::connect(server.url()).await.unwrap();
    let client = open(&Connection::to(server.url())).await.unwrap();
    (server, nats, client)
}

fn spec(stream: &str, start: Start, end: End) -> TailSpec {
    let range = Range { start, end };
    TailSpec { stream: stream.into(), subjects: vec![], range, follow: false, batch: 50, keep: false }
}

/// Reads to the end: how, and what.
async fn read(client: &Client, spec: TailSpec) -> (Method, Vec<Message>) {
    let (_tail, mut reports) = Tail::spawn(client.clone(), vec![spec]);
    rest(&mut reports).await
}

/// All that comes, to the end: how it is read (at last), and what.
async fn rest(reports: &mut Receiver<Report>) -> (Method, Vec<Message>) {
    let mut messages = Vec::new();
    let mut how = Method::Pull;
    while let Some(report) = timeout(PATIENCE, reports.recv()).await.unwrap() {
        match report {
            Report::Messages(more) => messages.extend(more),
            Report::Stream(_, State::Opened { method, .. }) => how = method,
            Report::Stream(_, State::End | State::CaughtUp | State::Waiting(_) | State::Noted(_)) => {}
            Report::Stream(_, State::Failed(problem)) => panic!("{problem}"),
        }
    }
    (how, messages)
}

async fn seqs(client: &Client, spec: TailSpec) -> Vec<u64> {
    read(client, spec).await.1.iter().map(|m| m.seq).collect()
}

/// What is in a stream, looked at one by one.
async fn truth(nats: &async_nats::Client, stream: &str) -> Vec<Value> {
    let info = raw(nats, &format!("STREAM.INFO.{stream}"), &Value::Null).await;
    let mut all = Vec::new();
    for seq in 1..=info["state"]["last_seq"].as_u64().unwrap() {
        let reply = raw(nats, &format!("STREAM.MSG.GET.{stream}"), &json!({"seq": seq})).await;
        if reply.get("error").is_none() {
            all.push(reply["message"].clone());
        }
    }
    all
}

async fn ranges(version: &str) {
    let (_server, nats, client) = server(version).await;
    stream(&nats, json!({"name": "S", "subjects": ["a", "b", "c.>"]})).await;
    publish(&nats, "a", 300).await;
    publish(&nats, "b", 200).await;
    publish(&nats, "c.x", 10).await;
    for seq in [1, 2, 100, 101, 102, 400, 510] {
        api(&nats, "STREAM.MSG.DELETE.S", json!({"seq": seq})).await;
    }
    let there = |from: u64, to: u64| -> Vec<u64> {
        (from..=to).filter(|s| ![1, 2, 100, 101, 102, 400, 510].contains(s)).collect()
    };
    let all = |start, end| seqs(&client, spec("S", start, end));
    assert_eq!(all(Start::First, End::Open).await, there(1, 510));
    assert_eq!(all(Start::Seq(99), End::Seq(103)).await, [99, 103]);
    assert_eq!(all(Start::Seq(100), End::Seq(102)).await, [0; 0]);
    assert_eq!(all(Start::Seq(505), End::Seq(9_999)).await, there(505, 510));
    assert_eq!(all(Start::New, End::Open).await, [0; 0]);
    // Exactly so many, also over holes.
    assert_eq!(all(Start::Last(5), End::Open).await, [505, 506, 507, 508, 509]);
    assert_eq!(all(Start::Last(120), End::Open).await.len(), 120);
    assert_eq!(all(Start::Last(9_999), End::Open).await, there(1, 510));
    assert_eq!(all(Start::Last(0), End::Open).await, [0; 0]);
    // By time: from one message's own time to another's.
    let (_, messages) = read(&client, spec("S", Start::First, End::Open)).await;
    let time = |seq: u64| messages.iter().find(|m| m.seq == seq).unwrap().time;
    let by_time = all(Start::Time(time(250)), End::Time(time(260))).await;
    assert!(by_time.contains(&250) && by_time.contains(&260), "{by_time:?}");
    assert!(by_time.iter().all(|s| (time(250)..=time(260)).contains(&time(*s))));
    assert_eq!(all(Start::Time(Timestamp(i64::MAX)), End::Open).await, [0; 0]);
    assert_eq!(all(Start::Time(Timestamp(0)), End::Time(Timestamp(0))).await, [0; 0]);
    // Filters, several of them, and so many back of what matches.
    let filtered = |subjects: &[&str], start| {
        let subjects = subjects.iter().map(|s| (*s).to_owned()).collect();
        seqs(&client, TailSpec { subjects, ..spec("S", start, End::Open) })
    };
    assert_eq!(filtered(&["b"], Start::First).await, there(301, 500));
    assert_eq!(filtered(&["a", "c.*"], Start::Seq(298)).await, [vec![298, 299, 300], there(501, 509)].concat());
    assert_eq!(filtered(&["a"], Start::Last(3)).await, [298, 299, 300]);
    assert_eq!(filtered(&["none"], Start::First).await, [0; 0]);
    // Nothing of ours is left.
    let gone = async {
        while raw(&nats, "CONSUMER.NAMES.S", &Value::Null).await["total"] != 0 {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    // Well before the server would drop it for want of a reader.
    timeout(Duration::from_secs(10), gone).await.unwrap();
}

#[tokio::test]
async fn ranges_on_the_newest_server() {
    ranges(NEWEST).await;
}

#[tokio::test]
async fn ranges_on_the_oldest_server() {
    ranges(OLDEST).await;
}

async fn every_kind(version: &str) {
    let (_server, nats, client) = server(version).await;
    let _held = make(&nats, version == NEWEST).await;
    for name in [
        "eventsource-github-stream",
        "eventchannel-mail-stream",
        "jobs",
        "audit",
        "copy",
        "both",
        "KV_settings",
        "OBJ_files",
        "empty",
        "gaps",
        "emptied",
        "sealed",
    ] {
        let before = raw(&nats, &format!("STREAM.INFO.{name}"), &Value::Null).await;
        let wanted = truth(&nats, name).await;
        let (method, found) = read(&client, spec(name, Start::First, End::Open)).await;
        let kept_by_limits = before["config"]["retention"] == "limits";
        assert_eq!(method == Method::Pull, kept_by_limits, "{name}");
        assert_eq!(found.len(), wanted.len(), "{name}");
        for (ours, theirs) in found.iter().zip(&wanted) {
            assert_eq!(
                (ours.seq, &*ours.subject),
                (theirs["seq"].as_u64().unwrap(), theirs["subject"].as_str().unwrap())
            );
            assert_eq!(Some(ours.time), Timestamp::parse(theirs["time"].as_str().unwrap()), "{name}");
            assert!(ours.body.starts_with(b"message "), "{name}");
        }
        let after = raw(&nats, &format!("STREAM.INFO.{name}"), &Value::Null).await;
        assert_eq!(before["state"]["messages"], after["state"]["messages"], "{name}");
    }
}

#[tokio::test]
async fn every_kind_of_stream_on_the_newest_server() {
    every_kind(NEWEST).await;
}

#[tokio::test]
async fn every_kind_of_stream_on_the_oldest_server() {
    every_kind(OLDEST).await;
}

#[tokio::test]
async fn looking_at_a_queue_or_an_interest_stream_changes_nothing() {
    let (_server, nats, client) = server(NEWEST).await;
    stream(&nats, json!({"name": "Q", "subjects": ["q.>"], "retention": "workqueue"})).await;
    stream(&nats, json!({"name": "I", "subjects": ["i.>"], "retention": "interest"})).await;
    let durable = json!({"durable_name": "real", "ack_policy": "explicit"});
    consumer(&nats, "I", "real", durable.clone()).await;
    publish(&nats, "q.a", 200).await;
    publish(&nats, "i.a", 100).await;
    for seq in (3..=190).filter(|s| s % 7 != 0) {
        api(&nats, "STREAM.MSG.DELETE.Q", json!({"seq": seq})).await;
    }
    consumer(&nats, "Q", "real", durable).await;
    for (name, len) in [("Q", 39), ("I", 100)] {
        let before = raw(&nats, &format!("CONSUMER.INFO.{name}.real"), &Value::Null).await;
        let (method, messages) = read(&client, spec(name, Start::First, End::Open)).await;
        assert_eq!((method, messages.len()), (Method::Peek, len), "{name}");
        let subjects = vec![format!("{}.a", name.to_lowercase()), "x.none".into()];
        let last = TailSpec { subjects, ..spec(name, Start::Last(20), End::Open) };
        assert_eq!(read(&client, last).await.1.len(), 20, "{name}");
        let mut after = raw(&nats, &format!("CONSUMER.INFO.{name}.real"), &Value::Null).await;
        after["ts"] = before["ts"].clone();
        assert_eq!(before, after);
        assert_eq!(raw(&nats, &format!("CONSUMER.NAMES.{name}"), &Value::Null).await["total"], 1);
    }
}

#[tokio::test]
async fn a_stream_with_all_its_consumers_is_still_read() {
    let (_server, nats, client) = server(NEWEST).await;
    stream(&nats, json!({"name": "F", "subjects": ["f"], "max_consumers": 1})).await;
    consumer(&nats, "F", "only", json!({"durable_name": "only", "ack_policy": "explicit"})).await;
    publish(&nats, "f", 150).await;
    let (method, messages) = read(&client, spec("F", Start::First, End::Open)).await;
    assert_eq!((method, messages.len()), (Method::Peek, 150));
}

/// Follows until this many messages have come.
async fn follow(reports: &mut Receiver<Report>, seen: &mut Vec<u64>, until: u64) {
    let reading = async {
        while seen.last().is_none_or(|last| *last < until) {
            match reports.recv().await.unwrap() {
                Report::Messages(more) => seen.extend(more.iter().map(|m| m.seq)),
                Report::Stream(_, State::Failed(problem)) => panic!("{problem}"),
                Report::Stream(..) => {}
            }
        }
    };
    let ended = timeout(PATIENCE, reading).await;
    assert!(ended.is_ok(), "read up to {:?} of {until}", seen.last());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn following_goes_on_without_a_seam_over_a_restart() {
    for retention in ["limits", "workqueue"] {
        let (mut server, nats, client) = server(NEWEST).await;
        stream(&nats, json!({"name": "S", "subjects": ["s"], "retention": retention})).await;
        publish(&nats, "s", 500).await;
        let (_tail, mut reports) =
            Tail::spawn(client.clone(), vec![TailSpec { follow: true, ..spec("S", Start::First, End::Open) }]);
        let mut seen = Vec::new();
        follow(&mut reports, &mut seen, 500).await;
        publish(&nats, "s", 20).await;
        follow(&mut reports, &mut seen, 520).await;
        for round in 0..2_u64 {
            server.kill();
            server.restart().unwrap();
            let again = async_nats::connect(server.url()).await.unwrap();
            publish(&again, "s", 100).await;
            follow(&mut reports, &mut seen, 620 + 100 * round).await;
        }
        assert_eq!(seen, (1..=720).collect::<Vec<_>>(), "{retention}: each once, in order");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn headers_that_the_client_cannot_decode_are_shown_and_passed() {
    let (server, nats, client) = server(NEWEST).await;
    stream(&nats, json!({"name": "P", "subjects": ["p"]})).await;
    publish(&nats, "p", 30).await;
    publish_raw(&server, "p", b"NATS/1.0\r\nX-Bad: \xff\xfe\r\n\r\n", "poison");
    publish(&nats, "p", 30).await;
    publish_raw(&server, "p", b"NATS/1.0\r\nbad name: 1\r\n\r\n", "poison");
    publish_raw(&server, "p", b"NATS/1.0\r\nno colon\r\n\r\n", "poison");
    publish(&nats, "p", 30).await;
    let (_, messages) = read(&client, spec("P", Start::First, End::Open)).await;
    assert_eq!(messages.iter().map(|m| m.seq).collect::<Vec<_>>(), (1..=93).collect::<Vec<_>>());
    let bad: Vec<&Message> = messages.iter().filter(|m| m.undecodable.is_some()).collect();
    assert_eq!(bad.iter().map(|m| m.seq).collect::<Vec<_>>(), [31, 62, 63]);
    assert!(bad.iter().all(|m| &m.body[..] == b"poison" && m.headers.is_empty()));
}
