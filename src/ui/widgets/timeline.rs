//! Charts over a span of time, one above the other, with one axis and one cursor for all of them.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use unicode_width::UnicodeWidthStr;

use crate::app::Window;
use crate::model::Timestamp;
use crate::model::history::Seen;
use crate::model::units::duration_short;
use crate::ui::Theme;

use super::scale::Scale;
use super::spark::block;
use super::{text, text_right};

/// From this span on the seconds say nothing.
const HOURS: u64 = 3_600;

/// A value from a time to a time.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Point {
    /// When it was seen first.
    pub from: Timestamp,
    /// When it was seen last.
    pub to: Timestamp,
    /// The value.
    pub value: f64,
    /// Nothing is missing between this and the point before.
    pub joined: bool,
}

/// A value of each sample.
pub fn values<T>(seen: &[Seen<T>], value: impl Fn(&T) -> f64) -> Vec<Point> {
    seen.iter().map(|s| Point { from: s.from, to: s.to, value: value(&s.sample), joined: s.joined }).collect()
}

/// Growth of a counter per second between samples; none across what is missing, and never below 0.
pub fn rates<T>(seen: &[Seen<T>], counter: impl Fn(&T) -> u64) -> Vec<Point> {
    let mut out = Vec::new();
    let mut joined = false;
    // Samples that follow each other too closely say nothing of how fast something goes.
    let mut before: Option<(Timestamp, u64)> = None;
    for s in seen {
        let now = counter(&s.sample);
        if !s.joined {
            (before, joined) = (None, false);
        }
        let grown = before.and_then(|(at, was)| {
            let seconds = s.from.seconds_since(at);
            (seconds >= 0.5).then(|| (at, now.saturating_sub(was) as f64 / seconds))
        });
        if let Some((at, value)) = grown {
            out.push(Point { from: at.plus(std::time::Duration::from_nanos(1)), to: s.from, value, joined });
            joined = true;
        }
        if s.to > s.from {
            out.push(Point { from: s.from, to: s.to, value: 0.0, joined });
            joined = true;
        }
        if before.is_none() || grown.is_some() || s.to > s.from {
            before = Some((s.to, now));
        }
    }
    out
}

/// One chart.
#[derive(Debug)]
pub struct Timeline<'a> {
    /// What it shows.
    pub title: &'a str,
    /// Its points, oldest first.
    pub points: &'a [Point],
    /// A value in short, for the scale.
    pub label: fn(f64) -> String,
    /// A value exactly, for the cursor.
    pub exact: fn(f64) -> String,
    /// The scale starts at the smallest value instead of 0.
    pub from_least: bool,
    /// Whether that is true now, or then.
    pub when: &'static str,
    /// What is said to be true at the end; the last point where it is `None`.
    pub newest: Option<f64>,
}

