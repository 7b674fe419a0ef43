//! A log that is bounded, and what of it is shown: a filter, a place that follows the end or stands still.

use std::collections::VecDeque;

use crate::app::table::List;
use crate::app::tail::{Cursor, Listed};
use crate::model::Timestamp;
use crate::query::{Fit, Needle};

/// An item with its number: they are counted as they come, from 0, and never again.
#[derive(Clone, Debug, PartialEq)]
pub struct Numbered<T> {
    /// Its number.
    pub at: u64,
    /// The item.
    pub item: T,
}

/// The newest of what came.
#[derive(Clone, Debug, PartialEq)]
pub struct Log<T> {
    entries: VecDeque<Numbered<T>>,
    next: u64,
    most: usize,
}

impl<T> Log<T> {
    /// An empty log that keeps so many.
    pub const fn new(most: usize) -> Self {
        Self { entries: VecDeque::new(), next: 0, most }
    }

    /// One more; the oldest gives way. Returns its number.
    pub fn push(&mut self, item: T) -> u64 {
        if self.is_full() {
            self.entries.pop_front();
        }
        let at = self.next;
        self.entries.push_back(Numbered { at, item });
        self.next += 1;
        at
    }

    /// Whether the next one makes another give way.
    pub fn is_full(&self) -> bool {
        self.entries.len() >= self.most
    }

    fn place(&self, at: u64) -> Option<usize> {
        let place = self.entries.partition_point(|entry| entry.at < at);
        self.entries.get(place).is_some_and(|entry| entry.at == at).then_some(place)
    }

    /// The item of this number.
    pub fn get(&self, at: u64) -> Option<&T> {
        self.entries.get(self.place(at)?).map(|entry| &entry.item)
    }

    /// The item of this number.
    pub fn get_mut(&mut self, at: u64) -> Option<&mut T> {
        let place = self.place(at)?;
        self.entries.get_mut(place).map(|entry| &mut entry.item)
    }

    /// Takes an item out.
    pub fn remove(&mut self, at: u64) -> Option<T> {
        let place = self.place(at)?;
        self.entries.remove(place).map(|entry| entry.item)
    }

    /// All, oldest first.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = &Numbered<T>> {
        self.entries.iter()
    }

    /// All of this number or later, oldest first.
    fn since(&self, at: u64) -> impl Iterator<Item = &Numbered<T>> {
        let from = self.entries.partition_point(|entry| entry.at < at);
        self.entries.range(from..)
    }

    /// How many are kept.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether none is kept.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// How many gave way.
    pub fn dropped(&self) -> u64 {
        self.next - self.entries.len() as u64
    }
}

/// The numbers of what is shown.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Shown {
    numbers: VecDeque<u64>,
    next: u64,
}

impl Shown {
    /// Whether anything is shown.
    pub fn has_some(&self) -> bool {
        !self.numbers.is_empty()
    }
}

impl Listed for Shown {
    fn count(&self) -> usize {
        self.numbers.len()
    }

    fn place(&self, at: u64) -> usize {
        self.numbers.partition_point(|number| *number < at)
    }

    fn number(&self, index: usize) -> Option<u64> {
        self.numbers.get(index).copied()
    }

    fn next(&self) -> u64 {
        self.next
    }
}

/// What it depends on besides the filter whether an item is shown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Besides {
    /// What is hidden otherwise is wanted too.
    pub(super) hidden: bool,
    /// What came later is not wanted: an earlier time is looked at.
    pub(super) until: Option<Timestamp>,
}

/// What of a log is shown, and what of that is selected and in view.
#[derive(Clone, Debug, PartialEq)]
pub struct View {
    /// What is selected and in view.
    pub cursor: Cursor,
    /// What the filter says; empty is all.
    pub filter: String,
    /// Only what is not well.
    pub only_problems: bool,
    /// What of the log passes.
    pub shown: Shown,
    /// What was judged by: the filter, whether only problems, what else.
    judged: Option<(String, bool, Besides)>,
    /// Nothing contains what the filter says: what is shown has its letters in this order.
    loose: bool,
    /// The selection is to go to what fits the filter best.
    aims: bool,
    /// Where it stood before the filter that is being typed moved it.
    left: Option<Cursor>,
}

impl Default for View {
    fn default() -> Self {
        let (mut cursor, shown) = (Cursor::new(true), Shown::default());
        // Nothing is to be read first: all that comes is new.
        cursor.caught_up(&shown);
        Self {
            cursor,
            filter: String::new(),
            only_problems: false,
            shown,
            judged: None,
            loose: false,
            aims: false,
            left: None,
        }
    }
}

