//! How long the oldest message waits that a consumer has not acked: read from the stream, never worked out.

use std::time::Duration;

use super::{ConsumerEntry, Problem, Timestamp};

/// What was read longer ago than this says nothing of the present.
const OLD: Duration = Duration::from_secs(90);

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

/// What is known of a consumer's lag time.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum LagTime<'a> {
    /// Nothing is outstanding, so nothing waits.
    Nothing,
    /// It was not looked at yet, or too long ago.
    Unread,
    /// It cannot be looked at, for this reason.
    Failed(&'a Problem),
    /// Something is outstanding, but the stream has no such message any more.
    Gone,
    /// The oldest message, and how old it was when it was looked at.
    Known(Duration, Stored, &'a Lag),
}

impl LagTime<'_> {
    /// The age, where it is known.
    pub const fn age(&self) -> Option<Duration> {
        match self {
            Self::Known(age, ..) => Some(*age),
            _ => None,
        }
    }
}

impl ConsumerEntry {
    /// How long the oldest message waits that it has not acked.
    pub fn lag_time(&self, now: Timestamp) -> LagTime<'_> {
        if self.outstanding.is_some_and(|run| !run.on) {
            return LagTime::Nothing;
        }
        let Some(reading) = self.lag.as_deref() else { return LagTime::Unread };
        match (reading.problem(), reading.value()) {
            (Some(problem), _) => LagTime::Failed(problem),
            (None, Some(lag)) if now.since(lag.taken) <= OLD => match (lag.age(), lag.oldest) {
                (Some(age), Some(oldest)) => LagTime::Known(age, oldest, lag),
                _ => LagTime::Gone,
            },
            (None, _) => LagTime::Unread,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::model::update::Ask;
    use crate::model::{Catalog, Consumer, ProblemKind, Update};

    #[test]
    fn what_was_not_read_failed_and_is_gone_are_told_apart() {
        let at = Timestamp::from_secs;
        let mut catalog = Catalog::default();
        let put = |catalog: &mut Catalog, second: i64, pending: u64| {
            let c = Consumer { stream: "s".into(), name: "c".into(), pending, taken: at(second), ..Default::default() };
            catalog.apply(Update::Consumer(Arc::new(c)));
        };
        let read = |oldest: Option<Stored>| {
            Update::Lag("s".into(), "c".into(), Lag { oldest, delivered: None, taken: at(100) })
        };
        let told =
            |catalog: &Catalog, second: i64| format!("{:?}", catalog.consumer("s", "c").unwrap().lag_time(at(second)));
        put(&mut catalog, 100, 5);
        assert_eq!(told(&catalog, 100), "Unread");
        catalog.apply(read(Some(Stored { seq: 7, time: at(40) })));
        assert!(told(&catalog, 150).starts_with("Known(60s"), "as it was read, not worked out further");
        assert_eq!(told(&catalog, 191), "Unread");
        catalog.apply(read(None));
        assert_eq!(told(&catalog, 100), "Gone");
        let denied = Problem::new(ProblemKind::Denied { subject: "x".into() }, "no");
        catalog.apply(Update::Failed(Ask::Lag("s".into(), "c".into()), denied, at(101)));
        assert!(told(&catalog, 101).starts_with("Failed"));
        put(&mut catalog, 102, 0);
        assert_eq!(told(&catalog, 102), "Nothing");
        put(&mut catalog, 103, 5);
        assert_eq!(told(&catalog, 103), "Unread", "what waited before does not wait now");
    }
}
