//! The Activity screen: what the server tells, and what this program asks.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::style::Style;
use unicode_width::UnicodeWidthStr;

use crate::app::activity::{Entry, Searched, Told, command, command_of, words, words_of};
use crate::app::columns::Spec;
use crate::app::{ActivityScreen, ActivityTab, App};
use crate::event::clean_line;
use crate::health::Level;
use crate::keymap::Action;
use crate::model::request::{Act, Nature, Outcome};
use crate::model::units::{bytes, count, count_exact};
use crate::model::{Request, Timestamp};
use crate::query::Needle;

use super::Theme;
use super::stream::tabs;
use super::tail::clock;
use super::widgets::table::{self, Cell, Placed, headings, place};
use super::widgets::{message, text, wrap};

const fn column(title: &'static str, width: u16, flex: u16, priority: u8, right: bool) -> Spec {
    Spec { title, width, flex, priority, right, large_first: false }
}

/// The columns of advisories.
const ADVISORIES: [Spec; 4] = [
    column("TIME", 14, 0, 1, false),
    column("", 1, 0, 0, false),
    column("WHAT", 10, 0, 2, false),
    column("", 30, 1, 0, false),
];
/// The columns of folded requests.
const FOLDED: [Spec; 7] = [
    column("", 1, 0, 0, false),
    column("LAST", 14, 0, 2, false),
    column("TIMES", 6, 0, 0, true),
    column("MEDIAN", 7, 0, 1, true),
    column("BYTES", 6, 0, 4, true),
    column("WHAT", 30, 2, 0, false),
    column("NATS COMMAND", 30, 3, 3, false),
];
/// The columns of single requests.
const SINGLE: [Spec; 6] = [
    column("", 1, 0, 0, false),
    column("TIME", 14, 0, 1, false),
    column("TOOK", 7, 0, 1, true),
    column("BYTES", 6, 0, 4, true),
    column("WHAT", 30, 2, 0, false),
    column("NATS COMMAND", 30, 3, 3, false),
];

/// Draws the screen.
pub(super) fn draw(frame: &mut Frame<'_>, area: Rect, app: &App, screen: &ActivityScreen, theme: &Theme) {
    let line = |y: u16| Rect { y, height: 1, ..area };
    let activity = &app.activity;
    let requests = if screen.one_by_one { activity.requests.single.len() } else { activity.requests.folded.len() };
    let titles = [
        (format!("Advisories {}", count(activity.advisories.len() as u64)), screen.tab == ActivityTab::Advisories),
        (format!("Requests {}", count(requests as u64)), screen.tab == ActivityTab::Requests),
    ];
    tabs(frame, line(area.y), &titles, theme);
    let used = titles.iter().map(|(title, _)| title.width() as u16 + 3).sum::<u16>() + 2;
    status(frame, line(area.y), used, app, screen, theme);
    let mut y = area.y + 1;
    for note in &screen.notes {
        if y < area.bottom() {
            text(
                frame.buffer_mut(),
                Rect { x: area.x + 1, width: area.width.saturating_sub(2), ..line(y) },
                note,
                theme.warning,
            );
            y += 1;
        }
    }
    let rest = area.bottom().saturating_sub(y);
    let below = (screen.detail_rows as u16).min(rest);
    list(frame, Rect { y, height: rest - below, ..area }, app, screen, theme);
    if below > 0 {
        detail(frame, Rect { y: area.bottom() - below, height: below, ..area }, app, screen, theme);
    }
}

