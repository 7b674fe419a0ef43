//! The screens of repositions: what they ask for, what keys do to them, and how they look.

mod asking;
mod kept;
mod running;
mod target;

use std::time::Duration;

use jetscope::app::reposition::{Begun, Left, Place, RepositionNews, RepositionOrder, RepositionWish};
use jetscope::app::{Effect, Msg, ReplayWish, RepositionScreen, Screen, What};
use jetscope::model::reposition::{
    After, Before, Control, Method, Outcome, Past, Place as At, Preview, Proposal, Span, State, Step, Target,
};
use jetscope::model::{Access, AckPolicy, DeliverPolicy, Owner, Timestamp};

use crate::common::world::{World, poll, start};

const STREAM: &str = "eventsource-github-stream";
const ID: &str = "20261120140000000-github-archive";

fn at(second: u64) -> Timestamp {
    start().plus(Duration::from_secs(second))
}

fn place(seq: u64, second: u64) -> At {
    At { seq, time: Some(at(second)) }
}

/// The console on one consumer.
fn world(columns: u16, rows: u16) -> World {
    let mut world = World::new(columns, rows);
    world.keys("C/archive<enter><enter>");
    assert!(matches!(world.app.screen(), Some(Screen::Consumer(_))));
    world.effects.clear();
    world
}

/// What moving it would do, as the server of the newest version says.
fn preview() -> Preview {
    Preview {
        taken: at(4),
        server: "2.15.1".into(),
        stream: STREAM.into(),
        consumer: "archive".into(),
        stream_created: Some(at(0)),
        consumer_created: Some(at(0)),
        target: Target::Last(2_000),
        filter_subjects: vec!["eventsource.github.push".into(), "eventsource.\u{1b}[31mgithub.star".into()],
        mode: "pull",
        ack_policy: AckPolicy::Explicit,
        deliver_policy: DeliverPolicy::All,
        stream_ends: (1_001, 48_360),
        before: Before {
            ack_floor: place(811, 1),
            delivered: place(900, 2),
            pending: 4_370,
            ack_pending: 3,
            waiting: 1,
            push_bound: false,
            paused_until: None,
        },
        after: After { seq: 46_361, asked: None, first: Some(place(46_361, 3)), pending: Some(2_000) },
        redelivered: Span::NONE,
        restored: Span::NONE,
        skipped: Span { count: Some(2_370), first: Some(place(901, 2)), last: Some(place(46_359, 3)) },
        method: Method::Reset,
        lost: vec![],
        warnings: vec![
            "1 pull request waits: delivery begins at once".into(),
            "2,370 messages were never delivered and would not be: this consumer loses that".into(),
        ],
        obstacles: vec![],
        recreatable: false,
        undoes: None,
    }
}

/// What an old server says.
fn refused() -> Preview {
    Preview {
        server: "2.10.26".into(),
        obstacles: vec!["the server is 2.10.26 and cannot move a consumer, which 2.14 and newer can".into()],
        recreatable: true,
        ..preview()
    }
}

fn recreated() -> Preview {
    Preview {
        method: Method::Recreate,
        obstacles: vec![],
        recreatable: false,
        lost: vec![
            "all acks behind the new position, and how often each message was redelivered".into(),
            "its deliver policy, which is all".into(),
        ],
        ..refused()
    }
}

fn outcome() -> Outcome {
    Outcome {
        id: ID.into(),
        stream: STREAM.into(),
        consumer: "archive".into(),
        method: Method::Reset,
        from: 812,
        to: 46_361,
        verified: true,
        pending: 2_000,
        advances: Some(true),
        paused_until: None,
        seconds: 0.34,
        paused_seconds: 0.31,
        notes: vec![],
    }
}

fn past(state: State) -> Past {
    Past {
        id: ID.into(),
        made: at(0),
        state,
        context: Some("prod".into()),
        servers: "nats://n1:4222".into(),
        stream: STREAM.into(),
        consumer: "archive".into(),
        target: Target::Last(2_000),
        method: Method::Reset,
        from: 812,
        to: 46_361,
        given_up: 0,
        owner: Owner { pid: 77, host: "ops\u{1b}[2J1".into(), user: "ann".into() },
        can_be_undone: matches!(state, State::Completed | State::Interrupted),
        left_over: state == State::Interrupted,
        deleted: false,
        pause_ends: Some(at(60)),
        undoes: None,
        undone_by: None,
        why: None,
        outcome: (state == State::Completed).then(outcome),
    }
}

fn begun() -> Begun {
    let (stream, consumer) = (STREAM.into(), "archive".into());
    Begun { id: ID.into(), stream, consumer, from: 812, to: 46_361, undoes: None }
}

fn news(world: &mut World, news: RepositionNews) {
    world.send(Msg::Reposition(news));
    world.send(Msg::Frame);
}

/// The newest wish that was sent out, with its number.
fn looked(world: &World) -> (u64, RepositionWish) {
    let of = |e: &Effect| {
        if let Effect::Reposition(RepositionOrder::Look(id, wish)) = e { Some((*id, (**wish).clone())) } else { None }
    };
    world.effects.iter().rev().find_map(of).unwrap_or_else(|| panic!("nothing was asked in {:?}", world.effects))
}

/// Answers the newest wish.
fn seen(world: &mut World, preview: Preview) {
    let (id, _) = looked(world);
    news(world, RepositionNews::Seen(id, Ok(Box::new(Proposal::Move(Box::new(preview))))));
}

/// What was typed for each start.
fn started(world: &World) -> Vec<Option<String>> {
    let typed = |e: &Effect| {
        if let Effect::Reposition(RepositionOrder::Start(_, typed)) = e { Some(typed.clone()) } else { None }
    };
    world.effects.iter().filter_map(typed).collect()
}

/// What the run was told.
fn told(world: &World) -> Option<Control> {
    let of = |e: &Effect| if let Effect::Reposition(RepositionOrder::Tell(_, c)) = e { Some(*c) } else { None };
    world.effects.iter().find_map(of)
}

/// The form is open, the end is chosen, and this is what it would do.
fn previewed(world: &mut World, preview: Preview) {
    world.keys("M<down><down><enter>");
    seen(world, preview);
    world.effects.clear();
}

/// It runs, and its screen is open.
fn running(world: &mut World) {
    previewed(world, preview());
    world.keys("<enter>m");
    news(world, RepositionNews::Begun(Ok(begun())));
    for step in [
        Step::Saving,
        Step::Pausing { until: at(124) },
        Step::Draining { left: 3, until: at(30) },
        Step::Draining { left: 2, until: at(30) },
    ] {
        news(world, RepositionNews::Step(ID.into(), step));
    }
    world.effects.clear();
}
