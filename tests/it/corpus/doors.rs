//! `tail`, files, copies on NATS, and endpoints.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::thread;

use jetscope::model::replay::{HttpMode, Unfit};
use jetscope::replay::Request;
use serde_json::value::RawValue;

use super::samples::SAMPLES;
use super::{Http, Sample, is_encoded, lines, place, unmarked};
use crate::common::receiver::{self, Headers, Received};
use crate::replay::place::Place;
use crate::replay::traps::{planned, wanted};

/// Requests that an endpoint took.
pub(super) type Requests = Arc<Mutex<Vec<(Headers, Vec<u8>)>>>;

/// An endpoint that takes everything.
pub(super) fn endpoint() -> (String, Requests) {
    let server = tiny_http::Server::http("127.0.0.1:0").unwrap();
    let url = format!("http://{}/", server.server_addr());
    let requests = Requests::default();
    let book = Arc::clone(&requests);
    thread::spawn(move || {
        for mut request in server.incoming_requests() {
            let header = |h: &tiny_http::Header| (h.field.to_string(), h.value.to_string());
            let headers = request.headers().iter().map(header).collect();
            let mut body = Vec::new();
            request.as_reader().read_to_end(&mut body).unwrap();
            book.lock().unwrap().push((headers, body));
            request.respond(tiny_http::Response::empty(204)).unwrap();
        }
    });
    (url, requests)
}

/// The output of a command that succeeds.
pub(super) async fn output(place: &Place, args: &[&str]) -> String {
    let mut command = place.command(args);
    let out = tokio::task::spawn_blocking(move || command.output().unwrap()).await.unwrap();
    assert!(out.status.success(), "{args:?}: {}", String::from_utf8_lossy(&out.stderr));
    String::from_utf8(out.stdout).unwrap()
}

/// What `tail` prints.
pub(super) async fn tail(place: &Place, format: &str) -> String {
    let url = place.server.url();
    let home = place.home.path().to_owned();
    let format = format.to_owned();
    tokio::task::spawn_blocking(move || {
        let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_jetscope"));
        command.args(["tail", "corpus", "--range", "all", "-o", &format, "--server", &url, "--log-level", "off"]);
        command.env_clear().env("HOME", &home).env("XDG_STATE_HOME", &home).env("XDG_CONFIG_HOME", &home);
        String::from_utf8(command.output().unwrap().stdout).unwrap()
    })
    .await
    .unwrap()
}

/// Each event with its sample and the sequence of that: files and endpoints get those of a batch one by one.
pub(super) fn single() -> impl Iterator<Item = (usize, &'static Sample, Received)> {
    SAMPLES
        .iter()
        .enumerate()
        .flat_map(|(at, sample)| sample.expected().into_iter().map(move |event| (at + 1, sample, event)))
}

