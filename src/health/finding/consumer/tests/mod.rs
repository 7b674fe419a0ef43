//! Each rule about consumers, with what it finds and what it does not. One fact is never two findings.

mod besides;

use std::sync::Arc;
use std::time::Duration;

use crate::health::Level::{self, Critical, Notice, Warning};
use crate::health::finding::book;
use crate::health::finding::entry::Check;
use crate::health::finding::look::{ConsumerLook, Of};
use crate::health::finding::{At, story};
use crate::model::{Catalog, Consumer, Delivery, Rule, Stream, Thresholds, Timestamp, Update};

/// A consumer and its stream, polled every two seconds.
struct Case {
    c: Consumer,
    s: Stream,
    catalog: Catalog,
    second: i64,
    thresholds: Thresholds,
}

/// One that has acked 100 of 100 messages, with a reader.
fn case() -> Case {
    let mut c = Consumer { stream: "orders".into(), name: "billing".into(), ..Default::default() };
    c.created = Some(Timestamp::from_secs(-1_000));
    c.config.durable = true;
    c.config.max_ack_pending = Some(50);
    c.waiting = 1;
    (c.delivered.consumer_seq, c.delivered.stream_seq) = (100, 100);
    c.delivered.last_active = Some(Timestamp::from_secs(-10));
    c.ack_floor = c.delivered;
    let mut s = Stream { name: "orders".into(), ..Default::default() };
    s.config.subjects = vec!["orders.>".into()];
    (s.state.first_seq, s.state.last_seq, s.state.messages, s.state.consumers) = (1, 100, 100, 1);
    s.state.first_time = Some(Timestamp::from_secs(-900));
    Case { c, s, catalog: Catalog::default(), second: 0, thresholds: Thresholds::default() }
}

impl Case {
    fn polls(mut self, times: usize, mut change: impl FnMut(&mut Self)) -> Self {
        for _ in 0..times {
            self.second += 2;
            change(&mut self);
            let at = Timestamp::from_secs(self.second);
            (self.c.taken, self.s.taken, self.s.asked) = (at, at, at);
            self.catalog.apply(Update::Consumer(Arc::new(self.c.clone())));
            self.catalog.apply(Update::Stream(Arc::new(self.s.clone())));
        }
        self
    }

    fn stored(&mut self, n: u64) {
        self.s.state.last_seq += n;
        self.s.state.messages += n;
        self.c.pending += n;
    }

    fn deliver(&mut self, n: u64) {
        self.c.pending -= n;
        self.c.ack_pending += n;
        self.c.delivered.consumer_seq += n;
        self.c.delivered.stream_seq += n;
        self.c.delivered.last_active = Some(Timestamp::from_secs(self.second));
    }

    fn ack(&mut self, n: u64) {
        self.c.ack_pending -= n;
        self.c.ack_floor.consumer_seq += n;
        self.c.ack_floor.stream_seq += n;
        self.c.ack_floor.last_active = Some(Timestamp::from_secs(self.second));
    }

    /// What hits now. All stories of it are whole.
    fn hits(&self) -> Vec<(Rule, Level)> {
        let now = Timestamp::from_secs(self.second);
        let entry = self.catalog.consumer("orders", "billing").unwrap();
        let look = ConsumerLook::new(Of::new("orders", &self.catalog, &self.thresholds, now), "billing", entry);
        let hits: Vec<_> = book::consumer(&look).collect();
        for (rule, hit) in &hits {
            let entry = book::entry(*rule);
            assert!(entry.levels.contains(&hit.level), "{rule} says that it is never {:?}", hit.level);
            let Check::Consumer(_, story) = &entry.check else { panic!("{rule}") };
            let story = story(&look, *hit);
            assert!(!story.words.is_empty() && story.sentence.ends_with('.'), "{rule}: {story:?}");
            assert!(!story.evidence.is_empty() && !story.advice.is_empty(), "{rule}: {story:?}");
            assert!(story.evidence.iter().all(|(name, _)| name.len() <= 16), "{rule}: {story:?}");
            assert!(!story.sentence.contains("  "), "{rule}: {story:?}");
        }
        hits.into_iter().map(|(rule, hit)| (rule, hit.level)).collect()
    }

    fn sentence(&self, rule: Rule) -> String {
        let now = Timestamp::from_secs(self.second);
        story(&self.catalog, At::Consumer("orders", "billing"), rule, &self.thresholds, now).unwrap().sentence
    }
}

#[test]
fn a_healthy_consumer_has_no_findings() {
    assert_eq!(case().polls(1, |_| {}).hits(), [], "a fresh start");
    assert_eq!(case().polls(15, |_| {}).hits(), [], "quiet");
    let busy = case().polls(15, |c| {
        c.stored(20);
        c.deliver(20);
        c.ack(20);
    });
    assert_eq!(busy.hits(), [], "it keeps up");
    let backlog = case().polls(1, |c| c.stored(10_000)).polls(15, |c| {
        c.deliver(30);
        c.ack(30);
    });
    assert_eq!(backlog.hits(), [], "it catches up");
    let few = case().polls(5, |c| {
        c.stored(10);
        c.c.waiting = 0;
    });
    assert_eq!(few.hits(), [], "too few samples to say");
}

