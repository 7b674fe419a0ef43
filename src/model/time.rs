//! Points in time, as the server writes them: RFC 3339 with nanoseconds, in UTC.

use std::fmt;
use std::time::Duration;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Longer than any question waits for its answer. What claims to be newer by more than this was not answered
/// later: the clock was set back meanwhile.
const CLOCK_STEP: Duration = Duration::from_secs(30);

/// Nanoseconds since the Unix epoch, UTC. Negative before 1970.
///
/// The range is that of an `i64` (years 1677 to 2262). The server's "zero time"
/// (`0001-01-01T00:00:00Z`) lies outside of it and is read as "no time", see
/// [`Timestamp::parse_server`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(pub i64);

impl Timestamp {
    /// From whole seconds since the epoch (saturating).
    pub const fn from_secs(secs: i64) -> Self {
        Self(secs.saturating_mul(1_000_000_000))
    }

    /// Reads RFC 3339 text with any offset. `None` when it is not one or is out of range.
    pub fn parse(text: &str) -> Option<Self> {
        let at: jiff::Timestamp = text.parse().ok()?;
        i64::try_from(at.as_nanosecond()).ok().map(Self)
    }

    /// Like [`Timestamp::parse`], but Go's zero time is `None`: the server sends it for "never".
    pub fn parse_server(text: &str) -> Option<Self> {
        if text.starts_with("0001-01-01T00:00:00") {
            return None;
        }
        Self::parse(text)
    }

    /// How much later `self` is than `earlier`; zero when it is not later.
    pub fn since(self, earlier: Self) -> Duration {
        Duration::from_nanos(u64::try_from(self.0.saturating_sub(earlier.0)).unwrap_or(0))
    }

    /// Whether an answer of this time came too late: there is one of `newest` already. After the clock was set
    /// back everything known seems to be newer, and would otherwise stand still until the clock has caught up.
    pub fn is_late(self, newest: Self) -> bool {
        self < newest && newest.since(self) < CLOCK_STEP
    }

    /// Seconds from `earlier` to `self`, negative when `self` is earlier.
    pub fn seconds_since(self, earlier: Self) -> f64 {
        (self.0.saturating_sub(earlier.0)) as f64 / 1e9
    }

    /// This time plus a duration (saturating).
    #[must_use]
    pub fn plus(self, by: Duration) -> Self {
        Self(self.0.saturating_add(i64::try_from(by.as_nanos()).unwrap_or(i64::MAX)))
    }

    /// This time minus a duration (saturating).
    #[must_use]
    pub fn minus(self, by: Duration) -> Self {
        Self(self.0.saturating_sub(i64::try_from(by.as_nanos()).unwrap_or(i64::MAX)))
    }

    /// `2026-11-20 13:50:07` in UTC, for screens and tables.
    pub fn to_display(self) -> String {
        let text = self.to_string();
        let mut short: String = text.chars().take(19).collect();
        if short.len() == 19 {
            short.replace_range(10..11, " ");
        }
        short
    }

    /// `2026-11-20 13:50:07.042` in UTC, for what lies closer together than seconds.
    pub fn to_display_millis(self) -> String {
        format!("{}.{:03}", self.to_display(), self.0.rem_euclid(1_000_000_000) / 1_000_000)
    }

    /// RFC 3339 in UTC, cut to milliseconds, for people. Typed again it is no later than the time itself.
    pub fn to_millis(self) -> String {
        Self(self.0.saturating_sub(self.0.rem_euclid(1_000_000))).to_string()
    }

    /// `13:50:07` in UTC.
    pub fn to_clock(self) -> String {
        self.to_display().chars().skip(11).collect()
    }
}

/// Clocks that differ by less are not worth a word.
const SKEW: Duration = Duration::from_secs(2);

/// How far two clocks differ, to the second.
pub fn skew(ahead: i64) -> Duration {
    Duration::from_secs(ahead.unsigned_abs().saturating_add(500_000_000) / 1_000_000_000)
}

/// That the server's clock is so many nanoseconds ahead of ours, when it is this time there; nothing where that does not
/// matter.
pub fn skew_in_words(ahead: i64, there: Timestamp) -> Option<String> {
    let by = skew(ahead);
    let (here, way) = (Timestamp(there.0.saturating_sub(ahead)), if ahead > 0 { "behind" } else { "ahead of" });
    (by >= SKEW).then(|| {
        format!(
            "this machine's clock is {} {way} the server's: it is {} UTC here and {} UTC there; ages are by the server's",
            super::units::duration(by),
            here.to_clock(),
            there.to_clock()
        )
    })
}

impl fmt::Display for Timestamp {
    /// RFC 3339 in UTC with as many fractional digits as are needed.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match jiff::Timestamp::from_nanosecond(i128::from(self.0)) {
            Ok(at) => write!(f, "{at}"),
            Err(_) => write!(f, "(time out of range)"),
        }
    }
}

impl Serialize for Timestamp {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Timestamp {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        Self::parse(&text).ok_or_else(|| serde::de::Error::custom(format!("not an RFC 3339 time: {text:?}")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_and_writes_what_the_server_sends() {
        let text = "2026-11-20T13:50:07.123456789Z";
        let at = Timestamp::parse(text).unwrap();
        assert_eq!(at.to_string(), text);
        assert_eq!(at.to_display(), "2026-11-20 13:50:07");
        assert_eq!(at.to_clock(), "13:50:07");
        assert_eq!(at.to_millis(), "2026-11-20T13:50:07.123Z");
        assert!(Timestamp(-1).to_millis() < Timestamp(0).to_millis());
        let offset = Timestamp::parse("2026-11-20T15:50:07.123456789+02:00").unwrap();
        assert_eq!(offset, at);
    }

    #[test]
    fn clocks_that_differ_are_told_with_both_times() {
        let there = Timestamp::parse("2026-11-20T13:50:07Z").unwrap();
        assert_eq!(skew_in_words(1_400_000_000, there), None);
        let behind = skew_in_words(600_000_000_000, there).unwrap();
        assert!(behind.contains("10m behind the server's: it is 13:40:07 UTC here and 13:50:07 UTC there"), "{behind}");
        let ahead = skew_in_words(-3_000_000_000, there).unwrap();
        assert!(ahead.contains("3s ahead of the server's: it is 13:50:10 UTC here"), "{ahead}");
    }

    #[test]
    fn gos_zero_time_is_no_time() {
        assert_eq!(Timestamp::parse_server("0001-01-01T00:00:00Z"), None);
        assert_eq!(Timestamp::parse("yesterday"), None);
    }

    #[test]
    fn differences_do_not_overflow() {
        let late = Timestamp(i64::MAX);
        let early = Timestamp(i64::MIN);
        assert_eq!(early.since(late), Duration::ZERO);
        assert!(late.since(early) > Duration::ZERO);
        assert_eq!(late.plus(Duration::from_secs(1)), late);
    }
}
