//! What of a tail is selected and in view. It follows the end, or it stands still: then nothing moves by itself.
//!
//! Messages are known by their numbers, never by rows. What is wished for is kept as it is and looked up when it is
//! needed, so that a filter that comes and goes brings the selection back to where it was.

use std::ops::Range;

/// A list that grows at its end and is given up at its beginning, of which a filter shows some: each item has a
/// number of its own, in order.
pub trait Listed {
    /// How many items are shown.
    fn count(&self) -> usize;
    /// Where the shown item of this number stands, or where it would.
    fn place(&self, at: u64) -> usize;
    /// The number of the shown item that stands there.
    fn number(&self, index: usize) -> Option<u64>;
    /// The number that the next item gets.
    fn next(&self) -> u64;
}

/// Where a tail stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cursor {
    /// The end is followed; what comes moves the list.
    follows: bool,
    /// The number of the selected message.
    selected: u64,
    /// The number of the first message in view.
    top: u64,
    /// Lines in view.
    height: usize,
    /// The number that the next message had when following stopped: those from there on are new. None while what
    /// was stored before is still being read.
    since: Option<u64>,
    /// What was stored before is read.
    live: bool,
}

impl Cursor {
    /// At the end, following; or at the beginning, standing still.
    pub const fn new(follows: bool) -> Self {
        Self { follows, selected: 0, top: 0, height: 1, since: None, live: false }
    }

    /// Whether the end is followed.
    pub const fn follows(&self) -> bool {
        self.follows
    }

    /// Lines in view.
    pub const fn height(&self) -> usize {
        self.height
    }

    /// How many lines fit.
    pub fn set_height(&mut self, height: usize) {
        self.height = height.max(1);
    }

    /// Where the selected message stands among the shown ones; the nearest where it is not shown. `None` when
    /// nothing is shown.
    pub fn index(&self, list: &impl Listed) -> Option<usize> {
        let last = list.count().checked_sub(1)?;
        Some(if self.follows { last } else { list.place(self.selected).min(last) })
    }

    /// Which of the shown messages are in view.
    pub fn window(&self, list: &impl Listed) -> Range<usize> {
        let all = list.count();
        let most = all.saturating_sub(self.height);
        let Some(index) = self.index(list) else { return 0..0 };
        let top = if self.follows { most } else { list.place(self.top).min(most) };
        let top = top.min(index).max((index + 1).saturating_sub(self.height));
        top..(top + self.height).min(all)
    }

    /// How many messages came since following stopped, of those that are shown.
    pub fn news(&self, list: &impl Listed) -> usize {
        list.count() - self.before_news(list)
    }

    /// How many of the shown messages are not new: what stands still while nothing is followed.
    pub fn before_news(&self, list: &impl Listed) -> usize {
        match self.since {
            Some(since) if !self.follows => list.place(since),
            _ => list.count(),
        }
    }

    /// All that was stored before is read: what comes from now on is new.
    pub fn caught_up(&mut self, list: &impl Listed) {
        self.live = true;
        if !self.follows {
            self.since.get_or_insert(list.next());
        }
    }

    /// Stands still from now on, with what is in view.
    pub fn stop(&mut self, list: &impl Listed) {
        if self.follows {
            let window = self.window(list);
            self.look_at(list, window.start, window.end.saturating_sub(1));
            self.since = self.live.then_some(list.next());
            self.follows = false;
        }
    }

    /// Follows the end again.
    pub const fn follow(&mut self) {
        self.follows = true;
    }

    /// Moves by so many messages. Down from the last follows the end again; whether that is so.
    pub fn step(&mut self, list: &impl Listed, by: isize) {
        let Some(index) = self.index(list) else { return };
        let last = list.count() - 1;
        if by > 0 && (self.follows || index == last) {
            self.follow();
            return;
        }
        self.stop(list);
        let next = index.saturating_add_signed(by).min(last);
        let window = self.window(list);
        let top = window.start.min(next).max((next + 1).saturating_sub(self.height));
        self.look_at(list, top, next);
    }

    /// Moves by so many screens.
    pub fn page(&mut self, list: &impl Listed, by: isize) {
        self.step(list, by * isize::try_from(self.height.saturating_sub(1).max(1)).unwrap_or(1));
    }

