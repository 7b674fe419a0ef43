//! Who does something that others have to know of.

use serde::{Deserialize, Serialize};

/// A process, where it runs and for whom.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Owner {
    /// Its process id.
    pub pid: u32,
    /// Its host.
    pub host: String,
    /// Who started it.
    pub user: String,
}
