//! Names and payloads are hostile text: nothing that moves a cursor, changes the reading direction or
//! hides itself reaches a terminal raw. Used once on every server-supplied string, also headless.
//!
//! What is invisible stays where Unicode has it in a sequence: a joiner between letters that it shapes (Arabic, Persian,
//! the scripts of India and their neighbours) or between emoji, and a variation selector behind a character that has
//! variants. There it is a part of what is read; anywhere else it is shown as what it is. Bytes that are no text are
//! U+FFFD by then, and nothing else is.

use std::borrow::Cow;
use std::fmt::Write as _;

/// Zero width non-joiner.
const ZWNJ: char = '\u{200c}';
/// Zero width joiner.
const ZWJ: char = '\u{200d}';

/// Makes one line safe to print: every character that is invisible or acts on a terminal becomes visible.
///
/// C0 controls and DEL become their control pictures (`␛`, `␉`), C1 controls, bidirectional and zero-width
/// characters their numbers (`⟨U+202E⟩`). Text that is already safe is borrowed.
pub fn clean_line(text: &str) -> Cow<'_, str> {
    if is_harmless_text(text) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len() + 16);
    let mut before = Before::default();
    for c in text.chars() {
        before.put(c, &mut out);
    }
    Cow::Owned(out)
}

/// As [`clean_line`], for text of several lines: keeps `\n`, and turns tabs into spaces to the next stop of 8.
pub fn clean(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut column = 0_usize;
    let mut before = Before::default();
    for c in text.chars() {
        match c {
            '\n' => {
                out.push('\n');
                (column, before) = (0, Before::default());
            }
            '\t' => {
                let width = 8 - column % 8;
                out.extend(std::iter::repeat_n(' ', width));
                column += width;
                before = Before::default();
            }
            '\r' => {}
            c => {
                let start = out.len();
                before.put(c, &mut out);
                column += out.get(start..).map_or(0, |written| written.chars().count());
            }
        }
    }
    out
}

/// JSON on one line, in which what may not reach a terminal is written as escapes: it says the same. Beyond ASCII, all of
/// JSON is inside of strings.
pub fn escape_json(line: &str) -> String {
    let mut out = String::with_capacity(line.len() + 16);
    let mut before = Before::default();
    for c in line.chars() {
        if before.passes(c) {
            out.push(c);
            continue;
        }
        for unit in c.encode_utf16(&mut [0; 2]) {
            // Writing to a String cannot fail.
            let _ = write!(out, "\\u{unit:04x}");
        }
    }
    out
}

/// Whether a character may reach a terminal as it is, wherever it stands.
pub fn is_harmless(c: char) -> bool {
    c != ZWNJ && c != ZWJ && !is_selector(c) && matches!(visible(c), Shown::Itself)
}

/// Whether a line may reach a terminal as it is.
pub fn is_harmless_text(text: &str) -> bool {
    if text.bytes().all(|b| (0x20..0x7f).contains(&b)) {
        return true;
    }
    let mut before = Before::default();
    text.chars().all(|c| before.passes(c))
}

/// What stands before a character, as far as that matters to it.
#[derive(Clone, Copy, Debug, Default)]
struct Before {
    last: Option<char>,
    /// The last that was no selector.
    base: Option<char>,
}

impl Before {
    /// Whether a character may stand here as it is; notes it then.
    fn passes(&mut self, c: char) -> bool {
        let passes = if is_selector(c) {
            self.last.is_some_and(|base| has_variants(base, c))
        } else {
            match c {
                ZWNJ => self.last.is_some_and(is_shaped),
                ZWJ => self.last.is_some_and(|last| is_shaped(last) || is_modifier(last)) || self.is_emoji(),
                c => matches!(visible(c), Shown::Itself),
            }
        };
        if passes {
            if !is_selector(c) {
                self.base = Some(c);
            }
            self.last = Some(c);
        } else {
            *self = Self::default();
        }
        passes
    }

    /// Whether an emoji stands here, perhaps with a selector behind it.
    fn is_emoji(self) -> bool {
        self.base.is_some_and(is_pictograph)
    }

    /// Writes a character, or what stands for it.
    fn put(&mut self, c: char, out: &mut String) {
        if self.passes(c) {
            out.push(c);
            return;
        }
        match visible(c) {
            Shown::Picture(picture) => out.push(picture),
            // Writing to a String cannot fail.
            Shown::Number | Shown::Itself => drop(write!(out, "⟨U+{:04X}⟩", u32::from(c))),
        }
    }
}

