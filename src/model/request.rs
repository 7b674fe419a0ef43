//! What this program asked of a server, and what that cost. No message is kept here, and nothing of a connection's
//! secrets.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;

use super::Timestamp;
use super::advisory::is_own_reader;

/// What any server answers by itself, with or without `JetStream`, with or without a leader: who we are.
pub const WHO: &str = "$SYS.REQ.USER.INFO";

/// What kind of request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Act {
    /// A question to the `JetStream` API, with an answer.
    Ask,
    /// A request to the `JetStream` API whose answer nobody waits for, or which is answered with messages.
    Send,
    /// A subscription.
    Subscribe,
    /// Messages that were published since the last note about the same publisher.
    Publish {
        /// Which publisher; no two have the same.
        publisher: u64,
        /// Messages.
        messages: u64,
        /// Bytes of their bodies.
        bytes: u64,
    },
}

/// What came of a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// An answer that is no error; without an answer to wait for: it was handed to the connection.
    Done,
    /// The answer is that there is no such thing; a sentence, sanitised.
    Absent(Box<str>),
    /// It failed; a sentence, sanitised and without secrets.
    Failed(Box<str>),
    /// Nobody wanted the answer any more before it came.
    Left,
}

/// A request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    /// When it was made, by our clock.
    pub at: Timestamp,
    /// What kind.
    pub act: Act,
    /// The subject; raw, sanitise before drawing. Of messages that of the last one.
    pub subject: Box<str>,
    /// Bytes of the API's prefix at the beginning of the subject, without the dot behind it; 0 where it has none.
    pub prefix: usize,
    /// The JSON of a request to the API; raw. Of messages nothing.
    pub body: Bytes,
    /// How long the answer took; `None` where there was none to wait for.
    pub took: Option<Duration>,
    /// Bytes of an answer that is no error.
    pub reply: Option<u64>,
    /// What came of it.
    pub outcome: Outcome,
    /// The saved connection that it was made with, if one was used.
    pub context: Option<Arc<str>>,
}

/// What a request to the API wants.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Verb {
    /// The account's usage.
    Account,
    /// A page of streams.
    StreamList,
    /// A page of names of streams.
    StreamNames,
    /// One stream.
    Stream,
    /// A page of consumers.
    ConsumerList,
    /// One consumer.
    Consumer,
    /// A stored message.
    Message,
    /// The next messages of a consumer.
    Next,
    /// A new consumer.
    Create,
    /// No more consumer.
    Delete,
    /// A pause, or its end.
    Pause,
    /// Another place for a consumer.
    Reset,
    /// Anything else.
    Other,
}

/// What a request does to the server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Nature {
    /// It changes nothing.
    Read,
    /// It makes or drops a consumer of our own, which the server would drop by itself.
    Own,
    /// It changes something.
    Write,
}

impl Request {
    /// The subject behind the API's prefix, as tokens: `STREAM`, `INFO`, `orders`.
    fn tokens(&self) -> impl Iterator<Item = &str> {
        let rest = if self.prefix == 0 { "" } else { self.subject.get(self.prefix + 1..).unwrap_or_default() };
        rest.split('.')
    }

    /// What it wants of the API, and the names in it: the stream and the consumer.
    pub fn asks(&self) -> (Verb, Option<&str>, Option<&str>) {
        let mut tokens = self.tokens();
        let verb = match (tokens.next(), tokens.next()) {
            (Some("INFO"), None) => Verb::Account,
            (Some("STREAM"), Some("LIST")) => Verb::StreamList,
            (Some("STREAM"), Some("NAMES")) => Verb::StreamNames,
            (Some("STREAM"), Some("INFO")) => Verb::Stream,
            (Some("CONSUMER"), Some("LIST")) => Verb::ConsumerList,
            (Some("CONSUMER"), Some("INFO")) => Verb::Consumer,
            (Some("CONSUMER"), Some("CREATE")) => Verb::Create,
            (Some("CONSUMER"), Some("DELETE")) => Verb::Delete,
            (Some("CONSUMER"), Some("PAUSE")) => Verb::Pause,
            (Some("CONSUMER"), Some("RESET")) => Verb::Reset,
            (Some("STREAM"), Some("MSG")) if tokens.next() == Some("GET") => Verb::Message,
            (Some("CONSUMER"), Some("MSG")) if tokens.next() == Some("NEXT") => Verb::Next,
            _ => return (Verb::Other, None, None),
        };
        (verb, tokens.next(), tokens.next())
    }

    /// What it does to the server. What is not known counts as a change.
    pub fn nature(&self) -> Nature {
        match self.act {
            Act::Subscribe => return Nature::Read,
            Act::Publish { .. } => return Nature::Write,
            Act::Ask if &*self.subject == WHO => return Nature::Read,
            Act::Ask | Act::Send => {}
        }
        match self.asks() {
            (Verb::Create | Verb::Delete, _, Some(name)) if is_own_reader(name) => Nature::Own,
            (Verb::Create | Verb::Delete | Verb::Pause | Verb::Reset | Verb::Other, ..) => Nature::Write,
            _ => Nature::Read,
        }
    }

    /// Whether it failed.
    pub const fn has_failed(&self) -> bool {
        matches!(self.outcome, Outcome::Failed(_))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(prefix: &str, rest: &str) -> Request {
        Request {
            at: Timestamp(0),
            act: Act::Ask,
            subject: format!("{prefix}.{rest}").into(),
            prefix: prefix.len(),
            body: Bytes::new(),
            took: None,
            reply: None,
            outcome: Outcome::Done,
            context: None,
        }
    }

    #[test]
    fn subjects_say_what_is_wanted_of_what_and_whether_it_changes_anything() {
        use Nature::{Own, Read, Write};
        for (rest, asks, nature) in [
            ("INFO", (Verb::Account, None, None), Read),
            ("STREAM.LIST", (Verb::StreamList, None, None), Read),
            ("STREAM.INFO.S", (Verb::Stream, Some("S"), None), Read),
            ("CONSUMER.INFO.S.c", (Verb::Consumer, Some("S"), Some("c")), Read),
            ("STREAM.MSG.GET.S", (Verb::Message, Some("S"), None), Read),
            ("CONSUMER.MSG.NEXT.S.c", (Verb::Next, Some("S"), Some("c")), Read),
            ("CONSUMER.CREATE.S.c", (Verb::Create, Some("S"), Some("c")), Write),
            ("CONSUMER.CREATE.S.jetscope-tail-x", (Verb::Create, Some("S"), Some("jetscope-tail-x")), Own),
            ("CONSUMER.DELETE.S.jetscope-count-x", (Verb::Delete, Some("S"), Some("jetscope-count-x")), Own),
            ("CONSUMER.RESET.S.c", (Verb::Reset, Some("S"), Some("c")), Write),
            ("STREAM.PURGE.S", (Verb::Other, None, None), Write),
            ("STREAM.MSG.DELETE.S", (Verb::Other, None, None), Write),
        ] {
            for prefix in ["$JS.API", "$JS.hub.API", "mine"] {
                let request = request(prefix, rest);
                assert_eq!((request.asks(), request.nature()), (asks, nature), "{prefix} {rest}");
            }
        }
    }
}
