//! Copies in batches that a stream stores as a whole or not at all, in order (ADR-50). The next batch is on its way
//! while the one before is stored, but for its last message: that one goes when the one before is confirmed, so that
//! nothing overtakes a batch that is refused.

use std::collections::VecDeque;

use super::stream::known;
use super::{Fate, Parcel, Settled};
use crate::model::Problem;
use crate::nats::Publisher;
use crate::nats::publish::{InBatch, Refusal};

/// Messages of a batch at most; the server takes 1,000.
const LONGEST: usize = 1_000;

/// A batch that is not stored yet.
#[derive(Debug)]
struct Batch {
    id: String,
    positions: Vec<u64>,
    /// The last of them, which is held back.
    held: Option<Parcel>,
}

/// Batches in order: the first may be committed, the last may still grow.
#[derive(Debug)]
pub(super) struct Batches {
    name: String,
    count: u64,
    waiting: VecDeque<Batch>,
    /// The first of them was told to be stored.
    committing: bool,
}

impl Batches {
    /// Batches whose names begin so.
    pub(super) const fn new(name: String) -> Self {
        Self { name, count: 0, waiting: VecDeque::new(), committing: false }
    }

    /// Puts a copy into the last batch, or into another one behind it.
    pub(super) async fn add(&mut self, publisher: &Publisher, parcel: &Parcel) -> Result<(), Problem> {
        let closed = self.waiting.len() == usize::from(self.committing);
        if closed || self.waiting.back().is_none_or(|batch| batch.positions.len() >= LONGEST) {
            self.count += 1;
            let id = format!("{}-{}", self.name, self.count);
            self.waiting.push_back(Batch { id, positions: Vec::new(), held: None });
        }
        let Some(batch) = self.waiting.back_mut() else { return Ok(()) };
        if let Some(before) = batch.held.take() {
            send(publisher, batch, &before, false).await?;
        }
        batch.positions.push(parcel.position);
        batch.held = Some(parcel.clone());
        Ok(())
    }

    /// Lets the first batch be stored, unless one is being stored. With `more` one that can still grow waits: each
    /// batch costs the server the same, however long it is.
    pub(super) async fn commit_next(&mut self, publisher: &Publisher, more: bool) -> Result<(), Problem> {
        let grows = self.waiting.len() == 1 && self.waiting.front().is_some_and(|b| b.positions.len() < LONGEST);
        if self.committing || (more && grows) {
            return Ok(());
        }
        if let Some(batch) = self.waiting.front_mut()
            && let Some(last) = batch.held.take()
        {
            self.committing = true;
            send(publisher, batch, &last, true).await?;
        }
        Ok(())
    }

    /// What became of the copies of a batch.
    pub(super) async fn settled(&mut self, publisher: &mut Publisher) -> Result<Vec<Settled>, Problem> {
        loop {
            let acks = publisher.acks().await?;
            let mut out = Vec::new();
            for ack in acks {
                let Some(batch) = self.waiting.front() else { continue };
                let (first, last) = (batch.positions.first(), batch.positions.last());
                // Something of a batch that was refused as a whole already.
                if first.is_none_or(|first| ack.ticket < *first) {
                    continue;
                }
                let fate = known(ack.fate);
                if fate.is_ok() && Some(&ack.ticket) != last {
                    // It was not taken as a part of a batch.
                    continue;
                }
                out.extend(self.decided(&fate));
            }
            if !out.is_empty() {
                // The engine flushes before it asks again: the next one is stored then. Nothing may be waited for here,
                // since whoever asks may give that up.
                return Ok(out);
            }
        }
    }

    /// The first batch is stored; or refused, and then all that follow are never committed.
    fn decided(&mut self, fate: &Result<Fate, Refusal>) -> Vec<Settled> {
        match fate {
            Ok(Fate::Stored(last) | Fate::Duplicate(last)) => {
                self.committing = false;
                let positions = self.waiting.pop_front().map(|batch| batch.positions).unwrap_or_default();
                let first = (last + 1).saturating_sub(positions.len() as u64);
                let settled = positions.into_iter().zip(first..);
                settled.map(|(position, seq)| Settled { position, fate: Ok(Fate::Stored(seq)) }).collect()
            }
            Ok(Fate::Uncertain | Fate::Failed) => Vec::new(),
            Err(refusal) => {
                self.committing = false;
                let mut refusals = vec![refusal.clone()];
                let positions = self.waiting.drain(..).flat_map(|batch| batch.positions);
                positions
                    .map(|position| Settled { position, fate: Err(refusals.pop().unwrap_or(Refusal::OutOfStep)) })
                    .collect()
            }
        }
    }
}

async fn send(publisher: &Publisher, batch: &Batch, parcel: &Parcel, commit: bool) -> Result<(), Problem> {
    let nth = batch.positions.len() as u64;
    // The first one is answered with nothing when all is well, and with the reason when the batch cannot begin.
    let ticket = (commit || nth == 1).then_some(parcel.position);
    let within = InBatch { id: &batch.id, nth, commit };
    publisher.publish_in_batch(ticket, parcel.outbound(), within).await
}
