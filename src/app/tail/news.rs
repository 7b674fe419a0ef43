//! What a reading asks for and reports, and how the screen takes that in.

use std::sync::Arc;

use crate::app::{App, Effect, Screen};
use crate::event::clean_line;
use crate::health::Level;
use crate::model::Message;
use crate::query::Range;

use super::TailScreen;

/// A reading that is wanted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TailRequest {
    /// Its number, never used twice.
    pub id: u64,
    /// The streams, whose messages come merged by the time at which they were stored.
    pub streams: Vec<String>,
    /// Subject filters, for all of the streams; none is all subjects.
    pub subjects: Vec<String>,
    /// From where to where; without an end what follows is read as it comes.
    pub range: Range,
}

/// What a reading reports. Streams are told by their place in the request.
#[derive(Clone, Debug, PartialEq)]
pub enum TailNews {
    /// A stream is being read.
    Opened {
        /// Which.
        stream: usize,
        /// Whether stored messages are looked at one by one, since no consumer may be made.
        peeks: bool,
        /// The sequence that reading begins at.
        from: u64,
        /// The last sequence of the stream at that time.
        last: u64,
    },
    /// Messages, in order. The next ones come when these were taken ([`Effect::TailTook`]).
    Messages(Vec<Arc<Message>>),
    /// All that a stream had stored is read.
    CaughtUp(usize),
    /// A stream cannot be read at present, for this reason; it goes on by itself.
    Waiting(Option<usize>, String),
    /// A stream is read otherwise than was to be expected; a sentence.
    Noted(usize, String),
    /// A stream cannot be read; a sentence.
    Failed(usize, String),
    /// The end of the range is reached in a stream.
    Ended(usize),
}

/// How the reading of a stream goes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Flow {
    /// It was asked for.
    #[default]
    Opening,
    /// Stored messages are being read.
    Reading,
    /// All that was stored is read; what follows comes as it is stored.
    CaughtUp,
    /// It stands still for this reason, and goes on by itself.
    Waiting(String),
    /// It cannot go on, for this reason.
    Failed(String),
    /// The range is read to its end.
    Ended,
}

/// One of the streams of a tail.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Source {
    /// Its name, raw.
    pub name: String,
    /// How it goes.
    pub flow: Flow,
    /// Stored messages are looked at one by one.
    pub peeks: bool,
    /// The sequence that reading began at, and the last one at that time.
    pub stretch: Option<(u64, u64)>,
    /// The last sequence that came.
    pub read: u64,
}

impl Source {
    pub(super) fn new(name: String) -> Self {
        Self { name, flow: Flow::Opening, peeks: false, stretch: None, read: 0 }
    }

    /// How much of what was stored at the beginning is read, from 0 to 1.
    pub fn progress(&self) -> Option<f64> {
        let (from, last) = self.stretch?;
        if self.read < from || last < from {
            return None;
        }
        Some(((self.read - from + 1) as f64 / (last - from + 1) as f64).min(1.0))
    }
}

impl TailScreen {
    /// What is to be read.
    fn request(&self) -> TailRequest {
        TailRequest {
            id: self.id,
            streams: self.sources.iter().map(|s| s.name.clone()).collect(),
            subjects: self.subjects.clone(),
            range: self.range,
        }
    }

    fn take(&mut self, news: TailNews) {
        let flow = match news {
            TailNews::Messages(messages) => {
                self.owed += 1;
                for message in messages {
                    let source = self.source_of(&message);
                    if let Some(source) = self.sources.get_mut(source) {
                        source.read = message.seq;
                        if !matches!(source.flow, Flow::CaughtUp) {
                            source.flow = Flow::Reading;
                        }
                    }
                    let shown = self.shows(&message);
                    // Who reads keeps what is in view; the reading is held back instead.
                    let follows = self.cursor.follows();
                    self.ring.push(message, shown, follows);
                }
                return;
            }
            TailNews::Opened { stream, peeks, from, last } => {
                if let Some(source) = self.sources.get_mut(stream) {
                    source.peeks = peeks;
                    source.stretch.get_or_insert((from, last));
                }
                (Some(stream), Flow::Reading)
            }
            // It says nothing of how far reading is.
            TailNews::Noted(..) => return,
            TailNews::CaughtUp(stream) => (Some(stream), Flow::CaughtUp),
            TailNews::Waiting(stream, reason) => (stream, Flow::Waiting(clean_line(&reason).into_owned())),
            TailNews::Failed(stream, reason) => (Some(stream), Flow::Failed(clean_line(&reason).into_owned())),
            TailNews::Ended(stream) => (Some(stream), Flow::Ended),
        };
        for (i, source) in self.sources.iter_mut().enumerate() {
            if flow.0.is_none_or(|stream| stream == i) {
                source.flow = flow.1.clone();
            }
        }
        if self.sources.iter().all(|s| matches!(s.flow, Flow::CaughtUp | Flow::Ended | Flow::Failed(_))) {
            self.cursor.caught_up(&self.ring);
        }
    }
}

impl App {
    /// A reading reports. Late reports of one that was ended mean nothing.
    pub(in crate::app) fn take_tail_news(&mut self, id: u64, news: TailNews) {
        let shown = self.screens.len().saturating_sub(1);
        let found = self.screens.iter_mut().enumerate().find_map(|(i, screen)| match screen {
            Screen::Tail(tail) if tail.id == id => Some((i, tail)),
            _ => None,
        });
        if let Some((i, tail)) = found {
            let noted = match &news {
                TailNews::Noted(stream, words) => {
                    let name = tail.sources.get(*stream).map_or("?", |source| &source.name);
                    Some(clean_line(&format!("{name}: {words}")).into_owned())
                }
                _ => None,
            };
            tail.take(news);
            if i == shown {
                self.dirty = true;
                self.urgent = true;
            }
            if let Some(words) = noted {
                self.tell(Level::Notice, words);
            }
        }
    }

    /// Starts the readings that open screens want and ends those that no screen wants any more; says which batches
    /// were taken, unless their tail is to read no further for now.
    pub(in crate::app) fn settle_tails(&mut self, effects: &mut Vec<Effect>) {
        let mut wanted = Vec::new();
        for screen in &mut self.screens {
            let Screen::Tail(tail) = screen else { continue };
            wanted.push(tail.id);
            if !std::mem::replace(&mut tail.started, true) {
                effects.push(Effect::Tail(tail.request()));
            }
            if tail.owed > 0 && !tail.holds_back() {
                for _ in 0..std::mem::take(&mut tail.owed) {
                    effects.push(Effect::TailTook(tail.id));
                }
            }
        }
        for id in &self.tails {
            if !wanted.contains(id) {
                effects.push(Effect::TailEnd(*id));
            }
        }
        self.tails = wanted;
    }

    pub(in crate::app) fn tick_tails(&mut self) {
        let now = self.now;
        for screen in &mut self.screens {
            if let Screen::Tail(tail) = screen {
                tail.tick(now);
            }
        }
    }
}
