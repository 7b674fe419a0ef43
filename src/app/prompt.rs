//! The line that is being typed: a filter (takes effect while typing), a command (with completion), and what a tail
//! asks for.

use tui_input::{Input, InputRequest};

use crate::health::Level;
use crate::keymap::{Action, Code, Key};
use crate::query::command::COMMANDS;
use crate::query::{Command, Filter, Mistake, Named, Words, complete, moment, named};

use super::replay::FormItem;
use super::tail::Saved;
use super::{App, Effect, Screen, StreamTab};

/// Offers on the completion line.
const OFFERS: usize = 14;
/// Commands that are remembered.
const REMEMBERED: usize = 100;

/// What is typed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PromptKind {
    /// The filter of the shown list.
    Filter,
    /// A command.
    Command,
    /// The filter of a tail, as words.
    Words,
    /// The filter of a tail, as an expression.
    Expression,
    /// What part of the streams is read.
    Range,
    /// The subjects that are read.
    Subjects,
    /// A sequence or a time to go to.
    GoTo,
    /// The name of the file that this is saved to.
    SaveAs(Saved),
    /// A line of the form of a replay.
    Field(FormItem),
    /// A word that confirms a replay.
    Confirm {
        /// It goes to the original subjects: everybody receives it again.
        original: bool,
    },
    /// Where a consumer is to go on.
    Place,
    /// A word that confirms a reposition.
    ConfirmMove {
        /// The consumer is deleted and made again.
        again: bool,
    },
}

impl PromptKind {
    /// What stands before the line.
    pub const fn sign(self) -> &'static str {
        match self {
            Self::Filter | Self::Words => "/",
            Self::Command => ":",
            Self::Expression => "=",
            Self::Range => "range: ",
            Self::Subjects => "subjects: ",
            Self::GoTo => "go to: ",
            Self::SaveAs(_) => "save as: ",
            Self::Field(item) => item.sign(),
            Self::Place => "to: ",
            Self::Confirm { .. } | Self::ConfirmMove { .. } => "confirm: ",
        }
    }

    /// What is said about it as long as it is empty.
    pub const fn hint(self) -> &'static str {
        match self {
            Self::Filter => "text that rows contain; ^start end$ 'exact !not; Enter keeps, Esc restores",
            Self::Command => "Tab shows the commands and completes, ↑ brings back what was typed",
            Self::Words => "payment -test type:com.shop.* data.total:12?; Tab completes, ↑ brings back",
            Self::Expression => "type LIKE 'com.shop.%' AND data.total > 100; Tab completes, ↑ brings back",
            Self::Range => "all, new, last:500, 120..480, -2h.., 13:50..14:20",
            Self::Subjects => "all subjects; or orders.*.created shop.>",
            Self::GoTo => "a sequence, 13:50, 2026-11-20T13:50Z, -10m, start or end",
            Self::SaveAs(_) => "the name of a new file",
            Self::Field(item) => item.hint(),
            Self::Place => super::reposition::PLACES,
            Self::Confirm { .. } | Self::ConfirmMove { .. } => "",
        }
    }

    /// What the line opens with is more often replaced than added to.
    const fn is_replaced(self) -> bool {
        !matches!(self, Self::Words | Self::Expression | Self::Command | Self::SaveAs(_))
    }

    /// What was typed before can be brought back.
    const fn is_remembered(self) -> bool {
        matches!(self, Self::Command | Self::Words | Self::Expression)
    }
}

/// What the line can become.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Offer {
    /// The whole line then.
    pub line: String,
    /// Where the cursor stands then, in characters.
    pub cursor: usize,
    /// What is shown of it; harmless.
    pub shown: String,
    /// More about it; harmless.
    pub help: String,
}

impl Offer {
    /// A whole line.
    fn whole(line: String) -> Self {
        let (shown, help) = match COMMANDS.iter().find(|(name, ..)| *name == line) {
            Some((name, "", help)) => ((*name).to_owned(), *help),
            Some((name, arguments, help)) => (format!("{name} {arguments}"), *help),
            None => (crate::event::clean_line(&line).into_owned(), ""),
        };
        Self { cursor: line.chars().count(), line, shown, help: help.to_owned() }
    }
}

/// The line that is being typed.
#[derive(Clone, Debug)]
pub struct Prompt {
    /// What is typed.
    pub kind: PromptKind,
    /// The line and its cursor.
    pub input: Input,
    /// What the line can become, best first.
    pub offers: Vec<Offer>,
    /// The offer that Tab has put into the line.
    pub offered: Option<usize>,
    /// What is wrong with the line, and where.
    pub mistake: Option<Mistake>,
    /// What stands there was there before: the first character that is typed replaces it.
    pub replaces: bool,
    /// What was in the filter before.
    before: String,
    /// The filter of the tail before.
    pub(super) before_tail: Option<Filter>,
    /// How far back in the history the line is.
    recalled: Option<usize>,
}

