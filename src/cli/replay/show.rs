//! Plans and replays, as text and as JSON.

use std::fmt::Write as _;
use std::io;
use std::time::Duration;

use crate::event::clean_line;
use crate::model::replay::{Bar, Plan, Run};
use crate::model::units;

use super::super::output::{self, Table};

/// The longest bar of a histogram, in cells.
const LONGEST: u64 = 40;

/// A plan.
pub(super) fn plan(plan: &Plan, json: bool) -> io::Result<String> {
    if json {
        return output::json(plan);
    }
    let mut out = String::new();
    let mut row = |name: &str, value: &str| {
        // Writing to a String cannot fail.
        let _ = writeln!(out, "{name:<14}{}", clean_line(value));
    };
    let a = &plan.amounts;
    row("replay", &plan.id);
    row("from", &format!("{} ({})", plan.selection.name(), plan.range));
    if let Some(filter) = &plan.filter {
        row("where", filter);
    }
    row("to", &plan.destination.to_string());
    if let Some(capture) = &plan.capture {
        let exact = if capture.rereadable { "nothing is lost or doubled" } else { "it cannot be read again" };
        row("stream", &format!("{}, behind {}; {exact}", capture.stream, capture.last_seq));
        let window = capture.duplicate_window.map_or_else(|| "none".into(), units::duration);
        let discard = if capture.discard_new { "new" } else { "old" };
        row("", &format!("discard {discard}, duplicate window {window}"));
    }
    row("events", &format!("{}, {}", units::count_exact(a.planned), units::bytes(a.bytes)));
    for (name, end) in [("first", a.first), ("last", a.last)] {
        if let Some((seq, time)) = end {
            row(name, &format!("#{seq}  {time}"));
        }
    }
    for (count, why) in a.skipped.words() {
        row("left out", &format!("{count} {why}"));
    }
    if let Some(gaps) = a.gaps.filter(|gaps| *gaps > 0) {
        row("gaps", &format!("{gaps} sequences of the range are not there any more"));
    }
    for (name, count) in &a.stripped {
        row("not copied", &format!("{name} ({count})"));
    }
    let eta = plan.seconds().map_or_else(
        || "as fast as it goes".into(),
        |s| format!("takes {}", units::duration(Duration::from_secs_f64(s.clamp(0.0, 1e10)))),
    );
    row("pace", &format!("{}; {eta}", plan.pace));
    if let Some((consumer, most)) = &plan.watch {
        row("pauses", &format!("while more than {most} are outstanding of {consumer}"));
    }
    if let Some(reason) = &plan.reason {
        row("reason", reason);
    }
    types(&mut out, plan);
    histogram(&mut out, &a.histogram);
    if let Some(capture) = plan.capture.as_ref().filter(|c| !c.receivers.is_empty()) {
        let _ = writeln!(out, "\nconsumers that receive the copies");
        for receiver in &capture.receivers {
            let paused = if receiver.paused { ", paused" } else { "" };
            let name = clean_line(&receiver.name);
            let _ = writeln!(out, "  {name}  {} outstanding{paused}", units::count_exact(receiver.outstanding));
        }
    }
    for (title, lines) in [("worth knowing", &plan.warnings), ("it cannot be run", &plan.obstacles)] {
        if !lines.is_empty() {
            let _ = writeln!(out, "\n{title}");
            for line in lines {
                let _ = writeln!(out, "  {}", clean_line(line));
            }
        }
    }
    if plan.obstacles.is_empty() {
        let _ = writeln!(out, "\nNothing was done. Add --execute, or keep this plan with --plan-out FILE.");
    }
    Ok(out)
}

fn types(out: &mut String, plan: &Plan) {
    let a = &plan.amounts;
    if a.types.is_empty() {
        return;
    }
    let _ = writeln!(out, "\nby type");
    for ty in &a.types {
        let name = ty.ty.as_deref().map_or("(no CloudEvent)".into(), clean_line);
        let _ = writeln!(out, "  {:>9}  {name}", units::count_exact(ty.count));
    }
    if a.other_types > 0 {
        let _ = writeln!(out, "  {:>9}  of other types", units::count_exact(a.other_types));
    }
}

fn histogram(out: &mut String, bars: &[Bar]) {
    let Some(highest) = bars.iter().map(|bar| bar.count).max().filter(|_| bars.len() > 1) else { return };
    let _ = writeln!(out, "\nover time");
    for bar in bars {
        let cells = (bar.count * LONGEST).div_ceil(highest.max(1)) as usize;
        let time = bar.from.to_display();
        let _ = writeln!(out, "  {time}  {:>9}  {}", units::count_exact(bar.count), "#".repeat(cells));
    }
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
    let (p, c) = (&run.progress, &run.progress.counters);
    let mut out = String::new();
    let mut row = |name: &str, value: &str| {
        let _ = writeln!(out, "{name:<14}{}", clean_line(value));
    };
    row("replay", &run.plan.id);
    row("state", p.state.word());
    if run.orphaned {
        row("", "nobody runs it: resume it or cancel it");
    }
    if let Some(reason) = &p.reason {
        row("why", reason);
    }
    row("from", &format!("{} ({})", run.plan.selection.name(), run.plan.range));
    row("to", &run.plan.destination.to_string());
    row("reached", &format!("#{} of the source", p.source_seq));
    row("sent", &format!("{} of {}", c.sent, p.planned));
    for (count, what) in [
        (c.duplicate, "duplicate"),
        (c.gone, "gone from the source"),
        (c.uncertain, "uncertain"),
        (c.failed, "failed"),
        (c.reordered, "out of order"),
    ] {
        if count > 0 {
            row("", &format!("{count} {what}"));
        }
    }
    for (count, why) in c.skipped.words() {
        row("left out", &format!("{count} {why}"));
    }
    row("pace", &p.pace.to_string());
    if let Some(at) = p.checkpoint {
        row("checkpoint", &at.to_string());
    }
    if let Some(owner) = &run.owner {
        row("run by", &format!("{} in process {} on {}", owner.user, owner.pid, owner.host));
    }
    if let Some(reason) = &run.plan.reason {
        row("reason", reason);
    }
    if let Some(error) = &p.last_error {
        row("last error", error);
    }
    Ok(out)
}
