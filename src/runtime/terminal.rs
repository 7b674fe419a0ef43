//! The terminal: taken over on start, always given back: on return, on an error, on a panic, on a signal.

use std::cell::RefCell;
use std::io::{self, Write};
use std::rc::Rc;
use std::sync::atomic::{AtomicBool, Ordering};

use crossterm::event::{DisableBracketedPaste, EnableBracketedPaste};
use crossterm::terminal::{
    BeginSynchronizedUpdate, EndSynchronizedUpdate, EnterAlternateScreen, LeaveAlternateScreen, disable_raw_mode,
    enable_raw_mode,
};
use crossterm::{cursor, execute, queue};
use ratatui::Terminal;
use ratatui::backend::CrosstermBackend;
use ratatui::layout::Rect;

use crate::app::App;
use crate::nats::serves_a_connection;
use crate::ui::{Theme, draw};

use super::Display;

/// Whether the terminal is ours now; the panic hook asks.
static TAKEN: AtomicBool = AtomicBool::new(false);

/// What a frame writes, held back until it is whole: it goes out in one piece, or not at all when it changes
/// nothing.
#[derive(Clone, Debug, Default)]
struct Held(Rc<RefCell<Vec<u8>>>);

impl Held {
    fn take(&self) -> Vec<u8> {
        self.0.take()
    }
}

impl Write for Held {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.borrow_mut().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Whether a frame puts anything anywhere: every change begins with the cursor's way to its place, while a frame
/// without any only sets modes.
fn changes_something(frame: &[u8]) -> bool {
    let mut rest = frame;
    while let Some(at) = rest.windows(2).position(|w| w == b"\x1b[") {
        rest = &rest[at + 2..];
        let end = rest.iter().position(u8::is_ascii_alphabetic).unwrap_or(rest.len());
        if matches!(rest.get(end), Some(b'H' | b'J')) {
            return true;
        }
    }
    false
}

/// Whether the next frame has to be drawn from nothing, since somebody else had the terminal meanwhile.
static LEFT: AtomicBool = AtomicBool::new(false);

/// Whether the terminal is lent to another program, whose user may interrupt it: that is not meant for us.
static LENT: AtomicBool = AtomicBool::new(false);

/// Whether the terminal is lent to another program now.
pub fn is_lent() -> bool {
    LENT.load(Ordering::SeqCst)
}

/// The real terminal. Dropping it gives the terminal back.
#[derive(Debug)]
pub struct Screen {
    terminal: Terminal<CrosstermBackend<Held>>,
    held: Held,
    theme: Theme,
}

impl Screen {
    /// Takes the terminal over.
    pub fn take(theme: Theme) -> io::Result<Self> {
        enable_raw_mode()?;
        TAKEN.store(true, Ordering::SeqCst);
        let held = Held::default();
        let terminal = enter().and_then(|()| Terminal::new(CrosstermBackend::new(held.clone())));
        match terminal {
            Ok(terminal) => Ok(Self { terminal, held, theme }),
            Err(error) => {
                restore();
                Err(error)
            }
        }
    }

    /// Columns and rows.
    pub fn size(&self) -> io::Result<(u16, u16)> {
        let size = self.terminal.size()?;
        Ok((size.width, size.height))
    }

    /// A panic of some task gives the terminal back. The loop learns it here, before it draws into the report and
    /// goes on with half a program.
    fn still_ours() -> io::Result<()> {
        if TAKEN.load(Ordering::SeqCst) {
            return Ok(());
        }
        Err(io::Error::other("it was given back after the panic that is told above"))
    }

