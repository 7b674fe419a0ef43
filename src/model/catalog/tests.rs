//! What becomes of updates, in the order and out of it.

use super::*;
use crate::model::ProblemKind;

fn stream(name: &str, at: i64, consumers: u64) -> Arc<Stream> {
    let mut s = Stream { name: name.into(), taken: Timestamp::from_secs(at), ..Default::default() };
    s.state.consumers = consumers;
    s.state.last_seq = at as u64 * 10;
    Arc::new(s)
}

fn listing(at: i64, names: &[&str]) -> Listing<Stream> {
    Listing {
        started: Timestamp::from_secs(at),
        taken: Timestamp::from_secs(at),
        items: names.iter().map(|n| stream(n, at, 1)).collect(),
        missing: vec![],
        offline: vec![],
        total: names.len() as u64,
        problem: None,
    }
}

#[test]
fn a_whole_list_removes_what_is_gone_and_a_partial_one_does_not() {
    let mut c = Catalog::default();
    c.apply(Update::Streams(listing(1, &["a", "b"])));
    let mut partial = listing(2, &["a"]);
    partial.problem = Some(Problem::new(ProblemKind::Timeout, "page 2 did not come"));
    c.apply(Update::Streams(partial));
    assert!(c.streams.contains_key("b"));
    c.apply(Update::Streams(listing(3, &["a"])));
    assert!(!c.streams.contains_key("b"));
}

#[test]
fn consumers_told_after_their_stream_was_deleted_do_not_stay() {
    let mut c = Catalog::default();
    let consumer =
        Consumer { stream: "b".into(), name: "late".into(), taken: Timestamp::from_secs(1), ..Default::default() };
    c.apply(Update::StreamGone("b".into(), Timestamp::from_secs(1)));
    c.apply(Update::Consumer(Arc::new(consumer)));
    c.apply(Update::Streams(listing(2, &["a"])));
    assert!(c.consumers.is_empty());
}

#[test]
fn missing_is_not_gone_and_keeps_its_data() {
    let mut c = Catalog::default();
    c.apply(Update::Streams(listing(1, &["a", "b"])));
    let mut second = listing(2, &["a"]);
    second.missing = vec!["b".into(), "never-seen".into()];
    c.apply(Update::Streams(second));
    assert_eq!(c.streams["b"].availability, Availability::Missing);
    assert!(c.streams["b"].info.is_some());
    assert!(c.streams["never-seen"].info.is_none());
}

#[test]
fn a_stream_made_during_a_sweep_stays() {
    let mut c = Catalog::default();
    c.apply(Update::Stream(stream("new", 5, 0)));
    let mut sweep = listing(4, &["a"]);
    sweep.taken = Timestamp::from_secs(6);
    c.apply(Update::Streams(sweep));
    assert!(c.streams.contains_key("new"));
}

#[test]
fn zero_consumers_is_remembered_only_where_there_were_some() {
    let mut c = Catalog::default();
    c.apply(Update::Stream(stream("a", 1, 0)));
    assert_eq!(c.streams["a"].consumers_gone, None);
    let reader = |durable: bool, at: i64| {
        let taken = Timestamp::from_secs(at);
        let mut c = Consumer { stream: "a".into(), name: "c".into(), taken, ..Default::default() };
        c.config.durable = durable;
        Update::Consumer(Arc::new(c))
    };
    // Who looks on once is no consumer that it had.
    c.apply(Update::Stream(stream("a", 1, 1)));
    c.apply(reader(false, 1));
    c.apply(Update::Stream(stream("a", 1, 0)));
    assert_eq!(c.streams["a"].consumers_gone, None);
    c.apply(Update::Stream(stream("a", 2, 2)));
    c.apply(reader(true, 2));
    c.apply(Update::Stream(stream("a", 3, 0)));
    c.apply(Update::Stream(stream("a", 4, 0)));
    assert_eq!(c.streams["a"].consumers_gone, Some(Timestamp::from_secs(3)));
    assert_eq!(c.streams["a"].rate_in(), Some(10.0));
}

