//! What is known of each stuck message and from where, and what nobody can know.

use std::collections::BTreeMap;

use crate::event::clean_line;
use crate::health::Level;
use crate::model::units::{count_exact, duration};
use crate::model::{AckPolicy, Consumer, Timestamp};

use super::{App, Found, Said, StuckScreen};

/// How a message is stuck.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum How {
    /// It was delivered as often as it may be.
    GaveUp,
    /// A client terminated it, with this reason where it gave one; harmless.
    Terminated(Option<String>),
    /// It was delivered and is waited for.
    Unacked,
    /// The ack floor stands before it, but nothing is waited for: it was given up before anybody listened.
    GivenUpBefore,
    /// Clients refused it so often; whether it was acked since is not told.
    Refused(u64),
    /// The consumer waited for it when it was marked, and does not any more: it was acked, or is over otherwise.
    Settled,
}

/// What is known of a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StuckRow {
    /// Its sequence.
    pub seq: u64,
    /// How it is stuck.
    pub how: How,
    /// The ack floor stands before it: it is the oldest that is not acked.
    pub head: bool,
    /// How often it was delivered at least, where that was told.
    pub deliveries: Option<u64>,
    /// When something was said of it last.
    pub said: Option<Timestamp>,
    /// The stream does not have it any more.
    pub gone: bool,
}

impl StuckRow {
    /// How bad it is.
    pub const fn level(&self) -> Level {
        match self.how {
            How::GaveUp | How::Terminated(_) | How::GivenUpBefore => Level::Critical,
            How::Unacked => Level::Warning,
            How::Refused(_) => Level::Notice,
            How::Settled => Level::Ok,
        }
    }

    /// How it is stuck, in words; harmless.
    pub fn how_words(&self) -> String {
        let mut words = match &self.how {
            How::GaveUp => match self.deliveries {
                Some(n) => format!("gave up after {} deliveries", count_exact(n)),
                None => "gave up".into(),
            },
            How::Terminated(Some(reason)) => format!("terminated: {reason}"),
            How::Terminated(None) => "terminated, no reason given".into(),
            How::Unacked => return "head of line, not acked".into(),
            How::GivenUpBefore => return "head of line, given up".into(),
            How::Settled => return "acked or over since it was marked".into(),
            How::Refused(1) => "refused (nak)".into(),
            How::Refused(n) => format!("refused (nak) {} times", count_exact(*n)),
        };
        if self.head {
            words.push_str("; head of line");
        }
        words
    }
}

impl StuckScreen {
    /// The messages that are known to be stuck.
    pub(super) fn known(&self, app: &App) -> BTreeMap<u64, StuckRow> {
        let info = self.info(app);
        let first = app.catalog().streams.get(&self.stream).and_then(|e| e.info.as_ref()).map(|s| s.state.first_seq);
        let gone = |seq: u64| first.is_some_and(|first| seq < first) || self.found.get(&seq) == Some(&Found::Gone);
        let mut rows = BTreeMap::new();
        let said = app.activity.stuck.of(&self.stream, &self.name);
        for (seq, said) in said.iter().flat_map(|s| &s.messages) {
            // Up to the floor everything is acked, or over.
            if !said.is_over() && info.is_some_and(|info| *seq <= info.ack_floor.stream_seq) {
                continue;
            }
            rows.insert(*seq, row(*seq, said, gone(*seq)));
        }
        if let Some((info, seq)) = info.and_then(|info| Some((info, self.head_of(info)?))) {
            let how = if info.ack_pending == 0 { How::GivenUpBefore } else { How::Unacked };
            let head = StuckRow { seq, how: how.clone(), head: true, deliveries: None, said: None, gone: gone(seq) };
            let row = rows.entry(seq).or_insert(head);
            row.head = true;
            if matches!(row.how, How::Refused(_)) {
                row.how = how;
            }
        }
        self.keep_marked(&mut rows, info, gone);
        rows
    }

    /// What is marked stays in the list, whether it is still told of or not: a mark on a row that is not shown would be
    /// sent again unseen, and one that goes with its row would be missed.
    fn keep_marked(&self, rows: &mut BTreeMap<u64, StuckRow>, info: Option<&Consumer>, gone: impl Fn(u64) -> bool) {
        for old in self.table.marks.iter().filter_map(|seq| self.rows.get(seq)) {
            let acked = info.is_some_and(|info| old.seq <= info.ack_floor.stream_seq);
            let how = match &old.how {
                How::Unacked | How::Refused(_) if acked => How::Settled,
                how => how.clone(),
            };
            rows.entry(old.seq).or_insert_with(|| StuckRow { how, head: false, gone: gone(old.seq), ..old.clone() });
        }
    }

