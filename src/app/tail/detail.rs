//! The selected event, laid out for its panel: only the lines in view, and anew only when something else is shown.

use crate::event::document::{Document, Field, Row, Shape};

use super::{Entry, Layout};

/// Data up to this size is laid out to its end at once, so that its length is known.
const MEASURED: usize = 1 << 20;

/// The panel of the selected event.
#[derive(Clone, Debug, Default)]
pub struct Detail {
    /// How the data is shown.
    pub shape: Shape,
    /// Which event of a batch, from 0.
    pub event: usize,
    /// The first line in view.
    pub top: usize,
    /// The line that is selected.
    pub cursor: usize,
    /// Lines in view.
    pub height: usize,
    /// The lines in view.
    pub rows: Vec<Row>,
    /// How many there are; `None` while that would take long to find out.
    pub total: Option<usize>,
    /// What is laid out: the number of the message, which of its events, how, how wide.
    laid_out: Option<(u64, usize, Shape, usize)>,
    document: Option<Document>,
}

impl Detail {
    /// Shows this message in this room.
    pub(in crate::app) fn show(&mut self, entry: Option<&Entry>, layout: Layout) {
        let Some(entry) = entry else {
            self.forget();
            return;
        };
        let width = usize::from(layout.detail_width());
        self.height = usize::from(layout.detail_height());
        if self.laid_out.is_some_and(|(at, ..)| at != entry.at) {
            (self.event, self.top, self.cursor) = (0, 0, 0);
        }
        let wanted = (entry.at, self.event, self.shape, width);
        if self.laid_out != Some(wanted) {
            let mut document = Document::of(&entry.message, self.event, self.shape, width);
            self.total = (document.data().len() <= MEASURED).then(|| document.total());
            self.document = Some(document);
            self.laid_out = Some(wanted);
        }
        self.fit();
    }

    /// Nothing is shown; how the next is shown stays.
    pub(super) fn forget(&mut self) {
        *self = Self { shape: self.shape, ..Self::default() };
    }

    /// Keeps what is in view within what there is.
    fn fit(&mut self) {
        let Some(document) = &mut self.document else { return };
        if let Some(total) = self.total {
            self.cursor = self.cursor.min(total.saturating_sub(1));
        }
        self.top = self.top.min(self.cursor).max((self.cursor + 1).saturating_sub(self.height.max(1)));
        if let Some(total) = self.total {
            self.top = self.top.min(total.saturating_sub(self.height));
        }
        self.rows = document.rows(self.top..self.top + self.height);
        if self.total.is_none() && self.rows.len() < self.height {
            // The end came into view.
            let total = self.top + self.rows.len();
            self.total = Some(total);
            self.fit();
        }
    }

    /// Moves the selected line.
    pub(in crate::app) fn step(&mut self, by: isize) {
        self.cursor = self.cursor.saturating_add_signed(by);
        if let Some(total) = self.total {
            self.cursor = self.cursor.min(total.saturating_sub(1));
        }
    }

    /// Moves by a panel.
    pub(in crate::app) fn page(&mut self, by: isize) {
        let height = isize::try_from(self.height.saturating_sub(1).max(1)).unwrap_or(1);
        self.top = self.top.saturating_add_signed(by * height);
        self.step(by * height);
    }

    /// To the first line, or to the last.
    pub(in crate::app) fn go_to_end(&mut self, last: bool) {
        if !last {
            (self.top, self.cursor) = (0, 0);
        } else if let Some(document) = &mut self.document {
            let total = document.total();
            self.total = Some(total);
            self.cursor = total.saturating_sub(1);
        }
    }

    /// What stands on the selected line.
    pub(super) fn field(&mut self) -> Option<Field> {
        self.document.as_mut()?.field(self.cursor)
    }

    /// How many events the message holds.
    pub fn events(&self) -> usize {
        self.document.as_ref().map_or(0, Document::events)
    }

    /// The event's data, decoded.
    pub(super) fn data(&self) -> Vec<u8> {
        self.document.as_ref().map(|d| d.data().to_vec()).unwrap_or_default()
    }

    /// To another event of a batch; whether there is one.
    pub(super) fn turn(&mut self, by: isize) -> bool {
        let next = self.event.checked_add_signed(by).filter(|next| *next < self.events());
        if let Some(next) = next {
            (self.event, self.top, self.cursor) = (next, 0, 0);
        }
        next.is_some()
    }

    /// Shows the data in the next way.
    /// A plain message is no event that could be shown as one.
    pub(in crate::app) fn next_shape(&mut self, plain: bool) -> &'static str {
        let (shape, words) = match self.shape {
            Shape::Pretty | Shape::Json if plain => (Shape::Bytes, "the body as bytes"),
            Shape::Bytes if plain => (Shape::Pretty, "the message and its body"),
            Shape::Pretty => (Shape::Json, "the whole event as JSON"),
            Shape::Json => (Shape::Bytes, "the data as bytes"),
            Shape::Bytes => (Shape::Pretty, "the event and its data"),
        };
        (self.shape, self.top, self.cursor) = (shape, 0, 0);
        words
    }
}
