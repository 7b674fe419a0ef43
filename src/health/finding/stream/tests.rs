//! Each rule about streams, with what it finds and what it does not.

mod again;

use std::sync::Arc;
use std::time::Duration;

use crate::health::Level::{self, Critical, Notice, Warning};
use crate::health::Terms;
use crate::health::finding::book;
use crate::health::finding::entry::Check;
use crate::health::finding::look::StreamLook;
use crate::health::finding::{At, story};
use crate::model::thresholds::{Target, Threshold};
use crate::model::update::{Listing, SubjectCount};
use crate::model::{
    Catalog, Cluster, Consumer, Discard, Peer, Retention, Rule, Storage, Stream, Thresholds, Timestamp, Update,
    Upstream,
};

const HOUR: Duration = Duration::from_secs(3_600);

/// A stream that nothing is wrong with.
fn healthy() -> Stream {
    let mut s = Stream { name: "orders".into(), created: Some(Timestamp::from_secs(1)), ..Default::default() };
    s.config.replicas = 1;
    s.config.limits.max_age = Some(24 * HOUR);
    s.config.limits.max_bytes = Some(1 << 30);
    (s.state.first_seq, s.state.last_seq, s.state.messages, s.state.bytes) = (1, 1_000, 1_000, 100_000);
    s.state.first_time = Some(Timestamp::from_secs(9_000));
    s.state.consumers = 1;
    s
}

/// What hits of a stream that was read so often, a second apart; `change` is told the how manieth time it is.
fn judge_over(times: u64, thresholds: &Thresholds, change: impl Fn(&mut Stream, u64)) -> Vec<(Rule, Level)> {
    let mut catalog = Catalog::default();
    for n in 0..times {
        let mut stream = healthy();
        stream.taken = Timestamp::from_secs(10_000 + n as i64);
        change(&mut stream, n);
        catalog.apply(Update::Stream(Arc::new(stream)));
    }
    judge_in(&catalog, thresholds)
}

fn judge_in(catalog: &Catalog, thresholds: &Thresholds) -> Vec<(Rule, Level)> {
    let (name, entry) = catalog.streams.iter().next().unwrap();
    let terms = Terms::of(catalog, entry.seen);
    let look = StreamLook::new(name, entry, catalog.shelf(name), thresholds, terms).knowing(catalog);
    let hits: Vec<_> = book::stream(&look).collect();
    for (rule, hit) in &hits {
        let entry = book::entry(*rule);
        assert!(entry.levels.contains(&hit.level), "{rule} says that it is never {:?}", hit.level);
        let Check::Stream(_, story) = &entry.check else { panic!("{rule}") };
        let story = story(&look, *hit);
        assert!(!story.words.is_empty() && story.sentence.ends_with('.'), "{rule}: {story:?}");
        assert!(!story.evidence.is_empty() && !story.advice.is_empty(), "{rule}: {story:?}");
        assert!(story.evidence.iter().all(|(name, _)| name.len() <= 16), "{rule}: {story:?}");
    }
    hits.into_iter().map(|(rule, hit)| (rule, hit.level)).collect()
}

fn judge(change: impl Fn(&mut Stream)) -> Vec<(Rule, Level)> {
    judge_over(1, &Thresholds::default(), |stream, _| change(stream))
}

/// With this in its metadata.
fn with(metadata: &[(&str, &str)], change: impl Fn(&mut Stream)) -> Vec<(Rule, Level)> {
    judge(|s| {
        s.config.metadata = metadata.iter().map(|(k, v)| (format!("io.nats.monitor.{k}"), (*v).to_owned())).collect();
        change(s);
    })
}

fn set(rule: Rule, warning: Option<f64>, critical: Option<f64>) -> Thresholds {
    Thresholds { rules: vec![Threshold { rule, target: Target::default(), warning, critical }], ..Default::default() }
}

#[test]
fn a_healthy_stream_has_no_findings() {
    assert_eq!(judge(|_| {}), []);
    assert_eq!(judge_over(40, &Thresholds::default(), |s, n| s.state.last_seq += n), []);
}

