//! Killed again and again, with every destination that there is: what can be read again has everything once and in order,
//! and of what cannot no more is lost or doubled than was in flight. A part of it runs always; all of it with
//! `JETSCOPE_DRILL=full`.

use std::collections::HashMap;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use futures_util::StreamExt;
use jetscope::demo::Server;
use jetscope::model::replay::State;
use jetscope::replay::Replays;
use serde_json::{Value, json};
use tokio::time::{Instant, sleep, timeout};

use super::drill::Chance;
use super::endpoint::{Received, endpoint, sequences};
use super::place::{PATIENCE, Place, copies, fill, last_json, read};
use crate::cluster::three;
use crate::common::every_kind::stream;

/// What is done about doubt.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Promise {
    /// Nothing lost, nothing doubled, in order.
    Exact,
    /// Nothing lost; no more doubled at each kill than the plan says.
    AtLeastOnce,
    /// Nothing doubled; no more lost at each kill than the plan says, all of them counted.
    AtMostOnce,
}

/// Where copies go, and how they are found there.
enum To {
    /// Into a stream of this configuration, on the server of the source.
    Own(Value),
    /// The same over another context.
    Other(Value),
    File,
    Endpoint(Received),
    /// A subject that nobody keeps.
    Loose(Option<async_nats::Subscriber>),
}

struct Drill {
    name: &'static str,
    place: Place,
    to: To,
    target: String,
    more: Vec<&'static str>,
    promise: Promise,
    /// Positions that are to arrive.
    wanted: Vec<u64>,
    arrived: Vec<u64>,
    /// The rest of its cluster, which has to live.
    _servers: Vec<Server>,
    /// Where the other context is.
    other: Option<Place>,
}

fn full() -> bool {
    std::env::var("JETSCOPE_DRILL").is_ok_and(|value| value == "full")
}

/// Events, and kills of each drill.
fn size() -> (usize, u32) {
    if full() { (6_000, 20) } else { (1_500, 3) }
}

impl Drill {
    async fn new(name: &'static str, replicas: u64, promise: Promise, to: To) -> Self {
        if replicas == 1 {
            return Self::on(name, Place::new().await, Vec::new(), promise, to).await;
        }
        let mut servers = three();
        let place = Place::on(servers.remove(0)).await;
        Self::on(name, place, servers, promise, to).await
    }

    async fn on(name: &'static str, place: Place, servers: Vec<Server>, promise: Promise, mut to: To) -> Self {
        let (events, _) = size();
        patient(&place.nats, json!({"name": "orders", "subjects": ["orders.>"], "storage": "file"})).await;
        fill(&place.nats, "orders", 0, events).await;
        let mut other = None;
        let all = 1..=events as u64;
        let only_events = all.clone().filter(|seq| seq % 3 != 0).collect();
        let (target, wanted) = match &mut to {
            To::Own(config) => {
                config["duplicate_window"] = json!(100_000_000);
                config["name"] = json!("copies");
                config["subjects"] = json!(["copy.>"]);
                patient(&place.nats, config.clone()).await;
                ("copy.{subject}".to_owned(), all.collect())
            }
            To::Other(config) => {
                let there = Place::new().await;
                config["name"] = json!("copies");
                config["subjects"] = json!(["copy.>"]);
                stream(&there.nats, config.clone()).await;
                let path = place.home.path().join("nats/context/there.json");
                std::fs::create_dir_all(path.parent().unwrap()).unwrap();
                std::fs::write(path, json!({"url": there.server.url()}).to_string()).unwrap();
                other = Some(there);
                ("context:there:copy.{subject}".to_owned(), all.collect())
            }
            To::File => (format!("file:{}", place.home.path().join("out.ndjson").display()), only_events),
            To::Endpoint(received) => {
                let (url, book) = endpoint(&[]);
                *received = book;
                (url, only_events)
            }
            To::Loose(heard) => {
                *heard = Some(place.nats.subscribe("loose.>").await.unwrap());
                place.nats.flush().await.unwrap();
                ("loose.{subject}".to_owned(), all.collect())
            }
        };
        let more = match promise {
            Promise::Exact => vec![],
            Promise::AtLeastOnce => vec!["--at-least-once"],
            Promise::AtMostOnce => vec!["--at-most-once"],
        };
        Self { name, place, to, target, more, promise, wanted, arrived: vec![], _servers: servers, other }
    }

