//! A scene on the demo's server: the client of a consumer stops, the consumer falls behind, what it missed is replayed
//! to an HTTP endpoint and to a subject, the client returns, the consumer is moved and moved back. All of it with the
//! commands that anybody would type, which are shown with what they print; what they claim is looked at.

use std::process::Stdio;
use std::time::Duration;

use color_eyre::eyre::{Result, bail, ensure, eyre};
use serde_json::Value;
use tokio::process::Command;
use tokio::time::{Instant, sleep};

use super::output;
use crate::config::Connection;
use crate::demo::Demo;
use crate::model::{Consumer, Timestamp};
use crate::nats::{self, Api};

const STREAM: &str = "eventsource-github-stream";
const CONSUMER: &str = "merge-bot";
/// What should be missed before anything is done about it.
const MISSED: u64 = 150;
/// How long anything may take.
const LIMIT: Duration = Duration::from_secs(60);

/// Plays it to its end; an error where something is not as it was said.
pub(super) async fn play(demo: &Demo) -> Result<()> {
    let home = tempfile::tempdir()?;
    let scene = Scene {
        demo,
        home: home.path().to_string_lossy().into_owned(),
        api: Api::new(nats::open(&Connection::to(demo.url())).await?),
    };
    scene.becomes("it has caught up", |c| c.outstanding() < 20).await?;

    say("A consumer's client stops, and events go on coming.")?;
    demo.endpoint().set_stopped(CONSUMER, true);
    scene.becomes("it has missed some", |c| c.outstanding() >= MISSED).await?;
    scene.run(&["consumers", STREAM]).await?;

    say("What it has missed, as a plan first: nothing is sent.")?;
    let url = format!("{}/events", demo.endpoint().url());
    let replay = ["replay", STREAM, "--from-consumer", CONSUMER, "--to"];
    scene.run(&[&replay[..], &[&url]].concat()).await?;

    say("Sent to an HTTP endpoint that takes CloudEvents.")?;
    let sent = scene.replayed(&[&replay[..], &[&url, "--reason", "the bot was down", "--execute"]].concat()).await?;
    let taken = demo.endpoint().taken();
    ensure!(taken.sequences.is_sorted(), "the endpoint took them out of order");
    // The events of a batch come one by one, and share its sequence.
    let mut messages = taken.sequences;
    messages.dedup();
    ensure!(messages.len() as u64 == sent, "the endpoint took events of {} messages, not of {sent}", messages.len());
    let times = if taken.refused == 1 { "once".to_owned() } else { format!("{} times", taken.refused) };
    say(&format!("The endpoint has taken {} events of {sent} messages, in order; it was busy {times}.", taken.events))?;

    say("And to a subject, where a stream captures them.")?;
    let sent = scene.replayed(&[&replay[..], &["replay.{subject}", "--execute"]].concat()).await?;
    let kept = scene.api.stream("replays").await.map_err(|problem| eyre!(problem.sentence))?.state.messages;
    ensure!(kept == sent, "the stream has {kept} copies, not {sent}");

    say("The client returns and catches up.")?;
    demo.endpoint().set_stopped(CONSUMER, false);
    // What it held when it was stopped is delivered again after ack_wait.
    scene.becomes("it has caught up again", |c| c.pending < 20 && c.ack_pending == 0 && c.waiting > 0).await?;

    say("The consumer is moved back by 200 messages; a preview first, as always.")?;
    let moving = ["reposition", STREAM, CONSUMER, "--to", "last:200"];
    scene.run(&moving).await?;
    let before = scene.consumer().await?.delivered.consumer_seq;
    scene.run(&[&moving[..], &["--execute"]].concat()).await?;
    scene.becomes("it is given them again", |c| c.delivered.consumer_seq != before && c.waiting > 0).await?;

    say("And that is undone.")?;
    scene.run(&["reposition", "undo", "--execute"]).await?;
    scene.run(&["consumers", STREAM]).await?;
    say("That was all; the server and everything on it is removed.")
}

fn say(text: &str) -> Result<()> {
    Ok(output::print(&format!("\n# {text}\n"))?)
}

struct Scene<'d> {
    demo: &'d Demo,
    /// Its state is kept apart from that of other servers.
    home: String,
    api: Api,
}

impl Scene<'_> {
    async fn consumer(&self) -> Result<Consumer> {
        self.api.consumer(STREAM, CONSUMER).await.map_err(|problem| eyre!(problem.sentence))
    }

    async fn becomes(&self, what: &str, so: impl Fn(&Consumer) -> bool) -> Result<()> {
        let started = Instant::now();
        while !so(&self.consumer().await?) {
            if started.elapsed() > LIMIT {
                bail!("not within {} s: {what}", LIMIT.as_secs());
            }
            sleep(Duration::from_millis(100)).await;
        }
        Ok(())
    }

    /// Shows a command and what it prints.
    async fn run(&self, args: &[&str]) -> Result<()> {
        output::print(&format!("$ jetscope {}\n", args.iter().map(|arg| quoted(arg)).collect::<Vec<_>>().join(" ")))?;
        let (said, noted) = self.output(args).await?;
        output::print(&noted)?;
        Ok(output::print(&said)?)
    }

    /// Runs a command as it is typed, against the demo.
    async fn output(&self, args: &[&str]) -> Result<(String, String)> {
        let mut command = Command::new(std::env::current_exe()?);
        command.args(args).args(["--server", &self.demo.url()]).stdin(Stdio::null()).kill_on_drop(true);
        command.env("HOME", &self.home).env("XDG_STATE_HOME", &self.home).env("XDG_CONFIG_HOME", &self.home);
        let output = command.output().await?;
        let noted = String::from_utf8_lossy(&output.stderr).into_owned();
        ensure!(output.status.success(), "jetscope {}: {}\n{noted}", args.join(" "), output.status);
        Ok((String::from_utf8_lossy(&output.stdout).into_owned(), noted))
    }

    /// Runs a replay; how many were sent.
    async fn replayed(&self, args: &[&str]) -> Result<u64> {
        self.run(args).await?;
        let (list, _) = self.output(&["replay", "list", "--json"]).await?;
        let runs = list.lines().map(serde_json::from_str).collect::<Result<Vec<Value>, _>>()?;
        let newest = runs.iter().max_by_key(|run| run["plan"]["made"].as_str().and_then(Timestamp::parse_server));
        let sent = newest.and_then(|run| run["progress"]["counters"]["sent"].as_u64());
        sent.ok_or_else(|| eyre!("no replay is listed"))
    }
}

/// As a shell takes it.
fn quoted(arg: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./:=,@".contains(c);
    if arg.chars().all(plain) { arg.to_owned() } else { format!("'{arg}'") }
}
