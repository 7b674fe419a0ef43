//! What remembering costs: 1,000 streams and 5,000 consumers, one sample a minute of 24 hours and every poll (2 s) of
//! the last 15 minutes.
//!
//! Aims: all of it within the 256 MiB that are the default, also where everything moves with every poll; taking the
//! samples of a poll costs no more than twice what applying its reports costs; a step back less than 100 ms.

#[path = "common/mod.rs"]
mod common;

use std::fs;
use std::hint::black_box;
use std::sync::Arc;
use std::time::{Duration, Instant};

use common::{Figures, Outcome, in_full, ms, quantile};
use jetscope::model::history::{Change, Room};
use jetscope::model::update::Listing;
use jetscope::model::{Catalog, Consumer, History, Link, Stream, Timestamp, Update};

/// How much there is.
struct Size {
    streams: usize,
    consumers: usize,
    /// One thing of so many is busy.
    busy: usize,
    hours: u64,
}

fn at(second: u64) -> Timestamp {
    Timestamp::from_secs(1_790_000_000).plus(Duration::from_secs(second))
}

/// Something that looks like chance and is not.
fn mixed(n: u64) -> u64 {
    let n = (n ^ (n >> 31)).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    (n ^ (n >> 29)).wrapping_mul(0xbf58_476d_1ce4_e5b9) >> 20
}

fn listing<T>(items: Vec<Arc<T>>, second: u64) -> Listing<T> {
    let (total, taken) = (items.len() as u64, at(second));
    Listing { started: taken, taken, items, missing: vec![], offline: vec![], total, problem: None }
}

/// The messages of a stream: some come with each second, not evenly.
fn came(n: usize, second: u64) -> u64 {
    let rate = 1 + n as u64 % 200;
    rate * second + mixed(n as u64 + second) % rate
}

fn stream(n: usize, size: &Size, second: u64) -> Arc<Stream> {
    let mut s = Stream { name: format!("eventsource-team{n:05}-stream"), taken: at(second), ..Default::default() };
    let second = if n.is_multiple_of(size.busy) { second } else { 0 };
    (s.created, s.asked) = (Some(at(0)), s.taken.minus(Duration::from_micros(1_000 + mixed(second) % 2_000)));
    // Half of them are full: the oldest goes with each that comes.
    (s.state.first_seq, s.state.last_seq) = (1, 100_000 + came(n, second));
    if n.is_multiple_of(2) {
        s.state.first_seq = s.state.last_seq - 99_999;
    }
    s.state.messages = s.state.last_seq - s.state.first_seq + 1;
    s.state.bytes = s.state.messages * 412 + mixed(second) % 1_000;
    s.state.first_time = Some(at(s.state.first_seq % 1_000));
    s.state.last_time = Some(at(second).minus(Duration::from_nanos(mixed(second + n as u64) % 1_000_000_000)));
    s.state.consumers = (size.consumers / size.streams) as u64;
    Arc::new(s)
}

fn consumer(n: usize, size: &Size, second: u64) -> Arc<Consumer> {
    let of = n % size.streams;
    let mut c = Consumer {
        stream: format!("eventsource-team{of:05}-stream"),
        name: format!("reader-{n:05}"),
        taken: at(second),
        created: Some(at(0)),
        ..Default::default()
    };
    let busy = n.is_multiple_of(size.busy);
    let second = if busy { second } else { 0 };
    c.config.durable = true;
    c.config.filter_subjects = vec![format!("team{of}.>")];
    c.waiting = u64::from(busy) * (mixed(second + n as u64) % 3) + 1;
    c.pending = mixed(second * 31 + n as u64) % 50;
    c.ack_pending = mixed(second * 17 + n as u64) % 20;
    c.delivered.stream_seq = 100_000 + came(of, second) - c.pending;
    c.delivered.consumer_seq = c.delivered.stream_seq + second / 600;
    c.ack_floor.stream_seq = c.delivered.stream_seq - c.ack_pending;
    c.ack_floor.consumer_seq = c.delivered.consumer_seq - c.ack_pending;
    let ago = |salt: u64| Duration::from_nanos(mixed(second * salt + n as u64) % 900_000_000);
    c.delivered.last_active = Some(at(second).minus(ago(3)));
    c.ack_floor.last_active = Some(at(second).minus(ago(5)));
    Arc::new(c)
}

/// The reports of one poll.
fn poll(size: &Size, second: u64) -> Vec<Update> {
    let streams: Vec<_> = (0..size.streams).map(|n| stream(n, size, second)).collect();
    let mut out = Vec::new();
    for (of, stream) in streams.iter().enumerate() {
        let items: Vec<_> = (of..size.consumers).step_by(size.streams).map(|n| consumer(n, size, second)).collect();
        out.push(Update::Consumers(stream.name.clone(), listing(items, second)));
    }
    out.push(Update::Streams(listing(streams, second)));
    out
}

