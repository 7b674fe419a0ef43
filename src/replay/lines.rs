//! Files of a message a line: structured `CloudEvents`, which a replay can be written to, batches, and what `jetscope
//! tail -o json` prints.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::sync::Arc;

use bytes::Bytes;
use serde_json::value::RawValue;
use tokio::sync::mpsc;

use super::printed::{self, Part, Printed};
use super::source::Feed;
use crate::config::read;
use crate::event::{Core, Depth, Envelope, Event, clean_line};
use crate::model::{Header, Message, Problem, ProblemKind, Timestamp};

/// The extension that keeps the subject that a message had on NATS.
pub(super) const SUBJECT: &str = "natssubject";
/// The same, where the event has an attribute of that name itself.
pub(super) const OTHER_SUBJECT: &str = "replaysubject";
/// The subject of an event from a file that does not say one.
const NO_SUBJECT: &str = "events";
/// Lines that are handed on together, and their bytes.
const TOGETHER: usize = 256;
/// See [`TOGETHER`].
const TOGETHER_BYTES: usize = 1 << 20;

/// Hands the lines behind `after` up to `last` on; blocks.
pub(super) fn feed(path: &Path, after: u64, last: u64, out: &mpsc::Sender<Feed>) {
    let stream: Arc<str> = path.file_name().map_or_else(|| "file".into(), |name| name.to_string_lossy().into());
    let mut lines = match read::open(path) {
        Ok(file) => BufReader::new(file),
        Err(error) => return failed(path, &error, out),
    };
    let (mut number, mut before) = (0, Timestamp(0));
    let (mut together, mut bytes) = (Vec::new(), 0);
    let mut batch: Option<Batch> = None;
    while number < last {
        let mut line = Vec::new();
        match lines.read_until(b'\n', &mut line) {
            Ok(0) => break,
            Ok(_) => number += 1,
            Err(error) => return failed(path, &error, out),
        }
        let line = line.trim_ascii();
        if number <= after || line.is_empty() {
            continue;
        }
        let Some(read) = read(&stream, number, before, line) else {
            let name = clean_line(&stream);
            let sentence = format!("line {number} of {name} is {WANTED}");
            // What stands before it could be sent, but nobody knows what else is not as it should be.
            let _ = out.blocking_send(Feed::Failed(Problem::new(ProblemKind::Unreadable, sentence)));
            return;
        };
        before = read.message.time;
        // What was printed of one batch, an event a line, is one message.
        let (of, message) = (read.of_batch, read.message);
        if let Some((of, part)) = of {
            if batch.as_ref().is_none_or(|open| open.of != of) {
                together.extend(batch.replace(Batch::open(message.clone(), of)).and_then(Batch::close));
            }
            if let Some(open) = &mut batch {
                open.add(number, message, part);
            }
        } else {
            together.extend(batch.take().and_then(Batch::close));
            together.push((number, message));
        }
        bytes += line.len();
        if together.len() >= TOGETHER || bytes >= TOGETHER_BYTES {
            bytes = 0;
            if out.blocking_send(Feed::Messages(std::mem::take(&mut together))).is_err() {
                return;
            }
        }
    }
    together.extend(batch.and_then(Batch::close));
    if !together.is_empty() && out.blocking_send(Feed::Messages(together)).is_err() {
        return;
    }
    // Nobody listens any more: then nobody misses it.
    let _ = out.blocking_send(Feed::End);
}

fn failed(path: &Path, error: &std::io::Error, out: &mpsc::Sender<Feed>) {
    let problem = Problem::new(ProblemKind::NotFound, format!("{} cannot be read: {error}", path.display()));
    let _ = out.blocking_send(Feed::Failed(problem));
}

/// What lines are that hold events themselves.
const EVENT: &str = "application/cloudevents+json";
/// See [`EVENT`].
const BATCH: &str = "application/cloudevents-batch+json";
/// What a line has to be.
const WANTED: &str = "neither a CloudEvent in JSON (an object with specversion, or an array of such) nor a line of \
                      `jetscope tail -o json`";

/// A message, and the batch that it was printed of, its stream and sequence, with what it has of it.
struct Read {
    message: Message,
    of_batch: Option<((Arc<str>, u64), Part)>,
}

