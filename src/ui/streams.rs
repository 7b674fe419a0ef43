//! The Streams screen.

use std::borrow::Cow;

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::style::Style;

use crate::app::columns::{Spec, StreamColumn, StreamRow};
use crate::app::{App, Row, StreamsScreen, stream_row};
use crate::event::clean_line;
use crate::health::{Health, Level, Worst};
use crate::model::units::{bytes, count, duration, percent, rate};
use crate::model::{Discard, Retention, Stream};

use super::Theme;
use super::widgets::spark::spark;
use super::widgets::table::{self, Cell, Placed, cell_area, headings, highlight_name, place};
use super::widgets::{message, text};

/// Draws the list.
pub(super) fn draw(frame: &mut Frame<'_>, area: Rect, app: &App, screen: &StreamsScreen, theme: &Theme) {
    let specs: Vec<Spec> = StreamColumn::ALL.iter().map(|c| c.spec()).collect();
    let inner = Rect { x: area.x + 1, width: area.width.saturating_sub(2), ..area };
    let columns = place(&specs, inner.width, screen.table.sort);
    let head = Rect { height: 1, ..inner };
    headings(frame.buffer_mut(), head, &columns, (screen.table.sort, screen.table.descending), theme);
    let body = Rect { y: area.y + 1, height: area.height.saturating_sub(1), ..area };
    if screen.table.is_empty() {
        nothing(frame, body, app, screen, theme);
        return;
    }
    let mut needle = screen.table.needle();
    let name_column = columns.iter().find(|c| StreamColumn::ALL[c.index] == StreamColumn::Name);
    for ((row, selected), y) in screen.table.window().zip(body.y..body.bottom()) {
        let line = Rect { x: inner.x, y, width: inner.width, height: 1 };
        match row {
            Row::Group(kind, n) => {
                text(frame.buffer_mut(), line, &format!("{} ({n})", kind.title()), theme.title);
            }
            Row::Item(name) => {
                let Some(entry) = app.catalog().streams.get(name) else { continue };
                let of = stream_row(app, name, entry);
                stream_line(frame, line, &columns, app, &of, selected, screen.table.marks.contains(name), theme);
                if let Some(column) = name_column.filter(|_| !needle.is_empty()) {
                    let (label, name) = (&clean_line(of.label), &clean_line(name));
                    let (area, reveals) = (cell_area(line, column), needle.reveals(&[label], name));
                    let buffer = frame.buffer_mut();
                    highlight_name(buffer, area, (label, name), reveals, &mut needle, theme.matched);
                }
            }
        }
    }
    let used = u16::try_from(screen.table.len()).unwrap_or(body.height).min(body.height);
    let below = Rect { y: body.y + used, height: body.height - used, ..body };
    super::findings::draw(frame, below, app, &screen.findings, theme);
    let (top, height) = screen.table.view();
    table::scroll_bar(frame.buffer_mut(), body, top, height, screen.table.len(), theme);
}

#[expect(clippy::too_many_arguments, reason = "one call site; a struct would only rename them")]
fn stream_line(
    frame: &mut Frame<'_>,
    line: Rect,
    columns: &[Placed],
    app: &App,
    row: &StreamRow<'_>,
    selected: bool,
    marked: bool,
    theme: &Theme,
) {
    let health = app.stream_health(row);
    let worst = row.worst(&app.terms());
    table::row(frame.buffer_mut(), line, columns, selected, theme, |index, width| {
        let column = StreamColumn::ALL[index];
        cell(column, width, row, (&health, worst.as_ref()), app, theme)
    });
    if marked && let Some(cell) = frame.buffer_mut().cell_mut((line.x.saturating_sub(1), line.y)) {
        cell.set_char('▌').set_style(theme.matched);
    }
}

