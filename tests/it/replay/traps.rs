//! What can be in a replay's way, and what it does about it.

use std::time::Duration;

use async_nats::HeaderMap;
use async_nats::jetstream;
use futures_util::StreamExt;
use jetscope::config::{Env, Flags, Secret, Settings};
use jetscope::model::replay::{Control, Delivery, Destination, Pace, Plan, Progress, State};
use jetscope::nats::gate::Confirmation;
use jetscope::query::Range;
use jetscope::replay::{self, Replays, Request, Running, Wanted};
use serde_json::{Value, json};
use tokio::time::timeout;

use super::place::{PATIENCE, Place, assert_exact, copies, fill};
use crate::common::every_kind::{api, raw};

pub(crate) fn wanted(stream: &str, to: &str) -> Request {
    let range = Wanted::Range { stream: stream.into(), range: Range::ALL, subjects: vec![] };
    Request::new(range, Destination::parse(to).unwrap())
}

pub(crate) async fn planned(settings: &Settings, request: Request) -> Plan {
    replay::plan(settings, request).await.unwrap()
}

/// Plans and begins.
pub(crate) async fn begin(place: &Place, request: Request) -> Running {
    let settings = place.settings();
    let plan = planned(&settings, request).await;
    assert!(plan.obstacles.is_empty(), "{:?}", plan.obstacles);
    Replays::new(settings.state_dir()).start(&settings, plan, &Confirmation::Yes).await.unwrap()
}

/// Waits until it is so.
pub(crate) async fn until(running: &Running, what: &str, so: impl FnMut(&Progress) -> bool) -> Progress {
    let mut progress = running.progress();
    let mut so = so;
    let waited = timeout(PATIENCE, progress.wait_for(|p| so(p) || p.state.is_over())).await;
    let now =
        waited.unwrap_or_else(|_| panic!("not in time: {what}; {:?}", running.progress().borrow())).unwrap().clone();
    assert!(so(&now), "{what}: {now:?}");
    now
}

pub(crate) async fn completed(running: Running) -> Progress {
    let last = timeout(PATIENCE, running.ended()).await.unwrap();
    assert_eq!((last.state, last.reason.as_deref()), (State::Completed, None), "{last:?}");
    last
}

async fn failed(running: Running) -> String {
    let last = timeout(PATIENCE, running.ended()).await.unwrap();
    assert_eq!(last.state, State::Failed, "{last:?}");
    last.reason.unwrap()
}

async fn update(place: &Place, stream: &str, change: Value) {
    let info = api(&place.nats, &format!("STREAM.INFO.{stream}"), Value::Null).await;
    let mut config = info["config"].clone();
    for (field, value) in change.as_object().unwrap() {
        config[field] = value.clone();
    }
    api(&place.nats, &format!("STREAM.UPDATE.{stream}"), config).await;
}

