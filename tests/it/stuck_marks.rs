//! Hundreds of messages that a consumer gave up on: marked at once, kept while others come, and sent again.

use std::sync::Arc;

use jetscope::app::stuck::How;
use jetscope::app::{Msg, Screen, StuckScreen, What};
use jetscope::model::{Advisory, AdvisoryKind, Consumer, Stream, Update};

use crate::common::world::{World, consumers, start, streams};

const STREAM: &str = "eventsource-github-stream";

fn tell(world: &mut World, kind: AdvisoryKind) {
    let advisory = Advisory { time: start(), stream: STREAM.into(), consumer: Some("archive".into()), kind };
    world.send(Msg::Data(Update::Advisory(advisory)));
}

fn give_up(world: &mut World, seqs: std::ops::RangeInclusive<u64>) {
    for stream_seq in seqs {
        tell(world, AdvisoryKind::MaxDeliveries { stream_seq, deliveries: 5 });
    }
    world.send(Msg::Frame);
}

/// The consumer `archive` as a poll finds it.
fn consumer(world: &mut World, change: impl Fn(&mut Consumer)) {
    let mut changed: Consumer = (*consumers(STREAM, 5)[0]).clone();
    assert_eq!(changed.name, "archive");
    changed.config.max_deliver = Some(5);
    change(&mut changed);
    let mut stream: Stream = (**streams(5).iter().find(|s| s.name == STREAM).expect("the stream")).clone();
    stream.state.first_seq = 101;
    world.send(Msg::Data(Update::Stream(Arc::new(stream))));
    world.send(Msg::Data(Update::Consumer(Arc::new(changed))));
    world.send(Msg::Frame);
}

/// A consumer that gave up on 700 messages while the console listened.
fn world() -> World {
    let mut world = World::new(120, 40);
    consumer(&mut world, |c| {
        (c.ack_floor.stream_seq, c.delivered.stream_seq) = (900, 1_000);
        (c.ack_pending, c.redelivered) = (0, 700);
    });
    give_up(&mut world, 101..=800);
    world.keys("C/archive<enter>");
    world
}

fn stuck(world: &World) -> &StuckScreen {
    match world.app.screen() {
        Some(Screen::Stuck(screen)) => screen,
        _ => panic!("no stuck messages are shown\n{}", world.screen()),
    }
}

fn marks(world: &World) -> Vec<u64> {
    stuck(world).table.marks.iter().copied().collect()
}

fn wanted(world: &World) -> &What {
    match world.app.screen() {
        Some(Screen::ReplayForm(form)) => &form.wish.what,
        _ => panic!("no form is shown\n{}", world.screen()),
    }
}

#[test]
fn all_that_are_shown_are_marked_at_once_and_sent_again() {
    let mut world = world();
    world.keys("P*");
    assert_eq!(marks(&world), (101..=800).collect::<Vec<_>>());
    assert!(world.screen().contains("Stuck messages of archive (700 marked)"), "{}", world.screen());
    world.keys("R");
    let all = (101..=800).map(|seq| (STREAM.to_owned(), seq)).collect();
    assert_eq!(*wanted(&world), What::Marked(all));
    // Again takes them away; of a filtered list only what is shown is marked.
    world.keys("<esc>A");
    assert!(marks(&world).is_empty());
    world.keys("/#79<enter>*");
    assert_eq!(marks(&world), (790..=799).collect::<Vec<_>>());
}

#[test]
fn a_range_is_marked_from_the_nearest_mark() {
    let mut world = world();
    world.keys("Pgv");
    assert!(world.screen().contains("mark one end of the range first"), "{}", world.screen());
    world.keys("g<down><space>Gv");
    assert_eq!(marks(&world), (102..=800).collect::<Vec<_>>());
    // Upwards too, where no mark stands above.
    world.keys("*A");
    assert!(marks(&world).is_empty());
    world.keys("g<down><down><space>gv");
    assert_eq!(marks(&world), [101, 102, 103]);
}

#[test]
fn what_is_marked_stays_while_others_come_and_go() {
    let mut world = world();
    tell(&mut world, AdvisoryKind::Nak { stream_seq: 950, deliveries: 2 });
    world.send(Msg::Frame);
    world.keys("Pg<space><space>G<space>");
    assert_eq!(marks(&world), [101, 102, 950]);
    // Far more than are kept: the oldest go, but not those with a mark.
    give_up(&mut world, 2_001..=5_000);
    let screen = stuck(&world);
    assert!(!screen.rows.contains_key(&103), "the oldest without a mark is gone");
    assert_eq!(screen.rows[&101].how, How::GaveUp);
    assert_eq!(marks(&world), [101, 102, 950]);
    // What was refused was acked since: it stays in the list, but is not called stuck.
    consumer(&mut world, |c| {
        (c.ack_floor.stream_seq, c.delivered.stream_seq, c.ack_pending) = (6_000, 6_000, 0);
    });
    assert_eq!(stuck(&world).rows[&950].how, How::Settled);
    world.keys("g<space>");
    world.send(Msg::Frame);
    assert_eq!(marks(&world), [102, 950]);
    assert!(!stuck(&world).rows.contains_key(&101), "without its mark it goes");
}

#[test]
fn all_that_a_consumer_gave_up_on_can_be_sent_again() {
    let mut world = world();
    world.keys("R");
    assert!(world.screen().contains("publish what it gave up on"), "{}", world.screen());
    assert!(world.screen().contains("700 known here"), "{}", world.screen());
    world.keys("g");
    assert_eq!(*wanted(&world), What::GivenUp(STREAM.into(), "archive".into(), (101..=800).collect()));
    // More than the console was told of: it says how many are missing.
    world.keys("<esc>");
    consumer(&mut world, |c| (c.ack_pending, c.redelivered) = (0, 1_500));
    world.keys("R");
    assert!(world.screen().contains("700 of at least 1,500 known here"), "{}", world.screen());
    world.keys("g");
    assert!(world.screen().contains("700 of at least 1,500 given up"), "{}", world.screen());
}

#[test]
fn what_was_given_up_before_the_console_listened_is_not_made_up() {
    let mut world = World::new(120, 40);
    consumer(&mut world, |c| (c.ack_pending, c.redelivered) = (0, 12));
    world.keys("C/archive<enter>R");
    assert!(world.screen().contains("0 of at least 12 known here"), "{}", world.screen());
    world.keys("g");
    assert!(world.screen().contains("none is known here"), "{}", world.screen());
    let mut world = World::new(120, 40);
    consumer(&mut world, |c| (c.ack_pending, c.redelivered) = (3, 3));
    world.keys("C/archive<enter>R");
    assert!(!world.screen().contains("gave up on"), "{}", world.screen());
}
