//! A line of spans, each with its role; made harmless and kept short here, for all kinds of data.

use crate::model::sanitise::{clean, clean_line};

/// What a piece of a line is, so that it can be coloured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// Text that is nothing special; indentation.
    Text,
    /// A member's name, with its quotes.
    Key,
    /// A string, with its quotes.
    String,
    /// A number, with the digits that were sent.
    Number,
    /// `true`, `false`, `null`.
    Literal,
    /// Brackets, commas, colons.
    Punctuation,
    /// A tag, a comment or an instruction of XML.
    Markup,
    /// The offset in front of bytes.
    Offset,
    /// Words of ours, not of the data.
    Note,
    /// The heading of a part.
    Title,
    /// The name of an attribute, a header or a fact.
    Name,
    /// What is wrong.
    Error,
    /// What should be otherwise.
    Warning,
}

/// A piece of a line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Span {
    /// What it is.
    pub role: Role,
    /// Its text; harmless.
    pub text: String,
}

/// One line.
pub type Line = Vec<Span>;

/// The most bytes of one piece; a note says how many follow. No screen is wider, and a line of megabytes would be
/// measured and copied for each frame.
const LONGEST: usize = 8 << 10;

/// The deepest indentation, in steps of two columns.
pub(super) const DEEPEST: usize = 40;

/// Collects a line, or only measures it.
pub(super) struct Pen {
    writes: bool,
    line: Line,
    /// Columns of what was only measured, at most.
    columns: usize,
    /// Something was only measured whose columns its bytes do not tell.
    odd: bool,
    /// Columns of space in front.
    indent: usize,
    /// The most columns of space in front.
    most: usize,
}

impl Pen {
    /// A pen for lines of a panel of this width.
    pub(super) fn new(writes: bool, width: usize) -> Self {
        Self { writes, line: Vec::new(), columns: 0, odd: false, indent: 0, most: (width / 4).min(DEEPEST) * 2 }
    }

    pub(super) fn finish(self) -> Line {
        self.line
    }

    /// Whether it writes; where it does not, nothing needs to be prepared for it.
    pub(super) fn writes(&self) -> bool {
        self.writes
    }

    /// Columns of a line that was only measured, where that can be told without laying it out: exactly, or not more
    /// than one row of this width has.
    pub(super) fn columns(&self, width: usize) -> Option<usize> {
        (!self.odd || self.columns <= width).then_some(self.columns)
    }

    /// Columns of space in front of the line.
    pub(super) fn indented(&self) -> usize {
        self.indent
    }

    /// Measures what is not prepared.
    pub(super) fn skip(&mut self, columns: usize) {
        self.columns += columns;
    }

    /// A piece of our own making.
    pub(super) fn put(&mut self, role: Role, text: &str) {
        if !self.writes {
            self.odd |= !text.is_ascii();
            self.columns += text.len();
        } else if !text.is_empty() {
            self.line.push(Span { role, text: text.into() });
        }
    }

    /// Space in front, two columns a level.
    pub(super) fn indent(&mut self, depth: usize) {
        self.indent = depth.saturating_mul(2).min(self.most);
        if !self.writes {
            self.columns += self.indent;
        } else if self.indent > 0 {
            self.line.push(Span { role: Role::Text, text: " ".repeat(self.indent) });
        }
    }

    /// A piece of the data, on one line.
    pub(super) fn piece(&mut self, role: Role, bytes: &[u8]) {
        self.wire(role, bytes, |text| clean_line(text).into_owned());
    }

    /// A line of text, its tabs turned into spaces.
    pub(super) fn text_line(&mut self, bytes: &[u8]) {
        if !self.writes {
            // A tab is eight columns at most.
            self.columns += bytes.iter().map(|b| 7 * usize::from(*b == b'\t')).sum::<usize>();
        }
        self.wire(Role::Text, bytes.strip_suffix(b"\r").unwrap_or(bytes), clean);
    }

    fn wire(&mut self, role: Role, bytes: &[u8], clean: impl Fn(&str) -> String) {
        if !self.writes {
            let odd = bytes.len() > LONGEST || !bytes.iter().all(|b| (0x20..0x7f).contains(b));
            self.odd |= odd;
            // With the note behind what is cut; what is invisible has two bytes or more, and up to nine columns.
            self.columns += bytes.len() * if odd { 5 } else { 1 } + if bytes.len() > LONGEST { 40 } else { 0 };
            return;
        }
        if bytes.is_empty() {
            return;
        }
        let mut end = bytes.len().min(LONGEST);
        // Not through the middle of a character.
        while end < bytes.len() && end > 0 && bytes.get(end).is_some_and(|b| b & 0xc0 == 0x80) {
            end -= 1;
        }
        let start = bytes.get(..end).unwrap_or_default();
        self.line.push(Span { role, text: clean(&String::from_utf8_lossy(start)) });
        if end < bytes.len() {
            self.put(Role::Note, &format!(" … {} more bytes", bytes.len() - end));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_pieces_are_cut_between_characters() {
        let mut pen = Pen::new(true, usize::MAX);
        pen.piece(Role::String, "é".repeat(LONGEST).as_bytes());
        pen.piece(Role::String, format!("x{}", "é".repeat(LONGEST)).as_bytes());
        let line = pen.finish();
        assert!(line.iter().all(|s| !s.text.contains('\u{fffd}')));
        assert_eq!(line[1], Span { role: Role::Note, text: format!(" … {LONGEST} more bytes") });
        assert_eq!(line[3].text, format!(" … {} more bytes", LONGEST + 2));
    }

    #[test]
    fn pieces_are_harmless() {
        let mut pen = Pen::new(true, usize::MAX);
        pen.piece(Role::Text, b"\x1b[2J\t\xff");
        pen.text_line(b"\ta\x1b");
        let line = pen.finish();
        assert_eq!((&*line[0].text, &*line[1].text), ("␛[2J␉\u{fffd}", "        a␛"));
    }
}
