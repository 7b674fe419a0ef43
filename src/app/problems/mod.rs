//! The Problems screen: all findings under the headings of their rules, the worst first.
//!
//! The order follows from rules, levels and names alone, so that rows stand still while numbers change. What is well
//! again stays in its place for a while.

mod act;
mod story;

use std::collections::BTreeMap;

use crate::event::clean_line;
use crate::health::Level;
use crate::health::finding::{At, Phase, Place, Tracked, entry};
use crate::model::{Rule, Timestamp};
use crate::query::{Fit, Needle};

use super::{App, Row, Scroll, Table};

pub use story::{StoryLine, story_lines};

/// From this width on the story of a finding stands beside the list, below it otherwise.
pub const BESIDE_FROM: u16 = 150;
/// How wide it is there.
pub const BESIDE_WIDTH: u16 = 60;
/// A heading with more rows than this is folded at first.
const MANY: usize = 20;

/// A row: a finding, or the heading of its rule.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ProblemKey {
    /// The rule.
    pub rule: Rule,
    /// Where; `None` is the heading.
    pub place: Option<Place>,
}

/// What a heading says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Group {
    /// The worst of what is open.
    pub level: Level,
    /// How many are open.
    pub open: usize,
    /// How many are well again.
    pub resolved: usize,
    /// How many are silenced.
    pub silenced: usize,
    /// When anything of it changed last.
    pub changed: Option<Timestamp>,
}

impl Default for Group {
    fn default() -> Self {
        Self { level: Level::Ok, open: 0, resolved: 0, silenced: 0, changed: None }
    }
}

/// The state of the Problems screen.
#[derive(Clone, Debug, PartialEq)]
pub struct ProblemsScreen {
    /// The list.
    pub table: Table<ProblemKey>,
    /// What the headings say.
    pub groups: BTreeMap<Rule, Group>,
    /// What is silenced is shown too.
    pub silenced: bool,
    /// The story fills the screen.
    pub zoomed: bool,
    /// Position in the story.
    pub scroll: Scroll,
    /// Headings whose rows are hidden, or not: as it was at first, or as it was chosen.
    folded: BTreeMap<Rule, bool>,
}

impl Default for ProblemsScreen {
    fn default() -> Self {
        Self {
            table: Table::new(0, false),
            groups: BTreeMap::new(),
            silenced: false,
            zoomed: false,
            scroll: Scroll::default(),
            folded: BTreeMap::new(),
        }
    }
}

/// A finding before it is a row.
struct Found<'a> {
    at: At<'a>,
    tracked: &'a Tracked,
}

impl ProblemsScreen {
    /// Whether the rows of a rule are hidden.
    pub fn is_folded(&self, rule: Rule) -> bool {
        self.folded.get(&rule).copied().unwrap_or(false)
    }

    /// The selected finding, or the place that its heading has not.
    pub fn selected_place(&self) -> Option<&Place> {
        self.table.selected().and_then(|key| key.place.as_ref())
    }

    /// Rows of the story below the list; 0 where it stands beside it.
    pub fn story_height(app: &App) -> usize {
        if app.size.0 >= BESIDE_FROM { 0 } else { app.body_height() * 9 / 20 }
    }

    /// Columns of the story.
    pub fn story_width(&self, app: &App) -> usize {
        let columns = if !self.zoomed && app.size.0 >= BESIDE_FROM { BESIDE_WIDTH } else { app.size.0 };
        usize::from(columns.saturating_sub(3)).max(20)
    }

