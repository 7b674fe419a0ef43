//! The lines that a tail asks for: its filter, what it reads, where to go, a file's name.

use crate::app::{App, Effect, Offer, Prompt, PromptKind};
use crate::event::clean_line;
use crate::health::Level;
use crate::query::Seen;
use crate::query::range::{End, Start};
use crate::query::{Door, Filter, Mistake, Range, suggest};

use super::TailScreen;

/// Messages that are looked through for names and values to complete with, from the newest.
const LOOKED_AT: usize = 1_000;

/// The door that a line goes through, if it is a filter.
const fn door(kind: PromptKind) -> Option<Door> {
    match kind {
        PromptKind::Words => Some(Door::Words),
        PromptKind::Expression => Some(Door::Expression),
        _ => None,
    }
}

impl App {
    /// Puts together what a line can be completed with.
    pub(in crate::app) fn prepare_tail_prompt(&mut self, prompt: &mut Prompt) {
        let Some(tail) = self.tail_mut() else { return };
        prompt.before_tail.clone_from(&tail.filter);
        if door(prompt.kind).is_some() {
            let mut seen = Seen::default();
            // Also from what is hidden: the next filter may be about that.
            for entry in tail.ring.newest().take(LOOKED_AT) {
                seen.add(&entry.message);
            }
            tail.seen = Some(seen);
        }
    }

    /// What a line of a tail means so far: a filter takes effect, of the rest only what is wrong is told. `typing` is
    /// whether more may come.
    pub(in crate::app) fn tail_typed(&mut self, kind: PromptKind, text: &str, typing: bool) -> Result<(), Mistake> {
        if let Some(door) = door(kind) {
            if door == Door::Expression && typing && is_half_a_word(text) {
                // What it means is not known before the word is whole; what is wrong with it, neither.
                return Ok(());
            }
            let filter = if text.trim().is_empty() { None } else { Some(Filter::parse(door, text)?) };
            self.urgent = true;
            if let Some(tail) = self.tail_mut() {
                tail.set_filter(filter);
            }
            return Ok(());
        }
        match kind {
            _ if text.trim().is_empty() => Ok(()),
            PromptKind::Range => self.range(text).map(|_| ()),
            PromptKind::GoTo => self.place(text).map(|_| ()),
            PromptKind::Subjects => subjects(text).map(|_| ()),
            _ => Ok(()),
        }
    }

    /// What a line of a tail was typed for.
    pub(in crate::app) fn tail_entered(
        &mut self,
        kind: PromptKind,
        text: &str,
        effects: &mut Vec<Effect>,
    ) -> Result<(), Mistake> {
        match kind {
            PromptKind::Words | PromptKind::Expression => {
                self.tail_typed(kind, text, false)?;
                let caution = self.tail_mut().and_then(|tail| tail.filter.as_ref().and_then(Filter::caution));
                if let Some(caution) = caution {
                    self.tell(Level::Notice, clean_line(&caution));
                }
            }
            PromptKind::Range => {
                let range = self.range(text)?;
                self.read_from(range, text);
            }
            PromptKind::GoTo if text.is_empty() => {}
            PromptKind::GoTo => self.go_to(text)?,
            PromptKind::Subjects => {
                let subjects = subjects(text)?;
                let id = self.new_id();
                if let Some(tail) = self.tail_mut() {
                    tail.subjects = subjects;
                    let (range, text) = (tail.range, tail.range_text.clone());
                    tail.restart(id, range, &text);
                }
            }
            PromptKind::SaveAs(saved) => {
                if text.is_empty() {
                    return Err(Mistake::new(0..0, "a file needs a name"));
                }
                if let Some(tail) = self.tail_mut() {
                    let messages = tail.messages(saved.which);
                    effects.push(Effect::Save { path: text.to_owned(), saved, messages });
                }
            }
            PromptKind::Filter
            | PromptKind::Command
            | PromptKind::Field(_)
            | PromptKind::Confirm { .. }
            | PromptKind::Place
            | PromptKind::ConfirmMove { .. } => {}
        }
        Ok(())
    }

    /// The filter is what it was before somebody began to type.
    pub(in crate::app) fn restore_tail_filter(&mut self, before: Option<Filter>) {
        self.urgent = true;
        if let Some(tail) = self.tail_mut() {
            tail.set_filter(before);
        }
    }

    /// What a filter can become, from what has been seen.
    pub(in crate::app) fn tail_offers(&self, kind: PromptKind, text: &str, cursor: usize) -> Vec<Offer> {
        let (Some(door), Some(crate::app::Screen::Tail(tail))) = (door(kind), self.screen()) else { return vec![] };
        let Some(seen) = &tail.seen else { return vec![] };
        let at = text.char_indices().nth(cursor).map_or(text.len(), |(at, _)| at);
        suggest(door, text, at, seen)
            .into_iter()
            .map(|suggestion| {
                let (before, after) = (&text[..suggestion.replace.start], &text[suggestion.replace.end..]);
                let upto = format!("{before}{}", suggestion.with);
                Offer {
                    cursor: upto.chars().count(),
                    line: format!("{upto}{after}"),
                    shown: clean_line(&suggestion.with).into_owned(),
                    help: clean_line(&suggestion.help).into_owned(),
                }
            })
            .collect()
    }

    pub(in crate::app) fn range(&self, text: &str) -> Result<Range, Mistake> {
        Range::parse(text, self.now, &self.zone)
    }

