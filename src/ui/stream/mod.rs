//! The Stream screen: a line of panels, and the one that is shown.

mod cluster;
mod configuration;
mod overview;
mod subjects;
mod summary;

use ratatui::Frame;
use ratatui::layout::Rect;
use unicode_width::UnicodeWidthStr;

use crate::app::{App, StreamScreen, StreamTab};
use crate::model::Stream;

use super::Theme;
use super::consumers;
use super::widgets::{message, text};

pub(super) use configuration::lines as json_lines;
pub(super) use overview::limits;
pub(super) use summary::consumers as consumer_lines;

/// Draws the stream.
pub(super) fn draw(frame: &mut Frame<'_>, area: Rect, app: &App, screen: &StreamScreen, theme: &Theme) {
    let info = app.catalog().streams.get(&screen.name).and_then(|e| e.info.as_deref());
    let titles: Vec<(String, bool)> =
        StreamTab::ALL.iter().map(|tab| (title(*tab, info), *tab == screen.tab)).collect();
    tabs(frame, Rect { height: 1, ..area }, &titles, theme);
    let body = Rect { y: area.y + 1, height: area.height.saturating_sub(1), ..area };
    match (screen.tab, info) {
        (StreamTab::Consumers, _) => consumers::draw(frame, body, app, &screen.consumers, false, theme),
        (_, None) => missing(frame, body, app, screen, theme),
        (StreamTab::Overview, Some(info)) => overview::draw(frame, body, app, screen, info, theme),
        (StreamTab::Subjects, Some(info)) => subjects::draw(frame, body, app, screen, info, theme),
        (StreamTab::Configuration, Some(_)) => configuration::draw(frame, body, app, screen, theme),
        (StreamTab::Cluster, Some(_)) => cluster::draw(frame, body, screen, theme),
    }
}

fn title(tab: StreamTab, info: Option<&Stream>) -> String {
    let count = |n: u64| format!("{} {}", tab.title(), crate::model::units::count(n));
    match (tab, info) {
        (StreamTab::Consumers, Some(info)) => count(info.state.consumers),
        (StreamTab::Subjects, Some(info)) => count(info.state.subjects),
        _ => tab.title().to_owned(),
    }
}

/// Draws a line of panel titles; the shown one stands out.
pub(super) fn tabs(frame: &mut Frame<'_>, area: Rect, titles: &[(String, bool)], theme: &Theme) {
    let mut x = area.x + 1;
    let whole: usize = titles.iter().map(|(title, _)| title.width() + 3).sum();
    // Where they do not fit, the blanks around them go first.
    let pad = if whole > usize::from(area.width) { "" } else { " " };
    for (title, shown) in titles {
        let style = if *shown { theme.selection } else { theme.dim };
        let room = Rect { x, width: area.right().saturating_sub(x), ..area };
        x += text(frame.buffer_mut(), room, &format!("{pad}{title}{pad}"), style) + 1;
        if x >= area.right() {
            break;
        }
    }
}

/// The stream is not known: not read yet, not allowed, or gone.
fn missing(frame: &mut Frame<'_>, area: Rect, app: &App, screen: &StreamScreen, theme: &Theme) {
    if let Some(problem) = app.catalog().failure(&screen.name, None) {
        let sentence = crate::event::clean_line(&problem.sentence);
        message(frame, area, theme.warning, "The stream could not be read", &sentence);
    } else if app.catalog().listing.value().is_some() && !app.catalog().streams.contains_key(&screen.name) {
        message(frame, area, theme.warning, "The stream does not exist (any more)", "Esc goes back");
    } else {
        message(frame, area, theme.dim, "The stream was not read yet", "The server is asked");
    }
}
