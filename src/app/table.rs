//! The state of a list: what is selected (by key, never by row number), what is in view, how it is sorted.

use std::collections::{BTreeSet, HashMap};
use std::hash::Hash;
use std::time::Duration;

use crate::model::{Kind, Timestamp};
use crate::query::{Fit, Needle};

/// A list sorted by a value that moves is put in order again at most this often: nothing jumps by itself.
pub const RESORT: Duration = Duration::from_secs(5);

/// A line of the list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Row<K> {
    /// A heading: the kind and how many follow.
    Group(Kind, usize),
    /// An item.
    Item(K),
}

/// The state of a list.
#[derive(Clone, Debug, PartialEq)]
pub struct Table<K: Ord + Clone> {
    rows: Vec<Row<K>>,
    selected: Option<K>,
    /// The row of the selected item.
    cursor: usize,
    top: usize,
    height: usize,
    /// Index of the column that it is sorted by.
    pub sort: usize,
    /// From large to small.
    pub descending: bool,
    /// What the filter says; empty is all.
    pub filter: String,
    /// No row contains what the filter says: those are shown that have its letters in this order.
    loose: bool,
    /// The selection is to go to the row that fits the filter best.
    aims: bool,
    /// What was selected before the filter that is being typed moved it.
    left: Option<K>,
    /// Marked items.
    pub marks: BTreeSet<K>,
    /// Only what is not well.
    pub only_problems: bool,
    /// How many there are without the filter.
    pub total: usize,
    /// The order is due again.
    pub resort: bool,
    sorted: Timestamp,
}

impl<K: Ord + Clone> Table<K> {
    /// An empty list sorted by this column.
    pub const fn new(sort: usize, descending: bool) -> Self {
        Self {
            rows: Vec::new(),
            selected: None,
            cursor: 0,
            top: 0,
            height: 1,
            sort,
            descending,
            filter: String::new(),
            loose: false,
            aims: false,
            left: None,
            marks: BTreeSet::new(),
            only_problems: false,
            total: 0,
            resort: true,
            sorted: Timestamp(0),
        }
    }

    /// The selected item.
    pub const fn selected(&self) -> Option<&K> {
        self.selected.as_ref()
    }

    /// Which item (not row) is selected, counted from 1, and how many there are; headings do not count.
    pub fn position(&self) -> (usize, usize) {
        let items = |rows: &[Row<K>]| rows.iter().filter(|r| matches!(r, Row::Item(_))).count();
        let before = items(&self.rows[..self.cursor.min(self.rows.len())]);
        (if self.selected.is_some() { before + 1 } else { 0 }, items(&self.rows))
    }

    /// The lines in view, each with whether it is the selected one.
    pub fn window(&self) -> impl Iterator<Item = (&Row<K>, bool)> {
        let has = self.selected.is_some();
        self.rows
            .iter()
            .enumerate()
            .skip(self.top)
            .take(self.height)
            .map(move |(i, row)| (row, has && i == self.cursor))
    }

    /// Whether there is nothing to show.
    pub const fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// How many lines there are.
    pub const fn len(&self) -> usize {
        self.rows.len()
    }

    /// First visible line and lines in view, for a scroll bar.
    pub const fn view(&self) -> (usize, usize) {
        (self.top, self.height)
    }

    /// How many lines fit.
    pub fn set_height(&mut self, height: usize) {
        self.height = height.max(1);
        self.keep_in_view();
    }

    /// Whether a list sorted by a moving value should be put in order now.
    pub fn due(&self, now: Timestamp) -> bool {
        self.resort || now.since(self.sorted) >= RESORT
    }

    /// Notes that the order was taken now.
    pub const fn sorted_at(&mut self, now: Timestamp) {
        self.resort = false;
        self.sorted = now;
    }

    /// Puts items into the order that the list has now; new ones come last, in their own order. `old` and `new`
    /// say what a key and an item are known by.
    pub fn in_old_order<'t, T, Id: Hash + Eq>(
        &'t self,
        items: Vec<T>,
        old: impl Fn(&'t K) -> Id,
        new: impl Fn(&T) -> Id,
    ) -> Vec<T> {
        let place: HashMap<Id, usize> = self
            .rows
            .iter()
            .enumerate()
            .filter_map(|(i, row)| match row {
                Row::Item(key) => Some((old(key), i)),
                Row::Group(..) => None,
            })
            .collect();
        let mut placed: Vec<(usize, T)> =
            items.into_iter().map(|item| (place.get(&new(&item)).copied().unwrap_or(usize::MAX), item)).collect();
        placed.sort_by_key(|(i, _)| *i);
        placed.into_iter().map(|(_, item)| item).collect()
    }

