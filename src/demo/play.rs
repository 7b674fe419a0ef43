//! The play itself: a server, its streams and consumers, publishers and workers, and their end.

use std::net::TcpListener;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use async_nats::jetstream::Context;
use async_nats::jetstream::context::ContextBuilder;
use async_nats::{Client, ConnectOptions, Event};
use futures_util::future::try_join_all;
use thiserror::Error;
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};

use super::scenario::{self, Plan};
use super::server::{NEWEST, OLDEST};
use super::{Endpoint, Server, ServerError, ServerSpec, traffic, workers};

/// Publishes whose acks are open at most.
const WINDOW: usize = 512;
/// How long an ack may take; its place in the window is free then.
const ACK_LIMIT: Duration = Duration::from_secs(2);
/// How long one step of the start may take.
const STEP_LIMIT: Duration = Duration::from_secs(20);
/// Between attempts, for the connection and for building the world again.
const PAUSE: Duration = Duration::from_millis(250);
/// The first server that can pause consumers.
const CAN_PAUSE: (i64, i64, i64) = (2, 11, 0);

/// Why there is no demo.
#[derive(Debug, Error)]
pub enum DemoError {
    /// The rate makes no sense.
    #[error("the demo cannot publish {0} events a second; choose a rate between 0 and {max}", max = DemoSpec::MAX_RATE)]
    Rate(f64),
    /// The port is in use.
    #[error("port {0} is in use; choose another one, or none to get a free one")]
    PortTaken(u16),
    /// No server could be started.
    #[error(transparent)]
    Server(#[from] ServerError),
    /// The demo cannot connect to its own server.
    #[error(
        "the demo cannot connect to its server at {url} ({reason}); does something on this machine block local connections?"
    )]
    Connect {
        /// The server's address.
        url: String,
        /// The client's words.
        reason: String,
    },
    /// The server did not want one of the streams or consumers.
    #[error(
        "{what} could not be made ({reason}); is the disk of the temporary directory full, or the server older than {OLDEST}? `make setup` fetches {NEWEST}"
    )]
    Refused {
        /// The stream or consumer.
        what: String,
        /// The server's words.
        reason: String,
    },
    /// The HTTP endpoint could not be opened.
    #[error("the demo's HTTP endpoint could not be opened ({0}); choose another port, or none to get a free one")]
    Endpoint(String),
    /// The streams could not be filled.
    #[error("the streams could not be filled ({0}); is the disk of the temporary directory full?")]
    Fill(String),
}

/// What to play.
#[derive(Clone, Debug)]
pub struct DemoSpec {
    /// The server's port; a free one when `None`.
    pub port: Option<u16>,
    /// The port of the HTTP endpoint; a free one when `None`.
    pub http_port: Option<u16>,
    /// Events a second in the mean, all streams together.
    pub rate: f64,
    /// The server's exact version; `None` takes any supported one on PATH, else the newest in the cache.
    pub version: Option<String>,
}

impl DemoSpec {
    /// More than this would be a benchmark, not a demo.
    pub const MAX_RATE: f64 = 10_000.0;
}

impl Default for DemoSpec {
    fn default() -> Self {
        Self { port: None, http_port: None, rate: 200.0, version: None }
    }
}

/// A running demo. Dropping it ends the publishers and workers, and removes the server and its store.
#[derive(Debug)]
pub struct Demo {
    // Dropped in this order: first those who would try to reconnect, then the server.
    _tasks: JoinSet<()>,
    endpoint: Endpoint,
    server: Server,
}

