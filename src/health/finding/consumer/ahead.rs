//! What will become of a consumer, or never: retention comes near what it has not read, or nothing can match its filter.

use std::time::Duration;

use super::flags::keep_longer;
use crate::health::Level;
use crate::health::finding::entry::{AT_ONCE, Check, Entry, Hit, Story, some};
use crate::health::finding::look::ConsumerLook;
use crate::health::loss::time_to_loss as time_to_loss_of;
use crate::health::verdict::{Flag, State};
use crate::model::lag::LagTime;
use crate::model::ring::SLOTS;
use crate::model::shell::command_line;
use crate::model::subject::{covers, matches, overlap};
use crate::model::units::{count_exact, duration, rate};
use crate::model::{ConsumerSample, Rule};

/// Retention that is this near is a warning.
const NEAR: Duration = Duration::from_secs(600);
/// And this near it is critical.
const VERY_NEAR: Duration = Duration::from_secs(60);
/// Nearer than this is no forecast: it is lost.
const NOW: Duration = Duration::from_secs(1);
/// Subjects that were read longer ago than this say nothing of the present.
const FRESH: Duration = Duration::from_secs(60);

/// Retention is about to drop what it has not read.
pub(super) const LOSS_NEAR: Entry = Entry {
    rule: Rule::ConsumerLossNear,
    levels: &[Level::Warning, Level::Critical],
    finds: "The consumer stands still, is paused or falls behind, and at the present rate retention reaches what it has not read \
            within 10 minutes (critical: 1 minute), or within what is set.",
    patience: AT_ONCE,
    many: |n| some(n, "consumer", "will soon lose unread messages", "will soon lose unread messages"),
    check: Check::Consumer(
        |look| {
            let left = time_to_loss(look)?;
            let bound = look.bound(Rule::ConsumerLossNear);
            let near = |of: Option<(f64, _)>, default: Duration| {
                left.as_secs_f64() <= if bound.is_set() { of.map_or(-1.0, |(n, _)| n) } else { default.as_secs_f64() }
            };
            if near(bound.critical, VERY_NEAR) {
                Some(Hit::plain(Level::Critical))
            } else if near(bound.warning, NEAR) {
                Some(Hit::plain(Level::Warning))
            } else {
                None
            }
        },
        |look, hit| {
            let left = time_to_loss(look).unwrap_or_default();
            let limits = look.stream_info().map(|info| &info.config.limits);
            let unread = look.entry.ring.samples().last().and_then(first_unread);
            let drops = look.entry.dropped_per_second().map(|per_second| format!("up to {}/s", rate(per_second)));
            let (words, sentence) = if left < NOW {
                let drops = drops.as_ref().map_or(String::new(), |drops| format!(", {drops}"));
                (
                    "losing now",
                    format!("It is losing messages now{drops}: its stream drops them before they are acked."),
                )
            } else {
                let left = duration(Duration::from_secs(left.as_secs()));
                ("loss near", format!("In about {left} its stream begins to drop messages that it has not read."))
            };
            let bound = look.bound(Rule::ConsumerLossNear).of(hit.level, Rule::ConsumerLossNear);
            Story::new(words, sentence)
                .with(
                    "time left",
                    if left < NOW { "none".to_owned() } else { duration(Duration::from_secs(left.as_secs())) },
                )
                .with_some("stream drops", drops)
                .with_some("first unread", unread.map(|seq| format!("seq {} or later", count_exact(seq))))
                .with_some(
                    "stream begins",
                    look.stream_info().map(|info| format!("seq {}", count_exact(info.state.first_seq))),
                )
                .with_some("max age", limits.and_then(|limits| limits.max_age).map(duration))
                .with_some("max messages", limits.and_then(|limits| limits.max_msgs).map(count_exact))
                .with_some("max bytes", limits.and_then(|limits| limits.max_bytes).map(crate::model::units::bytes))
                .with_some("told from", bound.map(|(n, by)| format!("{} ({by})", duration(Duration::from_secs_f64(n)))))
                .advise("See why it does not keep up; that is the finding beside this one.")
                .run("Until it does, let the stream keep messages for longer.", keep_longer(look))
        },
    ),
};

/// Nothing can ever match.
pub(super) const FILTER: Entry = Entry {
    rule: Rule::ConsumerFilter,
    levels: &[Level::Notice, Level::Warning],
    finds: "A filter subject of the consumer can match nothing that its stream captures. A notice where only some of several \
            cannot, or where only nothing that is stored now matches (known while the stream's subjects are shown).",
    patience: AT_ONCE,
    many: |n| some(n, "consumer", "has a filter that matches nothing", "have a filter that matches nothing"),
    check: Check::Consumer(
        |look| {
            let filters = &look.info()?.config.filter_subjects;
            let dead = impossible(look).len();
            if dead > 0 {
                let level = if dead == filters.len() { Level::Warning } else { Level::Notice };
                return Some(Hit::of(level, dead as u64));
            }
            let unmatched = unmatched(look).len();
            (unmatched > 0 && unmatched == filters.len()).then(|| Hit::of(Level::Notice, unmatched as u64))
        },
        |look, _| {
            let impossible = impossible(look);
            let captured = look.stream_info().map(|info| info.config.subjects.join(" "));
            let filters = look.info().map(|info| info.config.filter_subjects.join(" ")).unwrap_or_default();
            let moved = impossible.iter().find_map(|filter| moved(look, filter));
            let sentence = if let Some((from, to)) = moved {
                format!(
                    "Its filter {} can match nothing: what is published to {from} is stored under {to}.",
                    impossible.join(", ")
                )
            } else if impossible.is_empty() {
                format!("Nothing that is stored now matches its filter {}.", unmatched(look).join(", "))
            } else {
                format!("Its filter {} can match nothing that the stream captures.", impossible.join(", "))
            };
            Story::new("filter", sentence)
                .with("filter", filters)
                .with_some("stream captures", captured)
                .advise("Is a subject misspelt, or were the stream's subjects changed?")
                .run(
                    "The filter can be changed without making the consumer anew.",
                    command_line("nats consumer edit", &[look.stream, look.name], "--filter=SUBJECT"),
                )
        },
    ),
};

