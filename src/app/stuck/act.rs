//! What keys do on the screen of stuck messages, and how it is opened.

use crate::app::menu::{Choice, StuckChoice};
use crate::app::tail::{Focus, Place};
use crate::app::{App, Effect, Menu, MenuItem, ReplayWish, Screen, StreamTab, What};
use crate::event::glance::identity;
use crate::event::save;
use crate::health::Level;
use crate::keymap::Action;
use crate::model::shell::command_line;
use crate::model::units::{count_exact, messages};

use super::rows::given_up_at_least;
use super::{Found, Remembered, StuckScreen};

impl StuckScreen {
    /// Why an action does nothing here.
    pub(in crate::app) fn why_not(&self, action: Action) -> Option<&'static str> {
        let nothing = self.table.selected().is_none().then_some("no message is known to be stuck");
        let gone = self.table.selected().is_some_and(|seq| self.rows.get(seq).is_some_and(|row| row.gone));
        match action {
            Action::Sort => Some("messages stand in the order of their sequences; S reverses it"),
            Action::Problems => Some("all messages here are stuck"),
            Action::NextPanel | Action::PreviousPanel if self.layout.place == Place::Nowhere => {
                Some("this terminal has no room for the message beside the list; Enter opens it in a tail")
            }
            Action::Stuck => Some("these are the stuck messages; go back for the consumer"),
            Action::Replay if nothing.is_none() && gone && self.table.marks.is_empty() => {
                Some("the message is gone, so it cannot be sent again")
            }
            Action::Open
            | Action::Tail
            | Action::Copy
            | Action::Mark
            | Action::MarkAll
            | Action::MarkRange
            | Action::Replay => nothing,
            _ => None,
        }
    }

    fn copy_menu(&self) -> Menu {
        let item = |key, title: &str, hint: &str, choice| MenuItem::new(key, title, hint, Choice::Stuck(choice));
        let mut items = vec![
            item('s', "sequence", "", StuckChoice::Sequence),
            item('n', "nats command", "that shows the message", StuckChoice::Command),
        ];
        if let Some(message) = self.message() {
            items.push(item('e', "event", "as structured JSON", StuckChoice::Event));
            if identity(message).id.is_some() {
                items.push(item('i', "id", "", StuckChoice::Id));
            }
        }
        Menu::new("copy", items)
    }

    fn copied(&self, choice: StuckChoice) -> Option<(String, &'static str)> {
        let seq = *self.table.selected()?;
        Some(match choice {
            StuckChoice::Sequence => (seq.to_string(), "the sequence"),
            StuckChoice::Command => {
                (command_line("nats stream get", &[&self.stream, &seq.to_string()], ""), "the command")
            }
            StuckChoice::Event => (save::event_text(self.message()?, self.detail.event), "the event"),
            StuckChoice::Id => (identity(self.message()?).id?, "the id"),
        })
    }
}

impl App {
    /// Opens the stuck messages of the selected consumer.
    pub(in crate::app) fn open_stuck(&mut self) {
        let consumer = match self.screen() {
            Some(Screen::Consumers(s)) => s.table.selected().cloned(),
            Some(Screen::Consumer(c)) => Some((c.stream.clone(), c.name.clone())),
            Some(Screen::Stream(s)) if s.tab == StreamTab::Consumers => s.consumers.selected().cloned(),
            _ => None,
        };
        match consumer {
            Some((stream, name)) => self.open(Screen::Stuck(Box::new(StuckScreen::new(stream, name)))),
            None => self.tell(Level::Notice, "no consumer is selected"),
        }
    }

