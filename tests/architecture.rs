//! The import rule of `src/lib.rs`, read from the sources: which room may name which, which outside names are
//! confined to one room, and how long a file may be.

// The rules for tests then hold for helpers outside of test functions too.
#![cfg(test)]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

/// The longest file.
const LONGEST: usize = 500;

/// Each room with the rooms that it may import.
const ROOMS: &[(&str, &[&str])] = &[
    ("model", &[]),
    ("event", &["model", "query"]),
    ("query", &["model"]),
    ("health", &["model"]),
    ("keymap", &["model"]),
    ("config", &["model", "keymap", "query"]),
    ("nats", &["model", "event", "query", "config"]),
    ("replay", &["model", "event", "query", "nats", "config"]),
    ("app", &["model", "event", "query", "health", "keymap", "config"]),
    ("ui", &["model", "event", "query", "health", "keymap", "config", "app"]),
    ("demo", &["model", "event", "config", "nats"]),
    ("runtime", &["model", "event", "query", "health", "keymap", "config", "nats", "replay", "app", "ui", "demo"]),
    (
        "cli",
        &["model", "event", "query", "health", "keymap", "config", "nats", "replay", "app", "ui", "demo", "runtime"],
    ),
];

/// Outside names with the rooms that may use them. What is not here may be used anywhere.
const CONFINED: &[(&str, &[&str])] = &[
    ("async_nats", &["nats", "demo"]),
    ("tokio", &["nats", "replay", "demo", "runtime", "cli"]),
    ("ratatui", &["ui", "runtime"]),
    ("crossterm", &["runtime"]),
    ("clap", &["cli"]),
    ("color_eyre", &["cli", "runtime"]),
    // Clocks: everything inside is told the time.
    ("SystemTime", &["nats", "demo"]),
    ("Instant", &["nats", "replay", "demo", "runtime", "cli"]),
];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("src")
}

fn sources(dir: &Path, out: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            sources(&path, out);
        } else if path.extension().is_some_and(|e| e == "rs") {
            out.push(path);
        }
    }
}

/// The code of a file without comments, strings' contents and the tests at its end.
fn code(text: &str) -> String {
    let end = text.find("#[cfg(test)]\nmod tests").unwrap_or(text.len());
    text[..end]
        .lines()
        .map(|line| {
            let line = line.trim_start();
            if line.starts_with("//") { "" } else { line.split(" // ").next().unwrap_or("") }
        })
        .collect::<Vec<_>>()
        .join("\n")
}

/// Words of the code, with `::` as a word of its own.
fn words(code: &str) -> Vec<String> {
    let mut out = Vec::new();
    let mut word = String::new();
    let mut quoted = false;
    let mut last = ' ';
    for c in code.chars() {
        if c == '"' && last != '\\' && last != '\'' {
            quoted = !quoted;
        }
        if !quoted && (c.is_alphanumeric() || c == '_') {
            word.push(c);
        } else {
            if !word.is_empty() {
                out.push(std::mem::take(&mut word));
            }
            if !quoted && c == ':' && last == ':' {
                out.push("::".into());
            }
        }
        last = c;
    }
    out.push(word);
    out
}

/// Rooms that a file names: `crate::room` and the groups `crate::{a, b::c}`.
fn imports(code: &str) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for part in code.split("crate::").skip(1) {
        let group = part.strip_prefix('{').and_then(|rest| rest.split_once('}'));
        let names: Vec<&str> = group.map_or_else(|| vec![part], |(inside, _)| inside.split(',').collect());
        for name in names {
            let name: String = name.trim().chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
            found.insert(name);
        }
    }
    found
}

fn room_of(path: &Path) -> Option<String> {
    let inside = path.strip_prefix(root()).unwrap();
    let first = inside.components().next()?.as_os_str().to_str()?.trim_end_matches(".rs").to_owned();
    (!matches!(first.as_str(), "lib" | "main")).then_some(first)
}

fn files() -> Vec<(PathBuf, String, String)> {
    let mut paths = Vec::new();
    sources(&root(), &mut paths);
    assert!(paths.len() > 50, "the sources were not found");
    let read = |path: PathBuf| {
        let room = room_of(&path)?;
        let text = fs::read_to_string(&path).unwrap();
        Some((path, room, code(&text)))
    };
    paths.into_iter().filter_map(read).collect()
}

#[test]
fn rooms_import_one_way() {
    let rooms: BTreeMap<&str, &[&str]> = ROOMS.iter().copied().collect();
    let mut wrong = Vec::new();
    for (path, room, code) in files() {
        let Some(allowed) = rooms.get(room.as_str()) else {
            wrong.push(format!("{}: the room {room} is not in the rule", path.display()));
            continue;
        };
        for named in imports(&code) {
            if rooms.contains_key(named.as_str()) && named != room && !allowed.contains(&named.as_str()) {
                wrong.push(format!("{}: {room} may not import {named}", path.display()));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn no_two_rooms_may_import_each_other() {
    for (room, allowed) in ROOMS {
        for other in *allowed {
            let back = ROOMS.iter().find(|(name, _)| name == other).unwrap().1;
            assert!(!back.contains(room), "{room} and {other} may import each other");
        }
    }
}

#[test]
fn outside_names_stay_in_their_rooms() {
    let mut wrong = Vec::new();
    for (path, room, code) in files() {
        let words = words(&code);
        for (name, rooms) in CONFINED {
            if !rooms.contains(&room.as_str()) && words.iter().any(|w| w == name) {
                wrong.push(format!("{}: {room} may not name {name}", path.display()));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn files_are_short_and_say_what_they_are() {
    let mut paths = Vec::new();
    for dir in ["src", "tests", "benches", "examples"] {
        let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join(dir);
        if dir.is_dir() {
            sources(&dir, &mut paths);
        }
    }
    let mut wrong = Vec::new();
    for path in paths {
        let text = fs::read_to_string(&path).unwrap();
        let lines = text.lines().count();
        if lines > LONGEST {
            wrong.push(format!("{}: {lines} lines, {LONGEST} at most", path.display()));
        }
        if !text.starts_with("//!") {
            wrong.push(format!("{}: does not open with //! and what it is", path.display()));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn the_program_itself_is_thin() {
    let main = fs::read_to_string(root().join("main.rs")).unwrap();
    assert!(main.lines().count() < 40);
}

#[test]
fn this_test_would_notice() {
    assert!(imports("use crate::{app::App, nats};").contains("nats"));
    assert!(imports("let x = crate::ui::draw();").contains("ui"));
    assert!(words("use tokio::time::Instant;").contains(&"Instant".to_owned()));
    assert!(!words("let x = \"tokio\";").contains(&"tokio".to_owned()));
}
