//! A stored message as it was read: bytes and headers, not yet understood.

use std::sync::Arc;

use bytes::Bytes;

use super::Timestamp;

/// One header. A name may come several times.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Header {
    /// Its name as it was sent; raw, sanitise before drawing.
    pub name: Box<str>,
    /// Its value as it was sent; raw, sanitise before drawing.
    pub value: Box<str>,
}

/// A message of a stream.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    /// Its stream; raw, sanitise before drawing.
    pub stream: Arc<str>,
    /// Its sequence in the stream.
    pub seq: u64,
    /// When the stream stored it.
    pub time: Timestamp,
    /// Its subject; raw, sanitise before drawing.
    pub subject: Box<str>,
    /// Its headers by name; values of one name in the order of the wire.
    pub headers: Vec<Header>,
    /// The whole header block where it could not be decoded; `headers` is empty then.
    pub undecodable: Option<Bytes>,
    /// Its body. Cheap to clone.
    pub body: Bytes,
}

impl Message {
    /// The first header of this name, in any case.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|h| h.name.eq_ignore_ascii_case(name)).map(|h| &*h.value)
    }

    /// The same with a body in memory of its own: what is read off a connection is a slice of a large buffer, all
    /// of which stays as long as one slice does.
    #[must_use]
    pub fn detached(mut self) -> Self {
        self.body = Bytes::copy_from_slice(&self.body);
        self.undecodable = self.undecodable.map(|block| Bytes::copy_from_slice(&block));
        self
    }

    /// Bytes of subject, headers and body, as they count against limits of memory.
    pub fn size(&self) -> usize {
        let headers: usize = self.headers.iter().map(|h| h.name.len() + h.value.len() + 4).sum();
        self.subject.len() + headers + self.undecodable.as_ref().map_or(0, Bytes::len) + self.body.len()
    }
}
