//! Connecting, and what the connection's events mean for the header and the lanes.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::broadcast::error::RecvError;
use tokio::sync::{mpsc, watch};
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};

use crate::model::{Link, Scope, Timestamp, Update};
use crate::nats::ask::now;
use crate::nats::{Api, Client, ClientEvent, Pauses, pulse};

use super::{Closed, Connector, Lane, Pace, Throttle, lanes};

/// The first pause between two attempts; it doubles.
const FIRST_PAUSE: Duration = Duration::from_millis(250);
/// The longest pause between two attempts.
const LONGEST_PAUSE: Duration = Duration::from_secs(2);
/// Without events for this long the connection itself is looked at.
const LOOK: Duration = Duration::from_secs(1);

/// Connects, then runs the lanes until nobody listens.
pub(super) async fn run(
    connector: Connector,
    pace: Pace,
    scope: watch::Receiver<Scope>,
    out: mpsc::Sender<Update>,
    kick: watch::Receiver<u64>,
) {
    let Ok(client) = connect(&connector, &out).await else { return };
    let (up_now, up) = watch::channel(true);
    let throttle = Arc::<Throttle>::default();
    let lane = Lane {
        api: Api::new(client.clone()),
        pace,
        scope,
        out: out.clone(),
        kick,
        up,
        allowed: client.events.allowed(),
        woken: throttle.woken(),
        known: Arc::default(),
        throttle,
    };
    let events = client.events();
    let connected = async {
        out.send(Update::Link(Link::Connected { since: lane.now() })).await.map_err(|_| Closed)?;
        out.send(Update::Server(client.server())).await.map_err(|_| Closed)
    };
    if connected.await.is_err() {
        return;
    }
    let mut tasks: JoinSet<Result<(), Closed>> = JoinSet::new();
    tasks.spawn(follow(client, events, up_now, lane.clone()));
    lanes::spawn(&lane, &connector, &mut tasks);
    // Lanes end only when nobody listens; one that ends takes the others with it.
    tasks.join_next().await;
}

/// Tries until it is connected; the attempts are counted and told.
async fn connect(connector: &Connector, out: &mpsc::Sender<Update>) -> Result<Client, Closed> {
    let since = now();
    let mut pauses = Pauses::new(FIRST_PAUSE, LONGEST_PAUSE);
    let mut attempt = 0;
    let mut reason = None;
    loop {
        let link = Link::Connecting { attempt, since, reason: reason.clone() };
        out.send(Update::Link(link)).await.map_err(|_| Closed)?;
        match connector().await {
            Ok(client) => return Ok(client),
            Err(sentence) => {
                attempt += 1;
                reason = Some(sentence);
            }
        }
        let link = Link::Connecting { attempt, since, reason: reason.clone() };
        out.send(Update::Link(link)).await.map_err(|_| Closed)?;
        sleep(pauses.take()).await;
    }
}

/// Follows the client's events: the link's state, and whether the lanes may ask.
async fn follow(
    client: Client,
    mut events: tokio::sync::broadcast::Receiver<ClientEvent>,
    up: watch::Sender<bool>,
    lane: Lane,
) -> Result<(), Closed> {
    let mut lost: Option<(Timestamp, u32, Option<String>)> = None;
    let mut silent: Option<Timestamp> = None;
    let mut connected = lane.now();
    loop {
        let event = match timeout(LOOK, events.recv()).await {
            Ok(Ok(event)) => event,
            Ok(Err(RecvError::Closed)) => return Err(Closed),
            Ok(Err(RecvError::Lagged(_))) | Err(_) => match unheard(client.is_connected(), lost.is_none()) {
                Some(event) => event,
                None => continue,
            },
        };
        let link = match event {
            ClientEvent::Connected => {
                (lost, silent, connected) = (None, None, lane.now());
                lane.throttle.reset();
                lane.tell(Update::Server(client.server())).await?;
                up.send_if_modified(|up| !std::mem::replace(up, true));
                Link::Connected { since: connected }
            }
            // Nothing more is asked until something comes: it would only be waited for.
            ClientEvent::Silent if lost.is_none() => {
                up.send_if_modified(|up| std::mem::replace(up, false));
                let since = lane.now().minus(pulse::SILENT);
                silent = Some(since);
                Link::Silent { since }
            }
            ClientEvent::Heard if lost.is_none() => {
                silent = None;
                lane.throttle.reset();
                up.send_if_modified(|up| !std::mem::replace(up, true));
                Link::Connected { since: connected }
            }
            ClientEvent::Disconnected => {
                up.send_if_modified(|up| std::mem::replace(up, false));
                let given_up =
                    silent.take().map(|since| (since, 0, Some("the server answered nothing any more".into())));
                let (since, attempt, reason) = lost.clone().or(given_up).unwrap_or_else(|| (lane.now(), 0, None));
                lost = Some((since, attempt, reason.clone()));
                Link::Lost { attempt, since, reason }
            }
            ClientEvent::Failed(reason) => match &mut lost {
                Some((since, attempt, last)) => {
                    *attempt += 1;
                    *last = Some(reason.clone());
                    Link::Lost { attempt: *attempt, since: *since, reason: Some(reason) }
                }
                None => continue,
            },
            ClientEvent::LameDuck => Link::LameDuck { since: lane.now() },
            ClientEvent::Silent | ClientEvent::Heard | ClientEvent::Denied { .. } | ClientEvent::SlowConsumer => {
                continue;
            }
        };
        lane.tell(Update::Link(link)).await?;
    }
}

/// The event that was not heard. Events are dropped on the way when there are many, in the client and here; the
/// lanes must not wait for one that will never come.
const fn unheard(connected: bool, believed: bool) -> Option<ClientEvent> {
    match (connected, believed) {
        (true, false) => Some(ClientEvent::Connected),
        (false, true) => Some(ClientEvent::Disconnected),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_not_heard_is_seen() {
        assert_eq!(unheard(true, false), Some(ClientEvent::Connected));
        assert_eq!(unheard(false, true), Some(ClientEvent::Disconnected));
        assert_eq!((unheard(true, true), unheard(false, false)), (None, None));
    }
}
