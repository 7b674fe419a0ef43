//! To an endpoint that receives `CloudEvents` (HTTP binding): one request after the other, so that order is kept. What was
//! accepted is written down before the next is sent, so that after a crash one event at most is uncertain.

mod address;
mod caller;
mod log;
mod witness;

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use tokio::sync::mpsc;

use super::{Fault, Opened, Parcel, Settled, Sink, Verified};
use crate::model::replay::Delivery;
use crate::nats::gate::Permit;

pub use address::Address;
use caller::{Answer, Caller, Job};
use log::{Found, Log};

/// Requests that wait for the one before.
const WINDOW: usize = 16;
/// The longest pause that an endpoint may ask for.
const PATIENCE: Duration = Duration::from_secs(3_600);

/// An endpoint as the destination.
#[derive(Debug)]
pub struct HttpSink {
    address: Address,
    /// The journal's folder.
    dir: PathBuf,
    delivery: Delivery,
    _permit: Permit,
    worker: Option<Worker>,
    trouble: Option<String>,
}

#[derive(Debug)]
struct Worker {
    jobs: mpsc::Sender<Job>,
    answers: mpsc::Receiver<Answer>,
    stop: Arc<AtomicBool>,
    thread: Option<thread::JoinHandle<()>>,
}

impl Worker {
    /// Waits for the request that is being made, so that nothing of it is heard later.
    async fn end(mut self) {
        self.stop.store(true, Ordering::Relaxed);
        self.answers.close();
        if let Some(thread) = self.thread.take() {
            drop(self);
            // One that has panicked has ended, too.
            let _ = tokio::task::spawn_blocking(move || thread.join()).await;
        }
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
    }
}

impl HttpSink {
    /// This endpoint; what was accepted is written down in `dir`.
    pub fn new(address: Address, dir: &Path, delivery: Delivery, permit: Permit) -> Self {
        Self { address, dir: dir.to_owned(), delivery, _permit: permit, worker: None, trouble: None }
    }
}

impl Sink for HttpSink {
    async fn open(&mut self, _since: u64, _afresh: bool) -> Result<Opened, Fault> {
        if let Some(worker) = self.worker.take() {
            worker.end().await;
        }
        let path = self.dir.join("accepted.log");
        let failed = |error: io::Error| Fault::Fatal(format!("{} cannot be used: {error}", path.display()));
        let (log, Found { fates, begun }) = Log::open(&path, self.delivery).map_err(failed)?;
        let (jobs, work) = mpsc::channel(WINDOW);
        let (out, answers) = mpsc::channel(WINDOW);
        let stop = Arc::new(AtomicBool::new(false));
        let caller = Caller::new(self.address.clone(), (log, begun), self.delivery, Arc::clone(&stop), out);
        let thread = thread::Builder::new().name("jetscope-http".into());
        let thread = Some(thread.spawn(move || caller.work(work)).map_err(failed)?);
        self.worker = Some(Worker { jobs, answers, stop, thread });
        self.trouble = None;
        Ok(Opened { found: fates })
    }

    async fn send(&mut self, parcel: &Parcel) -> Result<(), Fault> {
        let Some(worker) = &self.worker else { return Err(Fault::Passing("it is not open".into())) };
        let copies = std::iter::once(&parcel.copy).chain(&parcel.rest).cloned().collect();
        // Why it has ended, if it has, is among its answers.
        let _ = worker.jobs.send((parcel.position, copies)).await;
        Ok(())
    }

    async fn flush(&mut self, _more: bool) -> Result<(), Fault> {
        Ok(())
    }

    async fn settled(&mut self) -> Result<Vec<Settled>, Fault> {
        let Some(worker) = &mut self.worker else { return Err(Fault::Passing("it is not open".into())) };
        match worker.answers.recv().await {
            Some(Answer::Settled(settled)) => {
                self.trouble = None;
                Ok(vec![settled])
            }
            Some(Answer::Waiting(reason)) => {
                self.trouble = Some(reason);
                Ok(Vec::new())
            }
            Some(Answer::Failed(reason)) => Err(Fault::Fatal(reason)),
            None => Err(Fault::Passing("requests ended".into())),
        }
    }

    fn rewind(&mut self, _out_of_step: bool) {}

    async fn verify(&mut self) -> Result<Option<Verified>, Fault> {
        Ok(None)
    }

    fn window(&self) -> usize {
        WINDOW
    }

    fn trouble(&self) -> Option<String> {
        self.trouble.clone()
    }

    fn unconfirmed(&self) -> Duration {
        PATIENCE * 48
    }

    fn keeps_log(&self) -> bool {
        true
    }

    async fn close(&mut self) {
        self.worker = None;
    }
}
