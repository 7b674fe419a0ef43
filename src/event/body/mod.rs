//! Data as lines for a screen or a pipe: JSON in its own order and digits, text, XML, and bytes as hex.
//!
//! Only what is asked for is laid out: [`Body::lines`] goes on from the nearest of the marks that were left on the
//! way. Everything in a [`Span`] is harmless.

mod choose;
mod fold;
mod hex;
mod json;
mod line;
mod path;
mod text;
mod xml;

use std::borrow::Cow;
use std::ops::{Deref, Range};

use bytes::Bytes;

pub(super) use fold::fold;
#[cfg(test)]
pub use json::compact;
pub use json::{compact_onto, pretty};
pub use line::{Line, Role, Span};
pub(super) use path::{Leaf, leaf_at, leaves};

use super::decoded::Event;
use super::envelope::Envelope;
use super::layout::fit;
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

/// A place that was left on the way, and the rows before it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Mark {
    place: Place,
    rows: usize,
}

/// Bytes of a message, or of our own.
#[derive(Clone, Debug)]
enum Store<'a> {
    Borrowed(&'a [u8]),
    Shared(Bytes),
}

impl Deref for Store<'_> {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        match self {
            Self::Borrowed(bytes) => bytes,
            Self::Shared(bytes) => bytes,
        }
    }
}

impl<'a> From<Cow<'a, [u8]>> for Store<'a> {
    fn from(bytes: Cow<'a, [u8]>) -> Self {
        match bytes {
            Cow::Borrowed(bytes) => Self::Borrowed(bytes),
            Cow::Owned(bytes) => Self::Shared(bytes.into()),
        }
    }
}

/// The data of an event or the body of a plain message.
#[derive(Clone, Debug)]
pub struct Body<'a> {
    kind: Kind,
    note: Option<String>,
    bytes: Store<'a>,
    /// What was sent, where the bytes are text that was made of it.
    raw: Option<Store<'a>>,
    /// The columns that lines are broken into; without a limit they are not.
    width: usize,
    /// The bytes that are laid out.
    most: usize,
    /// The place of every [`STRIDE`]th line, as far as it has been looked.
    marks: Vec<Mark>,
    /// Lines before `place`.
    passed: usize,
    /// Rows before `place`: as many as lines where these are not broken.
    counted: usize,
    place: Place,
    finished: bool,
}

impl<'a> Body<'a> {
    /// The data of an event.
    pub fn of(event: &Event<'a>) -> Self {
        Self::chosen(choose::of(event))
    }

    /// The body of a plain message, unpacked.
    pub fn of_plain(envelope: &'a Envelope<'_>) -> Self {
        Self::chosen(choose::sent(envelope.content_type(), None, Cow::Borrowed(envelope.body())))
    }

    /// The bytes of a message as they are: a body as hex, or headers that cannot be decoded.
    pub fn of_bytes(bytes: &'a [u8]) -> Self {
        let kind = if bytes.is_empty() { Kind::Empty } else { Kind::Bytes };
        Self::new(kind, Cow::Borrowed(bytes), None)
    }

    fn chosen(chosen: choose::Chosen<'a>) -> Self {
        Self { raw: chosen.raw.map(Store::from), ..Self::new(chosen.kind, chosen.bytes, chosen.note) }
    }

    fn new(kind: Kind, bytes: Cow<'a, [u8]>, note: Option<String>) -> Self {
        Self::laid_out(kind, bytes.into(), None, note, usize::MAX)
    }

    fn laid_out(kind: Kind, bytes: Store<'a>, raw: Option<Store<'a>>, note: Option<String>, width: usize) -> Self {
        let (place, finished) = (Place::default(), kind == Kind::Empty);
        let (most, marks) = (MOST_SHOWN, vec![Mark::default()]);
        Self { kind, note, bytes, raw, width, most, marks, passed: 0, counted: 0, place, finished }
    }

