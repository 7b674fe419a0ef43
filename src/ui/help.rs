//! The Help screen.

use ratatui::Frame;
use ratatui::layout::Rect;

use crate::app::{App, HELP_KEYS, HelpLine, HelpScreen, help_lines};

use super::Theme;
use super::widgets::text;

/// Draws the lines in view.
pub(super) fn draw(frame: &mut Frame<'_>, area: Rect, app: &App, screen: &HelpScreen, theme: &Theme) {
    let inner = Rect { x: area.x + 1, width: area.width.saturating_sub(2), ..area };
    let lines = help_lines(app);
    for (line, y) in lines.iter().skip(screen.scroll.top).zip(inner.y..inner.bottom()) {
        let at = Rect { y, height: 1, ..inner };
        let buffer = frame.buffer_mut();
        match line {
            HelpLine::Heading(heading) => {
                text(buffer, at, heading, theme.accent.patch(theme.header));
            }
            HelpLine::Text(words) => {
                text(buffer, Rect { x: at.x + 1, width: at.width.saturating_sub(1), ..at }, words, theme.title);
            }
            HelpLine::Key { keys, text: words, why_not } => {
                let width = HELP_KEYS.min(at.width);
                text(buffer, Rect { x: at.x + 2, width: width.saturating_sub(2), ..at }, keys, theme.key);
                let rest = Rect { x: at.x + width + 1, width: at.width.saturating_sub(width + 1), ..at };
                let used = text(buffer, rest, words, theme.text);
                if let Some(reason) = why_not {
                    let after = Rect { x: rest.x + used + 2, width: rest.width.saturating_sub(used + 2), ..rest };
                    text(buffer, after, &format!("({reason})"), theme.dim);
                }
            }
            HelpLine::Blank => {}
        }
    }
    super::widgets::table::scroll_bar(
        frame.buffer_mut(),
        area,
        screen.scroll.top,
        screen.scroll.height,
        screen.scroll.lines,
        theme,
    );
}
