//! Ways through a tail: to what is related, to gaps in the flow, to a sequence or a time.

use std::time::Duration;

use crate::event::glance::{Relation, identity};
use crate::event::{Envelope, View, clean_line};
use crate::model::units::{count_exact, duration};
use crate::model::{Message, Timestamp};
use crate::query::range::Start;
use crate::query::{Door, Range, Value};

use super::{Flow, TailScreen};

/// A pause is a gap when it is this many times as long as usual …
const UNUSUAL: u32 = 10;
/// … and at least so long.
const LEAST_GAP: Duration = Duration::from_secs(1);

/// Messages that are asked why they do not match.
const ASKED: usize = 50;

/// What makes events related.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Related {
    /// The same id: sent twice.
    #[default]
    Id,
    /// The same source and subject: the history of one thing.
    SourceSubject,
    /// The same correlation, cause, trace or partition key, whichever the event has.
    Correlation,
    /// The same type.
    Type,
}

impl Related {
    /// All, each with the key that chooses it.
    pub(super) const ALL: [(char, Self); 4] =
        [('i', Self::Id), ('s', Self::SourceSubject), ('c', Self::Correlation), ('t', Self::Type)];

    /// What is the same.
    pub const fn words(self) -> &'static str {
        match self {
            Self::Id => "id",
            Self::SourceSubject => "source and subject",
            Self::Correlation => "correlation",
            Self::Type => "type",
        }
    }

    /// What that is good for.
    pub(super) const fn hint(self) -> &'static str {
        match self {
            Self::Id => "events that were sent twice",
            Self::SourceSubject => "the history of one thing",
            Self::Correlation => "correlationid, causationid, trace or partitionkey",
            Self::Type => "events of the same kind",
        }
    }

    /// The same for this message, to look for others with it.
    fn of(self, message: &Message) -> Option<Relation> {
        match self {
            Self::Id => Some(Relation::Id),
            Self::SourceSubject => Some(Relation::SourceSubject),
            Self::Type => Some(Relation::Type),
            Self::Correlation => identity(message).relation(),
        }
    }
}

/// Where a search has led.
pub(super) enum Found {
    /// To the message of this number; what there is to say.
    At(u64, String),
    /// Nowhere, for this reason.
    Nothing(String),
}

const fn word(forward: bool) -> &'static str {
    if forward { "next" } else { "previous" }
}

impl TailScreen {
    /// The next shown message with what makes it related to the selected one, or the one before.
    pub(super) fn related(&self, forward: bool) -> Found {
        let Some(index) = self.cursor.index(&self.ring) else { return Found::Nothing("there are no events".into()) };
        let shown = self.ring.shown();
        let what = self.related_by.words();
        let found = shown.get(index).and_then(|entry| {
            let relation = self.related_by.of(&entry.message)?;
            let key = relation.key(&entry.message)?;
            Some((relation, key))
        });
        let Some((relation, key)) = found else {
            return Found::Nothing(format!("the selected event has no {what}; choose what else makes events related"));
        };
        let same = |entry: &&super::Entry| relation.holds(&key, &entry.message);
        let found = if forward { shown.range(index + 1..).find(same) } else { shown.range(..index).rev().find(same) };
        match found {
            Some(entry) => Found::At(entry.at, format!("the {} event with the same {what}", word(forward))),
            None => {
                let side = if forward { "after" } else { "before" };
                Found::Nothing(format!("no event {side} it has the same {what}, among those that are shown"))
            }
        }
    }

