//! What survives a run: a folder a replay, with its plan, its checkpoint, its lock and what it was told by others.
//!
//! `plan.json` is on the disk before the first copy is sent. `checkpoint.json` is written beside and renamed, so
//! there is always a whole one; where the destination can be read again it is only where reading begins, and losing
//! it costs time, nothing else. `lock` is held as long as the run lives: the system lets go of it however the owner
//! ends. `control-….json` are what other processes want of the owner, in the order of their names.

#[cfg(test)]
mod tests;

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};

use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::config::state::{self, hash, is_held, make_dir, read};
use crate::event::clean_line;
use crate::model::Owner;
use crate::model::replay::{Control, Counters, Pace, Plan, Progress, Run, State};
use crate::nats;

/// The folder of all replays in the state directory.
const REPLAYS: &str = "replays";
/// How the files begin that tell a replay something.
const CONTROL: &str = "control-";
/// Replays that are kept after their end.
const KEPT: usize = 100;
/// How many files that tell something this process has written.
static TOLD: AtomicU32 = AtomicU32::new(0);

/// Why a journal cannot be used.
#[derive(Debug, Error)]
pub enum JournalError {
    /// A file operation failed.
    #[error("the journal {path} cannot be {what}: {error}")]
    Io {
        /// The file.
        path: PathBuf,
        /// Read, written.
        what: &'static str,
        /// The system's words.
        error: io::Error,
    },
    /// There is no such replay.
    #[error("there is no replay {id} on this machine; `jetscope replay list` shows those that there are")]
    Unknown {
        /// As asked for.
        id: String,
    },
    /// It was run before.
    #[error(
        "the plan {id} was run before; `jetscope replay resume {id}` goes on with it, another run needs a new plan"
    )]
    Again {
        /// The replay.
        id: String,
    },
    /// Another process runs it.
    #[error("replay {id} is running in {owner}; tell it with `jetscope replay pause|resume|cancel {id}`")]
    Running {
        /// The replay.
        id: String,
        /// The process.
        owner: String,
    },
    /// It has ended for good.
    #[error("replay {id} is {state}; there is nothing to be resumed or cancelled")]
    Over {
        /// The replay.
        id: String,
        /// Its state.
        state: State,
    },
    /// It is told something, and nobody is there to hear it.
    #[error("nobody runs replay {id}; resume it, or cancel it")]
    Nobody {
        /// The replay.
        id: String,
    },
    /// Its plan cannot be read.
    #[error(
        "the plan of replay {id} cannot be read ({path}: {error}), so nobody can go on with it. What arrived of it bears \
         its ID: look at the destination, make a new plan for the rest, and remove the folder {}",
        path.parent().unwrap_or(path).display()
    )]
    Broken {
        /// The replay.
        id: String,
        /// The file.
        path: PathBuf,
        /// Why.
        error: String,
    },
    /// There is another one between the same places.
    #[error(
        "replay {id} from the same source to the same destination {}",
        if *.running { format!("is {state}; wait for its end, or cancel it") }
        else { "was interrupted; resume it or cancel it first".to_owned() }
    )]
    Busy {
        /// The other.
        id: String,
        /// Its state.
        state: State,
        /// A process runs it.
        running: bool,
    },
}

/// Where a replay can go on.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Checkpoint {
    /// Everything up to this position has arrived or was left out.
    pub position: u64,
    /// The highest sequence that a copy up to there has at the destination.
    pub destination_seq: u64,
    /// What became of everything up to there.
    pub counters: Counters,
    /// These were refused, and are passed over.
    pub passed: BTreeSet<u64>,
    /// Nothing behind this position was ever handed over, where that is kept.
    pub reserved: u64,
    /// Nothing was ever handed over. Not written: what is read may be older than what was sent.
    #[serde(skip)]
    pub afresh: bool,
    /// As it is shown.
    pub progress: Progress,
    /// Who wrote it.
    pub owner: Owner,
}

impl Checkpoint {
    /// How fast it went when it was written, which may be another pace than the plan's.
    pub fn pace(&self, plan: &Plan) -> Pace {
        if self.progress.id.is_empty() { plan.pace } else { self.progress.pace }
    }
}

