//! The integration tests, in one binary so that they link once. One module a subject.

// The rules for tests then hold for helpers outside of test functions too.
#![cfg(test)]

mod activity_screen;
mod advisories;
mod agreement;
mod any_sequence;
mod check;
mod cli;
mod clocks;
mod cluster;
mod common;
mod connect;
mod console;
mod corpus;
mod demo;
mod event_loop;
mod expr;
mod faults;
mod gone_at_once;
mod large;
mod liars;
mod list_filter;
mod losses_screen;
mod pages;
mod past;
mod past_console;
mod permissions;
mod poison;
mod polling;
mod problem_screens;
mod quota;
mod recovery;
mod replay;
mod replay_screens;
mod reposition;
mod reposition_screens;
mod requests;
mod screens;
mod secrets;
mod slow;
mod stuck_console;
mod stuck_marks;
mod tail;
mod tail_command;
mod tail_console;
mod tail_screen;
mod verdicts;
