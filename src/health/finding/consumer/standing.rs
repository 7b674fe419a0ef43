//! Consumers that stand still or fall behind: the states of their verdicts. One fact is one finding: of several rules
//! that would fit only the one that says most does.

use crate::health::Level;
use crate::health::finding::entry::{AT_ONCE, Check, Entry, Hit, Story, plural, some};
use crate::health::finding::look::ConsumerLook;
use crate::health::verdict::{Excuse, Flag, State, Verdict, Why, nobody};
use crate::model::shell::command_line;
use crate::model::units::{self, count_exact, duration, rate};
use crate::model::{AckPolicy, Consumer, ConsumerSample, Delivery, Rule};

/// Nobody is there.
pub(super) const STOPPED: Entry = Entry {
    rule: Rule::ConsumerStopped,
    levels: &[Level::Warning, Level::Critical],
    finds: "Messages wait, and in ten samples nobody asked for them, and nothing was delivered or acked. A warning where \
            that may be slow work (the ack wait of the last delivery is not over); nothing where all is delivered, too.",
    patience: AT_ONCE,
    many: |n| some(n, "consumer", "is read by nobody", "are read by nobody"),
    check: Check::Consumer(
        |look| {
            let verdict = is(look, State::Stopped)?;
            // Those of one-off readers are counted together, by their stream.
            verdict.standstill().filter(|_| !verdict.one_off).map(|level| hit(level, verdict))
        },
        |look, _| {
            let slow = look.verdict.is_some_and(|verdict| verdict.excuse.is_some());
            let story = told(look, if slow { "nobody asks" } else { "nobody reads" }).run("Look at it.", info(look));
            let story = match look.info().map(|info| &info.config.delivery) {
                Some(Delivery::Push { subject, group }) => story
                    .advise(match group {
                        Some(group) => format!(
                            "Start the application that subscribes to {subject}. It must name the queue group {group}: \
                             subscriptions without it, or with another one, get nothing."
                        ),
                        None => format!("Start the application that subscribes to {subject}, or see why it does not."),
                    })
                    .run("Or delete it, if nobody needs it any more.", remove(look)),
                _ => story
                    .advise("Start the application that reads it, or see why it does not ask for messages.")
                    .run("Or delete it, if nobody needs it any more.", remove(look)),
            };
            with_never_acked(story, look)
        },
    ),
};

/// Somebody is there, and nothing is done.
pub(super) const STALLED: Entry = Entry {
    rule: Rule::ConsumerStalled,
    levels: &[Level::Warning, Level::Critical],
    finds: "Messages wait and somebody reads, but in ten samples nothing was acked (or nothing delivered). A warning where \
            that may be slow work (the ack wait of the last delivery is not over and nothing came again, or a client says \
            that it is in progress) or meant (backoff, NAK with a delay, an overflow group); nothing where all is delivered, \
            too. Also a warning where all is delivered and comes again, to clients that go on reading: they may refuse it.",
    patience: AT_ONCE,
    many: |n| some(n, "consumer", "stands still", "stand still"),
    check: Check::Consumer(
        |look| {
            let verdict = is(look, State::Stalled)?;
            let ahead = matches!(verdict.why, Why::Ahead { .. });
            let more_is_said = blocked(verdict) || never_acked(look, verdict) || ahead;
            verdict.standstill().filter(|_| !more_is_said).map(|level| hit(level, verdict))
        },
        |look, _| {
            let delivers = look.info().is_some_and(|info| info.ack_pending > 0);
            let story = told(look, "stands still").run("Look at it.", info(look));
            let excuse = look.verdict.and_then(|verdict| verdict.excuse);
            if matches!(excuse, Some(Excuse::Backoff(_) | Excuse::PutOff | Excuse::Refused)) {
                story
                    .advise("See in the application's log why it does not take them; what waits comes again by itself.")
            } else if delivers {
                story.advise("Its clients have messages and do not ack them: see whether they hang, fail, or wait for something.")
            } else {
                story.advise("A client waits and gets nothing: see whether its requests ask for too little, or for another group.")
            }
        },
    ),
};

