//! Words for a shell: what a line that is copied says is what the shell understands, and nothing in it acts on a
//! terminal.

use std::fmt::Write as _;

use crate::model::shell::line;

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

/// A command line: what is asked, the names as they are, and options that the shell takes as they are.
pub fn command_line(verb: &str, names: &[&str], options: &str) -> String {
    line(verb, &names.iter().map(|name| shell_word(name)).collect::<Vec<_>>(), options)
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
}
