//! jetscope's own configuration file, `config.toml`.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize};

use crate::model::{Access, KindPatterns, Thresholds};

use super::ConfigError;
use super::findings::{AllowedEntry, SilenceEntry, ThresholdEntry};
use super::secret::scrubbed;

/// The whole file. Every part may be left out.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// How the console looks.
    pub screen: Screen,
    /// How often the server is asked.
    pub poll: Poll,
    /// What is a warning.
    pub thresholds: Limits,
    /// Thresholds of single rules; for each rule the first that fits counts.
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    pub threshold: Box<[ThresholdEntry]>,
    /// What is not told.
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    pub silence: Box<[SilenceEntry]>,
    /// How much of a consumer may be outstanding; for each consumer the first that fits counts.
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    pub allowed: Box<[AllowedEntry]>,
    /// Reading the events of streams.
    pub tail: Tail,
    /// What is remembered of earlier.
    pub history: History,
    /// What stream names mean.
    pub kinds: Kinds,
    /// The log file.
    pub log: Log,
    /// Other keys for actions: `action = [keys]`. The actions are those of the help.
    pub keys: BTreeMap<String, Vec<String>>,
    /// What holds for single contexts, by name.
    pub contexts: BTreeMap<String, Context>,
}

/// How the console looks.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Screen {
    /// `dark`, `light` or `mono`.
    pub theme: String,
    /// Show the streams of other features (`KV_`, `OBJ_`, `$`) from the start.
    pub show_system: bool,
}

impl Default for Screen {
    fn default() -> Self {
        Self { theme: "dark".into(), show_system: false }
    }
}

/// How often the server is asked. Durations such as `500ms`, `1s`, `2m`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Poll {
    /// What is on screen; 200ms to 1m.
    pub fast: Span,
    /// The list of all streams, where it is longer than a page.
    pub list: Span,
    /// The consumers of all streams.
    pub consumers: Span,
    /// The account.
    pub account: Span,
    /// Texts and subjects of what is open.
    pub detail: Span,
}

impl Default for Poll {
    fn default() -> Self {
        let s = |n| Span(Duration::from_secs(n));
        Self { fast: s(1), list: s(5), consumers: s(2), account: s(5), detail: s(5) }
    }
}

/// A duration as text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, JsonSchema)]
#[schemars(with = "String")]
pub struct Span(pub Duration);

impl Serialize for Span {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        // Exactly, and as it can be read again; what people see elsewhere is rounded.
        let (nanos, secs) = (self.0.as_nanos(), self.0.as_secs());
        let text = match nanos {
            n if n % 1_000_000 != 0 => format!("{n}ns"),
            n if n % 1_000_000_000 != 0 => format!("{}ms", n / 1_000_000),
            _ if secs % 60 != 0 => format!("{secs}s"),
            _ => format!("{}m", secs / 60),
        };
        serializer.serialize_str(&text)
    }
}

impl<'de> Deserialize<'de> for Span {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        duration(&text).map(Self).map_err(|reason| serde::de::Error::custom(format!("{text:?}: {reason}")))
    }
}

/// Reads `500ms`, `1s`, `2m30s`.
pub fn duration(text: &str) -> Result<Duration, String> {
    let read: Result<jiff::SignedDuration, _> = text.trim().parse();
    match read.ok().and_then(|d| Duration::try_from(d).ok()) {
        Some(d) if d >= Duration::from_millis(1) => Ok(d),
        _ => Err("it should be a duration such as 500ms, 1s or 2m".into()),
    }
}

/// What is a warning. Ratios from 0 to 1.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Limits {
    /// A stream this full.
    pub limit_warning: f64,
    /// A stream this full that refuses new messages when it is full.
    pub limit_critical: f64,
}

impl Default for Limits {
    fn default() -> Self {
        let t = Thresholds::default();
        Self { limit_warning: t.limit_warning, limit_critical: t.limit_critical }
    }
}

/// The columns of a tail that can be chosen.
pub const TAIL_COLUMNS: [&str; 9] =
    ["seq", "stored", "event-time", "type", "source", "subject", "nats-subject", "id", "size"];

/// Reading the events of streams.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Tail {
    /// So many messages from the end it begins; 1 to 50000.
    pub last: u64,
    /// Messages that are kept; older ones are dropped and counted.
    pub events: usize,
    /// MiB that are kept, whichever limit is reached first.
    pub mebibytes: usize,
    /// The columns of the list: `seq`, `stored`, `event-time`, `type`, `source`, `subject`, `nats-subject`, `id`, `size`.
    pub columns: Vec<String>,
}

impl Default for Tail {
    fn default() -> Self {
        Self { last: 500, events: 50_000, mebibytes: 64, columns: TAIL_COLUMNS.map(str::to_owned).to_vec() }
    }
}

