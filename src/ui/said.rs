//! Draws descriptions: facts with their names, sentences, counts, bars.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::style::Style;

use crate::app::said::NAMES;
use crate::event::clean_line;
use crate::model::Said;
use crate::model::units::count_exact;

use super::Theme;
use super::widgets::text;

/// Draws a fact and its name.
pub(super) fn fact(frame: &mut Frame<'_>, line: Rect, name: &str, value: &str, style: Style, theme: &Theme) {
    let names = NAMES.min(line.width);
    text(frame.buffer_mut(), Rect { width: names, ..line }, name, theme.dim);
    let rest = Rect { x: line.x + names, width: line.width - names, ..line };
    text(frame.buffer_mut(), rest, &clean_line(value), style);
}

/// Draws a description from this line on.
pub(super) fn lines(frame: &mut Frame<'_>, area: Rect, said: &[Said], top: usize, theme: &Theme) {
    for (said, y) in said.iter().skip(top).zip(area.y..area.bottom()) {
        let line = Rect { y, height: 1, ..area };
        match said {
            Said::Fact(name, value) => fact(frame, line, name, value, theme.text, theme),
            Said::At(at, words) => fact(frame, line, &at.to_clock(), words, theme.text, theme),
            Said::Title(title) => {
                text(frame.buffer_mut(), line, title, theme.title);
            }
            Said::Count(count, what) => {
                let words = format!("  {:>9}  {}", count_exact(*count), clean_line(what));
                text(frame.buffer_mut(), line, &words, theme.text);
            }
            Said::Bar(from, count, share) => {
                let words = format!("  {from}  {:>9}  ", count_exact(*count));
                let used = text(frame.buffer_mut(), line, &words, theme.text);
                let room = line.width.saturating_sub(used).min(40);
                let cells = (u32::from(room) * share).div_ceil(1_000) as usize;
                let bar = Rect { x: line.x + used, width: room, ..line };
                text(frame.buffer_mut(), bar, &"█".repeat(cells), theme.chart);
            }
            Said::Warning(words) => {
                text(frame.buffer_mut(), line, &format!("▲ {}", clean_line(words)), theme.warning);
            }
            Said::Obstacle(words) => {
                text(frame.buffer_mut(), line, &format!("✖ {}", clean_line(words)), theme.critical);
            }
            Said::More(words) => {
                text(frame.buffer_mut(), line, &format!("  {}", clean_line(words)), theme.text);
            }
        }
    }
}
