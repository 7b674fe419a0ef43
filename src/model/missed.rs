//! What retention dropped before a consumer had read it, counted from where the consumer stands.
//!
//! The server keeps no such count. The distance between the last message that was delivered and the beginning of the
//! log is an upper bound: with a filter, or with holes in the log, some of the sequences between were none of the
//! consumer's messages.

use super::consumer::DeliverPolicy;
use super::ring::{Edges, SLOTS};
use super::{Consumer, ConsumerSample};

/// What a consumer lost at the place where it stands now.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Missed {
    /// At most so many messages: the most that was known while it stood here, so that the number never falls before
    /// the consumer moves.
    pub messages: u64,
    /// All of its messages up to this sequence were read, however far behind this it stands: a filter passes over what
    /// it does not match.
    pub read: u64,
    /// The stream sequence that was delivered last when this was counted; `None` before the first sample.
    stands: Option<u64>,
}

impl Missed {
    /// As it was at an earlier time, when so much was known and this was delivered last.
    pub(super) const fn of_past(messages: u64, read: u64, stands: u64) -> Self {
        Self { messages, read, stands: Some(stands) }
    }

    /// Looks at the newest of these samples, the ring of this consumer.
    pub(super) fn look(&mut self, samples: &[ConsumerSample], picky: bool) {
        let Some(newest) = samples.last() else { return };
        let before = samples.len().checked_sub(2).and_then(|n| samples.get(n));
        let delivered = newest.delivered_stream_seq;
        if self.stands.is_some_and(|stands| delivered < stands) {
            // It was moved back, and what the log had dropped by then it may have read before.
            self.read = newest.edges.map_or(0, |edges| edges.first_seq.saturating_sub(1));
        }
        if self.stands != Some(delivered) {
            self.messages = 0;
        }
        self.stands = Some(delivered);
        if picky && newest.pending == 0 {
            // None of its messages waits. That holds up to the end that the log had before these numbers came.
            let known = before.and_then(|sample| sample.edges).map(|edges| edges.last_seq);
            let dropped = newest.edges.map(|edges| edges.first_seq.saturating_sub(1));
            self.read = self.read.max(known.or(dropped).unwrap_or(0));
        }
        // Which of the messages that are gone its filter matched is not known. Only of who does not read at all is it
        // taken that some were.
        let idle = |s: &ConsumerSample| s.pending > 0 && s.delivered_stream_seq == delivered;
        let tells = !picky || (samples.len() >= SLOTS && samples.iter().all(idle));
        if let Some(edges) = begins(before, newest).filter(|edges| tells && edges.drops(picky)) {
            let read = delivered.max(newest.ack_floor_stream_seq).max(self.read);
            self.messages = self.messages.max(edges.first_seq.saturating_sub(1).saturating_sub(read));
        }
    }
}

/// The newest ends of the log that cannot be later than what the consumer was seen to have read. A reader that took
/// something between the consumer's numbers and those of its stream lost nothing; so, while something is delivered (and
/// where acks remove what was delivered), the ends of the log from before the consumer's numbers count.
fn begins(before: Option<&ConsumerSample>, newest: &ConsumerSample) -> Option<Edges> {
    let own = newest.edges?;
    let stood = match before {
        Some(before) => before.delivered_consumer_seq == newest.delivered_consumer_seq,
        None => !newest.has_reader(),
    };
    if !own.settled || (stood && !own.acks_remove) { Some(own) } else { before?.edges }
}

/// Whether it passes over messages, so that not each sequence behind which it stands was one of its own.
pub(super) fn is_picky(info: &Consumer) -> bool {
    let config = &info.config;
    let all = config.filter_subjects.is_empty() || config.filter_subjects.iter().any(|filter| filter == ">");
    !all || config.deliver_policy == DeliverPolicy::LastPerSubject
}
