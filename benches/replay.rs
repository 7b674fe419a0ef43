//! A replay of a whole stream into another, with marks and message ids, against pipelined publishes of the same
//! payloads by the client alone, at its best window, and against waiting for each confirmation. The client alone
//! reads nothing: its payloads are in memory. Aim: at least 0.9 of it, and 1.1 with atomic batches. The same on a cluster
//! of three, where batches or fast ingest are used, or each copy waits for the one before: one server alone takes single
//! copies faster.
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
use jetscope::demo::server::free_port;
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

/// What is compared.
#[derive(Clone, Copy)]
enum Way {
    /// The client alone, with so many confirmations outstanding.
    Alone(usize),
    /// The client alone waits for each one.
    Awaited,
    /// The client alone does what a replay cannot do without.
    Copying,
    /// jetscope, until everything is confirmed.
    Replay,
    /// The same where there are replicas and no batches: one copy after the other.
    OneByOne,
    /// jetscope where the destination allows batches.
    Batches,
    /// jetscope where it allows fast ingest.
    Fast,
    /// The same until everything was read back.
    ReadBack,
}

impl Way {
    fn words(self) -> (String, &'static str) {
        match self {
            Self::Alone(window) => (format!("client alone, window {window}"), ""),
            Self::Awaited => ("client alone, each awaited".into(), ""),
            Self::Copying => ("client alone, reading and with ids".into(), ""),
            Self::Replay => ("jetscope, pipelined".into(), ">= 0.9"),
            Self::OneByOne => ("jetscope, one by one".into(), ""),
            Self::Batches => ("jetscope, batches allowed".into(), ">= 1.1"),
            Self::Fast => ("jetscope, fast ingest allowed".into(), ">= 0.9"),
            Self::ReadBack => ("jetscope, and read back".into(), ""),
        }
    }
}

/// Servers, and streams of so many replicas.
struct Place {
    servers: Vec<Server>,
    replicas: usize,
    settings: Settings,
    _home: tempfile::TempDir,
}

impl Place {
    fn new(replicas: usize) -> Outcome<Self> {
        let routes = (0..replicas).map(|_| free_port()).collect::<Result<Vec<u16>, _>>()?;
        let spec = |n: usize| ServerSpec {
            name: format!("n{n}"),
            cluster: (replicas > 1).then(|| ("bench".to_owned(), routes[n], routes.clone())),
            ..ServerSpec::default()
        };
        // Side by side: the first waits for the others.
        let servers: Vec<_> = std::thread::scope(|scope| {
            let starting: Vec<_> = (0..replicas).map(|n| scope.spawn(move || Server::start(&spec(n)))).collect();
            starting.into_iter().map(std::thread::ScopedJoinHandle::join).collect()
        });
        let servers = servers.into_iter().map(|s| s.map_err(|_| "a server")).collect::<Result<Vec<_>, _>>()?;
        let servers = servers.into_iter().collect::<Result<Vec<_>, _>>()?;
        let home = tempfile::tempdir()?;
        let dir = home.path().to_string_lossy().into_owned();
        let flags = Flags { server: Some(servers[0].url()), ..Default::default() };
        let settings = Settings::load(&flags, &Env::of([("HOME", dir.as_str()), ("XDG_STATE_HOME", dir.as_str())]))?;
        Ok(Self { servers, replicas, settings, _home: home })
    }

    async fn took(&self, js: &Context, way: Way, payloads: &[Bytes]) -> Outcome<f64> {
        self.fresh(js, "copies", "copy.>", way).await?;
        let events = payloads.len();
        match way {
            Way::Alone(window) => alone(js, "copy.a", payloads, window).await,
            // A small part of it: it would take minutes.
            Way::Awaited => {
                let part = &payloads[..events.div_ceil(20)];
                Ok(alone(js, "copy.a", part, 1).await? * events as f64 / part.len() as f64)
            }
            Way::Copying => copying(js, events).await,
            Way::Replay | Way::OneByOne | Way::Batches | Way::Fast => Ok(replay(&self.settings, events).await?.0),
            Way::ReadBack => Ok(replay(&self.settings, events).await?.1),
        }
    }

    /// An empty stream in a file.
    async fn fresh(&self, js: &Context, name: &str, subject: &str, way: Way) -> Outcome {
        // That it is not there yet is fine.
        let _ = js.delete_stream(name).await;
        let config = stream::Config {
            name: name.into(),
            subjects: vec![subject.into()],
            storage: stream::StorageType::File,
            num_replicas: self.replicas,
            allow_atomic_publish: matches!(way, Way::Batches),
            allow_batch_publish: matches!(way, Way::Fast),
            ..Default::default()
        };
        let started = Instant::now();
        // A cluster that has just begun has no leader yet.
        while let Err(error) = js.create_stream(config.clone()).await {
            if started.elapsed() > Duration::from_secs(30) {
                return Err(error.into());
            }
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
        // Nor does every server know of the stream at once.
        let probe = subject.replace('>', "probe");
        while js.publish(probe.clone(), Bytes::new()).await?.await.is_err() {
            if started.elapsed() > Duration::from_secs(30) {
                return Err("nobody takes messages".into());
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        js.get_stream(name).await?.purge().await?;
        Ok(())
    }
}

async fn compare(events: usize, rounds: usize) -> Outcome {
    let alone = WINDOWS.map(Way::Alone);
    let others = [Way::Awaited, Way::Replay, Way::ReadBack, Way::Copying];
    ways(1, events, rounds, &[&alone[..], &others[..]].concat()).await?;
    // A fifth of it: a cluster of three on one machine is slow.
    let others = [Way::Awaited, Way::OneByOne, Way::Batches, Way::Fast, Way::Copying];
    ways(3, events.div_ceil(5), rounds, &[&alone[..], &others[..]].concat()).await
}

async fn ways(replicas: usize, events: usize, rounds: usize, ways: &[Way]) -> Outcome {
    let place = Place::new(replicas)?;
    let nats = async_nats::connect(place.servers[0].url()).await?;
    let js = ContextBuilder::new().max_ack_inflight(8_192).build(nats);
    let payloads: Vec<Bytes> = (0..events).map(event).collect();
    place.fresh(&js, "source", "source.>", Way::Replay).await?;
    alone(&js, "source.a", &payloads, 1_024).await?;
    let mut took = vec![Vec::new(); ways.len()];
    for round in 0..rounds {
        // Whoever comes second finds the server as the first left it, so they take turns.
        for step in 0..ways.len() {
            let which = if round % 2 == 0 { step } else { ways.len() - 1 - step };
            took[which].push(place.took(&js, ways[which], &payloads).await?);
        }
    }
    let best: Vec<f64> =
        (0..rounds).map(|round| took[..WINDOWS.len()].iter().map(|t| t[round]).fold(f64::INFINITY, f64::min)).collect();
    let mut figures = Figures::new(&["", "events/s", "of the best", "aim"]);
    for (way, times) in ways.iter().zip(&took) {
        let ratios: Vec<f64> = best.iter().zip(times).map(|(best, time)| best / time).collect();
        let (name, aim) = way.words();
        let (rate, ratio) = (events as f64 / quantile(times, 0.5), quantile(&ratios, 0.5));
        figures.row(&[name, format!("{rate:.0}"), format!("{ratio:.2}"), aim.into()]);
    }
    let of = if replicas == 1 { String::new() } else { format!(", {replicas} replicas") };
    figures.print(&format!("replay: {events} events of 300 bytes, file storage{of}, medians of {rounds} rounds"))
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
