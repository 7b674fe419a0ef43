//! By how much the server's clock is ahead of this machine's. It goes with the connection's settings, as the ledger
//! does: the polls, the tails and the commands that are typed then mean the same by "now", and ages are true also where
//! one of the two clocks is wrong.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use crate::model::Timestamp;

/// Clocks that differ by less are taken for equal, in nanoseconds: answers take their time.
const SLOP: i64 = 500_000_000;

/// What the server's answers tell of its clock. Clones share it.
#[derive(Clone, Debug, Default)]
pub struct Clock(Arc<AtomicI64>);

impl Clock {
    /// Nanoseconds that the server's clock is ahead of ours; negative when it is behind.
    pub fn ahead(&self) -> i64 {
        self.0.load(Ordering::Relaxed)
    }

    /// The time at the server, when it is this by our clock.
    pub fn at_server(&self, ours: Timestamp) -> Timestamp {
        Timestamp(ours.0.saturating_add(self.ahead()))
    }

    /// The server wrote this time into an answer between the two times of our clock.
    pub fn note(&self, server: Timestamp, asked: Timestamp, taken: Timestamp) {
        let (least, most) = (server.0.saturating_sub(taken.0), server.0.saturating_sub(asked.0));
        // As long as it can be so it stays so: ages are not to jump with every answer.
        if !(least.saturating_sub(SLOP)..=most.saturating_add(SLOP)).contains(&self.ahead()) {
            self.0.store(least.midpoint(most), Ordering::Relaxed);
        }
    }
}

/// Which time it is there makes no connection another one.
impl PartialEq for Clock {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl Eq for Clock {}

#[cfg(test)]
mod tests {
    use super::*;

    const fn ms(n: i64) -> Timestamp {
        Timestamp(n * 1_000_000)
    }

    #[test]
    fn a_clock_that_differs_is_followed_and_one_that_does_not_is_left_alone() {
        let clock = Clock::default();
        for (server, asked, taken) in [(1_050, 1_000, 1_100), (900, 1_000, 1_010), (1_400, 1_000, 1_000)] {
            clock.note(ms(server), ms(asked), ms(taken));
            assert_eq!(clock.ahead(), 0, "{server}");
        }
        // A slow answer says little: it may have been written at any time of it.
        clock.note(ms(4_000), ms(1_000), ms(4_500));
        assert_eq!(clock.ahead(), 0);
        for wrong in [600_000, -600_000] {
            clock.note(ms(1_050 + wrong), ms(1_000), ms(1_100));
            assert_eq!(clock.ahead(), wrong * 1_000_000);
            assert_eq!(clock.at_server(ms(7)), ms(7 + wrong));
            clock.note(ms(3_000 + wrong), ms(2_700), ms(3_100));
            assert_eq!(clock.ahead(), wrong * 1_000_000, "no jumping");
        }
        clock.note(ms(5_000), ms(5_000), ms(5_000));
        assert_eq!(clock.ahead(), 0, "it was set right");
    }
}