/// Draws as many charts as get four rows each, and below them the times.
pub fn draw(buffer: &mut Buffer, area: Rect, charts: &[Timeline<'_>], window: &Window, theme: &Theme) {
    if area.height < 3 || area.width < 12 {
        return;
    }
    let rows = area.height - 1;
    let shown = (rows / 4).clamp(1, charts.len().clamp(1, 3) as u16);
    let height = rows / shown;
    for (i, chart) in charts.iter().take(usize::from(shown)).enumerate() {
        let y = area.y + height * i as u16;
        let gap = u16::from(i + 1 < usize::from(shown) && height > 4);
        chart.draw(buffer, Rect { y, height: height - gap, ..area }, window, theme);
    }
    let axis = Rect { y: area.y + height * shown, height: 1, ..area };
    draw_axis(buffer, axis, window, theme);
}

impl Timeline<'_> {
    fn draw(&self, buffer: &mut Buffer, area: Rect, window: &Window, theme: &Theme) {
        let head = Rect { height: 1, ..area };
        let used = text(buffer, head, self.title, theme.title);
        let room = Rect { x: head.x + used + 1, width: head.width.saturating_sub(used + 1), ..head };
        let plot = Rect { y: area.y + 1, height: area.height.saturating_sub(1), ..area };
        match (window.cursor, self.points.last()) {
            (Some(at), _) => {
                let (words, style) = match self.at(at, window) {
                    Some((seen, value)) => (format!("{} at {}", (self.exact)(value), seen.to_clock()), theme.accent),
                    None => ("nothing known then".to_owned(), theme.unknown),
                };
                text_right(buffer, room, &words, style);
            }
            (None, None) => {
                text(buffer, room, "too few samples yet", theme.dim);
            }
            (None, Some(last)) => {
                let newest = (self.label)(self.newest.unwrap_or(last.value));
                let words = format!("{newest} {}, over {}", self.when, duration_short(window.span));
                text_right(buffer, room, &words, theme.text);
            }
        }
        let values = self.columns(window);
        let scale = Scale::of(&values, self.from_least, self.label);
        let cursor = window.cursor_column();
        for (x, value) in (0..plot.width).zip(&values) {
            let here = cursor == Some(x);
            // Even the least value has a foot, so that it differs from no value.
            let height = value.map_or(0.0, |v| (scale.share(v) * f64::from(plot.height)).max(0.125));
            for row in 0..plot.height {
                let share = height - f64::from(row);
                let Some(cell) = buffer.cell_mut((plot.x + x, plot.bottom() - 1 - row)) else { continue };
                if share > 0.0 {
                    cell.set_char(block(share)).set_style(if here { theme.accent } else { theme.chart });
                } else if here {
                    cell.set_char('│').set_style(theme.accent);
                } else {
                    break;
                }
            }
        }
        if let Some(words) = scale.words(self.label).filter(|_| plot.height >= 3) {
            text(buffer, Rect { height: 1, ..plot }, &words, theme.dim);
        }
    }

    /// The value that was known at the end of the cursor's column, and when it was seen.
    fn at(&self, at: Timestamp, window: &Window) -> Option<(Timestamp, f64)> {
        let next = self.points.partition_point(|p| p.from < at);
        let point = self.points.get(next.checked_sub(1)?)?;
        let seen = point.to.min(at);
        let joined = self.points.get(next).is_some_and(|p| p.joined);
        // Behind the last there may be nothing yet, in the column where it stands.
        (joined || at.since(point.to) <= window.column).then_some((seen, point.value))
    }

    /// The mean of what was known in each column; what lies between two joined points is as it was before.
    fn columns(&self, window: &Window) -> Vec<Option<f64>> {
        let count = usize::from(window.columns);
        let mut sums = vec![(0.0_f64, 0_u32); count];
        let mut bridges = Vec::new();
        let column = |at: Timestamp| match window.column_of(at) {
            Some(column) => usize::from(column),
            None if at < window.start => 0,
            None => count,
        };
        let mut before: Option<&Point> = None;
        for point in self.points {
            let inside = point.to >= window.start && point.from < window.end();
            if inside {
                let (from, to) = (column(point.from), column(point.to).min(count.saturating_sub(1)));
                for (sum, n) in sums.iter_mut().take(to + 1).skip(from) {
                    *sum += point.value;
                    *n += 1;
                }
            }
            if let Some(before) = before.filter(|_| point.joined) {
                bridges.push((column(before.to), column(point.from).min(count), before.value));
            }
            before = Some(point);
        }
        let mut out: Vec<Option<f64>> = sums.into_iter().map(|(sum, n)| (n > 0).then(|| sum / f64::from(n))).collect();
        for (from, to, value) in bridges {
            for column in out.iter_mut().take(to).skip(from) {
                column.get_or_insert(value);
            }
        }
        out
    }
}

