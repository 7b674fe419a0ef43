//! What the poller should keep fresh: what is on the screen, and nothing else.

use crate::health::{Flag, Standing, Terms, worst_consumer};
use crate::model::Scope;
use crate::model::lag::LagWish;

use super::{App, ConsumerKey, RepositionScreen, Row, Screen, StreamTab, Table};

impl App {
    /// What is on screen now. Frozen pictures go on being polled, so that thawing shows the truth at once.
    pub(super) fn scope(&self) -> Scope {
        let mut scope = self.on_screen();
        // What is gone by now can be looked back on, but not asked for.
        if self.past_at().is_some() {
            let there = |name: &String| self.live().streams.contains_key(name);
            scope.streams.retain(there);
            scope.consumers_of.retain(there);
            scope.detail = scope.detail.filter(there);
            scope.subjects = scope.subjects.filter(|(name, _)| there(name));
            let is_there = |stream: &str, name: &str| self.live().consumer(stream, name).is_some();
            scope.consumer = scope.consumer.filter(|(stream, name)| is_there(stream, name));
            scope.lags.retain(|wish| is_there(&wish.stream, &wish.consumer));
        }
        scope
    }

    fn on_screen(&self) -> Scope {
        let mut scope = Scope::default();
        match self.screen() {
            Some(Screen::Streams(s)) => {
                scope.streams = s
                    .table
                    .window()
                    .filter_map(|(row, _)| match row {
                        Row::Item(name) => Some(name.clone()),
                        Row::Group(..) => None,
                    })
                    .collect();
                scope.consumers_of = s.table.selected().cloned().into_iter().collect();
                scope.lags.clone_from(&s.lags);
            }
            Some(Screen::Stream(s)) => {
                scope.streams = vec![s.name.clone()];
                scope.consumers_of = vec![s.name.clone()];
                scope.detail = Some(s.name.clone());
                scope.lags = match s.tab {
                    StreamTab::Consumers => self.lags_of(&s.consumers),
                    _ => self.worst_lag(&s.name, &self.terms()).into_iter().collect(),
                };
                if s.tab == StreamTab::Subjects {
                    scope.subjects = Some((s.name.clone(), s.subject_filter.clone()));
                }
            }
            Some(Screen::Consumers(s)) => {
                scope.all_consumers = true;
                scope.lags = self.lags_of(&s.table);
                // What is visible is polled often; the sweep brings the rest.
                for (row, _) in s.table.window() {
                    if let Row::Item((stream, _)) = row
                        && !scope.consumers_of.contains(stream)
                    {
                        scope.consumers_of.push(stream.clone());
                    }
                }
            }
            Some(Screen::Consumer(c)) => {
                scope.streams = vec![c.stream.clone()];
                scope.consumer = Some((c.stream.clone(), c.name.clone()));
                scope.lags = vec![self.lag_wish(&c.stream, &c.name, &self.terms())];
            }
            Some(Screen::Reposition(RepositionScreen::Run(run))) if self.moves.is_elsewhere(&run.id) => {}
            Some(Screen::Reposition(s)) => {
                let (stream, consumer) = s.consumer();
                scope.streams = vec![stream.to_owned()];
                scope.consumer = Some((stream.to_owned(), consumer.to_owned()));
            }
            Some(Screen::Problems(s)) => {
                // What is visible is polled often; the sweeps bring the rest.
                for (row, _) in s.table.window() {
                    let Row::Item(key) = row else { continue };
                    let Some(place) = &key.place else { continue };
                    let Some(stream) = place.stream() else { continue };
                    let of = if place.consumer().is_some() { &mut scope.consumers_of } else { &mut scope.streams };
                    if !of.iter().any(|name| name == stream) {
                        of.push(stream.to_owned());
                    }
                }
            }
            // How far the streams have got, beside what was read of them.
            Some(Screen::Tail(t)) => scope.streams = t.sources.iter().map(|s| s.name.clone()).collect(),
            Some(Screen::Stuck(s)) => {
                scope.streams = vec![s.stream.clone()];
                scope.consumer = Some((s.stream.clone(), s.name.clone()));
                scope.peek = s.peek(self);
            }
            Some(
                Screen::Activity(_)
                | Screen::Contexts(_)
                | Screen::Help(_)
                | Screen::ReplayForm(_)
                | Screen::ReplayPlan(_)
                | Screen::ReplayRun(_)
                | Screen::Replays(_),
            )
            | None => {}
        }
        scope
    }

    /// The lag times of the consumers in view.
    fn lags_of(&self, table: &Table<ConsumerKey>) -> Vec<LagWish> {
        let terms = self.terms();
        let shown = table.window().filter_map(|(row, _)| match row {
            Row::Item(key) => Some(key),
            Row::Group(..) => None,
        });
        shown.map(|(stream, name)| self.lag_wish(stream, name, &terms)).collect()
    }

    /// The lag time of a stream's worst consumer.
    pub(super) fn worst_lag(&self, stream: &str, terms: &Terms) -> Option<LagWish> {
        let worst = worst_consumer(self.catalog().shelf(stream)?, terms)?;
        Some(self.lag_wish(stream, worst.name, terms))
    }

    fn lag_wish(&self, stream: &str, consumer: &str, terms: &Terms) -> LagWish {
        let standing = self.catalog().consumer(stream, consumer).map(|entry| Standing::of(entry, terms));
        let held = standing
            .as_ref()
            .and_then(Standing::verdict)
            .is_some_and(|v| v.flags.iter().any(|flag| matches!(flag, Flag::Hol { .. })));
        LagWish { stream: stream.to_owned(), consumer: consumer.to_owned(), delivered: held }
    }
}