impl View {
    /// Looks at what has come since the last time; at everything where something else is wanted. `wanted` says of an
    /// item whether it is shown but for the filter, where only problems are or all; `fit` how well the filter fits it.
    /// Another `besides` only makes it look at everything.
    pub(super) fn refresh<T>(
        &mut self,
        log: &Log<T>,
        besides: Besides,
        wanted: impl Fn(&T, bool) -> bool,
        fit: impl Fn(&mut Needle, &T) -> Option<Fit>,
    ) {
        let by = (self.filter.clone(), self.only_problems, besides);
        // What is a problem can change; what an item is called cannot.
        if self.judged.as_ref() != Some(&by) || self.only_problems {
            self.judged = Some(by);
            self.forget();
        }
        // Also what was taken out from between.
        self.shown.numbers.retain(|at| log.place(*at).is_some());
        let only = self.only_problems;
        let wanted = |item: &T| wanted(item, only);
        if self.filter.is_empty() {
            self.shown.numbers.extend(log.since(self.shown.next).filter(|e| wanted(&e.item)).map(|e| e.at));
            self.shown.next = log.next;
            return;
        }
        let mut needle = Needle::new(&self.filter);
        let fits = |needle: &mut Needle, item: &T| wanted(item) && fit(needle, item).is_some();
        // One that has come contains what was typed, which none did before.
        if self.loose && log.since(self.shown.next).any(|e| fits(&mut needle, &e.item)) {
            self.forget();
        }
        if !self.loose {
            self.take(log, |item| fits(&mut needle, item));
            if !self.shown.has_some() && needle.can_be_loose() {
                self.forget();
                self.loose = true;
            }
        }
        if self.loose {
            needle.loosen(true);
            self.take(log, |item| fits(&mut needle, item));
        }
        self.aim(log, |item| fit(&mut needle, item));
    }

    /// Everything is to be looked at again.
    fn forget(&mut self) {
        self.shown.numbers.clear();
        self.shown.next = 0;
        self.loose = false;
    }

    fn take<T>(&mut self, log: &Log<T>, mut passes: impl FnMut(&T) -> bool) {
        for entry in log.since(self.shown.next) {
            if passes(&entry.item) {
                self.shown.numbers.push_back(entry.at);
            }
        }
        self.shown.next = log.next;
    }

    /// Selects what fits best, the newest of several, where the filter is another than before. The newest of all goes
    /// on being the newest of all.
    fn aim<T>(&mut self, log: &Log<T>, mut fit: impl FnMut(&T) -> Option<Fit>) {
        if !self.shown.has_some() || !std::mem::take(&mut self.aims) {
            return;
        }
        let fits = self.shown.numbers.iter().filter_map(|at| Some((fit(log.get(*at)?)?, *at)));
        match fits.max() {
            Some((_, at)) if self.shown.numbers.back() == Some(&at) => self.cursor.follow(),
            Some((_, at)) => self.cursor.select(&self.shown, at),
            None => {}
        }
    }

    /// The filter as it was applied, for whoever shows what it matched.
    pub fn needle(&self) -> Needle {
        let mut needle = Needle::new(&self.filter);
        needle.loosen(self.loose);
        needle
    }

    /// The number of the selected item.
    pub fn selected(&self) -> Option<u64> {
        self.shown.number(self.cursor.index(&self.shown)?)
    }

    /// The numbers in view, each with whether it is the selected one.
    pub fn window(&self) -> impl Iterator<Item = (u64, bool)> {
        let selected = self.cursor.index(&self.shown);
        let window = self.cursor.window(&self.shown);
        self.shown.numbers.range(window.clone()).copied().zip(window).map(move |(at, i)| (at, Some(i) == selected))
    }
}

impl List for View {
    fn step(&mut self, by: isize) {
        self.cursor.step(&self.shown, by);
    }

    fn page(&mut self, by: isize) {
        self.cursor.page(&self.shown, by);
    }

    fn first(&mut self) {
        self.cursor.first(&self.shown);
    }

    fn last(&mut self) {
        self.cursor.follow();
    }

    // Nothing can be marked here, and the order is that of time.
    fn toggle_mark(&mut self) {}

    fn sort_by(&mut self, _: usize, _: bool) {}

    fn order(&self) -> (usize, bool) {
        (0, false)
    }

    fn filter(&self) -> &str {
        &self.filter
    }

    fn set_filter(&mut self, text: &str) {
        self.aims |= self.filter != text;
        text.clone_into(&mut self.filter);
    }

    fn leave_place(&mut self) {
        self.left = Some(self.cursor);
    }

    fn return_to_place(&mut self) {
        if let Some(left) = self.left.take() {
            // The screen may have another size by now.
            let height = self.cursor.height();
            self.cursor = left;
            self.cursor.set_height(height);
            self.aims = false;
        }
    }

    fn is_loose(&self) -> bool {
        self.loose && self.shown.has_some()
    }

