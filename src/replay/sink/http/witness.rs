//! Sees whether anything of a request has left: only then is it unknown whether it arrived. TLS is agreed on while
//! ureq connects, so that a certificate that is not valid, or a host that closes before, is a request that was not sent.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use ureq::Error;
use ureq::unversioned::transport::{Buffers, ConnectionDetails, Connector, NextTimeout, Transport};

/// How long a host is watched that may close a connection as soon as it is made.
const WATCHED: Duration = Duration::from_millis(300);

/// What is known of the connections of one agent; all copies know the same.
#[derive(Clone, Debug, Default)]
pub(super) struct Witness {
    sent: Arc<AtomicBool>,
    careful: Arc<AtomicBool>,
}

impl Witness {
    /// A request is about to be made. With `careful` a connection that is new is watched for a moment first.
    pub(super) fn begin(&self, careful: bool) {
        self.sent.store(false, Ordering::Relaxed);
        self.careful.store(careful, Ordering::Relaxed);
    }

    /// Whether something of the request may have left.
    pub(super) fn has_sent(&self) -> bool {
        self.sent.load(Ordering::Relaxed)
    }
}

impl<In: Transport> Connector<In> for Witness {
    type Out = Watched<In>;

    fn connect(&self, _: &ConnectionDetails<'_>, chained: Option<In>) -> Result<Option<Self::Out>, Error> {
        let Some(mut inner) = chained else { return Ok(None) };
        if self.careful.load(Ordering::Relaxed) {
            thread::sleep(WATCHED);
            if !inner.is_open() {
                return Err(Error::Io(io::Error::new(
                    io::ErrorKind::ConnectionAborted,
                    "it closes the connection before anything is sent",
                )));
            }
        }
        Ok(Some(Watched { inner, sent: Arc::clone(&self.sent) }))
    }
}

/// A connection that notes that something leaves on it.
#[derive(Debug)]
pub(super) struct Watched<In> {
    inner: In,
    sent: Arc<AtomicBool>,
}

impl<In: Transport> Transport for Watched<In> {
    fn buffers(&mut self) -> &mut dyn Buffers {
        self.inner.buffers()
    }

    fn transmit_output(&mut self, amount: usize, timeout: NextTimeout) -> Result<(), Error> {
        self.sent.store(true, Ordering::Relaxed);
        self.inner.transmit_output(amount, timeout)
    }

    fn await_input(&mut self, timeout: NextTimeout) -> Result<bool, Error> {
        self.inner.await_input(timeout)
    }

    fn is_open(&mut self) -> bool {
        self.inner.is_open()
    }

    fn is_tls(&self) -> bool {
        self.inner.is_tls()
    }
}
