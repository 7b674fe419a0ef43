//! The one grammar of ranges of a stream: `all`, `new`, `last:500`, `START..END`.
//!
//! Each end is a sequence, an RFC 3339 time (seconds may be left out), a clock time in the local zone, or a
//! duration back from now. Both ends are part of the range, and either may be empty. What is relative is
//! resolved when it is read, so that a range means the same however long it is kept.

use std::fmt;
use std::ops::Range as Span;
use std::time::Duration;

use jiff::civil;
use jiff::tz::TimeZone;

use super::{Mistake, nearest};
use crate::model::Timestamp;

/// Where reading begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Start {
    /// At the first message that is stored.
    First,
    /// At this sequence.
    Seq(u64),
    /// At the first message stored at this time or later.
    Time(Timestamp),
    /// At so many messages before the end.
    Last(u64),
    /// After the last message that is stored.
    New,
}

/// Where reading ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// Nowhere: at the end of the stream, or never when it is followed.
    Open,
    /// With this sequence.
    Seq(u64),
    /// With the last message stored at this time or before.
    Time(Timestamp),
}

/// A part of a stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Range {
    /// Where it begins.
    pub start: Start,
    /// Where it ends.
    pub end: End,
}

/// What is right, for sentences about what is not.
const ENDS: &str =
    "a sequence (120), a time (2026-11-20T13:50Z), a clock time (13:50) or a duration back from now (-2h)";

impl Range {
    /// Everything.
    pub const ALL: Self = Self { start: Start::First, end: End::Open };
    /// Only what is stored from now on; `--new`.
    pub const NEW: Self = Self { start: Start::New, end: End::Open };

    /// The last messages; `--last N`.
    pub const fn last(count: u64) -> Self {
        Self { start: Start::Last(count), end: End::Open }
    }

    /// What was stored since so long ago; `--since DUR`.
    pub fn since(ago: Duration, now: Timestamp) -> Self {
        Self { start: Start::Time(now.minus(ago)), end: End::Open }
    }

    /// Reads a range. `zone` is where clock times are meant.
    pub fn parse(text: &str, now: Timestamp, zone: &TimeZone) -> Result<Self, Mistake> {
        let whole = trimmed(text, 0..text.len());
        let word = &text[whole.clone()];
        if word.is_empty() {
            return Err(Mistake::new(whole, "a range is all, new, last:N or START..END"));
        }
        if word.eq_ignore_ascii_case("all") {
            return Ok(Self::ALL);
        }
        if word.eq_ignore_ascii_case("new") {
            return Ok(Self::NEW);
        }
        if let Some((before, count)) = word.split_once(':')
            && before.trim_end().eq_ignore_ascii_case("last")
        {
            let at = trimmed(text, whole.end - count.len()..whole.end);
            return match text[at.clone()].parse() {
                Ok(0) => Err(Mistake::new(at, "the last 0 messages are none").instead(Some("new"))),
                Ok(count) => Ok(Self::last(count)),
                Err(_) => Err(Mistake::new(at, "after last: comes how many messages, such as last:500")),
            };
        }
        let Some(dots) = word.find("..").map(|at| at + whole.start) else {
            return Err(no_range(word, whole));
        };
        let first = trimmed(text, whole.start..dots);
        let second = trimmed(text, dots + 2..whole.end);
        let clock = Clock { now, zone };
        let start = point(&text[first.clone()], clock).map_err(|m| m.shifted(first.start))?;
        let end = point(&text[second.clone()], clock).map_err(|m| m.shifted(second.start))?;
        resolve(start, end, first.start..second.end)
    }
}

/// The span without blanks at its ends.
pub(super) fn trimmed(text: &str, span: Span<usize>) -> Span<usize> {
    let part = &text[span.clone()];
    let start = span.start + part.len() - part.trim_start().len();
    start..start + part.trim().len()
}

/// There are no two dots in it.
fn no_range(word: &str, at: Span<usize>) -> Mistake {
    let clear = Timestamp(0);
    let single = point(word, Clock { now: clear, zone: &TimeZone::UTC });
    if matches!(single, Ok(point) if point != Point::Empty) {
        let sentence = format!("one end is no range: {word}.. is from there on, ..{word} up to it");
        return Mistake::new(at, sentence);
    }
    let known = word.split(':').next().unwrap_or(word);
    let near = nearest(known, ["all", "new", "last"]);
    let near = near.map(|n| if n == "last" { "last:500" } else { n });
    Mistake::new(at, "a range is all, new, last:N or START..END").instead(near)
}

