//! Data as lines for a screen or a pipe: JSON in its own order and digits, text, XML, and bytes as hex.
//!
//! Only what is asked for is laid out: [`Body::lines`] goes on from the nearest of the marks that were left on the
//! way. Everything in a [`Span`] is harmless.

mod choose;
mod hex;
mod json;
mod line;
mod text;
mod xml;

use std::borrow::Cow;
use std::ops::Range;

pub use json::compact;
pub use line::{Line, Role, Span};

use super::decoded::Event;
use super::envelope::Envelope;
use line::Pen;

/// The most bytes of a body that are laid out; a note says how many follow.
pub const MOST_SHOWN: usize = 16 << 20;

/// Lines between two marks.
const STRIDE: usize = 256;

/// What the data is, and so how it is laid out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// There is none.
    Empty,
    /// JSON, indented.
    Json,
    /// XML, indented.
    Xml,
    /// Text, as it is.
    Text,
    /// Bytes, 16 a line.
    Bytes,
}

impl Kind {
    /// A stable name, for screens and `--json`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Empty => "empty",
            Self::Json => "json",
            Self::Xml => "xml",
            Self::Text => "text",
            Self::Bytes => "bytes",
        }
    }
}

/// Where laying out goes on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Place {
    /// Bytes before it.
    offset: usize,
    /// How deep in brackets or elements.
    depth: usize,
    /// XML that turned out to be none: the rest is text.
    gave_up: bool,
}

/// The data of an event or the body of a plain message.
#[derive(Clone, Debug)]
pub struct Body<'a> {
    kind: Kind,
    note: Option<String>,
    bytes: Cow<'a, [u8]>,
    /// The place of every [`STRIDE`]th line, as far as it has been looked.
    marks: Vec<Place>,
    /// Lines before `place`.
    counted: usize,
    place: Place,
    finished: bool,
}

impl<'a> Body<'a> {
    /// The data of an event.
    pub fn of(event: &Event<'a>) -> Self {
        let chosen = choose::of(event);
        Self::new(chosen.kind, chosen.bytes, chosen.note)
    }

    /// The body of a plain message, unpacked.
    pub fn of_plain(envelope: &'a Envelope<'_>) -> Self {
        let chosen = choose::by(envelope.content_type(), None, Cow::Borrowed(envelope.body()));
        Self::new(chosen.kind, chosen.bytes, chosen.note)
    }

    /// The bytes of a message as they are: a body as hex, or headers that cannot be decoded.
    pub fn of_bytes(bytes: &'a [u8]) -> Self {
        let kind = if bytes.is_empty() { Kind::Empty } else { Kind::Bytes };
        Self::new(kind, Cow::Borrowed(bytes), None)
    }

    fn new(kind: Kind, bytes: Cow<'a, [u8]>, note: Option<String>) -> Self {
        let place = Place::default();
        Self { kind, note, bytes, marks: vec![place], counted: 0, place, finished: kind == Kind::Empty }
    }

