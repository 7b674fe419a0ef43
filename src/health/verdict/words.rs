//! Verdicts in words: short ones for a cell, and a sentence with the evidence.

use std::fmt::Write as _;
use std::time::Duration;

use crate::health::{Health, messages, messages_are};
use crate::model::ring::SLOTS;
use crate::model::units::{count, count_exact, duration, rate, soon};
use crate::model::{Consumer, ConsumerEntry, Delivery, Timestamp};

use super::{Excuse, Flag, State, Verdict, Why};

/// Longer than this is no estimate any more.
const LONGEST: f64 = 3.0e9;

impl Verdict {
    /// Level, words and sentence together.
    pub fn health(&self, entry: &ConsumerEntry, now: Timestamp) -> Health {
        Health::new(self.level(), self.words(), self.sentence(entry, now))
    }

    /// For a cell: the state with its flags, or with what kind of OK it is. Of who works it is only OK, since nothing
    /// outstanding and a little of it follow each other all the time.
    pub fn words(&self) -> String {
        let mut out = match self.why {
            Why::TooFew => format!("{} {}/{SLOTS}", self.state.word(), self.samples),
            _ => self.state.word().to_owned(),
        };
        let before = out.len();
        for flag in self.flags.iter() {
            let _ = match flag {
                Flag::Dead(n) => write!(out, " {}>={}", flag.word(), count(n)),
                Flag::Lost(lost) => write!(out, " {}<={}{}", flag.word(), count(lost.messages), lost.now()),
                _ => write!(out, " {flag}"),
            };
        }
        if out.len() == before {
            out.push_str(match self.why {
                Why::Idle if self.samples == SLOTS => " idle",
                Why::CatchingUp if self.backlog => " catching up",
                _ => "",
            });
        }
        out
    }

    /// The same in a cell of so many columns. What was lost and how fast stays whole: the other words get shorter first.
    pub fn words_in(&self, width: usize) -> String {
        let whole = self.words();
        if whole.len() <= width {
            return whole;
        }
        let lost = Some(self.flags.lost()).filter(|lost| lost.messages > 0).map(|lost| {
            let rate = lost.rate().map_or_else(String::new, |per_second| format!(" {}/s", rate(per_second)));
            format!("{}<={}{rate}", Flag::Lost(lost).word(), count(lost.messages))
        });
        let Some(lost) = lost else { return whole };
        let state = self.state.word();
        let dead = self.flags.iter().find(|flag| matches!(flag, Flag::Dead(_))).map_or("", |dead| dead.word());
        let shorter = [format!("{state} {dead} {lost}"), format!("{state} {lost}"), lost.clone()];
        // Of one that gave up on messages that is the next to be known.
        let shorter = if dead.is_empty() { shorter.into_iter().skip(1).collect() } else { Vec::from(shorter) };
        shorter.into_iter().find(|words| words.len() <= width).unwrap_or(lost)
    }

    /// What is the matter, with the numbers that say so.
    pub fn sentence(&self, entry: &ConsumerEntry, now: Timestamp) -> String {
        let Some(info) = entry.info.as_deref() else { return String::new() };
        let mut out = self.state_sentence(info, now);
        let gave_up = self.flags.has("DEAD");
        for flag in self.flags.iter() {
            match flag {
                // It never acks that one, and so the floor never passes it.
                Flag::Hol { floor } if gave_up => {
                    let floor = count_exact(floor);
                    let _ = write!(
                        out,
                        " Acks arrive, but the floor stands at {floor}: the next message is held, or was given up."
                    );
                }
                flag => {
                    let _ = write!(out, " {}", flag.sentence());
                }
            }
        }
        if let Some(doubt) = self.doubt {
            let _ = write!(
                out,
                " The server's numbers disagree: {} pending, but {} behind what was delivered.",
                messages_are(doubt.pending),
                lie(doubt.behind)
            );
        }
        out
    }

