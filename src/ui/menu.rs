//! A menu over the body: a small list with a key for each thing.

use ratatui::Frame;
use ratatui::layout::Rect;
use unicode_width::UnicodeWidthStr;

use crate::app::Menu;

use super::Theme;
use super::widgets::{text, wrap};

/// Draws the menu at the lower left, where the footer's keys are.
pub(super) fn draw(frame: &mut Frame<'_>, area: Rect, menu: &Menu, theme: &Theme) {
    let titles = menu.items.iter().map(|item| item.title.width()).max().unwrap_or(0);
    let hints = menu.items.iter().map(|item| item.hint.width()).max().unwrap_or(0);
    let box_mark = if menu.items.iter().any(|item| item.on.is_some()) { 4 } else { 0 };
    let inside = (5 + box_mark + titles + 2 + hints).max(menu.title.width() + 2).max(menu.about.width() + 2);
    let width = u16::try_from(inside + 2).unwrap_or(area.width).min(area.width);
    let about = match menu.about.as_str() {
        "" => Vec::new(),
        words => wrap(words, usize::from(width.saturating_sub(4)).max(1)),
    };
    let lines = menu.items.len() + about.len() + 2;
    let height = u16::try_from(lines).unwrap_or(area.height).min(area.height.saturating_sub(1));
    if height < 3 || width < 8 {
        return;
    }
    let at = Rect { x: area.x, y: area.bottom() - 1 - height, width, height };
    let buffer = frame.buffer_mut();
    for y in at.y..at.bottom() {
        for x in at.x..at.right() {
            if let Some(cell) = buffer.cell_mut((x, y)) {
                cell.reset();
                cell.set_style(theme.text);
            }
        }
    }
    border(frame, at, menu.title, theme);
    for (words, y) in about.iter().zip(at.y + 1..at.bottom() - 1) {
        text(frame.buffer_mut(), Rect { x: at.x + 2, y, width: width - 4, height: 1 }, words, theme.text);
    }
    let above = (about.len() as u16).min(height - 2);
    let rows = usize::from(height - 2 - above);
    let top = menu.selected.saturating_sub(rows.saturating_sub(1));
    for ((i, item), y) in menu.items.iter().enumerate().skip(top).take(rows).zip(at.y + 1 + above..) {
        let line = Rect { x: at.x + 1, y, width: width - 2, height: 1 };
        let mut x = line.x + 1;
        let rest = |x: u16| Rect { x, width: line.right().saturating_sub(x), ..line };
        let buffer = frame.buffer_mut();
        text(buffer, rest(x), &item.key.to_string(), theme.key);
        x += 3;
        if let Some(on) = item.on {
            text(buffer, rest(x), if on { "[x]" } else { "[ ]" }, theme.text);
            x += 4;
        }
        text(buffer, rest(x), &item.title, theme.text);
        x += titles as u16 + 2;
        text(buffer, rest(x), &item.hint, theme.dim);
        if i == menu.selected {
            buffer.set_style(line, theme.selection);
        }
    }
}

fn border(frame: &mut Frame<'_>, at: Rect, title: &str, theme: &Theme) {
    let buffer = frame.buffer_mut();
    let across = "─".repeat(usize::from(at.width.saturating_sub(2)));
    let line = |y: u16| Rect { y, height: 1, ..at };
    text(buffer, line(at.y), &format!("┌{across}┐"), theme.border);
    text(buffer, line(at.bottom() - 1), &format!("└{across}┘"), theme.border);
    for y in at.y + 1..at.bottom() - 1 {
        for x in [at.x, at.right() - 1] {
            if let Some(cell) = buffer.cell_mut((x, y)) {
                cell.set_char('│').set_style(theme.border);
            }
        }
    }
    let head = Rect { x: at.x + 2, width: at.width.saturating_sub(4), ..line(at.y) };
    text(buffer, head, &format!(" {title} "), theme.title);
}
