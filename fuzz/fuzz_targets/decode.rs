//! Any headers and any body: `cargo +nightly fuzz run decode`. What must hold is in `src/event/exercise.rs`, which
//! also runs the corpus in the ordinary tests.

#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| {
    jetscope::event::exercise::exercise(&jetscope::event::exercise::from_input(input));
});
