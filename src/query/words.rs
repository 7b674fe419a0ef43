//! The door for words: `payment -test type:com.acme.* "out of stock"`. All terms must hold.
//!
//! A word is searched for in subject, headers, body and attributes; `key:glob` compares a whole value; `-`
//! turns a term around; quotes keep blanks, stars and colons as they are. Case matters only in terms that
//! have a capital.

use std::ops::Range;

use super::Mistake;
use super::cesql::ast::Path;
use super::cesql::{self, Number, Value, any_at};
use super::fields::{Fields, Needs, Part};
use super::key::is_name;
use super::pattern::{Pattern, lower};

/// The longest filter in bytes.
const LONGEST: usize = 16 * 1024;

/// Terms, ready to be matched.
#[derive(Debug)]
pub(super) struct Terms(Vec<Term>);

/// A condition.
#[derive(Debug, PartialEq)]
pub(super) struct Term {
    not: bool,
    what: What,
}

#[derive(Debug, PartialEq)]
enum What {
    /// Somewhere.
    Text(Needle),
    /// In one of these; without a pattern it is enough that one is there. Numbers of the data that are equal are so
    /// however they are written.
    Value(Vec<Path>, Option<Pattern>, Option<Number>),
}

impl Terms {
    /// Reads a filter.
    pub(super) fn parse(text: &str) -> Result<Self, Mistake> {
        if text.len() > LONGEST {
            return Err(Mistake::new(0..0, format!("a filter has {LONGEST} bytes at most")));
        }
        Ok(Self(Self::placed(text)?.into_iter().map(|(term, _)| term).collect()))
    }

    /// The terms and their places.
    pub(super) fn placed(text: &str) -> Result<Vec<(Term, Range<usize>)>, Mistake> {
        let mut terms = Vec::new();
        let mut rest = text.trim_start();
        while !rest.is_empty() {
            let start = text.len() - rest.len();
            let (term, length) = Term::parse(rest).map_err(|m| m.shifted(start))?;
            terms.extend(term.map(|term| (term, start..start + length)));
            rest = rest[length..].trim_start();
        }
        Ok(terms)
    }

    /// Whether all terms hold.
    pub(super) fn matches<F: Fields + ?Sized>(&self, fields: &F) -> bool {
        self.0.iter().all(|term| term.what.holds(fields) != term.not)
    }

    /// What they look at.
    pub(super) fn needs(&self) -> Needs {
        self.0.iter().fold(Needs::default(), |needs, term| match &term.what {
            What::Text(_) => Needs::ALL,
            What::Value(paths, ..) => paths.iter().fold(needs, |needs, path| needs | path.needs()),
        })
    }

    /// Shows what they read of a message by name.
    pub(super) fn paths<'t>(&'t self, see: &mut dyn FnMut(&'t Path)) {
        for term in &self.0 {
            if let What::Value(paths, ..) = &term.what {
                paths.iter().for_each(&mut *see);
            }
        }
    }

