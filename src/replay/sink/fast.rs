//! Copies by fast ingest (ADR-50): pipelined, and in order whatever happens, since the server numbers them and ends the
//! batch where one is missing or refused, also when another leads the stream by then. A batch goes on as long as copies
//! come; it is ended when the last of them would not be confirmed otherwise, and the next one waits for that.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use super::{Fate, Fault, Parcel, Settled};
use crate::model::Problem;
use crate::nats::Publisher;
use crate::nats::publish::Refusal;
use crate::nats::publish::fast::{FastNews, InFast, Said};

/// Copies of a batch at most. What sequences they have is known when it has ended, and until then a reader who goes on
/// after a crash begins before it.
const LONGEST: usize = 10_000;
/// Copies between two confirmations; the server takes no more.
const EVERY: u16 = 500;
/// Copies in flight at least, however often the server confirms.
const LEAST: u64 = 64;
/// The server forgets a batch to which nothing came for 10 s.
const IDLE: Duration = Duration::from_secs(5);

/// A batch that has not ended.
#[derive(Debug)]
struct Batch {
    id: String,
    /// Of its last copy.
    subject: String,
    positions: Vec<u64>,
    /// So many of them are settled.
    settled: usize,
    /// The first that was refused.
    refused: Option<(u64, Refusal)>,
    /// The server was told to end it.
    ending: bool,
    touched: Instant,
}

/// One batch after the other.
#[derive(Debug)]
pub(super) struct Fast {
    name: String,
    stream: String,
    count: u64,
    /// Copies between two confirmations, as the server has it.
    every: u64,
    /// The stream had this sequence before the batch.
    base: u64,
    batch: Option<Batch>,
    /// Copies that come when it has ended.
    behind: VecDeque<Parcel>,
}

impl Fast {
    /// Batches whose names begin so, into this stream, which ends at `last`.
    pub(super) fn new(name: String, stream: &str, last: u64) -> Self {
        let (batch, behind) = (None, VecDeque::new());
        Self { name, stream: stream.to_owned(), count: 0, every: EVERY.into(), base: last, batch, behind }
    }

    /// Copies that may be in flight.
    pub(super) fn window(&self) -> usize {
        // The next confirmation is on its way while what comes behind it is.
        (2 * self.every).max(LEAST) as usize
    }

    /// Sends a copy, or lets it wait for the end of the batch.
    pub(super) async fn add(&mut self, publisher: &Publisher, parcel: &Parcel) -> Result<(), Problem> {
        if self.batch.as_ref().is_some_and(|batch| batch.settled == batch.positions.len() && batch.is_idle()) {
            self.batch = None;
        }
        self.behind.push_back(parcel.clone());
        self.send(publisher).await
    }

    /// Sends what waits, as far as the batch takes it.
    async fn send(&mut self, publisher: &Publisher) -> Result<(), Problem> {
        while let Some(parcel) = self.behind.front() {
            let batch = self.batch.get_or_insert_with(|| {
                self.count += 1;
                Batch {
                    id: format!("{}-{}", self.name, self.count),
                    subject: String::new(),
                    positions: Vec::new(),
                    settled: 0,
                    refused: None,
                    ending: false,
                    touched: Instant::now(),
                }
            });
            if batch.ending {
                return Ok(());
            }
            if batch.positions.len() >= LONGEST {
                return batch.end(publisher).await;
            }
            let place = InFast { id: &batch.id, nth: batch.positions.len() as u64 + 1, every: EVERY };
            publisher.publish_fast(parcel.outbound(), &self.stream, place).await?;
            batch.positions.push(parcel.position);
            batch.subject.clone_from(&parcel.copy.subject);
            batch.touched = Instant::now();
            self.behind.pop_front();
        }
        Ok(())
    }

