//! How a tail is opened: of what is selected, and from where.

use crate::app::{App, Screen, StreamTab};
use crate::health::Level;
use crate::query::Range;
use crate::query::range::{End, Start};

use super::TailScreen;

impl App {
    /// Opens a tail of what is selected: the marked streams or the selected one; of a consumer its stream, from the
    /// first message that it has not acked.
    pub(in crate::app) fn tail_selection(&mut self) {
        let consumer = match self.screen() {
            Some(Screen::Consumers(s)) => s.table.selected().cloned(),
            Some(Screen::Consumer(c)) => Some((c.stream.clone(), c.name.clone())),
            Some(Screen::Stream(s)) if s.tab == StreamTab::Consumers => s.consumers.selected().cloned(),
            Some(Screen::Problems(s)) => s.selected_place().and_then(|place| {
                let names = (place.stream()?.to_owned(), place.consumer()?.to_owned());
                Some(names)
            }),
            _ => None,
        };
        if let Some((stream, consumer)) = consumer {
            self.tail_consumer(&stream, &consumer);
            return;
        }
        let (streams, subject) = match self.screen() {
            Some(Screen::Streams(s)) if !s.table.marks.is_empty() => (s.table.marks.iter().cloned().collect(), None),
            Some(Screen::Streams(s)) => (s.table.selected().cloned().into_iter().collect(), None),
            Some(Screen::Stream(s)) if s.tab == StreamTab::Subjects => {
                (vec![s.name.clone()], s.subjects.selected().cloned())
            }
            Some(Screen::Stream(s)) => (vec![s.name.clone()], None),
            Some(Screen::Problems(s)) => {
                (s.selected_place().and_then(|p| p.stream()).map(str::to_owned).into_iter().collect(), None)
            }
            _ => (vec![], None),
        };
        if streams.is_empty() {
            self.tell(Level::Notice, "no stream is selected");
            return;
        }
        let last = self.session.tail.last;
        self.open_tail(streams, subject.into_iter().collect(), Range::last(last), &format!("last:{last}"));
    }

    fn tail_consumer(&mut self, stream: &str, name: &str) {
        let info = self.catalog().consumer(stream, name).and_then(|entry| entry.info.clone());
        let Some(info) = info else {
            self.tell(Level::Notice, "nothing was read of this consumer yet, so it is not known where it stands");
            return;
        };
        let from = info.ack_floor.stream_seq + 1;
        let range = Range { start: Start::Seq(from), end: End::Open };
        let subjects = info.config.filter_subjects.clone();
        self.open_tail(vec![stream.to_owned()], subjects, range, &format!("{from}.."));
        self.tell(
            Level::Notice,
            format!("from the first message that {} has not acked", crate::event::clean_line(name)),
        );
    }

    /// Opens a tail on top.
    pub(in crate::app) fn open_tail(&mut self, streams: Vec<String>, subjects: Vec<String>, range: Range, text: &str) {
        let id = self.new_id();
        // Named twice is wanted once.
        let mut seen = std::collections::BTreeSet::new();
        let streams = streams.into_iter().filter(|stream| seen.insert(stream.clone())).collect();
        let mut tail = TailScreen::new(id, streams, range, text, &self.session.tail);
        tail.subjects = subjects;
        self.open(Screen::Tail(Box::new(tail)));
    }

    pub(in crate::app) const fn new_id(&mut self) -> u64 {
        self.next_id += 1;
        self.next_id
    }

    pub(super) fn tail_mut(&mut self) -> Option<&mut TailScreen> {
        match self.screens.last_mut() {
            Some(Screen::Tail(tail)) => Some(tail),
            _ => None,
        }
    }
}
