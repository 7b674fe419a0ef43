//! Words and command lines for a shell: a line that is copied says what the shell understands, and nothing in it acts
//! on a terminal.

use std::fmt::Write as _;

use super::sanitise::is_harmless;

/// A word in quotes. What acts on a terminal is written as escapes, which need bash or zsh.
pub fn shell(word: &str) -> String {
    if word.chars().all(is_harmless) {
        return format!("'{}'", word.replace('\'', r"'\''"));
    }
    let mut out = String::from("$'");
    for c in word.chars() {
        // Writing to a String cannot fail.
        let _ = match c {
            '\'' | '\\' => write!(out, "\\{c}"),
            c if is_harmless(c) => write!(out, "{c}"),
            c => write!(out, "\\U{:08x}", u32::from(c)),
        };
    }
    out.push('\'');
    out
}

/// A word as it is where no shell sees anything in it, else in quotes.
pub fn shell_word(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.' | ',' | ':' | '/' | '@' | '+' | '=');
    // A word that begins with `-` is quoted so that it stands out; only a `--` before it keeps it from being an option.
    if !word.is_empty() && word.chars().all(plain) && !word.starts_with(['-', '=']) {
        return word.to_owned();
    }
    shell(word)
}

/// A command line: `verb`, the names as they are, and options as the shell takes them. A name that begins with `-` would
/// be taken for an option, quoted or not: then the options come first and `--` ends them.
pub fn command_line(verb: &str, names: &[&str], options: &str) -> String {
    let ends = if names.iter().any(|name| name.starts_with('-')) { "--" } else { "" };
    let names = names.iter().map(|name| shell_word(name)).collect::<Vec<_>>().join(" ");
    let parts = if ends.is_empty() { [verb, &names, options, ""] } else { [verb, options, ends, &names] };
    parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_quoted_where_a_shell_would_see_something_in_them() {
        for (word, quoted) in [
            ("orders", "orders"),
            ("jetscope-tail-x", "jetscope-tail-x"),
            ("a.b.c", "a.b.c"),
            ("", "''"),
            ("a.>", "'a.>'"),
            ("$JS.API.INFO", "'$JS.API.INFO'"),
            ("it's $(x)", r"'it'\''s $(x)'"),
            ("~root", "'~root'"),
            ("a\nb", r"$'a\U0000000ab'"),
            ("日本", "'日本'"),
            ("--force", "'--force'"),
        ] {
            assert_eq!(shell_word(word), quoted);
        }
    }

    #[test]
    fn names_that_look_like_options_stand_behind_them() {
        for (names, options, wanted) in [
            (&["orders", "a-b"][..], "--force", "nats consumer rm orders a-b --force"),
            (&["orders", "-s"], "--force", "nats consumer rm --force -- orders '-s'"),
            (&["--force"], "", "nats consumer rm -- '--force'"),
            (&["-\u{1b}"], "", r"nats consumer rm -- $'-\U0000001b'"),
            (&[], "", "nats consumer rm"),
        ] {
            assert_eq!(command_line("nats consumer rm", names, options), wanted);
        }
    }
}
