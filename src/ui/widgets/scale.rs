//! The scale of a chart: what its height means.

/// From the value at the foot to the value at the top.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Scale {
    least: f64,
    most: f64,
}

impl Scale {
    /// Of what is drawn; from its least value on, or from 0.
    pub(super) fn of(values: &[Option<f64>], from_least: bool, label: fn(f64) -> String) -> Self {
        let known = || values.iter().flatten().copied();
        let mut most = known().fold(f64::MIN, f64::max).max(0.0);
        let least = if from_least { known().fold(f64::MAX, f64::min).min(most) } else { 0.0 };
        // The mean of a column may be a part of one: the top is then not what is called 0, or the chart would look full
        // of nothing.
        if !from_least && most > 0.0 && label(most) == label(0.0) {
            most = 1.0;
        }
        Self { least, most }
    }

    /// How high a value stands, from 0 to 1. Where all are the same and not 0, in the middle.
    pub(super) fn share(self, value: f64) -> f64 {
        match self.most - self.least {
            range if range > 0.0 => ((value - self.least) / range).clamp(0.0, 1.0),
            _ if value > 0.0 => 0.5,
            _ => 0.0,
        }
    }

    /// What the top means, and the foot where that is not 0; nothing where all values are the same.
    pub(super) fn words(self, label: fn(f64) -> String) -> Option<String> {
        if self.most <= self.least {
            return None;
        }
        let (least, most) = (label(self.least), label(self.most));
        Some(if least == label(0.0) || least == most { most } else { format!("{least} to {most}") })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn whole(value: f64) -> String {
        format!("{value:.0}")
    }

    #[test]
    fn the_top_and_the_foot_are_what_they_are_called() {
        let of = |values: &[f64], from_least| {
            let values: Vec<_> = values.iter().copied().map(Some).collect();
            let scale = Scale::of(&values, from_least, whole);
            let shares: Vec<f64> = values.iter().flatten().map(|value| scale.share(*value)).collect();
            (scale.words(whole), shares)
        };
        let told = |words: &str, shares: &[f64]| (Some(words.to_owned()), shares.to_vec());
        assert_eq!(of(&[0.0, 4.0, 8.0], false), told("8", &[0.0, 0.5, 1.0]));
        assert_eq!(of(&[60.0, 65.0, 70.0], true), told("60 to 70", &[0.0, 0.5, 1.0]));
        assert_eq!(of(&[0.0, 8.0], true), told("8", &[0.0, 1.0]), "from 0 goes without saying");
        assert_eq!(of(&[0.0, 0.25], false), told("1", &[0.0, 0.25]), "a part of one is not the top");
        assert_eq!(of(&[0.0, 0.0], false), (None, vec![0.0, 0.0]));
        assert_eq!(of(&[7.0, 7.0], true), (None, vec![0.5, 0.5]), "what stands still is not nothing");
        assert_eq!(of(&[7.0, 7.0], false), told("7", &[1.0, 1.0]));
        assert_eq!(of(&[], true), (None, vec![]));
    }
}
