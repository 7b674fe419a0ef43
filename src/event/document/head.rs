//! The rows above and below the data.

use std::ops::Range;

use unicode_width::UnicodeWidthStr;

use super::super::body::{Span, fold};
use super::super::decoded::Mode;
use super::super::finding::{Finding, Severity};
use super::super::known;
use super::super::layout::{fit, wrap};
use super::{Body, Core, Decoded, Envelope, Event, Field, Kind, Line, Message, Role, Row, Shape};
use crate::model::sanitise::clean_line;
use crate::model::units::count_exact;
use crate::query::{attribute_key, header_key};

/// The most findings that are told.
const MOST_FINDINGS: usize = 100;

/// The most bytes of a value that are shown.
const LONGEST: usize = 4 << 10;

/// The most columns of a name.
const WIDEST_NAME: usize = 28;

/// A row, and what stands on it.
#[derive(Clone, Debug)]
pub(super) struct HeadRow {
    pub(super) line: Line,
    /// The number of its field.
    pub(super) field: Option<usize>,
    /// Whether the field begins here.
    pub(super) begins: bool,
}

/// Rows as they are made.
#[derive(Clone, Debug)]
pub(super) struct Head {
    width: usize,
    pub(super) rows: Vec<HeadRow>,
    pub(super) fields: Vec<Field>,
}

/// A name and its value, not yet laid out.
struct Pair<'a> {
    name: &'a str,
    value: &'a str,
    role: Role,
    note: Option<String>,
    field: Option<Field>,
}

impl Head {
    pub(super) fn new(width: usize) -> Self {
        Self { width, rows: Vec::new(), fields: Vec::new() }
    }

    /// What is wrong, the errors first; or why it is no event.
    pub(super) fn findings(&mut self, decoded: &Decoded<'_>, event: Option<&Event<'_>>) {
        if let Some(plain) = decoded.plain() {
            self.sentence(Role::Title, "", &plain.to_string());
        }
        let own = event.map(|event| event.findings.as_slice()).unwrap_or_default();
        let doubled = event.and_then(Event::doubled_key);
        let all = || decoded.findings.iter().chain(own).chain(&doubled);
        let of = |severity: Severity| all().filter(move |finding| finding.severity() == severity);
        let errors = of(Severity::Error).count();
        if decoded.plain().is_none() && all().next().is_some() {
            let title = if errors > 0 { "why not a valid CloudEvent" } else { "what the sender should change" };
            self.sentence(Role::Title, "", title);
        }
        let told: Vec<&Finding> = of(Severity::Error).chain(of(Severity::Warning)).collect();
        for finding in told.iter().take(MOST_FINDINGS) {
            match finding.severity() {
                Severity::Error => self.sentence(Role::Error, "✖ ", &finding.to_string()),
                Severity::Warning => self.sentence(Role::Warning, "▲ ", &finding.to_string()),
            }
        }
        if let Some(more) = told.len().checked_sub(MOST_FINDINGS).filter(|more| *more > 0) {
            self.sentence(Role::Note, "", &format!("… {more} more"));
        }
    }

    /// How it travelled, and how that is known.
    pub(super) fn mode(&mut self, decoded: &Decoded<'_>, number: usize) {
        let (Some(mode), Some(rule)) = (decoded.mode(), decoded.rule()) else { return };
        self.gap();
        let format = decoded.format.map(|format| format!(", in {}", format.name())).unwrap_or_default();
        self.sentence(Role::Note, "", &format!("{}: {}{format}", mode.name(), rule.sentence()));
        if mode == Mode::Batch {
            let all = decoded.events().len();
            let text = match all {
                0 => "there is no event in it".to_owned(),
                _ if number < all => format!("event {} of {}", number + 1, count_exact(all as u64)),
                _ => format!("there are {} events in it", count_exact(all as u64)),
            };
            self.sentence(Role::Note, "", &text);
        }
    }

