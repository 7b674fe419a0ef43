//! The filter of lists: what is typed is looked for as it stands in what a row shows, then in the long name behind it;
//! letters in order with others between them count only where nothing in the whole list contains what was typed.

use nucleo_matcher::pattern::{Atom, AtomKind, CaseMatching, Normalization, Pattern};
use nucleo_matcher::{Config, Matcher, Utf32Str};

/// How well a row fits; greater is better.
///
/// A whole name is better than its start, that is better than the start of a word, and that than any other part. What
/// a row shows is better than the long name behind it, unless that was typed as a whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Fit(u32);

/// The whole text was typed.
const WHOLE: u32 = 7;
/// So much better is what a row shows than what it does not.
const SHOWN: u32 = 3;
/// Texts of a row that are told apart, the first of them as the most important.
const TEXTS: u32 = 8;

/// A typed filter, ready to be matched against many rows: words that must all occur, in any case unless a capital was
/// typed. Besides plain words it knows `^start`, `end$`, `!not` and `'exact`.
pub struct Needle {
    pattern: Pattern,
    /// The same words, as the start of a text.
    starts: Vec<Atom>,
    /// Which words are plain ones.
    plain: Vec<bool>,
    loose: bool,
    matcher: Matcher,
    buffer: Vec<char>,
    places: Vec<u32>,
}

impl std::fmt::Debug for Needle {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Needle").field("loose", &self.loose).finish_non_exhaustive()
    }
}

impl Needle {
    /// Reads a filter.
    pub fn new(text: &str) -> Self {
        let pattern = Pattern::parse(text, CaseMatching::Smart, Normalization::Smart);
        let plain = pattern.atoms.iter().map(|atom| atom.kind == AtomKind::Fuzzy).collect();
        let as_start = |atom: &Atom| {
            let mut start = atom.clone();
            (start.kind, start.negative) = (AtomKind::Prefix, false);
            start
        };
        let starts = pattern.atoms.iter().map(as_start).collect();
        let mut needle = Self {
            pattern,
            starts,
            plain,
            loose: false,
            matcher: Matcher::new(Config::DEFAULT),
            buffer: Vec::new(),
            places: Vec::new(),
        };
        needle.loosen(false);
        needle
    }

    /// Lets the letters of plain words stand apart, or not.
    pub fn loosen(&mut self, loose: bool) {
        self.loose = loose;
        let kind = if loose { AtomKind::Fuzzy } else { AtomKind::Substring };
        for (atom, _) in self.pattern.atoms.iter_mut().zip(&self.plain).filter(|(_, plain)| **plain) {
            atom.kind = kind;
        }
    }

    /// Whether everything fits.
    pub fn is_empty(&self) -> bool {
        self.pattern.atoms.is_empty()
    }

    /// How well a row fits that shows these texts, the most important first, and stands for one with a longer name;
    /// `None` when it does not.
    pub fn fit(&mut self, shown: &[&str], hidden: Option<&str>) -> Option<Fit> {
        let mut sum = 0;
        for i in 0..self.pattern.atoms.len() {
            let in_shown = shown.iter().zip((0..TEXTS).rev()).filter_map(|(text, before)| {
                let class = self.class(i, text)?;
                Some((if self.loose || class == WHOLE { class } else { class + SHOWN }) * TEXTS + before)
            });
            let mut best = in_shown.max();
            if self.pattern.atoms[i].negative {
                // Nobody leaves out what is not to be seen: of what a row shows, all must be without it.
                let without = shown.iter().all(|text| self.class(i, text).is_some());
                best = best.filter(|_| without);
            } else if let (None, Some(text), false) = (best, hidden, self.loose) {
                best = self.class(i, text).map(|class| class * TEXTS);
            }
            sum += best?;
        }
        Some(Fit(sum))
    }

    /// Whether it is only the long name that makes a row fit, which has to be seen then.
    pub fn reveals(&mut self, shown: &[&str], hidden: &str) -> bool {
        !self.loose
            && (0..self.pattern.atoms.len()).any(|i| {
                !self.pattern.atoms[i].negative
                    && shown.iter().all(|text| self.class(i, text).is_none())
                    && self.class(i, hidden).is_some()
            })
    }

    /// The positions (in graphemes) that matched, sorted; for highlighting.
    pub fn positions(&mut self, text: &str) -> Vec<u32> {
        let mut positions = Vec::new();
        for i in (0..self.pattern.atoms.len()).filter(|i| !self.pattern.atoms[*i].negative).collect::<Vec<_>>() {
            if self.locate(i, text).is_some() {
                positions.extend_from_slice(&self.places);
            }
        }
        positions.sort_unstable();
        positions.dedup();
        positions
    }

    /// Keeps those that fit; where none does as it was typed, those that have its letters in this order.
    pub fn keep<T>(&mut self, items: &mut Vec<T>, fit: impl Fn(&mut Self, &T) -> Option<Fit>) {
        self.loosen(false);
        if self.is_empty() {
            return;
        }
        let mut fits: Vec<bool> = items.iter().map(|item| fit(self, item).is_some()).collect();
        if !fits.contains(&true) && self.can_be_loose() {
            self.loosen(true);
            fits = items.iter().map(|item| fit(self, item).is_some()).collect();
        }
        let mut fits = fits.into_iter();
        items.retain(|_| fits.next().unwrap_or_default());
    }

    /// Whether letting letters stand apart makes a difference.
    pub fn can_be_loose(&self) -> bool {
        self.plain.contains(&true)
    }

