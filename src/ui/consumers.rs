//! A list of consumers: of all streams, or of one.

use ratatui::Frame;
use ratatui::layout::Rect;

use crate::app::columns::{ConsumerColumn, ConsumerRow, Spec};
use crate::app::{App, ConsumerKey, Row, Table};
use crate::event::clean_line;
use crate::health::finding::{At, worst};
use crate::health::{Health, Level, Standing, Verdict};
use crate::model::units::{count, duration, rate};
use crate::model::{AckPolicy, Rule};

use super::Theme;
use super::streams::{none, unknown};
use super::widgets::message;
use super::widgets::table::{self, Cell, cell_area, headings, highlight, highlight_name, place};

/// From this width on there is room for more of a verdict.
const WIDE: u16 = 76;
/// So many columns say a state, how much was lost, and how fast: `STOPPED LOST<=42.1k 98/s`.
const LOST: u16 = 25;

/// Draws the list; `with_stream` shows the column of the stream.
pub(super) fn draw(
    frame: &mut Frame<'_>,
    area: Rect,
    app: &App,
    list: &Table<ConsumerKey>,
    with_stream: bool,
    theme: &Theme,
) {
    let inner = Rect { x: area.x + 1, width: area.width.saturating_sub(2), ..area };
    let specs = specs(app, inner.width);
    let columns = if with_stream {
        place(&specs, inner.width, list.sort)
    } else {
        // The same columns without the stream: placed in their own order, then numbered as before.
        let at = ConsumerColumn::ALL.iter().position(|c| *c == ConsumerColumn::Stream).unwrap_or(0);
        let mut without = specs.clone();
        without.remove(at);
        let sorted = if list.sort > at { list.sort - 1 } else { list.sort };
        let mut placed = place(&without, inner.width, sorted);
        for column in &mut placed {
            column.index += usize::from(column.index >= at);
        }
        placed
    };
    let head = Rect { height: 1, ..inner };
    headings(frame.buffer_mut(), head, &columns, (list.sort, list.descending), theme);
    let body = Rect { y: area.y + 1, height: area.height.saturating_sub(1), ..area };
    if list.is_empty() {
        nothing(frame, body, app, list, theme);
        return;
    }
    let mut needle = list.needle();
    let terms = app.terms();
    for ((row, selected), y) in list.window().zip(body.y..body.bottom()) {
        let Row::Item(key) = row else { continue };
        let Some(entry) = app.catalog().consumer(&key.0, &key.1) else { continue };
        let line = Rect { x: inner.x, y, width: inner.width, height: 1 };
        let label = app.session.kinds.classify_name(&key.0).1;
        let found = worst(app.watch().tracker.at(At::Consumer(&key.0, &key.1)));
        let of = ConsumerRow { stream: &key.0, label, name: &key.1, entry, found };
        let standing = Standing::of(entry, &terms);
        // The verdict keeps its own words, whatever else was found.
        let words = standing.health(entry, &terms).words;
        let health = Health { words, ..app.consumer_health(&key.0, &key.1, entry) };
        table::row(frame.buffer_mut(), line, &columns, selected, theme, |index, width| {
            cell(ConsumerColumn::ALL[index], &of, (&health, standing.verdict()), width, app, theme)
        });
        if list.marks.contains(key)
            && let Some(cell) = frame.buffer_mut().cell_mut((line.x.saturating_sub(1), y))
        {
            cell.set_char('▌').set_style(theme.matched);
        }
        if needle.is_empty() {
            continue;
        }
        let (label, stream, name) = (&clean_line(label), &clean_line(&key.0), &clean_line(&key.1));
        for column in &columns {
            let (buffer, area) = (frame.buffer_mut(), cell_area(line, column));
            match ConsumerColumn::ALL[column.index] {
                ConsumerColumn::Name => highlight(buffer, area, name, &mut needle, theme.matched),
                ConsumerColumn::Stream => {
                    let reveals = needle.reveals(&[name, label], stream);
                    highlight_name(buffer, area, (label, stream), reveals, &mut needle, theme.matched);
                }
                _ => {}
            }
        }
    }
    let (top, height) = list.view();
    table::scroll_bar(frame.buffer_mut(), body, top, height, list.len(), theme);
}

/// The columns. Where something is lost, what is lost and how fast takes the room of a column that says less.
fn specs(app: &App, width: u16) -> Vec<Spec> {
    let mut specs: Vec<Spec> = ConsumerColumn::ALL.iter().map(|c| c.spec()).collect();
    let loses = || app.watch().tracker.iter().any(|(_, _, found)| found.rule == Rule::ConsumerLost && found.is_told());
    if width >= WIDE && loses() {
        for (spec, column) in specs.iter_mut().zip(ConsumerColumn::ALL) {
            spec.width += if *column == ConsumerColumn::Verdict { LOST - spec.width.min(LOST) } else { 0 };
        }
    }
    specs
}

