//! What survives a reposition: a file for each in the state directory, with the old position and the whole
//! configuration, which is on the disk before anything is written to the server.
//!
//! A record whose stage is still [`Stage::Begun`] while nobody holds the lock of its consumer was broken off.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::config::state;
use crate::model::reposition::{Method, Outcome, Stage, Target};
use crate::model::{Owner, Timestamp};

/// The folder in the state directory.
const FOLDER: &str = "repositions";
/// How many are kept.
const KEPT: usize = 100;

/// Which servers, and which part of them.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Origin {
    /// The context's name.
    pub context: Option<String>,
    /// The servers.
    pub servers: String,
    /// The prefix of the API.
    pub prefix: String,
}

impl Origin {
    /// The same streams are meant.
    pub(super) fn is(&self, other: &Self) -> bool {
        let same = self.servers == other.servers || (self.context.is_some() && self.context == other.context);
        same && self.prefix == other.prefix
    }
}

/// One reposition.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Record {
    /// Its name.
    pub id: String,
    /// When it began.
    pub made: Timestamp,
    /// How it ended.
    pub stage: Stage,
    /// Where.
    pub origin: Origin,
    /// Who.
    pub owner: Owner,
    /// The stream.
    pub stream: String,
    /// The consumer.
    pub consumer: String,
    /// When the stream was created.
    pub stream_created: Option<Timestamp>,
    /// When the consumer was created, as it is at the end.
    pub consumer_created: Option<Timestamp>,
    /// What was asked for.
    pub target: Target,
    /// How.
    pub method: Method,
    /// The last sequence that was delivered before.
    pub delivered: u64,
    /// The sequence up to which everything was acked before.
    pub ack_floor: u64,
    /// Messages in flight that were given up.
    pub given_up: u64,
    /// The new position.
    pub to: u64,
    /// It was paused before, until then.
    pub paused_before: Option<Timestamp>,
    /// Our own pause ends then, whatever happens to us.
    pub pause_ends: Option<Timestamp>,
    /// The one that this takes back.
    pub undoes: Option<String>,
    /// The one that took this back.
    pub undone_by: Option<String>,
    /// Why it failed.
    pub why: Option<String>,
    /// What came of it, where it was moved.
    #[serde(default)]
    pub outcome: Option<Outcome>,
    /// The consumer's configuration before.
    pub config: Map<String, Value>,
}

impl Record {
    /// The sequence that undo goes back to.
    pub const fn from(&self) -> u64 {
        self.ack_floor.saturating_add(1)
    }

    /// It has no end.
    pub(super) const fn is_unfinished(&self) -> bool {
        matches!(self.stage, Stage::Begun | Stage::Deleted)
    }

    /// Undo can take it back.
    pub(super) fn can_be_undone(&self) -> bool {
        let moved = matches!(self.stage, Stage::Begun | Stage::Deleted | Stage::Completed);
        moved && self.undone_by.is_none() && (self.undoes.is_none() || self.stage == Stage::Deleted)
    }
}

/// The records of a state directory.
#[derive(Clone, Debug)]
pub(super) struct Records {
    state_dir: PathBuf,
}

