//! The screens of replays: what they ask for, what keys do to them, and how they look.

use std::sync::Arc;

use jetscope::app::{Effect, Msg, NotStarted, ReplayWish, Screen, TailNews, What};
use jetscope::model::replay::{
    Amounts, Bar, Capture, Control, Destination, Pace, Plan, Progress, Receiver, Run, Selection, State, TypeCount,
};
use jetscope::model::{Access, Update};

use crate::common::events::nth;
use crate::common::world::{World, listing, start, streams};

const STREAM: &str = "eventsource-github-stream";

fn world(columns: u16, rows: u16) -> World {
    let mut world = World::new(columns, rows);
    // Somewhere for what is replayed.
    let mut all = streams(4);
    Arc::make_mut(&mut all[0]).config.subjects.push("replay.>".into());
    world.send(Msg::Data(Update::Streams(listing(all, 4))));
    world.effects.clear();
    world.keys("/github<enter>R");
    world
}

#[test]
fn where_nothing_takes_the_default_the_form_asks_first() {
    let mut world = World::new(80, 24);
    world.keys("/github<enter>R");
    assert!(world.screen().contains("required: no stream takes replay.{id}.{subject}"), "{}", world.screen());
    world.effects.clear();
    world.keys("G<enter>");
    assert!(!world.effects.iter().any(|e| matches!(e, Effect::PlanReplay(..))), "{:?}", world.effects);
    assert!(world.screen().contains("name a destination"), "{}", world.screen());
    // The line is selected, and empty.
    world.keys("<enter>http://127.0.0.1/events<enter>");
    assert_eq!(wish(&world).destination, Destination::Http("http://127.0.0.1/events".into()));
    world.keys("G<enter>");
    assert!(world.effects.iter().any(|e| matches!(e, Effect::PlanReplay(..))), "{:?}", world.effects);
}

#[test]
fn what_is_typed_replaces_the_default_and_an_address_is_no_subject() {
    let mut world = world(80, 24);
    world.keys("<down><down><down><down><enter>http://x/y<enter>");
    assert_eq!(wish(&world).destination, Destination::Http("http://x/y".into()));
    world.keys("<up><enter><ctrl-u>replay.http://x/y<enter>");
    assert!(world.screen().contains("no subject"), "{}", world.screen());
    assert_eq!(wish(&world).destination, Destination::Http("http://x/y".into()));
}

#[test]
fn a_read_only_context_says_so_before_anybody_tries() {
    let mut world = world(80, 24);
    world.app.session.access = Access::ReadOnly;
    world.send(Msg::Frame);
    assert!(world.screen().contains("this context is read-only"), "{}", world.screen());
    planned(&mut world, plan(Destination::default()));
    let screen = world.screen();
    assert!(screen.contains("this context is read-only") && !screen.contains("Enter start"), "{screen}");
}

fn wish(world: &World) -> ReplayWish {
    match world.app.screen() {
        Some(Screen::ReplayForm(form)) => form.wish.clone(),
        other => panic!("no form is shown but {other:?}"),
    }
}

/// A plan as the engine makes them.
fn plan(destination: Destination) -> Plan {
    let at = |second: u64| start().plus(std::time::Duration::from_secs(second));
    Plan {
        version: 1,
        id: "20261120t140000-abcd".into(),
        made: start(),
        context: Some("prod".into()),
        servers: "nats://n1:4222".into(),
        reason: Some("the billing service was down".into()),
        selection: Selection::Range { stream: STREAM.into(), first: 100, last: 599, subjects: vec![] },
        range: "last:500".into(),
        filter: None,
        words: None,
        source_created: None,
        list_created: vec![],
        include_marked: false,
        destination,
        capture: Some(Capture {
            stream: "replayed".into(),
            last_seq: 12,
            rereadable: true,
            receivers: vec![Receiver { name: "billing\u{1b}[31m".into(), outstanding: 1_204, paused: false }],
            ..Capture::default()
        }),
        delivery: None,
        http_mode: jetscope::model::replay::HttpMode::Binary,
        http_query: vec![],
        pace: Pace::PerSecond(50.0),
        window: None,
        watch: None,
        amounts: Amounts {
            planned: 480,
            bytes: 250_000,
            first: Some((100, at(0))),
            last: Some((599, at(600))),
            gaps: Some(20),
            histogram: (0..6).map(|n| Bar { from: at(n * 100), count: n * 20 }).collect(),
            types: vec![TypeCount { ty: Some("com.github.push".into()), count: 480 }],
            ..Amounts::default()
        },
        warnings: vec!["the destination keeps copies for 1h only, and some of the copies could be gone before whoever needs them has read them".into()],
        obstacles: vec![],
    }
}

