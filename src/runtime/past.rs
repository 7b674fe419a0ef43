//! The file that keeps a history across restarts: one a context and account, written whole about once a minute and at
//! the end. Of two consoles the first writes it; the others read it once.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use crate::config::{Auth, Settings, read, state};
use crate::model::history::Room;
use crate::model::{History, Timestamp};

/// The folder in the state directory.
const FOLDER: &str = "history";

/// What came of opening a file.
#[derive(Debug, Default)]
pub(super) struct Opened {
    /// What was kept, if anything was.
    pub(super) past: Option<History>,
    /// What is worth telling.
    pub(super) note: Option<String>,
}

/// Keeps the history of the present context.
#[derive(Clone, Debug, Default)]
pub(super) struct Keeper(Arc<Mutex<Option<Kept>>>);

#[derive(Debug)]
struct Kept {
    name: String,
    key: String,
    path: PathBuf,
    most: usize,
    /// How new what was written last was.
    newest: Option<Timestamp>,
    /// Held as long as the file is ours.
    _lock: File,
}

/// The name of the file of these settings; `None` where no history is kept.
pub(super) fn name(settings: &Settings) -> Option<String> {
    settings.config.history.keep.then(|| format!("{:016x}", state::hash(&key(settings))))
}

/// Which history it is: of which context, which servers, which user. It holds no secret, only the hash of a name.
fn key(settings: &Settings) -> String {
    let connection = &settings.connection;
    let who = match &connection.auth {
        Auth::None => String::new(),
        Auth::User(user, _) => format!("user {:016x}", state::hash(user.reveal())),
        Auth::Creds(from) | Auth::Nkey(from) => match from.path() {
            Some(path) => path.display().to_string(),
            None => "held".to_owned(),
        },
        // Of these nothing may be written down, not even a hash.
        Auth::Token(_) => "token".to_owned(),
        Auth::Jwt(..) => "jwt".to_owned(),
    };
    let context = connection.context.as_deref().unwrap_or_default();
    format!("{context}\n{}\n{}\n{who}", connection.shown(), connection.api_prefix)
}

impl Keeper {
    /// Reads what was kept for these settings, and keeps that from now on, unless another process does.
    pub(super) fn open(&self, settings: &Settings) -> Opened {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        // The lock before goes first: it may be the same.
        *kept = None;
        let Some(name) = name(settings) else { return Opened::default() };
        let folder = settings.state_dir().join(FOLDER);
        let path = folder.join(&name);
        let key = key(settings);
        let room = Room::of_setting(settings.config.history.mebibytes << 20);
        let mut opened = Opened::default();
        let lock = state::make_dir(&folder)
            .and_then(|()| state::lock_file(&path.with_extension("lock")))
            .and_then(state::lock);
        let ours = match lock {
            Ok(Some(lock)) => {
                let most = settings.config.history.file_mebibytes << 20;
                *kept = Some(Kept { name, key: key.clone(), path: path.clone(), most, newest: None, _lock: lock });
                true
            }
            Ok(None) => {
                let words = "another console keeps the history of this context; this one has only read it";
                opened.note = Some(words.to_owned());
                false
            }
            Err(error) => {
                opened.note = Some(format!("the history cannot be kept in {}: {error}", folder.display()));
                false
            }
        };
        match kept_in(&path, &key, room) {
            Ok(past) => opened.past = past,
            Err(reason) => opened.note = Some(set_aside(&path, &reason, ours)),
        }
        opened
    }

    /// Writes a history, if it is that of the file which is ours. Blocks.
    pub(super) fn keep(&self, name: &str, past: &History) {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(kept) = kept.as_mut().filter(|kept| kept.name == name && !past.is_empty()) else { return };
        // The last of all is written at the end, whatever waits to be written before.
        if kept.newest > Some(past.newest()) {
            return;
        }
        kept.newest = Some(past.newest());
        if let Err(error) = state::replace(&kept.path, &past.encode(&kept.key, kept.most), false) {
            tracing::warn!(%error, path = %kept.path.display(), "the history could not be kept");
        }
    }
}

fn kept_in(path: &Path, key: &str, room: Room) -> Result<Option<History>, String> {
    let bytes = match read::bytes(path, u64::MAX) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error.to_string()),
    };
    History::decode(&bytes, key, room).map(Some).map_err(|broken| broken.to_string())
}

/// A file that cannot be used is kept beside, so that the next one can be written.
fn set_aside(path: &Path, reason: &str, ours: bool) -> String {
    let beside = path.with_extension("set-aside");
    if ours && fs::rename(path, &beside).is_ok() {
        return format!("the history that was kept cannot be used: {reason}; it is now {}", beside.display());
    }
    format!("the history that was kept cannot be used: {reason}")
}

