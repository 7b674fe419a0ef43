//! The rules one by one.

use super::cases::{Case, after};
use super::*;
use crate::model::{AckPolicy, Delivery};

#[test]
fn each_state_follows_from_how_the_numbers_move() {
    type Change = fn(&mut Case);
    let table: [(&str, Change, &str); 12] = [
        ("idle", |_| {}, "OK idle"),
        (
            "live",
            |k| {
                k.stored(5);
                k.deliver(5);
                k.ack(5);
            },
            "OK",
        ),
        ("gone, with traffic", |k| k.stored(5), "STOPPED"),
        ("gone, without traffic", |k| k.stored(if k.slots == 1 { 5 } else { 0 }), "STOPPED"),
        (
            "a reader waits, nothing is delivered",
            |k| {
                k.stored(if k.slots == 1 { 5 } else { 0 });
                k.c.waiting = u64::from(k.slots % 3 == 0);
            },
            "STALLED",
        ),
        (
            "never acks",
            |k| {
                k.stored(5);
                k.deliver(2);
            },
            "STALLED",
        ),
        (
            "holds what it took, and reads on",
            |k| {
                k.stored(if k.slots == 1 { 9 } else { 0 });
                k.deliver(9);
                k.c.waiting = 1;
            },
            "STALLED",
        ),
        (
            "falls behind",
            |k| {
                k.stored(10);
                k.deliver(5);
                k.ack(5);
            },
            "BEHIND",
        ),
        (
            "keeps its distance",
            |k| {
                k.stored(if k.slots == 1 { 100 } else { 5 });
                k.deliver(5);
                k.ack(5);
            },
            "BEHIND",
        ),
        (
            "sawtooth that rises",
            |k| {
                k.stored(10);
                if k.slots % 3 == 0 {
                    k.deliver(20);
                    k.ack(20);
                }
            },
            "BEHIND",
        ),
        (
            "catches up",
            |k| {
                k.stored(if k.slots == 1 { 1_000 } else { 5 });
                k.deliver(50);
                k.ack(50);
            },
            "OK catching up",
        ),
        (
            "paused",
            |k| {
                k.stored(5);
                k.c.paused = true;
            },
            "PAUSED",
        ),
    ];
    for (name, change, expected) in table {
        assert_eq!(after(10, change).verdict().words(), expected, "{name}");
    }
}

#[test]
fn a_fresh_start_is_blind_for_a_window() {
    let slow = |k: &mut Case| {
        k.stored(10);
        k.deliver(5);
        k.ack(5);
    };
    let words: Vec<String> = [1, 3, 9, 10].map(|n| after(n, slow).verdict().words()).into();
    assert_eq!(words, ["UNKNOWN 1/10", "UNKNOWN 3/10", "UNKNOWN 9/10", "BEHIND"]);
    assert_eq!(after(3, slow).sentence(), "3/10 samples: too early to say how it goes; 15 messages are outstanding.");
    // What one sample says by itself is said: nothing is outstanding, or it is paused.
    assert_eq!(after(1, |_| {}).told(), "OK");
    assert_eq!(after(1, |k| (k.c.pending, k.c.paused) = (5, true)).told(), "PAUSED");
    // So is a floor that went back before our eyes, and a backlog that was away for a moment.
    let mut back = after(2, |k| k.stored(3));
    back.poll(|k| k.c.ack_floor.stream_seq = 40);
    assert_eq!(back.told(), "REWOUND");
    let mut away = after(2, |_| {});
    away.poll(|k| k.stored(3));
    assert_eq!(away.told(), "OK");
}

#[test]
fn what_is_older_than_three_polls_is_not_known() {
    let case = after(10, |_| {});
    let at = |secs| case.later(Duration::from_secs(secs));
    assert_eq!((at(6).state, at(7).state), (State::Ok, State::Unknown));
    assert_eq!(
        at(40).sentence(case.entry(), case.now().plus(Duration::from_secs(40))).split(';').next(),
        Some("Nothing was heard of it for 40s")
    );
    assert_eq!(at(40).since, Some(case.now()));
    // Sweeps over very many take their time.
    let slow = Terms { now: case.now().plus(Duration::from_secs(100)), poll: Duration::from_secs(60), allowed: 0 };
    assert_eq!(judge(case.entry(), &slow).unwrap().state, State::Ok);
}

#[test]
fn one_dip_does_not_clear_it_and_ups_and_downs_do_not_raise_it() {
    let levels = |levels: &[u64], deliveries: u64| {
        let mut case = Case::new();
        for &level in levels {
            case.poll(|k| {
                k.c.pending = level;
                k.s.state.last_seq += 50;
                k.c.delivered.consumer_seq += deliveries;
                k.c.delivered.stream_seq += deliveries;
                k.c.ack_floor = k.c.delivered;
                k.c.ack_floor.last_active = Some(k.now());
            });
        }
        case.verdict()
    };
    let dip = levels(&[100, 120, 140, 160, 180, 150, 200, 220, 240, 260], 30);
    assert_eq!((dip.state, dip.why), (State::Behind, Why::Sawtooth));
    assert!(dip.slope.is_some_and(|s| (8.0..9.0).contains(&s)), "{:?}", dip.slope);
    assert_eq!(levels(&[100, 200, 300, 400, 500, 50, 60, 70, 80, 90], 30).state, State::Ok, "it was cleared");
    // What comes and goes with the work is less than what is delivered between two samples.
    assert_eq!(levels(&[3, 9, 2, 8, 4, 7, 9, 5, 8, 9], 30).state, State::Ok);
    assert_eq!(levels(&[3, 9, 2, 8, 4, 7, 9, 5, 8, 9], 3).state, State::Behind);
}

