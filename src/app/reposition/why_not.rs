//! Why a key does nothing on a screen of a reposition, or to a consumer, in words.

use crate::app::{App, Screen};
use crate::keymap::Action;
use crate::model::Access;
use crate::model::reposition::Proposal;

use super::preview::READ_ONLY;
use super::{FormPlace, PreviewScreen, RepositionScreen};

impl App {
    /// Why an action does nothing; `None` when it does something, or is not about repositions.
    pub(in crate::app) fn why_not_reposition(&self, action: Action, screen: Option<&Screen>) -> Option<String> {
        let no = |text: &str| Some(text.to_owned());
        match (screen, action) {
            (Some(Screen::Reposition(RepositionScreen::Form(_))), Action::Reposition) => {
                no("a place is chosen here already")
            }
            (Some(Screen::Reposition(s @ RepositionScreen::Run(_))), Action::Reposition)
                if self.moves.moving(s.consumer().0, s.consumer().1).is_some() =>
            {
                no("it is being moved now")
            }
            (_, Action::Reposition) if self.consumer_of(screen).is_none() => {
                no("select a consumer; only consumers can be moved")
            }
            (_, Action::Undo) => self.why_no_undo(screen),
            (Some(Screen::Reposition(RepositionScreen::Preview(_) | RepositionScreen::Run(_))), Action::Right) => {
                no("there is no panel to the right")
            }
            (Some(Screen::Reposition(RepositionScreen::Form(form))), Action::Open | Action::Right | Action::Mark) => {
                let unknown = form.selected(self) == FormPlace::Failed && form.info(self).is_none();
                unknown.then(|| "where it stands was not read yet".to_owned())
            }
            (Some(Screen::Reposition(RepositionScreen::Preview(preview))), Action::Open) => self.why_not_move(preview),
            (Some(Screen::Reposition(RepositionScreen::Preview(preview))), Action::Refresh) if preview.starting => {
                no("it is being started")
            }
            (Some(Screen::Reposition(RepositionScreen::Run(run))), Action::Open)
                if self.moves.is_elsewhere(&run.id) =>
            {
                let stuck = self.moves.own.get(&run.id).is_some_and(|moving| moving.stuck().is_some());
                (!stuck).then(|| "its consumer is on another connection".to_owned())
            }
            (Some(Screen::Reposition(RepositionScreen::Run(run))), Action::Cancel) => self.why_no_cancel(&run.id),
            _ => None,
        }
    }

    fn why_no_undo(&self, screen: Option<&Screen>) -> Option<String> {
        let no = |text: &str| Some(text.to_owned());
        let Some((stream, consumer)) = self.consumer_of(screen) else {
            return no("select a consumer that was moved");
        };
        if self.moves.moving(&stream, &consumer).is_some() {
            return no("it is being moved now");
        }
        if self.moves.past.is_none() {
            return no("what was moved was not read yet");
        }
        let Some(past) = self.moves.undoable(&stream, &consumer) else {
            return no("there is nothing to take back of this consumer");
        };
        // On one of several the newest is meant by nobody.
        let shown = match screen? {
            Screen::Reposition(RepositionScreen::Run(run)) => Some(&run.id),
            Screen::Replays(list) => list.table.selected(),
            _ => None,
        };
        let same = shown.is_none_or(|id| *id == past.id || self.moves.past(id).is_some_and(|p| p.left_over));
        if same { None } else { no("only the newest move of a consumer can be taken back") }
    }

    fn why_not_move(&self, preview: &PreviewScreen) -> Option<String> {
        let no = |text: &str| Some(text.to_owned());
        if preview.starting {
            return no("it is being started");
        }
        match &preview.seen {
            None => return no("what it would do is being looked at"),
            Some(Err(_)) => {
                let again = self.keymap.shown(Action::Refresh).unwrap_or_default();
                return Some(format!("what it would do is not known; {again} looks again"));
            }
            Some(Ok(proposal)) => {
                if let Proposal::Move(shown) = &**proposal {
                    if shown.recreatable {
                        return None;
                    }
                    if let Some(obstacle) = shown.obstacles.first() {
                        return Some(format!("it cannot be done: {obstacle}"));
                    }
                    if shown.changes_nothing() {
                        return no("it stands there already; nothing is to be done");
                    }
                }
            }
        }
        (self.session.access == Access::ReadOnly).then(|| READ_ONLY.to_owned())
    }

    /// Why one cannot be left, as it is or no more.
    pub(in crate::app) fn why_no_cancel(&self, id: &str) -> Option<String> {
        match (self.moves.own.get(id), self.moves.past(id)) {
            (Some(moving), _) if moving.end.is_none() => None,
            (None, Some(past)) if past.state == crate::model::reposition::State::Running => {
                let owner = &past.owner;
                Some(format!("process {} on {} moves it; only there it can be left", owner.pid, owner.host))
            }
            _ => Some("it is over; nothing more can be done with it but to take it back".to_owned()),
        }
    }
}

/// Whether a screen of a reposition does something of its own with an action.
pub(in crate::app) const fn handles(action: Action, screen: Option<&Screen>) -> bool {
    use Action as A;
    match (screen, action) {
        (Some(Screen::Reposition(RepositionScreen::Form(_))), _) => {
            matches!(action, A::Open | A::Right | A::Mark | A::Up | A::Down | A::NextPanel | A::PreviousPanel)
        }
        (Some(Screen::Reposition(RepositionScreen::Preview(_))), _) => matches!(action, A::Open | A::Refresh),
        (Some(Screen::Reposition(RepositionScreen::Run(_))), _) => matches!(action, A::Open | A::Cancel),
        (_, A::Reposition | A::Undo) => true,
        _ => false,
    }
}
