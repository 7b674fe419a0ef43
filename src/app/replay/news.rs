//! What the replays report: plans that were made, runs that were started, how far they are.

use crate::app::{App, Effect, NotStarted, PlanScreen, RunScreen, Screen};
use crate::health::Level;
use crate::model::replay::{Plan, Run, Unreadable};

impl App {
    /// A plan was made, or could not be.
    pub(in crate::app) fn replay_planned(&mut self, id: u64, result: Result<Box<Plan>, String>) {
        self.dirty = true;
        self.urgent = true;
        let shown = self.screens.len().saturating_sub(1);
        let found = self.screens.iter_mut().enumerate().find_map(|(i, screen)| match screen {
            Screen::ReplayForm(form) if form.planning == Some(id) => Some((i, form)),
            _ => None,
        });
        // Who has left the form does not want the plan any more.
        let Some((at, form)) = found else { return };
        form.planning = None;
        self.planning = None;
        match result {
            Ok(plan) if at == shown => self.open(Screen::ReplayPlan(PlanScreen::new(plan))),
            // Somebody looks at something else just now, such as the help: it is there when that is closed.
            Ok(plan) => self.screens.insert(at + 1, Screen::ReplayPlan(PlanScreen::new(plan))),
            Err(sentence) => form.problem = Some(crate::event::clean_line(&sentence).into_owned()),
        }
    }

    /// A plan is being made, and this much was read.
    pub(in crate::app) fn replay_planning(&mut self, id: u64, read: u64) {
        for screen in &mut self.screens {
            if let Screen::ReplayForm(form) = screen
                && form.planning == Some(id)
            {
                form.read = read;
                self.dirty = true;
            }
        }
    }

    /// A run was started or resumed, or could not be.
    pub(in crate::app) fn replay_started(&mut self, result: Result<String, NotStarted>) {
        self.dirty = true;
        self.urgent = true;
        match result {
            Ok(id) => {
                self.own_replays.insert(id.clone());
                let planned = |s: &Screen| matches!(s, Screen::ReplayPlan(plan) if plan.plan.id == id);
                let Some(plan) = self.screens.iter().position(planned) else { return };
                let shown = self.screens.len();
                // Form and plan have done their work; those of another replay have not.
                self.screens.remove(plan);
                if plan > 0 && matches!(self.screens[plan - 1], Screen::ReplayForm(_)) {
                    self.screens.remove(plan - 1);
                }
                let open = self.screens.iter().any(|s| matches!(s, Screen::ReplayRun(run) if run.id == id));
                // Who looks at something else by now is left there.
                if !open && plan + 1 == shown {
                    self.open(Screen::ReplayRun(RunScreen::new(id)));
                }
            }
            Err(NotStarted { why, name }) => {
                // It may have to be confirmed in a way that only the context that is written to knows.
                let asks = name.is_some() && self.prompt.is_none();
                match self.screens.last_mut() {
                    Some(Screen::ReplayPlan(screen)) => {
                        (screen.starting, screen.asked) = (false, name);
                        screen.problem = (!asks).then_some(why);
                    }
                    Some(Screen::ReplayRun(screen)) => {
                        screen.asked = name;
                        screen.problem = (!asks).then_some(why);
                    }
                    _ => return self.tell(Level::Warning, crate::event::clean_line(&why)),
                }
                if asks {
                    self.ask_word(false);
                }
            }
        }
    }

    /// All runs, as they are now.
    pub(in crate::app) fn take_replays(&mut self, runs: Vec<Run>) {
        let ended: Vec<&Run> =
            runs.iter().filter(|run| run.progress.state.is_over() && self.own_replays.contains(&run.plan.id)).collect();
        let told: Vec<(Level, String)> = ended
            .iter()
            .map(|run| {
                let (state, sent) = (run.progress.state, run.progress.counters.sent);
                let level = if state == crate::model::replay::State::Completed { Level::Ok } else { Level::Warning };
                let why = run.progress.reason.as_ref().map(|r| format!(": {r}")).unwrap_or_default();
                (level, format!("replay {} is {state}, {sent} sent{why}", run.plan.id))
            })
            .collect();
        for run in ended {
            self.own_replays.remove(&run.plan.id);
        }
        for (level, words) in told {
            self.tell(level, words);
        }
        let changed = self.replays.as_ref() != Some(&runs);
        self.replays = Some(runs);
        if changed {
            self.dirty = true;
            self.urgent |= self.shows_replays();
        }
    }

    /// Those whose plan cannot be read.
    pub(in crate::app) fn take_unreadable(&mut self, unreadable: Vec<Unreadable>) {
        if self.unreadable != unreadable {
            self.unreadable = unreadable;
            self.dirty = true;
            self.urgent |= self.shows_replays();
        }
    }

    fn shows_replays(&self) -> bool {
        matches!(self.screen(), Some(Screen::ReplayRun(_) | Screen::Replays(_)))
    }

    /// The list of runs is kept fresh while somebody looks at it, and while some of them run in this process.
    pub(in crate::app) fn settle_replays(&mut self, effects: &mut Vec<Effect>) {
        let planning = self.screens.iter().find_map(|s| if let Screen::ReplayForm(f) = s { f.planning } else { None });
        if let Some(before) = std::mem::replace(&mut self.planning, planning).filter(|id| planning != Some(*id)) {
            effects.push(Effect::StopPlanning(before));
        }
        let wanted = !self.own_replays.is_empty()
            || self.screens.iter().any(|s| matches!(s, Screen::ReplayRun(_) | Screen::Replays(_)));
        if wanted != self.watches_replays {
            self.watches_replays = wanted;
            effects.push(Effect::WatchReplays(wanted));
        }
    }
}
