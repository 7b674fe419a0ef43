//! What is found besides how a consumer stands.

use super::*;
use crate::model::lag::{Lag, Stored};
use crate::model::thresholds::{Target, Threshold};
use crate::model::update::{Listing, SubjectCount};
use crate::model::{AckPolicy, Advisory, AdvisoryKind, Availability, Cluster, Retention};

#[test]
fn what_was_given_up_lost_and_held() {
    let dead = |limit| {
        case().polls(12, move |c| {
            c.c.config.max_deliver = limit;
            c.c.redelivered = 3;
        })
    };
    assert_eq!(dead(Some(5)).hits(), [(Rule::ConsumerDead, Warning)]);
    assert_eq!(dead(None).hits(), []);
    let mut told = dead(Some(5));
    let kind = AdvisoryKind::MaxDeliveries { stream_seq: 77, deliveries: 5 };
    let (stream, consumer) = ("orders".into(), Some("billing".into()));
    told.catalog.apply(Update::Advisory(Advisory { time: Timestamp(0), stream, consumer, kind }));
    let now = Timestamp::from_secs(told.second);
    let told =
        story(&told.catalog, At::Consumer("orders", "billing"), Rule::ConsumerDead, &told.thresholds, now).unwrap();
    assert_eq!(told.advice[0].command.as_deref(), Some("nats stream get orders 77"));

    let lost = case().polls(1, |c| c.stored(1_000)).polls(12, |c| {
        c.c.waiting = 1;
        c.s.state.first_seq += 20;
        c.c.pending -= if c.s.state.first_seq > 101 { 20 } else { 0 };
        c.stored(5);
    });
    assert_eq!(lost.hits(), [(Rule::ConsumerStalled, Critical), (Rule::ConsumerLost, Warning)]);

    let held = case().polls(1, |c| c.stored(400)).polls(1, |c| c.deliver(1)).polls(15, |c| {
        c.deliver(3);
        c.c.ack_pending -= 3;
        c.c.ack_floor.last_active = Some(Timestamp::from_secs(c.second));
    });
    assert_eq!(held.hits(), [(Rule::ConsumerHol, Notice)]);
    assert!(held.sentence(Rule::ConsumerHol).ends_with("is delivered and not acked."));
    // Who gave up on a message never acks it.
    let given_up = held.polls(1, |c| (c.c.config.max_deliver, c.c.redelivered) = (Some(3), 9));
    assert_eq!(given_up.hits(), [(Rule::ConsumerDead, Warning), (Rule::ConsumerHol, Notice)]);
    assert!(given_up.sentence(Rule::ConsumerHol).ends_with("is held, or was given up."));
}

#[test]
fn what_is_being_lost_is_no_forecast() {
    // Its first unread message is as old as messages may be, or older.
    for age in [1_000, 1_030] {
        let mut case = case();
        case.s.config.limits.max_age = Some(Duration::from_secs(1_000));
        (case.c.pending, case.s.state.last_seq) = (1_000, 1_100);
        let mut case = case.polls(11, |c| {
            c.c.waiting = 0;
            c.stored(1);
        });
        let oldest = Some(Stored { seq: 101, time: Timestamp::from_secs(case.second - age) });
        let lag = Lag { oldest, delivered: None, taken: Timestamp::from_secs(case.second) };
        case.catalog.apply(Update::Lag("orders".into(), "billing".into(), lag));
        assert!(case.hits().contains(&(Rule::ConsumerLossNear, Critical)), "{:?}", case.hits());
        let sentence = case.sentence(Rule::ConsumerLossNear);
        assert_eq!(sentence, "It is losing messages now: its stream drops them before they are acked.");
    }
}

