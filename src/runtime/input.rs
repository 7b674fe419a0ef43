//! Terminal events as messages.

use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};

use crossterm::event::{Event, EventStream, KeyCode, KeyEvent, KeyEventKind, KeyModifiers};
use futures_util::{Stream, StreamExt};

use crate::app::Msg;
use crate::keymap::{Code, Key};

/// What is typed, as messages. It can be left to another program for a while: then nothing of it is read here.
#[derive(Clone, Debug, Default)]
pub struct Keyboard(Arc<Mutex<Option<EventStream>>>);

impl Keyboard {
    /// Reads from now on.
    pub fn listen(&self) {
        *self.lock() = Some(EventStream::new());
    }

    /// Reads no more.
    pub fn leave(&self) {
        *self.lock() = None;
    }

    fn lock(&self) -> MutexGuard<'_, Option<EventStream>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Stream for Keyboard {
    type Item = Msg;

    /// Ends when the terminal cannot be read any more: then it is gone. Whoever lets it listen again polls it again.
    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Msg>> {
        let mut events = self.lock();
        let Some(events) = events.as_mut() else { return Poll::Pending };
        loop {
            match events.poll_next_unpin(cx) {
                Poll::Ready(Some(Ok(event))) => {
                    if let Some(msg) = message(event) {
                        return Poll::Ready(Some(msg));
                    }
                }
                Poll::Ready(Some(Err(_)) | None) => return Poll::Ready(None),
                Poll::Pending => return Poll::Pending,
            }
        }
    }
}

/// The message of a terminal event; `None` for what means nothing to us.
pub fn message(event: Event) -> Option<Msg> {
    match event {
        Event::Key(key) if key.kind != KeyEventKind::Release => key_of(key).map(Msg::Key),
        Event::Paste(text) => Some(Msg::Paste(text)),
        Event::Resize(columns, rows) => Some(Msg::Resize(columns, rows)),
        _ => None,
    }
}

fn key_of(event: KeyEvent) -> Option<Key> {
    let code = match event.code {
        KeyCode::Char(c) if event.modifiers.contains(KeyModifiers::CONTROL) => Code::Char(c.to_ascii_lowercase()),
        KeyCode::Char(c) => Code::Char(c),
        KeyCode::Enter => Code::Enter,
        KeyCode::Esc => Code::Esc,
        KeyCode::Tab if event.modifiers.contains(KeyModifiers::SHIFT) => Code::BackTab,
        KeyCode::Tab => Code::Tab,
        KeyCode::BackTab => Code::BackTab,
        KeyCode::Backspace => Code::Backspace,
        KeyCode::Delete => Code::Delete,
        KeyCode::Up => Code::Up,
        KeyCode::Down => Code::Down,
        KeyCode::Left => Code::Left,
        KeyCode::Right => Code::Right,
        KeyCode::PageUp => Code::PageUp,
        KeyCode::PageDown => Code::PageDown,
        KeyCode::Home => Code::Home,
        KeyCode::End => Code::End,
        KeyCode::F(n) => Code::F(n),
        _ => return None,
    };
    Some(Key {
        code,
        ctrl: event.modifiers.contains(KeyModifiers::CONTROL),
        alt: event.modifiers.contains(KeyModifiers::ALT),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn presses_become_keys_and_releases_do_not() {
        let press = KeyEvent::new(KeyCode::Char('G'), KeyModifiers::SHIFT);
        assert_eq!(message(Event::Key(press)), Some(Msg::Key('G'.into())));
        let release = KeyEvent { kind: KeyEventKind::Release, ..press };
        assert_eq!(message(Event::Key(release)), None);
        let ctrl = KeyEvent::new(KeyCode::Char('R'), KeyModifiers::CONTROL);
        assert_eq!(message(Event::Key(ctrl)), Some(Msg::Key("ctrl-r".parse().unwrap())));
    }
}
