//! What is kept, for how long, and in how much room.

use super::*;
use crate::model::Link;
use crate::model::update::Listing;

fn at(second: i64) -> Timestamp {
    Timestamp::from_secs(1_790_000_000 + second)
}

/// A catalog and its history, which a made-up clock goes by.
struct Kept {
    catalog: Catalog,
    past: History,
}

impl Kept {
    fn new(room: Room) -> Self {
        let mut kept = Self { catalog: Catalog::default(), past: History::new(room) };
        kept.send(Update::Link(Link::Connected { since: at(0) }), 0);
        kept
    }

    fn send(&mut self, update: Update, second: i64) {
        let change = Change::of(&update);
        self.catalog.apply(update);
        self.past.note(&change, &self.catalog, at(second));
    }

    /// A list of these streams, to which `n` messages have come.
    fn streams(&mut self, second: i64, names: &[&str], n: u64) {
        let stream = |name: &&str| {
            let mut s = Stream { name: (*name).into(), taken: at(second), asked: at(second), ..Default::default() };
            (s.state.first_seq, s.state.last_seq, s.state.messages, s.state.bytes) = (1, n, n, n * 100);
            s.state.consumers = 1;
            s.created = Some(at(-100));
            Arc::new(s)
        };
        self.send(Update::Streams(listing(second, names.iter().map(stream).collect())), second);
    }

    /// The consumers of a stream, each with so many pending.
    fn consumers(&mut self, second: i64, stream: &str, names: &[&str], pending: u64) {
        let consumer = |name: &&str| {
            let mut c =
                Consumer { stream: stream.into(), name: (*name).into(), taken: at(second), ..Default::default() };
            (c.pending, c.delivered.stream_seq, c.delivered.consumer_seq) = (pending, pending * 2, pending * 3);
            c.ack_floor.last_active = Some(at(second - 1));
            Arc::new(c)
        };
        let listed = listing(second, names.iter().map(consumer).collect());
        self.send(Update::Consumers(stream.into(), listed), second);
    }

    fn pending(&self, second: i64, stream: &str, name: &str) -> Option<u64> {
        self.past.at(at(second), &self.catalog).consumer(stream, name)?.info.as_ref().map(|c| c.pending)
    }
}

fn listing<T>(second: i64, items: Vec<Arc<T>>) -> Listing<T> {
    let (started, taken, total) = (at(second), at(second), items.len() as u64);
    Listing { started, taken, items, missing: vec![], offline: vec![], total, problem: None }
}

#[test]
fn what_was_deleted_is_there_again_and_what_was_made_since_is_not() {
    let mut kept = Kept::new(Room::default());
    for second in 0..60 {
        let names: &[&str] = if second < 30 { &["old", "stays"] } else { &["new", "stays"] };
        kept.streams(second, names, second as u64);
        let consumers: &[&str] = if second < 40 { &["a", "b"] } else { &["b", "c"] };
        kept.consumers(second, "stays", consumers, second as u64);
    }
    let names = |second: i64| kept.past.at(at(second), &kept.catalog).streams.into_keys().collect::<Vec<_>>();
    assert_eq!(names(20), ["old", "stays"]);
    assert_eq!(names(50), ["new", "stays"]);
    assert_eq!((kept.pending(20, "stays", "a"), kept.pending(20, "stays", "c")), (Some(20), None));
    assert_eq!((kept.pending(50, "stays", "a"), kept.pending(50, "stays", "c")), (None, Some(50)));
    let old = kept.past.at(at(20), &kept.catalog);
    let info = old.streams["old"].info.as_ref().unwrap();
    assert_eq!((info.state.messages, info.state.bytes, info.taken), (20, 2_000, at(20)));
    assert_eq!(old.streams["stays"].rate_in(), Some(1.0), "rates are of then");
    assert_eq!((old.listing.value(), old.heard), (Some(&2), Some(at(20))));
    assert_ne!(old.revision, kept.past.at(at(21), &kept.catalog).revision);
}

