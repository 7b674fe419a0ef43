//! How a reposition ends: the pause is taken back, whether it goes on is watched, and what was done is written down.

use std::time::Duration;

use tokio::time::{Instant, sleep};

use crate::model::reposition::{Control, Outcome, Stage, Step};
use crate::model::units::duration;
use crate::model::{Consumer, ProblemKind};
use crate::nats::now;

use super::steps::{AGAIN, LOOK, Run, Stop, passes};
use super::{RepositionError, names};

/// How long after the resume the first delivery may take.
const DELIVER: Duration = Duration::from_secs(2);
/// How long taking back a pause is tried where there is no connection.
const TAKE_BACK: Duration = Duration::from_secs(15);
/// A pause is taken back by letting it end so much later: a plain resume leaves requests that wait asleep.
const WAKE: Duration = Duration::from_millis(300);

impl Run {
    /// Takes our pause back; the owner's stays.
    async fn take_back(&mut self) -> Result<(), String> {
        let Some(since) = self.pause else { return Ok(()) };
        self.tell(Step::Resuming);
        let deadline = Instant::now() + TAKE_BACK;
        loop {
            let owners = self.owners_pause();
            let until = owners.unwrap_or_else(|| self.server_now().plus(WAKE));
            match self.parts.hand.pause(until).await {
                Ok(_) => {
                    self.pause = None;
                    self.record.pause_ends = None;
                    self.paused_for = since.elapsed() + if owners.is_some() { Duration::ZERO } else { WAKE };
                    return Ok(());
                }
                // What is gone is not paused.
                Err(problem) if problem.kind == ProblemKind::NotFound => return Ok(()),
                Err(problem) if !passes(&problem) || Instant::now() >= deadline => return Err(problem.sentence),
                Err(_) => sleep(AGAIN).await,
            }
        }
    }

    /// Whether somebody who waits is sent something, of so many messages that are due.
    async fn advances(&mut self, due: u64) -> Option<bool> {
        if self.owners_pause().is_some() {
            return None;
        }
        self.tell(Step::Watching);
        let begun = Instant::now();
        let mut reader = false;
        loop {
            let looked = self.parts.hand.look().await;
            if let Ok(c) = &looked {
                reader |= c.has_reader();
                if c.delivered.consumer_seq > 0 {
                    return Some(true);
                }
                // In a cluster what is pending falls before what was delivered is said.
                if due == 0 && c.pending == 0 {
                    return None;
                }
            }
            let over = begun.elapsed() > WAKE + if reader { DELIVER } else { WAKE };
            if over || self.heard(LOOK).await == Some(Control::Cancel) {
                return reader.then_some(false);
            }
        }
    }

    /// Resumed, watched, written down.
    pub(super) async fn finish(mut self, done: Result<Consumer, Stop>) -> Result<Outcome, RepositionError> {
        let back = self.take_back().await;
        match done {
            Ok(consumer) => Ok(self.moved(consumer, back).await),
            Err(stop) => Err(self.left(stop, back)),
        }
    }

    async fn moved(&mut self, consumer: Consumer, back: Result<(), String>) -> Outcome {
        let verified = self.verified;
        self.record.consumer_created = consumer.created.or(self.record.consumer_created);
        let advances = match back {
            Ok(()) => self.advances(consumer.pending).await,
            Err(why) => {
                self.notes.push(self.still_paused(&why));
                None
            }
        };
        if advances == Some(false) {
            self.notes
                .push(format!("somebody waits for messages, and none was delivered within {}", duration(DELIVER)));
        }
        self.record.stage = Stage::Completed;
        let outcome = Outcome {
            id: self.record.id.clone(),
            stream: self.record.stream.clone(),
            consumer: self.record.consumer.clone(),
            method: self.record.method,
            from: self.record.from(),
            to: self.record.to,
            verified,
            pending: consumer.pending,
            advances,
            paused_until: self.owners_pause(),
            seconds: self.started.elapsed().as_secs_f64(),
            paused_seconds: self.paused_for.as_secs_f64(),
            notes: std::mem::take(&mut self.notes),
        };
        self.record.outcome = Some(outcome.clone());
        self.write_down(Some(verified));
        // What went wrong with that.
        let notes = outcome.notes.into_iter().chain(std::mem::take(&mut self.notes)).collect();
        Outcome { notes, ..outcome }
    }

    fn left(mut self, stop: Stop, back: Result<(), String>) -> RepositionError {
        let cancelled = matches!(stop, Stop::Cancelled);
        let (stream, consumer) = names(&self.record.stream, &self.record.consumer);
        let what = match stop {
            Stop::Cancelled => format!("consumer {consumer} of {stream} was left before it was moved"),
            Stop::Problem(why) => format!("consumer {consumer} of {stream} was not moved: {why}"),
        };
        let stands = self.state.take().unwrap_or_else(|| "it stands where it stood".into());
        let state = match (back, self.owners_pause()) {
            (Err(why), _) => format!("{stands}; {}", self.still_paused(&why)),
            (Ok(()), Some(until)) => format!("{stands}, paused until {until} as before"),
            (Ok(()), None) if self.paused_for > Duration::ZERO => format!("{stands}, and its pause was taken back"),
            (Ok(()), None) => stands,
        };
        if self.record.stage != Stage::Deleted {
            self.record.stage = if cancelled { Stage::Cancelled } else { Stage::Failed };
        }
        self.record.why = Some(what.clone());
        self.write_down(None);
        let notes = std::mem::take(&mut self.notes);
        let state = notes.into_iter().fold(state, |state, note| format!("{state}; {note}"));
        RepositionError::Failed { what, state, cancelled }
    }

    fn still_paused(&self, why: &str) -> String {
        let until = self.record.pause_ends.map_or_else(|| "minutes later".to_owned(), |until| until.to_string());
        format!("its pause could not be taken back ({why}) and ends by itself, {until} at the latest")
    }

    /// The end of the record, what it takes back, and the audit.
    fn write_down(&mut self, verified: Option<bool>) {
        let records = &self.parts.records;
        let mut failed = records.save(&self.record).err();
        let mut undone = self.record.undoes.clone().filter(|_| self.record.stage == Stage::Completed);
        // What was taken back may itself have been an attempt to take back.
        while let Some(id) = undone.take()
            && let Some(mut earlier) = records.all().into_iter().find(|r| r.id == id && r.undone_by.is_none())
        {
            earlier.undone_by = Some(self.record.id.clone());
            failed = failed.or(records.save(&earlier).err());
            undone = earlier.undoes;
        }
        failed = failed.or(records.audit(&self.record, now(), verified).err());
        records.prune();
        if let Some(error) = failed {
            self.notes.push(format!("what was done could not be written down: {error}"));
        }
    }
}
