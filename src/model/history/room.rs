//! How much room a history has, and what gives way where it is not enough.

use std::time::Duration;

use super::shape::{CONSUMER_FLAGS, GONE, STREAM_FLAGS};
use super::tape::Run;
use super::track::Track;
use super::{History, MINUTE, OfConsumer, OfStream};

/// Polls are kept for so long, at most and at least.
const RECENT: [i64; 2] = [15 * MINUTE, 2 * MINUTE];
/// Minutes are kept for so long, at most and at least.
const MINUTES: [i64; 2] = [24 * 60 * MINUTE, 30 * MINUTE];
/// What a name costs in the map besides its letters.
const ENTRY: usize = 48;
/// What the configuration of a thing takes when it was deleted (a guess), and its first sample; counted from the start.
const FIRST: usize = 1_300;
/// Deleted things that are remembered.
const MOST_GONE: usize = 5_000;

/// How much a history may hold, and does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Room {
    /// Bytes that it may hold.
    pub most: usize,
    /// Bytes that it holds.
    pub held: usize,
    /// Every poll is kept for so long now, in microseconds.
    pub recent: i64,
    /// One sample a minute is kept for so long now, in microseconds.
    pub minutes: i64,
    /// How often something new found no room.
    pub left_out: u64,
}

impl Default for Room {
    fn default() -> Self {
        Self::of(256 << 20)
    }
}

impl Room {
    /// So many bytes.
    pub const fn of(most: usize) -> Self {
        Self { most, held: 0, recent: RECENT[0], minutes: MINUTES[0], left_out: 0 }
    }

    /// So many bytes, or as many as where nothing is said.
    pub fn of_setting(most: usize) -> Self {
        if most == 0 { Self::default() } else { Self::of(most) }
    }

    /// So far back every poll is kept now, and one sample a minute.
    pub const fn reach(&self) -> [Duration; 2] {
        [Duration::from_micros(self.recent.unsigned_abs()), Duration::from_micros(self.minutes.unsigned_abs())]
    }

    /// Takes room for something new; false when there is none.
    pub(super) const fn take(&mut self, name: &str, size: usize) -> bool {
        let wanted = name.len() + size + ENTRY + FIRST;
        let fits = self.held + wanted <= self.most;
        if fits {
            self.held += wanted;
        } else {
            self.left_out += 1;
        }
        fits
    }

    /// Changes a track, and counts what that takes or gives back. The second argument is from when on polls are kept.
    pub(super) fn change<const N: usize, const M: usize>(
        &mut self,
        track: &mut Track<N, M>,
        change: impl FnOnce(&mut Track<N, M>, i64),
    ) {
        let before = track.held();
        let thin = track.last().unwrap_or(0).saturating_sub(self.recent);
        change(track, thin);
        self.held = self.held.saturating_sub(before) + track.held();
    }

    /// Adds a sample. One that is older than the newest says that the clock was set back: then all begins anew.
    pub(super) fn add<const N: usize, const M: usize>(
        &mut self,
        track: &mut Track<N, M>,
        sample: Run<N>,
        apart: i64,
        now: i64,
    ) {
        let thin = now - self.recent;
        self.change(track, |track, _| {
            if track.last().is_some_and(|last| last > sample.from) {
                *track = Track::default();
            }
            track.push(sample, apart, thin);
        });
    }
}

impl History {
    /// Once a minute what is too old goes; and at once where there is too little room.
    pub(super) fn tidy(&mut self) {
        if self.room.held > self.room.most {
            self.squeeze();
        }
        if self.newest.abs_diff(self.tidied) < MINUTE.unsigned_abs() {
            return;
        }
        self.tidied = self.newest;
        if self.room.held < self.room.most / 2 {
            self.room.recent = (self.room.recent.max(MINUTE) * 4 / 3).min(RECENT[0]);
            self.room.minutes = (self.room.minutes.max(MINUTE) * 4 / 3).min(MINUTES[0]);
        }
        self.forget_gone(self.newest - self.room.minutes);
        let too_many = self.gone_since().len().saturating_sub(MOST_GONE);
        if too_many > 0 {
            self.forget_first_gone(too_many);
        }
        self.trim();
    }

