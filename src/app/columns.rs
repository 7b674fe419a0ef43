//! The columns of the two big tables: titles, widths, priorities, and what they are sorted by.
//!
//! To add one: a variant here with its row in `ALL` and its sort value, and its text in `ui/`.

use crate::health::{Level, Standing, Terms, Worst, stream_level, worst_consumer};
use crate::model::catalog::Shelf;
use crate::model::lag::LagTime;
use crate::model::{ConsumerEntry, Kind, StreamEntry, Thresholds};

/// How a column is laid out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Spec {
    /// The heading, in capitals.
    pub title: &'static str,
    /// Cells wide; for the flexible column the least.
    pub width: u16,
    /// Takes what is left over, in this share; 0 is fixed.
    pub flex: u16,
    /// 0 is never dropped; the highest is dropped first.
    pub priority: u8,
    /// Numbers stand to the right.
    pub right: bool,
    /// Sorting by it begins with the largest.
    pub large_first: bool,
}

const fn text(title: &'static str, width: u16, flex: u16, priority: u8) -> Spec {
    Spec { title, width, flex, priority, right: false, large_first: false }
}

const fn number(title: &'static str, width: u16, priority: u8) -> Spec {
    Spec { title, width, flex: 0, priority, right: true, large_first: true }
}

/// What rows are compared by; unknown comes last in either direction.
#[derive(Clone, Debug, PartialEq)]
pub enum SortValue {
    /// By the alphabet, without case.
    Text(String),
    /// By size.
    Number(f64),
    /// By rank, then by size.
    Ranked(u8, u64),
    /// Not known.
    Unknown,
}

impl SortValue {
    /// Compares two; `descending` turns the order but leaves the unknown last.
    pub fn compare(&self, other: &Self, descending: bool) -> std::cmp::Ordering {
        use std::cmp::Ordering::{Equal, Greater, Less};
        let order = match (self, other) {
            (Self::Unknown, Self::Unknown) => return Equal,
            (Self::Unknown, _) => return Greater,
            (_, Self::Unknown) => return Less,
            (Self::Text(a), Self::Text(b)) => a.cmp(b),
            (Self::Number(a), Self::Number(b)) => a.total_cmp(b),
            (Self::Ranked(a, n), Self::Ranked(b, m)) => a.cmp(b).then(n.cmp(m)),
            // One column gives one sort of value; this only makes the order total.
            (Self::Text(_), _) | (Self::Number(_), Self::Ranked(..)) => Less,
            (Self::Number(_) | Self::Ranked(..), _) => Greater,
        };
        if descending { order.reverse() } else { order }
    }
}

/// Lag time in seconds; 0 where nothing waits.
fn lag(entry: &ConsumerEntry, terms: &Terms) -> Option<f64> {
    match entry.lag_time(terms.now) {
        LagTime::Nothing => Some(0.0),
        other => other.age().map(|age| age.as_secs_f64()),
    }
}

fn opt(value: Option<f64>) -> SortValue {
    value.map_or(SortValue::Unknown, SortValue::Number)
}

/// A column of the Streams table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StreamColumn {
    /// The glyph; sorts by how bad it is.
    State,
    /// The short name.
    Name,
    /// The kind's tag.
    Kind,
    /// Messages held.
    Messages,
    /// Bytes held.
    Bytes,
    /// First and last sequence.
    Sequences,
    /// Last - first + 1.
    Spread,
    /// How far back in time.
    Reach,
    /// Messages in per second.
    Rate,
    /// The in-rate over time.
    Trend,
    /// Number of consumers.
    Consumers,
    /// Outstanding of the worst consumer.
    Outstanding,
    /// Its lag time.
    Lag,
    /// Its verdict.
    Verdict,
    /// Fullness of the tightest limit.
    Full,
    /// What is wrong, in words.
    Words,
}

/// A stream with what belongs to it, for sorting and drawing.
#[derive(Clone, Copy, Debug)]
pub struct StreamRow<'a> {
    /// Its whole name.
    pub name: &'a str,
    /// The name to show.
    pub label: &'a str,
    /// Its kind.
    pub kind: Kind,
    /// What is known.
    pub entry: &'a StreamEntry,
    /// Its consumers.
    pub shelf: Option<&'a Shelf>,
    /// The worst that was found of it or of its consumers, from a warning on.
    pub found: Level,
}

impl StreamRow<'_> {
    /// The consumer that does worst, of those that were read.
    pub fn worst(&self, terms: &Terms) -> Option<Worst<'_>> {
        worst_consumer(self.shelf?, terms).filter(|worst| worst.entry.info.is_some())
    }
}

