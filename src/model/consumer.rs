//! A consumer: where it stands in its stream, and how it is configured.

use std::time::Duration;

use serde::{Serialize, Serializer};

use super::{Cluster, Timestamp};

/// How a consumer acknowledges.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum AckPolicy {
    /// Delivery is acknowledgement.
    None,
    /// One ack covers all earlier messages.
    All,
    /// Each message is acknowledged.
    #[default]
    Explicit,
    /// Flow control acknowledges: consumers that servers from 2.14 on make for mirrors and sources.
    FlowControl,
    /// A policy of a newer server, in its word; sanitised.
    Other(Box<str>),
}

impl AckPolicy {
    /// The policy of the server's word.
    pub fn from_word(word: &str) -> Self {
        match word {
            "none" => Self::None,
            "all" => Self::All,
            "explicit" => Self::Explicit,
            "flow_control" => Self::FlowControl,
            other => Self::Other(other.into()),
        }
    }

    /// The server's word.
    pub fn word(&self) -> &str {
        match self {
            Self::None => "none",
            Self::All => "all",
            Self::Explicit => "explicit",
            Self::FlowControl => "flow_control",
            Self::Other(word) => word,
        }
    }
}

impl Serialize for AckPolicy {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.word())
    }
}

/// Where a new consumer starts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum DeliverPolicy {
    /// At the first message.
    #[default]
    All,
    /// At the last message.
    Last,
    /// After the last message.
    New,
    /// At a sequence.
    ByStartSequence,
    /// At a time.
    ByStartTime,
    /// At the last message of each subject.
    LastPerSubject,
}

impl DeliverPolicy {
    /// The server's word.
    pub const fn word(self) -> &'static str {
        match self {
            Self::All => "all",
            Self::Last => "last",
            Self::New => "new",
            Self::ByStartSequence => "by_start_sequence",
            Self::ByStartTime => "by_start_time",
            Self::LastPerSubject => "last_per_subject",
        }
    }
}

/// Who asks: the client pulls, or the server pushes to a subject.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Delivery {
    /// The client asks for messages.
    #[default]
    Pull,
    /// The server sends to a subject.
    Push {
        /// The deliver subject.
        subject: String,
        /// The queue group, if any.
        group: Option<String>,
    },
}

impl Delivery {
    /// `pull` or `push`.
    pub const fn word(&self) -> &'static str {
        match self {
            Self::Pull => "pull",
            Self::Push { .. } => "push",
        }
    }
}

/// What the owner configured.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ConsumerConfig {
    /// It survives its client (has a durable name, or no inactivity threshold).
    pub durable: bool,
    /// Pull or push.
    pub delivery: Delivery,
    /// How it acknowledges.
    pub ack_policy: AckPolicy,
    /// Where it started.
    pub deliver_policy: DeliverPolicy,
    /// The subjects that it receives; empty is all.
    pub filter_subjects: Vec<String>,
    /// How long the server waits for an ack.
    pub ack_wait: Option<Duration>,
    /// How long it waits before each further delivery of a message, instead of the ack wait; empty is none.
    pub backoff: Vec<Duration>,
    /// It delivers messages as far apart as they were stored (replay policy `original`).
    pub replays: bool,
    /// How many bits a second it sends at most (push only).
    pub rate_limit: Option<u64>,
    /// The sequence that it started at, where one was asked for.
    pub start_seq: Option<u64>,
    /// How many messages may be unacked; `None` is no limit.
    pub max_ack_pending: Option<u64>,
    /// How often a message is delivered at most; `None` is no limit.
    pub max_deliver: Option<u64>,
    /// How many pull requests may wait.
    pub max_waiting: Option<u64>,
    /// How long it lives without a client; `None` is for ever.
    pub inactive_threshold: Option<Duration>,
    /// Until when it is paused.
    pub pause_until: Option<Timestamp>,
    /// The owner's description.
    pub description: Option<String>,
    /// Only headers are sent.
    pub headers_only: bool,
    /// How many servers keep it; 0 is "as the stream".
    pub replicas: u64,
    /// Priority groups.
    pub priority_groups: Vec<String>,
    /// Each priority group has one client at a time, to which everything is delivered (`pinned_client`).
    pub pins_clients: bool,
    /// A client of a priority group may ask for messages only when so many wait (`overflow`).
    pub overflows: bool,
    /// The owner's metadata, in the server's order.
    pub metadata: Vec<(String, String)>,
}

/// How the names of the consumers begin that this program makes to read streams.
pub const OWN_PREFIX: &str = "jetscope-tail-";
/// The metadata that they carry.
pub const OWN_METADATA: &str = "io.jetscope";

/// A position: which delivery of the consumer, which sequence of the stream.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Position {
    /// Counts deliveries, redeliveries included.
    pub consumer_seq: u64,
    /// The sequence in the stream.
    pub stream_seq: u64,
    /// When it last moved; absent after a restart or a leader change (kept in memory only).
    pub last_active: Option<Timestamp>,
}

/// A consumer as the server described it at one time.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Consumer {
    /// Its stream; raw, sanitise before drawing.
    pub stream: String,
    /// Its name; raw, sanitise before drawing.
    pub name: String,
    /// When it was created.
    pub created: Option<Timestamp>,
    /// Its configuration.
    pub config: ConsumerConfig,
    /// How far it was delivered.
    pub delivered: Position,
    /// Up to where everything is acked.
    pub ack_floor: Position,
    /// Matching messages that were not delivered yet (the server's `num_pending`).
    pub pending: u64,
    /// Delivered, not acked (`num_ack_pending`).
    pub ack_pending: u64,
    /// Messages delivered more than once and not acked (`num_redelivered`; a gauge).
    pub redelivered: u64,
    /// Open pull requests (`num_waiting`).
    pub waiting: u64,
    /// A push consumer has a subscriber.
    pub push_bound: bool,
    /// It is paused.
    pub paused: bool,
    /// How long it stays paused.
    pub pause_remaining: Option<Duration>,
    /// Priority groups that have their client now.
    pub pinned_groups: u64,
    /// Its group; `None` on a server without a cluster.
    pub cluster: Option<Cluster>,
    /// When this was read, by our clock.
    pub taken: Timestamp,
}

impl Consumer {
    /// Pending + ack pending; pending alone where the ack policy is none.
    pub fn outstanding(&self) -> u64 {
        match self.config.ack_policy {
            AckPolicy::None => self.pending,
            _ => self.pending.saturating_add(self.ack_pending),
        }
    }

    /// Somebody is there to receive: an open pull request, or a bound push subscription.
    pub fn has_reader(&self) -> bool {
        self.waiting > 0 || self.push_bound
    }

    /// Somebody looks at the stream with this program, here or elsewhere: no consumer that anybody asks about.
    pub fn is_ours(&self) -> bool {
        !self.config.durable && self.config.metadata.iter().any(|(key, _)| key == OWN_METADATA)
    }

    /// The leader's name, where there is a group with one.
    pub fn leader(&self) -> Option<&str> {
        self.cluster.as_ref().and_then(|c| c.leader.as_deref())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn outstanding_follows_the_ack_policy() {
        let mut c = Consumer { pending: 90, ack_pending: 10, ..Default::default() };
        assert_eq!(c.outstanding(), 100);
        c.config.ack_policy = AckPolicy::None;
        assert_eq!(c.outstanding(), 90);
    }
}
