//! A history as the bytes of a file, and back. A file that is broken or of something else is refused as a whole.
//!
//! ```text
//! file    = magic, key, newest, number of gaps, gaps, number of streams, streams, account, hash of all before
//! stream  = name, track, number of consumers, consumers
//! track   = blocks of one sample a minute, blocks of every poll
//! ```
//!
//! Configurations are not in it: what is known of those comes with the first poll.

use std::fmt;

use super::shape::{ConsumerThen, GONE, StreamThen};
use super::tape::{Block, put, take};
use super::track::Track;
use super::{History, OfConsumer, OfStream, Room};

/// How a file begins; the number is that of the format.
const MAGIC: &[u8] = b"jetscope history 2\n";
/// The hash at its end.
const HASH: usize = 8;

/// Why a file is not used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Broken {
    /// It is no history, or one of another version.
    Unknown,
    /// It is the history of another server or account.
    Foreign,
    /// It ends early, or bytes of it changed.
    Damaged,
}

impl fmt::Display for Broken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Unknown => "it is no history that this version can read",
            Self::Foreign => "it is the history of another server or account",
            Self::Damaged => "it is damaged",
        })
    }
}

impl History {
    /// The bytes of a file about what `key` names, at most so many: where they would be more, what is old gives way as
    /// it does in memory.
    pub fn encode(&self, key: &str, most: usize) -> Vec<u8> {
        let mut out = self.written(key);
        let mut smaller = self.clone();
        while out.len() > most && smaller.room.minutes > 0 {
            // What is written shrinks with the samples that are held in memory, if not by quite as much.
            let samples: usize = smaller.streams.values().map(OfStream::samples_held).sum();
            let fewer = samples as f64 * most as f64 / out.len() as f64;
            smaller.room.most = smaller.room.held.saturating_sub(samples) + fewer as usize;
            smaller.squeeze();
            out = smaller.written(key);
        }
        out
    }

    fn written(&self, key: &str) -> Vec<u8> {
        let mut out = MAGIC.to_vec();
        put_bytes(&mut out, key.as_bytes());
        put_time(&mut out, self.newest);
        put(&mut out, self.gaps.over.len() as u64);
        for (from, to) in &self.gaps.over {
            put_time(&mut out, *from);
            put_time(&mut out, *to);
        }
        put(&mut out, self.streams.len() as u64);
        for (name, of) in &self.streams {
            put_bytes(&mut out, name.as_bytes());
            put_track(&mut out, &of.track);
            put(&mut out, of.consumers.len() as u64);
            for (name, kept) in &of.consumers {
                put_bytes(&mut out, name.as_bytes());
                put_track(&mut out, &kept.track);
            }
        }
        put_track(&mut out, &self.account);
        let hash = hash(&out);
        out.extend(hash.to_le_bytes());
        out
    }

    /// The history of a file about what `key` names, in this room. Since its end nobody looked.
    pub fn decode(bytes: &[u8], key: &str, room: Room) -> Result<Self, Broken> {
        let rest = bytes.strip_prefix(MAGIC).ok_or(Broken::Unknown)?;
        let (_, end) = bytes.split_at_checked(bytes.len().saturating_sub(HASH)).ok_or(Broken::Damaged)?;
        let mut rest = rest.get(..rest.len().saturating_sub(HASH)).ok_or(Broken::Damaged)?;
        if end != hash(bytes.get(..bytes.len() - HASH).unwrap_or_default()).to_le_bytes() {
            return Err(Broken::Damaged);
        }
        if take_bytes(&mut rest).ok_or(Broken::Damaged)? != key.as_bytes() {
            return Err(Broken::Foreign);
        }
        let mut history = Self::new(room);
        history.read(&mut rest).filter(|()| rest.is_empty()).ok_or(Broken::Damaged)?;
        history.gaps.link(false, history.newest, history.newest);
        history.squeeze();
        Ok(history)
    }

    fn read(&mut self, bytes: &mut &[u8]) -> Option<()> {
        self.newest = take_time(bytes)?;
        for _ in 0..take(bytes)? {
            let (from, to) = (take_time(bytes)?, take_time(bytes)?);
            self.gaps.add(from, to);
        }
        for _ in 0..take(bytes)? {
            let name = take_name(bytes)?;
            let mut of = OfStream { track: take_track(bytes)?, ..OfStream::default() };
            let there = of.track.newest().is_some_and(|run| !StreamThen(run.values).is(GONE));
            let mut room = self.room.take(&name, size_of::<OfStream>());
            self.room.held += of.track.held();
            for _ in 0..take(bytes)? {
                let name = take_name(bytes)?;
                let kept = OfConsumer { track: take_track(bytes)?, info: None };
                room &= self.room.take(&name, size_of::<OfConsumer>());
                self.room.held += kept.track.held();
                let there = kept.track.newest().is_some_and(|run| !ConsumerThen(run.values).is(GONE));
                of.alive += usize::from(there);
                of.consumers.insert(name, kept);
            }
            if !room {
                self.squeeze();
            }
            self.alive += usize::from(there);
            self.streams.insert(name, of);
        }
        self.account = take_track(bytes)?;
        Some(())
    }
}

impl OfStream {
    /// Bytes of its samples and of those of its consumers.
    fn samples_held(&self) -> usize {
        self.track.held() + self.consumers.values().map(|kept| kept.track.held()).sum::<usize>()
    }
}

fn put_track<const N: usize, const M: usize>(out: &mut Vec<u8>, track: &Track<N, M>) {
    let (minutes, recent) = track.blocks();
    for blocks in [minutes, recent] {
        put(out, blocks.len() as u64);
        for block in blocks {
            put_time(out, block.first);
            put_time(out, block.last);
            put(out, u64::from(block.runs));
            put_bytes(out, &block.bytes);
        }
    }
}

fn take_track<const N: usize, const M: usize>(bytes: &mut &[u8]) -> Option<Track<N, M>> {
    let minutes = take_blocks(bytes)?;
    let recent = take_blocks(bytes)?;
    let mut track = Track::default();
    track.prepend((minutes, recent)).then_some(track)
}

fn take_blocks(bytes: &mut &[u8]) -> Option<Vec<Block>> {
    let mut out = Vec::new();
    for _ in 0..take(bytes)? {
        let (first, last) = (take_time(bytes)?, take_time(bytes)?);
        let runs = u16::try_from(take(bytes)?).ok()?;
        out.push(Block { first, last, runs, bytes: take_bytes(bytes)?.into() });
    }
    Some(out)
}

fn put_time(out: &mut Vec<u8>, at: i64) {
    put(out, at as u64);
}

fn take_time(bytes: &mut &[u8]) -> Option<i64> {
    take(bytes).map(|n| n as i64)
}

fn put_bytes(out: &mut Vec<u8>, bytes: &[u8]) {
    put(out, bytes.len() as u64);
    out.extend_from_slice(bytes);
}

fn take_bytes<'a>(bytes: &mut &'a [u8]) -> Option<&'a [u8]> {
    let length = usize::try_from(take(bytes)?).ok()?;
    let (taken, rest) = bytes.split_at_checked(length)?;
    *bytes = rest;
    Some(taken)
}

fn take_name(bytes: &mut &[u8]) -> Option<String> {
    String::from_utf8(take_bytes(bytes)?.to_vec()).ok()
}

/// FNV-1a: what was damaged is noticed, not what was forged.
fn hash(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3))
}
