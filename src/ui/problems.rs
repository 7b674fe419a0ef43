//! The Problems screen: findings under the headings of their rules, and below or beside them what there is to say.

use std::fmt::Write as _;
use std::time::Duration;

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::style::Style;
use unicode_width::UnicodeWidthStr;

use crate::app::problems::{BESIDE_FROM, BESIDE_WIDTH, summary};
use crate::app::{App, Group, ProblemKey, ProblemsScreen, Row, StoryLine, story_lines};
use crate::event::clean_line;
use crate::health::Level;
use crate::health::finding::{Change, Phase, Place, Tracked, entry, story};
use crate::model::units::{duration, duration_short};
use crate::model::{Rule, Timestamp};
use crate::query::Needle;

use super::Theme;
use super::widgets::table::{highlight, scroll_bar};
use super::widgets::{message, text, text_right};

/// Columns of how long it lasts.
const SINCE: u16 = 8;
/// Columns of what changed.
const CHANGE: u16 = 11;
/// Columns of the words.
const WORDS: u16 = 18;
/// From this width of the list on a row has room for its sentence, behind a place of this width.
const WIDE: (u16, u16) = (110, 44);
/// What changed is marked for this long.
const MARKED: Duration = Duration::from_secs(120);

/// Draws the screen.
pub(super) fn draw(frame: &mut Frame<'_>, area: Rect, app: &App, screen: &ProblemsScreen, theme: &Theme) {
    if screen.zoomed {
        story_at(frame, area, app, screen, theme);
        return;
    }
    let (list, told) = if area.width >= BESIDE_FROM {
        let list = Rect { width: area.width - BESIDE_WIDTH - 1, ..area };
        let x = list.right() + 1;
        for y in area.y..area.bottom() {
            if let Some(cell) = frame.buffer_mut().cell_mut((x, y)) {
                cell.set_char('│').set_style(theme.border);
            }
        }
        (list, Rect { x: x + 1, width: BESIDE_WIDTH - 1, ..area })
    } else {
        let height = (ProblemsScreen::story_height(app) as u16).min(area.height);
        let list = Rect { height: area.height - height, ..area };
        let rule = Rect { y: list.bottom(), height: height.min(1), ..area };
        text(frame.buffer_mut(), rule, &"─".repeat(usize::from(rule.width)), theme.border);
        (list, Rect { y: rule.bottom(), height: height.saturating_sub(1), ..area })
    };
    let inner = Rect { x: list.x + 1, width: list.width.saturating_sub(2), ..list };
    headings(frame, Rect { height: 1.min(inner.height), ..inner }, theme);
    let body = Rect { y: list.y + 1, height: list.height.saturating_sub(1), ..list };
    if screen.table.is_empty() {
        nothing(frame, body, app, screen, theme);
        return;
    }
    let mut needle = screen.table.needle();
    for ((row, selected), y) in screen.table.window().zip(body.y..body.bottom()) {
        let Row::Item(key) = row else { continue };
        let line = Rect { y, height: 1, ..inner };
        match &key.place {
            None => heading(frame, line, screen, key.rule, theme),
            Some(place) => finding(frame, line, app, key, place, &mut needle, theme),
        }
        if screen.table.marks.contains(key)
            && let Some(cell) = frame.buffer_mut().cell_mut((line.x.saturating_sub(1), y))
        {
            cell.set_char('▌').set_style(theme.matched);
        }
        if selected {
            frame.buffer_mut().set_style(line, theme.selection);
        }
    }
    let (top, height) = screen.table.view();
    scroll_bar(frame.buffer_mut(), body, top, height, screen.table.len(), theme);
    story_at(frame, told, app, screen, theme);
}

/// Where the parts of a row stand.
struct Columns {
    place: Rect,
    words: Rect,
    since: Rect,
    change: Rect,
}

impl Columns {
    fn of(line: Rect) -> Self {
        // The glyph stands before the place, below the words of the heading.
        let left = line.x + 4;
        let change = CHANGE.min(line.width / 5);
        let since = SINCE.min(line.width / 5);
        let right = line.right();
        let change = Rect { x: right - change, width: change, ..line };
        let since = Rect { x: change.x.saturating_sub(since + 2), width: since, ..line };
        let words =
            if line.width >= WIDE.0 { since.x.saturating_sub(left + WIDE.1 + 2) } else { WORDS.min(line.width / 4) };
        let words = Rect { x: since.x.saturating_sub(words + 1), width: words, ..line };
        let place = Rect { x: left, width: words.x.saturating_sub(left + 1), ..line };
        Self { place, words, since, change }
    }
}

