//! The flags, and what was seen on real servers that misleads.

use super::cases::{Case, after};
use super::*;
use crate::model::consumer::Position;
use crate::model::thresholds::{Allowed, Target};
use crate::model::{Retention, Thresholds, Update};

#[test]
fn trap_1_retention_eats_the_backlog() {
    // 1000 wait, nobody reads, and the log loses 10 a slot at its beginning.
    let mut case = Case::new();
    case.polls(10, |k| {
        k.stored(if k.slots == 1 { 1_000 } else { 0 });
        k.drop_to(91 + 10 * k.slots as u64);
    });
    assert_eq!((case.told().as_str(), case.verdict().outstanding), ("STOPPED LOST<=90", 910));
    assert!(case.sentence().ends_with("The stream dropped up to 90 messages before it read them, 5.0/s now."));
    // Also while it works off the rest, more slowly than it is dropped.
    case.polls(10, |k| {
        k.deliver(2);
        k.ack(2);
        k.drop_to(k.s.state.first_seq + 10);
    });
    assert_eq!(case.verdict().state, State::Ok);
    assert!(case.verdict().flags.has("LOST"), "{}", case.told());
    assert_eq!(case.verdict().level(), Level::Warning);
    // A backlog that was dropped whole.
    let mut gone = after(5, |k| k.stored(4));
    gone.poll(|k| k.drop_to(121));
    assert_eq!(gone.told(), "OK LOST<=20");
}

#[test]
fn what_is_dropped_while_it_is_held_is_no_ack() {
    // A log at its limit and a client that never acks: what the stream drops, the server counts as acked.
    let eaten = |k: &mut Case, reads: bool| {
        let n = if k.slots == 1 { 0 } else { 10 };
        (k.s.state.first_seq, k.c.ack_floor.stream_seq) = (101 + 10 * (k.slots as u64 - 1), 100);
        k.stored(if k.slots == 1 { 1_000 } else { 10 });
        if k.slots == 1 {
            k.deliver(200);
        }
        k.ack(n);
        k.c.ack_floor.stream_seq = k.s.state.first_seq - 1;
        if reads {
            k.c.waiting = 1;
            k.deliver(n);
        }
    };
    let mut holds = after(10, |k| eaten(k, true));
    assert_eq!((holds.told().as_str(), holds.verdict().dropped), ("STALLED", true));
    assert!(holds.sentence().ends_with("What leaves is what its stream drops."), "{}", holds.sentence());
    assert!(holds.verdict().or_longer, "when something was really acked last is not known");
    // The consumer was asked again, and its stream was not yet: it goes on.
    let mut next = holds.c.clone();
    holds.slots += 1;
    next.taken = holds.now();
    (next.ack_floor.stream_seq, next.ack_floor.last_active) = (next.ack_floor.stream_seq + 10, Some(holds.now()));
    (next.delivered.consumer_seq, next.delivered.stream_seq) =
        (next.delivered.consumer_seq + 10, next.delivered.stream_seq + 10);
    holds.catalog.apply(Update::Consumer(std::sync::Arc::new(next)));
    assert_eq!(holds.told(), "STALLED");
    let gone = after(10, |k| eaten(k, false));
    assert_eq!(gone.told(), "STOPPED");
    // One real ack is enough.
    let mut acks = after(9, |k| eaten(k, true));
    acks.poll(|k| {
        eaten(k, true);
        k.c.ack_pending -= 1;
    });
    assert_eq!((acks.verdict().state, acks.verdict().dropped), (State::Ok, false));
    // As much is dropped in a slot as it may hold: nothing of what it held is there any more.
    let fast = after(10, |k| {
        k.stored(if k.slots == 1 { 1_000 } else { 300 });
        k.deliver(if k.slots == 1 { 200 } else { 0 });
        if k.slots > 1 {
            k.s.state.first_seq = k.c.delivered.stream_seq + 101;
            k.c.pending -= 100;
            k.c.delivered.consumer_seq += 200;
            k.c.delivered.stream_seq += 300;
            k.c.pending -= 200;
        }
        k.c.ack_floor.stream_seq = k.c.delivered.stream_seq - 200;
        k.c.ack_floor.last_active = Some(k.now());
        (k.s.state.first_seq, k.c.waiting) = (k.c.ack_floor.stream_seq + 1, 1);
    });
    assert_eq!((fast.verdict().state, fast.verdict().dropped), (State::Stalled, true), "{}", fast.told());
    // And the first acks of a log that begins where the consumer does are acks.
    let mut first = Case::new();
    (first.s.state.first_seq, first.s.state.last_seq) = (1, 0);
    (first.c.delivered, first.c.ack_floor) = (Position::default(), Position::default());
    first.polls(10, |k| {
        k.stored(10);
        k.deliver(5);
        k.ack(5);
    });
    assert_eq!((first.told().as_str(), first.verdict().dropped), ("BEHIND", false));
}

