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
    /// Go to the contexts.
    Contexts = "contexts",
    /// Show the keys.
    Help = "help",
    /// Open the command line.
    Command = "command",
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
    /// Mark the row.
    Mark = "mark",
    /// Hold the picture.
    Freeze = "freeze",
    /// Copy.
    Copy = "copy",
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
