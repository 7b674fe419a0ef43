//! The members of a JSON object on one line: written, or only weighed. Both take them from the same walk over an event, so
//! the weight is that of what would be written.

use super::line::{escape, is_as_written, push_base64, push_json, push_source};

/// Takes the members of an object.
pub(super) trait Members {
    /// The name of the next one.
    fn name(&mut self, name: &str);

    /// Its value, a string.
    fn text(&mut self, text: &str);

    /// Its value, JSON source text.
    fn source(&mut self, source: &str);

    /// Its value, bytes.
    fn bytes(&mut self, bytes: &[u8]);
}

/// Writes them behind what is there. What acts on a terminal is not yet escaped.
pub(super) struct Written<'o> {
    out: &'o mut Vec<u8>,
    /// What stands before the next one.
    next: u8,
}

impl<'o> Written<'o> {
    pub(super) const fn new(out: &'o mut Vec<u8>) -> Self {
        Self { out, next: b'{' }
    }

    /// Ends the object.
    pub(super) fn end(self) {
        self.out.extend_from_slice(if self.next == b'{' { b"{}" } else { b"}" });
    }
}

impl Members for Written<'_> {
    fn name(&mut self, name: &str) {
        self.out.push(std::mem::replace(&mut self.next, b','));
        self.text(name);
        self.out.push(b':');
    }

    fn text(&mut self, text: &str) {
        // Text can always be written, and to memory too.
        let _ = push_json(self.out, text);
    }

    fn source(&mut self, source: &str) {
        push_source(self.out, source);
    }

    fn bytes(&mut self, bytes: &[u8]) {
        push_base64(self.out, bytes);
    }
}

/// How much members are on a line, but for those of some names.
pub(super) struct Weighed<F> {
    without: F,
    left_out: bool,
    pub(super) members: usize,
    /// Bytes of names, colons and values, what acts on a terminal escaped.
    pub(super) bytes: usize,
    /// For what is not as long as its source.
    scratch: Vec<u8>,
}

impl<F: Fn(&str) -> bool> Weighed<F> {
    /// Without those of which this is true.
    pub(super) const fn new(without: F) -> Self {
        Self { without, left_out: false, members: 0, bytes: 0, scratch: Vec::new() }
    }

    fn add(&mut self, bytes: usize) {
        if !self.left_out {
            self.bytes += bytes;
        }
    }

    /// Adds what this writes.
    fn write(&mut self, write: impl FnOnce(&mut Vec<u8>)) {
        if self.left_out {
            return;
        }
        self.scratch.clear();
        write(&mut self.scratch);
        escape(&mut self.scratch, 0);
        self.bytes += self.scratch.len();
    }
}

impl<F: Fn(&str) -> bool> Members for Weighed<F> {
    fn name(&mut self, name: &str) {
        self.left_out = (self.without)(name);
        if !self.left_out {
            self.members += 1;
            self.text(name);
            self.add(1);
        }
    }

    fn text(&mut self, text: &str) {
        let plain = |b: u8| (0x20..0x7f).contains(&b) && b != b'"' && b != b'\\';
        if text.bytes().all(plain) {
            self.add(text.len() + 2);
        } else {
            self.write(|out| drop(push_json(out, text)));
        }
    }

    fn source(&mut self, source: &str) {
        if is_as_written(source) {
            self.add(source.len());
        } else {
            self.write(|out| push_source(out, source));
        }
    }

    fn bytes(&mut self, bytes: &[u8]) {
        self.add(bytes.len().div_ceil(3) * 4 + 2);
    }
}
