//! What is at the other end: the stream that captures the copies, who receives them, and what it would refuse.

use std::path::Path;

use super::amounts::{ACTING, Tally};
use super::{PlanError, Template};
use crate::config::{ConfigError, Settings};
use crate::event::clean_line;
use crate::model::replay::{Capture, Delivery, Destination, Method, Pace, Plan, Receiver, Selection};
use crate::model::shell::command_line;
use crate::model::{Consumer, Discard, Problem, ProblemKind, Retention, Stream, subject, units};
use crate::nats::{self, Api};
use crate::replay::sink::{stream as stream_sink, subject as subject_sink};

/// What is to be chosen where the destination cannot be read again; how, says whoever shows it.
pub const IN_DOUBT: &str = "choose whether what is in doubt is sent again (at least once) or not (at most once)";

/// Streams that are looked at, where copies could go to many.
const MOST: usize = 64;

/// The settings of the connection that copies are published on; `None` where they are not published.
pub fn settings_of(settings: &Settings, destination: &Destination) -> Result<Option<Settings>, ConfigError> {
    Ok(match destination {
        Destination::Subject(_) | Destination::Original => Some(settings.clone()),
        Destination::Context { name, .. } => Some(settings.for_context(name)?),
        Destination::File(_) | Destination::Stdout | Destination::Http(_) => None,
    })
}

/// A stream that may capture copies, with those who would receive them.
#[derive(Debug)]
pub(super) struct Candidate {
    stream: Stream,
    receivers: Vec<Receiver>,
    max_payload: u64,
    /// The server knows batches whose messages have ids.
    batches: bool,
}

/// Finds the streams that may capture the copies. Where it is clear which one does, that is noted at once.
pub(super) async fn look(settings: &Settings, plan: &mut Plan) -> Result<Vec<Candidate>, PlanError> {
    let (Some(own), Some(template)) = (settings_of(settings, &plan.destination)?, plan.destination.template()) else {
        return Ok(Vec::new());
    };
    let client = nats::open(&own.connection).await?;
    let (max_payload, batches) = (client.server().max_payload, has_batches(&client.server().version));
    let api = Api::new(client);
    let template = Template::parse(template).map_err(PlanError::Wrong)?;
    let pattern = pattern(&template, plan);
    let names = match api.streams_of(&pattern).await {
        Ok(names) => names,
        // No JetStream at all: then it is a subject without a stream.
        Err(Problem { kind: ProblemKind::NoResponders | ProblemKind::NotEnabled, .. }) => Vec::new(),
        Err(problem) => return Err(problem.into()),
    };
    let mut candidates = Vec::new();
    for name in names.iter().take(MOST) {
        let stream = api.stream(name).await?;
        let all = api.consumers(name).await;
        let receivers =
            all.items.iter().filter(|c| !c.is_ours() && receives(c, &stream, &pattern)).map(|c| receiver(c)).collect();
        candidates.push(Candidate { stream, receivers, max_payload, batches });
    }
    if let [one] = candidates.as_slice() {
        plan.capture = Some(capture(one));
    }
    Ok(candidates)
}

/// Batches came with 2.12; that their messages can have ids, soon after it.
fn has_batches(version: &str) -> bool {
    let mut numbers = version.split(['.', '-']).map(|part| part.parse::<u32>().unwrap_or(0));
    (numbers.next().unwrap_or(0), numbers.next().unwrap_or(0)) >= (2, 14)
}

/// All subjects that copies can have.
fn pattern(template: &Template, plan: &Plan) -> String {
    if template.source() == "{subject}"
        && let Selection::Range { subjects, .. } = &plan.selection
        && let [one] = subjects.as_slice()
    {
        return one.clone();
    }
    template.pattern(&plan.id)
}

fn receives(consumer: &Consumer, stream: &Stream, pattern: &str) -> bool {
    let filters = &consumer.config.filter_subjects;
    // Under which subjects a stream with a transform stores them is not worked out: then it may be any.
    let any = filters.is_empty() || stream.config.transform.is_some();
    any || filters.iter().any(|filter| subject::overlap(filter, pattern))
}

fn receiver(consumer: &Consumer) -> Receiver {
    Receiver { name: consumer.name.clone(), outstanding: consumer.outstanding(), paused: consumer.paused }
}

