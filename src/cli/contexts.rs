//! `jetscope contexts`: the saved connections of the `nats` CLI.

use serde::Serialize;

use crate::config::Settings;
use crate::model::Access;

use super::headless::Failure;
use super::output::{self, Table};

#[derive(Serialize)]
struct ContextDocument {
    name: String,
    selected: bool,
    servers: Option<String>,
    description: Option<String>,
    access: Access,
    error: Option<String>,
}

#[derive(Serialize)]
struct ContextsDocument {
    contexts: Vec<ContextDocument>,
}

/// Runs the command.
pub(super) fn run(settings: &Settings, json: bool) -> Result<(), Failure> {
    let contexts: Vec<ContextDocument> = settings
        .contexts()
        .into_iter()
        .map(|(c, access)| ContextDocument {
            name: c.name,
            selected: c.selected,
            servers: Some(c.servers).filter(|s| !s.is_empty()),
            description: Some(c.description).filter(|d| !d.is_empty()),
            access,
            error: c.error,
        })
        .collect();
    if json {
        return Ok(output::print(&output::json(&ContextsDocument { contexts })?)?);
    }
    if contexts.is_empty() {
        let folder = settings.contexts_dir();
        output::note(&format!("there are no contexts in {}; `nats context add` saves one", folder.display()));
    }
    let mut table = Table::new(&["", "NAME", "ACCESS", "SERVERS", "DESCRIPTION"]);
    for c in contexts {
        let servers = c.error.map_or_else(|| c.servers.unwrap_or_default(), |e| format!("cannot be used: {e}"));
        table.row(vec![
            if c.selected { "*" } else { "" }.to_owned(),
            c.name,
            c.access.word().to_owned(),
            servers,
            c.description.unwrap_or_default(),
        ]);
    }
    Ok(output::print(&table.text()?)?)
}
