//! Where nobody can find out what arrived: what is given up is what was in flight, and is told.

use std::process::{Child, Command, Stdio};
use std::time::Duration;

use futures_util::StreamExt;
use jetscope::model::replay::{Pace, State};
use jetscope::replay::{Replays, Request};
use serde_json::Value;
use tokio::time::{sleep, timeout};

use super::doors::place;
use super::endpoint::{encrypted, endpoint, sequences};
use super::place::{PATIENCE, Place, last_json};
use super::traps::{begin, planned, wanted};
use crate::common::certs::Ca;

const ONCE: [&str; 3] = ["--at-most-once", "--pace", "300/s"];

fn silent(mut command: Command) -> Child {
    command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap()
}

/// Begins, or goes on.
fn next(place: &Place, to: &str) -> Child {
    match Replays::new(place.settings().state_dir()).list().first() {
        None => {
            let what = ["orders", "--range", "all", "--to", to, "--execute"];
            silent(place.command(&[&what[..], &ONCE[..]].concat()))
        }
        Some(run) => silent(place.command(&["resume", &run.plan.id])),
    }
}

/// Goes on to the end, as fast as it goes; the last line and the exit code.
async fn finish(place: &Place) -> (Value, Option<i32>) {
    let id = Replays::new(place.settings().state_dir()).list()[0].plan.id.clone();
    let out = place.replay(&["resume", &id, "--json"]).await;
    (last_json(&out), out.status.code())
}