/// Held as long as a consumer is being moved.
#[derive(Debug)]
pub(super) struct Lock(#[expect(dead_code, reason = "held, not read")] File);

impl Records {
    pub(super) fn new(state_dir: impl Into<PathBuf>) -> Self {
        Self { state_dir: state_dir.into() }
    }

    fn dir(&self) -> PathBuf {
        self.state_dir.join(FOLDER)
    }

    /// The file of a record.
    pub(super) fn path(&self, id: &str) -> PathBuf {
        self.dir().join(format!("{id}.json"))
    }

    /// Holds a consumer; none where another process does.
    pub(super) fn lock(&self, origin: &Origin, stream: &str, consumer: &str) -> io::Result<Option<Lock>> {
        state::make_dir(&self.dir())?;
        let path = self.lock_path(origin, stream, consumer);
        Ok(state::hold(&path)?.map(Lock))
    }

    fn lock_path(&self, origin: &Origin, stream: &str, consumer: &str) -> PathBuf {
        let place = format!("{}\n{}\n{stream}\n{consumer}", origin.servers, origin.prefix);
        self.dir().join(format!("{:016x}.lock", state::hash(&place)))
    }

    /// Writes a record; it is on the disk when this returns, and there is always a whole one.
    pub(super) fn save(&self, record: &Record) -> io::Result<()> {
        state::make_dir(&self.dir())?;
        state::replace(&self.path(&record.id), &serde_json::to_vec_pretty(record)?, true)
    }

    /// All that can be read, the newest first.
    pub(super) fn all(&self) -> Vec<Record> {
        let files = fs::read_dir(self.dir()).into_iter().flatten().filter_map(Result::ok).map(|entry| entry.path());
        let files = files.filter(|path| path.extension().is_some_and(|e| e == "json"));
        let mut all: Vec<Record> = files.filter_map(|path| state::read(&path)).collect();
        all.sort_by(|a, b| b.made.cmp(&a.made).then_with(|| b.id.cmp(&a.id)));
        all
    }

    /// The newest that can be taken back, of one consumer or of all.
    pub(super) fn newest(&self, origin: &Origin, of: Option<(&str, &str)>) -> Option<Record> {
        self.all().into_iter().find(|record| {
            record.can_be_undone()
                && record.origin.is(origin)
                && of.is_none_or(|(stream, consumer)| record.stream == stream && record.consumer == consumer)
        })
    }

    /// Those that were broken off: nobody runs them, they have no end, and nothing came after them.
    pub(super) fn left_over(&self, origin: &Origin) -> Vec<Record> {
        let mut seen = BTreeSet::new();
        let newest = self
            .all()
            .into_iter()
            .filter(|record| record.origin.is(origin) && seen.insert((record.stream.clone(), record.consumer.clone())));
        newest.filter(|record| record.is_unfinished() && !self.is_held(record)).collect()
    }

    /// Removes old ones. What was broken off stays, since nobody else may know of it; so does what cannot be removed.
    pub(super) fn prune(&self) {
        let mut seen: Vec<(Origin, String, String)> = Vec::new();
        for (i, record) in self.all().into_iter().enumerate() {
            let of = |(origin, stream, consumer): &(Origin, String, String)| {
                origin.is(&record.origin) && *stream == record.stream && *consumer == record.consumer
            };
            let newest = !seen.iter().any(of);
            if newest {
                seen.push((record.origin.clone(), record.stream.clone(), record.consumer.clone()));
            }
            if i >= KEPT && !(newest && record.is_unfinished()) {
                let _ = fs::remove_file(self.path(&record.id));
            }
        }
        self.prune_locks();
    }

    /// Removes locks of consumers of which nothing is written down any more.
    fn prune_locks(&self) {
        let of = |record: &Record| self.lock_path(&record.origin, &record.stream, &record.consumer);
        state::prune_locks(&self.dir(), &self.all().iter().map(of).collect());
    }

    /// Whether a process moves this consumer now.
    pub(super) fn is_held(&self, record: &Record) -> bool {
        state::is_held(&self.lock_path(&record.origin, &record.stream, &record.consumer))
    }

    /// Adds a line to the record of what was done; it is on the disk when this returns.
    pub(super) fn audit(&self, record: &Record, at: Timestamp, verified: Option<bool>) -> io::Result<()> {
        let line = Line {
            at,
            who: &record.owner.user,
            host: &record.owner.host,
            pid: record.owner.pid,
            context: record.origin.context.as_deref(),
            servers: &record.origin.servers,
            action: if record.undoes.is_some() { "reposition undo" } else { "reposition" },
            id: &record.id,
            source: format!("{}/{}", record.stream, record.consumer),
            method: record.method,
            target: record.target.to_string(),
            from: record.from(),
            to: record.to,
            given_up: record.given_up,
            undoes: record.undoes.as_deref(),
            state: record.stage,
            verified,
            why: record.why.as_deref(),
        };
        state::audit(&self.state_dir, &line)
    }
}

/// One line of `audit.jsonl`.
#[derive(Debug, Serialize)]
struct Line<'a> {
    at: Timestamp,
    who: &'a str,
    host: &'a str,
    pid: u32,
    context: Option<&'a str>,
    servers: &'a str,
    action: &'static str,
    id: &'a str,
    source: String,
    method: Method,
    target: String,
    from: u64,
    to: u64,
    given_up: u64,
    undoes: Option<&'a str>,
    state: Stage,
    verified: Option<bool>,
    why: Option<&'a str>,
}

