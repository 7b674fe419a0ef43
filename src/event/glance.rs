//! What a row of a list shows of a message: its attributes in short, and whether something is wrong with it.

use std::borrow::Cow;

use super::attribute::Core;
use super::decoded::{Decoded, Event, Mode};
use super::envelope::Envelope;
use super::finding::{Finding, Severity};
use crate::model::sanitise::clean_line;
use crate::model::{Message, Timestamp};

/// The most characters of a text; no row shows more, and a text of megabytes is not copied for each frame.
const LONGEST: usize = 256;

/// What a row of a list shows of a message; every text is harmless and short.
///
/// It costs as much as decoding the message (a microsecond or two for 300 bytes, milliseconds for megabytes), so
/// whoever draws the same rows again and again keeps those of large or packed messages.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Glance {
    /// How the events travelled; `None` for a plain message.
    pub mode: Option<Mode>,
    /// Events in the message: none in a plain message, several in a batch, of which the first is shown.
    pub events: usize,
    /// `type`.
    pub ty: Option<String>,
    /// `source`.
    pub source: Option<String>,
    /// `subject`, that of the event.
    pub subject: Option<String>,
    /// `id`.
    pub id: Option<String>,
    /// `time`: RFC 3339 in UTC, or as it was sent where it is no time.
    pub time: Option<String>,
    /// The same as a moment.
    pub at: Option<Timestamp>,
    /// The worst finding's severity; `None` where nothing is wrong, and for a plain message.
    pub broken: Option<Severity>,
    /// One sentence: why it is no event, or the worst finding.
    pub why: Option<String>,
}

impl Glance {
    /// Looks at a message.
    pub fn of(message: &Message) -> Self {
        let envelope = Envelope::new(message);
        let decoded = envelope.decode();
        let event = decoded.events().first();
        let worst = worst(&decoded);
        let moment = event.and_then(Event::time).and_then(|moment| moment.at);
        let text = |core: Core| event.and_then(|e| e.get(core.name())).map(|value| short(&value.to_text()));
        Self {
            mode: decoded.mode(),
            events: decoded.events().len(),
            ty: text(Core::Type),
            source: text(Core::Source),
            subject: text(Core::Subject),
            id: text(Core::Id),
            time: text(Core::Time).map(|sent| utc(sent, moment)),
            at: moment,
            broken: worst.map(Finding::severity),
            why: decoded.plain().map(ToString::to_string).or_else(|| worst.map(ToString::to_string)),
        }
    }
}

/// The first of the worst findings.
fn worst<'d>(decoded: &'d Decoded<'_>) -> Option<&'d Finding> {
    if decoded.plain().is_some() {
        // That its headers or its encoding are wrong is said by its document; here, that it is no event.
        return None;
    }
    let error = decoded.all_findings().find(|f| f.severity() == Severity::Error);
    error.or_else(|| decoded.all_findings().next())
}

/// The beginning of a text, harmless.
fn short(text: &str) -> String {
    let mut ends = text.char_indices().skip(LONGEST);
    let start = match ends.next() {
        Some((end, _)) => Cow::Owned(format!("{}…", text.get(..end).unwrap_or_default())),
        None => Cow::Borrowed(text),
    };
    let shown = clean_line(&start);
    // What is made visible is longer than it was.
    match shown.char_indices().nth(LONGEST + 1) {
        Some((end, _)) => shown.get(..end).unwrap_or_default().chars().take(LONGEST).chain(['…']).collect(),
        None => shown.into_owned(),
    }
}

/// A time in UTC. Most senders write it so, and then it stays as it is.
fn utc(sent: String, at: Option<Timestamp>) -> String {
    match at {
        Some(at) if !sent.ends_with('Z') => at.to_string(),
        _ => sent,
    }
}

/// By what a message is related to others; raw, to compare and not to draw. Of a batch, its first event.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Identity {
    /// `id`.
    pub id: Option<String>,
    /// `source`.
    pub source: Option<String>,
    /// `subject`, that of the event.
    pub subject: Option<String>,
    /// `type`.
    pub ty: Option<String>,
    /// What groups it with others, by name and value: the first that it has of `correlationid`, `causationid`,
    /// `traceparent` (of which the trace's id is the value) and `partitionkey`.
    pub correlation: Option<(String, String)>,
}

/// The attributes that group events, the most telling first.
const GROUPING: [&str; 4] = ["correlationid", "causationid", "traceparent", "partitionkey"];

