//! The built program beside a fault, and its lines as they come.

use std::io::{BufRead, BufReader, Read};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use tokio::time::Instant;

use super::world::World;

/// A running program, and its lines as they come, each with when.
pub(super) struct Program {
    child: Child,
    out: Lines,
    err: Lines,
}

type Lines = Arc<Mutex<Vec<(Instant, String)>>>;

fn follow(pipe: impl Read + Send + 'static) -> Lines {
    let lines = Lines::default();
    let kept = Arc::clone(&lines);
    thread::spawn(move || {
        for line in BufReader::new(pipe).lines().map_while(Result::ok) {
            kept.lock().expect("the lines").push((Instant::now(), line));
        }
    });
    lines
}

impl Program {
    pub(super) fn start(world: &World, args: &[&str]) -> Self {
        let mut command = Command::new(env!("CARGO_BIN_EXE_jetscope"));
        command.args(args).args(["--server", &world.proxy.url()]).args(world.login());
        command.env_clear().env("HOME", world.home.path(""));
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("the program");
        let out = follow(child.stdout.take().expect("a pipe"));
        let err = follow(child.stderr.take().expect("a pipe"));
        Self { child, out, err }
    }

    /// The first line since then, with how long it took to come.
    pub(super) fn first(&self, since: Instant) -> Option<(Duration, String)> {
        let lines = self.err.lock().expect("the lines");
        lines.iter().find(|(at, _)| *at >= since).map(|(at, line)| (*at - since, line.clone()))
    }

    /// All that it said on standard error.
    pub(super) fn told(&self) -> Vec<String> {
        self.err.lock().expect("the lines").iter().map(|(_, line)| line.clone()).collect()
    }

    pub(super) fn lines(&self) -> Vec<String> {
        self.out.lock().expect("the lines").iter().map(|(_, line)| line.clone()).collect()
    }

    pub(super) fn ended(&mut self) -> Option<i32> {
        self.child.try_wait().expect("a process").map(|status| status.code().unwrap_or(-1))
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
