//! The Consumer screen.

use ratatui::Frame;
use ratatui::layout::Rect;

use crate::app::{App, ConsumerScreen, ConsumerTab};
use crate::event::clean_line;
use crate::health::Standing;
use crate::keymap::Action;
use crate::model::consumer::Position;
use crate::model::units::{self, count, count_exact, duration, rate};
use crate::model::{AckPolicy, Consumer, ConsumerEntry, Delivery, Timestamp};

use super::Theme;
use super::lag::{facts as lag_facts, when};
use super::stream::tabs;
use super::widgets::facts::{Fact, facts};
use super::widgets::timeline::{self, Timeline};
use super::widgets::{message, text, wrap};

/// Draws the consumer.
pub(super) fn draw(frame: &mut Frame<'_>, area: Rect, app: &App, screen: &ConsumerScreen, theme: &Theme) {
    let titles: Vec<(String, bool)> =
        ConsumerTab::ALL.iter().map(|tab| (tab.title().to_owned(), *tab == screen.tab)).collect();
    tabs(frame, Rect { height: 1, ..area }, &titles, theme);
    let body = Rect { y: area.y + 1, height: area.height.saturating_sub(1), ..area };
    let entry = app.catalog().consumer(&screen.stream, &screen.name);
    let Some((entry, info)) = entry.and_then(|e| e.info.as_deref().map(|i| (e, i))) else {
        let problem = app.catalog().failure(&screen.stream, Some(&screen.name));
        let (style, what, next) = match problem {
            Some(p) => (theme.warning, "The consumer could not be read", clean_line(&p.sentence).into_owned()),
            None => (theme.dim, "The consumer was not read yet", "The server is asked".to_owned()),
        };
        return message(frame, body, style, what, &next);
    };
    match screen.tab {
        ConsumerTab::Overview => overview(frame, body, app, screen, entry, info, theme),
        ConsumerTab::Configuration => {
            let json = app
                .catalog()
                .consumer_json
                .as_ref()
                .filter(|(stream, name, ..)| *stream == screen.stream && *name == screen.name);
            match json {
                Some((_, _, json, _)) => {
                    let inner = Rect { x: body.x + 1, width: body.width.saturating_sub(2), ..body };
                    super::stream::json_lines(frame, inner, json, screen.scroll.top, theme);
                    let s = screen.scroll;
                    super::widgets::table::scroll_bar(frame.buffer_mut(), body, s.top, s.height, s.lines, theme);
                }
                None => message(frame, body, theme.dim, "The configuration was not read yet", "The server is asked"),
            }
        }
    }
}

fn overview(
    frame: &mut Frame<'_>,
    area: Rect,
    app: &App,
    screen: &ConsumerScreen,
    entry: &ConsumerEntry,
    info: &Consumer,
    theme: &Theme,
) {
    let inner = Rect { x: area.x + 1, width: area.width.saturating_sub(2), ..area };
    let terms = app.terms();
    let standing = Standing::of(entry, &terms);
    let health = standing.health(entry, &terms);
    let mut y = inner.y;
    // Beside the verdict: what its owner wants to be told, and what will become of it.
    let besides = app.found_besides(&info.stream, &info.name);
    let verdict = (health.level, health.words, health.sentence);
    for (level, words, sentence) in std::iter::once(verdict).chain(besides) {
        let told = clean_line(&format!("{} {words}: {sentence}", level.glyph())).into_owned();
        for line in wrap(&told, usize::from(inner.width)) {
            if y < inner.bottom() {
                text(frame.buffer_mut(), Rect { y, height: 1, ..inner }, &line, theme.level(level));
            }
            y += 1;
        }
    }
    if let Some(verdict) = standing.verdict() {
        if y < inner.bottom() {
            text(frame.buffer_mut(), Rect { y, height: 1, ..inner }, &when(verdict, terms.now), theme.dim);
        }
        y += 1;
    }
    if let Some(description) = &info.config.description {
        for line in wrap(&clean_line(description), usize::from(inner.width)).iter().take(2) {
            if y < inner.bottom() {
                text(frame.buffer_mut(), Rect { y, height: 1, ..inner }, line, theme.dim);
            }
            y += 1;
        }
    }
    y += 1;
    let rest = |y: u16| Rect { y: y.min(inner.bottom()), height: inner.bottom().saturating_sub(y), ..inner };
    let (mut numbers, mut setup) = (numbers(entry, info, terms.now, theme), setup(info, terms.now, theme));
    setup.extend(moved(app, info, theme));
    let stream = app.catalog().streams.get(&info.stream);
    // Behind what is outstanding, which it is the age of.
    numbers.splice(1..1, lag_facts(entry, stream, standing.verdict(), app, theme));
    let split = inner.width / 2;
    let at = rest(y);
    let a = facts(frame.buffer_mut(), Rect { width: split.saturating_sub(1), ..at }, &numbers, theme);
    let right = Rect { x: at.x + split, width: at.width - split, ..at };
    let b = facts(frame.buffer_mut(), right, &setup, theme);
    y += a.max(b) + 1;
    charts(frame, rest(y), app, screen, entry, theme);
}

