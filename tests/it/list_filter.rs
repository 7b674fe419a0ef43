//! What is typed behind `/` is what is selected: the key that comes next works on the row that was meant.

use std::sync::Arc;

use jetscope::app::{Msg, Screen};
use jetscope::model::request::{Act, Outcome};
use jetscope::model::{Advisory, AdvisoryKind, Consumer, Request, Stream, Update};
use proptest::prelude::*;
use ratatui::buffer::Cell;
use ratatui::style::Modifier;

use crate::common::world::{World, listing, start};

/// A console that knows these streams and their consumers, and nothing else.
fn console(columns: u16, consumers: &[(String, String)]) -> World {
    let mut world = World::unconnected(columns, 50);
    let mut names: Vec<&str> = consumers.iter().map(|(stream, _)| stream.as_str()).collect();
    names.sort_unstable();
    names.dedup();
    let streams = names.iter().map(|name| {
        let mut stream = Stream { name: (*name).into(), taken: start(), asked: start(), ..Default::default() };
        stream.state.consumers = 1;
        Arc::new(stream)
    });
    world.send(Msg::Data(Update::Streams(listing(streams.collect(), 0))));
    for name in &names {
        let of = consumers.iter().filter(|(stream, _)| stream == name).map(|(stream, name)| {
            Arc::new(Consumer { stream: stream.clone(), name: name.clone(), taken: start(), ..Default::default() })
        });
        world.send(Msg::Data(Update::Consumers((*name).into(), listing(of.collect(), 0))));
    }
    world.send(Msg::Data(Update::ConsumersSwept { taken: start(), failed: None }));
    world.send(Msg::Frame);
    world
}

/// The row of the cursor as it is on screen, and the part of it that is marked as found.
fn under_cursor(world: &World) -> (String, String) {
    let terminal = world.drawn();
    let buffer = terminal.backend().buffer();
    let is_on = |y: u16| buffer[(2, y)].modifier.contains(Modifier::REVERSED);
    let y = (3..buffer.area.height - 1).find(|y| is_on(*y)).expect("a cursor");
    let cells = (0..buffer.area.width).map(|x| &buffer[(x, y)]);
    let row: String = cells.clone().map(Cell::symbol).collect();
    let matched = jetscope::ui::Theme::default().matched;
    let is_found = |cell: &&Cell| Some(cell.fg) == matched.fg && cell.modifier.contains(Modifier::BOLD);
    let found = cells.filter(is_found).map(Cell::symbol).collect();
    (row, found)
}

fn pairs(list: &[(&str, &str)]) -> Vec<(String, String)> {
    list.iter().map(|(stream, name)| ((*stream).to_owned(), (*name).to_owned())).collect()
}

/// Streams of one naming scheme, in whose long names the letters of nearly everything occur.
fn scheme() -> Vec<(String, String)> {
    pairs(&[
        ("eventsource-erp-stream", "bookkeeping"),
        ("eventsource-github-archive-stream", "nightly"),
        ("eventsource-github-stream", "archive"),
        ("eventsource-github-stream", "siem"),
        ("eventsource-github-stream", "siem-eu"),
        ("eventsource-github-stream", "webhook-relay"),
        ("eventsource-shop-stream", "my-siem"),
        ("eventsource-shop-stream", "shop-mailer"),
    ])
}