    /// JSON text of our own.
    pub(super) fn of_json(source: String) -> Body<'static> {
        Body::new(Kind::Json, Cow::Owned(source.into_bytes()), None)
    }

    /// The same, of which no more than so many bytes are laid out.
    #[must_use]
    pub fn up_to(self, most: usize) -> Self {
        Self { most: most.min(MOST_SHOWN), ..Self::laid_out(self.kind, self.bytes, self.raw, self.note, self.width) }
    }

    /// The same, its lines broken into rows of so many columns; all that speaks of lines speaks of rows then.
    #[must_use]
    pub fn folded(self, width: usize) -> Self {
        Self::laid_out(self.kind, self.bytes, self.raw, self.note, width.max(1))
    }

    /// The same, to be kept longer than the message. It shares the bytes of the message where it can.
    pub fn into_shared(self, message: &Bytes) -> Body<'static> {
        let shared = |store: Store<'_>| match store {
            Store::Borrowed(bytes) => {
                let (all, part) = (message.as_ptr_range(), bytes.as_ptr_range());
                let inside = all.start <= part.start && part.end <= all.end;
                if inside { message.slice_ref(bytes) } else { Bytes::copy_from_slice(bytes) }
            }
            Store::Shared(bytes) => bytes,
        };
        Body {
            kind: self.kind,
            note: self.note,
            bytes: Store::Shared(shared(self.bytes)),
            raw: self.raw.map(|raw| Store::Shared(shared(raw))),
            width: self.width,
            most: self.most,
            marks: self.marks,
            passed: self.passed,
            counted: self.counted,
            place: self.place,
            finished: self.finished,
        }
    }

    /// The same bytes as hex and ASCII.
    #[must_use]
    pub fn as_bytes(self) -> Self {
        let bytes = self.raw.unwrap_or(self.bytes);
        let kind = if bytes.is_empty() { Kind::Empty } else { Kind::Bytes };
        Self::laid_out(kind, bytes, None, None, self.width)
    }

    /// What it is.
    pub fn kind(&self) -> Kind {
        self.kind
    }

    /// Why it is shown as it is, where that is not plain to see; harmless.
    pub fn note(&self) -> Option<&str> {
        self.note.as_deref()
    }

    /// The same as [`Body::bytes`], to be kept.
    pub(super) fn shared(&self) -> Bytes {
        match self.raw.as_ref().unwrap_or(&self.bytes) {
            Store::Borrowed(bytes) => Bytes::copy_from_slice(bytes),
            Store::Shared(bytes) => bytes.clone(),
        }
    }

    /// The data itself, decoded from Base64 or unpacked: for writing to a file. Raw.
    pub fn bytes(&self) -> &[u8] {
        self.raw.as_ref().unwrap_or(&self.bytes)
    }

    /// The same as it is shown: what is text is in UTF-8, whatever it came in. Raw.
    pub fn shown(&self) -> &[u8] {
        &self.bytes
    }

    /// Lines from 0, the end excluded; fewer where the data ends earlier. Costs what is asked for, and the way there
    /// when it is the first time.
    pub fn lines(&mut self, range: Range<usize>) -> Vec<Line> {
        self.look_to(range.end);
        let Mark { mut place, rows: mut row } = self.mark_before(range.start);
        let mut lines = Vec::new();
        while row < range.end.min(self.counted) {
            let mut ahead = place;
            let (_, rows) = self.measure(&mut ahead);
            if row + rows > range.start {
                let wanted = range.start.saturating_sub(row)..range.end - row;
                lines.extend(self.write(&mut place).into_iter().take(wanted.end).skip(wanted.start));
            }
            place = ahead;
            row += rows;
        }
        if self.finished && self.bytes.len() > self.most && range.contains(&self.counted) {
            lines.push(self.rest_note());
        }
        lines
    }

    /// How many lines there are. Looks through all of the data, up to [`MOST_SHOWN`], when it is asked first.
    pub fn total(&mut self) -> usize {
        self.look_to(usize::MAX);
        self.counted + usize::from(self.bytes.len() > self.most && self.kind != Kind::Empty)
    }

    /// Where in the bytes the line of this row begins.
    pub fn offset(&mut self, wanted: usize) -> Option<usize> {
        self.look_to(wanted.saturating_add(1));
        let Mark { mut place, rows: mut row } = self.mark_before(wanted);
        while row < self.counted {
            let offset = place.offset;
            row += self.measure(&mut place).1;
            if wanted < row {
                return Some(offset);
            }
        }
        None
    }

    fn mark_before(&self, row: usize) -> Mark {
        let after = self.marks.partition_point(|mark| mark.rows <= row);
        self.marks.get(after.saturating_sub(1)).copied().unwrap_or_default()
    }

    /// Finds the marks up to this row.
    fn look_to(&mut self, row: usize) {
        let mut place = self.place;
        while !self.finished && self.counted < row {
            let (more, rows) = self.measure(&mut place);
            if !more {
                self.finished = true;
                break;
            }
            self.counted += rows;
            self.passed += 1;
            if self.passed.is_multiple_of(STRIDE) {
                self.marks.push(Mark { place, rows: self.counted });
            }
        }
        self.place = place;
    }

    /// Passes a line: whether there was one, and how many rows it has.
    fn measure(&self, place: &mut Place) -> (bool, usize) {
        let mut pen = Pen::new(false, self.width);
        let mut ahead = *place;
        let more = self.step(&mut ahead, &mut pen);
        let rows = if self.width == usize::MAX {
            1
        } else if let Some(columns) = pen.columns(self.width) {
            fold::count(columns, self.width, fold::hang(pen.indented(), self.width))
        } else {
            self.write(&mut place.clone()).len()
        };
        *place = ahead;
        (more, rows)
    }

    /// The rows of a line.
    fn write(&self, place: &mut Place) -> Vec<Line> {
        let mut pen = Pen::new(true, self.width);
        self.step(place, &mut pen);
        if self.width == usize::MAX {
            return vec![pen.finish()];
        }
        let hang = fold::hang(pen.indented(), self.width);
        fold(pen.finish(), self.width, hang)
    }

    /// Lays out one line; `false` when there is none.
    fn step(&self, place: &mut Place, pen: &mut Pen) -> bool {
        let shown = self.bytes.get(..self.most).unwrap_or(&self.bytes);
        match self.kind {
            Kind::Empty => false,
            Kind::Json => json::line(shown, place, pen),
            Kind::Xml => xml::line(shown, place, pen),
            Kind::Text => text::line(shown, place, pen),
            Kind::Bytes => hex::line(shown, place, pen, hex::per_line(self.width)),
        }
    }

    fn rest_note(&self) -> Line {
        let mut pen = Pen::new(true, self.width);
        let note = format!("… {} more bytes", self.bytes.len().saturating_sub(self.most));
        pen.put(Role::Note, &fit(&note, self.width));
        pen.finish()
    }
}

