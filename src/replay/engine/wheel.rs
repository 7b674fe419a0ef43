//! What steers a replay: whether it stands still, and how fast it goes.

use std::time::Duration;

use tokio::sync::mpsc;

use super::CANCELLING;
use crate::model::replay::{Control, Pace};
use crate::replay::clock::Clock;
use crate::replay::pacer::Pacer;

/// See the module.
pub(super) struct Wheel {
    pub(super) paused: bool,
    pub(super) pacer: Pacer,
}

impl Wheel {
    /// At this pace.
    pub(super) fn new(pace: Pace) -> Self {
        Self { paused: false, pacer: Pacer::new(pace) }
    }

    /// As it is told; it goes at `rate` now. A cancel is for whoever hears it.
    pub(super) fn turn(&mut self, control: Control, rate: f64) {
        match control {
            Control::Pause => self.paused = true,
            Control::Resume => {
                self.paused = false;
                self.pacer.rest();
            }
            Control::Step => {
                self.paused |= self.pacer.pace() != Pace::Step;
                self.pacer.step();
            }
            Control::Pace(pace) => self.pacer.set(pace),
            Control::Faster => self.pacer.set(self.pacer.pace().faster()),
            Control::Slower => self.pacer.set(self.pacer.pace().slower(rate)),
            Control::Cancel => {}
        }
    }
}

/// Until it is told to end, or, where it was told before, until what is in flight has had its time; how it is to go on is
/// kept in mind.
pub(super) async fn cancelled<C: Clock>(
    control: &mut mpsc::Receiver<Control>,
    wheel: &mut Wheel,
    rate: f64,
    (clock, since): (&C, Option<Duration>),
) {
    if let Some(since) = since {
        return clock.sleep((since + CANCELLING).saturating_sub(clock.now())).await;
    }
    loop {
        match control.recv().await {
            Some(Control::Cancel) => return,
            Some(control) => wheel.turn(control, rate),
            None => std::future::pending().await,
        }
    }
}
