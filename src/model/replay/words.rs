//! Plans and replays in words.

use std::time::Duration;

use super::{Amounts, Capture, Pace, Plan, Run, Selection};
use crate::model::units::{ago, bytes, count_exact, duration};
use crate::model::{Said, Timestamp};

impl Plan {
    /// The plan in words.
    pub fn words(&self) -> Vec<Said> {
        let a = &self.amounts;
        let mut said = vec![
            Said::Fact("replay", self.id.clone()),
            Said::Fact("from", format!("{} ({})", self.selection.name(), self.range)),
        ];
        let mut fact = |name, value: String| said.push(Said::Fact(name, value));
        if let Some(filter) = &self.filter {
            fact("where", filter.clone());
        }
        if let Some(words) = &self.words {
            fact("words", words.clone());
        }
        fact("to", self.destination.to_string());
        if let Some(capture) = &self.capture {
            let exact = if capture.rereadable { "nothing is lost or doubled" } else { "it cannot be read again" };
            // Sequences start at 1.
            let behind = match capture.last_seq {
                0 => "which nothing was stored in yet".to_owned(),
                last => format!("behind its #{last}"),
            };
            fact("stream", format!("{}, {behind}; {exact}", capture.stream));
            fact("limits", limits(capture));
        }
        fact("events", format!("{}, {}", count_exact(a.planned), bytes(a.bytes)));
        for (name, end) in [("first", a.first), ("last", a.last)] {
            if let Some((seq, time)) = end {
                fact(name, format!("#{seq}  {time}"));
            }
        }
        left_out(a, &mut fact);
        let eta = match self.seconds() {
            Some(s) => format!("takes {}", duration(Duration::from_secs_f64(s.clamp(0.0, 1e10)))),
            None if self.pace == Pace::Step => "one event each time it is asked for".into(),
            // Nobody knows how fast the destination is; sending is hardly ever faster than reading.
            None if a.reading > Duration::ZERO => {
                format!("as fast as it goes; reading it took {}", duration(a.reading))
            }
            None => "as fast as it goes".into(),
        };
        // How they go matters where nothing else slows them down.
        let capture = self.capture.as_ref().filter(|_| self.pace == Pace::Max);
        let method = capture.map_or_else(String::new, |capture| format!("; {}", capture.method()));
        fact("pace", format!("{}; {eta}{method}", self.pace));
        if let Some((consumer, most)) = &self.watch {
            fact("pauses", format!("while more than {most} are outstanding of {consumer}"));
        }
        if let Some(reason) = &self.reason {
            fact("reason", reason.clone());
        }
        said.extend(parts(self));
        said
    }
}

/// What the destination takes and keeps.
fn limits(capture: &Capture) -> String {
    let mut limits = vec![format!("discard {}", if capture.discard_new { "new" } else { "old" })];
    limits.extend(capture.max_msgs.map(|most| format!("{} messages", count_exact(most))));
    limits.extend(capture.max_bytes.map(bytes));
    limits.extend(capture.max_size.map(|most| format!("a message up to {}", bytes(most))));
    limits.push(format!("duplicate window {}", capture.duplicate_window.map_or_else(|| "none".into(), duration)));
    limits.join(", ")
}

