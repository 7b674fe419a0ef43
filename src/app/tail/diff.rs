//! Two events side by side, line by line.

use crate::app::Scroll;
use crate::event::diff::{Change, DiffLine, diff};
use crate::model::Message;

/// The comparison of two messages.
#[derive(Clone, Debug, PartialEq)]
pub struct DiffView {
    /// Stream and sequence of both, for the heading.
    pub of: [String; 2],
    /// The lines.
    pub lines: Vec<DiffLine>,
    /// Position.
    pub scroll: Scroll,
}

impl DiffView {
    /// Compares the earlier with the later.
    pub(super) fn new(a: &Message, b: &Message) -> Self {
        let (a, b) = if (b.time, b.seq) < (a.time, a.seq) { (b, a) } else { (a, b) };
        let name = |m: &Message| {
            let stream = crate::event::clean_line(&m.stream);
            if a.stream == b.stream { format!("#{}", m.seq) } else { format!("{stream} #{}", m.seq) }
        };
        Self { of: [name(a), name(b)], lines: diff(a, b), scroll: Scroll::default() }
    }

    /// How many lines differ.
    pub fn changes(&self) -> usize {
        self.lines.iter().filter(|line| line.change != Change::Same).count()
    }

    pub(super) fn fit(&mut self, height: usize) {
        self.scroll.fit(self.lines.len(), height);
    }

    /// To the next change after the line in view, or the one before.
    pub(super) fn next_change(&mut self, forward: bool) {
        let starts: Vec<usize> = (0..self.lines.len())
            .filter(|i| self.lines[*i].change != Change::Same && (*i == 0 || self.lines[*i - 1].change == Change::Same))
            .collect();
        let top = self.scroll.top;
        let next = if forward { starts.iter().find(|i| **i > top) } else { starts.iter().rev().find(|i| **i < top) };
        if let Some(next) = next {
            self.scroll.top = 0;
            self.scroll.step(isize::try_from(*next).unwrap_or(0));
        }
    }
}