    /// Where a place lies: a range that begins there.
    fn place(&self, text: &str) -> Result<Range, Mistake> {
        match text.trim() {
            "start" => Ok(Range::ALL),
            "end" => Ok(Range::NEW),
            // From there on; what is wrong with it is at the same place.
            place => {
                let range = self.range(&format!("{place}..")).map_err(|mistake| Mistake {
                    at: mistake.at.start.min(text.len())..mistake.at.end.min(text.len()),
                    ..mistake
                })?;
                match (range.start, self.last_of_tail()) {
                    (Start::Seq(seq), Some(last)) if seq > last => {
                        Err(Mistake::new(0..text.len(), format!("the last sequence of the stream is {last}")))
                    }
                    _ => Ok(range),
                }
            }
        }
    }

    /// The last sequence of the stream that is tailed, where it is one and that is known.
    fn last_of_tail(&self) -> Option<u64> {
        let Some(crate::app::Screen::Tail(tail)) = self.screen() else { return None };
        let [source] = tail.sources.as_slice() else { return None };
        let known = self.live().streams.get(&source.name).and_then(|entry| entry.info.as_ref());
        known.map(|info| info.state.last_seq.max(source.read))
    }

    /// Goes to a place in what was read, or reads from there.
    fn go_to(&mut self, text: &str) -> Result<(), Mistake> {
        let range = self.place(text)?;
        let last = Range::last(self.session.tail.last);
        let words = format!("last:{}", self.session.tail.last);
        let Some(tail) = self.tail_mut() else { return Ok(()) };
        match text {
            "end" if tail.range.end == End::Open && tail.is_at_the_end() => tail.cursor.follow(),
            "end" => self.read_from(last, &words),
            "start" if tail.range.start == Start::First && tail.ring.dropped() == 0 => tail.cursor.first(&tail.ring),
            _ => match tail.first_of(&range) {
                Some(at) => tail.cursor.select(&tail.ring, at),
                None => {
                    let words = if text == "start" { "all".to_owned() } else { format!("{text}..") };
                    self.read_from(range, &words);
                }
            },
        }
        Ok(())
    }

    fn read_from(&mut self, range: Range, text: &str) {
        let id = self.new_id();
        if let Some(tail) = self.tail_mut() {
            tail.restart(id, range, text);
            self.tell(Level::Ok, format!("reading {text}"));
        }
    }
}

/// Whether a text ends within a word, which may become another one.
fn is_half_a_word(text: &str) -> bool {
    text.ends_with(|c: char| c.is_ascii_alphabetic() || matches!(c, '.' | '_' | '-'))
}

/// Reads subject filters. Each is one word; they must not overlap, since a message would then be wanted twice.
pub(in crate::app) fn subjects(text: &str) -> Result<Vec<String>, Mistake> {
    let mut found: Vec<String> = Vec::new();
    let mut behind = 0;
    for word in text.split_whitespace() {
        let start = behind + text[behind..].find(word).unwrap_or(0);
        let at = start..start + word.len();
        behind = at.end;
        let tokens: Vec<&str> = word.split('.').collect();
        let odd = |i: usize, token: &str| {
            token.is_empty()
                || (token == ">" && i + 1 < tokens.len())
                || (token.len() > 1 && token.contains(['*', '>']))
        };
        if tokens.iter().enumerate().any(|(i, token)| odd(i, token)) {
            let sentence = "a subject has tokens between dots; * stands for one token, > at the end for the rest";
            return Err(Mistake::new(at, sentence));
        }
        if let Some(other) = found.iter().find(|other| overlap(other, word)) {
            let sentence = format!("it overlaps with {other}, and the server takes only subjects that do not");
            return Err(Mistake::new(at, sentence));
        }
        found.push(word.to_owned());
    }
    Ok(found)
}

/// Whether a subject could match both.
fn overlap(a: &str, b: &str) -> bool {
    let (mut a, mut b) = (a.split('.'), b.split('.'));
    loop {
        match (a.next(), b.next()) {
            (Some(">"), Some(_)) | (Some(_), Some(">")) | (None, None) => return true,
            (Some(x), Some(y)) if x == y || x == "*" || y == "*" => {}
            _ => return false,
        }
    }
}

impl TailScreen {
    /// The range and the subjects that are read, in words for the line of status; raw.
    pub fn what_is_read(&self) -> String {
        let mut words = self.range_text.clone();
        if !self.subjects.is_empty() {
            words.push_str(" of ");
            words.push_str(&self.subjects.join(" "));
        }
        words
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn subjects_are_read_or_refused_with_their_place() {
        assert_eq!(subjects(" a.* b.> ").unwrap(), ["a.*", "b.>"]);
        assert_eq!(subjects("").unwrap(), [""; 0]);
        for (text, place) in [("a..b", "a..b"), ("x a.>.b", "a.>.b"), ("a*", "a*"), ("a.> a.b", "a.b"), ("* x", "x")] {
            let mistake = subjects(text).unwrap_err();
            assert_eq!(&text[mistake.at.clone()], place, "{text}: {mistake}");
        }
        assert!(subjects("a.* b.c.d").is_ok());
    }

    #[test]
    fn overlaps() {
        for (a, b, both) in
            [("a", "a", true), ("a", "b", false), ("a.*", "a.b", true), ("a.*", "a.b.c", false), (">", "x.y", true)]
        {
            assert_eq!((overlap(a, b), overlap(b, a)), (both, both), "{a} {b}");
        }
    }
}