    /// Whether everything matches.
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl Term {
    /// Whether it is about the value that stands there.
    pub(super) fn is_about(&self, path: &Path) -> bool {
        matches!(&self.what, What::Value(paths, ..) if paths.contains(path))
    }

    /// Whether it says the contrary.
    pub(super) fn opposes(&self, other: &Self) -> bool {
        self.not != other.not && self.what == other.what
    }

    /// Reads the term at the start of the text; how long it is. Nothing is searched for by `""`.
    fn parse(text: &str) -> Result<(Option<Self>, usize), Mistake> {
        let not = text.len() > 1 && text.starts_with('-') && !text[1..].starts_with(char::is_whitespace);
        let body = &text[usize::from(not)..];
        let from = text.len() - body.len();
        let key = key(body).map_err(|m| m.shifted(from))?;
        let (paths, value) = match &key {
            Some((paths, length)) => (Some(paths), &body[*length..]),
            None => (None, body),
        };
        let mut plain = String::new();
        let mut glob = String::new();
        let mut quoted: Option<usize> = None;
        // Quotes with nothing between are the empty text; nothing at all is any text.
        let mut quotes = false;
        let mut end = value.len();
        let mut chars = value.char_indices().peekable();
        while let Some((at, c)) = chars.next() {
            match (c, quoted) {
                ('"', None) => {
                    quoted = Some(at);
                    quotes = true;
                }
                ('"', Some(_)) => quoted = None,
                ('\\', Some(_)) => {
                    let c = chars.next_if(|(_, next)| matches!(next, '"' | '\\')).map_or(c, |(_, next)| next);
                    plain.push(c);
                    glob.extend(['\\', c]);
                }
                (c, Some(_)) => {
                    plain.push(c);
                    glob.extend(matches!(c, '*' | '?').then_some('\\').into_iter().chain([c]));
                }
                (c, None) if c.is_whitespace() => {
                    end = at;
                    break;
                }
                (c, None) => {
                    plain.push(c);
                    glob.push(c);
                }
            }
        }
        let before = text.len() - value.len();
        if let Some(at) = quoted {
            let instead = format!("{}\"", &value[at..]);
            let mistake = Mistake::new(before + at..text.len(), "these quotes are not closed");
            return Err(mistake.instead(Some(instead)));
        }
        let what = match paths {
            Some(paths) => {
                let pattern = (quotes || !glob.is_empty()).then(|| Pattern::glob(&glob));
                Some(What::Value(paths.clone(), pattern, Number::read(&plain)))
            }
            None => (!plain.is_empty()).then(|| What::Text(Needle::new(&plain))),
        };
        Ok((what.map(|what| Self { not, what }), before + end))
    }
}

/// What stands before the colon, if it can be the name of something; and its length with the colon.
///
/// `subject` is the subject of the event and that on NATS: people mean the one that has what they look for.
fn key(text: &str) -> Result<Option<(Vec<Path>, usize)>, Mistake> {
    // A name with other signs stands in quotes, as in expressions: `data['e-mail']:*@example.org`.
    if let Some((path, length)) = cesql::path_at_start(text)
        && let Some(value) = text.get(length..).and_then(|rest| rest.strip_prefix(':'))
    {
        return Ok((!value.starts_with("//")).then(|| (vec![path], length + 1)));
    }
    let Some((key, value)) = text.split_once(':') else { return Ok(None) };
    let parts = |c: char| c.is_alphanumeric() || matches!(c, '.' | '-' | '_' | '$' | '[' | ']');
    let begins = |c: char| c.is_ascii_alphabetic() || matches!(c, '_' | '$');
    // `http://…` is text, and so are `13:50` and `"a":1`.
    if value.starts_with("//") || !key.starts_with(begins) || !key.chars().all(parts) {
        return Ok(None);
    }
    let paths = if key.eq_ignore_ascii_case("subject") {
        vec![Path::Attribute("subject".into()), Path::Subject]
    } else if is_name(key) {
        vec![Path::attribute(key)]
    } else {
        match cesql::path(key)? {
            Some(path) => vec![path],
            None => return Ok(None),
        }
    };
    Ok(Some((paths, key.len() + 1)))
}

impl What {
    fn holds<F: Fields + ?Sized>(&self, fields: &F) -> bool {
        match self {
            Self::Value(paths, pattern, number) => paths.iter().any(|path| {
                any_at(path, fields, |value| match (value, pattern) {
                    (_, None) => true,
                    (Value::Number(found), Some(_)) if *number == Some(found) => true,
                    (value, Some(pattern)) => pattern.matches(&value.into_text()),
                })
            }),
            Self::Text(needle) => {
                fields.subject().is_some_and(|subject| needle.is_in(subject))
                    || [Part::Headers, Part::Body, Part::Attributes]
                        .into_iter()
                        .any(|part| fields.any_text(part, &mut |text| needle.is_in(text)))
            }
        }
    }
}

/// Text to search for.
#[derive(Debug, PartialEq, Eq)]
struct Needle {
    text: String,
    /// The text is in lower case, and case does not matter.
    folded: bool,
}

/// Needles up to this length are looked for in place. A longer one could make that slow on hostile text.
const SHORT: usize = 32;

impl Needle {
    fn new(text: &str) -> Self {
        let folded = !text.chars().any(char::is_uppercase);
        Self { text: text.to_owned(), folded }
    }

    fn is_in(&self, text: &str) -> bool {
        if !self.folded {
            return text.contains(&self.text);
        }
        if self.text.is_ascii() && self.text.len() <= SHORT {
            return contains(text.as_bytes(), self.text.as_bytes());
        }
        lower(text).contains(&self.text)
    }
}

/// Whether a text that is ASCII in lower case is somewhere, in any case.
fn contains(text: &[u8], needle: &[u8]) -> bool {
    let Some(first) = needle.first() else { return true };
    let (small, capital) = (*first, first.to_ascii_uppercase());
    let mut from = 0;
    while let Some(window) = text.len().checked_sub(needle.len()).and_then(|last| text.get(from..=last)) {
        let Some(at) = window.iter().position(|b| *b == small || *b == capital) else { return false };
        let start = from + at;
        if text[start..start + needle.len()].eq_ignore_ascii_case(needle) {
            return true;
        }
        from = start + 1;
    }
    false
}

#[cfg(test)]
mod tests {
    use std::borrow::Cow;

    use super::*;
    use crate::model::Timestamp;
    use crate::query::sample::order;
    use crate::query::{Data, Filter};

