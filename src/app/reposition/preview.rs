//! What moving a consumer would do, before it is done.

use crate::app::said::broken;
use crate::app::{App, Scroll};
use crate::keymap::Action;
use crate::model::reposition::{Proposal, RECREATE};
use crate::model::units::ago;
use crate::model::{Access, Said};

use super::RepositionWish;

/// Why nothing is written in a read-only context.
pub(super) const READ_ONLY: &str = "this context is read-only; its access level is set in config.toml";

/// The preview of what a wish would do.
#[derive(Clone, Debug, PartialEq)]
pub struct PreviewScreen {
    /// What is wanted.
    pub wish: RepositionWish,
    /// The number of the look that is under way.
    pub looking: Option<u64>,
    /// What it would do, or why that is not known.
    pub seen: Option<Result<Box<Proposal>, String>>,
    /// It was told to start.
    pub starting: bool,
    /// The same in words.
    pub lines: Vec<Said>,
    /// Position.
    pub scroll: Scroll,
}

impl PreviewScreen {
    pub(super) fn new(wish: RepositionWish, looking: u64) -> Self {
        let scroll = Scroll::default();
        Self { wish, looking: Some(looking), seen: None, starting: false, lines: Vec::new(), scroll }
    }

    /// What would be done, where that is known.
    pub fn proposal(&self) -> Option<&Proposal> {
        self.seen.as_ref()?.as_ref().ok().map(AsRef::as_ref)
    }

    /// Nothing is in the way but that the server does not move it.
    pub fn is_recreatable(&self) -> bool {
        matches!(self.proposal(), Some(Proposal::Move(preview)) if preview.recreatable)
    }

    pub(super) fn refresh(&mut self, app: &App) {
        let said = match self.proposal() {
            Some(proposal) => self.words(proposal, app),
            None => Vec::new(),
        };
        self.lines = broken(said, app.size.0);
        self.scroll.fit(self.lines.len(), app.body_height());
    }

    fn words(&self, proposal: &Proposal, app: &App) -> Vec<Said> {
        let key = |action| app.keymap.shown(action).unwrap_or_default();
        let mut said = match proposal {
            Proposal::Move(preview) => {
                let mut said = preview.words();
                let facts = said.iter().position(|s| matches!(s, Said::Title(_))).unwrap_or(said.len());
                let again = if self.looking.is_some() {
                    "being read again".into()
                } else {
                    format!("{}; {} reads it again", ago(app.now.since(preview.taken)), key(Action::Refresh))
                };
                said.insert(facts, Said::Fact("read", again));
                if preview.recreatable {
                    said.push(Said::Title("another way"));
                    let open = key(Action::Open);
                    said.push(Said::Warning(format!("it can be {RECREATE}: {open} shows what exactly")));
                }
                if preview.changes_nothing() && preview.obstacles.is_empty() {
                    said.push(Said::Title("nothing is to be done"));
                    said.push(Said::More("it stands there already".into()));
                }
                said
            }
            Proposal::Remake(past) => vec![
                Said::Fact("consumer", format!("{} of {}, which is gone", past.consumer, past.stream)),
                Said::Fact("undoes", past.id.clone()),
                Said::Fact("then", format!("made again with its configuration, at #{}", past.from)),
            ],
        };
        if app.session.access == Access::ReadOnly {
            said.push(Said::Title("only to look"));
            said.push(Said::Obstacle(READ_ONLY.into()));
        }
        said
    }
}
