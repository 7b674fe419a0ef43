//! Events in other formats than JSON: printed, copied on NATS, sent to endpoints, and back from what was printed.

use async_nats::HeaderMap;
use async_nats::jetstream;
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use serde_json::json;

use super::doors::{endpoint, output};
use crate::common::receiver::{self, Headers};
use crate::replay::place::Place;

/// Text in Protobuf, a message of Protocol Buffers in it, Avro, and two events in XML; by libraries for Go, but for the last.
fn messages() -> Vec<(&'static str, Vec<u8>)> {
    let decoded = |text: &str| BASE64_STANDARD.decode(text).unwrap();
    vec![
        (
            "application/cloudevents+protobuf",
            decoded(
                "CgNlLTESCi9vcmRlcnMvZXUaAzEuMCIVY29tLmFjbWUub3JkZXIucGxhY2VkKh8KD2RhdGFjb250ZW50dHlwZRIMGgp0ZXh0L3Bs\
                 YWluOglab8OrICYgY28=",
            ),
        ),
        (
            "application/cloudevents+protobuf",
            decoded(
                "CgNlLTESCi9vcmRlcnMvZXUaAzEuMCIVY29tLmFjbWUub3JkZXIucGxhY2VkQjoKL3R5cGUuZ29vZ2xlYXBpcy5jb20vZ29vZ2xl\
                 LnByb3RvYnVmLlN0cmluZ1ZhbHVlEgcKBWhlbGxv",
            ),
        ),
        (
            "application/cloudevents+avro",
            decoded(
                "EAhub25lABZzcGVjdmVyc2lvbgYGMS4wBGlkBgZlLTEMc291cmNlBgQvcwh0eXBlBgJ0CGZsYWcCAQpjb3VudAQNCGJsb2IIBgAB\
                 /wAAFnsiYSIgOiAxLjB9",
            ),
        ),
        (
            "application/cloudevents-batch+xml",
            b"<batch><event specversion=\"1.0\"><id>1</id><source>/a</source><type>t</type></event>\
              <event specversion=\"1.0\"><id>2</id><source>/a</source><type>t</type></event></batch>"
                .to_vec(),
        ),
    ]
}

async fn place() -> Place {
    let place = Place::new().await;
    place.stream("corpus", &["corpus.>"], json!({})).await;
    place.stream("copies", &["copy.>"], json!({})).await;
    let js = jetstream::new(place.nats.clone());
    for (named, body) in messages() {
        let mut headers = HeaderMap::new();
        headers.append("Content-Type", named);
        js.publish_with_headers("corpus.x", headers, body.into()).await.unwrap().await.unwrap();
    }
    place
}

fn value<'h>(headers: &'h Headers, wanted: &str) -> Option<&'h str> {
    headers.iter().find(|(name, _)| name.eq_ignore_ascii_case(wanted)).map(|(_, value)| value.as_str())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn copies_on_nats_keep_their_bytes() {
    let place = place().await;
    output(&place, &["corpus", "--range", "all", "--to", "copy.{subject}", "--execute"]).await;
    let copies = place.read("copies").await;
    let found: Vec<_> = copies.iter().map(|copy| (copy.header("content-type").unwrap(), copy.body.to_vec())).collect();
    assert_eq!(found, messages());
    assert!(copies.iter().all(|copy| copy.header("Jetscope-Replay-Id").is_some()));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn endpoints_receive_them_as_events_or_as_they_are() {
    let place = place().await;
    let (url, requests) = endpoint();
    output(&place, &["corpus", "--range", "all", "--to", &url, "--execute"]).await;
    {
        let requests = requests.lock().unwrap();
        assert_eq!(requests.len(), 5);
        let (headers, body) = &requests[0];
        assert_eq!((value(headers, "ce-type"), &**body), (Some("com.acme.order.placed"), "Zoë & co".as_bytes()));
        // What is no body of a request goes as it was sent.
        let (headers, body) = &requests[1];
        assert_eq!((value(headers, "content-type"), body), (Some(messages()[1].0), &messages()[1].1));
        assert!(value(headers, "jetscope-replay-id").is_some() && value(headers, "ce-id").is_none());
        assert_eq!(requests[2].1, br#"{"a" : 1.0}"#);
        assert_eq!(value(&requests[4].0, "ce-id"), Some("2"));
    }
    let (url, requests) = endpoint();
    output(&place, &["corpus", "--range", "all", "--to", &url, "--http", "structured", "--execute"]).await;
    let requests = requests.lock().unwrap();
    let found: Vec<_> = requests.iter().map(|(h, body)| (value(h, "content-type").unwrap(), body.clone())).collect();
    assert_eq!(found[..3], messages()[..3]);
    // Events of a batch go one by one.
    let ids: Vec<_> =
        requests[3..].iter().map(|(h, body)| receiver::http(h, body).remove(0).attributes["id"].clone()).collect();
    assert_eq!(ids, ["1", "2"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_printed_is_read_back_as_what_was_sent() {
    let place = place().await;
    let text = super::doors::tail(&place, "json").await;
    let path = place.home.path().join("printed.ndjson");
    std::fs::write(&path, &text).unwrap();
    output(&place, &[&format!("file:{}", path.display()), "--to", "copy.{subject}", "--execute"]).await;
    let copies = place.read("copies").await;
    let found: Vec<_> = copies.iter().map(|copy| (copy.header("content-type").unwrap(), copy.body.to_vec())).collect();
    // Of a batch, too, which is printed an event a line, in JSON: all of it stands beside the first.
    assert_eq!(found, messages());
}