/// What the list shows and what not, right of the panels.
fn status(frame: &mut Frame<'_>, line: Rect, used: u16, app: &App, screen: &ActivityScreen, theme: &Theme) {
    let view = screen.view();
    let activity = &app.activity;
    let mut parts: Vec<(String, Style)> = Vec::new();
    let follows = view.cursor.follows();
    let until = app.past_at().filter(|_| screen.tab == ActivityTab::Advisories);
    parts.push(if let Some(until) = until {
        (format!("until {} UTC", until.to_clock()), theme.warning)
    } else if follows {
        ("● following".into(), theme.ok)
    } else {
        ("‖ paused".into(), theme.warning)
    });
    let news = view.cursor.news(&view.shown);
    if news > 0 {
        parts.push((format!("+{} new", count_exact(news as u64)), theme.matched));
    }
    match screen.tab {
        ActivityTab::Advisories => {
            if activity.lost > 0 {
                parts.push((format!("at least {} lost", count_exact(activity.lost)), theme.warning));
            }
            if activity.advisories.dropped() > 0 {
                parts.push((format!("dropped {}", count(activity.advisories.dropped())), theme.warning));
            }
            if screen.hidden > 0 {
                parts.push((format!("{} of our readers hidden", screen.hidden), theme.dim));
            }
        }
        ActivityTab::Requests => {
            let requests = &activity.requests;
            if requests.lost > 0 {
                parts.push((format!("{} not noted", count_exact(requests.lost)), theme.warning));
            }
            let dropped = if screen.one_by_one { requests.single.dropped() } else { requests.folded.dropped() };
            if dropped > 0 {
                parts.push((format!("dropped {}", count(dropped)), theme.dim));
            }
            parts.push((if screen.one_by_one { "one by one" } else { "folded" }.into(), theme.dim));
        }
    }
    let room = usize::from(line.width.saturating_sub(used + 1));
    let width = |parts: &[(String, Style)]| parts.iter().map(|(words, _)| words.width() + 2).sum::<usize>();
    while parts.len() > 1 && width(&parts) > room + 2 {
        parts.pop();
    }
    let mut x = line.right().saturating_sub((width(&parts)).saturating_sub(2) as u16 + 1).max(line.x + used);
    for (words, style) in parts {
        x += text(frame.buffer_mut(), Rect { x, width: line.right().saturating_sub(x), ..line }, &words, style) + 2;
    }
}

fn list(frame: &mut Frame<'_>, area: Rect, app: &App, screen: &ActivityScreen, theme: &Theme) {
    if area.height == 0 {
        return;
    }
    let inner = Rect { x: area.x + 1, width: area.width.saturating_sub(2), ..area };
    let specs: &[Spec] = match (screen.tab, screen.one_by_one) {
        (ActivityTab::Advisories, _) => &ADVISORIES,
        (ActivityTab::Requests, false) => &FOLDED,
        (ActivityTab::Requests, true) => &SINGLE,
    };
    // What is left over belongs to the last column: sentences and commands are long.
    let mut columns = place(specs, inner.width, usize::MAX);
    if let Some(last) = columns.last_mut().filter(|last| last.spec.flex > 0) {
        last.width = inner.width.saturating_sub(last.x);
    }
    headings(frame.buffer_mut(), Rect { height: 1, ..inner }, &columns, (usize::MAX, false), theme);
    let body = Rect { y: area.y + 1, height: area.height - 1, ..area };
    let view = screen.view();
    if !view.shown.has_some() {
        return nothing(frame, body, app, screen, theme);
    }
    let mut needle = (!view.filter.is_empty()).then(|| view.needle());
    for ((at, selected), y) in view.window().zip(body.y..body.bottom()) {
        let Some(entry) = screen.entry(&app.activity, at) else { continue };
        let line = Rect { x: inner.x, y, width: inner.width, height: 1 };
        table::row(frame.buffer_mut(), line, &columns, selected, theme, |index, _| cell(&entry, index, app, theme));
        if let Some(needle) = &mut needle {
            found(frame, line, &columns, &Searched::of(&entry, &app.session), needle, theme);
        }
    }
    let window = view.cursor.window(&view.shown);
    let all = view.cursor.before_news(&view.shown).max(window.end);
    table::scroll_bar(frame.buffer_mut(), body, window.start, window.len().max(1), all, theme);
}

/// Marks what the filter found in a row; what there is no room for is shown where only that was found.
fn found(
    frame: &mut Frame<'_>,
    line: Rect,
    columns: &[Placed],
    searched: &Searched,
    needle: &mut Needle,
    theme: &Theme,
) {
    let at = |title: &str| columns.iter().find(|column| column.spec.title == title);
    let of_command = at("NATS COMMAND");
    // A sentence has no title, and neither has a sign.
    let sentence = || columns.iter().rev().find(|column| column.spec.title.is_empty());
    let (kind, words) = if searched.kind.is_empty() { (None, at("WHAT")) } else { (at("WHAT"), sentence()) };
    let buffer = frame.buffer_mut();
    let reveals = of_command.is_none() && searched.reveals(needle);
    if let Some(column) = words {
        let area = table::cell_area(line, column);
        table::highlight_name(buffer, area, (&searched.words, &searched.besides), reveals, needle, theme.matched);
    }
    for (column, content) in [(kind, searched.kind), (of_command, &searched.besides)] {
        if let Some(column) = column {
            table::highlight(buffer, table::cell_area(line, column), content, needle, theme.matched);
        }
    }
}

