//! Whether the server at the other end still lives. A frozen one keeps its connections open and says nothing, for
//! minutes, until the system gives them up.

use std::sync::Weak;
use std::sync::atomic::Ordering;
use std::time::Duration;

use async_nats::connection::State;
use async_nats::{Request, ServerAddr};
use bytes::Bytes;
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep, timeout};

use crate::config::Ledger;
use crate::event::clean_line;
use crate::model::request::WHO;
use crate::model::{Problem, ProblemKind};

use super::ClientEvent;
use super::ask::denied_to;
use super::client::Events;
use super::island::Life;
use super::note::asking;

/// How often is looked whether anything came.
const LOOK: Duration = Duration::from_millis(500);
/// After so long without a byte the server is asked for one.
const QUIET: Duration = Duration::from_millis(2_500);
/// After so long what is known is old.
pub(super) const SILENT: Duration = Duration::from_secs(5);
/// After so long another server is tried.
const GIVEN_UP: Duration = Duration::from_secs(10);
/// A server whose successor is silent too is not left again before this.
const SETTLED: Duration = Duration::from_secs(30);

/// Watches a connection with this prefix of the API until nobody holds it. Bytes that come in say that the server lives,
/// also in the middle of an answer that takes long; only where none come is it asked.
pub(super) async fn watch(
    nats: async_nats::Client,
    (prefix, ledger): (String, Ledger),
    events: Events,
    life: Life,
    held: Weak<()>,
) {
    let account = format!("{prefix}.INFO");
    let mut bytes = 0;
    let mut heard = Instant::now();
    let mut silent = false;
    let mut pulse: Option<JoinHandle<()>> = None;
    let mut left: Option<Instant> = None;
    while held.strong_count() > 0 && !life.is_over() {
        sleep(LOOK).await;
        let came = nats.statistics().in_bytes.load(Ordering::Relaxed);
        if came != bytes || nats.connection_state() != State::Connected {
            (bytes, heard) = (came, Instant::now());
            if std::mem::take(&mut silent) && nats.connection_state() == State::Connected {
                events.tell(ClientEvent::Heard);
            }
            continue;
        }
        let quiet = heard.elapsed();
        if quiet < QUIET {
            continue;
        }
        if pulse.as_ref().is_none_or(JoinHandle::is_finished) {
            // Who may not ask for itself asks for its account.
            let mut subjects = [WHO, account.as_str()].into_iter();
            let Some(subject) = subjects.find(|subject| !events.is_refused(subject)).map(str::to_owned) else {
                heard = Instant::now();
                continue;
            };
            let (nats, events, ledger, prefix) = (nats.clone(), events.clone(), ledger.clone(), prefix.clone());
            pulse = Some(tokio::spawn(async move { ask(&nats, subject, &events, (&prefix, &ledger)).await }));
        }
        if quiet >= SILENT && !std::mem::replace(&mut silent, true) {
            events.tell(ClientEvent::Silent);
        }
        if quiet >= GIVEN_UP && left.is_none_or(|at| at.elapsed() >= SETTLED) {
            tracing::warn!("the server is silent; another one is tried");
            left = Some(Instant::now());
            // The client may be stuck with what it cannot send.
            let _ = timeout(LOOK, leave(&nats)).await;
        }
    }
    if let Some(pulse) = pulse {
        pulse.abort();
    }
}

/// What it answers does not matter: that something comes does, a refusal too.
async fn ask(nats: &async_nats::Client, subject: String, events: &Events, (prefix, ledger): (&str, &Ledger)) {
    events.pulses.fetch_add(1, Ordering::Relaxed);
    let asking = asking(ledger, prefix, &subject, &Bytes::new());
    let answer = nats.send_request(subject.clone(), Request::new().timeout(Some(QUIET))).await;
    let Some(asking) = asking else { return };
    let words = "whether the server lives";
    match answer {
        Ok(message) => asking.end(Ok(message.payload.len())),
        Err(_) if events.is_refused(&subject) => asking.end(Err(&denied_to(&words, subject))),
        Err(error) => {
            let said = clean_line(&error.to_string()).into_owned();
            asking.end(Err(&Problem::new(ProblemKind::Timeout, format!("{words}: {said}"))));
        }
    }
}

/// Connects anew, to this server only after all others.
async fn leave(nats: &async_nats::Client) {
    if let Ok(pool) = nats.server_pool().await {
        // They are tried in their order: the first that has not failed since is the one that we are connected to.
        let at = pool.iter().position(|server| server.did_connect && server.failed_attempts == 0);
        let mut addresses: Vec<ServerAddr> = pool.into_iter().map(|server| server.addr).collect();
        if let Some(at) = at {
            let silent = addresses.remove(at);
            addresses.push(silent);
        }
        let _ = nats.set_server_pool(addresses).await;
    }
    let _ = nats.force_reconnect().await;
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Connection;
    use crate::model::request::{Nature, Outcome};
    use crate::nats::{Api, connect, publish};

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn what_is_asked_of_a_silent_server_is_noted_and_counted() {
        let (connection, _accepted) = publish::tests::listen(true);
        let connection = Connection { ledger: Ledger::open(None), ..connection };
        let api = Api::new(connect::open(&connection).await.unwrap());
        let mut noted = Vec::new();
        while noted.is_empty() {
            sleep(LOOK).await;
            noted = connection.ledger.take().0;
        }
        assert_eq!((&*noted[0].subject, noted[0].nature()), (WHO, Nature::Read));
        assert!(matches!(&noted[0].outcome, Outcome::Failed(said) if said.contains("server lives")), "{noted:?}");
        assert!(api.cost().0 > 0);
    }
}
