//! The lanes beside the fast one: the list of streams, consumers, account, advisories, our own traffic.

use std::collections::{BTreeSet, VecDeque};
use std::sync::Arc;
use std::time::{Duration, Instant};

use futures_util::{StreamExt, stream};
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio::time::sleep;

use crate::model::update::{Ask, Listing};
use crate::model::{ProblemKind, Stream, Traffic, Update};
use crate::nats::api::SIDE_BY_SIDE;

use super::listen::Announced;
use super::pace::Outcome;
use super::{Closed, Connector, Lane, fast, lag, listen, peeks};

/// A list of at most one page that is answered this quickly is asked for with every round of the fast lane.
pub(super) const QUICK: Duration = Duration::from_millis(150);
/// Streams that a page of the list holds.
pub(super) const PAGE: usize = 256;
/// A list waits this many times what it took.
const LIST_TIMES: u32 = 20;
/// A sweep over all consumers waits this many times what it took: 2 % of the time.
const SWEEP_TIMES: u32 = 50;
/// The same while all consumers are on screen: 10 % of the time.
const SHOWN_TIMES: u32 = 10;
/// How often is looked whether there is a list yet.
const UNLISTED: Duration = Duration::from_millis(20);
/// What advisories announce is gathered this long before it is asked for.
const GATHER: Duration = Duration::from_millis(100);
/// Where many are made and deleted, what they announce is asked for during this part of the time: 10 %.
const ANNOUNCED_TIMES: u32 = 9;
/// More announcements than this at once are left to the next sweep.
const ANNOUNCED: usize = 256;
/// The window of our own request rate.
const TRAFFIC_WINDOW: usize = 10;
/// Streams that vanished from a list and are asked for one by one, before they are called gone.
const DOUBTED: usize = 64;

/// Starts all lanes.
pub(super) fn spawn(lane: &Lane, connector: &Connector, tasks: &mut JoinSet<Result<(), Closed>>) {
    let (announce, announced) = mpsc::channel(1024);
    tasks.spawn(fast::run(lane.clone()));
    tasks.spawn(streams(lane.clone()));
    tasks.spawn(consumers(lane.clone()));
    tasks.spawn(account(lane.clone()));
    tasks.spawn(lag::run(lane.clone()));
    tasks.spawn(listen::run(lane.clone(), Arc::clone(connector), announce));
    tasks.spawn(ask_announced(lane.clone(), announced));
    tasks.spawn(peeks::run(lane.clone()));
    tasks.spawn(traffic(lane.clone()));
}

impl Lane {
    /// Sleeps, but wakes when somebody wants everything now, when something is allowed again, when the server
    /// has recovered, and when the link goes: then the lane waits for it, and asks as soon as it is back.
    pub(super) async fn rest(&mut self, pause: Duration) -> Result<(), Closed> {
        tokio::select! {
            kicked = self.kick.changed() => {
                // Who asks for everything may have been given a permission meanwhile.
                self.api.client().events.forget_refusals();
                kicked.map_err(|_| Closed)
            }
            changed = self.up.changed() => changed.map_err(|_| Closed),
            changed = self.allowed.changed() => changed.map_err(|_| Closed),
            changed = self.woken.changed() => changed.map_err(|_| Closed),
            () = sleep(pause) => Ok(()),
        }
    }

    /// Asks for the list of streams and reports it.
    pub(super) async fn list(&self, first: bool) -> Result<Outcome, Closed> {
        let started = Instant::now();
        let out = self.out.clone();
        let mut listing = self
            .api
            .streams_early(|page| {
                // The first page of a long list fills the screen before the rest is there.
                if first && page.len() >= PAGE {
                    for stream in page {
                        // What finds no room now comes with the list.
                        let _ = out.try_send(Update::Stream(stream.clone()));
                    }
                }
            })
            .await;
        self.doubt(&mut listing).await;
        let took = started.elapsed();
        let mut outcome = Outcome::of(listing.problem.as_ref());
        if !listing.missing.is_empty() {
            // The servers of a cluster wait 4 s for one that is dead, which is no work.
            outcome = outcome.and(Outcome::SILENT);
        }
        if listing.items.is_empty() && listing.problem.as_ref().is_some_and(|p| p.kind == ProblemKind::Disconnected) {
            // While the link is down its own report says everything.
            return Ok(outcome);
        }
        self.know(|k| {
            if listing.problem.is_none() {
                k.streams = listing.items.iter().map(|s| (s.name.clone(), s.state.consumers)).collect();
                k.costs = listing.items.iter().map(|s| (s.name.clone(), lag::Cost::of(s))).collect();
                k.silent =
                    listing.missing.iter().chain(listing.offline.iter().map(|(name, _)| name)).cloned().collect();
            } else if listing.is_beginning() {
                k.streams = listing.items.iter().map(|s| (s.name.clone(), s.state.consumers)).collect();
                k.costs.retain(|name, _| k.streams.contains_key(name));
            } else {
                k.streams.extend(listing.items.iter().map(|s| (s.name.clone(), s.state.consumers)));
            }
            k.list_took = Some(took);
            k.listed |= listing.problem.is_none() || !listing.items.is_empty();
        });
        match (&listing.problem, listing.items.is_empty()) {
            // Nothing was listed at all: that is a failure, not a list.
            (Some(problem), true) => self.tell(Update::Failed(Ask::Streams, problem.clone(), self.now())).await?,
            _ => self.tell(Update::Streams(listing)).await?,
        }
        Ok(outcome)
    }

