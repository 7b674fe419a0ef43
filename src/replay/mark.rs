//! A message becomes a copy of a replay: marked so that it is known again, with nothing in it that acts on the
//! destination, and otherwise byte for byte the same.
//!
//! Marks are the extensions `replayid`, `replayseq` and `replaycount`: as `ce-` headers of binary events, inside the
//! envelope of structured ones, and as `Jetscope-Replay-…` headers of everything else (plain messages, batches,
//! packed bodies, other formats than JSON). The server acts on `Nats-…` headers (ADR-4, ADR-50 and others: expected sequences, rollups that
//! empty a stream, schedules, batches), so none is copied.

use std::fmt::Write as _;

use bytes::Bytes;

use super::envelope::{self, Names};
use super::lines;
use crate::event::{Decoded, Depth, Envelope, Event, Misfit, Mode, harmless_json};
use crate::model::{Header, Message};

/// The names of marks in events.
pub const MARKS: [&str; 3] = ["replayid", "replayseq", "replaycount"];
/// Marks, and what lines of files say the subject of a message in.
const LOOKED_FOR: [&str; 5] = [MARKS[0], MARKS[1], MARKS[2], lines::SUBJECT, lines::OTHER_SUBJECT];
/// The same as headers of binary events.
const BINARY_MARKS: [&str; 3] = ["ce-replayid", "ce-replayseq", "ce-replaycount"];
/// The names of marks as headers of messages that are no (single) events.
const PLAIN_MARKS: [&str; 3] = ["Jetscope-Replay-Id", "Jetscope-Replay-Seq", "Jetscope-Replay-Count"];
/// Where the id that the sender gave for deduplication is kept.
const ORIGINAL_ID: &str = "Jetscope-Original-Msg-Id";
/// What the server deduplicates by.
pub const MSG_ID: &str = "Nats-Msg-Id";

/// How the message ids of all copies begin.
const OWN_ID: &str = "replay:";

/// A copy, ready to be sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outgoing {
    /// To this subject.
    pub subject: String,
    /// With these headers.
    pub headers: Vec<Header>,
    /// The message id, a header of its own, where copies have one.
    pub id: Option<String>,
    /// And this body.
    pub body: Bytes,
    /// What the plan tells of it.
    pub remarks: Remarks,
}

/// What becomes of an event on its way, where that is worth telling.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Remarks {
    /// Why it goes to an endpoint in structured mode though binary mode was asked for.
    pub misfit: Option<Misfit>,
    /// It has attribute values that are percent-encoded.
    pub encoded: bool,
    /// Attributes that the copy does not have, since there are too many.
    pub lost: usize,
}

impl Outgoing {
    /// Bytes of subject, headers and body.
    pub fn size(&self) -> usize {
        self.subject.len() + self.wire_size()
    }

    /// Bytes that count against the limits of servers and streams: the header block and the body.
    pub fn wire_size(&self) -> usize {
        let headers: usize = self.headers.iter().map(|h| line_len(&h.name, h.value.len())).sum();
        let id = self.id.as_ref().map_or(0, |id| line_len(MSG_ID, id.len()));
        headers + id + BLOCK + self.body.len()
    }
}

/// What surrounds the headers of a message on the wire.
pub(super) const BLOCK: usize = 12;

/// Bytes of a header on the wire, with a value of so many.
pub(super) const fn line_len(name: &str, value: usize) -> usize {
    name.len() + value + 4
}

/// What a look at a message tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Look {
    /// How its event travels; `None` for a plain message.
    pub mode: Option<Mode>,
    /// How often it was replayed; `None` when never.
    pub count: Option<u32>,
    /// Its marks can stand inside its envelope.
    inside: bool,
    /// Its marks can be attributes in headers.
    in_headers: bool,
    /// It has an attribute `natssubject`.
    has_subject: bool,
    /// It is a line of a file in which `natssubject` is the event's own.
    keeps_subject: bool,
}

impl Look {
    /// The names of the marks where they stand beside the body.
    const fn marks_beside(&self) -> [&'static str; 3] {
        if self.in_headers { BINARY_MARKS } else { PLAIN_MARKS }
    }

    /// Looks at a message.
    pub fn at(message: &Message) -> Self {
        let envelope = Envelope::new(message);
        Self::of(&envelope, &envelope.decode_to(Self::DEPTH))
    }

