//! What the tests of the verdicts share: a consumer that is polled once a slot, through the catalog as in use.

use std::sync::Arc;
use std::time::Duration;

use crate::model::{Catalog, Consumer, ConsumerEntry, Stream, Timestamp, Update};

use super::{Terms, Verdict, judge};

/// Seconds of a slot.
pub(super) const SLOT: i64 = 2;

/// A consumer and its stream, as the server would describe them next.
pub(super) struct Case {
    pub(super) c: Consumer,
    pub(super) s: Stream,
    pub(super) catalog: Catalog,
    pub(super) slots: i64,
    pub(super) allowed: u64,
}

impl Case {
    /// One that has read and acked 100 of 100 messages, and was not polled yet.
    pub(super) fn new() -> Self {
        let mut c = Consumer { stream: "s".into(), name: "c".into(), ..Default::default() };
        c.created = Some(Timestamp::from_secs(-1_000));
        c.config.durable = true;
        c.config.max_ack_pending = Some(1_000);
        (c.delivered.consumer_seq, c.delivered.stream_seq) = (100, 100);
        c.ack_floor = c.delivered;
        c.ack_floor.last_active = Some(Timestamp::from_secs(-500));
        c.delivered.last_active = c.ack_floor.last_active;
        let mut s = Stream { name: "s".into(), ..Default::default() };
        (s.state.first_seq, s.state.last_seq, s.state.messages, s.state.consumers) = (1, 100, 100, 1);
        Self { c, s, catalog: Catalog::default(), slots: 0, allowed: 0 }
    }

    /// The time of the newest poll.
    pub(super) fn now(&self) -> Timestamp {
        Timestamp::from_secs(self.slots * SLOT)
    }

    /// Something happens, and then it is polled: the consumer first, then its stream.
    pub(super) fn poll(&mut self, change: impl FnOnce(&mut Self)) -> &mut Self {
        self.slots += 1;
        change(self);
        let at = self.now();
        self.c.taken = at;
        (self.s.asked, self.s.taken) = (at, at);
        let state = &mut self.s.state;
        state.messages = (state.last_seq + 1).saturating_sub(state.first_seq).saturating_sub(state.deleted);
        self.catalog.apply(Update::Consumer(Arc::new(self.c.clone())));
        self.catalog.apply(Update::Stream(Arc::new(self.s.clone())));
        self
    }

    /// The same again and again.
    pub(super) fn polls(&mut self, times: usize, mut change: impl FnMut(&mut Self)) -> &mut Self {
        for _ in 0..times {
            self.poll(&mut change);
        }
        self
    }

    /// So many are stored, all for this consumer.
    pub(super) fn stored(&mut self, n: u64) {
        self.s.state.last_seq += n;
        self.c.pending += n;
    }

    /// So many are delivered.
    pub(super) fn deliver(&mut self, n: u64) {
        let n = n.min(self.c.pending);
        self.c.pending -= n;
        self.c.delivered.consumer_seq += n;
        let read = self.c.delivered.stream_seq.max(self.s.state.first_seq - 1);
        self.c.delivered.stream_seq = read + n;
        if self.c.config.ack_policy == crate::model::AckPolicy::None {
            self.c.ack_floor = self.c.delivered;
        } else {
            self.c.ack_pending += n;
        }
    }

    /// So many of the oldest are acked.
    pub(super) fn ack(&mut self, n: u64) {
        let n = n.min(self.c.ack_pending);
        if n > 0 {
            self.c.ack_pending -= n;
            self.c.ack_floor.stream_seq = self.c.delivered.stream_seq - self.c.ack_pending;
            self.c.ack_floor.last_active = Some(self.now());
        }
    }

    /// The oldest messages up to this one are dropped by a limit, those not delivered too.
    pub(super) fn drop_to(&mut self, first: u64) {
        let unread = first.saturating_sub(1 + self.c.delivered.stream_seq.max(self.s.state.first_seq - 1));
        self.c.pending -= unread.min(self.c.pending);
        self.s.state.first_seq = first;
    }

    pub(super) fn terms(&self) -> Terms {
        Terms { allowed: self.allowed, ..Terms::of(&self.catalog, self.now()) }
    }

    pub(super) fn entry(&self) -> &ConsumerEntry {
        self.catalog.consumer("s", "c").unwrap()
    }

    pub(super) fn verdict(&self) -> Verdict {
        judge(self.entry(), &self.terms()).unwrap()
    }

    /// The verdict so long after the newest poll.
    pub(super) fn later(&self, after: Duration) -> Verdict {
        judge(self.entry(), &Terms { now: self.now().plus(after), ..self.terms() }).unwrap()
    }

    /// State and flags as documents have them.
    pub(super) fn told(&self) -> String {
        let verdict = self.verdict();
        let mut told = vec![verdict.state.word().to_owned()];
        told.extend(verdict.flags.iter().map(|flag| flag.to_string()));
        told.join(" ")
    }

    pub(super) fn sentence(&self) -> String {
        self.verdict().sentence(self.entry(), self.now())
    }
}

/// A consumer after something happened in each of ten slots.
pub(super) fn after(slots: usize, change: impl FnMut(&mut Case)) -> Case {
    let mut case = Case::new();
    case.polls(slots, change);
    case
}
