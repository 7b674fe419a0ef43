//! Moving one consumer: the form, the preview, a run, and its row in the list of replays.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::style::Style;

use crate::app::reposition::{Headline, MoveScreen, Moving, PreviewScreen};
use crate::app::{App, FormPlace, RepositionForm, RepositionScreen};
use crate::event::clean_line;
use crate::keymap::Action;
use crate::model::Access;
use crate::model::reposition::Proposal;

use super::Theme;
use super::said::{fact, lines};
use super::widgets::table::scroll_bar;
use super::widgets::{message, text, wrap};

/// Draws the screen.
pub(super) fn draw(frame: &mut Frame<'_>, area: Rect, app: &App, screen: &RepositionScreen, theme: &Theme) {
    match screen {
        RepositionScreen::Form(screen) => form(frame, area, app, screen, theme),
        RepositionScreen::Preview(screen) => preview(frame, area, app, screen, theme),
        RepositionScreen::Run(screen) => run(frame, area, app, screen, theme),
    }
}

/// Without the margins.
const fn inside(area: Rect) -> Rect {
    Rect { x: area.x + 1, width: area.width.saturating_sub(2), ..area }
}

fn form(frame: &mut Frame<'_>, area: Rect, app: &App, form: &RepositionForm, theme: &Theme) {
    let inner = inside(area);
    let mut y = inner.y;
    let mut next = |height: u16| {
        let line = Rect { y, height: 1.min(inner.bottom().saturating_sub(y)), ..inner };
        y = (y + height).min(inner.bottom());
        line
    };
    text(frame.buffer_mut(), next(1), "Move one consumer; nobody else notices", theme.title);
    let whose = format!("{} of {}", form.consumer, form.stream);
    fact(frame, next(1), "consumer", &whose, theme.text, theme);
    for (i, words) in form.stands(app).iter().enumerate() {
        fact(frame, next(1), if i == 0 { "stands at" } else { "" }, words, theme.text, theme);
    }
    next(1);
    text(frame.buffer_mut(), next(1), "where does it go on?", theme.title);
    for (i, place) in form.items(app).iter().enumerate() {
        let line = next(1);
        let style = if *place == FormPlace::Other && form.typed.is_empty() { theme.dim } else { theme.text };
        fact(frame, line, place.name(), &form.value(*place, app), style, theme);
        text(frame.buffer_mut(), line, place.name(), theme.accent);
        if i == form.cursor {
            frame.buffer_mut().set_style(line, theme.selection);
        }
    }
    next(1);
    for words in wrap(RepositionForm::hint(form.selected(app)), usize::from(inner.width)) {
        text(frame.buffer_mut(), next(1), &words, theme.dim);
    }
}

fn preview(frame: &mut Frame<'_>, area: Rect, app: &App, screen: &PreviewScreen, theme: &Theme) {
    match &screen.seen {
        None => message(frame, area, theme.dim, "What it would do is being looked at", "Nothing is changed by that"),
        Some(Err(sentence)) => {
            let key = |action| app.keymap.shown(action).unwrap_or_default();
            let (again, back) = (key(Action::Refresh), key(Action::Back));
            let next = match screen.looking {
                Some(_) => "It is looked at again".to_owned(),
                None => format!("{again} looks again, {back} goes back"),
            };
            message(frame, area, theme.warning, &clean_line(sentence), &next);
        }
        Some(Ok(_)) => {
            lines(frame, inside(area), &screen.lines, screen.scroll.top, theme);
            let s = screen.scroll;
            scroll_bar(frame.buffer_mut(), area, s.top, s.height.max(1), s.lines, theme);
        }
    }
}

fn run(frame: &mut Frame<'_>, area: Rect, app: &App, screen: &MoveScreen, theme: &Theme) {
    let Some(head) = app.headline(&screen.id) else {
        let back = app.keymap.shown(Action::Back).unwrap_or_default();
        return message(frame, area, theme.dim, "Nothing is known of it any more", &format!("{back} goes back"));
    };
    let inner = inside(area);
    let first = Rect { height: 1.min(inner.height), ..inner };
    let used = text(frame.buffer_mut(), first, head.word, style(&head, theme));
    let rest = Rect { x: first.x + used + 2, width: first.width.saturating_sub(used + 2), ..first };
    text(frame.buffer_mut(), rest, &clean_line(&from_to(&head)), theme.text);
    let body = Rect { y: inner.y + 2, height: inner.height.saturating_sub(2), ..inner };
    lines(frame, body, &screen.lines, screen.scroll.top, theme);
    let s = screen.scroll;
    let bar = Rect { y: area.y + 2, height: area.height.saturating_sub(2), ..area };
    scroll_bar(frame.buffer_mut(), bar, s.top, s.height.max(1), s.lines, theme);
}

/// From where to where; raw.
fn from_to(head: &Headline) -> String {
    let back = if head.back { "back " } else { "" };
    format!("{} {back}from #{} to #{}", head.consumer, head.from, head.to)
}

/// The style of its state.
pub(super) const fn style(head: &Headline, theme: &Theme) -> Style {
    match head.level {
        Some(level) => theme.level(level),
        None => theme.dim,
    }
}

/// What Enter does here, for the footer.
pub(super) fn open_words(app: &App, screen: &RepositionScreen) -> &'static str {
    match screen {
        RepositionScreen::Form(form) if form.selected(app) == FormPlace::Other => "type it",
        RepositionScreen::Form(_) => "show what it does",
        RepositionScreen::Preview(preview) if preview.is_recreatable() => "another way",
        RepositionScreen::Preview(preview) => {
            let again = preview.proposal().is_some_and(Proposal::makes_again);
            if again || app.session.access == Access::Protected { "confirm and move" } else { "move" }
        }
        RepositionScreen::Run(run) => match app.moves.own.get(&run.id).and_then(Moving::stuck) {
            Some(_) => "answer",
            None => "consumer",
        },
    }
}
