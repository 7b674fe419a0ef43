//! A replay while it runs: a line that is written over on a terminal, a line every few seconds elsewhere, JSON.

use std::io::{self, IsTerminal as _, Write as _};
use std::process::ExitCode;
use std::time::Duration;

use serde::Serialize;
use tokio::time::{MissedTickBehavior, interval};

use crate::event::clean_line;
use crate::model::replay::{Pace, Progress, State};
use crate::model::units;
use crate::replay::Running;
use crate::runtime::terminal::columns;

use super::super::headless::Failure;
use super::super::{FAILED, INTERRUPTED, NOTHING, output};

/// What `--execute --json` prints each second and at the end.
#[derive(Debug, Serialize)]
struct Line<'a> {
    id: &'a str,
    state: State,
    reason: Option<&'a str>,
    source_seq: u64,
    planned: u64,
    sent: u64,
    duplicate: u64,
    skipped: u64,
    failed: u64,
    gone: u64,
    uncertain: u64,
    reordered: u64,
    in_flight: u64,
    rate: f64,
    eta_seconds: Option<f64>,
}

fn line(p: &Progress) -> io::Result<String> {
    let c = &p.counters;
    output::json(&Line {
        id: &p.id,
        state: p.state,
        reason: p.reason.as_deref(),
        source_seq: p.source_seq,
        planned: p.planned,
        sent: c.sent,
        duplicate: c.duplicate,
        skipped: c.skipped.total(),
        failed: c.failed,
        gone: c.gone,
        uncertain: c.uncertain,
        reordered: c.reordered,
        in_flight: p.in_flight,
        rate: (p.rate * 10.0).round() / 10.0,
        eta_seconds: p.eta_seconds.map(|s| (s * 10.0).round() / 10.0),
    })
}

/// Tells of it until it has ended; Ctrl-C leaves it as it is, to be resumed.
pub(super) async fn to_the_end(running: Running, json: bool) -> Result<ExitCode, Failure> {
    let terminal = io::stderr().is_terminal();
    let every = match (json, terminal) {
        (true, _) => Duration::from_secs(1),
        (false, true) => Duration::from_millis(200),
        (false, false) => Duration::from_secs(5),
    };
    let id = running.plan.id.clone();
    let progress = running.progress();
    if !json {
        let planned = running.plan.amounts.planned;
        output::note(&format!("replay {id} of {planned} {}", if planned == 1 { "event" } else { "events" }));
        if let Some(context) = &running.through {
            output::note(&format!("through context {}, as it was planned", clean_line(context)));
        }
        if progress.borrow().pace == Pace::Step {
            output::note(&format!(
                "it goes step by step: `jetscope replay step {id}` sends the next one, `jetscope replay pace {id} max` \
                 lets it go by itself"
            ));
        }
    }
    let mut ticks = interval(every);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut ended = Box::pin(running.ended());
    let mut said = String::new();
    let mut reader = Reader { json, left: false };
    let last = loop {
        tokio::select! {
            last = &mut ended => break last,
            _ = ticks.tick() => {
                let now = progress.borrow().clone();
                tell(&now, &mut reader, terminal, &mut said)?;
            }
            interrupted = tokio::signal::ctrl_c() => {
                interrupted?;
                if terminal {
                    let _ = writeln!(io::stderr());
                }
                output::note(&format!("interrupted; `jetscope replay resume {id}` goes on, `jetscope replay cancel {id}` ends it"));
                return Ok(ExitCode::from(INTERRUPTED));
            }
        }
    };
    if json {
        reader.print(&line(&last)?)?;
    } else {
        if terminal {
            let _ = writeln!(io::stderr());
        }
        output::note(&sentence(&last));
        if let Some(words) = last.counters.skipped.not_sent(last.settled()).filter(|_| last.state == State::Completed) {
            output::note(&words);
        }
        if last.refused.is_some() {
            output::note(&format!(
                "`jetscope replay resume {id}` sends it again, with --skip-refused it goes on behind it"
            ));
        }
    }
    Ok(match last.state {
        State::Completed if last.is_complete() => ExitCode::SUCCESS,
        State::Completed | State::Cancelled => ExitCode::from(NOTHING),
        _ => ExitCode::from(FAILED),
    })
}

