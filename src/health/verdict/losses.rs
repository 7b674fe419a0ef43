//! What a consumer lost is counted from where it stands, and what was dropped is no ack.

use super::cases::{Case, after};
use super::*;
use crate::model::{AckPolicy, DeliverPolicy, Retention};

/// One of whose 2,000 messages `read` were delivered and none acked; the log, full with 1,000, drops `drops` a slot.
fn left_behind(read: u64, drops: u64) -> Case {
    let mut case = Case::new();
    (case.c.delivered, case.c.ack_floor) = Default::default();
    case.c.delivered.stream_seq = read;
    case.c.delivered.consumer_seq = read;
    (case.s.state.first_seq, case.s.state.last_seq) = (1_001, 2_000);
    case.s.config.limits.max_msgs = Some(1_000);
    case.c.pending = 1_000;
    case.polls(10, |k| {
        k.stored(drops);
        k.drop_to(k.s.state.first_seq + drops);
    });
    case
}

#[test]
fn all_that_was_dropped_since_it_stands_there_is_lost() {
    // 1,000 of 2,000 were gone before anybody looked, and 20 more with each of ten samples.
    let lost = left_behind(200, 20).verdict().flags.lost();
    assert_eq!((lost.messages, lost.rate()), (1_000 - 200 + 200, Some(10.0)));
    assert_eq!(left_behind(200, 20).verdict().words(), "STOPPED LOST<=1,000, 10/s now".replace("1,000", "1.0k"));
    assert!(left_behind(200, 20).sentence().ends_with("dropped up to 1,000 messages before it read them, 10/s now."));
    // Of one that never read anything it is all that the log ever dropped.
    assert_eq!(left_behind(0, 0).verdict().flags.lost().messages, 1_000);
    assert!(left_behind(0, 0).sentence().ends_with("dropped up to 1,000 messages before it read them."));
    // One look tells it, where nobody reads.
    let mut once = Case::new();
    (once.s.state.first_seq, once.s.state.last_seq) = (501, 900);
    once.poll(|k| k.c.pending = 400);
    assert_eq!(once.told(), "UNKNOWN LOST<=400");
    once.c.waiting = 1;
    let mut reads = Case { catalog: crate::model::Catalog::default(), ..once };
    reads.poll(|_| {});
    assert_eq!(reads.told(), "UNKNOWN", "it may have read between the two answers");
}

#[test]
fn in_a_narrow_cell_the_other_words_get_shorter_first() {
    let mut case = left_behind(200, 20);
    let words = |case: &Case, width| case.verdict().words_in(width);
    assert_eq!(words(&case, 29), "STOPPED LOST<=1.0k, 10/s now");
    assert_eq!(words(&case, 27), "STOPPED LOST<=1.0k 10/s");
    assert_eq!(words(&case, 19), "LOST<=1.0k 10/s");
    // It gave up on three messages besides.
    (case.c.config.max_deliver, case.c.redelivered) = (Some(5), 3);
    case.poll(|k| {
        k.stored(20);
        k.drop_to(k.s.state.first_seq + 20);
    });
    assert!(words(&case, 80).starts_with("STOPPED DEAD>=3 LOST<="), "{}", words(&case, 80));
    assert!(words(&case, 30).starts_with("STOPPED DEAD LOST<="), "{}", words(&case, 30));
    for width in 16..60 {
        let words = words(&case, width);
        assert!(words.len() <= width && words.contains("LOST<=1.0k") && words.contains("10/s"), "{width}: {words}");
    }
}

#[test]
fn the_number_never_falls_before_it_reads_on() {
    let mut case = left_behind(200, 20);
    let mut most = case.verdict().flags.lost().messages;
    for n in 0..15 {
        // What the server says of the floor changes, or the log is read late, or nothing is dropped any more.
        case.poll(|k| match n % 3 {
            0 => k.c.ack_floor.stream_seq = k.s.state.first_seq - 1,
            1 => k.c.ack_floor.stream_seq = 200,
            _ => k.c.pending = k.c.pending.saturating_sub(1),
        });
        let now = case.verdict().flags.lost().messages;
        assert!(now >= most, "{now} after {most}");
        most = now;
    }
    assert_eq!(case.verdict().flags.lost().rate(), None, "nothing is lost now");
    // It reads on, and what is behind it is behind it.
    case.polls(10, |k| {
        k.deliver(10);
        k.ack(10);
    });
    assert!(!case.verdict().flags.has("LOST"), "{}", case.told());
}

