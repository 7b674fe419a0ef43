//! A filter of messages, through one of two doors: words, or an expression of `CloudEvents` SQL.

use std::fmt;
use std::sync::Arc;

use super::Mistake;
use super::cesql::{EvalError, Expression, Value};
use super::fields::{Fields, Needs};
use super::words::Terms;

/// Through which door a filter is typed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Door {
    /// Words: `payment -test type:com.acme.*`.
    #[default]
    Words,
    /// An expression of `CloudEvents` SQL.
    Expression,
}

/// A filter. Cheap to clone and to share between threads.
#[derive(Clone, Debug)]
pub struct Filter(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    source: Box<str>,
    read: Read,
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
        Self(Arc::new(Inner { source: text.trim().into(), read }))
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
        match &self.0.read {
            Read::Words(terms) => terms.matches(fields),
            Read::Expression(expression) => expression.matches(fields),
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

    /// As it was typed, without blanks around it.
    pub fn source(&self) -> &str {
        &self.0.source
    }

    /// Whether everything passes: there were no words.
    pub fn is_empty(&self) -> bool {
        matches!(&self.0.read, Read::Words(terms) if terms.is_empty())
    }

    /// What is worth saying about a filter that is not wrong, but may mean something else than its writer
    /// thinks. One sentence.
    pub fn caution(&self) -> Option<String> {
        match &self.0.read {
            Read::Expression(e) if e.mixed() => {
                Some(format!("in CESQL AND binds no closer than OR and XOR, so this is read as: {e}"))
            }
            _ => None,
        }
    }
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
