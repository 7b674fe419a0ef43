//! The key map: read from `assets/keymap.toml`, overridden by the configuration.

use std::collections::BTreeMap;

use serde::Deserialize;
use thiserror::Error;

use super::{Action, Key};

/// The map that comes with the program.
const DEFAULT: &str = include_str!("../../assets/keymap.toml");

/// One action with its keys and its words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Binding {
    /// What it does.
    pub action: Action,
    /// The keys; the first is shown in the footer.
    pub keys: Vec<Key>,
    /// One or two words, for the footer.
    pub title: String,
    /// A sentence, for the help.
    pub help: String,
    /// The heading in the help.
    pub group: String,
}

/// What is wrong with a key map.
#[derive(Debug, Error, PartialEq, Eq)]
pub enum KeymapError {
    /// The file is not a key map.
    #[error("the key map cannot be read: {0}")]
    Unreadable(String),
    /// There is no such action.
    #[error("no action is called {name:?}; the actions are: {known}")]
    NoAction {
        /// As written.
        name: String,
        /// All names.
        known: String,
    },
    /// There is no such key.
    #[error("action {action:?}: {reason}")]
    NoKey {
        /// The action.
        action: String,
        /// Why.
        reason: String,
    },
    /// One key for two actions.
    #[error("key {key} is given to both {first:?} and {second:?}; give one of them another key")]
    Twice {
        /// The key.
        key: String,
        /// The action that has it.
        first: String,
        /// The action that wants it.
        second: String,
    },
}

/// All bindings, and the way back from a key to its action.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Keymap {
    bindings: Vec<Binding>,
    by_key: BTreeMap<Key, Action>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    action: Vec<Entry>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    name: String,
    keys: Vec<String>,
    title: String,
    help: String,
    group: String,
}

impl Keymap {
    /// The built-in map with these overrides (action name -> keys).
    pub fn with(overrides: &BTreeMap<String, Vec<String>>) -> Result<Self, KeymapError> {
        let file: File = toml::from_str(DEFAULT).map_err(|e| KeymapError::Unreadable(e.to_string()))?;
        for name in overrides.keys() {
            action(name)?;
        }
        let mut bindings = Vec::with_capacity(file.action.len());
        for entry in file.action {
            let keys = overrides.get(&entry.name).unwrap_or(&entry.keys);
            bindings.push(Binding {
                action: action(&entry.name)?,
                keys: keys
                    .iter()
                    .map(|k| k.parse())
                    .collect::<Result<_, _>>()
                    .map_err(|reason| KeymapError::NoKey { action: entry.name.clone(), reason })?,
                title: entry.title,
                help: entry.help,
                group: entry.group,
            });
        }
        let mut by_key = BTreeMap::new();
        for binding in &bindings {
            for key in &binding.keys {
                if let Some(first) = by_key.insert(*key, binding.action)
                    && first != binding.action
                {
                    return Err(KeymapError::Twice {
                        key: key.to_string(),
                        first: first.name().into(),
                        second: binding.action.name().into(),
                    });
                }
            }
        }
        Ok(Self { bindings, by_key })
    }

    /// What this key means.
    pub fn action(&self, key: Key) -> Option<Action> {
        self.by_key.get(&key).copied()
    }

    /// The keys and words of an action.
    pub fn binding(&self, action: Action) -> Option<&Binding> {
        self.bindings.iter().find(|b| b.action == action)
    }

    /// All, in the order of the file.
    pub fn bindings(&self) -> &[Binding] {
        &self.bindings
    }

    /// The first key of an action as it is shown; `None` when it has none.
    pub fn shown(&self, action: Action) -> Option<String> {
        self.binding(action)?.keys.first().map(Key::to_string)
    }
}

fn action(name: &str) -> Result<Action, KeymapError> {
    Action::from_name(name).ok_or_else(|| KeymapError::NoAction {
        name: name.into(),
        known: Action::ALL.iter().map(|a| a.name()).collect::<Vec<_>>().join(", "),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_action_has_a_binding_with_words_and_a_key() {
        let map = Keymap::with(&BTreeMap::new()).unwrap();
        for &action in Action::ALL {
            let binding = map.binding(action).unwrap_or_else(|| panic!("{} is not in the key map", action.name()));
            assert!(!binding.keys.is_empty() && !binding.title.is_empty() && !binding.help.is_empty());
            for key in &binding.keys {
                assert_eq!(map.action(*key), Some(action));
            }
        }
        assert_eq!(map.bindings().len(), Action::ALL.len());
        // The help has each group as one.
        let mut groups: Vec<&str> = map.bindings().iter().map(|binding| binding.group.as_str()).collect();
        groups.dedup();
        let all: std::collections::BTreeSet<&str> = groups.iter().copied().collect();
        assert_eq!(groups.len(), all.len(), "{groups:?}");
    }

    #[test]
    fn overrides_replace_keys() {
        let map = Keymap::with(&BTreeMap::from([("quit".into(), vec!["Q".into()])])).unwrap();
        assert_eq!(map.action('Q'.into()), Some(Action::Quit));
        assert_eq!(map.action('q'.into()), None);
    }

    #[test]
    fn mistakes_are_named() {
        let with = |name: &str, key: &str| {
            Keymap::with(&BTreeMap::from([(name.to_owned(), vec![key.to_owned()])])).unwrap_err().to_string()
        };
        assert!(with("qiut", "q").contains("qiut"));
        assert!(with("quit", "entr").contains("entr"));
        assert!(with("quit", "g").contains("both"));
    }
}
