//! Moving the start of one consumer, safely: looked at first, saved before, paused, drained, moved, resumed, read
//! back; and taken back.
//!
//! The order matters. A late ack of a message that was delivered before the move would ack a new delivery, so the
//! consumer is paused until nothing is in flight. A pause is never for ever: it ends by itself minutes later,
//! whatever becomes of us. A plain resume would leave requests that wait asleep for up to half a minute, so the pause
//! is set to end a moment later instead.

mod asks;
mod count;
mod ending;
mod list;
mod preview;
mod records;
mod recreate;
mod steps;

use std::io;
use std::path::PathBuf;

use thiserror::Error;
use tokio::sync::{mpsc, watch};
use tokio::task::JoinHandle;

use crate::config::Settings;
use crate::event::clean_line;
use crate::model::reposition::{Control, Method, Outcome, Past, Preview, Proposal, Span, Stage, Step, Target};
use crate::model::units::messages;
use crate::model::{Problem, ProblemKind};

use super::gate::{Confirmation, Gate, Permit, Refused, Write};
use super::{Api, now};

use asks::Hand;
use records::Records;
pub use records::{Origin, Record};
use steps::Parts;

/// What to do where messages in flight are not acked in time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Stuck {
    /// The consumer stays where it is.
    #[default]
    GiveUp,
    /// It is moved all the same.
    GoOn,
    /// [`Step::Stuck`] asks, and [`Running::tell`] answers.
    Ask,
}

/// Why a consumer is not moved.
#[derive(Debug, Error)]
pub enum RepositionError {
    /// The preview says itself why not.
    #[error("consumer {consumer} of {stream} is not moved: {why}")]
    Obstacle {
        /// The stream.
        stream: String,
        /// The consumer.
        consumer: String,
        /// The first obstacle.
        why: String,
    },
    /// It may not be done, or was not confirmed.
    #[error(transparent)]
    Refused(#[from] Refused),
    /// The server did not say what has to be known.
    #[error("{0}")]
    Problem(#[from] Problem),
    /// The old position cannot be saved.
    #[error("the old position cannot be saved in {path}, so nothing was changed: {error}")]
    NotSaved {
        /// The file or folder.
        path: PathBuf,
        /// The system's words.
        error: io::Error,
    },
    /// Another process is at it.
    #[error("another jetscope moves consumer {consumer} of {stream} now; wait for its end")]
    Busy {
        /// The stream.
        stream: String,
        /// The consumer.
        consumer: String,
    },
    /// There is nothing to take back.
    #[error("there is nothing to take back{of}: no consumer was moved from this machine on this connection")]
    Nothing {
        /// Of which consumer.
        of: String,
    },
    /// The consumer is another than it was.
    #[error(
        "consumer {consumer} of {stream} was deleted and made again by somebody else since; what is known of its \
         position is not true of it"
    )]
    Another {
        /// The stream.
        stream: String,
        /// The consumer.
        consumer: String,
    },
    /// It did not work.
    #[error("{what}; {state}")]
    Failed {
        /// What went wrong.
        what: String,
        /// In what state the consumer is.
        state: String,
        /// It was left because somebody said so.
        cancelled: bool,
    },
}

impl RepositionError {
    /// It was left because somebody said so, and nothing has changed.
    pub const fn is_cancelled(&self) -> bool {
        matches!(self, Self::Failed { cancelled: true, .. })
    }
}

/// One that runs in this process. Dropping it does not end it; [`Running::tell`] does.
#[derive(Debug)]
pub struct Running {
    /// Its name in the state directory.
    pub id: String,
    control: mpsc::Sender<Control>,
    step: watch::Receiver<Step>,
    task: JoinHandle<Result<Outcome, RepositionError>>,
}

impl Running {
    /// Tells it something.
    pub async fn tell(&self, control: Control) {
        // One that has ended does not hear it.
        let _ = self.control.send(control).await;
    }

    /// For telling it something while its end is waited for.
    pub fn control(&self) -> mpsc::Sender<Control> {
        self.control.clone()
    }

    /// What is being done, now and whenever that changes.
    pub fn step(&self) -> watch::Receiver<Step> {
        self.step.clone()
    }

    /// Waits for its end.
    pub async fn ended(self) -> Result<Outcome, RepositionError> {
        self.task.await.unwrap_or_else(|error| {
            Err(RepositionError::Failed {
                what: format!("it broke off: {error}"),
                state: "the consumer may be paused for up to two minutes".into(),
                cancelled: false,
            })
        })
    }
}