impl Tail {
    fn check(&self) -> Result<(), String> {
        for (name, value, most) in [
            ("last", self.last, 50_000),
            ("events", self.events as u64, 10_000_000),
            ("mebibytes", self.mebibytes as u64, 65_536),
        ] {
            if !(1..=most).contains(&value) {
                return Err(format!("tail.{name} is {value}: it should be from 1 to {most}"));
            }
        }
        match self.columns.iter().find(|name| !TAIL_COLUMNS.contains(&name.as_str())) {
            Some(name) => {
                Err(format!("tail.columns: no column is called {name:?}; there are {}", TAIL_COLUMNS.join(", ")))
            }
            None => Ok(()),
        }
    }
}

/// What is remembered of earlier: every poll of the last 15 minutes, one sample a minute of the last 24 hours.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct History {
    /// MiB that it may take at most. Where more is wanted, old polls and then old minutes give way; 1 to 65536.
    pub mebibytes: usize,
    /// Keep it across restarts, in a file a context in the state directory.
    pub keep: bool,
    /// MiB that such a file may have; 1 to 65536.
    pub file_mebibytes: usize,
}

impl Default for History {
    fn default() -> Self {
        Self { mebibytes: 256, keep: false, file_mebibytes: 32 }
    }
}

impl History {
    fn check(&self) -> Result<(), String> {
        for (name, value) in [("mebibytes", self.mebibytes), ("file_mebibytes", self.file_mebibytes)] {
            if !(1..=65_536).contains(&value) {
                return Err(format!("history.{name} is {value}: it should be from 1 to 65536"));
            }
        }
        Ok(())
    }
}

/// What stream names mean: patterns with one `{name}`; the first that fits wins.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Kinds {
    /// Event sources.
    pub event_source: Vec<String>,
    /// Event channels.
    pub event_channel: Vec<String>,
}

impl Default for Kinds {
    fn default() -> Self {
        let k = KindPatterns::default();
        Self { event_source: k.event_source, event_channel: k.event_channel }
    }
}

/// The levels of the log.
pub const LEVELS: [&str; 6] = ["off", "error", "warn", "info", "debug", "trace"];

/// The log file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Log {
    /// `off`, `error`, `warn`, `info`, `debug` or `trace`.
    pub level: String,
}

impl Default for Log {
    fn default() -> Self {
        Self { level: "info".into() }
    }
}

/// What holds for one context.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Context {
    /// `read-only`, `protected` (type the context's name) or `confirm`.
    #[schemars(with = "Option<String>")]
    pub access: Option<Access>,
    /// The colour of its name in the header: a name such as `red`, or `#rrggbb`.
    pub colour: Option<String>,
}

impl Config {
    /// Reads a file; a missing one is the default where it need not exist.
    pub fn read(path: &Path, must_exist: bool) -> Result<Self, ConfigError> {
        let bad = |reason: String| ConfigError::BadFile { path: path.to_owned(), reason };
        let text = match super::read::text(path) {
            Ok(text) => text,
            Err(e) if e.kind() == std::io::ErrorKind::NotFound && !must_exist => return Ok(Self::default()),
            Err(e) => return Err(bad(format!("it cannot be read: {e}"))),
        };
        let config = Self::parse(&text).map_err(bad)?;
        Ok(config)
    }

    /// Reads the text of a file; the error names line and key.
    pub fn parse(text: &str) -> Result<Self, String> {
        let config: Self = toml::from_str(text).map_err(|error| mistake(text, &error))?;
        config.check()?;
        Ok(config)
    }

    fn check(&self) -> Result<(), String> {
        for (name, ratio) in
            [("limit_warning", self.thresholds.limit_warning), ("limit_critical", self.thresholds.limit_critical)]
        {
            if !(0.0..=1.0).contains(&ratio) {
                return Err(format!("thresholds.{name} is {ratio}: it should be a ratio from 0 to 1"));
            }
        }
        self.thresholds()?;
        for pattern in self.kinds.event_source.iter().chain(&self.kinds.event_channel) {
            if pattern.matches("{name}").count() != 1 {
                return Err(format!("kinds: the pattern {pattern:?} should have {{name}} in it, once"));
            }
        }
        let poll = &self.poll;
        for (name, span) in [
            ("fast", poll.fast),
            ("list", poll.list),
            ("consumers", poll.consumers),
            ("account", poll.account),
            ("detail", poll.detail),
        ] {
            if span.0 < Duration::from_millis(200) {
                return Err(format!("poll.{name}: less than 200ms would only load the server"));
            }
        }
        if poll.fast.0 > Duration::from_secs(60) {
            return Err("poll.fast: with more than 1m what is on screen would be old; at most 1m".into());
        }
        self.tail.check()?;
        self.history.check()?;
        if !LEVELS.contains(&self.log.level.as_str()) {
            return Err(format!("log.level is {:?}: it should be one of {}", self.log.level, LEVELS.join(", ")));
        }
        for (name, context) in &self.contexts {
            if let Some(colour) = context.colour.as_deref().filter(|c| !super::theme::is_colour(c)) {
                return Err(format!(
                    "contexts.{name}.colour is {colour:?}: it should be #rrggbb or one of {}",
                    super::theme::COLOURS.join(", ")
                ));
            }
        }
        super::theme::Theme::named(&self.screen.theme)?;
        crate::keymap::Keymap::with(&self.keys).map_err(|e| format!("keys: {e}"))?;
        Ok(())
    }

