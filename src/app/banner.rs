//! The line under the body that says what is not known and why: the link, partial lists, permissions.

use crate::event::clean_line;
use crate::event::layout::{fit, wrap};
use crate::health::Level;
use crate::model::replay::Destination;
use crate::model::units::{ago, duration};
use crate::model::{Availability, Link, Problem};

use super::tail::Flow;
use super::{App, PlanScreen, RunScreen, Screen};

/// Lines that a banner may take.
const BANNER_LINES: usize = 3;
/// Names that are given before "and n more".
const NAMED: usize = 3;

/// A sentence that stands as long as its cause does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Banner {
    /// How bad it is.
    pub level: Level,
    /// The sentence, sanitised.
    pub text: String,
}

impl Banner {
    pub(super) fn new(level: Level, text: impl AsRef<str>) -> Self {
        Self { level, text: clean_line(text.as_ref()).into_owned() }
    }

    /// A problem's sentence names itself what was asked for.
    fn of(problem: &Problem) -> Self {
        Self::new(Level::Warning, &problem.sentence)
    }
}

impl App {
    /// The most important thing that keeps the screen from being the whole truth.
    pub fn banner(&self) -> Option<Banner> {
        self.past_banner().or_else(|| self.link_banner()).or_else(|| self.data_banner())
    }

    /// The banner in the lines that it takes on screen; more than that would cost more than they tell.
    pub fn banner_lines(&self) -> Option<(Level, Vec<String>)> {
        let banner = self.banner()?;
        let columns = usize::from(self.size.0).saturating_sub(2).max(1);
        let mut lines = wrap(&format!("{} {}", banner.level.glyph(), banner.text), columns);
        if lines.len() > BANNER_LINES {
            let rest = lines.split_off(BANNER_LINES - 1).join(" ");
            lines.push(fit(&rest, columns).into_owned());
        }
        Some((banner.level, lines))
    }

    /// Said before anybody tries.
    fn closed(&self, destination: &Destination) -> Option<Banner> {
        let words = "this context is read-only: a plan can be made and looked at, and not started";
        self.is_closed(destination).then(|| Banner::new(Level::Notice, words))
    }

    fn link_banner(&self) -> Option<Banner> {
        let because = |reason: &Option<String>| reason.as_ref().map(|r| format!(": {r}")).unwrap_or_default();
        match &self.live().link {
            Link::Connecting { attempt, reason, .. } if *attempt > 0 => Some(Banner::new(
                Level::Critical,
                format!("not connected, {} so far{}", plural(u64::from(*attempt), "attempt"), because(reason)),
            )),
            Link::Lost { attempt, since, reason } => Some(Banner::new(
                Level::Critical,
                format!(
                    "the connection was lost {} ago, {} since{}; what is shown is the last that was known",
                    duration(self.now.since(*since)),
                    plural(u64::from(*attempt), "attempt"),
                    because(reason)
                ),
            )),
            Link::Silent { since } => Some(Banner::new(
                Level::Critical,
                format!(
                    "the server has answered nothing for {}; everything shown, verdicts included, dates from then; \
                     after 10s another server is tried, if there is one",
                    duration(self.now.since(*since))
                ),
            )),
            Link::LameDuck { .. } => Some(Banner::new(
                Level::Warning,
                "the server shuts down (lame duck); the connection moves to another one if there is one",
            )),
            _ => None,
        }
    }