    /// As [`Table::set_rows`] without headings. The keys are written over the old ones, since a list of very many
    /// would be freed and allocated anew each second otherwise.
    pub fn set_items<T>(&mut self, items: impl Iterator<Item = T>, write: impl Fn(T, &mut K))
    where
        K: Default,
    {
        let mut rows = std::mem::take(&mut self.rows);
        let mut filled = 0;
        for item in items {
            if let Some(Row::Item(key)) = rows.get_mut(filled) {
                write(item, key);
            } else {
                let mut key = K::default();
                write(item, &mut key);
                rows.truncate(filled);
                rows.push(Row::Item(key));
            }
            filled += 1;
        }
        rows.truncate(filled);
        self.set_rows(rows);
    }

    /// New lines. The selection follows its item and stays on the same line of the screen; when the item is
    /// gone, its neighbour is selected.
    pub fn set_rows(&mut self, rows: Vec<Row<K>>) {
        let line = self.cursor.saturating_sub(self.top);
        let at_top = self.top == 0;
        self.rows = rows;
        let found = self
            .selected
            .as_ref()
            .and_then(|key| self.rows.iter().position(|row| matches!(row, Row::Item(k) if k == key)));
        match found {
            Some(row) => {
                if row != self.cursor && !(at_top && row < self.height) {
                    self.top = row.saturating_sub(line);
                }
                self.cursor = row;
            }
            None => {
                // Of what a filter leaves, the neighbour is no better than any other.
                self.aims |= !self.filter.is_empty();
                self.select_row(self.cursor);
            }
        }
        self.keep_in_view();
    }

    /// Leaves of these what the filter looks for; all of them are counted.
    pub fn sift<T>(&mut self, items: &mut Vec<T>, fit: impl Fn(&mut Needle, &T) -> Option<Fit>) {
        self.total = items.len();
        let mut needle = Needle::new(&self.filter);
        needle.keep(items, fit);
        self.loose = needle.is_loose();
    }

    /// Selects the row that fits the filter best, the first of several, where the filter is another than before or the
    /// row is gone that was selected.
    pub fn aim(&mut self, fit: impl Fn(&mut Needle, &K) -> Option<Fit>) {
        if !std::mem::take(&mut self.aims) || self.filter.is_empty() {
            return;
        }
        let mut needle = self.needle();
        let fits = self.rows.iter().enumerate().filter_map(|(i, row)| match row {
            Row::Item(key) => fit(&mut needle, key).map(|fit| (fit, std::cmp::Reverse(i))),
            Row::Group(..) => None,
        });
        if let Some((_, std::cmp::Reverse(row))) = fits.max() {
            self.select_row(row);
            self.keep_in_view();
        }
    }

    /// The filter as it was applied, for whoever shows what it matched.
    pub fn needle(&self) -> Needle {
        let mut needle = Needle::new(&self.filter);
        needle.loosen(self.loose);
        needle
    }

    /// Selects an item by its key, whether it is listed yet or not.
    pub fn select(&mut self, key: K) {
        self.selected = Some(key);
        let rows = std::mem::take(&mut self.rows);
        self.set_rows(rows);
    }

    /// Moves the selection by so many items.
    pub fn step(&mut self, by: isize) {
        if self.rows.is_empty() {
            return;
        }
        let mut row = self.cursor;
        for _ in 0..by.unsigned_abs() {
            let next = if by < 0 { self.item_before(row) } else { self.item_after(row) };
            match next {
                Some(next) => row = next,
                None => break,
            }
        }
        self.select_row(row);
        if self.item_before(self.cursor).is_none() {
            // The first item: show the heading above it too.
            self.top = 0;
        }
        self.keep_in_view();
    }

    /// Moves by one screen.
    pub fn page(&mut self, by: isize) {
        let height = isize::try_from(self.height.saturating_sub(1).max(1)).unwrap_or(1);
        self.step(by * height);
    }

    /// To the first item.
    pub fn first(&mut self) {
        self.select_row(0);
        self.top = 0;
        self.keep_in_view();
    }

    /// To the last item.
    pub fn last(&mut self) {
        self.select_row(self.rows.len().saturating_sub(1));
        self.keep_in_view();
    }

    /// Marks the selected item or takes its mark away, and goes to the next.
    pub fn toggle_mark(&mut self) {
        if let Some(key) = self.selected.clone() {
            if !self.marks.remove(&key) {
                self.marks.insert(key);
            }
            self.step(1);
        }
    }

    /// Marks all shown items, or takes their marks away where all of them are marked.
    pub fn toggle_all_marks(&mut self) {
        let shown: Vec<K> = self.items(0..self.rows.len()).cloned().collect();
        if shown.iter().all(|key| self.marks.contains(key)) {
            self.marks.retain(|key| !shown.contains(key));
        } else {
            self.marks.extend(shown);
        }
    }

    /// Marks all shown items from the nearest mark above the selected one to it, or else from the nearest below; false
    /// where none that is shown is marked.
    pub fn mark_to_selected(&mut self) -> bool {
        let marked = |row: &Row<K>| matches!(row, Row::Item(key) if self.marks.contains(key));
        let here = self.cursor.min(self.rows.len());
        let above = self.rows[..here].iter().rposition(marked).map(|from| from..here + 1);
        let below = || self.rows[here..].iter().position(marked).map(|to| here..here + to + 1);
        let Some(range) = above.or_else(below) else { return false };
        let within: Vec<K> = self.items(range).cloned().collect();
        self.marks.extend(within);
        true
    }

