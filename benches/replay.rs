//! A replay of a whole stream into another, with marks and message ids, against pipelined publishes of the same
//! payloads by the client alone, at its best window, and against waiting for each confirmation. The client alone
//! reads nothing: its payloads are in memory. Aim: at least 0.9 of it, and 1.1 with atomic batches.
//!
//! `JETSCOPE_BENCH_REPLAY=100000` chooses another number of events.

mod common;

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use async_nats::jetstream::consumer::{AckPolicy, pull};
use async_nats::jetstream::context::{Context, PublishAckFuture};
use async_nats::jetstream::{ContextBuilder, stream};
use bytes::Bytes;
use common::{Figures, Outcome, in_full, ms, quantile};
use futures_util::StreamExt;
use jetscope::config::{Env, Flags, Settings};
use jetscope::demo::{Server, ServerSpec};
use jetscope::model::replay::{Destination, State};
use jetscope::nats::gate::Confirmation;
use jetscope::query::Range;
use jetscope::replay::{Replays, Request, Wanted, plan};

/// Windows of the client alone.
const WINDOWS: [usize; 3] = [256, 1_024, 4_096];

fn main() -> Outcome {
    let events = match std::env::var("JETSCOPE_BENCH_REPLAY") {
        Ok(text) => text.trim().parse()?,
        Err(_) if in_full() => 100_000,
        Err(_) => 500,
    };
    let rounds = if in_full() { 5 } else { 1 };
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    runtime.block_on(compare(events, rounds))
}

/// An event of 300 bytes, structured.
fn event(n: usize) -> Bytes {
    let head = format!(
        r#"{{"specversion":"1.0","id":"{n:08}","source":"/shop/orders","type":"com.acme.order.created","time":"2026-11-20T13:50:07Z","datacontenttype":"application/json","data":{{"n":{n},"filler":""#
    );
    let filler = "x".repeat(300_usize.saturating_sub(head.len() + 3));
    Bytes::from(format!("{head}{filler}\"}}}}"))
}

async fn compare(events: usize, rounds: usize) -> Outcome {
    let server = Server::start(&ServerSpec::default())?;
    let nats = async_nats::connect(server.url()).await?;
    let js = ContextBuilder::new().max_ack_inflight(8_192).build(nats);
    let home = tempfile::tempdir()?;
    let dir = home.path().to_string_lossy().into_owned();
    let flags = Flags { server: Some(server.url()), ..Default::default() };
    let settings = Settings::load(&flags, &Env::of([("HOME", dir.as_str()), ("XDG_STATE_HOME", dir.as_str())]))?;
    let payloads: Vec<Bytes> = (0..events).map(event).collect();
    fresh(&js, "source", "source.>", false).await?;
    alone(&js, "source.a", &payloads, 1_024).await?;
    let mut took: [Vec<f64>; 8] = Default::default();
    for round in 0..rounds {
        // Whoever comes second finds the server as the first left it, so they take turns.
        for step in 0..took.len() {
            let which = if round % 2 == 0 { step } else { took.len() - 1 - step };
            let atomic = matches!(which, 5 | 6);
            fresh(&js, "copies", "copy.>", atomic).await?;
            let seconds = match which {
                0..=2 => alone(&js, "copy.a", &payloads, WINDOWS[which]).await?,
                // A small part of it: it would take minutes.
                3 => {
                    let part = &payloads[..events.div_ceil(20)];
                    alone(&js, "copy.a", part, 1).await? * events as f64 / part.len() as f64
                }
                4 | 5 => replay(&settings, events).await?.0,
                6 => replay(&settings, events).await?.1,
                _ => copying(&js, events).await?,
            };
            took[which].push(seconds);
        }
    }
    let best: Vec<f64> = (0..rounds)
        .map(|round| took[..3].iter().filter_map(|t| t.get(round)).copied().fold(f64::INFINITY, f64::min))
        .collect();
    let mut figures = Figures::new(&["", "events/s", "of the best", "aim"]);
    let names = [
        ("client alone, window 256", ""),
        ("client alone, window 1024", ""),
        ("client alone, window 4096", ""),
        ("client alone, each awaited", ""),
        ("jetscope, pipelined", ">= 0.9"),
        ("jetscope, atomic batches", ">= 1.1"),
        ("jetscope, atomic batches, read back", ""),
        ("client alone, reading and with ids", ""),
    ];
    for ((name, aim), times) in names.iter().zip(&took) {
        let ratios: Vec<f64> = best.iter().zip(times).map(|(best, time)| best / time).collect();
        figures.row(&[
            (*name).into(),
            format!("{:.0}", events as f64 / quantile(times, 0.5)),
            format!("{:.2}", quantile(&ratios, 0.5)),
            (*aim).into(),
        ]);
    }
    figures.print(&format!("replay: {events} events of 300 bytes, file storage, medians of {rounds} rounds"))
}