/// That each arrived once at most, and that those that did not are among the uncertain ones.
fn assert_counted(arrived: &[u64], wanted: u64, (last, code): &(Value, Option<i32>), most: u64) {
    assert_eq!(last["state"], "COMPLETED", "{last}");
    let uncertain = last["uncertain"].as_u64().unwrap();
    assert_eq!(last["sent"].as_u64().unwrap() + uncertain, wanted, "{last}");
    assert!(arrived.windows(2).all(|pair| pair[0] < pair[1]), "one came twice, or too late");
    let lost = wanted - arrived.len() as u64;
    println!("{lost} lost, {uncertain} uncertain, {most} at most");
    assert!(lost <= uncertain && uncertain <= most, "{lost} lost, {uncertain} uncertain, {most} at most; {last}");
    assert_eq!(*code, Some(i32::from(uncertain > 0)), "{last}");
    let says = last["reason"].as_str().is_some_and(|reason| reason.contains(&format!("{uncertain} uncertain")));
    assert!(says || uncertain == 0, "{last}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn kill_9_gives_up_one_request_at_most_where_nothing_is_sent_twice() {
    let place = place(1_500).await;
    let (url, received) = endpoint(&[]);
    for kill in 0..4 {
        let mut child = next(&place, &url);
        let before = received.lock().unwrap().len();
        while received.lock().unwrap().len() < before + 20 + 7 * kill {
            sleep(Duration::from_millis(3)).await;
        }
        child.kill().unwrap();
        child.wait().unwrap();
    }
    let end = finish(&place).await;
    assert_counted(&sequences(&received), 1_000, &end, 4);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn kill_9_gives_up_what_was_in_flight_to_a_subject_without_a_stream() {
    let place = place(2_000).await;
    let mut heard = place.nats.subscribe("loose.>").await.unwrap();
    place.nats.flush().await.unwrap();
    let mut arrived = Vec::new();
    let seq = |message: &async_nats::Message| {
        let id = message.headers.as_ref().unwrap().get("Nats-Msg-Id").unwrap().as_str();
        id.rsplit_once(':').unwrap().1.parse::<u64>().unwrap()
    };
    for kill in 1..4 {
        let mut child = next(&place, "loose.{subject}");
        while arrived.len() < 150 * kill {
            arrived.push(seq(&timeout(PATIENCE, heard.next()).await.unwrap().unwrap()));
        }
        child.kill().unwrap();
        child.wait().unwrap();
    }
    let end = finish(&place).await;
    place.nats.flush().await.unwrap();
    while let Ok(Some(message)) = timeout(Duration::from_millis(300), heard.next()).await {
        arrived.push(seq(&message));
    }
    // At 300/s a quarter of a second is caught up at once: 75, and no more than that are in flight.
    assert_counted(&arrived, 2_000, &end, 3 * 80);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_certificate_that_is_not_valid_sends_nothing_and_is_named_at_once() {
    let place = place(30).await;
    let ca = Ca::new("somebody");
    let (url, received) = encrypted(&ca.leaf(&["localhost"]));
    let mut ids = Vec::new();
    for delivery in ["--at-least-once", "--at-most-once"] {
        let out = place.replay(&["orders", "--range", "all", "--to", &url, delivery, "--execute", "--json"]).await;
        let last = last_json(&out);
        assert_eq!((out.status.code(), &last["state"]), (Some(2), &"FAILED".into()), "{last}");
        assert_eq!((&last["sent"], &last["uncertain"]), (&0.into(), &0.into()), "{last}");
        assert!(last["reason"].as_str().unwrap().contains("the certificate of https://localhost"), "{last}");
        ids.push(last["id"].as_str().unwrap().to_owned());
    }
    let (expired, _) = encrypted(&ca.expired(&["localhost"]));
    let pem = place.home.path().join("ca.pem");
    std::fs::write(&pem, &ca.pem).unwrap();
    let mut command = place.command(&["orders", "--range", "all", "--to", &expired, "--execute", "--json"]);
    let out = command.env("SSL_CERT_FILE", &pem).output().unwrap();
    assert!(last_json(&out)["reason"].as_str().unwrap().contains("xpired"), "{}", last_json(&out));
    // Whoever trusts the authority goes on, and nothing is missing.
    let out = place.command(&["resume", &ids[1], "--json"]).env("SSL_CERT_FILE", &pem).output().unwrap();
    assert!(out.status.success(), "{}", last_json(&out));
    assert_eq!(sequences(&received).len(), 20);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_host_that_closes_at_once_was_sent_nothing() {
    let place = place(30).await;
    let (url, received) = endpoint(&["closed", "closed", "closed"]);
    let out = place.replay(&["orders", "--range", "all", "--to", &url, "--at-most-once", "--execute", "--json"]).await;
    // One that is slow to close is believed to stay.
    assert_counted(&sequences(&received), 20, &(last_json(&out), out.status.code()), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_endpoint_that_never_answers_does_not_use_all_of_them_up() {
    let place = place(30).await;
    let (url, received) = endpoint(&["hang up", "hang up", "hang up"]);
    let out = place.replay(&["orders", "--range", "all", "--to", &url, "--at-most-once", "--execute", "--json"]).await;
    let last = last_json(&out);
    assert_eq!((out.status.code(), &last["uncertain"]), (Some(2), &3.into()), "{last}");
    assert!(last["reason"].as_str().unwrap().contains("answered none"), "{last}");
    let end = finish(&place).await;
    assert_counted(&sequences(&received), 20, &end, 3);
    assert_eq!(sequences(&received).len(), 17);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_no_header_can_carry_is_named_before_anything_is_sent() {
    let place = place(3).await;
    let (url, received) = endpoint(&[]);
    let mut command = place.command(&["orders", "--range", "all", "--to", &url, "--execute"]);
    let out = command.env("JETSCOPE_HTTP_AUTHORIZATION", "Bearer hüsh").output().unwrap();
    let said = String::from_utf8_lossy(&out.stderr).into_owned();
    assert_eq!(out.status.code(), Some(2), "{said}");
    assert!(said.contains("JETSCOPE_HTTP_AUTHORIZATION") && !said.contains("sh\n"), "{said}");
    assert!(received.lock().unwrap().is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_endpoint_that_asks_for_no_pause_is_given_one() {
    let place = place(3).await;
    let (url, _) = endpoint(&[
        "503 Busy\r\nRetry-After: 0\r\n",
        "503 Busy\r\nRetry-After: Wed, 21 Oct 2015 07:28:00 GMT\r\n",
        "503 Busy\r\nRetry-After: -5\r\n",
    ]);
    let begun = tokio::time::Instant::now();
    let running = begin(&place, Request { pace: Pace::Max, ..wanted("orders", &url) }).await;
    let last = timeout(PATIENCE, running.ended()).await.unwrap();
    assert_eq!(last.state, State::Completed, "{last:?}");
    assert!(begun.elapsed() >= Duration::from_secs(3), "1 s, 1 s and 1 s: {:?}", begun.elapsed());
    let plan = planned(&place.settings(), wanted("orders", &url)).await;
    assert!(plan.obstacles.is_empty(), "{:?}", plan.obstacles);
}
