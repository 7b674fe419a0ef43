//! What is done where reading by consumers leads nowhere: messages are looked at one by one, and pauses grow.

use std::time::Duration;

use tokio::time::{Instant, sleep};

use crate::event::clean_line;
use crate::model::Problem;
use crate::nats::Pauses;

use super::peek::Step;
use super::plan::Plan;
use super::{Out, State, Stop, peek};

/// The first pause before another consumer, where one brought nothing; it doubles.
const FIRST_PAUSE: Duration = Duration::from_millis(250);
/// The longest pause before another consumer.
const LONGEST_PAUSE: Duration = Duration::from_secs(30);
/// A consumer that was read for so long without anything new was not gone at once.
const LIVED: Duration = Duration::from_secs(10);
/// Consumers in a row that brought nothing, before that is told.
const TOLD: u32 = 3;
/// And before reading ends, where messages may not be looked at one by one either: a minute of pauses.
const GIVEN_UP: u32 = 9;

/// Consumers that had to be left, one after the other, without anything new. The reason may be the next message: one
/// that the client cannot decode breaks every connection that it comes on, whatever else can be made of it. So it is
/// looked at alone, and more and more behind it when that happens again soon.
#[derive(Default)]
pub(super) struct Vain {
    /// Consumers in a row that brought nothing.
    times: u32,
    /// What the server said of the last one.
    said: Option<String>,
    /// How many messages were looked at the last time, and when that was over.
    passed: Option<(u64, Instant)>,
}

impl Vain {
    /// A consumer was left after so long; something may have come before.
    pub(super) fn left(&mut self, something: bool, after: Duration, said: Option<String>) {
        self.times = if something || after >= LIVED { 0 } else { self.times + 1 };
        self.said = said;
    }

    /// Goes on without a consumer where that is called for; waits longer and longer where nothing helps. Says whether
    /// that was the end of the plan.
    pub(super) async fn pass(&mut self, plan: &mut Plan, out: &Out) -> Result<bool, Stop> {
        let before = self.passed.filter(|(_, at)| at.elapsed() < LIVED);
        if self.times == 0 && before.is_none() {
            return Ok(false);
        }
        let most = before.map_or(1, |(passed, _)| passed.saturating_mul(4));
        let (read, ended) = peek::some(plan, most, out).await?;
        if read > 0 {
            self.passed = Some((most, Instant::now()));
            self.times = 0;
            // What was lost had its reason, and it is passed.
            plan.api.client().forgive();
        }
        let stream = clean_line(&plan.spec.stream).into_owned();
        let mut again = self.times;
        match ended {
            Ok(Step::Over) => return Ok(true),
            // Whoever sends one such message after the other must not make us connect for each.
            Ok(Step::AtEnd(_)) if before.is_some() => again = most.ilog2() / 2,
            Err(problem) if self.times >= GIVEN_UP && !peek::passes(&problem) => {
                let sentence = format!(
                    "reading stream {stream}: nothing comes from message {} on, and it cannot be looked at alone ({problem})",
                    plan.next
                );
                return Err(Problem { sentence, ..problem }.into());
            }
            Ok(_) | Err(_) => {}
        }
        let pause = again.checked_sub(1).map_or(Duration::ZERO, |n| Pauses::new(FIRST_PAUSE, LONGEST_PAUSE).nth(n));
        if self.times == TOLD {
            let said = self.said.take().map(|said| format!(" ({said})")).unwrap_or_default();
            out.state(State::Waiting(format!(
                "the consumer that reads stream {stream} is gone as soon as it is made{said}; another is made after \
                 longer and longer pauses"
            )))
            .await?;
        }
        tokio::select! {
            () = sleep(pause) => Ok(false),
            () = out.closed() => Err(Stop::Closed),
        }
    }
}
