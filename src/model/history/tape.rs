//! Samples of one thing in little room: only what changed is written, and what stays the same costs nothing.
//!
//! A tape is a row of closed blocks, which never change again and are shared when a history is copied, and an open one.
//! A block holds runs: the same values seen once or several times. The first run of a block is written whole, each
//! other as what changed:
//!
//! ```text
//! run  = time since the end of the run before, which values changed (a bit each), their differences,
//!        how often the same was seen besides, and then until when, how late it was
//! ```
//!
//! All numbers are varints (LEB128), differences in zigzag. Of a run of equal samples only the first time, the last
//! and the number are kept; the times between are taken to be even.

use std::collections::VecDeque;
use std::sync::Arc;

/// Runs of a block: so much is decoded to read one of them.
const BLOCK: u16 = 64;
/// Room is added to the open block in steps of this many bytes.
const STEP: usize = 128;
/// What a closed block costs besides its bytes.
const BLOCK_COST: usize = 72;

/// The same values, seen once or several times.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Run<const N: usize> {
    /// When they were seen first, in microseconds since the epoch.
    pub(super) from: i64,
    /// When they were seen last.
    pub(super) to: i64,
    /// How often.
    pub(super) count: u32,
    /// How long the answer took that was the last, in microseconds.
    pub(super) late: u32,
    /// The values.
    pub(super) values: [u64; N],
}

impl<const N: usize> Run<N> {
    /// One sample.
    pub(super) const fn one(at: i64, late: u32, values: [u64; N]) -> Self {
        Self { from: at, to: at, count: 1, late, values }
    }

    /// The part of it until this time; `None` when it begins later.
    pub(super) fn until(self, at: i64) -> Option<Self> {
        if self.to <= at {
            return Some(self);
        }
        if self.from > at {
            return None;
        }
        // Evenly spread: so many of them had been seen.
        let step = (self.to - self.from) / i64::from(self.count.max(2) - 1);
        let seen = (at - self.from) / step.max(1);
        let count = u32::try_from(seen).unwrap_or(u32::MAX - 1) + 1;
        Some(Self { to: self.from + seen * step.max(1), count, ..self })
    }

    /// When the samples of it were taken, the newest first.
    pub(super) fn times(&self) -> impl Iterator<Item = i64> + use<N> {
        let (to, count) = (self.to, self.count.max(1));
        let step = if count > 1 { (self.to - self.from) / i64::from(count - 1) } else { 0 };
        (0..count).map(move |i| to - i64::from(i) * step)
    }
}

/// A closed block.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Block {
    pub(super) first: i64,
    pub(super) last: i64,
    pub(super) runs: u16,
    pub(super) bytes: Arc<[u8]>,
}

/// Runs of one thing, oldest first.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Tape<const N: usize> {
    blocks: VecDeque<Block>,
    /// The runs of the open block that are over, and the beginning of the open one.
    bytes: Vec<u8>,
    /// When the open block begins.
    first: i64,
    runs: u16,
    /// The newest run.
    open: Option<Run<N>>,
    /// Bytes of the closed blocks.
    closed: usize,
}

impl<const N: usize> Default for Tape<N> {
    fn default() -> Self {
        Self { blocks: VecDeque::new(), bytes: Vec::new(), first: 0, runs: 0, open: None, closed: 0 }
    }
}

impl<const N: usize> Tape<N> {
    /// The newest run.
    pub(super) const fn newest(&self) -> Option<&Run<N>> {
        self.open.as_ref()
    }

    /// The end of the newest run.
    pub(super) fn last(&self) -> Option<i64> {
        self.open.map(|run| run.to)
    }

    /// The beginning of the oldest run.
    pub(super) fn begin(&self) -> Option<i64> {
        self.blocks.front().map(|b| b.first).or_else(|| self.open.map(|_| self.first))
    }

    /// Bytes on the heap.
    pub(super) fn held(&self) -> usize {
        self.closed + self.bytes.capacity()
    }

