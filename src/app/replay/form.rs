//! What is wanted of a replay, a line each; every line can be changed before a plan is made.

use crate::app::{App, Screen};
use crate::model::replay::{Delivery, Destination, HttpMode, Pace, parse_watch};
use crate::model::units;
use crate::query::{Filter, Mistake, Range};

/// What stands in the line of the destination when there is none that would do.
const NO_DEFAULT: &str = "required: no stream takes replay.{id}.{subject}";

/// Which messages.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum What {
    /// A range of this stream.
    Range(String),
    /// What a consumer has not acked: its stream and its name.
    Consumer(String, String),
    /// What a consumer gave up on, as far as that is known: its stream, its name, and the sequences.
    GivenUp(String, String, Vec<u64>),
    /// These messages, by stream and sequence.
    Marked(Vec<(String, u64)>),
}

/// What is wanted.
#[derive(Clone, Debug, PartialEq)]
pub struct ReplayWish {
    /// Which messages.
    pub what: What,
    /// Which part of the stream, where it is one.
    pub range: Range,
    /// The same as it was typed.
    pub range_text: String,
    /// Subject filters.
    pub subjects: Vec<String>,
    /// Only those that fulfil this expression.
    pub filter: Option<String>,
    /// Only those that have these words, as in the tail that it was asked for in.
    pub words: Option<String>,
    /// Copies of replays too.
    pub include_marked: bool,
    /// Where to.
    pub destination: Destination,
    /// How fast.
    pub pace: Pace,
    /// Copies in flight at most.
    pub window: Option<u64>,
    /// It stands still while more than so many are outstanding of this consumer.
    pub watch: Option<(String, u64)>,
    /// What to do about copies of which nobody knows whether they arrived.
    pub delivery: Option<Delivery>,
    /// For HTTP.
    pub http_mode: HttpMode,
    /// Why.
    pub reason: Option<String>,
}

impl ReplayWish {
    /// Everything else as usual.
    pub fn new(what: What) -> Self {
        Self {
            what,
            range: Range::last(500),
            range_text: "last:500".into(),
            subjects: Vec::new(),
            filter: None,
            words: None,
            include_marked: false,
            destination: Destination::default(),
            pace: Pace::Max,
            window: None,
            watch: None,
            delivery: None,
            http_mode: HttpMode::default(),
            reason: None,
        }
    }
}

/// A line of the form.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FormItem {
    /// Which part of the stream.
    Range,
    /// Subject filters.
    Subjects,
    /// An expression.
    Where,
    /// Words.
    Words,
    /// Copies of replays too.
    Marked,
    /// Where to.
    To,
    /// In what form an endpoint gets events.
    HttpMode,
    /// How fast.
    Pace,
    /// Copies in flight at most.
    Window,
    /// The consumer that must not have too much to do.
    Watch,
    /// What to do about copies that may have arrived.
    Delivery,
    /// Why.
    Reason,
    /// Make the plan.
    Plan,
}

impl FormItem {
    /// Its name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Range => "range",
            Self::Subjects => "subjects",
            Self::Where => "where",
            Self::Words => "words",
            Self::Marked => "replayed before",
            Self::To => "to",
            Self::HttpMode => "as",
            Self::Pace => "pace",
            Self::Window => "in flight",
            Self::Watch => "stands still",
            Self::Delivery => "if in doubt",
            Self::Reason => "reason",
            Self::Plan => "",
        }
    }

    /// What stands before the line when it is changed.
    pub const fn sign(self) -> &'static str {
        match self {
            Self::Range => "range: ",
            Self::Subjects => "subjects: ",
            Self::Where => "where: ",
            Self::Words => "words: ",
            Self::To => "to: ",
            Self::Pace => "pace: ",
            Self::Window => "in flight: ",
            Self::Watch => "stands still above: ",
            Self::Reason => "reason: ",
            Self::Marked | Self::HttpMode | Self::Delivery | Self::Plan => "",
        }
    }

    /// What can be typed.
    pub const fn hint(self) -> &'static str {
        match self {
            Self::Range => "all, last:500, 120..480, -48h..-24h, 13:50..14:20",
            Self::Subjects => "all subjects; or orders.*.created shop.>",
            Self::Where => "type LIKE 'com.shop.%' AND data.total > 100",
            Self::Words => "payment -test type:com.shop.*",
            Self::Window => "copies in flight at most, such as 64; empty is as many as go well",
            Self::Watch => "CONSUMER=500 or STREAM/CONSUMER=500; empty is never",
            Self::To => "replay.{id}.{subject}, original, context:NAME, file:PATH, http://… or https://…",
            Self::Pace => "max, 50/s, x1 (as recorded), x10, step",
            Self::Reason => "why, for the record",
            Self::Marked | Self::HttpMode | Self::Delivery | Self::Plan => "",
        }
    }
}

