//! Advisories as real servers send them: each kind that can be brought about is read, said in a sentence, and remembered
//! where it is about a message.

use std::time::Duration;

use async_nats::jetstream;
use futures_util::StreamExt;
use jetscope::app::activity::Told;
use jetscope::config::{Connection, Ledger};
use jetscope::demo::{Server, ServerSpec};
use jetscope::model::{AdvisoryKind, Timestamp, Update};
use serde_json::{Value, json};

use crate::cluster::{ELECTION, three};
use crate::common::every_kind::{api, consumer, publish, stream};
use crate::common::fixture;
use crate::common::live::{LONG, Live, quick, still};
use crate::common::server_of;

const SECOND: u64 = 1_000_000_000;

/// The kinds that were told of this stream so far.
fn told(live: &Live, stream: &str) -> Vec<AdvisoryKind> {
    let of = |u: &Update| match u {
        Update::Advisory(advisory) if advisory.stream == stream => Some(advisory.kind.clone()),
        _ => None,
    };
    live.seen.iter().filter_map(|(_, update)| of(update)).collect()
}

async fn until_told(live: &mut Live, stream: &str, what: &str, fits: impl Fn(&AdvisoryKind) -> bool) {
    live.until(LONG, what, |l| told(l, stream).iter().any(&fits)).await;
}

/// The sentences that are kept, newest last.
fn sentences(live: &Live) -> Vec<String> {
    live.world.app.activity.advisories.iter().map(|entry| Told::sentence(&entry.item)).collect()
}

/// Asks a pull consumer for one message.
pub(crate) async fn next(nats: &async_nats::Client, stream: &str, name: &str) -> Option<async_nats::Message> {
    let inbox = nats.new_inbox();
    let mut messages = nats.subscribe(inbox.clone()).await.expect("an inbox");
    let body = json!({"batch": 1, "expires": SECOND}).to_string();
    let subject = format!("$JS.API.CONSUMER.MSG.NEXT.{stream}.{name}");
    nats.publish_with_reply(subject, inbox, body.into()).await.expect("a pull");
    tokio::time::timeout(LONG, messages.next()).await.expect("an answer").filter(|message| message.status.is_none())
}

