//! Copying through the terminal (OSC 52), which also works over SSH; wrapped for tmux and screen.

use std::fmt::Write as _;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

/// Terminals drop longer sequences; 74,994 bytes of text are 100,000 of base64.
pub const MOST: usize = 74_994;

/// What stands between us and the terminal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wrap {
    /// Nothing.
    None,
    /// tmux.
    Tmux,
    /// GNU screen.
    Screen,
}

impl Wrap {
    /// From `TMUX` and `TERM`.
    pub fn detect(tmux: Option<&str>, term: Option<&str>) -> Self {
        if tmux.is_some_and(|t| !t.is_empty()) {
            Self::Tmux
        } else if term.is_some_and(|t| t.starts_with("screen")) {
            Self::Screen
        } else {
            Self::None
        }
    }
}

/// The sequences that put this text on the clipboard; `None` when it is too long for a terminal.
///
/// In tmux both ways are sent: the plain one works with `set-clipboard on`, the wrapped one with
/// `allow-passthrough on`.
pub fn sequence(text: &str, wrap: Wrap) -> Option<String> {
    if text.len() > MOST {
        return None;
    }
    let plain = format!("\x1b]52;c;{}\x07", STANDARD.encode(text));
    let mut out = String::new();
    match wrap {
        Wrap::None => out.push_str(&plain),
        Wrap::Tmux => {
            out.push_str(&plain);
            let _ = write!(out, "\x1bPtmux;{}\x1b\\", plain.replace('\x1b', "\x1b\x1b"));
        }
        Wrap::Screen => {
            let _ = write!(out, "\x1bP{plain}\x1b\\");
        }
    }
    Some(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wraps_for_what_stands_between() {
        assert_eq!(sequence("hi", Wrap::None).unwrap(), "\x1b]52;c;aGk=\x07");
        assert!(sequence("hi", Wrap::Tmux).unwrap().contains("\x1bPtmux;\x1b\x1b]52;c;aGk="));
        assert!(sequence(&"x".repeat(MOST + 1), Wrap::None).is_none());
        assert_eq!(Wrap::detect(Some("/tmp/tmux"), None), Wrap::Tmux);
        assert_eq!(Wrap::detect(None, Some("screen-256color")), Wrap::Screen);
        assert_eq!(Wrap::detect(Some(""), Some("xterm")), Wrap::None);
    }
}