fn run(state: State, orphaned: bool) -> Run {
    let progress = Progress {
        id: "20261120t140000-abcd".into(),
        state,
        source_seq: 340,
        source_time: Some(start()),
        planned: 480,
        counters: jetscope::model::replay::Counters { sent: 240, ..Default::default() },
        rate: 49.7,
        rate_average: 48.0,
        pace: Pace::PerSecond(50.0),
        eta_seconds: Some(4.8),
        at: start(),
        ..Progress::default()
    };
    Run { plan: plan(Destination::default()), progress, owner: None, orphaned }
}

fn planned(world: &mut World, plan: Plan) {
    world.effects.clear();
    world.keys("G<enter>");
    let Some(Effect::PlanReplay(id, _)) = world.effects.first().cloned() else { panic!("{:?}", world.effects) };
    world.send(Msg::ReplayPlanned(id, Ok(Box::new(plan))));
    world.send(Msg::Frame);
}

/// What was typed for each start.
fn started(world: &World) -> Vec<Option<String>> {
    let typed = |e: &Effect| if let Effect::StartReplay(_, typed) = e { Some(typed.clone()) } else { None };
    world.effects.iter().filter_map(typed).collect()
}

#[test]
fn the_form_is_filled_in_from_where_it_was_asked_for() {
    let of_stream = wish(&world(80, 24));
    assert_eq!((of_stream.what, of_stream.range_text.as_str()), (What::Range(STREAM.into()), "last:500"));
    let mut of_consumer = World::new(80, 24);
    of_consumer.keys("C/archive<enter>Rp");
    assert_eq!(wish(&of_consumer).what, What::Consumer(STREAM.into(), "archive".into()));
    let mut of_marks = World::new(80, 24);
    of_marks.keys("/github<enter>t");
    let messages = (1..20).map(|seq| nth(STREAM, seq)).collect();
    of_marks.send(Msg::Tail(1, TailNews::Messages(messages)));
    of_marks.send(Msg::Frame);
    of_marks.keys("g<space><space>R");
    assert_eq!(wish(&of_marks).what, What::Marked(vec![(STREAM.into(), 1), (STREAM.into(), 2)]));
    of_marks.keys("<esc><esc>T<ctrl-u>5..<enter>=id = 'id-7'<enter>R");
    let of_tail = wish(&of_marks);
    assert_eq!((of_tail.range_text.as_str(), of_tail.filter.as_deref()), ("5..", Some("id = 'id-7'")));
    // Words are taken over as well: what is planned is what was seen.
    of_marks.keys("<esc>/<ctrl-u>paid -test<enter>R");
    let of_words = wish(&of_marks);
    assert_eq!((of_words.words.as_deref(), of_words.filter), (Some("paid -test"), None));
    assert!(of_marks.screen().contains("words           paid -test"), "{}", of_marks.screen());
    of_marks.keys("<esc>!R");
    assert!(matches!(of_marks.app.screen(), Some(Screen::Tail(_))), "that is no filter that a plan can have");
    assert!(of_marks.screen().contains("no valid event is shown"), "{}", of_marks.screen());
}

#[test]
fn each_line_can_be_changed_and_mistakes_stay_to_be_mended() {
    let mut world = world(80, 24);
    world.keys("<enter><ctrl-u>7..3<enter>");
    assert!(world.screen().contains("ends before it begins"), "{}", world.screen());
    world.keys("<ctrl-u>120..480<enter><enter>a.* b.><enter>");
    world.keys("<enter>type = 'x'<enter><enter><down><enter><ctrl-u>https://example.org/in<enter>");
    world.keys("<enter><down><enter><ctrl-u>x2<enter><enter>64<enter><enter>slow=500<enter>");
    world.keys("<enter><down><enter>because<enter>");
    let wish = wish(&world);
    assert_eq!(wish.range_text, "120..480");
    assert_eq!(wish.subjects, ["a.*", "b.>"]);
    assert_eq!(wish.filter.as_deref(), Some("type = 'x'"));
    assert!(wish.include_marked);
    assert_eq!(wish.destination, Destination::Http("https://example.org/in".into()));
    assert_eq!(wish.http_mode, jetscope::model::replay::HttpMode::Structured);
    assert_eq!((wish.window, wish.watch), (Some(64), Some(("slow".into(), 500))));
    assert_eq!((wish.pace, wish.reason.as_deref()), (Pace::Times(2.0), Some("because")));
    assert_eq!(wish.delivery, Some(jetscope::model::replay::Delivery::AtLeastOnce));
    insta::assert_snapshot!("replay_form_80", world.screen());
}

