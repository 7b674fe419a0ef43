//! Patterns over whole texts: `LIKE` of expressions (`%`, `_`) and globs of words (`*`, `?`).
//!
//! A pattern is cut at its wildcards of any length; what is between is searched for from left to right, each
//! piece once, so that no pattern makes the time explode.

use std::borrow::Cow;

/// A pattern, ready to be matched.
#[derive(Clone, Debug)]
pub(super) struct Pattern {
    source: Box<str>,
    /// What stands between the wildcards of any length; never empty.
    segments: Vec<Vec<Piece>>,
    /// The pattern is in lower case, and so must be the text.
    folded: bool,
}

/// A part of a segment: so many characters, known or not.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Piece {
    Text(String),
    /// Any one character.
    One,
}

impl PartialEq for Pattern {
    fn eq(&self, other: &Self) -> bool {
        self.segments == other.segments && self.folded == other.folded
    }
}

impl Eq for Pattern {}

impl Pattern {
    /// The pattern of `LIKE`: `\%` and `\_` are the characters themselves, every other `\` is one too.
    pub(super) fn like(source: &str) -> Self {
        Self::read(source, '%', '_', |next| matches!(next, '%' | '_'))
    }

    /// A glob: `*` is anything, `?` any one character, `\` takes the next character as it is. Case matters
    /// only where the glob has a capital.
    pub(super) fn glob(source: &str) -> Self {
        let folded = !source.chars().any(char::is_uppercase);
        let lower = if folded { Cow::Owned(source.to_lowercase()) } else { Cow::Borrowed(source) };
        Self { folded, ..Self::read(&lower, '*', '?', |_| true) }
    }

    fn read(source: &str, any: char, one: char, escapable: impl Fn(char) -> bool) -> Self {
        let mut segments = vec![vec![]];
        let mut text = String::new();
        let mut chars = source.chars().peekable();
        while let Some(c) = chars.next() {
            let escaped = if c == '\\' { chars.next_if(|next| escapable(*next)) } else { None };
            if escaped.is_none() && (c == any || c == one) {
                if let Some(last) = segments.last_mut() {
                    if !text.is_empty() {
                        last.push(Piece::Text(std::mem::take(&mut text)));
                    }
                    if c == one {
                        last.push(Piece::One);
                    }
                }
                if c == any {
                    segments.push(vec![]);
                }
            } else {
                text.push(escaped.unwrap_or(c));
            }
        }
        if let Some(last) = segments.last_mut()
            && !text.is_empty()
        {
            last.push(Piece::Text(text));
        }
        Self { source: source.into(), segments, folded: false }
    }

    /// As it was typed.
    pub(super) fn source(&self) -> &str {
        &self.source
    }

    /// Whether the whole text fits.
    pub(super) fn matches(&self, text: &str) -> bool {
        if self.folded { self.fits(&lower(text)) } else { self.fits(text) }
    }

    fn fits(&self, text: &str) -> bool {
        let Some((first, rest)) = self.segments.split_first() else { return text.is_empty() };
        let Some(mut text) = after(first, text) else { return false };
        let Some((last, middle)) = rest.split_last() else { return text.is_empty() };
        for segment in middle {
            match find(segment, text) {
                Some(left) => text = left,
                None => return false,
            }
        }
        ends(last, text)
    }
}

/// The text in lower case; borrowed where it is.
pub(super) fn lower(text: &str) -> Cow<'_, str> {
    if text.bytes().all(|b| b.is_ascii() && !b.is_ascii_uppercase()) {
        return Cow::Borrowed(text);
    }
    Cow::Owned(if text.is_ascii() { text.to_ascii_lowercase() } else { text.to_lowercase() })
}

/// What comes after the segment, if the text begins with it.
fn after<'t>(segment: &[Piece], text: &'t str) -> Option<&'t str> {
    segment.iter().try_fold(text, |text, piece| match piece {
        Piece::Text(part) => text.strip_prefix(part.as_str()),
        Piece::One => {
            let mut chars = text.chars();
            chars.next().map(|_| chars.as_str())
        }
    })
}

