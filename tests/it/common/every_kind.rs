//! A server with a stream and a consumer of every kind, made through the raw API.

use std::collections::VecDeque;
use std::time::Duration;

use async_nats::jetstream;
use futures_util::StreamExt;
use serde_json::{Value, json};

/// Asks the server's API and gives its reply as it is.
pub(crate) async fn raw(nats: &async_nats::Client, subject: &str, body: &Value) -> Value {
    let payload = if body.is_null() { String::new() } else { body.to_string() };
    let reply = nats.request(format!("$JS.API.{subject}"), payload.into()).await.expect(subject);
    serde_json::from_slice(&reply.payload).expect(subject)
}

/// As [`raw`], for what must not be refused.
pub(crate) async fn api(nats: &async_nats::Client, subject: &str, body: Value) -> Value {
    let reply = raw(nats, subject, &body).await;
    assert!(reply.get("error").is_none(), "{subject}: {reply}");
    reply
}

/// Creates a stream of this configuration.
pub(crate) async fn stream(nats: &async_nats::Client, mut config: Value) {
    let name = config["name"].as_str().expect("a name").to_owned();
    let replicas = config.get("num_replicas").cloned().unwrap_or_else(|| 1.into());
    config["num_replicas"] = replicas;
    api(nats, &format!("STREAM.CREATE.{name}"), config).await;
}

/// Creates a consumer of this configuration.
pub(crate) async fn consumer(nats: &async_nats::Client, stream: &str, name: &str, config: Value) {
    api(nats, &format!("CONSUMER.CREATE.{stream}.{name}"), json!({"stream_name": stream, "config": config})).await;
}

/// Publishes this many small messages and waits until they are stored.
pub(crate) async fn publish(nats: &async_nats::Client, subject: &str, n: usize) {
    let js = jetstream::new(nats.clone());
    let mut acks = VecDeque::<jetstream::context::PublishAckFuture>::new();
    for i in 0..n {
        // The client waits for ever once thousands of acks are not taken.
        if acks.len() >= 1_000 {
            acks.pop_front().expect("an ack").await.expect("an ack");
        }
        acks.push_back(js.publish(subject.to_owned(), format!("message {i}").into()).await.expect("a publish"));
    }
    for ack in acks {
        ack.await.expect("an ack");
    }
}

/// What keeps consumers in their state: dropping it ends open pulls and subscriptions.
#[derive(Debug)]
pub(crate) struct Held {
    _subscriptions: Vec<async_nats::Subscriber>,
}

const SECOND: u64 = 1_000_000_000;