/// How a character is shown that is neither a joiner nor a selector.
enum Shown {
    Itself,
    Picture(char),
    Number,
}

fn visible(c: char) -> Shown {
    match c {
        '\u{0}'..='\u{1f}' => char::from_u32(0x2400 + c as u32).map_or(Shown::Number, Shown::Picture),
        '\u{7f}' => Shown::Picture('\u{2421}'),
        '\u{80}'..='\u{9f}' // C1
        | '\u{ad}' // soft hyphen
        | '\u{34f}' // combining grapheme joiner
        | '\u{61c}' // Arabic letter mark
        | '\u{115f}' | '\u{1160}' | '\u{3164}' | '\u{ffa0}' // Hangul fillers
        | '\u{17b4}' | '\u{17b5}'
        | '\u{180b}'..='\u{180f}'
        | '\u{200b}' // zero width space
        | '\u{200e}' | '\u{200f}' // direction marks
        | '\u{2028}'..='\u{202e}' // line separators, embeddings and overrides
        | '\u{2060}'..='\u{206f}' // word joiner, isolates
        | '\u{feff}'
        | '\u{fff9}'..='\u{fffb}'
        | '\u{1bca0}'..='\u{1bca3}'
        | '\u{1d173}'..='\u{1d17a}'
        | '\u{e0000}'..='\u{e00ff}' | '\u{e01f0}'..='\u{e0fff}' => Shown::Number, // tags
        _ => Shown::Itself,
    }
}

/// Variation selectors, those of the supplement included.
fn is_selector(c: char) -> bool {
    matches!(c, '\u{fe00}'..='\u{fe0f}' | '\u{e0100}'..='\u{e01ef}')
}

/// Whether a character has variants that this selector chooses between (Unicode's `StandardizedVariants`,
/// `emoji-variation-sequences` and ideographic variation database, by their blocks).
fn has_variants(base: char, selector: char) -> bool {
    let ideograph = matches!(base, '\u{3400}'..='\u{9fff}' | '\u{f900}'..='\u{faff}' | '\u{20000}'..='\u{3ffff}');
    match selector {
        '\u{fe0e}' | '\u{fe0f}' => is_pictograph(base) || matches!(base, '0'..='9' | '#' | '*'),
        '\u{fe00}'..='\u{fe0d}' => {
            ideograph
                || matches!(base, '\u{1000}'..='\u{109f}' | '\u{a9e0}'..='\u{aa7f}') // Myanmar
                || matches!(base, '\u{2200}'..='\u{22ff}' | '\u{2a00}'..='\u{2aff}') // mathematics
                || matches!(base, '\u{3001}' | '\u{3002}' | '\u{ff01}'..='\u{ff1f}')
                || matches!(base, '\u{a840}'..='\u{a87f}') // Phags-pa
        }
        _ => ideograph,
    }
}

/// Whether joiners shape this letter or mark: Arabic and its relatives, the scripts of India and of what lies around it.
fn is_shaped(c: char) -> bool {
    matches!(
        c,
        '\u{620}'..='\u{6ff}'
            | '\u{710}'..='\u{74f}'
            | '\u{750}'..='\u{77f}'
            | '\u{7ca}'..='\u{7f5}'
            | '\u{840}'..='\u{8ff}'
            | '\u{900}'..='\u{dff}'
            | '\u{f40}'..='\u{fbc}'
            | '\u{1000}'..='\u{109f}'
            | '\u{1700}'..='\u{17b3}'
            | '\u{17b6}'..='\u{17ff}'
            | '\u{1820}'..='\u{18aa}'
            | '\u{1a20}'..='\u{1aad}'
            | '\u{1b00}'..='\u{1c4f}'
            | '\u{a840}'..='\u{a95f}'
            | '\u{a980}'..='\u{aaff}'
            | '\u{abc0}'..='\u{abff}'
            | '\u{fb50}'..='\u{fdff}'
            | '\u{fe70}'..='\u{fefc}'
            | '\u{10a00}'..='\u{10a5f}'
            | '\u{11000}'..='\u{11fff}'
            | '\u{1e900}'..='\u{1e95f}'
    )
}

/// Skin tones.
fn is_modifier(c: char) -> bool {
    matches!(c, '\u{1f3fb}'..='\u{1f3ff}')
}