/// What comes after the first place where the segment is.
fn find<'t>(segment: &[Piece], text: &'t str) -> Option<&'t str> {
    match segment {
        [] => Some(text),
        [Piece::Text(part)] => text.find(part.as_str()).map(|at| &text[at + part.len()..]),
        [Piece::Text(part), rest @ ..] => {
            text.match_indices(part.as_str()).find_map(|(at, _)| after(rest, &text[at + part.len()..])).or_else(|| {
                // Matches that overlap are not among the above; they are rare enough to be looked for last.
                text.char_indices().find_map(|(at, _)| after(segment, &text[at..]))
            })
        }
        _ => text.char_indices().find_map(|(at, _)| after(segment, &text[at..])),
    }
}

/// Whether the text ends with the segment.
fn ends(segment: &[Piece], text: &str) -> bool {
    let length: usize =
        segment.iter().map(|piece| if let Piece::Text(t) = piece { t.chars().count() } else { 1 }).sum();
    match segment {
        [] => true,
        [Piece::Text(part)] => text.ends_with(part.as_str()),
        _ => {
            let start = text.char_indices().rev().nth(length - 1);
            start.is_some_and(|(at, _)| after(segment, &text[at..]).is_some())
        }
    }
}

#[cfg(test)]
mod tests {
    use std::fmt::Write as _;

    use proptest::prelude::*;

    use super::*;

    fn like(text: &str, pattern: &str) -> bool {
        Pattern::like(pattern).matches(text)
    }

    #[test]
    fn like_knows_its_wildcards_and_their_escapes() {
        for (text, pattern, fits) in [
            ("", "", true),
            ("", "%", true),
            ("", "_", false),
            ("order", "order", true),
            ("order", "ord", false),
            ("order", "o%r", true),
            ("order", "%d%", true),
            ("order", "%%r%%", true),
            ("order", "_r__r", true),
            ("order", "o_%_r", true),
            ("or", "o%r%r", false),
            ("aXbXc", "a%X_", true),
            ("aab", "a_b", true),
            ("aaab", "%a_b", true),
            ("xaab", "%aa_%", true),
            ("aaax", "%aa_", true),
            ("größe", "gr__e", true),
            ("10%", "10\\%", true),
            ("100", "10\\%", false),
            ("a_b", "a\\_b", true),
            ("axb", "a\\_b", false),
            ("a\\b", "a\\b", true),
            ("a\\\\", "a\\\\", true),
            ("a\\%", "a\\\\%", true),
            ("Order", "order", false),
        ] {
            assert_eq!(like(text, pattern), fits, "{text} LIKE {pattern}");
        }
    }

    #[test]
    fn globs_mind_case_only_where_it_was_typed() {
        for (text, pattern, fits) in [
            ("com.acme.Order", "com.acme.*", true),
            ("com.acme.Order", "com.acme.order", true),
            ("com.acme.order", "com.acme.Order", false),
            ("order/47", "order/4?", true),
            ("a*b", "a\\*b", true),
            ("axb", "a\\*b", false),
            ("GRÖSSE", "grö*", true),
        ] {
            assert_eq!(Pattern::glob(pattern).matches(text), fits, "{text} {pattern}");
        }
    }

    #[test]
    fn no_pattern_takes_long() {
        let text = "a".repeat(20_000);
        assert!(!like(&text, &format!("{}b", "a%".repeat(500))));
        assert!(!like(&text, &format!("%{}b%", "a_".repeat(50))));
    }

    /// The meaning, without thought of time.
    fn slow(text: &[char], pattern: &[char]) -> bool {
        match pattern {
            [] => text.is_empty(),
            ['%', rest @ ..] => (0..=text.len()).any(|at| slow(&text[at..], rest)),
            ['_', rest @ ..] => !text.is_empty() && slow(&text[1..], rest),
            ['\\', c @ ('%' | '_'), rest @ ..] | [c, rest @ ..] => text.first() == Some(c) && slow(&text[1..], rest),
        }
    }

    proptest! {
        #[test]
        fn like_means_what_it_says(text in "[ab%_\\\\]{0,8}", pattern in "[ab%_\\\\]{0,8}") {
            let chars = |s: &str| s.chars().collect::<Vec<_>>();
            let mut note = String::new();
            write!(note, "{text} LIKE {pattern}").unwrap();
            prop_assert_eq!(like(&text, &pattern), slow(&chars(&text), &chars(&pattern)), "{}", note);
        }
    }
}