    /// The items in these lines.
    fn items(&self, lines: std::ops::Range<usize>) -> impl Iterator<Item = &K> {
        self.rows[lines.start..lines.end.min(self.rows.len())].iter().filter_map(|row| match row {
            Row::Item(key) => Some(key),
            Row::Group(..) => None,
        })
    }

    fn item_before(&self, row: usize) -> Option<usize> {
        self.rows[..row.min(self.rows.len())].iter().rposition(|r| matches!(r, Row::Item(_)))
    }

    fn item_after(&self, row: usize) -> Option<usize> {
        let from = (row + 1).min(self.rows.len());
        self.rows[from..].iter().position(|r| matches!(r, Row::Item(_))).map(|i| from + i)
    }

    /// Selects the item on this row, or the nearest one.
    fn select_row(&mut self, row: usize) {
        let row = row.min(self.rows.len().saturating_sub(1));
        let on = matches!(self.rows.get(row), Some(Row::Item(_))).then_some(row);
        match on.or_else(|| self.item_after(row)).or_else(|| self.item_before(row)) {
            Some(row) => {
                self.cursor = row;
                if let Some(Row::Item(key)) = self.rows.get(row) {
                    self.selected = Some(key.clone());
                }
            }
            None => {
                self.cursor = 0;
                self.selected = None;
            }
        }
    }

    fn keep_in_view(&mut self) {
        if self.cursor < self.top {
            self.top = self.cursor;
        }
        if self.cursor >= self.top + self.height {
            self.top = self.cursor + 1 - self.height;
        }
        self.top = self.top.min(self.rows.len().saturating_sub(self.height));
    }
}

/// What keys do to any list, whatever its items are.
pub trait List {
    /// Moves by so many items.
    fn step(&mut self, by: isize);
    /// Moves by so many screens.
    fn page(&mut self, by: isize);
    /// To the first item.
    fn first(&mut self);
    /// To the last item.
    fn last(&mut self);
    /// Marks the selected item.
    fn toggle_mark(&mut self);
    /// Sorts by this column.
    fn sort_by(&mut self, column: usize, descending: bool);
    /// Column and direction.
    fn order(&self) -> (usize, bool);
    /// The filter.
    fn filter(&self) -> &str;
    /// Another filter.
    fn set_filter(&mut self, text: &str);
    /// A filter is about to be typed.
    fn leave_place(&mut self);
    /// It was given up: what was selected before is selected again.
    fn return_to_place(&mut self);
    /// Whether no row contains what the filter says, and what is shown only has its letters.
    fn is_loose(&self) -> bool;
    /// Only what is not well, or all.
    fn toggle_problems(&mut self) -> bool;
    /// Whether only what is not well is shown.
    fn only_problems(&self) -> bool;
    /// Whether something is selected.
    fn has_selection(&self) -> bool;
    /// Whether something is marked.
    fn has_marks(&self) -> bool;
    /// Takes all marks away.
    fn clear_marks(&mut self);
}

impl<K: Ord + Clone> List for Table<K> {
    fn step(&mut self, by: isize) {
        Self::step(self, by);
    }

    fn page(&mut self, by: isize) {
        Self::page(self, by);
    }

    fn first(&mut self) {
        Self::first(self);
    }

    fn last(&mut self) {
        Self::last(self);
    }

    fn toggle_mark(&mut self) {
        Self::toggle_mark(self);
    }

    fn sort_by(&mut self, column: usize, descending: bool) {
        self.sort = column;
        self.descending = descending;
        self.resort = true;
    }

    fn order(&self) -> (usize, bool) {
        (self.sort, self.descending)
    }

    fn filter(&self) -> &str {
        &self.filter
    }

    fn set_filter(&mut self, text: &str) {
        if self.filter != text {
            self.aims = true;
        }
        text.clone_into(&mut self.filter);
        self.resort = true;
    }

    fn leave_place(&mut self) {
        self.left.clone_from(&self.selected);
    }

    fn return_to_place(&mut self) {
        // It need not be among the rows yet, which are still those of the filter.
        if let Some(left) = self.left.take() {
            self.selected = Some(left);
            self.aims = false;
        }
    }

    fn is_loose(&self) -> bool {
        self.loose && !self.rows.is_empty()
    }

    fn toggle_problems(&mut self) -> bool {
        self.only_problems = !self.only_problems;
        self.resort = true;
        self.only_problems
    }

    fn only_problems(&self) -> bool {
        self.only_problems
    }

    fn has_selection(&self) -> bool {
        self.selected.is_some()
    }

    fn has_marks(&self) -> bool {
        !self.marks.is_empty()
    }

    fn clear_marks(&mut self) {
        self.marks.clear();
    }
}

#[cfg(test)]
mod tests;