#[test]
fn the_best_row_is_under_the_cursor_as_it_is_typed() {
    for (keys, consumer) in [
        ("C/siem", "siem"),
        ("C/siem<enter>", "siem"),
        ("C/siem-", "siem-eu"),
        ("C/webh<enter>/siem<enter>", "siem"),
        // No row contains it: those that have its letters.
        ("C/shpml<enter>", "shop-mailer"),
        // The name counts for more than that of the stream.
        ("C/archive<enter>", "archive"),
        // Walking while it is typed stays as it is.
        ("C/siem<down><enter>", "siem-eu"),
    ] {
        let mut world = console(120, &scheme());
        world.keys(keys);
        let Some(Screen::Consumers(screen)) = world.app.screen() else { panic!("no consumers") };
        assert_eq!(screen.table.selected().map(|(_, name)| name.as_str()), Some(consumer), "{keys}");
    }
    for (keys, stream) in [("/erp<enter>", "erp"), ("/shop<enter>", "shop"), ("/github<enter>", "github")] {
        let mut world = console(120, &scheme());
        world.keys(keys);
        let Some(Screen::Streams(screen)) = world.app.screen() else { panic!("no streams") };
        assert_eq!(screen.table.selected().cloned(), Some(format!("eventsource-{stream}-stream")), "{keys}");
    }
}

#[test]
fn what_is_typed_and_given_up_leaves_the_cursor_where_it_was() {
    let mut world = console(120, &scheme());
    world.keys("Cjjj");
    let before = under_cursor(&world).0;
    world.keys("/book");
    assert_ne!(under_cursor(&world).0, before);
    assert_eq!(under_cursor(world.keys("<esc>")).0, before);
    // What was kept is worked with: clearing the filter later moves nothing.
    let kept = under_cursor(world.keys("/book<enter>")).0;
    assert_eq!(under_cursor(world.keys("<esc>")).0, kept);
}

#[test]
fn when_the_selected_row_is_gone_the_best_of_the_others_is_selected() {
    let mut world = console(120, &scheme());
    world.keys("C/siem<enter>");
    let later = start().plus(std::time::Duration::from_secs(1));
    let rest = scheme().into_iter().filter(|(stream, name)| stream.contains("github-stream") && name != "siem");
    let rest: Vec<_> =
        rest.map(|(stream, name)| Arc::new(Consumer { stream, name, taken: later, ..Default::default() })).collect();
    world.send(Msg::Data(Update::Consumers("eventsource-github-stream".into(), listing(rest, 1))));
    world.send(Msg::Tick(start().plus(std::time::Duration::from_secs(10))));
    world.send(Msg::Frame);
    let row = under_cursor(&world).0;
    assert!(row.contains("siem-eu"), "{row}");
}

#[test]
fn a_long_name_that_alone_has_what_was_typed_is_shown() {
    for columns in [60, 80, 200] {
        let mut world = console(columns, &scheme());
        world.keys("/b-stream<enter>");
        let (row, found) = under_cursor(&world);
        assert!(row.contains("ithub-stream") && found == "b-stream", "{columns}: {row}");
        world.keys("C/b-stream<enter>");
        let (row, found) = under_cursor(&world);
        assert!(row.contains("b-stream") && found == "b-stream", "{columns}: {row}");
    }
    let mut world = console(80, &scheme());
    let (row, found) = under_cursor(world.keys("/hub<enter>"));
    assert!(row.contains(" github ") && found == "hub", "{row}");
}

#[test]
fn it_is_said_that_no_row_contains_what_was_typed() {
    let mut world = console(120, &scheme());
    let shown = world.keys("/gthb<enter>").screen();
    assert!(shown.contains("no row contains it; similar to /gthb"), "{shown}");
    for keys in ["/github<enter>", "/zzz<enter>"] {
        assert!(!world.keys(keys).screen().contains("similar to"), "{keys}");
    }
}

/// A console that was told of leaders of these streams, in this order, and asked about the last of them.
fn told(columns: u16, streams: &[&str]) -> World {
    let mut world = World::unconnected(columns, 24);
    for (second, stream) in streams.iter().enumerate() {
        let time = start().plus(std::time::Duration::from_secs(second as u64));
        let kind = AdvisoryKind::StreamLeaderElected { leader: Some("n2".into()) };
        let advisory = Advisory { time, stream: (*stream).into(), consumer: None, kind };
        world.send(Msg::Data(Update::Advisory(advisory)));
    }
    let request = Request {
        at: start(),
        act: Act::Ask,
        subject: format!("$JS.API.STREAM.INFO.{}", streams.last().unwrap()).into(),
        prefix: "$JS.API".len(),
        body: bytes::Bytes::new(),
        took: None,
        reply: Some(12),
        outcome: Outcome::Done,
        context: None,
    };
    world.send(Msg::Data(Update::Requests(vec![request], 0)));
    world.send(Msg::Frame);
    world.keys("8");
    world
}

