//! Why a key does nothing on the Tail screen, or anywhere else than there.

use crate::keymap::Action;

use super::TailScreen;

/// Actions that only a tail has.
const OF_TAILS: &[Action] = &[
    Action::Range,
    Action::Subjects,
    Action::GoTo,
    Action::Expression,
    Action::Only,
    Action::Not,
    Action::Next,
    Action::Previous,
    Action::Relation,
    Action::NextGap,
    Action::PreviousGap,
    Action::MarkRange,
    Action::Diff,
    Action::Columns,
    Action::Shape,
    Action::Save,
    Action::Pager,
];

/// What works while two events are compared.
const OF_DIFFS: &[Action] = &[
    Action::Up,
    Action::Down,
    Action::PageUp,
    Action::PageDown,
    Action::First,
    Action::Last,
    Action::Left,
    Action::Next,
    Action::Previous,
    Action::Back,
    Action::Help,
    Action::Command,
    Action::Redraw,
    Action::Suspend,
    Action::Quit,
    Action::Streams,
    Action::AllConsumers,
    Action::Contexts,
];

/// Why an action does nothing outside of a tail, if it is one of a tail.
pub(in crate::app) fn outside(action: Action) -> Option<&'static str> {
    OF_TAILS.contains(&action).then_some("this works on events; t reads those of a stream")
}

impl TailScreen {
    /// Why an action does nothing here.
    pub(in crate::app) fn why_not(&self, action: Action) -> Option<&'static str> {
        if self.diff.is_some() && !OF_DIFFS.contains(&action) {
            return Some("two events are compared; Esc closes that");
        }
        let nothing = self.ring.shown().is_empty().then_some("there are no events here");
        match action {
            Action::Inspect => Some("charts stand in the overview of a stream or a consumer"),
            Action::Sort | Action::Reverse => Some("events stand in the order in which they were stored"),
            Action::Group => Some("only the Streams screen is grouped"),
            Action::System => Some("system streams are hidden on the Streams and Consumers screens"),
            Action::Consumers => Some("this screen shows events; go back for the consumers of the stream"),
            Action::Tail => Some("this is a tail; T reads another part of the stream"),
            Action::Open if self.zoomed => Some("the event is open; Esc goes back to the list"),
            Action::Next | Action::Previous => nothing.filter(|_| self.diff.is_none()),
            Action::Open
            | Action::Diff
            | Action::Shape
            | Action::Mark
            | Action::MarkRange
            | Action::Only
            | Action::Not
            | Action::Pager
            | Action::NextGap
            | Action::PreviousGap
            | Action::Copy => nothing,
            Action::Save => self.ring.is_empty().then_some("there are no events here"),
            Action::NextPanel | Action::PreviousPanel if self.zoomed || self.diff.is_some() => {
                Some("this screen has one panel; Esc goes back to the list")
            }
            _ => None,
        }
    }
}