    /// The same with bytes of its own, to be kept longer than the message.
    pub fn into_owned(self) -> Body<'static> {
        Body {
            kind: self.kind,
            note: self.note,
            bytes: Cow::Owned(self.bytes.into_owned()),
            marks: self.marks,
            counted: self.counted,
            place: self.place,
            finished: self.finished,
        }
    }

    /// The same bytes as hex and ASCII.
    #[must_use]
    pub fn as_bytes(self) -> Self {
        let kind = if self.bytes.is_empty() { Kind::Empty } else { Kind::Bytes };
        Self::new(kind, self.bytes, None)
    }

    /// What it is.
    pub fn kind(&self) -> Kind {
        self.kind
    }

    /// Why it is shown as it is, where that is not plain to see; harmless.
    pub fn note(&self) -> Option<&str> {
        self.note.as_deref()
    }

    /// The data itself, decoded from Base64 or unpacked: for writing to a file. Raw.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Lines from 0, the end excluded; fewer where the data ends earlier. Costs what is asked for, and the way there
    /// when it is the first time.
    pub fn lines(&mut self, range: Range<usize>) -> Vec<Line> {
        self.look_to(range.end);
        let mark = (range.start / STRIDE).min(self.marks.len().saturating_sub(1));
        let mut place = self.marks.get(mark).copied().unwrap_or_default();
        let mut lines = Vec::new();
        for number in mark * STRIDE..range.end.min(self.counted) {
            let wanted = number >= range.start;
            let mut pen = Pen::new(wanted);
            self.step(&mut place, &mut pen);
            if wanted {
                lines.push(pen.finish());
            }
        }
        if self.finished && self.bytes.len() > MOST_SHOWN && range.contains(&self.counted) {
            lines.push(self.rest_note());
        }
        lines
    }

    /// How many lines there are. Looks through all of the data, up to [`MOST_SHOWN`], when it is asked first.
    pub fn total(&mut self) -> usize {
        self.look_to(usize::MAX);
        self.counted + usize::from(self.bytes.len() > MOST_SHOWN && self.kind != Kind::Empty)
    }

    /// Finds the marks up to this line.
    fn look_to(&mut self, line: usize) {
        let mut pen = Pen::new(false);
        let mut place = self.place;
        while !self.finished && self.counted < line {
            if !self.step(&mut place, &mut pen) {
                self.finished = true;
                break;
            }
            self.counted += 1;
            if self.counted.is_multiple_of(STRIDE) {
                self.marks.push(place);
            }
        }
        self.place = place;
    }

    /// Lays out one line; `false` when there is none.
    fn step(&self, place: &mut Place, pen: &mut Pen) -> bool {
        let shown = self.bytes.get(..MOST_SHOWN).unwrap_or(&self.bytes);
        match self.kind {
            Kind::Empty => false,
            Kind::Json => json::line(shown, place, pen),
            Kind::Xml => xml::line(shown, place, pen),
            Kind::Text => text::line(shown, place, pen),
            Kind::Bytes => hex::line(shown, place, pen),
        }
    }

    fn rest_note(&self) -> Line {
        let mut pen = Pen::new(true);
        pen.put(Role::Note, &format!("… {} more bytes", self.bytes.len().saturating_sub(MOST_SHOWN)));
        pen.finish()
    }
}

#[cfg(test)]
pub(super) fn plain_text(lines: &[Line]) -> String {
    lines.iter().map(|line| line.iter().map(|s| &*s.text).collect::<String>() + "\n").collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn body(kind: Kind, bytes: &[u8]) -> Body<'_> {
        Body::new(kind, Cow::Borrowed(bytes), None)
    }

    #[test]
    fn any_window_is_a_part_of_the_whole() {
        let json = format!("[{}]", (0..2_000).map(|n| format!("{{\"n\":{n}}}")).collect::<Vec<_>>().join(","));
        let xml = format!("<a>{}</a>", "<b x=\"1\"><c>t</c></b>".repeat(700));
        let text = "line\n".repeat(3_000);
        for (kind, source) in [(Kind::Json, &json), (Kind::Xml, &xml), (Kind::Text, &text), (Kind::Bytes, &text)] {
            let all = body(kind, source.as_bytes()).lines(0..usize::MAX);
            assert!(all.len() > 900, "{kind:?} {}", all.len());
            assert_eq!(body(kind, source.as_bytes()).total(), all.len(), "{kind:?}");
            let mut fresh = body(kind, source.as_bytes());
            for from in [0, 1, 255, 256, 257, 700, all.len() - 1, all.len(), all.len() + 9] {
                let window = fresh.lines(from..from + 40);
                let expected = all.iter().skip(from).take(40).cloned().collect::<Vec<_>>();
                assert_eq!(window, expected, "{kind:?} from {from}");
            }
        }
    }

    #[test]
    fn the_first_screen_of_a_big_body_does_not_look_at_all_of_it() {
        let big = "x\n".repeat(1_000_000);
        let mut body = body(Kind::Text, big.as_bytes());
        assert_eq!(body.lines(0..50).len(), 50);
        assert!(body.marks.len() == 1 && body.counted == 50);
    }

    #[test]
    fn beyond_the_most_there_is_a_note() {
        let big = vec![0; MOST_SHOWN + 5];
        let mut body = Body::of_bytes(&big);
        let total = body.total();
        assert_eq!(total, MOST_SHOWN / 16 + 1);
        let last = body.lines(total - 1..total);
        assert_eq!(plain_text(&last), "… 5 more bytes\n");
    }

    #[test]
    fn nothing_has_no_lines() {
        let mut body = Body::of_bytes(b"");
        assert_eq!((body.kind(), body.total(), body.lines(0..9).len()), (Kind::Empty, 0, 0));
    }
}
