//! Between what is stored and what follows, and over restarts, there is no seam: every message once, in order.

use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use async_nats::jetstream;
use jetscope::demo::server::{NEWEST, OLDEST};
use jetscope::nats::tail::{Method, Report, State, Tail, TailSpec};
use jetscope::query::range::{End, Start};
use serde_json::{Value, json};
use tokio::task::JoinHandle;
use tokio::time::{sleep, timeout};

use super::pressure::until;
use super::{PATIENCE, follow, read, rest, server, spec};
use crate::common::every_kind::{consumer, publish, raw, stream};
use crate::common::raw::publish_raw;

/// How soon reading has to go on after a restart; on an idle machine it takes below two seconds.
const SOON: Duration = Duration::from_secs(5);

/// Publishes as fast as it goes until it is told to stop; how many were stored.
struct Writer {
    stop: Arc<AtomicBool>,
    stored: Arc<AtomicU64>,
    task: JoinHandle<()>,
}

impl Writer {
    fn start(nats: &async_nats::Client, subject: &'static str) -> Self {
        let (stop, stored) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicU64::new(0)));
        let (stopped, counted, js) = (stop.clone(), stored.clone(), jetstream::new(nats.clone()));
        let task = tokio::spawn(async move {
            while !stopped.load(Ordering::Relaxed) {
                let mut acks = Vec::new();
                for _ in 0..50 {
                    acks.push(js.publish(subject, "live".into()).await.unwrap());
                }
                for ack in acks {
                    counted.store(ack.await.unwrap().sequence, Ordering::Relaxed);
                }
            }
        });
        Self { stop, stored, task }
    }

    fn stored(&self) -> u64 {
        self.stored.load(Ordering::Relaxed)
    }

    async fn end(self) -> u64 {
        self.stop.store(true, Ordering::Relaxed);
        self.task.await.unwrap();
        self.stored.load(Ordering::Relaxed)
    }
}

