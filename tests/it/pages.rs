//! Lists that change, or lie, between two pages: nothing is left out, and nothing is asked for ever.

use std::time::Duration;

use futures_util::StreamExt;
use jetscope::config::Connection;
use jetscope::demo::{Server, ServerSpec};
use jetscope::nats::{Api, open};
use tokio::time::timeout;

/// A server without `JetStream`, and who answers in its place: by the subject's end and the offset.
async fn answered_by(answer: fn(&str, u64) -> String) -> (Server, Api) {
    let server = Server::start(&ServerSpec { jetstream: false, ..Default::default() }).unwrap();
    let client = async_nats::connect(server.url()).await.unwrap();
    let mut questions = client.subscribe("$JS.API.>").await.unwrap();
    client.flush().await.unwrap();
    tokio::spawn(async move {
        while let Some(question) = questions.next().await {
            let body: serde_json::Value = serde_json::from_slice(&question.payload).unwrap_or_default();
            let offset = body["offset"].as_u64().unwrap_or(0);
            let reply = answer(question.subject.trim_start_matches("$JS.API."), offset);
            client.publish(question.reply.unwrap(), reply.into()).await.unwrap();
        }
    });
    let api = Api::new(open(&Connection::to(server.url())).await.unwrap());
    (server, api)
}

fn stream(n: u64) -> String {
    format!(r#"{{"config":{{"name":"s{n:03}"}},"state":{{"messages":{n}}}}}"#)
}

fn page(of: impl Iterator<Item = u64>, total: u64) -> String {
    let streams: Vec<String> = of.map(stream).collect();
    format!(r#"{{"total":{total},"limit":256,"streams":[{}]}}"#, streams.join(","))
}

#[tokio::test]
async fn streams_that_are_made_between_two_pages_push_none_out() {
    let (_server, api) = answered_by(|_, offset| match offset {
        0 => page(0..256, 512),
        256 => page(256..512, 513),
        _ => page(512..513, 513),
    })
    .await;
    let listing = api.streams().await;
    assert_eq!((listing.items.len(), listing.total, listing.problem), (513, 513, None));
}

#[tokio::test]
async fn streams_that_are_deleted_between_two_pages_let_none_slip_through() {
    let (_server, api) = answered_by(|subject, offset| match (subject, offset) {
        // One of the first page is deleted then, and 256 moves to the page that was read already.
        ("STREAM.LIST", 0) => page(0..256, 512),
        ("STREAM.LIST", _) => page(257..512, 511),
        ("STREAM.NAMES", _) => {
            let names: Vec<String> = (1..512).map(|n| format!("\"s{n:03}\"")).collect();
            format!(r#"{{"total":511,"limit":1024,"streams":[{}]}}"#, names.join(","))
        }
        _ => stream(256),
    })
    .await;
    let listing = api.streams().await;
    assert!(listing.items.iter().any(|s| s.name == "s256"));
    assert_eq!((listing.total, listing.problem), (511, None));
}

#[tokio::test]
async fn a_total_that_never_comes_is_not_waited_for() {
    let (_server, api) = answered_by(|_, _| r#"{"total":18446744073709551615,"limit":0}"#.into()).await;
    let all = async {
        let streams = api.streams().await;
        let consumers = api.consumers("a").await;
        (streams.items.len(), consumers.items.len(), api.stream_names().await.unwrap().len())
    };
    assert_eq!(timeout(Duration::from_secs(10), all).await.unwrap(), (0, 0, 0));
}