#[test]
fn a_stream_that_is_deleted_takes_its_consumers_with_it() {
    let mut kept = Kept::new(Room::default());
    kept.streams(0, &["s", "t"], 1);
    kept.consumers(0, "s", &["a"], 5);
    kept.send(Update::StreamGone("s".into(), at(10)), 10);
    assert_eq!((kept.pending(9, "s", "a"), kept.pending(10, "s", "a")), (Some(5), None));
    // Made again it is another one: nothing of the old belongs to it.
    kept.streams(20, &["s", "t"], 7);
    kept.consumers(20, "s", &["a"], 6);
    assert_eq!(kept.pending(21, "s", "a"), Some(6));
    let catalog = kept.past.at(at(21), &kept.catalog);
    assert_eq!(catalog.consumer("s", "a").unwrap().ring.samples().len(), 1);
    assert_eq!((catalog.streams["s"].series.len(), catalog.streams["t"].series.len()), (1, 2));
}

#[test]
fn without_an_answer_it_is_missing_and_without_a_link_there_is_a_gap() {
    let mut kept = Kept::new(Room::default());
    kept.streams(0, &["s"], 1);
    let mut silent = listing(2, vec![]);
    silent.missing = vec!["s".into()];
    kept.send(Update::Streams(silent), 2);
    let missing = |kept: &Kept, second| kept.past.at(at(second), &kept.catalog).streams["s"].availability.clone();
    assert_eq!((missing(&kept, 1), missing(&kept, 3)), (Availability::Present, Availability::Missing));
    kept.streams(4, &["s"], 1);
    assert_eq!(missing(&kept, 5), Availability::Present);
    kept.send(Update::Link(Link::Lost { attempt: 0, since: at(6), reason: None }), 6);
    assert!(!kept.past.at(at(7), &kept.catalog).link.is_up());
    kept.send(Update::Link(Link::Connected { since: at(12) }), 12);
    kept.streams(12, &["s"], 1);
    let seen = kept.past.stream("s", at(0), at(20));
    let told: Vec<_> = seen.iter().map(|s| (s.from, s.to, s.joined)).collect();
    // What did not answer, and what was not heard, is no line.
    assert_eq!(told, [(at(0), at(0), false), (at(4), at(4), false), (at(12), at(12), false)]);
    assert_eq!(kept.past.gap(at(9)), Some((at(4), Some(at(12)))));
    let poll = Duration::from_secs(2);
    assert_eq!(kept.past.step(at(13), true, poll), at(4), "a gap is one step");
    assert_eq!(kept.past.step(at(4), false, poll), at(12));
    assert_eq!(kept.past.step(at(3), true, poll), at(1));
}

#[test]
fn a_clock_that_was_set_back_starts_anew() {
    let mut kept = Kept::new(Room::default());
    kept.streams(10_000, &["s"], 5);
    kept.streams(9_999, &["s"], 4);
    assert_eq!(kept.past.stream("s", at(0), at(20_000)).len(), 1, "a late answer is none");
    kept.streams(100, &["s"], 6);
    let seen = kept.past.stream("s", at(0), at(20_000));
    assert_eq!(seen.iter().map(|s| s.sample.last_seq).collect::<Vec<_>>(), [6]);
}

/// A day of a busy consumer: its numbers change with every poll.
#[test]
fn polls_become_minutes_and_minutes_go() {
    let mut kept = Kept::new(Room::default());
    for second in (0..100_000).step_by(2) {
        kept.streams(second, &["s"], second as u64);
    }
    let last = 99_998;
    let seen = kept.past.stream("s", at(0), at(last));
    let since = |from: i64| seen.iter().filter(|s| s.to >= at(from)).count();
    assert_eq!(since(last - 900), 451);
    assert!(seen.iter().all(|s| s.joined || s.from == seen[0].from), "a minute apart is no gap");
    let hours = at(last).since(seen[0].from).as_secs() / 3_600;
    assert!((23..=26).contains(&hours), "{hours}");
    assert!((24 * 60 + 440..26 * 60 + 600).contains(&seen.len()), "{}", seen.len());
    // Of then it is told what was known at the end of the minute before.
    let catalog = kept.past.at(at(last - 7_200), &kept.catalog);
    let (info, slot) = (catalog.streams["s"].info.clone().unwrap(), catalog.slot);
    assert_eq!(slot, Duration::from_secs(60));
    assert!(at(last - 7_200).since(info.taken) < Duration::from_secs(60), "{}", info.taken);
    assert_eq!(info.state.last_seq as i64, info.taken.seconds_since(at(0)) as i64);
    assert_eq!(catalog.streams["s"].rate_in(), Some(1.0));
}

