//! The Activity screen and the stuck messages of a consumer: what is kept, what keys do, and how it looks.

use std::sync::Arc;
use std::time::Duration;

use jetscope::app::stuck::How;
use jetscope::app::{ActivityScreen, Effect, FormItem, Msg, Screen, StuckScreen};
use jetscope::model::request::{Act, Outcome};
use jetscope::model::update::Ask;
use jetscope::model::{
    Advisory, AdvisoryKind, Consumer, Link, Problem, ProblemKind, Request, Stream, Timestamp, Update,
};
use jetscope::query::range::Start;

use crate::common::events::nth;
use crate::common::world::{World, consumers, start, streams};

const STREAM: &str = "eventsource-github-stream";

fn at(second: u64) -> Timestamp {
    start().plus(Duration::from_secs(second))
}

fn tell(world: &mut World, second: u64, consumer: Option<&str>, kind: AdvisoryKind) {
    let advisory = Advisory { time: at(second), stream: STREAM.into(), consumer: consumer.map(str::to_owned), kind };
    world.send(Msg::Data(Update::Advisory(advisory)));
}

fn gave_up(stream_seq: u64) -> AdvisoryKind {
    AdvisoryKind::MaxDeliveries { stream_seq, deliveries: 5 }
}

fn request(second: u64, rest: &str, body: &str) -> Request {
    Request {
        at: at(second),
        act: Act::Ask,
        subject: format!("$JS.API.{rest}").into(),
        prefix: "$JS.API".len(),
        body: body.to_owned().into(),
        took: Some(Duration::from_micros(400 + second * 10)),
        reply: Some(812),
        outcome: Outcome::Done,
        context: Some("prod".into()),
    }
}

