//! The extensions that the `CloudEvents` project documents, and a few in wide use: what they hold and what they say.

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
