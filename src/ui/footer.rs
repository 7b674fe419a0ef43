//! The last line: what is being typed, or something told, or the keys that work here.

use ratatui::Frame;
use ratatui::layout::{Position, Rect};
use unicode_width::UnicodeWidthStr;

use crate::app::{App, PromptKind, Screen, StreamTab};
use crate::event::clean_line;
use crate::keymap::Action;
use crate::query::command::COMMANDS;

use super::Theme;
use super::widgets::text;

/// Draws the footer, and above it what a command can become.
pub(super) fn draw(frame: &mut Frame<'_>, area: Rect, app: &App, theme: &Theme) {
    let line = Rect { y: area.bottom() - 1, height: 1, ..area };
    if app.prompt.is_some() {
        prompt(frame, area, line, app, theme);
    } else if let Some(notice) = &app.notice {
        let words = format!(" {} {}", notice.level.glyph(), clean_line(&notice.text));
        text(frame.buffer_mut(), line, &words, theme.level(notice.level));
    } else {
        keys(frame, line, app, theme);
    }
}

fn prompt(frame: &mut Frame<'_>, area: Rect, line: Rect, app: &App, theme: &Theme) {
    let Some(prompt) = &app.prompt else { return };
    let sign = match prompt.kind {
        PromptKind::Filter => "/",
        PromptKind::Command => ":",
    };
    let used = text(frame.buffer_mut(), line, sign, theme.key);
    let room = Rect { x: line.x + used, width: line.width - used, ..line };
    let columns = usize::from(room.width.saturating_sub(1));
    let scroll = prompt.input.visual_scroll(columns);
    let shown: String = clean_line(prompt.input.value()).chars().skip(scroll).collect();
    text(frame.buffer_mut(), room, &shown, theme.text);
    let cursor = prompt.input.visual_cursor().saturating_sub(scroll) as u16;
    frame.set_cursor_position(Position { x: (room.x + cursor).min(line.right() - 1), y: line.y });
    if prompt.offers.is_empty() {
        if shown.is_empty() {
            let hint = Rect { x: room.x + 2, width: room.width.saturating_sub(2), ..room };
            let words = match prompt.kind {
                PromptKind::Filter => "letters in order, 'exact ^start end$ !not; Enter keeps, Esc clears",
                PromptKind::Command => "Tab shows the commands and completes, ↑ brings back what was typed",
            };
            text(frame.buffer_mut(), hint, words, theme.dim);
        }
        return;
    }
    // The offers lie over the body, so that nothing moves.
    let height = (prompt.offers.len() as u16).min(area.height.saturating_sub(4));
    let offers: Vec<(String, &str)> = prompt.offers.iter().map(|offer| explained(offer)).collect();
    let widest = |part: fn(&(String, &str)) -> usize| offers.iter().map(part).max().unwrap_or(0) as u16;
    let first = widest(|o| o.0.width());
    let second = widest(|o| o.1.width());
    let width = first + 3 + if second > 0 { second + 2 } else { 0 };
    let at = Rect { x: line.x, y: line.y - height, width: width.min(area.width), height };
    for (i, (offer, help)) in offers.iter().take(usize::from(height)).enumerate() {
        let row = Rect { y: at.y + i as u16, height: 1, ..at };
        let buffer = frame.buffer_mut();
        for x in row.x..row.right() {
            if let Some(cell) = buffer.cell_mut((x, row.y)) {
                cell.reset();
            }
        }
        text(buffer, row, &format!(" {offer}"), theme.accent);
        let x = row.x + first + 3;
        text(buffer, Rect { x, width: row.right().saturating_sub(x), ..row }, help, theme.dim);
        if let Some(cell) = buffer.cell_mut((row.right(), row.y)) {
            cell.reset();
            cell.set_char('│').set_style(theme.border);
        }
        if prompt.offered == Some(i) {
            buffer.set_style(row, theme.selection);
        }
    }
}

/// An offer as it is shown: a command with what it takes and does, anything else as it is.
fn explained(offer: &str) -> (String, &'static str) {
    match COMMANDS.iter().find(|(name, ..)| *name == offer) {
        Some((name, "", help)) => ((*name).to_owned(), help),
        Some((name, arguments, help)) => (format!("{name} {arguments}"), help),
        None => (clean_line(offer).into_owned(), ""),
    }
}

