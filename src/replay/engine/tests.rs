//! The engine against made-up sources and sinks, in no time.

use std::collections::VecDeque;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::sync::{mpsc, watch};

use super::{Parts, run};
use crate::model::replay::{Amounts, Control, Destination, Pace, Plan, Progress, Selection, State};
use crate::model::{Message, Timestamp};
use crate::nats::publish::Refusal;
use crate::replay::SystemClock;
use crate::replay::journal::{Checkpoint, Journals};
use crate::replay::sink::{Fate, Fault, Opened, Parcel, Settled, Sink, Verified};
use crate::replay::source::{Feed, Source};

fn message(seq: u64) -> Message {
    Message {
        stream: "S".into(),
        seq,
        // One a second.
        time: Timestamp::from_secs(seq as i64),
        subject: "s".into(),
        headers: vec![],
        undecodable: None,
        body: "x".into(),
    }
}

fn plan(last: u64, pace: Pace) -> Plan {
    Plan {
        version: 1,
        id: "R1".into(),
        made: Timestamp(0),
        context: None,
        servers: "here".into(),
        reason: None,
        selection: Selection::Range { stream: "S".into(), first: 1, last, subjects: vec![] },
        range: "all".into(),
        filter: None,
        words: None,
        source_created: None,
        list_created: vec![],
        include_marked: false,
        destination: Destination::Subject("to.{subject}".into()),
        capture: None,
        delivery: None,
        http_mode: crate::model::replay::HttpMode::Binary,
        http_query: vec![],
        pace,
        window: None,
        watch: None,
        amounts: Amounts { planned: last, ..Amounts::default() },
        warnings: vec![],
        obstacles: vec![],
    }
}

/// Messages 1 to `last`.
struct Numbers(u64);

impl Source for Numbers {
    fn open(&mut self, after: u64) -> mpsc::Receiver<Feed> {
        let (out, feed) = mpsc::channel(4);
        let last = self.0;
        tokio::spawn(async move {
            for seq in after + 1..=last {
                let _ = out.send(Feed::Messages(vec![(seq, message(seq))])).await;
            }
            let _ = out.send(Feed::End).await;
        });
        feed
    }

    async fn close(&mut self) {}
}

/// What a made-up destination does with the next copies.
#[derive(Clone, Debug)]
enum Deed {
    Refuse(Refusal),
    /// Stores it and loses the connection before it says so.
    StoreAndBreak,
    /// Loses the connection.
    Break,
    /// Takes nothing any more, without a word.
    Hang,
}

#[derive(Debug, Default)]
struct Remote {
    stored: Vec<u64>,
    at: Vec<Duration>,
    /// At the how-manieth copy that is handed over, what happens.
    deeds: VecDeque<(usize, Deed)>,
    handed: usize,
    opened: usize,
    /// Where the checkpoint is, and how many at most were handed over behind what it knew.
    checkpoint: PathBuf,
    in_doubt: u64,
    /// So often flushing fails.
    failing: usize,
}

struct MadeUp {
    remote: Arc<Mutex<Remote>>,
    begun: tokio::time::Instant,
    settled: Vec<Settled>,
    broken: bool,
}

impl MadeUp {
    /// A copy arrives; whether it is never taken.
    fn hand(&mut self, parcel: &Parcel) -> bool {
        let mut remote = self.remote.lock().unwrap();
        if self.broken {
            return false;
        }
        remote.handed += 1;
        let written = std::fs::read(&remote.checkpoint).ok();
        let known: Checkpoint = written.and_then(|text| serde_json::from_slice(&text).ok()).unwrap_or_default();
        remote.in_doubt = remote.in_doubt.max(parcel.position - known.position);
        let due = remote.deeds.front().is_some_and(|(at, _)| *at == remote.handed);
        let deed = if due { remote.deeds.pop_front().map(|(_, deed)| deed) } else { None };
        let position = parcel.position;
        match deed {
            Some(Deed::Refuse(refusal)) => {
                self.settled.push(Settled { position, fate: Err(refusal) });
                return false;
            }
            Some(Deed::Break) => {
                self.broken = true;
                return false;
            }
            Some(Deed::Hang) => return true,
            Some(Deed::StoreAndBreak) => self.broken = true,
            None => self.settled.push(Settled { position, fate: Ok(Fate::Stored(position)) }),
        }
        let refused = self.settled.iter().any(|s| s.fate.is_err());
        if refused {
            // As a stream does that demands the copy before.
            self.settled.pop();
            self.settled.push(Settled { position, fate: Err(Refusal::OutOfStep) });
        } else {
            remote.stored.push(position);
            remote.at.push(self.begun.elapsed());
        }
        false
    }
}

