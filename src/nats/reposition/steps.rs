//! One reposition, step by step. Whatever fails on the way, the pause is taken back, and the sentence says in what
//! state the consumer is.

use std::time::Duration;

use tokio::sync::{mpsc, watch};
use tokio::time::{Instant, sleep, timeout};

use crate::model::reposition::{Control, Method, Outcome, Preview, Stage, Step};
use crate::model::units::{count_exact, duration, messages, messages_were};
use crate::model::{Consumer, Problem, ProblemKind, Stream, Timestamp};
use crate::nats::now;

use super::asks::{Hand, Seen, is_at_least};
use super::preview::{PAUSE, paused_before};
use super::records::{Record, Records};
use super::{Origin, Plan, RepositionError, Stuck, names};
use crate::config::state::owner;

/// Our pause ends by itself so much later, should we be killed. While acks are waited for it is renewed.
const BOUND: Duration = Duration::from_secs(120);
/// A pause that ends sooner is renewed.
const RENEW: Duration = Duration::from_secs(60);
/// How long the server may take until what was asked for is what it says.
const SETTLE: Duration = Duration::from_secs(2);
/// How long a person may think about messages in flight.
const THINK: Duration = Duration::from_secs(600);
/// Between two attempts.
pub(super) const AGAIN: Duration = Duration::from_millis(250);
/// Between two looks.
pub(super) const LOOK: Duration = Duration::from_millis(20);
/// The least time that acks are waited for, however long ago the last delivery is.
const LEAST: Duration = Duration::from_secs(1);

/// Why the steps end before their end.
#[derive(Debug)]
pub(super) enum Stop {
    Problem(String),
    Cancelled,
}

impl From<Problem> for Stop {
    fn from(problem: Problem) -> Self {
        Self::Problem(problem.sentence)
    }
}

/// What one needs to be done.
#[derive(Debug)]
pub(super) struct Parts {
    pub(super) hand: Hand,
    pub(super) stuck: Stuck,
    pub(super) records: Records,
    pub(super) origin: Origin,
    pub(super) id: String,
    /// One of this consumer that was broken off before.
    pub(super) left: Option<Record>,
    pub(super) told: mpsc::Receiver<Control>,
    pub(super) tell: watch::Sender<Step>,
}

/// A reposition that is being done.
#[derive(Debug)]
pub(super) struct Run {
    pub(super) parts: Parts,
    pub(super) record: Record,
    /// By how many nanoseconds the server's clock is ahead of ours.
    ahead: i64,
    /// Pausing is possible.
    pub(super) pauses: bool,
    /// Since when our pause was asked for, as long as it was not taken back.
    pub(super) pause: Option<Instant>,
    pub(super) paused_for: Duration,
    /// What was read back is what was asked for.
    pub(super) verified: bool,
    /// What the consumer is in, where that is not what the steps themselves would lead to.
    pub(super) state: Option<String>,
    pub(super) notes: Vec<String>,
    pub(super) started: Instant,
}

/// Does it.
pub(super) async fn run(parts: Parts, plan: Plan) -> Result<Outcome, RepositionError> {
    let tell = parts.tell.clone();
    let done = match plan {
        Plan::Move(preview) => relocate(parts, *preview).await,
        Plan::Remake(record) => super::recreate::remake(parts, *record).await,
    };
    tell.send_replace(Step::Over);
    done
}

async fn relocate(parts: Parts, preview: Preview) -> Result<Outcome, RepositionError> {
    let started = Instant::now();
    let seen = parts.hand.seen().await?;
    let stream = parts.hand.stream().await?;
    let (shown_stream, shown_consumer) = names(&preview.stream, &preview.consumer);
    if seen.consumer.created != preview.consumer_created || stream.created != preview.stream_created {
        return Err(RepositionError::Another { stream: shown_stream, consumer: shown_consumer });
    }
    let mut notes = Vec::new();
    let to = clamped(preview.after.seq, &stream, &mut notes).map_err(|why| RepositionError::Obstacle {
        stream: shown_stream,
        consumer: shown_consumer,
        why,
    })?;
    let record = Record {
        id: parts.id.clone(),
        made: now(),
        stage: Stage::Begun,
        origin: parts.origin.clone(),
        owner: owner(),
        stream: preview.stream.clone(),
        consumer: preview.consumer.clone(),
        stream_created: stream.created,
        consumer_created: seen.consumer.created,
        target: preview.target,
        method: preview.method,
        delivered: seen.consumer.delivered.stream_seq,
        ack_floor: seen.consumer.ack_floor.stream_seq,
        given_up: 0,
        to,
        paused_before: paused_before(&seen.consumer, parts.left.as_ref()),
        pause_ends: None,
        undoes: preview.undoes.clone(),
        undone_by: None,
        why: None,
        outcome: None,
        config: seen.config.clone(),
    };
    let mut run = Run::new(parts, record, started);
    run.ahead = seen.ahead;
    run.notes = notes;
    run.save().map_err(|error| run.not_saved(error))?;
    let done = match preview.method {
        Method::Reset => run.reset(&seen).await,
        Method::Recreate => run.recreate(&seen, &stream).await,
    };
    run.finish(done).await
}