/// The folder of one replay, held by this process.
#[derive(Debug)]
pub struct Journal {
    journals: Journals,
    dir: PathBuf,
    /// Held, not read.
    locks: Vec<File>,
}

impl JournalError {
    /// The folder, or the file, is not there.
    pub fn is_missing(&self) -> bool {
        matches!(self, Self::Io { error, .. } if error.kind() == io::ErrorKind::NotFound)
    }
}

fn io_error(path: &Path, what: &'static str) -> impl FnOnce(io::Error) -> JournalError {
    let path = path.to_owned();
    move |error| JournalError::Io { path, what, error }
}

/// A lock that is held as long as the file is open; `None` when another process holds it.
fn lock(path: &Path) -> Result<Option<File>, JournalError> {
    state::hold(path).map_err(io_error(path, "locked"))
}

fn replace(path: &Path, text: &[u8], durable: bool) -> Result<(), JournalError> {
    state::replace(path, text, durable).map_err(io_error(path, "written"))
}

fn json<T: Serialize>(value: &T) -> Vec<u8> {
    // Plans and checkpoints have no maps with odd keys: they can always be written.
    serde_json::to_vec_pretty(value).unwrap_or_default()
}

/// The replays of a state directory.
#[derive(Clone, Debug)]
pub struct Journals {
    state_dir: PathBuf,
}

impl Journals {
    /// In this state directory.
    pub fn new(state_dir: impl Into<PathBuf>) -> Self {
        Self { state_dir: state_dir.into() }
    }

    /// The state directory.
    pub fn state_dir(&self) -> &Path {
        &self.state_dir
    }

    fn dir(&self, id: &str) -> Result<PathBuf, JournalError> {
        let plain = !id.is_empty() && id.chars().all(|c| c.is_ascii_alphanumeric() || c == '-');
        if !plain {
            return Err(JournalError::Unknown { id: clean_line(id).into_owned() });
        }
        Ok(self.state_dir.join(REPLAYS).join(id))
    }

    /// The lock of all replays between the same places.
    fn between(&self, plan: &Plan) -> PathBuf {
        self.state_dir.join(REPLAYS).join(format!("{:016x}.lock", hash(&between(plan))))
    }

    /// Makes the folder of a new replay and holds it. The plan is on the disk when this returns.
    pub fn begin(&self, plan: &Plan) -> Result<Journal, JournalError> {
        let dir = self.dir(&plan.id)?;
        make_dir(&dir).map_err(io_error(&dir, "made"))?;
        let path = dir.join("plan.json");
        if path.exists() {
            return Err(JournalError::Again { id: plan.id.clone() });
        }
        let held = self.hold(&dir, plan).and_then(|locks| {
            let others = self.list();
            alone(plan, &others).map(|()| (locks, others))
        });
        let (locks, others) = held.inspect_err(|_| drop(fs::remove_dir_all(&dir)))?;
        self.note_plan(&dir, plan)?;
        self.prune(others);
        Ok(Journal { journals: self.clone(), dir, locks })
    }

    /// Writes the plan; it is on the disk when this returns.
    fn note_plan(&self, dir: &Path, plan: &Plan) -> Result<(), JournalError> {
        replace(&dir.join("plan.json"), &json(plan), true)?;
        let parent = self.state_dir.join(REPLAYS);
        File::open(&parent).and_then(|d| d.sync_all()).map_err(io_error(&parent, "written"))
    }

    /// Removes old ones of these that have ended; what was done stays in `audit.jsonl`. Those that were interrupted stay, and so
    /// does what cannot be removed.
    fn prune(&self, runs: Vec<Run>) {
        let (ended, open): (Vec<Run>, Vec<Run>) = runs.into_iter().partition(|run| run.progress.state.is_over());
        let (kept, old) = ended.split_at(ended.len().min(KEPT));
        let mut wanted: BTreeSet<PathBuf> = open.iter().chain(kept).map(|run| self.between(&run.plan)).collect();
        for run in old {
            let Ok(dir) = self.dir(&run.plan.id) else { continue };
            // One that has failed may be gone on with just now.
            if let Ok(Some(_held)) = lock(&dir.join("lock")) {
                let _ = fs::remove_dir_all(&dir);
            } else {
                wanted.insert(self.between(&run.plan));
            }
        }
        state::prune_locks(&self.state_dir.join(REPLAYS), &wanted);
    }

