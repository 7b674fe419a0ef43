//! Where frames go: the real terminal, or a test's.

use std::io;

use crate::app::App;

/// Something that shows the state.
pub trait Display {
    /// Draws a frame.
    fn draw(&mut self, app: &App) -> io::Result<()>;

    /// The next frame is drawn from nothing.
    fn clear(&mut self) -> io::Result<()>;

    /// Gives the terminal to somebody else as long as this runs.
    fn lend(&mut self, to: &mut dyn FnMut() -> io::Result<()>) -> io::Result<()>;

    /// Sends a sequence to the terminal as it is.
    fn write(&mut self, sequence: &str) -> io::Result<()>;
}
