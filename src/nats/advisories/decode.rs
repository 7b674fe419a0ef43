//! An advisory from its subject and its body: every kind that servers up to 2.15 send about streams and consumers.

use std::time::Duration;

use serde::Deserialize;

use crate::event::clean_line;
use crate::model::{Advisory, AdvisoryKind, Timestamp};
use crate::nats::ask::now;
use crate::nats::wire::{self, PeerInfo};

/// Characters of a body that are kept where it is not understood.
const KEPT: usize = 300;

/// The reasons that the server itself gives where a stream deletes what was not acked; clients give others.
const DELETED: [&str; 2] = ["Unacknowledged message was deleted", "Message deleted by stream limits"];

/// What advisories have in their bodies; each kind has some of it (`io.nats.jetstream.advisory.v1.*`).
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Body {
    timestamp: String,
    #[serde(deserialize_with = "wire::sequence")]
    stream_seq: u64,
    deliveries: u64,
    reason: Option<String>,
    leader: String,
    replicas: Option<Vec<PeerInfo>>,
    paused: Option<bool>,
    pause_until: String,
    group: String,
    pinned_id: String,
    batch: String,
    state: Option<State>,
    start: String,
    end: String,
    bytes: Option<u64>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct State {
    messages: u64,
    bytes: u64,
}

/// Where even the rest cannot be read.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct OnlyTime {
    timestamp: String,
}

/// An advisory; `None` where the subject is none of one about a stream or a consumer.
pub(in crate::nats) fn decode(subject: &str, payload: &[u8]) -> Option<Advisory> {
    let rest = subject.strip_prefix("ADVISORY.")?;
    let tokens: Vec<&str> = rest.split('.').collect();
    let (token, stream, consumer) = match tokens.as_slice() {
        ["STREAM", token, stream] => (*token, *stream, None),
        ["CONSUMER", token, stream, consumer] => (*token, *stream, Some(*consumer)),
        _ => return None,
    };
    let read = serde_json::from_slice::<Body>(payload);
    let time = match &read {
        Ok(body) => Timestamp::parse_server(&body.timestamp),
        Err(_) => serde_json::from_slice::<OnlyTime>(payload).ok().and_then(|b| Timestamp::parse_server(&b.timestamp)),
    };
    // Of one that cannot be read no number is known, and unknown is not 0.
    let kind =
        read.ok().and_then(|body| if consumer.is_none() { of_stream(token, body) } else { of_consumer(token, body) });
    Some(Advisory {
        time: time.unwrap_or_else(now),
        stream: stream.to_owned(),
        consumer: consumer.map(str::to_owned),
        kind: kind.unwrap_or_else(|| AdvisoryKind::Other { token: token.to_owned(), body: beginning(payload) }),
    })
}

fn of_stream(token: &str, body: Body) -> Option<AdvisoryKind> {
    let took = |body: &Body| Some(Timestamp::parse_server(&body.end)?.since(Timestamp::parse_server(&body.start)?));
    Some(match token {
        "CREATED" => AdvisoryKind::StreamCreated,
        "UPDATED" => AdvisoryKind::StreamUpdated,
        "DELETED" => AdvisoryKind::StreamDeleted,
        "LEADER_ELECTED" => AdvisoryKind::StreamLeaderElected { leader: named(body.leader) },
        "QUORUM_LOST" => AdvisoryKind::StreamQuorumLost { offline: offline(body) },
        "SNAPSHOT_CREATE" => AdvisoryKind::SnapshotBegun { size: body.state.map(|s| (s.messages, s.bytes)) },
        "SNAPSHOT_COMPLETE" => AdvisoryKind::SnapshotDone { took: took(&body) },
        "RESTORE_CREATE" => AdvisoryKind::RestoreBegun,
        "RESTORE_COMPLETE" => {
            let took: Option<Duration> = took(&body);
            AdvisoryKind::RestoreDone { took, bytes: body.bytes }
        }
        "BATCH_ABANDONED" => {
            AdvisoryKind::BatchAbandoned { batch: body.batch, reason: body.reason.unwrap_or_default() }
        }
        _ => return None,
    })
}

