//! What several screens draw with.

pub mod chart;
pub mod facts;
pub mod gauge;
mod scale;
pub mod spark;
pub mod table;
pub mod timeline;

use ratatui::Frame;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use unicode_width::UnicodeWidthStr;

pub use crate::event::layout::{fit, wrap};

/// Writes one line from the left, cut to the area with `…`. Returns the columns used.
pub fn text(buffer: &mut Buffer, area: Rect, text: &str, style: Style) -> u16 {
    if area.width == 0 || area.height == 0 {
        return 0;
    }
    let cut = fit(text, usize::from(area.width));
    let (x, _) = buffer.set_stringn(area.x, area.y, &*cut, usize::from(area.width), style);
    x - area.x
}

/// Writes one line to the right end of the area, cut with `…`.
pub fn text_right(buffer: &mut Buffer, area: Rect, text: &str, style: Style) {
    if area.width == 0 || area.height == 0 {
        return;
    }
    let cut = fit(text, usize::from(area.width));
    let used = u16::try_from(cut.width()).unwrap_or(area.width).min(area.width);
    buffer.set_stringn(area.right() - used, area.y, &*cut, usize::from(used), style);
}

/// A message in the middle of an empty panel: what is the matter, and the next step.
pub fn message(frame: &mut Frame<'_>, area: Rect, style: Style, what: &str, next: &str) {
    let columns = usize::from(area.width.saturating_sub(4)).clamp(1, 90);
    let mut lines: Vec<String> = wrap(what, columns);
    lines.extend(wrap(next, columns));
    let height = u16::try_from(lines.len()).unwrap_or(area.height).min(area.height);
    let top = area.y + (area.height - height) / 3;
    for (i, line) in lines.iter().take(usize::from(height)).enumerate() {
        let width = u16::try_from(line.width()).unwrap_or(area.width).min(area.width);
        let at = Rect { x: area.x + (area.width - width) / 2, y: top + i as u16, width, height: 1 };
        text(frame.buffer_mut(), at, line, style);
    }
}