    fn replays(&self) -> Replays {
        Replays::new(self.place.settings().state_dir())
    }

    /// Begins, or goes on.
    fn command(&self) -> Command {
        match self.replays().list().first() {
            None => {
                let what = ["orders", "--range", "all", "--to", &self.target, "--pace", "1500/s", "--execute"];
                self.place.command(&[&what[..], &self.more[..]].concat())
            }
            Some(run) => self.place.command(&["resume", &run.plan.id, "--json"]),
        }
    }

    fn settled(&self) -> u64 {
        self.replays().list().first().map_or(0, |run| run.progress.settled())
    }

    /// What a subscriber has heard so far.
    async fn hear(&mut self) {
        let To::Loose(Some(heard)) = &mut self.to else { return };
        while let Ok(Some(message)) = timeout(Duration::from_millis(50), heard.next()).await {
            let id = message.headers.as_ref().unwrap().get("Nats-Msg-Id").unwrap().as_str().to_owned();
            self.arrived.push(id.rsplit_once(':').unwrap().1.parse().unwrap());
        }
    }

    /// Kills it at random instants, lets it come to its end, and says what arrived.
    async fn run(mut self, chance: &mut Chance) -> String {
        let (begun, (_, kills)) = (Instant::now(), size());
        let mut useful = 0;
        for _ in 0..kills {
            // What is so near its end may have come to it before the kill.
            if useful >= 2 && self.settled() + 800 > size().0 as u64 {
                break;
            }
            let mut child = silent(self.command());
            let before = self.settled();
            while self.settled() <= before && child.try_wait().unwrap().is_none() {
                sleep(Duration::from_millis(5)).await;
            }
            sleep(Duration::from_millis(chance.below(if full() { 150 } else { 250 }))).await;
            useful += u32::from(child.try_wait().unwrap().is_none());
            child.kill().unwrap();
            child.wait().unwrap();
            self.hear().await;
            if self.replays().list()[0].progress.state.is_over() {
                break;
            }
        }
        assert!(useful >= 2, "{}: only {useful} kills hit it", self.name);
        let mut command = self.command();
        let out = tokio::task::spawn_blocking(move || command.output().unwrap()).await.unwrap();
        let last = last_json(&out);
        assert_eq!(last["state"], json!(State::Completed.word()), "{}: {last}", self.name);
        self.hear().await;
        let arrived = match &self.to {
            To::Own(_) => copies(&read(&self.place.server.url(), "copies").await),
            To::Other(_) => copies(&self.other.as_ref().unwrap().read("copies").await),
            To::File => lines(&self.place.home.path().join("out.ndjson")),
            To::Endpoint(received) => sequences(received),
            To::Loose(_) => self.arrived.clone(),
        };
        let row = self.judge(&arrived, useful, &last);
        format!("{row}, {:.1} s", begun.elapsed().as_secs_f64())
    }

    /// How many the plan says are uncertain after a crash.
    fn most(&self) -> u64 {
        let runs = self.replays().list();
        let warnings = &runs[0].plan.warnings;
        if warnings.iter().any(|words| words.contains("the one event whose answer is missing")) {
            return 1;
        }
        let said = warnings.iter().find_map(|words| words.split_once(" in flight "));
        let most = said.and_then(|(before, _)| before.split_whitespace().find_map(|word| word.parse().ok()));
        most.unwrap_or_else(|| panic!("{warnings:?}"))
    }

