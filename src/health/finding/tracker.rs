//! What is known of findings over time: since when, whether it becomes worse, and what is well again.
//!
//! Pure: it is told what was found at a place and when. What holds only for a moment is never told: each rule has its
//! patience. What is well again stays for a while, and what comes again within that time is the same finding.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::time::Duration;

use crate::health::Level;
use crate::model::{Rule, Timestamp};

use super::entry::Hit;
use super::place::{At, Place};

/// What is well again is shown for this long.
pub const LINGERS: Duration = Duration::from_secs(180);
/// So many at most of what is well again are kept.
pub const MOST_RESOLVED: usize = 200;
/// What is found within this time after the first look was there before, for all that is known.
const FIRST_LOOK: Duration = Duration::from_secs(30);
/// What was well and came again is well only when it was for so long: what comes and goes is not told each time.
pub const SETTLES: Duration = Duration::from_secs(30);
/// It is less bad when it was for so long: what is now at a limit and now below it is at its limit.
const EASES: Duration = Duration::from_secs(10);
/// An amount that grows to so many times of what it was is worse.
const WORSE: u64 = 2;

/// Where a finding is in its life.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// It was seen, but not for long enough to be told.
    Suspected,
    /// It holds.
    Open,
    /// It was open, and is well again since then.
    Resolved(Timestamp),
}

/// What became of a finding last.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    /// It was found.
    New,
    /// It became worse.
    Worse,
    /// It became better.
    Better,
    /// It was well and came again.
    Again,
}

/// One finding over time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tracked {
    /// Its rule.
    pub rule: Rule,
    /// How bad it is.
    pub level: Level,
    /// How much of it there is; 0 where there is no such number.
    pub amount: u64,
    /// Where it is in its life.
    pub phase: Phase,
    /// Since when it holds, as far as is known.
    pub since: Timestamp,
    /// It began then. If not, it held already when it was first looked for.
    pub begun: bool,
    /// It came after the first look: it is news.
    pub news: bool,
    /// What changed last.
    pub change: Change,
    /// And when.
    pub changed: Timestamp,
    /// The configuration silences it.
    pub silenced: bool,
    /// It comes and goes, and was not found since then, though it is still open.
    pub quiet: Option<Timestamp>,
    /// It was well before and came again.
    returned: bool,
    /// It holds without a break since then.
    steady: Timestamp,
    /// The amount at the last change.
    base: u64,
    /// It was found less bad since then than it is told.
    eased: Option<Timestamp>,
}

/// How many are open, by how bad they are; without those that are silenced.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Critical ones.
    pub critical: usize,
    /// Warnings.
    pub warning: usize,
    /// Notices.
    pub notice: usize,
    /// Those that are silenced, however bad.
    pub silenced: usize,
}

/// What is known of one stream.
#[derive(Clone, Debug, Default, PartialEq)]
struct OfStream {
    own: Vec<Tracked>,
    consumers: BTreeMap<String, Vec<Tracked>>,
}

/// All findings over time.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Tracker {
    account: Vec<Tracked>,
    streams: BTreeMap<String, OfStream>,
    /// Those that may become open as time passes.
    suspects: BTreeSet<(Place, Rule)>,
    /// What is well again, oldest first.
    resolved: VecDeque<(Timestamp, Place, Rule)>,
    counts: Counts,
    started: Option<Timestamp>,
    /// No rule is given more patience than this; `None` is no bound.
    impatience: Option<Duration>,
    /// Grows with everything that changes what there is to see.
    pub revision: u64,
}

impl Tracker {
    /// One that gives no rule more patience than this.
    pub fn impatient(impatience: Duration) -> Self {
        Self { impatience: Some(impatience), ..Self::default() }
    }

