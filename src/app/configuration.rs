//! A stream's whole configuration as names and values: what people ask for first, then everything else that the
//! server says, so that a field of a newer server is not hidden.

use serde_json::Value;

use crate::event::clean_line;
use crate::model::Stream;
use crate::model::units::{bytes, count_exact, duration};

/// A name and its value, both sanitised; both are empty on a line between groups.
pub type Setting = (String, String);

/// Fields that the first groups show.
const SHOWN: [&str; 23] = [
    "name",
    "description",
    "subjects",
    "mirror",
    "sources",
    "retention",
    "discard",
    "storage",
    "num_replicas",
    "compression",
    "max_age",
    "max_msgs",
    "max_bytes",
    "max_msgs_per_subject",
    "max_msg_size",
    "max_consumers",
    "duplicate_window",
    "allow_direct",
    "allow_rollup_hdrs",
    "deny_delete",
    "deny_purge",
    "sealed",
    "metadata",
];

/// The configuration of a stream; `json` is the server's whole reply, once it was read.
pub(super) fn settings(info: &Stream, json: Option<&str>) -> Vec<Setting> {
    let (c, l) = (&info.config, &info.config.limits);
    let none = || "no limit".to_owned();
    let yes = |b: bool| if b { "yes" } else { "no" }.to_owned();
    let mut out: Vec<Setting> = Vec::new();
    let mut add = |name: &str, value: String| out.push((name.to_owned(), clean_line(&value).into_owned()));
    add("name", info.name.clone());
    if let Some(text) = &c.description {
        add("description", text.clone());
    }
    for (i, subject) in c.subjects.iter().enumerate() {
        add(if i == 0 { "subjects" } else { "" }, subject.clone());
    }
    if let Some(mirror) = &c.mirror {
        add("mirror of", mirror.clone());
    }
    for (i, source) in c.sources.iter().enumerate() {
        add(if i == 0 { "sources" } else { "" }, source.clone());
    }
    add("", String::new());
    add("retention", c.retention.word().into());
    add("discard", c.discard.word().into());
    add("storage", c.storage.word().into());
    add("replicas", c.replicas.to_string());
    add("compression", c.compression.clone().unwrap_or_else(|| "none".into()));
    add("", String::new());
    add("max age", l.max_age.map_or_else(none, duration));
    add("max messages", l.max_msgs.map_or_else(none, count_exact));
    add("max bytes", l.max_bytes.map_or_else(none, |n| format!("{} ({})", bytes(n), count_exact(n))));
    add("max a subject", l.max_msgs_per_subject.map_or_else(none, count_exact));
    add("max message size", l.max_msg_size.map_or_else(none, bytes));
    add("max consumers", l.max_consumers.map_or_else(none, count_exact));
    add("duplicate window", c.duplicate_window.map_or("none".into(), duration));
    add("", String::new());
    add("direct get", yes(c.allow_direct));
    add("rollup headers", yes(c.allow_rollup));
    add("deny delete", yes(c.deny_delete));
    add("deny purge", yes(c.deny_purge));
    add("sealed", yes(c.sealed));
    if !c.metadata.is_empty() {
        add("", String::new());
    }
    for (i, (name, value)) in c.metadata.iter().enumerate() {
        add(if i == 0 { "metadata" } else { "" }, format!("{name} = {value}"));
    }
    let rest = rest(json);
    if !rest.is_empty() {
        out.push((String::new(), String::new()));
        out.extend(rest);
    }
    out
}

/// What the groups above do not show, in the server's order and words.
fn rest(json: Option<&str>) -> Vec<Setting> {
    let whole: Option<Value> = json.and_then(|text| serde_json::from_str(text).ok());
    let Some(config) = whole.as_ref().and_then(|v| v.get("config")).and_then(Value::as_object) else { return vec![] };
    config
        .iter()
        .filter(|(name, value)| !SHOWN.contains(&name.as_str()) || has_options(name, value))
        .map(|(name, value)| {
            let words = match value {
                Value::Bool(true) => "yes".to_owned(),
                Value::Bool(false) => "no".to_owned(),
                Value::String(text) => text.clone(),
                other => other.to_string(),
            };
            (clean_line(&name.replace('_', " ")).into_owned(), clean_line(&words).into_owned())
        })
        .collect()
}

/// A mirror or source that is more than a name: where it starts, what it filters.
fn has_options(name: &str, value: &Value) -> bool {
    let more = |upstream: &Value| upstream.as_object().is_some_and(|o| o.len() > 1);
    match name {
        "mirror" => more(value),
        "sources" => value.as_array().is_some_and(|all| all.iter().any(more)),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_that_the_server_says_is_hidden() {
        let json = r#"{"config":{"name":"S","max_age":5,"subject_transform":{"src":"a","dest":"b"},"allow_msg_ttl":true,
            "first_seq":7,"mirror":{"name":"A"},"sources":[{"name":"B","filter_subject":"x"}]},"state":{"messages":1}}"#;
        let all = settings(&Stream::default(), Some(json));
        let value = |name: &str| all.iter().find(|(n, _)| n == name).map(|(_, v)| v.as_str());
        assert_eq!(value("allow msg ttl"), Some("yes"));
        assert_eq!(value("first seq"), Some("7"));
        assert_eq!(value("subject transform"), Some(r#"{"src":"a","dest":"b"}"#));
        assert!(value("sources").is_some_and(|v| v.contains("filter_subject")));
        assert_eq!((value("mirror"), value("messages")), (None, None));
        assert_eq!(value("max age"), Some("no limit"));
    }

    #[test]
    fn values_are_harmless() {
        let stream = Stream { name: "a\u{1b}[31m".into(), ..Default::default() };
        let all = settings(&stream, Some("{\"config\":{\"placement\":{\"cluster\":\"\\u202e\"}}}"));
        assert!(all.iter().all(|(_, v)| !v.contains(['\u{1b}', '\u{202e}'])), "{all:?}");
    }
}
