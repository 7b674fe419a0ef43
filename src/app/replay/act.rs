//! What keys do to forms, plans and runs.

use crate::app::menu::{Choice, ReplayChoice};
use crate::app::{App, Effect, Menu, MenuItem, Prompt, PromptKind, RunScreen, Screen};
use crate::event::clean_line;
use crate::health::Level;
use crate::keymap::Action;
use crate::model::Access;
use crate::model::replay::{Control, Destination, Pace, Run, State};

use super::FormItem;

/// Why nothing can be done with a replay whose plan is gone.
const UNREADABLE: &str = "its plan cannot be read, so nobody can go on with it or end it";

impl App {
    /// Does an action on a screen of replays; false when it is left to what it does on any screen.
    pub(in crate::app) fn act_replay(&mut self, action: Action, effects: &mut Vec<Effect>) -> bool {
        match self.screens.last() {
            Some(Screen::ReplayForm(_)) => self.act_form(action, effects),
            Some(Screen::ReplayPlan(_)) => self.act_plan(action),
            Some(Screen::ReplayRun(screen)) => {
                let id = screen.id.clone();
                self.act_run(action, &id, effects)
            }
            Some(Screen::Replays(screen)) if matches!(action, Action::Open | Action::Right | Action::Cancel) => {
                let id = screen.table.selected().cloned();
                match (id, action) {
                    (Some(id), Action::Cancel) if self.run(&id).is_none() => self.ask_cancel_move(&id),
                    (Some(id), Action::Cancel) => self.ask_cancel(&id),
                    (Some(id), _) if self.run(&id).is_some() || self.unreadable(&id).is_some() => {
                        self.open(Screen::ReplayRun(RunScreen::new(id)));
                    }
                    (Some(id), _) => self.open_move(&id),
                    (None, _) => {}
                }
                true
            }
            _ => false,
        }
    }

    fn act_form(&mut self, action: Action, effects: &mut Vec<Effect>) -> bool {
        let Some(Screen::ReplayForm(form)) = self.screens.last_mut() else { return false };
        match action {
            Action::Up | Action::PreviousPanel => form.step(-1),
            Action::Down | Action::NextPanel => form.step(1),
            Action::First => form.cursor = 0,
            Action::Last => form.cursor = form.items().len() - 1,
            Action::Open | Action::Right | Action::Mark => match form.selected() {
                FormItem::Plan if action == Action::Open && form.needs_destination => {
                    form.cursor = form.items().iter().position(|item| *item == FormItem::To).unwrap_or(0);
                    form.problem = Some("name a destination: no stream takes replay.{id}.{subject}".into());
                }
                FormItem::Plan if action == Action::Open => {
                    let wish = form.wish.clone();
                    form.problem = None;
                    let id = self.new_id();
                    if let Some(Screen::ReplayForm(form)) = self.screens.last_mut() {
                        (form.planning, form.read) = (Some(id), 0);
                    }
                    effects.push(Effect::PlanReplay(id, Box::new(wish)));
                }
                FormItem::Plan => {}
                item @ (FormItem::Marked | FormItem::HttpMode | FormItem::Delivery) => form.turn(item),
                item => {
                    let text = form.text(item);
                    self.prompt = Some(Prompt::of(PromptKind::Field(item), &text));
                }
            },
            _ => return false,
        }
        true
    }

    fn act_plan(&mut self, action: Action) -> bool {
        if action != Action::Open {
            return false;
        }
        let Some(Screen::ReplayPlan(screen)) = self.screens.last() else { return false };
        let original = screen.plan.reaches_everybody();
        match (self.session.access, original) {
            (Access::Protected, _) | (_, true) => self.ask_word(original),
            _ => {
                let items = vec![
                    MenuItem::new('s', "start", "copies are sent from now on", Choice::Replay(ReplayChoice::Start)),
                    not_now(),
                ];
                let menu = Menu::new("start this replay?", items);
                // Whoever presses Enter twice by mistake starts nothing.
                self.menu = Some(Menu { selected: 1, ..menu.about(&screen.plan.route()) });
            }
        }
        true
    }