/// Blanks between two keys.
const GAP: usize = 2;

fn keys(frame: &mut Frame<'_>, line: Rect, app: &App, theme: &Theme) {
    let hints: Vec<(Action, String, &str)> = wanted(app)
        .iter()
        .filter(|action| app.why_not(**action).is_none())
        .filter_map(|&action| {
            let binding = app.keymap.binding(action)?;
            Some((action, binding.keys.first()?.to_string(), title(app, action, &binding.title)))
        })
        .collect();
    let width = |key: &str, title: &str| key.width() + 1 + title.width() + GAP;
    // The way to all other keys is kept free before the rest is dealt out.
    let help: usize = hints.iter().filter(|h| h.0 == Action::Help).map(|(_, key, title)| width(key, title)).sum();
    let mut room = (usize::from(line.width) + GAP).saturating_sub(help + 1);
    let mut x = line.x + 1;
    for (action, key, title) in &hints {
        if *action != Action::Help {
            let Some(left) = room.checked_sub(width(key, title)) else {
                // A shorter one may still fit.
                continue;
            };
            room = left;
        }
        let at = |x: u16| Rect { x, width: line.right().saturating_sub(x), ..line };
        x += text(frame.buffer_mut(), at(x), key, theme.key) + 1;
        x += text(frame.buffer_mut(), at(x), title, theme.dim) + GAP as u16;
    }
}

/// What the footer shows of each screen, most important first.
fn wanted(app: &App) -> &'static [Action] {
    use Action as A;
    match app.screen() {
        Some(Screen::Streams(_)) => &[
            A::Open,
            A::Consumers,
            A::Filter,
            A::Sort,
            A::Command,
            A::Help,
            A::Quit,
            A::AllConsumers,
            A::Problems,
            A::Reverse,
            A::Group,
            A::System,
            A::Freeze,
            A::Contexts,
            A::Copy,
            A::Mark,
            A::Refresh,
        ],
        Some(Screen::Stream(s)) => match s.tab {
            StreamTab::Consumers | StreamTab::Subjects => &[
                A::NextPanel,
                A::Open,
                A::Back,
                A::Filter,
                A::Sort,
                A::Command,
                A::Help,
                A::Quit,
                A::Reverse,
                A::Problems,
                A::Freeze,
                A::Copy,
                A::Refresh,
            ],
            StreamTab::Configuration => {
                &[A::NextPanel, A::Open, A::Back, A::Copy, A::Command, A::Help, A::Quit, A::Freeze, A::Refresh]
            }
            StreamTab::Overview | StreamTab::Cluster => {
                &[A::NextPanel, A::Consumers, A::Back, A::Command, A::Help, A::Quit, A::Freeze, A::Copy, A::Refresh]
            }
        },
        Some(Screen::Consumers(_)) => &[
            A::Open,
            A::Back,
            A::Filter,
            A::Sort,
            A::Command,
            A::Help,
            A::Quit,
            A::Problems,
            A::Reverse,
            A::System,
            A::Freeze,
            A::Copy,
            A::Mark,
            A::Refresh,
        ],
        Some(Screen::Consumer(_)) => {
            &[A::NextPanel, A::Back, A::Copy, A::Command, A::Help, A::Quit, A::Freeze, A::Refresh]
        }
        Some(Screen::Contexts(_)) => &[A::Open, A::Back, A::Filter, A::Command, A::Help, A::Quit, A::Copy],
        Some(Screen::Help(_)) | None => &[A::Back, A::Down, A::Up, A::PageDown, A::PageUp, A::Quit],
    }
}

/// What an action is called here.
fn title<'a>(app: &App, action: Action, title: &'a str) -> &'a str {
    match (app.screen(), action) {
        (Some(Screen::Stream(s)), Action::Open) if s.tab == StreamTab::Configuration => {
            if s.json {
                "as text"
            } else {
                "as JSON"
            }
        }
        (Some(Screen::Contexts(_)), Action::Open) => "switch",
        (_, Action::Freeze) if app.frozen_at().is_some() => "go on",
        _ => title,
    }
}
