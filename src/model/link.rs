//! The state of the connection, as the header shows it.

use super::Timestamp;

/// Where the connection stands.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Link {
    /// Nothing was tried yet.
    #[default]
    Idle,
    /// Never connected so far; attempts go on.
    Connecting {
        /// How many attempts failed.
        attempt: u32,
        /// Since when it is tried.
        since: Timestamp,
        /// Why the last attempt failed; a whole sentence without secrets.
        reason: Option<String>,
    },
    /// Connected.
    Connected {
        /// Since when.
        since: Timestamp,
    },
    /// Was connected, is not now; attempts go on.
    Lost {
        /// How many attempts failed since.
        attempt: u32,
        /// Since when it is down.
        since: Timestamp,
        /// Why; a whole sentence without secrets.
        reason: Option<String>,
    },
    /// Connected, but the server answers nothing at all; what is known is as old as that.
    Silent {
        /// When something came last.
        since: Timestamp,
    },
    /// The server said that it shuts down; still connected.
    LameDuck {
        /// Since when.
        since: Timestamp,
    },
}

impl Link {
    /// Requests can be made now, and the server answers.
    pub const fn is_up(&self) -> bool {
        matches!(self, Self::Connected { .. } | Self::LameDuck { .. })
    }
}
