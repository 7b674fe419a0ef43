//! Whatever is pressed and whatever arrives, in any order and on any size: every screen can be drawn, the
//! selection is valid, and nothing that acts on a terminal gets through.

use std::time::Duration;

use jetscope::app::{Effect, Msg, Screen, TailNews};
use jetscope::model::update::Ask;
use jetscope::model::{Link, Problem, ProblemKind, Update};
use proptest::prelude::*;

use crate::common::events::nth;
use crate::common::world::{World, poll, start};

/// One thing that happens.
#[derive(Clone, Debug)]
enum Step {
    Key(&'static str),
    Type(String),
    Size(u16, u16),
    Poll(i64),
    Gone(&'static str),
    /// What a reading of events reports: so many messages, or how it goes.
    Events(u64, u64),
    Flow(u8),
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
    "[",
    "]",
    "{",
    "}",
    "i",
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
    "t",
    "T",
    "u",
    "@",
    "=",
    "+",
    "-",
    "n",
    "N",
    "m",
    ">",
    "<",
    "v",
    "d",
    "o",
    "w",
    "p",
    "e",
    "i",
];

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        12 => prop::sample::select(KEYS).prop_map(Step::Key),
        2 => "[a-z ^'!>.]{1,6}|stream |consumers JO|type:com|data.total > |last:|120\\.\\.|\u{1b}\\[31m|\u{202e}".prop_map(Step::Type),
        4 => (1_u64..400, 1_u64..120).prop_map(|(from, n)| Step::Events(from, n)),
        1 => (0_u8..5).prop_map(Step::Flow),
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

/// To the newest reading, whether its screen is open or not.
fn send_news(world: &mut World, news: TailNews) {
    let newest = world.effects.iter().rev().find_map(|e| if let Effect::Tail(r) = e { Some(r.id) } else { None });
    world.send(Msg::Tail(newest.unwrap_or(1), news));
}

fn happen(world: &mut World, step: &Step) {
    let now = start().plus(Duration::from_secs(50));
    match step {
        Step::Key(name) => world.send(Msg::Key(name.parse().unwrap_or_else(|e| panic!("{name}: {e:?}")))),
        Step::Type(text) => world.send(Msg::Paste(text.clone())),
        Step::Size(columns, rows) => world.send(Msg::Resize(*columns, *rows)),
        Step::Poll(second) => poll(*second).into_iter().for_each(|update| world.send(Msg::Data(update))),
        Step::Events(from, n) => {
            let messages = (*from..from + n).map(|seq| nth("eventsource-github-stream", seq)).collect();
            send_news(world, TailNews::Messages(messages));
        }
        Step::Flow(which) => send_news(
            world,
            match which {
                0 => TailNews::Opened { stream: 0, peeks: false, from: 1, last: 400 },
                1 => TailNews::CaughtUp(0),
                2 => TailNews::Waiting(None, "no\u{1b}[2J route".into()),
                3 => TailNews::Failed(1, "stream \u{202e} not found".into()),
                _ => TailNews::Ended(0),
            },
        ),
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
        // A reading that no screen shows is ended, and none is ended twice.
        let count = |wanted: fn(&Effect) -> bool| world.effects.iter().filter(|e| wanted(e)).count();
        let open = world.app.screens.iter().filter(|s| matches!(s, Screen::Tail(_))).count();
        let (begun, ended) = (count(|e| matches!(e, Effect::Tail(_))), count(|e| matches!(e, Effect::TailEnd(_))));
        prop_assert_eq!(begun, ended + open);
        world.send(Msg::Frame);
        let valid = match world.app.screen() {
            Some(Screen::Streams(s)) => s.table.selected().is_some() != s.table.is_empty(),
            Some(Screen::Consumers(s)) => s.table.selected().is_some() != s.table.is_empty(),
            _ => true,
        };
        prop_assert!(valid, "nothing is selected in\n{}", world.screen());
    }
}
