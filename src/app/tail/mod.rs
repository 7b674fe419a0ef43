//! The Tail screen: the events of one or several streams, listed and decoded, as they are stored.
//!
//! [`Ring`] keeps what was read, [`Cursor`] says what of it is selected and in view, [`Detail`] lays out the selected
//! event. The reading itself runs outside: it hands over a batch, and the next one when that was taken.

mod act;
mod columns;
mod cursor;
mod detail;
mod diff;
mod find;
mod layout;
mod menus;
mod news;
mod open;
mod prompts;
mod ring;
mod why_not;

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use crate::event::document::Shape;
use crate::event::glance::Glance;
use crate::event::{Unanswered, matching};
use crate::model::{Message, Timestamp};
use crate::query::Seen;
use crate::query::{Door, Filter, Range};

use super::App;

pub use columns::{TailColumn, TailColumns};
pub use cursor::{Cursor, Listed};
pub use detail::Detail;
pub use diff::DiffView;
pub use find::Related;
pub use layout::{Layout, Place};
pub use menus::{Copied, Saved, Which};
pub use news::{Flow, Source, TailNews, TailRequest};
pub(super) use prompts::subjects;
pub use ring::{Entry, Limits, Ring, cost};
pub(super) use why_not::outside;

/// Messages that are judged anew with each frame, after the filter was changed.
const JUDGED: usize = 10_000;
/// Seconds over which the rate is taken.
const RATE: usize = 10;

/// What of the screen keys go to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Focus {
    /// The list.
    #[default]
    List,
    /// The selected event.
    Detail,
}

/// Time, sequence and stream of a marked message.
pub type MarkKey = (Timestamp, u64, Arc<str>);

/// By what a message is marked.
pub fn mark_key(message: &Message) -> MarkKey {
    (message.time, message.seq, Arc::clone(&message.stream))
}

/// What a console brings to its tails.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TailSettings {
    /// How much a tail keeps.
    pub limits: Limits,
    /// The columns that are shown.
    pub columns: TailColumns,
    /// So many messages from the end a tail begins, unless something else is asked for.
    pub last: u64,
}

impl Default for TailSettings {
    fn default() -> Self {
        Self { limits: Limits::default(), columns: TailColumns::default(), last: 500 }
    }
}

/// The state of the Tail screen.
#[derive(Clone, Debug)]
pub struct TailScreen {
    /// The number of the reading; another range is another reading.
    pub id: u64,
    /// The streams that are read, each with how that goes.
    pub sources: Vec<Source>,
    /// Subjects that the server chooses by; none is all.
    pub subjects: Vec<String>,
    /// What part of the streams is read.
    pub range: Range,
    /// The same as it was typed.
    pub range_text: String,
    /// What was read.
    pub ring: Ring,
    /// What is selected and in view.
    pub cursor: Cursor,
    /// What is shown of it.
    pub filter: Option<Filter>,
    /// Events that the filter has no answer for.
    pub unanswered: Unanswered,
    /// Only what is no valid event is shown.
    pub only_broken: bool,
    /// Marked messages by their time; they are kept also when the ring gives them up.
    pub marks: BTreeMap<MarkKey, Arc<Message>>,
    /// What makes events related.
    pub related_by: Related,
    /// The columns.
    pub columns: TailColumns,
    /// Whether the histogram is shown where there is room.
    pub histogram: bool,
    /// What keys go to.
    pub focus: Focus,
    /// The selected event has the whole screen.
    pub zoomed: bool,
    /// The selected event, laid out.
    pub detail: Detail,
    /// Two events that are compared.
    pub diff: Option<DiffView>,
    /// Where everything stands.
    pub layout: Layout,
    /// What the rows in view show of their messages, by number; those of large messages cost too much for each frame.
    glances: BTreeMap<u64, Glance>,
    /// Messages shown by share of time, oldest first, and the share of the selected one.
    pub shares: (Vec<u32>, Option<usize>),
    /// Names and values that occurred, for completion; made when a filter is typed.
    seen: Option<Seen>,
    /// Messages read at the last ticks.
    ticks: VecDeque<(Timestamp, u64)>,
    limits: Limits,
    /// The reading was asked for.
    started: bool,
    /// Batches that were taken and not yet told so.
    owed: usize,
}

