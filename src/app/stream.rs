//! The Stream screen: one stream in five panels.

use std::collections::HashSet;

use crate::event::clean_line;

use super::cluster::{self, Line};
use super::configuration::{self, Setting};
use super::consumers::{ConsumerKey, Worst, fill, worst_first};
use super::{App, ChartView, Scroll, Table};

/// The panels of the Stream screen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum StreamTab {
    /// State, retention in words, gauges, charts.
    #[default]
    Overview,
    /// Its consumers.
    Consumers,
    /// Counts a subject.
    Subjects,
    /// The whole configuration.
    Configuration,
    /// Leader, replicas, mirror and sources.
    Cluster,
}

impl StreamTab {
    /// All, in the order of the screen.
    pub const ALL: [Self; 5] = [Self::Overview, Self::Consumers, Self::Subjects, Self::Configuration, Self::Cluster];

    /// Its heading.
    pub const fn title(self) -> &'static str {
        match self {
            Self::Overview => "Overview",
            Self::Consumers => "Consumers",
            Self::Subjects => "Subjects",
            Self::Configuration => "Configuration",
            Self::Cluster => "Cluster",
        }
    }

    /// The panel after (or before) this one, around the ends.
    #[must_use]
    pub fn turn(self, by: isize) -> Self {
        let at = Self::ALL.iter().position(|t| *t == self).unwrap_or(0);
        let count = Self::ALL.len();
        Self::ALL[(at + count).saturating_add_signed(by) % count]
    }
}

/// The state of the Stream screen.
#[derive(Clone, Debug, PartialEq)]
pub struct StreamScreen {
    /// The stream's whole name.
    pub name: String,
    /// The panel that is shown.
    pub tab: StreamTab,
    /// Its consumers.
    pub consumers: Table<ConsumerKey>,
    /// Those that its overview shows.
    pub worst: Worst,
    /// Its subjects, by subject.
    pub subjects: Table<String>,
    /// The subject filter that the server is asked with.
    pub subject_filter: String,
    /// Position in the overview.
    pub overview: Scroll,
    /// How its charts are looked at.
    pub chart: ChartView,
    /// Position in the configuration.
    pub configuration: Scroll,
    /// Position in the cluster panel.
    pub cluster: Scroll,
    /// The configuration is shown as the server's JSON.
    pub json: bool,
    /// The configuration to read.
    pub settings: Vec<Setting>,
    /// The lines of the cluster panel.
    pub cluster_lines: Vec<Line>,
}

/// What is typed, where the server can be asked for it: a whole subject, or a pattern of some.
fn as_subject(text: &str) -> Option<&str> {
    let tokens = || text.split('.');
    let fits = |token: &str| !token.is_empty() && !token.contains(char::is_whitespace);
    (text != ">" && tokens().all(fits) && tokens().rev().skip(1).all(|token| token != ">")).then_some(text)
}

impl StreamScreen {
    /// A stream, at this panel.
    pub fn new(name: impl Into<String>, tab: StreamTab) -> Self {
        Self {
            name: name.into(),
            tab,
            consumers: worst_first(),
            worst: Worst::default(),
            subjects: Table::new(1, true),
            subject_filter: ">".into(),
            overview: Scroll::default(),
            chart: ChartView::default(),
            configuration: Scroll::default(),
            cluster: Scroll::default(),
            json: false,
            settings: Vec::new(),
            cluster_lines: Vec::new(),
        }
    }

    /// Which item of how many is selected, where the panel is a list that has any.
    pub fn position(&self) -> Option<(usize, usize)> {
        let (at, of) = match self.tab {
            StreamTab::Consumers => self.consumers.position(),
            StreamTab::Subjects => self.subjects.position(),
            _ => return None,
        };
        (of > 0).then_some((at, of))
    }

    /// The scroll position of the shown panel, where it has one.
    pub fn scroll_mut(&mut self) -> Option<&mut Scroll> {
        match self.tab {
            StreamTab::Overview => Some(&mut self.overview),
            StreamTab::Configuration => Some(&mut self.configuration),
            StreamTab::Cluster => Some(&mut self.cluster),
            StreamTab::Consumers | StreamTab::Subjects => None,
        }
    }

    /// Builds the lists from what is known.
    pub(super) fn refresh(&mut self, app: &App) {
        // The line of panels, and the heading of the table.
        let height = app.body_height().saturating_sub(2);
        self.consumers.set_height(height);
        self.subjects.set_height(height);
        let catalog = app.catalog();
        let shelf = catalog.shelf(&self.name);
        if self.tab == StreamTab::Overview {
            self.worst.refresh(app, Some(&self.name));
        }
        fill(&mut self.consumers, app, shelf.map(|s| (self.name.as_str(), s)).into_iter(), false);
        if let Some(subjects) = catalog.subjects.get(&self.name).and_then(|r| r.value()) {
            // Where not all are known, what is typed is also asked of the server.
            let asked = subjects.is_cut().then(|| as_subject(&self.subjects.filter)).flatten();
            self.subject_filter = asked.unwrap_or(">").to_owned();
            let mut counts: Vec<_> = subjects.counts.iter().collect();
            self.subjects.sift(&mut counts, |needle, c| needle.fit(&[&clean_line(&c.subject)], None));
            let known: HashSet<&str> = counts.iter().map(|c| c.subject.as_str()).collect();
            let found = catalog.found_subjects(&self.name, &self.subject_filter).into_iter().flat_map(|f| &f.counts);
            let found: Vec<_> = found.filter(|c| !known.contains(c.subject.as_str())).collect();
            counts.extend(found);
            let descending = self.subjects.descending;
            if self.subjects.sort == 0 {
                counts.sort_by(|a, b| a.subject.cmp(&b.subject));
                if descending {
                    counts.reverse();
                }
            } else {
                counts.sort_by(|a, b| {
                    let order = a.messages.cmp(&b.messages);
                    if descending { order.reverse() } else { order }.then_with(|| a.subject.cmp(&b.subject))
                });
            }
            self.subjects.set_rows(counts.into_iter().map(|c| super::Row::Item(c.subject.clone())).collect());
            self.subjects.aim(|needle, subject| needle.fit(&[&clean_line(subject)], None));
        }
        let json = catalog.stream_json.get(&self.name).map(|(text, _)| &**text);
        if let Some(info) = catalog.streams.get(&self.name).and_then(|e| e.info.as_deref()) {
            match self.tab {
                StreamTab::Configuration => self.settings = configuration::settings(info, json),
                // Who kept it earlier is not kept: it is shown as it is now.
                StreamTab::Cluster => {
                    let now = app.live().streams.get(&self.name).and_then(|e| e.info.as_deref());
                    self.cluster_lines = cluster::lines(now.unwrap_or(info));
                }
                _ => {}
            }
        }
        let lines = match self.tab {
            // It is laid out in panels that fit by themselves.
            StreamTab::Overview => 1,
            StreamTab::Configuration if self.json => json.map_or(1, |text| text.lines().count()),
            StreamTab::Configuration => self.settings.len(),
            StreamTab::Cluster => self.cluster_lines.len(),
            StreamTab::Consumers | StreamTab::Subjects => 0,
        };
        let height = app.body_height().saturating_sub(1);
        if let Some(scroll) = self.scroll_mut() {
            scroll.fit(lines, height);
        }
    }
}
