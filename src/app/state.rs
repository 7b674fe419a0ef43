//! The whole state of the console, and the one way to change it.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use jiff::tz::TimeZone;

use crate::health::finding::{Touched, Watch};
use crate::health::{Level, Terms};
use crate::keymap::{Action, Keymap};
use crate::model::history::Room;
use crate::model::replay::{Run, Unreadable};
use crate::model::{Catalog, History, Scope, Timestamp, Update};

use super::reposition::Moves;
use super::travel::Held;
use super::{
    Activity, ContextRow, ContextsScreen, Effect, Menu, Msg, Notice, Prompt, Screen, Session, StreamsScreen, Worst,
};

/// How long a notice stays.
const NOTICE: Duration = Duration::from_secs(6);
/// Above this many rows a list is built anew once a second, not with every answer.
const MANY: usize = 2_000;
/// How often the history is put into its file.
const KEEP: Duration = Duration::from_secs(60);
/// Lines that every screen has besides its body: header, breadcrumbs, footer.
const FRAME_LINES: u16 = 3;

/// The state of the console.
#[derive(Clone, Debug)]
pub struct App {
    /// The time of the last tick.
    pub now: Timestamp,
    /// Columns and rows of the terminal.
    pub size: (u16, u16),
    /// What the connection brings.
    pub session: Session,
    /// Keys and their words.
    pub keymap: Keymap,
    /// What is true now.
    pub(super) live: Catalog,
    /// What was true before.
    pub(super) past: History,
    /// When that was put into a file.
    pub(super) kept: Timestamp,
    /// What is shown instead of what is true now: a frozen picture, or an earlier time.
    pub(super) held: Option<Box<Held>>,
    /// What is wrong now.
    pub(super) watch: Watch,
    /// The open screens; the last is shown.
    pub screens: Vec<Screen>,
    /// The line that is being typed.
    pub prompt: Option<Prompt>,
    /// Something to choose from.
    pub menu: Option<Menu>,
    /// Lines typed before, oldest first, by what stands before them.
    pub(super) history: BTreeMap<&'static str, Vec<String>>,
    /// All replays, once they were read.
    pub replays: Option<Vec<Run>>,
    /// Those whose plan cannot be read.
    pub unreadable: Vec<Unreadable>,
    /// Replays that run in this process.
    pub(super) own_replays: BTreeSet<String>,
    /// The plan that is being made.
    pub(super) planning: Option<u64>,
    /// The list of replays is kept fresh.
    pub(super) watches_replays: bool,
    /// What is known of repositions.
    pub moves: Moves,
    /// Somebody wanted to leave while something runs here.
    pub(super) leaving: bool,
    /// Where clock times are meant.
    pub zone: TimeZone,
    /// Something to tell.
    pub notice: Option<Notice>,
    /// Streams of other features are shown.
    pub show_system: bool,
    /// Streams are grouped by kind.
    pub grouped: bool,
    /// Saved connections, once read.
    pub contexts: Option<Result<Vec<ContextRow>, String>>,
    /// The context that is being switched to.
    pub switching: Option<String>,
    /// Something changed that a frame would show.
    pub dirty: bool,
    /// The lists do not show what is known yet.
    pub(super) stale: bool,
    /// The lists must be built now, since a person waits for it.
    pub(super) urgent: bool,
    watched: Scope,
    /// The newest number of a reading or a plan; none is used twice.
    pub(super) next_id: u64,
    /// The readings that were asked for and not ended.
    pub(super) tails: Vec<u64>,
    /// What happened and what was asked.
    pub activity: Activity,
}

impl App {
    /// A console on this connection, before anything is known.
    pub fn new(session: Session, keymap: Keymap, now: Timestamp) -> Self {
        Self {
            now,
            size: (80, 24),
            show_system: session.show_system,
            past: History::new(Room::of_setting(session.history)),
            kept: now,
            live: Catalog::default().knowing(&session.thresholds),
            session,
            keymap,
            held: None,
            watch: Watch::default(),
            screens: vec![Screen::Streams(StreamsScreen::default())],
            prompt: None,
            menu: None,
            history: BTreeMap::new(),
            replays: None,
            unreadable: Vec::new(),
            own_replays: BTreeSet::new(),
            planning: None,
            watches_replays: false,
            moves: Moves::default(),
            leaving: false,
            zone: TimeZone::UTC,
            notice: None,
            grouped: true,
            contexts: None,
            switching: None,
            dirty: true,
            stale: true,
            urgent: true,
            watched: Scope::default(),
            next_id: 0,
            tails: Vec::new(),
            activity: Activity::default(),
        }
    }

    /// What is shown: what is true now, or what was when the picture was frozen.
    pub fn catalog(&self) -> &Catalog {
        self.held.as_ref().map_or(&self.live, |held| &held.catalog)
    }

