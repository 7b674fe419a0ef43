//! How the engine hands copies over: as the pace, the window and everything that holds it up allow.

use std::time::Duration;

use super::wheel::cancelled;
use super::{AGAIN, Engine, LEAST_WINDOW, TICK, TOGETHER};
use crate::model::replay::Delivery;
use crate::replay::clock::Clock;
use crate::replay::sink::{Fault, Parcel, Sink};
use crate::replay::source::Source;

impl<S: Source, K: Sink, C: Clock> Engine<S, K, C> {
    /// Hands over what may go; returns how long until the next may, where that is known.
    pub(super) async fn fill(&mut self) -> Result<Option<Duration>, Fault> {
        let (wait, more) = self.hand_over().await?;
        let rate = self.report.rate();
        // A destination that takes nothing must not make it deaf.
        tokio::select! {
            biased;
            flushed = self.sink.flush(more) => flushed?,
            () = cancelled(&mut self.control, &mut self.wheel, rate, (&self.clock, self.cancelling)) => self.cancel(),
        }
        Ok(wait)
    }

    /// As above; also says whether more will go at once.
    async fn hand_over(&mut self) -> Result<(Option<Duration>, bool), Fault> {
        if self.trouble.is_some() || self.cancelling.is_some() || self.report.journal_fails() || self.lags() {
            return Ok((None, false));
        }
        let now = self.clock.now();
        if let Some(hold) = &self.hold
            && now < hold.until
        {
            return Ok((Some(hold.until.saturating_sub(now)), false));
        }
        if self.wheel.paused && self.wheel.pacer.steps() == 0 {
            return Ok((None, false));
        }
        let window = if self.hold.is_some() { 1 } else { self.window.min(self.sink.window()) };
        let window = self.plan.window.map_or(window, |most| window.min(most.max(1) as usize));
        if self.keeps_reserved()
            && let Some(last) = self.goes_now(window, now).filter(|last| *last > self.reserved)
            && !self.reserve(last).await
        {
            return Ok((None, false));
        }
        let most = self.plan.window.map_or(self.sink.window(), |most| self.sink.window().min(most.max(1) as usize));
        let doubles = self.doubles();
        if doubles && !self.leave_no_doubt(most).await {
            return Ok((None, false));
        }
        let (mut wait, mut more) = (None, false);
        let mut handed = 0;
        let rate = self.report.rate();
        while let Some(Parcel { position, time, .. }) = self.flow.next() {
            let (position, time) = (*position, *time);
            if !self.flow.fits(window) {
                if self.flow.oldest(now) < AGAIN / 2 {
                    self.window = (self.window + LEAST_WINDOW).min(self.sink.window());
                }
                break;
            }
            if doubles && self.in_doubt() >= most {
                break;
            }
            match self.wheel.pacer.wait(now, time) {
                Some(Duration::ZERO) => {}
                later => {
                    wait = later;
                    break;
                }
            }
            if self.wheel.paused && self.wheel.pacer.steps() == 0 {
                break;
            }
            if self.keeps_reserved() && position > self.reserved {
                wait = Some(Duration::ZERO);
                break;
            }
            let Some(parcel) = self.flow.next() else { break };
            self.afresh = false;
            let sent = tokio::select! {
                biased;
                sent = self.sink.send(parcel) => sent,
                () = cancelled(&mut self.control, &mut self.wheel, rate, (&self.clock, None)) => {
                    self.cancel();
                    break;
                }
            };
            self.flow.depart(now);
            self.wheel.pacer.sent(now, time);
            sent?;
            handed += 1;
            // Where it takes them slowly, time is to pass all the same.
            if handed >= TOGETHER || self.clock.now().saturating_sub(now) >= TICK {
                (wait, more) = (Some(Duration::ZERO), true);
                break;
            }
        }
        Ok((wait, more))
    }

    /// Whether what may have been handed over is written down before it is: where nobody can find out afterwards, and
    /// the destination does not write it down itself.
    fn keeps_reserved(&self) -> bool {
        self.plan.delivery == Some(Delivery::AtMostOnce) && !self.plan.is_exact() && !self.sink.keeps_log()
    }

    /// Whether a crash doubles what was handed over behind the last checkpoint. The plan says how much that is at most.
    fn doubles(&self) -> bool {
        self.plan.delivery == Some(Delivery::AtLeastOnce) && !self.plan.is_exact() && !self.sink.keeps_log()
    }

    /// How many a crash would double now: in flight, or behind the checkpoint on the disk.
    fn in_doubt(&self) -> usize {
        self.flow.aloft() + usize::try_from(self.report.unsaved(&self.flow)).unwrap_or(usize::MAX)
    }

    /// Writes a checkpoint where no more could go without one: half of what may be in doubt at once, or all that is left
    /// of it. Whether it could be written.
    async fn leave_no_doubt(&mut self, most: usize) -> bool {
        let unsaved = usize::try_from(self.report.unsaved(&self.flow)).unwrap_or(usize::MAX);
        let enough = unsaved > 0 && (unsaved >= most.div_ceil(2) || self.flow.aloft() == 0);
        if self.in_doubt() < most || !enough {
            return true;
        }
        self.report.save_now(&self.flow, self.reserved, self.clock.wall()).await
    }

    /// The last of the copies that the window and the pace let go now. No more than these are given up after a crash.
    fn goes_now(&mut self, window: usize, now: Duration) -> Option<u64> {
        self.flow.next()?;
        let mut pacer = self.wheel.pacer.clone();
        let steps_only = self.wheel.paused;
        let room = self.flow.room(window).take(TOGETHER);
        let goes = room.take_while(|(_, time)| {
            let goes = pacer.wait(now, *time) == Some(Duration::ZERO) && !(steps_only && pacer.steps() == 0);
            pacer.sent(now, *time);
            goes
        });
        goes.last().map(|(position, _)| position)
    }

    /// Writes down that these may have been handed over. It is on the disk before the first of them is; where that cannot
    /// be, none is.
    async fn reserve(&mut self, last: u64) -> bool {
        let written = self.report.save_now(&self.flow, last, self.clock.wall()).await;
        if written {
            self.reserved = last;
        }
        written
    }

    /// The watched consumer has too much to do, or nobody knows how much.
    pub(super) fn lags(&self) -> bool {
        let (Some((_, most)), Some(watched)) = (&self.plan.watch, &self.outstanding) else { return false };
        watched.borrow().is_none_or(|outstanding| outstanding > *most)
    }
}