fn all_events() -> Vec<(&'static str, Received)> {
    SAMPLES.iter().flat_map(|s| s.expected().into_iter().map(|event| (s.name, event))).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_printed_is_what_was_sent() {
    let place = place().await;
    let text = tail(&place, "ce").await;
    let found: Vec<Received> = text.lines().map(|line| receiver::structured(line.as_bytes())).collect();
    let expected = all_events();
    for ((name, expected), found) in expected.iter().zip(&found) {
        assert_eq!(found, expected, "{name}");
    }
    assert_eq!(found.len(), expected.len());

    let text = tail(&place, "json").await;
    let documents: Vec<BTreeMap<String, &RawValue>> =
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let events = documents.iter().filter(|document| document["event"].get() != "null");
    let found: Vec<Received> = events.map(|d| receiver::structured(d["event"].get().as_bytes())).collect();
    for ((name, expected), found) in expected.iter().zip(&found) {
        assert_eq!(found, expected, "{name}");
    }
    assert_eq!(found.len(), expected.len());
    let empty = SAMPLES.iter().position(|sample| sample.events.is_empty()).unwrap() + 1;
    let of_empty = documents.iter().find(|document| document["seq"].get() == empty.to_string()).unwrap();
    assert_eq!(of_empty["error"].get(), "null", "a batch may be empty");

    // The SDK reads what it can hold as the same; it refuses some attributes that are none.
    let mut read = 0;
    for ((name, expected), line) in expected.iter().zip(tail(&place, "ce").await.lines()) {
        if let Ok(event) = serde_json::from_str::<cloudevents::Event>(line) {
            use cloudevents::AttributesReader as _;
            read += 1;
            assert_eq!(event.id(), expected.attributes["id"], "{name}");
            assert_eq!(event.source(), &expected.attributes["source"], "{name}");
            assert_eq!(event.ty(), expected.attributes["type"], "{name}");
            assert_eq!(event.subject(), expected.attributes.get("subject").map(String::as_str), "{name}");
        }
    }
    assert!(read > expected.len() - 5, "{read}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_file_has_what_was_sent_and_brings_it_back() {
    let place = place().await;
    let path = place.home.path().join("corpus.ndjson");
    let to = format!("file:{}", path.display());
    output(&place, &["corpus", "--range", "all", "--to", &to, "--execute"]).await;
    let text = std::fs::read_to_string(&path).unwrap();
    let mut at = 0;
    for (line, (expected_seq, sample, expected)) in text.lines().zip(single()) {
        let mut event = receiver::structured(line.as_bytes());
        let seq = unmarked(&mut event);
        assert_eq!(seq, expected_seq);
        let subject = event.attributes.remove("replaysubject").or_else(|| event.attributes.remove("natssubject"));
        assert_eq!(subject, Some(format!("corpus.{seq}")));
        assert_eq!(event, expected, "{}", sample.name);
        at += 1;
    }
    assert_eq!((at, text.lines().count()), (single().count(), at));
    // And back: each under its subject, and nothing of the file is left in it.
    output(&place, &[&format!("file:{}", path.display()), "--to", "copy.{subject}", "--execute"]).await;
    let copies = place.read("copies").await;
    assert_eq!(copies.len(), at);
    for (copy, (seq, sample, expected)) in copies.iter().zip(single()) {
        let mut event = receiver::structured(&copy.body);
        for mark in ["replayid", "replayseq", "replaycount"] {
            assert!(event.attributes.remove(mark).is_some());
        }
        assert_eq!(*copy.subject, format!("copy.corpus.{seq}"));
        assert_eq!(event, expected, "{}", sample.name);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn copies_on_nats_are_byte_for_byte_the_same() {
    let place = place().await;
    output(&place, &["corpus", "--range", "all", "--to", "copy.{subject}", "--execute"]).await;
    let copies = place.read("copies").await;
    assert_eq!(copies.len(), SAMPLES.len());
    for (copy, sample) in copies.iter().zip(SAMPLES) {
        let ours = |name: &str| {
            let name = name.to_ascii_lowercase();
            name.starts_with("ce-replay") || name.starts_with("jetscope-") || name.starts_with("nats-")
        };
        let mut found: Headers = copy.headers.iter().map(|h| (h.name.to_string(), h.value.to_string())).collect();
        let all = found.len();
        found.retain(|(name, _)| !ours(name));
        let mut expected = lines(sample.headers, ": ");
        found.sort();
        expected.sort();
        assert_eq!(found, expected, "{}", sample.name);
        // Where the marks are no headers, they are the first members of the envelope.
        let body = String::from_utf8_lossy(&copy.body).into_owned();
        let marked = all - found.len() == 4;
        let body = match body.split_once(r#""replaycount":1,"#).filter(|_| !marked) {
            Some((_, rest)) => format!("{{{rest}"),
            None => body,
        };
        assert_eq!(body, String::from_utf8_lossy(sample.body), "{}", sample.name);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_endpoint_receives_what_was_sent_in_both_modes() {
    let place = place().await;
    for mode in ["binary", "structured"] {
        let (url, requests) = endpoint();
        output(&place, &["corpus", "--range", "all", "--to", &url, "--http", mode, "--execute"]).await;
        let requests = requests.lock().unwrap();
        for ((headers, body), (seq, sample, expected)) in requests.iter().zip(single()) {
            let mut events = receiver::http(headers, body);
            let event = &mut events[0];
            assert_eq!(unmarked(event), seq);
            assert_eq!(*event, expected, "{} {mode}", sample.name);
            let value =
                |wanted: &str| headers.iter().find(|(n, _)| n.eq_ignore_ascii_case(wanted)).map(|(_, v)| v.clone());
            let structured = value("content-type").is_some_and(|kind| kind.starts_with("application/cloudevents+json"));
            assert_eq!(structured, mode == "structured" || sample.http == Http::Structured, "{}", sample.name);
            // Headers that HTTP has as well.
            let sent = lines(sample.headers, ": ");
            let trace = sent.iter().find(|(name, _)| name == "traceparent").map(|(_, value)| value.clone());
            assert_eq!(value("traceparent"), trace, "{}", sample.name);
            if !structured && sent.iter().any(|(name, _)| name.eq_ignore_ascii_case("ce-specversion")) {
                assert_eq!(body, sample.body, "bytes of {} are not touched", sample.name);
            }
        }
        assert_eq!(requests.len(), single().count());
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_plan_tells_what_becomes_of_them() {
    let place = place().await;
    let settings = place.settings();
    let plan = planned(&settings, wanted("corpus", "http://127.0.0.1:9/")).await;
    let Unfit { names, values, types, data } = plan.amounts.unfit;
    let unfit = single().filter(|(_, sample, _)| sample.http == Http::Structured).count() as u64;
    assert_eq!((names, values, types, data), (3, 1, 1, unfit - 5));
    let goes = |words: &str| plan.warnings.iter().any(|warning| warning.contains(words));
    assert!(
        goes("3 events go in structured mode: attribute names that do not fit HTTP headers"),
        "{:?}",
        plan.warnings
    );
    assert!(goes("--http structured"), "{:?}", plan.warnings);
    let encoded = single().filter(|(_, sample, event)| sample.http == Http::Binary && is_encoded(event)).count();
    assert_eq!(plan.amounts.encoded, encoded as u64);
    let request = Request { http_mode: HttpMode::Structured, ..wanted("corpus", "http://127.0.0.1:9/") };
    let plan = planned(&settings, request).await;
    assert_eq!((plan.amounts.unfit, plan.amounts.encoded), (Unfit::default(), 0));
    let plan = planned(&settings, wanted("corpus", "file:/tmp/never-written.ndjson")).await;
    assert!(plan.amounts.stripped.contains(&("traceparent".into(), 1)), "{:?}", plan.amounts.stripped);
}