    /// Everything is as long as it may be now.
    fn trim(&mut self) {
        let (thin, forget) = (self.newest - self.room.recent, self.newest - self.room.minutes);
        self.gaps.forget(forget);
        let room = &mut self.room;
        for of in self.streams.values_mut() {
            room.change(&mut of.track, |track, _| track.trim(thin, forget));
            for kept in of.consumers.values_mut() {
                room.change(&mut kept.track, |track, _| track.trim(thin, forget));
            }
        }
        room.change(&mut self.account, |track, _| track.trim(thin, forget));
    }

    /// Makes room, see the module.
    pub(super) fn squeeze(&mut self) {
        let enough = self.room.most / 10 * 9;
        while self.room.held > enough {
            let gone = self.gone_since().len();
            if gone > 0 {
                self.forget_first_gone(gone.div_ceil(2));
            } else if self.room.recent > RECENT[1] {
                self.room.recent = (self.room.recent * 3 / 4).max(RECENT[1]);
                self.trim();
            } else if self.room.minutes > MINUTES[1] {
                self.room.minutes = (self.room.minutes * 3 / 4).max(MINUTES[1]);
                self.trim();
            } else if self.room.minutes > 0 {
                (self.room.recent, self.room.minutes) = (0, 0);
                self.trim();
            } else {
                self.collapse();
                return;
            }
        }
    }

    /// Only the newest of everything stays.
    fn collapse(&mut self) {
        let room = &mut self.room;
        for of in self.streams.values_mut() {
            room.change(&mut of.track, |track, _| track.collapse());
            for kept in of.consumers.values_mut() {
                room.change(&mut kept.track, |track, _| track.collapse());
            }
        }
    }

    /// When each thing was deleted that is not there any more.
    fn gone_since(&self) -> Vec<i64> {
        let mut out = Vec::new();
        for of in self.streams.values() {
            out.extend(of.gone());
            out.extend(of.consumers.values().filter_map(OfConsumer::gone));
        }
        out
    }

    fn forget_first_gone(&mut self, count: usize) {
        let mut times = self.gone_since();
        times.sort_unstable();
        if let Some(last) = times.get(count.saturating_sub(1)) {
            self.forget_gone(*last + 1);
        }
    }

    /// What was deleted before this time is as if it had never been.
    fn forget_gone(&mut self, before: i64) {
        let room = &mut self.room;
        let mut give = |name: &str, size: usize, held: usize| {
            room.held = room.held.saturating_sub(name.len() + size + ENTRY + FIRST + held);
        };
        for of in self.streams.values_mut() {
            of.consumers.retain(|name, kept| {
                let keep = kept.gone().is_none_or(|at| at >= before);
                if !keep {
                    give(name, size_of::<OfConsumer>(), kept.track.held());
                }
                keep
            });
        }
        self.streams.retain(|name, of| {
            let over = of.track.last().is_none() || of.gone().is_some_and(|at| at < before);
            let keep = !over || !of.consumers.is_empty();
            if !keep {
                give(name, size_of::<OfStream>(), of.track.held());
            }
            keep
        });
    }
}

impl OfStream {
    /// When it was deleted, if it was.
    fn gone(&self) -> Option<i64> {
        self.track.newest().filter(|run| run.values[STREAM_FLAGS] & GONE != 0).map(|run| run.to)
    }
}

impl OfConsumer {
    /// When it was deleted, if it was.
    fn gone(&self) -> Option<i64> {
        self.track.newest().filter(|run| run.values[CONSUMER_FLAGS] & GONE != 0).map(|run| run.to)
    }
}
