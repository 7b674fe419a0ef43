//! A stream: its configuration, its state, and what follows from both.

use std::time::Duration;

use serde::Serialize;

use super::Timestamp;

/// When messages leave the stream.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Retention {
    /// When a limit (age, count, bytes) is reached.
    #[default]
    Limits,
    /// When every consumer has acknowledged them.
    Interest,
    /// When one consumer has acknowledged them.
    WorkQueue,
}

impl Retention {
    /// The server's word.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Limits => "limits",
            Self::Interest => "interest",
            Self::WorkQueue => "workqueue",
        }
    }
}

/// What happens to a new message when a limit is reached.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Discard {
    /// The oldest message is dropped.
    #[default]
    Old,
    /// The new message is refused.
    New,
}

impl Discard {
    /// The server's word.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Old => "old",
            Self::New => "new",
        }
    }
}

/// Where messages are kept.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Storage {
    /// On disk.
    #[default]
    File,
    /// In memory: gone when the server restarts (all replicas at once).
    Memory,
}

impl Storage {
    /// The server's word.
    pub const fn word(self) -> &'static str {
        match self {
            Self::File => "file",
            Self::Memory => "memory",
        }
    }
}

/// The limits of a stream; `None` is "no limit" (the server's 0 or -1).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Limits {
    /// How old a message may become.
    pub max_age: Option<Duration>,
    /// How many messages it may hold.
    pub max_msgs: Option<u64>,
    /// How many bytes it may hold.
    pub max_bytes: Option<u64>,
    /// How many messages it may hold of one subject.
    pub max_msgs_per_subject: Option<u64>,
    /// How large one message may be, in bytes.
    pub max_msg_size: Option<u64>,
    /// How many consumers it may have.
    pub max_consumers: Option<u64>,
}

/// What the owner configured.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct StreamConfig {
    /// The subjects that it captures; empty for a mirror.
    pub subjects: Vec<String>,
    /// When messages leave.
    pub retention: Retention,
    /// What a full stream does.
    pub discard: Discard,
    /// Where messages are kept.
    pub storage: Storage,
    /// Its limits.
    pub limits: Limits,
    /// How many servers keep it, 1 to 5.
    pub replicas: u64,
    /// How long a `Nats-Msg-Id` is remembered.
    pub duplicate_window: Option<Duration>,
    /// The stream that it mirrors.
    pub mirror: Option<String>,
    /// The streams that it sources from.
    pub sources: Vec<String>,
    /// The owner's description.
    pub description: Option<String>,
    /// Nothing can be written or deleted any more.
    pub sealed: bool,
    /// Messages can be read by direct get.
    pub allow_direct: bool,
    /// Single messages cannot be deleted.
    pub deny_delete: bool,
    /// It cannot be purged.
    pub deny_purge: bool,
    /// `Nats-Rollup` headers delete older messages.
    pub allow_rollup: bool,
    /// Publishers are not told that a message was stored.
    pub no_ack: bool,
    /// A stream that refuses what is new refuses it also when one subject is full.
    pub discard_new_per_subject: bool,
    /// It keeps counters, and takes nothing but increments (server 2.12, ADR-49).
    pub counts: bool,
    /// Several messages can be stored together or not at all (server 2.12, ADR-50).
    pub allow_atomic: bool,
    /// Takes fast ingest.
    pub allow_batched: bool,
    /// Messages of these subjects are stored under others.
    pub transform: Option<(String, String)>,
    /// Messages of these subjects are published again under others.
    pub republish: Option<(String, String)>,
    /// `s2` or none.
    pub compression: Option<String>,
    /// The owner's metadata, in the server's order.
    pub metadata: Vec<(String, String)>,
}

impl StreamConfig {
    /// With so much in it, a limit of age, count or size is reached (or so nearly that each new message may reach it):
    /// the oldest message is dropped for a newer one. A limit of messages of one subject is none of these.
    pub fn drops_the_oldest(&self, messages: u64, bytes: u64, reach: Option<Duration>) -> bool {
        let limits = &self.limits;
        let reached = |used: u64, max: Option<u64>| max.is_some_and(|max| used as f64 >= max as f64 * AT_ITS_LIMIT);
        let aged = limits.max_age.zip(reach).is_some_and(|(max, reach)| reach >= max.mul_f64(AT_ITS_LIMIT));
        let full = reached(messages, limits.max_msgs) || reached(bytes, limits.max_bytes);
        aged || (full && self.discard == Discard::Old)
    }
}

/// What it holds now.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct StreamState {
    /// Number of messages.
    pub messages: u64,
    /// Bytes, with the store's overhead.
    pub bytes: u64,
    /// Sequence of the first message (last + 1 when it was emptied).
    pub first_seq: u64,
    /// Sequence of the last message ever stored.
    pub last_seq: u64,
    /// When the first message was stored; `None` on an empty stream.
    pub first_time: Option<Timestamp>,
    /// When the last message was stored.
    pub last_time: Option<Timestamp>,
    /// Number of consumers.
    pub consumers: u64,
    /// Number of different subjects.
    pub subjects: u64,
    /// Messages deleted between first and last (the server's `num_deleted`).
    pub deleted: u64,
}

impl StreamState {
    /// Last - first + 1, the distance the log reaches back in sequences; 0 when it is empty.
    pub fn spread(&self) -> u64 {
        if self.messages == 0 { 0 } else { self.last_seq.saturating_sub(self.first_seq).saturating_add(1) }
    }