fn capture(candidate: &Candidate) -> Capture {
    let Candidate { stream, receivers, max_payload, batches } = candidate;
    let config = &stream.config;
    let largest = config.limits.max_msg_size.unwrap_or(u64::MAX).min(*max_payload);
    Capture {
        stream: stream.name.clone(),
        created: stream.created,
        last_seq: stream.state.last_seq,
        rereadable: config.retention == Retention::Limits,
        max_age: config.limits.max_age,
        duplicate_window: config.duplicate_window,
        max_size: (largest > 0 && largest < u64::MAX).then_some(largest),
        max_msgs: config.limits.max_msgs,
        max_bytes: config.limits.max_bytes,
        atomic: config.allow_atomic && *batches,
        fast: config.allow_batched && *batches,
        replicas: config.replicas,
        discard_new: config.discard == Discard::New,
        receivers: receivers.clone(),
    }
}

/// What is known only when everything was read.
pub(super) fn judge(plan: &mut Plan, tally: &Tally, candidates: &[Candidate]) {
    if plan.amounts.planned == 0 {
        plan.obstacles.push("nothing is left to be sent; look at the range, the filter and what is left out".into());
        // Nothing goes anywhere: then there is nothing to be said of where.
        return;
    }
    if plan.destination.is_published() {
        match chosen(tally, candidates) {
            Some(candidate) => into_stream(plan, tally, candidate),
            None => into_nothing(plan),
        }
    }
    if matches!(plan.destination, Destination::Http(_)) {
        let delivery = plan.delivery.get_or_insert(Delivery::AtLeastOnce);
        let what = if *delivery == Delivery::AtLeastOnce { "is sent again" } else { "is not sent again" };
        plan.warnings.push(format!("after a crash the one event whose answer is missing {what}"));
        for (count, why) in plan.amounts.unfit.words() {
            let go = if count == 1 { "goes" } else { "go" };
            plan.warnings.push(format!("{} {go} in structured mode: {why}", events(count)));
        }
        if plan.amounts.encoded > 0 {
            plan.warnings.push(format!(
                "{} with percent-encoded attribute values, which many receivers do not decode; --http structured avoids \
                 it",
                events(plan.amounts.encoded)
            ));
        }
    }
    match plan.amounts.attributes_lost {
        0 => {}
        1 => plan.warnings.push("1 attribute is left out, since its event has too many".into()),
        lost => plan
            .warnings
            .push(format!("{} attributes are left out, since their events have too many", units::count_exact(lost))),
    }
    if let Destination::File(path) = &plan.destination {
        plan.obstacles.extend(file_obstacle(path));
    }
    if plan.destination == Destination::Stdout {
        plan.warnings
            .push("what was printed cannot be read again: if it breaks off, begin again from the start".into());
    }
    for ((header, why), count) in ACTING.iter().zip(tally.acting).filter(|(_, count)| *count > 0) {
        let have = if count == 1 { "has" } else { "have" };
        plan.warnings.push(format!("{} {have} a {header} header, which is not copied: {why}", units::messages(count)));
    }
    if let Some(words) = plan.amounts.not_sent() {
        plan.warnings.insert(0, words);
    }
}

fn events(count: u64) -> String {
    if count == 1 { "1 event".into() } else { format!("{} events", units::count_exact(count)) }
}

/// Why this file cannot be written to.
fn file_obstacle(path: &Path) -> Option<String> {
    let shown = path.display().to_string();
    let name = clean_line(&shown);
    match path.metadata() {
        Ok(about) if about.is_dir() => Some(format!("{name} is a folder; name a file in it")),
        Ok(about) if about.len() > 0 => Some(format!("{name} has something in it already; name another file")),
        Ok(_) => None,
        Err(_) if path.parent().is_some_and(Path::is_dir) => None,
        Err(_) => Some(format!("the folder of {name} does not exist; make it, or name another file")),
    }
}

/// The stream that the copies go into: no two streams of an account have a subject in common.
fn chosen<'c>(tally: &Tally, candidates: &'c [Candidate]) -> Option<&'c Candidate> {
    if let [one] = candidates {
        return Some(one);
    }
    let (first, _) = tally.subjects.first_key_value()?;
    candidates.iter().find(|candidate| takes(&candidate.stream, first))
}

fn takes(stream: &Stream, subject: &str) -> bool {
    stream.config.subjects.iter().any(|own| subject::matches(own, subject))
}