    /// Clears the screen, and forgets what was drawn there. `Terminal::clear` does that too, but asks the terminal
    /// where its cursor is; while the keys are being read no answer gets through, and that would be our end.
    fn forget(&mut self) -> io::Result<()> {
        let size = self.terminal.size()?;
        self.terminal.resize(Rect::new(0, 0, size.width, size.height))
    }
}

impl Display for Screen {
    fn draw(&mut self, app: &App) -> io::Result<()> {
        Self::still_ours()?;
        if LEFT.swap(false, Ordering::SeqCst) {
            self.forget()?;
        }
        self.terminal.draw(|frame| draw(frame, app, &self.theme))?;
        let frame = self.held.take();
        if !changes_something(&frame) {
            return Ok(());
        }
        let mut out = io::stdout().lock();
        queue!(out, BeginSynchronizedUpdate)?;
        out.write_all(&frame)?;
        execute!(out, EndSynchronizedUpdate)
    }

    fn clear(&mut self) -> io::Result<()> {
        Self::still_ours()?;
        self.forget()
    }

    fn lend(&mut self, to: &mut dyn FnMut() -> io::Result<()>) -> io::Result<()> {
        Self::still_ours()?;
        LENT.store(true, Ordering::SeqCst);
        restore();
        let ended = to();
        enable_raw_mode()?;
        TAKEN.store(true, Ordering::SeqCst);
        enter()?;
        LENT.store(false, Ordering::SeqCst);
        LEFT.store(true, Ordering::SeqCst);
        ended
    }

    fn write(&mut self, sequence: &str) -> io::Result<()> {
        Self::still_ours()?;
        let mut out = io::stdout().lock();
        out.write_all(sequence.as_bytes())?;
        out.flush()
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        restore();
    }
}

fn enter() -> io::Result<()> {
    execute!(io::stdout(), EnterAlternateScreen, EnableBracketedPaste, cursor::Hide)
}

/// Takes the terminal over again after we were stopped: the shell had it, and set it as it likes it.
pub fn retake() -> io::Result<()> {
    if TAKEN.load(Ordering::SeqCst) {
        // It is still said to be raw, and would be left as it is.
        disable_raw_mode()?;
        enable_raw_mode()?;
        enter()?;
        LEFT.store(true, Ordering::SeqCst);
    }
    Ok(())
}

/// Stops this process as SIGTSTP does where nobody handles it; returns when it is continued.
pub fn stop() {
    // It only fails for signals that do not exist.
    let _ = signal_hook::low_level::emulate_default_handler(signal_hook::consts::SIGTSTP);
}

/// Whether there is a shell that can continue us when we stop: a process that leads the session of its terminal was
/// started without one, and would never come back.
pub fn can_be_continued() -> bool {
    rustix::termios::tcgetsid(io::stdin())
        .is_ok_and(|leader| u32::try_from(leader.as_raw_pid()).is_ok_and(|leader| leader != std::process::id()))
}

/// Gives the terminal back, once. What fails here cannot be told anywhere.
pub fn restore() {
    if TAKEN.swap(false, Ordering::SeqCst) {
        let _ =
            execute!(io::stdout(), EndSynchronizedUpdate, DisableBracketedPaste, LeaveAlternateScreen, cursor::Show);
        let _ = disable_raw_mode();
    }
}

/// Puts a hook in front of the present one, so that a panic is told on a terminal that can be read. A panic that only ends
/// a connection is not told there, and the terminal stays ours.
pub fn restore_on_panic() {
    let next = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |info| {
        if !serves_a_connection() {
            restore();
        }
        next(info);
    }));
}

/// The columns of the terminal that this process has; 80 where it has none that says.
pub fn columns() -> usize {
    crossterm::terminal::size().map_or(80, |(columns, _)| usize::from(columns))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_without_a_change_are_known() {
        // Colours and attributes set back, the cursor hidden.
        assert!(!changes_something(b"\x1b[39m\x1b[49m\x1b[59m\x1b[0m\x1b[?25l"));
        assert!(!changes_something(b""));
        assert!(changes_something(b"\x1b[3;7Hx\x1b[0m"));
        assert!(changes_something(b"\x1b[2J"));
    }
}
