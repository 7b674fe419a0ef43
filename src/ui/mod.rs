//! Draws an `App`, and decides nothing. May import everything but nats; names no tokio and no client.
//!
//! One file a screen; what several screens use is in `widgets`. Every server-supplied string goes through
//! `event::clean_line` before it comes here or here before it is drawn, and width is measured after that.

mod activity;
mod consumer;
mod consumers;
mod contexts;
mod findings;
mod footer;
mod header;
mod help;
mod lag;
mod menu;
mod problems;
mod replay;
mod reposition;
mod said;
mod side;
mod stream;
mod streams;
mod stuck;
mod tail;
pub mod theme;
pub mod widgets;

use ratatui::Frame;
use ratatui::layout::Rect;

use crate::app::{App, Screen};

pub use theme::Theme;

/// The least terminal that can be used.
const LEAST: (u16, u16) = (40, 8);
/// From this width on the lists have a panel beside them.
const SIDE_FROM: u16 = 150;
/// How wide that panel is.
const SIDE_WIDTH: u16 = 52;

/// Draws the whole screen.
pub fn draw(frame: &mut Frame<'_>, app: &App, theme: &Theme) {
    let area = frame.area();
    frame.buffer_mut().set_style(area, theme.text);
    if area.width < LEAST.0 || area.height < LEAST.1 {
        widgets::message(frame, area, theme.warning, "The terminal is too small", "40 columns and 8 rows are needed");
        return;
    }
    let line = |y: u16| Rect { y: area.y + y, height: 1, ..area };
    header::draw(frame, line(0), app, theme);
    header::crumbs(frame, line(1), app, theme);
    let banner = app.banner_lines();
    let banner_height = banner.as_ref().map_or(0, |(_, lines)| lines.len() as u16);
    let body = Rect { y: area.y + 2, height: (area.height - 3).saturating_sub(banner_height), ..area };
    match app.screen() {
        Some(Screen::Streams(s)) => {
            let (list, side) = with_side(body);
            streams::draw(frame, list, app, s, theme);
            if let Some(side) = side {
                side::stream(frame, side, app, s, theme);
            }
        }
        Some(Screen::Stream(s)) => stream::draw(frame, body, app, s, theme),
        Some(Screen::Consumers(s)) => {
            let (list, side) = with_side(body);
            consumers::draw(frame, list, app, &s.table, true, theme);
            if let Some(side) = side {
                side::consumer(frame, side, app, s.table.selected(), theme);
            }
        }
        Some(Screen::Consumer(c)) => consumer::draw(frame, body, app, c, theme),
        Some(Screen::Tail(t)) => tail::draw(frame, body, app, t, theme),
        Some(Screen::ReplayForm(f)) => replay::form(frame, body, f, theme),
        Some(Screen::ReplayPlan(p)) => replay::plan(frame, body, p, theme),
        Some(Screen::ReplayRun(r)) => replay::run(frame, body, app, r, theme),
        Some(Screen::Replays(s)) => replay::list(frame, body, app, s, theme),
        Some(Screen::Reposition(s)) => reposition::draw(frame, body, app, s, theme),
        Some(Screen::Activity(s)) => activity::draw(frame, body, app, s, theme),
        Some(Screen::Stuck(s)) => stuck::draw(frame, body, app, s, theme),
        Some(Screen::Problems(s)) => problems::draw(frame, body, app, s, theme),
        Some(Screen::Contexts(s)) => contexts::draw(frame, body, app, s, theme),
        Some(Screen::Help(h)) => help::draw(frame, body, app, h, theme),
        None => {}
    }
    if let Some((level, lines)) = banner {
        let style = theme.level(level);
        for (words, y) in lines.iter().zip(area.height - 1 - banner_height..) {
            let at = Rect { x: area.x + 1, width: area.width - 1, ..line(y) };
            widgets::text(frame.buffer_mut(), at, words, style);
        }
    }
    footer::draw(frame, area, app, theme);
    if let Some(menu) = &app.menu {
        menu::draw(frame, area, menu, theme);
    }
}

/// The list and, where there is room, the panel beside it.
fn with_side(body: Rect) -> (Rect, Option<Rect>) {
    if body.width < SIDE_FROM {
        return (body, None);
    }
    let list = Rect { width: body.width - SIDE_WIDTH - 1, ..body };
    let side = Rect { x: list.right() + 1, width: SIDE_WIDTH, ..body };
    (list, Some(side))
}
