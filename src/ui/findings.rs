//! What is not well, in the rows that a short list leaves empty.

use ratatui::Frame;
use ratatui::layout::Rect;
use unicode_width::UnicodeWidthStr;

use crate::app::{App, Findings};
use crate::keymap::Action;

use super::Theme;
use super::widgets::text;

/// The least rows that are worth it: a blank one, the heading, one finding.
const LEAST: u16 = 3;

/// Draws as many as find room, the worst first.
pub(super) fn draw(frame: &mut Frame<'_>, area: Rect, app: &App, found: &Findings, theme: &Theme) {
    if area.height < LEAST || found.worst.is_empty() {
        return;
    }
    let buffer = frame.buffer_mut();
    let line = |y: u16| Rect { x: area.x + 1, y, width: area.width.saturating_sub(2), height: 1 };
    text(buffer, line(area.y + 1), &format!("what is not well ({})", found.count()), theme.title);
    let room = usize::from(area.height - 2);
    // The last row says that there are more, where there are.
    let shown = if found.count() > room && room > 1 { room - 1 } else { found.worst.len().min(room) };
    let widest = found.worst.iter().take(shown).map(|f| f.place.width()).max().unwrap_or(0) as u16;
    let place_width = widest.min(area.width * 2 / 5);
    let mut y = area.y + 2;
    for finding in found.worst.iter().take(shown) {
        let at = line(y);
        let style = theme.level(finding.level);
        text(buffer, at, finding.level.glyph(), style);
        let place = Rect { x: at.x + 2, width: place_width.min(at.width.saturating_sub(2)), ..at };
        text(buffer, place, &finding.place, theme.text);
        let x = place.right() + 2;
        text(buffer, Rect { x, width: at.right().saturating_sub(x), ..at }, &finding.words, style);
        y += 1;
    }
    if found.count() > shown && y < area.bottom() {
        let key = app.keymap.shown(Action::AllProblems).unwrap_or_default();
        let words = format!("and {} more; {key} shows all, and what to do", found.count() - shown);
        text(buffer, line(y), &words, theme.dim);
    }
}
