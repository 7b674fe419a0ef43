//! `JetStream` advisories as they happen.
//!
//! Only `STREAM.>` and `CONSUMER.>` are subscribed: the whole of `$JS.EVENT.ADVISORY.>` makes the server echo
//! every API call with its whole reply.

use futures_util::StreamExt;
use tokio::sync::broadcast::error::RecvError;
use tokio::sync::mpsc;

use crate::event::clean_line;
use crate::model::{Advisory, AdvisoryKind, Problem, ProblemKind, Timestamp};

use super::ask::now;
use super::wire::AdvisoryBody;
use super::{Client, ClientEvent};

/// The two subjects.
pub(super) const SUBJECTS: [&str; 2] = ["$JS.EVENT.ADVISORY.STREAM.>", "$JS.EVENT.ADVISORY.CONSUMER.>"];

/// Reads advisories until the connection is closed; sends each, and a refusal once.
pub(super) async fn read(client: Client, out: mpsc::Sender<Result<Advisory, Problem>>) {
    let mut events = client.events();
    let mut streams = Vec::new();
    for subject in SUBJECTS {
        match client.nats.subscribe(subject).await {
            Ok(subscriber) => streams.push(subscriber),
            Err(error) => {
                let sentence = format!("advisories: {}", clean_line(&error.to_string()));
                let _ = out.send(Err(Problem::new(ProblemKind::Disconnected, sentence))).await;
            }
        }
    }
    let mut all = futures_util::stream::select_all(streams);
    loop {
        let told = tokio::select! {
            message = all.next() => match message {
                Some(message) => match decode(&message.subject, &message.payload) {
                    Some(advisory) => Ok(advisory),
                    None => continue,
                },
                None => return,
            },
            event = events.recv() => match event {
                Ok(ClientEvent::Denied { subject, publish: false }) if SUBJECTS.contains(&subject.as_str()) => {
                    let sentence = format!(
                        "advisories: no permission to subscribe to {subject}; new and deleted streams appear at the next poll instead"
                    );
                    Err(Problem::new(ProblemKind::Denied { subject }, sentence))
                }
                Err(RecvError::Closed) => return,
                Ok(_) | Err(RecvError::Lagged(_)) => continue,
            }
        };
        if out.send(told).await.is_err() {
            return;
        }
    }
}

/// An advisory, from its subject's tokens and what its body adds.
fn decode(subject: &str, payload: &[u8]) -> Option<Advisory> {
    let rest = subject.strip_prefix("$JS.EVENT.ADVISORY.")?;
    let tokens: Vec<&str> = rest.split('.').collect();
    let body: AdvisoryBody = serde_json::from_slice(payload).unwrap_or_default();
    let (kind, stream, consumer) = match tokens.as_slice() {
        ["STREAM", what, stream] => (stream_kind(what), *stream, None),
        ["CONSUMER", "MSG_TERMINATED", stream, consumer] => (
            AdvisoryKind::Terminated {
                stream_seq: body.stream_seq,
                reason: body.reason.as_deref().map(|r| clean_line(r).into_owned()),
            },
            *stream,
            Some(*consumer),
        ),
        ["CONSUMER", "MAX_DELIVERIES", stream, consumer] => (
            AdvisoryKind::MaxDeliveries { stream_seq: body.stream_seq, deliveries: body.deliveries },
            *stream,
            Some(*consumer),
        ),
        ["CONSUMER", what, stream, consumer] => (consumer_kind(what), *stream, Some(*consumer)),
        _ => return None,
    };
    Some(Advisory {
        time: Timestamp::parse_server(&body.timestamp).unwrap_or_else(now),
        stream: stream.to_owned(),
        consumer: consumer.map(str::to_owned),
        kind,
    })
}

fn stream_kind(what: &str) -> AdvisoryKind {
    match what {
        "CREATED" => AdvisoryKind::StreamCreated,
        "UPDATED" => AdvisoryKind::StreamUpdated,
        "DELETED" => AdvisoryKind::StreamDeleted,
        "LEADER_ELECTED" => AdvisoryKind::StreamLeaderElected,
        "QUORUM_LOST" => AdvisoryKind::StreamQuorumLost,
        other => AdvisoryKind::Other(clean_line(other).into_owned()),
    }
}

fn consumer_kind(what: &str) -> AdvisoryKind {
    match what {
        "CREATED" => AdvisoryKind::ConsumerCreated,
        "DELETED" => AdvisoryKind::ConsumerDeleted,
        "PAUSE" => AdvisoryKind::ConsumerPaused,
        "LEADER_ELECTED" => AdvisoryKind::ConsumerLeaderElected,
        "QUORUM_LOST" => AdvisoryKind::ConsumerQuorumLost,
        other => AdvisoryKind::Other(clean_line(other).into_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn subjects_tell_what_happened_to_what() {
        let a = decode("$JS.EVENT.ADVISORY.STREAM.DELETED.S", br#"{"timestamp":"2026-11-20T14:00:00Z"}"#).unwrap();
        assert_eq!((a.kind, a.stream.as_str(), a.consumer), (AdvisoryKind::StreamDeleted, "S", None));
        let a =
            decode("$JS.EVENT.ADVISORY.CONSUMER.MAX_DELIVERIES.S.c", br#"{"stream_seq":7,"deliveries":5}"#).unwrap();
        assert_eq!(a.kind, AdvisoryKind::MaxDeliveries { stream_seq: 7, deliveries: 5 });
        assert_eq!(a.consumer.as_deref(), Some("c"));
        assert!(decode("$JS.EVENT.ADVISORY.API", b"{}").is_none());
    }
}