/// What undo would do.
#[derive(Debug)]
pub struct Undo {
    /// What it takes back.
    pub record: Record,
    /// What it would do; none where the consumer is gone and would be made again.
    pub preview: Option<Preview>,
}

impl Undo {
    /// The same as it is shown.
    pub fn proposal(&self) -> Proposal {
        match &self.preview {
            Some(preview) => Proposal::Move(Box::new(preview.clone())),
            None => Proposal::Remake(Box::new(list::past(&self.record, false, true, true))),
        }
    }
}

/// The repositions of one connection, with its state directory.
#[derive(Clone, Debug)]
pub struct Repositions {
    records: Records,
    origin: Origin,
    gate: Gate,
}

/// What taking a move back delivers: what the move passed over, and what was delivered before it or since.
fn back_words(preview: &Preview, record: &Record) -> Vec<String> {
    let count = |span: Span| span.count.map_or_else(|| "more messages than can be counted".into(), messages);
    let mut words = Vec::new();
    if !preview.restored.is_empty() {
        words.push(format!("this delivers {} that the move skipped", count(preview.restored)));
    }
    let again = count(preview.redelivered);
    match (preview.redelivered.is_empty(), preview.restored.is_empty()) {
        (false, false) => words.push(format!("it delivers {again} again: delivered before the move, or since")),
        (false, true) if preview.before.ack_floor.seq >= record.from() => {
            words.push(format!("it has gone past #{} again since: this delivers {again} once more", record.from()));
        }
        (true, _) | (false, true) => {}
    }
    words
}

impl Repositions {
    /// Those of this connection.
    pub fn new(settings: &Settings) -> Self {
        let connection = &settings.connection;
        // A context that lends its credentials to another address is not where the consumer is.
        let context = settings.own_context().map(str::to_owned);
        let gate = Gate::of(settings);
        let origin = Origin { context, servers: connection.shown(), prefix: connection.api_prefix.clone() };
        Self { records: Records::new(settings.state_dir()), origin, gate }
    }

    /// Those that were written down, the newest first.
    pub fn list(&self) -> Vec<Past> {
        list::list(&self.records, Some(&self.origin))
    }

    /// The same, on whatever connection they were made.
    pub fn list_everywhere(&self) -> Vec<Past> {
        list::list(&self.records, None)
    }

    /// What was broken off: nobody knows whether these consumers were moved.
    pub fn left_over(&self) -> Vec<Past> {
        let records = self.records.left_over(&self.origin);
        records.iter().map(|record| list::past(record, false, record.can_be_undone(), true)).collect()
    }

    /// What moving a consumer there would do. `recreate` allows to delete it and make it again, where the server does
    /// not move it.
    pub async fn preview(
        &self,
        api: &Api,
        (stream, consumer): (&str, &str),
        target: Target,
        recreate: bool,
    ) -> Result<Preview, Problem> {
        let left = self.left_of(stream, consumer);
        // What an earlier move passed over counts as delivered at the server, whichever way one goes back.
        let earlier = self.records.newest(&self.origin, Some((stream, consumer)));
        let mut preview =
            preview::preview(api, (stream, consumer), target, recreate, left.as_ref(), earlier.as_ref()).await?;
        if let (false, Some(count)) = (preview.restored.is_empty(), preview.restored.count) {
            preview.warnings.insert(0, format!("this delivers {} that an earlier move skipped", messages(count)));
        }
        Ok(preview)
    }

    /// The one of this consumer that was broken off.
    fn left_of(&self, stream: &str, consumer: &str) -> Option<Record> {
        let mut left = self.records.left_over(&self.origin).into_iter();
        left.find(|record| record.stream == stream && record.consumer == consumer)
    }

    /// Moves a consumer as the preview says. `said` is what the operator said to the question whether to do it.
    pub fn start(
        &self,
        api: &Api,
        preview: Preview,
        said: &Confirmation,
        stuck: Stuck,
    ) -> Result<Running, RepositionError> {
        if let Some(why) = preview.obstacles.first() {
            let (stream, consumer) = names(&preview.stream, &preview.consumer);
            return Err(RepositionError::Obstacle { stream, consumer, why: why.clone() });
        }
        let permit = self.permit(&preview.stream, &preview.consumer, said)?;
        self.run(api, permit, Plan::Move(Box::new(preview)), stuck)
    }

