//! Where connections note what they ask, for the console's activity. It goes with the connection's settings, since
//! they are what reaches all who connect: the polls, the tails, the replays. Closed, as it is everywhere but in the
//! console, it costs nothing.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use crate::model::Request;

/// Requests that wait to be taken; those beyond are counted.
const MOST: usize = 20_000;

/// Notes of requests, to be taken from time to time. Clones write into the same.
#[derive(Clone, Default)]
pub struct Ledger {
    page: Option<Arc<Mutex<Page>>>,
    context: Option<Arc<str>>,
}

#[derive(Default)]
struct Page {
    requests: Vec<Request>,
    lost: u64,
}

impl Ledger {
    /// One that takes notes; of requests that are made with this context.
    pub fn open(context: Option<&str>) -> Self {
        Self { page: Some(Arc::default()), context: context.map(Arc::from) }
    }

    /// The same, for requests that are made with another context.
    #[must_use]
    pub fn with_context(&self, context: Option<&str>) -> Self {
        Self { page: self.page.clone(), context: context.map(Arc::from) }
    }

    /// Whether notes are taken. Who would only be noted need not even be timed otherwise.
    pub const fn is_open(&self) -> bool {
        self.page.is_some()
    }

    /// The context that requests are made with.
    pub fn context(&self) -> Option<Arc<str>> {
        self.context.clone()
    }

    /// Notes a request.
    pub fn note(&self, request: Request) {
        let Some(page) = &self.page else { return };
        let mut page = page.lock().unwrap_or_else(PoisonError::into_inner);
        if page.requests.len() < MOST {
            page.requests.push(request);
        } else {
            page.lost += 1;
        }
    }

    /// Takes what was noted, and how many requests found no room.
    pub fn take(&self) -> (Vec<Request>, u64) {
        let Some(page) = &self.page else { return (Vec::new(), 0) };
        let mut page = page.lock().unwrap_or_else(PoisonError::into_inner);
        // About as many will come until the next time.
        let room = page.requests.len();
        let requests = std::mem::replace(&mut page.requests, Vec::with_capacity(room));
        (requests, std::mem::take(&mut page.lost))
    }
}

impl fmt::Debug for Ledger {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.is_open() { "Ledger(open)" } else { "Ledger(closed)" })
    }
}

/// Where notes go makes no connection another one.
impl PartialEq for Ledger {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl Eq for Ledger {}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Timestamp;
    use crate::model::request::{Act, Outcome};

    fn request(context: Option<Arc<str>>) -> Request {
        Request {
            at: Timestamp(0),
            act: Act::Subscribe,
            subject: "s".into(),
            prefix: 0,
            body: bytes::Bytes::new(),
            took: None,
            reply: None,
            outcome: Outcome::Done,
            context,
        }
    }

    #[test]
    fn clones_write_into_one_and_what_finds_no_room_is_counted() {
        let ledger = Ledger::open(Some("prod"));
        let other = ledger.with_context(Some("dev"));
        ledger.note(request(ledger.context()));
        other.note(request(other.context()));
        let (taken, lost) = ledger.take();
        let contexts: Vec<_> = taken.iter().map(|r| r.context.as_deref()).collect();
        assert_eq!((contexts, lost), (vec![Some("prod"), Some("dev")], 0));
        for _ in 0..MOST + 3 {
            other.note(request(None));
        }
        let (taken, lost) = ledger.take();
        assert_eq!((taken.len(), lost), (MOST, 3));
        assert_eq!(ledger.take().1, 0);
    }

    #[test]
    fn a_closed_one_keeps_nothing() {
        let ledger = Ledger::default();
        ledger.note(request(None));
        assert!(!ledger.is_open() && ledger.take().0.is_empty());
        assert!(!ledger.with_context(Some("dev")).is_open());
    }
}
