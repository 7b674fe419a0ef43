//! The server and the account that we are connected as.

use serde::Serialize;

/// Who answers: from the server's INFO line.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct ServerInfo {
    /// The server's name.
    pub name: String,
    /// Its version, such as `2.15.1`.
    pub version: String,
    /// Its cluster's name, if it is in one.
    pub cluster: Option<String>,
    /// The `JetStream` domain of this server, if it has one.
    pub domain: Option<String>,
    /// Whether the server says that it runs `JetStream`.
    pub jetstream: bool,
    /// The largest message it takes, in bytes, headers included.
    pub max_payload: u64,
}

impl ServerInfo {
    /// Whether the version is at least `major.minor`.
    pub fn at_least(&self, major: u64, minor: u64) -> bool {
        let mut parts = self.version.split('.').map(|p| p.parse::<u64>().unwrap_or(0));
        let have = (parts.next().unwrap_or(0), parts.next().unwrap_or(0));
        have >= (major, minor)
    }
}

/// Account usage and limits, from `$JS.API.INFO`. A limit of `None` is "no limit".
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Account {
    /// The domain that answered.
    pub domain: Option<String>,
    /// Bytes in memory storage.
    pub memory: u64,
    /// Bytes in file storage.
    pub storage: u64,
    /// Number of streams.
    pub streams: u64,
    /// Number of consumers.
    pub consumers: u64,
    /// Most bytes of memory storage.
    pub max_memory: Option<u64>,
    /// Most bytes of file storage.
    pub max_storage: Option<u64>,
    /// Most streams.
    pub max_streams: Option<u64>,
    /// Most consumers.
    pub max_consumers: Option<u64>,
    /// API requests served since the server's start.
    pub api_total: u64,
    /// API requests that were answered with an error.
    pub api_errors: u64,
    /// The account has limits per replica tier; usage is summed over the tiers.
    pub tiered: bool,
}
