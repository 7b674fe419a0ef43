//! The way over whatever breaks: the destination is opened anew, and what arrived there is found.

use std::time::Duration;

use super::wheel::cancelled;
use super::{AGAIN, End, Engine, Hold, TICK};
use crate::model::replay::Delivery;
use crate::replay::clock::Clock;
use crate::replay::sink::{Fault, Sink};
use crate::replay::source::Source;

/// The longest pause between sessions that come to nothing, in those of one.
const LONGEST: u32 = 4;

impl<S: Source, K: Sink, C: Clock> Engine<S, K, C> {
    /// Opens the destination, as often as it takes, and learns what arrived.
    pub(super) async fn open(&mut self) -> Result<(), End> {
        let mut pause = Duration::from_millis(100);
        loop {
            let rate = self.report.rate();
            let since = self.plan.capture.as_ref().map_or(0, |c| c.last_seq).max(self.flow.destination_seq);
            let opened = tokio::select! {
                opened = self.sink.open(since, self.afresh) => opened,
                () = cancelled(&mut self.control, &mut self.wheel, rate, (&self.clock, self.cancelling)) => return Err(End::Cancelled),
            };
            match opened {
                Ok(opened) => {
                    // What was handed over may have arrived, unless the destination has written down that it was not sent.
                    let most_once = !self.plan.is_exact() && self.plan.delivery == Some(Delivery::AtMostOnce);
                    self.flow.found(opened.found);
                    self.flow.recall(most_once && !self.sink.keeps_log());
                    self.trouble = None;
                    self.window = self.sink.first_window();
                    self.wheel.pacer.rest();
                    return Ok(());
                }
                Err(Fault::Fatal(reason) | Fault::Denied(reason)) => return Err(End::Failed(reason)),
                Err(Fault::Left(reason)) => return Err(End::Left(reason)),
                Err(Fault::Passing(reason)) => {
                    self.report.trouble(reason);
                    self.tell(true);
                    tokio::select! {
                        () = self.clock.sleep(pause) => {}
                        () = cancelled(&mut self.control, &mut self.wheel, rate, (&self.clock, self.cancelling)) => return Err(End::Cancelled),
                    }
                    pause = (pause * 2).min(AGAIN);
                }
            }
        }
    }

    /// A session has ended, and there will be another. Without any progress it would come to the same, again and again:
    /// then it goes on after a pause, and time passes meanwhile.
    pub(super) async fn rest(&mut self, before: u64, reason: String) {
        self.report.trouble(reason.clone());
        self.flow.land();
        if self.flow.position != before {
            self.stalled = 0;
            // Opening it again may take long.
            return self.tell(true);
        }
        let now = self.clock.now();
        let until = now + AGAIN * (1 << self.stalled.min(8)).min(LONGEST);
        match &mut self.hold {
            // Why was told just now.
            Some(hold) if hold.until > now => hold.until = hold.until.max(until),
            hold => *hold = Some(Hold { reason, until }),
        }
        self.stalled = self.stalled.saturating_add(1);
        self.tell(true);
        // What the first one came to is looked at at once.
        while self.stalled > 1
            && self.cancelling.is_none()
            && let Some(left) = self.held()
        {
            tokio::select! {
                told = self.control.recv(), if !self.deaf => self.obey(told),
                () = self.clock.sleep(left.min(TICK)) => {}
            }
            self.tell(true);
            let now = self.clock.now();
            self.report.save(&self.flow, self.afresh, self.reserved, now, self.clock.wall()).await;
        }
    }

    /// How long it still stands still by itself.
    fn held(&self) -> Option<Duration> {
        let left = self.hold.as_ref()?.until.saturating_sub(self.clock.now());
        (!left.is_zero()).then_some(left)
    }
}
