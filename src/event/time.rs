//! RFC 3339 times as attributes hold them: the text with its offset for the screen, the instant for arithmetic.

use crate::model::Timestamp;

/// A time as it was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Moment<'a> {
    /// As it was written, with its own offset. It is harmless text, since it has been read as a time.
    pub text: &'a str,
    /// The instant; `None` outside of what nanoseconds in 64 bits can hold (years 1677 to 2262).
    pub at: Option<Timestamp>,
}

impl<'a> Moment<'a> {
    /// Reads RFC 3339 (section 5.6), strictly; `None` when the text is not one.
    pub fn parse(text: &'a str) -> Option<Self> {
        let bytes = text.as_bytes();
        let year = digits(bytes, 0, 4)?;
        let month = digits(bytes, 5, 2)?;
        let day = digits(bytes, 8, 2)?;
        let hour = digits(bytes, 11, 2)?;
        let minute = digits(bytes, 14, 2)?;
        let second = digits(bytes, 17, 2)?;
        let marks = [(4, b'-'), (7, b'-'), (13, b':'), (16, b':')];
        let good = marks.iter().all(|&(at, mark)| bytes.get(at) == Some(&mark))
            && matches!(bytes.get(10), Some(b'T' | b't'))
            && (1..=12).contains(&month)
            && (1..=days_in(year, month)).contains(&day)
            && hour < 24
            && minute < 60
            && second <= 60;
        if !good {
            return None;
        }
        let (nanos, rest) = fraction(bytes.get(19..)?)?;
        let offset = offset(rest)?;
        let seconds = days_since_epoch(year, month, day) * 86_400 + hour * 3_600 + minute * 60 + second - offset * 60;
        let at = seconds.checked_mul(1_000_000_000).and_then(|whole| whole.checked_add(nanos)).map(Timestamp);
        Some(Self { text, at })
    }
}

/// A number of exactly this many digits.
fn digits(bytes: &[u8], from: usize, count: usize) -> Option<i64> {
    bytes
        .get(from..from + count)?
        .iter()
        .try_fold(0, |number, byte| byte.is_ascii_digit().then(|| number * 10 + i64::from(byte - b'0')))
}

/// Nanoseconds of `.123`, and what follows. Further digits than nine are cut off.
fn fraction(bytes: &[u8]) -> Option<(i64, &[u8])> {
    let Some((b'.', rest)) = bytes.split_first() else {
        return Some((0, bytes));
    };
    let count = rest.iter().take_while(|b| b.is_ascii_digit()).count();
    let nanos = (0..9).fold(0, |sum, at| {
        let digit = if at < count { rest.get(at).map_or(0, |b| i64::from(b - b'0')) } else { 0 };
        sum * 10 + digit
    });
    (count > 0).then(|| (nanos, rest.get(count..).unwrap_or_default()))
}

/// Minutes east of UTC.
fn offset(bytes: &[u8]) -> Option<i64> {
    match bytes {
        [b'Z' | b'z'] => Some(0),
        [sign @ (b'+' | b'-'), _, _, b':', _, _] => {
            let (hours, minutes) = (digits(bytes, 1, 2)?, digits(bytes, 4, 2)?);
            let total = hours * 60 + minutes;
            (hours < 24 && minutes < 60).then_some(if *sign == b'-' { -total } else { total })
        }
        _ => None,
    }
}

fn days_in(year: i64, month: i64) -> i64 {
    match month {
        4 | 6 | 9 | 11 => 30,
        2 if year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) => 29,
        2 => 28,
        _ => 31,
    }
}

/// Days from 1970-01-01. The year is taken to begin in March, so that the leap day is its last.
fn days_since_epoch(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let year_of_era = year.rem_euclid(400);
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    era * 146_097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year - 719_468
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_is_a_time_and_what_is_not() {
        for yes in [
            "2026-11-20T13:50:07Z",
            "2026-11-20t13:50:07.1z",
            "2024-02-29T00:00:00.123456789123-11:30",
            "1990-12-31T23:59:60Z",
            "0001-01-01T00:00:00Z",
        ] {
            assert!(Moment::parse(yes).is_some(), "{yes}");
        }
        for no in [
            "",
            "yesterday",
            "2026-11-20",
            "2026-11-20 13:50:07Z",
            "2026-11-20T13:50:07",
            "2026-11-20T13:50:07.Z",
            "2026-11-20T13:50Z",
            "2026-02-29T00:00:00Z",
            "2026-13-01T00:00:00Z",
            "2026-11-20T24:00:00Z",
            "2026-11-20T13:50:07+2:00",
            "2026-11-20T13:50:07+02:00 ",
            "2026-11-20T13:50:07+0200",
            "1700488207",
        ] {
            assert_eq!(Moment::parse(no), None, "{no}");
        }
    }

    #[test]
    fn the_offset_stays_in_the_text_and_counts_in_the_instant() {
        let moment = Moment::parse("2026-11-20T15:50:07.5+02:00").unwrap();
        assert_eq!(moment.text, "2026-11-20T15:50:07.5+02:00");
        assert_eq!(moment.at, Timestamp::parse("2026-11-20T13:50:07.5Z"));
        assert_eq!(Moment::parse("0001-01-01T00:00:00Z").unwrap().at, None);
    }

    proptest! {
        #[test]
        fn instants_are_those_of_jiff(nanos in any::<i64>()) {
            let text = Timestamp(nanos).to_string();
            prop_assert_eq!(Moment::parse(&text).unwrap().at, Some(Timestamp(nanos)), "{}", text);
        }
    }
}
