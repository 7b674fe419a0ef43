//! Keys in, screen out: each screen at the sizes that people use.

use jetscope::app::{Effect, Msg};
use jetscope::model::update::{Ask, Listing};
use jetscope::model::{Link, Problem, ProblemKind, Update};

use crate::common::world::{World, listing, many_consumers, start};

/// Compares the screen after these keys with its snapshot.
macro_rules! shows {
    ($name:literal, $columns:literal x $rows:literal, $keys:literal) => {{
        let mut world = World::new($columns, $rows);
        world.keys($keys);
        insta::assert_snapshot!(concat!($name, "_", stringify!($columns)), world.screen());
    }};
}

#[test]
fn streams() {
    shows!("streams", 60 x 20, "");
    shows!("streams", 80 x 24, "");
    shows!("streams", 120 x 40, "");
    shows!("streams", 200 x 50, "");
}

#[test]
fn streams_sorted_filtered_ungrouped() {
    shows!("streams_by_messages", 80 x 24, "bss");
    shows!("streams_filtered", 80 x 24, "/gith");
    shows!("streams_no_match", 80 x 24, "/zzzz<enter>");
    shows!("streams_problems", 80 x 24, "!");
    shows!("streams_system", 80 x 24, "a");
}

#[test]
fn stream_panels() {
    shows!("stream_overview", 80 x 24, "/github<enter><enter>");
    shows!("stream_overview", 200 x 50, "/github<enter><enter>");
    shows!("stream_consumers", 80 x 24, "/github<enter>c");
    shows!("stream_subjects", 80 x 24, "/github<enter><enter><tab><tab>");
    shows!("stream_configuration", 80 x 24, "/github<enter><enter><tab><tab><tab>");
    shows!("stream_cluster", 80 x 24, "/github<enter><enter><backtab>");
}

#[test]
fn of_very_many_consumers_the_worst_are_shown_beside_their_stream() {
    const NAME: &str = "eventsource-github-stream";
    let mut world = World::new(200, 50);
    world.keys("/github<enter>");
    for second in 5..8 {
        let all = listing(many_consumers(NAME, second, 3_000), second);
        world.send(Msg::Data(Update::Consumers(NAME.into(), all)));
    }
    world.send(Msg::Tick(start().plus(std::time::Duration::from_secs(8))));
    // Down to a mirror that nobody reads, and back.
    let beside = world.keys("j").screen();
    assert!(beside.contains("│ mirror-of-github") && !beside.contains("│ consumers"), "{beside}");
    for shown in [world.keys("k").screen(), world.keys("<enter>").screen()] {
        let lines: Vec<&str> = shown.lines().collect();
        // The heading, and not the number of them among the facts.
        let heads = |line: &&str| line.split("  ").any(|part| part.trim_matches([' ', '│']) == "consumers");
        let at = lines.iter().rposition(heads).unwrap();
        assert!(lines[at + 1].contains("archive"), "{shown}");
        let first = lines.iter().position(|line| line.contains(" c00000")).unwrap();
        assert!(first > at, "{shown}");
        let more = lines[first..].iter().find_map(|line| line.split("and ").nth(1)).unwrap();
        let more: usize = more.split(' ').next().unwrap().parse().unwrap();
        let listed = lines[at..].iter().take_while(|line| !line.contains("more")).count() - 1;
        assert_eq!(more + listed, 3_003, "{shown}");
    }
}

#[test]
fn nothing_is_drawn_in_a_colour_that_some_palettes_hide() {
    use ratatui::style::Color;
    for keys in [
        "",
        "!",
        "/gith",
        ":",
        "<enter>",
        "<enter><tab><tab>",
        "C",
        "C<enter>",
        "x",
        "6",
        "7",
        "8",
        "?",
        "t",
        "RG",
        "i",
    ] {
        let mut world = World::new(120, 40);
        world.keys(keys);
        let terminal = world.drawn();
        let buffer = terminal.backend().buffer();
        let hidden = buffer.content.iter().find(|cell| matches!(cell.fg, Color::DarkGray | Color::Blue | Color::Black));
        assert!(hidden.is_none(), "{keys:?}: {hidden:?}");
    }
}

#[test]
fn an_address_that_is_not_the_context_s_own_is_what_is_shown() {
    let mut world = World::configured(80, 24, |session| {
        session.context = None;
        session.servers = "127.0.0.1:14600".into();
    });
    let context = jetscope::app::ContextRow {
        name: "prod".into(),
        selected: true,
        servers: "nats://n1:4222".into(),
        ..jetscope::app::ContextRow::default()
    };
    world.keys("x");
    world.send(Msg::Contexts(Ok(vec![context])));
    world.send(Msg::Frame);
    let shown = world.screen();
    let (header, row) = (shown.lines().next().unwrap(), shown.lines().find(|line| line.contains("n1:4222")).unwrap());
    assert!(header.starts_with(" 127.0.0.1:14600 ") && !header.contains("prod"), "{shown}");
    assert!(!row.contains('●'), "{shown}");
}

