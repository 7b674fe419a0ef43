//! The line of status: what is read and how far, and what became of it.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::style::Style;
use unicode_width::UnicodeWidthStr;

use crate::app::tail::{Flow, Source, TailScreen};
use crate::event::clean_line;
use crate::event::layout::fit;
use crate::model::units::{count, count_exact, duration, percent, rate};
use crate::query::Door;
use crate::ui::Theme;
use crate::ui::widgets::text;

/// A part of the line; the highest priority is dropped first.
struct Part {
    text: String,
    style: Style,
    priority: u8,
}

/// Draws the line.
pub(super) fn draw(frame: &mut Frame<'_>, area: Rect, tail: &TailScreen, theme: &Theme) {
    let mut parts = parts(tail, theme);
    let room = usize::from(area.width.saturating_sub(1));
    let width = |parts: &[Part]| parts.iter().map(|p| p.text.width() + 2).sum::<usize>();
    while width(&parts) > room + 2 {
        let last = parts.iter().enumerate().filter(|(_, p)| p.priority > 0).max_by_key(|(_, p)| p.priority);
        let Some((drop, _)) = last else { break };
        parts.remove(drop);
    }
    let mut x = area.x + 1;
    for part in parts {
        let at = Rect { x, width: area.right().saturating_sub(x), ..area };
        x += text(frame.buffer_mut(), at, &part.text, part.style) + 2;
        if x >= area.right() {
            break;
        }
    }
}

fn parts(tail: &TailScreen, theme: &Theme) -> Vec<Part> {
    let part = |text: String, style: Style, priority: u8| Part { text, style, priority };
    let mut parts = Vec::new();
    let (words, style) = flow(tail, theme);
    parts.push(part(words, style, 0));
    let news = tail.cursor.news(&tail.ring);
    if news > 0 {
        let or_more = if tail.is_held() { " or more" } else { "" };
        parts.push(part(format!("+{}{or_more} new", count_exact(news as u64)), theme.matched, 0));
    }
    parts.push(part(fit(&clean_line(&tail.what_is_read()), 40).into_owned(), theme.accent, 4));
    let failed = tail.sources.iter().filter(|source| matches!(source.flow, Flow::Failed(_))).count();
    if failed > 0 && failed < tail.sources.len() {
        parts.push(part(format!("✖ {failed} of {} streams failed", tail.sources.len()), theme.critical, 1));
    }
    if let Some(filter) = &tail.filter {
        let sign = if filter.door() == Door::Words { "/" } else { "=" };
        let source = clean_line(filter.source());
        parts.push(part(format!("{sign}{}", fit(&source, 28)), theme.matched, 1));
    }
    if tail.only_broken {
        parts.push(part("! only broken".into(), theme.matched, 1));
    }
    let ring = &tail.ring;
    parts.push(part(format!("scanned {}", count(ring.read())), theme.dim, 3));
    if tail.is_filtered() {
        parts.push(part(format!("matched {}", count(ring.shown().len() as u64)), theme.text, 2));
        parts.push(part(format!("hidden {}", count(ring.hidden() as u64)), theme.dim, 3));
    }
    if let Some(unanswered) = tail.unanswered.short() {
        // Where something matches, some events are only of another kind.
        let (style, priority) = if ring.shown().is_empty() { (theme.warning, 1) } else { (theme.dim, 6) };
        parts.push(part(fit(&unanswered, 60).into_owned(), style, priority));
    }
    if ring.unjudged() > 0 {
        parts.push(part(format!("{} not judged yet", count(ring.unjudged() as u64)), theme.dim, 6));
    }
    if ring.dropped() > 0 {
        parts.push(part(format!("dropped {}", count(ring.dropped())), theme.warning, 2));
    }
    if !tail.marks.is_empty() {
        parts.push(part(format!("marked {}", tail.marks.len()), theme.matched, 5));
    }
    if let Some(per_second) = tail.rate() {
        parts.push(part(format!("{}/s", rate(per_second)), theme.dim, 4));
    }
    if let (Some(index), false) = (tail.cursor.index(ring), tail.cursor.follows()) {
        let of = count_exact(tail.cursor.before_news(ring).max(index + 1) as u64);
        parts.push(part(format!("event {} of {of}", count_exact(index as u64 + 1)), theme.dim, 7));
    }
    if tail.sources.iter().any(|source| source.peeks) {
        parts.push(part("read without a consumer".into(), theme.dim, 8));
    }
    if let Some((_, span)) = tail.span().filter(|_| tail.layout.histogram) {
        parts.push(part(format!("over {}", duration(span)), theme.dim, 9));
    }
    parts
}

/// How reading goes, and whether the end is followed.
fn flow(tail: &TailScreen, theme: &Theme) -> (String, Style) {
    let flows = || tail.sources.iter().map(|source| &source.flow);
    if flows().all(|f| matches!(f, Flow::Failed(_))) {
        return ("✖ failed".into(), theme.critical);
    }
    if flows().any(|f| matches!(f, Flow::Waiting(_))) {
        let held = if tail.cursor.follows() { "" } else { ", paused" };
        return (format!("▲ waiting{held}"), theme.warning);
    }
    let ended = flows().all(|f| matches!(f, Flow::Ended | Flow::Failed(_)));
    let reading = flows().any(|f| matches!(f, Flow::Opening | Flow::Reading));
    match (ended, reading, tail.cursor.follows()) {
        (true, ..) => ("■ all read".into(), theme.text),
        _ if tail.is_held() => ("‖ paused, the room is full: reading waits".into(), theme.warning),
        (_, true, _) => {
            let progress = tail.sources.iter().filter_map(Source::progress).reduce(f64::min);
            let so_far = progress.map(|p| format!(" {}", percent(p))).unwrap_or_default();
            (format!("… reading{so_far}"), theme.notice)
        }
        (_, _, true) => ("● following".into(), theme.ok),
        (_, _, false) => ("‖ paused".into(), theme.warning),
    }
}