#[test]
fn retention_that_comes_near() {
    // 4,000 messages behind the beginning of the log, which comes 20 nearer each second.
    let near = |first: u64, step: u64, thresholds: Thresholds| {
        let mut case = Case { thresholds, ..case() };
        (case.c.delivered.stream_seq, case.c.ack_floor.stream_seq) = (first + 4_000, first + 4_000);
        (case.s.state.first_seq, case.s.state.last_seq, case.c.pending) = (first, first + 9_000, 5_000);
        case.polls(11, move |c| {
            c.c.waiting = 0;
            c.s.state.first_seq += step;
            c.stored(step);
        })
        .hits()
    };
    let stopped = (Rule::ConsumerStopped, Critical);
    let defaults = Thresholds::default();
    assert_eq!(near(1, 40, defaults.clone()), [stopped, (Rule::ConsumerLossNear, Warning)]);
    assert_eq!(near(1, 200, defaults.clone()), [stopped, (Rule::ConsumerLossNear, Critical)]);
    assert_eq!(near(1, 1, defaults.clone()), [stopped], "hours away");
    assert_eq!(near(1, 0, defaults), [stopped], "nothing is dropped");
    // Who is paused loses as much.
    let mut paused = case();
    paused.c.paused = true;
    (paused.c.delivered.stream_seq, paused.c.ack_floor.stream_seq, paused.c.pending) = (0, 0, 100);
    paused.s.config.limits.max_age = Some(Duration::from_secs(1_000));
    let paused = paused.polls(11, |c| c.stored(1));
    assert_eq!(paused.hits(), [(Rule::ConsumerPaused, Notice), (Rule::ConsumerLossNear, Warning)]);
    let set = |critical| Thresholds {
        rules: vec![Threshold {
            rule: Rule::ConsumerLossNear,
            target: Target::default(),
            warning: None,
            critical: Some(critical),
        }],
        ..Default::default()
    };
    assert_eq!(near(1, 40, set(10.0)), [stopped]);
    assert_eq!(near(1, 40, set(3_600.0)), [stopped, (Rule::ConsumerLossNear, Critical)]);
    // Where it has read nothing, the age of the first message says when.
    let mut aged = case();
    (aged.c.delivered.stream_seq, aged.c.ack_floor.stream_seq, aged.c.pending) = (0, 0, 100);
    aged.s.config.limits.max_age = Some(Duration::from_secs(1_000));
    let aged = aged.polls(11, |c| {
        c.c.waiting = 0;
        c.stored(1);
    });
    assert_eq!(aged.hits(), [stopped, (Rule::ConsumerLossNear, Warning)]);
    assert_eq!(
        aged.sentence(Rule::ConsumerLossNear),
        "In about 1m18s its stream begins to drop messages that it has not read."
    );
    // Where the first unread was looked at, its own age says it.
    let read = |time| {
        let mut case = case();
        case.s.config.limits.max_age = Some(Duration::from_secs(1_000));
        (case.c.pending, case.s.state.last_seq) = (1_000, 1_100);
        let mut case = case.polls(11, |c| {
            c.c.waiting = 0;
            c.stored(1);
        });
        let oldest = Some(Stored { seq: 101, time: Timestamp::from_secs(time) });
        let taken = Timestamp::from_secs(case.second);
        let lag = Lag { oldest, delivered: None, taken };
        case.catalog.apply(Update::Lag("orders".into(), "billing".into(), lag));
        case.hits()
    };
    assert_eq!(read(-800), [stopped, (Rule::ConsumerLossNear, Warning)]);
    assert_eq!(read(-950), [stopped, (Rule::ConsumerLossNear, Critical)]);
    assert_eq!(read(0), [stopped]);
    // What acks remove is not lost.
    let mut queue = case();
    queue.s.config.retention = Retention::WorkQueue;
    let queue = queue.polls(11, |c| {
        c.c.waiting = 0;
        c.stored(1);
    });
    assert_eq!(queue.hits(), [stopped]);
}

