//! How a run of the engine ends: read back, written down.

use super::wheel::cancelled;
use super::{AGAIN, End, Engine};
use crate::model::replay::{Counters, Progress, State};
use crate::replay::clock::Clock;
use crate::replay::sink::{Fault, Sink};
use crate::replay::source::Source;

impl<S: Source, K: Sink, C: Clock> Engine<S, K, C> {
    /// Everything was sent: reads it back.
    pub(super) async fn verified(&mut self) -> End {
        self.report.verifying();
        self.tell(false);
        let counters = self.flow.counters;
        let (sent, mut attempts) = (counters.sent + counters.duplicate, 0);
        let verified = loop {
            let rate = self.report.rate();
            let verified = tokio::select! {
                verified = self.sink.verify() => verified,
                () = cancelled(&mut self.control, &mut self.wheel, rate, (&self.clock, self.cancelling)) => return End::Cancelled,
            };
            match verified {
                Ok(verified) => break verified,
                Err(Fault::Left(reason)) => return End::Left(reason),
                // All has arrived: a permission that is taken away and given back is no reason to fail.
                Err(Fault::Fatal(reason)) => return unread(&reason),
                Err(Fault::Denied(reason)) if attempts >= DENIED => return unread(&reason),
                Err(Fault::Passing(reason) | Fault::Denied(reason)) => {
                    self.report.trouble(reason);
                    attempts += 1;
                    self.tell(attempts > 3);
                    self.clock.sleep(AGAIN).await;
                }
            }
        };
        let Some(verified) = verified else { return End::Done };
        self.flow.counters.reordered = verified.reordered;
        if verified.doubled > 0 {
            return End::Failed(format!("read back: {} copies are there more than once", verified.doubled));
        }
        if verified.found < sent && !verified.cut {
            return End::Failed(format!("read back: {} of {sent} copies are there", verified.found));
        }
        if verified.found < sent {
            self.note = Some(format!(
                "all were confirmed; read back, {} of {sent} are still there: the destination drops messages",
                verified.found
            ));
        }
        End::Done
    }

    pub(super) async fn close(mut self, end: End) -> Progress {
        self.source.close().await;
        self.sink.close().await;
        let (state, reason) = match end {
            End::Done => (State::Completed, self.note.take()),
            End::Cancelled => (State::Cancelled, None),
            End::Left(reason) => (State::Cancelled, Some(reason)),
            End::Failed(reason) => (State::Failed, Some(reason)),
        };
        if state == State::Completed {
            let c = &mut self.flow.counters;
            c.gone = self.plan.amounts.planned.saturating_sub(c.sent + c.duplicate + c.uncertain + c.failed);
        }
        let words = [missing(state, &self.flow.counters), reason];
        let reason = words.into_iter().flatten().reduce(|missing, reason| format!("{missing}; {reason}"));
        self.report.close(&self.flow, self.reserved, state, reason, &self.clock).await
    }
}

/// How often reading back is tried where it is not allowed, [`AGAIN`] apart.
const DENIED: u32 = 15;

fn unread(reason: &str) -> End {
    End::Failed(format!("the copies cannot be read back: {reason}"))
}

/// What did not arrive, or may not have, although the replay has completed.
fn missing(state: State, c: &Counters) -> Option<String> {
    let all = [
        (c.failed, "refused by the destination"),
        (c.uncertain, "uncertain: they may or may not have arrived when something broke, and are not sent again"),
        (c.gone, "gone from the source before they could be read"),
    ];
    let some: Vec<String> = all.iter().filter(|(n, _)| *n > 0).map(|(n, why)| format!("{n} {why}")).collect();
    (state == State::Completed && !some.is_empty()).then(|| format!("but for {}", some.join("; ")))
}
