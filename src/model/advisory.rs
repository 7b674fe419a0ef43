//! `JetStream` advisories: the server's word that something was made, changed, lost or given up.

use std::time::Duration;

use super::Timestamp;

/// How the names of all consumers begin that this program makes for a while, to read streams or to count in them.
const OWN_READERS: &str = "jetscope-";

/// What happened. Names as in `$JS.EVENT.ADVISORY.{STREAM,CONSUMER}.<KIND>.…`; texts are raw, sanitise before drawing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AdvisoryKind {
    /// A stream was created.
    StreamCreated,
    /// A stream's configuration was changed.
    StreamUpdated,
    /// A stream was deleted.
    StreamDeleted,
    /// A stream's group elected a leader.
    StreamLeaderElected {
        /// Its server, where it was named.
        leader: Option<String>,
    },
    /// A stream's group has no quorum.
    StreamQuorumLost {
        /// The servers of the group that are offline, as far as the one that tells it knows.
        offline: Vec<String>,
    },
    /// A backup of a stream was begun.
    SnapshotBegun {
        /// Messages and bytes that it will hold, where they were told.
        size: Option<(u64, u64)>,
    },
    /// A backup of a stream is complete.
    SnapshotDone {
        /// How long it took.
        took: Option<Duration>,
    },
    /// A stream is being restored from a backup.
    RestoreBegun,
    /// A stream is restored.
    RestoreDone {
        /// How long it took.
        took: Option<Duration>,
        /// Bytes of the backup, where they were told.
        bytes: Option<u64>,
    },
    /// A batch of messages was given up before all of it was stored.
    BatchAbandoned {
        /// The batch's id.
        batch: String,
        /// The server's word for the reason.
        reason: String,
    },
    /// A consumer was created.
    ConsumerCreated,
    /// A consumer was deleted.
    ConsumerDeleted,
    /// A consumer was paused.
    ConsumerPaused {
        /// Until when.
        until: Option<Timestamp>,
    },
    /// A consumer delivers again after a pause.
    ConsumerResumed,
    /// A message reached the delivery limit of a consumer.
    MaxDeliveries {
        /// The message's stream sequence.
        stream_seq: u64,
        /// How often it was delivered.
        deliveries: u64,
    },
    /// A client refused a message: it is to be delivered again.
    Nak {
        /// The message's stream sequence.
        stream_seq: u64,
        /// How often it was delivered by then.
        deliveries: u64,
    },
    /// A client terminated a message.
    Terminated {
        /// The message's stream sequence.
        stream_seq: u64,
        /// How often it was delivered by then.
        deliveries: u64,
        /// The client's reason, sanitised.
        reason: Option<String>,
    },
    /// The stream deleted a message that was delivered to a consumer and not acked.
    DeletedUnacked {
        /// The message's stream sequence.
        stream_seq: u64,
        /// How often it was delivered by then.
        deliveries: u64,
    },
    /// A client of a priority group is the one that receives from now on.
    Pinned {
        /// The group.
        group: String,
        /// The id that the server gave the client.
        client: String,
    },
    /// A client of a priority group does not hold its place any more.
    Unpinned {
        /// The group.
        group: String,
        /// The server's word for the reason.
        reason: String,
    },
    /// A consumer's group elected a leader.
    ConsumerLeaderElected {
        /// Its server, where it was named.
        leader: Option<String>,
    },
    /// A consumer's group has no quorum.
    ConsumerQuorumLost {
        /// The servers of the group that are offline, as far as the one that tells it knows.
        offline: Vec<String>,
    },
    /// Another advisory, or one that could not be read.
    Other {
        /// Its subject's token.
        token: String,
        /// How its body begins.
        body: String,
    },
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

impl Advisory {
    /// Whether it is about a consumer that this program has made for a while, here or elsewhere.
    pub fn is_of_our_reader(&self) -> bool {
        self.consumer.as_ref().is_some_and(|name| is_own_reader(name))
    }

    /// The sequence of the message that it is about.
    pub const fn sequence(&self) -> Option<u64> {
        match self.kind {
            AdvisoryKind::MaxDeliveries { stream_seq, .. }
            | AdvisoryKind::Nak { stream_seq, .. }
            | AdvisoryKind::Terminated { stream_seq, .. } => Some(stream_seq),
            _ => None,
        }
    }
}

/// Whether a consumer of this name is one that this program makes for a while.
pub fn is_own_reader(name: &str) -> bool {
    name.starts_with(OWN_READERS)
}
