//! `-o raw`: the bodies as they are. One alone is exactly its bytes; of several, each ends its line.

use crate::cli::output;
use crate::event::{clean_line, is_harmless_text};
use crate::model::Message;

/// Where the bodies go, and what went there.
#[derive(Debug, Default)]
pub(in crate::cli::tail) struct Raw {
    /// A terminal, which bytes that are no text may act on.
    pub(super) terminal: bool,
    /// What follows may come much later, so that lines cannot wait for it to be ended.
    pub(super) live: bool,
    printed: u64,
    /// The last body did not end its line.
    open: bool,
}

impl Raw {
    pub(super) fn new(terminal: bool, live: bool) -> Self {
        Self { terminal, live, ..Self::default() }
    }

    pub(super) fn write(&mut self, out: &mut Vec<u8>, message: &Message) {
        if self.terminal && !is_text(&message.body) {
            output::note(&format!(
                "{} #{}: its body is not shown, since it is no text and could act on the terminal; -o pretty shows it, \
                 > FILE keeps it",
                clean_line(&message.stream),
                message.seq
            ));
            return;
        }
        self.end(out);
        out.extend_from_slice(&message.body);
        self.printed += 1;
        self.open = !message.body.ends_with(b"\n");
        if self.live {
            self.end(out);
        }
    }

    /// Ends the last line where there are several.
    pub(super) fn finish(&mut self, out: &mut Vec<u8>) {
        if self.printed > 1 {
            self.end(out);
        }
    }

    fn end(&mut self, out: &mut Vec<u8>) {
        if std::mem::take(&mut self.open) {
            out.push(b'\n');
        }
    }
}

/// Whether nothing in it acts on a terminal but breaks of lines and tabs.
fn is_text(body: &[u8]) -> bool {
    std::str::from_utf8(body).is_ok_and(|text| {
        text.split('\n').all(|line| line.strip_suffix('\r').unwrap_or(line).split('\t').all(is_harmless_text))
    })
}
