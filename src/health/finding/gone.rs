//! Streams and consumers that were there and are gone.

use crate::health::Level;
use crate::model::gone::{Lost, TOLD};
use crate::model::units::{bytes, count_exact, duration};
use crate::model::{Catalog, Consumer, Rule, Storage, Timestamp};

use super::entry::{AT_ONCE, Check, Entry, Hit, Story, plural, some};
use super::place::At;
use crate::model::shell::command_line;

/// All rules about what is gone.
pub(super) const RULES: &[Entry] = &[STREAM, CONSUMER];

/// A stream is gone.
const STREAM: Entry = Entry {
    rule: Rule::StreamGone,
    levels: &[Level::Notice, Level::Warning],
    finds: "A stream that jetscope has seen is gone, with what it held. A notice where it was empty, or where the \
            server says that it was deleted. Told for an hour, or until it is there again.",
    patience: AT_ONCE,
    many: |n| some(n, "stream", "is gone", "are gone"),
    check: Check::StreamGone(
        |lost| {
            let held = lost.was.state.messages;
            let level = if lost.deleted || held == 0 { Level::Notice } else { Level::Warning };
            Hit::of(level, held).since(Some(lost.at))
        },
        |lost| {
            let was = &*lost.was;
            let held = plural(was.state.messages, "message");
            let why = match (lost.deleted, was.config.storage) {
                (true, _) => " It was deleted.",
                (false, Storage::Memory) => " It was kept in memory, which is empty after a restart.",
                (false, Storage::File) => "",
            };
            Story::new("gone", format!("It is gone; it held {held} ({}).{why}", bytes(was.state.bytes)))
                .with("held", held)
                .with("consumers", count_exact(was.state.consumers))
                .with("subjects", was.config.subjects.join(" "))
                .with("last sequence", count_exact(was.state.last_seq))
                .with("storage", was.config.storage.word())
                .advise(
                    "Publishers get no answer while no stream takes their subjects. A backup brings its messages back, if there is one.",
                )
                .run("Without one: make it again.", command_line("nats stream add", &[&was.name], ""))
        },
    ),
};

/// A durable consumer is gone.
const CONSUMER: Entry = Entry {
    rule: Rule::ConsumerGone,
    levels: &[Level::Notice, Level::Warning],
    finds: "A durable consumer that jetscope has seen is gone, with its position. A warning where it had messages \
            outstanding and its inactivity threshold lets the server remove it. Told for an hour, or until it is there again.",
    patience: AT_ONCE,
    many: |n| some(n, "consumer", "is gone", "are gone"),
    check: Check::ConsumerGone(
        |lost| {
            let left = lost.was.outstanding();
            let by_itself = lost.was.config.inactive_threshold.is_some();
            let level = if by_itself && left > 0 { Level::Warning } else { Level::Notice };
            Hit::of(level, left).since(Some(lost.at))
        },
        |lost| {
            let was = &*lost.was;
            let left = plural(was.outstanding(), "message");
            let why = was.config.inactive_threshold.map_or(String::new(), |after| {
                format!(" The server removes it when no client used it for {} (inactivity threshold).", duration(after))
            });
            let stands = if was.outstanding() == 1 { "was" } else { "were" };
            let floor = was.ack_floor.stream_seq;
            Story::new("gone", format!("It is gone, with its position; {left} {stands} outstanding.{why}"))
                .with("outstanding", left)
                .with("delivered to", format!("seq {}", count_exact(was.delivered.stream_seq)))
                .with("ack floor", format!("seq {}", count_exact(floor)))
                .with_some("removed after", was.config.inactive_threshold.map(duration))
                .run(
                    "Make it again behind what it had acked, or it starts where its deliver policy says.",
                    command_line("nats consumer add", &[&was.stream, &was.name], &format!("--deliver={}", floor + 1)),
                )
        },
    ),
};

/// What hits of a stream that is gone.
pub(super) fn of_stream(catalog: &Catalog, name: &str, now: Timestamp) -> Option<(Rule, Hit)> {
    let lost = catalog.gone.streams.get(name).filter(|lost| is_told(lost, now))?;
    match &STREAM.check {
        Check::StreamGone(check, _) => Some((STREAM.rule, check(lost))),
        _ => None,
    }
}

/// What hits of a consumer that is gone.
pub(super) fn of_consumer(lost: &Lost<Consumer>, now: Timestamp) -> Option<(Rule, Hit)> {
    match &CONSUMER.check {
        Check::ConsumerGone(check, _) if is_told(lost, now) => Some((CONSUMER.rule, check(lost))),
        _ => None,
    }
}

/// In words.
pub(super) fn story(catalog: &Catalog, place: At<'_>) -> Option<Story> {
    match (place, &STREAM.check, &CONSUMER.check) {
        (At::Stream(name), Check::StreamGone(_, story), _) => Some(story(catalog.gone.streams.get(name)?)),
        (At::Consumer(stream, name), _, Check::ConsumerGone(_, story)) => {
            Some(story(catalog.gone.consumers.get(&(stream.to_owned(), name.to_owned()))?))
        }
        _ => None,
    }
}