/// Reads a line; `None` where it is nothing that can be sent.
fn read(stream: &Arc<str>, number: u64, before: Timestamp, line: &[u8]) -> Option<Read> {
    if let Some(Printed { message, of_batch }) = printed::read(line) {
        let of_batch = of_batch.map(|part| ((Arc::clone(&message.stream), message.seq), part));
        return Some(Read { message: Message { stream: Arc::clone(stream), seq: number, ..message }, of_batch });
    }
    // What breaks off is no event.
    serde_json::from_slice::<&RawValue>(line).ok()?;
    let named = if line.starts_with(b"[") { BATCH } else { EVENT };
    let message = message(stream, number, before, line, named);
    holds_events(&message).then_some(Read { message, of_batch: None })
}

/// Whether a line is an event, or a batch of nothing else.
fn holds_events(message: &Message) -> bool {
    let envelope = Envelope::new(message);
    let decoded = envelope.decode_to(Depth::Only(&[]));
    let is_event = |event: &Event<'_>| event.get(Core::Specversion.name()).is_some();
    !decoded.events().is_empty() && decoded.events().iter().all(is_event)
}

/// Events of a batch that were printed one by one.
struct Batch {
    of: (Arc<str>, u64),
    message: Message,
    /// The events so far.
    body: Vec<u8>,
    /// All of it was on one of its lines.
    whole: bool,
    /// The last of its lines.
    number: u64,
}

impl Batch {
    fn open(message: Message, of: (Arc<str>, u64)) -> Self {
        Self { of, message, body: Vec::new(), whole: false, number: 0 }
    }

    fn add(&mut self, number: u64, message: Message, part: Part) {
        self.number = number;
        match part {
            _ if self.whole => {}
            Part::All => (self.message, self.whole) = (message, true),
            Part::Other => {}
            Part::Event => {
                self.body.push(if self.body.is_empty() { b'[' } else { b',' });
                self.body.extend_from_slice(&message.body);
            }
        }
    }

    /// The message; `None` where none of its lines has an event.
    fn close(mut self) -> Option<(u64, Message)> {
        if !self.whole {
            if self.body.is_empty() {
                return None;
            }
            self.body.push(b']');
            self.message.body = self.body.into();
        }
        Some((self.number, Message { seq: self.number, ..self.message }))
    }
}

/// A line as a message of this type, under the subject that it had, at the time of the event.
fn message(stream: &Arc<str>, number: u64, before: Timestamp, line: &[u8], named: &str) -> Message {
    let header = Header { name: "Content-Type".into(), value: named.into() };
    let mut message = Message {
        stream: Arc::clone(stream),
        seq: number,
        time: before,
        subject: NO_SUBJECT.into(),
        headers: vec![header],
        undecodable: None,
        body: Bytes::copy_from_slice(line),
    };
    let (mut time, mut subject) = (None, None);
    {
        let envelope = Envelope::new(&message);
        let decoded = envelope.decode_to(Depth::Only(&[Core::Time.name(), SUBJECT, OTHER_SUBJECT]));
        if let Some(event) = decoded.events().first() {
            time = event.time().and_then(|moment| moment.at);
            subject = event
                .get(OTHER_SUBJECT)
                .or_else(|| event.get(SUBJECT))
                .and_then(|value| value.as_text())
                .map(Box::<str>::from);
        }
    }
    message.time = time.unwrap_or(before);
    message.subject = subject.unwrap_or(message.subject);
    message
}