    /// To the first message.
    pub fn first(&mut self, list: &impl Listed) {
        if list.count() == 0 {
            return;
        }
        self.stop(list);
        self.look_at(list, 0, 0);
    }

    /// Selects the message of this number; it comes into the middle where it was not in view.
    pub fn select(&mut self, list: &impl Listed, at: u64) {
        self.stop(list);
        let next = list.place(at);
        let window = self.window(list);
        let top = if window.contains(&next) { window.start } else { next.saturating_sub(self.height / 2) };
        self.look_at(list, top, next);
        self.selected = at;
    }

    fn look_at(&mut self, list: &impl Listed, top: usize, selected: usize) {
        if let (Some(top), Some(selected)) = (list.number(top), list.number(selected)) {
            self.top = top;
            self.selected = selected;
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use proptest::prelude::*;

    use super::super::ring::{Limits, Ring};
    use super::*;
    use crate::model::{Message, Timestamp};

    fn push(ring: &mut Ring, n: u64) {
        for _ in 0..n {
            let message = Message {
                stream: "S".into(),
                seq: ring.read() + 1,
                time: Timestamp(0),
                subject: "s".into(),
                headers: vec![],
                undecodable: None,
                body: "".into(),
            };
            ring.push(Arc::new(message), true, true);
        }
    }

    fn ring(events: usize, n: u64) -> Ring {
        let mut ring = Ring::new(Limits { events, bytes: 1 << 20 });
        push(&mut ring, n);
        ring
    }

    #[test]
    fn it_follows_the_end_until_it_is_moved_and_again_from_the_last() {
        let mut ring = ring(100, 10);
        let mut cursor = Cursor::new(true);
        cursor.caught_up(&ring);
        cursor.set_height(4);
        assert_eq!((cursor.window(&ring), cursor.index(&ring)), (6..10, Some(9)));
        push(&mut ring, 5);
        assert_eq!((cursor.window(&ring), cursor.index(&ring)), (11..15, Some(14)));
        cursor.step(&ring, -1);
        assert!(!cursor.follows());
        push(&mut ring, 7);
        assert_eq!((cursor.window(&ring), cursor.index(&ring), cursor.news(&ring)), (11..15, Some(13), 7));
        cursor.step(&ring, 3);
        assert_eq!((cursor.window(&ring), cursor.index(&ring)), (13..17, Some(16)));
        cursor.step(&ring, 100);
        assert_eq!(cursor.index(&ring), Some(21));
        assert!(!cursor.follows());
        cursor.step(&ring, 1);
        assert!(cursor.follows() && cursor.news(&ring) == 0);
    }

    #[test]
    fn what_is_hidden_for_a_while_is_selected_again() {
        let mut ring = ring(100, 20);
        let mut cursor = Cursor::new(false);
        cursor.set_height(5);
        cursor.select(&ring, 7);
        let window = cursor.window(&ring);
        ring.judge_anew();
        while ring.judge(3, |m| m.seq.is_multiple_of(5)) {}
        assert_eq!(cursor.index(&ring).map(|i| ring.shown()[i].at), Some(9), "the nearest after it");
        ring.judge_anew();
        while ring.judge(3, |_| true) {}
        assert_eq!((cursor.index(&ring), cursor.window(&ring)), (Some(7), window));
    }

    proptest! {
        #[test]
        fn the_selection_is_always_in_view(
            steps in prop::collection::vec((0_u8..9, 0_u64..30), 1..60)
        ) {
            let mut ring = ring(20, 0);
            let mut cursor = Cursor::new(true);
            for (what, n) in steps {
                match what {
                    0 => push(&mut ring, n),
                    1 => cursor.set_height(n as usize),
                    2 => cursor.step(&ring, n as isize),
                    3 => cursor.step(&ring, -(n as isize)),
                    4 => cursor.page(&ring, -1),
                    5 => cursor.first(&ring),
                    6 => cursor.select(&ring, n),
                    7 => cursor.follow(),
                    _ => { ring.judge_anew(); ring.judge(n as usize, |m| m.seq % 3 > 0); }
                }
                let window = cursor.window(&ring);
                match cursor.index(&ring) {
                    Some(index) => prop_assert!(window.contains(&index) && window.end <= ring.shown().len()),
                    None => prop_assert!(window.is_empty() && ring.shown().is_empty()),
                }
            }
        }
    }
}
