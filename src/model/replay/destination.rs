//! Where the copies of a replay go.

use std::fmt;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

/// The subjects of copies where none are named.
pub const DEFAULT_TEMPLATE: &str = "replay.{id}.{subject}";

/// Where copies go: as typed after `--to`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum Destination {
    /// To these subjects: a template with `{subject}`, `{id}`, `{1}`….
    Subject(String),
    /// To the subject that each message had: everybody receives it again.
    Original,
    /// Over another saved connection; without a template to the subject that each message had.
    Context {
        /// The saved connection.
        name: String,
        /// A template of subjects.
        subject: Option<String>,
    },
    /// Into a file, a structured `CloudEvent` a line.
    File(PathBuf),
    /// To standard output, a structured `CloudEvent` a line.
    Stdout,
    /// To an endpoint that receives `CloudEvents`, one request an event.
    Http(String),
}

impl Default for Destination {
    fn default() -> Self {
        Self::Subject(DEFAULT_TEMPLATE.into())
    }
}

impl Destination {
    /// Reads `SUBJECT`, `original`, `context:NAME[:SUBJECT]`, `file:PATH`, `-` or `http(s)://…`; the error says what
    /// is right. Whether a template makes sense is not looked at here.
    pub fn parse(text: &str) -> Result<Self, String> {
        let text = text.trim();
        let lower = text.to_ascii_lowercase();
        if text.is_empty() {
            return Err("name where to: SUBJECT, original, context:NAME[:SUBJECT], file:PATH, - or http(s)://…".into());
        }
        if text == "-" {
            return Ok(Self::Stdout);
        }
        if lower == "original" {
            return Ok(Self::Original);
        }
        if lower.starts_with("http://") || lower.starts_with("https://") {
            return match url::Url::parse(text) {
                Ok(url) if !url.username().is_empty() || url.password().is_some() => Err(
                    "an address with a user or a password is not taken: it would be written into plans and records; \
                         what the header Authorization is to say stands in JETSCOPE_HTTP_AUTHORIZATION"
                        .into(),
                ),
                Ok(url) if url.has_host() => Ok(Self::Http(text.to_owned())),
                Ok(_) => Err(format!("{text} names no host")),
                Err(error) => Err(format!("{text} is no address: {error}")),
            };
        }
        if let Some(rest) = text.strip_prefix("context:") {
            let (name, subject) = rest.split_once(':').map_or((rest, None), |(name, subject)| (name, Some(subject)));
            if name.is_empty() || subject == Some("") {
                return Err("another connection is written as context:NAME or context:NAME:SUBJECT".into());
            }
            return Ok(Self::Context { name: name.into(), subject: subject.map(str::to_owned) });
        }
        if let Some(path) = text.strip_prefix("file:") {
            if path.is_empty() {
                return Err("a file is written as file:PATH".into());
            }
            return Ok(Self::File(path.into()));
        }
        if text.contains("://") {
            return Err(format!("{text:?} is no subject; the address of an endpoint begins with http:// or https://"));
        }
        if text.contains(|c: char| c.is_whitespace() || c.is_control()) {
            return Err(format!("{text:?} is no subject: subjects have no blanks"));
        }
        Ok(Self::Subject(text.to_owned()))
    }

    /// The template of the copies' subjects; `None` where copies have none.
    pub fn template(&self) -> Option<&str> {
        match self {
            Self::Subject(template) | Self::Context { subject: Some(template), .. } => Some(template),
            Self::Original | Self::Context { subject: None, .. } => Some("{subject}"),
            Self::File(_) | Self::Stdout | Self::Http(_) => None,
        }
    }

    /// Whether copies are published to a server, ours or another.
    pub const fn is_published(&self) -> bool {
        matches!(self, Self::Subject(_) | Self::Original | Self::Context { .. })
    }
}

impl fmt::Display for Destination {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Subject(template) => f.write_str(template),
            Self::Original => f.write_str("original"),
            Self::Context { name, subject: None } => write!(f, "context:{name}"),
            Self::Context { name, subject: Some(subject) } => write!(f, "context:{name}:{subject}"),
            Self::File(path) => write!(f, "file:{}", path.display()),
            Self::Stdout => f.write_str("-"),
            Self::Http(url) => f.write_str(url),
        }
    }
}

impl From<Destination> for String {
    fn from(destination: Destination) -> Self {
        destination.to_string()
    }
}

impl TryFrom<String> for Destination {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        Self::parse(&text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn destinations_are_read_as_they_are_written() {
        for (text, template) in [
            ("replay.{id}.{subject}", Some("replay.{id}.{subject}")),
            ("original", Some("{subject}")),
            ("context:staging", Some("{subject}")),
            ("context:staging:copy.{subject}", Some("copy.{subject}")),
            ("file:/tmp/x y.ndjson", None),
            ("-", None),
            ("http://localhost:8080/events?x=1", None),
            ("https://host/", None),
        ] {
            let destination = Destination::parse(text).unwrap();
            assert_eq!((destination.to_string().as_str(), destination.template()), (text, template));
        }
        for wrong in [
            "",
            "context:",
            "context:a:",
            "file:",
            "a b",
            "http://",
            "http://user:pw@host/",
            "replay.{id}.{subject}http://host/events",
            "nats://host:4222",
        ] {
            assert!(Destination::parse(wrong).is_err(), "{wrong}");
        }
    }
}
