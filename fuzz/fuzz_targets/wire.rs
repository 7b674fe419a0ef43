//! Any answer of a server: `cargo +nightly fuzz run wire`. What must hold is in `src/nats/exercise.rs`, which also runs the corpus in
//! the ordinary tests.

#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| jetscope::nats::exercise::wire(input));
