//! `jetscope reposition`: moves the start of one consumer, or takes that back.

mod args;
mod show;

use std::process::ExitCode;

use jiff::tz::TimeZone;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::mpsc::Sender;

use crate::config::Settings;
use crate::event::clean_line;
use crate::model::ProblemKind;
use crate::model::reposition::{Control, Outcome, Preview, RECREATE, Step};
use crate::model::shell::command_line;
use crate::nats::gate::Confirmation;
use crate::nats::question::token;
use crate::nats::reposition::{RepositionError, Repositions, Running, Stuck};
use crate::nats::{Api, now};
use crate::query;

use super::headless::{Failure, Headless, server_time};
use super::{FAILED, NOTHING, output};

pub(super) use args::Reposition;
use args::{Command, How, Wanted};

/// Runs the command.
pub(super) async fn run(settings: Settings, reposition: Reposition) -> Result<ExitCode, Failure> {
    match reposition.command {
        None => to(settings, reposition.wanted).await,
        Some(Command::Undo { stream, consumer, how }) => undo(settings, stream.zip(consumer), how).await,
        Some(Command::List { json }) => {
            output::print(&show::list(&Repositions::new(&settings).list_everywhere(), json)?)?;
            Ok(ExitCode::SUCCESS)
        }
    }
}

async fn to(settings: Settings, wanted: Wanted) -> Result<ExitCode, Failure> {
    // Clap asks for all three.
    let text = wanted.to.unwrap_or_default();
    let (word, consumer) = (wanted.stream.unwrap_or_default(), wanted.consumer.unwrap_or_default());
    let target = |at| {
        let wrong = |mistake| Failure::Unknown(format!("--to: {}", output::pointed(&text, &mistake)));
        query::target(&text, at, &TimeZone::system()).map_err(wrong)
    };
    target(now())?;
    let (headless, repositions) = open(settings).await?;
    let (stream, api) = (headless.stream(&word).await?, headless.api);
    let target = target(server_time(&api, &stream).await)?;
    let how = &wanted.how;
    let preview = match repositions.preview(&api, (&stream, &consumer), target, how.recreate).await {
        Err(problem) if problem.kind == ProblemKind::NotFound => return Err(unknown(&api, &stream, &consumer).await),
        preview => preview?,
    };
    if let Some(code) = told(&preview, how)? {
        return Ok(code);
    }
    let running = repositions.start(&api, preview, &said(how), stuck(how)).map_err(failed)?;
    to_the_end(running, how.json, false).await
}

async fn undo(settings: Settings, of: Option<(String, String)>, how: How) -> Result<ExitCode, Failure> {
    let (headless, repositions) = open(settings).await?;
    let of = match of {
        Some((word, consumer)) => Some((headless.stream(&word).await?, consumer)),
        None => None,
    };
    let api = headless.api;
    let of = of.as_ref().map(|(stream, consumer)| (stream.as_str(), consumer.as_str()));
    let undo = repositions.undo(&api, of, how.recreate).await.map_err(failed)?;
    match &undo.preview {
        Some(preview) => {
            if let Some(code) = told(preview, &how)? {
                return Ok(code);
            }
        }
        None if !how.execute => {
            output::print_last(&show::remake(&undo.record, how.json)?)?;
            return Ok(ExitCode::SUCCESS);
        }
        None => {}
    }
    let running = repositions.start_undo(&api, undo, &said(&how), stuck(&how)).map_err(failed)?;
    to_the_end(running, how.json, true).await
}

/// Connects, and says what an earlier one left behind.
async fn open(settings: Settings) -> Result<(Headless, Repositions), Failure> {
    let headless = Headless::open(settings, None).await?;
    let repositions = Repositions::new(&headless.settings);
    for past in repositions.left_over() {
        let does = if past.deleted { "makes it again where it is not there" } else { "takes it back" };
        if let Some(sentence) = past.broken_off(now()) {
            output::note(&clean_line(&format!("{sentence}; `jetscope reposition undo` {does}")));
        }
    }
    Ok((headless, repositions))
}