/// All that relates messages.
const WANTED: [&str; 8] =
    ["id", "source", "subject", "type", "correlationid", "causationid", "traceparent", "partitionkey"];

/// By what a message is related to others.
pub fn identity(message: &Message) -> Identity {
    let envelope = Envelope::new(message);
    let decoded = envelope.decode_to(super::Depth::Only(&WANTED));
    let Some(event) = decoded.events().first() else { return Identity::default() };
    let text = |core: Core| value(event, core.name());
    let correlation = GROUPING.iter().find_map(|name| Some(((*name).to_owned(), group(event, name)?)));
    Identity {
        id: text(Core::Id),
        source: text(Core::Source),
        subject: text(Core::Subject),
        ty: text(Core::Type),
        correlation,
    }
}

fn value(event: &Event<'_>, name: &str) -> Option<String> {
    event.get(name).map(|value| value.to_text().into_owned()).filter(|text| !text.is_empty())
}

/// The value by which an attribute groups; of `traceparent` it is the trace's id, since the rest is the event's own.
fn group(event: &Event<'_>, name: &str) -> Option<String> {
    let value = value(event, name)?;
    if name != "traceparent" {
        return Some(value);
    }
    let trace = value.split('-').nth(1)?;
    (trace.len() == 32 && trace.bytes().all(|b| b.is_ascii_hexdigit())).then(|| trace.to_ascii_lowercase())
}

/// A way in which messages belong together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Relation {
    /// The same id: sent twice, or by two sources.
    Id,
    /// The same source and subject: the history of one thing.
    SourceSubject,
    /// The same type.
    Type,
    /// The same value of an attribute that groups, by name and value as in [`Identity::correlation`]. With
    /// `causationid` the event whose id that is belongs to them.
    Correlation(String, String),
}

impl Relation {
    /// What is the same in messages that are related in this way; `None` for a message that is not, or cannot be.
    /// Of a batch, the first event that can be counts; [`Relation::holds`] looks at all.
    pub fn key(&self, message: &Message) -> Option<String> {
        self.look(message, |event| self.key_of(event))
    }

    /// Whether any event of the message has this key.
    pub fn holds(&self, key: &str, message: &Message) -> bool {
        self.look(message, |event| self.key_of(event).filter(|found| found == key)).is_some()
    }

    fn look(&self, message: &Message, key: impl Fn(&Event<'_>) -> Option<String>) -> Option<String> {
        let envelope = Envelope::new(message);
        let names: &[&str] = match self {
            Self::Id => &["id"],
            Self::SourceSubject => &["source", "subject"],
            Self::Type => &["type"],
            Self::Correlation(name, _) => &[name, "id"],
        };
        envelope.decode_to(super::Depth::Only(names)).events().iter().find_map(key)
    }

    fn key_of(&self, event: &Event<'_>) -> Option<String> {
        match self {
            Self::Id => value(event, "id"),
            Self::Type => value(event, "type"),
            Self::SourceSubject => {
                let source = value(event, "source")?;
                let subject = value(event, "subject").unwrap_or_default();
                // Where one ends and the other begins must be plain: both hold any character.
                Some(format!("{} {source}{subject}", source.len()))
            }
            Self::Correlation(name, wanted) => {
                let grouped = group(event, name).is_some_and(|found| found == *wanted);
                let cause = || name == "causationid" && event.id() == Some(wanted);
                (grouped || cause()).then(|| wanted.clone())
            }
        }
    }
}

impl Identity {
    /// The relation by what groups it, if it has any.
    pub fn relation(&self) -> Option<Relation> {
        self.correlation.clone().map(|(name, value)| Relation::Correlation(name, value))
    }
}

#[cfg(test)]
mod tests {
    use super::super::exercise::message;
    use super::*;

    fn structured(members: &str) -> Message {
        message(&[], format!("{{\"specversion\":\"1.0\",\"type\":\"t\",{members}}}").as_bytes())
    }

    #[test]
    fn a_row_of_a_good_event() {
        let sent = structured(
            r#""id":"1","source":"/a","subject":"s","time":"2026-11-20T15:50:07.50+02:00","data":{"type":"x"}"#,
        );
        let glance = Glance::of(&sent);
        let text = |text: &str| Some(text.to_owned());
        let expected = Glance {
            mode: Some(Mode::Structured),
            events: 1,
            ty: text("t"),
            source: text("/a"),
            subject: text("s"),
            id: text("1"),
            time: text("2026-11-20T13:50:07.5Z"),
            at: Timestamp::parse("2026-11-20T13:50:07.5Z"),
            broken: None,
            why: None,
        };
        assert_eq!(glance, expected);
    }

