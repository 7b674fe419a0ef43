//! The lane of stored messages that a screen shows: what is asked for is read once, and again when everything is asked
//! for. The message behind an ack floor is read anew when the floor has moved.

use std::collections::BTreeSet;

use futures_util::{StreamExt, stream};
use tokio::time::sleep;

use crate::model::scope::Peek;
use crate::model::{Message, Problem, Update};

use super::{Closed, Lane};

/// Messages that are read side by side: each can be as large as the server allows.
const SIDE_BY_SIDE: usize = 4;

/// What was told already.
#[derive(Default)]
struct Told {
    of: (String, String),
    floor: Option<u64>,
    seqs: BTreeSet<u64>,
}

/// Reads until nobody listens.
pub(super) async fn run(mut lane: Lane) -> Result<(), Closed> {
    let mut told = Told::default();
    let mut scope = lane.scope.clone();
    loop {
        lane.when_up().await?;
        let wanted = scope.borrow_and_update().peek.clone();
        let Some(wanted) = wanted else {
            told = Told::default();
            scope.changed().await.map_err(|_| Closed)?;
            continue;
        };
        let of = (wanted.stream.clone(), wanted.consumer.clone());
        if told.of != of {
            told = Told { of, ..Told::default() };
        }
        told.seqs.retain(|seq| wanted.seqs.contains(seq));
        read(&lane, &wanted, &mut told).await?;
        tokio::select! {
            changed = scope.changed() => changed.map_err(|_| Closed)?,
            kicked = lane.kick.changed() => {
                kicked.map_err(|_| Closed)?;
                told = Told::default();
            }
            // What could not be read is tried again.
            () = sleep(lane.pace.detail) => {}
        }
    }
}

async fn read(lane: &Lane, wanted: &Peek, told: &mut Told) -> Result<(), Closed> {
    if let Some(floor) = wanted.floor.filter(|floor| told.floor != Some(*floor)) {
        let found = head(lane, wanted, floor).await;
        if answers(&found) {
            told.floor = Some(floor);
        }
        let (stream, consumer) = (wanted.stream.clone(), wanted.consumer.clone());
        lane.tell(Update::HeadOfLine { stream, consumer, floor, found: owned(found) }).await?;
    }
    let seqs: Vec<u64> = wanted.seqs.iter().copied().filter(|seq| !told.seqs.contains(seq)).collect();
    let mut found = stream::iter(seqs)
        .map(|seq| async move { (seq, lane.api.message(&wanted.stream, seq).await) })
        .buffered(SIDE_BY_SIDE);
    while let Some((seq, found)) = found.next().await {
        if answers(&found) {
            told.seqs.insert(seq);
        }
        lane.tell(Update::Stored { stream: wanted.stream.clone(), seq, found: owned(found) }).await?;
    }
    Ok(())
}

/// The first message behind a sequence, of those that a consumer receives.
async fn head(lane: &Lane, wanted: &Peek, floor: u64) -> Result<Option<Message>, Problem> {
    let all = [">".to_owned()];
    let filters = if wanted.filters.is_empty() { &all } else { wanted.filters.as_slice() };
    let mut first: Option<Message> = None;
    for filter in filters {
        let found = lane.api.next_message(&wanted.stream, floor + 1, filter).await?;
        first = match (first, found) {
            (Some(a), Some(b)) if b.seq < a.seq => Some(b),
            (None, found) => found,
            (first, _) => first,
        };
    }
    Ok(first)
}

/// Whether it need not be asked again: there is a message, or none, or asking again would be of no use.
fn answers(found: &Result<Option<Message>, Problem>) -> bool {
    found.as_ref().err().is_none_or(|problem| !problem.passes())
}

/// With memory of its own: what is read off a connection keeps a large buffer.
fn owned(found: Result<Option<Message>, Problem>) -> Result<Option<std::sync::Arc<Message>>, Problem> {
    found.map(|message| message.map(|message| std::sync::Arc::new(message.detached())))
}