#[test]
fn limits_that_are_not_there() {
    let none = |s: &mut Stream| s.config.limits = crate::model::Limits::default();
    assert_eq!(judge(none), [(Rule::StreamNoLimits, Warning)]);
    for (what, wanted, change) in [
        (
            "a work queue",
            Some((Rule::StreamNoLimits, Notice)),
            (|s| s.config.retention = Retention::WorkQueue) as fn(&mut Stream),
        ),
        ("a mirror", Some((Rule::StreamNoLimits, Notice)), |s| s.config.mirror = Some("up".into())),
        ("of a subject", Some((Rule::StreamNoAgeLimit, Notice)), |s| s.config.limits.max_msgs_per_subject = Some(1)),
        ("of count", Some((Rule::StreamNoAgeLimit, Notice)), |s| s.config.limits.max_msgs = Some(5_000)),
        ("of age", None, |s| s.config.limits.max_age = Some(HOUR)),
        ("sealed", None, |s| s.config.sealed = true),
        ("an object store", None, |s| s.name = "OBJ_files".into()),
    ] {
        let found = judge(|s| {
            none(s);
            change(s);
        });
        assert_eq!(found, wanted.into_iter().collect::<Vec<_>>(), "{what}");
    }
}

#[test]
fn memory_is_worth_knowing() {
    assert_eq!(judge(|s| s.config.storage = Storage::Memory), [(Rule::StreamMemory, Notice)]);
    assert_eq!(
        judge(|s| {
            s.config.storage = Storage::Memory;
            s.name = "$MQTT_out".into();
        }),
        []
    );
}

#[test]
fn a_full_stream_matters_by_what_it_does_then() {
    let full = |messages, discard, retention| {
        judge(move |s| {
            s.config.limits.max_msgs = Some(1_000);
            s.state.messages = messages;
            (s.config.discard, s.config.retention) = (discard, retention);
        })
    };
    let near = |level| vec![(Rule::StreamNearlyFull, level)];
    for (messages, discard, retention, wanted) in [
        (799, Discard::New, Retention::Limits, vec![]),
        (800, Discard::New, Retention::Limits, near(Warning)),
        (950, Discard::New, Retention::Limits, near(Critical)),
        (1_000, Discard::New, Retention::Limits, near(Critical)),
        // The oldest go, as is meant.
        (1_000, Discard::Old, Retention::Limits, vec![]),
        // The oldest go although nobody had them.
        (900, Discard::Old, Retention::WorkQueue, near(Warning)),
        (1_000, Discard::Old, Retention::Interest, near(Critical)),
        (100, Discard::Old, Retention::WorkQueue, vec![]),
    ] {
        assert_eq!(full(messages, discard, retention), wanted, "{messages} {discard:?} {retention:?}");
    }
    let consumers = |n| {
        judge(move |s| {
            s.config.limits.max_consumers = Some(10);
            s.state.consumers = n;
        })
    };
    assert_eq!((consumers(7), consumers(10)), (vec![], near(Warning)));
    let lower = set(Rule::StreamNearlyFull, Some(0.5), None);
    let half = |s: &mut Stream, _| {
        s.config.discard = Discard::New;
        s.config.limits.max_msgs = Some(2_000);
    };
    assert_eq!((judge_over(1, &lower, half), judge_over(1, &Thresholds::default(), half)), (near(Warning), vec![]));
}

#[test]
fn it_says_when_it_will_be_full() {
    let mut catalog = Catalog::default();
    for n in 0..10_u64 {
        let mut s = healthy();
        s.taken = Timestamp::from_secs(10_000 + n as i64);
        s.config.discard = Discard::New;
        s.config.limits.max_msgs = Some(1_000);
        s.state.messages = 891 + n;
        catalog.apply(Update::Stream(Arc::new(s)));
    }
    let story = super::super::watch::story(
        &catalog,
        super::super::At::Stream("orders"),
        Rule::StreamNearlyFull,
        &Thresholds::default(),
        Timestamp::from_secs(10_009),
    )
    .unwrap();
    assert_eq!(
        story.sentence,
        "90% of its max_msgs is used, all of it in 1m40s at the present growth. When it is full, new messages are refused."
    );
    assert!(story.evidence.contains(&("full in", "1m40s".into())), "{story:?}");
    assert_eq!(story.advice[1].command.as_deref(), Some("nats stream edit orders --max-msgs=2000"));
}

