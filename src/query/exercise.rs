//! What must hold for everything that may be typed as a range, a place or a command: used by a test and by the fuzzer.

use jiff::tz::TimeZone;

use super::{Command, Mistake, Range, Words, complete, moment, target};
use crate::model::Timestamp;

/// The most that is offered for a command.
const OFFERED: usize = 9;

/// Reads the text as all of them.
///
/// # Panics
///
/// When something does not hold.
pub fn exercise(text: &str) {
    // A summer's night before the clocks go back.
    let now = Timestamp::parse("2026-10-24T22:30:00Z").unwrap_or(Timestamp(0));
    let zone = TimeZone::posix("CET-1CEST,M3.5.0,M10.5.0/3").unwrap_or(TimeZone::UTC);
    match Range::parse(text, now, &zone) {
        // Written with its times it is read again, and as the same.
        Ok(range) => assert_eq!(Range::parse(&range.to_string(), Timestamp(0), &TimeZone::UTC), Ok(range), "{text:?}"),
        Err(mistake) => pointed(text, &mistake),
    }
    if let Err(mistake) = target(text, now, &zone) {
        pointed(text, &mistake);
    }
    if let Err(mistake) = moment(text, now, &zone) {
        pointed(text, &mistake);
    }
    if let Err(error) = Command::parse(text, Words::default()) {
        assert!(!error.to_string().is_empty());
    }
    assert!(complete(text, Words::default(), OFFERED).len() <= OFFERED);
}

fn pointed(text: &str, mistake: &Mistake) {
    assert!(text.get(mistake.at.clone()).is_some(), "{text:?}: {mistake:?} is not within it");
    assert!(mistake.to_string().len() < 4_000, "{mistake}");
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_corpus() {
        let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus/range");
        let mut count = 0;
        for entry in std::fs::read_dir(&folder).expect("the corpus is in fuzz/corpus/range of the repository") {
            exercise(&String::from_utf8_lossy(&std::fs::read(entry.unwrap().path()).unwrap()));
            count += 1;
        }
        assert!(count >= 20, "{count}");
    }

    /// Pieces of ranges, times and commands.
    fn piece() -> impl Strategy<Value = String> {
        let words = [
            "all",
            "new",
            "last:",
            "..",
            "start",
            "end",
            "now",
            "120",
            "0",
            "18446744073709551615",
            "-2h",
            "-1d3h",
            "13:50",
            "2026-11-20",
            "T13:50",
            ":07.5",
            "Z",
            "+02:00",
            " ",
            "-",
            ":",
            ".",
            "stream ",
            "sort ",
            "at ",
            "é",
            "\u{202e}",
        ];
        prop_oneof![
            9 => prop::sample::select(words.to_vec()).prop_map(str::to_owned),
            1 => any::<String>(),
        ]
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(1_500))]

        #[test]
        fn anything_in_pieces(pieces in prop::collection::vec(piece(), 0..10)) {
            exercise(&pieces.concat());
        }

        #[test]
        fn any_text(text in any::<String>()) {
            exercise(&text);
        }
    }
}