impl Prompt {
    /// A line of this kind, to be edited.
    pub fn of(kind: PromptKind, text: &str) -> Self {
        Self {
            kind,
            input: Input::new(text.to_owned()),
            offers: vec![],
            offered: None,
            mistake: None,
            replaces: kind.is_replaced() && !text.is_empty(),
            before: text.to_owned(),
            before_tail: None,
            recalled: None,
        }
    }

    /// What the line opened with goes when something is typed or deleted, and stays when the cursor is moved into it.
    fn replace_for(&mut self, request: &InputRequest) {
        let types = matches!(request, InputRequest::InsertChar(_) | InputRequest::DeletePrevChar);
        if std::mem::take(&mut self.replaces) && types {
            self.input.reset();
        }
    }
}

impl App {
    pub(super) fn prompt_key(&mut self, key: Key, effects: &mut Vec<Effect>) {
        let Some(mut prompt) = self.prompt.take() else { return };
        let kind = prompt.kind;
        match (key.code, key.ctrl) {
            (Code::Esc, _) | (Code::Char('c' | 'g'), true) => {
                match kind {
                    PromptKind::Filter => {
                        self.set_filter(&prompt.before);
                        if let Some(list) = self.list_mut() {
                            list.return_to_place();
                            self.urgent = true;
                        }
                    }
                    PromptKind::Words | PromptKind::Expression => self.restore_tail_filter(prompt.before_tail.take()),
                    _ => {}
                }
                return;
            }
            (Code::Enter, _) => {
                self.entered(prompt, effects);
                return;
            }
            (Code::Backspace, _) if prompt.input.value().is_empty() => return,
            (Code::Tab | Code::BackTab, _) => {
                self.next_offer(&mut prompt, key.code == Code::Tab);
                self.prompt = Some(prompt);
                return;
            }
            // The list below can be walked while its filter is typed.
            (Code::Up | Code::Down, _) if kind == PromptKind::Filter => {
                if let Some(list) = self.list_mut() {
                    list.step(if key.code == Code::Up { -1 } else { 1 });
                }
            }
            (Code::Up | Code::Down, _) if kind.is_remembered() => self.recall(&mut prompt, key.code == Code::Up),
            _ => {
                if let Some(request) = request(key) {
                    prompt.replace_for(&request);
                    prompt.input.handle(request);
                }
            }
        }
        self.edited(&mut prompt);
        self.prompt = Some(prompt);
    }

    /// Puts the next offer into the line, or the one before.
    fn next_offer(&mut self, prompt: &mut Prompt, forward: bool) {
        if prompt.offers.is_empty() {
            // On an empty line: all that there is.
            self.edited(prompt);
        }
        let count = prompt.offers.len();
        let next = match (prompt.offered, forward) {
            (None, true) => 0,
            (None, false) => count.saturating_sub(1),
            (Some(i), true) => (i + 1) % count.max(1),
            (Some(i), false) => (i + count.saturating_sub(1)) % count.max(1),
        };
        let Some(offer) = prompt.offers.get(next) else { return };
        prompt.offered = Some(next);
        prompt.replaces = false;
        prompt.input = Input::new(offer.line.clone()).with_cursor(offer.cursor);
        self.take_effect(prompt);
    }

    pub(super) fn prompt_paste(&mut self, text: &str) {
        if let Some(mut prompt) = self.prompt.take() {
            for c in text.chars().filter(|c| !c.is_control()).take(1000) {
                prompt.replace_for(&InputRequest::InsertChar(c));
                prompt.input.handle(InputRequest::InsertChar(c));
            }
            self.edited(&mut prompt);
            self.prompt = Some(prompt);
        }
    }

    /// A line was opened that is not empty, or that has something to offer from the start.
    pub(super) fn prompt_opened(&mut self) {
        if let Some(mut prompt) = self.prompt.take() {
            self.prepare_tail_prompt(&mut prompt);
            self.prompt = Some(prompt);
        }
    }

    /// Opens a line that has something to offer from the start.
    pub(super) fn open_prompt(&mut self, mut prompt: Prompt) {
        self.edited(&mut prompt);
        self.prompt = Some(prompt);
    }