#[test]
fn ids_that_are_remembered_for_longer_than_messages() {
    let dropping = |window: Duration, reach: u64, first_seq: u64| {
        judge(move |s| {
            s.config.duplicate_window = Some(window);
            s.config.limits.max_msgs = Some(1_000);
            s.state.first_seq = first_seq;
            s.state.first_time = Some(Timestamp::from_secs(10_000 - reach as i64));
        })
    };
    let minutes = |n: u64| Duration::from_secs(60 * n);
    assert_eq!(dropping(minutes(2), 30, 500), [(Rule::StreamDedupeWindow, Notice)]);
    assert_eq!(dropping(minutes(2), 300, 500), []);
    assert_eq!(dropping(minutes(2), 30, 1), [], "it is new, and has dropped nothing");
}

#[test]
fn streams_without_readers() {
    let unread = |retention, messages| {
        judge(move |s| {
            s.state.consumers = 0;
            (s.config.retention, s.state.messages) = (retention, messages);
        })
    };
    assert_eq!(unread(Retention::Limits, 10), [], "there never were any");
    assert_eq!(unread(Retention::Interest, 0), [(Rule::StreamNoInterest, Critical)]);
    assert_eq!(unread(Retention::WorkQueue, 0), [(Rule::StreamNoWorkers, Warning)]);
    assert_eq!(unread(Retention::WorkQueue, 1), [(Rule::StreamNoWorkers, Critical)]);
    let read = |durable: bool, counts: [u64; 3]| {
        let mut catalog = Catalog::default();
        for (n, consumers) in counts.into_iter().enumerate() {
            let mut stream = Stream { taken: Timestamp::from_secs(10_000 + n as i64), ..healthy() };
            stream.state.consumers = consumers;
            let mut c =
                Consumer { stream: "orders".into(), name: "c".into(), taken: stream.taken, ..Default::default() };
            c.config.durable = durable;
            catalog.apply(Update::Stream(Arc::new(stream)));
            if consumers > 0 {
                catalog.apply(Update::Consumer(Arc::new(c)));
            }
        }
        judge_in(&catalog, &Thresholds::default())
    };
    assert_eq!(read(true, [1, 0, 0]), [(Rule::StreamNoConsumers, Warning)]);
    assert_eq!(read(true, [1, 0, 1]), []);
    assert_eq!(read(false, [1, 0, 0]), [], "who looks on once comes and goes");
}