    /// A stream can slip through between two pages when others are made or deleted meanwhile. So those that
    /// were there before and are not now are asked for by name before the list says that they are gone.
    async fn doubt(&self, listing: &mut Listing<Stream>) {
        if listing.problem.is_some() || (listing.total as usize) < PAGE {
            return;
        }
        let listed: BTreeSet<&str> = listing.items.iter().map(|s| s.name.as_str()).collect();
        let vanished: Vec<String> = self.know(|k| {
            k.streams
                .keys()
                .filter(|name| !listed.contains(name.as_str()))
                .filter(|name| !listing.missing.contains(name) && !listing.offline.iter().any(|(n, _)| n == *name))
                .take(DOUBTED + 1)
                .cloned()
                .collect()
        });
        if vanished.len() > DOUBTED {
            return;
        }
        let mut answers = stream::iter(vanished)
            .map(|name| async move {
                let answer = self.api.stream(&name).await;
                (name, answer)
            })
            .buffer_unordered(SIDE_BY_SIDE);
        while let Some((name, answer)) = answers.next().await {
            match answer {
                Ok(found) => listing.items.push(std::sync::Arc::new(found)),
                Err(problem) if problem.kind == ProblemKind::NotFound => {}
                // No answer is no word that it is gone.
                Err(_) => listing.missing.push(name),
            }
        }
        listing.items.sort_by(|a, b| a.name.cmp(&b.name));
    }
}

/// The list of all streams; where it fits a page and is quick, the fast lane has it.
async fn streams(mut lane: Lane) -> Result<(), Closed> {
    let mut first = true;
    loop {
        lane.when_up().await?;
        let pause = if !first && lane.fast_lists() {
            lane.pace.list
        } else {
            let started = Instant::now();
            let outcome = lane.list(first).await?;
            lane.note(outcome);
            first = false;
            lane.throttle.pause(lane.pace.list, outcome.cost(started.elapsed()), LIST_TIMES)
        };
        lane.rest(pause).await?;
    }
}

impl Lane {
    /// The list is so short and quick that it is part of every fast round.
    pub(super) fn fast_lists(&self) -> bool {
        self.know(|k| k.streams.len() <= PAGE && k.list_took.is_some_and(|took| took <= QUICK))
    }
}

/// The consumers of all streams that have some.
async fn consumers(mut lane: Lane) -> Result<(), Closed> {
    loop {
        lane.when_up().await?;
        // Before the first list there is nobody to ask, and that is not: nobody has consumers.
        if !lane.know(|k| k.listed) {
            sleep(UNLISTED).await;
            continue;
        }
        let started = Instant::now();
        let cost = sweep(&lane).await?;
        let (least, times) = if lane.scope.borrow().all_consumers {
            (lane.pace.fast, SHOWN_TIMES)
        } else {
            (lane.pace.consumers, SWEEP_TIMES)
        };
        let pause = lane.throttle.pause(least, cost, times);
        lane.tell(Update::SweepEvery(started.elapsed() + pause)).await?;
        // Opening the screen of all consumers must not wait for the end of a long pause.
        let shown = lane.scope.borrow().all_consumers;
        let mut scope = lane.scope.clone();
        tokio::select! {
            rested = lane.rest(pause) => rested?,
            changed = scope.wait_for(|s| s.all_consumers && !shown) => { changed.map_err(|_| Closed)?; }
        }
    }
}

/// Asks for the consumers of all streams; returns what that cost the server.
async fn sweep(lane: &Lane) -> Result<Duration, Closed> {
    let started = Instant::now();
    let taken = lane.now();
    let names: Vec<String> =
        lane.know(|k| k.streams.iter().filter(|(_, n)| **n > 0).map(|(name, _)| name.clone()).collect());
    let mut failed: Option<(usize, crate::model::Problem)> = None;
    let mut outcome = Outcome::default();
    let mut answers = Box::pin(lane.api.all_consumers(lane.answering(names)));
    while let Some((stream, listing)) = answers.next().await {
        match &listing.problem {
            // It was deleted meanwhile; the list of streams will say so.
            Some(problem) if problem.kind == ProblemKind::NotFound => continue,
            // While the link is down its own report says everything.
            Some(problem) if problem.kind == ProblemKind::Disconnected => return Ok(started.elapsed()),
            Some(problem) => {
                let (n, _) = failed.get_or_insert_with(|| (0, problem.clone()));
                *n += 1;
            }
            None => {}
        }
        outcome = outcome.and(Outcome::of(listing.problem.as_ref()));
        lane.tell(Update::Consumers(stream, listing)).await?;
    }
    lane.note(outcome);
    lane.tell(Update::ConsumersSwept { taken, failed }).await?;
    Ok(outcome.cost(started.elapsed()))
}