    fn edited(&mut self, prompt: &mut Prompt) {
        prompt.offered = None;
        self.take_effect(prompt);
        let value = prompt.input.value().to_owned();
        prompt.offers = match prompt.kind {
            PromptKind::Command => {
                let lines = self.with_words(&value, |words| complete(&value, words, OFFERS));
                lines.into_iter().map(Offer::whole).collect()
            }
            PromptKind::Place => self.place_offers(&value),
            kind => self.tail_offers(kind, &value, prompt.input.cursor()),
        };
        // What a filter already shows should stay in sight.
        prompt.offers.truncate(if prompt.kind == PromptKind::Command { OFFERS } else { OFFERS / 2 });
    }

    /// What the line means now, where it takes effect at once; what is wrong with it, where it does not yet.
    fn take_effect(&mut self, prompt: &mut Prompt) {
        let value = prompt.input.value().to_owned();
        prompt.mistake = match prompt.kind {
            PromptKind::Filter => {
                self.set_filter(&value);
                None
            }
            PromptKind::Command | PromptKind::Confirm { .. } | PromptKind::ConfirmMove { .. } => None,
            PromptKind::Place => self.place_mistake(value.trim()),
            PromptKind::Field(item) => self.field_mistake(item, value.trim()),
            kind => self.tail_typed(kind, &value, true).err(),
        };
    }

    fn entered(&mut self, mut prompt: Prompt, effects: &mut Vec<Effect>) {
        let line = prompt.input.value().trim().to_owned();
        self.urgent = true;
        if prompt.kind.is_remembered() && !line.is_empty() {
            self.remember(prompt.kind, &line);
        }
        match prompt.kind {
            PromptKind::Filter => {}
            PromptKind::Command if line.is_empty() => {}
            PromptKind::Command => self.run_command(&line, effects),
            kind => {
                let taken = match kind {
                    PromptKind::Field(item) => self.field_entered(item, &line),
                    PromptKind::Confirm { original } => self.confirmed(original, &line, effects),
                    PromptKind::Place => self.place_entered(&line, effects),
                    PromptKind::ConfirmMove { again } => self.move_confirmed(again, &line, effects),
                    kind => self.tail_entered(kind, &line, effects),
                };
                // What is wrong stays, to be mended.
                if let Err(mistake) = taken {
                    prompt.mistake = Some(mistake);
                    prompt.input = Input::new(line);
                    self.prompt = Some(prompt);
                }
            }
        }
    }

    fn remember(&mut self, kind: PromptKind, line: &str) {
        let history = self.history.entry(kind.sign()).or_default();
        history.retain(|old| old != line);
        history.push(line.to_owned());
        if history.len() > REMEMBERED {
            history.remove(0);
        }
    }

    fn recall(&mut self, prompt: &mut Prompt, older: bool) {
        let history = self.history.get(prompt.kind.sign()).map(Vec::as_slice).unwrap_or_default();
        let count = history.len();
        let at = match (prompt.recalled, older) {
            (None, true) => count.checked_sub(1),
            (None, false) => None,
            (Some(i), true) => Some(i.saturating_sub(1)),
            (Some(i), false) => (i + 1 < count).then_some(i + 1),
        };
        prompt.recalled = at;
        prompt.input = Input::new(at.and_then(|i| history.get(i).cloned()).unwrap_or_default());
    }

    fn set_filter(&mut self, text: &str) {
        // Walking the list while its filter is typed leaves the filter as it is.
        if let Some(list) = self.list_mut().filter(|list| list.filter() != text) {
            list.set_filter(text);
            self.urgent = true;
        }
    }

