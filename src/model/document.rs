//! The documents of the headless commands: field names are a promise to scripts.
//!
//! Times are RFC 3339 in UTC; what is unknown is null, never zero.

use std::time::Duration;

use serde::{Serialize, Serializer};

use super::update::Listing;
use super::{
    AckPolicy, Catalog, Consumer, Discard, Fullness, Kind, KindPatterns, Problem, Retention, ServerInfo, Storage,
    Stream, Timestamp,
};

/// Seconds: a whole number where it is one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Seconds(pub Duration);

impl Serialize for Seconds {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if self.0.subsec_nanos() == 0 {
            serializer.serialize_u64(self.0.as_secs())
        } else {
            serializer.serialize_f64(self.0.as_secs_f64())
        }
    }
}

/// The server that answered.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ServerDocument {
    /// Its name.
    pub name: String,
    /// Its version.
    pub version: String,
}

impl From<&ServerInfo> for ServerDocument {
    fn from(server: &ServerInfo) -> Self {
        Self { name: server.name.clone(), version: server.version.clone() }
    }
}

/// Something that exists and whose servers cannot answer for it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct OfflineDocument {
    /// The name; `STREAM CONSUMER` for a consumer.
    pub name: String,
    /// The server's reason.
    pub reason: String,
}

/// What is missing from a document and why.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Partial {
    /// Names whose servers did not answer.
    pub missing: Vec<String>,
    /// Names that are offline.
    pub offline: Vec<OfflineDocument>,
    /// Questions that failed; a sentence each.
    pub failed: Vec<String>,
}

impl Partial {
    /// Adds what a listing lacks; `stream` is put before the names of consumers.
    pub fn add<T>(&mut self, listing: &Listing<T>, stream: Option<&str>) {
        let named = |name: &String| stream.map_or_else(|| name.clone(), |s| format!("{s} {name}"));
        self.missing.extend(listing.missing.iter().map(named));
        self.offline.extend(
            listing.offline.iter().map(|(name, reason)| OfflineDocument { name: named(name), reason: reason.clone() }),
        );
        self.failed.extend(listing.problem.as_ref().map(Problem::to_string));
    }

    /// Adds what another document lacks.
    pub fn merge(&mut self, other: Self) {
        self.missing.extend(other.missing);
        self.offline.extend(other.offline);
        self.failed.extend(other.failed);
    }

    /// `None` when nothing is missing.
    pub fn or_none(self) -> Option<Self> {
        (self != Self::default()).then_some(self)
    }
}

/// The limits of a stream; null is "no limit".
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct LimitsDocument {
    /// Seconds.
    pub max_age_seconds: Option<Seconds>,
    /// Messages.
    pub max_msgs: Option<u64>,
    /// Bytes.
    pub max_bytes: Option<u64>,
    /// Messages of one subject.
    pub max_msgs_per_subject: Option<u64>,
    /// Bytes of one message.
    pub max_msg_size: Option<u64>,
}

/// A stream.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct StreamDocument {
    /// Its name.
    pub name: String,
    /// What it is for.
    pub kind: Kind,
    /// The short name.
    pub label: String,
    /// The subjects that it captures.
    pub subjects: Vec<String>,
    /// `file` or `memory`.
    pub storage: Storage,
    /// `limits`, `interest` or `workqueue`.
    pub retention: Retention,
    /// `old` or `new`.
    pub discard: Discard,
    /// Messages held.
    pub messages: u64,
    /// Bytes held.
    pub bytes: u64,
    /// The first sequence.
    pub first_seq: u64,
    /// The last sequence.
    pub last_seq: u64,
    /// Last - first + 1; 0 for an empty stream.
    pub spread: u64,
    /// Messages deleted between first and last.
    pub deleted: u64,
    /// When the first message was stored.
    pub first_time: Option<Timestamp>,
    /// When the last message was stored.
    pub last_time: Option<Timestamp>,
    /// How far back in time it reaches.
    pub reach_seconds: Option<Seconds>,
    /// Number of consumers.
    pub consumers: u64,
    /// Messages stored per second; null on one sample.
    pub rate_in: Option<f64>,
    /// Its limits.
    pub limits: LimitsDocument,
    /// The tightest limit that fills; null where there is none.
    pub fullness: Option<Fullness>,
    /// How many servers keep it.
    pub replicas: u64,
    /// The leader; null where there is none, and on a server without a cluster.
    pub leader: Option<String>,
}

