//! Themes: what each role looks like, as plain data.

use serde::Deserialize;

/// How one role looks. Colours by name (`cyan`, `darkgray`) or `#rrggbb`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct StyleSpec {
    /// The text's colour; the terminal's own where there is none.
    pub fg: Option<String>,
    /// The background's colour.
    pub bg: Option<String>,
    /// Bold.
    pub bold: bool,
    /// Dim.
    pub dim: bool,
    /// Italic.
    pub italic: bool,
    /// Underlined.
    pub underline: bool,
    /// Text and background exchanged.
    pub reverse: bool,
}

/// All roles. State is never told by colour alone: glyphs and words say the same.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Theme {
    /// Ordinary text.
    pub text: StyleSpec,
    /// Less important text.
    pub dim: StyleSpec,
    /// Names of things that can be opened.
    pub accent: StyleSpec,
    /// The header line.
    pub header: StyleSpec,
    /// Column headings.
    pub title: StyleSpec,
    /// The selected row.
    pub selection: StyleSpec,
    /// A key in the footer.
    pub key: StyleSpec,
    /// Lines between panels.
    pub border: StyleSpec,
    /// What the filter matched.
    pub matched: StyleSpec,
    /// Charts and sparklines.
    pub chart: StyleSpec,
    /// Nothing is wrong.
    pub ok: StyleSpec,
    /// Worth knowing.
    pub notice: StyleSpec,
    /// Somebody should look.
    pub warning: StyleSpec,
    /// Data is at risk.
    pub critical: StyleSpec,
    /// Not known.
    pub unknown: StyleSpec,
}

/// The themes that come with the program.
const THEMES: [(&str, &str); 3] = [
    ("dark", include_str!("../../assets/themes/dark.toml")),
    ("light", include_str!("../../assets/themes/light.toml")),
    ("mono", include_str!("../../assets/themes/mono.toml")),
];

/// The names of the terminal's own colours.
pub const COLOURS: [&str; 16] = [
    "black",
    "red",
    "green",
    "yellow",
    "blue",
    "magenta",
    "cyan",
    "gray",
    "darkgray",
    "lightred",
    "lightgreen",
    "lightyellow",
    "lightblue",
    "lightmagenta",
    "lightcyan",
    "white",
];

/// Whether this is a colour: one of [`COLOURS`] or `#rrggbb`.
pub fn is_colour(text: &str) -> bool {
    let hex = |digits: &str| digits.len() == 6 && digits.chars().all(|c| c.is_ascii_hexdigit());
    COLOURS.contains(&text) || text.strip_prefix('#').is_some_and(hex)
}

impl Theme {
    /// The theme of this name; the error names those that there are.
    pub fn named(name: &str) -> Result<Self, String> {
        let (_, text) = THEMES.iter().find(|(n, _)| *n == name).ok_or_else(|| {
            let known: Vec<&str> = THEMES.iter().map(|(n, _)| *n).collect();
            format!("screen.theme: no theme is called {name:?}; there are {}", known.join(", "))
        })?;
        toml::from_str(text).map_err(|e| format!("theme {name}: {e}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_theme_can_be_read() {
        for (name, _) in THEMES {
            assert!(Theme::named(name).is_ok(), "{name}: {:?}", Theme::named(name));
        }
        assert!(Theme::named("pink").unwrap_err().contains("dark"));
    }

    #[test]
    fn the_mono_theme_has_no_colours() {
        let text = THEMES[2].1;
        assert!(!text.contains("fg") && !text.contains("bg"));
    }
}
