//! The lag times of the consumers on screen: a message each, now and then.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use futures_util::{StreamExt, stream};

use crate::model::lag::LagWish;
use crate::model::update::Ask;
use crate::model::{Consumer, Problem, ProblemKind, Storage, Stream, Update};
use crate::nats::api::SIDE_BY_SIDE;

use super::pace::Outcome;
use super::{Closed, Lane};

/// How often is asked where the answer costs much: a filter that is searched for in memory, or large messages.
const COSTLY: Duration = Duration::from_secs(60);
/// From this size on, of the average message in bytes, a message is large: the answer has all of it.
const LARGE: u64 = 64 * 1024;
/// A round waits at least this many times what it took.
const TIMES: u32 = 10;
/// How often is looked whether something else is on screen.
const LOOK: Duration = Duration::from_millis(250);

/// What a question to a stream's messages costs the server.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Cost {
    memory: bool,
    large: bool,
}

impl Cost {
    pub(super) fn of(stream: &Stream) -> Self {
        let state = &stream.state;
        Self {
            memory: stream.config.storage == Storage::Memory,
            large: state.bytes.checked_div(state.messages).is_some_and(|each| each > LARGE),
        }
    }

    fn is_high(self, consumer: &Consumer) -> bool {
        self.large || (self.memory && !consumer.config.filter_subjects.is_empty())
    }
}

/// Stream and consumer.
type Key = (String, String);

/// Asks until nobody listens.
pub(super) async fn run(mut lane: Lane) -> Result<(), Closed> {
    let mut asked: BTreeMap<Key, Instant> = BTreeMap::new();
    let mut not_before = Instant::now();
    loop {
        lane.when_up().await?;
        let wishes = lane.scope.borrow_and_update().lags.clone();
        asked.retain(|key, _| wishes.iter().any(|w| (&w.stream, &w.consumer) == (&key.0, &key.1)));
        if wishes.is_empty() {
            lane.scope.clone().wait_for(|scope| !scope.lags.is_empty()).await.map_err(|_| Closed)?;
            continue;
        }
        let due: Vec<LagWish> = wishes.into_iter().filter(|wish| lane.is_due(wish, &asked)).collect();
        if !due.is_empty() && Instant::now() >= not_before {
            let started = Instant::now();
            asked.extend(due.iter().map(|wish| (key(wish), started)));
            let outcome = round(&lane, due).await?;
            lane.note(outcome);
            not_before = Instant::now() + lane.throttle.pause(Duration::ZERO, outcome.cost(started.elapsed()), TIMES);
        }
        lane.rest(LOOK.min(lane.pace.detail)).await?;
    }
}

fn key(wish: &LagWish) -> Key {
    (wish.stream.clone(), wish.consumer.clone())
}

impl Lane {
    /// The newest answer, and what looking at a message costs.
    fn head(&self, wish: &LagWish) -> Option<(Arc<Consumer>, Cost)> {
        self.know(|k| k.heads.get(&key(wish)).cloned())
    }

    /// Whether it is time to ask for this one. Of who has nothing outstanding nothing is asked.
    fn is_due(&self, wish: &LagWish, asked: &BTreeMap<Key, Instant>) -> bool {
        let every = match self.head(wish) {
            Some((consumer, _)) if consumer.outstanding() == 0 && !self.is_old(&consumer) => return false,
            Some((consumer, cost)) if cost.is_high(&consumer) => COSTLY.max(self.pace.detail),
            _ => self.pace.detail,
        };
        asked.get(&key(wish)).is_none_or(|at| at.elapsed() >= every)
    }

    /// Where it stood that long ago is not where it stands.
    fn is_old(&self, consumer: &Consumer) -> bool {
        self.now().since(consumer.taken) > self.pace.detail
    }

    async fn look(&self, wish: &LagWish) -> Result<Outcome, Closed> {
        let mut outcome = Outcome::default();
        if self.head(wish).is_none_or(|(consumer, _)| self.is_old(&consumer)) {
            // It stands far down in the list of all consumers, whose sweep takes long.
            outcome = self.one(wish.stream.clone(), Some(wish.consumer.clone())).await?;
        }
        let Some((consumer, _)) = self.head(wish).filter(|(c, _)| c.outstanding() > 0 && !self.is_old(c)) else {
            return Ok(outcome);
        };
        let answer = self.api.lag(&consumer, wish.delivered).await;
        outcome = outcome.and(Outcome::of(answer.as_ref().err()));
        let (stream, name) = key(wish);
        match answer {
            Ok(lag) => self.tell(Update::Lag(stream, name, lag)).await?,
            // While the link is down its own report says everything.
            Err(Problem { kind: ProblemKind::Disconnected, .. }) => {}
            Err(problem) => self.tell(Update::Failed(Ask::Lag(stream, name), problem, self.now())).await?,
        }
        Ok(outcome)
    }
}

async fn round(lane: &Lane, due: Vec<LagWish>) -> Result<Outcome, Closed> {
    let mut outcome = Outcome::default();
    let mut answers =
        stream::iter(due).map(|wish| async move { lane.look(&wish).await }).buffer_unordered(SIDE_BY_SIDE);
    while let Some(told) = answers.next().await {
        outcome = outcome.and(told?);
    }
    Ok(outcome)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_costs_much_is_asked_for_rarely() {
        let mut s = Stream::default();
        (s.state.messages, s.state.bytes) = (10, 10_000);
        let mut c = Consumer::default();
        assert!(!Cost::of(&s).is_high(&c));
        s.config.storage = Storage::Memory;
        assert!(!Cost::of(&s).is_high(&c));
        c.config.filter_subjects = vec!["a".into()];
        assert!(Cost::of(&s).is_high(&c), "a filter is searched for in memory");
        s.config.storage = Storage::File;
        assert!(!Cost::of(&s).is_high(&c));
        s.state.bytes = 10 * (LARGE + 1);
        assert!(Cost::of(&s).is_high(&c), "large messages");
        s.state.messages = 0;
        assert!(!Cost::of(&s).is_high(&c));
    }
}
