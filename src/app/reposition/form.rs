//! Where one consumer is to go on: a choice, or a place that is typed.

use crate::app::{App, Effect, Offer, Prompt, PromptKind, Screen};
use crate::model::reposition::Target;
use crate::model::units::count_exact;
use crate::model::{AckPolicy, Consumer, Stream};
use crate::query::{self, Mistake};

use super::{Place, RepositionScreen, RepositionWish};

/// A line of the form.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FormPlace {
    /// Behind what it has acked in order.
    Failed,
    /// The first message that is stored.
    Start,
    /// Behind the last.
    End,
    /// What is typed.
    Other,
}

impl FormPlace {
    /// Its name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Failed => "where it failed",
            Self::Start => "start",
            Self::End => "end",
            Self::Other => "another place",
        }
    }
}

/// The state of the form.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RepositionForm {
    /// The stream.
    pub stream: String,
    /// The consumer.
    pub consumer: String,
    /// The selected line.
    pub cursor: usize,
    /// What was typed as another place.
    pub typed: String,
}

impl RepositionForm {
    /// A form for this consumer.
    pub fn new(stream: &str, consumer: &str) -> Self {
        Self { stream: stream.to_owned(), consumer: consumer.to_owned(), cursor: 0, typed: String::new() }
    }

    /// What is known of the consumer now.
    pub fn info<'a>(&self, app: &'a App) -> Option<&'a Consumer> {
        app.live().consumer(&self.stream, &self.consumer)?.info.as_deref()
    }

    /// What is known of its stream now.
    fn about<'a>(&self, app: &'a App) -> Option<&'a Stream> {
        app.live().streams.get(&self.stream)?.info.as_deref()
    }

    /// The lines that mean something for this consumer: one that acks nothing does not fail.
    pub fn items(&self, app: &App) -> &'static [FormPlace] {
        const ALL: [FormPlace; 4] = [FormPlace::Failed, FormPlace::Start, FormPlace::End, FormPlace::Other];
        let acks = self.info(app).is_none_or(|info| info.config.ack_policy != AckPolicy::None);
        if acks { &ALL } else { &ALL[1..] }
    }

    /// The selected line.
    pub fn selected(&self, app: &App) -> FormPlace {
        self.items(app).get(self.cursor).copied().unwrap_or(FormPlace::Other)
    }

    pub(super) fn step(&mut self, by: isize, most: usize) {
        self.cursor = self.cursor.saturating_add_signed(by).min(most);
    }

    /// Where the consumer stands, a line each; raw.
    pub fn stands(&self, app: &App) -> Vec<String> {
        let Some(info) = self.info(app) else { return vec!["not known: it was not read yet".into()] };
        vec![
            format!("delivered #{}, acked up to #{}", info.delivered.stream_seq, info.ack_floor.stream_seq),
            format!("{} pending, {} in flight", count_exact(info.pending), count_exact(info.ack_pending)),
        ]
    }

    /// What a line means now; raw.
    pub fn value(&self, place: FormPlace, app: &App) -> String {
        let unknown = || "not known: it was not read yet".to_owned();
        let state = self.about(app).map(|stream| &stream.state);
        match place {
            FormPlace::Failed => self.info(app).map_or_else(unknown, |info| {
                format!("#{}, behind all that it acked in order", info.ack_floor.stream_seq.saturating_add(1))
            }),
            FormPlace::Start => {
                state.map_or_else(unknown, |s| format!("#{}, the first that is stored", s.first_seq.max(1)))
            }
            FormPlace::End => {
                state.map_or_else(unknown, |s| format!("#{}, what comes next", s.last_seq.saturating_add(1)))
            }
            FormPlace::Other if self.typed.is_empty() => "a sequence, a time, so many before the end".into(),
            FormPlace::Other => self.typed.clone(),
        }
    }

    /// What is said below the lines about the selected one.
    pub const fn hint(place: FormPlace) -> &'static str {
        match place {
            FormPlace::Failed => "What was delivered and not acked comes again, and all that follows it.",
            FormPlace::Start => "All that is stored and that it receives comes again.",
            FormPlace::End => "What is pending is passed over; only what is stored from now on comes.",
            FormPlace::Other => PLACES,
        }
    }
}

/// What can be typed.
pub(in crate::app) const PLACES: &str = "120, 2026-11-20T13:50Z, 13:50, -2h, last:500, start or end; Tab shows some";

impl App {
    /// Takes the selected line of the form.
    pub(super) fn choose_place(&mut self, effects: &mut Vec<Effect>) {
        let Some(Screen::Reposition(RepositionScreen::Form(form))) = self.screen() else { return };
        let target = match form.selected(self) {
            FormPlace::Failed => form.info(self).map(|info| Target::Seq(info.ack_floor.stream_seq.saturating_add(1))),
            FormPlace::Start => Some(Target::Start),
            FormPlace::End => Some(Target::End),
            FormPlace::Other => {
                let typed = form.typed.clone();
                self.open_prompt(Prompt::of(PromptKind::Place, &typed));
                None
            }
        };
        if let Some(target) = target {
            self.look_at_place(target, effects);
        }
    }

    fn look_at_place(&mut self, target: Target, effects: &mut Vec<Effect>) {
        let Some(Screen::Reposition(RepositionScreen::Form(form))) = self.screen() else { return };
        let (stream, consumer) = (form.stream.clone(), form.consumer.clone());
        self.look(RepositionWish { stream, consumer, place: Place::At(target), recreate: false }, effects);
    }

    /// What is wrong with a place that is being typed.
    pub(in crate::app) fn place_mistake(&self, text: &str) -> Option<Mistake> {
        query::target(text, self.now, &self.zone).err().filter(|_| !text.is_empty())
    }

    /// Takes in a place.
    pub(in crate::app) fn place_entered(&mut self, text: &str, effects: &mut Vec<Effect>) -> Result<(), Mistake> {
        let target = query::target(text, self.now, &self.zone)?;
        if let Some(Screen::Reposition(RepositionScreen::Form(form))) = self.screens.last_mut() {
            text.clone_into(&mut form.typed);
        }
        self.look_at_place(target, effects);
        Ok(())
    }

    /// Places that begin as what is typed.
    pub(in crate::app) fn place_offers(&self, text: &str) -> Vec<Offer> {
        let Some(Screen::Reposition(RepositionScreen::Form(form))) = self.screen() else { return vec![] };
        let floor = form.info(self).map(|info| info.ack_floor.stream_seq.saturating_add(1).to_string());
        let back = |minutes: u64| {
            let at = self.now.minus(std::time::Duration::from_secs(60 * minutes));
            format!("what was stored since {} UTC", at.to_display())
        };
        let mut places: Vec<(String, String)> = Vec::new();
        places.extend(floor.map(|seq| (seq, "behind all that it acked in order".to_owned())));
        places.extend(
            [(10, "-10m"), (60, "-1h"), (1_440, "-1d")].map(|(minutes, word)| (word.to_owned(), back(minutes))),
        );
        for (word, help) in [
            ("last:100", "the last 100 that it receives"),
            ("start", "all that is stored"),
            ("end", "only what comes next"),
        ] {
            places.push((word.to_owned(), help.to_owned()));
        }
        let offer = |(line, help): (String, String)| Offer { cursor: line.len(), shown: line.clone(), line, help };
        places.into_iter().filter(|(line, _)| line.starts_with(text.trim()) && line != text).map(offer).collect()
    }
}
