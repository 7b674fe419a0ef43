//! State, retention in words with a gauge a limit, and charts.

use std::time::Duration;

use ratatui::Frame;
use ratatui::layout::Rect;

use crate::app::{App, StreamScreen, chart, stream_row};
use crate::health::{Worst, worst_consumer};
use crate::model::retention::in_words;
use crate::model::series::until_full;
use crate::model::units::{ago, bytes, count, count_exact, duration, percent, rate, soon};
use crate::model::{Retention, Series, Stream, StreamSample, Timestamp};
use crate::ui::Theme;
use crate::ui::lag::whole;
use crate::ui::widgets::facts::{Fact, facts};
use crate::ui::widgets::gauge::gauge;
use crate::ui::widgets::timeline::{self, Timeline};
use crate::ui::widgets::{text, wrap};

/// The window over which growth is measured for "time to full".
const GROWTH: Duration = Duration::from_secs(60);

/// Draws the overview.
pub(super) fn draw(frame: &mut Frame<'_>, area: Rect, app: &App, screen: &StreamScreen, info: &Stream, theme: &Theme) {
    let inner = Rect { x: area.x + 1, width: area.width.saturating_sub(2), ..area };
    // The cursor on the charts moves by their columns.
    let (columns, beside) = chart::columns(area.width, true);
    let (left, right) = if beside {
        let width = inner.width - columns - 4;
        (Rect { width, ..inner }, Some(Rect { x: inner.right() - columns, width: columns, ..inner }))
    } else {
        (inner, None)
    };
    let Some(entry) = app.catalog().streams.get(&screen.name) else { return };
    let shelf = app.catalog().shelf(&screen.name);
    let health = app.stream_health(&stream_row(app, &screen.name, entry));
    let mut y = left.y;
    let style = theme.level(health.level);
    for line in wrap(
        &crate::event::clean_line(&format!("{} {}", health.level.glyph(), health.sentence)),
        usize::from(left.width),
    ) {
        y += row(frame, left, y, &line, style);
    }
    if let Some(description) = &info.config.description {
        for line in wrap(&crate::event::clean_line(description), usize::from(left.width)).iter().take(2) {
            y += row(frame, left, y, line, theme.dim);
        }
    }
    y += 1;
    let worst = shelf.and_then(|shelf| worst_consumer(shelf, &app.terms()));
    let worst = worst.map(|of| worst_words(&of, app.shown_at()));
    y += draw_facts(frame, below(left, y), info, (entry.rate_in(), worst), app.shown_at(), theme) + 1;
    for line in wrap(&in_words(&info.config), usize::from(left.width)) {
        y += row(frame, left, y, &line, theme.text);
    }
    for limit in limits(info, &entry.series, app.shown_at()) {
        let words = format!("{:<9}{} {}", limit.name, gauge(limit.ratio, 16), limit.words);
        let style =
            if limit.ratio >= app.session.thresholds.limit_warning && limit.fills { theme.warning } else { theme.text };
        y += row(frame, left, y, &words, style);
    }
    // Beside the charts there is room for who reads it, and for what is not well besides the first line.
    if right.is_some() {
        if let Some(shelf) = shelf {
            y += 1 + super::consumer_lines(frame, below(left, y + 1), app, &screen.name, (shelf, &screen.worst), theme);
        }
        let found = app.findings_of_stream(&screen.name);
        if found.count() > 1 {
            let rest = below(left, y);
            crate::ui::findings::draw(frame, Rect { x: area.x, width: left.width + 2, ..rest }, app, &found, theme);
        }
    }
    let charts_area = right.unwrap_or_else(|| below(left, y + 1));
    charts(frame, charts_area, app, screen, entry.rate_in(), theme);
}

fn row(frame: &mut Frame<'_>, area: Rect, y: u16, words: &str, style: ratatui::style::Style) -> u16 {
    if y < area.bottom() {
        text(frame.buffer_mut(), Rect { y, height: 1, ..area }, words, style);
    }
    1
}

fn below(area: Rect, y: u16) -> Rect {
    Rect { y: y.min(area.bottom()), height: area.bottom().saturating_sub(y), ..area }
}

