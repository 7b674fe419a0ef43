//! A small list of things to choose from, each with a key of its own.

use crate::keymap::{Code, Key};
use crate::model::reposition::Control;

use super::tail::{Copied, Related, Saved, TailColumn};
use super::{App, Effect};

/// What can be chosen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Choice {
    /// Something of a tail.
    Tail(TailChoice),
    /// Something of a replay.
    Replay(ReplayChoice),
    /// Something of a reposition.
    Reposition(RepositionChoice),
    /// Something of a stuck message.
    Stuck(StuckChoice),
}

/// What can be chosen of a tail.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TailChoice {
    /// Copy this.
    Copy(Copied),
    /// Save this, under a name that is asked for.
    Save(Saved),
    /// Open the event in this program.
    Show(Viewer),
    /// Let this make events related.
    Relate(Related),
    /// Show this column or not.
    Column(TailColumn),
    /// Show the histogram or not.
    Histogram,
}

/// What can be chosen of a replay.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ReplayChoice {
    /// Start the plan that is shown.
    Start,
    /// Go on with the run that is shown; behind what was refused, where that is wanted.
    Resume {
        /// Behind it.
        behind: bool,
    },
    /// Cancel this replay.
    Cancel(String),
    /// Leave everything as it is.
    Nothing,
}

/// What can be chosen of a reposition.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RepositionChoice {
    /// Move this consumer of this stream.
    One(String, String),
    /// Publish again what it has not acked.
    Everybody(String, String),
    /// Publish again what it gave up on.
    GivenUp(String, String),
    /// Take back its last move.
    Back(String, String),
    /// Do what is shown.
    Start,
    /// Look at what deleting it and making it again would do.
    Recreate,
    /// Tell this one something.
    Tell(String, Control),
    /// Leave everything as it is.
    Nothing,
}

/// What can be copied of a stuck message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StuckChoice {
    /// Its sequence.
    Sequence,
    /// The command of the `nats` CLI that shows it.
    Command,
    /// The event as JSON.
    Event,
    /// The event's id.
    Id,
}

/// A program that shows a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Viewer {
    /// `$PAGER`.
    Pager,
    /// `$EDITOR`.
    Editor,
}

/// A thing to choose.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MenuItem {
    /// The key that chooses it at once.
    pub key: char,
    /// What it is, in a few words; harmless.
    pub title: String,
    /// More about it; harmless.
    pub hint: String,
    /// Whether it is on now, where it can be turned on and off.
    pub on: Option<bool>,
    /// What it means.
    pub choice: Choice,
}

impl MenuItem {
    /// A thing to choose.
    pub fn new(key: char, title: impl Into<String>, hint: impl Into<String>, choice: Choice) -> Self {
        Self { key, title: title.into(), hint: hint.into(), on: None, choice }
    }

    /// The same, which is on or off.
    #[must_use]
    pub const fn switched(mut self, on: bool) -> Self {
        self.on = Some(on);
        self
    }
}

/// A list of things to choose from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Menu {
    /// What is chosen here.
    pub title: &'static str,
    /// What it is about, with its full name: nothing is written before it was seen. Harmless; empty where nothing is
    /// written.
    pub about: String,
    /// The things.
    pub items: Vec<MenuItem>,
    /// Which is selected.
    pub selected: usize,
}

impl Menu {
    /// A menu whose first item is selected.
    pub const fn new(title: &'static str, items: Vec<MenuItem>) -> Self {
        Self { title, about: String::new(), items, selected: 0 }
    }

    /// The same about this.
    #[must_use]
    pub fn about(mut self, what: &str) -> Self {
        self.about = crate::event::clean_line(what).into_owned();
        self
    }

    fn step(&mut self, down: bool) {
        let count = self.items.len().max(1);
        self.selected = (self.selected + if down { 1 } else { count - 1 }) % count;
    }
}

impl App {
    pub(super) fn menu_key(&mut self, key: Key, effects: &mut Vec<Effect>) {
        let Some(mut menu) = self.menu.take() else { return };
        let chosen = match (key.code, key.ctrl) {
            (Code::Esc | Code::Backspace, _) | (Code::Char('q'), false) | (Code::Char('c' | 'g'), true) => return,
            (Code::Enter, _) | (Code::Char(' '), false) => Some(menu.selected),
            (Code::Char(c), false) if menu.items.iter().any(|item| item.key == c) => {
                menu.items.iter().position(|item| item.key == c)
            }
            (Code::Down | Code::Tab, _) | (Code::Char('j'), false) => {
                menu.step(true);
                None
            }
            (Code::Up | Code::BackTab, _) | (Code::Char('k'), false) => {
                menu.step(false);
                None
            }
            _ => None,
        };
        let item = chosen.and_then(|i| Some((i, menu.items.get_mut(i)?)));
        let Some((i, item)) = item else {
            self.menu = Some(menu);
            return;
        };
        let choice = item.choice.clone();
        // What is turned on and off stays open: several are changed in a row.
        if let Some(on) = &mut item.on {
            *on = !*on;
            menu.selected = i;
            self.menu = Some(menu);
        }
        self.urgent = true;
        match choice {
            Choice::Tail(choice) => self.choose_of_tail(choice, effects),
            Choice::Replay(choice) => self.choose_of_replay(choice, effects),
            Choice::Reposition(choice) => self.choose_of_reposition(choice, effects),
            Choice::Stuck(choice) => self.choose_of_stuck(choice, effects),
        }
    }
}
