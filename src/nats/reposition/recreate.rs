//! A consumer that the server does not move is deleted and made again with the same configuration. Between the two
//! there is none: its configuration is on the disk before.

use tokio::time::{Instant, sleep};

use crate::event::clean_line;
use crate::model::reposition::{Method, Outcome, Stage, Step, Target};
use crate::model::{Consumer, Problem, ProblemKind, Retention, Stream};
use crate::nats::now;

use super::RepositionError;
use super::asks::{Seen, Start, config_at};
use super::names;
use super::records::Record;
use super::steps::{AGAIN, Parts, Run, Stop, clamped, passes};
use crate::config::state::owner;

/// How often making it is tried where the server cannot do it now.
const ATTEMPTS: u32 = 8;

impl Run {
    /// Deleted and made again.
    pub(super) async fn recreate(&mut self, seen: &Seen, stream: &Stream) -> Result<Consumer, Stop> {
        self.drained(seen).await?;
        self.record.stage = Stage::Deleted;
        self.must_save()?;
        self.tell(Step::Moving);
        if let Err(problem) = self.parts.hand.delete().await
            && !self.is_gone(&problem).await
        {
            self.record.stage = Stage::Begun;
            return Err(problem.into());
        }
        // It went with the consumer.
        self.pause = None;
        self.record.pause_ends = None;
        let failed = match self.make(start(self.record.to, stream)).await {
            Ok(consumer) => {
                self.verify(&consumer);
                return Ok(consumer);
            }
            Err(problem) => problem,
        };
        // Then at least where it was.
        match self.make(start(self.record.from(), stream)).await {
            Ok(consumer) => {
                self.record.stage = Stage::Begun;
                self.record.consumer_created = consumer.created;
                self.state = Some(format!("it was made again where it stood, at #{}", self.record.from()));
            }
            Err(_) => self.state = Some(self.gone()),
        }
        Err(failed.into())
    }

    /// After a delete that failed: whether it worked all the same.
    async fn is_gone(&self, problem: &Problem) -> bool {
        if !passes(problem) {
            return problem.kind == ProblemKind::NotFound;
        }
        self.parts.hand.look().await.is_err_and(|problem| problem.kind == ProblemKind::NotFound)
    }

    /// That it is another one, which may have gone on before it is looked at.
    fn verify(&mut self, consumer: &Consumer) {
        let another = consumer.created != self.record.consumer_created;
        self.verified = another && consumer.delivered.stream_seq.saturating_add(1) >= self.record.to;
    }

    /// Makes it, as often as it takes while the failure may pass.
    async fn make(&self, start: Start) -> Result<Consumer, Problem> {
        let config = config_at(&self.record.config, start, self.owners_pause().filter(|_| self.pauses));
        let mut attempt = 0;
        loop {
            attempt += 1;
            let made = self.parts.hand.create(&config).await;
            // It may have been made without an answer.
            let looked = match &made {
                Err(problem) if !passes(problem) => return Err(problem.clone()),
                _ => self.parts.hand.look().await,
            };
            match (made, looked) {
                (_, Ok(consumer)) => return Ok(consumer),
                (Ok(()), Err(problem)) | (Err(problem), _) if attempt >= ATTEMPTS => return Err(problem),
                _ => sleep(AGAIN).await,
            }
        }
    }

    /// What to do about a consumer that is gone.
    fn gone(&self) -> String {
        let config = serde_json::to_string(&self.record.config).unwrap_or_default();
        format!(
            "it is deleted; undo (`jetscope reposition undo`) makes it again, its configuration is in {} and is {}",
            self.path(),
            clean_line(&config)
        )
    }
}

/// How a consumer begins at this sequence: a work queue takes only those that begin with its first message.
fn start(seq: u64, stream: &Stream) -> Start {
    if stream.config.retention == Retention::WorkQueue { Start::All } else { Start::At(seq) }
}

/// Makes a consumer that is gone again, where it stood.
pub(super) async fn remake(parts: Parts, earlier: Record) -> Result<Outcome, RepositionError> {
    let started = Instant::now();
    let stream = parts.hand.stream().await?;
    let mut notes = Vec::new();
    let to = clamped(earlier.from(), &stream, &mut notes).map_err(|why| {
        let (stream, consumer) = names(&earlier.stream, &earlier.consumer);
        RepositionError::Obstacle { stream, consumer, why }
    })?;
    let record = Record {
        id: parts.id.clone(),
        made: now(),
        stage: Stage::Deleted,
        owner: owner(),
        stream_created: stream.created,
        consumer_created: None,
        target: Target::Seq(to),
        method: Method::Recreate,
        to,
        given_up: 0,
        pause_ends: None,
        undoes: Some(earlier.id.clone()),
        why: None,
        outcome: None,
        ..earlier
    };
    let mut run = Run::new(parts, record, started);
    run.notes = notes;
    run.save().map_err(|error| run.not_saved(error))?;
    run.tell(Step::Moving);
    let made = run.make(start(to, &stream)).await;
    match &made {
        Ok(consumer) => run.verify(consumer),
        Err(_) => run.state = Some(run.gone()),
    }
    run.finish(made.map_err(Stop::from)).await
}
