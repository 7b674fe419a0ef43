//! Anything that may be typed as a filter: `cargo +nightly fuzz run filter`. What must hold is in
//! `src/event/exercise_filter.rs`, which also runs the corpus in the ordinary tests.

#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| {
    jetscope::event::exercise_filter::exercise(&String::from_utf8_lossy(input));
});