    /// The next message before which the flow paused for unusually long, or sequences are missing.
    pub(super) fn gap(&self, forward: bool) -> Found {
        let Some(index) = self.cursor.index(&self.ring) else { return Found::Nothing("there are no events".into()) };
        let shown = self.ring.shown();
        let least = self.usual_pause().map_or(LEAST_GAP, |usual| (usual * UNUSUAL).max(LEAST_GAP));
        // With a filter of any kind it is no wonder that sequences are missing.
        let whole = !self.is_filtered() && self.subjects.is_empty() && self.sources.len() == 1;
        let gap = |i: usize| {
            let (before, here) = (&shown.get(i.checked_sub(1)?)?.message, &shown.get(i)?.message);
            let pause = here.time.since(before.time);
            let missing = here.seq.saturating_sub(before.seq + 1);
            if whole && missing > 0 {
                return Some(format!("{} sequences are missing before #{}", count_exact(missing), here.seq));
            }
            (pause >= least).then(|| format!("nothing came for {} before #{}", duration(pause), here.seq))
        };
        let found = if forward {
            (index + 1..shown.len()).find_map(|i| Some((i, gap(i)?)))
        } else {
            (1..index).rev().find_map(|i| Some((i, gap(i)?)))
        };
        match found.and_then(|(i, words)| Some((shown.get(i)?.at, words))) {
            Some((at, words)) => Found::At(at, words),
            None => Found::Nothing(format!(
                "no pause of {} or more and no hole in the sequences {} here",
                duration(least),
                if forward { "after" } else { "before" }
            )),
        }
    }

    /// The median of the pauses between the shown messages.
    fn usual_pause(&self) -> Option<Duration> {
        let shown = self.ring.shown();
        let times = || shown.iter().map(|entry| entry.message.time);
        let mut pauses: Vec<Duration> = times().zip(times().skip(1)).map(|(a, b)| b.since(a)).collect();
        let middle = pauses.len() / 2;
        (!pauses.is_empty()).then(|| *pauses.select_nth_unstable(middle).1)
    }

    /// Why nothing matches, where the filter cannot be answered for any of the newest messages: a name that none of
    /// them has, a value of the wrong kind. Harmless.
    pub fn why_none(&self) -> Option<String> {
        let filter = self.filter.as_ref().filter(|filter| filter.door() == Door::Expression)?;
        let mut first = None;
        for entry in self.ring.newest().take(ASKED) {
            let envelope = Envelope::new(&entry.message);
            let decoded = envelope.decode();
            for view in View::all(&envelope, &decoded) {
                let (value, error) = filter.evaluate(&view);
                let answered = error.is_none() && matches!(value, Value::Boolean(_));
                if answered {
                    return None;
                }
                let words = error.map_or_else(
                    || format!("{value} is no condition: it is neither true nor false"),
                    |e| e.to_string(),
                );
                first.get_or_insert(words);
            }
        }
        first.map(|words| clean_line(&words).into_owned())
    }

    /// Whether all that the streams have is read.
    pub(super) fn is_at_the_end(&self) -> bool {
        !self.is_held() && self.sources.iter().all(|s| matches!(s.flow, Flow::CaughtUp | Flow::Waiting(_)))
    }

    /// The first shown message from where a range begins, if what was read reaches that far in both directions.
    pub(super) fn first_of(&self, range: &Range) -> Option<u64> {
        let shown = self.ring.shown();
        let oldest = self.ring.all().min_by_key(|entry| entry.at)?;
        let newest = self.ring.newest().next()?;
        let (reached, index) = match range.start {
            Start::Seq(seq) if self.sources.len() == 1 => {
                let within = oldest.message.seq <= seq && seq <= newest.message.seq;
                (within, shown.partition_point(|entry| entry.message.seq < seq))
            }
            Start::Time(at) => {
                let within = oldest.message.time <= at && at <= newest.message.time;
                (within, shown.partition_point(|entry| entry.message.time < at))
            }
            _ => return None,
        };
        let index = index.min(shown.len().checked_sub(1)?);
        shown.get(index).filter(|_| reached).map(|entry| entry.at)
    }

    /// How long after (or before) the mark a message was stored, as text; empty for the mark itself.
    pub fn elapsed(&self, message: &Message) -> Option<String> {
        let reference = self.reference(message)?;
        let between = |a: Timestamp, b: Timestamp| {
            let pause = b.since(a);
            if pause < Duration::from_secs(60) { format!("{:.3}s", pause.as_secs_f64()) } else { duration(pause) }
        };
        Some(if message.time >= reference.time {
            format!("+{}", between(reference.time, message.time))
        } else {
            format!("-{}", between(message.time, reference.time))
        })
    }
}