/// Nothing more is delivered before something is acked.
pub(super) const BLOCKED: Entry = Entry {
    rule: Rule::ConsumerBlocked,
    levels: &[Level::Notice, Level::Warning, Level::Critical],
    finds: "As many messages are not acked as may be (`max_ack_pending`), so that nothing more is delivered. Critical where \
            nothing is acked either; a warning while that may be slow work or meant, as with `consumer-stalled`; a notice where acks come, and it was so in \
            ten samples.",
    patience: AT_ONCE,
    many: |n| some(n, "consumer", "waits for acks", "wait for acks"),
    check: Check::Consumer(
        |look| {
            let verdict = look.verdict?;
            let info = look.info()?;
            if !blocked(&verdict) {
                return None;
            }
            match verdict.state {
                State::Stalled => verdict.standstill().map(|level| hit(level, &verdict)),
                State::Ok => {
                    let max = info.config.max_ack_pending?;
                    let samples = look.entry.ring.samples();
                    let always = samples.iter().all(|s| u64::from(s.ack_pending) >= max && s.pending > 0);
                    (always && is_full(samples)).then(|| Hit::of(Level::Notice, info.pending))
                }
                // That it is stopped, paused or behind says more.
                _ => None,
            }
        },
        |look, hit| {
            let Some(info) = look.info() else { return Story::default() };
            let max = info.config.max_ack_pending.unwrap_or(info.ack_pending);
            let double = max.saturating_mul(2);
            let edit =
                command_line("nats consumer edit", &[look.stream, look.name], &format!("--max-pending={double}"));
            let sentence = format!(
                "Delivery waits for acks: {} not acked, which is its max_ack_pending; {} not delivered yet.{}",
                some(info.ack_pending as usize, "message", "is", "are"),
                some(info.pending as usize, "message", "is", "are"),
                match (hit.level, look.verdict.is_some_and(|verdict| verdict.dropped)) {
                    (Level::Critical, true) =>
                        " In ten samples nothing was acked; what leaves is what its stream drops.".to_owned(),
                    (Level::Critical, false) => " Nothing was acked in ten samples.".to_owned(),
                    (Level::Warning, _) => {
                        let why = match look.verdict.and_then(|verdict| verdict.excuse) {
                            Some(Excuse::InProgress) => "a client says that it still works on what it has".to_owned(),
                            Some(Excuse::Backoff(until)) => {
                                format!("they come again by {} UTC at the latest (backoff)", until.to_display())
                            }
                            Some(Excuse::PutOff) => "a client put them off (NAK with a delay)".to_owned(),
                            Some(Excuse::Refused) => "its clients refuse them, or do not ack in time".to_owned(),
                            _ => format!(
                                "it may be slow work, since its ack wait, {}, is not over",
                                duration(info.config.ack_wait.unwrap_or_default())
                            ),
                        };
                        format!(" Nothing was acked in ten samples; {why}.")
                    }
                    _ => " Acks arrive.".to_owned(),
                }
            );
            let story =
                evidence(Story::new("waits for acks", sentence), look, info).with("max_ack_pending", count_exact(max));
            let story = with_never_acked(story, look);
            if hit.level >= Level::Warning {
                story
                    .advise("See why its clients do not ack: they hang, fail, or forget to.")
                    .run("Messages that are not acked come again after the ack wait.", self::info(look))
            } else {
                story
                    .advise("Its clients work at their limit: more of them take more, if they share the work.")
                    .run("Or let them have more at once.", edit)
            }
        },
    ),
};

/// Its clients do not know how to ack.
pub(super) const NEVER_ACKED: Entry = Entry {
    rule: Rule::ConsumerNeverAcked,
    levels: &[Level::Critical],
    finds: "Messages are delivered, and not one was acked since the consumer was made, which is longer ago than its ack wait.",
    patience: AT_ONCE,
    many: |n| some(n, "consumer", "was never acked anything of", "were never acked anything of"),
    check: Check::Consumer(
        |look| {
            let verdict = is(look, State::Stalled)?;
            (never_acked(look, verdict) && !blocked(verdict)).then(|| hit(Level::Critical, verdict))
        },
        |look, _| {
            let Some(info) = look.info() else { return Story::default() };
            let age = info.created.map(|at| look.now().since(at));
            let sentence = format!(
                "It delivered {} so far, and nothing was ever acked{}.",
                plural(info.delivered.consumer_seq, "message"),
                age.map(|age| format!("; it was made {}", units::ago(age))).unwrap_or_default()
            );
            evidence(Story::new("never acked", sentence), look, info)
                .with_some("ack wait", info.config.ack_wait.map(duration))
                .advise("Its application should ack what it has done: see whether it fails, hangs, or forgets to.")
                .run("Look at it.", self::info(look))
        },
    ),
};