    fn hold(&self, dir: &Path, plan: &Plan) -> Result<Vec<File>, JournalError> {
        let id = || plan.id.clone();
        let Some(own) = lock(&dir.join("lock"))? else {
            return Err(JournalError::Running { id: id(), owner: owner_of(dir) });
        };
        let Some(all) = lock(&self.between(plan))? else {
            let other = self.list().into_iter().find(|run| !run.orphaned && between(&run.plan) == between(plan));
            let (id, state) = other.map_or_else(|| (id(), State::Running), |run| (run.plan.id, run.progress.state));
            return Err(JournalError::Busy { id, state, running: true });
        };
        Ok(vec![own, all])
    }

    /// Holds a replay that nobody runs, to go on with it or to end it.
    pub fn take_up(&self, id: &str) -> Result<(Journal, Plan, Checkpoint), JournalError> {
        let run = self.show(id)?;
        let dir = self.dir(id)?;
        let locks = self.hold(&dir, &run.plan)?;
        let checkpoint: Checkpoint = read(&dir.join("checkpoint.json")).unwrap_or_default();
        let state = checkpoint.progress.state;
        if matches!(state, State::Completed | State::Cancelled) {
            return Err(JournalError::Over { id: id.to_owned(), state });
        }
        // What it was told before it died.
        let _ = told(&dir);
        Ok((Journal { journals: self.clone(), dir, locks }, run.plan, checkpoint))
    }

    /// One replay.
    pub fn show(&self, id: &str) -> Result<Run, JournalError> {
        let dir = self.dir(id)?;
        let plan = plan_in(id, &dir)?;
        let checkpoint: Option<Checkpoint> = read(&dir.join("checkpoint.json"));
        let mut progress = checkpoint.as_ref().map(|c| c.progress.clone()).unwrap_or_default();
        if progress.id.is_empty() {
            // It died before its first checkpoint.
            progress =
                Progress { id: plan.id.clone(), state: State::Running, planned: plan.amounts.planned, ..progress };
        }
        let held = is_held(&dir.join("lock"));
        let orphaned = !held && !progress.state.is_over();
        Ok(Run { plan, progress, owner: checkpoint.map(|c| c.owner), orphaned })
    }

    fn ids(&self) -> impl Iterator<Item = String> {
        let entries = fs::read_dir(self.state_dir.join(REPLAYS)).into_iter().flatten().filter_map(Result::ok);
        entries.filter_map(|entry| entry.file_name().to_str().map(str::to_owned))
    }

    /// Those whose plan cannot be read, the newest first: [`JournalError::Broken`] each.
    pub fn broken(&self) -> Vec<JournalError> {
        let mut ids: Vec<String> = self.ids().collect();
        ids.sort_unstable_by(|a, b| b.cmp(a));
        let broken = |id: String| {
            let dir = self.dir(&id).ok()?;
            plan_in(&id, &dir).err().filter(|error| matches!(error, JournalError::Broken { .. }))
        };
        ids.into_iter().filter_map(broken).collect()
    }

    /// All replays, the newest first.
    pub fn list(&self) -> Vec<Run> {
        let mut runs: Vec<Run> = self.ids().filter_map(|id| self.show(&id).ok()).collect();
        runs.sort_by(|a, b| b.plan.made.cmp(&a.plan.made).then_with(|| b.plan.id.cmp(&a.plan.id)));
        runs
    }

    /// Tells the process that runs a replay something.
    pub fn tell(&self, id: &str, control: Control) -> Result<(), JournalError> {
        let dir = self.dir(id)?;
        let nth = TOLD.fetch_add(1, Ordering::Relaxed);
        let name = format!("{CONTROL}{:020}-{}-{nth:06}.json", nats::now().0, std::process::id());
        replace(&dir.join(name), &json(&control), false)
    }
}

