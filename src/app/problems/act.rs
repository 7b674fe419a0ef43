//! What keys do on the Problems screen.

use crate::health::Level;
use crate::health::finding::Place;
use crate::keymap::Action;

use super::{App, ProblemKey, ProblemsScreen, story};
use crate::app::{Screen, StreamTab};

impl App {
    /// Opens the Problems screen.
    pub(in crate::app) fn open_problems(&mut self) {
        if !matches!(self.screen(), Some(Screen::Problems(_))) {
            self.screens.retain(|s| !matches!(s, Screen::Problems(_)));
            self.open(Screen::Problems(Box::default()));
        }
    }

    /// Does an action on the Problems screen; false when it is left to what it does on any screen.
    pub(in crate::app) fn act_problems(&mut self, action: Action) -> bool {
        let Some(Screen::Problems(screen)) = self.screens.last_mut() else { return false };
        match action {
            Action::NextPanel | Action::PreviousPanel => screen.zoom(),
            Action::Back | Action::Left if screen.zoomed => screen.zoom(),
            Action::Silenced => {
                screen.silenced = !screen.silenced;
                let words = if screen.silenced { "what is silenced is shown" } else { "what is silenced is hidden" };
                self.tell(Level::Ok, words);
            }
            Action::Open | Action::Right => match screen.table.selected().cloned() {
                Some(ProblemKey { rule, place: None }) if action == Action::Open || screen.is_folded(rule) => {
                    screen.fold(rule);
                }
                Some(ProblemKey { place: Some(place), .. }) => self.open_place(&place),
                Some(ProblemKey { place: None, .. }) | None => {}
            },
            Action::Left => match screen.table.selected().cloned() {
                Some(key) if !screen.is_folded(key.rule) => {
                    screen.fold(key.rule);
                    screen.table.select(ProblemKey { rule: key.rule, place: None });
                }
                _ => return false,
            },
            Action::Mark if screen.selected_place().is_none() => {
                self.tell(Level::Notice, "mark findings; a heading has nothing to be marked");
            }
            _ => return false,
        }
        true
    }

    fn open_place(&mut self, place: &Place) {
        match place {
            Place::Account => self.tell(Level::Notice, "the account has no screen of its own; the header shows it"),
            Place::Stream(name) => self.open_stream(name, StreamTab::Overview),
            Place::Consumer(stream, name) => self.open_consumer(stream, name),
        }
    }

    /// What `y` copies: the marked findings, else the selected one or its heading's.
    pub(in crate::app) fn copied_problems(&self, screen: &ProblemsScreen) -> Option<(String, String)> {
        if screen.table.marks.is_empty() {
            let key = screen.table.selected()?;
            let what = if key.place.is_some() { "the finding" } else { "the places" };
            return Some((story::copied(self, key), what.into()));
        }
        let texts: Vec<String> = screen.table.marks.iter().map(|key| story::copied(self, key)).collect();
        let what = if texts.len() == 1 { "the finding".to_owned() } else { format!("{} findings", texts.len()) };
        Some((texts.join("\n\n"), what))
    }
}

impl ProblemsScreen {
    fn zoom(&mut self) {
        self.zoomed = !self.zoomed;
        self.scroll.top = 0;
    }

    fn fold(&mut self, rule: crate::model::Rule) {
        let folded = self.folded.entry(rule).or_insert(false);
        *folded = !*folded;
    }
}
