//! The messages that a consumer cannot get acked: what is known, a list, and the selected message.

use ratatui::Frame;
use ratatui::layout::Rect;

use crate::app::columns::Spec;
use crate::app::stuck::{Found, StuckRow};
use crate::app::tail::{Focus, Place};
use crate::app::{App, Row, StuckScreen};
use crate::event::clean_line;
use crate::model::units::{count_exact, duration};

use super::Theme;
use super::tail::detail;
use super::widgets::table::{self, Cell, headings, place};
use super::widgets::{message, text};

const fn column(title: &'static str, width: u16, flex: u16, priority: u8, right: bool) -> Spec {
    Spec { title, width, flex, priority, right, large_first: false }
}

const COLUMNS: [Spec; 8] = [
    column("", 1, 0, 0, false),
    column("SEQ", 8, 0, 0, true),
    column("HOW IT IS KNOWN", 26, 2, 0, false),
    column("DELIV", 5, 0, 3, true),
    column("AGE", 6, 0, 2, true),
    column("TYPE", 18, 2, 1, false),
    column("SOURCE", 14, 2, 5, false),
    column("ID", 10, 1, 4, false),
];

/// Draws the screen.
pub(super) fn draw(frame: &mut Frame<'_>, area: Rect, app: &App, screen: &StuckScreen, theme: &Theme) {
    if screen.info(app).is_none() {
        let (style, what, next) = match app.catalog().failure(&screen.stream, Some(&screen.name)) {
            Some(p) => (theme.warning, "The consumer could not be read", clean_line(&p.sentence).into_owned()),
            None => (theme.dim, "The consumer was not read yet, or it is gone", "The server is asked".to_owned()),
        };
        return message(frame, area, style, what, &next);
    }
    let mut y = area.y;
    for note in &screen.notes {
        if y < area.bottom() {
            let at = Rect { x: area.x + 1, y, width: area.width.saturating_sub(2), height: 1 };
            text(frame.buffer_mut(), at, note, theme.notice);
            y += 1;
        }
    }
    let rest = Rect { y, height: area.bottom().saturating_sub(y), ..area };
    let layout = screen.layout;
    let active = screen.focus == Focus::Detail;
    let border = if active { theme.accent } else { theme.border };
    match layout.place {
        Place::Beside => {
            let width = layout.detail.0 + 2;
            let left = Rect { width: rest.width.saturating_sub(width), ..rest };
            list(frame, left, app, screen, theme);
            for y in rest.y..rest.bottom() {
                if let Some(cell) = frame.buffer_mut().cell_mut((left.right(), y)) {
                    cell.set_char('│').set_style(border);
                }
            }
            let right = Rect { x: left.right() + 1, width: width.saturating_sub(2), ..rest };
            selected(frame, right, screen, active, theme);
        }
        Place::Below => {
            let height = (layout.list + 1).min(rest.height);
            list(frame, Rect { height, ..rest }, app, screen, theme);
            let below = Rect { y: rest.y + height, height: rest.height - height, ..rest };
            if below.height > 0 {
                let line = Rect { height: 1, ..below };
                text(frame.buffer_mut(), line, &"─".repeat(usize::from(line.width)), border);
                if let Some(seq) = screen.table.selected() {
                    let at = Rect { x: line.x + 2, width: line.width.saturating_sub(2), ..line };
                    text(frame.buffer_mut(), at, &format!(" #{seq} "), border);
                }
                let at = Rect {
                    x: below.x + 1,
                    y: below.y + 1,
                    width: below.width.saturating_sub(2),
                    height: below.height - 1,
                };
                selected(frame, at, screen, active, theme);
            }
        }
        Place::Nowhere | Place::Whole => list(frame, rest, app, screen, theme),
    }
}

fn list(frame: &mut Frame<'_>, area: Rect, app: &App, screen: &StuckScreen, theme: &Theme) {
    if area.height == 0 {
        return;
    }
    let inner = Rect { x: area.x + 1, width: area.width.saturating_sub(2), ..area };
    let columns = place(&COLUMNS, inner.width, usize::MAX);
    headings(frame.buffer_mut(), Rect { height: 1, ..inner }, &columns, (1, screen.table.descending), theme);
    let body = Rect { y: area.y + 1, height: area.height - 1, ..area };
    if screen.table.is_empty() {
        let (what, next) = if screen.rows.is_empty() {
            ("No message is known to be stuck", "One that is given up, terminated or refused from now on appears here")
        } else {
            ("No stuck message matches the filter", "Esc shows all again")
        };
        return message(frame, body, theme.dim, what, next);
    }
    for ((row, selected), y) in screen.table.window().zip(body.y..body.bottom()) {
        let Row::Item(seq) = row else { continue };
        let Some(row) = screen.rows.get(seq) else { continue };
        let line = Rect { x: inner.x, y, width: inner.width, height: 1 };
        table::row(frame.buffer_mut(), line, &columns, selected, theme, |index, _| {
            cell(row, index, app, screen, theme)
        });
        if screen.table.marks.contains(seq)
            && let Some(cell) = frame.buffer_mut().cell_mut((area.x, y))
        {
            cell.set_char('▌').set_style(theme.matched);
        }
    }
    let (top, height) = screen.table.view();
    table::scroll_bar(frame.buffer_mut(), body, top, height, screen.table.len(), theme);
}

fn cell(row: &StuckRow, index: usize, app: &App, screen: &StuckScreen, theme: &Theme) -> Cell<'static> {
    let found = screen.found.get(&row.seq);
    let style = theme.level(row.level());
    match index {
        0 => return Cell::new(row.level().glyph(), style),
        1 => return Cell::new(row.seq.to_string(), theme.text),
        2 => return Cell::new(row.how_words(), style),
        3 => {
            let known = row.deliveries.map(count_exact);
            return known.map_or_else(|| Cell::new("?", theme.unknown), |n| Cell::new(n, theme.text));
        }
        _ => {}
    }
    let (message, glance) = match found {
        _ if row.gone => return Cell::new(if index == 4 { "gone" } else { "" }, theme.dim),
        Some(Found::Message(message, glance)) => (message, glance),
        Some(Found::Failed(_)) => return Cell::new("?", theme.unknown),
        Some(Found::Gone) | None => return Cell::new("…", theme.dim),
    };
    let value = |text: &Option<String>| match text {
        Some(text) => Cell::new(text.clone(), theme.text),
        None => Cell::new("—", theme.dim),
    };
    match index {
        4 => {
            let age = std::time::Duration::from_secs(app.shown_at().since(message.time).as_secs());
            Cell::new(duration(age), theme.text)
        }
        5 if glance.events == 0 => Cell::new(format!("no event: {}", clean_line(&message.subject)), theme.dim),
        5 => value(&glance.ty),
        6 => value(&glance.source),
        _ => value(&glance.id),
    }
}

/// The selected message, or why it is not here.
fn selected(frame: &mut Frame<'_>, area: Rect, screen: &StuckScreen, active: bool, theme: &Theme) {
    let Some(seq) = screen.table.selected() else { return };
    let gone = screen.rows.get(seq).is_some_and(|row| row.gone);
    match screen.found.get(seq) {
        Some(Found::Message(..)) => detail::rows(frame, area, &screen.detail, active, theme),
        Some(Found::Failed(sentence)) => message(frame, area, theme.warning, "The message could not be read", sentence),
        _ if gone => message(
            frame,
            area,
            theme.warning,
            "The message is gone",
            "Retention has removed it, or somebody has deleted it; it can be neither read nor sent again",
        ),
        Some(Found::Gone) | None => message(frame, area, theme.dim, "The message is being read", ""),
    }
}
