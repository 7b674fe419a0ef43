//! `CloudEvents` SQL, version 1: the standard's language for conditions over the attributes of an event, complete,
//! and with what it lacks: `data.items[0].price`, `header.Nats-Msg-Id`, `nats.subject`, `nats.seq`, `nats.time`,
//! and `ce['odd name']` for attributes whose names are not as the specification demands.
//!
//! Expressions are total: no loops, bounded in length and depth, and a value for every message.

pub(super) mod ast;
mod caution;
mod chain;
mod eval;
mod functions;
mod json;
mod lexer;
mod parser;
mod value;

#[cfg(test)]
mod conformance;
#[cfg(test)]
mod superset;

use std::fmt;

use thiserror::Error;

use super::Mistake;
use super::fields::{Fields, Needs};
use super::filter::Verdict;

pub use ast::Step;
pub(super) use chain::{Chain, literal};
pub(super) use eval::{any_at, read};
pub(super) use lexer::path_at_start;
pub use value::{Number, Value};

/// What went wrong when an expression was evaluated; the kinds are those of the specification.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum EvalError {
    /// An attribute, header or part of the data is not there.
    #[error("{0}")]
    MissingAttribute(String),
    /// A value cannot be of the type that is needed.
    #[error("{0}")]
    Cast(String),
    /// A result is out of range, or a division by zero.
    #[error("{0}")]
    Math(String),
    /// An argument has no meaning for a function.
    #[error("{0}")]
    FunctionEvaluation(String),
    /// The data holds more values than are looked at.
    #[error("{0}")]
    TooMuch(String),
}

/// An expression, ready to be evaluated.
#[derive(Debug)]
pub(super) struct Expression {
    expr: ast::Expr,
    mixed: bool,
}

impl Expression {
    /// Reads an expression.
    pub(super) fn parse(text: &str) -> Result<Self, Mistake> {
        let parser::Parsed { expr, mixed } = parser::parse(text)?;
        Ok(Self { expr, mixed })
    }

    /// The value, and what went wrong on the way to it.
    pub(super) fn evaluate<'a, F: Fields + ?Sized>(&'a self, fields: &'a F) -> (Value<'a>, Option<EvalError>) {
        match eval::evaluate(&self.expr, fields) {
            Ok(value) => (value, None),
            Err(failed) => (failed.value, Some(failed.fault.describe())),
        }
    }

    /// What passes is the Boolean true, if nothing went wrong, as the specification defines filters.
    pub(super) fn judge<F: Fields + ?Sized>(&self, fields: &F) -> Verdict {
        match eval::evaluate(&self.expr, fields) {
            Ok(Value::Boolean(true)) => Verdict::Passes,
            Ok(_) => Verdict::Fails,
            Err(_) => Verdict::NoAnswer,
        }
    }

    /// What it looks at.
    pub(super) fn needs(&self) -> Needs {
        self.expr.needs()
    }

    /// Why it lets nothing through, or less than it seems to: it is no condition.
    pub(super) fn no_condition(&self) -> Option<String> {
        caution::no_condition(&self.expr)
    }

    /// Shows what it reads of a message.
    pub(super) fn paths<'e>(&'e self, see: &mut dyn FnMut(&'e ast::Path)) {
        self.expr.paths(see);
    }

    /// Whether AND comes before OR or XOR without parentheses.
    pub(super) fn mixed(&self) -> bool {
        self.mixed
    }
}

impl fmt::Display for Expression {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.expr.fmt(f)
    }
}

/// The functions, and what they do.
pub(super) fn functions() -> impl Iterator<Item = (&'static str, &'static str)> {
    functions::Function::helps()
}

/// Reads what can stand in an expression for a value of a message and has parts: `data.a`, `header.Name`,
/// `nats.seq`, `ce.tenant-id`. `None` where it is something else.
pub(super) fn path(text: &str) -> Result<Option<ast::Path>, Mistake> {
    let root = text.split(['.', '[']).next().unwrap_or(text);
    if !lexer::ROOTS.iter().any(|known| known.eq_ignore_ascii_case(root)) {
        return Ok(None);
    }
    match lexer::tokens(text)?.as_slice() {
        [(lexer::Token::Path(path), _), _] => Ok(Some(path.clone())),
        _ => Ok(None),
    }
}
