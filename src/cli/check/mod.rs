//! `jetscope check [STREAM]`: what is wrong, for cron, CI and Prometheus. The same rules as the console's, over a window
//! of ten samples.

mod metrics;
mod prometheus;

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::io::{self, IsTerminal};
use std::process::ExitCode;
use std::time::{Duration, Instant};

use clap::Args;
use serde::Serialize;

use crate::config::Settings;
use crate::config::findings::rule;
use crate::event::clean_line;
use crate::health::finding::{At, Phase, Tracked, Watch, story};
use crate::model::check::{AdviceDocument, CheckDocument, CountsDocument, EvidenceDocument, FindingDocument};
use crate::model::document::{Each, Seconds};
use crate::model::rule::Subject;
use crate::model::units::duration;
use crate::model::update::Ask;
use crate::model::{Catalog, Rule, Thresholds, Update};
use crate::nats::now;

use super::args::window;
use super::headless::{Failure, Headless, MARGIN, unknown_stream};
use super::sampling::{Round, Wanted, fill, lags, slot};
use super::streams::tell_partial;
use super::{FAILED, INTERRUPTED, NOTHING, output};

/// So many subjects of a stream are looked at.
const MOST_SUBJECTS: usize = 10_000;

const AFTER_HELP: &str = "\
Prints a line a finding: severity, name, stream and consumer, and what is wrong. Nothing is printed when nothing is \
wrong. docs/findings.md has all names.

Exit codes: 0 fine, 1 found something critical or a warning, 2 usage, connection, or not everything could be looked \
at. With --prometheus 0 whenever it could look.

It ends at most 10 s after its window, whatever the server does. What was not answered by then is told, and the exit \
code is 2 where nothing else was found.";

/// What is to be checked, and how that is told.
#[derive(Args, Debug)]
#[command(after_help = AFTER_HELP)]
pub(super) struct Check {
    /// Only this stream and its consumers; also a pattern such as 'orders-*'
    stream: Option<String>,
    /// Look so long, such as 20s (at least 1s): ten samples, from which verdicts on consumers follow
    #[arg(long, value_parser = window, value_name = "DURATION", default_value = "20s")]
    window: Duration,
    /// Only these findings, by name; several with commas between
    #[arg(long, value_name = "NAME", value_delimiter = ',', value_parser = rule)]
    only: Vec<Rule>,
    /// Also what is only worth knowing, and what the configuration silences
    #[arg(long)]
    all: bool,
    /// As one JSON document, with evidence and advice
    #[arg(long, conflicts_with = "prometheus")]
    json: bool,
    /// As metrics for Prometheus, such as for the node exporter's textfile collector
    #[arg(long)]
    prometheus: bool,
}

/// Runs the command.
pub(super) async fn run(settings: Settings, wanted: Check) -> Result<ExitCode, Failure> {
    let started = Instant::now();
    let prometheus = wanted.prometheus;
    let checked = tokio::select! {
        checked = check(settings, wanted) => checked,
        interrupted = tokio::signal::ctrl_c() => {
            interrupted?;
            return Ok(ExitCode::from(INTERRUPTED));
        }
    };
    let (checked, wanted) = match checked {
        Ok(checked) => checked,
        Err(failure) => {
            if prometheus {
                // Whoever collects this is to see that nothing is known, not what was known before.
                output::print_last(&prometheus::failed(started.elapsed(), now()))?;
            }
            return Err(failure);
        }
    };
    let found = found(&checked, &wanted);
    let document = document(&checked, &wanted, &found);
    checked.headless.tell_skew();
    tell_partial(document.partial.as_ref());
    if wanted.prometheus {
        output::print_last(&prometheus::metrics(&checked, &found, &document, started.elapsed()))?;
        return Ok(ExitCode::SUCCESS);
    }
    if wanted.json {
        output::last(output::print_with(|out| output::write_json(out, &document)))?;
    } else {
        output::last(output::print_with(|out| lines(&checked, &found, wanted.all, out)))?;
        tell(&document, wanted.all);
    }
    Ok(match (document.counts, &document.partial) {
        (CountsDocument { critical: 0, warning: 0, .. }, None) => ExitCode::SUCCESS,
        (CountsDocument { critical: 0, warning: 0, .. }, Some(_)) => ExitCode::from(FAILED),
        _ => ExitCode::from(NOTHING),
    })
}