impl Sink for MadeUp {
    async fn open(&mut self, _since: u64, _afresh: bool) -> Result<Opened, Fault> {
        let mut remote = self.remote.lock().unwrap();
        remote.opened += 1;
        (self.broken, self.settled) = (false, Vec::new());
        Ok(Opened { found: remote.stored.iter().map(|p| (*p, Fate::Stored(*p))).collect() })
    }

    async fn send(&mut self, parcel: &Parcel) -> Result<(), Fault> {
        if self.hand(parcel) {
            std::future::pending::<()>().await;
        }
        Ok(())
    }

    async fn flush(&mut self, _more: bool) -> Result<(), Fault> {
        let mut remote = self.remote.lock().unwrap();
        if remote.failing == 0 {
            return Ok(());
        }
        remote.failing -= 1;
        self.settled.clear();
        Err(Fault::Passing("no space left".into()))
    }

    async fn settled(&mut self) -> Result<Vec<Settled>, Fault> {
        if !self.settled.is_empty() {
            return Ok(std::mem::take(&mut self.settled));
        }
        if self.broken {
            return Err(Fault::Passing("the connection is lost".into()));
        }
        std::future::pending().await
    }

    fn rewind(&mut self, _out_of_step: bool) {}

    async fn verify(&mut self) -> Result<Option<Verified>, Fault> {
        let found = self.remote.lock().unwrap().stored.len() as u64;
        Ok(Some(Verified { found, ..Verified::default() }))
    }

    fn window(&self) -> usize {
        100
    }

    async fn close(&mut self) {}
}

struct Case {
    remote: Arc<Mutex<Remote>>,
    control: mpsc::Sender<Control>,
    progress: watch::Receiver<Progress>,
    task: tokio::task::JoinHandle<Progress>,
    _dir: tempfile::TempDir,
}

fn begin(last: u64, pace: Pace, deeds: Vec<(usize, Deed)>) -> Case {
    let checkpoint = Checkpoint { afresh: true, ..Checkpoint::default() };
    begin_with(plan(last, pace), deeds, checkpoint, None)
}

fn begin_with(
    plan: Plan,
    deeds: Vec<(usize, Deed)>,
    checkpoint: Checkpoint,
    outstanding: Option<watch::Receiver<Option<u64>>>,
) -> Case {
    begin_of(Numbers(plan.amounts.planned), plan, deeds, checkpoint, outstanding)
}

fn begin_of(
    source: impl Source + 'static,
    plan: Plan,
    deeds: Vec<(usize, Deed)>,
    checkpoint: Checkpoint,
    outstanding: Option<watch::Receiver<Option<u64>>>,
) -> Case {
    let dir = tempfile::tempdir().unwrap();
    let plan = Arc::new(plan);
    let journal = Journals::new(dir.path()).begin(&plan).unwrap();
    let checkpoint_at = journal.dir().join("checkpoint.json");
    let remote = Remote { deeds: deeds.into(), checkpoint: checkpoint_at, ..Remote::default() };
    let remote = Arc::new(Mutex::new(remote));
    let begun = tokio::time::Instant::now();
    let sink = MadeUp { remote: Arc::clone(&remote), begun, settled: vec![], broken: false };
    let (control, told) = mpsc::channel(16);
    let (tell, progress) = watch::channel(Progress::default());
    let parts = Parts {
        plan,
        source,
        sink,
        clock: SystemClock::default(),
        journal,
        checkpoint,
        control: told,
        progress: tell,
        outstanding,
    };
    Case { remote, control, progress, task: tokio::spawn(run(parts)), _dir: dir }
}

fn in_order(last: u64) -> Vec<u64> {
    (1..=last).collect()
}

#[tokio::test(start_paused = true)]
async fn whatever_breaks_everything_arrives_once_and_in_order() {
    let deeds = vec![
        (5, Deed::Refuse(Refusal::Full("full".into()))),
        (130, Deed::StoreAndBreak),
        (200, Deed::Break),
        (333, Deed::Refuse(Refusal::Busy("busy".into()))),
        (900, Deed::Refuse(Refusal::NoResponders)),
        (1_200, Deed::StoreAndBreak),
    ];
    let case = begin(2_000, Pace::Max, deeds);
    let last = case.task.await.unwrap();
    assert_eq!((last.state, last.counters.sent), (State::Completed, 2_000), "{last:?}");
    let remote = case.remote.lock().unwrap();
    assert_eq!(remote.stored, in_order(2_000));
    assert_eq!((last.counters.reordered, remote.opened), (0, 5));
}

