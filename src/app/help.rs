//! The Help screen: the keys that work on the screen below it, from the key map.

use crate::event::layout::wrap;
use crate::keymap::Binding;

use super::{App, Scroll};

/// Columns of the keys.
pub const HELP_KEYS: u16 = 22;

/// The state of the Help screen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct HelpScreen {
    /// Position.
    pub scroll: Scroll,
}

impl HelpScreen {
    /// Fits the text to the screen.
    pub(super) fn refresh(&mut self, app: &App) {
        self.scroll.fit(help_lines(app).len(), app.body_height());
    }
}

/// One line of the help.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum HelpLine {
    /// A heading.
    Heading(String),
    /// A key (or several) and what it does; the reason when it does not work on the screen below.
    Key {
        /// The keys, as they are shown.
        keys: String,
        /// What it does.
        text: String,
        /// Why it does not work there, if so.
        why_not: Option<String>,
    },
    /// Plain text.
    Text(String),
    /// Nothing.
    Blank,
}

/// The whole help for the screen below the Help screen.
pub fn help_lines(app: &App) -> Vec<HelpLine> {
    let mut lines = Vec::new();
    for (title, works) in [("Keys that work here", true), ("Keys of other screens", false)] {
        let mut group = "";
        let of: Vec<(&Binding, Option<String>)> = app
            .keymap
            .bindings()
            .iter()
            .map(|b| (b, app.why_not_below_help(b.action)))
            .filter(|(_, why_not)| why_not.is_none() == works)
            .collect();
        if of.is_empty() {
            continue;
        }
        lines.push(HelpLine::Heading(title.into()));
        for (binding, why_not) in of {
            if binding.group != group && works {
                group = &binding.group;
                lines.push(HelpLine::Text(group.to_owned()));
            }
            let keys = binding.keys.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ");
            lines.push(HelpLine::Key { keys, text: binding.help.clone(), why_not });
        }
        lines.push(HelpLine::Blank);
    }
    lines.push(HelpLine::Heading("Commands, after :".into()));
    for (name, arguments, text) in crate::query::command::COMMANDS {
        lines.push(HelpLine::Key { keys: format!("{name} {arguments}"), text: (*text).into(), why_not: None });
    }
    lines.push(HelpLine::Blank);
    lines.push(HelpLine::Heading("Signs".into()));
    for (sign, text) in [
        ("●", "nothing is wrong"),
        ("○", "worth knowing"),
        ("▲", "somebody should look"),
        ("✖", "data is at risk, or nothing moves any more"),
        ("?", "not known: no answer, no permission, or not read yet; never the same as 0"),
        (
            "● ▲ ✖ ○",
            "of an event in a tail: valid; accepted, though its sender should change something; invalid; no CloudEvent",
        ),
        ("W +", "of a request: it changes something on the server; it makes or drops a reader of our own"),
        ("—", "does not apply, such as the reach of an empty stream"),
    ] {
        lines.push(HelpLine::Key { keys: sign.into(), text: text.into(), why_not: None });
    }
    let room = usize::from(app.size.0.saturating_sub(HELP_KEYS + 3)).max(1);
    lines.into_iter().flat_map(|line| wrapped(line, room)).collect()
}

/// A key's line in as many lines as its words need; the reason why it does not work stands behind them, or below.
fn wrapped(line: HelpLine, room: usize) -> Vec<HelpLine> {
    let HelpLine::Key { keys, text, why_not } = line else { return vec![line] };
    let mut words = wrap(&text, room);
    let last = words.last().map_or(0, |l| l.chars().count());
    let (behind, below) = match why_not {
        Some(reason) if last + reason.chars().count() + 4 > room => (None, wrap(&format!("({reason})"), room)),
        other => (other, vec![]),
    };
    words.extend(below);
    let count = words.len();
    let with = |(i, text): (usize, String)| HelpLine::Key {
        keys: if i == 0 { keys.clone() } else { String::new() },
        text,
        why_not: behind.clone().filter(|_| i + 1 == count),
    };
    words.into_iter().enumerate().map(with).collect()
}
