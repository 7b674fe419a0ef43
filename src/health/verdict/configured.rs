//! What a consumer is told to do is no fault.

use super::cases::{Case, after};
use super::*;
use crate::model::{Advisory, AdvisoryKind, Delivery, Update};

/// One that holds three messages which were delivered `ago` seconds ago; its ack wait is 30 s, and a pull waits.
fn holds(ago: i64, change: fn(&mut Case)) -> Case {
    let mut case = Case::new();
    case.c.config.ack_wait = Some(Duration::from_secs(30));
    case.stored(3);
    case.deliver(3);
    case.c.delivered.last_active = Some(Timestamp::from_secs(20 - ago));
    case.c.waiting = 1;
    change(&mut case);
    case.polls(10, |_| {});
    case
}

fn told(case: &Case) -> (State, Option<Excuse>, Level) {
    let verdict = case.verdict();
    (verdict.state, verdict.excuse, verdict.level())
}

#[test]
fn what_was_put_off_comes_again_later() {
    let stalled = State::Stalled;
    assert_eq!(told(&holds(25, |_| {})), (stalled, Some(Excuse::SlowWork), Level::Notice));
    // Were it only not acked, the server would have delivered it again to the pull that waits.
    let put_off = holds(60, |_| {});
    assert_eq!(told(&put_off), (State::Ok, Some(Excuse::PutOff), Level::Ok));
    assert_eq!(
        put_off.sentence(),
        "3 messages are not acked: a client put them off (NAK with a delay); until when, the server does not tell."
    );
    let behind = holds(60, |k| k.c.pending = 5);
    assert_eq!(told(&behind), (stalled, Some(Excuse::PutOff), Level::Warning), "more waits behind it");
    assert!(behind.sentence().contains("so a client put it off (NAK with a delay)."), "{}", behind.sentence());
    // Without a pull nobody would get it.
    assert_eq!(told(&holds(60, |k| k.c.waiting = 0)), (State::Stopped, None, Level::Critical));
    let push = |k: &mut Case| {
        k.c.config.delivery = Delivery::Push { subject: "x".into(), group: None };
        (k.c.waiting, k.c.push_bound) = (0, true);
    };
    assert_eq!(told(&holds(60, push)).2, Level::Critical, "a push client may hang");
    // It came again, and the client asks for more: it refuses it, or does not ack in time.
    assert_eq!(told(&holds(10, |k| k.c.redelivered = 3)), (stalled, Some(Excuse::Refused), Level::Warning));
    let hangs = |k: &mut Case| (k.c.redelivered, k.c.pending) = (3, 9);
    assert_eq!(told(&holds(10, hangs)), (stalled, None, Level::Critical));
    // That it refuses it was heard.
    let mut heard = holds(10, hangs);
    let kind = AdvisoryKind::Nak { stream_seq: 101, deliveries: 2 };
    let (stream, consumer) = ("s".into(), Some("c".into()));
    heard.catalog.apply(Update::Advisory(Advisory { time: Timestamp::from_secs(15), stream, consumer, kind }));
    assert_eq!(told(&heard), (stalled, Some(Excuse::Refused), Level::Warning));
}

#[test]
fn a_backoff_says_until_when() {
    let backs_off = |ago, pending| {
        let mut case = holds(ago, |k| {
            k.c.config.backoff = [1, 10, 600].map(Duration::from_secs).into();
            k.c.redelivered = 3;
        });
        case.poll(|k| k.c.pending = pending);
        case
    };
    let case = backs_off(100, 0);
    let until = Timestamp::from_secs(20 - 100 + 600);
    assert_eq!(told(&case), (State::Ok, Some(Excuse::Backoff(until)), Level::Ok));
    let until = until.to_display();
    assert_eq!(
        case.sentence(),
        format!("3 messages are not acked; its backoff delivers again by {until} UTC at the latest.")
    );
    let behind = backs_off(100, 5);
    assert_eq!((behind.verdict().state, behind.verdict().level()), (State::Stalled, Level::Warning));
    assert!(behind.sentence().contains(&format!("comes again by {until} UTC at the latest.")), "{}", behind.sentence());
    assert_eq!(told(&backs_off(700, 5)).1, Some(Excuse::PutOff), "it is over, and nothing came again");
}

#[test]
fn work_in_progress_is_work() {
    // The client says so every few seconds: the server moves the time of the last delivery and nothing else.
    let mut case = holds(100, |k| k.c.pending = 5);
    assert_eq!(told(&case).1, Some(Excuse::PutOff));
    case.polls(3, |k| k.c.delivered.last_active = Some(k.now()));
    assert_eq!(told(&case), (State::Ok, Some(Excuse::InProgress), Level::Ok));
    let says = "A client says that it still works on what it has: 3 messages are not acked.";
    assert!(case.sentence().starts_with(says), "{}", case.sentence());
}

