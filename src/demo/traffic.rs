//! The publishers: they fill the streams at the start, and then keep the rate, in slow waves.

use std::f64::consts::TAU;
use std::time::Duration;

use async_nats::connection::State;
use async_nats::jetstream::Context;
use async_nats::jetstream::message::PublishMessage;
use thiserror::Error;
use tokio::task::{JoinError, JoinSet};
use tokio::time::{Instant, MissedTickBehavior, interval};

use super::dice::Dice;
use super::events::{EventError, Topic};
use super::scenario::Flow;
use super::wire;

/// How often the publishers look how many events are due.
const TICK: Duration = Duration::from_millis(40);
/// The length of a wave.
const WAVE: f64 = 75.0;
/// How much a wave is above and below the mean.
const HEIGHT: f64 = 0.4;
/// What was missed longer ago than this (the server was away, the machine slept) is not made up for.
const MADE_UP: Duration = Duration::from_secs(1);
/// How often a setting of the key-value bucket changes.
const SETTING: Duration = Duration::from_secs(5);

/// Why a message was not published.
#[derive(Debug, Error)]
pub(super) enum PublishProblem {
    /// It could not be made.
    #[error(transparent)]
    Event(#[from] EventError),
    /// The client could not send it.
    #[error(transparent)]
    Publish(#[from] async_nats::jetstream::context::PublishError),
    /// Its publisher was ended.
    #[error(transparent)]
    Ended(#[from] JoinError),
}

/// One application at work.
struct Publisher {
    flow: Flow,
    dice: Dice,
    serial: u64,
    due: f64,
}

impl Publisher {
    const fn new(flow: Flow, seed: u64) -> Self {
        Self { flow, dice: Dice::new(seed), serial: 0, due: 0.0 }
    }

    /// Sends the next event. Its ack is not waited for here: the context lets only so many be open, and
    /// waits with the next one until there is room.
    async fn send(&mut self, context: &Context) -> Result<(), PublishProblem> {
        self.serial += 1;
        let wire = wire::next(self.flow.topic, &mut self.dice, self.serial)?;
        let mut message = PublishMessage::build().payload(wire.payload);
        if !wire.headers.is_empty() {
            message = message.headers(wire.headers);
        }
        // Dropping what resolves to the ack hands it to the context, which frees the place when it comes.
        drop(context.send_publish(wire.subject, message).await?);
        Ok(())
    }
}

/// Publishes what is there at the start, and waits until the server has it.
pub(super) async fn fill(context: &Context, flows: &[Flow], seed: u64) -> Result<(), PublishProblem> {
    let mut tasks = JoinSet::new();
    for (flow, seed) in flows.iter().cloned().zip(seed..) {
        let context = context.clone();
        tasks.spawn(async move {
            let count = flow.fill;
            let mut publisher = Publisher::new(flow, seed);
            for _ in 0..count {
                publisher.send(&context).await?;
            }
            Ok::<(), PublishProblem>(())
        });
    }
    while let Some(filled) = tasks.join_next().await {
        filled??;
    }
    // All places free again: every ack is there.
    context.wait_for_acks().await;
    Ok(())
}

/// Publishes for ever. While the connection is down nothing is, so that nothing heaps up.
pub(super) async fn run(context: Context, flows: Vec<Flow>, seed: u64) {
    let mut publishers: Vec<Publisher> =
        flows.into_iter().zip(seed..).map(|(flow, seed)| Publisher::new(flow, seed)).collect();
    let client = context.client();
    let mut ticks = interval(TICK);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let start = Instant::now();
    let mut last = start;
    loop {
        ticks.tick().await;
        let now = Instant::now();
        let since = now.duration_since(last).min(MADE_UP).as_secs_f64();
        last = now;
        if client.connection_state() != State::Connected {
            continue;
        }
        for publisher in &mut publishers {
            let shape = shape(publisher.flow.topic, now.duration_since(start).as_secs_f64());
            publisher.due += publisher.flow.per_second * shape * since;
            while publisher.due >= 1.0 {
                publisher.due -= 1.0;
                if let Err(error) = publisher.send(&context).await {
                    tracing::debug!(%error, topic = ?publisher.flow.topic, "the demo could not publish");
                    // The rest of this tick would wait as long for the same reason.
                    publisher.due = 0.0;
                }
            }
        }
    }
}

/// Changes a setting of the key-value bucket now and then.
pub(super) async fn settings(context: Context, seed: u64) {
    let mut dice = Dice::new(seed);
    let mut ticks = interval(SETTING);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let keys = ["theme", "currency", "banner.text", "limits.cart", "limits.upload", "feature.search"];
    loop {
        let key = dice.pick(&keys);
        let value = format!("{{\"value\":{}}}", dice.below(100));
        if context.client().connection_state() == State::Connected
            && let Err(error) = context.publish(format!("$KV.settings.{key}"), value.into()).await
        {
            tracing::debug!(%error, "the demo could not change a setting");
        }
        ticks.tick().await;
    }
}

/// The wave at this second: 1 in the mean, and each application at another point of it.
fn shape(topic: Topic, second: f64) -> f64 {
    let offset = match topic {
        Topic::Mail | Topic::Metrics => 0.3,
        Topic::Erp | Topic::Jobs => 0.6,
        _ => 0.0,
    };
    HEIGHT.mul_add((TAU * (second / WAVE + offset)).sin(), 1.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wave_is_one_in_the_mean_and_never_stops() {
        for topic in [Topic::Github, Topic::Mail, Topic::Erp] {
            let shapes: Vec<f64> = (0..750).map(|tenth| shape(topic, f64::from(tenth) / 10.0)).collect();
            let mean = shapes.iter().sum::<f64>() / shapes.len() as f64;
            assert!((mean - 1.0).abs() < 0.01, "{mean}");
            assert!(shapes.iter().all(|shape| *shape > 0.5));
        }
    }
}