    /// What has to be read of a message to look at it, and to know its type.
    pub(super) const DEPTH: Depth<'static> =
        Depth::Only(&[MARKS[0], MARKS[1], MARKS[2], lines::SUBJECT, lines::OTHER_SUBJECT, "type"]);

    /// Looks at a message that was read so far, or further.
    pub(super) fn of(envelope: &Envelope<'_>, decoded: &Decoded<'_>) -> Self {
        let message = envelope.message();
        let mode = decoded.mode();
        let marked = |event: &Event<'_>| {
            let id = event.get(MARKS[0])?;
            // Whoever marks without counting has replayed once.
            let count = event.get(MARKS[2]).and_then(|v| v.to_text().parse().ok()).unwrap_or(1);
            (!id.to_text().is_empty()).then_some(count)
        };
        let of_events = decoded.events().iter().filter_map(marked).max();
        let of_headers = message
            .header(PLAIN_MARKS[0])
            .map(|_| message.header(PLAIN_MARKS[2]).and_then(|count| count.trim().parse().ok()).unwrap_or(1));
        let packed = || message.header("content-encoding").is_some_and(|v| !v.trim().eq_ignore_ascii_case("identity"));
        let has = |name: &str| decoded.events().iter().any(|event| event.get(name).is_some());
        Self {
            mode,
            count: of_events.max(of_headers),
            inside: mode == Some(Mode::Structured) && decoded.format.is_none() && !packed(),
            in_headers: mode == Some(Mode::Binary) && !envelope.is_foreign(),
            has_subject: has(lines::SUBJECT),
            keeps_subject: has(lines::OTHER_SUBJECT),
        }
    }
}

/// The message id of a copy: the same each time that it is sent. It is also how copies are found again.
pub fn msg_id(replay: &str, stream: &str, seq: u64) -> String {
    let mut id = String::with_capacity(replay.len() + stream.len() + 28);
    // Writing to a String cannot fail.
    let _ = write!(id, "{OWN_ID}{replay}:{stream}:{seq}");
    id
}

/// Stream and sequence out of a message id of this replay; `None` where it is another's.
pub fn of_msg_id<'a>(id: &'a str, replay: &str) -> Option<(&'a str, u64)> {
    let rest = id.strip_prefix(OWN_ID)?.strip_prefix(replay)?.strip_prefix(':')?;
    let (stream, seq) = rest.rsplit_once(':')?;
    Some((stream, seq.parse().ok()?))
}

/// Makes copies for one replay.
#[derive(Clone, Debug)]
pub struct Marker {
    id: String,
    /// The messages come out of a file, in which their subject stands beside what they are.
    of_file: bool,
    /// Members of the envelope that make room for ours: marks alone, with the usual name of a subject in a file, with the
    /// other one, and with both.
    marks: Names,
    with_subject: Names,
    with_other: Names,
    with_both: Names,
}

impl Marker {
    /// For the replay of this id.
    pub fn new(id: &str) -> Self {
        let [a, b, c, subject, other] = LOOKED_FOR;
        Self {
            id: id.to_owned(),
            of_file: false,
            marks: Names::new(&MARKS),
            with_subject: Names::new(&[a, b, c, subject]),
            with_other: Names::new(&[a, b, c, other]),
            with_both: Names::new(&LOOKED_FOR),
        }
    }

    /// Whether the messages come out of a file.
    #[must_use]
    pub(super) const fn of_file(mut self, of_file: bool) -> Self {
        self.of_file = of_file;
        self
    }

    /// What an event loses when it leaves: the marks of an earlier replay, and what only a file says.
    const fn names(&self, look: Look) -> &Names {
        match (self.of_file, look.keeps_subject) {
            (false, _) => &self.marks,
            (true, false) => &self.with_subject,
            (true, true) => &self.with_other,
        }
    }

    /// A structured event on one line, marked, with the subject that the message had. An attribute of that name that the
    /// event has itself is left alone.
    pub(super) fn line(&self, line: &[u8], message: &Message, look: Look) -> Option<Bytes> {
        let (members, names) = self.members_of_line(message, look)?;
        envelope::insert(line, names, &members).map(Bytes::from)
    }

    /// How long that is.
    pub(super) fn line_len(&self, event: &Event<'_>, message: &Message, look: Look) -> Option<usize> {
        let (members, names) = self.members_of_line(message, look)?;
        Some(marked_len(event, names, &members))
    }