    /// What undo would do: the newest is taken back, of this consumer or of any. The old position is the one up to
    /// which everything was acked. What was acked behind that is delivered again, and counts of redeliveries begin
    /// anew.
    pub async fn undo(&self, api: &Api, of: Option<(&str, &str)>, recreate: bool) -> Result<Undo, RepositionError> {
        let nothing = || RepositionError::Nothing {
            of: of.map(|(s, c)| format!(" of consumer {} of {}", clean_line(c), clean_line(s))).unwrap_or_default(),
        };
        let record = self.records.newest(&self.origin, of).ok_or_else(nothing)?;
        let target = Target::Seq(record.from());
        // One that was made again keeps its start, which is no start of its owner's.
        let recreate = recreate || record.method == Method::Recreate;
        let of = (record.stream.as_str(), record.consumer.as_str());
        let left = self.left_of(of.0, of.1);
        match preview::preview(api, of, target, recreate, left.as_ref(), Some(&record)).await {
            Ok(mut preview) => {
                let same = preview.consumer_created == record.consumer_created || record.stage == Stage::Deleted;
                if !same || preview.stream_created != record.stream_created {
                    let (stream, consumer) = names(&record.stream, &record.consumer);
                    return Err(RepositionError::Another { stream, consumer });
                }
                preview.undoes = Some(record.id.clone());
                preview.warnings.splice(0..0, back_words(&preview, &record));
                Ok(Undo { record, preview: Some(preview) })
            }
            // The consumer alone is gone, and was when this ended.
            Err(problem) if problem.kind == ProblemKind::NotFound && record.stage == Stage::Deleted => {
                Ok(Undo { record, preview: None })
            }
            Err(problem) => Err(problem.into()),
        }
    }

    /// Takes one back.
    pub fn start_undo(
        &self,
        api: &Api,
        undo: Undo,
        said: &Confirmation,
        stuck: Stuck,
    ) -> Result<Running, RepositionError> {
        match undo.preview {
            Some(preview) => self.start(api, preview, said, stuck),
            None => {
                let permit = self.permit(&undo.record.stream, &undo.record.consumer, said)?;
                self.run(api, permit, Plan::Remake(Box::new(undo.record)), stuck)
            }
        }
    }

    fn permit(&self, stream: &str, consumer: &str, said: &Confirmation) -> Result<Permit, Refused> {
        self.gate.permit(Write::Reposition { stream: stream.into(), consumer: consumer.into() }, said)
    }

    fn run(&self, api: &Api, permit: Permit, plan: Plan, stuck: Stuck) -> Result<Running, RepositionError> {
        let (stream, consumer) = match &plan {
            Plan::Move(preview) => (preview.stream.clone(), preview.consumer.clone()),
            Plan::Remake(record) => (record.stream.clone(), record.consumer.clone()),
        };
        let (shown_stream, shown_consumer) = names(&stream, &consumer);
        let busy = RepositionError::Busy { stream: shown_stream, consumer: shown_consumer };
        let id = records::id(now(), &stream, &consumer);
        let path = self.records.path(&id);
        // Before we hold the consumer: then it would not be one that nobody moves.
        let left = self.left_of(&stream, &consumer);
        let lock = self.records.lock(&self.origin, &stream, &consumer);
        let lock = lock.map_err(|error| RepositionError::NotSaved { path, error })?.ok_or(busy)?;
        // The gate made it for this consumer.
        let Some(hand) = Hand::new(api.clone(), permit) else {
            return Err(Refused::Unconfirmed(format!("reposition of {}", clean_line(&consumer))).into());
        };
        let (control, told) = mpsc::channel(4);
        let (tell, step) = watch::channel(Step::Saving);
        let (records, origin) = (self.records.clone(), self.origin.clone());
        let parts = Parts { hand, stuck, records, origin, id: id.clone(), left, told, tell };
        let task = tokio::spawn(async move {
            let ended = Box::pin(steps::run(parts, plan)).await;
            drop(lock);
            ended
        });
        Ok(Running { id, control, step, task })
    }
}

/// What is to be done.
#[derive(Debug)]
enum Plan {
    /// A consumer that is there is moved.
    Move(Box<Preview>),
    /// A consumer that is gone is made again.
    Remake(Box<Record>),
}

fn names(stream: &str, consumer: &str) -> (String, String) {
    (clean_line(stream).into_owned(), clean_line(consumer).into_owned())
}
