//! Two messages beside each other: what one has and the other has not, line by line.

use std::fmt::Write as _;

use similar::{Algorithm, DiffOp, capture_diff_slices};

use super::attribute::{Attribute, Core};
use super::body::Body;
use super::decoded::{Decoded, Event, Mode};
use super::envelope::Envelope;
use crate::model::Message;
use crate::model::sanitise::clean_line;
use crate::model::units::count_exact;

/// The most lines of a message that are compared. Comparing takes time that grows with their square.
const MOST_LINES: usize = 2_000;

/// The most bytes of a line; what differs beyond is told at the end.
const LONGEST: usize = 2 << 10;

/// What became of a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    /// It is in both messages.
    Same,
    /// It is in the first alone.
    Removed,
    /// It is in the second alone.
    Added,
}

/// A line of one of the messages, or of both.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DiffLine {
    /// What became of it.
    pub change: Change,
    /// Its text; harmless.
    pub text: String,
}

/// Compares attributes, headers and data of two messages. Where a message is too long to be compared as a whole, the
/// last line says so; the order of attributes does not matter, that of the data does.
pub fn diff(a: &Message, b: &Message) -> Vec<DiffLine> {
    let (first, second) = (Sheet::of(a), Sheet::of(b));
    let mut out = Vec::new();
    for op in capture_diff_slices(Algorithm::Myers, &first.lines, &second.lines) {
        let (old, new) = (op.old_range(), op.new_range());
        let mut put = |change, lines: Option<&[String]>| {
            out.extend(lines.unwrap_or_default().iter().map(|text| DiffLine { change, text: text.clone() }));
        };
        if matches!(op, DiffOp::Equal { .. }) {
            put(Change::Same, first.lines.get(old));
        } else {
            put(Change::Removed, first.lines.get(old));
            put(Change::Added, second.lines.get(new));
        }
    }
    let note = |text: String| DiffLine { change: Change::Same, text };
    for (sheet, which) in [(&first, "first"), (&second, "second")] {
        if sheet.cut {
            let lines = count_exact(MOST_LINES as u64);
            out.push(note(format!("… only {lines} lines of the {which} message are compared")));
        }
    }
    if out.iter().all(|line| line.change == Change::Same) && !first.is_whole_of(&second, a, b) {
        out.push(note("… they differ in what is not shown here: in blanks, or beyond what is compared".into()));
    }
    out
}

/// A message as lines.
struct Sheet {
    lines: Vec<String>,
    /// There are more lines.
    cut: bool,
    /// The body, unpacked: it may differ where the lines do not.
    body: Vec<u8>,
}

impl Sheet {
    fn of(message: &Message) -> Self {
        let envelope = Envelope::new(message);
        let decoded = envelope.decode();
        let mut sheet = Self { lines: Vec::new(), cut: false, body: envelope.body().to_vec() };
        sheet.put(decoded.mode().map_or("plain message", Mode::name));
        sheet.put(&format!("NATS subject: {}", message.subject));
        sheet.headers(&envelope, &decoded);
        let events = decoded.events();
        for (number, event) in events.iter().enumerate() {
            sheet.put("");
            if decoded.mode() == Some(Mode::Batch) {
                sheet.put(&format!("event {}", number + 1));
            }
            sheet.event(event);
            if sheet.cut {
                break;
            }
        }
        if events.is_empty() {
            sheet.body(Body::of_plain(&envelope));
        }
        sheet
    }

    /// Whether equal lines mean equal messages.
    fn is_whole_of(&self, other: &Self, a: &Message, b: &Message) -> bool {
        self.body == other.body && a.headers == b.headers && a.undecodable == b.undecodable
    }

    fn put(&mut self, text: &str) {
        if self.lines.len() >= MOST_LINES {
            self.cut = true;
            return;
        }
        let mut end = text.len().min(LONGEST);
        while !text.is_char_boundary(end) {
            end -= 1;
        }
        let mut line = clean_line(text.get(..end).unwrap_or_default()).into_owned();
        if end < text.len() {
            // Writing to a String cannot fail.
            let _ = write!(line, " … {} more bytes", count_exact((text.len() - end) as u64));
        }
        self.lines.push(line);
    }

