//! Samples of consumers for headless commands: asked again and again until there is a verdict, and what they stand at.

use std::collections::BTreeMap;
use std::io::{self, IsTerminal, Write};
use std::time::Duration;

use futures_util::{StreamExt, stream};
use tokio::time::{Instant, MissedTickBehavior, interval};

use crate::health::Terms;
use crate::model::document::Partial;
use crate::model::glob::fits;
use crate::model::lag::Lag;
use crate::model::ring::SLOTS;
use crate::model::update::Ask;
use crate::model::{Consumer, Listing, Problem, ProblemKind, Update};
use crate::nats::api::SIDE_BY_SIDE;

use super::headless::{Failure, Headless, unknown_stream};
use super::output;

/// Of more consumers than this with something outstanding, the lag times of the rest are left out.
const LAGS: usize = 1_000;
/// A consumer that gave no answer to some samples (its leader changed, it was made meanwhile) is waited for so long.
const MORE: usize = 3;

/// One round of questions: what it lacks, and the consumers that were told, by stream and name.
#[derive(Debug, Default)]
pub(super) struct Round {
    pub(super) partial: Partial,
    pub(super) told: Told,
    /// Questions that there was no time for any more.
    late: usize,
    /// Lists that are too long to be read whole, beside the first.
    cut: usize,
    is_cut: bool,
}

/// Consumers by stream and name; there may be very many.
#[derive(Debug, Default)]
pub(super) struct Told(BTreeMap<String, Vec<Box<str>>>);

impl Told {
    fn put(&mut self, stream: String, listing: &Listing<Consumer>) {
        let names: Vec<Box<str>> =
            listing.items.iter().filter(|c| !c.is_ours()).map(|c| c.name.as_str().into()).collect();
        if !names.is_empty() {
            self.0.insert(stream, names);
        }
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().flat_map(|(stream, names)| names.iter().map(|name| (stream.as_str(), &**name)))
    }

