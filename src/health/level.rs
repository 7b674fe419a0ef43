//! Levels: how well something is.

/// How well something is. The order is "worst last".
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Level {
    /// Nothing is wrong.
    #[default]
    Ok,
    /// Worth knowing; nobody needs to act.
    Notice,
    /// Not known: no answer, no permission, too few samples to say.
    Unknown,
    /// Somebody should look.
    Warning,
    /// Data is at risk, or nothing moves any more.
    Critical,
}

impl Level {
    /// The glyph of a row: state is never told by colour alone.
    pub const fn glyph(self) -> &'static str {
        match self {
            Self::Ok => "●",
            Self::Notice => "○",
            Self::Unknown => "?",
            Self::Warning => "▲",
            Self::Critical => "✖",
        }
    }

    /// The word.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Notice => "notice",
            Self::Unknown => "unknown",
            Self::Warning => "warning",
            Self::Critical => "critical",
        }
    }
}

/// A level and why.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Health {
    /// How well.
    pub level: Level,
    /// Short words for a table cell, such as `no consumers`.
    pub words: String,
    /// A sentence with the numbers.
    pub sentence: String,
}

impl Health {
    /// A level with its words and its sentence.
    pub fn new(level: Level, words: impl Into<String>, sentence: impl Into<String>) -> Self {
        Self { level, words: words.into(), sentence: sentence.into() }
    }
}
