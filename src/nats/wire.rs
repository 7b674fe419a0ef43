//! The server's JSON, as far as it is used. Lenient: unknown fields are skipped, missing ones have defaults.
//!
//! Field names as in the `JetStream` API (ADR-31 and the `io.nats.jetstream.api.v1` schemas).

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde::{Deserialize, Deserializer};

use crate::event::clean_line;

/// The highest sequence: one below what a `u64` holds, so that the one after it is a number as well.
pub(super) const LAST_SEQUENCE: u64 = u64::MAX - 1;

/// A sequence of a stream or a consumer, which is [`LAST_SEQUENCE`] at most.
pub(super) fn sequence<'de, D: Deserializer<'de>>(from: D) -> Result<u64, D::Error> {
    u64::deserialize(from).map(|n| n.min(LAST_SEQUENCE))
}

/// Any reply: an error, or the body.
#[derive(Debug, Deserialize)]
pub(super) struct Failure {
    pub(super) error: Option<ApiError>,
}

/// An error reply.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct ApiError {
    pub(super) code: u32,
    pub(super) err_code: u32,
    pub(super) description: String,
}

/// The most characters of what a server says that are told.
const MOST_SAID: usize = 500;

impl ApiError {
    /// Its description as it may be shown: whoever answers may make it as long as he likes.
    pub(super) fn said(&self) -> Cow<'_, str> {
        cut(&self.description)
    }
}

/// The beginning of a text of others, as it may be shown.
pub(super) fn cut(text: &str) -> Cow<'_, str> {
    match text.char_indices().nth(MOST_SAID) {
        Some((at, _)) => format!("{}…", clean_line(&text[..at])).into(),
        None => clean_line(text),
    }
}

/// One page of STREAM.LIST.
#[derive(Debug, Default, Deserialize)]
#[serde(default, bound(deserialize = "'de: 'a"))]
pub(super) struct StreamPage<'a> {
    pub(super) total: u64,
    pub(super) limit: u64,
    pub(super) streams: Option<Vec<StreamInfo<'a>>>,
    pub(super) missing: Option<Vec<String>>,
    pub(super) offline: Option<BTreeMap<String, String>>,
}

/// One page of STREAM.NAMES or CONSUMER.NAMES.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct NamesPage {
    pub(super) total: u64,
    pub(super) limit: u64,
    pub(super) streams: Option<Vec<String>>,
    pub(super) consumers: Option<Vec<String>>,
}

/// One page of CONSUMER.LIST.
#[derive(Debug, Default, Deserialize)]
#[serde(default, bound(deserialize = "'de: 'a"))]
pub(super) struct ConsumerPage<'a> {
    pub(super) total: u64,
    pub(super) limit: u64,
    pub(super) consumers: Option<Vec<ConsumerInfo<'a>>>,
    pub(super) missing: Option<Vec<String>>,
    pub(super) offline: Option<BTreeMap<String, String>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, bound(deserialize = "'de: 'a"))]
pub(super) struct StreamInfo<'a> {
    pub(super) total: u64,
    pub(super) limit: u64,
    pub(super) config: StreamConfig<'a>,
    #[serde(borrow)]
    pub(super) created: Cow<'a, str>,
    pub(super) state: StreamState<'a>,
    pub(super) cluster: Option<ClusterInfo>,
    pub(super) mirror: Option<SourceInfo>,
    pub(super) sources: Option<Vec<SourceInfo>>,
    /// When the server wrote it.
    #[serde(borrow)]
    pub(super) ts: Cow<'a, str>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, bound(deserialize = "'de: 'a"))]
pub(super) struct StreamConfig<'a> {
    pub(super) name: String,
    pub(super) description: Option<String>,
    pub(super) subjects: Option<Vec<String>>,
    #[serde(borrow)]
    pub(super) retention: Cow<'a, str>,
    pub(super) max_consumers: i64,
    pub(super) max_msgs: i64,
    pub(super) max_bytes: i64,
    pub(super) max_age: i64,
    pub(super) max_msgs_per_subject: i64,
    pub(super) max_msg_size: i64,
    #[serde(borrow)]
    pub(super) discard: Cow<'a, str>,
    #[serde(borrow)]
    pub(super) storage: Cow<'a, str>,
    pub(super) num_replicas: u64,
    pub(super) duplicate_window: i64,
    pub(super) compression: Option<String>,
    pub(super) allow_direct: bool,
    pub(super) sealed: bool,
    pub(super) deny_delete: bool,
    pub(super) deny_purge: bool,
    pub(super) allow_rollup_hdrs: bool,
    pub(super) no_ack: bool,
    pub(super) discard_new_per_subject: bool,
    pub(super) allow_msg_counter: bool,
    pub(super) allow_atomic: bool,
    pub(super) allow_batched: bool,
    pub(super) subject_transform: Option<Transform>,
    pub(super) republish: Option<Transform>,
    pub(super) mirror: Option<SourceConfig>,
    pub(super) sources: Option<Vec<SourceConfig>>,
    pub(super) metadata: Option<serde_json::Map<String, serde_json::Value>>,
}

