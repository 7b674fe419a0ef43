//! Limits of a stream: none, no age, nearly full; and what its owner should know of how it keeps messages.

use std::time::Duration;

use crate::health::Level;
use crate::health::finding::entry::{AT_ONCE, Check, Entry, Hit, Story, some};
use crate::health::finding::look::StreamLook;
use crate::model::series::until_full;
use crate::model::shell::command_line;
use crate::model::stream::AT_ITS_LIMIT;
use crate::model::units::{bytes, count_exact, duration, percent, rate, soon};
use crate::model::{Discard, Retention, Rule, Storage, Stream};

/// The window over which growth is measured.
const GROWTH: Duration = Duration::from_secs(60);

/// Nothing ever leaves it.
pub(super) const NO_LIMITS: Entry = Entry {
    rule: Rule::StreamNoLimits,
    levels: &[Level::Notice, Level::Warning],
    finds: "Nothing bounds the stream: no age, count or size, also of a subject. A notice where messages leave by acks, \
            and for a mirror.",
    patience: AT_ONCE,
    many: |n| some(n, "stream", "has no limit at all", "have no limit at all"),
    check: Check::Stream(
        |look| {
            let info = plain(look)?;
            (is_endless(info) && info.config.limits.max_age.is_none()).then(|| {
                let grows = info.config.retention == Retention::Limits && info.config.mirror.is_none();
                let level = if grows { Level::Warning } else { Level::Notice };
                Hit::plain(level)
            })
        },
        |look, _| {
            let Some(info) = look.info() else { return Story::default() };
            let grows = look.entry.series.rate(GROWTH, |s| s.bytes).filter(|rate| *rate > 0.0);
            let place = place(info);
            let sentence = if info.config.retention == Retention::Limits {
                format!("It has no limit at all: it keeps every message until the {place} is full.")
            } else {
                format!("It has no limit at all: what is not acked stays until the {place} is full.")
            };
            Story::new("no limit", sentence)
                .with("messages", count_exact(info.state.messages))
                .with("bytes", bytes(info.state.bytes))
                .with_some("grows", grows.map(|rate| format!("{}/s", bytes(rate as u64))))
                .run(
                    "Bound it by age and size, so that one stream cannot use up what all share.",
                    command_line("nats stream edit", &[look.name], "--max-age=30d --max-bytes=10GB"),
                )
        },
    ),
};

/// Its messages never grow too old.
pub(super) const NO_AGE_LIMIT: Entry = Entry {
    rule: Rule::StreamNoAgeLimit,
    levels: &[Level::Notice],
    finds: "The stream is bounded by count or size, but not by age: how far back it reaches depends on the traffic.",
    patience: AT_ONCE,
    many: |n| some(n, "stream", "has no age limit", "have no age limit"),
    check: Check::Stream(
        |look| {
            let info = plain(look)?;
            let limits = &info.config.limits;
            let by_limits = info.config.retention == Retention::Limits;
            (by_limits && !is_endless(info) && limits.max_age.is_none()).then_some(Hit::plain(Level::Notice))
        },
        |look, _| {
            let Some(info) = look.info() else { return Story::default() };
            let reach = info.state.reach(look.now());
            Story::new(
                "no age limit",
                "It has no age limit: how far back it reaches follows from how much comes in, and old data stays for ever \
                 where little does.",
            )
            .with_some("reach", reach.map(duration))
            .with_some("max messages", info.config.limits.max_msgs.map(count_exact))
            .with_some("max bytes", info.config.limits.max_bytes.map(bytes))
            .with_some("max a subject", info.config.limits.max_msgs_per_subject.map(count_exact))
            .run("Say how old a message may become.", command_line("nats stream edit", &[look.name], "--max-age=30d"))
        },
    ),
};