    fn toggle_problems(&mut self) -> bool {
        self.only_problems = !self.only_problems;
        self.only_problems
    }

    fn only_problems(&self) -> bool {
        self.only_problems
    }

    fn has_selection(&self) -> bool {
        self.selected().is_some()
    }

    fn has_marks(&self) -> bool {
        false
    }

    fn clear_marks(&mut self) {}
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn numbers(view: &View) -> Vec<u64> {
        view.shown.numbers.iter().copied().collect()
    }

    #[test]
    fn a_full_log_gives_up_the_oldest_and_counts_it() {
        let mut log = Log::new(3);
        for n in 0..5 {
            log.push(n);
        }
        assert_eq!((log.len(), log.dropped(), log.get(1), log.get(2)), (3, 2, None, Some(&2)));
        assert_eq!((log.remove(3), log.get(3), log.get(4)), (Some(3), None, Some(&4)));
    }

    #[test]
    fn it_stands_still_while_more_comes() {
        let mut log = Log::new(100);
        let mut view = View::default();
        view.cursor.set_height(3);
        let all = |_: &u32, _: bool| true;
        let any = |needle: &mut Needle, _: &u32| needle.fit(&[""], None);
        for n in 0..10 {
            log.push(n);
        }
        view.refresh(&log, Besides::default(), all, any);
        assert_eq!(view.selected(), Some(9));
        view.step(-2);
        for n in 10..17 {
            log.push(n);
        }
        view.refresh(&log, Besides::default(), all, any);
        assert_eq!((view.selected(), view.cursor.news(&view.shown)), (Some(7), 7));
        view.last();
        assert_eq!((view.selected(), view.cursor.news(&view.shown)), (Some(16), 0));
    }

    fn fit(needle: &mut Needle, item: u32) -> Option<Fit> {
        needle.fit(&[&item.to_string()], None)
    }

    /// What is shown when all is judged at once.
    fn wanted(log: &Log<u32>, filter: &str, only: bool) -> Vec<u64> {
        let mut all: Vec<_> = log.iter().filter(|e| !only || e.item.is_multiple_of(2)).collect();
        Needle::new(filter).keep(&mut all, |needle, entry| fit(needle, entry.item));
        all.into_iter().map(|entry| entry.at).collect()
    }

    #[test]
    fn what_fits_best_is_selected_and_the_place_is_found_again() {
        let mut log = Log::new(100);
        let mut view = View::default();
        for n in [41, 14, 514, 144, 999] {
            log.push(n);
        }
        let refresh = |view: &mut View, log: &Log<u32>| {
            view.refresh(log, Besides::default(), |_, _| true, |n, item| fit(n, *item));
        };
        refresh(&mut view, &log);
        view.leave_place();
        view.set_filter("14");
        refresh(&mut view, &log);
        assert_eq!((numbers(&view), view.selected()), (vec![1, 2, 3], Some(1)), "all of it was typed");
        view.set_filter("4");
        refresh(&mut view, &log);
        assert_eq!((view.selected(), view.cursor.follows()), (Some(0), false), "the only one that begins so");
        view.set_filter("");
        view.return_to_place();
        refresh(&mut view, &log);
        assert_eq!((view.selected(), view.cursor.follows()), (Some(4), true));
    }

    #[test]
    fn letters_in_order_count_until_one_comes_that_contains_what_was_typed() {
        let mut log = Log::new(100);
        let mut view = View::default();
        let refresh = |view: &mut View, log: &Log<u32>| {
            view.refresh(log, Besides::default(), |_, _| true, |n, item| fit(n, *item));
        };
        log.push(102);
        view.set_filter("12");
        refresh(&mut view, &log);
        assert_eq!((numbers(&view), view.is_loose()), (vec![0], true));
        log.push(120);
        refresh(&mut view, &log);
        assert_eq!((numbers(&view), view.is_loose()), (vec![1], false));
    }

    proptest! {
        #[test]
        fn bit_by_bit_is_the_same_as_at_once(
            steps in prop::collection::vec((0_u8..5, 0_u32..400), 1..60)
        ) {
            let mut log = Log::new(12);
            let mut view = View::default();
            for (what, n) in steps {
                match what {
                    0 => { log.push(n); }
                    1 => view.set_filter(&format!("{}", n % 34)),
                    2 => { view.toggle_problems(); }
                    3 => { log.remove(u64::from(n % 40)); }
                    _ => view.step(n as isize - 200),
                }
                let passes = |item: &u32, only: bool| !only || item.is_multiple_of(2);
                view.refresh(&log, Besides::default(), passes, |n, item| fit(n, *item));
                prop_assert_eq!(numbers(&view), wanted(&log, &view.filter, view.only_problems));
                prop_assert_eq!(view.selected().is_some(), view.shown.count() > 0);
            }
        }
    }
}