    /// What is wrong: now, or when that was true which is shown.
    pub fn watch(&self) -> &Watch {
        self.held.as_ref().map_or(&self.watch, |held| &held.watch)
    }

    /// The connection as it is now, also while the picture is frozen.
    pub const fn live(&self) -> &Catalog {
        &self.live
    }

    /// Since when the picture is frozen.
    pub fn frozen_at(&self) -> Option<Timestamp> {
        self.held.as_ref().map(|held| held.at)
    }

    /// The time that ages are measured from: now, or when the picture was frozen.
    pub fn shown_at(&self) -> Timestamp {
        self.frozen_at().unwrap_or(self.now)
    }

    /// What consumers are judged by.
    pub fn terms(&self) -> Terms {
        Terms::of(self.catalog(), self.shown_at())
    }

    /// The screen that is shown.
    ///
    /// There is always one: `Back` leaves the last alone.
    pub fn screen(&self) -> Option<&Screen> {
        self.screens.last()
    }

    /// Rows between breadcrumbs and footer, without the banner.
    pub fn body_height(&self) -> usize {
        let banner = self.banner_lines().map_or(0, |(_, lines)| lines.len());
        usize::from(self.size.1.saturating_sub(FRAME_LINES)).saturating_sub(banner)
    }

    /// Takes in what happened; says what to do about it.
    pub fn update(&mut self, msg: Msg) -> Vec<Effect> {
        let mut effects = Vec::new();
        let told = matches!(msg, Msg::Data(_));
        match msg {
            Msg::Key(key) => {
                self.dirty = true;
                self.notice = None;
                // Keys that come faster than frames act on what the keys before them have made of the lists.
                if self.urgent {
                    self.refresh_views();
                }
                if key.ctrl && self.keymap.action(key) == Some(Action::Suspend) {
                    // As on any terminal: whatever is being typed stays as it is.
                    self.act(Action::Suspend, &mut effects);
                } else if self.prompt.is_some() {
                    self.prompt_key(key, &mut effects);
                } else if self.menu.is_some() {
                    self.menu_key(key, &mut effects);
                } else if let Some(action) = self.keymap.action(key) {
                    self.act(action, &mut effects);
                } else {
                    let help = self.keymap.shown(Action::Help).unwrap_or_default();
                    self.tell(Level::Notice, format!("{key} means nothing here; {help} shows the keys"));
                }
            }
            Msg::Paste(text) => {
                self.dirty = true;
                self.prompt_paste(&text);
            }
            Msg::Suspend => effects.push(Effect::Suspend { by_key: false }),
            Msg::Resize(columns, rows) => {
                self.size = (columns, rows);
                self.dirty = true;
                self.urgent = true;
            }
            Msg::Data(update) => self.take(update),
            Msg::Tail(id, news) => self.take_tail_news(id, news),
            Msg::ReplayPlanned(id, result) => self.replay_planned(id, result),
            Msg::ReplayPlanning(id, read) => self.replay_planning(id, read),
            Msg::ReplayStarted(result) => self.replay_started(result),
            Msg::Replays(runs) => self.take_replays(runs),
            Msg::UnreadableReplays(unreadable) => self.take_unreadable(unreadable),
            Msg::Reposition(news) => self.take_reposition_news(news),
            Msg::Tick(now) => {
                // Never back by a little; but a clock that was set back is the clock that all answers go by.
                if !now.is_late(self.now) {
                    self.now = now;
                }
                self.dirty = true;
                self.watch.tick(self.now);
                self.tick_tails();
                if self.now.since(self.kept) >= KEEP {
                    self.keep_past(&mut effects);
                }
                self.urgent |= self.stale;
                if self.notice.as_ref().is_some_and(|n| n.until <= self.now) {
                    self.notice = None;
                }
            }
            Msg::Frame => {
                self.refresh_views();
                self.refresh_selected();
            }
            Msg::Past(past) => {
                self.past = *past;
                self.dirty = true;
            }
            Msg::Contexts(result) => {
                self.contexts = Some(result);
                self.dirty = true;
                self.urgent = true;
            }
            Msg::Switched(result) => self.switched(result),
            Msg::NotSaved(path, saved, sentence) => self.not_saved(&path, saved, sentence),
            Msg::Tell(level, text) => {
                self.dirty = true;
                self.tell(level, text);
            }
        }
        // Reports alone never change what is on screen: the lists are built anew with a frame, a tick or a key.
        if told {
            return effects;
        }
        self.settle_tails(&mut effects);
        self.settle_replays(&mut effects);
        self.settle_moves(&mut effects);
        let scope = self.scope();
        if scope != self.watched {
            self.watched = scope.clone();
            effects.push(Effect::Watch(Box::new(scope)));
        }
        effects
    }

    /// A frame was drawn. Whether another one is needed to show what is known already.
    pub fn drawn(&mut self) {
        self.dirty = matches!(self.screen(), Some(Screen::Tail(tail)) if tail.is_unfinished());
        self.urgent |= self.dirty;
    }

