//! Looking back: what is shown of an earlier time is what was known then.

use std::sync::Arc;
use std::time::Duration;

use jetscope::app::{App, Msg};
use jetscope::health::{Terms, consumer_health};
use jetscope::model::history::Change;
use jetscope::model::update::Listing;
use jetscope::model::{Advisory, AdvisoryKind, Catalog, Consumer, History, Link, Stream, Timestamp, Update};
use proptest::prelude::*;

use crate::common::world::{World, consumers, poll, start, streams};

fn after(second: i64) -> Timestamp {
    start().plus(Duration::from_secs(second.unsigned_abs()))
}

/// A console that was polled each second, and knows twelve minutes.
fn world(columns: u16, rows: u16) -> World {
    let mut world = World::new(columns, rows);
    go_on(&mut world, 5..720);
    world
}

fn go_on(world: &mut World, seconds: std::ops::Range<i64>) {
    for second in seconds {
        for update in poll(second) {
            world.send(Msg::Data(update));
        }
        world.send(Msg::Tick(after(second)));
    }
    world.send(Msg::Frame);
}

/// The numbers of everything, and what is said of the consumers.
fn told(catalog: &Catalog, at: Timestamp) -> Vec<String> {
    let terms = Terms::of(catalog, at);
    let mut out = Vec::new();
    for (name, entry) in &catalog.streams {
        let info = entry.info.as_ref().map(|i| (i.state.clone(), i.taken, i.created));
        out.push(format!("{name:?} {info:?} {:?} {:?}", entry.rate_in(), entry.consumers_gone));
        for (name, entry) in catalog.shelf(name).iter().flat_map(|shelf| &shelf.entries) {
            let info = entry.info.as_ref().map(|i| {
                let numbers = (i.pending, i.ack_pending, i.redelivered, i.waiting, i.push_bound, i.paused);
                (numbers, i.delivered, i.ack_floor.stream_seq, i.ack_floor.last_active, i.taken, i.created)
            });
            let mut health = consumer_health(entry, &terms);
            // Who leads a consumer's group is not kept.
            health.sentence.truncate(60);
            out.push(format!("  {name:?} {info:?} {:?} {:?} {health:?}", entry.outstanding, entry.paused));
        }
    }
    out
}

#[test]
fn an_earlier_time_is_what_was_known_then() {
    let mut world = World::new(120, 40);
    let mut known = vec![];
    for second in 5..720 {
        go_on(&mut world, second..second + 1);
        if second % 60 == 30 {
            known.push((after(second), told(world.app.live(), after(second))));
        }
    }
    for (at, then) in known {
        let past = world.app.past().at(at, world.app.live());
        assert_eq!(told(&past, at), then, "{at}");
    }
}

/// The console shows this time.
fn shows(app: &App) -> Option<String> {
    app.past_at().map(Timestamp::to_clock)
}

#[test]
fn two_keys_answer_what_it_looked_like_five_minutes_ago() {
    let mut world = world(80, 24);
    let now = world.screen();
    world.keys("f{");
    insta::assert_snapshot!("past_streams_80", world.screen());
    assert_eq!(shows(&world.app).as_deref(), Some("14:06:59"));
    // What comes meanwhile changes nothing but the age.
    let before = world.screen();
    go_on(&mut world, 720..730);
    let age = |text: &str| text.replace("5m10s", "AGE").replace("5m", "AGE");
    assert_eq!(age(&world.screen()), age(&before));
    assert!(world.screen().contains("5m10s ago, 14:06:59 UTC: live is 5m10s newer"), "{}", world.screen());
    // The side of things that is asked for goes on.
    assert_eq!(world.app.live().heard, Some(after(729)));
    world.keys("[[]");
    assert_eq!(shows(&world.app).as_deref(), Some("14:06:57"));
    world.keys("}");
    assert_eq!(shows(&world.app).as_deref(), Some("14:11:57"));
    world.keys("}");
    assert_eq!((shows(&world.app), world.app.frozen_at()), (None, None), "forward ends at now");
    world.keys("]");
    assert!(world.screen().contains("this is now; [ steps back"), "{}", world.screen());
    assert_ne!(world.screen(), now);
}

#[test]
fn every_list_and_detail_is_of_then() {
    let mut world = world(120, 40);
    world.keys(":at 14:05<enter>");
    let then = |world: &mut World, keys: &str, name: &str| {
        world.keys(keys);
        insta::assert_snapshot!(format!("past_{name}_120"), world.screen());
    };
    then(&mut world, "", "streams");
    then(&mut world, "/github<enter><enter>", "stream");
    then(&mut world, "<tab><tab><tab>", "configuration");
    then(&mut world, "<esc><esc>C", "consumers");
    then(&mut world, "<enter>", "consumer");
    // Esc closes what is open, then it is now.
    world.keys("<esc><esc>");
    assert_eq!(shows(&world.app).as_deref(), Some("14:05:00"));
    world.keys("<esc>");
    assert_eq!(shows(&world.app), None);
    world.keys("[f");
    assert_eq!(shows(&world.app), None);
    // The panel beside the list.
    let mut wide = self::world(200, 50);
    wide.keys("{");
    assert!(wide.screen().contains("messages   63,"), "{}", wide.screen());
}