    /// Those that are no attributes.
    fn headers(&mut self, envelope: &Envelope<'_>, decoded: &Decoded<'_>) {
        let binary = decoded.mode() == Some(Mode::Binary);
        for header in envelope.headers() {
            if !(binary && envelope.is_attribute(header)) {
                self.put(&format!("header {}: {}", header.name, header.value));
            }
        }
    }

    fn event(&mut self, event: &Event<'_>) {
        let place = |attribute: &Attribute<'_>| {
            Core::ALL.iter().position(|core| core.name() == attribute.name).unwrap_or(Core::ALL.len())
        };
        let mut attributes: Vec<&Attribute<'_>> = event.attributes.iter().collect();
        attributes.sort_by(|a, b| place(a).cmp(&place(b)).then_with(|| a.name.cmp(&b.name)));
        for attribute in attributes {
            self.put(&format!("{}: {}", attribute.name, attribute.value.to_text()));
        }
        self.body(Body::of(event));
    }

    fn body(&mut self, mut body: Body<'_>) {
        self.put("");
        // One more tells whether there are more.
        for line in body.lines(0..MOST_LINES + 1 - self.lines.len().min(MOST_LINES)) {
            let text: String = line.iter().map(|span| &*span.text).collect();
            self.put(&text);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::exercise::message;
    use super::*;

    fn told(a: &Message, b: &Message) -> Vec<String> {
        let sign = |change| match change {
            Change::Same => ' ',
            Change::Removed => '-',
            Change::Added => '+',
        };
        diff(a, b).iter().map(|line| format!("{}{}", sign(line.change), line.text)).collect()
    }

    #[test]
    fn attributes_headers_and_data_are_compared() {
        let a = message(
            &[("X", "1")],
            br#"{"specversion":"1.0","id":"1","source":"/a","type":"t","acme":"x","data":{"n":1,"m":2}}"#,
        );
        let b = message(
            &[("X", "2")],
            br#"{"type":"t","acme":"x","id":"2","source":"/a","specversion":"1.0","data":{"n":1,"m":3,"o":[]}}"#,
        );
        let expected = [
            " structured",
            " NATS subject: orders.eu",
            "-header X: 1",
            "+header X: 2",
            " ",
            " specversion: 1.0",
            "-id: 1",
            "+id: 2",
            " source: /a",
            " type: t",
            " acme: x",
            " ",
            " {",
            "   \"n\": 1,",
            "-  \"m\": 2",
            "+  \"m\": 3,",
            "+  \"o\": []",
            " }",
        ];
        assert_eq!(told(&a, &b), expected);
        assert!(diff(&a, &a).iter().all(|line| line.change == Change::Same));
    }

    #[test]
    fn what_cannot_be_seen_is_said() {
        let plain = message(&[], b"{\"a\":1}");
        let blank = message(&[], b"{\"a\": 1}");
        assert!(told(&plain, &blank).last().unwrap().contains("differ in what is not shown"));
        let long = |end: &str| message(&[], format!("{}{end}", "x".repeat(9_000)).as_bytes());
        assert!(told(&long("a"), &long("b")).last().unwrap().contains("differ in what is not shown"));
        let many = |start: &str| message(&[], format!("{start}\n{}", "x\n".repeat(5_000)).as_bytes());
        let lines = told(&many("a"), &many("b"));
        assert_eq!(lines.last().unwrap(), " … only 2,000 lines of the second message are compared");
        assert!(lines.contains(&"-a".to_owned()) && lines.len() < 2_010);
        assert!(told(&message(&[], b"\x1b[2J"), &plain).contains(&"-␛[2J".to_owned()));
    }

    #[test]
    fn nothing_in_common_takes_no_time() {
        let lines = |start: &str| (0..3_000).map(|n| format!("{start}{n}\n")).collect::<Vec<_>>().concat();
        let changes = diff(&message(&[], lines("a").as_bytes()), &message(&[], lines("b").as_bytes()));
        assert!(changes.len() > 3_900);
    }
}
