//! What each action does on each screen, and why it does nothing where it does not apply.

use crate::event::clean_line;
use crate::health::Level;
use crate::keymap::Action;

use super::columns::{ConsumerColumn, StreamColumn};
use super::table::List;
use super::why_not::why_not_on;
use super::{
    App, ConsumerScreen, ConsumersScreen, Effect, HelpScreen, Prompt, PromptKind, Screen, StreamScreen, StreamTab,
    StreamsScreen,
};

impl App {
    /// Does an action, or says why it does not apply here.
    pub(super) fn act(&mut self, action: Action, effects: &mut Vec<Effect>) {
        if let Some(reason) = self.why_not(action) {
            self.tell(Level::Notice, reason);
            return;
        }
        self.urgent |= changes_lists(action);
        if action != Action::Quit {
            self.leaving = false;
        }
        if self.act_tail(action) || self.act_replay(action, effects) || self.act_problems(action) {
            // What a key does to a tail is cheap to show.
            self.urgent = true;
            return;
        }
        match action {
            Action::Quit if self.is_held_by_replays() => {}
            Action::Quit => effects.push(Effect::Quit),
            Action::Redraw => effects.push(Effect::Redraw),
            Action::Refresh => {
                effects.push(Effect::Refresh);
                if self.live().link.is_up() {
                    self.tell(Level::Ok, "asking the server for everything");
                } else {
                    self.tell(Level::Notice, "not connected; everything is asked for as soon as the server answers");
                }
            }
            Action::Freeze => self.toggle_freeze(),
            Action::Back => self.back(),
            Action::Help => {
                if matches!(self.screen(), Some(Screen::Help(_))) {
                    self.screens.pop();
                } else {
                    self.open(Screen::Help(HelpScreen::default()));
                }
            }
            Action::Command => {
                self.prompt = Some(Prompt::of(PromptKind::Command, ""));
                if self.contexts.is_none() {
                    // `:context` completes and checks their names.
                    effects.push(Effect::LoadContexts);
                }
            }
            Action::Filter => {
                let text = self.list().map_or("", List::filter).to_owned();
                self.prompt = Some(Prompt::of(PromptKind::Filter, &text));
            }
            Action::Streams => self.go_home(),
            Action::AllConsumers => self.open_all_consumers(),
            Action::AllProblems => self.open_problems(),
            Action::Consumers => self.consumers_of_selection(),
            Action::Contexts => self.open_contexts(effects),
            Action::Open | Action::Right => self.open_selection(action, effects),
            Action::Left => match self.screens.last_mut() {
                Some(Screen::Stream(s)) => s.tab = s.tab.turn(-1),
                Some(Screen::Consumer(c)) => c.turn(),
                _ => self.back(),
            },
            Action::NextPanel | Action::PreviousPanel => {
                let by = if action == Action::NextPanel { 1 } else { -1 };
                match self.screens.last_mut() {
                    Some(Screen::Stream(s)) => s.tab = s.tab.turn(by),
                    Some(Screen::Consumer(c)) => c.turn(),
                    _ => {}
                }
            }
            Action::Up => self.step(-1),
            Action::Down => self.step(1),
            Action::PageUp => self.page(-1),
            Action::PageDown => self.page(1),
            Action::First => self.go_to_end(false),
            Action::Last => self.go_to_end(true),
            Action::Sort => self.next_sort(),
            Action::Reverse => {
                if let Some(list) = self.list_mut() {
                    let (column, descending) = list.order();
                    list.sort_by(column, !descending);
                }
            }
            Action::Group => {
                self.grouped = !self.grouped;
                let words = if self.grouped { "grouped by kind" } else { "not grouped" };
                self.tell(Level::Ok, words);
            }
            Action::System => {
                self.show_system = !self.show_system;
                let words = if self.show_system { "system streams are shown" } else { "system streams are hidden" };
                self.tell(Level::Ok, words);
            }
            Action::Problems if !self.has_problem_rows() => self.open_problems(),
            Action::Problems => {
                let only = self.list_mut().is_some_and(super::table::List::toggle_problems);
                let words = if only { "only what is not well" } else { "all rows" };
                self.tell(Level::Ok, words);
            }
            Action::Mark => {
                if let Some(list) = self.list_mut() {
                    list.toggle_mark();
                }
            }
            Action::Copy => self.copy(effects),
            Action::Tail => self.tail_selection(),
            Action::Replay => self.replay_selection(),
            Action::Replays => self.open_replays(),
            // Tails and problems do these themselves; elsewhere they were refused.
            Action::Cancel
            | Action::Silenced
            | Action::Range
            | Action::Subjects
            | Action::GoTo
            | Action::Expression
            | Action::Only
            | Action::Not
            | Action::Next
            | Action::Previous
            | Action::Relation
            | Action::NextGap
            | Action::PreviousGap
            | Action::MarkRange
            | Action::Diff
            | Action::Columns
            | Action::Shape
            | Action::Save
            | Action::Pager => {}
        }
    }

