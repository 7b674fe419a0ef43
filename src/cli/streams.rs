//! `jetscope streams`: all streams, as a table or as JSON.

use std::io::{self, Write};

use crate::config::Settings;
use crate::model::document::{StreamDocument, StreamsDocument};
use crate::model::units::{bytes, count_exact, duration, percent, rate};
use crate::model::{Kind, Update};

use super::args::Print;
use super::headless::{Failure, Headless, ONCE, repeat};
use super::output;

/// What stands where nothing is known.
pub(super) const UNKNOWN: &str = "-";

/// Runs the command.
pub(super) async fn run(settings: Settings, print: Print) -> Result<(), Failure> {
    let headless = Headless::open(settings, print.watch.is_none().then_some(ONCE)).await?;
    repeat(headless, print, ask, |h, document, out| {
        if print.json {
            return output::write_json(out, &document);
        }
        h.tell_skew();
        tell_partial(document.partial.as_ref());
        table(&document, out)
    })
    .await
}

async fn ask(h: &mut Headless) -> Result<StreamsDocument, Failure> {
    let listing = h.api.streams().await;
    if let (Some(problem), true) = (&listing.problem, listing.items.is_empty()) {
        return Err(Failure::Answer(problem.clone()));
    }
    h.catalog.apply(Update::Streams(listing.clone()));
    Ok(StreamsDocument::new(&listing, &h.catalog, &h.settings.kinds(), h.context(), &h.server()))
}

/// Says on standard error what a table lacks.
pub(super) fn tell_partial(partial: Option<&crate::model::document::Partial>) {
    let Some(partial) = partial else { return };
    for sentence in &partial.failed {
        output::note(sentence);
    }
    if !partial.missing.is_empty() {
        let names = partial.missing.iter().map(|n| crate::event::clean_line(n)).collect::<Vec<_>>().join(", ");
        output::note(&format!("the servers that keep these did not answer: {names}"));
    }
    for offline in &partial.offline {
        let line = format!("{} is offline: {}", offline.name, offline.reason);
        output::note(&crate::event::clean_line(&line));
    }
}

fn table(document: &StreamsDocument, out: &mut dyn Write) -> io::Result<()> {
    let headings = [
        "NAME",
        "KIND",
        ">MESSAGES",
        ">BYTES",
        ">FIRST",
        ">LAST",
        ">SPREAD",
        ">DELETED",
        ">REACH",
        ">RATE/S",
        ">CONSUMERS",
        ">FULL",
        "RETENTION",
        "STORAGE",
        ">REPLICAS",
        "LEADER",
    ];
    output::table(out, &headings, || document.streams.iter().map(row))
}

fn row(s: &StreamDocument) -> Vec<String> {
    let unknown = || UNKNOWN.to_owned();
    vec![
        s.name.clone(),
        kind(s.kind).to_owned(),
        count_exact(s.messages),
        bytes(s.bytes),
        s.first_seq.to_string(),
        s.last_seq.to_string(),
        s.spread.to_string(),
        s.deleted.to_string(),
        s.reach_seconds.map_or_else(unknown, |r| duration(r.0)),
        s.rate_in.map_or_else(unknown, rate),
        s.consumers.to_string(),
        s.fullness.map_or_else(unknown, |f| format!("{} {}", percent(f.ratio), f.limit)),
        s.retention.word().to_owned(),
        s.storage.word().to_owned(),
        s.replicas.to_string(),
        s.leader.clone().unwrap_or_else(unknown),
    ]
}

const fn kind(kind: Kind) -> &'static str {
    match kind {
        Kind::EventSource => "event-source",
        Kind::EventChannel => "event-channel",
        Kind::Plain => "plain",
        Kind::Mirror => "mirror",
        Kind::KeyValue => "key-value",
        Kind::ObjectStore => "object-store",
    }
}
