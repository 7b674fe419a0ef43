//! The list or text of the screen: which it is, and how one moves and sorts in it.

use crate::health::Level;

use super::columns::{ConsumerColumn, StreamColumn};
use super::table::List;
use super::{App, Screen, StreamTab};

impl App {
    /// The list of the shown screen or panel.
    pub fn list(&self) -> Option<&dyn List> {
        self.screen().and_then(list_of)
    }

    pub(super) fn list_mut(&mut self) -> Option<&mut dyn List> {
        match self.screens.last_mut()? {
            Screen::Streams(s) => Some(&mut s.table),
            Screen::Consumers(s) => Some(&mut s.table),
            Screen::Contexts(s) => Some(&mut s.table),
            Screen::Stream(s) => match s.tab {
                StreamTab::Consumers => Some(&mut s.consumers),
                StreamTab::Subjects => Some(&mut s.subjects),
                _ => None,
            },
            Screen::Replays(s) => Some(&mut s.table),
            Screen::Activity(s) => Some(s.view_mut()),
            Screen::Stuck(s) => Some(&mut s.table),
            Screen::Problems(s) if !s.zoomed => Some(&mut s.table),
            Screen::Problems(_)
            | Screen::Consumer(_)
            | Screen::Tail(_)
            | Screen::Help(_)
            | Screen::ReplayForm(_)
            | Screen::ReplayPlan(_)
            | Screen::ReplayRun(_)
            | Screen::Reposition(_) => None,
        }
    }

    /// Whether the shown list has rows that can be wrong.
    pub(super) fn has_problem_rows(&self) -> bool {
        match self.screen() {
            Some(Screen::Streams(_) | Screen::Consumers(_) | Screen::Activity(_)) => true,
            Some(Screen::Problems(s)) => !s.zoomed,
            Some(Screen::Stream(s)) => s.tab == StreamTab::Consumers,
            _ => false,
        }
    }

    /// Titles of the columns that the shown list can be sorted by, in lower case; empty where it cannot.
    pub fn sort_titles(&self) -> Vec<&'static str> {
        match self.screen() {
            Some(Screen::Streams(_)) => StreamColumn::ALL
                .iter()
                .map(|c| if *c == StreamColumn::State { "STATUS" } else { c.spec().title })
                .collect(),
            Some(Screen::Consumers(_)) => consumer_titles(),
            Some(Screen::Stream(s)) if s.tab == StreamTab::Consumers => consumer_titles(),
            Some(Screen::Stream(s)) if s.tab == StreamTab::Subjects => vec!["SUBJECT", "MSGS"],
            _ => vec![],
        }
    }

    pub(super) fn next_sort(&mut self) {
        let count = self.sort_titles().len();
        let order = self.list().map(List::order);
        if let (true, Some((column, _))) = (count > 0, order) {
            // Some columns show the same thing twice (a trend and its rate): those are passed.
            let mut next = (column + 1) % count;
            while self.is_twin(next) {
                next = (next + 1) % count;
            }
            self.sort_by_index(next);
        }
    }

    fn is_twin(&self, column: usize) -> bool {
        match self.screen() {
            Some(Screen::Streams(_)) => {
                matches!(StreamColumn::ALL.get(column), Some(StreamColumn::Trend | StreamColumn::Words))
            }
            Some(Screen::Consumers(_)) => matches!(ConsumerColumn::ALL.get(column), Some(ConsumerColumn::Verdict)),
            Some(Screen::Stream(s)) if s.tab == StreamTab::Consumers => {
                matches!(ConsumerColumn::ALL.get(column), Some(ConsumerColumn::Verdict | ConsumerColumn::Stream))
            }
            _ => false,
        }
    }

    pub(super) fn sort_by_index(&mut self, column: usize) {
        let large_first = match self.screen() {
            Some(Screen::Streams(_)) => StreamColumn::ALL.get(column).is_some_and(|c| c.spec().large_first),
            Some(Screen::Consumers(_)) => ConsumerColumn::ALL.get(column).is_some_and(|c| c.spec().large_first),
            Some(Screen::Stream(s)) if s.tab == StreamTab::Subjects => column == 1,
            Some(Screen::Stream(_)) => ConsumerColumn::ALL.get(column).is_some_and(|c| c.spec().large_first),
            _ => false,
        };
        let title = self.sort_titles().get(column).map(|t| t.to_lowercase()).unwrap_or_default();
        if let Some(list) = self.list_mut() {
            list.sort_by(column, large_first);
            self.urgent = true;
            self.tell(Level::Ok, format!("sorted by {title}"));
        }
    }

    pub(super) fn step(&mut self, by: isize) {
        if let Some(list) = self.list_mut() {
            list.step(by);
        } else if let Some(scroll) = self.scroll_mut() {
            scroll.step(by);
        }
    }

    pub(super) fn page(&mut self, by: isize) {
        if let Some(list) = self.list_mut() {
            list.page(by);
        } else if let Some(scroll) = self.scroll_mut() {
            scroll.page(by);
        }
    }

    pub(super) fn go_to_end(&mut self, last: bool) {
        if let Some(list) = self.list_mut() {
            if last { list.last() } else { list.first() }
        } else if let Some(scroll) = self.scroll_mut() {
            if last {
                scroll.last();
            } else {
                scroll.top = 0;
            }
        }
    }

    pub(super) fn scroll_mut(&mut self) -> Option<&mut super::Scroll> {
        match self.screens.last_mut()? {
            Screen::Stream(s) => s.scroll_mut(),
            Screen::Consumer(c) => Some(&mut c.scroll),
            Screen::Help(h) => Some(&mut h.scroll),
            Screen::ReplayPlan(s) => Some(&mut s.scroll),
            Screen::ReplayRun(s) => Some(&mut s.scroll),
            Screen::Reposition(s) => s.scroll_mut(),
            Screen::Problems(s) => Some(&mut s.scroll),
            Screen::Streams(_)
            | Screen::Consumers(_)
            | Screen::Tail(_)
            | Screen::Contexts(_)
            | Screen::ReplayForm(_)
            | Screen::Activity(_)
            | Screen::Stuck(_)
            | Screen::Replays(_) => None,
        }
    }
}

fn consumer_titles() -> Vec<&'static str> {
    ConsumerColumn::ALL.iter().map(|c| if *c == ConsumerColumn::State { "STATUS" } else { c.spec().title }).collect()
}

pub(super) fn list_of(screen: &Screen) -> Option<&dyn List> {
    match screen {
        Screen::Streams(s) => Some(&s.table),
        Screen::Consumers(s) => Some(&s.table),
        Screen::Contexts(s) => Some(&s.table),
        Screen::Stream(s) => match s.tab {
            StreamTab::Consumers => Some(&s.consumers),
            StreamTab::Subjects => Some(&s.subjects),
            _ => None,
        },
        Screen::Replays(s) => Some(&s.table),
        Screen::Activity(s) => Some(s.view()),
        Screen::Stuck(s) => Some(&s.table),
        Screen::Problems(s) if !s.zoomed => Some(&s.table),
        Screen::Problems(_)
        | Screen::Consumer(_)
        | Screen::Tail(_)
        | Screen::Help(_)
        | Screen::ReplayForm(_)
        | Screen::ReplayPlan(_)
        | Screen::ReplayRun(_)
        | Screen::Reposition(_) => None,
    }
}