/// How many lines a file has, the last one also without a line break.
pub(super) fn count(path: &Path) -> std::io::Result<u64> {
    let mut lines = BufReader::new(read::open(path)?);
    let (mut count, mut line) = (0, Vec::new());
    while lines.read_until(b'\n', &mut line)? > 0 {
        count += 1;
        line.clear();
    }
    Ok(count)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fed(text: &str) -> (Vec<(u64, Message)>, Option<String>) {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a.ndjson");
        std::fs::write(&path, text).unwrap();
        let (out, mut feed) = mpsc::channel(9);
        super::feed(&path, 0, u64::MAX, &out);
        drop(out);
        let (mut messages, mut problem) = (Vec::new(), None);
        while let Some(news) = feed.blocking_recv() {
            match news {
                Feed::Messages(more) => messages.extend(more),
                Feed::Failed(failed) => problem = Some(failed.sentence),
                _ => {}
            }
        }
        (messages, problem)
    }

    const LINE: &str = r#"{"specversion":"1.0","id":"1","source":"/s","type":"t","natssubject":"a.b"}"#;

    #[test]
    fn events_batches_and_what_a_tail_printed_are_read() {
        let printed = |seq: u64, mode: &str, rest: &str| {
            format!(
                r#"{{"stream":"S","seq":{seq},"time":"2026-11-30T07:39:45Z","subject":"s.x","headers":{{"X":["1","2"]}},"mode":"{mode}",{rest}}}"#
            )
        };
        let lines = [
            LINE.to_owned(),
            format!("[{LINE},{LINE}]"),
            printed(7, "structured", &format!(r#""event":{LINE},"error":null,"size":3"#)),
            printed(8, "binary", r#""event":{"specversion":"1.0","data":{"a" : 1.0}},"error":null,"size":3"#),
            printed(9, "binary", r#""event":{"datacontenttype":"text/plain","data":"a\"b"},"error":null,"size":3"#),
            printed(9, "binary", r#""event":{"data_base64":"AAE="},"error":null,"size":3"#),
            printed(10, "plain", r#""event":null,"error":"x","size":3,"data":"hi""#),
            printed(11, "batch", r#""event":{"id":"1"},"error":null,"size":3"#),
            printed(11, "batch", r#""event":{"id":"2"},"error":null,"size":3"#),
            printed(12, "batch", r#""event":{"id":"3"},"error":null,"size":3"#),
            printed(13, "structured", r#""event":{"id":"3"},"error":null,"size":3,"body":"{ }\n""#),
            // All of it stands beside the first, since its events do not tell it.
            printed(14, "batch", r#""event":{"id":"4"},"error":null,"size":3,"body":"[{ }, 5]""#),
            printed(14, "batch", r#""event":null,"error":"x","size":3"#),
            // The first was not printed.
            printed(15, "batch", r#""event":null,"error":"x","size":3"#),
            printed(15, "batch", r#""event":{"id":"5"},"error":null,"size":3"#),
        ];
        let (messages, problem) = fed(&lines.join("\n"));
        assert_eq!(problem, None);
        let told: Vec<(u64, &str, String)> =
            messages.iter().map(|(n, m)| (*n, &*m.subject, String::from_utf8_lossy(&m.body).into_owned())).collect();
        let expected = [
            (1, "a.b", LINE.to_owned()),
            (2, "a.b", format!("[{LINE},{LINE}]")),
            (3, "s.x", LINE.to_owned()),
            (4, "s.x", r#"{"a" : 1.0}"#.to_owned()),
            (5, "s.x", "a\"b".to_owned()),
            (6, "s.x", "\0\u{1}".to_owned()),
            (7, "s.x", "hi".to_owned()),
            (9, "s.x", r#"[{"id":"1"},{"id":"2"}]"#.to_owned()),
            (10, "s.x", r#"[{"id":"3"}]"#.to_owned()),
            (11, "s.x", "{ }\n".to_owned()),
            (13, "s.x", "[{ }, 5]".to_owned()),
            (15, "s.x", r#"[{"id":"5"}]"#.to_owned()),
        ];
        assert_eq!(told, expected.iter().map(|(n, s, b)| (*n, *s, b.clone())).collect::<Vec<_>>());
        let headers =
            |at: usize| messages[at].1.headers.iter().map(|h| format!("{}:{}", h.name, h.value)).collect::<Vec<_>>();
        assert_eq!(
            (headers(0), headers(1)),
            (vec![format!("Content-Type:{EVENT}")], vec![format!("Content-Type:{BATCH}")])
        );
        assert_eq!(headers(3), ["X:1", "X:2"]);
        assert_eq!((&*messages[2].1.stream, messages[2].1.seq), ("a.ndjson", 3));
        assert_eq!(messages[2].1.time, Timestamp::parse("2026-11-30T07:39:45Z").unwrap());
    }

    #[test]
    fn anything_else_is_refused_with_its_line() {
        for other in [r#"{"a":1}"#, "5", "no", "[1]", "[]", &LINE[..40], r#"{"stream":"S","seq":1,"subject":"x"}"#] {
            let (messages, problem) = fed(&format!("{LINE}\n\n{other}\n{LINE}\n"));
            assert!(messages.is_empty(), "{other}");
            let problem = problem.unwrap();
            assert!(problem.starts_with("line 3 of a.ndjson is neither a CloudEvent in JSON"), "{problem}");
        }
    }
}
