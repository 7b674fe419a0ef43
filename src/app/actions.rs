//! What each action does on each screen, and why it does nothing where it does not apply.

use crate::event::clean_line;
use crate::health::Level;
use crate::keymap::Action;

use super::table::List;
use super::why_not::why_not_on;
use super::{
    App, ChartView, ConsumerScreen, ConsumersScreen, Effect, HelpScreen, Prompt, PromptKind, Screen, StreamScreen,
    StreamTab, StreamsScreen,
};

impl App {
    /// Does an action, or says why it does not apply here.
    pub(super) fn act(&mut self, action: Action, effects: &mut Vec<Effect>) {
        if let Some(reason) = self.why_not(action) {
            self.tell(Level::Notice, reason);
            return;
        }
        // A stuck message is laid out when it is selected.
        self.urgent |= changes_lists(action) || matches!(self.screen(), Some(Screen::Stuck(_)));
        if action != Action::Quit {
            self.leaving = false;
        }
        if self.act_tail(action)
            || self.act_replay(action, effects)
            || self.act_reposition(action, effects)
            || self.act_activity(action, effects)
            || self.act_stuck(action)
            || self.act_chart(action)
            || self.act_problems(action)
        {
            // What a key does to a tail is cheap to show.
            self.urgent = true;
            return;
        }
        match action {
            Action::Quit if self.is_held() => {}
            Action::Quit => effects.push(Effect::Quit),
            Action::Redraw => effects.push(Effect::Redraw),
            Action::Suspend => effects.push(Effect::Suspend { by_key: true }),
            Action::Refresh => {
                effects.push(Effect::Refresh);
                if self.live().link.is_up() {
                    self.tell(Level::Ok, "asking the server for everything");
                } else {
                    self.tell(Level::Notice, "not connected; everything is asked for as soon as the server answers");
                }
            }
            Action::Freeze => self.toggle_freeze(),
            Action::StepBack | Action::StepForward | Action::LeapBack | Action::LeapForward => {
                self.step_in_time(action);
            }
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
                if let Some(list) = self.list_mut() {
                    list.leave_place();
                }
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
            Action::Reposition => self.reposition_selection(),
            Action::Undo => self.undo_selection(effects),
            Action::Activity => self.open_activity(),
            Action::Stuck => self.open_stuck(),
            // Tails, charts and problems do these themselves; elsewhere they were refused.
            Action::Cancel
            | Action::Inspect
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
            | Action::MarkAll
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
        let reason = self.why_not_in_the_past(action, screen).or_else(|| self.why_not_reposition(action, screen));
        if reason.is_some() || super::reposition::handles(action, screen) {
            return reason;
        }
        let reason = self.why_not_replay(action, screen);
        if reason.is_some() || super::replay::handles(action, screen) {
            return reason;
        }
        why_not_on(action, screen)
    }

    /// Asks once more where something would be interrupted.
    fn is_held(&mut self) -> bool {
        let words = if self.moves.is_busy() {
            "a consumer is being moved here: press it again to leave it where it stands and quit"
        } else if self.own_replays.is_empty() {
            return false;
        } else {
            "a replay runs here and stops; it can be resumed. Again to leave"
        };
        let held = !self.leaving;
        if held {
            self.leaving = true;
            self.tell(Level::Warning, words);
        }
        held
    }

    /// As [`App::why_not`] for the screen that the help is about.
    pub(super) fn why_not_below_help(&self, action: Action) -> Option<String> {
        let below = self.screens.iter().rev().find(|s| !matches!(s, Screen::Help(_)));
        self.why_not_at(action, below)
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
            self.return_to_now();
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
        let mut screen = Box::new(StreamScreen::new(name, tab));
        screen.chart = ChartView::of(self.known_for());
        self.open(Screen::Stream(screen));
    }

    pub(super) fn open_consumer(&mut self, stream: &str, name: &str) {
        let mut screen = ConsumerScreen::new(stream, name);
        screen.chart = ChartView::of(self.known_for());
        self.open(Screen::Consumer(screen));
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
        self.keep_past(effects);
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
            | Action::Suspend
            | Action::Quit
    )
}
