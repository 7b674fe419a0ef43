//! Who keeps a stream: leader, replicas with their lag, mirror and sources, line by line.

use crate::event::clean_line;
use crate::health::Level;
use crate::model::units::{ago, count_exact};
use crate::model::{Stream, Upstream};

/// What kind of line it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tone {
    /// Ordinary.
    Text,
    /// A heading.
    Title,
    /// Something that is well or not.
    Level(Level),
}

/// A sanitised line.
pub type Line = (String, Tone);

/// The lines of a stream.
pub(super) fn lines(info: &Stream) -> Vec<Line> {
    let mut out: Vec<Line> = Vec::new();
    match &info.cluster {
        None => out.push(("The server is not in a cluster: one copy, kept here.".into(), Tone::Text)),
        Some(cluster) => {
            if let Some(name) = &cluster.name {
                out.push((format!("cluster   {}", clean_line(name)), Tone::Text));
            }
            match &cluster.leader {
                Some(leader) => out.push((format!("leader    {}", clean_line(leader)), Tone::Text)),
                None => {
                    out.push(("leader    none: nothing can be stored or read".into(), Tone::Level(Level::Critical)));
                }
            }
            if cluster.replicas.is_empty() {
                out.push(("replicas  none: it is lost if this server is".into(), Tone::Level(Level::Notice)));
            } else {
                out.push((String::new(), Tone::Text));
                out.push((format!("  {:<24} {:<14} {:>10}  {}", "REPLICA", "STATE", "LAG", "HEARD"), Tone::Title));
            }
            for peer in &cluster.replicas {
                let (state, level) = match (peer.offline, peer.current) {
                    (true, _) => ("offline", Level::Critical),
                    (false, true) => ("up to date", Level::Ok),
                    (false, false) => ("behind", Level::Warning),
                };
                let lag = peer.lag.map_or("—".into(), count_exact);
                let heard = peer.active.map_or("—".into(), ago);
                let name = clean_line(&peer.name);
                out.push((format!("  {name:<24} {state:<14} {lag:>10}  {heard}"), Tone::Level(level)));
            }
        }
    }
    if let Some(mirror) = &info.mirror {
        out.push((String::new(), Tone::Text));
        out.push(("mirror of".into(), Tone::Title));
        out.push(upstream(mirror));
    } else if let Some(name) = &info.config.mirror {
        let words = format!("mirror of {}: the server says nothing of it yet", clean_line(name));
        out.push((words, Tone::Level(Level::Unknown)));
    }
    if !info.sources.is_empty() {
        out.push((String::new(), Tone::Text));
        out.push(("sources".into(), Tone::Title));
        out.extend(info.sources.iter().map(upstream));
    }
    out
}

fn upstream(up: &Upstream) -> Line {
    let name = clean_line(&up.name);
    match (&up.error, up.active) {
        (Some(error), _) => (format!("  {name}: {}", clean_line(error)), Tone::Level(Level::Critical)),
        (None, None) => (format!("  {name}: never heard of, lag not known"), Tone::Level(Level::Warning)),
        (None, Some(heard)) => {
            let level = if up.lag > 0 { Level::Notice } else { Level::Ok };
            let words = format!("  {name}: {} behind, heard of {}", count_exact(up.lag), ago(heard));
            (words, Tone::Level(level))
        }
    }
}