    /// What a line has of ours, and which members make room for it.
    fn members_of_line(&self, message: &Message, look: Look) -> Option<(String, &Names)> {
        let own = look.has_subject && (!self.of_file || look.keeps_subject);
        let (name, names) =
            if own { (lines::OTHER_SUBJECT, &self.with_other) } else { (lines::SUBJECT, &self.with_both) };
        let subject = harmless_json(serde_json::to_string(&*message.subject).ok()?);
        let marks = self.members(message.seq, look);
        Some((format!("{marks},\"{name}\":{subject}"), names))
    }

    /// A structured event, marked.
    pub(super) fn structured(&self, line: &[u8], message: &Message, look: Look) -> Option<Bytes> {
        envelope::insert(line, self.names(look), &self.members(message.seq, look)).map(Bytes::from)
    }

    /// How long that is.
    pub(super) fn structured_len(&self, event: &Event<'_>, message: &Message, look: Look) -> usize {
        marked_len(event, self.names(look), &self.members(message.seq, look))
    }

    /// Marks of a binary event in a request.
    pub(super) fn mark_http(&self, headers: &mut Vec<Header>, message: &Message, look: Look) {
        headers.retain(|h| h.name.strip_prefix("ce-").is_none_or(|name| !self.is_lost_in_http(name, look)));
        headers.extend(self.marks(BINARY_MARKS, message.seq, look));
    }

    /// How long these are.
    pub(super) fn http_len(&self, message: &Message, look: Look) -> usize {
        self.marks_len(BINARY_MARKS, message.seq, look)
    }

    /// Whether a request does not carry the attribute of this name.
    pub(super) fn is_lost_in_http(&self, name: &str, look: Look) -> bool {
        let of_file = match (self.of_file, look.keeps_subject) {
            (false, _) => None,
            (true, false) => Some(lines::SUBJECT),
            (true, true) => Some(lines::OTHER_SUBJECT),
        };
        MARKS.iter().any(|mark| mark.eq_ignore_ascii_case(name)) || of_file == Some(name)
    }

