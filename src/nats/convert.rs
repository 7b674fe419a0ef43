//! The server's JSON becomes the model: "no limit" and "never" become `None`, durations and times get types.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::event::clean_line;
use crate::model::consumer::Position;
use crate::model::{
    Account, AckPolicy, Cluster, Consumer, ConsumerConfig, DeliverPolicy, Delivery, Discard, Limits, Peer, Quota,
    Retention, Storage, Stream, StreamConfig, StreamState, Timestamp, Upstream,
};

use super::wire;

pub(super) fn stream(info: wire::StreamInfo<'_>, asked: Timestamp, taken: Timestamp) -> Stream {
    let wire::StreamInfo { config, created, state, cluster, mirror, sources, .. } = info;
    Stream {
        name: config.name.clone(),
        created: Timestamp::parse_server(&created),
        config: stream_config(config),
        state: StreamState {
            messages: state.messages,
            bytes: state.bytes,
            first_seq: state.first_seq,
            last_seq: state.last_seq,
            first_time: (state.messages > 0).then(|| Timestamp::parse_server(&state.first_ts)).flatten(),
            last_time: Timestamp::parse_server(&state.last_ts),
            consumers: state.consumer_count,
            subjects: state.num_subjects,
            deleted: state.num_deleted,
        },
        cluster: cluster.and_then(self::cluster),
        mirror: mirror.map(upstream),
        sources: sources.unwrap_or_default().into_iter().map(upstream).collect(),
        taken,
        asked,
    }
}

fn stream_config(c: wire::StreamConfig<'_>) -> StreamConfig {
    StreamConfig {
        subjects: c.subjects.unwrap_or_default(),
        retention: match &*c.retention {
            "interest" => Retention::Interest,
            "workqueue" => Retention::WorkQueue,
            _ => Retention::Limits,
        },
        discard: if c.discard == "new" { Discard::New } else { Discard::Old },
        storage: if c.storage == "memory" { Storage::Memory } else { Storage::File },
        limits: Limits {
            max_age: nanos(c.max_age),
            max_msgs: positive(c.max_msgs),
            max_bytes: positive(c.max_bytes),
            max_msgs_per_subject: positive(c.max_msgs_per_subject),
            max_msg_size: positive(c.max_msg_size),
            max_consumers: positive(c.max_consumers),
        },
        replicas: c.num_replicas,
        duplicate_window: nanos(c.duplicate_window),
        mirror: c.mirror.map(|m| m.name),
        sources: c.sources.unwrap_or_default().into_iter().map(|s| s.name).collect(),
        description: c.description.filter(|d| !d.is_empty()),
        sealed: c.sealed,
        allow_direct: c.allow_direct,
        deny_delete: c.deny_delete,
        deny_purge: c.deny_purge,
        allow_rollup: c.allow_rollup_hdrs,
        no_ack: c.no_ack,
        discard_new_per_subject: c.discard_new_per_subject,
        counts: c.allow_msg_counter,
        allow_atomic: c.allow_atomic,
        allow_batched: c.allow_batched,
        transform: c.subject_transform.map(|t| (t.src, t.dest)).filter(|(_, dest)| !dest.is_empty()),
        republish: c.republish.map(|t| (t.src, t.dest)).filter(|(_, dest)| !dest.is_empty()),
        compression: c.compression.filter(|name| !name.is_empty() && name != "none"),
        metadata: metadata(c.metadata),
    }
}