    /// Builds the list from what is known.
    pub(super) fn refresh(&mut self, app: &App) {
        self.table.set_height(app.body_height().saturating_sub(1 + Self::story_height(app)));
        let tracker = &app.watch().tracker;
        let filtering = !self.table.filter.is_empty();
        let mut all: Vec<Found<'_>> = Vec::new();
        self.groups.clear();
        for (stream, consumer, tracked) in tracker.iter() {
            if tracked.phase == Phase::Suspected {
                continue;
            }
            all.push(Found { at: At::of(stream, consumer), tracked });
            let group = self.groups.entry(tracked.rule).or_default();
            group.changed = group.changed.max(Some(tracked.changed));
            match (tracked.phase, tracked.silenced) {
                (Phase::Open, true) => group.silenced += 1,
                (Phase::Open, false) => {
                    group.open += 1;
                    group.level = group.level.max(tracked.level);
                }
                _ => group.resolved += 1,
            }
        }
        let fits = |needle: &mut Needle, found: &Found<'_>| fit(app, needle, found.tracked.rule, Some(found.at));
        self.table.sift(&mut all, fits);
        let mut by_rule: BTreeMap<Rule, Vec<Found<'_>>> = BTreeMap::new();
        for found in all {
            let tracked = found.tracked;
            let shown = (self.silenced || !tracked.silenced)
                && (!self.table.only_problems || (tracked.phase == Phase::Open && tracked.level >= Level::Warning));
            if shown {
                by_rule.entry(tracked.rule).or_default().push(found);
            }
        }
        let mut rules: Vec<(Rule, Vec<Found<'_>>)> = by_rule.into_iter().collect();
        // Those of one level in the order of the rules. What is well again keeps its place as long as it is shown.
        let worst = |found: &[Found<'_>]| found.iter().map(|found| found.tracked.level).max();
        rules.sort_by_key(|(_, found)| std::cmp::Reverse(worst(found)));
        let mut rows = Vec::new();
        for (rule, mut found) in rules {
            let hidden = *self
                .folded
                .entry(rule)
                .or_insert_with(|| found.len() > MANY || worst(&found).is_none_or(|level| level < Level::Warning));
            let selected = self.table.selected().is_some_and(|key| key.rule == rule && key.place.is_some());
            if hidden && selected && !filtering {
                // Its row goes, and its heading says the most of it.
                self.table.select(ProblemKey { rule, place: None });
            }
            rows.push(Row::Item(ProblemKey { rule, place: None }));
            // What is typed is looked for in rows, so a filter shows them.
            if hidden && !filtering {
                continue;
            }
            // The order of the tracker is that of names.
            found.sort_by_key(|found| std::cmp::Reverse(found.tracked.level));
            rows.extend(found.into_iter().map(|found| Row::Item(ProblemKey { rule, place: Some(found.at.place()) })));
        }
        self.table.set_rows(rows);
        self.table.aim(|needle, key| fit(app, needle, key.rule, key.place.as_ref().map(Place::at)));
        if self.zoomed {
            let lines = self.table.selected().map_or(0, |key| story_lines(app, key, self.story_width(app)).len());
            self.scroll.fit(lines, app.body_height());
        }
    }
}

/// How well a finding fits a filter, or the heading of its rule: by the stream and the consumer, and by the rule. The
/// account is found by that word.
fn fit(app: &App, needle: &mut Needle, rule: Rule, at: Option<At<'_>>) -> Option<Fit> {
    let Some(at) = at else { return needle.fit(&[rule.name()], None) };
    let stream = at.stream().unwrap_or("account");
    let label = clean_line(app.session.kinds.classify_name(stream).1);
    match at.consumer() {
        Some(consumer) => needle.fit(&[&clean_line(consumer), &label, rule.name()], Some(&clean_line(stream))),
        None => needle.fit(&[&label, rule.name()], Some(&clean_line(stream))),
    }
}

impl App {
    /// What is tracked of a finding.
    pub fn tracked(&self, rule: Rule, place: At<'_>) -> Option<&Tracked> {
        self.watch().tracker.at(place).iter().find(|tracked| tracked.rule == rule)
    }

    /// A place with the names that are shown: streams by their short names; sanitised.
    pub fn place_label(&self, place: At<'_>) -> String {
        self.place_label_for(place, &mut Needle::new(""))
    }

    /// As [`App::place_label`], with the long name of the stream where that alone has what is looked for.
    pub fn place_label_for(&self, place: At<'_>, needle: &mut Needle) -> String {
        let stream = place.stream().map(|stream| {
            let short = self.session.kinds.classify_name(stream).1;
            if needle.reveals(&[short, place.consumer().unwrap_or("")], stream) { stream } else { short }
        });
        let label = match (stream, place.consumer()) {
            (None, _) => "the account".to_owned(),
            (Some(stream), None) => stream.to_owned(),
            (Some(stream), Some(consumer)) => format!("{stream} › {consumer}"),
        };
        clean_line(&label).into_owned()
    }
}

/// What a heading says, such as `3 consumers stand still`.
pub fn summary(rule: Rule, group: &Group) -> String {
    let many = entry(rule).many;
    match (group.open, group.resolved, group.silenced) {
        (0, 0, n) => format!("silenced: {}", many(n)),
        (0, n, _) => format!("well again: {}", many(n)),
        (n, ..) => many(n),
    }
}
