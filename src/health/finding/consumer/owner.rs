//! What the owner of a consumer has said of it: how much may be pending, how long ago something may have moved.

use std::time::Duration;

use crate::health::Level;
use crate::health::finding::entry::{A_MOMENT, AT_ONCE, Check, Entry, Hit, Story, plural, some};
use crate::health::finding::look::ConsumerLook;
use crate::health::finding::monitor::{Monitor, Side};
use crate::health::finding::stream::owner::{unread, unreadable};
use crate::model::shell::command_line;
use crate::model::units::{count_exact, duration};
use crate::model::{AckPolicy, Rule, Timestamp};

/// More not acked than allowed.
pub(super) const ACK_PENDING: Entry = Entry {
    rule: Rule::ConsumerAckPending,
    levels: &[Level::Warning, Level::Critical],
    finds: "As many delivered messages are not acked as is set, or more.",
    patience: AT_ONCE,
    many: |n| some(n, "consumer", "has more not acked than allowed", "have more not acked than allowed"),
    check: Check::Consumer(
        |look| count(look, Rule::ConsumerAckPending, look.info()?.ack_pending),
        |look, hit| {
            let sentence = format!("{} not acked, more than allowed.", are(hit.amount, "delivered message"));
            let max = look.info().and_then(|info| info.config.max_ack_pending);
            counted(look, Story::new("ack pending", sentence), "not acked", hit, Rule::ConsumerAckPending)
                .with_some("max_ack_pending", max.map(count_exact))
                .advise("See whether its clients are slow, or take messages and do not ack them.")
        },
    ),
};

/// More not delivered than allowed.
pub(super) const PENDING: Entry = Entry {
    rule: Rule::ConsumerPending,
    levels: &[Level::Warning, Level::Critical],
    finds: "As many messages are not delivered yet as is set, or more.",
    patience: AT_ONCE,
    many: |n| some(n, "consumer", "has more pending than allowed", "have more pending than allowed"),
    check: Check::Consumer(
        |look| count(look, Rule::ConsumerPending, look.info()?.pending),
        |look, hit| {
            let sentence = format!("{} not delivered yet, more than allowed.", are(hit.amount, "message"));
            counted(look, Story::new("pending", sentence), "not delivered", hit, Rule::ConsumerPending)
                .advise("Its clients take less than comes in, or take nothing: more of them, or faster ones, help.")
        },
    ),
};

/// More redelivered than allowed.
pub(super) const REDELIVERED: Entry = Entry {
    rule: Rule::ConsumerRedelivered,
    levels: &[Level::Warning, Level::Critical],
    finds: "As many messages were delivered more than once as is set, or more.",
    patience: AT_ONCE,
    many: |n| some(n, "consumer", "has more redelivered than allowed", "have more redelivered than allowed"),
    check: Check::Consumer(
        |look| count(look, Rule::ConsumerRedelivered, look.info()?.redelivered),
        |look, hit| {
            let sentence = format!(
                "{} delivered more than once and not acked, more than allowed.",
                some(hit.amount as usize, "message", "was", "were")
            );
            let info = look.info();
            counted(look, Story::new("redelivered", sentence), "redelivered", hit, Rule::ConsumerRedelivered)
                .with_some("max_deliver", info.and_then(|info| info.config.max_deliver).map(count_exact))
                .with_some("ack wait", info.and_then(|info| info.config.ack_wait).map(duration))
                .advise("Its clients refuse them, or take longer than the ack wait: see what those messages have in common.")
        },
    ),
};

/// More open pull requests than allowed.
pub(super) const WAITING: Entry = Entry {
    rule: Rule::ConsumerWaiting,
    levels: &[Level::Warning, Level::Critical],
    finds: "As many pull requests are open as is set, or more.",
    patience: AT_ONCE,
    many: |n| some(n, "consumer", "has more pulls waiting than allowed", "have more pulls waiting than allowed"),
    check: Check::Consumer(
        |look| count(look, Rule::ConsumerWaiting, look.info()?.waiting),
        |look, hit| {
            let sentence = format!("{} open, more than allowed.", are(hit.amount, "pull request"));
            let max = look.info().and_then(|info| info.config.max_waiting);
            counted(look, Story::new("waiting", sentence), "open pulls", hit, Rule::ConsumerWaiting)
                .with_some("max_waiting", max.map(count_exact))
                .advise(
                    "More clients wait than there is work for, or a client asks anew and forgets what it asked before.",
                )
        },
    ),
};

/// Nothing delivered for too long.
pub(super) const LAST_DELIVERY: Entry = Entry {
    rule: Rule::ConsumerLastDelivery,
    levels: &[Level::Warning, Level::Critical],
    finds: "Nothing was delivered for as long as is set, or longer. Says nothing where the server forgot when that was.",
    patience: AT_ONCE,
    many: |n| some(n, "consumer", "has delivered nothing for too long", "have delivered nothing for too long"),
    check: Check::Consumer(
        |look| {
            let info = look.info()?;
            ago(look, Rule::ConsumerLastDelivery, info.delivered.last_active, info.delivered.consumer_seq)
        },
        |look, hit| {
            let last = look.info().and_then(|info| info.delivered.last_active);
            let words =
                last.map_or_else(|| "It never delivered anything".to_owned(), |_| "Nothing was delivered".to_owned());
            late(
                look,
                Story::new("no delivery", String::new()),
                &words,
                "last delivery",
                last,
                hit,
                Rule::ConsumerLastDelivery,
            )
            .advise("See whether anything is published that it would receive, and whether a client asks for it.")
        },
    ),
};