fn cell<'a>(
    column: StreamColumn,
    width: u16,
    row: &StreamRow<'a>,
    (health, worst): (&Health, Option<&Worst<'_>>),
    app: &App,
    theme: &Theme,
) -> Cell<'a> {
    match column {
        StreamColumn::State => return Cell::new(health.level.glyph(), theme.level(health.level)),
        StreamColumn::Name => return Cell::new(clean_line(row.label), theme.text),
        StreamColumn::Kind => return Cell::new(row.kind.tag(), theme.dim),
        StreamColumn::Words => {
            let style = if health.level == Level::Ok { theme.dim } else { theme.level(health.level) };
            return Cell::new(health.words.clone(), style);
        }
        _ => {}
    }
    let Some(info) = row.entry.info.as_deref() else { return unknown(theme) };
    let (state, now) = (&info.state, app.shown_at());
    let plain = |text: String| Cell::new(text, theme.text);
    match column {
        StreamColumn::Messages => plain(count(state.messages)),
        StreamColumn::Bytes => plain(bytes(state.bytes)),
        StreamColumn::Sequences | StreamColumn::Spread if state.messages == 0 => none(theme),
        StreamColumn::Sequences => Cell::new(format!("{}..{}", state.first_seq, state.last_seq), theme.dim),
        StreamColumn::Spread => plain(count(state.spread())),
        StreamColumn::Reach => state.reach(now).map_or_else(|| none(theme), |d| plain(duration(d))),
        StreamColumn::Rate => row.entry.rate_in().map_or_else(
            || Cell::new("…", theme.dim),
            |r| Cell::new(rate(r), if r > 0.0 { theme.text } else { theme.dim }),
        ),
        StreamColumn::Trend => {
            let rates: Vec<f64> = row.entry.series.rates(|s| s.last_seq).into_iter().map(|(_, r)| r).collect();
            Cell::new(spark(&rates, usize::from(width)), theme.chart)
        }
        StreamColumn::Consumers => {
            let text = count(state.consumers);
            Cell::new(text, consumers_style(info, row.entry.consumers_gone.is_some(), theme))
        }
        StreamColumn::Outstanding | StreamColumn::Lag | StreamColumn::Verdict if state.consumers == 0 => none(theme),
        StreamColumn::Outstanding => match worst.and_then(|w| w.entry.info.as_deref()) {
            Some(c) if c.outstanding() == 0 => Cell::new("0", theme.dim),
            Some(c) => plain(count(c.outstanding())),
            // There are consumers, but they were not read yet, or may not be.
            None => unknown(theme),
        },
        StreamColumn::Lag => worst.map_or_else(|| unknown(theme), |w| super::lag::cell(w.entry, app, theme)),
        StreamColumn::Verdict => match worst.and_then(|w| w.standing.verdict()) {
            Some(verdict) => {
                let style = if verdict.level() == Level::Ok { theme.dim } else { theme.level(verdict.level()) };
                Cell::new(verdict.state.word(), style)
            }
            None => unknown(theme),
        },
        StreamColumn::Full => full_cell(info, app, theme),
        StreamColumn::State | StreamColumn::Name | StreamColumn::Kind | StreamColumn::Words => unknown(theme),
    }
}

/// Zero consumers is red where that loses or blocks data.
fn consumers_style(info: &Stream, gone: bool, theme: &Theme) -> Style {
    match (info.state.consumers, info.config.retention) {
        (0, Retention::Interest | Retention::WorkQueue) => theme.critical,
        (0, Retention::Limits) if gone => theme.critical,
        (0, Retention::Limits) => theme.dim,
        _ => theme.text,
    }
}

fn full_cell(info: &Stream, app: &App, theme: &Theme) -> Cell<'static> {
    let Some(full) = info.fullness() else {
        let limits = &info.config.limits;
        let words = match (limits.max_age, limits.max_msgs_per_subject) {
            (Some(_), _) => "age only",
            (None, Some(_)) => "a subject",
            (None, None) => "no limit",
        };
        return Cell::new(words, theme.dim);
    };
    let thresholds = &app.session.thresholds;
    let refuses = info.config.discard == Discard::New;
    let style = if refuses && full.ratio >= thresholds.limit_critical {
        theme.critical
    } else if refuses && full.ratio >= thresholds.limit_warning {
        theme.warning
    } else if full.ratio >= thresholds.limit_warning {
        theme.notice
    } else {
        theme.text
    };
    let which = if full.limit == "max_bytes" { "bytes" } else { "msgs" };
    Cell::new(format!("{} {which}", percent(full.ratio)), style)
}

/// Not known; never the same as zero.
pub(super) fn unknown(theme: &Theme) -> Cell<'static> {
    Cell::new("?", theme.unknown)
}

/// Does not apply.
pub(super) fn none(theme: &Theme) -> Cell<'static> {
    Cell::new(Cow::Borrowed("—"), theme.dim)
}

/// What was read before the server fell silent says nothing of the present.
pub(super) fn is_or_was(app: &App) -> &'static str {
    if app.catalog().link.is_up() { "is" } else { "was" }
}

/// An empty list: still loading, failed, filtered away, or really empty; each says its own next step.
fn nothing(frame: &mut Frame<'_>, area: Rect, app: &App, screen: &StreamsScreen, theme: &Theme) {
    let catalog = app.catalog();
    if screen.table.total > 0 {
        let what = if screen.table.filter.is_empty() {
            format!("Nothing {} wrong with any stream", is_or_was(app))
        } else {
            format!("No stream matches {:?}", clean_line(&screen.table.filter))
        };
        message(frame, area, theme.dim, &what, "Esc shows all again");
    } else if let Some(problem) = catalog.listing.problem() {
        message(frame, area, theme.warning, "The streams could not be listed", &clean_line(&problem.sentence));
    } else if catalog.listing.is_unasked() {
        let next =
            if catalog.link.is_up() { "The server was asked" } else { "It goes on by itself when the server answers" };
        message(frame, area, theme.dim, "No streams were read yet", next);
    } else if screen.hidden > 0 {
        let key = app.keymap.shown(crate::keymap::Action::System).unwrap_or_default();
        let what = format!("There are only streams of other features ({} hidden)", screen.hidden);
        message(frame, area, theme.dim, &what, &format!("{key} shows them"));
    } else {
        message(frame, area, theme.dim, "This account has no streams", "A new one appears here by itself");
    }
}
