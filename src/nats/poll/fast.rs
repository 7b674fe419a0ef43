//! The fast lane: what is on screen, again and again, and at once when the screen changes.

use std::time::{Duration, Instant};

use futures_util::{StreamExt, stream};
use tokio::sync::watch;
use tokio::time::{sleep, timeout};

use crate::model::update::Ask;
use crate::model::{ProblemKind, Scope, Update};
use crate::nats::api::SIDE_BY_SIDE;

use super::pace::Outcome;
use super::{Closed, Lane};

/// A screen that changes several times in a row (scrolling) is asked for once.
const SETTLE: Duration = Duration::from_millis(50);
/// A round waits at least this many times what it took: half of the time at most.
const TIMES: u32 = 2;
/// Streams whose consumers are asked for with every round; the sweep brings the others.
const SHELVES: usize = 16;
/// Subjects that are shown of a stream.
const SUBJECTS: usize = 10_000;

/// The subjects of a stream wait this many times what reading them took: of a million that is a minute.
const SUBJECTS_TIMES: u32 = 20;

/// Until when these subjects need not be read again.
struct Rest(Option<((String, String), Instant)>);

impl Rest {
    fn is_over(&self, stream: &str, filter: &str) -> bool {
        self.0
            .as_ref()
            .is_none_or(|((s, f), until)| (s.as_str(), f.as_str()) != (stream, filter) || Instant::now() >= *until)
    }
}

/// Runs rounds until nobody listens.
pub(super) async fn run(mut lane: Lane) -> Result<(), Closed> {
    let mut shown = Scope::default();
    let mut texts_at: Option<Instant> = None;
    let mut subjects = Rest(None);
    loop {
        lane.when_up().await?;
        let scope = lane.scope.borrow_and_update().clone();
        let opened =
            (&scope.detail, &scope.consumer, &scope.subjects) != (&shown.detail, &shown.consumer, &shown.subjects);
        let with_texts = opened || texts_at.is_none_or(|at| at.elapsed() >= lane.pace.detail);
        if with_texts {
            texts_at = Some(Instant::now());
        }
        let started = Instant::now();
        let outcome = round(&lane, &scope, with_texts, &mut subjects).await?;
        lane.throttle.note_first(outcome);
        shown = scope;
        let pause = lane.throttle.first_pause(lane.pace.fast, outcome.cost(started.elapsed()), TIMES);
        // The pace is from start to start, so that samples stand at even distances.
        let rest = pause.saturating_sub(started.elapsed()).max(pause / 4);
        let mut changes = lane.scope.clone();
        tokio::select! {
            changed = other_than(&mut changes, &shown) => {
                changed?;
                // Let it settle, but not for ever.
                let _ = timeout(SETTLE * 4, async {
                    while timeout(SETTLE, changes.changed()).await.is_ok_and(|c| c.is_ok()) {}
                })
                .await;
            }
            rested = lane.rest(rest) => rested?,
        }
    }
}

/// Waits until something else is shown; whose lag time is wanted is another lane's.
async fn other_than(scope: &mut watch::Receiver<Scope>, shown: &Scope) -> Result<(), Closed> {
    scope.wait_for(|scope| !scope.is_same_but_for_lags(shown)).await.map(|_| ()).map_err(|_| Closed)
}

async fn round(lane: &Lane, scope: &Scope, with_texts: bool, rest: &mut Rest) -> Result<Outcome, Closed> {
    let mut outcome = Outcome::default();
    // The consumers before their streams: what is outstanding may then be overstated, but never understated.
    let shelves: Vec<String> = scope.consumers_of.iter().take(SHELVES).cloned().collect();
    let mut answers = Box::pin(lane.api.all_consumers(lane.answering(shelves)));
    while let Some((name, listing)) = answers.next().await {
        match &listing.problem {
            Some(problem) if problem.kind == ProblemKind::NotFound => continue,
            Some(problem) if problem.kind == ProblemKind::Disconnected => continue,
            problem => outcome = outcome.and(Outcome::of(problem.as_ref())),
        }
        lane.tell(Update::Consumers(name, listing)).await?;
    }
    drop(answers);
    if let Some((stream, name)) = &scope.consumer {
        let told = lane.one(stream.clone(), Some(name.clone())).await?;
        // It is open, so its silence is told; but that its stream is silent is known and says nothing new.
        if !lane.answering(vec![stream.clone()]).is_empty() {
            outcome = outcome.and(told);
        }
    }
    if outcome.is_nothing_but_silence() {
        // What else there is to ask would only be waited for as long again.
        return Ok(outcome);
    }
    if lane.fast_lists() {
        outcome = outcome.and(lane.list(false).await?);
    } else {
        let rows = lane.answering(scope.streams.clone());
        let mut answers = stream::iter(rows).map(|name| lane.one(name, None)).buffer_unordered(SIDE_BY_SIDE);
        while let Some(told) = answers.next().await {
            outcome = outcome.and(told?);
        }
    }
    if with_texts {
        texts(lane, scope, rest).await?;
    }
    Ok(outcome)
}

/// The whole texts of what is open, and its subjects: larger, so less often.
async fn texts(lane: &Lane, scope: &Scope, rest: &mut Rest) -> Result<(), Closed> {
    if let Some(name) = &scope.detail {
        match lane.api.stream_json(name).await {
            Ok((stream, json)) => {
                lane.learn(&stream);
                lane.tell(Update::Stream(std::sync::Arc::new(stream))).await?;
                lane.tell(Update::StreamJson { stream: name.clone(), json: json.into(), taken: lane.now() }).await?;
            }
            Err(problem) if problem.kind == ProblemKind::NotFound => {
                lane.tell(Update::StreamGone(name.clone(), lane.now())).await?;
            }
            Err(problem) if problem.kind == ProblemKind::Disconnected => {}
            Err(problem) => lane.tell(Update::Failed(Ask::Stream(name.clone()), problem, lane.now())).await?,
        }
    }
    if let Some((stream, name)) = &scope.consumer
        && let Ok((_, json)) = lane.api.consumer_json(stream, name).await
    {
        let update = Update::ConsumerJson {
            stream: stream.clone(),
            consumer: name.clone(),
            json: json.into(),
            taken: lane.now(),
        };
        lane.tell(update).await?;
    }
    if let Some((name, filter)) = &scope.subjects
        && rest.is_over(name, filter)
    {
        let started = Instant::now();
        match lane.api.subjects(name, filter, SUBJECTS).await {
            Ok((counts, total, read)) => {
                let update = Update::Subjects {
                    stream: name.clone(),
                    filter: filter.clone(),
                    counts,
                    total,
                    read,
                    taken: lane.now(),
                };
                lane.tell(update).await?;
            }
            Err(problem) if problem.kind == ProblemKind::Disconnected => {}
            Err(problem) => lane.tell(Update::Failed(Ask::Subjects(name.clone()), problem, lane.now())).await?,
        }
        *rest = Rest(Some(((name.clone(), filter.clone()), Instant::now() + started.elapsed() * SUBJECTS_TIMES)));
    }
    // The server is never asked without a breath in between, also when screens change quickly.
    sleep(Duration::from_millis(1)).await;
    Ok(())
}
