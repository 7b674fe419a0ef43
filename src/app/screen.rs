//! Which screens there are; the open ones form a stack, and the breadcrumbs are its names.

use crate::event::clean_line;

use super::{
    ActivityScreen, ConsumerScreen, ConsumersScreen, ContextsScreen, HelpScreen, PlanScreen, ProblemsScreen,
    ReplayForm, ReplaysScreen, RepositionScreen, RunScreen, StreamScreen, StreamsScreen, StuckScreen, TailScreen,
};

/// A position in a text that may be longer than its panel.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Scroll {
    /// The first visible line.
    pub top: usize,
    /// Lines in all; set by the reducer before a frame.
    pub lines: usize,
    /// Lines that fit.
    pub height: usize,
}

impl Scroll {
    /// Moves by so many lines.
    pub fn step(&mut self, by: isize) {
        self.top = self.top.saturating_add_signed(by).min(self.most());
    }

    /// Moves by one panel.
    pub fn page(&mut self, by: isize) {
        self.step(by * isize::try_from(self.height.saturating_sub(1).max(1)).unwrap_or(1));
    }

    /// To the end.
    pub fn last(&mut self) {
        self.top = self.most();
    }

    /// Sets how much there is and how much fits.
    pub fn fit(&mut self, lines: usize, height: usize) {
        self.lines = lines;
        self.height = height;
        self.top = self.top.min(self.most());
    }

    const fn most(&self) -> usize {
        self.lines.saturating_sub(self.height)
    }
}

/// An open screen with its state.
#[derive(Clone, Debug)]
pub enum Screen {
    /// All streams.
    Streams(StreamsScreen),
    /// One stream.
    Stream(Box<StreamScreen>),
    /// Consumers of all streams.
    Consumers(ConsumersScreen),
    /// One consumer.
    Consumer(ConsumerScreen),
    /// Events of streams.
    Tail(Box<TailScreen>),
    /// What is wanted of a replay.
    ReplayForm(Box<ReplayForm>),
    /// What a replay would do.
    ReplayPlan(PlanScreen),
    /// How far a replay is.
    ReplayRun(RunScreen),
    /// All replays.
    Replays(ReplaysScreen),
    /// Where a consumer is to go on, what that would do, and what came of it.
    Reposition(RepositionScreen),
    /// What happens and what is asked.
    Activity(Box<ActivityScreen>),
    /// The messages that a consumer cannot get acked.
    Stuck(Box<StuckScreen>),
    /// What is wrong.
    Problems(Box<ProblemsScreen>),
    /// Saved connections.
    Contexts(ContextsScreen),
    /// The keys.
    Help(HelpScreen),
}

impl Screen {
    /// Its name in the breadcrumbs, sanitised.
    pub fn title(&self) -> String {
        match self {
            Self::Streams(_) => "Streams".into(),
            Self::Stream(s) => clean_line(&s.name).into_owned(),
            Self::Consumers(_) => "Consumers".into(),
            Self::Consumer(c) => clean_line(&c.name).into_owned(),
            Self::Tail(t) => {
                let event = t.selected().filter(|_| t.zoomed).map(|entry| {
                    let stream = if t.sources.len() > 1 {
                        format!("{} ", clean_line(&entry.message.stream))
                    } else {
                        String::new()
                    };
                    format!(" › {stream}#{}", entry.message.seq)
                });
                format!("{}{}", clean_line(&t.name()), event.unwrap_or_default())
            }
            Self::ReplayForm(_) => "Replay".into(),
            Self::ReplayPlan(_) => "Plan".into(),
            Self::ReplayRun(r) => clean_line(&r.id).into_owned(),
            Self::Replays(_) => "Replays".into(),
            Self::Reposition(s) => clean_line(&s.title()).into_owned(),
            Self::Activity(_) => "Activity".into(),
            Self::Stuck(s) => {
                let marked = s.table.marks.len();
                let marked = if marked > 0 { format!(" ({marked} marked)") } else { String::new() };
                format!("Stuck messages of {}{marked}", clean_line(&s.name))
            }
            Self::Problems(_) => "Problems".into(),
            Self::Contexts(_) => "Contexts".into(),
            Self::Help(_) => "Help".into(),
        }
    }
}