#[test]
fn work_that_no_filter_takes() {
    let queue = |filters: &[&str], pending: u64, rate: u64| {
        let mut catalog = Catalog::default();
        for second in [0, 10] {
            let at = Timestamp::from_secs(10_000 + second);
            let items = filters.iter().enumerate().map(|(n, filter)| {
                let mut c = Consumer {
                    stream: "orders".into(),
                    name: format!("c{n}"),
                    taken: at,
                    pending,
                    ..Default::default()
                };
                (c.config.durable, c.waiting) = (true, 1);
                c.config.filter_subjects = if filter.is_empty() { vec![] } else { vec![(*filter).to_owned()] };
                Arc::new(c)
            });
            let items = items.collect();
            let listing =
                Listing { started: at, taken: at, items, missing: vec![], offline: vec![], total: 0, problem: None };
            catalog.apply(Update::Consumers("orders".into(), listing));
            let mut s = Stream { taken: at, ..healthy() };
            s.config.subjects = vec!["orders.>".into()];
            (s.config.retention, s.state.messages) = (Retention::WorkQueue, 10);
            s.state.last_seq += rate * second as u64;
            catalog.apply(Update::Stream(Arc::new(s)));
        }
        catalog
    };
    let found = |filters: &[&str], pending, rate| judge_in(&queue(filters, pending, rate), &Thresholds::default());
    let untaken = [(Rule::StreamUntaken, Warning)];
    assert_eq!(found(&["orders.a"], 3, 0), untaken);
    assert_eq!(found(&["orders.a", "orders.b"], 4, 0), untaken);
    assert_eq!(found(&["orders.a", "orders.b"], 5, 0), [], "all of it is somebody's");
    assert_eq!(found(&["orders.a", "orders.>"], 3, 0), []);
    assert_eq!(found(&[""], 3, 0), [], "it takes everything");
    assert_eq!(found(&["orders.a"], 3, 100), [], "it may have come between the two answers");
    // They are named where the subjects were read.
    let mut catalog = queue(&["orders.a"], 3, 0);
    let sentence = |catalog: &Catalog| {
        let now = Timestamp::from_secs(10_010);
        story(catalog, At::Stream("orders"), Rule::StreamUntaken, &Thresholds::default(), now).unwrap().sentence
    };
    assert_eq!(
        sentence(&catalog),
        "7 messages are in it that no consumer's filter takes: its consumers take orders.a only."
    );
    let count = |subject: &str, messages| SubjectCount { subject: subject.into(), messages };
    let counts = vec![count("orders.x", 5), count("orders.a", 3), count("orders.y", 2)];
    let (stream, filter, taken) = ("orders".into(), ">".into(), Timestamp::from_secs(10_010));
    catalog.apply(Update::Subjects { stream, filter, counts, total: 3, read: 3, taken });
    assert_eq!(sentence(&catalog), "7 messages are in it that no consumer's filter takes: orders.x (5), orders.y (2).");
}

#[test]
fn ephemeral_consumers_that_nobody_reads() {
    let many = |n: usize, change: &dyn Fn(&mut Consumer), thresholds: &Thresholds| {
        let mut catalog = Catalog::default();
        catalog.apply(Update::Stream(Arc::new(Stream { taken: Timestamp::from_secs(1), ..healthy() })));
        let at = Timestamp::from_secs(2);
        let items = (0..n).map(|i| {
            let mut c = Consumer { stream: "orders".into(), name: format!("c{i:05}"), taken: at, ..Default::default() };
            change(&mut c);
            Arc::new(c)
        });
        let items = items.collect();
        let listing =
            Listing { started: at, taken: at, items, missing: vec![], offline: vec![], total: 0, problem: None };
        catalog.apply(Update::Consumers("orders".into(), listing));
        judge_in(&catalog, thresholds)
    };
    let found = |level| vec![(Rule::StreamEphemerals, level)];
    let defaults = Thresholds::default();
    assert_eq!(many(1_000, &|_| {}, &defaults), found(Warning));
    assert_eq!(many(999, &|_| {}, &defaults), found(Notice));
    assert_eq!(many(10, &|_| {}, &defaults), found(Notice));
    assert_eq!(many(9, &|_| {}, &defaults), []);
    assert_eq!(many(1_000, &|c| c.waiting = 1, &defaults), [], "somebody reads with them");
    assert_eq!(many(1_000, &|c| c.config.durable = true, &defaults), []);
    assert_eq!(many(20, &|_| {}, &set(Rule::StreamEphemerals, Some(10.0), Some(20.0))), found(Critical));
}

fn cluster(leader: Option<&str>, replicas: &[(&str, bool, bool, u64, u64)]) -> Cluster {
    let peer = |&(name, current, offline, lag, active): &(&str, bool, bool, u64, u64)| Peer {
        name: name.to_owned(),
        current,
        offline,
        lag: Some(lag),
        active: (active > 0).then(|| Duration::from_secs(active)),
    };
    Cluster {
        name: Some("east".into()),
        leader: leader.map(str::to_owned),
        replicas: replicas.iter().map(peer).collect(),
    }
}

