//! `docs/findings.md` holds what the code says: the table of rules and that of the keys of metadata.

use std::fmt::Write as _;
use std::fs;

use crate::model::Rule;
use crate::model::rule::{Subject, Unit};

use super::book;
use super::monitor;

/// The table of all rules, a section for what they are about.
fn rules() -> String {
    let mut out = String::new();
    for (subject, title) in
        [(Subject::Consumer, "Consumers"), (Subject::Stream, "Streams"), (Subject::Account, "The account")]
    {
        let _ = write!(
            out,
            "\n### {title}\n\n| rule | level | what it finds | threshold | must last |\n|---|---|---|---|---|\n"
        );
        for entry in Rule::ALL.iter().filter(|rule| rule.subject() == subject).map(|rule| book::entry(*rule)) {
            let levels: Vec<&str> = entry.levels.iter().map(|level| level.word()).collect();
            let unit = match entry.rule.unit() {
                Some(Unit::Count) => "a number",
                Some(Unit::Ratio) => "0 to 1",
                Some(Unit::Span) => "a duration",
                None => "",
            };
            let lasts = match entry.patience.as_secs() {
                0 => String::new(),
                n => format!("{n} s"),
            };
            let _ = writeln!(out, "| `{}` | {} | {} | {unit} | {lasts} |", entry.rule, levels.join(", "), entry.finds);
        }
    }
    out.push('\n');
    out
}

/// The table of the keys of metadata.
fn keys() -> String {
    let mut out = String::from("\n| metadata of | key | rule |\n|---|---|---|\n");
    for (what, key, rule) in monitor::keys() {
        let _ = writeln!(out, "| {what} | `{key}` | `{rule}` |");
    }
    out.push('\n');
    out
}

/// Puts a text between two marks.
fn between(whole: &str, from: &str, to: &str, text: &str) -> String {
    let start = whole.find(from).map(|at| at + whole[at..].find('\n').unwrap() + 1).expect("the first mark");
    let end = start + whole[start..].find(to).expect("the second mark");
    format!("{}{text}{}", &whole[..start], &whole[end..])
}

#[test]
fn findings_are_documented() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/findings.md");
    let kept = fs::read_to_string(path).unwrap();
    let made = between(&kept, "<!-- rules:", "<!-- end of rules", &rules());
    let made = between(&made, "<!-- keys:", "<!-- end of keys", &keys());
    if std::env::var_os("JETSCOPE_REGENERATE").is_some() {
        fs::write(path, &made).unwrap();
    } else {
        assert!(kept == made, "docs/findings.md is old: run the tests once with JETSCOPE_REGENERATE=1");
    }
}

#[test]
fn every_rule_has_its_entry_and_its_words() {
    for &rule in Rule::ALL {
        let entry = book::entry(rule);
        assert_eq!(entry.rule, rule, "{rule} has no entry");
        assert!(!entry.levels.is_empty() && entry.levels.is_sorted(), "{rule}");
        assert!(entry.finds.ends_with('.') && !entry.finds.contains('|'), "{rule}: {}", entry.finds);
        let (one, many) = ((entry.many)(1), (entry.many)(1_234));
        assert!(!one.is_empty() && !one.ends_with('.'), "{rule}: {one}");
        let short = entry.in_short();
        assert!(!short.is_empty() && !short.starts_with(|c: char| c.is_ascii_digit()), "{rule}: {short}");
        if rule.subject() != Subject::Account {
            assert!(
                one.starts_with("1 ") && many.starts_with("1,234 ") && !one.contains("  "),
                "{rule}: {one}; {many}"
            );
        }
    }
    let entries = super::account::RULES.len()
        + super::gone::RULES.len()
        + super::stream::RULES.len()
        + super::consumer::RULES.len();
    assert_eq!(entries, Rule::ALL.len(), "an entry that is in no list, or in two");
}
