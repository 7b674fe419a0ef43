//! Files of the state directory: whole at any time, locked while somebody works with them, and the record of what was
//! done. Replays and repositions keep theirs by the same rules.

use std::collections::BTreeSet;
use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _, OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::thread;
use std::time::Duration;

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::model::Owner;

/// How often a lock is tried for, and the pause between: who only looks whether it is held has it for a moment.
const TRIES: u32 = 5;
/// See [`TRIES`].
const PAUSE: Duration = Duration::from_millis(10);

/// What others may do with a file, as bits of its mode.
const OTHERS: u32 = 0o077;

/// Makes a directory, and those above it, into which nobody else can look.
pub fn make_dir(path: &Path) -> io::Result<()> {
    fs::DirBuilder::new().recursive(true).mode(0o700).create(path)
}

/// How files of the state directory are opened: what is made can be read by nobody else, whatever the umask.
pub fn private() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.mode(0o600);
    options
}

/// Takes away what others may do with the files that are there, as earlier versions made them. What cannot be changed
/// is not ours. Links are not followed.
pub fn keep_private(dir: &Path) {
    let close = |path: &Path, metadata: &fs::Metadata| {
        if metadata.mode() & OTHERS != 0 {
            let _ = fs::set_permissions(path, fs::Permissions::from_mode(metadata.mode() & 0o700));
        }
    };
    let Ok(metadata) = fs::metadata(dir) else { return };
    close(dir, &metadata);
    for entry in fs::read_dir(dir).into_iter().flatten().filter_map(Result::ok) {
        match entry.metadata() {
            Ok(metadata) if metadata.is_dir() => keep_private(&entry.path()),
            Ok(metadata) if metadata.is_file() => close(&entry.path(), &metadata),
            _ => {}
        }
    }
}

/// The file of a lock; it is made where it does not exist.
pub fn lock_file(path: &Path) -> io::Result<File> {
    private().create(true).truncate(false).write(true).open(path)
}

/// Locks a file until it is closed, however that happens; `None` when another process holds it.
pub fn lock(file: File) -> io::Result<Option<File>> {
    for _ in 0..TRIES {
        match file.try_lock() {
            Ok(()) => return Ok(Some(file)),
            Err(TryLockError::WouldBlock) => thread::sleep(PAUSE),
            Err(TryLockError::Error(error)) => return Err(error),
        }
    }
    Ok(None)
}

/// As [`lock`] of the file of this name. One that was removed meanwhile, as [`remove_lock`] does, is made again: who
/// holds a file that nobody finds any more holds nothing.
pub fn hold(path: &Path) -> io::Result<Option<File>> {
    loop {
        let Some(file) = lock(lock_file(path)?)? else { return Ok(None) };
        let held = file.metadata()?;
        match fs::metadata(path) {
            Ok(named) if (named.dev(), named.ino()) == (held.dev(), held.ino()) => return Ok(Some(file)),
            Ok(_) => {}
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(error),
        }
    }
}

/// Removes the file of a lock that nobody holds; one that is held stays.
pub fn remove_lock(path: &Path) -> io::Result<()> {
    let file = File::open(path)?;
    match file.try_lock() {
        Ok(()) => fs::remove_file(path),
        Err(TryLockError::WouldBlock) => Ok(()),
        Err(TryLockError::Error(error)) => Err(error),
    }
}

/// Removes the locks of this folder that are not wanted any more and that nobody holds. One that cannot be removed does
/// no harm.
pub fn prune_locks(dir: &Path, wanted: &BTreeSet<PathBuf>) {
    let files = fs::read_dir(dir).into_iter().flatten().filter_map(Result::ok).map(|entry| entry.path());
    for path in files.filter(|path| path.extension().is_some_and(|e| e == "lock") && !wanted.contains(path)) {
        let _ = remove_lock(&path);
    }
}

/// Whether a process holds the lock of this file.
pub fn is_held(path: &Path) -> bool {
    File::open(path).is_ok_and(|file| matches!(file.try_lock_shared(), Err(TryLockError::WouldBlock)))
}

/// Writes a file beside and renames it, so that there is always a whole one. `durable` survives also the end of the
/// machine.
pub fn replace(path: &Path, text: &[u8], durable: bool) -> io::Result<()> {
    let beside = path.with_extension("tmp");
    let mut file = private().create(true).truncate(true).write(true).open(&beside)?;
    file.write_all(text)?;
    if durable {
        file.sync_all()?;
    }
    drop(file);
    fs::rename(&beside, path)?;
    match path.parent().filter(|_| durable) {
        Some(dir) => File::open(dir)?.sync_all(),
        None => Ok(()),
    }
}

/// Reads a file of JSON; `None` when it is not there or cannot be read.
pub fn read<T: DeserializeOwned>(path: &Path) -> Option<T> {
    serde_json::from_slice(&super::read::bytes(path, super::read::LARGE).ok()?).ok()
}

/// A number for a text, to name files by (FNV-1a): the same in every version of the program.
pub fn hash(text: &str) -> u64 {
    text.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
}

/// This process.
pub fn owner() -> Owner {
    let of = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
    let host = fs::read_to_string("/etc/hostname").ok().map(|name| name.trim().to_owned()).filter(|n| !n.is_empty());
    Owner {
        pid: std::process::id(),
        host: host.or_else(|| of("HOSTNAME")).unwrap_or_else(|| "unknown".into()),
        user: of("USER").or_else(|| of("LOGNAME")).or_else(user).unwrap_or_else(|| "unknown".into()),
    }
}

/// Who runs this process, where the environment does not say: by the system's list of users, else the number.
fn user() -> Option<String> {
    let uid = fs::metadata("/proc/self").ok()?.uid();
    let users = fs::read_to_string("/etc/passwd").unwrap_or_default();
    let named = users.lines().find_map(|line| {
        let mut fields = line.split(':');
        let name = fields.next()?;
        (fields.nth(1)?.parse() == Ok(uid)).then(|| name.to_owned())
    });
    Some(named.unwrap_or_else(|| format!("user {uid}")))
}

/// Adds a line to `audit.jsonl` of a state directory; it is on the disk when this returns.
pub fn audit(state_dir: &Path, line: &impl Serialize) -> io::Result<()> {
    let mut text = serde_json::to_vec(line)?;
    text.push(b'\n');
    let mut file = private().create(true).append(true).open(state_dir.join("audit.jsonl"))?;
    file.write_all(&text)?;
    file.sync_data()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_runs_it_is_known_without_the_environment() {
        let uid = fs::metadata("/proc/self").unwrap().uid();
        let name = user().unwrap();
        let users = fs::read_to_string("/etc/passwd").unwrap_or_default();
        let listed =
            users.lines().any(|line| line.starts_with(&format!("{name}:")) && line.contains(&format!(":{uid}:")));
        assert!(listed || name == format!("user {uid}"), "{name}");
    }

    #[test]
    fn a_lock_that_is_removed_is_held_by_one_only() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("x.lock");
        let first = hold(&path).unwrap();
        assert!(first.is_some() && is_held(&path));
        remove_lock(&path).unwrap();
        assert!(path.exists(), "it is held");
        assert!(hold(&path).unwrap().is_none());
        // Who opened it before it was removed does not take the removed one for it.
        drop(first);
        let opened = lock_file(&path).unwrap();
        remove_lock(&path).unwrap();
        assert!(!path.exists());
        let second = hold(&path).unwrap();
        assert!(second.is_some() && lock(opened).unwrap().is_some(), "another file");
        assert!(hold(&path).unwrap().is_none() && is_held(&path));
    }
}
