//! Where JSON breaks, and why.

use super::finding::Finding;

/// Where JSON breaks.
pub(super) struct Place {
    line: usize,
    column: usize,
    /// Bytes before it.
    pub(super) offset: usize,
}

impl Place {
    /// That of the reader's error.
    pub(super) fn of(error: &serde_json::Error, json: &[u8]) -> Self {
        let (line, mut column) = (error.line(), error.column());
        let start = match line.checked_sub(2) {
            Some(nth) => memchr::memchr_iter(b'\n', json).nth(nth).map_or(0, |at| at + 1),
            None => 0,
        };
        // A column is the last byte that was looked at; where the text ends, it is that before the end.
        let mut offset = if error.is_eof() { json.len() } else { (start + column).saturating_sub(1).min(json.len()) };
        // Of a control character within a string it may be the one before.
        let control = |at: usize| json.get(at).is_some_and(|b| *b < b' ');
        if error.is_syntax()
            && !control(offset)
            && control(offset + 1)
            && reason(error).starts_with("control character")
        {
            (offset, column) = (offset + 1, column + 1);
        }
        // Bytes that are no text are noticed only at the end of the value that they stand in.
        let odd = json.get(..offset).and_then(|before| std::str::from_utf8(before).err()).filter(|_| !error.is_eof());
        if let Some(offset) = odd.map(|odd| odd.valid_up_to()) {
            let before = json.get(..offset).unwrap_or_default();
            let start = memchr::memrchr(b'\n', before).map_or(0, |at| at + 1);
            return Self { line: memchr::memchr_iter(b'\n', before).count() + 1, column: offset - start + 1, offset };
        }
        Self { line, column, offset }
    }

    /// The error as a finding.
    pub(super) fn finding(&self, error: &serde_json::Error) -> Finding {
        if error.is_eof() {
            return Finding::JsonTruncated(self.line, self.column);
        }
        Finding::JsonSyntax(self.line, self.column, reason(error).into())
    }
}

/// What the reader says, without the place.
pub(super) fn reason(error: &serde_json::Error) -> String {
    let text = error.to_string();
    text.rfind(" at line ").and_then(|at| text.get(..at)).unwrap_or(&text).to_owned()
}
