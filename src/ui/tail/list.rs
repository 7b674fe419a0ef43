//! The list of a tail: a row a message, decoded as it is drawn.

use std::time::Duration;

use jiff::tz::TimeZone;
use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::style::Style;

use crate::app::App;
use crate::app::columns::Spec;
use crate::app::tail::{Entry, Flow, TailColumn, TailScreen};
use crate::event::glance::Glance;
use crate::event::{Severity, clean_line};
use crate::health::Level;
use crate::keymap::Action;
use crate::model::Timestamp;
use crate::model::units::bytes;
use crate::ui::Theme;
use crate::ui::widgets::table::{self, Cell, headings, place};
use crate::ui::widgets::{message, text};

/// Bytes of a body that are looked at for the beginning that a row shows.
const PREVIEW: usize = 300;

/// Draws headings and rows.
pub(super) fn draw(frame: &mut Frame<'_>, area: Rect, app: &App, tail: &TailScreen, theme: &Theme) {
    if area.height == 0 {
        return;
    }
    let shown = tail.columns.shown(tail.sources.len() > 1, !tail.marks.is_empty());
    let specs: Vec<Spec> = shown.iter().map(|column| column.spec()).collect();
    let inner = Rect { x: area.x + 1, width: area.width.saturating_sub(2), ..area };
    let columns = place(&specs, inner.width, usize::MAX);
    headings(frame.buffer_mut(), Rect { height: 1, ..inner }, &columns, (usize::MAX, false), theme);
    let body = Rect { y: area.y + 1, height: area.height - 1, ..area };
    if tail.ring.shown().is_empty() {
        nothing(frame, body, app, tail, theme);
        return;
    }
    for ((entry, selected), y) in tail.window().zip(body.y..body.bottom()) {
        let line = Rect { x: inner.x, y, width: inner.width, height: 1 };
        let row = Row { entry, glance: tail.glance(entry), app, tail, theme };
        table::row(frame.buffer_mut(), line, &columns, selected, theme, |index, _| {
            shown.get(index).map_or_else(|| Cell::new("", theme.text), |column| row.cell(*column))
        });
        if row.glance.events == 0 {
            plain(frame, line, &columns, &shown, &row, selected);
        }
        if tail.is_marked(&entry.message)
            && let Some(cell) = frame.buffer_mut().cell_mut((area.x, y))
        {
            cell.set_char('▌').set_style(theme.matched);
        }
    }
    let window = tail.cursor.window(&tail.ring);
    table::scroll_bar(
        frame.buffer_mut(),
        body,
        window.start,
        window.len().max(1),
        tail.cursor.before_news(&tail.ring).max(window.end),
        theme,
    );
}

/// What a message says that is no event: its subject and how it begins, where the attributes of events stand.
fn plain(
    frame: &mut Frame<'_>,
    line: Rect,
    columns: &[table::Placed],
    shown: &[TailColumn],
    row: &Row<'_>,
    selected: bool,
) {
    let of_event = |column: &&table::Placed| {
        let attributes = [TailColumn::Type, TailColumn::Source, TailColumn::Subject, TailColumn::NatsSubject];
        shown.get(column.index).is_some_and(|column| attributes.contains(column))
    };
    let Some(first) = columns.iter().find(of_event) else { return };
    let end = columns.iter().rfind(of_event).map_or(first.x, |last| last.x + last.width);
    let at = Rect { x: line.x + first.x, width: end - first.x, ..line };
    let message = &row.entry.message;
    let used = text(frame.buffer_mut(), at, &clean_line(&message.subject), row.theme.text);
    let rest = Rect { x: at.x + used + 2, width: at.width.saturating_sub(used + 2), ..at };
    text(frame.buffer_mut(), rest, &beginning(&message.body), row.theme.dim);
    if selected {
        frame.buffer_mut().set_style(line, row.theme.selection);
    }
}

/// How a body begins, on one line.
fn beginning(body: &[u8]) -> String {
    let start = &body[..body.len().min(PREVIEW)];
    let text = String::from_utf8_lossy(start);
    // A character that was cut in two at the end is no sign of anything.
    let odd =
        text.chars().filter(|c| *c == char::REPLACEMENT_CHARACTER || (c.is_control() && !c.is_whitespace())).count();
    if body.is_empty() {
        "no body".into()
    } else if odd > 1 + text.chars().count() / 10 {
        "bytes".into()
    } else {
        clean_line(&text.split_whitespace().collect::<Vec<_>>().join(" ")).into_owned()
    }
}

struct Row<'a> {
    entry: &'a Entry,
    glance: Glance,
    app: &'a App,
    tail: &'a TailScreen,
    theme: &'a Theme,
}

