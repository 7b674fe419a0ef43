//! Patterns over names: `*` is anything, also nothing; `?` is any one character. Case matters.

/// Whether the whole name fits the pattern.
///
/// A `*` is tried again from the next character only for the last one seen, so that no pattern makes the time explode.
pub fn fits(pattern: &str, name: &str) -> bool {
    let (pattern, name): (Vec<char>, Vec<char>) = (pattern.chars().collect(), name.chars().collect());
    let (mut p, mut n) = (0, 0);
    let mut again: Option<(usize, usize)> = None;
    while n < name.len() {
        match pattern.get(p) {
            Some('*') => {
                again = Some((p, n));
                p += 1;
            }
            Some(c) if *c == '?' || *c == name[n] => {
                p += 1;
                n += 1;
            }
            _ => {
                let Some((star, from)) = again else { return false };
                again = Some((star, from + 1));
                p = star + 1;
                n = from + 1;
            }
        }
    }
    pattern[p..].iter().all(|c| *c == '*')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stars_and_question_marks() {
        for (pattern, yes, no) in [
            ("orders", &["orders"][..], &["order", "orders-eu", "Orders"][..]),
            ("*", &["", "a", "a-b"], &[]),
            (
                "eventsource-*-stream",
                &["eventsource-github-stream", "eventsource--stream"],
                &["eventsource-stream", "x"],
            ),
            ("*-eu*", &["a-eu", "a-eu-1", "-eu"], &["a-us"]),
            ("a?c", &["abc", "aéc"], &["ac", "abbc"]),
            ("**a*", &["a", "ba", "abc"], &["", "b"]),
            ("", &[""], &["a"]),
        ] {
            for name in yes {
                assert!(fits(pattern, name), "{pattern} {name}");
            }
            for name in no {
                assert!(!fits(pattern, name), "{pattern} {name}");
            }
        }
    }

    #[test]
    fn many_stars_do_not_take_for_ever() {
        assert!(!fits(&"*a".repeat(200), &"a".repeat(150)));
    }
}
