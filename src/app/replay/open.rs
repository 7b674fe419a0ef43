//! How a replay is asked for: of what is selected, filled in from where it was asked.

use crate::app::{App, ReplayForm, ReplayWish, ReplaysScreen, Screen, StreamTab, What};
use crate::health::Level;
use crate::health::finding::Place;
use crate::model::subject;
use crate::query::Door;

impl App {
    /// Opens the form for what is selected.
    pub(in crate::app) fn replay_selection(&mut self) {
        let consumer = match self.screen() {
            Some(Screen::Stream(s)) if s.tab == StreamTab::Consumers => s.consumers.selected().cloned(),
            Some(Screen::Consumers(s)) => s.table.selected().cloned(),
            Some(Screen::Consumer(c)) => Some((c.stream.clone(), c.name.clone())),
            Some(Screen::Problems(s)) => match s.selected_place() {
                Some(Place::Consumer(stream, name)) => Some((stream.clone(), name.clone())),
                _ => None,
            },
            _ => None,
        };
        if let Some((stream, name)) = consumer {
            return self.ask_for_whom(&stream, &name);
        }
        let wish = match self.screen() {
            Some(Screen::Streams(s)) => s.table.selected().map(|name| ReplayWish::new(What::Range(name.clone()))),
            Some(Screen::Stream(s)) if s.tab != StreamTab::Consumers => {
                let mut wish = ReplayWish::new(What::Range(s.name.clone()));
                if s.tab == StreamTab::Subjects {
                    wish.subjects = s.subjects.selected().cloned().into_iter().collect();
                }
                Some(wish)
            }
            Some(Screen::Problems(s)) => match s.selected_place() {
                Some(Place::Stream(name)) => Some(ReplayWish::new(What::Range(name.clone()))),
                _ => None,
            },
            Some(Screen::Tail(tail)) if tail.only_broken && tail.marks.is_empty() => {
                return self.tell(
                    Level::Notice,
                    "only what is no valid event is shown, which no plan can be made of; mark those that are wanted",
                );
            }
            Some(Screen::Tail(tail)) => of_tail(tail),
            _ => None,
        };
        match wish {
            Some(wish) => self.open_form(wish),
            None => self.tell(Level::Notice, "nothing is selected that could be replayed"),
        }
    }

    /// Opens the form.
    pub(in crate::app) fn open_form(&mut self, wish: ReplayWish) {
        let needs_destination = self.default_goes_nowhere();
        self.open(Screen::ReplayForm(Box::new(ReplayForm { needs_destination, ..ReplayForm::new(wish) })));
    }

    /// Whether no stream takes the subjects of the default destination, where all streams are known.
    fn default_goes_nowhere(&self) -> bool {
        let catalog = self.catalog();
        let known = catalog.listing.value().is_some() && catalog.listing.problem().is_none();
        let mut takes = catalog.streams.values().map(|stream| {
            // One whose subjects are not known may take them.
            stream.info.as_ref().is_none_or(|s| s.config.subjects.iter().any(|own| subject::overlap(own, "replay.*.>")))
        });
        known && !takes.any(|takes| takes)
    }

    /// Opens the list of all replays.
    pub(in crate::app) fn open_replays(&mut self) {
        if !matches!(self.screen(), Some(Screen::Replays(_))) {
            self.screens.retain(|s| !matches!(s, Screen::Replays(_)));
            self.open(Screen::Replays(ReplaysScreen::default()));
        }
    }
}

/// The marked events; without marks, what the tail reads of its stream.
fn of_tail(tail: &crate::app::TailScreen) -> Option<ReplayWish> {
    if !tail.marks.is_empty() {
        let marked = tail.marks.values().map(|m| (m.stream.to_string(), m.seq)).collect();
        return Some(ReplayWish::new(What::Marked(marked)));
    }
    let name = match tail.sources.as_slice() {
        [one] => one.name.clone(),
        // Of several streams the one whose event is selected.
        _ => tail.selected()?.message.stream.to_string(),
    };
    let mut wish = ReplayWish::new(What::Range(name));
    wish.subjects.clone_from(&tail.subjects);
    wish.range = tail.range;
    wish.range_text.clone_from(&tail.range_text);
    match tail.filter_text() {
        (_, "") => {}
        (Door::Expression, text) => wish.filter = Some(text.to_owned()),
        (Door::Words, text) => wish.words = Some(text.to_owned()),
    }
    Some(wish)
}