    /// Says something on the line above the footer.
    pub(super) fn tell(&mut self, level: Level, text: impl Into<String>) {
        self.notice = Some(Notice { level, text: text.into(), until: self.now.plus(NOTICE) });
    }

    fn take(&mut self, update: Update) {
        let Some(update) = self.take_activity(update).and_then(|update| self.take_stuck(update)) else { return };
        // Rate and time keeping alone are drawn with the next tick.
        self.dirty |= !matches!(update, Update::Traffic(_) | Update::Rtt(_));
        let touched = Touched::by(&update);
        self.take_in(update);
        self.watch.look(&self.live, &touched, &self.session.thresholds, self.now);
        self.keep_long();
        self.stale = true;
    }

    /// The stream or consumer that is open keeps a long series for its charts.
    fn keep_long(&mut self) {
        for screen in &self.screens {
            match screen {
                Screen::Stream(s) => self.live.keep_long(&s.name, None),
                Screen::Consumer(c) => self.live.keep_long(&c.stream, Some(&c.name)),
                _ => {}
            }
        }
    }

    /// Builds the lists of the shown screen anew where something changed.
    fn refresh_views(&mut self) {
        let many = self.catalog().streams.len().max(self.catalog().consumer_count()) > MANY;
        if !self.urgent && (!self.stale || many) {
            return;
        }
        self.stale = false;
        self.urgent = false;
        let Some(mut screen) = self.screens.pop() else { return };
        match &mut screen {
            Screen::Streams(s) => s.refresh(self),
            Screen::Stream(s) => s.refresh(self),
            Screen::Consumers(s) => s.refresh(self),
            Screen::Consumer(s) => s.refresh(self),
            Screen::Tail(s) => s.refresh(self),
            Screen::ReplayForm(_) => {}
            Screen::ReplayPlan(s) => s.refresh(self),
            Screen::ReplayRun(s) => s.refresh(self),
            Screen::Replays(s) => s.refresh(self),
            Screen::Reposition(s) => s.refresh(self),
            Screen::Activity(s) => s.refresh(self),
            Screen::Stuck(s) => s.refresh(self),
            Screen::Problems(s) => s.refresh(self),
            Screen::Contexts(s) => s.refresh(self),
            Screen::Help(s) => s.refresh(self),
        }
        self.screens.push(screen);
    }

    /// Moving through a list does not build it anew; what is shown beside it follows at once.
    fn refresh_selected(&mut self) {
        let Some(Screen::Streams(screen)) = self.screen() else { return };
        let selected = screen.table.selected();
        if screen.worst.stream() == selected {
            return;
        }
        let mut worst = Worst::default();
        worst.refresh(self, selected.map(String::as_str));
        if let Some(Screen::Streams(screen)) = self.screens.last_mut() {
            screen.worst = worst;
        }
    }

    /// Freezes the picture, or lets it go on.
    pub(super) fn toggle_freeze(&mut self) {
        if self.held.is_some() {
            self.return_to_now();
            return;
        }
        let (catalog, watch) = (self.live.clone(), self.watch.clone());
        self.held = Some(Box::new(Held { catalog, watch, at: self.now, past: false }));
        self.urgent = true;
        let shown = |action| self.keymap.shown(action).unwrap_or_default();
        let words = format!(
            "frozen; {} goes on, {} steps back in time, {} five minutes",
            shown(Action::Freeze),
            shown(Action::StepBack),
            shown(Action::LeapBack)
        );
        self.tell(Level::Notice, words);
    }

    fn switched(&mut self, result: Result<Session, String>) {
        self.dirty = true;
        self.urgent = true;
        self.switching = None;
        match result {
            Ok(session) => {
                self.show_system = session.show_system;
                self.session = session;
                self.live = Catalog::default().knowing(&self.session.thresholds);
                self.activity = Activity::default();
                self.moves.leave();
                self.past = History::new(Room::of_setting(self.session.history));
                self.held = None;
                self.watch = Watch::default();
                self.watched = Scope::default();
                self.screens = vec![Screen::Streams(StreamsScreen::default())];
                let name = self.session.context.clone().unwrap_or_default();
                self.tell(Level::Ok, format!("switched to {}", crate::event::clean_line(&name)));
            }
            Err(sentence) => self.tell(Level::Warning, sentence),
        }
    }

    /// Opens a screen on top.
    pub(super) fn open(&mut self, screen: Screen) {
        self.screens.push(screen);
        self.urgent = true;
        self.keep_long();
    }

    /// Opens the contexts, and has them read.
    pub(super) fn open_contexts(&mut self, effects: &mut Vec<Effect>) {
        if !matches!(self.screen(), Some(Screen::Contexts(_))) {
            self.open(Screen::Contexts(ContextsScreen::default()));
        }
        effects.push(Effect::LoadContexts);
    }
}
