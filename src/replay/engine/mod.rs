//! Carries a plan out: reads the source, sends copies in order, and knows at any time what has arrived.
//!
//! Generic over where messages come from, where copies go and what time it is. There is one way to get over anything
//! that breaks, also over its own end: open the destination anew, read there which copies arrived, and go on with
//! the others.

mod anew;
mod end;
mod fill;
mod flow;
mod report;
#[cfg(test)]
mod tests;
mod wheel;

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{mpsc, watch};

use super::clock::Clock;
use super::journal::{Checkpoint, Journal};
use super::prepare::Preparer;
use super::sink::{Fault, Sink};
use super::source::{Feed, Source};
use crate::event::Unanswered;
use crate::model::replay::{Control, Pace, Plan, Progress, State};
use crate::nats::publish::Refusal;

use flow::Flow;
use report::Report;
use wheel::Wheel;

/// Copies that are handed over before confirmations are taken again.
const TOGETHER: usize = 256;
/// The window after it has felt its way, one copy at a time; it grows by as much.
const LEAST_WINDOW: usize = 64;
/// How often a full destination is tried again, and the longest pause between attempts to open one.
const AGAIN: Duration = Duration::from_secs(1);
/// How often time passes for the engine.
const TICK: Duration = Duration::from_millis(50);
/// How long a cancelled replay waits for what is in flight.
const CANCELLING: Duration = Duration::from_secs(10);

/// What an engine needs.
#[derive(Debug)]
pub struct Parts<S, K, C> {
    /// What is to be done.
    pub plan: Arc<Plan>,
    /// Where messages come from.
    pub source: S,
    /// Where copies go.
    pub sink: K,
    /// The time.
    pub clock: C,
    /// The folder of the run.
    pub journal: Journal,
    /// Where to go on.
    pub checkpoint: Checkpoint,
    /// What it is told.
    pub control: mpsc::Receiver<Control>,
    /// What it tells.
    pub progress: watch::Sender<Progress>,
    /// What is outstanding of the consumer that is watched; `None` as long as it is not known.
    pub outstanding: Option<watch::Receiver<Option<u64>>>,
}

/// How a run ends.
#[derive(Clone, Debug, PartialEq, Eq)]
enum End {
    Done,
    Cancelled,
    /// Whoever received it has left.
    Left(String),
    Failed(String),
}

/// Why a session with the destination ends.
enum Leave {
    End(End),
    /// It is opened again, for this reason.
    Again(String),
}

/// It stands still by itself.
#[derive(Clone, Debug)]
struct Hold {
    reason: String,
    until: Duration,
}

struct Engine<S, K, C> {
    plan: Arc<Plan>,
    source: S,
    sink: K,
    clock: C,
    control: mpsc::Receiver<Control>,
    outstanding: Option<watch::Receiver<Option<u64>>>,
    preparer: Preparer,
    flow: Flow,
    wheel: Wheel,
    report: Report,
    window: usize,
    /// Nothing was ever handed over.
    afresh: bool,
    /// Up to here a run before may have handed over.
    reserved_before: u64,
    /// Up to here this run may hand over, where that is kept.
    reserved: u64,
    feed_ended: bool,
    /// Nobody can tell it anything any more.
    deaf: bool,
    cancelling: Option<Duration>,
    /// Feels its way, one copy at a time, after this: until one arrives.
    hold: Option<Hold>,
    /// Sessions in a row without any progress.
    stalled: u32,
    /// The source stands still, for this reason.
    source_waits: Option<String>,
    /// The first refusal, while the rest of what is in flight is waited for.
    trouble: Option<Refusal>,
    /// What is to be known of a replay although all went well.
    note: Option<String>,
}

/// Carries a plan out, to whatever end, and returns how it ended. What can be read back was read back.
pub async fn run<S: Source, K: Sink, C: Clock>(parts: Parts<S, K, C>) -> Progress {
    let Parts { plan, source, sink, clock, journal, checkpoint, control, progress, outstanding } = parts;
    let begun = clock.now();
    let report = Report::new(&plan, journal, &checkpoint, progress, begun);
    let preparer = match Preparer::new(&plan) {
        Ok(preparer) => preparer,
        Err(reason) => return report.last(&Flow::default(), State::Failed, Some(reason), clock.wall()).await,
    };
    let flow = Flow::from(&checkpoint);
    // It knows better what was handed over.
    let sink_keeps = sink.keeps_log();
    let mut engine = Engine {
        wheel: Wheel::new(checkpoint.pace(&plan)),
        plan,
        source,
        sink,
        clock,
        control,
        outstanding,
        preparer,
        flow,
        report,
        window: LEAST_WINDOW,
        afresh: checkpoint.afresh,
        reserved_before: if sink_keeps { 0 } else { checkpoint.reserved },
        reserved: checkpoint.reserved,
        feed_ended: false,
        deaf: false,
        cancelling: None,
        hold: None,
        stalled: 0,
        source_waits: None,
        trouble: None,
        note: None,
    };
    let end = engine.all().await;
    engine.close(end).await
}

