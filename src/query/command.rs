//! The command line: `:stream orders`, `:context prod`, with completion.

use std::cmp::Reverse;

use thiserror::Error;

use super::{Named, Needle, Unnamed, named, nearest};

/// What a command line asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Command {
    /// Go to the streams.
    Streams,
    /// Open one stream.
    Stream(String),
    /// Go to the consumers of all streams, or of one.
    Consumers(Option<String>),
    /// Open one consumer.
    Consumer(String, String),
    /// Read the events of these streams.
    Tail(Vec<String>),
    /// Replay a part of this stream.
    Replay(String),
    /// Go to the replays.
    Replays,
    /// Move this consumer of this stream.
    Reposition(String, String),
    /// Go to the activity.
    Activity,
    /// Go to the problems.
    Problems,
    /// Go to the contexts.
    Contexts,
    /// Switch to a context.
    Context(String),
    /// Sort the list by this column (its title in lower case).
    Sort(String),
    /// Filter the list.
    Filter(String),
    /// Show or hide system streams.
    System,
    /// Group the streams by kind or not.
    Group,
    /// Ask for everything now.
    Refresh,
    /// Hold the picture still, or go on.
    Freeze,
    /// Show what was known at this time, as it was typed.
    At(String),
    /// Show the keys.
    Help,
    /// Leave.
    Quit,
}

/// Why a command line means nothing.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum CommandError {
    /// Nothing was typed.
    #[error("type a command; Tab shows what there is")]
    Empty,
    /// There is no such command.
    #[error("no command is called {word:?}{}; Tab shows what there is", hint(.near.as_deref()))]
    Unknown {
        /// As typed.
        word: String,
        /// The nearest that there is.
        near: Option<String>,
    },
    /// An argument is missing.
    #[error(":{command} needs {what}")]
    Missing {
        /// The command.
        command: &'static str,
        /// What it needs.
        what: &'static str,
    },
    /// An argument names nothing that is known, or not only one thing.
    #[error("{}", why.words(what, word))]
    NoSuch {
        /// What kind of thing.
        what: &'static str,
        /// As typed.
        word: String,
        /// Why.
        why: Unnamed,
    },
}

fn hint(near: Option<&str>) -> String {
    near.map(|n| format!("; did you mean {n:?}?")).unwrap_or_default()
}

/// The names that arguments can have, for completion and for checking.
#[derive(Clone, Copy, Debug, Default)]
pub struct Words<'a> {
    /// Streams.
    pub streams: &'a [Named<'a>],
    /// Consumers of the stream that is named on the line.
    pub consumers: &'a [&'a str],
    /// Names of contexts.
    pub contexts: &'a [&'a str],
    /// Titles of the columns of the list that is open, in lower case.
    pub columns: &'a [&'a str],
}

/// Name, what its arguments are, one line of help.
pub const COMMANDS: &[(&str, &str, &str)] = &[
    ("streams", "", "all streams"),
    ("stream", "NAME", "open one stream"),
    ("consumers", "[STREAM]", "every consumer, or those of one stream"),
    ("consumer", "STREAM NAME", "open one consumer"),
    ("tail", "STREAM…", "read the events of one or several streams"),
    ("replay", "STREAM", "plan to send events of a stream again"),
    ("replays", "", "all replays and moves of consumers"),
    ("reposition", "STREAM NAME", "move one consumer: it asks where to"),
    ("activity", "", "what the server tells, and what this program asked"),
    ("problems", "", "what is wrong, since when, and what to do"),
    ("contexts", "", "saved connections"),
    ("context", "NAME", "switch to a saved connection"),
    ("sort", "COLUMN", "sort the list"),
    ("filter", "TEXT", "keep the rows that match"),
    ("system", "", "show or hide system streams"),
    ("group", "", "group the streams by kind, or not"),
    ("refresh", "", "ask the server for everything now"),
    ("freeze", "", "hold the picture still, or go on"),
    ("at", "TIME", "what was known then: -5m, 13:50, a date and time, or now"),
    ("help", "", "the keys that work here"),
    ("quit", "", "leave"),
];

/// Short forms that people bring from elsewhere.
const ALIASES: &[(&str, &str)] = &[
    ("s", "stream"),
    ("c", "consumers"),
    ("ctx", "context"),
    ("q", "quit"),
    ("q!", "quit"),
    ("h", "help"),
    ("?", "help"),
];