#[cfg(test)]
mod tests {
    use std::sync::Arc as Shared;

    use super::*;
    use crate::config::{Env, Flags};
    use crate::model::history::Change;
    use crate::model::{Catalog, Stream, Update};

    fn settings(dir: &Path, server: &str) -> Settings {
        let config = dir.join("config.toml");
        fs::write(&config, "[history]\nkeep = true\n").unwrap();
        let env = Env::of([("XDG_STATE_HOME", dir.to_str().unwrap()), ("XDG_CONFIG_HOME", dir.to_str().unwrap())]);
        let flags = Flags { server: Some(server.into()), config: Some(config), ..Default::default() };
        Settings::load(&flags, &env).unwrap()
    }

    fn past(messages: u64) -> History {
        let (mut catalog, mut past) = (Catalog::default(), History::default());
        for second in 1..=messages {
            let at = Timestamp::from_secs(1_000 + second as i64);
            let mut s = Stream { name: "orders".into(), taken: at, ..Default::default() };
            (s.state.messages, s.state.first_seq, s.state.last_seq) = (second, 1, second);
            let update = Update::Stream(Shared::new(s));
            let change = Change::of(&update);
            catalog.apply(update);
            past.note(&change, &catalog, at);
        }
        past
    }

    fn newest(opened: &Opened) -> Option<u64> {
        let past = opened.past.as_ref()?;
        let seen = past.stream("orders", Timestamp(0), Timestamp(i64::MAX));
        seen.last().map(|s| s.sample.messages)
    }

    #[test]
    fn the_second_run_knows_what_the_first_did() {
        let dir = tempfile::tempdir().unwrap();
        let settings = settings(dir.path(), "nats://a:4222");
        let name = name(&settings).unwrap();
        let first = Keeper::default();
        let opened = first.open(&settings);
        assert!(opened.past.is_none() && opened.note.is_none());
        first.keep(&name, &past(100));
        // While it runs another console reads, and writes nothing.
        let second = Keeper::default();
        let opened = second.open(&settings);
        assert_eq!(newest(&opened), Some(100));
        assert!(opened.note.unwrap().contains("another console keeps"));
        second.keep(&name, &past(7));
        first.keep("another", &past(8));
        drop(first);
        let third = Keeper::default();
        let opened = third.open(&settings);
        assert_eq!((newest(&opened), opened.note), (Some(100), None));
        let end = Timestamp::from_secs(1_100);
        let past = opened.past.unwrap();
        assert_eq!(
            past.gap(end.plus(std::time::Duration::from_secs(9))),
            Some((end, None)),
            "since then nobody looked"
        );
        // Nothing else lies about.
        let mut files: Vec<_> = fs::read_dir(dir.path().join("jetscope/history"))
            .unwrap()
            .map(|e| e.unwrap().path().extension().map(std::ffi::OsStr::to_owned))
            .collect();
        files.sort();
        assert_eq!(files, [None, Some("lock".into())]);
    }

    #[test]
    fn what_is_broken_or_of_another_is_set_aside() {
        let dir = tempfile::tempdir().unwrap();
        let (a, b) = (settings(dir.path(), "nats://a:4222"), settings(dir.path(), "nats://b:4222"));
        assert_ne!(name(&a), name(&b));
        let folder = dir.path().join("jetscope/history");
        let path = folder.join(name(&a).unwrap());
        fs::create_dir_all(&folder).unwrap();
        let good = past(50).encode(&key(&a), 1 << 20);
        let mut flipped = good.clone();
        flipped[good.len() / 2] ^= 1;
        for (bytes, part) in [
            (b"something else".to_vec(), "no history that this version"),
            (vec![], "no history that this version"),
            (good[..good.len() - 9].to_vec(), "damaged"),
            (flipped, "damaged"),
            (past(50).encode(&key(&b), 1 << 20), "another server or account"),
        ] {
            fs::write(&path, &bytes).unwrap();
            let keeper = Keeper::default();
            let opened = keeper.open(&a);
            let note = opened.note.unwrap_or_default();
            assert!(opened.past.is_none() && note.contains(part), "{part}: {note}");
            assert_eq!(fs::read(path.with_extension("set-aside")).unwrap(), bytes);
            keeper.keep(&name(&a).unwrap(), &past(3));
            assert_eq!(newest(&keeper.open(&a)), Some(3));
        }
    }

    #[test]
    fn who_keeps_nothing_touches_nothing() {
        let dir = tempfile::tempdir().unwrap();
        let mut settings = settings(dir.path(), "nats://a:4222");
        settings.config.history.keep = false;
        let opened = Keeper::default().open(&settings);
        assert!(opened.past.is_none() && opened.note.is_none() && !dir.path().join("jetscope").exists());
        assert_eq!(name(&settings), None);
    }
}
