//! The records as they are shown: with what is known of each now.

use crate::model::reposition::{Past, Stage, State};

use super::records::{Origin, Record, Records};

/// All that were written down, the newest first; of these servers only, where they are given.
pub(super) fn list(records: &Records, of: Option<&Origin>) -> Vec<Past> {
    let all = records.all();
    // Newest first: what comes earlier in the list came later.
    let newer_of = |i: usize, wanted: fn(&Record) -> bool| {
        all.get(i).is_some_and(|record| {
            all.iter().take(i).any(|newer| {
                wanted(newer)
                    && newer.origin.is(&record.origin)
                    && newer.stream == record.stream
                    && newer.consumer == record.consumer
            })
        })
    };
    let shown = all.iter().enumerate().filter(|(_, record)| of.is_none_or(|origin| record.origin.is(origin)));
    shown
        .map(|(i, record)| {
            // One of its consumer is held at a time, and it is the newest.
            let running = record.is_unfinished() && !newer_of(i, |_| true) && records.is_held(record);
            let can_be_undone = !running && record.can_be_undone() && !newer_of(i, Record::can_be_undone);
            let left_over = record.is_unfinished() && !running && !newer_of(i, |_| true);
            past(record, running, can_be_undone, left_over)
        })
        .collect()
}

/// A record as it is shown.
pub(super) fn past(record: &Record, running: bool, can_be_undone: bool, left_over: bool) -> Past {
    let state = match record.stage {
        Stage::Begun | Stage::Deleted if running => State::Running,
        Stage::Begun | Stage::Deleted => State::Interrupted,
        Stage::Completed if record.undone_by.is_some() => State::Undone,
        Stage::Completed => State::Completed,
        Stage::Failed => State::Failed,
        Stage::Cancelled => State::Cancelled,
    };
    Past {
        id: record.id.clone(),
        made: record.made,
        state,
        context: record.origin.context.clone(),
        servers: record.origin.servers.clone(),
        stream: record.stream.clone(),
        consumer: record.consumer.clone(),
        target: record.target,
        method: record.method,
        from: record.from(),
        to: record.to,
        given_up: record.given_up,
        owner: record.owner.clone(),
        can_be_undone,
        left_over,
        deleted: record.stage == Stage::Deleted,
        pause_ends: record.pause_ends,
        undoes: record.undoes.clone(),
        undone_by: record.undone_by.clone(),
        why: record.why.clone(),
        outcome: record.outcome.clone(),
    }
}
