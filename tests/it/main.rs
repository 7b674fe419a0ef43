//! The integration tests, in one binary so that they link once. One module a subject.
#![expect(clippy::expect_used, reason = "a test that cannot go on fails there")]

mod agreement;
mod common;
mod console;
mod screens;
