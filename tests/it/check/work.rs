//! Who works on one message for longer than anybody looks: slow, or gone.

use async_nats::jetstream::consumer::PullConsumer;
use futures_util::StreamExt;
use serde_json::json;

use super::{bounded, check, code, connect, durable, text};
use crate::common::every_kind::{consumer, publish, stream};
use crate::common::server_with;

#[tokio::test(flavor = "multi_thread")]
async fn slow_work_is_a_warning_until_its_ack_wait_is_over() {
    let server = server_with("");
    let nats = connect(&server).await;
    let js = async_nats::jetstream::new(nats.clone());
    let mut held = Vec::new();
    for (name, ack_wait) in [("slow", 600_000_000_000_u64), ("gone", 1_000_000_000), ("last", 600_000_000_000)] {
        stream(&nats, bounded(name)).await;
        let mut config = durable("worker");
        config["ack_wait"] = json!(ack_wait);
        consumer(&nats, name, "worker", config).await;
        publish(&nats, &format!("{name}.x"), if name == "last" { 1 } else { 20 }).await;
        // Its client takes one and asks for no more while it works.
        let worker: PullConsumer = js.get_consumer_from_stream("worker", name).await.unwrap();
        let mut messages = worker.fetch().max_messages(1).messages().await.unwrap();
        held.push(messages.next().await.expect("a message").unwrap());
    }
    let home = tempfile::tempdir().unwrap();
    let out = check(home.path(), &server.url(), &["--window", "3s"]);
    let told = text(&out.stdout);
    let lines: Vec<&str> = told.lines().collect();
    assert_eq!((code(&out), lines.len()), (1, 2), "{told}");
    assert!(lines[0].starts_with("critical consumer-stopped gone worker: No reader and no ack"), "{told}");
    assert!(lines[1].starts_with("warning consumer-stopped slow worker: No reader and no ack"), "{told}");
    assert!(lines[1].contains("It may be slow work: its ack wait, 10m, is not over."), "{told}");
    // What is allowed to be outstanding is no standstill.
    let config = home.path().join("own.toml");
    std::fs::write(&config, "[[allowed]]\nstream = \"g*\"\nconsumer = \"worker\"\noutstanding = 20\n").unwrap();
    let told = text(&check(home.path(), &server.url(), &["--config", config.to_str().unwrap()]).stdout);
    assert!(!told.contains("gone worker") && told.contains("slow worker"), "{told}");
    drop(held);
}