#[test]
fn work_that_is_done_at_a_steady_level_is_no_backlog() {
    // Three workers, each with a message all the time, and nothing that waits.
    let case = after(10, |k| {
        k.stored(if k.slots == 1 { 3 } else { 1 });
        k.deliver(3);
        if k.slots > 1 {
            k.ack(1);
        }
    });
    assert_eq!((case.told().as_str(), case.verdict().outstanding), ("OK", 3));
}

#[test]
fn a_backlog_that_is_worked_off_says_when_it_will_be_gone() {
    let case = after(10, |k| {
        k.stored(if k.slots == 1 { 1_000 } else { 0 });
        k.deliver(20);
        k.ack(20);
    });
    let verdict = case.verdict();
    // 20 a slot of two seconds.
    assert_eq!((verdict.slope, verdict.eta(), verdict.outstanding), (Some(-10.0), Some(80.0), 800));
    assert_eq!(case.sentence(), "It catches up by 10/s: 800 messages are outstanding, zero in 1m20s.");
    assert_eq!(verdict.delay, Some(Duration::from_secs(20)));
}

#[test]
fn a_floor_that_went_back_is_told_until_it_has_come_back() {
    let mut case = after(9, |k| k.stored(1));
    case.poll(|k| {
        (k.c.ack_floor.stream_seq, k.c.delivered.stream_seq, k.c.pending) = (40, 40, 69);
        k.c.waiting = 1;
    });
    assert_eq!(case.verdict().why, Why::Rewound { from: 100, to: 40 });
    assert_eq!(case.verdict().since, Some(case.now()));
    assert!(case.sentence().starts_with("The ack floor went back from 100 to 40"), "{}", case.sentence());
    case.poll(|k| {
        k.deliver(50);
        k.ack(50);
    });
    assert_eq!(case.told(), "REWOUND");
    case.poll(|k| {
        k.deliver(15);
        k.ack(15);
    });
    assert_eq!(case.told(), "OK");
}

#[test]
fn a_consumer_without_acks_is_judged_by_its_deliveries() {
    let none = |read: u64| {
        after(10, |k| {
            k.c.config.ack_policy = AckPolicy::None;
            k.c.ack_floor.last_active = None;
            k.stored(if k.slots == 1 { 100 } else { 5 });
            k.deliver(read);
            k.c.waiting = 1;
        })
    };
    assert_eq!(none(0).told(), "STALLED");
    assert_eq!(none(0).verdict().why, Why::NothingDelivered);
    assert_eq!(none(3).told(), "BEHIND");
    assert_eq!(none(20).told(), "OK");
}

#[test]
fn push_consumers_without_a_subscriber_have_no_reader() {
    let push = |bound| {
        after(10, |k| {
            k.c.config.delivery = Delivery::Push { subject: "out".into(), group: None };
            k.c.push_bound = bound;
            k.stored(1);
        })
    };
    assert_eq!(push(false).told(), "STOPPED");
    assert!(push(false).sentence().ends_with("10 messages are outstanding, nobody is subscribed to out."));
    assert_eq!(push(true).told(), "STALLED");
}

#[test]
fn a_few_may_be_allowed() {
    let mut case = after(10, |k| k.stored(1));
    assert_eq!(case.told(), "STOPPED");
    case.allowed = 10;
    assert_eq!(case.told(), "OK");
    case.allowed = 9;
    // It was as good as none within the window.
    assert_eq!((case.told().as_str(), case.verdict().why), ("OK", Why::Working));
}

#[test]
fn since_when_is_what_was_seen_or_what_the_server_says() {
    let start = Timestamp::from_secs(0);
    let since = |case: &Case| case.verdict().since.map(|at| at.seconds_since(start));
    let longer = |case: &Case| case.verdict().or_longer;
    // Idle since its last ack.
    assert_eq!(since(&after(10, |_| {})), Some(-500.0));
    // It stopped with its last ack, or when there was something to do again.
    assert_eq!(since(&after(10, |k| k.stored(1))), Some(-500.0));
    let mut case = after(10, |_| {});
    case.polls(11, |k| k.stored(1));
    assert_eq!(since(&case), Some(22.0));
    // Behind since nothing was outstanding.
    let mut case = after(3, |_| {});
    case.polls(10, |k| {
        k.stored(9);
        k.deliver(3);
        k.ack(3);
    });
    assert_eq!((case.told().as_str(), since(&case)), ("BEHIND", Some(8.0)));
    let mut case = after(4, |_| {});
    case.polls(10, |k| k.c.paused = true);
    assert_eq!((since(&case), longer(&case)), (Some(10.0), false));
    // It was paused when we began to look, and nothing tells since when.
    let paused = after(10, |k| k.c.paused = true);
    assert_eq!((since(&paused), longer(&paused)), (Some(2.0), true));
}

#[test]
fn of_who_works_the_same_is_said_all_the_time() {
    // Now and then a few are on their way when it is polled.
    let mut case = Case::new();
    for taken in [50, 48, 50, 45, 50, 50, 49, 50, 47, 50, 50, 46, 50] {
        case.poll(|k| {
            k.deliver(u64::MAX);
            k.ack(u64::MAX);
            k.stored(50);
            k.deliver(taken);
            k.ack(taken);
        });
        let verdict = case.verdict();
        assert_eq!((verdict.words().as_str(), verdict.since.is_some()), ("OK", case.slots == 1));
    }
    // And when it was never seen with anything, since when that is.
    case.polls(10, |k| {
        k.stored(50);
        k.deliver(u64::MAX);
        k.ack(u64::MAX);
    });
    let since = case.verdict().since.map(|at| at.seconds_since(Timestamp::from_secs(0)));
    assert_eq!((case.verdict().words().as_str(), since), ("OK", Some(26.0)));
}
