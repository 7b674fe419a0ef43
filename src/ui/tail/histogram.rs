//! When the shown events came: a block a share of time, with the place of the selected one.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use crate::app::tail::TailScreen;
use crate::ui::Theme;
use crate::ui::widgets::spark::block;

/// Draws the line.
pub(super) fn draw(buffer: &mut Buffer, area: Rect, tail: &TailScreen, theme: &Theme) {
    let (shares, selected) = &tail.shares;
    let most = shares.iter().copied().max().unwrap_or(0);
    if most == 0 {
        return;
    }
    for (i, (n, x)) in shares.iter().zip(area.x + 1..area.right()).enumerate() {
        let here = *selected == Some(i);
        let Some(cell) = buffer.cell_mut((x, area.y)) else { continue };
        let height = if *n == 0 { 0.0 } else { (f64::from(*n) / f64::from(most)).max(0.125) };
        cell.set_char(block(height)).set_style(if here { theme.matched } else { theme.chart });
        if here {
            // Seen also where the share is low, and without colours.
            cell.set_style(theme.matched.patch(theme.selection));
        }
    }
}
