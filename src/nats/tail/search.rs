//! How far back a number of messages lies, by as few counts as possible.

/// Counts before halves are tried: where messages lie in heaps, proportions lead nowhere.
const PROPORTIONAL: u32 = 6;

/// The search for a width, back from the end, that holds at least so many messages, and not many more.
#[derive(Debug)]
pub(super) struct Search {
    wanted: u64,
    span: u64,
    /// The width to count in next.
    pub(super) width: u64,
    /// A width that holds too few, and how many.
    near: (u64, u64),
    /// A width that holds too many, and how many.
    far: Option<(u64, u64)>,
    counts: u32,
}

impl Search {
    /// For so many, of at most `span` sequences.
    pub(super) fn new(wanted: u64, span: u64) -> Self {
        let width = wanted.saturating_mul(2).clamp(1, span.max(1));
        Self { wanted, span, width, near: (0, 0), far: None, counts: 0 }
    }

    /// So many lie in the present width: the result as width and surplus, or the next width to count in.
    pub(super) fn counted(&mut self, count: u64) -> Option<(u64, u64)> {
        self.counts += 1;
        // What is read in vain costs less than another count.
        let most = self.wanted.saturating_add(self.wanted.max(500));
        if count < self.wanted {
            if self.width >= self.span {
                return Some((self.width, 0));
            }
            self.near = (self.width, count);
        } else if count <= most {
            return Some((self.width, count - self.wanted));
        } else {
            self.far = Some((self.width, count));
        }
        let Some((far, found)) = self.far else {
            // Half as much again as it would take if the rest were as dense.
            let dense = scaled(self.width, self.wanted.saturating_mul(3), count.max(1).saturating_mul(2));
            let next = if count == 0 { self.width.saturating_mul(32) } else { dense };
            self.width = next.clamp(self.width + 1, self.width.saturating_mul(64)).min(self.span);
            return None;
        };
        let (near, before) = self.near;
        if far - near <= 1 {
            return Some((far, found - self.wanted));
        }
        let goal = self.wanted.midpoint(most) - before;
        let step =
            if self.counts <= PROPORTIONAL { scaled(far - near, goal, found - before) } else { (far - near) / 2 };
        self.width = near + step.clamp(1, far - near - 1);
        None
    }
}

/// `value * by / of`, without running over.
fn scaled(value: u64, by: u64, of: u64) -> u64 {
    u64::try_from(u128::from(value) * u128::from(by) / u128::from(of.max(1))).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Where the search ends, and after how many counts, when these sequences (back from the end, from 0) match.
    fn searched(matching: &[u64], wanted: u64, span: u64) -> (u64, u64, u32) {
        let mut search = Search::new(wanted, span);
        loop {
            assert!((1..=span).contains(&search.width));
            let count = matching.iter().filter(|at| **at < search.width).count() as u64;
            if let Some((width, surplus)) = search.counted(count) {
                let held = matching.iter().filter(|at| **at < width).count() as u64;
                assert!(held - surplus == wanted.min(matching.len() as u64), "{held} {surplus}");
                return (width, surplus, search.counts);
            }
            assert!(search.counts < 100);
        }
    }

    #[test]
    fn few_counts_where_what_matches_lies_evenly() {
        for every in [1, 2, 4, 100, 1_000] {
            let matching: Vec<u64> = (0..1_000_000).step_by(every).collect();
            let (_, surplus, counts) = searched(&matching, 500, 1_000_000);
            assert!(surplus <= 500 && counts <= 3, "{every}: {counts} counts");
        }
        assert_eq!(searched(&[], 500, 1_000_000).1, 0);
        assert_eq!(searched(&[999_999], 1, 1_000_000), (1_000_000, 0, 5));
    }

    proptest! {
        #[test]
        fn exactly_so_many_wherever_they_lie(
            heaps in prop::collection::vec((0_u64..50_000, 1_u64..3_000), 0..6), wanted in 1_u64..2_000,
        ) {
            let mut matching: Vec<u64> = heaps.iter().flat_map(|(at, len)| *at..at + len).collect();
            matching.sort_unstable();
            matching.dedup();
            searched(&matching, wanted, 60_000);
        }
    }
}
