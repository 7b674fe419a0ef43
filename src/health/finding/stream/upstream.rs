//! What a stream copies from others: failing, silent, behind.

use std::time::Duration;

use crate::health::Level;
use crate::health::finding::entry::{A_MOMENT, A_WHILE, AT_ONCE, Check, Entry, Hit, Story, ended, plural, some};
use crate::health::finding::look::StreamLook;
use crate::health::finding::monitor::{Monitor, Side};
use crate::model::shell::command_line;
use crate::model::units::{ago, count_exact, rate};
use crate::model::{Rule, Upstream};

use super::cluster::allowed;

/// A mirror hears of its upstream every few seconds; after this it is called silent.
const SILENT: Duration = Duration::from_secs(30);
/// Fewer messages than this are just on their way.
const FEW: u64 = 10;
/// A lag that falls by this share in the time we look is being made up for.
const SHRINKS: f64 = 0.9;

/// It cannot read.
pub(super) const FAILS: Entry = Entry {
    rule: Rule::StreamUpstreamFails,
    levels: &[Level::Critical],
    finds: "A mirror or source cannot be read; the server says why.",
    patience: A_MOMENT,
    many: |n| some(n, "stream", "cannot read what it copies", "cannot read what they copy"),
    check: Check::Stream(
        |look| {
            let failing = upstreams(look).filter(|up| up.error.is_some()).count() as u64;
            (failing > 0).then(|| Hit::of(Level::Critical, failing))
        },
        |look, _| {
            let failing: Vec<&Upstream> = upstreams(look).filter(|up| up.error.is_some()).collect();
            let first = failing.first();
            let sentence = first.map_or_else(String::new, |up| {
                format!("Reading {} fails: {}", up.name, ended(up.error.as_deref().unwrap_or("no reason is given")))
            });
            let mut story = Story::new(of_kind(look, "fails"), sentence);
            for up in &failing {
                story = story.with("fails", format!("{}: {}", up.name, up.error.as_deref().unwrap_or("?")));
            }
            story.run("See whether it exists, and whether its account and domain are right.", info(look))
        },
    ),
};

/// It does not hear of what it reads.
pub(super) const SILENT_RULE: Entry = Entry {
    rule: Rule::StreamUpstreamSilent,
    levels: &[Level::Warning, Level::Critical],
    finds: "Nothing was heard of a mirror's or source's origin for 30 s, or for longer than is set.",
    patience: A_WHILE,
    many: |n| some(n, "stream", "hears nothing of what it copies", "hear nothing of what they copy"),
    check: Check::Stream(
        |look| {
            let (level, up) = silent(look).into_iter().max_by_key(|(level, up)| (*level, up.active))?;
            Some(Hit::of(level, up.active.unwrap_or_default().as_secs()))
        },
        |look, hit| {
            let silent = silent(look);
            let mut story =
                Story::new(of_kind(look, "silent"), silent.first().map_or_else(String::new, |(_, up)| heard(up)));
            for (_, up) in &silent {
                story = story.with("silent", heard(up));
            }
            story
                .with_some("allowed", allowed(look, Rule::StreamUpstreamSilent, hit.level))
                .run("See whether its origin is there and reachable from this server.", info(look))
        },
    ),
};

/// It does not keep up.
pub(super) const BEHIND: Entry = Entry {
    rule: Rule::StreamUpstreamBehind,
    levels: &[Level::Warning, Level::Critical],
    finds: "A mirror or source is behind its origin by more than ten seconds of what it takes and does not catch up, or by \
            more than is set.",
    patience: A_WHILE,
    many: |n| some(n, "stream", "is behind what it copies", "are behind what they copy"),
    check: Check::Stream(
        |look| {
            let (level, up) = behind(look).into_iter().max_by_key(|(level, up)| (*level, up.lag))?;
            Some(Hit::of(level, up.lag))
        },
        |look, hit| {
            let behind = behind(look);
            let Some((_, worst)) = behind.iter().max_by_key(|(_, up)| up.lag) else { return Story::default() };
            let bound = look.bound(Rule::StreamUpstreamBehind);
            let more = if bound.is_set() {
                "more than is allowed".to_owned()
            } else {
                "more than ten seconds of what it takes, and it does not catch up".to_owned()
            };
            let sentence = format!("It is {} behind {}, {more}.", plural(worst.lag, "message"), worst.name);
            let mut story = Story::new(format!("lag {}", crate::model::units::count(worst.lag)), sentence);
            for (_, up) in &behind {
                story = story.with("behind", format!("{}: {}", up.name, plural(up.lag, "message")));
            }
            story
                .with_some("takes", look.entry.rate_in().map(|r| format!("{}/s", rate(r))))
                .with_some(
                    "allowed",
                    bound
                        .of(hit.level, Rule::StreamUpstreamBehind)
                        .map(|(n, by)| format!("{} ({by})", count_exact(n as u64))),
                )
                .run("See whether the way to its origin, or its disk, is too slow.", info(look))
        },
    ),
};

