//! What is not well among the streams of a list and their consumers: how much of it, and where.

use std::cmp::Ordering;

use crate::event::clean_line;
use crate::health::finding::{At, Tracked, entry, story, worst};
use crate::health::{Health, Level, Standing, Terms, consumer_health, stream_health};
use crate::model::{ConsumerEntry, Rule};

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
        let words = match told {
            Some(told) => format!("{}: {}", told.words, told.sentence),
            None if self.tracked.quiet.is_some() => format!("{}; comes and goes, not just now", entry(rule).in_short()),
            // What is known may be newer than what was found in it, until the next look a moment later.
            None => entry(rule).in_short(),
        };
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
            let bad = tracker.under(row.name).filter(|(_, tracked)| tracked.is_problem());
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

/// Whether a verdict (or why there is none) says the same as this rule.
const fn is_of_verdict(rule: Rule) -> bool {
    matches!(
        rule,
        Rule::ConsumerStopped
            | Rule::ConsumerStalled
            | Rule::ConsumerBlocked
            | Rule::ConsumerNeverAcked
            | Rule::ConsumerAhead
            | Rule::ConsumerBehind
            | Rule::ConsumerRewound
            | Rule::ConsumerPaused
            | Rule::ConsumerDead
            | Rule::ConsumerLost
            | Rule::ConsumerHol
            | Rule::ConsumerRecreated
            | Rule::ConsumerNoLeader
            | Rule::ConsumerMissing
            | Rule::ConsumerOffline
    )
}

/// What did not hold at the last look, but may come again: the level stands still, the words tell what is now.
fn until_lately(tracked: &Tracked, health: Health) -> Health {
    let sentence = format!("It was so until a moment ago: {}. {}", entry(tracked.rule).in_short(), health.sentence);
    Health::new(tracked.level, health.words, sentence)
}

impl App {
    /// All that is not well with a stream and its consumers.
    pub fn findings_of_stream(&self, name: &str) -> Findings {
        let entry = self.catalog().streams.get(name);
        entry.map_or_else(Findings::default, |entry| Findings::of(&[super::stream_row(self, name, entry)], self))
    }

    /// How well a stream is: what its row says, or what was found besides.
    pub fn stream_health(&self, row: &StreamRow<'_>) -> Health {
        let thresholds = &self.session.thresholds;
        let health = stream_health(row.entry, row.shelf, thresholds, &self.terms());
        if row.found <= health.level {
            return health;
        }
        let tracker = &self.watch().tracker;
        let mut worst = tracker.under(row.name).filter(|(_, tracked)| tracked.is_told() && tracked.level == row.found);
        let Some((at, tracked)) = worst.next() else { return health };
        self.found_health(at, tracked).unwrap_or_else(|| until_lately(tracked, health))
    }

    /// How well a consumer is: what its verdict says, or what was found besides.
    pub fn consumer_health(&self, stream: &str, name: &str, entry: &ConsumerEntry) -> Health {
        let health = consumer_health(entry, &self.terms());
        let at = At::Consumer(stream, name);
        let known = self.watch().tracker.at(at);
        let found = worst(known);
        if found <= health.level {
            return health;
        }
        let tracked = known.iter().find(|tracked| tracked.is_told() && tracked.level == found);
        match tracked {
            Some(tracked) => self.found_health(at, tracked).unwrap_or_else(|| until_lately(tracked, health)),
            None => health,
        }
    }

    /// What is found of a consumer that its verdict does not say: level, words and sentence.
    pub fn found_besides(&self, stream: &str, name: &str) -> Vec<(Level, String, String)> {
        let at = At::Consumer(stream, name);
        let told = self.watch().tracker.at(at).iter().filter(|t| t.is_told() && !is_of_verdict(t.rule));
        told.filter_map(|tracked| {
            let story = story(self.catalog(), at, tracked.rule, &self.session.thresholds, self.shown_at())?;
            Some((tracked.level, story.words, story.sentence))
        })
        .collect()
    }

    fn found_health(&self, at: At<'_>, tracked: &Tracked) -> Option<Health> {
        let told = story(self.catalog(), at, tracked.rule, &self.session.thresholds, self.shown_at())?;
        let sentence = match at {
            At::Consumer(_, name) => format!("Consumer {name}: {}", told.sentence),
            _ => told.sentence,
        };
        Some(Health::new(tracked.level, told.words, sentence))
    }

    /// Whether a consumer is one that `!` keeps: something is found that somebody should look at, or it does not
    /// answer. That there are too few samples to judge it is no problem of it.
    pub(super) fn is_problem_consumer(known: &[Tracked], entry: &ConsumerEntry, terms: &Terms) -> bool {
        known.iter().any(Tracked::is_problem) || !matches!(Standing::of(entry, terms), Standing::Judged(_))
    }
}
