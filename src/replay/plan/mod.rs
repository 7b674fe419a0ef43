//! Makes a plan: looks at everything that a replay would touch, and touches nothing.

mod amounts;
mod capture;

use std::collections::{BTreeSet, HashSet};
use std::hash::{BuildHasher, RandomState};
use std::path::PathBuf;

use thiserror::Error;

use super::lines;
use super::prepare::Preparer;
use super::sink::http::Address;
use super::source::{AnySource, Feed, Same, Source};
use super::template::Template;
use crate::config::{ConfigError, Settings};
use crate::event::{Unanswered, clean_line};
use crate::model::replay::{Delivery, Destination, HttpMode, PLAN_VERSION, Pace, Plan, Selection, parameters};
use crate::model::{Problem, ProblemKind, Timestamp};
use crate::nats::tail::{Report, State, Tail, TailSpec};
use crate::nats::{self, Api, Client, ConnectError};
use crate::query::Mistake;
use crate::query::mistake::short;
use crate::query::range::{End, Range, Start};

use amounts::Tally;
pub(super) use capture::watched;
pub use capture::{IN_DOUBT, settings_of};

/// Messages that are asked for at once to find the first of the last so many.
const COUNTED: usize = 500;

/// Why there is no plan.
#[derive(Debug, Error)]
pub enum PlanError {
    /// There is no connection.
    #[error(transparent)]
    Connect(#[from] ConnectError),
    /// A question was not answered.
    #[error("{0}")]
    Answer(#[from] Problem),
    /// The other connection is not known.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// The filter is none.
    #[error("the filter {:?}: {mistake}", short(text, 100))]
    Filter {
        /// As typed.
        text: String,
        /// What is wrong.
        mistake: Mistake,
    },
    /// Something that was asked for makes no sense.
    #[error("{0}")]
    Wrong(String),
}

/// Which messages are wanted.
#[derive(Clone, Debug, PartialEq)]
pub enum Wanted {
    /// A range of a stream.
    Range {
        /// The stream.
        stream: String,
        /// The range, relative times resolved.
        range: Range,
        /// Subject filters; none is all.
        subjects: Vec<String>,
    },
    /// What a consumer has not acknowledged: everything behind its ack floor, as it filters.
    Consumer {
        /// The stream.
        stream: String,
        /// The consumer.
        consumer: String,
    },
    /// These messages: stream and sequence, in this order.
    List(Vec<(String, u64)>),
    /// A file of structured events, one a line.
    File(PathBuf),
}

/// What is asked for.
#[derive(Clone, Debug, PartialEq)]
pub struct Request {
    /// Which messages.
    pub wanted: Wanted,
    /// Only those that fulfil this expression.
    pub filter: Option<String>,
    /// Only those that have these words, as in a tail.
    pub words: Option<String>,
    /// Copies of replays too. They always are out of a file.
    pub include_marked: bool,
    /// Where to.
    pub destination: Destination,
    /// How fast.
    pub pace: Pace,
    /// Why.
    pub reason: Option<String>,
    /// What to do about copies of which nobody knows whether they arrived.
    pub delivery: Option<Delivery>,
    /// For HTTP.
    pub http_mode: HttpMode,
    /// Copies in flight at most.
    pub window: Option<u64>,
    /// See [`Plan::watch`].
    pub watch: Option<(String, u64)>,
}

impl Request {
    /// Everything else as usual.
    pub const fn new(wanted: Wanted, destination: Destination) -> Self {
        Self {
            wanted,
            filter: None,
            words: None,
            include_marked: false,
            destination,
            pace: Pace::Max,
            reason: None,
            delivery: None,
            http_mode: HttpMode::Binary,
            window: None,
            watch: None,
        }
    }
}

/// Makes a plan: reads the whole range once, and asks about the destination. Nothing is changed.
pub async fn plan(settings: &Settings, request: Request) -> Result<Plan, PlanError> {
    // A plan asks much; whoever waits for one need not hold all of that.
    Box::pin(plan_telling(settings, request, |_| {})).await
}

/// How far the making of a plan has got.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reading<'a> {
    /// So many messages were read.
    Read(u64),
    /// It cannot read on for now, for this reason.
    Waits(&'a str),
}

/// As [`plan`]; tells how far it has got.
pub async fn plan_telling(
    settings: &Settings,
    mut request: Request,
    mut tell: impl FnMut(Reading<'_>) + Send,
) -> Result<Plan, PlanError> {
    settle(&mut request)?;
    if let Some(template) = request.destination.template() {
        Template::parse(template).map_err(PlanError::Wrong)?;
    }
    if let Some(text) = &request.words {
        crate::query::Filter::words(text).map_err(|mistake| PlanError::Filter { text: text.clone(), mistake })?;
    }
    if let Some(text) = &request.filter {
        crate::query::Filter::expression(text).map_err(|mistake| PlanError::Filter { text: text.clone(), mistake })?;
    }
    let made = nats::now();
    let client = match &request.wanted {
        Wanted::File(_) => None,
        _ => Some(nats::open(&settings.connection).await?),
    };
    let (selection, range) = freeze(client.as_ref(), &request.wanted).await?;
    let source_created = match (&selection, &client) {
        (Selection::Range { stream, .. }, Some(client)) => {
            Api::new(client.clone()).stream_to_read(stream).await?.created
        }
        _ => None,
    };
    let mut list_created = Vec::new();
    if let (Selection::List(items), Some(client)) = (&selection, &client) {
        let streams: BTreeSet<&String> = items.iter().map(|(stream, _)| stream).collect();
        for stream in streams {
            match Api::new(client.clone()).stream(stream).await {
                Ok(there) => list_created.extend(there.created.map(|at| (stream.clone(), at))),
                // Then its messages are gone, and the plan says how many.
                Err(Problem { kind: ProblemKind::NotFound, .. }) => {}
                Err(problem) => return Err(problem.into()),
            }
        }
    }
    let of_file = matches!(request.wanted, Wanted::File(_));
    let mut plan = Plan {
        version: PLAN_VERSION,
        id: new_id(made),
        made,
        context: settings.own_context().map(str::to_owned),
        servers: settings.connection.shown(),
        reason: request.reason,
        selection,
        source_created,
        list_created,
        range,
        filter: request.filter,
        words: request.words,
        include_marked: request.include_marked || of_file,
        destination: request.destination,
        capture: None,
        delivery: request.delivery,
        http_mode: request.http_mode,
        http_query: Vec::new(),
        pace: request.pace,
        window: request.window,
        watch: request.watch,
        amounts: crate::model::replay::Amounts::default(),
        warnings: Vec::new(),
        obstacles: Vec::new(),
    };
    if let Destination::Http(url) = &plan.destination {
        let query = settings.http_query();
        plan.http_query =
            query.map(|query| parameters(query.reveal().trim_start_matches(['?', '&']))).unwrap_or_default();
        Address::new(url, &plan.http_query, settings).map_err(PlanError::Wrong)?;
    }
    let streams = capture::look(settings, &mut plan).await?;
    let mut tally = Tally::new(&plan);
    let mut unanswered = Unanswered::default();
    let preparer = Preparer::new(&plan).map_err(PlanError::Wrong)?;
    let same = Same::of(&plan, client.as_ref());
    let mut source = AnySource::new(plan.selection.clone(), client, same);
    let begun = std::time::Instant::now();
    let mut feed = source.open(0);
    let read = loop {
        match feed.recv().await {
            Some(Feed::Messages(messages)) => {
                for (_, message) in &messages {
                    tally.take(message, preparer.weigh(message, &mut unanswered));
                }
                tell(Reading::Read(tally.read()));
            }
            Some(Feed::Failed(problem)) => break Err(problem),
            Some(Feed::Waiting(reason)) => tell(Reading::Waits(&reason)),
            Some(Feed::End) | None => break Ok(()),
        }
    };
    source.close().await;
    read?;
    let reading = begun.elapsed();
    tally.finish(&mut plan);
    plan.amounts.reading = reading;
    capture::judge(&mut plan, &tally, &streams);
    plan.warnings.extend(unanswered.sentence().map(|told| format!("{told}; by the filter they are left out")));
    if let Some(obstacle) = capture::not_watched(settings, &plan).await? {
        plan.obstacles.push(obstacle);
    }
    Ok(plan)
}

/// What does not depend on where one stands, or on how often something was named.
fn settle(request: &mut Request) -> Result<(), PlanError> {
    let whole = |path: &mut PathBuf| {
        *path = std::path::absolute(&*path)
            .map_err(|error| PlanError::Wrong(format!("{} is no file: {error}", path.display())))?;
        Ok::<(), PlanError>(())
    };
    if let Destination::File(path) = &mut request.destination {
        whole(path)?;
    }
    match &mut request.wanted {
        Wanted::File(path) => whole(path)?,
        Wanted::List(items) => {
            let mut seen = HashSet::new();
            items.retain(|item| seen.insert(item.clone()));
        }
        Wanted::Range { .. } | Wanted::Consumer { .. } => {}
    }
    if request.window == Some(0) {
        return Err(PlanError::Wrong("at least one copy has to be in flight".into()));
    }
    Ok(())
}

/// A selection whose end does not move any more, and what was asked for.
async fn freeze(client: Option<&Client>, wanted: &Wanted) -> Result<(Selection, String), PlanError> {
    let client = || client.ok_or_else(|| PlanError::Wrong("there is no connection to read from".into()));
    Ok(match wanted {
        Wanted::Range { stream, range, subjects } => {
            let (begins, last) = ends(client()?, stream, *range, subjects).await?;
            // What the stream has dropped of the range counts as missing in it.
            let first = if let Start::Seq(seq) = range.start { seq.min(begins) } else { begins };
            (Selection::Range { stream: stream.clone(), first, last, subjects: subjects.clone() }, range.to_string())
        }
        Wanted::Consumer { stream, consumer } => {
            let api = Api::new(client()?.clone());
            let of = api.consumer(stream, consumer).await?;
            let (first, last) = (of.ack_floor.stream_seq + 1, api.stream(stream).await?.state.last_seq);
            let subjects = of.config.filter_subjects.clone();
            let words = format!("from the ack floor of consumer {}", clean_line(consumer));
            (Selection::Range { stream: stream.clone(), first, last, subjects }, words)
        }
        Wanted::List(items) => (Selection::List(items.clone()), format!("{} chosen messages", items.len())),
        Wanted::File(path) => {
            let counted = path.clone();
            let last = tokio::task::spawn_blocking(move || lines::count(&counted)).await;
            let last = last.unwrap_or_else(|error| Err(std::io::Error::other(error)));
            let last = last.map_err(|error| PlanError::Wrong(format!("{} cannot be read: {error}", path.display())))?;
            (Selection::File { path: path.clone(), last }, format!("{last} lines"))
        }
    })
}

/// The first and the last sequence of a range as it is now.
async fn ends(client: &Client, stream: &str, range: Range, subjects: &[String]) -> Result<(u64, u64), PlanError> {
    let (first, newest) = begins(client, stream, range.start, subjects).await?;
    let last = match range.end {
        End::Open => newest,
        End::Seq(seq) => seq.min(newest),
        End::Time(at) => {
            let behind = Start::Time(Timestamp(at.0.saturating_add(1)));
            begins(client, stream, behind, &[]).await?.0.saturating_sub(1).min(newest)
        }
    };
    Ok((first, last))
}

/// Where reading from there begins, and the last sequence of the stream: as the reader itself finds them.
async fn begins(client: &Client, stream: &str, start: Start, subjects: &[String]) -> Result<(u64, u64), PlanError> {
    let range = Range { start, end: End::Open };
    let (stream, subjects) = (stream.to_owned(), subjects.to_vec());
    // Of the last ones reading may begin earlier and pass over some: then the first that comes is the first.
    let counted = matches!(start, Start::Last(_));
    let batch = if counted { COUNTED } else { 1 };
    let spec = TailSpec { stream, subjects, range, follow: false, batch, keep: false };
    let (tail, mut reports) = Tail::spawn(client.clone(), vec![spec]);
    let mut newest = 0;
    let found = loop {
        match reports.recv().await {
            Some(Report::Stream(_, State::Opened { from, last, .. })) => {
                newest = last;
                if !counted || from > last {
                    break Ok((from, last));
                }
            }
            Some(Report::Messages(messages)) => {
                if let Some(first) = messages.first() {
                    break Ok((first.seq, newest));
                }
            }
            Some(Report::Stream(_, State::End)) => break Ok((newest + 1, newest)),
            Some(Report::Stream(_, State::Failed(problem))) => break Err(problem.into()),
            Some(_) => {}
            None => break Err(PlanError::Wrong("the stream cannot be read".into())),
        }
    };
    tail.close().await;
    found
}

/// An id that sorts by time and is a token of a subject: `20261125t001409-7k2f`.
fn new_id(at: Timestamp) -> String {
    let time: String = at.to_display().chars().filter(char::is_ascii_digit).collect();
    // The hasher's keys are random in each process, and differ from one to the next.
    let mut chance = RandomState::new().hash_one(at.0);
    let mut tail = String::new();
    for _ in 0..4 {
        tail.push(char::from(b"0123456789abcdefghjkmnpqrstvwxyz"[(chance % 32) as usize]));
        chance /= 32;
    }
    let (day, clock) = time.split_at_checked(8).unwrap_or((&time, ""));
    format!("{day}t{clock}-{tail}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_sort_by_time_and_are_tokens() {
        let at = Timestamp::parse("2026-11-25T00:14:09.5Z").unwrap();
        let id = new_id(at);
        assert!(id.starts_with("20261125t001409-") && id.len() == 20, "{id}");
        assert!(crate::model::subject::is_literal(&id) && !id.contains('.'));
        assert_ne!(new_id(at), new_id(at));
    }
}