#[test]
fn nobody_reads() {
    let stopped = |change: fn(&mut Case)| {
        case().polls(15, |c| {
            c.stored(5);
            c.c.waiting = 0;
            change(c);
        })
    };
    assert_eq!(stopped(|_| {}).hits(), [(Rule::ConsumerStopped, Critical)]);
    let push = stopped(|c| c.c.config.delivery = Delivery::Push { subject: "deliver.x".into(), group: None });
    assert_eq!(push.hits(), [(Rule::ConsumerStopped, Critical)]);
    assert!(push.sentence(Rule::ConsumerStopped).contains("nobody is subscribed to deliver.x"));
    // That it never acked and is full says the same.
    let full = stopped(|c| {
        c.c.ack_floor = crate::model::consumer::Position::default();
        c.c.ack_pending = 50;
    });
    assert_eq!(full.hits(), [(Rule::ConsumerStopped, Critical)]);
}

#[test]
fn somebody_reads_and_nothing_is_acked() {
    let stalled = || {
        case().polls(15, |c| {
            c.stored(2);
            c.deliver(1);
        })
    };
    assert_eq!(stalled().hits(), [(Rule::ConsumerStalled, Critical)]);
    // Full to max_ack_pending: that is why, and it is said once.
    let blocked = case().polls(15, |c| {
        c.stored(60);
        let room = 50 - c.c.ack_pending;
        c.deliver(room);
    });
    assert_eq!(blocked.hits(), [(Rule::ConsumerBlocked, Critical)]);
    let sentence = blocked.sentence(Rule::ConsumerBlocked);
    assert!(sentence.contains("50 messages are not acked") && sentence.contains("Nothing was acked"), "{sentence}");
    // Of it nothing was ever acked: that is why, and it is said once.
    let never = |change: fn(&mut Case)| {
        let mut never = case();
        never.c.ack_floor = crate::model::consumer::Position::default();
        never.c.delivered = crate::model::consumer::Position::default();
        change(&mut never);
        never.polls(14, |c| {
            c.stored(2);
            c.deliver(1);
        })
    };
    let young = never(|c| {
        c.c.created = Some(Timestamp::from_secs(0));
        c.c.config.ack_wait = Some(Duration::from_secs(60));
    });
    let never = never(|_| {});
    assert!(never.sentence(Rule::ConsumerNeverAcked).starts_with("It delivered 14 messages so far"));
    assert_eq!(never.hits(), [(Rule::ConsumerNeverAcked, Critical)]);
    // Too young to say never, and to say that it is too slow.
    assert_eq!(young.hits(), [(Rule::ConsumerStalled, Warning)]);
}

#[test]
fn slow_work_does_not_stand_still() {
    // All is delivered, and its clients may take a minute.
    let working = |change: fn(&mut Case)| {
        let mut case = case();
        case.c.config.ack_wait = Some(Duration::from_secs(60));
        case.polls(1, |c| {
            c.stored(3);
            c.deliver(3);
        })
        .polls(12, change)
    };
    assert_eq!(working(|_| {}).hits(), []);
    // After a restart the server does not know when.
    assert_eq!(working(|c| c.c.delivered.last_active = None).hits(), []);
    let stalled = [(Rule::ConsumerStalled, Critical)];
    // They took longer: the server delivers it again to the client that waits, which may refuse it.
    let again = |c: &mut Case| c.c.redelivered = 3;
    assert_eq!(working(again).polls(25, again).hits(), [(Rule::ConsumerStalled, Warning)]);
    // It did not deliver it again, so a client has put it off.
    assert_eq!(working(|_| {}).polls(40, |_| {}).hits(), []);
    // More waits behind it.
    let waited = working(|c| c.stored(1));
    assert_eq!(waited.hits(), [(Rule::ConsumerStalled, Warning)]);
    assert!(waited.sentence(Rule::ConsumerStalled).ends_with("It may be slow work: its ack wait, 1m, is not over."));
    let longer = |c: &mut Case| {
        c.stored(1);
        c.c.redelivered = 3;
    };
    assert_eq!(waited.polls(25, longer).hits(), stalled, "they took longer, and what waits behind it is not asked for");
    // One job at a time.
    let one = |times| {
        let mut case = case();
        case.c.config.max_ack_pending = Some(1);
        case.c.config.ack_wait = Some(Duration::from_secs(60));
        case.polls(1, |c| {
            c.stored(30);
            c.deliver(1);
        })
        .polls(times, |_| {})
    };
    assert_eq!(one(12).hits(), [(Rule::ConsumerBlocked, Warning)]);
    let sentence = one(12).sentence(Rule::ConsumerBlocked);
    assert!(sentence.ends_with("it may be slow work, since its ack wait, 1m, is not over."), "{sentence}");
    assert_eq!(one(30).polls(2, |c| c.c.redelivered = 1).hits(), [(Rule::ConsumerBlocked, Critical)], "it came again");
    assert_eq!(one(60).hits(), [(Rule::ConsumerBlocked, Warning)], "it did not, though a pull waits: it was put off");
    // One that asks only when it is done, and until then has no open pull.
    let asks_later = |times| one(0).polls(times, |c| c.c.waiting = 0);
    assert_eq!(asks_later(12).hits(), [(Rule::ConsumerStopped, Warning)]);
    assert!(asks_later(12).sentence(Rule::ConsumerStopped).ends_with("its ack wait, 1m, is not over."));
    assert_eq!(asks_later(32).hits(), [(Rule::ConsumerStopped, Critical)]);
    let last = |times| working(|c| c.c.waiting = 0).polls(times, |c| c.c.waiting = 0);
    assert_eq!(last(0).hits(), [], "it has all that there is");
    assert_eq!(last(25).hits(), [(Rule::ConsumerStopped, Critical)]);
}

