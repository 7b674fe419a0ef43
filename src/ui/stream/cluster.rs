//! Leader, replicas with their lag, mirror and sources.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::style::Style;

use crate::app::StreamScreen;
use crate::event::clean_line;
use crate::model::units::{count_exact, duration};
use crate::model::{Stream, Upstream};
use crate::ui::Theme;
use crate::ui::widgets::text;

/// Draws it.
pub(super) fn draw(frame: &mut Frame<'_>, area: Rect, screen: &StreamScreen, info: &Stream, theme: &Theme) {
    let inner = Rect { x: area.x + 1, width: area.width.saturating_sub(2), ..area };
    for ((words, style), y) in lines(info, theme).into_iter().skip(screen.cluster.top).zip(inner.y..inner.bottom()) {
        text(frame.buffer_mut(), Rect { y, height: 1, ..inner }, &words, style);
    }
}

fn lines(info: &Stream, theme: &Theme) -> Vec<(String, Style)> {
    let mut out: Vec<(String, Style)> = Vec::new();
    match &info.cluster {
        None => out.push(("The server is not in a cluster: one copy, kept here.".into(), theme.text)),
        Some(cluster) => {
            if let Some(name) = &cluster.name {
                out.push((format!("cluster   {}", clean_line(name)), theme.text));
            }
            match &cluster.leader {
                Some(leader) => out.push((format!("leader    {}", clean_line(leader)), theme.text)),
                None => out.push(("leader    none: nothing can be stored or read".into(), theme.critical)),
            }
            if cluster.replicas.is_empty() {
                out.push(("replicas  none: it is lost if this server is".into(), theme.notice));
            } else {
                out.push((String::new(), theme.text));
                out.push((format!("  {:<24} {:<14} {:>10}  {}", "REPLICA", "STATE", "LAG", "HEARD"), theme.title));
            }
            for peer in &cluster.replicas {
                let (state, style) = match (peer.offline, peer.current) {
                    (true, _) => ("offline", theme.critical),
                    (false, true) => ("up to date", theme.ok),
                    (false, false) => ("behind", theme.warning),
                };
                let lag = peer.lag.map_or("—".into(), count_exact);
                let heard = peer.active.map_or("—".into(), |d| format!("{} ago", duration(d)));
                out.push((format!("  {:<24} {state:<14} {lag:>10}  {heard}", clean_line(&peer.name)), style));
            }
        }
    }
    if let Some(mirror) = &info.mirror {
        out.push((String::new(), theme.text));
        out.push(("mirror of".into(), theme.title));
        out.push(upstream(mirror, theme));
    } else if let Some(name) = &info.config.mirror {
        out.push((format!("mirror of {}: the server says nothing of it yet", clean_line(name)), theme.unknown));
    }
    if !info.sources.is_empty() {
        out.push((String::new(), theme.text));
        out.push(("sources".into(), theme.title));
        out.extend(info.sources.iter().map(|s| upstream(s, theme)));
    }
    out
}

fn upstream(up: &Upstream, theme: &Theme) -> (String, Style) {
    let name = clean_line(&up.name);
    match (&up.error, up.active) {
        (Some(error), _) => (format!("  {name}: {}", clean_line(error)), theme.critical),
        (None, None) => (format!("  {name}: never heard of, lag not known"), theme.warning),
        (None, Some(ago)) => {
            let style = if up.lag > 0 { theme.notice } else { theme.ok };
            (format!("  {name}: {} behind, heard of {} ago", count_exact(up.lag), duration(ago)), style)
        }
    }
}