/// The account, and with the same question the round trip.
async fn account(mut lane: Lane) -> Result<(), Closed> {
    loop {
        lane.when_up().await?;
        let started = Instant::now();
        let answer = lane.api.account().await;
        let took = started.elapsed();
        let outcome = Outcome::of(answer.as_ref().err());
        match answer {
            Ok(account) => {
                lane.tell(Update::Rtt(took)).await?;
                lane.tell(Update::Account(account, lane.now())).await?;
            }
            Err(problem) if problem.kind == ProblemKind::Disconnected => {}
            Err(problem) => lane.tell(Update::Failed(Ask::Account, problem, lane.now())).await?,
        }
        let pause = lane.throttle.pause(lane.pace.account, outcome.cost(took), LIST_TIMES);
        lane.rest(pause).await?;
    }
}

/// Asks for what advisories spoke of: gathered for a moment, each once, not too many.
async fn ask_announced(lane: Lane, mut announced: mpsc::Receiver<Announced>) -> Result<(), Closed> {
    let mut batch = Vec::new();
    let mut not_before = Instant::now();
    while announced.recv_many(&mut batch, ANNOUNCED).await > 0 {
        sleep(GATHER.max(not_before.saturating_duration_since(Instant::now()))).await;
        while let Ok(more) = announced.try_recv() {
            batch.push(more);
        }
        let started = Instant::now();
        let each: BTreeSet<Announced> = batch.drain(..).take(ANNOUNCED).collect();
        let mut answers = stream::iter(each).map(|(s, c)| lane.one(s, c)).buffer_unordered(SIDE_BY_SIDE);
        let mut outcome = Outcome::default();
        while let Some(told) = answers.next().await {
            outcome = outcome.and(told?);
        }
        lane.note(outcome);
        not_before = Instant::now() + lane.throttle.pause(GATHER, outcome.cost(started.elapsed()), ANNOUNCED_TIMES);
    }
    Ok(())
}

impl Lane {
    /// Asks for one stream or consumer and reports the answer.
    pub(super) async fn one(&self, stream: String, consumer: Option<String>) -> Result<Outcome, Closed> {
        let update = match &consumer {
            None => match self.api.stream(&stream).await {
                Ok(found) => {
                    self.learn(&found);
                    Update::Stream(std::sync::Arc::new(found))
                }
                Err(problem) if problem.kind == ProblemKind::NotFound => Update::StreamGone(stream, self.now()),
                Err(problem) => Update::Failed(Ask::Stream(stream), problem, self.now()),
            },
            Some(name) => match self.api.consumer(&stream, name).await {
                Ok(found) => Update::Consumer(std::sync::Arc::new(found)),
                Err(problem) if problem.kind == ProblemKind::NotFound => {
                    Update::ConsumerGone(stream, name.clone(), self.now())
                }
                Err(problem) => Update::Failed(Ask::Consumer(stream, name.clone()), problem, self.now()),
            },
        };
        let outcome = match &update {
            Update::Failed(_, problem, _) => Outcome::of(Some(problem)),
            _ => Outcome::of(None),
        };
        // While the link is down its own report says everything.
        if !matches!(&update, Update::Failed(_, problem, _) if problem.kind == ProblemKind::Disconnected) {
            self.tell(update).await?;
        }
        Ok(outcome)
    }
}

/// What our looking costs, each second while it changes, and all that was asked meanwhile.
async fn traffic(lane: Lane) -> Result<(), Closed> {
    let mut seen: VecDeque<u64> = VecDeque::from([lane.api.cost().0]);
    let mut told = None;
    let mut clock = 0;
    loop {
        sleep(Duration::from_secs(1)).await;
        let (requests, reply_bytes) = lane.api.cost();
        let oldest = seen.front().copied().unwrap_or(requests);
        let requests_per_second = (requests - oldest) as f64 / seen.len() as f64;
        seen.push_back(requests);
        if seen.len() > TRAFFIC_WINDOW {
            seen.pop_front();
        }
        let now = Traffic { requests_per_second, requests, reply_bytes, back_off: lane.throttle.factor() };
        if told != Some(now) {
            told = Some(now);
            lane.tell(Update::Traffic(now)).await?;
        }
        let ahead = lane.api.client().clock.ahead();
        if std::mem::replace(&mut clock, ahead) != ahead {
            lane.tell(Update::Clock(ahead)).await?;
        }
        let (requests, lost) = lane.api.client().ledger.take();
        if !requests.is_empty() || lost > 0 {
            lane.tell(Update::Requests(requests, lost)).await?;
        }
    }
}
