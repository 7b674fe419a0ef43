//! The header line (who, where, how well, how old) and the breadcrumbs.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::style::{Color, Modifier, Style};
use unicode_width::UnicodeWidthStr;

use crate::app::{App, ProblemsScreen, Screen};
use crate::event::clean_line;
use crate::health::Level;
use crate::model::units::{bytes, duration, percent, rate};
use crate::model::{Access, Account, Link, Quota, skew, skew_in_words};

use super::Theme;
use super::widgets::{fit, text, text_right};

/// A part of the header; the highest priority is dropped first.
struct Part {
    text: String,
    style: Style,
    priority: u8,
}

/// Draws the header line.
pub(super) fn draw(frame: &mut Frame<'_>, area: Rect, app: &App, theme: &Theme) {
    let mut parts = parts(app, theme);
    let width = |parts: &[Part]| parts.iter().map(|p| p.text.width() + 2).sum::<usize>();
    while width(&parts) > usize::from(area.width) && parts.len() > 2 {
        let Some((drop, _)) = parts.iter().enumerate().filter(|(_, p)| p.priority > 0).max_by_key(|(_, p)| p.priority)
        else {
            break;
        };
        parts.remove(drop);
    }
    let buffer = frame.buffer_mut();
    buffer.set_style(area, theme.header);
    let mut x = area.x;
    for part in parts {
        let room = Rect { x, width: area.right().saturating_sub(x), ..area };
        let content = fit(&part.text, usize::from(room.width));
        x += text(buffer, room, &content, theme.header.patch(part.style)) + 2;
        if x >= area.right() {
            break;
        }
    }
}

fn parts(app: &App, theme: &Theme) -> Vec<Part> {
    let live = app.live();
    let part = |text: String, style: Style, priority: u8| Part { text, style, priority };
    let mut parts = Vec::new();
    let name = app.session.context.as_deref().map_or_else(|| app.session.servers.clone(), str::to_owned);
    parts.push(part(format!(" {} ", clean_line(&name)), context_style(app, theme), 0));
    let (words, level) = link_words(app);
    parts.push(part(words, theme.level(level), 0));
    parts.extend(counts(app).into_iter().map(|(words, level)| part(words, theme.level(level), 1)));
    if let Some(server) = &live.server {
        let cluster = server.cluster.as_ref().map(|c| format!("{}/", clean_line(c))).unwrap_or_default();
        parts.push(part(format!("{cluster}{}", clean_line(&server.name)), Style::new(), 6));
        parts.push(part(format!("v{}", clean_line(&server.version)), theme.dim, 5));
    }
    if let Some(rtt) = live.rtt
        && live.link.is_up()
    {
        parts.push(part(format!("rtt {:.1}ms", rtt.as_secs_f64() * 1000.0), theme.dim, 8));
    }
    // What was stored then, while an earlier time is looked at; what is asked and who answers is of now.
    let account = if app.past_at().is_some() { &app.catalog().account } else { &live.account };
    match (account.value(), account.problem()) {
        (Some(account), _) => {
            let disk = tightest(account, |q| (q.storage, q.max_storage));
            parts.push(storage("disk", disk, account.whole.storage, app, theme, 4));
            if account.whole.memory > 0 {
                let memory = tightest(account, |q| (q.memory, q.max_memory));
                parts.push(storage("mem", memory, account.whole.memory, app, theme, 6));
            }
        }
        (None, Some(problem)) => parts.push(part(format!("account: {}", problem.short()), theme.unknown, 4)),
        (None, None) => {}
    }
    if let Some(at) = app.past_at() {
        parts.push(part(format!("data of {}", at.to_clock()), theme.warning, 2));
    } else if let Some(heard) = live.heard {
        let age = app.now.since(heard);
        let style = if age.as_secs() > 5 { theme.warning } else { theme.dim };
        parts.push(part(format!("data {}", duration(std::time::Duration::from_secs(age.as_secs()))), style, 2));
    }
    if skew_in_words(live.ahead, app.now).is_some() {
        let sign = if live.ahead > 0 { '-' } else { '+' };
        let by = duration(skew(live.ahead));
        parts.push(part(format!("clock {sign}{by}"), theme.warning, 2));
    }
    let access_style = if app.session.access == Access::ReadOnly { theme.ok } else { theme.dim };
    parts.push(part(app.session.access.word().to_owned(), access_style, 3));
    let slow = live.traffic.back_off.map(|factor| format!(" slowed x{factor:.0}")).unwrap_or_default();
    let style = if slow.is_empty() { theme.dim } else { theme.warning };
    parts.push(part(format!("{} req/s{slow}", rate(live.traffic.requests_per_second)), style, 7));
    parts
}

