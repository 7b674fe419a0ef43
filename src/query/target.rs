//! Where a consumer is to go on: a sequence, a time, a clock time, a duration back from now, `last:N`, `start`, `end`.

use jiff::tz::TimeZone;

use super::range::{Clock, Point, no_end, point, trimmed};
use super::{Mistake, nearest};
use crate::model::Timestamp;
use crate::model::reposition::Target;

/// What is right, for sentences about what is not.
const FORMS: &str = "a sequence (120), a time (2026-11-20T13:50Z), a clock time (13:50), a duration back from now (-2h), last:N, start or end";

/// Reads a target. `zone` is where clock times are meant.
pub fn target(text: &str, now: Timestamp, zone: &TimeZone) -> Result<Target, Mistake> {
    let whole = trimmed(text, 0..text.len());
    let word = &text[whole.clone()];
    if word.eq_ignore_ascii_case("start") {
        return Ok(Target::Start);
    }
    if word.eq_ignore_ascii_case("end") {
        return Ok(Target::End);
    }
    if let Some((before, count)) = word.split_once(':')
        && before.trim_end().eq_ignore_ascii_case("last")
    {
        let at = trimmed(text, whole.end - count.len()..whole.end);
        return match text[at.clone()].parse() {
            Ok(0) => Err(Mistake::new(at, "the last 0 messages are none").instead(Some("end"))),
            Ok(count) => Ok(Target::Last(count)),
            Err(_) => Err(Mistake::new(at, "after last: comes how many messages, such as last:500")),
        };
    }
    if word.contains("..") {
        return Err(Mistake::new(whole, "a consumer goes on at one place, not in a range"));
    }
    let wrong = || {
        let near = nearest(word.split(':').next().unwrap_or(word), ["start", "end", "last"]);
        let near = near.map(|n| if n == "last" { "last:500" } else { n });
        Mistake::new(whole.clone(), format!("a consumer goes on at {FORMS}")).instead(near)
    };
    match point(word, Clock { now, zone }) {
        Ok(Point::Seq(seq)) => Ok(Target::Seq(seq)),
        Ok(Point::Time(time) | Point::Yesterday(time, _)) => Ok(Target::Time(time)),
        Ok(Point::Empty) => Err(wrong()),
        // What begins like a word is none of the ends of a range either.
        Err(_) if word.starts_with(|c: char| c.is_ascii_alphabetic()) => Err(wrong()),
        Err(mistake) => Err(mistake.shifted(whole.start)),
    }
}

/// Reads a time: a date and time, a clock time, a duration back from now, or `now`.
pub fn moment(text: &str, now: Timestamp, zone: &TimeZone) -> Result<Timestamp, Mistake> {
    let whole = trimmed(text, 0..text.len());
    let word = &text[whole.clone()];
    if word.eq_ignore_ascii_case("now") {
        return Ok(now);
    }
    match point(word, Clock { now, zone }) {
        Ok(Point::Time(time) | Point::Yesterday(time, _)) => Ok(time),
        // What is wrong with something like a duration or a time is said by who reads it.
        Err(mistake) if word.starts_with(|c: char| c.is_ascii_digit() || c == '-') && mistake != no_end(word) => {
            Err(mistake.shifted(whole.start))
        }
        _ => Err(Mistake::new(whole, "a time is -5m, 13:50, 2026-11-20T13:50Z or now")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Target, Mistake> {
        target(text, Timestamp::parse("2026-11-20T13:00:00Z").unwrap(), &TimeZone::UTC)
    }

    #[test]
    fn every_form_is_read() {
        for (text, canonical) in [
            ("120", "120"),
            (" START ", "start"),
            ("end", "end"),
            ("last:5", "last:5"),
            ("last: 5", "last:5"),
            ("-2h", "2026-11-20T11:00:00Z"),
            ("12:30", "2026-11-20T12:30:00Z"),
            ("13:30", "2026-11-19T13:30:00Z"),
            ("2026-11-20T13:50+02:00", "2026-11-20T11:50:00Z"),
        ] {
            let target = read(text).unwrap_or_else(|m| panic!("{text}: {m}"));
            assert_eq!(target.to_string(), canonical, "{text}");
            assert_eq!(read(canonical), Ok(target), "{canonical}");
        }
    }

    #[test]
    fn moments_are_times() {
        let now = Timestamp::parse("2026-11-20T13:00:00Z").unwrap();
        let read = |text| moment(text, now, &TimeZone::UTC).map(|at| at.to_string());
        for (text, canonical) in [
            ("-5m", "2026-11-20T12:55:00Z"),
            (" 12:30 ", "2026-11-20T12:30:00Z"),
            ("12:30:07", "2026-11-20T12:30:07Z"),
            ("23:30", "2026-11-19T23:30:00Z"),
            ("2026-11-20T11:50+02:00", "2026-11-20T09:50:00Z"),
            ("NOW", "2026-11-20T13:00:00Z"),
        ] {
            assert_eq!(read(text).as_deref(), Ok(canonical), "{text}");
        }
        for (text, part) in [
            ("", "a time is"),
            ("120", "a time is"),
            ("start", "a time is"),
            ("5m", "did you mean -5m?"),
            ("13:99", "no clock shows this"),
            ("13h50", "a time is"),
        ] {
            let mistake = read(text).unwrap_err().to_string();
            assert!(mistake.contains(part), "{text}: {mistake}");
        }
    }

    #[test]
    fn mistakes_have_their_place() {
        for (text, place, part) in [
            ("", "", "last:N"),
            ("0", "0", "begin at 1"),
            ("strat", "strat", "did you mean start?"),
            ("new", "new", "goes on at"),
            ("last:0", "0", "did you mean end?"),
            ("last:x", "x", "how many"),
            ("120..", "120..", "not in a range"),
            ("2h", "2h", "did you mean -2h?"),
            ("  2026-11-20", "2026-11-20", "did you mean 2026-11-20T00:00Z?"),
        ] {
            let mistake = read(text).unwrap_err();
            assert_eq!(&text[mistake.at.clone()], place, "{text}: {mistake}");
            assert!(mistake.to_string().contains(part), "{text}: {mistake}");
        }
    }
}