/// An empty stream in a file.
async fn fresh(js: &Context, name: &str, subject: &str, atomic: bool) -> Outcome {
    // That it is not there yet is fine.
    let _ = js.delete_stream(name).await;
    let config = stream::Config {
        name: name.into(),
        subjects: vec![subject.into()],
        storage: stream::StorageType::File,
        allow_atomic_publish: atomic,
        ..Default::default()
    };
    js.create_stream(config).await?;
    Ok(())
}

/// Publishes with so many confirmations outstanding; seconds.
async fn alone(js: &Context, subject: &'static str, payloads: &[Bytes], window: usize) -> Outcome<f64> {
    let started = Instant::now();
    let mut acks = VecDeque::<PublishAckFuture>::with_capacity(window);
    for payload in payloads {
        if acks.len() >= window
            && let Some(ack) = acks.pop_front()
        {
            ack.await?;
        }
        acks.push_back(js.publish(subject, payload.clone()).await?);
    }
    for ack in acks {
        ack.await?;
    }
    Ok(ms(started.elapsed()) / 1_000.0)
}

/// What a replay cannot do without, by the client alone: reads the source, and publishes with message ids at a window of
/// 4096; seconds.
async fn copying(js: &Context, events: usize) -> Outcome<f64> {
    let started = Instant::now();
    let config = pull::Config { ack_policy: AckPolicy::None, ..Default::default() };
    let consumer = js.get_stream("source").await?.create_consumer(config).await?;
    let mut messages = consumer.stream().max_messages_per_batch(5_000).messages().await?.take(events);
    let mut acks = VecDeque::<PublishAckFuture>::with_capacity(4_096);
    let mut seq = 0;
    while let Some(message) = messages.next().await {
        let message = message.map_err(|error| error.to_string())?;
        seq += 1;
        let mut headers = async_nats::HeaderMap::new();
        headers.insert("Nats-Msg-Id", format!("replay:20261125t001409-7k2f:source:{seq}"));
        if acks.len() >= 4_096
            && let Some(ack) = acks.pop_front()
        {
            ack.await?;
        }
        acks.push_back(js.publish_with_headers("copy.a", headers, message.payload.clone()).await?);
    }
    for ack in acks {
        ack.await?;
    }
    Ok(ms(started.elapsed()) / 1_000.0)
}

/// Replays the source: seconds until everything was confirmed, and until it was read back.
async fn replay(settings: &Settings, events: usize) -> Outcome<(f64, f64)> {
    let wanted = Wanted::Range { stream: "source".into(), range: Range::ALL, subjects: vec![] };
    let plan = plan(settings, Request::new(wanted, Destination::Subject("copy.{subject}".into()))).await?;
    let started = Instant::now();
    let running = Replays::new(settings.state_dir()).start(settings, plan, &Confirmation::Yes).await?;
    let mut progress = running.progress();
    progress.wait_for(|p| p.verifying || p.state.is_over()).await?;
    let sent = started.elapsed();
    let last = running.ended().await;
    if last.state != State::Completed || last.counters.sent != events as u64 {
        return Err(format!("{last:?}").into());
    }
    // Streams are made anew under the same name.
    tokio::time::sleep(Duration::from_millis(50)).await;
    Ok((sent.as_secs_f64(), started.elapsed().as_secs_f64()))
}
