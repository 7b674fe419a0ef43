//! The consumers of a stream, a line each: how each does and what it has outstanding, the worst first.

use ratatui::Frame;
use ratatui::layout::Rect;

use crate::app::{App, Worst};
use crate::event::clean_line;
use crate::model::entry::Shelf;
use crate::model::units::count;
use crate::ui::Theme;
use crate::ui::lag::whole;
use crate::ui::widgets::{text, text_right};

/// From this width on there is room for how long the oldest message waits.
const WITH_LAG: u16 = 60;
/// Wider than this the eye loses the line between a name and its numbers.
const WIDEST: u16 = 76;

/// Draws as many as find room below their heading; returns the rows used.
pub(in crate::ui) fn consumers(
    frame: &mut Frame<'_>,
    area: Rect,
    app: &App,
    stream: &str,
    (shelf, worst): (&Shelf, &Worst),
    theme: &Theme,
) -> u16 {
    let area = Rect { width: area.width.min(WIDEST), ..area };
    // The heading and one of them are the least that says something.
    if area.height < 2 || shelf.entries.is_empty() {
        return 0;
    }
    let buffer = frame.buffer_mut();
    text(buffer, Rect { height: 1, ..area }, "consumers", theme.title);
    let room = usize::from(area.height - 1);
    let total = shelf.entries.len();
    let most = if total > room { room - 1 } else { total };
    let mut y = area.y + 1;
    let known = worst.names.iter().filter_map(|name| Some((name, shelf.entries.get(name)?)));
    let mut shown = 0;
    for (name, entry) in known.take(most) {
        let health = app.consumer_health(stream, name, entry);
        let line = Rect { y, height: 1, ..area };
        let outstanding = entry.info.as_ref().map_or("?".into(), |i| count(i.outstanding()));
        let words = clean_line(&health.words);
        let right = if area.width >= WITH_LAG {
            let lag = entry.lag_time(app.shown_at()).age().map_or("—".into(), whole);
            format!("{words} {outstanding:>6} {lag:>9}")
        } else {
            format!("{words} {outstanding:>6}")
        };
        let width = (right.chars().count() as u16).min(line.width);
        let name_at = Rect { width: line.width.saturating_sub(width + 1), ..line };
        text(buffer, name_at, &format!("{} {}", health.level.glyph(), clean_line(name)), theme.level(health.level));
        text_right(buffer, line, &right, theme.text);
        y += 1;
        shown += 1;
    }
    if total > shown {
        text(buffer, Rect { y, height: 1, ..area }, &format!("and {} more", total - shown), theme.dim);
        y += 1;
    }
    y - area.y
}
