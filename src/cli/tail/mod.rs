//! `jetscope tail STREAM…`: the events of a range, and of what follows, filtered.

mod format;

use std::io::{self, Write as _};
use std::pin::pin;
use std::time::Duration;

use jiff::tz::TimeZone;
use tokio::sync::mpsc::Receiver;

use crate::config::Settings;
use crate::event::{Unanswered, clean_line, matching};
use crate::model::{Message, ProblemKind, Timestamp};
use crate::nats::tail::{Report, State, Tail, TailSpec};
use crate::nats::{self, Api, now};
use crate::query::{Filter, Mistake, Range};

use super::args;
use super::headless::{self, Failure, server_time, unknown_stream};
use super::output;

use format::Format;

/// Messages asked for at once where there is no end in sight of what is read.
const BULK: usize = 5_000;
/// Messages asked for at once where few are wanted.
const FEW: usize = 500;

/// How a tail ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ended {
    /// At its end; something matched.
    Matched,
    /// At its end; nothing matched.
    Nothing,
    /// By Ctrl-C while it followed, which is the way to end that.
    Left,
    /// By Ctrl-C before its end.
    Interrupted,
}

/// Runs the command to its end, or until Ctrl-C.
pub(super) async fn run(settings: Settings, mut wanted: args::Tail) -> Result<Ended, Failure> {
    let mut range = range_at(&wanted, now())?;
    let filter = filter(&wanted)?;
    let live = wanted.follow && wanted.limit != Some(1);
    let format = Format::parse(&wanted.output, live).map_err(Failure::Unknown)?;
    let left = if wanted.follow { Ended::Left } else { Ended::Interrupted };
    let mut interrupted = pin!(tokio::signal::ctrl_c());
    let client = tokio::select! {
        client = nats::open(&settings.connection) => client?,
        Ok(()) = &mut interrupted => return Ok(left),
    };
    let api = Api::new(client.clone());
    for word in &mut wanted.streams {
        *word = headless::stream(&api, &settings.kinds(), word).await?;
    }
    if is_relative(&wanted)
        && let Some(stream) = wanted.streams.first()
    {
        range = range_at(&wanted, server_time(&api, stream).await)?;
    }
    let batch = if wanted.follow || wanted.limit.is_some_and(|n| n < FEW as u64) { FEW } else { BULK };
    let spec = |stream: &String| TailSpec {
        stream: stream.clone(),
        subjects: wanted.subject.clone(),
        range,
        follow: wanted.follow,
        batch,
        keep: false,
    };
    let (tail, mut reports) = Tail::spawn(client, wanted.streams.iter().map(spec).collect());
    let unanswered = Unanswered::default();
    let printer = Printer {
        filter,
        format,
        left: wanted.limit,
        matched: 0,
        no_event: 0,
        attributes: 0,
        unanswered,
        told: 0,
        text: Vec::new(),
    };
    let ended = tokio::select! {
        ended = print(&wanted.streams, &mut reports, printer) => ended,
        Ok(()) = &mut interrupted => Ok(left),
    };
    tail.close().await;
    ended
}

/// Prints what is reported, to its end or until no more is wanted.
async fn print(streams: &[String], reports: &mut Receiver<Report>, mut printer: Printer) -> Result<Ended, Failure> {
    let name = |stream: usize| streams.get(stream).map_or("?", String::as_str);
    while let Some(report) = reports.recv().await {
        match report {
            Report::Messages(messages) => {
                for message in &messages {
                    if !printer.take(message)? {
                        return printer.finish();
                    }
                }
                printer.flush()?;
            }
            Report::Stream(stream, State::Waiting(reason) | State::Noted(reason)) => {
                output::note(&format!("{}: {reason}", clean_line(name(stream))));
            }
            Report::Stream(stream, State::Failed(problem)) if problem.kind == ProblemKind::NotFound => {
                return Err(unknown_stream(name(stream)));
            }
            Report::Stream(_, State::Failed(problem)) => return Err(Failure::Answer(problem)),
            // What follows may never end.
            Report::Stream(_, State::CaughtUp) => {
                printer.tell_unanswered();
            }
            Report::Stream(_, State::Opened { .. } | State::End) => {}
        }
    }
    printer.finish()
}

