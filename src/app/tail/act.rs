//! What keys do on the Tail screen.

use std::sync::Arc;

use crate::app::menu::{Choice, TailChoice, Viewer};
use crate::app::{App, DiffView, Menu, MenuItem, Prompt, PromptKind};
use crate::health::Level;
use crate::keymap::Action;
use crate::query::Door;

use super::find::Found;
use super::layout::Place;
use super::{Focus, TailColumn, TailScreen, mark_key};

/// What an action came to.
pub(super) enum Answer {
    /// It is not the tail's own.
    Pass,
    /// It is done.
    Done,
    /// It is done, or cannot be; this is told.
    Tell(Level, String),
    /// A line is to be typed.
    Ask(PromptKind, String),
    /// Something is to be chosen.
    Choose(Menu),
    /// The same is read again.
    Restart,
}

impl App {
    /// Does an action on the Tail screen; false when it is left to what it does on any screen.
    pub(in crate::app) fn act_tail(&mut self, action: Action) -> bool {
        let Some(tail) = self.tail_mut() else { return false };
        match tail.act(action) {
            Answer::Pass => return false,
            Answer::Done => {}
            Answer::Tell(level, text) => self.tell(level, text),
            Answer::Ask(kind, text) => {
                self.prompt = Some(Prompt::of(kind, &text));
                self.prompt_opened();
            }
            Answer::Choose(menu) => self.menu = Some(menu),
            Answer::Restart => {
                let id = self.new_id();
                if let Some(tail) = self.tail_mut() {
                    let (range, text) = (tail.range, tail.range_text.clone());
                    tail.restart(id, range, &text);
                    let words = format!("reading {text} again");
                    self.tell(Level::Ok, words);
                }
            }
        }
        true
    }
}

impl TailScreen {
    fn act(&mut self, action: Action) -> Answer {
        match action {
            Action::Up => self.step(-1),
            Action::Down => self.step(1),
            Action::PageUp => self.page(-1),
            Action::PageDown => self.page(1),
            Action::First => self.go_to_end(false),
            Action::Last => self.go_to_end(true),
            Action::Left | Action::Right => return self.sideways(action == Action::Right),
            Action::Open => {
                // What is being read stays.
                self.cursor.stop(&self.ring);
                self.zoomed = true;
                self.focus = Focus::Detail;
            }
            Action::NextPanel | Action::PreviousPanel => self.next_panel(),
            Action::Back => return self.back(),
            Action::Filter => return Answer::Ask(PromptKind::Words, self.text_for(Door::Words)),
            Action::Expression => return Answer::Ask(PromptKind::Expression, self.text_for(Door::Expression)),
            Action::Range => return Answer::Ask(PromptKind::Range, String::new()),
            Action::Subjects => return Answer::Ask(PromptKind::Subjects, self.subjects.join(" ")),
            Action::GoTo => return Answer::Ask(PromptKind::GoTo, String::new()),
            Action::Problems => {
                self.only_broken = !self.only_broken;
                self.judge_anew();
                let words = if self.only_broken { "only what is no valid CloudEvent" } else { "all events" };
                return Answer::Tell(Level::Ok, words.into());
            }
            Action::Freeze => {
                if self.cursor.follows() {
                    self.cursor.stop(&self.ring);
                } else {
                    self.cursor.follow();
                }
            }
            Action::Mark => self.toggle_mark(),
            Action::MarkRange => return self.mark_range(),
            Action::Diff => return self.compare(),
            Action::Next if self.diff.is_some() => self.next_change(true),
            Action::Previous if self.diff.is_some() => self.next_change(false),
            Action::Next | Action::Previous => return self.go(&self.related(action == Action::Next)),
            Action::NextGap | Action::PreviousGap => return self.go(&self.gap(action == Action::NextGap)),
            Action::Relation => return Answer::Choose(self.relations()),
            Action::Columns => return Answer::Choose(self.column_menu()),
            Action::Shape => {
                let plain = self.detail.events() == 0;
                let words = self.detail.next_shape(plain);
                return Answer::Tell(Level::Ok, format!("shown: {words}"));
            }
            Action::Only | Action::Not => return self.narrow(action == Action::Not),
            Action::Copy => return Answer::Choose(self.copy_menu()),
            Action::Save => return Answer::Choose(self.save_menu()),
            Action::Pager => {
                let items = vec![
                    MenuItem::new('p', "pager", "$PAGER, else less", Choice::Tail(TailChoice::Show(Viewer::Pager))),
                    MenuItem::new(
                        'e',
                        "editor",
                        "$EDITOR, else vi; changes are not kept",
                        Choice::Tail(TailChoice::Show(Viewer::Editor)),
                    ),
                ];
                return Answer::Choose(Menu::new("open the event in", items));
            }
            Action::Refresh => return Answer::Restart,
            _ => return Answer::Pass,
        }
        Answer::Done
    }

