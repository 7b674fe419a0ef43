//! The Tail screen: what it asks for, what keys do to it, and how it looks.

use jetscope::app::menu::Viewer;
use jetscope::app::tail::{Flow, TailScreen};
use jetscope::app::{Effect, Msg, Screen, TailNews, TailRequest};
use jetscope::event::save::Format;
use jetscope::query::range::Start;

use crate::common::events::nth;
use crate::common::world::World;

const STREAM: &str = "eventsource-github-stream";

/// A console with a tail that has read so many messages.
fn tail(columns: u16, rows: u16, messages: u64) -> World {
    let mut world = World::new(columns, rows);
    world.effects.clear();
    world.keys("/github<enter>t");
    opened(&mut world, 1, messages);
    world
}

/// The reading reports that it began, and messages, and that there are no more.
fn opened(world: &mut World, from: u64, messages: u64) {
    let id = screen(world).id;
    let last = from + messages.max(1) - 1;
    world.send(Msg::Tail(id, TailNews::Opened { stream: 0, peeks: false, from, last }));
    feed(world, from..from + messages);
    world.send(Msg::Tail(id, TailNews::CaughtUp(0)));
    world.send(Msg::Frame);
}

fn feed(world: &mut World, seqs: std::ops::Range<u64>) {
    let id = screen(world).id;
    let all: Vec<u64> = seqs.collect();
    for part in all.chunks(100) {
        let messages = part.iter().map(|seq| nth(STREAM, *seq)).collect();
        world.send(Msg::Tail(id, TailNews::Messages(messages)));
    }
    world.send(Msg::Frame);
}

fn screen(world: &World) -> &TailScreen {
    match world.app.screen() {
        Some(Screen::Tail(tail)) => tail,
        other => panic!("no tail is shown but {other:?}"),
    }
}

fn selected(world: &World) -> u64 {
    screen(world).selected().expect("an event").message.seq
}

fn shown(world: &World) -> Vec<u64> {
    screen(world).ring.shown().iter().map(|entry| entry.message.seq).collect()
}

fn requests(world: &World) -> Vec<TailRequest> {
    let wanted = |e: &Effect| if let Effect::Tail(request) = e { Some(request.clone()) } else { None };
    world.effects.iter().filter_map(wanted).collect()
}

fn count(world: &World, wanted: impl Fn(&Effect) -> bool) -> usize {
    world.effects.iter().filter(|e| wanted(e)).count()
}

fn copied(world: &mut World, keys: &str) -> String {
    world.effects.clear();
    world.keys(keys);
    match world.effects.iter().find(|e| matches!(e, Effect::Copy { .. })) {
        Some(Effect::Copy { text, .. }) => text.clone(),
        _ => panic!("nothing was copied\n{}", world.screen()),
    }
}

#[test]
fn opening_reads_the_last_messages_and_leaving_ends_that() {
    for leave in ["<esc>", "1", "C<esc>1"] {
        let mut world = tail(80, 24, 30);
        let requests = requests(&world);
        assert_eq!((requests.len(), requests[0].streams.as_slice()), (1, &[STREAM.to_owned()][..]));
        assert_eq!(requests[0].range.start, Start::Last(500));
        assert_eq!(count(&world, |e| matches!(e, Effect::TailEnd(_))), 0);
        world.keys(leave);
        let id = requests[0].id;
        assert_eq!(count(&world, |e| *e == Effect::TailEnd(id)), 1, "{leave}");
    }
}

#[test]
fn marked_streams_are_read_together_and_a_consumer_from_where_it_stands() {
    let mut world = World::new(120, 40);
    world.effects.clear();
    world.keys("b<space><space>t");
    assert_eq!(requests(&world)[0].streams.len(), 2);
    let mut world = World::new(120, 40);
    world.effects.clear();
    world.keys("C/archive<enter>t");
    let request = &requests(&world)[0];
    assert_eq!(request.streams, [STREAM]);
    assert!(matches!(request.range.start, Start::Seq(seq) if seq > 1), "{request:?}");
    assert!(world.screen().contains("has not acked"), "{}", world.screen());
}

#[test]
fn it_follows_until_somebody_scrolls_and_then_nothing_moves() {
    let mut world = tail(80, 24, 100);
    assert_eq!(selected(&world), 100);
    feed(&mut world, 101..121);
    assert_eq!(selected(&world), 120);
    world.keys("<up><up>");
    assert_eq!(selected(&world), 118);
    let before: Vec<u64> = screen(&world).window().map(|(entry, _)| entry.message.seq).collect();
    feed(&mut world, 121..505);
    let after: Vec<u64> = screen(&world).window().map(|(entry, _)| entry.message.seq).collect();
    assert_eq!((before, selected(&world)), (after, 118));
    assert!(world.screen().contains("+384 new"), "{}", world.screen());
    world.keys("G");
    assert_eq!(selected(&world), 504);
    assert!(world.screen().contains("following"));
    world.keys("f");
    feed(&mut world, 505..600);
    assert_eq!(selected(&world), 504);
    assert!(world.screen().contains("paused"));
}