#[test]
fn times_that_nothing_is_known_of_say_so() {
    let mut world = world(80, 24);
    world.keys(":at -2h<enter>");
    assert_eq!(shows(&world.app).as_deref(), Some("14:00:00"));
    assert!(world.screen().contains("nothing older than this is known"), "{}", world.screen());
    world.keys(":at yesterday<enter>");
    assert!(world.screen().contains("a time is -5m"), "{}", world.screen());
    world.keys(":at now<enter>");
    assert_eq!(shows(&world.app), None);
    let mut empty = World::unconnected(80, 24);
    empty.keys("[");
    assert!(empty.screen().contains("nothing is known of earlier yet"), "{}", empty.screen());
}

#[test]
fn what_is_sent_is_sent_now_and_screens_of_now_say_so() {
    let mut world = world(80, 24);
    world.keys("{R");
    assert!(world.screen().contains("returns to now, where events can be sent"), "{}", world.screen());
    world.keys("t");
    let banner = "this screen is of now; lists are of 14:06:59 UTC; :at now returns to now";
    assert!(world.screen().contains(banner), "{}", world.screen());
    world.keys("[");
    assert!(world.screen().contains("this screen is always of now"), "{}", world.screen());
    world.keys("<esc>/git<enter><enter><tab><tab>");
    assert!(world.screen().contains("this panel is of now"), "{}", world.screen());
}

#[test]
fn problems_and_advisories_are_of_then_too() {
    let mut world = world(120, 40);
    let tell = |world: &mut World, second, stream_seq| {
        let kind = AdvisoryKind::MaxDeliveries { stream_seq, deliveries: 5 };
        let (stream, consumer) = ("JOBS".to_owned(), Some("workers".to_owned()));
        let advisory = Advisory { time: after(second), stream, consumer, kind };
        world.send(Msg::Data(Update::Advisory(advisory)));
    };
    tell(&mut world, 300, 7);
    tell(&mut world, 700, 8);
    world.keys(":at 14:06<enter>7");
    let screen = world.screen();
    assert!(screen.contains("6m ago") || screen.contains("5m59s ago, 14:06:00 UTC: live is"), "{screen}");
    assert!(!screen.contains("is of now") && !screen.contains("≥0s"), "{screen}");
    world.keys("[");
    assert_eq!(shows(&world.app).as_deref(), Some("14:05:58"), "the time is stepped through here too");
    world.keys("8");
    let screen = world.screen();
    assert!(screen.contains("gave up on #7") && !screen.contains("gave up on #8"), "{screen}");
    assert!(screen.contains("until 14:05:58 UTC") && !screen.contains("is of now"), "{screen}");
    assert!(screen.contains("f now") && !screen.contains("f pause"), "{screen}");
    world.keys(":at 14:01<enter>");
    assert!(world.screen().contains("Nothing was told until 14:01:00 UTC"), "{}", world.screen());
    world.keys("<tab>");
    assert!(world.screen().contains("this panel is of now; lists are of 14:01:00"), "{}", world.screen());
    world.keys("<tab>f");
    assert_eq!(shows(&world.app), None);
    let screen = world.screen();
    assert!(screen.contains("gave up on #7") && screen.contains("gave up on #8"), "{screen}");
    assert!(screen.contains("● following"), "{screen}");
    world.keys("f");
    assert!(world.screen().contains("‖ paused"), "{}", world.screen());
}

#[test]
fn what_was_not_read_then_is_unknown_and_not_awaited() {
    let mut world = world(200, 50);
    world.keys("C");
    let lags = |world: &World| world.screen().lines().filter(|line| line.contains(" … ")).count();
    assert!(lags(&world) > 0, "{}", world.screen());
    world.keys("{");
    assert_eq!(lags(&world), 0, "{}", world.screen());
    assert!(world.screen().contains("was not read then"), "{}", world.screen());
}

#[test]
fn what_was_deleted_since_can_be_opened_and_is_not_asked_for() {
    let mut world = world(80, 24);
    let kept: Vec<_> = streams(720).into_iter().filter(|s| !s.name.contains("github")).collect();
    let listing = |items: Vec<Arc<Stream>>, second| Listing {
        started: after(second),
        taken: after(second),
        total: items.len() as u64,
        items,
        missing: vec![],
        offline: vec![],
        problem: None,
    };
    world.send(Msg::Data(Update::Streams(listing(kept, 720))));
    world.send(Msg::Tick(after(720)));
    world.keys("/github<enter>");
    assert!(!world.screen().contains("archive") && world.app.catalog().consumer_count() == 3);
    world.keys("{<enter>");
    assert!(world.screen().contains("messages   64,000"), "{}", world.screen());
    let asked = world.effects.iter().rev().find_map(|e| match e {
        jetscope::app::Effect::Watch(scope) => Some(scope.clone()),
        _ => None,
    });
    assert!(asked.is_some_and(|scope| scope.streams.is_empty() && scope.detail.is_none()));
    world.keys("f");
    assert!(world.screen().contains("does not exist (any more)"), "{}", world.screen());
}