#[tokio::test(start_paused = true)]
async fn no_more_is_in_doubt_than_the_plan_says() {
    use crate::model::replay::Delivery;
    for (window, most) in [(None, 100), (Some(7), 7), (Some(1), 1)] {
        let plan = Plan { delivery: Some(Delivery::AtLeastOnce), window, ..plan(1_000, Pace::Max) };
        let checkpoint = Checkpoint { afresh: true, ..Checkpoint::default() };
        let case = begin_with(plan, vec![], checkpoint, None);
        let last = case.task.await.unwrap();
        assert_eq!((last.state, last.counters.sent), (State::Completed, 1_000), "{last:?}");
        let remote = case.remote.lock().unwrap();
        assert_eq!(remote.stored, in_order(1_000));
        assert!((1..=most).contains(&remote.in_doubt), "{} behind a checkpoint, {most} are allowed", remote.in_doubt);
    }
}

#[tokio::test(start_paused = true)]
async fn recorded_spacing_is_kept_and_a_refusal_that_does_not_pass_ends_it() {
    let case = begin(10, Pace::Times(2.0), vec![]);
    assert_eq!(case.task.await.unwrap().state, State::Completed);
    let at: Vec<u128> = case.remote.lock().unwrap().at.iter().map(Duration::as_millis).collect();
    let first = at[0];
    for (n, at) in at.iter().enumerate() {
        let due = first + 500 * n as u128;
        assert!((due..due + 60).contains(at), "{n}: {at} of {due}");
    }
    let case = begin(10, Pace::Max, vec![(4, Deed::Refuse(Refusal::Other("no (code 1)".into())))]);
    let last = case.task.await.unwrap();
    assert_eq!((last.state, last.counters.sent), (State::Failed, 3));
    let reason = last.reason.unwrap();
    assert!(reason.contains("refuses #4: no (code 1)"), "{reason}");
}

#[tokio::test(start_paused = true)]
async fn it_does_what_it_is_told() {
    let mut case = begin(100, Pace::Step, vec![]);
    let sent = |case: &Case| case.remote.lock().unwrap().stored.len();
    tokio::time::sleep(Duration::from_secs(5)).await;
    assert_eq!(sent(&case), 0);
    for n in 1..4 {
        case.control.send(Control::Step).await.unwrap();
        case.progress.wait_for(|p| p.counters.sent == n).await.unwrap();
    }
    tokio::time::sleep(Duration::from_secs(5)).await;
    assert_eq!(sent(&case), 3);
    case.control.send(Control::Pace(Pace::PerSecond(10.0))).await.unwrap();
    case.progress.wait_for(|p| p.counters.sent >= 20).await.unwrap();
    case.control.send(Control::Pause).await.unwrap();
    case.progress.wait_for(|p| p.state == State::Paused).await.unwrap();
    let now = sent(&case);
    tokio::time::sleep(Duration::from_secs(60)).await;
    assert_eq!(sent(&case), now);
    case.control.send(Control::Step).await.unwrap();
    case.progress.wait_for(|p| p.counters.sent as usize == now + 1).await.unwrap();
    case.control.send(Control::Resume).await.unwrap();
    case.progress.wait_for(|p| p.state == State::Running).await.unwrap();
    case.control.send(Control::Cancel).await.unwrap();
    let last = case.task.await.unwrap();
    assert_eq!(last.state, State::Cancelled);
    let stored = case.remote.lock().unwrap().stored.clone();
    assert_eq!(stored, in_order(last.counters.sent));
}

#[tokio::test(start_paused = true)]
async fn keys_that_are_pressed_fast_all_count() {
    let mut case = begin(100, Pace::Step, vec![]);
    case.progress.wait_for(|p| p.state == State::Paused && p.reason.is_none()).await.unwrap();
    for _ in 0..7 {
        case.control.send(Control::Step).await.unwrap();
    }
    case.progress.wait_for(|p| p.counters.sent == 7 && p.state == State::Paused).await.unwrap();
    case.control.send(Control::Pace(Pace::PerSecond(1.0))).await.unwrap();
    for control in [Control::Faster, Control::Faster, Control::Faster, Control::Slower] {
        case.control.send(control).await.unwrap();
    }
    case.progress.wait_for(|p| p.pace == Pace::PerSecond(4.0)).await.unwrap();
    assert_eq!(case.task.await.unwrap().state, State::Completed);
}

#[tokio::test(start_paused = true)]
async fn it_is_gone_on_with_at_the_pace_that_it_had() {
    let slow = Progress { id: "R1".into(), pace: Pace::PerSecond(10.0), ..Progress::default() };
    let checkpoint = Checkpoint { progress: slow, ..Checkpoint::default() };
    let begun = tokio::time::Instant::now();
    let case = begin_with(plan(50, Pace::Max), vec![], checkpoint, None);
    let last = case.task.await.unwrap();
    assert_eq!((last.state, last.pace), (State::Completed, Pace::PerSecond(10.0)));
    assert!(begun.elapsed() > Duration::from_secs(4), "{:?}", begun.elapsed());
}