impl<S: Source, K: Sink, C: Clock> Engine<S, K, C> {
    /// Sessions, one after the other, until one ends for good.
    async fn all(&mut self) -> End {
        if let Err(error) = self.report.first(&self.flow, self.afresh, self.reserved, self.clock.wall()).await {
            return End::Failed(error);
        }
        let mut feed = self.source.open(self.flow.position);
        loop {
            let before = self.flow.position;
            if let Err(end) = self.open().await {
                return end;
            }
            match self.session(&mut feed).await {
                Leave::End(end) => return end,
                Leave::Again(reason) => self.rest(before, reason).await,
            }
        }
    }

    async fn session(&mut self, feed: &mut mpsc::Receiver<Feed>) -> Leave {
        let mut tick = self.clock.now();
        loop {
            self.flow.land();
            if let Some(leave) = self.over().await {
                return leave;
            }
            let wait = match self.fill().await {
                Ok(wait) => wait,
                Err(fault) => return self.left(fault),
            };
            let now = self.clock.now();
            if now.saturating_sub(tick) >= TICK {
                tick = now;
                if let Some(leave) = self.tick(now).await {
                    return leave;
                }
            }
            let rest = TICK.saturating_sub(now.saturating_sub(tick)).max(Duration::from_millis(1));
            let until = wait.map_or(rest, |wait| wait.min(rest));
            let (open, room) = (self.flow.open() > 0, !self.feed_ended && self.flow.has_room());
            tokio::select! {
                settled = self.sink.settled(), if open => match settled {
                    Ok(settled) => {
                        let refused = self.flow.settle(settled);
                        self.arrived(refused);
                    }
                    Err(fault) => return self.left(fault),
                },
                fed = feed.recv(), if room => {
                    if let Some(end) = self.take_in(fed) {
                        return Leave::End(end);
                    }
                }
                told = self.control.recv(), if !self.deaf => self.obey(told),
                () = self.clock.sleep(until) => {}
            }
        }
    }

    /// The destination does not go on. A refusal that does not pass was heard before that.
    fn left(&mut self, fault: Fault) -> Leave {
        if let Some(refusal @ (Refusal::TooLarge(_) | Refusal::Other(_))) = self.trouble.take()
            && let Some(leave) = self.mend(refusal)
        {
            return leave;
        }
        match fault {
            Fault::Passing(reason) => Leave::Again(reason),
            Fault::Left(reason) => Leave::End(End::Left(reason)),
            Fault::Fatal(reason) | Fault::Denied(reason) => Leave::End(End::Failed(reason)),
        }
    }

    /// Copies have arrived, or the first of them was refused.
    fn arrived(&mut self, refused: Option<Refusal>) {
        match refused {
            Some(refusal) => {
                self.trouble.get_or_insert(refusal);
            }
            None if self.trouble.is_none() && self.hold.take().is_some() => self.window = LEAST_WINDOW,
            None => {}
        }
    }

    /// Whether the session ends here, or what must be done before it goes on.
    async fn over(&mut self) -> Option<Leave> {
        if self.flow.open() == 0
            && let Some(refusal) = self.trouble.take()
            && let Some(leave) = self.mend(refusal)
        {
            return Some(leave);
        }
        if let Some(since) = self.cancelling
            && (self.flow.open() == 0 || self.clock.now().saturating_sub(since) >= CANCELLING)
        {
            return Some(Leave::End(End::Cancelled));
        }
        if self.feed_ended && self.trouble.is_none() && self.flow.next().is_none() {
            self.flow.land();
            if self.flow.is_empty() {
                self.flow.finish();
                return Some(Leave::End(self.verified().await));
            }
        }
        None
    }

