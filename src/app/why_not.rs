//! Why a key does nothing on a screen, in words.

use crate::keymap::Action;

use super::lists::list_of;
use super::table::List;
use super::{ConsumerTab, Screen, StreamTab};

/// Why an action does nothing on this screen.
pub(super) fn why_not_on(action: Action, screen: Option<&Screen>) -> Option<String> {
    let list = screen.and_then(list_of);
    let no = |text: &str| Some(text.to_owned());
    if action == Action::MarkAll && !matches!(screen, Some(Screen::Stuck(_))) {
        return no("all rows can be marked only in the list of stuck messages (P on a consumer)");
    }
    if let Some(Screen::Tail(tail)) = screen {
        return tail.why_not(action).map(str::to_owned);
    }
    match screen {
        Some(Screen::Activity(s)) => {
            return s.why_not(action).or_else(|| super::tail::outside(action)).map(str::to_owned);
        }
        // The shape of the message can be changed there too, and a range be marked.
        Some(Screen::Stuck(s)) if matches!(action, Action::Shape | Action::MarkRange) => {
            return s.why_not(action).map(str::to_owned);
        }
        Some(Screen::Stuck(s)) => return s.why_not(action).or_else(|| super::tail::outside(action)).map(str::to_owned),
        _ => {}
    }
    let overview = match screen {
        Some(Screen::Stream(s)) => s.tab == StreamTab::Overview,
        Some(Screen::Consumer(c)) => c.tab == ConsumerTab::Overview,
        _ => false,
    };
    if matches!(action, Action::Inspect) {
        return if overview { None } else { no("charts stand in the overview of a stream or a consumer") };
    }
    if overview && matches!(action, Action::Only | Action::Not) {
        return None;
    }
    if let Some(reason) = super::tail::outside(action) {
        return no(reason);
    }
    match action {
        Action::Filter | Action::Reverse if list.is_none() => no("there is no list on this screen"),
        Action::Sort | Action::Reverse if matches!(screen, Some(Screen::Problems(_))) => {
            no("problems stand in their order: the worst first")
        }
        Action::Sort | Action::Mark if list.is_none() || matches!(screen, Some(Screen::Contexts(_))) => {
            no("there is no list on this screen that this works on")
        }
        Action::Mark if matches!(screen, Some(Screen::Stream(s)) if s.tab == StreamTab::Subjects) => {
            no("subjects have no state of their own")
        }
        Action::Silenced if !matches!(screen, Some(Screen::Problems(_))) => {
            no("what is silenced is on the Problems screen")
        }
        Action::Replay if !has_streams(screen) => no("select a stream, a consumer or events to send again"),
        Action::Open if matches!(screen, Some(Screen::ReplayForm(_) | Screen::ReplayPlan(_))) => None,
        Action::Open => match (screen, list) {
            (Some(Screen::Stream(s)), _) if s.tab == StreamTab::Subjects => no("a subject has nothing more to open"),
            (_, Some(list)) if list.has_selection() => None,
            (_, Some(_)) => no("nothing is selected"),
            (Some(Screen::Stream(s)), _) if s.tab == StreamTab::Configuration => None,
            (Some(Screen::Stream(s)), _) if s.tab == StreamTab::Overview && s.chart.has_cursor() => None,
            (Some(Screen::Consumer(c)), _) if c.tab == ConsumerTab::Overview && c.chart.has_cursor() => None,
            _ => no("there is nothing to open on this panel; Tab goes to the next"),
        },
        Action::Stuck => {
            let of_consumer = match screen {
                Some(Screen::Consumer(_)) => true,
                Some(Screen::Consumers(_)) => list.is_some_and(List::has_selection),
                Some(Screen::Stream(s)) => s.tab == StreamTab::Consumers && list.is_some_and(List::has_selection),
                _ => false,
            };
            (!of_consumer)
                .then(|| "select a consumer, or open one, for the messages that it cannot get acked".to_owned())
        }
        Action::Consumers if matches!(screen, Some(Screen::Contexts(_))) => no("a context has no consumers"),
        Action::Tail if !has_streams(screen) => no("open a stream, or select one, to read its events"),
        Action::Tail | Action::Replay
            if matches!(screen, Some(Screen::Streams(_) | Screen::Consumers(_)))
                && !list.is_some_and(|l| l.has_selection() || l.has_marks()) =>
        {
            no("nothing is selected")
        }
        Action::Group if !matches!(screen, Some(Screen::Streams(_))) => no("only the Streams screen is grouped"),
        Action::System if !matches!(screen, Some(Screen::Streams(_) | Screen::Consumers(_))) => {
            no("system streams are hidden on the Streams and Consumers screens")
        }
        Action::NextPanel | Action::PreviousPanel
            if !matches!(screen, Some(Screen::Stream(_) | Screen::Consumer(_) | Screen::Problems(_))) =>
        {
            no("this screen has one panel")
        }
        _ => None,
    }
}

/// Whether a screen shows streams, consumers or events: something that can be read or sent again.
const fn has_streams(screen: Option<&Screen>) -> bool {
    matches!(
        screen,
        Some(
            Screen::Streams(_)
                | Screen::Stream(_)
                | Screen::Consumers(_)
                | Screen::Consumer(_)
                | Screen::Tail(_)
                | Screen::Problems(_)
        )
    )
}
