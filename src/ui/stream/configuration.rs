//! The whole configuration, readable, or as the server's JSON.

use ratatui::Frame;
use ratatui::layout::Rect;

use crate::app::{App, StreamScreen};
use crate::event::clean;
use crate::ui::Theme;
use crate::ui::widgets::{message, table, text};

/// Columns of the names.
const NAMES: u16 = 22;

/// Draws it.
pub(super) fn draw(frame: &mut Frame<'_>, area: Rect, app: &App, screen: &StreamScreen, theme: &Theme) {
    let inner = Rect { x: area.x + 1, width: area.width.saturating_sub(2), ..area };
    if screen.json {
        let Some((json, _)) = app.catalog().stream_json.get(&screen.name) else {
            return message(frame, area, theme.dim, "The JSON was not read yet", "The server is asked");
        };
        lines(frame, inner, json, screen.configuration.top, theme);
    } else {
        for ((name, value), y) in screen.settings.iter().skip(screen.configuration.top).zip(inner.y..inner.bottom()) {
            let line = Rect { y, height: 1, ..inner };
            text(frame.buffer_mut(), Rect { width: NAMES.min(line.width), ..line }, name, theme.dim);
            let x = line.x + NAMES + 1;
            text(frame.buffer_mut(), Rect { x, width: line.right().saturating_sub(x), ..line }, value, theme.text);
        }
    }
    let s = screen.configuration;
    table::scroll_bar(frame.buffer_mut(), area, s.top, s.height, s.lines, theme);
}

/// Draws JSON text from this line on: names in another style than values.
pub(in crate::ui) fn lines(frame: &mut Frame<'_>, area: Rect, json: &str, top: usize, theme: &Theme) {
    for (line, y) in json.lines().skip(top).zip(area.y..area.bottom()) {
        let line = clean(line);
        let at = Rect { y, height: 1, ..area };
        let used = match line.find("\": ") {
            Some(end) if line.trim_start().starts_with('"') => {
                text(frame.buffer_mut(), at, &line[..=end], theme.accent)
            }
            _ => 0,
        };
        let rest = &line[line.char_indices().nth(usize::from(used)).map_or(line.len(), |(i, _)| i)..];
        let rest_at = Rect { x: at.x + used, width: at.width.saturating_sub(used), ..at };
        text(frame.buffer_mut(), rest_at, rest, theme.text);
    }
}