/// A position with its age. The server keeps the time in memory only: after its restart it is not known.
fn position(name: &'static str, at: &Position, now: Timestamp) -> Fact {
    let seq = count_exact(at.stream_seq);
    if at.consumer_seq == 0 && at.last_active.is_none() {
        return Fact::new(name, format!("seq {seq}, nothing yet")).or("nothing yet");
    }
    let ago = ago(at.last_active, now);
    Fact::new(name, format!("seq {seq}, {ago}")).or(format!("{seq}, {ago}"))
}

fn ago(at: Option<Timestamp>, now: Timestamp) -> String {
    at.map_or_else(|| "time not known".to_owned(), |t| units::ago(now.since(t)))
}

fn numbers(entry: &ConsumerEntry, info: &Consumer, now: Timestamp, theme: &Theme) -> Vec<Fact> {
    let per_second = |r: Option<f64>| r.map_or("too few samples yet".to_owned(), |r| format!("{}/s", rate(r)));
    let delivered = entry.rate(|s| s.delivered_consumer_seq);
    let floor = entry.rate(|s| s.ack_floor_stream_seq);
    let mut out = vec![
        Fact::new("outstanding", count_exact(info.outstanding())),
        Fact::new("pending", format!("{} not delivered yet", count_exact(info.pending))).or(count_exact(info.pending)),
    ];
    if info.config.ack_policy != AckPolicy::None {
        let max = info.config.max_ack_pending.map_or("no limit".into(), count_exact);
        let full = info.config.max_ack_pending.is_some_and(|m| info.ack_pending >= m);
        let fact = Fact::new("ack pending", format!("{} of {max}", count_exact(info.ack_pending)));
        out.push(if full { fact.styled(theme.critical) } else { fact });
    }
    let redelivered = Fact::new("redelivered", count_exact(info.redelivered));
    out.push(if info.redelivered > 0 { redelivered.styled(theme.warning) } else { redelivered });
    out.push(position("delivered", &info.delivered, now));
    let acked = Position { last_active: entry.last_acked(), ..info.ack_floor };
    out.push(position("ack floor", &acked, now));
    out.push(Fact::new("out-rate", per_second(delivered)));
    out.push(Fact::new("floor moves", per_second(floor)));
    out
}

