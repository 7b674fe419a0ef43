//! Advisories as sentences for whoever is on call.

use std::time::Duration;

use crate::event::clean_line;
use crate::health::Level;
use crate::model::units::{bytes, count_exact, duration};
use crate::model::{Advisory, AdvisoryKind};

/// Refusals that come one after the other are told together: of so many entries before, one of the same consumer takes
/// them in …
pub(super) const TOGETHER: usize = 8;
/// … unless it was begun longer ago than this.
const WITHIN: Duration = Duration::from_secs(10);

/// An advisory, with what was known besides.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Told {
    /// The first of those that are told together, with what the newest says.
    pub advisory: Advisory,
    /// The leader before, where another one was elected.
    pub before: Option<String>,
    /// How many are told together.
    pub times: u64,
}

impl Told {
    /// Takes another one in, where it says the same again.
    pub(super) fn takes(&mut self, other: &Advisory) -> bool {
        use AdvisoryKind::{DeletedUnacked, Nak};
        let kinds = (&self.advisory.kind, &other.kind);
        let same = matches!(kinds, (Nak { .. }, Nak { .. }) | (DeletedUnacked { .. }, DeletedUnacked { .. }))
            && (&self.advisory.stream, &self.advisory.consumer) == (&other.stream, &other.consumer)
            && other.time.since(self.advisory.time) < WITHIN;
        if same {
            self.advisory.kind.clone_from(&other.kind);
            self.times += 1;
        }
        same
    }

    /// How bad it is.
    pub const fn level(&self) -> Level {
        use AdvisoryKind as K;
        match &self.advisory.kind {
            K::StreamQuorumLost { .. } | K::ConsumerQuorumLost { .. } | K::DeletedUnacked { .. } => Level::Critical,
            K::StreamDeleted | K::MaxDeliveries { .. } | K::Terminated { .. } | K::BatchAbandoned { .. } => {
                Level::Warning
            }
            K::Other { .. } => Level::Unknown,
            _ => Level::Notice,
        }
    }