#[test]
fn consumers() {
    shows!("consumers", 60 x 20, "C");
    shows!("consumers", 80 x 24, "C");
    shows!("consumers", 200 x 50, "C");
    shows!("consumer", 80 x 24, "C<enter>");
    shows!("consumer", 120 x 40, "C<enter>");
}

#[test]
fn help_and_command_line() {
    shows!("help", 80 x 24, "?");
    shows!("command", 80 x 24, ":str");
    shows!("command_wrong", 80 x 24, ":stremas<enter>");
}

#[test]
fn before_anything_is_known() {
    let world = World::unconnected(80, 24);
    insta::assert_snapshot!("loading", world.screen());
    let mut world = World::unconnected(80, 24);
    world.send(Msg::Data(Update::Link(Link::Connecting {
        attempt: 2,
        since: start(),
        reason: Some("127.0.0.1:4222 refused the connection; is the server running?".into()),
    })));
    insta::assert_snapshot!("connecting", world.screen());
}

#[test]
fn a_lost_link_keeps_the_data_and_says_since_when() {
    let mut world = World::new(80, 24);
    let later = start().plus(std::time::Duration::from_secs(30));
    world.send(Msg::Data(Update::Link(Link::Lost {
        attempt: 3,
        since: start(),
        reason: Some("the server closed the connection".into()),
    })));
    world.send(Msg::Tick(later));
    world.send(Msg::Frame);
    insta::assert_snapshot!("lost", world.screen());
}

#[test]
fn partial_and_denied_look_different_from_empty() {
    let mut world = World::new(80, 24);
    let at = start().plus(std::time::Duration::from_secs(6));
    let mut items = crate::common::world::streams(6);
    items.retain(|s| s.name != "JOBS" && s.name != "audit");
    let listing = Listing {
        started: at,
        taken: at,
        total: 8,
        items,
        missing: vec!["JOBS".into(), "never-seen".into()],
        offline: vec![("audit".into(), "no quorum".into())],
        problem: None,
    };
    world.send(Msg::Data(Update::Streams(listing)));
    world.send(Msg::Frame);
    insta::assert_snapshot!("partial", world.screen());

    let mut world = World::unconnected(80, 24);
    world.send(Msg::Data(Update::Link(Link::Connected { since: start() })));
    let denied = Problem::new(
        ProblemKind::Denied { subject: "$JS.API.STREAM.LIST".into() },
        "the list of streams: no permission to publish to $JS.API.STREAM.LIST; ask for it to be allowed for this user",
    );
    world.send(Msg::Data(Update::Failed(Ask::Streams, denied, start())));
    world.send(Msg::Frame);
    insta::assert_snapshot!("denied", world.screen());
}

#[test]
fn nothing_hostile_reaches_the_terminal() {
    for keys in ["", "G<enter>", "G<enter><tab><tab><tab>", "C", "/dash<enter>", "C/dash<enter><enter>"] {
        let mut world = World::new(120, 40);
        world.keys(keys);
        for cell in world.drawn().backend().buffer().content() {
            for c in cell.symbol().chars() {
                assert!(
                    !c.is_control() && !matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'),
                    "{keys}: {c:?}"
                );
            }
        }
    }
}

#[test]
fn every_size_draws_without_a_panic() {
    for columns in [1, 10, 39, 40, 60, 80, 149, 150, 250] {
        for rows in [1, 2, 7, 8, 20, 24, 70] {
            for keys in ["", "C", "<enter>", "C<enter>", "?", ":s", "/x"] {
                let mut world = World::new(columns, rows);
                world.keys(keys);
                let _ = world.screen();
            }
        }
    }
}

#[test]
fn what_is_on_screen_is_what_is_polled() {
    let mut world = World::new(80, 24);
    let Some(Effect::Watch(scope)) = world.effects.iter().rev().find(|e| matches!(e, Effect::Watch(_))) else {
        panic!("nothing is watched");
    };
    assert!(scope.streams.contains(&"eventsource-github-stream".to_owned()));
    assert!(!scope.streams.contains(&"KV_settings".to_owned()), "hidden streams are not polled often");
    world.effects.clear();
    world.keys("C");
    assert!(world.effects.iter().any(|e| matches!(e, Effect::Watch(s) if s.all_consumers)));
}
