//! The line that is being typed: a filter (takes effect while typing) or a command (with completion).

use tui_input::{Input, InputRequest};

use crate::health::Level;
use crate::keymap::{Action, Code, Key};
use crate::query::{Command, Words, complete};

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
}

/// The line that is being typed.
#[derive(Clone, Debug)]
pub struct Prompt {
    /// What is typed.
    pub kind: PromptKind,
    /// The line and its cursor.
    pub input: Input,
    /// What the line can become, best first.
    pub offers: Vec<String>,
    /// The offer that Tab has put into the line.
    pub offered: Option<usize>,
    /// What was in the filter before.
    before: String,
    /// How far back in the history the line is.
    recalled: Option<usize>,
}

impl Prompt {
    /// An empty command line.
    pub fn command() -> Self {
        Self::new(PromptKind::Command, "")
    }

    /// The filter, to be edited.
    pub fn filter(text: &str) -> Self {
        Self::new(PromptKind::Filter, text)
    }

    fn new(kind: PromptKind, text: &str) -> Self {
        Self {
            kind,
            input: Input::new(text.to_owned()),
            offers: vec![],
            offered: None,
            before: text.to_owned(),
            recalled: None,
        }
    }
}

impl App {
    pub(super) fn prompt_key(&mut self, key: Key, effects: &mut Vec<Effect>) {
        let Some(mut prompt) = self.prompt.take() else { return };
        match (key.code, key.ctrl, prompt.kind) {
            (Code::Esc, ..) | (Code::Char('c' | 'g'), true, _) => {
                if prompt.kind == PromptKind::Filter {
                    let before = prompt.before.clone();
                    self.set_filter(&before);
                }
                return;
            }
            (Code::Enter, _, PromptKind::Filter) => return,
            (Code::Enter, _, PromptKind::Command) => {
                let line = prompt.input.value().trim().to_owned();
                self.urgent = true;
                if !line.is_empty() {
                    self.run(&line, effects);
                }
                return;
            }
            (Code::Backspace, ..) if prompt.input.value().is_empty() => return,
            (Code::Tab | Code::BackTab, _, PromptKind::Command) => {
                if prompt.offers.is_empty() {
                    // On an empty line: all that there is.
                    self.edited(&mut prompt);
                }
                let count = prompt.offers.len();
                if count > 0 {
                    let next = match (prompt.offered, key.code) {
                        (None, Code::Tab) => 0,
                        (None, _) => count - 1,
                        (Some(i), Code::Tab) => (i + 1) % count,
                        (Some(i), _) => (i + count - 1) % count,
                    };
                    prompt.offered = Some(next);
                    prompt.input = Input::new(prompt.offers[next].clone());
                }
                self.prompt = Some(prompt);
                return;
            }
            // The list below can be walked while its filter is typed.
            (Code::Up, _, PromptKind::Filter) => {
                if let Some(list) = self.list_mut() {
                    list.step(-1);
                }
            }
            (Code::Down, _, PromptKind::Filter) => {
                if let Some(list) = self.list_mut() {
                    list.step(1);
                }
            }
            (Code::Up | Code::Down, _, PromptKind::Command) => self.recall(&mut prompt, key.code == Code::Up),
            _ => {
                if let Some(request) = request(key) {
                    prompt.input.handle(request);
                }
            }
        }
        self.edited(&mut prompt);
        self.prompt = Some(prompt);
    }

    pub(super) fn prompt_paste(&mut self, text: &str) {
        if let Some(mut prompt) = self.prompt.take() {
            for c in text.chars().filter(|c| !c.is_control()).take(1000) {
                prompt.input.handle(InputRequest::InsertChar(c));
            }
            self.edited(&mut prompt);
            self.prompt = Some(prompt);
        }
    }

    fn edited(&mut self, prompt: &mut Prompt) {
        let value = prompt.input.value().to_owned();
        prompt.offered = None;
        match prompt.kind {
            PromptKind::Filter => self.set_filter(&value),
            PromptKind::Command => {
                prompt.offers = self.with_words(&value, |words| complete(&value, words, OFFERS));
            }
        }
    }

    fn recall(&mut self, prompt: &mut Prompt, older: bool) {
        let count = self.history.len();
        let at = match (prompt.recalled, older) {
            (None, true) => count.checked_sub(1),
            (None, false) => None,
            (Some(i), true) => Some(i.saturating_sub(1)),
            (Some(i), false) => (i + 1 < count).then_some(i + 1),
        };
        prompt.recalled = at;
        prompt.input = Input::new(at.and_then(|i| self.history.get(i).cloned()).unwrap_or_default());
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
        let streams: Vec<&str> = catalog.streams.keys().map(String::as_str).collect();
        let named = line.split_whitespace().nth(1).unwrap_or("");
        let consumers: Vec<&str> =
            catalog.consumers.get(named).map(|s| s.entries.keys().map(String::as_str).collect()).unwrap_or_default();
        let contexts: Vec<&str> = match &self.contexts {
            Some(Ok(rows)) => rows.iter().map(|c| c.name.as_str()).collect(),
            _ => vec![],
        };
        let columns: Vec<String> =
            self.sort_titles().iter().filter(|t| !t.is_empty()).map(|t| t.to_lowercase()).collect();
        let columns: Vec<&str> = columns.iter().map(String::as_str).collect();
        f(Words { streams: &streams, consumers: &consumers, contexts: &contexts, columns: &columns })
    }

    fn run(&mut self, line: &str, effects: &mut Vec<Effect>) {
        self.history.retain(|old| old != line);
        self.history.push(line.to_owned());
        if self.history.len() > REMEMBERED {
            self.history.remove(0);
        }
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
            Ok(Command::Contexts) => self.act(Action::Contexts, effects),
            Ok(Command::Context(name)) => self.switch_to(&name, effects),
            Ok(Command::Sort(title)) => {
                let column = self.sort_titles().iter().position(|t| t.to_lowercase() == title);
                if let Some(column) = column {
                    self.sort_by_index(column);
                }
            }
            Ok(Command::Filter(text)) => match self.list_mut() {
                Some(list) => list.set_filter(&text),
                None => self.tell(Level::Notice, "there is no list on this screen"),
            },
            Ok(Command::System) => self.act(Action::System, effects),
            Ok(Command::Group) => self.act(Action::Group, effects),
            Ok(Command::Refresh) => self.act(Action::Refresh, effects),
            Ok(Command::Freeze) => self.act(Action::Freeze, effects),
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
