//! What this program asked: the newest requests one by one, and all of them folded, each kind of question about each
//! thing as one row. Writes are never folded.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use crate::model::advisory::is_own_reader;
use crate::model::request::{Act, Nature, Outcome, Verb};
use crate::model::{Request, Timestamp};

use super::log::Log;

/// Requests that are kept one by one, and rows of the folded ones.
const MOST: usize = 2_000;
/// Answers that a median is taken of.
const SAMPLES: usize = 31;
/// A row that was not asked for so long gives way to another.
const STALE: Duration = Duration::from_secs(60);
/// So often is looked for such a row.
const LOOK: Duration = Duration::from_secs(1);

/// Requests that want the same of the same thing.
#[derive(Clone, Debug, PartialEq)]
pub struct Folded {
    /// The newest of them; of messages that were published all.
    pub last: Request,
    /// How many.
    pub times: u64,
    /// How many of them failed.
    pub failed: u64,
    /// Bytes of all answers.
    pub bytes: u64,
    /// There were too many different ones: this row is all that found no row of its own.
    pub rest: bool,
    /// How long the newest answers took, in microseconds; the place of the next one.
    took: ([u32; SAMPLES], usize, usize),
}

impl Folded {
    fn new(first: &Request) -> Self {
        let mut folded =
            Self { last: first.clone(), times: 0, failed: 0, bytes: 0, rest: false, took: ([0; SAMPLES], 0, 0) };
        folded.add(first);
        folded
    }

    fn add(&mut self, request: &Request) {
        self.times += match request.act {
            Act::Publish { messages, .. } => messages,
            _ => 1,
        };
        self.failed += u64::from(request.has_failed());
        self.bytes += match request.act {
            Act::Publish { bytes, .. } => bytes,
            _ => request.reply.unwrap_or(0),
        };
        let answered = matches!(request.outcome, Outcome::Done | Outcome::Absent(_));
        if let Some(took) = request.took.filter(|_| answered) {
            let (samples, count, next) = &mut self.took;
            samples[*next] = u32::try_from(took.as_micros()).unwrap_or(u32::MAX);
            *next = (*next + 1) % SAMPLES;
            *count = (*count + 1).min(SAMPLES);
        }
        let last = &mut self.last;
        (last.at, last.took, last.reply) = (request.at, request.took, request.reply);
        last.body.clone_from(&request.body);
        if last.outcome != request.outcome {
            last.outcome.clone_from(&request.outcome);
        }
        if let Act::Publish { publisher, .. } = request.act {
            last.act = Act::Publish { publisher, messages: self.times, bytes: self.bytes };
        } else if last.subject != request.subject {
            last.subject.clone_from(&request.subject);
        }
    }

    /// The median of the newest answers; `None` where there was none.
    pub fn median(&self) -> Option<Duration> {
        let (samples, count, _) = &self.took;
        let mut samples = *samples;
        let known = samples.get_mut(..*count).filter(|known| !known.is_empty())?;
        let middle = known.len() / 2;
        Some(Duration::from_micros(u64::from(*known.select_nth_unstable(middle).1)))
    }

    /// Whether the newest of them failed.
    pub const fn has_failed(&self) -> bool {
        self.last.has_failed()
    }
}

/// What makes requests the same: with which context, and what they are about.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Key {
    Subject(Box<str>),
    /// About one of our own readers of this stream: they come and go.
    Reader(Verb, Box<str>),
    Publisher(u64),
    Rest(Verb),
}

/// What was asked.
#[derive(Clone, Debug, PartialEq)]
pub struct Requests {
    /// The newest, one by one.
    pub single: Log<Request>,
    /// All, folded.
    pub folded: Log<Folded>,
    rows: HashMap<Option<Arc<str>>, HashMap<Key, u64>>,
    looked: Timestamp,
    /// Requests of which nothing is known, since too many came at once.
    pub lost: u64,
}

impl Default for Requests {
    fn default() -> Self {
        Self {
            single: Log::new(MOST),
            folded: Log::new(MOST),
            rows: HashMap::new(),
            looked: Timestamp::default(),
            lost: 0,
        }
    }
}

impl Requests {
    /// Takes requests in, oldest first.
    pub(super) fn take(&mut self, requests: Vec<Request>, lost: u64) {
        self.lost += lost;
        for request in requests {
            self.fold(&request);
            self.single.push(request);
        }
    }

    fn fold(&mut self, request: &Request) {
        let key = match request.act {
            Act::Publish { publisher, .. } => Key::Publisher(publisher),
            _ if request.nature() == Nature::Read => match request.asks() {
                (verb, Some(stream), Some(name)) if is_own_reader(name) => Key::Reader(verb, stream.into()),
                _ => Key::Subject(request.subject.clone()),
            },
            // What changes something has a row of its own each time.
            _ => {
                self.make_room(request.at, true);
                self.folded.push(Folded::new(request));
                return;
            }
        };
        let known = self.rows.get(&request.context).and_then(|rows| rows.get(&key)).copied();
        if let Some(row) = known.and_then(|at| self.folded.get_mut(at)) {
            row.add(request);
        } else if matches!(key, Key::Publisher(_)) || self.make_room(request.at, false) {
            self.make_room(request.at, true);
            let at = self.folded.push(Folded::new(request));
            self.rows.entry(request.context.clone()).or_default().insert(key, at);
        } else {
            self.fold_into_rest(request);
        }
    }

    /// So many different things are asked about that not each can have a row.
    fn fold_into_rest(&mut self, request: &Request) {
        let rows = self.rows.entry(request.context.clone()).or_default();
        let key = Key::Rest(request.asks().0);
        match rows.get(&key).copied().and_then(|at| self.folded.get_mut(at)) {
            Some(row) => row.add(request),
            None => {
                self.make_room(request.at, true);
                let at = self.folded.push(Folded { rest: true, ..Folded::new(request) });
                self.rows.entry(request.context.clone()).or_default().insert(key, at);
            }
        }
    }

