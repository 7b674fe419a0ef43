//! The retention of a stream in words: what leaves it, when, and what a full one does.

use super::units::{bytes, count_exact, duration};
use super::{Discard, Retention, Storage, StreamConfig};

/// Two or three sentences: what is kept and for how long, what happens when it is full, where it is kept.
pub fn in_words(config: &StreamConfig) -> String {
    let limits = &config.limits;
    let mut bounds = Vec::new();
    if let Some(age) = limits.max_age {
        bounds.push(format!("they are {} old", duration(age)));
    }
    if let Some(n) = limits.max_msgs {
        bounds.push(format!("there are more than {} messages", count_exact(n)));
    }
    if let Some(n) = limits.max_bytes {
        bounds.push(format!("they take more than {}", bytes(n)));
    }
    let bounds = match bounds.as_slice() {
        [] => None,
        [one] => Some(one.clone()),
        [head @ .., last] => Some(format!("{} or {last}", head.join(", "))),
    };
    let keeps = match (config.retention, &bounds) {
        (Retention::Limits, None) if config.sealed => "Keeps every message that it has for ever.".to_owned(),
        // What it keeps of each subject is a limit of its own, said below.
        (Retention::Limits, None) if limits.max_msgs_per_subject.is_some() => {
            "Keeps messages for ever, but not all of one subject.".to_owned()
        }
        (Retention::Limits, None) => {
            let place = if config.storage == Storage::Memory { "memory" } else { "disk" };
            format!("Keeps every message for ever: no limit is set, so it grows until the {place} is full.")
        }
        (Retention::Limits, Some(b)) => format!("Keeps messages until {b}."),
        (Retention::Interest, None) => {
            "Keeps a message until every consumer that matches it has acknowledged it.".to_owned()
        }
        (Retention::Interest, Some(b)) => {
            format!("Keeps messages until every consumer that matches them has acknowledged them, or until {b}.")
        }
        (Retention::WorkQueue, None) => {
            "A work queue: keeps a message until its consumer has acknowledged it.".to_owned()
        }
        (Retention::WorkQueue, Some(b)) => {
            format!("A work queue: keeps messages until their consumer has acknowledged them, or until {b}.")
        }
    };
    let fills = limits.max_msgs.is_some() || limits.max_bytes.is_some();
    let full = match (fills, config.discard) {
        (false, _) => "",
        (true, Discard::Old) => " When it is full, the oldest are dropped.",
        (true, Discard::New) => " When it is full, new messages are refused.",
    };
    let per_subject = limits
        .max_msgs_per_subject
        .map(|n| format!(" At most {} of each subject.", count_exact(n)))
        .unwrap_or_default();
    let place = match config.storage {
        Storage::File => "Stored on disk",
        Storage::Memory => "Stored in memory: gone when the server restarts",
    };
    let copies = match config.replicas {
        0 | 1 => ", one copy.".to_owned(),
        n => format!(", {n} copies."),
    };
    let sealed = if config.sealed { " Sealed: nothing can be written or deleted." } else { "" };
    format!("{keeps}{full}{per_subject} {place}{copies}{sealed}")
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn says_what_the_limits_mean() {
        let mut c = StreamConfig { replicas: 1, ..Default::default() };
        assert!(in_words(&c).contains("grows until the disk is full"), "{}", in_words(&c));
        c.sealed = true;
        assert_eq!(
            in_words(&c),
            "Keeps every message that it has for ever. Stored on disk, one copy. Sealed: nothing can be written or deleted."
        );
        c.sealed = false;
        c.limits.max_age = Some(Duration::from_secs(7 * 86_400));
        c.limits.max_bytes = Some(1 << 30);
        assert_eq!(
            in_words(&c),
            "Keeps messages until they are 7d old or they take more than 1.0Gi. When it is full, the oldest are dropped. \
             Stored on disk, one copy."
        );
        c.retention = Retention::WorkQueue;
        c.discard = Discard::New;
        c.storage = Storage::Memory;
        let text = in_words(&c);
        assert!(text.contains("work queue") && text.contains("refused") && text.contains("restarts"), "{text}");
    }
}