/// What relative times are relative to.
#[derive(Clone, Copy)]
pub(super) struct Clock<'a> {
    pub(super) now: Timestamp,
    pub(super) zone: &'a TimeZone,
}

/// One end, resolved.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Point {
    Empty,
    Seq(u64),
    Time(Timestamp),
    /// Yesterday's clock time, since today's is still to come, and today's.
    Yesterday(Timestamp, Timestamp),
}

/// Puts the ends together.
fn resolve(start: Point, end: Point, at: Span<usize>) -> Result<Range, Mistake> {
    let start = match start {
        Point::Empty => Start::First,
        Point::Seq(seq) => Start::Seq(seq),
        Point::Time(time) | Point::Yesterday(time, _) => Start::Time(time),
    };
    let end = match end {
        Point::Empty => End::Open,
        Point::Seq(seq) => End::Seq(seq),
        Point::Time(time) => End::Time(time),
        // At 14:00, 13:50..14:20 began ten minutes ago and ends in twenty: an end before its start is not meant.
        Point::Yesterday(time, today) => End::Time(match start {
            Start::Time(start) if start > time => today,
            _ => time,
        }),
    };
    let backwards = match (start, end) {
        (Start::Seq(start), End::Seq(end)) => start > end,
        (Start::Time(start), End::Time(end)) => start > end,
        _ => false,
    };
    if backwards {
        let range = Range { start, end };
        return Err(Mistake::new(at, format!("{range} ends before it begins; the earlier end comes first")));
    }
    Ok(Range { start, end })
}

/// Reads one end.
pub(super) fn point(text: &str, clock: Clock<'_>) -> Result<Point, Mistake> {
    let at = 0..text.len();
    if text.is_empty() {
        return Ok(Point::Empty);
    }
    if text.bytes().all(|b| b.is_ascii_digit()) {
        return match text.parse() {
            Ok(0) => Err(Mistake::new(at, "sequences begin at 1").instead(Some("1"))),
            Ok(seq) => Ok(Point::Seq(seq)),
            Err(_) => Err(Mistake::new(at, "no sequence is that large")),
        };
    }
    if let Some(back) = text.strip_prefix('-') {
        let ago = duration(back).map_err(|m| m.shifted(1))?;
        return Ok(Point::Time(clock.now.minus(ago)));
    }
    if let Some(time) = clock_time(text) {
        return clock.resolve(time).ok_or_else(|| Mistake::new(at, "there is no such time today"));
    }
    // Where a date is, only a whole date with time and zone says which moment is meant.
    if let Some(time) = Timestamp::parse(text) {
        return Ok(Point::Time(time));
    }
    if text.parse::<civil::DateTime>().is_ok() {
        let whole = if text.len() == 10 { format!("{text}T00:00Z") } else { format!("{text}Z") };
        return Err(Mistake::new(at, "a date needs a time and a zone").instead(Some(whole)));
    }
    if duration(text).is_ok() {
        return Err(Mistake::new(at, "a duration counts back from now").instead(Some(format!("-{text}"))));
    }
    if text.contains(':') && text.bytes().all(|b| b.is_ascii_digit() || b == b':') {
        return Err(Mistake::new(at, "no clock shows this: hours go to 23, minutes and seconds to 59"));
    }
    Err(no_end(text))
}

/// Of what is like no end at all.
pub(super) fn no_end(text: &str) -> Mistake {
    Mistake::new(0..text.len(), format!("an end of a range is {ENDS}"))
}

impl Clock<'_> {
    /// The last time that clocks in the zone showed this.
    fn resolve(self, time: civil::Time) -> Option<Point> {
        let now = jiff::Timestamp::from_nanosecond(i128::from(self.now.0)).ok()?;
        let today = now.to_zoned(self.zone.clone()).date();
        let on = |day: civil::Date| {
            let at = self.zone.to_ambiguous_timestamp(day.to_datetime(time)).compatible().ok()?;
            i64::try_from(at.as_nanosecond()).ok().map(Timestamp)
        };
        let at = on(today)?;
        if at <= self.now {
            return Some(Point::Time(at));
        }
        Some(Point::Yesterday(on(today.yesterday().ok()?)?, at))
    }
}

