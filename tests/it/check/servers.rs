//! Checks while servers come, go and elect: what passes by itself is not told, and what lasts is.

use std::time::Duration;

use async_nats::jetstream::consumer::PullConsumer;
use async_nats::jetstream::stream::Config;
use futures_util::StreamExt;
use jetscope::demo::Server;
use serde_json::{Value, json};

use super::{bounded, code, connect, document, durable, has, reader, text};
use crate::cluster::three;
use crate::common::every_kind::{consumer, publish, raw, stream};
use crate::common::{fixture, server_with};

/// Elections take some seconds, and on a loaded machine more.
const ELECTION: Duration = Duration::from_secs(45);

/// A check of all servers of a cluster, in the background; `home` lives as long.
fn check_all(servers: &[Server], window: &str) -> tokio::task::JoinHandle<std::process::Output> {
    let urls: Vec<String> = servers.iter().map(Server::url).collect();
    let (urls, window) = (urls.join(","), window.to_owned());
    tokio::task::spawn_blocking(move || {
        let home = tempfile::tempdir().expect("a directory");
        super::check(home.path(), &urls, &["--window", &window, "--json"])
    })
}

fn read(out: &std::process::Output) -> Value {
    serde_json::from_slice(&out.stdout).unwrap_or_else(|e| panic!("{e}: {}", text(&out.stderr)))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn another_leader_is_no_finding_and_a_server_that_stays_away_is() {
    let mut servers = three();
    let js = fixture::app(&servers[0].url()).await;
    let hour = Duration::from_secs(3_600);
    let config = Config { num_replicas: 3, max_age: hour, max_bytes: 1 << 30, ..fixture::config("copied") };
    fixture::patient_stream(
        &js,
        Config { storage: async_nats::jetstream::stream::StorageType::File, ..config },
        ELECTION,
    )
    .await;
    let nats = connect(&servers[0]).await;
    fixture::consumer(&js, "copied", "billing").await;

    // Leaders are sent away several times while it is looked: the stream's and the consumer's.
    let looking = check_all(&servers, "12s");
    for _ in 0..3 {
        tokio::time::sleep(Duration::from_secs(3)).await;
        for subject in ["STREAM.LEADER.STEPDOWN.copied", "CONSUMER.LEADER.STEPDOWN.copied.billing"] {
            // That it cannot be done just now is as good.
            let _ = raw(&nats, subject, &Value::Null).await;
        }
    }
    let out = looking.await.expect("a check");
    let told = read(&out);
    assert_eq!((code(&out), &told["findings"]), (0, &json!([])), "{told:#}");

    // One that is gone for good. It may have led those who answer lists.
    servers[2].kill();
    let begun = tokio::time::Instant::now();
    let asking = async || {
        let request = nats.request("$JS.API.STREAM.LIST", "".into());
        tokio::time::timeout(Duration::from_secs(6), request).await.is_ok_and(|answer| answer.is_ok())
    };
    while !asking().await {
        assert!(begun.elapsed() < ELECTION, "nobody answers lists");
    }
    let out = check_all(&servers[..2], "30s").await.expect("a check");
    let told = read(&out);
    // It did not say goodbye, so that the others do not call it offline. A leader that was elected since has heard
    // nothing of it, and counts from then on: to that one it is behind.
    let (silent, behind) =
        (has(&told, "stream-replica-silent", "copied"), has(&told, "stream-replica-behind", "copied"));
    assert!(silent != behind, "one fact is told, and once: {told:#}");
    assert_eq!(code(&out), 1, "{told:#}");
}

/// Ends a server in an orderly way.
fn stop(server: &Server) {
    let pid = server.pid().expect("it runs").to_string();
    std::process::Command::new("kill").args(["-TERM", &pid]).status().expect("kill");
    let begun = std::time::Instant::now();
    let stat = format!("/proc/{pid}/stat");
    // Its parent has not asked for its end yet: then it is a zombie.
    while std::fs::read_to_string(&stat).is_ok_and(|stat| !stat.contains(") Z ")) {
        assert!(begun.elapsed() < ELECTION, "it does not end");
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// Publishes so many, and acks all that is there.
async fn take(nats: &async_nats::Client, n: usize) {
    publish(nats, "orders.eu", n).await;
    let js = async_nats::jetstream::new(nats.clone());
    let billing: PullConsumer = js.get_consumer_from_stream("billing", "orders").await.unwrap();
    let mut messages = billing.fetch().max_messages(100).messages().await.unwrap();
    while let Some(message) = messages.next().await {
        message.unwrap().double_ack().await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_was_restarted_has_no_findings() {
    let mut server = server_with("");
    let nats = connect(&server).await;
    stream(&nats, bounded("orders")).await;
    let mut config = durable("billing");
    // When the last ack was is forgotten by a restart.
    config["metadata"] =
        json!({"io.nats.monitor.last-ack-critical": "1s", "io.nats.monitor.last-delivery-critical": "1s"});
    consumer(&nats, "orders", "billing", config).await;
    for _ in 0..20 {
        take(&connect(&server).await, 5).await;
        // As whoever looks after it would: then it writes down what it knows.
        stop(&server);
        server.restart().expect("it comes back");
        let info = raw(&connect(&server).await, "CONSUMER.INFO.orders.billing", &Value::Null).await;
        if info["num_ack_pending"] == 0 && info["num_pending"] == 0 && info["ack_floor"]["consumer_seq"] != 0 {
            break;
        }
    }
    let nats = connect(&server).await;
    let _reader = reader(&nats, "orders", "billing").await;
    let home = tempfile::tempdir().unwrap();
    let told = document(home.path(), &server.url(), &[]);
    assert_eq!((&told["findings"], &told["ok"]), (&json!([]), &json!(true)), "{told:#}");
}
