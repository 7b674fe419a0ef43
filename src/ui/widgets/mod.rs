//! What several screens draw with.

pub mod chart;
pub mod facts;
pub mod gauge;
pub mod spark;
pub mod table;

use std::borrow::Cow;

use ratatui::Frame;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use unicode_segmentation::UnicodeSegmentation;
use unicode_width::UnicodeWidthStr;

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

/// The text in at most this many columns; what is too long ends in `…`.
pub fn fit(text: &str, columns: usize) -> Cow<'_, str> {
    if text.len() <= columns || text.width() <= columns {
        return Cow::Borrowed(text);
    }
    let mut out = String::new();
    let mut used = 0;
    for grapheme in text.graphemes(true) {
        let width = grapheme.width();
        if used + width + 1 > columns {
            break;
        }
        out.push_str(grapheme);
        used += width;
    }
    if columns > 0 {
        out.push('…');
    }
    Cow::Owned(out)
}

/// Text broken into lines of at most this many columns, at spaces where there are any.
pub fn wrap(text: &str, columns: usize) -> Vec<String> {
    let mut lines = Vec::new();
    let mut line = String::new();
    for word in text.split_whitespace() {
        let joined = line.width() + usize::from(!line.is_empty()) + word.width();
        if joined > columns && !line.is_empty() {
            lines.push(std::mem::take(&mut line));
        }
        if !line.is_empty() {
            line.push(' ');
        }
        line.push_str(&fit(word, columns));
    }
    if !line.is_empty() {
        lines.push(line);
    }
    lines
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn too_long_ends_in_an_ellipsis_and_width_counts_columns() {
        assert_eq!(fit("orders", 6), "orders");
        assert_eq!(fit("orders", 5), "orde…");
        assert_eq!(fit("漢字漢字", 5), "漢字…");
        assert_eq!(fit("abc", 0), "");
    }

    #[test]
    fn wraps_at_spaces() {
        assert_eq!(wrap("one two three", 7), vec!["one two", "three"]);
        assert!(wrap("", 7).is_empty());
    }
}
