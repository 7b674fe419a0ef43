//! The destinations that are no stream of the same connection, the sources that are no range, and who may.

use std::time::Duration;

use async_nats::jetstream;
use futures_util::StreamExt;
use jetscope::config::{Env, Flags, Settings};
use jetscope::model::Access;
use jetscope::model::replay::{Delivery, HttpMode, Pace, State};
use jetscope::nats::gate::Confirmation;
use jetscope::replay::{Replays, Request, Wanted};
use serde_json::{Value, json};
use tokio::time::timeout;

use super::endpoint::{endpoint, header};
use super::place::{PATIENCE, Place, assert_exact, copies, event, fill, last_json};
use super::traps::{begin, completed, planned, until, wanted};
use crate::common::every_kind::{api, consumer};

pub(super) async fn place(events: usize) -> Place {
    let place = Place::new().await;
    place.stream("orders", &["orders.>"], json!({})).await;
    fill(&place.nats, "orders", 0, events).await;
    place
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_endpoint_receives_events_in_order_whatever_it_answers_in_between() {
    let place = place(90).await;
    let (url, received) = endpoint(&[
        "503 Service Unavailable\r\n",
        "200 OK\r\n",
        "202 Accepted\r\n",
        "429 Too Many Requests\r\nRetry-After: 1\r\n",
        "500 Internal Server Error\r\n",
    ]);
    let request = wanted("orders", &url);
    let plan = planned(&place.settings(), request.clone()).await;
    assert_eq!((plan.amounts.planned, plan.amounts.skipped.no_event), (60, 30), "plain messages are no events");
    let running = begin(&place, request).await;
    let waits = until(&running, "it waits", |p| p.state == State::Paused).await;
    assert!(waits.waits && waits.reason.as_deref().unwrap().contains("answers 503"), "{waits:?}");
    completed(running).await;
    let received = received.lock().unwrap();
    let ids: Vec<usize> = received.iter().map(|r| header(r, "ce-id").unwrap().parse().unwrap()).collect();
    assert_eq!(ids, (0..90).filter(|n| n % 3 != 2).collect::<Vec<_>>());
    let first = &received[0];
    assert_eq!((header(first, "ce-type"), header(first, "ce-replayseq")), (Some("com.acme.tested"), Some("1")));
    assert_eq!(header(first, "content-type"), Some("application/json"));
    let sent: Value = serde_json::from_str(&first.1).unwrap();
    assert_eq!(sent["n"], 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_endpoint_is_told_who_we_are_and_nothing_else_is() {
    let place = place(6).await;
    let (url, received) = endpoint(&["401 Unauthorized\r\n"]);
    let execute = ["orders", "--range", "all", "--to", &url, "--execute"];
    let said = |out: std::process::Output| String::from_utf8_lossy(&out.stderr).into_owned();
    let without = said(place.command(&execute).output().unwrap());
    assert!(without.contains("answers 401") && without.contains("JETSCOPE_HTTP_AUTHORIZATION"), "{without}");
    let out = place.command(&execute).env("JETSCOPE_HTTP_AUTHORIZATION", "Bearer hush").output().unwrap();
    assert!(out.status.success(), "{}", said(out));
    let received = received.lock().unwrap();
    assert_eq!(received.len(), 4);
    assert!(received.iter().all(|r| header(r, "authorization") == Some("Bearer hush")), "{received:?}");
    let found = std::process::Command::new("grep").arg("-r").arg("hush").arg(place.settings().state_dir()).output();
    assert_eq!(found.unwrap().status.code(), Some(1), "it is written down nowhere");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_endpoint_that_refuses_ends_it_and_it_goes_on_there() {
    let place = place(12).await;
    let (url, received) = endpoint(&["200 OK\r\n", "422 Unprocessable\r\n", "hang up", "hang up"]);
    let request = Request { http_mode: HttpMode::Structured, ..wanted("orders", &url) };
    let settings = place.settings();
    let running = begin(&place, request).await;
    let id = running.plan.id.clone();
    let last = timeout(PATIENCE, running.ended()).await.unwrap();
    assert_eq!((last.state, last.counters.sent), (State::Failed, 1), "{last:?}");
    assert!(last.reason.as_deref().unwrap().contains("answers 422"), "{last:?}");
    completed(Replays::new(settings.state_dir()).resume(&settings, &id, &Confirmation::Yes).await.unwrap()).await;
    let ids: Vec<String> = received
        .lock()
        .unwrap()
        .iter()
        .map(|(_, body)| serde_json::from_str::<Value>(body).unwrap()["id"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(ids, ["0", "1", "3", "4", "6", "7", "9", "10"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_an_endpoint_will_never_take_can_be_passed_over() {
    let place = place(12).await;
    let no_id = r#"{"specversion":"1.0","source":"/a","type":"t"}"#;
    let js = jetstream::new(place.nats.clone());
    js.publish("orders.broken", no_id.into()).await.unwrap().await.unwrap();
    let (url, received) = endpoint(&["200 OK\r\n", "422 Unprocessable\r\n"]);
    let request = Request { http_mode: HttpMode::Structured, ..wanted("orders", &url) };
    let plan = planned(&place.settings(), request.clone()).await;
    assert_eq!((plan.amounts.planned, plan.amounts.skipped.no_event), (8, 5), "without an id it is no event");
    let running = begin(&place, request).await;
    let id = running.plan.id.clone();
    let last = timeout(PATIENCE, running.ended()).await.unwrap();
    assert_eq!((last.state, last.refused), (State::Failed, Some(2)), "{last:?}");
    let out = place.replay(&["resume", &id, "--skip-refused", "--json"]).await;
    let last = last_json(&out);
    assert!(out.status.success(), "{last}");
    assert_eq!((&last["state"], &last["sent"], &last["failed"]), (&json!("COMPLETED"), &json!(7), &json!(1)));
    assert!(last["reason"].as_str().unwrap().contains("but for 1"), "{last}");
    let ids: Vec<String> = received
        .lock()
        .unwrap()
        .iter()
        .map(|(_, body)| serde_json::from_str::<Value>(body).unwrap()["id"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(ids, ["0", "3", "4", "6", "7", "9", "10"], "the refused one is not sent again");
    let out = place.replay(&["resume", &id, "--skip-refused"]).await;
    assert_eq!(out.status.code(), Some(2), "it is over");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_left_out_behind_a_refused_event_of_a_batch_is_counted() {
    let place = place(0).await;
    let js = jetstream::new(place.nats.clone());
    let event = |id: u32| json!({"specversion": "1.0", "id": id.to_string(), "source": "/a", "type": "t"});
    let mut headers = async_nats::HeaderMap::new();
    headers.insert("Content-Type", "application/cloudevents-batch+json");
    let batch = json!([event(1), event(2), event(3), event(4)]).to_string();
    js.publish_with_headers("orders.batch", headers, batch.into()).await.unwrap().await.unwrap();
    let (url, received) = endpoint(&["200 OK\r\n", "422 Unprocessable\r\n"]);
    let running = begin(&place, Request { http_mode: HttpMode::Structured, ..wanted("orders", &url) }).await;
    let last = timeout(PATIENCE, running.ended()).await.unwrap();
    assert_eq!((last.state, received.lock().unwrap().len()), (State::Failed, 1), "{last:?}");
    let reason = last.reason.unwrap();
    assert!(reason.contains("event 2 of 4") && reason.contains("the 2 events behind it in this batch"), "{reason}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn kill_9_leaves_one_request_uncertain_at_most() {
    let place = place(600).await;
    let (url, received) = endpoint(&[]);
    let mut id: Option<String> = None;
    for kill in 0..6 {
        let mut child = match &id {
            None => place.command(&["orders", "--range", "all", "--to", &url, "--pace", "400/s", "--execute"]),
            Some(id) => place.command(&["resume", id]),
        }
        .stderr(std::process::Stdio::null())
        .spawn()
        .unwrap();
        let before = received.lock().unwrap().len();
        while received.lock().unwrap().len() < before + 20 + kill {
            tokio::time::sleep(Duration::from_millis(3)).await;
        }
        child.kill().unwrap();
        child.wait().unwrap();
        id = Replays::new(place.settings().state_dir()).list().first().map(|run| run.plan.id.clone());
    }
    let out = place.replay(&["resume", &id.unwrap()]).await;
    assert!(out.status.success(), "{}", String::from_utf8_lossy(&out.stderr));
    let received = received.lock().unwrap();
    let mut seqs: Vec<u64> = received.iter().map(|r| header(r, "ce-replayseq").unwrap().parse().unwrap()).collect();
    let all = seqs.len();
    seqs.dedup();
    assert!(all - seqs.len() <= 6, "{} doubled in 6 kills", all - seqs.len());
    assert_exact(&seqs, (1..=600).filter(|seq| seq % 3 != 0));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_file_is_written_exactly_and_can_be_replayed_from() {
    let place = place(3_000).await;
    place.stream("copies", &["copy.>"], json!({})).await;
    let path = place.home.path().join("out.ndjson");
    let to = format!("file:{}", path.display());
    let mut child =
        place.command(&["orders", "--range", "all", "--to", &to, "--pace", "3000/s", "--execute"]).spawn().unwrap();
    while std::fs::metadata(&path).map_or(0, |m| m.len()) < 50_000 {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    child.kill().unwrap();
    child.wait().unwrap();
    let runs = Replays::new(place.settings().state_dir()).list();
    assert!(runs[0].orphaned && runs[0].progress.state == State::Running);
    let out = place.replay(&["resume", &runs[0].plan.id, "--json"]).await;
    assert_eq!(last_json(&out)["state"], "COMPLETED");
    let text = std::fs::read_to_string(&path).unwrap();
    let events: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let seqs: Vec<u64> = events.iter().map(|e| e["replayseq"].as_str().unwrap().parse().unwrap()).collect();
    assert_exact(&seqs, (1..=3_000).filter(|seq| seq % 3 != 0));
    assert_eq!((&events[0]["natssubject"], &events[0]["data"]["n"]), (&json!("orders.0"), &json!(0)));

    // And back, under the subjects that they had.
    let from = Request::new(
        Wanted::File(path.clone()),
        jetscope::model::replay::Destination::parse("copy.{subject}").unwrap(),
    );
    completed(begin(&place, from).await).await;
    let messages = place.read("copies").await;
    assert_exact(&copies(&messages), 1..=2_000);
    assert_eq!(&*messages[1].subject, "copy.orders.1");
    let body: Value = serde_json::from_slice(&messages[1].body).unwrap();
    assert_eq!((&body["id"], &body["replaycount"], &body["natssubject"]), (&json!("1"), &json!(2), &Value::Null));
    // A file that has something in it is left alone.
    let out = place.replay(&["orders", "--range", "all", "--to", &to, "--execute"]).await;
    assert!(!out.status.success() && String::from_utf8_lossy(&out.stderr).contains("has something in it already"));
    // Standard output: only events.
    let out = place.replay(&["orders", "--range", "1..3", "--to", "-", "--execute"]).await;
    assert!(out.status.success());
    assert_eq!(String::from_utf8_lossy(&out.stdout).lines().count(), 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_subject_without_a_stream_wants_to_know_what_to_do_about_doubt() {
    let place = place(700).await;
    let settings = place.settings();
    let plan = planned(&settings, wanted("orders", "loose.{subject}")).await;
    assert!(
        plan.obstacles.iter().any(|o| o.contains("up to 256 events in flight are uncertain")),
        "{:?}",
        plan.obstacles
    );
    let error = Replays::new(settings.state_dir()).start(&settings, plan, &Confirmation::Yes).await.unwrap_err();
    assert!(error.to_string().contains("cannot be run"), "{error}");
    for delivery in [Delivery::AtLeastOnce, Delivery::AtMostOnce] {
        let mut heard = place.nats.subscribe("loose.>").await.unwrap();
        place.nats.flush().await.unwrap();
        let request = Request { delivery: Some(delivery), ..wanted("orders", "loose.{subject}") };
        completed(begin(&place, request).await).await;
        for n in 0..700 {
            let message = timeout(PATIENCE, heard.next()).await.unwrap().unwrap();
            assert_eq!(message.subject.as_str(), format!("loose.orders.{}", n % 10));
        }
    }
    // A queue: it cannot be read again either.
    place.stream("queue", &["queue.>"], json!({"retention": "workqueue"})).await;
    let plan = planned(&settings, wanted("orders", "queue.{subject}")).await;
    assert!(plan.obstacles.iter().any(|o| o.contains("cannot be read again")), "{:?}", plan.obstacles);
    let request = Request { delivery: Some(Delivery::AtLeastOnce), ..wanted("orders", "queue.{subject}") };
    completed(begin(&place, request).await).await;
    assert_exact(&copies(&place.read("queue").await), 1..=700);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_consumer_missed_a_list_and_a_filter() {
    let place = place(100).await;
    place.stream("copies", &["copy.>"], json!({})).await;
    consumer(
        &place.nats,
        "orders",
        "slow",
        json!({"durable_name": "slow", "ack_policy": "all", "filter_subject": "orders.*"}),
    )
    .await;
    let js = jetstream::new(place.nats.clone());
    let slow: jetstream::consumer::PullConsumer = js.get_consumer_from_stream("slow", "orders").await.unwrap();
    let mut batch = slow.fetch().max_messages(40).messages().await.unwrap();
    while let Some(message) = batch.next().await {
        message.unwrap().double_ack().await.unwrap();
    }
    let to = jetscope::model::replay::Destination::parse("copy.missed.{subject}").unwrap();
    let missed = Request::new(Wanted::Consumer { stream: "orders".into(), consumer: "slow".into() }, to.clone());
    completed(begin(&place, missed).await).await;
    assert_exact(&copies(&place.read("copies").await), 41..=100);
    // A list keeps its order and passes over what is gone.
    api(&place.nats, "STREAM.PURGE.copies", json!({})).await;
    api(&place.nats, "STREAM.MSG.DELETE.orders", json!({"seq": 7})).await;
    let list = [50, 7, 3, 99].map(|seq| ("orders".to_owned(), seq)).to_vec();
    let plan = planned(&place.settings(), Request::new(Wanted::List(list.clone()), to.clone())).await;
    assert_eq!((plan.amounts.planned, plan.amounts.gaps), (3, Some(1)));
    completed(begin(&place, Request::new(Wanted::List(list), to)).await).await;
    assert_eq!(copies(&place.read("copies").await), [50, 3, 99]);
    // What a filter has no answer for is told before anything is sent.
    let request = Request { filter: Some("nats.seq > 98 AND data.none > 1".into()), ..wanted("orders", "copy.{2}") };
    let plan = planned(&place.settings(), request).await;
    let told =
        "2 events could not be judged, the first: #99 of orders: data.none is missing; by the filter they are left out";
    assert!(plan.warnings.iter().any(|warning| warning == told), "{:?}", plan.warnings);
    // Filters, and what comes of them.
    api(&place.nats, "STREAM.PURGE.copies", json!({})).await;
    let request = Request { filter: Some("id IN ('1', '27', '48')".into()), ..wanted("orders", "copy.{2}") };
    let last = completed(begin(&place, request).await).await;
    let found = copies(&place.read("copies").await);
    assert_eq!(found, [2, 28, 49]);
    assert_eq!(last.counters.skipped.filtered, 99 - found.len() as u64);
    assert!(event(1).len() > 250);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn another_context_and_what_may_be_done_in_it() {
    let (place, other) = (place(50).await, Place::new().await);
    other.stream("orders", &["orders.>"], json!({})).await;
    let home = place.home.path();
    let write = |name: &str, text: &str| {
        let path = home.join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    };
    write("nats/context/here.json", &json!({"url": place.server.url()}).to_string());
    write("nats/context/there.json", &json!({"url": other.server.url()}).to_string());
    write(
        "jetscope/config.toml",
        "[contexts.here]\naccess = \"read-only\"\n[contexts.there]\naccess = \"protected\"\n",
    );
    let text = home.to_str().unwrap();
    let env = Env::of([("HOME", text), ("XDG_STATE_HOME", text), ("XDG_CONFIG_HOME", text)]);
    let settings = Settings::load(&Flags { context: Some("here".into()), ..Default::default() }, &env).unwrap();
    assert_eq!(settings.access, Access::ReadOnly);
    let replays = Replays::new(settings.state_dir());
    // Where it is read from is not changed; where it is written to decides.
    let plan = planned(&settings, wanted("orders", "context:there")).await;
    let refused = replays.start(&settings, plan.clone(), &Confirmation::Yes).await.unwrap_err().to_string();
    assert!(refused.contains("type the context's name, \"there\""), "{refused}");
    let typed = Confirmation::Typed("there".into());
    completed(replays.start(&settings, plan, &typed).await.unwrap()).await;
    assert_exact(&copies(&other.read("orders").await), 1..=50);
    let plan = planned(&settings, wanted("orders", "original")).await;
    let refused = replays.start(&settings, plan, &typed).await.unwrap_err().to_string();
    assert!(refused.contains("read-only"), "{refused}");
    assert_eq!(place.read("orders").await.len(), 50);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn plans_as_scripts_use_them() {
    let place = place(200).await;
    place.stream("copies", &["replay.>"], json!({})).await;
    consumer(&place.nats, "copies", "reader", json!({"durable_name": "reader", "ack_policy": "explicit"})).await;
    let file = place.home.path().join("plan.json");
    let out =
        place.replay(&["orders", "--range", "11..", "--plan-out", file.to_str().unwrap(), "--reason", "a test"]).await;
    let text = String::from_utf8_lossy(&out.stdout).into_owned();
    assert!(out.status.success(), "{text}");
    for part in [
        "190, ",
        "first         #11",
        "last          #200",
        "0  outstanding of reader",
        "com.acme.tested",
        "Nothing was done",
    ] {
        assert!(text.contains(part), "{part}\n{text}");
    }
    assert!(place.read("copies").await.is_empty(), "nothing was done");
    // What comes after the plan is not in it.
    fill(&place.nats, "orders", 200, 230).await;
    let out = place.replay(&["run", file.to_str().unwrap(), "--json"]).await;
    let last = last_json(&out);
    assert!(out.status.success());
    assert_eq!((&last["state"], &last["sent"], &last["planned"]), (&json!("COMPLETED"), &json!(190), &json!(190)));
    assert_exact(&copies(&place.read("copies").await), 11..=200);
    let out = place.replay(&["run", file.to_str().unwrap()]).await;
    assert_eq!(out.status.code(), Some(2), "a plan is run once");
    let listed = place.replay(&["list", "--json"]).await;
    let run = last_json(&listed);
    assert_eq!((&run["progress"]["state"], &run["plan"]["reason"]), (&json!("COMPLETED"), &json!("a test")));
    let id = run["plan"]["id"].as_str().unwrap();
    let shown = place.replay(&["show", id]).await;
    assert!(String::from_utf8_lossy(&shown.stdout).contains("COMPLETED"));
    assert_eq!(place.replay(&["resume", id]).await.status.code(), Some(2));
    assert_eq!(place.replay(&["cancel", "nonsense"]).await.status.code(), Some(2));
    for (args, code) in [
        (&["orders", "--range", "900.."][..], 1),
        (&["orders"], 2),
        (&["nothing", "--range", "all"], 2),
        (&["orders", "--range", "all", "--to", "a b"], 2),
        (&["orders", "--range", "all", "--where", "type ="], 2),
    ] {
        assert_eq!(place.replay(args).await.status.code(), Some(code), "{args:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn it_stands_still_while_a_consumer_has_too_much_to_do() {
    let place = place(300).await;
    place.stream("copies", &["copy.>"], json!({})).await;
    consumer(&place.nats, "copies", "slow", json!({"durable_name": "slow", "ack_policy": "none"})).await;
    let request = Request {
        pace: Pace::PerSecond(60.0),
        watch: Some(("slow".into(), 100)),
        ..wanted("orders", "copy.{subject}")
    };
    let running = begin(&place, request).await;
    let paused = until(&running, "paused", |p| p.state == State::Paused).await;
    assert!(paused.waits && paused.outstanding.is_some_and(|n| n > 100), "{paused:?}");
    let js = jetstream::new(place.nats.clone());
    let slow: jetstream::consumer::PullConsumer = js.get_consumer_from_stream("slow", "copies").await.unwrap();
    let reading = tokio::spawn(async move {
        let mut messages = slow.messages().await.unwrap();
        while messages.next().await.is_some() {}
    });
    running.tell(jetscope::model::replay::Control::Pace(Pace::Max)).await;
    completed(running).await;
    reading.abort();
}
