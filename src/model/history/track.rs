//! The history of one thing: every poll of the last minutes, and before that one sample a minute.

use super::MINUTE;
use super::tape::{Block, Run, Tape};

/// Samples of one thing, of which value number `MOST` is kept at its greatest where several become one.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Track<const N: usize, const MOST: usize> {
    recent: Tape<N>,
    old: Option<Box<Old<N>>>,
}

/// One sample a minute.
#[derive(Clone, Debug, Default, PartialEq)]
struct Old<const N: usize> {
    tape: Tape<N>,
    /// The newest of its minute so far.
    carry: Option<Run<N>>,
}

impl<const N: usize, const MOST: usize> Track<N, MOST> {
    /// The newest sample.
    pub(super) fn newest(&self) -> Option<&Run<N>> {
        self.recent.newest()
    }

    /// When something was seen last.
    pub(super) fn last(&self) -> Option<i64> {
        self.recent.last()
    }

    /// How far back it reaches.
    pub(super) fn begin(&self) -> Option<i64> {
        let old = self.old.as_deref();
        let carry = old.and_then(|o| o.carry).map(|run| run.from);
        old.and_then(|o| o.tape.begin()).or(carry).or_else(|| self.recent.begin())
    }

    /// Bytes on the heap.
    pub(super) fn held(&self) -> usize {
        let old = self.old.as_ref().map_or(0, |old| size_of::<Old<N>>() + old.tape.held());
        self.recent.held() + old
    }

    /// Adds a sample that is newer than all others. When a block is full, those that ended before `thin` become one
    /// sample a minute.
    pub(super) fn push(&mut self, sample: Run<N>, apart: i64, thin: i64) {
        if self.recent.push(sample, apart) {
            self.thin(thin);
        }
    }

    /// What ended before this time becomes one sample a minute.
    pub(super) fn thin(&mut self, before: i64) {
        while let Some(runs) = self.recent.drop_before(before) {
            let old = self.old.get_or_insert_default();
            for run in runs {
                old.add::<MOST>(run);
            }
        }
    }

    /// What ended before this time is forgotten.
    pub(super) fn forget(&mut self, before: i64) {
        if let Some(old) = &mut self.old {
            while old.tape.drop_before(before).is_some() {}
        }
    }

    /// Only the newest sample stays.
    pub(super) fn collapse(&mut self) {
        let newest = self.newest().copied();
        *self = Self::default();
        if let Some(run) = newest {
            self.recent.push(run, 0);
        }
    }

    /// Both at once.
    pub(super) fn trim(&mut self, thin: i64, forget: i64) {
        self.thin(thin);
        self.forget(forget);
    }

    /// All runs that overlap this span, oldest first; whole.
    pub(super) fn between(&self, from: i64, to: i64) -> Vec<Run<N>> {
        let mut out = Vec::new();
        if let Some(old) = &self.old {
            out = old.tape.between(from, to);
            out.extend(old.carry.filter(|run| run.to >= from && run.from <= to));
        }
        out.extend(self.recent.between(from, to));
        out
    }

    /// Calls with each run that begins at this time or before, the newest first, until it says that it has enough.
    pub(super) fn back_from(&self, at: i64, mut enough: impl FnMut(Run<N>) -> bool) {
        if self.recent.back_from(at, &mut enough) {
            return;
        }
        if let Some(old) = &self.old {
            if old.carry.and_then(|run| run.until(at)).is_some_and(&mut enough) {
                return;
            }
            old.tape.back_from(at, &mut enough);
        }
    }

    /// Everything as blocks: one sample a minute, then every poll.
    pub(super) fn blocks(&self) -> (Vec<Block>, Vec<Block>) {
        let old = self.old.as_ref().map_or_else(Vec::new, |old| {
            let mut tape = old.tape.clone();
            if let Some(run) = old.carry {
                tape.push(run, APART);
            }
            tape.blocks()
        });
        (old, self.recent.blocks())
    }