#[test]
fn words_filter_while_they_are_typed_and_escape_brings_back_what_was() {
    let mut world = tail(80, 24, 100);
    world.keys("/type:*issues*");
    let issues: Vec<u64> = (1..=100).filter(|s| s % 3 == 1 && s % 10 < 8).collect();
    assert_eq!(shown(&world), issues);
    assert!(world.screen().contains(&format!("matched {}", issues.len())), "{}", world.screen());
    assert!(world.screen().contains(&format!("hidden {}", 100 - issues.len())), "{}", world.screen());
    world.keys("<esc>");
    assert_eq!(shown(&world).len(), 100);
    world.keys("/type:*issues*<enter>");
    feed(&mut world, 101..111);
    assert_eq!(shown(&world).last(), Some(&106), "what comes is filtered too");
    world.keys("<esc>");
    assert_eq!(shown(&world).len(), 110);
}

#[test]
fn what_an_expression_has_no_answer_for_is_counted() {
    let mut world = tail(130, 24, 30);
    world.keys("=EXISTS<space>type<space>AND<space>data.none<space>><space>1<enter>");
    let screen = world.screen();
    assert!(screen.contains("27 could not be judged, first #30: data.none is missing"), "{screen}");
    world.keys("<esc>=EXISTS<space>type<enter>");
    assert!(!world.screen().contains("could not be judged"), "{}", world.screen());
}

#[test]
fn a_wrong_expression_says_where_and_why_and_leaves_the_filter_before() {
    let mut world = tail(80, 24, 50);
    world.keys("=data.total > 100");
    let over: Vec<u64> = (1..=50).filter(|s| (s * 37) % 200 > 100 && s % 10 < 8).collect();
    assert_eq!(shown(&world), over);
    world.keys(" AND (");
    assert_eq!(shown(&world), over);
    assert!(world.screen().contains("ends where a value"), "{}", world.screen());
    insta::assert_snapshot!("tail_mistake_80", world.screen());
    world.keys("<enter>");
    assert!(world.app.prompt.is_some(), "what is wrong stays to be mended");
    world.keys("id = 'x')<enter>");
    assert!(world.app.prompt.is_none() && shown(&world).is_empty());
}

#[test]
fn what_was_typed_comes_back_and_names_and_values_are_completed() {
    let mut world = tail(120, 40, 50);
    world.keys("/bug<enter><esc>/ada<enter><esc>/<up>");
    assert_eq!(world.app.prompt.as_ref().unwrap().input.value(), "ada");
    world.keys("<up>");
    assert_eq!(world.app.prompt.as_ref().unwrap().input.value(), "bug");
    world.keys("<esc>/typ<tab>");
    assert_eq!(world.app.prompt.as_ref().unwrap().input.value(), "type:");
    world.keys("com.github.pu<tab>");
    assert_eq!(world.app.prompt.as_ref().unwrap().input.value().trim(), "type:com.github.push");
    assert!(!shown(&world).is_empty());
}

#[test]
fn only_these_and_not_these_from_a_row_and_from_a_field() {
    let mut world = tail(120, 40, 60);
    world.keys("g");
    // The first is an issue.
    world.keys("+");
    assert!(shown(&world).iter().all(|s| s % 3 == 1), "{:?}", shown(&world));
    world.keys("<esc>g-");
    assert!(shown(&world).iter().all(|s| s % 3 != 1 || s % 10 > 7), "{:?}", shown(&world));
    world.keys("<esc>g<enter>");
    // Down to a member of the data.
    for _ in 0..60 {
        if copied_field(&mut world).as_deref() == Some("data.sender.id") {
            break;
        }
        world.keys("<down>");
    }
    world.keys("+<esc>");
    assert_eq!(shown(&world), [1]);
}

/// The name of the field under the cursor, by what the menu offers to copy.
fn copied_field(world: &mut World) -> Option<String> {
    world.keys("y");
    let title = world
        .app
        .menu
        .as_ref()
        .and_then(|menu| menu.items.first().and_then(|item| item.title.strip_suffix(" only").map(str::to_owned)));
    world.keys("<esc>");
    title
}

#[test]
fn only_what_is_broken() {
    let mut world = tail(80, 24, 40);
    world.keys("!");
    assert!(!shown(&world).is_empty() && shown(&world).iter().all(|s| s % 10 > 6), "{:?}", shown(&world));
    world.keys("!");
    assert_eq!(shown(&world).len(), 40);
}