/// What was looked at.
struct Checked {
    headless: Headless,
    watch: Watch,
    round: Round,
    thresholds: Thresholds,
}

impl Check {
    fn wanted(&self) -> Wanted<'_> {
        match self.stream.as_deref() {
            None => Wanted::All,
            Some(pattern) if pattern.contains(['*', '?']) => Wanted::Pattern(pattern),
            Some(stream) => Wanted::Stream(stream),
        }
    }

    fn has(&self, subject: Subject) -> bool {
        self.only.is_empty() || self.only.iter().any(|rule| rule.subject() == subject)
    }

    /// The account is no stream's.
    fn wants_account(&self) -> bool {
        self.stream.is_none() && self.has(Subject::Account)
    }
}

/// Takes the samples; the rules look at each.
async fn check(settings: Settings, mut wanted: Check) -> Result<(Checked, Check), Failure> {
    let thresholds = settings.thresholds();
    let mut headless = Headless::open(settings, Some(wanted.window + MARGIN)).await?;
    headless.catalog = Catalog::with_slot(slot(wanted.window)).knowing(&thresholds);
    // What was told just now is not old, however long the rest took.
    headless.catalog.apply(Update::SweepEvery(Duration::MAX));
    if let (Wanted::Stream(_), Some(word)) = (wanted.wanted(), &wanted.stream) {
        wanted.stream = Some(headless.stream(word).await?);
    }
    let mut watch = Watch::impatient(wanted.window / 2);
    let which = wanted.wanted();
    let mut round = fill(&mut headless, which, wanted.window, async |h: &mut Headless, round: &mut Round| {
        if wanted.wants_account() {
            h.catalog.apply(match h.api.account().await {
                Ok(account) => Update::Account(account, h.api.now()),
                Err(problem) => {
                    round.partial.failed.push(problem.to_string());
                    Update::Failed(Ask::Account, problem, h.api.now())
                }
            });
        }
        watch.look_at_all(&h.catalog, |name| which.fits(name), wanted.wants_account(), &thresholds, h.api.now());
        watch.tick(h.api.now());
    })
    .await?;
    if let (Wanted::Pattern(pattern), true) = (which, headless.catalog.streams.is_empty())
        && round.partial.failed.is_empty()
    {
        return Err(unknown_stream(pattern));
    }
    lags(&mut headless, &mut round).await;
    subjects(&mut headless, &watch).await;
    watch.look_at_all(&headless.catalog, |name| which.fits(name), false, &thresholds, headless.api.now());
    watch.tick(headless.api.now());
    Ok((Checked { headless, watch, round, thresholds }, wanted))
}

/// Asks which subjects a work queue holds, where some of them are taken by nobody. Where that cannot be asked they are not
/// named.
async fn subjects(headless: &mut Headless, watch: &Watch) {
    let untaken = watch.tracker.iter().filter(|(.., tracked)| tracked.rule == Rule::StreamUntaken);
    let streams: Vec<String> = untaken.filter_map(|(stream, ..)| stream.map(str::to_owned)).collect();
    for stream in streams {
        if let Ok((counts, total, read)) = headless.api.subjects(&stream, ">", MOST_SUBJECTS).await {
            let filter = ">".to_owned();
            headless.catalog.apply(Update::Subjects { stream, filter, counts, total, read, taken: headless.api.now() });
        }
    }
}