    /// One word or two for what happened.
    pub const fn kind(&self) -> &'static str {
        use AdvisoryKind as K;
        match &self.advisory.kind {
            K::StreamCreated | K::ConsumerCreated => "created",
            K::StreamUpdated => "changed",
            K::StreamDeleted | K::ConsumerDeleted => "deleted",
            K::StreamLeaderElected { .. } | K::ConsumerLeaderElected { .. } => "leader",
            K::StreamQuorumLost { .. } | K::ConsumerQuorumLost { .. } => "no quorum",
            K::SnapshotBegun { .. } | K::SnapshotDone { .. } => "backup",
            K::RestoreBegun | K::RestoreDone { .. } => "restore",
            K::BatchAbandoned { .. } => "batch",
            K::ConsumerPaused { .. } => "paused",
            K::ConsumerResumed => "resumed",
            K::MaxDeliveries { .. } => "gave up",
            K::Nak { .. } => "nak",
            K::Terminated { .. } => "terminated",
            K::DeletedUnacked { .. } => "lost",
            K::Pinned { .. } | K::Unpinned { .. } => "pinned",
            K::Other { .. } => "other",
        }
    }

    /// The whole sentence; harmless.
    pub fn sentence(&self) -> String {
        self.sentence_about(&self.advisory.stream)
    }

    /// The same with another name for the stream, such as its short one.
    pub fn sentence_about(&self, stream: &str) -> String {
        let place = match &self.advisory.consumer {
            Some(consumer) => format!("consumer {consumer} of {stream}"),
            None => format!("stream {stream}"),
        };
        clean_line(&self.of(&place)).into_owned()
    }

    fn of(&self, place: &str) -> String {
        use AdvisoryKind as K;
        match &self.advisory.kind {
            K::StreamCreated | K::ConsumerCreated => format!("{place} was created"),
            K::StreamUpdated => format!("{place}: its configuration was changed"),
            K::StreamDeleted => format!("{place} was deleted, with all of its messages"),
            K::ConsumerDeleted => format!("{place} was deleted"),
            K::StreamLeaderElected { leader } | K::ConsumerLeaderElected { leader } => {
                self.elected(place, leader.as_deref())
            }
            K::StreamQuorumLost { offline } => {
                format!(
                    "{place} has lost its quorum: nothing is stored until most of its servers are back{}",
                    names(offline)
                )
            }
            K::ConsumerQuorumLost { offline } => {
                format!(
                    "{place} has lost its quorum: nothing is delivered until most of its servers are back{}",
                    names(offline)
                )
            }
            K::SnapshotBegun { size } => {
                let size =
                    size.map(|(n, b)| format!(": {} messages, {}", count_exact(n), bytes(b))).unwrap_or_default();
                format!("{place}: a backup was begun{size}")
            }
            K::SnapshotDone { took } => {
                format!(
                    "{place}: a backup is complete{}",
                    took.map(|d| format!(" after {}", duration(d))).unwrap_or_default()
                )
            }
            K::RestoreBegun => format!("{place}: a restore from a backup was begun"),
            K::RestoreDone { took, bytes: size } => {
                let size = size.map(|b| format!(", {}", bytes(b))).unwrap_or_default();
                let took = took.map(|d| format!(" after {}", duration(d))).unwrap_or_default();
                format!("{place} is restored from a backup{took}{size}")
            }
            K::BatchAbandoned { batch, reason } => {
                let why = match reason.as_str() {
                    "timeout" => "it was not finished in time",
                    "large" => "it has too many messages",
                    "incomplete" => "some of it is missing",
                    "unsupported" => "the publisher needs what this server cannot do",
                    other => other,
                };
                format!("{place}: batch {batch} was given up, nothing of it is stored: {why}")
            }
            K::ConsumerPaused { until: Some(until) } => format!("{place} is paused until {} UTC", until.to_display()),
            K::ConsumerPaused { until: None } => format!("{place} is paused"),
            K::ConsumerResumed => format!("{place} delivers again after a pause"),
            K::MaxDeliveries { stream_seq, deliveries } => {
                format!("{place} gave up on #{stream_seq}: delivered {}, never acked", times(*deliveries))
            }
            K::Nak { stream_seq, deliveries } if self.times > 1 => format!(
                "{place}: {} refusals (nak), the last of #{stream_seq} ({}); delivered again unless max_deliver is reached",
                count_exact(self.times),
                nth(*deliveries)
            ),
            K::Nak { stream_seq, deliveries } => {
                format!(
                    "{place}: a client refused #{stream_seq} (nak, {}); delivered again unless max_deliver is reached",
                    nth(*deliveries)
                )
            }
            K::Terminated { stream_seq, deliveries, reason } => {
                let reason = reason.as_ref().map_or("no reason given".to_owned(), |r| format!("reason: {r}"));
                format!(
                    "{place}: a client terminated #{stream_seq} ({}); it is not delivered again; {reason}",
                    nth(*deliveries)
                )
            }
            K::DeletedUnacked { stream_seq, .. } if self.times > 1 => format!(
                "{place}: the stream deleted {} messages that were delivered and not acked, the last was #{stream_seq}",
                count_exact(self.times)
            ),
            K::DeletedUnacked { stream_seq, deliveries } => {
                format!("{place}: the stream deleted #{stream_seq}, which was not acked ({})", nth(*deliveries))
            }
            K::Pinned { group, client } => {
                format!("{place}: in group {group} only client {client} receives from now on")
            }
            K::Unpinned { group, reason } => {
                let why = match reason.as_str() {
                    "timeout" => "it did not ask for more in time",
                    "admin" => "somebody unpinned it",
                    other => other,
                };
                format!("{place}: in group {group} the client that was pinned is not any more: {why}")
            }
            K::Other { token, body } => format!("{place}: {token}, of which this program knows nothing: {body}"),
        }
    }

    fn elected(&self, place: &str, leader: Option<&str>) -> String {
        match (leader, self.before.as_deref()) {
            (None, _) => format!("{place}: a leader was elected"),
            (Some(now), Some(before)) if now == before => format!("{place}: {now} was elected leader again"),
            (Some(now), Some(before)) => format!("{place}: {now} is the leader now, before it was {before}"),
            (Some(now), None) => format!("{place}: {now} is the leader now"),
        }
    }
}