#[test]
fn a_late_answer_does_not_overwrite_a_newer_one() {
    let mut c = Catalog::default();
    c.apply(Update::Stream(stream("a", 5, 1)));
    c.apply(Update::Stream(stream("a", 4, 3)));
    assert_eq!(c.streams["a"].info.as_ref().unwrap().state.consumers, 1);
}

#[test]
fn failures_are_cleared_by_the_next_answer() {
    let mut c = Catalog::default();
    let at = Timestamp::from_secs(1);
    c.apply(Update::Failed(Ask::Stream("a".into()), Problem::new(ProblemKind::Timeout, "x"), at));
    assert!(c.failure("a", None).is_some());
    c.apply(Update::Stream(stream("a", 2, 1)));
    assert!(c.failure("a", None).is_none());
}

#[test]
fn what_was_made_again_is_not_removed_by_older_words() {
    let mut c = Catalog::default();
    c.apply(Update::Stream(stream("a", 5, 1)));
    c.apply(Update::StreamGone("a".into(), Timestamp::from_secs(4)));
    assert!(c.streams.contains_key("a"));
    let at = |secs| Timestamp::from_secs(secs);
    let consumer = Consumer { stream: "a".into(), name: "c".into(), taken: at(5), ..Default::default() };
    c.apply(Update::Consumer(Arc::new(consumer)));
    c.apply(Update::ConsumerGone("a".into(), "c".into(), at(4)));
    assert!(c.consumer("a", "c").is_some());
    c.apply(Update::StreamGone("a".into(), at(6)));
    assert!(c.streams.is_empty() && c.consumers.is_empty());
}

#[test]
fn a_clock_that_was_set_back_stops_nothing() {
    let mut c = Catalog::default();
    c.apply(Update::Streams(listing(10_000, &["a", "gone"])));
    c.apply(Update::Streams(listing(100, &["a"])));
    let info = c.streams["a"].info.as_ref().unwrap();
    assert_eq!((info.taken, c.heard), (Timestamp::from_secs(100), Some(Timestamp::from_secs(100))));
    assert!(!c.streams.contains_key("gone"));
}

#[test]
fn nothing_of_streams_that_are_gone_is_kept() {
    let mut c = Catalog::default();
    let at = Timestamp::from_secs(1);
    let problem = || Problem::new(ProblemKind::Timeout, "x");
    c.apply(Update::StreamGone("a".into(), at));
    c.apply(Update::Failed(Ask::Stream("a".into()), problem(), at));
    c.apply(Update::Failed(Ask::Consumer("a".into(), "c".into()), problem(), at));
    c.apply(Update::Failed(Ask::Subjects("a".into()), problem(), at));
    c.apply(Update::StreamJson { stream: "a".into(), json: "{}".into(), taken: at });
    c.apply(Update::Streams(listing(2, &["b"])));
    assert!(c.failures.is_empty() && c.subjects.is_empty() && c.stream_json.is_empty());
}

#[test]
fn what_failed_of_a_consumer_goes_with_it() {
    let mut c = Catalog::default();
    let failed = Ask::Consumer("a".into(), "c".into());
    c.apply(Update::Failed(failed, Problem::new(ProblemKind::Timeout, "x"), Timestamp::from_secs(1)));
    let at = Timestamp::from_secs(2);
    let none =
        Listing { started: at, taken: at, items: vec![], missing: vec![], offline: vec![], total: 0, problem: None };
    c.apply(Update::Consumers("a".into(), none));
    assert!(c.failures.is_empty());
}