/// What was found and is wanted: the worst first, those of one rule in the order of their names.
fn found<'a>(checked: &'a Checked, wanted: &Check) -> Vec<(At<'a>, &'a Tracked)> {
    let tracker = &checked.watch.tracker;
    let only: BTreeSet<Rule> = wanted.only.iter().copied().collect();
    let mut found: Vec<(At<'_>, &Tracked)> = tracker
        .iter()
        .filter(|(.., tracked)| tracked.phase == Phase::Open && (only.is_empty() || only.contains(&tracked.rule)))
        .map(|(stream, consumer, tracked)| (At::of(stream, consumer), tracked))
        .collect();
    // It is stable.
    found.sort_by(|(_, a), (_, b)| b.level.cmp(&a.level).then(a.rule.cmp(&b.rule)));
    found
}

fn document<'a>(
    checked: &'a Checked,
    wanted: &Check,
    found: &'a [(At<'a>, &'a Tracked)],
) -> CheckDocument<impl Serialize + 'a> {
    let mut counts = CountsDocument::default();
    for (_, tracked) in found {
        let count = match (tracked.silenced, tracked.level.word()) {
            (true, _) => &mut counts.silenced,
            (false, "critical") => &mut counts.critical,
            (false, "warning") => &mut counts.warning,
            (false, _) => &mut counts.notice,
        };
        *count += 1;
    }
    let partial = checked.round.partial.clone().or_none();
    let which = wanted.wanted();
    let streams = checked.headless.catalog.streams.keys().filter(|name| which.fits(name)).count();
    CheckDocument {
        taken: checked.headless.api.now(),
        context: checked.headless.context(),
        server: (&checked.headless.server()).into(),
        window_seconds: Seconds(wanted.window),
        stream: wanted.stream.clone(),
        ok: counts.critical == 0 && counts.warning == 0 && partial.is_none(),
        partial,
        streams,
        consumers: checked.round.told.len(),
        counts,
        findings: Each(move || found.iter().map(|(at, tracked)| finding(checked, *at, tracked))),
    }
}

fn finding(checked: &Checked, at: At<'_>, tracked: &Tracked) -> FindingDocument {
    let rule = tracked.rule;
    let told =
        story(&checked.headless.catalog, at, rule, &checked.thresholds, checked.headless.api.now()).unwrap_or_default();
    let silence = checked.thresholds.silence(rule, at.stream(), at.consumer());
    FindingDocument {
        name: rule,
        severity: tracked.level.word(),
        subject: rule.subject(),
        stream: at.stream().map(str::to_owned),
        consumer: at.consumer().map(str::to_owned),
        sentence: told.sentence,
        since: tracked.since,
        since_is_beginning: tracked.begun,
        silenced: tracked.silenced,
        silence_reason: silence.and_then(|silence| silence.reason.clone()),
        evidence: told.evidence.into_iter().map(|(name, value)| EvidenceDocument { name, value }).collect(),
        advice: told
            .advice
            .into_iter()
            .map(|advice| AdviceDocument { text: advice.text, command: advice.command })
            .collect(),
    }
}

/// A line a finding.
fn lines(checked: &Checked, found: &[(At<'_>, &Tracked)], all: bool, out: &mut dyn io::Write) -> io::Result<()> {
    for (at, tracked) in found {
        if !all && (tracked.silenced || tracked.level.word() == "notice") {
            continue;
        }
        let finding = finding(checked, *at, tracked);
        let names = [&finding.stream, &finding.consumer].into_iter().flatten();
        let place: Vec<&str> = names.map(String::as_str).collect();
        let place = if place.is_empty() { "account".to_owned() } else { place.join(" ") };
        let silenced = if finding.silenced { " (silenced)" } else { "" };
        let line = format!("{} {} {place}{silenced}: {}", finding.severity, finding.name, finding.sentence);
        out.write_all(clean_line(&line).as_bytes())?;
        if finding.since_is_beginning {
            write!(out, " Since {}.", jiff_seconds(finding.since))?;
        }
        out.write_all(b"\n")?;
    }
    Ok(())
}

/// A time to the second.
fn jiff_seconds(at: crate::model::Timestamp) -> String {
    let text = at.to_display();
    format!("{}Z", text.replace(' ', "T"))
}

/// Whoever looks on is told also when there is nothing to tell.
fn tell<F>(document: &CheckDocument<F>, all: bool) {
    if !io::stderr().is_terminal() {
        return;
    }
    let plural = |n: usize, what: &str| format!("{n} {what}{}", if n == 1 { "" } else { "s" });
    let CountsDocument { critical, warning, notice, silenced } = document.counts;
    let mut words = format!(
        "{} and {} looked at for {}: ",
        plural(document.streams, "stream"),
        plural(document.consumers, "consumer"),
        duration(document.window_seconds.0)
    );
    if critical + warning == 0 {
        words.push_str("nothing is wrong");
    } else {
        let _ = write!(words, "{critical} critical, {}", plural(warning, "warning"));
    }
    if notice > 0 {
        let _ = write!(words, ", {}", plural(notice, "notice"));
    }
    if silenced > 0 {
        let _ = write!(words, ", {silenced} silenced");
    }
    if !all && notice + silenced > 0 {
        words.push_str(" (--all shows them)");
    }
    output::note(&words);
}
