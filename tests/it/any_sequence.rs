//! Whatever is pressed and whatever arrives, in any order and on any size: every screen can be drawn, the
//! selection is valid, and nothing that acts on a terminal gets through.

use std::time::Duration;

use jetscope::app::{Msg, Screen};
use jetscope::model::update::Ask;
use jetscope::model::{Link, Problem, ProblemKind, Update};
use proptest::prelude::*;

use crate::common::world::{World, poll, start};

/// One thing that happens.
#[derive(Clone, Debug)]
enum Step {
    Key(&'static str),
    Type(String),
    Size(u16, u16),
    Poll(i64),
    Gone(&'static str),
    ConsumerGone,
    Lost,
    Back,
    Denied,
    Tick(u64),
}

const KEYS: &[&str] = &[
    "enter",
    "esc",
    "tab",
    "backtab",
    "up",
    "down",
    "left",
    "right",
    "pageup",
    "pagedown",
    "home",
    "end",
    "c",
    "C",
    "x",
    "1",
    "?",
    "/",
    ":",
    "s",
    "S",
    "b",
    "a",
    "!",
    "space",
    "f",
    "y",
    "ctrl-r",
    "ctrl-l",
    "g",
    "G",
    "backspace",
    "j",
    "k",
    "h",
    "l",
    "z",
];

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        12 => prop::sample::select(KEYS).prop_map(Step::Key),
        2 => "[a-z ^'!>.]{1,6}|stream |consumers JO|\u{1b}\\[31m|\u{202e}".prop_map(Step::Type),
        2 => (1_u16..260, 1_u16..80).prop_map(|(c, r)| Step::Size(c, r)),
        4 => (0_i64..100).prop_map(Step::Poll),
        1 => prop::sample::select(&["JOBS", "audit", "eventsource-github-stream"][..]).prop_map(Step::Gone),
        1 => Just(Step::ConsumerGone),
        1 => Just(Step::Lost),
        1 => Just(Step::Back),
        1 => Just(Step::Denied),
        2 => (0_u64..100_000).prop_map(Step::Tick),
    ]
}

fn happen(world: &mut World, step: &Step) {
    let now = start().plus(Duration::from_secs(50));
    match step {
        Step::Key(name) => world.send(Msg::Key(name.parse().unwrap_or_else(|e| panic!("{name}: {e:?}")))),
        Step::Type(text) => world.send(Msg::Paste(text.clone())),
        Step::Size(columns, rows) => world.send(Msg::Resize(*columns, *rows)),
        Step::Poll(second) => poll(*second).into_iter().for_each(|update| world.send(Msg::Data(update))),
        Step::Gone(name) => world.send(Msg::Data(Update::StreamGone((*name).into(), now))),
        Step::ConsumerGone => {
            let update = Update::ConsumerGone("eventsource-github-stream".into(), "archive".into(), now);
            world.send(Msg::Data(update));
        }
        Step::Lost => {
            let link = Link::Lost { attempt: 3, since: now, reason: Some("no\u{1b}[2J route".into()) };
            world.send(Msg::Data(Update::Link(link)));
        }
        Step::Back => world.send(Msg::Data(Update::Link(Link::Connected { since: now }))),
        Step::Denied => {
            let kind = ProblemKind::Denied { subject: "$JS.API.STREAM.LIST".into() };
            let problem = Problem::new(kind, "no permission to publish to $JS.API.STREAM.LIST");
            for ask in [Ask::Streams, Ask::Account, Ask::Stream("JOBS".into()), Ask::Subjects("JOBS".into())] {
                world.send(Msg::Data(Update::Failed(ask, problem.clone(), now)));
            }
        }
        Step::Tick(ms) => world.send(Msg::Tick(start().plus(Duration::from_millis(*ms)))),
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    #[test]
    fn every_screen_can_be_drawn(steps in prop::collection::vec((step(), any::<bool>()), 1..60)) {
        let mut world = World::new(80, 24);
        for (step, frame) in &steps {
            happen(&mut world, step);
            if *frame {
                world.send(Msg::Frame);
            }
            let drawn = world.drawn();
            for cell in drawn.backend().buffer().content() {
                let harmless = cell.symbol().chars().all(jetscope::event::is_harmless);
                prop_assert!(harmless, "{:?} after {step:?}", cell.symbol());
            }
            prop_assert!(world.app.screen().is_some());
        }
        world.send(Msg::Frame);
        let valid = match world.app.screen() {
            Some(Screen::Streams(s)) => s.table.selected().is_some() != s.table.is_empty(),
            Some(Screen::Consumers(s)) => s.table.selected().is_some() != s.table.is_empty(),
            _ => true,
        };
        prop_assert!(valid, "nothing is selected in\n{}", world.screen());
    }
}