    /// Takes in what was found at a place: that and nothing else holds there now.
    ///
    /// `patience` says how long a rule must hold; `silenced` whether a new finding is to be told.
    pub(super) fn put(
        &mut self,
        place: At<'_>,
        hits: &[(Rule, Hit)],
        now: Timestamp,
        patience: impl Fn(Rule) -> Duration,
        silenced: impl Fn(Rule) -> bool,
    ) {
        let started = *self.started.get_or_insert(now);
        if hits.is_empty() && self.at(place).is_empty() {
            return;
        }
        let cap = self.impatience.unwrap_or(Duration::MAX);
        let mut known = self.take(place);
        for tracked in &mut known {
            if !hits.iter().any(|(rule, _)| *rule == tracked.rule) {
                self.quiet(place, tracked, now);
            }
        }
        known.retain(|tracked| tracked.phase != Phase::Suspected || hits.iter().any(|(rule, _)| *rule == tracked.rule));
        for &(rule, hit) in hits {
            let at = known.binary_search_by_key(&rule, |tracked| tracked.rule);
            let waits = patience(rule).min(cap);
            match at {
                Ok(at) => self.again(place, &mut known[at], hit, now, waits),
                Err(at) => {
                    let since = hit.since.filter(|since| *since <= now);
                    let mut tracked = Tracked {
                        rule,
                        level: hit.level,
                        amount: hit.amount,
                        phase: Phase::Suspected,
                        since: since.unwrap_or(now),
                        begun: if since.is_some() { !hit.or_longer } else { now.since(started) > FIRST_LOOK },
                        news: now.since(started) > FIRST_LOOK,
                        change: Change::New,
                        changed: now,
                        silenced: silenced(rule),
                        quiet: None,
                        returned: false,
                        steady: now,
                        base: hit.amount,
                        eased: None,
                    };
                    if waits.is_zero() {
                        self.open(&mut tracked, now);
                    } else {
                        self.suspects.insert((place.place(), rule));
                    }
                    known.insert(at, tracked);
                }
            }
        }
        self.give_back(place, known);
    }

    /// What is found there was found before.
    fn again(&mut self, place: At<'_>, tracked: &mut Tracked, mut hit: Hit, now: Timestamp, waits: Duration) {
        match tracked.phase {
            Phase::Suspected => {
                (tracked.level, tracked.amount, tracked.base) = (hit.level, hit.amount, hit.amount);
                if now.since(tracked.steady) >= waits {
                    self.suspects.remove(&(place.place(), tracked.rule));
                    self.open(tracked, now);
                }
            }
            Phase::Open => {
                self.revision += u64::from(tracked.quiet.take().is_some());
                // Whoever is impatient wants to know how bad it is now.
                if hit.level < tracked.level && self.impatience.is_none() {
                    let from = *tracked.eased.get_or_insert(now);
                    if now.since(from) < EASES {
                        hit.level = tracked.level;
                    } else {
                        tracked.eased = None;
                    }
                } else {
                    tracked.eased = None;
                }
                let change = if hit.level > tracked.level || (tracked.base > 0 && hit.amount / WORSE >= tracked.base) {
                    Some(Change::Worse)
                } else if hit.level < tracked.level || hit.amount < tracked.base / WORSE {
                    Some(Change::Better)
                } else {
                    None
                };
                if hit.level != tracked.level {
                    self.count(tracked, -1);
                    tracked.level = hit.level;
                    self.count(tracked, 1);
                }
                self.revision += u64::from(tracked.amount != hit.amount || change.is_some());
                tracked.amount = hit.amount;
                if let Some(change) = change {
                    (tracked.change, tracked.changed, tracked.base) = (change, now, hit.amount);
                }
            }
            Phase::Resolved(_) => {
                // It is told again at once: it proved before that it does not pass by itself.
                (tracked.level, tracked.amount, tracked.base) = (hit.level, hit.amount, hit.amount);
                (tracked.phase, tracked.change, tracked.changed) = (Phase::Open, Change::Again, now);
                (tracked.steady, tracked.returned) = (now, true);
                self.count(tracked, 1);
                self.revision += 1;
            }
        }
    }

    fn open(&mut self, tracked: &mut Tracked, now: Timestamp) {
        tracked.phase = Phase::Open;
        tracked.changed = now;
        self.count(tracked, 1);
        self.revision += 1;
    }

    /// What was found there was not found now. What comes and goes stays open until it is well for a while; whoever is
    /// impatient wants to know how it is now.
    fn quiet(&mut self, place: At<'_>, tracked: &mut Tracked, now: Timestamp) {
        let waits = tracked.phase == Phase::Open && tracked.returned && self.impatience.is_none();
        let from = tracked.quiet.unwrap_or(now);
        if waits && now.since(from) < SETTLES {
            self.revision += u64::from(tracked.quiet.is_none());
            tracked.quiet = Some(from);
        } else {
            tracked.quiet = None;
            self.clear(place, tracked, from);
        }
    }

