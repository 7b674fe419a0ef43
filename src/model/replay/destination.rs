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
            return Err(
                "name a destination: SUBJECT, original, context:NAME[:SUBJECT], file:PATH, - or http(s)://…".into()
            );
        }
        if text == "-" {
            return Ok(Self::Stdout);
        }
        if lower == "original" {
            return Ok(Self::Original);
        }
        if lower.starts_with("http://") || lower.starts_with("https://") {
            return endpoint(text);
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
            // What stands behind it may be a secret.
            return Err("this is no subject; the address of an endpoint begins with http:// or https://".into());
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

/// An endpoint. No sentence repeats the address, in which there may be a secret.
fn endpoint(text: &str) -> Result<Destination, String> {
    let url = url::Url::parse(text).map_err(|error| format!("this is no address of an endpoint: {error}"))?;
    if !url.username().is_empty() || url.password().is_some() {
        return Err("an address with a user or a password is not taken: it would be written into plans and records; \
             what the header Authorization is to say stands in JETSCOPE_HTTP_AUTHORIZATION"
            .into());
    }
    if !url.has_host() {
        return Err("the address names no host".into());
    }
    if url.fragment().is_some() {
        return Err("what stands behind # is never sent; leave it out".into());
    }
    if let Some((name, _)) = url.query_pairs().find(|(name, value)| is_secret(name, value)) {
        return Err(format!(
            "the parameter {name:?} looks like a secret, and the address is written into plans and records: leave it out, \
             and set JETSCOPE_HTTP_QUERY={name}=…"
        ));
    }
    Ok(Destination::Http(text.to_owned()))
}

/// Whether a parameter of an address is likely to be a secret: by its name, or because it looks as if it came from a
/// generator.
fn is_secret(name: &str, value: &str) -> bool {
    const PARTS: [&str; 9] =
        ["token", "secret", "apikey", "accesskey", "passw", "signature", "credential", "bearer", "session"];
    const WORDS: [&str; 8] = ["key", "code", "sig", "sas", "pass", "pwd", "auth", "jwt"];
    let name = name.to_ascii_lowercase();
    let named = PARTS.iter().any(|part| name.contains(part)) || name.split(['-', '_', '.']).any(|w| WORDS.contains(&w));
    let (letters, digits) = (value.contains(|c: char| c.is_alphabetic()), value.contains(|c: char| c.is_ascii_digit()));
    named || (value.len() >= 20 && letters && digits && !value.contains([' ', '.']))
}

/// The names of the parameters of a query.
pub fn parameters(query: &str) -> Vec<String> {
    url::form_urlencoded::parse(query.as_bytes()).map(|(name, _)| name.into_owned()).filter(|n| !n.is_empty()).collect()
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

    #[test]
    fn no_address_brings_a_secret_into_a_plan_or_a_sentence() {
        for wrong in [
            "https://user:hush@host/",
            "https://user:hush@ho st/",
            "https://hush@host/e",
            "https://host/e?token=hush",
            "https://host/e?x=1&X-Api-Key=hush",
            "https://host/e?code=hush",
            "https://host/e?id=hush5f0a9c2b7d4e41aab1",
            "https://host/e#hush",
            "replay.{id}.{subject}http://user:hush@host/",
            "ftp://user:hush@host/",
        ] {
            let error = Destination::parse(wrong).unwrap_err();
            assert!(!error.contains("hush"), "{wrong}: {error}");
        }
        let error = Destination::parse("https://host/e?api_token=hush").unwrap_err();
        assert!(error.contains("JETSCOPE_HTTP_QUERY=api_token=…"), "{error}");
        for fine in ["https://host/e?x=1&tenant=acme-42", "https://host/e?topic=orders.created&version=2026-11-30"] {
            assert!(Destination::parse(fine).is_ok(), "{fine}");
        }
    }
}
