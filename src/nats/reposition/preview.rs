//! What moving a consumer would do: nothing is written, nothing is left on the server.

use std::time::Duration;

use crate::event::clean_line;
use crate::model::consumer::Delivery;
use crate::model::reposition::{After, Before, Method, Place, Preview, Span, Target};
use crate::model::units::{duration, messages, messages_were};
use crate::model::{AckPolicy, Consumer, DeliverPolicy, Problem, Retention, Stream, Timestamp};
use crate::nats::Api;
use crate::query::Range;
use crate::query::range::{End, Start};

use super::asks::{Seen, is_at_least};
use super::count::Matching;
use super::records::Record;

/// Resets exist since this version.
const RESET: (u32, u32) = (2, 14);
/// Pausing exists since this version.
pub(super) const PAUSE: (u32, u32) = (2, 11);

/// What moving this consumer there would do. `recreate` allows to delete it and make it again, where the server does
/// not move it; `left` is one of this consumer that was broken off, whose pause is not its owner's; `earlier` is the
/// newest move that stands, which may be the one that this takes back.
pub(super) async fn preview(
    api: &Api,
    (stream, consumer): (&str, &str),
    target: Target,
    recreate: bool,
    left: Option<&Record>,
    earlier: Option<&Record>,
) -> Result<Preview, Problem> {
    let about = api.stream(stream).await?;
    let seen = api.seen(stream, consumer).await?;
    let c = &seen.consumer;
    let filters = &c.config.filter_subjects;
    let matching = Matching { api, stream: &about, filters };
    let wanted = resolve(matching, target).await?;
    let first = about.state.first_seq.max(1);
    let seq = wanted.seq.max(first);
    let next = c.delivered.stream_seq.saturating_add(1);
    let none = Span::NONE;
    let (redelivered, skipped, restored) = match seq {
        seq if seq < next => {
            // What the earlier move passed over counts as delivered, and never was.
            // Of a consumer that was made again since it says nothing.
            let same = |earlier: &&Record| earlier.consumer_created == c.created;
            let over = earlier
                .filter(same)
                .map_or((next, next), |earlier| (earlier.delivered.saturating_add(1).max(seq), earlier.to.min(next)));
            if over.0 < over.1 {
                let before = if seq < over.0 { matching.span(seq, over.0 - 1).await? } else { none };
                let behind = if over.1 < next { matching.span(over.1, next - 1).await? } else { none };
                (before.and(behind), none, matching.span(over.0, over.1 - 1).await?)
            } else {
                (matching.span(seq, next - 1).await?, none, none)
            }
        }
        seq if seq > next => (none, matching.span(next, seq - 1).await?, none),
        _ => (none, none, none),
    };
    let more = redelivered.and(restored).count;
    let pending = more.zip(skipped.count).map(|(more, less)| c.pending.saturating_add(more).saturating_sub(less));
    let version = api.client().server().version;
    let mut preview = Preview {
        taken: api.now(),
        stream: stream.into(),
        consumer: consumer.into(),
        stream_created: about.created,
        consumer_created: c.created,
        target,
        filter_subjects: filters.clone(),
        mode: c.config.delivery.word(),
        ack_policy: c.config.ack_policy.clone(),
        deliver_policy: c.config.deliver_policy,
        stream_ends: (about.state.first_seq, about.state.last_seq),
        before: Before {
            ack_floor: stored(api, stream, c.ack_floor.stream_seq).await?,
            delivered: stored(api, stream, c.delivered.stream_seq).await?,
            pending: c.pending,
            ack_pending: c.ack_pending,
            waiting: c.waiting,
            push_bound: c.push_bound,
            paused_until: paused_before(c, left),
        },
        after: After {
            seq,
            asked: (wanted.seq < first).then_some(wanted.seq),
            first: if seq > about.state.last_seq { None } else { matching.first(seq).await? },
            pending,
        },
        redelivered,
        skipped,
        restored,
        method: Method::Reset,
        lost: Vec::new(),
        warnings: Vec::new(),
        obstacles: Vec::new(),
        recreatable: false,
        undoes: None,
        server: version,
    };
    preview.obstacles.extend(wanted.obstacle);
    judge(&mut preview, &about, &seen, recreate);
    Ok(preview)
}