/// The times at the ends and in the middle, or of the cursor.
fn draw_axis(buffer: &mut Buffer, area: Rect, window: &Window, theme: &Theme) {
    let span = window.span;
    let day = |at: Timestamp| at.to_display().chars().take(10).collect::<String>();
    let short = |at: Timestamp| {
        let clock = at.to_clock();
        if span.as_secs() > HOURS { clock.chars().take(5).collect() } else { clock }
    };
    // Where the charts begin on another day, that is said.
    let (start, end) = (window.start, window.end());
    let first = if day(start) == day(end) { short(start) } else { format!("{} {}", &day(start)[5..], short(start)) };
    let last = format!("{} UTC", short(end));
    let left = text(buffer, area, &first, theme.dim);
    text_right(buffer, area, &last, theme.dim);
    let right = area.width.saturating_sub(last.width() as u16);
    let (words, at, style) = match (window.cursor, window.cursor_column()) {
        (Some(cursor), Some(column)) => (format!("▲{}", cursor.to_clock()), column, theme.accent),
        _ => (short(start.plus(span / 2)), area.width / 2, theme.dim),
    };
    // Beside the ends where there is room, over them where the cursor stands there.
    let width = words.width() as u16;
    let x = at.min(area.width.saturating_sub(width));
    let covers = x <= left || x + width >= right;
    if covers && window.cursor.is_none() {
        return;
    }
    if covers {
        let (from, to) = if x <= left { (0, left + 1) } else { (right.saturating_sub(1), area.width) };
        for x in from..to {
            if let Some(cell) = buffer.cell_mut((area.x + x, area.y)) {
                cell.set_char(' ');
            }
        }
    }
    text(buffer, Rect { x: area.x + x, width: area.width - x, ..area }, &words, style);
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::model::StreamSample;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_secs(second)
    }

    fn seen(samples: &[(i64, i64, u64, bool)]) -> Vec<Seen<StreamSample>> {
        let sample =
            |to, n| StreamSample { at: at(to), messages: n, bytes: 0, last_seq: n, first_seq: 1, upstream_lag: 0 };
        samples
            .iter()
            .map(|&(from, to, n, joined)| Seen { from: at(from), to: at(to), sample: sample(to, n), joined })
            .collect()
    }

    fn chart(points: &[Point]) -> Timeline<'_> {
        Timeline {
            title: "t",
            points,
            label: |v| v.to_string(),
            exact: |v| v.to_string(),
            from_least: false,
            when: "now",
            newest: None,
        }
    }

    fn window(cursor: Option<i64>) -> Window {
        Window {
            start: at(100),
            column: Duration::from_secs(10),
            columns: 6,
            span: Duration::from_secs(60),
            cursor: cursor.map(at),
        }
    }

    #[test]
    fn a_gap_is_a_gap() {
        let points = values(
            &seen(&[(90, 100, 2, false), (112, 112, 4, true), (118, 118, 8, true), (150, 155, 9, false)]),
            |s| s.messages as f64,
        );
        let chart = chart(&points);
        assert_eq!(chart.columns(&window(None)), [Some(2.0), Some(6.0), None, None, None, Some(9.0)]);
        let value = |second| chart.at(at(second), &window(None));
        assert_eq!(value(110), Some((at(100), 2.0)), "what was known last");
        assert_eq!(value(120), Some((at(118), 8.0)));
        assert_eq!((value(140), value(160)), (None, Some((at(155), 9.0))));
        assert_eq!(value(80), None);
    }

    #[test]
    fn rates_end_at_what_is_missing_and_start_anew_with_a_counter() {
        let samples =
            seen(&[(0, 10, 5, false), (12, 12, 9, true), (14, 14, 1, true), (50, 50, 100, false), (51, 51, 107, true)]);
        let points = rates(&samples, |s| s.last_seq);
        let told: Vec<_> = points.iter().map(|p| (p.to, p.value, p.joined)).collect();
        assert_eq!(told, [(at(10), 0.0, false), (at(12), 2.0, true), (at(14), 0.0, true), (at(51), 7.0, false)]);
    }
}
