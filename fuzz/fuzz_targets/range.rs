//! Anything that may be typed as a range: `cargo +nightly fuzz run range`. What must hold is in
//! `src/query/exercise.rs`, which also runs the corpus in the ordinary tests.

#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| {
    jetscope::query::exercise::exercise(&String::from_utf8_lossy(input));
});