#[test]
fn filters_that_match_nothing() {
    let with = |filters: &[&str], change: fn(&mut Case)| {
        let mut case = case();
        case.c.config.filter_subjects = filters.iter().map(|f| (*f).to_owned()).collect();
        change(&mut case);
        case.polls(1, |_| {})
    };
    let found = |level| vec![(Rule::ConsumerFilter, level)];
    assert_eq!(with(&["orders.eu.*"], |_| {}).hits(), []);
    assert_eq!(with(&["order.eu.*"], |_| {}).hits(), found(Warning));
    assert_eq!(with(&["orders.eu", "order.us"], |_| {}).hits(), found(Notice));
    assert_eq!(with(&["order.eu.*"], |c| c.s.config.subjects.clear()).hits(), [], "a mirror captures what it mirrors");
    assert_eq!(with(&["order.eu.*"], |c| c.s.config.sources = vec!["other".into()]).hits(), []);

    // A transform of the stream moves what the filter would match.
    let transformed = |filter: &str, from: &str, to: &str| {
        let mut case = case();
        case.c.config.filter_subjects = vec![filter.into()];
        case.s.config.transform = Some((from.into(), to.into()));
        case.polls(1, |_| {})
    };
    let moved = transformed("orders.eu.x", "orders.*.*", "kept.{{wildcard(1)}}.{{wildcard(2)}}");
    assert_eq!(moved.hits(), found(Warning));
    assert_eq!(
        moved.sentence(Rule::ConsumerFilter),
        "Its filter orders.eu.x can match nothing: what is published to orders.*.* is stored under \
         kept.{{wildcard(1)}}.{{wildcard(2)}}."
    );
    assert_eq!(transformed("kept.eu.x", "orders.*.*", "kept.{{wildcard(1)}}.{{wildcard(2)}}").hits(), []);
    assert_eq!(transformed("orders.eu.>", "orders.us.*", "kept.$1").hits(), [], "not all of it is moved");
    assert_eq!(transformed("orders.eu.x", "orders.*.x", "orders.{{split(1,-)}}").hits(), [], "it may be that");

    let known = |filters: &[&str], taken: i64, total: u64| {
        let mut case = with(filters, |_| {});
        let counts = vec![SubjectCount { subject: "orders.eu.a".into(), messages: 5 }];
        let taken = Timestamp::from_secs(taken);
        case.catalog.apply(Update::Subjects {
            stream: "orders".into(),
            filter: ">".into(),
            counts,
            total,
            read: total,
            taken,
        });
        case.hits()
    };
    assert_eq!(known(&["orders.us.>"], 2, 1), found(Notice));
    assert_eq!(known(&["orders.eu.>"], 2, 1), []);
    assert_eq!(known(&["orders.us.>", "orders.eu.>"], 2, 1), []);
    assert_eq!(known(&["orders.us.>"], 2, 9), [], "not all subjects are known");
    assert_eq!(known(&["orders.us.>"], -100, 1), [], "they were read long ago");
}

#[test]
fn servers_that_do_not_answer() {
    let of = |availability: Option<Availability>, leader: bool, stream_is_well: bool| {
        let case = case().polls(1, move |c| {
            let group = |well: bool| Cluster {
                name: Some("east".into()),
                leader: well.then(|| "n1".into()),
                ..Default::default()
            };
            c.c.cluster = Some(group(leader));
            c.s.cluster = Some(group(stream_is_well));
            c.s.config.replicas = 3;
        });
        let at = Timestamp::from_secs(case.second + 1);
        let (mut missing, mut offline) = (vec![], vec![]);
        match availability {
            Some(Availability::Missing) => missing.push("billing".into()),
            Some(Availability::Offline(why)) => offline.push(("billing".into(), why)),
            _ => return case.hits(),
        }
        let listing = Listing { started: at, taken: at, items: vec![], missing, offline, total: 1, problem: None };
        let mut case = case;
        case.catalog.apply(Update::Consumers("orders".into(), listing));
        case.hits()
    };
    assert_eq!(of(None, true, true), []);
    assert_eq!(of(None, false, true), [(Rule::ConsumerNoLeader, Critical)]);
    assert_eq!(of(None, false, false), [], "its stream has none either, and that is told");
    assert_eq!(of(Some(Availability::Missing), true, true), [(Rule::ConsumerMissing, Critical)]);
    assert_eq!(of(Some(Availability::Offline("why".into())), true, true), [(Rule::ConsumerOffline, Critical)]);
    assert_eq!(of(Some(Availability::Missing), true, false), []);
}