#[test]
fn what_a_filter_passes_over_is_not_lost() {
    let picky = |k: &mut Case| k.c.config.filter_subjects = vec!["s.rare".into()];
    // It read its last match long ago; the log turned over, and now one match waits for its busy client.
    let mut rare = Case::new();
    picky(&mut rare);
    rare.s.config.limits.max_msgs = Some(100);
    rare.polls(3, |k| (k.s.state.first_seq, k.s.state.last_seq) = (500_001, 500_100));
    rare.polls(12, |k| {
        (k.s.state.first_seq, k.s.state.last_seq) = (k.s.state.first_seq + 5, k.s.state.last_seq + 5);
        k.c.pending = 1;
    });
    assert_eq!(rare.told(), "STOPPED");
    // It drops that one, too.
    rare.poll(|k| {
        (k.s.state.first_seq, k.s.state.last_seq) = (500_200, 500_300);
        k.c.pending = 0;
    });
    assert!(rare.verdict().flags.has("LOST"), "{}", rare.told());
    // Who stood still with something pending for the whole window, since before anybody looked, may have lost much.
    let mut stopped = Case::new();
    picky(&mut stopped);
    (stopped.s.state.first_seq, stopped.s.state.last_seq) = (5_001, 5_100);
    stopped.polls(9, |k| k.c.pending = 10);
    assert!(!stopped.verdict().flags.has("LOST"), "too early to say");
    stopped.poll(|_| {});
    assert_eq!(stopped.told(), "STOPPED LOST<=4900");
    // In a work queue the others' messages go when the others ack them.
    let mut queue = Case::new();
    picky(&mut queue);
    queue.s.config.retention = Retention::WorkQueue;
    (queue.s.state.first_seq, queue.s.state.last_seq) = (5_001, 5_100);
    queue.polls(12, |k| {
        k.c.pending = 10;
        k.s.state.first_seq += 5;
        k.s.state.last_seq += 5;
    });
    assert_eq!(queue.told(), "STOPPED");
}

#[test]
fn who_was_moved_back_before_the_log_lost_nothing_there() {
    let mut case = Case::new();
    (case.s.state.first_seq, case.s.state.last_seq) = (91, 100);
    case.polls(3, |_| {});
    case.poll(|k| {
        (k.c.delivered.stream_seq, k.c.ack_floor.stream_seq, k.c.pending) = (20, 20, 10);
    });
    assert!(!case.verdict().flags.has("LOST"), "{}", case.told());
}

#[test]
fn what_a_newer_value_replaces_is_not_lost() {
    // The last value of each of 100 subjects, replaced all the time, and nobody reads.
    let values = |change: fn(&mut Case)| {
        let mut case = Case::new();
        case.s.config.limits.max_msgs_per_subject = Some(1);
        (case.s.state.first_seq, case.s.state.last_seq, case.c.pending) = (901, 1_000, 100);
        case.polls(12, move |k| {
            (k.s.state.first_seq, k.s.state.last_seq) = (k.s.state.first_seq + 50, k.s.state.last_seq + 50);
            change(k);
        });
        case.told()
    };
    assert_eq!(values(|_| {}), "STOPPED");
    assert_eq!(values(|k| k.s.config.limits.max_msgs = Some(10_000)), "STOPPED", "a limit that drops nothing");
    assert!(values(|k| k.s.config.limits.max_msgs = Some(100)).starts_with("STOPPED LOST<="), "one that does");
}

#[test]
fn a_reader_that_is_a_moment_behind_the_last_values_is_not_behind() {
    // Of 2,000 subjects each is replaced now and then: what waits is not what came.
    let reads = |window_behind: bool| {
        after(10, move |k| {
            k.s.config.limits.max_msgs_per_subject = Some(1);
            k.s.state.last_seq += 1_000;
            k.c.pending += 110;
            k.c.delivered.consumer_seq += 100;
            k.c.delivered.stream_seq = if window_behind { 100 + k.slots as u64 } else { k.s.state.last_seq - 300 };
            k.c.ack_floor.stream_seq = k.c.delivered.stream_seq;
            k.c.ack_floor.last_active = Some(k.now());
        })
        .told()
    };
    assert_eq!((reads(false).as_str(), reads(true).as_str()), ("OK", "BEHIND"));
}

#[test]
fn since_does_not_move_with_what_is_dropped() {
    // Delivered 200 at -500 s and never acked; at -100 s the log dropped them, and the server moved floor and time.
    let mut case = left_behind(200, 0);
    let was = Timestamp::from_secs(-500);
    case.c.ack_pending = 200;
    case.c.delivered.last_active = Some(was);
    case.polls(10, |k| k.c.ack_floor.stream_seq = 0);
    assert_eq!(case.verdict().since, Some(was));
    case.poll(|k| {
        k.c.ack_pending = 0;
        (k.c.ack_floor.stream_seq, k.c.ack_floor.last_active) = (200, Some(Timestamp::from_secs(-100)));
    });
    case.polls(12, |_| {});
    assert_eq!((case.told().as_str(), case.verdict().since), ("STOPPED LOST<=800", Some(was)));
    assert_eq!(case.entry().last_acked(), None, "that was no ack");
    // Where the log still begins before the floor it was one.
    let mut acked = after(12, |k| k.stored(1));
    acked.poll(|k| k.c.ack_floor.last_active = Some(Timestamp::from_secs(-100)));
    assert_eq!(acked.entry().last_acked(), Some(Timestamp::from_secs(-100)));
}

#[test]
fn positions_of_all_kinds_are_counted_from() {
    // Without acks, and from the newest on.
    let mut none = Case::new();
    none.c.config.ack_policy = AckPolicy::None;
    none.c.config.deliver_policy = DeliverPolicy::New;
    (none.s.state.first_seq, none.s.state.last_seq, none.c.pending) = (151, 200, 50);
    none.polls(10, |_| {});
    assert_eq!(none.told(), "STOPPED LOST<=50");
}
