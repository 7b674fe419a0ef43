//! How far one is, and what came of it; also of those that were written down before.

use crate::app::said::broken;
use crate::app::{App, Scroll};
use crate::health::Level;
use crate::keymap::Action;
use crate::model::Said;
use crate::model::reposition::{Past, State};
use crate::model::units::{ago, count_exact};

use super::{Begun, Moving};

/// One that was begun, here or elsewhere, now or before.
#[derive(Clone, Debug, PartialEq)]
pub struct MoveScreen {
    /// Its name in the state directory.
    pub id: String,
    /// The stream.
    pub stream: String,
    /// The consumer.
    pub consumer: String,
    /// The new position.
    pub to: u64,
    /// How far it is, in words.
    pub lines: Vec<Said>,
    /// Position.
    pub scroll: Scroll,
}

/// What stands above one and in lists.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Headline {
    /// How it is, in a word.
    pub word: &'static str,
    /// How bad that is; none for what is neither good nor bad.
    pub level: Option<Level>,
    /// From where.
    pub from: u64,
    /// Where to.
    pub to: u64,
    /// The stream, raw.
    pub stream: String,
    /// The consumer, raw.
    pub consumer: String,
    /// It takes an earlier one back.
    pub back: bool,
}

impl Headline {
    /// Who goes where; raw.
    pub fn moved(&self) -> String {
        format!("{} {}to #{}", self.consumer, if self.back { "back " } else { "" }, self.to)
    }
}

const MOVED: (&str, Option<Level>) = ("MOVED", Some(Level::Ok));
const NOT_VERIFIED: (&str, Option<Level>) = ("NOT VERIFIED", Some(Level::Critical));
const FAILED: (&str, Option<Level>) = ("FAILED", Some(Level::Critical));
const CANCELLED: (&str, Option<Level>) = ("CANCELLED", None);
const MOVING: (&str, Option<Level>) = ("MOVING", Some(Level::Ok));

/// How one of this console is.
fn of_own(moving: &Moving) -> (&'static str, Option<Level>) {
    match &moving.end {
        None if moving.stuck().is_some() => ("WAITS", Some(Level::Warning)),
        None => MOVING,
        Some(Ok(outcome)) if outcome.verified => MOVED,
        Some(Ok(_)) => NOT_VERIFIED,
        Some(Err(left)) if left.cancelled => CANCELLED,
        Some(Err(_)) => FAILED,
    }
}

/// How one is that was written down.
fn of_past(past: &Past) -> (&'static str, Option<Level>) {
    match past.state {
        State::Running => MOVING,
        State::Interrupted => ("INTERRUPTED", Some(Level::Warning)),
        State::Completed if past.outcome.as_ref().is_some_and(|outcome| !outcome.verified) => NOT_VERIFIED,
        State::Completed => MOVED,
        State::Undone => ("UNDONE", None),
        State::Failed => FAILED,
        State::Cancelled => CANCELLED,
    }
}

impl App {
    /// What stands above a reposition, and in the list of all.
    pub fn headline(&self, id: &str) -> Option<Headline> {
        let (own, past) = (self.moves.own.get(id), self.moves.past(id));
        if let Some(moving) = own {
            let undone = past.filter(|past| past.state == State::Undone);
            let (word, level) = undone.map_or_else(|| of_own(moving), of_past);
            let Begun { mut from, mut to, stream, consumer, undoes, .. } = moving.begun.clone();
            if let Some(Ok(outcome)) = &moving.end {
                (from, to) = (outcome.from, outcome.to);
            }
            return Some(Headline { word, level, from, to, stream, consumer, back: undoes.is_some() });
        }
        let past = past?;
        let (word, level) = of_past(past);
        let (stream, consumer) = (past.stream.clone(), past.consumer.clone());
        Some(Headline { word, level, from: past.from, to: past.to, stream, consumer, back: past.undoes.is_some() })
    }

    /// The screen of one, where anything is known of it.
    pub(super) fn move_screen(&self, id: &str) -> Option<MoveScreen> {
        let Headline { stream, consumer, to, .. } = self.headline(id)?;
        let (lines, scroll) = (Vec::new(), Scroll::default());
        Some(MoveScreen { id: id.to_owned(), stream, consumer, to, lines, scroll })
    }
}

impl MoveScreen {
    pub(super) fn refresh(&mut self, app: &App) {
        self.lines = broken(self.words(app), app.size.0);
        // Above the words stands the headline with an empty line.
        self.scroll.fit(self.lines.len(), app.body_height().saturating_sub(2));
    }

    fn words(&self, app: &App) -> Vec<Said> {
        let key = |action| app.keymap.shown(action).unwrap_or_default();
        let past = app.moves.past(&self.id);
        let mut said = match (app.moves.own.get(&self.id), past) {
            (Some(moving), _) => own(moving, &key),
            (None, Some(past)) => past.words(app.now),
            (None, None) => Vec::new(),
        };
        let at = said.iter().position(|s| matches!(s, Said::Title(_))).unwrap_or(said.len());
        said.splice(at..at, self.now(app));
        let undoable = app.moves.undoable(&self.stream, &self.consumer);
        if let Some(past) = undoable.filter(|past| past.id == self.id && app.why_not(Action::Undo).is_none()) {
            let words = format!("{} takes it back to #{}; that is shown first", key(Action::Undo), past.from);
            said.insert(at, Said::Fact("undo", words));
        }
        said
    }

    /// Where the consumer stands now, once it is left alone.
    fn now(&self, app: &App) -> Option<Said> {
        if app.moves.own.get(&self.id).is_some_and(|moving| moving.end.is_none() || moving.elsewhere) {
            return None;
        }
        let info = app.live().consumer(&self.stream, &self.consumer)?.info.as_deref()?;
        let ago = info.delivered.last_active.map(|at| format!(" {}", ago(app.now.since(at))));
        Some(Said::Fact(
            "now",
            format!(
                "delivered #{}{}, acked up to #{}, {} pending, {} in flight",
                info.delivered.stream_seq,
                ago.unwrap_or_default(),
                info.ack_floor.stream_seq,
                count_exact(info.pending),
                count_exact(info.ack_pending)
            ),
        ))
    }
}

/// One of this console: its steps, the question that it asks, and its end.
fn own(moving: &Moving, key: &dyn Fn(Action) -> String) -> Vec<Said> {
    let mut said: Vec<Said> = Vec::new();
    match &moving.end {
        Some(Ok(outcome)) => said.extend(outcome.words()),
        None | Some(Err(_)) => {
            let begun = &moving.begun;
            said.push(Said::Fact("consumer", format!("{} of {}", begun.consumer, begun.stream)));
        }
    }
    let what = match &moving.end {
        None => "what is done",
        Some(_) => "what was done",
    };
    let mut steps = if moving.steps.is_empty() { vec![] } else { vec![Said::Title(what)] };
    steps.extend(moving.steps.iter().map(|(at, step)| Said::At(*at, step.to_string())));
    if moving.stuck().is_some() {
        steps.push(Said::Title("what now?"));
        steps.push(Said::Warning(format!(
            "late acks would count for what is delivered again: {} asks whether to go on all the same, or to leave it \
             where it stands",
            key(Action::Open)
        )));
    }
    if let Some(Err(left)) = &moving.end {
        let title = if left.cancelled { "left" } else { "not moved" };
        said.push(Said::Title(title));
        said.push(if left.cancelled {
            Said::Warning(left.sentence.clone())
        } else {
            Said::Obstacle(left.sentence.clone())
        });
    }
    said.extend(steps);
    said
}
