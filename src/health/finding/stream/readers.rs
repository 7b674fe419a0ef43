//! Who reads a stream: nobody (any more), or so many that nobody can mean them.

use std::time::Duration;

use crate::health::finding::entry::{A_MOMENT, AT_ONCE, Check, Entry, Hit, Story, plural, some};
use crate::health::finding::look::StreamLook;
use crate::health::{Level, State, judge};
use crate::model::ring::SLOTS;
use crate::model::shell::command_line;
use crate::model::subject::{covers, matches};
use crate::model::units::{bytes, count_exact, duration, rate};
use crate::model::update::SubjectCount;
use crate::model::{ConsumerEntry, ConsumerSample, Retention, Rule, Stream};

/// The window over which growth is measured.
const GROWTH: Duration = Duration::from_secs(60);
/// Ephemeral consumers without a reader that are worth knowing, and that are called too many.
const MANY: f64 = 10.0;
const EPHEMERALS: f64 = 1_000.0;

/// Interest retention and nobody interested.
pub(super) const NO_INTEREST: Entry = Entry {
    rule: Rule::StreamNoInterest,
    levels: &[Level::Critical],
    finds: "The stream keeps messages as long as consumers want them, and has no consumers: every message is dropped.",
    patience: A_MOMENT,
    many: |n| some(n, "stream", "drops every message: no consumers", "drop every message: no consumers"),
    check: Check::Stream(
        |look| unread(look, Retention::Interest).map(|_| Hit::plain(Level::Critical)),
        |look, _| {
            let Some(info) = look.info() else { return Story::default() };
            let sentence = "It has no consumers: with interest retention every new message is dropped at once.";
            gone(look, Story::new("no consumers", sentence), info).run(
                "Make the consumers before anything is published, or keep messages by limits.",
                command_line("nats consumer add", &[look.name], ""),
            )
        },
    ),
};

/// Work and no workers.
pub(super) const NO_WORKERS: Entry = Entry {
    rule: Rule::StreamNoWorkers,
    levels: &[Level::Warning, Level::Critical],
    finds: "A work queue has no consumers: nothing takes a message. Critical where messages wait.",
    patience: A_MOMENT,
    many: |n| some(n, "work queue", "has no consumers", "have no consumers"),
    check: Check::Stream(
        |look| {
            let info = unread(look, Retention::WorkQueue)?;
            let level = if info.state.messages > 0 { Level::Critical } else { Level::Warning };
            Some(Hit::of(level, info.state.messages))
        },
        |look, _| {
            let Some(info) = look.info() else { return Story::default() };
            let sentence = match info.state.messages {
                0 => "It has no consumers: nothing would take a message.".to_owned(),
                1 => "It has no consumers: 1 message waits and nothing takes it.".to_owned(),
                n => format!("It has no consumers: {} wait and nothing takes them.", plural(n, "message")),
            };
            let age = info.state.reach(look.now()).map(duration);
            gone(look, Story::new("no consumers", sentence), info).with_some("oldest waits", age).run(
                "Start the workers, or make their consumer again.",
                command_line("nats consumer add", &[look.name], ""),
            )
        },
    ),
};

/// There were readers, and now there are none.
pub(super) const NO_CONSUMERS: Entry = Entry {
    rule: Rule::StreamNoConsumers,
    levels: &[Level::Warning],
    finds: "Nothing reads the stream any more: it had durable consumers when jetscope began to look, and now it has none at all.",
    patience: A_MOMENT,
    many: |n| some(n, "stream", "is not read any more", "are not read any more"),
    check: Check::Stream(
        |look| {
            unread(look, Retention::Limits)?;
            look.entry.consumers_gone.map(|_| Hit::plain(Level::Warning))
        },
        |look, _| {
            let Some(info) = look.info() else { return Story::default() };
            let sentence = "It had consumers when jetscope began to look; now it has none, and nothing reads it.";
            gone(look, Story::new("no consumers", sentence), info).run(
                "If that is not meant, make the consumer again where the old one stood.",
                command_line("nats consumer add", &[look.name], "--deliver=SEQ"),
            )
        },
    ),
};

