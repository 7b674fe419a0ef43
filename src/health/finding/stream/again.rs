//! A stream of the same name that is another one.

use crate::health::Level;
use crate::health::finding::entry::{AT_ONCE, Check, Entry, Hit, Story, plural, some};
use crate::model::Rule;
use crate::model::gone::TOLD;
use crate::model::shell::command_line;
use crate::model::units::{bytes, count_exact};

/// It was deleted and made again.
pub(super) const RECREATED: Entry = Entry {
    rule: Rule::StreamRecreated,
    levels: &[Level::Notice, Level::Warning],
    finds: "The stream was deleted and made again since jetscope looks, also where nobody saw it gone: what it held is gone, and \
            its sequences begin anew. A notice where it held nothing. Told for an hour.",
    patience: AT_ONCE,
    many: |n| some(n, "stream", "was deleted and made again", "were deleted and made again"),
    check: Check::Stream(
        |look| {
            let (at, before) = look.entry.recreated.as_ref().filter(|(at, _)| look.now().since(*at) < TOLD)?;
            let held = before.state.messages;
            let level = if held == 0 { Level::Notice } else { Level::Warning };
            Some(Hit::of(level, held).since(Some(*at)))
        },
        |look, hit| {
            let held = plural(hit.amount, "message");
            let before = look.entry.recreated.as_ref().map(|(_, before)| before);
            let size = before.map_or_else(String::new, |before| format!(" ({})", bytes(before.state.bytes)));
            let sentence = format!("It was deleted and made again: what it held is gone, {held}{size}.");
            Story::new("made again", sentence)
                .with("held before", held)
                .with_some("last seq before", before.map(|before| count_exact(before.state.last_seq)))
                .with_some("made", look.info().and_then(|info| info.created).map(|at| format!("{} UTC", at.to_display())))
                .advise("Sequences begin anew: positions that are kept elsewhere, and plans of replays, are of the old one.")
                .run("See what it holds now.", command_line("nats stream info", &[look.name], ""))
        },
    ),
};