/// Not as many sources as were expected.
pub(super) const SOURCES: Entry = Entry {
    rule: Rule::StreamSources,
    levels: &[Level::Critical],
    finds: "The stream has fewer or more sources than `min-sources` and `max-sources` of its metadata say.",
    patience: AT_ONCE,
    many: |n| {
        some(n, "stream", "has another number of sources than expected", "have another number of sources than expected")
    },
    check: Check::Stream(
        |look| {
            let n = look.info()?.sources.len() as f64;
            let wrong = look.monitor.get(Rule::StreamSources, Side::Least).is_some_and(|least| n < least)
                || look.monitor.get(Rule::StreamSources, Side::Most).is_some_and(|most| n > most);
            wrong.then(|| Hit::of(Level::Critical, n as u64))
        },
        |look, hit| {
            let said = |side| {
                look.monitor
                    .get(Rule::StreamSources, side)
                    .map(|n| format!("{n} ({})", Monitor::key(Rule::StreamSources, side)))
            };
            let sentence = format!("It has {}, which is not as many as expected.", plural(hit.amount, "source"));
            Story::new("sources", sentence)
                .with_some("at least", said(Side::Least))
                .with_some("at most", said(Side::Most))
                .run("See which are missing.", info(look))
        },
    ),
};

fn upstreams<'a>(look: &StreamLook<'a>) -> impl Iterator<Item = &'a Upstream> {
    look.info().into_iter().flat_map(|info| info.mirror.iter().chain(&info.sources))
}

/// Those that are silent and of which nothing worse is known.
fn silent<'a>(look: &StreamLook<'a>) -> Vec<(Level, &'a Upstream)> {
    let bound = look.bound(Rule::StreamUpstreamSilent);
    let level = |up: &Upstream| match (up.active, bound.is_set()) {
        (Some(ago), true) => bound.at_least(ago.as_secs_f64()),
        (Some(ago), false) => (ago > SILENT).then_some(Level::Warning),
        // It never heard of it.
        (None, _) => Some(Level::Warning),
    };
    upstreams(look).filter(|up| up.error.is_none()).filter_map(|up| Some((level(up)?, up))).collect()
}

/// Those that are behind and of which nothing worse is known.
fn behind<'a>(look: &StreamLook<'a>) -> Vec<(Level, &'a Upstream)> {
    let bound = look.bound(Rule::StreamUpstreamBehind);
    let ten_seconds = look.entry.rate_in().map_or(f64::MAX, |rate| rate * 10.0);
    let lag = |sample: Option<&crate::model::StreamSample>| sample.map_or(0, |s| s.upstream_lag) as f64;
    let catches_up = lag(look.entry.series.last()) < lag(look.entry.series.iter().next()) * SHRINKS;
    let level = |up: &Upstream| {
        if bound.is_set() {
            bound.at_least(up.lag as f64)
        } else {
            (up.lag >= FEW && up.lag as f64 > ten_seconds && !catches_up).then_some(Level::Warning)
        }
    };
    let silent = silent(look);
    upstreams(look)
        .filter(|up| up.error.is_none() && !silent.iter().any(|(_, s)| s.name == up.name))
        .filter_map(|up| Some((level(up)?, up)))
        .collect()
}

fn heard(up: &Upstream) -> String {
    up.active.map_or_else(
        || format!("It never heard of {}.", up.name),
        |heard| format!("It last heard of {} {}.", up.name, ago(heard)),
    )
}

fn of_kind(look: &StreamLook<'_>, what: &str) -> String {
    let mirror = look.info().is_some_and(|info| info.mirror.is_some());
    format!("{} {what}", if mirror { "mirror" } else { "source" })
}

fn info(look: &StreamLook<'_>) -> String {
    command_line("nats stream info", &[look.name], "")
}
