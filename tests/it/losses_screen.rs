//! What a consumer loses can be read on a small screen: how much, and how fast.

use std::sync::Arc;
use std::time::Duration;

use jetscope::app::Msg;
use jetscope::model::lag::{Lag, Stored};
use jetscope::model::{Consumer, Stream, Timestamp, Update};

use crate::common::world::{World, listing, start};

fn at(second: u64) -> Timestamp {
    start().plus(Duration::from_secs(second))
}

/// A console that watched for 40 s how a full log drops 98 messages a second that nobody has read.
fn losing(columns: u16, change: impl Fn(&mut Consumer)) -> World {
    let mut world = World::unconnected(columns, 24);
    for second in (0..=40).step_by(2) {
        let mut c = Consumer {
            stream: "eventsource-github-stream".into(),
            name: "webhook-relay-eu".into(),
            taken: at(second),
            ..Default::default()
        };
        c.created = Some(start().minus(Duration::from_secs(9_000)));
        (c.delivered.stream_seq, c.ack_floor.stream_seq, c.delivered.consumer_seq) = (200, 200, 200);
        c.pending = 10_000;
        change(&mut c);
        let (stream, second) = (c.stream.clone(), second as i64);
        world.send(Msg::Data(Update::Consumers(stream.clone(), listing(vec![Arc::new(c)], second))));
        let (taken, asked) = (at(second as u64), at(second as u64));
        let mut s = Stream { name: stream, taken, asked, ..Default::default() };
        s.state.consumers = 1;
        s.state.first_seq = 42_374 + 98 * second as u64;
        (s.state.last_seq, s.state.messages) = (s.state.first_seq + 9_999, 10_000);
        s.config.limits.max_msgs = Some(10_000);
        world.send(Msg::Data(Update::Streams(listing(vec![Arc::new(s)], second))));
        world.send(Msg::Data(Update::ConsumersSwept { taken, failed: None }));
        // Its oldest message is the first that the full log drops next.
        let oldest = Some(Stored { seq: 42_374 + 98 * second as u64, time: at(0) });
        let lag = Lag { oldest, delivered: None, taken };
        let (stream, name) = ("eventsource-github-stream".into(), "webhook-relay-eu".into());
        world.send(Msg::Data(Update::Lag(stream, name, lag)));
        world.send(Msg::Tick(at(second as u64)));
    }
    world.send(Msg::Frame);
    world
}

fn row(world: &World) -> String {
    let screen = world.screen();
    screen.lines().find(|line| line.contains("webhook-relay-eu")).unwrap_or(&screen).to_owned()
}

#[test]
fn what_is_lost_and_how_fast_is_whole_at_80_columns() {
    for (columns, keys) in [(80, "C"), (80, "<enter><tab>"), (120, "C")] {
        let mut world = losing(columns, |_| {});
        world.keys(keys);
        let row = row(&world);
        assert!(row.contains("STOPPED LOST<=46k") && row.contains("98/s"), "{columns}: {row}");
    }
    let mut world = losing(80, |c| (c.config.max_deliver, c.redelivered) = (Some(3), 614));
    let row = row(world.keys("C"));
    assert!(row.contains("DEAD LOST<=46k 98/s") || row.contains("STOPPED LOST<=46k 98/s"), "{row}");
    let mut narrow = losing(60, |_| {});
    let row = self::row(narrow.keys("C"));
    assert!(row.contains("LOST<=46k 98/s"), "{row}");
}

#[test]
fn what_is_being_lost_is_not_lost_in_0s() {
    for columns in [80, 120] {
        let mut world = losing(columns, |_| {});
        let screen = world.keys("C<enter>").screen();
        let fact = screen.lines().find(|line| line.contains("losing")).unwrap_or_else(|| panic!("{screen}"));
        assert!(fact.contains("now, up to 98/s"), "{fact}");
        assert!(!screen.contains("0s by ") && !screen.contains("in 0s") && !screen.contains(" 0s ago"), "{screen}");
    }
}