#[test]
fn the_activity_is_filtered_as_lists_are() {
    let streams = ["eventsource-erp-stream", "eventsource-github-stream", "eventsource-shop-stream", "mail"];
    for columns in [80, 120] {
        // Letters that occur one by one in the others are not what was typed.
        let mut world = told(columns, &streams);
        let (row, found) = under_cursor(world.keys("/erp<enter>"));
        assert!(row.contains("stream erp") && found == "erp", "{columns}: {row}");
        assert!(!world.screen().contains("stream shop"), "{}", world.screen());
        // What only the whole name has is shown where it was found.
        let mut world = told(columns, &streams);
        let (row, found) = under_cursor(world.keys("/b-stream<enter>"));
        assert!(row.contains("github-stream") && found == "b-stream", "{columns}: {row}");
        // What fits nowhere as it stands is looked for letter by letter, and that is said.
        let mut world = told(columns, &streams);
        let (row, _) = under_cursor(world.keys("/gthb<enter>"));
        assert!(row.contains("github"), "{row}");
        assert!(world.screen().contains("no row contains it; similar to /gthb"), "{}", world.screen());
        // The best is under the cursor, the newest of several; giving up goes back.
        let mut world = told(columns, &["eur", "mail", "neur", "eurx"]);
        let before = under_cursor(&world).0;
        let (row, found) = under_cursor(world.keys("/eur"));
        assert!(row.contains("stream eurx") && found == "eur", "{row}");
        assert_eq!(under_cursor(world.keys("<esc>")).0, before);
        // A command that the row has no room for is shown where it alone has it.
        let mut world = told(columns, &streams);
        let (row, found) = under_cursor(world.keys("<tab>/nats stream info<enter>"));
        assert!(row.contains("nats stream info") && found.contains("nats"), "{columns}: {row} {found}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, ..ProptestConfig::default() })]

    #[test]
    fn the_row_under_the_cursor_has_what_was_typed_whenever_any_row_has(
        names in prop::collection::vec(("(eventsource-[a-d]{1,3}-stream|[a-e]{1,4})", "[a-e]{1,3}(-[a-e]{1,3})?"), 1..24),
        needle in "[a-e]{1,3}",
        walked in 0_usize..24,
    ) {
        let mut world = console(200, &names);
        let walk = "j".repeat(walked);
        let label = |stream: &str| {
            stream.strip_prefix("eventsource-").and_then(|s| s.strip_suffix("-stream")).unwrap_or(stream).to_owned()
        };
        world.keys(&format!("{walk}/{needle}<enter>"));
        if names.iter().any(|(stream, _)| stream.contains(&needle)) {
            let row = under_cursor(&world).0;
            prop_assert!(row.contains(&needle), "/{}: {}", needle, row);
            if names.iter().any(|(stream, _)| label(stream) == needle) {
                prop_assert!(row.contains(&format!(" {needle} ")), "/{}: {}", needle, row);
            }
        }
        world.keys(&format!("<esc>C{walk}/{needle}<enter>"));
        if names.iter().any(|(stream, name)| stream.contains(&needle) || name.contains(&needle)) {
            let row = under_cursor(&world).0;
            prop_assert!(row.contains(&needle), "/{}: {}", needle, row);
            if names.iter().any(|(_, name)| *name == needle) {
                prop_assert!(row.contains(&format!(" {needle} ")), "/{}: {}", needle, row);
            }
        }
    }
}
