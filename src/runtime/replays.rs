//! The replays behind the console: plans that are made, runs that go on beside the loop, and how far all are.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::{Notify, mpsc, watch};
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep, timeout};

use crate::app::{Msg, NotStarted, ReplayWish, What};
use crate::config::Settings;
use crate::event::clean_line;
use crate::health::Level;
use crate::model::replay::{Control, Plan, Progress, Run};
use crate::nats::gate::{Confirmation, Refused};
use crate::replay::{Reading, Replays as Engine, Request, Running, StartError, Wanted};

use super::tails::Current;

/// How often the runs are looked at while somebody wants to see them.
const LOOK: Duration = Duration::from_millis(500);
/// How soon what was told is seen.
const HEARD: Duration = Duration::from_millis(80);
/// How often it is told how far a plan is.
const READ: Duration = Duration::from_millis(250);

/// One that runs in this process.
#[derive(Debug)]
struct Own {
    control: mpsc::Sender<Control>,
    progress: watch::Receiver<Progress>,
}

/// Those that run in this process, by id.
type Owns = Arc<Mutex<HashMap<String, Own>>>;

/// Makes plans and runs them.
#[derive(Debug)]
pub(super) struct Replays {
    engine: Engine,
    current: Current,
    inbox: mpsc::Sender<Msg>,
    looking: Option<JoinHandle<()>>,
    planning: Option<(u64, JoinHandle<()>)>,
    owns: Owns,
    /// What is to be told, in the order in which it was said.
    telling: mpsc::UnboundedSender<(String, Control)>,
    /// Something was told.
    told: Arc<Notify>,
}

impl Replays {
    pub(super) fn new(settings: &Settings, current: Current, inbox: mpsc::Sender<Msg>) -> Self {
        let (engine, owns, told) = (Engine::new(settings.state_dir()), Owns::default(), Arc::new(Notify::new()));
        let (telling, orders) = mpsc::unbounded_channel();
        tokio::spawn(tell(orders, engine.clone(), Arc::clone(&owns), inbox.clone(), Arc::clone(&told)));
        Self { engine, current, inbox, looking: None, planning: None, owns, telling, told }
    }

    fn settings(&self) -> Settings {
        self.current.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Makes a plan beside the loop.
    pub(super) fn plan(&mut self, id: u64, wish: ReplayWish) {
        let (settings, inbox) = (self.settings(), self.inbox.clone());
        let task = tokio::spawn(async move {
            let (out, mut said) = (inbox.clone(), Instant::now());
            let read = move |far: Reading<'_>| {
                if let Reading::Read(count) = far
                    && said.elapsed() >= READ
                {
                    said = Instant::now();
                    // One that finds no room is followed by another.
                    let _ = out.try_send(Msg::ReplayPlanning(id, count));
                }
            };
            let plan = crate::replay::plan_telling(&settings, request(wish), read).await;
            let told = Msg::ReplayPlanned(id, plan.map(Box::new).map_err(|error| error.to_string()));
            // Nobody hears it only when the console has ended.
            let _ = inbox.send(told).await;
        });
        if let Some((_, before)) = self.planning.replace((id, task)) {
            before.abort();
        }
    }

    /// A plan is not wanted any more.
    pub(super) fn stop_planning(&mut self, id: u64) {
        if let Some((_, task)) = self.planning.take_if(|(planned, _)| *planned == id) {
            task.abort();
        }
    }

    /// Starts a plan.
    pub(super) fn start(&self, plan: Plan, typed: Option<String>) {
        let (settings, engine) = (self.settings(), self.engine.clone());
        self.begin(async move { engine.start(&settings, plan, &said(typed)).await });
    }

    /// Goes on with a run.
    pub(super) fn resume(&self, id: String, typed: Option<String>, behind: bool) {
        let (settings, engine) = (self.settings(), self.engine.clone());
        self.begin(async move {
            if behind {
                engine.resume_behind(&settings, &id, &said(typed)).await
            } else {
                engine.resume(&settings, &id, &said(typed)).await
            }
        });
    }

