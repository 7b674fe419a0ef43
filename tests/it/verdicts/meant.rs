//! What is lost, and what is only done as it was asked for: each beside its twin, in the rows and with `check`.

use std::time::Duration;

use jetscope::model::Timestamp;
use serde_json::{Value, json};

use super::play::{SECOND, Stage};
use super::{about, check, look, of};
use crate::common::every_kind::{api, consumer, raw};
use crate::common::live::now;
use crate::common::server_with;

const WINDOW: Duration = Duration::from_secs(3);

fn time(of: &Value) -> Option<Timestamp> {
    of.as_str().and_then(Timestamp::parse)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn losses_are_counted_from_where_a_consumer_stands() {
    let server = server_with("");
    let mut stage = Stage::on(&server.url()).await;
    let short = || json!({"max_msgs": 50});
    for name in ["never", "stopped", "held", "reads"] {
        stage.scene(name, &short(), &json!({})).await;
    }
    for name in ["stopped", "held"] {
        stage.store(name, 10).await;
        stage.takes(name, 10, name == "stopped").await;
    }
    stage.reads("reads", 50, Duration::from_millis(1), true);
    // None of its messages ever came; and newer values that take the place of older ones.
    stage.scene("picky", &short(), &json!({"filter_subject": "picky.rare"})).await;
    stage.scene("values", &json!({"max_msgs_per_subject": 1}), &json!({})).await;
    for name in ["never", "stopped", "held", "picky", "values"] {
        stage.store(name, 400).await;
    }
    for _ in 0..40 {
        stage.store("reads", 10).await;
        stage.until("reads", "all is read", |c| c["num_pending"] == 0 && c["num_ack_pending"] == 0).await;
    }
    // The server counts what it dropped as acked.
    stage.until("held", "what was held is dropped", |c| c["num_ack_pending"] == 0).await;
    let held = stage.info("held").await;
    let delivered = time(&held["delivered"]["last_active"]).expect("a time");
    assert!(time(&held["ack_floor"]["last_active"]).is_some_and(|at| at > delivered), "{held}");

    let told = look(&server.url(), WINDOW).ended().await;
    for (name, lost) in [("never", 350), ("stopped", 350), ("held", 350)] {
        let of = of(&told, name);
        of.is("STOPPED", &["LOST"], "The stream dropped up to 350 messages before it read them.");
        assert_eq!((of.number("LOST"), of.field("lost_per_second")), (lost, &Value::Null), "{of:?}");
    }
    // By the millisecond, as documents have it.
    let since = time(of(&told, "held").field("since")).expect("a time");
    assert!(since.since(delivered).max(delivered.since(since)) < Duration::from_millis(1), "{since:?} {delivered:?}");
    for (name, verdict) in [("reads", "OK"), ("picky", "OK"), ("values", "STOPPED")] {
        of(&told, name).is(verdict, &[], "");
    }
    // And while it goes on.
    stage.publishes("never", 1, Duration::from_millis(20));
    let told = look(&server.url(), WINDOW).ended().await;
    let never = of(&told, "never");
    let rate = never.seconds("lost_per_second").expect("a rate");
    assert!(never.number("LOST") > 400 && (20.0..80.0).contains(&rate), "50 a second: {never:?}");

    let (code, told) = check(&server.url(), WINDOW).await;
    assert_eq!(code, 1, "{told}");
    let lost = |name: &str| about(&told, name).into_iter().find(|line| line.contains("consumer-lost"));
    assert!(lost("stopped stopped").is_some_and(|line| line.contains("up to 350 messages")), "{told}");
    assert!(lost("never never").is_some_and(|line| line.contains("/s now.")), "{told}");
    assert!(["reads reads", "picky picky", "values values"].iter().all(|name| lost(name).is_none()), "{told}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_done_as_configured_is_no_fault() {
    let server = server_with("");
    let mut stage = Stage::on(&server.url()).await;
    // The others are stored long after the first, and both before the consumer is made.
    stage.stream("replays", &json!({})).await;
    stage.store("replays", 1).await;
    let begun = now();
    let soon = || json!({"ack_wait": SECOND});
    stage.scene("refuses", &json!({}), &soon()).await;
    stage.store("refuses", 1).await;
    stage.answers("refuses", r#"-NAK {"delay": 600000000000}"#, None).await;
    stage.waits("refuses").await;
    let backoff = json!({"ack_wait": SECOND, "backoff": [SECOND, 600 * SECOND], "max_deliver": 5});
    stage.scene("backoff", &json!({}), &backoff).await;
    stage.store("backoff", 1).await;
    stage.reads("backoff", 1, Duration::from_millis(100), false);
    stage.scene("works", &json!({}), &soon()).await;
    stage.store("works", 5).await;
    stage.answers("works", "+WPI", Some(Duration::from_millis(300))).await;
    // One that does hang: it takes them again and again, and more wait.
    stage.scene("hangs", &json!({}), &json!({"ack_wait": SECOND, "max_ack_pending": 3})).await;
    stage.store("hangs", 20).await;
    stage.reads("hangs", 3, Duration::from_millis(100), false);
    stage.until("backoff", "it came again", |c| c["delivered"]["consumer_seq"] == 2).await;
    stage.until("hangs", "it came again", |c| c["delivered"]["consumer_seq"].as_u64() > Some(6)).await;
    stage.until("refuses", "its ack wait is long over", |_| now().since(begun) > Duration::from_secs(15)).await;
    stage.store("replays", 2).await;
    stage.consumer("replays", "replays", &json!({"replay_policy": "original"})).await;
    stage.reads("replays", 1, Duration::from_millis(50), true);
    stage.until("replays", "the first is delivered", |c| c["ack_floor"]["consumer_seq"] == 1).await;

    let told = look(&server.url(), WINDOW).ended().await;
    of(&told, "refuses").is("OK", &[], "a client put them off (NAK with a delay)");
    of(&told, "backoff").is("OK", &[], "its backoff delivers again by ");
    of(&told, "works").is("OK", &[], "A client says that it still works on what it has");
    of(&told, "replays").is("OK", &[], "replay policy original");
    of(&told, "hangs").is("STALLED", &["BLOCKED"], "nobody acks");
    let (_, told) = check(&server.url(), WINDOW).await;
    for name in ["refuses", "backoff", "works"] {
        assert_eq!(about(&told, &format!("{name} {name}")), [""; 0], "{told}");
    }
    let hangs = about(&told, "hangs hangs");
    assert!(hangs.iter().any(|line| line.starts_with("critical consumer-blocked")), "{told}");
    assert!(!told.contains("ack policy should be none"), "{told}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_is_ahead_of_its_stream_is_told_and_can_be_moved() {
    let server = server_with("");
    let mut stage = Stage::on(&server.url()).await;
    for (name, config) in [
        ("ahead", json!({})),
        ("future", json!({"deliver_policy": "by_start_sequence", "opt_start_seq": 5_000})),
        ("live", json!({})),
    ] {
        stage.scene(name, &json!({}), &config).await;
        stage.store(name, 149).await;
    }
    stage.takes("ahead", 149, true).await;
    api(&stage.nats, "CONSUMER.RESET.ahead.ahead", json!({"seq": 5_000})).await;
    stage.waits("ahead").await;
    stage.reads("live", 50, Duration::from_millis(1), true);
    for name in ["ahead", "live"] {
        stage.publishes(name, 1, Duration::from_millis(100));
    }
    let told = look(&server.url(), WINDOW).ended().await;
    of(&told, "ahead").is("STALLED", &[], "Nothing is delivered before the stream has passed 4,999.");
    of(&told, "future").is("OK", &[], "");
    of(&told, "live").is("OK", &[], "");
    let (code, told) = check(&server.url(), WINDOW).await;
    assert_eq!(code, 1, "{told}");
    let lines = about(&told, "ahead ahead");
    assert!(lines.len() == 1 && lines[0].starts_with("critical consumer-ahead"), "{told}");
    assert_eq!((about(&told, "future future"), about(&told, "live live")), (vec![], vec![]), "{told}");
    // As the advice says.
    let url = server.url();
    let moved = tokio::task::spawn_blocking(move || {
        std::process::Command::new(env!("CARGO_BIN_EXE_jetscope"))
            .args(["reposition", "ahead", "ahead", "--to", "start", "--execute", "--server", &url])
            .env_clear()
            .env("HOME", tempfile::tempdir().expect("a directory").path())
            .output()
            .expect("the program")
    });
    let moved = moved.await.expect("an end");
    assert!(moved.status.success(), "{moved:?}");
    stage.until("ahead", "it delivers", |c| c["delivered"]["stream_seq"].as_u64() < Some(4_999)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn readers_that_come_and_go_fail_no_check() {
    let server = server_with("");
    let stage = Stage::on(&server.url()).await;
    for name in ["watched", "left"] {
        stage.stream(name, &json!({"max_age": 3_600 * SECOND})).await;
        stage.store(name, 5).await;
    }
    let ephemeral = || json!({"ack_policy": "none", "inactive_threshold": 600 * SECOND});
    for n in 0..12 {
        consumer(&stage.nats, "left", &format!("e{n}"), ephemeral()).await;
    }
    consumer(&stage.nats, "watched", "e", ephemeral()).await;
    let checking = tokio::spawn({
        let url = server.url();
        async move { check(&url, WINDOW).await }
    });
    tokio::time::sleep(WINDOW / 2).await;
    raw(&stage.nats, "CONSUMER.DELETE.watched.e", &Value::Null).await;
    let (code, told) = checking.await.expect("an end");
    assert_eq!(code, 0, "{told}");
    assert!(about(&told, "watched").iter().all(|line| !line.contains("consumers")), "{told}");
    let left: Vec<&str> = told.lines().filter(|line| line.contains(" left")).collect();
    let many = |line: &&&str| line.starts_with("notice stream-ephemerals left: 12 ephemeral consumers are there");
    assert_eq!(left.iter().filter(many).count(), 1, "{told}");
    assert!(!told.contains("consumer-stopped"), "{told}");
}
