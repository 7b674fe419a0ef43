//! Tables: columns by priority, only the visible rows are built.

use std::borrow::Cow;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use unicode_segmentation::UnicodeSegmentation;
use unicode_width::UnicodeWidthStr;

use crate::app::columns::Spec;
use crate::query::Needle;
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

/// Marks what the filter found in a cell that was drawn with this text. Where the match would be cut off, the cell is
/// drawn again with the part of the text that has it.
pub fn highlight(buffer: &mut Buffer, area: Rect, content: &str, needle: &mut Needle, style: Style) {
    let positions = needle.positions(content);
    let (Some(first), Some(last)) = (positions.first(), positions.last()) else { return };
    let graphemes: Vec<&str> = content.graphemes(true).collect();
    let columns: Vec<usize> = graphemes
        .iter()
        .scan(0, |x, grapheme| Some(std::mem::replace(x, *x + grapheme.width())))
        .chain([content.width()])
        .collect();
    let room = usize::from(area.width);
    let column = |position: u32| columns.get(position as usize).copied().unwrap_or(0);
    // The last column of a text that is cut is taken by the sign that says so.
    let seen = content.width() <= room || column(last + 1) < room;
    let from = if seen {
        0
    } else {
        // The whole end of the text if it has the match, as little as is possible otherwise; never without its start.
        let wanted = (content.width() + 1).saturating_sub(room).min((column(last + 1) + 2).saturating_sub(room));
        columns.partition_point(|column| *column < wanted.min(columns[*first as usize]))
    };
    if from > 0 {
        replace(buffer, area, &format!("…{}", graphemes[from..].concat()));
    }
    let shift = if from > 0 { columns[from] - 1 } else { 0 };
    for position in positions {
        let (x, end) = (column(position).saturating_sub(shift), column(position + 1).saturating_sub(shift));
        if end <= room && position as usize >= from {
            buffer.set_style(Rect { x: area.x + x as u16, width: (end - x) as u16, height: 1, ..area }, style);
        }
    }
}

/// As [`highlight`] for a row that shows the short name of what has a long one: where only that fits, it is drawn
/// instead.
pub fn highlight_name(
    buffer: &mut Buffer,
    area: Rect,
    (label, name): (&str, &str),
    reveals: bool,
    needle: &mut Needle,
    style: Style,
) {
    if reveals {
        replace(buffer, area, name);
    }
    highlight(buffer, area, if reveals { name } else { label }, needle, style);
}

/// Writes another text over a cell, in the style that it has.
fn replace(buffer: &mut Buffer, area: Rect, content: &str) {
    for x in area.x..area.right() {
        if let Some(cell) = buffer.cell_mut((x, area.y)) {
            cell.set_symbol(" ");
        }
    }
    text(buffer, area, content, Style::new());
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