impl TailScreen {
    /// A tail of these streams, not yet begun.
    pub(super) fn new(id: u64, streams: Vec<String>, range: Range, range_text: &str, settings: &TailSettings) -> Self {
        Self {
            id,
            sources: streams.into_iter().map(Source::new).collect(),
            subjects: Vec::new(),
            range,
            range_text: range_text.to_owned(),
            ring: Ring::new(settings.limits),
            cursor: Cursor::new(begins_at_the_end(&range)),
            filter: None,
            unanswered: Unanswered::default(),
            only_broken: false,
            marks: BTreeMap::new(),
            related_by: Related::default(),
            columns: settings.columns.clone(),
            histogram: true,
            focus: Focus::List,
            zoomed: false,
            detail: Detail::default(),
            diff: None,
            layout: Layout::default(),
            glances: BTreeMap::new(),
            shares: (Vec::new(), None),
            seen: None,
            ticks: VecDeque::new(),
            limits: settings.limits,
            started: false,
            owed: 0,
        }
    }

    /// Reads another part, or other subjects: what was read is forgotten, marks and filter stay.
    fn restart(&mut self, id: u64, range: Range, range_text: &str) {
        self.id = id;
        self.range = range;
        range_text.clone_into(&mut self.range_text);
        self.sources = self.sources.iter().map(|s| Source::new(s.name.clone())).collect();
        // Numbers go on, so that nothing that was kept by its number is taken for another message.
        self.ring = Ring::after(self.limits, self.ring.next());
        self.unanswered = Unanswered::default();
        self.cursor = Cursor::new(begins_at_the_end(&range));
        self.detail.forget();
        (self.zoomed, self.focus) = (false, Focus::List);
        self.ticks.clear();
        self.started = false;
        self.owed = 0;
    }

    /// Its name in the breadcrumbs, raw.
    pub fn name(&self) -> String {
        match self.sources.as_slice() {
            [one] => format!("Tail of {}", one.name),
            several => format!("Tail of {} streams", several.len()),
        }
    }

    /// The selected message.
    pub fn selected(&self) -> Option<&Entry> {
        self.ring.shown().get(self.cursor.index(&self.ring)?)
    }

    /// The lines in view, each with whether it is the selected one.
    pub fn window(&self) -> impl Iterator<Item = (&Entry, bool)> {
        let selected = self.cursor.index(&self.ring);
        let window = self.cursor.window(&self.ring);
        self.ring.shown().range(window.clone()).zip(window).map(move |(entry, i)| (entry, Some(i) == selected))
    }

    /// Which of the streams a message is of.
    pub fn source_of(&self, message: &Message) -> usize {
        self.sources.iter().position(|s| s.name == *message.stream).unwrap_or(0)
    }

    /// The filter as it is typed: by which door, and its text.
    pub fn filter_text(&self) -> (Door, &str) {
        self.filter.as_ref().map_or((Door::Words, ""), |f| (f.door(), f.source()))
    }

    /// Whether anything is hidden by choice.
    pub const fn is_filtered(&self) -> bool {
        self.filter.is_some() || self.only_broken
    }

    /// Messages read per second, over the last seconds; `None` when too few have passed.
    pub fn rate(&self) -> Option<f64> {
        let (first, last) = (self.ticks.front()?, self.ticks.back()?);
        let seconds = last.0.seconds_since(first.0);
        (seconds > 0.5).then(|| (last.1 - first.1) as f64 / seconds)
    }

    /// The mark that a message's age is measured from: the last before it, else the first.
    pub fn reference(&self, message: &Message) -> Option<&Arc<Message>> {
        let before = self.marks.range(..=mark_key(message)).next_back();
        before.or_else(|| self.marks.iter().next()).map(|(_, marked)| marked)
    }

    /// Whether a message is marked.
    pub fn is_marked(&self, message: &Message) -> bool {
        !self.marks.is_empty() && self.marks.contains_key(&mark_key(message))
    }

    /// Whether the ring is to take no more for now: somebody reads, and room would be made from what they read.
    fn holds_back(&mut self) -> bool {
        if self.cursor.follows() || !self.ring.is_full() || self.ring.drop_hidden() {
            return false;
        }
        // Half of what is kept may lie behind; what is further behind gives way to what is read next.
        while self.ring.is_full() && self.cursor.window(&self.ring).start * 2 > self.ring.shown().len() {
            self.ring.drop_oldest();
        }
        self.ring.is_full()
    }

