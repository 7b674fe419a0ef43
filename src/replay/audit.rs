//! What was done, for whoever asks later: a line a replay in `audit.jsonl` of the state directory.

use std::io;
use std::path::Path;

use serde::Serialize;

use crate::config::state;
use crate::model::replay::{Counters, Plan, Progress, State};
use crate::model::{Owner, Timestamp};

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
    state::audit(state_dir, &line)
}
