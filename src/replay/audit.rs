//! What was done, for whoever asks later: a line a replay in `audit.jsonl` of the state directory.

use std::fs::OpenOptions;
use std::io::{self, Write as _};
use std::path::Path;

use serde::Serialize;

use crate::model::Timestamp;
use crate::model::replay::{Counters, Owner, Plan, Progress, State};

/// One line.
#[derive(Debug, Serialize)]
struct Line<'a> {
    at: Timestamp,
    who: &'a str,
    host: &'a str,
    pid: u32,
    context: Option<&'a str>,
    servers: &'a str,
    action: &'static str,
    id: &'a str,
    source: String,
    range: &'a str,
    filter: Option<&'a str>,
    destination: String,
    stream: Option<&'a str>,
    reason: Option<&'a str>,
    planned: u64,
    state: State,
    why: Option<&'a str>,
    counters: &'a Counters,
}

/// Adds the line of a replay that has ended; it is on the disk when this returns.
pub fn write(state_dir: &Path, plan: &Plan, progress: &Progress, owner: &Owner) -> io::Result<()> {
    let line = Line {
        at: progress.at,
        who: &owner.user,
        host: &owner.host,
        pid: owner.pid,
        context: plan.context.as_deref(),
        servers: &plan.servers,
        action: "replay",
        id: &plan.id,
        source: plan.selection.name(),
        range: &plan.range,
        filter: plan.filter.as_deref(),
        destination: plan.destination.to_string(),
        stream: plan.capture.as_ref().map(|c| c.stream.as_str()),
        reason: plan.reason.as_deref(),
        planned: plan.amounts.planned,
        state: progress.state,
        why: progress.reason.as_deref(),
        counters: &progress.counters,
    };
    let mut text = serde_json::to_vec(&line)?;
    text.push(b'\n');
    let mut file = OpenOptions::new().create(true).append(true).open(state_dir.join("audit.jsonl"))?;
    file.write_all(&text)?;
    file.sync_data()
}
