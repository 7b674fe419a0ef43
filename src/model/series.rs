//! Rings of samples, and the rates that follow from them. Counter resets never give a negative rate.

use std::collections::VecDeque;
use std::time::Duration;

use super::{Account, Stream, Timestamp};

/// Two answers within less than this (a screen was opened between two polls) say nothing about a rate: what
/// comes in bursts would be shown as 0, or as many times what it is.
const CLOSEST: Duration = Duration::from_millis(500);

/// A sample has a time; newer samples come later.
pub trait Sample {
    /// When it was taken.
    fn at(&self) -> Timestamp;
}

/// How long until `used` has grown to `max` at this growth per second; `None` where it does not grow, is there already,
/// or would take longer than a person lives.
pub fn until_full(used: u64, max: u64, per_second: Option<f64>) -> Option<Duration> {
    let per_second = per_second.filter(|rate| *rate > 0.0)?;
    let seconds = max.checked_sub(used).filter(|left| *left > 0)? as f64 / per_second;
    (seconds < 3.0e9).then(|| Duration::from_secs_f64(seconds))
}

/// A bounded ring of samples, oldest first.
#[derive(Clone, Debug, PartialEq)]
pub struct Series<T> {
    samples: VecDeque<T>,
    capacity: usize,
}

/// Samples that are kept where nothing else is said.
const DEFAULT_SAMPLES: usize = 24;

impl<T: Sample> Default for Series<T> {
    fn default() -> Self {
        Self::new(DEFAULT_SAMPLES)
    }
}

impl<T: Sample> Series<T> {
    /// An empty ring that keeps at most `capacity` samples (at least 2).
    pub fn new(capacity: usize) -> Self {
        Self { samples: VecDeque::new(), capacity: capacity.max(2) }
    }

    /// Adds a sample. It replaces those that are not older, so that neither a late answer nor a clock that was
    /// set back puts time in disorder.
    pub fn push(&mut self, sample: T) {
        while self.samples.back().is_some_and(|last| last.at() >= sample.at()) {
            self.samples.pop_back();
        }
        while self.samples.len() >= self.capacity {
            self.samples.pop_front();
        }
        self.samples.push_back(sample);
    }

    /// Keeps more (or fewer) samples from now on; the newest stay.
    pub fn resize(&mut self, capacity: usize) {
        self.capacity = capacity.max(2);
        while self.samples.len() > self.capacity {
            self.samples.pop_front();
        }
    }

    /// Forgets everything, for a thing that was deleted and made again.
    pub fn clear(&mut self) {
        self.samples.clear();
    }

    /// Oldest to newest.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = &T> + ExactSizeIterator {
        self.samples.iter()
    }

    /// The newest sample.
    pub fn last(&self) -> Option<&T> {
        self.samples.back()
    }

    /// How many samples there are.
    pub fn len(&self) -> usize {
        self.samples.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.samples.is_empty()
    }

    /// Growth of a counter per second over the last `window`; `None` with fewer than two samples.
    ///
    /// The window is measured back from the newest sample and always spans at least two samples. A counter
    /// that fell (a stream made again) starts anew at that point.
    pub fn rate(&self, window: Duration, counter: impl Fn(&T) -> u64) -> Option<f64> {
        rate(self.samples.iter().rev(), window, counter)
    }

    /// Rates between samples, oldest first, each with the time of its newer sample. Samples that follow each
    /// other too closely to say how fast something goes are left out.
    pub fn rates(&self, counter: impl Fn(&T) -> u64) -> Vec<(Timestamp, f64)> {
        rates(self.samples.iter(), counter)
    }
}

/// Growth of a counter per second, of samples from the newest back; see [`Series::rate`].
pub(super) fn rate<'a, T: Sample + 'a>(
    mut newest_first: impl Iterator<Item = &'a T>,
    window: Duration,
    counter: impl Fn(&T) -> u64,
) -> Option<f64> {
    let newest = newest_first.next()?;
    let mut later = newest;
    let mut grown = 0_u64;
    let mut from = None;
    for sample in newest_first {
        let Some(step) = counter(later).checked_sub(counter(sample)) else { break };
        if from.is_some() && newest.at().since(sample.at()) > window {
            break;
        }
        grown += step;
        from = Some(sample.at());
        later = sample;
    }
    let seconds = newest.at().seconds_since(from?);
    (seconds > 0.0).then(|| grown as f64 / seconds)
}

/// Rates between samples, oldest first; see [`Series::rates`].
pub(super) fn rates<'a, T: Sample + 'a>(
    mut samples: impl Iterator<Item = &'a T>,
    counter: impl Fn(&T) -> u64,
) -> Vec<(Timestamp, f64)> {
    let Some(mut before) = samples.next() else { return Vec::new() };
    let mut out = Vec::new();
    for sample in samples {
        let seconds = sample.at().seconds_since(before.at());
        if seconds < CLOSEST.as_secs_f64() {
            continue;
        }
        let grown = counter(sample).saturating_sub(counter(before)) as f64;
        out.push((sample.at(), grown / seconds));
        before = sample;
    }
    out
}

