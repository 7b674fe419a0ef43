//! How a reposition is asked for: of the consumer that is selected. What is wanted of it is asked first.

use crate::app::menu::{Choice, RepositionChoice};
use crate::app::{App, Effect, Menu, MenuItem, Screen, StreamTab};
use crate::event::clean_line;
use crate::model::Access;
use crate::model::units::{ago, count_exact};

use super::{RepositionForm, RepositionScreen};

impl App {
    /// The consumer that a screen is about, or that is selected there.
    pub(super) fn consumer_of(&self, screen: Option<&Screen>) -> Option<(String, String)> {
        match screen? {
            Screen::Stream(s) if s.tab == StreamTab::Consumers => s.consumers.selected().cloned(),
            Screen::Consumers(s) => s.table.selected().cloned(),
            Screen::Consumer(c) => Some((c.stream.clone(), c.name.clone())),
            Screen::Reposition(RepositionScreen::Run(run)) if self.moves.is_elsewhere(&run.id) => None,
            Screen::Reposition(s) => {
                let (stream, consumer) = s.consumer();
                Some((stream.to_owned(), consumer.to_owned()))
            }
            Screen::Replays(s) => {
                let id = s.table.selected().filter(|id| !self.moves.is_elsewhere(id))?;
                self.headline(id).map(|head| (head.stream, head.consumer))
            }
            _ => None,
        }
    }

    /// For one consumer, or again for everybody?
    pub(in crate::app) fn ask_for_whom(&mut self, stream: &str, consumer: &str) {
        let of = || (stream.to_owned(), consumer.to_owned());
        let name = clean_line(consumer).into_owned();
        let read_only = self.session.access == Access::ReadOnly;
        let (one, all) = if read_only {
            ("read-only context: it is only shown".to_owned(), "read-only context: only to a file".to_owned())
        } else {
            (format!("only {name} goes on elsewhere"), "copies go to all who read the destination".to_owned())
        };
        let choice = |make: fn(String, String) -> RepositionChoice| {
            let (stream, consumer) = of();
            Choice::Reposition(make(stream, consumer))
        };
        let mut items = vec![
            MenuItem::new('m', "move this consumer", one, choice(RepositionChoice::One)),
            MenuItem::new('p', "publish again", all, choice(RepositionChoice::Everybody)),
        ];
        let (known, at_least) = self.given_up(stream, consumer);
        let known = known.len() as u64;
        if known.max(at_least) > 0 {
            let of = if known < at_least { format!(" of at least {}", count_exact(at_least)) } else { String::new() };
            let hint = format!("{}{of} known here", count_exact(known));
            items.push(MenuItem::new('g', "publish what it gave up on", hint, choice(RepositionChoice::GivenUp)));
        }
        if let Some(past) = self.moves.undoable(stream, consumer) {
            let hint = format!("to #{}, where it stood {}", past.from, ago(self.now.since(past.made)));
            items.push(MenuItem::new('u', "take back the last move", hint, choice(RepositionChoice::Back)));
        }
        let menu = Menu::new("for one consumer, or again for everybody?", items);
        self.menu = Some(menu.about(&format!("{consumer} of {stream}")));
    }

    /// Opens the form of the selected consumer.
    pub(in crate::app) fn reposition_selection(&mut self) {
        if let Some((stream, consumer)) = self.consumer_of(self.screen()) {
            self.open_places(&stream, &consumer);
        }
    }

    /// Opens the form of this consumer; while it is being moved, how far that is.
    pub(in crate::app) fn open_places(&mut self, stream: &str, consumer: &str) {
        let run = self.moves.moving(stream, consumer).map(|moving| moving.begun.id.clone());
        match run {
            Some(id) => self.open_move(&id),
            None => self.open(Screen::Reposition(RepositionScreen::Form(RepositionForm::new(stream, consumer)))),
        }
    }

    /// Opens one that was begun.
    pub(in crate::app) fn open_move(&mut self, id: &str) {
        if let Some(run) = self.move_screen(id) {
            self.open(Screen::Reposition(RepositionScreen::Run(run)));
        }
    }

    /// Shows what taking back the last move of the selected consumer would do.
    pub(in crate::app) fn undo_selection(&mut self, effects: &mut Vec<Effect>) {
        if let Some((stream, consumer)) = self.consumer_of(self.screen()) {
            self.look_back(&stream, &consumer, effects);
        }
    }
}