    fn shows(&mut self, message: &Message) -> bool {
        let unanswered = &mut self.unanswered;
        self.filter.as_ref().is_none_or(|f| !matching(std::slice::from_ref(f), message, unanswered).is_empty())
            && (!self.only_broken || {
                let glance = Glance::of(message);
                glance.events == 0 || glance.broken.is_some()
            })
    }

    /// Whether reading stands still until somebody follows again or reads further down.
    pub const fn is_held(&self) -> bool {
        self.owed > 0
    }

    /// Another filter, or none.
    fn set_filter(&mut self, filter: Option<Filter>) {
        let filter = filter.filter(|f| !f.is_empty());
        if filter != self.filter {
            self.filter = filter;
            self.judge_anew();
        }
    }

    /// What is shown is chosen otherwise.
    fn judge_anew(&mut self) {
        self.ring.judge_anew();
        self.unanswered = Unanswered::default();
    }

    /// Whether another frame is needed to show what is known.
    pub(super) fn is_unfinished(&self) -> bool {
        self.ring.unjudged() > 0
    }

    fn tick(&mut self, now: Timestamp) {
        self.ticks.push_back((now, self.ring.read()));
        while self.ticks.len() > RATE + 1 {
            self.ticks.pop_front();
        }
    }

    /// Judges what the filter has not seen yet, and lays out what is in view.
    pub(super) fn refresh(&mut self, app: &App) {
        if self.ring.unjudged() > 0 {
            let mut ring = std::mem::take(&mut self.ring);
            ring.judge(JUDGED, |message| self.shows(message));
            self.ring = ring;
        }
        self.layout = Layout::of(app.size.0, app.body_height(), self);
        self.cursor.set_height(usize::from(self.layout.list));
        self.look();
        let selected = self.selected().cloned();
        self.detail.show(selected.as_ref(), self.layout);
        if let Some(diff) = &mut self.diff {
            diff.fit(app.body_height().saturating_sub(1));
        }
        self.shares = if self.layout.histogram {
            self.shares_of(usize::from(app.size.0.saturating_sub(2)))
        } else {
            Default::default()
        };
    }

    /// Looks at the messages in view that were not looked at yet.
    fn look(&mut self) {
        let before = std::mem::take(&mut self.glances);
        for entry in self.ring.shown().range(self.cursor.window(&self.ring)) {
            let glance = before.get(&entry.at).cloned().unwrap_or_else(|| Glance::of(&entry.message));
            self.glances.insert(entry.at, glance);
        }
    }

    /// What a row shows of its message.
    pub fn glance(&self, entry: &Entry) -> Glance {
        // Between a change and the frame that shows it, rows can be drawn that were not looked at.
        self.glances.get(&entry.at).cloned().unwrap_or_else(|| Glance::of(&entry.message))
    }

    /// Counts what is shown by `count` equal shares of its time.
    fn shares_of(&self, count: usize) -> (Vec<u32>, Option<usize>) {
        // What came since it stands still would move everything.
        let shown = || self.ring.shown().range(..self.cursor.before_news(&self.ring));
        let (Some(first), Some(last)) = (shown().next(), shown().next_back()) else { return Default::default() };
        let (first, span) = (first.message.time, last.message.time.seconds_since(first.message.time));
        let share = |time: Timestamp| {
            let part = if span > 0.0 { time.seconds_since(first) / span } else { 1.0 };
            ((part * count as f64) as usize).min(count.saturating_sub(1))
        };
        let mut counts = vec![0; count];
        for entry in shown() {
            if let Some(n) = counts.get_mut(share(entry.message.time)) {
                *n += 1;
            }
        }
        (counts, self.selected().map(|entry| share(entry.message.time)))
    }

    /// The time that the histogram spans.
    pub fn span(&self) -> Option<(Timestamp, Duration)> {
        let (first, last) = (self.ring.shown().front()?, self.ring.shown().back()?);
        Some((first.message.time, last.message.time.since(first.message.time)))
    }

    /// How the data is shown.
    pub const fn shape(&self) -> Shape {
        self.detail.shape
    }
}

/// Whether the newest is wanted first: then the end is followed, else the reader begins at the beginning.
const fn begins_at_the_end(range: &Range) -> bool {
    use crate::query::range::Start;
    matches!(range.start, Start::Last(_) | Start::New)
}