/// Characters that are emoji, or can be (Unicode's `Extended_Pictographic`, by its ranges).
fn is_pictograph(c: char) -> bool {
    matches!(
        c,
        '\u{a9}' | '\u{ae}' | '\u{203c}' | '\u{2049}' | '\u{2122}' | '\u{2139}' | '\u{24c2}' | '\u{3030}' | '\u{303d}'
            | '\u{3297}' | '\u{3299}'
            | '\u{2190}'..='\u{21ff}'
            | '\u{2300}'..='\u{23ff}'
            | '\u{25a0}'..='\u{27bf}'
            | '\u{2900}'..='\u{297f}'
            | '\u{2b00}'..='\u{2bff}'
            | '\u{1f000}'..='\u{1faff}'
    )
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use unicode_width::UnicodeWidthStr as _;

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
        assert_eq!(clean_line("abc\u{202e}def\u{200b}"), "abc⟨U+202E⟩def⟨U+200B⟩");
        assert_eq!(clean_line("\u{9b}31m"), "⟨U+009B⟩31m");
        assert_eq!(clean_line("\u{e0041}\u{fffd}"), "⟨U+E0041⟩\u{fffd}", "bad bytes have a mark of their own");
    }

    #[test]
    fn what_is_a_part_of_writing_stays() {
        // Persian, Hindi, Sinhala, Malayalam, Arabic; hearts, families, professions, flags, keycaps; ideographs.
        for (text, width) in [
            ("می\u{200c}خواهم", 7),
            ("क्\u{200d}ष", 2),
            ("ශ්\u{200d}රී", 2),
            ("ന്\u{200d}", 1),
            ("ه\u{200d}", 1),
            ("❤\u{fe0f}", 2),
            ("👩\u{200d}🚀", 2),
            ("👩🏽\u{200d}🚀", 2),
            ("❤\u{fe0f}\u{200d}🔥", 2),
            ("👨\u{200d}👩\u{200d}👧", 2),
            ("🏳\u{fe0f}\u{200d}🌈", 2),
            ("葛\u{e0100}", 2),
        ] {
            assert!(matches!(clean_line(text), Cow::Borrowed(_)), "{text:?} {}", clean_line(text));
            assert_eq!(text.width(), width, "{text:?}");
            assert_eq!(clean(text), text);
        }
        assert_eq!(clean_line("7\u{fe0f}\u{20e3}"), "7\u{fe0f}\u{20e3}");
    }

    #[test]
    fn what_only_hides_does_not() {
        for (text, shown) in [
            ("pay\u{200d}pal", "pay⟨U+200D⟩pal"),
            ("\u{200c}a", "⟨U+200C⟩a"),
            ("a\u{fe0f}", "a⟨U+FE0F⟩"),
            ("می\u{200c}\u{200c}خ", "می\u{200c}⟨U+200C⟩خ"),
            ("❤\u{fe0f}\u{fe0f}", "❤\u{fe0f}⟨U+FE0F⟩"),
            ("👩\u{200d}\u{200d}🚀", "👩\u{200d}⟨U+200D⟩🚀"),
            ("葛\u{e0100}\u{e0101}", "葛\u{e0100}⟨U+E0101⟩"),
            ("🙂\u{e0100}", "🙂⟨U+E0100⟩"),
        ] {
            assert_eq!(clean_line(text), shown, "{text:?}");
        }
    }

    #[test]
    fn several_lines_keep_their_breaks_and_stops() {
        assert_eq!(clean("a\tb\r\n\tc\x1b"), "a       b\n        c␛");
    }

    /// Text with a lot of what is invisible.
    fn any_text() -> impl Strategy<Value = String> {
        let odd = "\u{200c}\u{200d}\u{fe0f}\u{fe00}\u{e0100}\u{202e}\u{1b}\u{9b}❤👩🏽مक्葛a7\t\n";
        let odd = prop::sample::select(odd.chars().collect::<Vec<_>>());
        prop::collection::vec(prop_oneof![2 => odd, 1 => any::<char>()], 0..40).prop_map(String::from_iter)
    }

    proptest! {
        #[test]
        fn nothing_acts_on_a_terminal(text in any_text()) {
            let line = clean_line(&text);
            for (at, c) in line.char_indices() {
                prop_assert!(!c.is_control(), "{c:?}");
                // What is let pass stands behind something that is seen, and never twice.
                let before = line[..at].chars().next_back();
                if !is_harmless(c) {
                    prop_assert!(before.is_some_and(|b| is_harmless(b) || (c == ZWJ && is_selector(b))), "{line:?}");
                }
            }
            prop_assert_eq!(clean_line(&line), &*line, "once is enough");
            for c in clean(&text).chars() {
                prop_assert!(c == '\n' || !c.is_control(), "{c:?}");
            }
        }
    }
}
