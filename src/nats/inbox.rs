//! Whether an inbox that the server refused may be subscribed by now. The client subscribes it once for all requests, and
//! what the server took away it does not give back: until the client connects anew, no answer can come.

use std::sync::Weak;
use std::time::Duration;

use async_nats::connection::State;
use tokio::time::{Instant, sleep, timeout};

use super::ClientEvent;
use super::client::Events;
use super::island::Life;

/// How often is looked whether it was refused.
const LOOK: Duration = Duration::from_millis(500);
/// The first pause before it is tried again; it grows, since the server logs each refusal.
const FIRST: Duration = Duration::from_secs(2);
/// The longest.
const LONGEST: Duration = Duration::from_secs(30);
/// A refusal comes within this time.
const REFUSED: Duration = Duration::from_secs(2);

/// Watches a connection until nobody holds it. It is made anew only when the inbox may be subscribed, so that one that is
/// refused for long looks refused, and not lost again and again.
pub(super) async fn watch(nats: async_nats::Client, events: Events, life: Life, held: Weak<()>) {
    let mut tried: Option<(Instant, Duration)> = None;
    while held.strong_count() > 0 && !life.is_over() {
        sleep(LOOK).await;
        let Some(inbox) = events.closed_inbox() else {
            tried = None;
            continue;
        };
        let (at, pause) = *tried.get_or_insert_with(|| (Instant::now(), FIRST));
        if at.elapsed() < pause || nats.connection_state() != State::Connected {
            continue;
        }
        if is_allowed(&nats, &events, inbox).await {
            tracing::info!("the inbox may be subscribed again: connecting anew");
            let _ = timeout(LOOK, nats.force_reconnect()).await;
        }
        tried = Some((Instant::now(), (pause * 3 / 2).min(LONGEST)));
    }
}

/// Whether the server takes a subscription to this inbox without a word.
async fn is_allowed(nats: &async_nats::Client, events: &Events, inbox: String) -> bool {
    let mut told = events.listen();
    let Ok(_subscription) = nats.subscribe(inbox.clone()).await else { return false };
    let refused = async {
        loop {
            match told.recv().await {
                Ok(ClientEvent::Denied { subject, publish: false }) if subject == inbox => return,
                // Then nobody knows; nor where more was told than can be heard.
                Ok(ClientEvent::Disconnected | ClientEvent::Silent) | Err(_) => return,
                Ok(_) => {}
            }
        }
    };
    timeout(REFUSED, refused).await.is_err()
}
