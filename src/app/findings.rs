//! What is not well among the streams of a list and their consumers: how much of it, and where.

use std::cmp::Ordering;

use crate::event::clean_line;
use crate::health::{Level, Terms, consumer_health, consumer_level, stream_health, stream_level};
use crate::model::{ConsumerEntry, Thresholds};

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
    level: Level,
    row: &'a StreamRow<'a>,
    consumer: Option<(&'a str, &'a ConsumerEntry)>,
}

impl Found<'_> {
    /// The worst first, those of one level by their place.
    fn compare(&self, other: &Self) -> Ordering {
        let place = |f: &Self| (f.row.label, f.consumer.map(|(name, _)| name));
        other.level.cmp(&self.level).then_with(|| place(self).cmp(&place(other)))
    }

    fn in_words(&self, thresholds: &Thresholds, terms: &Terms) -> Finding {
        let (place, health) = match self.consumer {
            Some((name, entry)) => (format!("{} › {name}", self.row.label), consumer_health(entry, terms)),
            None => (self.row.label.to_owned(), stream_health(self.row.entry, None, thresholds, terms)),
        };
        Finding {
            level: self.level,
            place: clean_line(&place).into_owned(),
            words: clean_line(&format!("{}: {}", health.words, health.sentence)).into_owned(),
        }
    }
}

impl Findings {
    /// Looks at these streams and their consumers.
    pub(super) fn of(rows: &[StreamRow<'_>], thresholds: &Thresholds, terms: &Terms) -> Self {
        let mut found = Vec::new();
        let mut add = |level, row, consumer| {
            if matches!(level, Level::Critical | Level::Warning) {
                found.push(Found { level, row, consumer });
            }
        };
        for row in rows {
            add(stream_level(row.entry, None, thresholds, terms), row, None);
            for (name, entry) in row.shelf.iter().flat_map(|s| s.entries.iter()) {
                add(consumer_level(entry, terms), row, Some((name.as_str(), entry)));
            }
        }
        let critical = found.iter().filter(|f| f.level == Level::Critical).count();
        let warning = found.len() - critical;
        if found.len() > MOST {
            found.select_nth_unstable_by(MOST, Found::compare);
            found.truncate(MOST);
        }
        found.sort_by(Found::compare);
        let worst = found.iter().map(|f| f.in_words(thresholds, terms)).collect();
        Self { critical, warning, worst }
    }

    /// How many there are.
    pub const fn count(&self) -> usize {
        self.critical + self.warning
    }
}