fn draw_facts(
    frame: &mut Frame<'_>,
    area: Rect,
    info: &Stream,
    (rate_in, worst): (Option<f64>, Option<String>),
    now: Timestamp,
    theme: &Theme,
) -> u16 {
    let state = &info.state;
    // How long ago is what matters; the date stands where there is room for it.
    let time = |at: Option<Timestamp>| {
        at.map_or(("—".to_owned(), String::new()), |t| (ago(now.since(t)), format!(" ({} UTC)", t.to_display())))
    };
    let fact = |name, seq: String, at: Option<Timestamp>| {
        let (ago, date) = time(at);
        Fact::new(name, format!("{seq}{ago}{date}")).or(format!("{seq}{ago}"))
    };
    let empty = state.messages == 0;
    let consumers = if state.consumers == 0 && (info.config.retention != Retention::Limits) {
        Fact::new("consumers", "0").styled(theme.critical)
    } else {
        Fact::new("consumers", count_exact(state.consumers))
    };
    let left = [
        Fact::new("messages", count_exact(state.messages)),
        Fact::new("bytes", bytes(state.bytes)),
        Fact::new("in-rate", rate_in.map_or("too few samples yet".into(), |r| format!("{}/s", rate(r)))),
        consumers,
        Fact::new("subjects", count_exact(state.subjects)),
    ];
    let first = if empty {
        Fact::new("first", "—")
    } else {
        fact("first", format!("{}, ", count_exact(state.first_seq)), state.first_time)
    };
    let last = if state.last_seq == 0 {
        Fact::new("last", "—")
    } else {
        fact("last", format!("{}, ", count_exact(state.last_seq)), state.last_time)
    };
    let spread = if empty {
        Fact::new("spread", "—")
    } else {
        let (spread, deleted) = (count_exact(state.spread()), count_exact(state.deleted));
        Fact::new("spread", format!("{spread} sequences, {deleted} deleted between them"))
            .or(format!("{spread}, {deleted} deleted"))
    };
    let mut right = vec![
        first,
        last,
        spread,
        Fact::new(
            "reach",
            state.reach(now).map_or("— (it is empty)".into(), |d| format!("{} back in time", duration(d))),
        ),
        fact("created", String::new(), info.created),
    ];
    right.extend(worst.map(|words| Fact::new("worst", words)));
    let split = 28.min(area.width);
    let a = facts(frame.buffer_mut(), Rect { width: split, ..area }, &left, theme);
    let b = facts(
        frame.buffer_mut(),
        Rect { x: area.x + split, width: area.width.saturating_sub(split), ..area },
        &right,
        theme,
    );
    a.max(b)
}

/// The consumer that does worst, in a line.
fn worst_words(of: &Worst<'_>, now: Timestamp) -> String {
    let state = of.standing.verdict().map_or("no answer", |v| v.state.word());
    let left = of.entry.info.as_ref().map_or("?".into(), |c| count(c.outstanding()));
    let lag = of.entry.lag_time(now).age().map_or(String::new(), |age| format!(", lag {}", whole(age)));
    format!("{}: {state}, {left} left{lag}", crate::event::clean_line(of.name))
}

/// One limit of a stream and how near it is.
#[derive(Clone, Debug)]
pub(in crate::ui) struct Limit {
    /// Its name.
    pub name: &'static str,
    /// Used over limit.
    pub ratio: f64,
    /// It fills up (count, bytes); age is only reached.
    pub fills: bool,
    /// The numbers, and when it is full.
    pub words: String,
}

/// The limits that are set, each with how near it is and when it is reached at the present growth.
pub(in crate::ui) fn limits(info: &Stream, series: &Series<StreamSample>, now: Timestamp) -> Vec<Limit> {
    let mut out = Vec::new();
    let limits = &info.config.limits;
    if let Some(max) = limits.max_bytes {
        let used = info.state.bytes;
        let grows = series.rate(GROWTH, |s| s.bytes);
        out.push(Limit {
            name: "bytes",
            ratio: used as f64 / max.max(1) as f64,
            fills: true,
            words: format!(
                "{} of {}, {}{}",
                bytes(used),
                bytes(max),
                percent(used as f64 / max.max(1) as f64),
                when_full(used, max, grows)
            ),
        });
    }
    if let Some(max) = limits.max_msgs {
        let used = info.state.messages;
        let grows = series.rate(GROWTH, |s| s.messages);
        out.push(Limit {
            name: "messages",
            ratio: used as f64 / max.max(1) as f64,
            fills: true,
            words: format!(
                "{} of {}, {}{}",
                count_exact(used),
                count_exact(max),
                percent(used as f64 / max.max(1) as f64),
                when_full(used, max, grows)
            ),
        });
    }
    if let Some(max) = limits.max_age {
        let reach = info.state.reach(now).unwrap_or_default();
        out.push(Limit {
            name: "age",
            ratio: reach.as_secs_f64() / max.as_secs_f64().max(0.001),
            fills: false,
            words: format!("oldest {} of {}", duration(reach), duration(max)),
        });
    }
    out
}

/// `, full in 3h20m` at this growth per second; nothing where it does not grow or is full.
fn when_full(used: u64, max: u64, grows: Option<f64>) -> String {
    until_full(used, max, grows).map(|left| format!(", full in {}", soon(left))).unwrap_or_default()
}

fn charts(frame: &mut Frame<'_>, area: Rect, app: &App, screen: &StreamScreen, rate_in: Option<f64>, theme: &Theme) {
    let window = screen.chart.window(app.shown_at(), area.width);
    let when = app.when();
    let end = window.end().min(app.shown_at());
    let seen = app.past().stream(&screen.name, window.start, end);
    let rates = timeline::rates(&seen, |s| s.last_seq);
    let messages = timeline::values(&seen, |s| s.messages as f64);
    let sizes = timeline::values(&seen, |s| s.bytes as f64);
    let charts = [
        Timeline {
            title: "messages in per second",
            points: &rates,
            label: rate,
            exact: |v| format!("{}/s", rate(v)),
            from_least: false,
            when,
            newest: rate_in,
        },
        Timeline {
            title: "messages",
            points: &messages,
            label: |v| count(v as u64),
            exact: |v| count_exact(v as u64),
            from_least: true,
            when,
            newest: None,
        },
        Timeline {
            title: "bytes",
            points: &sizes,
            label: |v| bytes(v as u64),
            exact: |v| format!("{} bytes", count_exact(v as u64)),
            from_least: true,
            when,
            newest: None,
        },
    ];
    timeline::draw(frame.buffer_mut(), area, &charts, &window, theme);
}