    /// Lends out the names that a command line can mean.
    fn with_words<T>(&self, line: &str, f: impl FnOnce(Words<'_>) -> T) -> T {
        let catalog = self.catalog();
        let kinds = &self.session.kinds;
        let streams: Vec<Named<'_>> =
            catalog.streams.keys().map(|name| (name.as_str(), kinds.classify_name(name).1)).collect();
        let of = line.split_whitespace().nth(1).and_then(|word| named(word, &streams).ok());
        let consumers: Vec<&str> = of
            .and_then(|name| catalog.consumers.get(name))
            .map(|shelf| shelf.entries.keys().map(String::as_str).collect())
            .unwrap_or_default();
        let contexts: Vec<&str> = match &self.contexts {
            Some(Ok(rows)) => rows.iter().map(|c| c.name.as_str()).collect(),
            _ => vec![],
        };
        let columns: Vec<String> =
            self.sort_titles().iter().filter(|t| !t.is_empty()).map(|t| t.to_lowercase()).collect();
        let columns: Vec<&str> = columns.iter().map(String::as_str).collect();
        f(Words { streams: &streams, consumers: &consumers, contexts: &contexts, columns: &columns })
    }

    fn run_command(&mut self, line: &str, effects: &mut Vec<Effect>) {
        match self.with_words(line, |words| Command::parse(line, words)) {
            Err(error) => self.tell(Level::Warning, error.to_string()),
            Ok(Command::Streams) => self.act(Action::Streams, effects),
            Ok(Command::Stream(name)) => {
                self.leave_all();
                self.open_stream(&name, StreamTab::Overview);
            }
            Ok(Command::Consumers(None)) => self.act(Action::AllConsumers, effects),
            Ok(Command::Consumers(Some(name))) => {
                self.leave_all();
                self.open_stream(&name, StreamTab::Consumers);
            }
            Ok(Command::Consumer(stream, name)) => {
                self.leave_all();
                self.open_stream(&stream, StreamTab::Consumers);
                self.open_consumer(&stream, &name);
            }
            Ok(Command::Problems) => self.act(Action::AllProblems, effects),
            Ok(Command::Replays) => self.act(Action::Replays, effects),
            Ok(Command::Activity) => self.act(Action::Activity, effects),
            Ok(Command::Replay(stream)) => {
                self.open_form(super::ReplayWish::new(super::What::Range(stream)));
            }
            Ok(Command::Reposition(stream, consumer)) => self.open_places(&stream, &consumer),
            Ok(Command::Contexts) => self.act(Action::Contexts, effects),
            Ok(Command::Context(name)) => self.switch_to(&name, effects),
            Ok(Command::Sort(title)) => {
                let column = self.sort_titles().iter().position(|t| t.to_lowercase() == title);
                if let Some(column) = column {
                    self.sort_by_index(column);
                }
            }
            Ok(Command::Filter(text)) if matches!(self.screen(), Some(Screen::Tail(_))) => {
                if let Err(mistake) = self.tail_typed(PromptKind::Words, &text, false) {
                    self.tell(Level::Warning, mistake.to_string());
                }
            }
            Ok(Command::Filter(text)) => match self.list_mut() {
                Some(list) => list.set_filter(&text),
                None => self.tell(Level::Notice, "there is no list on this screen"),
            },
            Ok(Command::Tail(streams)) => {
                let last = self.session.tail.last;
                self.open_tail(streams, vec![], crate::query::Range::last(last), &format!("last:{last}"));
            }
            Ok(Command::System) => self.act(Action::System, effects),
            Ok(Command::Group) => self.act(Action::Group, effects),
            Ok(Command::Refresh) => self.act(Action::Refresh, effects),
            Ok(Command::Freeze) => self.act(Action::Freeze, effects),
            Ok(Command::At(text)) => match moment(&text, self.now, &self.zone) {
                Ok(at) => self.travel(at),
                Err(mistake) => self.tell(Level::Warning, mistake.to_string()),
            },
            Ok(Command::Help) => {
                if !matches!(self.screen(), Some(Screen::Help(_))) {
                    self.act(Action::Help, effects);
                }
            }
            Ok(Command::Quit) => self.act(Action::Quit, effects),
        }
    }
}

/// What a key does to a line.
const fn request(key: Key) -> Option<InputRequest> {
    Some(match (key.code, key.ctrl, key.alt) {
        (Code::Char(c), false, false) => InputRequest::InsertChar(c),
        (Code::Backspace, false, false) | (Code::Char('h'), true, false) => InputRequest::DeletePrevChar,
        (Code::Delete, ..) | (Code::Char('d'), true, false) => InputRequest::DeleteNextChar,
        (Code::Left, false, false) | (Code::Char('b'), true, false) => InputRequest::GoToPrevChar,
        (Code::Right, false, false) | (Code::Char('f'), true, false) => InputRequest::GoToNextChar,
        (Code::Left, ..) | (Code::Char('b'), false, true) => InputRequest::GoToPrevWord,
        (Code::Right, ..) | (Code::Char('f'), false, true) => InputRequest::GoToNextWord,
        (Code::Home, ..) | (Code::Char('a'), true, false) => InputRequest::GoToStart,
        (Code::End, ..) | (Code::Char('e'), true, false) => InputRequest::GoToEnd,
        (Code::Char('w'), true, false) | (Code::Backspace, ..) => InputRequest::DeletePrevWord,
        (Code::Char('u'), true, false) => InputRequest::DeleteLine,
        (Code::Char('k'), true, false) => InputRequest::DeleteTillEnd,
        _ => return None,
    })
}
