//! The health of one consumer.

use crate::model::entry::RATE_WINDOW;
use crate::model::units::{count, count_exact};
use crate::model::{Availability, ConsumerEntry, ConsumerSample};

use super::{Health, Level};

/// Samples that must exist before growth is called growth.
const ENOUGH: usize = 3;

/// What is the matter with a consumer, without its words: lists of very many are sorted by the level alone.
#[derive(Clone, Copy, Debug)]
pub(super) enum Finding<'a> {
    Missing,
    Offline(&'a str),
    Unread,
    NoLeader,
    Paused,
    CaughtUp,
    Idle,
    /// So many wait for their ack.
    Blocked(u64),
    /// So many are outstanding, here and in what follows.
    TooFew(u64),
    NoReader(u64),
    StandsStill(u64),
    /// From so many to so many.
    FallingBehind(u64, u64),
    Working(u64),
}

/// How well a consumer is, from its newest answer and its ring of samples.
pub fn consumer_health(entry: &ConsumerEntry) -> Health {
    find(entry).health()
}

/// The level alone of [`consumer_health`].
pub fn consumer_level(entry: &ConsumerEntry) -> Level {
    find(entry).level()
}

pub(super) fn find(entry: &ConsumerEntry) -> Finding<'_> {
    match &entry.availability {
        Availability::Missing => return Finding::Missing,
        Availability::Offline(reason) => return Finding::Offline(reason),
        Availability::Present => {}
    }
    let Some(info) = &entry.info else { return Finding::Unread };
    if info.cluster.as_ref().is_some_and(|c| c.leader.is_none()) {
        return Finding::NoLeader;
    }
    if info.paused {
        return Finding::Paused;
    }
    let outstanding = info.outstanding();
    if outstanding == 0 {
        return if moved(entry) { Finding::CaughtUp } else { Finding::Idle };
    }
    if info.config.max_ack_pending.is_some_and(|max| info.ack_pending >= max) && info.pending > 0 {
        return Finding::Blocked(info.ack_pending);
    }
    let samples = || entry.series.iter();
    let (Some(first), Some(last)) = (samples().next(), entry.series.last()) else { return Finding::Unread };
    if entry.series.len() < ENOUGH {
        return Finding::TooFew(outstanding);
    }
    if !moved(entry) {
        let reader = samples().any(|s| s.waiting > 0 || s.push_bound);
        return if reader { Finding::StandsStill(outstanding) } else { Finding::NoReader(outstanding) };
    }
    // One dip does not clear it: the second half of the window is compared with the first.
    if last.outstanding > first.outstanding && samples().all(|s| s.outstanding > 0) {
        let half = entry.series.len() / 2;
        let sum = |part: &mut dyn Iterator<Item = &ConsumerSample>| part.map(|s| s.outstanding as f64).sum::<f64>();
        let before = sum(&mut samples().take(half)) / half as f64;
        let after = sum(&mut samples().skip(half)) / (entry.series.len() - half) as f64;
        // What is just being worked on comes and goes: growth is what one more second of work would not take away.
        let a_second = entry.series.rate(RATE_WINDOW, |s| s.delivered_consumer_seq).unwrap_or(0.0);
        if after - before > a_second {
            return Finding::FallingBehind(first.outstanding, last.outstanding);
        }
    }
    Finding::Working(outstanding)
}

/// Something was delivered or acked between the samples.
fn moved(entry: &ConsumerEntry) -> bool {
    entry.series.iter().zip(entry.series.iter().skip(1)).any(|(a, b)| {
        a.delivered_consumer_seq != b.delivered_consumer_seq
            || a.ack_floor_stream_seq != b.ack_floor_stream_seq
            || a.last_acked != b.last_acked
    })
}

