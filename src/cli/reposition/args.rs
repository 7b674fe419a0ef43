//! The arguments of `jetscope reposition`.

use clap::{Args, Subcommand};

const AFTER_HELP: &str = "\
Without --execute it is told what would happen, and nothing is done. With it the old position is saved, the consumer is \
paused until nothing is in flight, moved, resumed and read back; `jetscope reposition undo` takes the newest back.

Exit codes: 0 it was told, or the consumer was moved and read back; 1 it stands there already, it was interrupted \
before it was moved, or nothing was delivered to somebody who waits; 2 it cannot be moved, it does not stand where it \
should, or usage, connection or server error.";

/// Everything behind `reposition`.
#[derive(Args)]
#[command(args_conflicts_with_subcommands = true, after_help = AFTER_HELP)]
pub(in crate::cli) struct Reposition {
    #[command(subcommand)]
    pub(super) command: Option<Command>,
    #[command(flatten)]
    pub(super) wanted: Wanted,
}

/// What to move where.
#[derive(Args)]
pub(super) struct Wanted {
    /// The stream
    #[arg(required = true)]
    pub(super) stream: Option<String>,
    /// The consumer
    #[arg(required = true)]
    pub(super) consumer: Option<String>,
    /// Where it goes on: a sequence (120), a time (2026-11-20T13:50Z), a clock time (13:50), a duration back from now
    /// (-2h), last:N of the messages that it receives, start or end
    #[arg(long, required = true, value_name = "PLACE", allow_hyphen_values = true)]
    pub(super) to: Option<String>,
    #[command(flatten)]
    pub(super) how: How,
}

/// How it is confirmed, done and told.
#[derive(Args, Clone)]
pub(super) struct How {
    /// Do it
    #[arg(long)]
    pub(super) execute: bool,
    /// Delete the consumer and make it again, where the server does not move it (older than 2.14, or not with its
    /// deliver policy)
    #[arg(long)]
    pub(super) recreate: bool,
    /// Go on although messages in flight were not acked in time
    #[arg(long)]
    pub(super) force: bool,
    /// As JSON
    #[arg(long)]
    pub(super) json: bool,
    /// The context's name, typed: what a protected context asks for
    #[arg(long, value_name = "CONTEXT")]
    pub(super) confirm: Option<String>,
}

/// What is done with those that were done.
#[derive(Subcommand)]
pub(super) enum Command {
    /// Move a consumer back to where it stood: the newest that was moved, or this one
    Undo {
        /// The stream
        #[arg(requires = "consumer")]
        stream: Option<String>,
        /// The consumer
        consumer: Option<String>,
        #[command(flatten)]
        how: How,
    },
    /// All that were done, failed or were broken off on this machine, the newest first; the newest 100 are kept
    List {
        /// As JSON: one document a line
        #[arg(long)]
        json: bool,
    },
}
