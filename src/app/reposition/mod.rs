//! Moving one consumer in the console: where to, what it would do, how far it is, what came of it, and taking that
//! back.
//!
//! The work is done outside: a wish goes out and a proposal comes back, a confirmed proposal goes out, and steps come
//! back until its end. Nothing is moved before a preview was shown and confirmed.

mod act;
mod confirm;
mod form;
mod news;
mod open;
mod preview;
mod run;
mod why_not;

use std::collections::{BTreeMap, BTreeSet};

use crate::model::Timestamp;
use crate::model::reposition::{Control, Outcome, Past, Proposal, Step, Target};

use super::{App, Scroll};

pub(super) use form::PLACES;
pub use form::{FormPlace, RepositionForm};
pub use preview::PreviewScreen;
pub use run::{Headline, MoveScreen};
pub(super) use why_not::handles;

/// Where a consumer is wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// There.
    At(Target),
    /// Where it stood before it was moved.
    Back,
}

/// What is wanted of a consumer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RepositionWish {
    /// The stream.
    pub stream: String,
    /// The consumer.
    pub consumer: String,
    /// Where to.
    pub place: Place,
    /// It may be deleted and made again, where the server does not move it.
    pub recreate: bool,
}

/// What must happen outside.
#[derive(Clone, Debug, PartialEq)]
pub enum RepositionOrder {
    /// Look what this would do; it comes back with the number.
    Look(u64, Box<RepositionWish>),
    /// Do what was shown; with what was typed where a word was asked for.
    Start(Box<Proposal>, Option<String>),
    /// Tell one of this console something.
    Tell(String, Control),
    /// Report once what was written down.
    Read,
    /// Report it again and again, or not any more.
    Watch(bool),
}

/// One that began.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Begun {
    /// Its name in the state directory.
    pub id: String,
    /// The stream.
    pub stream: String,
    /// The consumer.
    pub consumer: String,
    /// The sequence that undo would go back to.
    pub from: u64,
    /// The new position.
    pub to: u64,
    /// The one that it takes back.
    pub undoes: Option<String>,
}

/// Why one ended without having moved its consumer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Left {
    /// The sentence, raw.
    pub sentence: String,
    /// Somebody said so.
    pub cancelled: bool,
}

/// What happened outside.
#[derive(Clone, Debug, PartialEq)]
pub enum RepositionNews {
    /// What the wish of this number would do, or the sentence that says why that is not known.
    Seen(u64, Result<Box<Proposal>, String>),
    /// One began, or the sentence that says why not.
    Begun(Result<Begun, String>),
    /// What one of this console does now.
    Step(String, Step),
    /// One of this console ended.
    Ended(String, Result<Box<Outcome>, Left>),
    /// What was written down, the newest first.
    Past(Vec<Past>),
}

/// One of this console.
#[derive(Clone, Debug, PartialEq)]
pub struct Moving {
    /// What it is.
    pub begun: Begun,
    /// When it began.
    pub at: Timestamp,
    /// What it did, each with when that began.
    pub steps: Vec<(Timestamp, Step)>,
    /// How it ended.
    pub end: Option<Result<Box<Outcome>, Left>>,
    /// The console has gone to another connection since: here its consumer means another one.
    pub elsewhere: bool,
}

impl Moving {
    /// What it does now.
    pub fn step(&self) -> Option<Step> {
        self.steps.last().map(|(_, step)| *step).filter(|_| self.end.is_none())
    }

    /// So many messages in flight were not acked in time, and what to do about it was asked.
    pub fn stuck(&self) -> Option<u64> {
        self.step().and_then(|step| if let Step::Stuck { left } = step { Some(left) } else { None })
    }

    /// What it does from now on. What is told again, with another number, is no other step.
    fn take(&mut self, step: Step, now: Timestamp) {
        let same = |(_, old): &(Timestamp, Step)| std::mem::discriminant(old) == std::mem::discriminant(&step);
        match self.steps.iter().position(same) {
            Some(i) => {
                let (began, _) = self.steps.remove(i);
                self.steps.push((began, step));
            }
            None => self.steps.push((now, step)),
        }
    }
}

/// What is known of repositions.
#[derive(Clone, Debug, Default)]
pub struct Moves {
    /// Those that were written down, the newest first; none as long as they were not read.
    pub past: Option<Vec<Past>>,
    /// Those of this console since it was opened.
    pub own: BTreeMap<String, Moving>,
    /// What was written down is kept fresh.
    watched: bool,
    /// Those that were broken off and of which that was told.
    told: BTreeSet<String>,
}

