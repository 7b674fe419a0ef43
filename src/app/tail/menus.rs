//! What can be taken out of a tail, and what its filter can be given from what is selected.

use std::sync::Arc;

use crate::app::menu::{Choice, MenuItem, TailChoice};
use crate::app::{App, Effect, Menu, Prompt, PromptKind};
use crate::event::clean_line;
use crate::event::document::Field;
use crate::event::glance::identity;
use crate::event::layout::fit;
use crate::event::save::{self, Format};
use crate::health::Level;
use crate::model::Message;
use crate::query::{Filter, narrow};

use super::act::Answer;
use super::find::Related;
use super::{Focus, TailScreen};

/// Something to copy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Copied {
    /// The selected event as JSON.
    Event,
    /// Its data as it is.
    Data,
    /// The value of the selected line.
    Field(String, String),
    /// Its id.
    Id,
    /// The command of the `nats` CLI that shows the same message.
    Command,
    /// The subject on NATS.
    Subject,
    /// All marked events, one a line.
    Marked,
}

/// Something to save: which messages, and how.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Saved {
    /// Only marked ones; else those that the filter shows, or all that are kept.
    pub which: Which,
    /// How.
    pub format: Format,
}

/// Which messages of a tail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Which {
    /// The marked ones.
    Marked,
    /// Those that the filter shows.
    Shown,
    /// All that are kept.
    All,
}

impl TailScreen {
    pub(super) fn relations(&self) -> Menu {
        let items = Related::ALL
            .iter()
            .map(|(key, by)| MenuItem::new(*key, by.words(), by.hint(), Choice::Tail(TailChoice::Relate(*by))));
        let mut menu = Menu::new("related is what has the same", items.collect());
        menu.selected = Related::ALL.iter().position(|(_, by)| *by == self.related_by).unwrap_or(0);
        menu
    }

    /// The field that the cursor stands on in the event.
    fn field(&mut self) -> Option<Field> {
        if self.focus == Focus::Detail || self.zoomed { self.detail.field() } else { None }
    }

    pub(super) fn copy_menu(&mut self) -> Menu {
        let mut items = Vec::new();
        if let Some(field) = self.field() {
            let hint = fit(&clean_line(&field.value), 40).into_owned();
            let title = format!("{} only", clean_line(&field.key));
            items.push(MenuItem::new(
                'v',
                title,
                hint,
                Choice::Tail(TailChoice::Copy(Copied::Field(field.key, field.value))),
            ));
        }
        if self.selected().is_some() {
            items.push(MenuItem::new(
                'e',
                "event",
                "as structured JSON",
                Choice::Tail(TailChoice::Copy(Copied::Event)),
            ));
            items.push(MenuItem::new('d', "data", "as it was sent", Choice::Tail(TailChoice::Copy(Copied::Data))));
            items.push(MenuItem::new('i', "id", "", Choice::Tail(TailChoice::Copy(Copied::Id))));
            items.push(MenuItem::new('s', "NATS subject", "", Choice::Tail(TailChoice::Copy(Copied::Subject))));
            items.push(MenuItem::new(
                'n',
                "nats command",
                "that shows the same message",
                Choice::Tail(TailChoice::Copy(Copied::Command)),
            ));
        }
        if !self.marks.is_empty() {
            let title = format!("{} marked", self.marks.len());
            items.push(MenuItem::new('m', title, "events, one a line", Choice::Tail(TailChoice::Copy(Copied::Marked))));
        }
        Menu::new("copy", items)
    }

    /// What a choice copies, and what that is called.
    fn copied(&self, what: &Copied) -> Result<(String, String), String> {
        let selected = self.selected().map(|entry| &entry.message).ok_or("there is no event to copy")?;
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        Ok(match what {
            Copied::Event => (save::event_text(selected, self.detail.event), "the event".into()),
            Copied::Data => (text(&self.detail.data()), "the data".into()),
            Copied::Field(key, value) => (value.clone(), key.clone()),
            Copied::Id => (identity(selected).id.ok_or("the selected event has no id")?, "the id".into()),
            Copied::Command => (save::nats_command(selected), "the command".into()),
            Copied::Subject => (selected.subject.to_string(), "the subject".into()),
            Copied::Marked => {
                let mut out = Vec::new();
                let written = save::write(Format::Ndjson, self.marks.values().map(|m| &**m), &mut out);
                let lines = written.map_or(0, |w| w.lines);
                if lines == 0 {
                    return Err("none of the marked messages is a CloudEvent".into());
                }
                (text(&out), format!("{lines} events"))
            }
        })
    }

    pub(super) fn save_menu(&self) -> Menu {
        let mut items = Vec::new();
        let mut add = |keys: [char; 2], words: String, which| {
            let (json, csv) = (Saved { which, format: Format::Ndjson }, Saved { which, format: Format::Csv });
            items.push(MenuItem::new(keys[0], &words, "CloudEvents, one a line", Choice::Tail(TailChoice::Save(json))));
            items.push(MenuItem::new(
                keys[1],
                words,
                "CSV, with the data on one line",
                Choice::Tail(TailChoice::Save(csv)),
            ));
        };
        if !self.marks.is_empty() {
            add(['m', 'M'], format!("{} marked", self.marks.len()), Which::Marked);
        }
        if self.is_filtered() {
            add(['f', 'F'], format!("{} shown by the filter", self.ring.shown().len()), Which::Shown);
        }
        add(['a', 'A'], format!("all {} that are kept", self.ring.len()), Which::All);
        Menu::new("save", items)
    }

