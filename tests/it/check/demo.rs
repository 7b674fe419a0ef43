//! The demo through `check`: what is wrong there is found within a minute, it is true, and what is well stays well.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use jetscope::config::Connection;
use jetscope::demo::{Demo, DemoSpec};
use jetscope::model::{Consumer, Storage, Stream};
use jetscope::nats::{self, Api};

use super::{document, found};

/// What must be found, and where.
const WANTED: [(&str, &str); 11] = [
    ("consumer-stopped", "eventsource-github-stream webhook-relay"),
    ("consumer-stopped", "eventchannel-erp-stream nightly-export"),
    ("consumer-blocked", "eventchannel-erp-stream sap-bridge"),
    ("consumer-behind", "eventsource-github-stream notifier"),
    ("consumer-pending", "eventsource-github-stream notifier"),
    ("consumer-lost", "eventchannel-erp-stream nightly-export"),
    ("consumer-dead", "jobs renderer"),
    ("consumer-paused", "eventsource-github-stream release-notes"),
    ("stream-no-limits", "eventsource-shop-stream"),
    ("stream-metadata", "eventsource-shop-stream"),
    ("stream-memory", "metrics"),
];

/// What nothing is wrong with.
const WELL: [&str; 11] = [
    "eventsource-github-stream indexer",
    "eventsource-github-stream merge-bot",
    "eventsource-shop-stream fulfilment",
    "eventsource-shop-stream bookkeeping",
    "eventchannel-mail-stream mail-sender",
    "eventchannel-mail-stream mail-counter",
    "eventchannel-erp-stream stock-sync",
    "jobs mailer",
    "audit compliance",
    "metrics alerts",
    "github-archive cold-storage",
];

async fn consumer(api: &Api, place: &str) -> Consumer {
    let (stream, name) = place.split_once(' ').expect("a consumer");
    api.consumer(stream, name).await.unwrap_or_else(|problem| panic!("{place}: {}", problem.sentence))
}

async fn stream(api: &Api, name: &str) -> Stream {
    api.stream(name).await.unwrap_or_else(|problem| panic!("{name}: {}", problem.sentence))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_wrong_in_the_demo_is_found_within_a_minute_and_is_true() {
    let started = Instant::now();
    let demo = Demo::start(&DemoSpec::default()).await.expect("a demo");
    let api = Api::new(nats::open(&Connection::to(demo.url())).await.expect("a connection"));
    let home = tempfile::tempdir().unwrap();
    let mut missing = Vec::new();
    let mut told = Vec::new();
    while started.elapsed() < Duration::from_secs(60) {
        let url = demo.url();
        let home = home.path().to_owned();
        // The demo's own applications go on meanwhile.
        let looked = tokio::task::spawn_blocking(move || document(&home, &url, &["--window", "20s"]));
        told = found(&looked.await.expect("a document"));
        let has = |(name, place): &(&str, &str)| told.iter().any(|(n, p, _)| n == name && p == place);
        missing = WANTED.iter().filter(|wanted| !has(wanted)).collect();
        if missing.is_empty() {
            break;
        }
    }
    assert!(missing.is_empty(), "not within a minute: {missing:?} of {told:?}");
    let mut names: Vec<&str> = told.iter().map(|(name, ..)| name.as_str()).collect();
    names.sort_unstable();
    names.dedup();
    assert!(names.len() >= 6, "{names:?}");
    for place in WELL {
        let wrong: Vec<_> = told.iter().filter(|(_, p, _)| p == place).collect();
        assert!(wrong.is_empty(), "{place} is well: {wrong:?}");
    }

    // Each is true, by the server's own numbers.
    let mut of: BTreeMap<&str, Consumer> = BTreeMap::new();
    for (_, place) in WANTED.iter().filter(|(_, place)| place.contains(' ')) {
        of.insert(place, consumer(&api, place).await);
    }
    let relay = &of["eventsource-github-stream webhook-relay"];
    assert!(relay.waiting == 0 && relay.pending > 2_500 && relay.ack_floor.consumer_seq == 0);
    let export = &of["eventchannel-erp-stream nightly-export"];
    let erp = stream(&api, "eventchannel-erp-stream").await;
    assert!(!export.push_bound && export.pending > 2_000 && export.delivered.stream_seq + 1 < erp.state.first_seq);
    let bridge = &of["eventchannel-erp-stream sap-bridge"];
    assert!(bridge.config.max_ack_pending == Some(bridge.ack_pending) && bridge.pending > 0);
    let notifier = &of["eventsource-github-stream notifier"];
    assert!(notifier.pending >= 2_000 && notifier.waiting + notifier.ack_pending > 0);
    let renderer = &of["jobs renderer"];
    assert!(renderer.config.max_deliver == Some(3) && renderer.redelivered > renderer.ack_pending);
    assert!(of["eventsource-github-stream release-notes"].paused);
    let shop = stream(&api, "eventsource-shop-stream").await;
    assert_eq!(shop.config.limits, jetscope::model::Limits::default());
    assert!(shop.config.metadata.iter().any(|(key, value)| key == "io.nats.monitor.msgs-critical" && value == "1k"));
    assert_eq!(stream(&api, "metrics").await.config.storage, Storage::Memory);
}
