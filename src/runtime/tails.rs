//! The readings behind the tails of the console: each on a connection of its own.
//!
//! A reading hands over a few batches ahead of what the loop has taken in; then it waits, and so does the server. So
//! what is in memory is bounded by the tails' own limits, however fast messages come.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use futures_util::future::join_all;
use tokio::sync::{Semaphore, mpsc, oneshot};
use tokio::task::JoinHandle;
use tokio::time::{sleep, timeout};

use crate::app::{Msg, TailNews, TailRequest};
use crate::config::{Connection, Settings};
use crate::model::Message;
use crate::nats::tail::{Method, Report, State, Tail, TailSpec};
use crate::nats::{self, Client};
use crate::query::range::End;

/// Batches that are on their way to the loop.
const AHEAD: usize = 4;
/// Messages that are asked for at once. A busy server answers a request late: then so many come with each.
const BATCH: usize = 2_000;
/// The pause between attempts to connect.
const PAUSE: Duration = Duration::from_secs(1);

/// How long ending all readings may take.
const CLOSING: Duration = Duration::from_millis(700);

/// The settings that are used now; a switch of context changes them.
pub(super) type Current = Arc<Mutex<Settings>>;

/// The running readings.
#[derive(Debug)]
pub(super) struct Tails {
    current: Current,
    inbox: mpsc::Sender<Msg>,
    running: HashMap<u64, Running>,
}

#[derive(Debug)]
struct Running {
    task: JoinHandle<()>,
    room: Arc<Semaphore>,
    /// Dropping it tells the reading to end.
    _wanted: oneshot::Sender<()>,
}

impl Tails {
    pub(super) fn new(current: Current, inbox: mpsc::Sender<Msg>) -> Self {
        Self { current, inbox, running: HashMap::new() }
    }

    /// Begins to read.
    pub(super) fn start(&mut self, request: TailRequest) {
        let room = Arc::new(Semaphore::new(AHEAD));
        let connection = self.current.lock().unwrap_or_else(PoisonError::into_inner).connection.clone();
        let id = request.id;
        let reading = Reading { id, room: Arc::clone(&room), inbox: self.inbox.clone() };
        let (wanted, unwanted) = oneshot::channel();
        let task = tokio::spawn(async move { reading.run(&connection, request, unwanted).await });
        self.running.insert(id, Running { task, room, _wanted: wanted });
    }

    /// A batch was taken in.
    pub(super) fn took(&self, id: u64) {
        if let Some(running) = self.running.get(&id) {
            running.room.add_permits(1);
        }
    }

    /// Ends a reading; what it has on the server goes a moment later.
    pub(super) fn end(&mut self, id: u64) {
        self.running.remove(&id);
    }

    /// Ends all readings, and waits until nothing of them is left on the server; not for long.
    pub(super) async fn close(&mut self) {
        let tasks: Vec<_> = self.running.drain().map(|(_, running)| running.task).collect();
        let _ = timeout(CLOSING, join_all(tasks)).await;
    }
}

/// The loop has ended.
struct Closed;

struct Reading {
    id: u64,
    room: Arc<Semaphore>,
    inbox: mpsc::Sender<Msg>,
}

impl Reading {
    async fn tell(&self, news: TailNews) -> Result<(), Closed> {
        self.inbox.send(Msg::Tail(self.id, news)).await.map_err(|_| Closed)
    }

    /// Reads until nobody wants it any more.
    async fn run(&self, connection: &Connection, request: TailRequest, mut unwanted: oneshot::Receiver<()>) {
        let client = tokio::select! {
            client = self.connect(connection) => client,
            _ = &mut unwanted => return,
        };
        let Ok(client) = client else { return };
        // A range without an end is followed; one with an end may still be being written.
        let follow = request.range.end == End::Open || ends_later(&request, connection);
        let specs = request
            .streams
            .into_iter()
            .map(|stream| TailSpec {
                stream,
                subjects: request.subjects.clone(),
                range: request.range,
                follow,
                batch: BATCH,
                keep: true,
            })
            .collect();
        let (tail, reports) = Tail::spawn(client, specs);
        tokio::select! {
            // An error means that the loop has ended: nobody misses anything.
            _ = self.tell_all(reports) => {}
            _ = unwanted => {}
        }
        tail.close().await;
    }

    async fn tell_all(&self, mut reports: mpsc::Receiver<Report>) -> Result<(), Closed> {
        while let Some(report) = reports.recv().await {
            match report {
                Report::Messages(messages) => self.hand_over(messages).await?,
                Report::Stream(stream, state) => self.tell(news(stream, state)).await?,
            }
        }
        Ok(())
    }

    /// Connects, however long it takes.
    async fn connect(&self, connection: &Connection) -> Result<Client, Closed> {
        loop {
            match nats::open(connection).await {
                Ok(client) => return Ok(client),
                Err(error) => self.tell(TailNews::Waiting(None, error.to_string())).await?,
            }
            sleep(PAUSE).await;
        }
    }

    /// Hands messages over as soon as there is room for them.
    async fn hand_over(&self, messages: Vec<Message>) -> Result<(), Closed> {
        let permit = self.room.acquire().await.map_err(|_| Closed)?;
        permit.forget();
        let messages = messages.into_iter().map(Arc::new).collect();
        self.tell(TailNews::Messages(messages)).await
    }
}

/// Whether the range ends at a time that is still to come, or at a sequence that may be.
fn ends_later(request: &TailRequest, connection: &Connection) -> bool {
    matches!(request.range.end, End::Time(at) if at > connection.clock.at_server(nats::now()))
}

fn news(stream: usize, state: State) -> TailNews {
    match state {
        State::Opened { method, from, last } => TailNews::Opened { stream, peeks: method == Method::Peek, from, last },
        State::CaughtUp => TailNews::CaughtUp(stream),
        State::Waiting(reason) => TailNews::Waiting(Some(stream), reason),
        State::Noted(words) => TailNews::Noted(stream, words),
        State::Failed(problem) => TailNews::Failed(stream, problem.sentence),
        State::End => TailNews::Ended(stream),
    }
}
