//! The verdicts on very many consumers: how long judging all of them takes, as lists that are sorted by how bad they are
//! do it, and what their rings of samples keep in memory. Aims: less than 50 ms, and less than 100 MB.
//!
//! `JETSCOPE_BENCH_VERDICT=50000` chooses another number of consumers.

mod common;

use std::hint::black_box;
use std::sync::Arc;
use std::time::{Duration, Instant};

use common::{Figures, Outcome, in_full, ms, quantile};
use jetscope::health::{Level, Standing, Terms, consumer_health};
use jetscope::model::ring::{Ring, SLOTS};
use jetscope::model::update::Listing;
use jetscope::model::{Catalog, Consumer, ConsumerSample, Stream, Timestamp, Update};

/// Consumers of one stream.
const EACH: usize = 5;

fn main() -> Outcome {
    let consumers = match std::env::var("JETSCOPE_BENCH_VERDICT") {
        Ok(text) => text.trim().parse()?,
        Err(_) if in_full() => 50_000,
        Err(_) => 500,
    };
    let rounds = if in_full() { 30 } else { 2 };
    rings(consumers)?;
    let catalog = catalog(consumers);
    judged(&catalog, rounds)
}

/// So many seconds after the beginning.
fn at(second: u64) -> Timestamp {
    Timestamp::from_secs(1_790_000_000).plus(Duration::from_secs(second))
}

/// Of every kind: caught up, behind, stopped, with and without a reader.
fn consumer(stream: &str, n: usize, second: u64) -> Consumer {
    let odd = n as u64;
    let mut c = Consumer {
        stream: stream.to_owned(),
        name: format!("reader-{n}"),
        created: Some(at(0)),
        taken: at(second),
        ..Default::default()
    };
    c.config.durable = true;
    c.config.max_ack_pending = Some(1_000);
    let done = if odd.is_multiple_of(4) { 0 } else { second * (odd % 50) };
    (c.delivered.consumer_seq, c.delivered.stream_seq, c.ack_floor.stream_seq) =
        (1_000 + done, 1_000 + done, 900 + done);
    c.ack_floor.last_active = Some(at(if done > 0 { second } else { 0 }));
    c.pending = if odd.is_multiple_of(3) { 0 } else { 1_000 + second * (odd % 7) };
    c.ack_pending = odd % 2;
    c.waiting = odd % 3;
    c
}

/// Memory of this process in bytes, as the system counts it.
fn resident() -> Outcome<usize> {
    let status = std::fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find(|l| l.starts_with("VmRSS:")).ok_or("no VmRSS")?;
    let kilobytes: usize = line.split_whitespace().nth(1).ok_or("no number")?.parse()?;
    Ok(kilobytes * 1024)
}

fn megabytes(bytes: usize) -> String {
    format!("{:.1}", bytes as f64 / 1e6)
}

/// The rings alone, full.
fn rings(consumers: usize) -> Outcome {
    let sample = ConsumerSample::new(&consumer("s", 1, 1), None);
    let before = resident()?;
    let mut rings: Vec<Ring> = vec![Ring::default(); consumers];
    for slot in 0..SLOTS as u64 {
        for ring in &mut rings {
            ring.push(ConsumerSample { at: at(2 * slot), ..sample }, Duration::from_secs(2));
        }
    }
    let after = resident()?;
    let full = black_box(&rings).iter().all(|ring| ring.samples().len() == SLOTS);
    if !full {
        return Err("rings that are not full".into());
    }
    let sizes = consumers * (size_of::<Ring>() + SLOTS * size_of::<ConsumerSample>());
    let mut figures = Figures::new(&["", "MB", "aim"]);
    figures.row(&["by their sizes".into(), megabytes(sizes), "< 100".into()]);
    figures.row(&["as the system counts".into(), megabytes(after.saturating_sub(before)), "< 100".into()]);
    figures.print(&format!("rings: {consumers} consumers x {SLOTS} samples of {} bytes", size_of::<ConsumerSample>()))
}

/// A catalog whose consumers were polled once a slot until their rings were full.
fn catalog(consumers: usize) -> Catalog {
    let mut catalog = Catalog::default();
    for slot in 1..=SLOTS as u64 {
        let taken = at(2 * slot);
        for n in 0..consumers / EACH {
            let name = format!("stream-{n:05}");
            let items: Vec<Arc<Consumer>> =
                (0..EACH).map(|c| Arc::new(consumer(&name, n * EACH + c, 2 * slot))).collect();
            let total = items.len() as u64;
            let listing =
                Listing { started: taken, taken, items, missing: vec![], offline: vec![], total, problem: None };
            catalog.apply(Update::Consumers(name.clone(), listing));
            let mut stream = Stream { name, taken, asked: taken, ..Default::default() };
            (stream.state.first_seq, stream.state.last_seq, stream.state.consumers) = (1, 100_000 + slot, EACH as u64);
            catalog.apply(Update::Stream(Arc::new(stream)));
        }
    }
    catalog
}

fn judged(catalog: &Catalog, rounds: usize) -> Outcome {
    let terms = Terms::of(catalog, at(2 * SLOTS as u64));
    let entries = || catalog.consumers.values().flat_map(|shelf| shelf.entries.values());
    let (mut level, mut order, mut words) = (Vec::new(), Vec::new(), Vec::new());
    let mut critical = 0;
    for _ in 0..rounds {
        let started = Instant::now();
        critical = entries().filter(|entry| Standing::of(entry, &terms).level() == Level::Critical).count();
        level.push(ms(started.elapsed()));
        let started = Instant::now();
        let mut ranks: Vec<_> = entries().map(|entry| Standing::of(entry, &terms).rank(entry)).collect();
        ranks.sort_unstable();
        order.push(ms(started.elapsed()));
        black_box(ranks);
        let started = Instant::now();
        let sentences: usize = entries().map(|entry| consumer_health(entry, &terms).sentence.len()).sum();
        words.push(ms(started.elapsed()));
        black_box(sentences);
    }
    let mut figures = Figures::new(&["", "median ms", "slowest ms", "aim"]);
    for (name, took, aim) in
        [("judged", &level, "< 50"), ("judged and sorted", &order, ""), ("with a sentence each", &words, "")]
    {
        figures.row(&[
            name.into(),
            format!("{:.1}", quantile(took, 0.5)),
            format!("{:.1}", quantile(took, 1.0)),
            aim.into(),
        ]);
    }
    let count = entries().count();
    figures.print(&format!("verdicts: {count} consumers x {SLOTS} samples, {rounds} rounds ({critical} critical)"))
}