/// Resident memory of this process, in MiB.
fn resident() -> f64 {
    let text = fs::read_to_string("/proc/self/statm").unwrap_or_default();
    let pages: f64 = text.split_whitespace().nth(1).and_then(|n| n.parse().ok()).unwrap_or(f64::NAN);
    pages * 4_096.0 / 1_048_576.0
}

fn main() -> Outcome {
    let (streams, consumers, hours) = if in_full() { (1_000, 5_000, 24) } else { (10, 50, 1) };
    let mut room = Figures::new(&["", "MiB", "of which resident", "samples", "bytes a sample", "polls, minutes kept"]);
    let mut cost = Figures::new(&["", "median ms", "worst ms", "ratio"]);
    for (what, busy) in [("nothing moves", usize::MAX), ("one of ten moves", 10), ("everything moves", 1)] {
        measure(what, &Size { streams, consumers, busy, hours }, &mut room, &mut cost);
    }
    let title = format!(
        "history: {streams} streams, {consumers} consumers, {hours} h by the minute and 15 min by polls of 2 s"
    );
    room.print(&title)?;
    cost.print("history: a poll of all of them, and what is done with what is kept")
}

fn measure(what: &str, size: &Size, room: &mut Figures, cost: &mut Figures) {
    let before = resident();
    let (mut catalog, mut past) = (Catalog::default(), History::new(Room::default()));
    let send = |catalog: &mut Catalog, past: &mut History, update: Update, now| {
        let change = Change::of(&update);
        let started = Instant::now();
        catalog.apply(update);
        let applied = started.elapsed();
        let started = Instant::now();
        past.note(&change, catalog, now);
        (applied, started.elapsed())
    };
    send(&mut catalog, &mut past, Update::Link(Link::Connected { since: at(0) }), at(0));
    // A day by the minute: what is older than 15 minutes is kept no closer.
    let day = size.hours * 3_600;
    send(&mut catalog, &mut past, Update::SweepEvery(Duration::from_secs(60)), at(0));
    let minutes = (60..day).step_by(60);
    let polls = (day..day + 900).step_by(2);
    let (mut applied, mut noted) = (Vec::new(), Vec::new());
    for second in minutes.chain(polls) {
        if second == day {
            send(&mut catalog, &mut past, Update::SweepEvery(Duration::from_secs(2)), at(second));
        }
        let (mut a, mut n) = (Duration::ZERO, Duration::ZERO);
        for update in poll(size, second) {
            let (applying, noting) = send(&mut catalog, &mut past, update, at(second));
            (a, n) = (a + applying, n + noting);
        }
        if second >= day {
            applied.push(ms(a));
            noted.push(ms(n));
        }
    }
    let samples = (size.streams + size.consumers) as u64 * (day / 60 + 450);
    let held = past.room().held;
    let [recent, old] = past.room().reach();
    room.row(&[
        what.into(),
        format!("{:.1}", held as f64 / 1_048_576.0),
        format!("{:.1}", resident() - before),
        samples.to_string(),
        format!("{:.1}", held as f64 / samples as f64),
        format!("{} min, {} h", recent.as_secs() / 60, old.as_secs() / 3_600),
    ]);
    let ceiling = quantile(&applied, 0.5);
    let mut row = |name: &str, took: &[f64]| {
        cost.row(&[
            format!("{what}: {name}"),
            format!("{:.2}", quantile(took, 0.5)),
            format!("{:.2}", quantile(took, 1.0)),
            format!("{:.2}", quantile(took, 0.5) / ceiling),
        ]);
    };
    row("applying the reports", &applied);
    row("taking their samples", &noted);
    let rounds = if in_full() { 9 } else { 1 };
    let timed = |f: &mut dyn FnMut()| -> Vec<f64> {
        (0..rounds)
            .map(|_| {
                let started = Instant::now();
                f();
                ms(started.elapsed())
            })
            .collect()
    };
    let end = day + 898;
    row("a step back: 5 minutes", &timed(&mut || drop(black_box(past.at(at(end - 300), &catalog)))));
    row("a step back: half of all", &timed(&mut || drop(black_box(past.at(at(end / 2), &catalog)))));
    let name = &stream(0, size, 0).name;
    row("24 h of one stream, for a chart", &timed(&mut || drop(black_box(past.stream(name, at(0), at(end))))));
    row("a copy, to be put into a file", &timed(&mut || drop(black_box(past.clone()))));
    let mut file = Vec::new();
    row("as a file of 32 MiB at most", &timed(&mut || file = past.encode("bench", 32 << 20)));
    row("that file read", &timed(&mut || drop(black_box(History::decode(&file, "bench", Room::default())))));
    cost.row(&[
        format!("{what}: the file has {:.1} MiB", file.len() as f64 / 1_048_576.0),
        String::new(),
        String::new(),
        String::new(),
    ]);
}
