//! Lines broken into rows of so many columns, between characters: what is sent is shown whole, and as it is.

use unicode_segmentation::UnicodeSegmentation;
use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

use super::line::{Line, Role, Span};

/// How far the rows after the first are set in.
pub(in super::super) fn hang(indent: usize, width: usize) -> usize {
    match indent {
        0 => 0,
        _ if indent + 2 <= width / 2 => indent + 2,
        _ => indent.min(width / 2),
    }
}

/// The rows of a line of so many columns, each of one column.
pub(super) fn count(columns: usize, width: usize, hang: usize) -> usize {
    1 + columns.saturating_sub(width).div_ceil(width.saturating_sub(hang).max(1))
}

/// Breaks a line into rows; those after the first are set in by `hang`. An empty line is one row.
pub(in super::super) fn fold(line: Line, width: usize, hang: usize) -> Vec<Line> {
    let mut rows = Vec::with_capacity(1);
    let mut row: Line = Vec::with_capacity(line.len());
    let (mut used, mut from) = (0, 0);
    for Span { role, text } in line {
        let mut rest = text.as_str();
        while !rest.is_empty() {
            let (mut length, mut columns) = head(rest, width.saturating_sub(used));
            if length == 0 && used > from {
                rows.push(std::mem::take(&mut row));
                if hang > 0 {
                    row.push(Span { role: Role::Text, text: " ".repeat(hang) });
                }
                (used, from) = (hang, hang);
                continue;
            }
            if length == 0 {
                // One character out of many signs, wider than a row: it must be taken apart.
                (length, columns) = signs(rest, width.saturating_sub(used));
            }
            let (piece, after) = rest.split_at(length);
            row.push(Span { role, text: piece.into() });
            used += columns;
            rest = after;
        }
    }
    rows.push(row);
    rows
}

/// How much of a text fits into so many columns: its bytes and its columns.
fn head(text: &str, room: usize) -> (usize, usize) {
    let length = room.min(text.len());
    // Up to and with the sign after it, which could otherwise belong to the last one.
    if text.as_bytes().get(..(length + 1).min(text.len())).is_some_and(<[u8]>::is_ascii) {
        return (length, length);
    }
    let (mut bytes, mut columns) = (0, 0);
    for grapheme in text.graphemes(true) {
        let width = grapheme.width();
        if columns + width > room {
            break;
        }
        columns += width;
        bytes += grapheme.len();
    }
    (bytes, columns)
}

/// As [`head`], by single signs, and one at least.
fn signs(text: &str, room: usize) -> (usize, usize) {
    let (mut bytes, mut columns) = (0, 0);
    for sign in text.chars() {
        let width = sign.width().unwrap_or(0);
        if bytes > 0 && columns + width > room {
            break;
        }
        columns += width;
        bytes += sign.len_utf8();
    }
    (bytes, columns)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::model::sanitise::clean_line;

    fn texts(rows: &[Line]) -> Vec<String> {
        rows.iter().map(|row| row.iter().map(|span| &*span.text).collect()).collect()
    }

    fn line(texts: &[&str]) -> Line {
        texts.iter().map(|text| Span { role: Role::Text, text: (*text).into() }).collect()
    }

    #[test]
    fn rows_are_full_and_later_ones_are_set_in() {
        assert_eq!(texts(&fold(line(&["  ", "\"abcdefgh\"", ","]), 8, 4)), ["  \"abcde", "    fgh\"", "    ,"]);
        assert_eq!(texts(&fold(line(&["漢字漢字"]), 5, 0)), ["漢字", "漢字"]);
        assert_eq!(texts(&fold(line(&[]), 5, 0)), [""]);
        assert_eq!(texts(&fold(line(&["abcde"]), 5, 0)), ["abcde"]);
        assert_eq!((count(0, 5, 0), count(5, 5, 0), count(6, 5, 0), count(10, 8, 4)), (1, 1, 2, 2));
    }

    proptest! {
        #[test]
        fn nothing_is_lost_and_no_row_is_too_wide(
            parts in prop::collection::vec(prop_oneof!["[a-z ]{0,40}", any::<String>(), "[\u{1100}漢e\u{301}🇩🇪]{0,30}"], 0..5),
            width in 8_usize..60,
            indent in 0_usize..60,
        ) {
            let clean: Vec<String> = parts.iter().map(|part| clean_line(part).into_owned()).collect();
            let whole = line(&clean.iter().map(String::as_str).collect::<Vec<_>>());
            let hang = hang(indent, width);
            let rows = texts(&fold(whole, width, hang));
            let mut again = rows[0].clone();
            rows[1..].iter().for_each(|row| again.push_str(&row[hang..]));
            prop_assert_eq!(again, clean.concat());
            for row in &rows {
                prop_assert!(row.width() <= width, "{:?} in {}", row, width);
            }
            if clean.iter().all(|part| part.is_ascii()) {
                prop_assert_eq!(rows.len(), count(clean.concat().len(), width, hang));
            }
        }
    }
}
