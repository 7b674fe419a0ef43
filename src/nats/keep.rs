//! Keeping a connection: one whose task is gone is made anew, after pauses that grow, and whoever uses it hears of it as
//! of any connection that was lost. The client library takes up a lost connection by itself, but not when a message made
//! its own task panic, and it buffers without a bound what is announced as one message.

use std::fmt::Write as _;
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::{Duration, Instant};

use tokio::time::sleep;

use crate::config::Connection;
use crate::model::units;

use super::client::{ClientEvent, Events, Live, Wire};
use super::connect::dial;
use super::pauses::Pauses;

/// A connection that is lost within this time was lost at once.
const SOON: Duration = Duration::from_secs(5);
/// The pause before the third connection in a row that is lost at once; it doubles.
const FIRST_PAUSE: Duration = Duration::from_millis(100);
/// The longest pause between connections that are lost at once.
const LONGEST_PAUSE: Duration = Duration::from_secs(30);
/// The longest pause between attempts while nobody can be reached.
const UNREACHED: Duration = Duration::from_secs(2);

/// What is said of a connection whose task has ended.
pub(super) const UNREAD: &str = "the server sent something that the NATS client cannot read";
/// Bytes without a message among them, at most, beside what a message may have: lists of subjects come in one piece.
const ONE_PIECE: u64 = 24 << 20;
/// The largest message that a server can be set to take.
const LARGEST: u64 = 64 << 20;
/// How often is looked at what came; and how often while more than [`MUCH`] of a message has come. On a fast way a hundred
/// megabytes come in a tenth of a second, so it is not looked less often while nothing comes.
const LOOK: Duration = Duration::from_millis(10);
/// See [`LOOK`].
const CLOSE_LOOK: Duration = Duration::from_millis(1);
/// See [`LOOK`].
const MUCH: u64 = 4 << 20;

/// How long connections live. One that is lost at once, again and again, is made anew after pauses that grow: a message
/// that the client cannot read breaks every connection that it comes on.
#[derive(Clone, Debug, Default)]
pub(super) struct Lives(Arc<Mutex<(Option<Instant>, u32)>>);

impl Lives {
    /// A connection was lost: the pause before another is made.
    pub(super) fn lost(&self, now: Instant) -> Duration {
        let mut lives = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (made, short) = &mut *lives;
        *short = if made.is_some_and(|made| now < made + SOON) { *short + 1 } else { 0 };
        // Once a connection is lost anyhow, and once more says that it is the message.
        let pause = short.checked_sub(2).map_or(Duration::ZERO, |n| Pauses::new(FIRST_PAUSE, LONGEST_PAUSE).nth(n));
        *made = Some(now + pause);
        pause
    }

    /// What was lost does not count any more.
    pub(super) fn forgive(&self) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).1 = 0;
    }

    /// How many connections in a row were lost at once, after one that was not.
    pub(super) fn short(&self) -> u32 {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).1
    }
}

/// Keeps this connection until nobody needs it. One that is `once` is never made anew.
pub(super) async fn keep(wire: Weak<Wire>, connection: Option<Connection>, events: Events, lives: Lives) {
    loop {
        let Some((mut life, flood)) = wire.upgrade().map(|wire| (wire.life(), Flood::of(&wire))) else { return };
        let why = tokio::select! {
            () = life.over() => UNREAD.to_owned(),
            bytes = flood.comes() => {
                let Some(wire) = wire.upgrade() else { return };
                wire.end();
                format!("the server sends a message that is too large ({} came, and no end)", units::bytes(bytes))
            }
        };
        if wire.strong_count() == 0 {
            return;
        }
        events.tell(ClientEvent::Disconnected);
        let Some(connection) = &connection else { return };
        let pause = lives.lost(Instant::now());
        let servers = connection.shown();
        let mut told = format!("the connection to {servers} is lost: {why}");
        if pause >= Duration::from_secs(1) {
            let _ = write!(told, "; the next attempt is in {}", units::duration(pause));
        }
        tracing::warn!(pause_ms = pause.as_millis(), "{told}");
        if let Some(wire) = wire.upgrade() {
            wire.because(&told);
        }
        events.tell(ClientEvent::Failed(told));
        sleep(pause).await;
        let Some((live, heard)) = again(&wire, connection, &events, &lives).await else { return };
        let Some(wire) = wire.upgrade() else { return };
        wire.replace(live);
        // Not before, since whoever hears it asks on the connection that is there then.
        heard.open();
        events.tell(ClientEvent::Connected);
    }
}

/// Another connection, however long it takes; `None` when nobody needs one any more.
async fn again(wire: &Weak<Wire>, connection: &Connection, events: &Events, lives: &Lives) -> Option<(Live, Events)> {
    let mut pauses = Pauses::new(FIRST_PAUSE, UNREACHED);
    while wire.strong_count() > 0 {
        let heard = events.closed();
        match dial(connection, &heard, Some(lives)).await {
            Ok(live) => return Some((live, heard)),
            Err(error) => events.tell(ClientEvent::Failed(error.to_string())),
        }
        sleep(pauses.take()).await;
    }
    None
}

/// Watches what a connection reads: the client holds everything of a message until its end has come.
struct Flood {
    statistics: Arc<async_nats::Statistics>,
    most: u64,
}

impl Flood {
    fn of(wire: &Wire) -> Self {
        let nats = wire.nats();
        // Stored messages come as text, a third larger.
        let most = ONE_PIECE + (nats.max_payload() as u64).min(LARGEST) * 3 / 2;
        Self { statistics: nats.statistics(), most }
    }

    /// Waits until more than a message can have has come without a message; says how much.
    async fn comes(self) -> u64 {
        use std::sync::atomic::Ordering::Relaxed;
        let (mut before, mut bytes) = ((0, 0), 0);
        loop {
            // What came of a message ends with it, and with the connection.
            let ends = (self.statistics.in_messages.load(Relaxed), self.statistics.connects.load(Relaxed));
            let read = self.statistics.in_bytes.load(Relaxed);
            if ends != before {
                (before, bytes) = (ends, read);
            }
            let unread = read.saturating_sub(bytes);
            if unread > self.most {
                return unread;
            }
            sleep(if unread > MUCH { CLOSE_LOOK } else { LOOK }).await;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_connections_that_are_lost_at_once_wait_longer_and_longer() {
        let lives = Lives::default();
        let mut now = Instant::now();
        let mut pauses = Vec::new();
        for _ in 0..13 {
            let pause = lives.lost(now);
            pauses.push(pause.as_millis());
            now += pause + Duration::from_millis(20);
        }
        assert_eq!(pauses, [0, 0, 100, 200, 400, 800, 1_600, 3_200, 6_400, 12_800, 25_600, 30_000, 30_000]);
        now += SOON;
        assert_eq!(lives.lost(now), Duration::ZERO, "this one lived");
    }
}
