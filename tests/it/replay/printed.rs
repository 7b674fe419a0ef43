//! What `jetscope tail -o json` prints is read back as what was stored.

use async_nats::HeaderMap;
use async_nats::jetstream;
use jetscope::model::replay::Destination;
use jetscope::replay::{Request, Wanted};
use serde_json::json;

use super::place::Place;
use super::traps::{begin, completed};

/// Headers and a body.
type Sent = (&'static [(&'static str, &'static str)], &'static [u8]);

/// Messages of all kinds.
const SENT: [Sent; 10] = [
    (
        &[("ce-specversion", "1.0"), ("ce-id", "1"), ("ce-source", "/s"), ("ce-type", "t"), ("content-type", "application/json")],
        b"{\"a\" : 1.0, \"b\":[ ]}",
    ),
    (
        &[("ce-specversion", "1.0"), ("ce-id", "zo%C3%AB"), ("ce-source", "/s"), ("ce-type", "t"), ("content-type", "application/json")],
        b"{\n  \"a\": \"\xe2\x80\xae\"\n}\n",
    ),
    (
        &[("ce-specversion", "1.0"), ("ce-id", "3"), ("ce-source", "/s"), ("ce-type", "t"), ("content-type", "text/plain")],
        b"two\nlines \x1b[31m \"quoted\"",
    ),
    (
        &[("ce-specversion", "1.0"), ("ce-id", "4"), ("ce-source", "/s"), ("ce-type", "t"), ("X-Other", "a"), ("x-other", "b")],
        b"\x00\x01\xff",
    ),
    (&[], b"{\"specversion\": \"1.0\", \"id\": \"5\", \"source\": \"/s\", \"type\": \"t\", \"data\": {\"a\": 1.50}}"),
    (&[], b"{\"specversion\":\"1.0\",\"id\":\"6\",\"source\":\"/s\",\"type\":\"t\",\n\"data_base64\":\"AAE=\"}"),
    (&[], b"{\"specversion\":\"1.0\",\"id\":\"\",\"source\":\"/s\",\"type\":\"t\",\"subject\":null}"),
    (
        &[("content-type", "application/cloudevents-batch+json")],
        b"[{\"specversion\":\"1.0\",\"id\":\"7\",\"source\":\"/s\",\"type\":\"t\"},{\"specversion\":\"1.0\",\"id\":\"8\",\"source\":\"/s\",\"type\":\"t\"}]",
    ),
    (&[("X-Plain", "yes")], b"no event \xc3\xa9"),
    (&[], b"\x89PNG\x00"),
];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_tail_printed_is_sent_as_it_was_stored() {
    let place = Place::new().await;
    place.stream("all", &["all.>"], json!({})).await;
    place.stream("copies", &["copy.>"], json!({})).await;
    let js = jetstream::new(place.nats.clone());
    for (headers, body) in SENT {
        let mut sent = HeaderMap::new();
        for (name, value) in headers {
            sent.append(*name, *value);
        }
        js.publish_with_headers("all.x", sent, body.into()).await.unwrap().await.unwrap();
    }
    let mut tail = tokio::process::Command::new(env!("CARGO_BIN_EXE_jetscope"));
    tail.args(["tail", "all", "-o", "json", "--server", &place.server.url()])
        .env_clear()
        .env("HOME", place.home.path());
    let printed = tail.output().await.unwrap();
    assert!(printed.status.success(), "{}", String::from_utf8_lossy(&printed.stderr));
    let path = place.home.path().join("printed.ndjson");
    std::fs::write(&path, &printed.stdout).unwrap();

    let to = Destination::parse("copy.{subject}").unwrap();
    completed(begin(&place, Request::new(Wanted::File(path), to)).await).await;
    let (stored, copies) = (place.read("all").await, place.read("copies").await);
    assert_eq!((stored.len(), copies.len()), (SENT.len(), SENT.len()));
    for (stored, copy) in stored.iter().zip(&copies) {
        assert_eq!(*copy.subject, format!("copy.{}", stored.subject));
        let own = |name: &str| {
            let name = name.to_ascii_lowercase();
            name.starts_with("ce-replay") || name.starts_with("jetscope-replay") || name.starts_with("nats-")
        };
        let headers = |message: &jetscope::model::Message| {
            let headers = message.headers.iter().filter(|header| !own(&header.name));
            let mut headers: Vec<String> = headers.map(|header| format!("{}: {}", header.name, header.value)).collect();
            headers.sort();
            headers
        };
        assert_eq!(headers(stored), headers(copy));
        let (before, after) = (String::from_utf8_lossy(&stored.body), String::from_utf8_lossy(&copy.body));
        // The marks of a structured event stand in front of its members.
        match after.strip_prefix("{\"replayid\":").and_then(|rest| rest.split_once("\"replaycount\":1,")) {
            Some((_, rest)) => assert_eq!(before.strip_prefix('{'), Some(rest)),
            None => assert_eq!(stored.body, copy.body, "{before} {after}"),
        }
    }
    // Anything else is refused before anything is sent.
    let path = place.home.path().join("other.ndjson");
    std::fs::write(&path, [&printed.stdout[..], b"{\"a\":1}\n"].concat()).unwrap();
    let out = place.replay(&[&format!("file:{}", path.display()), "--to", "copy.{subject}"]).await;
    let said = String::from_utf8_lossy(&out.stderr).into_owned();
    assert!(!out.status.success() && said.contains("line 12 of other.ndjson is neither a CloudEvent"), "{said}");
}
