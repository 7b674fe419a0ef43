//! What jetscope may do to a server, set per context.

use serde::{Deserialize, Serialize};

/// The access level of a context. Ordered: a lower level permits less, and `--read-only`
/// can only lower it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Access {
    /// No write is possible.
    ReadOnly,
    /// A write asks for the context's name to be typed.
    Protected,
    /// A write asks once.
    #[default]
    Confirm,
}

impl Access {
    /// The word on screen and in the configuration file.
    pub const fn word(self) -> &'static str {
        match self {
            Self::ReadOnly => "read-only",
            Self::Protected => "protected",
            Self::Confirm => "confirm",
        }
    }
}
