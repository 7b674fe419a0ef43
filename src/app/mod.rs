//! State and reducers: `App::update(Msg) -> Vec<Effect>`, total, synchronous, without a clock.
//!
//! May import model, event, query, health, keymap and config; names no tokio, client or terminal.
//! One state struct and one file a screen. Data comes in as `Msg`, everything that must happen outside
//! goes out as `Effect`.

mod actions;
pub mod activity;
mod banner;
pub mod chart;
mod cluster;
pub mod columns;
mod configuration;
mod consumer;
mod consumers;
mod contexts;
mod copy;
mod findings;
mod help;
mod lists;
pub mod menu;
pub mod msg;
pub mod problems;
mod prompt;
pub mod replay;
pub mod reposition;
pub mod said;
mod scope;
mod screen;
pub mod state;
mod stream;
mod streams;
pub mod stuck;
pub mod table;
pub mod tail;
mod travel;
mod why_not;

pub use activity::{Activity, ActivityScreen, ActivityTab};
pub use banner::Banner;
pub use chart::{ChartView, Window};
pub use cluster::{Line, Tone};
pub use configuration::Setting;
pub use consumer::{ConsumerScreen, ConsumerTab};
pub use consumers::{ConsumerKey, ConsumersScreen, Worst, sort_column};
pub use contexts::ContextsScreen;
pub use findings::{Finding, Findings};
pub use help::{HELP_KEYS, HelpLine, HelpScreen, help_lines};
pub use menu::{Menu, MenuItem, Viewer};
pub use msg::{ContextRow, Effect, Msg, NotStarted, Notice, Session};
pub use problems::{Group, ProblemKey, ProblemsScreen, StoryLine, story_lines};
pub use prompt::{Offer, Prompt, PromptKind};
pub use replay::{FormItem, PlanScreen, ReplayForm, ReplayWish, ReplaysScreen, RunScreen, What};
pub use reposition::{FormPlace, RepositionForm, RepositionScreen};
pub use screen::{Screen, Scroll};
pub use state::App;
pub use stream::{StreamScreen, StreamTab};
pub use streams::{StreamsScreen, stream_row};
pub use stuck::StuckScreen;
pub use table::{Row, Table};
pub use tail::{DiffView, TailNews, TailRequest, TailScreen, TailSettings};
