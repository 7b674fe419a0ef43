//! When nothing was heard: the connection was lost, or nobody looked.

use std::collections::VecDeque;

/// Gaps that are remembered.
const MOST: usize = 1_000;

/// Spans of time without an answer, oldest first, in microseconds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Gaps {
    pub(super) over: VecDeque<(i64, i64)>,
    /// Since when there is no connection.
    open: Option<i64>,
}

impl Gaps {
    /// The connection is there, or not. `heard` is when something was heard last.
    pub(super) fn link(&mut self, up: bool, heard: i64, now: i64) {
        match (up, self.open) {
            (false, None) => self.open = Some(heard.min(now)),
            (true, Some(from)) => {
                self.open = None;
                self.add(from, now);
            }
            _ => {}
        }
    }

    /// Between these two times nobody looked.
    pub(super) fn add(&mut self, from: i64, to: i64) {
        // Before anything was heard there is nothing to be told apart.
        if from <= 1 || to <= from {
            return;
        }
        if self.over.len() >= MOST {
            self.over.pop_front();
        }
        let at = self.over.partition_point(|gap| gap.0 <= from);
        self.over.insert(at, (from, to));
    }

    /// The gap that this time lies in.
    pub(super) fn at(&self, at: i64) -> Option<(i64, Option<i64>)> {
        let over = self.over.iter().find(|(from, to)| *from < at && at < *to).map(|(from, to)| (*from, Some(*to)));
        over.or_else(|| self.open.filter(|from| *from > 1 && *from < at).map(|from| (from, None)))
    }

    /// Whether one lies between these times.
    pub(super) fn between(&self, a: i64, b: i64) -> bool {
        self.over.iter().any(|(from, to)| *from < b && *to > a)
    }

    /// How far a sample may lie from the one before it: not at all where a gap is between them.
    pub(super) fn apart(&self, apart: i64, before: Option<i64>, at: i64) -> i64 {
        // Only the newest can be.
        let gap = self.over.back().is_some_and(|(from, to)| before.is_some_and(|b| *from < at && *to > b));
        if gap { 0 } else { apart }
    }

    /// Forgets those that ended before this time.
    pub(super) fn forget(&mut self, before: i64) {
        while self.over.front().is_some_and(|gap| gap.1 < before) {
            self.over.pop_front();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lost_link_is_a_gap_until_it_is_back() {
        let mut gaps = Gaps::default();
        gaps.link(false, 1, 5);
        gaps.link(true, 1, 10);
        assert_eq!(gaps, Gaps::default(), "nothing was heard before");
        gaps.link(false, 100, 103);
        assert_eq!(gaps.at(105), Some((100, None)));
        gaps.link(false, 100, 110);
        gaps.link(true, 100, 120);
        assert_eq!((gaps.at(105), gaps.at(100), gaps.at(120)), (Some((100, Some(120))), None, None));
        assert!(gaps.between(90, 101) && gaps.between(110, 111) && !gaps.between(90, 100) && !gaps.between(120, 130));
        assert_eq!((gaps.apart(7, Some(100), 120), gaps.apart(7, Some(120), 121)), (0, 7));
        gaps.forget(121);
        assert!(gaps.over.is_empty());
    }
}