    /// Adds what was seen, which is newer than all else. It belongs to the newest run where the values are the same and
    /// not more than `apart` lies between. True when a block was closed.
    pub(super) fn push(&mut self, run: Run<N>, apart: i64) -> bool {
        let Some(open) = &mut self.open else {
            self.begin_block(run);
            return false;
        };
        if open.values == run.values && run.from - open.to <= apart {
            (open.to, open.late) = (run.to.max(open.to), run.late);
            open.count = open.count.saturating_add(run.count);
            return false;
        }
        let before = *open;
        self.end_run(&before);
        if self.runs >= BLOCK {
            self.close(before.to);
            self.begin_block(run);
            return true;
        }
        self.begin_run(before.to, &before.values, run);
        false
    }

    fn begin_block(&mut self, run: Run<N>) {
        self.first = run.from;
        self.begin_run(run.from, &[0; N], run);
    }

    fn begin_run(&mut self, before: i64, old: &[u64; N], run: Run<N>) {
        if self.bytes.capacity() - self.bytes.len() < STEP / 2 {
            self.bytes.reserve_exact(STEP);
        }
        put(&mut self.bytes, (run.from - before).unsigned_abs());
        let mut changed = 0;
        for (i, (old, new)) in old.iter().zip(&run.values).enumerate() {
            changed |= u64::from(old != new) << i;
        }
        put(&mut self.bytes, changed);
        for (old, new) in old.iter().zip(&run.values).filter(|(old, new)| old != new) {
            put(&mut self.bytes, zigzag(new.wrapping_sub(*old)));
        }
        self.runs += 1;
        self.open = Some(run);
    }

    fn end_run(&mut self, run: &Run<N>) {
        let again = u64::from(run.count.saturating_sub(1));
        put(&mut self.bytes, again);
        if again > 0 {
            put(&mut self.bytes, (run.to - run.from).unsigned_abs());
        }
        put(&mut self.bytes, u64::from(run.late));
    }

    fn close(&mut self, last: i64) {
        let bytes: Arc<[u8]> = Arc::from(&self.bytes[..]);
        self.closed += bytes.len() + BLOCK_COST;
        self.blocks.push_back(Block { first: self.first, last, runs: self.runs, bytes });
        self.bytes = Vec::new();
        self.runs = 0;
    }

    /// Takes the oldest block away if it ended before this time.
    pub(super) fn drop_before(&mut self, at: i64) -> Option<Vec<Run<N>>> {
        if self.blocks.front()?.last >= at {
            return None;
        }
        let block = self.blocks.pop_front()?;
        self.closed = self.closed.saturating_sub(block.bytes.len() + BLOCK_COST);
        Some(block.decode())
    }

    /// All runs that overlap this span of time, oldest first; whole.
    pub(super) fn between(&self, from: i64, to: i64) -> Vec<Run<N>> {
        let mut out = Vec::new();
        for block in self.blocks.iter().filter(|b| b.last >= from && b.first <= to) {
            out.extend(block.decode::<N>());
        }
        if self.first <= to && self.open.is_some_and(|open| open.to >= from) {
            out.extend(self.open_runs());
        }
        out.retain(|run| run.to >= from && run.from <= to);
        out
    }

    /// Calls with each run that begins at this time or before, the newest first, until it says that it has enough.
    /// True when it has.
    pub(super) fn back_from(&self, at: i64, mut enough: impl FnMut(Run<N>) -> bool) -> bool {
        let closed = self.blocks.iter().rev().filter(|b| b.first <= at).map(Block::decode);
        let open = (self.open.is_some() && self.first <= at).then(|| self.open_runs());
        open.into_iter().chain(closed).any(|runs| {
            let mut known = runs.into_iter().rev().filter_map(|run: Run<N>| run.until(at));
            known.any(&mut enough)
        })
    }

    fn open_runs(&self) -> Vec<Run<N>> {
        let mut runs = Vec::new();
        read_runs(&self.bytes, self.first, self.runs.saturating_sub(1), &mut runs);
        runs.extend(self.open);
        runs
    }

