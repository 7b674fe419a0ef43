//! What is asked, what is shown before, and how it is confirmed.

use super::*;

#[test]
fn it_is_asked_for_whom_first() {
    let mut world = world(80, 24);
    world.keys("R");
    insta::assert_snapshot!("for_whom_80", world.screen());
    world.keys("p");
    match world.app.screen() {
        Some(Screen::ReplayForm(form)) => {
            assert_eq!(form.wish, ReplayWish::new(What::Consumer(STREAM.into(), "archive".into())));
        }
        other => panic!("no form of a replay is shown but {other:?}"),
    }
    // From every list of consumers, and by a key of its own.
    for keys in [
        "C/archive<enter>Rm",
        "C/archive<enter>M",
        "/github<enter><enter><tab>gR<enter>",
        ":reposition eventsource-github-stream archive<enter>",
    ] {
        let mut world = World::new(80, 24);
        world.keys(keys);
        match world.app.screen() {
            Some(Screen::Reposition(RepositionScreen::Form(form))) => {
                assert_eq!((form.stream.as_str(), form.consumer.as_str()), (STREAM, "archive"), "{keys}");
            }
            other => panic!("{keys}: {other:?}"),
        }
    }
    let mut world = World::new(80, 24);
    world.keys("M");
    assert!(world.screen().contains("only consumers can be moved"), "{}", world.screen());
    world.keys("U");
    assert!(world.screen().contains("select a consumer that was moved"), "{}", world.screen());
}

#[test]
fn where_access_is_read_only_it_is_only_shown_and_says_so() {
    let mut world = world(80, 24);
    world.app.session.access = Access::ReadOnly;
    world.keys("R");
    assert_eq!(world.screen().matches("read-only context:").count(), 2, "{}", world.screen());
    world.keys("<esc>");
    previewed(&mut world, preview());
    assert!(world.screen().contains("▲ 1 pull request"), "{}", world.screen());
    world.keys("<enter>");
    assert!(world.app.menu.is_none() && world.app.prompt.is_none());
    let footer = world.screen().lines().last().unwrap_or_default().to_owned();
    assert!(footer.contains("this context is read-only"), "{footer}");
    world.keys("G");
    assert!(world.screen().contains("✖ this context is read-only"), "{}", world.screen());
    assert_eq!(started(&world), []);
}

#[test]
fn every_place_can_be_asked_for() {
    let mut world = world(80, 24);
    world.keys("M");
    insta::assert_snapshot!("reposition_form_80", world.screen());
    let at = |world: &World| looked(world).1.place;
    for (keys, target) in [
        ("<enter>", Target::Seq(43_991)),
        ("<down><enter>", Target::Start),
        ("G<up><enter>", Target::End),
        ("G<enter>120<enter>", Target::Seq(120)),
        ("G<enter><ctrl-u>13:50<enter>", Target::Time(start().minus(Duration::from_secs(600)))),
        ("G<enter><ctrl-u>-2h<enter>", Target::Time(world.app.now.minus(Duration::from_secs(7_200)))),
        ("G<enter><ctrl-u>last:7<enter>", Target::Last(7)),
        ("G<enter><ctrl-u><tab><enter>", Target::Seq(43_991)),
        ("G<enter><ctrl-u>la<tab><enter>", Target::Last(100)),
        ("G<enter><ctrl-u>e<tab><enter>", Target::End),
    ] {
        world.keys(keys);
        assert_eq!(at(&world), Place::At(target), "{keys}");
        assert!(!looked(&world).1.recreate);
        world.keys("<esc>g");
    }
    // What was typed is still there, and mistakes stay to be mended.
    world.keys("G<enter>");
    assert_eq!(world.app.prompt.as_ref().unwrap().input.value(), "end");
    world.keys("<ctrl-u>");
    insta::assert_snapshot!("reposition_places_60", {
        world.send(Msg::Resize(60, 20));
        world.send(Msg::Frame);
        world.screen()
    });
    world.keys("120..480<enter>");
    assert!(world.screen().contains("not in a range"), "{}", world.screen());
    world.keys("<esc>");
    assert!(matches!(world.app.screen(), Some(Screen::Reposition(RepositionScreen::Form(_)))));
}

#[test]
fn one_that_acks_nothing_does_not_fail() {
    let mut world = World::new(80, 24);
    world.keys("C/dash<enter>M");
    assert!(!world.screen().contains("where it failed"), "{}", world.screen());
    world.effects.clear();
    world.keys("<enter>");
    assert_eq!(looked(&world).1.place, Place::At(Target::Start));
}

