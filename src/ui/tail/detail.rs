//! The selected event: what is wrong with it, its attributes, headers and data.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::style::{Modifier, Style};

use crate::app::tail::{Detail, Focus, TailScreen};
use crate::event::body::Role;
use crate::ui::Theme;
use crate::ui::widgets::{message, table, text};

/// Draws the lines in view.
pub(super) fn draw(frame: &mut Frame<'_>, area: Rect, tail: &TailScreen, theme: &Theme) {
    let detail = &tail.detail;
    if tail.selected().is_none() {
        if tail.zoomed {
            message(frame, area, theme.dim, "No event is selected", "Esc goes back to the list");
        }
        return;
    }
    let active = tail.focus == Focus::Detail || tail.zoomed;
    rows(frame, area, detail, active, theme);
}

/// Draws the lines of a message that are in view; the selected one stands out where keys go to it.
pub(in crate::ui) fn rows(frame: &mut Frame<'_>, area: Rect, detail: &Detail, active: bool, theme: &Theme) {
    for (i, (row, y)) in detail.rows.iter().zip(area.y..area.bottom()).enumerate() {
        let mut x = area.x;
        for span in &row.line {
            let rest = Rect { x, y, width: area.right().saturating_sub(x), height: 1 };
            x += text(frame.buffer_mut(), rest, &span.text, style(span.role, theme));
        }
        if active && detail.top + i == detail.cursor {
            frame.buffer_mut().set_style(Rect { y, height: 1, ..area }, theme.selection);
        }
    }
    let total = detail.total.unwrap_or(detail.top + detail.height * 2);
    let bar = Rect { width: area.width + 1, ..area };
    table::scroll_bar(frame.buffer_mut(), bar, detail.top, detail.height.max(1), total, theme);
}

/// How a piece of a line looks.
fn style(role: Role, theme: &Theme) -> Style {
    match role {
        Role::Text => theme.text,
        Role::Key | Role::Name | Role::Markup => theme.accent,
        Role::String => theme.ok,
        Role::Number => theme.notice,
        Role::Literal => theme.unknown,
        Role::Punctuation | Role::Offset | Role::Note => theme.dim,
        Role::Title => theme.title.add_modifier(Modifier::BOLD),
        Role::Warning => theme.warning,
        Role::Error => theme.critical,
    }
}
