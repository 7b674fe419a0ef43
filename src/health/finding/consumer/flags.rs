//! What is the matter with a consumer whatever its state is: the flags of its verdict.

use crate::health::Level;
use crate::health::finding::entry::{AT_ONCE, Check, Entry, Hit, Story, plural, some};
use crate::health::finding::look::ConsumerLook;
use crate::health::verdict::{Flag, Lost};
use crate::model::Rule;
use crate::model::shell::{command_line, shell_word};
use crate::model::units::{count_exact, duration, rate};

use super::standing::info;

/// Messages that are not delivered again.
pub(super) const DEAD: Entry = Entry {
    rule: Rule::ConsumerDead,
    levels: &[Level::Warning],
    finds: "Messages were delivered as often as they may be (`max_deliver`) and never acked: the consumer gave up on them.",
    patience: AT_ONCE,
    many: |n| some(n, "consumer", "gave up on messages", "gave up on messages"),
    check: Check::Consumer(
        |look| match flag(look, |flag| matches!(flag, Flag::Dead(_)))? {
            Flag::Dead(n) => Some(Hit::of(Level::Warning, n)),
            _ => None,
        },
        |look, hit| {
            let sentence = format!("It gave up on at least {}: not delivered again.", plural(hit.amount, "message"));
            let (info, given_up) = (look.info(), look.entry.given_up);
            let last = (given_up.messages > 0).then_some(given_up.last_seq);
            let story = Story::new("gave up", sentence)
                .with("given up", format!("{} or more", count_exact(hit.amount)))
                .with_some("max_deliver", info.and_then(|info| info.config.max_deliver).map(count_exact))
                .with_some("ack wait", info.and_then(|info| info.config.ack_wait).map(duration))
                .with_some("last heard of", last.map(|seq| format!("seq {}", count_exact(seq))));
            let story = match last {
                Some(seq) => story.run(
                    "Look at one of them, and mend what cannot process it.",
                    command_line("nats stream get", &[look.stream, &seq.to_string()], ""),
                ),
                None => story.advise("See in the application's log which it could not process, and mend that."),
            };
            story.run(
                "They are still in the stream: send them again when it can.",
                command_line(
                    "jetscope replay",
                    &[look.stream],
                    &format!("--from-consumer={} --to SUBJECT", shell_word(look.name)),
                ),
            )
        },
    ),
};

/// Messages that nobody will read.
pub(super) const LOST: Entry = Entry {
    rule: Rule::ConsumerLost,
    levels: &[Level::Warning],
    finds: "Retention dropped messages that the consumer had not read. How many at most is counted from where it stands, \
            and does not fall before it moves; beside it stands how many a second it was in ten samples.",
    patience: AT_ONCE,
    many: |n| some(n, "consumer", "lost unread messages", "lost unread messages"),
    check: Check::Consumer(
        |look| lost(look).map(|lost| Hit::of(Level::Warning, lost.messages)),
        |look, hit| {
            let lost = lost(look).unwrap_or_default();
            let sentence = format!(
                "Its stream dropped up to {} before it had read them{}.",
                plural(hit.amount, "message"),
                lost.now()
            );
            let limits = look.stream_info().map(|info| &info.config.limits);
            let first = look.stream_info().map(|info| count_exact(info.state.first_seq));
            Story::new("lost messages", sentence)
                .with("dropped unread", format!("up to {}", count_exact(hit.amount)))
                .with_some("loses now", lost.rate().map(|per_second| format!("up to {}/s", rate(per_second))))
                .with_some("stream begins", first.map(|seq| format!("seq {seq}")))
                .with_some(
                    "delivered to",
                    look.info().map(|info| format!("seq {}", count_exact(info.delivered.stream_seq))),
                )
                .with_some("max age", limits.and_then(|limits| limits.max_age).map(duration))
                .with_some("max messages", limits.and_then(|limits| limits.max_msgs).map(count_exact))
                .with_some("max bytes", limits.and_then(|limits| limits.max_bytes).map(crate::model::units::bytes))
                .advise("They are gone, here and for every other consumer. See first why it does not keep up.")
                .run("Until it does, let the stream keep messages for longer.", keep_longer(look))
        },
    ),
};

