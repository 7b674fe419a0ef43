//! A cluster whose streams change their leaders while copies are in flight.

use std::time::Duration;

use async_nats::jetstream;
use jetscope::config::{Connection, Env, Flags, Settings};
use jetscope::demo::Server;
use jetscope::model::replay::Pace;
use jetscope::nats::gate::Confirmation;
use jetscope::nats::open;
use jetscope::query::range::{End, Range, Start};
use jetscope::replay::{Replays, Request, Running};
use serde_json::{Value, json};
use tokio::time::{Instant, sleep, timeout};

use super::drill::other_publisher;
use super::place::{assert_exact, copies, fill, read, read_range};
use super::traps::{completed, planned, until, wanted};
use crate::cluster::three;
use crate::common::every_kind::raw;
use crate::common::fixture;

/// Elections take some seconds, and on a loaded machine more.
const ELECTION: Duration = Duration::from_secs(45);

async fn leader(nats: &async_nats::Client, stream: &str) -> Option<String> {
    // Nobody answers between two leaders, or when the server that was asked has died.
    let asked = timeout(Duration::from_secs(1), nats.request(format!("$JS.API.STREAM.INFO.{stream}"), "".into())).await;
    let info: Value = serde_json::from_slice(&asked.ok()?.ok()?.payload).ok()?;
    info["cluster"]["leader"].as_str().map(str::to_owned)
}

/// What the destination allows.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Way {
    OneByOne,
    Batches,
    Fast,
}

/// A cluster of three with a stream `orders` that is full and a stream `copies` that is empty, each on all of them.
struct Trio {
    servers: Vec<Server>,
    urls: Vec<String>,
    nats: async_nats::Client,
    home: tempfile::TempDir,
}

impl Trio {
    async fn new(events: u64, way: Way) -> Self {
        let servers = three();
        let urls: Vec<String> = servers.iter().map(Server::url).collect();
        let nats = async_nats::ConnectOptions::new().connect(&urls[..]).await.unwrap();
        let js = jetstream::new(nats.clone());
        for (name, subject) in [("orders", "orders.>"), ("copies", "copy.>")] {
            let config = jetstream::stream::Config {
                name: name.into(),
                subjects: vec![subject.into()],
                num_replicas: 3,
                duplicate_window: Duration::from_millis(100),
                allow_atomic_publish: way == Way::Batches,
                allow_batch_publish: way == Way::Fast,
                ..Default::default()
            };
            fixture::patient_stream(&js, config, ELECTION).await;
        }
        fill(&nats, "orders", 0, events as usize).await;
        Self { servers, urls, nats, home: tempfile::tempdir().unwrap() }
    }

    /// All servers are named, so that any of them may go.
    fn settings(&self) -> Settings {
        let home = self.home.path().to_str().unwrap();
        let flags = Flags { server: Some(self.urls.join(",")), ..Default::default() };
        Settings::load(&flags, &Env::of([("HOME", home), ("XDG_STATE_HOME", home), ("XDG_CONFIG_HOME", home)])).unwrap()
    }

    async fn begin(&self, rate: f64) -> Running {
        let request = Request { pace: Pace::PerSecond(rate), ..wanted("orders", "copy.{subject}") };
        let plan = planned(&self.settings(), request).await;
        Replays::new(self.settings().state_dir()).start(&self.settings(), plan, &Confirmation::Yes).await.unwrap()
    }

