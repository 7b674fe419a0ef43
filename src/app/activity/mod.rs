//! What happens and what is asked: advisories of the server, and the requests of this program. [`Activity`] is kept all
//! the time, bounded; [`ActivityScreen`] is what is looked at of it.

mod act;
pub mod command;
mod log;
mod requests;
mod told;
pub mod words;

use std::collections::BTreeMap;

use crate::event::clean_line;
use crate::event::layout::wrap;
use crate::health::Level;
use crate::model::update::Ask;
use crate::model::{Advisory, AdvisoryKind, ProblemKind, Request, Timestamp, Update};
use crate::query::{Fit, Needle};

use super::stuck::Memory;
use super::table::List;
use super::{App, Session};

pub use act::Place;
use log::Besides;
pub use log::{Log, Numbered, Shown, View};
pub use requests::{Folded, Requests};
pub use told::Told;

/// Advisories that are kept.
const MOST: usize = 2_000;
/// From this height of the body on there is room for more about the selected entry.
const DETAIL_FROM: usize = 14;
/// Rows of that, with the line above.
const DETAIL_ROWS: usize = 4;
/// From this height on there is room for all of a long command.
const TALL_FROM: usize = 26;
/// Rows of that.
const TALL_ROWS: usize = 6;

/// What happened and what was asked, as far as it is kept.
#[derive(Clone, Debug, PartialEq)]
pub struct Activity {
    /// Advisories.
    pub advisories: Log<Told>,
    /// At least so many advisories were lost: they came faster than they could be read.
    pub lost: u64,
    /// What cannot be heard, by subject, each with the sentence that says why; harmless.
    pub refused: BTreeMap<String, String>,
    /// Since when is listened.
    pub since: Option<Timestamp>,
    /// How often the connection was lost since then: what happened meanwhile was not heard.
    pub gaps: u64,
    /// Requests.
    pub requests: Requests,
    /// What advisories said of single messages.
    pub stuck: Memory,
}

impl Default for Activity {
    fn default() -> Self {
        Self {
            advisories: Log::new(MOST),
            lost: 0,
            refused: BTreeMap::new(),
            since: None,
            gaps: 0,
            requests: Requests::default(),
            stuck: Memory::default(),
        }
    }
}

impl Activity {
    fn hear(&mut self, advisory: Advisory, before: Option<String>) {
        self.stuck.hear(&advisory);
        let newest: Vec<u64> = self.advisories.iter().rev().take(told::TOGETHER).map(|entry| entry.at).collect();
        let taken = newest.into_iter().any(|at| self.advisories.get_mut(at).is_some_and(|told| told.takes(&advisory)));
        if !taken {
            // Whoever is heard is not refused any more.
            let of_consumer = advisory.consumer.is_some();
            self.refused.retain(|subject, _| subject.contains(".CONSUMER.") != of_consumer);
            self.advisories.push(Told { advisory, before, times: 1 });
        }
    }
}

/// The panels of the Activity screen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ActivityTab {
    /// What the server says.
    #[default]
    Advisories,
    /// What this program asked.
    Requests,
}

/// The state of the Activity screen.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ActivityScreen {
    /// The panel that is shown.
    pub tab: ActivityTab,
    /// Which advisories.
    pub advisories: View,
    /// Which folded requests.
    pub folded: View,
    /// Which single requests.
    pub single: View,
    /// Requests are shown one by one.
    pub one_by_one: bool,
    /// What is about our own readers is shown too.
    pub own_readers: bool,
    /// How many advisories about them are hidden.
    pub hidden: usize,
    /// What stands above the list; harmless, each fits a line.
    pub notes: Vec<String>,
    /// Rows of the panel below the list, with the line above; none where there is no room.
    pub detail_rows: usize,
}