    /// Puts what a file has before what is known; false where that makes no sense.
    pub(super) fn prepend(&mut self, (minutes, recent): (Vec<Block>, Vec<Block>)) -> bool {
        if !self.recent.prepend(recent) {
            return false;
        }
        if minutes.is_empty() {
            return true;
        }
        let ends = minutes.last().map(|block| block.last);
        let old = self.old.get_or_insert_default();
        ends <= self.recent.begin() && old.carry.is_none() && old.tape.prepend(minutes)
    }
}

/// Minutes that follow each other are not further apart.
const APART: i64 = 2 * MINUTE;

impl<const N: usize> Old<N> {
    /// Takes a run in: the newest sample of each minute stays, and with it the greatest of one of its values.
    fn add<const MOST: usize>(&mut self, mut run: Run<N>) {
        let minute = |at: i64| at.div_euclid(MINUTE);
        let whole = |run: &Run<N>| minute(run.from) != minute(run.to);
        if whole(&run) {
            run.count = u32::try_from(minute(run.to) - minute(run.from) + 1).unwrap_or(u32::MAX);
        } else {
            (run.from, run.count) = (run.to, 1);
        }
        if let Some(carry) = self.carry.take() {
            if minute(carry.to) == minute(run.from) && !whole(&carry) {
                if let (Some(most), Some(before)) = (run.values.get_mut(MOST), carry.values.get(MOST)) {
                    *most = (*most).max(*before);
                }
            } else {
                self.tape.push(carry, APART);
            }
        }
        self.carry = Some(run);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: i64 = 1_000_000;

    #[test]
    fn what_is_old_is_kept_once_a_minute() {
        let mut track = Track::<2, 1>::default();
        for second in 0..3_600 {
            let sample = Run::one(second * SECOND, 0, [second as u64, (second % 7) as u64]);
            track.push(sample, 10 * SECOND, (second - 900) * SECOND);
        }
        let all = track.between(i64::MIN, i64::MAX);
        assert!(all.iter().zip(all.iter().skip(1)).all(|(a, b)| a.to < b.from), "in order");
        let recent = all.iter().filter(|run| run.from >= 2_700 * SECOND).count();
        assert_eq!(recent, 900, "every poll of the last 15 minutes");
        let old: Vec<_> = all.iter().filter(|run| run.to < 2_600 * SECOND).collect();
        assert_eq!(old.len(), 2_600 / 60);
        for run in old {
            // The newest of its minute, and the most of what is kept at its most.
            assert_eq!((run.values[0] % 60, run.values[1], run.count), (59, 6, 1), "{run:?}");
        }
        assert_eq!(track.begin(), Some(59 * SECOND));
    }

    #[test]
    fn minutes_go_by_the_block() {
        let mut track = Track::<1, 0>::default();
        for second in 0..14_400 {
            track.push(Run::one(second * SECOND, 0, [second as u64]), 0, (second - 300) * SECOND);
        }
        track.forget(7_200 * SECOND);
        let begin = track.begin().unwrap() / SECOND;
        assert!((3_600..=7_200).contains(&begin), "{begin}");
    }

    #[test]
    fn what_never_changes_is_one_run_for_ever() {
        let mut track = Track::<2, 1>::default();
        for second in 0..86_400 {
            track.push(Run::one(second * SECOND, 0, [1, 1]), 10 * SECOND, (second - 900) * SECOND);
        }
        let all = track.between(i64::MIN, i64::MAX);
        assert_eq!(all.iter().map(|r| (r.from, r.to, r.count)).collect::<Vec<_>>(), [(0, 86_399 * SECOND, 86_400)]);
        assert!(track.held() < 200, "{}", track.held());
    }

    #[test]
    fn looking_back_goes_on_in_the_minutes() {
        let mut track = Track::<1, 0>::default();
        for second in 0..1_800 {
            track.push(Run::one(second * SECOND, 0, [second as u64]), 0, (second - 300) * SECOND);
        }
        let mut seen = vec![];
        track.back_from(1_500 * SECOND + 1, |run| {
            seen.push(run.to / SECOND);
            false
        });
        assert_eq!(seen.first(), Some(&1_500));
        assert!(seen.is_sorted_by(|a, b| a > b) && seen.ends_with(&[119, 59]), "{seen:?}");
    }
}
