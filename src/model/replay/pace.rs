//! How fast a replay goes.

use std::fmt;
use std::time::Duration;

use serde::{Deserialize, Serialize};

/// The longest pause between two events at recorded spacing.
pub const SPACING_CAP: Duration = Duration::from_secs(5);

/// How fast: as typed after `--pace`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum Pace {
    /// As fast as it goes.
    #[default]
    Max,
    /// So many events a second.
    PerSecond(f64),
    /// With the recorded spacing, so many times faster (0.5 is half as fast). Gaps are at most [`SPACING_CAP`].
    Times(f64),
    /// One event each time it is asked for.
    Step,
}

impl Pace {
    /// Reads `max`, `N/s`, `xN` or `step`; the error says what is right.
    pub fn parse(text: &str) -> Result<Self, String> {
        let word = text.trim();
        let number = |digits: &str| digits.trim().parse::<f64>().ok().filter(|n| n.is_finite() && *n > 0.0);
        let lower = word.to_ascii_lowercase();
        let pace = match lower.as_str() {
            "max" => Some(Self::Max),
            "step" => Some(Self::Step),
            other => {
                let rate = other.strip_suffix("/s").and_then(number).filter(|n| *n >= 0.001).map(Self::PerSecond);
                rate.or_else(|| other.strip_prefix('x').and_then(number).map(Self::Times))
            }
        };
        pace.ok_or_else(|| format!("{word:?} is no pace; it is max, N/s (such as 50/s), xN (such as x2) or step"))
    }

    /// The next faster pace, for the key that speeds up.
    #[must_use]
    pub fn faster(self) -> Self {
        match self {
            Self::Max => Self::Max,
            Self::PerSecond(n) => Self::PerSecond((n * 2.0).min(1_000_000.0)),
            Self::Times(n) => Self::Times((n * 2.0).min(1_000_000.0)),
            Self::Step => Self::PerSecond(1.0),
        }
    }

    /// The next slower pace; `now` is the present rate, which `max` is halved from.
    #[must_use]
    pub fn slower(self, now: f64) -> Self {
        match self {
            Self::Max => Self::PerSecond((now / 2.0).max(1.0).round()),
            Self::PerSecond(n) => Self::PerSecond((n / 2.0).max(0.1)),
            Self::Times(n) => Self::Times((n / 2.0).max(0.001)),
            Self::Step => Self::Step,
        }
    }
}

impl fmt::Display for Pace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Max => f.write_str("max"),
            Self::PerSecond(n) => write!(f, "{n}/s"),
            Self::Times(n) => write!(f, "x{n}"),
            Self::Step => f.write_str("step"),
        }
    }
}

impl From<Pace> for String {
    fn from(pace: Pace) -> Self {
        pace.to_string()
    }
}

impl TryFrom<String> for Pace {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        Self::parse(&text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paces_are_read_as_they_are_written() {
        for (text, pace) in [
            ("max", Pace::Max),
            ("50/s", Pace::PerSecond(50.0)),
            ("0.5/s", Pace::PerSecond(0.5)),
            ("x2", Pace::Times(2.0)),
            ("x0.25", Pace::Times(0.25)),
            ("step", Pace::Step),
        ] {
            assert_eq!(Pace::parse(text), Ok(pace));
            assert_eq!(pace.to_string(), text);
        }
        assert_eq!(Pace::parse(" X2 "), Ok(Pace::Times(2.0)));
        for wrong in ["", "fast", "0/s", "-1/s", "x0", "xNaN", "1e999/s", "50", "/s", "x"] {
            assert!(Pace::parse(wrong).unwrap_err().contains("max, N/s"), "{wrong}");
        }
    }

    #[test]
    fn a_key_makes_it_faster_or_slower() {
        assert_eq!(Pace::Max.slower(800.0), Pace::PerSecond(400.0));
        assert_eq!(Pace::PerSecond(400.0).faster(), Pace::PerSecond(800.0));
        assert_eq!(Pace::Times(2.0).slower(0.0), Pace::Times(1.0));
        assert_eq!(Pace::Step.faster(), Pace::PerSecond(1.0));
    }
}
