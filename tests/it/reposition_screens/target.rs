//! Before anything is written the full name of what it is written to is on screen, at the smallest size too.

use super::*;

/// Consumer and stream as they are, not the short name; a line of the screen may end between their words.
fn names_it(world: &World, what: &str) {
    let screen = world.screen();
    let words = screen.replace(['│', '▐'], " ").split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(words.contains(&format!("archive of {STREAM}")), "{what}:\n{screen}");
}

#[test]
fn every_question_before_a_write_names_the_consumer_and_its_stream() {
    for access in [Access::Confirm, Access::Protected] {
        let mut world = world(60, 20);
        world.app.session.access = access;
        world.send(Msg::Reposition(RepositionNews::Past(vec![past(State::Completed)])));
        names_it(world.keys("R"), "for whom");
        world.keys("<esc>");
        names_it(world.keys("M"), "the form");
        names_it(world.keys("<down><down><down><enter>"), "a place that is typed");
        world.keys("<esc><up><enter>");
        seen(&mut world, preview());
        names_it(&world, "the preview");
        // Scrolled away from the line that names it.
        names_it(world.keys("G<enter>"), "the confirmation");
        world.keys("<esc>");
        seen_again(&mut world, refused());
        names_it(world.keys("G<enter>"), "another way");
        world.keys("<esc>");
        seen_again(&mut world, recreated());
        names_it(world.keys("G<enter>"), "the confirmation of making it again");
    }
}

/// The preview that is open is read again.
fn seen_again(world: &mut World, preview: Preview) {
    world.keys("<ctrl-r>");
    seen(world, preview);
}

#[test]
fn undo_and_every_question_about_a_running_one_name_them_too() {
    let mut world = world(60, 20);
    world.send(Msg::Reposition(RepositionNews::Past(vec![past(State::Completed)])));
    world.keys("U");
    seen(&mut world, Preview { undoes: Some(ID.into()), ..preview() });
    names_it(&world, "the preview of undo");
    names_it(world.keys("G<enter>"), "the confirmation of undo");
    let mut world = self::world(60, 20);
    running(&mut world);
    names_it(world.keys("X"), "leaving it");
    world.keys("<esc>");
    news(&mut world, RepositionNews::Step(ID.into(), Step::Stuck { left: 2 }));
    names_it(world.keys("<enter>"), "what about the acks");
    world.keys("<esc>6");
    world.send(Msg::Replays(vec![]));
    world.send(Msg::Frame);
    names_it(world.keys("X"), "leaving it from the list");
}
