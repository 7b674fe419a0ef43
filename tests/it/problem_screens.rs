//! The Problems screen: keys in, screen out; and what findings do to the other screens.

use std::sync::Arc;
use std::time::Duration;

use jetscope::app::{Effect, Msg, Screen};
use jetscope::model::thresholds::{Silence, Target, Threshold};
use jetscope::model::{Rule, Update};

use crate::common::world::{World, poll, start, streams};

/// Compares the screen after these keys with its snapshot.
macro_rules! shows {
    ($name:literal, $columns:literal x $rows:literal, $keys:literal) => {{
        let mut world = World::new($columns, $rows);
        world.keys($keys);
        insta::assert_snapshot!(concat!($name, "_", stringify!($columns)), world.screen());
    }};
}

fn silence(rule: Option<Rule>, stream: Option<&str>) -> Silence {
    Silence {
        rule,
        target: Target { stream: stream.map(str::to_owned), consumer: None },
        reason: Some("known, and meant so".into()),
    }
}

/// Polls on, as the world would be these many seconds after the start.
fn poll_until(world: &mut World, seconds: std::ops::Range<i64>) {
    for second in seconds {
        for update in poll(second) {
            world.send(Msg::Data(update));
        }
        world.send(Msg::Tick(start().plus(Duration::from_secs(second as u64))));
        world.send(Msg::Frame);
    }
}

/// The rows of the list alone.
fn rows(world: &World) -> Vec<String> {
    let screen = world.screen();
    screen.lines().skip(3).take_while(|line| !line.starts_with('─')).map(|line| line.trim().to_owned()).collect()
}

fn copied(world: &World) -> String {
    let copied = world.effects.iter().rev().find_map(|effect| match effect {
        Effect::Copy { text, .. } => Some(text.clone()),
        _ => None,
    });
    copied.expect("something was copied")
}

#[test]
fn problems() {
    shows!("problems", 60 x 20, "7");
    shows!("problems", 80 x 24, "7");
    shows!("problems_finding", 80 x 24, "7j");
    shows!("problems_finding", 200 x 50, "7j");
    shows!("problems_whole", 80 x 24, "7j<tab>");
    shows!("problems_filtered", 80 x 24, "7/github<enter>");
    shows!("problems_only", 80 x 24, "7!");
}

#[test]
fn what_is_silenced_is_counted_and_shown_when_asked() {
    let mut world = World::configured(80, 24, |session| {
        session.thresholds.silences =
            vec![silence(Some(Rule::StreamNoLimits), None), silence(None, Some("eventsource-github-*"))];
    });
    world.keys("7");
    let screen = world.screen();
    assert!(screen.contains("6 silenced hidden (Z)") && !screen.contains("no limit"), "{screen}");
    assert!(rows(&world).iter().all(|row| !row.contains("github")), "{screen}");
    world.keys("Z/no-limits<enter>j");
    let screen = world.screen();
    assert!(screen.contains("silenced shown") && screen.contains("no limit"), "{screen}");
    assert!(screen.contains("known, and meant so"), "{screen}");
    // And it colours no row, and does not keep one.
    world.keys("<esc><esc>1");
    let row = |world: &World| {
        world.screen().lines().find(|line| line.contains("orders")).unwrap_or_default().trim().to_owned()
    };
    assert!(row(&world).starts_with('●'), "{}", row(&world));
    world.keys("!");
    assert_eq!(row(&world), "");
}

#[test]
fn the_header_counts_on_every_screen() {
    for keys in ["", "C", "<enter>", "x", "?", "7", ":"] {
        let mut world = World::new(80, 24);
        world.keys(keys);
        let header = world.screen().lines().next().unwrap().to_owned();
        assert!(header.contains("✖ ") && header.contains("▲ "), "{keys}: {header}");
    }
    let header = World::unconnected(80, 24).screen().lines().next().unwrap().to_owned();
    assert!(!header.contains('▲'), "nothing is known yet: {header}");
}

