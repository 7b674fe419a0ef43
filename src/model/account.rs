//! The server and the account that we are connected as.

use std::collections::BTreeMap;

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

/// What an account (or one of its tiers) uses and may use. A limit of `None` is "no limit".
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Quota {
    /// Bytes in memory storage.
    pub memory: u64,
    /// Bytes in file storage.
    pub storage: u64,
    /// Bytes in memory that streams with a size reserve, used or not.
    pub reserved_memory: u64,
    /// Bytes in files that streams with a size reserve, used or not.
    pub reserved_storage: u64,
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
    /// Most consumers of each stream: the server counts them a stream, not in the whole account.
    pub max_consumers: Option<u64>,
}

/// Account usage and limits, from `$JS.API.INFO`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Account {
    /// The domain that answered.
    pub domain: Option<String>,
    /// All of it. Where there are tiers, the limits stand there, and here are none.
    pub whole: Quota,
    /// Limits for each number of replicas, by the server's name (`R1`, `R3`). Nothing is shared between them.
    pub tiers: BTreeMap<String, Quota>,
    /// API requests served since the server's start.
    pub api_total: u64,
    /// API requests that were answered with an error.
    pub api_errors: u64,
}

impl Account {
    /// What has limits of its own, with its name: the tiers, or the whole account, which has none.
    pub fn quotas(&self) -> impl Iterator<Item = (Option<&str>, &Quota)> {
        let whole = self.tiers.is_empty().then_some((None, &self.whole));
        whole.into_iter().chain(self.tiers.iter().map(|(name, quota)| (Some(name.as_str()), quota)))
    }

    /// What holds for a stream of so many replicas; `None` where its tier is not known.
    pub fn quota_of(&self, replicas: u64) -> Option<&Quota> {
        if self.tiers.is_empty() { Some(&self.whole) } else { self.tiers.get(&format!("R{}", replicas.max(1))) }
    }
}
