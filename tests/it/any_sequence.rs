//! Whatever is pressed and whatever arrives, in any order and on any size: every screen can be drawn, the
//! selection is valid, and nothing that acts on a terminal gets through.

use std::time::Duration;

use jetscope::app::reposition::{Begun, Left, RepositionNews, RepositionOrder};
use jetscope::app::{Effect, Msg, Screen, TailNews};
use jetscope::model::reposition::{Method, Past, Proposal, State, Step as MoveStep, Target};
use jetscope::model::request::{Act, Outcome};
use jetscope::model::update::Ask;
use jetscope::model::{Advisory, AdvisoryKind, Link, Owner, Problem, ProblemKind, Request, Update};
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
    /// What is reported of repositions.
    Moved(u8),
    /// An advisory about this message, of one kind or another.
    Told(u64, u8),
    /// So many requests, from this second on.
    Asked(u64, u64),
    /// A stored message was read, or is gone, or its reading failed.
    Stored(u64, u8),
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
    "8",
    "P",
    "R",
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
    "R",
    "M",
    "U",
    "X",
    "6",
    "r",
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
        3 => (0_u8..8).prop_map(Step::Moved),
        3 => (1_u64..80, 0_u8..7).prop_map(|(seq, kind)| Step::Told(seq, kind)),
        1 => (0_u64..100, 1_u64..90).prop_map(|(second, n)| Step::Asked(second, n)),
        2 => (1_u64..80, 0_u8..4).prop_map(|(seq, how)| Step::Stored(seq, how)),
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

/// The newest wish is answered, or what is being moved goes on.
fn moved(world: &mut World, which: u8) {
    let (stream, consumer) = ("eventsource-github-stream".to_owned(), "archive".to_owned());
    let wished = world.effects.iter().rev().find_map(|e| match e {
        Effect::Reposition(RepositionOrder::Look(id, wish)) => Some((*id, wish.stream.clone(), wish.consumer.clone())),
        _ => None,
    });
    let left = Past { left_over: true, ..past("old\u{1b}[2J", &stream, &consumer) };
    let news = match which {
        0 => RepositionNews::Seen(wished.map_or(1, |w| w.0), Err("consumer \u{202e} not found".into())),
        1 | 2 => {
            let (id, stream, consumer) = wished.unwrap_or((1, stream, consumer));
            let past = past("gone", &stream, &consumer);
            RepositionNews::Seen(id, Ok(Box::new(Proposal::Remake(Box::new(past)))))
        }
        3 => RepositionNews::Begun(Ok(Begun { id: "now".into(), stream, consumer, ..Begun::default() })),
        4 => RepositionNews::Begun(Err("no\u{1b}[2J".into())),
        5 => RepositionNews::Step("now".into(), MoveStep::Stuck { left: 3 }),
        6 => {
            let left = Left { sentence: "left\u{1b}[2J".into(), cancelled: true };
            RepositionNews::Ended("now".into(), Err(left))
        }
        _ => RepositionNews::Past(vec![past("now", &stream, &consumer), left]),
    };
    world.send(Msg::Reposition(news));
}

fn past(id: &str, stream: &str, consumer: &str) -> Past {
    Past {
        id: id.into(),
        made: start(),
        state: State::Interrupted,
        context: None,
        servers: "nats://n1:4222".into(),
        stream: stream.into(),
        consumer: consumer.into(),
        target: Target::Start,
        method: Method::Recreate,
        from: 812,
        to: 1,
        given_up: 0,
        owner: Owner::default(),
        can_be_undone: true,
        left_over: false,
        deleted: false,
        pause_ends: None,
        undoes: None,
        undone_by: None,
        why: Some("no\u{202e}".into()),
        outcome: None,
    }
}

const STREAM: &str = "eventsource-github-stream";

fn advisory(stream_seq: u64, kind: u8) -> Advisory {
    use AdvisoryKind as K;
    let consumer = if kind == 6 { "jetscope-tail-x" } else { "archive" };
    let kind = match kind {
        0 => K::MaxDeliveries { stream_seq, deliveries: 3 },
        1 => K::Nak { stream_seq, deliveries: 0 },
        2 => K::Terminated { stream_seq, deliveries: 1, reason: Some("\u{1b}[31m\u{202e}no".into()) },
        3 => K::DeletedUnacked { stream_seq, deliveries: 1 },
        4 => K::ConsumerLeaderElected { leader: Some("n\u{9b}1".into()) },
        5 => K::Other { token: "\u{7}".into(), body: "\u{200b}".into() },
        _ => K::ConsumerDeleted,
    };
    let time = start().plus(Duration::from_secs(stream_seq));
    Advisory { time, stream: STREAM.into(), consumer: Some(consumer.into()), kind }
}

fn request(second: u64, nth: u64) -> Request {
    let subjects = ["STREAM.INFO.JOBS", "CONSUMER.RESET.JOBS.wor\u{1b}kers", "STREAM.MSG.GET.JOBS", "X.\u{202e}"];
    let outcomes = [Outcome::Done, Outcome::Left, Outcome::Failed("no\u{1b}[2J answer".into())];
    Request {
        at: start().plus(Duration::from_secs(second)),
        act: if nth == 7 { Act::Publish { publisher: second, messages: nth, bytes: 9 } } else { Act::Ask },
        subject: format!("$JS.API.{}", subjects[nth as usize % subjects.len()]).into(),
        prefix: 7,
        body: "{\"seq\":3}\u{1b}".into(),
        took: (!nth.is_multiple_of(5)).then(|| Duration::from_micros(nth * 97)),
        reply: Some(nth),
        outcome: outcomes[nth as usize % outcomes.len()].clone(),
        context: (!nth.is_multiple_of(2)).then(|| "prod".into()),
    }
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
        Step::Moved(which) => moved(world, *which),
        Step::Told(seq, kind) => world.send(Msg::Data(Update::Advisory(advisory(*seq, *kind)))),
        Step::Asked(second, n) => {
            let requests = (0..*n).map(|i| request(second + i, i)).collect();
            world.send(Msg::Data(Update::Requests(requests, n % 3)));
        }
        Step::Stored(seq, how) => {
            let found = match how {
                0 => Ok(None),
                1 => Err(Problem::new(ProblemKind::Timeout, "no\u{1b}[2J answer")),
                _ => Ok(Some(nth(STREAM, *seq))),
            };
            let (stream, consumer) = (STREAM.to_owned(), "archive".to_owned());
            world.send(Msg::Data(match how {
                3 => Update::HeadOfLine { stream, consumer, floor: 811, found },
                _ => Update::Stored { stream, seq: *seq, found },
            }));
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
