//! Style roles as ratatui styles.

use ratatui::style::{Color, Modifier, Style};

use crate::health::Level;

/// Every style that is used, by role.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Theme {
    /// Ordinary text.
    pub text: Style,
    /// Less important text.
    pub dim: Style,
    /// Names of things that can be opened.
    pub accent: Style,
    /// The header line.
    pub header: Style,
    /// Column headings.
    pub title: Style,
    /// The selected row.
    pub selection: Style,
    /// A key in the footer.
    pub key: Style,
    /// Lines between panels.
    pub border: Style,
    /// What the filter matched.
    pub matched: Style,
    /// Charts and sparklines.
    pub chart: Style,
    /// Nothing is wrong.
    pub ok: Style,
    /// Worth knowing.
    pub notice: Style,
    /// Somebody should look.
    pub warning: Style,
    /// Data is at risk.
    pub critical: Style,
    /// Not known.
    pub unknown: Style,
}

impl Default for Theme {
    fn default() -> Self {
        let fg = |c| Style::new().fg(c);
        Self {
            text: Style::new(),
            dim: fg(Color::DarkGray),
            accent: fg(Color::Cyan),
            header: Style::new().add_modifier(Modifier::BOLD),
            title: Style::new().fg(Color::DarkGray).add_modifier(Modifier::BOLD),
            selection: Style::new().fg(Color::Reset).bg(Color::Reset).add_modifier(Modifier::REVERSED),
            key: Style::new().fg(Color::Cyan).add_modifier(Modifier::BOLD),
            border: fg(Color::DarkGray),
            matched: Style::new().fg(Color::Yellow).add_modifier(Modifier::BOLD),
            chart: fg(Color::Blue),
            ok: fg(Color::Green),
            notice: fg(Color::Blue),
            warning: fg(Color::Yellow),
            critical: Style::new().fg(Color::Red).add_modifier(Modifier::BOLD),
            unknown: fg(Color::Magenta),
        }
    }
}

impl Theme {
    /// The style of a level.
    pub const fn level(&self, level: Level) -> Style {
        match level {
            Level::Ok => self.ok,
            Level::Notice => self.notice,
            Level::Unknown => self.unknown,
            Level::Warning => self.warning,
            Level::Critical => self.critical,
        }
    }
}