/// Of the limits of an account, or of its tiers, the one of which most is used: the tier, what is used, and the limit.
fn tightest(account: &Account, of: fn(&Quota) -> (u64, Option<u64>)) -> Option<(Option<&str>, u64, u64)> {
    let limited = account.quotas().filter_map(|(tier, quota)| match of(quota) {
        (0, Some(0)) | (_, None) => None,
        (used, Some(max)) => Some((tier, used, max)),
    });
    let ratio = |(_, used, max): &(Option<&str>, u64, u64)| *used as f64 / (*max).max(1) as f64;
    limited.max_by(|a, b| ratio(a).total_cmp(&ratio(b)))
}

/// How much is stored, and of how much.
fn storage(
    what: &str,
    tightest: Option<(Option<&str>, u64, u64)>,
    used: u64,
    app: &App,
    theme: &Theme,
    priority: u8,
) -> Part {
    let plain = if priority > 4 { theme.dim } else { Style::new() };
    let (text, style) = match tightest {
        Some((tier, used, max)) => {
            let ratio = used as f64 / max.max(1) as f64;
            let style = if ratio >= app.session.thresholds.limit_warning { theme.warning } else { plain };
            let tier = tier.map(|tier| format!("{} ", clean_line(tier))).unwrap_or_default();
            (format!("{what} {tier}{}/{} {}", bytes(used), bytes(max), percent(ratio)), style)
        }
        None => (format!("{what} {}", bytes(used)), plain),
    };
    Part { text, style, priority }
}

/// The state of the link in a few words.
fn link_words(app: &App) -> (String, Level) {
    let ago = |since| duration(app.now.since(since));
    match &app.live().link {
        Link::Idle => ("○ not connected".into(), Level::Notice),
        Link::Connecting { attempt: 0, .. } => ("○ connecting".into(), Level::Notice),
        Link::Connecting { attempt, .. } => (format!("✖ connecting, try {}", attempt + 1), Level::Critical),
        Link::Connected { .. } => ("● connected".into(), Level::Ok),
        Link::Lost { attempt, since, .. } => (format!("✖ lost {}, try {}", ago(*since), attempt + 1), Level::Critical),
        Link::Silent { since } => (format!("✖ no answer {}", ago(*since)), Level::Critical),
        Link::LameDuck { .. } => ("▲ lame duck".into(), Level::Warning),
    }
}

/// The context's own colour, so that production never looks like a laptop.
fn context_style(app: &App, theme: &Theme) -> Style {
    let base = theme.header.add_modifier(Modifier::REVERSED | Modifier::BOLD);
    match app.session.colour.as_deref().and_then(|name| name.parse::<Color>().ok()) {
        Some(colour) => base.fg(colour),
        None => base,
    }
}

