//! The last question before anything is sent. The gate asks it again, in front of the client.

use crate::app::{App, Effect, Prompt, PromptKind, Screen};
use crate::model::Access;
use crate::query::Mistake;

impl App {
    /// Has a word typed: `original` where everybody receives the events again, the context's name where that is
    /// protected.
    pub(super) fn ask_word(&mut self, original: bool) {
        let mut prompt = Prompt::of(PromptKind::Confirm { original }, "");
        prompt.mistake = Some(Mistake::question(0..0, self.asked_word(original).1));
        self.prompt = Some(prompt);
    }

    /// What has to be typed, and the sentence that says so.
    fn asked_word(&self, original: bool) -> (String, String) {
        let (asked, route) = match self.screen() {
            Some(Screen::ReplayPlan(screen)) => (screen.asked.clone(), screen.plan.route()),
            Some(Screen::ReplayRun(screen)) => {
                (screen.asked.clone(), screen.run(self).map(|run| run.plan.route()).unwrap_or_default())
            }
            _ => (None, String::new()),
        };
        let name = self.session.name_to_type().to_owned();
        match (asked, self.session.access, original) {
            (Some(other), ..) => {
                let sentence =
                    format!("context {other} is protected: type its name to confirm; the replay goes {route}");
                (other, sentence)
            }
            (None, Access::Protected, _) => {
                let sentence =
                    format!("this context is protected: type its name, {name}, to confirm; the replay goes {route}");
                (name, sentence)
            }
            _ => {
                let sentence = format!(
                    "every consumer of the stream receives these events again: type original to confirm; the replay goes {route}"
                );
                ("original".into(), sentence)
            }
        }
    }

    /// Starts what was confirmed, if the right word was typed.
    pub(in crate::app) fn confirmed(
        &mut self,
        original: bool,
        typed: &str,
        effects: &mut Vec<Effect>,
    ) -> Result<(), Mistake> {
        let (wanted, sentence) = self.asked_word(original);
        if typed != wanted || wanted.is_empty() {
            return Err(Mistake::question(0..typed.len(), sentence));
        }
        // The gate compares names; the other word is asked for only here.
        let name = wanted != "original" || self.session.access == Access::Protected;
        self.start(name.then(|| typed.to_owned()), effects);
        Ok(())
    }

    /// Starts the plan that is shown, or resumes the run that is.
    pub(in crate::app) fn start(&mut self, typed: Option<String>, effects: &mut Vec<Effect>) {
        match self.screens.last_mut() {
            Some(Screen::ReplayPlan(screen)) if !screen.starting => {
                (screen.starting, screen.problem) = (true, None);
                effects.push(Effect::StartReplay(screen.plan.clone(), typed));
            }
            Some(Screen::ReplayRun(screen)) => {
                screen.problem = None;
                let (id, behind) = (screen.id.clone(), screen.behind);
                effects.push(Effect::ResumeReplay { id, typed, behind });
            }
            _ => {}
        }
    }
}