    /// Everything that was sent is settled, and some of it refused.
    fn mend(&mut self, refusal: Refusal) -> Option<Leave> {
        self.flow.recall(false);
        self.sink.rewind(refusal == Refusal::OutOfStep);
        let name = self.plan.capture.as_ref().map_or_else(|| self.plan.destination.to_string(), |c| c.stream.clone());
        let name = crate::event::clean_line(&name).into_owned();
        let hold = |reason: String| Some(Hold { reason, until: self.clock.now() + AGAIN });
        match refusal {
            // All that was in flight behind it was for nothing.
            Refusal::OutOfStep => self.window = (self.window / 2).max(LEAST_WINDOW),
            Refusal::Known => return Some(Leave::Again("the destination has some of a batch already".into())),
            // What stands there now is looked at when it is opened, and whether it is the same stream.
            Refusal::Incomplete => return Some(Leave::Again("the destination lost parts of a batch".into())),
            Refusal::Full(said) => {
                self.hold = hold(format!("the destination {name} is full: {said}; it goes on when there is room"));
            }
            Refusal::Busy(said) => {
                self.hold = hold(format!("the destination {name} cannot take more now: {said}"));
            }
            Refusal::NoResponders => {
                // Whether it is still there is looked at when it is opened.
                self.hold = hold(format!(
                    "nobody takes messages for {name}: it has no leader now, or does not capture these subjects any more"
                ));
                return Some(Leave::Again("nobody takes messages".into()));
            }
            Refusal::TooLarge(said) | Refusal::Other(said) => {
                let position = self.flow.next().map(|parcel| parcel.position);
                if let Some(position) = position {
                    self.report.refused(position);
                }
                let place = position.unwrap_or(0);
                let place = crate::event::clean_line(&self.plan.place(place)).into_owned();
                return Some(Leave::End(End::Failed(format!("the destination {name} refuses {place}: {said}"))));
            }
        }
        None
    }

    /// Makes copies of what was read.
    fn take_in(&mut self, fed: Option<Feed>) -> Option<End> {
        match fed {
            Some(Feed::Messages(messages)) => {
                self.source_waits = None;
                for (position, message) in messages {
                    match self.preparer.prepare(position, &message, &mut Unanswered::default()) {
                        Ok(parcel) => self.flow.take_in(parcel, self.reserved_before),
                        Err(skip) => skip.count(self.flow.skip()),
                    }
                }
            }
            Some(Feed::Waiting(reason)) => {
                self.report.trouble(reason.clone());
                self.source_waits = Some(reason);
            }
            Some(Feed::Failed(problem)) => return Some(End::Failed(format!("the source cannot be read: {problem}"))),
            Some(Feed::End) => (self.feed_ended, self.source_waits) = (true, None),
            None if self.feed_ended => {}
            None => return Some(End::Failed("the source broke off; resume the replay to go on".into())),
        }
        None
    }

    /// Nothing more is handed over.
    fn cancel(&mut self) {
        self.cancelling.get_or_insert(self.clock.now());
    }

    fn obey(&mut self, told: Option<Control>) {
        match told {
            Some(Control::Cancel) => self.cancel(),
            Some(control) => {
                if let (Control::Resume, Some(hold)) = (control, &mut self.hold) {
                    hold.until = Duration::ZERO;
                }
                self.wheel.turn(control, self.report.rate());
            }
            // Nobody can tell it anything any more; it goes on.
            None => self.deaf = true,
        }
    }

    /// Time passes: reports, checkpoints, and what is overdue.
    async fn tick(&mut self, now: Duration) -> Option<Leave> {
        let longest = self.sink.unconfirmed();
        if self.flow.oldest(now) > longest {
            let seconds = longest.as_secs();
            return Some(Leave::Again(format!("the destination has not confirmed a copy within {seconds} s")));
        }
        self.tell(false);
        self.report.save(&self.flow, self.afresh, self.reserved, now, self.clock.wall()).await;
        if self.report.take_remade() && self.sink.keeps_log() {
            return Some(Leave::Again("what was sent is written down in a folder that was made again".into()));
        }
        None
    }

    /// Tells how far it is.
    fn tell(&mut self, waits: bool) {
        let lags = self.lags();
        let by_itself = match (&self.hold, self.report.journal_reason()) {
            (_, Some(reason)) => Some(reason),
            (Some(hold), _) => Some(hold.reason.clone()),
            _ if lags => self.plan.watch.as_ref().map(|(name, most)| {
                let name = crate::event::clean_line(name);
                match self.outstanding.as_ref().and_then(|watched| *watched.borrow()) {
                    Some(_) => {
                        format!("more than {most} are outstanding of consumer {name}; it goes on when there are fewer")
                    }
                    None => format!("what is outstanding of consumer {name} is not known; it goes on when it is"),
                }
            }),
            _ if waits => self.report.last_error(),
            // As long as there is something to send, it goes on.
            _ if self.source_waits.is_some() && self.flow.is_empty() => {
                self.source_waits.as_ref().map(|reason| format!("the source cannot be read now: {reason}"))
            }
            _ => self.sink.trouble(),
        };
        let stepping = self.wheel.pacer.pace() == Pace::Step && self.wheel.pacer.steps() == 0 && self.flow.open() == 0;
        let state = if self.cancelling.is_some() {
            State::Cancelling
        } else if self.wheel.paused || by_itself.is_some() || (stepping && !self.report.is_verifying()) {
            State::Paused
        } else {
            State::Running
        };
        let outstanding = self.outstanding.as_ref().and_then(|watched| *watched.borrow());
        let waits = by_itself.is_some() && !self.wheel.paused;
        self.report.tell(&self.flow, (state, by_itself, waits), self.wheel.pacer.pace(), outstanding, &self.clock);
    }
}