/// The state of the form.
#[derive(Clone, Debug, PartialEq)]
pub struct ReplayForm {
    /// What is wanted so far.
    pub wish: ReplayWish,
    /// The selected line.
    pub cursor: usize,
    /// The number of the plan that is being made.
    pub planning: Option<u64>,
    /// Messages that were read for it.
    pub read: u64,
    /// Why no plan could be made.
    pub problem: Option<String>,
    /// Nothing takes the subjects of the default destination: another has to be named.
    pub needs_destination: bool,
}

impl ReplayForm {
    /// A form with what is known already.
    pub const fn new(wish: ReplayWish) -> Self {
        Self { wish, cursor: 0, planning: None, read: 0, problem: None, needs_destination: false }
    }

    /// The lines that mean something here.
    pub fn items(&self) -> Vec<FormItem> {
        let mut items = Vec::new();
        if matches!(self.wish.what, What::Range(_)) {
            items.extend([FormItem::Range, FormItem::Subjects]);
        }
        items.push(FormItem::Where);
        if self.wish.words.is_some() {
            items.push(FormItem::Words);
        }
        items.extend([FormItem::Marked, FormItem::To]);
        if matches!(self.wish.destination, Destination::Http(_)) {
            items.push(FormItem::HttpMode);
        }
        let rest = [FormItem::Pace, FormItem::Window, FormItem::Watch, FormItem::Delivery, FormItem::Reason];
        items.extend(rest);
        items.push(FormItem::Plan);
        items
    }

    /// The selected line.
    pub fn selected(&self) -> FormItem {
        self.items().get(self.cursor).copied().unwrap_or(FormItem::Plan)
    }

    /// Moves to another line.
    pub fn step(&mut self, by: isize) {
        self.cursor = self.cursor.saturating_add_signed(by).min(self.items().len() - 1);
    }

    /// What is read, raw.
    pub fn from(&self) -> String {
        match &self.wish.what {
            What::Range(stream) => stream.clone(),
            What::Consumer(stream, consumer) => {
                format!("what consumer {consumer} of {stream} has not acked, as it filters")
            }
            What::GivenUp(stream, consumer, seqs) => {
                let known = units::messages(seqs.len() as u64);
                format!("{known} of {stream} that consumer {consumer} gave up on, as far as known")
            }
            What::Marked(messages) => {
                let events = if messages.len() == 1 { "event" } else { "events" };
                let mut streams: Vec<&str> = messages.iter().map(|(stream, _)| stream.as_str()).collect();
                streams.sort_unstable();
                streams.dedup();
                format!("{} marked {events} of {}", messages.len(), streams.join(", "))
            }
        }
    }

    /// What a line says now, raw.
    pub fn value(&self, item: FormItem) -> String {
        let wish = &self.wish;
        match item {
            FormItem::Range => wish.range_text.clone(),
            FormItem::Subjects if wish.subjects.is_empty() => "all".into(),
            FormItem::Subjects => wish.subjects.join(" "),
            FormItem::Where => wish.filter.clone().unwrap_or_else(|| "everything".into()),
            FormItem::Words => wish.words.clone().unwrap_or_else(|| "any".into()),
            FormItem::Window => wish.window.map_or_else(|| "as many as go well".into(), |most| most.to_string()),
            FormItem::Watch => match &wish.watch {
                Some((consumer, most)) => format!("while more than {most} are outstanding of {consumer}"),
                None => "never by itself, unless it has to".into(),
            },
            FormItem::Marked if wish.include_marked => "sent again too".into(),
            FormItem::Marked => "left out".into(),
            FormItem::To if self.needs_destination => NO_DEFAULT.into(),
            FormItem::To => wish.destination.to_string(),
            FormItem::HttpMode if wish.http_mode == HttpMode::Binary => "binary: attributes as headers".into(),
            FormItem::HttpMode => "structured: one JSON document".into(),
            FormItem::Pace => wish.pace.to_string(),
            FormItem::Delivery => match wish.delivery {
                None => "as the destination allows: nothing lost, nothing doubled".into(),
                Some(Delivery::AtLeastOnce) => "send again: at least once".into(),
                Some(Delivery::AtMostOnce) => "do not send again: at most once".into(),
            },
            FormItem::Reason => wish.reason.clone().unwrap_or_else(|| "none given".into()),
            FormItem::Plan => "make the plan; nothing is sent yet".into(),
        }
    }