impl Demo {
    /// Starts a server, builds the world and fills it; from then on events flow.
    pub async fn start(spec: &DemoSpec) -> Result<Self, DemoError> {
        if !(0.0..=DemoSpec::MAX_RATE).contains(&spec.rate) {
            return Err(DemoError::Rate(spec.rate));
        }
        let server = start_server(spec).await?;
        let (reconnects, reconnected) = watch::channel(0);
        let client = connect(&server.url(), reconnects).await?;
        let context = ContextBuilder::new().max_ack_inflight(WINDOW).ack_timeout(ACK_LIMIT).build(client.clone());

        let (major, minor, patch) = CAN_PAUSE;
        let plans = scenario::consumers(spec.rate, client.is_server_compatible(major, minor, patch));
        let flows = scenario::flows(spec.rate);
        let names = plans.iter().map(|plan| plan.name().to_owned()).filter(|name| !name.is_empty()).collect();
        let endpoint = Endpoint::start(spec.http_port, names).map_err(DemoError::Endpoint)?;
        let url = endpoint.url();
        build(&context, &plans, &url).await?;
        let filled = timeout(STEP_LIMIT, traffic::fill(&context, &flows, 1)).await;
        filled
            .map_err(|_| DemoError::Fill("the server is too slow".into()))?
            .map_err(|error| DemoError::Fill(error.to_string()))?;

        let mut tasks = JoinSet::new();
        let (rebuilt, ready) = watch::channel(0);
        for plan in &plans {
            tasks.spawn(workers::run(context.clone(), plan.clone(), ready.clone(), endpoint.stopped()));
        }
        tasks.spawn(traffic::run(context.clone(), flows, 1_000));
        tasks.spawn(traffic::settings(context.clone(), 2_000));
        tasks.spawn(keep(context, plans, url, reconnected, rebuilt));
        Ok(Self { _tasks: tasks, endpoint, server })
    }

    /// The server's address.
    pub fn url(&self) -> String {
        self.server.url()
    }

    /// The application that takes events over HTTP.
    pub const fn endpoint(&self) -> &Endpoint {
        &self.endpoint
    }

    /// The server, to be looked at.
    pub const fn server(&self) -> &Server {
        &self.server
    }

    /// The server, to be killed and restarted.
    pub const fn server_mut(&mut self) -> &mut Server {
        &mut self.server
    }
}

async fn start_server(spec: &DemoSpec) -> Result<Server, DemoError> {
    if let Some(port) = spec.port
        && TcpListener::bind(("127.0.0.1", port)).is_err()
    {
        return Err(DemoError::PortTaken(port));
    }
    let server = ServerSpec { version: spec.version.clone(), port: spec.port, ..Default::default() };
    let started = tokio::task::spawn_blocking(move || Server::start(&server)).await;
    Ok(started.map_err(|error| ServerError::NotReady(error.to_string()))??)
}

/// Connects; each time that the connection is back after a loss, `reconnects` counts.
async fn connect(url: &str, reconnects: watch::Sender<u64>) -> Result<Client, DemoError> {
    let reconnects = Arc::new((reconnects, AtomicBool::new(false)));
    ConnectOptions::new()
        .name("the demo's applications")
        .reconnect_delay_callback(|attempts| if attempts > 1 { PAUSE } else { Duration::ZERO })
        .event_callback(move |event| {
            let reconnects = Arc::clone(&reconnects);
            async move {
                let (count, lost) = &*reconnects;
                match event {
                    Event::Disconnected => lost.store(true, Ordering::Relaxed),
                    Event::Connected if lost.swap(false, Ordering::Relaxed) => count.send_modify(|count| *count += 1),
                    _ => {}
                }
            }
        })
        .connect(url)
        .await
        .map_err(|error| DemoError::Connect { url: url.into(), reason: error.to_string() })
}

/// Makes what is not there yet: all streams, then all consumers that outlive their clients.
async fn build(context: &Context, plans: &[Plan], endpoint: &str) -> Result<(), DemoError> {
    let refused = |what: String, reason: String| DemoError::Refused { what, reason };
    // One after the other: a mirror needs its origin.
    for config in scenario::streams(endpoint) {
        let name = config.name.clone();
        let made = context.create_stream(config).await;
        made.map_err(|error| refused(format!("the demo's stream {name}"), error.to_string()))?;
    }
    let consumers = plans.iter().filter(|plan| !plan.is_ephemeral()).map(|plan| async move {
        let made = context.create_consumer_on_stream(plan.config.clone(), plan.stream).await;
        let what = || format!("the demo's consumer {} of {}", plan.name(), plan.stream);
        made.map(drop).map_err(|error| refused(what(), error.to_string()))
    });
    try_join_all(consumers).await.map(drop)
}

/// Builds the world again whenever the server was away: what was in memory is gone.
async fn keep(
    context: Context,
    plans: Vec<Plan>,
    endpoint: String,
    mut reconnected: watch::Receiver<u64>,
    ready: watch::Sender<u64>,
) {
    while reconnected.changed().await.is_ok() {
        while let Err(error) = build(&context, &plans, &endpoint).await {
            tracing::debug!(%error, "the demo's world is not complete yet");
            sleep(PAUSE).await;
        }
        ready.send_modify(|count| *count += 1);
    }
}
