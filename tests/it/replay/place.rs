//! A server with a source stream, and what a replay is checked against.

use std::collections::HashMap;
use std::process::{Command, Output, Stdio};
use std::time::Duration;

use async_nats::HeaderMap;
use async_nats::jetstream::{self, context::PublishAckFuture};
use jetscope::config::{Connection, Env, Flags, Settings};
use jetscope::demo::server::NEWEST;
use jetscope::demo::{Server, ServerSpec};
use jetscope::model::Message;
use jetscope::nats::tail::{Report, State, Tail, TailSpec};
use jetscope::nats::{Client, open};
use jetscope::query::Range;
use serde_json::{Value, json};
use tokio::time::timeout;

use crate::common::every_kind::stream;

/// Longer than anything here takes, also on a busy machine.
pub(crate) const PATIENCE: Duration = Duration::from_secs(120);

/// A server, a home directory, and applications beside jetscope.
pub(crate) struct Place {
    pub(crate) server: Server,
    pub(crate) nats: async_nats::Client,
    pub(crate) home: tempfile::TempDir,
}

impl Place {
    /// An ordinary server.
    pub(crate) async fn new() -> Self {
        Self::with("").await
    }

    /// One with more configuration.
    pub(crate) async fn with(config: &str) -> Self {
        let spec = ServerSpec { version: Some(NEWEST.into()), config: config.into(), ..Default::default() };
        Self::on(Server::start(&spec).unwrap()).await
    }

    /// On a server that runs.
    pub(crate) async fn on(server: Server) -> Self {
        let nats = async_nats::connect(server.url()).await.unwrap();
        Self { server, nats, home: tempfile::tempdir().unwrap() }
    }

    /// Makes a stream; more fields overwrite the usual ones.
    pub(crate) async fn stream(&self, name: &str, subjects: &[&str], more: Value) {
        let mut config = json!({"name": name, "subjects": subjects, "storage": "file"});
        for (field, value) in more.as_object().unwrap() {
            config[field] = value.clone();
        }
        stream(&self.nats, config).await;
    }

    /// The settings that the command would have.
    pub(crate) fn settings(&self) -> Settings {
        let home = self.home.path().to_str().unwrap();
        let flags = Flags { server: Some(self.server.url()), ..Default::default() };
        Settings::load(&flags, &Env::of([("HOME", home), ("XDG_STATE_HOME", home), ("XDG_CONFIG_HOME", home)])).unwrap()
    }

    /// `jetscope replay` with these arguments.
    pub(crate) fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_jetscope"));
        let home = self.home.path();
        command.arg("replay").args(args).args(["--server", &self.server.url(), "--log-level", "off"]).env_clear();
        command.env("HOME", home).env("XDG_STATE_HOME", home).env("XDG_CONFIG_HOME", home);
        command.stdin(Stdio::null());
        command
    }

    /// Runs it to its end.
    pub(crate) async fn replay(&self, args: &[&str]) -> Output {
        let mut command = self.command(args);
        tokio::task::spawn_blocking(move || command.output().unwrap()).await.unwrap()
    }

    /// Everything in a stream.
    pub(crate) async fn read(&self, stream: &str) -> Vec<Message> {
        read(&self.server.url(), stream).await
    }
}

/// Everything in a stream, in order.
pub(crate) async fn read(url: &str, stream: &str) -> Vec<Message> {
    read_range(&open(&Connection::to(url)).await.unwrap(), stream, Range::ALL).await
}

/// A range of a stream, in order.
pub(crate) async fn read_range(client: &Client, stream: &str, range: Range) -> Vec<Message> {
    let spec = TailSpec { stream: stream.into(), subjects: vec![], range, follow: false, batch: 5_000, keep: true };
    let (tail, mut reports) = Tail::spawn(client.clone(), vec![spec]);
    let mut messages = Vec::new();
    while let Some(report) = timeout(PATIENCE, reports.recv()).await.unwrap() {
        match report {
            Report::Messages(more) => messages.extend(more),
            Report::Stream(_, State::Failed(problem)) => panic!("{problem}"),
            Report::Stream(..) => {}
        }
    }
    tail.close().await;
    messages
}

/// The body of event `n`: about 300 bytes, structured.
pub(crate) fn event(n: usize) -> String {
    let filler = "x".repeat(150);
    format!(
        r#"{{"specversion":"1.0","id":"{n}","source":"/drill","type":"com.acme.tested","subject":"s{}","data":{{"n":{n},"filler":"{filler}"}}}}"#,
        n % 7
    )
}

/// Publishes events `from..to`: structured, binary and plain in turn, on `<subject>.<n % 10>`.
pub(crate) async fn fill(nats: &async_nats::Client, subject: &str, from: usize, to: usize) {
    let js = jetstream::ContextBuilder::new().max_ack_inflight(4_096).build(nats.clone());
    let mut acks = std::collections::VecDeque::<PublishAckFuture>::new();
    for n in from..to {
        if acks.len() >= 1_000 {
            acks.pop_front().unwrap().await.unwrap();
        }
        let mut headers = HeaderMap::new();
        let body = match n % 3 {
            0 => event(n),
            1 => {
                for (name, value) in
                    [("ce-specversion", "1.0"), ("ce-source", "/drill"), ("ce-type", "com.acme.tested")]
                {
                    headers.insert(name, value);
                }
                headers.insert("ce-id", n.to_string());
                format!("{{\"n\":{n}}}")
            }
            _ => format!("plain {n}"),
        };
        headers.insert("Nats-Msg-Id", format!("mine-{n}"));
        let subject = format!("{subject}.{}", n % 10);
        acks.push_back(js.publish_with_headers(subject, headers, body.into()).await.unwrap());
    }
    for ack in acks {
        ack.await.unwrap();
    }
}

/// The sequences in the source of the copies in a stream, in their order, by their message ids.
pub(crate) fn copies(messages: &[Message]) -> Vec<u64> {
    let of = |m: &Message| {
        let id = m.header("Nats-Msg-Id")?.strip_prefix("replay:")?;
        id.rsplit_once(':')?.1.parse().ok()
    };
    messages.iter().filter_map(of).collect()
}

/// Asserts that the copies are exactly these, each once and in order.
pub(crate) fn assert_exact(copies: &[u64], wanted: impl IntoIterator<Item = u64>) {
    let wanted: Vec<u64> = wanted.into_iter().collect();
    let mut times: HashMap<u64, usize> = HashMap::new();
    for seq in copies {
        *times.entry(*seq).or_default() += 1;
    }
    let lost: Vec<_> = wanted.iter().filter(|seq| !times.contains_key(seq)).take(10).collect();
    let doubled: Vec<_> = times.iter().filter(|(_, n)| **n > 1).take(10).collect();
    let late: Vec<_> = copies.windows(2).filter(|pair| pair[0] >= pair[1]).take(10).collect();
    assert!(
        lost.is_empty() && doubled.is_empty() && late.is_empty() && copies.len() == wanted.len(),
        "{} of {}; lost {lost:?}; doubled {doubled:?}; out of order {late:?}",
        copies.len(),
        wanted.len()
    );
}

/// The last line of the output as JSON.
pub(crate) fn last_json(output: &Output) -> Value {
    let text = String::from_utf8_lossy(&output.stdout);
    let line = text.lines().last().unwrap_or_else(|| panic!("{}", String::from_utf8_lossy(&output.stderr)));
    serde_json::from_str(line).unwrap()
}
