//! The replays behind the console: plans that are made, runs that go on beside the loop, and how far all are.

use std::time::Duration;

use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tokio::time::sleep;

use crate::app::{Msg, ReplayWish, What};
use crate::config::Settings;
use crate::event::clean_line;
use crate::health::Level;
use crate::model::replay::{Control, Plan};
use crate::nats::gate::Confirmation;
use crate::replay::{Replays as Engine, Request, Running, StartError, Wanted};

use super::tails::Current;

/// How often the runs are looked at while somebody wants to see them.
const LOOK: Duration = Duration::from_millis(500);

/// Makes plans and runs them.
#[derive(Debug)]
pub(super) struct Replays {
    engine: Engine,
    current: Current,
    inbox: mpsc::Sender<Msg>,
    looking: Option<JoinHandle<()>>,
}

impl Replays {
    pub(super) fn new(settings: &Settings, current: Current, inbox: mpsc::Sender<Msg>) -> Self {
        Self { engine: Engine::new(settings.state_dir()), current, inbox, looking: None }
    }

    fn settings(&self) -> Settings {
        self.current.lock().unwrap_or_else(std::sync::PoisonError::into_inner).clone()
    }

    /// Makes a plan beside the loop.
    pub(super) fn plan(&self, id: u64, wish: ReplayWish) {
        let (settings, inbox) = (self.settings(), self.inbox.clone());
        tokio::spawn(async move {
            let plan = crate::replay::plan(&settings, request(wish)).await;
            let told = Msg::ReplayPlanned(id, plan.map(Box::new).map_err(|error| error.to_string()));
            // Nobody hears it only when the console has ended.
            let _ = inbox.send(told).await;
        });
    }

    /// Starts a plan.
    pub(super) fn start(&self, plan: Plan, typed: Option<String>) {
        let (settings, engine) = (self.settings(), self.engine.clone());
        self.begin(async move { engine.start(&settings, plan, &said(typed)).await });
    }

    /// Goes on with a run.
    pub(super) fn resume(&self, id: String, typed: Option<String>) {
        let (settings, engine) = (self.settings(), self.engine.clone());
        self.begin(async move { engine.resume(&settings, &id, &said(typed)).await });
    }

    /// Begins beside the loop, and tells how that went. The run goes on by itself.
    fn begin(&self, beginning: impl Future<Output = Result<Running, StartError>> + Send + 'static) {
        let inbox = self.inbox.clone();
        tokio::spawn(async move {
            let begun = beginning.await.map(|running| running.plan.id.clone()).map_err(|error| error.to_string());
            let _ = inbox.send(Msg::ReplayStarted(begun)).await;
        });
    }

    /// Tells a run what to do, whoever runs it.
    pub(super) fn tell(&self, id: String, control: Control) {
        let (inbox, engine) = (self.inbox.clone(), self.engine.clone());
        tokio::task::spawn_blocking(move || {
            if let Err(error) = engine.tell(&id, control) {
                let _ = inbox.blocking_send(Msg::Tell(Level::Warning, clean_line(&error.to_string()).into_owned()));
            }
        });
    }

    /// Reports all runs again and again, or not any more.
    pub(super) fn watch(&mut self, wanted: bool) {
        if let Some(task) = self.looking.take() {
            task.abort();
        }
        if !wanted {
            return;
        }
        let (inbox, engine) = (self.inbox.clone(), self.engine.clone());
        self.looking = Some(tokio::spawn(async move {
            loop {
                let engine = engine.clone();
                // Files are read; the loop must not wait for a slow disk.
                let Ok(runs) = tokio::task::spawn_blocking(move || engine.list()).await else { return };
                if inbox.send(Msg::Replays(runs)).await.is_err() {
                    return;
                }
                sleep(LOOK).await;
            }
        }));
    }
}

fn said(typed: Option<String>) -> Confirmation {
    typed.map_or(Confirmation::Yes, Confirmation::Typed)
}

fn request(wish: ReplayWish) -> Request {
    let wanted = match wish.what {
        What::Range(stream) => Wanted::Range { stream, range: wish.range, subjects: wish.subjects },
        What::Consumer(stream, consumer) => Wanted::Consumer { stream, consumer },
        What::Marked(messages) => Wanted::List(messages),
    };
    Request {
        filter: wish.filter,
        include_marked: wish.include_marked,
        pace: wish.pace,
        reason: wish.reason,
        delivery: wish.delivery,
        http_mode: wish.http_mode,
        ..Request::new(wanted, wish.destination)
    }
}
