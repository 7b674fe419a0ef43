//! How often is asked, and slowing down when the server does.

use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use crate::model::{Problem, ProblemKind};

/// The longest pause that slowing down makes of any interval.
const LONGEST: Duration = Duration::from_secs(30);
/// The slowest pace.
const MOST: u32 = 32;

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

/// Slows all lanes down together: twice with each refusal or silence, back again with each answer.
#[derive(Debug)]
pub(super) struct Throttle {
    factor: AtomicU32,
}

impl Default for Throttle {
    fn default() -> Self {
        Self { factor: AtomicU32::new(1) }
    }
}

impl Throttle {
    /// Notes how a question went.
    pub(super) fn note(&self, problem: Option<&Problem>) {
        let slower = matches!(problem.map(|p| &p.kind), Some(ProblemKind::Busy { .. } | ProblemKind::Timeout));
        let neutral = problem.is_some() && !slower;
        if neutral {
            return;
        }
        let _ = self.factor.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |n| {
            Some(if slower { (n * 2).min(MOST) } else { (n / 2).max(1) })
        });
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
            t.note(Some(&busy));
        }
        assert_eq!(t.factor(), Some(32.0));
        assert_eq!(t.pause(second, Duration::ZERO, 20), LONGEST);
        t.note(Some(&Problem::new(ProblemKind::NotFound, "")));
        assert_eq!(t.factor(), Some(32.0), "a missing stream says nothing of the server's load");
        for _ in 0..5 {
            t.note(None);
        }
        assert_eq!(t.factor(), None);
    }
}
