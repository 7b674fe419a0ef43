//! What is reported of repositions: what they would do, that they began, their steps, their end, and all that were
//! written down.

use crate::app::{App, Effect, Screen, StreamTab};
use crate::event::clean_line;
use crate::health::Level;
use crate::keymap::Action;
use crate::model::reposition::{Outcome, Past, Proposal, Step};
use crate::model::units::messages_were;

use super::{Begun, Left, Moving, RepositionNews, RepositionOrder, RepositionScreen};

impl App {
    /// Takes in what happened outside.
    pub(in crate::app) fn take_reposition_news(&mut self, news: RepositionNews) {
        self.dirty = true;
        match news {
            RepositionNews::Seen(id, result) => self.move_seen(id, result),
            RepositionNews::Begun(result) => self.move_begun(result),
            RepositionNews::Step(id, step) => {
                let now = self.now;
                let Some(moving) = self.moves.own.get_mut(&id) else { return };
                moving.take(step, now);
                let consumer = clean_line(&moving.begun.consumer).into_owned();
                if let Step::Stuck { left } = step
                    && !self.shows_move(&id)
                {
                    let key = self.keymap.shown(Action::Replays).unwrap_or_default();
                    let words = format!(
                        "moving {consumer} waits: {} not acked in time; {key} leads to it",
                        messages_were(left)
                    );
                    self.tell(Level::Warning, words);
                }
            }
            RepositionNews::Ended(id, end) => self.move_ended(&id, end),
            RepositionNews::Past(past) => self.take_past(past),
        }
        self.urgent |= self.shows_moves();
    }

    fn move_seen(&mut self, id: u64, result: Result<Box<Proposal>, String>) {
        let wanted = self.screens.iter_mut().find_map(|screen| match screen {
            Screen::Reposition(RepositionScreen::Preview(preview)) if preview.looking == Some(id) => Some(preview),
            _ => None,
        });
        // Who has left the preview does not want it any more.
        let Some(preview) = wanted else { return };
        preview.looking = None;
        preview.seen = Some(result);
    }

    fn move_begun(&mut self, result: Result<Begun, String>) {
        let starting =
            |screen: &Screen| matches!(screen, Screen::Reposition(RepositionScreen::Preview(p)) if p.starting);
        match result {
            Ok(begun) => {
                let shown = self.screens.last().is_some_and(starting);
                let moving = Moving { begun: begun.clone(), at: self.now, steps: vec![], end: None, elsewhere: false };
                self.moves.own.insert(begun.id.clone(), moving);
                // Form and preview have done their work, and so has the one that is taken back.
                let of = |s: &RepositionScreen| s.consumer() == (begun.stream.as_str(), begun.consumer.as_str());
                self.screens.retain(|screen| match screen {
                    Screen::Reposition(s @ (RepositionScreen::Form(_) | RepositionScreen::Run(_))) => !(shown && of(s)),
                    other => !starting(other),
                });
                if let Some(run) = self.move_screen(&begun.id).filter(|_| shown) {
                    self.open(Screen::Reposition(RepositionScreen::Run(run)));
                }
            }
            Err(sentence) => {
                for screen in &mut self.screens {
                    if let Screen::Reposition(RepositionScreen::Preview(preview)) = screen {
                        preview.starting = false;
                    }
                }
                self.tell(Level::Warning, clean_line(&sentence));
            }
        }
    }

    fn move_ended(&mut self, id: &str, end: Result<Box<Outcome>, Left>) {
        let shown = self.shows_move(id);
        let Some(moving) = self.moves.own.get_mut(id) else { return };
        let (level, words) = match &end {
            Ok(outcome) => {
                let words = format!("consumer {} of {} continues at #{}", outcome.consumer, outcome.stream, outcome.to);
                match (outcome.verified, outcome.advances) {
                    (false, _) => (Level::Warning, format!("{words}, which is NOT what was read back")),
                    (true, Some(false)) => (Level::Warning, format!("{words}; somebody waits, and nothing was sent")),
                    (true, _) => (Level::Ok, format!("{words}, read back")),
                }
            }
            Err(left) => (Level::Warning, left.sentence.clone()),
        };
        moving.end = Some(end);
        if !shown {
            self.tell(level, clean_line(&words));
        }
    }

    fn take_past(&mut self, past: Vec<Past>) {
        let broken: Vec<&Past> = past.iter().filter(|p| p.left_over && !self.moves.told.contains(&p.id)).collect();
        if let Some(first) = broken.first() {
            let more = if broken.len() > 1 { format!(" (and {} more)", broken.len() - 1) } else { String::new() };
            let key = self.keymap.shown(Action::Replays).unwrap_or_default();
            let words = format!("moving {} was broken off{more}; {key} leads to it", first.consumer);
            let ids: Vec<String> = broken.iter().map(|p| p.id.clone()).collect();
            self.moves.told.extend(ids);
            self.tell(Level::Warning, clean_line(&words));
        }
        self.moves.past = Some(past);
    }

    fn shows_move(&self, id: &str) -> bool {
        matches!(self.screen(), Some(Screen::Reposition(RepositionScreen::Run(run))) if run.id == id)
    }

    /// The shown screen says something of repositions.
    fn shows_moves(&self) -> bool {
        match self.screen() {
            Some(Screen::Stream(s)) => s.tab == StreamTab::Consumers,
            Some(Screen::Consumers(_) | Screen::Consumer(_) | Screen::Replays(_) | Screen::Reposition(_)) => true,
            _ => false,
        }
    }

    /// What was written down is kept fresh while somebody looks at it.
    pub(in crate::app) fn settle_moves(&mut self, effects: &mut Vec<Effect>) {
        let wanted = self.shows_moves();
        if wanted != self.moves.watched {
            self.moves.watched = wanted;
            effects.push(Effect::Reposition(RepositionOrder::Watch(wanted)));
        }
    }
}
