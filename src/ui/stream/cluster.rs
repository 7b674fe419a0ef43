//! Leader, replicas with their lag, mirror and sources.

use ratatui::Frame;
use ratatui::layout::Rect;

use crate::app::{StreamScreen, Tone};
use crate::ui::Theme;
use crate::ui::widgets::{table, text};

/// Draws it.
pub(super) fn draw(frame: &mut Frame<'_>, area: Rect, screen: &StreamScreen, theme: &Theme) {
    let inner = Rect { x: area.x + 1, width: area.width.saturating_sub(2), ..area };
    let s = screen.cluster;
    for ((words, tone), y) in screen.cluster_lines.iter().skip(s.top).zip(inner.y..inner.bottom()) {
        let style = match tone {
            Tone::Text => theme.text,
            Tone::Title => theme.title,
            Tone::Level(level) => theme.level(*level),
        };
        text(frame.buffer_mut(), Rect { y, height: 1, ..inner }, words, style);
    }
    table::scroll_bar(frame.buffer_mut(), area, s.top, s.height, s.lines, theme);
}
