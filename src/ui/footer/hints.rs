//! Which keys the last line names on each screen, and what they are called there.

use crate::app::tail::Focus;
use crate::app::{ActivityTab, App, FormItem, RepositionScreen, Screen, StreamTab};
use crate::keymap::Action;
use crate::model::replay::State;
use crate::ui::{replay, reposition};

/// What it shows as long as an earlier time is looked at.
const PAST: &[Action] = &[
    Action::StepBack,
    Action::StepForward,
    Action::LeapBack,
    Action::LeapForward,
    Action::Freeze,
    Action::Open,
    Action::NextPanel,
    Action::Back,
    Action::Help,
    Action::Inspect,
    Action::Filter,
    Action::Problems,
    Action::Command,
    Action::Quit,
];

/// What the footer shows of each screen, most important first.
pub(super) fn wanted(app: &App) -> &'static [Action] {
    use Action as A;
    if app.has_chart_cursor() {
        return &[
            A::Left,
            A::Right,
            A::Only,
            A::Not,
            A::Open,
            A::Back,
            A::Help,
            A::PageUp,
            A::PageDown,
            A::First,
            A::Last,
        ];
    }
    if app.past_at().is_some() && app.why_not(A::StepBack).is_none() {
        return PAST;
    }
    match app.screen() {
        Some(Screen::Streams(_)) => &[
            A::Open,
            A::Tail,
            A::Replay,
            A::Consumers,
            A::Filter,
            A::Command,
            A::Help,
            A::Quit,
            A::AllProblems,
            A::Sort,
            A::AllConsumers,
            A::Problems,
            A::Reverse,
            A::Group,
            A::System,
            A::Freeze,
            A::LeapBack,
            A::Contexts,
            A::Copy,
            A::Mark,
            A::Replays,
            A::Refresh,
        ],
        Some(Screen::Stream(s)) => match s.tab {
            StreamTab::Consumers | StreamTab::Subjects => &[
                A::NextPanel,
                A::Open,
                A::Tail,
                A::Reposition,
                A::Replay,
                A::Back,
                A::Help,
                A::Filter,
                A::Quit,
                A::Command,
                A::Sort,
                A::Undo,
                A::Problems,
                A::Reverse,
                A::Freeze,
                A::Copy,
                A::Refresh,
            ],
            StreamTab::Configuration => {
                &[A::NextPanel, A::Open, A::Tail, A::Back, A::Copy, A::Command, A::Help, A::Quit, A::Freeze, A::Refresh]
            }
            StreamTab::Overview | StreamTab::Cluster => &[
                A::NextPanel,
                A::Tail,
                A::Replay,
                A::Consumers,
                A::Back,
                A::Inspect,
                A::Command,
                A::Help,
                A::Quit,
                A::Freeze,
                A::LeapBack,
                A::Copy,
                A::Refresh,
            ],
        },
        Some(Screen::Consumers(_)) => &[
            A::Open,
            A::Tail,
            A::Reposition,
            A::Replay,
            A::Back,
            A::Filter,
            A::Help,
            A::Quit,
            A::Command,
            A::Sort,
            A::Problems,
            A::Stuck,
            A::Undo,
            A::Reverse,
            A::System,
            A::Freeze,
            A::LeapBack,
            A::Copy,
            A::Mark,
            A::Refresh,
        ],
        Some(Screen::Consumer(_)) => &[
            A::NextPanel,
            A::Tail,
            A::Back,
            A::Stuck,
            A::Reposition,
            A::Undo,
            A::Replay,
            A::Inspect,
            A::Help,
            A::Quit,
            A::Copy,
            A::Command,
            A::Freeze,
            A::LeapBack,
            A::Refresh,
        ],
        Some(Screen::Tail(t)) if t.diff.is_some() => &[A::Back, A::Next, A::Previous, A::Down, A::Up, A::Help, A::Quit],
        Some(Screen::Tail(t)) if t.zoomed => &[
            A::Back,
            A::Right,
            A::Only,
            A::Not,
            A::Copy,
            A::Shape,
            A::Help,
            A::Next,
            A::Mark,
            A::Pager,
            A::Save,
            A::Quit,
        ],
        Some(Screen::Tail(_)) => &[
            A::Open,
            A::Freeze,
            A::Filter,
            A::Range,
            A::Mark,
            A::Copy,
            A::Help,
            A::Back,
            A::Expression,
            A::Replay,
            A::Only,
            A::Not,
            A::Next,
            A::Diff,
            A::GoTo,
            A::Save,
            A::Problems,
            A::NextPanel,
            A::Subjects,
            A::Columns,
            A::NextGap,
            A::Relation,
            A::Pager,
            A::Quit,
        ],
        Some(Screen::ReplayForm(_) | Screen::Reposition(RepositionScreen::Form(_))) => {
            &[A::Open, A::Up, A::Down, A::Back, A::Help, A::Quit]
        }
        Some(Screen::ReplayPlan(_)) => &[A::Open, A::Back, A::Copy, A::Down, A::Up, A::Help, A::Quit],
        Some(Screen::ReplayRun(_)) => {
            &[A::Mark, A::Right, A::Up, A::Down, A::Cancel, A::Back, A::Copy, A::Help, A::Quit]
        }
        Some(Screen::Reposition(RepositionScreen::Preview(_))) => {
            &[A::Open, A::Back, A::Refresh, A::Copy, A::Down, A::Up, A::Help, A::Quit]
        }
        Some(Screen::Reposition(RepositionScreen::Run(_))) => {
            &[A::Open, A::Undo, A::Cancel, A::Back, A::Reposition, A::Down, A::Up, A::Copy, A::Help, A::Quit]
        }
        Some(Screen::Replays(_)) => {
            &[A::Open, A::Cancel, A::Undo, A::Back, A::Filter, A::Copy, A::Command, A::Help, A::Quit]
        }
        Some(Screen::Activity(s)) if s.tab == ActivityTab::Advisories => &[
            A::NextPanel,
            A::Open,
            A::Freeze,
            A::Filter,
            A::Copy,
            A::Back,
            A::Help,
            A::Problems,
            A::System,
            A::Tail,
            A::Command,
            A::Quit,
        ],
        Some(Screen::Activity(_)) => &[
            A::NextPanel,
            A::Group,
            A::Copy,
            A::Filter,
            A::Freeze,
            A::Back,
            A::Help,
            A::Problems,
            A::Open,
            A::Tail,
            A::Command,
            A::Quit,
        ],
        Some(Screen::Stuck(s)) if s.focus == Focus::Detail => {
            &[A::NextPanel, A::Open, A::Replay, A::Shape, A::Copy, A::Back, A::Help, A::Down, A::Up, A::Quit]
        }
        Some(Screen::Stuck(_)) => &[
            A::Open,
            A::Replay,
            A::NextPanel,
            A::Mark,
            A::Copy,
            A::Back,
            A::Help,
            A::MarkAll,
            A::MarkRange,
            A::Filter,
            A::Reverse,
            A::Shape,
            A::Refresh,
            A::Command,
            A::Quit,
        ],
        Some(Screen::Problems(s)) if s.zoomed => {
            &[A::NextPanel, A::Open, A::Back, A::Copy, A::Tail, A::Help, A::Quit, A::Freeze]
        }
        Some(Screen::Problems(_)) => &[
            A::Open,
            A::NextPanel,
            A::Back,
            A::Copy,
            A::Problems,
            A::Filter,
            A::Help,
            A::Quit,
            A::Silenced,
            A::Tail,
            A::Command,
            A::Freeze,
            A::Mark,
            A::Replay,
            A::Refresh,
        ],
        Some(Screen::Contexts(_)) => &[A::Open, A::Back, A::Filter, A::Command, A::Help, A::Quit, A::Copy],
        Some(Screen::Help(_)) | None => &[A::Back, A::Down, A::Up, A::PageDown, A::PageUp, A::Quit],
    }
}