/// It waits for what its stream has not stored.
pub(super) const AHEAD: Entry = Entry {
    rule: Rule::ConsumerAhead,
    levels: &[Level::Critical],
    finds: "The consumer was delivered more than its stream ever stored: the stream was restored or made again, or the consumer \
            was moved behind its end. Nothing is delivered before the stream has passed it, also where nothing is pending.",
    patience: AT_ONCE,
    many: |n| some(n, "consumer", "is ahead of its stream", "are ahead of their streams"),
    check: Check::Consumer(
        |look| {
            let verdict = is(look, State::Stalled)?;
            match verdict.why {
                Why::Ahead { delivered, last } => Some(Hit::of(Level::Critical, delivered.saturating_sub(last))),
                _ => None,
            }
        },
        |look, _| {
            let (Some(verdict), Some(of)) = (look.verdict, look.info()) else { return Story::default() };
            let stream = look.stream_info();
            Story::new("ahead of stream", verdict.state_sentence(of, look.terms.now))
                .with("delivered to", format!("seq {}", count_exact(of.delivered.stream_seq)))
                .with("ack floor", format!("seq {}", count_exact(of.ack_floor.stream_seq)))
                .with_some("stream ends", stream.map(|of| format!("seq {}", count_exact(of.state.last_seq))))
                .with_some("stream made", stream.and_then(|of| of.created).map(|at| format!("{} UTC", at.to_display())))
                .run(
                    "Move it: to the start, the end, a sequence or a time. Without --execute it only says what would happen.",
                    command_line("jetscope reposition", &[look.stream, look.name], "--to start"),
                )
                .run("Look at it.", info(look))
        },
    ),
};

/// It takes less than comes in.
pub(super) const BEHIND: Entry = Entry {
    rule: Rule::ConsumerBehind,
    levels: &[Level::Warning],
    finds: "What is outstanding does not fall in ten samples, or grows in spite of its dips.",
    patience: AT_ONCE,
    many: |n| some(n, "consumer", "falls behind", "fall behind"),
    check: Check::Consumer(
        |look| {
            let verdict = is(look, State::Behind)?;
            (!nobody_asks(look)).then(|| hit(Level::Warning, verdict))
        },
        |look, _| {
            let story = told(look, "falls behind");
            let full = look.verdict.is_some_and(|verdict| blocked(&verdict));
            let max = look.info().and_then(|info| info.config.max_ack_pending).filter(|_| full);
            let story = story.with_some("max_ack_pending", max.map(count_exact)).advise(
                "It takes less than comes in: run more clients of it, make them faster, or filter out what they do not need.",
            );
            story.run("Look at it.", info(look))
        },
    ),
};

/// Who has messages does not ask for more.
pub(super) const NO_READER: Entry = Entry {
    rule: Rule::ConsumerNoReader,
    levels: &[Level::Warning],
    finds: "Messages wait and in ten samples nobody asked for them, though what was delivered before is still being acked.",
    patience: AT_ONCE,
    many: |n| some(n, "consumer", "is not asked for more", "are not asked for more"),
    check: Check::Consumer(
        |look| {
            let verdict = look.verdict.filter(|verdict| matches!(verdict.state, State::Ok | State::Behind))?;
            // So much may be outstanding.
            let verdict = Some(verdict).filter(|verdict| !matches!(verdict.why, Why::Idle | Why::CaughtUp))?;
            // Who says that it still works on what it has asks again when it is done.
            let works = verdict.excuse == Some(Excuse::InProgress);
            (nobody_asks(look) && !works).then(|| hit(Level::Warning, &verdict))
        },
        |look, _| {
            let Some(info) = look.info() else { return Story::default() };
            let sentence = format!(
                "{} not delivered yet, and nobody asks for them: no pull was open in ten samples. What was delivered before \
                 is still being acked.",
                some(info.pending as usize, "message", "is", "are"),
            );
            evidence(Story::new("nobody asks", sentence), look, info)
                .advise(
                    "Its client finishes what it has and asks for no more: does it shut down, or wait for something?",
                )
                .run("Look at it.", self::info(look))
        },
    ),
};

/// It went back.
pub(super) const REWOUND: Entry = Entry {
    rule: Rule::ConsumerRewound,
    levels: &[Level::Warning],
    finds: "The ack floor went back: messages that were acked are delivered again. Somebody moved the consumer.",
    patience: AT_ONCE,
    many: |n| some(n, "consumer", "went back", "went back"),
    check: Check::Consumer(
        |look| is(look, State::Rewound).map(|verdict| hit(Level::Warning, verdict)),
        |look, _| {
            told(look, "went back")
                .advise("If that was meant, it is over when it has caught up; its clients see old messages again until then.")
                .run("If it was done with jetscope, it can be taken back.", "jetscope reposition undo")
        },
    ),
};

/// Somebody paused it.
pub(super) const PAUSED: Entry = Entry {
    rule: Rule::ConsumerPaused,
    levels: &[Level::Notice],
    finds: "Somebody paused the consumer: nothing is delivered.",
    patience: AT_ONCE,
    many: |n| some(n, "consumer", "is paused", "are paused"),
    check: Check::Consumer(
        |look| is(look, State::Paused).map(|verdict| hit(Level::Notice, verdict)),
        |look, _| {
            let until = look.info().and_then(|info| info.config.pause_until);
            told(look, "paused").with_some("until", until.map(|at| format!("{} UTC", at.to_display()))).run(
                "Resume it when that is over.",
                command_line("nats consumer resume", &[look.stream, look.name], ""),
            )
        },
    ),
};

