//! Messages as a table in CSV, for spreadsheets and programs.

use std::borrow::Cow;
use std::io;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;

use super::attribute::Core;
use super::body::{Body, Kind, compact_onto};
use super::decoded::{Decoded, Event, Mode};
use super::envelope::Envelope;
use super::finding::Severity;
use super::reader::Depth;
use super::save::Written;
use crate::model::Message;
use crate::model::units::count_exact;

/// The most extensions that have a column of their own.
pub const MOST_COLUMNS: usize = 500;

/// The most that are told apart.
const MOST_COUNTED: usize = 100_000;

/// The most bytes of data in a cell: spreadsheets hold 32,767 characters.
const MOST_OF_DATA: usize = 32_000;

/// The columns that every table begins with. An extension of such a name stands under `ce-` and its name.
const COLUMNS: [&str; 13] = [
    "stream",
    "seq",
    "stored",
    "nats.subject",
    "mode",
    "id",
    "source",
    "type",
    "subject",
    "time",
    "datacontenttype",
    "dataschema",
    "size",
];

/// The columns that every table ends with, behind those of extensions: who reads by place finds the others where they were.
const LAST: [&str; 2] = ["valid", "data"];

/// The attributes among them, in their order.
const ATTRIBUTES: [Core; 7] =
    [Core::Id, Core::Source, Core::Type, Core::Subject, Core::Time, Core::Datacontenttype, Core::Dataschema];

pub(super) fn csv(messages: &[&Message], out: &mut dyn io::Write) -> io::Result<Written> {
    let mut written = Written::default();
    let extensions = extensions(messages, &mut written);
    let mut table = csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).from_writer(out);
    let heading = |name: &String| {
        let taken = COLUMNS.contains(&name.as_str()) || LAST.contains(&name.as_str());
        if taken { format!("ce-{name}") } else { name.clone() }
    };
    let headings = COLUMNS.into_iter().map(String::from).chain(extensions.iter().map(heading));
    table.write_record(headings.chain(LAST.map(String::from)).map(|name| cell(&name)))?;
    for message in messages {
        let envelope = Envelope::new(message);
        let decoded = envelope.decode();
        let mode = decoded.mode().map_or("plain", Mode::name);
        let none = Event::default();
        let events = if decoded.events().is_empty() { std::slice::from_ref(&none) } else { decoded.events() };
        for event in events {
            let text = |name: &str| event.get(name).map(|value| value.to_text()).unwrap_or_default();
            for known in
                [&*message.stream, &message.seq.to_string(), &message.time.to_string(), &*message.subject, mode]
            {
                table.write_field(cell(known))?;
            }
            for core in ATTRIBUTES {
                table.write_field(cell(&text(core.name())))?;
            }
            table.write_field(message.size().to_string())?;
            for name in &extensions {
                table.write_field(cell(&text(name)))?;
            }
            table.write_field(valid(&decoded, event))?;
            let body = if decoded.events().is_empty() { Body::of_plain(&envelope) } else { Body::of(event) };
            table.write_field(cell(&data(&body)))?;
            table.write_record(None::<&[u8]>)?;
            written.lines += 1;
        }
    }
    table.flush()?;
    Ok(written)
}

/// `valid`, the name of the first error, or why it is no event at all.
fn valid<'d>(decoded: &'d Decoded<'_>, event: &'d Event<'_>) -> &'d str {
    if let Some(plain) = decoded.plain() {
        return plain.name();
    }
    let mut findings = decoded.findings.iter().chain(&event.findings);
    findings.find(|finding| finding.severity() == Severity::Error).map_or("valid", |finding| finding.name())
}

/// Data on one line: JSON without breaks, text with `\n` for them, all else in Base64. What does not fit is counted.
fn data(body: &Body<'_>) -> String {
    let mut shown = Cow::Borrowed(body.shown());
    if body.kind() == Kind::Json {
        let mut line = Vec::new();
        compact_onto(&mut line, body.shown());
        shown = line.into();
    }
    let is_text = body.kind() != Kind::Bytes && std::str::from_utf8(&shown).is_ok();
    // Three bytes are four characters of Base64.
    let most = if is_text { MOST_OF_DATA } else { MOST_OF_DATA / 4 * 3 };
    let mut end = shown.len().min(most);
    while is_text && shown.get(end).is_some_and(|byte| byte & 0xc0 == 0x80) {
        end -= 1;
    }
    let start = shown.get(..end).unwrap_or_default();
    let mut line = match std::str::from_utf8(start) {
        Ok(text) if is_text => text.replace("\r\n", "\\n").replace(['\n', '\r'], "\\n"),
        _ => BASE64_STANDARD.encode(start),
    };
    if end < shown.len() {
        line.push_str(&format_args!(" … {} more bytes", count_exact((shown.len() - end) as u64)).to_string());
    }
    line
}