fn names(offline: &[String]) -> String {
    match offline {
        [] => String::new(),
        [one] => format!(" ({one} is offline)"),
        several => format!(" ({} are offline)", several.join(", ")),
    }
}

fn times(deliveries: u64) -> String {
    match deliveries {
        0 => "as often as it may be".into(),
        1 => "once".into(),
        n => format!("{} times", count_exact(n)),
    }
}

fn nth(delivery: u64) -> String {
    match delivery {
        0 => "after an unknown number of deliveries".into(),
        n => format!("delivery {}", count_exact(n)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Timestamp;

    fn told(kind: AdvisoryKind, consumer: bool) -> Told {
        let advisory = Advisory {
            time: Timestamp(0),
            stream: "orders".into(),
            consumer: consumer.then(|| "billing".into()),
            kind,
        };
        Told { advisory, before: None, times: 1 }
    }

    #[test]
    fn sentences_say_what_it_means() {
        use AdvisoryKind as K;
        let leader = || Some("n2".to_owned());
        for (kind, consumer, sentence) in [
            (K::StreamCreated, false, "stream orders was created"),
            (K::StreamLeaderElected { leader: leader() }, false, "stream orders: n2 is the leader now"),
            (
                K::ConsumerQuorumLost { offline: vec!["n1".into(), "n3".into()] },
                true,
                "consumer billing of orders has lost its quorum: nothing is delivered until most of its servers are back (n1, n3 are offline)",
            ),
            (
                K::MaxDeliveries { stream_seq: 7, deliveries: 5 },
                true,
                "consumer billing of orders gave up on #7: delivered 5 times, never acked",
            ),
            (
                K::Terminated { stream_seq: 7, deliveries: 1, reason: Some("no such\u{202e} order".into()) },
                true,
                "consumer billing of orders: a client terminated #7 (delivery 1); it is not delivered again; reason: no such⟨U+202E⟩ order",
            ),
            (
                K::ConsumerPaused { until: Some(Timestamp::from_secs(60)) },
                true,
                "consumer billing of orders is paused until 1970-01-01 00:01:00 UTC",
            ),
            (
                K::Other { token: "NEW".into(), body: "{\"a\":1}".into() },
                false,
                "stream orders: NEW, of which this program knows nothing: {\"a\":1}",
            ),
        ] {
            assert_eq!(told(kind, consumer).sentence(), sentence);
        }
        let again = Told { before: leader(), ..told(K::StreamLeaderElected { leader: leader() }, false) };
        assert_eq!(again.sentence(), "stream orders: n2 was elected leader again");
        let other = Told { before: Some("n1".into()), ..again };
        assert_eq!(other.sentence(), "stream orders: n2 is the leader now, before it was n1");
    }

    #[test]
    fn refusals_of_one_consumer_are_told_together() {
        let nak = |seq| AdvisoryKind::Nak { stream_seq: seq, deliveries: 2 };
        let mut first = told(nak(1), true);
        assert!(first.takes(&told(nak(2), true).advisory));
        assert!(!first.takes(&told(AdvisoryKind::ConsumerResumed, true).advisory));
        let mut elsewhere = told(nak(3), true).advisory;
        elsewhere.stream = "mail".into();
        assert!(!first.takes(&elsewhere));
        let later = Advisory { time: Timestamp::from_secs(10), ..told(nak(4), true).advisory };
        assert!(!first.takes(&later));
        assert!(first.sentence().contains("2 refusals (nak), the last of #2 (delivery 2)"), "{}", first.sentence());
    }
}
