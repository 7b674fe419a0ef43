//! Arguments, headless commands, exit codes. May import everything; names no ratatui.
//!
//! One file a command. Nothing but data goes to standard output; notes and errors go to standard error.

mod args;
mod check;
mod config;
mod consumers;
mod contexts;
mod demo;
mod expr;
mod headless;
mod log;
mod man;
mod output;
mod panics;
mod replay;
mod reposition;
mod sampling;
mod streams;
mod tail;
mod usage;

use std::io::{self, IsTerminal as _};
use std::process::ExitCode;

use clap::{CommandFactory as _, Parser as _};
use color_eyre::eyre::{Report, Result, bail};

use crate::config::{Env, Flags, Settings, state};
use crate::event::clean;
use crate::runtime;

use args::{Cli, Command};
use headless::Failure;
use tail::Ended;

/// Nothing matched, or the check found a problem.
const NOTHING: u8 = 1;
/// Usage, connection or server error.
const FAILED: u8 = 2;
/// Interrupted by Ctrl-C, as shells count it.
const INTERRUPTED: u8 = 130;

/// Parses the arguments, runs the command, and says how it went.
pub fn main() -> ExitCode {
    panics::install();
    let cli = Cli::try_parse().unwrap_or_else(|error| usage::exit(error));
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
    let ended = match runtime {
        Ok(runtime) => {
            let ended = runtime.block_on(run(cli));
            // Blocking reads of the terminal must not hold the exit up.
            runtime.shutdown_background();
            ended
        }
        Err(error) => Err(error.into()),
    };
    match ended {
        Ok(code) => code,
        Err(report) if is_broken_pipe(&report) => ExitCode::SUCCESS,
        Err(report) => {
            output::note(clean(&sentence(&report)).trim_end());
            ExitCode::from(FAILED)
        }
    }
}

async fn run(cli: Cli) -> Result<ExitCode> {
    let flags = Flags::from(cli.global);
    let env = Env::real();
    let command = match cli.command {
        Some(Command::Completions { shell }) => {
            let mut script = Vec::new();
            clap_complete::generate(shell, &mut Cli::command(), "jetscope", &mut script);
            output::print(&String::from_utf8_lossy(&script))?;
            return Ok(ExitCode::SUCCESS);
        }
        Some(Command::Man) => {
            output::print(&man::page()?)?;
            return Ok(ExitCode::SUCCESS);
        }
        Some(Command::Demo(wanted)) => {
            if !wanted.headless && !wanted.scene {
                needs_a_terminal()?;
            }
            demo::run(&flags, &env, wanted).await?;
            return Ok(ExitCode::SUCCESS);
        }
        Some(Command::Contexts { json }) => {
            contexts::run(&Settings::without_connection(&flags, &env)?, json)?;
            return Ok(ExitCode::SUCCESS);
        }
        Some(Command::Expr(wanted)) => {
            expr::run(&wanted)?;
            return Ok(ExitCode::SUCCESS);
        }
        Some(Command::Config { what }) => {
            self::config::run(&Settings::without_connection(&flags, &env)?, what)?;
            return Ok(ExitCode::SUCCESS);
        }
        other => other,
    };
    let settings = Settings::load(&flags, &env)?;
    if command.is_none() {
        needs_a_terminal()?;
    }
    let _log = log::start(&settings.state_dir(), &settings.log_level);
    state::keep_private(&settings.state_dir());
    match command {
        None => {
            runtime::console(settings).await?;
            Ok(ExitCode::SUCCESS)
        }
        Some(Command::Streams(print)) => until_interrupted(print, Box::pin(streams::run(settings, print))).await,
        Some(Command::Consumers { stream, window, print }) => {
            until_interrupted(print, Box::pin(consumers::run(settings, stream, window, print))).await
        }
        Some(Command::Tail(wanted)) => Ok(match Box::pin(tail::run(settings, wanted)).await? {
            Ended::Matched | Ended::Left => ExitCode::SUCCESS,
            Ended::Nothing => ExitCode::from(NOTHING),
            Ended::Interrupted => ExitCode::from(INTERRUPTED),
        }),
        Some(Command::Replay(wanted)) => Ok(Box::pin(replay::run(settings, *wanted)).await?),
        Some(Command::Check(wanted)) => Ok(Box::pin(check::run(settings, wanted)).await?),
        Some(Command::Reposition(wanted)) => Ok(Box::pin(reposition::run(settings, *wanted)).await?),
        // Served above, without a connection.
        Some(_) => Ok(ExitCode::SUCCESS),
    }
}

/// Runs a headless command; Ctrl-C is the way to end one that repeats.
async fn until_interrupted(print: args::Print, command: impl Future<Output = Result<(), Failure>>) -> Result<ExitCode> {
    tokio::select! {
        ended = command => {
            ended?;
            Ok(ExitCode::SUCCESS)
        }
        interrupted = tokio::signal::ctrl_c() => {
            interrupted?;
            Ok(if print.watch.is_some() { ExitCode::SUCCESS } else { ExitCode::from(INTERRUPTED) })
        }
    }
}

fn needs_a_terminal() -> Result<()> {
    if io::stdin().is_terminal() && io::stdout().is_terminal() {
        return Ok(());
    }
    bail!("the console needs a terminal; `jetscope streams` and `jetscope consumers` print the same without one")
}

/// The causes in a row, each said once: most of our errors say in their own words what caused them.
fn sentence(report: &Report) -> String {
    let mut line = String::new();
    for cause in report.chain() {
        let words = cause.to_string();
        if !line.contains(&words) {
            line.push_str(if line.is_empty() { "" } else { ": " });
            line.push_str(&words);
        }
    }
    line
}

/// A reader that left (`| head`) is no error.
fn is_broken_pipe(report: &Report) -> bool {
    report.chain().any(|cause| {
        let io = cause.downcast_ref::<io::Error>();
        io.is_some_and(|e| e.kind() == io::ErrorKind::BrokenPipe)
    })
}
