//! The repositions behind the console: what they would do, those that go on beside the loop, and what was written down.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::mpsc;
use tokio::task::{JoinHandle, JoinSet};
use tokio::time::{sleep, timeout};

use crate::app::Msg;
use crate::app::reposition::{Begun, Left, Place, RepositionNews, RepositionOrder, RepositionWish};
use crate::config::Settings;
use crate::event::clean_line;
use crate::model::ProblemKind;
use crate::model::reposition::{Control, Outcome, Proposal, Step};
use crate::nats::gate::Confirmation;
use crate::nats::reposition::{Repositions as Engine, Running, Stuck};
use crate::nats::{self, Api};

use super::tails::Current;

/// How often what was written down is read while somebody wants to see it.
const LOOK: Duration = Duration::from_secs(2);
/// How long those that run are waited for when the console ends.
const ENDING: Duration = Duration::from_secs(20);

/// What the tasks share.
#[derive(Clone, Debug)]
struct Shared {
    inbox: mpsc::Sender<Msg>,
    /// Those that run, by id.
    running: Arc<Mutex<BTreeMap<String, mpsc::Sender<Control>>>>,
    /// The console ends: nothing is begun any more.
    ending: Arc<AtomicBool>,
}

/// Looks at repositions and does them.
#[derive(Debug)]
pub(super) struct Repositions {
    current: Current,
    shared: Shared,
    tasks: JoinSet<()>,
    looking: Option<JoinHandle<()>>,
}

impl Repositions {
    pub(super) fn new(current: Current, inbox: mpsc::Sender<Msg>) -> Self {
        let shared = Shared { inbox, running: Arc::default(), ending: Arc::default() };
        Self { current, shared, tasks: JoinSet::new(), looking: None }
    }

    /// Does what the console wants, beside the loop.
    pub(super) fn order(&mut self, order: RepositionOrder) {
        let (settings, shared) = (settings(&self.current), self.shared.clone());
        match order {
            RepositionOrder::Look(id, wish) => {
                tokio::spawn(async move {
                    let seen = look(&settings, &wish).await.map(Box::new);
                    shared.tell(RepositionNews::Seen(id, seen)).await;
                });
            }
            RepositionOrder::Start(proposal, typed) => {
                while self.tasks.try_join_next().is_some() {}
                self.tasks.spawn(async move { carry_out(&settings, *proposal, typed, &shared).await });
            }
            RepositionOrder::Tell(id, control) => {
                let told = shared.running().get(&id).cloned();
                // One that has ended does not hear it.
                let _ = told.map(|told| told.try_send(control));
            }
            RepositionOrder::Read => {
                tokio::spawn(async move { shared.tell_past(settings).await });
            }
            RepositionOrder::Watch(wanted) => self.watch(wanted),
        }
    }

    /// Reports what was written down again and again, or not any more.
    fn watch(&mut self, wanted: bool) {
        if let Some(task) = self.looking.take() {
            task.abort();
        }
        if wanted {
            let (current, shared) = (Arc::clone(&self.current), self.shared.clone());
            self.looking = Some(tokio::spawn(async move {
                while shared.tell_past(settings(&current)).await {
                    sleep(LOOK).await;
                }
            }));
        }
    }

    /// Leaves those that run, and waits until their consumers are in order again.
    pub(super) async fn close(&mut self) {
        self.shared.ending.store(true, Ordering::SeqCst);
        self.watch(false);
        let running: Vec<_> = self.shared.running().values().cloned().collect();
        for one in running {
            let _ = one.send(Control::Cancel).await;
        }
        let _ = timeout(ENDING, async { while self.tasks.join_next().await.is_some() {} }).await;
    }
}

impl Shared {
    /// Nobody hears it only when the console has ended.
    async fn tell(&self, news: RepositionNews) -> bool {
        self.inbox.send(Msg::Reposition(news)).await.is_ok()
    }

    /// Files are read; the loop must not wait for a slow disk.
    async fn tell_past(&self, settings: Settings) -> bool {
        let read = tokio::task::spawn_blocking(move || Engine::new(&settings).list()).await;
        match read {
            Ok(past) => self.tell(RepositionNews::Past(past)).await,
            Err(_) => false,
        }
    }

    fn running(&self) -> std::sync::MutexGuard<'_, BTreeMap<String, mpsc::Sender<Control>>> {
        self.running.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn is_ending(&self) -> bool {
        self.ending.load(Ordering::SeqCst)
    }
}

