//! Bounds on lists that come in pages: a server whose list does not end is told so, and asked no more.

use std::sync::atomic::{AtomicUsize, Ordering};

use crate::model::{Problem, ProblemKind, units};

use super::ask::Words;

/// The least that an item of a list counts for, in bytes.
pub(super) const LEAST: usize = 1 << 10;
/// The most bytes of all pages of one list: some 50,000 consumers.
const LIST: usize = 48 << 20;
/// The most bytes of the lists of one sweep over all streams.
const SWEEP: usize = 96 << 20;
/// The most pages of one list; a server puts 256 on each.
const PAGES: u32 = 1_024;
/// Pages in a row that bring no new name. Lists move while they are read, but not by several pages.
const STALE: u32 = 3;

/// The pages of one list so far.
#[derive(Debug, Default)]
pub(super) struct Pages {
    count: u32,
    bytes: usize,
    stale: u32,
}

impl Pages {
    /// A page came, with so many names that were not there before. An error where the list is not to be read on.
    pub(super) fn took(&mut self, words: Words<'_>, bytes: usize, new: usize) -> Result<(), Problem> {
        self.count += 1;
        self.bytes += bytes;
        self.stale = if new == 0 { self.stale + 1 } else { 0 };
        let why = if self.stale >= STALE {
            format!("{STALE} pages in a row brought nothing new")
        } else if self.bytes > LIST {
            format!("it has more than {}", units::bytes(LIST as u64))
        } else if self.count >= PAGES {
            format!("it has more than {PAGES} pages")
        } else {
            return Ok(());
        };
        Err(endless(words, &why))
    }

    /// Bytes of all pages.
    pub(super) const fn bytes(&self) -> usize {
        self.bytes
    }
}

/// What the lists of one sweep have together.
#[derive(Debug, Default)]
pub(super) struct Sweep(AtomicUsize);

impl Sweep {
    /// Whether another list may be read.
    pub(super) fn may_go_on(&self, words: Words<'_>) -> Result<(), Problem> {
        if self.0.load(Ordering::Relaxed) <= SWEEP {
            return Ok(());
        }
        Err(endless(words, &format!("all lists together have more than {}", units::bytes(SWEEP as u64))))
    }

    /// A page of a list was read.
    pub(super) fn took(&self, bytes: usize) {
        self.0.fetch_add(bytes, Ordering::Relaxed);
    }
}

fn endless(words: Words<'_>, why: &str) -> Problem {
    Problem::new(ProblemKind::Unreadable, format!("{words}: the server's list does not end: {why}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_end() {
        let mut pages = Pages::default();
        for n in 0..900 {
            assert!(pages.took(&"x", 300, usize::from(n % 3 == 0)).is_ok(), "{n}");
        }
        assert!((0..200).any(|_| pages.took(&"x", 300, 1).is_err()), "too many pages");
        let mut pages = Pages::default();
        assert!((0..STALE).any(|_| pages.took(&"x", 300, 0).is_err()), "nothing new");
        let said = Pages::default().took(&"the list", LIST + 1, 256).unwrap_err().sentence;
        assert_eq!(said, "the list: the server's list does not end: it has more than 48Mi");
    }
}
