//! What was there and is gone: kept for a while with what it held, since what is gone is not well.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use super::{Consumer, Stream, Timestamp};

/// What is gone is told for so long.
pub const TOLD: Duration = Duration::from_secs(3_600);
/// So many of each at most are kept: the newest.
const MOST: usize = 200;

/// Something that is gone.
#[derive(Clone, Debug, PartialEq)]
pub struct Lost<T> {
    /// As it was read last.
    pub was: Arc<T>,
    /// When it was seen to be gone.
    pub at: Timestamp,
    /// The server said that somebody deleted it.
    pub deleted: bool,
}

/// Streams and durable consumers that are gone.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Gone {
    /// By name.
    pub streams: BTreeMap<String, Lost<Stream>>,
    /// By stream and name.
    pub consumers: BTreeMap<(String, String), Lost<Consumer>>,
}

impl Gone {
    /// A stream is gone, and its consumers with it.
    pub(super) fn stream(&mut self, name: &str, was: Arc<Stream>, at: Timestamp) {
        self.consumers.retain(|(stream, _), _| stream != name);
        put(&mut self.streams, name.to_owned(), was, at);
    }

    /// A consumer is gone. Those that do not outlive their clients come and go.
    pub(super) fn consumer(&mut self, was: Arc<Consumer>, at: Timestamp) {
        if was.config.durable {
            put(&mut self.consumers, (was.stream.clone(), was.name.clone()), was, at);
        }
    }

    /// Its server says that it was deleted.
    pub(super) fn was_deleted(&mut self, stream: &str) {
        if let Some(lost) = self.streams.get_mut(stream) {
            lost.deleted = true;
        }
    }

    /// The consumers of this stream that are gone.
    pub fn consumers_of<'a>(&'a self, stream: &'a str) -> impl Iterator<Item = (&'a str, &'a Lost<Consumer>)> {
        self.consumers.iter().filter(move |((of, _), _)| of == stream).map(|((_, name), lost)| (name.as_str(), lost))
    }
}

fn put<K: Ord + Clone, T>(all: &mut BTreeMap<K, Lost<T>>, key: K, was: Arc<T>, at: Timestamp) {
    all.retain(|_, lost| at.since(lost.at) < TOLD);
    if all.len() >= MOST
        && let Some(oldest) = all.iter().min_by_key(|(_, lost)| lost.at).map(|(key, _)| key.clone())
    {
        all.remove(&oldest);
    }
    all.insert(key, Lost { was, at, deleted: false });
}
