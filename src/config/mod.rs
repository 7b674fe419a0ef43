//! File, environment and flags become settings. May import model, keymap and query; names no tokio, client or
//! terminal.
//!
//! Connections come from the same places as those of the `nats` CLI, under the same names and in the same order:
//! flags, then `NATS_*` variables, then the chosen context, then `nats://127.0.0.1:4222`.

mod addresses;
mod auth;
pub mod clock;
mod connection;
pub mod contexts;
pub mod credential;
pub mod env;
pub mod error;
pub mod file;
pub mod findings;
pub mod ledger;
pub mod read;
mod rules;
pub mod secret;
pub mod settings;
pub mod state;
pub mod theme;

pub use auth::Auth;
pub use clock::Clock;
pub use connection::{Connection, Tls};
pub use contexts::{ContextFile, ContextSummary};
pub use credential::{Credential, NamedFile};
pub use env::{Env, Flags};
pub use error::ConfigError;
pub use file::{Config, TAIL_COLUMNS};
pub use ledger::Ledger;
pub use secret::Secret;
pub use settings::Settings;