    #[test]
    fn all_terms_must_hold() {
        for (words, holds) in [
            ("", true),
            ("  ", true),
            ("placed", true),
            ("PLACED", false),
            ("Placed", false),
            ("zoë", true),
            ("ZOË", false),
            ("Zoë", true),
            ("b-2", true),
            ("placed b-2", true),
            ("placed b-3", false),
            ("-b-3", true),
            ("-b-2", false),
            ("placed -eu", false),
            ("orders.eu", true),
            ("spaced", true),
            ("\"orders.eu\"", true),
            ("\"e-mail\\\": \\\"z@\"", true),
            ("\"a b\"", false),
            ("-\"a b\"", true),
            ("\"\"", true),
            ("-\"-b-2\"", true),
            ("- c-", false),
            ("type:com.acme.*", true),
            ("TYPE:com.acme.*", true),
            ("type:COM.*", false),
            ("type:com.acme", false),
            ("type:com.acme.* subject:order/47*", true),
            ("type:com.acme.* -subject:order/4?", false),
            ("subject:orders.*.placed", true),
            ("subject:nothing", false),
            ("nats.subject:order/47", false),
            ("hops:3", true),
            ("urgent:TRUE", false),
            ("urgent:true", true),
            ("type:", true),
            ("absent:", false),
            ("-absent:", true),
            ("absent:*", false),
            ("type:\"com.*\"", false),
            ("type:\"\"", false),
            ("-type:\"\"", true),
            ("data.customer['e-mail']:z@*", true),
            ("data.customer['e-mail']:\"z@ x\"", false),
            ("header['X Y']:spaced", true),
            ("data['a:b']:", false),
            ("header.nats-msg-id:a-*", true),
            ("data.customer.name:zoë*", true),
            ("data.items[0].sku:a-?", true),
            ("data.items[*].sku:b-*", true),
            ("data.items[*].sku:c-*", false),
            ("-data.items[*].n:1", false),
            ("data.total:129.*", true),
            ("data.total:129.90", true),
            ("data.total:1299e-1", true),
            ("data.total:129.91", false),
            ("nats.seq:4*", true),
            ("http://x", false),
            ("13:50", false),
            ("\"total\":", false),
        ] {
            let filter = Filter::words(words).unwrap_or_else(|m| panic!("{words}: {m}"));
            assert_eq!(filter.matches(&order()), holds, "{words}");
            assert_eq!(filter.evaluate(&order()), (Value::Boolean(holds), None));
        }
        assert!(Filter::words(" ").unwrap().is_empty() && !Filter::words("a").unwrap().is_empty());
    }

    #[test]
    fn mistakes_have_their_place() {
        for (words, place, part) in [
            ("a \"b c", "\"b c", "did you mean \"b c\"?"),
            ("a -nats.sbject:x", "nats.sbject", "did you mean nats.subject?"),
            ("a type:\"x", "\"x", "not closed"),
        ] {
            let mistake = Filter::words(words).unwrap_err();
            assert_eq!(&words[mistake.at.clone()], place, "{words}: {mistake}");
            assert!(mistake.to_string().contains(part), "{mistake}");
        }
        assert!(Filter::words(&"a".repeat(20_000)).is_err());
    }

    #[test]
    fn only_words_need_everything() {
        let needs = |words| Filter::words(words).unwrap().needs();
        assert_eq!(needs(""), Needs::default());
        assert_eq!(needs("type:a -id:b"), Needs { attributes: true, ..Needs::default() });
        assert_eq!(needs("header.a:b nats.seq:5"), Needs { headers: true, ..Needs::default() });
        assert_eq!(needs("data.a:b"), Needs { body: true, ..Needs::default() });
        assert_eq!(needs("type:a b"), Needs::ALL);
    }

    #[test]
    fn filters_can_be_shared() {
        fn shared<T: Send + Sync + Clone + 'static>(_: &T) {}
        shared(&Filter::words("a").unwrap());
        assert_eq!(Filter::words(" a ").unwrap().source(), "a");
    }

    #[test]
    fn long_and_short_words_are_found_in_any_case() {
        let text = format!("{}XyZ{}", "x".repeat(100), "Ab".repeat(50));
        for (needle, there) in [
            ("xyz", true),
            ("xyza", true),
            ("xyzb", false),
            ("", true),
            (&"ab".repeat(40), true),
            (&"ab".repeat(60), false),
        ] {
            assert_eq!(Needle::new(needle).is_in(&text), there, "{needle}");
        }
        assert!(!Needle::new("xyz").is_in("xy"));
    }

    /// Panics when it is asked for what a filter said it does not need.
    struct OnlyAttributes;

    impl Fields for OnlyAttributes {
        fn attribute(&self, _: &str) -> Option<Value<'_>> {
            Some(Value::text("a"))
        }

        fn data(&self) -> Option<Data<'_>> {
            panic!("the data is not needed")
        }

        fn header(&self, _: &str) -> Option<Cow<'_, str>> {
            panic!("headers are not needed")
        }

        fn time(&self) -> Option<Timestamp> {
            panic!("the time is not needed")
        }

        fn any_text(&self, _: Part, _: &mut dyn FnMut(&str) -> bool) -> bool {
            panic!("texts are not needed")
        }
    }

    #[test]
    fn nothing_else_is_asked_for() {
        assert!(Filter::words("type:a id:?").unwrap().matches(&OnlyAttributes));
        assert!(Filter::expression("type = 'a' OR data.x = 1").unwrap().matches(&OnlyAttributes));
    }
}