impl Command {
    /// Reads a command line (without the colon).
    pub fn parse(line: &str, words: Words<'_>) -> Result<Self, CommandError> {
        let mut parts = line.split_whitespace();
        let word = parts.next().ok_or(CommandError::Empty)?;
        let name = resolve(word)?;
        let rest: Vec<&str> = parts.collect();
        let first = rest.first().copied();
        Ok(match name {
            "streams" => Self::Streams,
            "stream" => Self::Stream(stream(first.ok_or(missing("stream", "the name of a stream"))?, words.streams)?),
            "consumers" => Self::Consumers(first.map(|s| stream(s, words.streams)).transpose()?),
            name @ ("consumer" | "reposition") => {
                let [of, consumer] = rest[..] else {
                    return Err(missing(name, "a stream and the name of its consumer"));
                };
                let stream = stream(of, words.streams)?;
                // The consumers of a stream that was not opened yet are not known: then the name is taken as it is.
                let consumer = if words.consumers.is_empty() {
                    consumer.to_owned()
                } else {
                    known("consumer", consumer, words.consumers)?
                };
                if name == "consumer" { Self::Consumer(stream, consumer) } else { Self::Reposition(stream, consumer) }
            }
            "tail" if rest.is_empty() => return Err(missing("tail", "the name of a stream, or several")),
            "tail" => Self::Tail(rest.iter().map(|s| stream(s, words.streams)).collect::<Result<_, _>>()?),
            "replay" => Self::Replay(stream(first.ok_or(missing("replay", "the name of a stream"))?, words.streams)?),
            "replays" => Self::Replays,
            "activity" => Self::Activity,
            "problems" => Self::Problems,
            "contexts" => Self::Contexts,
            "context" => Self::Context(known(
                "context",
                first.ok_or(missing("context", "the name of a context"))?,
                words.contexts,
            )?),
            "sort" => {
                Self::Sort(known("column", first.ok_or(missing("sort", "the title of a column"))?, words.columns)?)
            }
            "filter" => Self::Filter(rest.join(" ")),
            "system" => Self::System,
            "group" => Self::Group,
            "refresh" => Self::Refresh,
            "freeze" => Self::Freeze,
            "at" if rest.is_empty() => return Err(missing("at", "a time: -5m, 13:50, a date and time, or now")),
            "at" => Self::At(rest.join(" ")),
            "help" => Self::Help,
            _ => Self::Quit,
        })
    }
}

fn missing(command: &'static str, what: &'static str) -> CommandError {
    CommandError::Missing { command, what }
}

/// The command that a word means: its name, a short form, or the only one that starts so.
fn resolve(word: &str) -> Result<&'static str, CommandError> {
    if let Some((_, name)) = ALIASES.iter().find(|(alias, _)| *alias == word) {
        return Ok(name);
    }
    let exact = COMMANDS.iter().find(|(name, _, _)| *name == word);
    let mut starting = COMMANDS.iter().filter(|(name, _, _)| name.starts_with(word));
    match (exact, starting.next(), starting.next()) {
        (Some((name, _, _)), _, _) | (None, Some((name, _, _)), None) => Ok(name),
        _ => Err(CommandError::Unknown {
            word: word.into(),
            near: nearest(word, COMMANDS.iter().map(|(name, _, _)| *name)).map(str::to_owned),
        }),
    }
}

