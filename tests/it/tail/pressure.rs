//! A reader that is slow or gone: reading waits within bounds, goes on without a seam, or ends without a trace.

use std::time::Duration;

use futures_util::StreamExt;
use jetscope::demo::server::{NEWEST, OLDEST};
use jetscope::demo::{Server, ServerSpec};
use jetscope::nats::tail::{Report, State, Tail, TailSpec};
use jetscope::query::range::{End, Start};
use serde_json::{Value, json};
use tokio::time::{sleep, timeout};

use super::{PATIENCE, follow, rest, server, spec};
use crate::common::every_kind::{api, publish, raw, stream};

/// Waits until the server's answer is so.
pub(super) async fn until(nats: &async_nats::Client, subject: &str, so: impl Fn(&Value) -> bool) -> Value {
    let mut last = Value::Null;
    let waiting = async {
        loop {
            last = raw(nats, subject, &Value::Null).await;
            if so(&last) {
                return;
            }
            sleep(Duration::from_millis(20)).await;
        }
    };
    let came = timeout(PATIENCE, waiting).await;
    assert!(came.is_ok(), "{subject}: {last}");
    last
}

/// The only consumer of a stream, which is ours.
async fn our_consumer(nats: &async_nats::Client, stream: &str) -> String {
    let names = until(nats, &format!("CONSUMER.NAMES.{stream}"), |r| r["total"] == 1).await;
    let name = names["consumers"][0].as_str().unwrap().to_owned();
    assert!(name.starts_with("jetscope-tail-"), "{name}");
    name
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_reader_that_pauses_misses_nothing_although_the_consumer_is_gone_meanwhile() {
    let (_server, nats, client) = server(NEWEST).await;
    stream(&nats, json!({"name": "S", "subjects": ["s"], "storage": "memory"})).await;
    publish(&nats, "s", 20_000).await;
    let wanted = TailSpec { batch: 500, follow: true, ..spec("S", Start::First, End::Open) };
    let (tail, mut reports) = Tail::spawn(client.clone(), vec![wanted]);
    let mut seen = Vec::new();
    follow(&mut reports, &mut seen, 100).await;
    for round in 0..3 {
        // Nobody takes anything any more: what was asked for has come, and no more is asked for.
        let stands = |r: &Value| r["consumers"][0]["num_waiting"] == 0 && r["consumers"][0]["num_pending"] != 0;
        let info = until(&nats, "CONSUMER.LIST.S", stands).await["consumers"][0].clone();
        let name = info["name"].as_str().unwrap();
        let read = info["delivered"]["stream_seq"].as_u64().unwrap();
        let bound = 100 + seen.len() as u64 + 10 * 512 + 750;
        assert!(read <= bound, "read up to {read} in round {round}, {} were taken", seen.len());
        api(&nats, &format!("CONSUMER.DELETE.S.{name}"), Value::Null).await;
        publish(&nats, "s", 10).await;
        let next = seen.last().unwrap() + 5_000;
        follow(&mut reports, &mut seen, next).await;
    }
    follow(&mut reports, &mut seen, 20_030).await;
    assert_eq!(seen, (1..=20_030).collect::<Vec<_>>(), "each once, in order");
    // Ended in an orderly way, it leaves nothing; well before the server would see by itself.
    our_consumer(&nats, "S").await;
    tail.close().await;
    timeout(Duration::from_secs(10), until(&nats, "CONSUMER.NAMES.S", |r| r["total"] == 0)).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_tail_that_is_dropped_takes_its_consumers_away() {
    let (_server, nats, client) = server(NEWEST).await;
    let names = ["A", "B"];
    for name in names {
        stream(&nats, json!({"name": name, "subjects": [name]})).await;
        publish(&nats, name, 3).await;
    }
    let specs = names.map(|n| TailSpec { follow: true, ..spec(n, Start::First, End::Open) });
    let (tail, mut reports) = Tail::spawn(client.clone(), specs.to_vec());
    for name in names {
        our_consumer(&nats, name).await;
    }
    drop(tail);
    for name in names {
        timeout(Duration::from_secs(10), until(&nats, &format!("CONSUMER.NAMES.{name}"), |r| r["total"] == 0))
            .await
            .unwrap();
    }
    // What was on the way may still be taken; then it is over.
    let over = async { while reports.recv().await.is_some() {} };
    timeout(PATIENCE, over).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn large_messages_are_asked_for_by_bytes_and_larger_ones_alone() {
    let config = "max_payload: 12MB".into();
    let server = Server::start(&ServerSpec { config, ..Default::default() }).unwrap();
    let nats = async_nats::connect(server.url()).await.unwrap();
    let client = jetscope::nats::open(&jetscope::config::Connection::to(server.url())).await.unwrap();
    stream(&nats, json!({"name": "S", "subjects": ["s"]})).await;
    stream(&nats, json!({"name": "Q", "subjects": ["q"], "retention": "workqueue"})).await;
    let js = async_nats::jetstream::new(nats.clone());
    // Two of them are larger than all that is asked for at once.
    let mut sizes = vec![10, 2_000_000, 2_000_000, 9_000_000, 20, 9_500_000];
    sizes.extend([1_500_000; 8]);
    sizes.push(5);
    for subject in ["s", "q"] {
        for size in &sizes {
            js.publish(subject, vec![b'x'; *size].into()).await.unwrap().await.unwrap();
        }
    }
    for name in ["S", "Q"] {
        let wanted = TailSpec { batch: 5_000, ..spec(name, Start::First, End::Open) };
        let (_tail, mut reports) = Tail::spawn(client.clone(), vec![wanted]);
        let (_, messages) = rest(&mut reports).await;
        assert_eq!(messages.iter().map(|m| m.body.len()).collect::<Vec<_>>(), sizes, "{name}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_range_ends_also_when_the_rest_of_it_is_deleted_before_it_was_read() {
    let (_server, nats, client) = server(NEWEST).await;
    for (name, retention) in [("S", "limits"), ("Q", "workqueue")] {
        stream(&nats, json!({"name": name, "subjects": [name], "storage": "memory", "retention": retention})).await;
        publish(&nats, name, 10_000).await;
        let (_tail, mut reports) = Tail::spawn(client.clone(), vec![spec(name, Start::First, End::Open)]);
        while !matches!(timeout(PATIENCE, reports.recv()).await.unwrap(), Some(Report::Messages(_))) {}
        api(&nats, &format!("STREAM.PURGE.{name}"), json!({})).await;
        let messages = rest(&mut reports).await.1.len();
        assert!(messages < 10_000, "{name}: purged while it was read");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stream_far_ahead_of_another_waits_for_it() {
    let (_server, nats, client) = server(NEWEST).await;
    stream(&nats, json!({"name": "A", "subjects": ["a"], "storage": "memory"})).await;
    stream(&nats, json!({"name": "B", "subjects": ["b"], "retention": "workqueue"})).await;
    publish(&nats, "b", 5).await;
    publish(&nats, "a", 5_000).await;
    publish(&nats, "b", 600).await;
    let specs = ["A", "B"].map(|n| TailSpec { batch: 500, ..spec(n, Start::First, End::Open) });
    let (_tail, mut reports) = Tail::spawn(client.clone(), specs.to_vec());
    let mut found = Vec::new();
    let mut ended = 0;
    while let Some(report) = timeout(PATIENCE, reports.recv()).await.unwrap() {
        match report {
            Report::Messages(messages) => found.extend(messages),
            Report::Stream(_, State::Failed(problem)) => panic!("{problem}"),
            Report::Stream(_, state) => ended += usize::from(state == State::End),
        }
    }
    assert_eq!((found.len(), ended), (5_605, 2));
    assert!(found.is_sorted_by_key(|m| m.time), "by the time at which they were stored");
    for name in ["A", "B"] {
        let seqs: Vec<u64> = found.iter().filter(|m| &*m.stream == name).map(|m| m.seq).collect();
        assert!(seqs.iter().copied().eq(1..=seqs.len() as u64), "{name}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_kept_does_not_keep_the_buffers_that_it_came_in() {
    let (_server, nats, client) = server(NEWEST).await;
    stream(&nats, json!({"name": "S", "subjects": ["s"]})).await;
    publish(&nats, "s", 50).await;
    for keep in [true, false] {
        let wanted = TailSpec { keep, ..spec("S", Start::First, End::Open) };
        let (_tail, mut reports) = Tail::spawn(client.clone(), vec![wanted]);
        let (_, messages) = rest(&mut reports).await;
        // A slice of a buffer that others hold is no slice that is alone.
        let alone = messages.into_iter().map(|m| m.body).filter(bytes::Bytes::is_unique).count();
        assert_eq!(alone == 50, keep, "{alone} of 50");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_consumer_is_enough_for_a_long_range() {
    for version in [NEWEST, OLDEST] {
        let (_server, nats, client) = server(version).await;
        stream(&nats, json!({"name": "S", "subjects": ["s"], "storage": "memory"})).await;
        publish(&nats, "s", 20_000).await;
        let mut made = nats.subscribe("$JS.EVENT.ADVISORY.CONSUMER.CREATED.S.>").await.unwrap();
        let (_tail, mut reports) =
            Tail::spawn(client.clone(), vec![TailSpec { batch: 500, ..spec("S", Start::First, End::Open) }]);
        assert_eq!(rest(&mut reports).await.1.len(), 20_000);
        // An answer behind all that was said of consumers until now.
        raw(&nats, "CONSUMER.NAMES.S", &Value::Null).await;
        nats.flush().await.unwrap();
        made.unsubscribe().await.unwrap();
        let mut count = 0;
        while made.next().await.is_some() {
            count += 1;
        }
        assert_eq!(count, 1, "{version}");
    }
}