#[test]
fn a_preview_is_shown_before_anything_is_moved_and_has_to_be_confirmed() {
    for (name, size) in [("60", (60, 20)), ("80", (80, 24)), ("120", (120, 40))] {
        let mut world = world(size.0, size.1);
        previewed(&mut world, preview());
        insta::assert_snapshot!(format!("reposition_preview_{name}"), world.screen());
    }
    let mut world = world(80, 24);
    previewed(&mut world, preview());
    // Enter twice is no confirmation.
    world.keys("<enter><enter>");
    assert_eq!(started(&world), []);
    world.keys("<enter>m");
    assert_eq!(started(&world), [None]);
    world.effects.clear();
    world.keys("<enter>");
    assert!(started(&world).is_empty() && world.screen().contains("being started"), "{}", world.screen());
    // It could not be: it can be tried again.
    news(&mut world, RepositionNews::Begun(Err("another jetscope moves it\u{1b}[2J".into())));
    assert!(world.screen().contains("another jetscope"), "{}", world.screen());
    world.keys("<enter>m");
    assert_eq!(started(&world), [None]);
}

#[test]
fn protected_contexts_and_deleted_consumers_want_a_word() {
    for (access, preview, wrong, right) in [
        (Access::Protected, preview(), "yes", "prod"),
        (Access::Confirm, recreated(), "prod", "recreate"),
        (Access::Protected, recreated(), "recreate", "prod"),
    ] {
        let mut world = world(80, 24);
        world.app.session.access = access;
        previewed(&mut world, preview);
        world.keys(&format!("<enter>{wrong}<enter>"));
        assert!(started(&world).is_empty() && world.app.prompt.is_some(), "{access:?} {wrong}");
        world.keys(&format!("<ctrl-u>{right}<enter>"));
        assert_eq!(started(&world), [Some(right.to_owned())]);
    }
    // A context without a name cannot be confirmed.
    let mut world = world(80, 24);
    world.app.session.access = Access::Protected;
    world.app.session.context = None;
    previewed(&mut world, preview());
    world.keys("<enter><enter>");
    assert_eq!(started(&world), []);
}

#[test]
fn an_old_server_refuses_and_the_other_way_is_a_choice_of_its_own() {
    let mut world = world(80, 24);
    previewed(&mut world, refused());
    insta::assert_snapshot!("reposition_refused_80", world.screen());
    world.keys("<enter>");
    assert!(world.screen().contains("delete it and make it again"), "{}", world.screen());
    // Enter twice is no choice.
    world.keys("<enter>");
    assert!(world.effects.is_empty(), "{:?}", world.effects);
    world.keys("<enter>d");
    let (_, wish) = looked(&world);
    assert_eq!((wish.place, wish.recreate), (Place::At(Target::End), true));
    assert_eq!(started(&world), []);
    seen(&mut world, recreated());
    insta::assert_snapshot!("reposition_recreate_80", world.screen());
}

#[test]
fn what_cannot_be_looked_at_or_done_says_why() {
    let mut world = world(80, 24);
    world.keys("M<enter>");
    assert!(world.screen().contains("being looked at"), "{}", world.screen());
    world.keys("<enter>");
    assert!(world.app.menu.is_none());
    let (id, _) = looked(&world);
    news(&mut world, RepositionNews::Seen(id + 7, Err("late".into())));
    news(&mut world, RepositionNews::Seen(id, Err("consumer not found\u{1b}[2J".into())));
    assert!(world.screen().contains("consumer not found␛[2J") && !world.screen().contains("late"));
    world.effects.clear();
    world.keys("r");
    assert_eq!(looked(&world).1.place, Place::At(Target::Seq(43_991)));
    let beyond = "#9 lies beyond the end of the stream";
    seen(&mut world, Preview { obstacles: vec![beyond.into()], ..preview() });
    world.keys("<enter>");
    assert!(world.app.menu.is_none() && world.screen().contains("it cannot be done: #9"), "{}", world.screen());
    world.keys("r");
    let mut same = preview();
    (same.before.ack_pending, same.after.seq, same.skipped) = (0, 901, Span::NONE);
    seen(&mut world, same);
    world.keys("<enter>");
    assert!(world.app.menu.is_none() && world.screen().contains("it stands there already"), "{}", world.screen());
    // Who has left does not hear of it.
    world.keys("r<esc>");
    let (id, _) = looked(&world);
    news(&mut world, RepositionNews::Seen(id, Ok(Box::new(Proposal::Move(Box::new(preview()))))));
    assert!(matches!(world.app.screen(), Some(Screen::Reposition(RepositionScreen::Form(_)))));
}
