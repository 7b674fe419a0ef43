//! The Contexts screen: saved connections of the `nats` CLI.

use crate::event::clean_line;
use crate::query::{Fit, Needle};

use super::{App, Row, Table};

/// The state of the Contexts screen.
#[derive(Clone, Debug, PartialEq)]
pub struct ContextsScreen {
    /// The list, by name.
    pub table: Table<String>,
}

impl Default for ContextsScreen {
    fn default() -> Self {
        Self { table: Table::new(0, false) }
    }
}

impl ContextsScreen {
    /// Builds the list from what was read.
    pub(super) fn refresh(&mut self, app: &App) {
        self.table.set_height(app.body_height().saturating_sub(1));
        let Some(Ok(contexts)) = &app.contexts else { return };
        let mut names: Vec<String> = contexts.iter().map(|c| c.name.clone()).collect();
        self.table.sift(&mut names, fit);
        names.sort_by_key(|n| n.to_lowercase());
        if self.table.descending {
            names.reverse();
        }
        if self.table.selected().is_none()
            && let Some(current) = &app.session.context
            && names.contains(current)
        {
            self.table.select(current.clone());
        }
        self.table.set_rows(names.into_iter().map(Row::Item).collect());
        self.table.aim(fit);
    }
}

#[expect(clippy::ptr_arg, reason = "the list is of these")]
fn fit(needle: &mut Needle, name: &String) -> Option<Fit> {
    needle.fit(&[&clean_line(name)], None)
}