#[test]
fn thresholds_of_the_metadata() {
    let with = |metadata: &[(&str, &str)], change: fn(&mut Case)| {
        let mut case = case();
        case.c.config.metadata =
            metadata.iter().map(|(k, v)| (format!("io.nats.monitor.{k}"), (*v).to_owned())).collect();
        change(&mut case);
        case.polls(1, |_| {}).hits()
    };
    let numbers = |c: &mut Case| (c.c.pending, c.c.ack_pending, c.c.redelivered, c.c.waiting) = (10, 20, 30, 40);
    for (key, rule, reached, not_reached) in [
        ("unprocessed-critical", Rule::ConsumerPending, "10", "11"),
        ("outstanding-ack-critical", Rule::ConsumerAckPending, "20", "21"),
        ("redelivery-critical", Rule::ConsumerRedelivered, "30", "31"),
        ("waiting-critical", Rule::ConsumerWaiting, "40", "41"),
    ] {
        assert_eq!(with(&[(key, reached)], numbers), [(rule, Critical)], "{key}");
        assert_eq!(with(&[(key, not_reached)], numbers), [], "{key}");
        assert_eq!(with(&[(key, "-1")], numbers), [], "{key}");
        assert_eq!(with(&[(key, reached), ("enabled", "false")], numbers), [], "{key}");
        assert_eq!(with(&[(key, "some")], |_| {}), [(Rule::ConsumerMetadata, Warning)], "{key}");
    }
    // It was read at second 2; the last delivery and ack were at -10.
    for (key, rule) in
        [("last-delivery-critical", Rule::ConsumerLastDelivery), ("last-ack-critical", Rule::ConsumerLastAck)]
    {
        assert_eq!(with(&[(key, "12s")], |_| {}), [(rule, Critical)], "{key}");
        assert_eq!(with(&[(key, "13s")], |_| {}), [], "{key}");
        let never = |c: &mut Case| {
            c.c.delivered = crate::model::consumer::Position::default();
            c.c.ack_floor = c.c.delivered;
        };
        assert_eq!(with(&[(key, "1000s")], never), [(rule, Critical)], "{key}: not since it was made");
        assert_eq!(with(&[(key, "1h")], never), [], "{key}: it is not that old");
        // A restart or a new leader forgets when it was: that is no delay.
        let forgotten = |c: &mut Case| (c.c.delivered.last_active, c.c.ack_floor.last_active) = (None, None);
        assert_eq!(with(&[(key, "1s")], forgotten), [], "{key}");
    }
    assert_eq!(with(&[("last-ack-critical", "1s")], |c| c.c.config.ack_policy = AckPolicy::None), []);
    let groups = |c: &mut Case| {
        c.c.config.priority_groups = vec!["a".into(), "b".into()];
        c.c.config.pins_clients = true;
        c.c.pinned_groups = 2;
    };
    assert_eq!(with(&[("pinned", "true")], groups), []);
    assert_eq!(with(&[("pinned", "true")], |_| {}), [(Rule::ConsumerPinned, Critical)]);
    let one = |c: &mut Case| {
        c.c.config.priority_groups = vec!["a".into(), "b".into()];
        c.c.config.pins_clients = true;
        c.c.pinned_groups = 1;
    };
    assert_eq!(with(&[("pinned", "true")], one), [(Rule::ConsumerPinned, Critical)]);
    assert_eq!(with(&[], one), []);
}

#[test]
fn a_work_queue_that_grows_while_its_consumer_stands_still() {
    let queue = |change: fn(&mut Case)| {
        let mut case = case();
        case.s.config.retention = Retention::WorkQueue;
        let case = case.polls(15, move |c| {
            c.stored(5);
            change(c);
        });
        let now = Timestamp::from_secs(case.second);
        let at = At::Stream("orders");
        story(&case.catalog, at, Rule::StreamGrowsUnread, &case.thresholds, now).map(|story| story.sentence)
    };
    assert_eq!(
        queue(|c| c.c.waiting = 0).as_deref(),
        Some("It keeps what is not acked and grows by 2.5/s, since billing stands still.")
    );
    let works = queue(|c| {
        c.deliver(5);
        c.ack(5);
        c.s.state.messages -= 5;
    });
    assert_eq!(works, None);
}
