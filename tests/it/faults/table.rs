//! The table of faults: each of them, beside everything that goes on meanwhile (the console, a tail, `--watch`, a check, a
//! replay). When it is noticed and with which words, when everything goes on by itself, and that nothing is lost.
//!
//! `make faults` runs all and prints the table; the tests run a few.

use std::fmt::Write as _;
use std::io::{BufRead, BufReader, Read};
use std::net::TcpListener;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use async_nats::jetstream::{Context, stream};
use futures_util::{StreamExt, stream as futures};
use jetscope::demo::{Server, ServerSpec};
use jetscope::nats::Pace;
use serde_json::Value;
use tokio::time::{Instant, sleep};

use crate::common::fixture;
use crate::common::live::{Live, user};
use crate::common::proxy::{Proxy, Way};

/// What is copied.
const EVENTS: usize = 150;
/// So soon after a fault has ended everything goes on, and what a loaded machine may add.
const BACK: Duration = Duration::from_secs(5 + 4);
/// So soon it is told that something is wrong.
const NOTICED: Duration = Duration::from_secs(7 + 4);
/// Beyond that a test gives up.
const PATIENCE: Duration = Duration::from_secs(45);

/// A fault: how it comes, how long it lasts, and what is to be expected.
#[derive(Clone, Copy)]
struct Fault {
    name: &'static str,
    kind: Kind,
    lasts: u64,
    /// What the console says, or one of several things; nothing where there is nothing to be said.
    words: &'static [&'static str],
    /// What was read is gone, or may not be read any more: the tail ends, and says so.
    tail_ends: bool,
    /// The same of the replay, which can be resumed where anything is left.
    replay_ends: bool,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Kill,
    Restart,
    LameDuck,
    Way(Way),
    Freeze,
    NoJetStream,
    Permission,
    Account,
    Password,
    FullDestination,
    StreamDeleted,
    ConsumerDeleted,
    Poison,
    EmptyServer,
    OtherOnPort,
}

