//! Fast ingest (ADR-50, server 2.14 and newer): the messages of a batch are numbered and stored as they come. The server
//! says now and then how far it is, and ends the batch where a message is missing or refused, whoever leads the stream
//! by then. Everything about a message stands in the subject of its reply.

use async_nats::StatusCode;
use bytes::Bytes;
use serde::Deserialize;

use super::{EXPECTED_STREAM, Outbound, Publisher, Refusal, header_map, refusal, value};
use crate::model::Problem;
use crate::nats::wire::{self, ApiError};

/// The server does not know the batch: it has ended, or its leader has.
const UNKNOWN: u32 = 10_208;

/// Where a message stands in a fast batch.
#[derive(Clone, Copy, Debug)]
pub struct InFast<'a> {
    /// The batch: up to 64 characters that can be a token of a subject.
    pub id: &'a str,
    /// Counts its messages, from 1.
    pub nth: u64,
    /// After how many messages the server should say how far it is; it may choose fewer, and never more than 500.
    pub every: u16,
}

impl InFast<'_> {
    fn reply(&self, inbox: &str, operation: u8) -> String {
        format!("{inbox}.{}.{}.fail.{}.{operation}.$FI", self.id, self.every, self.nth)
    }
}

/// What the server said of a fast batch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FastNews {
    /// The batch.
    pub id: String,
    /// What it said.
    pub said: Said,
}

/// See [`FastNews`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Said {
    /// Everything up to one message is stored.
    Stored {
        /// That message.
        upto: u64,
        /// After so many more it will be said again.
        every: u64,
    },
    /// One message is not stored, and so is nothing behind it. How many are before it is said when the batch ends.
    Refused {
        /// That message.
        nth: u64,
        /// Why.
        why: Refusal,
    },
    /// It has ended, and everything up to one message is stored.
    Ended {
        /// That message.
        upto: u64,
        /// Its sequence.
        seq: u64,
    },
    /// The server does not know it any more.
    Unknown,
}

#[derive(Deserialize)]
struct Words {
    #[serde(default, rename = "type")]
    kind: String,
    #[serde(default, deserialize_with = "wire::sequence")]
    seq: u64,
    #[serde(default)]
    msgs: u64,
    batch: Option<String>,
    #[serde(default)]
    count: u64,
    error: Option<ApiError>,
}

impl Publisher {
    /// Hands a message of a fast batch over. It is stored in this stream, or not at all.
    pub async fn publish_fast(&self, message: Outbound<'_>, stream: &str, place: InFast<'_>) -> Result<(), Problem> {
        let mut map = header_map(&message)?;
        map.insert(EXPECTED_STREAM.clone(), value(stream)?);
        let operation = u8::from(place.nth > 1);
        self.send(message, Some(place.reply(&self.inbox, operation)), map).await
    }

    /// Ends a fast batch; `nth` is one more than it has. The subject is any that its stream captures; nothing is stored.
    pub async fn end_fast(&self, subject: &str, place: InFast<'_>) -> Result<(), Problem> {
        let nothing = Outbound { subject, headers: &[], id: None, body: Bytes::new() };
        let map = header_map(&nothing)?;
        self.send(nothing, Some(place.reply(&self.inbox, 3)), map).await
    }

    /// As [`Publisher::acks`], of fast batches.
    pub async fn fast_news(&mut self) -> Result<Vec<FastNews>, Problem> {
        self.heard(Self::fast_new).await
    }

    fn fast_new(&self, message: &async_nats::Message) -> Option<FastNews> {
        let mut place = message.subject.strip_prefix(&*self.inbox)?.strip_prefix('.')?.split('.');
        let (id, nth) = (place.next()?.to_owned(), place.nth(2)?.parse().ok()?);
        if message.status == Some(StatusCode::NO_RESPONDERS) {
            return Some(FastNews { id, said: Said::Refused { nth, why: Refusal::NoResponders } });
        }
        Some(FastNews { id, said: said(nth, &message.payload)? })
    }
}

/// What was said to this message.
fn said(nth: u64, payload: &[u8]) -> Option<Said> {
    let odd = || Refusal::Other(format!("somebody who knows no fast ingest answered: {}", super::start_of(payload)));
    let Ok(words) = serde_json::from_slice::<Words>(payload) else {
        return Some(Said::Refused { nth, why: odd() });
    };
    match (&*words.kind, words.error) {
        ("ack", _) => Some(Said::Stored { upto: words.seq, every: words.msgs }),
        // What ends it follows.
        ("gap", _) => None,
        ("err", Some(error)) => Some(Said::Refused { nth: words.seq, why: refusal(&error) }),
        (_, Some(error)) if error.err_code == UNKNOWN => Some(Said::Unknown),
        (_, Some(error)) => Some(Said::Refused { nth, why: refusal(&error) }),
        _ if words.batch.is_some() => Some(Said::Ended { upto: words.count, seq: words.seq }),
        _ => Some(Said::Refused { nth, why: odd() }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_servers_say() {
        let said = |payload: &str| said(7, payload.as_bytes());
        assert_eq!(said(r#"{"type":"ack","seq":500,"msgs":250}"#), Some(Said::Stored { upto: 500, every: 250 }));
        assert_eq!(said(r#"{"type":"gap","last_seq":4,"seq":7}"#), None);
        let full =
            r#"{"type":"err","seq":5,"error":{"code":503,"err_code":10077,"description":"maximum bytes exceeded"}}"#;
        let why = Refusal::Full("maximum bytes exceeded (code 10077)".into());
        assert_eq!(said(full), Some(Said::Refused { nth: 5, why }));
        assert_eq!(said(r#"{"stream":"B","seq":90,"batch":"x","count":6}"#), Some(Said::Ended { upto: 6, seq: 90 }));
        let unknown =
            r#"{"stream":"B","error":{"code":400,"err_code":10208,"description":"batch publish ID unknown"}}"#;
        assert_eq!(said(unknown), Some(Said::Unknown));
        for odd in [r#"{"stream":"B","seq":3}"#, "hello"] {
            assert!(matches!(said(odd), Some(Said::Refused { nth: 7, why: Refusal::Other(_) })), "{odd}");
        }
    }
}
