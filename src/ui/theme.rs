//! Style roles as ratatui styles.

use ratatui::style::{Color, Modifier, Style};

use crate::config;
use crate::config::theme::StyleSpec;
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
        // The bundled theme is read by a test.
        config::theme::Theme::named("dark").map_or_else(|_| Self::plain(), |theme| Self::from(&theme))
    }
}

impl From<&config::theme::Theme> for Theme {
    fn from(theme: &config::theme::Theme) -> Self {
        Self {
            text: style(&theme.text),
            dim: style(&theme.dim),
            accent: style(&theme.accent),
            header: style(&theme.header),
            title: style(&theme.title),
            selection: style(&theme.selection),
            key: style(&theme.key),
            border: style(&theme.border),
            matched: style(&theme.matched),
            chart: style(&theme.chart),
            ok: style(&theme.ok),
            notice: style(&theme.notice),
            warning: style(&theme.warning),
            critical: style(&theme.critical),
            unknown: style(&theme.unknown),
        }
    }
}

/// A role's style; a colour that is none leaves the terminal's own.
fn style(spec: &StyleSpec) -> Style {
    let colour = |name: &Option<String>| name.as_deref().and_then(|n| n.parse::<Color>().ok());
    let mut style = Style::new();
    style.fg = colour(&spec.fg);
    style.bg = colour(&spec.bg);
    for (wanted, modifier) in [
        (spec.bold, Modifier::BOLD),
        (spec.dim, Modifier::DIM),
        (spec.italic, Modifier::ITALIC),
        (spec.underline, Modifier::UNDERLINED),
        (spec.reverse, Modifier::REVERSED),
    ] {
        if wanted {
            style = style.add_modifier(modifier);
        }
    }
    style
}

impl Theme {
    /// Without any style.
    const fn plain() -> Self {
        let none = Style::new();
        Self {
            text: none,
            dim: none,
            accent: none,
            header: none,
            title: none,
            selection: none.add_modifier(Modifier::REVERSED),
            key: none,
            border: none,
            matched: none,
            chart: none,
            ok: none,
            notice: none,
            warning: none,
            critical: none,
            unknown: none,
        }
    }

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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_colour_of_every_theme_is_one() {
        for name in ["dark", "light", "mono"] {
            let theme = config::theme::Theme::named(name).unwrap();
            let roles = format!("{theme:?}");
            for part in roles.split("fg: Some(\"").skip(1).chain(roles.split("bg: Some(\"").skip(1)) {
                let colour = part.split('"').next().unwrap();
                assert!(colour.parse::<Color>().is_ok(), "{name}: {colour}");
            }
        }
        assert_eq!(Theme::default().critical.fg, Some(Color::Red));
    }

    #[test]
    fn less_important_text_has_the_colour_of_ordinary_text() {
        for name in ["dark", "light", "mono"] {
            let theme = Theme::from(&config::theme::Theme::named(name).unwrap());
            for role in [theme.dim, theme.title, theme.border] {
                assert_eq!(role.fg, theme.text.fg, "{name}: {role:?}");
            }
            assert!(theme.dim.add_modifier.contains(Modifier::DIM), "{name}");
        }
    }
}
