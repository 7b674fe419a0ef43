//! The time as the engine knows it, so that tests need not wait.

use std::time::Duration;

use tokio::time::Instant;

use crate::model::Timestamp;
use crate::nats;

/// Where the engine's time comes from.
pub trait Clock: Send + Sync {
    /// Time since some moment; it never goes back.
    fn now(&self) -> Duration;

    /// The time of day.
    fn wall(&self) -> Timestamp;

    /// Waits.
    fn sleep(&self, time: Duration) -> impl Future<Output = ()> + Send;
}

/// The real time (or that of a test that has paused tokio's).
#[derive(Clone, Copy, Debug)]
pub struct SystemClock(Instant);

impl Default for SystemClock {
    fn default() -> Self {
        Self(Instant::now())
    }
}

impl Clock for SystemClock {
    fn now(&self) -> Duration {
        self.0.elapsed()
    }

    fn wall(&self) -> Timestamp {
        nats::now()
    }

    fn sleep(&self, time: Duration) -> impl Future<Output = ()> + Send {
        tokio::time::sleep(time)
    }
}
