//! What can be wrong with files, variables and flags; each names the thing and the next step.

use std::path::PathBuf;

use thiserror::Error;

/// Why there are no settings.
#[derive(Debug, Error)]
pub enum ConfigError {
    /// There is no context of this name.
    #[error("no context is called {name:?} in {}{}; `jetscope contexts` lists them", .dir.display(), hint(.near.as_deref()))]
    NoContext {
        /// As asked for.
        name: String,
        /// Where it was looked for.
        dir: PathBuf,
        /// The nearest that there is.
        near: Option<String>,
    },
    /// A context file cannot be read.
    #[error("context {name:?} ({}) cannot be read: {reason}", .path.display())]
    BadContext {
        /// Its name.
        name: String,
        /// The file.
        path: PathBuf,
        /// Why.
        reason: String,
    },
    /// A flag, variable or field of a context cannot be used. Its value may be a secret and is not told.
    #[error("{field} cannot be used: {reason}")]
    BadField {
        /// Such as `--creds`, `NATS_CREDS`, or `"creds" of context "prod"`.
        field: String,
        /// Why, and the next step.
        reason: String,
    },
    /// A server address makes no sense.
    #[error("the server address {shown:?} is wrong: {reason}")]
    BadAddress {
        /// What can be shown of it.
        shown: String,
        /// What it should be.
        reason: String,
    },
    /// The configuration file cannot be read or understood.
    #[error("{}: {reason}", .path.display())]
    BadFile {
        /// The file.
        path: PathBuf,
        /// Why, with line and key.
        reason: String,
    },
}

fn hint(near: Option<&str>) -> String {
    near.map(|n| format!("; did you mean {n:?}?")).unwrap_or_default()
}
