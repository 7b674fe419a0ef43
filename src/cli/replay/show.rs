//! Plans and replays, as text and as JSON.

use std::io;

use crate::model::replay::{Plan, Run};

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
pub(super) fn list(runs: &[Run], json: bool) -> io::Result<String> {
    if json {
        return runs.iter().map(output::json).collect();
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
    Ok(table.text())
}

/// One replay.
pub(super) fn run(run: &Run, json: bool) -> io::Result<String> {
    if json {
        return output::json(run);
    }
    Ok(output::said(&run.words(None)))
}