    /// Whether keys that move go to the event.
    fn in_detail(&self) -> bool {
        self.zoomed || (self.focus == Focus::Detail && self.layout.place != Place::Nowhere)
    }

    fn step(&mut self, by: isize) {
        let in_detail = self.in_detail();
        match &mut self.diff {
            Some(diff) => diff.scroll.step(by),
            None if in_detail => self.detail.step(by),
            None => self.cursor.step(&self.ring, by),
        }
    }

    fn page(&mut self, by: isize) {
        let in_detail = self.in_detail();
        match &mut self.diff {
            Some(diff) => diff.scroll.page(by),
            None if in_detail => self.detail.page(by),
            None => self.cursor.page(&self.ring, by),
        }
    }

    fn go_to_end(&mut self, last: bool) {
        let in_detail = self.in_detail();
        match &mut self.diff {
            Some(diff) if last => diff.scroll.last(),
            Some(diff) => diff.scroll.top = 0,
            None if in_detail => self.detail.go_to_end(last),
            None if last => self.cursor.follow(),
            None => self.cursor.first(&self.ring),
        }
    }

    /// In an event: to the next one, of the batch or of the list. In the list: into the event, or back.
    fn sideways(&mut self, right: bool) -> Answer {
        if self.diff.is_some() {
            return if right { Answer::Done } else { self.back() };
        }
        if !self.in_detail() {
            if !right {
                return Answer::Pass;
            }
            self.next_panel();
            return Answer::Done;
        }
        let by = if right { 1 } else { -1 };
        if !self.detail.turn(by) {
            let last = self.ring.shown().len().saturating_sub(1);
            // At the end is no reason to begin following.
            if !(right && self.cursor.index(&self.ring) == Some(last)) {
                self.cursor.step(&self.ring, by);
            }
        }
        Answer::Done
    }

    fn next_panel(&mut self) {
        if self.layout.place == Place::Nowhere {
            self.zoomed = true;
        }
        self.focus = match self.focus {
            Focus::List => Focus::Detail,
            Focus::Detail if self.zoomed => Focus::Detail,
            Focus::Detail => Focus::List,
        };
        if self.focus == Focus::Detail {
            // What is being read stays.
            self.cursor.stop(&self.ring);
        }
    }

    /// One step back: the comparison, the event, the filter, the marks.
    fn back(&mut self) -> Answer {
        if self.diff.take().is_some() {
            return Answer::Done;
        }
        if self.zoomed || self.focus == Focus::Detail {
            self.zoomed = false;
            self.focus = Focus::List;
            return Answer::Done;
        }
        if self.is_filtered() {
            self.only_broken = false;
            self.filter = None;
            self.judge_anew();
            return Answer::Done;
        }
        let marks = self.marks.len();
        if marks > 0 {
            self.marks.clear();
            let words = if marks == 1 {
                "the mark was taken away".to_owned()
            } else {
                format!("{marks} marks were taken away")
            };
            return Answer::Tell(Level::Notice, words);
        }
        Answer::Pass
    }

