//! What is told in the console of a replay whose plan was cut short on the disk.

use std::fs;
use std::path::Path;

use crate::common::pty::Terminal;

const ID: &str = "20261120t140000-abcd";

#[test]
fn a_plan_that_was_cut_short_is_listed_with_why_and_what_to_do() {
    let home = tempfile::tempdir().unwrap();
    let state = home.path().join("state");
    let folder = state.join("jetscope/replays").join(ID);
    fs::create_dir_all(&folder).unwrap();
    fs::write(folder.join("plan.json"), r#"{"version": 1, "id": "2026"#).unwrap();
    let vars = [("XDG_STATE_HOME", state.to_str().unwrap())];
    let program = Path::new(env!("CARGO_BIN_EXE_jetscope"));
    // No server is needed for what is on the disk.
    let mut t = Terminal::start(program, home.path(), (80, 24), &["--server", "nats://127.0.0.1:1"], &vars);
    t.shows("not connected");
    t.keys("6");
    t.until("the row", |t| {
        let screen = t.screen();
        let row = screen.lines().find(|line| line.contains("BROKEN")).unwrap_or_default().to_owned();
        row.contains("abcd") && row.contains("its plan cannot be read") && !row.contains('?')
    });
    // It is found by what is shown of it.
    t.keys("/abcd\r");
    t.shows("BROKEN");
    t.keys("\r");
    t.until("why", |t| {
        let words = t.screen().split_whitespace().collect::<Vec<_>>().join(" ");
        words.contains("cannot be read")
            && words.contains("plan.json")
            && words.contains("make a new plan for the rest")
    });
    t.keys(" ");
    t.shows("nobody can go on with it");
}