    /// What rules compare with, and what is not told.
    pub fn thresholds(&self) -> Result<Thresholds, String> {
        let rules = self.threshold.iter().map(|t| t.read().map_err(|reason| format!("threshold: {reason}")));
        let silences = self.silence.iter().map(|s| s.read().map_err(|reason| format!("silence: {reason}")));
        Ok(Thresholds {
            limit_warning: self.thresholds.limit_warning,
            limit_critical: self.thresholds.limit_critical,
            rules: rules.collect::<Result<_, _>>()?,
            silences: silences.collect::<Result<_, _>>()?,
            allowed: self.allowed.iter().map(AllowedEntry::read).collect(),
        })
    }

    /// The JSON schema of the file, for editors.
    pub fn schema() -> String {
        let schema = schemars::schema_for!(Self);
        let mut text = serde_json::to_string_pretty(&schema).unwrap_or_default();
        text.push('\n');
        text
    }
}

/// What is wrong, with the line and its key. The line itself is not quoted as the parser would: it may be of another
/// file, or hold a password where none belongs.
fn mistake(text: &str, error: &toml::de::Error) -> String {
    let at = error.span().and_then(|span| text.get(..span.start)).map(|before| before.matches('\n').count());
    let line = at.map_or_else(String::new, |at| {
        let key = text.lines().nth(at).and_then(|line| line.split_once('=')).map(|(key, _)| key.trim());
        let key = key.filter(|key| key.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b'.')));
        format!("line {}{}: ", at + 1, key.map(|key| format!(" ({key})")).unwrap_or_default())
    });
    scrubbed(&format!("{line}{}", error.message())).into_owned()
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn the_example_is_the_default() {
        let example = include_str!("../../config.example.toml");
        assert_eq!(Config::parse(example).unwrap(), Config::default());
    }

    #[test]
    fn the_schema_is_up_to_date() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/assets/config.schema.json");
        if std::env::var_os("JETSCOPE_REGENERATE").is_some() {
            fs::write(path, Config::schema()).unwrap();
        }
        let kept = fs::read_to_string(path).unwrap_or_default();
        assert!(kept == Config::schema(), "the schema is old: run the tests once with JETSCOPE_REGENERATE=1");
    }

    #[test]
    fn mistakes_name_the_key() {
        for (text, part) in [
            ("[screen]\nthem = \"dark\"", "them"),
            ("[screen]\ntheme = \"pink\"", "pink"),
            ("[poll]\nfast = \"soon\"", "soon"),
            ("[poll]\naccount = \"1ms\"", "account"),
            ("[poll]\nfast = \"61s\"", "fast"),
            ("[log]\nlevel = \"loud\"", "loud"),
            ("[history]\nmebibytes = 0", "history.mebibytes"),
            ("[thresholds]\nlimit_warning = 80", "limit_warning"),
            ("[keys]\nqiut = [\"q\"]", "qiut"),
            ("[kinds]\nevent_source = [\"x\"]", "{name}"),
            ("[contexts.prod]\naccess = \"some\"", "some"),
            ("[contexts.prod]\ncolour = \"reddish\"", "reddish"),
        ] {
            let error = Config::parse(text).unwrap_err();
            assert!(error.contains(part), "{text}: {error}");
        }
    }

    #[test]
    fn what_is_printed_can_be_read_again() {
        for text in ["1500ms", "90s", "2m", "50h", "400h", "250500us"] {
            let config = Config::parse(&format!("[poll]\nlist = {text:?}")).unwrap();
            assert_eq!(Config::parse(&toml::to_string(&config).unwrap()).unwrap(), config, "{text}");
        }
    }

    #[test]
    fn contexts_have_access_and_colour() {
        let config = Config::parse("[contexts.prod]\naccess = \"protected\"\ncolour = \"red\"").unwrap();
        assert_eq!(config.contexts["prod"].access, Some(Access::Protected));
    }
}
