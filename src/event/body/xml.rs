//! XML indented simply: a line for each tag, and one for an element that holds text alone. What is no XML comes out
//! as text.

use super::Place;
use super::line::{Pen, Role};

/// What stands at a place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Token {
    Open,
    Close,
    /// A tag that closes itself, a comment, an instruction, a declaration.
    Single,
    Text,
}

/// Lays out one line; `false` at the end.
pub(super) fn line(source: &[u8], place: &mut Place, pen: &mut Pen) -> bool {
    let from = skip_blanks(source, place.offset);
    place.offset = from;
    let Some((token, mut end)) = next(source, from, &mut place.gave_up) else {
        return false;
    };
    match token {
        Token::Close => {
            place.depth = place.depth.saturating_sub(1);
            pen.indent(place.depth);
            pen.piece(Role::Markup, part(source, from, end));
        }
        Token::Single => {
            pen.indent(place.depth);
            pen.piece(Role::Markup, part(source, from, end));
        }
        Token::Open => {
            pen.indent(place.depth);
            pen.piece(Role::Markup, part(source, from, end));
            match leaf(source, end) {
                Some((text_end, close_end)) => {
                    pen.piece(Role::Text, part(source, end, text_end).trim_ascii());
                    pen.piece(Role::Markup, part(source, text_end, close_end));
                    end = close_end;
                }
                None => place.depth += 1,
            }
        }
        Token::Text => {
            pen.indent(place.depth);
            pen.piece(Role::Text, part(source, from, end).trim_ascii());
        }
    }
    place.offset = end;
    true
}

/// Where text and closing tag end, when an element that opened before holds text of one line and nothing else.
fn leaf(source: &[u8], from: usize) -> Option<(usize, usize)> {
    let (text_end, next) = match token(source, from)? {
        (Token::Text, end) => (end, token(source, end)?),
        close => (from, close),
    };
    matches!(next.0, Token::Close).then_some((text_end, next.1))
}

/// As [`token`], but after a tag without an end all is text, so that no further end is looked for in vain.
fn next(source: &[u8], from: usize, gave_up: &mut bool) -> Option<(Token, usize)> {
    if !*gave_up {
        match token(source, from)? {
            (_, end) if end == from => *gave_up = true,
            found => return Some(found),
        }
    }
    let rest = source.get(from..).filter(|rest| !rest.is_empty())?;
    let len = rest.iter().position(|b| *b == b'\n').unwrap_or(rest.len());
    Some((Token::Text, from + len))
}

/// The token that starts here and where it ends: a tag, or the text up to the next tag or the end of the line. A tag
/// without an end is empty.
fn token(source: &[u8], from: usize) -> Option<(Token, usize)> {
    let rest = source.get(from..).filter(|rest| !rest.is_empty())?;
    if rest.first() != Some(&b'<') {
        let len = rest.iter().position(|b| matches!(b, b'<' | b'\n')).unwrap_or(rest.len());
        return Some((Token::Text, from + len));
    }
    let closed_by = |end: &[u8]| find(rest, end).map(|at| from + at + end.len());
    let found = if rest.starts_with(b"<!--") {
        closed_by(b"-->").map(|end| (Token::Single, end))
    } else if rest.starts_with(b"<![CDATA[") {
        closed_by(b"]]>").map(|end| (Token::Single, end))
    } else if rest.starts_with(b"<?") {
        closed_by(b"?>").map(|end| (Token::Single, end))
    } else {
        tag_len(rest).map(|len| {
            let kind = match rest.get(1) {
                Some(b'/') => Token::Close,
                Some(b'!') => Token::Single,
                _ if rest.get(len - 2) == Some(&b'/') => Token::Single,
                _ => Token::Open,
            };
            (kind, from + len)
        })
    };
    Some(found.unwrap_or((Token::Text, from)))
}

/// The length of a tag; a `>` in quotes does not end it.
fn tag_len(rest: &[u8]) -> Option<usize> {
    let mut quote = None;
    for (at, &byte) in rest.iter().enumerate().skip(1) {
        match (quote, byte) {
            (Some(open), byte) if byte == open => quote = None,
            (None, b'"' | b'\'') => quote = Some(byte),
            (None, b'>') => return Some(at + 1),
            _ => {}
        }
    }
    None
}

fn find(haystack: &[u8], needle: &[u8]) -> Option<usize> {
    haystack.windows(needle.len()).position(|window| window == needle)
}

fn part(source: &[u8], from: usize, to: usize) -> &[u8] {
    source.get(from..to).unwrap_or_default()
}

fn skip_blanks(source: &[u8], from: usize) -> usize {
    from + source.get(from..).unwrap_or_default().iter().take_while(|b| b.is_ascii_whitespace()).count()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::{Body, Kind, plain_text};

    fn laid_out(source: &str) -> String {
        plain_text(&Body::new(Kind::Xml, source.as_bytes().into(), None).lines(0..usize::MAX))
    }

    #[test]
    fn tags_are_indented_and_leaves_stay_on_a_line() {
        let source = r#"<?xml version="1.0"?><order id="a>b"><!-- c --><line sku='1'/><name> Ada </name><e></e><note>two
 lines</note><x><![CDATA[<raw>]]></x></order>"#;
        let expected = r#"<?xml version="1.0"?>
<order id="a>b">
  <!-- c -->
  <line sku='1'/>
  <name>Ada</name>
  <e></e>
  <note>
    two
    lines
  </note>
  <x>
    <![CDATA[<raw>]]>
  </x>
</order>
"#;
        assert_eq!(laid_out(source), expected);
    }

    #[test]
    fn what_is_no_xml_is_text() {
        assert_eq!(laid_out("a < b"), "a\n< b\n");
        assert_eq!(
            laid_out("<a>b\n<c \n<d>\"\ne"),
            "<a>\n  b\n  <c \n<d>\n    \"\n    e\n".replace("<c \n<d>", "<c ␊<d>")
        );
        assert_eq!(laid_out("<a>\n</a><!-- \n<b>\n</b>"), "<a>\n</a>\n<!--\n<b>\n</b>\n");
        assert_eq!(laid_out("</a></b>x"), "</a>\n</b>\nx\n");
        assert_eq!(laid_out("<a x=\"\u{1b}[2J\">"), "<a x=\"␛[2J\">\n");
    }

    #[test]
    fn ends_that_are_missing_are_looked_for_once() {
        for hostile in ["<\n", "<!--\n", "<a>x\n", "x\n", "<![CDATA[\n"] {
            let source = hostile.repeat(200_000);
            let mut body = Body::new(Kind::Xml, source.as_bytes().into(), None);
            assert!(body.total() >= 200_000, "{hostile}");
        }
    }

    proptest! {
        #[test]
        fn any_bytes_end(bytes in prop::collection::vec(prop_oneof![any::<u8>(), prop::sample::select(b"<>/!-?\"' a\n".to_vec())], 0..200)) {
            let mut body = Body::new(Kind::Xml, bytes.as_slice().into(), None);
            let total = body.total();
            prop_assert!(total <= bytes.len());
            prop_assert_eq!(body.lines(0..usize::MAX).len(), total);
        }
    }
}
