//! Where the parts of a tail stand, by the room there is.

use super::TailScreen;

/// From this width on the event stands beside the list.
const BESIDE_FROM: u16 = 130;
/// From this height of the body on there is room for an event below the list.
const BELOW_FROM: u16 = 12;
/// From this height of the body on there is room for a histogram.
const HISTOGRAM_FROM: u16 = 14;

/// Where the event stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Place {
    /// Nowhere: there is no room beside the list.
    #[default]
    Nowhere,
    /// Right of the list.
    Beside,
    /// Under the list.
    Below,
    /// On the whole screen, without the list.
    Whole,
}

/// Rows and columns of the parts. One line of status always stands above them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Layout {
    /// Whether a line shows when the messages came.
    pub histogram: bool,
    /// Rows of the list, without its heading.
    pub list: u16,
    /// Where the event stands.
    pub place: Place,
    /// Columns and rows of the event, without the line around it.
    pub detail: (u16, u16),
}

impl Layout {
    /// The layout in so many columns and rows between breadcrumbs and footer.
    pub(super) fn of(columns: u16, rows: usize, tail: &TailScreen) -> Self {
        let rows = u16::try_from(rows).unwrap_or(u16::MAX);
        if tail.zoomed || tail.diff.is_some() {
            // One line of status; one column at each side.
            let detail = (columns.saturating_sub(2), rows.saturating_sub(1));
            return Self { histogram: false, list: 1, place: Place::Whole, detail };
        }
        let histogram = tail.histogram && rows >= HISTOGRAM_FROM;
        // Status, histogram, heading.
        let rest = rows.saturating_sub(2 + u16::from(histogram));
        if columns >= BESIDE_FROM {
            let width = (columns * 2 / 5).clamp(56, 110);
            return Self { histogram, list: rest, place: Place::Beside, detail: (width - 2, rest + 1) };
        }
        if rows >= BELOW_FROM {
            let below = rest.div_ceil(2);
            let detail = (columns.saturating_sub(2), below - 1);
            return Self { histogram, list: rest - below, place: Place::Below, detail };
        }
        Self { histogram, list: rest, place: Place::Nowhere, detail: (0, 0) }
    }

    /// Columns of the event.
    pub(super) fn detail_width(self) -> u16 {
        self.detail.0.max(20)
    }

    /// Rows of the event.
    pub(super) const fn detail_height(self) -> u16 {
        self.detail.1
    }
}
