//! Chance for the demo: small, quick, and the same for the same seed.

/// A `SplitMix64` generator; not for secrets.
#[derive(Clone, Debug)]
pub(super) struct Dice(u64);

impl Dice {
    /// The same seed throws the same numbers.
    pub(super) const fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// Any number.
    pub(super) const fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    /// A number from 0 to `end` - 1; 0 when `end` is 0.
    pub(super) const fn below(&mut self, end: u64) -> u64 {
        let number = self.next();
        if end == 0 { 0 } else { number % end }
    }

    /// One of these, the earlier ones more often: real traffic has favourites.
    pub(super) fn pick<'a>(&mut self, from: &[&'a str]) -> &'a str {
        let end = from.len() as u64;
        let at = self.below(end).min(self.below(end));
        from.get(at as usize).copied().unwrap_or_default()
    }

    /// This many hexadecimal digits, at most 16.
    pub(super) fn hex(&mut self, digits: usize) -> String {
        let mut text = format!("{:016x}", self.next());
        text.truncate(digits);
        text
    }

    /// An identifier in the form of a UUID.
    pub(super) fn uuid(&mut self) -> String {
        format!("{}-{}-4{}-a{}-{}", self.hex(8), self.hex(4), self.hex(3), self.hex(3), self.hex(12))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_repeats_and_bounds_hold() {
        let (mut a, mut b) = (Dice::new(7), Dice::new(7));
        for _ in 0..1_000 {
            let number = a.below(10);
            assert_eq!(number, b.below(10));
            assert!(number < 10);
        }
        assert_eq!(a.below(0), 0);
        assert_eq!(a.pick(&[]), "");
        assert_eq!(a.uuid().len(), 36);
    }
}