#[test]
fn a_plan_is_shown_before_anything_is_sent_and_has_to_be_confirmed() {
    let mut world = world(80, 24);
    planned(&mut world, plan(Destination::default()));
    insta::assert_snapshot!("replay_plan_80", world.screen());
    world.effects.clear();
    // Enter twice is no confirmation.
    world.keys("<enter><enter>");
    assert!(started(&world).is_empty());
    world.keys("<enter>s");
    assert_eq!(started(&world), [None]);
    world.effects.clear();
    world.keys("<enter>");
    assert!(started(&world).is_empty() && world.screen().contains("being started"), "{}", world.screen());
    world.send(Msg::ReplayStarted(Ok("20261120t140000-abcd".into())));
    world.send(Msg::Replays(vec![run(State::Running, false)]));
    world.send(Msg::Frame);
    insta::assert_snapshot!("replay_run_80", world.screen());
    assert!(!world.app.screens.iter().any(|s| matches!(s, Screen::ReplayForm(_) | Screen::ReplayPlan(_))));
}

#[test]
fn who_receives_everything_again_and_protected_contexts_want_a_word() {
    let mut world = world(80, 24);
    planned(&mut world, plan(Destination::Original));
    world.effects.clear();
    world.keys("<enter>yes<enter>");
    assert!(started(&world).is_empty() && world.app.prompt.is_some());
    world.keys("<ctrl-u>original<enter>");
    assert_eq!(started(&world), [None]);
    // However it is written.
    let mut world = self::world(80, 24);
    let mut same = plan(Destination::Subject("{subject}".into()));
    same.amounts.same_subject = 480;
    planned(&mut world, same);
    world.effects.clear();
    world.keys("<enter>");
    assert!(world.app.menu.is_none() && world.screen().contains("type original to"), "{}", world.screen());
    let mut world = self::world(80, 24);
    world.app.session.access = Access::Protected;
    planned(&mut world, plan(Destination::default()));
    world.effects.clear();
    world.keys("<enter>original<enter>");
    assert!(started(&world).is_empty());
    world.keys("<ctrl-u>prod<enter>");
    assert_eq!(started(&world), [Some("prod".to_owned())]);
    let mut world = self::world(80, 24);
    world.app.session.access = Access::ReadOnly;
    planned(&mut world, plan(Destination::default()));
    world.effects.clear();
    world.keys("<enter>");
    assert!(world.app.menu.is_none() && world.screen().contains("read-only"), "{}", world.screen());
}

#[test]
fn what_cannot_be_planned_or_run_says_why() {
    let mut world = world(80, 24);
    world.effects.clear();
    world.keys("G<enter>");
    let Some(Effect::PlanReplay(id, _)) = world.effects.first().cloned() else { panic!("{:?}", world.effects) };
    world.send(Msg::ReplayPlanned(id + 7, Err("late".into())));
    world.send(Msg::ReplayPlanned(id, Err("stream x: stream not found".into())));
    world.send(Msg::Frame);
    assert!(world.screen().contains("stream not found") && !world.screen().contains("late"), "{}", world.screen());
    let mut bad = plan(Destination::default());
    bad.obstacles = vec!["KV_settings is a key-value store: a replay would overwrite its present values".into()];
    planned(&mut world, bad);
    world.effects.clear();
    world.keys("<enter>");
    assert!(started(&world).is_empty() && world.screen().contains("cannot be run"), "{}", world.screen());
}

