//! What it costs to print events and to plan their replay: the processor time (user and system) of the built program over
//! a whole stream, beside a ceiling of the same round. For what is printed that is `-o raw`, which only reads; for plans,
//! the plan of a replay to a subject. Nothing is sent.
//!
//! Aims: `-o json` and `-o ce` within 2.5 times `-o raw`; plans to an endpoint and to a file within 1.5 times the one to a
//! subject. Each event has 6 KB, and so has its data in Base64.
//!
//! `JETSCOPE_BENCH_PRINTED=20000` chooses another number of events of each kind.

mod common;

use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use async_nats::HeaderMap;
use async_nats::jetstream::{self, stream};
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use common::{Figures, Outcome, in_full, ms, quantile};
use jetscope::demo::{Server, ServerSpec};

/// Bytes of an event.
const SIZE: usize = 6_000;
/// Publishes whose acks are awaited together.
const WINDOW: usize = 500;
/// Different bodies; they are published in turn.
const BODIES: usize = 64;
/// Milliseconds of a clock tick, as `/proc` counts them; Linux has had this one for decades.
const TICK: f64 = 10.0;

/// How the events travel.
const KINDS: [&str; 4] = ["structured, JSON", "binary, JSON", "structured, Base64", "binary, bytes"];

/// A way of the program over the stream: its words, its arguments, and the aim.
type Way = (&'static str, &'static [&'static str], &'static str);

/// What is printed. The first is the ceiling.
const PRINTED: [Way; 4] = [
    ("-o raw", &["-o", "raw"], ""),
    ("-o json", &["-o", "json"], "<= 2.5"),
    ("-o ce", &["-o", "ce"], "<= 2.5"),
    ("-o '{seq} {type} {id}'", &["-o", "{seq} {type} {id}"], ""),
];

/// Where to. The first is the ceiling.
const PLANNED: [Way; 4] = [
    ("plan to a subject", &["--to", "copy.{subject}"], ""),
    ("plan to HTTP", &["--to", "http://127.0.0.1:9/", "--at-least-once"], "<= 1.5"),
    ("plan to HTTP, structured", &["--to", "http://127.0.0.1:9/", "--at-least-once", "--http", "structured"], "<= 1.5"),
    ("plan to a file", &["--to", "file:never-written.ndjson"], "<= 1.5"),
];

fn main() -> Outcome {
    let events = match std::env::var("JETSCOPE_BENCH_PRINTED") {
        Ok(text) => text.trim().parse()?,
        Err(_) if in_full() => 200_000,
        Err(_) => 200,
    };
    let rounds = if in_full() { 5 } else { 1 };
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    // The client starts tasks where it is made.
    let _inside = runtime.enter();
    let server = Server::start(&ServerSpec::default())?;
    let client = runtime.block_on(async_nats::connect(server.url()))?;
    // What the plan to a subject finds at the other end.
    runtime.block_on(make_stream(&client, "COPIES", "copy.>"))?;
    let mut figures = Figures::new(&["", "ms", "of the ceiling", "aim"]);
    let mut made = Duration::ZERO;
    for kind in KINDS {
        // One at a time: all of them together would fill a small disk.
        let making = Instant::now();
        runtime.block_on(make(&client, kind, events))?;
        made += making.elapsed();
        compare(&server, kind, rounds, &["tail", "EVENTS"], &PRINTED, &mut figures)?;
        compare(&server, kind, rounds, &["replay", "EVENTS", "--range", "all"], &PLANNED, &mut figures)?;
        runtime.block_on(jetstream::new(client.clone()).delete_stream("EVENTS"))?;
    }
    figures.print(&format!(
        "printed: processor time over {events} events of {SIZE} bytes, medians of {rounds} rounds (made in {:.0} s); aims: \
         json and ce within 2.5 times raw, plans to HTTP and files within 1.5 times that to a subject",
        ms(made) / 1000.0
    ))
}

/// The ways in turn, round after round, each beside the first of its round.
fn compare(
    server: &Server,
    kind: &str,
    rounds: usize,
    command: &[&str],
    ways: &[Way],
    figures: &mut Figures,
) -> Outcome {
    let mut took = vec![Vec::new(); ways.len()];
    for _ in 0..rounds {
        for (way, took) in ways.iter().zip(&mut took) {
            took.push(processor_time(server, &[command, way.1].concat())?);
        }
    }
    for ((words, _, aim), times) in ways.iter().zip(&took) {
        let ratios: Vec<f64> = times.iter().zip(&took[0]).map(|(time, ceiling)| time / ceiling).collect();
        figures.row(&[
            format!("{kind}: {words}"),
            format!("{:.0}", quantile(times, 0.5)),
            format!("{:.2}", quantile(&ratios, 0.5)),
            (*aim).into(),
        ]);
    }
    Ok(())
}

/// Milliseconds of processor time that the program takes, in user and system mode.
fn processor_time(server: &Server, args: &[&str]) -> Outcome<f64> {
    let home = tempfile::tempdir()?;
    let mut command = Command::new(Path::new(env!("CARGO_BIN_EXE_jetscope")));
    command.args(args).args(["--server", &server.url()]).current_dir(home.path());
    command.env_clear().env("HOME", home.path()).stdout(Stdio::null()).stderr(Stdio::piped());
    let before = ended_children()?;
    let output = command.output()?;
    let took = ended_children()? - before;
    if !output.status.success() {
        return Err(format!("{args:?}: {}: {}", output.status, String::from_utf8_lossy(&output.stderr)).into());
    }
    Ok(took)
}

/// Milliseconds of processor time of all children that have ended. The server has not.
fn ended_children() -> Outcome<f64> {
    let stat = fs::read_to_string("/proc/self/stat")?;
    // The name in brackets may hold blanks; what follows it does not.
    let (_, rest) = stat.rsplit_once(')').ok_or("no name in stat")?;
    let ticks: Vec<f64> = rest.split_whitespace().skip(13).take(2).filter_map(|n| n.parse().ok()).collect();
    Ok(ticks.iter().sum::<f64>() * TICK)
}

async fn make_stream(client: &async_nats::Client, name: &str, subject: &str) -> Outcome {
    let config = stream::Config { name: name.into(), subjects: vec![subject.into()], ..Default::default() };
    jetstream::new(client.clone()).create_stream(config).await?;
    Ok(())
}

/// A stream of such events.
async fn make(client: &async_nats::Client, kind: &str, events: usize) -> Outcome {
    let js = jetstream::new(client.clone());
    make_stream(client, "EVENTS", "events.*").await?;
    let bodies: Vec<(HeaderMap, String, String)> = (0..BODIES).map(|n| event(kind, n)).collect();
    let bytes: Vec<u8> = (0..SIZE - 400).map(|n| (n * n % 251) as u8).collect();
    let mut acks = Vec::new();
    for n in 0..events {
        let (headers, before, behind) = &bodies[n % BODIES];
        let mut headers = headers.clone();
        let body = if headers.is_empty() {
            format!("{before}{n:012}{behind}").into_bytes()
        } else {
            headers.insert("ce-id", format!("{n:012}").as_str());
            if kind.ends_with("bytes") { bytes.clone() } else { before.clone().into_bytes() }
        };
        acks.push(js.publish_with_headers(format!("events.{}", n % 4), headers, body.into()).await?);
        if acks.len() >= WINDOW {
            for ack in acks.drain(..) {
                ack.await?;
            }
        }
    }
    for ack in acks {
        ack.await?;
    }
    Ok(())
}

/// One event: its headers, and what of its body stands before its id and behind it.
fn event(kind: &str, n: usize) -> (HeaderMap, String, String) {
    let ty = format!("com.example.order.{}", ["created", "paid", "refunded"][n % 3]);
    if kind.starts_with("binary") {
        let mut headers = HeaderMap::new();
        let content_type = if kind.ends_with("JSON") { "application/json" } else { "application/octet-stream" };
        for (name, value) in [
            ("ce-specversion", "1.0"),
            ("ce-source", "/shops/eu/7"),
            ("ce-type", ty.as_str()),
            ("ce-time", "2026-11-20T13:50:07.123Z"),
            ("ce-partitionkey", "shop-7"),
            ("content-type", content_type),
        ] {
            headers.insert(name, value);
        }
        return (headers, order(n, SIZE - 250), String::new());
    }
    let before = r#"{"specversion":"1.0","id":""#.to_owned();
    let data = if kind.ends_with("JSON") {
        format!(r#""datacontenttype":"application/json","data":{}"#, order(n, SIZE - 250))
    } else {
        let bytes: Vec<u8> = (0..(SIZE - 270) / 4 * 3).map(|at| ((at + n) * at % 251) as u8).collect();
        format!(r#""datacontenttype":"application/octet-stream","data_base64":"{}""#, BASE64_STANDARD.encode(bytes))
    };
    let behind = format!(
        r#"","source":"/shops/eu/7","type":"{ty}","time":"2026-11-20T13:50:07.123Z","partitionkey":"shop-7",{data}}}"#
    );
    (HeaderMap::new(), before, behind)
}

/// An order of about so many bytes as shops send them: short names, numbers, a word that is not ASCII, an escape.
fn order(n: usize, size: usize) -> String {
    let mut data = format!(
        r#"{{"orderId":"A-{n:08}","customer":{{"name":"Zoë Größe","email":"zoe@example.com","vip":false}},"total":{}.50,"items":["#,
        n % 10_000
    );
    let mut at = 0;
    while data.len() < size - 130 {
        let comma = if at == 0 { "" } else { "," };
        // Writing to a String cannot fail.
        let _ = write!(
            data,
            r#"{comma}{{"sku":"SKU-{:06}","title":"Shelf \"Nord\", oak","quantity":{},"price":{}.99,"tags":["wood","new"],"stock":null}}"#,
            at * 37 + n,
            at % 9 + 1,
            at * 13 % 400
        );
        at += 1;
    }
    data.push_str("]}");
    data
}