    /// Sends what waits. Where no more comes at once, and too little for a confirmation is in flight, the batch is ended.
    pub(super) async fn flush(&mut self, publisher: &Publisher, more: bool) -> Result<(), Problem> {
        self.send(publisher).await?;
        let Some(batch) = &mut self.batch else { return Ok(()) };
        let open = (batch.positions.len() - batch.settled) as u64;
        if !batch.ending && open > 0 && (batch.refused.is_some() || (!more && open < self.every)) {
            batch.end(publisher).await?;
        }
        Ok(())
    }

    /// What has become of copies.
    pub(super) async fn settled(&mut self, publisher: &mut Publisher) -> Result<Vec<Settled>, Fault> {
        loop {
            let news = publisher.fast_news().await.map_err(|problem| super::stream::fault(&problem))?;
            let mut out = Vec::new();
            for news in news {
                self.take(news, &mut out)?;
            }
            // The engine flushes before it asks again, and what waits is sent then.
            if !out.is_empty() || (self.batch.is_none() && !self.behind.is_empty()) {
                return Ok(out);
            }
        }
    }

    fn take(&mut self, news: FastNews, out: &mut Vec<Settled>) -> Result<(), Fault> {
        let Some(batch) = self.batch.as_mut().filter(|batch| batch.id == news.id) else { return Ok(()) };
        match news.said {
            Said::Stored { upto, every } => {
                self.every = every.clamp(1, EVERY.into());
                batch.stored(upto, self.base, out);
            }
            Said::Refused { why: Refusal::NoResponders, .. } => return Err(passing("nobody takes messages")),
            Said::Unknown => return Err(passing("the destination has forgotten a batch")),
            // It has not even begun.
            Said::Refused { nth: 1, why } => {
                batch.refused = Some((1, why));
                self.ended(0, 0, out);
            }
            Said::Refused { nth, why } => {
                if batch.refused.as_ref().is_none_or(|(first, _)| nth < *first) {
                    batch.refused = Some((nth, why));
                }
            }
            Said::Ended { upto, seq } => self.ended(upto, seq, out),
        }
        Ok(())
    }

    /// The batch has ended with its copy `upto`, at this sequence. Where it had more, none of them is there, and nothing of
    /// what waits may come before them.
    fn ended(&mut self, upto: u64, seq: u64, out: &mut Vec<Settled>) {
        let Some(mut batch) = self.batch.take() else { return };
        self.base = self.base.max(seq);
        batch.stored(upto, self.base, out);
        let rest = &batch.positions[batch.settled..];
        if rest.is_empty() {
            return;
        }
        let mut first = batch.refused.take().map(|(_, why)| why);
        let behind = self.behind.drain(..).map(|parcel| parcel.position);
        out.extend(rest.iter().copied().chain(behind).map(|position| {
            let why = first.take().unwrap_or(Refusal::OutOfStep);
            Settled { position, fate: Err(why) }
        }));
    }

    /// Everything is settled, some of it refused.
    pub(super) fn rewind(&mut self) {
        self.batch = None;
        self.behind.clear();
    }
}

impl Batch {
    fn is_idle(&self) -> bool {
        self.touched.elapsed() > IDLE
    }

    async fn end(&mut self, publisher: &Publisher) -> Result<(), Problem> {
        let place = InFast { id: &self.id, nth: self.positions.len() as u64 + 1, every: EVERY };
        publisher.end_fast(&self.subject, place).await?;
        self.ending = true;
        Ok(())
    }

    /// Copies up to this one are there, none of them before the sequence `base`.
    fn stored(&mut self, upto: u64, base: u64, out: &mut Vec<Settled>) {
        let upto = usize::try_from(upto).unwrap_or(usize::MAX).min(self.positions.len());
        while self.settled < upto {
            out.push(Settled { position: self.positions[self.settled], fate: Ok(Fate::Stored(base)) });
            self.settled += 1;
        }
    }
}

fn passing(reason: &str) -> Fault {
    Fault::Passing(reason.into())
}