    /// What was found there is not there any more.
    fn clear(&mut self, place: At<'_>, tracked: &mut Tracked, now: Timestamp) {
        match tracked.phase {
            Phase::Suspected => {
                self.suspects.remove(&(place.place(), tracked.rule));
            }
            Phase::Open => {
                self.count(tracked, -1);
                tracked.eased = None;
                tracked.phase = Phase::Resolved(now);
                self.resolved.push_back((now, place.place(), tracked.rule));
                self.revision += 1;
            }
            Phase::Resolved(_) => {}
        }
    }

    /// Time passes: what holds for long enough is told, what is well for long enough is forgotten.
    pub(super) fn tick(&mut self, now: Timestamp, patience: impl Fn(Rule) -> Duration) {
        let cap = self.impatience.unwrap_or(Duration::MAX);
        let due: Vec<(Place, Rule)> = self
            .suspects
            .iter()
            .filter(|(place, rule)| {
                let found = self.at(place.at()).iter().find(|tracked| tracked.rule == *rule);
                found.is_none_or(|tracked| now.since(tracked.steady) >= patience(*rule).min(cap))
            })
            .cloned()
            .collect();
        for (place, rule) in due {
            self.suspects.remove(&(place.clone(), rule));
            let mut known = self.take(place.at());
            if let Some(tracked) = known.iter_mut().find(|tracked| tracked.rule == rule) {
                self.open(tracked, now);
            }
            self.give_back(place.at(), known);
        }
        while let Some((at, place, rule)) = self.resolved.front().cloned() {
            // What came again is not among them any more, or stands further behind.
            if self.resolved.len() <= MOST_RESOLVED && now.since(at) < LINGERS {
                break;
            }
            self.resolved.pop_front();
            let mut known = self.take(place.at());
            known.retain(|tracked| tracked.rule != rule || tracked.phase != Phase::Resolved(at));
            self.give_back(place.at(), known);
            self.revision += 1;
        }
    }

    /// Of this stream's consumers only those findings stay that `keep` knows, by the consumer's name. The others end
    /// without being resolved: what is gone is not well.
    pub(super) fn retain_consumers(&mut self, stream: &str, keep: impl Fn(&str, Rule) -> bool) {
        let Some(of) = self.streams.get(stream) else { return };
        let gone = |(name, known): &(&String, &Vec<Tracked>)| known.iter().any(|tracked| !keep(name, tracked.rule));
        let gone: Vec<String> = of.consumers.iter().filter(gone).map(|(name, _)| name.clone()).collect();
        for name in gone {
            self.forget(At::Consumer(stream, &name), |rule| keep(&name, rule));
        }
    }

    /// The same of the stream itself.
    pub(super) fn retain_of_stream(&mut self, stream: &str, keep: impl Fn(Rule) -> bool) {
        self.forget(At::Stream(stream), keep);
    }

    /// Only these streams are there.
    pub(super) fn retain_streams(&mut self, keep: impl Fn(&str) -> bool) {
        let gone: Vec<String> = self.streams.keys().filter(|name| !keep(name)).cloned().collect();
        for name in gone {
            self.retain_consumers(&name, |_, _| false);
            self.forget(At::Stream(&name), |_| false);
        }
    }

    fn forget(&mut self, place: At<'_>, keep: impl Fn(Rule) -> bool) {
        let mut known = self.take(place);
        for tracked in known.iter().filter(|tracked| !keep(tracked.rule)) {
            match tracked.phase {
                Phase::Suspected => {
                    self.suspects.remove(&(place.place(), tracked.rule));
                }
                Phase::Open => self.count(tracked, -1),
                // Its turn in the list of those comes, and finds nothing.
                Phase::Resolved(_) => {}
            }
            self.revision += 1;
        }
        known.retain(|tracked| keep(tracked.rule));
        self.give_back(place, known);
    }

    /// How many are open.
    pub const fn counts(&self) -> Counts {
        self.counts
    }

    /// What is known of a place: also what is only suspected, and what is well again.
    pub fn at(&self, place: At<'_>) -> &[Tracked] {
        match place {
            At::Account => &self.account,
            At::Stream(name) => self.streams.get(name).map_or(&[], |of| &of.own),
            At::Consumer(stream, name) => {
                self.streams.get(stream).and_then(|of| of.consumers.get(name)).map_or(&[], Vec::as_slice)
            }
        }
    }

