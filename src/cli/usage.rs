//! What is said of arguments that cannot be understood: without their values, which may be a password in the wrong place.
//! Whoever typed them sees them above.

use std::error::Error as _;
use std::io::{self, Write as _};

use clap::Error;
use clap::error::{ContextKind, ContextValue, ErrorKind};

use crate::config::secret::{HIDDEN, scrubbed};
use crate::event::clean;

/// Ends the program as clap does: help and version on standard output, everything else on standard error.
pub(super) fn exit(error: Error) -> ! {
    if matches!(error.kind(), ErrorKind::DisplayHelp | ErrorKind::DisplayVersion) {
        error.exit();
    }
    let code = error.exit_code();
    // That it cannot be written is nothing to tell.
    let _ = io::stderr().write_all(words(error).as_bytes());
    std::process::exit(code);
}

/// The words for an error.
fn words(mut error: Error) -> String {
    let mut values = Vec::new();
    // What reads a value may know a word of ours that is nearly it, as clap does.
    let is_near = error.source().is_some_and(|why| why.to_string().contains("did you mean"));
    for (kind, near) in [
        (ContextKind::InvalidValue, ContextKind::SuggestedValue),
        (ContextKind::InvalidSubcommand, ContextKind::SuggestedSubcommand),
    ] {
        // What is nearly one of our own words is no secret.
        if let (Some(ContextValue::String(value)), None, false) = (error.get(kind), error.get(near), is_near) {
            values.push(value.clone());
            error.insert(kind, ContextValue::String(HIDDEN.into()));
        }
    }
    if error.kind() == ErrorKind::UnknownArgument
        && let Some(ContextValue::String(argument)) = error.get(ContextKind::InvalidArg)
        && let name = name(argument).unwrap_or(HIDDEN)
        && name != argument
    {
        values.push(argument.clone());
        let name = ContextValue::String(name.into());
        error.insert(ContextKind::InvalidArg, name);
        error.remove(ContextKind::Suggested);
    }
    let mut text = error.render().to_string();
    // The words of what reads a value may quote it, too. A shorter one would be found inside of other words.
    for value in values.iter().filter(|value| value.len() >= 4) {
        text = text.replace(value.as_str(), HIDDEN);
    }
    clean(&scrubbed(&text))
}

/// The name of an option.
fn name(argument: &str) -> Option<&str> {
    let name = argument.split('=').next().unwrap_or(argument);
    let is_name = |text: &str| text.bytes().all(|b| b.is_ascii_lowercase() || b == b'-');
    if let Some(long) = name.strip_prefix("--") {
        return is_name(long).then_some(name);
    }
    // A short one, without what is written to it.
    let end = argument.char_indices().nth(2).map_or(argument.len(), |(at, _)| at);
    argument.starts_with('-').then(|| &argument[..end])
}

#[cfg(test)]
mod tests {
    use clap::Parser as _;

    use super::super::args::Cli;
    use super::*;

    #[test]
    fn arguments_are_named_and_their_values_are_not_told() {
        for (arguments, part) in [
            (&["--timeout", "s3cret"][..], "--timeout"),
            (&["--log-level", "s3cret"], "possible values"),
            (&["s3cret"], "(hidden)"),
            (&["streams", "s3cret"], "unexpected argument"),
            (&["--pasword=s3cret"], "'--pasword'"),
            (&["-xs3cret"], "'-x'"),
            (&["replay", "S", "--pace", "s3cret"], "--pace"),
            (&["--password", "x", "--", "s3cret"], "(hidden)"),
        ] {
            let error = Cli::try_parse_from([&["jetscope"], arguments].concat()).err().unwrap();
            let words = words(error);
            assert!(words.contains(part) && !words.contains("s3cret"), "{arguments:?}: {words}");
        }
        // A slip of the pen is told as before.
        for (arguments, typed, meant) in [
            (&["stream"][..], "'stream'", "'streams'"),
            (&["check", "--only", "stream-no-limit"], "'stream-no-limit'", "\"stream-no-limits\""),
        ] {
            let error = Cli::try_parse_from([&["jetscope"], arguments].concat()).err().unwrap();
            let words = words(error);
            assert!(words.contains(typed) && words.contains(meant), "{words}");
        }
    }
}
