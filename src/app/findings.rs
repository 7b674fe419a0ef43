//! What is not well among the streams of a list and their consumers: how much of it, and where.

use std::cmp::Ordering;

use crate::event::clean_line;
use crate::health::finding::{At, Tracked, story};
use crate::health::{Level, Standing, Terms};
use crate::model::ConsumerEntry;

use super::App;
use super::columns::StreamRow;

/// More than any screen shows.
const MOST: usize = 100;

/// Something that is not well.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// How bad it is.
    pub level: Level,
    /// The stream, or the stream and the consumer; sanitised.
    pub place: String,
    /// What is wrong, with the numbers; sanitised.
    pub words: String,
}

/// All that is not well in a list.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Findings {
    /// How many are critical.
    pub critical: usize,
    /// How many are warnings.
    pub warning: usize,
    /// The worst first; those of one level by their place, so that they stand still while numbers change.
    pub worst: Vec<Finding>,
}

/// Something that is not well, before it is put into words: of very many only the worst are.
struct Found<'a> {
    label: &'a str,
    at: At<'a>,
    tracked: &'a Tracked,
}

impl Found<'_> {
    /// The worst first, those of one level by their place.
    fn compare(&self, other: &Self) -> Ordering {
        let worse = other.tracked.level.cmp(&self.tracked.level);
        let place = self.label.cmp(other.label).then_with(|| self.at.consumer().cmp(&other.at.consumer()));
        worse.then(place).then(self.tracked.rule.cmp(&other.tracked.rule))
    }

    fn in_words(&self, app: &App) -> Finding {
        let place = match self.at.consumer() {
            Some(name) => format!("{} › {name}", self.label),
            None => self.label.to_owned(),
        };
        let rule = self.tracked.rule;
        let told = story(app.catalog(), self.at, rule, &app.session.thresholds, app.shown_at());
        let words = told.map_or_else(String::new, |told| format!("{}: {}", told.words, told.sentence));
        Finding {
            level: self.tracked.level,
            place: clean_line(&place).into_owned(),
            words: clean_line(&words).into_owned(),
        }
    }
}

impl Findings {
    /// Looks at these streams and their consumers.
    pub(super) fn of(rows: &[StreamRow<'_>], app: &App) -> Self {
        let tracker = &app.watch().tracker;
        let mut found = Vec::new();
        for row in rows {
            let own = tracker.at(At::Stream(row.name)).iter().map(|tracked| (At::Stream(row.name), tracked));
            let consumers = tracker
                .consumers_of(row.name)
                .flat_map(|(name, known)| known.iter().map(move |tracked| (At::Consumer(row.name, name), tracked)));
            let bad = own.chain(consumers).filter(|(_, tracked)| tracked.is_problem());
            found.extend(bad.map(|(at, tracked)| Found { label: row.label, at, tracked }));
        }
        let critical = found.iter().filter(|f| f.tracked.level == Level::Critical).count();
        let warning = found.len() - critical;
        if found.len() > MOST {
            found.select_nth_unstable_by(MOST, Found::compare);
            found.truncate(MOST);
        }
        found.sort_by(Found::compare);
        let worst = found.iter().map(|f| f.in_words(app)).collect();
        Self { critical, warning, worst }
    }

    /// How many there are.
    pub const fn count(&self) -> usize {
        self.critical + self.warning
    }
}

impl App {
    /// Whether a consumer is one that `!` keeps: something is found that somebody should look at, or it does not
    /// answer. That there are too few samples to judge it is no problem of it.
    pub(super) fn is_problem_consumer(known: &[Tracked], entry: &ConsumerEntry, terms: &Terms) -> bool {
        known.iter().any(Tracked::is_problem) || !matches!(Standing::of(entry, terms), Standing::Judged(_))
    }
}