#[test]
fn what_was_read_before_it_was_dropped_is_not_lost() {
    // A log of ten messages that turns over in each slot, and a reader that keeps up.
    let short = after(10, |k| {
        k.deliver(u64::MAX);
        k.ack(u64::MAX);
        k.stored(50);
        k.deliver(47);
        k.ack(47);
        k.s.state.first_seq = k.s.state.last_seq - 9;
    });
    assert_eq!((short.told().as_str(), short.verdict().outstanding), ("OK", 3));
    // A work queue loses what is acked; its reader is behind, or takes only some of the subjects.
    for others in [0, 7] {
        let queue = after(10, |k| {
            k.s.config.retention = Retention::WorkQueue;
            k.stored(if k.slots == 1 { 500 } else { 20 });
            k.deliver(10);
            k.ack(10);
            k.c.delivered.stream_seq += others;
            k.c.ack_floor.stream_seq += others;
            k.s.state.last_seq += others;
            k.s.state.first_seq = k.c.ack_floor.stream_seq + 1;
        });
        assert_eq!(queue.told(), "BEHIND", "{others}");
    }
    // What is delivered, acked and removed between the consumer's numbers and those of its stream.
    let mut late = Case::new();
    late.s.config.retention = Retention::WorkQueue;
    late.polls(10, |k| {
        let waited = k.c.pending;
        k.deliver(waited);
        k.ack(waited);
        k.stored(5);
        k.s.state.first_seq = k.s.state.last_seq + 1;
    });
    assert_eq!(late.told().replace("BEHIND", "OK"), "OK", "five wait, and are away before the stream is read");
    // And one that nobody reads does lose what a limit drops.
    let mut lost = Case::new();
    lost.s.config.retention = Retention::WorkQueue;
    lost.s.state.first_seq = 101;
    lost.polls(10, |k| {
        k.stored(10);
        if k.slots > 5 {
            k.drop_to(k.s.state.first_seq + 10);
        }
    });
    assert_eq!(lost.told(), "STOPPED LOST<=40", "what the last slot lost is told with the next");
}

#[test]
fn trap_2_only_the_redelivered_tell_what_was_given_up() {
    let case = after(10, |k| {
        k.c.config.max_deliver = Some(3);
        (k.c.redelivered, k.c.ack_pending) = (5, 2);
        k.c.waiting = 1;
    });
    assert_eq!(case.told(), "STALLED DEAD>=3");
    let mut alone = after(10, |k| {
        k.c.config.max_deliver = Some(3);
        k.c.redelivered = 5;
    });
    assert_eq!((alone.told().as_str(), alone.verdict().level()), ("OK DEAD>=5", Level::Warning));
    alone.poll(|k| k.c.config.max_deliver = None);
    assert_eq!(alone.told(), "OK", "without a limit nothing is given up");
}