fn cell(entry: &Entry<'_>, index: usize, app: &App, theme: &Theme) -> Cell<'static> {
    let short = |stream| app.session.kinds.classify_name(stream).1;
    match entry {
        Entry::Told(told) => of_told(told, index, app, theme),
        Entry::Folded(folded) => match index {
            2 if folded.times > 1 => Cell::new(format!("x {}", count(folded.times)), theme.text),
            2 => Cell::new("", theme.dim),
            3 => Cell::new(folded.median().map_or_else(|| "—".to_owned(), words::milliseconds), theme.text),
            4 if folded.bytes == 0 => Cell::new("—", theme.dim),
            4 => Cell::new(bytes(folded.bytes), theme.dim),
            5 => Cell::new(words_of(folded, short), of_nature(&folded.last, theme)),
            other => of_request(&folded.last, if other > 1 { 5 } else { other }, folded.failed, app, theme),
        },
        Entry::Single(request) => match index {
            4 => Cell::new(words::words_with(request, short), of_nature(request, theme)),
            other => of_request(request, other, 0, app, theme),
        },
    }
}

fn of_told(told: &Told, index: usize, app: &App, theme: &Theme) -> Cell<'static> {
    let style = theme.level(told.level());
    match index {
        0 => Cell::new(clock(told.advisory.time, app.now, &app.zone), theme.dim),
        1 => Cell::new(told.level().glyph(), style),
        2 => Cell::new(told.kind(), style),
        // The whole name stands below the list.
        _ => {
            let short = app.session.kinds.classify_name(&told.advisory.stream).1;
            Cell::new(told.sentence_about(short), theme.text)
        }
    }
}

/// A cell that folded and single requests have in common.
fn of_request(request: &Request, index: usize, failed: u64, app: &App, theme: &Theme) -> Cell<'static> {
    match index {
        0 => {
            let (sign, level) = sign(request, failed);
            Cell::new(sign, theme.level(level))
        }
        1 => Cell::new(clock(request.at, app.now, &app.zone), theme.dim),
        2 => Cell::new(request.took.map_or_else(|| "—".to_owned(), words::milliseconds), theme.text),
        3 => match (&request.act, request.reply) {
            (Act::Publish { bytes: sent, .. }, _) => Cell::new(bytes(*sent), theme.dim),
            (_, Some(reply)) => Cell::new(bytes(reply), theme.dim),
            (_, None) => Cell::new("—", theme.dim),
        },
        _ => Cell::new(command_of(request, &app.session), theme.accent),
    }
}

/// What came of a request, and whether it changes something.
fn sign(request: &Request, failed: u64) -> (&'static str, Level) {
    match (&request.outcome, request.nature()) {
        (Outcome::Failed(_), _) => (Level::Critical.glyph(), Level::Critical),
        (_, Nature::Write) => ("W", Level::Warning),
        (Outcome::Left | Outcome::Absent(_), _) => (Level::Notice.glyph(), Level::Notice),
        _ if failed > 0 => (Level::Warning.glyph(), Level::Warning),
        (_, Nature::Own) => ("+", Level::Notice),
        (_, Nature::Read) => (Level::Ok.glyph(), Level::Ok),
    }
}

fn of_nature(request: &Request, theme: &Theme) -> Style {
    match request.nature() {
        Nature::Write => theme.warning,
        Nature::Own | Nature::Read => theme.text,
    }
}