/// A position that the server takes and that loses nothing which the preview did not name.
pub(super) fn clamped(seq: u64, stream: &Stream, notes: &mut Vec<String>) -> Result<u64, String> {
    let (first, last) = (stream.state.first_seq.max(1), stream.state.last_seq);
    if seq > last.saturating_add(1) {
        return Err(format!("#{seq} lies beyond the end of the stream, which is #{last}"));
    }
    if seq < first {
        notes.push(format!("the stream begins with #{first} by now, so that is the position"));
    }
    Ok(seq.max(first))
}

impl Run {
    pub(super) fn new(parts: Parts, record: Record, started: Instant) -> Self {
        let pauses = is_at_least(&parts.hand.api.client().server().version, PAUSE);
        Self {
            parts,
            record,
            ahead: 0,
            pauses,
            pause: None,
            paused_for: Duration::ZERO,
            verified: false,
            state: None,
            notes: Vec::new(),
            started,
        }
    }

    pub(super) fn save(&self) -> std::io::Result<()> {
        self.parts.records.save(&self.record)
    }

    /// As [`Run::save`], where nothing may go on without it.
    pub(super) fn must_save(&self) -> Result<(), Stop> {
        self.save().map_err(|error| Stop::Problem(format!("{} cannot be written: {error}", self.path())))
    }

    pub(super) fn path(&self) -> String {
        self.parts.records.path(&self.record.id).display().to_string()
    }

    pub(super) fn not_saved(&self, error: std::io::Error) -> RepositionError {
        RepositionError::NotSaved { path: self.parts.records.path(&self.record.id), error }
    }

    pub(super) fn tell(&self, step: Step) {
        self.parts.tell.send_if_modified(|now| std::mem::replace(now, step) != step);
    }

    pub(super) fn server_now(&self) -> Timestamp {
        Timestamp(now().0.saturating_add(self.ahead))
    }

    /// The owner's pause, where it is not over.
    pub(super) fn owners_pause(&self) -> Option<Timestamp> {
        self.record.paused_before.filter(|until| *until > self.server_now())
    }

    /// Moved by the server.
    async fn reset(&mut self, seen: &Seen) -> Result<Consumer, Stop> {
        self.drained(seen).await?;
        self.tell(Step::Moving);
        let to = self.record.to;
        match self.parts.hand.reset(to).await {
            Ok(()) => {}
            // It may have been done all the same.
            Err(problem) if matches!(problem.kind, ProblemKind::Timeout | ProblemKind::Disconnected) => {
                return match self.settled(to).await {
                    Ok((consumer, true)) => {
                        self.verified = true;
                        Ok(consumer)
                    }
                    Ok((_, false)) => Err(problem.into()),
                    Err(_) => {
                        self.state = Some("whether it was moved is not known".into());
                        Err(problem.into())
                    }
                };
            }
            Err(problem) => return Err(problem.into()),
        }
        match self.settled(to).await {
            Ok((consumer, true)) => {
                self.verified = true;
                Ok(consumer)
            }
            Ok((consumer, false)) => {
                self.notes.push(format!(
                    "read back, it stands at #{} with {} in flight, not at #{to}: late acks may have moved it",
                    consumer.delivered.stream_seq.saturating_add(1),
                    count_exact(consumer.ack_pending)
                ));
                Ok(consumer)
            }
            Err(problem) => {
                self.notes.push(format!("it was moved, and could not be read back: {problem}"));
                Ok(Consumer::default())
            }
        }
    }

