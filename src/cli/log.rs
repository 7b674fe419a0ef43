//! The log: a file a day in the state directory, never the terminal.
//!
//! Only our own words are logged. The client's could hold what a server sent.

use std::fs;
use std::path::Path;

use tracing_appender::non_blocking::WorkerGuard;
use tracing_appender::rolling::{Builder, Rotation};
use tracing_subscriber::EnvFilter;

use super::output;

/// Days that are kept.
const DAYS: usize = 7;

/// Starts the log; a directory that cannot be written is told and costs the log, not the program.
pub(super) fn start(directory: &Path, level: &str) -> Option<WorkerGuard> {
    if level == "off" {
        return None;
    }
    let appender = fs::create_dir_all(directory).map_err(|e| e.to_string()).and_then(|()| {
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
    let (writer, guard) = tracing_appender::non_blocking(appender);
    let filter = EnvFilter::try_new(format!("off,jetscope={level}")).unwrap_or_else(|_| EnvFilter::new("off"));
    let subscriber =
        tracing_subscriber::fmt().with_env_filter(filter).with_ansi(false).with_target(true).with_writer(writer);
    subscriber.try_init().ok().map(|()| guard)
}
