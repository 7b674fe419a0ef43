//! What is wrong with something a person typed: where, in one sentence, and what was perhaps meant.

use std::borrow::Cow;
use std::fmt;
use std::ops;

/// The most characters of a sentence and of a suggestion: both may hold what was typed, however long that is.
const MOST: usize = 300;

/// A mistake in typed text. `Display` writes the sentence and the suggestion; the place is for whoever shows
/// the text itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mistake {
    /// The place in bytes of the text as it was typed; always on borders of characters, perhaps empty.
    pub at: ops::Range<usize>,
    /// One sentence, without a full stop, that says what is wrong and what would be right.
    pub sentence: String,
    /// What may be written there instead.
    pub instead: Option<String>,
    /// It is what a write is confirmed by, which names its target: never cut.
    pub whole: bool,
}

impl Mistake {
    /// A mistake at a place.
    pub fn new(at: ops::Range<usize>, sentence: impl Into<String>) -> Self {
        Self { at, sentence: sentence.into(), instead: None, whole: false }
    }

    /// What has to be typed before a write, with its target.
    pub fn question(at: ops::Range<usize>, sentence: impl Into<String>) -> Self {
        Self { whole: true, ..Self::new(at, sentence) }
    }

    /// The same with a suggestion, if there is one.
    #[must_use]
    pub fn instead(mut self, what: Option<impl Into<String>>) -> Self {
        self.instead = what.map(Into::into);
        self
    }

    /// The same for a text of which this one is a part that begins at `offset`.
    #[must_use]
    pub(super) fn shifted(mut self, offset: usize) -> Self {
        self.at = self.at.start + offset..self.at.end + offset;
        self
    }
}

impl fmt::Display for Mistake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&short(&self.sentence, if self.whole { usize::MAX } else { MOST }))?;
        match &self.instead {
            Some(instead) => write!(f, "; did you mean {}?", short(instead, MOST)),
            None => Ok(()),
        }
    }
}

impl std::error::Error for Mistake {}

/// The beginning of a text, with a sign where it goes on.
pub fn short(text: &str, most: usize) -> Cow<'_, str> {
    match text.char_indices().nth(most) {
        Some((end, _)) => Cow::Owned(format!("{}…", text.get(..end).unwrap_or_default())),
        None => Cow::Borrowed(text),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_target_of_a_write_is_never_cut() {
        let name = "n".repeat(255);
        let sentence = format!("type its name to confirm; {name} of {name} goes on at #7");
        assert_eq!(Mistake::question(0..0, &*sentence).to_string(), sentence);
        assert_eq!(Mistake::new(0..0, &*sentence).to_string().chars().count(), MOST + 1);
    }
}
