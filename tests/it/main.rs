//! The integration tests, in one binary so that they link once. One module a subject.

mod common;
mod demo;
mod screens;
