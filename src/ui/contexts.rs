//! The Contexts screen.

use ratatui::Frame;
use ratatui::layout::Rect;

use crate::app::columns::Spec;
use crate::app::{App, ContextsScreen, Row};
use crate::event::clean_line;

use super::Theme;
use super::widgets::message;
use super::widgets::table::{self, Cell, cell_area, headings, highlight, place};

const fn column(title: &'static str, width: u16, flex: u16, priority: u8) -> Spec {
    Spec { title, width, flex, priority, right: false, large_first: false }
}

/// The columns.
const COLUMNS: [Spec; 5] = [
    column("", 1, 0, 0),
    column("NAME", 14, 2, 0),
    column("ACCESS", 9, 0, 3),
    column("SERVERS", 20, 2, 1),
    column("DESCRIPTION", 16, 3, 2),
];

/// Draws the list.
pub(super) fn draw(frame: &mut Frame<'_>, area: Rect, app: &App, screen: &ContextsScreen, theme: &Theme) {
    let inner = Rect { x: area.x + 1, width: area.width.saturating_sub(2), ..area };
    let columns = place(&COLUMNS, inner.width, 1);
    headings(frame.buffer_mut(), Rect { height: 1, ..inner }, &columns, (1, screen.table.descending), theme);
    let body = Rect { y: area.y + 1, height: area.height.saturating_sub(1), ..area };
    let contexts = match &app.contexts {
        None => return message(frame, body, theme.dim, "The saved connections are read", ""),
        Some(Err(error)) => {
            return message(frame, body, theme.warning, "The saved connections could not be read", error);
        }
        Some(Ok(contexts)) => contexts,
    };
    if screen.table.is_empty() {
        let (what, next) = if contexts.is_empty() {
            ("No connections are saved", "`nats context add NAME --server URL` saves one")
        } else {
            ("No context matches the filter", "Esc shows all again")
        };
        return message(frame, body, theme.dim, what, next);
    }
    let mut needle = screen.table.needle();
    for ((row, selected), y) in screen.table.window().zip(body.y..body.bottom()) {
        let Row::Item(name) = row else { continue };
        let Some(context) = contexts.iter().find(|c| &c.name == name) else { continue };
        let line = Rect { x: inner.x, y, width: inner.width, height: 1 };
        let current = app.session.context.as_ref() == Some(name);
        table::row(frame.buffer_mut(), line, &columns, selected, theme, |index, _| match (index, &context.error) {
            (0, Some(_)) => Cell::new("✖", theme.critical),
            (0, None) if current => Cell::new("●", theme.ok),
            (0, None) if context.selected => Cell::new("*", theme.dim),
            (0, None) => Cell::new(" ", theme.dim),
            (1, _) => Cell::new(clean_line(&context.name), theme.text),
            (2, _) => Cell::new(context.access.word(), theme.dim),
            (3, _) => Cell::new(clean_line(&context.servers), theme.text),
            (_, Some(error)) => Cell::new(clean_line(error), theme.warning),
            (_, None) => Cell::new(clean_line(&context.description), theme.dim),
        });
        if let Some(column) = columns.iter().find(|c| c.index == 1) {
            let area = cell_area(line, column);
            highlight(frame.buffer_mut(), area, &clean_line(name), &mut needle, theme.matched);
        }
    }
}