pub(super) fn consumer(info: wire::ConsumerInfo<'_>, taken: Timestamp) -> Consumer {
    let c = info.config;
    let delivery = match c.deliver_subject.filter(|s| !s.is_empty()) {
        Some(subject) => Delivery::Push { subject, group: c.deliver_group.filter(|g| !g.is_empty()) },
        None => Delivery::Pull,
    };
    let mut filter_subjects = c.filter_subjects.unwrap_or_default();
    filter_subjects.extend(c.filter_subject.filter(|f| !f.is_empty()));
    let inactive_threshold = nanos(c.inactive_threshold);
    Consumer {
        stream: info.stream_name,
        name: info.name,
        created: Timestamp::parse_server(&info.created),
        config: ConsumerConfig {
            durable: c.durable_name.is_some_and(|n| !n.is_empty()),
            delivery,
            ack_policy: AckPolicy::from_word(&clean_line(&c.ack_policy)),
            deliver_policy: match &*c.deliver_policy {
                "last" => DeliverPolicy::Last,
                "new" => DeliverPolicy::New,
                "by_start_sequence" => DeliverPolicy::ByStartSequence,
                "by_start_time" => DeliverPolicy::ByStartTime,
                "last_per_subject" => DeliverPolicy::LastPerSubject,
                _ => DeliverPolicy::All,
            },
            filter_subjects,
            ack_wait: nanos(c.ack_wait),
            backoff: c.backoff.unwrap_or_default().into_iter().filter_map(nanos).collect(),
            replays: c.replay_policy == "original",
            rate_limit: Some(c.rate_limit_bps).filter(|n| *n > 0),
            start_seq: Some(c.opt_start_seq).filter(|n| *n > 0),
            max_ack_pending: positive(c.max_ack_pending),
            max_deliver: positive(c.max_deliver),
            max_waiting: positive(c.max_waiting),
            inactive_threshold,
            pause_until: c.pause_until.as_deref().and_then(Timestamp::parse_server),
            description: c.description.filter(|d| !d.is_empty()),
            headers_only: c.headers_only,
            replicas: c.num_replicas,
            priority_groups: c.priority_groups.unwrap_or_default(),
            pins_clients: c.priority_policy.as_deref() == Some("pinned_client"),
            overflows: c.priority_policy.as_deref() == Some("overflow"),
            metadata: metadata(c.metadata),
        },
        delivered: position(&info.delivered),
        ack_floor: position(&info.ack_floor),
        pending: info.num_pending,
        ack_pending: info.num_ack_pending,
        redelivered: info.num_redelivered,
        waiting: info.num_waiting,
        push_bound: info.push_bound,
        paused: info.paused,
        pause_remaining: nanos(info.pause_remaining),
        pinned_groups: info
            .priority_groups
            .unwrap_or_default()
            .iter()
            .filter(|group| group.pinned_client_id.as_ref().is_some_and(|id| !id.is_empty()))
            .count() as u64,
        cluster: info.cluster.and_then(cluster),
        taken,
    }
}

pub(super) fn account(info: wire::AccountInfo) -> Account {
    let tiers: BTreeMap<String, Quota> =
        info.tiers.unwrap_or_default().iter().map(|(name, usage)| (name.clone(), quota(usage))).collect();
    let mut whole = quota(&info.usage);
    if !tiers.is_empty() {
        // Some servers leave the sums out; and limits that are not those of a tier mean nothing then.
        let used = |top: u64, of: fn(&Quota) -> u64| match top {
            0 => tiers.values().map(of).fold(0, u64::saturating_add),
            top => top,
        };
        whole = Quota {
            memory: used(whole.memory, |q| q.memory),
            storage: used(whole.storage, |q| q.storage),
            reserved_memory: used(whole.reserved_memory, |q| q.reserved_memory),
            reserved_storage: used(whole.reserved_storage, |q| q.reserved_storage),
            streams: used(whole.streams, |q| q.streams),
            consumers: used(whole.consumers, |q| q.consumers),
            ..Quota::default()
        };
    }
    Account { domain: info.domain, whole, tiers, api_total: info.api.total, api_errors: info.api.errors }
}

fn quota(usage: &wire::Usage) -> Quota {
    let limits = &usage.limits;
    Quota {
        memory: usage.memory,
        storage: usage.storage,
        reserved_memory: usage.reserved_memory,
        reserved_storage: usage.reserved_storage,
        streams: usage.streams,
        consumers: usage.consumers,
        // Of storage 0 is none at all, of streams and consumers 0 is no limit.
        max_memory: at_least_zero(limits.max_memory),
        max_storage: at_least_zero(limits.max_storage),
        max_streams: positive(limits.max_streams),
        max_consumers: positive(limits.max_consumers),
    }
}

