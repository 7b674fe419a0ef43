//! Two events compared: what only one of them has, and what both have.

use ratatui::Frame;
use ratatui::layout::Rect;

use crate::app::DiffView;
use crate::event::diff::Change;
use crate::ui::Theme;
use crate::ui::widgets::{message, table, text};

/// Draws the comparison.
pub(super) fn draw(frame: &mut Frame<'_>, area: Rect, diff: &DiffView, theme: &Theme) {
    if area.height == 0 {
        return;
    }
    let head = Rect { x: area.x + 1, height: 1, width: area.width.saturating_sub(2), ..area };
    let changes = diff.changes();
    let words = format!("- {}   + {}   {changes} lines differ", diff.of[0], diff.of[1]);
    text(frame.buffer_mut(), head, &words, theme.title);
    let body = Rect { y: area.y + 1, height: area.height - 1, ..area };
    if changes == 0 {
        message(frame, body, theme.ok, "Both events are the same", "Esc goes back to the list");
        return;
    }
    for (line, y) in diff.lines.iter().skip(diff.scroll.top).zip(body.y..body.bottom()) {
        let (sign, style) = match line.change {
            Change::Same => (" ", theme.dim),
            Change::Removed => ("-", theme.critical),
            Change::Added => ("+", theme.ok),
        };
        let at = Rect { x: head.x, y, width: head.width, height: 1 };
        text(frame.buffer_mut(), at, sign, style);
        text(frame.buffer_mut(), Rect { x: at.x + 2, width: at.width.saturating_sub(2), ..at }, &line.text, style);
    }
    let scroll = diff.scroll;
    table::scroll_bar(frame.buffer_mut(), body, scroll.top, scroll.height.max(1), scroll.lines, theme);
}
