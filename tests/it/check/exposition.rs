//! A small strict reader of the text form of metrics (version 0.0.4), as Prometheus and the node exporter read it.

use std::collections::{BTreeMap, BTreeSet};

/// Labels by name.
pub(crate) type Labels = BTreeMap<String, String>;

/// A metric with all its series.
#[derive(Debug, Default)]
pub(crate) struct Family {
    /// Labels and value of each.
    pub(crate) series: Vec<(Labels, f64)>,
}

/// Reads a text, and fails at everything that a strict reader would refuse, or that would be lost silently.
pub(crate) fn read(text: &str) -> BTreeMap<String, Family> {
    assert!(text.ends_with('\n'), "the last line must end");
    let mut families: BTreeMap<String, Family> = BTreeMap::new();
    let mut lines = text.lines().peekable();
    while let Some(line) = lines.next() {
        let help = line.strip_prefix("# HELP ").unwrap_or_else(|| panic!("a family begins with its help: {line}"));
        let (name, words) = help.split_once(' ').expect("words of help");
        assert!(is_name(name) && !words.trim().is_empty(), "{line}");
        unescape(words, false);
        let kind = lines.next().expect("a type");
        assert_eq!(kind, format!("# TYPE {name} gauge"));
        let mut family = Family::default();
        let mut seen = BTreeSet::new();
        while let Some(sample) = lines.next_if(|line| !line.starts_with('#')) {
            let (labels, value) = self::sample(sample, name);
            assert!(seen.insert(labels.clone()), "twice: {sample}");
            family.series.push((labels, value));
        }
        assert!(!family.series.is_empty(), "{name} has no series");
        assert!(families.insert(name.to_owned(), family).is_none(), "{name} comes twice");
    }
    families
}

fn sample(line: &str, family: &str) -> (Labels, f64) {
    let rest = line.strip_prefix(family).unwrap_or_else(|| panic!("{line} is not of {family}"));
    let (labels, value) = match rest.strip_prefix('{') {
        Some(rest) => labels(rest),
        None => (Labels::new(), rest),
    };
    let value = value.strip_prefix(' ').unwrap_or_else(|| panic!("a blank before the value: {line}"));
    assert!(!value.contains(' '), "a time of its own: {line}");
    let number = match value {
        "NaN" => f64::NAN,
        "+Inf" => f64::INFINITY,
        "-Inf" => f64::NEG_INFINITY,
        value => value.parse().unwrap_or_else(|_| panic!("no number: {line}")),
    };
    (labels, number)
}

/// Labels up to the closing brace, and what follows.
fn labels(mut rest: &str) -> (Labels, &str) {
    let mut labels = Labels::new();
    loop {
        let (name, after) = rest.split_once("=\"").expect("a label");
        assert!(is_name(name) && !name.contains(':') && !name.starts_with("__"), "{name}");
        let end = end_of_text(after);
        assert!(labels.insert(name.to_owned(), unescape(&after[..end], true)).is_none(), "{name} twice");
        rest = &after[end + 1..];
        match rest.as_bytes().first() {
            Some(b',') => rest = &rest[1..],
            Some(b'}') => return (labels, &rest[1..]),
            _ => panic!("after a label: {rest}"),
        }
    }
}

/// Where the quote is that ends a text.
fn end_of_text(text: &str) -> usize {
    let mut escaped = false;
    for (i, c) in text.char_indices() {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '"' => return i,
            _ => {}
        }
    }
    panic!("no end: {text}");
}

fn unescape(text: &str, label: bool) -> String {
    let mut out = String::new();
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        match c {
            '\\' => match chars.next() {
                Some('\\') => out.push('\\'),
                Some('n') => out.push('\n'),
                Some('"') if label => out.push('"'),
                other => panic!("an escape that nobody knows: {other:?} in {text}"),
            },
            '"' if label => panic!("a quote that is not escaped: {text}"),
            c => {
                assert!(!c.is_control(), "{text:?}");
                out.push(c);
            }
        }
    }
    out
}

fn is_name(name: &str) -> bool {
    let mut chars = name.chars();
    chars.next().is_some_and(|c| c.is_ascii_alphabetic() || c == '_' || c == ':')
        && chars.all(|c| c.is_ascii_alphanumeric() || c == '_' || c == ':')
}

#[test]
fn this_reader_is_strict() {
    let fails = |text: &str| std::panic::catch_unwind(|| read(text)).is_err();
    let good = "# HELP a It.\n# TYPE a gauge\na{b=\"c\\\"\\\\\\n\",d=\"\"} 1.5\n";
    let read = read(good);
    assert_eq!(read["a"].series[0].0["b"], "c\"\\\n");
    for bad in [
        "a 1\n",
        "# HELP a It.\na 1\n",
        "# HELP a It.\n# TYPE a gauge\n",
        "# HELP a It.\n# TYPE a gauge\na 1",
        "# HELP a It.\n# TYPE a gauge\na one\n",
        "# HELP a It.\n# TYPE a gauge\nb 1\n",
        "# HELP a It.\n# TYPE a gauge\na{b=\"c\"d\"} 1\n",
        "# HELP a It.\n# TYPE a gauge\na{b=\"\\x\"} 1\n",
        "# HELP a It.\n# TYPE a gauge\na{1b=\"\"} 1\n",
        "# HELP a It.\n# TYPE a gauge\na{b=\"\"} 1\na{b=\"\"} 2\n",
    ] {
        assert!(fails(bad), "{bad}");
    }
}