/// A group; a server without a cluster names itself as the leader of a group without a name, which is none.
fn cluster(info: wire::ClusterInfo) -> Option<Cluster> {
    let replicas: Vec<Peer> = info
        .replicas
        .unwrap_or_default()
        .into_iter()
        .map(|p| Peer { name: p.name, current: p.current, offline: p.offline, lag: p.lag, active: nanos(p.active) })
        .collect();
    let name = info.name.filter(|n| !n.is_empty());
    (name.is_some() || !replicas.is_empty()).then(|| Cluster {
        name,
        leader: info.leader.filter(|l| !l.is_empty()),
        replicas,
    })
}

fn upstream(info: wire::SourceInfo) -> Upstream {
    Upstream {
        name: info.name,
        lag: info.lag,
        // -1: it was never heard of.
        active: u64::try_from(info.active).ok().map(Duration::from_nanos),
        error: info.error.map(|e| e.said().into_owned()),
    }
}

fn position(sequence: &wire::Sequence<'_>) -> Position {
    Position {
        consumer_seq: sequence.consumer_seq,
        stream_seq: sequence.stream_seq,
        last_active: sequence.last_active.as_deref().and_then(Timestamp::parse_server),
    }
}

fn metadata(map: Option<serde_json::Map<String, serde_json::Value>>) -> Vec<(String, String)> {
    map.unwrap_or_default()
        .into_iter()
        .map(|(name, value)| match value {
            serde_json::Value::String(text) => (name, text),
            other => (name, other.to_string()),
        })
        .collect()
}

/// Nanoseconds; 0 and less is none.
fn nanos(n: i64) -> Option<Duration> {
    u64::try_from(n).ok().filter(|n| *n > 0).map(Duration::from_nanos)
}

/// 0 and less is no limit.
fn positive(n: i64) -> Option<u64> {
    u64::try_from(n).ok().filter(|n| *n > 0)
}

