//! The Streams screen: a row a stream.

use crate::event::clean_line;
use crate::health::stream_health;
use crate::model::Kind;
use crate::query::Fuzzy;

use super::columns::{StreamColumn, StreamRow, is_problem};
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
}

impl Default for StreamsScreen {
    fn default() -> Self {
        let name = StreamColumn::ALL.iter().position(|c| *c == StreamColumn::Name).unwrap_or(0);
        Self { table: Table::new(name, false), hidden: 0, findings: Findings::default() }
    }
}

impl StreamsScreen {
    /// The column that the list is sorted by.
    pub fn sort_column(&self) -> StreamColumn {
        StreamColumn::ALL.get(self.table.sort).copied().unwrap_or(StreamColumn::Name)
    }

    /// Builds the list from what is known.
    pub(super) fn refresh(&mut self, app: &App) {
        // One line is the table's heading.
        self.table.set_height(app.body_height().saturating_sub(1));
        let catalog = app.catalog();
        let thresholds = &app.session.thresholds;
        let mut fuzzy = Fuzzy::new(&self.table.filter);
        let filtering = !self.table.filter.is_empty();
        self.hidden = 0;
        self.table.total = 0;
        let mut rows: Vec<StreamRow<'_>> = Vec::with_capacity(catalog.streams.len());
        for (name, entry) in &catalog.streams {
            if !app.show_system && crate::model::stream::is_system_name(name) {
                self.hidden += 1;
                continue;
            }
            self.table.total += 1;
            let row = stream_row(app, name, entry);
            if filtering && fuzzy.score(&clean_line(name)).is_none() {
                continue;
            }
            if self.table.only_problems && !is_problem(stream_health(entry, row.shelf, thresholds).level) {
                continue;
            }
            rows.push(row);
        }
        self.findings = Findings::of(&rows, thresholds);
        let column = self.sort_column();
        let moving = !matches!(column, StreamColumn::Name | StreamColumn::Kind);
        if moving && !self.table.due(app.now) {
            let keys = rows.iter().map(|r| r.name.to_owned()).collect();
            let ordered = self.table.in_old_order(keys);
            self.set(app, &ordered);
            return;
        }
        let now = app.shown_at();
        let mut keyed: Vec<_> = rows.into_iter().map(|row| (column.value(&row, now, thresholds), row)).collect();
        keyed.sort_by(|(a, x), (b, y)| a.compare(b, self.table.descending).then_with(|| x.name.cmp(y.name)));
        let ordered: Vec<String> = keyed.into_iter().map(|(_, row)| row.name.to_owned()).collect();
        self.table.sorted_at(app.now);
        self.set(app, &ordered);
    }

    /// Puts the items under the headings of their kinds, if they are grouped.
    fn set(&mut self, app: &App, names: &[String]) {
        let mut rows: Vec<Row<String>> = Vec::with_capacity(names.len() + 6);
        if app.grouped {
            for kind in
                [Kind::EventSource, Kind::EventChannel, Kind::Plain, Kind::Mirror, Kind::KeyValue, Kind::ObjectStore]
            {
                let of: Vec<&String> = names.iter().filter(|name| kind_of(app, name) == kind).collect();
                if !of.is_empty() {
                    rows.push(Row::Group(kind, of.len()));
                    rows.extend(of.into_iter().cloned().map(Row::Item));
                }
            }
        } else {
            rows.extend(names.iter().cloned().map(Row::Item));
        }
        self.table.set_rows(rows);
    }
}

fn kind_of(app: &App, name: &str) -> Kind {
    let catalog = app.catalog();
    let info = catalog.streams.get(name).and_then(|e| e.info.as_deref());
    info.map_or_else(|| app.session.kinds.classify_name(name).0, |s| app.session.kinds.classify(s).0)
}

/// A stream with what belongs to it.
pub fn stream_row<'a>(app: &'a App, name: &'a str, entry: &'a crate::model::StreamEntry) -> StreamRow<'a> {
    let (kind, label) = match entry.info.as_deref() {
        Some(info) => app.session.kinds.classify(info),
        None => app.session.kinds.classify_name(name),
    };
    StreamRow { name, label, kind, entry, shelf: app.catalog().consumers.get(name) }
}
