//! Lag times and what follows from them, in cells and as facts.

use std::time::Duration;

use crate::app::App;
use crate::event::clean_line;
use crate::health::{Verdict, time_to_loss};
use crate::model::lag::LagTime;
use crate::model::units::{count_exact, duration, rate, soon};
use crate::model::{ConsumerEntry, StreamEntry, Timestamp};

use super::Theme;
use super::streams::{none, unknown};
use super::widgets::facts::Fact;
use super::widgets::table::Cell;

/// A duration without the parts of a second, so that what stands below each other has one unit.
pub(super) fn whole(d: Duration) -> String {
    duration(Duration::from_secs(d.as_secs()))
}

/// The lag time for a cell of six. In the past, what was not read then is not going to be.
pub(super) fn cell(entry: &ConsumerEntry, app: &App, theme: &Theme) -> Cell<'static> {
    match entry.lag_time(app.shown_at()) {
        LagTime::Nothing | LagTime::Gone => none(theme),
        LagTime::Unread if app.past_at().is_some() => unknown(theme),
        LagTime::Unread => Cell::new("…", theme.dim),
        LagTime::Failed(_) => unknown(theme),
        LagTime::Known(age, ..) => Cell::new(whole(age), theme.text),
    }
}

/// Lag time, time to loss and time to zero. `stream` is where the messages are.
pub(super) fn facts(
    entry: &ConsumerEntry,
    stream: Option<&StreamEntry>,
    verdict: Option<&Verdict>,
    app: &App,
    theme: &Theme,
) -> Vec<Fact> {
    let now = app.shown_at();
    let mut out = Vec::new();
    match entry.lag_time(now) {
        LagTime::Nothing => out.push(Fact::new("lag time", "nothing waits")),
        LagTime::Unread if app.past_at().is_some() => {
            out.push(Fact::new("lag time", "was not read then").styled(theme.unknown));
        }
        LagTime::Unread => out.push(Fact::new("lag time", "not read yet")),
        LagTime::Gone => out.push(Fact::new("lag time", "its oldest message is gone")),
        LagTime::Failed(problem) => {
            let why = clean_line(&problem.sentence).into_owned();
            out.push(Fact::new("lag time", format!("not known: {why}")).or(problem.short()).styled(theme.unknown));
        }
        LagTime::Known(age, oldest, lag) => {
            let (age, seq) = (whole(age), count_exact(oldest.seq));
            out.push(Fact::new("lag time", format!("{age}, seq {seq} waits")).or(age));
            if let (Some(age), Some(at)) = (lag.delivered_age(), lag.delivered) {
                // The floor is held, but what is read now is younger.
                let (age, seq) = (whole(age), count_exact(at.seq));
                out.push(Fact::new("reads at", format!("{age} old, seq {seq}")).or(format!("{age} old")));
            }
            if let Some(stream) = stream {
                out.push(match time_to_loss(stream, &oldest, now) {
                    Some(loss) if loss.after < Duration::from_secs(1) => {
                        let drops =
                            entry.dropped_per_second().map_or(String::new(), |r| format!(", up to {}/s", rate(r)));
                        let now = Fact::new("losing", format!("now{drops}, by {}", loss.by)).or(format!("now{drops}"));
                        now.styled(theme.critical)
                    }
                    Some(loss) => Fact::new("lost in", format!("{} by {}", whole(loss.after), loss.by)),
                    None => Fact::new("lost in", "no limit takes it").or("no limit"),
                });
            }
        }
    }
    if let Some(eta) = verdict.and_then(Verdict::eta).filter(|eta| *eta < 3.0e9) {
        out.push(Fact::new("zero in", format!("{} as it goes now", soon(Duration::from_secs_f64(eta)))));
    }
    out
}

/// Since when the verdict holds, for a cell of six; with a `>` where it may be longer.
pub(super) fn since(verdict: Option<&Verdict>, now: Timestamp, theme: &Theme) -> Cell<'static> {
    let Some((verdict, at)) = verdict.and_then(|v| v.since.map(|at| (v, at))) else { return none(theme) };
    let ago = whole(now.since(at));
    Cell::new(if verdict.or_longer && ago.len() < 6 { format!(">{ago}") } else { ago }, theme.text)
}

/// Since when the verdict holds, and how late it notices.
pub(super) fn when(verdict: &Verdict, now: Timestamp) -> String {
    let since = verdict.since.map(|at| {
        let ago = whole(now.since(at));
        if verdict.or_longer { format!("for {ago} or longer") } else { format!("since {} UTC, {ago}", at.to_display()) }
    });
    let delay = verdict.window().map(|window| format!("a change shows within {}", whole(window)));
    [since, delay].into_iter().flatten().collect::<Vec<_>>().join("; ")
}
