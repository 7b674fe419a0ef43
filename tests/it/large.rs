//! An account as large as any that is known of is told whole, and takes no more memory than it may.

use std::io::{BufRead as _, BufReader, Read as _};
use std::process::Stdio;
use std::sync::Arc;

use crate::common::liar::{Answer, INFO, memory, program, start};

/// Streams of the account, and consumers of each.
const STREAMS: usize = 2_000;
const CONSUMERS: usize = 50;
/// The most memory that this may take, in bytes: some 2 KiB a consumer, and what the program itself has.
const MEMORY: u64 = 300 << 20;

fn stream(n: usize) -> String {
    format!(
        r#"{{"config":{{"name":"eventsource-team{n:05}-stream","subjects":["team.{n}.>"],"retention":"limits","max_age":0,"max_msgs":-1,"max_bytes":-1,"num_replicas":3,"metadata":{{"_nats.ver":"2.15.1","_nats.req.level":"0"}}}},"created":"2026-11-23T09:24:33.701595083Z","state":{{"messages":70,"bytes":7000,"first_seq":1,"first_ts":"2026-11-23T09:24:33.701595083Z","last_seq":70,"last_ts":"2026-11-23T09:24:33.701595083Z","consumer_count":{CONSUMERS}}},"cluster":{{"name":"prod","leader":"nats-0","replicas":[{{"name":"nats-1","current":true,"active":5000}},{{"name":"nats-2","current":true,"active":5000}}]}}}}"#
    )
}

fn consumer(stream: &str, n: usize) -> String {
    format!(
        r#"{{"stream_name":"{stream}","name":"subscription-{n:04}-reader","created":"2026-11-23T09:24:33.701595083Z","config":{{"durable_name":"subscription-{n:04}-reader","ack_policy":"explicit","ack_wait":30000000000,"max_deliver":-1,"max_ack_pending":1000,"max_waiting":512,"deliver_policy":"all","replay_policy":"instant","filter_subject":"team.orders.{n}.created","num_replicas":0,"metadata":{{"_nats.ver":"2.15.1","_nats.req.level":"0"}}}},"delivered":{{"consumer_seq":70,"stream_seq":70,"last_active":"2026-11-23T09:24:33.701595083Z"}},"ack_floor":{{"consumer_seq":70,"stream_seq":70,"last_active":"2026-11-23T09:24:33.701595083Z"}},"num_ack_pending":0,"num_pending":0,"num_waiting":1,"num_redelivered":0,"cluster":{{"name":"prod","leader":"nats-0","replicas":[{{"name":"nats-1","current":true,"active":5000}},{{"name":"nats-2","current":true,"active":5000}}]}},"ts":"2026-11-23T09:24:33.701595083Z"}}"#
    )
}

/// What a server with this account says.
fn says(subject: &str, body: &str) -> String {
    let body: serde_json::Value = serde_json::from_str(body.trim_end_matches('\0').trim()).unwrap_or_default();
    let from = body["offset"].as_u64().unwrap_or(0) as usize;
    let tokens: Vec<&str> = subject.split('.').skip(2).collect();
    match tokens.as_slice() {
        ["STREAM", "LIST"] => {
            let page: Vec<String> = (from..STREAMS.min(from + 256)).map(stream).collect();
            format!(r#"{{"total":{STREAMS},"offset":{from},"limit":256,"streams":[{}]}}"#, page.join(","))
        }
        ["CONSUMER", "LIST", name] => {
            let page: Vec<String> = (from..CONSUMERS.min(from + 256)).map(|n| consumer(name, n)).collect();
            format!(r#"{{"total":{CONSUMERS},"offset":{from},"limit":256,"consumers":[{}]}}"#, page.join(","))
        }
        _ => r#"{"memory":0,"storage":0,"streams":2000,"consumers":100000,"limits":{"max_storage":-1}}"#.into(),
    }
}

#[test]
fn a_large_account_is_told_whole() {
    let url = start(INFO.as_bytes(), Arc::new(|subject, body, _| Answer::Text(says(subject, body))));
    let home = tempfile::tempdir().unwrap();
    // What is repeated may take as long as it takes; only the first round is looked at.
    let mut child = program(home.path(), &url, &["consumers", "--json", "--watch", "1h"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut line = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
    let most = memory(child.id());
    child.kill().unwrap();
    let mut notes = String::new();
    child.stderr.take().unwrap().read_to_string(&mut notes).unwrap();
    child.wait().unwrap();
    assert!(line.starts_with('{') && line.ends_with("]}\n") && line.contains(r#""partial":null"#), "{notes}");
    assert_eq!(line.matches(r#"{"stream":""#).count(), STREAMS * CONSUMERS, "{notes}");
    println!("{} MiB", most >> 20);
    assert!(most < MEMORY, "{} MiB", most >> 20);
}
