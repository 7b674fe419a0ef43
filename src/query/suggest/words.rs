//! Completion of words: `ty` to `type:`, `type:com.sh` to the values that were seen.

use super::super::cesql::path_at_start;
use super::super::narrow::word;
use super::super::seen::Seen;
use super::{Suggestion, best, is_root, names, values};

pub(super) fn suggest(text: &str, cursor: usize, seen: &Seen) -> Vec<Suggestion> {
    let (start, end) = term(text, cursor);
    let Some(typed) = text.get(start..cursor) else { return Vec::new() };
    let start = start + usize::from(typed.starts_with('-'));
    let typed = typed.strip_prefix('-').unwrap_or(typed);
    let Some(colon) = colon(typed) else {
        let rest = text.get(cursor..end).unwrap_or_default();
        let name = super::words::colon(rest).map_or(rest.len(), |at| at + 1);
        if typed.starts_with('"') {
            return Vec::new();
        }
        let mut found = best(names(typed, seen), typed, &(start..cursor + name));
        for suggestion in found.iter_mut().filter(|suggestion| !is_root(&suggestion.with)) {
            suggestion.with.push(':');
        }
        return found;
    };
    let (name, value) = (typed.get(..colon).unwrap_or_default(), typed.get(colon + 1..).unwrap_or_default());
    let mut candidates = values(name, seen, |value| Some(word(value)));
    if name.eq_ignore_ascii_case("subject") {
        // That name means both.
        candidates.extend(values("nats.subject", seen, |value| Some(word(value))));
    }
    let from = start + colon + 1;
    best(candidates, value.trim_matches('"'), &(from..end))
}

/// Where the term at the cursor begins and ends. Blanks in quotes do not end it.
fn term(text: &str, cursor: usize) -> (usize, usize) {
    let mut start = 0;
    let mut at = 0;
    let mut quoted = false;
    while let Some(c) = text.get(at..).and_then(|rest| rest.chars().next()) {
        if at == start && !quoted {
            // The name in front may hold blanks in quotes of its own.
            let sign = usize::from(c == '-');
            if let Some((_, length)) = text.get(at + sign..).and_then(path_at_start)
                && at + sign + length <= cursor
                && length > 0
            {
                at += sign + length;
                continue;
            }
        }
        match c {
            '\\' if quoted => at += text.get(at + 1..).and_then(|rest| rest.chars().next()).map_or(0, char::len_utf8),
            '"' => quoted = !quoted,
            c if c.is_whitespace() && !quoted => {
                if at >= cursor {
                    return (start, at);
                }
                start = at + c.len_utf8();
            }
            _ => {}
        }
        at += c.len_utf8();
    }
    (start, text.len())
}

/// Where the colon behind the name is.
fn colon(term: &str) -> Option<usize> {
    let length = path_at_start(term).map_or(0, |(_, length)| length);
    let name = |c: char| c.is_alphanumeric() || matches!(c, '.' | '-' | '_' | '$' | '[' | ']');
    let rest = term.get(length..)?;
    let at = rest.find(|c| !name(c)).filter(|at| rest.get(*at..).is_some_and(|rest| rest.starts_with(':')))?;
    Some(length + at)
}