/// Whoever reads standard output. That it has left stops no replay.
struct Reader {
    /// It reads a line a second.
    json: bool,
    left: bool,
}

impl Reader {
    fn print(&mut self, line: &str) -> io::Result<()> {
        match output::print(line) {
            _ if self.left => Ok(()),
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => {
                self.left = true;
                output::note("whoever read the output has left; the replay goes on");
                Ok(())
            }
            printed => printed,
        }
    }
}

fn tell(now: &Progress, reader: &mut Reader, terminal: bool, said: &mut String) -> io::Result<()> {
    if reader.json {
        return reader.print(&line(now)?);
    }
    let text = sentence(now);
    if terminal {
        let width = columns();
        let text = shown(now, &text, width);
        // What was longer before is written over; that it cannot be written is nothing to tell.
        let blank = " ".repeat(said.chars().count().saturating_sub(text.chars().count()).min(width));
        let _ = write!(io::stderr(), "\r{text}{blank}");
        *said = text;
    } else if *said != text {
        output::note(&text);
        *said = text;
    }
    Ok(())
}

/// Cells of the progress bar.
const BAR: usize = 20;

/// A bar and the sentence on one line of the terminal: what is longer would not be written over.
fn shown(now: &Progress, sentence: &str, width: usize) -> String {
    let share = now.settled() as f64 / now.planned.max(1) as f64;
    let full = ((share * BAR as f64) as usize).min(BAR);
    let bar = format!("[{}{}] {:>4}", "#".repeat(full), ".".repeat(BAR - full), units::percent(share));
    let line = format!("{bar}  {sentence}");
    let most = width.saturating_sub(1);
    if line.chars().count() <= most { line } else { line.chars().take(most.saturating_sub(1)).chain(['…']).collect() }
}

/// How far it is, in one line.
fn sentence(p: &Progress) -> String {
    let c = &p.counters;
    let mut parts = vec![format!("{} {}/{}", p.state, p.settled(), p.planned)];
    if let Some(time) = p.source_time.filter(|_| !p.state.is_over()) {
        parts.push(format!("at {}", time.to_display()));
    }
    for (count, word) in [
        (c.duplicate, "duplicate"),
        (c.skipped.total(), "left out"),
        (c.gone, "gone"),
        (c.uncertain, "uncertain"),
        (c.failed, "failed"),
        (c.reordered, "out of order"),
    ] {
        if count > 0 {
            parts.push(format!("{count} {word}"));
        }
    }
    if p.verifying {
        parts.push("reading back".into());
    } else if p.state == State::Running {
        parts.push(format!("{}/s", units::rate(p.rate)));
        if let Some(eta) = p.eta_seconds.filter(|s| s.is_finite() && *s < 1e9) {
            parts.push(format!("{} left", units::duration(Duration::from_secs_f64(eta))));
        }
    } else if p.state == State::Completed {
        parts.push(format!("{}/s on average", units::rate(p.rate_average)));
    }
    if let Some(reason) = &p.reason {
        parts.push(clean_line(reason).into_owned());
    }
    parts.join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_terminal_gets_a_bar_on_one_line() {
        let mut now = Progress { planned: 200, ..Progress::default() };
        now.counters.sent = 50;
        assert_eq!(shown(&now, "RUNNING 50/200", 80), "[#####...............]  25%  RUNNING 50/200");
        for width in [4, 10, 30, 60] {
            let line = shown(&now, &"long ".repeat(30), width);
            assert!(line.chars().count() < width && line.ends_with('…'), "{width}: {line}");
        }
        now.counters.sent = 900;
        assert!(shown(&now, "", 80).starts_with("[####################]"), "more than was planned is no longer bar");
    }
}
