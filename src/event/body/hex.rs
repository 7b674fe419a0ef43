//! Bytes as hex and ASCII, 16 a line.

use std::fmt::Write as _;

use super::Place;
use super::line::{Pen, Role};

const WIDTH: usize = 16;

/// Lays out one line; `false` at the end.
pub(super) fn line(bytes: &[u8], place: &mut Place, pen: &mut Pen) -> bool {
    let Some(row) =
        bytes.get(place.offset..).filter(|rest| !rest.is_empty()).map(|rest| rest.get(..WIDTH).unwrap_or(rest))
    else {
        return false;
    };
    if pen.writes() {
        let mut hex = String::with_capacity(WIDTH * 3 + 3);
        for at in 0..WIDTH {
            if at == WIDTH / 2 {
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
}
