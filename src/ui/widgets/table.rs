//! Tables: columns by priority, only the visible rows are built.

use std::borrow::Cow;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use unicode_segmentation::UnicodeSegmentation;

use crate::app::columns::Spec;
use crate::ui::Theme;

use super::{text, text_right};

/// A cell: its text (sanitised) and its style.
#[derive(Clone, Debug)]
pub struct Cell<'a> {
    /// What stands there.
    pub text: Cow<'a, str>,
    /// How it looks.
    pub style: Style,
}

impl<'a> Cell<'a> {
    /// A cell.
    pub fn new(text: impl Into<Cow<'a, str>>, style: Style) -> Self {
        Self { text: text.into(), style }
    }
}

/// Where a column stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Placed {
    /// Its index among all columns.
    pub index: usize,
    /// Columns from the left.
    pub x: u16,
    /// Columns wide.
    pub width: u16,
    /// How it is laid out.
    pub spec: Spec,
}

/// Places columns in this width. Those of the lowest importance (highest number) are dropped until the rest
/// fits; the one that is sorted by stays.
pub fn place(specs: &[Spec], width: u16, sorted: usize) -> Vec<Placed> {
    let gap: u16 = if width >= 110 { 2 } else { 1 };
    let mut kept: Vec<usize> = (0..specs.len()).collect();
    let needed = |kept: &[usize]| {
        kept.iter().map(|i| specs[*i].width).sum::<u16>() + gap * (kept.len() as u16).saturating_sub(1)
    };
    while needed(&kept) > width && kept.len() > 1 {
        let Some(drop) =
            kept.iter().copied().filter(|i| specs[*i].priority > 0 && *i != sorted).max_by_key(|i| specs[*i].priority)
        else {
            break;
        };
        kept.retain(|i| *i != drop);
    }
    let mut spare = width.saturating_sub(needed(&kept));
    let shares: u16 = kept.iter().map(|i| specs[*i].flex).sum();
    let each = spare.checked_div(shares).unwrap_or(0);
    let mut x = 0;
    kept.into_iter()
        .map(|index| {
            let spec = specs[index];
            // A name of 60 columns beside its numbers is hard to follow: flexible columns grow to three times.
            let grown = (each * spec.flex).min(spec.width * 2).min(spare);
            spare -= grown;
            let placed = Placed { index, x, width: (spec.width + grown).min(width.saturating_sub(x)), spec };
            x += spec.width + grown + gap;
            placed
        })
        .collect()
}

/// Draws the headings; the one that is sorted by has an arrow.
pub fn headings(buffer: &mut Buffer, area: Rect, columns: &[Placed], sort: (usize, bool), theme: &Theme) {
    for column in columns {
        let at = cell_area(area, column);
        let style = if column.index == sort.0 { theme.title.patch(theme.accent) } else { theme.title };
        let arrow = match (column.index == sort.0, sort.1) {
            (false, _) => "",
            (true, true) => "▼",
            (true, false) => "▲",
        };
        // The arrow takes the gap where the heading fills its column.
        let title = format!("{}{arrow}", column.spec.title);
        let room = Rect { width: (at.width + 1).min(area.right().saturating_sub(at.x)), ..at };
        if column.spec.right && title.chars().count() <= usize::from(at.width) {
            text_right(buffer, at, &title, style);
        } else if column.spec.right {
            text_right(buffer, room, &title, style);
        } else {
            text(buffer, room, &title, style);
        }
    }
}

/// Draws one row.
pub fn row<'a>(
    buffer: &mut Buffer,
    area: Rect,
    columns: &[Placed],
    selected: bool,
    theme: &Theme,
    cell: impl Fn(usize, u16) -> Cell<'a>,
) {
    for column in columns {
        let at = cell_area(area, column);
        let Cell { text: content, style } = cell(column.index, column.width);
        if column.spec.right {
            text_right(buffer, at, &content, style);
        } else {
            text(buffer, at, &content, style);
        }
    }
    if selected {
        buffer.set_style(area, theme.selection);
    }
}

/// Marks the characters that the filter matched, in a cell that was drawn from its left end.
pub fn highlight(buffer: &mut Buffer, area: Rect, content: &str, positions: &[u32], style: Style) {
    let mut x = area.x;
    for (i, grapheme) in content.graphemes(true).enumerate() {
        let width = unicode_width::UnicodeWidthStr::width(grapheme) as u16;
        if x + width > area.right() {
            break;
        }
        if u32::try_from(i).is_ok_and(|i| positions.binary_search(&i).is_ok()) {
            buffer.set_style(Rect { x, width, height: 1, ..area }, style);
        }
        x += width;
    }
}

/// A bar at the right edge that shows which part of a long list is in view.
pub fn scroll_bar(buffer: &mut Buffer, area: Rect, top: usize, height: usize, total: usize, theme: &Theme) {
    if total <= height || area.height == 0 || area.width == 0 {
        return;
    }
    let rows = usize::from(area.height);
    let size = (rows * height / total).max(1);
    let start = (rows - size) * top / (total - height).max(1);
    for i in start..(start + size).min(rows) {
        if let Some(cell) = buffer.cell_mut((area.right() - 1, area.y + i as u16)) {
            cell.set_char('▐').set_style(theme.border);
        }
    }
}

/// The area of a column in a row.
pub fn cell_area(row: Rect, column: &Placed) -> Rect {
    Rect { x: row.x + column.x, width: column.width.min(row.width.saturating_sub(column.x)), height: 1, ..row }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::columns::{ConsumerColumn, StreamColumn};

    fn titles(width: u16, sorted: usize) -> Vec<&'static str> {
        let specs: Vec<Spec> = StreamColumn::ALL.iter().map(|c| c.spec()).collect();
        place(&specs, width, sorted).iter().map(|p| p.spec.title).collect()
    }

    #[test]
    fn narrow_screens_keep_what_matters() {
        let at_60 = titles(60, 1);
        for title in ["NAME", "MSGS", "IN/S", "CONS"] {
            assert!(at_60.contains(&title), "{title} at 60: {at_60:?}");
        }
        assert!(titles(80, 1).len() > at_60.len());
        assert!(titles(200, 1).contains(&"FIRST..LAST"));
        assert!(titles(60, 5).contains(&"FIRST..LAST"), "the sorted column stays");
    }

    #[test]
    fn columns_never_overlap_nor_leave_the_area() {
        for specs in [
            StreamColumn::ALL.iter().map(|c| c.spec()).collect::<Vec<_>>(),
            ConsumerColumn::ALL.iter().map(|c| c.spec()).collect(),
        ] {
            for width in 40..260 {
                let placed = place(&specs, width, 0);
                for pair in placed.windows(2) {
                    assert!(pair[0].x + pair[0].width < pair[1].x, "{width}");
                }
                let last = placed.last().unwrap();
                assert!(last.x + last.width <= width, "{width}: {last:?}");
            }
        }
    }
}
