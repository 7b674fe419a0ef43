//! Names and payloads are hostile text: nothing that moves a cursor, changes the reading direction or
//! hides itself reaches a terminal raw. Used once on every server-supplied string, also headless.

use std::borrow::Cow;

/// Makes one line safe to print: every character that is invisible or acts on a terminal becomes visible.
///
/// C0 controls and DEL become their control pictures (`␛`, `␉`), C1 controls, bidirectional and zero-width
/// characters become `�`. Text that is already safe is borrowed.
pub fn clean_line(text: &str) -> Cow<'_, str> {
    if text.bytes().all(|b| (0x20..0x7f).contains(&b)) || !text.chars().any(|c| visible(c) != c) {
        return Cow::Borrowed(text);
    }
    Cow::Owned(text.chars().map(visible).collect())
}

/// As [`clean_line`], for text of several lines: keeps `\n`, and turns tabs into spaces to the next stop of 8.
pub fn clean(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut column = 0_usize;
    for c in text.chars() {
        match c {
            '\n' => {
                out.push('\n');
                column = 0;
            }
            '\t' => {
                let width = 8 - column % 8;
                out.extend(std::iter::repeat_n(' ', width));
                column += width;
            }
            '\r' => {}
            c => {
                out.push(visible(c));
                column += 1;
            }
        }
    }
    out
}

/// Whether a character may reach a terminal as it is.
pub fn is_harmless(c: char) -> bool {
    visible(c) == c
}

/// The character itself, or what stands for it.
fn visible(c: char) -> char {
    match c {
        '\u{0}'..='\u{1f}' => char::from_u32(0x2400 + c as u32).unwrap_or('�'),
        '\u{7f}' => '\u{2421}',
        '\u{80}'..='\u{9f}' // C1
        | '\u{ad}' // soft hyphen
        | '\u{34f}' // combining grapheme joiner
        | '\u{61c}' // Arabic letter mark
        | '\u{115f}' | '\u{1160}' | '\u{3164}' | '\u{ffa0}' // Hangul fillers
        | '\u{17b4}' | '\u{17b5}'
        | '\u{180b}'..='\u{180f}'
        | '\u{200b}'..='\u{200f}' // zero width, direction marks
        | '\u{2028}'..='\u{202e}' // line separators, embeddings and overrides
        | '\u{2060}'..='\u{206f}' // word joiner, isolates
        | '\u{fe00}'..='\u{fe0f}' // variation selectors
        | '\u{feff}'
        | '\u{fff9}'..='\u{fffb}'
        | '\u{1bca0}'..='\u{1bca3}'
        | '\u{1d173}'..='\u{1d17a}'
        | '\u{e0000}'..='\u{e0fff}' => '�', // tags, variation selectors supplement
        c => c,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn safe_text_is_borrowed() {
        assert!(matches!(clean_line("orders.eu.7"), Cow::Borrowed(_)));
        assert!(matches!(clean_line("größe 漢字 🎉"), Cow::Borrowed(_)));
    }

    #[test]
    fn escapes_become_visible() {
        assert_eq!(clean_line("\x1b[31mred\x07"), "␛[31mred␇");
        assert_eq!(clean_line("a\tb\nc"), "a␉b␊c");
        assert_eq!(clean_line("abc\u{202e}def\u{200b}"), "abc�def�");
        assert_eq!(clean_line("\u{9b}31m"), "�31m");
    }

    #[test]
    fn several_lines_keep_their_breaks_and_stops() {
        assert_eq!(clean("a\tb\r\n\tc\x1b"), "a       b\n        c␛");
    }

    proptest! {
        #[test]
        fn nothing_acts_on_a_terminal(text in any::<String>()) {
            for c in clean_line(&text).chars() {
                prop_assert!(!c.is_control(), "{c:?}");
                prop_assert_eq!(visible(c), c);
            }
            for c in clean(&text).chars() {
                prop_assert!(c == '\n' || !c.is_control(), "{c:?}");
            }
        }
    }
}