fn left_out(a: &Amounts, fact: &mut impl FnMut(&'static str, String)) {
    for (count, why) in a.skipped.words() {
        fact("left out", format!("{} {why}", count_exact(count)));
    }
    if a.replayed_before > 0 {
        fact("replayed", format!("{} before; they are sent again", count_exact(a.replayed_before)));
    }
    if a.batches > 0 {
        let are = if a.batches == 1 { "batch is" } else { "batches are" };
        let (batches, events) = (count_exact(a.batches), count_exact(a.batch_events));
        fact("taken apart", format!("{batches} {are} sent as {events} single events"));
    }
    if let Some(gaps) = a.gaps.filter(|gaps| *gaps > 0) {
        let what = if gaps == 1 { "sequence of the range is" } else { "sequences of the range are" };
        fact("gaps", format!("{} {what} not there any more", count_exact(gaps)));
    }
    for (name, count) in &a.stripped {
        fact("not copied", format!("{name} ({count})"));
    }
}

/// Who receives it, what is worth knowing, and how it is spread.
fn parts(plan: &Plan) -> Vec<Said> {
    let a = &plan.amounts;
    let mut said = Vec::new();
    if !plan.obstacles.is_empty() {
        said.push(Said::Title("it cannot be run"));
        said.extend(plan.obstacles.iter().cloned().map(Said::Obstacle));
    }
    if !plan.warnings.is_empty() {
        said.push(Said::Title("worth knowing"));
        said.extend(plan.warnings.iter().cloned().map(Said::Warning));
    }
    if let Some(capture) = plan.capture.as_ref().filter(|c| !c.receivers.is_empty()) {
        said.push(Said::Title("consumers that receive the copies"));
        for receiver in &capture.receivers {
            let paused = if receiver.paused { ", paused" } else { "" };
            said.push(Said::Count(receiver.outstanding, format!("outstanding of {}{paused}", receiver.name)));
        }
    }
    if !a.types.is_empty() {
        said.push(Said::Title("by type"));
        let name = |ty: &Option<String>| ty.clone().unwrap_or_else(|| "(no CloudEvent)".into());
        said.extend(a.types.iter().map(|ty| Said::Count(ty.count, name(&ty.ty))));
        if a.other_types > 0 {
            said.push(Said::Count(a.other_types, "of other types".into()));
        }
    }
    if let Some(highest) = a.histogram.iter().map(|bar| bar.count).max().filter(|_| a.histogram.len() > 1) {
        said.push(Said::Title("over time"));
        let share = |count: u64| (count * 1_000).div_ceil(highest.max(1)) as u32;
        // Bars that are shorter than a second would all have the same time.
        let fine = a.histogram.windows(2).any(|w| w[1].from.since(w[0].from) < Duration::from_secs(1));
        let label = |from: Timestamp| if fine { from.to_display_millis() } else { from.to_display() };
        said.extend(a.histogram.iter().map(|bar| Said::Bar(label(bar.from), bar.count, share(bar.count))));
    }
    said
}

impl Run {
    /// How far it is, in words. `now` is what ages are measured from, where they are wanted.
    pub fn words(&self, now: Option<Timestamp>) -> Vec<Said> {
        let (p, c) = (&self.progress, &self.progress.counters);
        let mut said = vec![Said::Fact("replay", self.plan.id.clone()), Said::Fact("state", self.word().into())];
        let mut fact = |name, value: String| said.push(Said::Fact(name, value));
        if self.orphaned {
            fact("", "nobody runs it: resume it or cancel it".into());
        }
        if p.verifying {
            fact("", "the copies are read back".into());
        }
        if let Some(reason) = &p.reason {
            fact("why", format!("{reason}{}", if p.waits { "; it goes on by itself" } else { "" }));
        }
        fact("from", format!("{} ({})", self.plan.selection.name(), self.plan.range));
        fact("to", self.plan.destination.to_string());
        let clock = match (p.source_time, self.plan.amounts.first, self.plan.amounts.last) {
            (Some(at), Some((_, first)), Some((_, last))) => {
                format!(", stored {} of {} to {}", at.to_clock(), first.to_clock(), last.to_clock())
            }
            _ => String::new(),
        };
        if p.source_seq > 0 {
            let of = if matches!(self.plan.selection, Selection::List(_)) { "" } else { " of the source" };
            fact("reached", format!("{}{of}{clock}", self.plan.place(p.source_seq)));
        }
        fact("sent", format!("{} of {}", count_exact(c.sent), count_exact(p.planned)));
        for (count, what) in [
            (c.duplicate, "duplicate"),
            (c.gone, "gone from the source"),
            (c.uncertain, "uncertain"),
            (c.failed, "failed"),
            (c.reordered, "out of order"),
            (p.in_flight, if self.orphaned { "in flight then; what of it arrived is found out" } else { "in flight" }),
        ] {
            if count > 0 {
                fact("", format!("{} {what}", count_exact(count)));
            }
        }
        for (count, why) in c.skipped.words() {
            fact("left out", format!("{count} {why}"));
        }
        let unsent = self.plan.amounts.not_sent();
        fact("pace", p.pace.to_string());
        let runs = !p.state.is_over() && !self.orphaned;
        if now.is_some() && runs {
            fact("rate", format!("{:.0}/s now, {:.0}/s on average", p.rate, p.rate_average));
            let eta = p.eta_seconds.map_or_else(
                || "not known while it stands still".into(),
                |s| duration(Duration::from_secs_f64(s.clamp(0.0, 1e10))),
            );
            fact("to go", eta);
        }
        match (p.checkpoint, now) {
            (Some(at), Some(now)) if !p.state.is_over() => {
                fact("checkpoint", ago(now.since(at)));
            }
            (Some(at), _) => fact("checkpoint", at.to_string()),
            (None, _) => {}
        }
        if let (Some(outstanding), Some((consumer, most))) = (p.outstanding, &self.plan.watch) {
            let words = format!("{} outstanding of {consumer}, pauses above {most}", count_exact(outstanding));
            fact("watched", words);
        }
        if let Some(owner) = &self.owner {
            fact("run by", format!("{} in process {} on {}", owner.user, owner.pid, owner.host));
        }
        if let Some(reason) = &self.plan.reason {
            fact("reason", reason.clone());
        }
        if let Some(error) = &p.last_error {
            fact("last error", error.clone());
        }
        if let Some(words) = unsent {
            said.insert(2, Said::Warning(words));
        }
        said
    }
}
