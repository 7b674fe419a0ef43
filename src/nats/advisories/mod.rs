//! `JetStream` advisories as they happen.
//!
//! Only `STREAM.>` and `CONSUMER.>` are subscribed: the whole of `$JS.EVENT.ADVISORY.>` makes the server echo
//! every API call with its whole reply.

mod decode;

use futures_util::StreamExt;
use tokio::sync::broadcast::error::RecvError;
use tokio::sync::mpsc;

use crate::event::clean_line;
use crate::model::{Advisory, Problem, ProblemKind};

use super::{Client, ClientEvent};
use decode::decode;

/// The two subjects.
pub(super) const SUBJECTS: [&str; 2] = ["$JS.EVENT.ADVISORY.STREAM.>", "$JS.EVENT.ADVISORY.CONSUMER.>"];

/// What is heard.
pub(super) enum Heard {
    /// An advisory.
    Advisory(Advisory),
    /// Some cannot be heard, for this reason.
    Refused(Problem),
    /// At least so many came faster than they were read.
    Lost(u64),
}

/// Reads advisories until the connection is closed; sends each, and a refusal once.
pub(super) async fn read(client: Client, out: mpsc::Sender<Heard>) {
    let mut events = client.events();
    let mut streams = Vec::new();
    for subject in SUBJECTS {
        client.note_subscribed(subject);
        match client.nats.subscribe(subject).await {
            Ok(subscriber) => streams.push(subscriber),
            Err(error) => {
                let sentence = format!("advisories: {}", clean_line(&error.to_string()));
                let _ = out.send(Heard::Refused(Problem::new(ProblemKind::Disconnected, sentence))).await;
            }
        }
    }
    let mut all = futures_util::stream::select_all(streams);
    loop {
        let told = tokio::select! {
            message = all.next() => match message {
                Some(message) => match decode(&message.subject, &message.payload) {
                    Some(advisory) => Heard::Advisory(advisory),
                    None => continue,
                },
                None => return,
            },
            event = events.recv() => match event {
                Ok(ClientEvent::Denied { subject, publish: false }) if SUBJECTS.contains(&subject.as_str()) => {
                    let sentence = format!(
                        "advisories: no permission to subscribe to {subject}; new and deleted streams appear at the next poll instead"
                    );
                    Heard::Refused(Problem::new(ProblemKind::Denied { subject }, sentence))
                }
                // Nothing else that is subscribed on this connection can come faster than it is read.
                Ok(ClientEvent::SlowConsumer) => Heard::Lost(1),
                Err(RecvError::Closed) => return,
                Ok(_) | Err(RecvError::Lagged(_)) => continue,
            }
        };
        if out.send(told).await.is_err() {
            return;
        }
    }
}