/// A restart empties it.
pub(super) const MEMORY: Entry = Entry {
    rule: Rule::StreamMemory,
    levels: &[Level::Notice],
    finds: "The stream is kept in memory: it is empty after its servers restart.",
    patience: AT_ONCE,
    many: |n| some(n, "stream", "is kept in memory", "are kept in memory"),
    check: Check::Stream(
        |look| {
            let info = plain(look)?;
            (info.config.storage == Storage::Memory).then_some(Hit::plain(Level::Notice))
        },
        |look, _| {
            let copies = look.info().map_or(1, |info| info.config.replicas.max(1));
            let sentence = if copies > 1 {
                format!("It is kept in memory, in {copies} copies: all is gone when their servers restart at once.")
            } else {
                "It is kept in memory: all messages are gone when its server restarts.".to_owned()
            };
            Story::new("in memory", sentence)
                .with("messages", look.info().map_or_else(|| "?".into(), |info| count_exact(info.state.messages)))
                .advise("The storage of a stream cannot be changed: copy it to one on disk, if its messages matter.")
        },
    ),
};

/// It will refuse, or drop what nobody has taken yet.
pub(super) const NEARLY_FULL: Entry = Entry {
    rule: Rule::StreamNearlyFull,
    levels: &[Level::Warning, Level::Critical],
    finds: "A limit of a stream is nearly reached, and then messages (or consumers) are refused, or dropped before they \
            were taken. Says when, at the present growth.",
    patience: AT_ONCE,
    many: |n| some(n, "stream", "is nearly full", "are nearly full"),
    check: Check::Stream(
        |look| {
            let info = look.info()?;
            let (limit, end) = tightest(info)?;
            let bound = look.bound(Rule::StreamNearlyFull);
            let warning = bound.warning.map_or(look.thresholds.limit_warning, |(ratio, _)| ratio);
            let critical = bound.critical.map_or(look.thresholds.limit_critical, |(ratio, _)| ratio);
            let ratio = limit.ratio();
            let level = if ratio >= critical && end != End::ConsumerRefused {
                Level::Critical
            } else if ratio >= warning {
                Level::Warning
            } else {
                return None;
            };
            Some(Hit::of(level, (ratio * 1_000.0) as u64))
        },
        |look, _| {
            let Some((limit, end)) = look.info().and_then(tightest) else { return Story::default() };
            let left = limit.until_full(look);
            let full = limit.ratio() >= 1.0;
            let (words, then) = match (end, full) {
                (End::Refused, true) => ("full", "New messages are refused."),
                (End::Refused, false) => ("nearly full", "When it is full, new messages are refused."),
                (End::Dropped, true) => {
                    ("drops unread", "The oldest messages are dropped although nobody has taken them.")
                }
                (End::Dropped, false) => {
                    ("nearly full", "When it is full, the oldest messages are dropped although nobody has taken them.")
                }
                (End::ConsumerRefused, true) => ("no more consumers", "New consumers are refused."),
                (End::ConsumerRefused, false) => {
                    ("many consumers", "When they are as many as it may have, new consumers are refused.")
                }
            };
            let sentence = format!(
                "{} of its {} is used{}. {then}",
                percent(limit.ratio()),
                limit.name,
                left.map(|left| format!(", all of it in {} at the present growth", soon(left))).unwrap_or_default()
            );
            let story = Story::new(words, sentence)
                .with("used", limit.said(limit.used))
                .with(limit.name, limit.said(limit.max))
                .with_some("full in", left.map(soon));
            let more = command_line("nats stream edit", &[look.name], &limit.flag());
            let report = command_line("nats consumer report", &[look.name], "");
            match end {
                End::Refused => story
                    .advise("See whether its consumers keep up, or whether something publishes more than it should.")
                    .run("Or give it more room.", more),
                End::Dropped => story
                    .run("See which consumer does not take its messages.", report)
                    .run("Or give it more room.", more),
                End::ConsumerRefused => story.run("See which of them are of no use any more.", report),
            }
        },
    ),
};