/// What is selected.
#[derive(Clone, Copy, Debug)]
pub enum Entry<'a> {
    /// An advisory.
    Told(&'a Told),
    /// Requests that want the same.
    Folded(&'a Folded),
    /// A request.
    Single(&'a Request),
}

impl Entry<'_> {
    /// The request, or the newest of several.
    pub const fn request(&self) -> Option<&Request> {
        match self {
            Self::Told(_) => None,
            Self::Folded(folded) => Some(&folded.last),
            Self::Single(request) => Some(request),
        }
    }
}

impl ActivityScreen {
    /// What of the shown list is shown.
    pub const fn view(&self) -> &View {
        match (self.tab, self.one_by_one) {
            (ActivityTab::Advisories, _) => &self.advisories,
            (ActivityTab::Requests, false) => &self.folded,
            (ActivityTab::Requests, true) => &self.single,
        }
    }

    /// As [`ActivityScreen::view`].
    pub(super) const fn view_mut(&mut self) -> &mut View {
        match (self.tab, self.one_by_one) {
            (ActivityTab::Advisories, _) => &mut self.advisories,
            (ActivityTab::Requests, false) => &mut self.folded,
            (ActivityTab::Requests, true) => &mut self.single,
        }
    }

    /// What is selected.
    pub fn selected<'a>(&self, activity: &'a Activity) -> Option<Entry<'a>> {
        self.entry(activity, self.view().selected()?)
    }

    /// The entry of this number.
    pub fn entry<'a>(&self, activity: &'a Activity, at: u64) -> Option<Entry<'a>> {
        match (self.tab, self.one_by_one) {
            (ActivityTab::Advisories, _) => activity.advisories.get(at).map(Entry::Told),
            (ActivityTab::Requests, false) => activity.requests.folded.get(at).map(Entry::Folded),
            (ActivityTab::Requests, true) => activity.requests.single.get(at).map(Entry::Single),
        }
    }

    fn turn(&mut self) {
        self.tab = match self.tab {
            ActivityTab::Advisories => ActivityTab::Requests,
            ActivityTab::Requests => ActivityTab::Advisories,
        };
    }

    /// Shows requests one by one, or folded; the filter goes with it.
    fn toggle_fold(&mut self) {
        let (filter, only) = (self.view().filter.clone(), self.view().only_problems);
        self.one_by_one = !self.one_by_one;
        let view = self.view_mut();
        view.set_filter(&filter);
        view.only_problems = only;
    }

    /// Brings the list up to date.
    pub(super) fn refresh(&mut self, app: &App) {
        let (activity, session) = (&app.activity, &app.session);
        let width = usize::from(app.size.0.saturating_sub(2)).max(1);
        self.notes = match self.tab {
            ActivityTab::Advisories => activity.refused.values().flat_map(|words| wrap(words, width)).collect(),
            ActivityTab::Requests => Vec::new(),
        };
        let body = app.body_height();
        self.detail_rows = match body {
            ..DETAIL_FROM => 0,
            DETAIL_FROM..TALL_FROM => DETAIL_ROWS,
            TALL_FROM.. => TALL_ROWS,
        };
        // Panels, heading.
        let height = body.saturating_sub(2 + self.detail_rows + self.notes.len());
        self.view_mut().cursor.set_height(height);
        match (self.tab, self.one_by_one) {
            (ActivityTab::Advisories, _) => {
                let (own, until) = (self.own_readers, app.past_at());
                let wanted = |told: &Told, only: bool| {
                    until.is_none_or(|until| told.advisory.time <= until)
                        && (own || !told.advisory.is_of_our_reader())
                        && (!only || told.level() > Level::Unknown)
                };
                let besides = Besides { hidden: own, until };
                self.advisories.refresh(&activity.advisories, besides, wanted, |needle, told| {
                    Searched::of_told(told, session).fit(needle)
                });
                let of_ours = |told: &Numbered<Told>| told.item.advisory.is_of_our_reader();
                self.hidden = if own { 0 } else { activity.advisories.iter().filter(|told| of_ours(told)).count() };
            }
            (ActivityTab::Requests, false) => {
                let wanted = |folded: &Folded, only: bool| !only || folded.failed > 0;
                self.folded.refresh(&activity.requests.folded, Besides::default(), wanted, |needle, folded| {
                    Searched::of_folded(folded, session).fit(needle)
                });
            }
            (ActivityTab::Requests, true) => {
                let wanted = |request: &Request, only: bool| !only || request.has_failed();
                self.single.refresh(&activity.requests.single, Besides::default(), wanted, |needle, request| {
                    Searched::of_single(request, session).fit(needle)
                });
            }
        }
    }
}

