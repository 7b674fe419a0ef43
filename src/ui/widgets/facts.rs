//! Name and value pairs in columns.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use unicode_width::UnicodeWidthStr;

use crate::ui::Theme;

use super::text;

/// A name, its value, and the value's style.
#[derive(Clone, Debug)]
pub struct Fact {
    /// What it is.
    pub name: &'static str,
    /// The value; sanitised.
    pub value: String,
    /// The value where the whole does not fit.
    pub short: Option<String>,
    /// How the value looks.
    pub style: Style,
}

impl Fact {
    /// A fact in the style of ordinary text.
    pub fn new(name: &'static str, value: impl Into<String>) -> Self {
        Self { name, value: value.into(), short: None, style: Style::new() }
    }

    /// The same with what to say where there is less room.
    #[must_use]
    pub fn or(mut self, short: impl Into<String>) -> Self {
        self.short = Some(short.into());
        self
    }

    /// The same with another style.
    #[must_use]
    pub const fn styled(mut self, style: Style) -> Self {
        self.style = style;
        self
    }
}

/// Draws facts one below the other, the values aligned. Returns the rows used.
pub fn facts(buffer: &mut Buffer, area: Rect, facts: &[Fact], theme: &Theme) -> u16 {
    let name_width = facts.iter().map(|f| f.name.len()).max().unwrap_or(0) as u16;
    let rows = (facts.len() as u16).min(area.height);
    for (fact, y) in facts.iter().zip(area.y..area.y + rows) {
        let line = Rect { y, height: 1, ..area };
        text(buffer, Rect { width: name_width.min(line.width), ..line }, fact.name, theme.dim);
        let x = line.x + name_width + 2;
        let value = Rect { x, width: line.right().saturating_sub(x), ..line };
        let fits = fact.value.width() <= usize::from(value.width);
        let words = fact.short.as_ref().filter(|_| !fits).unwrap_or(&fact.value);
        text(buffer, value, words, theme.text.patch(fact.style));
    }
    rows
}