    /// The messages of a choice, in order.
    pub(super) fn messages(&self, which: Which) -> Vec<Arc<Message>> {
        match which {
            Which::Marked => self.marks.values().cloned().collect(),
            Which::Shown => self.ring.shown().iter().map(|entry| Arc::clone(&entry.message)).collect(),
            Which::All => {
                let mut all: Vec<_> = self.ring.newest().map(|entry| Arc::clone(&entry.message)).collect();
                all.reverse();
                all
            }
        }
    }

    /// A name for the file that does not exist yet, most likely.
    fn file_name(&self, saved: Saved) -> String {
        let messages = self.messages(saved.which);
        let ends = messages.first().zip(messages.last()).map(|(a, b)| format!("-{}-{}", a.seq, b.seq));
        let stream = match self.sources.as_slice() {
            [one] => one.name.chars().map(|c| if c.is_ascii_alphanumeric() || c == '-' { c } else { '_' }).collect(),
            several => format!("{}-streams", several.len()),
        };
        let ending = match saved.format {
            Format::Ndjson => "ndjson",
            Format::Csv => "csv",
        };
        format!("{stream}{}.{ending}", ends.unwrap_or_default())
    }

    /// One more condition from the selected field; in the list, from the type, or from the subject of what has none.
    pub(super) fn narrow(&mut self, not: bool) -> Answer {
        let field = if self.focus == Focus::Detail || self.zoomed {
            let Some(field) = self.detail.field() else {
                return Answer::Tell(Level::Notice, "there is no value on this line to filter by".into());
            };
            field
        } else {
            let Some(entry) = self.selected() else { return Answer::Done };
            match identity(&entry.message).ty {
                Some(value) => Field { key: "type".into(), value },
                None => Field { key: "nats.subject".into(), value: entry.message.subject.to_string() },
            }
        };
        let (door, text) = self.filter_text();
        let narrowed = narrow(door, text, &field.key, &field.value, not);
        if narrowed == text {
            let words = format!("the filter says that already, or cannot ask for {}", clean_line(&field.key));
            return Answer::Tell(Level::Notice, words);
        }
        match Filter::parse(door, &narrowed) {
            Ok(filter) => {
                self.set_filter(Some(filter));
                let value = clean_line(&field.value);
                let words = format!(
                    "{} {} {}",
                    if not { "hidden: what has" } else { "only what has" },
                    clean_line(&field.key),
                    fit(&value, 60)
                );
                Answer::Tell(Level::Ok, words)
            }
            Err(mistake) => Answer::Tell(Level::Warning, format!("that cannot be filtered by: {mistake}")),
        }
    }
}

impl App {
    /// The name is asked for again, with what is wrong about it; where somebody does something else by now, it is told.
    pub(in crate::app) fn not_saved(&mut self, path: &str, saved: Saved, sentence: String) {
        self.dirty = true;
        if self.prompt.is_some() || self.menu.is_some() || self.tail_mut().is_none() {
            self.tell(Level::Warning, sentence);
            return;
        }
        let mut prompt = Prompt::of(PromptKind::SaveAs(saved), path);
        prompt.mistake = Some(crate::query::Mistake::new(0..path.len(), sentence));
        self.prompt = Some(prompt);
    }

    /// Does what was chosen in a menu.
    pub(in crate::app) fn choose_of_tail(&mut self, choice: TailChoice, effects: &mut Vec<Effect>) {
        let Some(tail) = self.tail_mut() else { return };
        match choice {
            TailChoice::Copy(what) => match tail.copied(&what) {
                Ok((text, what)) => effects.push(Effect::Copy { text, what }),
                Err(reason) => self.tell(Level::Notice, reason),
            },
            TailChoice::Save(saved) => {
                let name = tail.file_name(saved);
                self.prompt = Some(Prompt::of(PromptKind::SaveAs(saved), &name));
            }
            TailChoice::Show(with) => {
                let Some(message) = tail.selected().map(|entry| Arc::clone(&entry.message)) else {
                    self.tell(Level::Notice, "there is no event to open");
                    return;
                };
                // What is looked at elsewhere should still be here afterwards.
                tail.cursor.stop(&tail.ring);
                let text = save::event_text(&message, tail.detail.event);
                effects.push(Effect::Show { with, name: format!("{}-{}", message.stream, message.seq), text });
            }
            TailChoice::Relate(by) => {
                tail.related_by = by;
                let next = self.keymap.shown(crate::keymap::Action::Next).unwrap_or_default();
                self.tell(Level::Ok, format!("{next} goes to the next event with the same {}", by.words()));
            }
            TailChoice::Column(column) => tail.columns.toggle(column),
            TailChoice::Histogram => tail.histogram = !tail.histogram,
        }
    }
}