    /// Everything, oldest first, as closed blocks.
    pub(super) fn blocks(&self) -> Vec<Block> {
        let mut sealed = Self { bytes: self.bytes.clone(), ..Self::default() };
        (sealed.first, sealed.runs) = (self.first, self.runs);
        if let Some(open) = &self.open {
            sealed.end_run(open);
            sealed.close(open.to);
        }
        self.blocks.iter().chain(&sealed.blocks).cloned().collect()
    }

    /// Everything before what is here, from a file; false when it is not in order.
    pub(super) fn prepend(&mut self, older: Vec<Block>) -> bool {
        for block in older.into_iter().rev() {
            if !block.is_sound::<N>() || self.begin().is_some_and(|begin| block.last > begin) {
                return false;
            }
            // What is newest has to be open.
            if self.open.is_none() {
                for run in block.decode::<N>() {
                    self.push(run, 0);
                }
                continue;
            }
            self.closed += block.bytes.len() + BLOCK_COST;
            self.blocks.push_front(block);
        }
        true
    }
}

impl Block {
    pub(super) fn decode<const N: usize>(&self) -> Vec<Run<N>> {
        let mut runs = Vec::with_capacity(usize::from(self.runs).min(self.bytes.len()));
        read_runs(&self.bytes, self.first, self.runs, &mut runs);
        runs
    }

    /// Whether its bytes are what they claim to be.
    fn is_sound<const N: usize>(&self) -> bool {
        let runs = self.decode::<N>();
        let in_order = runs.iter().zip(runs.iter().skip(1)).all(|(a, b)| a.to <= b.from);
        runs.len() == usize::from(self.runs)
            && self.runs > 0
            && in_order
            && runs.first().is_some_and(|r| r.from == self.first)
            && runs.last().is_some_and(|r| r.to == self.last)
            && runs.iter().all(|r| r.from <= r.to && r.count > 0)
    }
}

/// Reads so many whole runs; fewer where the bytes end or make no sense.
fn read_runs<const N: usize>(mut bytes: &[u8], first: i64, count: u16, out: &mut Vec<Run<N>>) {
    let mut values = [0; N];
    let mut before = first;
    for _ in 0..count {
        let Some(run) = read_run(&mut bytes, before, &mut values) else { return };
        before = run.to;
        out.push(run);
    }
}

fn read_run<const N: usize>(bytes: &mut &[u8], before: i64, values: &mut [u64; N]) -> Option<Run<N>> {
    let from = before.checked_add(i64::try_from(take(bytes)?).ok()?)?;
    let changed = take(bytes)?;
    if N < 64 && changed >> N != 0 {
        return None;
    }
    for (i, value) in values.iter_mut().enumerate() {
        if changed >> i & 1 == 1 {
            *value = value.wrapping_add(unzigzag(take(bytes)?));
        }
    }
    let again = u32::try_from(take(bytes)?).ok()?;
    let lasted = if again > 0 { i64::try_from(take(bytes)?).ok()? } else { 0 };
    let late = u32::try_from(take(bytes)?).ok()?;
    Some(Run { from, to: from.checked_add(lasted)?, count: again.checked_add(1)?, late, values: *values })
}

/// Writes a varint.
pub(super) fn put(out: &mut Vec<u8>, mut n: u64) {
    while n >= 0x80 {
        out.push(n as u8 | 0x80);
        n >>= 7;
    }
    out.push(n as u8);
}

/// Reads a varint; `None` where there is none.
pub(super) fn take(bytes: &mut &[u8]) -> Option<u64> {
    let mut n = 0_u64;
    for shift in (0..64).step_by(7) {
        let (byte, rest) = bytes.split_first()?;
        *bytes = rest;
        n |= u64::from(byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            return Some(n);
        }
    }
    None
}

const fn zigzag(n: u64) -> u64 {
    (n << 1) ^ ((n as i64 >> 63) as u64)
}

const fn unzigzag(n: u64) -> u64 {
    (n >> 1) ^ (n & 1).wrapping_neg()
}

#[cfg(test)]
mod tests;
