//! Thresholds in metadata: the keys that `nats server check stream` and `nats server check consumer` read, as they
//! read them. Values of 0 and less set nothing.

use crate::model::Rule;

/// How all keys begin.
const PREFIX: &str = "io.nats.monitor.";
/// Whether the thresholds count at all; `false` turns them off.
const ENABLED: &str = "enabled";

/// What a value is compared as.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Side {
    /// From here on it is a warning.
    Warning,
    /// From here on it is critical.
    Critical,
    /// Fewer are critical.
    Least,
    /// More are critical.
    Most,
    /// Anything else is critical.
    Exactly,
    /// It is wanted.
    Wanted,
}

/// How a value is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Form {
    /// A number that cannot be negative.
    Unsigned,
    /// A number.
    Signed,
    /// `5m`, `1d12h`.
    Span,
    /// `true` or `false`.
    Bool,
}

/// One key.
#[derive(Debug)]
struct Key {
    name: &'static str,
    rule: Rule,
    side: Side,
    form: Form,
}

const fn key(name: &'static str, rule: Rule, side: Side, form: Form) -> Key {
    Key { name, rule, side, form }
}

/// Keys of streams, without what all begin with.
const STREAM: &[Key] = &[
    key("lag-critical", Rule::StreamUpstreamBehind, Side::Critical, Form::Unsigned),
    key("seen-critical", Rule::StreamUpstreamSilent, Side::Critical, Form::Span),
    key("min-sources", Rule::StreamSources, Side::Least, Form::Signed),
    key("max-sources", Rule::StreamSources, Side::Most, Form::Signed),
    key("peer-expect", Rule::StreamPeers, Side::Exactly, Form::Signed),
    key("peer-lag-critical", Rule::StreamReplicaBehind, Side::Critical, Form::Unsigned),
    key("peer-seen-critical", Rule::StreamReplicaSilent, Side::Critical, Form::Span),
    key("msgs-warn", Rule::StreamFewMessages, Side::Warning, Form::Unsigned),
    key("msgs-critical", Rule::StreamFewMessages, Side::Critical, Form::Unsigned),
    key("subjects-warn", Rule::StreamSubjects, Side::Warning, Form::Signed),
    key("subjects-critical", Rule::StreamSubjects, Side::Critical, Form::Signed),
];

/// Keys of consumers.
const CONSUMER: &[Key] = &[
    key("outstanding-ack-critical", Rule::ConsumerAckPending, Side::Critical, Form::Signed),
    key("waiting-critical", Rule::ConsumerWaiting, Side::Critical, Form::Signed),
    key("unprocessed-critical", Rule::ConsumerPending, Side::Critical, Form::Signed),
    key("last-delivery-critical", Rule::ConsumerLastDelivery, Side::Critical, Form::Span),
    key("last-ack-critical", Rule::ConsumerLastAck, Side::Critical, Form::Span),
    key("redelivery-critical", Rule::ConsumerRedelivered, Side::Critical, Form::Signed),
    key("pinned", Rule::ConsumerPinned, Side::Wanted, Form::Bool),
];

/// What has it, each key whole, and the rule that reads it.
#[cfg(test)]
pub(super) fn keys() -> impl Iterator<Item = (&'static str, String, Rule)> {
    let of = |what, keys: &'static [Key]| keys.iter().map(move |key| (what, format!("{PREFIX}{}", key.name), key.rule));
    of("a stream", STREAM).chain(of("a consumer", CONSUMER))
}

/// A key that says nothing that could be honoured.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Unread {
    /// The whole key; raw.
    pub key: String,
    /// The value; raw.
    pub value: String,
    /// What it should be; `None` where nothing reads such a key.
    pub wanted: Option<&'static str>,
}

/// What the metadata of a stream or consumer says.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Monitor {
    set: Vec<(Rule, Side, f64)>,
    /// What could not be read.
    pub unread: Vec<Unread>,
}

impl Monitor {
    /// Of a stream's metadata.
    pub(super) fn of_stream(metadata: &[(String, String)]) -> Self {
        Self::read(metadata, STREAM)
    }

    /// Of a consumer's metadata.
    pub(super) fn of_consumer(metadata: &[(String, String)]) -> Self {
        Self::read(metadata, CONSUMER)
    }