impl StreamDocument {
    /// The document of a stream; the reach is measured from when it was read.
    pub fn new(stream: &Stream, kinds: &KindPatterns, rate_in: Option<f64>) -> Self {
        let (kind, label) = kinds.classify(stream);
        let (config, state, limits) = (&stream.config, &stream.state, &stream.config.limits);
        Self {
            name: stream.name.clone(),
            kind,
            label: label.to_owned(),
            subjects: config.subjects.clone(),
            storage: config.storage,
            retention: config.retention,
            discard: config.discard,
            messages: state.messages,
            bytes: state.bytes,
            first_seq: state.first_seq,
            last_seq: state.last_seq,
            spread: state.spread(),
            deleted: state.deleted,
            first_time: state.first_time,
            last_time: state.last_time,
            reach_seconds: state.reach(stream.taken).map(Seconds),
            consumers: state.consumers,
            rate_in,
            limits: LimitsDocument {
                max_age_seconds: limits.max_age.map(Seconds),
                max_msgs: limits.max_msgs,
                max_bytes: limits.max_bytes,
                max_msgs_per_subject: limits.max_msgs_per_subject,
                max_msg_size: limits.max_msg_size,
            },
            fullness: stream.fullness(),
            replicas: config.replicas,
            leader: stream.leader().map(str::to_owned),
        }
    }
}

/// What is said of a consumer.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct VerdictDocument {
    /// `OK`, `BEHIND`, `STALLED`, `STOPPED`, `REWOUND`, `PAUSED` or `UNKNOWN`.
    pub verdict: &'static str,
    /// Since when; null where its beginning is not known.
    pub since: Option<Timestamp>,
    /// Where its beginning is not known: when it was first seen to be so. It may have been so long before.
    pub seen_since: Option<Timestamp>,
    /// `DEAD>=n`, `LOST<=n`, `BLOCKED`, `HOL` and `RECREATED`, as many as apply.
    pub flags: Vec<String>,
    /// Of `LOST<=n`: how many messages a second are lost now, at most; null where none is.
    pub lost_per_second: Option<f64>,
    /// The evidence.
    pub sentence: String,
    /// Growth of what is outstanding; null on one sample.
    pub slope_per_second: Option<f64>,
    /// Until nothing is outstanding, where it catches up.
    pub eta_seconds: Option<f64>,
    /// Age of the oldest message that is not acked; 0 where nothing is outstanding, null where it could not be read.
    pub lag_seconds: Option<f64>,
    /// Until a limit drops that message; null where none does, or where that is not known.
    pub loss_seconds: Option<f64>,
}

/// A consumer.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ConsumerDocument {
    /// Its stream.
    pub stream: String,
    /// Its name.
    pub name: String,
    /// `pull` or `push`.
    pub mode: &'static str,
    /// It survives its client.
    pub durable: bool,
    /// `none`, `all`, `explicit` or `flow_control`.
    pub ack_policy: AckPolicy,
    /// The subjects that it receives; empty is all.
    pub filter_subjects: Vec<String>,
    /// Pending + ack pending; pending alone where the ack policy is none.
    pub outstanding: u64,
    /// Not yet delivered.
    pub pending: u64,
    /// Delivered, not acked.
    pub ack_pending: u64,
    /// Delivered more than once, not acked.
    pub redelivered: u64,
    /// Open pull requests.
    pub waiting: u64,
    /// The last delivered stream sequence.
    pub delivered_seq: u64,
    /// The stream sequence up to which everything is acked.
    pub ack_floor_seq: u64,
    /// When something was last delivered; null when that is not known (after a restart too).
    pub last_delivered: Option<Timestamp>,
    /// When something was last acked; null when that is not known (after a restart too).
    pub last_acked: Option<Timestamp>,
    /// It is paused.
    pub paused: bool,
    /// A push consumer has a subscriber.
    pub push_bound: bool,
    /// What is said of it.
    #[serde(flatten)]
    pub verdict: VerdictDocument,
}

