//! A chart over time: filled, several rows high, with its scale and its newest value.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use crate::model::Timestamp;
use crate::model::units::duration_short;
use crate::ui::Theme;

use super::scale::Scale;
use super::spark::block;
use super::{text, text_right};

/// One line to draw: points oldest first.
#[derive(Debug)]
pub struct Chart<'a> {
    /// What it shows.
    pub title: &'a str,
    /// Time and value of each point, oldest first.
    pub points: &'a [(Timestamp, f64)],
    /// A value as text, for the scale.
    pub label: fn(f64) -> String,
    /// The scale starts at the smallest value instead of 0.
    pub from_least: bool,
    /// Whether that is true now, or then.
    pub when: &'static str,
    /// What is said to be true then; the last point where it is `None`. A rate over one second jumps where the
    /// one beside it, over ten, does not.
    pub newest: Option<f64>,
}

impl Chart<'_> {
    /// Draws title, scale and columns; each column is the mean of the points of its share of time.
    pub fn draw(&self, buffer: &mut Buffer, area: Rect, theme: &Theme) {
        if area.height < 2 || area.width < 12 {
            return;
        }
        let head = Rect { height: 1, ..area };
        let used = text(buffer, head, self.title, theme.title);
        let (Some(first), Some(last)) = (self.points.first(), self.points.last()) else {
            let rest = Rect { x: head.x + used + 1, width: head.width.saturating_sub(used + 1), ..head };
            text(buffer, rest, "too few samples yet", theme.dim);
            return;
        };
        let span = last.0.since(first.0);
        let newest =
            format!("{} {}, over {}", (self.label)(self.newest.unwrap_or(last.1)), self.when, duration_short(span));
        text_right(buffer, Rect { x: head.x + used, width: head.width - used, ..head }, &newest, theme.text);
        let plot = Rect { y: area.y + 1, height: area.height - 1, ..area };
        let values = self.columns(usize::from(plot.width));
        let scale = Scale::of(&values, self.from_least, self.label);
        for (x, value) in values.iter().enumerate() {
            let Some(value) = value else { continue };
            // Even the least value has a foot, so that it differs from no value.
            let height = (scale.share(*value) * f64::from(plot.height)).max(0.125);
            for row in 0..plot.height {
                let share = height - f64::from(row);
                if share <= 0.0 {
                    break;
                }
                let y = plot.bottom() - 1 - row;
                if let Some(cell) = buffer.cell_mut((plot.x + x as u16, y)) {
                    cell.set_char(block(share)).set_style(theme.chart);
                }
            }
        }
        if let Some(words) = scale.words(self.label).filter(|_| plot.height >= 3) {
            text(buffer, Rect { height: 1, ..plot }, &words, theme.dim);
        }
    }

    /// The mean of the points in each of `count` equal shares of time; a share without points repeats the one
    /// before it, and before the first point there is nothing.
    fn columns(&self, count: usize) -> Vec<Option<f64>> {
        let mut columns: Vec<Option<f64>> = vec![None; count];
        let (Some(first), Some(last)) = (self.points.first(), self.points.last()) else { return columns };
        // Fewer points than columns: one column a point, at the right end.
        if self.points.len() <= count {
            for (column, point) in columns[count - self.points.len()..].iter_mut().zip(self.points) {
                *column = Some(point.1);
            }
            return columns;
        }
        let span = last.0.seconds_since(first.0).max(f64::MIN_POSITIVE);
        let mut sums = vec![(0.0_f64, 0_u32); count];
        for (at, value) in self.points {
            let share = at.seconds_since(first.0) / span;
            let i = ((share * count as f64) as usize).min(count - 1);
            sums[i].0 += value;
            sums[i].1 += 1;
        }
        let mut before = None;
        for (column, (sum, n)) in columns.iter_mut().zip(sums) {
            if n > 0 {
                before = Some(sum / f64::from(n));
            }
            *column = before;
        }
        columns
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_means_over_time() {
        let points: Vec<(Timestamp, f64)> = (0..8).map(|i| (Timestamp::from_secs(i), i as f64)).collect();
        let chart = Chart {
            title: "t",
            points: &points,
            label: |v| v.to_string(),
            from_least: false,
            when: "now",
            newest: None,
        };
        let columns = chart.columns(4);
        assert_eq!(columns.len(), 4);
        assert_eq!(columns[0], Some(0.5));
        assert_eq!(columns[3], Some(6.5));
        let few = Chart { points: &points[..2], ..chart };
        assert_eq!(few.columns(4), vec![None, None, Some(0.0), Some(1.0)]);
    }
}
