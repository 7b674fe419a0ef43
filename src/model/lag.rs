//! How long the oldest message waits that a consumer has not acked: read from the stream, never worked out.

use std::time::Duration;

use super::Timestamp;

/// Whose lag time is wanted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LagWish {
    /// The stream.
    pub stream: String,
    /// The consumer.
    pub consumer: String,
    /// Also how old the message is that was delivered last: acks arrive while the floor is held.
    pub delivered: bool,
}

/// A stored message, as far as it matters here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stored {
    /// Its sequence.
    pub seq: u64,
    /// When it was stored, by the server's clock.
    pub time: Timestamp,
}

/// What was read of the messages that a consumer stands at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lag {
    /// The first message behind the ack floor that it gets; `None` when there is none any more.
    pub oldest: Option<Stored>,
    /// The message that was delivered last, where that was asked for.
    pub delivered: Option<Stored>,
    /// When this was read, by our clock.
    pub taken: Timestamp,
}

impl Lag {
    /// How old the oldest message that is not acked was when it was looked at.
    pub fn age(&self) -> Option<Duration> {
        self.oldest.map(|m| self.taken.since(m.time))
    }

    /// How old the message was that was delivered last.
    pub fn delivered_age(&self) -> Option<Duration> {
        self.delivered.map(|m| self.taken.since(m.time))
    }
}
