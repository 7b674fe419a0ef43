//! The built program in a pseudo terminal on a real server: how soon it shows something, what it writes to
//! the terminal, what it costs while nobody touches it.
//!
//! Aims: the first useful frame within 100 ms of what connecting takes; below 500 bytes a second at 80x24 while
//! nothing happens.

mod common;

use std::io::Read;
use std::path::Path;
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::{Duration, Instant};

use common::{Figures, Outcome, in_full, ms, quantile};
use jetscope::config::Connection;
use jetscope::demo::{Server, ServerSpec};
use jetscope::nats;
use portable_pty::{Child, CommandBuilder, MasterPty, PtySize, native_pty_system};

/// How long the first frame may take at most before the bench gives up.
const PATIENCE: Duration = Duration::from_secs(20);
/// Messages a second while it is busy.
const BUSY: u32 = 200;
/// Clock ticks a second, as `/proc` counts them; Linux has had this one for decades.
const TICKS: f64 = 100.0;

fn main() -> Outcome {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    let (starts, seconds) = if in_full() { (15, 20) } else { (1, 1) };
    let mut figures = Figures::new(&["", "figure", "ceiling", "difference", "aim"]);
    let server = Server::start(&ServerSpec::default())?;
    let client = runtime.block_on(async_nats::connect(server.url()))?;
    runtime.block_on(make(&client, 20))?;
    start(&runtime, &server, starts, &mut figures)?;
    let idle = watch(&server, (80, 24), seconds, || Ok(()))?;
    let busy = watch(&server, (80, 24), seconds, || runtime.block_on(publish(&client, seconds)))?;
    let wide = watch(&server, (200, 60), seconds, || Ok(()))?;
    if in_full() {
        runtime.block_on(make(&client, 1_000))?;
    }
    let many = watch(&server, (80, 24), seconds, || Ok(()))?;
    for (what, seen, aim) in [
        ("idle 80x24", idle, "< 500 B/s"),
        ("busy 80x24", busy, ""),
        ("idle 200x60", wide, ""),
        ("idle 80x24, 1,000 streams", many, ""),
    ] {
        figures.row(&[
            format!("{what}: written"),
            format!("{:.0} B/s", seen.written),
            String::new(),
            String::new(),
            aim.into(),
        ]);
        figures.row(&[
            format!("{what}: cpu"),
            format!("{:.1} %", seen.cpu),
            String::new(),
            String::new(),
            String::new(),
        ]);
        figures.row(&[
            format!("{what}: rss"),
            format!("{:.1} MiB", seen.rss),
            String::new(),
            String::new(),
            String::new(),
        ]);
    }
    figures.print("terminal: the program on a real server")
}

/// From start to the first frame with a stream in it, beside connecting alone.
fn start(runtime: &tokio::runtime::Runtime, server: &Server, times: usize, figures: &mut Figures) -> Outcome {
    let (mut first, mut connect, mut differ) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..times {
        let started = Instant::now();
        runtime.block_on(nats::open(&Connection::to(server.url())))?;
        let connected = ms(started.elapsed());
        let mut shown = Shown::start(server, (80, 24))?;
        let took = ms(shown.first("team00")?);
        first.push(took);
        connect.push(connected);
        differ.push(took - connected);
    }
    figures.row(&[
        "start to first useful frame / connect".into(),
        format!("{:.1} ms", quantile(&first, 0.5)),
        format!("{:.1} ms", quantile(&connect, 0.5)),
        format!("{:.1} ms", quantile(&differ, 0.5)),
        "< 100 ms".into(),
    ]);
    Ok(())
}

/// What was seen of a program that nobody touched.
struct Seen {
    /// Bytes a second.
    written: f64,
    /// Per cent of one core.
    cpu: f64,
    /// MiB.
    rss: f64,
}

/// Lets the program run for so many seconds while something else happens.
fn watch(server: &Server, size: (u16, u16), seconds: u32, meanwhile: impl FnOnce() -> Outcome) -> Outcome<Seen> {
    let mut shown = Shown::start(server, size)?;
    shown.first("team00")?;
    // What happens once at the start is no cost of idling.
    thread::sleep(Duration::from_secs(u64::from(seconds.min(3))));
    shown.drain();
    let started = Instant::now();
    let before = shown.cpu()?;
    meanwhile()?;
    thread::sleep(Duration::from_secs(u64::from(seconds)).saturating_sub(started.elapsed()));
    let passed = started.elapsed().as_secs_f64();
    let cpu = (shown.cpu()? - before) / passed * 100.0;
    let written = shown.drain();
    // For a look at what is written.
    if let Some(path) = std::env::var_os("JETSCOPE_BENCH_OUTPUT") {
        std::fs::write(path, &written)?;
    }
    Ok(Seen { written: written.len() as f64 / passed, cpu, rss: shown.rss()? })
}

