//! A cluster whose streams change their leaders while copies are in flight.

use std::time::Duration;

use async_nats::jetstream;
use jetscope::demo::Server;
use jetscope::model::replay::Pace;
use jetscope::replay::Request;
use serde_json::{Value, json};
use tokio::time::{Instant, sleep};

use super::place::{Place, assert_exact, copies, fill, read};
use super::traps::{begin, completed, until, wanted};
use crate::cluster::three;
use crate::common::every_kind::raw;
use crate::common::fixture;

/// Elections take some seconds, and on a loaded machine more.
const ELECTION: Duration = Duration::from_secs(45);

async fn leader(nats: &async_nats::Client, stream: &str) -> Option<String> {
    let info = raw(nats, &format!("STREAM.INFO.{stream}"), &Value::Null).await;
    info["cluster"]["leader"].as_str().map(str::to_owned)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn leaders_that_step_down_change_nothing() {
    const EVENTS: u64 = 10_000;
    let mut servers = three();
    let urls: Vec<String> = servers.iter().map(Server::url).collect();
    let nats = async_nats::ConnectOptions::new().connect(&urls[..]).await.unwrap();
    let js = jetstream::new(nats.clone());
    for (name, subject) in [("orders", "orders.>"), ("copies", "copy.>")] {
        let config = jetstream::stream::Config {
            name: name.into(),
            subjects: vec![subject.into()],
            num_replicas: 3,
            duplicate_window: Duration::from_millis(100),
            ..Default::default()
        };
        fixture::patient_stream(&js, config, ELECTION).await;
    }
    fill(&nats, "orders", 0, EVENTS as usize).await;
    let server = servers.remove(0);
    let place = Place { server, nats: nats.clone(), home: tempfile::tempdir().unwrap() };
    let request = Request { pace: Pace::PerSecond(2_500.0), ..wanted("orders", "copy.{subject}") };
    let running = begin(&place, request).await;
    let mut downs = 0;
    for sent in (1..8).map(|n| n * 900) {
        until(&running, "it sends", |p| p.counters.sent > sent).await;
        let before = leader(&nats, "copies").await;
        let reply = raw(&nats, "STREAM.LEADER.STEPDOWN.copies", &json!({})).await;
        downs += u32::from(reply["success"] == true);
        let waiting = Instant::now();
        while leader(&nats, "copies").await.is_none_or(|now| Some(now) == before) && waiting.elapsed() < ELECTION {
            sleep(Duration::from_millis(50)).await;
        }
    }
    let last = completed(running).await;
    println!("{downs} leaders stepped down; {:?}, last error {:?}", last.counters, last.last_error);
    assert!(downs >= 5);
    assert_eq!((last.counters.sent + last.counters.duplicate, last.counters.reordered), (EVENTS, 0));
    assert_exact(&copies(&read(&urls[1], "copies").await), 1..=EVENTS);
}
