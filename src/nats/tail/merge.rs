//! Several streams as one, by the time at which their messages were stored.

use std::collections::VecDeque;
use std::future::poll_fn;
use std::task::Poll;

use tokio::sync::mpsc;

use crate::model::Message;

use super::{Report, State};

/// Hands on what the streams report, their messages merged, until all have ended or nobody listens.
///
/// A stream is only listened to while nothing of it waits: what it has read meanwhile stays where its own bounds
/// hold, however far it is ahead of the others.
pub(super) async fn run(mut streams: Vec<mpsc::Receiver<Report>>, out: mpsc::Sender<Report>) {
    let mut merge = Merge::new(streams.len());
    let mut turn = 0;
    while !merge.has_ended() {
        let heard = poll_fn(|cx| {
            for step in 0..streams.len() {
                let stream = (turn + step) % streams.len();
                if merge.listens_to(stream)
                    && let Poll::Ready(report) = streams[stream].poll_recv(cx)
                {
                    return Poll::Ready((stream, report));
                }
            }
            Poll::Pending
        });
        let (stream, report) = tokio::select! {
            heard = heard => heard,
            () = out.closed() => return,
        };
        turn = stream + 1;
        match report {
            Some(Report::Messages(messages)) => merge.put(stream, messages),
            Some(Report::Stream(at, state)) => {
                match state {
                    State::CaughtUp => merge.pass(stream),
                    State::End | State::Failed(_) => merge.end(stream),
                    State::Opened { .. } | State::Waiting(_) | State::Noted(_) => {}
                }
                if out.send(Report::Stream(at, state)).await.is_err() {
                    return;
                }
            }
            None => merge.end(stream),
        }
        let messages = merge.ready();
        if !messages.is_empty() && out.send(Report::Messages(messages)).await.is_err() {
            return;
        }
    }
}

/// Whether a stream can still hold the others back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stand {
    /// Older messages than those of the others may come.
    Reading,
    /// It has told everything that was stored: the others need not wait.
    CaughtUp,
    /// Nothing more comes.
    Ended,
}

/// The messages that were read and not yet handed on.
#[derive(Debug)]
struct Merge {
    streams: Vec<(Stand, VecDeque<Message>)>,
}

impl Merge {
    /// Of so many streams.
    fn new(streams: usize) -> Self {
        Self { streams: (0..streams).map(|_| (Stand::Reading, VecDeque::new())).collect() }
    }

    /// Adds what came from a stream. There may be more behind it, until it says otherwise.
    fn put(&mut self, stream: usize, messages: Vec<Message>) {
        if let Some((stand, waiting)) = self.streams.get_mut(stream) {
            waiting.extend(messages);
            *stand = Stand::Reading;
        }
    }

    /// The stream has told everything that is stored so far.
    fn pass(&mut self, stream: usize) {
        self.stand(stream, Stand::CaughtUp);
    }

    /// Nothing more comes of the stream.
    fn end(&mut self, stream: usize) {
        self.stand(stream, Stand::Ended);
    }

    fn stand(&mut self, stream: usize, new: Stand) {
        if let Some((stand, _)) = self.streams.get_mut(stream) {
            *stand = new;
        }
    }

    /// Whether to hear what the stream has next.
    fn listens_to(&self, stream: usize) -> bool {
        self.streams.get(stream).is_some_and(|(stand, waiting)| *stand != Stand::Ended && waiting.is_empty())
    }

    /// All have ended, and everything was handed on.
    fn has_ended(&self) -> bool {
        self.streams.iter().all(|(stand, waiting)| *stand == Stand::Ended && waiting.is_empty())
    }

    /// The messages that no older one can precede any more, in order.
    fn ready(&mut self) -> Vec<Message> {
        let mut out = Vec::new();
        while let Some(message) = self.next() {
            out.push(message);
        }
        out
    }

    fn next(&mut self) -> Option<Message> {
        if self.streams.iter().any(|(stand, waiting)| *stand == Stand::Reading && waiting.is_empty()) {
            return None;
        }
        let oldest = self
            .streams
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
    use crate::model::{Problem, ProblemKind, Timestamp};

    fn message(stream: &str, time: i64) -> Message {
        Message {
            stream: Arc::from(stream),
            seq: 1,
            time: Timestamp(time),
            subject: "s".into(),
            headers: vec![],
            undecodable: None,
            body: "".into(),
        }
    }

    fn times(messages: &[Message]) -> Vec<i64> {
        messages.iter().map(|m| m.time.0).collect()
    }

    #[test]
    fn nothing_is_handed_on_before_something_older_may_come() {
        let mut merge = Merge::new(2);
        merge.put(0, vec![message("a", 1), message("a", 5)]);
        assert!(merge.ready().is_empty());
        assert!(!merge.listens_to(0) && merge.listens_to(1), "the one that is ahead waits");
        merge.put(1, vec![message("b", 2), message("b", 3)]);
        assert_eq!(times(&merge.ready()), [1, 2, 3]);
        merge.end(1);
        assert_eq!(times(&merge.ready()), [5]);
        merge.pass(0);
        merge.put(0, vec![message("a", 9)]);
        assert_eq!(times(&merge.ready()), [9]);
        assert!(!merge.has_ended());
        merge.end(0);
        assert!(merge.has_ended());
    }

    #[tokio::test]
    async fn states_keep_their_place_among_the_messages_of_their_stream() {
        let (sender, out) = (mpsc::channel(9), mpsc::channel(9));
        let (a, of_a) = sender;
        let (b, of_b) = mpsc::channel(9);
        let (merged, mut out) = out;
        let task = tokio::spawn(run(vec![of_a, of_b], merged));
        a.send(Report::Messages(vec![message("a", 1), message("a", 9)])).await.unwrap();
        a.send(Report::Stream(0, State::CaughtUp)).await.unwrap();
        b.send(Report::Messages(vec![message("b", 5)])).await.unwrap();
        let problem = Problem::new(ProblemKind::NotFound, "gone");
        b.send(Report::Stream(1, State::Failed(problem.clone()))).await.unwrap();
        let mut heard = Vec::new();
        for _ in 0..4 {
            heard.push(out.recv().await.unwrap());
        }
        let messages = |report: &Report| match report {
            Report::Messages(messages) => times(messages),
            Report::Stream(..) => vec![],
        };
        assert_eq!(messages(&heard[0]), [1, 5]);
        assert_eq!(heard[1], Report::Stream(1, State::Failed(problem)));
        assert_eq!(messages(&heard[2]), [9]);
        assert_eq!(heard[3], Report::Stream(0, State::CaughtUp));
        // A stream whose task is gone has ended; with the last one all has.
        drop((a, b));
        assert!(out.recv().await.is_none());
        task.await.unwrap();
    }

    #[tokio::test]
    async fn what_nobody_takes_is_not_read() {
        let (a, of_a) = mpsc::channel(1);
        let (_b, of_b) = mpsc::channel::<Report>(1);
        let (merged, _out) = mpsc::channel(1);
        let _task = tokio::spawn(run(vec![of_a, of_b], merged));
        // Two are taken, one into the merger and one into the channel; then b, of which nothing is known, holds a up.
        for time in 0..2 {
            a.send(Report::Messages(vec![message("a", time)])).await.unwrap();
        }
        tokio::time::timeout(std::time::Duration::from_millis(50), a.reserve()).await.unwrap_err();
    }
}
