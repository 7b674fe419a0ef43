//! The extensions that the `CloudEvents` project documents, and a few in wide use: what they hold and what they say.

use super::attribute::Value;
use super::uri;

/// What an extension holds, where that can be checked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Any text.
    Text,
    /// A signed number of 32 bits, as a number or as text.
    Integer,
    /// RFC 3339.
    Time,
}

/// Name, kind, meaning.
const KNOWN: [(&str, Kind, &str); 22] = [
    ("partitionkey", Kind::Text, "events with the same key belong together and stay in order"),
    ("sequence", Kind::Text, "position among the events of its source; a gap means a lost event"),
    ("sequencetype", Kind::Text, "how sequence is to be read"),
    ("traceparent", Kind::Text, "the trace that this event belongs to (W3C Trace Context)"),
    ("tracestate", Kind::Text, "what tracing systems add to the trace"),
    ("dataref", Kind::Text, "where the data lies (claim check)"),
    ("sampledrate", Kind::Integer, "how many events this one stands for"),
    ("severitytext", Kind::Text, "how severe it is, in words"),
    ("severitynumber", Kind::Integer, "how severe it is, 1 to 24"),
    ("recordedtime", Kind::Time, "when the event was recorded, as opposed to when it happened"),
    ("expirytime", Kind::Time, "after this the event is of no use"),
    ("deprecated", Kind::Text, "this type of event is going away"),
    ("deprecationfrom", Kind::Time, "when it is deprecated"),
    ("deprecationsunset", Kind::Time, "when it is no longer sent"),
    ("deprecationmigration", Kind::Text, "what to use instead"),
    ("authtype", Kind::Text, "what kind of principal caused it"),
    ("authid", Kind::Text, "who caused it"),
    ("authclaims", Kind::Text, "claims of who caused it"),
    ("correlationid", Kind::Text, "groups events of one process"),
    ("causationid", Kind::Text, "the id of the event that caused this one"),
    ("dataclassification", Kind::Text, "how confidential the data is"),
    ("dataregulation", Kind::Text, "which regulation applies to the data"),
];

/// What an extension holds.
pub fn kind(name: &str) -> Option<Kind> {
    KNOWN.iter().find(|(known, ..)| *known == name).map(|(_, kind, _)| *kind)
}

/// What an extension says, in a few words.
pub fn meaning(name: &str) -> Option<&'static str> {
    KNOWN.iter().find(|(known, ..)| *known == name).map(|(.., meaning)| *meaning)
}

/// The rule of its own document that the value of an extension breaks, in words that follow "but". Whether it is a time or
/// a number at all is not asked here.
pub(super) fn broken_rule(name: &str, value: &Value<'_>) -> Option<&'static str> {
    let text = value.to_text();
    let is_text = value.as_text().is_some();
    let number = || text.parse::<i64>().ok();
    let (holds, rule) = match name {
        "sampledrate" => (number().is_some_and(|n| n > 0), "must be greater than 0 (Sampling extension)"),
        "severitynumber" => (number().is_some_and(|n| n >= 0), "must not be negative (Severity extension)"),
        "severitytext" => (is_text && !text.is_empty(), "must be a string that is not empty (Severity extension)"),
        "sequence" => (is_text && !text.is_empty(), "must be a string that is not empty (Sequence extension)"),
        "partitionkey" => (is_text && !text.is_empty(), "must be a string that is not empty (Partitioning extension)"),
        "correlationid" | "causationid" => {
            (is_text && !text.is_empty(), "must be a string that is not empty (Correlation extension)")
        }
        "deprecated" => (text == "true", "must be true where it is given (Deprecation extension)"),
        "deprecationmigration" => (is_text && uri::is_absolute(&text), "must be a URI (Deprecation extension)"),
        "dataref" => (is_text && uri::is_reference(&text), "must be a URI reference (Dataref extension)"),
        "authtype" => (
            is_text && AUTH_TYPES.contains(&&*text),
            "must be app_user, user, service_account, api_key, system, unauthenticated or unknown (Auth Context extension)",
        ),
        "traceparent" => (
            is_text && is_traceparent(&text),
            "must be version, trace id, parent id and flags, as 00-4bf9…-00f0…-01 (W3C Trace Context, section 3.2)",
        ),
        _ if kind(name) == Some(Kind::Time) => (is_text, "must be a string with an RFC 3339 time"),
        _ => return None,
    };
    (!holds).then_some(rule)
}

/// What `authtype` may say.
const AUTH_TYPES: [&str; 7] =
    ["app_user", "user", "service_account", "api_key", "system", "unauthenticated", "unknown"];

/// `version-traceid-parentid-flags` in lower case, the ids not all zeros; later versions may have more.
fn is_traceparent(text: &str) -> bool {
    let hex = |part: &str, len: usize| {
        part.len() == len && part.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b))
    };
    let id = |part: &str, len: usize| hex(part, len) && part.bytes().any(|b| b != b'0');
    let mut parts = text.split('-');
    let (Some(version), Some(trace), Some(parent), Some(flags)) =
        (parts.next(), parts.next(), parts.next(), parts.next())
    else {
        return false;
    };
    let more = parts.next().is_some();
    hex(version, 2) && version != "ff" && id(trace, 32) && id(parent, 16) && hex(flags, 2) && !(version == "00" && more)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn filters_know_these_names_too() {
        for (name, ..) in KNOWN {
            assert!(crate::query::near::ATTRIBUTES.contains(&name), "{name}");
        }
        assert_eq!(crate::query::near::ATTRIBUTES.len(), KNOWN.len() + super::super::Core::ALL.len());
    }

    #[test]
    fn known_and_unknown() {
        assert_eq!(kind("expirytime"), Some(Kind::Time));
        assert_eq!(kind("sampledrate"), Some(Kind::Integer));
        assert!(meaning("causationid").is_some() && meaning("acme").is_none());
    }
}
