//! The integration tests, in one binary so that they link once. One module a subject.

#![expect(clippy::expect_used, clippy::panic, reason = "a test that cannot go on says why and fails")]

mod cluster;
mod common;
mod faults;
mod permissions;
mod polling;
mod screens;