#[test]
fn trap_3_a_floor_that_stands_is_no_standstill() {
    // The message after the floor is held while others are acked behind it.
    let case = after(10, |k| {
        k.stored(3);
        k.deliver(3);
        if k.slots > 1 {
            k.c.ack_pending = 1;
            k.c.ack_floor.last_active = Some(k.now());
        }
    });
    assert_eq!((case.told().as_str(), case.verdict().level()), ("OK HOL", Level::Notice));
    assert!(case.sentence().contains("the floor stands at 100"), "{}", case.sentence());
}

#[test]
fn with_a_held_message_what_is_on_its_way_is_no_growth() {
    // One is held, and all else is read and acked; a few are on their way when it is asked last.
    let mut case = after(9, |k| {
        k.stored(if k.slots == 1 { 61 } else { 60 });
        k.deliver(u64::MAX);
        k.ack(60);
    });
    case.poll(|k| {
        k.stored(64);
        k.deliver(60);
        k.ack(60);
    });
    assert_eq!((case.verdict().outstanding, case.verdict().state), (5, State::Ok), "{}", case.sentence());
    assert_eq!((case.verdict().eta(), case.verdict().words().as_str()), (None, "OK"));
}

#[test]
fn trap_4_a_reader_between_two_pulls_is_a_reader() {
    let case = after(10, |k| {
        k.stored(1);
        k.c.waiting = u64::from(k.slots == 5);
    });
    assert_eq!(case.told(), "STALLED");
}

#[test]
fn trap_5_a_filter_without_a_match_is_idle() {
    let case = after(10, |k| {
        k.c.config.filter_subjects = vec!["none".into()];
        (k.c.delivered, k.c.ack_floor) = (Position::default(), Position::default());
        k.s.state.last_seq += 100;
        k.s.state.first_seq += 90;
    });
    assert_eq!((case.verdict().words().as_str(), case.verdict().doubt), ("OK idle", None));
}

#[test]
fn trap_6_forgotten_times_are_no_acks_and_hide_none() {
    // A restart: the time of the last ack is gone, and nothing else happens.
    let mut case = after(10, |k| {
        k.stored(1);
        if k.slots == 5 {
            k.c.ack_floor.last_active = None;
        }
    });
    assert_eq!(case.told(), "STOPPED");
    // It comes back as it was: another leader that had not forgotten.
    case.poll(|k| k.c.ack_floor.last_active = Some(Timestamp::from_secs(-500)));
    assert_eq!(case.told(), "STOPPED");
    // Without any times the numbers tell: the floor moves, or less waits for acks.
    let moves = after(10, |k| {
        k.stored(if k.slots == 1 { 100 } else { 0 });
        k.deliver(2);
        k.ack(1);
        k.c.ack_floor.last_active = None;
    });
    assert_eq!(moves.told(), "OK");
    let mut fewer = Case::new();
    fewer.polls(10, |k| {
        (k.c.pending, k.c.ack_pending) = (0, 50 - k.slots as u64);
        k.c.ack_floor.last_active = None;
    });
    assert_eq!(fewer.verdict().words(), "OK HOL");
    assert_eq!(fewer.verdict().why, Why::CatchingUp);
}

#[test]
fn trap_7_numbers_that_contradict_each_other_are_told() {
    let more = after(3, |k| k.c.pending = 7);
    assert_eq!(more.verdict().doubt, Some(Doubt { pending: 7, behind: 0 }));
    assert!(more.sentence().ends_with(
        "The server's numbers disagree: 7 messages are pending, but 0 messages lie behind what was delivered."
    ));
    let none = after(3, |k| k.s.state.last_seq = 120);
    assert_eq!(none.verdict().doubt, Some(Doubt { pending: 0, behind: 20 }));
    // The last of them were deleted, or came between the two answers: then both are right.
    assert_eq!(after(3, |k| (k.s.state.last_seq, k.s.state.deleted) = (120, 20)).verdict().doubt, None);
    assert_eq!(after(3, |k| k.s.state.last_seq += 1).verdict().doubt, None);
    // The one that it holds until its time has come is not pending.
    assert_eq!(after(3, |k| (k.s.state.last_seq, k.c.config.replays) = (101, true)).verdict().doubt, None);
    // A reader that is behind what a limit drops.
    let dropped = after(10, |k| {
        k.stored(10);
        k.drop_to(1 + 10 * k.slots as u64);
    });
    assert_eq!(dropped.verdict().doubt, None);
}