#[test]
fn what_retention_takes_is_no_ack() {
    // Full to max_ack_pending; the stream drops the oldest, which the server counts as acked, and so makes room.
    let eaten = |acks: bool| {
        let mut case = case();
        (case.s.state.first_seq, case.c.delivered.stream_seq, case.c.ack_floor.stream_seq) = (101, 100, 100);
        case.polls(1, |c| c.stored(4_000)).polls(1, |c| c.deliver(50)).polls(12, move |c| {
            c.stored(20);
            c.s.state.first_seq += 20;
            c.s.state.messages -= 20;
            c.ack(20);
            if acks {
                // One behind the floor is acked too.
                c.c.ack_pending -= 1;
                c.deliver(1);
            }
            c.deliver(20);
        })
    };
    assert_eq!(eaten(false).hits(), [(Rule::ConsumerBlocked, Critical)]);
    let sentence = eaten(false).sentence(Rule::ConsumerBlocked);
    assert!(sentence.ends_with("what leaves is what its stream drops."), "{sentence}");
    assert!(!eaten(true).hits().contains(&(Rule::ConsumerBlocked, Critical)), "{:?}", eaten(true).hits());
}

#[test]
fn at_its_limit_and_working_is_a_notice() {
    let working = |acks: u64| {
        case().polls(1, |c| c.stored(100_000)).polls(1, |c| c.deliver(50)).polls(15, move |c| {
            c.ack(acks);
            c.deliver(acks);
        })
    };
    assert_eq!(working(20).hits(), [(Rule::ConsumerBlocked, Notice)]);
    assert!(working(20).sentence(Rule::ConsumerBlocked).ends_with("Acks arrive."));
    let now_and_then = case().polls(1, |c| c.stored(100_000)).polls(20, |c| {
        let n = if c.second % 4 == 0 { 50 - c.c.ack_pending } else { 0 };
        c.deliver(n);
        let acks = c.c.ack_pending / 2;
        if n == 0 {
            c.ack(acks);
        }
    });
    assert_eq!(now_and_then.hits(), []);
}

#[test]
fn falling_behind() {
    let behind = |readers: u64| {
        case().polls(15, move |c| {
            c.c.waiting = readers;
            c.stored(40);
            c.deliver(10);
            c.ack(10);
        })
    };
    assert_eq!(behind(1).hits(), [(Rule::ConsumerBehind, Warning)]);
    assert!(behind(1).sentence(Rule::ConsumerBehind).starts_with("It falls behind by 15/s"));
    // Who acks what he has and asks for no more.
    let finishing = case().polls(1, |c| c.stored(40)).polls(1, |c| c.deliver(40)).polls(15, |c| {
        c.c.waiting = 0;
        c.stored(10);
        c.ack(1);
    });
    assert_eq!(finishing.hits(), [(Rule::ConsumerNoReader, Warning)]);
}

#[test]
fn moved_paused_made_again() {
    let rewound = case().polls(12, |_| {}).polls(1, |c| {
        (c.c.ack_floor.stream_seq, c.c.delivered.stream_seq, c.c.pending) = (20, 20, 80);
    });
    assert_eq!(rewound.hits(), [(Rule::ConsumerRewound, Warning)]);
    let paused = case().polls(12, |c| {
        c.c.paused = true;
        c.stored(10);
    });
    assert_eq!(paused.hits(), [(Rule::ConsumerPaused, Notice)]);
    let again = |durable| {
        case().polls(3, |_| {}).polls(3, move |c| {
            c.c.created = Some(Timestamp::from_secs(5));
            c.c.config.durable = durable;
        })
    };
    assert_eq!(again(true).hits(), [(Rule::ConsumerRecreated, Notice)]);
    assert_eq!(again(false).hits(), []);
}