impl StreamColumn {
    /// All, in the order of the screen.
    pub const ALL: &[Self] = &[
        Self::State,
        Self::Name,
        Self::Kind,
        Self::Messages,
        Self::Bytes,
        Self::Sequences,
        Self::Spread,
        Self::Reach,
        Self::Rate,
        Self::Trend,
        Self::Consumers,
        Self::Outstanding,
        Self::Lag,
        Self::Verdict,
        Self::Full,
        Self::Words,
    ];

    /// How it is laid out.
    pub const fn spec(self) -> Spec {
        match self {
            Self::State => Spec { title: "", width: 1, flex: 0, priority: 0, right: false, large_first: true },
            Self::Name => text("NAME", 14, 3, 0),
            Self::Kind => text("KIND", 4, 0, 7),
            Self::Messages => number("MSGS", 5, 1),
            Self::Bytes => number("BYTES", 6, 4),
            Self::Sequences => {
                Spec { title: "FIRST..LAST", width: 19, flex: 0, priority: 10, right: true, large_first: true }
            }
            Self::Spread => number("SPREAD", 6, 9),
            Self::Reach => number("REACH", 6, 6),
            Self::Rate => number("IN/S", 5, 3),
            Self::Trend => Spec { title: "TREND", width: 10, flex: 0, priority: 8, right: false, large_first: true },
            Self::Consumers => number("CONS", 4, 1),
            Self::Outstanding => number("OUTST", 6, 3),
            Self::Lag => number("LAG", 6, 3),
            Self::Verdict => text("VERDICT", 8, 0, 7),
            Self::Full => number("FULL", 9, 5),
            Self::Words => text("STATE", 13, 2, 2),
        }
    }

    /// What rows are sorted by.
    pub fn value(self, row: &StreamRow<'_>, terms: &Terms, thresholds: &Thresholds) -> SortValue {
        let info = row.entry.info.as_deref();
        let of = |f: fn(&crate::model::Stream) -> f64| opt(info.map(f));
        match self {
            Self::State | Self::Words => {
                SortValue::Ranked(stream_level(row.entry, row.shelf, thresholds, terms).max(row.found) as u8, 0)
            }
            Self::Name => SortValue::Text(row.label.to_lowercase()),
            Self::Kind => SortValue::Text(row.kind.tag().to_owned()),
            Self::Messages => of(|s| s.state.messages as f64),
            Self::Bytes => of(|s| s.state.bytes as f64),
            Self::Sequences => of(|s| s.state.last_seq as f64),
            Self::Spread => of(|s| s.state.spread() as f64),
            Self::Reach => opt(info.and_then(|s| s.state.reach(terms.now)).map(|d| d.as_secs_f64())),
            Self::Rate | Self::Trend => opt(row.entry.rate_in()),
            Self::Consumers => of(|s| s.state.consumers as f64),
            Self::Outstanding => {
                opt(row.worst(terms).and_then(|w| w.entry.info.as_ref()).map(|c| c.outstanding() as f64))
            }
            Self::Lag => opt(row.worst(terms).and_then(|w| lag(w.entry, terms))),
            Self::Verdict => {
                row.worst(terms).map_or(SortValue::Unknown, |w| SortValue::Ranked(w.standing.rank(w.entry).0, 0))
            }
            Self::Full => opt(info.and_then(crate::model::Stream::fullness).map(|f| f.ratio)),
        }
    }
}

/// A column of the Consumers tables.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ConsumerColumn {
    /// The glyph; sorts by how bad it is, then by outstanding.
    State,
    /// The stream's short name (left out inside of one stream).
    Stream,
    /// Its name.
    Name,
    /// What is said of it; sorts by how bad that is.
    Verdict,
    /// Since when.
    Since,
    /// Pending + ack pending.
    Outstanding,
    /// How long the oldest of these waits.
    Lag,
    /// Pull or push.
    Mode,
    /// Ack policy.
    Ack,
    /// Not yet delivered.
    Pending,
    /// Delivered, not acked.
    AckPending,
    /// Delivered more than once.
    Redelivered,
    /// Open pull requests.
    Waiting,
    /// Deliveries per second.
    Rate,
    /// How long ago something was acked.
    LastAck,
    /// Filter subjects.
    Filter,
}

/// A consumer with what belongs to it, for sorting and drawing.
#[derive(Clone, Copy, Debug)]
pub struct ConsumerRow<'a> {
    /// Its stream.
    pub stream: &'a str,
    /// The stream's name to show.
    pub label: &'a str,
    /// Its name.
    pub name: &'a str,
    /// What is known.
    pub entry: &'a ConsumerEntry,
    /// The worst that was found of it, from a warning on: its verdict is not all.
    pub found: Level,
}