/// One message holds the floor.
pub(super) const HOL: Entry = Entry {
    rule: Rule::ConsumerHol,
    levels: &[Level::Notice],
    finds: "Acks arrive, but the ack floor stood still for ten samples: the message after it is held (head of line).",
    patience: AT_ONCE,
    many: |n| some(n, "consumer", "has a message that is held", "have a message that is held"),
    check: Check::Consumer(
        |look| {
            flag(look, |flag| matches!(flag, Flag::Hol { .. }))?;
            Some(Hit::of(Level::Notice, look.info()?.ack_pending))
        },
        |look, _| {
            let Some(of) = look.info() else { return Story::default() };
            let floor = of.ack_floor.stream_seq;
            let gave_up = flag(look, |flag| matches!(flag, Flag::Dead(_))).is_some();
            let sentence = format!(
                "Acks arrive, but the floor stands at {}: the next message after it is {}.",
                count_exact(floor),
                if gave_up { "held, or was given up" } else { "delivered and not acked" }
            );
            let advice = if gave_up {
                "The floor never passes a message that was given up, until that one leaves the stream; lag times count from it."
            } else {
                "Some client works on it for long, or refuses it again and again; a max_deliver bounds that."
            };
            Story::new("held", sentence)
                .with("ack floor", count_exact(floor))
                .with("not acked", count_exact(of.ack_pending))
                .with("delivered to", format!("seq {}", count_exact(of.delivered.stream_seq)))
                .with_some("ack wait", of.config.ack_wait.map(duration))
                .with_some("max_deliver", of.config.max_deliver.map(count_exact))
                .run(
                    "See which message it is.",
                    command_line("nats stream get", &[look.stream, &(floor + 1).to_string()], ""),
                )
                .advise(advice)
        },
    ),
};

/// It is another one of the same name.
pub(super) const RECREATED: Entry = Entry {
    rule: Rule::ConsumerRecreated,
    levels: &[Level::Notice],
    finds: "The consumer was deleted and made again in the last ten samples: its position is a new one.",
    patience: AT_ONCE,
    many: |n| some(n, "consumer", "was deleted and made again", "were deleted and made again"),
    check: Check::Consumer(
        |look| {
            // Whoever makes one for himself makes it again each time.
            let of = look.info().filter(|info| info.config.durable)?;
            flag(look, |flag| matches!(flag, Flag::Recreated))?;
            Some(Hit::plain(Level::Notice).since(of.created))
        },
        |look, _| {
            let Some(of) = look.info() else { return Story::default() };
            Story::new("made again", "It was deleted and made again: it starts anew by its deliver policy.")
                .with_some("made", of.created.map(|at| format!("{} UTC", at.to_display())))
                .with("deliver policy", of.config.deliver_policy.word())
                .with("outstanding", count_exact(of.outstanding()))
                .run("See whether it starts where it should.", info(look))
                .advise("An application that deletes its durable consumer at each start loses its position each time.")
        },
    ),
};

/// What it lost.
fn lost(look: &ConsumerLook<'_>) -> Option<Lost> {
    match flag(look, |flag| matches!(flag, Flag::Lost(_)))? {
        Flag::Lost(lost) => Some(lost),
        _ => None,
    }
}

/// The command that changes the limits which the stream has: of others nothing is dropped.
pub(super) fn keep_longer(look: &ConsumerLook<'_>) -> String {
    let mut options = Vec::new();
    if let Some(limits) = look.stream_info().map(|info| &info.config.limits) {
        for (set, flag) in [
            (limits.max_age.is_some(), "--max-age=…"),
            (limits.max_msgs.is_some(), "--max-msgs=…"),
            (limits.max_bytes.is_some(), "--max-bytes=…"),
        ] {
            options.extend(set.then_some(flag));
        }
    }
    command_line("nats stream edit", &[look.stream], &options.join(" "))
}

fn flag(look: &ConsumerLook<'_>, which: impl Fn(&Flag) -> bool) -> Option<Flag> {
    look.verdict.as_ref()?.flags.iter().find(which)
}
