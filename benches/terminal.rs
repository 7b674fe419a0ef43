//! The built program in a pseudo terminal on a real server: how soon it shows something, what it writes to
//! the terminal, what it costs while nobody touches it.
//!
//! Aims under a flood: 64 MiB of events and what the program itself needs, and keys that are answered.
//! Aims: the first useful frame within 100 ms of what connecting takes; below 500 bytes a second at 80x24 while
//! nothing happens.

mod common;

use std::io::{Read, Write};
use std::num::NonZeroU16;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
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
/// Publishes whose acks are open under a flood.
const WINDOW: usize = 256;
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
    let flooded = flood(&runtime, &server, &client, seconds)?;
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
    figures.row(&[
        "a tail under a flood: rss".into(),
        format!("{:.1} MiB", flooded.rss),
        String::new(),
        String::new(),
        "< 128 MiB".into(),
    ]);
    figures.row(&[
        "a tail under a flood: read".into(),
        format!("{:.0}/s", flooded.read),
        format!("{:.0}/s", flooded.published),
        String::new(),
        String::new(),
    ]);
    figures.row(&[
        "a tail under a flood: key to screen, worst".into(),
        format!("{:.0} ms", flooded.worst_key),
        String::new(),
        String::new(),
        "< 100 ms".into(),
    ]);
    figures.row(&[
        "a tail under a flood: cpu".into(),
        format!("{:.0} %", flooded.cpu),
        String::new(),
        String::new(),
        String::new(),
    ]);
    figures.print("terminal: the program on a real server")
}

/// What was seen of a tail that reads as fast as it can.
struct Flooded {
    /// MiB.
    rss: f64,
    /// Messages read and published a second.
    read: f64,
    published: f64,
    /// Milliseconds from a key to what it shows.
    worst_key: f64,
    /// Per cent of one core.
    cpu: f64,
}

/// Opens a tail of a stream into which somebody publishes without a pause, and presses keys meanwhile.
fn flood(
    runtime: &tokio::runtime::Runtime,
    server: &Server,
    client: &async_nats::Client,
    seconds: u32,
) -> Outcome<Flooded> {
    let body = r#"{"name":"flood","subjects":["flood.>"],"storage":"file","max_msgs":500000}"#;
    runtime.block_on(client.request("$JS.API.STREAM.CREATE.flood", body.into()))?;
    let event = format!(
        r#"{{"specversion":"1.0","id":"1","source":"/bench","type":"bench.flood","data":{{"text":"{}"}}}}"#,
        "x".repeat(210)
    );
    let published = Arc::new(AtomicU64::new(0));
    let going = Arc::new(AtomicBool::new(true));
    let publisher = {
        let (client, published, going) = (client.clone(), Arc::clone(&published), Arc::clone(&going));
        let event = bytes::Bytes::from(event);
        runtime.spawn(async move {
            // Not faster than the stream stores: messages that wait within the server would hold up all its answers.
            let stream = async_nats::jetstream::new(client);
            let mut open = std::collections::VecDeque::new();
            while going.load(Ordering::Relaxed) {
                let Ok(ack) = stream.publish("flood.a", event.clone()).await else { return };
                open.push_back(ack);
                if open.len() >= WINDOW
                    && let Some(ack) = open.pop_front()
                    && ack.await.is_ok()
                {
                    published.fetch_add(1, Ordering::Relaxed);
                }
            }
        })
    };
    let mut shown = Shown::start(server, (120, 40))?;
    shown.first("team00")?;
    shown.keys(":tail flood\r")?;
    shown.until("following", |screen| screen.contains("bench.flood"))?;
    let (started, before, at_first) = (Instant::now(), shown.cpu()?, published.load(Ordering::Relaxed));
    let first = scanned(&shown.screen()).unwrap_or(0.0);
    let mut worst = 0.0_f64;
    for _ in 0..seconds.max(2) {
        // Help comes and goes, whatever else there is to draw.
        for (key, shows) in [("?", true), ("\x1b", false)] {
            thread::sleep(Duration::from_millis(500));
            let pressed = Instant::now();
            shown.keys(key)?;
            shown.until("the help", |screen| screen.contains("Keys that work here") == shows)?;
            worst = worst.max(ms(pressed.elapsed()));
        }
    }
    let passed = started.elapsed().as_secs_f64();
    let read = scanned(&shown.screen()).unwrap_or(0.0) - first;
    let cpu = (shown.cpu()? - before) / passed * 100.0;
    let rss = shown.rss()?;
    going.store(false, Ordering::Relaxed);
    runtime.block_on(publisher)?;
    let sent = published.load(Ordering::Relaxed) - at_first;
    Ok(Flooded { rss, read: read / passed, published: sent as f64 / passed, worst_key: worst, cpu })
}

/// How many messages the line of status says were scanned.
fn scanned(screen: &str) -> Option<f64> {
    let (_, rest) = screen.split_once("scanned ")?;
    let word = rest.split_whitespace().next()?;
    let (number, factor) = match word.as_bytes().last()? {
        b'k' => (&word[..word.len() - 1], 1e3),
        b'M' => (&word[..word.len() - 1], 1e6),
        _ => (word, 1.0),
    };
    Some(number.parse::<f64>().ok()? * factor)
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
    writer: Box<dyn Write + Send>,
    parser: vt100::Parser,
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
        let writer = pair.master.take_writer()?;
        let cells = |n: u16| NonZeroU16::new(n).ok_or("a size above 0");
        let parser = vt100::Parser::new(cells(rows)?, cells(cols)?, 0);
        Ok(Self { started, child, output, writer, parser, _master: pair.master, _home: home })
    }

    /// Types.
    fn keys(&mut self, keys: &str) -> Outcome {
        self.writer.write_all(keys.as_bytes())?;
        Ok(self.writer.flush()?)
    }

    /// The screen as it is now.
    fn screen(&self) -> String {
        self.parser.screen().contents()
    }

    /// Waits until the screen is as it should be.
    fn until(&mut self, what: &str, condition: impl Fn(&str) -> bool) -> Outcome {
        let deadline = Instant::now() + PATIENCE;
        while Instant::now() < deadline {
            if let Ok(bytes) = self.output.recv_timeout(Duration::from_millis(20)) {
                self.parser.process(&bytes);
                for bytes in self.output.try_iter() {
                    self.parser.process(&bytes);
                }
            }
            if condition(&self.screen()) {
                return Ok(());
            }
        }
        Err(format!("{what} did not come; the screen is:\n{}", self.screen()).into())
    }

    /// When this text was first written.
    fn first(&mut self, text: &str) -> Outcome<Duration> {
        let mut written = Vec::new();
        while self.started.elapsed() < PATIENCE {
            let bytes = self.output.recv_timeout(PATIENCE)?;
            self.parser.process(&bytes);
            written.extend(bytes);
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
