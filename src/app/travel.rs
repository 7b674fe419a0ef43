//! Looking back: the catalog of an earlier time takes the place of the present one, and every screen shows it.
//!
//! Polling goes on meanwhile. What was known then is put together once a step, not with every frame.

use std::time::Duration;

use crate::health::Level;
use crate::health::finding::Watch;
use crate::keymap::Action;
use crate::model::history::Change;
use crate::model::units::duration;
use crate::model::{Catalog, History, Timestamp, Update};

use super::banner::Banner;
use super::{ActivityTab, App, ConsumerTab, Effect, Screen, StreamTab};

/// A large step.
const LEAP: Duration = Duration::from_secs(300);

/// A picture that stands still.
#[derive(Clone, Debug)]
pub(super) struct Held {
    /// What is shown.
    pub(super) catalog: Catalog,
    /// What was wrong with it.
    pub(super) watch: Watch,
    /// When that was true.
    pub(super) at: Timestamp,
    /// It was put together from the history.
    pub(super) past: bool,
}

impl App {
    /// What was known, and when.
    pub const fn past(&self) -> &History {
        &self.past
    }

    /// The time that is looked back on, if one is.
    pub fn past_at(&self) -> Option<Timestamp> {
        self.held.as_ref().filter(|held| held.past).map(|held| held.at)
    }

    /// What numbers are true of: `now`, or `then`.
    pub fn when(&self) -> &'static str {
        if self.past_at().is_some() { "then" } else { "now" }
    }

    /// Has the history kept across restarts, where it is to be.
    pub(super) fn keep_past(&mut self, effects: &mut Vec<Effect>) {
        self.kept = self.now;
        if let Some(file) = self.session.kept_in.clone().filter(|_| !self.past.is_empty()) {
            effects.push(Effect::KeepPast(file, Box::new(self.past.clone())));
        }
    }

    /// Takes an update in, and notes what it changed.
    pub(super) fn take_in(&mut self, update: Update) {
        let change = Change::of(&update);
        self.live.apply(update);
        let now = self.live.heard.map_or(self.now, |heard| heard.max(self.now));
        self.past.note(&change, &self.live, now);
    }

    /// One step back or forward, from what is shown.
    pub(super) fn step_in_time(&mut self, action: Action) {
        let back = matches!(action, Action::StepBack | Action::LeapBack);
        let from = self.shown_at();
        let to = match action {
            Action::LeapBack => from.minus(LEAP),
            Action::LeapForward => from.plus(LEAP),
            _ => self.past.step(from, back, self.live.poll()),
        };
        if !back && self.held.is_none() {
            let key = self.keymap.shown(Action::StepBack).unwrap_or_default();
            self.tell(Level::Notice, format!("this is now; {key} steps back"));
            return;
        }
        self.travel(to);
    }

    /// Shows what was known at this time; from now on is now.
    pub(super) fn travel(&mut self, to: Timestamp) {
        let Some(begin) = self.past.begin() else {
            self.tell(Level::Notice, "nothing is known of earlier yet");
            return;
        };
        if to >= self.now {
            self.return_to_now();
            return;
        }
        if to < begin {
            self.tell(Level::Notice, "nothing older than this is known");
        }
        let at = to.max(begin);
        let catalog = self.past.at(at, &self.live);
        // What a rule waits for was kept too: it is judged by what the numbers say, once.
        let mut watch = Watch::impatient(Duration::ZERO);
        watch.look_at_all(&catalog, |_| true, true, &self.session.thresholds, at);
        self.held = Some(Box::new(Held { catalog, watch, at, past: true }));
        self.shown_anew();
    }

    /// Shows the present again.
    pub(super) fn return_to_now(&mut self) {
        if self.held.take().is_some() {
            self.tell(Level::Ok, "this is now");
            self.shown_anew();
        }
    }

    /// All rows are others: they stand in the order of what they show.
    fn shown_anew(&mut self) {
        self.urgent = true;
        if let Some(list) = self.list_mut() {
            let (column, descending) = list.order();
            list.sort_by(column, descending);
        }
    }

    /// What is said as long as an earlier time is looked at.
    pub(super) fn past_banner(&self) -> Option<Banner> {
        let at = self.past_at()?;
        let seconds = |d: Duration| duration(Duration::from_secs(d.as_secs()));
        let (ago, clock) = (seconds(self.now.since(at)), at.to_clock());
        // In a tail the key holds the tail.
        let key = match self.screen()? {
            Screen::Tail(_) => ":at now".to_owned(),
            _ => self.keymap.shown(Action::Freeze).unwrap_or_default(),
        };
        let shows_now = match self.screen()? {
            Screen::Streams(_) | Screen::Consumers(_) | Screen::Problems(_) => None,
            Screen::Activity(s) => (s.tab == ActivityTab::Requests).then_some("this panel"),
            Screen::Stream(s) => matches!(s.tab, StreamTab::Subjects | StreamTab::Configuration | StreamTab::Cluster)
                .then_some("this panel"),
            Screen::Consumer(c) => (c.tab == ConsumerTab::Configuration).then_some("this panel"),
            _ => Some("this screen"),
        };
        let text = match (shows_now, self.past.gap(at)) {
            (Some(what), _) => format!("{what} is of now; lists are of {clock} UTC"),
            (None, Some((since, _))) => {
                format!("{ago} ago, {clock} UTC: nothing was heard then, this is of {}", since.to_clock())
            }
            (None, None) if at < self.past.polls_begin() => {
                format!("{ago} ago, {clock} UTC, as of the minute before: live is {ago} newer")
            }
            (None, None) => format!("{ago} ago, {clock} UTC: live is {ago} newer"),
        };
        Some(Banner::new(Level::Warning, format!("{text}; {key} returns to now")))
    }

    /// What stands in the way of an action as long as an earlier time is looked at, and of looking back.
    pub(super) fn why_not_in_the_past(&self, action: Action, screen: Option<&Screen>) -> Option<String> {
        match action {
            Action::Replay => {
                let at = self.past_at()?;
                let key = self.keymap.shown(Action::Freeze).unwrap_or_default();
                Some(format!("this is {} UTC; {key} returns to now, where events can be sent", at.to_clock()))
            }
            Action::StepBack | Action::StepForward | Action::LeapBack | Action::LeapForward => {
                let looked_at = matches!(
                    screen,
                    Some(
                        Screen::Streams(_)
                            | Screen::Stream(_)
                            | Screen::Consumers(_)
                            | Screen::Consumer(_)
                            | Screen::Problems(_)
                            | Screen::Activity(_)
                    )
                );
                (!looked_at).then(|| "this screen is always of now: it is not looked back on".to_owned())
            }
            _ => None,
        }
    }
}
