//! What happened, and what to do about it. Plain data: a session can be logged and played back.

use std::sync::Arc;

use crate::health::Level;
use crate::keymap::Key;
use crate::model::replay::{Control, Plan, Run, Unreadable};
use crate::model::{Access, History, KindPatterns, Message, Scope, Thresholds, Timestamp, Update};

use super::menu::Viewer;
use super::replay::ReplayWish;
use super::reposition::{RepositionNews, RepositionOrder};
use super::tail::{Saved, TailNews, TailRequest, TailSettings};

/// Why a replay was not started.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NotStarted {
    /// A sentence.
    pub why: String,
    /// The name that the context that is written to wants typed, which may be another than the present one.
    pub name: Option<String>,
}

/// What happened.
#[derive(Clone, Debug, PartialEq)]
pub enum Msg {
    /// A key was pressed.
    Key(Key),
    /// Text was pasted.
    Paste(String),
    /// Something outside told the program to stop for a while (SIGTSTP).
    Suspend,
    /// The terminal has this many columns and rows now.
    Resize(u16, u16),
    /// The poller reports.
    Data(Update),
    /// The reading of this number reports.
    Tail(u64, TailNews),
    /// A plan was made, or the sentence that says why not.
    ReplayPlanned(u64, Result<Box<Plan>, String>),
    /// So many messages were read for a plan that is being made.
    ReplayPlanning(u64, u64),
    /// A replay was started or resumed; its id, or why not.
    ReplayStarted(Result<String, NotStarted>),
    /// All replays, the newest first.
    Replays(Vec<Run>),
    /// Those whose plan cannot be read.
    UnreadableReplays(Vec<Unreadable>),
    /// Something of a reposition.
    Reposition(RepositionNews),
    /// A frame is about to be drawn.
    Frame,
    /// A second has passed; the only clock there is.
    Tick(Timestamp),
    /// The saved connections were read, or why not.
    Contexts(Result<Vec<ContextRow>, String>),
    /// A switch of context succeeded or failed, with the sentence that says why.
    Switched(Result<Session, String>),
    /// What was known in an earlier run.
    Past(Box<History>),
    /// A file could not be written: its name, what was to be saved, and the sentence that says why.
    NotSaved(String, Saved, String),
    /// Something to tell.
    Tell(Level, String),
}

/// What must happen outside.
#[derive(Clone, Debug, PartialEq)]
pub enum Effect {
    /// Keep this fresh.
    Watch(Box<Scope>),
    /// Ask for everything now.
    Refresh,
    /// Put this on the clipboard; the words say what it is.
    Copy {
        /// The text.
        text: String,
        /// What it is, for the notice.
        what: String,
    },
    /// Read events; reports come with the number of the request.
    Tail(TailRequest),
    /// A batch of this reading was taken in: the next may come.
    TailTook(u64),
    /// The reading is not wanted any more.
    TailEnd(u64),
    /// Make a plan for this wish; it comes back with the number.
    PlanReplay(u64, Box<ReplayWish>),
    /// The plan of this number is not wanted any more.
    StopPlanning(u64),
    /// Start a plan; with what was typed where the context is protected.
    StartReplay(Box<Plan>, Option<String>),
    /// Go on with a run that nobody runs; with what was typed where the context is protected.
    ResumeReplay {
        /// The run.
        id: String,
        /// What was typed.
        typed: Option<String>,
        /// Behind the message that the destination refused.
        behind: bool,
    },
    /// Tell a run what to do.
    TellReplay(String, Control),
    /// Report the list of runs again and again, or not any more.
    WatchReplays(bool),
    /// Something of a reposition.
    Reposition(RepositionOrder),
    /// Write messages to a new file.
    Save {
        /// Its name; `~/` is the home directory.
        path: String,
        /// What is saved, and how.
        saved: Saved,
        /// The messages.
        messages: Vec<Arc<Message>>,
    },
    /// Open a text in a program of the user's, who comes back afterwards.
    Show {
        /// Which program.
        with: Viewer,
        /// What the text is, for the name of a file; raw.
        name: String,
        /// The text, harmless.
        text: String,
    },
    /// Keep the history across restarts, in the file of this name.
    KeepPast(String, Box<History>),
    /// Read the saved connections.
    LoadContexts,
    /// Connect with this saved connection instead.
    Switch(String),
    /// Give the terminal back and stop until the shell continues the program.
    Suspend {
        /// A key asked for it: refused where no shell could continue it.
        by_key: bool,
    },
    /// Draw everything again.
    Redraw,
    /// Leave.
    Quit,
}

/// What a connection brings to the console besides data.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Session {
    /// The context whose addresses these are, where one is used.
    pub context: Option<String>,
    /// The context that lends its credentials to addresses that are not its own (`--server` or `NATS_URL` beside it).
    pub credentials_of: Option<String>,
    /// The context whose access level counts here; `None` where the default does.
    pub access_of: Option<String>,
    /// The server addresses, without userinfo.
    pub servers: String,
    /// The options with which the `nats` CLI reaches them, raw; an empty value where one takes none.
    pub reach: Vec<(&'static str, String)>,
    /// The colour of the context, by name.
    pub colour: Option<String>,
    /// What may be done.
    pub access: Access,
    /// What is a warning.
    pub thresholds: Thresholds,
    /// What names mean.
    pub kinds: KindPatterns,
    /// Show the streams of other features from the start.
    pub show_system: bool,
    /// How tails begin and how much they keep.
    pub tail: TailSettings,
    /// Bytes that the history may hold; 0 is what it holds where nothing is said.
    pub history: usize,
    /// The file that it is kept in across restarts, if it is.
    pub kept_in: Option<String>,
}

impl Session {
    /// What is typed where the access level is protected.
    pub fn name_to_type(&self) -> &str {
        self.access_of.as_deref().or(self.context.as_deref()).unwrap_or_default()
    }
}

/// A saved connection as a row.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ContextRow {
    /// Its name.
    pub name: String,
    /// Server addresses without userinfo.
    pub servers: String,
    /// The owner's description.
    pub description: String,
    /// The access level that jetscope would have there.
    pub access: Access,
    /// It is the one that the `nats` CLI has selected.
    pub selected: bool,
    /// Why it cannot be used, if so.
    pub error: Option<String>,
}

/// Something told on the line above the footer, for a while.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Notice {
    /// How bad it is.
    pub level: Level,
    /// The sentence.
    pub text: String,
    /// When it goes away.
    pub until: Timestamp,
}