/// `13:50` or `13:50:07`, and fractions of a second.
fn clock_time(text: &str) -> Option<civil::Time> {
    let shape = |b: u8| b.is_ascii_digit() || b == b':' || b == b'.';
    let colon = text.find(':')?;
    if !(1..=2).contains(&colon) || !text.bytes().all(shape) {
        return None;
    }
    let padded = if colon == 1 { format!("0{text}") } else { text.to_owned() };
    padded.parse().ok()
}

/// Units of durations with their milliseconds. Months and years are not: they are not always equally long.
const UNITS: [(&str, u64); 6] =
    [("ms", 1), ("s", 1000), ("m", 60_000), ("h", 3_600_000), ("d", 86_400_000), ("w", 604_800_000)];

/// `2h`, `1h30m`, `90s`.
fn duration(text: &str) -> Result<Duration, Mistake> {
    let mut total = 0_u64;
    let mut rest = text;
    if rest.is_empty() {
        return Err(Mistake::new(0..0, "after - comes how long ago, such as -2h or -1h30m"));
    }
    while !rest.is_empty() {
        let from = text.len() - rest.len();
        let digits = rest.len() - rest.trim_start_matches(|c: char| c.is_ascii_digit()).len();
        let (number, after) = rest.split_at(digits);
        let letters = after.len() - after.trim_start_matches(|c: char| c.is_ascii_alphabetic()).len();
        let (unit, after) = after.split_at(letters);
        let Ok(count) = number.parse::<u64>() else {
            let end = text.len();
            return Err(Mistake::new(from..end, "a duration is numbers with units, such as -2h or -1h30m"));
        };
        let Some((_, millis)) = UNITS.iter().find(|(name, _)| *name == unit) else {
            let at = from + digits..from + digits + letters;
            return Err(Mistake::new(at, "the units of a duration are ms, s, m, h, d and w"));
        };
        let part = count.checked_mul(*millis).and_then(|part| total.checked_add(part));
        let Some(sum) = part else {
            return Err(Mistake::new(0..text.len(), "no message is that old"));
        };
        total = sum;
        rest = after;
    }
    Ok(Duration::from_millis(total))
}

impl fmt::Display for Start {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::First => Ok(()),
            Self::Seq(seq) => write!(f, "{seq}"),
            Self::Time(time) => write!(f, "{time}"),
            Self::Last(count) => write!(f, "last:{count}"),
            Self::New => f.write_str("new"),
        }
    }
}

impl fmt::Display for End {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Open => Ok(()),
            Self::Seq(seq) => write!(f, "{seq}"),
            Self::Time(time) => write!(f, "{time}"),
        }
    }
}

