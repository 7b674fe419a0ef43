//! Advisories: deletions are reported at once, the rest is asked for. They come on a connection of their own, which
//! anybody who may publish can break: polls go on undisturbed.

use std::time::Duration;

use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio::time::sleep;

use crate::event::clean_line;
use crate::model::update::Ask;
use crate::model::{AdvisoryKind, Problem, ProblemKind, Update};
use crate::nats::advisories::{self, Heard};
use crate::nats::{Client, Pauses};

use super::{Closed, Connector, Lane};

/// The first pause between attempts to connect; it doubles.
const FIRST_PAUSE: Duration = Duration::from_millis(500);
/// The longest.
const LONGEST_PAUSE: Duration = Duration::from_secs(30);
/// Connections in a row that are lost at once, before it is told that it is so.
const AGAIN: u32 = 2;

/// A stream, or one of its consumers, that an advisory spoke of.
pub(super) type Announced = (String, Option<String>);

/// Listens until nobody does any more.
pub(super) async fn run(lane: Lane, connector: Connector, announce: mpsc::Sender<Announced>) -> Result<(), Closed> {
    let client = connect(&lane, &connector).await?;
    let (out, mut heard) = mpsc::channel(256);
    let mut reader = JoinSet::new();
    reader.spawn(advisories::read(client, out));
    let mut polls = lane.up.clone();
    polls.mark_unchanged();
    let (mut listened, mut told) = (false, false);
    while let Some(heard) = heard.recv().await {
        let advisory = match heard {
            Heard::Advisory(advisory) => advisory,
            Heard::Refused(problem) => {
                lane.tell(Update::Failed(Ask::Advisories, problem, lane.now())).await?;
                continue;
            }
            Heard::Lost(n) => {
                lane.tell(Update::AdvisoriesLost(n)).await?;
                continue;
            }
            Heard::Listens(lost) => {
                lane.tell(Update::AdvisoriesHeard(lane.now())).await?;
                let again = std::mem::replace(&mut listened, true);
                // Where polls lost theirs too, the link's own report says everything.
                let alone = again && !polls.has_changed().unwrap_or(false);
                polls.mark_unchanged();
                if alone && (lost < AGAIN || !told) {
                    lane.tell(Update::Failed(
                        Ask::Advisories,
                        broken(lost, &lane.api.client().event_prefix),
                        lane.now(),
                    ))
                    .await?;
                }
                told = lost >= AGAIN;
                continue;
            }
        };
        let (stream, consumer) = (advisory.stream.clone(), advisory.consumer.clone());
        match (&advisory.kind, &consumer) {
            (AdvisoryKind::StreamDeleted, _) => {
                lane.know(|k| k.streams.remove(&stream));
                lane.tell(Update::StreamGone(stream, lane.now())).await?;
            }
            (AdvisoryKind::ConsumerDeleted, Some(name)) => {
                lane.tell(Update::ConsumerGone(stream.clone(), name.clone(), lane.now())).await?;
                let _ = announce.try_send((stream, None));
            }
            // Nothing else is made, changed or lost; and what is told of single messages can be told very often.
            (kind, _) if !is_of_the_whole(kind) => {}
            // What finds no room is left to the next sweep.
            _ => {
                if consumer.is_some() {
                    let _ = announce.try_send((stream.clone(), None));
                }
                let _ = announce.try_send((stream, consumer));
            }
        }
        lane.tell(Update::Advisory(advisory)).await?;
    }
    // Without advisories everything else goes on.
    std::future::pending().await
}

/// Whether an advisory says that another answer about a stream or a consumer is to be expected.
const fn is_of_the_whole(kind: &AdvisoryKind) -> bool {
    use AdvisoryKind as K;
    matches!(
        kind,
        K::StreamCreated
            | K::StreamUpdated
            | K::StreamLeaderElected { .. }
            | K::StreamQuorumLost { .. }
            | K::RestoreDone { .. }
            | K::ConsumerCreated
            | K::ConsumerPaused { .. }
            | K::ConsumerResumed
            | K::ConsumerLeaderElected { .. }
            | K::ConsumerQuorumLost { .. }
    )
}

/// A connection of its own, however long it takes; what is in the way is told once.
async fn connect(lane: &Lane, connector: &Connector) -> Result<Client, Closed> {
    let (mut pauses, mut told) = (Pauses::new(FIRST_PAUSE, LONGEST_PAUSE), false);
    loop {
        match connector().await {
            Ok(client) => return Ok(client),
            Err(sentence) if !told && *lane.up.borrow() => {
                told = true;
                let sentence = format!("advisories: no connection of their own ({sentence}); it is tried again");
                let problem = Problem::new(ProblemKind::Disconnected, sentence);
                lane.tell(Update::Failed(Ask::Advisories, problem, lane.now())).await?;
            }
            Err(_) => {}
        }
        sleep(pauses.take()).await;
    }
}

/// What is said of a connection for advisories that was lost alone, after so many that were lost at once.
fn broken(lost: u32, event_prefix: &str) -> Problem {
    let sentence = if lost < AGAIN {
        "advisories: the connection that listens to them was lost and is back; what happened meanwhile was not heard"
            .to_owned()
    } else {
        format!(
            "advisories: the connection that listens to them breaks again and again; somebody publishes to \
             {}.ADVISORY messages that this client library cannot read. It is made anew after longer and longer pauses, \
             and what happens meanwhile is not heard; everything else goes on",
            clean_line(event_prefix)
        )
    };
    Problem::new(ProblemKind::Disconnected, sentence)
}