/// The names of all extensions in the order in which they come.
fn extensions(messages: &[&Message], written: &mut Written) -> Vec<String> {
    let mut known = std::collections::HashSet::new();
    let mut names = Vec::new();
    for message in messages {
        let envelope = Envelope::new(message);
        for event in envelope.decode_to(Depth::Attributes).events() {
            for extension in event.extensions() {
                if known.len() >= MOST_COUNTED || !known.insert(extension.name.to_string()) {
                    continue;
                }
                if names.len() < MOST_COLUMNS {
                    names.push(extension.name.to_string());
                } else {
                    written.columns_left_out += 1;
                }
            }
        }
    }
    names
}

/// A cell: the text as it is, unless a spreadsheet would evaluate it.
fn cell(text: &str) -> String {
    let formula = text.trim_start().starts_with(['=', '+', '-', '@']);
    format!("{}{text}", if formula { "'" } else { "" })
}

#[cfg(test)]
mod tests {
    use super::super::exercise::message;
    use super::super::save::{Format, write};
    use super::*;

    fn table(messages: &[Message]) -> (String, Written) {
        let mut out = Vec::new();
        let written = write(Format::Csv, messages.iter(), &mut out).unwrap();
        (String::from_utf8(out).unwrap(), written)
    }

    #[test]
    fn a_table_of_attributes() {
        let event =
            r#"{"specversion":"1.0","id":"=1+1","source":"/a","type":"t","ratio":1.50,"size":"big","data":{ "b":1.0}}"#;
        let binary = [
            ("ce-specversion", "1.0"),
            ("ce-id", "2"),
            ("ce-source", "/b"),
            ("ce-type", "say \"hi\", you"),
            ("ce-acme", " @x\u{1b}"),
        ];
        let three = [message(&[], event.as_bytes()), message(&[], b"plain"), message(&binary, b"\x00")];
        let (text, written) = table(&three);
        let expected = "\
stream,seq,stored,nats.subject,mode,id,source,type,subject,time,datacontenttype,dataschema,size,ratio,ce-size,acme,valid,data\r
orders,1,1970-01-01T00:00:00Z,orders.eu,structured,'=1+1,/a,t,,,,,111,1.50,big,,not-integer,\"{\"\"b\"\":1.0}\"\r
orders,1,1970-01-01T00:00:00Z,orders.eu,plain,,,,,,,,14,,,,not-json,plain\r
orders,1,1970-01-01T00:00:00Z,orders.eu,binary,2,/b,\"say \"\"hi\"\", you\",,,,,95,,,'@x\u{1b},control-character,AA==\r
";
        assert_eq!(text, expected);
        assert_eq!(written, Written { lines: 3, left_out: 0, ..Written::default() });
    }

    #[test]
    fn data_is_one_line_of_a_bounded_length() {
        let cell = |named: &str, body: &[u8]| {
            let headers = [
                ("ce-specversion", "1.0"),
                ("ce-id", "1"),
                ("ce-source", "/"),
                ("ce-type", "t"),
                ("content-type", named),
            ];
            let (text, _) = table(&[message(&headers, body)]);
            let mut table = csv::Reader::from_reader(text.as_bytes());
            let row = table.records().next().unwrap().unwrap();
            (row[row.len() - 2].to_owned(), row[row.len() - 1].to_owned())
        };
        let valid = |data: &str| ("valid".to_owned(), data.to_owned());
        assert_eq!(cell("application/json", b"{\n \"a\" : [1,\n2] }"), valid("{\"a\":[1,2]}"));
        assert_eq!(cell("text/plain", b"a\r\nb\nc"), valid("a\\nb\\nc"));
        assert_eq!(cell("text/plain; charset=iso-8859-1", b"gr\xf6\xdfe"), valid("größe"));
        assert_eq!(cell("text/plain", b"=1+1"), valid("'=1+1"));
        assert_eq!(cell("text/plain", b""), valid(""));
        assert_eq!(cell("application/json", b"{"), ("data-not-json".to_owned(), "{".to_owned()));
        let (_, long) = cell("text/plain", format!("{}é{}", "x".repeat(31_999), "y".repeat(1_000)).as_bytes());
        assert_eq!(long, format!("{} … 1,002 more bytes", "x".repeat(31_999)));
        let (_, long) = cell("image/png", &vec![0xff; 100_000]);
        assert!(long.len() < 32_100 && long.ends_with("// … 76,000 more bytes"), "{}", long.len());
    }

    #[test]
    fn floods_of_names_are_no_flood_of_columns() {
        let many: String = (0..900).map(|n| format!("\"a{n}\":1,")).collect::<Vec<_>>().concat();
        let sent = message(&[], format!("{{{many}\"specversion\":\"1.0\",\"id\":\"1\"}}").as_bytes());
        let (text, written) = table(&[sent.clone(), sent]);
        assert_eq!(text.lines().next().unwrap().split(',').count(), COLUMNS.len() + MOST_COLUMNS + LAST.len());
        assert_eq!(written.columns_left_out, 400);
    }
}