#[test]
fn where_there_is_too_little_room_the_order_is_kept() {
    let names: Vec<String> = (0..40).map(|n| format!("consumer-{n}")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let most = 400_000;
    let mut kept = Kept::new(Room::of(most));
    kept.streams(0, &["s", "gone"], 1);
    kept.consumers(0, "gone", &["a", "b"], 1);
    let mut seen = vec![];
    for second in (0..14_400).step_by(2) {
        kept.streams(second, &["s"], second as u64);
        kept.consumers(second, "s", &names, second as u64);
        let room = *kept.past.room();
        assert!(room.held <= most + 4_096, "{room:?} at {second}");
        let gone = kept.past.streams.contains_key("gone");
        if seen.last() != Some(&(gone, room.recent / MINUTE, room.minutes / MINUTE)) {
            seen.push((gone, room.recent / MINUTE, room.minutes / MINUTE));
        }
    }
    assert_eq!(seen[0], (true, 15, 1_440));
    assert!(seen.iter().all(|(gone, polls, _)| !gone || *polls == 15), "what was deleted goes first: {seen:?}");
    assert!(seen.iter().any(|(gone, polls, _)| !gone && *polls < 15), "then polls: {seen:?}");
    assert!(seen.iter().all(|(_, polls, minutes)| *polls == 2 || *minutes == 1_440), "then minutes: {seen:?}");
    assert!(seen.last().unwrap().1 >= 2, "{seen:?}");
    let counted: usize = kept
        .past
        .streams
        .values()
        .map(|of| of.track.held() + of.consumers.values().map(|c| c.track.held()).sum::<usize>())
        .sum();
    assert!(counted < kept.past.room().held, "what is counted is what is held");
    assert_eq!(kept.past.room().left_out, 0);
    // With no room at all nothing new is taken, and nothing breaks.
    let mut none = Kept::new(Room::of(10_000));
    none.streams(0, &["s"], 1);
    for second in 0..200 {
        none.consumers(second, "s", &names, second as u64);
        assert!(none.past.room().held <= 11_000, "{:?}", none.past.room());
    }
    assert_eq!(none.pending(199, "s", names[0]), Some(199));
    assert!(none.past.room().left_out > 0);
}

#[test]
fn a_file_is_no_larger_than_it_may_be() {
    let mut kept = Kept::new(Room::default());
    for second in (0..7_200).step_by(2) {
        kept.streams(second, &["s", "t"], second as u64);
    }
    let whole = kept.past.encode("key", usize::MAX);
    let back = History::decode(&whole, "key", Room::default()).unwrap();
    let of = |past: &History| past.stream("s", at(0), at(8_000));
    assert_eq!(of(&back), of(&kept.past));
    let room = (back.room().held, kept.past.room().held);
    assert!(room.0.abs_diff(room.1) < room.1 / 4, "{room:?}");
    let small = kept.past.encode("key", whole.len() / 3);
    assert!(small.len() <= whole.len() / 3, "{} of {}", small.len(), whole.len());
    let less = of(&History::decode(&small, "key", Room::default()).unwrap());
    assert_eq!(less.last(), of(&kept.past).last(), "what is newest stays");
    assert!(less.len() > 50 && less.len() < of(&kept.past).len() / 2, "{}", less.len());
    assert_eq!(kept.past.room().held, room.1, "in memory everything stays");
}

#[test]
fn a_history_can_be_copied_cheaply_and_stays_as_it_was() {
    let mut kept = Kept::new(Room::default());
    for second in 0..600 {
        kept.streams(second, &["s"], second as u64);
    }
    let copy = kept.past.clone();
    kept.streams(700, &["s"], 999);
    assert_eq!(copy.stream("s", at(0), at(1_000)).len(), 600);
    assert_eq!(kept.past.stream("s", at(0), at(1_000)).len(), 601);
}