#[tokio::test(start_paused = true)]
async fn what_a_consumer_has_to_do_is_known_before_anything_is_sent() {
    let (tell, outstanding) = watch::channel(None);
    let watched = Plan { watch: Some(("slow".into(), 100)), ..plan(500, Pace::Max) };
    let mut case = begin_with(watched, vec![], Checkpoint { afresh: true, ..Checkpoint::default() }, Some(outstanding));
    let paused = case.progress.wait_for(|p| p.state == State::Paused).await.unwrap().clone();
    assert!(paused.waits && paused.reason.is_some_and(|r| r.contains("is not known")));
    tokio::time::sleep(Duration::from_secs(30)).await;
    assert_eq!(case.remote.lock().unwrap().stored.len(), 0);
    tell.send_replace(Some(101));
    case.progress.wait_for(|p| p.reason.as_ref().is_some_and(|r| r.contains("more than 100"))).await.unwrap();
    assert_eq!(case.remote.lock().unwrap().stored.len(), 0);
    tell.send_replace(Some(100));
    assert_eq!(case.task.await.unwrap().counters.sent, 500);
}

#[tokio::test(start_paused = true)]
async fn a_destination_that_goes_on_failing_is_not_tried_without_a_pause() {
    let case = begin(10, Pace::Max, vec![]);
    case.remote.lock().unwrap().failing = 100;
    let begun = tokio::time::Instant::now();
    let mut progress = case.progress.clone();
    let paused = progress.wait_for(|p| p.reason.is_some()).await.unwrap().clone();
    assert_eq!((paused.state, paused.waits, paused.reason.as_deref()), (State::Paused, true, Some("no space left")));
    // That it lives is written down meanwhile.
    let checkpoint = paused.checkpoint;
    let later = progress.wait_for(|p| p.checkpoint > checkpoint).await.unwrap().clone();
    assert_eq!(later.state, State::Paused);
    let last = case.task.await.unwrap();
    assert_eq!((last.state, last.counters.sent), (State::Completed, 10), "{last:?}");
    assert!(begun.elapsed() > Duration::from_secs(100), "{:?}", begun.elapsed());
    assert!(case.remote.lock().unwrap().opened <= 101);
}

#[tokio::test(start_paused = true)]
async fn a_cancel_is_heard_while_the_destination_takes_nothing_and_while_it_cannot_be_opened() {
    let case = begin(10, Pace::Max, vec![(3, Deed::Hang)]);
    tokio::time::sleep(Duration::from_secs(5)).await;
    let told = tokio::time::Instant::now();
    case.control.send(Control::Cancel).await.unwrap();
    let last = case.task.await.unwrap();
    assert_eq!((last.state, last.counters.sent), (State::Cancelled, 2), "{last:?}");
    assert!(told.elapsed() < Duration::from_secs(1), "{:?}", told.elapsed());
    // While it fails again and again, and was told so already.
    let case = begin(10, Pace::Max, vec![]);
    case.remote.lock().unwrap().failing = usize::MAX;
    tokio::time::sleep(Duration::from_secs(30)).await;
    let told = tokio::time::Instant::now();
    case.control.send(Control::Cancel).await.unwrap();
    assert_eq!(case.task.await.unwrap().state, State::Cancelled);
    assert!(told.elapsed() < Duration::from_secs(11), "{:?}", told.elapsed());
}

#[tokio::test(start_paused = true)]
async fn that_the_source_cannot_be_read_is_said_while_nothing_is_sent() {
    struct Late;
    impl Source for Late {
        fn open(&mut self, _after: u64) -> mpsc::Receiver<Feed> {
            let (out, feed) = mpsc::channel(4);
            tokio::spawn(async move {
                let _ = out.send(Feed::Waiting("no answer".into())).await;
                tokio::time::sleep(Duration::from_secs(60)).await;
                let _ = out.send(Feed::Messages(vec![(1, message(1))])).await;
                let _ = out.send(Feed::End).await;
            });
            feed
        }

        async fn close(&mut self) {}
    }
    let checkpoint = Checkpoint { afresh: true, ..Checkpoint::default() };
    let mut case = begin_of(Late, plan(1, Pace::Max), vec![], checkpoint, None);
    let paused = case.progress.wait_for(|p| p.state == State::Paused).await.unwrap().clone();
    assert_eq!((paused.waits, paused.reason.as_deref()), (true, Some("the source cannot be read now: no answer")));
    let last = case.task.await.unwrap();
    assert_eq!((last.state, last.counters.sent), (State::Completed, 1), "{last:?}");
}
