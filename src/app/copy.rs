//! What is copied from each screen.

use crate::health::Level;
use crate::model::reposition::Proposal;

use super::{App, ConsumerTab, Effect, RepositionScreen, Screen, StreamTab};

impl App {
    /// What `y` copies: marked names, else the selected name, else the text that is open.
    pub(super) fn copy(&mut self, effects: &mut Vec<Effect>) {
        let names =
            |n: usize, what: &str| if n == 1 { format!("the {what}'s name") } else { format!("{n} {what} names") };
        let copied = match self.screen() {
            Some(Screen::Streams(s)) => marked(&s.table).map(|v| (v.join("\n"), names(v.len(), "stream"))),
            Some(Screen::Consumers(s)) => marked(&s.table).map(|v| (pairs(&v), names(v.len(), "consumer"))),
            Some(Screen::Contexts(s)) => marked(&s.table).map(|v| (v.join("\n"), names(v.len(), "context"))),
            Some(Screen::Stream(s)) => match s.tab {
                StreamTab::Consumers => marked(&s.consumers).map(|v| (pairs(&v), names(v.len(), "consumer"))),
                StreamTab::Subjects => marked(&s.subjects).map(|v| (v.join("\n"), "the subject".into())),
                StreamTab::Configuration => self
                    .catalog()
                    .stream_json
                    .get(&s.name)
                    .map(|(json, _)| (json.to_string(), "the configuration".into())),
                StreamTab::Overview | StreamTab::Cluster => Some((s.name.clone(), "the stream's name".into())),
            },
            Some(Screen::Consumer(c)) => match (&self.catalog().consumer_json, c.tab) {
                (Some((_, _, json, _)), ConsumerTab::Configuration) => {
                    Some((json.to_string(), "the configuration".into()))
                }
                _ => Some((c.name.clone(), "the consumer's name".into())),
            },
            Some(Screen::Problems(s)) => self.copied_problems(s),
            Some(Screen::Replays(s)) => s.table.selected().map(|id| (id.clone(), "the replay's id".into())),
            Some(Screen::ReplayRun(s)) => Some((s.id.clone(), "the replay's id".into())),
            Some(Screen::Reposition(RepositionScreen::Run(s))) => Some((s.id.clone(), "the id of the move".into())),
            Some(Screen::Reposition(RepositionScreen::Preview(s))) => match s.proposal() {
                Some(Proposal::Move(preview)) => {
                    serde_json::to_string_pretty(preview).ok().map(|json| (json, "the preview".into()))
                }
                _ => None,
            },
            Some(Screen::Reposition(RepositionScreen::Form(s))) => {
                Some((s.consumer.clone(), "the consumer's name".into()))
            }
            Some(Screen::ReplayPlan(s)) => {
                serde_json::to_string_pretty(&s.plan).ok().map(|json| (json, "the plan".into()))
            }
            Some(
                Screen::Tail(_) | Screen::Help(_) | Screen::ReplayForm(_) | Screen::Activity(_) | Screen::Stuck(_),
            )
            | None => None,
        };
        match copied {
            Some((text, what)) => effects.push(Effect::Copy { text, what }),
            None => self.tell(Level::Notice, "there is nothing to copy here"),
        }
    }
}

fn marked<K: Ord + Clone>(table: &super::Table<K>) -> Option<Vec<K>> {
    if table.marks.is_empty() {
        table.selected().map(|key| vec![key.clone()])
    } else {
        Some(table.marks.iter().cloned().collect())
    }
}

fn pairs(keys: &[super::ConsumerKey]) -> String {
    keys.iter().map(|(stream, name)| format!("{stream} {name}")).collect::<Vec<_>>().join("\n")
}