impl ConsumerDocument {
    /// The document of a consumer.
    pub fn new(c: &Consumer, verdict: VerdictDocument) -> Self {
        Self {
            stream: c.stream.clone(),
            name: c.name.clone(),
            mode: c.config.delivery.word(),
            durable: c.config.durable,
            ack_policy: c.config.ack_policy.clone(),
            filter_subjects: c.config.filter_subjects.clone(),
            outstanding: c.outstanding(),
            pending: c.pending,
            ack_pending: c.ack_pending,
            redelivered: c.redelivered,
            waiting: c.waiting,
            delivered_seq: c.delivered.stream_seq,
            ack_floor_seq: c.ack_floor.stream_seq,
            last_delivered: c.delivered.last_active,
            last_acked: c.ack_floor.last_active,
            paused: c.paused,
            push_bound: c.push_bound,
            verdict,
        }
    }
}

/// What `jetscope streams --json` prints.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct StreamsDocument {
    /// When it was complete, by our clock.
    pub taken: Timestamp,
    /// The context, where one is used.
    pub context: Option<String>,
    /// Who answered.
    pub server: ServerDocument,
    /// What is missing; null when nothing is.
    pub partial: Option<Partial>,
    /// By name.
    pub streams: Vec<StreamDocument>,
}

impl StreamsDocument {
    /// Of a listing; rates come from the catalog that has taken it in.
    pub fn new(
        listing: &Listing<Stream>,
        catalog: &Catalog,
        kinds: &KindPatterns,
        context: Option<String>,
        server: &ServerInfo,
    ) -> Self {
        let mut partial = Partial::default();
        partial.add(listing, None);
        let rate = |name: &str| catalog.streams.get(name).and_then(super::StreamEntry::rate_in);
        Self {
            taken: listing.taken,
            context,
            server: server.into(),
            partial: partial.or_none(),
            streams: listing.items.iter().map(|s| StreamDocument::new(s, kinds, rate(&s.name))).collect(),
        }
    }
}

/// Items of a document that are made while they are written: of very many it is never whole in memory.
#[derive(Clone, Copy, Debug)]
pub struct Each<F>(pub F);

impl<F, I> Serialize for Each<F>
where
    F: Fn() -> I,
    I: Iterator<Item: Serialize>,
{
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq((self.0)())
    }
}

/// What `jetscope consumers --json` prints; `C` is a list of [`ConsumerDocument`].
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ConsumersDocument<C> {
    /// When it was complete, by our clock.
    pub taken: Timestamp,
    /// The context, where one is used.
    pub context: Option<String>,
    /// Who answered.
    pub server: ServerDocument,
    /// What is missing; null when nothing is.
    pub partial: Option<Partial>,
    /// By stream and name.
    pub consumers: C,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seconds_are_whole_where_they_can_be() {
        let json = |ms| serde_json::to_string(&Seconds(Duration::from_millis(ms))).unwrap();
        assert_eq!((json(3_600_000).as_str(), json(100).as_str()), ("3600", "0.1"));
    }

    #[test]
    fn an_empty_stream_has_no_reach_and_no_rate() {
        let stream = Stream { name: "eventsource-a-stream".into(), ..Default::default() };
        let json = serde_json::to_value(StreamDocument::new(&stream, &KindPatterns::default(), None)).unwrap();
        assert_eq!((&json["kind"], &json["label"]), (&"event_source".into(), &"a".into()));
        for unknown in ["first_time", "reach_seconds", "rate_in", "fullness", "leader"] {
            assert!(json[unknown].is_null(), "{unknown}");
        }
        assert_eq!(json["spread"], 0);
        assert!(json["limits"]["max_age_seconds"].is_null());
    }

    #[test]
    fn nothing_missing_is_null() {
        assert_eq!(Partial::default().or_none(), None);
        let listing = Listing::<Consumer> {
            started: Timestamp(0),
            taken: Timestamp(0),
            items: vec![],
            missing: vec!["c".into()],
            offline: vec![("d".into(), "why".into())],
            total: 2,
            problem: None,
        };
        let mut partial = Partial::default();
        partial.add(&listing, Some("S"));
        assert_eq!(partial.missing, ["S c"]);
        assert_eq!(partial.or_none().unwrap().offline[0].name, "S d");
    }
}