/// The verdict, where it is this state.
fn is<'a>(look: &'a ConsumerLook<'_>, state: State) -> Option<&'a Verdict> {
    look.verdict.as_ref().filter(|verdict| verdict.state == state)
}

const fn hit(level: Level, verdict: &Verdict) -> Hit {
    Hit::of(level, verdict.outstanding).since(verdict.since).or_longer(verdict.or_longer)
}

fn blocked(verdict: &Verdict) -> bool {
    verdict.flags.iter().any(|flag| matches!(flag, Flag::Blocked { .. }))
}

/// Nothing was ever acked, though there was time enough.
fn never_acked(look: &ConsumerLook<'_>, verdict: &Verdict) -> bool {
    let Some(info) = look.info() else { return false };
    let never = info.ack_floor.consumer_seq == 0 && info.ack_floor.last_active.is_none();
    let grown = info.created.is_none_or(|at| look.now().since(at) > info.config.ack_wait.unwrap_or_default());
    never
        && grown
        && verdict.excuse.is_none()
        && info.delivered.consumer_seq > 0
        && verdict.state == State::Stalled
        && info.config.ack_policy != AckPolicy::None
}

fn is_full(samples: &[ConsumerSample]) -> bool {
    samples.len() >= crate::model::ring::SLOTS
}

/// Something waits, and for a whole window nobody asked and nothing was delivered.
fn nobody_asks(look: &ConsumerLook<'_>) -> bool {
    let samples = look.entry.ring.samples();
    let (Some(first), Some(last)) = (samples.first(), samples.last()) else { return false };
    is_full(samples)
        && samples.iter().all(|s| s.pending > 0 && !s.has_reader())
        && first.delivered_consumer_seq == last.delivered_consumer_seq
}

/// The verdict's own sentence and the numbers.
fn told(look: &ConsumerLook<'_>, words: &str) -> Story {
    let (Some(verdict), Some(info)) = (look.verdict, look.info()) else { return Story::default() };
    evidence(Story::new(words, verdict.state_sentence(info, look.terms.now)), look, info)
}

/// The numbers that all of these rules follow from.
fn evidence(story: Story, look: &ConsumerLook<'_>, info: &Consumer) -> Story {
    let ago = |at: Option<crate::model::Timestamp>| at.map(|at| units::ago(look.now().since(at)));
    let slope = look.verdict.and_then(|verdict| verdict.slope).filter(|slope| slope.abs() >= 0.05);
    let acks = info.config.ack_policy != AckPolicy::None;
    let numbers = if acks {
        format!("{} not delivered, {} not acked", count_exact(info.pending), count_exact(info.ack_pending))
    } else {
        format!("{} not delivered", count_exact(info.pending))
    };
    let reader = match &info.config.delivery {
        Delivery::Pull => plural(info.waiting, "open pull request"),
        Delivery::Push { .. } if info.push_bound => "subscribed".to_owned(),
        Delivery::Push { subject, group } => nobody(subject, group.as_deref()),
    };
    let grows = look.of.and_then(crate::model::StreamEntry::rate_in);
    story
        .with("outstanding", numbers)
        .with_some("changes by", slope.map(|slope| format!("{}{}/s", if slope > 0.0 { "+" } else { "" }, rate(slope))))
        .with_some("oldest waits", look.entry.lag_time(look.terms.now).age().map(duration))
        .with("readers", reader)
        .with_some("last delivery", ago(info.delivered.last_active))
        .with_some("last ack", ago(look.entry.last_acked()).filter(|_| acks))
        .with_some("stream grows", grows.filter(|rate| *rate > 0.0).map(|r| format!("{}/s", rate(r))))
}

/// That nothing was ever acked, where it is so.
fn with_never_acked(story: Story, look: &ConsumerLook<'_>) -> Story {
    let never = look.info().is_some_and(|info| {
        info.ack_floor.consumer_seq == 0
            && info.ack_floor.last_active.is_none()
            && info.delivered.consumer_seq > 0
            && info.config.ack_policy != AckPolicy::None
    });
    if never { story.with("acked so far", "nothing") } else { story }
}

pub(super) fn info(look: &ConsumerLook<'_>) -> String {
    command_line("nats consumer info", &[look.stream, look.name], "")
}

fn remove(look: &ConsumerLook<'_>) -> String {
    command_line("nats consumer rm", &[look.stream, look.name], "")
}
