//! Lag times in the console: read from the server, for what is on screen and has something outstanding.

use std::time::Duration;

use futures_util::StreamExt;
use jetscope::config::Connection;
use jetscope::model::lag::LagTime;
use jetscope::model::{ProblemKind, Timestamp};
use jetscope::nats::{Api, open};
use serde_json::json;

use super::play::Stage;
use crate::common::live::{LONG, Live, now, quick, user};
use crate::common::server_with;

/// What is known of a lag time: sequence and when it was stored.
fn lag(live: &Live, stream: &str, name: &str) -> Option<(u64, Timestamp)> {
    match live.catalog().consumer(stream, name)?.lag_time(now()) {
        LagTime::Known(_, oldest, _) => Some((oldest.seq, oldest.time)),
        _ => None,
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_oldest_message_of_each_consumer_on_screen_is_looked_at() {
    let server = server_with("");
    let mut stage = Stage::on(&server.url()).await;
    for name in ["idle", "waits", "none"] {
        stage.scene(name, &json!({}), &json!({"ack_policy": if name == "none" { "none" } else { "explicit" }})).await;
        stage.store(name, 6).await;
    }
    stage.takes("idle", 6, true).await;
    stage.takes("waits", 2, true).await;
    stage.takes("none", 3, false).await;
    // Of several filters the earliest counts, and what does not match does not.
    stage.scene("picky", &json!({"storage": "file"}), &json!({"filter_subjects": ["picky.b", "picky.c"]})).await;
    for subject in ["picky.a", "picky.c", "picky.b", "picky.c"] {
        stage.store_under(subject, 1).await;
    }
    // One is held, and the others behind it are acked.
    stage.scene("held", &json!({}), &json!({})).await;
    stage.store("held", 4).await;
    stage.takes("held", 1, false).await;
    stage.takes("held", 3, true).await;
    let mut asked = stage.nats.subscribe("$JS.API.STREAM.MSG.GET.*").await.unwrap();
    stage.nats.flush().await.unwrap();

    let mut live = Live::start(Connection::to(server.url()), quick());
    live.until(LONG, "the list", |l| l.catalog().streams.len() == 5).await;
    live.keys("C");
    live.until(LONG, "all lag times", |l| {
        ["waits", "none", "picky", "held"].iter().all(|name| lag(l, name, name).is_some())
    })
    .await;
    let seq = |name: &str| lag(&live, name, name).map(|(seq, _)| seq);
    assert_eq!(
        [seq("waits"), seq("none"), seq("picky"), seq("held"), seq("idle")],
        [Some(3), Some(4), Some(2), Some(1), None]
    );
    // Where the floor is held, what is read now is younger.
    let api = Api::new(open(&Connection::to(server.url())).await.unwrap());
    let held = api.consumer("held", "held").await.unwrap();
    let both = api.lag(&held, true).await.unwrap();
    assert_eq!((both.oldest.map(|m| m.seq), both.delivered.map(|m| m.seq)), (Some(1), Some(4)));
    assert!(both.age() >= both.delivered_age());
    // The age is the server's time of that message, as it was when it was read.
    let stored = stage.nats.request("$JS.API.STREAM.MSG.GET.waits", r#"{"seq":3}"#.into()).await.unwrap();
    let stored: serde_json::Value = serde_json::from_slice(&stored.payload).unwrap();
    let time = Timestamp::parse(stored["message"]["time"].as_str().unwrap()).unwrap();
    assert_eq!(lag(&live, "waits", "waits"), Some((3, time)));
    let row = live.row("waits");
    assert!(row.contains("UNKNOWN") && row.contains('s'), "{row}");
    assert!(live.row("idle").contains('—'), "{}", live.row("idle"));
    // It follows when something is acked, and ends when nothing is outstanding.
    stage.takes("waits", 1, true).await;
    live.until(LONG, "the next message", |l| lag(l, "waits", "waits").is_some_and(|(seq, _)| seq == 4)).await;
    stage.takes("waits", 3, true).await;
    live.until(LONG, "nothing waits", |l| {
        l.catalog().consumer("waits", "waits").is_some_and(|e| e.lag_time(now()) == LagTime::Nothing)
    })
    .await;
    // Who has nothing outstanding was never asked for.
    let mut subjects = std::collections::BTreeSet::new();
    while let Ok(Some(message)) = tokio::time::timeout(Duration::from_millis(10), asked.next()).await {
        subjects.insert(message.subject.to_string());
    }
    assert!(!subjects.contains("$JS.API.STREAM.MSG.GET.idle"), "{subjects:?}");
    assert!(subjects.contains("$JS.API.STREAM.MSG.GET.held"), "{subjects:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_may_not_read_messages_is_told_so() {
    let server = server_with(
        r#"authorization { users: [
            {user: app, password: p}
            {user: me, password: p, permissions: {publish: {deny: ["$JS.API.STREAM.MSG.GET.>"]}}}
        ] }"#,
    );
    let js = crate::common::fixture::app_as(&server.url(), "app", "p").await;
    crate::common::fixture::stream(&js, "orders").await;
    crate::common::fixture::consumer(&js, "orders", "billing").await;
    crate::common::fixture::publish(&js, "orders.new", 3).await;
    let mut live = Live::start(user(&server.url(), "me", "p"), quick());
    live.until(LONG, "the stream", |l| l.catalog().consumer("orders", "billing").is_some()).await;
    live.keys("C");
    live.until(LONG, "the refusal", |l| {
        l.catalog().consumer("orders", "billing").is_some_and(
            |e| matches!(e.lag_time(now()), LagTime::Failed(p) if matches!(p.kind, ProblemKind::Denied { .. })),
        )
    })
    .await;
    assert!(live.row("billing").contains('?'), "{}", live.row("billing"));
    live.keys("<enter>");
    live.until(LONG, "the sentence", |l| l.world.screen().contains("no permission")).await;
    assert!(live.world.screen().contains("lag time"), "{}", live.world.screen());
    // It is refused once, not again and again, and slows nothing down.
    live.during(Duration::from_secs(1)).await;
    assert_eq!(server.log().matches(r#"Subject "$JS.API.STREAM.MSG.GET.orders""#).count(), 1, "{}", server.log());
    assert_eq!(live.catalog().traffic.back_off, None);
}