/// Draws the breadcrumbs, and on the right what the list shows.
pub(super) fn crumbs(frame: &mut Frame<'_>, area: Rect, app: &App, theme: &Theme) {
    let trail: Vec<String> = app.screens.iter().map(Screen::title).collect();
    let buffer = frame.buffer_mut();
    let right = right_words(app);
    let right_width = right.width() as u16;
    let room = area.width.saturating_sub(right_width + 3);
    let mut line = format!(" {}", trail.join(" › "));
    if line.width() > usize::from(room) && trail.len() > 1 {
        line = format!(" … › {}", trail.last().cloned().unwrap_or_default());
    }
    text(buffer, Rect { width: room, ..area }, &line, theme.accent);
    let style = if app.frozen_at().is_some() { theme.warning } else { theme.dim };
    text_right(buffer, Rect { width: area.width.saturating_sub(1), ..area }, &right, style);
}

/// How much is wrong, so that it is seen on every screen. What is only worth knowing is not counted here.
fn counts(app: &App) -> Vec<(String, Level)> {
    let found = app.watch().tracker.counts();
    [(Level::Critical, found.critical), (Level::Warning, found.warning)]
        .into_iter()
        .filter(|(_, n)| *n > 0)
        .map(|(level, n)| (format!("{} {n}", level.glyph()), level))
        .collect()
}

fn right_words(app: &App) -> String {
    let mut words = Vec::new();
    if let Some(at) = app.past_at() {
        words.push(format!("◀ {} UTC", at.to_clock()));
    } else if let Some(at) = app.frozen_at() {
        words.push(format!("frozen at {} UTC", at.to_clock()));
    }
    if let Some(name) = &app.switching {
        words.push(format!("connecting with {}", clean_line(name)));
    }
    if let Some(list) = app.list() {
        if !list.filter().is_empty() {
            let like = if list.is_loose() { "no row contains it; similar to " } else { "" };
            words.push(format!("{like}/{}", clean_line(list.filter())));
        }
        if list.only_problems() {
            words.push("! only problems".into());
        }
    }
    match app.screen() {
        // Not read yet is not none.
        Some(Screen::Streams(s)) if s.table.total == 0 && app.catalog().listing.value().is_none() => {}
        Some(Screen::Consumers(s)) if s.table.total == 0 && app.catalog().consumers_swept.value().is_none() => {}
        Some(Screen::Contexts(_)) if app.contexts.is_none() => {}
        Some(Screen::Stream(s)) => {
            if let Some((at, of)) = s.position() {
                words.push(format!("{at} of {of}"));
            }
        }
        Some(Screen::Streams(s)) => {
            let (at, of) = s.table.position();
            words.push(counted(at, of, s.table.total, "stream"));
            if s.hidden > 0 {
                words.push(format!("{} system hidden", s.hidden));
            }
        }
        Some(Screen::Consumers(s)) => {
            let (at, of) = s.table.position();
            words.push(counted(at, of, s.table.total, "consumer"));
        }
        Some(Screen::Problems(s)) => words.extend(problem_words(app, s)),
        Some(Screen::Contexts(s)) => {
            let (at, of) = s.table.position();
            words.push(counted(at, of, s.table.total, "context"));
        }
        _ => {}
    }
    words.join("  ")
}

/// What is open, by how bad it is; what is hidden is counted too.
fn problem_words(app: &App, screen: &ProblemsScreen) -> Vec<String> {
    let found = app.watch().tracker.counts();
    let plural = |n: usize, what: &str| format!("{n} {what}{}", if n == 1 { "" } else { "s" });
    let mut words = vec![format!("{} critical", found.critical), plural(found.warning, "warning")];
    words.push(plural(found.notice, "notice"));
    if found.silenced > 0 {
        let key = app.keymap.shown(crate::keymap::Action::Silenced).unwrap_or_default();
        let shown = if screen.silenced { "shown" } else { "hidden" };
        words.push(format!("{} silenced {shown} ({key})", found.silenced));
    }
    vec![words.join(", ")]
}

fn counted(at: usize, of: usize, total: usize, what: &str) -> String {
    let plural = if total == 1 { "" } else { "s" };
    if of == total {
        format!("{at} of {of} {what}{plural}")
    } else {
        format!("{at} of {of}, {total} {what}{plural} in all")
    }
}