    fn act_run(&mut self, action: Action, id: &str, effects: &mut Vec<Effect>) -> bool {
        let Some(run) = self.run(id).cloned() else { return false };
        let tell = |control| Effect::TellReplay(id.to_owned(), control);
        match action {
            Action::Mark if can_resume(&run) => self.ask_resume(&run),
            Action::Mark if run.progress.state == State::Paused => effects.push(tell(Control::Resume)),
            Action::Mark => effects.push(tell(Control::Pause)),
            Action::Right => effects.push(tell(Control::Step)),
            Action::Up | Action::Down => {
                let pace = run.progress.pace;
                let (pace, control) = match action {
                    Action::Up => (pace.faster(), Control::Faster),
                    _ => (pace.slower(run.progress.rate), Control::Slower),
                };
                effects.push(tell(control));
                // Until it says so itself: the key may be pressed again before that.
                if let Some(run) = self.replays.iter_mut().flatten().find(|run| run.plan.id == id) {
                    run.progress.pace = pace;
                }
                self.tell(Level::Ok, format!("pace {pace}"));
            }
            Action::Cancel => self.ask_cancel(id),
            _ => return false,
        }
        true
    }

    fn ask_resume(&mut self, run: &Run) {
        let choice = |behind| Choice::Replay(ReplayChoice::Resume { behind });
        let refused = run.progress.refused.map(|position| run.plan.place(position));
        let again = refused.as_ref().map_or_else(
            || "copies are sent from now on".to_owned(),
            |place| format!("{} is sent again, and what follows", clean_line(place)),
        );
        let mut items = vec![MenuItem::new('r', "resume it", again, choice(false))];
        if let Some(place) = refused {
            let words = format!("{} is left out, and counted as failed", clean_line(&place));
            items.push(MenuItem::new('b', "go on behind it", words, choice(true)));
        }
        items.push(not_now());
        let menu = Menu::new("resume this replay?", items).about(&run.plan.route());
        self.menu = Some(Menu { selected: menu.items.len() - 1, ..menu });
    }

    fn ask_cancel(&mut self, id: &str) {
        let items = vec![
            MenuItem::new(
                'c',
                "cancel it",
                "what was sent stays where it is",
                Choice::Replay(ReplayChoice::Cancel(id.to_owned())),
            ),
            not_now(),
        ];
        let menu = Menu::new("cancel this replay?", items);
        let route = self.run(id).map(|run| run.plan.route()).unwrap_or_default();
        self.menu = Some(Menu { selected: 1, ..menu.about(&route) });
    }

    /// Whether nothing may be written there as far as is known here. Another context has a level of its own, which is
    /// asked when it is written to; files are of no context.
    pub(in crate::app) fn is_closed(&self, destination: &Destination) -> bool {
        let of_this = !matches!(destination, Destination::File(_) | Destination::Context { .. });
        of_this && self.session.access == Access::ReadOnly
    }

    /// Does what was chosen in a menu.
    pub(in crate::app) fn choose_of_replay(&mut self, choice: ReplayChoice, effects: &mut Vec<Effect>) {
        match choice {
            ReplayChoice::Start => self.start(None, effects),
            ReplayChoice::Resume { behind } => {
                if let Some(Screen::ReplayRun(screen)) = self.screens.last_mut() {
                    screen.behind = behind;
                }
                match self.session.access {
                    Access::Protected => self.ask_word(false),
                    _ => self.start(None, effects),
                }
            }
            ReplayChoice::Cancel(id) => effects.push(Effect::TellReplay(id, Control::Cancel)),
            ReplayChoice::Nothing => {}
        }
    }

