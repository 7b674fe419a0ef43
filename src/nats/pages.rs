//! Bounds on lists that come in pages. One that does not end, or is longer than any that could be looked at, is told so:
//! what was read is its beginning.
//!
//! How long a list is the server says with its first page. What it says is what it is held to: a list that is said to be
//! as long as an account can be is read whole, and one that is said to be longer is not read far.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use tokio::sync::{Semaphore, SemaphorePermit};

use crate::model::units::{bytes, count_exact};
use crate::model::{Problem, ProblemKind};

use super::api::SIDE_BY_SIDE;
use super::ask::Words;

/// The most names of a list that is read whole, and of all lists of one sweep together.
const MOST: u64 = 150_000;
/// So many are read where there are said to be more.
const BEGINNING: u64 = 5_120;
/// By so many names, and by a quarter, lists may become longer while they are read.
const GROWS: u64 = 2_560;
/// What a name and all that is said of it have in general, in bytes.
const EACH: u64 = 3 << 10;
/// The most bytes beyond that, of all lists of one sweep.
const BEYOND: u64 = 8 << 20;
/// The most pages of one list; a server puts 256 names on each.
const PAGES: u32 = 1_024;
/// The longest name, in bytes: a server takes 255.
const LONGEST_NAME: usize = 1 << 10;
/// Pages in a row that bring no new name. Lists move while they are read, but not by several pages.
const STALE: u32 = 3;

/// Pages that are asked for side by side before it is known how large they are.
const CAREFUL: usize = 4;
/// Pages that are no larger than this may come side by side as they are asked for.
const SMALL: usize = 512 << 10;

/// What the lists have together that are read together: one list, or those of all streams.
#[derive(Debug)]
pub(super) struct Room {
    /// How many names there are, as the server said first.
    said: AtomicU64,
    /// How many more it said later.
    grown: AtomicU64,
    names: AtomicU64,
    beyond: AtomicU64,
    turns: Semaphore,
    wide: AtomicBool,
}

impl Default for Room {
    fn default() -> Self {
        let [said, grown, names, beyond] = std::array::from_fn(|_| AtomicU64::default());
        Self { said, grown, names, beyond, turns: Semaphore::new(CAREFUL), wide: AtomicBool::default() }
    }
}

impl Room {
    /// Whether another page may be read.
    pub(super) fn may_go_on(&self, words: Words<'_>) -> Result<(), Problem> {
        let names = self.names.load(Ordering::Relaxed);
        let [first, grown] = [&self.said, &self.grown].map(|n| n.load(Ordering::Relaxed));
        if grown > GROWS + first / 4 {
            let [first, grown] = [first, grown].map(count_exact);
            return Err(endless(words, &format!("the server said that there are {first}, and then {grown} more")));
        }
        let said = first.saturating_add(grown).max(names);
        if said > MOST && names >= BEGINNING {
            let [said, most, beginning] = [said, MOST, BEGINNING].map(count_exact);
            return Err(too_long(
                words,
                &format!(
                    "the server says that there are {said}; of more than {most} only the first {beginning} are read"
                ),
            ));
        }
        let beyond = self.beyond.load(Ordering::Relaxed);
        if beyond > BEYOND {
            let [each, beyond] = [EACH, BEYOND].map(bytes);
            return Err(too_long(words, &format!("its items are too large: {beyond} more than {each} each")));
        }
        Ok(())
    }

    /// Waits until another page may be asked for.
    pub(super) async fn turn(&self) -> Option<SemaphorePermit<'_>> {
        // It is never closed.
        self.turns.acquire().await.ok()
    }

    fn came(&self, page: Took) {
        let names = page.names as u64;
        self.names.fetch_add(names, Ordering::Relaxed);
        self.beyond.fetch_add((page.bytes as u64).saturating_sub(names * EACH), Ordering::Relaxed);
        if page.bytes <= SMALL && !self.wide.swap(true, Ordering::Relaxed) {
            self.turns.add_permits(SIDE_BY_SIDE - CAREFUL);
        }
    }
}

/// What a page brought.
#[derive(Clone, Copy, Debug)]
pub(super) struct Took {
    /// How many names the list has, as the server says.
    pub(super) total: u64,
    /// Names on this page.
    pub(super) names: usize,
    /// Those of them that were not on a page before.
    pub(super) new: usize,
    /// Its bytes.
    pub(super) bytes: usize,
}

/// The pages of one list so far.
#[derive(Debug, Default)]
pub(super) struct Pages {
    count: u32,
    stale: u32,
    names: u64,
    /// How long the list is, as the server said: the most of it.
    said: u64,
}