    fn read(metadata: &[(String, String)], keys: &[Key]) -> Self {
        let mut monitor = Self::default();
        let mut enabled = true;
        for (whole, value) in metadata {
            let Some(name) = whole.strip_prefix(PREFIX) else { continue };
            let wanted = if name == ENABLED {
                match boolean(value) {
                    Some(on) => {
                        enabled = on;
                        continue;
                    }
                    None => Some(Form::Bool.wanted()),
                }
            } else if let Some(key) = keys.iter().find(|key| key.name == name) {
                match key.form.read(value) {
                    Some(n) => {
                        if n > 0.0 {
                            monitor.set.push((key.rule, key.side, n));
                        }
                        continue;
                    }
                    None => Some(key.form.wanted()),
                }
            } else {
                None
            };
            monitor.unread.push(Unread { key: whole.clone(), value: value.clone(), wanted });
        }
        if !enabled {
            monitor.set.clear();
        }
        monitor
    }

    /// What is set of a rule on this side.
    pub(super) fn get(&self, rule: Rule, side: Side) -> Option<f64> {
        self.set.iter().find(|(r, s, _)| *r == rule && *s == side).map(|(_, _, n)| *n)
    }

    /// The key by which a rule is set on this side.
    pub(super) fn key(rule: Rule, side: Side) -> String {
        let key = STREAM.iter().chain(CONSUMER).find(|key| key.rule == rule && key.side == side);
        key.map(|key| format!("{PREFIX}{}", key.name)).unwrap_or_default()
    }
}

impl Form {
    fn read(self, value: &str) -> Option<f64> {
        match self {
            Self::Unsigned => value.parse::<u64>().ok().filter(|_| !value.starts_with('+')).map(|n| n as f64),
            Self::Signed => value.parse::<i64>().ok().map(|n| n as f64),
            Self::Span => seconds(value),
            Self::Bool => boolean(value).map(|on| if on { 1.0 } else { 0.0 }),
        }
    }

    const fn wanted(self) -> &'static str {
        match self {
            Self::Unsigned | Self::Signed => "a number",
            Self::Span => "a duration such as 5m",
            Self::Bool => "true or false",
        }
    }
}

fn boolean(text: &str) -> Option<bool> {
    match text {
        "1" | "t" | "T" | "TRUE" | "true" | "True" => Some(true),
        "0" | "f" | "F" | "FALSE" | "false" | "False" => Some(false),
        _ => None,
    }
}

