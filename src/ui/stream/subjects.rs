//! Messages a subject: asked for only while this panel is shown, and capped.

use ratatui::Frame;
use ratatui::layout::Rect;

use crate::app::columns::Spec;
use crate::app::{App, Row, StreamScreen};
use crate::event::clean_line;
use crate::model::Stream;
use crate::model::units::{count_exact, percent};
use crate::ui::Theme;
use crate::ui::widgets::table::{self, Cell, cell_area, headings, highlight, place};
use crate::ui::widgets::{message, text};

/// The columns.
const COLUMNS: [Spec; 3] = [
    Spec { title: "SUBJECT", width: 30, flex: 1, priority: 0, right: false, large_first: false },
    Spec { title: "MSGS", width: 13, flex: 0, priority: 0, right: true, large_first: true },
    Spec { title: "SHARE", width: 6, flex: 0, priority: 1, right: true, large_first: true },
];

/// Draws the list.
pub(super) fn draw(frame: &mut Frame<'_>, area: Rect, app: &App, screen: &StreamScreen, info: &Stream, theme: &Theme) {
    let reading = app.catalog().subjects.get(&screen.name);
    let Some(subjects) = reading.and_then(|r| r.value()) else {
        match reading.and_then(|r| r.problem()) {
            Some(problem) => {
                let sentence = clean_line(&problem.sentence).into_owned();
                message(frame, area, theme.warning, "The subjects could not be read", &sentence);
            }
            None => message(frame, area, theme.dim, "The subjects were not read yet", "The server is asked"),
        }
        return;
    };
    let found = app.catalog().found_subjects(&screen.name, &screen.subject_filter);
    let inner = Rect { x: area.x + 1, width: area.width.saturating_sub(2), ..area };
    let columns = place(&COLUMNS, inner.width, screen.subjects.sort);
    let sort = (screen.subjects.sort, screen.subjects.descending);
    headings(frame.buffer_mut(), Rect { height: 1, ..inner }, &columns, sort, theme);
    let body = Rect { y: area.y + 1, height: area.height.saturating_sub(1), ..area };
    if screen.subjects.is_empty() {
        let (what, next) = if screen.subjects.filter.is_empty() {
            ("The stream holds no messages", "A subject appears here with its first message")
        } else {
            match (screen.subject_filter.as_str(), found) {
                (">", _) if subjects.is_cut() => (
                    "None of the largest matches",
                    "a whole subject, or a pattern such as orders.*.new, is asked of the server",
                ),
                (">", _) | (_, Some(_)) => ("No subject matches the filter", "Esc shows all again"),
                (_, None) => ("None of the largest matches", "The server is asked"),
            }
        };
        return message(frame, body, theme.dim, what, next);
    }
    if subjects.is_cut() {
        let (shown, read) = (count_exact(subjects.counts.len() as u64), count_exact(subjects.read));
        let words = if subjects.read < subjects.total {
            format!(
                "the {shown} largest of {read} subjects read ({} in all); / also asks for a subject or pattern",
                count_exact(subjects.total)
            )
        } else {
            format!("the {shown} largest of {read}; / also asks for a subject or pattern")
        };
        let x = inner.x + 60.min(inner.width);
        text(
            frame.buffer_mut(),
            Rect { x, width: inner.right().saturating_sub(x), y: area.y, height: 1 },
            &words,
            theme.notice,
        );
    }
    // The list is small enough to be looked up by a scan of what is visible.
    let by_name: std::collections::HashMap<&str, u64> =
        found.into_iter().chain([subjects]).flat_map(|s| &s.counts).map(|c| (c.subject.as_str(), c.messages)).collect();
    let mut needle = screen.subjects.needle();
    for ((row, selected), y) in screen.subjects.window().zip(body.y..body.bottom()) {
        let Row::Item(subject) = row else { continue };
        let n = by_name.get(subject.as_str()).copied().unwrap_or(0);
        let line = Rect { x: inner.x, y, width: inner.width, height: 1 };
        table::row(frame.buffer_mut(), line, &columns, selected, theme, |index, _| match index {
            0 => Cell::new(clean_line(subject), theme.text),
            1 => Cell::new(count_exact(n), theme.text),
            _ => Cell::new(percent(n as f64 / info.state.messages.max(1) as f64), theme.dim),
        });
        if let Some(column) = columns.iter().find(|c| c.index == 0) {
            let area = cell_area(line, column);
            highlight(frame.buffer_mut(), area, &clean_line(subject), &mut needle, theme.matched);
        }
    }
    let (top, height) = screen.subjects.view();
    table::scroll_bar(frame.buffer_mut(), body, top, height, screen.subjects.len(), theme);
}
