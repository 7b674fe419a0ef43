//! `jetscope tail` over a whole stream of `CloudEvents`, decoded and filtered, against a plain pull consumer of the
//! client's own that only counts; and how soon the last events of a long stream are there.
//!
//! Aims: with a filter on an attribute at least 0.9 of the plain consumer's rate, with one on the data 0.7;
//! the last 500 of 1,000,000 within 10 ms of what connecting takes.
//!
//! `JETSCOPE_BENCH_TAIL=200000` chooses another number of messages.

mod common;

use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Instant;

use async_nats::HeaderMap;
use async_nats::jetstream::{self, consumer};
use common::{Figures, Outcome, in_full, ms, quantile};
use futures_util::StreamExt;
use jetscope::config::Connection;
use jetscope::demo::{Server, ServerSpec};
use jetscope::nats;
use jetscope::nats::tail::{Report, State, Tail, TailSpec};
use jetscope::query::Range;

/// Messages that the plain consumer asks for at once.
const BATCH: usize = 5_000;
/// Publishes whose acks are awaited together.
const WINDOW: usize = 1_000;
/// One in so many events is of the type that is looked for, and as many have data above the bound.
const RARE: usize = 100;

/// The two streams, and how their events travel.
const STREAMS: [(&str, &str); 2] = [("binary", "BINARY"), ("structured", "STRUCTURED")];
const ATTRIBUTE: &str = "type = 'com.example.order.refunded'";
const DATA: &str = "data.total > 9899";

fn main() -> Outcome {
    let messages = match std::env::var("JETSCOPE_BENCH_TAIL") {
        Ok(text) => text.parse()?,
        Err(_) if in_full() => 1_000_000,
        Err(_) => 2_000,
    };
    let rounds = if in_full() { 5 } else { 1 };
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    let server = Server::start(&ServerSpec::default())?;
    let client = runtime.block_on(async_nats::connect(server.url()))?;
    let making = Instant::now();
    for (mode, stream) in STREAMS {
        runtime.block_on(make(&client, mode, stream, messages))?;
    }
    let made = making.elapsed().as_secs_f64();
    let mut figures = Figures::new(&["", "jetscope/s", "plain/s", "ratio", "aim"]);
    for (mode, stream) in STREAMS {
        for (what, args, aim) in [
            ("filter on an attribute", &["--where", ATTRIBUTE, "-o", "raw"][..], ">= 0.9"),
            ("filter on the data", &["--where", DATA, "-o", "raw"], ">= 0.7"),
            ("all as -o raw", &["-o", "raw"], ""),
            ("all as -o json", &["-o", "json"], ""),
            ("all as -o ce", &["-o", "ce"], ""),
        ] {
            let rounds = if aim.is_empty() { rounds.min(3) } else { rounds };
            let (mut ours, mut plain) = (Vec::new(), Vec::new());
            for _ in 0..rounds {
                plain.push(count(&runtime, &server, stream, messages)?);
                ours.push(whole(&server, stream, args)?);
            }
            // The machine is busy with other things too: each of our runs stands beside the plain one before it.
            let ratios: Vec<f64> = ours.iter().zip(&plain).map(|(ours, plain)| plain / ours).collect();
            let rate = |took: &[f64]| format!("{:.0}", messages as f64 * 1000.0 / quantile(took, 0.5));
            figures.row(&[
                format!("{mode}: {what}"),
                rate(&ours),
                rate(&plain),
                format!("{:.2}", quantile(&ratios, 0.5)),
                aim.into(),
            ]);
        }
    }
    figures
        .print(&format!("tail: {messages} events of 300 bytes, medians of {rounds} rounds (made in {made:.1} s)"))?;
    last(&runtime, &server, if in_full() { 21 } else { 1 })
}

/// How soon the last events are there, beside connecting alone.
fn last(runtime: &tokio::runtime::Runtime, server: &Server, times: usize) -> Outcome {
    let mut figures = Figures::new(&["", "ms", "connect ms", "difference", "aim"]);
    for (what, subjects) in [("last:500", vec![]), ("last:500 of one subject in four", vec!["STRUCTURED.3".to_owned()])]
    {
        let (mut all, mut connects, mut differ) = (Vec::new(), Vec::new(), Vec::new());
        for _ in 0..times {
            let spec = TailSpec {
                stream: "STRUCTURED".into(),
                subjects: subjects.clone(),
                range: Range::last(500),
                follow: true,
                batch: 500,
                keep: true,
            };
            let (connect, took) = runtime.block_on(first(server, spec))?;
            all.push(took);
            connects.push(connect);
            differ.push(took - connect);
        }
        figures.row(&[
            what.into(),
            format!("{:.1}", quantile(&all, 0.5)),
            format!("{:.1}", quantile(&connects, 0.5)),
            format!("{:.1}", quantile(&differ, 0.5)),
            "< 10 ms".into(),
        ]);
    }
    figures.print("tail: from the start to the last 500 events")
}