impl ConsumerRow<'_> {
    /// Deliveries per second.
    pub fn rate(&self) -> Option<f64> {
        self.entry.rate(|s| s.delivered_consumer_seq)
    }
}

impl ConsumerColumn {
    /// All, in the order of the screen.
    pub const ALL: &[Self] = &[
        Self::State,
        Self::Stream,
        Self::Name,
        Self::Verdict,
        Self::Since,
        Self::Outstanding,
        Self::Lag,
        Self::Mode,
        Self::Ack,
        Self::Pending,
        Self::AckPending,
        Self::Redelivered,
        Self::Waiting,
        Self::Rate,
        Self::LastAck,
        Self::Filter,
    ];

    /// How it is laid out.
    pub const fn spec(self) -> Spec {
        match self {
            Self::State => Spec { title: "", width: 1, flex: 0, priority: 0, right: false, large_first: true },
            Self::Stream => text("STREAM", 12, 2, 0),
            Self::Name => text("CONSUMER", 16, 3, 0),
            Self::Verdict => text("VERDICT", 18, 2, 1),
            Self::Since => Spec { title: "SINCE", width: 6, flex: 0, priority: 4, right: true, large_first: false },
            Self::Outstanding => number("OUTST", 6, 2),
            Self::Lag => number("LAG", 6, 3),
            Self::Mode => text("MODE", 4, 0, 8),
            Self::Ack => text("ACK", 8, 0, 9),
            Self::Pending => number("PENDING", 7, 6),
            Self::AckPending => number("ACKPEND", 7, 6),
            Self::Redelivered => number("REDEL", 5, 7),
            Self::Waiting => number("WAIT", 4, 7),
            Self::Rate => number("OUT/S", 5, 5),
            Self::LastAck => Spec { title: "ACKED", width: 7, flex: 0, priority: 7, right: true, large_first: false },
            Self::Filter => text("FILTER", 12, 2, 10),
        }
    }

    /// What rows are sorted by.
    pub fn value(self, row: &ConsumerRow<'_>, terms: &Terms) -> SortValue {
        let info = row.entry.info.as_deref();
        let of = |f: fn(&crate::model::Consumer) -> f64| opt(info.map(f));
        match self {
            Self::State | Self::Verdict => {
                let (rank, outstanding) = Standing::of(row.entry, terms).rank(row.entry);
                SortValue::Ranked(rank.max((row.found as u8) << 4), outstanding)
            }
            Self::Stream => SortValue::Text(row.label.to_lowercase()),
            Self::Name => SortValue::Text(row.name.to_lowercase()),
            Self::Mode => info.map_or(SortValue::Unknown, |c| SortValue::Text(c.config.delivery.word().into())),
            Self::Ack => info.map_or(SortValue::Unknown, |c| SortValue::Text(c.config.ack_policy.word().into())),
            Self::Since => {
                let since = Standing::of(row.entry, terms).verdict().and_then(|v| v.since);
                opt(since.map(|at| terms.now.since(at).as_secs_f64()))
            }
            Self::Outstanding => of(|c| c.outstanding() as f64),
            Self::Lag => opt(lag(row.entry, terms)),
            Self::Pending => of(|c| c.pending as f64),
            Self::AckPending => of(|c| c.ack_pending as f64),
            Self::Redelivered => of(|c| c.redelivered as f64),
            Self::Waiting => of(|c| c.waiting as f64),
            Self::Rate => opt(row.rate()),
            Self::LastAck => {
                opt(info.and_then(|c| c.ack_floor.last_active).map(|at| terms.now.since(at).as_secs_f64()))
            }
            Self::Filter => info.map_or(SortValue::Unknown, |c| SortValue::Text(c.config.filter_subjects.join(" "))),
        }
    }
}

/// Whether a level is one that `!` keeps.
pub const fn is_problem(level: Level) -> bool {
    !matches!(level, Level::Ok | Level::Notice)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unknown_comes_last_in_either_direction() {
        use std::cmp::Ordering;
        let (a, b, u) = (SortValue::Number(1.0), SortValue::Number(2.0), SortValue::Unknown);
        assert_eq!(a.compare(&b, false), Ordering::Less);
        assert_eq!(a.compare(&b, true), Ordering::Greater);
        assert_eq!(u.compare(&a, false), Ordering::Greater);
        assert_eq!(u.compare(&a, true), Ordering::Greater);
    }

    #[test]
    fn titles_fit_their_columns() {
        let specs = StreamColumn::ALL.iter().map(|c| c.spec()).chain(ConsumerColumn::ALL.iter().map(|c| c.spec()));
        for spec in specs {
            assert!(spec.title.len() <= usize::from(spec.width), "{}", spec.title);
        }
    }
}
