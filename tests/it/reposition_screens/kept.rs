//! What was written down: on consumers, in the list, and after it was broken off.

use super::*;

#[test]
fn a_consumer_says_that_it_was_moved_as_long_as_that_can_be_taken_back() {
    let mut world = world(80, 24);
    assert!(!world.screen().contains("takes it back"));
    world.keys("U");
    assert!(world.screen().contains("not read yet"), "{}", world.screen());
    news(&mut world, RepositionNews::Past(vec![past(State::Completed)]));
    world.send(Msg::Tick(at(70)));
    world.send(Msg::Frame);
    assert!(world.screen().contains("1m10s ago; U takes it back"), "{}", world.screen());
    world.keys("R");
    assert!(world.screen().contains("to #812, where it stood 1m10s ago"), "{}", world.screen());
    world.effects.clear();
    world.keys("u");
    assert_eq!(looked(&world).1.place, Place::Back);
    // On another consumer there is nothing to take back.
    world.keys("<esc><esc><esc>/builder<enter>U");
    assert!(world.screen().contains("nothing to take back"), "{}", world.screen());
}

#[test]
fn what_was_broken_off_is_told_once_and_stands_on_its_consumer() {
    let mut world = World::new(80, 24);
    news(&mut world, RepositionNews::Past(vec![past(State::Interrupted)]));
    assert!(world.screen().contains("moving archive was broken off"), "{}", world.screen());
    world.keys("<down>");
    news(&mut world, RepositionNews::Past(vec![past(State::Interrupted)]));
    assert!(!world.screen().contains("was broken off"), "{}", world.screen());
    world.keys("C/archive<enter><enter>");
    insta::assert_snapshot!("consumer_broken_off_80", world.screen());
    world.keys("6");
    world.send(Msg::Replays(vec![]));
    world.send(Msg::Frame);
    world.keys("<enter>");
    insta::assert_snapshot!("reposition_interrupted_80", world.screen());
    world.effects.clear();
    world.keys("U");
    assert_eq!(looked(&world).1.place, Place::Back);
    // Its consumer is gone: it would be made again.
    let (id, _) = looked(&world);
    let gone = Past { deleted: true, ..past(State::Interrupted) };
    news(&mut world, RepositionNews::Seen(id, Ok(Box::new(Proposal::Remake(Box::new(gone))))));
    assert!(world.screen().contains("which is gone") && world.screen().contains("made again"), "{}", world.screen());
    world.keys("<enter>recreate<enter>");
    assert_eq!(started(&world), [Some("recreate".to_owned())]);
}

#[test]
fn only_the_newest_can_be_taken_back_and_only_here_it_can_be_left() {
    let mut world = World::new(80, 24);
    let older = Past {
        id: "older".into(),
        made: at(0).minus(Duration::from_secs(60)),
        can_be_undone: false,
        ..past(State::Completed)
    };
    let elsewhere = Past { id: "z".into(), consumer: "builder".into(), ..past(State::Running) };
    world.keys("6");
    assert!(world.effects.contains(&Effect::Reposition(RepositionOrder::Watch(true))));
    world.send(Msg::Replays(vec![]));
    news(&mut world, RepositionNews::Past(vec![elsewhere, past(State::Completed), older]));
    world.keys("G");
    world.effects.clear();
    world.keys("U");
    assert!(world.effects.is_empty() && world.screen().contains("only the newest move"), "{}", world.screen());
    world.keys("gX");
    assert!(
        world.app.menu.is_none() && world.screen().contains("process 77 on ops␛[2J1 moves it"),
        "{}",
        world.screen()
    );
    world.keys("<down>U");
    assert_eq!(looked(&world).1.consumer, "archive");
    world.keys("<esc>/builder<enter>");
    assert!(
        world.screen().contains("builder to #46361") && !world.screen().contains("archive to"),
        "{}",
        world.screen()
    );
    world.keys("1");
    assert!(world.effects.contains(&Effect::Reposition(RepositionOrder::Watch(false))));
}

#[test]
fn every_size_draws_and_nothing_acts_on_the_terminal() {
    for (columns, rows) in [(40, 8), (60, 20), (200, 50)] {
        let check = |world: &World| {
            for cell in world.drawn().backend().buffer().content() {
                assert!(cell.symbol().chars().all(jetscope::event::is_harmless), "{:?}", cell.symbol());
            }
        };
        let mut world = World::new(columns, rows);
        world.keys("C/dash<enter>R");
        check(&world);
        world.keys("m<enter>");
        check(&world);
        seen(&mut world, Preview { consumer: "dash\u{1b}board".into(), ..refused() });
        check(&world);
        world.keys("<enter>");
        check(&world);
        world.keys("<esc><esc><esc>6");
        world.send(Msg::Replays(vec![]));
        news(
            &mut world,
            RepositionNews::Past(vec![past(State::Interrupted), Past { id: "b".into(), ..past(State::Failed) }]),
        );
        check(&world);
        world.keys("<enter>");
        check(&world);
    }
}
