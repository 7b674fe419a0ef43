//! The messages that a consumer cannot get acked: the one that its ack floor stands before, those that it gave up on,
//! those that clients terminated or refused. What the server does not tell is said to be unknown.

mod act;
mod memory;
mod rows;

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::event::clean_line;
use crate::event::glance::Glance;
use crate::event::layout::wrap;
use crate::model::scope::Peek;
use crate::model::{AckPolicy, Consumer, Message, Problem, Update};
use crate::query::Needle;

use super::tail::{Detail, Entry, Focus, Layout, Place};
use super::{App, Row, Screen, Table};

pub use memory::{Memory, Remembered, Said};
pub use rows::{How, StuckRow};

/// From this width on the message stands beside the list.
const BESIDE_FROM: u16 = 130;
/// From this height of the body on there is room for a message below the list.
const BELOW_FROM: usize = 14;
/// Rows that the list has at least, where there are so many messages.
const LEAST_ROWS: usize = 4;
/// Bytes of messages that are kept; those in view are kept in any case.
const KEPT: usize = 16 << 20;

/// A stored message that was asked for.
#[derive(Clone, Debug, PartialEq)]
pub enum Found {
    /// Here it is, and what a row shows of it.
    Message(Arc<Message>, Glance),
    /// Retention or somebody has removed it.
    Gone,
    /// It could not be read; a sentence, harmless.
    Failed(String),
}

impl Found {
    fn of(found: Result<Option<Arc<Message>>, Problem>) -> Self {
        match found {
            Ok(Some(message)) => {
                let glance = Glance::of(&message);
                Self::Message(message, glance)
            }
            Ok(None) => Self::Gone,
            Err(problem) => Self::Failed(clean_line(&problem.sentence).into_owned()),
        }
    }

    fn size(&self) -> usize {
        match self {
            Self::Message(message, _) => message.size(),
            Self::Gone | Self::Failed(_) => 0,
        }
    }
}

/// The state of the screen of a consumer's stuck messages.
#[derive(Clone, Debug)]
pub struct StuckScreen {
    /// The stream.
    pub stream: String,
    /// The consumer.
    pub name: String,
    /// The list, by sequence.
    pub table: Table<u64>,
    /// What is known of each.
    pub rows: BTreeMap<u64, StuckRow>,
    /// What was read of them.
    pub found: BTreeMap<u64, Found>,
    /// The message behind an ack floor: the floor, and its sequence where there is one.
    head: Option<(u64, Option<u64>)>,
    /// Why the message behind the ack floor could not be read; harmless.
    head_failed: Option<String>,
    /// What stands above the list: what is known and what is not; harmless, each fits a line.
    pub notes: Vec<String>,
    /// Where everything stands.
    pub layout: Layout,
    /// The selected message, laid out.
    pub detail: Detail,
    /// What keys go to.
    pub focus: Focus,
}

impl StuckScreen {
    /// Of a consumer.
    pub fn new(stream: impl Into<String>, name: impl Into<String>) -> Self {
        Self {
            stream: stream.into(),
            name: name.into(),
            table: Table::new(0, false),
            rows: BTreeMap::new(),
            found: BTreeMap::new(),
            head: None,
            head_failed: None,
            notes: Vec::new(),
            layout: Layout::default(),
            detail: Detail::default(),
            focus: Focus::List,
        }
    }