/// How long until retention reaches the first message that may be unread; `None` where it does not come nearer, or where
/// the consumer keeps up.
fn time_to_loss(look: &ConsumerLook<'_>) -> Option<Duration> {
    let verdict = look.verdict.filter(|v| !matches!(v.state, State::Ok | State::Unknown | State::Rewound))?;
    let info = look.stream_info()?;
    let removed_by_acks = info.config.retention != crate::model::Retention::Limits;
    // What is being lost is told so.
    let loses = verdict.flags.iter().any(|flag| matches!(flag, Flag::Lost(lost) if lost.rate().is_some()));
    if removed_by_acks || loses {
        return None;
    }
    let samples = look.entry.ring.samples();
    if samples.len() < SLOTS {
        return None;
    }
    // Who does not move at all: what the message that waits longest has left, where it was looked at.
    let still = matches!(verdict.state, State::Stopped | State::Stalled | State::Paused);
    if still && let LagTime::Known(_, oldest, _) = look.entry.lag_time(look.now()) {
        return time_to_loss_of(look.of?, &oldest, look.now()).map(|loss| loss.after);
    }
    let gap =
        |sample: &ConsumerSample| Some((sample.at, first_unread(sample)?.saturating_sub(sample.edges?.first_seq)));
    let (first, last) = (samples.iter().find_map(gap)?, samples.iter().rev().find_map(gap)?);
    let oldest_is_unread = last.1 == 0;
    let by_age = info
        .config
        .limits
        .max_age
        .filter(|_| oldest_is_unread && still)
        .and_then(|age| Some(age.saturating_sub(look.now().since(info.state.first_time?))));
    let seconds = last.0.seconds_since(first.0);
    let nearer = first.1.saturating_sub(last.1) as f64;
    let by_rate = (seconds > 0.0 && nearer > 0.0 && last.1 > 0)
        .then(|| Duration::from_secs_f64((last.1 as f64 * seconds / nearer).min(3.0e9)));
    [by_age, by_rate].into_iter().flatten().min()
}

/// The first sequence that may not have been read. With a filter it may lie further behind.
fn first_unread(sample: &ConsumerSample) -> Option<u64> {
    let edges = sample.edges?;
    let read = if sample.ack_none { sample.delivered_stream_seq } else { sample.ack_floor_stream_seq };
    Some((read + 1).max(edges.first_seq))
}

/// Filters that nothing in the stream can ever match.
fn impossible(look: &ConsumerLook<'_>) -> Vec<String> {
    let (Some(info), Some(stream)) = (look.info(), look.stream_info()) else { return Vec::new() };
    let config = &stream.config;
    // What comes from elsewhere, or under other subjects, is not known from the configuration.
    if config.subjects.is_empty() || config.mirror.is_some() || !config.sources.is_empty() {
        return Vec::new();
    }
    // What a transform moves is stored under other subjects, and the rest as it comes.
    let none = |filter: &&String| match &config.transform {
        Some(_) => moved(look, filter).is_some(),
        None => !config.subjects.iter().any(|subject| overlap(subject, filter)),
    };
    info.config.filter_subjects.iter().filter(none).cloned().collect()
}

/// The transform of the stream, where it moves all that a filter could match to subjects that the filter does not match.
fn moved<'a>(look: &ConsumerLook<'a>, filter: &str) -> Option<&'a (String, String)> {
    let transform = look.stream_info()?.config.transform.as_ref()?;
    let (from, to) = transform;
    // A part that is worked out can be anything, and more than one part.
    let known: Vec<&str> = to.split('.').take_while(|part| !part.contains(['{', '$', '*'])).collect();
    let to = if known.len() == to.split('.').count() {
        known.join(".")
    } else {
        [known.as_slice(), &[">"]].concat().join(".")
    };
    (covers(if from.is_empty() { ">" } else { from }, filter) && !overlap(&to, filter)).then_some(transform)
}

/// Filters that nothing matches which is stored now, where all subjects are known.
fn unmatched(look: &ConsumerLook<'_>) -> Vec<String> {
    let (Some(info), Some((subjects, taken))) = (look.info(), look.subjects) else { return Vec::new() };
    let whole = subjects.filter == ">" && subjects.total > 0 && subjects.counts.len() as u64 >= subjects.total;
    if !whole || look.now().since(taken) > FRESH {
        return Vec::new();
    }
    let none = |filter: &&String| !subjects.counts.iter().any(|count| matches(filter, &count.subject));
    info.config.filter_subjects.iter().filter(none).cloned().collect()
}