    /// Why an action does nothing on a screen of replays; `None` when it does something, or is not of these screens.
    pub(in crate::app) fn why_not_replay(&self, action: Action, screen: Option<&Screen>) -> Option<String> {
        let no = |text: &str| Some(text.to_owned());
        let read_only = "this context is read-only; its access level is set in config.toml";
        match (screen?, action) {
            (Screen::ReplayForm(form), Action::Open) if form.planning.is_some() => no("the plan is being made"),
            (Screen::ReplayPlan(plan), Action::Open) => {
                if let Some(obstacle) = plan.plan.obstacles.first() {
                    return Some(format!("it cannot be run: {obstacle}"));
                }
                if plan.plan.amounts.planned == 0 {
                    return no("nothing is left to be sent; Esc goes back to the form");
                }
                if self.is_closed(&plan.plan.destination) {
                    return no(read_only);
                }
                plan.starting.then(|| "it is being started".to_owned())
            }
            (Screen::ReplayRun(screen), Action::Mark | Action::Right | Action::Up | Action::Down | Action::Cancel) => {
                let Some(run) = self.run(&screen.id) else {
                    return no(self.unreadable(&screen.id).map_or("nothing is known of it yet", |_| UNREADABLE));
                };
                let state = run.progress.state;
                match action {
                    Action::Mark if can_resume(run) => {
                        self.is_closed(&run.plan.destination).then(|| read_only.to_owned())
                    }
                    Action::Cancel if run.orphaned || state == State::Failed => None,
                    _ if state.is_over() => Some(format!("it is {state}; nothing more can be done with it")),
                    _ if run.orphaned => no("nobody runs it; Space resumes it"),
                    Action::Mark if run.progress.pace == Pace::Step && !run.progress.waits => {
                        no("it goes step by step: → sends the next one, ↑ lets it go by itself")
                    }
                    Action::Right if state != State::Paused && run.progress.pace != Pace::Step => {
                        no("it runs; Space pauses it, then it goes step by step")
                    }
                    _ => None,
                }
            }
            (Screen::Replays(screen), Action::Open | Action::Right) if screen.table.selected().is_none() => {
                no("there is none; R on a stream, a consumer or events makes one")
            }
            (Screen::Replays(screen), Action::Cancel) => {
                let id = screen.table.selected()?;
                if self.unreadable(id).is_some() {
                    return no(UNREADABLE);
                }
                let Some(run) = self.run(id) else { return self.why_no_cancel(id) };
                let done = run.progress.state.is_over() && run.progress.state != State::Failed;
                done.then(|| format!("it is {}; nothing more can be done with it", run.progress.state))
            }
            (Screen::Replays(_), Action::Sort | Action::Reverse | Action::Problems | Action::Mark) => {
                no("replays stand in the order in which they were made, the newest first")
            }
            (_, Action::Cancel) => no("there is nothing here to be cancelled"),
            _ => None,
        }
    }
}

fn not_now() -> MenuItem {
    MenuItem::new('n', "not now", "", Choice::Replay(ReplayChoice::Nothing))
}

/// Whether a screen of replays does something of its own with an action.
pub(in crate::app) const fn handles(action: Action, screen: Option<&Screen>) -> bool {
    use Action as A;
    match screen {
        Some(Screen::ReplayRun(_)) => matches!(action, A::Mark | A::Right | A::Up | A::Down | A::Cancel),
        Some(Screen::ReplayForm(_)) => {
            matches!(action, A::Open | A::Right | A::Mark | A::Up | A::Down | A::NextPanel | A::PreviousPanel)
        }
        Some(Screen::ReplayPlan(_)) => matches!(action, A::Open),
        Some(Screen::Replays(_)) => matches!(action, A::Open | A::Right | A::Cancel),
        _ => false,
    }
}

/// Whether nobody runs it and somebody can.
const fn can_resume(run: &Run) -> bool {
    run.progress.state.can_resume() && (run.orphaned || matches!(run.progress.state, State::Failed))
}