    /// The same without the flags.
    pub(in crate::health) fn state_sentence(&self, info: &Consumer, now: Timestamp) -> String {
        let left = || messages_are(self.outstanding);
        let window = || self.window().map_or(String::new(), |d| format!(" ({})", duration(d)));
        let slope = || rate(self.slope.unwrap_or(0.0).abs());
        let unacked = || messages_are(info.ack_pending);
        match (self.state, self.excuse) {
            (State::Ok, Some(Excuse::InProgress)) => {
                return format!("A client says that it still works on what it has: {} not acked.", unacked());
            }
            (State::Ok, Some(Excuse::Backoff(until))) => {
                let until = until.to_display();
                return format!("{} not acked; its backoff delivers again by {until} UTC at the latest.", unacked());
            }
            (State::Ok, Some(Excuse::PutOff)) => {
                return format!(
                    "{} not acked: a client put them off (NAK with a delay); until when, the server does not tell.",
                    unacked()
                );
            }
            _ => {}
        }
        match self.why {
            Why::TooFew => {
                format!("{}/{SLOTS} samples: too early to say how it goes; {} outstanding.", self.samples, left())
            }
            Why::Silent => {
                let ago = Duration::from_secs(now.since(info.taken).as_secs());
                format!("Nothing was heard of it for {}; then {} outstanding.", duration(ago), were(self.outstanding))
            }
            Why::Paused => {
                let until = info.config.pause_until.map_or(String::new(), |t| format!(" until {} UTC", t.to_display()));
                format!("It is paused{until}: nothing is delivered; {} outstanding.", left())
            }
            Why::Idle | Why::CaughtUp if self.outstanding > 0 => {
                format!("{} outstanding, which is as good as none here.", left())
            }
            Why::Idle if self.samples < SLOTS => "Nothing is outstanding.".into(),
            Why::Idle => format!("Nothing is outstanding, and nothing was acked for the whole window{}.", window()),
            Why::CaughtUp => "Nothing is outstanding, and what comes in is acked.".into(),
            Why::NoReader => {
                let slow = self.excused(info);
                let nobody = match &info.config.delivery {
                    Delivery::Pull => "no open pull".to_owned(),
                    Delivery::Push { subject, group } => nobody(subject, group.as_deref()),
                };
                let left = left();
                format!("No reader and no ack for the whole window{}: {left} outstanding, {nobody}.{slow}", window())
            }
            Why::Rewound { from, to } => format!(
                "The ack floor went back from {} to {}: what was acked behind it comes again; {} outstanding.",
                count_exact(from),
                count_exact(to),
                left()
            ),
            Why::Ahead { delivered, last } => format!(
                "It is ahead of its stream: it was delivered up to {}, and its stream ends at {}. Nothing is delivered \
                 before the stream has passed {}.",
                count_exact(delivered),
                count_exact(last),
                count_exact(delivered)
            ),
            Why::Paced => {
                let pace = match info.config.rate_limit {
                    Some(bits) => format!("at most {} bit/s (rate limit)", count_exact(bits)),
                    None => "as far apart as they were stored (replay policy original)".to_owned(),
                };
                format!("It delivers messages as configured, {pace}: {} outstanding.", left())
            }
            Why::NobodyAcks => {
                let mut out = format!(
                    "It delivers, and nobody acks: no ack for the whole window{}, {} not acked, {} not delivered.",
                    window(),
                    messages_are(info.ack_pending),
                    messages_are(info.pending)
                );
                if self.dropped {
                    out.push_str(" What leaves is what its stream drops.");
                }
                out.push_str(&self.excused(info));
                out
            }
            Why::NothingDelivered => format!(
                "A reader waits, but nothing was delivered for the whole window{}: {} outstanding.{}",
                window(),
                left(),
                self.excused(info)
            ),
            Why::NeverFell if self.slope.is_none_or(|slope| slope <= 0.0) => format!(
                "It does not catch up: {} outstanding, and that did not fall for the whole window{}.",
                left(),
                window()
            ),
            Why::NeverFell => {
                let limit = limited(info);
                format!("It falls behind by {}/s: {} outstanding, and that never fell.{limit}", slope(), left())
            }
            Why::Sawtooth => {
                let limit = limited(info);
                format!("It falls behind by {}/s in spite of its dips: {} outstanding.{limit}", slope(), left())
            }
            Why::CatchingUp if !self.backlog => format!("{} outstanding, and it moves.", left()),
            Why::CatchingUp => {
                let zero = self
                    .eta()
                    .filter(|eta| *eta < LONGEST)
                    .map_or(String::new(), |eta| format!(", zero in {}", soon(rounded(Duration::from_secs_f64(eta)))));
                format!("It catches up by {}/s: {} outstanding{zero}.", slope(), left())
            }
            Why::Working => format!("{} outstanding, and it moves.", left()),
        }
    }
}

impl Verdict {
    /// Why nothing may be wrong, as a sentence behind others; empty where there is no such reason.
    fn excused(&self, info: &Consumer) -> String {
        match self.excuse {
            Some(Excuse::SlowWork) => {
                let wait = info.config.ack_wait.map_or(String::new(), duration);
                format!(" It may be slow work: its ack wait, {wait}, is not over.")
            }
            Some(Excuse::InProgress) => " A client says that it still works on what it has.".to_owned(),
            Some(Excuse::Backoff(until)) => format!(
                " It waits as its backoff says: what is not acked comes again by {} UTC at the latest.",
                until.to_display()
            ),
            Some(Excuse::PutOff) => {
                " The ack wait is over and nothing came again, so a client put it off (NAK with a delay).".to_owned()
            }
            Some(Excuse::Refused) => " Messages come again: its clients refuse them, or do not ack in time.".to_owned(),
            Some(Excuse::Overflow) => {
                " That may be meant: clients of an overflow group can ask for messages only when many wait.".to_owned()
            }
            None => String::new(),
        }
    }
}

/// That nobody is subscribed, and in which queue group somebody would have to be.
pub(in crate::health) fn nobody(subject: &str, group: Option<&str>) -> String {
    match group {
        Some(group) => format!("nobody is subscribed to {subject} in the queue group {group}"),
        None => format!("nobody is subscribed to {subject}"),
    }
}

/// That it may send no more, where that is so.
fn limited(info: &Consumer) -> String {
    let bits = info.config.rate_limit.map(count_exact);
    bits.map_or_else(String::new, |bits| format!(" Its rate limit is {bits} bit/s."))
}

/// Whole seconds, where there is one.
fn rounded(d: Duration) -> Duration {
    if d.as_secs() == 0 { d } else { Duration::from_secs(d.as_secs_f64().round() as u64) }
}

fn were(n: u64) -> String {
    format!("{} {}", messages(n), if n == 1 { "was" } else { "were" })
}

fn lie(n: u64) -> String {
    format!("{} {}", messages(n), if n == 1 { "lies" } else { "lie" })
}
