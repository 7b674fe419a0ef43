//! The charts of a stream and of a consumer: how far back they reach, and the cursor on them.

use std::time::Duration;

use crate::health::Level;
use crate::keymap::Action;
use crate::model::Timestamp;
use crate::model::units::duration_short;

use super::{App, ConsumerTab, Screen, StreamTab};

/// From this width on the charts of a stream stand beside its facts.
const BESIDE: u16 = 110;
/// How far back charts can reach.
const SPANS: [Duration; 5] = [
    Duration::from_secs(300),
    Duration::from_secs(900),
    Duration::from_secs(3_600),
    Duration::from_secs(6 * 3_600),
    Duration::from_secs(24 * 3_600),
];

/// How charts are looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ChartView {
    /// Which of the spans.
    zoom: usize,
    /// The cursor, and what the charts end with while it stands on them.
    cursor: Option<Cursor>,
}

impl Default for ChartView {
    /// 15 minutes: every poll of them is kept.
    fn default() -> Self {
        Self { zoom: 1, cursor: None }
    }
}

/// A cursor on charts: the end of its column, and the end of the last.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Cursor {
    at: Timestamp,
    end: Timestamp,
}

/// What part of time charts show.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Window {
    /// Where the first column begins.
    pub start: Timestamp,
    /// How long a column lasts.
    pub column: Duration,
    /// How many columns there are.
    pub columns: u16,
    /// How much all of them are, but for what is lost in dividing.
    pub span: Duration,
    /// The time at the end of the column that the cursor stands on.
    pub cursor: Option<Timestamp>,
}

impl Window {
    /// Where the last column ends.
    pub fn end(&self) -> Timestamp {
        self.start.plus(self.column * u32::from(self.columns))
    }

    /// The column that this time lies in; `None` when it lies before or behind them.
    pub fn column_of(&self, at: Timestamp) -> Option<u16> {
        let passed = at.0.checked_sub(self.start.0).filter(|n| *n >= 0)?;
        let column = passed / (self.column.as_nanos() as i64).max(1);
        u16::try_from(column).ok().filter(|column| *column < self.columns)
    }

    /// The column of the cursor.
    pub fn cursor_column(&self) -> Option<u16> {
        self.column_of(Timestamp(self.cursor?.0 - 1))
    }
}

/// Columns of the charts at this width of the terminal; `beside` where they stand beside the facts.
pub fn columns(width: u16, of_stream: bool) -> (u16, bool) {
    let inner = width.saturating_sub(2);
    if of_stream && inner >= BESIDE {
        let left = inner / 2 - 2;
        return (inner - left - 4, true);
    }
    (inner, false)
}

/// Columns end at whole multiples of their length, so that they stand still while time goes on.
fn aligned(at: Timestamp, column: Duration) -> Timestamp {
    let column = (column.as_nanos() as i64).max(1);
    Timestamp(at.0.div_euclid(column).saturating_add(1).saturating_mul(column))
}

impl ChartView {
    /// What shows so much as it fits, up to 15 minutes: most of a chart that nothing is known for yet would be empty.
    pub(super) fn of(known: Duration) -> Self {
        Self { zoom: usize::from(known > SPANS[0]), cursor: None }
    }

    /// How far back the charts reach.
    pub fn span(&self) -> Duration {
        SPANS.get(self.zoom).copied().unwrap_or(SPANS[0])
    }

    /// Whether a cursor stands on them.
    pub const fn has_cursor(&self) -> bool {
        self.cursor.is_some()
    }

    /// What they show of time in so many columns, where this is the time that is shown.
    pub fn window(&self, shown_at: Timestamp, columns: u16) -> Window {
        let column = self.span() / u32::from(columns.max(1));
        let end = self.cursor.map_or_else(|| aligned(shown_at, column), |cursor| cursor.end);
        let start = end.minus(column * u32::from(columns));
        Window { start, column, columns, span: self.span(), cursor: self.cursor.map(|cursor| cursor.at.min(shown_at)) }
    }