#[test]
fn a_run_is_paused_stepped_made_faster_and_cancelled() {
    let mut world = World::new(80, 24);
    world.keys("6");
    assert!(world.effects.contains(&Effect::WatchReplays(true)));
    world.send(Msg::Replays(vec![run(State::Running, false)]));
    world.send(Msg::Frame);
    insta::assert_snapshot!("replays_80", world.screen());
    world.keys("<enter>");
    world.effects.clear();
    let told = |world: &World| {
        world.effects.iter().find_map(|e| if let Effect::TellReplay(_, c) = e { Some(*c) } else { None })
    };
    for (keys, control) in
        [("<space>", Control::Pause), ("<up>", Control::Faster), ("<down>", Control::Slower), ("Xc", Control::Cancel)]
    {
        world.effects.clear();
        world.keys(keys);
        assert_eq!(told(&world), Some(control), "{keys}");
    }
    world.send(Msg::Replays(vec![run(State::Paused, false)]));
    for (keys, control) in [("<space>", Control::Resume), ("<right>", Control::Step)] {
        world.effects.clear();
        world.keys(keys);
        assert_eq!(told(&world), Some(control), "{keys}");
    }
    world.send(Msg::Replays(vec![run(State::Running, true)]));
    world.effects.clear();
    // A key that is pressed once too often resumes nothing.
    world.keys("<space><enter>");
    assert!(!world.effects.iter().any(|e| matches!(e, Effect::ResumeReplay { .. })));
    world.keys("<space>r");
    let resumed = |behind| Effect::ResumeReplay { id: "20261120t140000-abcd".into(), typed: None, behind };
    assert!(world.effects.contains(&resumed(false)), "{:?}", world.effects);
    // What the destination refused can be passed over.
    let mut refused = run(State::Failed, false);
    refused.progress.refused = Some(341);
    world.send(Msg::Replays(vec![refused]));
    world.effects.clear();
    world.keys("<space>");
    assert!(world.screen().contains("#341 is left out, and counted as failed"), "{}", world.screen());
    world.keys("b");
    assert!(world.effects.contains(&resumed(true)), "{:?}", world.effects);
    world.send(Msg::Replays(vec![run(State::Completed, false)]));
    world.effects.clear();
    world.keys("<space>X");
    assert_eq!(told(&world), None);
    assert!(world.screen().contains("nothing more can be done"), "{}", world.screen());
    world.keys("<esc><esc>");
    assert!(world.effects.contains(&Effect::WatchReplays(false)));
}

#[test]
fn keys_that_are_pressed_fast_build_on_each_other() {
    let mut world = World::new(80, 24);
    world.keys("6");
    world.send(Msg::Replays(vec![run(State::Running, false)]));
    world.keys("<enter>");
    world.effects.clear();
    world.keys("<up><up><up>");
    assert!(world.screen().contains("pace 400/s"), "{}", world.screen());
    let told = world.effects.iter().filter(|e| matches!(e, Effect::TellReplay(_, Control::Faster))).count();
    assert_eq!(told, 3);
    // One that goes step by step is stepped at once, and there is nothing to pause.
    let mut stepping = run(State::Running, false);
    stepping.progress.pace = Pace::Step;
    world.send(Msg::Replays(vec![stepping]));
    world.effects.clear();
    world.keys("<right><right><space>");
    let steps = world.effects.iter().filter(|e| matches!(e, Effect::TellReplay(_, Control::Step))).count();
    assert_eq!((steps, world.effects.len()), (2, 2), "{:?}", world.effects);
    assert!(world.screen().contains("step by step"), "{}", world.screen());
}

#[test]
fn there_is_no_standard_output_in_a_console() {
    let mut world = world(80, 24);
    world.keys("<down><down><down><down><enter><ctrl-u>-<enter>");
    assert!(world.screen().contains("no standard output"), "{}", world.screen());
    world.keys("<esc>");
    assert_eq!(wish(&world).destination, Destination::default());
}

#[test]
fn a_plan_that_takes_long_says_how_far_it_is_and_is_stopped_by_leaving() {
    let mut world = world(80, 24);
    world.effects.clear();
    world.keys("G<enter>");
    let Some(Effect::PlanReplay(id, _)) = world.effects.first().cloned() else { panic!("{:?}", world.effects) };
    world.send(Msg::ReplayPlanning(id, 1_234_567));
    world.send(Msg::Frame);
    assert!(world.screen().contains("1,234,567 messages read"), "{}", world.screen());
    world.effects.clear();
    world.keys("<esc>");
    assert!(world.effects.contains(&Effect::StopPlanning(id)), "{:?}", world.effects);
    // A plan that comes while something else is looked at is there afterwards.
    let mut world = self::world(80, 24);
    world.effects.clear();
    world.keys("G<enter>?");
    let Some(Effect::PlanReplay(id, _)) = world.effects.first().cloned() else { panic!("{:?}", world.effects) };
    world.effects.clear();
    world.send(Msg::ReplayPlanned(id, Ok(Box::new(plan(Destination::default())))));
    assert!(!world.effects.contains(&Effect::StopPlanning(id)));
    world.keys("<esc>");
    assert!(matches!(world.app.screen(), Some(Screen::ReplayPlan(_))), "{}", world.screen());
}

