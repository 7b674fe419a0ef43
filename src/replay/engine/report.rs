//! What the engine tells and writes down: progress for those who watch, checkpoints for whoever goes on.

use std::collections::VecDeque;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;
use tokio::task::JoinHandle;

use super::flow::Flow;
use crate::config::state;
use crate::model::Owner;
use crate::model::Timestamp;
use crate::model::replay::{Counters, Pace, Plan, Progress, State};
use crate::replay::clock::Clock;
use crate::replay::journal::{self, Checkpoint, Journal, JournalError};

/// How often a checkpoint is written while it changes.
const SAVE: Duration = Duration::from_millis(100);
/// How often it is written when nothing changes: whoever looks sees that the owner lives.
const HEARTBEAT: Duration = Duration::from_secs(1);
/// How often a rate is noted, and over how many of them the present rate goes.
const SAMPLE: Duration = Duration::from_millis(250);
/// See [`SAMPLE`].
const SAMPLES: usize = 12;

#[derive(Debug)]
pub(super) struct Report {
    progress: Progress,
    out: watch::Sender<Progress>,
    /// Held as long as the run lives.
    journal: Journal,
    plan: Arc<Plan>,
    owner: Owner,
    begun: Duration,
    begun_with: u64,
    samples: VecDeque<(Duration, u64)>,
    saving: Option<JoinHandle<Result<(), JournalError>>>,
    saved: Duration,
    saved_position: u64,
    /// Of how many that have arrived the checkpoint on the disk knows, and the one that is being written.
    known: (u64, u64),
    journal_error: Option<String>,
    /// Its folder is not there any more.
    missing: bool,
    /// It was made again.
    remade: bool,
    /// The destination cannot be read again, so a checkpoint must survive also the end of the machine.
    durable: bool,
}

impl Report {
    pub(super) fn new(
        plan: &Arc<Plan>,
        journal: Journal,
        checkpoint: &Checkpoint,
        out: watch::Sender<Progress>,
        begun: Duration,
    ) -> Self {
        let c = &checkpoint.counters;
        let progress = Progress {
            id: plan.id.clone(),
            planned: plan.amounts.planned,
            pace: checkpoint.pace(plan),
            source_seq: checkpoint.position,
            counters: *c,
            ..Progress::default()
        };
        Self {
            progress,
            out,
            journal,
            owner: state::owner(),
            begun,
            begun_with: c.sent + c.duplicate + c.uncertain,
            samples: VecDeque::new(),
            saving: None,
            saved: begun,
            saved_position: checkpoint.position,
            known: (arrived(c), arrived(c)),
            journal_error: None,
            missing: false,
            remade: false,
            plan: Arc::clone(plan),
            durable: !plan.is_exact(),
        }
    }

    /// Something went wrong; it goes on.
    pub(super) fn trouble(&mut self, reason: String) {
        tracing::warn!(replay = %self.progress.id, "{reason}");
        self.progress.last_error = Some(reason);
    }

    pub(super) fn last_error(&self) -> Option<String> {
        self.progress.last_error.clone()
    }

    /// The journal cannot be written: nothing more is sent until it can.
    pub(super) const fn journal_fails(&self) -> bool {
        self.journal_error.is_some()
    }

    pub(super) fn journal_reason(&self) -> Option<String> {
        self.journal_error.as_ref().map(|error| format!("{error}; it goes on when that works again"))
    }

    /// Whether its folder was made again since this was asked: what the destination keeps there is lost.
    pub(super) const fn take_remade(&mut self) -> bool {
        std::mem::replace(&mut self.remade, false)
    }

    pub(super) const fn verifying(&mut self) {
        self.progress.verifying = true;
    }

    /// The destination refused this one, which ends it.
    pub(super) const fn refused(&mut self, position: u64) {
        self.progress.refused = Some(position);
    }

    /// Confirmed per second, over the last seconds.
    pub(super) const fn rate(&self) -> f64 {
        self.progress.rate
    }

    pub(super) const fn is_verifying(&self) -> bool {
        self.progress.verifying
    }

    fn checkpoint(&self, flow: &Flow, afresh: bool, reserved: u64) -> Checkpoint {
        Checkpoint {
            position: flow.position,
            destination_seq: flow.destination_seq,
            counters: flow.counters,
            passed: flow.passed.clone(),
            reserved,
            afresh,
            progress: self.progress.clone(),
            owner: self.owner.clone(),
        }
    }

    /// How many have arrived of which the checkpoint on the disk does not know: whoever goes on from there sends them again.
    pub(super) fn unsaved(&self, flow: &Flow) -> u64 {
        arrived(&flow.counters).saturating_sub(self.known.0)
    }

    /// The first checkpoint, before anything is sent.
    pub(super) async fn first(
        &mut self,
        flow: &Flow,
        afresh: bool,
        reserved: u64,
        at: Timestamp,
    ) -> Result<(), String> {
        self.progress.state = State::Running;
        self.progress.at = at;
        self.write(self.checkpoint(flow, afresh, reserved), true).await.map_err(|error| error.to_string())?;
        self.progress.checkpoint = Some(at);
        Ok(())
    }

    /// Writes a checkpoint and waits for it: what follows relies on it. Whether it could be written.
    pub(super) async fn save_now(&mut self, flow: &Flow, reserved: u64, at: Timestamp) -> bool {
        self.finish_saving().await;
        self.progress.at = at;
        let written = self.write(self.checkpoint(flow, false, reserved), true).await;
        self.known.1 = arrived(&flow.counters);
        self.heard(written);
        if self.journal_error.is_none() {
            self.progress.checkpoint = Some(at);
        }
        self.journal_error.is_none()
    }

