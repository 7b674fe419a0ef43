//! The panel beside a list on wide screens: the selected item, without opening it.

use ratatui::Frame;
use ratatui::layout::Rect;

use crate::app::{App, ConsumerKey, StreamsScreen, stream_row};
use crate::event::clean_line;
use crate::health::Standing;
use crate::model::retention::in_words;
use crate::model::units::{bytes, count, count_exact, duration, rate};

use super::Theme;
use super::stream::limits;
use super::widgets::chart::Chart;
use super::widgets::facts::{Fact, facts};
use super::widgets::gauge::gauge;
use super::widgets::{text, wrap};

/// Draws the line that parts it from the list; returns what is left.
fn border(frame: &mut Frame<'_>, area: Rect, theme: &Theme) -> Rect {
    for y in area.y..area.bottom() {
        if let Some(cell) = frame.buffer_mut().cell_mut((area.x, y)) {
            cell.set_char('│').set_style(theme.border);
        }
    }
    Rect { x: area.x + 2, width: area.width.saturating_sub(3), ..area }
}

/// Lines one below the other.
struct Pen {
    area: Rect,
    y: u16,
}

impl Pen {
    const fn rest(&self) -> Rect {
        Rect { y: self.y, height: self.area.bottom().saturating_sub(self.y), ..self.area }
    }

    fn wrapped(&mut self, frame: &mut Frame<'_>, words: &str, style: ratatui::style::Style) {
        self.hanging(frame, "", words, style);
    }

    /// Words broken into lines that begin below each other, behind what stands before the first.
    fn hanging(&mut self, frame: &mut Frame<'_>, before: &str, words: &str, style: ratatui::style::Style) {
        let indent = before.chars().count() as u16;
        for (i, line) in wrap(words, usize::from(self.area.width.saturating_sub(indent))).iter().enumerate() {
            if self.y < self.area.bottom() {
                let at = Rect { height: 1, ..self.rest() };
                if i == 0 {
                    text(frame.buffer_mut(), at, before, style);
                }
                let behind = Rect { x: at.x + indent, width: at.width.saturating_sub(indent), ..at };
                text(frame.buffer_mut(), behind, line, style);
            }
            self.y += 1;
        }
    }
}

/// The selected stream.
pub(super) fn stream(frame: &mut Frame<'_>, area: Rect, app: &App, screen: &StreamsScreen, theme: &Theme) {
    let area = border(frame, area, theme);
    let Some((name, entry)) = screen.table.selected().and_then(|n| app.catalog().streams.get_key_value(n)) else {
        return;
    };
    let row = stream_row(app, name, entry);
    let health = app.stream_health(&row);
    let mut pen = Pen { area, y: area.y };
    pen.wrapped(frame, &clean_line(name), theme.accent);
    pen.wrapped(
        frame,
        &clean_line(&format!("{} {}", health.level.glyph(), health.sentence)),
        theme.level(health.level),
    );
    let Some(info) = entry.info.as_deref() else { return };
    pen.y += 1;
    let subjects: Vec<_> = info.config.subjects.iter().map(|s| clean_line(s)).collect();
    let now = app.shown_at();
    let some = |n: u64| if info.state.messages == 0 { "—".to_owned() } else { count_exact(n) };
    let list = [
        Fact::new("subjects", if subjects.is_empty() { "—".into() } else { subjects.join(" ") }),
        Fact::new("messages", format!("{} in {}", count_exact(info.state.messages), bytes(info.state.bytes))),
        Fact::new(
            "sequences",
            format!(
                "{} to {}, {} deleted",
                some(info.state.first_seq),
                some(info.state.last_seq),
                count_exact(info.state.deleted)
            ),
        ),
        Fact::new("reach", info.state.reach(now).map_or("—".into(), duration)),
        Fact::new("in-rate", entry.rate_in().map_or("too few samples yet".into(), |r| format!("{}/s", rate(r)))),
    ];
    pen.y += facts(frame.buffer_mut(), pen.rest(), &list, theme) + 1;
    pen.wrapped(frame, &in_words(&info.config), theme.text);
    for limit in limits(info, &entry.series, now) {
        pen.hanging(frame, &format!("{:<9}{} ", limit.name, gauge(limit.ratio, 10)), &limit.words, theme.text);
    }
    pen.y += 1;
    if let Some(shelf) = row.shelf.filter(|s| !s.entries.is_empty()) {
        let room = Rect { height: pen.rest().height.saturating_sub(7).max(5), ..pen.rest() };
        let of = (shelf, &screen.worst);
        pen.y += super::stream::consumer_lines(frame, room.intersection(pen.rest()), app, row.name, of, theme);
        pen.y += 1;
    }
    let rates = entry.series.rates(|s| s.last_seq);
    let chart = Chart {
        title: "in per second",
        points: &rates,
        label: rate,
        from_least: false,
        when: app.when(),
        newest: entry.rate_in(),
    };
    let rest = pen.rest();
    chart.draw(frame.buffer_mut(), Rect { height: rest.height.min(7), ..rest }, theme);
}

/// The selected consumer.
pub(super) fn consumer(frame: &mut Frame<'_>, area: Rect, app: &App, selected: Option<&ConsumerKey>, theme: &Theme) {
    let area = border(frame, area, theme);
    let Some((stream, name)) = selected else { return };
    let Some(entry) = app.catalog().consumer(stream, name) else { return };
    let terms = app.terms();
    let standing = Standing::of(entry, &terms);
    let health = standing.health(entry, &terms);
    let mut pen = Pen { area, y: area.y };
    pen.wrapped(frame, &clean_line(&format!("{stream} › {name}")), theme.accent);
    pen.wrapped(
        frame,
        &clean_line(&format!("{} {}: {}", health.level.glyph(), health.words, health.sentence)),
        theme.level(health.level),
    );
    if let Some(verdict) = standing.verdict() {
        pen.wrapped(frame, &super::lag::when(verdict, terms.now), theme.dim);
    }
    let Some(info) = entry.info.as_deref() else { return };
    pen.y += 1;
    let filter = if info.config.filter_subjects.is_empty() {
        "all subjects".to_owned()
    } else {
        info.config.filter_subjects.join(" ")
    };
    let mut list = vec![Fact::new("outstanding", count_exact(info.outstanding()))];
    list.extend(super::lag::facts(entry, app.catalog().streams.get(stream), standing.verdict(), app, theme));
    list.extend([
        Fact::new("pending", count_exact(info.pending)),
        Fact::new("ack pending", count_exact(info.ack_pending)),
        Fact::new("redelivered", count_exact(info.redelivered)),
        Fact::new("delivered", format!("seq {}", count_exact(info.delivered.stream_seq))),
        Fact::new("ack floor", format!("seq {}", count_exact(info.ack_floor.stream_seq))),
        Fact::new("delivery", info.config.delivery.word()),
        Fact::new("acks", info.config.ack_policy.word()),
        Fact::new("filter", clean_line(&filter).into_owned()),
    ]);
    pen.y += facts(frame.buffer_mut(), pen.rest(), &list, theme) + 1;
    let points = entry.points(|s| s.outstanding() as f64);
    let chart = Chart {
        title: "outstanding",
        points: &points,
        label: |v| count(v as u64),
        from_least: false,
        when: app.when(),
        newest: None,
    };
    let rest = pen.rest();
    chart.draw(frame.buffer_mut(), Rect { height: rest.height.min(8), ..rest }, theme);
}