#[test]
fn another_context_is_confirmed_as_it_wants_to_be() {
    let elsewhere = Destination::Context { name: "live".into(), subject: None };
    let mut world = world(80, 24);
    // What may be done here says nothing of what may be done there.
    world.app.session.access = Access::ReadOnly;
    planned(&mut world, plan(elsewhere));
    world.effects.clear();
    world.keys("<enter>s");
    assert_eq!(started(&world), [None]);
    let refused = |name: Option<&str>| NotStarted { why: "it is refused".into(), name: name.map(str::to_owned) };
    world.send(Msg::ReplayStarted(Err(refused(Some("live")))));
    world.send(Msg::Frame);
    assert!(world.screen().contains("context live is protected: type its name"), "{}", world.screen());
    world.effects.clear();
    world.keys("prod<enter>");
    assert!(started(&world).is_empty());
    world.keys("<ctrl-u>live<enter>");
    assert_eq!(started(&world), [Some("live".to_owned())]);
    // What another one does leaves this plan where it is.
    world.send(Msg::ReplayStarted(Ok("another".into())));
    assert!(matches!(world.app.screen(), Some(Screen::ReplayPlan(_))));
    world.send(Msg::ReplayStarted(Err(refused(None))));
    world.send(Msg::Frame);
    assert!(world.app.prompt.is_none() && world.screen().contains("it is refused"), "{}", world.screen());
}

#[test]
fn leaving_while_a_replay_runs_here_asks_once_more() {
    let mut world = World::new(80, 24);
    world.send(Msg::ReplayStarted(Ok("20261120t140000-abcd".into())));
    world.effects.clear();
    world.keys("q");
    assert!(!world.effects.contains(&Effect::Quit) && world.screen().contains("can be resumed"), "{}", world.screen());
    world.keys("<down>q");
    assert!(!world.effects.contains(&Effect::Quit), "something else was done between");
    world.keys("q");
    assert!(world.effects.contains(&Effect::Quit));
    let mut world = World::new(80, 24);
    world.send(Msg::ReplayStarted(Ok("20261120t140000-abcd".into())));
    world.send(Msg::Replays(vec![run(State::Completed, false)]));
    world.send(Msg::Frame);
    assert!(world.screen().contains("COMPLETED"), "{}", world.screen());
    world.effects.clear();
    world.keys("q");
    assert!(world.effects.contains(&Effect::Quit));
}

#[test]
fn every_size_draws_and_nothing_acts_on_the_terminal() {
    for (columns, rows) in [(40, 8), (60, 20), (80, 24), (200, 50)] {
        let mut world = world(columns, rows);
        world.screen();
        planned(&mut world, plan(Destination::Original));
        for cell in world.drawn().backend().buffer().content() {
            assert!(cell.symbol().chars().all(jetscope::event::is_harmless), "{:?}", cell.symbol());
        }
        world.keys("6");
        world.send(Msg::Replays(vec![run(State::Failed, true)]));
        world.send(Msg::Frame);
        world.keys("<enter>");
        world.screen();
    }
}

/// Whether the stream and the destination are read in full; a line of the screen may end between their words.
fn names_both(world: &World, what: &str) {
    let screen = world.screen();
    let words = screen.replace(['│', '▐'], " ").split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(words.contains(STREAM) && words.contains("replay.{id}.{subject}"), "{what}:\n{screen}");
}

#[test]
fn every_question_before_a_replay_names_the_stream_and_the_destination() {
    for access in [Access::Confirm, Access::Protected] {
        let mut world = world(60, 20);
        world.app.session.access = access;
        names_both(&world, "the form");
        planned(&mut world, plan(Destination::default()));
        names_both(&world, "the plan");
        names_both(world.keys("G<enter>"), "the confirmation");
        for (state, orphaned, key) in [(State::Running, false, "X"), (State::Running, true, "<space>")] {
            let mut world = World::new(60, 20);
            world.app.session.access = access;
            world.keys("6");
            world.send(Msg::Replays(vec![run(state, orphaned)]));
            world.send(Msg::Frame);
            if !orphaned {
                names_both(world.keys(key), "cancelling it from the list");
                world.keys("<esc>");
            }
            world.keys("<enter>");
            names_both(&world, "the run");
            names_both(world.keys(key), "a question about it");
            if orphaned && access == Access::Protected {
                names_both(world.keys("r"), "the word that resumes it");
            }
        }
    }
}
