//! The built program in a pseudo terminal, as a person would see it.

use std::io::{Read, Write};
use std::num::NonZeroU16;
use std::path::Path;
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::{Duration, Instant};

use portable_pty::{Child, CommandBuilder, ExitStatus, MasterPty, PtySize, native_pty_system};

/// How long anything on screen may take; generous, since machines are slow when they are busy.
const PATIENCE: Duration = Duration::from_secs(20);

/// The program's terminal.
pub(crate) struct Terminal {
    master: Box<dyn MasterPty + Send>,
    writer: Box<dyn Write + Send>,
    child: Box<dyn Child + Send + Sync>,
    output: Receiver<Vec<u8>>,
    /// What the terminal shows, cell by cell.
    pub(crate) parser: vt100::Parser,
    /// Everything that was written to the terminal.
    pub(crate) bytes: Vec<u8>,
}

impl Terminal {
    /// Starts a program with these arguments and variables, its home in this directory.
    pub(crate) fn start(
        program: &Path,
        home: &Path,
        (columns, rows): (u16, u16),
        args: &[&str],
        vars: &[(&str, &str)],
    ) -> Self {
        let pair = native_pty_system().openpty(size(columns, rows)).expect("a pseudo terminal");
        let mut command = CommandBuilder::new(program);
        command.args(args);
        command.env_clear();
        command.env("HOME", home);
        command.env("TERM", "xterm-256color");
        for (name, value) in vars {
            command.env(name, value);
        }
        let child = pair.slave.spawn_command(command).expect("the program");
        drop(pair.slave);
        let mut reader = pair.master.try_clone_reader().expect("a reader");
        let (sender, output) = channel();
        thread::spawn(move || {
            let mut buffer = [0; 4096];
            while let Ok(n) = reader.read(&mut buffer) {
                if n == 0 || sender.send(buffer[..n].to_vec()).is_err() {
                    return;
                }
            }
        });
        let writer = pair.master.take_writer().expect("a writer");
        let parser = vt100::Parser::new(cells(rows), cells(columns), 0);
        Self { master: pair.master, writer, child, output, parser, bytes: Vec::new() }
    }

    /// Takes in what was written meanwhile; waits at most this long for the first of it.
    fn read(&mut self, limit: Duration) {
        let mut chunk = self.output.recv_timeout(limit).ok();
        while let Some(bytes) = chunk {
            self.parser.process(&bytes);
            self.bytes.extend(bytes);
            chunk = self.output.try_recv().ok();
        }
    }

    /// The screen as text.
    pub(crate) fn screen(&self) -> String {
        self.parser.screen().contents()
    }

    /// One line of the screen, from 0.
    pub(crate) fn line(&self, n: u16) -> String {
        let (_, columns) = self.parser.screen().size();
        self.parser.screen().rows(0, columns.get()).nth(usize::from(n)).unwrap_or_default()
    }

    /// Whether the program has the whole screen.
    pub(crate) fn is_taken(&self) -> bool {
        self.parser.screen().alternate_screen()
    }

    /// Whether the cursor is hidden.
    pub(crate) fn cursor_hidden(&self) -> bool {
        self.parser.screen().hide_cursor()
    }

    /// Waits until the screen is as it should be; says what was there instead.
    pub(crate) fn until(&mut self, what: &str, condition: impl Fn(&Self) -> bool) {
        let deadline = Instant::now() + PATIENCE;
        loop {
            self.read(Duration::from_millis(20));
            if condition(self) {
                return;
            }
            assert!(Instant::now() < deadline, "{what} did not come; the screen is:\n{}", self.screen());
        }
    }

    /// Waits until this text is on screen.
    pub(crate) fn shows(&mut self, text: &str) {
        self.until(&format!("{text:?}"), |t| t.screen().contains(text));
    }

    /// Waits until this text is not on screen any more.
    pub(crate) fn hides(&mut self, text: &str) {
        self.until(&format!("a screen without {text:?}"), |t| !t.screen().contains(text));
    }

    /// Types.
    pub(crate) fn keys(&mut self, keys: &str) {
        self.writer.write_all(keys.as_bytes()).expect("a terminal that takes keys");
        self.writer.flush().expect("a terminal that takes keys");
    }

    /// Another size.
    pub(crate) fn resize(&mut self, columns: u16, rows: u16) {
        self.parser.screen_mut().set_size(cells(rows), cells(columns));
        self.master.resize(size(columns, rows)).expect("another size");
    }

    /// The process id.
    pub(crate) fn pid(&self) -> u32 {
        self.child.process_id().expect("a process id")
    }

    /// Waits until the program has ended; the screen is what it left.
    pub(crate) fn ended(&mut self) -> ExitStatus {
        let deadline = Instant::now() + PATIENCE;
        loop {
            self.read(Duration::from_millis(20));
            if let Some(status) = self.child.try_wait().expect("a child") {
                self.read(Duration::from_millis(100));
                return status;
            }
            assert!(Instant::now() < deadline, "it does not end; the screen is:\n{}", self.screen());
        }
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn cells(n: u16) -> NonZeroU16 {
    NonZeroU16::new(n).expect("a size above 0")
}

const fn size(columns: u16, rows: u16) -> PtySize {
    PtySize { rows, cols: columns, pixel_width: 0, pixel_height: 0 }
}