impl Moves {
    /// One that was written down.
    pub fn past(&self, id: &str) -> Option<&Past> {
        self.past.as_ref()?.iter().find(|past| past.id == id)
    }

    /// The one that undo of this consumer takes back.
    pub fn undoable(&self, stream: &str, consumer: &str) -> Option<&Past> {
        self.past.as_ref()?.iter().find(|p| p.can_be_undone && p.stream == stream && p.consumer == consumer)
    }

    /// The one of this consumer that was broken off.
    pub fn left_over(&self, stream: &str, consumer: &str) -> Option<&Past> {
        self.past.as_ref()?.iter().find(|p| p.left_over && p.stream == stream && p.consumer == consumer)
    }

    /// The one of this console that moves this consumer now.
    pub fn moving(&self, stream: &str, consumer: &str) -> Option<&Moving> {
        let of =
            |m: &&Moving| m.end.is_none() && !m.elsewhere && m.begun.stream == stream && m.begun.consumer == consumer;
        self.own.values().find(of)
    }

    /// One of this console is of another connection than the present one.
    pub fn is_elsewhere(&self, id: &str) -> bool {
        self.own.get(id).is_some_and(|moving| moving.elsewhere)
    }

    /// The console goes to another connection: what is written down there is not known yet.
    pub(super) fn leave(&mut self) {
        self.past = None;
        self.own.values_mut().for_each(|moving| moving.elsewhere = true);
    }

    /// One of this console has no end yet.
    pub fn is_busy(&self) -> bool {
        self.own.values().any(|moving| moving.end.is_none())
    }

    /// All, with when they began, the newest first.
    pub fn listed(&self) -> Vec<(Timestamp, &str)> {
        let past = self.past.iter().flatten().map(|past| (past.made, past.id.as_str()));
        let unwritten = self.own.values().filter(|moving| self.past(&moving.begun.id).is_none());
        let mut all: Vec<_> = past.chain(unwritten.map(|moving| (moving.at, moving.begun.id.as_str()))).collect();
        all.sort_by(|a, b| b.cmp(a));
        all
    }
}

/// An open screen of a reposition.
#[derive(Clone, Debug, PartialEq)]
pub enum RepositionScreen {
    /// Where to?
    Form(RepositionForm),
    /// What it would do.
    Preview(PreviewScreen),
    /// How far it is, and what came of it.
    Run(MoveScreen),
}

impl RepositionScreen {
    /// The stream and the consumer.
    pub fn consumer(&self) -> (&str, &str) {
        match self {
            Self::Form(form) => (&form.stream, &form.consumer),
            Self::Preview(preview) => (&preview.wish.stream, &preview.wish.consumer),
            Self::Run(run) => (&run.stream, &run.consumer),
        }
    }

    /// Its name in the breadcrumbs, raw.
    pub fn title(&self) -> String {
        match self {
            Self::Form(_) => "Reposition".into(),
            Self::Preview(_) => "Preview".into(),
            Self::Run(run) => format!("{} to #{}", run.consumer, run.to),
        }
    }

    pub(super) const fn scroll_mut(&mut self) -> Option<&mut Scroll> {
        match self {
            Self::Form(_) => None,
            Self::Preview(preview) => Some(&mut preview.scroll),
            Self::Run(run) => Some(&mut run.scroll),
        }
    }

    pub(super) fn refresh(&mut self, app: &App) {
        match self {
            Self::Form(_) => {}
            Self::Preview(preview) => preview.refresh(app),
            Self::Run(run) => run.refresh(app),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_step_has_one_line_whatever_is_told_of_it() {
        let at = Timestamp::from_secs;
        let (begun, steps) = (Begun::default(), vec![]);
        let mut moving = Moving { begun, at: at(0), steps, end: None, elsewhere: false };
        let until = at(120);
        for (second, step) in [
            (0, Step::Saving),
            (1, Step::Pausing { until }),
            (2, Step::Draining { left: 3, until }),
            (3, Step::Draining { left: 2, until }),
            (4, Step::Pausing { until: at(180) }),
            (5, Step::Stuck { left: 2 }),
        ] {
            moving.take(step, at(second));
        }
        assert_eq!(
            moving.steps,
            [
                (at(0), Step::Saving),
                (at(2), Step::Draining { left: 2, until }),
                (at(1), Step::Pausing { until: at(180) }),
                (at(5), Step::Stuck { left: 2 }),
            ]
        );
        assert_eq!(moving.stuck(), Some(2));
        moving.end = Some(Err(Left { sentence: String::new(), cancelled: true }));
        assert_eq!((moving.step(), moving.stuck()), (None, None));
    }
}
