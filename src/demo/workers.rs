//! The clients of the consumers, each with its own behaviour. They outlive restarts of the server.

use std::collections::BTreeSet;
use std::time::Duration;

use async_nats::jetstream::consumer::{AckPolicy, Consumer, pull, push};
use async_nats::jetstream::{AckKind, Context};
use futures_util::StreamExt;
use futures_util::stream::select_all;
use tokio::sync::watch;
use tokio::time::{Instant, sleep, sleep_until};

use super::scenario::{Behaviour, Plan};

/// Messages of one pull request at most.
const BATCH: usize = 100;
/// A missing heartbeat tells that a pull request was lost.
const HEARTBEAT: Duration = Duration::from_secs(2);
/// How long a pull request stays open.
const EXPIRES: Duration = Duration::from_secs(10);
/// After trouble, and before a refused message comes again.
const PAUSE: Duration = Duration::from_millis(500);

/// Whatever goes wrong: it is tried again.
type Trouble = Box<dyn std::error::Error + Send + Sync>;

/// Plays the client of this consumer for ever. `ready` counts how often the world was (re)built after the
/// server came (back): then everything begins again, as the requests that were open are lost. While its consumer is
/// among the stopped it is away.
pub(super) async fn run(
    context: Context,
    plan: Plan,
    mut ready: watch::Receiver<u64>,
    mut stopped: watch::Receiver<BTreeSet<String>>,
) {
    loop {
        if stopped.wait_for(|names| !names.contains(plan.name())).await.is_err() {
            return;
        }
        let again = async {
            match serve(&context, &plan).await {
                Ok(()) => std::future::pending().await,
                Err(error) => {
                    tracing::debug!(%error, stream = plan.stream, consumer = plan.name(), "a worker begins again");
                    sleep(PAUSE).await;
                }
            }
        };
        tokio::select! {
            () = again => {}
            changed = ready.changed() => if changed.is_err() {
                return;
            },
            away = stopped.wait_for(|names| names.contains(plan.name())) => if away.is_err() {
                return;
            },
        }
    }
}

/// Returns when nothing is left to do, else with the trouble that ended it.
async fn serve(context: &Context, plan: &Plan) -> Result<(), Trouble> {
    match plan.behaviour {
        Behaviour::Absent => Ok(()),
        Behaviour::Group(members) => group(context, plan, members).await,
        Behaviour::Crashed(count) => crashed(pull_consumer(context, plan).await?, count).await,
        behaviour => pulls(pull_consumer(context, plan).await?, behaviour).await,
    }
}

async fn pull_consumer(context: &Context, plan: &Plan) -> Result<Consumer<pull::Config>, Trouble> {
    let name = if plan.is_ephemeral() {
        context.create_consumer_on_stream(plan.config.clone(), plan.stream).await?.cached_info().name.clone()
    } else {
        plan.name().to_owned()
    };
    Ok(context.get_consumer_from_stream(name, plan.stream).await?)
}

/// Reads with open pull requests, and treats each message as the behaviour says.
async fn pulls(consumer: Consumer<pull::Config>, behaviour: Behaviour) -> Result<(), Trouble> {
    let wants_acks = consumer.cached_info().config.ack_policy != AckPolicy::None;
    let mut pace = Pace::default();
    let mut taken = 0_u64;
    let batch = match behaviour {
        // What it holds must be acked well before the server sends it again.
        Behaviour::Slow { per_second, .. } => ((per_second * 4.0) as usize).clamp(1, BATCH),
        _ => BATCH,
    };
    let requests = consumer.stream().max_messages_per_batch(batch).expires(EXPIRES).heartbeat(HEARTBEAT);
    let mut messages = requests.messages().await?;
    while let Some(message) = messages.next().await {
        let message = message?;
        taken += 1;
        match behaviour {
            Behaviour::Stalled => {}
            Behaviour::Slow { per_second, limit } => {
                pace.wait(per_second, limit, message.info()?.pending).await;
                message.ack().await?;
            }
            Behaviour::InBulk(size) if !taken.is_multiple_of(size) => {}
            Behaviour::Refuses(every) if message.info()?.stream_sequence.is_multiple_of(every) => {
                message.ack_with(AckKind::Nak(Some(PAUSE))).await?;
            }
            _ if wants_acks => message.ack().await?,
            _ => {}
        }
    }
    Err("the pull requests ended".into())
}

/// The members of a queue group, as one: each has its own subscription.
async fn group(context: &Context, plan: &Plan, members: usize) -> Result<(), Trouble> {
    let consumer: Consumer<push::Config> = context.get_consumer_from_stream(plan.name(), plan.stream).await?;
    let mut subscriptions = Vec::new();
    for _ in 0..members {
        subscriptions.push(consumer.messages().await?);
    }
    let mut messages = select_all(subscriptions);
    while let Some(message) = messages.next().await {
        message?.ack().await?;
    }
    Err("the subscriptions ended".into())
}

/// Receives some messages, acks none and is gone; only once in the life of the consumer.
async fn crashed(consumer: Consumer<pull::Config>, count: usize) -> Result<(), Trouble> {
    if consumer.cached_info().delivered.consumer_sequence > 0 {
        return Ok(());
    }
    let mut messages = consumer.fetch().max_messages(count).expires(HEARTBEAT).messages().await?;
    while let Some(message) = messages.next().await {
        drop(message?);
    }
    Ok(())
}

/// The pace of a client that is slower than what comes in, until too much waits.
#[derive(Debug, Default)]
struct Pace {
    next: Option<Instant>,
    catching_up: bool,
}

impl Pace {
    async fn wait(&mut self, per_second: f64, limit: u64, pending: u64) {
        if self.begins(limit, pending) {
            self.next = None;
            return;
        }
        let now = Instant::now();
        // After a pause nothing is made up for.
        let due = self.next.filter(|due| *due + PAUSE > now).unwrap_or(now);
        self.next = Some(due + Duration::from_secs_f64(1.0 / per_second.max(0.01)));
        sleep_until(due).await;
    }

    /// Whether it catches up now: from the limit on, until nothing waits.
    const fn begins(&mut self, limit: u64, pending: u64) -> bool {
        self.catching_up = if self.catching_up { pending > 0 } else { pending >= limit };
        self.catching_up
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slow_client_catches_up_from_its_limit_until_nothing_waits() {
        let mut pace = Pace::default();
        let steps = [(9, false), (10, true), (5, true), (1, true), (0, false), (9, false)];
        for (pending, catching_up) in steps {
            assert_eq!(pace.begins(10, pending), catching_up, "{pending}");
        }
    }
}
