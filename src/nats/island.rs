//! Where the tasks of one connection live: on a thread of their own. There they can be ended, whatever they are about,
//! and a panic among them is a lost connection and nothing more: the client library asserts what a message from others
//! need not keep to.

use std::io;
use std::thread;
use std::time::Duration;

use tokio::runtime::{Builder, Handle, Runtime};
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::timeout;

/// The name of these threads.
const THREAD: &str = "jetscope-nats";
/// How long a connection that nobody needs any more may take to send what it still has.
const CLOSING: Duration = Duration::from_secs(1);

/// Whether the present thread serves a connection: what panics there ends that connection, not the program.
pub fn serves_a_connection() -> bool {
    thread::current().name() == Some(THREAD)
}

/// The thread of one connection. Dropping it ends the connection's tasks.
#[derive(Debug)]
pub(super) struct Island {
    runtime: Option<Runtime>,
    life: Life,
    /// The tasks may send what they still have.
    patient: bool,
}

/// Whether the client's task is still there. The task holds the other end, so this ends with it, however it ends.
#[derive(Clone, Debug)]
pub(super) struct Life(watch::Receiver<()>);

impl Life {
    /// The life, and what the task has to hold.
    pub(super) fn new() -> (watch::Sender<()>, Self) {
        let (held, life) = watch::channel(());
        (held, Self(life))
    }

    pub(super) fn is_over(&self) -> bool {
        self.0.has_changed().is_err()
    }

    /// Until it is over.
    pub(super) async fn over(&mut self) {
        while self.0.changed().await.is_ok() {}
    }
}

impl Island {
    /// With `patient`, what was handed over is still sent when the connection is not needed any more.
    pub(super) fn new(life: Life, patient: bool) -> io::Result<Self> {
        let runtime = Builder::new_multi_thread().worker_threads(1).thread_name(THREAD).enable_all().build()?;
        Ok(Self { runtime: Some(runtime), life, patient })
    }

    pub(super) fn spawn<T: Send + 'static>(
        &self,
        task: impl Future<Output = T> + Send + 'static,
    ) -> Option<JoinHandle<T>> {
        self.runtime.as_ref().map(|runtime| runtime.spawn(task))
    }

    /// Ends the tasks now.
    pub(super) fn end(&mut self) {
        // Waiting for its end is not allowed where other tasks run.
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

impl Drop for Island {
    fn drop(&mut self) {
        match Handle::try_current() {
            Ok(here) if self.patient && !self.life.is_over() => {
                let mut rest = Self { runtime: self.runtime.take(), life: self.life.clone(), patient: false };
                here.spawn(async move {
                    let mut life = rest.life.clone();
                    let _ = timeout(CLOSING, life.over()).await;
                    rest.end();
                });
            }
            _ => self.end(),
        }
    }
}