const fn fault(name: &'static str, kind: Kind, lasts: u64, words: &'static [&'static str]) -> Fault {
    Fault { name, kind, lasts, words, tail_ends: false, replay_ends: false }
}

const LOST: &[&str] = &["the connection was lost", "✖ lost"];
const REFUSED: &[&str] = &["no permission to publish"];

const FAULTS: &[Fault] = &[
    fault("killed, restarted", Kind::Kill, 4, LOST),
    Fault { tail_ends: true, ..fault("permission revoked, restored", Kind::Permission, 8, REFUSED) },
    fault("frozen 15 s", Kind::Freeze, 15, &["answered nothing", "no answer"]),
    fault("restarted", Kind::Restart, 0, &[]),
    fault("lame duck", Kind::LameDuck, 3, &["lame duck", "the connection was lost"]),
    fault("connections cut", Kind::Way(Way::Cut), 3, LOST),
    fault("half open", Kind::Way(Way::Deaf), 12, &["answered nothing", "no answer"]),
    fault("100 B/s", Kind::Way(Way::Slow(100)), 12, &["no answer"]),
    fault("1.6 s round trip", Kind::Way(Way::Late(Duration::from_millis(800))), 10, &[]),
    fault("JetStream off", Kind::NoJetStream, 6, &["no JetStream", "nobody answers", "not enabled"]),
    Fault {
        tail_ends: true,
        replay_ends: true,
        ..fault("account without JetStream", Kind::Account, 6, &["not enabled", "nobody answers", "no JetStream"])
    },
    fault("wrong password", Kind::Password, 6, &["does not accept these credentials", "the connection was lost"]),
    fault("destination full", Kind::FullDestination, 6, &[]),
    Fault { tail_ends: true, replay_ends: true, ..fault("stream deleted, made again", Kind::StreamDeleted, 4, &[]) },
    fault("consumer deleted", Kind::ConsumerDeleted, 3, &[]),
    fault("a message that cannot be decoded", Kind::Poison, 2, &[]),
    Fault { tail_ends: true, replay_ends: true, ..fault("replaced by an empty server", Kind::EmptyServer, 4, &[]) },
    fault("port taken by another program", Kind::OtherOnPort, 6, LOST),
];

/// How many of them the ordinary tests run: the others take minutes.
const FEW: usize = 3;

/// A running program, and its lines as they come, each with when.
struct Program {
    child: Child,
    out: Lines,
    err: Lines,
}

type Lines = Arc<Mutex<Vec<(Instant, String)>>>;

fn follow(pipe: impl Read + Send + 'static) -> Lines {
    let lines = Lines::default();
    let kept = Arc::clone(&lines);
    thread::spawn(move || {
        for line in BufReader::new(pipe).lines().map_while(Result::ok) {
            kept.lock().expect("the lines").push((Instant::now(), line));
        }
    });
    lines
}

impl Program {
    fn start(world: &World, args: &[&str]) -> Self {
        let mut command = Command::new(env!("CARGO_BIN_EXE_jetscope"));
        command.args(args).args(["--server", &world.proxy.url(), "--user", "me", "--password", "p"]);
        command.env_clear().env("HOME", world.home.path());
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("the program");
        let out = follow(child.stdout.take().expect("a pipe"));
        let err = follow(child.stderr.take().expect("a pipe"));
        Self { child, out, err }
    }

    /// The first line since then, with how long it took to come.
    fn first(&self, since: Instant) -> Option<(Duration, String)> {
        let lines = self.err.lock().expect("the lines");
        lines.iter().find(|(at, _)| *at >= since).map(|(at, line)| (*at - since, line.clone()))
    }

    fn lines(&self) -> Vec<String> {
        self.out.lock().expect("the lines").iter().map(|(_, line)| line.clone()).collect()
    }

    fn ended(&mut self) -> Option<i32> {
        self.child.try_wait().expect("a process").map(|status| status.code().unwrap_or(-1))
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A server behind a way that can be broken, with what is read and copied on it.
struct World {
    server: Server,
    proxy: Proxy,
    js: Context,
    home: tempfile::TempDir,
}

const ALLOWED: &str = r#"["$JS.API.>", "copy.>"]"#;

fn accounts(publish: &str, jetstream: &str, password: &str) -> String {
    format!(
        "accounts {{ A {{ jetstream: {jetstream}, users: [
            {{user: app, password: p}}
            {{user: me, password: {password}, permissions: {{publish: {publish}}}}}
        ] }} }}\n"
    )
}

fn on_disk(name: &str) -> stream::Config {
    stream::Config { storage: stream::StorageType::File, ..fixture::config(name) }
}

impl World {
    async fn new() -> Self {
        let config = accounts(ALLOWED, "enabled", "p");
        let server = Server::start(&ServerSpec { config, ..Default::default() }).expect("a server");
        let proxy = Proxy::to(server.port()).await;
        let js = fixture::app_as(&server.url(), "app", "p").await;
        let world = Self { server, proxy, js, home: tempfile::tempdir().expect("a directory") };
        world.fill().await;
        world.js.create_stream(on_disk("copy")).await.expect("a stream");
        world
    }

    async fn fill(&self) {
        fixture::patient_stream(&self.js, on_disk("orders"), PATIENCE).await;
        fixture::consumer(&self.js, "orders", "billing").await;
        fixture::publish(&self.js, "orders.x", EVENTS).await;
    }

    /// The configuration with these accounts; the server reads it anew.
    async fn accounts(&self, accounts: &str) {
        self.write(accounts);
        let reloads = || self.server.log().matches("Reloaded server configuration").count();
        let before = reloads();
        self.server.signal("HUP").expect("a signal");
        let started = Instant::now();
        while reloads() == before {
            assert!(started.elapsed() < PATIENCE, "{}", self.server.log());
            sleep(Duration::from_millis(20)).await;
        }
    }

    fn write(&self, accounts: &str) {
        let path = self.server.dir().join("server.conf");
        let text = std::fs::read_to_string(&path).expect("the configuration");
        let head = &text[..text.find("accounts {").expect("the accounts")];
        std::fs::write(&path, format!("{head}{accounts}")).expect("written");
    }