    /// The attributes: what says most about the event first, what is its own in the order of the wire.
    pub(super) fn attributes(&mut self, event: &Event<'_>) {
        self.gap();
        let attributes = event.in_order();
        let texts: Vec<_> = attributes.iter().map(|a| a.value.to_text()).collect();
        let pairs = attributes.iter().zip(&texts).map(|(attribute, value)| {
            let note = match Core::of(&attribute.name) {
                Some(Core::Time) => {
                    event.time().and_then(|t| t.at).filter(|_| !value.ends_with(['Z', 'z'])).map(|at| format!("= {at}"))
                }
                Some(_) => None,
                None => known::meaning(&attribute.name).map(str::to_owned),
            };
            let role = match attribute.value {
                super::super::Value::Text(_) => Role::Text,
                super::super::Value::Integer(_) => Role::Number,
                super::super::Value::Boolean(_) => Role::Literal,
                super::super::Value::Json(_) => Role::Error,
            };
            let field = Some(Field { key: attribute_key(&attribute.name), value: value.to_string() });
            Pair { name: &attribute.name, value, role, note, field }
        });
        self.pairs(pairs.collect());
    }

    /// What the server knows of it.
    pub(super) fn facts(&mut self, message: &Message) {
        self.gap();
        self.sentence(Role::Title, "", "NATS");
        let (seq, time) = (message.seq.to_string(), message.time.to_string());
        let size = format!(
            "{} bytes, of which the body has {}",
            count_exact(message.size() as u64),
            count_exact(message.body.len() as u64)
        );
        let pair = |name, value, key: Option<&str>| Pair {
            name,
            value,
            role: Role::Text,
            note: None,
            field: key.map(|key| Field { key: key.to_owned(), value: value.to_owned() }),
        };
        self.pairs(vec![
            pair("stream", &message.stream, Some("nats.stream")),
            pair("sequence", &seq, Some("nats.seq")),
            pair("stored", &time, Some("nats.time")),
            pair("subject", &message.subject, Some("nats.subject")),
            pair("size", &size, None),
        ]);
    }

    /// The headers that are no attributes; where they cannot be decoded, also as bytes.
    pub(super) fn headers(&mut self, envelope: &Envelope<'_>, decoded: &Decoded<'_>) {
        let binary = decoded.mode() == Some(Mode::Binary);
        let mut names: Vec<String> = Vec::new();
        let mut pairs = Vec::new();
        for header in envelope.headers() {
            let lower = header.name.to_ascii_lowercase();
            // Of headers of one name, filters read the first, and so do attributes.
            let first = names.len() > MOST_NAMES || !names.contains(&lower);
            if first {
                names.push(lower);
            }
            if binary && first && envelope.is_attribute(header) {
                continue;
            }
            let field = first.then(|| Field { key: header_key(&header.name), value: header.value.to_string() });
            pairs.push(Pair { name: &header.name, value: &header.value, role: Role::Text, note: None, field });
        }
        if !pairs.is_empty() {
            self.gap();
            self.sentence(Role::Title, "", "headers");
            self.pairs(pairs);
        }
        if let Some(block) = &envelope.message().undecodable {
            self.gap();
            self.sentence(
                Role::Title,
                "",
                &format!("headers as they were sent, {} bytes", count_exact(block.len() as u64)),
            );
            for line in Body::of_bytes(block).folded(self.width).lines(0..LONGEST / 16) {
                self.row(line);
            }
        }
    }