#[test]
fn what_the_configuration_allows_is_as_good_as_none() {
    let with = |outstanding| {
        let target = Target { stream: Some("s*".into()), consumer: None };
        let thresholds = Thresholds { allowed: vec![Allowed { target, outstanding }], ..Default::default() };
        let mut case = Case { catalog: Catalog::default().knowing(&thresholds), ..Case::new() };
        case.polls(10, |k| k.stored(1));
        case
    };
    assert_eq!((with(9).told().as_str(), with(10).told().as_str()), ("OK", "OK"), "it was no more in the window");
    assert_eq!(with(0).told(), "STOPPED");
    let mut case = with(10);
    assert_eq!(case.sentence(), "10 messages are outstanding, which is as good as none here.");
    case.polls(9, |_| {});
    assert_eq!(case.verdict().since, Some(Timestamp::from_secs(-500)), "as of who has nothing outstanding");
    case.poll(|k| k.stored(1));
    assert_eq!(case.verdict().state, State::Ok);
    case.polls(9, |_| {});
    assert_eq!(
        (case.told().as_str(), case.entry().outstanding.map(|run| run.from)),
        ("STOPPED", Some(Timestamp::from_secs(40)))
    );
}

#[test]
fn trap_8_unknown_is_not_zero() {
    let case = after(1, |k| k.stored(5));
    let verdict = case.verdict();
    assert_eq!((verdict.slope, verdict.eta(), verdict.delay, verdict.since), (None, None, None, None));
    assert_eq!(verdict.level(), Level::Unknown);
}

#[test]
fn what_was_made_again_begins_anew_and_says_so() {
    let mut case = after(10, |k| k.stored(1));
    assert_eq!(case.told(), "STOPPED");
    case.poll(|k| k.c.created = Some(k.now()));
    assert_eq!(case.told(), "UNKNOWN RECREATED");
    assert_eq!(case.verdict().samples, 1);
    case.polls(9, |_| {});
    assert_eq!(case.told(), "STOPPED RECREATED");
    case.poll(|_| {});
    assert_eq!(case.told(), "STOPPED");
    // Also when it was heard of that it was deleted.
    case.catalog.apply(Update::ConsumerGone("s".into(), "c".into(), case.now()));
    case.poll(|k| k.c.created = Some(k.now()));
    assert_eq!(case.told(), "UNKNOWN RECREATED");
    // But not of another one of that name, long after.
    case.catalog.apply(Update::ConsumerGone("s".into(), "c".into(), case.now()));
    case.slots += 100;
    case.poll(|k| k.c.created = Some(k.now()));
    assert_eq!(case.told(), "UNKNOWN");
}

#[test]
fn delivery_that_waits_for_acks_is_blocked() {
    let case = after(10, |k| {
        k.c.config.max_ack_pending = Some(10);
        k.stored(if k.slots == 1 { 100 } else { 0 });
        k.deliver(10 - k.c.ack_pending);
        k.c.waiting = 1;
    });
    assert_eq!(case.told(), "STALLED BLOCKED");
    assert!(
        case.sentence().contains("10 messages are not acked, which is its max_ack_pending; 90"),
        "{}",
        case.sentence()
    );
    // Who works off a backlog is full most of the time.
    let works = after(10, |k| {
        k.c.config.max_ack_pending = Some(10);
        k.stored(if k.slots == 1 { 1_000 } else { 0 });
        k.ack(10);
        k.deliver(10);
    });
    assert_eq!((works.told().as_str(), works.verdict().level()), ("OK BLOCKED", Level::Notice));
}