    /// Without `JetStream`, or with it again.
    fn restart_with(&mut self, jetstream: bool) {
        let path = self.server.dir().join("server.conf");
        let text = std::fs::read_to_string(&path).expect("the configuration");
        let (on, off) = ("\njetstream {", "\n#jetstream {");
        let text = if jetstream { text.replace(off, on) } else { text.replace(on, off) };
        std::fs::write(&path, text).expect("written");
        self.write(&accounts(ALLOWED, if jetstream { "enabled" } else { "disabled" }, "p"));
        self.server.restart().expect("it comes back");
    }

    async fn bring(&mut self, kind: Kind) -> Option<TcpListener> {
        match kind {
            Kind::Kill => self.server.kill(),
            Kind::Restart => {
                self.server.signal("TERM").expect("a signal");
                self.server.restart().expect("it comes back");
            }
            Kind::LameDuck => self.server.signal("USR2").expect("a signal"),
            Kind::Way(way) => self.proxy.set(way),
            Kind::Freeze => self.server.signal("STOP").expect("a signal"),
            Kind::NoJetStream => self.restart_with(false),
            Kind::Permission => self.accounts(&accounts(r#"["copy.>"]"#, "enabled", "p")).await,
            Kind::Account => self.accounts(&accounts(ALLOWED, "disabled", "p")).await,
            Kind::Password => self.accounts(&accounts(ALLOWED, "enabled", "other")).await,
            Kind::FullDestination => {
                let full = stream::Config { max_messages: 20, discard: stream::DiscardPolicy::New, ..on_disk("copy") };
                self.js.update_stream(full).await.expect("an update");
            }
            Kind::StreamDeleted => {
                self.js.delete_stream("orders").await.expect("deleted");
            }
            Kind::ConsumerDeleted => {
                let orders = self.js.get_stream("orders").await.expect("a stream");
                let mut names = orders.consumer_names();
                while let Some(Ok(name)) = names.next().await {
                    orders.delete_consumer(&name).await.expect("deleted");
                }
            }
            Kind::Poison => {
                let mut headers = async_nats::HeaderMap::new();
                headers.insert("content-type", "application/cloudevents+json");
                self.js
                    .publish_with_headers("orders.x", headers, vec![0xff_u8, 0xfe, b'{'].into())
                    .await
                    .expect("sent");
            }
            Kind::EmptyServer => {
                self.server.kill();
                std::fs::remove_dir_all(self.server.dir().join("store")).expect("its store");
                self.server.restart().expect("another server");
            }
            Kind::OtherOnPort => {
                self.server.kill();
                let other = TcpListener::bind(("127.0.0.1", self.server.port())).expect("the port");
                let listening = other.try_clone().expect("a listener");
                thread::spawn(move || {
                    while let Ok((mut client, _)) = listening.accept() {
                        if std::io::Write::write_all(&mut client, b"SSH-2.0-other\r\n").is_err() {
                            return;
                        }
                    }
                });
                return Some(other);
            }
        }
        None
    }

    async fn mend(&mut self, kind: Kind, other: Option<TcpListener>) {
        match kind {
            Kind::Kill | Kind::LameDuck => self.server.restart().expect("it comes back"),
            Kind::Way(_) => self.proxy.set(Way::Open),
            Kind::Freeze => self.server.signal("CONT").expect("a signal"),
            Kind::NoJetStream => self.restart_with(true),
            Kind::Permission | Kind::Account | Kind::Password => {
                self.accounts(&accounts(ALLOWED, "enabled", "p")).await;
            }
            Kind::FullDestination => {
                self.js.update_stream(on_disk("copy")).await.expect("an update");
            }
            Kind::StreamDeleted | Kind::EmptyServer => self.fill().await,
            Kind::OtherOnPort => {
                if let Some(other) = other {
                    // A socket that accepts is only given up when it is shut down.
                    let port = self.server.port();
                    let _ = other.set_nonblocking(true);
                    drop(other);
                    let _ = std::net::TcpStream::connect(("127.0.0.1", port));
                }
                self.server.restart().expect("it comes back");
            }
            Kind::Restart | Kind::ConsumerDeleted | Kind::Poison => {}
        }
    }

    /// Stores one more, as soon as that can be done; how many there are then, and the last sequence.
    async fn fresh(&self) -> (u64, u64) {
        let started = Instant::now();
        loop {
            if let Ok(ack) = self.js.publish("orders.x", "fresh".into()).await
                && ack.await.is_ok()
                && let Ok(orders) = self.js.get_stream("orders").await
            {
                let state = &orders.cached_info().state;
                return (state.messages, state.last_sequence);
            }
            assert!(started.elapsed() < PATIENCE, "nothing can be stored");
            sleep(Duration::from_millis(50)).await;
        }
    }
}

/// A row: a cell each for the console, tail, watch, check and replay.
struct Row {
    name: &'static str,
    cells: Vec<(&'static str, String)>,
    wrong: Vec<String>,
}

fn seconds(time: Option<Duration>) -> String {
    time.map_or("-".into(), |time| format!("{:.1} s", time.as_secs_f64()))
}

fn newest(lines: &[String]) -> Option<u64> {
    let line: Value = serde_json::from_str(lines.last()?).ok()?;
    line["streams"].as_array()?.iter().find(|s| s["name"] == "orders")?["messages"].as_u64()
}

async fn play(fault: Fault) -> Row {
    let mut world = World::new().await;
    let mut live = Live::start(user(&world.proxy.url(), "me", "p"), Pace::default());
    let mut tail = Program::start(&world, &["tail", "orders", "--follow", "-o", "{seq}"]);
    let watch = Program::start(&world, &["streams", "--json", "--watch", "1s"]);
    let to = "copy.{subject}";
    let all = format!("1..{EVENTS}");
    let mut replay =
        Program::start(&world, &["replay", "orders", "--range", &all, "--to", to, "--pace", "15/s", "--execute"]);
    live.until(PATIENCE, "everything goes on", |l| {
        l.catalog().streams.get("orders").is_some_and(|e| e.info.is_some())
            && newest(&watch.lines()).is_some()
            && tail.lines().len() >= EVENTS
    })
    .await;
    live.during(Duration::from_secs(2)).await;

    let mut wrong = Vec::new();
    let began = Instant::now();
    let other = world.bring(fault.kind).await;
    let mut noticed = None;
    let check = Program::start(&world, &["check", "--window", "1s"]);
    let ends = began + Duration::from_secs(fault.lasts);
    while Instant::now() < ends {
        live.during(Duration::from_millis(100)).await;
        let screen = format!("{}{}{}", live.header(), live.banner(), live.world.screen());
        if noticed.is_none()
            && let Some(words) = fault.words.iter().find(|words| screen.contains(**words))
        {
            noticed = Some((began.elapsed(), *words));
        }
    }
    if !fault.words.is_empty() && noticed.is_none_or(|(took, _)| took > NOTICED) {
        wrong.push(format!("the console does not say it in time: {noticed:?}, {}", live.banner()));
    }
    let (told_tail, told_watch) = (tail.first(began), watch.first(began));
    let (told_check, told_replay) = (check.first(began), replay.first(began));

    world.mend(fault.kind, other).await;
    let mended = Instant::now();
    let (messages, last) = world.fresh().await;
    let (mut console, mut tailed, mut watched) = (None, None, None);
    let until = mended + PATIENCE;
    while Instant::now() < until && (console.is_none() || watched.is_none() || (tailed.is_none() && !fault.tail_ends)) {
        live.during(Duration::from_millis(100)).await;
        let info = live.catalog().streams.get("orders").and_then(|e| e.info.clone());
        if info.is_some_and(|s| s.state.messages >= messages && s.state.last_seq == last) && live.catalog().link.is_up()
        {
            console.get_or_insert(mended.elapsed());
        }
        if newest(&watch.lines()).is_some_and(|n| n == messages) {
            watched.get_or_insert(mended.elapsed());
        }
        if tail.lines().last().and_then(|seq| seq.parse().ok()).is_some_and(|seq: u64| seq >= last) {
            tailed.get_or_insert(mended.elapsed());
        }
    }
    for (who, back) in [("console", console), ("--watch", watched)] {
        if back.is_none_or(|took| took > BACK) {
            wrong.push(format!("{who} is not back in time: {}", seconds(back)));
        }
    }
    if !fault.tail_ends && tailed.is_none_or(|took| took > BACK) {
        wrong.push(format!("the tail is not back in time: {}", seconds(tailed)));
    }
    if fault.tail_ends && tail.ended().is_none_or(|code| code != 2) && tailed.is_none() {
        wrong.push("the tail neither goes on nor ends".into());
    }
    let seqs: Vec<u64> = tail.lines().iter().filter_map(|seq| seq.parse().ok()).collect();
    if !fault.tail_ends && !seqs.iter().copied().eq(1..=last) {
        wrong.push(format!("the tail has {} of {last}, or not in order", seqs.len()));
    }
    let mut after = Program::start(&world, &["check", "--window", "1s"]);
    let checking = Instant::now();
    while after.ended().is_none() && checking.elapsed() < PATIENCE {
        sleep(Duration::from_millis(50)).await;
    }
    if after.ended() == Some(2) || after.ended().is_none() {
        wrong.push(format!("a check afterwards fails: {:?}", after.first(checking)));
    }
    let ended = loop {
        if let Some(code) = replay.ended() {
            break Some(code);
        }
        if Instant::now() > mended + PATIENCE || (fault.replay_ends && Instant::now() > mended + BACK) {
            break None;
        }
        sleep(Duration::from_millis(100)).await;
    };
    let copies = match world.js.get_stream("copy").await {
        Ok(copy) => copy.cached_info().state.messages,
        Err(_) => 0,
    };
    if !fault.replay_ends && (ended, copies) != (Some(0), EVENTS as u64) {
        wrong.push(format!("the replay ended with {ended:?}, {copies} of {EVENTS} copies: {:?}", replay.first(began)));
    }
    let told = |told: Option<(Duration, String)>| match told {
        Some((after, line)) => format!("{:.1} s: {}", after.as_secs_f64(), line.chars().take(110).collect::<String>()),
        None => "nothing".into(),
    };
    let noticed = noticed.map_or("nothing".into(), |(after, words)| format!("{:.1} s: {words}", after.as_secs_f64()));
    let lost = |is: bool| if is { "nothing lost" } else { "ended" };
    let cells = vec![
        ("console", format!("{noticed}; back after {}", seconds(console))),
        ("tail", format!("{}; back after {}, {}", told(told_tail), seconds(tailed), lost(!fault.tail_ends))),
        ("--watch", format!("{}; back after {}", told(told_watch), seconds(watched))),
        ("check", told(told_check)),
        ("replay", format!("{}; {copies} of {EVENTS} copies, exit {ended:?}", told(told_replay))),
    ];
    Row { name: fault.name, cells, wrong }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn every_fault_is_told_and_survived() {
    let all = std::env::var("JETSCOPE_FAULTS").unwrap_or_default();
    let wanted: Vec<Fault> = match all.as_str() {
        "" => FAULTS[..FEW].to_vec(),
        "all" => FAULTS.to_vec(),
        name => FAULTS.iter().filter(|fault| fault.name.contains(name)).copied().collect(),
    };
    let rows: Vec<Row> = futures::iter(wanted).map(play).buffered(3).collect().await;
    let mut table = String::new();
    for row in &rows {
        let _ = writeln!(table, "{}{}", row.name, if row.wrong.is_empty() { "" } else { "  WRONG" });
        for (who, cell) in &row.cells {
            let _ = writeln!(table, "    {who:<8} {cell}");
        }
        for wrong in &row.wrong {
            let _ = writeln!(table, "    !! {wrong}");
        }
    }
    println!("{table}");
    assert!(rows.iter().all(|row| row.wrong.is_empty()), "{table}");
}