    /// Begins beside the loop, and tells how that went. The run goes on by itself.
    fn begin(&self, beginning: impl Future<Output = Result<Running, StartError>> + Send + 'static) {
        let (inbox, owns) = (self.inbox.clone(), Arc::clone(&self.owns));
        tokio::spawn(async move {
            let begun = match beginning.await {
                Ok(running) => {
                    let own = Own { control: running.control(), progress: running.progress() };
                    owns.lock().unwrap_or_else(PoisonError::into_inner).insert(running.plan.id.clone(), own);
                    Ok(running.plan.id.clone())
                }
                Err(error) => {
                    let name = match &error {
                        StartError::Refused(Refused::NameNotTyped { name, .. }) if !name.is_empty() => {
                            Some(name.clone())
                        }
                        _ => None,
                    };
                    Err(NotStarted { why: error.to_string(), name })
                }
            };
            let _ = inbox.send(Msg::ReplayStarted(begun)).await;
        });
    }

    /// Tells a run what to do, whoever runs it.
    pub(super) fn tell(&self, id: String, control: Control) {
        // Whoever hears it ends with the console.
        let _ = self.telling.send((id, control));
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
        let (owns, told) = (Arc::clone(&self.owns), Arc::clone(&self.told));
        self.looking = Some(tokio::spawn(async move {
            loop {
                let engine = engine.clone();
                // Files are read; the loop must not wait for a slow disk.
                let read = tokio::task::spawn_blocking(move || (engine.list(), engine.unreadable()));
                let Ok((mut runs, unreadable)) = read.await else { return };
                freshen(&mut runs, &owns);
                let heard = inbox.send(Msg::UnreadableReplays(unreadable)).await;
                if heard.is_err() || inbox.send(Msg::Replays(runs)).await.is_err() {
                    return;
                }
                if timeout(LOOK, told.notified()).await.is_ok() {
                    sleep(HEARD).await;
                }
            }
        }));
    }
}

/// Of those that run here, what is true now instead of what was written last.
fn freshen(runs: &mut [Run], owns: &Owns) {
    let mut owns = owns.lock().unwrap_or_else(PoisonError::into_inner);
    for run in runs {
        let Some(own) = owns.get(&run.plan.id) else { continue };
        // One that has ended is what was written down: another process may have gone on with it since.
        if own.control.is_closed() {
            owns.remove(&run.plan.id);
        } else {
            run.progress = own.progress.borrow().clone();
            run.orphaned = false;
        }
    }
}

/// Hands on what is told, one after the other.
async fn tell(
    mut orders: mpsc::UnboundedReceiver<(String, Control)>,
    engine: Engine,
    owns: Owns,
    inbox: mpsc::Sender<Msg>,
    told: Arc<Notify>,
) {
    while let Some((id, control)) = orders.recv().await {
        let own = owns.lock().unwrap_or_else(PoisonError::into_inner).get(&id).map(|own| own.control.clone());
        let heard = match own {
            Some(own) => own.send(control).await.is_ok(),
            None => false,
        };
        if !heard {
            let engine = engine.clone();
            let done = tokio::task::spawn_blocking(move || engine.tell(&id, control)).await;
            if let Ok(Err(error)) = done {
                let words = clean_line(&error.to_string()).into_owned();
                let _ = inbox.send(Msg::Tell(Level::Warning, words)).await;
            }
        }
        told.notify_one();
    }
}

fn said(typed: Option<String>) -> Confirmation {
    typed.map_or(Confirmation::Yes, Confirmation::Typed)
}

fn request(wish: ReplayWish) -> Request {
    let wanted = match wish.what {
        What::Range(stream) => Wanted::Range { stream, range: wish.range, subjects: wish.subjects },
        What::Consumer(stream, consumer) => Wanted::Consumer { stream, consumer },
        What::GivenUp(stream, _, seqs) => Wanted::List(seqs.into_iter().map(|seq| (stream.clone(), seq)).collect()),
        What::Marked(messages) => Wanted::List(messages),
    };
    Request {
        filter: wish.filter,
        words: wish.words.filter(|words| !words.trim().is_empty()),
        include_marked: wish.include_marked,
        pace: wish.pace,
        window: wish.window,
        watch: wish.watch,
        reason: wish.reason,
        delivery: wish.delivery,
        http_mode: wish.http_mode,
        ..Request::new(wanted, wish.destination)
    }
}