/// `subject_transform` and `republish`.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Transform {
    pub(super) src: String,
    pub(super) dest: String,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct SourceConfig {
    pub(super) name: String,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, bound(deserialize = "'de: 'a"))]
pub(super) struct StreamState<'a> {
    pub(super) messages: u64,
    pub(super) bytes: u64,
    #[serde(deserialize_with = "sequence")]
    pub(super) first_seq: u64,
    #[serde(borrow)]
    pub(super) first_ts: Cow<'a, str>,
    #[serde(deserialize_with = "sequence")]
    pub(super) last_seq: u64,
    #[serde(borrow)]
    pub(super) last_ts: Cow<'a, str>,
    pub(super) num_subjects: u64,
    pub(super) num_deleted: u64,
    pub(super) consumer_count: u64,
    pub(super) subjects: Option<BTreeMap<String, u64>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct ClusterInfo {
    pub(super) name: Option<String>,
    pub(super) leader: Option<String>,
    pub(super) replicas: Option<Vec<PeerInfo>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct PeerInfo {
    pub(super) name: String,
    pub(super) current: bool,
    pub(super) offline: bool,
    pub(super) active: i64,
    pub(super) lag: Option<u64>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct SourceInfo {
    pub(super) name: String,
    pub(super) lag: u64,
    pub(super) active: i64,
    pub(super) error: Option<ApiError>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, bound(deserialize = "'de: 'a"))]
pub(super) struct ConsumerInfo<'a> {
    pub(super) stream_name: String,
    pub(super) name: String,
    #[serde(borrow)]
    pub(super) created: Cow<'a, str>,
    pub(super) config: ConsumerConfig<'a>,
    pub(super) delivered: Sequence<'a>,
    pub(super) ack_floor: Sequence<'a>,
    pub(super) num_ack_pending: u64,
    pub(super) num_redelivered: u64,
    pub(super) num_waiting: u64,
    pub(super) num_pending: u64,
    pub(super) cluster: Option<ClusterInfo>,
    pub(super) push_bound: bool,
    pub(super) paused: bool,
    pub(super) pause_remaining: i64,
    pub(super) priority_groups: Option<Vec<PriorityGroup>>,
    /// When the server wrote it.
    #[serde(borrow)]
    pub(super) ts: Cow<'a, str>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct PriorityGroup {
    pub(super) pinned_client_id: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, bound(deserialize = "'de: 'a"))]
pub(super) struct Sequence<'a> {
    #[serde(deserialize_with = "sequence")]
    pub(super) consumer_seq: u64,
    #[serde(deserialize_with = "sequence")]
    pub(super) stream_seq: u64,
    #[serde(borrow)]
    pub(super) last_active: Option<Cow<'a, str>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, bound(deserialize = "'de: 'a"))]
pub(super) struct ConsumerConfig<'a> {
    pub(super) durable_name: Option<String>,
    pub(super) description: Option<String>,
    #[serde(borrow)]
    pub(super) deliver_policy: Cow<'a, str>,
    #[serde(borrow)]
    pub(super) ack_policy: Cow<'a, str>,
    pub(super) ack_wait: i64,
    pub(super) backoff: Option<Vec<i64>>,
    #[serde(borrow)]
    pub(super) replay_policy: Cow<'a, str>,
    pub(super) rate_limit_bps: u64,
    pub(super) opt_start_seq: u64,
    pub(super) max_deliver: i64,
    pub(super) filter_subject: Option<String>,
    pub(super) filter_subjects: Option<Vec<String>>,
    pub(super) max_waiting: i64,
    pub(super) max_ack_pending: i64,
    pub(super) deliver_subject: Option<String>,
    pub(super) deliver_group: Option<String>,
    pub(super) inactive_threshold: i64,
    pub(super) headers_only: bool,
    pub(super) num_replicas: u64,
    #[serde(borrow)]
    pub(super) pause_until: Option<Cow<'a, str>>,
    pub(super) priority_groups: Option<Vec<String>>,
    pub(super) priority_policy: Option<String>,
    pub(super) metadata: Option<serde_json::Map<String, serde_json::Value>>,
}

/// `$JS.API.INFO`.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct AccountInfo {
    pub(super) domain: Option<String>,
    #[serde(flatten)]
    pub(super) usage: Usage,
    pub(super) api: ApiStats,
    pub(super) tiers: Option<BTreeMap<String, Usage>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Usage {
    pub(super) memory: u64,
    pub(super) storage: u64,
    pub(super) reserved_memory: u64,
    pub(super) reserved_storage: u64,
    pub(super) streams: u64,
    pub(super) consumers: u64,
    pub(super) limits: AccountLimits,
}

#[expect(clippy::struct_field_names, reason = "the server's names")]
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct AccountLimits {
    pub(super) max_memory: i64,
    pub(super) max_storage: i64,
    pub(super) max_streams: i64,
    pub(super) max_consumers: i64,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct ApiStats {
    pub(super) total: u64,
    pub(super) errors: u64,
}