#[test]
fn groups_and_their_servers() {
    let of = |leader: Option<&str>, replicas: &[(&str, bool, bool, u64, u64)]| {
        let group = Some(cluster(leader, replicas));
        judge(move |s| {
            s.config.replicas = 3;
            s.cluster.clone_from(&group);
        })
    };
    let well = ("n2", true, false, 0, 0);
    assert_eq!(of(Some("n1"), &[well, well]), []);
    assert_eq!(of(None, &[well, well]), [(Rule::StreamNoLeader, Critical)]);
    // Nobody says then how the others are.
    assert_eq!(of(None, &[("n2", false, true, 9, 9), well]), [(Rule::StreamNoLeader, Critical)]);
    assert_eq!(of(Some("n1"), &[("n2", false, true, 90, 90), well]), [(Rule::StreamReplicaOffline, Warning)]);
    assert_eq!(of(Some("n1"), &[("n2", false, false, 90, 1), well]), [(Rule::StreamReplicaBehind, Warning)]);
    // One whose server died is not called offline for minutes.
    assert_eq!(of(Some("n1"), &[("n2", false, false, 90, 11), well]), [(Rule::StreamReplicaSilent, Warning)]);
    assert_eq!(of(Some("n1"), &[("n2", true, false, 0, 11), well]), [], "it is still counted on");
    let single = |name: &'static str| {
        judge(move |s| {
            s.name = name.into();
            s.cluster = Some(cluster(Some("n1"), &[]));
        })
    };
    assert_eq!(single("orders"), [(Rule::StreamSingleReplica, Notice)]);
    assert_eq!(single("$MQTT_msgs"), []);
}

#[test]
fn servers_that_do_not_answer() {
    let at = Timestamp::from_secs(10_001);
    let of = |missing: Vec<String>, offline: Vec<(String, String)>| {
        let mut catalog = Catalog::default();
        let stream = Stream { taken: Timestamp::from_secs(10_000), config: Stream::default().config, ..healthy() };
        catalog.apply(Update::Stream(Arc::new(stream)));
        let listing = Listing { started: at, taken: at, items: vec![], missing, offline, total: 1, problem: None };
        catalog.apply(Update::Streams(listing));
        judge_in(&catalog, &Thresholds::default())
    };
    // Of what is only remembered nothing else is said.
    assert_eq!(of(vec!["orders".into()], vec![]), [(Rule::StreamMissing, Critical)]);
    assert_eq!(of(vec![], vec![("orders".into(), "unsupported".into())]), [(Rule::StreamOffline, Critical)]);
}

fn upstream(lag: u64, active: Option<u64>, error: Option<&str>) -> Upstream {
    Upstream { name: "up".into(), lag, active: active.map(Duration::from_secs), error: error.map(str::to_owned) }
}

#[test]
fn mirrors_and_sources() {
    let mirror = |lag, active, error| judge(move |s| s.mirror = Some(upstream(lag, active, error)));
    assert_eq!(mirror(0, Some(1), None), []);
    assert_eq!(mirror(9, Some(1), None), [], "on their way");
    assert_eq!(mirror(0, Some(31), None), [(Rule::StreamUpstreamSilent, Warning)]);
    assert_eq!(mirror(0, None, None), [(Rule::StreamUpstreamSilent, Warning)]);
    assert_eq!(mirror(500, Some(31), Some("no such stream")), [(Rule::StreamUpstreamFails, Critical)]);
    let behind = |lag: fn(u64) -> u64| {
        judge_over(20, &Thresholds::default(), move |s, n| {
            s.state.last_seq = 1_000 + 10 * n;
            s.mirror = Some(upstream(lag(n), Some(1), None));
        })
    };
    assert_eq!(behind(|_| 101), [(Rule::StreamUpstreamBehind, Warning)]);
    assert_eq!(behind(|_| 99), [], "less than ten seconds of what it takes");
    assert_eq!(behind(|n| 10_000 - 400 * n), [], "it catches up");
    let sources = judge(|s| s.sources = vec![upstream(0, Some(1), None), upstream(5, Some(99), None)]);
    assert_eq!(sources, [(Rule::StreamUpstreamSilent, Warning)]);
}