/// Nothing acked for too long.
pub(super) const LAST_ACK: Entry = Entry {
    rule: Rule::ConsumerLastAck,
    levels: &[Level::Warning, Level::Critical],
    finds: "Nothing was acked for as long as is set, or longer. Says nothing where the server forgot when that was.",
    patience: AT_ONCE,
    many: |n| some(n, "consumer", "has acked nothing for too long", "have acked nothing for too long"),
    check: Check::Consumer(
        |look| {
            let info = look.info().filter(|info| info.config.ack_policy != AckPolicy::None)?;
            ago(look, Rule::ConsumerLastAck, info.ack_floor.last_active, info.ack_floor.consumer_seq)
        },
        |look, hit| {
            let last = look.info().and_then(|info| info.ack_floor.last_active);
            let words = last.map_or_else(|| "Nothing was ever acked".to_owned(), |_| "Nothing was acked".to_owned());
            late(look, Story::new("no ack", String::new()), &words, "last ack", last, hit, Rule::ConsumerLastAck)
                .advise("See whether its clients work at what they have received.")
        },
    ),
};

/// A priority group without its client.
pub(super) const PINNED: Entry = Entry {
    rule: Rule::ConsumerPinned,
    levels: &[Level::Critical],
    finds: "Every priority group is to have its pinned client (`pinned` in the metadata), and not every one has.",
    patience: A_MOMENT,
    many: |n| some(n, "consumer", "has groups without their client", "have groups without their client"),
    check: Check::Consumer(
        |look| {
            let info = look.info()?;
            look.monitor.get(Rule::ConsumerPinned, Side::Wanted)?;
            let groups = info.config.priority_groups.len() as u64;
            let all = info.config.pins_clients && groups > 0 && info.pinned_groups >= groups;
            (!all).then(|| Hit::of(Level::Critical, groups.saturating_sub(info.pinned_groups)))
        },
        |look, _| {
            let Some(info) = look.info() else { return Story::default() };
            let groups = info.config.priority_groups.len();
            let sentence = if info.config.pins_clients && groups > 0 {
                format!("{} of its {} have their client.", info.pinned_groups, plural(groups as u64, "priority group"))
            } else {
                "Its clients are to be pinned, and it has no priority groups that pin clients.".to_owned()
            };
            Story::new("not pinned", sentence)
                .with("groups", info.config.priority_groups.join(", "))
                .with("with a client", info.pinned_groups)
                .with("wanted by", Monitor::key(Rule::ConsumerPinned, Side::Wanted))
                .advise("Start the clients that are missing.")
        },
    ),
};

/// Thresholds that cannot be read.
pub(super) const METADATA: Entry = Entry {
    rule: Rule::ConsumerMetadata,
    levels: &[Level::Notice, Level::Warning],
    finds: "A threshold in the consumer's metadata (`io.nats.monitor.*`) cannot be read. A notice where nothing reads such \
            a key.",
    patience: AT_ONCE,
    many: |n| some(n, "consumer", "has thresholds that cannot be read", "have thresholds that cannot be read"),
    check: Check::Consumer(|look| unread(&look.monitor.unread), |look, _| unreadable(&look.monitor.unread, "consumer")),
};

fn count(look: &ConsumerLook<'_>, rule: Rule, n: u64) -> Option<Hit> {
    look.bound(rule).at_least(n as f64).map(|level| Hit::of(level, n))
}

/// How long ago something was. What never was counts from when the consumer was made; of what was forgotten (in a
/// restart, or by a new leader) nobody can say.
fn ago(look: &ConsumerLook<'_>, rule: Rule, last: Option<Timestamp>, so_far: u64) -> Option<Hit> {
    let bound = look.bound(rule);
    if !bound.is_set() {
        return None;
    }
    let from = match (last, so_far) {
        (Some(at), _) => at,
        (None, 0) => look.info()?.created?,
        (None, _) => return None,
    };
    let ago = look.now().since(from);
    bound.at_least(ago.as_secs_f64()).map(|level| Hit::of(level, ago.as_secs()))
}

fn are(n: u64, what: &str) -> String {
    some(n as usize, what, "is", "are")
}

fn counted(look: &ConsumerLook<'_>, story: Story, name: &'static str, hit: Hit, rule: Rule) -> Story {
    let bound = look.bound(rule).of(hit.level, rule);
    story
        .with(name, count_exact(hit.amount))
        .with_some("allowed", bound.map(|(n, by)| format!("less than {} ({by})", count_exact(n as u64))))
        .run("Look at it.", command_line("nats consumer info", &[look.stream, look.name], ""))
}

fn late(
    look: &ConsumerLook<'_>,
    mut story: Story,
    words: &str,
    name: &'static str,
    last: Option<Timestamp>,
    hit: Hit,
    rule: Rule,
) -> Story {
    let ago = Duration::from_secs(hit.amount);
    story.sentence = match last {
        Some(_) => format!("{words} for {}, longer than allowed.", duration(ago)),
        None => format!("{words}; it was made {} ago.", duration(ago)),
    };
    let bound = look.bound(rule).of(hit.level, rule);
    story
        .with_some(name, last.map(|at| format!("{} UTC", at.to_display())))
        .with_some(
            "allowed",
            bound.map(|(seconds, by)| format!("{} ({by})", duration(Duration::from_secs_f64(seconds.max(0.0))))),
        )
        .run("Look at it.", command_line("nats consumer info", &[look.stream, look.name], ""))
}