/// What connecting took, and all up to the last event that is stored.
async fn first(server: &Server, spec: TailSpec) -> Outcome<(f64, f64)> {
    let started = Instant::now();
    let client = nats::open(&Connection::to(server.url())).await?;
    let connected = ms(started.elapsed());
    let (tail, mut reports) = Tail::spawn(client, vec![spec]);
    let mut messages = 0;
    while let Some(report) = reports.recv().await {
        match report {
            Report::Messages(more) => messages += more.len(),
            Report::Stream(_, State::Failed(problem)) => return Err(problem.sentence.into()),
            Report::Stream(_, State::CaughtUp | State::End) => break,
            Report::Stream(..) => {}
        }
    }
    let took = ms(started.elapsed());
    tail.close().await;
    if messages != 500 {
        return Err(format!("{messages} messages came").into());
    }
    Ok((connected, took))
}

/// The program over the whole stream, in milliseconds.
fn whole(server: &Server, stream: &str, args: &[&str]) -> Outcome<f64> {
    let home = tempfile::tempdir()?;
    let mut command = Command::new(Path::new(env!("CARGO_BIN_EXE_jetscope")));
    command.args(["tail", stream, "--server", &server.url()]).args(args);
    command.env_clear().env("HOME", home.path()).stdout(Stdio::null());
    let started = Instant::now();
    let status = command.status()?;
    let took = ms(started.elapsed());
    // In a small run nothing may match.
    if !matches!(status.code(), Some(0 | 1)) {
        return Err(format!("{args:?}: {status}").into());
    }
    Ok(took)
}

/// A pull consumer of the client's own that acks nothing and only counts, in milliseconds.
fn count(runtime: &tokio::runtime::Runtime, server: &Server, stream: &str, messages: usize) -> Outcome<f64> {
    runtime.block_on(async {
        let started = Instant::now();
        let js = jetstream::new(async_nats::connect(server.url()).await?);
        let config = consumer::pull::Config {
            ack_policy: consumer::AckPolicy::None,
            memory_storage: true,
            ..Default::default()
        };
        let consumer = js.get_stream(stream).await?.create_consumer(config).await?;
        let mut found = consumer.stream().max_messages_per_batch(BATCH).messages().await?;
        for _ in 0..messages {
            found.next().await.ok_or("the consumer has ended")??;
        }
        let took = ms(started.elapsed());
        js.delete_consumer_from_stream(&consumer.cached_info().name, stream).await?;
        Ok(took)
    })
}

/// Events of 300 bytes, headers included.
async fn make(client: &async_nats::Client, mode: &str, stream: &str, messages: usize) -> Outcome {
    let js = jetstream::new(client.clone());
    let config =
        jetstream::stream::Config { name: stream.into(), subjects: vec![format!("{stream}.*")], ..Default::default() };
    js.create_stream(config).await?;
    let mut acks = Vec::new();
    for n in 0..messages {
        let kind = if n % RARE == 0 { "refunded" } else { "created" };
        let total = n % 10_000;
        let mut headers = HeaderMap::new();
        let body = if mode == "binary" {
            for (name, value) in [
                ("ce-specversion", "1.0"),
                ("ce-source", "/shops/eu/7"),
                ("ce-type", &format!("com.example.order.{kind}")),
                ("ce-time", "2026-11-20T13:50:07.123Z"),
                ("content-type", "application/json"),
            ] {
                headers.insert(name, value);
            }
            headers.insert("ce-id", format!("{n:012}").as_str());
            format!("{{\"total\":{total},\"items\":[{{\"sku\":\"A-1729\",\"count\":2}}],\"note\":\"{:x<33}\"}}", "")
        } else {
            format!(
                "{{\"specversion\":\"1.0\",\"id\":\"{n:012}\",\"source\":\"/shops/eu/7\",\
                 \"type\":\"com.example.order.{kind}\",\"time\":\"2026-11-20T13:50:07.123Z\",\
                 \"datacontenttype\":\"application/json\",\
                 \"data\":{{\"total\":{total},\"items\":[{{\"sku\":\"A-1729\",\"count\":2}}],\"note\":\"{:x<40}\"}}}}",
                ""
            )
        };
        acks.push(js.publish_with_headers(format!("{stream}.{}", n % 4), headers, body.into()).await?);
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
