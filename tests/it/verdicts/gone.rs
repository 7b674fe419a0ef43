//! What is gone is told as gone, and what nobody takes is told by its name.

use std::time::Duration;

use futures_util::StreamExt;
use serde_json::{Value, json};

use super::play::{SECOND, Stage};
use super::{about, check, look, of};
use crate::common::every_kind::{api, raw};
use crate::common::server_with;

const WINDOW: Duration = Duration::from_secs(8);

/// The check while something happens; it has looked at everything at least once by then: it lists the streams before its
/// first sample and after each.
async fn while_checked(nats: &async_nats::Client, url: String, act: impl AsyncFnOnce()) -> (i32, String) {
    let mut lists = nats.subscribe("$JS.API.STREAM.LIST").await.expect("a subscription");
    nats.flush().await.expect("a flush");
    let checking = tokio::spawn(async move { check(&url, WINDOW).await });
    for _ in 0..3 {
        tokio::time::timeout(Duration::from_secs(30), lists.next()).await.expect("in time").expect("a list");
    }
    act().await;
    checking.await.expect("an end")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_gone_is_told_with_what_it_held() {
    let mut server = server_with("");
    let stage = Stage::on(&server.url()).await;
    let bounded = |storage: &str| json!({"storage": storage, "max_age": 3_600 * SECOND});
    for (name, storage) in [("cache", "memory"), ("kept", "file"), ("dropped", "file")] {
        stage.stream(name, &bounded(storage)).await;
        stage.store(name, 7).await;
    }
    let (code, told) = while_checked(&stage.nats, server.url(), async || {
        raw(&stage.nats, "STREAM.DELETE.dropped", &Value::Null).await;
        tokio::task::block_in_place(|| {
            server.kill();
            server.restart().expect("it comes back");
        });
    })
    .await;
    assert_eq!(code, 1, "{told}");
    let gone =
        |name: &str| about(&told, name).into_iter().filter(|line| line.contains("stream-gone")).collect::<Vec<_>>();
    let cache = gone("cache");
    assert!(
        cache.len() == 1 && cache[0].starts_with("warning stream-gone cache: It is gone; it held 7 messages"),
        "{told}"
    );
    assert!(cache[0].contains("It was kept in memory, which is empty after a restart."), "{told}");
    assert_eq!((gone("dropped").len(), gone("kept").len()), (1, 0), "{told}");
    assert!(
        about(&told, "cache").iter().all(|line| line.contains("stream-gone")),
        "nothing else is said of it: {told}"
    );

    // A durable that its server removes since nobody uses it; and one that stays.
    let idle = json!({"inactive_threshold": 5 * SECOND, "filter_subject": "kept.x"});
    let stage = Stage::on(&server.url()).await;
    stage.consumer("kept", "leaves", &idle).await;
    stage.consumer("kept", "stays", &json!({})).await;
    let (code, told) = while_checked(&stage.nats, server.url(), async || {}).await;
    assert_eq!(code, 1, "{told}");
    let lines = about(&told, "kept leaves");
    let says = "warning consumer-gone kept leaves: It is gone, with its position; 7 messages were outstanding.";
    assert!(lines.len() == 1 && lines[0].starts_with(says), "{told}");
    assert!(about(&told, "kept stays").iter().all(|line| !line.contains("gone")), "{told}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_nobody_takes_is_named() {
    let server = server_with("");
    let mut stage = Stage::on(&server.url()).await;
    for (name, taken) in [("work", &["a"][..]), ("both", &["a", "b"])] {
        stage.stream(name, &json!({"retention": "workqueue"})).await;
        for subject in taken {
            stage.consumer(name, subject, &json!({"filter_subject": format!("{name}.{subject}")})).await;
        }
        stage.store_under(&format!("{name}.a"), 3).await;
        stage.store_under(&format!("{name}.b"), 7).await;
    }
    // A transform came later: the old filter matches nothing any more.
    let moved = || json!({"name": "moved", "subjects": ["moved.>"], "storage": "memory", "num_replicas": 1});
    stage.stream("moved", &json!({})).await;
    stage.consumer("moved", "old", &json!({"filter_subject": "moved.in.x"})).await;
    let mut config = moved();
    config["subject_transform"] = json!({"src": "moved.in.*", "dest": "moved.out.{{wildcard(1)}}"});
    api(&stage.nats, "STREAM.UPDATE.moved", config).await;
    stage.consumer("moved", "new", &json!({"filter_subject": "moved.out.x"})).await;
    stage.store_under("moved.in.x", 2).await;
    stage.reads_of("moved", "new", 5, Duration::from_millis(50), true);
    // Subscribed, but not as one of the group.
    for name in ["grouped", "joined"] {
        let push = json!({"deliver_subject": format!("to.{name}"), "deliver_group": "workers"});
        stage.scene(name, &json!({}), &push).await;
        stage.store(name, 3).await;
    }
    let _others = stage.nats.queue_subscribe("to.grouped", "others".into()).await.expect("a subscription");
    let _workers = stage.nats.queue_subscribe("to.joined", "workers".into()).await.expect("a subscription");
    stage.nats.flush().await.expect("a flush");

    let (code, told) = check(&server.url(), WINDOW / 2).await;
    assert_eq!(code, 1, "{told}");
    let untaken = "warning stream-untaken work: 7 messages are in it that no consumer's filter takes: work.b (7).";
    assert!(about(&told, "work").iter().any(|line| line.starts_with(untaken)), "{told}");
    assert!(about(&told, "both").iter().all(|line| !line.contains("untaken")), "{told}");
    let filter = "warning consumer-filter moved old: Its filter moved.in.x can match nothing: what is published to \
                  moved.in.* is stored under moved.out.{{wildcard(1)}}.";
    assert!(about(&told, "moved old").iter().any(|line| line.starts_with(filter)), "{told}");
    assert!(about(&told, "moved new").iter().all(|line| !line.contains("filter")), "{told}");

    let told = look(&server.url(), WINDOW / 2).ended().await;
    of(&told, "grouped").is("STOPPED", &[], "nobody is subscribed to to.grouped in the queue group workers");
    assert_eq!(of(&told, "joined").field("push_bound"), true);
}