    /// The heading of the data.
    pub(super) fn data(&mut self, body: &Body<'_>, shape: Shape, event: Option<&Event<'_>>) {
        self.gap();
        // The mark in the source of an event that breaks is ours.
        let broken = event.and_then(|event| event.broken).filter(|_| shape != Shape::Bytes);
        let size = count_exact(broken.map_or(body.bytes(), |broken| broken.source).len() as u64);
        let what = if event.is_some() && broken.is_none() { "data" } else { "body" };
        let title = match (shape, body.kind()) {
            (Shape::Bytes, Kind::Empty) => "no body".to_owned(),
            (Shape::Bytes, _) => format!("body as it was sent, {size} bytes"),
            (Shape::Json, _) => "the event as structured JSON".to_owned(),
            (Shape::Pretty, Kind::Empty) => format!("no {what}"),
            (Shape::Pretty, kind) => format!("{what}: {}, {size} bytes", kind.name()),
        };
        self.sentence(Role::Title, "", &title);
        if let Some(note) = body.note() {
            self.sentence(Role::Note, "", note);
        }
    }

    /// The rows in this range.
    pub(super) fn shown(&self, range: Range<usize>) -> Vec<Row> {
        let all = self.rows.len();
        let rows = self.rows.get(range.start.min(all)..range.end.min(all)).unwrap_or_default();
        rows.iter().map(|row| Row { line: row.line.clone(), field: row.begins }).collect()
    }

    /// What stands on this row.
    pub(super) fn field(&self, row: usize) -> Option<Field> {
        self.fields.get(self.rows.get(row)?.field?).cloned()
    }

    /// With an empty row before the first, if there is any.
    pub(super) fn apart(&mut self) {
        if !self.rows.is_empty() {
            self.rows.insert(0, HeadRow { line: Line::new(), field: None, begins: false });
        }
    }

    /// An empty row between two parts.
    fn gap(&mut self) {
        if !self.rows.is_empty() {
            self.row(Line::new());
        }
    }

    fn row(&mut self, line: Line) {
        self.rows.push(HeadRow { line, field: None, begins: false });
    }

    /// Harmless text, broken between words, behind a mark.
    fn sentence(&mut self, role: Role, mark: &str, text: &str) {
        let indent = mark.width();
        for (number, words) in wrap(text, self.width.saturating_sub(indent)).into_iter().enumerate() {
            let start = if number == 0 { mark.to_owned() } else { " ".repeat(indent) };
            self.row(vec![Span { role, text: format!("{start}{words}") }]);
        }
    }

    /// Names in a column, values beside them.
    fn pairs(&mut self, pairs: Vec<Pair<'_>>) {
        let most = WIDEST_NAME.min(self.width / 3);
        let names: Vec<String> =
            pairs.iter().map(|pair| fit(&clean_line(start(pair.name, 200)), most).into_owned()).collect();
        let column = names.iter().map(|name| name.width()).max().unwrap_or(0);
        for (pair, name) in pairs.into_iter().zip(names) {
            let gap = " ".repeat(column.saturating_sub(name.width()) + 2);
            let shown = start(pair.value, LONGEST);
            let mut line = vec![Span { role: Role::Name, text: name }, Span { role: Role::Text, text: gap }];
            line.push(Span { role: pair.role, text: clean_line(shown).into_owned() });
            if shown.len() < pair.value.len() {
                let more = count_exact((pair.value.len() - shown.len()) as u64);
                line.push(Span { role: Role::Note, text: format!(" … {more} more bytes") });
            }
            let mut lines = fold(line, self.width, column + 2);
            if let (Some(note), Some(last)) = (pair.note, lines.last_mut()) {
                let used: usize = last.iter().map(|span| span.text.width()).sum();
                if used + 2 + note.width() <= self.width {
                    last.push(Span { role: Role::Note, text: format!("  {note}") });
                }
            }
            let field = pair.field.map(|field| {
                self.fields.push(field);
                self.fields.len() - 1
            });
            for (number, line) in lines.into_iter().enumerate() {
                self.rows.push(HeadRow { line, field, begins: field.is_some() && number == 0 });
            }
        }
    }
}

/// Beyond so many headers nobody looks whether a name came before.
const MOST_NAMES: usize = 1_000;

/// The first bytes of a text, whole characters.
fn start(text: &str, most: usize) -> &str {
    let mut end = text.len().min(most);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    text.get(..end).unwrap_or_default()
}
