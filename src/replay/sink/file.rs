//! Into a file, or to standard output: a structured event a line. What a file holds behind the last checkpoint is cut
//! off before it is gone on with, so that it is exact.

use std::fs::{File, OpenOptions};
use std::io::{self, Seek as _, SeekFrom, Write as _};
use std::path::PathBuf;

use super::{Fate, Fault, Opened, Parcel, Settled, Sink, Verified};

/// Lines that are written before they count.
const WINDOW: usize = 1_024;

/// A file, or standard output.
#[derive(Debug)]
pub struct FileSink {
    /// `None` is standard output.
    path: Option<PathBuf>,
    file: Option<File>,
    text: Vec<u8>,
    /// Where the next line begins.
    at: u64,
    waiting: Vec<Settled>,
    written: Vec<Settled>,
}

impl FileSink {
    /// Into this file, or to standard output.
    pub const fn new(path: Option<PathBuf>) -> Self {
        Self { path, file: None, text: Vec::new(), at: 0, waiting: Vec::new(), written: Vec::new() }
    }

    fn reach(&mut self, since: u64, afresh: bool) -> io::Result<()> {
        let Some(path) = &self.path else { return Ok(()) };
        let mut file = OpenOptions::new().create(true).truncate(false).write(true).open(path)?;
        let length = file.metadata()?.len();
        if afresh && length > 0 {
            return Err(io::Error::new(io::ErrorKind::AlreadyExists, "the file is not empty; name another"));
        }
        if length < since {
            return Err(io::Error::new(io::ErrorKind::InvalidData, "it is shorter than what was written to it"));
        }
        file.set_len(since)?;
        file.seek(SeekFrom::Start(since))?;
        self.file = Some(file);
        Ok(())
    }

    fn write(&mut self) -> io::Result<()> {
        match &mut self.file {
            Some(file) => file.write_all(&self.text)?,
            None => {
                let mut out = io::stdout().lock();
                out.write_all(&self.text)?;
                out.flush()?;
            }
        }
        self.text.clear();
        self.written.append(&mut self.waiting);
        Ok(())
    }

    fn fault(&self, error: &io::Error) -> Fault {
        let name = self.path.as_ref().map_or("standard output".into(), |path| path.display().to_string());
        let words = format!("{name} cannot be written: {error}");
        match error.kind() {
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded | io::ErrorKind::Interrupted
                if self.path.is_some() =>
            {
                Fault::Passing(words)
            }
            io::ErrorKind::BrokenPipe if self.path.is_none() => {
                Fault::Left("whoever read standard output has left; the rest was not sent".into())
            }
            _ => Fault::Fatal(words),
        }
    }
}

impl Sink for FileSink {
    async fn open(&mut self, since: u64, afresh: bool) -> Result<Opened, Fault> {
        self.file = None;
        self.text.clear();
        self.waiting.clear();
        self.written.clear();
        self.at = since;
        self.reach(since, afresh).map_err(|error| self.fault(&error))?;
        Ok(Opened::default())
    }

    async fn send(&mut self, parcel: &Parcel) -> Result<(), Fault> {
        for copy in std::iter::once(&parcel.copy).chain(&parcel.rest) {
            self.text.extend_from_slice(&copy.body);
            self.text.push(b'\n');
            self.at += copy.body.len() as u64 + 1;
        }
        self.waiting.push(Settled { position: parcel.position, fate: Ok(Fate::Stored(self.at)) });
        Ok(())
    }

    async fn flush(&mut self, _more: bool) -> Result<(), Fault> {
        if self.waiting.is_empty() {
            return Ok(());
        }
        self.write().map_err(|error| self.fault(&error))
    }

    async fn settled(&mut self) -> Result<Vec<Settled>, Fault> {
        if self.written.is_empty() {
            std::future::pending::<()>().await;
        }
        Ok(std::mem::take(&mut self.written))
    }

    fn rewind(&mut self, _out_of_step: bool) {}

    async fn verify(&mut self) -> Result<Option<Verified>, Fault> {
        if let Some(file) = &self.file {
            file.sync_all().map_err(|error| self.fault(&error))?;
        }
        Ok(None)
    }

    fn window(&self) -> usize {
        WINDOW
    }

    async fn close(&mut self) {
        self.file = None;
    }
}
