//! `jetscope reposition` on real servers: what it says before, what it does, and what it leaves behind.

mod console;
mod faults;
mod kinds;
mod live;
mod old;
mod refusals;

use std::fs;
use std::path::PathBuf;
use std::process::{Child, Command, Output, Stdio};
use std::time::Duration;

use async_nats::jetstream::{self, AckKind};
use futures_util::StreamExt;
use jetscope::demo::Server;
use serde_json::{Value, json};
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep, timeout};

use crate::common::every_kind::{api, consumer, raw, stream};
use crate::common::live::LONG;
use crate::common::{server_of, server_with};

const SECOND: u64 = 1_000_000_000;

/// A server with a connection of an application, and a home for the program.
struct Place {
    server: Server,
    nats: async_nats::Client,
    home: tempfile::TempDir,
}

impl Place {
    async fn on(server: Server) -> Self {
        let nats = async_nats::connect(server.url()).await.unwrap();
        Self { server, nats, home: tempfile::tempdir().unwrap() }
    }

    /// With the stream `S` of so many messages, on `s.0` and `s.1` by turns, and the consumer `c`.
    async fn with(messages: usize, config: Value) -> Self {
        Self::of("2.15.1", messages, config).await
    }

    async fn of(version: &str, messages: usize, config: Value) -> Self {
        let place = Self::on(server_of(version)).await;
        stream(&place.nats, json!({"name": "S", "subjects": ["s.*"]})).await;
        place.fill(messages).await;
        place.consumer("c", config).await;
        place
    }

    async fn fill(&self, messages: usize) {
        let js = jetstream::new(self.nats.clone());
        for n in 0..messages {
            js.publish(format!("s.{}", n % 2), "x".into()).await.unwrap().await.unwrap();
        }
    }

    async fn consumer(&self, name: &str, mut config: Value) {
        config["durable_name"] = name.into();
        if config["ack_policy"].is_null() {
            config["ack_policy"] = "explicit".into();
        }
        consumer(&self.nats, "S", name, config).await;
    }

    async fn info(&self, consumer: &str) -> Value {
        api(&self.nats, &format!("CONSUMER.INFO.S.{consumer}"), Value::Null).await
    }

    /// Waits until the consumer is as wanted.
    async fn until(&self, consumer: &str, what: &str, wanted: impl Fn(&Value) -> bool) {
        let begun = Instant::now();
        loop {
            let info = self.info(consumer).await;
            if wanted(&info) {
                return;
            }
            assert!(begun.elapsed() < LONG, "{what}: {info}");
            sleep(Duration::from_millis(10)).await;
        }
    }

    fn command(&self, args: &[&str]) -> Command {
        self.command_as(args, &["--server", &self.server.url()])
    }

    fn command_as(&self, args: &[&str], connection: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_jetscope"));
        command.arg("reposition").args(args).args(connection).env_clear();
        let home = self.home.path();
        command.env("HOME", home).env("XDG_STATE_HOME", home.join("state")).env("XDG_CONFIG_HOME", home.join("config"));
        command
    }

    /// Runs it to its end without holding up the tasks of the test.
    async fn run(&self, args: &[&str]) -> Said {
        Self::output(self.command(args)).await
    }

    async fn run_as(&self, args: &[&str], connection: &[&str]) -> Said {
        Self::output(self.command_as(args, connection)).await
    }

    async fn output(mut command: Command) -> Said {
        let out = tokio::task::spawn_blocking(move || command.output().unwrap()).await.unwrap();
        Said::of(&out)
    }

    fn start(&self, args: &[&str]) -> Child {
        self.command(args).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
    }

    fn state(&self) -> PathBuf {
        self.home.path().join("state/jetscope")
    }

    fn audit(&self) -> Vec<Value> {
        let text = fs::read_to_string(self.state().join("audit.jsonl")).unwrap_or_default();
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    fn records(&self) -> Vec<Value> {
        let files = fs::read_dir(self.state().join("repositions")).into_iter().flatten().map(|e| e.unwrap().path());
        let mut files: Vec<_> = files.filter(|p| p.extension().is_some_and(|e| e == "json")).collect();
        files.sort();
        files.iter().map(|path| serde_json::from_slice(&fs::read(path).unwrap()).unwrap()).collect()
    }
}

/// What the program said, and how it ended.
#[derive(Debug)]
struct Said {
    code: Option<i32>,
    out: String,
    err: String,
}

impl Said {
    fn of(out: &Output) -> Self {
        let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
        Self { code: out.status.code(), out: text(&out.stdout), err: text(&out.stderr) }
    }

    /// That it ended so.
    #[track_caller]
    fn code(self, code: i32) -> Self {
        assert_eq!(self.code, Some(code), "{self:#?}");
        self
    }

    /// That it says this somewhere.
    #[track_caller]
    fn has(self, words: &[&str]) -> Self {
        for word in words {
            assert!(self.out.contains(word) || self.err.contains(word), "{word:?} is not in {self:#?}");
        }
        self
    }

