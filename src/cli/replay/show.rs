//! Plans and replays, as text and as JSON.

use std::fmt::Write as _;
use std::io;

use crate::event::clean_line;
use crate::model::replay::{Plan, Run, Said};
use crate::model::units;

use super::super::output::{self, Table};

/// The longest bar of a histogram, in cells.
const LONGEST: u64 = 40;

/// A plan.
pub(super) fn plan(plan: &Plan, json: bool) -> io::Result<String> {
    if json {
        return output::json(plan);
    }
    let mut out = text(&plan.words());
    if plan.obstacles.is_empty() {
        out.push_str("\nNothing was done. Add --execute, or keep this plan with --plan-out FILE.\n");
    }
    Ok(out)
}

/// A description, a line each.
fn text(said: &[Said]) -> String {
    let mut out = String::new();
    for said in said {
        // Writing to a String cannot fail.
        let _ = match said {
            Said::Fact(name, value) => writeln!(out, "{name:<14}{}", clean_line(value)),
            Said::Title(title) => writeln!(out, "\n{title}"),
            Said::Count(count, what) => writeln!(out, "  {:>9}  {}", units::count_exact(*count), clean_line(what)),
            Said::Bar(from, count, share) => {
                let cells = (u64::from(*share) * LONGEST).div_ceil(1_000) as usize;
                let time = from.to_display();
                writeln!(out, "  {time}  {:>9}  {}", units::count_exact(*count), "#".repeat(cells))
            }
            Said::Warning(line) | Said::Obstacle(line) | Said::More(line) => writeln!(out, "  {}", clean_line(line)),
        };
    }
    out
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
            p.state.word().into(),
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
    Ok(text(&run.words(None)))
}