/// A console that was told of some things and has asked some.
fn world(columns: u16, rows: u16) -> World {
    let mut world = World::new(columns, rows);
    tell(&mut world, 0, None, AdvisoryKind::StreamUpdated);
    tell(&mut world, 0, None, AdvisoryKind::StreamLeaderElected { leader: Some("n2".into()) });
    tell(&mut world, 1, Some("jetscope-tail-x"), AdvisoryKind::ConsumerCreated);
    tell(&mut world, 1, Some("archive"), gave_up(7));
    tell(&mut world, 1, Some("archive"), AdvisoryKind::Nak { stream_seq: 9, deliveries: 2 });
    tell(&mut world, 2, Some("archive"), AdvisoryKind::Nak { stream_seq: 11, deliveries: 1 });
    let reason = Some("no such order\u{202e}".into());
    tell(&mut world, 2, Some("archive"), AdvisoryKind::Terminated { stream_seq: 20, deliveries: 1, reason });
    tell(&mut world, 3, Some("builder"), AdvisoryKind::DeletedUnacked { stream_seq: 900, deliveries: 1 });
    tell(&mut world, 3, None, AdvisoryKind::StreamQuorumLost { offline: vec!["n1".into(), "n3".into()] });
    let other = AdvisoryKind::Other { token: "MOVED".into(), body: r#"{"to":"\u001b[31m"}"#.into() };
    tell(&mut world, 4, Some("archive"), other);
    let mut failed = request(3, "CONSUMER.LIST.audit", "");
    failed.outcome = Outcome::Failed("the consumers of stream audit: no answer within 6 s".into());
    let mut requests = vec![request(0, "STREAM.LIST", r#"{"offset":0}"#)];
    for second in 0..4 {
        requests.push(request(second, "CONSUMER.LIST.JOBS", ""));
        requests.push(request(second, "CONSUMER.INFO.JOBS.workers", ""));
    }
    requests.push(failed);
    requests.push(request(3, "CONSUMER.RESET.JOBS.workers", r#"{"seq":30}"#));
    requests.push(request(4, "CONSUMER.RESET.JOBS.workers", r#"{"seq":30}"#));
    requests.push(request(4, "STREAM.MSG.GET.JOBS", r#"{"seq":12}"#));
    world.send(Msg::Data(Update::Requests(requests, 0)));
    world.send(Msg::Tick(at(4)));
    world.send(Msg::Frame);
    world
}

fn screen(world: &World) -> &ActivityScreen {
    match world.app.screen() {
        Some(Screen::Activity(screen)) => screen,
        other => panic!("no activity is shown but {other:?}"),
    }
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
fn how_it_looks() {
    for (columns, rows) in [(80, 24), (120, 40)] {
        let mut world = world(columns, rows);
        world.keys("8");
        insta::assert_snapshot!(format!("advisories_{columns}"), world.screen());
        world.keys("<tab>");
        insta::assert_snapshot!(format!("requests_{columns}"), world.screen());
        world.keys("b");
        world.send(Msg::Tick(at(20)));
        world.send(Msg::Frame);
        insta::assert_snapshot!(format!("requests_single_{columns}"), world.screen());
    }
}

#[test]
fn the_end_is_followed_until_somebody_scrolls_and_then_nothing_moves() {
    let mut world = world(80, 24);
    world.keys(":activity<enter>");
    assert!(world.screen().contains("● following"), "{}", world.screen());
    for n in 0..40 {
        tell(&mut world, 5, Some("archive"), gave_up(100 + n));
    }
    world.send(Msg::Frame);
    assert!(world.screen().contains("#139"), "{}", world.screen());
    world.keys("<up><up>");
    let before = list(&world);
    for n in 0..7 {
        tell(&mut world, 6, Some("archive"), gave_up(200 + n));
    }
    world.send(Msg::Frame);
    assert_eq!(list(&world), before);
    assert!(world.screen().contains("+7 new"), "{}", world.screen());
    world.keys("f");
    assert!(world.screen().contains("#206") && world.screen().contains("● following"), "{}", world.screen());
}

/// The lines of the list.
fn list(world: &World) -> Vec<String> {
    world.screen().lines().skip(3).take(15).map(str::to_owned).collect()
}

#[test]
fn what_is_hidden_filtered_and_not_well() {
    let mut world = world(120, 40);
    world.keys("8");
    assert!(world.screen().contains("1 of our readers hidden") && !world.screen().contains("jetscope-tail"));
    world.keys("a");
    assert!(world.screen().contains("jetscope-tail-x of github was created"), "{}", world.screen());
    world.keys("/leader<enter>");
    assert_eq!(screen(&world).view().window().count(), 1);
    assert!(world.screen().contains("n2 is the leader now, before it was n1"), "{}", world.screen());
    world.keys("<esc>/archive !nak<enter>");
    assert_eq!(screen(&world).view().window().count(), 3, "{}", world.screen());
    world.keys("<esc>!");
    // Given up, terminated, lost, no quorum.
    assert_eq!(screen(&world).view().window().count(), 4, "{}", world.screen());
    world.keys("<esc>/zzz<enter>");
    assert!(world.screen().contains("None of the 9 entries matches"), "{}", world.screen());
    world.keys("<esc><tab>!");
    assert_eq!(screen(&world).view().window().count(), 1, "what failed");
    world.keys("b");
    assert_eq!(screen(&world).view().window().count(), 1, "one by one the same is wanted");
    world.keys("<esc>/reset<enter>");
    assert_eq!(screen(&world).view().window().count(), 2, "writes are never folded");
}

#[test]
fn entries_are_copied_and_lead_to_what_they_are_about() {
    let mut world = world(120, 40);
    world.keys("8/gave up<enter>");
    let text = copied(&mut world, "y");
    assert_eq!(
        text,
        "2026-11-20T14:00:01Z consumer archive of eventsource-github-stream gave up on #7: delivered 5 times, never acked"
    );
    world.keys("<enter>");
    let Some(Screen::Tail(tail)) = world.app.screen() else { panic!("{}", world.screen()) };
    assert_eq!((tail.sources[0].name.as_str(), tail.range.start), (STREAM, Start::Seq(7)));
    world.keys("<esc><esc>/moved<enter><enter>");
    assert!(matches!(world.app.screen(), Some(Screen::Consumer(c)) if c.name == "archive"), "{}", world.screen());
    world.keys("<esc><esc>/leader<enter><enter>");
    assert!(matches!(world.app.screen(), Some(Screen::Stream(s)) if s.name == STREAM), "{}", world.screen());
    world.keys("<esc><tab>/reset<enter>");
    assert_eq!(copied(&mut world, "y"), r#"nats request '$JS.API.CONSUMER.RESET.JOBS.workers' '{"seq":30}'"#);
    world.keys("<enter>");
    assert!(matches!(world.app.screen(), Some(Screen::Consumer(c)) if c.name == "workers"), "{}", world.screen());
    world.keys("<esc><esc>/12<enter>");
    assert_eq!(copied(&mut world, "y"), "nats stream get JOBS 12");
    world.keys("t");
    assert!(
        matches!(world.app.screen(), Some(Screen::Tail(t)) if t.range.start == Start::Seq(12)),
        "{}",
        world.screen()
    );
    // The list of streams is about no stream.
    world.keys("<esc><esc>/list of streams<enter><enter>");
    assert!(world.screen().contains("about no single stream"), "{}", world.screen());
}

#[test]
fn what_is_copied_reaches_the_same_server_from_any_shell() {
    let mut world = world(80, 24);
    let url = "nats://n1:4222,nats://n2:4222";
    world.app.session.reach =
        vec![("--context", "prod".into()), ("--server", url.into()), ("--tlsfirst", String::new())];
    world.keys("8<tab>/reset<enter>");
    let line = "nats --context prod --server nats://n1:4222,nats://n2:4222 --tlsfirst request \
                '$JS.API.CONSUMER.RESET.JOBS.workers' '{\"seq\":30}'";
    assert_eq!(copied(&mut world, "y"), line);
    let screen = world.screen();
    let list = screen.split('─').next().unwrap_or_default();
    assert!(!list.contains("--context"), "the list has no room for it\n{screen}");
    // What came of it stands first, and what has no room ends with a sign.
    let below: Vec<&str> = screen.split('─').next_back().unwrap_or_default().lines().skip(1).take(3).collect();
    assert!(below[0].contains("answered in 0.4ms"), "{screen}");
    assert!(below[1].contains("nats --context prod --server") && below[2].contains("RESET.JOBS.workers"), "{screen}");
    let mut long =
        request(5, "CONSUMER.CREATE.JOBS.c", &format!(r#"{{"config":{{"description":"{}"}}}}"#, "so long ".repeat(40)));
    long.at = at(5);
    world.send(Msg::Data(Update::Requests(vec![long], 0)));
    world.keys("<esc><end>");
    let screen = world.screen();
    let below: Vec<&str> = screen.split('─').next_back().unwrap_or_default().lines().skip(1).take(3).collect();
    assert!(below[0].contains("answered in 0.5ms") && below[2].trim_end().ends_with('…'), "{screen}");
}

#[test]
fn a_missing_permission_is_named_until_something_is_heard() {
    let mut world = World::new(80, 24);
    let refuse = |world: &mut World, what: &str| {
        let subject = format!("$JS.EVENT.ADVISORY.{what}.>");
        let sentence =
            format!("advisories: no permission to subscribe to {subject}; more words that need a second line");
        let problem = Problem::new(ProblemKind::Denied { subject }, sentence);
        world.send(Msg::Data(Update::Failed(Ask::Advisories, problem, start())));
    };
    refuse(&mut world, "STREAM");
    refuse(&mut world, "CONSUMER");
    world.keys("8");
    for words in ["$JS.EVENT.ADVISORY.STREAM.>", "$JS.EVENT.ADVISORY.CONSUMER.>", "No advisories can be heard"] {
        assert!(world.screen().contains(words), "{words}\n{}", world.screen());
    }
    tell(&mut world, 1, Some("archive"), gave_up(7));
    world.send(Msg::Frame);
    let screen = world.screen();
    assert!(screen.contains("ADVISORY.STREAM.>") && !screen.contains("ADVISORY.CONSUMER.>"), "{screen}");
}

#[test]
fn what_gave_way_or_was_lost_is_counted() {
    let mut world = World::new(120, 40);
    for n in 0..2_010 {
        tell(&mut world, 1, Some("archive"), gave_up(n));
    }
    world.send(Msg::Data(Update::AdvisoriesLost(3)));
    let many = (0..2_500).map(|n| request(n, "STREAM.INFO.JOBS", "")).collect();
    world.send(Msg::Data(Update::Requests(many, 17)));
    world.keys("8");
    assert!(world.screen().contains("at least 3 lost  dropped 10"), "{}", world.screen());
    world.keys("<tab>");
    assert!(world.screen().contains("17 not noted") && world.screen().contains("x 2.5k"), "{}", world.screen());
    world.keys("b");
    world.send(Msg::Frame);
    assert!(world.screen().contains("dropped 500"), "{}", world.screen());
}

/// The stuck messages of a consumer whose floor stands before #8, which retries up to five times.
fn stuck(columns: u16, rows: u16) -> World {
    let mut world = world(columns, rows);
    consumer(&mut world, |c| {
        (c.ack_floor.stream_seq, c.delivered.stream_seq) = (7, 48);
        (c.ack_pending, c.redelivered) = (12, 16);
        c.config.max_deliver = Some(5);
    });
    world.effects.clear();
    world.keys("C/archive<enter>P");
    read(&mut world);
    world
}

/// The consumer `archive` and its stream, as a poll finds them.
fn consumer(world: &mut World, change: impl Fn(&mut Consumer)) {
    let mut changed: Consumer = (*consumers(STREAM, 5)[0]).clone();
    assert_eq!(changed.name, "archive");
    change(&mut changed);
    let mut stream: Stream = (**streams(5).iter().find(|s| s.name == STREAM).expect("the stream")).clone();
    stream.state.first_seq = 8;
    world.send(Msg::Data(Update::Stream(Arc::new(stream))));
    world.send(Msg::Data(Update::Consumer(Arc::new(changed))));
    world.send(Msg::Frame);
}

/// The poller reads what is wanted.
fn read(world: &mut World) {
    let Some(Effect::Watch(scope)) = world.effects.iter().rev().find(|e| matches!(e, Effect::Watch(_))) else {
        panic!("nothing is watched");
    };
    let peek = scope.peek.clone().expect("messages are wanted");
    let floor = peek.floor.expect("the floor");
    let (stream, consumer) = (peek.stream.clone(), peek.consumer.clone());
    let found = Ok(Some(nth(STREAM, floor + 1)));
    world.send(Msg::Data(Update::HeadOfLine { stream, consumer, floor, found }));
    for seq in peek.seqs {
        let found = Ok((seq > 7).then(|| nth(STREAM, seq)));
        world.send(Msg::Data(Update::Stored { stream: peek.stream.clone(), seq, found }));
    }
    world.send(Msg::Tick(at(90)));
    world.send(Msg::Frame);
}

fn stuck_screen(world: &World) -> &StuckScreen {
    match world.app.screen() {
        Some(Screen::Stuck(screen)) => screen,
        other => panic!("no stuck messages are shown but {other:?}"),
    }
}

#[test]
fn what_is_stuck_is_listed_with_how_that_is_known() {
    let world = stuck(120, 40);
    let known: Vec<(u64, How, bool, Option<u64>)> =
        stuck_screen(&world).rows.values().map(|r| (r.seq, r.how.clone(), r.gone, r.deliveries)).collect();
    assert_eq!(
        known,
        [
            (7, How::GaveUp, true, Some(5)),
            (8, How::Unacked, false, None),
            (9, How::Refused(1), false, Some(2)),
            (11, How::Refused(1), false, Some(1)),
            (20, How::Terminated(Some("no such order\u{202e}".into())), false, Some(1)),
        ]
    );
    for (columns, rows) in [(80, 24), (120, 40), (200, 50)] {
        let mut world = stuck(columns, rows);
        world.keys("<down>");
        insta::assert_snapshot!(format!("stuck_{columns}"), world.screen());
    }
    let mut world = stuck(80, 24);
    world.keys("g");
    assert!(world.screen().contains("The message is gone"), "{}", world.screen());
}

#[test]
fn the_floor_decides_what_is_still_stuck() {
    let mut world = stuck(120, 40);
    // The floor has passed what was refused: it was acked since. What was terminated stays.
    consumer(&mut world, |c| {
        (c.ack_floor.stream_seq, c.delivered.stream_seq, c.ack_pending) = (15, 48, 0);
    });
    let left = |world: &World| stuck_screen(world).rows.keys().copied().collect::<Vec<_>>();
    assert_eq!(left(&world), [7, 20]);
    // Nothing is waited for, but the floor stands before a message: it was given up before anybody listened.
    let (stream, consumer_name) = (STREAM.to_owned(), "archive".to_owned());
    let found = Ok(Some(nth(STREAM, 16)));
    world.send(Msg::Data(Update::HeadOfLine { stream, consumer: consumer_name, floor: 15, found }));
    world.send(Msg::Frame);
    assert_eq!(left(&world), [7, 16, 20]);
    assert_eq!(stuck_screen(&world).rows[&16].how, How::GivenUpBefore);
    // What was not delivered is not stuck: it only waits for its turn.
    consumer(&mut world, |c| {
        (c.ack_floor.stream_seq, c.delivered.stream_seq, c.ack_pending) = (15, 15, 0);
    });
    assert_eq!(left(&world), [7, 20]);
    let watched = world.effects.iter().rev().find_map(|e| if let Effect::Watch(s) = e { s.peek.clone() } else { None });
    assert_eq!(watched.map(|peek| peek.floor), Some(None), "and it is not asked for");
    tell(&mut world, 9, Some("archive"), AdvisoryKind::ConsumerDeleted);
    world.send(Msg::Tick(at(91)));
    world.send(Msg::Frame);
    assert!(left(&world).is_empty(), "another consumer of this name knows nothing of them");
}

#[test]
fn what_may_not_be_read_is_said() {
    let mut world = stuck(120, 40);
    let denied = |words: &str| {
        let kind = ProblemKind::Denied { subject: "$JS.API.STREAM.MSG.GET.x".into() };
        Problem::new(kind, format!("{words}: no permission to publish to $JS.API.STREAM.MSG.GET.x"))
    };
    let (stream, consumer_name) = (STREAM.to_owned(), "archive".to_owned());
    let found = Err(denied("a message"));
    world.send(Msg::Data(Update::HeadOfLine { stream, consumer: consumer_name, floor: 8, found }));
    world.send(Msg::Data(Update::Stored { stream: STREAM.into(), seq: 20, found: Err(denied("a message")) }));
    consumer(&mut world, |c| {
        (c.ack_floor.stream_seq, c.delivered.stream_seq, c.ack_pending) = (8, 48, 3);
    });
    assert!(!stuck_screen(&world).rows.contains_key(&8), "it is acked");
    assert!(world.screen().contains("the first message that is not acked could not be read"), "{}", world.screen());
    world.keys("G");
    assert!(world.screen().contains("The message could not be read"), "{}", world.screen());
    assert_eq!(world.screen().matches("no permission to publish").count(), 2, "{}", world.screen());
}

#[test]
fn a_stuck_message_is_read_in_the_tail_copied_and_sent_again() {
    let mut world = stuck(120, 40);
    world.keys("g<down><enter>");
    let Some(Screen::Tail(tail)) = world.app.screen() else { panic!("{}", world.screen()) };
    assert_eq!((tail.sources[0].name.as_str(), tail.range.start), (STREAM, Start::Seq(8)));
    world.keys("<esc><down>");
    assert_eq!(copied(&mut world, "ys"), "9");
    assert_eq!(copied(&mut world, "yn"), "nats stream get eventsource-github-stream 9");
    world.keys("<down>");
    assert_eq!(copied(&mut world, "yi"), "id-11");
    assert!(copied(&mut world, "ye").contains("\"sender\""));
    world.keys("R");
    let Some(Screen::ReplayForm(form)) = world.app.screen() else { panic!("{}", world.screen()) };
    assert_eq!(form.from(), "1 marked event of eventsource-github-stream");
    assert!(!form.items().contains(&FormItem::Range));
    // Several that are marked, but not what is gone.
    world.keys("<esc>g<space><space><space>R");
    let Some(Screen::ReplayForm(form)) = world.app.screen() else { panic!("{}", world.screen()) };
    assert_eq!(form.from(), "2 marked events of eventsource-github-stream");
    assert!(world.screen().contains("1 of the marked messages are gone"), "{}", world.screen());
    world.keys("<esc><esc>gR");
    assert!(world.screen().contains("the message is gone"), "{}", world.screen());
}

#[test]
fn the_message_can_be_scrolled_and_the_list_filtered() {
    let mut world = stuck(120, 40);
    world.keys("g<down><down><tab>");
    let before = stuck_screen(&world).detail.cursor;
    world.keys("<down><down>");
    assert_eq!(stuck_screen(&world).detail.cursor, before + 2);
    assert_eq!(stuck_screen(&world).table.selected(), Some(&9));
    world.keys("<esc>/terminated<enter>");
    assert_eq!(stuck_screen(&world).table.position(), (1, 1));
    world.keys("<esc>/nobody<enter>");
    assert!(world.screen().contains("No stuck message matches"), "{}", world.screen());
}

#[test]
fn a_consumer_that_wants_no_acks_has_nothing_stuck() {
    let mut world = World::new(120, 40);
    world.effects.clear();
    world.keys("C/dash<enter>P");
    assert!(world.screen().contains("wants no acks"), "{}", world.screen());
    let watched = world.effects.iter().rev().find_map(|e| if let Effect::Watch(s) = e { s.peek.clone() } else { None });
    assert_eq!(watched.map(|peek| peek.floor), Some(None), "the floor's next message is not asked for");
    let mut world = World::new(80, 24);
    world.keys("P");
    assert!(world.screen().contains("select a consumer"), "{}", world.screen());
}

#[test]
fn losing_the_connection_leaves_gaps_in_what_was_heard() {
    let mut world = stuck(120, 40);
    assert!(world.screen().contains("heard for 1m30s"), "{}", world.screen());
    world.send(Msg::Data(Update::Link(Link::Lost { attempt: 0, since: at(90), reason: None })));
    world.send(Msg::Data(Update::Link(Link::Connected { since: at(95) })));
    world.send(Msg::Data(Update::AdvisoriesHeard(at(95))));
    world.send(Msg::Tick(at(96)));
    world.send(Msg::Frame);
    assert!(world.screen().contains("while the connection was lost"), "{}", world.screen());
}

#[test]
fn nothing_hostile_reaches_the_terminal() {
    for keys in ["8", "8<tab>", "8<tab>b", "C/archive<enter>P"] {
        let mut world = world(120, 40);
        tell(&mut world, 5, Some("arch\u{1b}[31mive"), gave_up(3));
        world.send(Msg::Data(Update::Requests(vec![request(6, "STREAM.INFO.x\u{1b}]0;y\u{7}\u{202e}", "\u{9b}")], 0)));
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
    for columns in [40, 60, 80, 129, 130, 250] {
        for rows in [8, 12, 17, 20, 24, 70] {
            for keys in ["8", "8<tab>", "8<tab>b", "C/archive<enter>P", "C/archive<enter>P<tab><down>"] {
                let mut world = world(columns, rows);
                world.keys(keys);
                let _ = world.screen();
            }
        }
    }
}
