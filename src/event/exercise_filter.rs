//! What must hold for everything that may be typed as a filter: used by a test and by the fuzzer.

use super::exercise::message;
use super::fields::View;
use super::{Envelope, clean_line, is_harmless_text, passes};
use crate::model::Message;
use crate::query::{Filter, Mistake};

/// The most that an answer may be longer than what it was made of. No function repeats its arguments, but an
/// expression may name the same data many times.
const VALUE: usize = 1 << 20;

/// A message of each mode, and one that is no event.
fn messages() -> [Message; 4] {
    let structured = br#"{"specversion":"1.0","id":"7","source":"/shop","type":"com.shop.order.created","number":5,
        "flag":true,"data":{"total":120.5,"items":[{"sku":"a\u001b[31m"},null],"big":12345678901234567890}}"#;
    [
        message(&[("X-Trace", "t\u{202e}")], structured),
        message(
            &[("ce-specversion", "1.0"), ("ce-id", "1"), ("ce-type", "a.b"), ("content-type", "application/json")],
            b"{\"total\":7}",
        ),
        message(&[], br#"[{"specversion":"1.0","id":"1","type":"a"},{"specversion":"1.0","id":"2","type":"b"}]"#),
        message(&[], b"plain \x1b[31m text"),
    ]
}

/// Reads the text through both doors, and does with the filter what is done with filters.
///
/// # Panics
///
/// When something does not hold.
pub fn exercise(text: &str) {
    match Filter::words(text) {
        Err(mistake) => pointed(text, &mistake),
        Ok(filter) => used(&filter),
    }
    match Filter::expression(text) {
        Err(mistake) => pointed(text, &mistake),
        Ok(filter) => {
            // Written with its parentheses it is read again, and as the same; they make it longer and deeper.
            let written = filter.to_string();
            if let Ok(again) = Filter::expression(&written) {
                assert_eq!(again.to_string(), written, "{text}");
                for message in &messages() {
                    assert_eq!(passes(&again, message), passes(&filter, message), "{text} as {written}");
                }
            }
            used(&filter);
        }
    }
}

fn pointed(text: &str, mistake: &Mistake) {
    assert!(text.get(mistake.at.clone()).is_some(), "{text:?}: {mistake:?} is not within it");
    harmless(&mistake.to_string());
}

fn used(filter: &Filter) {
    filter.needs();
    filter.caution();
    for message in &messages() {
        let envelope = Envelope::new(message);
        let decoded = envelope.decode();
        let mut any = false;
        for view in View::all(&envelope, &decoded) {
            let (value, error) = filter.evaluate(&view);
            assert!(value.to_string().len() <= VALUE);
            if let Some(error) = &error {
                harmless(&error.to_string());
            }
            any |= filter.matches(&view);
        }
        // A message that is decoded no further than it must be gives the same.
        assert_eq!(passes(filter, message), any, "{filter}");
    }
}

/// Sentences quote what was typed as it was typed; whoever shows them cleans them, and a line is a line then.
fn harmless(text: &str) {
    assert!(is_harmless_text(&clean_line(text)), "not harmless: {text:?}");
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_corpus() {
        let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus/filter");
        let mut count = 0;
        for entry in std::fs::read_dir(&folder).expect("the corpus is in fuzz/corpus/filter of the repository") {
            exercise(&String::from_utf8_lossy(&std::fs::read(entry.unwrap().path()).unwrap()));
            count += 1;
        }
        assert!(count >= 20, "{count}");
    }

    #[test]
    fn hostile_sizes_stay_cheap() {
        let started = Instant::now();
        let long = 16 * 1024 - 10;
        for text in [
            "(".repeat(long),
            "NOT ".repeat(long / 4),
            format!("{}1", "-".repeat(long)),
            format!("{}TRUE{}", "(".repeat(60), ")".repeat(60)),
            format!("1{}", "+1".repeat(long / 2)),
            format!("TRUE{}", " OR TRUE".repeat(long / 8)),
            format!("1 IN ({}1)", "1,".repeat(long / 2 - 10)),
            format!("CONCAT({}'')", "data,".repeat(long / 6)),
            format!("data LIKE '{}x'", "%a".repeat(long / 2 - 10)),
            format!("data{}", "[0]".repeat(long / 3)),
            format!("data{}", ".a".repeat(long / 2)),
            "a".repeat(long),
            "\"".repeat(long),
            format!("type:{}", "*a".repeat(long / 2 - 10)),
            "-a ".repeat(long / 3),
            "\u{1b}".repeat(long),
            "é".repeat(long),
        ] {
            exercise(&text);
        }
        // Some hundredths of a second of an optimised build.
        assert!(started.elapsed() < Duration::from_secs(60), "{:?}", started.elapsed());
    }

    /// Pieces of both languages.
    fn piece() -> impl Strategy<Value = String> {
        let words = [
            "type",
            "id",
            "data",
            "data.total",
            "data.items[0].sku",
            "header.X-Trace",
            "nats.subject",
            "nats.seq",
            "nats.time",
            "AND",
            "OR",
            "XOR",
            "NOT",
            "LIKE",
            "IN",
            "EXISTS",
            "TRUE",
            "false",
            "=",
            "!=",
            "<>",
            "<",
            "<=",
            ">",
            ">=",
            "+",
            "-",
            "*",
            "/",
            "%",
            "(",
            ")",
            ",",
            "'com.%'",
            "\"x\"",
            "'",
            "\"",
            "\\",
            "0",
            "7",
            "2147483647",
            "-2147483648",
            "99999999999",
            "ABS",
            "CONCAT(",
            "SUBSTRING(",
            "LEFT(",
            "INT(",
            "LENGTH(",
            "IS_BOOL(",
            "type:com.*",
            "-test",
            "subject:",
            ":",
            "[",
            "]",
            ".",
            "\u{1b}[31m",
            "\u{202e}",
            "é",
            "\u{0}",
        ];
        prop_oneof![
            8 => prop::sample::select(words.to_vec()).prop_map(str::to_owned),
            1 => any::<String>(),
        ]
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(1_500))]

        #[test]
        fn anything_in_pieces(pieces in prop::collection::vec(piece(), 0..24), close in any::<bool>()) {
            exercise(&pieces.join(if close { "" } else { " " }));
        }

        #[test]
        fn any_text(text in any::<String>()) {
            exercise(&text);
        }
    }
}
