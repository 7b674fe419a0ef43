//! `jetscope replay`: plans, runs, and the replays that there are.

mod args;
mod follow;
mod show;

use std::io::{self, Read as _};
use std::path::Path;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use jiff::tz::TimeZone;

use crate::config::{Settings, read};
use crate::model::Timestamp;
use crate::model::replay::{Control, Delivery, Destination, Plan, State};
use crate::model::units::messages;
use crate::nats::gate::Confirmation;
use crate::nats::{self, Api, now};
use crate::query::Range;
use crate::replay::{self, IN_DOUBT, Reading, Replays, Request};

use super::headless::{self, Failure, Headless, server_time};
use super::{FAILED, NOTHING, output};

pub(super) use args::Replay;
use args::{Command, How, Wanted};

/// How often it is told how far a plan is.
const SAY: Duration = Duration::from_secs(5);

/// Runs the command.
pub(super) async fn run(settings: Settings, replay: Replay) -> Result<ExitCode, Failure> {
    let replays = Replays::new(settings.state_dir());
    match replay.command {
        None => wanted(&settings, &replays, replay.wanted).await,
        Some(Command::Run { file, how }) => {
            let text = read::bytes(&file, read::LARGE)
                .map_err(|error| Failure::Unknown(format!("the plan {} cannot be read: {error}", file.display())))?;
            let plan: Plan = serde_json::from_slice(&text).map_err(|error| {
                Failure::Unknown(format!("{} is no plan of `jetscope replay --plan-out`: {error}", file.display()))
            })?;
            let running = replays.start(&settings, plan, &said(&how)).await.map_err(failed)?;
            follow::to_the_end(running, how.json).await
        }
        Some(Command::List { json }) => {
            output::print(&show::list(&replays.list(), &replays.broken(), json)?)?;
            Ok(ExitCode::SUCCESS)
        }
        Some(Command::Show { id, json }) => {
            let run = replays.show(&id).map_err(failed)?;
            output::print(&show::run(&run, json)?)?;
            Ok(ExitCode::SUCCESS)
        }
        Some(Command::Resume { id, skip_refused, how }) => {
            let run = replays.show(&id).map_err(failed)?;
            // One that stands still in another process goes on there.
            if !run.orphaned && !run.progress.state.is_over() && !skip_refused {
                return tell(&replays, &id, Control::Resume, how.json);
            }
            let running = if skip_refused {
                replays.resume_behind(&settings, &id, &said(&how)).await
            } else {
                replays.resume(&settings, &id, &said(&how)).await
            };
            let running = running.map_err(failed)?;
            follow::to_the_end(running, how.json).await
        }
        Some(Command::Pause { id, json }) => tell(&replays, &id, Control::Pause, json),
        Some(Command::Step { id, json }) => tell(&replays, &id, Control::Step, json),
        Some(Command::Pace { id, pace, json }) => tell(&replays, &id, Control::Pace(pace), json),
        Some(Command::Cancel { id, json }) => tell(&replays, &id, Control::Cancel, json),
    }
}

/// Short names become names; a file has none.
async fn name_streams(settings: &Settings, request: &mut Request) -> Result<(), Failure> {
    let (word, rest) = match &mut request.wanted {
        replay::Wanted::File(_) => return Ok(()),
        replay::Wanted::Range { stream, .. } | replay::Wanted::Consumer { stream, .. } => (stream, [].as_mut_slice()),
        replay::Wanted::List(items) => match items.split_first_mut() {
            Some(((first, _), rest)) => (first, rest),
            None => return Ok(()),
        },
    };
    *word = Headless::open(settings.clone(), None).await?.stream(word).await?;
    // All are of the stream that was named once.
    for (stream, _) in rest {
        word.clone_into(stream);
    }
    Ok(())
}

fn tell(replays: &Replays, id: &str, control: Control, json: bool) -> Result<ExitCode, Failure> {
    let run = replays.tell(id, control).map_err(failed)?;
    if json {
        output::print(&show::run(&run, true)?)?;
    } else if run.progress.state == State::Cancelled {
        output::note(&format!("replay {id} is CANCELLED"));
    } else {
        output::note(&format!("replay {id} was told to {}", wish(control)));
    }
    Ok(ExitCode::SUCCESS)
}

/// What it was told, behind "told to".
fn wish(control: Control) -> String {
    match control {
        Control::Pause => "pause".into(),
        Control::Resume => "resume".into(),
        Control::Step => "send the next event".into(),
        Control::Pace(pace) => format!("go on at the pace {pace}"),
        Control::Faster => "go faster".into(),
        Control::Slower => "go slower".into(),
        Control::Cancel => "cancel".into(),
    }
}