/// Ids are remembered for longer than messages are there.
pub(super) const DEDUPE_WINDOW: Entry = Entry {
    rule: Rule::StreamDedupeWindow,
    levels: &[Level::Notice],
    finds: "The stream drops messages sooner than their ids are to be remembered: what is published twice passes as new \
            after a restart.",
    patience: AT_ONCE,
    many: |n| {
        some(
            n,
            "stream",
            "remembers message ids for longer than it keeps messages",
            "remember message ids for longer than they keep messages",
        )
    },
    check: Check::Stream(
        |look| {
            let info = plain(look)?;
            let window = info.config.duplicate_window?;
            let reach = info.state.reach(look.now())?;
            // A stream that was made a moment ago reaches back no further, but it has not dropped anything either.
            let drops = info.state.first_seq > 1
                && info.config.retention == Retention::Limits
                && info.fullness().is_some_and(|full| full.ratio >= AT_ITS_LIMIT);
            (drops && reach < window).then_some(Hit::plain(Level::Notice))
        },
        |look, _| {
            let Some(info) = look.info() else { return Story::default() };
            let window = info.config.duplicate_window.unwrap_or_default();
            let reach = info.state.reach(look.now()).unwrap_or_default();
            let sentence = format!(
                "Message ids are to be remembered for {}, but messages are kept for {} only: after a restart of its server \
                 a message that is published again passes as a new one.",
                duration(window),
                duration(reach)
            );
            Story::new("short memory", sentence)
                .with("duplicate window", duration(window))
                .with("reach", duration(reach))
                .with_some("in-rate", look.entry.rate_in().map(|r| format!("{}/s", rate(r))))
                .run(
                    "Keep messages for at least as long, or shorten the window.",
                    command_line(
                        "nats stream edit",
                        &[look.name],
                        &format!("--dupe-window={}s", reach.as_secs().max(1)),
                    ),
                )
        },
    ),
};

/// What happens to a message (or consumer) that finds no room.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum End {
    Refused,
    Dropped,
    ConsumerRefused,
}

/// A limit that fills.
#[derive(Clone, Copy, Debug)]
struct Limit {
    name: &'static str,
    used: u64,
    max: u64,
}

impl Limit {
    fn ratio(self) -> f64 {
        self.used as f64 / self.max.max(1) as f64
    }

    fn said(self, n: u64) -> String {
        if self.name == "max_bytes" { bytes(n) } else { count_exact(n) }
    }

    /// The flag that doubles it.
    fn flag(self) -> String {
        let flag = if self.name == "max_bytes" { "max-bytes" } else { "max-msgs" };
        format!("--{flag}={}", self.max.saturating_mul(2))
    }

    fn until_full(self, look: &StreamLook<'_>) -> Option<Duration> {
        let series = &look.entry.series;
        let grows = match self.name {
            "max_bytes" => series.rate(GROWTH, |s| s.bytes),
            "max_msgs" => series.rate(GROWTH, |s| s.messages),
            _ => None,
        };
        until_full(self.used, self.max, grows)
    }
}

/// The fullest limit at whose end something is refused or lost; `None` where dropping the oldest is what is meant.
fn tightest(info: &Stream) -> Option<(Limit, End)> {
    let limits = &info.config.limits;
    let end = match (info.config.discard, info.config.retention) {
        (Discard::New, _) => Some(End::Refused),
        (Discard::Old, Retention::Interest | Retention::WorkQueue) => Some(End::Dropped),
        (Discard::Old, Retention::Limits) => None,
    };
    let limit = |name, used, max: Option<u64>, end: Option<End>| Some((Limit { name, used, max: max? }, end?));
    [
        limit("max_bytes", info.state.bytes, limits.max_bytes, end),
        limit("max_msgs", info.state.messages, limits.max_msgs, end),
        limit("max_consumers", info.state.consumers, limits.max_consumers, Some(End::ConsumerRefused)),
    ]
    .into_iter()
    .flatten()
    .max_by(|a, b| a.0.ratio().total_cmp(&b.0.ratio()))
}

/// No limit of count or size, also not of a subject.
fn is_endless(info: &Stream) -> bool {
    let limits = &info.config.limits;
    limits.max_msgs.is_none() && limits.max_bytes.is_none() && limits.max_msgs_per_subject.is_none()
}

/// A stream whose owner chose its configuration: those of other features are configured by them, and what is sealed
/// does not grow.
fn plain<'a>(look: &StreamLook<'a>) -> Option<&'a Stream> {
    look.info().filter(|info| !info.is_system() && !info.config.sealed)
}

fn place(info: &Stream) -> &'static str {
    if info.config.storage == Storage::Memory { "memory" } else { "disk" }
}