pub(crate) async fn answer(nats: &async_nats::Client, message: &async_nats::Message, how: &str) {
    let reply = message.reply.clone().expect("a place for acks");
    // With an answer, so that it has taken effect before the next pull.
    nats.request(reply, how.to_owned().into()).await.expect("an answer to the ack");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_kind_that_one_server_tells_is_read() {
    use AdvisoryKind as K;
    let server = Server::start(&ServerSpec::default()).expect("a server");
    let mut live = Live::start(Connection::to(server.url()), still());
    live.until(LONG, "a connection", |l| l.catalog().listing.value().is_some()).await;
    live.until(LONG, "advisories", |l| l.world.app.activity.since.is_some()).await;
    let nats = async_nats::connect(server.url()).await.expect("a connection");
    let config = json!({"name": "orders", "subjects": ["orders.>"]});
    stream(&nats, config.clone()).await;
    let mut changed = config;
    changed["description"] = "changed".into();
    changed["num_replicas"] = 1.into();
    api(&nats, "STREAM.UPDATE.orders", changed).await;
    let policy =
        json!({"durable_name": "billing", "ack_policy": "explicit", "max_deliver": 2, "ack_wait": 60 * SECOND});
    consumer(&nats, "orders", "billing", policy).await;
    publish(&nats, "orders.new", 3).await;
    // The first is refused as often as it may be delivered, then the consumer gives up on it.
    for _ in 0..2 {
        let message = next(&nats, "orders", "billing").await.expect("a message");
        answer(&nats, &message, "-NAK").await;
    }
    let second = next(&nats, "orders", "billing").await.expect("a message");
    answer(&nats, &second, "+TERM no such customer").await;
    let third = next(&nats, "orders", "billing").await.expect("a message");
    answer(&nats, &third, "+TERM").await;
    let until = live.world.app.now.plus(Duration::from_secs(600));
    api(&nats, "CONSUMER.PAUSE.orders.billing", json!({"pause_until": until.to_string()})).await;
    api(&nats, "CONSUMER.PAUSE.orders.billing", json!({})).await;
    api(&nats, "CONSUMER.DELETE.orders.billing", Value::Null).await;
    api(&nats, "STREAM.DELETE.orders", Value::Null).await;
    until_told(&mut live, "orders", "the end", |kind| *kind == K::StreamDeleted).await;
    // Some come from another part of the server and may be told a moment later or earlier than the rest.
    let told = told(&live, "orders");
    let until = told.iter().find_map(|kind| if let K::ConsumerPaused { until } = kind { *until } else { None });
    assert!(until.is_some_and(|at| at > Timestamp::from_secs(0)), "{told:?}");
    for kind in [
        K::StreamCreated,
        K::StreamUpdated,
        K::ConsumerCreated,
        K::Nak { stream_seq: 1, deliveries: 1 },
        K::Nak { stream_seq: 1, deliveries: 2 },
        K::MaxDeliveries { stream_seq: 1, deliveries: 2 },
        K::Terminated { stream_seq: 2, deliveries: 1, reason: Some("no such customer".into()) },
        K::Terminated { stream_seq: 3, deliveries: 1, reason: None },
        K::ConsumerResumed,
        K::ConsumerDeleted,
        K::StreamDeleted,
    ] {
        assert!(told.contains(&kind), "{kind:?} of {told:?}");
    }
    assert!(!told.iter().any(|kind| matches!(kind, K::Other { .. })), "{told:?}");
    let said = sentences(&live).join("\n");
    assert!(said.contains("billing of orders gave up on #1: delivered 2 times, never acked"), "{said}");
    assert!(said.contains("2 refusals (nak), the last of #1 (delivery 2)"), "{said}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rarer_kinds_are_read_too() {
    use AdvisoryKind as K;
    let server = Server::start(&ServerSpec::default()).expect("a server");
    let mut live = Live::start(Connection::to(server.url()), still());
    live.until(LONG, "a connection", |l| l.catalog().listing.value().is_some()).await;
    live.until(LONG, "advisories", |l| l.world.app.activity.since.is_some()).await;
    let nats = async_nats::connect(server.url()).await.expect("a connection");

    // What is not acked is deleted by the stream's limit.
    stream(&nats, json!({"name": "small", "subjects": ["small.>"], "max_msgs": 2})).await;
    consumer(&nats, "small", "slow", json!({"durable_name": "slow", "ack_policy": "explicit"})).await;
    publish(&nats, "small.x", 2).await;
    next(&nats, "small", "slow").await.expect("a message");
    publish(&nats, "small.x", 2).await;
    until_told(&mut live, "small", "what was deleted", |k| *k == K::DeletedUnacked { stream_seq: 1, deliveries: 1 })
        .await;

    // A batch with a hole.
    stream(&nats, json!({"name": "batches", "subjects": ["batches.>"], "allow_atomic": true})).await;
    for (nth, commit) in [(1, false), (3, true)] {
        let mut headers = async_nats::HeaderMap::new();
        headers.insert("Nats-Batch-Id", "b-1");
        headers.insert("Nats-Batch-Sequence", nth.to_string());
        if commit {
            headers.insert("Nats-Batch-Commit", "1");
        }
        let request = async_nats::Request::new().headers(headers).payload("x".into());
        nats.send_request("batches.x", request).await.expect("an answer");
    }
    until_told(
        &mut live,
        "batches",
        "the batch",
        |k| matches!(k, K::BatchAbandoned { batch, reason } if batch == "b-1" && !reason.is_empty()),
    )
    .await;

    // A pinned client, and one that is unpinned.
    stream(&nats, json!({"name": "jobs", "subjects": ["jobs.>"]})).await;
    let pinned = json!({"durable_name": "workers", "ack_policy": "explicit", "priority_policy": "pinned_client",
        "priority_groups": ["g"], "priority_timeout": 60 * SECOND});
    consumer(&nats, "jobs", "workers", pinned).await;
    publish(&nats, "jobs.x", 1).await;
    let inbox = nats.new_inbox();
    let mut messages = nats.subscribe(inbox.clone()).await.expect("an inbox");
    let pull = json!({"batch": 1, "expires": SECOND, "group": "g"}).to_string();
    nats.publish_with_reply("$JS.API.CONSUMER.MSG.NEXT.jobs.workers", inbox, pull.into()).await.expect("a pull");
    messages.next().await.expect("a message");
    api(&nats, "CONSUMER.UNPIN.jobs.workers", json!({"group": "g"})).await;
    until_told(
        &mut live,
        "jobs",
        "the pin",
        |k| matches!(k, K::Pinned { group, client } if group == "g" && !client.is_empty()),
    )
    .await;
    until_told(&mut live, "jobs", "its end", |k| *k == K::Unpinned { group: "g".into(), reason: "admin".into() }).await;

    // A backup, and a stream that is restored from it.
    stream(&nats, json!({"name": "kept", "subjects": ["kept.>"]})).await;
    publish(&nats, "kept.x", 5).await;
    let deliver = nats.new_inbox();
    let mut chunks = nats.subscribe(deliver.clone()).await.expect("an inbox");
    let begun = api(&nats, "STREAM.SNAPSHOT.kept", json!({"deliver_subject": deliver})).await;
    let mut backup = Vec::new();
    loop {
        let chunk = chunks.next().await.expect("a chunk");
        if chunk.payload.is_empty() {
            break;
        }
        if let Some(reply) = &chunk.reply {
            nats.publish(reply.clone(), "".into()).await.expect("go on");
        }
        backup.push(chunk.payload);
    }
    api(&nats, "STREAM.DELETE.kept", Value::Null).await;
    let ready = api(&nats, "STREAM.RESTORE.kept", json!({"config": begun["config"], "state": begun["state"]})).await;
    let to = ready["deliver_subject"].as_str().expect("a subject").to_owned();
    for chunk in backup.into_iter().chain([bytes::Bytes::new()]) {
        nats.request(to.clone(), chunk).await.expect("taken");
    }
    until_told(&mut live, "kept", "the backup", |k| *k == K::SnapshotBegun { size: begun_size(&begun) }).await;
    until_told(&mut live, "kept", "its end", |k| matches!(k, K::SnapshotDone { took: Some(_) })).await;
    until_told(&mut live, "kept", "the restore", |k| *k == K::RestoreBegun).await;
    until_told(&mut live, "kept", "its end", |k| matches!(k, K::RestoreDone { took: Some(_), bytes: Some(1..) })).await;
    let unknown =
        live.seen.iter().any(|(_, u)| matches!(u, Update::Advisory(a) if matches!(a.kind, AdvisoryKind::Other { .. })));
    assert!(!unknown, "{:?}", sentences(&live));
}

fn begun_size(reply: &Value) -> Option<(u64, u64)> {
    Some((reply["state"]["messages"].as_u64()?, reply["state"]["bytes"].as_u64()?))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_oldest_server_tells_the_same_of_messages() {
    use AdvisoryKind as K;
    let server = server_of(jetscope::demo::server::OLDEST);
    let mut live = Live::start(Connection::to(server.url()), still());
    live.until(LONG, "a connection", |l| l.catalog().listing.value().is_some()).await;
    live.until(LONG, "advisories", |l| l.world.app.activity.since.is_some()).await;
    let nats = async_nats::connect(server.url()).await.expect("a connection");
    stream(&nats, json!({"name": "orders", "subjects": ["orders.>"]})).await;
    let policy =
        json!({"durable_name": "billing", "ack_policy": "explicit", "max_deliver": 1, "ack_wait": 60 * SECOND});
    consumer(&nats, "orders", "billing", policy).await;
    publish(&nats, "orders.new", 3).await;
    let first = next(&nats, "orders", "billing").await.expect("a message");
    answer(&nats, &first, "-NAK").await;
    let second = next(&nats, "orders", "billing").await.expect("a message");
    answer(&nats, &second, "+TERM bad").await;
    for kind in [
        K::Nak { stream_seq: 1, deliveries: 1 },
        K::MaxDeliveries { stream_seq: 1, deliveries: 1 },
        K::Terminated { stream_seq: 2, deliveries: 1, reason: Some("bad".into()) },
    ] {
        until_told(&mut live, "orders", "all of it", |k| *k == kind).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_cluster_tells_who_leads_and_who_led_before() {
    let mut servers = three();
    let urls: Vec<String> = servers.iter().map(Server::url).collect();
    let js = fixture::app(&urls[0]).await;
    let copied = jetstream::stream::Config { num_replicas: 3, ..fixture::config("copied") };
    fixture::patient_stream(&js, copied, ELECTION).await;
    fixture::consumer(&js, "copied", "billing").await;
    let mut connection = Connection::to(urls[0].clone());
    connection.servers.clone_from(&urls);
    let mut live = Live::start(connection, quick());
    let leader = |l: &Live| {
        let info = l.catalog().streams.get("copied")?.info.clone()?;
        info.cluster.as_ref()?.leader.clone()
    };
    live.until(ELECTION, "a leader", |l| leader(l).is_some()).await;
    let before = leader(&live).expect("a leader");
    let nats = async_nats::connect(urls[0].as_str()).await.expect("a connection");
    api(&nats, "STREAM.LEADER.STEPDOWN.copied", Value::Null).await;
    live.until(ELECTION, "another leader, told by name", |l| {
        sentences(l).iter().any(|s| {
            s.starts_with("stream copied: ") && s.ends_with(&format!("is the leader now, before it was {before}"))
        })
    })
    .await;
    live.until(ELECTION, "the same from the poll", |l| leader(l).is_some_and(|now| now != before)).await;
    api(&nats, "CONSUMER.LEADER.STEPDOWN.copied.billing", Value::Null).await;
    live.until(ELECTION, "the consumer's leader", |l| {
        sentences(l).iter().any(|s| s.starts_with("consumer billing of copied: ") && s.contains("leader"))
    })
    .await;
    // The leader alone is left: it says so.
    let leads = leader(&live).and_then(|name| name.strip_prefix('n')?.parse::<usize>().ok()).expect("a leader");
    for other in (0..3).filter(|n| *n != leads) {
        servers[other].kill();
    }
    live.until(ELECTION, "that the quorum is lost", |l| {
        sentences(l).iter().any(|s| s.starts_with("stream copied has lost its quorum"))
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_flood_is_bounded_and_what_is_not_heard_is_counted() {
    const FLOOD: u64 = 100_000;
    let server = Server::start(&ServerSpec::default()).expect("a server");
    let connection = Connection { ledger: Ledger::open(None), ..Connection::to(server.url()) };
    let mut live = Live::start(connection, still());
    live.until(LONG, "a connection, and what it asked", |l| !l.world.app.activity.requests.single.is_empty()).await;
    live.keys("8");
    let nats = async_nats::connect(server.url()).await.expect("a connection");
    let asked = live.world.app.activity.requests.single.len();
    for seq in 1..=FLOOD {
        let body = format!(r#"{{"timestamp":"2026-11-20T14:00:00Z","stream_seq":{seq},"deliveries":3}}"#);
        let subject = "$JS.EVENT.ADVISORY.CONSUMER.MAX_DELIVERIES.orders.billing";
        nats.publish(subject, body.into()).await.expect("sent");
    }
    nats.flush().await.expect("a flush");
    // What comes behind the flood comes through, if not the first time.
    let mut n = 0;
    while !told(&live, &format!("after{n}")).contains(&AdvisoryKind::StreamCreated) {
        n += 1;
        stream(&nats, json!({"name": format!("after{n}"), "subjects": [format!("after{n}.>")]})).await;
        live.during(Duration::from_millis(500)).await;
        assert!(n < 60, "nothing is heard any more");
    }
    let activity = &live.world.app.activity;
    let heard = told(&live, "orders").len() as u64;
    assert!(heard + activity.lost <= FLOOD && (heard == FLOOD || activity.lost > 0), "{heard} {}", activity.lost);
    assert_eq!(activity.advisories.len(), 2_000);
    let remembered = activity.stuck.of("orders", "billing").expect("some");
    assert_eq!((remembered.messages.len(), remembered.dropped), (2_000, heard - 2_000));
    assert!(live.world.app.activity.requests.single.len() - asked < 50, "a flood asks for nothing");
}