/// What an action is called here.
pub(super) fn title<'a>(app: &App, action: Action, title: &'a str) -> &'a str {
    match (app.screen(), action) {
        (Some(Screen::Stream(s)), Action::Open) if s.tab == StreamTab::Configuration => {
            if s.json {
                "as text"
            } else {
                "as JSON"
            }
        }
        (Some(Screen::Problems(s)), Action::Open) if s.selected_place().is_none() => "fold",
        (Some(Screen::Problems(s)), Action::NextPanel) => {
            if s.zoomed {
                "list"
            } else {
                "whole text"
            }
        }
        (Some(Screen::Contexts(_)), Action::Open) => "switch",
        (Some(Screen::Reposition(s)), Action::Open) => reposition::open_words(app, s),
        (Some(Screen::Reposition(RepositionScreen::Run(_))), Action::Cancel) => "leave it",
        (Some(Screen::Reposition(RepositionScreen::Run(_))), Action::Reposition) => "move again",
        (Some(Screen::Reposition(_)), Action::Refresh) => "look again",
        (Some(Screen::ReplayForm(f)), Action::Open) if f.selected() == FormItem::Plan => "plan",
        (Some(Screen::ReplayForm(_)), Action::Open) => "change",
        (Some(Screen::ReplayPlan(p)), Action::Open) => replay::start_words(app, p),
        (Some(Screen::ReplayRun(r)), Action::Mark) => match r.run(app) {
            Some(run) if run.orphaned || run.progress.state == State::Failed => "resume",
            Some(run) if run.progress.state == State::Paused => "go on",
            _ => "pause",
        },
        (Some(Screen::ReplayRun(_)), Action::Right) => "one step",
        (Some(Screen::ReplayRun(_)), Action::Up) => "faster",
        (Some(Screen::ReplayRun(_)), Action::Down) => "slower",
        (Some(Screen::Tail(t)), Action::Freeze) if t.cursor.follows() => "pause",
        (Some(Screen::Activity(_)), Action::Freeze) if app.past_at().is_some() => "now",
        (Some(Screen::Activity(s)), Action::Freeze) if s.view().cursor.follows() => "pause",
        (Some(Screen::Tail(_) | Screen::Activity(_)), Action::Freeze) => "follow",
        (Some(Screen::Tail(t)), Action::Right) if t.zoomed => "next event",
        (Some(Screen::Tail(t)), Action::Next) if t.diff.is_some() => "next change",
        (Some(Screen::Tail(t)), Action::Previous) if t.diff.is_some() => "change before",
        (Some(Screen::Activity(s)), Action::System) => {
            if s.own_readers {
                "hide own readers"
            } else {
                "own readers"
            }
        }
        (Some(Screen::Activity(s)), Action::Group) => {
            if s.one_by_one {
                "fold"
            } else {
                "one by one"
            }
        }
        (Some(Screen::Activity(_)), Action::Open) => "go there",
        (Some(Screen::Activity(s)), Action::Copy) if s.tab == ActivityTab::Requests => "copy command",
        (Some(Screen::Stuck(_)), Action::Open) => "in the tail",
        (Some(Screen::Stuck(s)), Action::NextPanel) => {
            if s.focus == Focus::List {
                "message"
            } else {
                "list"
            }
        }
        (_, Action::Left) if app.has_chart_cursor() => "before",
        (_, Action::Right) if app.has_chart_cursor() => "after",
        (_, Action::Only) if app.has_chart_cursor() => "closer",
        (_, Action::Not) if app.has_chart_cursor() => "more time",
        (_, Action::Open) if app.has_chart_cursor() => "all as it was then",
        (_, Action::StepBack) if app.past_at().is_some() => "back",
        (_, Action::StepForward) if app.past_at().is_some() => "forward",
        (_, Action::Freeze) if app.past_at().is_some() => "now",
        (_, Action::Freeze) if app.frozen_at().is_some() => "go on",
        _ => title,
    }
}
