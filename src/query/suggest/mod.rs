//! What a filter can become while it is typed: names, values that were seen, operators, functions.

mod expression;
#[cfg(test)]
mod tests;
mod words;

use std::ops::Range;

use super::Door;
use super::mistake::short;
use super::seen::Seen;

/// The most that is suggested at once.
const MOST: usize = 50;

/// What a part of the text can be replaced by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Suggestion {
    /// The part, in bytes; always on borders of characters, perhaps empty.
    pub replace: Range<usize>,
    /// What stands there instead.
    pub with: String,
    /// A few words about it.
    pub help: String,
}

/// What the filter can become at the cursor (a place in bytes), the best first.
pub fn suggest(door: Door, text: &str, cursor: usize, seen: &Seen) -> Vec<Suggestion> {
    let mut cursor = cursor.min(text.len());
    while !text.is_char_boundary(cursor) {
        cursor -= 1;
    }
    match door {
        Door::Words => words::suggest(text, cursor, seen),
        Door::Expression => expression::suggest(text, cursor, seen),
    }
}

/// The names that every event or message has, and what they are.
const STANDARD: [(&str, &str); 11] = [
    ("type", "what happened"),
    ("source", "where it happened"),
    ("subject", "what it happened to"),
    ("id", "the event's own name, unique in its source"),
    ("time", "when it happened"),
    ("datacontenttype", "what the data is"),
    ("dataschema", "what the data looks like"),
    ("nats.stream", "the stream"),
    ("nats.subject", "the subject on NATS"),
    ("nats.seq", "the sequence in the stream"),
    ("nats.time", "when the stream stored it"),
];

/// What has parts.
const ROOTS: [(&str, &str); 3] =
    [("data.", "a value inside of the data"), ("header.", "a header"), ("nats.", "what the server knows")];

/// Something that can be suggested.
struct Candidate {
    /// What is compared with what was typed.
    name: String,
    with: String,
    help: String,
    count: u64,
}

/// Those that fit, the best first: what begins so before what has it inside, then the commonest.
fn best(candidates: impl IntoIterator<Item = Candidate>, typed: &str, replace: &Range<usize>) -> Vec<Suggestion> {
    let typed = typed.to_lowercase();
    let mut fitting: Vec<(usize, Candidate)> = candidates
        .into_iter()
        .filter_map(|candidate| {
            let at = candidate.name.to_lowercase().find(&typed)?;
            Some((at.min(1), candidate))
        })
        .collect();
    fitting.sort_by(|(a, x), (b, y)| a.cmp(b).then(y.count.cmp(&x.count)));
    let mut suggestions: Vec<Suggestion> = Vec::new();
    for (_, Candidate { with, help, .. }) in fitting {
        if suggestions.len() < MOST && !suggestions.iter().any(|known| known.with == with) {
            suggestions.push(Suggestion { replace: replace.clone(), with, help });
        }
    }
    suggestions
}

/// The names that can be typed here. Parts of something are offered as soon as something was typed.
fn names(typed: &str, seen: &Seen) -> Vec<Candidate> {
    let lower = typed.to_ascii_lowercase();
    let inside =
        ROOTS.iter().any(|(root, _)| lower.starts_with(root.trim_end_matches('.')) && lower.len() >= root.len());
    let has_parts = |name: &str| name.contains(['.', '[']);
    let mut known: Vec<(&str, u64)> = seen.names().collect();
    let standard = STANDARD.iter().filter(|(name, _)| !known.iter().any(|(other, _)| other == name));
    known.extend(standard.map(|(name, _)| (*name, 0)).collect::<Vec<_>>());
    known.sort_unstable();
    let mut out = Vec::new();
    for (name, count) in known {
        if if inside { !has_parts(name) } else { has_parts(name) && typed.is_empty() } {
            continue;
        }
        let meaning = STANDARD.iter().find(|(known, _)| *known == name).map(|(_, meaning)| (*meaning).to_owned());
        let help = meaning.or_else(|| seen.commonest(name).map(|value| format!("such as {}", short(value, 40))));
        out.push(Candidate { name: name.to_owned(), with: name.to_owned(), help: help.unwrap_or_default(), count });
    }
    if !inside {
        // Before their parts, after the attributes.
        let roots = ROOTS.iter().map(|(root, help)| ((*root).to_owned(), (*help).to_owned()));
        out.extend(roots.map(|(name, help)| Candidate { with: name.clone(), name, help, count: 0 }));
    }
    out
}

/// Whether more must follow what is suggested.
fn is_root(name: &str) -> bool {
    ROOTS.iter().any(|(root, _)| *root == name)
}

/// The values that were seen of a name, as they are written in a filter.
fn values(name: &str, seen: &Seen, written: impl Fn(&str) -> Option<String>) -> Vec<Candidate> {
    let mut found: Vec<(&str, u64)> = seen.values(name).collect();
    found.sort_unstable();
    let candidate = |(value, count): (&str, u64)| {
        Some(Candidate { name: value.to_owned(), with: written(value)?, help: times(count), count })
    };
    found.into_iter().filter_map(candidate).collect()
}

fn times(count: u64) -> String {
    if count == 1 { "once".to_owned() } else { format!("{count} times") }
}