/// It fills up because somebody does not take what is his.
pub(super) const GROWS_UNREAD: Entry = Entry {
    rule: Rule::StreamGrowsUnread,
    levels: &[Level::Warning],
    finds: "The stream keeps what is not acked (interest, work queue), grew in every one of ten samples, and a consumer of it \
            stands still.",
    patience: AT_ONCE,
    many: |n| some(n, "stream", "grows while a consumer stands still", "grow while a consumer stands still"),
    check: Check::Stream(
        |look| {
            let info = look.info().filter(|info| info.config.retention != Retention::Limits)?;
            (grows(look) && still(look).next().is_some()).then(|| Hit::of(Level::Warning, info.state.messages))
        },
        |look, _| {
            let Some(info) = look.info() else { return Story::default() };
            let still: Vec<&str> = still(look).map(|(name, _)| name).collect();
            let names = still.iter().take(3).copied().collect::<Vec<_>>().join(", ");
            let more = still.len().saturating_sub(3);
            let others = if more > 0 { format!(" and {more} more") } else { String::new() };
            let grows = look.entry.series.rate(GROWTH, |s| s.messages).unwrap_or(0.0);
            let sentence = format!(
                "It keeps what is not acked and grows by {}/s, since {names}{others} {} still.",
                rate(grows),
                if still.len() == 1 { "stands" } else { "stand" }
            );
            let mut story = Story::new("grows unread", sentence)
                .with("messages", count_exact(info.state.messages))
                .with("bytes", bytes(info.state.bytes))
                .with("grows by", format!("{}/s", rate(grows)));
            for (name, outstanding) in self::still(look).take(5) {
                story = story.with("stands still", format!("{name}, {} outstanding", count_exact(outstanding)));
            }
            story
                .advise("Its consumer's own finding says what it waits for; until then everything stays on the disk.")
                .run(
                    "Delete a consumer that is of no use any more.",
                    command_line("nats consumer rm", &[look.name], ""),
                )
        },
    ),
};

/// Work that is nobody's.
pub(super) const UNTAKEN: Entry = Entry {
    rule: Rule::StreamUntaken,
    levels: &[Level::Warning],
    finds: "A work queue holds messages that no filter of its consumers takes: they stay until a limit drops them. Which subjects \
            these are is said where the subjects were read.",
    patience: A_MOMENT,
    many: |n| some(n, "work queue", "holds messages that no consumer takes", "hold messages that no consumer takes"),
    check: Check::Stream(
        |look| untaken(look).map(|n| Hit::of(Level::Warning, n)),
        |look, hit| {
            let Some(info) = look.info() else { return Story::default() };
            let filters = filters(look);
            let subjects = left_out(look, &filters);
            let which = match subjects.as_slice() {
                [] => format!("its consumers take {} only", some_of(filters.iter().map(|filter| (*filter).to_owned()))),
                some => some_of(some.iter().map(|of| format!("{} ({})", of.subject, count_exact(of.messages)))),
            };
            let age = info.state.reach(look.now()).map(duration);
            let sentence = format!("{} in it that no consumer's filter takes: {which}.", are(hit.amount));
            let mut story = Story::new("not taken", sentence)
                .with("not taken", count_exact(hit.amount))
                .with("messages", count_exact(info.state.messages))
                .with("stream captures", info.config.subjects.join(" "))
                .with("consumers take", filters.join(" "))
                .with_some("oldest message", age);
            for of in subjects.iter().take(5) {
                story = story.with("subject", format!("{}, {}", of.subject, plural(of.messages, "message")));
            }
            story.run("See which subjects it holds.", command_line("nats stream subjects", &[look.name], "")).run(
                "Make a consumer that takes them, or let one take more.",
                command_line("nats consumer add", &[look.name], "--filter=SUBJECT"),
            )
        },
    ),
};

/// Readers that nobody reads with.
pub(super) const EPHEMERAL: Entry = Entry {
    rule: Rule::StreamEphemerals,
    levels: &[Level::Notice, Level::Warning, Level::Critical],
    finds: "Ephemeral consumers without a reader: something makes consumers and leaves them. A notice from 10 on, a warning from \
            1,000 on, if nothing else is set.",
    patience: AT_ONCE,
    many: |n| {
        some(
            n,
            "stream",
            "has many ephemeral consumers that nobody reads",
            "have many ephemeral consumers that nobody reads",
        )
    },
    check: Check::Stream(
        |look| {
            look.info()?;
            // Most streams have fewer consumers at all.
            let most = look.shelf?.entries.len() as f64;
            let bound = look.bound(Rule::StreamEphemerals);
            let judge = |n: f64| {
                if bound.is_set() {
                    bound.at_least(n)
                } else if n >= EPHEMERALS {
                    Some(Level::Warning)
                } else {
                    (n >= MANY).then_some(Level::Notice)
                }
            };
            judge(most)?;
            let idle = idle(look);
            judge(idle as f64).map(|level| Hit::of(level, idle))
        },
        |look, hit| {
            let longest = look
                .shelf
                .iter()
                .flat_map(|shelf| shelf.entries.values())
                .filter(|entry| is_idle(entry))
                .filter_map(|entry| entry.info.as_ref()?.config.inactive_threshold)
                .max();
            let sentence = format!(
                "{} that nobody reads: each costs its server memory, and every list is longer by it.",
                some(hit.amount as usize, "ephemeral consumer", "is there", "are there")
            );
            Story::new("many ephemerals", sentence)
                .with("without a reader", count_exact(hit.amount))
                .with("consumers", look.shelf.map_or(0, |shelf| shelf.entries.len()))
                .with_some("they live for", longest.map(duration))
                .advise("Find the application that makes them: it should keep one, or delete what it made.")
                .advise("A shorter inactivity threshold lets the server remove them sooner.")
        },
    ),
};

