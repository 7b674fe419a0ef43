//! A filter of messages, through one of two doors: words, or an expression of `CloudEvents` SQL.

use std::fmt;
use std::sync::Arc;

use super::Mistake;
use super::cesql::ast::Path;
use super::cesql::{EvalError, Expression, Value};
use super::fields::{Fields, Needs};
use super::mistake::short;
use super::near::misspelt;
use super::words::Terms;

/// The most characters of what was typed within a caution.
const MOST: usize = 300;

/// Through which door a filter is typed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Door {
    /// Words: `payment -test type:com.acme.*`.
    #[default]
    Words,
    /// An expression of `CloudEvents` SQL.
    Expression,
}

/// What a filter says of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It passes.
    Passes,
    /// It does not.
    Fails,
    /// An expression is an error for it, so it does not pass.
    NoAnswer,
}

/// A filter. Cheap to clone and to share between threads.
#[derive(Clone, Debug)]
pub struct Filter(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    source: Box<str>,
    read: Read,
    /// See [`Filter::attributes`].
    attributes: Option<Vec<Box<str>>>,
}

#[derive(Debug)]
enum Read {
    Words(Terms),
    Expression(Expression),
}

impl Filter {
    /// Reads a filter.
    pub fn parse(door: Door, text: &str) -> Result<Self, Mistake> {
        match door {
            Door::Words => Self::words(text),
            Door::Expression => Self::expression(text),
        }
    }

    /// Reads words: `payment -test type:com.acme.* "out of stock"`. No words match everything.
    pub fn words(text: &str) -> Result<Self, Mistake> {
        Ok(Self::new(text, Read::Words(Terms::parse(text)?)))
    }

    /// Reads an expression: `type LIKE 'com.acme.%' AND data.total > 100`.
    pub fn expression(text: &str) -> Result<Self, Mistake> {
        Ok(Self::new(text, Read::Expression(Expression::parse(text)?)))
    }

    fn new(text: &str, read: Read) -> Self {
        let attributes = attributes(&read);
        Self(Arc::new(Inner { source: text.trim().into(), read, attributes }))
    }

    /// The door through which it was typed.
    pub fn door(&self) -> Door {
        match self.0.read {
            Read::Words(_) => Door::Words,
            Read::Expression(_) => Door::Expression,
        }
    }

    /// Whether the message passes. An expression lets it pass when it is true and nothing went wrong.
    pub fn matches<F: Fields + ?Sized>(&self, fields: &F) -> bool {
        self.judge(fields) == Verdict::Passes
    }

    /// The same, with whether there is an answer at all.
    pub fn judge<F: Fields + ?Sized>(&self, fields: &F) -> Verdict {
        match &self.0.read {
            Read::Words(terms) if terms.matches(fields) => Verdict::Passes,
            Read::Words(_) => Verdict::Fails,
            Read::Expression(expression) => expression.judge(fields),
        }
    }

    /// The value, and what went wrong on the way to it.
    pub fn evaluate<'a, F: Fields + ?Sized>(&'a self, fields: &'a F) -> (Value<'a>, Option<EvalError>) {
        match &self.0.read {
            Read::Words(terms) => (Value::Boolean(terms.matches(fields)), None),
            Read::Expression(expression) => expression.evaluate(fields),
        }
    }

    /// What of a message it looks at, so that the rest need not be fetched or decoded.
    pub fn needs(&self) -> Needs {
        match &self.0.read {
            Read::Words(terms) => terms.needs(),
            Read::Expression(expression) => expression.needs(),
        }
    }

    /// The attributes that it looks at by name, where it looks at nothing else of an event: then no others need be
    /// read, and the data neither.
    pub fn attributes(&self) -> Option<&[Box<str>]> {
        self.0.attributes.as_deref()
    }

    /// As it was typed, without blanks around it.
    pub fn source(&self) -> &str {
        &self.0.source
    }

    /// Whether everything passes: there were no words.
    pub fn is_empty(&self) -> bool {
        matches!(&self.0.read, Read::Words(terms) if terms.is_empty())
    }

    /// What is worth saying about a filter that is not wrong, but may mean something else than its writer
    /// thinks: that it lets nothing through, that a name is nearly another, that it is read another way.
    pub fn caution(&self) -> Option<String> {
        let mut cautions = Vec::new();
        let mut wrong = None;
        let mut see = |path: &Path| {
            if let Path::Attribute(name) = path {
                wrong =
                    wrong.take().or_else(|| misspelt(&name.to_ascii_lowercase()).map(|meant| (name.clone(), meant)));
            }
        };
        match &self.0.read {
            Read::Words(terms) => terms.paths(&mut see),
            Read::Expression(e) => {
                e.paths(&mut see);
                cautions.extend(e.no_condition());
            }
        }
        cautions
            .extend(wrong.map(|(name, meant)| {
                format!("{} is no standard attribute; did you mean {meant}?", short(&name, MOST))
            }));
        if let Read::Expression(e) = &self.0.read
            && e.mixed()
        {
            let read = short(&e.to_string(), MOST).into_owned();
            cautions.push(format!("in CESQL AND binds no closer than OR and XOR, so this is read as: {read}"));
        }
        (!cautions.is_empty()).then(|| cautions.join("; "))
    }
}

