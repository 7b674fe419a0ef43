//! `JetStream` advisories: the server's word that something was made, changed or deleted.

use super::Timestamp;

/// What happened. Names as in `$JS.EVENT.ADVISORY.{STREAM,CONSUMER}.<KIND>.…`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AdvisoryKind {
    /// A stream was created.
    StreamCreated,
    /// A stream's configuration was changed.
    StreamUpdated,
    /// A stream was deleted.
    StreamDeleted,
    /// A stream's group elected a leader.
    StreamLeaderElected,
    /// A stream's group has no quorum.
    StreamQuorumLost,
    /// A consumer was created.
    ConsumerCreated,
    /// A consumer was deleted.
    ConsumerDeleted,
    /// A consumer was paused or resumed.
    ConsumerPaused,
    /// A message reached the delivery limit of a consumer.
    MaxDeliveries {
        /// The message's stream sequence.
        stream_seq: u64,
        /// How often it was delivered.
        deliveries: u64,
    },
    /// A client terminated a message.
    Terminated {
        /// The message's stream sequence.
        stream_seq: u64,
        /// The client's reason, sanitised.
        reason: Option<String>,
    },
    /// A consumer's group elected a leader.
    ConsumerLeaderElected,
    /// A consumer's group has no quorum.
    ConsumerQuorumLost,
    /// Another advisory; its subject's token.
    Other(String),
}

/// One advisory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Advisory {
    /// When the server says it happened.
    pub time: Timestamp,
    /// The stream.
    pub stream: String,
    /// The consumer, where it is about one.
    pub consumer: Option<String>,
    /// What happened.
    pub kind: AdvisoryKind,
}
