//! The whole configuration, readable, or as the server's JSON.

use ratatui::Frame;
use ratatui::layout::Rect;

use crate::app::{App, StreamScreen};
use crate::event::{clean, clean_line};
use crate::model::Stream;
use crate::model::units::{bytes, count_exact, duration};
use crate::ui::Theme;
use crate::ui::widgets::{message, table, text};

/// Columns of the names.
const NAMES: u16 = 22;

/// Draws it.
pub(super) fn draw(frame: &mut Frame<'_>, area: Rect, app: &App, screen: &StreamScreen, info: &Stream, theme: &Theme) {
    let inner = Rect { x: area.x + 1, width: area.width.saturating_sub(2), ..area };
    if screen.json {
        let Some((json, _)) = app.catalog().stream_json.get(&screen.name) else {
            return message(frame, area, theme.dim, "The JSON was not read yet", "The server is asked");
        };
        lines(frame, inner, json, screen.configuration.top, theme);
    } else {
        for ((name, value), y) in rows(info).into_iter().skip(screen.configuration.top).zip(inner.y..inner.bottom()) {
            let line = Rect { y, height: 1, ..inner };
            text(frame.buffer_mut(), Rect { width: NAMES.min(line.width), ..line }, &name, theme.dim);
            let x = line.x + NAMES + 1;
            text(frame.buffer_mut(), Rect { x, width: line.right().saturating_sub(x), ..line }, &value, theme.text);
        }
    }
    let s = screen.configuration;
    table::scroll_bar(frame.buffer_mut(), area, s.top, s.height, s.lines, theme);
}

/// Draws JSON text from this line on: names in another style than values.
pub(in crate::ui) fn lines(frame: &mut Frame<'_>, area: Rect, json: &str, top: usize, theme: &Theme) {
    for (line, y) in json.lines().skip(top).zip(area.y..area.bottom()) {
        let line = clean(line);
        let at = Rect { y, height: 1, ..area };
        let used = match line.find("\": ") {
            Some(end) if line.trim_start().starts_with('"') => {
                text(frame.buffer_mut(), at, &line[..=end], theme.accent)
            }
            _ => 0,
        };
        let rest = &line[line.char_indices().nth(usize::from(used)).map_or(line.len(), |(i, _)| i)..];
        let rest_at = Rect { x: at.x + used, width: at.width.saturating_sub(used), ..at };
        text(frame.buffer_mut(), rest_at, rest, theme.text);
    }
}

fn rows(info: &Stream) -> Vec<(String, String)> {
    let c = &info.config;
    let l = &c.limits;
    let none = || "no limit".to_owned();
    let yes = |b: bool| if b { "yes" } else { "no" }.to_owned();
    let mut rows: Vec<(String, String)> = Vec::new();
    let mut add = |name: &str, value: String| rows.push((name.to_owned(), value));
    add("name", clean_line(&info.name).into_owned());
    if let Some(text) = &c.description {
        add("description", clean_line(text).into_owned());
    }
    for (i, subject) in c.subjects.iter().enumerate() {
        add(if i == 0 { "subjects" } else { "" }, clean_line(subject).into_owned());
    }
    if let Some(mirror) = &c.mirror {
        add("mirror of", clean_line(mirror).into_owned());
    }
    for (i, source) in c.sources.iter().enumerate() {
        add(if i == 0 { "sources" } else { "" }, clean_line(source).into_owned());
    }
    add("", String::new());
    add("retention", c.retention.word().into());
    add("discard", c.discard.word().into());
    add("storage", c.storage.word().into());
    add("replicas", c.replicas.to_string());
    add("compression", c.compression.as_deref().map_or("none".into(), |s| clean_line(s).into_owned()));
    add("", String::new());
    add("max age", l.max_age.map_or_else(none, duration));
    add("max messages", l.max_msgs.map_or_else(none, count_exact));
    add("max bytes", l.max_bytes.map_or_else(none, |n| format!("{} ({})", bytes(n), count_exact(n))));
    add("max a subject", l.max_msgs_per_subject.map_or_else(none, count_exact));
    add("max message size", l.max_msg_size.map_or_else(none, bytes));
    add("max consumers", l.max_consumers.map_or_else(none, count_exact));
    add("duplicate window", c.duplicate_window.map_or("none".into(), duration));
    add("", String::new());
    add("direct get", yes(c.allow_direct));
    add("rollup headers", yes(c.allow_rollup));
    add("deny delete", yes(c.deny_delete));
    add("deny purge", yes(c.deny_purge));
    add("sealed", yes(c.sealed));
    if !c.metadata.is_empty() {
        add("", String::new());
    }
    for (i, (name, value)) in c.metadata.iter().enumerate() {
        add(if i == 0 { "metadata" } else { "" }, clean_line(&format!("{name} = {value}")).into_owned());
    }
    rows
}