impl Row<'_> {
    fn cell(&self, column: TailColumn) -> Cell<'static> {
        let (message, glance, theme) = (&self.entry.message, &self.glance, self.theme);
        let value = |text: &Option<String>, style: Style| match text {
            Some(text) => Cell::new(text.clone(), style),
            None => Cell::new(if glance.events == 0 { "" } else { "—" }, theme.dim),
        };
        match column {
            TailColumn::State => {
                let level = self.level();
                Cell::new(level.glyph(), theme.level(level))
            }
            TailColumn::Stream => {
                let source = self.tail.source_of(message);
                let name = self.app.session.kinds.classify_name(&message.stream).1;
                Cell::new(clean_line(name).into_owned(), stream_style(source, theme))
            }
            TailColumn::Seq => Cell::new(message.seq.to_string(), theme.dim),
            TailColumn::Time => Cell::new(clock(message.time, self.app.now, &self.app.zone), theme.text),
            TailColumn::Elapsed => Cell::new(self.tail.elapsed(message).unwrap_or_default(), theme.matched),
            TailColumn::EventTime => match glance.at {
                Some(at) => Cell::new(clock(at, self.app.now, &self.app.zone), theme.dim),
                None => value(&glance.time, theme.dim),
            },
            TailColumn::Type if glance.events > 1 => {
                let ty = glance.ty.as_deref().unwrap_or("—");
                Cell::new(format!("{ty} (batch of {})", glance.events), theme.accent)
            }
            TailColumn::Type => value(&glance.ty, theme.accent),
            TailColumn::Source => value(&glance.source, theme.text),
            TailColumn::Subject => value(&glance.subject, theme.text),
            TailColumn::NatsSubject => Cell::new(clean_line(&message.subject).into_owned(), theme.dim),
            TailColumn::Id => value(&glance.id, theme.dim),
            TailColumn::Size => Cell::new(bytes(message.size() as u64), theme.dim),
        }
    }

    fn level(&self) -> Level {
        match self.glance.broken {
            Some(Severity::Error) => Level::Critical,
            Some(Severity::Warning) => Level::Warning,
            None if self.glance.events == 0 => Level::Notice,
            None => Level::Ok,
        }
    }
}

/// Each stream's own style, the same as long as the tail is open.
pub(super) fn stream_style(source: usize, theme: &Theme) -> Style {
    let styles = [theme.accent, theme.matched, theme.ok, theme.notice, theme.unknown, theme.warning];
    styles[source % styles.len()]
}

/// A time of day; with the date when that was not within the last day.
pub(in crate::ui) fn clock(at: Timestamp, now: Timestamp, zone: &TimeZone) -> String {
    let Ok(time) = jiff::Timestamp::from_nanosecond(i128::from(at.0)) else { return "out of range".into() };
    let format = if now.since(at) < Duration::from_secs(86_400) { "%H:%M:%S%.3f" } else { "%m-%d %H:%M:%S" };
    time.to_zoned(zone.clone()).strftime(format).to_string()
}

/// An empty list: each reason says its own next step.
fn nothing(frame: &mut Frame<'_>, area: Rect, app: &App, tail: &TailScreen, theme: &Theme) {
    let key = |action| app.keymap.shown(action).unwrap_or_default();
    if !tail.ring.is_empty() {
        let what = if tail.ring.unjudged() > 0 {
            "Looking through what was read".to_owned()
        } else {
            format!("None of the {} messages that were read matches", tail.ring.len())
        };
        match tail.why_none().filter(|_| tail.ring.unjudged() == 0) {
            Some(why) => message(frame, area, theme.warning, &what, &format!("{why}; Esc shows all again")),
            None => message(frame, area, theme.dim, &what, "Esc shows all again; what comes is looked at as it comes"),
        }
        return;
    }
    let all = |f: fn(&Flow) -> bool| tail.sources.iter().all(|s| f(&s.flow));
    if let Some(Flow::Failed(reason)) = tail.sources.iter().map(|s| &s.flow).find(|f| matches!(f, Flow::Failed(_))) {
        let next = format!("{} tries again", key(Action::Refresh));
        message(frame, area, theme.critical, reason, &next);
    } else if all(|f| matches!(f, Flow::Ended)) {
        let next = format!("{} chooses another part", key(Action::Range));
        message(frame, area, theme.dim, "There are no messages in this range", &next);
    } else if all(|f| matches!(f, Flow::CaughtUp | Flow::Ended)) {
        let next = format!("What is stored from now on appears here; {} reads another part", key(Action::Range));
        message(frame, area, theme.dim, "No message is stored in this range yet", &next);
    } else {
        message(frame, area, theme.dim, "Reading", "The first messages come as soon as the server answers");
    }
}