fn headings(frame: &mut Frame<'_>, line: Rect, theme: &Theme) {
    let columns = Columns::of(line);
    let buffer = frame.buffer_mut();
    text(buffer, columns.place, "WHERE", theme.title);
    text(buffer, columns.words, "WHAT", theme.title);
    text_right(buffer, columns.since, "FOR", theme.title);
    text(buffer, columns.change, "CHANGED", theme.title);
}

fn heading(frame: &mut Frame<'_>, line: Rect, screen: &ProblemsScreen, rule: Rule, theme: &Theme) {
    let group = screen.groups.get(&rule).copied().unwrap_or_default();
    let folded = screen.is_folded(rule);
    let style = style_of(&group, theme);
    let buffer = frame.buffer_mut();
    let fold = if folded { "▸" } else { "▾" };
    let words = format!("{fold} {} {}{}", group.level.glyph(), summary(rule, &group), beside(&group));
    let name = rule.name().width() as u16;
    // The rule's name gives way to what is said.
    let used = text(buffer, line, &words, style);
    if used + name + 2 <= line.width {
        text_right(buffer, line, rule.name(), theme.dim);
    }
}

fn style_of(group: &Group, theme: &Theme) -> Style {
    if group.open == 0 { theme.dim } else { theme.level(group.level) }
}

/// What a heading counts beside what is open.
fn beside(group: &Group) -> String {
    let mut out = String::new();
    if group.open == 0 {
        return out;
    }
    if group.resolved > 0 {
        let _ = write!(out, " ({} well again)", group.resolved);
    }
    if group.silenced > 0 {
        let _ = write!(out, " ({} silenced)", group.silenced);
    }
    out
}

fn finding(
    frame: &mut Frame<'_>,
    line: Rect,
    app: &App,
    key: &ProblemKey,
    place: &Place,
    needle: &mut Needle,
    theme: &Theme,
) {
    let Some(tracked) = app.tracked(key.rule, place.at()) else { return };
    let columns = Columns::of(line);
    let now = app.shown_at();
    let open = tracked.phase == Phase::Open;
    let level = if open { tracked.level } else { Level::Ok };
    let style = if open && !tracked.silenced { theme.level(level) } else { theme.dim };
    let glyph = if tracked.silenced { "–" } else { level.glyph() };
    let words = if open {
        let told = story(app.catalog(), place.at(), key.rule, &app.session.thresholds, now);
        match told {
            Some(told) if line.width >= WIDE.0 => {
                clean_line(&format!("{}: {}", told.words, told.sentence)).into_owned()
            }
            Some(told) => clean_line(&told.words).into_owned(),
            None if tracked.quiet.is_some() => "not just now".into(),
            None => entry(key.rule).in_short(),
        }
    } else {
        String::new()
    };
    let buffer = frame.buffer_mut();
    text(buffer, Rect { x: line.x + 2, width: 1.min(line.width), ..line }, glyph, style);
    let label = app.place_label_for(place.at(), needle);
    // Where the words find no room they give it to the place.
    let place_at = if words.is_empty() {
        Rect { width: columns.since.x.saturating_sub(columns.place.x + 1), ..columns.place }
    } else {
        columns.place
    };
    text(buffer, place_at, &label, if open { theme.text } else { theme.dim });
    highlight(buffer, place_at, &label, needle, theme.matched);
    text(buffer, columns.words, &words, style);
    text_right(buffer, columns.since, &lasts(tracked, now), theme.text);
    let (changed, style) = changed(tracked, now, theme);
    text(buffer, columns.change, &changed, style);
}

/// How long it lasts, or lasted.
fn lasts(tracked: &Tracked, now: Timestamp) -> String {
    let until = match tracked.phase {
        Phase::Resolved(at) => at,
        _ => now,
    };
    let long = Duration::from_secs(until.since(tracked.since).as_secs());
    match tracked.begun {
        true => duration(long),
        // It was looked at for the first time: so is all that is put together of an earlier time.
        false if long.is_zero() => "?".into(),
        false => format!("≥{}", duration(long)),
    }
}

