//! The last question before a consumer is moved. The gate asks it again, in front of the client.

use crate::app::menu::{Choice, RepositionChoice};
use crate::app::{App, Effect, Menu, MenuItem, Prompt, PromptKind, Screen};
use crate::model::Access;
use crate::model::reposition::Proposal;
use crate::query::Mistake;

use super::act::not_now;
use super::{RepositionOrder, RepositionScreen};

/// What is typed where a consumer is deleted and made again.
const RECREATE: &str = "recreate";

impl App {
    /// Asks: by a menu, by the context's name where that is protected, by a word where the consumer is deleted.
    pub(super) fn confirm_move(&mut self) {
        let Some((again, to, whose)) = self.shown_proposal().map(|p| (p.makes_again(), p.to(), p.whose())) else {
            return;
        };
        if again || self.session.access == Access::Protected {
            let mut prompt = Prompt::of(PromptKind::ConfirmMove { again }, "");
            prompt.mistake = Some(Mistake::question(0..0, self.word_of_move(again).1));
            self.prompt = Some(prompt);
            return;
        }
        let items = vec![
            MenuItem::new(
                'm',
                "move it",
                format!("it will continue at #{to}"),
                Choice::Reposition(RepositionChoice::Start),
            ),
            not_now(),
        ];
        // Whoever presses Enter twice by mistake moves nothing.
        self.menu = Some(Menu { selected: 1, ..Menu::new("move this consumer?", items).about(&whose) });
    }

    /// What has to be typed, and the sentence that says so.
    fn word_of_move(&self, again: bool) -> (String, String) {
        let name = self.session.name_to_type().to_owned();
        let (to, whose) = self.shown_proposal().map(|p| (p.to(), p.whose())).unwrap_or_default();
        let done = if again { "is deleted and made again" } else { "will continue" };
        let what = format!("{whose} {done} at #{to}");
        match self.session.access {
            Access::Protected => {
                let sentence = format!("this context is protected: type its name, {name}, to confirm; {what}");
                (name, sentence)
            }
            _ => (RECREATE.into(), format!("type {RECREATE} to confirm; {what}")),
        }
    }

    /// Starts what was confirmed, if the right word was typed.
    pub(in crate::app) fn move_confirmed(
        &mut self,
        again: bool,
        typed: &str,
        effects: &mut Vec<Effect>,
    ) -> Result<(), Mistake> {
        let (wanted, sentence) = self.word_of_move(again);
        if typed != wanted || wanted.is_empty() {
            return Err(Mistake::question(0..typed.len(), sentence));
        }
        self.start_move(Some(typed.to_owned()), effects);
        Ok(())
    }

    /// Starts what is shown.
    pub(super) fn start_move(&mut self, typed: Option<String>, effects: &mut Vec<Effect>) {
        let Some(Screen::Reposition(RepositionScreen::Preview(preview))) = self.screens.last_mut() else { return };
        let Some(Ok(proposal)) = preview.seen.clone().filter(|_| !preview.starting) else { return };
        preview.starting = true;
        // A look that is under way would show what is not done.
        preview.looking = None;
        effects.push(Effect::Reposition(RepositionOrder::Start(proposal, typed)));
    }

    pub(super) fn shown_proposal(&self) -> Option<&Proposal> {
        match self.screen() {
            Some(Screen::Reposition(RepositionScreen::Preview(preview))) => preview.proposal(),
            _ => None,
        }
    }
}