    /// Marks as headers of these names.
    fn marks(&self, names: [&'static str; 3], seq: u64, look: Look) -> impl Iterator<Item = Header> + use<> {
        let count = look.count.unwrap_or(0) + 1;
        let values = [self.id.as_str().into(), seq.to_string().into(), count.to_string().into()];
        names.into_iter().zip(values).map(|(name, value)| Header { name: name.into(), value })
    }

    fn marks_len(&self, names: [&'static str; 3], seq: u64, look: Look) -> usize {
        let count = look.count.unwrap_or(0) + 1;
        let values = [self.id.len(), digits(seq), digits(u64::from(count))];
        names.into_iter().zip(values).map(|(name, value)| line_len(name, value)).sum()
    }

    /// The copy of a message that was looked at, to this subject.
    pub fn copy(&self, message: &Message, look: Look, subject: String) -> Outgoing {
        let mut headers = Vec::with_capacity(message.headers.len() + if look.inside { 0 } else { 3 });
        headers.extend(kept(message).map(|(name, value)| Header { name: name.into(), value: value.into() }));
        let inside = if look.inside {
            envelope::insert(&message.body, self.names(look), &self.members(message.seq, look)).map(Bytes::from)
        } else {
            None
        };
        let body = inside.unwrap_or_else(|| {
            headers.extend(self.marks(look.marks_beside(), message.seq, look));
            message.body.clone()
        });
        let id = Some(msg_id(&self.id, &message.stream, message.seq));
        Outgoing { subject, headers, id, body, remarks: Remarks::default() }
    }

    /// Marks of a request whose body has no room for them.
    pub(super) fn beside_body(&self, message: &Message, look: Look) -> impl Iterator<Item = Header> + use<> {
        self.marks(PLAIN_MARKS, message.seq, look)
    }

    /// How long these are.
    pub(super) fn beside_body_len(&self, message: &Message, look: Look) -> usize {
        self.marks_len(PLAIN_MARKS, message.seq, look)
    }

    /// The [`Outgoing::wire_size`] of that.
    pub(super) fn copy_len(&self, message: &Message, look: Look) -> usize {
        let headers: usize = kept(message).map(|(name, value)| line_len(name, value.len())).sum();
        let inside = if look.inside {
            envelope::inserted_len(&message.body, self.names(look), &self.members(message.seq, look))
        } else {
            None
        };
        let marked =
            inside.unwrap_or_else(|| self.marks_len(look.marks_beside(), message.seq, look) + message.body.len());
        let id = OWN_ID.len() + self.id.len() + 1 + message.stream.len() + 1 + digits(message.seq);
        headers + marked + line_len(MSG_ID, id) + BLOCK
    }

    /// Sequences do not fit into the integers of `CloudEvents`, so that one is text.
    fn members(&self, seq: u64, look: Look) -> String {
        let (id, count) = (&self.id, look.count.unwrap_or(0) + 1);
        format!(r#""replayid":"{id}","replayseq":"{seq}","replaycount":{count}"#)
    }
}

/// The headers that a copy on NATS keeps. The id of a copy is our own; what the first sender gave stands beside it.
fn kept(message: &Message) -> impl Iterator<Item = (&str, &str)> {
    let headers = message.headers.iter().map(|header| (&*header.name, &*header.value));
    let is_id = |(name, value): &(&str, &str)| name.eq_ignore_ascii_case(MSG_ID) && !value.starts_with(OWN_ID);
    let original = headers.clone().find(is_id).map(|(_, value)| (ORIGINAL_ID, value));
    let given = original.is_some();
    let is_replaced = move |name: &str| given && name.eq_ignore_ascii_case(ORIGINAL_ID);
    let goes = move |name: &str| is_control(name) || is_mark(name) || is_replaced(name);
    headers.filter(move |(name, _)| !goes(name)).chain(original)
}

/// How long the line of an event is, without members of these names and with ours.
fn marked_len(event: &Event<'_>, names: &Names, ours: &str) -> usize {
    let (members, bytes) = event.weigh_json(|name| names.has(name));
    // The braces, and a comma before each that is not ours.
    2 + ours.len() + members + bytes
}

/// How many digits a number has.
fn digits(number: u64) -> usize {
    number.checked_ilog10().unwrap_or(0) as usize + 1
}

/// A header that the server acts on, or that says where a message was stored.
pub fn is_control(name: &str) -> bool {
    name.get(..5).is_some_and(|start| start.eq_ignore_ascii_case("nats-"))
}

fn is_mark(name: &str) -> bool {
    let attribute = match name.as_bytes() {
        [b'c' | b'C', b'e' | b'E', b'-' | b'_', ..] => &name[3..],
        [b'j' | b'J', ..] => return PLAIN_MARKS.iter().any(|mark| mark.eq_ignore_ascii_case(name)),
        _ => return false,
    };
    MARKS.iter().any(|mark| mark.eq_ignore_ascii_case(attribute))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::exercise::message;

    const EVENT: &[u8] = br#"{ "specversion":"1.0", "id":"1","source":"/a","type":"t","data":{"x":1.50}}"#;
    const BINARY: [(&str, &str); 4] =
        [("ce-specversion", "1.0"), ("ce-id", "1"), ("ce-source", "/a"), ("ce-type", "t")];

    fn copied(headers: &[(&str, &str)], body: &[u8]) -> (Vec<String>, String) {
        let mut sent = message(headers, body);
        sent.stream = "S".into();
        sent.seq = 7;
        let copy = Marker::new("R1").copy(&sent, Look::at(&sent), "to".into());
        let id = copy.id.iter().map(|id| format!("{MSG_ID}: {id}"));
        let headers = copy.headers.iter().map(|h| format!("{}: {}", h.name, h.value)).chain(id).collect();
        (headers, String::from_utf8(copy.body.to_vec()).unwrap())
    }

    fn count(headers: &[(&str, &str)], body: &[u8]) -> Option<u32> {
        Look::at(&message(headers, body)).count
    }

    #[test]
    fn binary_events_are_marked_in_headers() {
        let (headers, body) = copied(&[&BINARY[..], &[("X-Odd", "a  b%")]].concat(), b"\x00");
        let (marks, kept) = (&headers[5..], &headers[..5]);
        assert_eq!(kept, ["ce-specversion: 1.0", "ce-id: 1", "ce-source: /a", "ce-type: t", "X-Odd: a  b%"]);
        assert_eq!(marks, ["ce-replayid: R1", "ce-replayseq: 7", "ce-replaycount: 1", "Nats-Msg-Id: replay:R1:S:7"]);
        assert_eq!(body, "\0");
        let again = [&BINARY[..], &[("CE-ReplayId", "R0"), ("ce-replaycount", "2"), ("ce-replayseq", "9")]].concat();
        assert_eq!(count(&again, b""), Some(2));
        let (headers, _) = copied(&again, b"");
        assert_eq!(headers[4..7], ["ce-replayid: R1", "ce-replayseq: 7", "ce-replaycount: 3"]);
    }

    #[test]
    fn structured_events_are_marked_inside() {
        let (headers, body) = copied(&[], EVENT);
        assert_eq!(headers, ["Nats-Msg-Id: replay:R1:S:7"]);
        let marked = r#"{"replayid":"R1","replayseq":"7","replaycount":1, "specversion":"1.0", "id":"1","source":"/a","type":"t","data":{"x":1.50}}"#;
        assert_eq!(body, marked);
        assert_eq!((count(&[], EVENT), count(&[], marked.as_bytes())), (None, Some(1)));
        let (_, again) = copied(&[], marked.as_bytes());
        assert_eq!(again, marked.replace(r#""replaycount":1"#, r#""replaycount":2"#));
    }

    #[test]
    fn everything_else_is_marked_in_own_headers() {
        let own = ["Jetscope-Replay-Id: R1", "Jetscope-Replay-Seq: 7", "Jetscope-Replay-Count: 1"];
        let batch = [b"[".as_slice(), EVENT, b"]"].concat();
        for (headers, body) in [
            (&[][..], b"hello".as_slice()),
            (&[("content-type", "application/cloudevents-batch+json")], batch.as_slice()),
            (&[("content-type", "application/cloudevents+json"), ("Content-Encoding", "gzip")], b"\x1f\x8b"),
        ] {
            let mut sent = message(headers, body);
            (sent.stream, sent.seq) = ("S".into(), 7);
            let copy = Marker::new("R1").copy(&sent, Look::at(&sent), "to".into());
            let lines: Vec<String> = copy.headers.iter().map(|h| format!("{}: {}", h.name, h.value)).collect();
            assert_eq!(lines[headers.len()..headers.len() + 3], own);
            assert_eq!(copy.body, body);
        }
        assert_eq!(count(&[("jetscope-replay-id", "R0")], b"x"), Some(1));
        assert_eq!(count(&[("Jetscope-Replay-Id", "R0"), ("Jetscope-Replay-Count", "3")], b"x"), Some(3));
        let inner = br#"[{"specversion":"1.0","id":"1","source":"/a","type":"t","replayid":"R0","replaycount":2}]"#;
        assert_eq!(count(&[], inner), Some(2), "a batch is marked when one of its events is");
    }

    #[test]
    fn nothing_that_acts_on_the_destination_is_copied() {
        let control = [
            ("Nats-Msg-Id", "mine"),
            ("nats-rollup", "all"),
            ("NATS-Expected-Last-Sequence", "4"),
            ("Nats-Stream-Source", "A 5"),
            ("Nats-TTL", "1s"),
            ("Nats-Schedule", "@hourly"),
            ("Nats-Batch-Id", "x"),
            ("Natsy", "kept"),
        ];
        let (headers, _) = copied(&control, b"x");
        assert_eq!(headers[..2], ["Natsy: kept", "Jetscope-Original-Msg-Id: mine"]);
        assert_eq!(headers.len(), 6);
        // A copy of a copy keeps the id that the first sender gave.
        let (headers, _) = copied(&[("Nats-Msg-Id", "replay:R0:S:1"), ("Jetscope-Original-Msg-Id", "mine")], b"x");
        assert_eq!(headers.iter().filter(|h| h.starts_with("Jetscope-Original")).count(), 1);
        assert_eq!(headers[0], "Jetscope-Original-Msg-Id: mine");
    }

    #[test]
    fn copies_are_found_by_their_message_id() {
        let id = msg_id("R1", "a:b", 42);
        assert_eq!(of_msg_id(&id, "R1"), Some(("a:b", 42)));
        for (id, replay) in [(id.as_str(), "R"), (id.as_str(), "R2"), ("replay:R1:S", "R1"), ("replay:R1:S:x", "R1")] {
            assert_eq!(of_msg_id(id, replay), None, "{id} {replay}");
        }
    }
}