    /// Why an action does nothing on the shown screen; `None` when it does something.
    pub fn why_not(&self, action: Action) -> Option<String> {
        self.why_not_at(action, self.screen())
    }

    fn why_not_at(&self, action: Action, screen: Option<&Screen>) -> Option<String> {
        let reason = self.why_not_replay(action, screen);
        if reason.is_some() || super::replay::handles(action, screen) {
            return reason;
        }
        why_not_on(action, screen)
    }

    /// Asks once more where replays would be interrupted.
    fn is_held_by_replays(&mut self) -> bool {
        let held = !self.own_replays.is_empty() && !self.leaving;
        if held {
            self.leaving = true;
            let words =
                "a replay runs here; it stops when the console ends and can be resumed: press it again to leave";
            self.tell(Level::Warning, words);
        }
        held
    }

    /// As [`App::why_not`] for the screen that the help is about.
    pub(super) fn why_not_below_help(&self, action: Action) -> Option<String> {
        let below = self.screens.iter().rev().find(|s| !matches!(s, Screen::Help(_)));
        self.why_not_at(action, below)
    }

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
            Screen::Problems(s) if !s.zoomed => Some(&mut s.table),
            Screen::Problems(_)
            | Screen::Consumer(_)
            | Screen::Tail(_)
            | Screen::Help(_)
            | Screen::ReplayForm(_)
            | Screen::ReplayPlan(_)
            | Screen::ReplayRun(_) => None,
        }
    }

    /// Whether the shown list has rows that can be wrong.
    fn has_problem_rows(&self) -> bool {
        match self.screen() {
            Some(Screen::Streams(_) | Screen::Consumers(_)) => true,
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

    fn next_sort(&mut self) {
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

    fn step(&mut self, by: isize) {
        if let Some(list) = self.list_mut() {
            list.step(by);
        } else if let Some(scroll) = self.scroll_mut() {
            scroll.step(by);
        }
    }

    fn page(&mut self, by: isize) {
        if let Some(list) = self.list_mut() {
            list.page(by);
        } else if let Some(scroll) = self.scroll_mut() {
            scroll.page(by);
        }
    }

    fn go_to_end(&mut self, last: bool) {
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

    fn scroll_mut(&mut self) -> Option<&mut super::Scroll> {
        match self.screens.last_mut()? {
            Screen::Stream(s) => s.scroll_mut(),
            Screen::Consumer(c) => Some(&mut c.scroll),
            Screen::Help(h) => Some(&mut h.scroll),
            Screen::ReplayPlan(s) => Some(&mut s.scroll),
            Screen::ReplayRun(s) => Some(&mut s.scroll),
            Screen::Problems(s) => Some(&mut s.scroll),
            Screen::Streams(_)
            | Screen::Consumers(_)
            | Screen::Tail(_)
            | Screen::Contexts(_)
            | Screen::ReplayForm(_)
            | Screen::Replays(_) => None,
        }
    }

    /// One step back: the filter goes first, then marks, then the screen. Never quits.
    fn back(&mut self) {
        if let Some(list) = self.list_mut() {
            if !list.filter().is_empty() {
                list.set_filter("");
                return;
            }
            if list.only_problems() {
                list.toggle_problems();
                return;
            }
            if list.has_marks() {
                list.clear_marks();
                return;
            }
        }
        if self.screens.len() > 1 {
            self.screens.pop();
        } else if self.frozen_at().is_some() {
            self.toggle_freeze();
        } else {
            let quit = self.keymap.shown(Action::Quit).unwrap_or_default();
            self.tell(Level::Notice, format!("this is the first screen; {quit} quits"));
        }
    }

    /// All streams: as they were left, but none is held back.
    fn go_home(&mut self) {
        self.screens.truncate(1);
        match self.screens.first_mut() {
            Some(Screen::Streams(s)) => {
                if s.table.only_problems {
                    List::toggle_problems(&mut s.table);
                }
                List::set_filter(&mut s.table, "");
            }
            _ => self.screens = vec![Screen::Streams(StreamsScreen::default())],
        }
    }

    /// Where a command goes to is reached from the streams, whatever was open.
    pub(super) fn leave_all(&mut self) {
        self.screens.truncate(1);
    }

    fn open_all_consumers(&mut self) {
        if !matches!(self.screen(), Some(Screen::Consumers(_))) {
            self.screens.retain(|s| !matches!(s, Screen::Consumers(_)));
            self.open(Screen::Consumers(ConsumersScreen::default()));
        }
    }

    /// `c`: the consumers of the selected stream; of all streams from anywhere else.
    fn consumers_of_selection(&mut self) {
        let target = match self.screens.last_mut() {
            Some(Screen::Streams(s)) => s.table.selected().cloned(),
            Some(Screen::Problems(s)) => s.selected_place().and_then(|place| place.stream()).map(str::to_owned),
            Some(Screen::Stream(s)) if s.tab != StreamTab::Consumers => {
                s.tab = StreamTab::Consumers;
                return;
            }
            _ => None,
        };
        match target {
            Some(name) => self.open_stream(&name, StreamTab::Consumers),
            None => self.open_all_consumers(),
        }
    }

    pub(super) fn open_stream(&mut self, name: &str, tab: StreamTab) {
        self.open(Screen::Stream(Box::new(StreamScreen::new(name, tab))));
    }

    pub(super) fn open_consumer(&mut self, stream: &str, name: &str) {
        self.open(Screen::Consumer(ConsumerScreen::new(stream, name)));
    }

    fn open_selection(&mut self, action: Action, effects: &mut Vec<Effect>) {
        match self.screens.last_mut() {
            Some(Screen::Streams(s)) => {
                if let Some(name) = s.table.selected().cloned() {
                    self.open_stream(&name, StreamTab::Overview);
                }
            }
            Some(Screen::Consumers(s)) => {
                if let Some((stream, name)) = s.table.selected().cloned() {
                    self.open_consumer(&stream, &name);
                }
            }
            Some(Screen::Stream(s)) if action == Action::Right => s.tab = s.tab.turn(1),
            Some(Screen::Stream(s)) => match s.tab {
                StreamTab::Consumers => {
                    if let Some((stream, name)) = s.consumers.selected().cloned() {
                        self.open_consumer(&stream, &name);
                    }
                }
                StreamTab::Configuration => {
                    s.json = !s.json;
                    s.configuration.top = 0;
                }
                _ => {}
            },
            Some(Screen::Consumer(c)) if action == Action::Right => c.turn(),
            Some(Screen::Contexts(s)) if action == Action::Open => {
                if let Some(name) = s.table.selected().cloned() {
                    self.switch_to(&name, effects);
                }
            }
            _ => {}
        }
    }

    pub(super) fn switch_to(&mut self, name: &str, effects: &mut Vec<Effect>) {
        if let Some(Ok(contexts)) = &self.contexts
            && let Some(error) = contexts.iter().find(|c| c.name == name).and_then(|c| c.error.clone())
        {
            self.tell(Level::Warning, error);
            return;
        }
        self.switching = Some(name.to_owned());
        effects.push(Effect::Switch(name.to_owned()));
        self.tell(Level::Ok, format!("connecting with {}", clean_line(name)));
    }
}

/// Whether a list may have to be built anew for it. Moving about in a list of very many must not.
const fn changes_lists(action: Action) -> bool {
    !matches!(
        action,
        Action::Up
            | Action::Down
            | Action::PageUp
            | Action::PageDown
            | Action::First
            | Action::Last
            | Action::Mark
            | Action::Copy
            | Action::Command
            | Action::Filter
            | Action::Refresh
            | Action::Redraw
            | Action::Quit
    )
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
        Screen::Problems(s) if !s.zoomed => Some(&s.table),
        Screen::Problems(_)
        | Screen::Consumer(_)
        | Screen::Tail(_)
        | Screen::Help(_)
        | Screen::ReplayForm(_)
        | Screen::ReplayPlan(_)
        | Screen::ReplayRun(_) => None,
    }
}
