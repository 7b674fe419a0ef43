//! To a subject that no stream captures: published, and known only to have been taken by the server.

use std::collections::VecDeque;

use super::stream::fault;
use super::{Fate, Fault, Opened, Parcel, Settled, Sink, Verified};
use crate::config::Connection;
use crate::nats::Publisher;
use crate::nats::gate::Permit;

/// Copies that are published before the server is asked whether it has taken them.
pub(in crate::replay) const WINDOW: usize = 256;

/// A subject without a stream as the destination.
#[derive(Debug)]
pub struct SubjectSink {
    connection: Connection,
    permit: Permit,
    publisher: Option<Publisher>,
    sent: VecDeque<u64>,
    taken: Vec<Settled>,
}

impl SubjectSink {
    /// On this connection.
    pub const fn new(connection: Connection, permit: Permit) -> Self {
        Self { connection, permit, publisher: None, sent: VecDeque::new(), taken: Vec::new() }
    }
}

impl Sink for SubjectSink {
    async fn open(&mut self, _since: u64, _afresh: bool) -> Result<Opened, Fault> {
        self.publisher = None;
        self.sent.clear();
        self.taken.clear();
        let publisher = Publisher::open(&self.connection, &self.permit).await.map_err(|problem| fault(&problem))?;
        self.publisher = Some(publisher);
        Ok(Opened::default())
    }

    async fn send(&mut self, parcel: &Parcel) -> Result<(), Fault> {
        let Some(publisher) = &self.publisher else { return Err(Fault::Passing("it is not open".into())) };
        let copy = &parcel.copy;
        let most = publisher.max_payload();
        if copy.wire_size() > most {
            return Err(Fault::Fatal(format!(
                "message {} of the source is too large: the server takes {most} bytes, with headers",
                parcel.position
            )));
        }
        publisher.publish_unheard(parcel.outbound()).await.map_err(|problem| fault(&problem))?;
        self.sent.push_back(parcel.position);
        Ok(())
    }

    async fn flush(&mut self, _more: bool) -> Result<(), Fault> {
        if self.sent.is_empty() {
            return Ok(());
        }
        let Some(publisher) = &mut self.publisher else { return Err(Fault::Passing("it is not open".into())) };
        publisher.passed().await.map_err(|problem| fault(&problem))?;
        let taken = self.sent.drain(..).map(|position| Settled { position, fate: Ok(Fate::Stored(0)) });
        self.taken.extend(taken);
        Ok(())
    }

    async fn settled(&mut self) -> Result<Vec<Settled>, Fault> {
        if self.taken.is_empty() {
            std::future::pending::<()>().await;
        }
        Ok(std::mem::take(&mut self.taken))
    }

    fn rewind(&mut self, _out_of_step: bool) {}

    async fn verify(&mut self) -> Result<Option<Verified>, Fault> {
        Ok(None)
    }

    fn window(&self) -> usize {
        WINDOW
    }

    async fn close(&mut self) {
        self.publisher = None;
    }
}
