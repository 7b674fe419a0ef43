//! Messages leave the house: many into a file, one as text for a clipboard or a pager, and the command that gets the
//! same message elsewhere.

use std::io;

use super::body::{Body, Kind, pretty};
use super::decoded::{Broken, Extent};
use super::envelope::Envelope;
use super::reader::Depth;
use super::table;
use crate::model::Message;
use crate::model::sanitise::clean;
use crate::model::shell::command_line;

/// How messages are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// One structured event a line, with everything in it. What is no event, or of which only a part could be read, is
    /// left out.
    Ndjson,
    /// A table with a heading: attributes, whether the event is valid, and its data on one line; a row an event, and one
    /// for each message without any. Text that a spreadsheet would take for a formula has a `'` in front.
    Csv,
}

/// What was written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Written {
    /// Events, or rows without the heading.
    pub lines: usize,
    /// Messages and elements of batches that are no events, and events that break off; they are not in it.
    pub left_out: usize,
    /// Extensions that got no column, since there were too many; in CSV alone. Of a flood of them not all are counted.
    pub columns_left_out: usize,
    /// Attributes that no line has, since their events have too many.
    pub attributes_left_out: usize,
}

/// Writes messages in their order.
pub fn write<'m>(
    format: Format,
    messages: impl Iterator<Item = &'m Message>,
    out: &mut dyn io::Write,
) -> io::Result<Written> {
    match format {
        Format::Ndjson => ndjson(messages, out),
        Format::Csv => table::csv(&messages.collect::<Vec<_>>(), out),
    }
}

fn ndjson<'m>(messages: impl Iterator<Item = &'m Message>, out: &mut dyn io::Write) -> io::Result<Written> {
    let mut written = Written::default();
    let mut line = Vec::new();
    for message in messages {
        let envelope = Envelope::new(message);
        let decoded = envelope.decode_to(Depth::Data);
        written.left_out += usize::from(decoded.events().is_empty());
        for event in decoded.events() {
            if event.extent != Extent::Whole || event.packed {
                written.left_out += 1;
                continue;
            }
            line.clear();
            event.write_json(&mut line);
            line.push(b'\n');
            out.write_all(&line)?;
            written.lines += 1;
            written.attributes_left_out += event.lost_in_json();
        }
    }
    Ok(written)
}

/// The command of the `nats` CLI that shows the same message.
pub fn nats_command(message: &Message) -> String {
    command_line("nats stream get", &[&message.stream, &message.seq.to_string()], "")
}

