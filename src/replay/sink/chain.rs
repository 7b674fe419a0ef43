//! What keeps copies in order that are in flight together, where some can be refused and the rest not: each demands
//! that the message before it in the stream is the copy before it. So none overtakes another. Pure.
//!
//! Never into a stream with replicas: those of nats-server 2.14 and 2.15 look at that demand only when they apply what was
//! proposed, and take one that is not met for a broken disk ("last msgid mismatch, critical write error"). All of them do,
//! and the stream stands still.
//!
//! The sequence before it would not do: when somebody else writes between two copies, the first of them is refused,
//! and the next one finds the sequence that it demands.

use super::stream::WINDOW;

/// How often in a row a chain may break at once, before copies go one after the other for a while.
const PATIENCE: u32 = 3;
/// A chain that was this long has paid.
const WORTH: u32 = 64;
/// Copies that go one after the other before a chain is tried again.
const APART: u32 = 1_000;

/// The chain of the copies in flight.
#[derive(Debug, Default)]
pub(super) struct Chain {
    /// The message id of the copy before.
    before: Option<String>,
    /// Copies that were stored since the chain began.
    stored: u32,
    /// Chains in a row that were short.
    short: u32,
    /// Copies that still go one after the other: others write so much that no chain holds.
    apart: u32,
}

impl Chain {
    /// Begins anew. Nothing is in flight.
    pub(super) fn begin(&mut self) {
        (self.before, self.stored) = (None, 0);
    }

    /// The next copy goes, with this id; returns the id that it demands before it.
    pub(super) fn next(&mut self, id: Option<&str>) -> Option<String> {
        let before = std::mem::replace(&mut self.before, id.map(str::to_owned));
        before.filter(|_| self.apart == 0)
    }

    /// A copy was stored.
    pub(super) const fn stored(&mut self) {
        self.stored = self.stored.saturating_add(1);
        self.apart = self.apart.saturating_sub(1);
    }

    /// Nothing is in flight any more, and the next copy is one that was refused; for what it demanded, or for another
    /// reason.
    pub(super) fn rewind(&mut self, out_of_step: bool) {
        if out_of_step {
            self.short = if self.stored < WORTH { self.short + 1 } else { 0 };
            if self.short >= PATIENCE {
                self.apart = APART;
                // One more that is short is enough the next time.
                self.short = PATIENCE - 1;
            }
        }
        self.begin();
    }

    /// Copies that may be in flight.
    pub(super) const fn window(&self) -> usize {
        if self.apart > 0 { 1 } else { WINDOW }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_demands_the_one_before() {
        let mut chain = Chain::default();
        assert_eq!(chain.next(Some("a")), None, "whatever is there already comes before the first");
        assert_eq!(chain.next(Some("b")).as_deref(), Some("a"));
        assert_eq!(chain.next(None).as_deref(), Some("b"));
        assert_eq!(chain.next(Some("d")), None);
        chain.rewind(false);
        assert_eq!(chain.next(Some("b")), None);
        assert_eq!(chain.window(), WINDOW);
    }

    #[test]
    fn where_others_write_all_the_time_copies_go_one_by_one_for_a_while() {
        let mut chain = Chain::default();
        for _ in 0..PATIENCE {
            assert_eq!(chain.window(), WINDOW);
            chain.next(Some("a"));
            chain.stored();
            chain.rewind(true);
        }
        for _ in 0..APART {
            assert_eq!((chain.next(Some("a")), chain.window()), (None, 1));
            chain.stored();
        }
        assert_eq!((chain.window(), chain.next(Some("b")).as_deref()), (WINDOW, Some("a")), "then it is tried again");
        chain.begin();
        chain.rewind(true);
        assert_eq!(chain.window(), 1, "once");
    }

    #[test]
    fn one_that_is_full_now_and_then_is_no_reason() {
        let mut chain = Chain::default();
        for _ in 0..100 {
            chain.rewind(false);
            (0..WORTH).for_each(|_| chain.stored());
            chain.rewind(true);
            assert_eq!(chain.window(), WINDOW);
        }
    }
}
