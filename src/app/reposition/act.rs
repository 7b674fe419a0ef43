//! What keys do to forms, previews and runs.

use crate::app::menu::{Choice, RepositionChoice};
use crate::app::{App, Effect, Menu, MenuItem, ReplayWish, Screen, What};
use crate::keymap::Action;
use crate::model::reposition::{Control, Proposal};

use super::{Place, PreviewScreen, RepositionOrder, RepositionScreen, RepositionWish};

impl App {
    /// Does an action on a screen of a reposition; false when it is left to what it does on any screen.
    pub(in crate::app) fn act_reposition(&mut self, action: Action, effects: &mut Vec<Effect>) -> bool {
        match self.screens.last() {
            Some(Screen::Reposition(RepositionScreen::Form(_))) => self.act_on_places(action, effects),
            Some(Screen::Reposition(RepositionScreen::Preview(preview))) => match action {
                Action::Open if preview.is_recreatable() => {
                    self.ask_another_way();
                    true
                }
                Action::Open => {
                    self.confirm_move();
                    true
                }
                Action::Refresh => {
                    let wish = preview.wish.clone();
                    self.look(wish, effects);
                    true
                }
                _ => false,
            },
            Some(Screen::Reposition(RepositionScreen::Run(run))) => {
                let (id, stream, consumer) = (run.id.clone(), run.stream.clone(), run.consumer.clone());
                match action {
                    Action::Open if self.moves.own.get(&id).is_some_and(|moving| moving.stuck().is_some()) => {
                        self.ask_about_acks(&id);
                    }
                    Action::Open => self.go_to_consumer(&stream, &consumer),
                    Action::Cancel => self.ask_cancel_move(&id),
                    _ => return false,
                }
                true
            }
            _ => false,
        }
    }

    fn act_on_places(&mut self, action: Action, effects: &mut Vec<Effect>) -> bool {
        let Some(Screen::Reposition(RepositionScreen::Form(form))) = self.screens.last() else { return false };
        let most = form.items(self).len() - 1;
        let mut changed = form.clone();
        match action {
            Action::Up | Action::PreviousPanel => changed.step(-1, most),
            Action::Down | Action::NextPanel => changed.step(1, most),
            Action::First => changed.cursor = 0,
            Action::Last => changed.cursor = most,
            Action::Open | Action::Right | Action::Mark => {
                self.choose_place(effects);
                return true;
            }
            _ => return false,
        }
        if let Some(Screen::Reposition(RepositionScreen::Form(form))) = self.screens.last_mut() {
            *form = changed;
        }
        true
    }

    /// Has it looked at what this would do: on the open preview, else on a new one.
    pub(super) fn look(&mut self, wish: RepositionWish, effects: &mut Vec<Effect>) {
        let id = self.new_id();
        match self.screens.last_mut() {
            Some(Screen::Reposition(RepositionScreen::Preview(preview))) => {
                if preview.wish != wish {
                    preview.seen = None;
                    preview.scroll.top = 0;
                }
                preview.wish = wish.clone();
                preview.looking = Some(id);
            }
            _ => {
                let preview = RepositionScreen::Preview(PreviewScreen::new(wish.clone(), id));
                self.open(Screen::Reposition(preview));
            }
        }
        effects.push(Effect::Reposition(RepositionOrder::Look(id, Box::new(wish))));
    }

    /// Has it looked at what taking back the last move of a consumer would do.
    pub(super) fn look_back(&mut self, stream: &str, consumer: &str, effects: &mut Vec<Effect>) {
        let (stream, consumer) = (stream.to_owned(), consumer.to_owned());
        self.look(RepositionWish { stream, consumer, place: Place::Back, recreate: false }, effects);
    }

    /// Goes back to a consumer that is open, else opens it.
    fn go_to_consumer(&mut self, stream: &str, consumer: &str) {
        let is = |screen: &Screen| matches!(screen, Screen::Consumer(c) if c.stream == stream && c.name == consumer);
        match self.screens.iter().rposition(is) {
            Some(at) => self.screens.truncate(at + 1),
            None => self.open_consumer(stream, consumer),
        }
    }

    fn ask_another_way(&mut self) {
        let items = vec![
            MenuItem::new(
                'd',
                "delete it and make it again",
                "what that loses is shown first",
                Choice::Reposition(RepositionChoice::Recreate),
            ),
            not_now(),
        ];
        let whose = self.shown_proposal().map(Proposal::whose).unwrap_or_default();
        let menu = Menu::new("the server does not move it: another way?", items);
        self.menu = Some(Menu { selected: 1, ..menu.about(&whose) });
    }

    fn ask_about_acks(&mut self, id: &str) {
        let hint = "late acks may count for new deliveries";
        let tell = |control| Choice::Reposition(RepositionChoice::Tell(id.to_owned(), control));
        let items = vec![
            MenuItem::new('g', "go on all the same", hint, tell(Control::GoOn)),
            MenuItem::new('l', "leave it", "it stays where it stands", tell(Control::Cancel)),
            MenuItem::new('w', "wait on", "the acks may still come", Choice::Reposition(RepositionChoice::Nothing)),
        ];
        let menu = Menu::new("messages in flight were not acked in time", items);
        self.menu = Some(Menu { selected: 2, ..menu.about(&self.whose_move(id)) });
    }

    /// Asks whether to leave one of this console.
    pub(in crate::app) fn ask_cancel_move(&mut self, id: &str) {
        let items = vec![
            MenuItem::new(
                'l',
                "leave it",
                "not moved yet, it stays where it stands",
                Choice::Reposition(RepositionChoice::Tell(id.to_owned(), Control::Cancel)),
            ),
            MenuItem::new('n', "go on", "", Choice::Reposition(RepositionChoice::Nothing)),
        ];
        let menu = Menu::new("leave this consumer where it stands?", items);
        self.menu = Some(Menu { selected: 1, ..menu.about(&self.whose_move(id)) });
    }

    /// The consumer that one moves, with its stream; raw.
    fn whose_move(&self, id: &str) -> String {
        self.headline(id).map_or_else(String::new, |head| format!("{} of {}", head.consumer, head.stream))
    }

    /// Does what was chosen in a menu.
    pub(in crate::app) fn choose_of_reposition(&mut self, choice: RepositionChoice, effects: &mut Vec<Effect>) {
        match choice {
            RepositionChoice::One(stream, consumer) => self.open_places(&stream, &consumer),
            RepositionChoice::Everybody(stream, consumer) => {
                self.open_form(ReplayWish::new(What::Consumer(stream, consumer)));
            }
            RepositionChoice::GivenUp(stream, consumer) => self.replay_given_up(stream, consumer),
            RepositionChoice::Back(stream, consumer) => self.look_back(&stream, &consumer, effects),
            RepositionChoice::Start => self.start_move(None, effects),
            RepositionChoice::Recreate => {
                if let Some(Screen::Reposition(RepositionScreen::Preview(preview))) = self.screens.last() {
                    let wish = RepositionWish { recreate: true, ..preview.wish.clone() };
                    self.look(wish, effects);
                }
            }
            RepositionChoice::Tell(id, control) => {
                effects.push(Effect::Reposition(RepositionOrder::Tell(id, control)));
            }
            RepositionChoice::Nothing => {}
        }
    }
}

pub(super) fn not_now() -> MenuItem {
    MenuItem::new('n', "not now", "", Choice::Reposition(RepositionChoice::Nothing))
}
