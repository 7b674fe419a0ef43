//! What may be asked. Every read goes through one of these, and none of them changes anything on the server:
//! a read path cannot name a subject that writes.

use std::fmt;

use crate::event::clean_line;
use crate::model::{Problem, ProblemKind};

/// A question to the `JetStream` API.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Question<'a> {
    /// Account usage and limits.
    Account,
    /// A page of streams.
    StreamList,
    /// A page of stream names.
    StreamNames,
    /// One stream.
    Stream(&'a str),
    /// A page of the consumers of a stream.
    ConsumerList(&'a str),
    /// A page of the names of the consumers of a stream.
    ConsumerNames(&'a str),
    /// One consumer.
    Consumer(&'a str, &'a str),
    /// One stored message of a stream.
    Message(&'a str),
}

impl Question<'_> {
    /// The subject under this prefix (`$JS.API`), or why there can be none.
    pub fn subject(self, prefix: &str) -> Result<String, Problem> {
        Ok(match self {
            Self::Account => format!("{prefix}.INFO"),
            Self::StreamList => format!("{prefix}.STREAM.LIST"),
            Self::StreamNames => format!("{prefix}.STREAM.NAMES"),
            Self::Stream(stream) => format!("{prefix}.STREAM.INFO.{}", token("stream", stream)?),
            Self::ConsumerList(stream) => format!("{prefix}.CONSUMER.LIST.{}", token("stream", stream)?),
            Self::ConsumerNames(stream) => format!("{prefix}.CONSUMER.NAMES.{}", token("stream", stream)?),
            Self::Consumer(stream, consumer) => {
                format!("{prefix}.CONSUMER.INFO.{}.{}", token("stream", stream)?, token("consumer", consumer)?)
            }
            Self::Message(stream) => format!("{prefix}.STREAM.MSG.GET.{}", token("stream", stream)?),
        })
    }
}

/// What is asked for, in words. Put together only where a question fails: most do not.
impl fmt::Display for Question<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Account => f.write_str("the account's usage"),
            Self::StreamList => f.write_str("the list of streams"),
            Self::StreamNames => f.write_str("the names of the streams"),
            Self::Stream(stream) => write!(f, "stream {}", clean_line(stream)),
            Self::ConsumerList(stream) => write!(f, "the consumers of stream {}", clean_line(stream)),
            Self::ConsumerNames(stream) => write!(f, "the names of the consumers of stream {}", clean_line(stream)),
            Self::Consumer(stream, consumer) => {
                write!(f, "consumer {} of stream {}", clean_line(consumer), clean_line(stream))
            }
            Self::Message(stream) => write!(f, "a message of stream {}", clean_line(stream)),
        }
    }
}

/// A name that is one token of a subject. The server refuses others as names, so one that is none does not exist.
/// It takes other control characters and blanks of other scripts, so a stream can be called so and is asked for.
pub(crate) fn token<'n>(what: &str, name: &'n str) -> Result<&'n str, Problem> {
    let bad = |c: char| c.is_ascii_whitespace() || matches!(c, '.' | '*' | '>' | '/' | '\\');
    if name.is_empty() || name.contains(bad) {
        let sentence =
            format!("no {what} can be called {:?}: names have no blanks and none of . * > / \\", clean_line(name));
        return Err(Problem::new(ProblemKind::NotFound, sentence));
    }
    Ok(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn subjects_follow_the_prefix() {
        assert_eq!(Question::Account.subject("$JS.hub.API").unwrap(), "$JS.hub.API.INFO");
        assert_eq!(Question::Consumer("S", "c").subject("$JS.API").unwrap(), "$JS.API.CONSUMER.INFO.S.c");
    }

    #[test]
    fn odd_names_that_the_server_takes_are_asked_for() {
        for name in ["a\u{1b}[31m", "\u{202e}b", "c\u{a0}d", "日本"] {
            assert!(Question::Stream(name).subject("$JS.API").is_ok(), "{name:?}");
        }
    }

    #[test]
    fn names_cannot_smuggle_a_subject() {
        for name in ["", "a.b", "a b", "*", ">", "S.c\r\nPUB x", "a/b"] {
            assert!(Question::Stream(name).subject("$JS.API").is_err(), "{name:?}");
        }
    }
}
