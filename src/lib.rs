//! jetscope: a terminal console for NATS `JetStream` streams of `CloudEvents`.
//!
//! The house has rooms, and data flows through them one way:
//! `nats -> model -> app -> ui`. The import rule below is held by
//! `tests/architecture.rs`; change the rule, `CONTRIBUTING.md` and the test together.
//!
//! | room | what lives there | may import |
//! |---|---|---|
//! | [`model`] | plain data: streams, consumers, account, samples, units, time, sanitising | std, serde, jiff, bytes |
//! | [`event`] | from a stored message to what may be shown: decoding, findings, data as lines | model, query |
//! | [`query`] | what a person types: the filter of lists, `:` commands, ranges, filters of messages | model |
//! | [`health`] | pure rules over samples | model |
//! | [`keymap`] | `Action` and keys, both ways | model |
//! | [`config`] | file, environment and flags become settings; NATS contexts; themes | model, keymap, query |
//! | [`nats`] | the client: connect, list, poll, advisories, tail, reposition, the access gate | model, event, query, config |
//! | [`replay`] | the replay engine: plan, pace, marks, journal, sinks | model, event, query, nats, config |
//! | [`app`] | state and reducers: `App::update(Msg) -> Vec<Effect>` | model, event, query, health, keymap, config |
//! | [`ui`] | draws an `App` | all of the above but nats |
//! | [`demo`] | a real server with traffic, for `jetscope demo` and the tests | model, event, config, nats |
//! | [`runtime`] | the loop, the terminal, tasks | all but cli |
//! | [`cli`] | arguments and headless commands | all |

pub mod app;
pub mod cli;
pub mod config;
pub mod demo;
pub mod event;
pub mod health;
pub mod keymap;
pub mod model;
pub mod nats;
pub mod query;
pub mod replay;
pub mod runtime;
pub mod ui;