    /// What stands in the line when it is changed.
    pub(super) fn text(&self, item: FormItem) -> String {
        let wish = &self.wish;
        match item {
            FormItem::Subjects => wish.subjects.join(" "),
            FormItem::Where => wish.filter.clone().unwrap_or_default(),
            FormItem::Words => wish.words.clone().unwrap_or_default(),
            FormItem::Window => wish.window.map(|most| most.to_string()).unwrap_or_default(),
            FormItem::Watch => wish.watch.as_ref().map(|(name, most)| format!("{name}={most}")).unwrap_or_default(),
            FormItem::Reason => wish.reason.clone().unwrap_or_default(),
            FormItem::To if self.needs_destination => String::new(),
            other => self.value(other),
        }
    }

    /// Turns a line that has only a few values to the next one.
    pub(super) fn turn(&mut self, item: FormItem) {
        let wish = &mut self.wish;
        match item {
            FormItem::Marked => wish.include_marked = !wish.include_marked,
            FormItem::HttpMode => {
                wish.http_mode = match wish.http_mode {
                    HttpMode::Binary => HttpMode::Structured,
                    HttpMode::Structured => HttpMode::Binary,
                }
            }
            FormItem::Delivery => {
                wish.delivery = match wish.delivery {
                    None => Some(Delivery::AtLeastOnce),
                    Some(Delivery::AtLeastOnce) => Some(Delivery::AtMostOnce),
                    Some(Delivery::AtMostOnce) => None,
                }
            }
            _ => {}
        }
    }

    /// Takes in what was typed for a line, or says what is wrong with it. `range` reads ranges.
    pub(super) fn take(
        &mut self,
        item: FormItem,
        text: &str,
        range: impl Fn(&str) -> Result<Range, Mistake>,
    ) -> Result<(), Mistake> {
        let whole = |sentence: String| Mistake::new(0..text.len(), sentence);
        let some = || Some(text.to_owned()).filter(|text| !text.is_empty());
        let wish = &mut self.wish;
        match item {
            FormItem::Range => {
                wish.range = range(text)?;
                text.clone_into(&mut wish.range_text);
            }
            FormItem::Subjects => wish.subjects = crate::app::tail::subjects(text)?,
            FormItem::Where => {
                if !text.is_empty() {
                    Filter::expression(text)?;
                }
                wish.filter = some();
            }
            FormItem::Words => {
                Filter::words(text)?;
                // An empty line stays, so that there is something to type into again.
                wish.words = Some(text.to_owned());
            }
            FormItem::To => match Destination::parse(text).map_err(whole)? {
                // It is where this is drawn.
                Destination::Stdout => {
                    return Err(whole("there is no standard output here; file:PATH writes to a file".into()));
                }
                destination => {
                    wish.destination = destination;
                    self.needs_destination = false;
                }
            },
            FormItem::Window if text.is_empty() => wish.window = None,
            FormItem::Window => match text.parse() {
                Ok(most) if most > 0 => wish.window = Some(most),
                _ => return Err(whole("it is a number from 1, or nothing".into())),
            },
            FormItem::Watch if text.is_empty() => wish.watch = None,
            FormItem::Watch => wish.watch = Some(parse_watch(text).map_err(whole)?),
            FormItem::Pace => wish.pace = Pace::parse(text).map_err(whole)?,
            FormItem::Reason => wish.reason = some(),
            FormItem::Marked | FormItem::HttpMode | FormItem::Delivery | FormItem::Plan => {}
        }
        Ok(())
    }
}

impl App {
    /// What is wrong with a line of the form that is being typed.
    pub(in crate::app) fn field_mistake(&self, item: FormItem, text: &str) -> Option<Mistake> {
        let Some(Screen::ReplayForm(form)) = self.screen() else { return None };
        form.clone().take(item, text, |text| self.range(text)).err().filter(|_| !text.is_empty())
    }

    /// Takes in a line of the form.
    pub(in crate::app) fn field_entered(&mut self, item: FormItem, text: &str) -> Result<(), Mistake> {
        let Some(Screen::ReplayForm(form)) = self.screen() else { return Ok(()) };
        let mut changed = form.clone();
        changed.take(item, text, |text| self.range(text))?;
        // On to the next line, as one fills in a form.
        changed.step(1);
        if let Some(Screen::ReplayForm(form)) = self.screens.last_mut() {
            *form = changed;
        }
        Ok(())
    }
}
