//! Starts replays, goes on with those that were interrupted, lists them, and tells them what to do: what the console
//! and the headless commands call.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use thiserror::Error;
use tokio::sync::{mpsc, watch};
use tokio::task::JoinHandle;
use tokio::time::sleep;

use super::audit;
use super::clock::SystemClock;
use super::engine::{self, Parts};
use super::journal::{self, Checkpoint, Journal, JournalError, Journals};
use super::plan::{settings_of, watched};
use super::sink::Sink;
use super::sink::file::FileSink;
use super::sink::http::{Address, HttpSink};
use super::sink::stream::StreamSink;
use super::sink::subject::SubjectSink;
use super::source::{AnySource, Same};
use crate::config::state::owner;
use crate::config::{ConfigError, Settings};
use crate::event::clean_line;
use crate::model::Owner;
use crate::model::replay::{
    Control, Delivery, Destination, PLAN_VERSION, Plan, Progress, Run, Selection, State, Unreadable,
};
use crate::nats::gate::{Confirmation, Gate, Permit, Refused, Write};
use crate::nats::{self, Api, ConnectError};

/// How often what another process wants is looked for.
const LISTEN: Duration = Duration::from_millis(200);
/// How often the watched consumer is asked about.
const WATCH: Duration = Duration::from_millis(250);
/// The longest pause between attempts to connect for that.
const LONGEST_PAUSE: Duration = Duration::from_secs(4);