fn of_consumer(token: &str, body: Body) -> Option<AdvisoryKind> {
    let (stream_seq, deliveries) = (body.stream_seq, body.deliveries);
    Some(match token {
        "CREATED" => AdvisoryKind::ConsumerCreated,
        "DELETED" => AdvisoryKind::ConsumerDeleted,
        "PAUSE" if body.paused? => AdvisoryKind::ConsumerPaused { until: Timestamp::parse_server(&body.pause_until) },
        "PAUSE" => AdvisoryKind::ConsumerResumed,
        // Messages are counted from 1.
        "MAX_DELIVERIES" | "MSG_NAKED" | "MSG_TERMINATED" if stream_seq == 0 => return None,
        "MAX_DELIVERIES" => AdvisoryKind::MaxDeliveries { stream_seq, deliveries },
        "MSG_NAKED" => AdvisoryKind::Nak { stream_seq, deliveries },
        "MSG_TERMINATED" if body.reason.as_deref().is_some_and(|reason| DELETED.contains(&reason)) => {
            AdvisoryKind::DeletedUnacked { stream_seq, deliveries }
        }
        "MSG_TERMINATED" => {
            let reason = body.reason.and_then(named).map(|reason| clean_line(&reason).into_owned());
            AdvisoryKind::Terminated { stream_seq, deliveries, reason }
        }
        "PINNED" => AdvisoryKind::Pinned { group: body.group, client: body.pinned_id },
        "UNPINNED" => AdvisoryKind::Unpinned { group: body.group, reason: body.reason.unwrap_or_default() },
        "LEADER_ELECTED" => AdvisoryKind::ConsumerLeaderElected { leader: named(body.leader) },
        "QUORUM_LOST" => AdvisoryKind::ConsumerQuorumLost { offline: offline(body) },
        _ => return None,
    })
}

fn named(text: String) -> Option<String> {
    Some(text).filter(|text| !text.is_empty())
}

fn offline(body: Body) -> Vec<String> {
    body.replicas.unwrap_or_default().into_iter().filter(|peer| peer.offline).map(|peer| peer.name).collect()
}