    /// The filter's text for a door: a filter of the other door is not lost, but is no text for this one.
    fn text_for(&self, door: Door) -> String {
        match self.filter_text() {
            (of, text) if of == door => text.to_owned(),
            _ => String::new(),
        }
    }

    fn toggle_mark(&mut self) {
        let Some(message) = self.selected().map(|entry| Arc::clone(&entry.message)) else { return };
        let key = mark_key(&message);
        if self.marks.remove(&key).is_none() {
            self.marks.insert(key, message);
        }
        // On to the next, but not on to following.
        let last = self.ring.shown().len().checked_sub(1);
        if self.cursor.index(&self.ring) == last {
            self.cursor.stop(&self.ring);
        } else {
            self.cursor.step(&self.ring, 1);
        }
    }

    fn mark_range(&mut self) -> Answer {
        let Some(selected) = self.selected().map(|entry| Arc::clone(&entry.message)) else { return Answer::Done };
        let here = mark_key(&selected);
        // The nearest mark before, else the nearest after.
        let before = self.marks.range(..&here).next_back();
        let Some(other) = before.or_else(|| self.marks.range(&here..).next()).map(|(key, _)| key.clone()) else {
            return Answer::Tell(Level::Notice, "nothing is marked yet; mark one end of the range first".into());
        };
        let (from, to) = if other < here { (other, here) } else { (here, other) };
        let within: Vec<_> = self
            .ring
            .shown()
            .iter()
            .map(|entry| (mark_key(&entry.message), Arc::clone(&entry.message)))
            .filter(|(key, _)| (&from..=&to).contains(&key))
            .collect();
        self.marks.extend(within);
        self.cursor.stop(&self.ring);
        Answer::Tell(Level::Ok, format!("{} events are marked", self.marks.len()))
    }

    fn compare(&mut self) -> Answer {
        let mut marked = self.marks.values().rev();
        let two = match (marked.next(), marked.next(), marked.next(), self.selected()) {
            (Some(b), Some(a), None, _) => Some((Arc::clone(a), Arc::clone(b))),
            (Some(a), _, _, Some(b)) if !self.is_marked(&b.message) || self.marks.len() > 2 => {
                let a = self.reference(&b.message).filter(|a| ***a != *b.message).unwrap_or(a);
                Some((Arc::clone(a), Arc::clone(&b.message)))
            }
            _ => None,
        };
        let Some((a, b)) = two.filter(|(a, b)| mark_key(a) != mark_key(b)) else {
            let words = "two events are compared: mark one (or two), then select another and press d";
            return Answer::Tell(Level::Notice, words.into());
        };
        self.cursor.stop(&self.ring);
        self.diff = Some(DiffView::new(&a, &b));
        Answer::Done
    }

    fn next_change(&mut self, forward: bool) {
        if let Some(diff) = &mut self.diff {
            diff.next_change(forward);
        }
    }

    fn go(&mut self, found: &Found) -> Answer {
        match found {
            Found::At(at, words) => {
                self.cursor.select(&self.ring, *at);
                Answer::Tell(Level::Ok, words.clone())
            }
            Found::Nothing(words) => Answer::Tell(Level::Notice, words.clone()),
        }
    }

    fn column_menu(&self) -> Menu {
        let keys = ['s', 't', 'e', 'y', 'o', 'u', 'n', 'i', 'z'];
        let mut items: Vec<MenuItem> = TailColumn::NAMED
            .iter()
            .zip(keys)
            .map(|((name, column), key)| {
                MenuItem::new(key, *name, column.meaning(), Choice::Tail(TailChoice::Column(*column)))
                    .switched(self.columns.has(*column))
            })
            .collect();
        let hint = "when the events came, over the list";
        items.push(MenuItem::new('h', "histogram", hint, Choice::Tail(TailChoice::Histogram)).switched(self.histogram));
        Menu::new("columns (narrow screens show fewer)", items)
    }
}