    /// Whether letters may stand apart.
    pub const fn is_loose(&self) -> bool {
        self.loose
    }

    /// How well one word fits one text: its class; apart from that, the score.
    fn class(&mut self, word: usize, text: &str) -> Option<u32> {
        let score = self.locate(word, text)?;
        if self.loose && self.pattern.atoms.get(word).is_some_and(|atom| atom.kind == AtomKind::Fuzzy) {
            return Some(u32::from(score));
        }
        let text = Utf32Str::new(text, &mut self.buffer);
        let (Some(first), length) = (self.places.first().copied(), self.places.len()) else { return Some(0) };
        let starts_word = |at: u32| at == 0 || !text.get(at - 1).is_alphanumeric();
        Some(match first {
            0 if length == text.len() => WHOLE,
            0 => 3,
            first if starts_word(first) => 2,
            _ => 1,
        })
    }

    /// The score of one word in one text; its places are noted, none for one that must not occur.
    fn locate(&mut self, word: usize, text: &str) -> Option<u16> {
        let (atom, start) = (self.pattern.atoms.get(word)?, self.starts.get(word)?);
        let text = Utf32Str::new(text, &mut self.buffer);
        self.places.clear();
        let found = atom.indices(text, &mut self.matcher, &mut self.places);
        if atom.kind != AtomKind::Substring || found.is_some() != atom.negative {
            return found;
        }
        // The matcher goes on behind a part that it has taken for the beginning, so it misses `--c` in `---c`.
        self.places.clear();
        for from in 0..text.len() {
            if let Some(score) = start.indices(text.slice(from..), &mut self.matcher, &mut self.places) {
                if atom.negative {
                    self.places.clear();
                    return None;
                }
                self.places.iter_mut().for_each(|place| *place += u32::try_from(from).unwrap_or(0));
                return Some(score);
            }
        }
        found
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn fits(filter: &str, text: &str) -> bool {
        Needle::new(filter).fit(&[text], None).is_some()
    }

    #[test]
    fn what_was_typed_is_looked_for_as_it_stands() {
        assert!(fits("hub", "eventsource-github-stream"));
        assert!(!fits("siem", "eventsource-github-stream"), "its letters occur, one by one");
        assert!(fits("", "anything"));
        assert!(fits("git !hub", "gitlab"));
        assert!(!fits("git !hub", "github"));
        assert!(fits("^event stream$", "eventsource-github-stream"));
        assert!(fits("--c", "---c") && !fits("!--c", "---c"));
        assert_eq!(Needle::new("--c").positions("---c"), vec![1, 2, 3]);
    }

    #[test]
    fn case_matters_only_where_it_was_typed() {
        assert!(fits("orders", "ORDERS"));
        assert!(!fits("Orders", "orders"));
    }

    #[test]
    fn the_better_fit_is_greater() {
        let mut needle = Needle::new("mail");
        let mut fit = |shown: &[&str], hidden| needle.fit(shown, hidden).unwrap();
        let falling = [
            fit(&["mail"], None),
            fit(&["mailer"], None),
            fit(&["late-mail"], None),
            fit(&["email"], None),
            fit(&["x"], Some("mail-x")),
            fit(&["x"], Some("x-mail")),
            fit(&["x"], Some("x-email")),
        ];
        assert!(falling.is_sorted_by(|a, b| a > b), "{falling:?}");
        assert!(fit(&["x"], Some("mail")) > fit(&["mail-x"], None), "all of the long name");
        assert!(fit(&["mail", "x"], None) > fit(&["x", "mail"], None), "the first text means more");
    }

    #[test]
    fn letters_in_order_count_where_nothing_contains_what_was_typed() {
        let keep = |filter: &str, mut names: Vec<&'static str>| {
            let mut needle = Needle::new(filter);
            needle.keep(&mut names, |needle, name| needle.fit(&[name], None));
            (names, needle.is_loose())
        };
        assert_eq!(keep("shp", vec!["shop", "mail"]), (vec!["shop"], true));
        assert_eq!(keep("shp", vec!["shop", "shp"]), (vec!["shp"], false));
        assert_eq!(keep("'shp", vec!["shop"]), (vec![], false), "it was demanded exactly");
        let mut hidden = vec![("github", "eventsource-github-stream")];
        Needle::new("gitstm").keep(&mut hidden, |needle, (shown, long)| needle.fit(&[shown], Some(long)));
        assert!(hidden.is_empty(), "never letter by letter in what is not seen");
    }

    #[test]
    fn a_long_name_is_seen_only_where_it_alone_fits() {
        let (shown, long) = ("github", "eventsource-github-stream");
        for (filter, reveals) in
            [("git", false), ("stream", true), ("git stream", true), ("eventsource-git", true), ("zzz", false)]
        {
            assert_eq!(Needle::new(filter).reveals(&[shown], long), reveals, "{filter}");
        }
        let mut needle = Needle::new("!stream");
        assert!(needle.fit(&[shown], Some(long)).is_some(), "what is not seen leaves nothing out");
        assert_eq!(Needle::new("sourc").positions(long), vec![5, 6, 7, 8, 9]);
    }

    proptest! {
        #[test]
        fn a_text_fits_exactly_when_it_contains_what_was_typed(text in "[a-c.-]{0,12}", word in "[a-c-]{1,3}") {
            prop_assert_eq!(fits(&word, &text), text.contains(&word));
        }
    }
}