fn cell<'a>(
    column: ConsumerColumn,
    row: &ConsumerRow<'a>,
    (health, verdict): (&Health, Option<&Verdict>),
    width: u16,
    app: &App,
    theme: &Theme,
) -> Cell<'a> {
    let now = app.shown_at();
    match column {
        ConsumerColumn::State => return Cell::new(health.level.glyph(), theme.level(health.level)),
        ConsumerColumn::Stream => return Cell::new(clean_line(row.label), theme.text),
        ConsumerColumn::Name => return Cell::new(clean_line(row.name), theme.text),
        ConsumerColumn::Verdict => {
            let style = if health.level == Level::Ok { theme.dim } else { theme.level(health.level) };
            let words = verdict.map_or_else(|| health.words.clone(), |v| v.words_in(usize::from(width)));
            return Cell::new(words, style);
        }
        ConsumerColumn::Since => {
            return super::lag::since(verdict, now, theme);
        }
        _ => {}
    }
    let Some(info) = row.entry.info.as_deref() else { return unknown(theme) };
    let number = |n: u64| Cell::new(count(n), if n == 0 { theme.dim } else { theme.text });
    match column {
        ConsumerColumn::Mode => Cell::new(info.config.delivery.word(), theme.dim),
        ConsumerColumn::Ack => Cell::new(info.config.ack_policy.word(), theme.dim),
        ConsumerColumn::Outstanding => number(info.outstanding()),
        ConsumerColumn::Lag => super::lag::cell(row.entry, app, theme),
        ConsumerColumn::Pending => number(info.pending),
        ConsumerColumn::AckPending if info.config.ack_policy == AckPolicy::None => none(theme),
        ConsumerColumn::AckPending => {
            let full = info.config.max_ack_pending.is_some_and(|max| info.ack_pending >= max);
            if full { Cell::new(count(info.ack_pending), theme.critical) } else { number(info.ack_pending) }
        }
        ConsumerColumn::Redelivered => {
            let style = if info.redelivered > 0 { theme.warning } else { theme.dim };
            Cell::new(count(info.redelivered), style)
        }
        ConsumerColumn::Waiting => match info.config.delivery {
            crate::model::Delivery::Pull => number(info.waiting),
            crate::model::Delivery::Push { .. } if info.push_bound => Cell::new("sub", theme.dim),
            crate::model::Delivery::Push { .. } => Cell::new("none", theme.warning),
        },
        ConsumerColumn::Rate => row.rate().map_or_else(
            || Cell::new("…", theme.dim),
            |r| Cell::new(rate(r), if r > 0.0 { theme.text } else { theme.dim }),
        ),
        ConsumerColumn::LastAck => match row.entry.last_acked() {
            Some(at) => {
                let ago = std::time::Duration::from_secs(now.since(at).as_secs());
                Cell::new(duration(ago), theme.text)
            }
            None => none(theme),
        },
        ConsumerColumn::Filter if info.config.filter_subjects.is_empty() => Cell::new("all", theme.dim),
        ConsumerColumn::Filter => {
            let text = info.config.filter_subjects.iter().map(|s| clean_line(s)).collect::<Vec<_>>().join(" ");
            Cell::new(text, theme.dim)
        }
        _ => unknown(theme),
    }
}

fn nothing(frame: &mut Frame<'_>, area: Rect, app: &App, list: &Table<ConsumerKey>, theme: &Theme) {
    let catalog = app.catalog();
    if list.total > 0 {
        let what = if list.filter.is_empty() {
            format!("Nothing {} wrong with any consumer", super::streams::is_or_was(app))
        } else {
            format!("No consumer matches {:?}", clean_line(&list.filter))
        };
        message(frame, area, theme.dim, &what, "Esc shows all again");
        return;
    }
    let problem = match app.screen() {
        Some(crate::app::Screen::Stream(s)) => catalog.consumers.get(&s.name).and_then(|s| s.listing.problem()),
        _ => catalog.consumers_swept.problem().or_else(|| catalog.listing.problem()),
    };
    let unread = match app.screen() {
        Some(crate::app::Screen::Stream(s)) => {
            let none =
                catalog.streams.get(&s.name).and_then(|e| e.info.as_ref()).is_some_and(|i| i.state.consumers == 0);
            !none && catalog.consumers.get(&s.name).is_none_or(|s| s.listing.is_unasked())
        }
        _ => catalog.consumers_swept.is_unasked(),
    };
    if let Some(problem) = problem {
        message(frame, area, theme.warning, "The consumers could not be listed", &clean_line(&problem.sentence));
    } else if unread {
        let next =
            if catalog.link.is_up() { "The server is asked" } else { "It goes on by itself when the server answers" };
        message(frame, area, theme.dim, "No consumers were read yet", next);
    } else {
        message(frame, area, theme.dim, "There are no consumers", "A new one appears here by itself");
    }
}
