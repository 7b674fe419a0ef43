//! Replays: the form, the plan, a run, and the list.

use std::fmt::Write as _;

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::style::Style;

use crate::app::replay::{age, how_far};
use crate::app::{App, FormItem, PlanScreen, ReplayForm, ReplaysScreen, Row, RunScreen};
use crate::model::Access;
use crate::model::replay::{Run, State, Unreadable};
use crate::model::units::{count_exact, messages, percent};

use super::Theme;
use super::reposition;
use super::said::{fact, lines};
use super::widgets::gauge::gauge;
use super::widgets::table::{self, highlight, scroll_bar};
use super::widgets::{message, text, text_right, wrap};

/// Draws the form.
pub(super) fn form(frame: &mut Frame<'_>, area: Rect, form: &ReplayForm, theme: &Theme) {
    let inner = Rect { x: area.x + 1, width: area.width.saturating_sub(2), ..area };
    let line = |y: u16| Rect { y, height: 1, ..inner };
    if inner.height < 2 {
        return;
    }
    text(frame.buffer_mut(), line(inner.y), "Send events again", theme.title);
    fact(frame, line(inner.y + 1), "from", &form.from(), theme.text, theme);
    for ((i, item), y) in form.items().iter().enumerate().zip(inner.y + 2..inner.bottom()) {
        let value = form.value(*item);
        if *item == FormItem::Plan {
            let words = match (form.planning, form.read) {
                (None, _) => value,
                (Some(_), 0) => "the plan is being made …".into(),
                (Some(_), read) => format!("the plan is being made … {} read; Esc stops it", messages(read)),
            };
            text(frame.buffer_mut(), line(y), &format!("▸ {words}"), theme.accent);
        } else {
            fact(frame, line(y), item.name(), &value, theme.text, theme);
        }
        if i == form.cursor {
            frame.buffer_mut().set_style(line(y), theme.selection);
        }
    }
    let used = 2 + form.items().len() as u16 + 1;
    let mut y = inner.y + used;
    let hint = match form.selected() {
        FormItem::Marked => "Copies of an earlier replay carry its mark; Enter changes whether they are sent again.",
        FormItem::Delivery => {
            "Where the destination cannot be read again, nobody can know whether what was in flight has arrived when \
             something breaks. Enter changes what is done then."
        }
        FormItem::HttpMode => "How an endpoint receives an event. Enter changes it.",
        FormItem::Plan => "Enter makes the plan: what would be sent where, and who would receive it.",
        item => item.hint(),
    };
    for words in wrap(hint, usize::from(inner.width)) {
        if y < inner.bottom() {
            text(frame.buffer_mut(), line(y), &words, theme.dim);
            y += 1;
        }
    }
}

/// Draws the plan.
pub(super) fn plan(frame: &mut Frame<'_>, area: Rect, screen: &PlanScreen, theme: &Theme) {
    let inner = Rect { x: area.x + 1, width: area.width.saturating_sub(2), ..area };
    lines(frame, inner, &screen.lines, screen.scroll.top, theme);
    let s = screen.scroll;
    scroll_bar(frame.buffer_mut(), area, s.top, s.height.max(1), s.lines, theme);
}

/// Draws a run.
pub(super) fn run(frame: &mut Frame<'_>, area: Rect, app: &App, screen: &RunScreen, theme: &Theme) {
    let inner = Rect { x: area.x + 1, width: area.width.saturating_sub(2), ..area };
    let line = |y: u16| Rect { y: inner.y + y, height: 1, ..inner };
    if app.unreadable(&screen.id).is_some() && inner.height > 2 {
        text(frame.buffer_mut(), line(0), Unreadable::WORD, theme.critical);
        let body = Rect { y: inner.y + 2, height: inner.height - 2, ..inner };
        return lines(frame, body, &screen.lines, screen.scroll.top, theme);
    }
    let Some(run) = screen.run(app) else {
        let (what, next) = if app.replays.is_none() {
            ("The replays are being read", "They are kept in the state directory")
        } else {
            ("There is no such replay any more", "Esc goes back")
        };
        return message(frame, area, theme.dim, what, next);
    };
    if inner.height < 5 {
        return;
    }
    let p = &run.progress;
    let used = text(frame.buffer_mut(), line(0), run.word(), state_style(run, theme));
    let rest = Rect { x: inner.x + used + 2, width: inner.width.saturating_sub(used + 2), ..line(0) };
    let mut speed = format!("{} of {}", count_exact(p.settled()), count_exact(p.planned));
    // What is over is not all sent: some of it was there already, or is gone.
    if p.settled() > p.counters.sent {
        let _ = write!(speed, ", {} of them sent", count_exact(p.counters.sent));
    }
    text(frame.buffer_mut(), rest, &speed, theme.text);
    let ratio = p.settled() as f64 / p.planned.max(1) as f64;
    let width = usize::from(inner.width.saturating_sub(6)).min(100);
    let bar = format!("{} {:>4}", gauge(ratio, width), percent(ratio));
    text(frame.buffer_mut(), line(1), &bar, theme.chart);
    let body = Rect { y: inner.y + 3, height: inner.height - 3, ..inner };
    lines(frame, body, &screen.lines, screen.scroll.top, theme);
    let s = screen.scroll;
    scroll_bar(frame.buffer_mut(), area, s.top, s.height.max(1), s.lines, theme);
}