/// A source of some events and a destination of this configuration.
async fn two(events: usize, more: Value) -> Place {
    let place = Place::new().await;
    place.stream("orders", &["orders.>"], json!({})).await;
    place.stream("copies", &["copy.>"], more).await;
    fill(&place.nats, "orders", 0, events).await;
    place
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_replay_to_its_own_subjects_ends_and_copies_of_copies_are_left_out() {
    let place = two(500, json!({})).await;
    let last = completed(begin(&place, wanted("orders", "original")).await).await;
    assert_eq!((last.counters.sent, last.planned), (500, 500));
    let messages = place.read("orders").await;
    assert_eq!(messages.len(), 1_000);
    assert_exact(&copies(&messages), 1..=500);
    for (message, copy) in messages[..500].iter().zip(&messages[500..]) {
        assert_eq!((&message.subject, message.header("ce-id")), (&copy.subject, copy.header("ce-id")));
        assert_eq!(copy.header("Jetscope-Original-Msg-Id"), message.header("Nats-Msg-Id"));
    }
    // Again: only what is no copy.
    let plan = planned(&place.settings(), wanted("orders", "original")).await;
    assert_eq!((plan.amounts.planned, plan.amounts.skipped.marked), (500, 500));
    assert!(plan.warnings.iter().any(|w| w.contains("into orders itself")), "{:?}", plan.warnings);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn control_headers_do_nothing_at_the_destination() {
    let place = Place::new().await;
    place.stream("orders", &["orders.>"], json!({"allow_rollup_hdrs": true})).await;
    place.stream("copies", &["copy.>"], json!({"allow_rollup_hdrs": true})).await;
    fill(&place.nats, "copy", 0, 5).await;
    let js = jetstream::new(place.nats.clone());
    for (name, value) in
        [("Nats-Rollup", "all"), ("Nats-Expected-Last-Sequence", "1"), ("Nats-Expected-Stream", "orders")]
    {
        let mut headers = HeaderMap::new();
        headers.insert(name, value);
        js.publish_with_headers("orders.a", headers, "x".into()).await.unwrap().await.unwrap();
    }
    let settings = place.settings();
    let plan = planned(&settings, wanted("orders", "copy.{subject}")).await;
    assert_eq!(plan.amounts.stripped.iter().map(|(_, n)| n).sum::<u64>(), 3, "{:?}", plan.amounts.stripped);
    assert!(plan.warnings.iter().any(|w| w.contains("Nats-Rollup")), "{:?}", plan.warnings);
    completed(begin(&place, wanted("orders", "copy.{subject}")).await).await;
    let messages = place.read("copies").await;
    assert_eq!(messages.len(), 8, "nothing was rolled up");
    let control = |m: &jetscope::model::Message| {
        let own = ["Nats-Msg-Id", "Nats-Expected-Stream", "Nats-Expected-Last-Msg-Id"];
        m.headers.iter().filter(|h| h.name.starts_with("Nats-") && !own.contains(&&*h.name)).count()
    };
    assert_eq!(messages[5..].iter().map(control).sum::<usize>(), 0);
    assert!(messages[5..].iter().all(|m| m.header("Nats-Expected-Stream") == Some("copies")));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_full_destination_pauses_it_until_there_is_room() {
    let place = two(2_000, json!({"max_msgs": 700, "discard": "new"})).await;
    let plan = planned(&place.settings(), wanted("orders", "copy.{subject}")).await;
    assert!(plan.warnings.iter().any(|w| w.contains("no room for all of it (max_msgs)")), "{:?}", plan.warnings);
    let running = begin(&place, wanted("orders", "copy.{subject}")).await;
    let full = until(&running, "full", |p| p.state == State::Paused).await;
    assert!(full.waits && full.reason.as_deref().unwrap().contains("is full"), "{full:?}");
    update(&place, "copies", json!({"max_msgs": 1_500})).await;
    until(&running, "full again", |p| p.state == State::Paused && p.counters.sent == 1_500).await;
    update(&place, "copies", json!({"max_msgs": -1})).await;
    let last = completed(running).await;
    assert_eq!((last.counters.sent, last.counters.reordered), (2_000, 0));
    assert_exact(&copies(&place.read("copies").await), 1..=2_000);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn batches_are_used_where_they_are_allowed_and_are_as_exact() {
    let place = two(5_000, json!({"allow_atomic": true, "max_msgs": 3_000, "discard": "new"})).await;
    let running = begin(&place, wanted("orders", "copy.{subject}")).await;
    until(&running, "full", |p| p.state == State::Paused && p.counters.sent > 1_900).await;
    update(&place, "copies", json!({"max_msgs": -1})).await;
    let last = completed(running).await;
    assert_eq!((last.counters.sent, last.counters.reordered), (5_000, 0));
    let messages = place.read("copies").await;
    assert_exact(&copies(&messages), 1..=5_000);
    assert!(messages.iter().filter(|m| m.header("Nats-Batch-Id").is_some()).count() > 4_000, "they came in batches");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn fast_ingest_is_used_where_it_is_allowed_and_is_as_exact() {
    let place = two(5_000, json!({"allow_batched": true, "max_msgs": 3_000, "discard": "new"})).await;
    let running = begin(&place, wanted("orders", "copy.{subject}")).await;
    let full = until(&running, "full", |p| p.state == State::Paused && p.counters.sent == 3_000).await;
    assert!(full.reason.as_deref().unwrap().contains("is full"), "{full:?}");
    update(&place, "copies", json!({"max_msgs": -1})).await;
    let last = completed(running).await;
    assert_eq!((last.counters.sent, last.counters.reordered), (5_000, 0));
    let messages = place.read("copies").await;
    assert_exact(&copies(&messages), 1..=5_000);
    assert!(messages.iter().all(|m| m.header("Nats-Expected-Last-Msg-Id").is_none()), "none demands another");
    // Step by step each of them is confirmed at once.
    let few = json!({"duplicate_window": 100_000_000, "allow_batched": true, "discard": "new"});
    place.stream("few", &["few.>"], few).await;
    let request = Request { pace: Pace::Step, ..wanted("orders", "few.{subject}") };
    let running = begin(&place, request).await;
    for n in 1..=3 {
        running.tell(Control::Step).await;
        until(&running, "a step", |p| p.counters.sent == n).await;
    }
    running.tell(Control::Pace(Pace::Max)).await;
    completed(running).await;
    assert_exact(&copies(&place.read("few").await), 1..=5_000);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_too_large_is_told_before_and_while_it_runs() {
    let place = two(300, json!({"max_msg_size": 400})).await;
    let plan = planned(&place.settings(), wanted("orders", "copy.{subject}")).await;
    assert!(plan.amounts.skipped.too_large > 0, "{:?}", plan.amounts.skipped);
    update(&place, "copies", json!({"max_msg_size": -1})).await;
    let slow = Request { pace: Pace::PerSecond(200.0), ..wanted("orders", "copy.{subject}") };
    let running = begin(&place, slow).await;
    until(&running, "it sends", |p| p.counters.sent > 10).await;
    update(&place, "copies", json!({"max_msg_size": 400})).await;
    let reason = failed(running).await;
    assert!(reason.contains("copies refuses #") && reason.contains("10054"), "{reason}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn subjects_that_are_not_captured_any_more_are_waited_for() {
    let place = two(500, json!({})).await;
    let slow = Request { pace: Pace::PerSecond(500.0), ..wanted("orders", "copy.{subject}") };
    let running = begin(&place, slow).await;
    until(&running, "it sends", |p| p.counters.sent > 50).await;
    update(&place, "copies", json!({"subjects": ["other.>"]})).await;
    let waits = until(&running, "nobody", |p| p.state == State::Paused && p.reason.is_some()).await;
    assert!(waits.reason.as_deref().unwrap().contains("nobody takes messages"), "{waits:?}");
    update(&place, "copies", json!({"subjects": ["copy.>"]})).await;
    completed(running).await;
    assert_exact(&copies(&place.read("copies").await), 1..=500);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_permission_that_is_missing_midway_is_named_and_it_can_be_resumed() {
    let users = |denied: &str| {
        format!(
            "authorization {{ users: [{{user: app, password: p}}
               {{user: me, password: p, permissions: {{publish: {{deny: [{denied}]}}}}}}] }}"
        )
    };
    let spec = jetscope::demo::ServerSpec { config: users(r#""copy.orders.7""#), ..Default::default() };
    let server = jetscope::demo::Server::start(&spec).unwrap();
    let with = async_nats::ConnectOptions::with_user_and_password("app".into(), "p".into());
    let nats = with.connect(server.url()).await.unwrap();
    let place = Place { server, nats, home: tempfile::tempdir().unwrap() };
    place.stream("orders", &["orders.>"], json!({})).await;
    place.stream("copies", &["copy.>"], json!({})).await;
    fill(&place.nats, "orders", 0, 100).await;
    let mut settings = place.settings();
    settings.connection.auth =
        jetscope::config::Auth::User("me".into(), jetscope::config::Credential::held("the test", "p"));
    let request = Request { pace: Pace::PerSecond(100.0), ..wanted("orders", "copy.{subject}") };
    let plan = planned(&settings, request).await;
    let (id, replays) = (plan.id.clone(), Replays::new(settings.state_dir()));
    let running = replays.start(&settings, plan, &Confirmation::Yes).await.unwrap();
    let reason = failed(running).await;
    assert!(reason.contains("no permission to publish to copy.orders.7"), "{reason}");
    // The permission is given, and it goes on where it was.
    let conf = place.server.dir().join("server.conf");
    let text = std::fs::read_to_string(&conf).unwrap().replace("copy.orders.7", "nothing");
    std::fs::write(&conf, text).unwrap();
    place.server.signal("HUP").unwrap();
    tokio::time::sleep(Duration::from_millis(300)).await;
    completed(replays.resume(&settings, &id, &Confirmation::Yes).await.unwrap()).await;
    settings.connection.auth = jetscope::config::Auth::None;
    let js = jetstream::new(place.nats.clone());
    assert_eq!(js.get_stream("copies").await.unwrap().cached_info().state.messages, 100);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_destination_that_is_deleted_ends_it_also_when_there_is_another_of_its_name() {
    let place = two(500, json!({})).await;
    let slow = Request { pace: Pace::PerSecond(400.0), ..wanted("orders", "copy.{subject}") };
    let running = begin(&place, slow).await;
    until(&running, "it sends", |p| p.counters.sent > 20).await;
    let id = running.plan.id.clone();
    api(&place.nats, "STREAM.DELETE.copies", Value::Null).await;
    let reason = failed(running).await;
    assert!(reason.contains("copies is not there any more"), "{reason}");
    place.stream("copies", &["copy.>"], json!({})).await;
    let settings = place.settings();
    let again = Replays::new(settings.state_dir()).resume(&settings, &id, &Confirmation::Yes).await.unwrap();
    let reason = failed(again).await;
    assert!(reason.contains("deleted and made again"), "{reason}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_journal_that_cannot_be_written_pauses_it() {
    let place = two(2_000, json!({})).await;
    let running = begin(&place, Request { pace: Pace::PerSecond(1_000.0), ..wanted("orders", "copy.{subject}") }).await;
    let beside = place.settings().state_dir().join("replays").join(&running.plan.id).join("checkpoint.tmp");
    until(&running, "it sends", |p| p.counters.sent > 100).await;
    // A disk that is full, as far as the journal can tell.
    while std::os::unix::fs::symlink("/dev/full", &beside).is_err() {
        let _ = std::fs::remove_file(&beside);
    }
    let full = until(&running, "paused", |p| p.state == State::Paused).await;
    assert!(full.reason.as_deref().unwrap().contains("No space left"), "{full:?}");
    std::fs::remove_file(&beside).unwrap();
    completed(running).await;
    assert_exact(&copies(&place.read("copies").await), 1..=2_000);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_replay_between_the_same_places_at_a_time() {
    let place = two(1_000, json!({})).await;
    let settings = place.settings();
    let replays = Replays::new(settings.state_dir());
    let request = || Request { pace: Pace::PerSecond(100.0), ..wanted("orders", "copy.{subject}") };
    let running = begin(&place, request()).await;
    until(&running, "it sends", |p| p.counters.sent > 5).await;
    let second = planned(&settings, request()).await;
    let refused = replays.start(&settings, second, &Confirmation::Yes).await.unwrap_err().to_string();
    assert!(refused.contains(&running.plan.id) && refused.contains("RUNNING"), "{refused}");
    // Nor by another process, nor the same one twice.
    let out = place.replay(&["orders", "--range", "all", "--to", "copy.{subject}", "--execute"]).await;
    let said = String::from_utf8_lossy(&out.stderr).into_owned();
    assert!(!out.status.success() && said.contains(&running.plan.id), "{said}");
    // Another process can pause it, let it go on, and end it.
    let id = running.plan.id.clone();
    assert!(place.replay(&["pause", &id]).await.status.success());
    let paused = until(&running, "paused", |p| p.state == State::Paused).await;
    assert!(!paused.waits);
    assert!(place.replay(&["resume", &id]).await.status.success());
    until(&running, "running", |p| p.state == State::Running).await;
    running.tell(Control::Pace(Pace::Times(1_000.0))).await;
    assert!(place.replay(&["cancel", &id]).await.status.success());
    let last = timeout(PATIENCE, running.ended()).await.unwrap();
    assert!(matches!(last.state, State::Cancelled | State::Completed), "{last:?}");
    let found = copies(&place.read("copies").await);
    assert_exact(&found, 1..=last.counters.sent);
    let audit = std::fs::read_to_string(settings.state_dir().join("audit.jsonl")).unwrap();
    let line: Value = serde_json::from_str(audit.lines().last().unwrap()).unwrap();
    assert_eq!((&line["id"], &line["state"]), (&json!(id), &json!(last.state.word())));
    // Now there is room for another.
    completed(begin(&place, wanted("orders", "copy.{subject}")).await).await;
    let _ = raw(&place.nats, "STREAM.INFO.copies", &Value::Null).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_may_not_ask_for_the_account_loses_nothing_on_the_way_to_a_subject() {
    let place = Place::with(
        r#"no_auth_user: app
        authorization { users: [
            {user: app, password: p}
            {user: me, password: p, permissions: {publish: ["plain.>", "$JS.API.STREAM.>", "$JS.API.CONSUMER.>"]}}
        ] }"#,
    )
    .await;
    place.stream("orders", &["orders.>"], json!({})).await;
    fill(&place.nats, "orders", 0, 3_000).await;
    let mut received = place.nats.subscribe("plain.>").await.unwrap();
    place.nats.flush().await.unwrap();
    let home = place.home.path().to_str().unwrap();
    let flags = Flags {
        server: Some(place.server.url()),
        user: Some(Secret::new("me")),
        password: Some(Secret::new("p")),
        ..Default::default()
    };
    let env = Env::of([("HOME", home), ("XDG_STATE_HOME", home), ("XDG_CONFIG_HOME", home)]);
    let settings = Settings::load(&flags, &env).unwrap();
    let request = Request { delivery: Some(Delivery::AtLeastOnce), ..wanted("orders", "plain.{subject}") };
    let plan = planned(&settings, request).await;
    assert!(plan.obstacles.is_empty(), "{:?}", plan.obstacles);
    let running = Replays::new(settings.state_dir()).start(&settings, plan, &Confirmation::Yes).await.unwrap();
    let last = timeout(PATIENCE, running.ended()).await.unwrap();
    assert_eq!((last.state, last.counters.sent), (State::Completed, 3_000), "{last:?}");
    for n in 0..3_000 {
        let copy = timeout(Duration::from_secs(10), received.next()).await;
        assert!(copy.is_ok(), "{n} of 3000 have arrived");
    }
}
