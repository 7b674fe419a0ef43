//! A command line from its parts, where names may look like options.

/// `verb`, the names and the options, ready for a shell. The names are as the shell takes them, quoted where they have
/// to be. A name that begins with `-` would be taken for an option, quoted or not: then the options come first and `--`
/// ends them.
pub fn line(verb: &str, names: &[String], options: &str) -> String {
    let looks_like_an_option = |name: &String| name.trim_start_matches(['$', '\'']).starts_with('-');
    let ends = if names.iter().any(looks_like_an_option) { "--" } else { "" };
    let names = names.join(" ");
    let parts = if ends.is_empty() { [verb, &names, options, ""] } else { [verb, options, ends, &names] };
    parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_look_like_options_stand_behind_them() {
        let of = |names: &[&str], options: &str| {
            line("nats consumer rm", &names.iter().map(|&name| name.to_owned()).collect::<Vec<_>>(), options)
        };
        assert_eq!(of(&["orders", "a-b"], "--force"), "nats consumer rm orders a-b --force");
        assert_eq!(of(&["orders", "'-s'"], "--force"), "nats consumer rm --force -- orders '-s'");
        assert_eq!(of(&["'--force'"], ""), "nats consumer rm -- '--force'");
        assert_eq!(of(&[r"$'-\U0000001b'"], ""), r"nats consumer rm -- $'-\U0000001b'");
        assert_eq!(of(&[], ""), "nats consumer rm");
    }
}
