//! The last question before anything is sent. The gate asks it again, in front of the client.

use crate::app::{App, Effect, Prompt, PromptKind, Screen};
use crate::model::Access;
use crate::query::Mistake;

impl App {
    /// Has a word typed: `original` where everybody receives the events again, the context's name where that is
    /// protected.
    pub(super) fn ask_word(&mut self, original: bool) {
        let mut prompt = Prompt::of(PromptKind::Confirm { original }, "");
        prompt.mistake = Some(Mistake::new(0..0, self.asked_word(original)));
        self.prompt = Some(prompt);
    }

    /// What has to be typed, in words.
    fn asked_word(&self, original: bool) -> String {
        let name = self.session.context.clone().unwrap_or_default();
        match (self.session.access, original) {
            (Access::Protected, _) => format!("this context is protected: type its name, {name}, to confirm"),
            _ => "every consumer of the stream receives these events again: type original to confirm".into(),
        }
    }

    /// Starts what was confirmed, if the right word was typed.
    pub(in crate::app) fn confirmed(
        &mut self,
        original: bool,
        typed: &str,
        effects: &mut Vec<Effect>,
    ) -> Result<(), Mistake> {
        let protected = self.session.access == Access::Protected;
        let wanted = if protected { self.session.context.clone().unwrap_or_default() } else { "original".into() };
        if typed != wanted || wanted.is_empty() {
            return Err(Mistake::new(0..typed.len(), self.asked_word(original)));
        }
        self.start(protected.then(|| typed.to_owned()), effects);
        Ok(())
    }

    /// Starts the plan that is shown, or resumes the run that is.
    pub(in crate::app) fn start(&mut self, typed: Option<String>, effects: &mut Vec<Effect>) {
        match self.screens.last_mut() {
            Some(Screen::ReplayPlan(screen)) if !screen.starting => {
                screen.starting = true;
                effects.push(Effect::StartReplay(screen.plan.clone(), typed));
            }
            Some(Screen::ReplayRun(screen)) => effects.push(Effect::ResumeReplay(screen.id.clone(), typed)),
            _ => {}
        }
    }
}