/// Draws the list of all runs.
pub(super) fn list(frame: &mut Frame<'_>, area: Rect, app: &App, screen: &ReplaysScreen, theme: &Theme) {
    let inner = Rect { x: area.x + 1, width: area.width.saturating_sub(2), ..area };
    let columns = [("STATE", 0_u16, 12_u16), ("DONE", 13, 5), ("AGO", 19, 7), ("FROM", 27, 0), ("TO", 0, 0)];
    let half = (inner.width.saturating_sub(28)) / 2;
    let place = |i: usize| match i {
        3 => (27, half),
        4 => (28 + half, inner.width.saturating_sub(28 + half)),
        i => (columns[i].1, columns[i].2),
    };
    let cell = |i: usize, y: u16| {
        let (x, width) = place(i);
        Rect { x: inner.x + x.min(inner.width), width: width.min(inner.width.saturating_sub(x)), y, height: 1 }
    };
    for (i, (title, ..)) in columns.iter().enumerate() {
        if matches!(i, 1 | 2) {
            text_right(frame.buffer_mut(), cell(i, inner.y), title, theme.title);
        } else {
            text(frame.buffer_mut(), cell(i, inner.y), title, theme.title);
        }
    }
    let body = Rect { y: area.y + 1, height: area.height.saturating_sub(1), ..area };
    if screen.table.is_empty() {
        let (what, next) = match &app.replays {
            None => ("The replays are being read", "They are kept in the state directory"),
            Some(_) if screen.table.total > 0 => ("None of them matches", "Esc shows all again"),
            Some(_) => {
                ("Nothing was replayed or moved yet", "R on a stream, a consumer or events plans to send them again")
            }
        };
        return message(frame, body, theme.dim, what, next);
    }
    let mut needle = screen.table.needle();
    for ((row, selected), y) in screen.table.window().zip(body.y..body.bottom()) {
        let Row::Item(id) = row else { continue };
        let Some(texts) = app.looked_at(id) else { continue };
        let to = texts.to_shown(&mut needle);
        text_right(frame.buffer_mut(), cell(2, y), &age(app, id), theme.dim);
        if let Some(run) = app.run(id) {
            text(frame.buffer_mut(), cell(0, y), texts.word, state_style(run, theme));
            text_right(frame.buffer_mut(), cell(1, y), &how_far(run), theme.text);
        } else if app.unreadable(id).is_some() {
            text(frame.buffer_mut(), cell(0, y), texts.word, theme.critical);
            text_right(frame.buffer_mut(), cell(1, y), "—", theme.dim);
        } else if let Some(head) = app.headline(id) {
            text(frame.buffer_mut(), cell(0, y), head.word, reposition::style(&head, theme));
            text_right(frame.buffer_mut(), cell(1, y), "—", theme.dim);
        }
        text(frame.buffer_mut(), cell(3, y), &texts.from, theme.text);
        text(frame.buffer_mut(), cell(4, y), to, theme.accent);
        for (i, content) in [(0, texts.word), (3, &texts.from), (4, to)] {
            highlight(frame.buffer_mut(), cell(i, y), content, &mut needle, theme.matched);
        }
        if selected {
            frame.buffer_mut().set_style(Rect { y, height: 1, ..inner }, theme.selection);
        }
    }
    let (top, height) = screen.table.view();
    table::scroll_bar(frame.buffer_mut(), body, top, height, screen.table.len(), theme);
}

/// What Enter does on a plan, for the footer.
pub(super) fn start_words(app: &App, screen: &PlanScreen) -> &'static str {
    match app.session.access {
        Access::Protected => "confirm and start",
        _ if screen.plan.reaches_everybody() => "confirm and start",
        _ => "start",
    }
}

fn state_style(run: &Run, theme: &Theme) -> Style {
    match run.progress.state {
        _ if run.orphaned => theme.warning,
        // What is green has all arrived.
        State::Completed if !run.is_whole() => theme.warning,
        State::Running | State::Completed => theme.ok,
        State::Paused | State::Cancelling => theme.warning,
        State::Failed => theme.critical,
        State::Planned | State::Cancelled => theme.dim,
    }
}
