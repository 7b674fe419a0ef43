//! The last line: what is being typed, or something told, or the keys that work here.

mod hints;
mod prompt;

use ratatui::Frame;
use ratatui::layout::Rect;
use unicode_width::UnicodeWidthStr;

use crate::app::App;
use crate::event::clean_line;
use crate::keymap::Action;

use super::Theme;
use super::widgets::text;

/// Draws the footer, and above it what a command can become.
pub(super) fn draw(frame: &mut Frame<'_>, area: Rect, app: &App, theme: &Theme) {
    let line = Rect { y: area.bottom() - 1, height: 1, ..area };
    if app.prompt.is_some() {
        prompt::draw(frame, area, line, app, theme);
    } else if let Some(notice) = &app.notice {
        let words = format!(" {} {}", notice.level.glyph(), clean_line(&notice.text));
        text(frame.buffer_mut(), line, &words, theme.level(notice.level));
    } else {
        keys(frame, line, app, theme);
    }
}

/// Blanks between two keys.
const GAP: usize = 2;

fn keys(frame: &mut Frame<'_>, line: Rect, app: &App, theme: &Theme) {
    let hints: Vec<(Action, String, &str)> = hints::wanted(app)
        .iter()
        .filter(|action| app.why_not(**action).is_none())
        .filter_map(|&action| {
            let binding = app.keymap.binding(action)?;
            Some((action, binding.keys.first()?.to_string(), hints::title(app, action, &binding.title)))
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