/// What a filter looks at in a row: what the row says, and what it has no room for; harmless.
#[derive(Debug)]
pub struct Searched {
    /// One word for it, where it has one.
    pub kind: &'static str,
    /// What it is about, with the short names of streams.
    pub words: String,
    /// With the whole names, or the command.
    pub besides: String,
}

impl Searched {
    /// Of an entry.
    pub fn of(entry: &Entry<'_>, session: &Session) -> Self {
        match entry {
            Entry::Told(told) => Self::of_told(told, session),
            Entry::Folded(folded) => Self::of_folded(folded, session),
            Entry::Single(request) => Self::of_single(request, session),
        }
    }

    fn of_told(told: &Told, session: &Session) -> Self {
        let words = told.sentence_about(session.kinds.classify_name(&told.advisory.stream).1);
        Self { kind: told.kind(), words, besides: told.sentence() }
    }

    fn of_folded(folded: &Folded, session: &Session) -> Self {
        let words = words_of(folded, |stream| session.kinds.classify_name(stream).1);
        Self { kind: "", words, besides: command_of(&folded.last, session) }
    }

    fn of_single(request: &Request, session: &Session) -> Self {
        let words = words::words_with(request, |stream| session.kinds.classify_name(stream).1);
        Self { kind: "", words, besides: command_of(request, session) }
    }

    fn fit(&self, needle: &mut Needle) -> Option<Fit> {
        needle.fit(&[&self.words, self.kind], Some(&self.besides))
    }

    /// Whether only what the row has no room for is what the filter found.
    pub fn reveals(&self, needle: &mut Needle) -> bool {
        needle.reveals(&[&self.words, self.kind], &self.besides)
    }
}

/// The command that asks the same, on a line.
pub fn command_of(request: &Request, session: &Session) -> String {
    clean_line(&command::short(request, session)).into_owned()
}

/// What a row of folded requests is about, with names for streams such as their short ones.
pub fn words_of<'n>(folded: &'n Folded, name: impl Fn(&'n str) -> &'n str) -> String {
    if folded.rest {
        words::words_of_rest(folded.last.asks().0).to_owned()
    } else {
        words::words_with(&folded.last, name)
    }
}

impl App {
    /// Takes in what the activity is made of; gives back what others need too.
    pub(super) fn take_activity(&mut self, update: Update) -> Option<Update> {
        match update {
            Update::Requests(requests, lost) => {
                self.activity.requests.take(requests, lost);
                self.stale = true;
                return None;
            }
            Update::AdvisoriesLost(n) => {
                self.activity.lost += n;
                self.stale = true;
                return None;
            }
            _ => {}
        }
        match &update {
            Update::Advisory(advisory) => {
                let before = self.leader_before(advisory);
                self.activity.hear(advisory.clone(), before);
            }
            Update::Failed(Ask::Advisories, problem, _) => {
                let subject = match &problem.kind {
                    ProblemKind::Denied { subject } => subject.clone(),
                    _ => String::new(),
                };
                self.activity.refused.insert(subject, clean_line(&problem.sentence).into_owned());
            }
            Update::AdvisoriesHeard(since) if self.activity.since.is_none() => self.activity.since = Some(*since),
            Update::AdvisoriesHeard(_) => self.activity.gaps += 1,
            _ => {}
        }
        Some(update)
    }

    /// Who led before, as far as it is known from the last answer.
    fn leader_before(&self, advisory: &Advisory) -> Option<String> {
        match (&advisory.kind, &advisory.consumer) {
            (AdvisoryKind::StreamLeaderElected { .. }, _) => {
                let info = self.live().streams.get(&advisory.stream)?.info.as_ref()?;
                info.cluster.as_ref()?.leader.clone()
            }
            (AdvisoryKind::ConsumerLeaderElected { .. }, Some(name)) => {
                let info = self.live().consumer(&advisory.stream, name)?.info.as_ref()?;
                info.leader().map(str::to_owned)
            }
            _ => None,
        }
    }
}
