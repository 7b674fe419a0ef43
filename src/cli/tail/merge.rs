//! Several streams as one, by the time at which their messages were stored.

use std::collections::VecDeque;

use crate::model::Message;

/// Whether a source can still hold the others back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// Older messages than those of the others may come.
    Reading,
    /// It has told everything that was stored: the others need not wait.
    CaughtUp,
    /// Nothing more comes.
    Ended,
}

/// The messages that were read and not yet handed on.
#[derive(Debug)]
pub(super) struct Merge {
    sources: Vec<(State, VecDeque<Message>)>,
}

impl Merge {
    /// Of so many streams.
    pub(super) fn new(sources: usize) -> Self {
        Self { sources: (0..sources).map(|_| (State::Reading, VecDeque::new())).collect() }
    }

    /// Adds what came from a stream.
    pub(super) fn put(&mut self, source: usize, messages: Vec<Message>) {
        if let Some((_, waiting)) = self.sources.get_mut(source) {
            waiting.extend(messages);
        }
    }

    /// The stream has told everything that is stored so far.
    pub(super) fn pass(&mut self, source: usize) {
        self.state(source, State::CaughtUp);
    }

    /// Nothing more comes of the stream.
    pub(super) fn end(&mut self, source: usize) {
        self.state(source, State::Ended);
    }

    fn state(&mut self, source: usize, new: State) {
        if let Some((state, _)) = self.sources.get_mut(source) {
            *state = new;
        }
    }

    /// The oldest message, once no stream can have an older one.
    pub(super) fn next(&mut self) -> Option<Message> {
        if self.sources.iter().any(|(state, waiting)| *state == State::Reading && waiting.is_empty()) {
            return None;
        }
        let oldest = self
            .sources
            .iter_mut()
            .filter(|(_, waiting)| !waiting.is_empty())
            .min_by_key(|(_, waiting)| waiting.front().map(|m| m.time))?;
        oldest.1.pop_front()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::model::Timestamp;

    fn message(time: i64) -> Message {
        Message {
            stream: Arc::from("S"),
            seq: 1,
            time: Timestamp(time),
            subject: "s".into(),
            headers: vec![],
            undecodable: None,
            body: "".into(),
        }
    }

    #[test]
    fn nothing_is_handed_on_before_something_older_may_come() {
        let mut merge = Merge::new(2);
        let times = |merge: &mut Merge| std::iter::from_fn(|| merge.next()).map(|m| m.time.0).collect::<Vec<_>>();
        merge.put(0, vec![message(1), message(5)]);
        assert!(merge.next().is_none());
        merge.put(1, vec![message(2), message(3)]);
        assert_eq!(times(&mut merge), [1, 2, 3]);
        merge.end(1);
        assert_eq!(times(&mut merge), [5]);
        merge.pass(0);
        merge.put(0, vec![message(9)]);
        assert_eq!(times(&mut merge), [9]);
    }
}
