//! Replays in the console: the form that asks what is wanted, the plan, a run, and the list of all runs.
//!
//! The work is done outside: a wish goes out and a plan comes back, a plan goes out and the list of runs says how far
//! it is. Nothing is sent before a plan was shown and confirmed.

mod act;
mod confirm;
mod form;
mod news;
mod open;

use crate::event::clean_line;
use crate::model::Timestamp;
use crate::model::replay::{Plan, Run, Said, Unreadable};
use crate::model::units::duration;
use crate::query::{Fit, Needle};

use super::said::broken;
use super::{App, Row, Scroll, Table};

pub(super) use act::handles;
pub use form::{FormItem, ReplayForm, ReplayWish, What};

/// A plan, before it is started.
#[derive(Clone, Debug, PartialEq)]
pub struct PlanScreen {
    /// The plan.
    pub plan: Box<Plan>,
    /// The same in words.
    pub lines: Vec<Said>,
    /// Position.
    pub scroll: Scroll,
    /// It was told to start.
    pub starting: bool,
    /// The name that the context that is written to wants typed, where that is another than the present one.
    pub asked: Option<String>,
    /// Why it was not started.
    pub problem: Option<String>,
}

impl PlanScreen {
    pub(super) fn new(plan: Box<Plan>) -> Self {
        Self { lines: Vec::new(), plan, scroll: Scroll::default(), starting: false, asked: None, problem: None }
    }

    pub(super) fn refresh(&mut self, app: &App) {
        self.lines = broken(self.plan.words(), app.size.0);
        self.scroll.fit(self.lines.len(), app.body_height());
    }
}

/// A run.
#[derive(Clone, Debug, PartialEq)]
pub struct RunScreen {
    /// Its id.
    pub id: String,
    /// How far it is, in words.
    pub lines: Vec<Said>,
    /// Position.
    pub scroll: Scroll,
    /// As [`PlanScreen::asked`].
    pub asked: Option<String>,
    /// Why it was not started.
    pub problem: Option<String>,
    /// It was chosen to go on behind the message that the destination refused.
    pub behind: bool,
}

impl RunScreen {
    pub(super) fn new(id: impl Into<String>) -> Self {
        Self { id: id.into(), lines: Vec::new(), scroll: Scroll::default(), asked: None, problem: None, behind: false }
    }

    /// What is known of it.
    pub fn run<'a>(&self, app: &'a App) -> Option<&'a Run> {
        app.run(&self.id)
    }

    pub(super) fn refresh(&mut self, app: &App) {
        if let Some(run) = app.run(&self.id) {
            self.lines = broken(run.words(Some(app.now)), app.size.0);
        } else if let Some(unreadable) = app.unreadable(&self.id) {
            self.lines = broken(vec![Said::Obstacle(unreadable.why.clone())], app.size.0);
        }
        // Above the words stand the title and the bar, each with an empty line.
        self.scroll.fit(self.lines.len(), app.body_height().saturating_sub(4));
    }
}

/// All runs and repositions, the newest first.
#[derive(Clone, Debug, PartialEq)]
pub struct ReplaysScreen {
    /// The list, by id.
    pub table: Table<String>,
}

impl Default for ReplaysScreen {
    fn default() -> Self {
        Self { table: Table::new(0, false) }
    }
}

impl ReplaysScreen {
    pub(super) fn refresh(&mut self, app: &App) {
        self.table.set_height(app.body_height().saturating_sub(1));
        let Some(runs) = &app.replays else { return };
        let mut rows: Vec<_> = runs.iter().map(|run| (run.plan.made, run.plan.id.as_str())).collect();
        // One of which not even the time is known stands where it is seen.
        let made = |one: &Unreadable| one.made().unwrap_or(Timestamp(i64::MAX));
        rows.extend(app.unreadable.iter().map(|one| (made(one), one.id.as_str())));
        rows.extend(app.moves.listed());
        rows.sort_by(|a, b| b.cmp(a));
        let fit = |needle: &mut Needle, id: &str| app.looked_at(id).and_then(|texts| texts.fit(needle));
        self.table.sift(&mut rows, |needle, (_, id)| fit(needle, id));
        self.table.set_rows(rows.into_iter().map(|(_, id)| Row::Item(id.to_owned())).collect());
        self.table.aim(|needle, id| fit(needle, id));
    }
}

/// What a row of the list says, and what it leaves out; harmless.
#[derive(Debug)]
pub struct RowTexts {
    /// Where events come from, or the stream of a consumer.
    pub from: String,
    /// Where they go, or where the consumer was moved to.
    pub to: String,
    /// How it stands.
    pub word: &'static str,
    /// What there is no room for: its id, and why it was done.
    pub besides: String,
}

impl RowTexts {
    fn fit(&self, needle: &mut Needle) -> Option<Fit> {
        needle.fit(&[&self.from, &self.to, self.word], Some(&self.besides))
    }

    /// What stands where the row says where it goes: what there is no room for otherwise, where that alone is what the
    /// filter found.
    pub fn to_shown(&self, needle: &mut Needle) -> &str {
        if needle.reveals(&[&self.from, &self.to, self.word], &self.besides) { &self.besides } else { &self.to }
    }
}

impl App {
    /// What is said of a run or a reposition in the list.
    pub fn looked_at(&self, id: &str) -> Option<RowTexts> {
        let clean = |text: &str| clean_line(text).into_owned();
        if let Some(run) = self.run(id) {
            let reason = run.plan.reason.as_deref().unwrap_or_default();
            return Some(RowTexts {
                from: clean(&run.plan.selection.name()),
                to: clean(&run.plan.destination.to_string()),
                word: run.word(),
                besides: clean(&format!("{id} {reason}")),
            });
        }
        if self.unreadable(id).is_some() {
            let (from, to) = (clean(id), "its plan cannot be read".to_owned());
            return Some(RowTexts { from, to, word: Unreadable::WORD, besides: String::new() });
        }
        let head = self.headline(id)?;
        let (from, to, besides) = (clean(&head.stream), clean(&head.moved()), clean(id));
        Some(RowTexts { from, to, word: head.word, besides })
    }

    /// A run by its id.
    pub fn run(&self, id: &str) -> Option<&Run> {
        self.replays.as_ref()?.iter().find(|run| run.plan.id == id)
    }

    /// One whose plan cannot be read, by its id.
    pub fn unreadable(&self, id: &str) -> Option<&Unreadable> {
        self.unreadable.iter().find(|one| one.id == id)
    }
}

/// How long ago a run was planned, or how far it is, for the list.
pub fn how_far(run: &Run) -> String {
    let planned = run.progress.planned.max(1);
    crate::model::units::percent(run.progress.settled() as f64 / planned as f64)
}

/// The time since a plan was made, or a consumer was moved.
pub fn age(app: &App, id: &str) -> String {
    let of_move = || app.moves.listed().into_iter().find(|(_, other)| *other == id).map(|(at, _)| at);
    let of_unreadable = || app.unreadable(id).and_then(Unreadable::made);
    let at = app.run(id).map(|run| run.plan.made).or_else(of_unreadable).or_else(of_move);
    at.map_or_else(|| "?".into(), |at| duration(app.now.since(at)))
}