    #[test]
    fn what_is_wrong_is_said_the_worst_first() {
        let sent = structured(r#""id":"1","source":"a b","time":"yesterday","abcdefghijklmnopqrstuvw":"x""#);
        let glance = Glance::of(&sent);
        assert_eq!((glance.time.as_deref(), glance.at), (Some("yesterday"), None));
        assert_eq!(glance.broken, Some(Severity::Error));
        assert!(glance.why.unwrap().starts_with("source is \"a b\""));
        let warned = Glance::of(&structured(r#""id":"1","source":"/a","abcdefghijklmnopqrstuvw":"x""#));
        assert_eq!(warned.broken, Some(Severity::Warning));
    }

    #[test]
    fn plain_messages_and_batches() {
        let plain = Glance::of(&message(&[], b"hello"));
        assert_eq!((plain.mode, plain.events, plain.broken), (None, 0, None));
        assert_eq!(plain.why.as_deref(), Some("Not a CloudEvent: no header says so, and the body is not JSON."));
        let two = br#"[{"specversion":"1.0","id":"1","source":"/a","type":"t"},{"specversion":"1.0","id":2}]"#;
        let batch = Glance::of(&message(&[], two));
        assert_eq!((batch.mode, batch.events, batch.id.as_deref()), (Some(Mode::Batch), 2, Some("1")));
        assert_eq!(batch.broken, Some(Severity::Error));
    }

    #[test]
    fn texts_are_harmless_and_short() {
        let long = "\u{202e}".repeat(100_000);
        let glance =
            Glance::of(&structured(&format!("\"id\":\"\\u001b[2J\",\"source\":\"{long}\",\"time\":\"{long}\"")));
        assert_eq!(glance.id.as_deref(), Some("␛[2J"));
        assert_eq!(glance.source.unwrap().chars().count(), LONGEST + 1);
        assert!(glance.time.unwrap().starts_with("⟨U+202E⟩"));
    }

    #[test]
    fn messages_are_related_by_what_they_have() {
        let trace = "4bf92f3577b34da6a3ce929d0e0e4736";
        let a = structured(&format!(
            r#""id":"1","source":"/a","subject":"s","partitionkey":"p","traceparent":"00-{trace}-00f067aa0ba902b7-01""#
        ));
        let b = structured(&format!(
            r#""id":"2","source":"/a","subject":"s","traceparent":"00-{}-00f067aa0ba902b8-01""#,
            trace.to_uppercase()
        ));
        let found = identity(&a);
        assert_eq!(found.correlation, Some(("traceparent".into(), trace.into())));
        let relation = found.relation().unwrap();
        assert_eq!(relation.key(&a), relation.key(&b));
        assert_eq!(Relation::SourceSubject.key(&a), Relation::SourceSubject.key(&b));
        assert_eq!(Relation::Type.key(&a), Some("t".into()));
        assert_ne!(Relation::Id.key(&a), Relation::Id.key(&b));
        assert_eq!(relation.key(&structured(r#""id":"3","source":"/a""#)), None);
        assert_eq!(identity(&structured(r#""id":"3","source":"/a""#)).relation(), None);
        assert_eq!((Relation::Id.key(&message(&[], b"x")), identity(&message(&[], b"x"))), (None, Identity::default()));
    }

    #[test]
    fn the_cause_belongs_to_its_effects() {
        let cause = structured(r#""id":"1","source":"/a""#);
        let effect = structured(r#""id":"2","source":"/a","causationid":"1""#);
        let relation = identity(&effect).relation().unwrap();
        assert!(relation.key(&cause).is_some() && relation.key(&cause) == relation.key(&effect));
        assert_eq!(relation.key(&structured(r#""id":"4","source":"/a""#)), None);
        let batch = br#"[{"specversion":"1.0","id":"7","source":"/a"},{"specversion":"1.0","id":"8","source":"/a"}]"#;
        assert!(Relation::Id.holds("8", &message(&[], batch)) && !Relation::Id.holds("9", &message(&[], batch)));
    }
}