async fn wanted(settings: &Settings, replays: &Replays, wanted: Wanted) -> Result<ExitCode, Failure> {
    let (execute, how, plan_out) = (wanted.execute, wanted.how.clone(), wanted.plan_out.clone());
    let to = Destination::parse(&wanted.to).map_err(|error| Failure::Unknown(format!("--to: {error}")))?;
    if execute && how.json && to == Destination::Stdout {
        return Err(Failure::Unknown("--json and --to - would both print to standard output; choose one".into()));
    }
    let at = |at| wanted.range.as_deref().and_then(|text| Range::parse(text, at, &TimeZone::system()).ok());
    let mut now = now();
    if at(now) != at(now.minus(Duration::from_secs(86_400)))
        && let Some(word) = wanted.stream.as_deref().filter(|word| !word.starts_with("file:"))
    {
        let api = Api::new(nats::open(&settings.connection).await?);
        now = server_time(&api, &headless::stream(&api, &settings.kinds(), word).await?).await;
    }
    let mut noted = Instant::now();
    let reading = |far: Reading<'_>| match far {
        Reading::Waits(reason) => output::note(&format!("the plan is being made, and waits: {reason}")),
        Reading::Read(count) if noted.elapsed() >= SAY => {
            noted = Instant::now();
            output::note(&format!("the plan is being made, {} read", messages(count)));
        }
        Reading::Read(_) => {}
    };
    let mut request = request(wanted, to, now)?;
    name_streams(settings, &mut request).await?;
    let mut plan = Box::pin(replay::plan_telling(settings, request, reading)).await.map_err(failed)?;
    for obstacle in &mut plan.obstacles {
        if obstacle.ends_with(IN_DOUBT) {
            obstacle.push_str(": --at-least-once or --at-most-once");
        }
    }
    if let Some(path) = &plan_out {
        let text = serde_json::to_vec_pretty(&plan).map_err(io::Error::other)?;
        std::fs::write(path, text)
            .map_err(|error| Failure::Unknown(format!("the plan cannot be written to {}: {error}", path.display())))?;
    }
    if !execute {
        output::print_last(&show::plan(&plan, how.json)?)?;
        return Ok(match plan.amounts.planned {
            _ if plan.obstacles.is_empty() => ExitCode::SUCCESS,
            0 => ExitCode::from(NOTHING),
            _ => ExitCode::from(FAILED),
        });
    }
    for warning in &plan.warnings {
        output::note(warning);
    }
    if plan.amounts.planned == 0 {
        output::note("nothing is left to be sent; without --execute the plan says what was left out and why");
        return Ok(ExitCode::from(NOTHING));
    }
    let running = replays.start(settings, plan, &said(&how)).await.map_err(failed)?;
    follow::to_the_end(running, how.json).await
}

/// `--execute` is the yes; a protected context wants its name.
fn said(how: &How) -> Confirmation {
    how.confirm.clone().map_or(Confirmation::Yes, Confirmation::Typed)
}

fn failed(error: impl std::fmt::Display) -> Failure {
    Failure::Unknown(error.to_string())
}

fn request(wanted: Wanted, to: Destination, now: Timestamp) -> Result<Request, Failure> {
    let stream = wanted.stream.unwrap_or_default();
    let of = if let Some(path) = stream.strip_prefix("file:") {
        if wanted.range.is_some() || !wanted.subject.is_empty() {
            return Err(Failure::Unknown("a file has no ranges and subjects; --where filters it".into()));
        }
        replay::Wanted::File(path.into())
    } else if let Some(path) = &wanted.sequences {
        replay::Wanted::List(sequences(path)?.into_iter().map(|seq| (stream.clone(), seq)).collect())
    } else if let Some(consumer) = wanted.from_consumer {
        replay::Wanted::Consumer { stream, consumer }
    } else {
        let Some(text) = &wanted.range else {
            return Err(Failure::Unknown(
                "say what of the stream with --range, such as all, last:500, 120..480 or -2h..".into(),
            ));
        };
        let range = Range::parse(text, now, &TimeZone::system())
            .map_err(|mistake| Failure::Unknown(format!("--range: {}", output::pointed(text, &mistake))))?;
        replay::Wanted::Range { stream, range, subjects: wanted.subject }
    };
    let delivery = match (wanted.at_least_once, wanted.at_most_once) {
        (true, _) => Some(Delivery::AtLeastOnce),
        (_, true) => Some(Delivery::AtMostOnce),
        _ => None,
    };
    Ok(Request {
        filter: wanted.expression,
        include_marked: wanted.include_replayed,
        pace: wanted.pace,
        reason: wanted.reason,
        delivery,
        http_mode: wanted.http,
        window: wanted.window,
        watch: wanted.pause_above,
        ..Request::new(of, to)
    })
}

fn sequences(path: &Path) -> Result<Vec<u64>, Failure> {
    let cannot = |error: io::Error| Failure::Unknown(format!("{} cannot be read: {error}", path.display()));
    let mut text = String::new();
    if path == Path::new("-") {
        io::stdin().read_to_string(&mut text).map_err(cannot)?;
    } else {
        text = String::from_utf8(read::bytes(path, read::LARGE).map_err(cannot)?)
            .map_err(|e| cannot(io::Error::other(e)))?;
    }
    let mut sequences = Vec::new();
    for word in text.split_whitespace() {
        let seq = word.parse().ok().filter(|seq| *seq > 0);
        sequences.push(seq.ok_or_else(|| Failure::Unknown(format!("{word:?} in {} is no sequence", path.display())))?);
    }
    Ok(sequences)
}