/// See [`Filter::attributes`].
fn attributes(read: &Read) -> Option<Vec<Box<str>>> {
    let needs = match read {
        Read::Words(terms) => terms.needs(),
        Read::Expression(expression) => expression.needs(),
    };
    // Words that are searched for everywhere need the body as well.
    if needs.body {
        return None;
    }
    let mut names: Vec<Box<str>> = Vec::new();
    let mut see = |path: &Path| {
        if let Path::Attribute(name) = path
            && !names.contains(name)
        {
            names.push(name.clone());
        }
    };
    match read {
        Read::Words(terms) => terms.paths(&mut see),
        Read::Expression(expression) => expression.paths(&mut see),
    }
    Some(names)
}

impl PartialEq for Filter {
    /// Whether the same was typed through the same door.
    fn eq(&self, other: &Self) -> bool {
        self.door() == other.door() && self.source() == other.source()
    }
}

impl Eq for Filter {}

impl fmt::Display for Filter {
    /// Words as they were typed; an expression with the parentheses that show how it was read.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0.read {
            Read::Words(_) => f.write_str(&self.0.source),
            Read::Expression(expression) => expression.fmt(f),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::query::sample::order;

    #[test]
    fn what_can_never_match_is_said() {
        for (expression, said) in [
            ("'a'", "'a' is a text, not a condition"),
            ("10", "10 is a number, not a condition"),
            ("-hops", "-hops is a number, not a condition"),
            ("1 + hops", "1 + hops is a number, not a condition"),
            ("LENGTH(id)", "LENGTH(id) is a number, not a condition"),
            ("type", "type is a text, not a condition"),
            ("nats.seq", "nats.seq is a number, not a condition"),
            ("nats.time", "nats.time is a time, not a condition"),
            ("header.a", "header.a is a text, not a condition"),
            ("data.n", "data.n alone lets through only where it is true; EXISTS data.n asks whether it is there"),
            ("type = 'a' OR 'b'", "'b' is a text, not a condition"),
            ("NOT type = 'a'", ""),
            ("NOT type", "type is a text, not a condition"),
            ("tpye = 'a'", "tpye is no standard attribute; did you mean type?"),
            ("LENGTH(sorce) > 3", "sorce is no standard attribute; did you mean source?"),
            ("'true' AND urgent", ""),
            ("type = 'a' AND IS_INT(hops) AND tenant = 'x'", ""),
        ] {
            let said = Some(said.to_owned()).filter(|said| !said.is_empty());
            assert_eq!(Filter::expression(expression).unwrap().caution(), said, "{expression}");
        }
        let words = |text: &str| Filter::words(text).unwrap().caution();
        assert_eq!(words("tpye:a").unwrap(), "tpye is no standard attribute; did you mean type?");
        assert_eq!(words("tpye type:a 'b'"), None);
    }

    #[test]
    fn why_a_message_does_not_pass() {
        let error = |text: &str| Filter::expression(text).unwrap().evaluate(&order()).1.map(|e| e.to_string());
        assert_eq!(error("typo = 'a'").unwrap(), "typo is missing");
        assert_eq!(error("type = 'a'"), None);
        assert_eq!(Filter::words("typo:a").unwrap().evaluate(&order()).1, None);
    }
}
