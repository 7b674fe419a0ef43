//! What is asked for is what is planned and done, neither more nor less, and what cannot be is said before.

use async_nats::{HeaderMap, jetstream};
use jetscope::model::replay::{Control, Destination, HttpMode, Pace, State};
use jetscope::nats::gate::Confirmation;
use jetscope::query::Range;
use jetscope::query::range::{End, Start};
use jetscope::replay::{self, Replays, Request, Wanted};
use serde_json::json;

use super::endpoint::endpoint;
use super::place::{Place, assert_exact, copies, fill, last_json};
use super::traps::{begin, completed, planned, until, wanted};
use crate::common::every_kind::{api, consumer};

/// A source of so many events, and a destination.
async fn place(events: usize) -> Place {
    let place = Place::new().await;
    place.stream("orders", &["orders.>"], json!({})).await;
    place.stream("copies", &["copy.>"], json!({})).await;
    fill(&place.nats, "orders", 0, events).await;
    place
}

fn last(count: u64, subjects: &[&str]) -> Request {
    let range = Range { start: Start::Last(count), end: End::Open };
    let subjects = subjects.iter().map(|s| (*s).to_owned()).collect();
    let wanted = Wanted::Range { stream: "orders".into(), range, subjects };
    Request::new(wanted, Destination::parse("copy.{subject}").unwrap())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_last_so_many_are_so_many_also_where_messages_are_missing() {
    let place = place(300).await;
    // Two of three are gone, and unevenly so.
    for seq in (1..=300).filter(|seq| seq % 3 != 0 || (200..=240).contains(seq)) {
        api(&place.nats, "STREAM.MSG.DELETE.orders", json!({"seq": seq})).await;
    }
    let there: Vec<u64> = (1..=300).filter(|seq| seq % 3 == 0 && !(200..=240).contains(seq)).collect();
    for count in [1, 7, 30, 60, 500] {
        let plan = planned(&place.settings(), last(count, &[])).await;
        let first = there[there.len().saturating_sub(count as usize)];
        let begins = plan.amounts.first.map(|(seq, _)| seq);
        assert_eq!((plan.amounts.planned, begins), ((count as usize).min(there.len()) as u64, Some(first)), "{count}");
    }
    let of_two = planned(&place.settings(), last(9, &["orders.2", "orders.5"])).await;
    assert_eq!(of_two.amounts.planned, 9);
    completed(begin(&place, last(7, &[])).await).await;
    assert_exact(&copies(&place.read("copies").await), there[there.len() - 7..].to_vec());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_missing_of_a_range_counts_also_at_its_beginning() {
    let place = place(50).await;
    api(&place.nats, "STREAM.PURGE.orders", json!({"seq": 11})).await;
    api(&place.nats, "STREAM.MSG.DELETE.orders", json!({"seq": 20})).await;
    let range = Range { start: Start::Seq(3), end: End::Seq(30) };
    let asked = Wanted::Range { stream: "orders".into(), range, subjects: vec![] };
    let plan = planned(&place.settings(), Request::new(asked, Destination::parse("copy.{subject}").unwrap())).await;
    assert_eq!((plan.amounts.planned, plan.amounts.gaps), (19, Some(9)), "3 to 10, and 20");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_that_is_named_twice_is_sent_once() {
    let place = place(20).await;
    let list = [5, 9, 5, 2, 9].map(|seq| ("orders".to_owned(), seq)).to_vec();
    let to = Destination::parse("copy.{subject}").unwrap();
    let done = completed(begin(&place, Request::new(Wanted::List(list), to)).await).await;
    assert_eq!((done.planned, done.counters.sent), (3, 3));
    assert_eq!(copies(&place.read("copies").await), [5, 9, 2]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn words_of_a_tail_choose_the_same_as_there() {
    let place = place(60).await;
    let request = Request { words: Some("type:com.acme.tested -plain".into()), ..wanted("orders", "copy.{subject}") };
    completed(begin(&place, request).await).await;
    assert_exact(&copies(&place.read("copies").await), (1..=60).filter(|seq| seq % 3 != 0));
    // Both have to be true of one event.
    let filter = Some("id IN ('3', '4', '5')".into());
    let request = Request { words: Some("id:3".into()), filter, ..wanted("orders", "copy.again.{subject}") };
    assert_eq!(planned(&place.settings(), request).await.amounts.planned, 1);
    let wrong = Request { words: Some("\"open".into()), ..wanted("orders", "copy.{subject}") };
    assert!(replay::plan(&place.settings(), wrong).await.is_err());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn copies_that_go_back_where_they_came_from_are_told_however_that_is_written() {
    let place = place(30).await;
    consumer(&place.nats, "orders", "billing", json!({"durable_name": "billing", "ack_policy": "explicit"})).await;
    for to in ["original", "{subject}", "orders.{2}"] {
        let plan = planned(&place.settings(), wanted("orders", to)).await;
        assert!(plan.reaches_everybody(), "{to}");
        let told = "they go to the original subjects: consumer billing of orders receives them again";
        assert!(plan.warnings.iter().any(|w| w == told), "{to}: {:?}", plan.warnings);
    }
    let elsewhere = planned(&place.settings(), wanted("orders", "copy.{2}")).await;
    assert!(!elsewhere.reaches_everybody() && elsewhere.amounts.same_subject == 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn our_own_readers_receive_nothing() {
    let place = place(5).await;
    consumer(&place.nats, "copies", "reader", json!({"durable_name": "reader", "ack_policy": "explicit"})).await;
    consumer(
        &place.nats,
        "copies",
        "jetscope-tail-x",
        json!({"name": "jetscope-tail-x", "ack_policy": "none", "inactive_threshold": 60_000_000_000_u64,
               "metadata": {"io.jetscope": "tail"}}),
    )
    .await;
    let plan = planned(&place.settings(), wanted("orders", "copy.{subject}")).await;
    let names: Vec<String> = plan.capture.unwrap().receivers.into_iter().map(|r| r.name).collect();
    assert_eq!(names, ["reader"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_batch_is_taken_apart_where_events_go_one_by_one() {
    let place = place(0).await;
    let one = r#"{"specversion":"1.0","id":"1","source":"/a","type":"t"}"#;
    let js = jetstream::new(place.nats.clone());
    for (subject, content_type, body) in [
        (
            "orders.batch",
            "application/cloudevents-batch+json",
            format!("[{one},{}]", one.replace(r#""id":"1""#, r#""id":"2""#)),
        ),
        ("orders.one", "application/cloudevents+json", one.to_owned()),
        ("orders.plain", "text/plain", "plain".to_owned()),
    ] {
        let headers = HeaderMap::from_iter([("Content-Type".parse().unwrap(), content_type.into())]);
        js.publish_with_headers(subject, headers, body.into()).await.unwrap().await.unwrap();
    }
    js.publish("orders.cut", format!("[{one},{{").into()).await.unwrap().await.unwrap();
    let path = place.home.path().join("out.ndjson");
    let to_file = wanted("orders", &format!("file:{}", path.display()));
    let plan = planned(&place.settings(), to_file.clone()).await;
    let (amounts, skipped) = (&plan.amounts, plan.amounts.skipped);
    assert_eq!((amounts.planned, amounts.batches, amounts.batch_events), (2, 1, 2), "{skipped:?}");
    assert_eq!(skipped.batches + skipped.no_event, 2, "plain, and a batch that breaks off: {skipped:?}");
    assert!(plan.warnings[0].starts_with("2 of 4 are not sent: "), "{:?}", plan.warnings);
    completed(begin(&place, to_file).await).await;
    let text = std::fs::read_to_string(&path).unwrap();
    let ids = |text: &str| -> Vec<String> {
        let event = |line: &str| serde_json::from_str::<serde_json::Value>(line).unwrap();
        text.lines()
            .map(|line| format!("{}/{}", event(line)["id"], event(line)["replayseq"]).replace('"', ""))
            .collect()
    };
    assert_eq!(ids(&text), ["1/1", "2/1", "1/2"]);
    // Of a batch only what a filter lets through, and one request each.
    let (url, received) = endpoint(&["200 OK\r\n", "503 Busy\r\n"]);
    let both = Request { http_mode: HttpMode::Structured, ..wanted("orders", &url) };
    completed(begin(&place, both.clone()).await).await;
    let second = Request { filter: Some("id = '2'".into()), ..both };
    let last = completed(begin(&place, second).await).await;
    assert_eq!(last.counters.sent, 1);
    let bodies: Vec<String> = received.lock().unwrap().iter().map(|(_, body)| body.clone()).collect();
    assert_eq!(ids(&bodies.join("\n")), ["1/1", "2/1", "1/2", "2/1"]);
    let whole = planned(&place.settings(), wanted("orders", "copy.{subject}")).await;
    assert_eq!(whole.amounts.planned, 4, "a stream takes batches as they are");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_would_fail_is_said_in_the_plan() {
    let place = place(20).await;
    let settings = place.settings();
    place.stream("wanted", &["wanted.>"], json!({"retention": "interest"})).await;
    place.stream("values", &["values.>"], json!({"max_msgs_per_subject": 1})).await;
    let full = place.home.path().join("full.ndjson");
    std::fs::write(&full, "{}").unwrap();
    let file = |path: &str| format!("file:{}", place.home.path().join(path).display());
    for (request, obstacle) in [
        (wanted("orders", &file("full.ndjson")), "has something in it already"),
        (wanted("orders", &file("none/x.ndjson")), "does not exist"),
        (wanted("orders", &format!("file:{}", place.home.path().display())), "is a folder"),
        (
            Request { watch: Some(("nobody".into(), 5)), ..wanted("orders", "copy.{subject}") },
            "nobody cannot be watched",
        ),
        (Request { watch: Some(("x".into(), 5)), ..wanted("orders", &file("x")) }, "name its stream too"),
        (wanted("orders", "nowhere.{subject}"), "up to 256 events in flight"),
    ] {
        let plan = planned(&settings, request).await;
        assert!(plan.obstacles.iter().any(|o| o.contains(obstacle)), "{obstacle}: {:?}", plan.obstacles);
    }
    for (to, warning) in [
        ("wanted.{subject}", "all copies are dropped"),
        ("values.{subject}", "of 10 subjects more than that come"),
        ("values.{subject}.{subject}", "keeps 1 message of a subject"),
    ] {
        let plan = planned(&settings, wanted("orders", to)).await;
        assert!(plan.warnings.iter().any(|w| w.contains(warning)), "{warning}: {:?}", plan.warnings);
    }
    // Where nothing is sent, nothing is said of where.
    let none = Request { filter: Some("FALSE".into()), ..wanted("orders", "nowhere.{subject}") };
    let plan = planned(&settings, none).await;
    assert_eq!((plan.obstacles.len(), plan.warnings.len()), (1, 0), "{:?}", plan.obstacles);
    let zero = Request { window: Some(0), ..wanted("orders", "copy.{subject}") };
    assert!(replay::plan(&settings, zero).await.is_err());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_source_that_was_made_again_is_another_one() {
    let place = place(20).await;
    let settings = place.settings();
    let plan = planned(&settings, wanted("orders", "copy.{subject}")).await;
    api(&place.nats, "STREAM.DELETE.orders", json!(null)).await;
    place.stream("orders", &["orders.>"], json!({})).await;
    fill(&place.nats, "orders", 500, 520).await;
    let replays = Replays::new(settings.state_dir());
    let refused = replays.start(&settings, plan.clone(), &Confirmation::Yes).await.unwrap_err().to_string();
    assert!(refused.contains("deleted and made again"), "{refused}");
    assert!(place.read("copies").await.is_empty() && replays.list().is_empty(), "nothing is left of it");
    let other = jetscope::model::replay::Plan { version: 99, ..plan };
    let refused = replays.start(&settings, other, &Confirmation::Yes).await.unwrap_err().to_string();
    assert!(refused.contains("another version"), "{refused}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_the_destination_dropped_meanwhile_is_told() {
    let place = place(200).await;
    place.stream("few", &["few.>"], json!({"max_msgs": 50})).await;
    let running = begin(&place, wanted("orders", "few.{subject}")).await;
    let last = running.ended().await;
    assert_eq!((last.state, last.counters.sent), (State::Completed, 200));
    assert!(last.reason.is_some_and(|r| r.contains("50 of 200 are still there")));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn other_processes_tell_it_step_by_step() {
    let place = place(40).await;
    let running = begin(&place, Request { pace: Pace::Step, ..wanted("orders", "copy.{subject}") }).await;
    until(&running, "waiting", |p| p.state == State::Paused).await;
    let replays = Replays::new(place.settings().state_dir());
    for _ in 0..5 {
        replays.tell(&running.plan.id, Control::Step).unwrap();
    }
    until(&running, "five steps", |p| p.counters.sent == 5 && p.in_flight == 0).await;
    let id = running.plan.id.clone();
    assert!(place.replay(&["step", &id]).await.status.success());
    until(&running, "six steps", |p| p.counters.sent == 6).await;
    assert!(place.replay(&["pace", &id, "max", "--json"]).await.status.success());
    completed(running).await;
    assert_exact(&copies(&place.read("copies").await), 1..=40);
    let out = place.replay(&["step", &id]).await;
    assert_eq!(out.status.code(), Some(2), "it is over");
    let out = place.replay(&["list", "--json"]).await;
    assert_eq!(last_json(&out)["progress"]["state"], "COMPLETED");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_file_with_a_line_that_is_no_event_is_refused_and_blank_lines_are_passed_over() {
    let place = place(0).await;
    let path = place.home.path().join("in.ndjson");
    let event = r#"{"specversion":"1.0","id":"1","source":"/a","type":"t","natssubject":"x.y"}"#;
    let request = Request::new(Wanted::File(path.clone()), Destination::parse("copy.{subject}").unwrap());
    for (text, line) in [(format!("hello\n{event}\n"), 1), (format!("{event}\n\n[1,2]\n"), 3)] {
        std::fs::write(&path, text).unwrap();
        let refused = jetscope::replay::plan(&place.settings(), request.clone()).await.unwrap_err().to_string();
        assert!(refused.contains(&format!("line {line} of in.ndjson is neither")), "{refused}");
    }
    std::fs::write(&path, format!("\n{event}\n\n")).unwrap();
    let plan = planned(&place.settings(), request.clone()).await;
    assert_eq!((plan.amounts.planned, plan.amounts.skipped.total()), (1, 0), "{:?}", plan.amounts);
    completed(begin(&place, request).await).await;
    let there = place.read("copies").await;
    assert_eq!((there.len(), &*there[0].subject), (1, "copy.x.y"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_the_server_acts_on_is_said_in_the_plan() {
    let place = Place::new().await;
    place.stream("orders", &["orders.>"], json!({"allow_msg_ttl": true, "allow_msg_schedules": true})).await;
    let js = jetstream::new(place.nats.clone());
    for (name, value) in [("Nats-TTL", "1h"), ("Nats-Msg-Id", "mine"), ("Nats-TTL", "2h")] {
        let headers = HeaderMap::from_iter([(name.parse().unwrap(), value.into())]);
        js.publish_with_headers("orders.a", headers, "x".into()).await.unwrap().await.unwrap();
    }
    let tight = json!({"max_msgs_per_subject": 2, "discard": "new", "discard_new_per_subject": true});
    place.stream("tight", &["tight.>"], tight).await;
    let plan = planned(&place.settings(), wanted("orders", "tight.{subject}")).await;
    for part in
        ["2 messages have a Nats-TTL header, which is not copied", "of 1 subject more than that come: the replay waits"]
    {
        assert!(plan.warnings.iter().any(|w| w.contains(part)), "{part}: {:?}", plan.warnings);
    }
    assert!(!plan.warnings.iter().any(|w| w.contains("only the newest stay")), "{:?}", plan.warnings);
    // And so it is.
    let running = begin(&place, wanted("orders", "tight.{subject}")).await;
    let full = until(&running, "full", |p| p.state == State::Paused && p.counters.sent == 2).await;
    assert!(full.waits && full.reason.as_deref().unwrap().contains("is full"), "{full:?}");
    running.tell(Control::Cancel).await;
    place.stream("sums", &["sums.>"], json!({"allow_msg_counter": true, "allow_direct": true})).await;
    let plan = planned(&place.settings(), wanted("orders", "sums.{subject}")).await;
    assert!(plan.obstacles.iter().any(|o| o.contains("sums keeps counters")), "{:?}", plan.obstacles);
}
