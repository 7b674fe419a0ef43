//! How a message is printed: for people, as JSON, as a structured `CloudEvent`, as its bytes, or by a pattern.

use std::collections::BTreeMap;
use std::io::{self, Write as _};

use serde::Serialize;
use serde_json::value::RawValue;

use crate::cli::output;
use crate::event::{Body, Content, Decoded, Envelope, Event, clean_line};
use crate::model::units::bytes;
use crate::model::{Message, Timestamp};

/// Lines of data that are printed for people; `-o json` and `-o raw` have all of it.
const LINES: usize = 200;

/// How a message is printed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Format {
    /// For people.
    Pretty,
    /// One JSON document a line.
    Json,
    /// One structured `CloudEvent` a line.
    CloudEvent,
    /// The body as it is.
    Raw,
    /// Text with `{fields}`.
    Pattern(Vec<Piece>),
}

/// A piece of a pattern.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Piece {
    Text(String),
    Field(String),
}

impl Format {
    /// Reads what `-o` says.
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        Ok(match text {
            "pretty" => Self::Pretty,
            "json" => Self::Json,
            "ce" => Self::CloudEvent,
            "raw" => Self::Raw,
            pattern if pattern.contains('{') => Self::Pattern(pieces(pattern)?),
            other => {
                return Err(format!(
                    "-o {}: it should be pretty, json, ce, raw or a pattern such as '{{time}} {{type}} {{id}}'",
                    clean_line(other)
                ));
            }
        })
    }

    /// Writes a message; false when it is no event and only events are written.
    pub(super) fn write(&self, out: &mut Vec<u8>, message: &Message) -> io::Result<bool> {
        if *self == Self::Raw {
            out.extend_from_slice(&message.body);
            return Ok(true);
        }
        let envelope = Envelope::new(message);
        let decoded = envelope.decode();
        match self {
            Self::Pretty => pretty(out, &envelope, &decoded)?,
            Self::Json => json(out, &envelope, &decoded)?,
            Self::CloudEvent => {
                for event in decoded.events() {
                    writeln!(out, "{}", event.to_json_line())?;
                }
                return Ok(!decoded.events().is_empty());
            }
            Self::Pattern(pieces) => {
                for event in each(&decoded) {
                    let line: String = pieces.iter().map(|piece| field(piece, &envelope, event)).collect();
                    writeln!(out, "{line}")?;
                }
            }
            Self::Raw => {}
        }
        Ok(true)
    }
}

/// Each event of a message; once none for a message without any.
fn each<'d, 'a>(decoded: &'d Decoded<'a>) -> impl Iterator<Item = Option<&'d Event<'a>>> {
    let none = decoded.events().is_empty().then_some(None);
    decoded.events().iter().map(Some).chain(none)
}

fn pieces(pattern: &str) -> Result<Vec<Piece>, String> {
    let mut out = Vec::new();
    let mut rest = pattern;
    while let Some((before, after)) = rest.split_once('{') {
        let Some((name, behind)) = after.split_once('}') else {
            return Err(format!("-o {}: a {{ has no }}", clean_line(pattern)));
        };
        if !before.is_empty() {
            out.push(Piece::Text(before.replace("\\t", "\t").replace("\\n", "\n")));
        }
        out.push(Piece::Field(name.to_owned()));
        rest = behind;
    }
    if !rest.is_empty() {
        out.push(Piece::Text(rest.replace("\\t", "\t").replace("\\n", "\n")));
    }
    Ok(out)
}

/// The text of a piece; a field that there is not is empty.
fn field(piece: &Piece, envelope: &Envelope<'_>, event: Option<&Event<'_>>) -> String {
    let message = envelope.message();
    let name = match piece {
        Piece::Text(text) => return text.clone(),
        Piece::Field(name) => name.as_str(),
    };
    let text = match name {
        "stream" => message.stream.to_string(),
        "seq" => message.seq.to_string(),
        "nats.subject" => message.subject.to_string(),
        "stored" => message.time.to_string(),
        "size" => message.size().to_string(),
        "data" => {
            String::from_utf8_lossy(event.map_or_else(|| Body::of_plain(envelope), Body::of).bytes()).into_owned()
        }
        _ => match name.strip_prefix("header.") {
            Some(header) => message.header(header).unwrap_or_default().to_owned(),
            None => event.and_then(|e| e.get(name)).map(|v| v.to_text().into_owned()).unwrap_or_default(),
        },
    };
    clean_line(&text).into_owned()
}

