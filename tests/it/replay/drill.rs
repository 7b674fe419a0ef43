//! Killed at random instants, again and again: nothing lost, nothing doubled, in order.

use std::process::{Child, Stdio};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use async_nats::jetstream;
use jetscope::model::replay::State;
use jetscope::replay::Replays;
use serde_json::{Value, json};
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep};

use super::place::{PATIENCE, Place, assert_exact, copies, fill};

const EVENTS: u64 = 20_000;
/// How often others write.
const OFTEN: Duration = Duration::from_millis(2);

/// Chance from a seed that is printed; `JETSCOPE_DRILL_SEED` repeats it.
pub(super) struct Chance(u64);

impl Chance {
    pub(super) fn new(what: &str) -> Self {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_nanos() as u64;
        let seed = std::env::var("JETSCOPE_DRILL_SEED").ok().and_then(|s| s.parse().ok()).unwrap_or(now);
        println!("{what}: JETSCOPE_DRILL_SEED={seed}");
        Self(seed)
    }

    pub(super) fn below(&mut self, end: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        (z ^ (z >> 31)) % end
    }
}

/// Writes into the destination all the time, as somebody else.
pub(super) fn other_publisher(url: String, every: Duration) -> JoinHandle<()> {
    tokio::spawn(async move {
        let nats = async_nats::ConnectOptions::new().retry_on_initial_connect().connect(url).await.unwrap();
        let js = jetstream::new(nats);
        for n in 0.. {
            // What is refused while the server is away is nothing to this test.
            if let Ok(ack) = js.publish("copy.other", format!("other {n}").into()).await {
                let _ = ack.await;
            }
            sleep(every).await;
        }
    })
}

async fn place(mut more: Value) -> Place {
    let place = Place::new().await;
    place.stream("orders", &["orders.>"], json!({})).await;
    more["duplicate_window"] = json!(100_000_000);
    place.stream("copies", &["copy.>"], more).await;
    fill(&place.nats, "orders", 0, EVENTS as usize).await;
    place
}

const START: [&str; 8] = ["orders", "--range", "all", "--to", "copy.{subject}", "--pace", "8000/s", "--execute"];

/// Begins, or goes on with the replay that there is.
fn next(place: &Place, id: &mut Option<String>) -> Child {
    let mut command = match known(place, id) {
        Some(id) => place.command(&["resume", id]),
        None => place.command(&START),
    };
    command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap()
}

fn known<'a>(place: &Place, id: &'a mut Option<String>) -> Option<&'a String> {
    if id.is_none() {
        *id = Replays::new(place.settings().state_dir()).list().first().map(|run| run.plan.id.clone());
    }
    id.as_ref()
}

/// Waits until more has arrived than before.
async fn until_it_sends(place: &Place, id: &mut Option<String>, child: &mut Child) {
    let before = state(place, known(place, id)).map_or(0, |(_, sent)| sent);
    let waiting = Instant::now();
    while state(place, known(place, id)).map_or(0, |(_, sent)| sent) <= before
        && child.try_wait().unwrap().is_none()
        && waiting.elapsed() < Duration::from_secs(20)
    {
        sleep(Duration::from_millis(5)).await;
    }
}

fn state(place: &Place, id: Option<&String>) -> Option<(State, u64)> {
    let run = Replays::new(place.settings().state_dir()).show(id?).ok()?;
    Some((run.progress.state, run.progress.counters.sent))
}

/// Kills it after some time of sending, at most `longest` ms after it has begun to.
async fn kill_in_between(child: &mut Child, chance: &mut Chance, longest: u64) -> bool {
    sleep(Duration::from_millis(chance.below(longest))).await;
    let running = child.try_wait().unwrap().is_none();
    let _ = child.kill();
    child.wait().unwrap();
    running
}

/// To the end, without being killed.
async fn finish(place: &Place, mut id: Option<String>) {
    let child = next(place, &mut id);
    let output = tokio::task::spawn_blocking(move || child.wait_with_output().unwrap()).await.unwrap();
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{said}");
    let (state, sent) = state(place, id.as_ref()).unwrap();
    assert_eq!((state, sent), (State::Completed, EVENTS), "{said}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn kill_9_of_jetscope_loses_nothing_and_doubles_nothing() {
    kills_of_jetscope(json!({})).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nor_does_it_where_each_copy_demands_the_one_before() {
    kills_of_jetscope(json!({"discard": "new"})).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nor_does_it_where_copies_are_stored_in_batches() {
    kills_of_jetscope(json!({"discard": "new", "allow_atomic": true})).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nor_does_it_with_fast_ingest() {
    kills_of_jetscope(json!({"discard": "new", "allow_batched": true})).await;
}

async fn kills_of_jetscope(destination: Value) {
    let mut chance = Chance::new("kill -9 of jetscope");
    let place = place(destination).await;
    let other = other_publisher(place.server.url(), OFTEN);
    let mut id = None;
    let (mut kills, mut useful) = (0, 0);
    let started = Instant::now();
    while useful < 20 {
        let mut child = next(&place, &mut id);
        // Connecting and reading back take a while: half of the kills come there, half while it sends.
        let longest = if kills % 2 == 0 {
            until_it_sends(&place, &mut id, &mut child).await;
            200
        } else {
            700
        };
        let running = kill_in_between(&mut child, &mut chance, longest).await;
        kills += 1;
        useful += u32::from(running);
        if !running {
            break;
        }
    }
    let sent = state(&place, id.as_ref());
    println!("{kills} kills, {useful} while it ran, in {:?}; {sent:?}", started.elapsed());
    finish(&place, id).await;
    other.abort();
    assert!(useful >= 20, "only {useful} kills hit it; {sent:?}");
    let found = copies(&place.read("copies").await);
    assert_exact(&found, 1..=EVENTS);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn kill_9_of_the_server_in_between_changes_nothing() {
    let mut chance = Chance::new("kill -9 of jetscope and of the server");
    let mut place = place(json!({})).await;
    let other = other_publisher(place.server.url(), OFTEN);
    let mut id = None;
    let (mut kills, mut servers) = (0, 0);
    let started = Instant::now();
    while servers < 5 {
        assert!(started.elapsed() < PATIENCE, "{kills} kills, {servers} of the server");
        let mut child = next(&place, &mut id);
        until_it_sends(&place, &mut id, &mut child).await;
        sleep(Duration::from_millis(chance.below(150))).await;
        place.server.kill();
        servers += 1;
        sleep(Duration::from_millis(chance.below(300))).await;
        // jetscope is killed while the server is away, some time after it is back, or not at all.
        let when = chance.below(3);
        if when == 0 {
            kills += u32::from(kill_in_between(&mut child, &mut chance, 50).await);
        }
        place.server.restart().unwrap();
        if when == 2 {
            until_it_sends(&place, &mut id, &mut child).await;
        }
        kills += u32::from(kill_in_between(&mut child, &mut chance, 800).await);
        if state(&place, id.as_ref()).is_some_and(|(state, _)| state.is_over()) {
            break;
        }
    }
    println!("{kills} kills, {servers} of the server, in {:?}; {:?}", started.elapsed(), state(&place, id.as_ref()));
    if state(&place, id.as_ref()).is_none_or(|(state, _)| !state.is_over()) {
        finish(&place, id.clone()).await;
    }
    other.abort();
    assert_eq!(state(&place, id.as_ref()).unwrap().0, State::Completed);
    assert!(servers >= 3 && kills >= 2, "{kills} kills, {servers} of the server");
    let found = copies(&place.read("copies").await);
    assert_exact(&found, 1..=EVENTS);
}
