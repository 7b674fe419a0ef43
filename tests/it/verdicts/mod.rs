//! Verdicts on consumers that really are so: applications play on a server, and the built program looks at them.

mod gone;
mod lags;
mod meant;
mod play;
mod restarts;
mod scenes;

use std::io::{BufRead, BufReader, Read};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use serde_json::Value;

/// The program while it looks.
pub(crate) struct Looking {
    child: Child,
    notes: BufReader<std::process::ChildStderr>,
}

/// Starts `consumers --window … --json`; it has begun to look when this returns.
pub(crate) fn look(url: &str, window: Duration) -> Looking {
    let home = tempfile::tempdir().expect("a directory");
    let mut child = Command::new(env!("CARGO_BIN_EXE_jetscope"))
        .args(["consumers", "--json", "--window", &format!("{}ms", window.as_millis()), "--server", url])
        .env_clear()
        .env("HOME", home.path())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program");
    let mut notes = BufReader::new(child.stderr.take().expect("its notes"));
    let mut first = String::new();
    notes.read_line(&mut first).expect("a note");
    assert!(first.contains("10 samples"), "{first}");
    Looking { child, notes }
}

/// A consumer as the program tells of it.
#[derive(Debug)]
pub(crate) struct Told(Value);

impl Looking {
    /// Waits for its end; the consumers by their names.
    pub(crate) async fn ended(mut self) -> Vec<Told> {
        tokio::task::spawn_blocking(move || {
            let mut out = String::new();
            self.child.stdout.take().expect("its output").read_to_string(&mut out).expect("text");
            let mut notes = String::new();
            self.notes.read_to_string(&mut notes).expect("text");
            assert!(self.child.wait().expect("an end").success(), "{notes}");
            let document: Value = serde_json::from_str(&out).expect("a document");
            assert_eq!(document["partial"], Value::Null, "{notes}");
            // This server counts what is pending rightly.
            assert!(!out.contains("numbers disagree"), "{out}");
            document["consumers"].as_array().expect("consumers").iter().cloned().map(Told).collect()
        })
        .await
        .expect("the program's end")
    }
}

/// The lines of `check`, and its exit code.
pub(crate) async fn check(url: &str, window: Duration) -> (i32, String) {
    let (url, window) = (url.to_owned(), format!("{}ms", window.as_millis()));
    tokio::task::spawn_blocking(move || {
        let home = tempfile::tempdir().expect("a directory");
        let out = Command::new(env!("CARGO_BIN_EXE_jetscope"))
            .args(["check", "--all", "--window", &window, "--server", &url])
            .env_clear()
            .env("HOME", home.path())
            .output()
            .expect("the program");
        let told = String::from_utf8(out.stdout).expect("text");
        (out.status.code().unwrap_or_else(|| panic!("no exit code: {told}")), told)
    })
    .await
    .expect("the program's end")
}

/// The lines of `check` about a stream, or a consumer of it.
pub(crate) fn about(told: &str, place: &str) -> Vec<String> {
    let fits = |line: &&str| line.split_once(": ").is_some_and(|(head, _)| head.ends_with(&format!(" {place}")));
    told.lines().filter(fits).map(str::to_owned).collect()
}

/// The consumer of this name.
pub(crate) fn of<'a>(told: &'a [Told], name: &str) -> &'a Told {
    told.iter().find(|t| t.0["name"] == name).unwrap_or_else(|| panic!("{name} is not told of"))
}

impl Told {
    /// Demands the verdict, the flags (by their words) and a part of the sentence.
    pub(crate) fn is(&self, verdict: &str, flags: &[&str], sentence: &str) {
        let words: Vec<&str> = self.flags().iter().map(|f| f.split(['<', '>']).next().expect("a word")).collect();
        assert_eq!((self.0["verdict"].as_str(), words.as_slice()), (Some(verdict), flags), "{self:#?}");
        assert!(self.0["sentence"].as_str().is_some_and(|s| s.contains(sentence)), "{sentence:?} in {self:#?}");
    }

    pub(crate) fn flags(&self) -> Vec<&str> {
        self.0["flags"].as_array().expect("flags").iter().filter_map(Value::as_str).collect()
    }

    /// The number of a flag, such as 12 of `LOST<=12`.
    pub(crate) fn number(&self, flag: &str) -> u64 {
        let flags = self.flags();
        let text = flags.iter().find_map(|f| f.strip_prefix(flag)).unwrap_or_else(|| panic!("no {flag}: {self:#?}"));
        text.trim_start_matches(['<', '>', '=']).parse().expect("a number")
    }

    pub(crate) fn field(&self, field: &str) -> &Value {
        &self.0[field]
    }

    pub(crate) fn seconds(&self, field: &str) -> Option<f64> {
        self.0[field].as_f64()
    }
}
