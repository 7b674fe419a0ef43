//! `JetStream` advisories as they happen.
//!
//! Only `STREAM.>` and `CONSUMER.>` are subscribed: the whole of `$JS.EVENT.ADVISORY.>` makes the server echo
//! every API call with its whole reply.

pub(super) mod decode;

use std::time::Duration;

use futures_util::StreamExt;
use tokio::sync::broadcast::error::RecvError;
use tokio::sync::mpsc;
use tokio::time::{Instant, sleep, timeout};

use crate::model::{Advisory, Problem, ProblemKind};

use super::{Client, ClientEvent};
use decode::decode;

/// The two subjects, behind the prefix of events.
const SUBJECTS: [&str; 2] = ["ADVISORY.STREAM.>", "ADVISORY.CONSUMER.>"];

/// How often is looked whether the connection is back.
const LOOK: Duration = Duration::from_millis(250);

/// What is heard.
pub(super) enum Heard {
    /// An advisory.
    Advisory(Advisory),
    /// Some cannot be heard, for this reason.
    Refused(Problem),
    /// At least so many came faster than they were read.
    Lost(u64),
    /// From now on is listened, again where the connection was lost; so many before it were lost as soon as they were
    /// made.
    Listens(u32),
}

/// Reads advisories until nobody listens; sends each, and a refusal once. The connection should serve nothing else:
/// anybody may publish to these subjects, also what the client cannot read, which breaks the connection.
pub(super) async fn read(client: Client, out: mpsc::Sender<Heard>) {
    let mut begun = Instant::now();
    while subscribed(&client, &out).await {
        // Whatever it was, it is not tried again and again without a pause.
        sleep(LOOK.saturating_sub(begun.elapsed())).await;
        let mut events = client.events();
        while !client.is_connected() {
            // What is missed is seen at the next look.
            let _ = timeout(LOOK, events.recv()).await;
        }
        begun = Instant::now();
    }
}

/// Reads until the subscriptions end, as they do with a connection that was not lost in an ordinary way; `false` when
/// nobody listens any more.
async fn subscribed(client: &Client, out: &mpsc::Sender<Heard>) -> bool {
    let mut events = client.events();
    let nats = client.nats();
    let mut streams = Vec::new();
    let prefix = format!("{}.", client.event_prefix);
    let subjects = SUBJECTS.map(|subject| format!("{prefix}{subject}"));
    for subject in &subjects {
        client.note_subscribed(subject);
        // What fails here is a connection that is lost again.
        if let Ok(subscriber) = nats.subscribe(subject.clone()).await {
            streams.push(subscriber);
        }
    }
    // What fails here too is a connection that is lost again.
    let _ = nats.flush().await;
    drop(nats);
    if streams.is_empty() {
        return true;
    }
    if out.send(Heard::Listens(client.lost_at_once())).await.is_err() {
        return false;
    }
    let mut all = futures_util::stream::select_all(streams);
    let mut lost = false;
    loop {
        let told = tokio::select! {
            message = all.next() => match message {
                Some(message) => match decode(message.subject.strip_prefix(&prefix).unwrap_or_default(), &message.payload) {
                    Some(advisory) => Heard::Advisory(advisory),
                    None => continue,
                },
                None => return true,
            },
            event = events.recv() => match event {
                Ok(ClientEvent::Denied { subject, publish: false }) if subjects.contains(&subject) => {
                    let sentence = format!(
                        "advisories: no permission to subscribe to {subject}; new and deleted streams appear at the next poll instead"
                    );
                    Heard::Refused(Problem::new(ProblemKind::Denied { subject }, sentence))
                }
                // Nothing else that is subscribed on this connection can come faster than it is read.
                Ok(ClientEvent::SlowConsumer) => Heard::Lost(1),
                Ok(ClientEvent::Disconnected) => {
                    lost = true;
                    continue;
                }
                Ok(ClientEvent::Connected) if std::mem::take(&mut lost) => Heard::Listens(client.lost_at_once()),
                Err(RecvError::Closed) => return false,
                Ok(_) | Err(RecvError::Lagged(_)) => continue,
            }
        };
        if out.send(told).await.is_err() {
            return false;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn what_cannot_be_subscribed_is_not_tried_without_a_pause_and_not_told_as_heard() {
        let (client, _server) = crate::nats::publish::tests::mute().await;
        let client = client.hearing("a..b");
        let (out, mut heard) = mpsc::channel(256);
        let reading = tokio::spawn(read(client.clone(), out));
        // It would be told at once, and thousands of times.
        let told = timeout(Duration::from_secs(1), heard.recv()).await;
        assert!(told.is_err(), "nothing is listened to");
        reading.abort();
    }
}
