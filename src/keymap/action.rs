//! What a key can mean. Verbs; each has its name in `assets/keymap.toml`.

/// Declares the actions with their names, so that the list and the names cannot drift apart.
macro_rules! actions {
    ($($(#[$doc:meta])* $variant:ident = $name:literal,)*) => {
        /// What a key can mean.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Action { $($(#[$doc])* $variant,)* }

        impl Action {
            /// Every action, in the order of the key map.
            pub const ALL: &[Self] = &[$(Self::$variant,)*];

            /// Its name in the key map and the configuration.
            pub const fn name(self) -> &'static str {
                match self { $(Self::$variant => $name,)* }
            }
        }
    };
}

actions! {
    /// Open the selected item.
    Open = "open",
    /// Go back.
    Back = "back",
    /// Go to the streams.
    Streams = "streams",
    /// Go to the consumers of the selected stream.
    Consumers = "consumers",
    /// Go to all consumers.
    AllConsumers = "all-consumers",
    /// Go to what is wrong.
    AllProblems = "all-problems",
    /// Go to the contexts.
    Contexts = "contexts",
    /// Show the keys.
    Help = "help",
    /// Open the command line.
    Command = "command",
    /// Go back to the shell for a while.
    Suspend = "suspend",
    /// Leave the program.
    Quit = "quit",
    /// One row up.
    Up = "up",
    /// One row down.
    Down = "down",
    /// Panel to the left.
    Left = "left",
    /// Panel to the right.
    Right = "right",
    /// One page up.
    PageUp = "page-up",
    /// One page down.
    PageDown = "page-down",
    /// To the first row.
    First = "first",
    /// To the last row.
    Last = "last",
    /// Next panel.
    NextPanel = "next-panel",
    /// Panel before.
    PreviousPanel = "previous-panel",
    /// Edit the filter.
    Filter = "filter",
    /// Sort by the next column.
    Sort = "sort",
    /// Reverse the order.
    Reverse = "reverse",
    /// Group by kind.
    Group = "group",
    /// Show system streams.
    System = "system",
    /// Only what is not well.
    Problems = "problems",
    /// Show what is silenced.
    Silenced = "silenced",
    /// Mark the row.
    Mark = "mark",
    /// Mark all rows that are shown.
    MarkAll = "mark-all",
    /// Hold the picture.
    Freeze = "freeze",
    /// One poll back in time.
    StepBack = "step-back",
    /// One poll forward in time.
    StepForward = "step-forward",
    /// Five minutes back in time.
    LeapBack = "leap-back",
    /// Five minutes forward in time.
    LeapForward = "leap-forward",
    /// Put a cursor on the charts.
    Inspect = "inspect",
    /// Copy.
    Copy = "copy",
    /// Read the events of a stream.
    Tail = "tail",
    /// Send events again.
    Replay = "replay",
    /// Go to the replays.
    Replays = "replays",
    /// Move a consumer.
    Reposition = "reposition",
    /// Take a move back.
    Undo = "undo",
    /// Go to the activity.
    Activity = "activity",
    /// Go to the stuck messages of a consumer.
    Stuck = "stuck",
    /// Cancel a replay.
    Cancel = "cancel",
    /// Choose what part of a stream is read.
    Range = "range",
    /// Choose the subjects that are read.
    Subjects = "subjects",
    /// Go to a sequence or a time.
    GoTo = "go-to",
    /// Edit the filter as an expression.
    Expression = "expression",
    /// Only events with this value.
    Only = "only-these",
    /// No events with this value.
    Not = "not-these",
    /// The next related event.
    Next = "next-related",
    /// The related event before.
    Previous = "previous-related",
    /// Choose what is related.
    Relation = "relation",
    /// The next gap in the flow.
    NextGap = "next-gap",
    /// The gap before.
    PreviousGap = "previous-gap",
    /// Mark all from the last mark to here.
    MarkRange = "mark-range",
    /// Compare two events.
    Diff = "diff",
    /// Choose the columns.
    Columns = "columns",
    /// Show the data in another way.
    Shape = "shape",
    /// Save events to a file.
    Save = "save",
    /// Open in the pager or the editor.
    Pager = "pager",
    /// Ask for everything now.
    Refresh = "refresh",
    /// Draw everything again.
    Redraw = "redraw",
}

impl Action {
    /// The action of this name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|a| a.name() == name)
    }
}