/// Makes everything; `new` is a server that knows what 2.11 brought.
pub(crate) async fn make(nats: &async_nats::Client, new: bool) -> Held {
    streams(nats).await;
    let mut held = consumers(nats, new).await;
    // An open pull request, and a bound push consumer.
    let inbox = nats.new_inbox();
    held.push(nats.subscribe(inbox.clone()).await.expect("an inbox"));
    nats.publish_with_reply(
        "$JS.API.CONSUMER.MSG.NEXT.eventsource-github-stream.waits",
        inbox,
        json!({"batch": 1, "expires": 300 * SECOND}).to_string().into(),
    )
    .await
    .expect("a pull");
    held.push(nats.subscribe("deliver.bound").await.expect("a subscription"));
    nats.flush().await.expect("a flush");
    tokio::time::timeout(Duration::from_secs(10), async {
        loop {
            let waits = raw(nats, "CONSUMER.INFO.eventsource-github-stream.waits", &Value::Null).await;
            let bound = raw(nats, "CONSUMER.INFO.eventsource-github-stream.bound", &Value::Null).await;
            if waits["num_waiting"] == 1 && bound["push_bound"] == true && bound["num_pending"] == 0 {
                return;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    })
    .await
    .expect("consumers that wait");
    tokio::time::timeout(Duration::from_secs(20), until_copied(nats)).await.expect("copies that are whole");
    Held { _subscriptions: held }
}

/// Waits until the copies of other streams are whole, and the consumers that newer servers keep for them rest.
async fn until_copied(nats: &async_nats::Client) {
    loop {
        let copy = raw(nats, "STREAM.INFO.copy", &Value::Null).await;
        let both = raw(nats, "STREAM.INFO.both", &Value::Null).await;
        let whole = copy["state"]["messages"] == 60 && both["state"]["messages"] == 77;
        if whole && at_rest(nats, "eventsource-github-stream").await && at_rest(nats, "gaps").await {
            return;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

async fn at_rest(nats: &async_nats::Client, stream: &str) -> bool {
    let list = raw(nats, &format!("CONSUMER.LIST.{stream}"), &Value::Null).await;
    let own = |c: &&Value| c["config"]["ack_policy"] == "flow_control";
    let consumers = list["consumers"].as_array().expect("a list");
    consumers.iter().filter(own).all(|c| c["num_pending"] == 0 && c["num_ack_pending"] == 0)
}

async fn streams(nats: &async_nats::Client) {
    stream(
        nats,
        json!({"name": "eventsource-github-stream", "subjects": ["github.>"], "max_age": 7 * 86_400 * SECOND,
        "max_bytes": 1_000_000, "max_msg_size": 5000, "description": "what GitHub sends", "metadata": {"owner": "me"}}),
    )
    .await;
    stream(
        nats,
        json!({"name": "eventchannel-mail-stream", "subjects": ["mail.*.out"], "max_msgs": 12, "discard": "new"}),
    )
    .await;
    stream(nats, json!({"name": "jobs", "subjects": ["jobs.>"], "retention": "workqueue"})).await;
    stream(nats, json!({"name": "audit", "subjects": ["audit"], "retention": "interest"})).await;
    stream(
        nats,
        json!({"name": "cache", "subjects": ["cache.>"], "storage": "memory", "max_msgs_per_subject": 2,
        "max_age": 500_000_000, "duplicate_window": 500_000_000}),
    )
    .await;
    stream(nats, json!({"name": "copy", "mirror": {"name": "eventsource-github-stream"}})).await;
    stream(
        nats,
        json!({"name": "KV_settings", "subjects": ["$KV.settings.>"], "max_msgs_per_subject": 1,
        "discard": "new", "allow_rollup_hdrs": true, "deny_delete": true, "allow_direct": true}),
    )
    .await;
    stream(
        nats,
        json!({"name": "OBJ_files", "subjects": ["$O.files.C.>", "$O.files.M.>"], "discard": "new",
        "allow_rollup_hdrs": true}),
    )
    .await;
    stream(nats, json!({"name": "empty", "subjects": ["empty"], "compression": "s2", "no_ack": true})).await;
    stream(nats, json!({"name": "gaps", "subjects": ["gaps"]})).await;
    stream(nats, json!({"name": "emptied", "subjects": ["emptied"]})).await;
    // Names are hostile text too.
    stream(nats, json!({"name": "höstile\u{202e}\u{1b}[31m", "subjects": ["h"]})).await;
    for (subject, n) in [
        ("github.push", 40),
        ("github.issue", 20),
        ("mail.eu.out", 7),
        ("jobs.a", 9),
        ("cache.a", 5),
        ("gaps", 20),
        ("emptied", 4),
        ("$KV.settings.a", 2),
        ("$KV.settings.b", 1),
    ] {
        publish(nats, subject, n).await;
    }
    for seq in [3, 4, 11] {
        api(nats, "STREAM.MSG.DELETE.gaps", json!({"seq": seq})).await;
    }
    // After the deletions, so that it is known how many it gets. Not from the work queue: its only consumer would then be the one that sources.
    stream(nats, json!({"name": "both", "sources": [{"name": "eventsource-github-stream"}, {"name": "gaps"}]})).await;
    api(nats, "STREAM.PURGE.emptied", json!({})).await;
    // Sealed, so that nothing more can be changed.
    stream(nats, json!({"name": "sealed", "subjects": ["sealed"]})).await;
    publish(nats, "sealed", 3).await;
    let mut config = api(nats, "STREAM.INFO.sealed", Value::Null).await["config"].clone();
    config["sealed"] = true.into();
    api(nats, "STREAM.UPDATE.sealed", config).await;
}

async fn consumers(nats: &async_nats::Client, new: bool) -> Vec<async_nats::Subscriber> {
    let github = "eventsource-github-stream";
    let durable = |name: &str| json!({"durable_name": name, "ack_policy": "explicit", "max_ack_pending": 100});
    let with = |name: &str, more: Value| {
        let mut config = durable(name);
        for (key, value) in more.as_object().expect("an object") {
            config[key] = value.clone();
        }
        config
    };
    for (name, config) in [
        ("untouched", durable("untouched")),
        ("waits", with("waits", json!({"deliver_policy": "new"}))),
        ("unacked", durable("unacked")),
        ("acked", durable("acked")),
        ("filtered", with("filtered", json!({"filter_subject": "github.push"}))),
        ("filters", with("filters", json!({"filter_subjects": ["github.issue", "github.star"]}))),
        ("none", with("none", json!({"ack_policy": "none", "deliver_policy": "last"}))),
        ("all", with("all", json!({"ack_policy": "all"}))),
        ("exhausted", with("exhausted", json!({"max_deliver": 1, "ack_wait": 200_000_000}))),
        ("unbound", with("unbound", json!({"deliver_subject": "deliver.unbound"}))),
        ("grouped", with("grouped", json!({"deliver_subject": "deliver.grouped", "deliver_group": "workers"}))),
        ("bound", json!({"durable_name": "bound", "ack_policy": "none", "deliver_subject": "deliver.bound"})),
    ] {
        consumer(nats, github, name, config).await;
    }
    consumer(nats, github, "passing", json!({"ack_policy": "explicit", "inactive_threshold": 600 * SECOND})).await;
    consumer(nats, "jobs", "workers", durable("workers")).await;
    if new {
        let config = with("paused", json!({"pause_until": "2099-01-01T00:00:00Z"}));
        consumer(nats, github, "paused", config).await;
    }
    pull(nats, github, "unacked", 5, false).await;
    pull(nats, github, "acked", 6, true).await;
    pull(nats, github, "exhausted", 3, false).await;
    pull(nats, "jobs", "workers", 2, true).await;
    vec![]
}

/// Takes messages of a consumer, and acks them or leaves them.
async fn pull(nats: &async_nats::Client, stream: &str, name: &str, n: usize, ack: bool) {
    let inbox = nats.new_inbox();
    let mut messages = nats.subscribe(inbox.clone()).await.expect("an inbox");
    let subject = format!("$JS.API.CONSUMER.MSG.NEXT.{stream}.{name}");
    let body = json!({"batch": n, "expires": 5 * SECOND}).to_string();
    nats.publish_with_reply(subject, inbox, body.into()).await.expect("a pull");
    for _ in 0..n {
        let message = messages.next().await.expect("a message");
        if ack {
            let reply = message.reply.expect("a reply subject");
            nats.request(reply, "+ACK".into()).await.expect("an ack of the ack");
        }
    }
}