#[test]
fn charts_have_a_cursor_with_the_exact_values_of_its_time() {
    for (columns, rows) in [(80, 24), (120, 40)] {
        let mut world = world(columns, rows);
        world.keys("/github<enter><enter>i<left><left><left><pageup>");
        insta::assert_snapshot!(format!("chart_cursor_stream_{columns}"), world.screen());
        let before = world.screen();
        go_on(&mut world, 720..725);
        // The numbers above go on, the charts stand still.
        let charts = |text: &str| text.lines().rev().skip(1).take(4).map(str::to_owned).collect::<Vec<_>>();
        assert_eq!(charts(&world.screen()), charts(&before));
        let mut world = self::world(columns, rows);
        world.keys("C<enter>i<home><right>-");
        insta::assert_snapshot!(format!("chart_cursor_consumer_{columns}"), world.screen());
    }
}

#[test]
fn from_the_cursor_everything_is_shown_as_it_was_then() {
    let mut world = world(80, 24);
    world.keys("/github<enter><enter>i<pageup><pageup><enter>");
    let at = shows(&world.app).expect("an earlier time");
    assert!(("14:06:00".."14:10:00").contains(&at.as_str()), "{at}");
    world.keys("<esc>");
    assert_eq!(world.app.screens.len(), 2, "Esc takes the cursor away first");
    world.keys("<right>");
    assert!(world.screen().contains("archive"), "without a cursor the arrows turn the panels");
    world.keys("i");
    assert!(world.screen().contains("charts stand in the overview"), "{}", world.screen());
}

/// What happens to one consumer before a poll.
#[derive(Clone, Copy, Debug)]
struct Poll {
    after: u64,
    pending: u64,
    acked: bool,
    waiting: u64,
    gone: bool,
}

fn any_poll() -> impl Strategy<Value = Poll> {
    let gone = prop::bool::weighted(0.05);
    (500_u64..4_000, 0_u64..5, any::<bool>(), 0_u64..3, gone).prop_map(|(after, pending, acked, waiting, gone)| Poll {
        after,
        pending,
        acked,
        waiting,
        gone,
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]
    #[test]
    fn any_time_is_what_was_known_then(polls in prop::collection::vec(any_poll(), 10..200), looks in prop::collection::vec(any::<prop::sample::Index>(), 5)) {
        let (mut catalog, mut past) = (Catalog::default(), History::default());
        let send = |catalog: &mut Catalog, past: &mut History, update: Update, now| {
            let change = Change::of(&update);
            catalog.apply(update);
            past.note(&change, catalog, now);
        };
        send(&mut catalog, &mut past, Update::Link(Link::Connected { since: start() }), start());
        let mut now = start();
        let mut known = Vec::new();
        let mut consumer = consumers("JOBS", 0)[0].as_ref().clone();
        for poll in polls {
            now = now.plus(Duration::from_millis(poll.after));
            let stream = Stream { taken: now, asked: now, ..streams(0)[0].as_ref().clone() };
            consumer = Consumer { taken: now, pending: poll.pending, waiting: poll.waiting, ..consumer };
            if poll.acked {
                consumer.ack_floor.stream_seq += 1;
                consumer.ack_floor.last_active = Some(now);
            }
            let update = if poll.gone {
                Update::ConsumerGone("JOBS".into(), "workers".into(), now)
            } else {
                Update::Consumer(Arc::new(consumer.clone()))
            };
            send(&mut catalog, &mut past, update, now);
            send(&mut catalog, &mut past, Update::Stream(Arc::new(stream)), now);
            let then = catalog.consumer("JOBS", "workers").and_then(|e| e.info.clone());
            known.push((now, then));
        }
        for look in looks {
            let (at, then) = look.get(&known);
            let seen = past.at(*at, &catalog);
            let info = seen.consumer("JOBS", "workers").and_then(|e| e.info.clone());
            let numbers = |c: &Arc<Consumer>| (c.pending, c.waiting, c.delivered, c.ack_floor.stream_seq, c.created);
            prop_assert_eq!(info.as_ref().map(numbers), then.as_ref().map(numbers));
            // Of what stays the same only the first and the last time are exact.
            if let (Some(info), Some(then)) = (info, then) {
                prop_assert!(info.taken <= *at && at.since(info.taken) < Duration::from_secs(8), "{} {}", info.taken, then.taken);
            }
        }
    }
}