#[test]
fn what_changes_is_marked_and_what_is_well_again_stays_for_a_while() {
    let mut world = World::new(80, 24);
    world.keys("7");
    let stopped = |world: &World| rows(world).into_iter().find(|row| row.contains("archive")).unwrap_or_default();
    assert!(stopped(&world).contains("nobody reads"), "{}", world.screen());
    // Somebody comes and reads everything.
    let well = |second: i64| {
        let mut consumers = crate::common::world::consumers("eventsource-github-stream", second);
        let archive = Arc::make_mut(&mut consumers[0]);
        archive.pending = 0;
        archive.delivered.stream_seq = 50_000;
        archive.ack_floor.stream_seq = 50_000;
        Update::Consumer(consumers.swap_remove(0))
    };
    for second in 5..17 {
        world.send(Msg::Data(well(second)));
        world.send(Msg::Tick(start().plus(Duration::from_secs(second as u64))));
        world.send(Msg::Frame);
    }
    assert!(stopped(&world).contains("well "), "{}", world.screen());
    world.send(Msg::Tick(start().plus(Duration::from_secs(300))));
    world.send(Msg::Frame);
    assert_eq!(stopped(&world), "", "{}", world.screen());

    // A stream that fills up: from a warning to critical, and to twice as much.
    let mut world = World::new(80, 24);
    world.keys("7");
    let full = |second: i64| {
        let mut streams = streams(second);
        let mail = streams.iter_mut().find(|s| s.name == "eventchannel-mail-stream").unwrap();
        Arc::make_mut(mail).state.messages = 40_000 + 500 * second as u64;
        Update::Stream(mail.clone())
    };
    for second in 5..25 {
        world.send(Msg::Data(full(second)));
        world.send(Msg::Tick(start().plus(Duration::from_secs(second as u64))));
        world.send(Msg::Frame);
    }
    let row = rows(&world).into_iter().find(|row| row.starts_with('✖') && row.contains(" full "));
    assert!(row.as_ref().is_some_and(|row| row.contains("↑ worse")), "{row:?}\n{}", world.screen());
    // Of whom nothing more was heard, the last that was known is still said.
    world.keys("/archive<enter>");
    assert!(stopped(&world).contains("nobody reads"), "{}", world.screen());
}

#[test]
fn the_selection_follows_its_finding_while_others_come_and_go() {
    let mut world = World::new(80, 24);
    world.keys("7/limit<enter>G");
    let selected = |world: &World| {
        let Some(Screen::Problems(screen)) = world.app.screen() else { panic!("another screen") };
        screen.table.selected().cloned()
    };
    let before = selected(&world);
    assert!(before.as_ref().is_some_and(|key| key.place.is_some()));
    let rule = before.map(|key| key.rule);
    // Its heading is folded: that says the most of it.
    world.keys("<esc>");
    assert_eq!(selected(&world).map(|key| (Some(key.rule), key.place)), Some((rule, None)));
    world.keys("<enter>j");
    let before = selected(&world);
    poll_until(&mut world, 5..40);
    assert_eq!(selected(&world), before, "{}", world.screen());
    assert!(before.is_some_and(|key| Some(key.rule) == rule && key.place.is_some()));
}

#[test]
fn headings_fold_and_findings_open() {
    let mut world = World::new(80, 24);
    world.keys("7");
    let all = rows(&world).len();
    let first = rows(&world)[0].clone();
    assert!(first.starts_with('▾'), "{first}");
    world.keys("<enter>");
    assert!(rows(&world)[0].starts_with('▸'), "{}", world.screen());
    world.keys("<right>");
    assert_eq!((rows(&world).len(), &rows(&world)[0]), (all, &first));
    // From a row to its heading, which is folded with it.
    world.keys("j<left>");
    assert!(rows(&world)[0].starts_with('▸'), "{}", world.screen());
    world.keys("<enter>j<enter>");
    assert!(matches!(world.app.screen(), Some(Screen::Consumer(_))), "{}", world.screen());
    world.keys("<esc>");
    assert!(matches!(world.app.screen(), Some(Screen::Problems(_))));
    world.keys("/no-limits orders<enter>G<enter>");
    assert!(matches!(world.app.screen(), Some(Screen::Stream(_))), "{}", world.screen());
    // The tail and the consumers of what is selected.
    world.keys("<esc>t");
    assert!(matches!(world.app.screen(), Some(Screen::Tail(_))), "{}", world.screen());
}