fn is_told<T>(lost: &Lost<T>, now: Timestamp) -> bool {
    now.since(lost.at) < TOLD
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::time::Duration;

    use super::*;
    use crate::health::finding::{Phase, Touched, Watch, story};
    use crate::model::update::Listing;
    use crate::model::{Advisory, AdvisoryKind, Stream, Thresholds, Update};

    fn at(second: i64) -> Timestamp {
        Timestamp::from_secs(second)
    }

    /// A catalog and its watch, fed as in use.
    #[derive(Default)]
    struct Case {
        catalog: Catalog,
        watch: Watch,
    }

    impl Case {
        fn send(&mut self, update: Update, second: i64) {
            let touched = Touched::by(&update);
            self.catalog.apply(update);
            self.watch.look(&self.catalog, &touched, &Thresholds::default(), at(second));
            self.watch.tick(at(second));
        }

        fn stream(&mut self, second: i64, messages: u64, consumers: u64) {
            let mut s = Stream { name: "orders".into(), taken: at(second), asked: at(second), ..Default::default() };
            s.config.storage = Storage::Memory;
            (s.state.messages, s.state.last_seq, s.state.first_seq, s.state.consumers) =
                (messages, messages, 1, consumers);
            self.send(Update::Stream(Arc::new(s)), second);
        }

        fn streams(&mut self, second: i64) {
            let (started, taken) = (at(second), at(second));
            let (items, missing, offline) = (vec![], vec![], vec![]);
            let listing = Listing { started, taken, items, missing, offline, total: 0, problem: None };
            self.send(Update::Streams(listing), second);
        }

        fn consumer(&mut self, second: i64, change: impl Fn(&mut Consumer)) {
            let mut c =
                Consumer { stream: "orders".into(), name: "billing".into(), taken: at(second), ..Default::default() };
            c.config.durable = true;
            change(&mut c);
            self.send(Update::Consumer(Arc::new(c)), second);
        }

        /// What is open or was resolved at a place.
        fn told(&self, place: At<'_>) -> Vec<(Rule, Level, bool)> {
            let of = self.watch.tracker.at(place).iter();
            of.map(|t| (t.rule, t.level, t.phase == Phase::Open)).collect()
        }

        fn sentence(&self, place: At<'_>, rule: Rule) -> String {
            let story = story(&self.catalog, place, rule, &Thresholds::default(), at(0)).unwrap();
            assert!(story.evidence.iter().all(|(name, _)| name.len() <= 16), "{story:?}");
            story.sentence
        }
    }

    const ORDERS: At<'static> = At::Stream("orders");
    const BILLING: At<'static> = At::Consumer("orders", "billing");

    #[test]
    fn a_stream_that_is_gone_is_not_well() {
        let mut case = Case::default();
        case.stream(1, 1_200, 0);
        assert!(case.told(ORDERS).contains(&(Rule::StreamMemory, Level::Notice, true)));
        case.streams(10);
        assert_eq!(case.told(ORDERS), [(Rule::StreamGone, Level::Warning, true)], "nothing of it is resolved");
        assert_eq!(
            case.sentence(ORDERS, Rule::StreamGone),
            "It is gone; it held 1,200 messages (0B). It was kept in memory, which is empty after a restart."
        );
        assert_eq!(case.watch.tracker.counts().warning, 1);
        case.streams(3_000);
        assert_eq!(case.told(ORDERS), [(Rule::StreamGone, Level::Warning, true)]);
        // It is there again: now it is resolved.
        case.stream(3_010, 0, 0);
        assert!(case.told(ORDERS).contains(&(Rule::StreamGone, Level::Warning, false)), "{:?}", case.told(ORDERS));
        assert!(case.catalog.gone.streams.is_empty());
        // It went empty; and nobody tells of it for ever.
        case.streams(3_020);
        assert_eq!(case.told(ORDERS), [(Rule::StreamGone, Level::Notice, true)]);
        case.streams(3_020 + 3_600);
        assert_eq!(case.told(ORDERS), []);
    }

    #[test]
    fn what_somebody_deleted_is_a_notice() {
        let mut case = Case::default();
        case.stream(1, 1_200, 0);
        case.send(Update::StreamGone("orders".into(), at(5)), 5);
        assert_eq!(case.told(ORDERS), [(Rule::StreamGone, Level::Warning, true)]);
        let kind = AdvisoryKind::StreamDeleted;
        let advisory = Advisory { time: at(5), stream: "orders".into(), consumer: None, kind };
        case.send(Update::Advisory(advisory), 5);
        case.streams(30);
        assert!(case.sentence(ORDERS, Rule::StreamGone).ends_with("It was deleted."));
        case.streams(60);
        assert_eq!(case.told(ORDERS), [(Rule::StreamGone, Level::Notice, true)]);
    }

    #[test]
    fn a_durable_consumer_that_is_gone_is_not_well() {
        let gone = |change: fn(&mut Consumer)| {
            let mut case = Case::default();
            case.stream(1, 100, 1);
            case.consumer(2, |c| {
                (c.pending, c.paused) = (40, true);
                change(c);
            });
            case.send(Update::ConsumerGone("orders".into(), "billing".into(), at(5)), 5);
            case
        };
        let removed = gone(|c| c.config.inactive_threshold = Some(Duration::from_secs(600)));
        assert_eq!(removed.told(BILLING), [(Rule::ConsumerGone, Level::Warning, true)]);
        assert_eq!(
            removed.sentence(BILLING, Rule::ConsumerGone),
            "It is gone, with its position; 40 messages were outstanding. The server removes it when no client used it for 10m \
             (inactivity threshold)."
        );
        let mut deleted = gone(|_| {});
        assert_eq!(deleted.told(BILLING), [(Rule::ConsumerGone, Level::Notice, true)]);
        // Its stream's own count says so, too.
        deleted.stream(6, 100, 0);
        assert!(deleted.told(BILLING).contains(&(Rule::ConsumerGone, Level::Notice, true)));
        deleted.consumer(9, |_| {});
        assert!(deleted.told(BILLING).contains(&(Rule::ConsumerGone, Level::Notice, false)));
        assert_eq!(gone(|c| c.config.durable = false).told(BILLING), [], "who looks on once comes and goes");
        // A stream takes its consumers with it.
        let mut both = gone(|_| {});
        both.streams(20);
        assert_eq!((both.told(BILLING), both.told(ORDERS).len()), (vec![], 1));
    }
}