#[test]
fn who_is_to_deliver_slowly_does() {
    let slow = |change: fn(&mut Case)| {
        let mut case = after(10, |k| {
            k.c.waiting = 1;
            k.stored(if k.slots == 1 { 50 } else { 0 });
            change(k);
        });
        case.poll(change);
        case
    };
    let stalls = slow(|_| {});
    assert_eq!((stalls.told().as_str(), stalls.verdict().level()), ("STALLED", Level::Critical));
    let replays = slow(|k| k.c.config.replays = true);
    assert_eq!((replays.told().as_str(), replays.verdict().level()), ("OK", Level::Ok));
    assert!(replays.sentence().contains("replay policy original"), "{}", replays.sentence());
    let steady = after(10, |k| {
        k.c.config.replays = true;
        k.stored(if k.slots == 1 { 100 } else { 2 });
        k.deliver(2);
        k.ack(2);
    });
    assert_eq!(steady.told(), "OK");
    let limited = slow(|k| k.c.config.rate_limit = Some(8_192));
    assert_eq!(limited.told(), "OK");
    assert!(limited.sentence().contains("at most 8,192 bit/s (rate limit)"), "{}", limited.sentence());
    // A limit that is too low for what comes is worth a warning, and is named.
    let behind = after(10, |k| {
        k.c.config.rate_limit = Some(8_192);
        k.stored(9);
        k.deliver(2);
        k.ack(2);
    });
    assert_eq!(behind.told(), "BEHIND");
    assert!(behind.sentence().ends_with("Its rate limit is 8,192 bit/s."), "{}", behind.sentence());
    let group = slow(|k| k.c.config.overflows = true);
    assert_eq!(told(&group), (State::Stalled, Some(Excuse::Overflow), Level::Warning));
}

#[test]
fn ahead_of_its_stream_nothing_is_delivered() {
    let ahead = |change: fn(&mut Case)| {
        after(3, move |k| {
            (k.c.delivered.stream_seq, k.c.ack_floor.stream_seq) = (4_999, 4_999);
            (k.s.state.last_seq, k.c.waiting) = (149 + k.slots as u64, 1);
            change(k);
        })
    };
    let case = ahead(|_| {});
    assert_eq!(case.verdict().why, Why::Ahead { delivered: 4_999, last: 152 });
    assert_eq!((case.told().as_str(), case.verdict().level()), ("STALLED", Level::Critical));
    assert_eq!(
        case.sentence(),
        "It is ahead of its stream: it was delivered up to 4,999, and its stream ends at 152. Nothing is delivered before the \
         stream has passed 4,999."
    );
    assert_eq!(ahead(|k| k.c.pending = 7).told(), "STALLED", "whatever is said to be pending");
    assert_eq!(ahead(|k| k.c.waiting = 0).told(), "STALLED");
    assert_eq!(ahead(|k| k.s.state.last_seq = 4_999).told(), "OK");
    assert_eq!(ahead(|k| k.c.config.start_seq = Some(5_000)).told(), "OK", "it was told to begin there");
    // What comes between the two answers is no such thing.
    let mut live = after(3, |_| {});
    let mut next = live.c.clone();
    live.slots += 1;
    (next.taken, next.delivered.stream_seq) = (live.now(), 130);
    live.catalog.apply(Update::Consumer(std::sync::Arc::new(next)));
    assert_eq!(live.told(), "OK");
}

#[test]
fn a_reader_that_comes_and_goes_is_worth_no_more_than_a_notice() {
    for change in [
        |k: &mut Case| k.stored(5),
        |k: &mut Case| {
            k.stored(9);
            k.deliver(2);
            k.ack(2);
        },
    ] {
        let level = |durable| {
            after(10, move |k| {
                k.c.config.durable = durable;
                change(k);
            })
            .verdict()
            .level()
        };
        assert!(level(true) >= Level::Warning);
        assert_eq!(level(false), Level::Notice);
    }
    let unknown = after(1, |k| {
        k.c.config.durable = false;
        k.stored(5);
    });
    assert_eq!(unknown.verdict().level(), Level::Unknown);
}

#[test]
fn nobody_is_subscribed_in_which_group() {
    let case = after(10, |k| {
        k.c.config.delivery = Delivery::Push { subject: "out".into(), group: Some("workers".into()) };
        k.stored(1);
    });
    assert!(
        case.sentence().ends_with("nobody is subscribed to out in the queue group workers."),
        "{}",
        case.sentence()
    );
}
