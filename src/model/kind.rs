//! What a stream is for, read from its name and configuration.

use serde::{Deserialize, Serialize};

use super::Stream;

/// What a stream is for. The order is the order of the groups on screen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// Captures what an external system sends.
    EventSource,
    /// Buffers what goes out.
    EventChannel,
    /// An ordinary stream.
    Plain,
    /// A copy of another stream.
    Mirror,
    /// A key-value bucket (`KV_…`).
    KeyValue,
    /// An object store (`OBJ_…`).
    ObjectStore,
}

impl Kind {
    /// The group's title.
    pub const fn title(self) -> &'static str {
        match self {
            Self::EventSource => "event sources",
            Self::EventChannel => "event channels",
            Self::Plain => "streams",
            Self::Mirror => "mirrors",
            Self::KeyValue => "key-value buckets",
            Self::ObjectStore => "object stores",
        }
    }

    /// The tag in the table, at most four characters.
    pub const fn tag(self) -> &'static str {
        match self {
            Self::EventSource => "src",
            Self::EventChannel => "chan",
            Self::Plain => "",
            Self::Mirror => "mirr",
            Self::KeyValue => "kv",
            Self::ObjectStore => "obj",
        }
    }
}

/// Name patterns with one `{name}` each, such as `eventsource-{name}-stream`. The first that fits wins.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KindPatterns {
    /// Patterns of event sources.
    pub event_source: Vec<String>,
    /// Patterns of event channels.
    pub event_channel: Vec<String>,
}

impl Default for KindPatterns {
    fn default() -> Self {
        Self {
            event_source: vec!["eventsource-{name}-stream".into()],
            event_channel: vec!["eventchannel-{name}-stream".into()],
        }
    }
}

impl KindPatterns {
    /// The kind of a stream and the short name to show for it.
    pub fn classify<'a>(&self, stream: &'a Stream) -> (Kind, &'a str) {
        let by_name = self.classify_name(&stream.name);
        match by_name.0 {
            Kind::Plain if stream.config.mirror.is_some() => (Kind::Mirror, by_name.1),
            _ => by_name,
        }
    }

    /// As [`KindPatterns::classify`] when nothing but the name is known.
    pub fn classify_name<'a>(&self, name: &'a str) -> (Kind, &'a str) {
        for (patterns, kind) in [(&self.event_source, Kind::EventSource), (&self.event_channel, Kind::EventChannel)] {
            if let Some(short) = patterns.iter().find_map(|p| short_name(p, name)) {
                return (kind, short);
            }
        }
        if let Some(bucket) = name.strip_prefix("KV_") {
            (Kind::KeyValue, bucket)
        } else if let Some(bucket) = name.strip_prefix("OBJ_") {
            (Kind::ObjectStore, bucket)
        } else {
            (Kind::Plain, name)
        }
    }
}

/// The part of `name` that stands for `{name}` in `pattern`; `None` when it does not fit or is empty.
fn short_name<'a>(pattern: &str, name: &'a str) -> Option<&'a str> {
    let (before, after) = pattern.split_once("{name}")?;
    let short = name.strip_prefix(before)?.strip_suffix(after)?;
    (!short.is_empty()).then_some(short)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_become_kinds_and_labels() {
        let patterns = KindPatterns::default();
        for (name, kind, label) in [
            ("eventsource-github-stream", Kind::EventSource, "github"),
            ("eventchannel-mail-stream", Kind::EventChannel, "mail"),
            ("eventsource--stream", Kind::Plain, "eventsource--stream"),
            ("eventsource-stream", Kind::Plain, "eventsource-stream"),
            ("KV_settings", Kind::KeyValue, "settings"),
            ("OBJ_files", Kind::ObjectStore, "files"),
            ("ORDERS", Kind::Plain, "ORDERS"),
        ] {
            assert_eq!(patterns.classify_name(name), (kind, label), "{name}");
        }
    }

    #[test]
    fn a_mirror_is_one_by_its_configuration() {
        let mut stream = Stream { name: "copy".into(), ..Default::default() };
        stream.config.mirror = Some("ORDERS".into());
        assert_eq!(KindPatterns::default().classify(&stream), (Kind::Mirror, "copy"));
    }
}
