//! Bytes as hex and ASCII, 16 a line.

use std::fmt::Write as _;

use super::Place;
use super::line::{Pen, Role};

/// The most bytes on a line.
const MOST: usize = 16;

/// How many bytes of a line fit into so many columns.
pub(super) fn per_line(width: usize) -> usize {
    [MOST, 8, 4].into_iter().find(|bytes| columns(*bytes, *bytes) <= width).unwrap_or(2)
}

/// Columns of a line with so many bytes at most, of which there are so many.
fn columns(most: usize, bytes: usize) -> usize {
    10 + 3 * most + 2 + bytes
}

/// Lays out one line; `false` at the end.
pub(super) fn line(bytes: &[u8], place: &mut Place, pen: &mut Pen, most: usize) -> bool {
    let Some(row) =
        bytes.get(place.offset..).filter(|rest| !rest.is_empty()).map(|rest| rest.get(..most).unwrap_or(rest))
    else {
        return false;
    };
    if pen.writes() {
        let mut hex = String::with_capacity(most * 3 + 3);
        for at in 0..most {
            if at == most / 2 {
                hex.push(' ');
            }
            // Writing to a String cannot fail.
            let _ = match row.get(at) {
                Some(byte) => write!(hex, "{byte:02x} "),
                None => write!(hex, "   "),
            };
        }
        let ascii: String =
            row.iter().map(|b| if b.is_ascii_graphic() || *b == b' ' { char::from(*b) } else { '.' }).collect();
        pen.put(Role::Offset, &format!("{:08x}  ", place.offset));
        pen.put(Role::Number, &hex);
        pen.put(Role::String, &format!(" {ascii}"));
    } else {
        pen.skip(columns(most, row.len()));
    }
    place.offset += row.len();
    true
}

#[cfg(test)]
mod tests {
    use super::super::{Body, plain_text};

    #[test]
    fn as_hexdump_shows_it() {
        let mut body = Body::of_bytes(b"\x00\x01jetscope\xff\x1b[2J more");
        assert_eq!(
            plain_text(&body.lines(0..9)),
            "00000000  00 01 6a 65 74 73 63 6f  70 65 ff 1b 5b 32 4a 20  ..jetscope..[2J \n\
             00000010  6d 6f 72 65                                       more\n"
        );
    }

    #[test]
    fn narrow_panels_have_fewer_bytes_a_line() {
        for (width, bytes) in [(200, 16), (76, 16), (75, 8), (44, 8), (43, 4), (28, 4), (27, 2), (20, 2)] {
            assert_eq!(super::per_line(width), bytes, "{width}");
            let mut body = Body::of_bytes(&[7; 33]).folded(width);
            assert_eq!(body.total(), 33_usize.div_ceil(bytes));
        }
    }
}
