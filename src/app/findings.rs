//! What is not well among the streams of a list and their consumers: how much of it, and where.

use crate::event::clean_line;
use crate::health::{Health, Level, consumer_health, stream_health};
use crate::model::Thresholds;

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

impl Findings {
    /// Looks at these streams and their consumers.
    pub(super) fn of(rows: &[StreamRow<'_>], thresholds: &Thresholds) -> Self {
        let mut found = Self::default();
        for row in rows {
            found.add(|| row.label.to_owned(), &stream_health(row.entry, None, thresholds));
            for (name, entry) in row.shelf.iter().flat_map(|s| s.entries.iter()) {
                found.add(|| format!("{} › {name}", row.label), &consumer_health(entry));
            }
        }
        found.worst.sort_by(|a, b| b.level.cmp(&a.level).then_with(|| a.place.cmp(&b.place)));
        found.worst.truncate(MOST);
        found
    }

    /// How many there are.
    pub const fn count(&self) -> usize {
        self.critical + self.warning
    }

    fn add(&mut self, place: impl FnOnce() -> String, health: &Health) {
        match health.level {
            Level::Critical => self.critical += 1,
            Level::Warning => self.warning += 1,
            _ => return,
        }
        self.worst.push(Finding {
            level: health.level,
            place: clean_line(&place()).into_owned(),
            words: clean_line(&format!("{}: {}", health.words, health.sentence)).into_owned(),
        });
    }
}