impl Pages {
    /// A page came. An error where the list is not to be read on.
    pub(super) fn took(&mut self, words: Words<'_>, room: &Room, page: Took) -> Result<(), Problem> {
        add(if self.count == 0 { &room.said } else { &room.grown }, page.total.saturating_sub(self.said));
        self.said = self.said.max(page.total);
        self.names += page.names as u64;
        room.came(page);
        self.turned(words, page.new)?;
        if self.names > self.said.saturating_add(GROWS) {
            let [said, names] = [self.said, self.names].map(count_exact);
            return Err(endless(words, &format!("it was said to have {said}, and {names} came")));
        }
        room.may_go_on(words)
    }

    /// A page came, with so many names that were not there before; whatever else was on it.
    pub(super) fn turned(&mut self, words: Words<'_>, new: usize) -> Result<(), Problem> {
        self.count += 1;
        self.stale = if new == 0 { self.stale + 1 } else { 0 };
        if self.stale >= STALE {
            return Err(endless(words, &format!("{STALE} pages in a row brought nothing new")));
        }
        if self.count >= PAGES {
            return Err(endless(words, &format!("it has more than {PAGES} pages")));
        }
        Ok(())
    }
}

/// That a name may be one. Names are kept in many places, so there is no bound on what long ones take together.
pub(super) fn check_name(words: Words<'_>, name: &str) -> Result<(), Problem> {
    if name.len() <= LONGEST_NAME {
        return Ok(());
    }
    let length = bytes(name.len() as u64);
    Err(Problem::new(
        ProblemKind::Unreadable,
        format!("{words}: the answer has a name of {length}, which no server takes"),
    ))
}

fn add(to: &AtomicU64, more: u64) {
    // It never fails: there is always another value.
    let _ = to.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |n| Some(n.saturating_add(more)));
}

fn endless(words: Words<'_>, why: &str) -> Problem {
    Problem::new(ProblemKind::TooLong, format!("{words}: the server's list does not end: {why}"))
}

fn too_long(words: Words<'_>, why: &str) -> Problem {
    Problem::new(ProblemKind::TooLong, format!("{words}: the server's list is too long: {why}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page(total: u64) -> Took {
        Took { total, names: 256, new: 256, bytes: 256 << 10 }
    }

    /// Pages that are read before the list is left, and why.
    fn read(page: impl Fn(u64) -> Took) -> (u64, String) {
        let (mut pages, room) = (Pages::default(), Room::default());
        let left = |n| pages.took(&"the list", &room, page(n)).err().map(|problem| (n + 1, problem.sentence));
        (0..5_000).find_map(left).unwrap()
    }

    #[test]
    fn a_list_that_is_said_to_have_no_end_is_not_read_far() {
        let (pages, why) = read(|_| page(u64::MAX));
        assert_eq!(pages, BEGINNING / 256);
        assert_eq!(
            why,
            "the list: the server's list is too long: the server says that there are 18,446,744,073,709,551,615; of more \
             than 150,000 only the first 5,120 are read"
        );
        // The same said late: it is held to what was said first.
        assert!(read(|n| page(if n < 2 { 1_000 } else { u64::MAX })).0 < BEGINNING / 256);
    }

    #[test]
    fn a_list_is_held_to_what_was_said_of_it_first() {
        let (pages, why) = read(|n| page((n + 2) * 256));
        assert!((10..14).contains(&pages) && why.contains("that there are 512, and then 2,"), "{pages} {why}");
        let (pages, why) = read(|_| Took { names: 2_000, new: 2_000, ..page(512) });
        assert!(pages == 2 && why.contains("said to have 512, and 4,000 came"), "{pages} {why}");
        let (pages, why) = read(|n| Took { new: usize::from(n % 3 == 0), ..page(140_000) });
        assert!(pages > 500 && why.contains("came"), "{pages} {why}");
        let (pages, why) = read(|_| Took { new: 0, ..page(140_000) });
        assert_eq!((pages, why.contains("nothing new")), (3, true));
        let (pages, why) = read(|_| Took { names: 1, new: 1, bytes: 100, ..page(140_000) });
        assert_eq!((pages, why.contains("1024 pages")), (1_024, true));
        let (pages, why) = read(|_| Took { bytes: 8 << 20, ..page(140_000) });
        assert!(pages < 6 && why.contains("too large: 8.0Mi more than 3.0Ki each"), "{pages} {why}");
    }

    #[test]
    fn a_sweep_as_large_as_an_account_can_be_is_read_whole_and_no_larger_one() {
        let room = Room::default();
        let list = |total: u64| {
            let mut pages = Pages::default();
            let mut took = |_| pages.took(&"x", &room, page(total));
            (0..total.div_ceil(256)).all(|n| took(n).is_ok())
        };
        assert!((0..550).all(|_| list(256)));
        assert!((0..100).any(|_| !list(256)));
        assert!(room.may_go_on(&"x").is_err());
    }
}