    fn data_banner(&self) -> Option<Banner> {
        let catalog = self.catalog();
        match self.screen()? {
            Screen::Streams(_) => {
                if let Some(problem) = catalog.listing.problem() {
                    return Some(Banner::of(problem));
                }
                let silent: Vec<&str> = catalog
                    .streams
                    .iter()
                    .filter(|(_, e)| e.availability != Availability::Present)
                    .map(|(name, _)| name.as_str())
                    .collect();
                if !silent.is_empty() {
                    let text = format!("{} not answer: {}", do_not(silent.len(), "stream"), some_of(&silent));
                    return Some(Banner::new(Level::Warning, text));
                }
                let skew = || crate::model::skew_in_words(self.live().ahead, self.now);
                let problem = catalog.account.problem().map(Banner::of);
                problem.or_else(|| skew().map(|words| Banner::new(Level::Notice, words)))
            }
            Screen::Stream(s) => catalog
                .failure(&s.name, None)
                .map(Banner::of)
                .or_else(|| {
                    let problem = catalog.consumers.get(&s.name)?.listing.problem()?;
                    Some(Banner::of(problem))
                })
                .or_else(|| {
                    let gone = !catalog.streams.contains_key(&s.name) && catalog.listing.value().is_some();
                    gone.then(|| Banner::new(Level::Warning, format!("stream {} does not exist (any more)", s.name)))
                }),
            Screen::Consumers(_) | Screen::Problems(_) => catalog
                .consumers_swept
                .problem()
                .map(|p| {
                    let count = catalog.consumers_swept.value().copied().unwrap_or(0) as u64;
                    // One stream is named in the sentence; of more it is the first.
                    let how_many = if count > 1 { format!("{count} streams failed; ") } else { String::new() };
                    Banner::new(Level::Warning, format!("{how_many}{}", p.sentence))
                })
                .or_else(|| catalog.listing.problem().map(Banner::of)),
            Screen::Consumer(c) => {
                if let Some(sentence) = self.broken_off(&c.stream, &c.name) {
                    return Some(Banner::new(Level::Warning, sentence));
                }
                if let Some(problem) = catalog.failure(&c.stream, Some(&c.name)) {
                    return Some(Banner::of(problem));
                }
                let listed = catalog.consumers.get(&c.stream).is_some_and(|s| s.listing.value().is_some());
                let gone = listed && catalog.consumer(&c.stream, &c.name).is_none();
                gone.then(|| Banner::new(Level::Warning, format!("consumer {} does not exist (any more)", c.name)))
            }
            Screen::Tail(t) => t.sources.iter().find_map(|source| match &source.flow {
                Flow::Failed(reason) => {
                    let again = self.keymap.shown(crate::keymap::Action::Refresh).unwrap_or_default();
                    Some(Banner::new(Level::Critical, format!("{reason}; {again} reads again")))
                }
                Flow::Waiting(reason) => Some(Banner::new(Level::Warning, format!("reading waits: {reason}"))),
                _ => None,
            }),
            Screen::ReplayPlan(PlanScreen { problem, plan, .. }) => {
                problem.as_ref().map(|p| Banner::new(Level::Warning, p)).or_else(|| self.closed(&plan.destination))
            }
            Screen::ReplayRun(RunScreen { problem, .. }) => problem.as_ref().map(|p| Banner::new(Level::Warning, p)),
            Screen::ReplayForm(form) => {
                let problem = form.problem.as_ref().map(|p| Banner::new(Level::Warning, p));
                problem.or_else(|| self.closed(&form.wish.destination))
            }
            Screen::Stuck(s) => catalog.failure(&s.stream, Some(&s.name)).map(Banner::of),
            Screen::Activity(_)
            | Screen::Contexts(_)
            | Screen::Help(_)
            | Screen::Replays(_)
            | Screen::Reposition(_) => None,
        }
    }
}

impl App {
    /// What was broken off of this consumer, and what to do about it.
    fn broken_off(&self, stream: &str, consumer: &str) -> Option<String> {
        let past = self.moves.left_over(stream, consumer)?;
        let key = self.keymap.shown(crate::keymap::Action::Undo).unwrap_or_default();
        let (ago, to) = (ago(self.now.since(past.made)), past.to);
        Some(if past.deleted {
            format!("making it again at #{to} was broken off {ago}, when it was deleted; {key} makes it again")
        } else {
            format!("moving it to #{to} was broken off {ago}, nobody knows how far it came; {key} takes it back")
        })
    }
}

fn plural(n: u64, what: &str) -> String {
    if n == 1 { format!("1 {what}") } else { format!("{n} {what}s") }
}

fn do_not(n: usize, what: &str) -> String {
    if n == 1 { format!("1 {what} does") } else { format!("{n} {what}s do") }
}

fn some_of(names: &[&str]) -> String {
    let first = names.iter().take(NAMED).copied().collect::<Vec<_>>().join(", ");
    if names.len() > NAMED { format!("{first} and {} more", names.len() - NAMED) } else { first }
}