#[test]
fn marks_ranges_of_marks_and_the_time_since() {
    let mut world = tail(120, 40, 60);
    world.keys("g<space>");
    assert_eq!((selected(&world), screen(&world).marks.len()), (2, 1));
    assert!(world.screen().contains("SINCE MARK") && world.screen().contains("+1.000s"), "{}", world.screen());
    world.keys("<down><down><down>v");
    assert_eq!(screen(&world).marks.len(), 5);
    // Marks outlive what is read.
    world.keys("T<ctrl-u>all<enter>");
    assert_eq!(screen(&world).marks.len(), 5);
    opened(&mut world, 1, 10);
    assert!(world.screen().contains("marked 5"), "{}", world.screen());
    world.keys("<esc>");
    assert!(screen(&world).marks.is_empty());
}

#[test]
fn two_events_are_compared() {
    let mut world = tail(120, 40, 60);
    world.keys("d");
    assert!(world.screen().contains("two events are compared"), "{}", world.screen());
    world.keys("g<space><down><down>d");
    insta::assert_snapshot!("tail_diff_120", world.screen());
    world.keys("n<esc>");
    assert!(screen(&world).diff.is_none());
    assert_eq!(selected(&world), 4);
}

#[test]
fn related_events_and_gaps_are_found() {
    let mut world = tail(80, 24, 120);
    world.keys("gn");
    assert!(world.screen().contains("no event after it has the same id"), "{}", world.screen());
    world.keys("msn");
    // Source and subject repeat every seventh.
    assert_eq!(selected(&world), 15, "8 is plain");
    world.keys("N");
    assert_eq!(selected(&world), 1);
    world.keys("mcn");
    assert_eq!(selected(&world), 22, "by correlation only binary events can be found here");
    world.keys("<gt>");
    assert_eq!(selected(&world), 50);
    assert!(world.screen().contains("nothing came for 1m01s"), "{}", world.screen());
    world.keys("<gt>");
    assert_eq!(selected(&world), 100);
    world.keys("<lt>");
    assert_eq!(selected(&world), 50);
}

#[test]
fn going_to_a_place_that_was_read_moves_and_to_another_reads() {
    let mut world = tail(80, 24, 100);
    world.keys("@42<enter>");
    assert_eq!((selected(&world), requests(&world).len()), (42, 1));
    world.keys("@2026-11-20T14:00:20Z<enter>");
    assert_eq!(selected(&world), 20);
    world.keys("@end<enter>");
    assert_eq!(selected(&world), 100);
    world.effects.clear();
    let before = screen(&world).id;
    world.keys("@7000<enter>");
    assert_eq!(requests(&world)[0].range.start, Start::Seq(7000));
    assert_eq!(count(&world, |e| *e == Effect::TailEnd(before)), 1);
    // What a reading that was ended still says means nothing.
    world.send(Msg::Tail(before, TailNews::Messages(vec![nth(STREAM, 5)])));
    assert!(shown(&world).is_empty());
    opened(&mut world, 7000, 20);
    assert_eq!(selected(&world), 7000, "from a place on, one begins there");
    world.keys("@nonsense<enter>");
    assert!(world.app.prompt.is_some());
}

#[test]
fn another_range_and_other_subjects_are_read_anew() {
    let mut world = tail(80, 24, 10);
    world.effects.clear();
    world.keys("T<ctrl-u>120..480<enter>");
    assert_eq!(requests(&world)[0].range.start, Start::Seq(120));
    world.keys("ua.* b.><enter>");
    let last = requests(&world).pop().unwrap();
    assert_eq!((last.subjects, last.range.start), (vec!["a.*".to_owned(), "b.>".to_owned()], Start::Seq(120)));
    world.keys("u<ctrl-u>a.> a.b<enter>");
    assert!(world.app.prompt.is_some() && world.screen().contains("overlaps"), "{}", world.screen());
}

#[test]
fn who_reads_is_not_overrun_and_reading_goes_on_when_followed_again() {
    let mut world = tail(80, 24, 0);
    world.app.session.tail.limits.events = 1_000;
    world.keys("<esc>t");
    opened(&mut world, 1, 500);
    world.keys("<up>");
    let before = selected(&world);
    world.effects.clear();
    feed(&mut world, 501..1_401);
    // 9 batches: those that fit were taken, the rest is owed.
    let took = count(&world, |e| matches!(e, Effect::TailTook(_)));
    assert!((4..=6).contains(&took), "{took}");
    assert_eq!(selected(&world), before);
    assert!(world.screen().contains("reading waits"), "{}", world.screen());
    assert_eq!(screen(&world).ring.dropped(), 0);
    // Further down, what lies far behind gives way.
    for _ in 0..80 {
        world.keys("<pagedown>");
    }
    assert!(screen(&world).ring.dropped() > 0);
    world.keys("G");
    assert_eq!(count(&world, |e| matches!(e, Effect::TailTook(_))), 9);
    feed(&mut world, 1_401..2_001);
    assert_eq!((selected(&world), screen(&world).ring.len()), (2_000, 1_000));
    assert!(world.screen().contains("dropped 1.0k"), "{}", world.screen());
}

