//! The Consumer screen: one consumer.

use super::{App, ChartView, Scroll};

/// The panels of the Consumer screen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ConsumerTab {
    /// Where it stands, charted.
    #[default]
    Overview,
    /// The whole configuration.
    Configuration,
}

impl ConsumerTab {
    /// All, in the order of the screen.
    pub const ALL: [Self; 2] = [Self::Overview, Self::Configuration];

    /// Its heading.
    pub const fn title(self) -> &'static str {
        match self {
            Self::Overview => "Overview",
            Self::Configuration => "Configuration",
        }
    }
}

/// The state of the Consumer screen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConsumerScreen {
    /// Its stream.
    pub stream: String,
    /// Its name.
    pub name: String,
    /// The panel that is shown.
    pub tab: ConsumerTab,
    /// Position in the panel.
    pub scroll: Scroll,
    /// How its charts are looked at.
    pub chart: ChartView,
}

impl ConsumerScreen {
    /// A consumer.
    pub fn new(stream: impl Into<String>, name: impl Into<String>) -> Self {
        let (tab, scroll, chart) = (ConsumerTab::Overview, Scroll::default(), ChartView::default());
        Self { stream: stream.into(), name: name.into(), tab, scroll, chart }
    }

    /// Turns to the other panel.
    pub const fn turn(&mut self) {
        self.tab = match self.tab {
            ConsumerTab::Overview => ConsumerTab::Configuration,
            ConsumerTab::Configuration => ConsumerTab::Overview,
        };
        self.scroll.top = 0;
    }

    /// Fits the text to the screen.
    pub(super) fn refresh(&mut self, app: &App) {
        let lines = match self.tab {
            ConsumerTab::Overview => 1,
            ConsumerTab::Configuration => {
                app.catalog().consumer_json.as_ref().map_or(1, |(_, _, text, _)| text.lines().count())
            }
        };
        self.scroll.fit(lines, app.body_height().saturating_sub(1));
    }
}