    fn json(&self) -> Value {
        serde_json::from_str(&self.out).unwrap_or_else(|error| panic!("{error}: {self:#?}"))
    }
}

/// A client that receives and acks; it tells each sequence.
struct Receiver {
    task: JoinHandle<()>,
    seen: UnboundedReceiver<u64>,
}

impl Receiver {
    /// Pulls as applications do; acks after this time.
    async fn pull(place: &Place, ack_after: Duration) -> Self {
        let js = jetstream::new(place.nats.clone());
        let consumer: jetstream::consumer::PullConsumer = js.get_consumer_from_stream("c", "S").await.unwrap();
        let (tell, seen) = unbounded_channel();
        let task = tokio::spawn(async move {
            loop {
                // One that was told that the consumer is gone is started again.
                let mut messages = consumer.messages().await.unwrap();
                while let Some(Ok(message)) = messages.next().await {
                    let _ = tell.send(message.info().unwrap().stream_sequence);
                    tokio::spawn(async move {
                        sleep(ack_after).await;
                        message.ack_with(AckKind::Ack).await.unwrap();
                    });
                }
            }
        });
        Self { task, seen }
    }

    /// Receives until this sequence has come.
    async fn until(&mut self, seq: u64) -> Vec<u64> {
        let mut all = Vec::new();
        let got = timeout(LONG, async {
            while all.last() != Some(&seq) {
                all.push(self.seen.recv().await.expect("a client that lives"));
            }
        });
        assert!(got.await.is_ok(), "only {all:?} came, not #{seq}");
        all
    }
}

impl Drop for Receiver {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// Takes so many messages and does nothing with them; gives the subjects of their acks.
async fn take(nats: &async_nats::Client, consumer: &str, batch: usize) -> Vec<(u64, String)> {
    let inbox = nats.new_inbox();
    let mut replies = nats.subscribe(inbox.clone()).await.unwrap();
    let body = json!({"batch": batch, "expires": 5 * SECOND}).to_string();
    nats.publish_with_reply(format!("$JS.API.CONSUMER.MSG.NEXT.S.{consumer}"), inbox, body.into()).await.unwrap();
    let mut taken = Vec::new();
    while taken.len() < batch {
        let message = timeout(LONG, replies.next()).await.unwrap().unwrap();
        let reply = message.reply.expect("a message").to_string();
        let seq = reply.split('.').nth(5).unwrap().parse().unwrap();
        taken.push((seq, reply));
    }
    taken
}

fn position(info: &Value) -> (u64, u64) {
    let seq = |of: &str| info[of]["stream_seq"].as_u64().unwrap();
    (seq("ack_floor"), seq("delivered"))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn all_that_were_done_are_listed() {
    let place = Place::with(20, json!({})).await;
    place.run(&["list"]).await.code(0).has(&["BEGAN"]);
    place.run(&["S", "c", "--to", "12", "--execute"]).await.code(0).has(&["to #12, read back"]);
    place.run(&["S", "c", "--to", "5", "--execute"]).await.code(0);
    place.run(&["undo", "--execute"]).await.code(0);
    let said = place.run(&["list", "--json"]).await.code(0);
    let all: Vec<Value> = said.out.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let of = |field: &str| all.iter().map(|past| past[field].clone()).collect::<Vec<_>>();
    // What was taken back can be taken back no more, and neither can what took it back.
    assert_eq!(of("state"), [json!("COMPLETED"), json!("UNDONE"), json!("COMPLETED")]);
    assert_eq!(of("can_be_undone"), [json!(false), json!(false), json!(true)]);
    assert_eq!((of("from"), of("to")), (vec![json!(5), json!(12), json!(1)], vec![json!(12), json!(5), json!(12)]));
    assert_eq!((&all[0]["undoes"], &all[1]["undone_by"]), (&all[1]["id"], &all[0]["id"]));
    assert_eq!((&all[2]["outcome"]["verified"], &all[2]["stream"]), (&json!(true), &json!("S")));
    let table = place.run(&["list"]).await.code(0).out;
    assert!(table.lines().nth(2).unwrap().contains("UNDONE"), "{table}");
    // It needs no server, and reads also what was written without an outcome.
    let state = place.state().join("repositions");
    let path =
        fs::read_dir(&state).unwrap().map(|e| e.unwrap().path()).find(|p| p.extension().is_some_and(|e| e == "json"));
    let mut record: Value = serde_json::from_slice(&fs::read(path.as_ref().unwrap()).unwrap()).unwrap();
    record.as_object_mut().unwrap().remove("outcome");
    fs::write(path.unwrap(), record.to_string()).unwrap();
    let said = place.run_as(&["list", "--json"], &["--server", "nats://127.0.0.1:1"]).await.code(0);
    assert_eq!(said.out.lines().count(), 3);
}
