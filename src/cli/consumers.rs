//! `jetscope consumers [STREAM]`: the consumers of all streams or of one, as a table or as JSON.

use std::sync::Arc;

use futures_util::StreamExt;

use crate::config::Settings;
use crate::model::document::{ConsumerDocument, ConsumersDocument, Partial};
use crate::model::units::{count_exact, duration};
use crate::model::{Consumer, ProblemKind, Timestamp};
use crate::nats::now;

use super::args::Print;
use super::headless::{Failure, Headless, repeat, unknown_stream};
use super::output::{self, Table};
use super::streams::{UNKNOWN, tell_partial};

/// Runs the command.
pub(super) async fn run(settings: Settings, stream: Option<String>, print: Print) -> Result<(), Failure> {
    let headless = Headless::open(settings).await?;
    let with_stream = stream.is_none();
    repeat(headless, print, async |h: &mut Headless| {
        let document = match &stream {
            Some(stream) => of_one(h, stream).await?,
            None => of_all(h).await?,
        };
        if print.json {
            return Ok(output::json(&document)?);
        }
        tell_partial(document.partial.as_ref());
        Ok(table(&document, with_stream))
    })
    .await
}

async fn of_one(h: &Headless, stream: &str) -> Result<ConsumersDocument, Failure> {
    let listing = h.api.consumers(stream).await;
    match &listing.problem {
        Some(problem) if problem.kind == ProblemKind::NotFound => return Err(unknown_stream(&h.api, stream).await),
        Some(problem) if listing.items.is_empty() => return Err(Failure::Answer(problem.clone())),
        _ => {}
    }
    let mut partial = Partial::default();
    partial.add(&listing, Some(stream));
    Ok(document(h, partial, documents(&listing.items).collect()))
}

/// Without those that somebody reads with by this program.
fn documents(consumers: &[Arc<Consumer>]) -> impl Iterator<Item = ConsumerDocument> {
    consumers.iter().filter(|c| !c.is_ours()).map(|c| ConsumerDocument::from(&**c))
}

async fn of_all(h: &Headless) -> Result<ConsumersDocument, Failure> {
    let streams = h.api.streams().await;
    if let (Some(problem), true) = (&streams.problem, streams.items.is_empty()) {
        return Err(Failure::Answer(problem.clone()));
    }
    let mut partial = Partial::default();
    partial.add(&streams, None);
    let names = streams.items.iter().filter(|s| s.state.consumers > 0).map(|s| s.name.clone()).collect();
    let mut consumers: Vec<ConsumerDocument> = Vec::new();
    let mut answers = Box::pin(h.api.all_consumers(names));
    while let Some((stream, listing)) = answers.next().await {
        // It was deleted between the two questions.
        if listing.problem.as_ref().is_some_and(|p| p.kind == ProblemKind::NotFound) {
            continue;
        }
        partial.add(&listing, Some(&stream));
        consumers.extend(documents(&listing.items));
    }
    drop(answers);
    consumers.sort_by(|a, b| (&a.stream, &a.name).cmp(&(&b.stream, &b.name)));
    partial.missing.sort();
    Ok(document(h, partial, consumers))
}

fn document(h: &Headless, partial: Partial, consumers: Vec<ConsumerDocument>) -> ConsumersDocument {
    ConsumersDocument {
        taken: now(),
        context: h.context(),
        server: (&h.server()).into(),
        partial: partial.or_none(),
        consumers,
    }
}

fn table(document: &ConsumersDocument, with_stream: bool) -> String {
    let headings = [
        "STREAM",
        "NAME",
        "MODE",
        "ACK",
        ">OUTSTANDING",
        ">PENDING",
        ">ACK PENDING",
        ">REDELIVERED",
        ">WAITING",
        ">DELIVERED",
        ">ACK FLOOR",
        ">LAST DELIVERED",
        ">LAST ACKED",
        "STATE",
        "FILTER",
    ];
    let from = usize::from(!with_stream);
    let mut table = Table::new(&headings[from..]);
    for c in &document.consumers {
        table.row(row(c, document.taken).split_off(from));
    }
    table.text()
}

fn row(c: &ConsumerDocument, taken: Timestamp) -> Vec<String> {
    let ago = |at: Option<Timestamp>| {
        at.map_or_else(|| UNKNOWN.to_owned(), |at| format!("{} ago", duration(taken.since(at))))
    };
    let mut state: Vec<&str> = Vec::new();
    if c.paused {
        state.push("paused");
    }
    if c.mode == "push" {
        state.push(if c.push_bound { "bound" } else { "unbound" });
    }
    if !c.durable {
        state.push("ephemeral");
    }
    vec![
        c.stream.clone(),
        c.name.clone(),
        c.mode.to_owned(),
        c.ack_policy.word().to_owned(),
        count_exact(c.outstanding),
        count_exact(c.pending),
        count_exact(c.ack_pending),
        count_exact(c.redelivered),
        c.waiting.to_string(),
        c.delivered_seq.to_string(),
        c.ack_floor_seq.to_string(),
        ago(c.last_delivered),
        ago(c.last_acked),
        if state.is_empty() { UNKNOWN.to_owned() } else { state.join(" ") },
        if c.filter_subjects.is_empty() { UNKNOWN.to_owned() } else { c.filter_subjects.join(" ") },
    ]
}
