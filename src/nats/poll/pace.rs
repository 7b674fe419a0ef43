//! How often is asked, and slowing down when the server does.

use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use tokio::sync::watch;

use crate::model::{Problem, ProblemKind};

/// The longest pause that slowing down makes of any interval.
const LONGEST: Duration = Duration::from_secs(30);
/// The longest of the lane that notices first when the server has recovered.
const SOON: Duration = Duration::from_millis(2_500);
/// The slowest pace.
const MOST: u32 = 32;
/// From this pace on the others are woken when the server has recovered: they may rest for long.
const SLEEPY: u32 = 4;

/// How often is asked. Each interval is the least: a lane that takes long waits a multiple of what it took.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pace {
    /// What is on screen.
    pub fast: Duration,
    /// The list of all streams, where it is longer than a page.
    pub list: Duration,
    /// The consumers of all streams.
    pub consumers: Duration,
    /// Account and round trip.
    pub account: Duration,
    /// Texts and subjects of what is open.
    pub detail: Duration,
}

impl Default for Pace {
    fn default() -> Self {
        Self {
            fast: Duration::from_secs(1),
            list: Duration::from_secs(5),
            consumers: Duration::from_secs(2),
            account: Duration::from_secs(5),
            detail: Duration::from_secs(5),
        }
    }
}

/// How the questions of a round went together.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Outcome {
    answered: bool,
    busy: bool,
    silent: bool,
}

impl Outcome {
    /// Of one question that nobody answered.
    pub(super) const SILENT: Self = Self { answered: false, busy: false, silent: true };

    /// Of one question.
    pub(super) fn of(problem: Option<&Problem>) -> Self {
        Self {
            answered: problem.is_none(),
            busy: matches!(problem.map(|p| &p.kind), Some(ProblemKind::Busy { .. })),
            silent: matches!(problem.map(|p| &p.kind), Some(ProblemKind::Timeout)),
        }
    }

    /// Of this and another one.
    pub(super) const fn and(self, other: Self) -> Self {
        Self {
            answered: self.answered || other.answered,
            busy: self.busy || other.busy,
            silent: self.silent || other.silent,
        }
    }

    /// Questions were asked, and none was answered.
    pub(super) const fn is_nothing_but_silence(self) -> bool {
        self.silent && !self.answered
    }

    /// Questions were asked, and all were answered.
    const fn is_well(self) -> bool {
        self.answered && !self.busy && !self.silent
    }

    /// What a round that took this long cost the server: silence is our waiting, not its work.
    pub(super) const fn cost(self, took: Duration) -> Duration {
        if self.silent { Duration::ZERO } else { took }
    }
}

/// Slows all lanes down together: twice with each round that was refused or not answered at all, back again
/// with each that was. One thing that does not answer among others that do says nothing of the server's load.
#[derive(Debug)]
pub(super) struct Throttle {
    factor: AtomicU32,
    woken: watch::Sender<u64>,
}

impl Default for Throttle {
    fn default() -> Self {
        Self { factor: AtomicU32::new(1), woken: watch::Sender::default() }
    }
}

impl Throttle {
    /// Notes how a round went.
    pub(super) fn note(&self, outcome: Outcome) {
        let slower = outcome.busy || outcome.is_nothing_but_silence();
        if !slower && !outcome.answered {
            return;
        }
        let _ = self.factor.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |n| {
            Some(if slower { (n * 2).min(MOST) } else { (n / 2).max(1) })
        });
    }

    /// Notes how a round of the lane went that is never slowed down much: when all of it is answered, all lanes go on.
    pub(super) fn note_first(&self, outcome: Outcome) {
        self.note(outcome);
        if outcome.is_well() && self.factor.swap(1, Ordering::Relaxed) >= SLEEPY / 2 {
            self.woken.send_modify(|n| *n += 1);
        }
    }

    /// Changes when the server has recovered.
    pub(super) fn woken(&self) -> watch::Receiver<u64> {
        self.woken.subscribe()
    }

    /// How much slower than usual; `None` at the usual pace.
    pub(super) fn factor(&self) -> Option<f64> {
        let factor = self.factor.load(Ordering::Relaxed);
        (factor > 1).then(|| f64::from(factor))
    }

    /// Starts over, after a reconnect.
    pub(super) fn reset(&self) {
        self.factor.store(1, Ordering::Relaxed);
    }

    /// The pause after a round that took this long: at least `least`, at least `times` what it took, slowed
    /// down if need be.
    pub(super) fn pause(&self, least: Duration, took: Duration, times: u32) -> Duration {
        let usual = least.max(took.saturating_mul(times));
        let factor = self.factor.load(Ordering::Relaxed);
        if factor > 1 { usual.saturating_mul(factor).min(LONGEST.max(usual)) } else { usual }
    }

    /// The same for the lane that is to notice first when the server has recovered.
    pub(super) fn first_pause(&self, least: Duration, took: Duration, times: u32) -> Duration {
        let usual = least.max(took.saturating_mul(times));
        self.pause(least, took, times).min(SOON.max(usual))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refusals_slow_down_and_answers_recover() {
        let t = Throttle::default();
        let second = Duration::from_secs(1);
        assert_eq!(t.pause(second, Duration::ZERO, 20), second);
        assert_eq!(t.pause(second, second, 20), Duration::from_secs(20));
        let busy = Problem::new(ProblemKind::Busy { code: 10008 }, "");
        for _ in 0..10 {
            t.note(Outcome::of(Some(&busy)));
        }
        assert_eq!(t.factor(), Some(32.0));
        assert_eq!(t.pause(second, Duration::ZERO, 20), LONGEST);
        t.note(Outcome::of(Some(&Problem::new(ProblemKind::NotFound, ""))));
        t.note(Outcome::default());
        assert_eq!(t.factor(), Some(32.0), "a missing stream says nothing of the server's load");
        for _ in 0..5 {
            t.note(Outcome::of(None));
        }
        assert_eq!(t.factor(), None);
    }

    #[test]
    fn the_first_that_is_answered_wakes_those_that_sleep_long() {
        let t = Throttle::default();
        let woken = t.woken();
        let busy = Outcome::of(Some(&Problem::new(ProblemKind::Busy { code: 10008 }, "")));
        t.note_first(busy);
        t.note_first(Outcome::of(None));
        assert!(!woken.has_changed().unwrap(), "nobody sleeps long yet");
        (0..10).for_each(|_| t.note(busy));
        assert_eq!(t.first_pause(Duration::from_secs(1), Duration::ZERO, 2), SOON);
        assert_eq!(t.first_pause(Duration::from_secs(60), Duration::ZERO, 2), Duration::from_secs(60));
        t.note_first(busy.and(Outcome::of(None)));
        assert!(!woken.has_changed().unwrap(), "half of it is busy");
        t.note_first(Outcome::of(None));
        assert!(woken.has_changed().unwrap());
        assert_eq!(t.factor(), None);
    }

    #[test]
    fn one_that_is_silent_among_others_does_not_slow_down() {
        let t = Throttle::default();
        let silent = Outcome::of(Some(&Problem::new(ProblemKind::Timeout, "")));
        t.note(silent.and(Outcome::of(None)));
        assert_eq!(t.factor(), None);
        t.note(silent);
        assert_eq!(t.factor(), Some(2.0));
        // And what was waited for in vain is no reason to wait a multiple of it.
        assert_eq!(silent.cost(Duration::from_secs(6)), Duration::ZERO);
    }
}