async fn while_somebody_writes(version: &str) {
    let (_server, nats, client) = server(version).await;
    for (name, subject, retention) in [("S", "s", "limits"), ("Q", "q", "workqueue"), ("I", "i", "interest")] {
        stream(&nats, json!({"name": name, "subjects": [subject], "retention": retention})).await;
        consumer(&nats, name, "real", json!({"durable_name": "real", "ack_policy": "explicit"})).await;
        publish(&nats, subject, 2_000).await;
        let writer = Writer::start(&nats, subject);
        // From before the beginning of what is written meanwhile to well within it.
        let wanted = TailSpec { follow: true, batch: 100, ..spec(name, Start::First, End::Open) };
        let (_tail, mut reports) = Tail::spawn(client.clone(), vec![wanted]);
        let mut seen = Vec::new();
        follow(&mut reports, &mut seen, 3_000).await;
        let last = writer.end().await;
        follow(&mut reports, &mut seen, last).await;
        assert_eq!(seen, (1..=last).collect::<Vec<_>>(), "{name}: each once, in order");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn back_fill_and_following_while_somebody_writes_on_the_newest_server() {
    while_somebody_writes(NEWEST).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn back_fill_and_following_while_somebody_writes_on_the_oldest_server() {
    while_somebody_writes(OLDEST).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_range_with_an_end_is_followed_to_that_end() {
    let (_server, nats, client) = server(NEWEST).await;
    for (name, retention) in [("S", "limits"), ("Q", "workqueue")] {
        stream(&nats, json!({"name": name, "subjects": [name], "retention": retention})).await;
        publish(&nats, name, 10).await;
        let wanted = TailSpec { follow: true, ..spec(name, Start::Seq(5), End::Seq(15)) };
        let (_tail, mut reports) = Tail::spawn(client.clone(), vec![wanted]);
        let caught_up = async { while !matches!(reports.recv().await, Some(Report::Stream(_, State::CaughtUp))) {} };
        timeout(PATIENCE, caught_up).await.unwrap();
        publish(&nats, name, 10).await;
        let (_, messages) = rest(&mut reports).await;
        assert_eq!(messages.iter().map(|m| m.seq).collect::<Vec<_>>(), (11..=15).collect::<Vec<_>>(), "{name}");
        // A time that has passed is waited for no longer than clocks may differ.
        let wanted = TailSpec { follow: true, ..spec(name, Start::First, End::Time(jetscope::nats::now())) };
        assert_eq!(read(&client, wanted).await.1.len(), 20, "{name}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn reading_goes_on_soon_after_a_restart_while_somebody_writes() {
    for (retention, method) in [("limits", Method::Pull), ("workqueue", Method::Peek)] {
        let (mut server, nats, client) = server(NEWEST).await;
        stream(&nats, json!({"name": "S", "subjects": ["s"], "retention": retention})).await;
        publish(&nats, "s", 3_000).await;
        let wanted = TailSpec { follow: true, batch: 500, ..spec("S", Start::First, End::Open) };
        let (_tail, mut reports) = Tail::spawn(client.clone(), vec![wanted]);
        let mut seen = Vec::new();
        // In the middle of the back-fill, and while following.
        for at in [200, 3_100] {
            if at > 3_000 {
                let again = async_nats::connect(server.url()).await.unwrap();
                publish(&again, "s", 100).await;
            }
            follow(&mut reports, &mut seen, at).await;
            server.kill();
            sleep(Duration::from_millis(700)).await;
            server.restart().unwrap();
            let returned = Instant::now();
            let again = async_nats::connect(server.url()).await.unwrap();
            let writer = Writer::start(&again, "s");
            // The first that cannot have come before.
            let new = async {
                while writer.stored() == 0 {
                    sleep(Duration::from_millis(1)).await;
                }
                writer.stored()
            };
            let new = timeout(PATIENCE, new).await.unwrap();
            follow(&mut reports, &mut seen, new).await;
            let took = returned.elapsed();
            let last = writer.end().await;
            follow(&mut reports, &mut seen, last).await;
            assert!(took < SOON, "{retention}, {method:?}: {took:?} after the return");
            println!("{retention}: the first new message {took:?} after the server's return");
        }
        assert_eq!(seen, (1..=*seen.last().unwrap()).collect::<Vec<_>>(), "{retention}: each once, in order");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn undecodable_headers_are_passed_on_every_way_of_reading() {
    for version in [NEWEST, OLDEST] {
        let (server, nats, client) = server(version).await;
        for (name, retention) in [("P", "limits"), ("W", "workqueue")] {
            let subject = name.to_lowercase();
            let config = json!({"name": name, "subjects": [format!("{subject}.*")], "retention": retention});
            stream(&nats, config).await;
            let bad = |to: &str| publish_raw(&server, format!("{subject}.{to}"), b"NATS/1.0\r\nX: \xff\r\n\r\n", "bad");
            let mut wanted = Vec::new();
            for (round, to) in ["a", "b", "a", "c"].into_iter().enumerate() {
                publish(&nats, &format!("{subject}.a"), 15).await;
                publish(&nats, &format!("{subject}.b"), 5).await;
                bad(to);
                let bad_seq = 21 * (round as u64 + 1);
                if to != "b" {
                    wanted.push(bad_seq);
                }
            }
            // One of them is the last of all.
            let (_, all) = read(&client, spec(name, Start::First, End::Open)).await;
            assert_eq!(all.iter().map(|m| m.seq).collect::<Vec<_>>(), (1..=84).collect::<Vec<_>>(), "{name} {version}");
            assert_eq!(all.iter().filter(|m| m.undecodable.is_some()).count(), 4, "{name} {version}");
            let subjects = vec![format!("{subject}.a"), format!("{subject}.c")];
            let filtered = TailSpec { subjects, ..spec(name, Start::First, End::Open) };
            let (_, some) = read(&client, filtered.clone()).await;
            assert_eq!(some.len(), 63, "{name} {version}");
            let found: Vec<u64> = some.iter().filter(|m| m.undecodable.is_some()).map(|m| m.seq).collect();
            assert_eq!(found, wanted, "{name} {version}");
            // And while following.
            let following = TailSpec { follow: true, ..spec(name, Start::Seq(84), End::Open) };
            let (_tail, mut reports) = Tail::spawn(client.clone(), vec![following]);
            let mut seen = Vec::new();
            follow(&mut reports, &mut seen, 84).await;
            publish(&nats, &format!("{subject}.a"), 2).await;
            bad("a");
            publish(&nats, &format!("{subject}.a"), 2).await;
            follow(&mut reports, &mut seen, 89).await;
            assert_eq!(seen, (84..=89).collect::<Vec<_>>(), "{name} {version}");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_program_that_is_killed_leaves_nothing_after_a_minute() {
    let (server, nats, _client) = server(NEWEST).await;
    for (name, retention) in [("S", "limits"), ("I", "interest")] {
        stream(&nats, json!({"name": name, "subjects": [name], "retention": retention})).await;
    }
    consumer(&nats, "I", "real", json!({"durable_name": "real", "ack_policy": "explicit"})).await;
    for name in ["S", "I"] {
        publish(&nats, name, 10).await;
    }
    let home = tempfile::tempdir().unwrap();
    let mut child = Command::new(env!("CARGO_BIN_EXE_jetscope"))
        .args(["tail", "S", "I", "--follow", "--server", &server.url()])
        .env_clear()
        .env("HOME", home.path())
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    until(&nats, "CONSUMER.NAMES.S", |r| r["total"] == 1).await;
    assert_eq!(raw(&nats, "CONSUMER.NAMES.I", &Value::Null).await["total"], 1, "only the real one");
    child.kill().unwrap();
    child.wait().unwrap();
    let killed = Instant::now();
    let gone = async {
        while raw(&nats, "CONSUMER.NAMES.S", &Value::Null).await["total"] != 0 {
            sleep(Duration::from_millis(500)).await;
        }
    };
    timeout(Duration::from_secs(60), gone).await.unwrap();
    println!("the consumer went {:?} after its reader", killed.elapsed());
}