#[test]
fn a_finding_is_copied_whole() {
    let mut world = World::new(80, 24);
    world.keys("7/archive<enter>jy");
    let text = copied(&world);
    assert!(text.starts_with("consumer-stopped eventsource-github-stream › archive\n"), "{text}");
    for part in ["4,370 messages are outstanding", "\n- ", "nats consumer rm eventsource-github-stream archive"] {
        assert!(text.contains(part), "{part}: {text}");
    }
    // Marked ones together; a heading copies its places.
    world.keys("<esc>gj<space>j<space>y");
    assert!(copied(&world).contains("\n\n"), "{}", copied(&world));
    let mut world = World::new(80, 24);
    world.keys("7/no-limits<enter>gy");
    assert!(copied(&world).starts_with("stream-no-limits: "), "{}", copied(&world));
}

#[test]
fn problems_are_reached_from_everywhere() {
    let opens = |keys: &str| {
        let mut world = World::new(80, 24);
        world.keys(keys);
        matches!(world.app.screen(), Some(Screen::Problems(_)))
    };
    for keys in ["7", ":problems<enter>", "<enter>!", "C<enter>!", "C7", "x!"] {
        assert!(opens(keys), "{keys}");
    }
    for keys in ["!", "C!", "<enter><tab>!"] {
        assert!(!opens(keys), "{keys}: it filters");
    }
    // It is on the way back once only.
    let mut world = World::new(80, 24);
    world.keys("7j<enter>7");
    assert_eq!(world.app.screens.iter().filter(|s| matches!(s, Screen::Problems(_))).count(), 1);
}

#[test]
fn only_problems_on_every_list() {
    let mut world = World::new(80, 24);
    world.keys("C!");
    let screen = world.screen();
    assert!(screen.contains("archive") && !screen.contains("builder"), "{screen}");
    let mut world = World::new(80, 24);
    world.keys("/github<enter>c!");
    let screen = world.screen();
    assert!(screen.contains("archive") && !screen.contains("builder"), "{screen}");
    // What the owner wants to be told makes a row of a consumer that is well.
    let mut world = World::configured(80, 24, |session| {
        session.thresholds.rules = vec![Threshold {
            rule: Rule::ConsumerLastAck,
            target: Target { stream: None, consumer: Some("mailer".into()) },
            warning: Some(0.0),
            critical: None,
        }];
    });
    world.keys("C!");
    let screen = world.screen();
    let row = screen.lines().find(|line| line.contains("mailer ")).unwrap_or_default();
    assert!(row.trim_start().starts_with('▲'), "{screen}");
    world.keys("/mailer$<enter><enter>");
    assert!(world.screen().contains("no ack: Nothing was acked for"), "{}", world.screen());
}

#[test]
fn a_frozen_picture_keeps_its_findings() {
    let mut world = World::new(80, 24);
    world.keys("7f");
    let before = rows(&world);
    let gone = Update::StreamGone("eventsource-github-stream".into(), start().plus(Duration::from_secs(9)));
    world.send(Msg::Data(gone));
    world.send(Msg::Tick(start().plus(Duration::from_secs(9))));
    world.send(Msg::Frame);
    assert_eq!(rows(&world), before);
    world.keys("f");
    assert_ne!(rows(&world), before);
}

#[test]
fn before_anything_is_known_nothing_is_wrong() {
    let mut world = World::unconnected(80, 24);
    world.keys("7");
    assert!(world.screen().contains("No streams were read yet"), "{}", world.screen());
}

#[test]
fn every_size_draws_and_nothing_acts_on_the_terminal() {
    for (columns, rows) in [(40, 8), (60, 20), (80, 24), (149, 30), (150, 30), (200, 50), (250, 70)] {
        for keys in ["7", "7j", "7G", "7G<tab>", "7G<tab>G", "7/ord<enter>G<tab>", "7!", "7Z"] {
            let mut world = World::new(columns, rows);
            world.keys(keys);
            for cell in world.drawn().backend().buffer().content() {
                for c in cell.symbol().chars() {
                    assert!(!c.is_control() && !matches!(c, '\u{202a}'..='\u{202e}'), "{keys}: {c:?}");
                }
            }
        }
    }
}
