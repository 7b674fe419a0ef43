//! Text as it is, line by line.

use super::Place;
use super::line::Pen;

/// Lays out one line; `false` at the end. A break at the very end begins no further line.
pub(super) fn line(text: &[u8], place: &mut Place, pen: &mut Pen) -> bool {
    let Some(rest) = text.get(place.offset..).filter(|rest| !rest.is_empty()) else {
        return false;
    };
    let len = rest.iter().position(|b| *b == b'\n').unwrap_or(rest.len());
    pen.text_line(rest.get(..len).unwrap_or_default());
    place.offset += len + 1;
    true
}

#[cfg(test)]
mod tests {
    use super::super::{Body, Kind, plain_text};

    #[test]
    fn lines_stay_and_nothing_hostile_gets_through() {
        let text = "one\r\n\n\ttab\x1b[31m\nlast\u{202e}";
        let mut body = Body::new(Kind::Text, text.as_bytes().into(), None);
        assert_eq!(plain_text(&body.lines(0..9)), "one\n\n        tab␛[31m\nlast⟨U+202E⟩\n");
        assert_eq!(Body::new(Kind::Text, b"a\n".as_slice().into(), None).total(), 1);
    }
}