/// Stream and consumer that are watched: of the destination, where no stream is named.
pub(in crate::replay) fn watched(plan: &Plan) -> Option<(String, String)> {
    let (name, _) = plan.watch.as_ref()?;
    match name.split_once('/') {
        Some((stream, consumer)) => Some((stream.to_owned(), consumer.to_owned())),
        None => Some((plan.capture.as_ref()?.stream.clone(), name.clone())),
    }
}

/// Why the consumer that is to be watched cannot be.
pub(super) async fn not_watched(settings: &Settings, plan: &Plan) -> Result<Option<String>, PlanError> {
    let Some((name, _)) = &plan.watch else { return Ok(None) };
    let name = clean_line(name).into_owned();
    let Some((stream, consumer)) = watched(plan) else {
        return Ok(Some(format!("consumer {name} cannot be watched: name its stream too, as STREAM/{name}")));
    };
    let own = settings_of(settings, &plan.destination)?.unwrap_or_else(|| settings.clone());
    let api = Api::new(nats::open(&own.connection).await?);
    let asked = api.consumer(&stream, &consumer).await;
    Ok(asked.err().map(|problem| format!("consumer {name} cannot be watched: {problem}")))
}

/// Nobody keeps the copies.
fn into_nothing(plan: &mut Plan) {
    plan.capture = None;
    plan.warnings.push(
        "no stream captures the copies: whoever listens at that moment receives them, and nobody can tell who did"
            .into(),
    );
    ask_for_delivery(plan, subject_sink::WINDOW);
}

fn into_stream(plan: &mut Plan, tally: &Tally, candidate: &Candidate) {
    let stream = &candidate.stream;
    let name = clean_line(&stream.name).into_owned();
    let (config, limits, state) = (&stream.config, &stream.config.limits, &stream.state);
    let capture = plan.capture.get_or_insert_with(|| capture(candidate)).clone();
    let (mut obstacles, mut warnings) = (Vec::new(), Vec::new());
    let astray: Vec<&String> = tally.subjects.keys().filter(|s| !takes(stream, s)).collect();
    if let Some(first) = astray.first() {
        obstacles.push(format!(
            "{name} does not capture {} of the subjects, such as {}; choose subjects that one stream captures, or replay \
             fewer at a time with --subject",
            astray.len(),
            clean_line(first)
        ));
    }
    if tally.more_subjects {
        warnings.push("there are more subjects than could be looked at".into());
    }
    if stream.is_system() {
        obstacles.push(format!(
            "{name} belongs to a key-value or object store, where copies would overwrite present values; choose another \
             destination"
        ));
    }
    if config.sealed {
        obstacles.push(format!("{name} is sealed: nothing can be added to it"));
    }
    if config.mirror.is_some() {
        obstacles.push(format!("{name} is a mirror: it takes messages of its upstream only"));
    }
    if config.counts {
        obstacles.push(format!(
            "{name} keeps counters and takes nothing but increments (allow_msg_counter), which copies are not; choose \
             another destination"
        ));
    }
    if config.no_ack {
        obstacles.push(format!("{name} does not confirm what it stores (no_ack), so nobody could tell what arrived"));
    }
    if capture.max_size.is_some_and(|most| plan.amounts.largest > most) {
        obstacles.push(format!(
            "{name} takes messages of up to {}, and the largest copy has {}",
            units::bytes(capture.max_size.unwrap_or(0)),
            units::bytes(plan.amounts.largest)
        ));
    }
    let full = |what: &str| match config.discard {
        Discard::New => format!("{name} has no room for all of it ({what}): the replay pauses when it is full"),
        Discard::Old => format!("{name} has no room for all of it ({what}): it drops its oldest messages"),
    };
    if limits.max_msgs.is_some_and(|most| state.messages.saturating_add(plan.amounts.planned) > most) {
        warnings.push(full("max_msgs"));
    }
    if limits.max_bytes.is_some_and(|most| state.bytes.saturating_add(plan.amounts.bytes) > most) {
        warnings.push(full("max_bytes"));
    }
    if let Some(most) = limits.max_msgs_per_subject {
        let keeps = format!("{name} keeps {} of a subject", units::messages(most));
        let over = tally.subjects.values().filter(|count| **count > most).count();
        let of = if over == 1 { "of 1 subject".to_owned() } else { format!("of {over} subjects") };
        let refuses = config.discard == Discard::New && config.discard_new_per_subject;
        warnings.push(match (refuses, over) {
            (false, 0) => format!("{keeps}: copies may push out what it has"),
            (false, _) => format!("{keeps}, and {of} more than that come: only the newest stay"),
            (true, 0) => format!(
                "{keeps} and refuses more (discard_new_per_subject): at a subject that is full the replay waits for room"
            ),
            (true, _) => format!(
                "{keeps} and refuses more (discard_new_per_subject), and {of} more than that come: the replay waits there \
                 until somebody makes room"
            ),
        });
    }
    if config.retention == Retention::Interest && capture.receivers.is_empty() {
        warnings.push(format!("{name} keeps only what a consumer wants, and none wants these: all copies are dropped"));
    }
    if capture.method() == Method::OneByOne && plan.amounts.planned >= MANY && plan.pace == Pace::Max {
        let faster = if candidate.batches {
            format!("; many times faster after: {}", command_line("nats stream edit", &[&stream.name], "--allow-batch"))
        } else {
            String::new()
        };
        warnings.push(format!(
            "{name} has {} replicas and {}: to keep the order each copy waits for the one before, so it is slow{faster}",
            capture.replicas,
            if candidate.batches { "allows no batches" } else { "its servers know no batches" }
        ));
    }
    if let Some((from, to)) = &config.transform {
        let from = if from.is_empty() { "everything".into() } else { clean_line(from) };
        warnings.push(format!("{name} stores {from} under {}", clean_line(to)));
    }
    if let Some((_, to)) = &config.republish {
        warnings.push(format!("{name} publishes what it stores again, under {}", clean_line(to)));
    }
    if let Some(age) = limits.max_age {
        warnings.push(format!("{name} drops messages that are older than {}", units::duration(age)));
    }
    if let Selection::Range { stream: own, .. } = &plan.selection
        && *own == stream.name
        && !matches!(plan.destination, Destination::Context { .. })
    {
        warnings.push(format!("the copies go into {name} itself; the range ends where the stream ends now"));
    }
    if plan.reaches_everybody() {
        let who = receive_again(&capture, &name);
        warnings.push(match plan.amounts.same_subject {
            same if same == plan.amounts.planned => format!("they go to the original subjects: {who}"),
            same => format!(
                "{} to the original subjects: {who}",
                if same == 1 { "1 goes".into() } else { format!("{same} go") }
            ),
        });
    }
    plan.obstacles.extend(obstacles);
    plan.warnings.extend(warnings);
    if capture.rereadable {
        plan.delivery = None;
    } else {
        ask_for_delivery(plan, if capture.method() == Method::OneByOne { 1 } else { stream_sink::WINDOW });
    }
}

