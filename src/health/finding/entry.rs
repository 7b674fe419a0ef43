//! One rule: what it finds, how it is checked, and its words.

use std::fmt::{self, Write as _};
use std::time::Duration;

use crate::health::Level;
use crate::model::gone::Lost;
use crate::model::units::count_exact;
use crate::model::{Consumer, Rule, Stream, Timestamp};

use super::look::{AccountLook, ConsumerLook, StreamLook};

/// Something was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Hit {
    /// How bad it is.
    pub level: Level,
    /// How much of it there is, for "worse" and "better"; 0 where there is no such number.
    pub amount: u64,
    /// Since when it holds, where that is known.
    pub since: Option<Timestamp>,
    /// It may have held before that: it was so when somebody looked first.
    pub or_longer: bool,
}

impl Hit {
    /// Of something that has no number.
    pub(super) const fn plain(level: Level) -> Self {
        Self::of(level, 0)
    }

    /// Of this much.
    pub(super) const fn of(level: Level, amount: u64) -> Self {
        Self { level, amount, since: None, or_longer: false }
    }

    /// The same, known to hold since then.
    #[must_use]
    pub(super) const fn since(self, since: Option<Timestamp>) -> Self {
        Self { since, ..self }
    }

    /// The same, which may have held for longer than is known.
    #[must_use]
    pub(super) const fn or_longer(self, or_longer: bool) -> Self {
        Self { or_longer, ..self }
    }
}

/// What to do about it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Advice {
    /// A sentence.
    pub text: String,
    /// A command line that does it or shows more; names are quoted for a shell.
    pub command: Option<String>,
}

/// What was found, in words. All of it may hold names and texts of a server: sanitise before drawing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Story {
    /// A few words, for a table cell.
    pub words: String,
    /// A sentence with the numbers.
    pub sentence: String,
    /// The numbers that say so.
    pub evidence: Vec<(&'static str, String)>,
    /// What to do.
    pub advice: Vec<Advice>,
}

impl Story {
    /// In these words.
    pub(super) fn new(words: impl Into<String>, sentence: impl Into<String>) -> Self {
        Self { words: words.into(), sentence: sentence.into(), evidence: Vec::new(), advice: Vec::new() }
    }

    /// The same with another number.
    #[must_use]
    pub(super) fn with(mut self, name: &'static str, value: impl fmt::Display) -> Self {
        self.evidence.push((name, value.to_string()));
        self
    }

    /// The same with another number, where it is known.
    #[must_use]
    pub(super) fn with_some(self, name: &'static str, value: Option<impl fmt::Display>) -> Self {
        match value {
            Some(value) => self.with(name, value),
            None => self,
        }
    }

    /// The same with something that can be done.
    #[must_use]
    pub(super) fn advise(mut self, text: impl Into<String>) -> Self {
        self.advice.push(Advice { text: text.into(), command: None });
        self
    }

    /// The same with a command that does something.
    #[must_use]
    pub(super) fn run(mut self, text: impl Into<String>, command: impl Into<String>) -> Self {
        self.advice.push(Advice { text: text.into(), command: Some(command.into()) });
        self
    }

    /// Everything, as it is copied.
    pub fn whole(&self) -> String {
        let mut text = self.sentence.clone();
        for (name, value) in &self.evidence {
            let _ = write!(text, "\n  {name}: {value}");
        }
        for advice in &self.advice {
            let _ = write!(text, "\n- {}", advice.text);
            if let Some(command) = &advice.command {
                let _ = write!(text, "\n    {command}");
            }
        }
        text
    }
}

/// What a rule looks at, and its words for what it finds there.
pub(super) enum Check {
    /// The account.
    Account(fn(&AccountLook<'_>) -> Option<Hit>, fn(&AccountLook<'_>, Hit) -> Story),
    /// A stream.
    Stream(fn(&StreamLook<'_>) -> Option<Hit>, fn(&StreamLook<'_>, Hit) -> Story),
    /// A stream that is gone.
    StreamGone(fn(&Lost<Stream>) -> Hit, fn(&Lost<Stream>) -> Story),
    /// A consumer that is gone.
    ConsumerGone(fn(&Lost<Consumer>) -> Hit, fn(&Lost<Consumer>) -> Story),
    /// A consumer.
    Consumer(fn(&ConsumerLook<'_>) -> Option<Hit>, fn(&ConsumerLook<'_>, Hit) -> Story),
}

/// One rule.
pub struct Entry {
    /// Its name.
    pub rule: Rule,
    /// How bad it can be, the least first.
    pub levels: &'static [Level],
    /// What it finds, in a sentence: for the list of all rules.
    pub finds: &'static str,
    /// How long it must hold before it is told: what passes by itself (a leader change) is none.
    pub patience: Duration,
    /// A summary of so many.
    pub many: fn(usize) -> String,
    pub(super) check: Check,
}

impl Entry {
    /// What is wrong, in a few words and without a number: `is read by nobody`.
    pub fn in_short(&self) -> String {
        let words = (self.many)(1);
        // `1 work queue has no consumers`: what it is about stands beside it where this is shown.
        for what in ["consumer", "stream", "work queue"] {
            if let Some(rest) = words.strip_prefix("1 ").and_then(|rest| rest.strip_prefix(what)) {
                return rest.trim_start().to_owned();
            }
        }
        words
    }
}

impl fmt::Debug for Entry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Entry").field("rule", &self.rule).finish_non_exhaustive()
    }
}

/// What holds at once.
pub(super) const AT_ONCE: Duration = Duration::ZERO;
/// What an election or a restart of a client brings about and takes away again.
pub(super) const A_MOMENT: Duration = Duration::from_secs(10);
/// What a server that is restarted brings about.
pub(super) const A_WHILE: Duration = Duration::from_secs(20);

/// `1 message`, `2 messages`.
pub(super) fn plural(n: u64, what: &str) -> String {
    if n == 1 { format!("1 {what}") } else { format!("{} {what}s", count_exact(n)) }
}

/// `1 stream has`, `2 streams have`: the second word for one, the third for many.
pub(super) fn some(n: usize, what: &str, one: &str, more: &str) -> String {
    format!("{} {}", plural(n as u64, what), if n == 1 { one } else { more })
}

/// A server says that it cannot serve a stream or consumer.
pub(super) fn offline(reason: &str) -> Story {
    Story::new("offline", format!("It is offline: {}", ended(reason)))
        .with("server says", reason)
        .advise("Mostly it uses something that this server's version does not know: update the server.")
}

/// A server's words as the end of a sentence.
pub(super) fn ended(words: &str) -> String {
    format!("{}.", words.trim_end_matches(|c: char| c == '.' || c.is_whitespace()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_have_their_words() {
        assert_eq!(some(1, "stream", "has no limit", "have no limit"), "1 stream has no limit");
        assert_eq!(some(1_200, "stream", "has no limit", "have no limit"), "1,200 streams have no limit");
    }

    #[test]
    fn a_story_is_copied_whole() {
        let story = Story::new("w", "It is so.").with("messages", 5).advise("Do it.").run("Or this:", "nats x");
        assert_eq!(story.whole(), "It is so.\n  messages: 5\n- Do it.\n- Or this:\n    nats x");
    }
}
