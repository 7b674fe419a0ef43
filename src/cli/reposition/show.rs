//! Previews and outcomes, as text and as JSON.

use std::fmt::Write as _;
use std::io;

use serde::Serialize;

use crate::event::clean_line;
use crate::model::reposition::{Method, Outcome, Preview, Span};
use crate::model::units::count_exact;
use crate::nats::reposition::Record;

use super::super::output;
use super::args::How;

/// Lines of a name and a value, made safe.
#[derive(Default)]
struct Rows(String);

impl Rows {
    fn add(&mut self, name: &str, value: &str) {
        // Writing to a String cannot fail.
        let _ = writeln!(self.0, "{name:<13}{}", clean_line(value));
    }
}

/// What would happen.
pub(super) fn preview(p: &Preview, how: &How) -> io::Result<String> {
    if how.json {
        return output::json(p);
    }
    let mut rows = Rows::default();
    rows.add("consumer", &format!("{} of {} ({}, ack {})", p.consumer, p.stream, p.mode, p.ack_policy.word()));
    if !p.filter_subjects.is_empty() {
        rows.add("filter", &p.filter_subjects.join(" "));
    }
    if let Some(id) = &p.undoes {
        rows.add("undoes", id);
    }
    rows.add("stream", &format!("#{} to #{}", p.stream_ends.0, p.stream_ends.1));
    let b = &p.before;
    rows.add("now", &format!("delivered {}, acked up to {}", b.delivered, b.ack_floor));
    rows.add("", &format!("{} pending, {} in flight", count_exact(b.pending), count_exact(b.ack_pending)));
    let first = match p.after.first {
        Some(first) if first.seq == p.after.seq => first.time.map_or_else(String::new, |time| format!(" of {time}")),
        Some(first) => format!("; the first that it receives is {first}"),
        None => ", what comes next".into(),
    };
    rows.add("then", &format!("#{}{first} (--to {})", p.after.seq, p.target));
    let pending = p.after.pending.map_or_else(|| "more than can be counted".into(), count_exact);
    rows.add("", &format!("{pending} pending"));
    span(&mut rows, "redelivered", &p.redelivered);
    span(&mut rows, "skipped", &p.skipped);
    rows.add(
        "how",
        match p.method {
            Method::Reset => "paused, drained, moved, resumed, read back",
            Method::Recreate => "deleted and made again with the same configuration",
        },
    );
    for (name, sentences) in [("lost", &p.lost), ("note", &p.warnings), ("not possible", &p.obstacles)] {
        for sentence in sentences {
            rows.add(name, sentence);
        }
    }
    if p.changes_nothing() && p.obstacles.is_empty() {
        rows.add("", "it stands there already; nothing is to be done");
    } else if p.obstacles.is_empty() {
        rows.add("", "nothing was done; --execute does it");
    }
    Ok(rows.0)
}

fn span(rows: &mut Rows, name: &str, span: &Span) {
    let count = span.count.map_or_else(|| "more messages than can be counted".into(), count_exact);
    let value = match (span.first, span.last) {
        _ if span.is_empty() => return,
        (Some(first), Some(last)) if first != last => format!("{count}: {first} to {last}"),
        (Some(first), _) => format!("{count}: {first}"),
        _ => count,
    };
    rows.add(name, &value);
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
    let mut rows = Rows::default();
    rows.add("consumer", &format!("{} of {}, which is gone", record.consumer, record.stream));
    rows.add("undoes", &record.id);
    rows.add("then", &format!("made again with its configuration, at #{}", record.from()));
    rows.add("", "nothing was done; --execute does it");
    Ok(rows.0)
}

/// What came of it.
pub(super) fn outcome(o: &Outcome, json: bool) -> io::Result<String> {
    if json {
        return output::json(o);
    }
    let mut rows = Rows::default();
    rows.add("consumer", &format!("{} of {}", o.consumer, o.stream));
    let verified = if o.verified { "read back" } else { "NOT what was read back" };
    rows.add("moved", &format!("from #{} to #{}, {verified}", o.from, o.to));
    rows.add("", &format!("{} pending", count_exact(o.pending)));
    let goes_on = match (o.paused_until, o.advances) {
        (Some(until), _) => format!("paused until {until}, as before"),
        (None, Some(true)) => "somebody waited, and is sent messages".into(),
        (None, Some(false)) => "somebody waits, and nothing was sent".into(),
        (None, None) => "nobody waits, or nothing is due".into(),
    };
    rows.add("goes on", &goes_on);
    let paused =
        if o.paused_seconds > 0.0 { format!(", {:.1} s of it paused", o.paused_seconds) } else { String::new() };
    rows.add("took", &format!("{:.1} s{paused}", o.seconds));
    for note in &o.notes {
        rows.add("note", note);
    }
    rows.add("undo", &format!("jetscope reposition undo {} {} --execute", o.stream, o.consumer));
    Ok(rows.0)
}
