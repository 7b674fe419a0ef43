//! Where messages come from, in the order of the plan, from any position on.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use futures_util::StreamExt;
use futures_util::stream::iter;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep, timeout_at};

use super::lines;
use crate::event::clean_line;
use crate::model::replay::{Plan, Selection};
use crate::model::{Message, Problem, ProblemKind, Timestamp};
use crate::nats::tail::{Report, State, Tail, TailSpec};
use crate::nats::{Api, Client, Pauses};
use crate::query::range::{End, Range, Start};

/// Messages that are asked for at once.
const BATCH: usize = 5_000;
/// Single messages that are asked for side by side.
const SIDE_BY_SIDE: usize = 64;
/// Messages of a list that are handed on together.
const TOGETHER: usize = 256;
/// How often it is asked at most whether a stream is still the same, and how many parts wait for an answer.
const ASKED: Duration = Duration::from_millis(50);
/// See [`ASKED`]. Each has a megabyte at most.
const HELD: usize = 16;
/// Parts that wait for an engine that is slow; then reading waits too.
const WAITING: usize = 4;

/// The first pause before a single message is asked for again; it doubles.
const FIRST_PAUSE: Duration = Duration::from_millis(250);
/// The longest.
const LONGEST_PAUSE: Duration = Duration::from_secs(2);
/// So long is asked again where nobody hears that it is waited for.
const UNHEARD: Duration = Duration::from_secs(6);

/// What a source tells.
#[derive(Clone, Debug, PartialEq)]
pub enum Feed {
    /// Messages with their positions, which grow.
    Messages(Vec<(u64, Message)>),
    /// It stands still, for this reason; it goes on by itself.
    Waiting(String),
    /// It cannot go on. Nothing more comes.
    Failed(Problem),
    /// Everything was told.
    End,
}

/// Something that can be read in the order of the plan.
pub trait Source: Send {
    /// Reads everything behind this position. What was opened before ends.
    fn open(&mut self, after: u64) -> mpsc::Receiver<Feed>;

    /// Ends it, and takes what it made on a server away.
    fn close(&mut self) -> impl Future<Output = ()> + Send;
}

/// The streams that are read, by when they were made. Whoever deletes one and makes another of its name in the middle of a
/// replay must not have the messages of the other copied: what was read is handed on when a question that was asked after
/// that finds the stream still there.
#[derive(Clone, Debug)]
pub struct Same {
    api: Api,
    made: Vec<(String, Timestamp)>,
}

impl Same {
    /// Those of this plan; `None` where none are read, or nothing is known of them.
    pub fn of(plan: &Plan, client: Option<&Client>) -> Option<Self> {
        let (made, client) = (plan.sources(), client?);
        (!made.is_empty()).then(|| Self { api: Api::new(client.clone()), made })
    }

    /// That they are still there; what is wrong otherwise, also that nobody answers.
    pub async fn holds(&self) -> Result<(), Problem> {
        self.hold(None).await
    }

    /// As above; it is waited for an answer, as long as it takes, where somebody hears that.
    async fn hold(&self, teller: Option<&Teller>) -> Result<(), Problem> {
        for (name, made) in &self.made {
            let asked = patiently(teller, || self.api.stream(name)).await;
            let name = clean_line(name);
            let gone = |what| {
                Problem::new(ProblemKind::NotFound, format!("the stream {name} was deleted{what}; make a new plan"))
            };
            match asked {
                Ok(there) if there.created == Some(*made) => {}
                Ok(_) => return Err(gone(" and made again since")),
                Err(problem) if problem.kind == ProblemKind::NotFound => return Err(gone("")),
                Err(problem) => return Err(problem),
            }
        }
        Ok(())
    }
}

/// A part of a stream, messages of streams, or a file.
#[derive(Debug)]
pub struct AnySource {
    selection: Selection,
    /// Serves nothing else: a message that the client cannot decode breaks the connection that it comes on.
    client: Option<Client>,
    same: Option<Same>,
    tasks: Vec<JoinHandle<()>>,
    tail: Option<Tail>,
}

impl AnySource {
    /// Of this selection. A file needs no client; a connection should serve nothing else.
    pub const fn new(selection: Selection, client: Option<Client>, same: Option<Same>) -> Self {
        Self { selection, client, same, tasks: Vec::new(), tail: None }
    }

    fn end_tasks(&mut self) {
        self.tasks.drain(..).for_each(|task| task.abort());
    }
}