impl fmt::Display for Range {
    /// As the grammar has it, with times in UTC.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.start, self.end) {
            (Start::First, End::Open) => f.write_str("all"),
            (start @ (Start::Last(_) | Start::New), End::Open) => write!(f, "{start}"),
            (start, end) => write!(f, "{start}..{end}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// 14:00 in Berlin, 13:00 in UTC.
    const NOW: &str = "2026-11-20T13:00:00Z";

    fn at(text: &str) -> Timestamp {
        Timestamp::parse(text).unwrap()
    }

    fn zone() -> TimeZone {
        TimeZone::posix("CET-1CEST,M3.5.0,M10.5.0/3").unwrap()
    }

    fn parse(text: &str) -> Result<Range, Mistake> {
        Range::parse(text, at(NOW), &zone())
    }

    #[test]
    fn everything_the_grammar_has() {
        for (text, canonical) in [
            ("all", "all"),
            (" ALL ", "all"),
            ("..", "all"),
            ("new", "new"),
            ("last:500", "last:500"),
            ("last: 5", "last:5"),
            ("120..480", "120..480"),
            (" 120 .. 480 ", "120..480"),
            ("120..", "120.."),
            ("..480", "..480"),
            ("7..7", "7..7"),
            ("2026-11-20T13:50Z..2026-11-20T14:20Z", "2026-11-20T13:50:00Z..2026-11-20T14:20:00Z"),
            ("2026-11-20T13:50:07.5+02:00..", "2026-11-20T11:50:07.5Z.."),
            ("13:50..", "2026-11-20T12:50:00Z.."),
            ("9:05..13:50:07", "2026-11-20T08:05:00Z..2026-11-20T12:50:07Z"),
            ("..13:50:07.25", "..2026-11-20T12:50:07.25Z"),
            // 14:00 is now, 14:01 was yesterday.
            ("14:00..", "2026-11-20T13:00:00Z.."),
            ("14:01..", "2026-11-19T13:01:00Z.."),
            ("23:50..00:10", "2026-11-19T22:50:00Z..2026-11-19T23:10:00Z"),
            ("13:50..14:20", "2026-11-20T12:50:00Z..2026-11-20T13:20:00Z"),
            ("-1h..14:20", "2026-11-20T12:00:00Z..2026-11-20T13:20:00Z"),
            ("..14:20", "..2026-11-19T13:20:00Z"),
            ("-2h..", "2026-11-20T11:00:00Z.."),
            ("-48h..-24h", "2026-11-18T13:00:00Z..2026-11-19T13:00:00Z"),
            ("-1h30m..", "2026-11-20T11:30:00Z.."),
            ("-1w2d..-500ms", "2026-11-11T13:00:00Z..2026-11-20T12:59:59.5Z"),
            ("120..-1m", "120..2026-11-20T12:59:00Z"),
            ("-1m..480", "2026-11-20T12:59:00Z..480"),
        ] {
            let range = parse(text).unwrap_or_else(|m| panic!("{text}: {m}"));
            assert_eq!(range.to_string(), canonical, "{text}");
            assert_eq!(parse(canonical), Ok(range), "{canonical}");
        }
    }

    #[test]
    fn clocks_that_are_put_back_and_forward_have_their_times() {
        let spring = |text| Range::parse(text, at("2026-03-29T10:00:00Z"), &zone()).unwrap().to_string();
        assert_eq!(spring("02:30.."), "2026-03-29T01:30:00Z..", "there is no 02:30; an hour later it is 03:30");
        let autumn = |text| Range::parse(text, at("2026-10-25T10:00:00Z"), &zone()).unwrap().to_string();
        assert_eq!(autumn("02:30.."), "2026-10-25T00:30:00Z..", "the first of two");
    }

    #[test]
    fn mistakes_have_their_place_and_say_what_would_be_right() {
        for (text, place, part) in [
            ("", "", "START..END"),
            ("  ", "", "START..END"),
            ("al", "al", "did you mean all?"),
            ("lats:5", "lats:5", "did you mean last:500?"),
            ("last:", "", "how many"),
            ("last:many", "many", "how many"),
            ("last:0", "0", "did you mean new?"),
            ("120", "120", "120.. is from there on"),
            ("-2h", "-2h", "..-2h up to it"),
            ("0..5", "0", "begin at 1"),
            ("5..99999999999999999999", "99999999999999999999", "that large"),
            ("480..120", "480..120", "ends before it begins"),
            ("-1h..-2h", "-1h..-2h", "ends before it begins"),
            ("-1h .. x y", "x y", "an end of a range is"),
            ("2h..", "2h", "did you mean -2h?"),
            ("-..", "", "how long ago"),
            ("-2..", "", "units"),
            ("-2y..", "y", "units"),
            ("-2h3x..", "x", "units"),
            ("-h..", "h", "numbers with units"),
            ("-99999999999999999w..", "99999999999999999w", "that old"),
            ("2026-11-20..", "2026-11-20", "did you mean 2026-11-20T00:00Z?"),
            ("2026-11-20T13:50..", "2026-11-20T13:50", "did you mean 2026-11-20T13:50Z?"),
            ("25:00..", "25:00", "no clock shows this"),
            ("1..2..3", "2..3", "an end of a range is"),
        ] {
            let mistake = parse(text).unwrap_err();
            assert_eq!(&text[mistake.at.clone()], place, "{text}: {mistake}");
            assert!(mistake.to_string().contains(part), "{text}: {mistake}");
        }
    }

    #[test]
    fn short_forms_are_ranges() {
        assert_eq!(Range::last(5), parse("last:5").unwrap());
        assert_eq!(Range::since(Duration::from_secs(7200), at(NOW)), parse("-2h..").unwrap());
        assert_eq!((Range::NEW, Range::ALL), (parse("new").unwrap(), parse("all").unwrap()));
    }

    proptest! {
        #[test]
        fn any_text_is_read_or_refused_with_a_place(text in "\\PC{0,24}|[-0-9a-z:.TZ ]{0,40}") {
            match parse(&text) {
                Ok(range) => prop_assert_eq!(parse(&range.to_string()), Ok(range)),
                Err(mistake) => prop_assert!(text.get(mistake.at).is_some()),
            }
        }
    }
}