    /// The message that the ack floor stands before, if it was delivered: what was not is only waiting for its turn.
    fn head_of(&self, info: &Consumer) -> Option<u64> {
        let (floor, seq) = self.head?;
        let stands = info.config.ack_policy != AckPolicy::None && floor == info.ack_floor.stream_seq;
        seq.filter(|seq| stands && *seq <= info.delivered.stream_seq)
    }

    /// What stands above the list: what the server tells of the consumer, and what nobody knows. Harmless.
    pub(super) fn said(&self, app: &App) -> Vec<String> {
        let Some(info) = self.info(app) else { return Vec::new() };
        let mut said = Vec::new();
        let n = |n: u64| count_exact(n);
        if info.config.ack_policy == AckPolicy::None {
            said.push("this consumer wants no acks: what it was sent counts as done, and nothing can be stuck".into());
            return said;
        }
        let (floor, delivered) = (info.ack_floor.stream_seq, info.delivered.stream_seq);
        said.push(match info.ack_pending {
            0 if delivered == 0 => "nothing was delivered to this consumer yet".into(),
            0 if floor >= delivered => format!("all that was delivered is acked, up to #{}", n(floor)),
            0 => format!("acked up to #{}, delivered up to #{}: no ack is waited for", n(floor), n(delivered)),
            1 => format!("1 message behind #{} is delivered and not acked", n(floor)),
            pending => format!(
                "{} of #{}..#{} are not acked, {} redelivered; the server tells only the first",
                n(pending),
                n(floor + 1),
                n(delivered),
                n(info.redelivered)
            ),
        });
        let known = self.rows.values().filter(|row| row.how == How::GaveUp).count() as u64;
        let more = Some(given_up_at_least(info)).filter(|given_up| known < *given_up);
        said.push(heard(app, more));
        said.extend(app.activity.refused.values().cloned());
        if let Some(sentence) = &self.head_failed {
            said.push(
                clean_line(&format!("the first message that is not acked could not be read: {sentence}")).into_owned(),
            );
        }
        let Some(remembered) = app.activity.stuck.of(&self.stream, &self.name) else { return said };
        if remembered.lost.0 > 0 {
            let (count, last) = remembered.lost;
            let what =
                if count == 1 { "1 message that was".to_owned() } else { format!("{} messages that were", n(count)) };
            said.push(format!("the stream deleted {what} delivered and not acked; the last was #{}", n(last)));
        }
        if remembered.dropped > 0 {
            said.push(format!("{} older ones are no longer kept, to make room for these", n(remembered.dropped)));
        }
        said
    }
}

/// How many messages a consumer gave up on at least: they leave all of its counters but one.
pub(super) fn given_up_at_least(info: &Consumer) -> u64 {
    let limited = info.config.max_deliver.is_some();
    if limited { info.redelivered.saturating_sub(info.ack_pending) } else { 0 }
}

/// For how long advisories were listened to, and how many messages were given up at least, where not all of them are
/// known.
fn heard(app: &App, given_up: Option<u64>) -> String {
    let Some(since) = app.activity.since else { return "nothing was heard of single messages yet".into() };
    let span = duration(std::time::Duration::from_secs(app.now.since(since).as_secs()));
    let before = match app.activity.gaps {
        0 => "before that",
        1 => "before that, and while the connection was lost,",
        _ => "before that, and while the connection was lost several times,",
    };
    let given_up = given_up.map(|n| format!(", but at least {} were given up", count_exact(n))).unwrap_or_default();
    format!("heard for {span}; {before} nothing is known{given_up}")
}

fn row(seq: u64, said: &Said, gone: bool) -> StuckRow {
    let how = match (&said.terminated, said.gave_up) {
        (_, true) => How::GaveUp,
        (Some(reason), _) => How::Terminated(reason.clone()),
        (None, false) => How::Refused(said.naks),
    };
    StuckRow { seq, how, head: false, deliveries: said.deliveries, said: Some(said.last), gone }
}
