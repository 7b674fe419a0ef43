//! What keys do on the Activity screen.

use serde_json::Value;

use crate::app::{App, Effect, Screen, StreamTab};
use crate::health::Level;
use crate::keymap::Action;
use crate::model::Request;
use crate::model::advisory::is_own_reader;
use crate::model::request::Verb;
use crate::query::Range;
use crate::query::range::{End, Start};

use super::{ActivityScreen, ActivityTab, Entry, command};

/// What an entry is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    /// A stream.
    Stream(String),
    /// A consumer of a stream.
    Consumer(String, String),
    /// A message of a stream.
    Message(String, u64),
}

impl Place {
    const fn stream(&self) -> &String {
        match self {
            Self::Stream(stream) | Self::Consumer(stream, _) | Self::Message(stream, _) => stream,
        }
    }
}

impl Entry<'_> {
    /// What it is about, if it is about one thing.
    pub fn place(&self) -> Option<Place> {
        match self {
            Self::Told(told) => {
                let advisory = &told.advisory;
                let stream = advisory.stream.clone();
                Some(match (advisory.sequence(), &advisory.consumer) {
                    (Some(seq), _) => Place::Message(stream, seq),
                    // Of our own readers nothing is shown.
                    (None, Some(name)) if !is_own_reader(name) => Place::Consumer(stream, name.clone()),
                    _ => Place::Stream(stream),
                })
            }
            Self::Folded(folded) if folded.rest => None,
            Self::Folded(folded) => of_request(&folded.last),
            Self::Single(request) => of_request(request),
        }
    }
}

fn of_request(request: &Request) -> Option<Place> {
    let (verb, stream, consumer) = request.asks();
    let stream = stream?.to_owned();
    Some(match (verb, consumer) {
        (Verb::Message, _) => {
            let body: Option<Value> = serde_json::from_slice(&request.body).ok();
            match body.as_ref().and_then(|body| body.get("seq")).and_then(Value::as_u64) {
                Some(seq) => Place::Message(stream, seq),
                None => Place::Stream(stream),
            }
        }
        (_, Some(name)) if !is_own_reader(name) => Place::Consumer(stream, name.to_owned()),
        _ => Place::Stream(stream),
    })
}

impl ActivityScreen {
    /// Why an action does nothing here.
    pub(in crate::app) fn why_not(&self, action: Action) -> Option<&'static str> {
        let nothing = (!self.view().shown.has_some()).then_some("there is nothing in this list");
        match action {
            Action::Sort | Action::Reverse => Some("entries stand in the order in which they came"),
            Action::Mark => Some("entries of the activity cannot be marked"),
            Action::Group if self.tab == ActivityTab::Advisories => Some("only requests are folded; Tab goes to them"),
            Action::System if self.tab == ActivityTab::Requests => {
                Some("our own readers are hidden among the advisories; Tab goes to them")
            }
            Action::Replay => Some("select a stream, a consumer or events to send again"),
            Action::Open | Action::Copy | Action::Tail => nothing,
            _ => None,
        }
    }
}

impl App {
    /// Opens the screen, or shows it again.
    pub(in crate::app) fn open_activity(&mut self) {
        if !matches!(self.screen(), Some(Screen::Activity(_))) {
            self.screens.retain(|screen| !matches!(screen, Screen::Activity(_)));
            self.open(Screen::Activity(Box::default()));
        }
    }

    /// Does an action on the Activity screen; false when it is left to what it does on any screen.
    pub(in crate::app) fn act_activity(&mut self, action: Action, effects: &mut Vec<Effect>) -> bool {
        let in_the_past = self.past_at().is_some();
        let Some(Screen::Activity(screen)) = self.screens.last_mut() else { return false };
        match action {
            Action::NextPanel | Action::PreviousPanel | Action::Left | Action::Right => screen.turn(),
            // Of an earlier time it stands still already: the key returns to now, as elsewhere.
            Action::Freeze if in_the_past => return false,
            Action::Freeze => {
                let view = screen.view_mut();
                if view.cursor.follows() {
                    view.cursor.stop(&view.shown);
                } else {
                    view.cursor.follow();
                }
            }
            Action::System => {
                screen.own_readers = !screen.own_readers;
                let words = if screen.own_readers { "our own readers are shown" } else { "our own readers are hidden" };
                self.tell(Level::Ok, words);
            }
            Action::Group => {
                screen.toggle_fold();
                let words = if screen.one_by_one {
                    "the newest requests, one by one"
                } else {
                    "requests that repeat are folded"
                };
                self.tell(Level::Ok, words);
            }
            Action::Open | Action::Tail => self.go_to_entry(action == Action::Tail),
            Action::Copy => self.copy_entry(effects),
            _ => return false,
        }
        true
    }

    fn go_to_entry(&mut self, tail: bool) {
        let Some(Screen::Activity(screen)) = self.screen() else { return };
        let place = screen.selected(&self.activity).and_then(|entry| entry.place());
        match place {
            None => self.tell(Level::Notice, "this is about no single stream"),
            Some(Place::Message(stream, seq)) => self.tail_from(stream, seq),
            Some(place) if tail => {
                let last = self.session.tail.last;
                self.open_tail(vec![place.stream().clone()], vec![], Range::last(last), &format!("last:{last}"));
            }
            Some(Place::Consumer(stream, name)) => self.open_consumer(&stream, &name),
            Some(Place::Stream(stream)) => self.open_stream(&stream, StreamTab::Overview),
        }
    }

    /// Opens a tail that begins at this message.
    pub(in crate::app) fn tail_from(&mut self, stream: String, seq: u64) {
        let range = Range { start: Start::Seq(seq), end: End::Open };
        self.open_tail(vec![stream], vec![], range, &format!("{seq}.."));
    }

    fn copy_entry(&mut self, effects: &mut Vec<Effect>) {
        let Some(Screen::Activity(screen)) = self.screen() else { return };
        let copied = screen.selected(&self.activity).map(|entry| match (&entry, entry.request()) {
            (Entry::Told(told), _) => {
                (format!("{} {}", told.advisory.time, told.sentence()), "the advisory".to_owned())
            }
            (_, Some(request)) => (command::whole(request, &self.session), "the command".to_owned()),
            (_, None) => (String::new(), String::new()),
        });
        match copied {
            Some((text, what)) => effects.push(Effect::Copy { text, what }),
            None => self.tell(Level::Notice, "there is nothing to copy here"),
        }
    }
}
