//! Files of structured `CloudEvents`, one a line: what a replay can be written to and read from.

use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::sync::Arc;

use bytes::Bytes;
use tokio::sync::mpsc;

use super::source::Feed;
use crate::event::{Core, Depth, Envelope};
use crate::model::{Header, Message, Problem, ProblemKind, Timestamp};

/// The extension that keeps the subject that a message had on NATS.
pub(super) const SUBJECT: &str = "natssubject";
/// The subject of an event from a file that does not say one.
const NO_SUBJECT: &str = "events";
/// Lines that are handed on together, and their bytes.
const TOGETHER: usize = 256;
/// See [`TOGETHER`].
const TOGETHER_BYTES: usize = 1 << 20;

/// Hands the lines behind `after` up to `last` on; blocks.
pub(super) fn feed(path: &Path, after: u64, last: u64, out: &mpsc::Sender<Feed>) {
    let stream: Arc<str> = path.file_name().map_or_else(|| "file".into(), |name| name.to_string_lossy().into());
    let mut lines = match File::open(path) {
        Ok(file) => BufReader::new(file),
        Err(error) => return failed(path, &error, out),
    };
    let (mut number, mut before) = (0, Timestamp(0));
    let (mut together, mut bytes) = (Vec::new(), 0);
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
        let message = message(&stream, number, before, line);
        before = message.time;
        bytes += message.size();
        together.push((number, message));
        if together.len() >= TOGETHER || bytes >= TOGETHER_BYTES {
            bytes = 0;
            if out.blocking_send(Feed::Messages(std::mem::take(&mut together))).is_err() {
                return;
            }
        }
    }
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

/// A line as a message: structured, under the subject that it had, at the time of the event.
fn message(stream: &Arc<str>, number: u64, before: Timestamp, line: &[u8]) -> Message {
    let header = Header { name: "Content-Type".into(), value: "application/cloudevents+json".into() };
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
        let decoded = envelope.decode_to(Depth::Only(&[Core::Time.name(), SUBJECT]));
        if let Some(event) = decoded.events().first() {
            time = event.time().and_then(|moment| moment.at);
            subject = event.get(SUBJECT).and_then(|value| value.as_text()).map(Box::<str>::from);
        }
    }
    message.time = time.unwrap_or(before);
    message.subject = subject.unwrap_or(message.subject);
    message
}

/// How many lines a file has, the last one also without a line break.
pub(super) fn count(path: &Path) -> std::io::Result<u64> {
    let mut lines = BufReader::new(File::open(path)?);
    let (mut count, mut line) = (0, Vec::new());
    while lines.read_until(b'\n', &mut line)? > 0 {
        count += 1;
        line.clear();
    }
    Ok(count)
}