fn setup(info: &Consumer, now: Timestamp, theme: &Theme) -> Vec<Fact> {
    let c = &info.config;
    let kind = if c.durable { "durable" } else { "ephemeral" };
    let delivery = match &c.delivery {
        Delivery::Pull => format!("pull, {kind}"),
        Delivery::Push { subject, group } => {
            let group = group.as_ref().map(|g| format!(", group {g}")).unwrap_or_default();
            format!("push to {subject}{group}, {kind}")
        }
    };
    let reader = match &c.delivery {
        Delivery::Pull => {
            let s = if info.waiting == 1 { "" } else { "s" };
            let waiting = count_exact(info.waiting);
            Fact::new("waiting", format!("{waiting} open pull request{s}")).or(format!("{waiting} open pull{s}"))
        }
        Delivery::Push { .. } if info.push_bound => Fact::new("subscribed", "yes"),
        Delivery::Push { .. } => Fact::new("subscribed", "no: nobody receives").styled(theme.warning),
    };
    let filter = if c.filter_subjects.is_empty() { "all subjects".to_owned() } else { c.filter_subjects.join(" ") };
    let wait = c.ack_wait.map_or("—".into(), duration);
    let deliver = c.max_deliver.map_or("no limit".into(), |n| format!("{n} times"));
    let mut out = vec![
        Fact::new("delivery", clean_line(&delivery).into_owned()),
        reader,
        Fact::new("filter", clean_line(&filter).into_owned()),
        Fact::new("acks", format!("{}, wait {wait}", c.ack_policy.word())).or(c.ack_policy.word()),
        Fact::new("max deliver", deliver),
        Fact::new("started at", c.deliver_policy.word()),
        Fact::new("created", ago(info.created, now)),
    ];
    if info.paused {
        let until = c.pause_until.map_or(String::new(), |t| format!(" until {} UTC", t.to_display()));
        out.push(Fact::new("paused", format!("yes{until}")).styled(theme.notice));
    }
    if let Some(leader) = info.leader() {
        out.push(Fact::new("leader", clean_line(leader).into_owned()));
    }
    out
}

/// That it is being moved, or was and can be moved back.
fn moved(app: &App, info: &Consumer, theme: &Theme) -> Option<Fact> {
    let key = |action| app.keymap.shown(action).unwrap_or_default();
    if app.moves.moving(&info.stream, &info.name).is_some() {
        let words = format!("it is being moved; {} shows how far", key(Action::Reposition));
        return Some(Fact::new("move", words).or("it is being moved").styled(theme.notice));
    }
    let past = app.moves.undoable(&info.stream, &info.name).filter(|past| !past.left_over)?;
    let (ago, undo) = (units::ago(app.now.since(past.made)), key(Action::Undo));
    let words = format!("from #{} to #{}, {ago}; {undo} takes it back", past.from, past.to);
    Some(Fact::new("moved", words).or(format!("{ago}; {undo} takes it back")).styled(theme.notice))
}

fn charts(frame: &mut Frame<'_>, area: Rect, app: &App, screen: &ConsumerScreen, entry: &ConsumerEntry, theme: &Theme) {
    let window = screen.chart.window(app.shown_at(), area.width);
    let when = app.when();
    let end = window.end().min(app.shown_at());
    let seen = app.past().consumer(&screen.stream, &screen.name, window.start, end);
    let outstanding = timeline::values(&seen, |s| s.outstanding() as f64);
    let delivered = timeline::rates(&seen, |s| s.delivered_consumer_seq);
    let ack_pending = timeline::values(&seen, |s| f64::from(s.ack_pending));
    let of_count = |title, points| Timeline {
        title,
        points,
        label: |v| count(v as u64),
        exact: |v| count_exact(v as u64),
        from_least: false,
        when,
        newest: None,
    };
    let now = entry.rate(|s| s.delivered_consumer_seq);
    let deliveries = Timeline {
        title: "deliveries per second",
        points: &delivered,
        label: rate,
        exact: |v| format!("{}/s", rate(v)),
        from_least: false,
        when,
        newest: now,
    };
    let charts = [of_count("outstanding", &outstanding), deliveries, of_count("ack pending", &ack_pending)];
    timeline::draw(frame.buffer_mut(), area, &charts, &window, theme);
}