    /// Waits for another leader of the copies than this one.
    async fn other_leader(&self, before: Option<&str>) -> Option<String> {
        let waiting = Instant::now();
        loop {
            let now = leader(&self.nats, "copies").await;
            if now.is_some() && now.as_deref() != before || waiting.elapsed() > ELECTION {
                return now;
            }
            sleep(Duration::from_millis(50)).await;
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn leaders_that_step_down_change_nothing() {
    Box::pin(leaders_step_down(Way::OneByOne)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nor_do_they_with_fast_ingest() {
    Box::pin(leaders_step_down(Way::Fast)).await;
}

async fn leaders_step_down(way: Way) {
    const EVENTS: u64 = 10_000;
    let trio = Trio::new(EVENTS, way).await;
    let other = other_publisher(trio.urls[2].clone(), Duration::from_millis(20));
    let plan = planned(&trio.settings(), wanted("orders", "copy.{subject}")).await;
    let slow = "copies has 3 replicas and allows no batches: to keep the order each copy waits for the one before, so it is \
                slow; many times faster after: nats stream edit copies --allow-batch";
    assert_eq!(plan.warnings.iter().any(|w| w == slow), way == Way::OneByOne, "{:?}", plan.warnings);
    let running = Box::pin(trio.begin(2_500.0)).await;
    let mut downs = 0;
    for sent in (1..8).map(|n| n * 900) {
        until(&running, "it sends", |p| p.counters.sent > sent).await;
        let before = leader(&trio.nats, "copies").await;
        let reply = raw(&trio.nats, "STREAM.LEADER.STEPDOWN.copies", &json!({})).await;
        downs += u32::from(reply["success"] == true);
        trio.other_leader(before.as_deref()).await;
    }
    let last = completed(running).await;
    other.abort();
    println!("{downs} leaders stepped down; {:?}, last error {:?}", last.counters, last.last_error);
    assert!(downs >= 5);
    assert_eq!((last.counters.sent + last.counters.duplicate, last.counters.reordered), (EVENTS, 0));
    assert_exact(&copies(&read(&trio.urls[1], "copies").await), 1..=EVENTS);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nor_does_a_member_that_dies() {
    Box::pin(members_die(Way::OneByOne)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nor_does_one_where_copies_are_stored_in_batches() {
    Box::pin(members_die(Way::Batches)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nor_does_one_with_fast_ingest() {
    Box::pin(members_die(Way::Fast)).await;
}

/// The leader of the destination is killed with everything that it has in flight, and comes back, three times.
async fn members_die(way: Way) {
    const EVENTS: u64 = 6_000;
    let mut trio = Trio::new(EVENTS, way).await;
    let running = Box::pin(trio.begin(2_000.0)).await;
    let mut killed = 0;
    for sent in [1_000, 2_500, 4_000] {
        until(&running, "it sends", |p| p.counters.sent > sent).await;
        let Some(before) = trio.other_leader(None).await else { continue };
        let n: usize = before.strip_prefix('n').unwrap().parse().unwrap();
        trio.servers[n].kill();
        killed += 1;
        let now = trio.other_leader(Some(&before)).await;
        assert_ne!(now.as_ref(), Some(&before), "another member leads");
        until(&running, "it goes on", |p| p.counters.sent > sent + 500).await;
        trio.servers[n].restart().unwrap();
    }
    let last = completed(running).await;
    println!("{killed} leaders killed; {:?}, last error {:?}", last.counters, last.last_error);
    assert_eq!(killed, 3);
    assert_eq!((last.counters.sent + last.counters.duplicate, last.counters.reordered), (EVENTS, 0));
    let messages = read(&trio.urls[0], "copies").await;
    assert_exact(&copies(&messages), 1..=EVENTS);
    assert_eq!(messages.iter().any(|m| m.header("Nats-Batch-Id").is_some()), way == Way::Batches);
}

/// A consumer is kept by any member, also by one that has not caught up: what it knows of is not where the stream ends.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_member_that_is_behind_does_not_have_is_read_all_the_same() {
    const EVENTS: u64 = 40_000;
    let mut trio = Trio::new(100, Way::OneByOne).await;
    let leads = leader(&trio.nats, "orders").await.unwrap();
    let leads: usize = leads.strip_prefix('n').unwrap().parse().unwrap();
    let behind = (leads + 1) % 3;
    trio.servers[behind].kill();
    let nats = async_nats::connect(trio.urls[leads].clone()).await.unwrap();
    fill(&nats, "orders", 100, EVENTS as usize).await;
    trio.servers[behind].restart().unwrap();
    // The last of them, again and again while it catches up.
    let client = open(&Connection::to(trio.urls[leads].clone())).await.unwrap();
    let range = Range { start: Start::Seq(EVENTS - 9), end: End::Open };
    let until = Instant::now() + Duration::from_secs(5);
    let mut reads = 0;
    while Instant::now() < until {
        let read = read_range(&client, "orders", range).await;
        assert_eq!(read.len(), 10, "in read {reads}");
        reads += 1;
    }
    println!("{reads} reads");
}