    fn judge(&self, arrived: &[u64], kills: u32, last: &Value) -> String {
        let mut times: HashMap<u64, u64> = HashMap::new();
        for seq in arrived {
            *times.entry(*seq).or_default() += 1;
        }
        let lost = self.wanted.iter().filter(|seq| !times.contains_key(seq)).count() as u64;
        let doubled = times.values().map(|n| n - 1).sum::<u64>();
        let uncertain = last["uncertain"].as_u64().unwrap();
        let strange = times.keys().filter(|seq| self.wanted.binary_search(seq).is_err()).count();
        let mut firsts = Vec::new();
        for seq in arrived {
            if !firsts.contains(seq) || doubled == 0 {
                firsts.push(*seq);
            }
        }
        let ordered = firsts.windows(2).all(|pair| pair[0] < pair[1]);
        let row = format!(
            "{:<34} {kills:>2} kills {:>6} events {lost:>4} lost {doubled:>4} doubled {uncertain:>4} uncertain",
            self.name,
            self.wanted.len()
        );
        println!("{row}");
        assert!(strange == 0 && ordered, "{row}: {strange} strange, in order: {ordered}");
        let kills = u64::from(kills);
        match self.promise {
            Promise::Exact => assert_eq!((lost, doubled, uncertain), (0, 0, 0), "{row}"),
            Promise::AtLeastOnce => {
                let most = self.most();
                assert!(lost == 0 && doubled <= most * kills, "{row}, {most} a kill are allowed");
            }
            Promise::AtMostOnce => {
                let most = self.most();
                assert!(doubled == 0 && lost <= uncertain && uncertain <= most * kills, "{row}, {most} a kill");
            }
        }
        row
    }
}

fn silent(mut command: Command) -> Child {
    command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap()
}

fn lines(path: &Path) -> Vec<u64> {
    let text = std::fs::read_to_string(path).unwrap();
    let seq = |line: &str| serde_json::from_str::<Value>(line).unwrap()["replayseq"].as_str().unwrap().parse().unwrap();
    text.lines().map(seq).collect()
}

/// A cluster that has just begun may have no place for a stream yet.
async fn patient(nats: &async_nats::Client, config: Value) {
    let begun = Instant::now();
    loop {
        let subject = format!("$JS.API.STREAM.CREATE.{}", config["name"].as_str().unwrap());
        let asked = nats.request(subject, serde_json::to_vec(&config).unwrap().into()).await;
        let said: Value = asked.ok().and_then(|m| serde_json::from_slice(&m.payload).ok()).unwrap_or_default();
        if said["config"].is_object() {
            return;
        }
        assert!(begun.elapsed() < PATIENCE, "{said}");
        sleep(Duration::from_millis(200)).await;
    }
}

async fn drill(name: &'static str, replicas: u64, promise: Promise, to: To, chance: &mut Chance) {
    println!("{}", Drill::new(name, replicas, promise, to).await.run(chance).await);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_can_be_read_again_has_everything_once() {
    let mut chance = Chance::new("kills with destinations that can be read again");
    drill("file", 1, Promise::Exact, To::File, &mut chance).await;
    drill("other context", 1, Promise::Exact, To::Other(json!({})), &mut chance).await;
    if !full() {
        return;
    }
    for (name, config) in [
        ("own stream", json!({})),
        ("stream, discard new", json!({"discard": "new"})),
        ("stream, discard new, batches", json!({"discard": "new", "allow_atomic": true})),
        ("stream, discard new, fast ingest", json!({"discard": "new", "allow_batched": true})),
    ] {
        drill(name, 1, Promise::Exact, To::Own(config), &mut chance).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_replicated_has_everything_once() {
    if !full() {
        return;
    }
    let mut chance = Chance::new("kills with destinations that are replicated");
    for (name, config) in [
        ("replicated, batches", json!({"num_replicas": 3, "allow_atomic": true})),
        ("replicated, fast ingest", json!({"num_replicas": 3, "allow_batched": true})),
        ("replicated, one by one", json!({"num_replicas": 3})),
    ] {
        Box::pin(drill(name, 3, Promise::Exact, To::Own(config), &mut chance)).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_cannot_be_read_again_loses_or_doubles_what_was_in_flight() {
    let mut chance = Chance::new("kills with destinations that cannot be read again");
    let http = || To::Endpoint(Received::default());
    let loose = || To::Loose(None);
    drill("endpoint, at least once", 1, Promise::AtLeastOnce, http(), &mut chance).await;
    drill("endpoint, at most once", 1, Promise::AtMostOnce, http(), &mut chance).await;
    drill("subject, at most once", 1, Promise::AtMostOnce, loose(), &mut chance).await;
    drill("subject, at least once", 1, Promise::AtLeastOnce, loose(), &mut chance).await;
    if !full() {
        return;
    }
    let queue = || To::Own(json!({"retention": "workqueue"}));
    drill("work queue, at most once", 1, Promise::AtMostOnce, queue(), &mut chance).await;
    drill("work queue, at least once", 1, Promise::AtLeastOnce, queue(), &mut chance).await;
}
