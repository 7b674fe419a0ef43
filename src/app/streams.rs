//! The Streams screen: a row a stream.

use std::collections::BTreeMap;

use crate::event::clean_line;
use crate::health::{Level, stream_level};
use crate::model::lag::LagWish;
use crate::model::{Availability, Kind};
use crate::query::{Fit, Needle};

use super::columns::{StreamColumn, StreamRow, is_problem};
use super::consumers::Worst;
use super::{App, Findings, Row, Table};

/// The state of the Streams screen.
#[derive(Clone, Debug, PartialEq)]
pub struct StreamsScreen {
    /// The list, by whole stream names.
    pub table: Table<String>,
    /// How many streams of other features are hidden.
    pub hidden: usize,
    /// What is not well among the rows.
    pub findings: Findings,
    /// Of which data and which rows that was found. Sorting changes neither, and leaving out what is well takes
    /// nothing away that is not.
    found_of: Option<(u64, String, bool)>,
    /// The worst consumers of the streams in view, whose lag times are shown.
    pub(super) lags: Vec<LagWish>,
    /// The consumers of the selected stream that are shown beside the list.
    pub worst: Worst,
}

impl Default for StreamsScreen {
    fn default() -> Self {
        let name = StreamColumn::ALL.iter().position(|c| *c == StreamColumn::Name).unwrap_or(0);
        Self {
            table: Table::new(name, false),
            hidden: 0,
            findings: Findings::default(),
            found_of: None,
            lags: Vec::new(),
            worst: Worst::default(),
        }
    }
}

impl StreamsScreen {
    /// The column that the list is sorted by.
    pub fn sort_column(&self) -> StreamColumn {
        StreamColumn::ALL.get(self.table.sort).copied().unwrap_or(StreamColumn::Name)
    }

    /// Builds the list from what is known.
    pub(super) fn refresh(&mut self, app: &App) {
        self.fill(app);
        let terms = app.terms();
        let shown = self.table.window().filter_map(|(row, _)| match row {
            Row::Item(name) => app.worst_lag(name, &terms),
            Row::Group(..) => None,
        });
        self.lags = shown.collect();
        self.worst.refresh(app, self.table.selected().map(String::as_str));
    }

    fn fill(&mut self, app: &App) {
        // One line is the table's heading.
        self.table.set_height(app.body_height().saturating_sub(1));
        let catalog = app.catalog();
        let (thresholds, terms) = (&app.session.thresholds, &app.terms());
        self.hidden = 0;
        let mut rows: Vec<StreamRow<'_>> = Vec::with_capacity(catalog.streams.len());
        for (name, entry) in &catalog.streams {
            if !app.show_system && crate::model::stream::is_system_name(name) {
                self.hidden += 1;
                continue;
            }
            rows.push(stream_row(app, name, entry));
        }
        self.table.sift(&mut rows, |needle, row| fit(needle, row.label, row.name));
        if self.table.only_problems {
            rows.retain(|row| is_problem(stream_level(row.entry, row.shelf, thresholds, terms).max(row.found)));
        }
        let of = (app.watch().tracker.revision, self.table.filter.clone(), app.show_system);
        if self.found_of.as_ref() != Some(&of) {
            self.findings = Findings::of(&rows, app);
            self.found_of = Some(of);
        }
        let column = self.sort_column();
        let moving = !matches!(column, StreamColumn::Name | StreamColumn::Kind);
        if moving && !self.table.due(app.now) {
            let ordered = self.table.in_old_order(rows, String::as_str, |row| row.name);
            let named = ordered.into_iter().map(|row| (row.kind, row.name.to_owned())).collect();
            self.set(app, named);
            return;
        }
        let mut keyed: Vec<_> = rows.into_iter().map(|row| (column.value(&row, terms, thresholds), row)).collect();
        // The sort is stable and the catalog is in the order of names: what is the same stays in that order.
        keyed.sort_by(|(a, _), (b, _)| a.compare(b, self.table.descending));
        let ordered = keyed.into_iter().map(|(_, row)| (row.kind, row.name.to_owned())).collect();
        self.table.sorted_at(app.now);
        self.set(app, ordered);
    }

    /// Puts the items under the headings of their kinds, if they are grouped.
    fn set(&mut self, app: &App, named: Vec<(Kind, String)>) {
        let mut rows: Vec<Row<String>> = Vec::with_capacity(named.len() + 6);
        if app.grouped {
            let mut groups: BTreeMap<Kind, Vec<Row<String>>> = BTreeMap::new();
            for (kind, name) in named {
                groups.entry(kind).or_default().push(Row::Item(name));
            }
            for (kind, of) in groups {
                rows.push(Row::Group(kind, of.len()));
                rows.extend(of);
            }
        } else {
            rows.extend(named.into_iter().map(|(_, name)| Row::Item(name)));
        }
        self.table.set_rows(rows);
        self.table.aim(|needle, name| fit(needle, app.session.kinds.classify_name(name).1, name));
    }
}

/// How well a stream fits a filter: by its short name, which is shown, or by the whole.
fn fit(needle: &mut Needle, label: &str, name: &str) -> Option<Fit> {
    needle.fit(&[&clean_line(label)], Some(&clean_line(name)))
}

/// A stream with what belongs to it.
pub fn stream_row<'a>(app: &'a App, name: &'a str, entry: &'a crate::model::StreamEntry) -> StreamRow<'a> {
    let (kind, label) = match entry.info.as_deref() {
        Some(info) => app.session.kinds.classify(info),
        None => app.session.kinds.classify_name(name),
    };
    // Of what does not answer that is what its row says, not what was found before.
    let answers = entry.availability == Availability::Present && entry.info.is_some();
    let found = if answers { app.watch().tracker.worst_of(name) } else { Level::Ok };
    StreamRow { name, label, kind, entry, shelf: app.catalog().shelf(name), found }
}
