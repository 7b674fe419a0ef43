//! Which value of JSON stands on a line: found by walking there from the start, when somebody asks.

use super::json::{skip_blanks, token_end};
use crate::query::Step;

/// Deeper values have no name; the stack stays small whatever is sent.
const DEEPEST: usize = 256;

/// A scalar, or an empty array or object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in super::super) struct Leaf {
    /// The way to it.
    pub(in super::super) steps: Vec<Step>,
    /// Its text: of a string what it says, of everything else the source.
    pub(in super::super) text: String,
}

/// The leaf on the line that begins at this offset. `None` on lines that only open or close something, for `null`,
/// which conditions take for absent, and for strings that stand for no text.
pub(in super::super) fn leaf_at(source: &[u8], offset: usize) -> Option<Leaf> {
    let mut walk = Walk { source, at: 0, open: Vec::new(), beyond: 0, value: None };
    while walk.at < offset {
        if !walk.line() {
            return None;
        }
    }
    walk.line();
    walk.leaf()
}

/// The leaves from the start on.
pub(in super::super) fn leaves(source: &[u8]) -> impl Iterator<Item = Leaf> {
    let mut walk = Walk { source, at: 0, open: Vec::new(), beyond: 0, value: None };
    let lines = std::iter::from_fn(move || walk.line().then(|| walk.leaf()));
    lines.flatten()
}

/// What is open.
enum Frame {
    /// An object, and where the name of the present member stands.
    Object(Option<(usize, usize)>),
    /// An array, how many commas there were, and whether the last one came after the present element.
    Array(usize, bool),
}

/// Walks over the lines as they are laid out.
struct Walk<'s> {
    source: &'s [u8],
    at: usize,
    open: Vec<Frame>,
    /// Brackets that are open beyond the deepest.
    beyond: usize,
    /// Where the value of the last line stands, if it is a leaf.
    value: Option<(usize, usize)>,
}

impl Walk<'_> {
    /// Goes over one line; `false` at the end.
    fn line(&mut self) -> bool {
        let source = self.source;
        let mut at = skip_blanks(source, self.at);
        self.value = None;
        let Some(&first) = source.get(at) else { return false };
        if let Some(Frame::Array(index, after @ true)) = self.open.last_mut() {
            *index += 1;
            *after = false;
        }
        if first == b'"' {
            let end = token_end(source, at);
            let colon = skip_blanks(source, end);
            if source.get(colon) == Some(&b':') {
                if let Some(Frame::Object(name)) = self.open.last_mut().filter(|_| self.beyond == 0) {
                    *name = Some((at, end));
                }
                at = skip_blanks(source, colon + 1);
            }
        }
        let mut end = token_end(source, at);
        match source.get(at) {
            Some(open @ (b'{' | b'[')) => {
                let close = skip_blanks(source, end);
                if matches!(source.get(close), Some(b'}' | b']')) {
                    end = close + 1;
                    self.value = Some((at, end));
                } else if self.open.len() >= DEEPEST {
                    self.beyond += 1;
                } else {
                    self.open.push(if *open == b'{' { Frame::Object(None) } else { Frame::Array(0, false) });
                }
            }
            Some(b'}' | b']') => match self.beyond.checked_sub(1) {
                Some(less) => self.beyond = less,
                None => drop(self.open.pop()),
            },
            Some(_) => self.value = Some((at, end)),
            None => {}
        }
        let comma = skip_blanks(source, end);
        if source.get(comma) == Some(&b',') {
            end = comma + 1;
            if let Some(Frame::Array(_, after)) = self.open.last_mut().filter(|_| self.beyond == 0) {
                *after = true;
            }
        }
        self.at = end;
        true
    }

    /// The leaf of the line that was gone over last.
    fn leaf(&self) -> Option<Leaf> {
        let (from, to) = self.value?;
        if self.beyond > 0 {
            return None;
        }
        let text = self.source.get(from..to).and_then(|value| std::str::from_utf8(value).ok())?;
        let text = match text.as_bytes().first()? {
            b'"' => serde_json::from_str(text).ok()?,
            b'n' => return None,
            _ => text.to_owned(),
        };
        let step = |frame: &Frame| match frame {
            Frame::Array(index, _) => Some(Step::Index(*index)),
            Frame::Object(name) => {
                let (from, to) = (*name)?;
                serde_json::from_slice::<String>(self.source.get(from..to)?).ok().map(|name| Step::Key(name.into()))
            }
        };
        Some(Leaf { steps: self.open.iter().map(step).collect::<Option<_>>()?, text })
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::exercise::json;
    use super::*;
    use crate::query::data_key;
    use proptest::prelude::*;

    fn told(source: &str) -> Vec<String> {
        leaves(source.as_bytes()).map(|leaf| format!("{}={}", data_key(&leaf.steps), leaf.text)).collect()
    }

    #[test]
    fn leaves_have_their_ways() {
        let source =
            r#"{ "a": 1.50, "items": [ {"sku": "A\"1", "n": null}, 7, [ ], {} , [[true]] ], "b c": {"x": "é"} }"#;
        assert_eq!(
            told(source),
            [
                "data.a=1.50",
                "data.items[0].sku=A\"1",
                "data.items[1]=7",
                "data.items[2]=[ ]",
                "data.items[3]={}",
                "data.items[4][0][0]=true",
                "data['b c'].x=é"
            ]
        );
        assert_eq!(told("\"only\""), ["data=only"]);
        assert!(told("").is_empty() && told("null").is_empty() && told("\"\\ud800\"").is_empty());
    }

    #[test]
    fn deep_values_have_no_name_and_those_behind_them_do() {
        let deep = format!("[{}1{},{{\"a\":2}}]", "[".repeat(300), "]".repeat(300));
        assert_eq!(told(&deep), ["data[1].a=2"]);
        assert_eq!(told(&"[".repeat(100_000)), [""; 0]);
    }

    proptest! {
        #[test]
        fn any_bytes_end(bytes in prop::collection::vec(prop_oneof![any::<u8>(), prop::sample::select(b"{}[],:\" 1t\\".to_vec())], 0..200)) {
            prop_assert!(leaves(&bytes).count() <= bytes.len());
            for offset in 0..bytes.len() {
                leaf_at(&bytes, offset);
            }
        }

        #[test]
        fn every_value_is_found_where_it_stands(value in json()) {
            let source = value.to_string();
            for leaf in leaves(source.as_bytes()) {
                let mut found = &value;
                for step in &leaf.steps {
                    found = match step {
                        Step::Key(name) => &found[&**name],
                        Step::Index(index) => &found[*index],
                        Step::Each => unreachable!("no value stands at several places"),
                    };
                }
                let text = found.as_str().map_or_else(|| found.to_string(), str::to_owned);
                prop_assert_eq!(text, leaf.text);
            }
        }
    }
}