/// Why a replay does not begin.
#[derive(Debug, Error)]
pub enum StartError {
    /// The plan says itself why not.
    #[error("the plan cannot be run: {0}")]
    Obstacle(String),
    /// It may not be done, or was not confirmed.
    #[error(transparent)]
    Refused(#[from] Refused),
    /// There is no connection.
    #[error(transparent)]
    Connect(#[from] ConnectError),
    /// The other connection is not known.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// The journal does not allow it.
    #[error(transparent)]
    Journal(#[from] JournalError),
    /// It was planned for another place than the one that is named now.
    #[error("this replay was planned through {planned}, and this is {here}; {next}")]
    Elsewhere {
        /// The context and the servers of the plan.
        planned: String,
        /// The present ones.
        here: String,
        /// What to do.
        next: String,
    },
}

/// A replay that runs in this process. Dropping it does not end it; [`Running::tell`] does.
#[derive(Debug)]
pub struct Running {
    /// What is done.
    pub plan: Arc<Plan>,
    /// The context that it goes through, where that is not the present one.
    pub through: Option<String>,
    control: mpsc::Sender<Control>,
    progress: watch::Receiver<Progress>,
    task: JoinHandle<Progress>,
}

impl Running {
    fn seen_from(mut self, here: &Settings) -> Self {
        self.through = self.plan.context.clone().filter(|planned| here.own_context() != Some(planned.as_str()));
        self
    }

    /// For telling it something from elsewhere.
    pub fn control(&self) -> mpsc::Sender<Control> {
        self.control.clone()
    }

    /// Tells it what to do.
    pub async fn tell(&self, control: Control) {
        // One that has ended does not hear it.
        let _ = self.control.send(control).await;
    }

    /// How far it is, now and whenever that changes.
    pub fn progress(&self) -> watch::Receiver<Progress> {
        self.progress.clone()
    }

    /// Waits for its end.
    pub async fn ended(self) -> Progress {
        let last = self.progress.borrow().clone();
        self.task.await.unwrap_or_else(|error| Progress {
            state: State::Failed,
            reason: Some(format!("it broke off: {error}; resume it to go on")),
            ..last
        })
    }
}

/// The replays of a state directory.
#[derive(Clone, Debug)]
pub struct Replays {
    journals: Journals,
}

impl Replays {
    /// In this state directory.
    pub fn new(state_dir: impl Into<PathBuf>) -> Self {
        Self { journals: Journals::new(state_dir) }
    }

    /// All of them, the newest first.
    pub fn list(&self) -> Vec<Run> {
        self.journals.list()
    }

    /// Those whose plan cannot be read: [`JournalError::Broken`] each.
    pub fn broken(&self) -> Vec<JournalError> {
        self.journals.broken()
    }

    /// The same, as they are listed.
    pub fn unreadable(&self) -> Vec<Unreadable> {
        let of = |error: JournalError| match &error {
            JournalError::Broken { id, .. } => {
                let why = clean_line(&error.to_string()).into_owned();
                Some(Unreadable { id: id.clone(), why })
            }
            _ => None,
        };
        self.broken().into_iter().filter_map(of).collect()
    }

    /// One of them.
    pub fn show(&self, id: &str) -> Result<Run, JournalError> {
        self.journals.show(id)
    }

    /// Begins with a plan. `said` is what the operator said to the question whether to do it: the access level of the
    /// context that is written to decides whether that is enough.
    pub async fn start(&self, settings: &Settings, plan: Plan, said: &Confirmation) -> Result<Running, StartError> {
        if plan.version != PLAN_VERSION {
            return Err(StartError::Obstacle(format!(
                "it was written by another version of jetscope (its version is {}, ours {PLAN_VERSION}); make it anew",
                plan.version
            )));
        }
        if let Some(obstacle) = plan.obstacles.first() {
            return Err(StartError::Obstacle(obstacle.clone()));
        }
        let (here, settings) = (settings, &settings_for(settings, &plan)?);
        let permit = permit(settings, &plan, said)?;
        let journal = self.journals.begin(&plan)?;
        let dir = journal.dir().to_owned();
        let checkpoint = Checkpoint { afresh: true, ..Checkpoint::default() };
        // Large, and there is but one of it.
        let begun = Box::pin(self.run(settings, plan, permit, journal, checkpoint)).await;
        if begun.is_err() {
            // Nothing was sent, so there is nothing to go on with.
            let _ = std::fs::remove_dir_all(dir);
        }
        begun.map(|running| running.seen_from(here))
    }

    /// Goes on with a replay that nobody runs.
    pub async fn resume(&self, settings: &Settings, id: &str, said: &Confirmation) -> Result<Running, StartError> {
        self.go_on(settings, id, said, false).await
    }

    /// As [`Replays::resume`], behind the message that the destination refused: that one is counted as failed.
    pub async fn resume_behind(
        &self,
        settings: &Settings,
        id: &str,
        said: &Confirmation,
    ) -> Result<Running, StartError> {
        self.go_on(settings, id, said, true).await
    }

    async fn go_on(
        &self,
        settings: &Settings,
        id: &str,
        said: &Confirmation,
        behind: bool,
    ) -> Result<Running, StartError> {
        let run = self.journals.show(id)?;
        let (here, settings) = (settings, &settings_for(settings, &run.plan)?);
        let permit = permit(settings, &run.plan, said)?;
        let (journal, plan, mut checkpoint) = self.journals.take_up(id)?;
        let refused = checkpoint.progress.refused.take();
        if behind {
            let nothing = || StartError::Obstacle("the destination refused nothing; resume it where it stands".into());
            checkpoint.passed.insert(refused.ok_or_else(nothing)?);
            // From now on, whatever becomes of this process.
            journal.save(&checkpoint, true)?;
        }
        let running = Box::pin(self.run(settings, plan, permit, journal, checkpoint)).await?;
        Ok(running.seen_from(here))
    }

    /// Tells a replay what to do, whoever runs it. One that nobody runs can only be cancelled.
    pub fn tell(&self, id: &str, control: Control) -> Result<Run, JournalError> {
        let run = self.journals.show(id)?;
        let state = run.progress.state;
        let over = || JournalError::Over { id: id.to_owned(), state };
        if !run.orphaned && state != State::Failed {
            if state.is_over() {
                return Err(over());
            }
            self.journals.tell(id, control)?;
            return Ok(run);
        }
        if control != Control::Cancel {
            return Err(JournalError::Nobody { id: id.to_owned() });
        }
        let (journal, plan, mut checkpoint) = self.journals.take_up(id)?;
        let progress = &mut checkpoint.progress;
        (progress.id, progress.planned) = (plan.id.clone(), plan.amounts.planned);
        (progress.state, progress.reason, progress.at) = (State::Cancelled, None, nats::now());
        checkpoint.owner = owner();
        journal.save(&checkpoint, true)?;
        self.note(&plan, &checkpoint.progress, &checkpoint.owner);
        drop(journal);
        self.journals.show(id)
    }

    /// The audit line; a disk that is full does not change what was done.
    fn note(&self, plan: &Plan, progress: &Progress, owner: &Owner) {
        if let Err(error) = audit::write(self.journals.state_dir(), plan, progress, owner) {
            tracing::error!(replay = %plan.id, "the audit record cannot be written: {error}");
        }
    }

    async fn run(
        &self,
        settings: &Settings,
        plan: Plan,
        permit: Option<Permit>,
        journal: Journal,
        checkpoint: Checkpoint,
    ) -> Result<Running, StartError> {
        let reader = match plan.selection {
            Selection::File { .. } => None,
            _ => Some(nats::open(&settings.connection).await?),
        };
        let same = Same::of(&plan, reader.as_ref());
        if let Some(same) = &same {
            same.holds().await.map_err(|problem| StartError::Obstacle(problem.to_string()))?;
        }
        let plan = Arc::new(plan);
        let source = AnySource::new(plan.selection.clone(), reader, same);
        let own = settings_of(settings, &plan.destination)?;
        let run = Launch { replays: self.clone(), settings: own.clone().unwrap_or_else(|| settings.clone()), plan };
        let delivery = run.plan.delivery.unwrap_or(Delivery::AtLeastOnce);
        let destination = run.plan.destination.clone();
        Ok(match (destination, own, permit) {
            (Destination::File(path), ..) => run.go(source, FileSink::new(Some(path)), journal, checkpoint),
            (Destination::Stdout, ..) => run.go(source, FileSink::new(None), journal, checkpoint),
            (Destination::Http(url), _, Some(permit)) => {
                let address = Address::new(&url, &run.plan.http_query, &run.settings).map_err(StartError::Obstacle)?;
                let sink = HttpSink::new(address, journal.dir(), delivery, permit);
                run.go(source, sink, journal, checkpoint)
            }
            (_, Some(own), Some(permit)) => match run.plan.capture.clone() {
                Some(capture) => {
                    let sink = StreamSink::new(own.connection, permit, Arc::clone(&run.plan), capture);
                    run.go(source, sink, journal, checkpoint)
                }
                None => run.go(source, SubjectSink::new(own.connection, permit), journal, checkpoint),
            },
            _ => return Err(StartError::Obstacle("there is no way to send to this destination".into())),
        })
    }
}

/// Everything that is the same whatever the destination.
struct Launch {
    replays: Replays,
    /// Those of the destination.
    settings: Settings,
    plan: Arc<Plan>,
}

impl Launch {
    fn go<K: Sink + 'static>(self, source: AnySource, sink: K, journal: Journal, checkpoint: Checkpoint) -> Running {
        let plan = Arc::clone(&self.plan);
        let (control, told) = mpsc::channel(16);
        let first = Progress {
            id: plan.id.clone(),
            state: State::Running,
            planned: plan.amounts.planned,
            pace: checkpoint.pace(&plan),
            ..checkpoint.progress.clone()
        };
        let (tell, progress) = watch::channel(first);
        let (listening, watching) = (listen(journal.dir().to_owned(), control.clone()), self.watch());
        let (watched, watcher) = watching.map_or((None, None), |(watched, task)| (Some(watched), Some(task)));
        let parts = Parts {
            plan: Arc::clone(&plan),
            source,
            sink,
            clock: SystemClock::default(),
            journal,
            checkpoint,
            control: told,
            progress: tell,
            outstanding: watched,
        };
        let replays = self.replays;
        let task = tokio::spawn(async move {
            let plan = Arc::clone(&parts.plan);
            let ended = engine::run(parts).await;
            listening.abort();
            if let Some(task) = watcher {
                task.abort();
            }
            replays.note(&plan, &ended, &owner());
            ended
        });
        Running { plan, through: None, control, progress, task }
    }

    /// Asks about the consumer that must not have too much to do.
    fn watch(&self) -> Option<(watch::Receiver<Option<u64>>, JoinHandle<()>)> {
        let (stream, consumer) = watched(&self.plan)?;
        let (tell, watched) = watch::channel(None);
        let connection = self.settings.connection.clone();
        let task = tokio::spawn(async move {
            let (mut api, mut pause) = (None, WATCH);
            loop {
                if api.is_none() {
                    api = nats::open(&connection).await.ok().map(Api::new);
                    pause = if api.is_some() { WATCH } else { (pause * 2).min(LONGEST_PAUSE) };
                }
                let outstanding = match &api {
                    Some(api) => api.consumer(&stream, &consumer).await.ok().map(|c| c.outstanding()),
                    None => None,
                };
                tell.send_replace(outstanding);
                sleep(pause).await;
            }
        });
        Some((watched, task))
    }
}

/// Hands on what other processes want.
fn listen(dir: PathBuf, control: mpsc::Sender<Control>) -> JoinHandle<()> {
    tokio::spawn(async move {
        loop {
            sleep(LISTEN).await;
            for wanted in journal::told(&dir) {
                if control.send(wanted).await.is_err() {
                    return;
                }
            }
        }
    })
}

/// The settings of the plan's own context, or the present ones where it has none and the servers are the same. What the
/// command line names must not be another place.
fn settings_for(settings: &Settings, plan: &Plan) -> Result<Settings, StartError> {
    let place = |context: Option<&str>, servers: &str| match context {
        Some(name) => format!("context {} ({servers})", clean_line(name)),
        None => format!("{servers} without a context"),
    };
    let (own, shown) = (settings.own_context(), settings.connection.shown());
    let same = plan.context.as_deref() == own;
    if same && plan.servers == shown {
        return Ok(settings.clone());
    }
    let elsewhere = |here: String, next: String| {
        Err(StartError::Elsewhere { planned: place(plan.context.as_deref(), &plan.servers), here, next })
    };
    let here = place(own, &shown);
    let Some(context) = &plan.context else {
        return elsewhere(here, format!("go on with --server {} and no context", plan.servers));
    };
    let name = clean_line(context);
    if same {
        return elsewhere(here, "make a new plan".into());
    }
    if settings.names_connection() {
        return elsewhere(here, format!("go on with --context {name}"));
    }
    let other = settings.for_context(context)?;
    let shown = other.connection.shown();
    if shown == plan.servers { Ok(other) } else { elsewhere(place(Some(context), &shown), "make a new plan".into()) }
}

/// Asks the gate of the context that is written to. Files need none.
fn permit(settings: &Settings, plan: &Plan, said: &Confirmation) -> Result<Option<Permit>, StartError> {
    let own = match &plan.destination {
        Destination::File(_) | Destination::Stdout => return Ok(None),
        // What an endpoint does with events is outside of any context: the level of the one that is read counts.
        Destination::Http(_) => settings.clone(),
        other => settings_of(settings, other)?.unwrap_or_else(|| settings.clone()),
    };
    let gate = Gate::of(&own);
    let write = Write::Replay { stream: plan.selection.name(), destination: plan.destination.to_string() };
    Ok(Some(gate.permit(write, said)?))
}
