//! Standard output: nothing but data goes there, and a reader that leaves is no error.

use std::fmt::Write as _;
use std::io::{self, Write};

use serde::Serialize;
use unicode_width::UnicodeWidthStr;

use crate::config::secret::scrubbed;
use crate::event::{clean_line, escape, push_json};
use crate::model::{Said, units};
use crate::query::Mistake;
use crate::query::mistake::short;

/// Writes text to standard output at once.
pub(super) fn print(text: &str) -> io::Result<()> {
    let mut out = io::stdout().lock();
    out.write_all(text.as_bytes())?;
    out.flush()
}

/// Writes a note for a person to standard error; that it cannot be written is nothing to tell.
pub(super) fn note(text: &str) {
    // Sentences are made without secrets; this is for those that quote what somebody typed in the wrong place.
    let _ = writeln!(io::stderr(), "jetscope: {}", scrubbed(text));
}

/// One document on one line. Characters that act on a terminal are escaped, so that the text says the same
/// to a parser and does no harm on a screen.
pub(super) fn json<T: Serialize>(document: &T) -> io::Result<String> {
    let mut out = Vec::new();
    push_json(&mut out, document)?;
    escape(&mut out, 0);
    out.push(b'\n');
    String::from_utf8(out).map_err(io::Error::other)
}

/// The most characters of what was typed that are marked.
const MOST_TYPED: usize = 160;
/// As many are shown on each side of what is marked.
const AROUND: usize = 40;

/// The longest bar of a histogram, in cells.
const LONGEST: u64 = 40;

/// A description, a line each; server-supplied text is made safe here.
pub(super) fn said(said: &[Said]) -> String {
    let mut out = String::new();
    for said in said {
        // Writing to a String cannot fail.
        let _ = match said {
            Said::Fact(name, value) => writeln!(out, "{name:<14}{}", clean_line(value)),
            Said::At(at, words) => writeln!(out, "{at}  {}", clean_line(words)),
            Said::Title(title) => writeln!(out, "\n{title}"),
            Said::Count(count, what) => writeln!(out, "  {:>9}  {}", units::count_exact(*count), clean_line(what)),
            Said::Bar(from, count, share) => {
                let cells = (u64::from(*share) * LONGEST).div_ceil(1_000) as usize;
                writeln!(out, "  {from}  {:>9}  {}", units::count_exact(*count), "#".repeat(cells))
            }
            Said::Warning(line) | Said::Obstacle(line) | Said::More(line) => writeln!(out, "  {}", clean_line(line)),
        };
    }
    out
}

/// The sentence about a mistake, and below it the text with its place marked; of long text what is around it.
pub(super) fn pointed(text: &str, mistake: &Mistake) -> String {
    let (before, rest) = text.split_at_checked(mistake.at.start).unwrap_or((text, ""));
    let (marked, after) = rest.split_at_checked(mistake.at.len()).unwrap_or((rest, ""));
    // The whole of it, unless that is long.
    let beside = AROUND.max(MOST_TYPED.saturating_sub(mistake.at.len()) / 2);
    let before = match before.char_indices().nth_back(beside) {
        Some((at, c)) => format!("…{}", before.get(at + c.len_utf8()..).unwrap_or_default()),
        None => before.to_owned(),
    };
    let (marked, after) = (short(marked, MOST_TYPED), short(after, beside));
    let [before, marked, after] = [&*before, &*marked, &*after].map(clean_line);
    let carets = "^".repeat(marked.width().max(1));
    let sentence = mistake.to_string();
    format!("{}\n  {before}{marked}{after}\n  {}{carets}", clean_line(&sentence), " ".repeat(before.width()))
}

/// A table: a heading, cells aligned by their width on screen, two blanks between.
#[derive(Debug)]
pub(super) struct Table {
    right: Vec<bool>,
    rows: Vec<Vec<String>>,
}

impl Table {
    /// With these headings; those that begin with `>` are aligned to the right, without the sign.
    pub(super) fn new(headings: &[&str]) -> Self {
        Self {
            right: headings.iter().map(|h| h.starts_with('>')).collect(),
            rows: vec![headings.iter().map(|h| h.trim_start_matches('>').to_owned()).collect()],
        }
    }

    /// Adds a row; server-supplied text is made safe here.
    pub(super) fn row(&mut self, cells: Vec<String>) {
        self.rows.push(cells.into_iter().map(|cell| clean_line(&cell).into_owned()).collect());
    }

    /// The text, a line a row.
    pub(super) fn text(&self) -> String {
        let width = |i: usize| self.rows.iter().filter_map(|r| r.get(i)).map(|c| c.width()).max().unwrap_or(0);
        let widths: Vec<usize> = (0..self.right.len()).map(width).collect();
        let mut out = String::new();
        for row in &self.rows {
            let mut line = String::new();
            for (i, cell) in row.iter().enumerate() {
                let pad = " ".repeat(widths.get(i).copied().unwrap_or(0).saturating_sub(cell.width()));
                let (before, after) = if self.right[i] { (pad.as_str(), "") } else { ("", pad.as_str()) };
                if i > 0 {
                    line.push_str("  ");
                }
                let _ = write!(line, "{before}{cell}{after}");
            }
            out.push_str(line.trim_end());
            out.push('\n');
        }
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_are_aligned_by_what_is_seen() {
        let mut table = Table::new(&["NAME", ">N"]);
        table.row(vec!["日本".into(), "1".into()]);
        table.row(vec!["a\u{1b}".into(), "100".into()]);
        assert_eq!(table.text(), "NAME    N\n日本    1\na␛    100\n");
    }

    #[test]
    fn of_long_text_only_what_is_around_the_mistake_is_shown() {
        let long = format!("{} typ == 'x' {}", "(type = 'é') AND".repeat(1_000), " OR id = '1'".repeat(900));
        for text in [long, "'".repeat(15_999), "x.".repeat(8_000), "(".repeat(16_000), "ö".repeat(9_000)] {
            let mistake = crate::query::Filter::expression(&text).unwrap_err();
            let said = pointed(&text, &mistake);
            assert!(said.chars().count() < 1_600, "{} {said}", said.len());
            let lines: Vec<&str> = said.lines().collect();
            let mark = lines[2].find('^').unwrap();
            assert!(mark <= 2 + 81 && lines[1].contains('…'), "{said}");
        }
        let (text, at) = (format!("{}b", "a".repeat(100)), 100..101);
        let said = pointed(&text, &Mistake::new(at, "no"));
        assert_eq!(said, format!("no\n  …{}b\n  {}^", "a".repeat(79), " ".repeat(80)));
    }

    #[test]
    fn json_says_the_same_and_acts_on_nothing() {
        let hostile = "a\u{1b}[31m\u{202e}\u{9b}é\u{e0041}";
        let text = json(&hostile).unwrap();
        assert_eq!(serde_json::from_str::<String>(&text).unwrap(), hostile);
        assert!(!text.contains(['\u{1b}', '\u{202e}', '\u{9b}', '\u{e0041}']), "{text}");
        assert!(text.contains('é'));
    }
}