/// Whether what is wanted depends on the present time.
fn is_relative(wanted: &args::Tail) -> bool {
    let at = |at| range_at(wanted, at).ok();
    at(now()) != at(now().minus(Duration::from_secs(86_400)))
}

fn range_at(wanted: &args::Tail, at: Timestamp) -> Result<Range, Failure> {
    Ok(match (&wanted.range, wanted.last, wanted.since, wanted.new) {
        (Some(text), ..) => Range::parse(text, at, &TimeZone::system())
            .map_err(|mistake| Failure::Unknown(pointed("--range", text, &mistake)))?,
        (None, Some(count), ..) => Range::last(count),
        (None, None, Some(ago), _) => Range::since(ago, at),
        (None, None, None, true) => Range::NEW,
        (None, None, None, false) => Range::ALL,
    })
}

fn filter(wanted: &args::Tail) -> Result<Vec<Filter>, Failure> {
    let mut filters = Vec::new();
    if let Some(text) = &wanted.expression {
        let filter = Filter::expression(text).map_err(|m| Failure::Unknown(pointed("--where", text, &m)))?;
        if let Some(caution) = filter.caution() {
            output::note(&clean_line(&caution));
        }
        filters.push(filter);
    }
    if let Some(text) = &wanted.grep {
        filters.push(Filter::words(text).map_err(|m| Failure::Unknown(pointed("--grep", text, &m)))?);
    }
    Ok(filters)
}

fn pointed(flag: &str, text: &str, mistake: &Mistake) -> String {
    format!("{flag}: {}", output::pointed(text, mistake))
}

/// Filters and prints.
struct Printer {
    filter: Vec<Filter>,
    format: Format,
    /// How many more are wanted.
    left: Option<u64>,
    /// Events that matched; a message without any counts as one.
    matched: u64,
    /// Those of them that are none or broke off, where only events are printed.
    no_event: u64,
    /// Attributes that were left out of them.
    attributes: u64,
    /// Events that a filter has no answer for, and how many of them were told.
    unanswered: Unanswered,
    told: u64,
    text: Vec<u8>,
}

impl Printer {
    /// Prints a message if it matches; false when no more are wanted.
    fn take(&mut self, message: &Message) -> Result<bool, Failure> {
        if self.left == Some(0) {
            return Ok(false);
        }
        let which = (!self.filter.is_empty()).then(|| matching(&self.filter, message, &mut self.unanswered));
        if which.as_ref().is_some_and(Vec::is_empty) {
            return Ok(true);
        }
        let most = self.left.unwrap_or(u64::MAX);
        let written = self.format.write(&mut self.text, message, which.as_deref(), most)?;
        self.matched += written.printed + written.left_out;
        self.no_event += written.left_out;
        self.attributes += written.attributes;
        if let Some(left) = &mut self.left {
            *left = left.saturating_sub(written.printed);
        }
        if self.text.len() > 1 << 16 {
            self.flush()?;
        }
        Ok(self.left != Some(0))
    }

    fn flush(&mut self) -> io::Result<()> {
        if !self.text.is_empty() {
            let mut out = io::stdout().lock();
            out.write_all(&self.text)?;
            out.flush()?;
            self.text.clear();
        }
        Ok(())
    }

    fn tell_unanswered(&mut self) {
        if let Some(sentence) = self.unanswered.sentence().filter(|_| self.unanswered.count() > self.told) {
            output::note(&sentence);
            self.told = self.unanswered.count();
        }
    }

    fn finish(mut self) -> Result<Ended, Failure> {
        let note = self.format.finish(&mut self.text);
        self.flush()?;
        self.tell_unanswered();
        if let Some(note) = note.filter(|_| self.matched > 0) {
            output::note(&note);
        }
        if self.no_event > 0 {
            output::note(&format!(
                "{} of {} are no CloudEvents, or only a part of one, and were left out",
                self.no_event, self.matched
            ));
        }
        if self.attributes > 0 {
            let what = if self.attributes == 1 { "attribute was" } else { "attributes were" };
            output::note(&format!("{} {what} left out, since their events have too many", self.attributes));
        }
        Ok(if self.matched > 0 { Ended::Matched } else { Ended::Nothing })
    }
}