/// The program in its terminal.
struct Shown {
    started: Instant,
    child: Box<dyn Child + Send + Sync>,
    output: Receiver<Vec<u8>>,
    _master: Box<dyn MasterPty + Send>,
    _home: tempfile::TempDir,
}

impl Shown {
    fn start(server: &Server, (cols, rows): (u16, u16)) -> Outcome<Self> {
        let pair = native_pty_system().openpty(PtySize { rows, cols, pixel_width: 0, pixel_height: 0 })?;
        let home = tempfile::tempdir()?;
        let mut command = CommandBuilder::new(Path::new(env!("CARGO_BIN_EXE_jetscope")));
        command.args(["--server", &server.url()]);
        command.env_clear();
        command.env("HOME", home.path());
        command.env("TERM", "xterm-256color");
        let started = Instant::now();
        let child = pair.slave.spawn_command(command)?;
        drop(pair.slave);
        let mut reader = pair.master.try_clone_reader()?;
        let (sender, output) = channel();
        thread::spawn(move || {
            let mut buffer = vec![0; 65_536];
            while let Ok(n) = reader.read(&mut buffer) {
                if n == 0 || sender.send(buffer[..n].to_vec()).is_err() {
                    return;
                }
            }
        });
        Ok(Self { started, child, output, _master: pair.master, _home: home })
    }

    /// When this text was first written.
    fn first(&mut self, text: &str) -> Outcome<Duration> {
        let mut written = Vec::new();
        while self.started.elapsed() < PATIENCE {
            written.extend(self.output.recv_timeout(PATIENCE)?);
            if written.windows(text.len()).any(|w| w == text.as_bytes()) {
                return Ok(self.started.elapsed());
            }
        }
        Err(format!("{text} did not come").into())
    }

    fn drain(&self) -> Vec<u8> {
        self.output.try_iter().flatten().collect()
    }

    fn proc(&self, file: &str) -> Outcome<String> {
        let pid = self.child.process_id().ok_or("the program has ended")?;
        Ok(std::fs::read_to_string(format!("/proc/{pid}/{file}"))?)
    }

    /// Seconds of processor time so far.
    fn cpu(&self) -> Outcome<f64> {
        let stat = self.proc("stat")?;
        // The name in brackets may hold blanks; what follows it does not.
        let (_, rest) = stat.rsplit_once(')').ok_or("no name in stat")?;
        let ticks: Vec<f64> = rest.split_whitespace().skip(11).take(2).filter_map(|n| n.parse().ok()).collect();
        Ok(ticks.iter().sum::<f64>() / TICKS)
    }

    fn rss(&self) -> Outcome<f64> {
        let status = self.proc("status")?;
        let line = status.lines().find(|l| l.starts_with("VmRSS:")).ok_or("no VmRSS")?;
        let kib: f64 = line.split_whitespace().nth(1).ok_or("no figure")?.parse()?;
        Ok(kib / 1024.0)
    }
}

impl Drop for Shown {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// So many memory streams with two consumers each and some messages.
async fn make(nats: &async_nats::Client, streams: usize) -> Outcome {
    for n in 0..streams {
        let name = format!("eventsource-team{n:04}-stream");
        let body = format!("{{\"name\":\"{name}\",\"subjects\":[\"bench.{n}.>\"],\"storage\":\"memory\"}}");
        nats.request(format!("$JS.API.STREAM.CREATE.{name}"), body.into()).await?;
        for c in ["archive", "builder"] {
            let body = format!(
                "{{\"stream_name\":\"{name}\",\"config\":{{\"durable_name\":\"{c}\",\"ack_policy\":\"explicit\"}}}}"
            );
            nats.request(format!("$JS.API.CONSUMER.CREATE.{name}.{c}"), body.into()).await?;
        }
        nats.publish(format!("bench.{n}.made"), "{}".into()).await?;
    }
    nats.flush().await?;
    Ok(())
}

/// The same number of messages each second, over all of the first streams.
async fn publish(nats: &async_nats::Client, seconds: u32) -> Outcome {
    let mut every = tokio::time::interval(Duration::from_secs(1) / BUSY);
    for n in 0..BUSY * seconds {
        every.tick().await;
        nats.publish(format!("bench.{}.made", n % 20), "{}".into()).await?;
    }
    nats.flush().await?;
    Ok(())
}
