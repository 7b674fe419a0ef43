//! The table of faults: each of them, beside everything that goes on meanwhile (the console, a tail, `--watch`, a check, a
//! replay). When it is noticed and with which words, when everything goes on by itself, and that nothing is lost.
//!
//! `make faults` runs all and prints the table; the tests run a few.

mod mute;
mod program;
mod world;

use std::fmt::Write as _;
use std::time::Duration;

use futures_util::{StreamExt, stream as futures};
use jetscope::nats::Pace;
use serde_json::Value;
use tokio::time::{Instant, sleep};

use self::program::Program;
use self::world::{Kind, World};
use crate::common::live::Live;
use crate::common::proxy::Way;

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
    fault("quorum lost", Kind::Quorum, 15, &["no answer", "cannot answer now", "no leader"]),
    fault("leaders stepped down", Kind::StepDown, 3, &[]),
    fault("the server's clock is set an hour ahead, and back", Kind::Way(Way::Ahead), 8, &["behind the server's"]),
    fault("credentials expired, renewed in their file", Kind::Expired, 6, &["does not accept these credentials"]),
];

/// How many of them the ordinary tests run: the others take minutes.
const FEW: usize = 3;

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
    let mut world = World::new(fault.kind).await;
    let mut live = Live::start(world.connection(), Pace::default());
    let mut tail = Program::start(&world, &["tail", "orders", "--follow", "-o", "{seq}"]);
    let watch = Program::start(&world, &["streams", "--json", "--watch", "1s"]);
    let to = "copy.{subject}";
    // What ends by itself is to be in the middle when it comes.
    let pace = if fault.kind == Kind::Expired { "8/s" } else { "15/s" };
    let all = format!("1..{EVENTS}");
    let mut replay =
        Program::start(&world, &["replay", "orders", "--range", &all, "--to", to, "--pace", pace, "--execute"]);
    live.until(PATIENCE, "everything goes on", |l| {
        l.catalog().streams.get("orders").is_some_and(|e| e.info.is_some())
            && newest(&watch.lines()).is_some()
            && tail.lines().len() >= EVENTS
    })
    .await;
    live.during(Duration::from_secs(2)).await;

    let mut wrong = Vec::new();
    let mut began = Instant::now();
    let other = world.bring(fault.kind).await;
    if fault.kind == Kind::Expired {
        // It was waited for.
        began = Instant::now();
    }
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
    let mut mended = Instant::now();
    let (messages, last) = world.fresh().await;
    if fault.kind == Kind::Quorum {
        // Servers choose a leader as they do: from when they answer themselves.
        mended = Instant::now();
    }
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
        wrong.push(format!("the replay ended with {ended:?}, {copies} of {EVENTS} copies: {:?}", replay.told()));
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