    /// Puts the cursor on the newest column, or takes it away.
    fn toggle(&mut self, shown_at: Timestamp, columns: u16) {
        let end = self.window(shown_at, columns).end();
        self.cursor = if self.cursor.is_some() { None } else { Some(Cursor { at: end, end }) };
    }

    /// Moves the cursor by columns; the charts follow where it would leave them, as far as anything is known.
    fn step(&mut self, by: i32, columns: u16, begin: Timestamp, newest: Timestamp) {
        let window = self.window(newest, columns);
        let Some(cursor) = &mut self.cursor else { return };
        let way = window.column * by.unsigned_abs();
        let at = if by < 0 { cursor.at.minus(way) } else { cursor.at.plus(way) };
        let (oldest, last) = (aligned(begin, window.column), aligned(newest, window.column).max(cursor.end));
        cursor.at = at.clamp(oldest.min(last), last);
        let first = window.start.plus(window.column);
        if cursor.at < first {
            cursor.end = cursor.end.minus(first.since(cursor.at));
        } else if cursor.at > cursor.end {
            cursor.end = cursor.at;
        }
    }

    /// To the first or the last column.
    fn go_to_end(&mut self, last: bool, columns: u16, begin: Timestamp) {
        let window = self.window(Timestamp(0), columns);
        if let Some(cursor) = &mut self.cursor {
            let first = window.start.plus(window.column).max(aligned(begin, window.column)).min(window.end());
            cursor.at = if last { window.end() } else { first };
        }
    }

    /// Shows more or less of time, around the cursor where there is one. False where there is no more to it.
    fn zoom(&mut self, closer: bool, columns: u16, newest: Timestamp) -> bool {
        let to = if closer { self.zoom.checked_sub(1) } else { Some(self.zoom + 1).filter(|z| *z < SPANS.len()) };
        let Some(to) = to else { return false };
        self.zoom = to;
        let (span, column) = (self.span(), self.span() / u32::from(columns.max(1)));
        if let Some(cursor) = &mut self.cursor {
            let newest = aligned(newest, column);
            cursor.at = aligned(Timestamp(cursor.at.0 - 1), column).min(newest);
            cursor.end = aligned(cursor.at.plus(span / 2), column).min(newest);
        }
        true
    }
}

impl App {
    /// The charts of the shown panel, and their columns.
    fn charts(&mut self) -> Option<(&mut ChartView, u16)> {
        let width = self.size.0;
        match self.screens.last_mut()? {
            Screen::Stream(s) if s.tab == StreamTab::Overview => Some((&mut s.chart, columns(width, true).0)),
            Screen::Consumer(c) if c.tab == ConsumerTab::Overview => Some((&mut c.chart, columns(width, false).0)),
            _ => None,
        }
    }

    /// How long before what is shown it was looked first.
    pub(super) fn known_for(&self) -> Duration {
        self.past.begin().map_or(Duration::ZERO, |begin| self.shown_at().since(begin))
    }

    /// Whether a cursor stands on the charts of the shown panel.
    pub fn has_chart_cursor(&self) -> bool {
        match self.screen() {
            Some(Screen::Stream(s)) => s.tab == StreamTab::Overview && s.chart.has_cursor(),
            Some(Screen::Consumer(c)) => c.tab == ConsumerTab::Overview && c.chart.has_cursor(),
            _ => false,
        }
    }