    /// Does an action on this screen; false when it is left to what it does on any screen.
    pub(in crate::app) fn act_stuck(&mut self, action: Action) -> bool {
        let Some(Screen::Stuck(screen)) = self.screens.last_mut() else { return false };
        let reading = screen.focus == Focus::Detail;
        match action {
            Action::NextPanel | Action::PreviousPanel => {
                screen.focus = if reading { Focus::List } else { Focus::Detail };
            }
            Action::Back | Action::Left if reading => screen.focus = Focus::List,
            Action::Right if !reading && screen.layout.place != Place::Nowhere => screen.focus = Focus::Detail,
            Action::Up if reading => screen.detail.step(-1),
            Action::Down if reading => screen.detail.step(1),
            Action::PageUp if reading => screen.detail.page(-1),
            Action::PageDown if reading => screen.detail.page(1),
            Action::First if reading => screen.detail.go_to_end(false),
            Action::Last if reading => screen.detail.go_to_end(true),
            Action::Shape => {
                let plain = screen.detail.events() == 0;
                let words = screen.detail.next_shape(plain);
                self.tell(Level::Ok, format!("shown: {words}"));
            }
            Action::Open | Action::Tail => {
                if let Some(seq) = screen.table.selected().copied() {
                    let stream = screen.stream.clone();
                    self.tail_from(stream, seq);
                }
            }
            Action::MarkAll => {
                screen.table.toggle_all_marks();
                let marked = screen.table.marks.len();
                self.tell(Level::Ok, format!("{} marked", messages(marked as u64)));
            }
            Action::MarkRange => {
                let any = screen.table.mark_to_selected();
                let marked = screen.table.marks.len();
                if any {
                    self.tell(Level::Ok, format!("{} marked", messages(marked as u64)));
                } else {
                    self.tell(Level::Notice, "nothing here is marked yet; mark one end of the range first");
                }
            }
            Action::Replay => self.replay_stuck(),
            Action::Copy => self.menu = Some(screen.copy_menu()),
            _ => return false,
        }
        true
    }

    /// What is known here of the messages that a consumer gave up on and that the stream still has, and how many it gave
    /// up on at least.
    pub(in crate::app) fn given_up(&self, stream: &str, consumer: &str) -> (Vec<u64>, u64) {
        let catalog = self.catalog();
        let first = catalog.streams.get(stream).and_then(|e| e.info.as_ref()).map_or(0, |info| info.state.first_seq);
        let info = catalog.consumer(stream, consumer).and_then(|entry| entry.info.as_deref());
        let known = self.activity.stuck.of(stream, consumer);
        let known = known.into_iter().flat_map(Remembered::given_up).filter(|seq| *seq >= first).collect();
        (known, info.map_or(0, given_up_at_least))
    }

    /// The form of a replay of what a consumer gave up on, as far as that is known.
    pub(in crate::app) fn replay_given_up(&mut self, stream: String, consumer: String) {
        let (known, at_least) = self.given_up(&stream, &consumer);
        let count = known.len() as u64;
        if known.is_empty() {
            return self.tell(
                Level::Notice,
                "none is known here: they were announced before this console was opened, or the stream no longer has them",
            );
        }
        self.open_form(ReplayWish::new(What::GivenUp(stream, consumer, known)));
        if count < at_least {
            let (count, at_least) = (count_exact(count), count_exact(at_least));
            self.tell(Level::Notice, format!("{count} of at least {at_least} given up: the others are not known here"));
        }
    }

    /// The form of a replay of the marked messages, or of the selected one.
    fn replay_stuck(&mut self) {
        let Some(Screen::Stuck(screen)) = self.screen() else { return };
        let chosen: Vec<u64> = if screen.table.marks.is_empty() {
            screen.table.selected().copied().into_iter().collect()
        } else {
            screen.table.marks.iter().copied().collect()
        };
        let all = chosen.len();
        let there = |seq: &u64| {
            !screen.rows.get(seq).is_some_and(|row| row.gone) && !matches!(screen.found.get(seq), Some(Found::Gone))
        };
        let wanted: Vec<_> = chosen.into_iter().filter(there).map(|seq| (screen.stream.clone(), seq)).collect();
        let left_out = all - wanted.len();
        if wanted.is_empty() {
            self.tell(Level::Notice, "the messages are gone, so they cannot be sent again");
            return;
        }
        self.open_form(ReplayWish::new(What::Marked(wanted)));
        if left_out > 0 {
            self.tell(Level::Notice, format!("{left_out} of the marked messages are gone and left out"));
        }
    }

    /// Does what was chosen in a menu.
    pub(in crate::app) fn choose_of_stuck(&mut self, choice: StuckChoice, effects: &mut Vec<Effect>) {
        let Some(Screen::Stuck(screen)) = self.screen() else { return };
        match screen.copied(choice) {
            Some((text, what)) => effects.push(Effect::Copy { text, what: what.into() }),
            None => self.tell(Level::Notice, "the message was not read"),
        }
    }
}