    async fn write(&self, checkpoint: Checkpoint, durable: bool) -> Result<(), JournalError> {
        self.begin(checkpoint, durable).await.unwrap_or(Ok(()))
    }

    fn begin(&self, checkpoint: Checkpoint, durable: bool) -> JoinHandle<Result<(), JournalError>> {
        let dir: PathBuf = self.journal.dir().to_owned();
        tokio::task::spawn_blocking(move || journal::save(&dir, &checkpoint, durable))
    }

    async fn finish_saving(&mut self) {
        if let Some(saving) = self.saving.take() {
            let written = saving.await.unwrap_or(Ok(()));
            self.heard(written);
        }
    }

    /// Whether a checkpoint could be written.
    fn heard(&mut self, written: Result<(), JournalError>) {
        self.missing = written.as_ref().err().is_some_and(JournalError::is_missing);
        if written.is_ok() {
            self.known.0 = self.known.1;
        }
        self.journal_error = written.err().map(|error| error.to_string());
    }

    /// Makes its folder again where somebody has deleted it.
    fn remake(&mut self) {
        if !self.missing {
            return;
        }
        match self.journal.remake(&self.plan) {
            Ok(()) => {
                (self.missing, self.remade) = (false, true);
                self.trouble("the replay's folder in the state directory was deleted; it was made again".into());
            }
            Err(error) => self.journal_error = Some(error.to_string()),
        }
    }

    /// Writes a checkpoint when it is time, beside everything else.
    pub(super) async fn save(&mut self, flow: &Flow, afresh: bool, reserved: u64, now: Duration, at: Timestamp) {
        if self.saving.as_ref().is_some_and(JoinHandle::is_finished) {
            self.finish_saving().await;
            if self.journal_error.is_none() {
                self.progress.checkpoint = Some(at);
            }
        }
        let since = now.saturating_sub(self.saved);
        let due = if flow.position == self.saved_position || self.journal_fails() { HEARTBEAT } else { SAVE };
        if self.saving.is_some() || since < due {
            return;
        }
        (self.saved, self.saved_position) = (now, flow.position);
        self.remake();
        self.known.1 = arrived(&flow.counters);
        self.saving = Some(self.begin(self.checkpoint(flow, afresh, reserved), self.durable));
    }

    pub(super) fn tell<C: Clock>(
        &mut self,
        flow: &Flow,
        (state, reason, waits): (State, Option<String>, bool),
        pace: Pace,
        outstanding: Option<u64>,
        clock: &C,
    ) {
        let now = clock.now();
        let p = &mut self.progress;
        (p.state, p.reason, p.waits, p.pace, p.outstanding) = (state, reason, waits, pace, outstanding);
        p.source_seq = flow.position;
        p.source_time = flow.time;
        p.counters = flow.counters;
        p.in_flight = flow.open() as u64;
        p.at = clock.wall();
        let c = &flow.counters;
        let settled = c.sent + c.duplicate + c.uncertain;
        if self.samples.back().is_none_or(|(at, _)| now.saturating_sub(*at) >= SAMPLE) {
            self.samples.push_back((now, settled));
            if self.samples.len() > SAMPLES {
                self.samples.pop_front();
            }
        }
        let per_second = |since: Duration, before: u64| {
            let seconds = now.saturating_sub(since).as_secs_f64();
            if seconds > 0.05 { settled.saturating_sub(before) as f64 / seconds } else { 0.0 }
        };
        p.rate = self.samples.front().map_or(0.0, |(at, before)| per_second(*at, *before));
        p.rate_average = per_second(self.begun, self.begun_with);
        let left = p.planned.saturating_sub(p.settled());
        let moves = state == State::Running && p.rate > 0.0;
        p.eta_seconds = moves.then(|| left as f64 / p.rate);
        self.out.send_replace(p.clone());
    }

    /// The last checkpoint and the last word.
    pub(super) async fn close<C: Clock>(
        mut self,
        flow: &Flow,
        reserved: u64,
        state: State,
        reason: Option<String>,
        clock: &C,
    ) -> Progress {
        let pace = self.progress.pace;
        self.tell(flow, (state, reason, false), pace, None, clock);
        self.progress.verifying = false;
        self.progress.eta_seconds = None;
        self.progress.checkpoint = Some(clock.wall());
        self.finish_saving().await;
        // A failure to write it is nothing that could be told better than by what follows.
        let untouched = flow.position == 0 && flow.open() == 0 && flow.counters.sent == 0;
        let checkpoint = self.checkpoint(flow, untouched && state == State::Planned, reserved);
        let mut written = self.write(checkpoint.clone(), true).await;
        if written.as_ref().is_err_and(JournalError::is_missing) {
            written = self.journal.remake(&self.plan);
            if written.is_ok() {
                written = self.write(checkpoint, true).await;
            }
        }
        if let Err(error) = written {
            self.progress.last_error = Some(error.to_string());
        }
        self.out.send_replace(self.progress.clone());
        self.progress
    }

    /// It ends before it began.
    pub(super) async fn last(mut self, flow: &Flow, state: State, reason: Option<String>, at: Timestamp) -> Progress {
        (self.progress.state, self.progress.reason, self.progress.at) = (state, reason, at);
        // As above.
        let _ = self.write(self.checkpoint(flow, true, 0), true).await;
        self.out.send_replace(self.progress.clone());
        self.progress
    }
}

/// What a crash would leave in no doubt if it were written down.
const fn arrived(c: &Counters) -> u64 {
    c.sent + c.duplicate + c.uncertain + c.failed
}