impl Journal {
    /// The folder.
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// Makes the folder again after somebody has deleted it, and holds it as before.
    pub fn remake(&mut self, plan: &Plan) -> Result<(), JournalError> {
        make_dir(&self.dir).map_err(io_error(&self.dir, "made"))?;
        // One of them may still be there, and would be in our own way.
        self.locks.clear();
        self.locks = self.journals.hold(&self.dir, plan)?;
        self.journals.note_plan(&self.dir, plan)
    }

    /// Writes where to go on. `durable` survives also the end of the machine.
    pub fn save(&self, checkpoint: &Checkpoint, durable: bool) -> Result<(), JournalError> {
        save(&self.dir, checkpoint, durable)
    }
}

/// The plan in the folder of a replay.
fn plan_in(id: &str, dir: &Path) -> Result<Plan, JournalError> {
    let path = dir.join("plan.json");
    let broken = |path: PathBuf, error: String| JournalError::Broken { id: id.to_owned(), path, error };
    match crate::config::read::bytes(&path, crate::config::read::LARGE) {
        Ok(text) => serde_json::from_slice(&text).map_err(|error| broken(path, clean_line(&error.to_string()).into())),
        // Where a replay was begun, its plan was written before.
        Err(error) if error.kind() == io::ErrorKind::NotFound && !dir.join("checkpoint.json").exists() => {
            Err(JournalError::Unknown { id: id.to_owned() })
        }
        Err(error) => Err(broken(path, error.to_string())),
    }
}

/// What other processes want of a replay whose folder this is, each once, in order.
pub(super) fn told(dir: &Path) -> Vec<Control> {
    let entries = fs::read_dir(dir).into_iter().flatten().filter_map(Result::ok).map(|entry| entry.path());
    let is_told = |path: &PathBuf| {
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        name.starts_with(CONTROL) && path.extension().is_some_and(|e| e == "json")
    };
    let mut paths: Vec<PathBuf> = entries.filter(is_told).collect();
    paths.sort();
    let take = |path: PathBuf| {
        let control = read(&path);
        let _ = fs::remove_file(path);
        control
    };
    paths.into_iter().filter_map(take).collect()
}

/// Writes a checkpoint into the folder of a replay that this process holds.
pub(super) fn save(dir: &Path, checkpoint: &Checkpoint, durable: bool) -> Result<(), JournalError> {
    replace(&dir.join("checkpoint.json"), &json(checkpoint), durable)?;
    // Who deletes the folder just while this is written leaves it there, with nothing else in it.
    let plan = dir.join("plan.json");
    fs::metadata(&plan).map(drop).map_err(io_error(&plan, "read"))
}

/// That none of these between the same places was interrupted. What has failed may be given up without a word.
fn alone(plan: &Plan, others: &[Run]) -> Result<(), JournalError> {
    let unfinished = |run: &Run| run.progress.state.can_resume() && run.progress.state != State::Failed;
    let same = |run: &Run| run.plan.id != plan.id && between(&run.plan) == between(plan);
    match others.iter().find(|run| same(run) && unfinished(run)) {
        Some(Run { plan, progress, orphaned, .. }) => {
            Err(JournalError::Busy { id: plan.id.clone(), state: progress.state, running: !orphaned })
        }
        None => Ok(()),
    }
}

/// What two replays must not have in common while both run. A stream is known by when it was made, however one connects
/// to it.
fn between(plan: &Plan) -> String {
    let place = match plan.capture.as_ref().and_then(|c| c.created.map(|at| (at, &c.stream))) {
        Some((at, stream)) => format!("{stream} of {}", at.0),
        None => plan.context.clone().unwrap_or_else(|| plan.servers.clone()),
    };
    let to = plan.destination.template().map_or_else(|| plan.destination.to_string(), str::to_owned);
    format!("{place}\n{}\n{to}", plan.selection.name())
}

fn owner_of(dir: &Path) -> String {
    read::<Checkpoint>(&dir.join("checkpoint.json")).map_or_else(
        || "another process".into(),
        |c| format!("process {} on {}", c.owner.pid, clean_line(&c.owner.host)),
    )
}
