//! The health of one consumer.

use crate::model::units::{count, count_exact};
use crate::model::{Availability, ConsumerEntry, Delivery};

use super::{Health, Level};

/// Samples that must exist before growth is called growth.
const ENOUGH: usize = 3;

/// How well a consumer is, from its newest answer and its ring of samples.
pub fn consumer_health(entry: &ConsumerEntry) -> Health {
    let health = delivery(entry);
    let given_up = entry.given_up;
    if given_up.messages == 0 {
        return health;
    }
    health.or_worse(Health::new(
        Level::Warning,
        format!("gave up on {}", count(given_up.messages)),
        format!(
            "{} reached max_deliver without an ack since we look, the last is seq {}: not delivered again.",
            messages(given_up.messages),
            count_exact(given_up.last_seq)
        ),
    ))
}

/// `1 message`, `2 messages`.
pub(super) fn messages(n: u64) -> String {
    if n == 1 { "1 message".to_owned() } else { format!("{} messages", count_exact(n)) }
}

/// `1 message is`, `2 messages are`.
fn messages_are(n: u64) -> String {
    format!("{} {}", messages(n), if n == 1 { "is" } else { "are" })
}

/// How delivery goes.
fn delivery(entry: &ConsumerEntry) -> Health {
    match &entry.availability {
        Availability::Missing => {
            return Health::new(Level::Unknown, "no answer", "The servers that keep it do not answer.");
        }
        Availability::Offline(reason) => {
            return Health::new(Level::Unknown, "offline", format!("It is offline: {reason}"));
        }
        Availability::Present => {}
    }
    let Some(info) = &entry.info else {
        return Health::new(Level::Unknown, "not read yet", "Nothing was read of it yet.");
    };
    if info.cluster.as_ref().is_some_and(|c| c.leader.is_none()) {
        return Health::new(Level::Critical, "no leader", "Its group has no leader: nothing is delivered.");
    }
    if info.paused {
        return Health::new(Level::Notice, "paused", "It is paused: nothing is delivered.");
    }
    let outstanding = info.outstanding();
    if outstanding == 0 {
        let (words, sentence) = if moved(entry) {
            ("caught up", "Nothing is outstanding, and what comes in is taken.")
        } else {
            ("idle", "Nothing is outstanding, and nothing came in lately.")
        };
        return Health::new(Level::Ok, words, sentence);
    }
    if info.config.max_ack_pending.is_some_and(|max| info.ack_pending >= max) && info.pending > 0 {
        return Health::new(
            Level::Critical,
            "blocked",
            // It can move all the same: acks that come late, and messages that the stream drops, make room.
            format!(
                "Delivery waits for acks: {} not acked, which is its max_ack_pending; {} not delivered yet.",
                messages_are(info.ack_pending),
                messages_are(info.pending)
            ),
        );
    }
    let reader = entry.series.iter().any(|s| s.waiting > 0 || s.push_bound);
    let samples: Vec<_> = entry.series.iter().collect();
    let (Some(first), Some(last)) = (samples.first(), samples.last()) else {
        return Health::new(Level::Unknown, "not read yet", "Nothing was read of it yet.");
    };
    let moved = moved(entry);
    if samples.len() < ENOUGH {
        return Health::new(
            Level::Ok,
            format!("{} left", count(outstanding)),
            format!("{} outstanding; too few samples to say whether that grows.", messages_are(outstanding)),
        );
    }
    if !reader && !moved {
        return Health::new(
            Level::Critical,
            "no reader",
            match &info.config.delivery {
                Delivery::Pull => {
                    format!("{} outstanding and nobody asks for them: no open pull, no ack.", messages_are(outstanding))
                }
                Delivery::Push { subject, .. } => {
                    format!("{} outstanding and nobody is subscribed to {subject}.", messages_are(outstanding))
                }
            },
        );
    }
    if !moved {
        return Health::new(
            Level::Warning,
            "stands still",
            format!("{} outstanding and nothing was delivered or acked lately.", messages_are(outstanding)),
        );
    }
    // One dip does not clear it: the second half of the window is compared with the first.
    let half = samples.len() / 2;
    let mean = |part: &[&crate::model::ConsumerSample]| {
        part.iter().map(|s| s.outstanding as f64).sum::<f64>() / part.len().max(1) as f64
    };
    let always = samples.iter().all(|s| s.outstanding > 0);
    // What is just being worked on comes and goes: growth is what one more second of work would not take away.
    let a_second = entry.series.rate(crate::model::catalog::RATE_WINDOW, |s| s.delivered_consumer_seq).unwrap_or(0.0);
    // Who takes everything and acks in bulk is not behind while there is plenty of room for what is not acked.
    let in_bulk = info.pending == 0 && info.config.max_ack_pending.is_some_and(|max| info.ack_pending < max / 2);
    let grown = mean(&samples[half..]) - mean(&samples[..half]);
    if always && !in_bulk && last.outstanding > first.outstanding && grown > a_second {
        return Health::new(
            Level::Warning,
            "behind",
            format!(
                "Outstanding grew from {} to {} while we looked.",
                count_exact(first.outstanding),
                count_exact(last.outstanding)
            ),
        );
    }
    Health::new(Level::Ok, "working", format!("{} outstanding and it moves.", messages_are(outstanding)))
}

/// Something was delivered or acked between the samples.
fn moved(entry: &ConsumerEntry) -> bool {
    entry.series.iter().zip(entry.series.iter().skip(1)).any(|(a, b)| {
        a.delivered_consumer_seq != b.delivered_consumer_seq
            || a.ack_floor_stream_seq != b.ack_floor_stream_seq
            || a.last_acked != b.last_acked
    })
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::model::update::Listing;
    use crate::model::{Catalog, Consumer, Timestamp, Update};

    /// Feeds samples (outstanding, delivered, waiting) through a catalog, one a second.
    fn judge(samples: &[(u64, u64, u64)]) -> Health {
        consumer_health(&entry(samples))
    }

    fn entry(samples: &[(u64, u64, u64)]) -> ConsumerEntry {
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
        catalog.consumer("s", "c").unwrap().clone()
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
    fn what_was_given_up_on_is_told_until_something_worse_is() {
        let mut entry = entry(&[(0, 5, 1)]);
        entry.given_up = crate::model::catalog::GivenUp { messages: 1, last_seq: 7 };
        let health = consumer_health(&entry);
        assert_eq!((health.level, health.words.as_str()), (Level::Warning, "gave up on 1"));
        assert!(health.sentence.starts_with("1 message reached max_deliver"), "{}", health.sentence);
    }

    #[test]
    fn acks_in_bulk_are_no_growth_while_there_is_room() {
        let mut entry = entry(&[(1, 1, 1), (5, 2, 1), (9, 3, 1), (14, 4, 1)]);
        let mut info = Consumer::clone(entry.info.as_ref().unwrap());
        (info.pending, info.ack_pending, info.config.max_ack_pending) = (0, 14, Some(1_000));
        entry.info = Some(Arc::new(info.clone()));
        assert_eq!(consumer_health(&entry).words, "working");
        info.config.max_ack_pending = Some(20);
        entry.info = Some(Arc::new(info));
        assert_eq!(consumer_health(&entry).words, "behind");
    }

    #[test]
    fn nobody_there_is_critical_and_a_waiting_reader_is_not() {
        assert_eq!(judge(&[(9, 1, 0), (9, 1, 0), (9, 1, 0)]).words, "no reader");
        assert_eq!(judge(&[(9, 1, 0), (9, 1, 1), (9, 1, 0)]).words, "stands still");
    }
}
