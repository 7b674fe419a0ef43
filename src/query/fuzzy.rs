//! The filter of lists: fuzzy, smart case, several words that must all match.

use nucleo_matcher::pattern::{CaseMatching, Normalization, Pattern};
use nucleo_matcher::{Config, Matcher, Utf32Str};

/// A typed filter, ready to be matched against many names.
pub struct Fuzzy {
    pattern: Pattern,
    matcher: Matcher,
    buffer: Vec<char>,
}

impl std::fmt::Debug for Fuzzy {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Fuzzy").finish_non_exhaustive()
    }
}

impl Fuzzy {
    /// Reads a filter. Besides plain letters it knows `'exact`, `^start`, `end$` and `!not`.
    pub fn new(text: &str) -> Self {
        Self {
            pattern: Pattern::parse(text, CaseMatching::Smart, Normalization::Smart),
            matcher: Matcher::new(Config::DEFAULT),
            buffer: Vec::new(),
        }
    }

    /// How well it fits: higher is better, `None` when it does not.
    pub fn score(&mut self, text: &str) -> Option<u32> {
        self.pattern.score(Utf32Str::new(text, &mut self.buffer), &mut self.matcher)
    }

    /// The positions (in characters) that matched, sorted; for highlighting.
    pub fn positions(&mut self, text: &str) -> Vec<u32> {
        let mut positions = Vec::new();
        if self.pattern.indices(Utf32Str::new(text, &mut self.buffer), &mut self.matcher, &mut positions).is_some() {
            positions.sort_unstable();
            positions.dedup();
        }
        positions
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fits(filter: &str, text: &str) -> bool {
        Fuzzy::new(filter).score(text).is_some()
    }

    #[test]
    fn letters_in_order_fit() {
        assert!(fits("ghb", "eventsource-github-stream"));
        assert!(fits("", "anything"));
        assert!(!fits("bhg", "github"));
        assert!(fits("git !hub", "gitlab"));
        assert!(!fits("git !hub", "github"));
        assert!(fits("^event stream$", "eventsource-github-stream"));
    }

    #[test]
    fn case_matters_only_where_it_was_typed() {
        assert!(fits("orders", "ORDERS"));
        assert!(!fits("Orders", "orders"));
    }

    #[test]
    fn the_better_fit_scores_higher_and_tells_where() {
        let mut fuzzy = Fuzzy::new("mail");
        assert!(fuzzy.score("mail") > fuzzy.score("m-a-i-l"));
        assert_eq!(fuzzy.positions("email"), vec![1, 2, 3, 4]);
    }
}
