//! The loop: keys first, then a frame if one is due, then messages, then the clock.
//!
//! The frame stands before the inbox, so that a firehose of data cannot starve drawing. Reducers only *set*
//! `dirty`; only the loop clears it.

use std::io;
use std::time::Duration;

use futures_util::{Stream, StreamExt};
use tokio::sync::mpsc;
use tokio::time::{Instant, MissedTickBehavior, interval, sleep_until};

use crate::app::{App, Effect, Msg};
use crate::model::Timestamp;

use super::Display;

/// At most 30 frames a second: it is used over slow links.
const FRAME: Duration = Duration::from_millis(33);
/// The only clock of the app.
const TICK: Duration = Duration::from_secs(1);
/// Messages that are taken in at once.
const BATCH: usize = 64;

/// Tells the time.
pub type Clock<'c> = &'c (dyn Fn() -> Timestamp + Sync);

/// Why the loop ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    /// Somebody quit.
    Quit,
    /// The terminal is gone.
    InputClosed,
}

/// Does what the app asks for outside of it.
pub trait EffectRunner {
    /// Starts the effect; its results come back through the inbox.
    fn run(&mut self, effect: Effect, display: &mut dyn Display) -> io::Result<()>;
}

/// Runs until somebody quits or the terminal is gone.
pub async fn run_loop(
    app: &mut App,
    display: &mut dyn Display,
    effects: &mut dyn EffectRunner,
    mut input: impl Stream<Item = Msg> + Unpin,
    mut inbox: mpsc::Receiver<Msg>,
    clock: Clock<'_>,
) -> io::Result<Exit> {
    let mut tick = interval(TICK);
    tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut drawn = Instant::now().checked_sub(FRAME).unwrap_or_else(Instant::now);
    let mut batch = Vec::with_capacity(BATCH);
    loop {
        let due = drawn + FRAME;
        tokio::select! {
            biased;
            msg = input.next() => match msg {
                Some(msg) => batch.push(msg),
                None => return Ok(Exit::InputClosed),
            },
            () = sleep_until(due), if app.dirty => {
                let wanted = app.update(Msg::Frame);
                display.draw(app)?;
                app.drawn();
                drawn = Instant::now();
                if run_all(wanted, effects, display)? {
                    return Ok(Exit::Quit);
                }
            }
            n = inbox.recv_many(&mut batch, BATCH) => {
                if n == 0 {
                    return Ok(Exit::InputClosed);
                }
            }
            _ = tick.tick() => batch.push(Msg::Tick(clock())),
        }
        for msg in batch.drain(..) {
            let wanted = app.update(msg);
            if run_all(wanted, effects, display)? {
                return Ok(Exit::Quit);
            }
        }
    }
}

/// Runs the effects; true when one of them is to quit.
fn run_all(wanted: Vec<Effect>, effects: &mut dyn EffectRunner, display: &mut dyn Display) -> io::Result<bool> {
    for effect in wanted {
        match effect {
            Effect::Quit => return Ok(true),
            Effect::Redraw => display.clear()?,
            other => effects.run(other, display)?,
        }
    }
    Ok(false)
}
