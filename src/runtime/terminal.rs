//! The terminal: taken over on start, always given back: on return, on an error, on a panic, on a signal.

use std::io::{self, Stdout, Write};
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
use crate::ui::{Theme, draw};

use super::Display;

/// Whether the terminal is ours now; the panic hook asks.
static TAKEN: AtomicBool = AtomicBool::new(false);

/// Whether the next frame has to be drawn from nothing, since somebody else had the terminal meanwhile.
static LEFT: AtomicBool = AtomicBool::new(false);

/// The real terminal. Dropping it gives the terminal back.
#[derive(Debug)]
pub struct Screen {
    terminal: Terminal<CrosstermBackend<Stdout>>,
    theme: Theme,
}

impl Screen {
    /// Takes the terminal over.
    pub fn take(theme: Theme) -> io::Result<Self> {
        enable_raw_mode()?;
        TAKEN.store(true, Ordering::SeqCst);
        let terminal = enter().and_then(|()| Terminal::new(CrosstermBackend::new(io::stdout())));
        match terminal {
            Ok(terminal) => Ok(Self { terminal, theme }),
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

    /// Another theme from now on.
    pub const fn set_theme(&mut self, theme: Theme) {
        self.theme = theme;
    }
}

impl Display for Screen {
    fn draw(&mut self, app: &App) -> io::Result<()> {
        Self::still_ours()?;
        if LEFT.swap(false, Ordering::SeqCst) {
            self.forget()?;
        }
        queue!(self.terminal.backend_mut(), BeginSynchronizedUpdate)?;
        self.terminal.draw(|frame| draw(frame, app, &self.theme))?;
        execute!(self.terminal.backend_mut(), EndSynchronizedUpdate)
    }

    fn clear(&mut self) -> io::Result<()> {
        Self::still_ours()?;
        self.forget()
    }

    fn write(&mut self, sequence: &str) -> io::Result<()> {
        Self::still_ours()?;
        let out = self.terminal.backend_mut();
        out.write_all(sequence.as_bytes())?;
        Write::flush(out)
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

/// Gives the terminal back, once. What fails here cannot be told anywhere.
pub fn restore() {
    if TAKEN.swap(false, Ordering::SeqCst) {
        let _ =
            execute!(io::stdout(), EndSynchronizedUpdate, DisableBracketedPaste, LeaveAlternateScreen, cursor::Show);
        let _ = disable_raw_mode();
    }
}

/// Puts a hook in front of the present one, so that a panic is told on a terminal that can be read.
pub fn restore_on_panic() {
    let next = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |info| {
        restore();
        next(info);
    }));
}