    /// How far back in time it reaches at `now`; `None` when it is empty.
    pub fn reach(&self, now: Timestamp) -> Option<Duration> {
        if self.messages == 0 { None } else { self.first_time.map(|first| now.since(first)) }
    }
}

/// One server of a stream's or consumer's group, beside the leader.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Peer {
    /// The server's name.
    pub name: String,
    /// It is up to date.
    pub current: bool,
    /// It is offline.
    pub offline: bool,
    /// How many operations it is behind; `None` when the server did not say.
    pub lag: Option<u64>,
    /// How long ago it was heard of.
    pub active: Option<Duration>,
}

/// The group of servers that keeps a stream or consumer.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Cluster {
    /// The cluster's name.
    pub name: Option<String>,
    /// The leader's name; `None` while there is none.
    pub leader: Option<String>,
    /// The other servers.
    pub replicas: Vec<Peer>,
}

impl Cluster {
    /// Whether it waits for a leader; a stream or consumer without a group has no need of one.
    pub fn is_leaderless(of: Option<&Self>) -> bool {
        of.is_some_and(|cluster| cluster.leader.is_none())
    }

    /// The names of all its servers, the leader first. Raw, sanitise before drawing.
    pub fn servers(&self) -> String {
        let all = self.leader.iter().map(String::as_str).chain(self.replicas.iter().map(|peer| peer.name.as_str()));
        all.collect::<Vec<_>>().join(", ")
    }
}

/// How a mirror or a source is doing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Upstream {
    /// The stream that it reads.
    pub name: String,
    /// How many messages it is behind (0 also before it starts).
    pub lag: u64,
    /// How long ago it heard of the upstream; `None` when never.
    pub active: Option<Duration>,
    /// The upstream's error, if there is one.
    pub error: Option<String>,
}

/// A stream as the server described it at one time.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Stream {
    /// Its name; raw, sanitise before drawing.
    pub name: String,
    /// When it was created.
    pub created: Option<Timestamp>,
    /// Its configuration.
    pub config: StreamConfig,
    /// Its state.
    pub state: StreamState,
    /// Its group; `None` on a server without a cluster.
    pub cluster: Option<Cluster>,
    /// How its mirror is doing, if it is one.
    pub mirror: Option<Upstream>,
    /// How its sources are doing.
    pub sources: Vec<Upstream>,
    /// When this was read, by our clock.
    pub taken: Timestamp,
    /// When it was asked for, by our clock: the numbers are not older than this.
    pub asked: Timestamp,
}

/// So full a stream drops something with nearly every message.
pub const AT_ITS_LIMIT: f64 = 0.95;

/// Which limit a stream is nearest to, and how near.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Fullness {
    /// `max_bytes` or `max_msgs`.
    pub limit: &'static str,
    /// Used over limit, 0 to 1; above 1 only while the server trims.
    pub ratio: f64,
}

impl Stream {
    /// The tightest of the limits that *fill* (count and bytes). Age is no capacity: a stream with an age
    /// limit always reaches it, see [`StreamState::reach`].
    pub fn fullness(&self) -> Option<Fullness> {
        let limits = &self.config.limits;
        let bytes = limits
            .max_bytes
            .map(|max| Fullness { limit: "max_bytes", ratio: self.state.bytes as f64 / max.max(1) as f64 });
        let messages = limits
            .max_msgs
            .map(|max| Fullness { limit: "max_msgs", ratio: self.state.messages as f64 / max.max(1) as f64 });
        match (bytes, messages) {
            (Some(b), Some(m)) => Some(if m.ratio > b.ratio { m } else { b }),
            (b, m) => b.or(m),
        }
    }

    /// The leader's name, where there is a group with one.
    pub fn leader(&self) -> Option<&str> {
        self.cluster.as_ref().and_then(|c| c.leader.as_deref())
    }

    /// Names that belong to other features: `KV_…`, `OBJ_…`, `$…`.
    pub fn is_system(&self) -> bool {
        is_system_name(&self.name)
    }
}

/// Whether a stream of this name belongs to another feature (key-value, object store, MQTT …).
pub fn is_system_name(name: &str) -> bool {
    name.starts_with("KV_") || name.starts_with("OBJ_") || name.starts_with('$')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(messages: u64, bytes: u64, max_msgs: Option<u64>, max_bytes: Option<u64>) -> Stream {
        let mut s = Stream::default();
        s.state.messages = messages;
        s.state.bytes = bytes;
        s.config.limits.max_msgs = max_msgs;
        s.config.limits.max_bytes = max_bytes;
        s
    }

    #[test]
    fn fullness_takes_the_tightest_limit() {
        assert_eq!(with(5, 5, None, None).fullness(), None);
        assert_eq!(with(5, 5, Some(10), None).fullness().unwrap().limit, "max_msgs");
        let both = with(5, 9, Some(10), Some(10)).fullness().unwrap();
        assert_eq!((both.limit, both.ratio), ("max_bytes", 0.9));
    }

    #[test]
    fn an_emptied_stream_has_no_spread_and_no_reach() {
        let state = StreamState { first_seq: 101, last_seq: 100, first_time: Some(Timestamp(0)), ..Default::default() };
        assert_eq!(state.spread(), 0);
        assert_eq!(state.reach(Timestamp(5)), None);
        let one = StreamState { messages: 1, first_seq: 7, last_seq: 7, ..Default::default() };
        assert_eq!(one.spread(), 1);
    }

    #[test]
    fn system_names() {
        for name in ["KV_a", "OBJ_b", "$MQTT_msgs"] {
            assert!(is_system_name(name), "{name}");
        }
        assert!(!is_system_name("KVx"));
    }
}