/// What is kept of a stream at each poll.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StreamSample {
    /// When.
    pub at: Timestamp,
    /// Messages held.
    pub messages: u64,
    /// Bytes held.
    pub bytes: u64,
    /// The last sequence: a counter of everything ever stored.
    pub last_seq: u64,
    /// The first sequence.
    pub first_seq: u64,
    /// How many messages it is behind what it mirrors or sources, all together.
    pub upstream_lag: u64,
}

impl From<&Stream> for StreamSample {
    fn from(s: &Stream) -> Self {
        Self {
            at: s.taken,
            messages: s.state.messages,
            bytes: s.state.bytes,
            last_seq: s.state.last_seq,
            first_seq: s.state.first_seq,
            upstream_lag: s.mirror.iter().chain(&s.sources).fold(0, |sum, up| sum.saturating_add(up.lag)),
        }
    }
}

impl Sample for StreamSample {
    fn at(&self) -> Timestamp {
        self.at
    }
}

/// What is kept of the account at each poll.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AccountSample {
    /// When.
    pub at: Timestamp,
    /// Requests of its API so far.
    pub api_total: u64,
    /// Those that were answered with an error.
    pub api_errors: u64,
    /// Bytes on disk.
    pub storage: u64,
    /// Bytes in memory.
    pub memory: u64,
}

impl AccountSample {
    /// Of this account, read at this time.
    pub const fn new(account: &Account, at: Timestamp) -> Self {
        Self {
            at,
            api_total: account.api_total,
            api_errors: account.api_errors,
            storage: account.whole.storage,
            memory: account.whole.memory,
        }
    }
}

impl Sample for AccountSample {
    fn at(&self) -> Timestamp {
        self.at
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(secs: i64, last_seq: u64) -> StreamSample {
        StreamSample { at: Timestamp::from_secs(secs), messages: 0, bytes: 0, last_seq, first_seq: 1, upstream_lag: 0 }
    }

    fn series(samples: &[(i64, u64)]) -> Series<StreamSample> {
        let mut series = Series::new(10);
        for &(t, n) in samples {
            series.push(at(t, n));
        }
        series
    }

    fn rate(samples: &[(i64, u64)], window: u64) -> Option<f64> {
        series(samples).rate(Duration::from_secs(window), |s| s.last_seq)
    }

    #[test]
    fn one_sample_gives_no_rate() {
        assert_eq!(rate(&[], 10), None);
        assert_eq!(rate(&[(1, 5)], 10), None);
        assert_eq!(rate(&[(1, 5), (3, 15)], 10), Some(5.0));
    }

    #[test]
    fn the_window_bounds_the_rate() {
        assert_eq!(rate(&[(0, 0), (10, 1000), (11, 1001), (12, 1002)], 2), Some(1.0));
        // Samples further apart than the window: the last step still counts.
        assert_eq!(rate(&[(0, 0), (100, 1000)], 2), Some(10.0));
    }

    #[test]
    fn a_reset_starts_anew() {
        assert_eq!(rate(&[(0, 100), (1, 110), (2, 0), (3, 4)], 10), Some(4.0));
        assert_eq!(rate(&[(0, 100), (1, 5)], 10), None);
        assert!(series(&[(0, 100), (1, 5)]).rates(|s| s.last_seq).iter().all(|(_, r)| *r == 0.0));
    }

    #[test]
    fn samples_that_follow_closely_make_no_rate_of_their_own() {
        let mut s = Series::new(10);
        for (ms, n) in [(0, 0), (1_000, 10), (1_050, 20), (2_000, 30), (2_010, 30)] {
            s.push(StreamSample { at: Timestamp(ms * 1_000_000), ..at(0, n) });
        }
        assert_eq!(s.rates(|s| s.last_seq).iter().map(|r| r.1).collect::<Vec<_>>(), [10.0, 20.0]);
    }

    #[test]
    fn what_does_not_grow_is_never_full() {
        assert_eq!(until_full(90, 100, Some(2.0)), Some(Duration::from_secs(5)));
        for (used, rate) in [(90, None), (90, Some(0.0)), (90, Some(-1.0)), (100, Some(1.0)), (101, Some(1.0))] {
            assert_eq!(until_full(used, 100, rate), None, "{used} {rate:?}");
        }
        assert_eq!(until_full(0, u64::MAX, Some(0.001)), None);
    }

    #[test]
    fn a_late_answer_does_not_turn_time_back() {
        let mut s = series(&[(5, 50)]);
        s.push(at(4, 40));
        assert_eq!(s.len(), 1);
        // The clock was set back: what is ahead of it would hide the rate until the ring has turned over.
        let mut back = series(&[(100, 1), (101, 2), (102, 3)]);
        back.push(at(50, 4));
        back.push(at(52, 8));
        assert_eq!(back.rate(Duration::from_secs(10), |s| s.last_seq), Some(2.0));
        for t in 6..30 {
            s.push(at(t, t as u64));
        }
        assert_eq!(s.len(), 10);
    }
}
