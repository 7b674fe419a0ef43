//! What the owner of a stream has said of it: how many messages and subjects there should be, and what of that cannot
//! be read.

use crate::health::Level;
use crate::health::finding::entry::{AT_ONCE, Check, Entry, Hit, Story, plural, some};
use crate::health::finding::look::{Bound, StreamLook};
use crate::health::finding::monitor::Unread;
use crate::model::Rule;
use crate::model::shell::command_line;
use crate::model::units::count_exact;

/// Fewer messages than there should be.
pub(super) const FEW_MESSAGES: Entry = Entry {
    rule: Rule::StreamFewMessages,
    levels: &[Level::Warning, Level::Critical],
    finds: "The stream holds no more messages than is set: something should have published.",
    patience: AT_ONCE,
    many: |n| some(n, "stream", "holds fewer messages than it should", "hold fewer messages than they should"),
    check: Check::Stream(
        |look| {
            let messages = look.info()?.state.messages;
            let level = look.bound(Rule::StreamFewMessages).at_most(messages as f64)?;
            Some(Hit::plain(level))
        },
        |look, hit| {
            let messages = look.info().map_or(0, |info| info.state.messages);
            let sentence = format!("It holds {}, fewer than it should.", plural(messages, "message"));
            bounded(Story::new("few messages", sentence), look, Rule::StreamFewMessages, hit.level)
                .advise("See whether what publishes to it is running.")
        },
    ),
};

/// Not as many subjects as there should be.
pub(super) const SUBJECTS: Entry = Entry {
    rule: Rule::StreamSubjects,
    levels: &[Level::Warning, Level::Critical],
    finds: "The stream holds more subjects than is set; or fewer, where the warning is above the critical value.",
    patience: AT_ONCE,
    many: |n| {
        some(
            n,
            "stream",
            "has another number of subjects than it should",
            "have another number of subjects than they should",
        )
    },
    check: Check::Stream(
        |look| {
            let subjects = look.info()?.state.subjects;
            let bound = look.bound(Rule::StreamSubjects);
            let level =
                if wants_many(&bound) { bound.at_most(subjects as f64) } else { bound.at_least(subjects as f64) };
            Some(Hit::of(level?, subjects))
        },
        |look, hit| {
            let many = wants_many(&look.bound(Rule::StreamSubjects));
            let sentence = format!(
                "It holds {}, {} than it should.",
                plural(hit.amount, "subject"),
                if many { "fewer" } else { "more" }
            );
            bounded(Story::new("subjects", sentence), look, Rule::StreamSubjects, hit.level)
                .run("See which.", command_line("nats stream subjects", &[look.name], ""))
        },
    ),
};

/// Thresholds that cannot be read.
pub(super) const METADATA: Entry = Entry {
    rule: Rule::StreamMetadata,
    levels: &[Level::Notice, Level::Warning],
    finds: "A threshold in the stream's metadata (`io.nats.monitor.*`) cannot be read. A notice where nothing reads such a \
            key.",
    patience: AT_ONCE,
    many: |n| some(n, "stream", "has thresholds that cannot be read", "have thresholds that cannot be read"),
    check: Check::Stream(|look| unread(&look.monitor.unread), |look, _| unreadable(&look.monitor.unread, "stream")),
};

/// The warning is reached before the critical value from above.
fn wants_many(bound: &Bound) -> bool {
    matches!((bound.warning, bound.critical), (Some((warning, _)), Some((critical, _))) if warning > critical)
}

fn bounded(story: Story, look: &StreamLook<'_>, rule: Rule, level: Level) -> Story {
    let bound = look.bound(rule).of(level, rule);
    story.with_some(level.word(), bound.map(|(n, by)| format!("{} ({by})", count_exact(n as u64))))
}

/// How bad it is that these cannot be read.
pub(in crate::health::finding) fn unread(unread: &[Unread]) -> Option<Hit> {
    let level = unread.iter().map(|of| if of.wanted.is_some() { Level::Warning } else { Level::Notice }).max()?;
    Some(Hit::of(level, unread.len() as u64))
}

/// Names what cannot be read; `what` has it.
pub(in crate::health::finding) fn unreadable(unread: &[Unread], what: &str) -> Story {
    let wrong = |of: &Unread| match of.wanted {
        Some(wanted) => format!("{} is {:?}, which is not {wanted}", of.key, of.value),
        None => format!("nothing reads {} (which is {:?})", of.key, of.value),
    };
    let Some(worst) = unread.iter().find(|of| of.wanted.is_some()).or_else(|| unread.first()) else {
        return Story::default();
    };
    let others = match unread.len() {
        1 => String::new(),
        n => format!(", and {} more", n - 1),
    };
    let sentence = format!("A threshold is not watched: {}{others}.", wrong(worst));
    let mut story = Story::new("bad threshold", sentence);
    for of in unread {
        story = story.with("cannot be read", wrong(of));
    }
    story.advise(format!(
        "Mend the metadata of the {what}; `nats server check {what} --help` has the keys without their prefix."
    ))
}
