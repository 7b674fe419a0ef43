//! Where copies go.

mod batch;
mod chain;
mod fast;
pub mod file;
pub mod http;
pub mod stream;
pub mod subject;

use std::time::Duration;

use crate::model::Timestamp;
use crate::nats::publish::{Outbound, Refusal};

use super::Outgoing;

/// A copy with its place in the plan.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Parcel {
    /// Its position, which grows from one to the next.
    pub position: u64,
    /// When its message was stored.
    pub time: Timestamp,
    /// The copy.
    pub copy: Outgoing,
    /// More events of the same message, for a destination that takes them one by one.
    pub rest: Vec<Outgoing>,
    /// The message is a copy itself, of an earlier replay.
    pub again: bool,
}

impl Parcel {
    /// All that leaves.
    pub fn all(&self) -> impl Iterator<Item = &Outgoing> {
        std::iter::once(&self.copy).chain(&self.rest)
    }

    /// Bytes of all that is sent.
    pub fn size(&self) -> usize {
        self.all().map(Outgoing::size).sum()
    }

    /// As it is published.
    fn outbound(&self) -> Outbound<'_> {
        let Outgoing { subject, headers, id, body, .. } = &self.copy;
        Outbound { subject, headers, id: id.as_deref(), body: body.clone() }
    }
}

/// What is known of a copy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// It is at the destination, under this sequence (0 where there are none).
    Stored(u64),
    /// It was there already.
    Duplicate(u64),
    /// It may have arrived, and is not sent again.
    Uncertain,
    /// It was refused, and is not sent again.
    Failed,
}

/// What has become of a copy that was handed over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settled {
    /// Its position.
    pub position: u64,
    /// Its fate, or why it was refused.
    pub fate: Result<Fate, Refusal>,
}

/// Why a sink does not go on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fault {
    /// It may go on after it was opened again: the connection is lost, the server does not answer.
    Passing(String),
    /// Whoever received it does not want any more; that is no error.
    Left(String),
    /// It is not allowed, which may change.
    Denied(String),
    /// It will not go on by itself.
    Fatal(String),
}

/// What the destination has of this replay already.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Opened {
    /// Positions in growing order, with what is known of them.
    pub found: Vec<(u64, Fate)>,
}

/// What reading everything back has told.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Verified {
    /// Different copies that were found.
    pub found: u64,
    /// Copies that were found a second time.
    pub doubled: u64,
    /// Copies that stand behind a later one.
    pub reordered: u64,
    /// Some may have been taken away since: the destination begins behind the first copy.
    pub cut: bool,
}

/// A destination.
pub trait Sink: Send {
    /// Gets ready to take copies. What was opened before ends: nothing that was handed over there arrives from now
    /// on. Tells which copies are there whose confirmation is not known, which come behind the sequence `since`.
    /// `afresh` says that nothing was ever sent.
    fn open(&mut self, since: u64, afresh: bool) -> impl Future<Output = Result<Opened, Fault>> + Send;

    /// Hands a copy over; it waits only for room.
    fn send(&mut self, parcel: &Parcel) -> impl Future<Output = Result<(), Fault>> + Send;

    /// No more is handed over for now; with `more` it goes on at once.
    fn flush(&mut self, more: bool) -> impl Future<Output = Result<(), Fault>> + Send;

    /// What has become of copies. Waits until something has; may be dropped and called again at any time.
    fn settled(&mut self) -> impl Future<Output = Result<Vec<Settled>, Fault>> + Send;

    /// All that was handed over is settled, some of it refused: the next copy comes behind one that was sent long ago.
    fn rewind(&mut self, out_of_step: bool);

    /// Reads back what was sent; `None` where that cannot be done.
    fn verify(&mut self) -> impl Future<Output = Result<Option<Verified>, Fault>> + Send;

    /// Copies that may be in flight at most.
    fn window(&self) -> usize;

    /// Copies in flight to begin with; more when all goes well.
    fn first_window(&self) -> usize {
        512
    }

    /// What holds it up now, while it tries by itself.
    fn trouble(&self) -> Option<String> {
        None
    }

    /// A copy of which nothing was heard for so long is lost.
    fn unconfirmed(&self) -> Duration {
        Duration::from_secs(10)
    }

    /// It writes down itself, before it sends a copy, that it does.
    fn keeps_log(&self) -> bool {
        false
    }

    /// Ends it in an orderly way.
    fn close(&mut self) -> impl Future<Output = ()> + Send;
}