/// Seconds of `90s`, `1h30m`, `1.5h`, `2d`, `1w`, `1M` (30 days), `1y` (365 days); a sign stands before all.
fn seconds(text: &str) -> Option<f64> {
    let (sign, mut rest) = match text.strip_prefix('-') {
        Some(rest) => (-1.0, rest),
        None => (1.0, text.strip_prefix('+').unwrap_or(text)),
    };
    if rest == "0" {
        return Some(0.0);
    }
    if rest.is_empty() {
        return None;
    }
    let mut sum = 0.0;
    while !rest.is_empty() {
        let end = rest.find(|c: char| !c.is_ascii_digit() && c != '.').filter(|end| *end > 0)?;
        let (number, behind) = rest.split_at(end);
        let (unit, after) =
            behind.split_at(behind.find(|c: char| c.is_ascii_digit() || c == '.').unwrap_or(behind.len()));
        let each = match unit {
            "ns" => 1e-9,
            "us" | "µs" | "μs" => 1e-6,
            "ms" => 1e-3,
            "s" => 1.0,
            "m" => 60.0,
            "h" => 3_600.0,
            "d" | "D" => 86_400.0,
            "w" | "W" => 604_800.0,
            "M" => 2_592_000.0,
            "y" | "Y" => 31_536_000.0,
            _ => return None,
        };
        sum += number.parse::<f64>().ok()? * each;
        rest = after;
    }
    sum.is_finite().then_some(sign * sum)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pairs(of: &[(&str, &str)]) -> Vec<(String, String)> {
        of.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect()
    }

    #[test]
    fn every_key_of_the_nats_cli_is_read() {
        let stream = Monitor::of_stream(&pairs(&[
            ("io.nats.monitor.enabled", "true"),
            ("io.nats.monitor.lag-critical", "200"),
            ("io.nats.monitor.seen-critical", "5m"),
            ("io.nats.monitor.min-sources", "1"),
            ("io.nats.monitor.max-sources", "4"),
            ("io.nats.monitor.peer-expect", "3"),
            ("io.nats.monitor.peer-lag-critical", "10"),
            ("io.nats.monitor.peer-seen-critical", "10s"),
            ("io.nats.monitor.msgs-warn", "20"),
            ("io.nats.monitor.msgs-critical", "5"),
            ("io.nats.monitor.subjects-warn", "100"),
            ("io.nats.monitor.subjects-critical", "200"),
            ("owner", "platform"),
        ]));
        assert!(stream.unread.is_empty(), "{:?}", stream.unread);
        assert_eq!(stream.set.len(), STREAM.len());
        for (rule, side, value) in [
            (Rule::StreamUpstreamBehind, Side::Critical, 200.0),
            (Rule::StreamUpstreamSilent, Side::Critical, 300.0),
            (Rule::StreamSources, Side::Most, 4.0),
            (Rule::StreamPeers, Side::Exactly, 3.0),
            (Rule::StreamSubjects, Side::Warning, 100.0),
        ] {
            assert_eq!(stream.get(rule, side), Some(value), "{rule} {side:?}");
        }
        let consumer = Monitor::of_consumer(&pairs(&[
            ("io.nats.monitor.outstanding-ack-critical", "100"),
            ("io.nats.monitor.waiting-critical", "10"),
            ("io.nats.monitor.unprocessed-critical", "1000"),
            ("io.nats.monitor.last-delivery-critical", "1h"),
            ("io.nats.monitor.last-ack-critical", "90s"),
            ("io.nats.monitor.redelivery-critical", "5"),
            ("io.nats.monitor.pinned", "true"),
        ]));
        assert!(consumer.unread.is_empty());
        assert_eq!(consumer.set.len(), CONSUMER.len());
        assert_eq!(consumer.get(Rule::ConsumerLastAck, Side::Critical), Some(90.0));
    }

    #[test]
    fn nothing_and_less_set_nothing_and_false_turns_all_off() {
        let of = |key: &str, value: &str| Monitor::of_consumer(&pairs(&[(key, value)]));
        for value in ["0", "-1"] {
            assert_eq!(of("io.nats.monitor.waiting-critical", value), Monitor::default(), "{value}");
        }
        assert_eq!(of("io.nats.monitor.pinned", "false"), Monitor::default());
        let off = Monitor::of_consumer(&pairs(&[
            ("io.nats.monitor.waiting-critical", "10"),
            ("io.nats.monitor.enabled", "false"),
        ]));
        assert_eq!(off, Monitor::default());
    }

    #[test]
    fn what_cannot_be_read_is_named() {
        for (key, value, wanted) in [
            ("io.nats.monitor.lag-critical", "lots", Some("a number")),
            ("io.nats.monitor.lag-critical", "-1", Some("a number")),
            ("io.nats.monitor.peer-expect", "3.5", Some("a number")),
            ("io.nats.monitor.seen-critical", "5", Some("a duration such as 5m")),
            ("io.nats.monitor.seen-critical", "soon", Some("a duration such as 5m")),
            ("io.nats.monitor.enabled", "yes", Some("true or false")),
            ("io.nats.monitor.lag-crit", "5", None),
            ("io.nats.monitor.waiting-critical", "5", None),
        ] {
            let unread = Monitor::of_stream(&pairs(&[(key, value)])).unread;
            assert_eq!(unread, [Unread { key: key.into(), value: value.into(), wanted }]);
        }
    }

    #[test]
    fn durations_are_those_of_the_nats_cli() {
        for (text, wanted) in [
            ("90s", Some(90.0)),
            ("1h30m", Some(5_400.0)),
            ("1.5h", Some(5_400.0)),
            ("500ms", Some(0.5)),
            ("2d", Some(172_800.0)),
            ("1w1d", Some(691_200.0)),
            ("1M", Some(2_592_000.0)),
            ("1y", Some(31_536_000.0)),
            ("-1s", Some(-1.0)),
            ("0", Some(0.0)),
            ("0s", Some(0.0)),
            ("", None),
            ("5", None),
            ("s", None),
            ("1x", None),
            ("1.2.3s", None),
            ("1h 5m", None),
        ] {
            assert_eq!(seconds(text), wanted, "{text}");
        }
    }

    #[test]
    fn keys_are_told_whole() {
        assert_eq!(Monitor::key(Rule::ConsumerPending, Side::Critical), "io.nats.monitor.unprocessed-critical");
    }
}