impl Source for AnySource {
    fn open(&mut self, after: u64) -> mpsc::Receiver<Feed> {
        self.end_tasks();
        let (out, feed) = mpsc::channel(WAITING);
        self.tail = None;
        // What is read comes through the question whether it is still the same stream.
        let (out, feed) = match self.same.clone() {
            Some(same) => {
                let (proven, proved) = mpsc::channel(WAITING);
                self.tasks.push(tokio::spawn(prove(same, feed, proven)));
                (out, proved)
            }
            None => (out, feed),
        };
        let task = match (self.selection.clone(), self.client.clone()) {
            (Selection::File { path, last }, _) => tokio::task::spawn_blocking(move || {
                lines::feed(&path, after, last, &out);
            }),
            (Selection::Range { stream, first, last, subjects }, Some(client)) => {
                let from = first.max(after + 1);
                if from > last {
                    tokio::spawn(async move { tell(&out, Feed::End).await })
                } else {
                    let range = Range { start: Start::Seq(from), end: End::Seq(last) };
                    let spec = TailSpec { stream, subjects, range, follow: false, batch: BATCH, keep: false };
                    let (tail, reports) = Tail::spawn(client, vec![spec]);
                    self.tail = Some(tail);
                    tokio::spawn(of_range(reports, out))
                }
            }
            (Selection::List(items), Some(client)) => tokio::spawn(of_list(client, items, after, out)),
            (_, None) => tokio::spawn(async move {
                let problem = Problem::new(ProblemKind::Disconnected, "there is no connection to read from");
                tell(&out, Feed::Failed(problem)).await;
            }),
        };
        self.tasks.push(task);
        feed
    }

    async fn close(&mut self) {
        self.end_tasks();
        if let Some(tail) = self.tail.take() {
            tail.close().await;
        }
    }
}

impl Drop for AnySource {
    fn drop(&mut self) {
        self.end_tasks();
    }
}

/// Hands on what was read when it is known that it was read of the planned streams.
async fn prove(same: Same, mut read: mpsc::Receiver<Feed>, out: mpsc::Sender<Feed>) {
    let mut asked: Option<Instant> = None;
    let teller = Teller::to(&out);
    while let Some(first) = read.recv().await {
        if let Feed::Waiting(reason) = first {
            // Nothing is copied of that, and while it is so the question would not be answered either.
            teller.waits(reason).await;
            continue;
        }
        let mut held = vec![first];
        // A question is worth many messages.
        let until = asked.map_or_else(Instant::now, |at| at + ASKED);
        while held.len() < HELD && !matches!(held.last(), Some(Feed::End | Feed::Failed(_))) {
            match timeout_at(until, read.recv()).await {
                Ok(Some(Feed::Waiting(reason))) => {
                    teller.waits(reason).await;
                    break;
                }
                Ok(Some(more)) => held.push(more),
                Ok(None) | Err(_) => break,
            }
        }
        asked = Some(Instant::now());
        if let Err(problem) = same.hold(Some(&teller)).await {
            return tell(&out, Feed::Failed(problem)).await;
        }
        teller.goes_on();
        for feed in held {
            if out.send(feed).await.is_err() {
                return;
            }
        }
    }
}

async fn tell(out: &mpsc::Sender<Feed>, feed: Feed) {
    // Nobody listens any more: then nobody misses it.
    let _ = out.send(feed).await;
}

async fn of_range(mut reports: mpsc::Receiver<Report>, out: mpsc::Sender<Feed>) {
    while let Some(report) = reports.recv().await {
        let feed = match report {
            Report::Messages(messages) => Feed::Messages(messages.into_iter().map(|m| (m.seq, m)).collect()),
            Report::Stream(_, State::Waiting(reason)) => Feed::Waiting(reason),
            Report::Stream(_, State::Failed(problem)) => Feed::Failed(problem),
            Report::Stream(_, State::End) => Feed::End,
            Report::Stream(_, State::Opened { .. } | State::Noted(_) | State::CaughtUp) => continue,
        };
        if out.send(feed).await.is_err() {
            return;
        }
    }
}