    /// Does an action on charts; false when it is left to what it does on any screen.
    pub(super) fn act_chart(&mut self, action: Action) -> bool {
        let (shown_at, begin) = (self.shown_at(), self.past.begin().unwrap_or_default());
        let moves = self.has_chart_cursor();
        let Some((chart, columns)) = self.charts() else { return false };
        // A tenth of the charts.
        let far = i32::from(columns / 10).max(1);
        match action {
            Action::Inspect => chart.toggle(shown_at, columns),
            Action::Only | Action::Not => {
                let closer = action == Action::Only;
                let words = if chart.zoom(closer, columns, shown_at) {
                    format!("charts of {}", duration_short(chart.span()))
                } else if closer {
                    "5 minutes are the least that charts show".to_owned()
                } else {
                    "more than 24 hours are not kept".to_owned()
                };
                self.tell(Level::Ok, words);
            }
            _ if !moves => return false,
            Action::Left => chart.step(-1, columns, begin, shown_at),
            Action::Right => chart.step(1, columns, begin, shown_at),
            Action::PageUp => chart.step(-far, columns, begin, shown_at),
            Action::PageDown => chart.step(far, columns, begin, shown_at),
            Action::First | Action::Last => chart.go_to_end(action == Action::Last, columns, begin),
            Action::Back => chart.cursor = None,
            Action::Open => {
                let to = chart.window(shown_at, columns).cursor.unwrap_or(shown_at);
                self.travel(to);
            }
            _ => return false,
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const COLUMNS: u16 = 90;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_secs(second)
    }

    #[test]
    fn columns_stand_still_while_time_goes_on() {
        let view = ChartView::default();
        // A column is ten seconds.
        let window = view.window(at(10_003), COLUMNS);
        assert_eq!((window.start, window.end()), (at(9_110), at(10_010)));
        assert_eq!(view.window(at(10_009), COLUMNS), window);
        assert_eq!(view.window(at(10_010), COLUMNS).start, at(9_120));
        assert_eq!((window.column_of(at(9_109)), window.column_of(at(9_110))), (None, Some(0)));
        assert_eq!((window.column_of(at(10_009)), window.column_of(at(10_010))), (Some(89), None));
    }

    #[test]
    fn little_that_is_known_is_shown_large() {
        let span = |known: u64| ChartView::of(Duration::from_secs(known)).span().as_secs();
        assert_eq!([0, 300, 301, 100_000].map(span), [300, 300, 900, 900]);
    }

    #[test]
    fn the_cursor_holds_the_charts_and_takes_them_with_it() {
        let mut view = ChartView::default();
        view.toggle(at(10_003), COLUMNS);
        let window = view.window(at(11_111), COLUMNS);
        assert_eq!((window.end(), window.cursor_column()), (at(10_010), Some(89)), "held while time goes on");
        view.step(-9, COLUMNS, at(5_000), at(11_111));
        assert_eq!(view.window(at(11_111), COLUMNS).cursor, Some(at(9_920)));
        view.go_to_end(false, COLUMNS, at(5_000));
        assert_eq!(view.window(at(11_111), COLUMNS).cursor_column(), Some(0));
        view.step(-3, COLUMNS, at(5_000), at(11_111));
        let window = view.window(at(11_111), COLUMNS);
        assert_eq!((window.start, window.cursor_column()), (at(9_080), Some(0)), "it takes the charts along");
        view.step(-1_000, COLUMNS, at(5_000), at(11_111));
        assert_eq!(view.window(at(11_111), COLUMNS).cursor, Some(at(5_010)), "not before anything is known");
        view.step(10_000, COLUMNS, at(5_000), at(11_111));
        let window = view.window(at(11_111), COLUMNS);
        assert_eq!((window.cursor, window.cursor_column()), (Some(at(11_111)), Some(89)), "nor behind now");
    }

    #[test]
    fn zooming_keeps_the_cursor_at_its_time() {
        let mut view = ChartView::default();
        assert!(view.zoom(true, COLUMNS, at(100_000)) && !view.zoom(true, COLUMNS, at(100_000)));
        assert_eq!(view.span(), Duration::from_secs(300));
        view = ChartView::default();
        view.toggle(at(100_000), COLUMNS);
        view.step(-80, COLUMNS, at(0), at(100_000));
        let before = view.window(at(100_000), COLUMNS).cursor.unwrap();
        for _ in 0..3 {
            assert!(view.zoom(false, COLUMNS, at(100_000)));
        }
        assert!(!view.zoom(false, COLUMNS, at(100_000)));
        let window = view.window(at(100_000), COLUMNS);
        assert_eq!(window.column, Duration::from_secs(960));
        let after = window.cursor.unwrap();
        assert!(after >= before && after.since(before) < window.column && window.cursor_column().is_some());
    }
}
