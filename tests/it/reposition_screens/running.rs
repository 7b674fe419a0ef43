//! Steps, questions on the way, results, and the key that takes them back.

use super::*;

#[test]
fn steps_are_shown_as_they_happen_and_acks_that_do_not_come_are_asked_about() {
    let mut world = world(80, 24);
    running(&mut world);
    assert!(
        !world
            .app
            .screens
            .iter()
            .any(|s| matches!(s, Screen::Reposition(RepositionScreen::Form(_) | RepositionScreen::Preview(_))))
    );
    insta::assert_snapshot!("reposition_draining_80", world.screen());
    news(&mut world, RepositionNews::Step(ID.into(), Step::Stuck { left: 2 }));
    insta::assert_snapshot!("reposition_stuck_80", world.screen());
    // Waiting on is what Enter alone does.
    world.keys("<enter><enter>");
    assert_eq!(told(&world), None);
    world.keys("<enter>g");
    assert_eq!(told(&world), Some(Control::GoOn));
    world.effects.clear();
    world.keys("<enter>l");
    assert_eq!(told(&world), Some(Control::Cancel));
    world.effects.clear();
    world.keys("X<enter>");
    assert_eq!(told(&world), None);
    world.keys("Xl");
    assert_eq!(told(&world), Some(Control::Cancel));
    let sentence = "consumer archive was left before it was moved; it stands where it stood".to_owned();
    news(&mut world, RepositionNews::Ended(ID.into(), Err(Left { sentence, cancelled: true })));
    assert!(world.screen().contains("CANCELLED") && world.screen().contains("it stands where it stood"));
    world.effects.clear();
    world.keys("X");
    assert!(
        world.app.menu.is_none() && told(&world).is_none() && world.screen().contains("it is over"),
        "{}",
        world.screen()
    );
}

#[test]
fn the_result_is_shown_and_one_key_takes_it_back() {
    for (name, size) in [("60", (60, 20)), ("80", (80, 24)), ("120", (120, 40))] {
        let mut world = world(size.0, size.1);
        running(&mut world);
        for step in [Step::Moving, Step::Resuming, Step::Watching] {
            news(&mut world, RepositionNews::Step(ID.into(), step));
        }
        news(&mut world, RepositionNews::Past(vec![past(State::Completed)]));
        news(&mut world, RepositionNews::Ended(ID.into(), Ok(Box::new(outcome()))));
        insta::assert_snapshot!(format!("reposition_result_{name}"), world.screen());
        world.keys("U");
        let (_, wish) = looked(&world);
        let back =
            RepositionWish { stream: STREAM.into(), consumer: "archive".into(), place: Place::Back, recreate: false };
        assert_eq!(wish, back);
        // The same way as there: shown, confirmed.
        seen(&mut world, Preview { target: Target::Seq(812), undoes: Some(ID.into()), ..preview() });
        assert!(world.screen().contains(ID), "{}", world.screen());
        world.effects.clear();
        world.keys("<enter>m");
        assert_eq!(started(&world), [None]);
        let undo = Begun { id: "undo".into(), from: 46_361, to: 812, undoes: Some(ID.into()), ..begun() };
        news(&mut world, RepositionNews::Begun(Ok(undo)));
        let undone = Past { state: State::Undone, can_be_undone: false, ..past(State::Completed) };
        news(&mut world, RepositionNews::Past(vec![undone]));
        let end = Outcome { id: "undo".into(), from: 46_361, to: 812, ..outcome() };
        news(&mut world, RepositionNews::Ended("undo".into(), Ok(Box::new(end))));
        assert!(world.screen().contains("archive back from #46361 to #812"), "{}", world.screen());
        world.effects.clear();
        world.keys("U");
        assert!(world.effects.is_empty() && world.screen().contains("nothing to take back"), "{}", world.screen());
        // Back at once to where it was asked for.
        world.keys("<esc>");
        assert!(matches!(world.app.screen(), Some(Screen::Consumer(_))), "{}", world.screen());
    }
}

#[test]
fn what_did_not_end_well_stands_out() {
    for (end, words) in [
        (Err(Left { sentence: "no permission to publish to X".into(), cancelled: false }), ["FAILED", "no permission"]),
        (Ok(Box::new(Outcome { verified: false, ..outcome() })), ["NOT VERIFIED", "NOT what was read back"]),
        (
            Ok(Box::new(Outcome { advances: Some(false), notes: vec!["none was delivered".into()], ..outcome() })),
            ["somebody waits, and nothing was sent", "▲ none was delivered"],
        ),
    ] {
        let mut world = world(80, 24);
        running(&mut world);
        news(&mut world, RepositionNews::Ended(ID.into(), end));
        for word in words {
            assert!(world.screen().contains(word), "{word}: {}", world.screen());
        }
    }
}

#[test]
fn on_another_connection_its_consumer_is_another_one() {
    let mut world = world(80, 24);
    running(&mut world);
    world.send(Msg::Switched(Ok(world.app.session.clone())));
    for update in poll(5) {
        world.send(Msg::Data(update));
    }
    world.send(Msg::Frame);
    world.keys("C/archive<enter><enter>");
    assert!(world.screen().contains("ack floor") && !world.screen().contains("being moved"), "{}", world.screen());
    // It goes on all the same, and can be answered.
    news(&mut world, RepositionNews::Step(ID.into(), Step::Stuck { left: 2 }));
    assert!(world.screen().contains("moving archive waits"), "{}", world.screen());
    world.keys("6");
    world.send(Msg::Replays(vec![]));
    world.send(Msg::Frame);
    world.keys("M");
    assert!(world.screen().contains("only consumers can be moved"), "{}", world.screen());
    world.keys("<enter><enter>g");
    assert_eq!(told(&world), Some(Control::GoOn));
    news(&mut world, RepositionNews::Ended(ID.into(), Ok(Box::new(outcome()))));
    assert!(!world.screen().contains("48040"), "what stands here is not of that consumer: {}", world.screen());
    world.keys("<enter>");
    assert!(world.screen().contains("on another connection"), "{}", world.screen());
}

#[test]
fn one_that_runs_can_be_left_and_found_again() {
    let mut world = world(80, 24);
    running(&mut world);
    // Form and preview are gone: back is the consumer.
    world.keys("<esc>");
    assert!(world.screen().contains("it is being moved"), "{}", world.screen());
    world.keys("U");
    assert!(world.screen().contains("it is being moved"), "{}", world.screen());
    world.keys("M");
    assert!(matches!(world.app.screen(), Some(Screen::Reposition(RepositionScreen::Run(run))) if run.id == ID));
    world.keys("1");
    news(&mut world, RepositionNews::Step(ID.into(), Step::Stuck { left: 2 }));
    assert!(world.screen().contains("moving archive waits: 2 messages were not acked"), "{}", world.screen());
    // Who leaves the console is asked once more.
    world.effects.clear();
    world.keys("q");
    assert!(!world.effects.contains(&Effect::Quit) && world.screen().contains("a consumer is being moved"));
    world.keys("6");
    world.send(Msg::Replays(vec![]));
    world.send(Msg::Frame);
    insta::assert_snapshot!("replays_with_moves_80", world.screen());
    world.keys("<enter>");
    assert!(world.screen().contains("what now?"), "{}", world.screen());
    world.keys("1");
    news(&mut world, RepositionNews::Ended(ID.into(), Ok(Box::new(outcome()))));
    assert!(world.screen().contains("continues at #46361, read back"), "{}", world.screen());
    world.effects.clear();
    world.keys("q");
    assert!(world.effects.contains(&Effect::Quit));
}
