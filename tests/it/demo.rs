//! The demo on a real server: the promised world is there, events flow, and it ends without a trace.

use std::path::Path;
use std::time::{Duration, Instant};

use jetscope::config::Connection;
use jetscope::demo::server::{OLDEST, free_port};
use jetscope::demo::{Demo, DemoError, DemoSpec};
use jetscope::model::{AckPolicy, Consumer, Delivery, Discard, Retention, Storage, Stream};
use jetscope::nats::{self, Api};

/// What is promised must be so by then.
const DEADLINE: Duration = Duration::from_secs(20);

/// Asks until the answer is yes; `what` says what is waited for.
async fn until<F: Future<Output = bool>>(what: &str, mut ask: impl FnMut() -> F) {
    let started = Instant::now();
    while !ask().await {
        assert!(started.elapsed() < DEADLINE, "not within {DEADLINE:?}: {what}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

/// Runs a demo and looks at it through the console's own client.
async fn start(spec: &DemoSpec) -> (Demo, Api) {
    let demo = Demo::start(spec).await.expect("a demo");
    let client = nats::open(&Connection::to(demo.url())).await.expect("a connection");
    (demo, Api::new(client))
}

async fn stream(api: &Api, name: &str) -> Stream {
    api.stream(name).await.unwrap_or_else(|problem| panic!("{name}: {}", problem.sentence))
}

/// Waits until this consumer is as promised.
async fn becomes(api: &Api, stream: &str, name: &str, promised: impl Fn(&Consumer) -> bool) {
    let promised = &promised;
    until(&format!("{stream} > {name}"), || async move {
        api.consumer(stream, name).await.is_ok_and(|consumer| promised(&consumer))
    })
    .await;
}

/// Everything ever stored in the streams that are published to.
async fn published(api: &Api) -> u64 {
    let listing = api.streams().await;
    listing.items.iter().filter(|s| s.config.mirror.is_none()).map(|s| s.state.last_seq).sum()
}

fn alive(pid: u32) -> bool {
    Path::new(&format!("/proc/{pid}/stat")).exists()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_streams_are_as_promised() {
    let (_demo, api) = start(&DemoSpec::default()).await;

    let listing = api.streams().await;
    assert!(listing.items.len() >= 10 && listing.problem.is_none(), "{:?}", listing.problem);

    let github = stream(&api, "eventsource-github-stream").await;
    assert!(github.config.limits.max_age == Some(Duration::from_secs(7 * 86_400)));
    assert!(github.config.limits.max_bytes.is_some() && github.state.messages >= 3_000);
    let shop = stream(&api, "eventsource-shop-stream").await;
    assert_eq!(shop.config.limits, jetscope::model::Limits::default(), "the console warns of it");
    assert!(shop.state.messages >= 2_000);
    for (name, limit) in [("eventchannel-mail-stream", "max_msgs"), ("eventchannel-erp-stream", "max_bytes")] {
        let full = stream(&api, name).await;
        let fullness = full.fullness().expect("a limit");
        assert_eq!(fullness.limit, limit);
        assert!(fullness.ratio > 0.8, "{name}: {fullness:?}");
        assert_eq!(full.config.discard, Discard::Old);
    }
    assert_eq!(stream(&api, "jobs").await.config.retention, Retention::WorkQueue);
    assert_eq!(stream(&api, "audit").await.config.retention, Retention::Interest);
    let metrics = stream(&api, "metrics").await;
    assert_eq!(
        (metrics.config.storage, metrics.config.limits.max_age),
        (Storage::Memory, Some(Duration::from_secs(120)))
    );
    assert_eq!(stream(&api, "eventsource-weather-stream").await.state.consumers, 0);
    until("the mirror copies", || async {
        let mirror = stream(&api, "github-archive").await;
        mirror.mirror.is_some_and(|m| m.name == "eventsource-github-stream") && mirror.state.messages >= 3_000
    })
    .await;
    until("a setting", || async { stream(&api, "KV_settings").await.state.messages > 0 }).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_consumer_gets_into_its_state() {
    let (_demo, api) = start(&DemoSpec::default()).await;
    let github = "eventsource-github-stream";
    let erp = "eventchannel-erp-stream";

    let quick = |c: &Consumer| c.waiting > 0 && c.delivered.stream_seq > 2_000 && c.outstanding() < 50;
    becomes(&api, github, "indexer", quick).await;
    // No pull of it waits: there is always more to answer it with.
    becomes(&api, github, "notifier", |c| c.ack_floor.consumer_seq > 20 && c.outstanding() > 2_000).await;
    let slow = api.consumer(github, "notifier").await.expect("an answer");
    becomes(&api, github, "notifier", |c| {
        c.ack_floor.consumer_seq > slow.ack_floor.consumer_seq + 20 && c.outstanding() > slow.outstanding()
    })
    .await;
    becomes(&api, github, "webhook-relay", |c| c.ack_pending == 200 && c.waiting == 0 && c.pending > 2_500).await;
    let crashed = api.consumer(github, "webhook-relay").await.expect("an answer").outstanding();
    becomes(&api, github, "webhook-relay", |c| c.outstanding() > crashed).await;
    becomes(&api, github, "merge-bot", |c| c.config.filter_subjects.len() == 2 && c.outstanding() < 50).await;
    becomes(&api, github, "release-notes", |c| c.paused && c.pending > 50 && c.delivered.consumer_seq == 0).await;

    becomes(&api, erp, "sap-bridge", |c| c.ack_pending == 100 && c.config.max_ack_pending == Some(100)).await;
    becomes(&api, erp, "sap-bridge", |c| c.waiting > 0 && c.pending > 1_000).await;
    becomes(&api, erp, "nightly-export", |c| c.config.delivery.word() == "push" && !c.push_bound && c.pending > 2_000)
        .await;
    becomes(&api, "eventchannel-mail-stream", "mail-sender", |c| {
        c.push_bound
            && matches!(&c.config.delivery, Delivery::Push { group: Some(group), .. } if group == "senders")
            && c.outstanding() < 50
    })
    .await;
    becomes(&api, "eventchannel-mail-stream", "mail-counter", |c| {
        c.config.ack_policy == AckPolicy::None && c.outstanding() < 50
    })
    .await;
    becomes(&api, "eventsource-shop-stream", "bookkeeping", |c| {
        c.config.ack_policy == AckPolicy::All && c.ack_floor.stream_seq >= 1_900
    })
    .await;
    becomes(&api, "jobs", "mailer", |c| c.waiting > 0 && c.ack_floor.consumer_seq > 50).await;
    until("an ephemeral consumer", || async {
        let listing = api.consumers("metrics").await;
        listing.items.iter().any(|c| !c.config.durable && c.waiting > 0 && c.delivered.consumer_seq > 100)
    })
    .await;
    // The server gave up on some jobs: they stay although everything is taken.
    until("messages beyond max_deliver", || async {
        let renderer = api.consumer("jobs", "renderer").await.expect("an answer");
        let jobs = stream(&api, "jobs").await;
        renderer.config.max_deliver == Some(3) && renderer.pending == 0 && jobs.state.messages > renderer.ack_pending
    })
    .await;
}

/// Tasks of the two clients, the demo's and the test's.
const CLIENT_TASKS: usize = 6;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_rate_is_kept_and_the_end_leaves_nothing() {
    let metrics = tokio::runtime::Handle::current().metrics();
    let tasks = metrics.num_alive_tasks();
    let (demo, api) = start(&DemoSpec::default()).await;
    let (before, started) = (published(&api).await, Instant::now());
    until("six hundred events", || async { published(&api).await >= before + 600 }).await;
    let rate = (published(&api).await - before) as f64 / started.elapsed().as_secs_f64();
    assert!((100.0..300.0).contains(&rate), "{rate}");

    let (pid, dir) = (demo.server().pid().expect("a process"), demo.server().dir().to_owned());
    assert!(alive(pid) && dir.exists());
    drop(api);
    drop(demo);
    until("the process is gone", || async { !alive(pid) }).await;
    assert!(!dir.exists());
    // The clients' own tasks are not counted: one that is not scheduled before the server dies goes on trying to
    // reconnect, and nobody can end it. Those of the demo are owned by it, and end with it.
    until("the demo's tasks are gone", || async { metrics.num_alive_tasks() <= tasks + CLIENT_TASKS }).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn publishers_and_workers_survive_a_restart() {
    let (mut demo, api) = start(&DemoSpec::default()).await;
    becomes(&api, "eventsource-github-stream", "indexer", |c| c.waiting > 0 && c.outstanding() < 50).await;
    becomes(&api, "eventchannel-mail-stream", "mail-sender", |c| c.push_bound && c.outstanding() < 50).await;
    becomes(&api, "eventchannel-erp-stream", "sap-bridge", |c| c.ack_pending == 100 && c.waiting > 0).await;
    let before = stream(&api, "eventsource-github-stream").await.state.last_seq;

    demo.server_mut().kill();
    demo.server_mut().restart().expect("the server again");

    until("events flow again", || async {
        api.stream("eventsource-github-stream").await.is_ok_and(|s| s.state.last_seq > before + 100)
    })
    .await;
    becomes(&api, "eventsource-github-stream", "indexer", |c| {
        c.waiting > 0 && c.outstanding() < 50 && c.delivered.stream_seq > before
    })
    .await;
    becomes(&api, "eventchannel-mail-stream", "mail-sender", |c| c.push_bound && c.outstanding() < 50).await;
    becomes(&api, "eventchannel-erp-stream", "sap-bridge", |c| c.ack_pending == 100 && c.waiting > 0).await;
    // It was in memory, so it is a new one.
    until("the memory stream is there again", || async {
        api.stream("metrics").await.is_ok_and(|s| s.state.messages > 20)
    })
    .await;
    becomes(&api, "metrics", "alerts", |c| c.waiting > 0 && c.delivered.consumer_seq > 0).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_oldest_server_will_do() {
    let (_demo, api) = start(&DemoSpec { version: Some(OLDEST.into()), ..Default::default() }).await;
    assert_eq!(api.client().server().version, OLDEST);
    assert!(api.streams().await.items.len() >= 10);
    becomes(&api, "eventsource-github-stream", "indexer", |c| c.waiting > 0 && c.outstanding() < 50).await;
    becomes(&api, "eventchannel-mail-stream", "mail-sender", |c| c.push_bound && c.outstanding() < 50).await;
    becomes(&api, "eventchannel-erp-stream", "sap-bridge", |c| c.ack_pending == 100 && c.waiting > 0).await;
    // It cannot pause, so nothing says that it would.
    let consumers = api.consumers("eventsource-github-stream").await;
    assert!(consumers.items.iter().all(|c| c.config.pause_until.is_none() && !c.paused));
    let before = published(&api).await;
    until("events flow", || async { published(&api).await > before + 200 }).await;
}

#[tokio::test]
async fn what_cannot_be_played_is_said_with_the_next_step() {
    let port = free_port().expect("a port");
    let _taken = std::net::TcpListener::bind(("127.0.0.1", port)).expect("the port");
    let error = Demo::start(&DemoSpec { port: Some(port), ..Default::default() }).await.unwrap_err();
    assert!(matches!(error, DemoError::PortTaken(_)) && error.to_string().contains("choose another"), "{error}");
    let error = Demo::start(&DemoSpec { rate: f64::NAN, ..Default::default() }).await.unwrap_err();
    assert!(error.to_string().contains("choose a rate"), "{error}");
    let error = Demo::start(&DemoSpec { version: Some("9.9.9".into()), ..Default::default() }).await.unwrap_err();
    assert!(error.to_string().contains("make setup"), "{error}");
}

#[test]
fn the_scene_plays_to_its_end() {
    let home = tempfile::tempdir().expect("a directory");
    let output = std::process::Command::new(env!("CARGO_BIN_EXE_jetscope"))
        .args(["demo", "--scene", "--rate", "400"])
        .envs([("HOME", home.path()), ("XDG_STATE_HOME", home.path()), ("XDG_CONFIG_HOME", home.path())])
        .output()
        .expect("it runs");
    let (said, noted) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    // It looks for itself at what came of each step.
    assert!(output.status.success(), "{noted}\n{said}");
    for words in ["Nothing was done", "in order; it was busy", "COMPLETED", "read back", "That was all"] {
        assert!(said.contains(words), "{words}: {said}");
    }
    assert_eq!(said.matches("took  ").count(), 2, "moved and moved back: {said}");
    let tokens = said.split_ascii_whitespace().map(|token| token.trim_end_matches("/events"));
    let endpoint = tokens.clone().find_map(|token| token.strip_prefix("http://")).expect("an address");
    assert!(std::net::TcpStream::connect(endpoint).is_err(), "the endpoint is gone");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_client_is_stopped_and_started_over_http() {
    let (demo, api) = start(&DemoSpec::default()).await;
    let url = demo.endpoint().url();
    let ask = async |method: &'static str, path: &str| {
        let (url, get) = (format!("{url}{path}"), method == "GET");
        tokio::task::spawn_blocking(move || {
            let agent = ureq::Agent::config_builder().http_status_as_error(false).build().new_agent();
            let mut answer = if get { agent.get(&url).call() } else { agent.post(&url).send("{}") }.expect("an answer");
            (answer.status().as_u16(), answer.body_mut().read_to_string().expect("a text"))
        })
        .await
        .expect("an answer")
    };
    becomes(&api, "jobs", "mailer", |c| c.waiting > 0).await;
    assert_eq!(ask("POST", "/stop/mailer").await.0, 200);
    becomes(&api, "jobs", "mailer", |c| c.waiting == 0 && c.outstanding() > 5).await;
    assert!(ask("GET", "/").await.1.contains("stopped: mailer\n"));
    assert_eq!(ask("POST", "/start/mailer").await.0, 200);
    becomes(&api, "jobs", "mailer", |c| c.waiting > 0 && c.outstanding() == 0).await;
    assert_eq!(ask("POST", "/stop/nobody").await.0, 404);
    assert_eq!(ask("POST", "/events").await.0, 400, "no event");
}
