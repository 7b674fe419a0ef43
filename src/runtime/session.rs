//! The connection behind the console: polls, refreshes, and switches to another context without leaving.
//!
//! It runs as a task of its own. The loop sends it requests, and everything that it finds out comes back
//! through the loop's inbox, in order: nothing of an old connection arrives after the switch was told.

use std::sync::{Arc, Mutex, PoisonError};

use futures_util::FutureExt;
use tokio::sync::{mpsc, watch};
use tokio::task::JoinHandle;

use crate::app::tail::{Limits, TailColumns};
use crate::app::{ContextRow, Msg, Session, TailSettings};
use crate::config::Settings;
use crate::health::Level;
use crate::model::{Scope, Update};
use crate::nats::{self, Client, Connector, Pace, Poller};

use super::past::{self, Keeper};
use super::tails::Current;

/// Reports that wait for the forwarder.
const WAITING: usize = 256;

/// What the loop wants of the connection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Request {
    /// Ask for everything now.
    Refresh,
    /// Read the saved connections.
    Contexts,
    /// Use this context instead.
    Switch(String),
}

/// A connection that is polled, and the task that hands its reports on.
struct Running {
    poller: Poller,
    forwarder: JoinHandle<()>,
}

impl Running {
    fn start(
        settings: &Settings,
        client: Option<Client>,
        scope: watch::Receiver<Scope>,
        inbox: &mpsc::Sender<Msg>,
    ) -> Self {
        let (out, mut reports) = mpsc::channel(WAITING);
        let poller = Poller::spawn(connector(settings, client), pace(settings), scope, out);
        let inbox = inbox.clone();
        let forwarder = tokio::spawn(async move {
            while let Some(update) = reports.recv().await {
                if let Update::Link(link) = &update {
                    tracing::info!(?link, "connection");
                }
                if let Update::Failed(ask, problem, _) = &update {
                    tracing::warn!(?ask, %problem, "question failed");
                }
                if inbox.send(Msg::Data(update)).await.is_err() {
                    return;
                }
            }
        });
        Self { poller, forwarder }
    }

    /// Ends it; after this nothing of it arrives any more.
    async fn stop(self) {
        drop(self.poller);
        self.forwarder.abort();
        let _ = self.forwarder.await;
    }
}

/// Serves requests until the loop ends.
pub(super) async fn run(
    mut settings: Settings,
    current: Current,
    mut requests: mpsc::Receiver<Request>,
    scope: watch::Receiver<Scope>,
    inbox: mpsc::Sender<Msg>,
    keeper: Keeper,
) {
    // What was known in an earlier run comes before anything that is known now.
    if tell_past(&keeper, &settings, &inbox).await.is_err() {
        return;
    }
    let mut running = Running::start(&settings, None, scope.clone(), &inbox);
    while let Some(request) = requests.recv().await {
        let told = match request {
            Request::Refresh => {
                running.poller.refresh();
                continue;
            }
            Request::Contexts => Msg::Contexts(contexts(&settings).await),
            Request::Switch(name) => match other(&settings, &name).await {
                Ok((new, client)) => {
                    tracing::info!(context = name, "switched");
                    running.stop().await;
                    settings = new;
                    current.lock().unwrap_or_else(PoisonError::into_inner).clone_from(&settings);
                    // The console forgets what it knew before the first report of the new connection.
                    if inbox.send(Msg::Switched(Ok(session(&settings)))).await.is_err()
                        || tell_past(&keeper, &settings, &inbox).await.is_err()
                    {
                        return;
                    }
                    running = Running::start(&settings, Some(client), scope.clone(), &inbox);
                    continue;
                }
                Err(sentence) => {
                    tracing::warn!(context = name, sentence, "could not switch");
                    Msg::Switched(Err(sentence))
                }
            },
        };
        if inbox.send(told).await.is_err() {
            return;
        }
    }
}

/// Reads what was kept of this context, and tells it.
async fn tell_past(keeper: &Keeper, settings: &Settings, inbox: &mpsc::Sender<Msg>) -> Result<(), ()> {
    let (keeper, settings) = (keeper.clone(), settings.clone());
    let opened = tokio::task::spawn_blocking(move || keeper.open(&settings)).await.unwrap_or_default();
    let past = opened.past.map(|past| Msg::Past(Box::new(past)));
    let note = opened.note.map(|note| Msg::Tell(Level::Warning, note));
    for told in past.into_iter().chain(note) {
        inbox.send(told).await.map_err(|_| ())?;
    }
    Ok(())
}

/// The settings and the open connection of another context; the present one stays until there is both.
async fn other(settings: &Settings, name: &str) -> Result<(Settings, Client), String> {
    let new = settings.for_context(name).map_err(|e| e.to_string())?;
    let client = nats::open(&new.connection).await.map_err(|e| e.to_string())?;
    Ok((new, client))
}

async fn contexts(settings: &Settings) -> Result<Vec<ContextRow>, String> {
    let settings = settings.clone();
    let read = tokio::task::spawn_blocking(move || settings.contexts()).await.map_err(|e| e.to_string())?;
    Ok(read
        .into_iter()
        .map(|(summary, access)| ContextRow {
            name: summary.name,
            servers: summary.servers,
            description: summary.description,
            access,
            selected: summary.selected,
            error: summary.error,
        })
        .collect())
}

/// Makes connections from the settings; the first may be there already.
fn connector(settings: &Settings, client: Option<Client>) -> Connector {
    let connection = Arc::new(settings.connection.clone());
    let ready = Arc::new(Mutex::new(client));
    Arc::new(move || {
        let connection = Arc::clone(&connection);
        let ready = ready.lock().unwrap_or_else(PoisonError::into_inner).take();
        async move {
            match ready {
                Some(client) => Ok(client),
                None => nats::open(&connection).await.map_err(|e| e.to_string()),
            }
        }
        .boxed()
    })
}

fn pace(settings: &Settings) -> Pace {
    let poll = &settings.config.poll;
    Pace {
        fast: poll.fast.0,
        list: poll.list.0,
        consumers: poll.consumers.0,
        account: poll.account.0,
        detail: poll.detail.0,
    }
}

/// What the settings bring to the console.
pub(super) fn session(settings: &Settings) -> Session {
    let tail = &settings.config.tail;
    Session {
        context: settings.own_context().map(str::to_owned),
        credentials_of: settings.connection.context.clone().filter(|_| !settings.address_is_own),
        access_of: settings.access_of.clone(),
        servers: settings.connection.shown(),
        reach: settings.connection.reach.0.clone(),
        colour: settings.colour.clone(),
        access: settings.access,
        thresholds: settings.thresholds(),
        kinds: settings.kinds(),
        show_system: settings.config.screen.show_system,
        tail: TailSettings {
            limits: Limits { events: tail.events, bytes: tail.mebibytes << 20 },
            columns: TailColumns::named(&tail.columns),
            last: tail.last,
        },
        history: settings.config.history.mebibytes << 20,
        kept_in: past::name(settings),
    }
}