/// How a body begins, on one line.
fn beginning(payload: &[u8]) -> String {
    let text = String::from_utf8_lossy(payload);
    let line = clean_line(&text).split_whitespace().collect::<Vec<_>>().join(" ");
    line.chars().take(KEPT).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at() -> Timestamp {
        Timestamp::parse("2026-11-20T14:00:00Z").unwrap()
    }

    fn kind(token: &str, body: &str) -> AdvisoryKind {
        let subject = match token.split_once(' ') {
            Some(("S", token)) => format!("ADVISORY.STREAM.{token}.orders"),
            Some((_, token)) => format!("ADVISORY.CONSUMER.{token}.orders.billing"),
            None => panic!("{token}"),
        };
        let body = body.replacen('{', r#"{"timestamp":"2026-11-20T14:00:00Z","#, 1).replace(",}", "}");
        let advisory = decode(&subject, body.as_bytes()).unwrap();
        assert_eq!((advisory.time, advisory.stream.as_str()), (at(), "orders"));
        assert_eq!(advisory.consumer.as_deref(), token.starts_with('C').then_some("billing"));
        advisory.kind
    }

    /// Bodies as servers send them, without what is not read; those that need a cluster, a backup or a full disk to
    /// be seen are here, the others come from a server in `tests/it/advisories`.
    #[test]
    fn each_kind_is_read() {
        let replicas = r#""replicas":[{"name":"n1","current":true,"active":312},{"name":"n3","current":false,"offline":true,"active":9,"lag":120}]"#;
        let leader = || Some("n2".to_owned());
        let offline = || vec!["n3".to_owned()];
        let second = Some(Duration::from_secs(1));
        let span = r#""start":"2026-11-20T14:00:00Z","end":"2026-11-20T14:00:01Z""#;
        for (token, body, expected) in [
            ("S CREATED", r#"{"action":"create"}"#.to_owned(), AdvisoryKind::StreamCreated),
            ("S UPDATED", r#"{"action":"modify"}"#.to_owned(), AdvisoryKind::StreamUpdated),
            ("S DELETED", r#"{"action":"delete"}"#.to_owned(), AdvisoryKind::StreamDeleted),
            (
                "S LEADER_ELECTED",
                format!(r#"{{"leader":"n2",{replicas}}}"#),
                AdvisoryKind::StreamLeaderElected { leader: leader() },
            ),
            ("S QUORUM_LOST", format!("{{{replicas}}}"), AdvisoryKind::StreamQuorumLost { offline: offline() }),
            (
                "S SNAPSHOT_CREATE",
                r#"{"state":{"messages":7,"bytes":812,"first_ts":"0001-01-01T00:00:00Z"}}"#.to_owned(),
                AdvisoryKind::SnapshotBegun { size: Some((7, 812)) },
            ),
            ("S SNAPSHOT_COMPLETE", format!("{{{span}}}"), AdvisoryKind::SnapshotDone { took: second }),
            ("S RESTORE_CREATE", "{}".to_owned(), AdvisoryKind::RestoreBegun),
            (
                "S RESTORE_COMPLETE",
                format!(r#"{{{span},"bytes":4096}}"#),
                AdvisoryKind::RestoreDone { took: second, bytes: Some(4096) },
            ),
            (
                "S BATCH_ABANDONED",
                r#"{"batch":"b-1","reason":"timeout"}"#.to_owned(),
                AdvisoryKind::BatchAbandoned { batch: "b-1".into(), reason: "timeout".into() },
            ),
            ("C CREATED", r#"{"action":"create"}"#.to_owned(), AdvisoryKind::ConsumerCreated),
            ("C DELETED", r#"{"action":"delete"}"#.to_owned(), AdvisoryKind::ConsumerDeleted),
            (
                "C PAUSE",
                r#"{"paused":true,"pause_until":"2026-11-20T14:00:00Z"}"#.to_owned(),
                AdvisoryKind::ConsumerPaused { until: Some(at()) },
            ),
            (
                "C PAUSE",
                r#"{"paused":false,"pause_until":"0001-01-01T00:00:00Z"}"#.to_owned(),
                AdvisoryKind::ConsumerResumed,
            ),
            (
                "C MAX_DELIVERIES",
                r#"{"stream_seq":7,"deliveries":5}"#.to_owned(),
                AdvisoryKind::MaxDeliveries { stream_seq: 7, deliveries: 5 },
            ),
            (
                "C MSG_NAKED",
                r#"{"consumer_seq":9,"stream_seq":7,"deliveries":2}"#.to_owned(),
                AdvisoryKind::Nak { stream_seq: 7, deliveries: 2 },
            ),
            (
                "C MSG_TERMINATED",
                r#"{"stream_seq":7,"deliveries":1,"reason":"bad\u001b[31m"}"#.to_owned(),
                AdvisoryKind::Terminated {
                    stream_seq: 7,
                    deliveries: 1,
                    reason: Some(clean_line("bad\u{1b}[31m").into_owned()),
                },
            ),
            (
                "C MSG_TERMINATED",
                r#"{"stream_seq":7,"deliveries":1,"reason":""}"#.to_owned(),
                AdvisoryKind::Terminated { stream_seq: 7, deliveries: 1, reason: None },
            ),
            (
                "C MSG_TERMINATED",
                r#"{"stream_seq":7,"deliveries":1,"reason":"Unacknowledged message was deleted"}"#.to_owned(),
                AdvisoryKind::DeletedUnacked { stream_seq: 7, deliveries: 1 },
            ),
            (
                "C PINNED",
                r#"{"group":"jobs","pinned_id":"xyz"}"#.to_owned(),
                AdvisoryKind::Pinned { group: "jobs".into(), client: "xyz".into() },
            ),
            (
                "C UNPINNED",
                r#"{"group":"jobs","reason":"timeout"}"#.to_owned(),
                AdvisoryKind::Unpinned { group: "jobs".into(), reason: "timeout".into() },
            ),
            (
                "C LEADER_ELECTED",
                r#"{"leader":"n2"}"#.to_owned(),
                AdvisoryKind::ConsumerLeaderElected { leader: leader() },
            ),
            ("C QUORUM_LOST", format!("{{{replicas}}}"), AdvisoryKind::ConsumerQuorumLost { offline: offline() }),
        ] {
            assert_eq!(kind(token, &body), expected, "{token}");
        }
    }

    #[test]
    fn what_is_not_known_or_cannot_be_read_is_kept_as_it_is() {
        for (token, body) in [
            ("S PURGED_OR_SO", r#"{"purged":3}"#),
            ("C MAX_DELIVERIES", r#"{"stream_seq":"seven"}"#),
            ("C MAX_DELIVERIES", r#"{"deliveries":5}"#),
            ("C PAUSE", "{}"),
        ] {
            let AdvisoryKind::Other { token: of, body: kept } = kind(token, body) else { panic!("{token}") };
            assert_eq!(of, token.split(' ').nth(1).unwrap());
            assert!(kept.contains("timestamp"), "{kept}");
        }
        let odd = decode("ADVISORY.STREAM.CREATED.S", b"\x1b]0;x\x07 no json").unwrap();
        let AdvisoryKind::Other { body, .. } = odd.kind else { panic!() };
        assert!(body.ends_with("no json") && !body.contains('\u{1b}'), "{body:?}");
        assert!(decode("ADVISORY.API", b"{}").is_none());
        assert!(decode("ADVISORY.STREAM.CREATED", b"{}").is_none());
    }
}