    /// What is known of the consumer.
    pub fn info<'a>(&self, app: &'a App) -> Option<&'a Consumer> {
        app.catalog().consumer(&self.stream, &self.name)?.info.as_deref()
    }

    /// The selected message, if it was read.
    pub fn message(&self) -> Option<&Arc<Message>> {
        match self.found.get(self.table.selected()?)? {
            Found::Message(message, _) => Some(message),
            Found::Gone | Found::Failed(_) => None,
        }
    }

    /// What is to be read.
    pub(super) fn peek(&self, app: &App) -> Option<Peek> {
        let info = self.info(app)?;
        let seqs = self.table.window().filter_map(|(row, _)| match row {
            Row::Item(seq) => Some(*seq),
            Row::Group(..) => None,
        });
        Some(Peek {
            stream: self.stream.clone(),
            consumer: self.name.clone(),
            filters: info.config.filter_subjects.clone(),
            // Where all that was delivered is acked, nothing stands behind the floor.
            floor: Some(info.ack_floor.stream_seq)
                .filter(|floor| info.config.ack_policy != AckPolicy::None && info.delivered.stream_seq > *floor),
            seqs: seqs.collect(),
        })
    }

    /// Builds the list from what is known.
    pub(super) fn refresh(&mut self, app: &App) {
        self.rows = self.known(app);
        let width = usize::from(app.size.0.saturating_sub(2)).max(1);
        self.notes = self.said(app).iter().flat_map(|words| wrap(words, width)).collect();
        self.lay_out(app);
        let searched = |seq: &u64| self.rows.get(seq).map(|row| searched(row, self.found.get(seq)));
        let fit = |needle: &mut Needle, seq: &u64| {
            let texts = searched(seq)?;
            needle.fit(&texts.iter().map(String::as_str).collect::<Vec<_>>(), None)
        };
        let mut shown: Vec<u64> = self.rows.keys().copied().collect();
        self.table.sift(&mut shown, fit);
        if self.table.descending {
            shown.reverse();
        }
        self.table.set_rows(shown.into_iter().map(Row::Item).collect());
        self.table.aim(fit);
        self.forget_unseen();
        let entry = self.message().map(|message| Entry { at: message.seq, message: Arc::clone(message) });
        self.detail.show(entry.as_ref(), self.layout);
    }

    fn lay_out(&mut self, app: &App) {
        let body = app.body_height().saturating_sub(self.notes.len());
        let (columns, rows) = (app.size.0, u16::try_from(body).unwrap_or(u16::MAX));
        let (list, place, detail) = if columns >= BESIDE_FROM {
            let width = (columns * 2 / 5).clamp(56, 110);
            (rows.saturating_sub(1), Place::Beside, (width - 2, rows))
        } else if body >= BELOW_FROM {
            // As many rows as there are messages, but never more than half.
            let most = usize::from(rows.saturating_sub(2)) / 2;
            let list = self.rows.len().clamp(LEAST_ROWS.min(most), most) as u16;
            (list, Place::Below, (columns.saturating_sub(2), rows.saturating_sub(list + 2)))
        } else {
            (rows.saturating_sub(1), Place::Nowhere, (0, 0))
        };
        self.layout = Layout { histogram: false, list, place, detail };
        self.table.set_height(usize::from(list));
        if place == Place::Nowhere {
            self.focus = Focus::List;
        }
    }

    /// What was read and is not in view any more is read again when it is: very large messages are not all kept.
    fn forget_unseen(&mut self) {
        if self.found.values().map(Found::size).sum::<usize>() <= KEPT {
            return;
        }
        let seen: Vec<u64> = self
            .table
            .window()
            .filter_map(|(row, _)| match row {
                Row::Item(seq) => Some(*seq),
                Row::Group(..) => None,
            })
            .collect();
        self.found.retain(|seq, found| seen.contains(seq) || found.size() == 0);
    }
}

/// What the filter looks at in a row.
fn searched(row: &StuckRow, found: Option<&Found>) -> Vec<String> {
    let mut texts = vec![row.seq.to_string(), row.how_words()];
    if let Some(Found::Message(_, glance)) = found {
        texts.extend([&glance.ty, &glance.source, &glance.id].into_iter().flatten().cloned());
    }
    texts.push(format!("#{}", row.seq));
    texts
}

impl App {
    /// Takes in what was read for this screen.
    pub(super) fn take_stuck(&mut self, update: Update) -> Option<Update> {
        let (stream, of) = match &update {
            Update::Stored { stream, .. } => (stream, None),
            Update::HeadOfLine { stream, consumer, .. } => (stream, Some(consumer)),
            _ => return Some(update),
        };
        let screen = self.screens.iter_mut().rev().find_map(|screen| match screen {
            Screen::Stuck(s) if s.stream == *stream && of.is_none_or(|name| s.name == *name) => Some(s),
            _ => None,
        });
        let screen = screen?;
        match update {
            Update::Stored { seq, found, .. } => {
                screen.found.insert(seq, Found::of(found));
            }
            Update::HeadOfLine { floor, found, .. } => {
                screen.head_failed = found.as_ref().err().map(|problem| clean_line(&problem.sentence).into_owned());
                if let Ok(message) = &found {
                    screen.head = Some((floor, message.as_ref().map(|message| message.seq)));
                }
                if let Ok(Some(message)) = found {
                    screen.found.insert(message.seq, Found::of(Ok(Some(message))));
                }
            }
            _ => {}
        }
        self.dirty = true;
        self.stale = true;
        None
    }
}
