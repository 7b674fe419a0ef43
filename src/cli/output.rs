//! Standard output: nothing but data goes there, and a reader that leaves is no error.

use std::fmt::Write as _;
use std::io::{self, BufWriter, Write};

use serde::Serialize;
use unicode_width::UnicodeWidthStr;

use crate::config::secret::scrubbed;
use crate::event::{clean_line, escape};
use crate::model::{Said, units};
use crate::query::Mistake;
use crate::query::mistake::short;

/// Writes text to standard output at once.
pub(super) fn print(text: &str) -> io::Result<()> {
    let mut out = io::stdout().lock();
    out.write_all(text.as_bytes())?;
    out.flush()
}

/// Writes to standard output what is made piece by piece.
pub(super) fn print_with(write: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> io::Result<()> {
    let mut out = BufWriter::new(io::stdout().lock());
    write(&mut out)?;
    out.flush()
}

/// As [`print`], for the last that a command prints.
pub(super) fn print_last(text: &str) -> io::Result<()> {
    last(print(text))
}

/// The last that a command prints: where the reader has left by then, its own exit code stands.
pub(super) fn last(printed: io::Result<()>) -> io::Result<()> {
    match printed {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        printed => printed,
    }
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
    write_json(&mut out, document)?;
    String::from_utf8(out).map_err(io::Error::other)
}

/// The same, written as it is made.
pub(super) fn write_json<T: Serialize>(out: &mut dyn Write, document: &T) -> io::Result<()> {
    let mut pieces = Pieces { out, held: Vec::new() };
    serde_json::to_writer(&mut pieces, document)?;
    pieces.let_go()?;
    out.write_all(b"\n")
}

/// JSON on its way out, made harmless in pieces that end with a string: what may stay as it is depends on what stands
/// before it in the same string.
struct Pieces<'a> {
    out: &'a mut dyn Write,
    held: Vec<u8>,
}

impl Pieces<'_> {
    fn let_go(&mut self) -> io::Result<()> {
        escape(&mut self.held, 0);
        self.out.write_all(&self.held)?;
        self.held.clear();
        Ok(())
    }
}

impl Write for Pieces<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.held.extend_from_slice(bytes);
        // A quote is written alone where a string begins or ends.
        if self.held.len() >= PIECE && bytes == b"\"" {
            self.let_go()?;
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// The least bytes that are written at once.
const PIECE: usize = 64 << 10;

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

/// A table: a heading, cells aligned by their width on screen, two blanks between. Headings that begin with `>` are
/// aligned to the right, without the sign. Server-supplied text is made safe here. The rows are made twice, once to be
/// measured and once to be written: of very many they are never all in memory.
pub(super) fn table<I>(out: &mut dyn Write, headings: &[&str], rows: impl Fn() -> I) -> io::Result<()>
where
    I: Iterator<Item = Vec<String>>,
{
    let heading = || headings.iter().map(|h| h.trim_start_matches('>').to_owned()).collect::<Vec<_>>();
    let mut widths = vec![0; headings.len()];
    for row in std::iter::once(heading()).chain(rows()) {
        for (width, cell) in widths.iter_mut().zip(&row) {
            *width = clean_line(cell).width().max(*width);
        }
    }
    for row in std::iter::once(heading()).chain(rows()) {
        let mut line = String::new();
        for ((cell, width), heading) in row.iter().zip(&widths).zip(headings) {
            let cell = clean_line(cell);
            let pad = " ".repeat(width.saturating_sub(cell.width()));
            let (before, after) = if heading.starts_with('>') { (pad.as_str(), "") } else { ("", pad.as_str()) };
            // Writing to a String cannot fail.
            let _ = write!(line, "{before}{cell}{after}  ");
        }
        out.write_all(line.trim_end().as_bytes())?;
        out.write_all(b"\n")?;
    }
    Ok(())
}

/// The same with few rows, as a text.
#[derive(Debug)]
pub(super) struct Table {
    headings: Vec<&'static str>,
    rows: Vec<Vec<String>>,
}

impl Table {
    pub(super) fn new(headings: &[&'static str]) -> Self {
        Self { headings: headings.to_vec(), rows: Vec::new() }
    }

    pub(super) fn row(&mut self, cells: Vec<String>) {
        self.rows.push(cells);
    }

    pub(super) fn text(&self) -> io::Result<String> {
        let mut out = Vec::new();
        table(&mut out, &self.headings, || self.rows.iter().cloned())?;
        String::from_utf8(out).map_err(io::Error::other)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_are_aligned_by_what_is_seen() {
        let rows = [["日本", "1"], ["a\u{1b}", "100"]];
        let mut out = Vec::new();
        table(&mut out, &["NAME", ">N"], || rows.iter().map(|row| row.map(str::to_owned).to_vec())).unwrap();
        assert_eq!(String::from_utf8(out).unwrap(), "NAME    N\n日本    1\na␛    100\n");
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
    fn json_in_pieces_is_the_same_as_at_once() {
        let mut text = String::from("👩\u{200d}🚀\u{200d} می\u{200c}خواهم \"\u{202e}é");
        let strings: Vec<String> = (0..3_000)
            .map(|n| {
                text.insert(0, if n % 2 == 0 { '7' } else { '\u{fe0f}' });
                text.chars().take(40 + n % 7).collect()
            })
            .collect();
        let mut whole = serde_json::to_vec(&strings).unwrap();
        assert!(whole.len() > 2 * PIECE);
        escape(&mut whole, 0);
        let pieces = json(&crate::model::document::Each(|| strings.iter())).unwrap();
        assert_eq!(pieces.trim_end().as_bytes(), whole);
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