/// A pause that ends sooner is over before anything is done; one of ours that was just taken back is such a one.
const OVER: Duration = Duration::from_secs(1);

/// Until when a consumer is paused.
fn paused_until(consumer: &Consumer) -> Option<Timestamp> {
    let left = consumer.pause_remaining.filter(|left| consumer.paused && *left > OVER)?;
    Some(consumer.config.pause_until.unwrap_or_else(|| consumer.taken.plus(left)))
}

/// Until when a consumer's owner paused it. A pause that an earlier one of ours left behind is not its owner's.
pub(super) fn paused_before(consumer: &Consumer, left: Option<&Record>) -> Option<Timestamp> {
    let until = paused_until(consumer)?;
    match left {
        Some(left) if left.pause_ends == Some(until) => left.paused_before,
        _ => Some(until),
    }
}

/// Where a target lies, before the beginning of the stream too.
struct Wanted {
    seq: u64,
    obstacle: Option<String>,
}

async fn resolve(matching: Matching<'_>, target: Target) -> Result<Wanted, Problem> {
    let state = &matching.stream.state;
    let end = state.last_seq.saturating_add(1);
    let from = |start| matching.first_of(Range { start, end: End::Open });
    let mut obstacle = None;
    let seq = match target {
        Target::Start => state.first_seq.max(1),
        Target::End => end,
        Target::Seq(seq) => {
            if seq > end {
                obstacle = Some(format!(
                    "#{seq} lies beyond the end of the stream, which is #{}: the server would pass over everything \
                     until then; `end` is for what comes next",
                    state.last_seq
                ));
            }
            seq
        }
        Target::Time(time) => {
            if time > matching.stream.taken {
                obstacle = Some(format!("{time} is still to come; `end` is for what comes next"));
            }
            from(Start::Time(time)).await?.map_or(end, |place| place.seq)
        }
        Target::Last(count) => from(Start::Last(count)).await?.map_or(end, |place| place.seq),
    };
    Ok(Wanted { seq, obstacle })
}

/// A place, with the time of its message where it is still stored.
async fn stored(api: &Api, stream: &str, seq: u64) -> Result<Place, Problem> {
    let message = if seq == 0 { None } else { api.message(stream, seq).await? };
    Ok(Place { seq, time: message.map(|m| m.time) })
}

/// Method, obstacles and warnings.
fn judge(preview: &mut Preview, stream: &Stream, seen: &Seen, recreate: bool) {
    let c = &seen.consumer;
    if c.config.ack_policy == AckPolicy::FlowControl {
        preview.obstacles.push("the server keeps this consumer for a mirror or a source; it is not to be moved".into());
    }
    if let Some(reason) = refused(preview, seen) {
        if recreate {
            preview.method = Method::Recreate;
            recreating(preview, stream);
        } else {
            preview.recreatable = preview.obstacles.is_empty();
            preview.obstacles.push(reason);
        }
    }
    warn(preview, stream, seen);
}

/// Why the server would not move the consumer.
fn refused(preview: &Preview, seen: &Seen) -> Option<String> {
    let seq = preview.after.seq;
    if !is_at_least(&preview.server, RESET) {
        return Some(format!(
            "the server is {} and cannot move a consumer, which 2.14 and newer can",
            clean_line(&preview.server)
        ));
    }
    let begins =
        |what: String| format!("the consumer was made to start {what}, and the server does not move it to before that");
    match preview.deliver_policy {
        policy @ (DeliverPolicy::New | DeliverPolicy::Last | DeliverPolicy::LastPerSubject) => Some(format!(
            "the consumer has deliver policy {}, and the server moves (error 10204) only all, by_start_sequence and \
             by_start_time",
            policy.word()
        )),
        DeliverPolicy::ByStartSequence => {
            seen.start_seq().filter(|start| seq < *start).map(|start| begins(format!("at #{start}")))
        }
        DeliverPolicy::ByStartTime => {
            let first = preview.after.first.and_then(|place| place.time);
            let start = seen.start_time().filter(|start| first.is_some_and(|first| first < *start));
            start.map(|start| begins(format!("at {start}")))
        }
        DeliverPolicy::All => None,
    }
}