#[test]
fn events_are_copied_saved_and_opened() {
    let mut world = tail(120, 40, 20);
    world.keys("g<down>");
    assert_eq!(copied(&mut world, "yi"), "id-2");
    assert_eq!(copied(&mut world, "yn"), format!("nats stream get {STREAM} 2"));
    assert!(copied(&mut world, "ye").contains("\"sender\""));
    assert!(copied(&mut world, "yd").starts_with("{\"total\""));
    world.keys("<space>");
    assert_eq!(copied(&mut world, "ym").lines().count(), 1);
    world.effects.clear();
    world.keys("wA<enter>");
    let Some(Effect::Save { path, saved, messages }) = world.effects.first() else { panic!("{:?}", world.effects) };
    assert_eq!((path.as_str(), saved.format, messages.len()), ("eventsource-github-stream-1-20.csv", Format::Csv, 20));
    world.keys("wm<ctrl-u>x.ndjson<enter>");
    let Some(Effect::Save { path, messages, .. }) = world.effects.last() else { panic!("{:?}", world.effects) };
    assert_eq!((path.as_str(), messages.len()), ("x.ndjson", 1));
    world.effects.clear();
    world.keys("pe");
    assert!(matches!(&world.effects[0], Effect::Show { with: Viewer::Editor, text, .. } if text.contains("id-3")));
}

#[test]
fn a_batch_is_looked_through_event_by_event() {
    let mut world = tail(80, 24, 20);
    world.keys("@6<enter><enter>");
    assert!(world.screen().contains("id-6"), "{}", world.screen());
    world.keys("<right>");
    assert!(world.screen().contains("id-6-b"), "{}", world.screen());
    world.keys("<right>");
    assert_eq!(selected(&world), 7);
}

#[test]
fn how_it_looks() {
    for (columns, rows) in [(60, 20), (80, 24), (120, 40), (200, 50)] {
        let mut world = tail(columns, rows, 57);
        insta::assert_snapshot!(format!("tail_{columns}"), world.screen());
        if columns != 120 {
            world.keys("<enter>");
            insta::assert_snapshot!(format!("tail_event_{columns}"), world.screen());
        }
    }
    let mut world = tail(80, 24, 20);
    world.keys("y");
    insta::assert_snapshot!("tail_menu_80", world.screen());
    world.keys("<esc>o");
    insta::assert_snapshot!("tail_columns_80", world.screen());
}

#[test]
fn what_keeps_it_from_showing_anything_is_said() {
    let mut world = tail(80, 24, 0);
    assert!(world.screen().contains("No message is stored in this range yet"), "{}", world.screen());
    let id = screen(&world).id;
    let failed = "stream x: stream not found";
    world.send(Msg::Tail(id, TailNews::Failed(0, failed.into())));
    world.send(Msg::Frame);
    assert!(world.screen().contains(failed), "{}", world.screen());
    world.send(Msg::Tail(id, TailNews::Waiting(None, "the connection is lost".into())));
    world.send(Msg::Frame);
    assert!(world.screen().contains("reading waits: the connection is lost"), "{}", world.screen());
    assert!(matches!(screen(&world).sources[0].flow, Flow::Waiting(_)));
    let mut world = tail(80, 24, 20);
    world.keys("/nowhere to be found<enter>");
    assert!(world.screen().contains("None of the 20 messages"), "{}", world.screen());
    world.keys("<esc>=tpye = 'x'<enter>");
    assert!(world.screen().contains("tpye is missing"), "{}", world.screen());
    world.keys("=<ctrl-u>type<enter>");
    assert!(world.screen().contains("is no condition"), "{}", world.screen());
}

#[test]
fn nothing_hostile_reaches_the_terminal() {
    for keys in ["", "<up>", "<up><enter>", "<up><enter>zz", "y", "<up>/\u{1b}[31m", "<up><space><up>d"] {
        let mut world = tail(120, 40, 19);
        world.keys(keys);
        for cell in world.drawn().backend().buffer().content() {
            assert!(cell.symbol().chars().all(jetscope::event::is_harmless), "{keys}: {:?}", cell.symbol());
        }
    }
}
