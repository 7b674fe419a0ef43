//! Pauses that grow: what is tried again and again is tried less and less often.

use std::time::Duration;

/// Each pause is twice as long as the one before it, up to the longest.
#[derive(Clone, Copy, Debug)]
pub struct Pauses {
    next: Duration,
    longest: Duration,
}

impl Pauses {
    /// From the first to the longest.
    pub const fn new(first: Duration, longest: Duration) -> Self {
        Self { next: first, longest }
    }

    /// The next one.
    pub fn take(&mut self) -> Duration {
        let pause = self.next.min(self.longest);
        self.next = (pause * 2).min(self.longest);
        pause
    }

    /// The one after so many others.
    pub(super) fn nth(self, others: u32) -> Duration {
        self.next.saturating_mul(1_u32.checked_shl(others).unwrap_or(u32::MAX)).min(self.longest)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn they_double_up_to_the_longest() {
        let pauses = Pauses::new(Duration::from_millis(250), Duration::from_secs(3));
        let mut taken = pauses;
        let expected = [250, 500, 1_000, 2_000, 3_000, 3_000];
        for (n, ms) in (0..).zip(expected) {
            assert_eq!((taken.take().as_millis(), pauses.nth(n).as_millis()), (ms, ms));
        }
        assert_eq!(pauses.nth(31).max(pauses.nth(u32::MAX)), Duration::from_secs(3));
    }
}