/// What `-o json` prints for an event, or for a message that is none.
#[derive(Serialize)]
struct Document<'a> {
    stream: &'a str,
    seq: u64,
    time: Timestamp,
    subject: &'a str,
    headers: BTreeMap<&'a str, Vec<&'a str>>,
    mode: &'static str,
    event: Option<Box<RawValue>>,
    error: Option<String>,
    size: usize,
}

fn json(out: &mut Vec<u8>, envelope: &Envelope<'_>, decoded: &Decoded<'_>) -> io::Result<()> {
    let message = envelope.message();
    let mut headers: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for header in envelope.headers() {
        headers.entry(&header.name).or_default().push(&header.value);
    }
    for event in each(decoded) {
        let document = Document {
            stream: &message.stream,
            seq: message.seq,
            time: message.time,
            subject: &message.subject,
            headers: headers.clone(),
            mode: decoded.mode().map_or("plain", crate::event::Mode::name),
            event: event.and_then(|e| RawValue::from_string(e.to_json_line()).ok()),
            error: error(decoded, event),
            size: message.size(),
        };
        out.extend_from_slice(output::json(&document)?.as_bytes());
    }
    Ok(())
}

/// Why it is no event, or what is wrong with it.
fn error(decoded: &Decoded<'_>, event: Option<&Event<'_>>) -> Option<String> {
    if let Content::Plain(why) = &decoded.content {
        return Some(why.to_string());
    }
    let own = event.map(|e| e.findings.as_slice()).unwrap_or_default();
    let sentences: Vec<String> = decoded.findings.iter().chain(own).map(ToString::to_string).collect();
    (!sentences.is_empty()).then(|| sentences.join(" "))
}

fn pretty(out: &mut Vec<u8>, envelope: &Envelope<'_>, decoded: &Decoded<'_>) -> io::Result<()> {
    let message = envelope.message();
    let mode = decoded.mode().map_or("plain message", crate::event::Mode::name);
    writeln!(
        out,
        "{} #{}  {}  {}  {mode}, {}",
        clean_line(&message.stream),
        message.seq,
        message.time,
        clean_line(&message.subject),
        bytes(message.size() as u64)
    )?;
    if let Some(why) = decoded.plain() {
        writeln!(out, "  {why}")?;
    }
    for finding in &decoded.findings {
        writeln!(out, "  ! {finding}")?;
    }
    let binary = decoded.mode() == Some(crate::event::Mode::Binary);
    for header in envelope.headers() {
        // Attributes follow as such.
        if !(binary && header.name.to_ascii_lowercase().starts_with("ce-")) {
            writeln!(out, "  {}: {}", clean_line(&header.name), clean_line(&header.value))?;
        }
    }
    for event in each(decoded) {
        let mut body = match event {
            Some(event) => {
                let width = event.attributes.iter().map(|a| a.name.chars().count()).max().unwrap_or(0);
                for attribute in &event.attributes {
                    let value = attribute.value.to_text();
                    writeln!(out, "  {:<width$}  {}", clean_line(&attribute.name), clean_line(&value))?;
                }
                for finding in &event.findings {
                    writeln!(out, "  ! {finding}")?;
                }
                Body::of(event)
            }
            None => Body::of_plain(envelope),
        };
        for line in body.lines(0..LINES) {
            let text: String = line.iter().map(|span| span.text.as_str()).collect();
            writeln!(out, "    {text}")?;
        }
        let total = body.total();
        if total > LINES {
            writeln!(out, "    … {} more lines; -o raw prints all", total - LINES)?;
        }
    }
    writeln!(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_are_read_or_refused() {
        assert_eq!(Format::parse("json").unwrap(), Format::Json);
        let field = |name: &str| Piece::Field(name.into());
        assert_eq!(
            Format::parse("{seq}\\t{type}!").unwrap(),
            Format::Pattern(vec![field("seq"), Piece::Text("\t".into()), field("type"), Piece::Text("!".into())])
        );
        assert!(Format::parse("{seq").unwrap_err().contains("has no }"));
        assert!(Format::parse("jsn").unwrap_err().contains("pretty, json, ce, raw"));
    }
}