impl Finding<'_> {
    pub(super) const fn level(self) -> Level {
        match self {
            Self::Missing | Self::Offline(_) | Self::Unread => Level::Unknown,
            Self::NoLeader | Self::Blocked(_) | Self::NoReader(_) => Level::Critical,
            Self::StandsStill(_) | Self::FallingBehind(..) => Level::Warning,
            Self::Paused => Level::Notice,
            Self::CaughtUp | Self::Idle | Self::TooFew(_) | Self::Working(_) => Level::Ok,
        }
    }

    pub(super) fn health(self) -> Health {
        let n = count_exact;
        let (words, sentence) = match self {
            Self::Missing => ("no answer", "The servers that keep it do not answer.".into()),
            Self::Offline(reason) => ("offline", format!("It is offline: {reason}")),
            Self::Unread => ("not read yet", "Nothing was read of it yet.".into()),
            Self::NoLeader => ("no leader", "Its group has no leader: nothing is delivered.".into()),
            Self::Paused => ("paused", "It is paused: nothing is delivered.".into()),
            Self::CaughtUp => ("caught up", "Nothing is outstanding, and what comes in is taken.".into()),
            Self::Idle => ("idle", "Nothing is outstanding, and nothing came in lately.".into()),
            Self::Blocked(unacked) => (
                "blocked",
                format!(
                    "Delivery is halted: {} messages wait for their ack, which is its max_ack_pending.",
                    n(unacked)
                ),
            ),
            Self::TooFew(left) => {
                let sentence =
                    format!("{} messages are outstanding; too few samples to say whether that grows.", n(left));
                return Health::new(self.level(), format!("{} left", count(left)), sentence);
            }
            Self::NoReader(left) => (
                "no reader",
                format!(
                    "{} messages are outstanding and nobody receives: no open pull, no subscription, no ack.",
                    n(left)
                ),
            ),
            Self::StandsStill(left) => (
                "stands still",
                format!("{} messages are outstanding and nothing was delivered or acked lately.", n(left)),
            ),
            Self::FallingBehind(from, to) => {
                ("behind", format!("Outstanding grew from {} to {} while we looked.", n(from), n(to)))
            }
            Self::Working(left) => ("working", format!("{} messages are outstanding and it moves.", n(left))),
        };
        Health::new(self.level(), words, sentence)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::model::update::Listing;
    use crate::model::{Catalog, Consumer, Timestamp, Update};

    /// Feeds samples (outstanding, delivered, waiting) through a catalog, one a second.
    fn judge(samples: &[(u64, u64, u64)]) -> Health {
        let mut catalog = Catalog::default();
        for (t, &(pending, delivered, waiting)) in samples.iter().enumerate() {
            let at = Timestamp::from_secs(t as i64 + 1);
            let mut c =
                Consumer { stream: "s".into(), name: "c".into(), pending, waiting, taken: at, ..Default::default() };
            c.delivered.consumer_seq = delivered;
            catalog.apply(Update::Consumers(
                "s".into(),
                Listing {
                    started: at,
                    taken: at,
                    items: vec![Arc::new(c)],
                    missing: vec![],
                    offline: vec![],
                    total: 1,
                    problem: None,
                },
            ));
        }
        consumer_health(catalog.consumer("s", "c").unwrap())
    }

    #[test]
    fn nothing_outstanding_is_well() {
        assert_eq!(judge(&[(0, 5, 0)]).level, Level::Ok);
    }

    #[test]
    fn growth_is_told_from_a_sawtooth_that_holds() {
        assert_eq!(judge(&[(1, 1, 1), (5, 2, 1), (9, 3, 1), (14, 4, 1)]).words, "behind");
        assert_eq!(judge(&[(9, 1, 1), (5, 2, 1), (9, 3, 1), (5, 4, 1)]).level, Level::Ok);
        assert_eq!(judge(&[(9, 1, 1), (5, 2, 1)]).level, Level::Ok, "too few samples");
    }

    #[test]
    fn nobody_there_is_critical_and_a_waiting_reader_is_not() {
        assert_eq!(judge(&[(9, 1, 0), (9, 1, 0), (9, 1, 0)]).words, "no reader");
        assert_eq!(judge(&[(9, 1, 0), (9, 1, 1), (9, 1, 0)]).words, "stands still");
    }
}
