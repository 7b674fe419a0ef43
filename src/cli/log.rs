//! The log: a file a day in the state directory, never the terminal.
//!
//! Only our own words are logged. The client's could hold what a server sent.

use std::io::{self, Write};
use std::path::{Path, PathBuf};

use tracing_appender::non_blocking::WorkerGuard;
use tracing_appender::rolling::{Builder, Rotation};
use tracing_subscriber::EnvFilter;

use super::output;
use crate::config::secret::scrubbed;
use crate::config::state;
use crate::nats;

/// Days that are kept.
const DAYS: usize = 7;

/// Starts the log; a directory that cannot be written is told and costs the log, not the program.
pub(super) fn start(directory: &Path, level: &str) -> Option<WorkerGuard> {
    if level == "off" {
        return None;
    }
    let appender = state::make_dir(directory).map_err(|e| e.to_string()).and_then(|()| {
        Builder::new()
            .rotation(Rotation::DAILY)
            .filename_prefix("jetscope")
            .filename_suffix("log")
            .max_log_files(DAYS)
            .build(directory)
            .map_err(|e| e.to_string())
    });
    let appender = match appender {
        Ok(appender) => appender,
        Err(reason) => {
            output::note(&format!("no log is written: {} ({reason})", directory.display()));
            return None;
        }
    };
    let (writer, guard) =
        tracing_appender::non_blocking(Scrubbing { file: appender, directory: directory.to_owned(), day: today() });
    let filter = EnvFilter::try_new(format!("off,jetscope={level}")).unwrap_or_else(|_| EnvFilter::new("off"));
    let subscriber =
        tracing_subscriber::fmt().with_env_filter(filter).with_ansi(false).with_target(true).with_writer(writer);
    subscriber.try_init().ok().map(|()| guard)
}

/// Writes what is no credential. An event comes in one piece.
struct Scrubbing<W> {
    file: W,
    directory: PathBuf,
    /// The day of the file.
    day: i64,
}

/// The day of the epoch, in UTC, as files are named.
fn today() -> i64 {
    nats::now().0.div_euclid(86_400 * 1_000_000_000)
}

impl<W: Write> Write for Scrubbing<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.file.write_all(scrubbed(&String::from_utf8_lossy(bytes)).as_bytes())?;
        // The file of another day is made as the umask has it.
        let day = today();
        if std::mem::replace(&mut self.day, day) != day {
            state::keep_private(&self.directory);
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}
