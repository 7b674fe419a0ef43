//! Says when the next event may go: pure, it is told the time.

use std::time::Duration;

use crate::model::Timestamp;
use crate::model::replay::{Pace, SPACING_CAP};

/// How much a replay at so many events a second may catch up after it was held up.
const CATCH_UP: Duration = Duration::from_millis(250);

/// Keeps the pace. All times are those of one clock.
#[derive(Clone, Debug)]
pub struct Pacer {
    pace: Pace,
    /// When the next event is due; `None` before the first and after a pause.
    due: Option<Duration>,
    /// The stored time of the event before, for recorded spacing.
    before: Option<Timestamp>,
    /// Steps that were asked for.
    steps: u64,
}

impl Pacer {
    /// Keeps this pace.
    pub const fn new(pace: Pace) -> Self {
        Self { pace, due: None, before: None, steps: 0 }
    }

    /// The pace.
    pub const fn pace(&self) -> Pace {
        self.pace
    }

    /// Another pace from now on.
    pub const fn set(&mut self, pace: Pace) {
        self.pace = pace;
        self.due = None;
        self.steps = 0;
    }

    /// One more event may go, whatever the pace: a step.
    pub const fn step(&mut self) {
        self.steps += 1;
    }

    /// Steps that were asked for and not made.
    pub const fn steps(&self) -> u64 {
        self.steps
    }

    /// Nothing was sent for a while: that time is not caught up.
    pub const fn rest(&mut self) {
        self.due = None;
    }

    /// How long until an event that was stored at `stored` may go: zero is now, `None` is not before it is asked for.
    pub fn wait(&self, now: Duration, stored: Timestamp) -> Option<Duration> {
        if self.steps > 0 {
            return Some(Duration::ZERO);
        }
        let due = match self.pace {
            Pace::Max => return Some(Duration::ZERO),
            Pace::Step => return None,
            Pace::PerSecond(_) => self.due,
            Pace::Times(times) => self.due.map(|due| due + self.gap(stored, times)),
        };
        Some(due.map_or(Duration::ZERO, |due| due.saturating_sub(now)))
    }

    /// An event goes.
    pub fn sent(&mut self, now: Duration, stored: Timestamp) {
        self.steps = self.steps.saturating_sub(1);
        let due = self.due.unwrap_or(now);
        self.due = match self.pace {
            Pace::Max | Pace::Step => None,
            // What was missed is made up for, but only so much of it.
            Pace::PerSecond(rate) => {
                Some(due.max(now.saturating_sub(CATCH_UP)) + Duration::from_secs_f64((1.0 / rate).min(1e6)))
            }
            Pace::Times(times) => {
                let due = self.due.map_or(now, |due| due + self.gap(stored, times));
                Some(due.max(now.saturating_sub(CATCH_UP)))
            }
        };
        self.before = Some(stored);
    }

    fn gap(&self, stored: Timestamp, times: f64) -> Duration {
        let recorded = self.before.map_or(Duration::ZERO, |before| stored.since(before));
        recorded.min(SPACING_CAP).div_f64(times).min(Duration::from_secs(86_400))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ZERO: Duration = Duration::ZERO;

    /// When each of these events goes, in milliseconds, when nothing holds it up but the pace.
    fn times(pace: Pace, stored_ms: &[i64]) -> Vec<u128> {
        let mut pacer = Pacer::new(pace);
        let mut now = ZERO;
        let mut out = Vec::new();
        for ms in stored_ms {
            let stored = Timestamp(ms * 1_000_000);
            now += pacer.wait(now, stored).unwrap();
            pacer.sent(now, stored);
            out.push(now.as_millis());
        }
        out
    }

    #[test]
    fn each_pace_has_its_times() {
        let stored = [0, 100, 150, 60_150, 60_250];
        assert_eq!(times(Pace::Max, &stored), [0, 0, 0, 0, 0]);
        assert_eq!(times(Pace::PerSecond(10.0), &stored), [0, 100, 200, 300, 400]);
        assert_eq!(times(Pace::Times(1.0), &stored), [0, 100, 150, 5_150, 5_250], "a gap is 5 s at most");
        assert_eq!(times(Pace::Times(2.0), &stored), [0, 50, 75, 2_575, 2_625]);
        // A clock that was set back makes no gap.
        assert_eq!(times(Pace::Times(1.0), &[100, 50, 150]), [0, 0, 100]);
    }

    #[test]
    fn what_was_missed_is_made_up_for_only_a_little() {
        let mut pacer = Pacer::new(Pace::PerSecond(100.0));
        pacer.sent(ZERO, Timestamp(0));
        let late = Duration::from_secs(10);
        let mut burst = 0;
        while pacer.wait(late, Timestamp(0)) == Some(ZERO) {
            pacer.sent(late, Timestamp(0));
            burst += 1;
        }
        assert!((20..=30).contains(&burst), "{burst}");
        pacer.rest();
        assert_eq!(pacer.wait(late, Timestamp(0)), Some(ZERO));
        pacer.sent(late, Timestamp(0));
        assert_eq!(pacer.wait(late, Timestamp(0)), Some(Duration::from_millis(10)), "after a rest it begins anew");
    }

    #[test]
    fn steps_are_asked_for_one_by_one() {
        let mut pacer = Pacer::new(Pace::Step);
        assert_eq!(pacer.wait(ZERO, Timestamp(0)), None);
        pacer.step();
        assert_eq!(pacer.wait(ZERO, Timestamp(0)), Some(ZERO));
        pacer.sent(ZERO, Timestamp(0));
        assert_eq!(pacer.wait(ZERO, Timestamp(0)), None);
        pacer.set(Pace::Max);
        assert_eq!(pacer.wait(ZERO, Timestamp(0)), Some(ZERO));
    }
}