/// Says what would happen, and how that ends where nothing is to be done; with `--execute` only what should be known.
fn told(preview: &Preview, how: &How) -> Result<Option<ExitCode>, Failure> {
    let nothing = preview.changes_nothing() && preview.obstacles.is_empty();
    if !how.execute {
        output::print_last(&show::preview(preview, how)?)?;
        return Ok(Some(match preview.obstacles.is_empty() {
            false => ExitCode::from(FAILED),
            true if nothing => ExitCode::from(NOTHING),
            true => ExitCode::SUCCESS,
        }));
    }
    if let Some(why) = preview.obstacles.first().cloned() {
        let (stream, consumer) = (preview.stream.clone(), preview.consumer.clone());
        let way = if preview.recreatable { format!("; with --recreate it is {RECREATE}") } else { String::new() };
        let refused = RepositionError::Obstacle { stream, consumer, why };
        return Err(Failure::Unknown(format!("{}{way}", clean_line(&refused.to_string()))));
    }
    if nothing {
        output::note("the consumer stands there already; nothing is to be done");
        return Ok(Some(ExitCode::from(NOTHING)));
    }
    for sentence in preview.lost.iter().map(|lost| format!("lost is {lost}")).chain(preview.warnings.iter().cloned()) {
        output::note(&clean_line(&sentence));
    }
    Ok(None)
}

/// `--execute` is the yes; a protected context wants its name.
fn said(how: &How) -> Confirmation {
    how.confirm.clone().map_or(Confirmation::Yes, Confirmation::Typed)
}

const fn stuck(how: &How) -> Stuck {
    if how.force { Stuck::GoOn } else { Stuck::GiveUp }
}

/// Tells the steps, and what came of it. Interrupted, the consumer is left in order before the end.
async fn to_the_end(running: Running, json: bool, is_undo: bool) -> Result<ExitCode, Failure> {
    let mut step = running.step();
    let interrupted = tokio::spawn(interrupted(running.control()));
    let telling = tokio::spawn(async move {
        let mut waiting = None;
        loop {
            let now = *step.borrow_and_update();
            // What is still waited for is told once.
            let draining = matches!(now, Step::Draining { .. });
            if now == Step::Over {
                return;
            }
            if !draining || waiting != Some(()) {
                output::note(&now.to_string());
            }
            waiting = draining.then_some(());
            if step.changed().await.is_err() {
                return;
            }
        }
    });
    let ended = running.ended().await;
    interrupted.abort();
    // It ends by itself with the last step.
    let _ = telling.await;
    match ended {
        Ok(outcome) => {
            output::print_last(&show::outcome(&outcome, json, is_undo)?)?;
            Ok(code(&outcome))
        }
        Err(error) if error.is_cancelled() => {
            output::note(&clean_line(&error.to_string()));
            Ok(ExitCode::from(NOTHING))
        }
        Err(error) => Err(failed(error)),
    }
}

fn code(outcome: &Outcome) -> ExitCode {
    match (outcome.verified, outcome.advances) {
        (false, _) => ExitCode::from(FAILED),
        (true, Some(false)) => ExitCode::from(NOTHING),
        (true, _) => ExitCode::SUCCESS,
    }
}

/// Hands every wish to end on, as long as there is one to hear it.
async fn interrupted(control: Sender<Control>) {
    let (Ok(mut term), Ok(mut hangup)) = (signal(SignalKind::terminate()), signal(SignalKind::hangup())) else {
        return;
    };
    loop {
        tokio::select! {
            _ = tokio::signal::ctrl_c() => {}
            _ = term.recv() => {}
            _ = hangup.recv() => {}
        }
        if control.send(Control::Cancel).await.is_err() {
            return;
        }
    }
}

fn failed(error: RepositionError) -> Failure {
    match error {
        RepositionError::Problem(problem) => Failure::Answer(problem),
        other => Failure::Unknown(other.to_string()),
    }
}

/// A stream that is there has no such consumer; names one that is near.
async fn unknown(api: &Api, stream: &str, consumer: &str) -> Failure {
    if let Err(problem) = token("consumer", consumer) {
        return Failure::Answer(problem);
    }
    let names: Vec<String> = api.consumers(stream).await.items.iter().map(|c| c.name.clone()).collect();
    let near = query::nearest(consumer, names.iter().map(String::as_str));
    let hint = near.map(|near| format!("; did you mean {near}?")).unwrap_or_default();
    let list = command_line("jetscope consumers", &[stream], "");
    let sentence = format!("{stream} has no consumer {consumer}{hint} (`{list}` lists them)");
    Failure::Unknown(clean_line(&sentence).into_owned())
}