    pub(super) fn len(&self) -> usize {
        self.0.values().map(Vec::len).sum()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// Whose consumers are wanted.
#[derive(Clone, Copy, Debug)]
pub(super) enum Wanted<'a> {
    /// Those of all streams.
    All,
    /// Those of this stream.
    Stream(&'a str),
    /// Those of the streams whose names fit this pattern.
    Pattern(&'a str),
}

impl<'a> Wanted<'a> {
    /// Those of one stream, or of all.
    pub(super) fn of(stream: Option<&'a str>) -> Self {
        stream.map_or(Self::All, Self::Stream)
    }

    /// Whether this stream is meant.
    pub(super) fn fits(self, name: &str) -> bool {
        match self {
            Self::All => true,
            Self::Stream(stream) => stream == name,
            Self::Pattern(pattern) => fits(pattern, name),
        }
    }
}

/// Asks for the consumers of one stream or of several, and then for the streams: in this order what is outstanding may be
/// overstated, but never understated.
pub(super) async fn sample(h: &mut Headless, wanted: Wanted<'_>) -> Result<Round, Failure> {
    let mut round = Round::default();
    match wanted {
        Wanted::Stream(name) => one(h, name, &mut round).await?,
        _ => several(h, wanted, &mut round).await?,
    }
    round.partial.missing.sort();
    Ok(round)
}

async fn one(h: &mut Headless, name: &str, round: &mut Round) -> Result<(), Failure> {
    let listing = h.api.consumers(name).await;
    match &listing.problem {
        Some(problem) if problem.kind == ProblemKind::NotFound => return Err(unknown_stream(name)),
        Some(problem) if listing.items.is_empty() => {
            let problem = problem.clone();
            // One that is offline, or whose servers are, answers nothing; the list names it with the reason.
            if matches!(problem.kind, ProblemKind::Timeout | ProblemKind::Server { .. } | ProblemKind::NoResponders)
                && let Ok(partial) = list(h, Wanted::Stream(name)).await
                && partial != Partial::default()
            {
                round.partial.merge(partial);
                return Ok(());
            }
            return Err(Failure::Answer(problem));
        }
        _ => {}
    }
    round.take(h, name.to_owned(), listing);
    match h.api.stream(name).await {
        Ok(found) => h.catalog.apply(Update::Stream(found.into())),
        Err(problem) => round.partial.failed.push(problem.to_string()),
    }
    Ok(())
}

async fn several(h: &mut Headless, wanted: Wanted<'_>, round: &mut Round) -> Result<(), Failure> {
    if h.catalog.listing.is_unasked() {
        list(h, wanted).await?;
    }
    let streams = h.catalog.streams.iter().filter(|(name, _)| wanted.fits(name));
    let some = |info: &crate::model::Stream| info.state.consumers > 0;
    let names = streams.filter(|(_, entry)| entry.info.as_deref().is_some_and(some)).map(|(name, _)| name.clone());
    let api = h.api.clone();
    let mut answers = Box::pin(api.all_consumers(names.collect()));
    while let Some((stream, listing)) = answers.next().await {
        // It was deleted between the two questions.
        if listing.problem.as_ref().is_none_or(|p| p.kind != ProblemKind::NotFound) {
            round.take(h, stream, listing);
        }
    }
    if round.cut > 0 {
        round.partial.failed.push(format!("the consumers of {} more streams: not all were read either", round.cut));
    }
    round.partial.merge(list(h, wanted).await?);
    Ok(())
}

/// The list of streams, and what it lacks of what is wanted.
async fn list(h: &mut Headless, wanted: Wanted<'_>) -> Result<Partial, Failure> {
    let mut listing = h.api.streams().await;
    if let (Some(problem), true) = (&listing.problem, listing.items.is_empty()) {
        return Err(Failure::Answer(problem.clone()));
    }
    listing.items.retain(|stream| wanted.fits(&stream.name));
    listing.missing.retain(|name| wanted.fits(name));
    listing.offline.retain(|(name, _)| wanted.fits(name));
    let mut partial = Partial::default();
    partial.add(&listing, None);
    h.catalog.apply(Update::Streams(listing));
    Ok(partial)
}

impl Round {
    fn take(&mut self, h: &mut Headless, stream: String, mut listing: Listing<Consumer>) {
        if h.api.is_late() && listing.problem.as_ref().is_some_and(|p| p.kind == ProblemKind::Timeout) {
            // One sentence for all of them.
            self.late += 1;
            listing.problem = None;
            if listing.items.is_empty() {
                return;
            }
        }
        let problem = listing.problem.clone();
        if listing.is_beginning() && std::mem::replace(&mut self.is_cut, true) {
            // One sentence for all of them, too.
            self.cut += 1;
            listing.problem = None;
        }
        self.partial.add(&listing, Some(&stream));
        listing.problem = problem;
        self.told.put(stream.clone(), &listing);
        h.catalog.apply(Update::Consumers(stream, listing));
    }
}

/// Fills the rings: samples over this time, and the last of them. `after` is done with each. Where a person looks on,
/// how far it has got is told on standard error.
pub(super) async fn fill(
    h: &mut Headless,
    wanted: Wanted<'_>,
    window: Duration,
    mut after: impl AsyncFnMut(&mut Headless, &mut Round),
) -> Result<Round, Failure> {
    let mut ticks = interval(window / SLOTS as u32);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let live = io::stderr().is_terminal();
    let started = Instant::now();
    let (mut taken, mut failed) = (0, 0);
    let mut last: Option<Round> = None;
    loop {
        ticks.tick().await;
        let mut round = match sample(h, wanted).await {
            // It was cut short: the one before has more.
            Ok(_) | Err(Failure::Answer(_)) if h.api.is_late() && last.is_some() => {
                let mut round = last.unwrap_or_default();
                round.partial.failed.push(too_slow(taken, window, started.elapsed()));
                return Ok(round);
            }
            Ok(round) => round,
            // A server that is restarted meanwhile is waited for, but not for ever.
            Err(failure) if taken > 0 && failed < SLOTS => {
                failed += 1;
                output::note(&failure.to_string());
                continue;
            }
            Err(failure) => return Err(failure),
        };
        after(h, &mut round).await;
        taken += 1;
        if h.api.is_late() {
            if round.late > 0 {
                let streams = if round.late == 1 { "stream" } else { "streams" };
                round.partial.failed.push(format!("the consumers of {} {streams} did not come in time", round.late));
            }
            if taken < SLOTS {
                round.partial.failed.push(too_slow(taken, window, started.elapsed()));
            }
            return Ok(round);
        }
        let over = taken >= SLOTS + MORE || (taken >= SLOTS && !lacks_few(h, &round));
        if live {
            let end = if over { "\r\x1b[K" } else { "" };
            let of = taken.max(SLOTS);
            let _ = write!(io::stderr(), "\rjetscope: sample {taken} of {of}{end}");
        }
        if over {
            return Ok(round);
        }
        last = Some(round);
    }
}

/// That there was no time for all samples, and which window would have been long enough.
fn too_slow(taken: usize, window: Duration, took: Duration) -> String {
    let words = crate::model::units::duration;
    let each = took / u32::try_from(taken.max(1)).unwrap_or(1);
    format!(
        "the server is slow or silent: in {} only {taken} of {SLOTS} samples were answered, so verdicts on consumers are not \
         known; at this pace --window {} would be long enough (now {})",
        words(took),
        words(Duration::from_secs(each.as_secs() + 1) * SLOTS as u32),
        words(window)
    )
}

/// Whether a consumer that was told has all but a few of its samples.
fn lacks_few(h: &Headless, round: &Round) -> bool {
    let taken = |(stream, name)| Some(h.catalog.consumer(stream, name)?.ring.samples().len());
    round.told.iter().filter_map(taken).any(|n| (SLOTS - MORE..SLOTS).contains(&n))
}

/// Says how long it takes, where nobody sees the samples come.
pub(super) fn announce(window: Duration) {
    if !io::stderr().is_terminal() {
        let words = crate::model::units::duration(window);
        output::note(&format!("looking at consumers for {words}, {SLOTS} samples"));
    }
}

/// Looks at the oldest message of each that was told and has something outstanding. What cannot be looked at is told
/// once.
pub(super) async fn lags(h: &mut Headless, round: &mut Round) {
    let wanted: Vec<_> = round
        .told
        .iter()
        .filter_map(|(stream, name)| h.catalog.consumer(stream, name)?.info.clone())
        .filter(|c| c.outstanding() > 0)
        .take(LAGS)
        .collect();
    let api = h.api.clone();
    let mut answers = stream::iter(wanted)
        .map(|c| {
            let api = &api;
            async move {
                let answer: Result<Lag, Problem> = api.lag(&c, false).await;
                (c, answer)
            }
        })
        .buffer_unordered(SIDE_BY_SIDE);
    let mut failed: Option<Problem> = None;
    while let Some((c, answer)) = answers.next().await {
        let (stream, name) = (c.stream.clone(), c.name.clone());
        h.catalog.apply(match answer {
            Ok(lag) => Update::Lag(stream, name, lag),
            Err(problem) => {
                failed.get_or_insert_with(|| problem.clone());
                Update::Failed(Ask::Lag(stream, name), problem, api.now())
            }
        });
    }
    round.partial.failed.extend(failed.map(|problem| format!("lag times: {problem}")));
}

/// What consumers are judged by: what was told just now is not old, however long the rest took.
pub(super) fn terms(h: &Headless) -> Terms {
    Terms { poll: Duration::MAX, ..Terms::of(&h.catalog, h.api.now()) }
}

/// The length of the slots that take a sample each of so many over this time, also where some come late.
pub(super) fn slot(window: Duration) -> Duration {
    window / (2 * SLOTS as u32)
}
