//! Any block of headers: `cargo +nightly fuzz run headers`. What must hold is in `src/nats/exercise.rs`, which also runs the corpus in
//! the ordinary tests.

#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| jetscope::nats::exercise::headers(input));