/// What deleting and making it again would lose, and where it must not be done.
fn recreating(preview: &mut Preview, stream: &Stream) {
    preview.lost.push("all acks behind the new position, and how often each message was redelivered".into());
    if preview.deliver_policy != DeliverPolicy::ByStartSequence || stream.config.retention == Retention::WorkQueue {
        preview.lost.push(format!("its deliver policy, which is {}", preview.deliver_policy.word()));
    }
    if preview.before.ack_pending > 0 {
        let count = messages(preview.before.ack_pending);
        preview.lost.push(format!("the deliveries in flight ({count}): they count as none, and acks are ignored"));
    }
    if preview.before.waiting > 0 {
        preview.lost.push("the requests that wait: their clients are told that it is gone, and may end".into());
    }
    match stream.config.retention {
        Retention::Interest => preview.obstacles.push(
            "the stream keeps messages as long as a consumer wants them: while this one is deleted it may drop what \
             no other one wants"
                .into(),
        ),
        Retention::WorkQueue if preview.after.seq > stream.state.first_seq.max(1) => preview
            .obstacles
            .push("a consumer of a work queue can only be made to begin with its first message; choose `start`".into()),
        _ => {}
    }
}

fn warn(preview: &mut Preview, stream: &Stream, seen: &Seen) {
    let c = &seen.consumer;
    let mut say = |words: String| preview.warnings.push(words);
    if let Some(asked) = preview.after.asked {
        say(format!("the stream begins with #{}; nothing is left of #{asked}", preview.after.seq));
    }
    match preview.before.paused_until {
        Some(until) => say(format!("it is paused until {until} and stays so; nothing is delivered before")),
        None if c.paused => say("it is still paused by one that was broken off; that pause is taken back".into()),
        None => {}
    }
    match (&c.config.delivery, c.waiting, c.push_bound) {
        (Delivery::Pull, 0, _) => say("nobody waits for messages now; the next who asks gets them".into()),
        (Delivery::Pull, 1, _) => say("1 pull request waits: delivery begins at once".into()),
        (Delivery::Pull, n, _) => say(format!("{n} pull requests wait: delivery begins at once")),
        (Delivery::Push { .. }, _, true) => say("its subscriber is there: delivery begins at once".into()),
        (Delivery::Push { .. }, _, false) => say("nobody subscribes it now; the next who does gets them".into()),
    }
    if c.ack_pending > 0 {
        say(format!(
            "{} in flight: acks are waited for, {} at most after the last delivery",
            messages(c.ack_pending),
            duration(seen.ack_wait())
        ));
    }
    match c.config.ack_policy {
        AckPolicy::None => say("it acks nothing: what is delivered counts as acked, read or not".into()),
        AckPolicy::All if c.ack_pending > 0 => {
            say("an ack covers all messages before it: a late one would cover messages that are delivered again".into());
        }
        _ => {}
    }
    if c.ack_pending > 0 && preview.after.seq > c.ack_floor.stream_seq.saturating_add(1) {
        say("messages in flight that stay unacked are not delivered again".into());
    }
    if !preview.redelivered.is_empty() && preview.skipped.is_empty() && c.redelivered > 0 {
        say("how often messages were delivered counts anew".into());
    }
    match stream.config.retention {
        Retention::Limits => {}
        Retention::Interest | Retention::WorkQueue => {
            if !preview.redelivered.is_empty() || preview.after.seq <= c.ack_floor.stream_seq {
                say("what was acked is not stored any more and is not delivered again".into());
            }
            if !preview.skipped.is_empty() {
                say("the messages that are passed over stay in the stream, since nobody acks them".into());
            }
        }
    }
    if preview.skipped.is_empty() {
        return;
    }
    let count = preview.skipped.count.map_or_else(|| "many messages were".to_owned(), messages_were);
    preview.warnings.push(format!("{count} never delivered and would not be: this consumer loses that"));
}