/// An event as structured JSON over several lines, with its order and its digits; of a message without one, the body:
/// JSON and text as such, bytes as hex. For a clipboard or a pager: nothing in it acts on a terminal.
pub fn event_text(message: &Message, event: usize) -> String {
    let envelope = Envelope::new(message);
    let decoded = envelope.decode_to(Depth::Data);
    let event = decoded.events().get(event).filter(|event| event.extent != Extent::Nothing);
    let is_text = |broken: &Broken<'_>| broken.format.is_none_or(super::format::Format::is_text);
    if let Some(broken) = event.and_then(|event| event.broken).filter(is_text) {
        return clean(&String::from_utf8_lossy(broken.source));
    }
    // Of what breaks and is no text, the bytes.
    if let Some(event) = event.filter(|event| event.broken.is_none()) {
        return pretty(&event.to_json_line());
    }
    let mut body = Body::of_plain(&envelope);
    match (body.kind(), std::str::from_utf8(body.shown())) {
        (Kind::Json, Ok(source)) => clean(&pretty(source)),
        (Kind::Text | Kind::Xml, Ok(text)) => clean(text),
        _ => body.lines(0..usize::MAX).iter().fold(String::new(), |mut text, line| {
            text.extend(line.iter().map(|span| span.text.as_str()));
            text.push('\n');
            text
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::super::exercise::message;
    use super::*;

    fn written(format: Format, messages: &[Message]) -> (String, Written) {
        let mut out = Vec::new();
        let written = write(format, messages.iter(), &mut out).unwrap();
        (String::from_utf8(out).unwrap(), written)
    }

    fn three() -> [Message; 3] {
        let event =
            r#"{"specversion":"1.0","id":"=1+1","source":"/a","type":"t","ratio":1.50,"size":"big","data":{ "b":1.0}}"#;
        let binary = [
            ("ce-specversion", "1.0"),
            ("ce-id", "2"),
            ("ce-source", "/b"),
            ("ce-type", "say \"hi\", you"),
            ("ce-acme", " @x\u{1b}"),
        ];
        [message(&[], event.as_bytes()), message(&[], b"plain"), message(&binary, b"\x00")]
    }

    #[test]
    fn lines_of_events() {
        let (text, written) = written(Format::Ndjson, &three());
        let expected = concat!(
            r#"{"specversion":"1.0","id":"=1+1","source":"/a","type":"t","ratio":1.50,"size":"big","data":{ "b":1.0}}"#,
            "\n",
            r#"{"specversion":"1.0","id":"2","source":"/b","type":"say \"hi\", you","acme":"@x\u001b","data_base64":"AA=="}"#,
            "\n",
        );
        assert_eq!(text, expected);
        assert_eq!(written, Written { lines: 2, left_out: 1, ..Written::default() });
    }

    #[test]
    fn what_is_no_event_or_breaks_off_is_no_line() {
        let event = r#"{"specversion":"1.0","id":"1","source":"/a","type":"t"}"#;
        let batch = [("content-type", "application/cloudevents-batch+json")];
        let single = [("content-type", "application/cloudevents+json")];
        let sent = [
            message(&batch, format!("[{event},3,[{event}],{event},{}", event.trim_end_matches('}')).as_bytes()),
            message(&single, b"garbage"),
            message(&single, event.replace("\"t\"}", "\"t").as_bytes()),
            message(&batch, b"[]"),
        ];
        let (text, written) = written(Format::Ndjson, &sent);
        assert_eq!(text, format!("{event}\n{event}\n"));
        assert_eq!(written, Written { lines: 2, left_out: 6, ..Written::default() });
        assert_eq!(event_text(&sent[1], 0), "garbage");
    }

    #[test]
    fn attributes_that_no_line_has_are_counted() {
        let many: String = (0..1_005).map(|n| format!("\"a{n}\":1,")).collect::<Vec<_>>().concat();
        let flood = message(&[], format!("{{\"specversion\":\"1.0\",\"id\":\"1\",{many}\"x\":1}}").as_bytes());
        let named = message(&[("ce-specversion", "1.0"), ("ce-data", "x")], b"{}");
        let (text, written) = written(Format::Ndjson, &[flood, named]);
        assert_eq!((written.lines, written.attributes_left_out), (2, 9));
        assert!(text.ends_with("\n{\"specversion\":\"1.0\",\"data\":{}}\n"), "a member is given once");
    }

    #[test]
    fn commands_are_safe_to_paste() {
        let named = |stream: &str| Message { stream: stream.into(), seq: 7, ..message(&[], b"") };
        assert_eq!(nats_command(&named("orders")), "nats stream get orders 7");
        assert_eq!(nats_command(&named("--force")), "nats stream get -- '--force' 7");
        assert_eq!(nats_command(&named("it's $(x)")), r"nats stream get 'it'\''s $(x)' 7");
        assert_eq!(
            nats_command(&named("a'\u{1b}\n\u{e0001}")),
            r"nats stream get $'a\'\U0000001b\U0000000a\U000e0001' 7"
        );
    }

    #[test]
    fn one_event_as_text() {
        let [structured, plain, binary] = three();
        let expected = "{\n  \"specversion\": \"1.0\",\n  \"id\": \"=1+1\",\n  \"source\": \"/a\",\n  \"type\": \"t\",\n  \
                        \"ratio\": 1.50,\n  \"size\": \"big\",\n  \"data\": {\n    \"b\": 1.0\n  }\n}\n";
        assert_eq!(event_text(&structured, 0), expected);
        assert_eq!(event_text(&plain, 0), "plain");
        assert!(event_text(&binary, 0).contains("\"data_base64\": \"AA==\"\n}\n"));
        assert!(event_text(&message(&[], b"\x00\x01\xff"), 0).starts_with("00000000  00 01 ff"));
        assert_eq!(event_text(&message(&[], b"[1.0,{}]"), 0), "[\n  1.0,\n  {}\n]\n");
        let long = format!("[\"{}\"]", "x".repeat(100_000));
        assert_eq!(event_text(&message(&[], long.as_bytes()), 0).len(), long.len() + 5);
    }
}
