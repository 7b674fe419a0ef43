//! A description as lines, made once for the console and the headless commands. What comes from the wire is raw:
//! whoever shows it makes it harmless.

use super::Timestamp;

/// One line of a description.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Said {
    /// A fact and its name; further facts of the same name have none.
    Fact(&'static str, String),
    /// Something that happened, and when.
    At(Timestamp, String),
    /// The heading of a part.
    Title(&'static str),
    /// An entry of a part: a count and what it counts.
    Count(u64, String),
    /// A bar of the histogram: when it begins, as text, how many, and the share of the highest bar, from 0 to 1000.
    Bar(String, u64, u32),
    /// Something worth knowing.
    Warning(String),
    /// Why it cannot be done.
    Obstacle(String),
    /// More of the line before, where that was broken.
    More(String),
}