/// One message after the other; one that is not there any more is passed over.
async fn of_list(client: Client, items: Vec<(String, u64)>, after: u64, out: mpsc::Sender<Feed>) {
    let api = Api::new(client);
    let teller = &Teller::to(&out);
    let items = (1_u64..).zip(items).filter(|(position, _)| *position > after);
    let mut answers = iter(items)
        .map(|(position, (name, seq))| {
            let api = api.clone();
            async move { (position, message(&api, &name, seq, teller).await) }
        })
        .buffered(SIDE_BY_SIDE);
    let mut together = Vec::new();
    while let Some((position, answer)) = answers.next().await {
        match answer {
            Ok(Some(message)) => together.push((position, message)),
            Ok(None) => {}
            Err(problem) => return tell(&out, Feed::Failed(problem)).await,
        }
        if together.len() >= TOGETHER && out.send(Feed::Messages(std::mem::take(&mut together))).await.is_err() {
            return;
        }
    }
    if !together.is_empty() {
        tell(&out, Feed::Messages(together)).await;
    }
    tell(&out, Feed::End).await;
}

async fn message(api: &Api, stream: &str, seq: u64, teller: &Teller) -> Result<Option<Message>, Problem> {
    let message = patiently(Some(teller), || api.message_of(stream, seq)).await?;
    teller.goes_on();
    Ok(message.map(|m| Message { stream: Arc::from(stream), ..m }))
}

/// Tells that it is waited for something, once until it goes on.
struct Teller {
    out: mpsc::Sender<Feed>,
    waits: AtomicBool,
}

impl Teller {
    fn to(out: &mpsc::Sender<Feed>) -> Self {
        Self { out: out.clone(), waits: AtomicBool::new(false) }
    }

    async fn waits(&self, reason: String) {
        if !self.waits.swap(true, Ordering::Relaxed) {
            tell(&self.out, Feed::Waiting(reason)).await;
        }
    }

    fn goes_on(&self) {
        self.waits.store(false, Ordering::Relaxed);
    }
}

/// Asks again as long as the failure may pass, and says so; where nobody hears that, not for long.
async fn patiently<T, F>(teller: Option<&Teller>, mut ask: impl FnMut() -> F) -> Result<T, Problem>
where
    F: Future<Output = Result<T, Problem>>,
{
    let (mut pauses, begun) = (Pauses::new(FIRST_PAUSE, LONGEST_PAUSE), Instant::now());
    loop {
        match ask().await {
            Err(problem) if problem.passes() => {
                match teller {
                    Some(teller) => teller.waits(problem.sentence).await,
                    None if begun.elapsed() >= UNHEARD => return Err(problem),
                    None => {}
                }
                sleep(pauses.take()).await;
            }
            answer => return answer,
        }
    }
}

#[cfg(test)]
mod tests {
    use tokio::time::timeout;

    use super::*;

    fn fed(feed: &mut mpsc::Receiver<Feed>) -> Vec<Feed> {
        std::iter::from_fn(|| feed.try_recv().ok()).collect()
    }

    #[tokio::test(start_paused = true)]
    async fn that_it_is_waited_for_an_answer_is_told_once_and_where_nobody_hears_it_not_waited_for() {
        let late = || Err::<(), _>(Problem::new(ProblemKind::Timeout, "no answer"));
        let begun = Instant::now();
        assert_eq!(patiently(None, || async move { late() }).await, late());
        assert!((UNHEARD..UNHEARD * 2).contains(&begun.elapsed()), "{:?}", begun.elapsed());
        let (out, mut feed) = mpsc::channel(WAITING);
        let teller = Teller::to(&out);
        for _ in 0..2 {
            let mut asked = 0;
            let ask = || {
                asked += 1;
                let answer = if asked > 20 { Ok(()) } else { late() };
                async move { answer }
            };
            assert_eq!(patiently(Some(&teller), ask).await, Ok(()));
            teller.goes_on();
            assert_eq!(fed(&mut feed), [Feed::Waiting("no answer".into())]);
        }
    }

    #[tokio::test]
    async fn a_way_to_the_source_that_is_down_is_told_while_it_is() {
        // Nobody answers there, neither of the messages nor of the stream.
        let (client, _server) = crate::nats::publish::tests::mute().await;
        let same = Same { api: Api::new(client), made: vec![("S".into(), Timestamp(1))] };
        let (read, reads) = mpsc::channel(WAITING);
        let (out, mut feed) = mpsc::channel(WAITING);
        let proving = tokio::spawn(prove(same, reads, out));
        read.send(Feed::Waiting("the connection is down".into())).await.unwrap();
        let told = timeout(Duration::from_secs(30), feed.recv()).await.expect("it is told");
        assert_eq!(told, Some(Feed::Waiting("the connection is down".into())));
        proving.abort();
    }
}