#[test]
fn our_own_readers_are_no_consumers() {
    let reader = |name: &str, at: i64| {
        let mut c =
            Consumer { stream: "a".into(), name: name.into(), taken: Timestamp::from_secs(at), ..Default::default() };
        c.config.metadata = vec![(crate::model::consumer::OWN_METADATA.into(), "tail".into())];
        Arc::new(c)
    };
    let other = |at: i64| {
        let mut c =
            Consumer { stream: "a".into(), name: "x".into(), taken: Timestamp::from_secs(at), ..Default::default() };
        c.config.durable = true;
        Arc::new(c)
    };
    let listed = |at: i64, items: Vec<Arc<Consumer>>| {
        let total = items.len() as u64;
        let taken = Timestamp::from_secs(at);
        let listing = Listing { started: taken, taken, items, missing: vec![], offline: vec![], total, problem: None };
        Update::Consumers("a".into(), listing)
    };
    let told = |c: &Catalog| {
        let entry = &c.streams["a"];
        (entry.info.as_ref().unwrap().state.consumers, entry.had_consumers, entry.consumers_gone.is_some())
    };
    let mut c = Catalog::default();
    // A stream without any is read with this program: first it is counted, then it is known.
    c.apply(Update::Stream(stream("a", 1, 0)));
    c.apply(Update::Stream(stream("a", 2, 1)));
    assert_eq!(told(&c), (1, false, false));
    c.apply(Update::Consumer(reader("jetscope-tail-1", 2)));
    assert_eq!((told(&c), c.consumer_count()), ((0, false, false), 0));
    c.apply(Update::Stream(stream("a", 3, 1)));
    assert_eq!(told(&c), (0, false, false));
    c.apply(Update::ConsumerGone("a".into(), "jetscope-tail-1".into(), Timestamp::from_secs(4)));
    c.apply(Update::Stream(stream("a", 4, 0)));
    assert_eq!(told(&c), (0, false, false));
    // Beside a real one, which counts however late it is heard that ours is gone.
    c.apply(Update::Stream(stream("a", 5, 2)));
    c.apply(listed(5, vec![other(5), reader("jetscope-tail-2", 5)]));
    assert_eq!((told(&c), c.consumer_count()), ((1, true, false), 1));
    c.apply(Update::Stream(stream("a", 6, 1)));
    assert_eq!(told(&c), (1, true, false));
    c.apply(listed(7, vec![other(7)]));
    assert_eq!(told(&c), (1, true, false));
    // And that it is gone is told also while ours reads.
    c.apply(listed(8, vec![reader("jetscope-tail-3", 8)]));
    c.apply(Update::Stream(stream("a", 8, 1)));
    assert_eq!(told(&c), (0, true, true));
}

#[test]
fn a_sample_takes_the_ends_of_the_stream_that_were_asked_for_after_it() {
    let consumer = |at: i64| {
        Arc::new(Consumer {
            stream: "a".into(),
            name: "c".into(),
            taken: Timestamp::from_secs(at),
            ..Default::default()
        })
    };
    // Asked for at the second, answered one later.
    let asked = |at: i64| {
        let mut s = Stream::clone(&stream("a", at + 1, 1));
        s.asked = Timestamp::from_secs(at);
        Update::Stream(Arc::new(s))
    };
    let edges = |c: &Catalog| {
        c.consumer("a", "c").unwrap().ring.samples().last().unwrap().edges.map(|e| (e.last_seq, e.settled))
    };
    let mut c = Catalog::default();
    c.apply(Update::Consumer(consumer(10)));
    assert_eq!(edges(&c), None, "unknown is not zero");
    c.apply(asked(9));
    assert_eq!(edges(&c), Some((100, false)), "the question was on its way when the consumer answered");
    c.apply(asked(12));
    c.apply(asked(15));
    assert_eq!(edges(&c), Some((130, true)), "the first that came after it");
    // The next begins with what is known, and takes the next.
    c.apply(Update::Consumer(consumer(20)));
    assert_eq!(edges(&c), Some((160, false)));
    c.apply(asked(20));
    assert_eq!(edges(&c), Some((210, true)));
}

#[test]
fn how_often_everybody_is_asked_is_what_the_sweep_takes() {
    let mut c = Catalog::default();
    assert_eq!(c.poll(), Duration::from_secs(2));
    c.apply(Update::SweepEvery(Duration::from_secs(120)));
    assert_eq!(c.poll(), Duration::from_secs(120));
    c.apply(Update::SweepEvery(Duration::from_secs(1)));
    assert_eq!(c.poll(), Duration::from_secs(2));
}