fn changed(tracked: &Tracked, now: Timestamp, theme: &Theme) -> (String, Style) {
    if tracked.silenced {
        return ("silenced".into(), theme.dim);
    }
    let ago = |at| match now.since(at).as_secs() {
        0 => "now".to_owned(),
        secs => duration_short(Duration::from_secs(secs)),
    };
    match tracked.phase {
        Phase::Resolved(at) => (format!("well {}", ago(at)), theme.ok),
        _ if now.since(tracked.changed) > MARKED => (String::new(), theme.dim),
        // What was there before anybody looked is no news.
        _ if tracked.change == Change::New && !tracked.news => (String::new(), theme.dim),
        _ => match tracked.change {
            Change::New => ("new".into(), theme.accent),
            Change::Worse => (format!("↑ worse {}", ago(tracked.changed)), theme.critical),
            Change::Better => (format!("↓ less {}", ago(tracked.changed)), theme.ok),
            Change::Again => (format!("again {}", ago(tracked.changed)), theme.warning),
        },
    }
}

/// What there is to say of the selected row.
fn story_at(frame: &mut Frame<'_>, area: Rect, app: &App, screen: &ProblemsScreen, theme: &Theme) {
    let Some(key) = screen.table.selected() else { return };
    let inner = Rect { x: area.x + 1, width: area.width.saturating_sub(2), ..area };
    let lines = story_lines(app, key, screen.story_width(app));
    let top = if screen.zoomed { screen.scroll.top } else { 0 };
    let cut = !screen.zoomed && lines.len() > usize::from(inner.height);
    let room = if cut { inner.height.saturating_sub(1) } else { inner.height };
    for (line, y) in lines.iter().skip(top).zip(inner.y..inner.y + room) {
        let at = Rect { y, height: 1, ..inner };
        let buffer = frame.buffer_mut();
        match line {
            StoryLine::Title(level, words) => {
                text(buffer, at, &format!("{} {words}", level.glyph()), theme.level(*level).patch(theme.accent));
            }
            StoryLine::Fact(name, value) => {
                text(buffer, Rect { width: 16.min(at.width), ..at }, name, theme.dim);
                let behind = Rect { x: at.x + 17, width: at.width.saturating_sub(17), ..at };
                // A long name stands alone above its value.
                if value.is_empty() {
                    text(buffer, at, name, theme.dim);
                } else {
                    text(buffer, behind, value, theme.text);
                }
            }
            StoryLine::Text(words) | StoryLine::Advice(words) => {
                text(buffer, at, words, theme.text);
            }
            StoryLine::Command(words) => {
                text(buffer, at, words, theme.key);
            }
            StoryLine::Aside(words) => {
                text(buffer, at, words, theme.dim);
            }
            StoryLine::Blank => {}
        }
    }
    if cut && inner.height > 0 {
        let key = app.keymap.shown(crate::keymap::Action::NextPanel).unwrap_or_default();
        let more = lines.len() - usize::from(room);
        let last = Rect { y: inner.bottom() - 1, height: 1, ..inner };
        text(frame.buffer_mut(), last, &format!("{more} more lines; {key} shows all"), theme.dim);
    }
    if screen.zoomed {
        let s = screen.scroll;
        scroll_bar(frame.buffer_mut(), area, s.top, s.height.max(1), s.lines, theme);
    }
}

/// Nothing to show: nothing is wrong, or it is hidden, or it is not known yet.
fn nothing(frame: &mut Frame<'_>, area: Rect, app: &App, screen: &ProblemsScreen, theme: &Theme) {
    let catalog = app.catalog();
    if screen.table.total > 0 {
        let (what, next) = if screen.table.filter.is_empty() {
            ("There is nothing that somebody should look at".to_owned(), "Esc shows what is worth knowing")
        } else {
            (format!("No problem matches {:?}", clean_line(&screen.table.filter)), "Esc shows all again")
        };
        return message(frame, area, theme.dim, &what, next);
    }
    if catalog.listing.is_unasked() {
        return message(frame, area, theme.dim, "No streams were read yet", "Problems appear here by themselves");
    }
    if !catalog.link.is_up() {
        let (what, next) = ("Nothing was wrong when the server answered last", "It is looked at again when it answers");
        return message(frame, area, theme.unknown, what, next);
    }
    let next = "What depends on how numbers move needs 20 seconds; it appears here by itself";
    message(frame, area, theme.ok, "Nothing is wrong that can be seen from here", next);
}
