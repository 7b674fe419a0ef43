//! Previews and outcomes in words.

use super::{Method, Outcome, Past, Preview, Span, Target};
use crate::model::units::count_exact;
use crate::model::{Said, Timestamp};

/// What making a consumer again loses, for whoever offers it.
pub const RECREATE: &str =
    "deleted and made again with the same configuration, which loses its acks and redelivery counts";

fn fact(name: &'static str, value: impl Into<String>) -> Said {
    Said::Fact(name, value.into())
}

/// Sentences under a heading; nothing where there are none.
fn part(said: &mut Vec<Said>, title: &'static str, sentences: &[String], each: fn(String) -> Said) {
    if !sentences.is_empty() {
        said.push(Said::Title(title));
        said.extend(sentences.iter().cloned().map(each));
    }
}

impl Preview {
    /// What would happen, in words.
    pub fn words(&self) -> Vec<Said> {
        let b = &self.before;
        let mode = format!("{} of {} ({}, ack {})", self.consumer, self.stream, self.mode, self.ack_policy.word());
        let mut said = vec![fact("consumer", mode)];
        if !self.filter_subjects.is_empty() {
            said.push(fact("filter", self.filter_subjects.join(" ")));
        }
        if let Some(id) = &self.undoes {
            said.push(fact("undoes", id));
        }
        said.push(fact("stream", format!("#{} to #{}", self.stream_ends.0, self.stream_ends.1)));
        said.push(fact("now", format!("delivered {}", b.delivered)));
        said.push(fact("", format!("acked up to {}", b.ack_floor)));
        said.push(fact("", format!("{} pending, {} in flight", count_exact(b.pending), count_exact(b.ack_pending))));
        let first = match self.after.first {
            Some(first) if first.seq == self.after.seq => {
                first.time.map_or_else(String::new, |time| format!(" of {}", time.to_millis()))
            }
            Some(first) => format!("; the first that it receives is {first}"),
            None => ", what comes next".into(),
        };
        let asked = match self.target {
            Target::Seq(seq) if seq == self.after.seq => String::new(),
            target => format!(" (asked for: {target})"),
        };
        said.push(fact("then", format!("#{}{first}{asked}", self.after.seq)));
        let pending = self.after.pending.map_or_else(|| "more than can be counted".into(), count_exact);
        said.push(fact("", format!("{pending} pending")));
        if !self.restored.is_empty() {
            said.push(fact("restored", format!("{}, never delivered so far", span(&self.restored))));
        }
        said.push(fact("redelivered", span(&self.redelivered)));
        said.push(fact("skipped", span(&self.skipped)));
        said.push(fact(
            "how",
            match self.method {
                Method::Reset => "paused, drained, moved, resumed, read back",
                Method::Recreate => "deleted and made again with the same configuration",
            },
        ));
        part(&mut said, "not possible", &self.obstacles, Said::Obstacle);
        part(&mut said, "lost", &self.lost, Said::Warning);
        part(&mut said, "worth knowing", &self.warnings, Said::Warning);
        said
    }
}

fn span(span: &Span) -> String {
    let count = span.count.map_or_else(|| "more messages than can be counted".into(), count_exact);
    match (span.first, span.last) {
        _ if span.is_empty() => "none".into(),
        (Some(first), Some(last)) if first != last => format!("{count}: {first} to {last}"),
        (Some(first), _) => format!("{count}: {first}"),
        _ => count,
    }
}

impl Outcome {
    /// What came of it, in words.
    pub fn words(&self) -> Vec<Said> {
        let verified = if self.verified { "read back" } else { "NOT what was read back" };
        let goes_on = match (self.paused_until, self.advances) {
            (Some(until), _) => format!("paused until {until}, as before"),
            (None, Some(true)) => "somebody waited, and is sent messages".into(),
            (None, Some(false)) => "somebody waits, and nothing was sent".into(),
            (None, None) => "nobody waits, or nothing is due".into(),
        };
        let paused = if self.paused_seconds > 0.0 {
            format!(", {:.1} s of it paused", self.paused_seconds)
        } else {
            String::new()
        };
        let mut said = vec![
            fact("consumer", format!("{} of {}", self.consumer, self.stream)),
            fact("moved", format!("from #{} to #{}, {verified}", self.from, self.to)),
            fact("", format!("{} pending", count_exact(self.pending))),
            fact("goes on", goes_on),
            fact("took", format!("{:.1} s{paused}", self.seconds)),
        ];
        part(&mut said, "worth knowing", &self.notes, Said::Warning);
        said
    }
}

impl Past {
    /// What is known of it, in words.
    pub fn words(&self, now: Timestamp) -> Vec<Said> {
        let mut said = match &self.outcome {
            Some(outcome) => outcome.words(),
            None => vec![
                fact("consumer", format!("{} of {}", self.consumer, self.stream)),
                fact("wanted", format!("from #{} to #{}", self.from, self.to)),
            ],
        };
        let facts = said.iter().position(|said| matches!(said, Said::Title(_))).unwrap_or(said.len());
        let mut more = vec![
            fact("asked for", self.target.to_string()),
            fact("began", self.made.to_millis()),
            fact("by", format!("{} in process {} on {}", self.owner.user, self.owner.pid, self.owner.host)),
        ];
        more.extend(self.undoes.as_ref().map(|id| fact("undoes", id)));
        more.extend(self.undone_by.as_ref().map(|id| fact("undone by", id)));
        said.splice(facts..facts, more);
        let broken = self.broken_off(now);
        part(&mut said, "broken off", broken.as_slice(), Said::Warning);
        part(&mut said, "not moved", self.why.as_slice(), Said::Obstacle);
        said
    }
}
