//! Subjects and their wildcards: `*` is one token, `>` at the end is one or more.

/// Whether a subject (without wildcards) is one that the pattern means.
pub fn matches(pattern: &str, subject: &str) -> bool {
    covers(pattern, subject)
}

/// Whether all that the inner pattern means is meant by the outer one too.
pub fn covers(outer: &str, inner: &str) -> bool {
    let (mut outer, mut inner) = (outer.split('.'), inner.split('.'));
    loop {
        match (outer.next(), inner.next()) {
            (Some(">"), Some(_)) | (None, None) => return true,
            (Some("*"), Some(token)) if token != ">" => {}
            (Some(a), Some(b)) if a == b => {}
            _ => return false,
        }
    }
}

/// Whether something is meant by both patterns.
pub fn overlap(a: &str, b: &str) -> bool {
    let (mut a, mut b) = (a.split('.'), b.split('.'));
    loop {
        match (a.next(), b.next()) {
            (Some(">"), Some(_)) | (Some(_), Some(">")) | (None, None) => return true,
            (Some("*"), Some(_)) | (Some(_), Some("*")) => {}
            (Some(x), Some(y)) if x == y => {}
            _ => return false,
        }
    }
}

/// Whether a message can be published to it: tokens that are not empty, no wildcards, no blanks.
pub fn is_literal(subject: &str) -> bool {
    !subject.contains(|c: char| c.is_whitespace() || c.is_control())
        && subject.split('.').all(|token| !token.is_empty() && token != "*" && token != ">")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wildcards() {
        for (pattern, yes, no) in [
            ("a.b", &["a.b"][..], &["a", "a.b.c", "a.c"][..]),
            ("a.*", &["a.b", "a.*"], &["a", "a.b.c", "a.>"]),
            ("a.>", &["a.b", "a.b.c", "a.*", "a.>"], &["a", "b.a", ">"]),
            (">", &["a", "a.b", ">"], &[]),
            ("*.b.*", &["a.b.c"], &["a.b", "a.c.c", "a.b.>"]),
        ] {
            for subject in yes {
                assert!(covers(pattern, subject), "{pattern} {subject}");
            }
            for subject in no {
                assert!(!covers(pattern, subject), "{pattern} {subject}");
            }
        }
        for (a, b, both) in
            [("a.*", "*.b", true), ("a.>", "a.b.c", true), ("a", "a.>", false), (">", "x", true), ("a.b", "a.c", false)]
        {
            assert_eq!((overlap(a, b), overlap(b, a)), (both, both), "{a} {b}");
        }
        assert!(is_literal("a.b-c") && !is_literal("a..b") && !is_literal("a.*") && !is_literal("a b"));
    }
}
