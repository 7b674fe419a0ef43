//! What is being typed, what is wrong with it, and what it can become.

use ratatui::Frame;
use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use unicode_width::UnicodeWidthStr;

use crate::app::{App, Offer, Prompt, PromptKind, Screen};
use crate::event::clean_line;
use crate::ui::Theme;
use crate::ui::widgets::{text, wrap};

/// Draws the line, and the rest above it.
pub(super) fn draw(frame: &mut Frame<'_>, area: Rect, line: Rect, app: &App, theme: &Theme) {
    let Some(prompt) = &app.prompt else { return };
    let used = text(frame.buffer_mut(), line, prompt.kind.sign(), theme.key);
    let room = Rect { x: line.x + used, width: line.width.saturating_sub(used), ..line };
    let columns = usize::from(room.width.saturating_sub(1));
    let scroll = prompt.input.visual_scroll(columns);
    let value = clean_line(prompt.input.value());
    let shown: String = value.chars().skip(scroll).collect();
    // What the next character replaces looks like what is selected elsewhere.
    let style = if prompt.replaces { theme.text.patch(theme.selection) } else { theme.text };
    text(frame.buffer_mut(), room, &shown, style);
    let cursor = prompt.input.visual_cursor().saturating_sub(scroll) as u16;
    frame.set_cursor_position(Position { x: (room.x + cursor).min(line.right() - 1), y: line.y });
    if shown.is_empty() {
        let words = match (prompt.kind, app.screen()) {
            (PromptKind::Filter, Some(Screen::Activity(_))) => {
                "words that all occur, !word for none; Enter keeps, Esc takes it back"
            }
            (kind, _) => kind.hint(),
        };
        let hint = Rect { x: room.x + 2, width: room.width.saturating_sub(2), ..room };
        text(frame.buffer_mut(), hint, words, theme.dim);
    }
    // The place of what is wrong stands out; why stands above the line, over the body, so that nothing moves.
    let mut above = line.y;
    if let Some(mistake) = &prompt.mistake {
        let columns_to = |at: usize| prompt.input.value().get(..at).map_or(0, UnicodeWidthStr::width);
        let (from, to) = (columns_to(mistake.at.start), columns_to(mistake.at.end));
        let x = |column: usize| (room.x + column.saturating_sub(scroll) as u16).min(room.right());
        let (from, to) = (x(from), x(to.max(from + 1)));
        frame.buffer_mut().set_style(Rect { x: from, width: to - from, ..line }, theme.critical.patch(theme.selection));
        let words = format!("✖ {}", clean_line(&mistake.to_string()));
        let lines = wrap(&words, usize::from(area.width.saturating_sub(2)).max(1));
        let height = (lines.len() as u16).min(area.height.saturating_sub(4));
        above -= height;
        for (words, y) in lines.iter().zip(above..line.y) {
            let at = Rect { y, height: 1, ..area };
            blank(frame.buffer_mut(), at);
            let at = Rect { x: at.x + 1, width: at.width.saturating_sub(1), ..at };
            text(frame.buffer_mut(), at, words, theme.critical);
        }
    }
    offers(frame, area, above, prompt, theme);
}

/// What the line can become, over the body.
fn offers(frame: &mut Frame<'_>, area: Rect, above: u16, prompt: &Prompt, theme: &Theme) {
    let height = (prompt.offers.len() as u16).min(above.saturating_sub(area.y + 3));
    let widest = |part: fn(&Offer) -> &str| prompt.offers.iter().map(|o| part(o).width()).max().unwrap_or(0) as u16;
    let first = widest(|o| &o.shown);
    let second = widest(|o| &o.help);
    let width = first + 3 + if second > 0 { second + 2 } else { 0 };
    let at = Rect { x: area.x, y: above - height, width: width.min(area.width), height };
    for (i, offer) in prompt.offers.iter().take(usize::from(height)).enumerate() {
        let row = Rect { y: at.y + i as u16, height: 1, ..at };
        let buffer = frame.buffer_mut();
        blank(buffer, row);
        text(buffer, row, &format!(" {}", offer.shown), theme.accent);
        let x = row.x + first + 3;
        text(buffer, Rect { x, width: row.right().saturating_sub(x), ..row }, &offer.help, theme.dim);
        if let Some(cell) = buffer.cell_mut((row.right(), row.y)) {
            cell.reset();
            cell.set_char('│').set_style(theme.border);
        }
        if prompt.offered == Some(i) {
            buffer.set_style(row, theme.selection);
        }
    }
}

fn blank(buffer: &mut Buffer, area: Rect) {
    for x in area.x..area.right() {
        if let Some(cell) = buffer.cell_mut((x, area.y)) {
            cell.reset();
        }
    }
}