#[cfg(test)]
pub(super) fn plain_text(lines: &[Line]) -> String {
    lines.iter().map(|line| line.iter().map(|s| &*s.text).collect::<String>() + "\n").collect()
}

#[cfg(test)]
mod tests {
    use unicode_width::UnicodeWidthStr as _;

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
    fn any_window_of_rows_is_a_part_of_the_whole() {
        let words = "größe 漢字 \u{1100}\u{1100} and a lot of plain words, \t tabs too";
        let json =
            format!("[{}]", (0..900).map(|n| format!("{{\"n\":{n},\"x\":\"{words}\"}}")).collect::<Vec<_>>().join(","));
        let xml = format!("<a>{}</a>", format!("<b x=\"1\"><c>{words}</c></b>").repeat(700));
        let text = format!("{words}\r\n{}\n", "x".repeat(700)).repeat(700);
        for (kind, source) in [(Kind::Json, &json), (Kind::Xml, &xml), (Kind::Text, &text), (Kind::Bytes, &text)] {
            for width in [20, 33, 80] {
                let make = || body(kind, source.as_bytes()).folded(width);
                let all = make().lines(0..usize::MAX);
                assert!(
                    all.iter().all(|row| row.iter().map(|span| &*span.text).collect::<String>().width() <= width),
                    "{kind:?} {width}"
                );
                let mut fresh = make();
                assert_eq!(fresh.total(), all.len(), "{kind:?} {width}");
                for from in [0, 1, 255, 256, 257, 700, 2_000, all.len() - 1, all.len(), all.len() + 9] {
                    let expected = all.iter().skip(from).take(40).cloned().collect::<Vec<_>>();
                    assert_eq!(fresh.lines(from..from + 40), expected, "{kind:?} {width} from {from}");
                    assert_eq!(make().lines(from..from + 40), expected, "{kind:?} {width} from {from}");
                }
            }
        }
    }

    #[test]
    fn what_is_kept_shares_the_bytes_of_the_message() {
        let message = Bytes::from_static(b"{\"data\":[1]}");
        let inside = Body::of_bytes(&message[8..11]).into_shared(&message);
        assert_eq!((inside.bytes(), inside.bytes().as_ptr()), (&b"[1]"[..], message[8..].as_ptr()));
        let outside = Body::of_bytes(b"other").into_shared(&message);
        assert_eq!(outside.bytes(), b"other");
    }

    #[test]
    fn nothing_has_no_lines() {
        let mut body = Body::of_bytes(b"");
        assert_eq!((body.kind(), body.total(), body.lines(0..9).len()), (Kind::Empty, 0, 0));
    }
}
