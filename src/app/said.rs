//! Descriptions, broken into the lines that they take on screen.

use unicode_width::UnicodeWidthStr;

use crate::event::clean_line;
use crate::event::layout::wrap;
use crate::model::Said;

/// Columns of the names of facts.
pub const NAMES: u16 = 16;

/// Sentences in as many lines as they need on a screen of this width.
pub(super) fn broken(said: Vec<Said>, columns: u16) -> Vec<Said> {
    let room = |indent: u16| usize::from(columns.saturating_sub(indent + 3)).max(20);
    let lines = |text: &str, indent| {
        let text = clean_line(text);
        if text.width() <= room(indent) {
            return (text.into_owned(), Vec::new());
        }
        let mut lines = wrap(&text, room(indent)).into_iter();
        (lines.next().unwrap_or_default(), lines.collect::<Vec<_>>())
    };
    let mut out = Vec::with_capacity(said.len());
    for said in said {
        let (first, rest, more): (Said, Vec<String>, fn(String) -> Said) = match said {
            Said::Warning(text) => {
                let (first, rest) = lines(&text, 2);
                (Said::Warning(first), rest, Said::More)
            }
            Said::Obstacle(text) => {
                let (first, rest) = lines(&text, 2);
                (Said::Obstacle(first), rest, Said::More)
            }
            Said::Fact(name, text) => {
                let (first, rest) = lines(&text, NAMES);
                (Said::Fact(name, first), rest, |line| Said::Fact("", line))
            }
            Said::At(at, text) => {
                let (first, rest) = lines(&text, NAMES);
                (Said::At(at, first), rest, |line| Said::Fact("", line))
            }
            other => (other, Vec::new(), Said::More),
        };
        out.push(first);
        out.extend(rest.into_iter().map(more));
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Timestamp;

    #[test]
    fn long_lines_go_on_below_where_they_began() {
        let said = vec![
            Said::Fact("name", "one two three four five six".into()),
            Said::Warning("short".into()),
            Said::Obstacle("seven eight nine ten eleven twelve".into()),
            Said::At(Timestamp::from_secs(0), "thirteen fourteen fifteen sixteen".into()),
        ];
        let fact = |name, words: &str| Said::Fact(name, words.into());
        assert_eq!(
            broken(said, 39),
            [
                fact("name", "one two three four"),
                fact("", "five six"),
                Said::Warning("short".into()),
                Said::Obstacle("seven eight nine ten eleven twelve".into()),
                Said::At(Timestamp::from_secs(0), "thirteen fourteen".into()),
                fact("", "fifteen sixteen"),
            ]
        );
        let narrow = broken(vec![Said::Warning("one two three four five six seven".into())], 20);
        assert_eq!(narrow[1], Said::More("five six seven".into()), "{narrow:?}");
    }
}