/// How many messages of a work queue are outstanding for none of its consumers. Each message is one consumer's there, so
/// that what all of them have outstanding is what can be taken. The stream is read a moment after its consumers: what may
/// have come meanwhile does not count.
fn untaken(look: &StreamLook<'_>) -> Option<u64> {
    let info = look.info().filter(|info| info.config.retention == Retention::WorkQueue)?;
    let shelf = look.shelf.filter(|shelf| !shelf.entries.is_empty() && !shelf.listing.is_unasked())?;
    let filters = filters(look);
    let open = |subject: &String| !filters.iter().any(|filter| covers(filter, subject));
    if filters.is_empty() || !info.config.subjects.iter().any(open) {
        return None;
    }
    let mut taken = 0_u64;
    let mut read = info.taken;
    for entry in shelf.entries.values() {
        let of = entry.info.as_deref()?;
        taken = taken.saturating_add(of.pending.saturating_add(of.ack_pending));
        read = read.min(of.taken);
    }
    let rate = look.entry.series.rate(GROWTH, |s| s.last_seq)?;
    let came = rate * (info.taken.since(read).as_secs_f64() + 1.0) * 2.0;
    let left = info.state.messages.saturating_sub(taken);
    (left > 0 && left as f64 > came).then_some(left)
}

/// The filters of all consumers; none where one takes everything, or where not all are known.
fn filters<'a>(look: &StreamLook<'a>) -> Vec<&'a str> {
    let mut out = Vec::new();
    for entry in look.shelf.iter().flat_map(|shelf| shelf.entries.values()) {
        match entry.info.as_deref() {
            Some(info) if !info.config.filter_subjects.is_empty() => {
                out.extend(info.config.filter_subjects.iter().map(String::as_str));
            }
            _ => return Vec::new(),
        }
    }
    out
}

/// The subjects that are stored and that none of these filters takes, as far as they were read.
fn left_out<'a>(look: &StreamLook<'a>, filters: &[&str]) -> Vec<&'a SubjectCount> {
    let counts = look.subjects.map_or(&[][..], |(subjects, _)| &subjects.counts);
    counts.iter().filter(|of| !filters.iter().any(|filter| matches(filter, &of.subject))).collect()
}

/// The first three of these, and how many more there are.
fn some_of(all: impl ExactSizeIterator<Item = String>) -> String {
    let more = all.len().saturating_sub(3);
    let first = all.take(3).collect::<Vec<_>>().join(", ");
    if more > 0 { format!("{first} and {more} more") } else { first }
}

/// `1 message is`, `2 messages are`.
fn are(n: u64) -> String {
    format!("{} {}", plural(n, "message"), if n == 1 { "is" } else { "are" })
}

/// The stream, where it has this retention and nobody reads it. A mirror is read by whoever reads the copy.
fn unread<'a>(look: &StreamLook<'a>, retention: Retention) -> Option<&'a Stream> {
    look.info().filter(|info| info.state.consumers == 0 && info.config.retention == retention)
}

/// Since when there are none, where that is known.
fn gone(look: &StreamLook<'_>, story: Story, info: &Stream) -> Story {
    story
        .with("messages", count_exact(info.state.messages))
        .with_some("none since", look.entry.consumers_gone.map(|at| format!("{} UTC", at.to_display())))
}

/// It held more messages in each of the last samples than in the one before.
fn grows(look: &StreamLook<'_>) -> bool {
    let messages: Vec<u64> = look.entry.series.iter().rev().take(SLOTS).map(|s| s.messages).collect();
    messages.len() >= SLOTS && messages.windows(2).all(|two| two[0] >= two[1]) && messages[0] > messages[SLOTS - 1]
}

/// The consumers that stand still, with what is outstanding.
fn still<'a>(look: &StreamLook<'a>) -> impl Iterator<Item = (&'a str, u64)> {
    let terms = look.terms;
    look.shelf.into_iter().flat_map(|shelf| shelf.entries.iter()).filter_map(move |(name, entry)| {
        let verdict = judge(entry, &terms)?;
        let still = matches!(verdict.state, State::Stopped | State::Stalled) && verdict.excuse.is_none();
        still.then_some((name.as_str(), verdict.outstanding))
    })
}

fn idle(look: &StreamLook<'_>) -> u64 {
    look.shelf.map_or(0, |shelf| shelf.entries.values().filter(|entry| is_idle(entry)).count() as u64)
}

fn is_idle(entry: &ConsumerEntry) -> bool {
    entry.info.as_ref().is_some_and(|info| {
        let samples = entry.ring.samples();
        let read = samples.iter().any(ConsumerSample::has_reader);
        let moved = samples.windows(2).any(|two| two[0].delivered_consumer_seq != two[1].delivered_consumer_seq);
        !info.config.durable && !read && !moved
    })
}