    /// Whether there is room for another row. The row that was not asked for longest gives way, if that is long ago or
    /// there `must` be room.
    fn make_room(&mut self, now: Timestamp, must: bool) -> bool {
        if !self.folded.is_full() {
            return true;
        }
        if !must && now.since(self.looked) < LOOK {
            return false;
        }
        self.looked = now;
        let oldest = self.folded.iter().filter(|e| !e.item.rest).min_by_key(|e| e.item.last.at);
        let Some((at, last)) = oldest.map(|entry| (entry.at, entry.item.last.at)) else { return must };
        if !must && now.since(last) < STALE {
            return false;
        }
        self.folded.remove(at);
        for rows in self.rows.values_mut() {
            rows.retain(|_, row| *row != at);
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ask(second: i64, rest: &str, micros: u64) -> Request {
        Request {
            at: Timestamp::from_secs(second),
            act: Act::Ask,
            subject: format!("$JS.API.{rest}").into(),
            prefix: "$JS.API".len(),
            body: bytes::Bytes::new(),
            took: Some(Duration::from_micros(micros)),
            reply: Some(100),
            outcome: Outcome::Done,
            context: None,
        }
    }

    fn rows(requests: &Requests) -> Vec<(String, u64)> {
        requests.folded.iter().map(|e| (e.item.last.subject[8..].to_owned(), e.item.times)).collect()
    }

    #[test]
    fn the_same_question_is_one_row_and_what_changes_something_never_is() {
        let mut requests = Requests::default();
        let mut failed = ask(4, "STREAM.INFO.S", 2_000_000);
        failed.outcome = Outcome::Failed("no answer".into());
        let other = Request { context: Some("dev".into()), ..ask(5, "STREAM.INFO.S", 1) };
        let all = vec![
            ask(1, "STREAM.INFO.S", 300),
            ask(1, "CONSUMER.RESET.S.c", 300),
            ask(2, "STREAM.INFO.S", 500),
            ask(3, "CONSUMER.RESET.S.c", 300),
            ask(3, "STREAM.INFO.S", 400),
            failed,
            other,
        ];
        requests.take(all, 2);
        assert_eq!(
            rows(&requests),
            [
                ("STREAM.INFO.S".to_owned(), 4),
                ("CONSUMER.RESET.S.c".to_owned(), 1),
                ("CONSUMER.RESET.S.c".to_owned(), 1),
                ("STREAM.INFO.S".to_owned(), 1)
            ]
        );
        let first = &requests.folded.iter().next().unwrap().item;
        assert_eq!(first.median(), Some(Duration::from_micros(400)), "what failed says nothing of how long it takes");
        assert_eq!(
            (first.failed, first.has_failed(), first.bytes, first.last.at),
            (1, true, 400, Timestamp::from_secs(4))
        );
        assert_eq!((requests.single.len(), requests.lost), (7, 2));
    }

    #[test]
    fn what_is_asked_about_our_own_readers_is_told_by_stream() {
        let mut requests = Requests::default();
        let asked =
            ["jetscope-tail-a", "jetscope-tail-b", "billing"].map(|n| ask(1, &format!("CONSUMER.INFO.S.{n}"), 1));
        requests.take(asked.into(), 0);
        let expected = [("CONSUMER.INFO.S.jetscope-tail-b".to_owned(), 2), ("CONSUMER.INFO.S.billing".to_owned(), 1)];
        assert_eq!(rows(&requests), expected);
    }

    #[test]
    fn the_messages_of_a_publisher_are_counted() {
        let mut requests = Requests::default();
        let sent = |publisher, messages| Request {
            act: Act::Publish { publisher, messages, bytes: messages * 10 },
            subject: "replay.orders".into(),
            prefix: 0,
            took: None,
            reply: None,
            ..ask(1, "x", 0)
        };
        requests.take(vec![sent(1, 400), sent(2, 5), sent(1, 600)], 0);
        let rows: Vec<_> = requests.folded.iter().map(|e| (e.item.times, e.item.bytes)).collect();
        assert_eq!((rows, requests.single.len()), (vec![(1_000, 10_000), (5, 50)], 3));
        let first = &requests.folded.iter().next().unwrap().item.last.act;
        assert_eq!(*first, Act::Publish { publisher: 1, messages: 1_000, bytes: 10_000 });
    }

    #[test]
    fn more_things_than_rows_share_one_and_what_is_not_asked_any_more_gives_way() {
        let mut requests = Requests::default();
        let many = |second: i64| (0..5_000).map(move |n| ask(second, &format!("CONSUMER.LIST.S{n}"), 100)).collect();
        requests.take(many(1), 0);
        requests.take(vec![ask(2, "CONSUMER.DELETE.S.c", 1)], 0);
        requests.take(many(3), 0);
        assert_eq!(requests.folded.len(), MOST);
        let rest: Vec<u64> = requests.folded.iter().filter(|e| e.item.rest).map(|e| e.item.times).collect();
        assert!(rest.len() == 1 && (6_000..6_010).contains(&rest[0]), "{rest:?}");
        let all: u64 = requests.folded.iter().map(|e| e.item.times).sum();
        assert!((9_998..=10_001).contains(&all), "{all}");
        assert!(rows(&requests).contains(&("CONSUMER.DELETE.S.c".to_owned(), 1)));
        // A minute later nobody asks about those streams.
        requests.take(vec![ask(100, "STREAM.INFO.new", 1)], 0);
        assert_eq!(rows(&requests).last(), Some(&("STREAM.INFO.new".to_owned(), 1)));
    }
}
