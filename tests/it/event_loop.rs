//! The loop with a clock that only moves when nothing else can: frames, order, ends. No time passes in truth.

use std::io;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures_util::stream::{self, Stream, StreamExt};
use jetscope::app::{App, Effect, Msg, Session};
use jetscope::keymap::Keymap;
use jetscope::model::{Link, Timestamp, Traffic, Update};
use jetscope::runtime::{Display, EffectRunner, Exit, run_loop};
use tokio::sync::mpsc;
use tokio::time::{Instant, sleep};

/// What happened, in order, with the milliseconds since the start.
#[derive(Clone)]
struct Record {
    started: Instant,
    events: Arc<Mutex<Vec<(u64, String)>>>,
}

impl Record {
    fn new() -> Self {
        Self { started: Instant::now(), events: Arc::default() }
    }

    fn add(&self, what: impl Into<String>) {
        let at = self.started.elapsed().as_millis() as u64;
        self.events.lock().unwrap().push((at, what.into()));
    }

    fn all(&self) -> Vec<(u64, String)> {
        self.events.lock().unwrap().clone()
    }

    fn times(&self, what: &str) -> Vec<u64> {
        self.all().into_iter().filter(|(_, w)| w == what).map(|(at, _)| at).collect()
    }
}

impl Display for Record {
    fn draw(&mut self, _: &App) -> io::Result<()> {
        self.add("frame");
        Ok(())
    }

    fn clear(&mut self) -> io::Result<()> {
        self.add("clear");
        Ok(())
    }

    fn lend(&mut self, to: &mut dyn FnMut() -> io::Result<()>) -> io::Result<()> {
        self.add("lend");
        to()
    }

    fn write(&mut self, sequence: &str) -> io::Result<()> {
        self.add(format!("write {sequence:?}"));
        Ok(())
    }
}

struct Effects(Record);

impl EffectRunner for Effects {
    fn run(&mut self, effect: Effect, _: &mut dyn Display) -> io::Result<()> {
        self.0.add(match effect {
            Effect::Watch(_) => "watch".to_owned(),
            other => format!("{other:?}"),
        });
        Ok(())
    }
}

fn app() -> App {
    App::new(Session::default(), Keymap::with(&std::collections::BTreeMap::new()).unwrap(), Timestamp(0))
}

fn key(name: &str) -> Msg {
    Msg::Key(name.parse().unwrap())
}

/// Keys, each after so many milliseconds; then nothing more.
fn typed(keys: Vec<(u64, &'static str)>) -> impl Stream<Item = Msg> + Unpin {
    let keys = stream::iter(keys).then(|(after, name)| async move {
        sleep(Duration::from_millis(after)).await;
        key(name)
    });
    Box::pin(keys.chain(stream::pending()))
}

async fn run(input: impl Stream<Item = Msg> + Unpin, inbox: mpsc::Receiver<Msg>, record: &Record) -> Exit {
    let mut display = record.clone();
    let mut effects = Effects(record.clone());
    let clock = || Timestamp::from_secs(1);
    run_loop(&mut app(), &mut display, &mut effects, input, inbox, &clock).await.unwrap()
}

#[tokio::test(start_paused = true)]
async fn the_first_frame_comes_at_once_and_idling_draws_once_a_second() {
    let record = Record::new();
    let (_out, inbox) = mpsc::channel(8);
    assert_eq!(run(typed(vec![(60_000, "q")]), inbox, &record).await, Exit::Quit);
    let frames = record.times("frame");
    assert_eq!(frames[0], 0);
    assert!((58..=63).contains(&frames.len()), "{}", frames.len());
}

#[tokio::test(start_paused = true)]
async fn a_firehose_neither_starves_frames_nor_exceeds_their_rate() {
    let record = Record::new();
    let (out, inbox) = mpsc::channel(64);
    let hose = tokio::spawn(async move {
        loop {
            let link = Link::Connected { since: Timestamp(0) };
            if out.send(Msg::Data(Update::Link(link))).await.is_err() {
                return;
            }
            // So many a second that the inbox is never empty for long.
            sleep(Duration::from_micros(100)).await;
        }
    });
    assert_eq!(run(typed(vec![(2_000, "q")]), inbox, &record).await, Exit::Quit);
    hose.await.unwrap();
    let frames = record.times("frame");
    // At most 30 a second, and hardly fewer.
    assert!((55..=62).contains(&frames.len()), "{}", frames.len());
    assert!(frames.windows(2).all(|w| w[1] - w[0] >= 33), "{frames:?}");
}

#[tokio::test(start_paused = true)]
async fn a_key_is_answered_within_a_frame_under_a_firehose() {
    let record = Record::new();
    let (out, inbox) = mpsc::channel(1024);
    let hose = tokio::spawn(async move {
        let link = Link::Connected { since: Timestamp(0) };
        while out.send(Msg::Data(Update::Link(link.clone()))).await.is_ok() {
            tokio::task::yield_now().await;
            sleep(Duration::from_micros(10)).await;
        }
    });
    run(typed(vec![(500, "x"), (500, "q")]), inbox, &record).await;
    hose.await.unwrap();
    // Opening the contexts asks for them at once, and the next frame is at most 33 ms away.
    let asked = record.times("LoadContexts")[0];
    let frame = record.times("frame").into_iter().find(|at| *at >= asked).unwrap();
    assert!((500..=502).contains(&asked) && frame - asked <= 34, "{asked} {frame}");
}

#[tokio::test(start_paused = true)]
async fn what_changes_nothing_on_screen_draws_nothing() {
    let record = Record::new();
    let (out, inbox) = mpsc::channel(64);
    tokio::spawn(async move {
        for requests in 0..100 {
            sleep(Duration::from_millis(5)).await;
            let traffic = Traffic { requests, ..Default::default() };
            if out.send(Msg::Data(Update::Traffic(traffic))).await.is_err() {
                return;
            }
        }
        std::future::pending::<()>().await;
    });
    run(typed(vec![(900, "q")]), inbox, &record).await;
    // The first tick comes at once as well.
    assert!(record.times("frame").len() <= 2, "{:?}", record.all());
}

#[tokio::test(start_paused = true)]
async fn it_ends_with_its_terminal_and_with_its_inbox() {
    let record = Record::new();
    let (_out, inbox) = mpsc::channel(1);
    assert_eq!(run(stream::empty(), inbox, &record).await, Exit::InputClosed);
    let (out, inbox) = mpsc::channel(1);
    drop(out);
    assert_eq!(run(typed(vec![(1_000, "q")]), inbox, &record).await, Exit::InputClosed);
}

#[tokio::test(start_paused = true)]
async fn effects_run_in_the_order_of_the_keys() {
    let record = Record::new();
    let (_out, inbox) = mpsc::channel(1);
    run(typed(vec![(10, "x"), (10, "ctrl-r"), (10, "ctrl-l"), (10, "q")]), inbox, &record).await;
    let effects: Vec<String> =
        record.all().into_iter().map(|(_, what)| what).filter(|w| w != "frame" && w != "watch").collect();
    assert_eq!(effects, ["LoadContexts", "Refresh", "clear"]);
}
