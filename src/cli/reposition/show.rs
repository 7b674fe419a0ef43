//! Previews and outcomes, as text and as JSON, and the list of all.

use std::io;

use serde::Serialize;

use crate::model::Said;
use crate::model::reposition::{Outcome, Past, Preview, RECREATE};
use crate::model::shell::command_line;
use crate::nats::reposition::Record;

use super::super::output::{self, Table};
use super::args::How;

/// What would happen.
pub(super) fn preview(p: &Preview, how: &How) -> io::Result<String> {
    if how.json {
        return output::json(p);
    }
    let mut out = output::said(&p.words());
    if p.recreatable {
        out.extend(["\nWith --recreate it is ", RECREATE, ".\n"]);
    }
    if p.obstacles.is_empty() {
        out.push_str(if p.changes_nothing() {
            "\nIt stands there already; nothing is to be done.\n"
        } else {
            "\nNothing was done; --execute does it.\n"
        });
    }
    Ok(out)
}

#[derive(Serialize)]
struct Remake<'a> {
    undoes: &'a str,
    stream: &'a str,
    consumer: &'a str,
    made_again: bool,
    to: u64,
}

/// A consumer that is gone would be made again.
pub(super) fn remake(record: &Record, json: bool) -> io::Result<String> {
    if json {
        let (stream, consumer) = (&record.stream, &record.consumer);
        return output::json(&Remake { undoes: &record.id, stream, consumer, made_again: true, to: record.from() });
    }
    let mut out = output::said(&[
        Said::Fact("consumer", format!("{} of {}, which is gone", record.consumer, record.stream)),
        Said::Fact("undoes", record.id.clone()),
        Said::Fact("then", format!("made again with its configuration, at #{}", record.from())),
    ]);
    out.push_str("\nNothing was done; --execute does it.\n");
    Ok(out)
}

/// What came of it.
pub(super) fn outcome(o: &Outcome, json: bool, is_undo: bool) -> io::Result<String> {
    if json {
        return output::json(o);
    }
    if is_undo {
        // What is taken back is not taken back again: undo would take back the one before it.
        return Ok(output::said(&o.words()));
    }
    let undo = command_line("jetscope reposition undo", &[&o.stream, &o.consumer], "--execute");
    let undo = format!("\nTo take it back: {undo}\n");
    Ok(output::said(&o.words()) + &undo)
}

/// All that were written down.
pub(super) fn list(all: &[Past], json: bool) -> io::Result<String> {
    if json {
        return all.iter().map(output::json).collect();
    }
    let mut table = Table::new(&["BEGAN", "STATE", "STREAM", "CONSUMER", ">FROM", ">TO", "ON", ""]);
    for past in all {
        let note = match (&past.why, &past.outcome) {
            _ if past.left_over => "broken off; jetscope reposition undo takes it back".to_owned(),
            (Some(why), _) => why.clone(),
            (None, Some(outcome)) if !outcome.verified => "not what was read back".into(),
            _ if past.undoes.is_some() => "an undo".into(),
            _ => String::new(),
        };
        table.row(vec![
            past.made.to_display(),
            past.state.word().into(),
            past.stream.clone(),
            past.consumer.clone(),
            past.from.to_string(),
            past.to.to_string(),
            past.context.clone().unwrap_or_else(|| past.servers.clone()),
            note,
        ]);
    }
    table.text()
}
