//! The arguments of `jetscope replay`.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use crate::model::replay::{DEFAULT_TEMPLATE, HttpMode, Pace, parse_watch};

const AFTER_HELP: &str = "\
Without --execute the plan is printed and nothing is done. A replay that was interrupted, however, is listed by \
`jetscope replay list` and goes on with `jetscope replay resume ID`.

Exit codes: 0 the plan was printed, or the replay is COMPLETED and all of it arrived; 1 it was cancelled, whoever read \
its output (--to -) left, some of it is uncertain or gone from the source, or there is nothing to send; 2 it failed, or \
usage, connection or server error. What --skip-refused goes on behind was given up by whoever said so: it changes nothing.";

/// Everything behind `replay`.
#[derive(Args)]
#[command(args_conflicts_with_subcommands = true, after_help = AFTER_HELP)]
pub(in crate::cli) struct Replay {
    #[command(subcommand)]
    pub(super) command: Option<Command>,
    #[command(flatten)]
    pub(super) wanted: Wanted,
}

/// What to send where.
#[expect(clippy::doc_markdown, reason = "these are the words of --help")]
#[derive(Args)]
pub(super) struct Wanted {
    /// The stream, or file:PATH with a structured event on each line
    #[arg(value_name = "STREAM", required = true)]
    pub(super) stream: Option<String>,
    /// What of it: all, last:500, or START..END; each end is a sequence, a time, a clock time or a duration back
    /// from now, such as -2h.. or 120..480. The end is frozen when the plan is made
    #[arg(long, allow_hyphen_values = true, conflicts_with_all = ["from_consumer", "sequences"])]
    pub(super) range: Option<String>,
    /// Everything that this consumer has not acknowledged
    #[arg(long, value_name = "CONSUMER", conflicts_with = "sequences")]
    pub(super) from_consumer: Option<String>,
    /// The sequences in this file, one a line (- is standard input)
    #[arg(long, value_name = "FILE")]
    pub(super) sequences: Option<PathBuf>,
    /// Only these subjects, such as orders.*.eu; may be given several times
    #[arg(long, value_name = "SUBJECT", conflicts_with_all = ["from_consumer", "sequences"])]
    pub(super) subject: Vec<String>,
    /// Only what this filter lets through, such as "type LIKE 'com.acme.%' AND data.total > 100"
    #[arg(long = "where", value_name = "EXPR", allow_hyphen_values = true)]
    pub(super) expression: Option<String>,
    /// Also copies of earlier replays, which are left out otherwise
    #[arg(long)]
    pub(super) include_replayed: bool,
    /// Where to: SUBJECT (a template with {subject}, {id}, {1}…), original, context:NAME or context:NAME:SUBJECT,
    /// file:PATH, - or http(s)://…
    // Not read by clap, whose error would repeat a password in it.
    #[arg(long, value_name = "DESTINATION", default_value = DEFAULT_TEMPLATE)]
    pub(super) to: String,
    /// How fast: max, N/s, xN (recorded spacing, N times faster) or step
    #[arg(long, default_value_t, value_parser = Pace::parse)]
    pub(super) pace: Pace,
    /// Why, for the audit record
    #[arg(long, value_name = "TEXT")]
    pub(super) reason: Option<String>,
    /// Stand still while more than so many messages of a consumer of the destination are outstanding
    #[arg(long, value_name = "[STREAM/]CONSUMER=N", value_parser = parse_watch)]
    pub(super) pause_above: Option<(String, u64)>,
    /// Copies in flight at most
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    pub(super) window: Option<u64>,
    /// What is uncertain after a crash is sent again; where the destination cannot be read again
    #[arg(long, conflicts_with = "at_most_once")]
    pub(super) at_least_once: bool,
    /// What is uncertain after a crash is not sent again; where the destination cannot be read again
    #[arg(long)]
    pub(super) at_most_once: bool,
    /// How an event is put into a request: binary or structured
    #[arg(long, value_name = "MODE", default_value = "binary", value_parser = http_mode)]
    pub(super) http: HttpMode,
    /// Write the plan into this file, for `jetscope replay run`
    #[arg(long, value_name = "FILE")]
    pub(super) plan_out: Option<PathBuf>,
    /// Do it
    #[arg(long)]
    pub(super) execute: bool,
    #[command(flatten)]
    pub(super) how: How,
}

/// How it is confirmed and told.
#[derive(Args, Clone)]
pub(super) struct How {
    /// As JSON; while it runs, a line a second
    #[arg(long)]
    pub(super) json: bool,
    /// The context's name, typed: what a protected context asks for
    #[arg(long, value_name = "CONTEXT")]
    pub(super) confirm: Option<String>,
}

/// What is done with replays that there are.
#[derive(Subcommand)]
pub(super) enum Command {
    /// Carry out a plan that was written with --plan-out
    Run {
        /// The file
        file: PathBuf,
        #[command(flatten)]
        how: How,
    },
    /// Print all replays of this machine
    List {
        /// As JSON: one document a line
        #[arg(long)]
        json: bool,
    },
    /// Print one replay
    Show {
        /// Its id
        id: String,
        /// As JSON
        #[arg(long)]
        json: bool,
    },
    /// Go on with a replay that was interrupted, or that stands still
    Resume {
        /// Its id
        id: String,
        /// Behind the event that the destination refused: it is left out, and counted as failed
        #[arg(long)]
        skip_refused: bool,
        #[command(flatten)]
        how: How,
    },
    /// Let a running replay stand still
    Pause {
        /// Its id
        id: String,
        /// As JSON
        #[arg(long)]
        json: bool,
    },
    /// Let a replay that stands still, or goes step by step, send one more event
    Step {
        /// Its id
        id: String,
        /// As JSON
        #[arg(long)]
        json: bool,
    },
    /// Let a running replay go at another pace from now on
    Pace {
        /// Its id
        id: String,
        /// How fast: max, N/s, xN or step
        #[arg(value_parser = Pace::parse)]
        pace: Pace,
        /// As JSON
        #[arg(long)]
        json: bool,
    },
    /// End a replay for good
    Cancel {
        /// Its id
        id: String,
        /// As JSON
        #[arg(long)]
        json: bool,
    },
}

fn http_mode(text: &str) -> Result<HttpMode, String> {
    match text {
        "binary" => Ok(HttpMode::Binary),
        "structured" => Ok(HttpMode::Structured),
        _ => Err("it is binary or structured".into()),
    }
}