    /// Paused, with nothing in flight that could still be acked. What is known of the old position is saved.
    pub(super) async fn drained(&mut self, seen: &Seen) -> Result<(), Stop> {
        if self.pauses {
            self.pause().await?;
        }
        let wait = seen.ack_wait();
        let begun = now();
        let last = seen.consumer.delivered.last_active.map(|at| Timestamp(at.0.saturating_sub(self.ahead)));
        let mut until = last.unwrap_or(begun).plus(wait).max(begun.plus(LEAST));
        let mut go_on = false;
        let consumer = loop {
            let consumer = self.parts.hand.look().await?;
            let still = !self.pauses || consumer.paused;
            if still && (consumer.ack_pending == 0 || go_on) {
                break consumer;
            }
            let late = now() >= until;
            if !still && now() >= begun.plus(SETTLE) {
                return Err(Stop::Problem("the server took the pause, and the consumer is not paused".into()));
            }
            if still && late {
                match self.parts.stuck {
                    Stuck::GoOn => go_on = true,
                    Stuck::GiveUp => {
                        let way = "--force goes on all the same";
                        return Err(Stop::Problem(stuck(&consumer, wait, way)));
                    }
                    Stuck::Ask if now() >= until.plus(THINK) => {
                        let way = format!("nobody said within {} whether to go on all the same", duration(THINK));
                        return Err(Stop::Problem(stuck(&consumer, wait, &way)));
                    }
                    Stuck::Ask => self.tell(Step::Stuck { left: consumer.ack_pending }),
                }
            } else if still {
                self.tell(Step::Draining { left: consumer.ack_pending, until });
            }
            let patient = now() > begun.plus(LEAST);
            match self.heard(if patient { LOOK * 5 } else { LOOK }).await {
                Some(Control::Cancel) => return Err(Stop::Cancelled),
                // Said before it was asked: then nothing is waited for.
                Some(Control::GoOn) => (go_on, until) = (true, now()),
                None => {}
            }
            if self.pauses && self.record.pause_ends.is_some_and(|ends| ends < self.server_now().plus(RENEW)) {
                self.pause().await?;
            }
        };
        self.record.delivered = consumer.delivered.stream_seq;
        self.record.ack_floor = consumer.ack_floor.stream_seq;
        self.record.given_up = consumer.ack_pending;
        self.must_save()?;
        if consumer.ack_pending > 0 {
            self.notes.push(format!(
                "{} in flight; should that be acked now, new deliveries may count as acked",
                messages_were(consumer.ack_pending)
            ));
        }
        match self.heard(Duration::ZERO).await {
            Some(Control::Cancel) => Err(Stop::Cancelled),
            _ => Ok(()),
        }
    }

    /// Pauses it for a while, where it is not paused for longer.
    async fn pause(&mut self) -> Result<(), Stop> {
        let until = self.server_now().plus(BOUND);
        if self.record.paused_before.is_some_and(|owners| owners > until) {
            return Ok(());
        }
        self.record.pause_ends = Some(until);
        self.must_save()?;
        self.tell(Step::Pausing { until });
        // From now on it may be paused, whatever the answer is.
        self.pause.get_or_insert_with(Instant::now);
        if self.parts.hand.pause(until).await? {
            return Ok(());
        }
        Err(Stop::Problem("the server did not pause the consumer".into()))
    }

    /// Whether it stands where it should, as soon as it does.
    async fn settled(&self, to: u64) -> Result<(Consumer, bool), Problem> {
        let deadline = Instant::now() + SETTLE;
        loop {
            let look = self.parts.hand.look().await;
            match look {
                Ok(c) if stands_at(&c, to) => return Ok((c, true)),
                Ok(c) if Instant::now() >= deadline => return Ok((c, false)),
                Err(problem) if Instant::now() >= deadline => return Err(problem),
                _ => sleep(LOOK).await,
            }
        }
    }

    /// What it is told within this time.
    pub(super) async fn heard(&mut self, within: Duration) -> Option<Control> {
        if within.is_zero() {
            return self.parts.told.try_recv().ok();
        }
        match timeout(within, self.parts.told.recv()).await {
            Ok(None) => {
                // Nobody can tell anything any more.
                sleep(within).await;
                None
            }
            heard => heard.ok().flatten(),
        }
    }
}

/// Everything up to there is done, and nothing behind it was begun.
const fn stands_at(consumer: &Consumer, to: u64) -> bool {
    let next = [consumer.delivered.stream_seq, consumer.ack_floor.stream_seq];
    next[0].saturating_add(1) == to && next[1].saturating_add(1) == to && consumer.ack_pending == 0
}

/// It may be answered another time.
pub(super) const fn passes(problem: &Problem) -> bool {
    matches!(
        problem.kind,
        ProblemKind::Timeout | ProblemKind::Busy { .. } | ProblemKind::Disconnected | ProblemKind::NoResponders
    )
}

fn stuck(consumer: &Consumer, wait: Duration, way: &str) -> String {
    format!(
        "{} still in flight, longer than the {} that it gives to be acked: late acks would ack what is delivered again; \
         {way}",
        messages(consumer.ack_pending),
        duration(wait)
    )
}
