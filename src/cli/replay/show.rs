//! Plans and replays, as text and as JSON.

use std::io;
use std::path::Path;

use serde::Serialize;

use crate::model::replay::{self as model, Plan, Run};
use crate::replay::JournalError;

use super::super::output::{self, Table};

/// A plan.
pub(super) fn plan(plan: &Plan, json: bool) -> io::Result<String> {
    if json {
        return output::json(plan);
    }
    let mut out = output::said(&plan.words());
    if plan.obstacles.is_empty() {
        out.push_str("\nNothing was done. Add --execute, or keep this plan with --plan-out FILE.\n");
    }
    Ok(out)
}

/// All replays.
pub(super) fn list(runs: &[Run], broken: &[JournalError], json: bool) -> io::Result<String> {
    if json {
        let broken = broken.iter().filter_map(Unreadable::of).map(|one| output::json(&one));
        return runs.iter().map(output::json).chain(broken).collect();
    }
    let mut table = Table::new(&["ID", "STATE", "FROM", "TO", ">SENT", ">PLANNED", "PLANNED AT", ""]);
    for run in runs {
        let p = &run.progress;
        let note = match (&p.reason, run.orphaned) {
            (_, true) => format!("interrupted; resume or cancel it: jetscope replay resume {}", run.plan.id),
            (Some(reason), _) => reason.clone(),
            (None, _) => run.plan.reason.clone().unwrap_or_default(),
        };
        table.row(vec![
            run.plan.id.clone(),
            run.word().into(),
            run.plan.selection.name(),
            run.plan.destination.to_string(),
            p.counters.sent.to_string(),
            run.plan.amounts.planned.to_string(),
            run.plan.made.to_display(),
            note,
        ]);
    }
    for Unreadable { id, error, .. } in broken.iter().filter_map(Unreadable::of) {
        let unknown = || "?".to_owned();
        table.row(vec![
            id.into(),
            model::Unreadable::WORD.into(),
            unknown(),
            unknown(),
            unknown(),
            unknown(),
            unknown(),
            error,
        ]);
    }
    table.text()
}

/// A replay whose plan cannot be read, as a line of the list.
#[derive(Debug, Serialize)]
struct Unreadable<'a> {
    id: &'a str,
    file: &'a Path,
    state: &'static str,
    error: String,
}

impl<'a> Unreadable<'a> {
    fn of(error: &'a JournalError) -> Option<Self> {
        match error {
            JournalError::Broken { id, path, .. } => {
                Some(Self { id, file: path, state: model::Unreadable::WORD, error: error.to_string() })
            }
            _ => None,
        }
    }
}

/// One replay.
pub(super) fn run(run: &Run, json: bool) -> io::Result<String> {
    if json {
        return output::json(run);
    }
    Ok(output::said(&run.words(None)))
}