#[test]
fn thresholds_of_the_metadata() {
    let mirror = |s: &mut Stream| s.mirror = Some(upstream(200, Some(40), None));
    assert_eq!(
        with(&[("lag-critical", "200"), ("seen-critical", "5m")], mirror),
        [(Rule::StreamUpstreamBehind, Critical)]
    );
    assert_eq!(with(&[("lag-critical", "201"), ("seen-critical", "5m")], mirror), []);
    assert_eq!(with(&[("seen-critical", "40s")], mirror), [(Rule::StreamUpstreamSilent, Critical)]);

    let group = |s: &mut Stream| {
        s.config.replicas = 3;
        s.cluster = Some(cluster(Some("n1"), &[("n2", false, false, 10, 9), ("n3", true, false, 0, 0)]));
    };
    assert_eq!(with(&[("peer-expect", "3"), ("peer-lag-critical", "10")], group), []);
    assert_eq!(with(&[("peer-lag-critical", "9")], group), [(Rule::StreamReplicaBehind, Critical)]);
    let silent = with(&[("peer-lag-critical", "10"), ("peer-seen-critical", "8s")], group);
    assert_eq!(silent, [(Rule::StreamReplicaSilent, Critical)]);
    let expected = with(&[("peer-expect", "5"), ("peer-lag-critical", "10")], group);
    assert_eq!(expected, [(Rule::StreamPeers, Critical)]);
    assert_eq!(with(&[("peer-expect", "3")], |_| {}), [(Rule::StreamPeers, Critical)], "not in a cluster at all");
    assert_eq!(with(&[("peer-expect", "1")], |_| {}), []);

    let two = |s: &mut Stream| s.sources = vec![upstream(0, Some(1), None), upstream(0, Some(1), None)];
    assert_eq!(with(&[("min-sources", "2"), ("max-sources", "2")], two), []);
    assert_eq!(with(&[("min-sources", "3")], two), [(Rule::StreamSources, Critical)]);
    assert_eq!(with(&[("max-sources", "1")], two), [(Rule::StreamSources, Critical)]);

    // There are 1,000 messages.
    for (metadata, wanted) in [
        (&[("msgs-critical", "1000")][..], Some(Critical)),
        (&[("msgs-warn", "1000")], Some(Warning)),
        (&[("msgs-critical", "999"), ("msgs-warn", "1000")], Some(Warning)),
        (&[("msgs-critical", "999")], None),
    ] {
        let wanted: Vec<_> = wanted.map(|level| (Rule::StreamFewMessages, level)).into_iter().collect();
        assert_eq!(with(metadata, |_| {}), wanted, "{metadata:?}");
    }
    for (warning, critical, subjects, wanted) in [
        ("10", "20", 9, None),
        ("10", "20", 10, Some(Warning)),
        ("10", "20", 20, Some(Critical)),
        ("20", "10", 21, None),
        ("20", "10", 20, Some(Warning)),
        ("20", "10", 10, Some(Critical)),
        ("0", "20", 1, None),
    ] {
        let found =
            with(&[("subjects-warn", warning), ("subjects-critical", critical)], |s| s.state.subjects = subjects);
        let wanted: Vec<_> = wanted.map(|level| (Rule::StreamSubjects, level)).into_iter().collect();
        assert_eq!(found, wanted, "{subjects}: {warning} {critical}");
    }
}

#[test]
fn thresholds_that_cannot_be_read_are_named() {
    assert_eq!(with(&[("lag-critical", "lots")], |_| {}), [(Rule::StreamMetadata, Warning)]);
    assert_eq!(with(&[("lag-crit", "5")], |_| {}), [(Rule::StreamMetadata, Notice)]);
    assert_eq!(with(&[("enabled", "true")], |_| {}), []);
    let mut stream = healthy();
    stream.taken = Timestamp::from_secs(1);
    stream.config.metadata = vec![("io.nats.monitor.lag-critical".into(), "lots".into())];
    let mut catalog = Catalog::default();
    catalog.apply(Update::Stream(Arc::new(stream)));
    let place = super::super::At::Stream("orders");
    let story = super::super::watch::story(
        &catalog,
        place,
        Rule::StreamMetadata,
        &Thresholds::default(),
        Timestamp::from_secs(1),
    )
    .unwrap();
    assert_eq!(
        story.sentence,
        "A threshold is not watched: io.nats.monitor.lag-critical is \"lots\", which is not a number."
    );
}