/// Less than 0 is no limit; 0 is "none of it".
fn at_least_zero(n: i64) -> Option<u64> {
    u64::try_from(n).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    const AT: Timestamp = Timestamp::from_secs(1);

    fn read_stream(json: &str) -> Stream {
        stream(serde_json::from_str(json).unwrap(), AT, AT)
    }

    #[test]
    fn no_limit_and_never_become_none() {
        let s = read_stream(
            r#"{"config":{"name":"A","subjects":["a.\u003e"],"retention":"limits","max_consumers":-1,"max_msgs":-1,
            "max_bytes":0,"max_age":1000000000,"storage":"file","num_replicas":1,"compression":"none","new_field":{"x":1}},
            "created":"2026-11-23T09:24:33.701595083Z","state":{"messages":0,"first_ts":"0001-01-01T00:00:00Z",
            "last_ts":"0001-01-01T00:00:00Z"},"cluster":{"leader":"N"}}"#,
        );
        assert_eq!(s.config.subjects, ["a.>"]);
        assert_eq!(
            (s.config.limits.max_msgs, s.config.limits.max_bytes, s.config.limits.max_consumers),
            (None, None, None)
        );
        assert_eq!(s.config.limits.max_age, Some(Duration::from_secs(1)));
        assert_eq!((s.state.first_time, s.state.last_time, s.cluster), (None, None, None));
        assert_eq!(s.config.compression, None);
    }

    #[test]
    fn every_sequence_has_one_after_it() {
        let s =
            read_stream(r#"{"state":{"messages":1,"first_seq":18446744073709551614,"last_seq":18446744073709551615}}"#);
        assert_eq!((s.state.first_seq, s.state.last_seq), (wire::LAST_SEQUENCE, wire::LAST_SEQUENCE));
        let read = r#"{"delivered":{"consumer_seq":18446744073709551615,"stream_seq":18446744073709551615}}"#;
        let delivered = consumer(serde_json::from_str(read).unwrap(), AT).delivered;
        assert_eq!((delivered.consumer_seq, delivered.stream_seq), (wire::LAST_SEQUENCE, wire::LAST_SEQUENCE));
    }

    #[test]
    fn a_group_without_a_leader_is_kept() {
        let s = read_stream(
            r#"{"config":{"name":"A"},"cluster":{"name":"C","replicas":[{"name":"n2","current":true,"active":5,"lag":3}]},
            "mirror":{"name":"M","lag":0,"active":-1}}"#,
        );
        let cluster = s.cluster.unwrap();
        assert_eq!((cluster.leader, cluster.replicas[0].lag), (None, Some(3)));
        assert_eq!(s.mirror.unwrap().active, None);
    }

    #[test]
    fn consumers_of_all_shapes() {
        let read = |json: &str| consumer(serde_json::from_str(json).unwrap(), AT);
        let c = read(
            r#"{"stream_name":"A","name":"p","config":{"durable_name":"p","deliver_subject":"x","deliver_group":"g",
            "ack_policy":"all","max_deliver":-1,"max_ack_pending":1000,"filter_subject":"a.1","pause_until":"2027-01-01T00:00:00Z"},
            "paused":true,"pause_remaining":5000000000,"delivered":{"consumer_seq":2,"stream_seq":9,"last_active":"2026-11-23T09:24:33Z"}}"#,
        );
        assert_eq!(c.config.delivery, Delivery::Push { subject: "x".into(), group: Some("g".into()) });
        assert_eq!((c.config.max_deliver, c.config.max_ack_pending), (None, Some(1000)));
        assert_eq!((c.pause_remaining, c.paused), (Some(Duration::from_secs(5)), true));
        assert!(c.delivered.last_active.is_some() && c.ack_floor.last_active.is_none());
        let e = read(r#"{"stream_name":"A","name":"e","config":{"ack_policy":"none","filter_subjects":["a","b"]}}"#);
        assert_eq!((e.config.durable, e.config.filter_subjects.len()), (false, 2));
    }

    #[test]
    fn limits_of_tiers_are_not_added_up_and_zero_is_a_limit() {
        let read = |json: &str| account(serde_json::from_str(json).unwrap());
        let plain = read(
            r#"{"storage":38,"reserved_storage":90,"limits":{"max_storage":-1,"max_memory":0},"api":{"total":4,"errors":1}}"#,
        );
        let whole = &plain.whole;
        assert_eq!((whole.storage, whole.max_storage, whole.max_memory, plain.api_errors), (38, None, Some(0), 1));
        assert_eq!((whole.reserved_storage, whole.max_streams, whole.max_consumers), (90, None, None), "0 is no limit");
        assert_eq!(plain.quotas().map(|(name, _)| name).collect::<Vec<_>>(), [None]);
        assert_eq!(plain.quota_of(3), Some(whole));
        let tiers = read(
            r#"{"storage":0,"limits":{"max_storage":7},
                "tiers":{"R1":{"storage":5,"limits":{"max_storage":10}},"R3":{"storage":6,"limits":{"max_storage":20}}}}"#,
        );
        assert_eq!((tiers.whole.storage, tiers.whole.max_storage), (11, None));
        let each: Vec<_> = tiers.quotas().map(|(name, quota)| (name, quota.storage, quota.max_storage)).collect();
        assert_eq!(each, [(Some("R1"), 5, Some(10)), (Some("R3"), 6, Some(20))]);
        assert_eq!(tiers.quota_of(1).and_then(|quota| quota.max_storage), Some(10));
        assert_eq!(tiers.quota_of(5), None);
        assert_eq!(
            tiers.tiers["R1"].max_memory,
            Some(0),
            "no memory storage is allowed, which is not: as much as you like"
        );
    }
}