/// More about the selected entry.
fn detail(frame: &mut Frame<'_>, area: Rect, app: &App, screen: &ActivityScreen, theme: &Theme) {
    text(frame.buffer_mut(), Rect { height: 1, ..area }, &"─".repeat(usize::from(area.width)), theme.border);
    let Some(entry) = screen.selected(&app.activity) else { return };
    let inner = Rect { x: area.x + 1, y: area.y + 1, width: area.width.saturating_sub(2), height: area.height - 1 };
    let mut lines: Vec<(String, Style)> = Vec::new();
    match entry {
        Entry::Told(told) => lines.push((told.sentence(), theme.level(told.level()))),
        Entry::Folded(folded) => {
            let failed = match folded.failed {
                0 => String::new(),
                n => format!(", {} of them failed", count_exact(n)),
            };
            let times = format!("{} in all{failed}; the newest: {}", count_exact(folded.times), came(&folded.last));
            lines.push((times, outcome_style(&folded.last, theme)));
            lines.push((command::whole(&folded.last, &app.session), theme.accent));
        }
        Entry::Single(request) => {
            lines.push((came(request), outcome_style(request, theme)));
            lines.push((command::whole(request, &app.session), theme.accent));
        }
    }
    // What came of it stands first, so that a long command cannot push it out.
    let width = usize::from(inner.width).max(1);
    let all: Vec<(String, Style)> = lines
        .iter()
        .flat_map(|(words, style)| wrap(&clean_line(words), width).into_iter().map(|line| (line, *style)))
        .collect();
    let room = usize::from(inner.height);
    for (i, ((line, style), y)) in all.iter().zip(inner.y..inner.bottom()).enumerate() {
        let more = if i + 1 == room && all.len() > room { " …" } else { "" };
        text(frame.buffer_mut(), Rect { y, height: 1, ..inner }, &format!("{line}{more}"), *style);
    }
}

const fn outcome_style(request: &Request, theme: &Theme) -> Style {
    match request.outcome {
        Outcome::Failed(_) => theme.critical,
        Outcome::Left | Outcome::Absent(_) | Outcome::Done => theme.text,
    }
}

/// What came of a request, in words.
fn came(request: &Request) -> String {
    let took = request.took.map(words::milliseconds);
    match (&request.outcome, &request.act, took, request.reply) {
        (Outcome::Failed(why), _, Some(took), _) => format!("failed after {took}: {why}"),
        (Outcome::Failed(why), _, None, _) => format!("failed: {why}"),
        (Outcome::Left, _, took, _) => {
            format!("nobody waited for the answer any more after {}", took.unwrap_or_default())
        }
        (Outcome::Absent(what), _, took, _) => format!("answered in {}: {what}", took.unwrap_or_default()),
        (_, Act::Publish { .. }, ..) => "handed to the connection; the replay says what became of them".into(),
        (_, Act::Subscribe, ..) => "subscribed; what comes is on the other panel".into(),
        (_, Act::Send, ..) => "handed to the connection; no answer to this is waited for".into(),
        (_, Act::Ask, Some(took), Some(reply)) => format!("answered in {took} with {}", bytes(reply)),
        (_, Act::Ask, ..) => "answered".into(),
    }
}

/// An empty list: each reason says its own next step.
fn nothing(frame: &mut Frame<'_>, area: Rect, app: &App, screen: &ActivityScreen, theme: &Theme) {
    let key = |action| app.keymap.shown(action).unwrap_or_default();
    let activity = &app.activity;
    let view = screen.view();
    let kept = match (screen.tab, screen.one_by_one) {
        (ActivityTab::Advisories, _) => activity.advisories.len(),
        (ActivityTab::Requests, false) => activity.requests.folded.len(),
        (ActivityTab::Requests, true) => activity.requests.single.len(),
    };
    if !view.filter.is_empty() || view.only_problems {
        let words = format!("None of the {} entries matches", count_exact(kept as u64));
        message(frame, area, theme.dim, &words, "Esc shows all again");
    } else if screen.tab == ActivityTab::Requests {
        message(frame, area, theme.dim, "Nothing was asked yet", "Requests appear here within a second");
    } else if let Some(until) = app.past_at().filter(|_| kept > 0) {
        let words = format!("Nothing was told until {} UTC", until.to_clock());
        message(frame, area, theme.dim, &words, &format!("{} returns to now", key(Action::Freeze)));
    } else if kept > 0 {
        let next = format!("{} shows what is about readers like this program's", key(Action::System));
        message(frame, area, theme.dim, "Nothing but our own readers was told of", &next);
    } else if activity.refused.len() > 1 {
        message(frame, area, theme.warning, "No advisories can be heard", "Ask for these permissions for this user");
    } else {
        let since = activity.since.map(|since: Timestamp| clock(since, app.now, &app.zone));
        let what = match since {
            Some(since) => format!("Nothing was told since {since}"),
            None => "Not connected yet".to_owned(),
        };
        message(
            frame,
            area,
            theme.dim,
            &what,
            "What the server tells of streams and consumers appears here as it happens",
        );
    }
}