    /// The worst that is to be told of a stream or its consumers, from a warning on; `Ok` where nothing is.
    pub fn worst_of(&self, stream: &str) -> Level {
        let Some(of) = self.streams.get(stream) else { return Level::Ok };
        of.consumers.values().map(|known| worst(known)).fold(worst(&of.own), Level::max)
    }

    /// The same, by name.
    pub fn of_consumers(&self, stream: &str) -> Option<&BTreeMap<String, Vec<Tracked>>> {
        self.streams.get(stream).map(|of| &of.consumers)
    }

    /// What is known of a stream, then of its consumers.
    pub fn under<'a>(&'a self, stream: &'a str) -> impl Iterator<Item = (At<'a>, &'a Tracked)> {
        self.streams.get(stream).into_iter().flat_map(move |of| {
            let own = of.own.iter().map(move |tracked| (At::Stream(stream), tracked));
            let consumers = of.consumers.iter().flat_map(move |(name, known)| {
                known.iter().map(move |tracked| (At::Consumer(stream, name.as_str()), tracked))
            });
            own.chain(consumers)
        })
    }

    /// All that is known: the account, then by stream, a stream before its consumers.
    pub fn iter(&self) -> impl Iterator<Item = (Option<&str>, Option<&str>, &Tracked)> {
        let account = self.account.iter().map(|tracked| (None, None, tracked));
        let streams = self.streams.iter().flat_map(|(stream, of)| {
            let own = of.own.iter().map(move |tracked| (Some(stream.as_str()), None, tracked));
            let consumers = of.consumers.iter().flat_map(move |(name, known)| {
                known.iter().map(move |tracked| (Some(stream.as_str()), Some(name.as_str()), tracked))
            });
            own.chain(consumers)
        });
        account.chain(streams)
    }

    fn take(&mut self, place: At<'_>) -> Vec<Tracked> {
        match place {
            At::Account => std::mem::take(&mut self.account),
            At::Stream(name) => self.streams.get_mut(name).map(|of| std::mem::take(&mut of.own)).unwrap_or_default(),
            At::Consumer(stream, name) => self
                .streams
                .get_mut(stream)
                .and_then(|of| of.consumers.get_mut(name))
                .map(std::mem::take)
                .unwrap_or_default(),
        }
    }

    fn give_back(&mut self, place: At<'_>, known: Vec<Tracked>) {
        let Some(stream) = place.stream() else {
            self.account = known;
            return;
        };
        if !known.is_empty() && !self.streams.contains_key(stream) {
            self.streams.insert(stream.to_owned(), OfStream::default());
        }
        let Some(of) = self.streams.get_mut(stream) else { return };
        match place.consumer() {
            None => of.own = known,
            Some(name) if known.is_empty() => {
                of.consumers.remove(name);
            }
            Some(name) => match of.consumers.get_mut(name) {
                Some(kept) => *kept = known,
                None => {
                    of.consumers.insert(name.to_owned(), known);
                }
            },
        }
        if of.own.is_empty() && of.consumers.is_empty() {
            self.streams.remove(stream);
        }
    }

    fn count(&mut self, tracked: &Tracked, by: isize) {
        let count = match (tracked.silenced, tracked.level) {
            (true, _) => &mut self.counts.silenced,
            (false, Level::Critical) => &mut self.counts.critical,
            (false, Level::Warning) => &mut self.counts.warning,
            (false, _) => &mut self.counts.notice,
        };
        *count = count.saturating_add_signed(by);
    }
}

/// The worst of these that is to be told, from a warning on; `Ok` where none is.
pub fn worst(known: &[Tracked]) -> Level {
    known.iter().filter(|tracked| tracked.is_problem()).map(|tracked| tracked.level).max().unwrap_or_default()
}

impl Tracked {
    /// It holds and is to be told.
    pub fn is_told(&self) -> bool {
        self.phase == Phase::Open && !self.silenced
    }

    /// It holds, is to be told, and somebody should look.
    pub fn is_problem(&self) -> bool {
        self.is_told() && self.level >= Level::Warning
    }
}

#[cfg(test)]
mod tests;