fn settings(current: &Current) -> Settings {
    current.lock().unwrap_or_else(PoisonError::into_inner).clone()
}

/// What a wish would do.
async fn look(settings: &Settings, wish: &RepositionWish) -> Result<Proposal, String> {
    let (stream, consumer) = (wish.stream.as_str(), wish.consumer.as_str());
    let api = Api::new(nats::open(&settings.connection).await.map_err(|error| error.to_string())?);
    let engine = Engine::new(settings);
    match wish.place {
        Place::At(target) => match engine.preview(&api, (stream, consumer), target, wish.recreate).await {
            Ok(preview) => Ok(Proposal::Move(Box::new(preview))),
            Err(problem) if problem.kind == ProblemKind::NotFound => {
                Err(format!("{problem}; there is no consumer {consumer} of {stream} any more"))
            }
            Err(problem) => Err(problem.to_string()),
        },
        Place::Back => {
            let undo = engine.undo(&api, Some((stream, consumer)), wish.recreate).await;
            undo.map(|undo| undo.proposal()).map_err(|error| error.to_string())
        }
    }
}

/// From the beginning to the end, told on the way.
async fn carry_out(settings: &Settings, proposal: Proposal, typed: Option<String>, shared: &Shared) {
    let (stream, consumer) = proposal.consumer();
    let mut begun = Begun {
        id: String::new(),
        stream: stream.to_owned(),
        consumer: consumer.to_owned(),
        from: proposal.from(),
        to: proposal.to(),
        undoes: proposal.undoes().map(str::to_owned),
    };
    let running = match begin(settings, proposal, typed, shared).await {
        Ok(running) => running,
        Err(sentence) => {
            shared.tell(RepositionNews::Begun(Err(sentence))).await;
            return;
        }
    };
    let id = running.id.clone();
    begun.id.clone_from(&id);
    shared.running().insert(id.clone(), running.control());
    // Who ends the console tells those that it knows of.
    if shared.is_ending() {
        running.tell(Control::Cancel).await;
    }
    shared.tell(RepositionNews::Begun(Ok(begun))).await;
    let ended = follow(running, shared).await;
    shared.running().remove(&id);
    // What it wrote down comes first: whoever hears of its end can take it back.
    shared.tell_past(settings.clone()).await;
    shared.tell(RepositionNews::Ended(id, ended)).await;
}

async fn begin(
    settings: &Settings,
    proposal: Proposal,
    typed: Option<String>,
    shared: &Shared,
) -> Result<Running, String> {
    let said = typed.map_or(Confirmation::Yes, Confirmation::Typed);
    let api = Api::new(nats::open(&settings.connection).await.map_err(|error| error.to_string())?);
    let engine = Engine::new(settings);
    let undo = match &proposal {
        Proposal::Move(_) => None,
        Proposal::Remake(past) => {
            let of = Some((past.stream.as_str(), past.consumer.as_str()));
            let undo = engine.undo(&api, of, false).await.map_err(|error| error.to_string())?;
            if undo.record.id != past.id || undo.preview.is_some() {
                return Err(format!(
                    "consumer {} of {} is there again, or was moved meanwhile; look again",
                    clean_line(&past.consumer),
                    clean_line(&past.stream)
                ));
            }
            Some(undo)
        }
    };
    if shared.is_ending() {
        return Err("the console ends".into());
    }
    let running = match (proposal, undo) {
        (Proposal::Move(preview), _) => engine.start(&api, *preview, &said, Stuck::Ask),
        (Proposal::Remake(_), Some(undo)) => engine.start_undo(&api, undo, &said, Stuck::Ask),
        (Proposal::Remake(_), None) => return Err("there is nothing to take back".into()),
    };
    running.map_err(|error| error.to_string())
}

/// Tells the steps until the end.
async fn follow(running: Running, shared: &Shared) -> Result<Box<Outcome>, Left> {
    let (id, mut step) = (running.id.clone(), running.step());
    let ended = running.ended();
    tokio::pin!(ended);
    let ended = loop {
        let now = *step.borrow_and_update();
        if now != Step::Over {
            shared.tell(RepositionNews::Step(id.clone(), now)).await;
        }
        tokio::select! {
            biased;
            changed = step.changed() => {
                if changed.is_err() {
                    break ended.await;
                }
            }
            ended = &mut ended => break ended,
        }
    };
    ended.map(Box::new).map_err(|error| Left { cancelled: error.is_cancelled(), sentence: error.to_string() })
}
