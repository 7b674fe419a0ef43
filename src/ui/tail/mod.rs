//! The Tail screen: a line of status, when the events came, the list, and the selected event beside or below it.

pub(super) mod detail;
mod diff;
mod histogram;
mod list;
mod status;

use ratatui::Frame;
use ratatui::layout::Rect;

use crate::app::App;
use crate::app::tail::{Focus, Place, TailScreen};
use crate::event::clean_line;

use super::Theme;
use super::widgets::text;

pub(super) use list::clock;

/// Draws the tail.
pub(super) fn draw(frame: &mut Frame<'_>, area: Rect, app: &App, tail: &TailScreen, theme: &Theme) {
    if area.height == 0 {
        return;
    }
    status::draw(frame, Rect { height: 1, ..area }, tail, theme);
    let body = Rect { y: area.y + 1, height: area.height - 1, ..area };
    if let Some(diff) = &tail.diff {
        diff::draw(frame, body, diff, theme);
        return;
    }
    let layout = tail.layout;
    if layout.place == Place::Whole {
        detail::draw(frame, Rect { x: body.x + 1, width: body.width.saturating_sub(2), ..body }, tail, theme);
        return;
    }
    let mut y = body.y;
    if layout.histogram {
        histogram::draw(frame.buffer_mut(), Rect { y, height: 1.min(body.height), ..body }, tail, theme);
        y += 1;
    }
    let rest = Rect { y, height: body.bottom().saturating_sub(y), ..body };
    match layout.place {
        Place::Beside => {
            let width = layout.detail.0 + 2;
            let left = Rect { width: rest.width.saturating_sub(width), ..rest };
            list::draw(frame, left, app, tail, theme);
            let border = if tail.focus == Focus::Detail { theme.accent } else { theme.border };
            for y in rest.y..rest.bottom() {
                if let Some(cell) = frame.buffer_mut().cell_mut((left.right(), y)) {
                    cell.set_char('│').set_style(border);
                }
            }
            let right = Rect { x: left.right() + 1, width: width.saturating_sub(2), ..rest };
            detail::draw(frame, right, tail, theme);
        }
        Place::Below => {
            let height = (layout.list + 1).min(rest.height);
            list::draw(frame, Rect { height, ..rest }, app, tail, theme);
            let below = Rect { y: rest.y + height, height: rest.height - height, ..rest };
            if below.height > 0 {
                rule(frame, Rect { height: 1, ..below }, tail, theme);
                let area = Rect {
                    x: below.x + 1,
                    width: below.width.saturating_sub(2),
                    y: below.y + 1,
                    height: below.height - 1,
                };
                detail::draw(frame, area, tail, theme);
            }
        }
        Place::Nowhere | Place::Whole => list::draw(frame, rest, app, tail, theme),
    }
}

/// The line between list and event.
fn rule(frame: &mut Frame<'_>, area: Rect, tail: &TailScreen, theme: &Theme) {
    let style = if tail.focus == Focus::Detail { theme.accent } else { theme.border };
    text(frame.buffer_mut(), area, &"─".repeat(usize::from(area.width)), style);
    let Some(entry) = tail.selected() else { return };
    let of = match tail.detail.events() {
        0 | 1 => String::new(),
        n => format!(", event {} of {n}", tail.detail.event + 1),
    };
    let stream = if tail.sources.len() > 1 { format!("{} ", clean_line(&entry.message.stream)) } else { String::new() };
    let title = format!(" {stream}#{}{of} ", entry.message.seq);
    let at = Rect { x: area.x + 2, width: area.width.saturating_sub(2), ..area };
    text(frame.buffer_mut(), at, &title, style);
}
