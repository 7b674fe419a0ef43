//! The Consumers screen: every consumer of every stream in one list, worst first. The same list inside of
//! one stream is built here too.

use std::collections::BTreeMap;

use crate::event::clean_line;
use crate::health::finding::{At, worst};
use crate::health::{Level, consumer_level};
use crate::model::Timestamp;
use crate::model::catalog::Shelf;
use crate::query::{Fit, Needle};

use super::columns::{ConsumerColumn, ConsumerRow};
use super::{App, Table};

/// Stream and name of a consumer.
pub type ConsumerKey = (String, String);

/// The state of the Consumers screen.
#[derive(Clone, Debug, PartialEq)]
pub struct ConsumersScreen {
    /// The list.
    pub table: Table<ConsumerKey>,
}

impl Default for ConsumersScreen {
    fn default() -> Self {
        Self { table: worst_first() }
    }
}

/// A list of consumers, worst first.
pub(super) const fn worst_first() -> Table<ConsumerKey> {
    // Column 0 is the state.
    Table::new(0, true)
}

impl ConsumersScreen {
    /// Builds the list from what is known.
    pub(super) fn refresh(&mut self, app: &App) {
        self.table.set_height(app.body_height().saturating_sub(1));
        let shelves = app
            .catalog()
            .consumers
            .iter()
            .filter(|(name, _)| app.show_system || !crate::model::stream::is_system_name(name))
            .map(|(name, shelf)| (name.as_str(), &**shelf));
        fill(&mut self.table, app, shelves, true);
    }
}

/// As many as a panel beside something else has room for.
const MOST_WORST: usize = 64;
/// So many are judged in no time; more only once a second.
const FEW: usize = 1_000;

/// The consumers of one stream that are shown beside something else, the worst first.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Worst {
    /// The stream, how many it has, and when that was.
    of: Option<(String, usize, i64)>,
    /// Their names.
    pub names: Vec<String>,
}

impl Worst {
    /// The stream.
    pub(super) fn stream(&self) -> Option<&String> {
        self.of.as_ref().map(|(stream, ..)| stream)
    }

    /// Finds them anew, for this stream.
    pub(super) fn refresh(&mut self, app: &App, stream: Option<&str>) {
        let Some(stream) = stream else { return *self = Self::default() };
        let none = BTreeMap::new();
        let entries = app.catalog().shelf(stream).map_or(&none, |shelf| &shelf.entries);
        let count = entries.len();
        let Timestamp(now) = app.shown_at();
        let of = Some((stream.to_owned(), count, now.div_euclid(1_000_000_000)));
        if count > FEW && self.of == of {
            return;
        }
        let (terms, tracker) = (app.terms(), &app.watch().tracker);
        let level =
            |name: &str, entry| consumer_level(entry, &terms).max(worst(tracker.at(At::Consumer(stream, name))));
        let mut all: Vec<_> = entries.iter().map(|(name, entry)| (level(name, entry), name)).collect();
        let by = |a: &(Level, &String), b: &(Level, &String)| b.0.cmp(&a.0).then(a.1.cmp(b.1));
        if all.len() > MOST_WORST {
            all.select_nth_unstable_by(MOST_WORST, by);
            all.truncate(MOST_WORST);
        }
        all.sort_unstable_by(by);
        self.names = all.into_iter().map(|(_, name)| name.clone()).collect();
        self.of = of;
    }
}

/// The column that a list of consumers is sorted by.
pub fn sort_column(table: &Table<ConsumerKey>) -> ConsumerColumn {
    ConsumerColumn::ALL.get(table.sort).copied().unwrap_or(ConsumerColumn::State)
}

/// Fills a list with the consumers of these streams, whose names the rows show if it is `with_stream`.
pub(super) fn fill<'a>(
    table: &mut Table<ConsumerKey>,
    app: &'a App,
    shelves: impl Iterator<Item = (&'a str, &'a Shelf)>,
    with_stream: bool,
) {
    let (terms, tracker) = (app.terms(), &app.watch().tracker);
    let mut rows: Vec<ConsumerRow<'a>> = Vec::new();
    for (stream, shelf) in shelves {
        let label = app.session.kinds.classify_name(stream).1;
        let of_stream = tracker.of_consumers(stream);
        let known = |name: &String| of_stream.and_then(|of| of.get(name)).map_or(&[][..], Vec::as_slice);
        for (name, entry) in &shelf.entries {
            rows.push(ConsumerRow { stream, label, name, entry, found: worst(known(name)) });
        }
    }
    table.sift(&mut rows, |needle, row| fit(needle, row.name, with_stream.then_some((row.label, row.stream))));
    if table.only_problems {
        rows.retain(|row| {
            let known = tracker.of_consumers(row.stream).and_then(|of| of.get(row.name)).map_or(&[][..], Vec::as_slice);
            App::is_problem_consumer(known, row.entry, &terms)
        });
    }
    let column = sort_column(table);
    let fixed = matches!(
        column,
        ConsumerColumn::Stream
            | ConsumerColumn::Name
            | ConsumerColumn::Mode
            | ConsumerColumn::Ack
            | ConsumerColumn::Filter
    );
    let ordered: Vec<ConsumerRow<'a>> = if fixed || table.due(app.now) {
        let mut keyed: Vec<_> = rows.into_iter().map(|row| (column.value(&row, &terms), row)).collect();
        // The sort is stable and the catalog is in the order of streams and names: what is the same stays in it.
        keyed.sort_by(|(a, _), (b, _)| a.compare(b, table.descending));
        table.sorted_at(app.now);
        keyed.into_iter().map(|(_, row)| row).collect()
    } else {
        table.in_old_order(rows, |(stream, name)| (stream.as_str(), name.as_str()), |row| (row.stream, row.name))
    };
    table.set_items(ordered.into_iter(), |row, (stream, name)| {
        row.stream.clone_into(stream);
        row.name.clone_into(name);
    });
    table.aim(|needle, (stream, name)| {
        fit(needle, name, with_stream.then(|| (app.session.kinds.classify_name(stream).1, stream.as_str())))
    });
}

/// How well a consumer fits a filter: by its name, and where its stream is shown too, by that.
fn fit(needle: &mut Needle, name: &str, stream: Option<(&str, &str)>) -> Option<Fit> {
    let name = clean_line(name);
    match stream {
        Some((label, stream)) => needle.fit(&[&name, &clean_line(label)], Some(&clean_line(stream))),
        None => needle.fit(&[&name], None),
    }
}