/// The stream that is meant.
fn stream(word: &str, streams: &[Named<'_>]) -> Result<String, CommandError> {
    let found = named(word, streams).map(str::to_owned);
    found.map_err(|why| CommandError::NoSuch { what: "stream", word: word.into(), why })
}

/// The name itself, or the only one that it is a clear short form of.
fn known(what: &'static str, word: &str, names: &[&str]) -> Result<String, CommandError> {
    if names.contains(&word) {
        return Ok(word.to_owned());
    }
    let mut containing = names.iter().filter(|n| n.to_lowercase().contains(&word.to_lowercase()));
    if let (Some(only), None) = (containing.next(), containing.next()) {
        return Ok((*only).to_owned());
    }
    let near = nearest(word, names.iter().copied()).map(str::to_owned);
    Err(CommandError::NoSuch { what, word: word.into(), why: Unnamed::Unknown(near) })
}

/// What the line can become: whole lines, best first, at most `most`.
pub fn complete<'a>(line: &str, words: Words<'a>, most: usize) -> Vec<String> {
    let parts: Vec<&str> = line.split(' ').collect();
    let (head, last) = parts.split_at(parts.len() - 1);
    let last = last.first().copied().unwrap_or("");
    let same = |names: &[&'a str]| -> Vec<Named<'a>> { names.iter().map(|name| (*name, *name)).collect() };
    let candidates: Vec<Named<'a>> = match head {
        [] => COMMANDS.iter().map(|(name, _, _)| (*name, *name)).collect(),
        [command] => match resolve(command) {
            Ok("stream" | "consumers" | "consumer" | "tail" | "replay" | "reposition") => words.streams.to_vec(),
            Ok("context") => same(words.contexts),
            Ok("sort") => same(words.columns),
            _ => vec![],
        },
        [command, _] if matches!(resolve(command), Ok("consumer" | "reposition")) => same(words.consumers),
        [command, ..] if resolve(command) == Ok("tail") => words.streams.to_vec(),
        _ => vec![],
    };
    let prefix = if head.is_empty() { String::new() } else { format!("{} ", head.join(" ")) };
    let mut needle = Needle::new(last);
    let mut fitting = candidates;
    let fit = |needle: &mut Needle, (name, label): &Named<'_>| needle.fit(&[label], Some(name));
    needle.keep(&mut fitting, fit);
    // Before anything is typed nothing fits better than the rest: it stays in its own order.
    if !last.is_empty() {
        fitting.sort_by_cached_key(|of| (Reverse(fit(&mut needle, of)), of.0.len()));
    }
    fitting.into_iter().take(most).map(|(name, _)| format!("{prefix}{name}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const WORDS: Words<'_> = Words {
        streams: &[("orders", "orders"), ("eventsource-github-stream", "github"), ("eventsource-shop-stream", "shop")],
        consumers: &["billing", "mailer"],
        contexts: &["local", "prod"],
        columns: &["name", "messages"],
    };

    fn parse(line: &str) -> Result<Command, CommandError> {
        Command::parse(line, WORDS)
    }

    #[test]
    fn lines_mean_commands() {
        assert_eq!(parse("streams"), Ok(Command::Streams));
        assert_eq!(parse("q"), Ok(Command::Quit));
        assert_eq!(parse("stream github"), Ok(Command::Stream("eventsource-github-stream".into())));
        assert_eq!(parse("consumers"), Ok(Command::Consumers(None)));
        assert_eq!(parse("consumer orders mailer"), Ok(Command::Consumer("orders".into(), "mailer".into())));
        assert_eq!(parse("repos orders mailer"), Ok(Command::Reposition("orders".into(), "mailer".into())));
        assert_eq!(parse("sort mess"), Ok(Command::Sort("messages".into())));
        assert_eq!(parse("filter a b"), Ok(Command::Filter("a b".into())));
        assert_eq!(parse("ref"), Ok(Command::Refresh));
        assert_eq!(parse("at  -5m"), Ok(Command::At("-5m".into())));
        let two = vec!["orders".to_owned(), "eventsource-shop-stream".to_owned()];
        assert_eq!(parse("tail orders shop"), Ok(Command::Tail(two)));
    }

    #[test]
    fn mistakes_name_the_thing_and_what_was_meant() {
        for (line, part) in [
            ("", "Tab"),
            ("stremas", "streams"),
            ("stream", "needs the name"),
            ("stream oders", "orders"),
            ("stream gitub", "did you mean github?"),
            ("consumers gitub", "no stream is called gitub"),
            ("context", "needs"),
            ("consumer orders", "needs a stream and"),
            ("reposition", ":reposition needs a stream and"),
            ("at", "needs a time"),
        ] {
            let error = parse(line).unwrap_err().to_string();
            assert!(error.contains(part), "{line}: {error}");
        }
        assert!(parse("stream eventsource").is_err(), "two fit");
    }

    #[test]
    fn completion_offers_what_fits_the_place() {
        assert_eq!(complete("str", WORDS, 2), vec!["stream", "streams"]);
        assert_eq!(complete("stream gith", WORDS, 5), vec!["stream eventsource-github-stream"]);
        assert_eq!(complete("consumer orders b", WORDS, 5), vec!["consumer orders billing"]);
        assert_eq!(complete("context ", WORDS, 5).len(), 2);
        assert_eq!(complete("tail orders sho", WORDS, 5), vec!["tail orders eventsource-shop-stream"]);
        assert!(complete("quit x", WORDS, 5).is_empty());
        assert_eq!(complete("", WORDS, 2), vec!["streams", "stream"], "in the order of the help");
    }
}