/// A name that sorts by time and can be a file's.
pub(super) fn id(at: Timestamp, stream: &str, consumer: &str) -> String {
    let plain = |text: &str| -> String {
        text.chars().filter(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_')).take(40).collect()
    };
    let time: String = at.to_string().chars().filter(char::is_ascii_digit).take(17).collect();
    format!("{time:0<17}-{}-{}", plain(stream), plain(consumer))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(id: &str, stage: Stage) -> Record {
        Record {
            id: id.into(),
            made: Timestamp::from_secs(id.len() as i64),
            stage,
            origin: Origin { servers: "nats://a".into(), prefix: "$JS.API".into(), context: None },
            owner: Owner::default(),
            stream: "S".into(),
            consumer: "c".into(),
            stream_created: None,
            consumer_created: None,
            target: Target::Start,
            method: Method::Reset,
            delivered: 9,
            ack_floor: 7,
            given_up: 0,
            to: 1,
            paused_before: None,
            pause_ends: None,
            undoes: None,
            undone_by: None,
            why: None,
            outcome: None,
            config: Map::new(),
        }
    }

    #[test]
    fn the_newest_that_was_done_is_taken_back() {
        let dir = tempfile::tempdir().unwrap();
        let records = Records::new(dir.path());
        let here = record("x", Stage::Completed).origin;
        assert_eq!(records.newest(&here, None), None);
        for (id, stage) in [("a", Stage::Completed), ("bb", Stage::Completed), ("ccc", Stage::Failed)] {
            records.save(&record(id, stage)).unwrap();
        }
        assert_eq!(records.newest(&here, None).unwrap().id, "bb");
        assert_eq!(records.newest(&here, Some(("S", "other"))), None);
        let elsewhere = Origin { servers: "nats://b".into(), ..here.clone() };
        assert_eq!(records.newest(&elsewhere, None), None);
        records.save(&Record { undone_by: Some("d".into()), ..record("bb", Stage::Completed) }).unwrap();
        assert_eq!(records.newest(&here, None).unwrap().id, "a");
    }

    #[test]
    fn what_begun_and_is_not_held_was_broken_off() {
        let dir = tempfile::tempdir().unwrap();
        let records = Records::new(dir.path());
        let one = record("a", Stage::Begun);
        records.save(&one).unwrap();
        let held = records.lock(&one.origin, "S", "c").unwrap();
        assert!(held.is_some() && records.left_over(&one.origin).is_empty());
        assert!(records.lock(&one.origin, "S", "c").unwrap().is_none(), "two at once");
        drop(held);
        assert_eq!(records.left_over(&one.origin).len(), 1);
    }

    #[test]
    fn old_ones_are_removed_but_not_what_was_broken_off() {
        let dir = tempfile::tempdir().unwrap();
        let records = Records::new(dir.path());
        let made = |n: usize, stage, consumer: &str| {
            let made = Timestamp::from_secs(n as i64);
            let record = Record { made, consumer: consumer.into(), ..record(&format!("{n:04}"), stage) };
            records.save(&record).unwrap();
        };
        made(0, Stage::Deleted, "gone");
        made(1, Stage::Begun, "c");
        (2..KEPT + 10).for_each(|n| made(n, Stage::Completed, "c"));
        let lock = |consumer: &str| records.lock_path(&record("x", Stage::Begun).origin, "S", consumer);
        for consumer in ["forgotten", "c", "held"] {
            drop(state::lock_file(&lock(consumer)).unwrap());
        }
        let held = records.lock(&record("x", Stage::Begun).origin, "S", "held").unwrap();
        records.prune();
        let there = ["forgotten", "c", "held"].map(|consumer| lock(consumer).exists());
        assert_eq!(there, [false, true, true], "only what nobody needs is removed");
        drop(held);
        let ids: Vec<String> = records.all().into_iter().map(|record| record.id).collect();
        assert_eq!(ids.len(), KEPT + 1, "{ids:?}");
        assert_eq!((ids[0].as_str(), ids[KEPT - 1].as_str(), ids[KEPT].as_str()), ("0109", "0010", "0000"));
    }

    #[test]
    fn names_are_plain() {
        let at = Timestamp::parse("2026-11-20T13:50:07.5Z").unwrap();
        assert_eq!(id(at, "a/../b", "c\u{1b}"), "20261120135007500-ab-c");
    }
}