/// Copies of which it matters how fast they go.
const MANY: u64 = 1_000;
/// Consumers that are named in a sentence; the plan lists all.
const NAMED: usize = 5;

/// Who receives copies that go to the original subjects.
fn receive_again(capture: &Capture, stream: &str) -> String {
    let names: Vec<_> = capture.receivers.iter().map(|r| clean_line(&r.name).into_owned()).collect();
    match names.as_slice() {
        [] => format!("no consumer of {stream} receives them now"),
        [one] => format!("consumer {one} of {stream} receives them again"),
        some if some.len() <= NAMED => format!("consumers {} of {stream} receive them again", some.join(", ")),
        many => format!(
            "consumers {} and {} more of {stream} receive them again",
            many[..NAMED].join(", "),
            many.len() - NAMED
        ),
    }
}

/// The destination cannot be read again, so nobody can find out after a crash what arrived.
fn ask_for_delivery(plan: &mut Plan, most: usize) {
    let window = plan.window.unwrap_or(most as u64).min(most as u64);
    let uncertain = match window {
        1 => "1 event in flight is uncertain after a crash".to_owned(),
        window => format!("up to {window} events in flight are uncertain after a crash"),
    };
    match plan.delivery {
        None => plan.obstacles.push(format!("the destination cannot be read again, so {uncertain}: {IN_DOUBT}")),
        Some(Delivery::AtLeastOnce) => plan.warnings.push(format!("{uncertain}; what is in doubt is sent again")),
        Some(Delivery::AtMostOnce) => plan.warnings.push(format!("{uncertain}; what is in doubt is not sent again")),
    }
}
